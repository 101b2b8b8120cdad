"""Read results of all shapes typed, with opening them left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gemini_batch import BatchResults, EmbedContentResponse, GenerationResponse
from gemini_batch.items import ItemSuccess
from tests.benchmarks import yardsticks
from tests.benchmarks.clocks import interleaved
from tests.benchmarks.corpora import Corpus
from tests.benchmarks.reading import touch
from tests.benchmarks.report import Figure
from tests.benchmarks.scale import Scale


def text(scale: Scale) -> list[Figure]:
    """Read 1 KB of text a line."""
    return _measured(scale, "iterate-text", Corpus("text", "integers", scale.of(50_000, 1_000)))


def long(scale: Scale) -> list[Figure]:
    """Read 20 KB of text a line."""
    return _measured(scale, "iterate-long", Corpus("long", "integers", scale.of(4_000, 100)))


def embeddings(scale: Scale) -> list[Figure]:
    """Read an embedding of 768 numbers a line."""
    corpus = Corpus("embeddings", "integers", scale.of(5_000, 100))
    return _measured(scale, "iterate-embeddings", corpus, EmbedContentResponse, _touch_values)


def images(scale: Scale) -> list[Figure]:
    """Read an image a line, and look at its type only."""
    corpus = Corpus("images", "integers", scale.of(40, 4))
    return _measured(scale, "iterate-images", corpus, touched=_touch_types)


def _measured(
    scale: Scale,
    row: str,
    corpus: Corpus,
    answers: type[Any] = GenerationResponse,
    touched: Callable[[BatchResults[Any]], int] = touch,
) -> list[Figure]:
    path = corpus.at(scale.folder)
    lines = yardsticks.lines_of(path)
    with BatchResults.open(path, answers=answers) as results:
        seconds = interleaved(
            scale.turns,
            {"typed": lambda: touched(results), "orjson": lambda: yardsticks.by_orjson(lines)},
        )
    return [Figure.ratio(row, seconds["typed"], seconds["orjson"], len(lines))]


def _touch_values(results: BatchResults[EmbedContentResponse]) -> int:
    count = 0
    for item in results:
        if item.key is not None and isinstance(item, ItemSuccess) and item.response.values:
            count += 1
    return count


def _touch_types(results: BatchResults[GenerationResponse]) -> int:
    count = 0
    for item in results:
        if item.key is not None and isinstance(item, ItemSuccess):
            count += len([blob.mime_type for blob in item.response.blobs])
    return count
