"""How faults are written: ``name-with-values/option=value*times``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

import attrs

F = TypeVar("F")

_FIELDS: Mapping[str, str] = {
    "status": r"[2-5]\d\d",
    "size": r"\d+[kKMG]?",
    "seconds": r"\d+(?:\.\d+)?s?",
    "count": r"[1-9]\d*",
    "times": r"[1-9]\d*",
    "number": r"-?\d+",
    "difference": r"[+-][1-9]\d*",
    "text": r"(?s:.+?)",
}
_UNITS = {"k": 1024, "K": 1024, "M": 1024**2, "G": 1024**3}


@attrs.frozen
class Words:
    """The values written in one fault."""

    values: Mapping[str, str]
    options: Mapping[str, str]

    def text(self, name: str = "text") -> str:
        """Return a value as it was written."""
        return self.values[name]

    def integer(self, name: str) -> int:
        """Return a value that is a whole number."""
        return int(self.values[name])

    def size(self, name: str = "size") -> int:
        """Return a number of bytes, such as ``1K`` or ``256K``."""
        text = self.values[name]
        return int(text[:-1]) * _UNITS[text[-1]] if text[-1] in _UNITS else int(text)

    def seconds(self, name: str = "seconds") -> float:
        """Return a duration, such as ``5s`` or ``0.3s``."""
        return float(self.values[name].removesuffix("s"))


@attrs.frozen
class Shape(Generic[F]):
    """One kind of fault: how it is written, where it may strike, what it does."""

    form: str
    operations: frozenset[str]
    options: tuple[str, ...]
    act: F
    pattern: re.Pattern[str]

    def parse(self, text: str) -> tuple[Words, int] | None:
        """Return the values of a fault of this kind and how many times it is to happen.

        That is what stands behind ``*``, unless the fault has a place for it among its values.
        """
        match = self.pattern.fullmatch(text)
        if match is None:
            return None
        found = match.groupdict()
        times = int(found.pop("times_", None) or found.get("times") or 1)
        pairs = (pair.partition("=") for pair in (found.pop("options_") or "").split("/") if pair)
        return Words(found, {name: value for name, _, value in pairs}), times


class Catalogue(Generic[F]):
    """Kinds of faults, each declared by decorating the function that is the fault.

    Unless they are said not to be, they are repeatable: ``*n`` behind one is how many times.
    """

    def __init__(self, *, repeatable: bool = True) -> None:
        self.shapes: list[Shape[F]] = []
        self._repeatable = repeatable

    def fault(
        self, form: str, *, on: Iterable[str], options: tuple[str, ...] = ()
    ) -> Callable[[F], F]:
        """Declare a fault by its form, such as ``return-{status}-after-acting``."""

        def declare(function: F) -> F:
            self.shapes.append(
                Shape(form, frozenset(on), options, function, self._pattern(form, options))
            )
            return function

        return declare

    def _pattern(self, form: str, options: tuple[str, ...]) -> re.Pattern[str]:
        repeatable = self._repeatable and "{times}" not in form
        repeated = r"(?:\*(?P<times_>[1-9]\d*))?" if repeatable else ""
        return re.compile(_written(form, options) + repeated)


def _written(form: str, options: tuple[str, ...]) -> str:
    pieces = re.split(r"\{(\w+)\}", form)
    written = "".join(
        f"(?P<{piece}>{_FIELDS[piece]})" if index % 2 else re.escape(piece)
        for index, piece in enumerate(pieces)
    )
    names = "|".join(map(re.escape, options))
    optional = rf"(?P<options_>(?:/(?:{names})=[^/]*?)*)" if options else "(?P<options_>)"
    return written + optional
