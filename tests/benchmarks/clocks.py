"""How long something takes: of the processor, or on the wall; always several ways in turn."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from statistics import median

Way = Callable[[], object]


def interleaved(
    rounds: int, ways: Mapping[str, Way], clock: Callable[[], float] = time.process_time
) -> dict[str, float]:
    """Return the median seconds of each way.

    The ways take turns, every second time backwards, so that what disturbs the machine for a while
    disturbs all of them. What a way returns is let go of after the clock was read. What was there
    before, such as what the other ways need, is kept out of the sight of the cyclic collector: no
    way shall pay for having it looked through.
    """
    gc.collect()
    gc.freeze()
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds):
        for name in list(ways) if turn % 2 == 0 else reversed(list(ways)):
            gc.collect()
            begun = clock()
            kept = ways[name]()
            taken[name].append(clock() - begun)
            del kept
    gc.unfreeze()
    return {name: median(seconds) for name, seconds in taken.items()}
