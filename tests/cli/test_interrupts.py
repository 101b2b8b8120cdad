"""Signals, closed pipes and narrow encodings: commands in processes of their own."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest

from gemini_batch.emulator import Emulator
from tests.cli.conftest import lines_of

pytestmark = pytest.mark.real_time

Spawn = Callable[..., subprocess.Popen[str]]
RUN = ("run", "prompts.txt", "-o", "out.jsonl", "-m", "gemini-2.5-flash", "--poll-interval", "0.05")


def read_until(stream: IO[str] | None, words: str) -> str:
    """Read lines until one holds the words, and return it."""
    assert stream is not None
    seen: list[str] = []
    for line in stream:
        if words in line:
            return line
        seen.append(line)
    pytest.fail(f"{words!r} never came: {''.join(seen)}")


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Return the exit status of a process and the rest of what it said; no traceback is in it."""
    out, err = process.communicate(timeout=20)
    assert "" == out
    assert "Traceback" not in err
    return process.returncode, err


@pytest.mark.parametrize(
    ("sent", "status", "word"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")],
)
@pytest.mark.usefixtures("prompts")
def test_an_interrupted_wait_leaves_the_batch_alone_and_says_where_it_is(
    sent: signal.Signals, status: int, word: str, spawn: Spawn
) -> None:
    """What it says to type works."""
    with Emulator(clock="manual", failure_rate=0) as slow:
        there = {"GOOGLE_GEMINI_BASE_URL": slow.url}
        process = spawn(*RUN, **there)
        name = read_until(process.stderr, "submitted").split()[4]
        slow.advance(0.5)
        read_until(process.stderr, "waiting RUNNING")
        process.send_signal(sent)
        code, said = ended(process)
        assert status == code
        assert f"gemini-batch: {word}\n" in said
        again = f"gemini-batch results {name} -o out.jsonl"
        assert f"  still running: {name}; look again with: {again}\n" in said
        assert 0 == slow.acted.count("cancel")

        slow.advance(10)
        assert (0, "") == ended(spawn(*again.split()[1:], "-q", **there))
    assert 3 == len(lines_of("out.jsonl"))


def test_an_interrupt_while_the_input_is_read_says_that_nothing_was_sent(
    spawn: Spawn, emulator: Emulator
) -> None:
    """The input has not ended, and so nothing can have been sent."""
    process = spawn("run", "-", *RUN[2:])
    read_until(process.stderr, "reading standard input to its end")
    process.send_signal(signal.SIGINT)
    assert (
        130,
        "gemini-batch: interrupted\n  no batch was made, and nothing was sent\n",
    ) == ended(process)
    assert [] == emulator.seen


@pytest.mark.parametrize("repetition", range(4))
@pytest.mark.usefixtures("prompts")
def test_an_interrupt_during_the_create_says_that_the_batch_may_exist(
    repetition: int, spawn: Spawn, emulator: Emulator
) -> None:
    """It says how to look for it, and no more, whatever the interrupt strikes: hence repeated."""
    del repetition
    emulator.faults.add("create", "hang-after-acting")
    process = spawn(*RUN)
    while not emulator.acted.of("create"):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    code, said = ended(process)
    assert 130 == code
    [created] = emulator.acted.of("create")
    [label] = re.findall(r"look for it with: gemini-batch adopt (gb-\w{26})\n", said)
    assert f"[{label}]" == created.detail
    first, *_ = said.partition("gemini-batch: interrupted\n  the batch was about to be made")
    assert first.splitlines()[-1].startswith("submitting 3 requests as gb-")

    found = spawn("adopt", label, "-q")
    out, err = found.communicate(timeout=20)
    assert (0, f"{created.name}\n", "") == (found.returncode, out, err)


@pytest.mark.usefixtures("prompts")
def test_impatience_costs_no_last_words(spawn: Spawn) -> None:
    """However often Ctrl-C is pressed, it is said once, whole, where the batch is."""
    with Emulator(clock="manual", failure_rate=0) as slow:
        process = spawn(*RUN, GOOGLE_GEMINI_BASE_URL=slow.url)
        name = read_until(process.stderr, "submitted").split()[4]
        read_until(process.stderr, "waiting PENDING")
        while process.poll() is None:
            process.send_signal(signal.SIGINT)
        code, said = ended(process)
    assert code in {130, -signal.SIGINT}, said  # a shell makes 130 of either
    assert said.endswith(
        "gemini-batch: interrupted\n  still running: "
        f"{name}; look again with: gemini-batch results {name} -o out.jsonl\n"
    ), code
    assert 1 == said.count("interrupted")


def test_nothing_is_said_to_a_reader_that_has_gone(tmp_path: Path) -> None:
    """What is still to be flushed when the process ends goes nowhere."""
    program = "import sys; from gemini_batch.cli.streams import hush; print('lost'); hush()"
    with (tmp_path / "out").open("w+") as out:
        buffered = {**os.environ, "PYTHONUNBUFFERED": ""}
        subprocess.run([sys.executable, "-c", program], stdout=out, env=buffered, check=True)
        assert "" == (tmp_path / "out").read_text()


@pytest.mark.usefixtures("prompts")
def test_a_reader_that_goes_away_ends_the_command_quietly(spawn: Spawn) -> None:
    """As with ``| head``; the answers can be fetched again."""
    process = spawn("run", "prompts.txt", "-o", "-", *RUN[4:], PYTHONUNBUFFERED="")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    said = process.stderr.read()
    assert 141 == process.wait(timeout=20)
    assert "Traceback" not in said
    assert "BrokenPipeError" not in said
    assert "submitted 3 requests as batches/" in said


@pytest.mark.parametrize(
    "environment", [{"LC_ALL": "C", "PYTHONUTF8": "0"}, {"PYTHONIOENCODING": "ascii"}]
)
def test_any_locale_can_show_any_text(environment: dict[str, str], spawn: Spawn) -> None:
    """What an encoding does not have is escaped; files are UTF-8 all the same."""
    process = spawn(
        *("run", "-", "-o", "\u00e9.jsonl", *RUN[4:]), PYTHONCOERCECLOCALE="0", **environment
    )
    out, err = process.communicate('{"key": "\u0436", "prompt": "\u0436"}\n', timeout=20)
    assert 0 == process.returncode, err
    assert out.startswith("1 request: 1 answered; saved to \\")
    assert out.endswith(".jsonl\n")
    assert ["\u0436"] == [line["key"] for line in lines_of("\u00e9.jsonl")]


@pytest.mark.parametrize("lacking", ["click", "rich"])
def test_a_base_install_says_what_to_install(lacking: str) -> None:
    """The command exists without its extra, and says in one line what it needs."""
    program = f"import sys; sys.modules[{lacking!r}] = None; import gemini_batch.cli as c; c.main()"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (2, "") == (done.returncode, done.stdout)
    assert 1 == done.stderr.count("\n")
    assert "pip install 'gemini-batch[cli]'" in done.stderr


@pytest.mark.parametrize(
    ("words", "sent", "status"),
    [
        (("wait",), signal.SIGTERM, 143),
        (("results", "-o", "out.jsonl"), signal.SIGINT, 130),
        (("results", "-o", "out.jsonl"), signal.SIGTERM, 143),
    ],
    ids=["wait-SIGTERM", "results-SIGINT", "results-SIGTERM"],
)
def test_whoever_waits_for_a_batch_says_how_to_go_on(
    words: tuple[str, ...], sent: signal.Signals, status: int, spawn: Spawn
) -> None:
    """A container that is stopped leaves it in its log."""
    Path("prompts.txt").write_text("one\n")
    with Emulator(clock="manual", failure_rate=0) as slow:
        there = {"GOOGLE_GEMINI_BASE_URL": slow.url}
        submitted = spawn("submit", "prompts.txt", "-m", "m", "-q", **there)
        name = submitted.communicate(timeout=20)[0].strip()
        verb, *rest = words
        process = spawn(verb, name, *rest, "--poll-interval", "0.05", **there)
        read_until(process.stderr, "waiting ")
        process.send_signal(sent)
        code, said = ended(process)
        assert 0 == slow.acted.count("cancel")
    assert status == code
    again = " ".join(["gemini-batch", verb, name, *rest])
    assert said.endswith(f"  still running: {name}; look again with: {again}\n")
    assert not Path("out.jsonl").exists()


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.usefixtures("prompts")
def test_a_download_that_is_cut_short_leaves_no_file(
    sent: signal.Signals, status: int, spawn: Spawn, emulator: Emulator, tmp_path: Path
) -> None:
    """Neither under its name nor beside it."""
    submitted = spawn("submit", "prompts.txt", "-m", "m", "--via", "file", "-q")
    name = submitted.communicate(timeout=20)[0].strip()
    looked = spawn("status", name, "--json")
    file = re.findall(r"files/[\w-]+", looked.communicate(timeout=20)[0])[-1]
    before = {*tmp_path.iterdir()}
    emulator.faults.add("download", "stall-after-10")
    process = spawn("files", "download", file, "-o", "raw.jsonl")
    while not emulator.seen.count("download"):
        assert process.poll() is None
    process.send_signal(sent)
    code, said = ended(process)
    assert status == code
    assert "Traceback" not in said
    assert before == {*tmp_path.iterdir()}
