"""What all models share: kept unknowns, open enums, 64-bit integers and timestamps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Annotated, Any, Self, SupportsIndex

from attrs import field, fields, frozen

from ..errors import UsageError

Int64 = Annotated[int, "int64"]
"""An integer that proto3 JSON writes as a decimal string."""


class Absent(dict[str, Any]):
    """An object that was not given: it reads as an empty one, and is not written."""


def no_members() -> dict[str, Any]:
    """Return what stands for an object that was not given."""
    return Absent()


def as_strings(values: Iterable[str]) -> tuple[str, ...]:
    """Freeze a sequence of strings, so that a frozen model stays as it was made."""
    if isinstance(values, str):
        raise UsageError(f"{values[:40]!a} stands for a sequence of strings: wrap it in a list")
    return tuple(values)


def as_objects(values: Iterable[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """Freeze a sequence of JSON objects."""
    return tuple(values)


@frozen
class Model:
    """A message of the API.

    ``extra`` holds members that the class does not name, in the API's spelling (camelCase): what
    the service sent beyond what is known here, or what you wish to send.
    """

    extra: Mapping[str, Any] = field(factory=no_members, kw_only=True, hash=False, repr=False)

    def __init_subclass__(cls) -> None:
        if "__attrs_attrs__" in vars(cls):
            # attrs has made a class of ours anew, with a repr that shows every member there is.
            setattr(cls, "__repr__", Model.__repr__)  # noqa: B010 - a method is no attribute

    def __repr__(self) -> str:
        given: list[str] = []
        for one in fields(type(self)):
            value = getattr(self, one.name)
            if one.repr and value is not None and value != one.default:
                shown = one.repr(value) if callable(one.repr) else repr(value)
                given += [f"{one.name}={shown}"] if type(value) is not Absent else []
        return f"{type(self).__name__}({', '.join(given)})"


class OpenEnum(StrEnum):
    """Names of the API that may grow: an unknown one is kept, and is equal to its text."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        unknown = str.__new__(cls, value)
        unknown._name_ = value
        unknown._value_ = value
        return unknown

    @property
    def recognised(self) -> bool:
        """Whether this name was known when this package was written."""
        return self._name_ in type(self).__members__


_RFC_3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII
)


class Timestamp(datetime):
    """An aware ``datetime`` that remembers the RFC 3339 text it was read from.

    The service writes nanoseconds, and ``datetime`` ends at microseconds; ``rfc3339`` is exact.
    """

    _text = ""

    @property
    def rfc3339(self) -> str:
        """The text it was read from, or that of a moment reckoned from one."""
        return self._text or self.isoformat()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read RFC 3339 (``"2026-08-19T14:34:12.267870162Z"``); ``ValueError`` if it is not."""
        parts = _RFC_3339.fullmatch(text)
        if parts is None:
            raise ValueError(f"{text[:40]!a} is not an RFC 3339 timestamp")
        date, time, fraction, sign, hours, minutes = parts.groups()
        moment = datetime.fromisoformat(f"{date}T{time}")
        offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
        zone = timezone(-offset if sign == "-" else offset) if sign else UTC
        stamp = cls(
            moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second,
            int((fraction or "0")[:6].ljust(6, "0")), zone,
        )  # fmt: skip
        stamp._text = text
        return stamp

    def __reduce_ex__(self, protocol: SupportsIndex) -> str | tuple[Any, ...]:
        return (type(self).parse, (self._text,)) if self._text else super().__reduce_ex__(protocol)


_DURATION = re.compile(r"(-?)(\d{1,12})(?:\.(\d{1,9}))?s", re.ASCII)


class Duration(timedelta):
    """A ``timedelta`` that remembers the text it was read from, such as ``"1.5s"``.

    proto3 JSON writes seconds with up to nine decimals, and ``timedelta`` ends at microseconds;
    ``seconds_text`` is exact.
    """

    _text = ""

    @property
    def seconds_text(self) -> str:
        """The text it was read from, or that of a duration reckoned from one."""
        return self._text or seconds_text(self)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read seconds with an ``s`` after them; ``ValueError`` if the text is not that."""
        parts = _DURATION.fullmatch(text)
        if parts is None:
            raise ValueError(f"{text[:40]!a} is not a duration in seconds, such as '1.5s'")
        sign, seconds, fraction = parts.groups()
        micros = int((fraction or "0")[:6].ljust(6, "0"))
        length = timedelta(seconds=int(seconds), microseconds=micros) * (-1 if sign else 1)
        found = cls(length.days, length.seconds, length.microseconds)
        found._text = text
        return found

    def __reduce__(self) -> str | tuple[Any, ...]:
        return (type(self).parse, (self.seconds_text,))


def seconds_text(length: timedelta) -> str:
    """Write a duration as proto3 JSON does: with no more decimals than it needs."""
    micros = length // timedelta(microseconds=1)
    seconds, rest = divmod(abs(micros), 1_000_000)
    fraction = f".{rest:06}".rstrip("0") if rest else ""
    return f"{'-' if micros < 0 else ''}{seconds}{fraction}s"


def as_duration(value: timedelta | str | None) -> timedelta | None:
    """Take a duration as text, too."""
    if not isinstance(value, str):
        return value
    try:
        return Duration.parse(value)
    except ValueError as error:
        raise UsageError(str(error)) from None


def as_timestamp(value: datetime | str | None) -> Timestamp | None:
    """Take a moment as a ``datetime`` with its time zone, or as RFC 3339, too."""
    if value is None or isinstance(value, Timestamp):
        return value
    if not isinstance(value, datetime):
        try:
            return Timestamp.parse(value)
        except ValueError as error:
            raise UsageError(str(error)) from None
    if value.tzinfo is None:
        raise UsageError(f"{value} has no time zone: give it one, such as datetime.UTC")
    return Timestamp.parse(value.isoformat())
