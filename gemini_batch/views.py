"""Results by their ordinals: all of them, or some."""

from __future__ import annotations

from abc import abstractmethod
from array import array
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

if TYPE_CHECKING:
    from .results import BatchResults

Found = TypeVar("Found")


class Items(Sequence[Found]):
    """Results in some order, by their ordinals; an item is read when it is touched."""

    def __init__(self, ordinals: array[int]) -> None:
        self._ordinals = ordinals

    @abstractmethod
    def at(self, ordinal: int) -> Any:
        """Return the result that arrived as the ``ordinal``-th, from 0."""

    @abstractmethod
    def each(self, ordinals: array[int]) -> Iterator[Any]:
        """Return many of these, one after the other."""

    @abstractmethod
    def _slice(self, ordinals: array[int]) -> Sequence[Found]: ...

    def __len__(self) -> int:
        return len(self._ordinals)

    def __iter__(self) -> Iterator[Found]:
        return cast("Iterator[Found]", self.each(self._ordinals))

    @overload
    def __getitem__(self, index: int) -> Found: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Found]: ...
    def __getitem__(self, index: int | slice) -> Found | Sequence[Found]:
        if isinstance(index, slice):
            return self._slice(self._ordinals[index])
        return cast("Found", self.at(self._ordinals[index]))


class View(Items[Found]):
    """Some of the results of a batch; it keeps them all open."""

    def __init__(self, results: BatchResults[Any], ordinals: array[int]) -> None:
        super().__init__(ordinals)
        self._results = results

    def at(self, ordinal: int) -> Any:
        """Return the result that arrived as the ``ordinal``-th, from 0."""
        return self._results.at(ordinal)

    def each(self, ordinals: array[int]) -> Iterator[Any]:
        """Return many of these, one after the other."""
        return self._results.each(ordinals)

    def _slice(self, ordinals: array[int]) -> Sequence[Found]:
        return View(self._results, ordinals)

    def __repr__(self) -> str:
        return f"<{len(self)} results>"
