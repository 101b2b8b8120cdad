"""Creating a batch: once, whatever happens to the reply, unless the caller allows twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gemini_batch.effects import Effect, Flow
from gemini_batch.endpoints.batches import build_create, file_batch
from gemini_batch.errors import (
    ApiError,
    CreateOutcomeUnknownError,
    ProtocolError,
    ServerError,
    TransportError,
)
from gemini_batch.flows.batches import OnUnknown, create
from gemini_batch.models.operation import BatchOperation
from gemini_batch.retry import RetryPolicy, Timeouts
from gemini_batch.settings import Settings

from .replies import LABEL, batch, hung, lost, page, refusal, reply, seen, unsent
from .world import Answer, Late, World

CREATE = "POST models/m:batchGenerateContent"
LIST = "GET batches?pageSize=100"
NAME = "batches/b1"


def creating(
    settings: Settings, on_unknown: OnUnknown = "raise"
) -> Flow[Effect[object], BatchOperation]:
    """Return the creation of a batch."""
    body = file_batch(f"sky [{LABEL}]", "files/f1")
    request = build_create(settings.api, "models/m", body, settings.timeouts.create)
    return create(settings, request, LABEL, on_unknown)


DOUBTS: dict[str, Callable[[], Answer]] = {
    "reply_lost": lost,
    "reply_hangs": hung,
    "500": lambda: refusal(500),
    "502": lambda: refusal(502),
    "503": lambda: refusal(503, retry_after="7"),
    "504": lambda: refusal(504),
    "408": lambda: refusal(408),
    "html": lambda: reply(b"<html>"),
    "empty": lambda: reply(b""),
    "no_name": lambda: reply({}),
    "odd_name": lambda: reply({"name": "batches/../b1"}),
    "other_name": lambda: reply({"name": "files/f1"}),
    "no_object": lambda: reply([]),
    "202": lambda: reply({}, 202),
}
in_every_doubt = pytest.mark.parametrize("doubt", DOUBTS.values(), ids=DOUBTS)


@in_every_doubt
def test_a_batch_whose_creation_is_in_doubt_is_adopted(
    world: World,
    settings: Settings,
    told: pytest.LogCaptureFixture,
    doubt: Callable[[], Answer],
) -> None:
    """The service acted, and the reply was lost: the batch is found, and not made again."""
    world.expect(Late(2.5, doubt()), page(batch(label=LABEL)))
    assert NAME == world.run(creating(settings)).name
    assert [CREATE, LIST] == world.lines
    assert [0.0] == world.pauses
    assert f"reply lost; adopted {NAME} ({LABEL}) after 2.5 s" == told.messages[-1]


@in_every_doubt
def test_a_batch_that_is_not_found_is_not_made_again(
    world: World, doubt: Callable[[], Answer]
) -> None:
    """The service may not have acted; whether to pay twice is not decided here."""
    settings = Settings(timeouts=Timeouts(create=60.0), chance=lambda: 1.0)
    world.expect(doubt(), *[page()] * 5)
    with pytest.raises(CreateOutcomeUnknownError) as caught:
        world.run(creating(settings))
    assert LABEL == caught.value.label
    assert isinstance(caught.value.__cause__, ApiError | TransportError | ProtocolError)
    assert [CREATE, *[LIST] * 5] == world.lines


def test_a_lost_batch_is_looked_for_less_and_less_often(world: World, settings: Settings) -> None:
    """The list may be behind what was created; a minute is enough."""
    world.expect(lost(), *[page(token="")] * 5)
    with pytest.raises(CreateOutcomeUnknownError):
        world.run(creating(settings))
    assert [0.0, 2.0, 6.0, 14.0, 30.0] == world.pauses


def test_with_no_time_to_look_there_is_one_look(world: World) -> None:
    """One look costs nothing, and may find it."""
    settings = Settings(retry=RetryPolicy(look_for=0.0), chance=lambda: 1.0)
    world.expect(lost(), page())
    with pytest.raises(CreateOutcomeUnknownError):
        world.run(creating(settings))
    assert [0.0] == world.pauses


def test_a_batch_that_appears_late_is_adopted(world: World, settings: Settings) -> None:
    """The list is read again, through empty pages too."""
    world.expect(
        lost(), page(), page(batch(label="gb-other")), page(token="a"), page(batch(label=LABEL))
    )
    assert NAME == world.run(creating(settings)).name
    assert [CREATE, LIST, LIST, LIST, f"{LIST}&pageToken=a"] == world.lines
    assert [0.0, 2.0, 6.0] == world.pauses


def test_a_list_that_fails_for_the_moment_has_attempts_of_its_own(
    world: World, settings: Settings
) -> None:
    """Each look is as patient as any other call."""
    world.expect(lost(), refusal(503), unsent(), page(batch(label=LABEL)))
    assert NAME == world.run(creating(settings)).name
    assert [0.0, 1.0, 2.0] == world.pauses


def test_what_was_not_sent_is_sent_again(world: World, settings: Settings) -> None:
    """A connection that was refused created nothing; nor did a quota that is used up."""
    world.expect(unsent(), refusal(429, retry_after="7"), unsent(), seen())
    assert NAME == world.run(creating(settings)).name
    assert [CREATE] * 4 == world.lines
    assert [1.0, 8.0, 4.0] == world.pauses


def test_a_doubt_after_what_was_not_sent_is_a_doubt(world: World, settings: Settings) -> None:
    """Every attempt is judged by itself."""
    world.expect(unsent(), lost(), page(batch(label=LABEL)))
    assert NAME == world.run(creating(settings)).name
    assert [CREATE, CREATE, LIST] == world.lines


# Creating twice, as asked


def test_a_batch_that_is_found_is_not_created_once_more(world: World, settings: Settings) -> None:
    """The permission is for the case that nothing is found."""
    world.expect(lost(), page(batch(label=LABEL)))
    world.run(creating(settings, "resubmit"))
    assert 1 == world.lines.count(CREATE)


def test_a_batch_is_created_no_more_than_twice(world: World, settings: Settings) -> None:
    """A second doubt is raised like a first one."""
    world.expect(lost(), *[page()] * 5, refusal(503), *[page()] * 5)
    with pytest.raises(CreateOutcomeUnknownError) as caught:
        world.run(creating(settings, "resubmit"))
    assert isinstance(caught.value.__cause__, ServerError)
    assert 2 == world.lines.count(CREATE)
