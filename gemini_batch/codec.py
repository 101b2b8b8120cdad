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
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

import msgspec
from attrs import fields
from cattrs import Converter

from .errors import ProtocolError
from .models.base import Int64, Model, OpenEnum, Timestamp
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
    tree = unstructure(model)
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
        case None | bool() | int():
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
    raise _expected("a number", value)


def _timestamp(value: object, _: object = None) -> Timestamp:
    try:
        return Timestamp.parse(_string(value))
    except ValueError:
        raise _expected("an RFC 3339 timestamp", value) from None


def _open_enum(value: object, kind: type[OpenEnum]) -> OpenEnum:
    return kind(_string(value))


_PRIMITIVES: frozenset[Any] = frozenset({_string, _boolean, _integer, _number, _timestamp})
"""Hooks that need not be told the type."""


def _mapping(value: object, _: object = None) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return cast("dict[str, Any]", value)
    raise _expected("an object", value)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


def _unwrapped(kind: Any) -> Any:
    """Return the ``X`` of ``X | None``: absence is a matter of the member, not of its value."""
    if type(None) in get_args(kind):
        (kind,) = (one for one in get_args(kind) if one is not type(None))
    return kind


def _layout(kind: type[Model]) -> tuple[tuple[str, str, Any], ...]:
    """Return the Python name, the wire name and the type of each member of a model."""
    hints = get_type_hints(kind, include_extras=True)
    return tuple(
        (one.name, _camel(one.name), _unwrapped(hints[one.name]))
        for one in fields(kind)
        if one.name != "extra"
    )


def _model_reader(kind: type[Model]) -> Callable[[Any, Any], Model]:
    known: dict[str, tuple[str, Callable[[Any], Any]]] = {}
    for name, wire_name, member_kind in _layout(kind):
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
    """Return how to read a value of ``kind``."""
    hook = _CONVERTER.get_structure_hook(kind)
    if hook in _PRIMITIVES:
        return cast("Callable[[Any], Any]", hook)
    return lambda value: hook(value, kind)


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
        (name, wire_name, _writer(member_kind)) for name, wire_name, member_kind in _layout(kind)
    )

    def write(model: Any) -> dict[str, Any]:
        tree: dict[str, Any] = {}
        for name, wire_name, hook in layout:
            value = getattr(model, name)
            if value is not None and value != ():
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
    if kind in _WRITERS:
        return _WRITERS[kind]
    if kind == Int64:
        return lambda value: str(int(_written_integer(value)))
    if kind is Any or _origin(kind) is Mapping:
        return _require_json
    if _origin(kind) is tuple:
        return _sequence_writer(_writer(get_args(kind)[0]))
    if _is_model(kind):
        return _message_writer(kind)
    if isinstance(kind, type) and issubclass(kind, str):
        return _string
    return _CONVERTER.unstructure


def _written_integer(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _expected("an integer", value)


def _written_number(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return cast("float", _require_json(value))
    raise _expected("a number", value)


_WRITERS: dict[Any, Callable[[Any], Any]] = {
    str: _string,
    bool: _boolean,
    int: _written_integer,
    float: _written_number,
}


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
    converter.register_structure_hook_func(lambda kind: _origin(kind) is Mapping, _mapping)
    converter.register_structure_hook_factory(lambda kind: _origin(kind) is tuple, _tuple_reader)
    converter.register_structure_hook_factory(_is_model, _model_reader)
    converter.register_unstructure_hook(Timestamp, lambda stamp: stamp.rfc3339)
    converter.register_unstructure_hook_factory(_is_model, _model_writer)
    return converter


_CONVERTER = _make_converter()
