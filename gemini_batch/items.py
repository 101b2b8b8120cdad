"""What became of one request: an answer, an error, or a line that cannot be read."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Generic, NoReturn, TypeAlias, cast

import msgspec
from attrs import field, frozen

from . import codec, rawjson
from .errors import ItemFailedError, ProtocolError
from .index import Envelope, Kind
from .methods import R
from .models.sent import set_sent
from .models.status import Status, grpc_name
from .text import printable

_EXCERPT = 80
_NOTHING = msgspec.Raw(b"")


class Outcome(StrEnum):
    """What became of a request, in one word."""

    ANSWERED = "answered"
    """There is an answer."""
    TRUNCATED = "truncated"
    """The model ran into its token limit, and what it wrote is cut, a thought, or nothing."""
    BLOCKED = "blocked"
    """The service withheld the answer, or the model wrote none."""
    REFUSED = "refused"
    """The request failed, with a code and perhaps a message."""
    MALFORMED = "malformed"
    """There is a result that cannot be read."""
    MISSING = "missing"
    """There is no result."""


@frozen
class IndividualRequestError:
    """Why one request failed: ``code`` is gRPC's number, ``status`` its name.

    The service often sends no message. After a cancel, requests not reached have code 1.
    """

    code: int
    status: str
    message: str = ""
    details: tuple[Mapping[str, Any], ...] = field(default=(), hash=False)

    def __str__(self) -> str:
        return printable(f"{self.status}: {self.message}" if self.message else self.status)


@frozen
class _Item:
    """What all items share; ``key`` is ``None`` where the service sent none."""

    key: str | None
    _raw: bytes = field(kw_only=True, repr=False)
    _metadata: msgspec.Raw = field(kw_only=True, repr=False, eq=False)

    def raw(self) -> bytes:
        """Return the line as the service sent it, without its end."""
        return self._raw

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What was sent along with an inline request; empty for results from a file."""
        found: object = rawjson.parse(self._metadata) if bytes(self._metadata) else None
        return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


@frozen
class ItemSuccess(_Item, Generic[R]):
    """A request that was answered. The answer may be a blocked one: see ``problem``."""

    response: R

    @property
    def ok(self) -> bool:
        """Yes."""
        return True

    @property
    def problem(self) -> str | None:
        """Why there is nothing in the answer, such as ``"blocked: SAFETY"``, or ``None``."""
        found = getattr(self.response, "problem", None)
        return None if found is None else printable(str(found))

    @property
    def outcome(self) -> Outcome:
        """Answered, or truncated by the token limit, or blocked where there is nothing."""
        if getattr(self.response, "truncated", False):
            return Outcome.TRUNCATED
        return Outcome.ANSWERED if self.problem is None else Outcome.BLOCKED

    def unwrap(self) -> R:
        """Return the response."""
        return self.response


@frozen
class ItemError(_Item):
    """A request that failed within a batch that did not."""

    error: IndividualRequestError

    @property
    def ok(self) -> bool:
        """No."""
        return False

    @property
    def outcome(self) -> Outcome:
        """Refused."""
        return Outcome.REFUSED

    @property
    def problem(self) -> str:
        """The error as a printable sentence."""
        return str(self.error)

    def unwrap(self) -> NoReturn:
        """Raise :class:`~gemini_batch.ItemFailedError`."""
        raise ItemFailedError(self.key, self.problem)


@frozen
class ItemMalformed(_Item):
    """A line that cannot be read; ``position`` is its number, from 1."""

    position: int
    reason: str
    excerpt: str

    @property
    def ok(self) -> bool:
        """No."""
        return False

    @property
    def outcome(self) -> Outcome:
        """Malformed."""
        return Outcome.MALFORMED

    @property
    def problem(self) -> str:
        """What is wrong with the line, as a printable sentence."""
        return printable(f"line {self.position} is malformed: {self.reason}: {self.excerpt}")

    def unwrap(self) -> NoReturn:
        """Raise :class:`~gemini_batch.ItemFailedError`."""
        raise ItemFailedError(self.key, self.problem)


_new: Callable[[Any], Any] = object.__new__
_set_key, _set_raw, _set_metadata, _set_response = (
    vars(kind)[name].__set__
    for kind, name in (
        *((_Item, "key"), (_Item, "_raw"), (_Item, "_metadata")),
        (ItemSuccess, "response"),
    )
)
"""How an item is made without its constructor, which sets members one by one and by their names."""

BatchGenerationResponseItem: TypeAlias = ItemSuccess[R] | ItemError | ItemMalformed
"""What became of one request; made for ``match``."""


def plain_reader(
    kind: type[R], *, indexed: bool = False
) -> Callable[[bytes], ItemSuccess[R] | None]:
    """Return what decodes lines that hold a key and an answer, and nothing else.

    It returns ``None`` for others. Whether a line names its key twice is not asked. Of one that was
    ``indexed``, and found to hold an answer, it is known that it is JSON.
    """
    reader = codec.READERS[kind]
    long = codec.LONG_LINE if indexed else math.inf

    def read(text: bytes) -> ItemSuccess[R] | None:
        try:
            line = reader.decode_line(text) if len(text) < long else reader.sound_line(text)
        except msgspec.ValidationError:
            again = reader.line_again(text)
            if again is None:
                return None
            line = again
        except rawjson.REFUSALS:
            return None
        # As the hook that the converter has for these does it, here where every answer comes by.
        response: R = _new(kind)
        set_sent(response, line.response)
        item: ItemSuccess[R] = _new(ItemSuccess)
        _set_key(item, line.key)
        _set_raw(item, text)
        _set_metadata(item, _NOTHING)
        _set_response(item, response)
        return item

    return read


def read_item(
    text: bytes, envelope: Envelope, kind: type[R], position: int, key: str | None
) -> BatchGenerationResponseItem[R]:
    """Decode one line; what cannot be decoded is an :class:`ItemMalformed`."""
    rest: dict[str, Any] = {"raw": text, "metadata": envelope.metadata}
    reason = envelope.reason
    try:
        if envelope.kind is Kind.SUCCESS:
            return ItemSuccess(key, codec.decode(envelope.response, kind), **rest)
        if envelope.kind is Kind.ERROR:
            status = codec.decode(envelope.error, Status)
            error = IndividualRequestError(
                status.code, grpc_name(status.code), status.message, status.details
            )
            return ItemError(key, error, **rest)
    except ProtocolError as refused:
        reason = str(refused)
    begun = text[: 4 * _EXCERPT + 4].decode("utf-8", "backslashreplace")
    excerpt = printable(begun[:_EXCERPT]) + ("…" if len(begun) > _EXCERPT else "")
    return ItemMalformed(key, position, reason, excerpt, **rest)
