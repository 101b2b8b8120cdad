"""Bytes to models and back, over one cattrs converter.

proto3 JSON is read as its specification allows (camelCase or snake_case, 64-bit integers as
strings or numbers, ``null`` as absent), and written as the API documents it (camelCase, without
what is not given). Nothing is coerced: what does not fit is a :class:`~gemini_batch.ProtocolError`
that names the place.
"""

from __future__ import annotations

import math
import re
import reprlib
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import msgspec
from attrs import fields
from cattrs import Converter

from . import models
from .errors import ProtocolError
from .models.base import Absent, Duration, Int64, Model, OpenEnum, Timestamp, seconds_text
from .rawjson import parse
from .text import printable

T = TypeVar("T")


class _MismatchError(Exception):
    """A value does not fit: the innermost reason, and the path to it, gathered on the way out."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = ""

    def inside(self, step: str) -> _MismatchError:
        joint = "." if self.path and not self.path.startswith("[") else ""
        self.path = f"{step}{joint}{self.path}"
        return self

    def __str__(self) -> str:
        return f"{printable(self.path)}: {self.reason}" if self.path else self.reason


def decode(data: bytes | msgspec.Raw, kind: type[T]) -> T:
    """Return the model that ``data`` describes."""
    return structure(parse(data), kind)


def structure(tree: object, kind: type[T]) -> T:
    """Return the model that plain JSON describes."""
    try:
        return _CONVERTER.structure(tree, kind)
    except _MismatchError as mismatch:
        raise ProtocolError(str(mismatch)) from None
    except RecursionError:
        raise ProtocolError("nested too deeply") from None


def unstructure(model: object) -> Any:
    """Return plain JSON, camelCase, without the members that are ``None`` or an empty sequence.

    Raises ``ValueError`` with the path of a number that JSON cannot hold.
    """
    try:
        return _CONVERTER.unstructure(model)
    except _MismatchError as mismatch:
        raise ValueError(str(mismatch)) from None
    except RecursionError:
        raise ValueError("not JSON: nested too deeply, or within itself") from None


def encode(model: object) -> bytes:
    """Return compact JSON on one line; ``ValueError`` with the path of what JSON cannot hold."""
    return write(unstructure(model))


def write(tree: object) -> bytes:
    """Return plain JSON, which may hold what is encoded already, as :func:`encode` does."""
    try:
        return msgspec.json.encode(tree, enc_hook=_plain)
    except (TypeError, ValueError, RecursionError) as refused:
        reason = f"not JSON: {printable(str(refused), 200)}"
    try:
        _require_json(tree)
    except (_MismatchError, RecursionError) as found:
        reason = str(found)
    raise ValueError(reason)


def _plain(value: Any) -> Any:
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
            return dict(_pairs(value))
        case _:
            raise TypeError(f"{type(cast('object', value)).__name__} is not JSON")


def _require_json(value: Any) -> Any:
    """Return ``value`` if JSON can hold it; otherwise say where it cannot."""
    match value:
        case None | bool() | int() | msgspec.Raw():
            pass
        case str():
            try:
                value.encode("utf-8")
            except UnicodeEncodeError:
                raise _MismatchError("holds a lone surrogate, which UTF-8 cannot hold") from None
        case float():
            if not math.isfinite(value):
                raise _MismatchError(f"{value} is not a JSON number")
        case Mapping():
            for name, member in _pairs(value):
                if not isinstance(name, str):
                    raise _MismatchError(f"the member name {name!a} is not a string")
                _at(name, _require_json, member)
        case list() | tuple():
            for index, element in enumerate(_elements(value)):
                _at(f"[{index}]", _require_json, element)
        case _:
            raise _MismatchError(f"{type(cast('object', value)).__name__} is not JSON")
    return cast("Any", value)


def _pairs(mapping: Any) -> Iterable[tuple[Any, Any]]:
    return cast("Iterable[tuple[Any, Any]]", mapping.items())


def _elements(array: Any) -> Iterable[Any]:
    return cast("Iterable[Any]", array)


def _at(step: str, work: Callable[[Any], T], value: Any) -> T:
    try:
        return work(value)
    except _MismatchError as mismatch:
        raise mismatch.inside(step) from None


def _expected(what: str, value: object) -> _MismatchError:
    return _MismatchError(f"expected {what}, got {printable(_BRIEFLY.repr(value), 60)}")


_BRIEFLY = reprlib.Repr()
"""The beginning of a value as text; the whole of it may be nested too deeply, or very long."""
_BRIEFLY.maxstring = _BRIEFLY.maxother = 60


def _string(value: object, _: object = None) -> str:
    if isinstance(value, str):
        return value
    raise _expected("a string", value)


def _boolean(value: object, _: object = None) -> bool:
    if isinstance(value, bool):
        return value
    raise _expected("true or false", value)


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
        raise _expected("an integer", value)
    return number


def _number(value: object, _: object = None) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        with suppress(OverflowError):
            return float(value)
    if isinstance(value, str) and value in _BEYOND_JSON:
        return float(value)
    raise _expected("a number", value)


def _timestamp(value: object, _: object = None) -> Timestamp:
    try:
        return Timestamp.parse(_string(value))
    except ValueError:
        raise _expected("an RFC 3339 timestamp", value) from None


def _duration(value: object, _: object = None) -> Duration:
    try:
        return Duration.parse(_string(value))
    except ValueError:
        raise _expected("a duration in seconds, such as '1.5s'", value) from None


def _open_enum(value: object, kind: type[OpenEnum]) -> OpenEnum:
    return kind(_string(value))


_PRIMITIVES: frozenset[Any] = frozenset(
    {_string, _boolean, _integer, _number, _timestamp, _duration}
)
"""Hooks that need not be told the type."""


def _mapping(value: object, _: object = None) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return cast("dict[str, Any]", value)
    raise _expected("an object", value)


def camel(name: str) -> str:
    """Return the API's spelling of the name of a member."""
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


class _Later:
    """Stands for a rare model or enum, which is loaded when a value of it is first met."""


@cache
def _later(name: str) -> type[_Later]:
    return type(name, (_Later,), {})


def _loaded(kind: type[_Later]) -> type[Any]:
    return cast("type[Any]", getattr(models, kind.__name__))


class _Names(dict[str, Any]):
    """The names that annotations of a module use, those of rare models included."""

    def __missing__(self, name: str) -> type[_Later]:
        if name in models.HOMES:
            return _later(name)
        raise KeyError(name)


def _choices(kind: Any) -> tuple[Any, ...]:
    """Return the ``X`` and ``Y`` of ``X | Y | None``, and what is no union alone.

    Absence is a matter of the member, not of its value.
    """
    if get_origin(kind) not in {Union, UnionType}:
        return (kind,)
    return tuple(one for one in get_args(kind) if one is not type(None))


def _layout(kind: type[Model]) -> tuple[tuple[str, str, Any, Any], ...]:
    """Return the Python name, the wire name, the type and the default of each member of a model."""
    # Its own name, too, is looked up when it is met: a schema holds schemas.
    names = _Names(vars(sys.modules[kind.__module__]) | {kind.__name__: _later(kind.__name__)})
    hints = get_type_hints(kind, localns=names, include_extras=True)
    return tuple(
        (one.name, camel(one.name), hints[one.name], one.default)
        for one in fields(kind)
        if one.name != "extra"
    )


def _model_reader(kind: type[Model]) -> Callable[[Any, Any], Model]:
    known: dict[str, tuple[str, Callable[[Any], Any]]] = {}
    for name, wire_name, member_kind, _ in _layout(kind):
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
                except _MismatchError as mismatch:
                    raise mismatch.inside(wire_name) from None
        if extra:
            arguments["extra"] = extra
        try:
            return kind(**arguments)
        except TypeError:
            raise _MismatchError(f"{kind.__name__} lacks a member it must have") from None

    return read


def _reader(kind: Any) -> Callable[[Any], Any]:
    """Return how to read a value of ``kind``; of a union it is the first, and most telling, one."""
    (kind, *_) = _choices(kind)
    hook = _CONVERTER.get_structure_hook(kind)
    if hook in _PRIMITIVES:
        return cast("Callable[[Any], Any]", hook)
    return lambda value: hook(value, kind)


def _late_reader(kind: type[_Later]) -> Callable[[Any, Any], Any]:
    return lambda value, _: _CONVERTER.structure(value, _loaded(kind))


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
            except _MismatchError as mismatch:
                raise mismatch.inside(name) from None
        return found

    return read


def _tuple_reader(kind: Any) -> Callable[[Any, Any], tuple[Any, ...]]:
    hook = _reader(get_args(kind)[0])

    def read(tree: Any, _: Any) -> tuple[Any, ...]:
        if not isinstance(tree, list):
            raise _expected("an array", tree)
        found: list[Any] = []
        try:
            for one in _elements(tree):
                found.append(hook(one))  # noqa: PERF401 - its length says where one failed
        except _MismatchError as mismatch:
            raise mismatch.inside(f"[{len(found)}]") from None
        return tuple(found)

    return read


def _model_writer(kind: type[Model]) -> Callable[[Any], dict[str, Any]]:
    layout = tuple(
        (name, wire_name, _writer(member_kind), default)
        for name, wire_name, member_kind, default in _layout(kind)
    )

    def write(model: Any) -> dict[str, Any]:
        tree: dict[str, Any] = {}
        for name, wire_name, hook, default in layout:
            value = getattr(model, name)
            if value is not None and type(value) is not Absent and value != default:
                tree[wire_name] = _at(wire_name, hook, value)
        for name, value in model.extra.items():
            tree[name] = _at(name, _require_json, value)
        return tree

    return write


def _writer(kind: Any) -> Callable[[Any], Any]:
    """Return how to write a value of ``kind``; what is of another kind is refused.

    JSON would take it all the same, and the service would get another request than was meant:
    bytes as base64, a date as text.
    """
    kind, *others = _choices(kind)
    if others:
        return _string if others == [str] else _model_or_mapping_writer(_writer(kind))
    if kind in _WRITERS:
        return _WRITERS[kind]
    if kind == Int64:
        return lambda value: str(int(_written_integer(value)))
    if kind is Any:
        return _require_json
    if _origin(kind) is Mapping:
        return _mapping_writer(get_args(kind)[1])
    if _origin(kind) is tuple:
        return _sequence_writer(_writer(get_args(kind)[0]))
    if _is_later(kind):
        return lambda value: _writer(_loaded(kind))(value)  # noqa: PLW0108 - loaded when it is met
    if _is_model(kind):
        return _message_writer(kind)
    return _string  # an open enum


def _written_integer(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _expected("an integer", value)


def _written_number(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return cast("float", _require_json(value))
    raise _expected("a number", value)


def _written_timestamp(value: object) -> str:
    if isinstance(value, Timestamp):
        return value.rfc3339
    raise _expected("a Timestamp", value)


def _written_duration(value: object) -> str:
    if isinstance(value, Duration):
        return value.seconds_text
    if isinstance(value, timedelta):
        return seconds_text(value)
    raise _expected("a timedelta", value)


_WRITERS: dict[Any, Callable[[Any], Any]] = {
    str: _string,
    bool: _boolean,
    int: _written_integer,
    float: _written_number,
    Timestamp: _written_timestamp,
    timedelta: _written_duration,
}


def _model_or_mapping_writer(hook: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: _require_json(value) if isinstance(value, Mapping) else hook(value)


def _mapping_writer(kind: Any) -> Callable[[Any], Any]:
    if kind is Any:
        return _require_json
    hook = _writer(kind)

    def write(value: object) -> Any:
        if not isinstance(value, Mapping):
            raise _expected("an object", value)
        return {name: _at(name, hook, member) for name, member in _pairs(value)}

    return write


def _message_writer(kind: type[Model]) -> Callable[[Any], Any]:
    def write(value: object) -> Any:
        if isinstance(value, kind):
            return _CONVERTER.unstructure(value)
        article = "an" if kind.__name__[0] in "AEIOU" else "a"
        raise _expected(f"{article} {kind.__name__}", value)

    return write


def _sequence_writer(hook: Callable[[Any], Any]) -> Callable[[Any], list[Any]]:
    def write(values: tuple[Any, ...]) -> list[Any]:
        return [_at(f"[{index}]", hook, value) for index, value in enumerate(values)]

    return write


def _origin(kind: Any) -> object:
    """Return the class behind a generic alias, as an object that can be compared with any."""
    found: object = get_origin(kind)
    return found


def _is_later(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, _Later)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Model)


def _make_converter() -> Converter:
    converter = Converter(detailed_validation=False)
    # By class, since cattrs has hooks of its own by class, which come before those by predicate.
    converter.register_structure_hook(str, _string)
    converter.register_structure_hook(OpenEnum, _open_enum)
    converter.register_structure_hook(bool, _boolean)
    converter.register_structure_hook(int, _integer)
    converter.register_structure_hook(float, _number)
    converter.register_structure_hook(Timestamp, _timestamp)
    converter.register_structure_hook_func(lambda kind: kind == Int64, _integer)
    converter.register_structure_hook(timedelta, _duration)
    converter.register_structure_hook_factory(
        lambda kind: _origin(kind) is Mapping, _mapping_reader
    )
    converter.register_structure_hook_factory(_is_later, _late_reader)
    converter.register_structure_hook_factory(lambda kind: _origin(kind) is tuple, _tuple_reader)
    converter.register_structure_hook_factory(_is_model, _model_reader)
    converter.register_unstructure_hook(Timestamp, lambda stamp: stamp.rfc3339)
    converter.register_unstructure_hook_factory(_is_model, _model_writer)
    return converter


_CONVERTER = _make_converter()
