"""Open results files of all kinds of keys, and read them typed."""

from __future__ import annotations

from pathlib import Path

from gemini_batch import BatchResults
from tests.benchmarks import google_way, yardsticks
from tests.benchmarks.clocks import interleaved
from tests.benchmarks.corpora import Corpus
from tests.benchmarks.reading import read, touch_members
from tests.benchmarks.report import Figure
from tests.benchmarks.scale import Scale


def keys(scale: Scale) -> list[Figure]:
    """Open a file of each kind of keys."""
    return [_opening(scale, kind) for kind in ("integers", "names", "uuids", "paths")]


def _opening(scale: Scale, kind: str) -> Figure:
    path = Corpus("text", kind, scale.of(50_000, 2_000)).at(scale.folder)
    lines = yardsticks.lines_of(path)
    seconds = interleaved(
        scale.turns,
        {"open": lambda: _opened(path), "orjson": lambda: yardsticks.by_orjson(lines)},
    )
    return Figure.ratio(f"open-{kind}", seconds["open"], seconds["orjson"], len(lines))


def first(scale: Scale) -> list[Figure]:
    """Open a file and take its first item; google-genai has all of it typed by then."""
    return [_first_of(scale, kind) for kind in ("integers", "names", "uuids")]


def _first_of(scale: Scale, kind: str) -> Figure:
    count = scale.of(50_000, 1_000)
    path = Corpus("text-for-google", kind, count).at(scale.folder)
    key: google_way.Key = int if kind == "integers" else str
    seconds = interleaved(
        scale.turns,
        {
            "first": lambda: _first(path),
            "google": lambda: google_way.rows_of(path.read_bytes(), key),
        },
    )
    return Figure.gain(f"first-{kind}", seconds["first"], seconds["google"], count)


def typed(scale: Scale) -> list[Figure]:
    """Open a file and read all of it."""
    count = scale.of(50_000, 1_000)
    path = Corpus("text-for-google", "integers", count).at(scale.folder)
    named = Corpus("text-for-google", "names", count).at(scale.folder)
    lines, others = yardsticks.lines_of(path), yardsticks.lines_of(named)
    seconds = interleaved(
        scale.turns,
        {
            "typed": lambda: read(path),
            "orjson": lambda: yardsticks.by_orjson(lines),
            "names": lambda: read(named),
            "orjson-names": lambda: yardsticks.by_orjson(others),
            "members": lambda: _read_members(path),
        },
    )
    orjson = seconds["orjson"]
    return [
        Figure.ratio("typed-orjson", seconds["typed"], orjson, count),
        Figure.ratio("typed-names", seconds["names"], seconds["orjson-names"], count),
        Figure.ratio("typed-members", seconds["members"], orjson, count),
    ]


def typed_by_google(scale: Scale) -> list[Figure]:
    """Open a file and read all of it, as google-genai does, too."""
    count = scale.of(50_000, 1_000)
    path = Corpus("text-for-google", "integers", count).at(scale.folder)
    seconds = interleaved(
        scale.turns,
        {
            "typed": lambda: read(path),
            "google": lambda: google_way.touch(google_way.rows_of(path.read_bytes(), int)),
        },
    )
    return [Figure.gain("typed-google", seconds["typed"], seconds["google"], count)]


def _opened(path: Path) -> int:
    with BatchResults.open(path) as results:
        return len(results)


def _first(path: Path) -> object:
    with BatchResults.open(path) as results:
        return results[0]


def _read_members(path: Path) -> int:
    with BatchResults.open(path) as results:
        return touch_members(results)
