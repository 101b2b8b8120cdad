"""How a command can end: its exit status, what it says last, and how interrupts arrive."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from enum import IntEnum
from types import FrameType
from typing import Any, NoReturn

from attrs import field, frozen

from ..errors import GeminiBatchError, UsageError
from .show import Screen


class Exit(IntEnum):
    """The exit statuses, the same for every command."""

    COMPLETE = 0
    FAILED = 1
    USAGE = 2
    INCOMPLETE = 3
    INTERRUPTED = 130
    PIPE_CLOSED = 141
    TERMINATED = 143


@frozen
class Ending:
    """What a command came to: words for people in ``lines``, the same for programs in ``facts``."""

    exit: Exit
    lines: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(factory=dict[str, Any])


class TerminatedError(KeyboardInterrupt):
    """The process was asked to end (SIGTERM); it takes the way of Ctrl-C, around all flows."""


@contextmanager
def heeding_sigterm() -> Generator[None]:
    """Turn SIGTERM into an interrupt, so that a container that stops says where its batch is."""

    def stop(_signal: int, _frame: FrameType | None) -> NoReturn:
        raise TerminatedError

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def conduct(
    screen: Screen, work: Callable[[], Ending], last_words: Callable[[BaseException], str]
) -> Exit:
    """Do the work of a command and tell how it ended, whichever way it does.

    ``last_words`` says where things stand after what cut the work short, and how to go on from
    there; empty where there is nothing to say.
    """
    try:
        try:
            with screen.telling_the_log():
                ending = work()
        except BrokenPipeError:
            raise
        except (KeyboardInterrupt, GeminiBatchError, OSError) as error:
            status, said, notes = _account(error)
            screen.fail(status, said, [*notes, *filter(None, [last_words(error)])])
            return status
        screen.conclude(ending.exit, ending.lines, ending.facts)
    except BrokenPipeError:
        _hush()
        return Exit.PIPE_CLOSED
    return ending.exit


def _account(error: BaseException) -> tuple[Exit, str, list[str]]:
    """Return the exit status for what cut the work short, what to say of it, and notes."""
    match error:
        case TerminatedError():
            return Exit.TERMINATED, "terminated", []
        case KeyboardInterrupt():
            return Exit.INTERRUPTED, "interrupted", []
        case OSError(filename=name, strerror=reason) if not isinstance(error, GeminiBatchError):
            where = f"{name}: " if name else ""
            return Exit.FAILED, f"{where}{reason or error}", []
        case _:
            status = Exit.USAGE if isinstance(error, UsageError) else Exit.FAILED
            return status, str(error), list(getattr(error, "__notes__", ()))


def _hush() -> None:
    """Say nothing more to a reader that has gone, not even what is flushed at the very end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
