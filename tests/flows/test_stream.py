"""Results as they arrive: in no order, none held back, none kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gemini_batch.batch import Batch
from gemini_batch.effects import Read
from gemini_batch.errors import (
    ResultsGoneError,
    ResultsIncompleteError,
    UsageError,
)
from gemini_batch.flows.streams import stream
from gemini_batch.flows.waiting import waiting
from gemini_batch.items import BatchGenerationResponseItem, ItemMalformed, ItemSuccess
from gemini_batch.jsonl import LineSplitter
from gemini_batch.keys import SubmittedKeys
from gemini_batch.models.generation import GenerationResponse
from gemini_batch.settings import Settings

from .replies import RESULTS, Opened, inlined, line, lost, refused, seen, whole
from .world import World

NAME = "batches/b1"
SUCCEEDED = seen("SUCCEEDED", file=RESULTS)


@pytest.fixture
def batch() -> Batch[GenerationResponse]:
    """Return a batch of which only the name is known."""
    return Batch(NAME, GenerationResponse)


def streaming(
    world: World, settings: Settings, batch: Batch[GenerationResponse]
) -> Iterator[BatchGenerationResponseItem[GenerationResponse]]:
    """Stream the results of a batch."""
    return world.iterate(stream(settings, batch, waiting(settings, None, None, progress=False)))


def test_inlined_results_are_streamed(
    world: World, settings: Settings, batch: Batch[GenerationResponse]
) -> None:
    """They are here already, and come by their keys too."""
    world.expect(seen("SUCCEEDED", inlined=[inlined("b", "x"), inlined("a", "y")]))
    found = [(item.key, item.unwrap().text) for item in streaming(world, settings, batch)]
    assert [("b", "x"), ("a", "y")] == found


def test_an_inline_batch_without_results_streams_nothing(
    world: World, settings: Settings, batch: Batch[GenerationResponse]
) -> None:
    """An empty output is an output."""
    world.expect(seen("SUCCEEDED", inlined=[]))
    assert [] == list(streaming(world, settings, batch))


@pytest.mark.parametrize("pieces", [(b"\xef\xbb\xbf", line("a")), (b"\xef\xbb\xbf" + line("a"),)])
def test_a_mark_before_the_first_line_is_no_part_of_it(
    world: World,
    settings: Settings,
    batch: Batch[GenerationResponse],
    pieces: tuple[bytes, ...],
) -> None:
    """On the first line only; anywhere else it is a broken line."""
    world.expect(SUCCEEDED, whole(*pieces, b"\xef\xbb\xbf" + line("b")))
    first, second = streaming(world, settings, batch)
    assert isinstance(first, ItemSuccess)
    assert "a" == first.key
    assert isinstance(second, ItemMalformed)


@pytest.mark.parametrize("name", [b"key", b"k\\u0065y", b"\\u006bey", b"ke\\u0079"])
def test_a_line_with_two_keys_is_no_answer(
    world: World, settings: Settings, batch: Batch[GenerationResponse], name: bytes
) -> None:
    """Nobody can say whose it is, however the second is spelt; one deeper down is no second."""
    twice = line("a").replace(b"{", b'{"%b":"b",' % name, 1)
    once = b'{"key":"c","response":{"candidates":[],"usageMetadata":{"%b":"d"}}}\n' % name
    world.expect(SUCCEEDED, whole(twice, once))
    first, second = streaming(world, settings, batch)
    assert isinstance(first, ItemMalformed)
    assert (None, "the line has two keys") == (first.key, first.reason)
    assert isinstance(second, ItemSuccess)
    assert "c" == second.key


def test_a_line_beyond_the_limit_is_one_item(
    world: World,
    settings: Settings,
    batch: Batch[GenerationResponse],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is skipped, and what comes after it is not."""
    monkeypatch.setattr(LineSplitter.__init__, "__defaults__", (200,))
    world.expect(SUCCEEDED, whole(line("a", "x" * 300), line("b")))
    skipped, item = streaming(world, settings, batch)
    assert isinstance(skipped, ItemMalformed)
    assert "longer than" in skipped.reason
    assert "b" == item.key


def test_nothing_is_read_ahead(
    world: World, settings: Settings, batch: Batch[GenerationResponse]
) -> None:
    """Whoever stops early has read no more than was needed."""
    world.expect(SUCCEEDED, whole(line("a"), line("b"), line("c")))
    items = world.iterate(stream(settings, batch, waiting(settings, None, None, progress=False)))
    assert "a" == next(items).key
    assert 1 == sum(isinstance(one, Read) for one in world.asked)
    items.close()
    assert 1 == world.releases


def test_what_the_consumer_raises_is_its_own(
    world: World, settings: Settings, batch: Batch[GenerationResponse]
) -> None:
    """It passes unchanged, and the connection is let go of."""
    world.expect(SUCCEEDED, whole(line("a"), line("b")))
    items = world.iterate(stream(settings, batch, waiting(settings, None, None, progress=False)))
    mine = KeyError("mine")
    next(items)
    with pytest.raises(KeyError) as caught:
        items.throw(mine)
    assert mine is caught.value
    assert 1 == world.releases


def test_a_cut_in_mid_line_is_mended(
    world: World, settings: Settings, batch: Batch[GenerationResponse]
) -> None:
    """Every item comes once, though the service knows no ranges."""
    text = line("a") + line("b") + line("c")
    world.expect(SUCCEEDED, whole(text[:70], text[70:130], lost()), whole(text[:40], text[40:]))
    assert ["a", "b", "c"] == [item.key for item in streaming(world, settings, batch)]


def test_a_stream_knows_how_many_were_submitted(world: World, settings: Settings) -> None:
    """Even where the service does not count them."""
    keys = SubmittedKeys()
    for key in "abc":
        keys.add(key)
    batch = Batch("batches/b1", GenerationResponse, keys)
    world.expect(seen("SUCCEEDED", file=RESULTS), whole(line("a"), line("b")))
    items = streaming(world, settings, batch)
    assert ["a", "b"] == [next(items).key, next(items).key]
    with pytest.raises(ResultsIncompleteError, match="2 results came back for 3 requests") as found:
        next(items)
    assert ("c",) == found.value.missing


@pytest.mark.parametrize("surplus", ["a", "z"])
def test_a_result_too_many_makes_up_for_none_that_is_missing(
    world: World, settings: Settings, surplus: str
) -> None:
    """Neither a second one of a request nor one that was never asked for is that of another."""
    keys = SubmittedKeys()
    keys.add("a")
    keys.add("b")
    batch = Batch("batches/b1", GenerationResponse, keys)
    world.expect(seen("SUCCEEDED", file=RESULTS), whole(line("a"), line(surplus)))
    items = streaming(world, settings, batch)
    assert ["a", surplus] == [next(items).key, next(items).key]
    with pytest.raises(ResultsIncompleteError, match="1 results came back for 2 requests") as found:
        next(items)
    assert ("b",) == found.value.missing


def test_a_stream_that_answers_every_request_ends_well(world: World, settings: Settings) -> None:
    """A line that cannot be read, but tells its key, is the result of its request."""
    keys = SubmittedKeys()
    keys.add("a")
    keys.add("b")
    batch = Batch("batches/b1", GenerationResponse, keys)
    world.expect(seen("SUCCEEDED", file=RESULTS), whole(b'{"key":"b"}\n', line("a")))
    assert ["b", "a"] == [item.key for item in streaming(world, settings, batch)]


@pytest.mark.parametrize("gone", [refused(403), refused(404)])
def test_a_file_that_is_gone_is_an_error(
    world: World, settings: Settings, batch: Batch[GenerationResponse], gone: Opened
) -> None:
    """It has expired, or was deleted with its batch."""
    world.expect(SUCCEEDED, gone)
    with pytest.raises(ResultsGoneError):
        list(streaming(world, settings, batch))


def test_a_batch_of_another_kind_is_refused(
    world: World, settings: Settings, batch: Batch[GenerationResponse]
) -> None:
    """Before anything of it is fetched."""
    world.expect(seen("SUCCEEDED", file=RESULTS, kind="EmbedContentBatch"))
    with pytest.raises(UsageError, match="holds embeddings"):
        list(streaming(world, settings, batch))


def test_a_stream_is_fetched_each_time(
    world: World, settings: Settings, batch: Batch[GenerationResponse]
) -> None:
    """Nothing is kept of it; a service that takes its word back is not believed."""
    later: list[Any] = [seen("RUNNING"), whole(line("a"))]
    world.expect(SUCCEEDED, whole(line("a")), *later)
    for _ in range(2):
        assert ["a"] == [item.key for item in streaming(world, settings, batch)]
    assert 4 == len(world.sent)
