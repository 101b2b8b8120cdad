"""Values that satisfy a schema, as an independent validator sees it."""

import re
from random import Random
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from gemini_batch.emulator.patterns import matching
from gemini_batch.emulator.structured import UnsatisfiableError, satisfy


def made(schema: dict[str, Any], seed: int = 0) -> Any:
    """Return a value for a schema, after a validator has agreed."""
    value = satisfy(schema, Random(seed))
    Draft202012Validator(schema).validate(value)
    return value


def bounds(draw: st.DrawFn, names: tuple[str, str], most: int) -> dict[str, int]:
    """Draw a lower and an upper bound, either of them or none."""
    low, high = sorted(draw(st.tuples(st.integers(0, most), st.integers(0, most))))
    found = dict(zip(names, (low, high), strict=True))
    return {name: found[name] for name in draw(st.sets(st.sampled_from(names)))}


@st.composite
def texts(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a schema of strings."""
    return {"type": "string", **bounds(draw, ("minLength", "maxLength"), 60)}


@st.composite
def numbers(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a schema of numbers, whole or not."""
    kind = draw(st.sampled_from(["integer", "number"]))
    return {"type": kind, **bounds(draw, ("minimum", "maximum"), 500)}


def lists(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Return schemas of lists."""

    @st.composite
    def drawn(draw: st.DrawFn) -> dict[str, Any]:
        return {"type": "array", "items": draw(inner), **bounds(draw, ("minItems", "maxItems"), 5)}

    return drawn()


def objects(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Return schemas of objects."""

    @st.composite
    def drawn(draw: st.DrawFn) -> dict[str, Any]:
        properties = draw(st.dictionaries(st.sampled_from("abcdef"), inner, max_size=5))
        required = draw(st.lists(st.sampled_from([*properties, "g"]), unique=True, max_size=4))
        return {
            "type": "object",
            "properties": properties,
            "required": required,
            "minProperties": draw(st.integers(0, 7)),
            "maxProperties": draw(st.integers(7, 9)),
        }

    return drawn()


schemas = st.recursive(
    texts()
    | numbers()
    | st.sampled_from([{"type": "boolean"}, {"type": "null"}, {"enum": ["x", 5]}, {"const": [1]}]),
    lambda inner: (
        lists(inner)
        | objects(inner)
        | st.builds(lambda found: {"anyOf": found}, st.lists(inner, min_size=1, max_size=3))
    ),
    max_leaves=8,
)


@given(schemas, st.integers(0, 5))
def test_a_value_satisfies_its_schema(schema: dict[str, Any], seed: int) -> None:
    """Of whatever nesting, and whatever is drawn."""
    made(schema, seed)


@given(schemas)
def test_the_same_draw_makes_the_same_value(schema: dict[str, Any]) -> None:
    """Nothing else goes into it."""
    assert satisfy(schema, Random(1)) == satisfy(schema, Random(1))


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
        {"type": "array", "items": {"type": "integer"}, "uniqueItems": True, "minItems": 5},
        {"type": "array", "prefixItems": [{"const": 1}, {"const": 2}], "items": False},
        {"type": "array", "items": {"enum": [1]}, "uniqueItems": True, "maxItems": 1},
        {"type": "number", "exclusiveMinimum": 1, "exclusiveMaximum": 1.5},
        {"type": "number", "minimum": 3.001, "maximum": 3.002},
        {"type": "number", "maximum": -500},
        {"type": "number", "multipleOf": 7, "minimum": 8},
        {"type": "integer", "multipleOf": 7, "minimum": 8, "maximum": 20},
        {"type": "integer", "exclusiveMinimum": 5, "exclusiveMaximum": 7},
        {"type": ["null", "string"], "minLength": 40},
        {"type": ["null"]},
        {"properties": {"a": {"type": "boolean"}}, "required": ["a"]},
        {"prefixItems": [{"type": "boolean"}]},
        {"items": {"type": "boolean"}, "minItems": 1},
        {"allOf": [{"properties": {"a": {}}, "required": ["a"]}, {"required": ["b"]}]},
        {
            "anyOf": [{"properties": {"b": {"const": 1}}, "required": ["b"]}],
            "type": "object",
            "required": ["a"],
        },
        {"oneOf": [{"type": "null"}, {"type": "integer", "minimum": 5}]},
        {"type": "string", "pattern": r"^[A-Z]{3}-\d{4}(?:/(north|south))?$"},
        {"type": "string", "pattern": r"^(?P<a>\w)[^a-z\s]\S\D\W.\1\s$"},
        {"type": "string", "pattern": r"a+?b*+[^x]", "minLength": 4, "maxLength": 6},
        {"type": "string", "pattern": r"(?>ab|cd)(?!x)e"},
        {"$defs": {"a/b~c": {"type": "integer"}}, "$ref": "#/$defs/a~1b~0c"},
        {"$defs": {"a": {"type": "integer"}}, "allOf": [{"$ref": "#/$defs/a"}], "minimum": 9},
        {
            "$defs": {
                "tree": {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string"},
                        "leaves": {"type": "array", "items": {"$ref": "#/$defs/tree"}},
                        "up": {"anyOf": [{"$ref": "#/$defs/tree"}, {"type": "null"}]},
                    },
                    "required": ["name", "leaves", "up"],
                }
            },
            "$ref": "#/$defs/tree",
        },
    ],
)
@pytest.mark.parametrize("seed", range(5))
def test_all_that_a_schema_may_say_is_heard(schema: dict[str, Any], seed: int) -> None:
    """One thing at a time, drawn several times."""
    made(schema, seed)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("date-time", r"2026-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
        ("date", r"2026-\d\d-\d\d"),
        ("time", r"\d\d:\d\d:\d\dZ"),
        ("duration", r"PT\d+M"),
        ("email", r"\w+@\w+\.example"),
        ("hostname", r"\w+\.example"),
        ("ipv4", r"192\.0\.2\.\d+"),
        ("ipv6", r"2001:db8::[0-9a-f]+"),
        ("uri", r"https://\w+\.example/\d{4}"),
        ("uuid", r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"),
        ("enum", r"\w+ \w+ \w+"),
    ],
)
def test_a_text_has_the_format_that_is_asked_for(name: str, shape: str) -> None:
    """One that is not known is any text."""
    assert re.fullmatch(shape, made({"type": "string", "format": name}))


def test_the_types_of_the_api_are_read_too() -> None:
    """They are in capitals; and properties come in the order that is asked for."""
    schema = {
        "type": "OBJECT",
        "properties": {
            "colour": {"type": "STRING", "format": "enum", "enum": ["red"]},
            "count": {"type": "INTEGER", "minimum": 3, "maximum": 3},
            "tags": {"type": "ARRAY", "items": {"type": "BOOLEAN"}, "minItems": 3, "maxItems": 3},
        },
        "propertyOrdering": ["tags", "colour"],
        "nullable": True,
    }
    value = satisfy(schema, Random(0))
    assert ["tags", "colour", "count"] == list(value)
    assert ("red", 3, 3) == (value["colour"], value["count"], len(value["tags"]))


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": "integer", "minimum": 5, "maximum": 4}, "no whole number is from 5 to 4"),
        ({"type": "number", "minimum": 5, "maximum": 4}, "no number is from 5 to 4"),
        ({"$ref": "#/$defs/none"}, "refers to '#/[$]defs/none', which it does not have"),
        ({"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}, "lead nowhere"),
        ({"type": "string", "pattern": "a(?=b)c"}, "no text was found for the pattern"),
        ({"type": "string", "pattern": "^abc$", "maxLength": 2}, "no text was found"),
        (
            {"properties": {"a": {"$ref": "#"}}, "required": ["a"], "type": "object"},
            "never ends",
        ),
    ],
)
def test_a_schema_that_nothing_satisfies_is_told(schema: dict[str, Any], reason: str) -> None:
    """With what is wrong with it."""
    with pytest.raises(UnsatisfiableError, match=reason):
        satisfy(schema, Random(0))


@given(
    st.sampled_from([r"\d+", "[a-f]{2,4}x?", "(?:ab|c)*", r"[\w-]+@\w+", r"[^\d]", "(x)|y", "a|b"]),
    st.integers(0, 100),
)
def test_a_text_matches_its_pattern(pattern: str, seed: int) -> None:
    """As the regular expressions of Python see it."""
    assert re.search(pattern, matching(pattern, Random(seed)))
