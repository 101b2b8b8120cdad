"""Corpora are what the service writes, and the same each time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.corpora import DIMENSIONS, Corpus

LINES = 300


def read(corpus: Corpus) -> Sequence[dict[str, Any]]:
    """Return the lines of a corpus."""
    return [json.loads(line) for line in corpus.lines_of()]


@pytest.mark.parametrize(
    ("shape", "keys"),
    [("text", "integers"), ("short", "names"), ("short", "uuids"), ("short", "paths")],
)
def test_a_corpus_is_the_same_each_time(shape: str, keys: str) -> None:
    """Its keys are shuffled and all there, and one line in a hundred is an error."""
    corpus = Corpus(shape, keys, LINES)
    found = read(corpus)
    assert list(corpus.lines_of()) == list(corpus.lines_of())
    assert LINES == len({line["key"] for line in found})
    assert LINES // 100 == len([line for line in found if "error" in line])
    assert LINES == len([line for line in found if {"response", "error"} & line.keys()])
    if keys == "integers":
        assert list(range(LINES)) == sorted(int(line["key"]) for line in found)
        assert sorted(found, key=lambda line: int(line["key"])) != found


def test_members_stand_in_every_order() -> None:
    """At every level."""
    answers = [line for line in read(Corpus("text", "names", LINES)) if "response" in line]
    assert {"key", "response"} == {next(iter(line)) for line in answers}
    responses = [line["response"] for line in answers]
    assert 24 < len({tuple(one) for one in responses})
    assert 20 < len({tuple(one["usageMetadata"]) for one in responses})
    assert 4 == len({next(iter(one["candidates"][0])) for one in responses}) + 1


@pytest.mark.parametrize(
    ("shape", "least", "most"),
    [("text", 900, 1_150), ("text-for-google", 900, 1_150), ("short", 110, 190)],
)
def test_lines_are_as_long_as_the_page_says(shape: str, least: int, most: int) -> None:
    """About 1 KB, or 150 bytes."""
    lengths = [len(line.encode()) for line in Corpus(shape, "integers", LINES).lines_of()]
    assert least < sum(lengths) / LINES < most


def test_what_google_genai_refuses_is_left_out_where_it_reads() -> None:
    """And nowhere else: the service sends it."""
    refused = {"serviceTier", "turnToken"}
    whole, read_by_google = (
        "".join(Corpus(shape, "names", LINES).lines_of()) for shape in ("text", "text-for-google")
    )
    assert all(name in whole for name in refused)
    assert not any(name in read_by_google for name in refused)


def test_embeddings_and_images_are_of_their_size() -> None:
    """768 numbers, and 2 to 4 MB."""
    for line in read(Corpus("embeddings", "integers", 3)):
        assert DIMENSIONS == len(line["response"]["embedding"]["values"])
    [image] = Corpus("images", "integers", 1).lines_of()
    assert 2_000_000 < len(image) < 4_100_000


def test_a_file_is_made_once(tmp_path: Path) -> None:
    """With a line feed after each line, and nothing left of the making."""
    corpus = Corpus("short", "names", 5_000)
    path = corpus.at(tmp_path)
    assert list(corpus.lines_of()) == path.read_text("utf-8").split("\n")[:-1]
    before = path.stat().st_mtime_ns
    assert path == corpus.at(tmp_path)
    assert before == path.stat().st_mtime_ns
    assert [path] == list(tmp_path.iterdir())
