"""Values that satisfy a schema, as an independent validator sees it."""

import re
import string
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
        {"properties": {"a": True, "b": True, "c": True}, "maxProperties": 1},
        {"properties": {"a": True, "b": True}, "required": ["b"], "maxProperties": 1},
        {"properties": {"a": True}, "maxProperties": 0},
        {"properties": {"a": True}, "minProperties": 3, "maxProperties": 3},
        {
            "allOf": [{"maxProperties": 2}, {"maxProperties": 1}, {"minProperties": 1}],
            "properties": {"a": True, "b": True, "c": True},
        },
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
        {"type": "string", "pattern": "^[a-z]+$", "minLength": 10},
        {"type": "string", "pattern": "^[a-z]+-[a-z]*$", "minLength": 30, "maxLength": 30},
        {"type": "string", "pattern": "[a-z]", "minLength": 10},
        {"type": "string", "pattern": "^(?:abc|d)+$", "minLength": 8, "maxLength": 9},
        {"type": "string", "pattern": "^(?:abc|d)$", "maxLength": 1},
        {"type": "string", "pattern": r"^[^\x00-\x7F]+$", "minLength": 3},
        {"type": "string", "pattern": r"^(?=.*\d)(?=.*[A-Z])[A-Z\d]{8,}$"},
        {"type": "string", "pattern": "^[\u0000-\U0010ffff]{9}$"},
        {"type": "string", "pattern": "^[\ud800-\ue000]$"},
        {"type": "string", "pattern": "^[\u4e00-\u9fff]+$"},
        {"type": "string", "format": "date-time", "maxLength": 5},
        {"type": "integer", "minimum": 2**60 + 1, "maximum": 2**60 + 1},
        {"type": "number", "minimum": 2**60 + 1, "maximum": 2**60 + 1},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1e-9},
        {"type": "integer", "minimum": 10**400},
        {"type": "integer", "multipleOf": 1000, "minimum": 1},
        {"type": "integer", "multipleOf": 1.5, "minimum": 1},
        {"allOf": [{"minLength": 9}, {"minLength": 3, "maxLength": 20}, {"maxLength": 12}]},
        {"allOf": [{"minimum": 5}, {"minimum": 2, "maximum": 6}], "type": "integer"},
        {"allOf": [{"type": "number"}, {"type": ["integer", "null"]}], "multipleOf": 3},
        {"allOf": [{"multipleOf": 4}, {"multipleOf": 6}], "type": "integer", "minimum": 1},
        {"allOf": [{"enum": [1, 2, "a"]}, {"enum": [2.0, "b"]}]},
        {"allOf": [{"anyOf": [{"const": 1}, {"const": 2}]}, {"anyOf": [{"const": 2}]}]},
        {"allOf": [{"prefixItems": [{}, {"const": 1}]}, {"prefixItems": [{"type": "null"}]}]},
        {"allOf": [{"items": {"minLength": 30}}, {"items": {"maxLength": 31}}, True]},
        {
            "allOf": [
                {"properties": {"a": {"properties": {"b": {"type": "integer"}}}}},
                {"properties": {"a": {"properties": {"b": {"minimum": 500}}}}},
                {"properties": {"a": {"required": ["b", "c"]}}, "required": ["a"]},
            ]
        },
        {"type": "string", "anyOf": [{"type": "integer"}, {"minLength": 90}, True]},
        {"type": "object", "required": ["a"], "additionalProperties": {"type": "null"}},
        {"properties": {"a": False, "b": True}},
        {"$defs": {"a": True}, "$ref": "#/$defs/a"},
        {"anyOf": [True]},
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
        ({"allOf": [{"minLength": 5}, {"maxLength": 4}]}, "minLength 5 and maxLength 4"),
        ({"type": "string", "maxLength": -1}, "minLength 0 and maxLength -1"),
        ({"allOf": [{"enum": [1]}, {"enum": [2]}]}, "no value is in all the enums"),
        ({"allOf": [{"type": "string"}, {"type": "null"}]}, "no value is of the types"),
        ({"allOf": [{"pattern": "a"}, {"pattern": "b"}]}, "two of 'pattern' at once"),
        ({"allOf": [{"const": 1}, {"const": True}]}, "two of 'const' at once"),
        ({"type": "array", "minItems": 3, "maxItems": 2}, "minItems 3 and maxItems 2"),
        ({"type": "array", "items": False, "minItems": 1}, "1 items are required, of at most 0"),
        ({"items": {"enum": [1]}, "uniqueItems": True, "minItems": 2}, "more different items"),
        ({"type": "object", "required": ["a", "b"], "maxProperties": 1}, "of at most 1"),
        ({"type": "object", "minProperties": 2, "maxProperties": 1}, "maxProperties 1"),
        ({"type": "number", "multipleOf": 7, "minimum": 8, "maximum": 9}, "no number is from"),
        ({"type": "array", "minItems": 200_000}, "more than 100000 parts"),
        ({"type": "string", "minLength": 200_000}, "too long to be made"),
        (
            {"type": "array", "minItems": 999, "items": {"type": "string", "minLength": 9999}},
            "more than 4000000 characters",
        ),
        ({"anyOf": [False]}, "no alternative that can be taken"),
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


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
keywords = st.sampled_from(
    [
        *("type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref", "properties", "required"),
        *("propertyOrdering", "additionalProperties", "minProperties", "maxProperties", "items"),
        *("prefixItems", "minItems", "maxItems", "uniqueItems", "pattern", "format", "minLength"),
        *("maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    ]
)
kinds = st.sampled_from(["object", "array", "string", "integer", "number"])
oddities = st.recursive(
    anything | st.just({"$ref": "#"}),
    lambda inner: (
        st.dictionaries(keywords, inner | st.lists(inner, max_size=3), max_size=4)
        | st.tuples(kinds, st.dictionaries(keywords, inner, max_size=4)).map(
            lambda pair: {**pair[1], "type": pair[0]}
        )
    ),
    max_leaves=8,
)


def outcome(schema: Any) -> str:
    """Return what becomes of a schema, whatever it is."""
    try:
        satisfy(schema, Random(0))
    except UnsatisfiableError:
        return "refused"
    return "made"


@given(oddities)
def test_whatever_a_schema_holds_it_is_made_or_refused(schema: Any) -> None:
    """It may be any JSON at all."""
    assert outcome(schema) in {"made", "refused"}


def doubling(levels: int) -> dict[str, Any]:
    """Return a schema that is taken in twice by the next one, and so on."""
    names = {f"a{level}": f"#/$defs/a{level + 1}" for level in range(levels)}
    found = {name: {"allOf": [{"$ref": to}, {"$ref": to}]} for name, to in names.items()}
    return {"$defs": {**found, f"a{levels}": {}}, "$ref": "#/$defs/a0"}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "number", "multipleOf": 0},
        {"type": "integer", "multipleOf": -1},
        {"type": "array", "minItems": "three"},
        {"type": "array", "minItems": True},
        {"enum": 5},
        {"enum": "ab"},
        {"type": "object", "required": 5},
        {"type": "object", "required": [5]},
        {"type": "object", "properties": []},
        {"type": "object", "properties": {"a": 5}},
        {"anyOf": 5},
        {"$ref": 5},
        {"pattern": 5},
        {"format": []},
        {"type": 3},
        {"type": "number", "minimum": "Infinity"},
        {"type": "number", "minimum": "NaN"},
        {"type": "number", "minimum": float("nan")},
        {"type": "number", "maximum": float("inf")},
        {"type": "number", "minimum": 10**400},
        {"type": "object", "minProperties": 10**400},
        {"type": "string", "minLength": 10**400},
        {"pattern": "^a+$", "minLength": 10**400},
        {"allOf": [{"$ref": "#"}]},
        {"allOf": [{"properties": 5}, {"properties": 6}]},
        {"allOf": [{"minimum": "x"}, {"minimum": []}]},
        doubling(40),
    ],
)
def test_a_schema_that_is_none_is_refused(schema: dict[str, Any]) -> None:
    """Rather than break what reads it."""
    assert outcome(schema) == "refused"


@pytest.mark.parametrize(("schema", "length"), [({"type": "array", "minItems": "3"}, 3)])
def test_whole_numbers_may_come_as_texts(schema: dict[str, Any], length: int) -> None:
    """As the API writes those of 64 bits."""
    assert length == len(satisfy(schema, Random(0)))


def test_no_alternatives_are_none_to_choose_from() -> None:
    """An empty list of them is the same as none; so is an empty object."""
    assert isinstance(satisfy({"anyOf": {}}, Random(0)), str)


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(", "cannot be read"),
        (r"^\p{L}+$", "cannot be read"),
        ("(?<year>a)", "cannot be read"),
        (r"\cA", "cannot be read"),
        ("^(?i)abc$", "cannot be read"),
        (r"\d{1000000000000}", "cannot be read"),
        ("(" * 5_000 + ")" * 5_000, "cannot be read"),
        (r"\d{1000000}", "more than 10000 characters"),
        ("(((a{99}){99}){99})", "more than 10000 characters"),
        ("(a{99})" + "".join(rf"(\{n}\{n})" for n in range(1, 20)), "more than 10000 characters"),
        ("[a--b]", "two hyphens"),
        (r"[^\w\W]", "a set without a character"),
        ("[\ud800]", "a set without a character"),
        (r"a{40}(a|a)*z{0}(?!.)b|(a+)+a{30}$(?<=c)", "takes too long"),
        (r"(a?){40}a{40}(?!a)\b", "takes too long"),
        (r"^(a)?(?(1)b|c)d$(?<=e)", "no text was found"),
    ],
)
def test_a_pattern_that_cannot_be_matched_is_told(pattern: str, reason: str) -> None:
    """Soon, and as an error of its value."""
    with pytest.raises(ValueError, match=reason):
        matching(pattern, Random(0))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("pattern", "characters"),
    [
        ("^[[a|&~]+$", "[a|&~"),
        ("^[]x]+[^]y]$", string.printable),
        (r"^[\[\]]+$", "[]"),
        ("^(a+)+c$|^a{40}$", "ac"),
        ("^a$|^(b|b)*$", "ab"),
    ],
)
def test_a_pattern_that_need_not_be_searched_for_is_not(
    pattern: str, characters: str, seed: int
) -> None:
    """It may warn, or take for ever."""
    assert set(matching(pattern, Random(seed))) <= set(characters)
