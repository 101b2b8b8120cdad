"""The order of results, made from their keys as they arrive.

Most keys are numbers, or one name with numbers after it: of these only the numbers are kept, and
they are placed, not sorted, where hardly any is missing. All others are sorted by their sort keys.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from itertools import islice

import msgspec

from .order import sort_key, sort_keys
from .sorting import RUN, Arranged, Run, Sorter, merged, told_apart

_DECIMAL = re.compile(r"0|[1-9][0-9]*", re.ASCII)
_NAME = re.compile(r"(.*[^0-9\n])(?:0|[1-9][0-9]*)", re.ASCII)
_LARGEST = (1 << 64) - 1
_NONE = (1 << 32) - 1
"""What stands where no ordinal was placed."""
_NONES = array("I", [_NONE])
_decode_numbers = msgspec.json.Decoder(list[int]).decode
_STEP = 1 << 16
"""Numbers that are looked at in one go."""


def numbers_of(keys: Sequence[str], name: str = "") -> list[int] | None:
    """Return the numbers of keys that are all one name and a number as it is usually written.

    ``None`` where a key is anything else, were it only a zero too many or too large a number.
    """
    # Each key has one line feed before it. If the name follows each, and no comma is left but
    # those put there, then all between them are the rests of the keys.
    rests = ("\n" + "\n".join(keys)).replace("\n" + name, ",")
    digits = rests.replace(",", "")
    if len(digits) != len(rests) - len(keys) or not (digits.isascii() and digits.isdecimal()):
        return None
    try:
        return _decode_numbers(f"[{rests[1:]}]")  # JSON knows neither leading zeros nor nothing
    except msgspec.DecodeError:
        return None


class Numbers:
    """Numbers in the order of their arrival, and whose they are."""

    def __init__(self, run: int = RUN) -> None:
        self._run = run
        self._numbers = array("I")
        self._ordinals: array[int] | None = None  # each number is that of its place until then
        self._low, self._high = _LARGEST, 0

    def __len__(self) -> int:
        return len(self._numbers)

    def extend(self, first: int, numbers: list[int]) -> bool:
        """Take the numbers of results that arrived one after the other, ``first`` before all.

        If one of them is too large, none is taken.
        """
        high = max(numbers)
        if high > _LARGEST:
            return False
        low = min(numbers)
        self._low, self._high = min(self._low, low), max(self._high, high)
        if self._ordinals is None and first != len(self):
            self._ordinals = array("I")
            for start in range(0, len(self), _STEP):
                self._ordinals.extend(range(start, min(start + _STEP, len(self))))
        if self._ordinals is not None:
            self._ordinals.extend(range(first, first + len(numbers)))
        try:
            self._numbers.fromlist(numbers)
        except OverflowError:
            self._widen()
            self._numbers.fromlist(numbers)
        return True

    def _widen(self) -> None:
        wide = array("Q")
        for start in range(0, len(self), _STEP):
            wide.extend(array("Q", self._numbers[start : start + _STEP]))
        self._numbers = wide

    def taken(self) -> Iterator[tuple[array[int], Sequence[int]]]:
        """Take numbers and ordinals out, a few at a time, the last first; none is kept."""
        while self._numbers:
            start = max(0, len(self) - self._run)
            numbers, ordinals = self._numbers[start:], self._whose(start, len(self))
            del self._numbers[start:]
            yield numbers, ordinals

    def _whose(self, start: int, end: int) -> Sequence[int]:
        return range(start, end) if self._ordinals is None else self._ordinals[start:end]

    def arranged(self) -> Iterator[Arranged | None]:
        """Return all ordinals in the order of their numbers; ``None`` where that takes a while."""
        if not self._numbers:
            return
        low = self._low
        span = self._high - low + 1
        if span <= len(self) + len(self) // 2:
            places = array("I")
            while len(places) < span:
                places.extend(_NONES * min(_STEP, span - len(places)))
            yield from self._place(places, low)
            empty = 0
            for start in range(0, span, _STEP):
                some = places[start : start + _STEP]
                empty += some.count(_NONE) if _NONES.tobytes() in some.tobytes() else 0
                yield None
            repeated = len(self) - (span - empty)
            if repeated <= len(self) // 8:
                yield from self._read(places, low, empty, repeated)
                return
        yield from self._sorted()

    def _steps(self) -> Iterator[tuple[int, int]]:
        return ((start, min(start + _STEP, len(self))) for start in range(0, len(self), _STEP))

    def _place(self, places: array[int], low: int) -> Iterator[None]:
        """Put each ordinal into the place of its number, the first to arrive last."""
        for start, end in reversed([*self._steps()]):
            numbers, ordinals = self._numbers[start:end], self._whose(start, end)
            for number, ordinal in zip(reversed(numbers), reversed(ordinals), strict=True):
                places[number - low] = ordinal
            yield None

    def _read(
        self, places: array[int], low: int, empty: int, repeated: int
    ) -> Iterator[Arranged | None]:
        """Read the ordinals from their places, and insert those whose place was taken."""
        again: dict[int, list[int]] = {}
        for start, end in self._steps() if repeated else ():
            numbers, ordinals = self._numbers[start:end], self._whose(start, end)
            for number, ordinal in zip(numbers, ordinals, strict=True):
                if places[number - low] != ordinal:
                    again.setdefault(number - low, []).append(ordinal)
            yield None
        del self._numbers[:]
        if not again and not empty:
            yield Arranged(places, [])
            return
        for start in range(0, len(places), _STEP):
            ordinals, duplicates = array("I"), list[int]()
            for place, ordinal in enumerate(places[start : start + _STEP], start):
                if ordinal != _NONE:
                    ordinals.append(ordinal)
                    if place in again:
                        ordinals.extend(again[place])
                        duplicates += again[place]
            yield Arranged(ordinals, duplicates)

    def _sorted(self) -> Iterator[Arranged | None]:
        runs: list[Run] = []
        for numbers, ordinals in self.taken():
            keys, ordered = Run.of(numbers, ordinals)
            runs.append(Run(array(numbers.typecode, keys), ordered))
            yield None
        yield from told_apart(merged(runs, self._run))


class Arrangement:
    """All ordinals in key order, and those of them whose key an earlier one has.

    ``add`` what arrives, one or many at a time, then ``settle`` until there is no more to do.
    """

    def __init__(self, run: int = RUN) -> None:
        self.order = array("I")
        self.duplicates = array("I")
        self._run = run
        self._decimals = Numbers(run)
        self._name = ""
        self._numbered = Numbers(run)  # the keys of that name and a number
        self._names = Sorter(run)
        self._keyless = array("I")
        self._steps: Iterator[Arranged | None] | None = None

    def add(self, ordinal: int, key: str | None) -> None:
        """Take the key of the next result to arrive."""
        if key is None:
            self._keyless.append(ordinal)
        else:
            self.extend(ordinal, [key])

    def extend(self, first: int, keys: list[str]) -> None:
        """Take the keys of the next results to arrive; the first of these has this ordinal."""
        numbers = numbers_of(keys)
        if numbers is not None and self._decimals.extend(first, numbers):
            return
        if not self._name:
            named = _NAME.fullmatch(keys[0])
            self._name = named[1] if named else ""
        numbers = numbers_of(keys, self._name) if self._name else None
        if numbers is not None and self._numbered.extend(first, numbers):
            return
        if any(map(str.isdecimal, keys)):
            self._extend_mixed(first, keys)
        else:
            self._names.extend(sort_keys(keys), range(first, first + len(keys)))

    def _extend_mixed(self, first: int, keys: list[str]) -> None:
        """Take decimals one by one, and all others as they are."""
        others: list[int] = []
        for ordinal, key in enumerate(keys, first):
            if not _DECIMAL.fullmatch(key):
                others.append(ordinal)
            elif len(key) > 20 or not self._decimals.extend(ordinal, [int(key)]):
                self._names.extend([sort_key(key)], [ordinal])
        if others:
            self._names.extend(sort_keys([keys[one - first] for one in others]), others)

    def settle(self) -> bool:
        """Put the next few in order; whether there are more."""
        if self._steps is None:
            self._steps = self._arranged()
        for arranged in islice(self._steps, 1):
            if arranged is not None:
                self._take(arranged)
            return True
        return False

    def _take(self, arranged: Arranged) -> None:
        if self.order:
            self.order.extend(arranged.ordinals)
        else:
            self.order = arranged.ordinals
        self.duplicates.extend(arranged.duplicates)

    def _arranged(self) -> Iterator[Arranged | None]:
        yield from self._decimals.arranged()
        if self._names:  # which may come between numbers of one name
            for numbers, ordinals in self._numbered.taken():
                keys = sort_keys([f"{self._name}{number}" for number in numbers])
                self._names.extend(keys, ordinals)
                yield None
            yield from self._names.arranged()
        else:
            yield from self._numbered.arranged()
        yield Arranged(self._keyless, [])
