"""Perform effects with requests."""

from __future__ import annotations

import os
import ssl
import time
import traceback
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from http.client import IncompleteRead, RemoteDisconnected
from http.cookiejar import DefaultCookiePolicy
from io import BytesIO
from itertools import islice
from typing import Any, cast
from urllib.request import getproxies, proxy_bypass

import requests
from attrs import define, field
from urllib3 import HTTPConnectionPool
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProtocolError as LostError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.util import Retry

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
from .punctual import Due, Outgoing, PunctualAdapter, kept

_NEVER_CONNECTED = (ConnectTimeoutError, NewConnectionError, ProxyError)
_INSECURE = (ssl.SSLError, SSLError, requests.exceptions.SSLError)
_LATE = (TimeoutError, ReadTimeoutError, requests.ReadTimeout)
_CUT = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
_CUT_SHORT = (RemoteDisconnected, IncompleteRead, *_CUT)


class _Session(requests.Session):
    """A session that is told everything once, and looks nothing up before each request."""

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Return a request as it is to be sent; it has its headers, and there are no cookies."""
        headers = {**self.headers, **request.headers}
        prepared: Any = requests.PreparedRequest()  # its stubs are not complete
        prepared.prepare(request.method, request.url, headers, data=request.data)
        return cast("requests.PreparedRequest", prepared)

    def merge_environment_settings(self, *_: Any, **__: Any) -> Any:
        """Return the settings of this session: the environment was asked when it was made."""
        return {"proxies": self.proxies, "stream": True, "verify": self.verify, "cert": None}


def own_session(origin: str) -> requests.Session:
    """Return a session that keeps to deadlines, and never repeats anything by itself."""
    session = _Session()
    session.trust_env = False
    session.verify = trusted_in(os.environ, origin) or True
    proxy = proxy_for(origin, getproxies(), proxy_bypass)
    session.proxies = {} if proxy is None else {origin.partition(":")[0]: proxy}
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.clear()
    session.headers.update({"User-Agent": user_agent(), "Accept": "*/*"})
    for scheme in ("https://", "http://"):
        session.mount(scheme, PunctualAdapter(pool_maxsize=32, max_retries=Retry(0, read=False)))
    return session


def require_harmless(session: requests.Session) -> requests.Session:
    """Return a caller's session, unless it would create a batch twice behind our back."""
    for adapter in cast("dict[str, object]", session.adapters).values():
        retries = getattr(adapter, "max_retries", None)
        if isinstance(retries, Retry) and _repeats_posts(retries):
            raise UsageError(
                "this session may repeat POST by itself, and so create a batch twice: mount an "
                "adapter with max_retries=0; this package retries what may be retried. (A number "
                "of retries above 0 repeats even POST where TLS fails, unless other=0.)"
            )
    if session.hooks.get("response"):
        raise UsageError("this session has response hooks, which must not raise: remove them")
    return session


def _repeats_posts(retries: Retry) -> bool:
    """Show it all that may happen to a POST that was sent: its settings combine in many ways."""
    slow = ReadTimeoutError(HTTPConnectionPool("localhost"), "/", "slow")
    return any(_repeats_after(retries, error) for error in (slow, LostError(), SSLError())) or any(
        retries.is_retry("POST", status, has_retry_after=True) for status in range(100, 600)
    )


def _repeats_after(retries: Retry, error: HTTPError) -> bool:
    try:
        retries.increment("POST", "/", error=error)
    except HTTPError:
        return False
    return True


@define(eq=False)
class Connection:
    """What all flows of a client share to reach the service, until it is closed."""

    session: requests.Session
    settings: Settings
    key: ApiKey
    closed: bool = False
    _process: int = field(factory=os.getpid, init=False, repr=False)
    _proxies: dict[str, str | None] | None = field(init=False, repr=False)  # with their passwords

    def __attrs_post_init__(self) -> None:
        # Without this requests would choose, for a session too that was told of proxies itself,
        # which knows better.
        session, origin = self.session, self.settings.api.origin
        told = cast("dict[str, str]", session.proxies)
        self._proxies = None
        if session.trust_env:
            proxy = None if told else proxy_for(origin, getproxies(), proxy_bypass)
            self._proxies = {"all": None, origin.partition(":")[0]: proxy, **told}

    def require_open(self) -> None:
        """Refuse to go on with a client that is closed."""
        if self.closed:
            raise UsageError("this client is closed; make another one, and get_batch(name) from it")
        if os.getpid() != self._process:  # two processes would talk at once on each connection
            raise UsageError(
                "this client was made before this process was forked off: make one in each process"
            )

    def close(self, *, owned: bool) -> None:
        """Send nothing any more, and close the session if it is the client's."""
        self.closed = True
        if owned:
            self.session.close()

    def send(self, request: Request, deadline: float) -> requests.Response:
        """Send a request, and return its reply with the body still to be read."""
        self.require_open()
        api, timeouts = self.settings.api, self.settings.timeouts
        left = deadline - time.monotonic()
        if left <= 0:
            raise TransportError("the time for this call is over", Delivery.NOT_SENT)
        headers = {**request.headers, "accept-encoding": "identity"}
        if request.keyed:
            headers |= self.key.headers()
        longest = left + _spare(request)
        reading = min(request.read_timeout or timeouts.read, longest)
        due = Due(deadline + _spare(request), reading, min(timeouts.read, longest))
        with _translated(self.settings), kept(due):
            reply = self.session.request(
                request.method,
                api.origin + request.path,
                headers=headers,
                # A file, since bytes would have to be gone as a whole within one timeout.
                data=Outgoing(request.body, deadline) if request.body else None,
                stream=True,
                allow_redirects=False,  # the key would go along
                timeout=(min(timeouts.connect, left), reading),
                auth=_keep_as_is,
                proxies=cast("dict[str, str]", self._proxies),  # None for none is left out of stubs
            )
        raw = reply.raw
        if not is_sound(divmod(raw.version, 10), reply.status_code, _fields(reply)):
            reply.close()
            raise garbled(api.origin)
        return reply


def _fields(reply: requests.Response) -> list[tuple[bytes, bytes]]:
    """Return the headers of a reply as they came, line by line."""
    return [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, value in reply.raw.headers.iteritems()
    ]


def _spare(request: Request) -> float:
    """Return the seconds beyond the deadline that sending buys, as what comes in does."""
    return len(request.body) / FLOOR


def _keep_as_is(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
    """Authenticate by nothing but the key: without this, ``~/.netrc`` would be used."""
    return prepared


class RequestsTransport:
    """Performs the effects of one flow; it owns the open body and the flow's spools."""

    def __init__(self, connection: Connection, spools: Spools | None = None) -> None:
        self._connection = connection
        self._spools = spools
        self._open: requests.Response | None = None
        self._refusal: BytesIO | None = None

    def perform(self, effect: Effect[Any]) -> Any:
        """Do what the effect asks, and return the answer."""
        match effect:
            case Send(request, deadline):
                with self._connection.send(request, deadline) as reply:
                    return self._scrubbed(reply, self._body(reply, deadline + _spare(request)))
            case Open(request, deadline):
                self._let_go()
                self._open = self._connection.send(request, deadline)
                if self._open.status_code >= 300:
                    self._refusal = BytesIO(self._beginning(self._open, deadline + _spare(request)))
                return self._scrubbed(self._open)
            case Read():
                if self._refusal is not None:
                    return self._refusal.read(PIECE)
                return self._read(self._require_open())
            case Draw(supply):
                return list(islice(cast("Iterator[Any]", supply), DRAWN))
            case Sleep(seconds):
                return time.sleep(seconds)
            case Now():
                return time.monotonic()
            case Offload(work):
                return work()
            case _:
                raise TypeError(f"not an effect: {effect!r}")

    def _require_open(self) -> requests.Response:
        if self._open is None:
            raise TypeError("there is no open body to read")
        return self._open

    def _scrubbed(self, reply: requests.Response, body: bytes = b"") -> Response:
        """Return what came back; what a service says of a refusal may quote the key."""
        headers = headers_of(_fields(reply))
        if reply.status_code >= 300:
            scrub = self._connection.key.scrub
            body = scrub(body)
            for name, value in headers.items():
                said = value.encode("utf-8", "surrogateescape")
                headers[name] = scrub(said).decode("utf-8", "surrogateescape")
        return Response(reply.status_code, headers, body)

    def _body(self, reply: requests.Response, deadline: float) -> bytes:
        """Read a body whole, or only its beginning: an error may be a page of any length."""
        if reply.status_code >= 300:
            return self._beginning(reply, deadline)
        body = self._until(reply, deadline, BODY_LIMIT)
        if len(body) > BODY_LIMIT:
            raise ProtocolError(f"the service sent a reply of more than {BODY_LIMIT} bytes")
        return body

    def _beginning(self, reply: requests.Response, deadline: float) -> bytes:
        # More is read than is kept: in a key that is cut in two nobody would see a key.
        body = self._until(reply, deadline, 2 * ERROR_LIMIT)
        return self._connection.key.scrub(body)[:ERROR_LIMIT]

    def _until(self, reply: requests.Response, deadline: float, most: int) -> bytes:
        """Read a body to its end, or until it is longer than ``most``."""
        body = bytearray()
        while len(body) <= most and (piece := self._read(reply)):
            body += piece
            if time.monotonic() > deadline + len(body) / FLOOR:
                raise TransportError("the reply did not end in time", timed_out=True)
        return bytes(body)

    def _read(self, reply: requests.Response) -> bytes:
        # Not through requests, which would wait until a piece is full.
        with _translated(self._connection.settings, begun=True):
            return cast("bytes", reply.raw.read1(PIECE, decode_content=False))

    def _let_go(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = self._refusal = None

    def release(self) -> None:
        """Let go of whatever is still open."""
        self._let_go()
        if self._spools is not None:
            self._spools.close()


@contextmanager
def _translated(settings: Settings, *, begun: bool = False) -> Generator[None]:
    """Turn failures of the network into ours, be it that the reply had ``begun``.

    Without a cause: what requests raises holds the request, and with it the key.
    """
    host = settings.api.origin
    try:
        yield
    except (requests.RequestException, HTTPError, OSError) as error:
        raise _translation(error, host, begun=begun) from None


def _translation(error: Exception, host: str, *, begun: bool) -> TransportError:
    reasons = list(_reasons(error))
    said = next((words for one in reasons if (words := _words(one))), "")
    connecting = any(isinstance(one, _NEVER_CONNECTED) or _connecting(one) for one in reasons)
    if _is_untrusted(reasons, connecting=connecting):
        return untrusted(host, said or CUT_OFF)
    slow = any(isinstance(one, _LATE) for one in reasons)
    if connecting:
        cut_off = any(isinstance(one, _CUT) for one in reasons)
        why = TOO_SLOW if slow else CUT_OFF if cut_off else REFUSED_TUNNEL
        return unconnected(host, said or why)
    if slow:
        return late(host)
    if any(isinstance(one, _CUT_SHORT) for one in reasons) or said:
        return lost(host, CUT if begun or not said else said)
    return garbled(host)


def _connecting(error: BaseException) -> bool:
    """Tell whether an error arose while connecting, and so before anything was sent."""
    return any(
        frame.f_code.co_name == "connect" and frame.f_globals["__name__"] == "urllib3.connection"
        for frame, _ in traceback.walk_tb(error.__traceback__)
    )


def _is_untrusted(reasons: list[BaseException], *, connecting: bool) -> bool:
    """Tell whether TLS could not begin, for a reason that stays; it may fail at any time later."""
    if any(isinstance(one, ssl.SSLCertVerificationError) for one in reasons):
        return True
    if not connecting or any(isinstance(one, _CUT) for one in reasons):
        return False
    return any(isinstance(one, _INSECURE) for one in reasons)


def _words(error: BaseException) -> str:
    """Return what the operating system said, or why a certificate was refused, if it is that."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return str(error.verify_message).rstrip(".")
    if isinstance(error, _CUT):
        return ""
    if isinstance(error, ssl.SSLError) and error.reason:
        return str(error.reason)
    words: str | None = error.strerror if isinstance(error, OSError) else None
    return words or ""


def _reasons(error: BaseException | None) -> Iterator[Any]:
    """Yield an error and what lies behind it, outermost first."""
    while error is not None:
        yield error
        inner: object = getattr(error, "reason", None) or next(iter(error.args), None)
        if not isinstance(inner, BaseException):
            inner = error.__cause__ or error.__context__
        error = inner if isinstance(inner, BaseException) else None
