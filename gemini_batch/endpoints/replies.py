"""What every reply has in common: success, or an error of the API (AIP-193)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Generic, TypeVar, cast
from urllib.parse import quote, urlsplit

import msgspec
from attrs import frozen

from .. import codec, rawjson
from ..effects import Request, Response
from ..errors import ApiError, AuthenticationError, ProtocolError, api_error_class
from ..log import log
from ..retry import retry_after
from ..settings import Api
from ..text import printable

T = TypeVar("T")

JSON = {"content-type": "application/json"}
"""The headers of a body in JSON."""

COUNT = re.compile(r"[0-9]{1,18}", re.ASCII)
"""A number of bytes, in a header."""


@frozen
class Page(Generic[T]):
    """A page of a list; the token of the next one is ``""`` at the end (AIP-158)."""

    items: tuple[T, ...] = ()
    next_page_token: str = ""


def paged(collection: str, page_size: int | None, page_token: str) -> str:
    """Return the path of a page of a collection; its size is the service's choice if ``None``."""
    query = [] if page_size is None else [f"pageSize={page_size}"]
    query += [f"pageToken={quote(page_token, safe='')}"] if page_token else []
    return "?".join(filter(None, (collection, "&".join(query))))


def page_of(response: Response, member: str) -> tuple[list[msgspec.Raw], str]:
    """Return the encoded items of a page, and the next token; every member may be absent."""
    page = rawjson.members(body_of(response) or b"{}")
    items = rawjson.elements(page[member]) if member in page else []
    return items, codec.decode(page["nextPageToken"], str) if "nextPageToken" in page else ""


def legible(
    found: Iterable[msgspec.Raw],
    read: Callable[[msgspec.Raw], T],
    what: str,
    must_read: bytes | None = None,
) -> tuple[T, ...]:
    """Return what can be read of a page; one that cannot hides no others.

    It is an error all the same if it holds the text ``must_read``.
    """
    items: list[T] = []
    for one in found:
        try:
            items.append(read(one))
        except ProtocolError as refused:
            if must_read is not None and must_read in bytes(one):
                raise
            log.warning("a %s in the list cannot be read, and is left out: %s", what, refused)
    return tuple(items)


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


def body_of(response: Response) -> bytes:
    """Return the body of a reply that should have one: 200 is the only success there is."""
    if response.status != 200:
        raise ProtocolError(f"the service answered with the unexpected status {response.status}")
    require_plain(response)
    return response.body


def require_plain(response: Response) -> None:
    """Refuse a compressed body: it would inflate to any size, or break off without a sign."""
    if response.headers.get("content-encoding", "").lower() not in {"", "identity"}:
        raise ProtocolError("the service compressed its reply although it was asked not to")


def subject_of(request: Request) -> str:
    """Return the resource that a request is about, such as ``batches/abc``, if it is about one."""
    found = _SUBJECT.search(request.path)
    return "" if found is None else found[1]


_SUBJECT = re.compile(r"/((?:batches|files|models|tunedModels)/[A-Za-z0-9._-]+)", re.ASCII)


def operation_of(request: Request) -> str:
    """Return a request in words that may be logged, such as ``GET batches/abc``.

    The path of an upload that has begun is a secret: only its command is told.
    """
    if not request.keyed:
        return f"upload ({request.headers.get('x-goog-upload-command', '')})"
    path = request.path.partition("?")[0]
    return f"{request.method} {_VERSION.sub('', path)}"


_VERSION = re.compile(r"^.*/v[0-9][a-z0-9]*/", re.ASCII)


def date_of(response: Response) -> float | None:
    """Return when the service says that it sent a reply (RFC 9110 §6.6.1), in seconds."""
    try:
        date = parsedate_to_datetime(response.headers.get("date", ""))
    except (ValueError, TypeError, OverflowError):
        return None
    return None if date.tzinfo is None else date.timestamp()


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
        tree = rawjson.parse(body)
    except ProtocolError:
        return {}
    if isinstance(tree, list) and tree:
        tree = cast("list[object]", tree)[0]
    error = cast("dict[str, object]", tree).get("error") if isinstance(tree, dict) else None
    return cast("dict[str, Any]", error) if isinstance(error, dict) else {}
