"""What stands in a reply, held against the field table of the API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from gemini_batch.fields import SCALARS, Field, messages

Strange: TypeAlias = str
"""A member that the table does not have, by its message, or a value that its enum does not have."""

_NAMING = {"name", "responsesFile", "fileName"}


def strange(value: Any, message: str) -> Iterator[Strange]:
    """Yield what of a message the table does not have: members, and values of enums."""
    fields = messages()[message]
    if not isinstance(value, dict):
        yield f"{message}: {type(value).__name__} instead of a message"
        return
    for name, member in value.items():
        known = fields.get(name)
        if known is not None:
            yield from _strange_member(member, known, f"{message}.{name}")
        elif name != "@type":
            yield f"{message}.{name}"
    if message == "Operation":
        yield from _strange_parts(value)


def _strange_parts(operation: dict[str, Any]) -> Iterator[Strange]:
    """Look into what an operation holds, whose type stands beside it.

    That of its response is not to be relied on: it follows from the kind of the batch.
    """
    described = operation.get("metadata", {})
    kind = str(described.get("@type", "")).rpartition(".")[2]
    if kind not in messages():
        yield f"Operation.metadata, whose type is {kind!r}"
        return
    yield from strange(described, kind)
    if "response" in operation:
        yield from strange(operation["response"], f"{kind}Output")


def _strange_member(value: Any, field: Field, path: str) -> Iterator[Strange]:
    if field.repeated and isinstance(value, list):
        found = value
    elif field.mapped and isinstance(value, dict):
        found = list(value.values())
    else:
        found = [value]
    for one in found:
        if field.type not in SCALARS:
            yield from strange(one, field.type)
        elif field.type == "enum" and one not in field.values:
            yield f"{path} = {one!r}"


def names_in(value: Any) -> Iterator[str]:
    """Yield what stands in a reply where names of batches and files do."""
    if isinstance(value, list):
        for one in value:
            yield from names_in(one)
    if isinstance(value, dict):
        for member, one in value.items():
            if not isinstance(one, str):
                yield from names_in(one)
            elif member in _NAMING and one.startswith(("batches", "files")):
                yield one
