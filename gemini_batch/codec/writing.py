"""Models to plain JSON: a hook for each type, and what is of another kind is refused."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, cast, get_args

import msgspec

from ..models.base import Absent, Duration, Int64, Model, Timestamp, seconds_text
from .converter import CONVERTER
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


def require_json(value: Any) -> Any:
    """Return ``value`` if JSON can hold it; otherwise say where it cannot."""
    match value:
        case None | bool() | int() | msgspec.Raw():
            pass
        case str():
            try:
                value.encode("utf-8")
            except UnicodeEncodeError:
                raise MismatchError("holds a lone surrogate, which UTF-8 cannot hold") from None
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


def _model_writer(kind: type[Model]) -> Callable[[Any], dict[str, Any]]:
    layout = tuple(
        (name, wire_name, _writer(member_kind), default)
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


def _writer(kind: Any) -> Callable[[Any], Any]:
    """Return how to write a value of ``kind``; what is of another kind is refused.

    JSON would take it all the same, and the service would get another request than was meant:
    bytes as base64, a date as text.
    """
    kind, *others = choices(kind)
    if others:
        return string if others == [str] else _model_or_mapping_writer(_writer(kind))
    if kind in _WRITERS:
        return _WRITERS[kind]
    if kind == Int64:
        return lambda value: str(int(_written_integer(value)))
    if kind is Any:
        return require_json
    if origin(kind) is Mapping:
        return _mapping_writer(get_args(kind)[1])
    if origin(kind) is tuple:
        return _sequence_writer(_writer(get_args(kind)[0]))
    if is_later(kind):
        return lambda value: _writer(loaded(kind))(value)  # noqa: PLW0108 - loaded when it is met
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
    hook = _writer(kind)

    def write(value: object) -> Any:
        if not isinstance(value, Mapping):
            raise expected("an object", value)
        return {name: at(name, hook, member) for name, member in pairs(value)}

    return write


def _message_writer(kind: type[Model]) -> Callable[[Any], Any]:
    def write(value: object) -> Any:
        if isinstance(value, kind):
            return CONVERTER.unstructure(value)
        article = "an" if kind.__name__[0] in "AEIOU" else "a"
        raise expected(f"{article} {kind.__name__}", value)

    return write


def _sequence_writer(hook: Callable[[Any], Any]) -> Callable[[Any], list[Any]]:
    def write(values: tuple[Any, ...]) -> list[Any]:
        return [at(f"[{index}]", hook, value) for index, value in enumerate(values)]

    return write


def register() -> None:
    """Make the converter write."""
    CONVERTER.register_unstructure_hook(Timestamp, lambda stamp: stamp.rfc3339)
    CONVERTER.register_unstructure_hook_factory(is_model, _model_writer)
