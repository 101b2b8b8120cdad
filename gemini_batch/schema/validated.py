"""Pydantic models: their JSON Schema told in the API's words, and values that they validate.

They are known by what they can do, so that pydantic is loaded by those who use it, and not here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, Protocol, Self, TypeGuard, cast

from attrs import evolve

from ..errors import UsageError
from ..models.schema import Schema, Type
from .misfit import MisfitError, pairs_in
from .parts import (
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


class Validated(Protocol):
    """What of a pydantic model is used."""

    @classmethod
    def model_json_schema(cls) -> dict[str, Any]:
        """Return the JSON Schema of what it validates."""
        ...

    @classmethod
    def model_validate_json(cls, json_data: str) -> Self:
        """Return the value that JSON describes."""
        ...


def is_validated(kind: object) -> TypeGuard[type[Validated]]:
    """Tell whether this is a pydantic model."""
    return isinstance(kind, type) and hasattr(kind, "model_validate_json")


def schema_of_validated(kind: type[Validated], path: str, levels: int) -> Schema:
    """Return the schema of a pydantic model."""
    try:
        tree = _json_schema_of(kind)
    except (RuntimeError, TypeError) as refused:  # what pydantic says of what no JSON can hold
        raise UsageError(f"{path}: {refused}") from None
    return _Translation(tree, levels).value(tree, path)


@lru_cache(maxsize=256)
def _json_schema_of(kind: type[Validated]) -> dict[str, Any]:
    return kind.model_json_schema()


_PLAIN = {"string", "integer", "number", "boolean", "null"}
_BOUNDS = {
    "pattern": "pattern",
    "minimum": "minimum",
    "maximum": "maximum",
    "minLength": "min_length",
    "maxLength": "max_length",
    "minItems": "min_items",
    "maxItems": "max_items",
    "minProperties": "min_items",
    "maxProperties": "max_items",
    "format": "format",
}
"""What bounds a value; a dictionary is a list of pairs, and bounded as one."""
_EXCLUSIVE = {"exclusiveMinimum": ("minimum", 1), "exclusiveMaximum": ("maximum", -1)}
_KNOWN = {
    *(*_BOUNDS, *_EXCLUSIVE, "type", "enum", "const", "properties", "required", "items"),
    *("prefixItems", "additionalProperties", "anyOf", "oneOf", "description", "default"),
    *("examples", "title", "$defs", "discriminator", "uniqueItems", "deprecated", "readOnly"),
    *("writeOnly",),
}
"""What is told to the API, or changes nothing that the answer may be."""


class _Translation:
    """Tell one JSON Schema in the API's words."""

    def __init__(self, root: Mapping[str, Any], levels: int) -> None:
        self._root = root
        self._bounds = Bounds(levels)

    def value(self, tree: Mapping[str, Any], path: str) -> Schema:
        return self._bounds.within(self._referred, tree, path)

    def _referred(self, tree: Mapping[str, Any], path: str) -> Schema:
        name = tree.get("$ref")
        if name is None:
            return self._said(tree, path)
        found = self._bounds.within_class(name, self.value, _resolved(tree, self._root), path)
        return found if ends(found) else self._told(found, tree)

    def _said(self, tree: Mapping[str, Any], path: str) -> Schema:
        for name in tree:
            if name not in _KNOWN:
                raise UsageError(f"{path}: the API's schemas have no {name}")
        return self._told(self._kind(tree, path), tree)

    def _told(self, schema: Schema, tree: Mapping[str, Any]) -> Schema:
        """Add what is said of a value beside its kind."""
        if ends(schema):
            return schema
        examples = tree.get("examples")
        found = evolve(schema, example=examples[0]) if examples else schema
        text: str | None = tree.get("description")
        return defaulted(described(found, text and " ".join(text.split())), tree.get("default"))

    def _kind(self, tree: Mapping[str, Any], path: str) -> Schema:
        alternatives: Sequence[Any] = tree.get("anyOf") or tree.get("oneOf") or ()
        if alternatives:
            wanted = [one for one in alternatives if one.get("type") != "null"]
            makers = [partial(self.value, one, path) for one in wanted]
            return any_of(makers, nullable=len(wanted) < len(alternatives))
        if "const" in tree or "enum" in tree:
            return names(tree["enum"] if "enum" in tree else [tree["const"]], path)
        kind = tree.get("type")
        if kind == "object":
            return self._object(tree, path)
        if kind == "array":
            return self._array(tree, path)
        if kind not in _PLAIN:
            raise UsageError(f"{path}: could be anything, which no schema of the API can express")
        return Schema(Type(str(kind).upper()), **_bounds_of(tree, path))

    def _array(self, tree: Mapping[str, Any], path: str) -> Schema:
        if "prefixItems" in tree:
            elements: Iterable[Any] = tree["prefixItems"]
            return fixed([self.value(one, f"{path}[{n}]") for n, one in enumerate(elements)], path)
        make = partial(self.value, tree.get("items", {}), f"{path}[]")
        return list_of(make, **_bounds_of(tree, path))

    def _object(self, tree: Mapping[str, Any], path: str) -> Schema:
        members: Mapping[str, Any] = tree.get("properties", {})
        free = tree.get("additionalProperties")
        if isinstance(free, dict) and not members:
            return pairs_of(partial(self.value, free, f"{path}[]"), **_bounds_of(tree, path))
        required: list[str] = tree.get("required", [])
        properties: dict[str, Schema] = {}
        for name, member in members.items():
            try:
                found = self.value(member, f"{path}.{name}")
            except EndlessError:
                if name in required:
                    raise
                continue
            if name in required or not ends(found):
                properties[name] = found
        return object_of(properties, required, path)


def _resolved(tree: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a schema refers to, or itself."""
    name = tree.get("$ref")
    return tree if name is None else root["$defs"][name.rpartition("/")[2]]


def _bounds_of(tree: Mapping[str, Any], path: str) -> dict[str, Any]:
    bounds = {ours: tree[name] for name, ours in _BOUNDS.items() if name in tree}
    for name, (ours, step) in _EXCLUSIVE.items():
        if name in tree:
            if tree.get("type") != "integer":
                raise UsageError(f"{path}: the API's schemas have no {name}, but {ours}")
            bounds[ours] = tree[name] + step
    return bounds


def read_validated(kind: type[Validated], tree: object) -> Any:
    """Return what a pydantic model makes of JSON, by its own rules."""
    schema = _json_schema_of(kind)
    try:
        return kind.model_validate_json(json.dumps(_unpaired(tree, schema, schema)))
    except ValueError as refused:
        errors: list[dict[str, Any]] = cast("Any", refused).errors()
        first, *others = errors
        more = f" (and {len(others)} more)" if others else ""
        found = MisfitError(f"{first['msg']}{more}")
        for step in reversed(first["loc"]):
            found.inside(f"[{step}]" if isinstance(step, int) else str(step))
        raise found from None


def _unpaired(tree: Any, schema: Mapping[str, Any], root: Mapping[str, Any]) -> Any:
    """Return a value with objects in the place of the lists of pairs that were asked for."""
    schema = _resolved(schema, root)
    for one in schema.get("anyOf") or schema.get("oneOf") or ():
        tree = _unpaired(tree, one, root)
    members: Mapping[str, Any] = schema.get("properties", {})
    free, items = (_schema_in(schema, name) for name in ("additionalProperties", "items"))
    found = pairs_in(tree) if free and not members else None
    if found is not None:
        tree = found
    if isinstance(tree, dict):
        named = cast("dict[str, Any]", tree)
        return {name: _unpaired(one, members.get(name, free), root) for name, one in named.items()}
    if isinstance(tree, list):
        return [_unpaired(one, items, root) for one in cast("Sequence[Any]", tree)]
    return tree


def _schema_in(schema: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = schema.get(name)
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
