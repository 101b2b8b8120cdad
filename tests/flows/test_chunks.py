"""Uploads that go on: what the service has is never sent again, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gemini_batch.effects import Effect, Flow
from gemini_batch.errors import (
    ApiError,
    NotFoundError,
    ProtocolError,
    ServerError,
    TransportError,
)
from gemini_batch.flows.uploads import upload
from gemini_batch.models.file import File
from gemini_batch.progress import report_nothing
from gemini_batch.retry import RetryBudget, RetryPolicy
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
from .services import Taking, Uploads
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


def test_a_service_that_took_less_than_it_confirmed_is_believed(
    world: World, settings: Settings
) -> None:
    """The reply to a chunk may say how far the upload came: the rest is sent again."""
    world.expect(started(STEP), arrived(STEP), arrived(STEP + 7), arrived(2 * STEP + 7))
    world.expect(finished(uploaded(LARGE)))
    world.run(uploading(settings, LARGE))
    assert [0, STEP, STEP + 7, 2 * STEP + 7] == [offset for _, offset, _ in chunks(world)]


@pytest.mark.parametrize("answer", [arrived, lost], ids=["to_both", "to_the_query"])
def test_a_size_that_is_missing_once_is_forgiven(
    world: World, settings: Settings, answer: Callable[[], Answer]
) -> None:
    """The service is asked, ours is kept, and the last chunk is sent again."""
    world.expect(started(), answer(), arrived(), finished(uploaded(SMALL)))
    world.run(uploading(settings))
    sent = [one for one in chunks(world) if one[0] != "query"]
    assert [("upload, finalize", 0, SMALL.size)] * 2 == sent


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


def test_an_upload_that_moves_never_runs_out_of_budget() -> None:
    """What it takes to go on after a cut is paid back by what arrives then."""
    source = Bytes(bytes(range(256)) * 256 * 70)
    cut = (Taking("part", 64 * KIB), Taking("503"), Taking("lost"), Taking())
    service = Uploads([Taking(), *cut * 70], 1)
    world, settings = World(service), Settings(chance=lambda: 1.0)
    world.run(upload(settings, source, "files/f1", "f1"))
    assert source.content == service.file
    assert settings.budget.capacity == settings.budget.left
    assert [1.0, 1.0, 2.0] * 70 == world.pauses
    world.require_played_out()


def test_a_chunk_that_arrives_is_a_success(world: World) -> None:
    """It pays in as any other does."""
    settings = Settings(budget=RetryBudget(20.0), chance=lambda: 1.0)
    world.expect(unsent(), started(STEP), arrived(), arrived(), finished(uploaded(LARGE)))
    world.run(uploading(settings, LARGE))
    assert 20.0 - 5.0 + 4.0 == settings.budget.left


@pytest.mark.parametrize(
    ("failure", "pauses"), [(refusal(413), [1.0]), (refusal(503, retry_after="500"), [1.0])]
)
def test_a_chunk_that_is_refused_after_a_failure_says_so(
    world: World, settings: Settings, failure: Answer, pauses: list[float]
) -> None:
    """The note tells of both attempts at it."""
    world.expect(started(), lost(), arrived(0), failure)
    with pytest.raises(ApiError) as caught:
        world.run(uploading(settings))
    assert ["after 2 attempts in 1.0 s"] == caught.value.__notes__
    assert pauses == world.pauses


def test_a_chunk_that_fails_is_logged_without_its_address(
    world: World, settings: Settings, told: pytest.LogCaptureFixture
) -> None:
    """Whoever knows the address can write to the upload."""
    world.expect(started(), lost(), lost(), arrived(0), finished(uploaded(SMALL)))
    world.run(uploading(settings))
    words = [line.partition(" failed, trying again in 1.0 s: ")[0] for line in told.messages]
    assert ["upload (upload, finalize)", "upload (query)"] == words
    assert "s1" not in told.text


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


def test_where_no_upload_can_begin_there_is_no_session_to_begin_again(
    world: World, settings: Settings
) -> None:
    """A 404 to the start says that there are no uploads here."""
    world.expect(refusal(404))
    with pytest.raises(NotFoundError):
        world.run(uploading(settings))


def test_a_session_that_a_query_finds_gone_is_begun_again(world: World, settings: Settings) -> None:
    """Whichever request learns of it."""
    world.expect(started(), lost(), refusal(404), started(), finished(uploaded(SMALL)))
    world.run(uploading(settings))
    assert [START, CHUNK, CHUNK, START, CHUNK] == world.lines


# Confirmed


def test_a_query_may_bring_the_file_itself(world: World, settings: Settings) -> None:
    """Then there is nothing to look up."""
    world.expect(started(), lost(), finished(uploaded(SMALL)))
    world.run(uploading(settings))
    assert [START, CHUNK, CHUNK] == world.lines


def test_a_failing_look_up_is_raised_as_it_is(world: World, settings: Settings) -> None:
    """It says nothing of the file."""
    world.expect(started(), finished(), *[refusal(503)] * 5)
    with pytest.raises(ServerError):
        world.run(uploading(settings))
