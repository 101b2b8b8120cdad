"""How the command begins, and what happens before any of its commands runs."""

import contextlib
import io
import signal
import sys
from collections.abc import Callable

import pytest

from gemini_batch import cli
from gemini_batch.cli import app
from tests.cli.conftest import Done


class Interrupted:
    """An importer at which the user presses Ctrl-C."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        """Be interrupted."""
        del path, target
        if name == app.__name__:
            raise KeyboardInterrupt


def test_an_interrupt_while_loading_is_quiet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Loading takes a moment, in which nothing has been done yet."""
    monkeypatch.delitem(sys.modules, app.__name__)
    monkeypatch.setattr(sys, "meta_path", [Interrupted, *sys.meta_path])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert 130 == ended.value.code
    assert ("", "") == capsys.readouterr()


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

    monkeypatch.setattr(app, "results", interrupted)
    assert 130 == command("results", "batches/b", "-o", "-").status


def test_the_signals_are_as_they_were_afterwards(command: Callable[..., Done]) -> None:
    """A program that calls the command keeps its own way with SIGTERM."""
    before = signal.getsignal(signal.SIGTERM)
    command("--help")
    assert before is signal.getsignal(signal.SIGTERM)


def test_output_may_be_any_stream() -> None:
    """One that has no encoding is left as it is."""
    with contextlib.redirect_stdout(io.StringIO()) as said:
        assert 0 == app.run_app(["--help"])
    assert "Commands:" in said.getvalue()
