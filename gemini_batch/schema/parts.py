"""The pieces that schemas are put together from, whatever they are read from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from attrs import evolve

from ..errors import UsageError
from ..models.schema import Schema, Type

LEVELS = 3
"""How often a class stands within itself, unless more is asked for."""
TOO_LARGE = 5_000
"""Parts above which a schema is not one that was meant."""
TOO_DEEP = 60

NO_VALUE = Schema(Type.NULL)
NO_ELEMENTS = Schema(Type.ARRAY, "Always empty.", items=Schema(Type.STRING), max_items=0)
"""What stands where a class that holds itself has to end, and may."""

K = TypeVar("K")


class EndlessError(Exception):
    """A class holds itself once more than it may, and cannot do without."""


class Bounds:
    """See that a schema ends: the API's cannot refer to themselves."""

    def __init__(self, levels: int) -> None:
        self._levels = levels
        self._within: Counter[Any] = Counter()
        self._depth = 0
        self._parts = 0

    def within(self, make: Callable[[K, str], Schema], kind: K, path: str) -> Schema:
        """Make a part of the schema."""
        self._parts += 1
        if self._parts > TOO_LARGE or self._depth > TOO_DEEP:
            raise UsageError(f"{path}: the schema gets too large")
        self._depth += 1
        try:
            return make(kind, path)
        finally:
            self._depth -= 1

    def within_class(
        self, name: object, make: Callable[[K, str], Schema], kind: K, path: str
    ) -> Schema:
        """Make the schema of a class, which may stand within itself so often and no more."""
        if self._within[name] > self._levels:
            raise EndlessError
        self._within[name] += 1
        try:
            return make(kind, path)
        finally:
            self._within[name] -= 1


def ends(schema: Schema) -> bool:
    """Tell whether a class that holds itself ends here."""
    return schema is NO_VALUE or schema is NO_ELEMENTS


def described(schema: Schema, text: str | None) -> Schema:
    """Return a schema that says what it is for, instead of what its class says."""
    return evolve(schema, description=text) if text and not ends(schema) else schema


def defaulted(schema: Schema, default: object) -> Schema:
    """Return a schema that tells a default, where that is plain."""
    plain = isinstance(default, str | int | float)
    return evolve(schema, default=default) if plain else schema


def names(values: Sequence[object], path: str, *, nullable: bool | None = None) -> Schema:
    """Return the schema of one of these texts."""
    texts = [one for one in values if isinstance(one, str) and one]
    if len(texts) < len(values) or not texts:
        raise UsageError(f"{path}: the API's enums are of texts that are not empty: {[*values]!a}")
    return Schema(Type.STRING, format="enum", enum=texts, nullable=nullable)


def any_of(makers: Iterable[Callable[[], Schema]], *, nullable: bool) -> Schema:
    """Return the schema of what one of several describes, those apart that would never end."""
    found: list[Schema] = []
    for make in makers:
        try:
            found.append(make())
        except EndlessError:
            continue  # it holds itself; the others remain, and without any the error comes below
    if len(found) > 1:
        return Schema(any_of=found, nullable=nullable or None)
    if found:
        return evolve(found[0], nullable=True) if nullable and not ends(found[0]) else found[0]
    if nullable:
        return NO_VALUE
    raise EndlessError


def list_of(make: Callable[[], Schema], **bounds: Any) -> Schema:
    """Return the schema of a list; an empty one, where its elements would never end."""
    try:
        return Schema(Type.ARRAY, items=make(), **bounds)
    except EndlessError:
        return NO_ELEMENTS


def fixed(elements: Sequence[Schema], path: str) -> Schema:
    """Return the schema of a list of so many elements, which must be of one kind."""
    if not elements or any(one != elements[0] for one in elements):
        raise UsageError(
            f"{path}: the elements of an array are of one kind in the API's schemas: make it a "
            "class, whose members have names"
        )
    count = len(elements)
    return Schema(Type.ARRAY, items=elements[0], min_items=count, max_items=count)


def pairs_of(make: Callable[[], Schema], **bounds: Any) -> Schema:
    """Return the schema of a dictionary: a list of pairs, for the API knows no free members."""

    def pair() -> Schema:
        members = {"key": Schema(Type.STRING), "value": make()}
        return Schema(Type.OBJECT, properties=members, required=members, property_ordering=members)

    return list_of(pair, **bounds)


def object_of(properties: Mapping[str, Schema], required: Iterable[str], path: str) -> Schema:
    """Return the schema of an object; the service refuses one without members."""
    if not properties:
        raise UsageError(f"{path}: there are no members, and the API's objects must have some")
    return Schema(
        Type.OBJECT,
        properties=dict(properties),
        required=required,
        property_ordering=properties,
    )
