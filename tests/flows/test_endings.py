"""How a batch ends: what is raised, and what is kept of it."""

from __future__ import annotations

from typing import Any

import pytest

from gemini_batch.batch import Batch
from gemini_batch.effects import Effect, Flow
from gemini_batch.errors import (
    BatchCancelledError,
    BatchEndedError,
    BatchExpiredError,
    BatchFailedError,
    ProtocolError,
)
from gemini_batch.flows.results import results, wait
from gemini_batch.flows.waiting import waiting
from gemini_batch.models.generation import GenerationResponse
from gemini_batch.progress import report_nothing
from gemini_batch.results import BatchResults
from gemini_batch.settings import Settings
from gemini_batch.states import (
    Cancelled,
    Expired,
    Failed,
)

from .replies import RESULTS, line, seen, whole
from .world import Answer, World

NAME = "batches/b1"
THREE = [line("10", "c"), line("b", "d"), line("9", "b")]
FILE = whole(*THREE)


@pytest.fixture
def batch() -> Batch[GenerationResponse]:
    """Return a batch of which only the name is known."""
    return Batch(NAME, GenerationResponse)


def having(
    world: World, settings: Settings, batch: Batch[Any]
) -> Flow[Effect[object], BatchResults[Any]]:
    """Return the wait for the results."""
    return results(settings, batch, world.spools, waiting(settings, None, None, report_nothing))


def texts(found: BatchResults[GenerationResponse]) -> dict[str | None, str]:
    """Return the answers by key, in their order."""
    return {item.key: item.unwrap().text for item in found}


FAILURE = {"code": 3, "message": "no such\x1b[31m model"}
ENDS: list[tuple[Answer, type[BatchEndedError], str]] = [
    (seen("FAILED", error=FAILURE), BatchFailedError, r"failed: no such\\x1b\[31m model"),
    (seen("FAILED", error={"code": 8}), BatchFailedError, "failed: RESOURCE_EXHAUSTED"),
    (seen("FAILED"), BatchFailedError, "failed: the service gave no reason"),
    (seen("CANCELLED"), BatchCancelledError, "was cancelled; nothing was answered"),
    (seen("EXPIRED"), BatchExpiredError, "48 hours .* it; nothing was answered"),
]


@pytest.mark.parametrize(("end", "error", "words"), ENDS)
def test_a_batch_that_does_not_succeed_has_no_results(
    world: World,
    settings: Settings,
    batch: Batch[Any],
    end: Answer,
    error: type[BatchEndedError],
    words: str,
) -> None:
    """``results`` raises how it ended, in words that can be printed."""
    world.expect(seen(), end)
    with pytest.raises(error, match=words) as caught:
        world.run(having(world, settings, batch))
    assert caught.value.status.finished


@pytest.mark.parametrize(
    ("state", "error"), [("CANCELLED", BatchCancelledError), ("EXPIRED", BatchExpiredError)]
)
def test_what_was_answered_before_the_end_is_kept(
    world: World,
    settings: Settings,
    batch: Batch[Any],
    state: str,
    error: type[BatchEndedError],
) -> None:
    """It was billed, and is in the status of the error."""
    world.expect(seen(state, file=RESULTS), FILE)
    with pytest.raises(error, match="3 results came back all the same") as caught:
        world.run(having(world, settings, batch))
    kept = caught.value.status
    assert isinstance(kept, Cancelled | Expired)
    assert kept.results is not None
    assert {"9": "b", "10": "c", "b": "d"} == texts(kept.results)


def test_an_unknown_state_with_results_has_results(
    world: World, settings: Settings, batch: Batch[Any]
) -> None:
    """Done is done, whatever it is called."""
    world.expect(seen("PERFECTED", file=RESULTS), FILE)
    assert 3 == len(world.run(having(world, settings, batch)))


def test_an_unknown_state_without_results_is_an_error(
    world: World, settings: Settings, batch: Batch[Any]
) -> None:
    """The message names the state."""
    world.expect(seen("PAUSED\x07", done=True))
    with pytest.raises(ProtocolError, match=r"in the state PAUSED\\x07 without results"):
        world.run(having(world, settings, batch))


def test_waiting_returns_however_a_batch_ends(
    world: World, settings: Settings, batch: Batch[Any]
) -> None:
    """Unlike ``results``, it raises nothing."""
    world.expect(seen("PENDING"), seen(), seen("FAILED", error=FAILURE))
    terms = waiting(settings, None, None, progress=False)
    final = world.run(wait(settings, batch, world.spools, terms))
    assert isinstance(final, Failed)
    assert final.error is not None
    assert "no such\x1b[31m model" == final.error.message
