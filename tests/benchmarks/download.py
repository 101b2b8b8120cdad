"""Downloads over loopback: to the first sorted result, and to disk."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from gemini_batch import AsyncBatchClient, SyncBatchClient
from tests.benchmarks import processes
from tests.benchmarks.clocks import Way, interleaved
from tests.benchmarks.corpora import Corpus
from tests.benchmarks.memory import Peak
from tests.benchmarks.processes import NotHereError
from tests.benchmarks.report import Figure
from tests.benchmarks.scale import Scale

WAYS = ("sync", "async")


def first_result(scale: Scale) -> list[Figure]:
    """Fetch results, and take the first in key order; google-genai has all typed by then."""
    count = scale.of(200_000, 2_000)
    path = Corpus("text-for-google", "integers", count).at(scale.folder)
    calls = {way: f"download.first_{way}" for way in WAYS}
    calls["google"] = "google_way.first_result"
    told: dict[str, list[dict[str, float]]] = {name: [] for name in calls}
    with processes.served(scale.folder) as url:
        for _ in range(scale.processes):
            for name, function in calls.items():
                told[name].append(processes.call(function, url=url, stem=path.stem))
    middle = {
        name: {what: median(one[what] for one in each) for what in ("seconds", "megabytes")}
        for name, each in told.items()
    }
    google, found = middle["google"], []
    for way in WAYS:
        ours = middle[way]
        times = f"{ours['seconds']:.2f} against {google['seconds']:.2f} s"
        memory = f"{ours['megabytes']:.1f} against {google['megabytes']:.0f} MB"
        found += [
            Figure(f"first-result-{way}", google["seconds"] / ours["seconds"], times),
            Figure(f"first-memory-{way}", ours["megabytes"] / google["megabytes"], memory),
        ]
    return found


def first_sync(url: str, stem: str) -> dict[str, float]:
    """Fetch results with the synchronous client."""
    peak, begun = Peak(), time.perf_counter()
    with SyncBatchClient("any-key", base_url=url) as client:
        batch = client.get_batch(f"batches/{stem}")
        with batch.results() as results:
            require_first(results[0].key)
            taken = time.perf_counter() - begun
    return {"seconds": taken, "megabytes": peak.megabytes()}


def first_async(url: str, stem: str) -> dict[str, float]:
    """Fetch results with the asynchronous client."""

    async def fetch() -> float:
        begun = time.perf_counter()
        async with AsyncBatchClient("any-key", base_url=url) as client:
            batch = client.get_batch(f"batches/{stem}")
            with await batch.results() as results:
                require_first(results[0].key)
                return time.perf_counter() - begun

    peak = Peak()
    taken = asyncio.run(fetch())
    return {"seconds": taken, "megabytes": peak.megabytes()}


def require_first(key: object) -> None:
    """Hold that it is the first result which was waited for."""
    if key != "0":
        raise ValueError(f"the first result is that of {key!r}")


def to_disk(scale: Scale) -> list[Figure]:
    """Download a file."""
    curl = shutil.which("curl")
    if curl is None:
        raise NotHereError("there is no curl on the path")
    path = filled(scale.folder, scale.of(1_000_000_000, 32_000_000))
    size = path.stat().st_size
    with (
        processes.served(scale.folder) as url,
        TemporaryDirectory(prefix="gemini-batch-bench-", dir=scale.folder) as folder,
        SyncBatchClient("any-key", base_url=url) as client,
        asyncio.Runner() as runner,
    ):
        target = Path(folder) / "download"
        address = f"{url}/v1beta/files/{path.stem}:download?alt=media"
        aio = runner.run(_opened(url))
        name = f"files/{path.stem}"
        ways: dict[str, Way] = {
            "curl": partial(subprocess.run, [curl, "-s", "-f", "-o", target, address], check=True),
            "sync": partial(client.files.download, name, target, overwrite=True),
            "async": lambda: runner.run(aio.files.download(name, target, overwrite=True)),
        }
        seconds = interleaved(scale.turns, ways, time.perf_counter)
        runner.run(aio.close())
    speeds = {way: size / taken / 1e6 for way, taken in seconds.items()}
    return [
        Figure(
            f"disk-{way}",
            speeds[way] / speeds["curl"],
            f"{speeds[way]:.0f} against {speeds['curl']:.0f} MB/s",
        )
        for way in WAYS
    ]


async def _opened(url: str) -> AsyncBatchClient:
    return AsyncBatchClient("any-key", base_url=url)


def filled(folder: Path, size: int) -> Path:
    """Return the path of a file of so many bytes."""
    path = folder / f"filled-{size}.jsonl"
    if not path.exists():
        line = b'{"key":"0"}' + b" " * 1_012 + b"\n"
        piece = line * 1_000
        with path.open("wb") as file:
            for _ in range(size // len(piece)):
                file.write(piece)
    return path
