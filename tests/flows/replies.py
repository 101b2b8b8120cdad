"""What the service says in the scripted worlds, in few words."""

import base64
import hashlib
import json
from typing import Any

from gemini_batch.effects import Response
from gemini_batch.errors import Delivery, TransportError

from .world import Opened

LABEL = "gb-0123456789abcdefghjkmnpqrs"
SESSION = "/upload/v1beta/files?upload_id=s1"
RESULTS = "files/batch-b1"


class Bytes:
    """Something to upload."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.size = len(content)
        self.sha256 = hashlib.sha256(content).hexdigest()

    def read(self, offset: int, size: int) -> bytes:
        """Return a chunk."""
        return self.content[offset : offset + size]


SMALL = Bytes(b"two lines\nof text\n")
LARGE = Bytes(bytes(range(256)) * 3072)
"""Three chunks of the least size."""


def reply(body: object = None, status: int = 200, **headers: str) -> Response:
    """Return a reply; a body that is not bytes is sent as JSON."""
    if not isinstance(body, bytes):
        body = b"" if body is None else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, named, body)


def refusal(
    code: int, status: str = "", message: str = "", *details: dict[str, Any], **headers: str
) -> Response:
    """Return an error as the service words it."""
    error = {"code": code, "status": status, "message": message, "details": list(details)}
    return reply({"error": error}, code, **headers)


def unsent() -> TransportError:
    """Return the failure of a request that never left."""
    return TransportError("cannot connect", Delivery.NOT_SENT)


def lost() -> TransportError:
    """Return the failure of a request whose reply never came."""
    return TransportError("the connection was lost")


def hung() -> TransportError:
    """Return the failure of a request that nobody answered in time."""
    return TransportError("no answer in time", timed_out=True)


def untrusted() -> TransportError:
    """Return the failure of a connection that can never be trusted."""
    return TransportError("no trusted connection", Delivery.NOT_SENT, permanent=True)


def batch(
    state: str = "RUNNING",
    *,
    name: str = "batches/b1",
    label: str = "",
    file: str = "",
    inlined: list[Any] | None = None,
    done: bool | None = None,
    error: dict[str, Any] | None = None,
    kind: str = "GenerateContentBatch",
    **stats: int,
) -> dict[str, Any]:
    """Return a batch; it is done where it has an output or an error, unless ``done`` says."""
    metadata: dict[str, Any] = {
        "@type": f"type.googleapis.com/google.ai.generativelanguage.v1main.{kind}",
        "name": name,
        "state": f"BATCH_STATE_{state}",
    }
    if label:
        metadata["displayName"] = f"sky [{label}]"
    if stats:
        metadata["batchStats"] = {member: str(count) for member, count in stats.items()}
    told: dict[str, Any] = {"name": name, "metadata": metadata}
    if file:
        told["response"] = {"responsesFile": file}
    if inlined is not None:
        told["response"] = {"inlinedResponses": {"inlinedResponses": inlined}}
    if error is not None:
        told["error"] = error
    if done or (done is None and ("response" in told or "error" in told)):
        told["done"] = True
    return told


def seen(state: str = "RUNNING", **members: Any) -> Response:
    """Return the reply to a look at a batch."""
    return reply(batch(state, **members))


def page(*batches: dict[str, Any], token: str = "") -> Response:
    """Return a page of batches."""
    body: dict[str, Any] = {"operations": list(batches)} if batches else {}
    if token:
        body["nextPageToken"] = token
    return reply(body)


def file(name: str = "files/f1", state: str = "ACTIVE", **members: Any) -> dict[str, Any]:
    """Return a file."""
    return {"name": name, "state": state, **members}


def digest_of(content: bytes) -> str:
    """Return a digest as the service writes it: base64 of its hexadecimal text."""
    return base64.b64encode(hashlib.sha256(content).hexdigest().encode()).decode()


def uploaded(source: Bytes, state: str = "ACTIVE") -> dict[str, Any]:
    """Return the file that a whole upload makes."""
    size, digest = str(source.size), digest_of(source.content)
    return file(state=state, sizeBytes=size, sha256Hash=digest)


def started(granularity: int | None = None, path: str = SESSION) -> Response:
    """Return the reply to the start of an upload."""
    headers = {"x_goog_upload_url": f"https://generativelanguage.googleapis.com{path}"}
    if granularity is not None:
        headers["x_goog_upload_chunk_granularity"] = str(granularity)
    return reply(**headers)


def arrived(size: int | str | None = None) -> Response:
    """Return the reply to a chunk or a query of an upload that goes on."""
    headers = {} if size is None else {"x_goog_upload_size_received": str(size)}
    return reply(x_goog_upload_status="active", **headers)


def finished(told: dict[str, Any] | None = None) -> Response:
    """Return the reply to the last chunk, or to a query after it."""
    return reply(None if told is None else {"file": told}, x_goog_upload_status="final")


def whole(
    *pieces: bytes | Exception, etag: str = "", length: int | None = None, chunked: bool = True
) -> Opened:
    """Return a download from its first byte on.

    Without a ``length`` it is sent in chunks, of which the last says that it is the last; where it
    is not ``chunked`` either, it ends by closing.
    """
    headers: dict[str, str] = {}
    if length is not None:
        headers["content_length"] = str(length)
    elif chunked:
        headers["transfer_encoding"] = "chunked"
    if etag:
        headers["etag"] = etag
    return Opened(reply(**headers), pieces)


def part(
    start: int,
    total: int | str,
    *pieces: bytes | Exception,
    etag: str = "",
    stop: int | None = None,
) -> Opened:
    """Return a download from a later byte on; it reaches to the end unless it is to ``stop``."""
    if stop is None:
        told = sum(len(piece) for piece in pieces if isinstance(piece, bytes))
        stop = total if isinstance(total, int) else start + max(1, told)
    headers = {"content_range": f"bytes {start}-{stop - 1}/{total}"}
    if etag:
        headers["etag"] = etag
    return Opened(reply(status=206, **headers), pieces)


def refused(code: int, *pieces: bytes | Exception, **headers: str) -> Opened:
    """Return a download that the service refuses."""
    return Opened(reply(status=code, **headers), pieces)


def line(key: str | None, text: str = "yes") -> bytes:
    """Return a result, as a line of a results file."""
    answer = {"candidates": [{"content": {"parts": [{"text": text}]}, "finishReason": "STOP"}]}
    named = {} if key is None else {"key": key}
    return json.dumps({**named, "response": answer}).encode() + b"\n"


def inlined(key: str | None, text: str = "yes") -> dict[str, Any]:
    """Return a result, as it stands in an inline batch."""
    found: dict[str, Any] = {"response": json.loads(line(None, text))["response"]}
    return found if key is None else {**found, "metadata": {"key": key}}
