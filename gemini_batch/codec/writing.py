"""Models to plain JSON: a hook for each type, and what is of another kind is refused."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any, cast, get_args

import msgspec

from ..errors import ProtocolError
from ..models.base import Absent, Duration, Int64, Model, Timestamp, seconds_text
from ..rawjson import parse
from .layout import choices, is_later, is_model, loaded, members_of, origin
from .mismatch import MismatchError, at, elements, expected, pairs
from .reading import boolean, string


def plain(value: Any) -> Any:
    """Return what msgspec takes for a mapping of another kind, or text or a number of a subclass.

    NumPy's text and numbers are such subclasses.
    """
    match value:
        case str():
            return str.__str__(value)
        case int():
            return int(value)
        case float():
            return float(value)
        case Mapping():
            return dict(pairs(value))
        case _:
            raise TypeError(f"{type(cast('object', value)).__name__} is not JSON")


_ENCODER = msgspec.json.Encoder(enc_hook=plain)

json_of = _ENCODER.encode
"""Return plain JSON, encoded. What JSON cannot hold is refused, or becomes ``null``."""
lines_of = _ENCODER.encode_lines
"""Return the elements of a list, encoded, a line for each."""


def require_json(value: Any) -> Any:
    """Return ``value`` if JSON can hold it; otherwise say where it cannot."""
    return value if _is_json(value) else _require_json(value)


_SURE: frozenset[type] = frozenset({int, bool, type(None)})
_CONTAINERS: frozenset[type] = frozenset({dict, list, tuple})


def _is_json(value: Any) -> bool:
    """Tell what JSON can surely hold: all of it is of Python's own types."""
    kind = value.__class__
    if kind is dict:
        for name in value:
            if name.__class__ is not str:
                return False
        return _are_json(value.values())
    if kind is list or kind is tuple:
        return _are_json(value)
    return _are_json((value,))


def _are_json(values: Iterable[Any]) -> bool:
    for value in values:  # without a call for each: schemas are written over and over
        kind = value.__class__
        if kind is str:
            if not (value.isascii() or _is_utf_8(value)):
                return False
        elif kind is float:
            if not math.isfinite(value):
                return False
        elif kind in _CONTAINERS:
            if not _is_json(value):
                return False
        elif kind not in _SURE:
            return False
    return True


def _is_utf_8(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _require_line(encoded: bytes) -> None:
    """Refuse what would break the line of a request, and with it the one after it."""
    if b"\n" not in encoded:
        with suppress(ProtocolError):
            parse(encoded)
            return
    raise MismatchError("is encoded already, and not as JSON on one line")


def _require_json(value: Any) -> Any:
    match value:
        case None | bool() | int():
            pass
        case msgspec.Raw():
            _require_line(bytes(value))
        case str():
            if not _is_utf_8(value):
                raise MismatchError("holds a lone surrogate, which UTF-8 cannot hold")
        case float():
            if not math.isfinite(value):
                raise MismatchError(f"{value} is not a JSON number")
        case Mapping():
            for name, member in pairs(value):
                if not isinstance(name, str):
                    raise MismatchError(f"the member name {name!a} is not a string")
                at(name, require_json, member)
        case list() | tuple():
            for index, element in enumerate(elements(value)):
                at(f"[{index}]", require_json, element)
        case _:
            raise MismatchError(f"{type(cast('object', value)).__name__} is not JSON")
    return cast("Any", value)


_DEFINITIONS: dict[type, Callable[[Any], dict[str, Any]]] = {}


def definition(kind: type[Model]) -> Callable[[Any], dict[str, Any]]:
    """Return what writes models of a class, and says where it cannot."""
    if kind not in _DEFINITIONS:
        _DEFINITIONS[kind] = _defined(kind)
    return _DEFINITIONS[kind]


def _defined(kind: type[Model]) -> Callable[[Any], dict[str, Any]]:
    layout = tuple(
        (name, wire_name, writer(member_kind), default)
        for name, wire_name, member_kind, default in members_of(kind)
    )

    def write(model: Any) -> dict[str, Any]:
        tree: dict[str, Any] = {}
        for name, wire_name, hook, default in layout:
            value = getattr(model, name)
            if value is not None and type(value) is not Absent and value != default:
                tree[wire_name] = at(wire_name, hook, value)
        for name, value in model.extra.items():
            tree[name] = at(name, require_json, value)
        return tree

    return write


def writer(kind: Any) -> Callable[[Any], Any]:
    """Return how to write a value of ``kind``; what is of another kind is refused.

    JSON would take it all the same, and the service would get another request than was meant:
    bytes as base64, a date as text.
    """
    kind, *others = choices(kind)
    if others:
        return string if others == [str] else _model_or_mapping_writer(writer(kind))
    if kind in _WRITERS:
        return _WRITERS[kind]
    if kind == Int64:
        return lambda value: str(int(_written_integer(value)))
    if kind is Any:
        return require_json
    if origin(kind) is Mapping:
        return _mapping_writer(get_args(kind)[1])
    if origin(kind) is tuple:
        return _sequence_writer(writer(get_args(kind)[0]))
    if is_later(kind):
        return lambda value: writer(loaded(kind))(value)  # noqa: PLW0108 - loaded when it is met
    if is_model(kind):
        return _message_writer(kind)
    return string  # an open enum


def _written_integer(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise expected("an integer", value)


def _written_number(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return cast("float", require_json(value))
    raise expected("a number", value)


def _written_timestamp(value: object) -> str:
    if isinstance(value, Timestamp):
        return value.rfc3339
    raise expected("a Timestamp", value)


def _written_duration(value: object) -> str:
    if isinstance(value, Duration):
        return value.seconds_text
    if isinstance(value, timedelta):
        return seconds_text(value)
    raise expected("a timedelta", value)


_WRITERS: dict[Any, Callable[[Any], Any]] = {
    str: string,
    bool: boolean,
    int: _written_integer,
    float: _written_number,
    Timestamp: _written_timestamp,
    timedelta: _written_duration,
}


def _model_or_mapping_writer(hook: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: require_json(value) if isinstance(value, Mapping) else hook(value)


def _mapping_writer(kind: Any) -> Callable[[Any], Any]:
    if kind is Any:
        return require_json
    hook = writer(kind)

    def write(value: object) -> Any:
        if not isinstance(value, Mapping):
            raise expected("an object", value)
        return {name: at(name, hook, member) for name, member in pairs(value)}

    return write


def _message_writer(kind: type[Model]) -> Callable[[Any], Any]:
    def write(value: object) -> Any:
        if isinstance(value, kind):
            return definition(type(value))(value)
        article = "an" if kind.__name__[0] in "AEIOU" else "a"
        raise expected(f"{article} {kind.__name__}", value)

    return write


def _sequence_writer(hook: Callable[[Any], Any]) -> Callable[[Any], list[Any]]:
    def write(values: tuple[Any, ...]) -> list[Any]:
        return [at(f"[{index}]", hook, value) for index, value in enumerate(values)]

    return write
