"""The messages of the API, field by field: names and types, and nothing of this package's models.

``api.json`` beside this file is the table, for programs in any language. It was made from the API's
discovery document and is no model of ours, so that models can be held against it, and so that what
an emulator lets in and what this package sends are judged by a third party.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, TypeAlias

import attrs

SCALARS = frozenset(
    {
        *("string", "bool", "int32", "int64", "float", "double", "bytes", "enum"),
        *("Timestamp", "Duration", "Struct", "Value"),
    }
)
"""The types that are no messages of the table: scalars of proto3, and well-known types."""


@attrs.frozen
class Field:
    """One field of a message.

    ``name`` is in lowerCamelCase, as the service writes it, and ``proto_name`` in snake_case; the
    service reads both. ``type`` is one of ``SCALARS`` or the name of a message; ``values`` are
    those of an enum. An ``observed`` field stands in no discovery document, but was seen in use.
    """

    name: str
    proto_name: str
    type: str
    repeated: bool = False
    mapped: bool = False
    values: tuple[str, ...] = ()
    observed: bool = False


Message: TypeAlias = Mapping[str, Field]
"""The fields of one message, by their lowerCamelCase names."""


@cache
def messages() -> Mapping[str, Message]:
    """Return every message of the table, by its name."""
    table = json.loads(files(__name__).joinpath("api.json").read_bytes())
    observed = table["observed"]
    enums: dict[str, list[str]] = dict(table["enums"])
    for name, values in observed["enums"].items():
        enums[name] = [*enums[name], *values]
    found: dict[str, dict[str, Field]] = {}
    for part, seen_only in ((table["messages"], False), (observed["messages"], True)):
        for message, types in part.items():
            fields = found.setdefault(message, {})
            for name, written in types.items():
                values = enums.get(f"{message}.{name}", [])
                fields[name] = _field(name, written, values, observed=seen_only)
    return MappingProxyType({name: MappingProxyType(fields) for name, fields in found.items()})


def proto_name(name: str) -> str:
    """Return the snake_case spelling of a lowerCamelCase name."""
    return re.sub(r"[A-Z]", lambda capital: "_" + capital[0].lower(), name)


_TYPE = re.compile(r"(?:map<string, (?P<mapped>\w+)>|(?P<plain>\w+))(?P<repeated>\[\])?")


def _field(name: str, written: str, values: list[str], **marks: Any) -> Field:
    match = _TYPE.fullmatch(written)
    if match is None:
        raise ValueError(f"{written!r}, the type of {name}, cannot be read")
    return Field(
        name=name,
        proto_name=proto_name(name),
        type=match["mapped"] or match["plain"],
        repeated=match["repeated"] is not None,
        mapped=match["mapped"] is not None,
        values=tuple(values),
        **marks,
    )
