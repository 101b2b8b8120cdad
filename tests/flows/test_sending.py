"""What a caller has to upload: a path or bytes, which must stay as they are meanwhile."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gemini_batch.effects import Offload, Request
from gemini_batch.errors import IntegrityError, ServerError, UsageError
from gemini_batch.flows.uploads import LEAST_CHUNK, Parcel, send
from gemini_batch.mime import mime_type_of
from gemini_batch.models.file import File
from gemini_batch.progress import Report, report_nothing
from gemini_batch.settings import Settings

from .replies import LARGE, SMALL, arrived, finished, lost, refusal, reply, started, uploaded
from .services import Taking, Uploads
from .world import Answer, World

NAME = "files/f1"
START, CHUNK, DELETE = "POST upload/files", "POST upload/files?upload_id=s1", f"DELETE {NAME}"
ENTROPY = bytes(16)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the path of a small file."""
    made = tmp_path / "sky.txt"
    made.write_bytes(SMALL.content)
    return made


def sending(
    world: World, settings: Settings, content: object, report: Report = report_nothing
) -> File:
    """Upload what the caller has."""
    parcel = Parcel.of(content, "text/plain", None, NAME, ENTROPY)
    return world.run(send(settings, parcel, world.spools, report))


def described(world: World) -> dict[str, str]:
    """Return how the file was described to the service."""
    told: dict[str, str] = json.loads(world.sent[0].body)["file"]
    return told


# How it is called


def test_a_path_tells_the_name_and_the_type(path: Path) -> None:
    """Its last part is for people; its ending says what it is."""
    for given in (path, str(path)):
        parcel = Parcel.of(given, None, None, None, ENTROPY)
        assert ("sky.txt", None) == (parcel.display_name, parcel.mime_type)
        assert "text/plain" == mime_type_of(parcel.title)
        assert f"files/gb-{'0' * 26}" == parcel.name


def test_what_is_said_is_not_told_by_the_path(path: Path) -> None:
    """Whoever names a thing knows best."""
    parcel = Parcel.of(path, "application/jsonl", "Sky", "files/mine", ENTROPY)
    told = (parcel.display_name, parcel.mime_type, parcel.name)
    assert ("Sky", "application/jsonl", "files/mine") == told


def test_every_upload_has_a_name_of_its_own() -> None:
    """Drawn by us, so that a lost reply is settled by one look."""
    drawn = {Parcel.of(b"", "a/b", None, None, os.urandom(16)).name for _ in range(100)}
    assert 100 == len(drawn)


@pytest.mark.parametrize("name", ["sky", "sky.", "sky.nothingknown"])
def test_a_type_that_cannot_be_told_must_be_given(
    world: World, settings: Settings, tmp_path: Path, name: str
) -> None:
    """No guess is made, and nothing is sent."""
    path = tmp_path / name
    path.write_bytes(b"bytes")
    for content, what in ((path, f"'{name}'"), (b"bytes", "bytes")):
        parcel = Parcel.of(content, None, None, None, ENTROPY)
        with pytest.raises(
            UsageError, match=f"the type of {what} cannot be told .* give mime_type="
        ):
            world.run(send(settings, parcel, world.spools, report_nothing))
    assert [] == world.sent


@pytest.mark.parametrize("name", ["nothing", "nothing.txt"])
def test_what_is_not_there_has_no_type_to_be_told(
    world: World, settings: Settings, tmp_path: Path, name: str
) -> None:
    """That it is not there is said first."""
    parcel = Parcel.of(tmp_path / name, None, None, None, ENTROPY)
    with pytest.raises(FileNotFoundError, match=name):
        world.run(send(settings, parcel, world.spools, report_nothing))
    parcel = Parcel.of(tmp_path, None, None, None, ENTROPY)
    with pytest.raises(UsageError, match="is not a file that can be read from end to end"):
        world.run(send(settings, parcel, world.spools, report_nothing))
    assert [] == world.sent


@pytest.mark.parametrize("name", ["mine", "files/", "files/a/b", "batches/b1", "files/A"])
def test_a_name_that_is_none_is_refused(path: Path, name: str) -> None:
    """It never becomes a part of a URL."""
    with pytest.raises(UsageError, match="cannot be the name of a file: take files/"):
        Parcel.of(path, None, None, name, ENTROPY)


@pytest.mark.parametrize("kind", ["", "text", "a/b\r\nx: y", "text/plain "])
def test_a_type_that_is_none_is_refused(path: Path, kind: str) -> None:
    """It never becomes a part of a header."""
    with pytest.raises(UsageError):
        Parcel.of(path, kind, None, None, ENTROPY)


# What arrives


def test_bytes_are_sent_as_they_are(world: World, settings: Settings) -> None:
    """They have no name for people unless one is given."""
    world.expect(started(), finished(uploaded(SMALL)))
    assert NAME == sending(world, settings, SMALL.content).name
    assert {"name": NAME, "mimeType": "text/plain"} == described(world)
    assert str(SMALL.size) == world.sent[0].headers["x-goog-upload-header-content-length"]
    assert SMALL.content == world.sent[1].body


@pytest.mark.parametrize("as_bytes", [True, False])
def test_what_is_empty_is_refused(
    world: World, settings: Settings, path: Path, *, as_bytes: bool
) -> None:
    """The service takes no file without a byte; nothing is sent."""
    path.write_bytes(b"")
    with pytest.raises(UsageError, match="there is nothing to upload"):
        sending(world, settings, b"" if as_bytes else path)
    assert [] == world.sent


@pytest.mark.parametrize("as_bytes", [True, False])
def test_a_large_file_arrives_whole_through_cuts(
    settings: Settings, tmp_path: Path, *, as_bytes: bool
) -> None:
    """It is read again where the service lacks something, and held in memory by chunks only."""
    path = tmp_path / "sky.txt"
    path.write_bytes(LARGE.content)
    plan = [Taking(), Taking("part", 300), Taking(), Taking("lost_after"), Taking("503")]
    service = Uploads(plan, 1000)
    world = World(service)
    found = sending(world, settings, LARGE.content if as_bytes else path)
    assert LARGE.content == service.file
    assert LARGE.size == found.size_bytes
    assert max(len(one.body) for one in world.sent) < LEAST_CHUNK + 1000
    world.require_played_out()


def test_a_file_is_read_off_the_loop(world: World, settings: Settings, path: Path) -> None:
    """Opened, digested and read where blocking does no harm."""
    world.expect(started(), finished(uploaded(SMALL)))
    sending(world, settings, path)
    assert 3 == sum(isinstance(one, Offload) for one in world.asked)


def test_a_file_that_arrives_as_something_else_is_removed(
    world: World, settings: Settings, path: Path
) -> None:
    """The digest of what was read is held against that of the service."""
    world.expect(started(), finished(uploaded(LARGE)), reply({}))
    with pytest.raises(IntegrityError, match=f"{NAME} at the service is not what was uploaded"):
        sending(world, settings, path)
    assert [START, CHUNK, DELETE] == world.lines


def test_a_name_that_is_taken_is_refused(world: World, settings: Settings, path: Path) -> None:
    """The file that has it is left alone."""
    world.expect(refusal(409, "ALREADY_EXISTS"))
    with pytest.raises(UsageError, match=f"{NAME} exists already"):
        sending(world, settings, path)
    assert [START] == world.lines


# What changes


def test_a_file_that_is_not_there_is_the_callers_error(
    world: World, settings: Settings, path: Path
) -> None:
    """In the words of the operating system, and nothing is sent."""
    path.unlink()
    with pytest.raises(FileNotFoundError, match=path.name):
        sending(world, settings, path)
    assert [] == world.sent


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_has_no_end_is_refused(
    world: World, settings: Settings, path: Path, make: Callable[[Path], Any]
) -> None:
    """A directory or a pipe cannot be read twice; nobody waits for it either."""
    path.unlink()
    make(path)
    with pytest.raises(UsageError, match="is not a file that can be read from end to end"):
        sending(world, settings, path)
    assert [] == world.sent


def growing(path: Path) -> None:
    """Add to a file."""
    path.write_bytes(path.read_bytes() + b"more")


def touching(path: Path) -> None:
    """Write a file anew, as long as it was."""
    path.write_bytes(bytes(path.stat().st_size))
    os.utime(path, ns=(0, 0))


@pytest.mark.parametrize("change", [growing, touching])
@pytest.mark.parametrize("chunks", [0, 1, 2])
def test_a_file_that_changes_meanwhile_is_not_uploaded(
    world: World, settings: Settings, path: Path, change: Callable[[Path], None], chunks: int
) -> None:
    """Whenever that is, the upload ends there, and is never taken for a whole file."""
    path.write_bytes(LARGE.content)
    answers = [started(LEAST_CHUNK), *[arrived()] * chunks]

    def changed(_: Request) -> Answer:
        change(path)
        return answers[-1]

    world.expect(*answers[:-1], changed)
    with pytest.raises(UsageError, match=f"{path.name} changed while it was read"):
        sending(world, settings, path)
    assert [START, *[CHUNK] * chunks] == world.lines


def test_a_file_that_shrinks_meanwhile_is_not_uploaded(
    world: World, settings: Settings, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not there any more is not waited for."""
    ends = 0
    pread = os.pread

    def read(file: int, size: int, offset: int) -> bytes:
        nonlocal ends
        piece = pread(file, size, offset)
        ends += not piece
        assert ends < 10, "the end of the file is read again and again"
        return piece

    def shrinks(_: Request) -> Answer:
        os.truncate(path, SMALL.size - 1)
        return started()

    monkeypatch.setattr(os, "pread", read)
    world.expect(shrinks)
    with pytest.raises(UsageError, match=f"{path.name} changed while it was read"):
        sending(world, settings, path)
    assert [START] == world.lines


def test_a_change_that_leaves_no_trace_is_told_by_the_digest(
    world: World, settings: Settings, path: Path
) -> None:
    """What arrived is not what was digested: it is removed, and never used."""
    before = path.stat()
    service = Uploads([], 1)

    def changed(request: Request) -> Answer:
        path.write_bytes(bytes(SMALL.size))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        return service(request)

    world.expect(changed, service, reply({}))
    with pytest.raises(IntegrityError):
        sending(world, settings, path)
    assert bytes(SMALL.size) == service.file
    assert [START, CHUNK, DELETE] == world.lines


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([started(), finished(uploaded(SMALL))], None),
        ([*[refusal(503)] * 5], ServerError),
        ([started(), lost(), finished(), *[refusal(503)] * 5], ServerError),
    ],
    ids=["well", "at the start", "at the end"],
)
def test_a_file_is_let_go_of_however_it_ends(
    settings: Settings, path: Path, answers: list[Answer], error: type[Exception] | None
) -> None:
    """No descriptor stays open, and the file is as it was."""
    world = World()
    world.expect(*answers)
    opened: list[Any] = []
    source = world.spools.source

    def remember(content: Any) -> Any:
        opened.append(source(content))
        return opened[-1]

    world.spools.source = remember
    if error is None:
        sending(world, settings, path)
    else:
        with pytest.raises(error):
            sending(world, settings, path)
    assert [True] == [one._spool.closed for one in opened]
    assert SMALL.content == path.read_bytes()
    world.require_played_out()
