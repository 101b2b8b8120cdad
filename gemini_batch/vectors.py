"""Embeddings as one matrix of 32-bit numbers: a row for each key, or a refusal that names keys."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from math import isfinite
from typing import TYPE_CHECKING, TypeAlias

import msgspec
from attrs import frozen

from .errors import ResultsIncompleteError, UsageError
from .items import BatchGenerationResponseItem
from .text import printable

if TYPE_CHECKING:
    import numpy as np

    from .models.embedding import EmbedContentResponse

Matrix: TypeAlias = "np.ndarray[tuple[int, int], np.dtype[np.float32]]"
"""What NumPy makes of vectors."""

SHOWN = 3
"""Keys that an error shows."""

_WORDS = 100
"""Characters of a problem that an error shows."""


class Vectors(Mapping[str, "array[float]"]):
    """Embeddings by their keys, in key order, all of the same number of dimensions.

    They are the rows of one array of 32-bit numbers, with which the service reckons; it writes
    them out rounded to eight digits or so, and these are what those round to. ``vectors[key]`` is
    a copy of one row.
    """

    def __init__(self, keys: Sequence[str], numbers: array[float], dimensions: int) -> None:
        self._keys = tuple(keys)
        self._numbers = numbers
        self._dimensions = dimensions

    @property
    def dimensions(self) -> int:
        """How many numbers each row has."""
        return self._dimensions

    @cached_property
    def _places(self) -> dict[str, int]:
        return {key: place for place, key in enumerate(self._keys)}

    def _row(self, place: int) -> array[float]:
        return self._numbers[place * self._dimensions : (place + 1) * self._dimensions]

    def __getitem__(self, key: str) -> array[float]:
        return self._row(self._places[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def as_lists(self) -> list[list[float]]:
        """Return a list for each row; they take eight times the memory of the array."""
        return [self._row(place).tolist() for place in range(len(self))]

    def as_array(self) -> array[float]:
        """Return all rows, one after the other: the array that holds them, and no copy."""
        return self._numbers

    def as_numpy(self) -> Matrix:
        """Return a matrix of ``float32`` with a row for each key, over the memory of the array.

        Raises :class:`~gemini_batch.UsageError` where NumPy is not installed.
        """
        try:
            import numpy as np  # noqa: PLC0415 - an extra, and slow to load
        except ImportError:
            raise UsageError(
                "NumPy is not installed: python3 -m pip install 'gemini-batch[numpy]'"
            ) from None
        flat = np.asarray(self._numbers, dtype=np.float32)
        return flat.reshape(len(self), self._dimensions)

    def __repr__(self) -> str:
        return f"<Vectors: {len(self)} of {self._dimensions} dimensions>"


class _Embedding(msgspec.Struct):
    values: tuple[float, ...] = ()


class _Answer(msgspec.Struct):
    embedding: _Embedding | None = None


_read_answer = msgspec.json.Decoder(_Answer).decode


@frozen
class Row:
    """A result: its ``key``, its answer as it came, and what ``read`` makes of all of it.

    ``surplus`` says why it is one too many, if it is.
    """

    key: str | None
    response: msgspec.Raw
    read: Callable[[], BatchGenerationResponseItem[EmbedContentResponse]]
    surplus: str = ""

    def embedding(self) -> array[float] | str:
        """Return the embedding, or why there is none.

        Most answers are as they should be, and nothing but their numbers is decoded.
        """
        if self.surplus:
            return self.surplus
        try:
            answer = _read_answer(self.response)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            answer = _Answer()
        values = () if answer.embedding is None else answer.embedding.values
        if not values:
            item = self.read()
            if item.problem is not None:
                return item.problem
            values = item.unwrap().values
        numbers = array("f", values)
        return numbers if isfinite(sum(numbers)) else "a number that 32 bits do not hold"


class _Table:
    """Rows put into one array, for as long as all of them have the dimension of the first."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.keys: list[str] = []
        self.sizes = array("L")
        self._numbers = array("f")

    def add(self, key: str, row: array[float]) -> None:
        """Take in one row."""
        if not self.keys:
            self._numbers = array("f", (0.0,)) * (self._count * len(row))  # growing would copy
        self.keys.append(key)
        self.sizes.append(len(row))
        if len(row) == self.sizes[0]:
            end = len(self.keys) * len(row)
            self._numbers[end - len(row) : end] = row

    def vectors(self, dimensions: int) -> Vectors:
        """Return the vectors, now that all are here."""
        del self._numbers[len(self.keys) * dimensions :]
        return Vectors(self.keys, self._numbers, dimensions)


def vectors_of(
    rows: Iterable[Row],
    count: int,
    dimensions: int | None,
    missing: Iterable[str],
    *,
    complete: bool,
) -> Vectors:
    """Return the embeddings that ``rows`` hold, which come in key order and are ``count`` at most.

    ``dimensions`` is how many numbers each must have; else it is what most of them have.
    ``missing`` are the keys without a row. Unless they are to be ``complete``, what has no
    embedding is left out; an embedding of another dimension is never.
    """
    table = _Table(count)
    lacking: list[tuple[str | None, str]] = []
    for row in rows:
        found = row.embedding()
        if isinstance(found, str):
            lacking.append((row.key, found))
        elif row.key is None:
            lacking.append((None, "an answer without a key"))
        else:
            table.add(row.key, found)
    lacking += [(key, "no result") for key in missing]
    if not complete:
        lacking.clear()
    if dimensions is None:
        [(dimensions, _)] = Counter(table.sizes).most_common(1) or [(0, 0)]
    lacking += [
        (key, f"{size} numbers")
        for key, size in zip(table.keys, table.sizes, strict=True)
        if size != dimensions
    ]
    if lacking:
        raise _incomplete(lacking, dimensions)
    return table.vectors(dimensions)


def _incomplete(
    lacking: Sequence[tuple[str | None, str]], dimensions: int
) -> ResultsIncompleteError:
    shown = ", ".join(f"{_name(key)} ({printable(why, _WORDS)})" for key, why in lacking[:SHOWN])
    more = f" and {len(lacking) - SHOWN} more" if len(lacking) > SHOWN else ""
    wanted = f"one embedding of {dimensions} numbers" if dimensions else "one embedding"
    keys = [key for key, _ in lacking if key is not None]
    return ResultsIncompleteError(f"not {wanted} for each request: {shown}{more}", keys)


def _name(key: str | None) -> str:
    return "(no key)" if key is None else ascii(key)
