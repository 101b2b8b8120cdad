"""Plain JSON to models: a hook for each type, and nothing is coerced."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any, cast, get_args

from ..models.base import Duration, Int64, Model, OpenEnum, Timestamp
from ..models.sent import Sent, new, set_sent
from .converter import CONVERTER
from .layout import Later, choices, is_later, is_model, is_sent, loaded, members_of, origin
from .mismatch import MismatchError, elements, expected
from .shapes import SHAPES


def string(value: object, _: object = None) -> str:
    """Return text."""
    if isinstance(value, str):
        return value
    raise expected("a string", value)


def boolean(value: object, _: object = None) -> bool:
    """Return a truth value."""
    if isinstance(value, bool):
        return value
    raise expected("true or false", value)


_DECIMAL = re.compile(r"-?[0-9]{1,19}", re.ASCII)
"""What proto3 JSON writes for 64 bits; Python itself refuses to read numbers of great length."""
_INT64 = range(-(2**63), 2**63)
_BEYOND_JSON = frozenset({"NaN", "Infinity", "-Infinity"})
"""What proto3 JSON writes for the numbers that JSON has no word for."""


def _integer(value: object, _: object = None) -> int:
    number: int | None = None
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif (isinstance(value, float) and value.is_integer()) or (
        isinstance(value, str) and _DECIMAL.fullmatch(value)
    ):
        number = int(value)
    if number is None or number not in _INT64:
        raise expected("an integer", value)
    return number


def _number(value: object, _: object = None) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        with suppress(OverflowError):
            return float(value)
    if isinstance(value, str) and value in _BEYOND_JSON:
        return float(value)
    raise expected("a number", value)


def _timestamp(value: object, _: object = None) -> Timestamp:
    try:
        return Timestamp.parse(string(value))
    except ValueError:
        raise expected("an RFC 3339 timestamp", value) from None


def _duration(value: object, _: object = None) -> Duration:
    try:
        return Duration.parse(string(value))
    except ValueError:
        raise expected("a duration in seconds, such as '1.5s'", value) from None


def _open_enum(value: object, kind: type[OpenEnum]) -> OpenEnum:
    return kind(string(value))


_PRIMITIVES: frozenset[Any] = frozenset({string, boolean, _integer, _number, _timestamp, _duration})
"""Hooks that need not be told the type."""


def _mapping(value: object, _: object = None) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return cast("dict[str, Any]", value)
    raise expected("an object", value)


def _model_reader(kind: type[Model]) -> Callable[[Any, Any], Model]:
    known: dict[str, tuple[str, Callable[[Any], Any]]] = {}
    for name, wire_name, member_kind, _ in members_of(kind):
        hook = _reader(member_kind)
        known[name] = known[wire_name] = (name, hook)

    def read(tree: Any, _: Any) -> Model:
        arguments: dict[str, Any] = {}
        extra: dict[str, Any] = {}
        for wire_name, value in _mapping(tree).items():
            member = known.get(wire_name)
            if member is None:
                extra[wire_name] = value
            elif value is not None:
                name, hook = member
                try:
                    arguments[name] = hook(value)
                except MismatchError as mismatch:
                    raise mismatch.inside(wire_name) from None
        if extra:
            arguments["extra"] = extra
        try:
            return kind(**arguments)
        except TypeError:
            raise MismatchError(f"{kind.__name__} lacks a member it must have") from None

    return read


def _sent_reader(kind: type[Sent]) -> Callable[[Any, Any], Model]:
    """Read what was sent, too, where it was decoded into its shape."""
    read = _model_reader(kind)

    def read_either(tree: Any, _: Any) -> Model:
        if type(tree) not in SHAPES:
            return read(tree, _)
        model: Model = new(kind)  # as sent_as() does it, here where every answer comes by
        set_sent(model, tree)
        return model

    return read_either


def _reader(kind: Any) -> Callable[[Any], Any]:
    """Return how to read a value of ``kind``; of a union it is the first, and most telling, one."""
    (kind, *_) = choices(kind)
    hook = CONVERTER.get_structure_hook(kind)
    if hook in _PRIMITIVES:
        return cast("Callable[[Any], Any]", hook)
    return lambda value: hook(value, kind)


def _late_reader(kind: type[Later]) -> Callable[[Any, Any], Any]:
    return lambda value, _: CONVERTER.structure(value, loaded(kind))


def _mapping_reader(kind: Any) -> Callable[[Any, Any], Mapping[str, Any]]:
    _, value_kind = get_args(kind)
    if value_kind is Any:
        return _mapping
    hook = _reader(value_kind)

    def read(tree: Any, _: Any) -> Mapping[str, Any]:
        found: dict[str, Any] = {}
        for name, value in _mapping(tree).items():
            try:
                found[name] = hook(value)
            except MismatchError as mismatch:
                raise mismatch.inside(name) from None
        return found

    return read


def _tuple_reader(kind: Any) -> Callable[[Any, Any], tuple[Any, ...]]:
    hook = _reader(get_args(kind)[0])

    def read(tree: Any, _: Any) -> tuple[Any, ...]:
        if not isinstance(tree, list):
            raise expected("an array", tree)
        found: list[Any] = []
        try:
            for one in elements(tree):
                found.append(hook(one))  # noqa: PERF401 - its length says where one failed
        except MismatchError as mismatch:
            raise mismatch.inside(f"[{len(found)}]") from None
        return tuple(found)

    return read


def register() -> None:
    """Make the converter read."""
    # By class, since cattrs has hooks of its own by class, which come before those by predicate.
    CONVERTER.register_structure_hook(str, string)
    CONVERTER.register_structure_hook(OpenEnum, _open_enum)
    CONVERTER.register_structure_hook(bool, boolean)
    CONVERTER.register_structure_hook(int, _integer)
    CONVERTER.register_structure_hook(float, _number)
    CONVERTER.register_structure_hook(Timestamp, _timestamp)
    CONVERTER.register_structure_hook_func(lambda kind: kind == Int64, _integer)
    CONVERTER.register_structure_hook(timedelta, _duration)
    CONVERTER.register_structure_hook_factory(lambda kind: origin(kind) is Mapping, _mapping_reader)
    CONVERTER.register_structure_hook_factory(is_later, _late_reader)
    CONVERTER.register_structure_hook_factory(lambda kind: origin(kind) is tuple, _tuple_reader)
    CONVERTER.register_structure_hook_factory(is_model, _model_reader)
    CONVERTER.register_structure_hook_factory(is_sent, _sent_reader)
