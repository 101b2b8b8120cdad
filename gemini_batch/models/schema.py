"""``Schema``, a subset of OpenAPI's: https://ai.google.dev/api/caching#Schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import field, frozen

from .base import Int64, Model, OpenEnum, as_strings, no_members


class Type(OpenEnum):
    """What a value is."""

    STRING = "STRING"
    NUMBER = "NUMBER"
    INTEGER = "INTEGER"
    BOOLEAN = "BOOLEAN"
    ARRAY = "ARRAY"
    OBJECT = "OBJECT"
    NULL = "NULL"


def as_schemas(values: Iterable[Schema]) -> tuple[Schema, ...]:
    """Freeze a sequence of schemas."""
    return tuple(values)


@frozen
class Schema(Model):
    """What a value must be like: an answer in JSON, or an argument of a function.

    ``property_ordering`` is the order in which the model writes the properties.
    """

    type: Type | str | None = None
    description: str | None = None
    properties: Mapping[str, Schema] = field(factory=no_members, hash=False)
    required: tuple[str, ...] = field(default=(), converter=as_strings)
    property_ordering: tuple[str, ...] = field(default=(), converter=as_strings)
    items: Schema | None = None
    enum: tuple[str, ...] = field(default=(), converter=as_strings)
    any_of: tuple[Schema, ...] = field(default=(), converter=as_schemas)
    nullable: bool | None = None
    format: str | None = None
    pattern: str | None = None
    title: str | None = None
    default: Any = field(default=None, hash=False)
    example: Any = field(default=None, hash=False)
    minimum: float | None = None
    maximum: float | None = None
    min_length: Int64 | None = None
    max_length: Int64 | None = None
    min_items: Int64 | None = None
    max_items: Int64 | None = None
    min_properties: Int64 | None = None
    max_properties: Int64 | None = None
