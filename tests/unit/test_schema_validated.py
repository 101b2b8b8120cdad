"""Pydantic models as schemas, and answers that they validate."""

import json
from collections.abc import Callable
from datetime import datetime
from enum import Enum, IntEnum
from random import Random
from typing import Annotated, Any, Literal, Optional, Union

import attrs
import pytest
from pydantic import BaseModel, ConfigDict, Field, RootModel, field_validator

from gemini_batch import codec
from gemini_batch.emulator.structured import satisfy
from gemini_batch.errors import AnswerMismatchError, UsageError
from gemini_batch.schema import parse, schema_of


class Colour(Enum):
    """A colour that is had."""

    RED = "red"
    BLUE = "blue"


class Step(BaseModel):
    """One thing to do.

    And for how long.
    """

    text: str = Field(description="What to do.", min_length=2, examples=["Boil"])
    minutes: int = Field(5, gt=0, lt=100, alias="mins")


class Recipe(BaseModel):
    """How a dish is made."""

    model_config = ConfigDict(extra="forbid")

    name: str
    steps: list[Step] = Field(min_length=1)
    colour: Colour = Colour.RED
    grams: dict[str, float] = Field(default_factory=dict, min_length=1)
    note: str | None = None
    first: Step | None = Field(None, description="The first.")
    kind: Literal["soup"] = "soup"
    sizes: tuple[int, int] = (1, 2)
    many: tuple[int, ...] = ()
    tags: set[str] = Field(set())
    cooked: datetime | None = None


class Node(BaseModel):
    """Holds others of its kind."""

    name: str
    next: Optional["Node"]
    children: list["Node"]
    other: Optional["Node"] = None
    wrapped: Union["Wrapped", int] = 0
    perhaps: "Wrapped" = None


class Wrapped(BaseModel):
    """Holds one that holds this."""

    inner: Node


class Unending(BaseModel):
    """Must hold another of its kind."""

    itself: "Unending"


class Cat(BaseModel):
    """A cat."""

    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    """A dog."""

    kind: Literal["dog"]
    age: float


class House(BaseModel):
    """Has a pet."""

    pet: Annotated[Cat | Dog, Field(discriminator="kind")]


class Steps(RootModel[list[Step]]):
    """Steps, one after the other."""


def told(kind: Any, **options: Any) -> Any:
    """Return the schema of a model as it travels."""
    return codec.unstructure(schema_of(kind, **options))


STEP = {
    "type": "OBJECT",
    "description": "One thing to do. And for how long.",
    "properties": {
        "text": {
            "type": "STRING",
            "description": "What to do.",
            "minLength": "2",
            "example": "Boil",
        },
        "mins": {"type": "INTEGER", "minimum": 1, "maximum": 99, "default": 5},
    },
    "required": ["text"],
    "propertyOrdering": ["text", "mins"],
}


def test_a_model_is_an_object_with_all_it_says() -> None:
    """By its aliases, with its bounds, its descriptions and its plain defaults."""
    pair = {"key": {"type": "STRING"}, "value": {"type": "NUMBER"}}
    names = ["key", "value"]
    grams = {"type": "OBJECT", "properties": pair, "required": names, "propertyOrdering": names}

    schema = told(Recipe)

    assert ["name", "steps"] == schema["required"]
    assert list(schema["properties"]) == schema["propertyOrdering"]
    assert {
        "name": {"type": "STRING"},
        "steps": {"type": "ARRAY", "items": STEP, "minItems": "1"},
        "colour": {
            "type": "STRING",
            "format": "enum",
            "enum": ["red", "blue"],
            "description": "A colour that is had.",
            "default": "red",
        },
        "grams": {"type": "ARRAY", "items": grams, "minItems": "1"},
        "note": {"type": "STRING", "nullable": True},
        "first": {**STEP, "nullable": True, "description": "The first."},
        "kind": {"type": "STRING", "format": "enum", "enum": ["soup"], "default": "soup"},
        "sizes": {
            "type": "ARRAY",
            "items": {"type": "INTEGER"},
            "minItems": "2",
            "maxItems": "2",
        },
        "many": {"type": "ARRAY", "items": {"type": "INTEGER"}},
        "tags": {"type": "ARRAY", "items": {"type": "STRING"}},
        "cooked": {"type": "STRING", "format": "date-time", "nullable": True},
    } == schema["properties"]


def test_a_model_that_holds_itself_has_an_end() -> None:
    """Members that may be left out are, and those that must be there are null or empty."""
    schema = schema_of(Node, levels=1)
    child = schema.properties["next"]

    assert ["name", "next", "children"] == list(child.required)
    assert "NULL" == child.properties["next"].type
    assert 0 == child.properties["children"].max_items
    assert "other" not in child.properties
    assert "perhaps" not in child.properties
    assert "INTEGER" == child.properties["wrapped"].type


def test_one_of_several_models_is_any_of_them() -> None:
    """The member that tells them apart is an enum of one."""
    pet = schema_of(House).properties["pet"]

    assert ["lives", "age"] == [list(one.properties)[1] for one in pet.any_of]
    assert Dog(kind="dog", age=3) == parse('{"pet": {"kind": "dog", "age": 3}}', House).pet


def test_a_model_may_be_a_list() -> None:
    """As it may be anything that pydantic validates."""
    assert {"type": "ARRAY", "items": STEP, "description": "Steps, one after the other."} == told(
        Steps
    )
    assert [Step(text="Eat")] == parse('[{"text": "Eat"}]', Steps).root


class Free(BaseModel):
    """Holds anything."""

    anything: list[Any]


class Loose(BaseModel):
    """Holds members of any name."""

    some: dict[str, Any]


class Number(IntEnum):
    """A number that has a name."""

    ONE = 1


class Numbered(BaseModel):
    """Holds a number that has a name."""

    one: Number


class Mixed(BaseModel):
    """Holds two things of two kinds."""

    pair: tuple[int, str]


class Open(BaseModel):
    """Has a bound that does not belong."""

    share: float = Field(gt=0)


class Even(BaseModel):
    """Holds an even number."""

    number: int = Field(multiple_of=2)


class Called(BaseModel):
    """Holds what is no JSON."""

    back: Callable[[], None]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Free, r"Free.anything\[\]: could be anything"),
        (Loose, "Loose.some: there are no members"),
        (Numbered, r"Numbered.one: the API's enums are of texts that are not empty: \[1\]"),
        (Mixed, "Mixed.pair: the elements of an array are of one kind"),
        (Open, "Open.share: the API's schemas have no exclusiveMinimum, but minimum"),
        (Even, "Even.number: the API's schemas have no multipleOf"),
        (Called, "Called: Cannot generate a JsonSchema"),
        (Unending, "Unending holds itself without an end"),
        (list[Even], r"list\[.*Even\]\[\].number: the API's schemas have no multipleOf"),
    ],
)
def test_what_the_api_cannot_express_is_refused_with_its_place(kind: Any, said: str) -> None:
    """Before anything is sent, and by its path."""
    with pytest.raises(UsageError, match=said):
        schema_of(kind)


def test_an_answer_is_validated_by_its_model() -> None:
    """By pydantic's rules; pairs are a dictionary again, however deep they stand."""

    class Deep(BaseModel):
        """Holds dictionaries in dictionaries."""

        one: list[dict[str, dict[str, Step]]] | None
        two: dict[str, int] | list[int] = []

    pairs = '[{"key": "a", "value": [{"key": "b", "value": {"text": "Eat", "mins": 7}}]}]'
    found = parse(f'{{"one": [{pairs}], "two": [1]}}', Deep)

    assert Deep(one=[{"a": {"b": Step(text="Eat", mins=7)}}], two=[1]) == found
    assert found == parse('{"one":[{"a":{"b":{"text":"Eat","mins":7}}}],"two":[1]}', Deep)
    assert parse('{"one": null}', Deep).one is None
    assert Recipe(name="a", steps=[Step(text="Eat")]) == parse(
        '{"name": "a", "steps": [{"text": "Eat"}], "colour": "red"}', Recipe
    )


def test_a_strict_model_is_read_as_from_json() -> None:
    """JSON has no word for a date, and a text is none the less one."""

    class Strict(BaseModel):
        """Takes only what is of the type."""

        model_config = ConfigDict(strict=True)
        when: datetime
        count: int

    assert 7 == parse('{"when": "2026-05-01T00:00:00Z", "count": 7}', Strict).count
    with pytest.raises(AnswerMismatchError, match="count: Input should be a valid integer"):
        parse('{"when": "2026-05-01T00:00:00Z", "count": "7"}', Strict)


class Judged(BaseModel):
    """Judges its member."""

    number: int

    @field_validator("number")
    @classmethod
    def _judge(cls, number: int) -> int:
        if number == 0:
            raise ValueError("nothing is no number")
        return number


@pytest.mark.parametrize(
    ("text", "kind", "path", "reason"),
    [
        ('{"name": "a", "steps": []}', Recipe, "steps", "List should have at least 1 item"),
        (
            '{"name": "a", "steps": [{"text": "Eat"}, {"text": 5, "mins": "x"}]}',
            Recipe,
            "steps[1].text",
            "Input should be a valid string (and 1 more)",
        ),
        ('{"number": 0}', Judged, "number", "Value error, nothing is no number"),
        ("[]", Judged, "", "Input should be an object"),
        ('[{"number": 1}, {}]', list[Judged], "[1].number", "Field required"),
    ],
)
def test_what_does_not_fit_is_an_error_that_says_where(
    text: str, kind: Any, path: str, reason: str
) -> None:
    """In pydantic's words: the first of them, and how many more there are."""
    with pytest.raises(AnswerMismatchError) as caught:
        parse(text, kind)

    assert path == caught.value.path
    assert caught.value.reason.startswith(reason)


@attrs.frozen
class Book:
    """Holds models."""

    recipes: list[Recipe]


@pytest.mark.parametrize("kind", [Recipe, Node, House, Steps, Book])
@pytest.mark.parametrize("seed", range(5))
def test_an_answer_of_the_emulator_fits_the_model(kind: Any, seed: int) -> None:
    """A model that holds itself included, and one within a class of another kind."""
    assert parse(json.dumps(satisfy(told(kind), Random(seed))), kind) is not None
