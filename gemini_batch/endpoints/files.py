"""Files and their bytes: https://ai.google.dev/api/files."""

from __future__ import annotations

import re

import msgspec
from attrs import frozen

from .. import codec
from ..effects import Request, Response
from ..errors import ProtocolError
from ..models.file import File
from ..settings import Api
from ..text import printable
from .names import is_name, require_name
from .replies import COUNT, Page, body_of, legible, page_of, paged, require_plain


def build_file_get(api: Api, name: str) -> Request:
    """https://ai.google.dev/api/files#method:-files.get."""
    return Request("GET", api.path(require_name(name, "files")))


def parse_file(response: Response) -> File:
    """Read a ``File``, which stands here without a wrapper."""
    return read_file(body_of(response))


def read_file(body: bytes | msgspec.Raw) -> File:
    """Read a ``File``, which has a name if it has nothing else."""
    file = codec.decode(body, File)
    if is_name(file.name, "files"):
        return file
    raise ProtocolError(f"the service names a file {printable(ascii(file.name), 100)}")


def build_file_list(api: Api, page_size: int | None, page_token: str) -> Request:
    """https://ai.google.dev/api/files#method:-files.list."""
    return Request("GET", api.path(paged("files", page_size, page_token)))


def parse_file_list(response: Response) -> Page[File]:
    """Read a ``ListFilesResponse``, but for the files in it that cannot be read."""
    found, token = page_of(response, "files")
    return Page(legible(found, read_file, "file"), token)


def build_file_delete(api: Api, name: str) -> Request:
    """https://ai.google.dev/api/files#method:-files.delete."""
    return Request("DELETE", api.path(require_name(name, "files")))


def build_download(api: Api, name: str, offset: int, etag: str = "") -> Request:
    """Fetch the bytes of a generated file from ``offset`` on, if it is still the same file."""
    headers = {"range": f"bytes={offset}-"} if offset else {}
    if offset and etag:
        headers["if-range"] = etag
    return Request("GET", api.path(f"{require_name(name, 'files')}:download?alt=media"), headers)


@frozen
class Download:
    """The head of a download: where its bytes begin, and how long the file is, if that is known.

    ``stop`` is where a part of the file stops, by itself no end of the file. ``chunked`` says that
    the end of the whole of it would show, though nobody told the length (RFC 9112 §8).
    """

    start: int
    total: int | None
    etag: str
    stop: int | None = None
    chunked: bool = False


_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.ASCII)


def parse_download(response: Response) -> Download:
    """Read the head of a download (RFC 9110 §14); a range that makes no sense is refused."""
    require_plain(response)
    etag = response.headers.get("etag", "")
    if response.status == 206:
        content_range = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
        if content_range is None:
            raise ProtocolError("the service sent part of a file and does not say which")
        start, stop = int(content_range[1]), int(content_range[2]) + 1
        total = None if content_range[3] == "*" else int(content_range[3])
        if start >= stop or (total is not None and stop > total):
            raise ProtocolError("the service sent part of a file that such a part cannot be of")
        return Download(start, total, etag, stop)
    if response.status != 200:
        raise ProtocolError(f"the service answered with the unexpected status {response.status}")
    length = response.headers.get("content-length", "")
    coding = response.headers.get("transfer-encoding", "").rpartition(",")[2]
    return Download(
        0,
        int(length) if COUNT.fullmatch(length) else None,
        etag,
        chunked=coding.strip().lower() == "chunked",
    )
