"""Show how far long work has come."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Literal, TypeAlias

from attrs import define, frozen

from .text import printable


@frozen
class Progress:
    """How far one stage has come: ``done`` of ``total``, which may not be known.

    Encoding and waiting count requests, uploading and downloading bytes; ``state`` is that of the
    batch while waiting, and how long ago it was seen if the service cannot be asked.
    """

    stage: Literal["encoding", "uploading", "waiting", "downloading"]
    done: int
    total: int | None = None
    state: str = ""


Report: TypeAlias = Callable[[Progress], None]
"""Is called with each :class:`Progress`; it must return soon."""


def report_nothing(_: Progress) -> None:
    """Take no notice."""


@define
class StderrReport:
    """Write a line to standard error whenever a stage begins or a tenth more of it is done."""

    _last: tuple[str, str, int] = ("", "", -1)

    def __call__(self, progress: Progress) -> None:
        """Take a stage in."""
        tenths = progress.done * 10 // progress.total if progress.total else 0
        now = (progress.stage, progress.state, tenths)
        if now != self._last:
            self._last = now
            of = f"{progress.done} of {progress.total}" if progress.total else f"{progress.done}"
            unit = "bytes" if progress.stage.endswith("loading") else "requests"
            sys.stderr.write(
                " ".join(filter(None, (progress.stage, printable(progress.state), of, unit))) + "\n"
            )


def report_for(progress: bool | Report) -> Report:  # noqa: FBT001 - a choice with a third value
    """Return what the argument ``progress`` of a method asks for."""
    if callable(progress):
        return progress
    return StderrReport() if progress else report_nothing
