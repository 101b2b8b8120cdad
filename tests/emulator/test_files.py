"""Uploads, files and downloads."""

import base64
import hashlib
import socket
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from gemini_batch.emulator import Act, Emulator
from tests.emulator.caller import LONG_AGO, Caller, jsonl, line

GRAIN = 1024
"""Granularity of the emulator of these tests."""


def status_of(response: requests.Response) -> tuple[int, str | None]:
    """Return the HTTP status and that of the upload."""
    return response.status_code, response.headers.get("X-Goog-Upload-Status")


def received(caller: Caller, url: str) -> tuple[str | None, str | None]:
    """Ask how much of an upload has arrived."""
    response = caller.send(url, command="query")
    assert 200 == response.status_code
    assert b"" == response.content
    headers = response.headers
    return headers.get("X-Goog-Upload-Status"), headers.get("X-Goog-Upload-Size-Received")


# Starting.


def test_a_start_is_answered_with_headers_alone(caller: Caller) -> None:
    """They name the session on the host the client used, and what chunks must be multiples of."""
    response = caller.start_upload(10, {"display_name": "d"})
    assert (200, b"") == (response.status_code, response.content)
    headers = response.headers
    assert "active" == headers["X-Goog-Upload-Status"]
    assert str(GRAIN) == headers["X-Goog-Upload-Chunk-Granularity"]
    url = headers["X-Goog-Upload-URL"]
    assert url == headers["X-Goog-Upload-Control-URL"]
    session = headers["X-GUploader-UploadID"]
    path = f"/upload/v1beta/files?upload_id={session}&upload_protocol=resumable"
    assert caller.emulator.url + path == url
    assert "UploadServer" == headers["Server"]
    assert "0" == headers["Content-Length"]


def test_the_usual_granularity_is_eight_mebibytes() -> None:
    """That of the service."""
    with Emulator() as emulator, Caller(emulator) as caller:
        headers = caller.start_upload(10).headers
    assert "8388608" == headers["X-Goog-Upload-Chunk-Granularity"]


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"X-Goog-Upload-Protocol": "multipart"}, "must be resumable"),
        ({"X-Goog-Upload-Header-Content-Length": "many"}, "Content-Length: 'many'"),
        ({"X-Goog-Upload-Header-Content-Length": "9" * 5000}, "Content-Length: '999"),
        ({"X-Goog-Upload-Header-Content-Length": str(2 * 1024**3 + 1)}, "exceeds the limit"),
    ],
)
def test_a_start_of_another_kind_is_refused(
    caller: Caller, headers: dict[str, str], words: str
) -> None:
    """The refusal says which header is wrong."""
    response = caller.start_upload(10, None, **headers)
    assert 400 == response.status_code
    assert words in response.json()["error"]["message"]
    assert [] == caller.emulator.acted


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("files/" + "a" * 41, "cannot be more than 40 characters"),
        ("files/Upper", "lowercase alphanumeric"),
        ("files/-a", "cannot begin or end with a dash"),
        ("files/a_b", "lowercase alphanumeric"),
    ],
)
def test_a_name_must_follow_the_rules(caller: Caller, name: str, words: str) -> None:
    """The refusal states the rule that was broken."""
    response = caller.start_upload(1, {"name": name})
    assert 400 == response.status_code
    assert words in response.json()["error"]["message"]


@pytest.mark.parametrize("name", ["files/mine-1", "mine-1"])
def test_a_name_may_be_chosen_once(caller: Caller, name: str) -> None:
    """The second file of that name is refused until the first is gone."""
    assert "files/mine-1" == caller.upload(b"x", name=name)["name"]
    again = caller.start_upload(1, {"name": name})
    assert (409, "ALREADY_EXISTS") == (again.status_code, again.json()["error"]["status"])
    caller.call("DELETE", "/v1beta/files/mine-1")
    assert "files/mine-1" == caller.upload(b"y", name=name)["name"]


def test_the_first_to_finish_takes_the_name(caller: Caller) -> None:
    """Two uploads under way may want one name; the later is refused at its end."""
    urls = [caller.session_url(1, {"name": "files/one"}) for _ in range(2)]
    assert 200 == caller.send(urls[0], b"x", at=0).status_code
    assert 409 == caller.send(urls[1], b"x", at=0).status_code


# Sending.


def test_a_file_in_one_piece(caller: Caller) -> None:
    """The reply is the file as the service describes it, wrapped."""
    data = b"hello"
    response = caller.send(
        caller.session_url(5, {"displayName": "d", "mimeType": "jsonl"}), data, at=0
    )
    assert (200, "final") == status_of(response)
    assert "application/json; charset=UTF-8" == response.headers["Content-Type"]
    assert str(len(response.content)) == response.headers["Content-Length"]
    [(wrapper, file)] = response.json().items()
    assert "file" == wrapper
    assert [
        "name",
        "displayName",
        "mimeType",
        "sizeBytes",
        "createTime",
        "updateTime",
        "expirationTime",
        "sha256Hash",
        "uri",
        "state",
        "source",
    ] == list(file)
    assert ("d", "jsonl", "5") == (file["displayName"], file["mimeType"], file["sizeBytes"])
    assert ("ACTIVE", "UPLOADED") == (file["state"], file["source"])
    assert len("files/") + 12 == len(file["name"])
    assert f"{caller.emulator.url}/v1beta/{file['name']}" == file["uri"]
    digest = hashlib.sha256(data).hexdigest().encode()
    assert digest == base64.b64decode(file["sha256Hash"])


def test_timestamps_of_files_have_the_digits_of_the_service(caller: Caller) -> None:
    """Six for creation and update, nine for expiration, which counts from the start."""
    url = caller.session_url(1)
    caller.emulator.advance(3600)
    file = caller.send(url, b"x", at=0).json()["file"]
    assert file["createTime"] == file["updateTime"]
    created = datetime.strptime(file["createTime"], "%Y-%m-%dT%H:%M:%S.%f%z")
    assert len("2026-08-19T14:34:22.044992Z") == len(file["createTime"])
    assert len("2026-08-21T14:34:21.475407640Z") == len(file["expirationTime"])
    expires = datetime.fromisoformat(file["expirationTime"][:26] + "+00:00")
    assert 47 * 3600 == round((expires - created).total_seconds())


def test_a_file_in_many_pieces(caller: Caller) -> None:
    """Chunks follow one another; each is answered with nothing but its status."""
    data = bytes(range(256)) * 10
    url = caller.session_url(len(data))
    for start in (0, GRAIN):
        response = caller.send(url, data[start : start + GRAIN], at=start, command="upload")
        assert (200, "active") == status_of(response)
        assert b"" == response.content
    file = caller.send(url, data[2 * GRAIN :], at=2 * GRAIN).json()["file"]
    assert str(len(data)) == file["sizeBytes"]
    digest = hashlib.sha256(data).hexdigest().encode()
    assert digest == base64.b64decode(file["sha256Hash"])
    name = file["name"]
    assert [
        Act("upload-chunk", name, f"0+{GRAIN}"),
        Act("upload-chunk", name, f"{GRAIN}+{GRAIN}"),
        Act("upload-chunk", name, f"{2 * GRAIN}+{len(data) - 2 * GRAIN}, final"),
    ] == caller.emulator.acted.of("upload-chunk")


def test_finalize_may_come_alone(caller: Caller) -> None:
    """When every byte is there."""
    url = caller.session_url(GRAIN)
    caller.send(url, b"x" * GRAIN, at=0, command="upload")
    response = caller.send(url, command="finalize")
    assert (200, "final") == status_of(response)
    assert str(GRAIN) == response.json()["file"]["sizeBytes"]


def test_an_empty_file_is_a_file(caller: Caller) -> None:
    """One final chunk of nothing; its size, being zero, is left out."""
    file = caller.send(caller.session_url(0), b"", at=0).json()["file"]
    assert "sizeBytes" not in file
    assert hashlib.sha256(b"").hexdigest().encode() == base64.b64decode(file["sha256Hash"])


def test_the_kind_of_a_file_may_stand_in_a_header(caller: Caller) -> None:
    """Clients that send no kind in the body send it there."""
    kind = {"X-Goog-Upload-Header-Content-Type": "application/jsonl"}
    url = caller.start_upload(1, {"display_name": "d"}, **kind).headers["X-Goog-Upload-URL"]
    assert "application/jsonl" == caller.send(url, b"x", at=0).json()["file"]["mimeType"]


def test_headers_of_the_start_may_be_repeated_on_chunks(caller: Caller) -> None:
    """The official Python client does so, and calls its bytes JSON."""
    url = caller.session_url(2)
    headers = {
        "Content-Type": "application/json",
        "X-Goog-Upload-Protocol": "resumable",
        "X-Goog-Upload-Header-Content-Length": "2",
        "X-Goog-Upload-Command": "upload, finalize",
        "X-Goog-Upload-Offset": "0",
    }
    assert 200 == caller.call("POST", url, data=b"{}", headers=headers).status_code


@pytest.mark.parametrize("offset", [0, 2 * GRAIN, None])
def test_a_chunk_at_the_wrong_place_is_refused(caller: Caller, offset: int | None) -> None:
    """The upload stays active and keeps what it had."""
    url = caller.session_url(3 * GRAIN)
    caller.send(url, b"x" * GRAIN, at=0, command="upload")
    response = caller.send(url, b"y" * GRAIN, at=offset, command="upload")
    assert (400, "active") == status_of(response)
    assert "offset" in response.json()["error"]["message"]
    assert ("active", str(GRAIN)) == received(caller, url)


@pytest.mark.parametrize("chunk", [b"x" * GRAIN + b"y", iter([b"x" * GRAIN, b"y"])])
def test_a_chunk_must_be_a_multiple_unless_it_is_the_last(caller: Caller, chunk: Any) -> None:
    """Nothing of a chunk of another size is kept, whether it named its length or not."""
    url = caller.session_url()
    response = caller.send(url, chunk, at=0, command="upload")
    assert (400, "active") == status_of(response)
    assert f"multiple of {GRAIN} bytes" in response.json()["error"]["message"]
    assert ("active", "0") == received(caller, url)
    file = caller.send(url, jsonl(line("a", "x")), at=0).json()["file"]
    batch = caller.create({"inputConfig": {"fileName": file["name"]}}).json()
    assert "1" == batch["metadata"]["batchStats"]["requestCount"]


def test_a_chunk_may_bring_the_upload_back_to_a_multiple(caller: Caller) -> None:
    """After a broken chunk the rest of it is a chunk as well."""
    url = caller.session_url(2 * GRAIN)
    caller.emulator.faults.add("upload-chunk", "return-503-after-100")
    caller.send(url, b"x" * GRAIN, at=0, command="upload")
    response = caller.send(url, b"x" * (GRAIN - 100), at=100, command="upload")
    assert (200, "active") == status_of(response)


def test_a_chunk_that_was_refused_has_no_part_in_the_digest(caller: Caller) -> None:
    """Its length shows only when all of it is here; the upload goes on as if it had not come."""
    data = bytes(range(256)) * 5
    url = caller.session_url(len(data))
    pieces = (data[:GRAIN], b"more")
    refused = caller.send(url, iter(pieces), at=0, command="upload")
    assert (400, "active") == status_of(refused)
    assert ("active", "0") == received(caller, url)
    caller.send(url, data[:GRAIN], at=0, command="upload")
    file = caller.send(url, data[GRAIN:], at=GRAIN).json()["file"]
    assert hashlib.sha256(data).hexdigest() == base64.b64decode(file["sha256Hash"]).decode()


def test_more_bytes_than_announced_are_refused(caller: Caller) -> None:
    """The announced length is the length."""
    response = caller.send(caller.session_url(3), b"four", at=0)
    assert (400, "active") == status_of(response)
    assert "announced" in response.json()["error"]["message"]


def test_fewer_bytes_than_announced_do_not_make_a_file(caller: Caller) -> None:
    """The upload stays open for the rest."""
    url = caller.session_url(5)
    assert (400, "active") == status_of(caller.send(url, b"four", at=0))
    assert ("active", "4") == received(caller, url)
    assert 200 == caller.send(url, b"!", at=4).status_code


@pytest.mark.parametrize("command", ["", "dance", "upload, dance"])
def test_an_unknown_command_is_refused(caller: Caller, command: str) -> None:
    """The upload stays as it is."""
    response = caller.send(caller.session_url(1), b"x", at=0, command=command)
    assert (400, "active") == status_of(response)


def test_a_finished_upload_takes_no_more(caller: Caller) -> None:
    """Its status says so, to chunks and to queries."""
    url = caller.session_url(1)
    caller.send(url, b"x", at=0)
    assert (400, "final") == status_of(caller.send(url, b"x", at=0))
    assert ("final", "1") == received(caller, url)


def test_an_upload_may_be_cancelled(caller: Caller) -> None:
    """What has arrived is thrown away; cancelling again changes nothing."""
    url = caller.session_url(2 * GRAIN)
    caller.send(url, b"x" * GRAIN, at=0, command="upload")
    for _ in range(2):
        assert (200, "cancelled") == status_of(caller.send(url, command="cancel"))
    assert (400, "cancelled") == status_of(caller.send(url, b"x", at=GRAIN))
    assert 1 == caller.emulator.acted.count("upload-cancel")
    assert {} == caller.get("/v1beta/files")


@pytest.mark.parametrize("command", ["query", "upload", "cancel", "finalize"])
def test_an_unknown_session_is_not_found(caller: Caller, command: str) -> None:
    """It carries no status: there is no upload to have one."""
    url = "/upload/v1beta/files?upload_id=nobody&upload_protocol=resumable"
    assert (404, None) == status_of(caller.send(url, b"", at=0, command=command))


def send_a_part(caller: Caller, url: str) -> socket.socket:
    """Send the first hundred bytes of a last chunk, and wait until they have arrived."""
    host, port = caller.emulator.url.removeprefix("http://").split(":")
    head = (
        f"POST {url.partition(port)[2]} HTTP/1.1\r\nHost: x\r\nContent-Length: {GRAIN}\r\n"
        "X-Goog-Upload-Command: upload, finalize\r\nX-Goog-Upload-Offset: 0\r\n\r\n"
    )
    connection = socket.create_connection((host, int(port)), timeout=5)
    connection.sendall(head.encode() + b"x" * 100)
    assert any(("active", "100") == received(caller, url) for _ in range(1000))
    return connection


def test_an_upload_takes_one_chunk_at_a_time(caller: Caller) -> None:
    """A second one meanwhile is told to come back; the first is not disturbed."""
    url = caller.session_url(GRAIN)
    with send_a_part(caller, url) as connection:
        assert (503, "active") == status_of(caller.send(url, b"x" * (GRAIN - 100), at=100))
        connection.sendall(b"x" * (GRAIN - 100))
        assert connection.recv(1024).startswith(b"HTTP/1.1 200 OK")
    assert ("final", str(GRAIN)) == received(caller, url)


def test_an_upload_cancelled_meanwhile_becomes_no_file(caller: Caller) -> None:
    """The chunk that was on its way is refused, and nothing is kept of it."""
    url = caller.session_url(GRAIN)
    with send_a_part(caller, url) as connection:
        assert (200, "cancelled") == status_of(caller.send(url, command="cancel"))
        connection.sendall(b"x" * (GRAIN - 100))
        assert connection.recv(1024).startswith(b"HTTP/1.1 400 ")
    assert {} == caller.get("/v1beta/files")


def test_bytes_that_arrived_before_the_client_left_are_kept(caller: Caller) -> None:
    """A query tells how many; the upload goes on from there."""
    url = caller.session_url(GRAIN)
    send_a_part(caller, url).close()
    rest = (caller.send(url, b"x" * (GRAIN - 100), at=100) for _ in range(1000))
    # Until the service has seen the first client go, the upload is busy with its chunk.
    response = next(one for one in rest if one.status_code != 503)
    assert str(GRAIN) == response.json()["file"]["sizeBytes"]


# Files.


def test_a_file_is_shown_unwrapped(caller: Caller) -> None:
    """Get and list show the same resource that the upload showed wrapped."""
    file = caller.upload(b"x", display_name="d")
    assert file == caller.get(f"/v1beta/{file['name']}")
    assert {"files": [file]} == caller.get("/v1beta/files")


@pytest.mark.parametrize("verb", ["GET", "DELETE"])
def test_a_missing_file_is_forbidden(caller: Caller, verb: str) -> None:
    """403, never 404."""
    response = caller.call(verb, "/v1beta/files/abc123")
    assert {
        "error": {
            "code": 403,
            "message": "You do not have permission to access the File abc123 or it may not exist.",
            "status": "PERMISSION_DENIED",
        }
    } == response.json()


@pytest.mark.parametrize(("verb", "message"), [("GET", "Get"), ("DELETE", "Delete")])
def test_the_id_of_a_result_file_is_too_long(caller: Caller, verb: str, message: str) -> None:
    """Only its download is possible."""
    error = caller.call(verb, f"/v1beta/files/batch-{'a' * 36}").json()["error"]
    assert 400 == error["code"]
    assert (
        f"* {message}FileRequest.name: File ID (name excluding 'files/') cannot be more than "
        "40 characters.\n"
    ) == error["message"]


def test_a_deleted_file_is_gone(caller: Caller) -> None:
    """Its deletion is answered with an empty object."""
    file = caller.upload(b"x")
    assert "{}\n" == caller.call("DELETE", f"/v1beta/{file['name']}").text
    assert 403 == caller.call("GET", f"/v1beta/{file['name']}").status_code
    assert [Act("file-delete", file["name"])] == caller.emulator.acted.of("file-delete")


def test_a_file_expires_after_two_days(caller: Caller) -> None:
    """Then it is as if it had never been."""
    file = caller.upload(b"x")
    caller.emulator.advance(48 * 3600 - 1)
    assert 200 == caller.call("GET", f"/v1beta/{file['name']}").status_code
    caller.emulator.advance(1)
    assert 403 == caller.call("GET", f"/v1beta/{file['name']}").status_code
    assert {} == caller.get("/v1beta/files")


def test_an_expired_file_can_be_made_anew(caller: Caller) -> None:
    """Under the same name, which is free again; the older one takes nothing of it along."""
    first = caller.upload(b"x", name="files/mine")
    caller.emulator.advance(48 * 3600)
    second = caller.upload(b"yy", name="files/mine")
    assert first["name"] == second["name"]
    assert "2" == caller.get("/v1beta/files/mine")["sizeBytes"]
    caller.emulator.advance(48 * 3600 - 1)
    assert ["files/mine"] == [one["name"] for one in caller.get("/v1beta/files")["files"]]


def test_a_page_holds_a_hundred_files_at_most(caller: Caller) -> None:
    """However many are asked for; the next one goes on where it ends."""
    names = [caller.upload(b"x")["name"] for _ in range(101)]
    first = caller.get("/v1beta/files", params={"pageSize": 101})
    assert names[:0:-1] == [one["name"] for one in first["files"]]
    token = {"pageSize": 101, "pageToken": first["nextPageToken"]}
    assert [{"files": [caller.get(f"/v1beta/{names[0]}")]}] == [
        caller.get("/v1beta/files", params=token)
    ]


def test_files_are_listed_newest_first_ten_a_page(caller: Caller) -> None:
    """Ten unless another number is asked for, and never above a hundred."""
    names = [caller.upload(b"x")["name"] for _ in range(12)]
    first = caller.get("/v1beta/files")
    assert names[:1:-1] == [file["name"] for file in first["files"]]
    rest = caller.get("/v1beta/files", params={"pageToken": first["nextPageToken"]})
    assert names[1::-1] == [file["name"] for file in rest["files"]]
    assert "nextPageToken" not in rest
    assert 12 == len(caller.get("/v1beta/files", params={"pageSize": 1000})["files"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pageSize", "9" * 5000),
        ("pageToken", base64.urlsafe_b64encode(b"9" * 5000).decode()),
        ("pageToken", base64.urlsafe_b64encode(b" 1_0").decode()),
    ],
    ids=["size", "token", "python"],
)
def test_a_page_is_asked_for_in_numbers_of_some_length(
    caller: Caller, name: str, value: str
) -> None:
    """A number that is too long for 64 bits is none."""
    response = caller.call("GET", "/v1beta/files", params={name: value})
    assert (400, "INVALID_ARGUMENT") == (
        response.status_code,
        response.json()["error"]["status"],
    )


# Downloads.


@pytest.fixture
def result_file(caller: Caller) -> str:
    """Return the name of a result file."""
    name = caller.create_from_lines(*(line(str(number), "x" * 100) for number in range(20)))
    return str(caller.ended(name)["response"]["responsesFile"])


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder in which emulators keep theirs."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_both_paths_lead_to_the_bytes(caller: Caller, result_file: str) -> None:
    """Clients use either."""
    plain = caller.download(result_file)
    other = caller.call("GET", f"/download/v1beta/{result_file}:download?alt=media")
    assert plain.content == other.content
    assert 20 == plain.content.count(b"\n")
    assert str(len(plain.content)) == plain.headers["Content-Length"]


def test_without_alt_media_there_are_no_bytes(caller: Caller, result_file: str) -> None:
    """An empty message instead."""
    assert {} == caller.get(f"/v1beta/{result_file}:download")


def test_result_files_are_not_listed(caller: Caller, result_file: str) -> None:
    """A list of files shows what was uploaded."""
    names = [file["name"] for file in caller.get("/v1beta/files")["files"]]
    assert result_file not in names
    assert 1 == len(names)


def test_an_uploaded_file_cannot_be_downloaded(caller: Caller) -> None:
    """Only generated files can; a missing file is forbidden here too."""
    file = caller.upload(b"x")
    assert 400 == caller.download(file["name"]).status_code
    assert 403 == caller.download("files/nobody").status_code


def test_a_result_file_is_not_there_before_its_time(caller: Caller) -> None:
    """An unfinished batch, an inline batch and an unknown batch have none."""
    by_file = caller.create_from_lines(line("a", "x"))
    by_inline = caller.create_inline("x")
    early = caller.download(by_file.replace("batches/", "files/batch-"))
    caller.emulator.advance(60)
    none = caller.download(by_inline.replace("batches/", "files/batch-"))
    unknown = caller.download(f"files/batch-{'a' * 36}")
    assert [404, 404, 404] == [one.status_code for one in (early, none, unknown)]


def test_a_result_file_expires(stored: Path) -> None:
    """Two days after its batch ended, whenever it was looked at; then it takes no room any more."""
    with (
        Emulator(clock="manual", pending_seconds=10, running_seconds=20) as emulator,
        Caller(emulator) as caller,
    ):
        name = caller.create_from_lines(line("a", "x"))
        result_file = caller.ended(name)["response"]["responsesFile"]
        emulator.advance(30 + 48 * 3600 - LONG_AGO - 1)
        assert 200 == caller.download(result_file).status_code
        assert 1 == len([*stored.glob("*/results-*")])
        emulator.advance(1)
        assert 404 == caller.download(result_file).status_code
        assert [] == [*stored.glob("*/results-*")]
        assert 404 == caller.download(result_file).status_code
        assert result_file == caller.operation(name)["response"]["responsesFile"]


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-9", 0, 9),
        ("bytes=10-", 10, -1),
        ("bytes=-7", -7, -1),
        ("bytes=5-999999", 5, -1),
        ("bytes=-999999", 0, -1),
    ],
)
def test_a_part_may_be_asked_for(
    caller: Caller, result_file: str, asked: str, first: int, last: int
) -> None:
    """The reply says which part it is."""
    whole = caller.download(result_file).content
    response = caller.download(result_file, headers={"Range": asked})
    assert 206 == response.status_code
    size = len(whole)
    first, last = first % size, last % size
    assert whole[first : last + 1] == response.content
    assert f"bytes {first}-{last}/{size}" == response.headers["Content-Range"]


@pytest.mark.parametrize(
    "asked",
    [
        *("bytes=9-5", "bytes=1-2,4-5", "bytes=-", "lines=1-2", "junk"),
        *(f"bytes={'9' * 5000}-", f"bytes=-{'9' * 5000}", f"bytes=0-{'9' * 5000}"),
    ],
)
def test_a_range_that_is_none_is_ignored(caller: Caller, result_file: str, asked: str) -> None:
    """The whole file comes, with 200."""
    response = caller.download(result_file, headers={"Range": asked})
    assert 200 == response.status_code
    assert 20 == response.content.count(b"\n")


@pytest.mark.parametrize("past", [0, 5])
def test_a_part_behind_the_end_is_none(caller: Caller, result_file: str, past: int) -> None:
    """416, with the size that there is."""
    size = len(caller.download(result_file).content)
    response = caller.download(result_file, headers={"Range": f"bytes={size + past}-"})
    assert 416 == response.status_code
    assert f"bytes */{size}" == response.headers["Content-Range"]
