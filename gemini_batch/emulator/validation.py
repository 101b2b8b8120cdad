"""What create accepts: the one place that knows which requests the service refuses.

Kinds of members are checked here, not yet their names: a member that the schema does not have is
let through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, TypeAlias

import attrs
import msgspec

from .json_in import (
    array_member,
    integer_member,
    is_object,
    object_member,
    parse_object,
    peek,
    text_member,
    wrong_kind,
)
from .wire import JsonObject, RefusalError, invalid_fields

Kind: TypeAlias = Literal["generate", "embed"]

MOST_LINES_NAMED = 100


@attrs.frozen
class InlineItem:
    """One request of an inline batch."""

    request: JsonObject
    metadata: JsonObject | None


@attrs.frozen
class CreateBody:
    """What a create call asks for."""

    display_name: str
    priority: int
    file_name: str | None
    items: tuple[InlineItem, ...]


@attrs.frozen
class Line:
    """One request of an input file."""

    key: str | None
    request: JsonObject


class LineError(Exception):
    """A line of an input file that the service refuses, and why."""


def read_create(body: bytes, kind: Kind) -> CreateBody:
    """Read the body of a create call, or refuse it."""
    batch = object_member(parse_object(body), "batch")
    if batch is None:
        raise invalid_fields([("batch", "batch is required.")])
    config = object_member(batch, "inputConfig", "batch")
    if config is None:
        raise invalid_fields([("batch.input_config", "batch.input_config is required.")])
    at = "batch.input_config"
    file_name = text_member(config, "fileName", at)
    wrapper = object_member(config, "requests", at)
    if (file_name is None) == (wrapper is None):
        reason = f"Exactly one of {at}.file_name and {at}.requests must be set."
        raise invalid_fields([(at, reason)])
    return CreateBody(
        display_name=text_member(batch, "displayName", "batch") or "",
        priority=integer_member(batch, "priority", "batch"),
        file_name=file_name,
        items=() if wrapper is None else tuple(_items(wrapper, f"{at}.requests", kind)),
    )


def _items(wrapper: JsonObject, at: str, kind: Kind) -> Iterator[InlineItem]:
    entries = array_member(wrapper, "requests", at)
    if not entries:
        raise invalid_fields([(f"{at}.requests", f"{at}.requests must not be empty.")])
    for index, entry in enumerate(entries):
        path = f"{at}.requests[{index}]"
        if not is_object(entry):
            raise wrong_kind(path, "an object")
        request = object_member(entry, "request", path)
        if request is None:
            raise invalid_fields([(f"{path}.request", f"{path}.request is required.")])
        problem = find_problem(request, kind, f"{path}.request")
        if problem is not None:
            raise invalid_fields([problem])
        yield InlineItem(request, object_member(entry, "metadata", path))


def read_line(line: bytes, kind: Kind) -> Line:
    """Read one line of an input file, or raise :class:`LineError`."""
    try:
        value = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise LineError(f"invalid JSON, near column {_column(line, error)}: {error}") from error
    if not is_object(value):
        raise LineError("invalid JSON, near column 1: expected '{'")
    request = peek(value, "request")
    if not is_object(request):
        raise LineError("missing field: 'request', which must be an object")
    key = value.get("key")
    if key is not None and not isinstance(key, str):
        raise LineError("invalid value at 'key': expected a string")
    problem = find_problem(request, kind, "request")
    if problem is not None:
        raise LineError(problem[1])
    return Line(key, request)


def _column(line: bytes, error: Exception) -> int:
    named = re.search(r"byte (\d+)", str(error))
    return int(named[1]) + 1 if named else len(line.rstrip())


def refuse_lines(problems: list[tuple[int, str]]) -> RefusalError:
    """Return the refusal of an input file, naming its bad lines."""
    named = problems[:MOST_LINES_NAMED]
    return RefusalError(400, "\n".join(f"Error on line {number}: {why}" for number, why in named))


def find_problem(request: JsonObject, kind: Kind, at: str) -> tuple[str, str] | None:
    """Return path and description of what is wrong with one request, or ``None``."""
    try:
        if kind == "embed":
            if integer_member(request, "outputDimensionality", at) < 0:
                raise wrong_kind(f"{at}.output_dimensionality", "a positive number")
            content = object_member(request, "content", at)
            if content is not None:
                _check_parts(content, f"{at}.content")
        else:
            _check_contents(request, at)
    except RefusalError as refusal:
        violation = refusal.details[0]["fieldViolations"][0]
        return violation["field"], violation["description"]
    return None


def _check_contents(request: JsonObject, at: str) -> None:
    contents = array_member(request, "contents", at)
    for index, content in enumerate(contents):
        path = f"{at}.contents[{index}]"
        if not is_object(content):
            raise wrong_kind(path, "an object")
        _check_parts(content, path)
    for name in ("systemInstruction", "generationConfig", "toolConfig"):
        object_member(request, name, at)
    for name in ("tools", "safetySettings"):
        array_member(request, name, at)
    model = text_member(request, "model", at)
    if model and not model.startswith(("models/", "tunedModels/")):
        path = f"{at}.model"
        raise invalid_fields(
            [(path, f"Invalid value at '{path}': expected models/…, not {model!r}.")]
        )


def _check_parts(content: JsonObject, at: str) -> None:
    parts = array_member(content, "parts", at)
    for index, part in enumerate(parts):
        path = f"{at}.parts[{index}]"
        if not is_object(part):
            raise wrong_kind(path, "an object")
        text_member(part, "text", path)
