"""Waiting for a batch, and having its results: once, whole, in order, or an error that says why."""

from __future__ import annotations

import math
from typing import Any

import pytest

from gemini_batch.batch import Batch
from gemini_batch.effects import Effect, Flow, Request
from gemini_batch.errors import (
    BatchCancelledError,
    BatchEndedError,
    BatchExpiredError,
    ProtocolError,
    ResultsGoneError,
    ServerError,
    TransportError,
    UsageError,
)
from gemini_batch.flows.results import results, status
from gemini_batch.flows.waiting import waiting
from gemini_batch.models.generation import GenerationResponse
from gemini_batch.progress import Progress, report_nothing
from gemini_batch.results import BatchResults
from gemini_batch.retry import PollPolicy
from gemini_batch.settings import Settings
from gemini_batch.states import (
    BatchStatus,
    Cancelled,
    Expired,
    Failed,
    Pending,
    Running,
    Succeeded,
    Unrecognised,
)
from gemini_batch.submission import SubmittedKeys

from .replies import RESULTS, inlined, line, lost, page, refused, seen, whole
from .world import Answer, World

NAME = "batches/b1"
GET, FETCH = f"GET {NAME}", f"GET {RESULTS}:download?alt=media"
THREE = [line("10", "c"), line("b", "d"), line("9", "b")]
FILE = whole(*THREE)
SUCCEEDED = seen("SUCCEEDED", file=RESULTS)


@pytest.fixture
def batch() -> Batch[GenerationResponse]:
    """Return a batch of which only the name is known."""
    return Batch(NAME, GenerationResponse)


def looking(
    world: World, settings: Settings, batch: Batch[Any]
) -> Flow[Effect[object], BatchStatus[Any]]:
    """Return one look, with the results of a finished batch."""
    return status(settings, batch, world.spools)


def having(
    world: World, settings: Settings, batch: Batch[Any]
) -> Flow[Effect[object], BatchResults[Any]]:
    """Return the wait for the results."""
    return results(settings, batch, world.spools, waiting(settings, None, None, report_nothing))


def texts(found: BatchResults[GenerationResponse]) -> dict[str | None, str]:
    """Return the answers by key, in their order."""
    return {item.key: item.unwrap().text for item in found}


# How to wait


@pytest.mark.parametrize("timeout", [-1.0, math.inf, math.nan])
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


# One look


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (seen("PENDING"), Pending),
        (seen("RUNNING"), Running),
        (seen("SUCCEEDED"), Running),
        (seen("SUCCEEDED", done=True), Running),
        (seen("FAILED"), Failed),
        (seen("RUNNING", error={"code": 8}), Failed),
        (seen("CANCELLED"), Cancelled),
        (seen("EXPIRED"), Expired),
        (seen("PAUSED"), Unrecognised),
    ],
)
def test_a_look_without_an_output_is_one_request(
    world: World, settings: Settings, batch: Batch[Any], reply: Answer, kind: type
) -> None:
    """Each state has its status."""
    world.expect(reply)
    assert isinstance(world.run(looking(world, settings, batch)), kind)
    assert [GET] == world.lines


def test_the_results_of_a_file_come_in_key_order(
    world: World, settings: Settings, batch: Batch[GenerationResponse]
) -> None:
    """The file is fetched, indexed and sorted by the look that finds the batch finished."""
    world.expect(SUCCEEDED, FILE)
    match world.run(looking(world, settings, batch)):
        case Succeeded(found):
            assert {"9": "b", "10": "c", "b": "d"} == texts(found)
        case other:
            pytest.fail(f"it is {other}")
    assert [GET, FETCH] == world.lines


def test_inlined_results_come_in_key_order(
    world: World, settings: Settings, batch: Batch[GenerationResponse]
) -> None:
    """They are in the reply itself: nothing else is fetched."""
    members = [inlined("10", "c"), inlined("9", "b\nb")]
    world.expect(seen("SUCCEEDED", inlined=members))
    found = world.run(having(world, settings, batch))
    assert {"9": "b\nb", "10": "c"} == texts(found)
    assert [GET] == world.lines


def test_many_inlined_results_are_taken_in_pieces(
    world: World, settings: Settings, batch: Batch[GenerationResponse]
) -> None:
    """However many, and however large one of them."""
    members = [inlined(str(number), "x" * 3000) for number in range(200)]
    members.append(inlined("200", "y" * 600_000))
    world.expect(seen("SUCCEEDED", inlined=members))
    found = world.run(having(world, settings, batch))
    assert [str(number) for number in range(201)] == [item.key for item in found]
    assert "y" * 600_000 == found[-1].unwrap().text


def test_a_finished_batch_is_not_fetched_twice(
    world: World, settings: Settings, batch: Batch[GenerationResponse]
) -> None:
    """Nor even looked at: what is final stays so."""
    world.expect(SUCCEEDED, FILE)
    first = world.run(having(world, settings, batch))
    again = world.run(looking(world, settings, batch))
    assert isinstance(again, Succeeded)
    assert first is again.results
    assert first is world.run(having(world, settings, batch))
    assert [GET, FETCH] == world.lines


def test_two_who_look_at_once_have_the_same_results(
    world: World, settings: Settings, batch: Batch[GenerationResponse]
) -> None:
    """Any number of threads or tasks may share a handle; the second need not fetch them."""

    def meanwhile(_: Request) -> Answer:
        other = World()
        other.expect(SUCCEEDED, FILE)
        other.run(looking(other, settings, batch))
        return SUCCEEDED

    world.expect(meanwhile)
    mine = world.run(looking(world, settings, batch))
    assert isinstance(mine, Succeeded)
    assert mine.results is batch.results
    assert [GET] == world.lines


def test_results_that_were_closed_are_fetched_again(
    world: World, settings: Settings, batch: Batch[GenerationResponse]
) -> None:
    """Who closes them lets go of the bytes, not of the batch."""
    world.expect(SUCCEEDED, FILE, SUCCEEDED, FILE)
    world.run(having(world, settings, batch)).close()
    found = world.run(having(world, settings, batch))
    assert 3 == len(found)
    assert [GET, FETCH] * 2 == world.lines


def test_results_outlive_what_fetched_them(
    world: World, settings: Settings, batch: Batch[GenerationResponse]
) -> None:
    """Their spool is theirs; one that came to nothing is closed."""
    world.expect(SUCCEEDED, FILE, SUCCEEDED, whole(b"{}", ProtocolError("nonsense")))
    found = world.run(having(world, settings, batch))
    assert not found.closed
    other = Batch(NAME, GenerationResponse)
    with pytest.raises(ProtocolError):
        world.run(having(world, settings, other))
    assert other.results is None
    assert {"9": "b", "10": "c", "b": "d"} == texts(found)


def test_a_fetch_that_fails_tells_what_was_seen(
    world: World, settings: Settings, batch: Batch[GenerationResponse]
) -> None:
    """The error carries the look, and the next one fetches again."""
    world.expect(SUCCEEDED, *[refused(503)] * 5)
    with pytest.raises(ServerError) as caught:
        world.run(looking(world, settings, batch))
    assert caught.value.operation is not None
    assert RESULTS == caught.value.operation.responses_file
    world.expect(SUCCEEDED, FILE)
    assert isinstance(world.run(looking(world, settings, batch)), Succeeded)


@pytest.mark.parametrize("code", [403, 404])
def test_results_that_have_expired_are_gone(
    world: World, settings: Settings, batch: Batch[Any], code: int
) -> None:
    """For a missing file the service says 403; the error names batch and file."""
    world.expect(SUCCEEDED, refused(code))
    with pytest.raises(ResultsGoneError, match=f"{NAME} in {RESULTS} are gone") as caught:
        world.run(looking(world, settings, batch))
    assert caught.value.operation is not None
    assert caught.value.operation.done


@pytest.mark.parametrize(("state", "kind"), [("CANCELLED", Cancelled), ("EXPIRED", Expired)])
def test_gone_results_of_a_batch_that_ended_early_are_no_error(
    world: World,
    settings: Settings,
    batch: Batch[Any],
    told: pytest.LogCaptureFixture,
    state: str,
    kind: type[Cancelled[Any] | Expired[Any]],
) -> None:
    """The status is what was asked for; a warning says that there is nothing left."""
    world.expect(seen(state, file=RESULTS), refused(404))
    found = world.run(looking(world, settings, batch))
    assert isinstance(found, kind)
    assert found.results is None
    assert "are gone" in told.messages[-1]


@pytest.mark.parametrize(
    ("state", "error"), [("CANCELLED", BatchCancelledError), ("EXPIRED", BatchExpiredError)]
)
def test_answers_that_are_gone_are_not_told_as_never_given(
    world: World, settings: Settings, batch: Batch[Any], state: str, error: type[BatchEndedError]
) -> None:
    """They were billed, and whoever reads the error should know."""
    world.expect(seen(state, file=RESULTS), refused(404))
    with pytest.raises(error, match="what was answered is gone"):
        world.run(having(world, settings, batch))


def test_a_batch_of_another_kind_is_refused_at_the_first_look(
    world: World, settings: Settings, batch: Batch[Any]
) -> None:
    """Embeddings are not answers."""
    world.expect(seen("SUCCEEDED", file=RESULTS, kind="EmbedContentBatch"))
    with pytest.raises(UsageError, match="holds embeddings"):
        world.run(looking(world, settings, batch))
    assert [GET] == world.lines


@pytest.mark.parametrize("later", [seen("RUNNING"), seen("SUCCEEDED", done=True)])
def test_what_was_final_stays_so(
    world: World, settings: Settings, batch: Batch[GenerationResponse], later: Answer
) -> None:
    """A service that takes back its word is not believed, and the file it named is fetched."""
    world.expect(SUCCEEDED, FILE, later, FILE)
    world.run(having(world, settings, batch)).close()
    found = world.run(looking(world, settings, batch))
    assert isinstance(found, Succeeded)
    assert 3 == len(found.results)
    assert [GET, FETCH] * 2 == world.lines


def test_inlined_results_that_are_taken_back_are_an_error(
    world: World, settings: Settings, batch: Batch[GenerationResponse]
) -> None:
    """Never an empty set of results."""
    world.expect(seen("SUCCEEDED", inlined=[inlined("1")]), seen("RUNNING"))
    world.run(having(world, settings, batch)).close()
    with pytest.raises(ProtocolError, match="had results, and shows none now"):
        world.run(looking(world, settings, batch))


# What is odd about results


def keyed(*keys: str | None) -> Batch[GenerationResponse]:
    """Return a batch whose keys are known."""
    submitted = SubmittedKeys()
    for key in keys:
        submitted.add(key)
    return Batch(NAME, GenerationResponse, submitted)


def test_results_are_held_against_the_submitted_keys(world: World, settings: Settings) -> None:
    """What is missing is known by its key, and what was never asked for is told apart."""
    world.expect(SUCCEEDED, FILE)
    found = world.run(having(world, settings, keyed("9", "a", "10")))
    assert ("a",) == found.missing
    assert ["b"] == [item.key for item in found.unexpected]
    assert 3 == found.expected


def test_a_count_that_disagrees_is_a_warning(
    world: World, settings: Settings, batch: Batch[Any], told: pytest.LogCaptureFixture
) -> None:
    """Both numbers are named, and the results win."""
    world.expect(seen("SUCCEEDED", file=RESULTS, requestCount=5), FILE)
    found = world.run(having(world, settings, batch))
    assert (3, 5) == (len(found), found.expected)
    assert [f"{NAME} has 5 requests and 3 results, which answer 3 of them"] == told.messages


def test_a_count_that_agrees_is_no_warning(
    world: World, settings: Settings, batch: Batch[Any], told: pytest.LogCaptureFixture
) -> None:
    """Nothing is odd about it."""
    world.expect(seen("SUCCEEDED", file=RESULTS, requestCount=3), FILE)
    world.run(having(world, settings, batch))
    assert [] == told.messages


def test_results_without_keys_are_keyed_by_position(
    world: World, settings: Settings, batch: Batch[Any], told: pytest.LogCaptureFixture
) -> None:
    """Another client made the batch; one warning says so."""
    world.expect(seen("SUCCEEDED", inlined=[inlined(None, "a"), inlined(None, "b")]))
    found = world.run(having(world, settings, batch))
    assert {"0": "a", "1": "b"} == texts(found)
    assert [f"{NAME} was made without keys: its results are keyed by position"] == told.messages


def test_the_member_that_holds_the_keys_can_be_named(world: World, settings: Settings) -> None:
    """Other clients call it something else."""
    other = Batch(NAME, GenerationResponse, key_member="custom_id")
    member = {**inlined(None, "a"), "metadata": {"custom_id": "x"}}
    world.expect(seen("SUCCEEDED", inlined=[member]))
    assert {"x": "a"} == texts(world.run(having(world, settings, other)))


def test_progress_is_told_while_waiting_and_fetching(
    world: World, settings: Settings, batch: Batch[Any]
) -> None:
    """Requests while the service is at work, bytes while the file comes."""
    reports: list[Progress] = []
    stats = {"requestCount": 4, "successfulRequestCount": 1, "failedRequestCount": 1}
    world.expect(seen("PENDING"), seen("RUNNING", **stats))
    world.expect(SUCCEEDED, whole(*THREE, length=sum(map(len, THREE))))
    terms = waiting(settings, None, None, reports.append)
    world.run(results(settings, batch, world.spools, terms))
    total = sum(map(len, THREE))
    bytes_at = [len(b"".join(THREE[:count])) for count in (1, 2, 3)]
    assert [
        Progress("waiting", 0, None, "PENDING"),
        Progress("waiting", 2, 4, "RUNNING"),
        Progress("waiting", 0, None, "SUCCEEDED"),
        *(Progress("downloading", count, total) for count in bytes_at),
    ] == reports


def test_a_fetch_survives_cuts(world: World, settings: Settings, batch: Batch[Any]) -> None:
    """The results are the same as without."""
    world.expect(SUCCEEDED, whole(THREE[0], THREE[1][:7], lost()), whole(*THREE))
    found = world.run(having(world, settings, batch))
    assert {"9": "b", "10": "c", "b": "d"} == texts(found)


def test_a_look_that_fails_is_raised_by_a_single_look(
    world: World, settings: Settings, batch: Batch[Any]
) -> None:
    """Only who waits goes on; a reply that makes no sense is an error for both."""
    world.expect(*[lost()] * 5)
    with pytest.raises(TransportError):
        world.run(looking(world, settings, batch))
    world.expect(page())
    with pytest.raises(ProtocolError):
        world.run(looking(world, settings, batch))
