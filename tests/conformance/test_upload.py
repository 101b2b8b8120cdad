"""A file of requests arrives whole and once, whatever happens to its chunks."""

import os
from collections.abc import Callable
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
from tests.conformance.facades import Facade
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
