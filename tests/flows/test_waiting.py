"""Waiting: how often a batch is looked at, what ends the wait, and what does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gemini_batch.batch import Batch
from gemini_batch.effects import Response
from gemini_batch.errors import (
    AuthenticationError,
    NotFoundError,
    ProtocolError,
    TransportError,
    WaitTimeoutError,
)
from gemini_batch.flows.results import stream, watch
from gemini_batch.flows.waiting import waiting
from gemini_batch.models.generation import GenerationResponse
from gemini_batch.retry import PollPolicy, RetryBudget, RetryPolicy
from gemini_batch.settings import Settings
from gemini_batch.states import (
    BatchStatus,
    Cancelled,
    Failed,
    Pending,
    Running,
    Succeeded,
    Unrecognised,
)

from .replies import RESULTS, line, lost, refusal, seen, unsent, untrusted, whole
from .world import Answer, Late, World

NAME = "batches/b1"
GET = f"GET {NAME}"
EVEN = PollPolicy(first=10.0, ceiling=60.0, jitter=0.0, grace=300.0)
SUCCEEDED = seen("SUCCEEDED", file=RESULTS)
FILE = whole(line("1"))


@pytest.fixture
def batch() -> Batch[GenerationResponse]:
    """Return a batch of which only the name is known."""
    return Batch(NAME, GenerationResponse)


def watching(
    world: World,
    settings: Settings,
    batch: Batch[Any],
    timeout: float | None = None,
    poll: PollPolicy = EVEN,
) -> Iterator[BatchStatus[Any]]:
    """Watch a batch."""
    terms = waiting(settings, timeout, poll, progress=False)
    return world.iterate(watch(settings, batch, world.spools, terms))


def kinds(statuses: Iterator[BatchStatus[Any]]) -> list[type]:
    """Return what kinds of status are seen until the last."""
    return [type(one) for one in statuses]


def test_a_batch_is_watched_until_it_is_final(
    world: World, settings: Settings, batch: Batch[Any]
) -> None:
    """Every look is told, and the last one has the results."""
    world.expect(seen("PENDING"), seen("RUNNING"), SUCCEEDED, FILE)
    assert [Pending, Running, Succeeded] == kinds(watching(world, settings, batch))
    assert [GET, GET, GET, f"GET {RESULTS}:download?alt=media"] == world.lines


def test_the_pauses_grow_and_stay_at_their_ceiling(
    world: World, settings: Settings, batch: Batch[Any]
) -> None:
    """A batch takes minutes or a day: one need not ask every second."""
    world.expect(*[seen()] * 7, seen("FAILED"))
    list(watching(world, settings, batch))
    assert [10.0, 15.0, 22.5, 33.75, 50.625, 60.0, 60.0] == world.pauses


@pytest.mark.parametrize(("chance", "pause"), [(0.0, 9.0), (0.5, 10.0), (1.0, 11.0)])
def test_the_pauses_vary_by_their_jitter(
    world: World, batch: Batch[Any], chance: float, pause: float
) -> None:
    """Two who wait for one batch do not ask at once."""
    settings = Settings(chance=lambda: chance)
    world.expect(seen(), seen("FAILED"))
    list(watching(world, settings, batch, poll=PollPolicy()))
    assert [pause] == world.pauses


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


# Timeouts


def test_a_timeout_of_nothing_looks_once(
    world: World, settings: Settings, batch: Batch[Any]
) -> None:
    """One look, then the end; a batch that is finished is had all the same."""
    world.expect(seen("PENDING"))
    with pytest.raises(WaitTimeoutError, match=f"{NAME} is still PENDING after 0 s"):
        list(watching(world, settings, batch, timeout=0))
    assert [] == world.pauses
    world.expect(SUCCEEDED, FILE)
    assert [Succeeded] == kinds(watching(world, settings, batch, timeout=0))


@pytest.mark.parametrize(
    ("timeout", "pauses"), [(1.0, [1.0]), (25.0, [10.0, 15.0]), (30.0, [10.0, 15.0, 5.0])]
)
def test_a_timeout_ends_with_a_last_look(
    world: World, settings: Settings, batch: Batch[Any], timeout: float, pauses: list[float]
) -> None:
    """The last pause is cut so that the look is on time."""
    world.expect(seen(), *[seen()] * len(pauses))
    with pytest.raises(WaitTimeoutError):
        list(watching(world, settings, batch, timeout=timeout))
    assert pauses == world.pauses
    assert timeout == world.elapsed


def test_a_timeout_does_not_bound_the_download(
    world: World, settings: Settings, batch: Batch[Any]
) -> None:
    """What is finished in time is fetched, however long that takes."""
    world.expect(seen(), SUCCEEDED, Late(3600.0, FILE))
    assert [Running, Succeeded] == kinds(watching(world, settings, batch, timeout=10.0))


def test_after_a_timeout_the_wait_can_go_on(
    world: World, settings: Settings, batch: Batch[Any]
) -> None:
    """Nothing was lost by it."""
    world.expect(seen(), SUCCEEDED, FILE)
    with pytest.raises(WaitTimeoutError):
        list(watching(world, settings, batch, timeout=0))
    assert [Succeeded] == kinds(watching(world, settings, batch))


def test_a_timeout_before_any_look_succeeded_says_so(
    world: World, settings: Settings, batch: Batch[Any]
) -> None:
    """The state is not made up, and there is time for one attempt only."""
    world.expect(lost())
    with pytest.raises(WaitTimeoutError, match="was not seen once after 0 s"):
        list(watching(world, settings, batch, timeout=0))


def test_a_look_that_fails_cannot_outrun_the_wait_for_long(world: World, batch: Batch[Any]) -> None:
    """Its attempts end with the wait, which then says what it died of."""
    settings = Settings(retry=RetryPolicy(attempts=1000), chance=lambda: 1.0)
    world.expect(*[lost()] * 6)
    with pytest.raises(WaitTimeoutError) as caught:
        list(watching(world, settings, batch, timeout=20))
    assert [1.0, 2.0, 4.0, 8.0, 5.0] == world.pauses
    assert isinstance(caught.value.__cause__, TransportError)


def test_a_service_that_asks_for_time_gets_it(world: World, batch: Batch[Any]) -> None:
    """A look that is refused for five minutes does not end a wait of a day."""
    settings = Settings(chance=lambda: 1.0)
    world.expect(refusal(429, retry_after="300"), seen("FAILED"))
    assert [Failed] == kinds(watching(world, settings, batch))
    assert [300.0] == world.pauses


# Looks that fail


def test_looks_that_fail_for_the_moment_do_not_end_the_wait(
    world: World, batch: Batch[Any], told: pytest.LogCaptureFixture
) -> None:
    """An hour without the service is nothing to a batch that takes a day."""
    settings = Settings(budget=RetryBudget(1e9), chance=lambda: 1.0)
    world.expect(seen())
    for failure in (refusal(503), lost(), unsent(), refusal(429), refusal(500)) * 12:
        world.expect(*[failure] * 5)
    world.expect(SUCCEEDED, FILE)
    assert [Running, Succeeded] == kinds(watching(world, settings, batch))
    assert 3600.0 < world.elapsed
    failed = [line for line in told.messages if "could not be looked at, going on" in line]
    assert 60 == len(failed)


def test_every_look_has_attempts_of_its_own(world: World, batch: Batch[Any]) -> None:
    """The attempts of one call are not those of the wait."""
    settings = Settings(retry=RetryPolicy(attempts=2), chance=lambda: 1.0)
    world.expect(lost(), lost(), lost(), seen("FAILED"))
    assert [Failed] == kinds(watching(world, settings, batch))
    assert [1.0, 10.0, 1.0] == world.pauses


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (refusal(404), NotFoundError),
        (refusal(401), AuthenticationError),
        (untrusted(), TransportError),
        (seen(name="files/x"), ProtocolError),
    ],
    ids=["deleted", "key", "certificate", "nonsense"],
)
def test_a_look_that_cannot_succeed_ends_the_wait(
    world: World, settings: Settings, batch: Batch[Any], failure: Answer, error: type[Exception]
) -> None:
    """Such as that the batch was deleted by another process."""
    world.expect(seen(), failure)
    with pytest.raises(error):
        list(watching(world, settings, batch))


# States


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
    assert "done since 30 s" in str(caught.value)
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


def test_a_state_that_is_not_known_is_waited_through(
    world: World, settings: Settings, batch: Batch[Any], told: pytest.LogCaptureFixture
) -> None:
    """One warning each time it is entered, escaped for the terminal."""
    odd = seen("PAUSED\x1b")
    world.expect(odd, odd, seen(), odd, seen("FAILED"))
    statuses = kinds(watching(world, settings, batch))
    assert [Unrecognised, Unrecognised, Running, Unrecognised, Failed] == statuses
    assert [f"{NAME} is in a state not known here: PAUSED\\x1b"] * 2 == told.messages


def test_states_by_their_other_prefix_are_known(
    world: World, settings: Settings, batch: Batch[Any]
) -> None:
    """The guide calls them ``JOB_STATE_…``."""
    reply = seen("RUNNING")
    world.expect(Response(200, {}, reply.body.replace(b"BATCH_STATE_", b"JOB_STATE_")))
    world.expect(seen("CANCELLED"))
    assert [Running, Cancelled] == kinds(watching(world, settings, batch))


def test_a_batch_that_goes_back_is_a_warning(
    world: World, settings: Settings, batch: Batch[Any], told: pytest.LogCaptureFixture
) -> None:
    """It is told once, and the wait goes on."""
    world.expect(seen("RUNNING"), seen("PENDING"), seen("PENDING"), seen("FAILED"))
    assert [Running, Pending, Pending, Failed] == kinds(watching(world, settings, batch))
    assert [f"{NAME} was RUNNING, and the service now calls it PENDING"] == told.messages


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
