"""Perform effects with aiohttp."""

from __future__ import annotations

import asyncio
import os
import ssl
import time
import traceback
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from errno import ECONNREFUSED
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from urllib.request import getproxies, proxy_bypass

import aiohttp
from attrs import define, field

from ..certificates import trusted_in
from ..credentials import ApiKey
from ..effects import (
    Draw,
    Effect,
    Now,
    Offload,
    Open,
    Read,
    Request,
    Response,
    Send,
    Sleep,
)
from ..errors import Delivery, ProtocolError, TransportError, UsageError
from ..limits import BODY_LIMIT, DRAWN, ERROR_LIMIT, FLOOR, PIECE
from ..proxies import proxy_for
from ..settings import Settings, user_agent
from ..spool import Spools
from ..wire import (
    CUT,
    CUT_OFF,
    LINE_LIMIT,
    REFUSED_TUNNEL,
    TOO_SLOW,
    garbled,
    headers_of,
    is_sound,
    late,
    lost,
    unconnected,
    untrusted,
)
from .punctual import Outgoing

T = TypeVar("T")


def own_session(trusted: str | None, agent: str) -> aiohttp.ClientSession:
    """Return a session without limits of its own; it must be made within the loop it serves."""
    context: ssl.SSLContext | bool = True
    if trusted is not None:
        folder = Path(trusted).is_dir()
        where = {"capath": trusted} if folder else {"cafile": trusted}
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, **where)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=context),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": agent},
        read_bufsize=PIECE,
    )


def require_harmless(session: aiohttp.ClientSession) -> aiohttp.ClientSession:
    """Return a caller's session, unless it keeps refusals from us, or may send twice."""
    if getattr(session, "_raise_for_status", False):
        raise UsageError("this session raises for status itself: make it without raise_for_status")
    if getattr(session, "_middlewares", ()):
        raise UsageError(
            "this session has middlewares, which may repeat POST, and so create a batch twice: "
            "pass one without; this package retries what may be retried"
        )
    return session


@define
class Connection:
    """What all flows of a client share to reach the service, until it is closed."""

    session: aiohttp.ClientSession | None
    settings: Settings
    key: ApiKey
    closed: bool = False
    _process: int = field(factory=os.getpid, init=False, repr=False)
    _owned: bool = field(init=False, repr=False)
    _loop: asyncio.AbstractEventLoop | None = field(default=None, init=False)
    _trusted: str | None = field(init=False, repr=False)
    _agent: str = field(factory=user_agent, init=False, repr=False)  # read from disk: not in a loop
    _proxy: str | None = field(init=False, repr=False)  # with its password

    def __attrs_post_init__(self) -> None:
        self._owned = self.session is None
        origin = self.settings.api.origin
        self._trusted = trusted_in(os.environ, origin) if self.session is None else None
        # aiohttp could find it too, but would read ~/.netrc along with it; a session that was told
        # of one itself knows better.
        told = getattr(self.session, "_default_proxy", None)
        self._proxy = told or proxy_for(origin, getproxies(), proxy_bypass)

    def require_open(self) -> None:
        """Refuse to go on with a client that is closed."""
        if self.closed:
            raise UsageError("this client is closed; make another one, and get_batch(name) from it")
        if os.getpid() != self._process:  # two processes would talk at once on each connection
            raise UsageError(
                "this client was made before this process was forked off: make one in each process"
            )

    def within_loop(self) -> aiohttp.ClientSession:
        """Return the session, which belongs to the loop that used it first."""
        loop = asyncio.get_running_loop()
        if self._loop not in {None, loop}:
            raise UsageError(
                "this client belongs to another event loop: make one client in each asyncio.run()"
            )
        self._loop = loop
        if self.session is None:
            self.session = own_session(self._trusted, self._agent)
        return self.session

    async def close(self, *, owned: bool) -> None:
        """Send nothing any more, and close the session if it is the client's."""
        session, loop = self.session, self._loop
        if owned and session is not None and loop is not None and not session.closed:
            if loop is not asyncio.get_running_loop() and not loop.is_closed():
                raise UsageError("this client belongs to another event loop: close it there")
            self.closed = True
            await session.close()
        self.closed = True

    def __del__(self) -> None:
        # The client has said by now that nobody closed it. The session would say so twice more,
        # with all its connections; it is put away without a word, and without a task.
        session, loop = getattr(self, "session", None), getattr(self, "_loop", None)
        if session is None or loop is None or not self._owned or session.closed:
            return
        connector = session.connector
        session.detach()
        close = getattr(connector, "_close", None)  # all its other ways make a task
        if close is None:
            return
        if loop.is_running() and not _runs_here(loop):
            loop.call_soon_threadsafe(close)
        else:
            close()

    async def send(self, request: Request, deadline: float) -> aiohttp.ClientResponse:
        """Send a request, and return its reply with the body still to be read."""
        self.require_open()
        api, timeouts = self.settings.api, self.settings.timeouts
        session = self.within_loop()
        left = deadline - time.monotonic()
        if left <= 0:
            raise TransportError("the time for this call is over", Delivery.NOT_SENT)
        headers = {**request.headers, "accept-encoding": "identity"}
        if request.keyed:
            headers |= self.key.headers()
        longest = left + _spare(request)
        body = Outgoing(request.body, deadline, min(timeouts.read, longest))
        with _translated(self.settings):
            async with body.kept():
                reply = await session.request(
                    request.method,
                    api.origin + request.path,
                    headers=headers,
                    data=body if request.body else None,
                    allow_redirects=False,  # the key would go along
                    auto_decompress=False,  # whatever the caller's session says: it has no bound
                    timeout=aiohttp.ClientTimeout(
                        total=None,
                        connect=None if self._proxy is None else min(timeouts.connect, left),
                        sock_connect=min(timeouts.connect, left),
                        sock_read=min(self.silence(request), longest),
                    ),
                    proxy=self._proxy,
                    middlewares=(self._once,),
                    max_line_size=LINE_LIMIT,
                    max_field_size=LINE_LIMIT,
                )
        if not is_sound(_version(reply), reply.status, reply.raw_headers):
            reply.close()
            raise garbled(api.origin)
        return reply

    def silence(self, request: Request) -> float:
        """Return how many seconds may pass without a byte of the reply."""
        return request.read_timeout or self.settings.timeouts.read

    async def _once(
        self, request: aiohttp.ClientRequest, handle: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Let nobody but a flow send again what was lost.

        aiohttp repeats GET and DELETE by itself when it sees its own error for a lost connection;
        a delete that has acted would then be told as not found.
        """
        if self.session is not None and aiohttp.hdrs.AUTHORIZATION not in self.session.headers:
            request.headers.pop(aiohttp.hdrs.AUTHORIZATION, None)  # it is of ~/.netrc
        if self._proxy is None:
            request.update_proxy(None, None, None)  # it is of the environment, read otherwise
        with _translated(self.settings):
            return await handle(request)


def _version(reply: aiohttp.ClientResponse) -> tuple[int, int]:
    return (reply.version.major, reply.version.minor) if reply.version else (0, 9)


def _runs_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


def _spare(request: Request) -> float:
    """Return the seconds beyond the deadline that sending buys, as what comes in does."""
    return len(request.body) / FLOOR


class AiohttpTransport:
    """Performs the effects of one flow; it owns the open body and the flow's spools."""

    def __init__(self, connection: Connection, spools: Spools | None = None) -> None:
        self._connection = connection
        self._spools = spools
        self._open: aiohttp.ClientResponse | None = None
        self._refusal: BytesIO | None = None
        self._silence = 0.0

    async def perform(self, effect: Effect[Any]) -> Any:
        """Do what the effect asks, and return the answer."""
        match effect:
            case Send(request, deadline):
                self._silence = self._connection.silence(request)
                async with await self._connection.send(request, deadline) as reply:
                    return self._scrubbed(
                        reply, await self._body(reply, deadline + _spare(request))
                    )
            case Open(request, deadline):
                self._let_go()
                self._silence = self._connection.silence(request)
                self._open = await self._connection.send(request, deadline)
                if self._open.status >= 300:
                    self._refusal = BytesIO(
                        await self._beginning(self._open, deadline + _spare(request))
                    )
                return self._scrubbed(self._open)
            case Read():
                if self._refusal is not None:
                    return self._refusal.read(PIECE)
                return await self._read(self._require_open())
            case Draw(supply):
                return await _drawn(supply)
            case Sleep(seconds):
                return await asyncio.sleep(seconds)
            case Now():
                return time.monotonic()
            case Offload(work):
                return await _in_thread(work)
            case _:
                raise TypeError(f"not an effect: {effect!r}")

    def _require_open(self) -> aiohttp.ClientResponse:
        if self._open is None:
            raise TypeError("there is no open body to read")
        return self._open

    def _scrubbed(self, reply: aiohttp.ClientResponse, body: bytes = b"") -> Response:
        """Return what came back; what a service says of a refusal may quote the key."""
        headers = headers_of(reply.raw_headers)
        if reply.status >= 300:
            scrub = self._connection.key.scrub
            body = scrub(body)
            for name, value in headers.items():
                said = value.encode("utf-8", "surrogateescape")
                headers[name] = scrub(said).decode("utf-8", "surrogateescape")
        return Response(reply.status, headers, body)

    async def _body(self, reply: aiohttp.ClientResponse, deadline: float) -> bytes:
        """Read a body whole, or only its beginning: an error may be a page of any length."""
        if reply.status >= 300:
            return await self._beginning(reply, deadline)
        body = await self._until(reply, deadline, BODY_LIMIT)
        if len(body) > BODY_LIMIT:
            raise ProtocolError(f"the service sent a reply of more than {BODY_LIMIT} bytes")
        return body

    async def _beginning(self, reply: aiohttp.ClientResponse, deadline: float) -> bytes:
        # More is read than is kept: in a key that is cut in two nobody would see a key.
        body = await self._until(reply, deadline, 2 * ERROR_LIMIT)
        return self._connection.key.scrub(body)[:ERROR_LIMIT]

    async def _until(self, reply: aiohttp.ClientResponse, deadline: float, most: int) -> bytes:
        """Read a body to its end, or until it is longer than ``most``."""
        body = bytearray()
        while len(body) <= most and (piece := await self._read(reply)):
            body += piece
            if time.monotonic() > deadline + len(body) / FLOOR:
                raise TransportError("the reply did not end in time", timed_out=True)
        return bytes(body)

    async def _read(self, reply: aiohttp.ClientResponse) -> bytes:
        with _translated(self._connection.settings):
            piece = reply.content.read_nowait()
            if piece or reply.content.at_eof():
                return piece
            # What is between the pieces of a body could drip for ever, and nothing come of it.
            async with asyncio.timeout(self._silence):
                return await reply.content.readany()

    def _let_go(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = self._refusal = None

    async def release(self) -> None:
        """Let go of whatever is still open; of files in a thread, for a disk may take its time."""
        self._let_go()
        if self._spools is None:
            return
        if self._spools.empty:
            self._spools.close()
        else:
            await _in_thread(self._spools.close)


async def _drawn(supply: Iterator[Any] | AsyncIterator[Any]) -> list[Any]:
    """Take a few of the caller's requests, from either kind of iterator."""
    if not isinstance(supply, AsyncIterator):
        return list(islice(supply, DRAWN))
    drawn: list[Any] = []
    async for one in supply:
        drawn.append(one)
        if len(drawn) == DRAWN:
            break
    return drawn


async def _in_thread(work: Callable[[], T]) -> T:
    """Do work in a thread, and see it through: cancelled halfway, it would still go on.

    However often it is cancelled, since what the work uses is closed right after.
    """
    working = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        await asyncio.wait([working])
    except asyncio.CancelledError:
        while not working.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([working])
        working.exception()  # nobody else will look at it, which asyncio would complain about
        raise
    return working.result()


@contextmanager
def _translated(settings: Settings) -> Generator[None]:
    """Turn failures of the network into ours.

    Without a cause: what aiohttp raises may show the headers, and with them the key.
    """
    host = settings.api.origin
    try:
        yield
    except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
        raise _translation(error, host) from None


def _translation(error: Exception, host: str) -> TransportError:
    said = _words(error)
    match error:
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            return untrusted(host, said or CUT_OFF)
        case aiohttp.ConnectionTimeoutError():
            return unconnected(host, TOO_SLOW)
        case aiohttp.ClientConnectorError():
            return unconnected(host, said or CUT_OFF)
        case TimeoutError() if _connecting(error):
            return unconnected(host, TOO_SLOW)
        case aiohttp.ClientError() if _connecting(error):
            return unconnected(host, said or REFUSED_TUNNEL)
        case TimeoutError():
            return late(host)
        case aiohttp.ClientResponseError():
            return garbled(host)
        case _:
            return lost(host, said or CUT)


def _connecting(error: BaseException) -> bool:
    """Tell whether it ended before there was a connection, and so before anything went."""
    return any(
        frame.f_code.co_name == "connect" and frame.f_globals["__name__"] == "aiohttp.connector"
        for one in (error, error.__cause__)
        if one is not None
        for frame, _ in traceback.walk_tb(one.__traceback__)
    )


def _words(error: BaseException) -> str:
    """Return what the operating system said, or why a certificate was refused, if it is that."""
    inner = getattr(error, "certificate_error", None) or getattr(error, "os_error", error)
    if isinstance(inner, ssl.SSLCertVerificationError):
        return inner.verify_message.rstrip(".")
    if isinstance(inner, ssl.SSLError) and inner.reason:
        return str(inner.reason)
    words = str(inner.strerror or "") if isinstance(inner, OSError) else ""
    if isinstance(inner, ConnectionRefusedError):
        words = os.strerror(ECONNREFUSED)  # asyncio says to whom, and not what
    return words or (_words(error.__cause__) if error.__cause__ is not None else "")
