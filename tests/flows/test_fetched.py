"""Results that were fetched: kept, shared, outliving what fetched them, and fetched again."""

from __future__ import annotations

from typing import Any

import pytest

from gemini_batch.batch import Batch
from gemini_batch.errors import (
    BatchCancelledError,
    BatchEndedError,
    BatchExpiredError,
    ProtocolError,
    ServerError,
    TransportError,
)
from gemini_batch.flows.results import results
from gemini_batch.flows.waiting import waiting
from gemini_batch.keys import SubmittedKeys
from gemini_batch.models.generation import GenerationResponse
from gemini_batch.progress import Progress
from gemini_batch.settings import Settings
from gemini_batch.states import (
    Succeeded,
)

from .acts import having, looking, texts
from .replies import RESULTS, inlined, line, lost, page, refused, seen, whole
from .world import Answer, World

NAME = "batches/b1"
GET, FETCH = f"GET {NAME}", f"GET {RESULTS}:download?alt=media"
THREE = [line("10", "c"), line("b", "d"), line("9", "b")]
FILE = whole(*THREE)
SUCCEEDED = seen("SUCCEEDED", file=RESULTS)


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


def test_a_fetch_survives_cuts(world: World, settings: Settings, batch: Batch[Any]) -> None:
    """The results are the same as without."""
    world.expect(SUCCEEDED, whole(THREE[0], THREE[1][:7], lost()), whole(*THREE))
    found = world.run(having(world, settings, batch))
    assert {"9": "b", "10": "c", "b": "d"} == texts(found)


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


def test_the_member_that_holds_the_keys_can_be_named(world: World, settings: Settings) -> None:
    """Other clients call it something else."""
    other = Batch(NAME, GenerationResponse, key_member="custom_id")
    member = {**inlined(None, "a"), "metadata": {"custom_id": "x"}}
    world.expect(seen("SUCCEEDED", inlined=[member]))
    assert {"x": "a"} == texts(world.run(having(world, settings, other)))


def keyed(*keys: str | None) -> Batch[GenerationResponse]:
    """Return a batch whose keys are known."""
    submitted = SubmittedKeys()
    for key in keys:
        submitted.add(key)
    return Batch(NAME, GenerationResponse, submitted)


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


def test_a_count_that_agrees_is_no_warning(
    world: World, settings: Settings, batch: Batch[Any], told: pytest.LogCaptureFixture
) -> None:
    """Nothing is odd about it."""
    world.expect(seen("SUCCEEDED", file=RESULTS, requestCount=3), FILE)
    world.run(having(world, settings, batch))
    assert [] == told.messages


def test_results_are_held_against_the_submitted_keys(world: World, settings: Settings) -> None:
    """What is missing is known by its key, and what was never asked for is told apart."""
    world.expect(SUCCEEDED, FILE)
    found = world.run(having(world, settings, keyed("9", "a", "10")))
    assert ("a",) == found.missing
    assert ["b"] == [item.key for item in found.unexpected]
    assert 3 == found.expected
