"""Uploads, by Google's resumable protocol: https://ai.google.dev/api/files#method:-media.upload."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec
from attrs import field, frozen

from .. import codec, rawjson
from ..effects import Request, Response
from ..errors import ProtocolError
from ..log import log
from ..models.file import File
from ..settings import DEFAULT_ORIGIN, Api
from ..text import printable
from .names import require_name
from .replies import COUNT, JSON, require_plain

DEFAULT_GRANULARITY = 8 << 20
"""Bytes an upload chunk is a multiple of, where the service does not say."""

MOST_GRANULARITY = 64 << 20
"""Bytes an upload chunk may have to be a multiple of, for each chunk is held in memory."""


def build_upload_start(api: Api, name: str, display_name: str, size: int, mime: str) -> Request:
    """Begin an upload; the reply names the session and says how large chunks must be."""
    headers = {
        **JSON,
        "x-goog-upload-protocol": "resumable",
        "x-goog-upload-command": "start",
        "x-goog-upload-header-content-length": str(size),
        "x-goog-upload-header-content-type": mime,
    }
    file = {"name": require_name(name, "files"), "mimeType": mime}
    if display_name:
        file["displayName"] = display_name
    path = api.path("files", service="/upload")
    return Request("POST", path, headers, msgspec.json.encode({"file": file}))


@frozen
class UploadSession:
    """An upload begun: its ``path`` is a secret that lets anybody write to it."""

    path: str = field(repr=False)
    granularity: int = DEFAULT_GRANULARITY


def parse_upload_start(response: Response, api: Api) -> UploadSession:
    """Read the session; its URL is used on our own origin only, whatever host it names."""
    found = response.headers.get("x-goog-upload-url", "")
    try:
        url = urlsplit(found)
        origin = f"{url.scheme}://{url.netloc}"
    except ValueError:
        origin, url = "", urlsplit("")
    if not found:
        raise ProtocolError("the service began an upload without the header X-Goog-Upload-URL")
    host = url.netloc.rpartition("@")[2]
    if origin not in {api.origin, DEFAULT_ORIGIN} or not url.path.startswith("/"):
        raise ProtocolError(
            f"the service wants the upload to go to {printable(host, 100)}, "
            "which is neither its own host nor Google's; nothing was sent there"
        )
    prefix = "" if origin == api.origin else api.prefix
    granularity = response.headers.get("x-goog-upload-chunk-granularity", "")
    size = int(granularity) if COUNT.fullmatch(granularity) else 0
    if size > MOST_GRANULARITY:
        raise ProtocolError(
            f"the service wants chunks of {size} bytes, and {MOST_GRANULARITY} are the most that "
            "are held in memory"
        )
    return UploadSession(f"{prefix}{url.path}?{url.query}", size or DEFAULT_GRANULARITY)


def build_chunk(session: UploadSession, offset: int, chunk: bytes, *, last: bool) -> Request:
    """Send bytes; the last chunk may have any length, the others a multiple of the granularity."""
    headers = {
        "x-goog-upload-command": "upload, finalize" if last else "upload",
        "x-goog-upload-offset": str(offset),
        "content-type": "application/octet-stream",
    }
    return Request("POST", session.path, headers, chunk, keyed=False)


def build_query(session: UploadSession) -> Request:
    """Ask how many bytes of an upload have arrived."""
    headers = {"x-goog-upload-command": "query"}
    return Request("POST", session.path, headers, keyed=False)


@frozen
class Received:
    """How far an upload came: ``file`` is there once it is whole and its reply was not lost."""

    final: bool
    size: int | None = None
    file: File | None = None


def parse_received(response: Response) -> Received:
    """Read the reply to a chunk or a query.

    The last one may say no more than that the upload is over: its file can be looked up.
    """
    status = response.headers.get("x-goog-upload-status", "")
    if status == "final":
        try:
            return Received(final=True, file=_file_in(response))
        except ProtocolError as error:
            log.info("the reply to the end of an upload cannot be read: %s", error)
            return Received(final=True)
    size = response.headers.get("x-goog-upload-size-received", "")
    if size and not COUNT.fullmatch(size):
        raise ProtocolError("the service says that less than nothing of the upload arrived")
    return Received(final=False, size=int(size) if size else None)


def _file_in(response: Response) -> File | None:
    if not response.body.strip():
        return None
    require_plain(response)
    members = rawjson.members(response.body)
    return codec.decode(members["file"], File) if "file" in members else None
