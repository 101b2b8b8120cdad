"""Standard streams that are closed, full, or read by nobody: commands as a shell runs them."""

import io
import subprocess
import sys
from collections.abc import Callable

import pytest

from gemini_batch import UsageError
from gemini_batch.cli import app, options, streams
from gemini_batch.emulator import Emulator
from tests.cli.conftest import QUICKLY, Done, lines_of

RUN = "run prompts.txt -o out.jsonl -m m --poll-interval 0.02"


@pytest.fixture
def shell(settings: dict[str, str], prompts: str) -> Callable[[str], Done]:
    """Return what has bash run the command with some redirection; no traceback comes of it."""
    del prompts
    unmeasured = {name: text for name, text in settings.items() if "COVERAGE" not in name}

    def run(words: str) -> Done:
        done = subprocess.run(
            ["bash", "-c", f"set -o pipefail; {sys.executable} -m gemini_batch.cli {words}"],
            env={**unmeasured, "PYTHONUNBUFFERED": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr
        assert "Error" not in done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    return run


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_answers_that_are_saved_are_a_success_whatever_is_closed(
    closed: str, shell: Callable[[str], Done]
) -> None:
    """They have been paid for; without standard output, the other stream tells of them."""
    done = shell(f"{RUN} {closed}")
    assert 0 == done.status
    assert 3 == len(lines_of("out.jsonl"))
    said = done.err if closed == ">&-" else done.out
    assert (closed == "<&- >&- 2>&-") == ("3 answered; saved to out.jsonl" not in said)


@pytest.mark.parametrize(
    "words", ["run prompts.txt -o - -m m", f"{RUN} --json", "submit prompts.txt -m m"]
)
def test_what_needs_standard_output_is_not_paid_for_without(
    words: str, shell: Callable[[str], Done], emulator: Emulator
) -> None:
    """It would be lost."""
    said = "gemini-batch: standard output is closed, and is needed here; nothing was sent\n"
    assert Done(2, "", said) == shell(f"{words} >&-")
    assert [] == emulator.seen


def test_closed_output_is_a_reader_that_has_gone_only_where_there_is_something_to_read(
    command: Callable[..., Done], prompts: str, shell: Callable[[str], Done]
) -> None:
    """To wait and to cancel are done all the same."""
    name = command("submit", prompts, "-m", "m", "-q").out.strip()
    assert Done(141, "", "") == shell(f"status {name} >&-")
    assert Done(0, "", "") == shell(f"wait {name} -q {' '.join(QUICKLY)} >&-")
    cancelled = shell(f"cancel {name} >&-")
    assert (0, True) == (cancelled.status, cancelled.err.startswith(f"{name}: asked to stop"))


def test_closed_input_holds_nothing(shell: Callable[[str], Done], emulator: Emulator) -> None:
    """It is like an empty file."""
    done = shell("run - -o out.jsonl -m m -q <&-")
    assert Done(2, "", "gemini-batch: standard input holds no prompts; nothing was sent\n") == done
    assert [] == emulator.seen


@pytest.mark.parametrize("words", ["--help", "run --help", "--version", "completion bash"])
def test_help_that_nobody_reads_ends_with_141(words: str, shell: Callable[[str], Done]) -> None:
    """As all other output does."""
    assert Done(141, "", "") == shell(f"{words} >&-")
    assert Done(141, "", "") == shell(f"{words} | exec 0<&-")


@pytest.mark.parametrize("words", ["list", "files list --json", "results {name} -o - -q"])
def test_a_reader_that_has_seen_enough_ends_every_command_that_prints_much(
    words: str, shell: Callable[[str], Done], command: Callable[..., Done], prompts: str
) -> None:
    """As with ``| head``, which is no failure of anything."""
    command("files", "upload", prompts)
    name = command("submit", prompts, "-m", "m", "-q").out.strip()
    assert Done(141, "", "") == shell(f"{words.format(name=name)} | exec 0<&-")


@pytest.mark.parametrize("words", ["--help", "files list --json"])
def test_a_full_disk_is_said_in_one_line(
    words: str, shell: Callable[[str], Done], command: Callable[..., Done], prompts: str
) -> None:
    """Nothing is left over that would fail once more at the end."""
    command("files", "upload", prompts)
    done = shell(f"{words} > /dev/full")
    assert (1, 1) == (done.status, done.err.count("\n"))
    assert "No space left on device" in done.err


def test_each_stream_that_is_closed_is_stood_in_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Output fails as a pipe does that nobody reads; the others are empty."""
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    streams.stand_in()
    with sys.stdin, sys.stdout, sys.stderr:
        assert "" == sys.stdin.read()
        assert 1 == sys.stderr.write("x")
        assert not streams.is_shown()
        assert 141 == app.run_app(["--help"])
        streams.hush()


def test_open_streams_are_left_as_they_are() -> None:
    """There is nothing to mend."""
    before = sys.stdin, sys.stdout, sys.stderr
    streams.stand_in()
    assert before == (sys.stdin, sys.stdout, sys.stderr)
    assert streams.is_shown()


class Full(io.StringIO):
    """Standard output on a full disk."""

    def write(self, text: str) -> int:
        """Take it in, to be written later."""
        return len(text)

    def flush(self) -> None:
        """Fail as a file does."""
        raise OSError(28, "No space left on device")


def test_output_that_is_lost_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is said once."""
    monkeypatch.setattr(sys, "stdout", Full())
    assert 1 == app.run_app(["--help"])
    assert "gemini-batch: standard output: No space left on device\n" == capsys.readouterr().err


def test_closed_output_is_refused_with_the_status_of_a_wrong_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where standard output leads somewhere, nothing is refused."""
    options.require_stdout()
    monkeypatch.setattr(sys, "stdout", streams.NoOutput())
    with pytest.raises(UsageError, match="standard output is closed"):
        options.require_stdout()
