"""What is done with a batch in these tests, each in one step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gemini_batch.batch import Batch
from gemini_batch.effects import Effect, Flow
from gemini_batch.flows.results import results, status, watch
from gemini_batch.flows.waiting import waiting
from gemini_batch.models.generation import GenerationResponse
from gemini_batch.progress import report_nothing
from gemini_batch.results import BatchResults
from gemini_batch.retry import PollPolicy
from gemini_batch.settings import Settings
from gemini_batch.states import BatchStatus

from .world import World

EVEN = PollPolicy(first=10.0, ceiling=60.0, jitter=0.0, grace=300.0)


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
