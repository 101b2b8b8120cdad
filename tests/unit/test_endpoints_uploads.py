"""Uploads by the resumable protocol, on our own origin and without the key."""

import json
import logging

import pytest

from gemini_batch.effects import Request, Response
from gemini_batch.endpoints import uploads
from gemini_batch.endpoints.uploads import Received, UploadSession
from gemini_batch.errors import (
    ProtocolError,
)
from gemini_batch.models.file import File
from gemini_batch.settings import DEFAULT_ORIGIN
from tests.unit.exchanges import API, ESCAPE, begun


def test_an_upload_is_begun() -> None:
    """The name is the caller's, so that a lost reply can be looked into."""
    request = uploads.build_upload_start(API, "files/gb-abc", "sky", 73519, "application/jsonl")
    assert "POST /gemini/upload/v1beta/files" == f"{request.method} {request.path}"
    assert {
        "content-type": "application/json",
        "x-goog-upload-protocol": "resumable",
        "x-goog-upload-command": "start",
        "x-goog-upload-header-content-length": "73519",
        "x-goog-upload-header-content-type": "application/jsonl",
    } == request.headers
    assert {
        "file": {"name": "files/gb-abc", "displayName": "sky", "mimeType": "application/jsonl"}
    } == json.loads(request.body)
    assert request.keyed


def test_an_upload_may_have_no_name_for_people() -> None:
    """Then none is sent, which is not the same as an empty one."""
    request = uploads.build_upload_start(API, "files/a", "", 0, "text/plain")
    assert {"file": {"name": "files/a", "mimeType": "text/plain"}} == json.loads(request.body)
    assert "0" == request.headers["x-goog-upload-header-content-length"]


@pytest.mark.parametrize(
    ("url", "path"),
    [
        # Our own origin: what it says is the path, prefix and all.
        ("https://proxy.example/gemini/upload/s?upload_id=x", "/gemini/upload/s?upload_id=x"),
        # Google's: a proxy passed it on as it was, so the prefix is added.
        (
            f"{DEFAULT_ORIGIN}/upload/v1beta/files?upload_id=x",
            "/gemini/upload/v1beta/files?upload_id=x",
        ),
        (f"{DEFAULT_ORIGIN}/upload#fragment", "/gemini/upload?"),
    ],
)
def test_a_session_is_used_on_our_own_origin(url: str, path: str) -> None:
    """Whatever host it names, only path and query are kept, and they are not shown."""
    session = uploads.parse_upload_start(begun(url), API)
    assert UploadSession(path, 8388608) == session
    assert "UploadSession(granularity=8388608)" == repr(session)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/upload?upload_id=secret",
        "http://proxy.example/upload?upload_id=secret",
        "https://proxy.example:8443/upload?upload_id=secret",
        "https://proxy.example.evil.example/upload?upload_id=secret",
        "https://proxy.example@evil.example/upload?upload_id=secret",
        "https://user:secret@proxy.example/upload",
        "https://generativelanguage.googleapis.com.evil.example/upload?upload_id=secret",
        "http://generativelanguage.googleapis.com/upload?upload_id=secret",
        "https://169.254.169.254/latest?upload_id=secret",
        "https://[::1]/upload?upload_id=secret",
        "http://[",
        "file:///etc/passwd?secret",
        "//evil.example/upload?secret",
        "/upload?upload_id=secret",
        "upload?secret",
        "https://proxy.example",
        "https://proxy.example?upload_id=secret",
        "https://proxy.example\\@evil.example/upload?upload_id=secret",
        "https://evil.example\\.proxy.example/upload?upload_id=secret",
        "https://evil.example\t/upload?upload_id=secret",
        "https://proxy.example%2eevil.example/upload?upload_id=secret",
        "https://proxy\u3002example/upload?upload_id=secret",
        "https://proxy.example./upload?upload_id=secret",
        "https://PROXY.example/upload?upload_id=secret",
        "https://proxy.example:443/upload?upload_id=secret",
        "https:/proxy.example/upload?upload_id=secret",
        "///proxy.example/upload?upload_id=secret",
        "\\\\proxy.example/upload?upload_id=secret",
        f"https://{ESCAPE}/upload?upload_id=secret",
    ],
)
def test_a_session_elsewhere_is_refused(url: str) -> None:
    """Nothing is sent to a host that is neither ours nor Google's, and the secret is not shown."""
    with pytest.raises(ProtocolError, match="nothing was sent there") as raised:
        uploads.parse_upload_start(begun(url), API)
    assert "secret" not in str(raised.value)
    assert str(raised.value).isprintable()


def test_a_session_must_be_named() -> None:
    """Without an address there is no upload."""
    with pytest.raises(ProtocolError, match="without the header X-Goog-Upload-URL"):
        uploads.parse_upload_start(Response(200), API)


@pytest.mark.parametrize(
    ("granularity", "expected"),
    [
        ("262144", 262144),
        ("67108864", 67108864),
        ("", uploads.DEFAULT_GRANULARITY),
        ("0", uploads.DEFAULT_GRANULARITY),
        ("-1", uploads.DEFAULT_GRANULARITY),
        ("8 MiB", uploads.DEFAULT_GRANULARITY),
        ("\u0668", uploads.DEFAULT_GRANULARITY),
        ("9" * 5000, uploads.DEFAULT_GRANULARITY),
    ],
)
def test_the_granularity_is_the_services(granularity: str, expected: int) -> None:
    """Nonsense is replaced by what it usually is."""
    url = "https://proxy.example/upload?upload_id=x"
    session = uploads.parse_upload_start(begun(url, granularity), API)
    assert expected == session.granularity


@pytest.mark.parametrize("granularity", ["67108865", "9" * 18])
def test_a_granularity_that_fills_the_memory_is_refused(granularity: str) -> None:
    """No chunk could be both that large and held at once; nothing is sent."""
    url = "https://proxy.example/upload?upload_id=x"
    with pytest.raises(ProtocolError, match=f"chunks of {granularity} bytes, and 67108864 are"):
        uploads.parse_upload_start(begun(url, granularity), API)


@pytest.mark.parametrize(
    ("last", "command"), [(False, "upload"), (True, "upload, finalize")], ids=str
)
def test_a_chunk_is_sent_without_the_key(last: bool, command: str) -> None:
    """The session is a secret of its own."""
    session = UploadSession("/upload?upload_id=x", 4)
    headers = {
        "x-goog-upload-command": command,
        "x-goog-upload-offset": "8",
        "content-type": "application/octet-stream",
    }
    expected = Request("POST", "/upload?upload_id=x", headers, b"four", keyed=False)
    assert expected == uploads.build_chunk(session, 8, b"four", last=last)


def test_a_session_is_queried_without_the_key() -> None:
    """How far it came, the session itself tells."""
    headers = {"x-goog-upload-command": "query"}
    expected = Request("POST", "/upload?upload_id=x", headers, keyed=False)
    assert expected == uploads.build_query(UploadSession("/upload?upload_id=x"))


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        ({"x-goog-upload-status": "active"}, b"", Received(final=False)),
        (
            {"x-goog-upload-status": "active", "x-goog-upload-size-received": "8388608"},
            b"",
            Received(final=False, size=8388608),
        ),
        ({"x-goog-upload-size-received": "0"}, b"", Received(final=False, size=0)),
        ({}, b"", Received(final=False)),
        ({"x-goog-upload-status": "cancelled"}, b"", Received(final=False)),
        ({"x-goog-upload-status": "final"}, b"", Received(final=True)),
        ({"x-goog-upload-status": "final"}, b" \n", Received(final=True)),
        ({"x-goog-upload-status": "final"}, b"{}", Received(final=True)),
        ({"x-goog-upload-status": "final"}, b'{"file": null}', Received(final=True)),
        (
            {"x-goog-upload-status": "final"},
            b'{"file": {"name": "files/a"}}',
            Received(final=True, file=File("files/a")),
        ),
    ],
)
def test_what_arrived_is_read(headers: dict[str, str], body: bytes, expected: Received) -> None:
    """The headers say how far, and the last reply holds the file."""
    assert expected == uploads.parse_received(Response(200, headers, body))


@pytest.mark.parametrize("size", ["-1", "x", "1.5", "\u0663", "9" * 30])
def test_a_size_that_makes_no_sense_breaks_the_contract(size: str) -> None:
    """Nothing is sent from an offset that was guessed."""
    with pytest.raises(ProtocolError, match="less than nothing"):
        uploads.parse_received(Response(200, {"x-goog-upload-size-received": size}))


@pytest.mark.parametrize("body", [b'{"file": {"name": "files/a"}}', b""])
def test_a_last_reply_that_is_compressed_tells_no_file(body: bytes) -> None:
    """Even if it could be read."""
    headers = {"x-goog-upload-status": "final", "content-encoding": "gzip"}
    assert Received(final=True) == uploads.parse_received(Response(200, headers, body))


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"file": 7}', b"{", b"[" * 100_000])
def test_a_last_reply_that_cannot_be_read_is_the_last_all_the_same(
    body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """The file is not made up: it has a name, and can be looked at."""
    caplog.set_level(logging.INFO, logger="gemini_batch")
    response = Response(200, {"x-goog-upload-status": "final"}, body)
    assert Received(final=True) == uploads.parse_received(response)
    (line,) = caplog.messages
    assert line.startswith("the reply to the end of an upload cannot be read: ")
