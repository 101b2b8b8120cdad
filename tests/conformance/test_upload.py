"""A file of requests arrives whole and once, whatever happens to its chunks."""

import errno
import io
import os
import socket
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gemini_batch import (
    Delivery,
    InvalidRequestError,
    ProtocolError,
    TransportError,
    UsageError,
)
from gemini_batch.effects import Send
from gemini_batch.emulator import Emulator
from gemini_batch.spool import OpenFile
from tests.conformance.facades import Facade
from tests.conformance.interruptions import interruptions
from tests.conformance.scenes import assert_answered, assert_stored_once, prompts

SMALL = prompts(3)
LARGE = prompts(30, size=18_000)
"""Requests of some three chunks."""


@pytest.mark.parametrize("asked", [SMALL, LARGE], ids=["one_chunk", "three_chunks"])
def test_an_upload_too_large_for_one_chunk_goes_in_several(
    client: Any, emulator: Emulator, asked: list[str]
) -> None:
    """Chunks are multiples of what the service asks for, the last excepted."""
    client.submit(asked, via="file")

    assert_stored_once(emulator)
    sizes = [
        int(act.detail.split("+")[1].split(",")[0]) for act in emulator.acted.of("upload-chunk")
    ]
    assert {256 << 10} >= set(sizes[:-1])
    assert (asked is LARGE) == (len(sizes) > 2)


def test_chunks_follow_a_granularity_of_megabytes(facade: Facade) -> None:
    """Whatever it is, all but the last are as long as it says."""
    with Emulator(chunk_granularity=3 << 20) as coarse:
        facade.client(coarse.url).files.upload(b"x" * ((7 << 20) + 13), mime_type="text/plain")
        assert [
            f"0+{3 << 20}",
            f"{3 << 20}+{3 << 20}",
            f"{6 << 20}+{(1 << 20) + 13}, final",
        ] == [act.detail for act in coarse.acted.of("upload-chunk")]


def test_bytes_that_were_confirmed_cannot_be_taken_back(
    facade: Facade, client: Any, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that forgets a chunk it had confirmed is not to be trusted with the file."""
    faults = [("upload-chunk", "return-503"), ("upload-query", "claim-size-received=0")]

    def fail_the_second(effect: Any) -> Any:
        while faults and emulator.acted.count("upload-chunk"):
            emulator.faults.add(*faults.pop())
        return effect

    facade.watch_effects(monkeypatch, fail_the_second)

    with pytest.raises(ProtocolError, match="0 bytes of the upload arrived; between 262144"):
        client.submit(LARGE, via="file")
    assert 0 == emulator.seen.count("create")


def _shorten(path: Path) -> None:
    os.truncate(path, 300 << 10)


def _lengthen(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def _rewrite(path: Path) -> None:
    path.write_bytes(b"y" * path.stat().st_size)


@pytest.mark.parametrize("change", [_shorten, _lengthen, _rewrite])
def test_a_file_that_changes_while_it_is_uploaded_is_not_kept(
    facade: Facade,
    client: Any,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    change: Callable[[Path], None],
) -> None:
    """It is said which, and what has arrived of it is no file, or is deleted again."""
    path = tmp_path / "requests.jsonl"
    path.write_bytes(b"x" * (600 << 10))

    changed: list[bool] = []

    def between_chunks(effect: Any) -> Any:
        if emulator.acted.count("upload-chunk") and not changed:
            changed.append(True)
            change(path)
        return effect

    facade.watch_effects(monkeypatch, between_chunks)
    with pytest.raises(UsageError, match=r"requests\.jsonl changed while it was read"):
        client.files.upload(path, mime_type="application/jsonl")
    assert changed
    assert [] == [*client.files.list()]


# What is no file


@pytest.fixture
def pipe() -> Iterator[int]:
    """Return the end of a pipe that has something to read, and may have more."""
    reader, writer = os.pipe()
    os.write(writer, b"hello")
    yield reader
    os.close(reader)
    os.close(writer)


def _fifo(directory: Path, _: int) -> Path:
    os.mkfifo(directory / "fifo")
    return directory / "fifo"


ENDLESS: dict[str, Callable[[Path, int], Any]] = {
    "pipe": lambda _, pipe: f"/dev/fd/{pipe}",
    "fifo": _fifo,
    "directory": lambda directory, _: directory,
    "device": lambda *_: "/dev/zero",
    "nothing": lambda *_: os.devnull,
}


@pytest.mark.parametrize("make", ENDLESS.values(), ids=ENDLESS)
def test_what_cannot_be_read_from_end_to_end_is_refused(
    client: Any, emulator: Emulator, tmp_path: Path, pipe: int, make: Callable[[Path, int], Any]
) -> None:
    """At once: nobody waits for whoever writes to it, and none of it is taken."""
    path = make(tmp_path, pipe)
    with pytest.raises(UsageError, match=f"{path} is not a file that can be read from end to end"):
        client.files.upload(path, mime_type="text/plain")
    assert [] == emulator.seen
    assert b"hello" == os.read(pipe, 9)


def test_a_socket_is_no_file_either(client: Any, emulator: Emulator, tmp_path: Path) -> None:
    """The system says so in its own words, and names it."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        with pytest.raises(OSError, match=str(tmp_path / "s")) as raised:
            client.files.upload(tmp_path / "s", mime_type="text/plain")
    assert raised.value.errno in {errno.ENXIO, errno.EOPNOTSUPP}
    assert [] == emulator.seen


@pytest.mark.parametrize(
    "make",
    [
        lambda path, _: path.open(encoding="utf-8"),
        lambda path, _: path.open("rb"),
        lambda _, pipe: os.fdopen(os.dup(pipe), "rb"),
        lambda *_: io.StringIO("x"),
        lambda *_: io.BytesIO(b"x"),
        lambda *_: bytearray(b"x"),
        lambda _, pipe: pipe,
        lambda *_: None,
    ],
    ids=["text", "binary", "pipe", "StringIO", "BytesIO", "bytearray", "number", "nothing"],
)
def test_what_is_neither_a_path_nor_bytes_is_refused(
    client: Any, emulator: Emulator, tmp_path: Path, pipe: int, make: Callable[[Path, int], Any]
) -> None:
    """What is open may hold text, or be read by others meanwhile: it is said what is taken."""
    path = tmp_path / "requests.jsonl"
    path.write_text("x")
    content = make(path, pipe)
    try:
        with pytest.raises(UsageError, match="the path of a file, or bytes, not "):
            client.files.upload(content, mime_type="text/plain")
    finally:
        getattr(content, "close", lambda: None)()
    assert [] == emulator.seen
    assert b"hello" == os.read(pipe, 9)


@pytest.mark.parametrize("as_bytes", [True, False], ids=["bytes", "file"])
def test_an_empty_file_is_refused(
    client: Any, emulator: Emulator, tmp_path: Path, *, as_bytes: bool
) -> None:
    """Before anything is sent."""
    path = tmp_path / "requests.jsonl"
    path.touch()
    with pytest.raises(UsageError, match="there is nothing to upload: the file is empty"):
        client.files.upload(b"" if as_bytes else path, mime_type="application/jsonl")
    assert [] == emulator.seen


def test_a_file_beyond_two_gigabytes_is_refused(
    client: Any, emulator: Emulator, tmp_path: Path
) -> None:
    """Its size is looked at before its bytes are, of which this one has next to none."""
    path = tmp_path / "requests.jsonl"
    path.touch()
    os.truncate(path, 2_000_000_001)
    with pytest.raises(UsageError, match="2000000000 bytes at most, and this is 2000000001"):
        client.files.upload(path)
    path.unlink()  # or it would be searched for the key
    assert [] == emulator.seen


# Interrupts


def test_an_upload_can_be_interrupted_anywhere(
    client: Any, facade: Facade, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The interrupt comes out as it is, the file is let go of, and the next upload is whole."""
    opened: list[OpenFile] = []

    class Noted(OpenFile):
        def __init__(self, path: Any) -> None:
            super().__init__(path)
            opened.append(self)

    monkeypatch.setattr("gemini_batch.spool.OpenFile", Noted)
    path = tmp_path / "requests.jsonl"
    path.write_bytes(b"x" * (600 << 10))
    act = partial(client.files.upload, path)
    for interruption in interruptions(facade):
        interruption.strike(act)
        assert [True] * len(opened) == [one.closed for one in opened]
    assert len(opened) > 3
    assert path.stat().st_size == act().size_bytes


def test_a_service_that_goes_away_while_uploading_is_waited_for(
    client: Any,
    facade: Facade,
    emulator: Emulator,
    pauses: list[float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A chunk that cannot even be sent is as good as one that failed."""

    def go_away(effect: Any) -> Any:
        if isinstance(effect, Send) and "upload_id" in effect.request.path:
            emulator.close()
        return effect

    facade.watch_effects(monkeypatch, go_away)

    with pytest.raises(TransportError) as raised:
        client.submit(LARGE, via="file")
    assert Delivery.NOT_SENT is raised.value.delivery
    assert len(pauses) >= 4


@pytest.mark.parametrize(
    "url",
    [
        "{stranger}/upload/v1beta/files?upload_id=1",
        "http://user:password@{stranger_host}/upload?upload_id=1",
        "https://{host}/upload/v1beta/files?upload_id=1",
        "//{stranger_host}/upload?upload_id=1",
        "file:///etc/passwd",
        "http://[::1",
        "https://generativelanguage.googleapis.com.evil.test/upload?upload_id=1",
        "https://generativelanguage.googleapis.com@{stranger_host}/upload?upload_id=1",
    ],
    ids=[
        "other_port",
        "user",
        "other_scheme",
        "no_scheme",
        "file",
        "nonsense",
        "longer_host",
        "disguised",
    ],
)
def test_no_byte_goes_to_a_session_elsewhere(
    client: Any, emulator: Emulator, stranger: Emulator, url: str
) -> None:
    """The service may not send an upload, nor what is in it, to anybody else."""
    named_url = url.format(
        stranger=stranger.url,
        stranger_host=stranger.url.removeprefix("http://"),
        host=emulator.url.removeprefix("http://"),
    )
    emulator.faults.add("upload-start", f"upload-url={named_url}")

    with pytest.raises(ProtocolError, match="neither its own host nor Google's") as raised:
        client.submit(SMALL, via="file")
    assert "password" not in str(raised.value)
    assert 1 == emulator.seen.count("upload-start")
    assert 0 == emulator.seen.count("upload-chunk")
    assert 0 == emulator.seen.count("create")


def test_a_file_is_waited_for_until_the_service_has_taken_it_in(facade: Facade) -> None:
    """A file that is still being processed is looked at until it can be used."""
    with Emulator(
        file_processing_seconds=0.05, pending_seconds=0, running_seconds=0, failure_rate=0
    ) as slow:
        with facade.client(slow.url).submit(SMALL, via="file").results() as results:
            assert_answered(SMALL, results)
        assert slow.seen.count("file-get") >= 1


def test_a_file_the_service_refuses_at_create_names_its_line(
    client: Any, emulator: Emulator
) -> None:
    """The service's own words about the input come through, and nothing was created."""
    emulator.faults.add("create", "return-400/message=Error on line 2: no request")

    with pytest.raises(InvalidRequestError, match="Error on line 2"):
        client.submit(SMALL, via="file")
    assert 0 == emulator.acted.count("create")
