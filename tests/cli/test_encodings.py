"""Streams of any encoding can show what any command has to say."""

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gemini_batch.cli.app import run_app
from gemini_batch.emulator import Emulator
from tests.cli.conftest import QUICKLY, Done, lines_of

NAME = "gr\u00f6\u00dfe \u2603"
TEXT = '{"key": "\u0436", "prompt": "\u0436?"}\n{"key": "\U0001f511", "prompt": "caf\u00e9"}\n'

Narrow = Callable[..., Done]


@pytest.fixture(params=["ascii", "cp1252", "cp932"])
def narrow(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]
) -> Narrow:
    """Return what runs a command whose output has an encoding that lacks most characters."""
    del settings

    def run(*words: str, stdin: str = "") -> Done:
        streams = [io.BytesIO(), io.BytesIO()]
        out, err = (io.TextIOWrapper(one, encoding=request.param) for one in streams)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            status = run_app(words)
        for one in (out, err):
            one.flush()
        return Done(status, *(one.getvalue().decode(request.param) for one in streams))

    return run


def test_every_command_can_say_what_an_encoding_lacks(narrow: Narrow) -> None:
    """Escaped, and with the status that it has elsewhere; files are UTF-8 all the same."""
    file = f"{NAME}.jsonl"
    Path(file).write_text(TEXT, "utf-8")
    run = ("-m", "m", "--name", NAME, *QUICKLY)
    submitted = narrow("submit", file, "-m", "m", "--name", NAME, "-q")
    name = submitted.out.strip()
    said = [
        submitted,
        narrow("run", file, "-o", f"out-{file}", *run),
        narrow("status", name),
        narrow("wait", name, *QUICKLY),
        narrow("results", name, "-o", f"results-{file}", *QUICKLY),
        narrow("list"),
        narrow("list", "--json"),
        narrow("status", name, "--json"),
        uploaded := narrow("files", "upload", file, "--display-name", NAME, "-q"),
        narrow("files", "get", uploaded.out.strip()),
        narrow("files", "list"),
        narrow("cancel", name),
        narrow("delete", name),
        narrow("files", "delete", uploaded.out.strip()),
    ]
    assert [0] * len(said) == [done.status for done in said], [done.err for done in said]
    assert "gr" in said[2].out
    assert "\\u2603" in said[2].out
    assert ["\u0436", "\U0001f511"] == [line["key"] for line in lines_of(f"out-{file}")]
    assert lines_of(f"out-{file}")[0].keys() == lines_of(f"results-{file}")[0].keys()


def test_answers_on_standard_output_are_utf_8_whatever_it_is(narrow: Narrow) -> None:
    """They are bytes for another program, and not for a terminal."""
    done = narrow("run", "-", "-o", "-", "-m", "m", "-q", *QUICKLY, stdin='{"prompt": "x"}\n')
    assert 0 == done.status
    assert '"key":"0"' in done.out


@pytest.mark.parametrize(
    "words",
    [
        ("run", f"{NAME}.txt", "-o", "out.jsonl", "-m", "m"),
        ("run", "-", "-o", f"{NAME}/out.jsonl", "-m", "m"),
        ("run", "-", "-o", "out.jsonl", "-m", NAME),
        ("status", NAME),
        ("results", NAME, "-o", "out.jsonl"),
        ("adopt", NAME),
        ("files", "get", NAME),
        (NAME,),
        ("list", f"--{NAME}"),
    ],
    ids=lambda words: words[0].encode("ascii", "replace").decode(),
)
def test_every_refusal_can_be_said(
    words: tuple[str, ...], narrow: Narrow, emulator: Emulator
) -> None:
    """In one line or more, and never as a failure of its own."""
    done = narrow(*words, stdin="one\n")
    assert (2, "") == (done.status, done.out)
    assert "" != done.err
    assert "Traceback" not in done.err
    assert [] == emulator.seen
