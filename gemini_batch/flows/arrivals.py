"""What reads results as they arrive; it is loaded when some do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic

from ..batch import Batch
from ..errors import ResultsIncompleteError
from ..index import BOM, Kind, open_envelope
from ..items import BatchGenerationResponseItem, plain_reader, read_item
from ..jsonl import Line, LineSplitter
from ..methods import R
from ..plain import may_name_two_keys


class Reader(Generic[R]):
    """Reads lines, a piece at a time, and counts the requests that they answer.

    Where the submitted keys are known, each counts once. Where they are not, every line counts that
    tells a key, since the keys of all of them would have to be kept.
    """

    def __init__(self, batch: Batch[R]) -> None:
        self.lines = LineSplitter()
        self._number = 0
        self._lines = 0
        self._batch = batch
        self._read_plain = plain_reader(batch.kind)
        self._seen = None if batch.keys is None else bytearray(len(batch.keys))

    @property
    def count(self) -> int:
        """How many requests were answered."""
        return self._lines if self._seen is None else self._seen.count(1)

    def read(self, begun: Callable[[], Iterator[Line]]) -> list[BatchGenerationResponseItem[R]]:
        """Decode some lines."""
        items: list[BatchGenerationResponseItem[R]] = []
        for line in begun():
            self._number += 1
            text = line.text
            if text is not None and not line.offset:
                text = text.removeprefix(BOM)
            if text is None or text.strip():
                items.append(self._item(text))
        return items

    def _item(self, text: bytes | None) -> BatchGenerationResponseItem[R]:
        if text is not None and not may_name_two_keys(text):
            plain = self._read_plain(text)
            if plain is not None:
                self._note(plain.key)
                return plain
        envelope = open_envelope(text, self._batch.key_member)
        if envelope.kind is not Kind.MALFORMED or envelope.key is not None:
            self._note(envelope.key)
        return read_item(text or b"", envelope, self._batch.kind, self._number, envelope.key)

    def _note(self, key: str | None) -> None:
        """Take a line for the answer to a request; one that tells nothing makes up for none."""
        self._lines += 1
        if self._seen is not None and self._batch.keys is not None and key is not None:
            position = self._batch.keys.position(key)
            if position is not None:
                self._seen[position] = 1

    def require_all(self, told: int | None) -> None:
        """Raise the error for requests without a result, of as many as the service told of."""
        keys, seen = self._batch.keys, self._seen
        if keys is not None and seen is not None:
            missing = [key for key, found in zip(keys, seen, strict=True) if not found]
            if missing:
                raise ResultsIncompleteError(
                    f"{len(seen) - len(missing)} results came back for {len(seen)} requests",
                    missing,
                )
        elif told is not None and self._lines < told:
            raise ResultsIncompleteError(f"{self._lines} results came back for {told} requests")
