"""Files at the service: looked at, deleted, and removed where they are of no use."""

from __future__ import annotations

import pytest

from gemini_batch.effects import flow
from gemini_batch.errors import (
    ApiError,
    InvalidRequestError,
    PermissionDeniedError,
    ProtocolError,
    UsageError,
)
from gemini_batch.flows.files import delete_file, look_at_file, remove
from gemini_batch.models.file import FileState
from gemini_batch.settings import Settings

from .replies import file, lost, refusal, reply, unsent, untrusted
from .world import Answer, World

NAME = "files/f1"
GET, DELETE = f"GET {NAME}", f"DELETE {NAME}"
DISABLED = {"reason": "SERVICE_DISABLED"}


# Looked at


def test_a_look_at_a_file_is_one_request(world: World, settings: Settings) -> None:
    """It tells of the file, and fetches none of its bytes."""
    world.expect(reply(file(NAME, "PROCESSING", sizeBytes="7", mimeType="text/plain")))
    found = world.run(look_at_file(settings, NAME))
    assert (NAME, 7, "text/plain") == (found.name, found.size_bytes, found.mime_type)
    assert FileState.PROCESSING == found.state
    assert [GET] == world.lines


def test_a_look_at_a_file_is_as_patient_as_any(world: World, settings: Settings) -> None:
    """What passes is waited out."""
    world.expect(lost(), refusal(503), reply(file(NAME)))
    assert NAME == world.run(look_at_file(settings, NAME)).name
    assert [1.0, 2.0] == world.pauses


def test_a_file_that_is_not_there_is_not_looked_for_twice(world: World, settings: Settings) -> None:
    """For a missing file the service says 403, and that is its answer."""
    world.expect(refusal(403, "PERMISSION_DENIED"))
    with pytest.raises(PermissionDeniedError, match=NAME):
        world.run(look_at_file(settings, NAME))


@pytest.mark.parametrize("answer", [reply(b"<html>"), reply([]), reply(file(), 202)])
def test_a_look_at_a_file_that_makes_no_sense_is_an_error(
    world: World, settings: Settings, answer: Answer
) -> None:
    """Nothing is made up about the file."""
    world.expect(answer)
    with pytest.raises(ProtocolError):
        world.run(look_at_file(settings, NAME))


@pytest.mark.parametrize("wrong", ["f1", "files/", "files/a/b", "batches/b1", "files/f1?x=1"])
def test_what_is_no_name_of_a_file_is_not_asked_for(
    world: World, settings: Settings, wrong: str
) -> None:
    """It never becomes a part of a URL."""
    for make in (look_at_file, delete_file):
        with pytest.raises(UsageError, match="is not a name like files/"):
            world.run(make(settings, wrong))


# Deleted


def test_a_file_is_deleted(world: World, settings: Settings) -> None:
    """With one request."""
    world.expect(reply({}))
    world.run(delete_file(settings, NAME))
    assert [DELETE] == world.lines


@pytest.mark.parametrize("code", [403, 404])
def test_a_file_that_is_not_there_is_not_deleted(
    world: World, settings: Settings, code: int
) -> None:
    """The service says 403 of a missing file."""
    world.expect(refusal(code))
    with pytest.raises(ApiError) as caught:
        world.run(delete_file(settings, NAME))
    assert code == caught.value.code


@pytest.mark.parametrize("code", [403, 404])
def test_a_file_that_is_gone_after_a_lost_reply_was_deleted(
    world: World, settings: Settings, code: int
) -> None:
    """The first attempt may have acted."""
    world.expect(lost(), refusal(code))
    world.run(delete_file(settings, NAME))
    assert [DELETE, DELETE] == world.lines


@pytest.mark.parametrize("certain", [unsent(), refusal(429)], ids=["unsent", "throttled"])
def test_an_attempt_that_cannot_have_acted_excuses_nothing(
    world: World, settings: Settings, certain: Answer
) -> None:
    """Nobody else's deletion is taken for this one."""
    world.expect(certain, refusal(403))
    with pytest.raises(PermissionDeniedError):
        world.run(delete_file(settings, NAME))
    assert [DELETE, DELETE] == world.lines


@pytest.mark.parametrize("code", [403, 404])
def test_a_key_that_is_refused_is_not_taken_for_a_file_that_is_gone(
    world: World, settings: Settings, code: int
) -> None:
    """Though the first attempt may have acted: what was refused is not the file."""
    world.expect(lost(), refusal(code, "PERMISSION_DENIED", "no", DISABLED))
    with pytest.raises(ApiError, match="PERMISSION_DENIED"):
        world.run(delete_file(settings, NAME))


# Removed, because nothing came of it


def removing(world: World, settings: Settings) -> list[str]:
    """Remove a file of no use, and return the notes on what made it so."""
    refused = InvalidRequestError(400, "INVALID_ARGUMENT", "no such field")
    world.run(flow(remove)(settings, NAME, refused))
    return getattr(refused, "__notes__", [])


@pytest.mark.parametrize(
    "answers",
    [[reply({})], [lost(), reply({})], [lost(), refusal(404)]],
    ids=["at once", "later", "by the first attempt"],
)
def test_a_useless_file_that_is_removed_is_no_trouble(
    world: World,
    settings: Settings,
    told: pytest.LogCaptureFixture,
    answers: list[Answer],
) -> None:
    """Nothing is said of it."""
    world.expect(*answers)
    assert [] == removing(world, settings)
    assert not any("gone" in line for line in told.messages)


@pytest.mark.parametrize("code", [403, 404])
def test_a_useless_file_that_is_gone_is_no_trouble(
    world: World, settings: Settings, told: pytest.LogCaptureFixture, code: int
) -> None:
    """It was to be removed because nothing came of its upload."""
    world.expect(refusal(code))
    assert [] == removing(world, settings)
    assert [f"{NAME} was gone already"] == told.messages


@pytest.mark.parametrize(
    "failures",
    [
        [refusal(401)],
        [refusal(403, "PERMISSION_DENIED", "no", DISABLED)],
        [refusal(503)] * 5,
        [untrusted()],
        [reply(status=302, location="https://elsewhere.example/")],
    ],
    ids=["key", "project", "failing", "certificate", "redirect"],
)
def test_a_useless_file_that_stays_is_named(
    world: World, settings: Settings, failures: list[Answer]
) -> None:
    """What made it useless is what matters; a note on that says what was left behind, and why."""
    world.expect(*failures)
    (note,) = removing(world, settings)
    assert note.startswith(f"{NAME} was uploaded for it and could not be deleted: ")
    assert not note.endswith(": ")
