"""Results out: look until the batch is finished, then fetch, index and order what it answered."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ..batch import Batch
from ..effects import FlowBody, Item, Offload, StreamBody, fed_by, flow
from ..errors import (
    BatchCancelledError,
    BatchExpiredError,
    BatchFailedError,
    GeminiBatchError,
    NotFoundError,
    PermissionDeniedError,
    ProtocolError,
    ResultsGoneError,
)
from ..limits import PIECE
from ..log import log
from ..methods import R
from ..models.operation import BatchOperation, BatchState
from ..progress import Report, report_nothing
from ..settings import Settings
from ..spool import Spool, Spools
from ..states import (
    BatchStatus,
    Cancelled,
    Expired,
    Failed,
    Succeeded,
    Unrecognised,
    status_of,
)
from ..text import printable
from .batches import look
from .downloads import download
from .waiting import Sighting, Waiting, looks

if TYPE_CHECKING:
    from ..index import Indexer
    from ..results import BatchResults


@flow
def status(settings: Settings, batch: Batch[R], spools: Spools) -> FlowBody[BatchStatus[R]]:
    """Look once; the results of a finished batch are fetched, unless they were before."""
    known = known_status(batch)
    if known is not None:
        return known
    before = batch.observation
    seen = yield from look(settings, batch.name)
    batch.require_kind(seen.operation)
    observation = batch.observe(seen.operation, before)
    sighting = Sighting(seen, observation)
    return (yield from status_after(settings, batch, sighting, spools, report_nothing))


def known_status(batch: Batch[R]) -> BatchStatus[R] | None:
    """Return the status of a batch that is finished and whose results are here already."""
    held = batch.held_results()
    if batch.observation is None or not batch.observation.finished or held is None:
        return None
    return status_of(batch.observation, held)


@flow
def watch(
    settings: Settings, batch: Batch[R], spools: Spools, terms: Waiting
) -> StreamBody[BatchStatus[R]]:
    """Look again and again; the last status is the final one, with its results."""
    known = known_status(batch)
    if known is not None:
        yield Item(known)
        return

    def tell(sighting: Sighting) -> StreamBody[BatchStatus[R]]:
        yield Item((yield from status_after(settings, batch, sighting, spools, terms.report)))

    yield from fed_by(looks(settings, batch, terms), tell)


@flow
def wait(
    settings: Settings, batch: Batch[R], spools: Spools, terms: Waiting
) -> FlowBody[BatchStatus[R]]:
    """Return the final status."""
    statuses: list[BatchStatus[R]] = []

    def keep(one: BatchStatus[R]) -> tuple[()]:
        statuses[:] = [one]
        return ()

    yield from fed_by(watch(settings, batch, spools, terms), keep)
    return statuses[0]


@flow
def results(
    settings: Settings, batch: Batch[R], spools: Spools, terms: Waiting
) -> FlowBody[BatchResults[R]]:
    """Return the results of a batch that succeeds; raise how another one ended."""
    final = yield from wait(settings, batch, spools, terms)
    held = batch.held_results()
    match final:
        case Succeeded(found):
            return found
        case Unrecognised() if held is not None:
            return held
        case _:
            raise ended(batch.name, final, salvage(final))


def ended(name: str, final: BatchStatus[Any], kept: str) -> GeminiBatchError:
    """Return the error for a batch that did not succeed; ``kept`` says what came of it even so."""
    match final:
        case Failed(error):
            said = "the service gave no reason" if error is None else error.message or error.status
            return BatchFailedError(f"{name} failed: {printable(said)}", final)
        case Cancelled():
            return BatchCancelledError(f"{name} was cancelled; {kept}", final)
        case Expired():
            return BatchExpiredError(
                f"{name} was not finished within the 48 hours the service gives it; {kept}", final
            )
        case _:
            state = printable(final.operation.state)
            return ProtocolError(f"{name} finished in the state {state} without results")


def salvage(final: BatchStatus[Any]) -> str:
    """Say what came of a batch that did not succeed."""
    found = final.results if isinstance(final, Cancelled | Expired) else None
    if found is not None:
        return f"{len(found)} results came back all the same: see .status.results of this error"
    return "what was answered is gone" if final.operation.has_output else "nothing was answered"


def status_after(
    settings: Settings, batch: Batch[R], sighting: Sighting, spools: Spools, report: Report
) -> FlowBody[BatchStatus[R]]:
    """Return the status for a look, with the results of a finished batch."""
    observation = sighting.observation
    found = None
    # A status that says it failed has no place for results; whoever streams them gets them.
    wanted = observation.finished and observation.state != BatchState.FAILED
    if wanted and observation.operation.has_output:
        try:
            found = yield from collect(settings, batch, sighting, spools, report)
        except ResultsGoneError as gone:
            if observation.state not in {BatchState.CANCELLED, BatchState.EXPIRED}:
                gone.operation = observation.operation
                raise
            log.warning("%s", gone)
        except GeminiBatchError as error:
            error.operation = observation.operation
            raise
    return status_of(observation, found)


def collect(
    settings: Settings, batch: Batch[R], sighting: Sighting, spools: Spools, report: Report
) -> FlowBody[BatchResults[R]]:
    """Fetch the results, index them on the way, and put them in order."""
    held = batch.held_results()
    if held is not None:
        return held
    operation = sighting.observation.operation
    make = spools.in_memory if operation.inlined else spools.in_file
    spool = yield from Offload(make)
    # Where we sent keys, or where the service chose the order, a position says nothing.
    positional = operation.inlined and operation.label is None
    indexer = yield from Offload(partial(_indexer, spool, batch, positional=positional))

    def consume(piece: bytes) -> FlowBody[None]:
        yield from Offload(partial(indexer.feed, piece))

    yield from fed_by(output(settings, batch, sighting, report), consume)
    yield from Offload(indexer.finish)
    while (yield from Offload(indexer.settle)):
        continue
    found = yield from Offload(partial(_opened, spool, indexer, batch, operation))
    spools.keep(spool)
    batch.results = found
    return found


def _indexer(spool: Spool, batch: Batch[Any], *, positional: bool) -> Indexer:
    from ..index import Indexer  # noqa: PLC0415 - loaded when results come, and not in a loop

    return Indexer(spool, batch.keys, batch.key_member, positional=positional)


def _opened(
    spool: Spool, indexer: Indexer, batch: Batch[R], operation: BatchOperation
) -> BatchResults[R]:
    from ..results import BatchResults  # noqa: PLC0415 - loaded with the first results

    index = indexer.index()
    found = BatchResults(
        spool,
        index,
        batch.kind,
        keys=batch.keys,
        key_member=batch.key_member,
        expected=operation.stats.request_count,
    )
    _remark(found, index.kinds, operation)
    return found


def _remark(found: BatchResults[Any], kinds: bytearray, operation: BatchOperation) -> None:
    """Log what is odd about a set of results; the results themselves win."""
    from ..index import Kind  # noqa: PLC0415 - it was loaded to index them

    name, stats, count = operation.name, operation.stats, operation.stats.request_count
    if count is not None and not (count == len(found) == found.resolved_count):
        told = "%s has %d requests and %d results, which answer %d of them"
        log.warning(told, name, count, len(found), found.resolved_count)
    else:
        for what, counted, kind in (
            ("were answered", stats.successful_request_count, Kind.SUCCESS),
            ("failed", stats.failed_request_count, Kind.ERROR),
        ):
            if counted not in {None, kinds.count(kind)}:
                told = "%s counts %d requests that %s, and its results show %d"
                log.warning(told, name, counted, what, kinds.count(kind))
    if found.keyed_by == "position":
        log.warning("%s was made without keys: its results are keyed by position", name)


@flow
def output(
    settings: Settings, batch: Batch[Any], sighting: Sighting, report: Report
) -> StreamBody[bytes]:
    """Yield the results as lines of JSON, whichever way they come."""
    file = sighting.observation.operation.responses_file
    if file is None:
        if not sighting.look.operation.inlined:  # it was, or there would be no output
            raise ProtocolError(f"{batch.name} had results, and shows none now. Look again later")
        # No JSON string holds a line feed as it is, so that each result becomes one line.
        lines = bytearray()
        for inlined in sighting.look.inlined:
            lines += bytes(inlined).replace(b"\n", b" ") + b"\n"
            if len(lines) >= PIECE:  # each item is a trip to a thread, too much for one line
                yield Item(bytes(lines))
                lines.clear()
        yield Item(bytes(lines))
        return

    try:
        yield from download(settings, file, report)
    except (NotFoundError, PermissionDeniedError) as error:
        if error.reason:  # the key or its project is refused, not the file
            raise
        raise ResultsGoneError(batch.name, file) from error
