"""Waiting: how often a batch is looked at, what ends the wait, and what does not."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from typing import Any

import pytest

from gemini_batch.batch import Batch
from gemini_batch.errors import (
    AuthenticationError,
    GeminiBatchError,
    NotFoundError,
    ProtocolError,
    TransportError,
    UsageError,
    WaitTimeoutError,
)
from gemini_batch.flows.results import watch
from gemini_batch.flows.waiting import Ending, endings, waiting
from gemini_batch.models.generation import GenerationResponse
from gemini_batch.progress import Progress, Report, report_nothing
from gemini_batch.retry import PollPolicy, RetryBudget, RetryPolicy
from gemini_batch.settings import Settings
from gemini_batch.states import (
    Failed,
    Pending,
    Running,
    Succeeded,
    Unrecognised,
)

from .acts import EVEN, kinds, watching
from .replies import RESULTS, line, lost, refusal, seen, unsent, untrusted, whole
from .world import Answer, Late, World

NAME = "batches/b1"
GET = f"GET {NAME}"
SUCCEEDED = seen("SUCCEEDED", file=RESULTS)
FILE = whole(line("1"))


@pytest.mark.parametrize("timeout", [1.1e9, 10**400, True, False, "5", -1.0, math.inf, math.nan])
def test_a_timeout_that_makes_no_sense_is_refused(settings: Settings, timeout: float) -> None:
    """Before anything is sent."""
    with pytest.raises(UsageError, match="timeout must be 0 or more and finite"):
        waiting(settings, timeout, None, progress=False)


def test_the_way_of_the_client_holds_unless_another_is_given(settings: Settings) -> None:
    """How often to look is the client's, and nobody is told."""
    terms = waiting(settings, None, None, progress=False)
    assert (settings.poll, None, report_nothing) == (terms.poll, terms.timeout, terms.report)
    quick = PollPolicy(first=1.0)
    assert quick == waiting(settings, 0, quick, progress=False).poll


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


def test_a_service_that_asks_for_years_is_asked_again_within_the_hour(
    world: World, batch: Batch[Any]
) -> None:
    """The wait has a batch at its end, and one odd header is not worth a missed result."""
    settings = Settings(chance=lambda: 1.0)
    world.expect(refusal(429, retry_after="999999999"), seen("FAILED"))
    assert [Failed] == kinds(watching(world, settings, batch))
    assert [3600.0] == world.pauses


# Looks that fail


def test_who_watches_a_service_that_is_away_is_told_how_old_the_news_is(
    world: World, batch: Batch[Any], told: pytest.LogCaptureFixture
) -> None:
    """In what progress is told, and in the log; the counts stay as they were."""
    settings = Settings(retry=RetryPolicy(attempts=1), chance=lambda: 1.0)
    reports: list[Progress] = []
    world.expect(lost(), seen(requestCount=4, failedRequestCount=1), lost(), lost())
    world.expect(seen("FAILED", requestCount=4))
    terms = waiting(settings, None, EVEN, reports.append)

    *_, last = world.iterate(watch(settings, batch, world.spools, terms))

    assert isinstance(last, Failed)
    assert [
        Progress("waiting", 0, None, "not seen yet,"),
        Progress("waiting", 1, 4, "RUNNING"),
        Progress("waiting", 1, 4, "RUNNING, last seen 15 s ago,"),
        Progress("waiting", 1, 4, "RUNNING, last seen 38 s ago,"),
        Progress("waiting", 0, 4, "FAILED"),
    ] == reports
    assert ["not seen yet", "last seen 15 s ago", "last seen 38 s ago"] == [
        line.partition("(")[2].partition(")")[0] for line in told.messages
    ]


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


# States that are odd


def test_a_state_that_is_not_known_is_waited_through(
    world: World, settings: Settings, batch: Batch[Any], told: pytest.LogCaptureFixture
) -> None:
    """One warning each time it is entered, escaped for the terminal."""
    odd = seen("PAUSED\x1b")
    world.expect(odd, odd, seen(), odd, seen("FAILED"))
    statuses = kinds(watching(world, settings, batch))
    assert [Unrecognised, Unrecognised, Running, Unrecognised, Failed] == statuses
    assert [f"{NAME} is in a state not known here: PAUSED\\x1b"] * 2 == told.messages


def test_a_batch_that_goes_back_is_a_warning(
    world: World, settings: Settings, batch: Batch[Any], told: pytest.LogCaptureFixture
) -> None:
    """It is told once, and the wait goes on."""
    world.expect(seen("RUNNING"), seen("PENDING"), seen("PENDING"), seen("FAILED"))
    assert [Running, Pending, Pending, Failed] == kinds(watching(world, settings, batch))
    assert [f"{NAME} was RUNNING, and the service now calls it PENDING"] == told.messages


# Many at once


def ending(
    world: World,
    settings: Settings,
    batches: Sequence[Batch[Any]],
    timeout: float | None = None,
    poll: PollPolicy = EVEN,
    report: Report = report_nothing,
) -> Generator[Ending]:
    """Wait for many batches, and yield how each wait ends."""
    return world.iterate(endings(settings, batches, waiting(settings, timeout, poll, report)))


def several(*names: str) -> list[Batch[GenerationResponse]]:
    """Return batches of which only the names are known."""
    return [Batch(f"batches/{name}", GenerationResponse) for name in names]


def test_many_batches_are_looked_at_in_turn(world: World, settings: Settings) -> None:
    """Each until it is finished, which is told as it is seen; the others go on."""
    a, b = (f"batches/{name}" for name in "ab")
    world.expect(seen("PENDING", name=a), seen(name=b), seen(name=a), seen("FAILED", name=b))
    world.expect(seen("CANCELLED", name=a))
    first, second = ending(world, settings, several("a", "b"))
    assert [(1, "FAILED"), (0, "CANCELLED")] == [
        (one.position, one.sighting().observation.state) for one in (first, second)
    ]
    assert [f"GET {name}" for name in (a, b, a, b, a)] == world.lines
    assert [10.0, 15.0] == world.pauses


def test_no_batches_are_no_wait(world: World, settings: Settings) -> None:
    """Nothing is asked for."""
    assert [] == list(ending(world, settings, [], timeout=0))
    assert [] == world.sent
    assert [] == world.pauses


@pytest.mark.parametrize("failure", [refusal(404), untrusted(), seen(kind="EmbedContentBatch")])
def test_a_batch_that_cannot_be_looked_at_ends_alone(
    world: World, settings: Settings, failure: Answer
) -> None:
    """Its error is its ending, and the wait for the others goes on."""
    world.expect(failure, seen(name="batches/b"), seen("FAILED", name="batches/b"))
    first, second = ending(world, settings, several("a", "b"))
    assert (0, 1) == (first.position, second.position)
    with pytest.raises(GeminiBatchError) as caught:
        first.sighting()
    assert first.outcome is caught.value
    assert "FAILED" == second.sighting().observation.state


def test_a_client_that_cannot_be_used_ends_the_wait_for_all(
    world: World, settings: Settings
) -> None:
    """That it is closed is no news of a batch: nothing else is asked."""
    world.expect(seen(name="batches/a"), UsageError("this client is closed"))
    waits = ending(world, settings, several("a", "b"))
    with pytest.raises(UsageError, match="this client is closed"):
        next(waits)
    assert ["GET batches/a", "GET batches/b"] == world.lines


def test_a_batch_that_is_done_without_a_result_ends_alone(world: World, settings: Settings) -> None:
    """Its grace is its own."""
    poll = PollPolicy(first=10.0, ceiling=10.0, jitter=0.0, grace=20.0)
    empty = seen("SUCCEEDED", name="batches/a", done=True)
    running, failed = seen(name="batches/b"), seen("FAILED", name="batches/b")
    world.expect(empty, running, empty, running, empty, failed)
    first, second = ending(world, settings, several("a", "b"), poll=poll)
    with pytest.raises(ProtocolError, match="batches/a finished without a result"):
        first.sighting()
    assert "FAILED" == second.sighting().observation.state


def test_a_look_that_fails_for_the_moment_ends_nothing(world: World) -> None:
    """The batch is looked at again when it is next due, and the others when they are."""
    settings = Settings(retry=RetryPolicy(attempts=1), chance=lambda: 1.0)
    a, b = (seen("FAILED", name=f"batches/{name}") for name in "ab")
    world.expect(lost(), seen(name="batches/b"), lost(), b, a)
    assert [1, 0] == [one.position for one in ending(world, settings, several("a", "b"))]
    assert [10.0, 15.0] == world.pauses


def test_a_timeout_looks_at_every_batch_once_more(world: World, settings: Settings) -> None:
    """The time is for all of them together, and the last pause is cut so that the look is on time.

    What is finished is told first; the error names the batches that are not.
    """
    a, b, c, d = (f"batches/{name}" for name in "abcd")
    world.expect(seen("FAILED", name=a), seen(name=b), seen(name=c), seen(name=d))
    world.expect(seen(name=b), seen(name=c), seen(name=d))
    world.expect(seen("PENDING", name=b), seen("FAILED", name=c), seen(name=d))
    waits = ending(world, settings, several("a", "b", "c", "d"), timeout=15.0)
    assert [0, 2] == [next(waits).position, next(waits).position]
    with pytest.raises(WaitTimeoutError, match=f"{b} is still PENDING after 15 s") as caught:
        next(waits)
    assert [f"nor were these finished: {d}"] == caught.value.__notes__
    assert [10.0, 5.0] == world.pauses


def test_a_timeout_of_the_last_batch_needs_no_note(world: World) -> None:
    """There are no others; what its last look died of is the cause."""
    settings = Settings(retry=RetryPolicy(attempts=1), chance=lambda: 1.0)
    world.expect(lost())
    with pytest.raises(WaitTimeoutError, match="was not seen once after 0 s") as caught:
        list(ending(world, settings, several("a"), timeout=0))
    assert not hasattr(caught.value, "__notes__")
    assert isinstance(caught.value.__cause__, TransportError)


def test_progress_adds_up_what_the_batches_tell(world: World, settings: Settings) -> None:
    """The number of all requests is known once every batch has told its own."""
    a, b = (f"batches/{name}" for name in "ab")
    reports: list[Progress] = []
    counts = {"successfulRequestCount": 2, "failedRequestCount": 1}
    world.expect(seen(name=a, requestCount=5, successfulRequestCount=1))
    world.expect(seen(name=b, requestCount=4, **counts))
    world.expect(seen("FAILED", name=a, requestCount=5, failedRequestCount=5), seen(name=b))
    world.expect(seen("FAILED", name=b, requestCount=4, **counts))
    list(ending(world, settings, several("a", "b"), report=reports.append))
    assert [
        Progress("waiting", 1, None, "0 of 2 batches,"),
        Progress("waiting", 4, 9, "0 of 2 batches,"),
        Progress("waiting", 8, 9, "1 of 2 batches,"),
        Progress("waiting", 5, None, "1 of 2 batches,"),
        Progress("waiting", 8, 9, "2 of 2 batches,"),
    ] == reports
