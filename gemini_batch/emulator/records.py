"""What the emulator was asked, and what it really did."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any, Generic, Literal, TypeVar

import attrs


@attrs.frozen
class Act:
    """One side effect: something exists, has changed or has gone that had not before."""

    operation: str
    name: str
    detail: str = ""


@attrs.frozen
class Seen:
    """One request that arrived, whatever became of it; its body and its key are not kept."""

    method: str
    path: str
    operation: str
    key: Literal["header", "query"] | None


R = TypeVar("R", Act, Seen)


class Entries(list[R]):
    """The entries so far, oldest first: a list of its own, which does not grow."""

    def of(self, operation: str) -> list[R]:
        """Return the entries of one operation."""
        return [entry for entry in self if entry.operation == operation]

    def count(self, value: Any) -> int:
        """Count the entries of an operation, given by name, or those equal to an entry."""
        return len(self.of(value)) if isinstance(value, str) else super().count(value)


class Log(Generic[R]):
    """Entries being made, read from any thread; the oldest go if their number is bounded."""

    def __init__(self, bound: int | None = None) -> None:
        self._entries: deque[R] = deque(maxlen=bound)
        self._lock = threading.Lock()

    def append(self, entry: R) -> None:
        """Add the newest entry."""
        with self._lock:
            self._entries.append(entry)

    def entries(self) -> Entries[R]:
        """Return what has been entered so far."""
        with self._lock:
            return Entries(self._entries)
