"""Members by the field table: either spelling in, one spelling out, and nothing unknown.

What has been read here has its names in lowerCamelCase and its members of the kinds that the table
says, without those that are ``null``; so the rest of the emulator asks no more of what it reads.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Literal, TypeAlias

import attrs

from ..fields import Field, Message, messages
from .json_in import Step, is_array, is_object
from .wire import JsonObject


@attrs.frozen
class Trail:
    """The way to a value: how it is spelled, and how the service writes it in its messages."""

    before: Trail | None
    step: Step
    written: str

    def steps(self) -> list[Step]:
        """Return the steps from the root."""
        return [*(self.before.steps() if self.before else ()), self.step]

    def __str__(self) -> str:
        return f"{self.before or ''}{self.written}"


@attrs.frozen
class Problem:
    """One member that the table does not allow.

    ``unknown`` has a name that its message does not have, ``list`` is one where there may be but
    one value, ``single`` is one value where there should be a list, ``kind`` is of another kind
    than its type, and ``value`` of the right kind but out of its range.
    """

    reason: Literal["unknown", "list", "single", "kind", "value"]
    trail: Trail | None
    field: Field | None
    value: Any

    @property
    def path(self) -> str:
        """Return where the value stands, as the service writes it: ``contents[0].parts[1]``."""
        return str(self.trail or "").removeprefix(".")

    @property
    def parent(self) -> str:
        """Return the path of the message that the value stands in."""
        before = self.trail.before if self.trail else None
        return str(before or "").removeprefix(".")


Read: TypeAlias = Callable[[Any, "Trail | None", list[Problem]], Any]


def reader(message: Message) -> Read:
    """Return what reads the members of a message, noting the problems it meets."""
    known: dict[str, tuple[Field, Read]] = {}

    def read(value: Any, trail: Trail | None, problems: list[Problem]) -> JsonObject:
        if not known:  # as late as this because messages may hold themselves
            for field in message.values():
                known[field.name] = known[field.proto_name] = (field, _reader_of(field))
        found: JsonObject = {}
        for spelled, inner in value.items():
            entry = known.get(spelled)
            if entry is None:
                problems.append(Problem("unknown", Trail(trail, spelled, ""), None, inner))
            elif inner is not None:
                field, read_value = entry
                here = Trail(trail, spelled, f".{field.proto_name}")
                found[field.name] = read_value(inner, here, problems)
        return found

    return read


@cache
def message_reader(name: str) -> Read:
    """Return what reads a message of the table."""
    return reader(messages()[name])


def _reader_of(field: Field) -> Read:
    read = _checked(field)
    if field.repeated:
        return _repeated(field, read)
    return _mapped(field, read) if field.mapped else read


def _repeated(field: Field, read: Read) -> Read:
    def read_list(value: Any, trail: Trail | None, problems: list[Problem]) -> list[Any]:
        if not is_array(value):
            problems.append(Problem("single", trail, field, value))
            return [read(value, Trail(trail, 0, "[0]"), problems)]
        return [
            read(inner, Trail(trail, index, f"[{index}]"), problems)
            for index, inner in enumerate(value)
        ]

    return read_list


def _mapped(field: Field, read: Read) -> Read:
    def read_map(value: Any, trail: Trail | None, problems: list[Problem]) -> JsonObject:
        if not is_object(value):
            problems.append(Problem("kind", trail, field, value))
            return {}
        return {
            key: read(inner, Trail(trail, key, f"[{index}].value"), problems)
            for index, (key, inner) in enumerate(value.items())
        }

    return read_map


def _checked(field: Field) -> Read:
    """Return what reads one value of a field, repeated or not."""
    scalar = _SCALARS.get(field.type)
    if scalar is None:
        return _nested(field)
    kinds, refine = scalar

    def read_scalar(value: Any, trail: Trail | None, problems: list[Problem]) -> Any:
        if type(value) not in kinds:
            reason: Literal["list", "kind"] = "list" if is_array(value) else "kind"
            problems.append(Problem(reason, trail, field, value))
            return value
        try:
            return refine(value, field)
        except ValueError:
            problems.append(Problem("value", trail, field, value))
            return value

    return read_scalar


def _nested(field: Field) -> Read:
    def read_message(value: Any, trail: Trail | None, problems: list[Problem]) -> Any:
        if not is_object(value):
            reason: Literal["list", "kind"] = "list" if is_array(value) else "kind"
            problems.append(Problem(reason, trail, field, value))
            return {}
        return message_reader(field.type)(value, trail, problems)

    return read_message


def _as_it_is(value: Any, field: Field) -> Any:
    del field
    return value


def _integer(value: Any, field: Field) -> int:
    if isinstance(value, str) and _INTEGER.fullmatch(value) is None:
        raise ValueError(value)
    number = int(value) if isinstance(value, str) else value
    if isinstance(number, float) and not number.is_integer():
        raise ValueError(value)
    bound = 2 ** (int(field.type.removeprefix("int")) - 1)
    if not -bound <= number < bound:
        raise ValueError(value)
    return int(number)


def _number(value: Any, field: Field) -> float:
    del field
    if value in _CONSTANTS:
        return float(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value) is None:
        raise ValueError(value)
    number: float = float(value) if isinstance(value, str) else value
    if abs(number) > sys.float_info.max:
        raise ValueError(value)
    return number


_INTEGER = re.compile(r"-?[0-9]{1,19}")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_CONSTANTS = frozenset({"NaN", "Infinity", "-Infinity"})


def _enum(value: Any, field: Field) -> str:
    # Numbers stand for values too; and the documentation itself writes "string" for STRING.
    if isinstance(value, int):
        if not 0 <= value < len(field.values):
            raise ValueError(value)
        return field.values[value]
    for name in field.values:
        if name.lower() == value.lower():
            return name
    raise ValueError(value)


def _base64(value: str, field: Field) -> str:
    # By its length rather than by groups of four: a pattern would remember every one of them.
    del field
    bare = len(value.rstrip("="))
    padded = bare < len(value)
    if _BASE64.fullmatch(value) is None or (len(value) % 4 if padded else bare % 4 == 1):
        raise ValueError(value)
    return value


def _matching(pattern: str) -> Callable[[Any, Field], str]:
    compiled = re.compile(pattern, re.ASCII)

    def match(value: Any, field: Field) -> str:
        del field
        if compiled.fullmatch(value) is None:
            raise ValueError(value)
        return str(value)

    return match


_BASE64 = re.compile("[A-Za-z0-9+/_-]*+={0,2}")
_Refine: TypeAlias = Callable[[Any, Field], Any]
_TEXT = (str,)
_NUMBERS = (int, float, str)
_SCALARS: dict[str, tuple[Sequence[type], _Refine]] = {
    "string": (_TEXT, _as_it_is),
    "bool": ((bool,), _as_it_is),
    "int32": (_NUMBERS, _integer),
    "int64": (_NUMBERS, _integer),
    "float": (_NUMBERS, _number),
    "double": (_NUMBERS, _number),
    "enum": ((str, int), _enum),
    # Both alphabets, padded or not: https://protobuf.dev/programming-guides/json/
    "bytes": (_TEXT, _base64),
    "Timestamp": (_TEXT, _matching(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)")),
    "Duration": (_TEXT, _matching(r"-?\d+(?:\.\d{1,9})?s")),
    "Struct": ((dict,), _as_it_is),
    "Value": ((dict, list, str, int, float, bool), _as_it_is),
}
