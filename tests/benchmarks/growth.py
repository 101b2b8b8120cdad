"""Read results files from small to millions of lines: time a line, and memory."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

from gemini_batch import BatchResults
from tests.benchmarks import processes
from tests.benchmarks.corpora import Corpus
from tests.benchmarks.memory import Peak
from tests.benchmarks.reading import read, touch
from tests.benchmarks.report import Figure
from tests.benchmarks.scale import Scale

BASE = 24.0
"""MB that any results file may take."""
REPEATS = 9
"""Of the small file in each process: its time is short."""


def integers(scale: Scale) -> list[Figure]:
    """Read files whose keys are integers."""
    return _measured(scale, "integers")


def names(scale: Scale) -> list[Figure]:
    """Read files whose keys are like ``row-123``."""
    return _measured(scale, "names")


def _measured(scale: Scale, keys: str) -> list[Figure]:
    sizes = scale.of((200_000, 1_000_000, 5_000_000), (1_000, 2_000, 10_000))
    small = Corpus("short", keys, scale.of(10_000, 1_000))
    found: list[Figure] = []
    per_line: list[tuple[float, float]] = []
    for label, size in zip(("200k", "1m", "5m"), sizes, strict=True):
        path = Corpus("short", keys, size).at(scale.folder)
        most = label == "5m"
        told = [
            processes.call("growth.walk", path=str(path), small=str(small.at(scale.folder)))
            for _ in range(scale.processes)
        ]
        limit = BASE + size * bytes_a_line(keys, size) / 1e6
        peak = median(one["megabytes"] for one in told)
        row = f"memory-{keys}-{label}"
        over = (peak - BASE) * 1e6 / size
        words = f"{size} lines: {max(over, 0):.0f} B a line over {BASE:.0f} MB"
        found.append(Figure(row, peak, words, f"≤ {limit:.1f} MB"))
        if most:
            per_line = [(one["seconds"] / size, one["small"] / small.lines) for one in told]
    ours, theirs = (median(each) for each in zip(*per_line, strict=True))
    found.append(Figure.ratio(f"growth-{keys}", ours, theirs, 1))
    return found


def bytes_a_line(keys: str, lines: int) -> float:
    """Return how many bytes a line may take, given the length of its key."""
    if keys == "integers":
        return 24.0
    return 160 + 2 * sum(len(f"row-{number}") for number in range(lines)) / lines


def walk(path: str, small: str) -> dict[str, float]:
    """Open and read a file; tell its time, that of the small one, and the peak of memory."""
    peak = Peak()
    shorts: list[float] = []
    for _ in range(REPEATS):
        begun = time.process_time()
        read(Path(small))
        shorts.append(time.process_time() - begun)
    begun = time.process_time()
    with BatchResults.open(path) as results:
        touch(results)
        taken = time.process_time() - begun
        return {"seconds": taken, "small": median(shorts), "megabytes": peak.megabytes()}
