"""Create a batch without ever paying twice; look at it, cancel it, delete it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Literal, TypeAlias

from attrs import frozen

from ..effects import FlowBody, Now, Offload, Request, Sleep, fed_by, flow
from ..endpoints.batches import (
    Look,
    build_cancel,
    build_delete,
    build_get,
    build_list,
    parse_list,
    parse_operation,
)
from ..errors import (
    ApiError,
    CreateOutcomeUnknownError,
    GeminiBatchError,
    InvalidRequestError,
    NotFoundError,
    ProtocolError,
    TransportError,
)
from ..labels import require_label
from ..log import log
from ..models.operation import BatchOperation
from ..retry import Action, Call, action_for
from ..settings import Settings
from .calls import exchange, patience
from .lists import members

OnUnknown: TypeAlias = Literal["raise", "resubmit"]
"""What to do where a create may have acted and nothing of it can be found."""

LOOKED_THROUGH = 1000
"""Batches looked through for a label, newest first."""
_PAGE_SIZE = 100


@flow
def look(settings: Settings, name: str, until: float = math.inf) -> FlowBody[Look]:
    """Look at a batch once, beginning no attempt after ``until``."""
    request = build_get(settings.api, name)
    left = yield from patience(settings, until)
    response = yield from exchange(settings, request, Call.READ, left)
    # The results of an inline batch come along, twice.
    return (yield from Offload(partial(parse_operation, response)))


@flow
def cancel(settings: Settings, name: str) -> FlowBody[None]:
    """Ask the service to stop a batch; a finished one is left as it is, which is no failure."""
    try:
        yield from exchange(settings, build_cancel(settings.api, name), Call.CANCEL)
    except InvalidRequestError as error:
        if error.status != "FAILED_PRECONDITION":
            raise


@flow
def delete(settings: Settings, name: str) -> FlowBody[None]:
    """Remove a batch. Not finding it counts as done where an earlier attempt may have acted."""
    left = yield from patience(settings)
    try:
        yield from exchange(settings, build_delete(settings.api, name), Call.DELETE, left)
    except NotFoundError:
        if not left.doubtful:
            raise


@flow
def find(settings: Settings, label: str) -> FlowBody[BatchOperation | None]:
    """Look once through the newest batches for a label; of two, the older is returned."""
    found: list[BatchOperation] = []
    names: set[str] = set()

    def compare(operation: BatchOperation) -> tuple[()]:
        # Pages move on as batches are created, so that the same batch may stand on two of them.
        if operation.label == label and operation.name not in names:
            names.add(operation.name)
            found.append(operation)
        return ()

    newest = partial(build_list, settings.api, _PAGE_SIZE)
    read = partial(parse_list, must_read=label.encode())
    yield from fed_by(members(settings, newest, read, most=LOOKED_THROUGH), compare)
    if len(found) > 1:
        others = ", ".join(operation.name for operation in found[:-1])
        log.warning("more than one batch is labelled %s: also %s", label, others)
    return found[-1] if found else None


@flow
def adopt(settings: Settings, label: str) -> FlowBody[BatchOperation]:
    """Return the batch that has a label, looking once.

    None may be found: the create call never got through, or the list lags behind.
    """
    found = yield from find(settings, require_label(label))
    if found is None:
        raise CreateOutcomeUnknownError(label, adopting=True)
    return found


def _looks(seconds: float) -> Iterator[float]:
    """Return the pauses before each look for a lost batch, until ``seconds`` are over."""
    pause, total = 0.0, 0.0
    while total + pause <= seconds:
        yield pause
        total += pause
        pause = min(pause * 2 + 2, 30.0)


@flow
def create(
    settings: Settings, request: Request, label: str, on_unknown: OnUnknown
) -> FlowBody[BatchOperation]:
    """Create a batch at most once, unless the caller said that twice is better than none.

    The service has no request id for it. Where the reply is lost, the batch is looked for by its
    label; what cannot be found is said, and never sent again by itself.
    """
    doubt = yield from _create_once(settings, request, label)
    if isinstance(doubt, Doubt) and doubt.looked and on_unknown == "resubmit":
        log.warning("no batch labelled %s was found; creating it again, as asked", label)
        try:
            doubt = yield from _create_once(settings, request, label)
        except GeminiBatchError as error:
            doubt = Doubt(error)  # a refusal now says nothing of the first attempt
    if isinstance(doubt, Doubt):
        unknown = CreateOutcomeUnknownError(label)
        if not doubt.looked:
            unknown.add_note("the list of batches could not be read, so that it may well exist")
        raise unknown from doubt.error
    return doubt


@frozen
class Doubt:
    """Why it is not known whether a batch exists, and whether it was looked for in vain."""

    error: Exception
    looked: bool = True


def _create_once(
    settings: Settings, request: Request, label: str
) -> FlowBody[BatchOperation | Doubt]:
    doubt: ApiError | TransportError | ProtocolError
    started = yield from Now()
    try:
        response = yield from exchange(settings, request, Call.CREATE)
    except (ApiError, TransportError) as error:
        if action_for(Call.CREATE, error) is not Action.RECONCILE:
            raise
        doubt = error
    else:
        try:
            return parse_operation(response).operation
        except ProtocolError as error:
            doubt = error
    log.info("the reply to the creation of %s was lost (%s); looking for it", label, doubt)
    slow = isinstance(doubt, TransportError) and doubt.timed_out
    look_for = settings.timeouts.create if slow else settings.retry.look_for
    looked = False
    for pause in _looks(look_for):
        yield from Sleep(pause)
        try:
            operation = yield from find(settings, label)
        except (ApiError, TransportError, ProtocolError) as error:
            log.info("the list of batches could not be read: %s", error)
            continue
        looked = True
        if operation is not None:
            waited = (yield from Now()) - started
            log.info("reply lost; adopted %s (%s) after %.1f s", operation.name, label, waited)
            return operation
    return Doubt(doubt, looked)
