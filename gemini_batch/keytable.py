"""Keys by the million: they stand in a spool, and only what finds them again is in memory."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Iterator

from .spool import Spool

_BLOCK = 128
"""Keys that are written, and read, in one go."""
_PARTS = 256
"""Parts of the table. Each grows on its own, which is a short piece of work that copies little."""
_LEAST = 16
"""Entries that a part has room for at first."""

# Of the bits of a hash the last eight choose the part. The next are in the entry, before the
# ordinal, and say where in the part it stands; those after them are compared besides.
_PART = _PARTS - 1
_ORDINAL_BITS = 28
_ORDINAL = (1 << _ORDINAL_BITS) - 1
_DIGEST = (1 << 36) - 1
_REST = (1 << 16) - 1


class KeyTable:
    """Keys that are all different, by their ordinals: how many came before them.

    A key takes 13 to 18 bytes of memory. When one is added, equal hashes are only candidates: the
    keys themselves are compared. When one is looked up, 60 equal bits of a keyed hash will do: of
    a million million keys that were never added, one is taken for another among a million.
    """

    def __init__(self, spool: Spool) -> None:
        self.spool = spool
        self._count = 0
        self._parts = [array("Q", [0]) * _LEAST for _ in range(_PARTS)]
        self._room = [_room(_LEAST)] * _PARTS
        self._rests = array("H")
        self._ends = array("Q", [0])
        self._last: list[str] = []

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[str]:
        for number in range(len(self._ends)):
            yield from self._block(number)

    def _block(self, number: int) -> list[str]:
        if number == len(self._ends) - 1:
            return self._last
        begin, end = self._ends[number], self._ends[number + 1]
        block: list[str] = json.loads(self.spool.read(begin, end - begin))
        return block

    def find(self, key: str) -> int | None:
        """Return the ordinal of a key, or ``None``."""
        whole = hash(key)
        part = self._parts[whole & _PART]
        digest = whole >> 8 & _DIGEST
        place = digest % len(part)
        while entry := part[place]:
            if entry >> _ORDINAL_BITS == digest:
                ordinal = (entry & _ORDINAL) - 1
                if self._rests[ordinal] == whole >> 44 & _REST:
                    return ordinal
            place -= 1  # what comes before the first is the last
        return None

    def extend(self, keys: Iterable[str]) -> int | None:
        """Take more keys, up to the first that is there already, whose ordinal is returned."""
        parts, rests, room = self._parts, self._rests, self._room
        count = self._count
        for key in keys:
            whole = hash(key)
            number = whole & _PART
            part = parts[number]
            digest = whole >> 8 & _DIGEST
            place = digest % len(part)
            while entry := part[place]:
                if entry >> _ORDINAL_BITS == digest and self._is((entry & _ORDINAL) - 1, key):
                    return (entry & _ORDINAL) - 1
                place -= 1
            self._count = count = count + 1
            part[place] = digest << _ORDINAL_BITS | count  # from 1, since 0 is a free place
            rests.append(whole >> 44 & _REST)
            room[number] = left = room[number] - 1
            if not left:
                self._grow(number)
            self._last.append(key)
            if not count % _BLOCK:
                self._end_block()
        return None

    def _end_block(self) -> None:
        self.spool.append(json.dumps(self._last).encode("ascii"))  # lone surrogates as well
        self._ends.append(self.spool.size)
        self._last = []

    def _is(self, ordinal: int, key: str) -> bool:
        number, place = divmod(ordinal, _BLOCK)
        return self._block(number)[place] == key

    def _grow(self, number: int) -> None:
        """Make a part half as large again."""
        old = self._parts[number]
        size = len(old) * 3 // 2
        part = array("Q", [0]) * size
        for entry in old:
            if entry:
                place = (entry >> _ORDINAL_BITS) % size
                while part[place]:
                    place -= 1
                part[place] = entry
        self._parts[number] = part
        self._room[number] = _room(size) - _room(len(old))


def _room(size: int) -> int:
    """Return how many entries a part of this size takes: the fuller, the longer one looks."""
    return size * 3 // 4
