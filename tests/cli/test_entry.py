"""How the command begins, and what happens before any of its commands runs."""

import contextlib
import io
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from gemini_batch import cli
from gemini_batch.cli import app
from gemini_batch.cli.interrupts import HEEDED
from tests.cli.conftest import Done

INTERRUPTED_WHILE_LOADING = """
import signal, sys
from gemini_batch import cli

class Pressing:
    def find_spec(name, path=None, target=None):
        if name == "gemini_batch.cli.app":
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Pressing)
cli.main()
"""


def test_an_interrupt_while_loading_is_quiet() -> None:
    """Loading takes a moment, in which nothing has been done yet; a shell makes 130 of it."""
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_WHILE_LOADING],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (-signal.SIGINT, "", "") == (done.returncode, done.stdout, done.stderr)


@pytest.fixture
def _signals() -> Iterator[None]:
    """Put the handlers back: ``main`` ends a process, which needs them no more."""
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_signals")
def test_a_module_of_our_own_that_is_missing_is_no_missing_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """To install the extra would not help, so that it is not advised."""
    monkeypatch.setitem(sys.modules, app.__name__, None)
    with pytest.raises(ModuleNotFoundError, match=r"cli\.app"):
        cli.main()


def test_an_interrupt_before_a_command_has_begun_ends_with_130(
    command: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it meets, the exit status is that of an interrupt."""

    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(app.app, "invoke", interrupted)
    assert 130 == command("results", "batches/b", "-o", "-").status


def test_the_signals_are_as_they_were_afterwards(command: Callable[..., Done]) -> None:
    """A program that calls the command keeps its own way with them."""
    before = [signal.getsignal(one) for one in HEEDED]
    command("--help")
    assert before == [signal.getsignal(one) for one in HEEDED]


def test_output_may_be_any_stream() -> None:
    """One that has no encoding is left as it is."""
    with contextlib.redirect_stdout(io.StringIO()) as said:
        assert 0 == app.run_app(["--help"])
    assert "Batches that exist:" in said.getvalue()
