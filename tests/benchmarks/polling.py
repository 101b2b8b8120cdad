"""Look at batches: once, and at a thousand of them until they are finished."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from statistics import median
from typing import Any

from gemini_batch import (
    AsyncBatchClient,
    AsyncBatchHandle,
    GenerationResponse,
    PollPolicy,
    SyncBatchClient,
)
from tests.benchmarks import processes
from tests.benchmarks.clocks import Way, interleaved
from tests.benchmarks.report import Figure
from tests.benchmarks.scale import Scale
from tests.benchmarks.server import LOOKS

BATCH = "batches/running-1"
BRIEF = 0.01
"""Seconds between two looks at a batch that is waited for alone, and there are many of these."""
EVERY = 0.02
"""Seconds after which threads are counted again."""

Handle = AsyncBatchHandle[GenerationResponse]


def one_sync(scale: Scale) -> list[Figure]:
    """Look at a batch with each synchronous client."""
    from tests.benchmarks import google_way  # noqa: PLC0415 - not for those who wait below

    count = scale.of(500, 50)
    with (
        processes.served(scale.folder) as url,
        SyncBatchClient("any-key", base_url=url) as client,
        google_way.client_of(url) as google,
    ):
        handle = client.get_batch(BATCH)

        def ours() -> None:
            for _ in range(count):
                handle.operation()

        def theirs() -> None:
            for _ in range(count):
                google.batches.get(name=BATCH)

        ways: dict[str, Way] = {"ours": ours, "google": theirs}
        for way in ways.values():
            way()  # connections, and what is imported by the first call
        seconds = interleaved(scale.turns, ways)
    return [Figure.ratio("poll-sync", seconds["ours"], seconds["google"], count, "a poll")]


def one_async(scale: Scale) -> list[Figure]:
    """Look at a batch with each asynchronous client."""
    from tests.benchmarks import google_way  # noqa: PLC0415 - it takes seconds to import

    count = scale.of(500, 50)
    with processes.served(scale.folder) as url, asyncio.Runner() as runner:
        client = runner.run(_client(url))
        google = google_way.client_of(url)
        handle = client.get_batch(BATCH)

        async def ours() -> None:
            for _ in range(count):
                await handle.operation()

        async def theirs() -> None:
            for _ in range(count):
                await google.aio.batches.get(name=BATCH)

        ways: dict[str, Way] = {
            "ours": lambda: runner.run(ours()),
            "google": lambda: runner.run(theirs()),
        }
        for way in ways.values():
            way()  # connections, and what is imported by the first call
        seconds = interleaved(scale.turns, ways)
        runner.run(google.aio.aclose())
        runner.run(client.close())
    return [Figure.ratio("poll-async", seconds["ours"], seconds["google"], count, "a poll")]


async def _client(url: str) -> AsyncBatchClient:
    return AsyncBatchClient("any-key", base_url=url)


def many(scale: Scale) -> list[Figure]:
    """Wait for many batches in one loop of the client."""
    sizes = scale.of({1: 50, 250: 1, 1_000: 1}, {1: 2, 10: 1, 40: 1})
    one, some, most = _waited(scale, "polling.wait_all", sizes)
    return [_compared("handles-one", most, one), _compared("handles-250", most, some)]


def tasks(scale: Scale) -> list[Figure]:
    """Wait for many batches, each in a task of its own."""
    sizes = scale.of({250: 1, 1_000: 1}, {10: 1, 40: 1})
    some, most = _waited(scale, "polling.wait_each", sizes)
    threads = f"{some['threads']:.0f} threads for a quarter of the handles"
    return [
        _compared("handles-tasks", most, some),
        Figure("handles-threads", most["threads"], threads),
    ]


def _waited(scale: Scale, function: str, sizes: Mapping[int, int]) -> list[dict[str, float]]:
    """Wait for so many handles at a time, so many times: the median of what each tells."""
    told: dict[int, list[dict[str, float]]] = {size: [] for size in sizes}
    with processes.served(scale.folder) as url:
        for turn in range(scale.processes):
            for size, times in sizes.items():
                stem = f"many-{function[8:]}-{size}-{turn}"
                pause = BRIEF if size == 1 else scale.of(0.2, 0.02)
                one = processes.call(
                    function, url=url, pause=pause, stem=stem, count=size, times=times
                )
                told[size].append(one)
    return [
        {what: median(one[what] for one in each) for what in ("seconds", "threads")}
        for each in told.values()
    ]


def _compared(row: str, most: dict[str, float], fewer: dict[str, float]) -> Figure:
    return Figure.ratio(row, most["seconds"], fewer["seconds"], 1, "a look")


Wait = Callable[[AsyncBatchClient, list[Handle]], Awaitable[object]]


def wait_all(url: str, **groups: Any) -> dict[str, float]:
    """Wait for batches with ``wait_all``."""

    async def wait(client: AsyncBatchClient, handles: list[Handle]) -> None:
        await client.wait_all(handles)

    return asyncio.run(_wait(url, wait, **groups))


def wait_each(url: str, **groups: Any) -> dict[str, float]:
    """Wait for batches with a task for each."""

    async def wait(_: AsyncBatchClient, handles: list[Handle]) -> None:
        await asyncio.gather(*(handle.wait() for handle in handles))

    return asyncio.run(_wait(url, wait, **groups))


async def _wait(
    url: str, wait: Wait, *, pause: float, stem: str, count: int, times: int
) -> dict[str, float]:
    """Wait for groups of batches; tell the time of a look, and the most threads there were."""
    poll = PollPolicy(first=pause, ceiling=pause)
    async with AsyncBatchClient("any-key", base_url=url, poll=poll) as client:

        def group(name: str, size: int) -> list[Handle]:
            return [client.get_batch(f"batches/{stem}-{name}-{one}") for one in range(size)]

        await wait(client, group("first", 1))  # what the first call brings along
        groups = [group(f"{number}", count) for number in range(times)]
        counting = asyncio.create_task(_most_threads())
        begun = time.process_time()
        for handles in groups:
            await wait(client, handles)
        taken = time.process_time() - begun
        counting.cancel()
        most = await counting
    return {"seconds": taken / count / times / (LOOKS + 1), "threads": most}


async def _most_threads() -> int:
    """Count threads until it is cancelled, and return how many there were at most."""
    most = threading.active_count()
    try:
        while True:
            await asyncio.sleep(EVERY)
            most = max(most, threading.active_count())
    except asyncio.CancelledError:
        return most
