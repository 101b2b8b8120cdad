"""Values that satisfy a schema: the API's own, or a JSON Schema."""

from __future__ import annotations

import json
import math
import string
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import zip_longest
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
TOO_LONG = 4_000_000
"""Characters of all its texts together, likewise."""
_WORDS = (
    *("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "haven", "inlet", "juniper"),
    *("kelp", "lagoon", "meadow", "north", "orchid", "pebble", "quartz", "river", "slate", "tide"),
)


_UNREADABLE = (
    *(ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError),
)


class UnsatisfiableError(ValueError):
    """No value was found for a schema."""


def satisfy(schema: JsonObject, draw: Random) -> Any:
    """Return a value that a schema allows.

    Raises:
        UnsatisfiableError: if none was found, or the schema is none.
    """
    try:
        return _Maker(schema, draw).value(schema, 0)
    except UnsatisfiableError:
        raise
    # A schema is whatever somebody sent: any part of it may be of any type and any size.
    except _UNREADABLE as error:
        raise UnsatisfiableError(f"the schema cannot be read: {error}") from error


class _Maker:
    """Make one value, part by part."""

    def __init__(self, root: JsonObject, draw: Random) -> None:
        self._root = root
        self._draw = draw
        self._made = 0
        self._characters = 0
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
        self._count(1)
        if depth > TOO_DEEP:
            raise UnsatisfiableError("the schema requires a value that never ends")
        if schema is True:
            return self._word()  # in JSON Schema: anything goes
        schema = self._resolved(schema)
        if "const" in schema:
            return self._given(schema["const"])
        if schema.get("enum"):
            return self._given(self._draw.choice(_array_of(schema["enum"])))
        alternatives = schema.get("anyOf") or schema.get("oneOf")
        if alternatives:
            shared = {name: part for name, part in schema.items() if name not in _CHOICES}
            return self._one_of(shared, _array_of(alternatives), depth)
        return self._kinds[self._kind(schema)](schema, depth)

    def _count(self, parts: int, characters: int = 0) -> None:
        self._made += parts
        self._characters += characters
        if self._made > TOO_LARGE:
            raise UnsatisfiableError(f"the schema requires a value of more than {TOO_LARGE} parts")
        if self._characters > TOO_LONG:
            raise UnsatisfiableError(
                f"the schema requires a value of more than {TOO_LONG} characters"
            )

    def _given(self, value: Any) -> Any:
        self._count(0, len(repr(value)))
        return value

    def _resolved(self, schema: Any) -> JsonObject:
        """Follow references, and take what all of several schemas ask for as one."""
        for _ in range(TOO_DEEP):
            if schema is True:
                return {}
            if not is_object(schema):
                raise UnsatisfiableError(f"the schema has {schema!r:.60} in the place of a schema")
            if "$ref" in schema:
                rest = {name: part for name, part in schema.items() if name != "$ref"}
                schema = self._merged(self._referred(schema["$ref"]), rest)
            elif schema.get("allOf"):
                parts = _array_of(schema["allOf"])
                schema = {name: part for name, part in schema.items() if name != "allOf"}
                for part in parts:
                    schema = self._merged(schema, self._resolved(part))
            else:
                return schema
        raise UnsatisfiableError("the references of the schema lead nowhere")

    def _merged(self, one: JsonObject, other: JsonObject) -> JsonObject:
        """Return what both schemas ask for."""
        merged = {**one, **other}
        both = [name for name in one if name in other]
        self._count(1 + len(both))
        for name in both:
            first, second = one[name], other[name]
            if name in _MERGED:
                merged[name] = _MERGED[name](first, second)
            elif name == "properties":
                self._count(len(first) + len(second))
                merged[name] = {**first, **second}
                shared = [key for key in first if key in second]
                merged[name] |= {key: {"allOf": [first[key], second[key]]} for key in shared}
            elif name in _SCHEMAS:
                merged[name] = {"allOf": [first, second]}
            elif name in _CHOICES and first and second:
                self._count(len(first) * len(second))
                merged[name] = [{"allOf": [a, b]} for a in first for b in second]
            elif name in {"pattern", "const"} and _key(first) != _key(second):
                raise UnsatisfiableError(f"the schema asks for two of {name!r} at once")
        return merged

    def _referred(self, reference: str) -> Any:
        found: Any = self._root
        for step in reference.removeprefix("#").split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            found = found.get(name) if is_object(found) else None
        if found is True:
            return {}
        if not is_object(found):
            raise UnsatisfiableError(f"the schema refers to {reference!r}, which it does not have")
        return found

    def _one_of(self, shared: JsonObject, alternatives: Sequence[Any], depth: int) -> Any:
        reason = UnsatisfiableError("the schema has no alternative that can be taken")
        resolved: list[JsonObject] = []
        for one in alternatives:
            try:
                if one is not False:
                    resolved.append(self._resolved(one))
            except UnsatisfiableError as error:
                reason = error
        simple = [one for one in resolved if self._kind(one) not in {"object", "array"}]
        wanted = simple if depth >= DEEP and simple else resolved
        telling = [one for one in wanted if self._kind(one) != "null"]
        first = (telling if depth < DEEP else wanted) or wanted
        taken = {id(one) for one in first}
        others = [one for one in resolved if id(one) not in taken]
        for some in (first, others):
            for one in self._draw.sample(some, len(some)):
                try:
                    return self.value(self._merged(shared, one), depth + 1)
                except UnsatisfiableError as error:
                    reason = error
        raise reason

    def _kind(self, schema: JsonObject) -> str:
        if "type" in schema:
            named = _types(schema["type"])
            kind = next((one for one in named if one != "null"), "null" if named else "")
            if kind in self._kinds:
                return kind
        hints = {"properties": "object", "items": "array", "prefixItems": "array"}
        return next((kind for name, kind in hints.items() if name in schema), "string")

    def _object(self, schema: JsonObject, depth: int) -> JsonObject:
        known = schema.get("properties", {})
        if not is_object(known):
            raise UnsatisfiableError("the properties of the schema are no object")
        required = dict.fromkeys(_array_of(schema.get("required", [])))
        others = schema.get("additionalProperties", {})
        least, most = _span(schema, "minProperties", "maxProperties")
        if len(required) > most:
            raise UnsatisfiableError(f"{len(required)} properties are required, of at most {most}")
        if not all(isinstance(name, str) for name in required):
            raise UnsatisfiableError("the schema requires what is no name")
        self._count((len(known) + len(required)) // DEEP)
        ordered = [*_array_of(schema.get("propertyOrdering", [])), *known]
        names = [name for name in dict.fromkeys(ordered) if name in known]
        optional = [name for name in names if name not in required and known[name] is not False]
        room = most - len(required)
        if depth >= DEEP:
            room = min(room, least - len(required))
        chosen = {*required, *optional[: max(0, int(min(room, len(optional))))]}
        found = {
            name: self.value(known.get(name, others), depth + 1)
            for name in dict.fromkeys([*names, *required])
            if name in chosen
        }
        while len(found) < least:
            name = f"{self._word()}_{len(found)}"
            one = self.value(others, depth + 1)
            if name not in known:
                found[name] = one
        return found

    def _array(self, schema: JsonObject, depth: int) -> list[Any]:
        least, most = _span(schema, "minItems", "maxItems")
        first = _array_of(schema.get("prefixItems", []))
        items = schema.get("items", {})
        wanted = max(least, len(first)) if depth >= DEEP else max(least, len(first), 2)
        if items is False:
            wanted = len(first)
            if wanted < least:
                raise UnsatisfiableError(f"{least} items are required, of at most {wanted}")
        wanted = int(min(wanted, most))
        found = [self.value(one, depth + 1) for one in first[:wanted]]
        if not schema.get("uniqueItems"):
            return found + [self.value(items, depth + 1) for _ in range(wanted - len(found))]
        taken = {_key(one) for one in found}
        tries = 0
        while len(found) < wanted and tries < TOO_DEEP:
            one = self.value(items, depth + 1)
            tries += 1
            if _key(one) not in taken:
                tries = 0
                taken.add(_key(one))
                found.append(one)
        if len(taken) < max(least, len(found)):
            raise UnsatisfiableError("the schema requires more different items than were found")
        return found

    def _string(self, schema: JsonObject, depth: int) -> str:
        del depth
        least, most = _span(schema, "minLength", "maxLength")
        if schema.get("pattern"):
            longest = None if most == math.inf else int(most)
            try:
                text = matching(schema["pattern"], self._draw, least, longest)
            except ValueError as error:
                self._count(TOO_LARGE // 10)  # it took its time: not for each of many
                raise UnsatisfiableError(str(error)) from error
            self._count(DEEP + len(schema["pattern"]) // 10)
            return self._written(text)
        if schema.get("format") in _FORMATS:
            text = _FORMATS[schema["format"]](self._draw)
            if least <= len(text) <= most:
                return self._written(text)
        if least > TOO_LARGE:
            raise UnsatisfiableError(f"a text of {least} characters is too long to be made")
        words = [self._word() for _ in range(3 + least // 4)]
        text = " ".join(words[:3])
        for word in words[3:]:
            if len(text) >= least:
                break
            text += f" {word}"
        return self._written(text[: int(min(most, len(text)))].rstrip().ljust(least, "x"))

    def _written(self, text: str) -> str:
        self._count(0, len(text))
        return text

    def _boolean(self, schema: JsonObject, depth: int) -> bool:
        del schema, depth
        return self._draw.random() < 0.5

    def _null(self, schema: JsonObject, depth: int) -> None:
        pass

    def _integer(self, schema: JsonObject, depth: int) -> int:
        del depth
        low, high, step = _range(schema, whole=True)
        # A multiple of a fraction is whole at every so many steps.
        step = Fraction(step.numerator)
        first, last = math.ceil(low / step), math.floor(high / step)
        if first > last:
            raise UnsatisfiableError(f"no whole number is from {low} to {high}")
        return int(self._draw.randint(first, last) * step)

    def _number(self, schema: JsonObject, depth: int) -> float:
        del depth
        low, high, step = _range(schema, whole=False)
        found = math.ceil(low / step) * step if step else (low + high) / 2
        if not low <= found <= high:
            raise UnsatisfiableError(f"no number is from {low} to {high}")
        if found.denominator == 1 and (step or low == high):
            return int(found)
        rounded = float(found) if step else round(self._draw.uniform(float(low), float(high)), 2)
        if step or low <= Fraction(rounded) <= high:
            return rounded
        return float(found)

    def _word(self) -> str:
        return self._draw.choice(_WORDS)


_CHOICES = {"anyOf", "oneOf"}
_SCHEMAS = {"items", "additionalProperties"}


def _array_of(value: Any) -> list[Any]:
    if not is_array(value):
        raise UnsatisfiableError(f"the schema has {value!r:.60} in the place of an array")
    return list(value)


def _key(value: Any) -> str:
    """Return what two values have in common if they are the same in JSON."""
    whole = isinstance(value, float) and value.is_integer()
    return json.dumps(int(value) if whole else value, sort_keys=True)


def _exact(value: Any) -> Fraction:
    """Return a number as it was written: large ones, and int64s, may come as texts."""
    if isinstance(value, str):
        return Fraction(int(value))
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UnsatisfiableError(f"the schema has {value!r:.60} in the place of a number")
    return Fraction(value) if isinstance(value, int) else Fraction(repr(value))


def _span(schema: JsonObject, least_name: str, most_name: str) -> tuple[int, float]:
    """Return how many there are at least, and at most."""
    least = max(0, math.ceil(_exact(schema.get(least_name, 0))))
    most = math.floor(_exact(schema[most_name])) if most_name in schema else math.inf
    if least > most:
        raise UnsatisfiableError(f"the schema has {least_name} {least} and {most_name} {most}")
    return least, most


def _types(value: Any) -> list[str]:
    named = value if is_array(value) else [value]
    if not all(isinstance(one, str) for one in named):
        raise UnsatisfiableError(f"the schema has {value!r:.60} in the place of a type")
    return [one.lower() for one in named]


def _both_types(one: Any, other: Any) -> list[str]:
    first, second = _types(one), _types(other)
    shared = [kind for kind in first if kind in second]
    whole = {*first, *second} >= {"integer", "number"}
    if whole and "integer" not in shared:
        shared.append("integer")
    if not shared:
        raise UnsatisfiableError(f"no value is of the types {first} and {second} at once")
    return shared


def _both_enums(one: Any, other: Any) -> list[Any]:
    wanted = {_key(value) for value in _array_of(other)}
    shared = [value for value in _array_of(one) if _key(value) in wanted]
    if not shared:
        raise UnsatisfiableError("no value is in all the enums of the schema")
    return shared


def _both_multiples(one: Any, other: Any) -> float:
    first, second = _exact(one), _exact(other)
    found = Fraction(
        math.lcm(first.numerator, second.numerator), math.gcd(first.denominator, second.denominator)
    )
    return int(found) if found.denominator == 1 else float(found)


def _greater(one: Any, other: Any) -> Any:
    return max(one, other, key=_exact)


def _smaller(one: Any, other: Any) -> Any:
    return min(one, other, key=_exact)


def _joined(one: Any, other: Any) -> list[Any]:
    return [*_array_of(one), *_array_of(other)]


def _both_firsts(one: Any, other: Any) -> list[Any]:
    pairs = zip_longest(_array_of(one), _array_of(other), fillvalue=True)
    return [{"allOf": list(pair)} for pair in pairs]


_MERGED: Mapping[str, Callable[[Any, Any], Any]] = {
    **dict.fromkeys(("minLength", "minItems", "minProperties"), _greater),
    **dict.fromkeys(("minimum", "exclusiveMinimum"), _greater),
    **dict.fromkeys(("maxLength", "maxItems", "maxProperties"), _smaller),
    **dict.fromkeys(("maximum", "exclusiveMaximum"), _smaller),
    **dict.fromkeys(("required", "allOf"), _joined),
    "enum": _both_enums,
    "multipleOf": _both_multiples,
    "prefixItems": _both_firsts,
    "type": _both_types,
    "uniqueItems": lambda one, other: one or other,
}


def _range(schema: JsonObject, *, whole: bool) -> tuple[Fraction, Fraction, Fraction]:
    """Return the least and the greatest number of a schema, and what it is a multiple of."""
    found = {name: _exact(schema[name]) for name in _LIMITS if name in schema}
    low, above = found.get("minimum"), found.get("exclusiveMinimum")
    high, below = found.get("maximum"), found.get("exclusiveMaximum")
    lows = [one for one in (low, above) if one is not None]
    highs = [one for one in (high, below) if one is not None]
    gap = Fraction(1, 1_000_000)
    if lows and highs and max(lows) < min(highs):
        gap = min(gap, (min(highs) - max(lows)) / 4)
    if above is not None and above == max(lows):
        lows = [Fraction(math.floor(above) + 1) if whole else above + gap]
    if below is not None and below == min(highs):
        highs = [Fraction(math.ceil(below) - 1) if whole else below - gap]
    least = max(lows) if lows else min([Fraction(0), *(one - 100 for one in highs)])
    step = found.get("multipleOf", Fraction(1 if whole else 0))
    if step <= 0 and "multipleOf" in found:
        raise UnsatisfiableError(f"no number is a multiple of {step}")
    most = min(highs) if highs else max(Fraction(100), least + max(Fraction(100), step * 2))
    return least, most, step


_LIMITS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")


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
