"""JSON as clients write it: its value, where it breaks, and where in it a member stands."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Sequence
from typing import Any, TypeAlias

import msgspec
from typing_extensions import TypeIs

from .wire import JsonObject

Step: TypeAlias = str | int
"""From a value to one in it: the name of a member as it is spelled, or the index of an element."""


class BrokenJsonError(Exception):
    """A text is not JSON: where it breaks (from zero), what stands there, what should.

    Where no character is to blame, or none is known, nothing is said to stand there.
    """

    def __init__(self, position: int, found: str | None, expected: str) -> None:
        super().__init__(position, found, expected)
        self.position = position
        self.found = found
        self.expected = expected


def is_object(value: object) -> TypeIs[JsonObject]:
    """Say whether a value is a JSON object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeIs[list[Any]]:
    """Say whether a value is a JSON array."""
    return isinstance(value, list)


def parse(data: bytes) -> Any:
    """Return the value of a text, or raise :class:`BrokenJsonError`."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _broken(data, error) from error


def parse_leniently(data: bytes) -> Any:
    """Return the value of a text that may have ``'`` around its strings.

    The service reads that in bodies, and the examples of its documentation are written so.
    """
    try:
        return parse(data)
    except BrokenJsonError:
        text = data.decode("utf-8", "replace")
        if "'" not in text:
            raise
        try:
            return parse(_STRING.sub(_requoted, text).encode())
        except BrokenJsonError:
            pass  # it is no better so: what is wrong is told of the text as it was sent
        raise


# Strings that do not end match too, and nothing is tried twice: the time is linear in the text.
_DOUBLE = r'"[^"\\]*+(?:\\.?[^"\\]*+)*+"?'
_SINGLE = r"'(?P<inner>[^'\\]*+(?:\\.?[^'\\]*+)*+)(?P<end>'?)"
_STRING = re.compile(f"{_DOUBLE}|{_SINGLE}", re.DOTALL)


def _requoted(string: re.Match[str]) -> str:
    if not string["end"]:  # in double quotes, or it does not end
        return string[0]
    inner = re.sub(r'\\.|"', lambda found: _REQUOTED.get(found[0], found[0]), string["inner"])
    return f'"{inner}"'


_REQUOTED = {r"\'": "'", '"': r"\""}


def too_deep() -> BrokenJsonError:
    """Return what is wrong with a text that has more levels than can be read."""
    return BrokenJsonError(0, None, "fewer levels of nesting")


def _broken(data: bytes, error: Exception) -> BrokenJsonError:
    try:
        text = data.decode()
    except UnicodeDecodeError as undecoded:
        return BrokenJsonError(undecoded.start, f"byte 0x{data[undecoded.start]:02x}", "UTF-8")
    try:
        json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as told:
        position = told.pos
        if told.msg.startswith("Illegal trailing comma"):  # told of what follows before Python 3.13
            position = _skip(text, position + 1)
        position = min(position, len(text.rstrip()))
        found = repr(text[position]) if position < len(text.rstrip()) else "end of text"
        return BrokenJsonError(position, found, _EXPECTED.get(told.msg, "a JSON value"))
    except RecursionError:
        return too_deep()
    except ValueError:
        pass  # a number that JSON does not have, or of more digits than can be read
    # The standard library lets more pass, and has no position to give.
    for token in _NUMBER.finditer(text):
        if token["constant"] or (token["number"] and _is_out_of_range(token["number"])):
            position = token.start()
            expected = "a JSON value" if token["constant"] else "a number that is not out of range"
            return BrokenJsonError(position, repr(text[position]), expected)
    named = re.search(r"byte (\d+)", str(error))
    if named is None:
        if isinstance(error, RecursionError):
            return too_deep()
        return BrokenJsonError(0, None, "a JSON value")
    position = len(data[: int(named[1])].decode("utf-8", "ignore"))
    return BrokenJsonError(position, repr(text[position : position + 1]), "a JSON value")


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


_NUMBER = re.compile(
    f"{_DOUBLE}|(?P<constant>-?(?:NaN|Infinity))"
    r"|(?P<number>-?[0-9]++(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)",
    re.DOTALL,
)


def _is_out_of_range(number: str) -> bool:
    if number.removeprefix("-").isdigit():
        return len(number.removeprefix("-")) > sys.get_int_max_str_digits()
    return math.isinf(float(number))


_EXPECTED = {
    "Expecting property name enclosed in double quotes": "a string",
    "Illegal trailing comma before end of object": "a string",
    "Expecting ':' delimiter": "':'",
    "Expecting ',' delimiter": "',' or an end",
    "Unterminated string starting at": "a string that ends",
    "Invalid control character at": "an escaped character",
    "Invalid \\escape": "an escape of JSON",
    "Extra data": "nothing more",
}


def locate(text: str, steps: Sequence[Step]) -> tuple[int, int]:
    """Return where the last member on the way begins, and where its value does, from zero.

    The text is JSON, and the steps lead to a value in it; an element begins with its value. Of
    members of one name the last counts, as it does for the value of the text.
    """
    begin = at = _skip(text, 0)
    for step in steps:
        begin, at = _enter(text, at, step)
    return begin, at


def _enter(text: str, at: int, step: Step) -> tuple[int, int]:
    """Find a member of the object, or an element of the array, that begins here."""
    at = _skip(text, at + 1)
    if isinstance(step, int):
        for _ in range(step):
            at = _skip(text, _end(text, at) + 1)
        return at, at
    found = at, at
    while True:
        begin = at
        name, at = _DECODER.raw_decode(text, at)
        at = _skip(text, _skip(text, at) + 1)
        if name == step:
            found = begin, at
        at = _end(text, at)
        if text[at] == "}":
            return found
        at = _skip(text, at + 1)


def _end(text: str, at: int) -> int:
    """Return where the comma or the bracket after the value that begins here stands."""
    _, at = _DECODER.raw_decode(text, at)
    return _skip(text, at)


_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\n\r]*")


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return at if match is None else match.end()
