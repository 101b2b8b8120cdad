"""The order of results: total, natural, and the same for every download.

Canonical decimals come first, by their value; then all other keys by their UTF-8 bytes, with each
run of ASCII digits compared as a number (``row-9`` before ``row-10``), and equal ones by their
bytes; results without a key last. Equal keys stay in the order of their arrival.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

_DECIMAL = re.compile(rb"0|[1-9][0-9]*")
_DIGITS = re.compile(rb"[0-9]+")
_END = b"\0\0"
_ORDINAL = 8
RUN = 1 << 15
"""Keys that are sorted in one piece: a ``sorted`` of a million would hold the GIL for seconds."""


def sort_key(key: str | None) -> bytes:
    """Return bytes that compare as the keys are ordered; different keys never compare equal."""
    if key is None:
        return b"\2"
    raw = key.encode("utf-8", "surrogatepass")
    if _DECIMAL.fullmatch(raw):
        return b"\0" + _sized(raw)
    # NUL is the end mark below; one within a key must sort after that, yet before all else.
    escaped = raw.replace(b"\0", b"\0\xff")
    natural = _DIGITS.sub(_as_number, escaped)
    tie = b"" if natural == escaped else escaped + _END
    return b"\1" + natural + _END + tie


def _as_number(digits: re.Match[bytes]) -> bytes:
    # "0" stands for any digit among the other bytes; what follows compares by value.
    return b"0" + _sized(digits[0].lstrip(b"0"))


def _sized(digits: bytes) -> bytes:
    """Put the number of digits before them, so that longer numbers compare as larger ones."""
    size = len(digits)
    return (bytes([size]) if size < 255 else b"\xff" + size.to_bytes(8, "big")) + digits


class Sorter:
    """Sort millions of keys in pieces that are each short enough not to be noticed."""

    def __init__(self, run: int = RUN) -> None:
        self._run_size = run
        self._run: list[bytes] = []
        self._runs: list[list[bytes]] = []
        self._count = 0

    def add(self, key: bytes) -> None:
        """Take the sort key of the next result to arrive."""
        self._run.append(key + self._count.to_bytes(_ORDINAL, "big"))
        self._count += 1
        if len(self._run) >= self._run_size:
            self._end_run()

    def _end_run(self) -> None:
        self._run.sort()
        self._runs.append(self._run)
        self._run = []

    def sorted(self) -> Iterator[list[tuple[bytes, int]]]:
        """Return the keys with their ordinals, in order, a bounded piece at a time.

        The runs are cut at common bounds, drawn from a sample of them, and what lies between two
        bounds is sorted at a time: that merges runs in a few hundred short calls.
        """
        self._end_run()
        runs, self._runs = self._runs, []
        step = max(1, self._run_size // (4 * len(runs)))
        sample = sorted(key for run in runs for key in run[::step])
        share = max(1, self._run_size // step)
        bounds = sample[share::share]
        starts = [0] * len(runs)
        for bound in [*bounds, None]:
            piece: list[bytes] = []
            for number, run in enumerate(runs):
                end = len(run) if bound is None else bisect_left(run, bound, starts[number])
                piece += run[starts[number] : end]
                starts[number] = end
            piece.sort()
            yield [(key[:-_ORDINAL], int.from_bytes(key[-_ORDINAL:], "big")) for key in piece]
