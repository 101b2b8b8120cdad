"""A value that does not fit, and the path to it."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

from ..text import printable

T = TypeVar("T")


class MismatchError(Exception):
    """A value does not fit: the innermost reason, and the path to it, gathered on the way out."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = ""

    def inside(self, step: str) -> MismatchError:
        """Say that it is within this member or element."""
        joint = "." if self.path and not self.path.startswith("[") else ""
        self.path = f"{step}{joint}{self.path}"
        return self

    def __str__(self) -> str:
        return f"{printable(self.path)}: {self.reason}" if self.path else self.reason


def pairs(mapping: Any) -> Iterable[tuple[Any, Any]]:
    """Return the members of a mapping."""
    return cast("Iterable[tuple[Any, Any]]", mapping.items())


def elements(array: Any) -> Iterable[Any]:
    """Return the elements of a list."""
    return cast("Iterable[Any]", array)


def at(step: str, work: Callable[[Any], T], value: Any) -> T:
    """Do work on a value that stands at ``step``."""
    try:
        return work(value)
    except MismatchError as mismatch:
        raise mismatch.inside(step) from None


def expected(what: str, value: object) -> MismatchError:
    """Return the error for a value that is something else."""
    return MismatchError(f"expected {what}, got {printable(_BRIEFLY.repr(value), 60)}")


_BRIEFLY = reprlib.Repr()
"""The beginning of a value as text; the whole of it may be nested too deeply, or very long."""
_BRIEFLY.maxstring = _BRIEFLY.maxother = 60
