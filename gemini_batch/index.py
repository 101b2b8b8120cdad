"""Where each result is, what kind it is, and in which order: an index over raw lines.

Results stay encoded until they are touched. The index costs 17 bytes a result.
"""

from __future__ import annotations

import json
from array import array
from bisect import bisect_right
from enum import IntEnum
from itertools import accumulate
from typing import Any, Literal, cast

import msgspec
from attrs import frozen

from . import rawjson
from .arrangement import Arrangement
from .errors import ProtocolError
from .jsonl import MAX_LINE, Line, LineSplitter
from .keys import SubmittedKeys
from .limits import PIECE
from .plain import Opened, may_name_two_keys, open_plain
from .spool import Spool

BOM = b"\xef\xbb\xbf"
"""A mark that may stand before the first line, and is no part of it."""
_NOTHING = msgspec.Raw(b"")


class Kind(IntEnum):
    """What a line of results holds."""

    SUCCESS = 0
    ERROR = 1
    MALFORMED = 2


@frozen
class Envelope:
    """A line of results, opened but not unpacked.

    ``key`` is ``None`` where there is no key that is a string; ``keyed`` says whether there is a
    key of any type. ``reason`` says why the line is malformed, or is ``""``.
    """

    key: str | None
    response: msgspec.Raw = _NOTHING
    error: msgspec.Raw = _NOTHING
    metadata: msgspec.Raw = _NOTHING
    reason: str = ""
    keyed: bool = False

    @property
    def kind(self) -> Kind:
        """What the line holds."""
        if self.reason:
            return Kind.MALFORMED
        return Kind.SUCCESS if self.error is _NOTHING else Kind.ERROR


class _Members(msgspec.Struct):
    key: Any = None
    response: msgspec.Raw = _NOTHING
    error: msgspec.Raw = _NOTHING
    metadata: msgspec.Raw = _NOTHING


_open_members = msgspec.json.Decoder(_Members).decode


def open_envelope(text: bytes | None, key_member: str = "key") -> Envelope:
    """Open a line. Nothing in it makes this raise: what is wrong with it is its ``reason``.

    The key of a file's line stands in the line, that of an inlined result in its metadata, under
    the name ``key_member``.
    """
    if text is None:
        return Envelope(None, reason=f"the line is longer than {MAX_LINE} bytes and was skipped")
    try:
        found = _open(text)
        twice = may_name_two_keys(text) and _has_two_keys(text)
    except ProtocolError as refused:
        return Envelope(None, reason=str(refused))
    if twice:
        return Envelope(None, reason="the line has two keys", keyed=True)
    key, unread = found.key, ""
    if found.metadata is not _NOTHING:
        try:
            metadata = rawjson.parse(found.metadata)
        except ProtocolError as refused:
            metadata, unread = None, f"its metadata is {refused}"
        if key is None and isinstance(metadata, dict):
            key = cast("dict[str, object]", metadata).get(key_member)
    # With both, the error wins: the service did not vouch for the answer, which raw() still shows.
    has_response, has_error = _holds(found.response), _holds(found.error)
    neither = "" if has_response or has_error else "the line has neither a response nor an error"
    return Envelope(
        key if isinstance(key, str) else None,
        found.response if has_response else _NOTHING,
        found.error if has_error else _NOTHING,
        _NOTHING if unread else found.metadata,
        unread or neither,
        key is not None,
    )


def _holds(member: msgspec.Raw) -> bool:
    return member is not _NOTHING and bytes(memoryview(member)[:5]) != b"null"


def _open(text: bytes) -> _Members:
    try:
        return _open_members(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as refused:
        try:
            return _open_slowly(text)
        except (ProtocolError, RecursionError):
            raise ProtocolError(f"not a JSON object: {refused}") from None


def _open_slowly(text: bytes) -> _Members:
    """Open what msgspec refuses and the standard library takes, such as lone surrogates."""
    tree = rawjson.parse(text)
    if not isinstance(tree, dict):
        raise ProtocolError("not an object")
    members = cast("dict[str, object]", tree)
    return _Members(
        members.get("key"),
        *(
            msgspec.Raw(json.dumps(members[name]).encode()) if name in members else _NOTHING
            for name in ("response", "error", "metadata")
        ),
    )


def _has_two_keys(text: bytes) -> bool:
    """Tell whether a line names its key twice, so that nobody can say which it has."""

    def names(pairs: list[tuple[str, object]]) -> list[str]:
        return [name for name, _ in pairs]

    try:
        # The hook sees the outermost object last, and what it returns for that is the result.
        # Only names are of interest, so that an integer may be longer than Python would read.
        outermost: list[str] = json.loads(text, object_pairs_hook=names, parse_int=str)
    except (ValueError, RecursionError) as refused:
        raise ProtocolError(f"not a JSON object: {refused}") from None
    return outermost.count("key") > 1


@frozen
class Index:
    """An index that is complete: ``order`` holds the ordinals of the results in key order.

    Ordinals count results as they arrived. ``seen`` marks the submitted keys that have a result;
    it is ``None`` where the submitted keys are not known. ``illegible`` counts the malformed
    lines that no key was read from. ``gaps`` are the ordinals of the results with blank lines
    right before them, and ``blanks`` how many blank lines there are before each of those.
    """

    offsets: array[int]
    lengths: array[int]
    kinds: bytearray
    order: array[int]
    duplicates: array[int]
    unexpected: array[int]
    illegible: int
    seen: bytearray | None
    gaps: array[int]
    blanks: array[int]
    keyed_by: Literal["key", "position"]

    def __len__(self) -> int:
        return len(self.offsets)

    def line_number(self, ordinal: int) -> int:
        """Return the number of a line, from 1, blank lines included."""
        gap = bisect_right(self.gaps, ordinal)
        return ordinal + 1 + (self.blanks[gap - 1] if gap else 0)


_MOST = 1024
"""Lines that are opened in one go: short ones make a piece of very many."""
_LONGEST = (1 << 32) - 1
"""The length that is kept of a longer line, which was skipped anyway."""


class Indexer:
    """Spool the bytes of results and index them on the way.

    ``feed`` the pieces, then ``finish``, then ``settle`` until it has no more to do; each call is a
    bounded piece of work. ``positional`` says that results may be told apart by their position:
    only where they come in the order of the requests, and none of them carries a key of any type.

    Lines are opened many at a time where they are plain, and else one by one, as they are when they
    are touched: the index is the same.
    """

    def __init__(
        self,
        spool: Spool,
        keys: SubmittedKeys | None = None,
        key_member: str = "key",
        *,
        positional: bool = False,
    ) -> None:
        self.spool = spool
        self.key_member = key_member
        self.scanned = 0
        self._positional = positional and keys is None
        self._keys = keys
        self._lines = LineSplitter()
        self._offsets = array("Q")
        self._lengths = array("I")
        self._kinds = bytearray()
        self._arrangement = Arrangement()
        self._unexpected = array("I")
        self._gaps = array("I")
        self._blanks = array("Q")
        self._blank = 0
        self._seen = None if keys is None else bytearray(len(keys))
        self._illegible = 0
        self._most = _MOST  # lines to be opened in one go

    def __len__(self) -> int:
        return len(self._offsets)

    def feed(self, piece: bytes) -> None:
        """Spool the next bytes, and index them."""
        self.spool.append(piece)
        self.scan(piece)

    def scan(self, piece: bytes) -> None:
        """Index the next bytes, which are in the spool already."""
        self.scanned += len(piece)
        for start in range(0, len(piece), PIECE):
            some = piece[start : start + PIECE]
            taken = self._lines.take(some)
            if taken is None:
                for line in self._lines.feed(some):
                    self._add(line)
                continue
            offset, lines = taken
            all_ascii = some.isascii() and all(map(bytes.isascii, lines[:1]))
            self._add_all(offset, lines, all_ascii=all_ascii)

    def finish(self) -> None:
        """Take what is left at the end of the bytes."""
        for line in self._lines.finish():
            self._add(line)

    def _add_all(self, offset: int, lines: list[bytes], *, all_ascii: bool) -> None:
        """Take whole lines: many at a time, fewer after an odd one, and that by itself."""
        place = 0
        while place < len(lines):
            some = lines[place : place + self._most]
            opened = open_plain(some, all_ascii=all_ascii)
            if opened is not None:
                offset = self._add_plain(offset, opened)
                self._most = min(2 * self._most, _MOST)
            elif len(some) > 1:
                self._most = len(some) // 8 or 1
                continue
            else:
                (line,) = some
                self._add(Line(offset, len(line) - 1, line[:-1]))
                offset += len(line)
            place += len(some)

    def _add_plain(self, offset: int, opened: Opened) -> int:
        keys, sizes, failed = opened
        ordinal = len(self._offsets)
        self._note_gap(ordinal)
        offsets = list(accumulate(sizes, initial=offset))
        end = offsets.pop()
        self._offsets.fromlist(offsets)
        self._lengths.fromlist([size - 1 for size in sizes])
        self._kinds += failed
        self._arrangement.extend(ordinal, keys)
        self._positional = False
        if self._seen is not None:
            for number, key in enumerate(keys, ordinal):
                self._match(number, key)
        return end

    def _note_gap(self, ordinal: int) -> None:
        if self._blank > (self._blanks[-1] if self._blanks else 0):
            self._gaps.append(ordinal)
            self._blanks.append(self._blank)

    def _add(self, line: Line) -> None:
        """Take a line, whatever it is."""
        offset, length, text = line
        if text is not None:
            if not offset and text.startswith(BOM):
                offset, length, text = len(BOM), length - len(BOM), text[len(BOM) :]
            if not text.strip():
                self._blank += 1
                return
        envelope = open_envelope(text, self.key_member)
        ordinal = len(self._offsets)
        self._note_gap(ordinal)
        self._offsets.append(offset)
        self._lengths.append(min(length, _LONGEST))
        self._kinds.append(envelope.kind)
        self._arrangement.add(ordinal, envelope.key)
        self._positional = self._positional and not envelope.keyed
        if envelope.key is None and envelope.kind is Kind.MALFORMED:
            self._illegible += 1
        elif self._seen is not None:
            self._match(ordinal, envelope.key)

    def _match(self, ordinal: int, key: str | None) -> None:
        """Hold a key against the submitted ones; a position in the file is never trusted."""
        position = None if self._keys is None or key is None else self._keys.position(key)
        if position is None or self._seen is None:
            self._unexpected.append(ordinal)
        else:
            self._seen[position] = 1

    def settle(self) -> bool:
        """Put the next few keys in order; whether there are more."""
        return self._arrangement.settle()

    def index(self) -> Index:
        """Return the finished index."""
        by_position = self._positional and bool(self._offsets)
        return Index(
            self._offsets,
            self._lengths,
            self._kinds,
            self._arrangement.order,
            self._arrangement.duplicates,
            self._unexpected,
            self._illegible,
            self._seen,
            self._gaps,
            self._blanks,
            "position" if by_position else "key",
        )
