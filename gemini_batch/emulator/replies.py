"""What goes back to the client, and how its bytes travel."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

import attrs
import msgspec
from aiohttp import web

from .wire import API_HEADERS, JsonObject, RefusalError, pretty

PIECE = 262_144


@attrs.frozen
class Stretch:
    """A part of a file on disk, sent without reading it whole."""

    path: Path
    start: int
    stop: int


@attrs.frozen
class Delivery:
    """How the body travels; the default is the usual, undisturbed way."""

    cut_after: int | None = None
    stall_after: int | None = None
    stall_seconds: float | None = None
    drip_bytes: int | None = None
    drip_seconds: float = 0.0
    claimed_extra: int = 0
    without_length: bool = False


@attrs.frozen
class Reply:
    """One HTTP reply."""

    status: int = 200
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str])
    body: bytes | Stretch = b""
    delivery: Delivery = Delivery()

    @property
    def length(self) -> int:
        """Return how many bytes the body has."""
        if isinstance(self.body, Stretch):
            return self.body.stop - self.body.start
        return len(self.body)

    def content(self) -> bytes:
        """Return the body, read whole."""
        if isinstance(self.body, Stretch):
            with self.body.path.open("rb") as file:
                file.seek(self.body.start)
                return file.read(self.length)
        return self.body

    def header_lines(self) -> list[tuple[str, str]]:
        """Return the header lines: the service writes one for each thing a reply varies by."""
        return [
            (name, part)
            for name, value in self.headers.items()
            for part in (value.split(", ") if name.endswith("Vary") else [value])
        ]

    def with_header(self, name: str, value: str | None) -> Reply:
        """Return the reply with one header set, or (``None``) taken out."""
        headers = {known: text for known, text in self.headers.items() if known != name}
        if value is not None:
            headers[name] = value
        return attrs.evolve(self, headers=headers)

    def compacted(self) -> Reply:
        """Return the reply with its JSON on one line; one without JSON stays as it is."""
        if isinstance(self.body, Stretch) or not self.body.startswith(b"{"):
            return self
        return attrs.evolve(self, body=msgspec.json.format(self.body, indent=-1))

    def delivered(self, **changes: Any) -> Reply:
        """Return the reply with another way for its bytes to travel: members of `Delivery`."""
        return attrs.evolve(self, delivery=attrs.evolve(self.delivery, **changes))


@attrs.frozen
class Silence:
    """No reply: the connection is reset, closed, or left open with nothing said."""

    how: Literal["reset", "close", "hang"]


Outcome: TypeAlias = Reply | Silence


def json_reply(value: JsonObject, *, status: int = 200) -> Reply:
    """Return a reply of the API proper."""
    return Reply(status, dict(API_HEADERS), pretty(value))


def refusal_reply(refusal: RefusalError) -> Reply:
    """Return the reply that a refusal is."""
    headers = {**API_HEADERS, **refusal.headers, "Content-Type": API_HEADERS["Content-Type"]}
    return Reply(refusal.code, headers, pretty(refusal.envelope()))


def html_reply(status: int, title: str) -> Reply:
    """Return a page of the front end, which speaks HTML."""
    page = (
        f"<!DOCTYPE html>\n<html lang=en>\n<title>Error {status} ({title})!!1</title>\n"
        f"<p><b>{status}.</b> <ins>That is an error.</ins>\n<p>{title}.\n</html>\n"
    )
    headers = {"Content-Type": "text/html; charset=UTF-8", "Referrer-Policy": "no-referrer"}
    return Reply(status, headers, page.encode())


async def send(
    request: web.BaseRequest, outcome: Outcome, closing: asyncio.Event
) -> web.StreamResponse:
    """Carry out one outcome on the connection of its request."""
    if isinstance(outcome, Silence):
        await _fall_silent(request, outcome, closing)
        return web.Response()
    if outcome.delivery.without_length:
        return _send_unmeasured(request, outcome)
    if isinstance(outcome.body, bytes) and outcome.delivery == Delivery():
        return _whole(request, outcome, outcome.body)
    return await _send_in_pieces(request, outcome, closing)


class _Unsigned(web.Response):
    """A reply that does not say which software made it, unless it is told to say something else."""

    async def _prepare_headers(self) -> None:
        signed = "Server" in self.headers
        await super()._prepare_headers()
        if not signed:
            del self.headers["Server"]


def _whole(request: web.BaseRequest, reply: Reply, body: bytes) -> web.Response:
    response = _Unsigned(status=reply.status, headers=reply.header_lines(), body=body or None)
    if _is_chunked(request, reply):
        response.enable_chunked_encoding()
        if _accepts_gzip(request) and "Content-Encoding" not in reply.headers:
            response.enable_compression(web.ContentCoding.gzip)
    return response


def _is_chunked(request: web.BaseRequest, reply: Reply) -> bool:
    """Say whether the reply names no length: the API's own never do, uploads always do."""
    return (
        reply.length > 0
        and reply.headers.get("Server") == API_HEADERS["Server"]
        and request.version >= (1, 1)
    )


def _accepts_gzip(request: web.BaseRequest) -> bool:
    accepted = ",".join(request.headers.getall("Accept-Encoding", ()))
    for entry in accepted.split(","):
        coding, _, weight = entry.partition(";")
        if coding.strip().lower() == "gzip":
            return _NOT_AT_ALL.fullmatch(weight) is None
    return False


_NOT_AT_ALL = re.compile(r"\s*q=0(?:\.0*)?\s*", re.IGNORECASE)


async def _send_in_pieces(
    request: web.BaseRequest, reply: Reply, closing: asyncio.Event
) -> web.StreamResponse:
    delivery = reply.delivery
    response = web.StreamResponse(status=reply.status, headers=reply.header_lines())
    response.content_length = reply.length + delivery.claimed_extra
    await response.prepare(request)
    stop = reply.length if delivery.cut_after is None else min(delivery.cut_after, reply.length)
    sent = 0
    for piece in _pieces(reply, stop):
        with contextlib.suppress(ConnectionError):  # the client left; seen by `_gone` below
            await response.write(piece)
        sent += len(piece)
        if sent == delivery.stall_after:
            await _pause(request, closing, delivery.stall_seconds)
        if delivery.drip_bytes is not None:
            await _pause(request, closing, delivery.drip_seconds)
        if _gone(request):
            return response
    if delivery.claimed_extra < 0:
        _write_tail(request, reply)
    if delivery.cut_after is not None or delivery.claimed_extra:
        _transport(request).close()
    elif not _gone(request):
        await response.write_eof()
    return response


def _pieces(reply: Reply, stop: int) -> Iterator[bytes]:
    """Yield the first ``stop`` bytes of a body, with a break where the delivery stalls."""
    delivery = reply.delivery
    at = 0
    with contextlib.ExitStack() as stack:
        descriptor = -1
        if isinstance(reply.body, Stretch):
            descriptor = os.open(reply.body.path, os.O_RDONLY)
            stack.callback(os.close, descriptor)
        while at < stop:
            size = min(delivery.drip_bytes or PIECE, stop - at)
            if delivery.stall_after is not None and at < delivery.stall_after:
                size = min(size, delivery.stall_after - at)
            if isinstance(reply.body, Stretch):
                piece = os.pread(descriptor, size, reply.body.start + at)
            else:
                piece = reply.body[at : at + size]
            at += len(piece)
            yield piece


def _write_tail(request: web.BaseRequest, reply: Reply) -> None:
    """Write the bytes beyond the length the reply claimed, which aiohttp would hold back."""
    extra = -reply.delivery.claimed_extra
    if isinstance(reply.body, Stretch):
        with reply.body.path.open("rb") as file:
            file.seek(reply.body.stop - extra)
            _transport(request).write(file.read(extra))
    else:
        _transport(request).write(reply.body[-extra:])


def _send_unmeasured(request: web.BaseRequest, reply: Reply) -> web.StreamResponse:
    """Write a reply that ends where its connection ends, as HTTP/1.0 did."""
    transport = _transport(request)
    lines = [f"HTTP/1.1 {reply.status} OK", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in reply.header_lines()]
    transport.write("\r\n".join([*lines, "", ""]).encode())
    stop = reply.length if reply.delivery.cut_after is None else reply.delivery.cut_after
    for piece in _pieces(reply, min(stop, reply.length)):
        transport.write(piece)
    transport.close()
    return web.Response()


async def _fall_silent(request: web.BaseRequest, silence: Silence, closing: asyncio.Event) -> None:
    if silence.how == "hang":
        await _pause(request, closing, None)
    if _gone(request):
        return
    transport = _transport(request)
    if silence.how == "reset":
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    else:
        transport.close()


async def _pause(request: web.BaseRequest, closing: asyncio.Event, seconds: float | None) -> None:
    """Wait so long (``None``: for ever), but no longer than the client and the emulator stay."""
    loop = asyncio.get_running_loop()
    deadline = None if seconds is None else loop.time() + seconds
    while not closing.is_set() and not _gone(request):
        step = 0.05 if deadline is None else min(0.05, deadline - loop.time())
        if step <= 0:
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(closing.wait(), step)


def _gone(request: web.BaseRequest) -> bool:
    return request.transport is None or request.transport.is_closing()


def _transport(request: web.BaseRequest) -> asyncio.Transport:
    transport = request.transport
    if transport is None:
        raise ConnectionResetError("the client has gone")
    return transport
