"""Standard streams that are closed, or whose other end is."""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import suppress


class NoOutput(io.TextIOWrapper):
    """What stands in for standard output that is closed: a pipe that nobody reads."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8")

    def write(self, text: str, /) -> int:
        """Fail as such a pipe does."""
        del text
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def stand_in() -> None:
    """Put something in place of each standard stream that is closed.

    One that was closed by the shell (``>&-``) is ``None``, and the next file to be opened would
    take its number.
    """
    if sys.stdin is None:
        sys.stdin = _nothing("r")
    if sys.stdout is None:
        os.open(os.devnull, os.O_WRONLY)
        sys.stdout = NoOutput()
    if sys.stderr is None:
        sys.stderr = _nothing("w")


def is_shown() -> bool:
    """Tell whether standard output leads anywhere."""
    return not isinstance(sys.stdout, NoOutput)


def hush() -> None:
    """Say nothing more on standard output, not even what is flushed at the very end."""
    with suppress(io.UnsupportedOperation):  # it is nothing of the system's
        number = sys.stdout.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)


def _nothing(mode: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.FileIO(os.devnull, mode), encoding="utf-8")
