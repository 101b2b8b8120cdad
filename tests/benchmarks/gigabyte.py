"""A million lines in a gigabyte: what Google's client needs minutes and many gigabytes for."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

from tests.benchmarks import processes
from tests.benchmarks.corpora import Corpus
from tests.benchmarks.memory import Peak
from tests.benchmarks.reading import read
from tests.benchmarks.report import Figure
from tests.benchmarks.scale import Scale


def measure(scale: Scale) -> list[Figure]:
    """Read it whole; google-genai does so once, for its minutes hide what disturbs it."""
    count = scale.of(1_000_000, 2_000)
    path = str(Corpus("text-for-google", "integers", count).at(scale.folder))
    told = [processes.call("gigabyte.ours", path=path) for _ in range(scale.processes)]
    google = processes.call("google_way.read_whole", path=path)
    seconds, megabytes = (median(one[what] for one in told) for what in ("seconds", "megabytes"))
    memory = f"{megabytes:.1f} against {google['megabytes']:.0f} MB"
    return [
        Figure.gain("gigabyte-time", seconds, google["seconds"], count),
        Figure("gigabyte-memory", megabytes / google["megabytes"], memory),
    ]


def ours(path: str) -> dict[str, float]:
    """Read the file as this package does."""
    peak, begun = Peak(), time.process_time()
    read(Path(path))
    return {"seconds": time.process_time() - begun, "megabytes": peak.megabytes()}
