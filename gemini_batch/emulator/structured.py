"""Values that satisfy a schema: the API's own, or a JSON Schema."""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from .json_in import is_array, is_object
from .patterns import matching
from .wire import JsonObject

DEEP = 4
"""Levels below which only what must be there is there, so that a schema may refer to itself."""
TOO_DEEP = 60
TOO_LARGE = 100_000
"""Parts of a value, or characters of a text in it, above which nobody asked for it in earnest."""
_WORDS = (
    *("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "haven", "inlet", "juniper"),
    *("kelp", "lagoon", "meadow", "north", "orchid", "pebble", "quartz", "river", "slate", "tide"),
)


class UnsatisfiableError(ValueError):
    """No value was found for a schema."""


def satisfy(schema: JsonObject, draw: Random) -> Any:
    """Return a value that a schema allows.

    Raises:
        UnsatisfiableError: if none was found.
    """
    return _Maker(schema, draw).value(schema, 0)


class _Maker:
    """Make one value, part by part."""

    def __init__(self, root: JsonObject, draw: Random) -> None:
        self._root = root
        self._draw = draw
        self._made = 0
        self._kinds: Mapping[str, Callable[[JsonObject, int], Any]] = {
            "object": self._object,
            "array": self._array,
            "string": self._string,
            "integer": self._integer,
            "number": self._number,
            "boolean": self._boolean,
            "null": self._null,
        }

    def value(self, schema: Any, depth: int) -> Any:
        self._made += 1
        if depth > TOO_DEEP:
            raise UnsatisfiableError("the schema requires a value that never ends")
        if self._made > TOO_LARGE:
            raise UnsatisfiableError(f"the schema requires a value of more than {TOO_LARGE} parts")
        if not is_object(schema):
            return self._word()  # true, in JSON Schema: anything goes
        schema = self._resolved(schema)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self._draw.choice(schema["enum"])
        alternatives = schema.get("anyOf") or schema.get("oneOf")
        if alternatives:
            shared = {name: part for name, part in schema.items() if name not in _CHOICES}
            return self.value(_merged(shared, self._alternative(alternatives, depth)), depth + 1)
        return self._kinds[self._kind(schema)](schema, depth)

    def _resolved(self, schema: JsonObject) -> JsonObject:
        """Follow references, and take what all of several schemas ask for as one."""
        for _ in range(TOO_DEEP):
            if "$ref" in schema:
                rest = {name: part for name, part in schema.items() if name != "$ref"}
                schema = _merged(self._referred(schema["$ref"]), rest)
            elif schema.get("allOf"):
                parts = schema["allOf"]
                schema = {name: part for name, part in schema.items() if name != "allOf"}
                for part in parts:
                    schema = _merged(schema, self._resolved(part))
            else:
                return schema
        raise UnsatisfiableError("the references of the schema lead nowhere")

    def _referred(self, reference: str) -> JsonObject:
        found: Any = self._root
        for step in reference.removeprefix("#").split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            found = found.get(name) if is_object(found) else None
        if not is_object(found):
            raise UnsatisfiableError(f"the schema refers to {reference!r}, which it does not have")
        return found

    def _alternative(self, alternatives: Sequence[Any], depth: int) -> JsonObject:
        resolved = [self._resolved(one) for one in alternatives if is_object(one)]
        simple = [one for one in resolved if self._kind(one) not in {"object", "array"}]
        wanted = simple if depth >= DEEP and simple else resolved
        telling = [one for one in wanted if self._kind(one) != "null"]
        return self._draw.choice((telling if depth < DEEP else wanted) or wanted)

    def _kind(self, schema: JsonObject) -> str:
        named = schema.get("type")
        if is_array(named):
            named = next((one for one in named if one != "null"), "null")
        if isinstance(named, str) and named.lower() in self._kinds:
            return named.lower()
        hints = {"properties": "object", "items": "array", "prefixItems": "array"}
        return next((kind for name, kind in hints.items() if name in schema), "string")

    def _object(self, schema: JsonObject, depth: int) -> JsonObject:
        known: JsonObject = schema.get("properties", {})
        required = list(schema.get("required", []))
        least = schema.get("minProperties", 0)
        most = schema.get("maxProperties", math.inf)
        ordered = [*schema.get("propertyOrdering", []), *known]
        names = [name for name in dict.fromkeys(ordered) if name in known]
        optional = [name for name in names if name not in required]
        room = most - len(required)
        if depth >= DEEP:
            room = min(room, least - len(required))
        chosen = {*required, *optional[: max(0, int(min(room, len(optional))))]}
        found = {
            name: self.value(known.get(name, {}), depth + 1)
            for name in dict.fromkeys([*names, *required])
            if name in chosen
        }
        others = schema.get("additionalProperties", {})
        while len(found) < least:
            found[f"{self._word()}_{len(found)}"] = self.value(others, depth + 1)
        return found

    def _array(self, schema: JsonObject, depth: int) -> list[Any]:
        first = [self.value(one, depth + 1) for one in schema.get("prefixItems", [])]
        least = schema.get("minItems", 0)
        wanted = max(least, len(first)) if depth >= DEEP else max(least, len(first), 2)
        items = schema.get("items", {})
        if items is False:
            return first
        wanted = min(wanted, schema.get("maxItems", wanted))
        found = first[:wanted]
        tries = 0
        while len(found) < wanted:
            one = self.value(items, depth + 1)
            tries += 1
            if schema.get("uniqueItems") and one in found and tries < TOO_DEEP:
                continue
            found.append(one)
        return found

    def _string(self, schema: JsonObject, depth: int) -> str:
        del depth
        least, most = schema.get("minLength", 0), schema.get("maxLength")
        if schema.get("pattern"):
            try:
                return matching(schema["pattern"], self._draw, least, most)
            except ValueError as error:
                raise UnsatisfiableError(str(error)) from error
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]](self._draw)
        if least > TOO_LARGE:
            raise UnsatisfiableError(f"a text of {least} characters is too long to be made")
        text = " ".join(self._word() for _ in range(3))
        while len(text) < least:
            text += f" {self._word()}"
        return text if most is None else text[:most].rstrip().ljust(least, "x")

    def _boolean(self, schema: JsonObject, depth: int) -> bool:
        del schema, depth
        return self._draw.random() < 0.5

    def _null(self, schema: JsonObject, depth: int) -> None:
        pass

    def _integer(self, schema: JsonObject, depth: int) -> int:
        del depth
        low, high, step = _range(schema, 1)
        first, last = math.ceil(low / step), math.floor(high / step)
        if first > last:
            raise UnsatisfiableError(f"no whole number is from {low} to {high}")
        return int(self._draw.randint(first, last) * step)

    def _number(self, schema: JsonObject, depth: int) -> float:
        del depth
        low, high, step = _range(schema, 0)
        if low > high:
            raise UnsatisfiableError(f"no number is from {low} to {high}")
        if step:
            return math.ceil(low / step) * step
        rounded = round(self._draw.uniform(low, high), 2)
        return rounded if low <= rounded <= high else (low + high) / 2

    def _word(self) -> str:
        return self._draw.choice(_WORDS)


_CHOICES = {"anyOf", "oneOf"}


def _merged(one: JsonObject, other: JsonObject) -> JsonObject:
    """Return what both schemas ask for."""
    merged = {**one, **other}
    if "properties" in one and "properties" in other:
        merged["properties"] = {**one["properties"], **other["properties"]}
    if "required" in one and "required" in other:
        merged["required"] = [*one["required"], *other["required"]]
    return merged


def _range(schema: JsonObject, gap: int) -> tuple[float, float, float]:
    """Return the least and the greatest number of a schema, and what it is a multiple of."""
    least, most = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    small = gap or 1e-6
    if above is not None:
        least = max(above + small, above + small if least is None else least)
    if below is not None:
        most = min(below - small, below - small if most is None else most)
    if least is None:
        least = 0 if most is None else min(0, most - 100)
    if most is None:
        most = max(100, least + 100)
    return least, most, schema.get("multipleOf", gap)


def _moment(draw: Random) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=draw.randrange(365 * 86_400))


def _host(draw: Random) -> str:
    return f"{draw.choice(_WORDS)}.example"


_FORMATS: Mapping[str, Callable[[Random], str]] = {
    "date-time": lambda draw: _moment(draw).strftime("%Y-%m-%dT%H:%M:%SZ"),
    "date": lambda draw: _moment(draw).strftime("%Y-%m-%d"),
    "time": lambda draw: _moment(draw).strftime("%H:%M:%SZ"),
    "duration": lambda draw: f"PT{draw.randint(1, 59)}M",
    "email": lambda draw: f"{draw.choice(_WORDS)}@{_host(draw)}",
    "hostname": _host,
    "ipv4": lambda draw: f"192.0.2.{draw.randint(1, 254)}",
    "ipv6": lambda draw: f"2001:db8::{draw.randint(1, 9999):x}",
    "uri": lambda draw: f"https://{_host(draw)}/{''.join(draw.choices(string.digits, k=4))}",
    "uuid": lambda draw: str(UUID(int=draw.getrandbits(128), version=4)),
}
