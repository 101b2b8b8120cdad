"""The command line, called in this process and in processes of its own, and what it talks to."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from gemini_batch.cli.app import run_app
from gemini_batch.emulator import Emulator
from tests.canary import CANARY

QUICKLY = ("--poll-interval", "0.02")


@frozen
class Done:
    """What came of a command."""

    status: int
    out: str
    err: str

    @property
    def facts(self) -> dict[str, Any]:
        """Return the one JSON object on standard output."""
        assert 1 == self.out.count("\n")
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Run an emulator whose batches are done at once; a fault that never struck fails the test."""
    with Emulator(
        pending_seconds=0, running_seconds=0, failure_rate=0, chunk_granularity=1024
    ) as running:
        yield running
        assert [] == running.faults.pending


@pytest.fixture
def settings(emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """Set what a user would: a key, here also the address; return the whole environment."""
    monkeypatch.setenv("GEMINI_API_KEY", CANARY)
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", emulator.url)
    monkeypatch.chdir(tmp_path)
    return dict(os.environ)


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
    settings: dict[str, str],
) -> Callable[..., Done]:
    """Return what runs a command in this process."""
    del settings

    def run(*words: str, stdin: bytes | io.BytesIO = b"") -> Done:
        capsysbinary.readouterr()
        source = io.BytesIO(stdin) if isinstance(stdin, bytes) else stdin
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(source))
        status = run_app(words)
        said = capsysbinary.readouterr()
        out, err = said.out.decode("utf-8"), said.err.decode("utf-8")
        return Done(status, out, err)

    return run


@pytest.fixture
def prompts(tmp_path: Path) -> str:
    """Write three prompts to a file, and return its name."""
    (tmp_path / "prompts.txt").write_text("one\ntwo\nthree\n")
    return "prompts.txt"


@pytest.fixture
def spawn(settings: dict[str, str]) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Return what starts a command in a process of its own; one that still runs is killed.

    Coverage is not measured in there: it takes a lock of its own at almost every call, and would
    wait for itself for ever where a signal arrives while it holds that lock.
    """
    started: list[subprocess.Popen[str]] = []
    unmeasured = {name: text for name, text in settings.items() if "COVERAGE" not in name}

    def start(*words: str, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "gemini_batch.cli", *words],
            env={**unmeasured, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def lines_of(path: str) -> list[dict[str, Any]]:
    """Return what a file of answers holds."""
    return [json.loads(line) for line in Path(path).read_text("utf-8").splitlines()]


def text_of(line: dict[str, Any]) -> str:
    """Return the text of an answer in a file."""
    text = line["response"]["candidates"][0]["content"]["parts"][-1]["text"]
    assert isinstance(text, str)
    return text
