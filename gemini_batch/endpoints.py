"""One pair of pure functions per REST method: ``build_…`` a request, ``parse_…`` its reply.

https://ai.google.dev/api/batch-api and https://ai.google.dev/api/files, and for uploads Google's
resumable protocol of the ``X-Goog-Upload-…`` headers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import quote, urlsplit

import msgspec
from attrs import field, frozen

from . import codec
from .effects import Request, Response
from .errors import (
    ApiError,
    AuthenticationError,
    ProtocolError,
    UsageError,
    api_error_class,
)
from .labels import split_display_name
from .models.file import File
from .models.operation import BatchMetadata, BatchOperation, BatchState, BatchStats
from .models.status import Status
from .retry import retry_after
from .settings import DEFAULT_ORIGIN, Api
from .text import printable

_JSON = {"content-type": "application/json"}
_NAME = re.compile(r"(batches|files)/[A-Za-z0-9_-]{1,64}", re.ASCII)
_MODEL = re.compile(r"(models|tunedModels)/[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)
DEFAULT_GRANULARITY = 8 << 20
"""Bytes an upload chunk is a multiple of, where the service does not say."""


def require_name(name: str, collection: str) -> str:
    """Return a resource name if it is one; anything else never becomes a part of a URL."""
    if _is_name(name, collection):
        return name
    raise UsageError(f"{printable(ascii(name), 100)} is not a name like {collection}/abc123")


def _is_name(name: str, collection: str) -> bool:
    return _NAME.fullmatch(name) is not None and name.startswith(f"{collection}/")


def require_model(model: str | None) -> str:
    """Return the resource name of a model, which may be given with or without ``models/``."""
    if not model:
        raise UsageError("no model: give model=…, such as 'gemini-2.5-flash'")
    name = model if "/" in model else f"models/{model}"
    if _MODEL.fullmatch(name):
        return name
    raise UsageError(f"{printable(ascii(model), 100)} is not the name of a model")


def accept(response: Response, api: Api, request: Request | None = None) -> Response:
    """Return a reply that says success; raise the error that any other stands for.

    The error names what the ``request`` was about.
    """
    if 200 <= response.status < 300:
        return response
    if response.status >= 400:
        raise api_error(response, api, "" if request is None else subject_of(request))
    if 300 <= response.status < 400:
        host = _host(response.headers.get("location", ""))
        raise ProtocolError(
            f"the service redirects to {printable(host, 100) or 'nowhere'}; redirects are not "
            "followed, because the API key would go with them. Check the base URL"
        )
    raise ProtocolError(f"the service answered with the unexpected status {response.status}")


def _host(url: str) -> str:
    """Return the host that a URL names, if it names one."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:
        return ""


def _body(response: Response) -> bytes:
    """Return the body of a reply that should have one: 200 is the only success there is."""
    if response.status != 200:
        raise ProtocolError(f"the service answered with the unexpected status {response.status}")
    return response.body


def subject_of(request: Request) -> str:
    """Return the resource that a request is about, such as ``batches/abc``, if it is about one."""
    found = _SUBJECT.search(request.path)
    return "" if found is None else found[1]


_SUBJECT = re.compile(r"/((?:batches|files|models|tunedModels)/[A-Za-z0-9._-]+)", re.ASCII)


def api_error(response: Response, api: Api, subject: str = "") -> ApiError:
    """Return the error that a reply of 400 or above describes (AIP-193), whatever its body."""
    envelope = _envelope(response.body)
    found = envelope.get("details")
    details = tuple(
        cast("dict[str, Any]", one)
        for one in (cast("list[object]", found) if isinstance(found, list) else [])
        if isinstance(one, dict)
    )
    message = str(envelope.get("message") or "") or response.body[:2000].decode("utf-8", "replace")
    reason = next((str(one["reason"]) for one in details if one.get("reason")), "")
    kind = api_error_class(response.status, reason)
    if response.status == 403 and "unregistered callers" in message:
        kind = AuthenticationError
    advice = (
        f"Check the API key: it came from {api.key_source}" if kind is AuthenticationError else ""
    )
    return kind(
        response.status,
        str(envelope.get("status") or ""),
        message,
        details,
        retry_after(response.headers, details),
        advice,
        subject,
    )


def _envelope(body: bytes) -> Mapping[str, Any]:
    """Return the ``error`` of a body; a list around it is taken off, anything else is nothing."""
    try:
        tree = codec.parse(body)
    except ProtocolError:
        return {}
    if isinstance(tree, list) and tree:
        tree = cast("list[object]", tree)[0]
    error = cast("dict[str, object]", tree).get("error") if isinstance(tree, dict) else None
    return cast("dict[str, Any]", error) if isinstance(error, dict) else {}


# Batches


def build_create(api: Api, model: str, body: bytes, read_timeout: float) -> Request:
    """https://ai.google.dev/api/batch-api#method:-models.batchgeneratecontent."""
    path = api.path(f"{require_model(model)}:batchGenerateContent")
    return Request("POST", path, dict(_JSON), body, read_timeout=read_timeout)


def file_batch(display_name: str, file_name: str) -> bytes:
    """Return the body of a create whose requests are in a file."""
    batch = {"displayName": display_name, "inputConfig": {"fileName": file_name}}
    return msgspec.json.encode({"batch": batch})


def inline_batch(display_name: str, requests: bytes) -> bytes:
    """Return the body of a create around its ``requests``, a JSON array already encoded.

    The message ``InlinedRequests`` has a member of its own name, hence the double nesting.
    """
    inlined = {"requests": {"requests": msgspec.Raw(requests)}}
    return msgspec.json.encode({"batch": {"displayName": display_name, "inputConfig": inlined}})


def build_get(api: Api, name: str) -> Request:
    """https://ai.google.dev/api/batch-api#method:-batches.get."""
    return Request("GET", api.path(require_name(name, "batches")))


def build_cancel(api: Api, name: str) -> Request:
    """https://ai.google.dev/api/batch-api#method:-batches.cancel."""
    return Request("POST", api.path(f"{require_name(name, 'batches')}:cancel"), dict(_JSON), b"{}")


def build_delete(api: Api, name: str) -> Request:
    """https://ai.google.dev/api/batch-api#method:-batches.delete."""
    return Request("DELETE", api.path(require_name(name, "batches")))


def build_list(api: Api, page_size: int, page_token: str) -> Request:
    """https://ai.google.dev/api/batch-api#method:-batches.list."""
    query = f"pageSize={page_size}"
    if page_token:
        query += f"&pageToken={quote(page_token, safe='')}"
    return Request("GET", api.path(f"batches?{query}"))


@frozen
class Look:
    """A batch, and the results that came with it, if they do not come in a file."""

    operation: BatchOperation
    inlined: tuple[msgspec.Raw, ...] = ()


@frozen
class Page:
    """A page of batches, newest first; the token of the next one is ``""`` at the end."""

    operations: tuple[BatchOperation, ...]
    next_page_token: str


def parse_operation(response: Response) -> Look:
    """Read an ``Operation``.

    The results stand in it twice; ``response`` is read, and ``metadata.output`` where it is
    missing. Its ``@type`` is not to be relied on.
    """
    return _look(_body(response))


def parse_list(response: Response) -> Page:
    """Read a ``ListOperationsResponse``; every member of it may be absent."""
    page = codec.members(_body(response) or b"{}")
    operations = codec.elements(page["operations"]) if "operations" in page else []
    token = codec.decode(page["nextPageToken"], str) if "nextPageToken" in page else ""
    return Page(tuple(_look(one).operation for one in operations), token)


def _look(body: bytes | msgspec.Raw) -> Look:
    top = codec.members(body)
    described = codec.members(top.pop("metadata", msgspec.Raw(b"{}")))
    kind = codec.parse(described.pop("@type", msgspec.Raw(b'""')))
    outputs = (top.pop("response", None), described.pop("output", None))
    metadata = codec.structure(
        {name: codec.parse(member) for name, member in described.items()}, BatchMetadata
    )
    name = codec.decode(top["name"], str) if "name" in top else metadata.name or ""
    if not _is_name(name, "batches"):
        raise ProtocolError(f"the service names a batch {printable(ascii(name), 100)}")
    file, inlined = _output(outputs)
    display_name, label = split_display_name(metadata.display_name)
    operation = BatchOperation(
        name=name,
        state=BatchState.from_wire(metadata.state or BatchState.UNSPECIFIED),
        done=codec.decode(top["done"], bool) if "done" in top else False,
        display_name=display_name,
        label=label,
        raw_display_name=metadata.display_name,
        model=metadata.model,
        create_time=metadata.create_time,
        update_time=metadata.update_time,
        end_time=metadata.end_time,
        stats=(metadata.batch_stats or BatchStats()).completed(),
        error=codec.decode(top["error"], Status) if "error" in top else None,
        input_file=metadata.input_config.file_name if metadata.input_config else None,
        responses_file=file,
        inlined=inlined is not None,
        embeddings="EmbedContent" in str(kind),
    )
    return Look(operation, inlined or ())


def _output(
    outputs: tuple[msgspec.Raw | None, ...],
) -> tuple[str | None, tuple[msgspec.Raw, ...] | None]:
    """Return the results file, or the inlined results, of the first output that has any."""
    for output in outputs:
        found = {} if output is None else codec.members(output)
        if "responsesFile" in found:
            file = codec.decode(found["responsesFile"], str)
            if _is_name(file, "files"):
                return file, None
            raise ProtocolError(f"the service names a results file {printable(ascii(file), 100)}")
        if "inlinedResponses" in found:
            nested = codec.members(found["inlinedResponses"])
            responses = nested.get("inlinedResponses", msgspec.Raw(b"[]"))
            return None, tuple(codec.elements(responses))
    return None, None


# Files


def build_upload_start(api: Api, name: str, display_name: str, size: int, mime: str) -> Request:
    """Begin an upload; the reply names the session and says how large chunks must be."""
    headers = {
        **_JSON,
        "x-goog-upload-protocol": "resumable",
        "x-goog-upload-command": "start",
        "x-goog-upload-header-content-length": str(size),
        "x-goog-upload-header-content-type": mime,
    }
    file = {"name": require_name(name, "files"), "displayName": display_name, "mimeType": mime}
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
    size = int(granularity) if _COUNT.fullmatch(granularity) else 0
    return UploadSession(f"{prefix}{url.path}?{url.query}", size or DEFAULT_GRANULARITY)


_COUNT = re.compile(r"[0-9]{1,18}", re.ASCII)


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
    """Read the reply to a chunk or a query."""
    status = response.headers.get("x-goog-upload-status", "")
    if status == "final":
        members = codec.members(response.body) if response.body.strip() else {}
        file = codec.decode(members["file"], File) if "file" in members else None
        return Received(final=True, file=file)
    size = response.headers.get("x-goog-upload-size-received", "")
    if size and not _COUNT.fullmatch(size):
        raise ProtocolError("the service says that less than nothing of the upload arrived")
    return Received(final=False, size=int(size) if size else None)


def build_file_get(api: Api, name: str) -> Request:
    """https://ai.google.dev/api/files#method:-files.get."""
    return Request("GET", api.path(require_name(name, "files")))


def parse_file(response: Response) -> File:
    """Read a ``File``, which stands here without a wrapper."""
    return codec.decode(_body(response), File)


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
    """The head of a download: where its bytes begin, and how long the file is, if that is known."""

    start: int
    total: int | None
    etag: str


_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)", re.ASCII)


def parse_download(response: Response) -> Download:
    """Read the head of a download (RFC 9110 §14); a range that makes no sense is refused."""
    if response.headers.get("content-encoding", "identity") != "identity":
        raise ProtocolError("the service compressed a download although it was asked not to")
    etag = response.headers.get("etag", "")
    if response.status == 206:
        content_range = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
        if content_range is None:
            raise ProtocolError("the service sent part of a file and does not say which")
        start, total = content_range.groups()
        return Download(int(start), None if total == "*" else int(total), etag)
    if response.status != 200:
        raise ProtocolError(f"the service answered with the unexpected status {response.status}")
    length = response.headers.get("content-length", "")
    return Download(0, int(length) if _COUNT.fullmatch(length) else None, etag)
