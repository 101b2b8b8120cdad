"""What the bodies of requests and the lines of files may be.

Names and kinds of members are held against the field table; what a message means, and the service
does not allow, is here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

import attrs

from ..fields import Field
from .json_in import BrokenJsonError, is_object, parse, parse_leniently, too_deep
from .members import Problem, Read, message_reader, reader
from .refusals import (
    LineError,
    Violation,
    broken_line,
    refuse_members,
    refuse_root,
    refuse_text,
    wrong_line,
)
from .wire import JsonObject, invalid_fields

Kind: TypeAlias = Literal["generate", "embed"]

_BODIES = {"generate": "BatchGenerateContentRequest", "embed": "AsyncBatchEmbedContentRequest"}
_REQUESTS = {"generate": "GenerateContentRequest", "embed": "EmbedContentRequest"}


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


def read_body(body: bytes, message: str) -> JsonObject:
    """Read a request body, which is a message of the field table, or refuse it.

    An absent body is an empty message.
    """
    if not body.strip():
        return {}
    try:
        value = parse_leniently(body)
    except BrokenJsonError as broken:
        raise refuse_text(body, broken) from broken
    if not is_object(value):
        raise refuse_root()
    problems: list[Problem] = []
    try:
        found: JsonObject = message_reader(message)(value, None, problems)
    except RecursionError as error:
        raise refuse_text(body, too_deep()) from error
    refusal = refuse_members(problems)
    if refusal is not None:
        raise refusal
    return found


def read_create(body: bytes, kind: Kind) -> CreateBody:
    """Read the body of a create call, or refuse it."""
    batch = _required(read_body(body, _BODIES[kind]), "batch", "batch")
    config = _required(batch, "inputConfig", "batch.input_config")
    at = "batch.input_config"
    file_name = config.get("fileName")
    wrapper = config.get("requests")
    if (file_name is None) == (wrapper is None):
        reason = f"Exactly one of {at}.file_name and {at}.requests must be set."
        raise invalid_fields([(at, reason)])
    return CreateBody(
        display_name=batch.get("displayName", ""),
        priority=batch.get("priority", 0),
        file_name=file_name,
        items=() if wrapper is None else tuple(_items(wrapper, f"{at}.requests", kind)),
    )


def _required(message: JsonObject, name: str, path: str) -> JsonObject:
    found: JsonObject | None = message.get(name)
    if found is None:
        raise invalid_fields([(path, f"{path} is required.")])
    return found


def _items(wrapper: JsonObject, at: str, kind: Kind) -> Iterator[InlineItem]:
    entries = wrapper.get("requests")
    if not entries:
        raise invalid_fields([(f"{at}.requests", f"{at}.requests must not be empty.")])
    for index, entry in enumerate(entries):
        path = f"{at}.requests[{index}].request"
        request = _required(entry, "request", path)
        problem = find_problem(request, kind, path)
        if problem is not None:
            raise invalid_fields([problem])
        yield InlineItem(request, entry.get("metadata"))


def _line_reader(kind: Kind) -> Read:
    # The line itself is no message of the API: https://ai.google.dev/gemini-api/docs/batch-api
    fields = (Field("key", "key", "string"), Field("request", "request", _REQUESTS[kind]))
    return reader({field.name: field for field in fields})


_LINES: dict[Kind, Read] = {"generate": _line_reader("generate"), "embed": _line_reader("embed")}


def read_line(line: bytes, kind: Kind) -> Line:
    """Read one line of an input file, or raise :class:`LineError`."""
    try:
        value = parse(line)
    except BrokenJsonError as broken:
        raise broken_line(broken) from broken
    problems: list[Problem] = []
    if not is_object(value):
        raise wrong_line(line, Problem("kind", None, None, value))
    try:
        found = _LINES[kind](value, None, problems)
        if problems:
            raise wrong_line(line, problems[0])
    except RecursionError as error:
        raise broken_line(too_deep()) from error
    request = found.get("request")
    if request is None:
        raise LineError("missing field: 'request'")
    problem = find_problem(request, kind, "request")
    if problem is not None:
        raise LineError(problem[1])
    return Line(found.get("key"), request)


def find_problem(request: JsonObject, kind: Kind, at: str) -> Violation | None:
    """Return what is wrong with what one request means, or ``None``."""
    model = request.get("model", "")
    if model and not model.startswith(("models/", "tunedModels/")):
        return f"{at}.model", f"* {_REQUESTS[kind]}.model: unexpected model name format"
    if kind == "embed":
        if request.get("outputDimensionality", 0) < 0:
            return f"{at}.output_dimensionality", "output_dimensionality must be positive."
    elif request.get("cachedContent") and any(request.get(name) for name in _CACHED):
        return f"{at}.cached_content", _CACHED_MESSAGE
    return None


_CACHED = ("systemInstruction", "tools", "toolConfig")
_CACHED_MESSAGE = (
    "CachedContent can not be used with GenerateContent request setting system_instruction, "
    "tools or tool_config."
)
