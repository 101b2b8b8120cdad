"""One request in hand, with what a fault may have decided about it."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from .numbers_in import whole_number
from .routes import Route
from .wire import RefusalError, too_large


class BodyCutError(Exception):
    """A fault let only a part of the request body be kept."""


class Exchange:
    """One request, and the decisions of the fault that meets it."""

    def __init__(self, request: web.BaseRequest, route: Route, body_limit: int) -> None:
        self.request = request
        self.route = route
        self._body_limit = body_limit
        self.keep: int | None = None
        """Let only so many bytes of an uploaded chunk be kept."""
        self.ignore_range = False
        """Answer a request for a part of a file with all of it."""
        self.etag: str | None = None
        """Name this ETag of the file."""
        self.lagging = False
        """List only what has been listed before."""
        self.session_lost = False
        """Know nothing any more of the upload this request belongs to."""

    @property
    def operation(self) -> str:
        """Return the name of the operation asked for."""
        return self.route.operation

    @property
    def origin(self) -> str:
        """Return scheme and host as the client knows them."""
        return f"http://{self.request.host}"

    def part(self, name: str) -> str:
        """Return a part of the path."""
        return self.route.parts[name]

    def query(self, *names: str) -> str | None:
        """Return a query parameter, under the first spelling that is there."""
        for name in names:
            if name in self.request.query:
                return self.request.query[name]
        return None

    def header_int(self, name: str) -> int | None:
        """Return a header that must be a whole number, or ``None`` where it is absent."""
        text = self.request.headers.get(name)
        if text is None:
            return None
        number = whole_number(text)
        if number is None:
            raise RefusalError(400, f"Invalid value for header {name}: {text!r}.")
        return number

    async def body(self) -> bytes:
        """Read the request body, which must not be longer than the service allows."""
        pieces: list[bytes] = []
        size = 0
        async for piece in self.request.content.iter_any():
            size += len(piece)
            if size <= self._body_limit:
                pieces.append(piece)
            else:
                pieces.clear()  # read on all the same: a client that is still writing hears nothing
        if size > self._body_limit:
            raise too_large(self._body_limit)
        return b"".join(pieces)

    async def pour(self, write: Callable[[bytes], None]) -> None:
        """Hand on the request body piece by piece, up to where a fault cuts it."""
        left = self.keep
        async for piece in self.request.content.iter_any():
            if left is not None and len(piece) >= left:
                write(piece[:left])
                raise BodyCutError
            write(piece)
            left = None if left is None else left - len(piece)
        if left is not None:
            raise BodyCutError

    async def drain(self) -> None:
        """Read what is left of the request body and forget it, so that a reply can be heard."""
        async for _ in self.request.content.iter_any():
            pass
