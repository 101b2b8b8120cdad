"""Uploads: every byte arrives once, in its place, or the caller learns of it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from gemini_batch.effects import Effect, Flow
from gemini_batch.errors import (
    ApiError,
    NotFoundError,
    ProtocolError,
    TransportError,
)
from gemini_batch.flows.uploads import upload
from gemini_batch.models.file import File
from gemini_batch.progress import Progress, report_nothing
from gemini_batch.retry import RetryPolicy
from gemini_batch.settings import Settings

from .replies import (
    LARGE,
    SMALL,
    Bytes,
    arrived,
    finished,
    lost,
    refusal,
    reply,
    started,
    unsent,
    untrusted,
    uploaded,
)
from .world import Answer, Late, World

START, CHUNK = "POST upload/files", "POST upload/files?upload_id=s1"
KIB = 1 << 10
STEP = 256 * KIB


def uploading(settings: Settings, source: Bytes = SMALL) -> Flow[Effect[object], File]:
    """Return the upload of a file."""
    return upload(settings, source, "files/f1", "sky.jsonl", report_nothing)


def chunks(world: World) -> list[tuple[str, int, int]]:
    """Return the requests to the session: the command, the offset and how many bytes."""
    return [
        (
            one.headers["x-goog-upload-command"],
            int(one.headers.get("x-goog-upload-offset", "-1")),
            len(one.body),
        )
        for one in world.sent
        if "upload_id" in one.path
    ]


def test_a_small_file_takes_two_requests(world: World, settings: Settings) -> None:
    """One begins the upload and says what comes; the other brings all of it."""
    world.expect(started(), finished(uploaded(SMALL)))
    found = world.run(uploading(settings))
    assert "files/f1" == found.name
    assert [START, CHUNK] == world.lines
    start, chunk = world.sent
    described = {"name": "files/f1", "displayName": "sky.jsonl", "mimeType": "application/jsonl"}
    assert {"file": described} == json.loads(start.body)
    assert {
        "content-type": "application/json",
        "x-goog-upload-protocol": "resumable",
        "x-goog-upload-command": "start",
        "x-goog-upload-header-content-length": str(SMALL.size),
        "x-goog-upload-header-content-type": "application/jsonl",
    } == start.headers
    assert SMALL.content == chunk.body
    assert (True, False) == (start.keyed, chunk.keyed)
    assert [("upload, finalize", 0, SMALL.size)] == chunks(world)


@pytest.mark.parametrize(
    ("granularity", "size"),
    [(None, 768 * KIB), (1, STEP), (1000, 263_000), (STEP, STEP), (300 * KIB, 300 * KIB)],
)
def test_chunks_are_multiples_of_the_granularity(
    world: World, settings: Settings, granularity: int | None, size: int
) -> None:
    """The service says of what they must be multiples; the last one alone may be shorter."""
    offsets = list(range(0, LARGE.size, size))
    world.expect(started(granularity), *[arrived()] * (len(offsets) - 1), finished(uploaded(LARGE)))
    world.run(uploading(settings, LARGE))
    sizes = [min(size, LARGE.size - offset) for offset in offsets]
    commands = ["upload"] * (len(offsets) - 1) + ["upload, finalize"]
    assert list(zip(commands, offsets, sizes, strict=True)) == chunks(world)
    assert LARGE.content == b"".join(one.body for one in world.sent[1:])


def test_progress_counts_the_bytes_that_arrived(world: World, settings: Settings) -> None:
    """It is told before each chunk, and when all are there."""
    reports: list[Progress] = []
    world.expect(started(STEP), arrived(), arrived(), finished(uploaded(LARGE)))
    world.run(upload(settings, LARGE, "files/f1", "f1", reports.append))
    total = LARGE.size
    done = [0, STEP, 2 * STEP, total]
    assert [Progress("uploading", count, total) for count in done] == reports


@pytest.mark.parametrize("failure", [lost, unsent, lambda: refusal(503), lambda: refusal(429)])
def test_an_upload_goes_on_where_the_service_says(
    world: World, settings: Settings, failure: Callable[[], Answer]
) -> None:
    """After a failure it is asked how much arrived, and nothing before that is sent again."""
    half = STEP // 2
    world.expect(
        started(STEP),
        arrived(),
        failure(),
        arrived(STEP + half),
        arrived(),
        finished(uploaded(LARGE)),
    )
    world.run(uploading(settings, LARGE))
    assert [
        ("upload", 0, STEP),
        ("upload", STEP, STEP),
        ("query", -1, 0),
        ("upload", STEP + half, STEP),
        ("upload, finalize", 2 * STEP + half, half),
    ] == chunks(world)
    assert [1.0] == world.pauses


def test_a_service_that_took_less_than_it_confirmed_is_believed(
    world: World, settings: Settings
) -> None:
    """The reply to a chunk may say how far the upload came: the rest is sent again."""
    world.expect(started(STEP), arrived(STEP), arrived(STEP + 7), arrived(2 * STEP + 7))
    world.expect(finished(uploaded(LARGE)))
    world.run(uploading(settings, LARGE))
    assert [0, STEP, STEP + 7, 2 * STEP + 7] == [offset for _, offset, _ in chunks(world)]


@pytest.mark.parametrize("size", [STEP - 1, 2 * STEP + 1, 10**18 - 1, "-5", "many", "٣"])
@pytest.mark.parametrize("asked", [True, False])
def test_a_claim_that_cannot_be_is_refused(
    world: World, settings: Settings, size: int | str, *, asked: bool
) -> None:
    """Neither less than was confirmed before, nor more than was sent."""
    world.expect(started(STEP), arrived(), *([lost()] if asked else []), arrived(size))
    with pytest.raises(ProtocolError, match="of the upload arrived") as caught:
        world.run(uploading(settings, LARGE))
    if isinstance(size, int):
        assert f"says that {size} bytes" in str(caught.value)
        assert f"between {STEP} and {2 * STEP} were sent" in str(caught.value)


@pytest.mark.parametrize("answers", [(), (lost,)], ids=["to_the_chunk", "to_the_query"])
def test_a_size_that_is_missing_once_is_forgiven(
    world: World, settings: Settings, answers: tuple[Callable[[], Answer], ...]
) -> None:
    """Ours is kept, and the last chunk is sent again."""
    world.expect(started(), *(one() for one in answers), arrived(), finished(uploaded(SMALL)))
    world.run(uploading(settings))
    sent = [one for one in chunks(world) if one[0] != "query"]
    assert [("upload, finalize", 0, SMALL.size)] * 2 == sent


@pytest.mark.parametrize("size", [None, 0])
def test_an_upload_that_does_not_move_is_given_up(
    world: World, settings: Settings, size: int | None
) -> None:
    """A service that accepts and takes nothing is not asked for ever."""
    world.expect(started(), arrived(size), arrived(size))
    with pytest.raises(ProtocolError, match=f"no more than 0 of {SMALL.size} bytes"):
        world.run(uploading(settings))


def test_a_missing_size_is_forgiven_again_after_progress(world: World, settings: Settings) -> None:
    """Two of them in a long upload are not two in a row."""
    world.expect(started(STEP), lost(), arrived(), arrived(), lost(), arrived(), arrived())
    world.expect(finished(uploaded(LARGE)))
    world.run(uploading(settings, LARGE))
    assert [1.0, 1.0] == world.pauses


def test_an_upload_whose_bytes_are_all_there_is_only_finished(
    world: World, settings: Settings
) -> None:
    """The last chunk arrived and its command did not: it is sent without bytes."""
    world.expect(started(), lost(), arrived(SMALL.size), finished(uploaded(SMALL)))
    world.run(uploading(settings))
    assert ("upload, finalize", SMALL.size, 0) == chunks(world)[-1]


def test_attempts_begin_afresh_with_progress(world: World, settings: Settings) -> None:
    """A long upload survives any number of failures, as long as it moves."""
    world.expect(started(STEP))
    for offset in range(0, LARGE.size - STEP, STEP):
        world.expect(lost(), arrived(offset), lost(), arrived(offset), lost())
        world.expect(arrived(offset + STEP))
    world.expect(finished(uploaded(LARGE)))
    world.run(uploading(settings, LARGE))
    assert [1.0, 2.0, 4.0] * 2 == world.pauses


def test_attempts_without_progress_are_used_up(world: World, settings: Settings) -> None:
    """The fifth failure of one chunk is raised."""
    world.expect(started(STEP), *[lost(), arrived(0)] * 4, lost())
    with pytest.raises(TransportError):
        world.run(uploading(settings, LARGE))
    assert [1.0, 2.0, 4.0, 8.0] == world.pauses


def test_the_deadline_moves_with_progress(world: World) -> None:
    """An upload of hours does not end in the middle; a chunk that takes too long does."""
    settings = Settings(retry=RetryPolicy(deadline=10.0), chance=lambda: 1.0)
    world.expect(started(STEP), Late(9.0, arrived()), Late(9.0, arrived()), Late(9.5, lost()))
    with pytest.raises(TransportError):
        world.run(uploading(settings, LARGE))
    assert [] == world.pauses


@pytest.mark.parametrize("failure", [refusal(400), refusal(413), untrusted()])
def test_what_cannot_succeed_is_not_sent_again(
    world: World, settings: Settings, failure: Answer
) -> None:
    """A refusal in mid-upload is raised at once."""
    world.expect(started(), failure)
    with pytest.raises((ApiError, TransportError)):
        world.run(uploading(settings))
    assert [START, CHUNK] == world.lines


# Sessions that vanish


@pytest.mark.parametrize("code", [404, 410])
def test_a_session_that_is_gone_is_begun_again_once(
    world: World, settings: Settings, code: int
) -> None:
    """From the first byte: what the old session had is lost."""
    again = "/upload/v1beta/files?upload_id=s2"
    world.expect(started(STEP), arrived(), refusal(code), started(STEP, again))
    world.expect(arrived(), arrived(), finished(uploaded(LARGE)))
    world.run(uploading(settings, LARGE))
    assert [0, STEP, 0, STEP, 2 * STEP] == [offset for _, offset, _ in chunks(world)]
    assert "POST upload/files?upload_id=s2" == world.lines[-1]


def test_a_session_that_a_query_finds_gone_is_begun_again(world: World, settings: Settings) -> None:
    """Whichever request learns of it."""
    world.expect(started(), lost(), refusal(404), started(), finished(uploaded(SMALL)))
    world.run(uploading(settings))
    assert [START, CHUNK, CHUNK, START, CHUNK] == world.lines


def test_a_second_session_that_is_gone_is_an_error(world: World, settings: Settings) -> None:
    """Something else is wrong, then."""
    world.expect(started(), refusal(404), started(), refusal(404))
    with pytest.raises(NotFoundError):
        world.run(uploading(settings))


def test_where_no_upload_can_begin_there_is_no_session_to_begin_again(
    world: World, settings: Settings
) -> None:
    """A 404 to the start says that there are no uploads here."""
    world.expect(refusal(404))
    with pytest.raises(NotFoundError):
        world.run(uploading(settings))


# Where an upload goes


def test_a_session_without_an_address_is_an_error(world: World, settings: Settings) -> None:
    """The message names the header that is missing."""
    world.expect(reply())
    with pytest.raises(ProtocolError, match="X-Goog-Upload-URL"):
        world.run(uploading(settings))


@pytest.mark.parametrize(
    "address",
    [
        "https://elsewhere.example/upload?upload_id=s1",
        "http://generativelanguage.googleapis.com/upload?upload_id=s1",
        "https://key@generativelanguage.googleapis.com/upload?upload_id=s1",
        "https://generativelanguage.googleapis.com:444/upload?upload_id=s1",
        "file:///etc/passwd",
        "https://[",
    ],
)
def test_nothing_is_sent_to_another_origin(world: World, settings: Settings, address: str) -> None:
    """Neither a byte nor the key leaves for where the service points."""
    world.expect(reply(x_goog_upload_url=address))
    with pytest.raises(ProtocolError, match="nothing was sent there"):
        world.run(uploading(settings))
    assert [START] == world.lines
