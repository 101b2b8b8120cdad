"""Results out as they arrive: in no order, none kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from ..batch import Batch
from ..effects import Offload, Several, StreamBody, fed_by, flow
from ..methods import R
from ..settings import Settings
from ..states import BatchStatus, Cancelled, Expired, Failed, status_of
from .results import ended, output, salvage
from .waiting import Sighting, Waiting, looks

if TYPE_CHECKING:
    from ..items import BatchGenerationResponseItem
    from ..jsonl import Line
    from .arrivals import Reader


@flow
def stream(
    settings: Settings, batch: Batch[R], terms: Waiting
) -> StreamBody[BatchGenerationResponseItem[R]]:
    """Wait, then yield the results as they arrive; the memory used does not grow with them."""
    last: list[Sighting] = []

    def keep(sighting: Sighting) -> tuple[()]:
        last[:] = [sighting]
        return ()

    yield from fed_by(looks(settings, batch, terms), keep)
    (sighting,) = last
    operation = sighting.observation.operation
    final: BatchStatus[R] = status_of(sighting.observation, None)
    if not operation.has_output:
        raise ended(batch.name, final, salvage(final))
    reader = yield from Offload(partial(_reader, batch))

    def tell(begun: Callable[[], Iterator[Line]]) -> StreamBody[BatchGenerationResponseItem[R]]:
        yield Several((yield from Offload(partial(reader.read, begun))))

    def consume(piece: bytes) -> StreamBody[BatchGenerationResponseItem[R]]:
        yield from tell(partial(reader.lines.feed, piece))

    yield from fed_by(output(settings, batch, sighting, terms.report), consume)
    yield from tell(reader.lines.finish)
    if isinstance(final, Failed | Cancelled | Expired):
        raise ended(batch.name, final, f"{reader.count} results came back all the same")
    yield from Offload(partial(reader.require_all, operation.stats.request_count))


def _reader(batch: Batch[R]) -> Reader[R]:
    from .arrivals import Reader  # noqa: PLC0415 - loaded when results come, and not in a loop

    return Reader(batch)
