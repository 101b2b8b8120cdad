"""What no way of reading results in Python can do without, by itself: what is left is ours."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec

from gemini_batch import BatchResults, GenerationResponse
from gemini_batch.codec import READERS
from gemini_batch.index import Kind
from gemini_batch.limits import PIECE
from tests.benchmarks import yardsticks
from tests.benchmarks.clocks import interleaved
from tests.benchmarks.corpora import Corpus
from tests.benchmarks.report import Figure
from tests.benchmarks.scale import Scale


class _Opened(msgspec.Struct, gc=False):
    key: Any = None
    response: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()


SOME = 1_000_000
"""Lines of a large file that are read, which lie anywhere in it."""


def floors(scale: Scale) -> list[Figure]:
    """Open a file and keep nothing, and read each line in key order and make nothing of it."""
    path = Corpus("text", "integers", scale.of(50_000, 1_000)).at(scale.folder)
    lines = yardsticks.lines_of(path)
    with BatchResults.open(path) as results, _open(path) as file:
        index = results._index
        plain = [one for one in index.order if index.kinds[one] == Kind.SUCCESS]
        places = [(index.lengths[one], index.offsets[one]) for one in plain]
        decode = READERS[GenerationResponse].decode_line
        seconds = interleaved(
            scale.turns,
            {
                "open": lambda: _pass_over(path),
                "read": lambda: _read(file, places, decode),
                "orjson": lambda: yardsticks.by_orjson(lines),
            },
        )
    return [
        Figure.ratio("open-floor", seconds["open"], seconds["orjson"], len(lines)),
        Figure.ratio("iterate-floor", seconds["read"], seconds["orjson"], len(lines)),
    ]


def growth(scale: Scale) -> list[Figure]:
    """Read each line of a small file and of a large one, and make nothing of it."""
    few, many = (
        Corpus("short", "integers", size).at(scale.folder)
        for size in scale.of((10_000, 5_000_000), (1_000, 10_000))
    )
    with _open(few) as small, _open(many) as large:
        near, far = _places(few), _places(many)
        seconds = interleaved(
            scale.turns,
            {"near": lambda: _read(small, near, len), "far": lambda: _read(large, far, len)},
        )
    per_line = seconds["near"] / len(near) * len(far)
    return [Figure.ratio("growth-floor", seconds["far"], per_line, len(far))]


def _places(path: Path) -> list[tuple[int, int]]:
    with BatchResults.open(path) as results:
        index = results._index
        return [(index.lengths[one], index.offsets[one]) for one in index.order[:SOME]]


@contextmanager
def _open(path: Path) -> Iterator[int]:
    file = os.open(path, os.O_RDONLY)
    try:
        yield file
    finally:
        os.close(file)


def _pass_over(path: Path) -> None:
    decode = msgspec.json.Decoder(_Opened).decode
    begun = b""
    with path.open("rb", buffering=0) as file:
        while piece := file.read(PIECE):
            lines = BytesIO(begun + piece).readlines()
            begun = b"" if lines[-1].endswith(b"\n") else lines.pop()
            for line in lines:
                decode(line)


def _read(file: int, places: list[tuple[int, int]], decode: Callable[[bytes], Any]) -> None:
    pread = os.pread
    for size, offset in places:
        decode(pread(file, size, offset))
