"""What the command line prints cannot command a terminal, and what it saves is private."""

import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gemini_batch.emulator import Emulator, ItemFailure
from tests.cli.conftest import QUICKLY, Done

Command = Callable[..., Done]

EVIL = "\x1b]0;owned\x07\x9b31m\u202e\r\u2028"
"""A title, a colour, a change of direction, a return, and a line of its own."""

RUN = ("-m", "gemini-2.5-flash", *QUICKLY)


@pytest.fixture
def open_to_all() -> Iterator[None]:
    """Let whatever is made be open to all, unless it says otherwise."""
    before = os.umask(0)
    yield
    os.umask(before)


def assert_harmless(said: str) -> None:
    """Fail if a terminal could take any of it for a command."""
    assert said.replace("\n", "").isprintable(), ascii(said)


EVIL_WORDS = {
    "no such command": (EVIL,),
    "no such option": (f"--{EVIL}",),
    "a name of a batch": ("status", EVIL),
    "names to delete": ("delete", "batches/a", EVIL),
    "names to cancel": ("cancel", EVIL),
    "a batch to wait for": ("wait", EVIL),
    "a label": ("adopt", EVIL),
    "a file to look at": ("files", "get", EVIL),
    "a file to upload": ("files", "upload", EVIL),
    "a type": ("files", "upload", "prompts.txt", "--mime-type", EVIL),
    "a name to be": ("files", "upload", "prompts.txt", "--name", EVIL),
    "files to delete": ("files", "delete", EVIL),
    "an input": ("run", EVIL, "-o", "out.jsonl", *RUN),
    "a model": ("run", "prompts.txt", "-o", "out.jsonl", "-m", EVIL),
    "a directory": ("run", "prompts.txt", "-o", f"{EVIL}/out.jsonl", *RUN),
    "an address": ("list", "--base-url", f"http://{EVIL}"),
    "a number": ("list", "--limit", EVIL),
    "seconds": ("wait", "batches/a", "--timeout", EVIL),
    "a shell": ("completion", EVIL),
    "a clock": ("emulator", "--clock", EVIL),
    "a fault": ("emulator", "--fault", EVIL),
    "an answer": ("emulator", "--answer", EVIL),
    "a limit": ("emulator", "--limit", EVIL),
}


@pytest.mark.parametrize("words", EVIL_WORDS.values(), ids=EVIL_WORDS)
@pytest.mark.parametrize("json_", [False, True], ids=["words", "json"])
def test_what_was_typed_is_told_without_its_escapes(
    command: Command,
    prompts: str,
    words: tuple[str, ...],
    *,
    json_: bool,
) -> None:
    """On every command; it may have been pasted, or come from a file."""
    del prompts
    done = command(*words, *(["--json"] if json_ else []))
    assert done.status in {1, 2}
    assert_harmless(done.out + done.err)
    assert [] == [line for line in done.out.splitlines() if json_ and not json.loads(line)]


def test_what_the_service_says_is_told_without_its_escapes(
    command: Command, emulator: Emulator, prompts: str
) -> None:
    """Names for people, errors, and the file that answers are saved to; JSON stays JSON."""
    first = command("submit", prompts, "-m", "gemini-2.5-flash", "--name", EVIL)
    batch = first.out.strip()
    command("files", "upload", prompts, "--display-name", EVIL)
    for words in (("status", batch), ("list",), ("wait", batch, *QUICKLY), ("files", "list")):
        done = command(*words)
        assert 0 == done.status
        assert r"\x1b]0;owned\x07" in done.out
        assert_harmless(done.out + done.err)
        told = command(*words, "--json")
        assert_harmless(told.out + told.err)
        facts = json.loads(told.out.splitlines()[0])
        name = facts.get("batch", facts)
        assert EVIL in (name.get("display_name") or name.get("raw_display_name"))
    saved = command("results", batch, "-o", f"out{EVIL}.jsonl", *QUICKLY)
    assert 0 == saved.status
    assert_harmless(saved.out + saved.err)
    assert Path(f"out{EVIL}.jsonl").is_file()
    for operation, words in {"get": ("status", batch), "list": ("list",)}.items():
        emulator.faults.add(operation, "return-403/message=not\x1b]0;owned\x07you")
        refused = command(*words)
        assert r"not\x1b]0;owned\x07you" in refused.err
        assert_harmless(refused.out + refused.err)


def test_a_key_or_a_failure_is_told_without_its_escapes(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The keys of requests are anybody's, and are no names of files."""
    keys = [EVIL, "../../x", "/etc/passwd", "..", "nul\0", "k" * 300, "CON", "a:b", "A", "a"]
    lines = [json.dumps({"key": key, "prompt": "x"}) for key in keys]
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    Path("in.jsonl").write_text("\n".join(lines))

    def fail(request: object, key: str | None) -> ItemFailure:
        del request
        return ItemFailure(8, f"no {EVIL} for {key}")

    with Emulator(fail, pending_seconds=0, running_seconds=0) as failing:
        done = command("run", "in.jsonl", "-o", "out.jsonl", *RUN, "--base-url", failing.url)
    assert 3 == done.status
    assert_harmless(done.out + done.err)
    assert {"in.jsonl", "out.jsonl"} == {path.name for path in (tmp_path / "in").iterdir()}
    assert {"in"} == {path.name for path in tmp_path.iterdir()}
    found = [json.loads(line) for line in Path("out.jsonl").read_text("utf-8").split("\n")[:-1]]
    assert sorted(keys) == sorted(line["key"] for line in found)


@pytest.mark.usefixtures("open_to_all")
@pytest.mark.parametrize("force", [False, True])
def test_what_is_saved_is_for_its_owner_alone(
    command: Command, prompts: str, *, force: bool
) -> None:
    """Whatever others may do with new files, and whatever stood there before."""
    out = Path("out.jsonl")
    if force:
        out.write_text("old")
        out.chmod(0o666)
    assert 0 == command("run", prompts, "-o", "out.jsonl", *RUN, *["--force"] * force).status
    assert 0o600 == stat.S_IMODE(out.stat().st_mode)


@pytest.mark.parametrize("lives", [False, True])
def test_nothing_is_written_through_a_link(command: Command, prompts: str, *, lives: bool) -> None:
    """Without --force it is in the way; with it, the link is replaced and not what it leads to."""
    victim, out = Path("victim"), Path("out.jsonl")
    if lives:
        victim.write_text("precious")
    out.symlink_to(victim)
    assert command("run", prompts, "-o", "out.jsonl", *RUN).status in {1, 2}
    assert out.is_symlink()
    assert lives is victim.exists()
    assert 0 == command("run", prompts, "-o", "out.jsonl", *RUN, "--force").status
    assert not out.is_symlink()
    assert lives is victim.exists()
    assert not lives or "precious" == victim.read_text()
