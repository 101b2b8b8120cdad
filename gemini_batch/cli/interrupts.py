"""Ctrl-C and SIGTERM: where they cut the work short, and what may be said from then on."""

from __future__ import annotations

import gc
import signal
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar

from ..log import log

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

T = TypeVar("T")

HEEDED = (signal.SIGINT, signal.SIGTERM)

AGAIN = 0.01
"""Seconds after which an interrupt that was lost comes again."""


class TerminatedError(KeyboardInterrupt):
    """The process was asked to end (SIGTERM); it takes the way of Ctrl-C, around all flows."""


class Interrupts:
    """The signals that ask a command to end.

    They end the work of :meth:`cut_short` and nothing else: what comes before it is brief, and what
    comes after it are the last words, which must not be cut. One that comes before ends the work as
    it begins.
    """

    def __init__(self) -> None:
        self._arriving = False
        self._asked: KeyboardInterrupt | None = None
        self._loud = sys.unraisablehook

    def cut_short(self, work: Callable[[], T]) -> T:
        """Do the work, or raise the interrupt at whatever it is doing."""
        if self._asked is not None:
            raise self._asked
        return work()

    def arrive(self, number: int, frame: FrameType | None) -> None:
        """Take a signal in."""
        if self._arriving:  # or signals that come fast enough would fill the stack
            return
        self._arriving = True
        try:
            sys.unraisablehook = self._note
            self._asked = TerminatedError() if number == signal.SIGTERM else KeyboardInterrupt()
            while frame is not None:
                if frame.f_code is Interrupts.cut_short.__code__:
                    raise self._asked
                frame = frame.f_back
        finally:
            self._arriving = False

    def _note(self, ignored: UnraisableHookArgs) -> None:
        """Log what an object says that is collected before it was whole.

        It has nothing to tell a user, who asked for the end. Where it is the interrupt itself that
        cannot be raised, because it came while an object was being collected, it comes again.
        """
        error = ignored.exc_value
        if error is not None and error is self._asked:
            threading.Timer(AGAIN, self._repeat, [error]).start()
            return
        told = (ignored.exc_type, error, ignored.exc_traceback) if error is not None else None
        log.debug("ignored after an interrupt: %s", error, exc_info=told)

    def _repeat(self, lost: KeyboardInterrupt) -> None:
        """Send an interrupt again, unless another one has come, or the end."""
        if lost is not self._asked:
            return
        number = signal.SIGTERM if isinstance(lost, TerminatedError) else signal.SIGINT
        thread = threading.main_thread().ident
        if thread is not None and hasattr(signal, "pthread_kill"):
            signal.pthread_kill(thread, number)  # it ends a system call, too
        else:
            signal.raise_signal(number)

    def end(self) -> None:
        """Have what is half-made collected, and let such errors be heard again."""
        if self._asked is not None:
            self._asked = None
            gc.collect()
        sys.unraisablehook = self._loud


@contextmanager
def heeding_interrupts() -> Generator[Interrupts]:
    """Let Ctrl-C and SIGTERM arrive at what is returned.

    A container that stops thus says where its batch is. What is ignored already stays ignored: a
    shell has it so for what runs in its background.
    """
    interrupts = Interrupts()
    before: dict[signal.Signals, Any] = {}
    for number in HEEDED:
        if signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, interrupts.arrive)
    try:
        yield interrupts
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)  # None: not set by Python
        interrupts.end()
