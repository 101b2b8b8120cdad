"""The end of an upload: confirmed or found, held against what was sent, and taken in."""

from __future__ import annotations

import base64
import hashlib

import pytest

from gemini_batch.effects import Effect, Flow
from gemini_batch.errors import (
    IntegrityError,
    ProtocolError,
    ServerError,
    UploadOutcomeUnknownError,
    UsageError,
)
from gemini_batch.flows.uploads import upload
from gemini_batch.models.file import File
from gemini_batch.progress import report_nothing
from gemini_batch.retry import Timeouts
from gemini_batch.settings import Settings

from .replies import (
    LARGE,
    SMALL,
    Bytes,
    digest_of,
    file,
    finished,
    lost,
    refusal,
    reply,
    started,
    uploaded,
)
from .world import Answer, World

START, CHUNK = "POST upload/files", "POST upload/files?upload_id=s1"
GET = "GET files/f1"


def uploading(settings: Settings, source: Bytes = SMALL) -> Flow[Effect[object], File]:
    """Return the upload of a file."""
    return upload(settings, source, "files/f1", "sky.jsonl", report_nothing)


# Confirmed, or found


@pytest.mark.parametrize(
    "end",
    [(finished(),), (lost(), finished()), (refusal(503), finished())],
    ids=["without_a_body", "reply_lost", "failed"],
)
def test_a_file_whose_confirmation_was_lost_is_found_by_its_name(
    world: World, settings: Settings, end: tuple[Answer, ...]
) -> None:
    """We chose the name, so that one look settles it."""
    world.expect(started(), *end, reply(uploaded(SMALL)))
    assert "files/f1" == world.run(uploading(settings)).name
    assert GET == world.lines[-1]


def test_a_query_may_bring_the_file_itself(world: World, settings: Settings) -> None:
    """Then there is nothing to look up."""
    world.expect(started(), lost(), finished(uploaded(SMALL)))
    world.run(uploading(settings))
    assert [START, CHUNK, CHUNK] == world.lines


@pytest.mark.parametrize("code", [403, 404])
def test_a_file_that_is_nowhere_may_exist(world: World, settings: Settings, code: int) -> None:
    """For a missing file the service says 403; the error names the file."""
    world.expect(started(), finished(), refusal(code))
    with pytest.raises(UploadOutcomeUnknownError, match="files/f1"):
        world.run(uploading(settings))


def test_a_failing_look_up_is_raised_as_it_is(world: World, settings: Settings) -> None:
    """It says nothing of the file."""
    world.expect(started(), finished(), *[refusal(503)] * 5)
    with pytest.raises(ServerError):
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
