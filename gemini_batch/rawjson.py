"""JSON as bytes: parsed, split into its parts without decoding them, made compact.

What msgspec refuses is tried once more with the standard library, because answers may hold lone
surrogates, which msgspec does not take.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, TypeVar, cast, get_origin

import msgspec

from .errors import ProtocolError
from .text import printable

T = TypeVar("T")


def parse(data: bytes | msgspec.Raw) -> Any:
    """Return plain Python for JSON; :class:`~gemini_batch.ProtocolError` where it is not JSON.

    What msgspec refuses is tried once more with the standard library, which takes lone surrogates
    in answers; numbers that are no JSON (``NaN``, ``Infinity``, ``1e400``) are refused all the
    same.
    """
    try:
        return msgspec.json.decode(data)
    except REFUSALS as refused:
        reason = printable(str(refused), 200)
    try:
        return json.loads(
            bytes(data).decode("utf-8"), parse_constant=_not_json, parse_float=_finite
        )
    except (ValueError, RecursionError):
        raise ProtocolError(f"not JSON: {reason}") from None


def _not_json(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else cast("float", _not_json(text))


def members(data: bytes | msgspec.Raw) -> dict[str, msgspec.Raw]:
    """Split a JSON object into its members without decoding them; ``null`` is absent."""
    try:
        split = msgspec.json.decode(data, type=_OBJECT)
    except REFUSALS:
        split = _members_around_surrogates(bytes(data))
    return {name: value for name, value in split.items() if value != _NULL}


def elements(data: bytes | msgspec.Raw) -> list[msgspec.Raw]:
    """Split a JSON array into its elements without decoding them."""
    try:
        return msgspec.json.decode(data, type=_ARRAY)
    except REFUSALS:
        return _elements_around_surrogates(bytes(data))


def compact(data: bytes | msgspec.Raw) -> bytes:
    """Return JSON without the spaces between its parts, on one line."""
    text = bytes(data)
    try:
        text.decode("utf-8")  # msgspec passes over what it does not decode
        return msgspec.json.format(text, indent=-1)
    except REFUSALS:
        tree = parse(text)
    try:
        return json.dumps(tree, separators=(",", ":")).encode("ascii")
    except RecursionError:
        raise ProtocolError("not JSON: nested too deeply") from None


_OBJECT = dict[str, msgspec.Raw]
_ARRAY = list[msgspec.Raw]
_NULL = msgspec.Raw(b"null")
REFUSALS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_LOW_SURROGATE = re.compile(rb"\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_BEFORE_ELEMENT = re.compile(rb"\s*[\[,]\s*")
_BEFORE_MEMBER = re.compile(rb'\s*[{,]\s*("(?:[^"\\]|\\.)*+")\s*:\s*')


def _without_surrogates(text: bytes) -> bytes:
    """Return JSON of the same length, in which no string holds a lone surrogate.

    One byte of each is changed, so that what msgspec then finds is in the same place as here.
    """
    changed = bytearray(text)
    end = 0  # of the last escape that was looked at
    for found in _SURROGATE.finditer(text):
        start = found.start()
        slashes = start
        while slashes > end and text[slashes - 1] == _BACKSLASH:
            slashes -= 1
        # After an odd number of backslashes this one is text; a pair was dealt with by its first.
        if start < end or (start - slashes) % 2:
            continue
        low = _LOW_SURROGATE.match(text, found.end())
        if low is not None and _LOW_SURROGATE.match(text, start) is None:
            end = low.end()
        else:
            changed[start + 2] = _ZERO
            end = found.end()
    return bytes(changed)


_BACKSLASH, _ZERO = b"\\0"


def _members_around_surrogates(text: bytes) -> dict[str, msgspec.Raw]:
    """Split an object that msgspec refuses even to pass over, for a lone surrogate somewhere."""
    plain = _without_surrogates(text)
    try:
        values = tuple(msgspec.json.decode(plain, type=_OBJECT).values())
    except REFUSALS:
        values = ()
    split: dict[str, msgspec.Raw] = {}
    end = 0
    for value in values:
        name = _BEFORE_MEMBER.match(text, end)
        taken = bytes(value)
        if name is None or not plain.startswith(taken, name.end()):
            break
        start, end = name.end(), name.end() + len(taken)
        split[parse(name[1])] = msgspec.Raw(text[start:end])
    if text[end:].strip() == b"}" and len(split) == len(values):
        return split
    # Not an object; or a name stands in it twice, and it is the last that counts.
    return {name: _raw(value) for name, value in _taken(text, dict[str, Any]).items()}


def _elements_around_surrogates(text: bytes) -> list[msgspec.Raw]:
    """Split an array that msgspec refuses even to pass over, for a lone surrogate somewhere."""
    try:
        found = msgspec.json.decode(_without_surrogates(text), type=_ARRAY)
    except REFUSALS:
        return [_raw(value) for value in _taken(text, list[Any])]
    split: list[msgspec.Raw] = []
    end = 0
    for value in found:
        before = cast("re.Match[bytes]", _BEFORE_ELEMENT.match(text, end))
        start, end = before.end(), before.end() + len(bytes(value))
        split.append(msgspec.Raw(text[start:end]))
    return split


def _taken(data: bytes | msgspec.Raw, shape: type[T]) -> T:
    """Decode what msgspec refuses to split, or say why it is refused."""
    tree = parse(data)
    if isinstance(tree, get_origin(shape) or shape):
        return cast("T", tree)
    raise ProtocolError(f"not the JSON expected, but of the type {type(tree).__name__}")


def _raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value).encode("ascii"))
