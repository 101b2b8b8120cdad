"""What cannot work is refused before anything is sent, with its reason and exit status 2."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gemini_batch.cli.options import Options, Target
from gemini_batch.emulator import Emulator
from tests.cli.conftest import QUICKLY, Done, lines_of

Command = Callable[..., Done]
RUN = ("-m", "gemini-2.5-flash", *QUICKLY)


def test_bad_lines_are_all_named_and_nothing_is_sent(command: Command, emulator: Emulator) -> None:
    """The numbers are those of the lines, empty ones included."""
    text = b'\xef\xbb\xbf{"prompt": "good"}\r\n\r\n{"prompt": 5}\r\n{"promt": "x"}\r\n'
    done = command("run", "-", "-o", "out.jsonl", *RUN, stdin=text)
    assert (2, "") == (done.status, done.out)
    assert "gemini-batch: 2 of 3 lines of standard input cannot be sent; nothing was sent" in (
        done.err
    )
    assert "\n  line 3: its prompt is 5" in done.err
    assert "\n  line 4: " in done.err
    assert [] == emulator.seen
    assert not Path("out.jsonl").exists()


def test_json_tells_of_bad_lines_too(command: Command) -> None:
    """A program gets the message and the notes apart."""
    done = command("run", "-", "-o", "out.jsonl", *RUN, "--json", "-q", stdin=b"\xff\n")
    assert {
        "exit_status": 2,
        "error": "1 of 1 lines of standard input cannot be sent; nothing was sent",
        "notes": ["line 1: it is not UTF-8 (byte 1)"],
    } == done.facts


def test_an_existing_output_is_refused_before_anything_is_sent(
    command: Command, emulator: Emulator, prompts: str
) -> None:
    """Answers that cannot be saved are not paid for; --force overwrites."""
    Path("out.jsonl").write_text("precious")
    done = command("run", prompts, "-o", "out.jsonl", *RUN)
    assert (2, "") == (done.status, done.out)
    assert "out.jsonl exists already: choose another name, or give --force\n" in done.err
    assert [] == emulator.seen
    assert 0 == command("run", prompts, "-o", "out.jsonl", *RUN, "--force").status
    assert 3 == len(lines_of("out.jsonl"))


@pytest.mark.parametrize("verb", [["run", "prompts.txt", "-m", "m"], ["results", "batches/b"]])
@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("folder", "folder is a directory; give -o the name of a file"),
        ("/dev/null", "/dev/null is a device or a pipe, not a file; for standard output give -o -"),
        ("/dev/stdout", "/dev/stdout is a device or a pipe, not a file; for standard output "),
        (300 * "x", f"{300 * 'x'} cannot be written: File name too long"),
        ("nowhere/out.jsonl", "there is no directory nowhere"),
        ("prompts.txt/out.jsonl", "there is no directory prompts.txt"),
    ],
)
@pytest.mark.usefixtures("prompts")
def test_an_output_that_cannot_be_is_refused_before_anything_is_sent(
    verb: list[str], output: str, reason: str, command: Command, emulator: Emulator
) -> None:
    """That goes for directories, devices and what is in no directory, even with --force."""
    Path("folder").mkdir()
    done = command(*verb, "-o", output, "--force")
    assert (2, "") == (done.status, done.out)
    assert f"gemini-batch: {reason}" in done.err
    assert [] == emulator.seen


def test_an_input_is_not_overwritten_by_its_answers(command: Command, prompts: str) -> None:
    """Even --force does not mean that."""
    done = command("run", prompts, "-o", f"./{prompts}", *RUN, "--force")
    assert 2 == done.status
    assert "is the input as well" in done.err
    assert "one\ntwo\nthree\n" == Path(prompts).read_text()


def test_an_output_in_a_directory_that_cannot_be_written_to_is_refused(
    command: Command, prompts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The administrator may write everywhere, so that the system's answer is put in its mouth."""

    def no(path: object, mode: int) -> bool:
        del path
        return mode != os.W_OK | os.X_OK

    monkeypatch.setattr(os, "access", no)
    done = command("run", prompts, "-o", "out.jsonl", *RUN)
    assert 2 == done.status
    assert "the directory . cannot be written to" in done.err


@pytest.mark.parametrize("verb", [["run", "-o", "out.jsonl", "--force"], ["submit"]])
@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("none.txt", "No such file or directory"),
        ("folder", "Is a directory"),
        ("/proc/self/mem", "Input/output error"),
    ],
)
def test_an_input_that_cannot_be_read_is_named(
    verb: list[str], source: str, reason: str, command: Command, emulator: Emulator
) -> None:
    """What the system says of a file is said in one line, whether the output exists or not."""
    Path("folder").mkdir()
    Path("out.jsonl").touch()
    done = command(*verb, source, "-m", "m", "-q")
    said = f"gemini-batch: {source} cannot be read: {reason}; nothing was sent\n"
    assert Done(2, "", said) == done
    assert [] == emulator.seen


@pytest.mark.parametrize(
    ("words", "told", "untold"),
    [
        (["status", "batches/b", "--base-url", "http://a.example"], "only for this machine", "="),
        (["list", "--base-url", "https://key@a.example"], "goes into the environment", "argument"),
        (["submit", "prompts.txt", "-m", ""], "no model: give --model, such as", "="),
        (["results", "batches/b", "-o", "x", "--key-member", ""], "--key-member is the name", "="),
    ],
)
@pytest.mark.usefixtures("prompts")
def test_advice_is_in_the_words_of_the_command(
    words: list[str], told: str, untold: str, command: Command, emulator: Emulator
) -> None:
    """Nobody types Python into a shell."""
    done = command(*words)
    assert (2, "") == (done.status, done.out)
    assert told in done.err
    assert untold not in done.err
    assert [] == emulator.seen


def test_without_a_key_one_line_names_the_variables(
    command: Command, prompts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty variable counts as none."""
    monkeypatch.setenv("GEMINI_API_KEY", " ")
    done = command("run", prompts, "-o", "out.jsonl", *RUN)
    assert (2, "") == (done.status, done.out)
    assert done.err.startswith("gemini-batch: no API key: set GOOGLE_API_KEY or GEMINI_API_KEY in")
    assert 1 == done.err.count("\n")


def test_json_and_answers_do_not_share_standard_output(
    command: Command, emulator: Emulator, prompts: str
) -> None:
    """A program that asked for JSON is told so in JSON."""
    done = command("run", prompts, "-o", "-", *RUN, "--json")
    assert 2 == done.status == done.facts["exit_status"]
    assert "both want standard output" in done.facts["error"]
    assert [] == emulator.seen


@pytest.mark.parametrize(
    "words",
    [
        ["run"],
        ["run", "prompts.txt", "-o", "out.jsonl"],
        ["run", "prompts.txt", "-m", "m"],
        ["run", "prompts.txt", "-o", "out.jsonl", "-m", "m", "--poll-interval", "0"],
        ["run", "prompts.txt", "-o", "out.jsonl", "-m", "m", "--poll-interval", "nan"],
        ["run", "prompts.txt", "-o", "out.jsonl", "-m", "m", "--base-url", "http://example.com"],
        ["run", "prompts.txt", "-o", "out.jsonl", "-m", "../m"],
        ["run", "prompts.txt", "-o", "out.jsonl", "-m", "m", "--api-key", "x"],
        ["results", "files/x", "-o", "out.jsonl"],
        ["results", "batches/../x", "-o", "out.jsonl"],
        ["unknown"],
    ],
)
@pytest.mark.usefixtures("prompts")
def test_a_command_that_makes_no_sense_ends_with_2(
    words: list[str], command: Command, emulator: Emulator
) -> None:
    """Nothing is sent, and the reason is given."""
    done = command(*words)
    assert (2, "") == (done.status, done.out)
    assert "" != done.err
    assert "Traceback" not in done.err
    assert [] == emulator.seen


def test_standard_output_is_never_refused() -> None:
    """It exists, and is no file."""
    Target("-").check(Options())
