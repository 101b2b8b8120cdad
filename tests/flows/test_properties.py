"""Whatever goes wrong on the way: exactly the bytes, or an error that says so."""

from __future__ import annotations

from hypothesis import given, settings as effort, strategies as st

from gemini_batch.batch import Batch
from gemini_batch.errors import GeminiBatchError
from gemini_batch.flows.downloads import download
from gemini_batch.flows.streams import stream
from gemini_batch.flows.uploads import LEAST_CHUNK, upload
from gemini_batch.flows.waiting import waiting
from gemini_batch.models.generation import GenerationResponse
from gemini_batch.settings import Settings

from .replies import RESULTS, Bytes, line, seen
from .services import (
    FRAMINGS,
    SERVING_FAULTS,
    UPLOAD_FAULTS,
    Downloads,
    Serving,
    Taking,
    Uploads,
)
from .world import World

CONTENT = bytes(range(256)) * 8

servings = st.lists(
    st.builds(
        Serving,
        fault=st.sampled_from(SERVING_FAULTS),
        at=st.integers(0, len(CONTENT)),
        piece=st.integers(200, 3000),
        ranges=st.booleans(),
    ),
    max_size=12,
)


@given(
    content=st.integers(0, len(CONTENT)).map(lambda size: CONTENT[:size]),
    plan=servings,
    etag=st.sampled_from(["", '"v1"']),
    framing=st.sampled_from(FRAMINGS),
)
@effort(max_examples=300, deadline=None)
def test_a_download_is_whole_or_an_error(
    content: bytes, plan: list[Serving], etag: str, framing: str
) -> None:
    """Any plan of cuts, refusals and ignored ranges gives the bytes, or a prefix and an error."""
    service = Downloads(content, list(plan), etag, framing)
    world, got = World(service), b""
    try:
        for piece in world.iterate(download(Settings(chance=lambda: 1.0), RESULTS)):
            assert piece
            got += piece
            assert content.startswith(got)
    except GeminiBatchError:
        assert plan, "nothing went wrong"
    else:
        assert content == got
    # Where nobody tells the length, the last request is for what comes after the end.
    assert service.served <= len(plan) + (1 if framing == "length" else 2)
    world.require_played_out()


@given(plan=servings, count=st.integers(0, 12), framing=st.sampled_from(FRAMINGS))
@effort(max_examples=100, deadline=None)
def test_streamed_results_are_whole_or_an_error(
    plan: list[Serving], count: int, framing: str
) -> None:
    """Every item comes once and in its place, until the end or an error."""
    keys = [f"key-{number}" for number in range(count)]
    fetch = Downloads(b"".join(map(line, keys)), list(plan), "", framing)
    look = seen("SUCCEEDED", file=RESULTS, requestCount=count)
    world = World(lambda request: fetch(request) if "download" in request.path else look)
    settings = Settings(chance=lambda: 1.0)
    terms = waiting(settings, None, None, progress=False)
    batch = Batch("batches/b1", GenerationResponse)
    got: list[str | None] = []
    try:
        for item in world.iterate(stream(settings, batch, terms)):
            assert item.ok
            got.append(item.key)
    except GeminiBatchError:
        assert plan, "nothing went wrong"
        assert keys[: len(got)] == got
    else:
        assert keys == got
    world.require_played_out()


BLOCK = bytes(range(256)) * (LEAST_CHUNK // 256)
LENGTHS = [0, 1, 300, LEAST_CHUNK - 1, LEAST_CHUNK, LEAST_CHUNK + 1, 3 * LEAST_CHUNK - 5]

takings = st.lists(
    st.builds(
        Taking,
        fault=st.sampled_from(UPLOAD_FAULTS),
        at=st.one_of(st.integers(0, 600), st.integers(0, LEAST_CHUNK)),
    ),
    max_size=14,
)


@given(
    length=st.sampled_from(LENGTHS),
    granularity=st.sampled_from([1, 1000, LEAST_CHUNK]),
    plan=takings,
)
@effort(max_examples=300, deadline=None)
def test_an_upload_is_whole_or_an_error(length: int, granularity: int, plan: list[Taking]) -> None:
    """Any plan of losses, refusals and vanished sessions ends with the very bytes, or an error."""
    source = Bytes((BLOCK * 3)[:length])
    service = Uploads(list(plan), granularity)
    world = World(service)
    try:
        found = world.run(upload(Settings(chance=lambda: 1.0), source, "files/f1", "f1"))
    except GeminiBatchError:
        assert plan, "nothing went wrong"
        assert service.file in {None, source.content}
    else:
        assert source.content == service.file
        assert source.size == found.size_bytes
    world.require_played_out()


SURVIVED = ["unsent", "lost", "lost_after", "part", "bodiless", "503", "503_after", "408", "429"]


@given(plan=st.lists(st.sampled_from(SURVIVED), max_size=3))
@effort(max_examples=100, deadline=None)
def test_a_few_failures_never_stop_an_upload(plan: list[str]) -> None:
    """Three of them in a row are survived, whatever they are."""
    source = Bytes(BLOCK[:1000])
    service = Uploads([Taking(), *(Taking(fault, 300) for fault in plan)], 1)
    world = World(service)
    world.run(upload(Settings(chance=lambda: 1.0), source, "files/f1", "f1"))
    assert source.content == service.file
