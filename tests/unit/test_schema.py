"""Classes as schemas, and answers as their values."""

import dataclasses
import json
import math
import subprocess
import sys
import typing
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from enum import Enum, IntEnum, StrEnum
from functools import partial
from pathlib import Path
from random import Random
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NewType,
    NotRequired,
    Optional,
    Required,
    TypedDict,
    TypeVar,
)
from uuid import UUID

import attrs
import pytest
from hypothesis import given, settings, strategies as st
from typing_extensions import Doc, TypeAliasType

from gemini_batch import codec
from gemini_batch.emulator.structured import satisfy
from gemini_batch.errors import AnswerMismatchError, UsageError
from gemini_batch.models.schema import Schema
from gemini_batch.schema import parse, schema_of

T = TypeVar("T")


class Colour(Enum):
    """A colour that is had."""

    RED = "red"
    BLUE = "blue"


@attrs.frozen
class Step:
    """One thing to do.

    And for how long.

    Attributes:
        text: What to do, in one
            sentence.
        minutes (int): As long as it takes.
    """

    text: str
    minutes: int = 5


@dataclasses.dataclass
class Recipe:
    """How a dish is made."""

    name: Annotated[str, "What it is called."]
    steps: list[Step]
    colour: Colour = Colour.RED
    grams: dict[str, float] = dataclasses.field(default_factory=dict)
    note: str | None = None
    cost: float = dataclasses.field(init=False, default=0.0)


class Person(TypedDict, total=False):
    """Somebody."""

    name: Required[str]
    born: Annotated[NotRequired[int], "The year."]
    seen: bool


@attrs.frozen
class Node:
    """Holds others of its kind."""

    name: str
    children: list["Node"]
    next: Optional["Node"]
    other: "Node | None" = None
    few: tuple["Node", ...] = ()
    named: dict[str, "Node"] = attrs.Factory(dict)


@attrs.frozen
class Unending:
    """Must hold another of its kind."""

    itself: "Unending"


@attrs.frozen
class Bounded:
    """Has an end, for what would never end has a default."""

    name: str
    wrapped: "Wrapped | int" = 0
    forced: "Unending | None" = None
    perhaps: "Forced" = None


@attrs.frozen
class Wrapped:
    """Holds one that holds this."""

    inner: Bounded


@attrs.frozen
class Forced:
    """Holds one that holds this, too."""

    inner: Bounded


def told(kind: Any, **options: Any) -> Any:
    """Return the schema of a class as it travels."""
    return codec.unstructure(schema_of(kind, **options))


STEP = {
    "type": "OBJECT",
    "description": "One thing to do. And for how long.",
    "properties": {
        "text": {"type": "STRING", "description": "What to do, in one sentence."},
        "minutes": {"type": "INTEGER", "description": "As long as it takes.", "default": 5},
    },
    "required": ["text"],
    "propertyOrdering": ["text", "minutes"],
}
COLOUR = {
    "type": "STRING",
    "format": "enum",
    "enum": ["red", "blue"],
    "description": "A colour that is had.",
}

# Classes as schemas


def test_a_class_is_an_object_with_all_it_says() -> None:
    """Members in their order, what may be left out, what each is for, and plain defaults."""
    pair = {"key": {"type": "STRING"}, "value": {"type": "NUMBER"}}
    names = ["key", "value"]
    grams = {"type": "OBJECT", "properties": pair, "required": names, "propertyOrdering": names}

    assert {
        "type": "OBJECT",
        "description": "How a dish is made.",
        "properties": {
            "name": {"type": "STRING", "description": "What it is called."},
            "steps": {"type": "ARRAY", "items": STEP},
            "colour": {**COLOUR, "default": "red"},
            "grams": {"type": "ARRAY", "items": grams},
            "note": {"type": "STRING", "nullable": True},
        },
        "required": ["name", "steps"],
        "propertyOrdering": ["name", "steps", "colour", "grams", "note"],
    } == told(Recipe)


@dataclasses.dataclass
class _Silent:
    one: int


def test_a_dataclass_without_a_docstring_says_nothing() -> None:
    """The signature, which it would say of itself, tells the model nothing new."""
    assert "description" not in told(_Silent)


def test_a_typed_dict_says_what_may_be_left_out() -> None:
    """By its own words or those of a member."""
    assert {
        "type": "OBJECT",
        "description": "Somebody.",
        "properties": {
            "name": {"type": "STRING"},
            "born": {"type": "INTEGER", "description": "The year."},
            "seen": {"type": "BOOLEAN"},
        },
        "required": ["name"],
        "propertyOrdering": ["name", "born", "seen"],
    } == told(Person)


Name = NewType("Name", str)
Names = TypeAliasType("Names", list[Name])


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        (str, {"type": "STRING"}),
        (bool, {"type": "BOOLEAN"}),
        (None, {"type": "NULL"}),
        (datetime, {"type": "STRING", "format": "date-time"}),
        (date, {"type": "STRING", "format": "date"}),
        (time, {"type": "STRING", "format": "time"}),
        (UUID, {"type": "STRING", "format": "uuid"}),
        (Colour, COLOUR),
        (Literal["a", "b"], {"type": "STRING", "format": "enum", "enum": ["a", "b"]}),
        (
            Literal["a", None],  # noqa: PYI061 - this form is looked at
            {"type": "STRING", "format": "enum", "enum": ["a"], "nullable": True},
        ),
        (list[int], {"type": "ARRAY", "items": {"type": "INTEGER"}}),
        (Sequence[int], {"type": "ARRAY", "items": {"type": "INTEGER"}}),
        (frozenset[int], {"type": "ARRAY", "items": {"type": "INTEGER"}}),
        (tuple[int, ...], {"type": "ARRAY", "items": {"type": "INTEGER"}}),
        (
            tuple[int, int],
            {"type": "ARRAY", "items": {"type": "INTEGER"}, "minItems": "2", "maxItems": "2"},
        ),
        (int | str, {"anyOf": [{"type": "INTEGER"}, {"type": "STRING"}]}),
        (
            int | str | None,
            {"anyOf": [{"type": "INTEGER"}, {"type": "STRING"}], "nullable": True},
        ),
        (Names, {"type": "ARRAY", "items": {"type": "STRING"}}),
        (Annotated[int, Doc("How many.")], {"type": "INTEGER", "description": "How many."}),
        (Annotated[int, 5], {"type": "INTEGER"}),
        (Annotated[Colour, "Its own."], {**COLOUR, "description": "Its own."}),
    ],
)
def test_a_type_has_a_schema(kind: Any, schema: object) -> None:
    """In the API's words."""
    assert schema == told(kind)


def test_a_class_that_holds_itself_has_an_end() -> None:
    """Members that may be left out are, and those that must be there are null or empty."""
    schema = schema_of(Node, levels=1)
    child = schema.properties["next"]

    assert ["name", "children", "next", "other", "few", "named"] == list(schema.properties)
    assert ["name", "children", "next"] == list(child.properties)
    assert "NULL" == child.properties["next"].type
    assert 0 == child.properties["children"].max_items
    assert schema.properties["children"].items is not None
    deeper = schema_of(Node).properties["next"].properties["next"].properties["next"]
    assert "NULL" == deeper.properties["next"].type


def test_what_would_never_end_is_left_out_where_it_may_be() -> None:
    """Of a union the rest is left."""
    schema = schema_of(Bounded, levels=0)

    assert {"name", "wrapped"} == set(schema.properties)
    assert {"type": "INTEGER", "default": 0} == codec.unstructure(schema.properties["wrapped"])


@attrs.frozen
class Either:
    """Holds one without an end, whichever it is."""

    one: "Either | Unending"


@attrs.frozen
class Odd:
    """Holds anything."""

    numbers: list[dict[str, Any]]


@attrs.frozen
class Empty:
    """Holds nothing."""


@attrs.frozen
class Pair(Generic[T]):
    """Holds one of some kind."""

    one: T


class Code(IntEnum):
    """A number."""

    ONE = 1


class Blank(StrEnum):
    """An enum with an empty text."""

    NONE = ""


@attrs.define
class Untyped:
    """Says nothing of its member."""

    one = attrs.field()


@dataclasses.dataclass
class Postponed:
    """Names a class that is not there."""

    one: "NoSuchName"  # type: ignore[name-defined]  # noqa: F821


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Odd, r"Odd.numbers\[\]\[\]: .*Any is nothing that a schema of the API can express"),
        (object, "object: object is nothing"),
        (bytes, "bytes: bytes is nothing"),
        (list, "list: list is nothing"),
        (typing.List, "List: list is nothing"),  # noqa: UP006 - as it may be written still
        (tuple[()], "tuple: tuple is nothing"),
        (Pair[int], "Pair.* is nothing"),
        (5, "5: 5 is nothing"),
        ([int], "is nothing"),
        (Empty, "Empty: there are no members"),
        (Code, r"Code: the API's enums are of texts that are not empty: \[1\]"),
        (Literal["a", 1], r"enums are of texts that are not empty: \['a', 1\]"),
        (Literal[None], "enums are of texts"),  # noqa: PYI061 - as above
        (Blank, "enums are of texts that are not empty"),
        (dict[int, str], "the keys of a dictionary must be str"),
        (tuple[int, str], "the elements of an array are of one kind"),
        (Unending, "Unending holds itself without an end"),
        (Either, "Either holds itself without an end"),
        (Untyped, "Untyped.one: has no annotation"),
        (Postponed, "the annotations of Postponed cannot be read: name 'NoSuchName'"),
    ],
)
def test_what_the_api_cannot_express_is_refused_with_its_place(kind: Any, said: str) -> None:
    """Before anything is sent, and by its path."""
    with pytest.raises(UsageError, match=said):
        schema_of(kind)


def test_a_schema_that_grows_beyond_reason_is_refused() -> None:
    """A class that holds itself many times over multiplies with every level."""
    with pytest.raises(UsageError, match="the schema gets too large"):
        schema_of(Node, levels=9)


# Answers as values


def test_an_answer_is_read_into_its_class() -> None:
    """With its defaults where members were left out; pairs are a dictionary again."""
    text = """{"name": "Soup", "steps": [{"text": "Boil", "minutes": 3.0}, {"text": "Eat"}],
      "colour": "blue", "grams": [{"key": "salt", "value": 5}], "note": null}"""

    found = parse(text, Recipe)

    assert Recipe("Soup", [Step("Boil", 3), Step("Eat")], Colour.BLUE, {"salt": 5.0}) == found
    assert isinstance(found.grams["salt"], float)
    assert {"salt": 5.0} == parse(
        text.replace('[{"key": "salt", "value": 5}]', '{"salt": 5}'), Recipe
    ).grams
    assert {"name": "Eve", "born": 1} == parse('{"name": "Eve", "born": 1}', Person)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ('"a"', str, "a"),
        ("true", bool, True),
        ("7", int, 7),
        ("7.0", int, 7),
        ("7", float, 7.0),
        ("null", None, None),
        ("null", int | None, None),
        ("null", Literal["a", None], None),  # noqa: PYI061 - this form is looked at
        ('"a"', Literal["a", None], "a"),  # noqa: PYI061 - as above
        ('"red"', Colour, Colour.RED),
        ("1", Code, Code.ONE),
        ('"2026-05-01T10:00:00Z"', datetime, datetime(2026, 5, 1, 10, tzinfo=UTC)),
        ('"2026-05-01"', date, date(2026, 5, 1)),
        ('"10:30:00"', time, time(10, 30)),
        ('"00000000-0000-0000-0000-000000000007"', UUID, UUID(int=7)),
        ("[1, 2]", list[int], [1, 2]),
        ("[1, 2]", Sequence[int], [1, 2]),
        ("[1, 2]", tuple[int, ...], (1, 2)),
        ("[1, 1]", set[int], {1}),
        ("[1, 1]", frozenset[int], frozenset({1})),
        ('[1, "a"]', tuple[int, str], (1, "a")),
        ("{}", dict[str, int], {}),
        ("[]", Mapping[str, int], {}),
        ('"a"', int | str, "a"),
        ('["a"]', Names, ["a"]),
        ('{"text": "\\ud800"}', Step, Step("\ud800")),
    ],
)
def test_a_value_is_read_as_its_type(text: str, kind: Any, value: object) -> None:
    """Of the very type."""
    found = parse(text, kind)

    assert (value, type(value)) == (found, type(found))


@pytest.mark.parametrize(
    ("text", "kind", "path", "reason"),
    [
        ('{"text": null}', Step, "text", "expected a string, got None"),
        ('{"text": 5}', Step, "text", "expected a string, got 5"),
        ('{"text": "a", "minutes": "5"}', Step, "minutes", "expected an integer, got '5'"),
        ('{"text": "a", "minutes": 5.5}', Step, "minutes", "expected an integer, got 5.5"),
        ('{"text": "a", "minutes": true}', Step, "minutes", "expected an integer, got True"),
        ('{"text": "a", "minutes": null}', Step, "minutes", "expected an integer, got None"),
        ("{}", Step, "text", "is missing"),
        ('{"text": "a", "x\\u001b": 1}', Step, "x\\x1b", "Step has no such member"),
        ("[]", Step, "", "expected an object, got []"),
        ("[{}]", list[Step], "[0].text", "is missing"),
        ("{}", list[Step], "", "expected an array, got {}"),
        ('{"a": 1}', dict[str, str], "['a']", "expected a string, got 1"),
        (
            '[{"key": "a", "value": 1}, {"key": "a", "value": 2}]',
            dict[str, int],
            "",
            "expected an object, or pairs of key and value with each key once, got [",
        ),
        ('[{"key": 1, "value": 1}]', dict[str, int], "", "expected an object, or pairs"),
        ("[5]", dict[str, int], "", "expected an object, or pairs"),
        ('"green"', Colour, "", "expected one of ['red', 'blue'], got 'green'"),
        ("true", Code, "", "expected one of [1], got True"),
        ("null", Colour, "", "expected one of ['red', 'blue'], got None"),
        ('"no"', bool, "", "expected true or false, got 'no'"),
        ("true", float, "", "expected a number, got True"),
        ("1e400", float, "", "expected a number, got inf"),
        ("1" + "0" * 400, float, "", "expected a number, got 1000"),
        ("5", type(None), "", "expected null, got 5"),
        ('"yesterday"', date, "", "expected a date, got 'yesterday'"),
        ("5", datetime, "", "expected a string, got 5"),
        ('"2026-05-01"', datetime, "", "expected a date and a time, got '2026-05-01'"),
        ('"20260501"', datetime, "", "expected a date and a time, got '20260501'"),
        ("[1]", tuple[int, str], "", "expected 2 elements, got [1]"),
        ('"a"', int | None, "", "expected an integer, got 'a'"),
        (
            '{"a": 1}',
            int | Step,
            "",
            "fits none of 2 kinds: expected an integer, got {'a': 1}; a: Step has no such member",
        ),
        ("NaN", float, "", "not JSON: NaN is not JSON"),
        ("", float, "", "not JSON: Expecting value"),
        ("{", Step, "", "not JSON: "),
        ("[" * 200_000, list[int], "", "it is nested too deeply"),
    ],
)
def test_what_does_not_fit_is_an_error_that_says_where(
    text: str, kind: Any, path: str, reason: str
) -> None:
    """Nothing is coerced into what was asked for."""
    with pytest.raises(AnswerMismatchError) as caught:
        parse(text, kind)

    assert path == caught.value.path
    assert caught.value.reason.startswith(reason)
    assert str(caught.value).isprintable()
    assert not caught.value.truncated


@pytest.mark.parametrize(
    ("kind", "held"),
    [
        (set[list[int]], r"list\[int\]"),
        (frozenset[Recipe], "Recipe"),
        (set[int | dict[str, int]], r"dict\[str, int\]"),
    ],
)
def test_a_set_of_what_it_cannot_hold_is_refused(kind: Any, held: str) -> None:
    """Before it is asked for, and before it is read."""
    for refused in (schema_of, partial(parse, "[]")):
        with pytest.raises(UsageError, match=f": a set cannot hold {held}: make it frozen, or a "):
            refused(kind)
    assert {1, "a"} == parse('[1, "a"]', set[int | str])


@attrs.frozen
class Positive:
    """A number that its class judges."""

    _number: int = attrs.field(validator=attrs.validators.gt(0))
    _known: bool = attrs.field(default=True, init=False)


def test_a_class_has_the_last_word() -> None:
    """What it refuses does not fit; a private member goes by the name its class is made with."""
    assert Positive(1) == parse('{"number": 1}', Positive)
    assert ["number"] == list(schema_of(Positive).properties)
    with pytest.raises(AnswerMismatchError, match=r"\[0\]: Positive refuses it: '_number' must be"):
        parse('[{"number": 0}]', list[Positive])


@pytest.mark.parametrize("kind", [object, Any, 5, dict[int, int], list, Empty | Any, tuple[()]])
def test_what_no_answer_can_be_is_refused(kind: Any) -> None:
    """That is the caller's error, and not the answer's."""
    with pytest.raises(UsageError, match="is nothing that an answer can be read as"):
        parse("{}", kind)


def test_a_text_that_was_cut_says_so() -> None:
    """Unless it happens to fit."""
    with pytest.raises(AnswerMismatchError, match="was cut at its token limit, and does not fit"):
        parse('{"text": "a', Step, truncated=True)
    with pytest.raises(AnswerMismatchError, match="was cut at its token limit"):
        parse("[" * 200_000, list[int], truncated=True)
    assert Step("a") == parse('{"text": "a"}', Step, truncated=True)


@pytest.mark.parametrize(
    "text",
    ["```json\n[1]\n```", "```\n[1]```\n", " \n```JSON\r\n[1]\r\n```  ", "[1]"],
)
def test_a_fence_is_taken_off_when_asked_for(text: str) -> None:
    """Where there is none, nothing is lost."""
    assert [1] == parse(text, list[int], fenced=True)


@pytest.mark.parametrize("text", ["```json\n[1]\n```", "\n```\n[1]\n```"])
def test_a_fence_is_not_taken_off_silently(text: str) -> None:
    """The error says how."""
    with pytest.raises(AnswerMismatchError, match="in a code fence: fenced=True takes it out"):
        parse(text, list[int])


def test_what_stands_around_a_fence_is_not_thrown_away() -> None:
    """Whether it matters nobody can tell."""
    with pytest.raises(AnswerMismatchError, match="not JSON: "):
        parse("Here it is:\n```json\n[1]\n```", list[int], fenced=True)


def test_a_class_is_looked_at_without_pydantic() -> None:
    """Whoever has none needs none, and whoever has it does not load it."""
    script = (
        "import sys, dataclasses\n"
        "from gemini_batch.schema import parse, schema_of\n"
        "one = dataclasses.make_dataclass('One', [('a', int)])\n"
        "schema_of(one); parse('{\"a\": 1}', one)\n"
        "sys.exit('pydantic' in sys.modules)"
    )
    root = Path(__file__).parents[2]
    assert 0 == subprocess.run([sys.executable, "-c", script], cwd=root, check=False).returncode


# Any class, and any value of it

WORDS = ["amber", "birch", "cedar"]
SAFE = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


def enum_of(names: list[str]) -> Any:
    """Make an enum of these texts."""
    return Enum("Made", {f"M{place}": name for place, name in enumerate(names)})


KINDS: st.SearchStrategy[tuple[Any, st.SearchStrategy[Any]]] = st.one_of(
    st.just((str, SAFE)),
    st.just((int, st.integers())),
    st.just((float, st.floats(allow_nan=False, allow_infinity=False))),
    st.just((bool, st.booleans())),
    st.just((date, st.dates())),
    st.just((datetime, st.datetimes(timezones=st.just(UTC)))),
    st.just((UUID, st.uuids())),
    st.just((Literal["x", "y"], st.sampled_from(["x", "y"]))),
    st.lists(st.sampled_from(WORDS), min_size=1, unique=True)
    .map(enum_of)
    .map(lambda kind: (kind, st.sampled_from(list(kind)))),
)
"""A type, and its values."""


def made_class(members: list[tuple[Any, st.SearchStrategy[Any]]], how: int) -> Any:
    """Make a class of members in one of three ways; return it with its values."""
    kinds = {f"m{place}": kind for place, (kind, _) in enumerate(members)}
    values = {f"m{place}": values for place, (_, values) in enumerate(members)}
    kind: Any = (
        lambda: attrs.make_class("Made", {k: attrs.field(type=v) for k, v in kinds.items()}),
        lambda: dataclasses.make_dataclass("Made", list(kinds.items())),
        lambda: TypedDict("Made", kinds),  # type: ignore[operator]
    )[how]()
    return kind, st.fixed_dictionaries(values).map(lambda found: kind(**found))


def grown(inner: Any) -> Any:
    """Make larger types of smaller ones."""
    return st.one_of(
        inner.map(lambda one: (list[one[0]], st.lists(one[1], max_size=3))),
        inner.map(lambda one: (tuple[one[0], one[0]], st.tuples(one[1], one[1]))),
        inner.map(lambda one: (dict[str, one[0]], st.dictionaries(SAFE, one[1], max_size=3))),
        inner.map(lambda one: (one[0] | None, st.none() | one[1])),
        st.builds(made_class, st.lists(inner, min_size=1, max_size=3), st.integers(0, 2)),
    )


CLASSES = st.recursive(KINDS, grown, max_leaves=6)


def plain(value: Any) -> Any:
    """Return JSON for a value, as a model would write it."""
    match value:
        case Enum():
            return value.value
        case datetime() | date() | UUID():
            return str(value)
        case list() | tuple():
            return [plain(one) for one in value]
        case dict():
            return {name: plain(one) for name, one in value.items()}
        case _ if attrs.has(type(value)):
            return plain(attrs.asdict(value, recurse=False))
        case _ if dataclasses.is_dataclass(value):
            return plain(vars(value))
        case _:
            return value


@settings(deadline=None)
@given(CLASSES, st.data())
def test_any_value_is_read_back(made: tuple[Any, Any], data: st.DataObject) -> None:
    """What was written by the class is the same value again."""
    kind, values = made
    value = data.draw(values)

    assert value == parse(json.dumps(plain(value)), kind)


@settings(deadline=None)
@given(CLASSES, st.integers(0, 2**32))
def test_whatever_fits_the_schema_fits_the_class(made: tuple[Any, Any], seed: int) -> None:
    """The service answers in JSON of the schema; the schema travels unharmed."""
    kind, _ = made
    tree = told(kind)

    answer = json.dumps(satisfy(tree, Random(seed)))

    assert answer is not None
    assert answer_fits(answer, kind)
    assert schema_of(kind) == codec.structure(tree, Schema)


def answer_fits(answer: str, kind: Any) -> bool:
    """Tell whether an answer is read, and written as the same JSON but for spelling."""
    value = parse(answer, kind)
    again = parse(json.dumps(plain(value)), kind)
    return bool(again == value) or (isinstance(value, float) and math.isnan(value))


@pytest.mark.parametrize("kind", [Recipe, Person, Node, Bounded, Step, list[Recipe]])
@pytest.mark.parametrize("seed", range(5))
def test_an_answer_of_the_emulator_fits_the_class(kind: Any, seed: int) -> None:
    """A class that holds itself included."""
    assert parse(json.dumps(satisfy(told(kind), Random(seed))), kind) is not None
