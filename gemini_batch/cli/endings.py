"""How a command can end: its exit status, and what it says last."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Any

from attrs import field, frozen

from ..errors import (
    CreateOutcomeUnknownError,
    GeminiBatchError,
    UsageError,
    WaitTimeoutError,
)
from .interrupts import Interrupts, TerminatedError
from .show import Screen
from .streams import hush

_WORDS = {
    "give mime_type=…": "give --mime-type, such as text/plain",
    "give model=…": "give --model",
    " (or with allow_http=True)": "",
    "into the argument api_key": "into the environment",
}
"""What errors say to those who write programs, and what it is for those who type commands."""


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
    """What a command came to.

    ``answer`` is what was asked for, and ``remarks`` the words that go with it; ``facts`` is both
    for programs, or ``None`` where they have been told already.
    """

    exit: Exit
    remarks: tuple[str, ...] = ()
    facts: Mapping[str, Any] | None = field(factory=dict[str, Any])
    answer: tuple[str, ...] = ()


def silence(_: BaseException) -> str:
    """Return the last words of a command that leaves nothing behind."""
    return ""


def conduct(
    interrupts: Interrupts,
    screen: Screen,
    work: Callable[[], Ending],
    last_words: Callable[[BaseException], str] = silence,
) -> Exit:
    """Do the work of a command and tell how it ended, whichever way it does.

    ``last_words`` says where things stand after what cut the work short, and how to go on from
    there; empty where there is nothing to say.
    """

    def told() -> Exit:
        with screen.telling_the_log():
            ending = work()
        screen.conclude(ending.exit, ending.answer, ending.remarks, ending.facts)
        return ending.exit

    try:
        try:
            return interrupts.cut_short(told)
        except BrokenPipeError:
            raise
        except (KeyboardInterrupt, GeminiBatchError, OSError) as error:
            status, said, notes = account_of(error)
            screen.fail(status, said, [*notes, *filter(None, [last_words(error)])])
            return status
    except BrokenPipeError:
        hush()
        return Exit.PIPE_CLOSED


def account_of(error: BaseException) -> tuple[Exit, str, list[str]]:
    """Return the exit status for what cut the work short, what to say of it, and notes."""
    notes: list[str] = list(getattr(error, "__notes__", ()))
    match error:
        case TerminatedError():
            return Exit.TERMINATED, "terminated", []  # the notes are for programs, as below
        case KeyboardInterrupt():
            return Exit.INTERRUPTED, "interrupted", []
        case WaitTimeoutError() | CreateOutcomeUnknownError():
            # What follows their first sentence tells a program how to go on.
            said = str(error).partition(". ")[0]
            return Exit.FAILED, said.removesuffix(" after 0 s"), notes
        case OSError(filename=name, strerror=reason):
            where = f"{name}: " if name else ""
            return Exit.FAILED, f"{where}{reason or error}", notes
        case UsageError():
            return Exit.USAGE, _in_words_of_a_shell(str(error)), notes
        case _:
            return Exit.FAILED, str(error), notes


def _in_words_of_a_shell(said: str) -> str:
    for word, ours in _WORDS.items():
        said = said.replace(word, ours)
    return said
