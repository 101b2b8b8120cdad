"""The caller's requests, checked and encoded into a spool before anything is sent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeAlias, TypeVar, cast

import msgspec
from attrs import frozen

from . import codec
from .codec.mismatch import MismatchError
from .codec.writing import lines_of
from .defaults import Defaults
from .drafts import Draft
from .errors import UsageError
from .expiry import Expiries
from .keys import SubmittedKeys, plain_key
from .labels import DISPLAY_NAME_LIMIT
from .methods import GENERATE, Method
from .models.base import Model
from .prompts import Prompt
from .spool import MemorySpool, Spool

P = TypeVar("P")

Entry: TypeAlias = P | tuple[str, P]
"""A prompt, with or without a key of its own."""

Supply: TypeAlias = Mapping[str, P] | Iterable[Entry[P]]
"""What can be submitted: prompts by key, or prompts in order."""

Requests: TypeAlias = Supply[Prompt]
"""What can be submitted for generated content."""

Via: TypeAlias = Literal["auto", "inline", "file"]
"""How requests travel: inside the create call, or in a file uploaded before it."""

INLINE_BYTES = 8 << 20
"""Inlined requests above this go by file: a create call holds 20 MiB at most, all told."""
INLINE_ANSWERS = 16 << 20
"""Expected answers above this come by file: inline, they come twice in one reply."""
INLINE_LIMIT = 20_000_000
"""Bytes of a create call that is surely accepted; the service refuses 20 971 520."""
FILE_LIMIT = 2_000_000_000
"""Bytes of a file that the service takes."""

_INLINING = 13
"""Bytes that a request takes more inline, with the comma after it, than in a file."""
_TOGETHER = 16
"""Requests that are encoded in one go: they may have megabytes of media each."""
_AT_ONCE = 1 << 20
"""Bytes of lines that are put together in memory before they go to the spool."""
_AROUND_INLINED = 200 + 6 * DISPLAY_NAME_LIMIT
"""Bytes of a create call around its requests at most: JSON has six for a control character."""


def entries_of(requests: object) -> Iterable[Any]:
    """Return what is to be iterated over; :class:`~gemini_batch.UsageError` where it is nothing."""
    if isinstance(requests, str | bytes | bytearray | Model):
        raise UsageError(f"a batch takes many requests: wrap it in a list ({_kind(requests)})")
    if isinstance(requests, set | frozenset):
        raise UsageError("a set has no order to number requests by: use a list, or a mapping")
    if isinstance(requests, Mapping):
        return cast("Mapping[str, object]", requests).items()
    if isinstance(requests, Iterable):
        return cast("Iterable[object]", requests)
    raise UsageError(f"a batch takes a mapping or an iterable of requests, not {_kind(requests)}")


def _kind(value: object) -> str:
    return type(value).__name__


def encoded(value: object, where: str) -> bytes:
    """Return JSON; :class:`~gemini_batch.UsageError` says what it cannot hold, and where."""
    try:
        return codec.encode(value)
    except ValueError as refused:
        raise UsageError(f"{where}: {refused}") from None


def _where(position: int, name: object) -> str:
    return f"request {position} (key {name!a})"


class _Line(msgspec.Struct, gc=False):
    """A line of the spool, to be encoded."""

    key: str
    request: Any


class _Encoded(msgspec.Struct):
    """A line of the spool, split without decoding it."""

    key: msgspec.Raw
    request: msgspec.Raw


@frozen
class _Drafted:
    """What was found of a few requests: their lines, and what there is to remember of them."""

    keys: list[str | None]
    lines: list[bytes]
    expected: int
    dimensions: set[int | None]
    doubt: str


class Submission:
    """Requests encoded as lines of ``{"key", "request"}``; each is checked as it comes.

    ``files`` are those named in requests whose expiry is known, by their URI, each with the first
    request that names it; ``doubt`` is what the service would not do well, in a sentence. Where the
    keys are many, ``make_spool`` is asked for a place for them.
    """

    def __init__(
        self,
        spool: Spool,
        method: Method[Any] = GENERATE,
        defaults: Defaults | None = None,
        expiries: Expiries | None = None,
        make_spool: Callable[[], Spool] = MemorySpool,
    ) -> None:
        self._spool = spool
        self._method = method
        self._defaults = defaults
        self._expiries = expiries
        self.files: dict[str, str] = {}
        self.doubt = ""
        self._hash = hashlib.sha256()
        self._expected_answers = 0
        self.keys = SubmittedKeys(make_spool)
        self._draft = method.drafts()

    @property
    def size(self) -> int:
        """Bytes of the encoded requests."""
        return self._spool.size

    @property
    def sha256(self) -> str:
        """The digest of the encoded requests, in hexadecimal."""
        return self._hash.hexdigest()

    @property
    def inlined_size(self) -> int:
        """Bytes of a create call that holds the requests, with the longest of display names."""
        return self.size + _INLINING * len(self.keys) + _AROUND_INLINED

    def read(self, offset: int, size: int) -> bytes:
        """Return a chunk of the encoded requests."""
        return self._spool.read(offset, size)

    def add(self, entries: Sequence[object]) -> None:
        """Check and encode a few; :class:`~gemini_batch.UsageError` names the first bad one."""
        begun = len(self.keys)
        try:
            drafted = self._drafted(entries, begun)
        except (ValueError, TypeError, RecursionError, MismatchError):
            # Something is wrong with one of them. One by one, the first of those is found.
            lines = [self._line(entry) for entry in entries]
        else:
            self.keys.extend(drafted.keys)
            self._note(drafted.expected, drafted.dimensions, drafted.doubt)
            if self._expiries:
                self._note_files(entries, begun)
            lines = drafted.lines
        if sum(map(len, lines)) <= _AT_ONCE:
            lines = [b"".join(lines)]
        for piece in lines:
            self._hash.update(piece)
            self._spool.append(piece)
        if self.size > FILE_LIMIT:
            raise UsageError(
                f"the requests up to number {len(self.keys) - 1} take {self.size} bytes, and a "
                f"batch holds {FILE_LIMIT} at most: submit fewer at a time"
            )

    def _drafted(self, entries: Sequence[object], begun: int) -> _Drafted:
        """Encode requests, many at a time. Nothing is taken of them, nor said what is wrong."""
        keys: list[str | None] = []
        lines: list[bytes] = []
        answers, asked, doubts = 0, set[int | None](), ""
        trees: list[_Line] = []
        draft, defaults = self._draft, self._defaults
        for position, entry in enumerate(entries, begun):
            if isinstance(entry, tuple):
                given, prompt = cast("tuple[object, object]", entry)
                if not isinstance(given, str):
                    raise TypeError
                key = given if given.__class__ is str else plain_key(given)
                keys.append(key)
            else:
                key, prompt = str(position), entry
                keys.append(None)
            found: Draft | None = draft(prompt)
            if found is None or defaults is not None:
                doubt: str | None = None
                if found is not None and defaults is not None:
                    found, doubt = defaults.joined(found), defaults.doubt
                if found is None:
                    where = _where(position, key)
                    found, doubt = self._examined(self._method.request(prompt, where), where)
                if doubt and not doubts:
                    doubts = f"{_where(position, key)}: {doubt}"
            tree, expected, dimensions = found
            answers += expected
            if dimensions not in asked:
                asked.add(dimensions)
            trees.append(_Line(key, tree))
            if len(trees) == _TOGETHER:
                lines.append(lines_of(trees))
                trees = []
        lines.append(lines_of(trees))
        return _Drafted(keys, lines, answers, asked, doubts)

    def _line(self, entry: object) -> bytes:
        name, prompt, where = self.keys.take(entry)
        request = self._method.request(prompt, where)
        (body, expected, dimensions), doubt = self._examined(request, where)
        self._note(expected, {dimensions}, f"{where}: {doubt}" if doubt else "")
        if self._expiries:
            self._note_files([(name, request)], len(self.keys) - 1)
        return b'{"key":%s,"request":%s}\n' % (encoded(name, where), bytes(body))

    def _examined(self, request: Model, where: str) -> tuple[Draft, str | None]:
        """Return what a draft holds, of a request that is checked, and what there is to doubt."""
        body, expected, doubt = self._encode(request, where)
        ask = self._method.dimensions
        return (msgspec.Raw(body), expected, None if ask is None else ask(body)), doubt

    def _encode(self, request: Model, where: str) -> tuple[bytes, int, str | None]:
        if self._defaults is None:
            body = encoded(request, where)
            return body, self._method.expected_bytes(request), self._method.doubt(request)
        try:
            return self._defaults.encode(request, where)
        except UsageError:
            raise
        except ValueError as refused:
            raise UsageError(f"{where}: {refused}") from None

    def _note(self, expected: int, dimensions: Iterable[int | None], doubt: str) -> None:
        """Remember what is to be known of all requests in the end."""
        self._expected_answers += expected
        self.doubt = self.doubt or doubt
        if self._method.dimensions is not None:
            for one in dimensions:
                self.keys.ask_for(one)

    def _note_files(self, entries: Sequence[object], begun: int) -> None:
        """Remember which request is the first to name a file, of those whose expiry is known."""
        for position, entry in enumerate(entries, begun):
            key, prompt = str(position), entry
            if isinstance(entry, tuple):
                key, prompt = cast("tuple[str, object]", entry)
            where = _where(position, key)
            if isinstance(prompt, Model):  # a text names none
                self._note_files_of(prompt, where)
            if not position and self._defaults is not None:
                self._note_files_of(self._defaults.given, f"{where}, with the defaults")

    def _note_files_of(self, request: Model, where: str) -> None:
        for content in self._method.contents_of(request):
            for part in content.parts:
                uri = None if part.file_data is None else part.file_data.file_uri
                if uri is not None and self._expiries is not None and uri in self._expiries:
                    self.files.setdefault(uri, where)

    def via(self, wanted: Via) -> Literal["inline", "file"]:
        """Decide how the requests travel, now that all are known."""
        if not len(self.keys):
            raise UsageError("there are no requests to submit")
        if wanted == "file" or (
            wanted == "auto"
            and (
                self._method.by_file
                or self.inlined_size > INLINE_BYTES
                or self._expected_answers > INLINE_ANSWERS
            )
        ):
            return "file"
        if wanted not in {"auto", "inline"}:
            raise UsageError(f"via is 'auto', 'inline' or 'file', not {wanted!a}")
        if self.inlined_size > INLINE_LIMIT:
            raise UsageError(
                f"the requests take up to {self.inlined_size} bytes inline, and a create call "
                f"holds {INLINE_LIMIT} at most: use via='file'"
            )
        return "inline"

    def inlined(self) -> bytes:
        """Return the requests as the JSON array of an inline batch, each with its key."""
        whole, joint = bytearray(), b"["
        for line in self._lines():
            one = msgspec.json.decode(line, type=_Encoded)
            request, key = bytes(one.request), bytes(one.key)
            whole += b'%s{"request":%s,"metadata":{"key":%s}}' % (joint, request, key)
            joint = b","
        whole += b"]" if whole else b"[]"
        return bytes(whole)

    def _lines(self) -> Iterator[bytes]:
        """Yield the lines of the spool, without ever holding all of them."""
        rest = b""
        for start in range(0, self.size, _AT_ONCE):
            *lines, rest = (rest + self.read(start, _AT_ONCE)).split(b"\n")
            yield from lines
