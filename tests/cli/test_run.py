"""From prompts to a file of answers: ``run`` and ``results``."""

import contextlib
import errno
import hashlib
import io
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click import Context

from gemini_batch.cli import endings
from gemini_batch.cli.app import app
from gemini_batch.cli.options import Options
from gemini_batch.emulator import Emulator, ItemFailure
from tests.canary import CANARY
from tests.cli.conftest import QUICKLY, Done, lines_of, text_of

Command = Callable[..., Done]
RUN = ("-m", "gemini-2.5-flash", *QUICKLY)
COUNTS = {
    "answered": 0,
    "failed": 0,
    "blocked": 0,
    "malformed": 0,
    "missing": 0,
    "duplicates": 0,
    "unexpected": 0,
    "truncated": 0,
    "cut_short": 0,
}


def proof(prompt: str) -> str:
    """Return the beginning of an answer to a prompt."""
    return f"sha256:{hashlib.sha256(prompt.encode()).hexdigest()}\n"


def test_prompts_in_text_come_back_numbered(command: Command, prompts: str) -> None:
    """Each answer is saved under the number of its prompt, in order."""
    done = command("run", prompts, "-o", "out.jsonl", *RUN)
    assert (0, "3 requests: 3 answered; saved to out.jsonl\n") == (done.status, done.out)
    saved = lines_of("out.jsonl")
    assert ["0", "1", "2"] == [line["key"] for line in saved]
    for line, prompt in zip(saved, ("one", "two", "three"), strict=True):
        assert text_of(line).startswith(proof(prompt))


def test_the_name_of_the_batch_is_told_as_soon_as_it_exists(
    command: Command, prompts: str, emulator: Emulator
) -> None:
    """Whoever closes the terminal then can find it again."""
    done = command("run", prompts, "-o", "out.jsonl", *RUN)
    [created] = emulator.acted.of("create")
    assert f"submitted 3 requests as {created.name}" in done.err
    assert done.err.index(created.name) < done.err.index("waiting")


def test_json_lines_keep_their_keys_and_are_sorted_by_them(
    command: Command, tmp_path: Path
) -> None:
    """Numbers come first, and numbers within names count as numbers."""
    requests: list[dict[str, Any]] = [{"key": f"row-{n}", "prompt": f"p{n}"} for n in (10, 9)]
    requests.append({"request": {"contents": [{"parts": [{"text": "p2"}]}]}})
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, requests)))
    done = command("run", "in.jsonl", "-o", "out.jsonl", *RUN)
    assert 0 == done.status
    saved = lines_of("out.jsonl")
    assert ["2", "row-9", "row-10"] == [line["key"] for line in saved]
    for line, prompt in zip(saved, ("p2", "p9", "p10"), strict=True):
        assert text_of(line).startswith(proof(prompt))


def test_a_pipe_goes_in_and_comes_out(command: Command) -> None:
    """With - for both, standard output holds nothing but answers."""
    done = command("run", "-", "-o", "-", *RUN, stdin="na\u00efve\r\n".encode())
    assert 0 == done.status
    [line] = map(json.loads, done.out.splitlines())
    assert text_of(line).startswith(proof("na\u00efve"))
    assert "1 request: 1 answered; saved to standard output\n" in done.err


def test_quiet_says_nothing_unless_something_is_wrong(command: Command, prompts: str) -> None:
    """With -q the file of answers is all there is."""
    assert Done(0, "", "") == command("run", prompts, "-o", "out.jsonl", *RUN, "-q")
    assert 3 == len(lines_of("out.jsonl"))
    assert 2 == command("run", prompts, "-o", "out.jsonl", *RUN, "-q").status


def test_json_is_one_object_for_programs(
    command: Command, prompts: str, emulator: Emulator
) -> None:
    """It tells the name, the counts, the path and the exit status."""
    done = command("run", prompts, "-o", "out.jsonl", *RUN, "--json")
    [created] = emulator.acted.of("create")
    assert {
        "exit_status": 0,
        "name": created.name,
        "state": "SUCCEEDED",
        "output": "out.jsonl",
        **COUNTS,
        "requests": 3,
        "answered": 3,
    } == done.facts


def answer_badly(request: dict[str, Any], key: str | None) -> str | dict[str, Any] | ItemFailure:
    """Fail, block or leave empty what asks for it."""
    del key
    match request["contents"][0]["parts"][0]["text"]:
        case "fail":
            return ItemFailure(8, "no \x1b[31mred\x1b[0m today")
        case "block":
            return {"promptFeedback": {"blockReason": "SAFETY"}}
        case "empty":
            return {"candidates": [{"finishReason": "MAX_TOKENS"}]}
        case prompt:
            return f"yes: {prompt}"


def test_what_was_refused_is_counted_and_shown(
    command: Command, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exit status is 3, and what the service wrote cannot steer the terminal."""
    del emulator
    with Emulator(answer_badly, pending_seconds=0, running_seconds=0) as bad:
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", bad.url)
        said = command("run", "-", "-o", "a.jsonl", *RUN, stdin=b"fail\nblock\nempty\nfine\n")
        counted = command(
            *("run", "-", "-o", "b.jsonl", *RUN, "--json"), stdin=b"fail\nblock\nempty\nfine\n"
        )
    assert (3, "") == (said.status, said.out)
    assert said.err.endswith(
        "4 requests: 1 answered, 1 failed, 2 blocked or empty; saved to a.jsonl\n"
        "0: RESOURCE_EXHAUSTED: no \\x1b[31mred\\x1b[0m today\n"
        "1: blocked: SAFETY\n"
        "2: no answer: MAX_TOKENS\n"
    )
    assert 3 == counted.status
    counts = {"answered": 1, "failed": 1, "blocked": 2, "cut_short": 1}
    assert {**COUNTS, "requests": 4, **counts} == {
        name: counted.facts[name] for name in (*COUNTS, "requests")
    }
    assert ["error", "response", "response", "response"] == [
        next(name for name in line if name != "key") for line in lines_of("a.jsonl")
    ]
    assert "no \x1b[31mred\x1b[0m today" == lines_of("a.jsonl")[0]["error"]["message"]


@pytest.mark.parametrize(
    ("fault", "counts", "said"),
    [
        ("drop=1", {"answered": 2, "missing": 1}, "2 answered, 1 missing"),
        ("line-broken=2", {"answered": 2, "malformed": 1, "missing": 1}, "1 malformed"),
        ("key-duplicate=2", {"answered": 4, "duplicates": 1}, "1 duplicate"),
        ("extra=1", {"answered": 4, "unexpected": 1}, "1 unexpected"),
    ],
)
def test_results_that_are_not_one_for_each_request_are_told(
    fault: str,
    counts: dict[str, int],
    said: str,
    command: Command,
    emulator: Emulator,
    prompts: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Lost, broken, repeated and foreign results each make the exit status 3."""
    monkeypatch.setattr("gemini_batch.submission.INLINE_BYTES", 0)
    emulator.faults.add("results", fault)
    done = command("run", prompts, "-o", "out.jsonl", *RUN, "--json")
    assert 3 == done.status
    assert {**COUNTS, "requests": 3, **counts} == {
        name: done.facts[name] for name in (*COUNTS, "requests")
    }
    again = command("results", done.facts["name"], "-o", "again.jsonl", *QUICKLY)
    if "drop" in fault:  # without the submitted keys, only their number tells
        assert 3 == again.status
        assert said in again.err


@pytest.mark.parametrize(
    ("script", "ended", "saved"),
    [
        ("FAILED", "failed: ", 0),
        ("EXPIRED", "48 hours the service gives it; nothing was answered; nothing was saved\n", 0),
        ("CANCELLED", "was cancelled; nothing was answered; nothing was saved\n", 0),
        ("EXPIRED-with-output", "was not finished within the 48 hours the service gives it\n", 3),
        ("CANCELLED-with-output", "was cancelled\n", 3),
    ],
)
def test_a_batch_that_did_not_succeed_is_a_failure_and_keeps_its_answers(
    script: str, ended: str, saved: int, command: Command, emulator: Emulator, prompts: str
) -> None:
    """The exit status is 1; whatever was answered was billed, and is saved."""
    emulator.faults.add("states", f"RUNNING,{script}")
    done = command("run", prompts, "-o", "out.jsonl", *RUN)
    assert (1, "") == (done.status, done.out)
    assert ended in done.err
    assert saved == (len(lines_of("out.jsonl")) if Path("out.jsonl").exists() else 0)


def test_the_emulator_needs_no_key_and_no_address(
    command: Command, emulator: Emulator, prompts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is started for one command, whatever the environment says."""
    monkeypatch.delenv("GEMINI_API_KEY")
    done = command("run", prompts, "-o", "out.jsonl", *RUN, "--emulator")
    assert 0 == done.status
    assert [] == emulator.seen
    both = command("run", prompts, "-o", "b.jsonl", *RUN, "--emulator", "--base-url", "https://x")
    assert (2, True) == (both.status, "give one" in both.err)


def test_an_address_can_be_given(
    command: Command, emulator: Emulator, prompts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The option comes before the environment."""
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:9")
    done = command("run", prompts, "-o", "out.jsonl", *RUN, "--base-url", emulator.url)
    assert 0 == done.status


def test_a_refusal_by_the_service_is_one_line(
    command: Command, emulator: Emulator, prompts: str
) -> None:
    """Its words are quoted so that they cannot steer the terminal."""
    emulator.faults.add("create", "return-403/message=not\x1b[2Jyou")
    done = command("run", prompts, "-o", "out.jsonl", *RUN)
    assert (1, "") == (done.status, done.out)
    last = done.err.splitlines()[-1]
    assert last.startswith("gemini-batch: HTTP 403 ")
    assert "not\\x1b[2Jyou" in last


def test_a_file_that_stays_behind_is_told_in_a_note(
    command: Command, emulator: Emulator, prompts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an error adds to its message is shown below it."""
    monkeypatch.setattr("gemini_batch.submission.INLINE_BYTES", 0)
    emulator.faults.add("create", "return-403")
    emulator.faults.add("file-delete", "return-400")
    done = command("run", prompts, "-o", "out.jsonl", *RUN)
    assert 1 == done.status
    first, note = done.err.splitlines()[-2:]
    assert first.startswith("gemini-batch: HTTP 403")
    assert note.startswith("  files/gb-")


def test_an_error_while_waiting_says_how_to_go_on(
    command: Command, emulator: Emulator, prompts: str
) -> None:
    """The batch goes on without us, and is billed."""
    emulator.faults.add("get", "return-403")
    done = command("run", prompts, "-o", "out.jsonl", *RUN)
    assert 1 == done.status
    [created] = emulator.acted.of("create")
    assert (
        f"  still running: {created.name}; look again with: "
        f"gemini-batch results {created.name} -o out.jsonl" == done.err.splitlines()[-1]
    )


def test_a_batch_that_is_not_there_is_not_said_to_run(command: Command) -> None:
    """To look again would not help."""
    done = command("results", f"batches/{36 * 'x'}", "-o", "out.jsonl", *QUICKLY)
    assert 1 == done.status
    assert done.err.startswith("gemini-batch: HTTP 404 ")
    assert "look again" not in done.err


def test_a_full_disk_costs_no_answers(
    command: Command, prompts: str, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The batch is finished, and can be fetched again to somewhere else."""

    def full(descriptor: int) -> None:
        del descriptor
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "out.jsonl.part")

    monkeypatch.setattr(os, "fsync", full)
    done = command("run", prompts, "-o", "out.jsonl", *RUN)
    [created] = emulator.acted.of("create")
    assert 1 == done.status
    assert [
        "gemini-batch: out.jsonl.part: No space left on device",
        (
            f"  the batch is finished: {created.name}; look again with: "
            f"gemini-batch results {created.name} -o out.jsonl"
        ),
    ] == done.err.splitlines()[-2:]
    assert not list(Path().glob("out*"))


def test_results_of_an_earlier_batch_are_saved(
    command: Command, prompts: str, emulator: Emulator
) -> None:
    """A batch can be fetched any number of times."""
    command("run", prompts, "-o", "first.jsonl", *RUN)
    [created] = emulator.acted.of("create")
    done = command("results", created.name, "-o", "second.jsonl", *QUICKLY)
    assert (0, "3 requests: 3 answered; saved to second.jsonl\n") == (done.status, done.out)
    assert Path("first.jsonl").read_bytes() == Path("second.jsonl").read_bytes()


class Pressed(io.BytesIO):
    """Standard input at which a signal arrives."""

    def __init__(self, sent: signal.Signals) -> None:
        super().__init__()
        self.sent = sent

    def read(self, size: int | None = -1) -> bytes:
        """Send it."""
        del size
        signal.raise_signal(self.sent)
        return b""


@pytest.mark.parametrize(
    ("sent", "status", "word"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")],
)
def test_a_signal_has_an_exit_status_of_its_own(
    sent: signal.Signals, status: int, word: str, command: Command, emulator: Emulator
) -> None:
    """Ctrl-C and the end of a container are told apart."""
    done = command("run", "-", "-o", "out.jsonl", *RUN, "--json", "-q", stdin=Pressed(sent))
    assert status == done.status
    assert {
        "exit_status": status,
        "error": word,
        "notes": ["no batch was made, and nothing was sent"],
    } == done.facts
    assert [] == emulator.seen


class Gone(io.BytesIO):
    """Standard output that nobody reads any more."""

    def write(self, text: object) -> int:
        """Fail as a pipe does."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE), text)


@pytest.mark.parametrize("words", [["-o", "-"], ["-o", "out.jsonl"], ["-o", "-", "--json"]])
def test_a_reader_that_has_gone_ends_the_command_with_141(
    words: list[str], prompts: str, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is what a shell reports of a command that such a pipe has ended."""
    monkeypatch.setattr(endings, "hush", lambda: None)
    gone = io.TextIOWrapper(Gone(), write_through=True)
    with contextlib.redirect_stdout(gone):
        assert 141 == command("run", prompts, *RUN, *words).status


def test_a_warning_is_shown_even_if_quiet(
    command: Command, prompts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two keys that differ may mean that the wrong project pays."""
    monkeypatch.setenv("GOOGLE_API_KEY", f"{CANARY}-another")
    done = command("run", prompts, "-o", "out.jsonl", *RUN, "-q")
    assert (
        "GOOGLE_API_KEY and GEMINI_API_KEY are both set and differ; GOOGLE_API_KEY is used\n"
        == (done.err)
    )


def test_the_version_is_told(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is that of the installed distribution."""
    monkeypatch.setattr("importlib.metadata.version", {"gemini-batch": "1.2.3"}.__getitem__)
    assert Done(0, "gemini-batch 1.2.3\n", "") == command("--version")


def test_the_help_tells_where_the_key_is_looked_for(command: Command) -> None:
    """There is no option for it, on any command."""
    said = command("--help").out
    assert "GOOGLE_API_KEY or GEMINI_API_KEY" in said
    for verb in app.list_commands(Context(app)):
        assert "--api-key" not in command(verb, "--help").out


def test_it_waits_as_the_library_does_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the emulator is looked at often."""
    monkeypatch.setenv("GEMINI_API_KEY", CANARY)
    with Options().client() as client:
        assert 10 == client._link.settings.poll.first
    with Options(poll_interval=7).client() as client:
        assert 7 == client._link.settings.poll.first == client._link.settings.poll.ceiling
    with Options(emulator=True).client() as client:
        assert client._link.settings.poll.ceiling <= 1
