"""Requests in: encode all of them, and only then send any."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any, TypeVar

from attrs import frozen

from ..batch import Batch
from ..effects import Draw, FlowBody, Offload, flow
from ..endpoints import build_create, file_batch, inline_batch, require_model
from ..errors import (
    CreateOutcomeUnknownError,
    GeminiBatchError,
    IntegrityError,
    ProtocolError,
)
from ..labels import labelled
from ..log import log
from ..models.file import File
from ..models.generation import GenerationResponse
from ..progress import Progress, Report
from ..settings import Settings
from ..spool import Spools
from ..submission import Submission, Via
from .batches import OnUnknown, create
from .files import delete_file, upload

R = TypeVar("R")


@frozen
class Order:
    """What to submit, and how; ``label`` is drawn before the flow begins, and outlives it."""

    model: str
    raw_display_name: str
    label: str
    via: Via
    on_unknown: OnUnknown

    @classmethod
    def of(
        cls,
        model: str | None,
        display_name: str | None,
        label: str,
        via: Via,
        on_unknown: OnUnknown,
    ) -> Order:
        """Check what can be checked before the first request is looked at."""
        return cls(require_model(model), labelled(display_name, label), label, via, on_unknown)


@flow
def submit(
    settings: Settings,
    supply: Iterator[Any] | AsyncIterator[Any],
    order: Order,
    spools: Spools,
    report: Report,
) -> FlowBody[Batch[GenerationResponse]]:
    """Submit requests as one batch."""
    spool = yield from Offload(spools.in_file)
    submission = Submission(spool)
    while entries := (yield from Draw(supply)):
        yield from Offload(partial(submission.add, entries))
        report(Progress("encoding", len(submission.keys)))
    uploaded = None
    if submission.via(order.via) == "inline":
        requests = yield from Offload(submission.inlined)
        body = inline_batch(order.raw_display_name, requests)
    else:
        name, title = f"files/{order.label}", f"{order.raw_display_name}.jsonl"
        uploaded = yield from _upload(settings, submission, name, title, report)
        body = file_batch(order.raw_display_name, uploaded.name)
    request = build_create(settings.api, order.model, body, settings.timeouts.create)
    try:
        operation = yield from create(settings, request, order.label, order.on_unknown)
    except CreateOutcomeUnknownError:
        raise  # the batch may exist, and need its file
    except GeminiBatchError as error:
        refused = error
    else:
        count = len(submission.keys)
        log.info("submitted %d requests as %s (%s)", count, operation.name, order.label)
        return Batch(operation.name, GenerationResponse, submission.keys)
    if uploaded is not None:
        yield from _remove(settings, uploaded.name, refused)
    raise refused


def _upload(
    settings: Settings, submission: Submission, name: str, title: str, report: Report
) -> FlowBody[File]:
    """Upload the requests; a file that is not what was sent, or cannot be used, is removed."""
    try:
        return (yield from upload(settings, submission, name, title, report))
    except (IntegrityError, ProtocolError) as error:
        refused = error
    yield from _remove(settings, name, refused)
    raise refused


def _remove(settings: Settings, name: str, refused: GeminiBatchError) -> FlowBody[None]:
    """Remove the file of a batch that was refused; where that fails too, say so in a note."""
    try:
        yield from delete_file(settings, name)
    except GeminiBatchError as error:
        refused.add_note(f"{name} was uploaded for it and could not be deleted: {error}")
