"""Create a batch without ever paying twice; look at it, cancel it, delete it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Literal, TypeAlias

from attrs import frozen

from ..effects import FlowBody, Now, Offload, Request, Response, Sleep, fed_by, flow
from ..endpoints.batches import (
    Look,
    build_cancel,
    build_delete,
    build_get,
    build_list,
    parse_list,
    parse_operation,
)
from ..endpoints.replies import Page, date_of
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
from ..limits import PIECE
from ..log import log
from ..models.operation import BatchOperation
from ..retry import Action, Call, action_for
from ..settings import Settings
from ..states import Observation
from ..text import printable
from .calls import exchange, patience
from .lists import members

OnUnknown: TypeAlias = Literal["raise", "resubmit"]
"""What to do where a create may have acted and nothing of it can be found."""

LOOKED_THROUGH = 1000
"""Batches looked through for a label, newest first."""
_PAGE_SIZE = 100
LEEWAY = 300.0
"""Seconds by which the times that the service tells may be at odds with one another."""


@flow
def look(settings: Settings, name: str, until: float = math.inf) -> FlowBody[Look]:
    """Look at a batch once, beginning no attempt after ``until``."""
    request = build_get(settings.api, name)
    left = yield from patience(settings, until)
    response = yield from exchange(settings, request, Call.READ, left)
    if len(response.body) <= PIECE:
        return parse_operation(response)
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
def delete(settings: Settings, name: str, last: Observation | None = None) -> FlowBody[None]:
    """Remove a batch. Not finding it counts as done where an earlier attempt may have acted.

    ``last`` is what is known of it: one that was still at work is worth a warning.
    """
    left = yield from patience(settings)
    try:
        yield from exchange(settings, build_delete(settings.api, name), Call.DELETE, left)
    except NotFoundError:
        if not left.doubtful:
            raise
    if last is not None and not last.finished:
        warning = "%s was %s when it was last seen; deleting does not stop it, and it may be billed"
        log.warning(warning, name, printable(last.state))


@flow
def find(
    settings: Settings, label: str, until: float = math.inf, since: float = -math.inf
) -> FlowBody[BatchOperation | None]:
    """Look once through the newest batches for a label; of two, the older is returned.

    No attempt is repeated after ``until``. Where the batch cannot be older than ``since``, on the
    monotonic clock, no page is asked for that can only hold older ones.
    """
    search = _Search(label, since)
    newest = partial(build_list, settings.api, _PAGE_SIZE)
    batches = members(settings, newest, search.read, LOOKED_THROUGH, until, search.is_past)
    yield from fed_by(batches, search.compare)
    return search.oldest()


class _Search:
    """What is looked for among the newest batches, and what was found of it."""

    def __init__(self, label: str, since: float) -> None:
        self.label = label
        self.since = since
        self._found: dict[str, BatchOperation] = {}
        self._date: float | None = None

    def read(self, response: Response) -> Page[BatchOperation]:
        """Read a page, which is dated by the clock of the service."""
        self._date = date_of(response)
        return parse_list(response, must_read=self.label.encode())

    def compare(self, operation: BatchOperation) -> tuple[()]:
        """Keep a batch that has the label."""
        # Pages move on as batches are created, so that the same batch may stand on two of them.
        if operation.label == self.label:
            self._found.setdefault(operation.name, operation)
        return ()

    def is_past(self, page: Page[BatchOperation], came: float) -> bool:
        """Whether a page goes back to before the batch can have been created.

        The clock of this machine may be wrong, and is not asked. A page that is not in order says
        nothing of the pages after it.
        """
        times = [one.create_time.timestamp() for one in page.items if one.create_time is not None]
        if self._date is None or not times or times != sorted(times, reverse=True):
            return False
        return times[-1] < self._date - (came - self.since) - LEEWAY

    def oldest(self) -> BatchOperation | None:
        """Return what was found; of several, with a warning, the one that was created first."""
        found = list(reversed(self._found.values()))  # the list is newest first
        if not found:
            return None
        oldest, times = found[0], [one.create_time for one in found if one.create_time is not None]
        if len(times) == len(found):
            oldest = found[times.index(min(times))]
        if len(found) > 1:
            others = ", ".join(one.name for one in self._found.values() if one is not oldest)
            log.warning("more than one batch is labelled %s: also %s", self.label, others)
        return oldest


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
    started = yield from Now()
    doubt = yield from _create_once(settings, request, label, started)
    if isinstance(doubt, Doubt) and doubt.looked and on_unknown == "resubmit":
        log.warning("no batch labelled %s was found; creating it again, as asked", label)
        try:
            doubt = yield from _create_once(settings, request, label, started)
        except GeminiBatchError as error:
            doubt = Doubt(error)  # a refusal now says nothing of the first attempt
        else:
            if not isinstance(doubt, Doubt):
                also = "an older batch of that label may still show up, and be billed"
                log.warning("%s is labelled %s; %s", doubt.name, label, also)
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
    settings: Settings, request: Request, label: str, started: float
) -> FlowBody[BatchOperation | Doubt]:
    doubt: ApiError | TransportError | ProtocolError
    left = yield from patience(settings)
    try:
        response = yield from exchange(settings, request, Call.CREATE, left)
    except (ApiError, TransportError) as error:
        if action_for(Call.CREATE, error) is not Action.RECONCILE:
            raise
        doubt = error
    except ProtocolError as error:
        if not left.doubtful:
            raise
        doubt = error
    else:
        try:
            return parse_operation(response).operation
        except ProtocolError as error:
            doubt = error
    log.info("the reply to the creation of %s was lost (%s); looking for it", label, doubt)
    slow = isinstance(doubt, TransportError) and doubt.timed_out
    look_for = settings.retry.look_for
    if slow:  # the service may still be at it
        look_for = max(look_for, settings.timeouts.create)
    looked = False
    until = (yield from Now()) + look_for
    for pause in _looks(look_for):
        if pause and (yield from Now()) + pause > until:
            break  # but for the first look, which costs nothing and may find it
        yield from Sleep(pause)
        try:
            operation = yield from find(settings, label, until, started)
        except (ApiError, TransportError, ProtocolError) as error:
            log.info("the list of batches could not be read: %s", error)
            continue
        looked = True
        if operation is not None:
            waited = (yield from Now()) - started
            log.info("reply lost; adopted %s (%s) after %.1f s", operation.name, label, waited)
            return operation
    return Doubt(doubt, looked)
