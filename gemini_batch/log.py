"""What is told to the log and in tracebacks: never a secret, and no more than helps.

The logger has one INFO line a submission, retry or adoption.
"""

from __future__ import annotations

import logging
import sys
from types import FrameType, TracebackType

from .errors import GeminiBatchError

log = logging.getLogger("gemini_batch")
log.addHandler(logging.NullHandler())

_LIBRARIES = frozenset({"aiohttp", "asyncio", "concurrent", "contextlib", "requests", "urllib3"})
"""What this package calls and is called by; their frames may hold the request, and so the key."""


def trimmed(error: GeminiBatchError) -> GeminiBatchError:
    """Leave out of a traceback what happened in here, unless the logger is at DEBUG.

    The caller's own frames stay, such as those of an iterable of requests that raised one of our
    errors. That goes for its causes, too; and what a library of ours raised is cut off where it was
    translated, since it may hold the request that failed.
    """
    link: BaseException | None = error
    while link is not None:
        if link.__suppress_context__:
            link.__context__ = None
        if isinstance(link, GeminiBatchError) and not log.isEnabledFor(logging.DEBUG):
            link.__traceback__ = _of_the_caller(link.__traceback__)
        link = link.__cause__ or link.__context__
    return error


def bare(error: Exception) -> Exception:
    """Leave out of a traceback what happened in here, whatever the level, and all that led to it.

    For errors of what is given the key, and so has it in its frames.
    """
    error.__cause__ = error.__context__ = None
    return error.with_traceback(_of_the_caller(error.__traceback__))


def caller() -> tuple[str, int]:
    """Return the file and the line that called into this package."""
    frame = sys._getframe(1)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - inspect, which has a public name for it, is slow to load
    while frame.f_back is not None and _is_ours(frame):
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno


def _of_the_caller(traceback: TracebackType | None) -> TracebackType | None:
    """Return a traceback without the frames of this package, and of the libraries it calls."""
    kept: list[TracebackType] = []
    while traceback is not None:
        if not _is_ours(traceback.tb_frame):
            kept.append(traceback)
        traceback = traceback.tb_next
    rest: TracebackType | None = None
    for one in reversed(kept):
        rest = TracebackType(rest, one.tb_frame, one.tb_lasti, one.tb_lineno)
    return rest


_OURS = (
    trimmed.__code__.co_filename.removesuffix("log.py"),
    "<attrs generated ",
    "<cattrs generated ",
)
"""How the names of the files begin that code of ours comes from."""


def _is_ours(frame: FrameType) -> bool:
    library = str(frame.f_globals.get("__name__", "")).partition(".")[0]
    return frame.f_code.co_filename.startswith(_OURS) or library in _LIBRARIES
