"""Requests in: encode all of them, and only then send any."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any, Generic

from attrs import frozen

from ..batch import Batch
from ..defaults import Defaults
from ..effects import Draw, FlowBody, Now, Offload, flow
from ..endpoints.batches import build_create, file_batch, inline_batch
from ..endpoints.names import require_model, require_name
from ..errors import ApiError, CreateOutcomeUnknownError, GeminiBatchError, UsageError
from ..expiry import DAY
from ..labels import DrawnLabel, labelled, make_label, require_label
from ..log import log
from ..methods import Method, R
from ..progress import Progress, Report
from ..settings import Settings
from ..spool import Spools
from ..submission import Submission, Via
from ..text import printable
from .batches import OnUnknown, create, find
from .files import remove
from .uploads import upload

SHOWN = 5
"""Files about to expire that are warned about one by one."""


@frozen
class Order(Generic[R]):
    """What to submit, and how; ``label`` is drawn before the flow begins, and outlives it.

    A label of the caller's own (``drawn`` is false) may have been used before.
    """

    method: Method[R]
    model: str
    raw_display_name: str
    label: str
    via: Via
    on_unknown: OnUnknown
    drawn: bool
    defaults: Defaults | None = None


def order_of(
    method: Method[R],
    *,
    model: str | None,
    display_name: str | None,
    label: str | None,
    via: Via,
    on_unknown: OnUnknown,
    entropy: bytes,
    defaults: object = None,
) -> Order[R]:
    """Check what can be checked before the first request is looked at."""
    if on_unknown not in {"raise", "resubmit"}:
        raise UsageError(f"on_unknown is 'raise' or 'resubmit', not {on_unknown!a}")
    own = make_label(entropy) if label is None else require_label(label)
    drawn, name = isinstance(own, DrawnLabel), labelled(display_name, own)
    # A plain string from here on: whoever uses it again uses one that may have been used before.
    shared = None if defaults is None else Defaults(method, defaults)
    return Order(method, require_model(model), name, str(own), via, on_unknown, drawn, shared)


@flow
def submit(
    settings: Settings,
    supply: Iterator[Any] | AsyncIterator[Any],
    order: Order[R],
    spools: Spools,
    report: Report,
) -> FlowBody[Batch[R]]:
    """Submit requests as one batch."""
    spool = yield from Offload(spools.in_file)
    expiries, defaults = settings.expiries, order.defaults
    submission = Submission(spool, order.method, defaults, expiries, spools.in_file)
    while entries := (yield from Draw(supply)):
        yield from Offload(partial(submission.add, entries))
        report(Progress("encoding", len(submission.keys)))
    how = submission.via(order.via)
    yield from _warn(settings, submission)
    yield from _require_fresh(settings, order)
    count = len(submission.keys)
    log.info("submitting %d requests as %s", count, order.label)
    uploaded = None
    if how == "inline":
        requests = yield from Offload(submission.inlined)
        body = inline_batch(order.raw_display_name, requests)
    else:
        name, title = f"files/{order.label}", f"{order.raw_display_name}.jsonl"
        uploaded = yield from upload(settings, submission, name, title, report)
        body = file_batch(order.raw_display_name, uploaded.name)
    try:
        name = yield from _create(settings, order, body)
    except CreateOutcomeUnknownError:
        raise  # the batch may exist, and need its file
    except GeminiBatchError as error:
        refused = error
    else:
        log.info("submitted %d requests as %s (%s)", count, name, order.label)
        if submission.keys.spool is not None:
            spools.keep(submission.keys.spool)
        return Batch(name, order.method.answers, submission.keys)
    if uploaded is not None:
        yield from remove(settings, uploaded.name, refused)
    raise refused


def _warn(settings: Settings, submission: Submission) -> FlowBody[None]:
    """Tell of what will be taken and is likely to be regretted."""
    if submission.doubt:
        log.warning("%s", submission.doubt)
    if not submission.files:
        return
    now, warned = (yield from Now()), 0
    for uri, where in submission.files.items():
        left = settings.expiries.left(uri, now)
        if left is None or left >= DAY:
            continue
        warned += 1
        if warned <= SHOWN:
            stays = f"expires in {left / 3600:.1f} hours" if left > 0 else "has expired"
            log.warning(
                "%s names %s, which %s, and a batch may take 24 hours to begin: upload it anew",
                *(where, printable(uri, 200), stays),
            )
    if warned > SHOWN:
        log.warning("so it is with %d more of the files that requests name", warned - SHOWN)


@flow
def submit_file(settings: Settings, file: str, order: Order[R]) -> FlowBody[Batch[R]]:
    """Submit the requests of a file that is at the service already, as one batch."""
    body = file_batch(order.raw_display_name, require_name(file, "files"))
    yield from _require_fresh(settings, order)
    log.info("submitting the requests of %s as %s", file, order.label)
    try:
        name = yield from _create(settings, order, body)
    except ApiError as error:
        error.add_note(f"its requests are in {file}, which has to exist, to be yours and ACTIVE")
        raise
    log.info("submitted the requests of %s as %s (%s)", file, name, order.label)
    return Batch(name, order.method.answers)


def _create(settings: Settings, order: Order[Any], body: bytes) -> FlowBody[str]:
    """Create the batch that a body describes, and return its name."""
    read_timeout, verb = settings.timeouts.create, order.method.verb
    request = build_create(settings.api, order.model, body, read_timeout, verb)
    operation = yield from create(settings, request, order.label, order.on_unknown)
    return operation.name


def _require_fresh(settings: Settings, order: Order[Any]) -> FlowBody[None]:
    """Refuse a label that a batch has already: a lost reply could not be told from that batch.

    One that was drawn is new, and need not be looked for.
    """
    found = None if order.drawn else (yield from find(settings, order.label))
    if found is not None:
        raise UsageError(
            f"{found.name} has the label {order.label} already, which stands for one submission "
            "only. client.get_batch(name) looks at it; leave the label out to submit anew"
        )
