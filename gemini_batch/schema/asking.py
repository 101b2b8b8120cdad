"""A class as a ``Schema``, the subset of OpenAPI's that the API takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from enum import Enum
from functools import partial
from typing import Any, Literal, get_args, get_origin
from uuid import UUID

from ..errors import UsageError
from ..models.schema import Schema, Type
from .classes import SETS, UNIONS, bare, members_of, name_of, require_hashable, said_of
from .parts import (
    LEVELS,
    Bounds,
    EndlessError,
    any_of,
    defaulted,
    described,
    ends,
    fixed,
    list_of,
    names,
    object_of,
    pairs_of,
)
from .validated import is_validated, schema_of_validated

NULL = type(None)
SCALARS: Mapping[Any, Schema] = {
    str: Schema(Type.STRING),
    bool: Schema(Type.BOOLEAN),
    int: Schema(Type.INTEGER),
    float: Schema(Type.NUMBER),
    NULL: Schema(Type.NULL),
    datetime: Schema(Type.STRING, format="date-time"),
    date: Schema(Type.STRING, format="date"),
    time: Schema(Type.STRING, format="time"),
    UUID: Schema(Type.STRING, format="uuid"),
}
LISTS = SETS | {list, Sequence}
MAPPINGS = frozenset({dict, Mapping})

UNTOLD = "is nothing that a schema of the API can express"


def schema_of(kind: Any, *, levels: int = LEVELS) -> Schema:
    """Return the schema of an answer that can be read back as a value of ``kind``.

    That is an attrs class, a dataclass, a ``TypedDict`` or a pydantic model, or something made of
    them: lists, tuples, sets, dictionaries by text, unions, enums and ``Literal``. Docstrings,
    ``Annotated[int, "a text"]`` and pydantic's ``Field(description=…)`` tell the model what is
    meant. Members with a default may be left out, and all are written in the order of the class.
    ``response.parsed(kind)`` reads the answer, or :func:`~gemini_batch.schema.parse` any text.

    Args:
        kind: The class.
        levels: How often a class that refers to itself stands within itself. The API's schemas
            cannot refer to themselves, and so have an end.

    Raises:
        UsageError: The API's schemas cannot express it; the place is named.
    """
    name = name_of(kind)
    try:
        return _Asking(levels).value(kind, name)
    except EndlessError:
        raise UsageError(
            f"{name} holds itself without an end: let a member be None, or have a default"
        ) from None


class _Asking:
    """Put one schema together."""

    def __init__(self, levels: int) -> None:
        self._levels = levels
        self._bounds = Bounds(levels)

    def value(self, kind: Any, path: str) -> Schema:
        kind, text = bare(kind)
        return described(self._bounds.within(self._bare, kind, path), text)

    def _bare(self, kind: Any, path: str) -> Schema:
        origin, args = get_origin(kind), get_args(kind)
        if origin is Literal:
            return names(
                [one for one in args if one is not None], path, nullable=None in args or None
            )
        if origin in UNIONS:
            wanted = [one for one in args if one is not NULL]
            makers = [partial(self.value, one, path) for one in wanted]
            return any_of(makers, nullable=len(wanted) < len(args))
        if origin is tuple and args[1:] != (...,):
            return fixed([self.value(one, f"{path}[{n}]") for n, one in enumerate(args)], path)
        if origin in SETS:
            require_hashable(args[0], path)
        if origin is tuple or origin in LISTS:
            return list_of(partial(self.value, args[0], f"{path}[]"))
        if origin in MAPPINGS:
            if bare(args[0])[0] is not str:
                raise UsageError(f"{path}: the keys of a dictionary must be str")
            return pairs_of(partial(self.value, args[1], f"{path}[]"))
        if kind is None:
            return SCALARS[NULL]
        if not isinstance(kind, type):
            raise UsageError(f"{path}: {name_of(kind)} {UNTOLD}")
        return SCALARS[kind] if kind in SCALARS else self._class(kind, path)

    def _class(self, kind: Any, path: str) -> Schema:
        if issubclass(kind, Enum):
            text, _ = said_of(kind)
            return described(names([one.value for one in kind], path), text)
        if is_validated(kind):
            return schema_of_validated(kind, path, self._levels)
        if members_of(kind) is None:
            raise UsageError(f"{path}: {name_of(kind)} {UNTOLD}")
        text, _ = said_of(kind)
        return described(self._bounds.within_class(kind, self._object, kind, path), text)

    def _object(self, kind: Any, path: str) -> Schema:
        members = members_of(kind) or ()
        properties: dict[str, Schema] = {}
        for member in members:
            try:
                found = self.value(member.kind, f"{path}.{member.name}")
            except EndlessError:
                if member.required:
                    raise
                continue
            if member.required or not ends(found):
                default = (
                    member.default.value if isinstance(member.default, Enum) else member.default
                )
                said = described(found, member.description)
                properties[member.name] = defaulted(said, default)
        return object_of(properties, [one.name for one in members if one.required], path)
