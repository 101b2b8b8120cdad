"""Uploads: every byte arrives once, in its place, and is taken in, or the caller learns of it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gemini_batch import spool
from gemini_batch.effects import Effect, Flow
from gemini_batch.errors import (
    IntegrityError,
    NotFoundError,
    ProtocolError,
    UploadOutcomeUnknownError,
    UsageError,
)
from gemini_batch.flows.uploads import Parcel, send, upload
from gemini_batch.models.file import File
from gemini_batch.progress import Progress, report_nothing
from gemini_batch.retry import Timeouts
from gemini_batch.settings import Settings
from gemini_batch.submission import FILE_LIMIT

from .replies import (
    LARGE,
    SMALL,
    Bytes,
    arrived,
    digest_of,
    file,
    finished,
    lost,
    refusal,
    reply,
    started,
    unsent,
    uploaded,
)
from .world import Answer, World

START, CHUNK = "POST upload/files", "POST upload/files?upload_id=s1"
KIB = 1 << 10
STEP = 256 * KIB
GET = "GET files/f1"


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


@pytest.mark.parametrize("size", [None, 0])
def test_an_upload_that_does_not_move_is_given_up(
    world: World, settings: Settings, size: int | None
) -> None:
    """A service that accepts and takes nothing is not asked for ever."""
    asked = 2 if size is None else 1  # whoever does not tell is asked once more each time
    world.expect(started(), *[arrived(size)] * (2 * asked))
    with pytest.raises(ProtocolError, match=f"no more than 0 of {SMALL.size} bytes"):
        world.run(uploading(settings))


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


def test_a_second_session_that_is_gone_is_an_error(world: World, settings: Settings) -> None:
    """Something else is wrong, then."""
    world.expect(started(), refusal(404), started(), refusal(404))
    with pytest.raises(NotFoundError):
        world.run(uploading(settings))


# Confirmed, or found


@pytest.mark.parametrize(
    "end",
    [
        (finished(),),
        (lost(), finished()),
        (refusal(503), finished()),
        (reply(b"<html>", x_goog_upload_status="final"),),
        (lost(), reply(b'{"file":', x_goog_upload_status="final")),
    ],
    ids=["without_a_body", "reply_lost", "failed", "garbled", "garbled_later"],
)
def test_a_file_whose_confirmation_was_lost_is_found_by_its_name(
    world: World, settings: Settings, end: tuple[Answer, ...]
) -> None:
    """We chose the name, so that one look settles it."""
    world.expect(started(), *end, reply(uploaded(SMALL)))
    assert "files/f1" == world.run(uploading(settings)).name
    assert GET == world.lines[-1]


@pytest.mark.parametrize("code", [403, 404])
def test_a_file_that_is_nowhere_may_exist(world: World, settings: Settings, code: int) -> None:
    """For a missing file the service says 403; the error names the file."""
    world.expect(started(), finished(), refusal(code))
    with pytest.raises(UploadOutcomeUnknownError, match="files/f1"):
        world.run(uploading(settings))


GONE: tuple[Answer, ...] = (started(), lost(), refusal(404))
"""The end of an upload that may have got through, and whose session is gone."""


@pytest.mark.parametrize("again", [(), (started(),)], ids=["at the start", "at the end"])
def test_a_name_that_is_taken_is_a_file_of_ours(
    world: World, settings: Settings, again: tuple[Answer, ...]
) -> None:
    """An earlier session got through after all; the digest proves it."""
    world.expect(*GONE, *again, refusal(409, "ALREADY_EXISTS"), reply(uploaded(SMALL)))
    assert "files/f1" == world.run(uploading(settings)).name


@pytest.mark.parametrize(
    "answers",
    [
        (refusal(409),),
        (started(), refusal(409)),
        (*GONE, refusal(409), reply(uploaded(LARGE))),
    ],
    ids=["at the start", "at the end", "with other bytes"],
)
def test_a_name_that_another_submission_took_is_refused(
    world: World, settings: Settings, answers: tuple[Answer, ...]
) -> None:
    """Its file is left alone: a batch may need it."""
    world.expect(*answers)
    with pytest.raises(UsageError, match="files/f1 exists already"):
        world.run(uploading(settings))
    assert not any(line.startswith("DELETE") for line in world.lines)


# What arrived


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"sizeBytes": SMALL.size},
        {"sha256Hash": digest_of(SMALL.content)},
        {"sha256Hash": base64.b64encode(hashlib.sha256(SMALL.content).digest()).decode()},
    ],
    ids=["untold", "size", "hexadecimal", "bytes"],
)
def test_a_file_that_matches_is_accepted(
    world: World, settings: Settings, members: dict[str, object]
) -> None:
    """The digest may be that of the documentation or that of the service; either may be absent."""
    world.expect(started(), finished(file(**members)))
    assert "files/f1" == world.run(uploading(settings)).name


@pytest.mark.parametrize(
    "members",
    [
        {"sizeBytes": str(SMALL.size - 1)},
        {"sha256Hash": digest_of(b"else")},
        {"sha256Hash": hashlib.sha256(SMALL.content).hexdigest()},
    ],
    ids=["size", "digest", "form"],
)
def test_a_file_that_does_not_match_is_never_used(
    world: World, settings: Settings, members: dict[str, object]
) -> None:
    """A batch of other requests than ours would be paid for; the file is removed."""
    world.expect(started(), finished(file(**members)), reply({}))
    with pytest.raises(IntegrityError, match="files/f1 at the service is not what was uploaded"):
        world.run(uploading(settings))


def test_a_file_by_another_name_is_never_used(world: World, settings: Settings) -> None:
    """Whose it is nobody knows; what was uploaded is removed."""
    world.expect(started(), finished(file("files/\x1b", sizeBytes=str(SMALL.size))), reply({}))
    with pytest.raises(ProtocolError, match="names the upload of files/f1"):
        world.run(uploading(settings))
    assert "DELETE files/f1" == world.lines[-1]


# Taken in


def test_a_file_is_used_once_it_is_taken_in(world: World, settings: Settings) -> None:
    """It is looked at like a batch: less and less often."""
    world.expect(started(), finished(uploaded(SMALL, state="PROCESSING")))
    world.expect(*[reply(uploaded(SMALL, state="PROCESSING"))] * 2, reply(uploaded(SMALL)))
    assert "ACTIVE" == world.run(uploading(settings)).state
    assert [START, CHUNK, GET, GET, GET] == world.lines
    assert [11.0, 16.5, 24.75] == [round(pause, 6) for pause in world.pauses]


@pytest.mark.parametrize(
    ("error", "reason"),
    [({"code": 3, "message": "not JSONL"}, "not JSONL"), (None, "it gives no reason")],
)
def test_a_file_that_is_not_taken_in_is_an_error(
    world: World, settings: Settings, error: dict[str, object] | None, reason: str
) -> None:
    """With the reason of the service, if it gives one."""
    failed = uploaded(SMALL, state="FAILED") | ({} if error is None else {"error": error})
    world.expect(started(), finished(uploaded(SMALL, state="PROCESSING")), reply(failed), reply({}))
    with pytest.raises(ProtocolError, match=f"could not take files/f1 in: {reason}"):
        world.run(uploading(settings))


def test_a_file_that_takes_too_long_is_an_error(world: World) -> None:
    """There is an end to waiting."""
    settings = Settings(timeouts=Timeouts(create=60.0), chance=lambda: 1.0)
    processing = uploaded(SMALL, state="PROCESSING")
    world.expect(started(), finished(processing), *[reply(processing)] * 4, reply({}))
    with pytest.raises(ProtocolError, match="still processing files/f1"):
        world.run(uploading(settings))
    assert 60.0 < world.elapsed < 120.0


# What a caller has to upload


def test_a_file_of_the_callers_is_uploaded(
    world: World, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its digest, for which it is read in pieces, and what its path tells."""
    monkeypatch.setattr(spool, "_DIGESTED", 5)
    path = tmp_path / "sky.txt"
    path.write_bytes(SMALL.content)
    parcel = Parcel.of(path, None, None, "files/f1", bytes(16))
    world.expect(started(), finished(uploaded(SMALL)))
    assert "files/f1" == world.run(send(settings, parcel, world.spools, report_nothing)).name
    start, chunk = world.sent
    described = {"name": "files/f1", "displayName": "sky.txt", "mimeType": "text/plain"}
    assert {"file": described} == json.loads(start.body)
    assert SMALL.content == chunk.body


@pytest.mark.parametrize("content", [None, 7, ["a"], bytearray(b"a")])
def test_what_is_neither_a_path_nor_bytes_is_refused(content: object) -> None:
    """Before anything else about it is looked at."""
    with pytest.raises(UsageError, match=f"or bytes, not {type(content).__name__}"):
        Parcel.of(content, "text/plain", None, None, bytes(16))


def test_a_file_beyond_the_limit_is_refused(
    world: World, settings: Settings, tmp_path: Path
) -> None:
    """Before it is read to its end, and before anything is sent."""
    path = tmp_path / "sky.jsonl"
    with path.open("wb") as file:
        file.truncate(FILE_LIMIT + 1)
    parcel = Parcel.of(path, None, None, None, bytes(16))
    with pytest.raises(UsageError, match=f"and this is {FILE_LIMIT + 1}"):
        world.run(send(settings, parcel, world.spools, report_nothing))
    assert [] == world.sent


def test_a_file_without_a_byte_is_refused(world: World, settings: Settings) -> None:
    """There is nothing to send."""
    parcel = Parcel.of(b"", "text/plain", None, None, bytes(16))
    with pytest.raises(UsageError, match="there is nothing to upload"):
        world.run(send(settings, parcel, world.spools, report_nothing))
    assert [] == world.sent
