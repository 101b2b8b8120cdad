"""Whether the first item of a stream waits for more than its own line."""

from __future__ import annotations

import asyncio
import json
import urllib.request

from gemini_batch import AsyncBatchClient, SyncBatchClient
from tests.benchmarks import processes
from tests.benchmarks.report import Figure
from tests.benchmarks.scale import Scale

BATCH = "batches/held-1"


def first_item(scale: Scale) -> list[Figure]:
    """Take the first item of results whose second line is held back until that is there."""
    with processes.served(scale.folder) as url:
        sent = {"sync": _by_sync(url), "async": asyncio.run(_by_async(url))}
    return [Figure(f"stream-{way}", lines) for way, lines in sent.items()]


def _by_sync(url: str) -> int:
    with (
        SyncBatchClient("any-key", base_url=url) as client,
        client.get_batch(BATCH).stream_results() as items,
    ):
        next(items)
        sent = release(url)
        for _ in items:
            pass
    return sent


async def _by_async(url: str) -> int:
    async with (
        AsyncBatchClient("any-key", base_url=url) as client,
        client.get_batch(BATCH).stream_results() as items,
    ):
        await anext(items)
        sent = await asyncio.to_thread(release, url)
        async for _ in items:
            pass
    return sent


def release(url: str) -> int:
    """Have the second line sent, and return how many had been sent before."""
    with urllib.request.urlopen(f"{url}/release") as told:  # noqa: S310 - our own server
        return int(json.load(told)["sent"])
