"""The caller's requests, checked and encoded into a spool before anything is sent."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeAlias, TypeVar, cast

import msgspec

from . import codec
from .defaults import Defaults
from .errors import UsageError
from .expiry import Expiries
from .labels import DISPLAY_NAME_LIMIT
from .methods import GENERATE, Method
from .models.base import Model
from .prompts import Prompt
from .spool import Spool

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
_AROUND_INLINED = 200 + 6 * DISPLAY_NAME_LIMIT
"""Bytes of a create call around its requests at most: JSON has six for a control character."""
_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)


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


class SubmittedKeys:
    """The keys of a batch in the order of submission.

    A request without a key is numbered by its position, and costs one byte here.
    """

    def __init__(self) -> None:
        self._explicit: dict[str, int] = {}
        self._is_explicit = bytearray()
        self._dimensions: set[int | None] = set()

    def __len__(self) -> int:
        return len(self._is_explicit)

    def __iter__(self) -> Iterator[str]:
        explicit = iter(self._explicit)
        for position, own in enumerate(self._is_explicit):
            yield next(explicit) if own else str(position)

    def position(self, key: str) -> int | None:
        """Return where a key was submitted, or ``None``."""
        found = self._explicit.get(key)
        if found is None and _NUMBER.fullmatch(key):
            number = int(key)
            if number < len(self) and not self._is_explicit[number]:
                return number
        return found

    def add(self, key: str | None) -> str:
        """Take the key of the next request, or number it; a duplicate is refused."""
        position = len(self)
        name = str(position) if key is None else key
        earlier = self.position(name)
        if earlier is not None:
            raise UsageError(
                f"requests {earlier} and {position} have the same key {name!a}; "
                "answers are told apart by their keys"
            )
        if key is not None:
            self._explicit[key] = position
        self._is_explicit.append(key is not None)
        return name

    def ask_for(self, dimensions: int | None) -> None:
        """Remember how many numbers an embedding was asked to have, if it was said."""
        self._dimensions.add(dimensions)

    @property
    def dimensions(self) -> int | None:
        """How many numbers every embedding was asked to have; ``None`` where they differ."""
        return next(iter(self._dimensions)) if len(self._dimensions) == 1 else None

    def take(self, entry: object) -> tuple[str, object, str]:
        """Return the key and the prompt of the next request, and what to call it in an error."""
        key, prompt = self._split(entry)
        name = self.add(key)
        return name, prompt, f"request {len(self) - 1} (key {name!a})"

    def _split(self, entry: object) -> tuple[str | None, object]:
        if not isinstance(entry, tuple):
            return None, entry
        pair = cast("tuple[object, ...]", entry)
        if len(pair) != 2:
            raise UsageError(
                f"request {len(self)} is a tuple of {len(pair)}; a key and a prompt are two"
            )
        key, prompt = pair
        if not isinstance(key, str):
            hint = "use str(key)" if isinstance(key, int) else "a key is a string"
            raise UsageError(f"request {len(self)} has the key {key!a}: {hint}")
        return key, prompt


def encoded(value: object, where: str) -> bytes:
    """Return JSON; :class:`~gemini_batch.UsageError` says what it cannot hold, and where."""
    try:
        return codec.encode(value)
    except ValueError as refused:
        raise UsageError(f"{where}: {refused}") from None


class _Encoded(msgspec.Struct):
    """A line of the spool, split without decoding it."""

    key: msgspec.Raw
    request: msgspec.Raw


class Submission:
    """Requests encoded as lines of ``{"key", "request"}``; each is checked as it comes.

    ``files`` are those named in requests whose expiry is known, by their URI, each with the first
    request that names it; ``doubt`` is what the service would not do well, in a sentence.
    """

    def __init__(
        self,
        spool: Spool,
        method: Method[Any] = GENERATE,
        defaults: Defaults | None = None,
        expiries: Expiries | None = None,
    ) -> None:
        self._spool = spool
        self._method = method
        self._defaults = defaults
        self._expiries = expiries
        self.files: dict[str, str] = {}
        self.doubt = ""
        self._hash = hashlib.sha256()
        self._expected_answers = 0
        self.keys = SubmittedKeys()

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
        lines = b"".join([self._line(entry) for entry in entries])
        self._hash.update(lines)
        self._spool.append(lines)
        if self.size > FILE_LIMIT:
            raise UsageError(
                f"the requests up to number {len(self.keys) - 1} take {self.size} bytes, and a "
                f"batch holds {FILE_LIMIT} at most: submit fewer at a time"
            )

    def _line(self, entry: object) -> bytes:
        name, prompt, where = self.keys.take(entry)
        request = self._method.request(prompt, where)
        body, expected, doubt = self._encode(request, where)
        self._expected_answers += expected
        if self._method.dimensions is not None:
            self.keys.ask_for(self._method.dimensions(body))
        if doubt and not self.doubt:
            self.doubt = f"{where}: {doubt}"
        if self._expiries:
            self._note_files(request, where)
            if self._defaults is not None and len(self.keys) == 1:
                self._note_files(self._defaults.given, f"{where}, with the defaults")
        return b'{"key":%s,"request":%s}\n' % (encoded(name, where), body)

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

    def _note_files(self, request: Model, where: str) -> None:
        """Remember which request is the first to name a file, of those whose expiry is known."""
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
        lines = self.read(0, self.size).splitlines()
        encoded = (msgspec.json.decode(line, type=_Encoded) for line in lines)
        return b"[%s]" % b",".join(
            b'{"request":%s,"metadata":{"key":%s}}' % (bytes(one.request), bytes(one.key))
            for one in encoded
        )
