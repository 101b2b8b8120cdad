"""Answers in JSON: asked for by a class, and read back into it."""

import dataclasses
from datetime import date
from enum import StrEnum
from typing import Any, TypedDict

import attrs
import pytest
from pydantic import BaseModel, Field

from gemini_batch import (
    AnswerMismatchError,
    GenerateContentRequest,
    ItemSuccess,
    Outcome,
    ResultsIncompleteError,
    UsageError,
)
from gemini_batch.emulator import Emulator
from tests.conformance.facades import Facade


class Colour(StrEnum):
    """A colour that a bird may have."""

    BROWN = "brown"
    WHITE = "white"


@attrs.frozen
class Bird:
    """A bird that was seen.

    Attributes:
        seen: The day it was seen on.
    """

    name: str
    colour: Colour
    seen: date
    grams: dict[str, float]
    mate: "Bird | None" = None


@dataclasses.dataclass(frozen=True)
class Walk:
    """A walk, and what was seen on it."""

    birds: tuple[Bird, ...]


class Place(TypedDict):
    """Where a walk led."""

    name: str
    height: int | None


class Weather(BaseModel):
    """What it was like."""

    degrees: float = Field(ge=-40, le=50)
    words: list[str] = Field(min_length=1, description="In a word each.")


@pytest.mark.parametrize("kind", [Bird, Walk, Place, Weather, list[Place], Colour])
@pytest.mark.parametrize("via", ["inline", "file"])
def test_an_answer_is_read_back_into_the_class_it_was_asked_for_by(
    client: Any, kind: Any, via: str
) -> None:
    """Every answer of a batch, whichever way it travelled."""
    built = (
        client.generate_content()
        .with_user_message("What did you see?")
        .with_response_schema(kind)
        .build()
    )
    asked = {"built": built} | {
        f"{n}": GenerateContentRequest.of(f"And on day {n}?", response_schema=kind)
        for n in range(5)
    }

    with client.submit(asked, via=via).results() as results:
        found = [item.unwrap().parsed(kind) for item in results]
        outcomes = results.summary().outcomes

    assert len(asked) == len(found)
    assert {Outcome.ANSWERED: len(asked)} == {name: n for name, n in outcomes.items() if n}
    plain = {Place: dict, list[Place]: list}.get(kind, kind)
    assert all(isinstance(one, plain) for one in found)


def test_a_class_that_the_api_cannot_express_is_not_sent(client: Any, emulator: Emulator) -> None:
    """Its member is named before anything is."""
    with pytest.raises(UsageError, match=r"list\[object\]\[\]: object is nothing that a schema"):
        client.generate_content().with_user_message("a").with_response_schema(list[object])

    assert [] == emulator.seen


def test_an_answer_that_was_cut_says_so(client: Any) -> None:
    """In its outcome, and when it is read."""
    request = GenerateContentRequest.of("a", response_schema=Bird, max_output_tokens=3)

    with client.submit([request]).results() as results:
        (item,) = results
        assert isinstance(item, ItemSuccess)
        assert Outcome.TRUNCATED is item.outcome is results.outcome("0")
        assert item.response.truncated
        with pytest.raises(AnswerMismatchError, match="was cut at its token limit") as caught:
            item.response.parsed(Bird)

    assert caught.value.truncated


def test_every_request_has_an_outcome(facade: Facade) -> None:
    """One whose result never came has one as well, and a stranger has none."""
    with Emulator(pending_seconds=0, running_seconds=0, failure_rate=0) as emulator:
        client = facade.client(emulator.url)
        emulator.faults.add("results", "drop=1")
        batch = client.submit({"a": "1", "b": "2", "c": "3"}, via="file")
        with batch.results() as results:
            outcomes = {key: results.outcome(key) for key in "abc"}
            counted = results.summary().outcomes
            with pytest.raises(ResultsIncompleteError):
                results.raise_for_incomplete()
            with pytest.raises(UsageError):
                results.outcome("d")

    assert sorted([Outcome.ANSWERED, Outcome.ANSWERED, Outcome.MISSING]) == sorted(
        outcomes.values()
    )
    assert (2, 1) == (counted[Outcome.ANSWERED], counted[Outcome.MISSING])
