"""Encode and upload requests from a generator, and see what memory that takes."""

from __future__ import annotations

from statistics import median

from gemini_batch import SyncBatchClient
from tests.benchmarks import processes, requests_made
from tests.benchmarks.memory import Peak
from tests.benchmarks.report import Figure
from tests.benchmarks.scale import Scale

BASE = 64.0
"""MB that a submission may take, however long it is."""
EACH = 16
"""Bytes that a request may take beyond that."""


def numbered(scale: Scale) -> list[Figure]:
    """Submit requests without keys."""
    return _measured(scale, "numbered")


def keyed(scale: Scale) -> list[Figure]:
    """Submit requests with keys of their own."""
    return _measured(scale, "keyed")


def _measured(scale: Scale, kind: str) -> list[Figure]:
    found: list[Figure] = []
    sizes = scale.of({"100k": 100_000, "1m": 1_000_000}, {"100k": 2_000, "1m": 4_000})
    with processes.served(scale.folder) as url:
        for label, count in sizes.items():
            keys = kind == "keyed"
            told = [
                processes.call("uploading.submit", url=url, count=count, keyed=keys)
                for _ in range(scale.processes)
            ]
            peak = median(told)
            limit = f"≤ {BASE + EACH * count / 1e6:.1f} MB"
            over = max(0.0, (peak - BASE) * 1e6 / count)
            words = f"{count} requests: {over:.0f} B each over {BASE:.0f} MB"
            found.append(Figure(f"upload-{kind}-{label}", peak, words, limit))
    return found


def submit(url: str, *, count: int, keyed: bool) -> float:
    """Submit requests as a file, and return the peak of memory."""
    peak = Peak()
    with SyncBatchClient("any-key", base_url=url, model="gemini-2.5-flash") as client:
        client.submit(requests_made.generated(count, keyed=keyed), via="file")
    return peak.megabytes()
