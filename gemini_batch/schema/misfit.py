"""What does not fit a class, and where."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

from ..text import printable

T = TypeVar("T")


class MisfitError(Exception):
    """A value does not fit: the innermost reason, and the path to it, gathered on the way out."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = ""

    def inside(self, step: str) -> MisfitError:
        """Return itself, one step further out."""
        joint = "." if self.path and not self.path.startswith("[") else ""
        self.path = f"{step}{joint}{self.path}"
        return self

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason


def expected(what: str, value: object) -> MisfitError:
    """Return the error about a value that is something else."""
    return MisfitError(f"expected {what}, got {printable(ascii(value), 60)}")


def at(step: str, read: Callable[[Any], T], value: Any) -> T:
    """Read a part, so that an error tells the step to it."""
    try:
        return read(value)
    except MisfitError as misfit:
        raise misfit.inside(step) from None


def pairs_in(tree: object) -> dict[str, Any] | None:
    """Return what a list of pairs stands for; ``None`` where this is none, or a key comes twice."""
    if not isinstance(tree, list):
        return None
    found: dict[str, Any] = {}
    for pair in cast("Sequence[object]", tree):
        members = cast("dict[str, Any]", pair) if isinstance(pair, dict) else {}
        key = members.get("key")
        if members.keys() != {"key", "value"} or not isinstance(key, str) or key in found:
            return None
        found[key] = members["value"]
    return found
