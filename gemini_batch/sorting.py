"""Keys put in order, millions of them, in pieces that are each short enough not to be noticed.

Results are told by their ordinals: the first to arrive has 0. Equal keys stay as they arrived.
"""

from __future__ import annotations

import gc
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import islice
from operator import eq
from typing import Any, NamedTuple, TypeAlias

RUN = 1 << 13
"""Keys that are sorted in one go: a ``sorted`` of a million would hold the GIL for seconds.

It is as many as take ten milliseconds where they are long and there is nothing to them in order.
"""
_SAMPLE = RUN // 2
"""Keys of which bounds are drawn."""
_FAN = 64
"""Into how many parts keys are cut at a time, at most."""

Keys: TypeAlias = Sequence[Any]
"""What is sorted by: bytes, or numbers."""


class Arranged(NamedTuple):
    """The next ordinals in key order, and which of them have a key that was there before."""

    ordinals: array[int]
    duplicates: list[int]


class Run(NamedTuple):
    """Keys in order, and whose they are; of equal ones the first to arrive comes first."""

    keys: Keys
    ordinals: array[int]

    @staticmethod
    def of(keys: Keys, ordinals: Sequence[int]) -> Run:
        """Sort a few keys."""
        places = sorted(range(len(keys)), key=keys.__getitem__)
        ordered = tuple([keys[place] for place in places])
        if any(map(eq, ordered, islice(ordered, 1, None))):
            places.sort(key=lambda place: (keys[place], ordinals[place]))
        return Run(ordered, array("I", [ordinals[place] for place in places]))


class _Part(NamedTuple):
    """Some of a run, from ``start`` to ``end``."""

    run: Run
    start: int
    end: int


def merged(runs: Sequence[Run], size: int = RUN) -> Iterator[Run]:
    """Merge runs into one order: some ``size`` keys at a time."""
    return _merged([_Part(run, 0, len(run.keys)) for run in runs], size)


def _merged(parts: list[_Part], size: int) -> Iterator[Run]:
    """Cut the parts at bounds that they share, until what lies between two of them is small.

    ``sorted`` finds the parts of runs in what is left, and merges them.
    """
    total = sum(part.end - part.start for part in parts)
    if total <= 2 * size:
        keys: list[Any] = []
        ordinals = array("I")
        for run, start, end in parts:
            keys.extend(run.keys[start:end])
            ordinals.extend(run.ordinals[start:end])
        if keys:
            yield Run.of(keys, ordinals)
        return
    for bound in [*_bounds(parts, total, size), None]:
        before, parts = _cut(parts, bound)
        yield from _merged(before, size)


_Bound: TypeAlias = tuple[Any, int]
"""A key and its ordinal: no two are equal."""


def _bounds(parts: list[_Part], total: int, size: int) -> list[_Bound]:
    """Draw a sample, and of that some bounds; there is at least one key before each of them."""
    step = max(1, min(total // _SAMPLE, total // 8))
    sample: list[_Bound] = []
    skip = step // 2
    for (keys, ordinals), start, end in parts:
        sample += [(keys[place], ordinals[place]) for place in range(start + skip, end, step)]
        skip = (skip - (end - start)) % step
    sample.sort()
    count = min(_FAN, -(-total // size), len(sample))
    return [sample[len(sample) * number // count] for number in range(1, count)]


def _cut(parts: list[_Part], bound: _Bound | None) -> tuple[list[_Part], list[_Part]]:
    """Return what lies before a bound, and what does not."""
    if bound is None:
        return parts, []
    key, ordinal = bound
    before: list[_Part] = []
    after: list[_Part] = []
    for run, start, end in parts:
        middle = bisect_left(run.keys, key, start, end)
        if middle < end and run.keys[middle] == key:
            last = bisect_right(run.keys, key, middle, end)
            middle = bisect_left(run.ordinals, ordinal, middle, last)
        before.append(_Part(run, start, middle))
        after.append(_Part(run, middle, end))
    return before, after


class Sorter:
    """Names by their sort keys: sorted in runs as they come, and merged at the end."""

    def __init__(self, run: int = RUN) -> None:
        self._size = run
        self._runs: list[Run] = []
        self._keys: list[bytes] = []
        self._ordinals = array("I")

    def __bool__(self) -> bool:
        return bool(self._runs or self._keys)

    def extend(self, keys: Sequence[bytes], ordinals: Sequence[int]) -> None:
        """Take the sort keys of some results."""
        self._keys += keys
        self._ordinals.extend(ordinals)
        if len(self._keys) >= self._size:
            self._end_run()

    def _end_run(self) -> None:
        self._runs.append(Run.of(self._keys, self._ordinals))
        self._keys, self._ordinals = [], array("I")
        # The garbage collector finds now that a tuple of bytes holds nothing for it, and never
        # looks through it again: through many at a time it would look for a tenth of a second.
        # Where it is disabled it does not look, and all that was made since would be young to it.
        if gc.isenabled():
            gc.collect(0)

    def arranged(self) -> Iterator[Arranged]:
        """Return all ordinals in the order of their keys, some at a time."""
        self._end_run()
        runs, self._runs = self._runs, []
        return told_apart(merged(runs, self._size))


def told_apart(pieces: Iterator[Run]) -> Iterator[Arranged]:
    """Return ordinals in order, and which of them have the key of the one before."""
    last: object = None
    for keys, ordinals in pieces:
        duplicates: list[int] = []
        if keys[0] == last or any(map(eq, keys, islice(keys, 1, None))):
            before = [last, *keys[:-1]]
            duplicates = [
                one for one, key, other in zip(ordinals, keys, before, strict=True) if key == other
            ]
        last = keys[-1]
        yield Arranged(ordinals, duplicates)
