"""The keys of a batch: what its results are held against."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn, cast

from .errors import UsageError
from .keytable import KeyTable
from .spool import MemorySpool, Spool

FEW = 1 << 16
"""Explicit keys that are kept as they are; more than that go to a spool."""
FEW_CHARACTERS = 2 << 20
"""Characters of explicit keys that are kept as they are."""

_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)
_STEP = 1 << 14
"""Positions that are counted in one go, during which no other thread can run."""


class SubmittedKeys:
    """The keys of a batch in the order of submission.

    A request without a key is numbered by its position; where all are, that costs nothing here. Of
    explicit keys a few are kept as they are. Many go to a spool, which is asked for when it is
    needed, and each costs 13 to 18 bytes then. Where there are both kinds, a request costs one
    byte more, and an explicit key four.
    """

    def __init__(self, make_spool: Callable[[], Spool] = MemorySpool) -> None:
        self._make_spool = make_spool
        self._count = 0
        self._explicit = 0
        self._few: dict[str, int] = {}  # each with how many explicit ones came before it
        self._characters = 0
        self._many: KeyTable | None = None
        self._decimals = False
        # Which are explicit, and where these are; None where that goes without saying.
        self._is_explicit: bytearray | None = None
        self._positions = array("I")
        self._dimensions: set[int | None] = set()

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[str]:
        explicit = iter(self._few if self._many is None else self._many)
        if self._is_explicit is None:
            yield from explicit if self._explicit else map(str, range(self._count))
            return
        for position, own in enumerate(self._is_explicit):
            yield next(explicit) if own else str(position)

    @property
    def spool(self) -> Spool | None:
        """What holds the keys, and must be kept for as long as these; ``None`` for a few."""
        return None if self._many is None else self._many.spool

    def position(self, key: str) -> int | None:
        """Return where a key was submitted, or ``None``."""
        found = self._few.get(key) if self._many is None else self._many.find(key)
        if found is not None:
            return found if self._is_explicit is None else self._positions[found]
        return None if self._explicit == self._count else self._numbered(key)

    def _numbered(self, key: str) -> int | None:
        """Return the position of a request that was numbered so, where not all are explicit."""
        if key.isdecimal() and _NUMBER.fullmatch(key):
            number = int(key)
            if number < self._count and not (self._is_explicit and self._is_explicit[number]):
                return number
        return None

    def add(self, key: str | None) -> str:
        """Take the key of the next request, or number it; a duplicate is refused."""
        if key is None:
            name = str(self._count)
            self._number(name)
        else:
            name = key
            self._take(key)
        self._count += 1
        return name

    def extend(self, keys: Sequence[str | None]) -> None:
        """Take the keys of the next requests, as :meth:`add` takes each."""
        numbered = keys.count(None)
        if numbered == len(keys) and not self._explicit:
            self._count += numbered
        elif numbered or self._explicit < self._count:
            for key in keys:
                self.add(key)
        else:
            explicit = cast("Sequence[str]", keys)
            self._decimals = self._decimals or any(map(str.isdecimal, explicit))
            begun, found = self._count, self._keep(explicit)
            self._count = self._explicit
            if found is not None:
                self._refuse(found, explicit[self._count - begun])

    def _number(self, name: str) -> None:
        if self._explicit:
            earlier = self.position(name) if self._decimals else None
            if earlier is not None:
                self._refuse(earlier, name)
            if self._is_explicit is None:
                self._is_explicit = bytearray(b"\1") * self._count
                for start in range(0, self._count, _STEP):
                    self._positions.extend(range(start, min(start + _STEP, self._count)))
            self._is_explicit.append(0)

    def _take(self, key: str) -> None:
        if key.isdecimal() and _NUMBER.fullmatch(key):
            earlier = None if self._explicit == self._count else self._numbered(key)
            if earlier is not None:
                self._refuse(earlier, key)
            self._decimals = True
        found = self._keep((key,))
        if found is not None:
            self._refuse(found if self._is_explicit is None else self._positions[found], key)
        if self._is_explicit is None and self._explicit <= self._count:
            self._is_explicit = bytearray(self._count)
        if self._is_explicit is not None:
            self._is_explicit.append(1)
            self._positions.append(self._count)

    def _keep(self, keys: Sequence[str]) -> int | None:
        """Keep explicit keys, up to the first that is there already; return which one that is."""
        if self._many is not None:
            found = self._many.extend(keys)
            self._explicit = len(self._many)
            return found
        few, count = self._few, self._explicit
        for key in keys:
            found = few.setdefault(key, count)
            if found != count:
                self._explicit = count
                return found
            count += 1
        self._explicit = count
        self._characters += sum(map(len, keys))
        if count > FEW or self._characters > FEW_CHARACTERS:
            self._many = KeyTable(self._make_spool())
            self._many.extend(few)
            self._few = {}
        return None

    def _refuse(self, earlier: int, key: str) -> NoReturn:
        raise UsageError(
            f"requests {earlier} and {self._count} have the same key {key!a}; "
            "answers are told apart by their keys"
        )

    def ask_for(self, dimensions: int | None) -> None:
        """Remember how many numbers an embedding was asked to have, if it was said."""
        self._dimensions.add(dimensions)

    @property
    def dimensions(self) -> int | None:
        """How many numbers every embedding was asked to have; ``None`` where they differ."""
        return next(iter(self._dimensions)) if len(self._dimensions) == 1 else None

    def take(self, entry: object) -> tuple[str, object, str]:
        """Return the key and the prompt of the next request, and what to call it in an error."""
        key, prompt = self._split(entry)
        name = self.add(key)
        return name, prompt, f"request {len(self) - 1} (key {name!a})"

    def _split(self, entry: object) -> tuple[str | None, object]:
        if not isinstance(entry, tuple):
            return None, entry
        pair = cast("tuple[object, ...]", entry)
        if len(pair) != 2:
            raise UsageError(
                f"request {len(self)} is a tuple of {len(pair)}; a key and a prompt are two"
            )
        key, prompt = pair
        if not isinstance(key, str):
            hint = "use str(key)" if isinstance(key, int) else "a key is a string"
            raise UsageError(f"request {len(self)} has the key {key!a}: {hint}")
        return plain_key(key), prompt


def plain_key(key: str) -> str:
    """Return a key as what it is sent as: one of another class may be equal to what it likes."""
    return str.__str__(key)
