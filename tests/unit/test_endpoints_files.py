"""Files and their bytes, as the service tells of them."""

import logging

import pytest

from gemini_batch.effects import Request, Response
from gemini_batch.endpoints import files
from gemini_batch.endpoints.files import Download
from gemini_batch.errors import (
    ProtocolError,
)
from gemini_batch.models.file import FileState
from tests import payloads
from tests.unit.exchanges import API, ok


def test_a_file_is_read() -> None:
    """It has no wrapper here."""
    file = files.parse_file(ok(payloads.file()))
    assert ("files/u8w2k5n1", 73519, FileState.ACTIVE) == (file.name, file.size_bytes, file.state)


def test_a_page_of_files_is_read() -> None:
    """In the order of the service, with the token of the next one."""
    second = {**payloads.file(), "name": "files/b"}
    page = files.parse_file_list(ok({"files": [payloads.file(), second], "nextPageToken": "t"}))
    assert (["files/u8w2k5n1", "files/b"], "t") == (
        [one.name for one in page.items],
        page.next_page_token,
    )
    assert files.parse_file(ok(payloads.file())) == page.items[0]


@pytest.mark.parametrize("body", [b"", b"{}", b'{"files": []}', b'{"files": null}'])
def test_an_empty_page_of_files_is_read(body: bytes) -> None:
    """Where there is nothing to tell, every member is absent."""
    page = files.parse_file_list(Response(200, {}, body))
    assert ((), "") == (page.items, page.next_page_token)


@pytest.mark.parametrize("body", [b"[]", b"x", b'{"files": {}}', b'{"nextPageToken": 7}'])
def test_what_is_no_page_of_files_breaks_the_contract(body: bytes) -> None:
    """An end of the list is not made up."""
    with pytest.raises(ProtocolError):
        files.parse_file_list(Response(200, {}, body))


def test_a_file_that_cannot_be_read_hides_no_others(caplog: pytest.LogCaptureFixture) -> None:
    """It is left out with a warning."""
    page = ok({"files": [{"name": "files/a", "sizeBytes": "many"}, 7, {"name": "files/b"}]})
    with caplog.at_level(logging.WARNING, "gemini_batch"):
        assert ["files/b"] == [one.name for one in files.parse_file_list(page).items]
    assert 2 == len(caplog.messages)


# Downloads


@pytest.mark.parametrize(
    ("offset", "etag", "headers"),
    [
        (0, "", {}),
        (0, '"v1"', {}),
        (500, "", {"range": "bytes=500-"}),
        (500, '"v1"', {"range": "bytes=500-", "if-range": '"v1"'}),
    ],
)
def test_a_download_begins_where_the_last_one_ended(
    offset: int, etag: str, headers: dict[str, str]
) -> None:
    """Only of the same file, where that can be told."""
    path = f"/gemini/v1beta/{payloads.RESULTS_FILE}:download?alt=media"
    request = files.build_download(API, payloads.RESULTS_FILE, offset, etag)
    assert Request("GET", path, headers) == request


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (200, {}, Download(0, None, "")),
        (200, {"content-length": "1000", "etag": '"v1"'}, Download(0, 1000, '"v1"')),
        (200, {"content-length": "0"}, Download(0, 0, "")),
        (200, {"content-length": "many"}, Download(0, None, "")),
        (200, {"content-length": "-1"}, Download(0, None, "")),
        (200, {"content-encoding": "identity"}, Download(0, None, "")),
        (200, {"transfer-encoding": "chunked"}, Download(0, None, "", chunked=True)),
        (200, {"transfer-encoding": "gzip, Chunked"}, Download(0, None, "", chunked=True)),
        (200, {"transfer-encoding": "chunked, gzip"}, Download(0, None, "")),
        (206, {"content-range": "bytes 500-999/1000"}, Download(500, 1000, "", 1000)),
        (206, {"content-range": "bytes 0-0/*"}, Download(0, None, "", 1)),
        (
            206,
            {"content-range": "bytes 500-799/*", "etag": '"v1"', "transfer-encoding": "chunked"},
            Download(500, None, '"v1"', 800),
        ),
    ],
)
def test_the_head_of_a_download_is_read(
    status: int, headers: dict[str, str], expected: Download
) -> None:
    """Where its bytes begin, and where they stop if that is told or would show."""
    assert expected == files.parse_download(Response(status, headers))


@pytest.mark.parametrize(
    "content_range",
    [
        *(None, "", "bytes */1000", "bytes 500-/1000", "bytes -500/1000", "items 0-1/2"),
        *("bytes 500-999", "bytes 500-999/x", "bytes a-b/c", "bytes \u0663-9/10", "bytes=0-1/2"),
    ],
)
def test_a_part_that_does_not_say_which_is_refused(content_range: str | None) -> None:
    """Bytes are never put where they may not belong."""
    headers = {} if content_range is None else {"content-range": content_range}
    with pytest.raises(ProtocolError, match="does not say which"):
        files.parse_download(Response(206, headers))


@pytest.mark.parametrize("content_range", ["bytes 5-4/9", "bytes 5-4/*", "bytes 5-9/9"])
def test_a_part_of_no_file_is_refused(content_range: str) -> None:
    """It stops before it starts, or after the file does."""
    with pytest.raises(ProtocolError, match="cannot be of"):
        files.parse_download(Response(206, {"content-range": content_range}))


@pytest.mark.parametrize("status", [201, 202, 203, 204])
def test_another_success_is_no_download(status: int) -> None:
    """Only 200 and 206 have bytes of the file."""
    with pytest.raises(ProtocolError, match=f"the unexpected status {status}"):
        files.parse_download(Response(status))


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate, gzip"])
def test_a_compressed_download_is_refused(encoding: str) -> None:
    """Its length and offsets would be those of something else."""
    with pytest.raises(ProtocolError, match="compressed"):
        files.parse_download(Response(200, {"content-encoding": encoding}))
