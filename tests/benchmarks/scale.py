"""How much is measured: enough to judge by, or just enough to see that it runs."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from attrs import frozen

T = TypeVar("T")


@frozen
class Scale:
    """Whether it shall be quick, and where corpora are kept meanwhile."""

    quick: bool
    folder: Path

    def of(self, full: T, quick: T) -> T:
        """Return the one of two that applies."""
        return quick if self.quick else full

    @property
    def turns(self) -> int:
        """How many times each way is measured in one process, of which the first warms it up."""
        return self.of(5, 3)

    @property
    def processes(self) -> int:
        """How many processes measure each way, where each has one of its own."""
        return self.of(5, 1)
