"""Requests in: encode all of them, and only then send any."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any, TypeVar

from attrs import frozen

from ..batch import Batch
from ..effects import Draw, FlowBody, Offload, flow
from ..endpoints import build_create, file_batch, inline_batch, require_model
from ..errors import CreateOutcomeUnknownError, GeminiBatchError, UsageError
from ..labels import labelled, make_label, require_label
from ..log import log
from ..models.generation import GenerationResponse
from ..progress import Progress, Report
from ..settings import Settings
from ..spool import Spools
from ..submission import Submission, Via
from .batches import OnUnknown, create, find
from .files import remove, upload

R = TypeVar("R")


@frozen
class Order:
    """What to submit, and how; ``label`` is drawn before the flow begins, and outlives it.

    A label of the caller's own (``drawn`` is false) may have been used before.
    """

    model: str
    raw_display_name: str
    label: str
    via: Via
    on_unknown: OnUnknown
    drawn: bool

    @classmethod
    def of(
        cls,
        model: str | None,
        display_name: str | None,
        label: str | None,
        via: Via,
        on_unknown: OnUnknown,
        entropy: bytes,
    ) -> Order:
        """Check what can be checked before the first request is looked at."""
        own = make_label(entropy) if label is None else require_label(label)
        name = labelled(display_name, own)
        return cls(require_model(model), name, own, via, on_unknown, drawn=label is None)


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
    how = submission.via(order.via)
    if not order.drawn:
        yield from _require_fresh(settings, order.label)
    log.info("submitting %d requests as %s", len(submission.keys), order.label)
    uploaded = None
    if how == "inline":
        requests = yield from Offload(submission.inlined)
        body = inline_batch(order.raw_display_name, requests)
    else:
        name, title = f"files/{order.label}", f"{order.raw_display_name}.jsonl"
        uploaded = yield from upload(settings, submission, name, title, report)
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
        yield from remove(settings, uploaded.name, refused)
    raise refused


def _require_fresh(settings: Settings, label: str) -> FlowBody[None]:
    """Refuse a label that a batch has already: a lost reply could not be told from that batch."""
    found = yield from find(settings, label)
    if found is not None:
        raise UsageError(
            f"{found.name} has the label {label} already, which stands for one submission only. "
            "client.get_batch(name) looks at it; leave the label out to submit anew"
        )
