"""Every fault of an exchange, met over a real socket by a plain client."""

import base64
import contextlib
import hashlib
import json
import socket
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, IncompleteRead
from typing import Any

import pytest
import requests

from gemini_batch.emulator import Emulator
from gemini_batch.emulator.routes import OPERATIONS
from gemini_batch.emulator.wire_faults import WIRE_FAULTS
from tests.emulator.caller import KEY, MODEL, Caller, inline, keyed, line

LOST = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)
BATCH = {"inputConfig": inline(keyed("0", "x"))}


@pytest.fixture
def fault(emulator: Emulator) -> Callable[[str, str], None]:
    """Return the way to ask for a fault."""
    return emulator.faults.add


@pytest.fixture
def result_file(caller: Caller) -> str:
    """Return the name of a result file of some kilobytes."""
    name = caller.create_from_lines(*(line(str(number), "x") for number in range(20)))
    return str(caller.ended(name)["response"]["responsesFile"])


@pytest.fixture
def raw(emulator: Emulator) -> Iterator[socket.socket]:
    """Return a connection on which every byte can be seen."""
    host, port = emulator.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        yield connection


def ask(raw: socket.socket, path: str, *more: str) -> bytes:
    """Send a GET and return everything until the connection ends."""
    lines = [f"GET {path} HTTP/1.1", "Host: x", f"x-goog-api-key: {KEY}", *more]
    raw.sendall("\r\n".join([*lines, "", ""]).encode())
    return b"".join(iter(lambda: raw.recv(65_536), b""))


def wait_until(emulator: Emulator, condition: Callable[[], bool]) -> None:
    """Keep the emulator turning until something has come true."""
    for _ in range(1000):
        if condition():
            return
        requests.get(f"{emulator.url}/nowhere", timeout=5)
    pytest.fail("it never came true")


# Errors instead of answers.


@pytest.mark.parametrize(
    ("status", "canonical"),
    [
        (400, "INVALID_ARGUMENT"),
        (401, "UNAUTHENTICATED"),
        (403, "PERMISSION_DENIED"),
        (404, "NOT_FOUND"),
        (408, "DEADLINE_EXCEEDED"),
        (409, "ALREADY_EXISTS"),
        (418, "UNKNOWN"),
        (429, "RESOURCE_EXHAUSTED"),
        (499, "CANCELLED"),
        (500, "INTERNAL"),
        (503, "UNAVAILABLE"),
        (504, "DEADLINE_EXCEEDED"),
    ],
)
def test_any_status_may_be_returned(
    caller: Caller, fault: Callable[[str, str], None], status: int, canonical: str
) -> None:
    """In the service's envelope, with nothing done."""
    fault("create", f"return-{status}")
    response = caller.create(BATCH)
    assert status == response.status_code
    error = response.json()["error"]
    assert (status, canonical) == (error["code"], error["status"])
    assert error["message"]
    assert [] == caller.emulator.acted
    assert 200 == caller.create(BATCH).status_code


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_that_is_no_error_has_no_body(
    caller: Caller, fault: Callable[[str, str], None], status: int
) -> None:
    """Statuses the service never uses can be met too."""
    fault("get", f"return-{status}")
    response = caller.call("GET", f"/v1beta/batches/{'a' * 36}")
    assert (status, b"") == (response.status_code, response.content)


def test_a_fault_may_be_repeated(caller: Caller, fault: Callable[[str, str], None]) -> None:
    """So many times, and then no more."""
    fault("list", "return-503*3")
    statuses = [caller.call("GET", "/v1beta/batches").status_code for _ in range(4)]
    assert [503, 503, 503, 200] == statuses


def test_faults_strike_in_the_order_they_were_added(
    caller: Caller, fault: Callable[[str, str], None]
) -> None:
    """And each only requests of its own operation."""
    fault("list", "return-503")
    fault("file-list", "return-500")
    fault("list", "return-429")
    paths = ["/v1beta/batches", "/v1beta/batches", "/v1beta/files", "/v1beta/batches"]
    statuses = [caller.call("GET", path).status_code for path in paths]
    assert [503, 429, 500, 200] == statuses


def test_a_refusal_may_say_when_to_come_back(
    caller: Caller, fault: Callable[[str, str], None]
) -> None:
    """In a header, in its details, or in both; and which quota is used up."""
    fault(
        "create",
        "return-429/retry-after=Wed, 21 Oct 2026 07:28:00 GMT/retry-info=3.5s/quota=PerDay"
        "/message=Slow down.",
    )
    response = caller.create(BATCH)
    assert "Wed, 21 Oct 2026 07:28:00 GMT" == response.headers["Retry-After"]
    error = response.json()["error"]
    assert "Slow down." == error["message"]
    assert ["Help", "QuotaFailure", "RetryInfo"] == [
        detail["@type"].removeprefix("type.googleapis.com/google.rpc.")
        for detail in error["details"]
    ]
    _, failure, retry = error["details"]
    [violation] = failure["violations"]
    assert "PerDay" == violation["quotaId"]
    assert {"model": "gemini-2.5-flash", "location": "global"} == violation["quotaDimensions"]
    assert "3.5s" == retry["retryDelay"]


def test_a_quota_of_no_model_names_none(caller: Caller, fault: Callable[[str, str], None]) -> None:
    """Where the path has no model, the quota is that of a place alone."""
    fault("list", "return-429/quota=PerMinute")
    [_, failure] = caller.call("GET", "/v1beta/batches").json()["error"]["details"]
    assert {"location": "global"} == failure["violations"][0]["quotaDimensions"]


def test_a_refusal_may_have_another_code_than_its_status_says(
    caller: Caller, fault: Callable[[str, str], None]
) -> None:
    """A batch that has ended could be refused its cancelling so, and is left as it was."""
    name = caller.create_inline("x")
    caller.ended(name)
    fault("cancel", "return-400/status=FAILED_PRECONDITION")
    response = caller.call("POST", f"/v1beta/{name}:cancel")
    assert 400 == response.status_code
    assert "FAILED_PRECONDITION" == response.json()["error"]["status"]
    assert 0 == caller.emulator.acted.count("cancel")
    assert "BATCH_STATE_SUCCEEDED" == caller.operation(name)["metadata"]["state"]


def test_a_refusal_says_nothing_of_it_unasked(
    caller: Caller, fault: Callable[[str, str], None]
) -> None:
    """As the service does on create."""
    fault("create", "return-429")
    response = caller.create(BATCH)
    assert "Retry-After" not in response.headers
    assert "details" not in response.json()["error"]


def test_the_service_may_fail_after_acting(
    caller: Caller, fault: Callable[[str, str], None]
) -> None:
    """The batch exists, whatever the answer says."""
    fault("create", "return-503-after-acting")
    assert 503 == caller.create(BATCH).status_code
    assert 1 == caller.emulator.acted.count("create")
    assert 1 == len(caller.get("/v1beta/batches")["operations"])


def test_the_front_end_may_answer_instead(
    caller: Caller, fault: Callable[[str, str], None]
) -> None:
    """In HTML, with nothing done."""
    fault("create", "html-502")
    response = caller.create(BATCH)
    assert 502 == response.status_code
    assert response.text.startswith("<!DOCTYPE html>")
    assert [] == caller.emulator.acted


@pytest.mark.parametrize("status", [200, 504])
def test_the_front_end_may_answer_after_the_act(
    caller: Caller, fault: Callable[[str, str], None], status: int
) -> None:
    """HTML, though the batch exists."""
    fault("create", f"html-{status}-after-acting")
    response = caller.create(BATCH)
    assert status == response.status_code
    assert response.headers["Content-Type"].startswith("text/html")
    assert 1 == caller.emulator.acted.count("create")


def test_the_service_may_send_the_client_elsewhere(
    caller: Caller, fault: Callable[[str, str], None], result_file: str
) -> None:
    """307 keeps the method: whoever follows takes everything along."""
    fault("download", "redirect=http://other.example/x?y=z")
    response = caller.download(result_file)
    assert 307 == response.status_code
    assert "http://other.example/x?y=z" == response.headers["Location"]


# Lost connections.


@pytest.mark.parametrize(
    ("words", "acts"),
    [
        ("reset-before-acting", 0),
        ("close-before-acting", 0),
        ("reset-after-acting", 1),
        ("close-after-acting", 1),
    ],
)
def test_a_connection_is_lost_before_or_after_the_act(
    caller: Caller, fault: Callable[[str, str], None], words: str, acts: int
) -> None:
    """The client sees the same; only the record of acts knows."""
    fault("create", words)
    with pytest.raises(LOST):
        caller.create(BATCH)
    assert acts == caller.emulator.acted.count("create")
    assert 1 == caller.emulator.seen.count("create")


def test_a_reset_is_a_reset(
    raw: socket.socket, caller: Caller, fault: Callable[[str, str], None]
) -> None:
    """The peer is told so, not that the stream has ended."""
    fault("list", "reset-after-acting")
    with pytest.raises(ConnectionResetError):
        ask(raw, "/v1beta/batches")
    assert 1 == caller.emulator.seen.count("list")


def test_a_close_is_an_end(raw: socket.socket, fault: Callable[[str, str], None]) -> None:
    """Not a byte, and then the end of the stream."""
    fault("list", "close-after-acting")
    assert b"" == ask(raw, "/v1beta/batches")


@pytest.mark.parametrize(("words", "acts"), [("hang", 0), ("hang-after-acting", 1)])
def test_the_service_may_never_answer(
    caller: Caller, fault: Callable[[str, str], None], words: str, acts: int
) -> None:
    """The client gives up first."""
    fault("create", words)
    with pytest.raises(requests.ReadTimeout):
        caller.call(
            "POST", f"/v1beta/{MODEL}:batchGenerateContent", json={"batch": BATCH}, timeout=0.3
        )
    assert acts == caller.emulator.acted.count("create")


def test_closing_ends_what_hangs() -> None:
    """An emulator does not wait for a client that waits for it."""
    with Emulator() as emulator:
        emulator.faults.add("list", "hang")
        host, port = emulator.url.removeprefix("http://").split(":")
        waiting = socket.create_connection((host, int(port)), timeout=5)
        waiting.sendall(b"GET /v1/batches?key=any-key HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_until(emulator, lambda: not emulator.faults.pending)
    with waiting:
        assert b"" == waiting.recv(10)


# Replies that do not arrive whole.


def test_a_download_may_break_off(
    caller: Caller, fault: Callable[[str, str], None], result_file: str
) -> None:
    """Exactly so many bytes, of a length that was announced."""
    whole = caller.download(result_file).content
    fault("download", "broken-stream-after-1K")
    path = f"/v1beta/{result_file}:download?alt=media"
    connection = HTTPConnection(caller.emulator.url.removeprefix("http://"), timeout=5)
    connection.request("GET", path, headers={"x-goog-api-key": KEY})
    with pytest.raises(IncompleteRead) as broken:
        connection.getresponse().read()
    connection.close()
    assert whole[:1024] == broken.value.partial
    assert len(whole) - 1024 == broken.value.expected


def test_a_download_may_break_off_and_go_on(
    caller: Caller, fault: Callable[[str, str], None], result_file: str
) -> None:
    """A client that asks for the rest gets it, or all of it again if ranges are ignored."""
    whole = caller.download(result_file).content
    fault("download", "broken-stream-after-1K")
    fault("download", "ignore-range")
    with pytest.raises(LOST):
        caller.download(result_file)
    again = caller.download(result_file, headers={"Range": "bytes=1024-"})
    assert (200, whole) == (again.status_code, again.content)
    rest = caller.download(result_file, headers={"Range": "bytes=1024-"})
    assert (206, whole[1024:]) == (rest.status_code, rest.content)


def test_a_break_may_go_unnoticed(
    caller: Caller, fault: Callable[[str, str], None], result_file: str
) -> None:
    """Without a length, an early end looks like the end."""
    whole = caller.download(result_file).content
    fault("download", "close-without-length-after-100")
    short = caller.download(result_file)
    assert (200, whole[:100]) == (short.status_code, short.content)
    assert {"Content-Length", "Transfer-Encoding"}.isdisjoint(short.headers)


@pytest.mark.parametrize("operation", ["download", "get"])
def test_a_whole_reply_may_be_of_unknown_length(
    raw: socket.socket,
    caller: Caller,
    fault: Callable[[str, str], None],
    result_file: str,
    operation: str,
) -> None:
    """It ends where its connection does."""
    name = result_file.replace("files/batch-", "batches/")
    path = f"/v1beta/{name}" if operation == "get" else f"/v1beta/{result_file}:download?alt=media"
    whole = caller.call("GET", path).content
    fault(operation, "close-without-length")
    head, _, body = ask(raw, path).partition(b"\r\n\r\n")
    assert b"Content-Length" not in head
    assert b"Transfer-Encoding" not in head
    assert b"\r\nConnection: close" in head
    assert whole == body


def test_json_may_break_off_too(caller: Caller, fault: Callable[[str, str], None]) -> None:
    """Any reply can."""
    name = caller.create_inline("x")
    fault("get", "broken-stream-after-10")
    with pytest.raises(LOST):
        caller.call("GET", f"/v1beta/{name}")


@pytest.mark.parametrize("words", ["stall-after-1K", "stall=30s-after-1K"])
def test_a_download_may_stand_still(
    caller: Caller, fault: Callable[[str, str], None], result_file: str, words: str
) -> None:
    """The first bytes come, then none."""
    whole = caller.download(result_file).content
    fault("download", words)
    with caller.download(result_file, stream=True, timeout=0.3) as response:
        pieces = response.iter_content(512)
        got = next(pieces) + next(pieces)
        with pytest.raises(LOST):
            next(pieces)
    assert whole[:1024] == got


def test_a_download_may_pause(
    caller: Caller, fault: Callable[[str, str], None], result_file: str
) -> None:
    """After a while the rest comes."""
    whole = caller.download(result_file).content
    fault("download", "stall=0.1s-after-100")
    assert whole == caller.download(result_file).content


def test_a_reply_may_drip(caller: Caller, fault: Callable[[str, str], None]) -> None:
    """A few bytes at a time, and all of them in the end."""
    fault("list", "drip=1/0.01s")
    assert {} == caller.get("/v1beta/batches")


def test_a_reply_may_claim_to_be_longer(
    caller: Caller, fault: Callable[[str, str], None], result_file: str
) -> None:
    """The client waits for bytes that never come, until the connection ends."""
    fault("download", "wrong-length=+5")
    with pytest.raises(LOST):
        caller.download(result_file)


def test_a_reply_may_claim_to_be_shorter(
    raw: socket.socket, caller: Caller, fault: Callable[[str, str], None], result_file: str
) -> None:
    """More bytes come than were announced."""
    whole = caller.download(result_file).content
    fault("download", "wrong-length=-5")
    head, _, body = ask(raw, f"/v1beta/{result_file}:download?alt=media").partition(b"\r\n\r\n")
    assert f"Content-Length: {len(whole) - 5}".encode() in head
    assert whole == body


def test_json_may_claim_to_be_shorter(
    raw: socket.socket, fault: Callable[[str, str], None]
) -> None:
    """Stray bytes stay behind on the connection."""
    fault("list", "wrong-length=-1")
    head, _, body = ask(raw, "/v1beta/batches").partition(b"\r\n\r\n")
    assert b"Content-Length: 2" in head
    assert b"{}\n" == body


@pytest.mark.parametrize(
    "words",
    [
        "broken-stream-after-1M",
        "close-without-length-after-1M",
        "stall-after-1M",
        "stall=1s-after-1M",
        "wrong-length=-1000000",
    ],
)
def test_a_fault_beyond_the_end_waits_for_a_longer_reply(
    caller: Caller, fault: Callable[[str, str], None], words: str
) -> None:
    """It has not happened, and is still pending."""
    fault("list", words)
    assert {} == caller.get("/v1beta/batches")
    assert [f"list: {words}"] == caller.emulator.faults.pending
    caller.emulator.faults.clear()


# Replies that are not what they should be.


def test_json_may_be_broken(caller: Caller, fault: Callable[[str, str], None]) -> None:
    """Half of it, with 200, and the act is done."""
    fault("create", "json-broken")
    response = caller.create(BATCH)
    assert 200 == response.status_code
    with pytest.raises(requests.JSONDecodeError):
        response.json()
    assert 1 == caller.emulator.acted.count("create")


def test_json_cannot_be_broken_where_there_is_none(
    caller: Caller, fault: Callable[[str, str], None]
) -> None:
    """A chunk that is not the last is answered with headers alone; the fault waits for more."""
    url = caller.session_url(1025)
    fault("upload-chunk", "json-broken")
    assert 200 == caller.send(url, b"x" * 1024, at=0, command="upload").status_code
    assert ["upload-chunk: json-broken"] == caller.emulator.faults.pending
    with pytest.raises(requests.JSONDecodeError):
        caller.send(url, b"x", at=1024).json()


@pytest.mark.parametrize(("words", "body"), [("json-empty", b"{}\n"), ("body-empty", b"")])
def test_a_reply_may_say_nothing(
    caller: Caller, fault: Callable[[str, str], None], words: str, body: bytes
) -> None:
    """Though the batch exists."""
    fault("create", words)
    response = caller.create(BATCH)
    assert (200, body) == (response.status_code, response.content)
    assert 1 == caller.emulator.acted.count("create")


def test_json_may_be_deep(caller: Caller, fault: Callable[[str, str], None]) -> None:
    """So deep that readers give up."""
    fault("list", "json-deep=100k")
    content = caller.call("GET", "/v1beta/batches").content
    assert 2 * 100 * 1024 == len(content)
    with pytest.raises(RecursionError):
        json.loads(content)


@pytest.fixture
def shown(
    raw: socket.socket, caller: Caller, fault: Callable[[str, str], None], result_file: str
) -> Callable[..., tuple[bytes, bytes, bytes]]:
    """Return the way to read, byte by byte, a list or a download that meets a fault.

    It comes with the head of the reply, and with the body that the same reply has without.
    """

    def show(operation: str, words: str, *headers: str) -> tuple[bytes, bytes, bytes]:
        path = f"/v1beta/{result_file}:download?alt=media"
        path = path if operation == "download" else "/v1beta/batches"
        plain = caller.call("GET", path).content
        fault(operation, words)
        head, _, body = ask(raw, path, "Connection: close", *headers).partition(b"\r\n\r\n")
        if b"Transfer-Encoding: chunked" in head:
            body = unchunked(body)
        assert b"Content-Encoding: gzip" in head.split(b"\r\n")
        return head, body, plain

    return show


def unchunked(body: bytes) -> bytes:
    """Return a body without the lengths that stand before its chunks."""
    pieces: list[bytes] = []
    while body:
        size, _, rest = body.partition(b"\r\n")
        pieces.append(rest[: int(size, 16)])
        body = rest[int(size, 16) + 2 :]
    return b"".join(pieces)


GZIPPED = pytest.mark.parametrize("operation", ["list", "download"])
ACCEPTING = pytest.mark.parametrize("accepted", ["identity", "gzip"])


@GZIPPED
@ACCEPTING
def test_a_little_gzip_may_be_much(
    shown: Callable[..., tuple[bytes, bytes, bytes]], operation: str, accepted: str
) -> None:
    """What it inflates to is sound, and of the size that was asked for."""
    _, body, plain = shown(operation, "gzip-bomb=8M", f"Accept-Encoding: {accepted}")
    assert len(body) < 64 << 10
    inflated = zlib.decompress(body, zlib.MAX_WBITS + 16)
    assert 8 << 20 == len(inflated)
    assert plain == inflated[: len(plain)]
    assert b"" == inflated[len(plain) :].strip(b"\n")


def test_a_bomb_is_small_where_it_is_made(shown: Callable[..., tuple[bytes, bytes, bytes]]) -> None:
    """The emulator holds no more of it than it sends."""
    tracemalloc.start()
    try:
        shown("download", "gzip-bomb=64M")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 4 << 20


def test_a_bomb_is_never_smaller_than_its_reply(
    shown: Callable[..., tuple[bytes, bytes, bytes]],
) -> None:
    """Then it is no more than compressed."""
    _, body, plain = shown("list", "gzip-bomb=1")
    assert plain == zlib.decompress(body, zlib.MAX_WBITS + 16)


@GZIPPED
@ACCEPTING
def test_gzip_may_break_off_unseen(
    shown: Callable[..., tuple[bytes, bytes, bytes]], operation: str, accepted: str
) -> None:
    """HTTP has all of it; only whoever inflates it can see that it is too little."""
    _, body, plain = shown(operation, "gzip-truncated", f"Accept-Encoding: {accepted}")
    inflating = zlib.decompressobj(zlib.MAX_WBITS + 16)
    inflated = inflating.decompress(body)
    assert not inflating.eof
    assert plain != inflated
    assert plain.startswith(inflated)


@GZIPPED
@ACCEPTING
def test_gzip_may_be_no_more_than_claimed(
    shown: Callable[..., tuple[bytes, bytes, bytes]], operation: str, accepted: str
) -> None:
    """The body is what it always is."""
    _, body, plain = shown(operation, "gzip-claimed", f"Accept-Encoding: {accepted}")
    assert plain == body


def test_a_client_that_inflates_meets_a_claim_as_an_error(
    caller: Caller, fault: Callable[[str, str], None]
) -> None:
    """As this one does, asked or not."""
    fault("list", "gzip-claimed")
    with pytest.raises(requests.exceptions.ContentDecodingError):
        caller.get("/v1beta/batches")


def test_a_header_may_be_huge(raw: socket.socket, fault: Callable[[str, str], None]) -> None:
    """Longer than clients allow."""
    fault("list", "header-huge=100K")
    assert b"x" * 102_400 in ask(raw, "/v1beta/batches", "Connection: close")


def test_another_part_may_come_than_was_asked_for(
    caller: Caller, fault: Callable[[str, str], None], result_file: str
) -> None:
    """Or so the header says."""
    fault("download", "wrong-content-range")
    assert "Content-Range" not in caller.download(result_file).headers
    response = caller.download(result_file, headers={"Range": "bytes=5-"})
    assert (206, "bytes 0-0/1") == (response.status_code, response.headers["Content-Range"])


def test_a_range_fault_waits_for_a_range(
    caller: Caller, fault: Callable[[str, str], None], result_file: str
) -> None:
    """A whole download does not use it up."""
    fault("download", "ignore-range")
    caller.download(result_file)
    assert ["download: ignore-range"] == caller.emulator.faults.pending
    assert 200 == caller.download(result_file, headers={"Range": "bytes=5-"}).status_code


def test_a_file_may_change_between_its_parts(
    caller: Caller, fault: Callable[[str, str], None], result_file: str
) -> None:
    """The first reply and the part have different ETags; what cuts the first comes after."""
    whole = caller.download(result_file).content
    fault("download", "etag-changes")
    fault("download", "close-without-length-after-1K")
    first = caller.download(result_file)
    assert whole[:1024] == first.content
    part = caller.download(result_file, headers={"Range": "bytes=1024-"})
    assert (206, whole[1024:]) == (part.status_code, part.content)
    assert ['"first"', '"changed"'] == [one.headers["ETag"] for one in (first, part)]
    assert "ETag" not in caller.download(result_file).headers


def test_a_part_of_a_file_that_changed_is_all_of_it(
    caller: Caller, fault: Callable[[str, str], None], result_file: str
) -> None:
    """Where it was asked for only if the file is still the same."""
    whole = caller.download(result_file).content
    fault("download", "etag-changes")
    first = caller.download(result_file)
    asked = {"Range": "bytes=1024-", "If-Range": first.headers["ETag"]}
    changed = caller.download(result_file, headers=asked)
    assert (200, whole) == (changed.status_code, changed.content)
    assert '"changed"' == changed.headers["ETag"]


def test_a_file_changes_only_where_a_part_is_asked_for(
    caller: Caller, fault: Callable[[str, str], None], result_file: str
) -> None:
    """However often it is fetched whole before."""
    fault("download", "etag-changes")
    tags = [caller.download(result_file).headers["ETag"] for _ in range(2)]
    assert ['"first"'] * 2 == tags
    assert ["download: etag-changes"] == caller.emulator.faults.pending
    caller.emulator.faults.clear()


# Lists.


@pytest.mark.parametrize("path", ["/v1beta/batches", "/v1beta/files"])
@pytest.mark.parametrize(
    ("words", "empty_lists"), [("page-empty", [[]]), ("page-missing-list", list[Any]())]
)
def test_a_page_may_be_empty_and_not_the_last(
    caller: Caller,
    fault: Callable[[str, str], None],
    path: str,
    words: str,
    empty_lists: list[list[Any]],
) -> None:
    """With an empty list or with none. Whoever goes on finds what was there."""
    caller.create_from_lines(line("a", "x"))
    fault("list" if "batches" in path else "file-list", words)
    empty = caller.get(path)
    token = empty.pop("nextPageToken")
    [[name, entries]] = caller.get(path, params={"pageToken": token}).items()
    assert [(name, shown) for shown in empty_lists] == list(empty.items())
    assert 1 == len(entries)


@pytest.mark.parametrize(
    ("words", "shown"),
    [("page-empty", {"operations": list[Any]()}), ("page-missing-list", dict[str, Any]())],
)
def test_an_empty_page_keeps_the_place(
    caller: Caller, fault: Callable[[str, str], None], words: str, shown: dict[str, Any]
) -> None:
    """In the middle of a list the token leads on, not back."""
    names = [caller.create_inline("x") for _ in range(2)]
    first = caller.get("/v1beta/batches", params={"pageSize": 1})
    fault("list", words)
    token = first["nextPageToken"]
    empty = caller.get("/v1beta/batches", params={"pageSize": 1, "pageToken": token})
    assert {**shown, "nextPageToken": token} == empty
    rest = caller.get("/v1beta/batches", params={"pageToken": token})
    assert names[:1] == [operation["name"] for operation in rest["operations"]]


def test_a_page_may_name_itself_as_the_next(
    caller: Caller, fault: Callable[[str, str], None]
) -> None:
    """A client that trusts it never ends."""
    caller.create_inline("x")
    fault("list", "page-token-repeats*2")
    first = caller.get("/v1beta/batches")
    second = caller.get("/v1beta/batches", params={"pageToken": first["nextPageToken"]})
    assert first == second
    assert 1 == len(first["operations"])


def test_a_list_may_lag(caller: Caller, fault: Callable[[str, str], None]) -> None:
    """A new batch is not in the next so many lists, while older ones are."""
    old = caller.create_inline("old")
    assert 1 == len(caller.get("/v1beta/batches")["operations"])
    fault("list", "list-lag=2")
    new = caller.create_inline("new")
    shown = [
        [operation["name"] for operation in caller.get("/v1beta/batches")["operations"]]
        for _ in range(3)
    ]
    assert [[old], [old], [new, old]] == shown


def test_a_list_may_count_what_is_done_as_pending(
    caller: Caller, fault: Callable[[str, str], None]
) -> None:
    """Of batches of either kind that are done; a look at one of them tells its true counts."""
    items = [keyed("0", "x"), keyed("1", "x")]
    text = {"content": {"parts": [{"text": "x"}]}}
    embedded = {"inputConfig": inline({"request": text, "metadata": {"key": "0"}})}
    caller.create({"inputConfig": inline(*items)})
    caller.create(embedded, "asyncBatchEmbedContent")
    caller.emulator.advance(10_000)
    caller.create_inline("x")
    before, after = {}, {}
    for shown in (before, after):
        for operation in caller.get("/v1beta/batches")["operations"]:
            shown[operation["name"]] = operation
        fault("list", "stale-stats")
    caller.emulator.faults.clear()
    assert ["1", "1", "2"] == [
        operation["metadata"]["batchStats"].pop("pendingRequestCount")
        for operation in after.values()
    ]
    for name, operation in after.items():
        true = caller.operation(name)["metadata"]["batchStats"]
        assert true == before[name]["metadata"]["batchStats"]
        assert true["requestCount"] == operation["metadata"]["batchStats"].pop("requestCount")
        assert {} == operation["metadata"].pop("batchStats")
        del before[name]["metadata"]["batchStats"]
    assert before == after


def test_counts_that_are_true_cannot_be_stale(
    caller: Caller, fault: Callable[[str, str], None]
) -> None:
    """All of a batch that is pending is pending; the fault waits for one that is done."""
    fault("list", "stale-stats")
    caller.get("/v1beta/batches")
    name = caller.create_inline("x")
    caller.get("/v1beta/batches")
    assert ["list: stale-stats"] == caller.emulator.faults.pending
    caller.ended(name)
    caller.get("/v1beta/batches")


# Uploads.


def test_a_chunk_may_be_refused_half_way(caller: Caller, fault: Callable[[str, str], None]) -> None:
    """A part is kept; the upload is active and goes on from there."""
    data = bytes(range(256)) * 16
    url = caller.session_url(len(data))
    fault("upload-chunk", "return-503-after-1K")
    response = caller.send(url, data, at=0)
    assert (503, "active") == (response.status_code, response.headers["X-Goog-Upload-Status"])
    assert "1024" == caller.send(url, command="query").headers["X-Goog-Upload-Size-Received"]
    file = caller.send(url, data[1024:], at=1024).json()["file"]
    assert str(len(data)) == file["sizeBytes"]


def test_a_refused_chunk_may_say_nothing_of_the_upload(
    caller: Caller, fault: Callable[[str, str], None]
) -> None:
    """With a status header, without, or with another than usual."""
    url = caller.session_url()
    fault("upload-chunk", "return-503")
    fault("upload-chunk", "return-503/upload-status=active")
    fault("upload-chunk", "return-503-after-1/upload-status=none")
    fault("upload-chunk", "return-400-after-1/upload-status=final")
    found: list[str | None] = []
    for _ in range(4):
        at = int(caller.send(url, command="query").headers["X-Goog-Upload-Size-Received"])
        found.append(caller.send(url, b"xx", at=at).headers.get("X-Goog-Upload-Status"))
    assert [None, "active", None, "final"] == found


def test_a_chunk_may_be_lost_half_way(caller: Caller, fault: Callable[[str, str], None]) -> None:
    """A part is kept, and only a query tells."""
    url = caller.session_url(4096)
    fault("upload-chunk", "reset-after-1K")
    with pytest.raises(LOST):
        caller.send(url, b"x" * 4096, at=0)
    assert "1024" == caller.send(url, command="query").headers["X-Goog-Upload-Size-Received"]
    assert ["0+1024"] == [act.detail for act in caller.emulator.acted.of("upload-chunk")]


@pytest.mark.parametrize("words", ["return-503-after-1M", "reset-after-1M"])
def test_a_chunk_shorter_than_the_cut_is_kept_whole_and_not_finished(
    caller: Caller, fault: Callable[[str, str], None], words: str
) -> None:
    """All its bytes are there; the file is not."""
    url = caller.session_url(100)
    fault("upload-chunk", words)
    try:
        assert 503 == caller.send(url, b"x" * 100, at=0).status_code
    except LOST:
        assert "reset-after-1M" == words
    headers = caller.send(url, command="query").headers
    assert ("active", "100") == (
        headers["X-Goog-Upload-Status"],
        headers["X-Goog-Upload-Size-Received"],
    )
    assert 200 == caller.send(url, command="finalize").status_code


@pytest.mark.parametrize("words", ["return-503-after-1K", "reset-after-1K"])
def test_a_cut_waits_for_a_chunk(
    caller: Caller, fault: Callable[[str, str], None], words: str
) -> None:
    """A command without bytes cannot be cut, nor can a chunk that is refused for its place."""
    url = caller.session_url(0)
    fault("upload-chunk", words)
    assert 400 == caller.send(url, b"", at=5).status_code
    assert 200 == caller.send(url, command="finalize").status_code
    assert [f"upload-chunk: {words}"] == caller.emulator.faults.pending
    caller.emulator.faults.clear()


def test_the_reply_to_the_last_chunk_may_be_lost(
    caller: Caller, fault: Callable[[str, str], None]
) -> None:
    """The file exists; a query says that the upload is final."""
    url = caller.session_url(1, {"name": "files/mine"})
    fault("upload-chunk", "reset-after-acting")
    with pytest.raises(LOST):
        caller.send(url, b"x", at=0)
    assert "final" == caller.send(url, command="query").headers["X-Goog-Upload-Status"]
    assert "files/mine" == caller.get("/v1beta/files/mine")["name"]


def test_the_last_chunk_may_be_answered_without_the_file(
    caller: Caller, fault: Callable[[str, str], None]
) -> None:
    """Chunks before the last do not meet the fault."""
    url = caller.session_url(1025)
    fault("upload-chunk", "finalize-without-body")
    caller.send(url, b"x" * 1024, at=0, command="upload")
    assert ["upload-chunk: finalize-without-body"] == caller.emulator.faults.pending
    response = caller.send(url, b"x", at=1024)
    assert (200, b"", "final") == (
        response.status_code,
        response.content,
        response.headers["X-Goog-Upload-Status"],
    )
    assert 1 == len(caller.get("/v1beta/files")["files"])


@pytest.mark.parametrize(
    ("operation", "command"), [("upload-chunk", "upload"), ("upload-query", "query")]
)
def test_a_session_may_be_gone(
    caller: Caller, fault: Callable[[str, str], None], operation: str, command: str
) -> None:
    """From then on, for every command."""
    url = caller.session_url(1)
    fault(operation, "session-gone")
    assert 404 == caller.send(url, b"", at=0, command=command).status_code
    assert 404 == caller.send(url, command="query").status_code


@pytest.mark.parametrize("number", ["5", "0", "-1", "99999"])
def test_a_query_may_name_another_size(
    caller: Caller, fault: Callable[[str, str], None], number: str
) -> None:
    """Even an impossible one."""
    url = caller.session_url(10)
    fault("upload-query", f"claim-size-received={number}")
    headers = caller.send(url, command="query").headers
    assert number == headers["X-Goog-Upload-Size-Received"]


def test_a_query_may_name_no_size(caller: Caller, fault: Callable[[str, str], None]) -> None:
    """The status alone."""
    url = caller.session_url(10)
    fault("upload-query", "no-size-received")
    headers = caller.send(url, command="query").headers
    assert "X-Goog-Upload-Size-Received" not in headers
    assert "active" == headers["X-Goog-Upload-Status"]


@pytest.mark.parametrize("url", ["http://other.example/upload?upload_id=1", "none"])
def test_a_start_may_name_another_url_or_none(
    caller: Caller, fault: Callable[[str, str], None], url: str
) -> None:
    """Everything else is as usual."""
    fault("upload-start", f"upload-url={url}")
    headers = caller.start_upload(1).headers
    found = headers.get("X-Goog-Upload-URL")
    assert found == headers.get("X-Goog-Upload-Control-URL")
    assert (None if url == "none" else url) == found
    assert "active" == headers["X-Goog-Upload-Status"]


# The catalogue as a whole.

REQUESTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "create": ("POST", f"/v1beta/{MODEL}:batchGenerateContent", {"json": {"batch": BATCH}}),
    "get": ("GET", "/v1beta/{batch}", {}),
    "list": ("GET", "/v1beta/batches", {}),
    "cancel": ("POST", "/v1beta/{batch}:cancel", {}),
    "delete": ("DELETE", "/v1beta/{batch}", {}),
    "upload-start": (
        "POST",
        "/upload/v1beta/files",
        {"headers": {"X-Goog-Upload-Command": "start", "X-Goog-Upload-Protocol": "resumable"}},
    ),
    "upload-chunk": (
        "POST",
        "{session}",
        {
            "headers": {
                "X-Goog-Upload-Command": "upload, finalize",
                "X-Goog-Upload-Offset": "0",
            },
            "data": b"x" * 2000,
        },
    ),
    "upload-query": ("POST", "{session}", {"headers": {"X-Goog-Upload-Command": "query"}}),
    "upload-cancel": ("POST", "{session}", {"headers": {"X-Goog-Upload-Command": "cancel"}}),
    "file-get": ("GET", "/v1beta/{file}", {}),
    "file-list": ("GET", "/v1beta/files", {}),
    "file-delete": ("DELETE", "/v1beta/{file}", {}),
    "download": ("GET", "/v1beta/{results}:download?alt=media", {"headers": {"Range": "bytes=1-"}}),
}
EXAMPLES = {
    "{status}": "500",
    "{size}": "1",
    "{seconds}": "0.01s",
    "{count}": "1000",
    "{times}": "1",
    "{number}": "1",
    "{difference}": "-1",
    "{text}": "http://127.0.0.1:9/",
}


def example_of(form: str) -> str:
    """Return a fault of a form, with values that any request of some length meets."""
    for field, value in EXAMPLES.items():
        form = form.replace(field, value)
    return form


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_fault_of_an_operation_strikes(
    caller: Caller, result_file: str, operation: str
) -> None:
    """Whatever a fault does to the client, it happens once and is no longer pending."""
    method, path, options = REQUESTS[operation]
    caller.session.headers["Connection"] = "close"  # a spoilt connection is not used again
    for shape in WIRE_FAULTS.shapes:
        if operation not in shape.operations:
            continue
        known = {
            "batch": caller.create_inline("x"),
            "file": caller.upload(b"x")["name"],
            "session": caller.session_url(),
            "results": result_file,
        }
        caller.emulator.faults.add(operation, example_of(shape.form))
        with contextlib.suppress(requests.RequestException):
            caller.call(method, path.format(**known), timeout=0.2, **options)
        # A client that gave up may have done so before a busy machine came to its request.
        looks = (caller.call("GET", "/emulator/faults").json() for _ in range(1000))
        assert any([] == look["pending"] for look in looks), shape.form


def test_a_file_may_be_shown_with_another_digest(caller: Caller) -> None:
    """Of other bytes, or of the same ones in the form that is documented."""
    honest = caller.upload(b"x", name="files/a")["sha256Hash"]
    caller.emulator.faults.add("upload-chunk", "sha256-wrong")
    assert honest != caller.upload(b"x", name="files/b")["sha256Hash"]
    caller.emulator.faults.add("file-get", "sha256-of-bytes")
    shown = caller.get("/v1beta/files/a")["sha256Hash"]
    assert hashlib.sha256(b"x").digest() == base64.b64decode(shown)
    assert honest == caller.get("/v1beta/files/b")["sha256Hash"]


def test_a_file_may_be_shown_in_another_state(caller: Caller) -> None:
    """One that has failed says why; a reply without a file leaves the fault to the next."""
    caller.emulator.faults.add("file-get", "file-state=PROCESSING")
    caller.emulator.faults.add("file-get", "file-state=FAILED")
    assert 403 == caller.call("GET", "/v1beta/files/none").status_code
    caller.upload(b"x", name="files/a")
    shown = [caller.get("/v1beta/files/a") for _ in range(3)]
    assert ["PROCESSING", "FAILED", "ACTIVE"] == [file["state"] for file in shown]
    assert [None, 3, None] == [file.get("error", {}).get("code") for file in shown]
