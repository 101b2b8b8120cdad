"""The results of a batch: an immutable sequence in key order, decoded as it is touched."""

from __future__ import annotations

import json
import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property, partial
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Generic, Literal, NoReturn, Self, TypeVar, overload

import msgspec
from attrs import evolve

from . import rawjson
from .errors import ProtocolError, ResultsIncompleteError, UsageError
from .index import Envelope, Index, Indexer, Kind, open_envelope
from .items import (
    BatchGenerationResponseItem,
    ItemError,
    ItemMalformed,
    ItemSuccess,
    Outcome,
    plain_reader,
    read_item,
)
from .jsonl import MAX_LINE
from .keys import SubmittedKeys
from .limits import PIECE
from .methods import R, method_of
from .models.base import Model
from .models.generation import GenerationResponse, UsageMetadata
from .order import sort_key
from .spool import OpenFile, Spool, StrPath, replacing
from .summary import Summary, summary_of, total
from .vectors import Row, Vectors, vectors_of
from .views import Items, View

if TYPE_CHECKING:
    from .models.embedding import EmbedContentResponse, EmbeddingUsageMetadata


A = TypeVar("A", bound="GenerationResponse | EmbedContentResponse")

_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)

_FIRST_WINDOW = 16
_WINDOW = 512
"""Lines that are read at a time, at first and at most."""
_WINDOW_BYTES = 1 << 20
"""Bytes that are read at a time, unless one line has more."""


class BatchResults(Items[BatchGenerationResponseItem[R]], Generic[R]):
    """All results of a batch, in key order: numbers first, then names.

    They stay on disk (or, for an inline batch, in memory) as they came, and each is decoded when
    it is touched; keep what you touch more than once. They own what holds them: use ``with``, or
    ``close()`` them when done; they outlive the client and the handle. Any number of threads may
    read them.
    """

    def __init__(
        self,
        spool: Spool,
        index: Index,
        kind: type[R],
        *,
        keys: SubmittedKeys | None = None,
        key_member: str = "key",
        expected: int | None = None,
    ) -> None:
        super().__init__(index.order)
        self._spool = spool
        self._index = index
        self._kind = kind
        self._keys = keys
        self._key_member = key_member
        self._by_key = index.keyed_by == "key"
        # What the index found to be an answer most often has nothing else to it but its key.
        self._read_plain = plain_reader(kind, indexed=True) if self._by_key else _decline
        self._kinds_known = -1, (array("I"), array("I"), array("I"))
        self._expected = expected if keys is None else len(keys)

    @overload
    @staticmethod
    def open(path: StrPath, *, key_member: str = "key") -> BatchResults[GenerationResponse]: ...
    @overload
    @staticmethod
    def open(path: StrPath, *, answers: type[A], key_member: str = "key") -> BatchResults[A]: ...
    @staticmethod
    def open(
        path: StrPath, *, answers: type[Any] = GenerationResponse, key_member: str = "key"
    ) -> BatchResults[Any]:
        """Read a results file that is on disk already, saved here or downloaded.

        The file is read once now, and again as items are touched, so that it must stay as it is;
        closing the results leaves it. Which keys were submitted is not known.

        Args:
            path: A file of one result a line.
            answers: What the answers are, ``GenerationResponse`` or ``EmbedContentResponse``.
            key_member: Which member of its metadata is the key of a result, where it has no other.

        Raises:
            OSError: The file cannot be read.
            UsageError: It is no plain file, or it changed while it was read.
        """
        kind = method_of(answers).answers
        file = OpenFile(path)
        try:
            indexer = Indexer(file, key_member=key_member)
            while piece := file.read(indexer.scanned, PIECE):
                indexer.scan(piece)
            indexer.finish()
            while indexer.settle():
                continue
        except BaseException:
            file.close()
            raise
        return BatchResults(file, indexer.index(), kind, key_member=key_member)

    def at(self, ordinal: int) -> BatchGenerationResponseItem[R]:
        """Return the result that arrived as the ``ordinal``-th, from 0."""
        text = self._text(ordinal)
        plain = None if self._index.kinds[ordinal] else self._read_plain(text)
        return plain or self._item(ordinal, text)

    def each(self, ordinals: array[int]) -> Iterator[BatchGenerationResponseItem[R]]:
        """Return the results of some ordinals, read ahead a little, and decoded as they are taken.

        A window is read at a time: a few lines at first, then many, of limited size together. What
        was read is still there if the results are closed meanwhile.
        """
        kinds, read = self._index.kinds, self._read_plain
        for window, texts in self._windows(ordinals):
            for ordinal, text in zip(window, texts, strict=True):
                yield (None if kinds[ordinal] else read(text)) or self._item(ordinal, text)

    def _windows(self, ordinals: array[int]) -> Iterator[tuple[array[int], list[bytes]]]:
        """Read lines a window at a time; one that was skipped is empty, and is not read now."""
        index = self._index
        start, count = 0, _FIRST_WINDOW
        while start < len(ordinals):
            window = ordinals[start : start + count]
            sizes = list(map(index.lengths.__getitem__, window))
            if max(sizes) > MAX_LINE:
                sizes = [size if size <= MAX_LINE else 0 for size in sizes]
            if sum(sizes) > _WINDOW_BYTES:
                sizes = sizes[: max(1, bisect_right([*accumulate(sizes)], _WINDOW_BYTES))]
                window = window[: len(sizes)]
            offsets = list(map(index.offsets.__getitem__, window))
            yield window, self._spool.read_each(offsets, sizes)
            start += len(window)
            count = min(2 * count, _WINDOW)

    def _text(self, ordinal: int) -> bytes:
        length = self._index.lengths[ordinal]
        if length > MAX_LINE:  # skipped when it came, and not to be taken into memory now
            return b""
        return self._spool.read(self._index.offsets[ordinal], length)

    def _item(self, ordinal: int, text: bytes) -> BatchGenerationResponseItem[R]:
        item = self._read(ordinal, text, self._envelope(ordinal, text))
        if isinstance(item, ItemMalformed):
            self._index.kinds[ordinal] = Kind.MALFORMED  # which only decoding it has shown, perhaps
        return item

    def _read(
        self, ordinal: int, text: bytes, envelope: Envelope
    ) -> BatchGenerationResponseItem[R]:
        key = self._key(ordinal, envelope)
        return read_item(text, envelope, self._kind, self._index.line_number(ordinal), key)

    def _key(self, ordinal: int, envelope: Envelope) -> str | None:
        return envelope.key if self._by_key else str(ordinal)

    def _envelope(self, ordinal: int, text: bytes) -> Envelope:
        skipped = self._index.lengths[ordinal] > MAX_LINE
        return open_envelope(None if skipped else text, self._key_member)

    def _in_order(self) -> Iterator[tuple[int, bytes, Envelope]]:
        """Return all lines in key order, opened but not decoded."""
        for window, texts in self._windows(self._index.order):
            for ordinal, text in zip(window, texts, strict=True):
                yield ordinal, text, self._envelope(ordinal, text)

    def _slice(self, ordinals: array[int]) -> Sequence[BatchGenerationResponseItem[R]]:
        return View(self, ordinals)

    @property
    def expected(self) -> int | None:
        """How many requests the batch has; ``None`` where that is not known."""
        return self._expected

    @property
    def keyed_by(self) -> Literal["key", "position"]:
        """``"position"`` where another client made the batch and gave its requests no keys."""
        return self._index.keyed_by

    def by_key(self, key: str) -> BatchGenerationResponseItem[R]:
        """Return the result of a key: the first to arrive, if there is more than one.

        Raises :class:`~gemini_batch.ResultsIncompleteError` for a request without a result, and
        :class:`~gemini_batch.UsageError` for a key that was never submitted.
        """
        ordinal = self._find(key)
        if ordinal is not None:
            return self.at(ordinal)
        if self._keys is not None and self._keys.position(key) is not None:
            raise ResultsIncompleteError(f"no result came back for the key {key!a}", [key])
        raise UsageError(f"no result has the key {key!a}")

    def outcome(self, key: str) -> Outcome:
        """Return what became of the request of a key, missing included.

        Raises :class:`~gemini_batch.UsageError` for a key that was never submitted; where the
        submitted keys are not known, that is every key without a result.
        """
        try:
            return self.by_key(key).outcome
        except ResultsIncompleteError:
            return Outcome.MISSING

    def _find(self, key: str) -> int | None:
        if self.keyed_by == "position":
            position = int(key) if _NUMBER.fullmatch(key) else len(self)
            return position if position < len(self) else None
        wanted, order = sort_key(key), self._index.order
        low, high = 0, len(order)
        while low < high:
            middle = (low + high) // 2
            low, high = (
                (middle + 1, high) if self._sort_key(order[middle]) < wanted else (low, middle)
            )
        found = low < len(order) and self._sort_key(order[low]) == wanted
        return order[low] if found else None

    def _sort_key(self, ordinal: int) -> bytes:
        return sort_key(self._envelope(ordinal, self._text(ordinal)).key)

    @property
    def _by_kind(self) -> tuple[array[int], array[int], array[int]]:
        kinds = self._index.kinds
        malformed = kinds.count(Kind.MALFORMED)  # all that may change, and it only grows
        known, found = self._kinds_known
        if known != malformed:
            found = (array("I"), array("I"), array("I"))
            for ordinal in self._index.order:
                found[kinds[ordinal]].append(ordinal)
            self._kinds_known = malformed, found
        return found

    @property
    def successes(self) -> Sequence[ItemSuccess[R]]:
        """The requests that were answered, as far as was seen.

        That an answer cannot be decoded shows when it is touched: it is malformed then, and no
        longer here. ``check()`` touches them all.
        """
        return View(self, self._by_kind[Kind.SUCCESS])

    @property
    def errors(self) -> Sequence[ItemError]:
        """The requests that failed."""
        return View(self, self._by_kind[Kind.ERROR])

    @property
    def malformed(self) -> Sequence[ItemMalformed]:
        """The lines that cannot be read, as far as was seen; ``check()`` looks at all of them."""
        return View(self, self._by_kind[Kind.MALFORMED])

    @property
    def duplicates(self) -> Sequence[BatchGenerationResponseItem[R]]:
        """Results whose key an earlier result has, too."""
        return View(self, self._index.duplicates)

    @property
    def unexpected(self) -> Sequence[BatchGenerationResponseItem[R]]:
        """Results whose key was never submitted; empty where the submitted keys are not known.

        Lines from which no key can be read are among the malformed ones, and not here.
        """
        return View(self, self._index.unexpected)

    @property
    def resolved_count(self) -> int:
        """How many requests have a result, be it an answer, an error or a malformed one.

        Unlike ``len()`` it leaves out what stands for no request: a duplicate, a result whose key
        was never submitted, and a malformed line from which no key can be read.
        """
        index = self._index
        if index.seen is not None:
            return index.seen.count(1)
        if self.keyed_by == "position":
            return len(self)
        return len(self) - len(index.duplicates) - index.illegible

    @cached_property
    def missing(self) -> Sequence[str] | None:
        """The keys without a result; ``None`` where the submitted keys are not known."""
        if self._keys is None or self._index.seen is None:
            return None
        pairs = zip(self._keys, self._index.seen, strict=True)
        return tuple(key for key, seen in pairs if not seen)

    def check(self) -> Sequence[ItemMalformed]:
        """Decode every item once, and return the malformed ones, of which there are no more."""
        for _ in self:
            pass
        return self.malformed

    def summary(self) -> Summary:
        """Decode every item once, and count what became of the requests."""
        return summary_of(self)

    @overload
    def usage(self: BatchResults[GenerationResponse]) -> UsageMetadata: ...
    @overload
    def usage(self: BatchResults[EmbedContentResponse]) -> EmbeddingUsageMetadata: ...
    def usage(self: BatchResults[Any]) -> Model:
        """Decode every item once, and add up the tokens used.

        A count that no answer gives is ``None``. Requests that failed tell of no tokens.
        """
        answers = (item.response for item in self if isinstance(item, ItemSuccess))
        usages: Iterator[Model] = (answer.usage for answer in answers if answer.usage is not None)
        return total(usages, method_of(self._kind).usage)

    def vectors(
        self: BatchResults[EmbedContentResponse],
        *,
        dimensions: int | None = None,
        complete: bool = True,
    ) -> Vectors:
        """Read every embedding once, into one array with a row for each key.

        Args:
            dimensions: How many numbers each has; otherwise as many as were asked for when the
                batch was submitted, or as most of them have.
            complete: ``False`` leaves out the keys that have no embedding, and of two results with
                one key the later.

        Raises:
            ResultsIncompleteError: There is not one embedding for each request, or one is not of
                these dimensions; the error has the keys.
            UsageError: These are no results of embeddings.
        """
        kind: type[Any] = self._kind
        if kind is GenerationResponse:
            raise UsageError("these are results of generated content, which have no embeddings")
        if dimensions is None and self._keys is not None:
            dimensions = self._keys.dimensions
        elif dimensions is not None and dimensions < 1:
            raise UsageError(f"an embedding has at least one dimension, not {dimensions}")
        if complete and self._keys is None:
            self.raise_for_incomplete()
        rows = self._rows()
        return vectors_of(rows, len(self), dimensions, self.missing or (), complete=complete)

    def _rows(self: BatchResults[EmbedContentResponse]) -> Iterator[Row]:
        index = self._index
        surplus = dict.fromkeys(index.unexpected, "not a key that was submitted")
        surplus.update(dict.fromkeys(index.duplicates, "a second result"))
        for ordinal, _, envelope in self._in_order():
            answer = envelope.response if envelope.kind is Kind.SUCCESS else msgspec.Raw(b"")
            yield Row(
                self._key(ordinal, envelope),
                answer,
                partial(self.at, ordinal),
                surplus.get(ordinal, ""),
            )

    def raise_for_incomplete(self) -> None:
        """Raise :class:`~gemini_batch.ResultsIncompleteError` unless every request has a result."""
        missing = self.missing
        if missing:
            shown = ", ".join(ascii(key) for key in missing[:3])
            more = " and more" if len(missing) > 3 else ""
            raise ResultsIncompleteError(
                f"{len(missing)} of {self.expected} requests have no result: {shown}{more}", missing
            )
        count = self.resolved_count
        if missing is None and self.expected is not None and count < self.expected:
            apart = f", duplicates and illegible lines apart ({len(self) - count})"
            raise ResultsIncompleteError(
                f"{count} results came back for {self.expected} requests"
                f"{apart if count < len(self) else ''}"
            )

    def save(self, path: StrPath, *, overwrite: bool = False) -> None:
        """Write one line of JSON a request, in key order; the file takes its name when whole.

        A line is ``{"key", "response"}`` or ``{"key", "error"}`` in the API's spelling, as the
        service sent it. A request without a result that is JSON gets an error of code 15
        (``DATA_LOSS``), so that every key is there.
        """
        with replacing(path, overwrite=overwrite) as file:
            for line in self.lines():
                file.write(line)

    def lines(self) -> Iterator[bytes]:
        """Return the lines that :meth:`save` writes, each with its end."""
        missing = sorted((sort_key(key), key) for key in self.missing or ())
        absent = iter(missing)
        gap = next(absent, None)
        for ordinal, text, envelope in self._in_order():
            key = self._key(ordinal, envelope)
            while gap is not None and gap[0] < sort_key(key):
                yield _line(gap[1], _LOST)
                gap = next(absent, None)
            yield _line(key, self._outcome(ordinal, text, envelope))
        while gap is not None:
            yield _line(gap[1], _LOST)
            gap = next(absent, None)

    def _outcome(self, ordinal: int, text: bytes, envelope: Envelope) -> bytes:
        """Return what a line says, compact: inline results come indented."""
        try:
            if envelope.kind is Kind.SUCCESS:
                return b'"response":%s' % rawjson.compact(envelope.response)
            if envelope.kind is Kind.ERROR:
                return b'"error":%s' % rawjson.compact(envelope.error)
        except ProtocolError as refused:
            envelope = evolve(envelope, reason=str(refused))
        return _error(str(self._read(ordinal, text, envelope).problem))

    @property
    def closed(self) -> bool:
        """Whether the bytes were let go of."""
        return self._spool.closed

    def close(self) -> None:
        """Let go of the bytes; items already touched stay as they are."""
        self._spool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("results are not pickled: save(path) them, and send that file")

    def __repr__(self) -> str:
        known = self.expected is not None
        count = f"{self.resolved_count} of {self.expected}" if known else f"{len(self)}"
        return f"<BatchResults: {count}, {len(self.errors)} failed>"


def _decline(_: bytes) -> None:
    return None


def _line(key: str | None, outcome: bytes) -> bytes:
    try:
        name = msgspec.json.encode(key)
    except UnicodeEncodeError:  # a lone surrogate, which JSON can only hold escaped
        name = json.dumps(key).encode("ascii")
    return b'{"key":%s,%s}\n' % (name, outcome)


def _error(message: str) -> bytes:
    return b'"error":%s' % msgspec.json.encode({"code": 15, "message": message})


_LOST = _error("no result came back for this request")
