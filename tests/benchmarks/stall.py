"""How long an event loop stands still while results are fetched and sorted."""

from __future__ import annotations

import asyncio
import time
from statistics import median
from typing import Any

from gemini_batch import AsyncBatchClient
from tests.benchmarks import processes
from tests.benchmarks.corpora import Corpus
from tests.benchmarks.report import Figure
from tests.benchmarks.scale import Scale

BEAT = 0.001


def integers(scale: Scale) -> list[Figure]:
    """Fetch results whose keys are integers."""
    return _measured(scale, "integers")


def names(scale: Scale) -> list[Figure]:
    """Fetch results whose keys are like ``row-123``."""
    return _measured(scale, "names")


def _measured(scale: Scale, keys: str) -> list[Figure]:
    path = Corpus("short", keys, scale.of(1_000_000, 20_000)).at(scale.folder)
    with processes.served(scale.folder) as url:
        told = [
            processes.call("stall.watch", url=url, stem=path.stem, rest=scale.of(1.0, 0.2))
            for _ in range(scale.processes)
        ]
    stalls = sorted(max(0.0, one["longest"] - one["rest"]) * 1e3 for one in told)
    ours, seconds = (median(one[what] for one in told) for what in ("ours", "seconds"))
    spread = (
        f"{stalls[0]:.0f} to {stalls[-1]:.0f} ms in {len(stalls)} runs of {seconds:.1f} s; "
        f"{ours * 1e3:.0f} ms of it on the processor"
    )
    return [Figure(f"stall-{keys}", median(stalls), spread)]


def watch(url: str, stem: str, rest: float) -> dict[str, float]:
    """Fetch results while a heart beats, and tell the longest time between two beats.

    The loop is watched at rest before, for so many seconds.
    """
    return asyncio.run(_watch(url, stem, rest))


async def _watch(url: str, stem: str, rest: float) -> dict[str, float]:
    idle, _ = await _longest_gap(asyncio.create_task(asyncio.sleep(rest)))
    async with AsyncBatchClient("any-key", base_url=url) as client:
        await client.get_batch("batches/running-1").operation()  # what the first call brings along
        begun = time.perf_counter()
        fetched = asyncio.create_task(client.get_batch(f"batches/{stem}").results())
        longest, ours = await _longest_gap(fetched)
        seconds = time.perf_counter() - begun
        (await fetched).close()
    return {"longest": longest, "rest": idle, "ours": ours, "seconds": seconds}


async def _longest_gap(until: asyncio.Task[Any]) -> tuple[float, float]:
    """Return the longest time between two beats, and how much of it this process was at work.

    The rest of it is that of others, or was spent waiting for the disk.
    """
    longest, last, worked = (0.0, 0.0), time.perf_counter(), time.process_time()
    while not until.done():
        await asyncio.sleep(BEAT)
        now, work = time.perf_counter(), time.process_time()
        longest = max(longest, (now - last - BEAT, work - worked))
        last, worked = now, work
    return longest
