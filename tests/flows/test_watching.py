"""Watching: every look is told as the status it shows, until one is final."""

from __future__ import annotations

from typing import Any

import pytest

from gemini_batch.batch import Batch
from gemini_batch.effects import Response
from gemini_batch.errors import BatchFailedError, ProtocolError
from gemini_batch.flows.results import watch
from gemini_batch.flows.streams import stream
from gemini_batch.flows.waiting import waiting
from gemini_batch.retry import PollPolicy
from gemini_batch.settings import Settings
from gemini_batch.states import (
    Cancelled,
    Failed,
    Pending,
    Running,
    Succeeded,
    Unrecognised,
)

from .acts import EVEN, kinds, watching
from .replies import RESULTS, line, seen, whole
from .world import Answer, World

NAME = "batches/b1"
GET = f"GET {NAME}"
SUCCEEDED = seen("SUCCEEDED", file=RESULTS)
FILE = whole(line("1"))


DONE_EMPTY = seen("SUCCEEDED", done=True)


@pytest.mark.parametrize(
    "early", [seen("SUCCEEDED"), DONE_EMPTY, seen("RUNNING", done=True), seen("PENDING", done=True)]
)
def test_a_batch_that_succeeds_before_its_output_is_there_still_runs(
    world: World, settings: Settings, batch: Batch[Any], early: Answer
) -> None:
    """Within its grace the wait goes on."""
    world.expect(seen(), early, early, SUCCEEDED, FILE)
    assert [Running, Running, Running, Succeeded] == kinds(watching(world, settings, batch))


def test_a_batch_that_is_done_without_a_result_is_an_error_in_the_end(
    world: World, settings: Settings, batch: Batch[Any]
) -> None:
    """After its grace the wait ends, and says what is wrong."""
    quick = PollPolicy(first=10.0, ceiling=10.0, jitter=0.0, grace=30.0)
    world.expect(seen(), *[DONE_EMPTY] * 4)
    with pytest.raises(ProtocolError, match=f"{NAME} finished without a result") as caught:
        list(watching(world, settings, batch, poll=quick))
    assert "has called it done for 30 s" in str(caught.value)
    assert [10.0] * 4 == world.pauses


def test_without_any_grace_the_first_look_does_not_decide(
    world: World, settings: Settings, batch: Batch[Any]
) -> None:
    """The second does."""
    world.expect(DONE_EMPTY, DONE_EMPTY)
    with pytest.raises(ProtocolError):
        list(watching(world, settings, batch, poll=PollPolicy(grace=0.0)))


def test_grace_begins_afresh_when_the_service_takes_it_back(
    world: World, settings: Settings, batch: Batch[Any]
) -> None:
    """It runs again: then it is not done, and was not."""
    quick = PollPolicy(first=10.0, ceiling=10.0, jitter=0.0, grace=25.0)
    world.expect(DONE_EMPTY, DONE_EMPTY, DONE_EMPTY, seen("RUNNING"))
    world.expect(DONE_EMPTY, DONE_EMPTY, DONE_EMPTY, seen("FAILED"))
    *_, last = watching(world, settings, batch, poll=quick)
    assert isinstance(last, Failed)


def test_states_by_their_other_prefix_are_known(
    world: World, settings: Settings, batch: Batch[Any]
) -> None:
    """The guide calls them ``JOB_STATE_…``."""
    reply = seen("RUNNING")
    world.expect(Response(200, {}, reply.body.replace(b"BATCH_STATE_", b"JOB_STATE_")))
    world.expect(seen("CANCELLED"))
    assert [Running, Cancelled] == kinds(watching(world, settings, batch))


def test_a_final_state_that_is_taken_back_stays(
    world: World, settings: Settings, batch: Batch[Any], told: pytest.LogCaptureFixture
) -> None:
    """It ended; who waits again is told so at once, with a warning."""
    world.expect(seen("FAILED"), seen("RUNNING"))
    assert [Failed] == kinds(watching(world, settings, batch))
    assert [Failed] == kinds(watching(world, settings, batch))
    assert [f"{NAME} was FAILED, and the service now calls it RUNNING"] == told.messages


def test_a_stream_waits_like_a_watch(world: World, settings: Settings, batch: Batch[Any]) -> None:
    """The same looks, the same pauses."""
    world.expect(seen("PENDING"), seen(), SUCCEEDED, FILE)
    terms = waiting(settings, None, EVEN, progress=False)
    assert ["1"] == [item.key for item in world.iterate(stream(settings, batch, terms))]
    assert [10.0, 15.0] == world.pauses
    assert [GET] * 3 == world.lines[:3]


def test_the_results_of_a_failed_batch_are_not_fetched_for_its_status(
    world: World, settings: Settings, batch: Batch[Any]
) -> None:
    """It has no place for them; and whether they can be had changes nothing."""
    world.expect(seen("FAILED", file=RESULTS))
    assert [Failed] == kinds(watching(world, settings, batch))
    assert [GET] == world.lines


def test_the_results_of_a_failed_batch_are_streamed_and_then_it_failed(
    world: World, settings: Settings, batch: Batch[Any]
) -> None:
    """What was billed is had, and nobody takes it for success."""
    world.expect(seen("FAILED", file=RESULTS), FILE)
    terms = waiting(settings, None, EVEN, progress=False)
    items = world.iterate(stream(settings, batch, terms))
    assert "1" == next(items).key
    with pytest.raises(BatchFailedError, match="the service gave no reason"):
        next(items)


@pytest.mark.parametrize("state", ["CANCELLED", "EXPIRED", "NEW"])
def test_results_that_were_seen_once_are_not_forgotten(
    world: World, settings: Settings, batch: Batch[Any], told: pytest.LogCaptureFixture, state: str
) -> None:
    """A later look that shows none takes them back in vain: they are asked for by their name."""
    world.expect(seen(state, file=RESULTS), FILE, seen(state, done=True), FILE)
    (first,) = watching(world, settings, batch)
    held = batch.held_results()
    assert held is not None
    held.close()
    (second,) = watching(world, settings, batch)
    assert type(first) is type(second)
    assert batch.held_results() is not None
    assert f"{NAME} had results, and the service now shows none" in told.messages


def test_a_state_that_is_not_known_ends_when_it_is_done(
    world: World, settings: Settings, batch: Batch[Any]
) -> None:
    """Not before, and with whatever came of it."""
    world.expect(seen("PAUSED"), seen("PAUSED", done=True))
    before, last = watching(world, settings, batch)
    assert isinstance(before, Unrecognised)
    assert isinstance(last, Unrecognised)
    assert [False, True] == [before.finished, last.finished]


def test_two_days_are_over_in_a_moment(world: World, settings: Settings, batch: Batch[Any]) -> None:
    """The clock of this world is nobody's: what takes 48 hours is tried here as well."""
    world.expect(*[seen("PENDING")] * 2885, seen("EXPIRED"))
    *_, last = watching(world, settings, batch)
    assert last.finished
    assert 48 * 3600.0 < world.elapsed < 48.1 * 3600.0


def test_a_stopped_watch_asks_no_more(world: World, settings: Settings, batch: Batch[Any]) -> None:
    """Nothing is cancelled by it either."""
    world.expect(seen())
    statuses = world.iterate(
        watch(settings, batch, world.spools, waiting(settings, None, EVEN, progress=False))
    )
    next(statuses)
    statuses.close()
    assert [GET] == world.lines


def test_a_batch_known_to_be_final_is_told_without_a_look(
    world: World, settings: Settings, batch: Batch[Any]
) -> None:
    """Its results are here."""
    world.expect(SUCCEEDED, FILE)
    (first,) = watching(world, settings, batch)
    assert [first] == list(watching(world, settings, batch))
    assert 2 == len(world.sent)


def test_a_batch_is_watched_until_it_is_final(
    world: World, settings: Settings, batch: Batch[Any]
) -> None:
    """Every look is told, and the last one has the results."""
    world.expect(seen("PENDING"), seen("RUNNING"), SUCCEEDED, FILE)
    assert [Pending, Running, Succeeded] == kinds(watching(world, settings, batch))
    assert [GET, GET, GET, f"GET {RESULTS}:download?alt=media"] == world.lines
