"""Reading what clients send: both spellings of every member, strict about kinds."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import msgspec
from typing_extensions import TypeIs

from .wire import JsonObject, RefusalError, invalid_fields


@lru_cache(maxsize=4096)
def snake(name: str) -> str:
    """Return the other spelling of a lowerCamelCase name."""
    return re.sub(r"[A-Z]", lambda capital: "_" + capital[0].lower(), name)


def peek(value: JsonObject, name: str) -> Any:
    """Return a member under either spelling; ``null`` counts as absent."""
    found = value.get(name)
    return value.get(snake(name)) if found is None else found


def text_member(value: JsonObject, name: str, at: str = "") -> str | None:
    """Return a member that must be a string if it is there."""
    found = peek(value, name)
    if found is None or isinstance(found, str):
        return found
    raise wrong_kind(_path(at, name), "a string")


def object_member(value: JsonObject, name: str, at: str = "") -> JsonObject | None:
    """Return a member that must be an object if it is there."""
    found = peek(value, name)
    if found is None or is_object(found):
        return found
    raise wrong_kind(_path(at, name), "an object")


def array_member(value: JsonObject, name: str, at: str = "") -> list[Any]:
    """Return a member that must be an array if it is there; absent and empty are the same."""
    found = peek(value, name)
    if found is None:
        return []
    if is_array(found):
        return found
    raise wrong_kind(_path(at, name), "an array")


def integer_member(value: JsonObject, name: str, at: str = "") -> int:
    """Return a member that must be a whole number, perhaps in a string; absent is zero."""
    found = peek(value, name)
    if found is None:
        return 0
    try:
        number = 0.5 if isinstance(found, bool) else float(found)
    except (TypeError, ValueError):
        number = 0.5
    if not number.is_integer():
        raise wrong_kind(_path(at, name), "a whole number")
    return int(number)


def wrong_kind(path: str, kind: str) -> RefusalError:
    """Return the refusal of a member of another kind than the schema's."""
    return invalid_fields([(path, f"Invalid value at '{path}': expected {kind}.")])


def _path(at: str, name: str) -> str:
    return f"{at}.{snake(name)}" if at else snake(name)


def is_object(value: object) -> TypeIs[JsonObject]:
    """Say whether a value is a JSON object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeIs[list[Any]]:
    """Say whether a value is a JSON array."""
    return isinstance(value, list)


def parse_object(body: bytes) -> JsonObject:
    """Read a request body, which must be one JSON object."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        reason = f"Invalid JSON payload received. {error}"
        raise invalid_fields([("", reason)]) from error
    if not is_object(value):
        raise invalid_fields([("", "Invalid JSON payload received. Root is not an object.")])
    return value
