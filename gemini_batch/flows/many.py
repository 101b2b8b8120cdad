"""Wait for many batches in one loop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from ..batch import Batch
from ..effects import FlowBody, Item, StreamBody, fed_by, flow
from ..errors import GeminiBatchError, WaitTimeoutError
from ..log import log
from ..methods import R
from ..settings import Settings
from ..spool import Spools
from ..states import BatchStatus
from .results import known_status, status_after
from .waiting import Ending, Waiting, endings

T = TypeVar("T")


@flow
def as_completed(
    settings: Settings,
    handles: Sequence[T],
    batches: Sequence[Batch[Any]],
    spools: Spools,
    terms: Waiting,
) -> StreamBody[T]:
    """Yield the handle of each batch as it finishes, or can no longer be waited for.

    Results that came along with the last look are kept; those in files are left where they are.
    """
    waited_for: list[int] = []
    for position, batch in enumerate(batches):
        if known_status(batch) is None:
            waited_for.append(position)
        else:
            yield Item(handles[position])

    def tell(ending: Ending) -> StreamBody[T]:
        position = waited_for[ending.position]
        batch = batches[position]
        try:
            sighting = ending.sighting()
            if sighting.look.operation.inlined:
                yield from status_after(settings, batch, sighting, spools, terms.report)
        except GeminiBatchError as error:
            log.warning("%s has no results to be had: %s", batch.name, error)
        yield Item(handles[position])

    remaining = [batches[position] for position in waited_for]
    yield from fed_by(endings(settings, remaining, terms), tell)


@flow
def wait_all(
    settings: Settings, batches: Sequence[Batch[R]], spools: Spools, terms: Waiting
) -> FlowBody[list[BatchStatus[R]]]:
    """Return the final status of each batch, in their order.

    One that cannot be had does not end the wait for the others.
    """
    statuses = [known_status(batch) for batch in batches]
    waited_for = [position for position, status in enumerate(statuses) if status is None]
    failures: list[tuple[str, Exception]] = []

    def take(ending: Ending) -> FlowBody[None]:
        position = waited_for[ending.position]
        batch = batches[position]
        try:
            sighting = ending.sighting()
            statuses[position] = yield from status_after(
                settings, batch, sighting, spools, terms.report
            )
        except (GeminiBatchError, OSError) as error:  # of the disk, where results are spooled
            failures.append((batch.name, error))

    remaining = [batches[position] for position in waited_for]
    too_late: WaitTimeoutError | None = None
    try:
        yield from fed_by(endings(settings, remaining, terms), take)
    except WaitTimeoutError as error:
        too_late = error
    found = [status for status in statuses if status is not None]
    if too_late is None and not failures:
        return found
    raised = too_late or failures[0][1]
    for name, failure in failures:
        if failure is not raised:
            raised.add_note(f"{name}: {failure}")
        elif name not in str(failure):
            raised.add_note(f"this was of {name}")
    raised.add_note(
        f"{len(found)} of {len(batches)} batches have a final status, and their handles keep it"
    )
    raise raised
