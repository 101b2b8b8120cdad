"""Problems of what clients send, in the words of the service: one way for bodies, one for files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from ..fields import SCALARS, Field
from .json_in import BrokenJsonError, locate
from .members import Problem
from .wire import RefusalError, invalid_fields

Violation: TypeAlias = tuple[str, str]
"""The path of a field, and what is wrong with it."""

_PREFIX = "Invalid JSON payload received. "
_QUOTED = 100
"""Characters of a wrong value that a message repeats."""
_AROUND = 20
"""Characters of broken text that a message shows on either side."""
_PACKAGE = "type.googleapis.com/google.ai.generativelanguage.v1beta"


def refuse_members(problems: Iterable[Problem]) -> RefusalError | None:
    """Return the refusal of a body that has problems; ``None`` if it has none that matter."""
    violations = list(_violations(problems))
    return invalid_fields(violations) if violations else None


def _violations(problems: Iterable[Problem]) -> Iterator[Violation]:
    for problem in problems:
        if problem.reason == "single":
            continue  # in a body, one value will do for a list of one
        if problem.reason in {"unknown", "list"}:
            name = problem.trail.step if problem.trail else ""
            where = f" at '{problem.parent}'" if problem.parent else ""
            why = "Cannot find field."
            if problem.reason == "list":
                why = "Proto field is not repeating, cannot start list."
            yield problem.parent, f'{_PREFIX}Unknown name "{name}"{where}: {why}'
        else:
            yield problem.path, _invalid_value(problem)


def _invalid_value(problem: Problem) -> str:
    value = json.dumps(problem.value, ensure_ascii=False)
    if len(value) > _QUOTED:
        value = f"{value[:_QUOTED]}..."
    if problem.field is not None and problem.field.type == "bytes" and problem.reason == "value":
        value = f"Base64 decoding failed for {value}"
    return f"Invalid value at '{problem.path}' ({_type_of(problem.field)}), {value}"


def _type_of(field: Field | None) -> str:
    if field is None:
        return "a message"
    if field.type in {"Timestamp", "Duration", "Struct", "Value"}:
        return f"type.googleapis.com/google.protobuf.{field.type}"
    return f"TYPE_{field.type.upper()}" if field.type in SCALARS else f"{_PACKAGE}.{field.type}"


def refuse_text(data: bytes, broken: BrokenJsonError) -> RefusalError:
    """Return the refusal of a body that is not JSON."""
    if broken.found is None:
        why = f"Unexpected value; expected {broken.expected}."
        return invalid_fields([("", f"{_PREFIX}{why}")])
    text = data.decode("utf-8", "replace")
    at = broken.position
    what = "Unexpected token." if at < len(text.rstrip()) else "Unexpected end of string."
    before, after = text[max(0, at - _AROUND) : at], text[at : at + _AROUND]
    excerpt = f"{before}{after}".replace("\n", " ")
    return invalid_fields([("", f"{_PREFIX}{what}\n{excerpt}\n{' ' * len(before)}^")])


def refuse_root() -> RefusalError:
    """Return the refusal of a body whose value is no object."""
    return invalid_fields([("", f'{_PREFIX}Unknown name "": Root element must be a message.')])


class LineError(Exception):
    """A line of an input file that the service refuses, and why."""


def broken_line(broken: BrokenJsonError) -> LineError:
    """Return what is wrong with a line that is not JSON."""
    if broken.found is None:
        return LineError(f"invalid JSON: expected {broken.expected}")
    return LineError(
        f"invalid JSON, near column {broken.position + 1}: "
        f"unexpected character: {broken.found}; expected {broken.expected}"
    )


def wrong_line(line: bytes, problem: Problem) -> LineError:
    """Return what is wrong with a line by its first problem; its column is where that stands."""
    text = line.decode()
    name, value = locate(text, problem.trail.steps() if problem.trail else [])
    if problem.reason == "unknown":
        step = problem.trail.step if problem.trail else ""
        return LineError(f"invalid JSON, near column {name + 1}: no such field: '{step}'")
    if problem.reason == "value":
        found = json.dumps(problem.value, ensure_ascii=False)[:_QUOTED]
        kind = "" if problem.field is None else problem.field.type
        return LineError(f"invalid JSON, near column {value + 1}: invalid {kind} value: {found}")
    expected = "'['" if problem.reason == "single" else _expected(problem.field)
    return LineError(
        f"invalid JSON, near column {value + 1}: "
        f"unexpected character: '{text[value]}'; expected {expected}"
    )


def _expected(field: Field | None) -> str:
    if field is None or field.type not in SCALARS or field.type == "Struct" or field.mapped:
        return "'{'"
    if field.type == "bool":
        return "'t' or 'f'"
    return "a number" if field.type in {"int32", "int64", "float", "double"} else "'\"'"


def refuse_lines(problems: list[tuple[int, str]]) -> RefusalError:
    """Return the refusal of an input file, naming its bad lines."""
    named = "\n".join(f"Error on line {number}: {why}" for number, why in problems)
    return RefusalError(400, named)
