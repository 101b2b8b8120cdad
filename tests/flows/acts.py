"""What is done with a batch in these tests, each in one step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from gemini_batch.batch import Batch
from gemini_batch.effects import Effect, Flow
from gemini_batch.flows.batches import OnUnknown
from gemini_batch.flows.results import results, status, watch
from gemini_batch.flows.submit import Order, submit
from gemini_batch.flows.waiting import waiting
from gemini_batch.methods import GENERATE
from gemini_batch.models.generation import GenerationResponse
from gemini_batch.progress import Report, report_nothing
from gemini_batch.results import BatchResults
from gemini_batch.retry import PollPolicy
from gemini_batch.settings import Settings
from gemini_batch.states import BatchStatus
from gemini_batch.submission import Via

from .replies import LABEL, file, finished, started
from .world import World

FILE = f"files/{LABEL}"
START, CHUNK = "POST upload/files", "POST upload/files?upload_id=s1"
CREATE = "POST models/gemini-x:batchGenerateContent"
LIST, DELETE = "GET batches?pageSize=100", f"DELETE {FILE}"
UPLOADED = (started(), finished(file(FILE)))
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


def submitting(
    world: World,
    settings: Settings,
    requests: Iterable[Any],
    via: Via = "auto",
    *,
    on_unknown: OnUnknown = "raise",
    report: Report = report_nothing,
    drawn: bool = True,
) -> Flow[Effect[Any], Batch[GenerationResponse]]:
    """Return the submission of requests."""
    order = Order(GENERATE, "models/gemini-x", f"sky [{LABEL}]", LABEL, via, on_unknown, drawn)
    return submit(settings, iter(requests), order, world.spools, report)
