"""Where an interrupt cuts a command short, and what is heard after it."""

import io
import logging
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from gemini_batch.cli.endings import Ending, Exit, conduct
from gemini_batch.cli.interrupts import TerminatedError, heeding_interrupts
from gemini_batch.cli.show import Screen
from tests.cli.conftest import QUICKLY, Done

RUN = ("run", "-", "-o", "out.jsonl", "-m", "gemini-2.5-flash", *QUICKLY)


class HalfMade:
    """An object that was interrupted before it was whole, and cannot be closed."""

    def __del__(self) -> None:
        """Fail as an ``HTTPResponse`` does."""
        raise AttributeError(LAMENT)


LAMENT = "'HTTPResponse' object has no attribute 'fp'"


class Pressed(io.BytesIO):
    """Standard input at which Ctrl-C is pressed, with something half-made at hand."""

    def __init__(self, *, collected_late: bool) -> None:
        super().__init__()
        self.collected_late = collected_late

    def read(self, size: int | None = -1) -> bytes:
        """Be interrupted."""
        del size
        made: Any = HalfMade()
        if self.collected_late:
            made.itself = made
        signal.raise_signal(signal.SIGINT)
        return b""


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Hear what Python would print of errors that nobody can catch."""
    errors: list[str] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda one: errors.append(str(one.exc_value)))
    return errors


@pytest.mark.parametrize("pressed", [Pressed(collected_late=False), Pressed(collected_late=True)])
def test_what_was_half_made_when_interrupted_is_told_to_the_log_alone(
    pressed: Pressed,
    command: Callable[..., Done],
    heard: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A user sees that it was interrupted, and no more; a developer finds it at DEBUG."""
    with caplog.at_level(logging.DEBUG, "gemini_batch"):
        done = command(*RUN, "-q", stdin=pressed)
    assert (
        130,
        "",
        "gemini-batch: interrupted\n  no batch was made, and nothing was sent\n",
    ) == (done.status, done.out, done.err)
    assert [] == heard
    [told] = [record for record in caplog.records if LAMENT in record.getMessage()]
    assert logging.DEBUG == told.levelno


def test_what_fails_unheard_without_an_interrupt_stays_loud(heard: list[str]) -> None:
    """Before one, and after the command; only between the two is there an explanation."""
    with heeding_interrupts() as interrupts:
        del_one()
        assert [LAMENT] == heard
        with pytest.raises(KeyboardInterrupt):
            interrupts.cut_short(lambda: signal.raise_signal(signal.SIGINT))
        del_one()
        assert [LAMENT] == heard
    del_one()
    assert [LAMENT, LAMENT] == heard


def del_one() -> None:
    """Make an object that fails to be collected, and let go of it."""
    HalfMade()


class PressedWhileCollected:
    """An object that is being collected when Ctrl-C is pressed."""

    def __del__(self) -> None:
        """Be interrupted where nothing can be raised."""
        signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, TerminatedError])
def test_an_interrupt_that_could_not_be_raised_comes_again(
    kind: type[KeyboardInterrupt], heard: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python drops what a finalizer raises; the user need not press again."""
    sent = signal.SIGTERM if kind is TerminatedError else signal.SIGINT
    monkeypatch.setattr(PressedWhileCollected, "__del__", lambda _: signal.raise_signal(sent))

    def work() -> None:
        PressedWhileCollected()
        threading.Event().wait(20)

    with heeding_interrupts() as interrupts, pytest.raises(KeyboardInterrupt) as raised:
        interrupts.cut_short(work)
    assert kind is raised.type
    assert [] == heard


class Impatient(io.StringIO):
    """Standard error at which Ctrl-C is pressed at every word."""

    def write(self, text: str) -> int:
        """Press, and write."""
        signal.raise_signal(signal.SIGINT)
        return super().write(text)


def test_last_words_are_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C pressed again and again while they are written changes nothing of them."""
    said = Impatient()
    monkeypatch.setattr(sys, "stderr", said)

    def work() -> Ending:
        raise KeyboardInterrupt

    with heeding_interrupts() as interrupts:
        status = conduct(interrupts, Screen(), work, lambda _: "still running: batches/b")
    assert Exit.INTERRUPTED == status
    assert "gemini-batch: interrupted\n  still running: batches/b\n" == said.getvalue()


def test_signals_that_come_faster_than_they_are_taken_in_are_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each would be taken in on top of the one before, until the stack is full."""
    taken: list[int] = []

    class Another(KeyboardInterrupt):
        """An interrupt during which the next one comes."""

        def __init__(self) -> None:
            taken.append(len(taken))
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr("gemini_batch.cli.interrupts.TerminatedError", Another)
    with heeding_interrupts() as interrupts, pytest.raises(Another):
        interrupts.cut_short(lambda: signal.raise_signal(signal.SIGTERM))
    assert [0] == taken


def test_an_interrupt_before_the_work_ends_it_as_it_begins() -> None:
    """What comes before is brief, and is not cut."""
    done: list[str] = []
    with heeding_interrupts() as interrupts:
        signal.raise_signal(signal.SIGINT)
        done.append("options were read")
        with pytest.raises(KeyboardInterrupt):
            interrupts.cut_short(lambda: done.append("and more"))
    assert ["options were read"] == done


def test_what_is_ignored_stays_ignored() -> None:
    """A shell ignores Ctrl-C for what runs in its background."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with heeding_interrupts() as interrupts:
            interrupts.cut_short(lambda: signal.raise_signal(signal.SIGINT))
            assert signal.SIG_IGN is signal.getsignal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
