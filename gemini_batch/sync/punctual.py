"""Connections of urllib3 that know when a call must end.

By itself urllib3 gives a time to each read and to each write. A head that comes a byte at a time
would then never end, and a body that goes out in one write would have to be gone at once.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from http.client import HTTPResponse, RemoteDisconnected
from io import BufferedReader, BytesIO, RawIOBase
from typing import Any, cast

from attrs import frozen
from requests.adapters import HTTPAdapter
from urllib3 import PoolManager
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from ..limits import FLOOR


@frozen
class Due:
    """When a reply must have begun, and how many seconds may pass without a byte either way."""

    until: float
    reading: float
    writing: float


_DUE: ContextVar[Due] = ContextVar("due")


@contextmanager
def kept(due: Due) -> Generator[None]:
    """Let what this thread sends meanwhile be sent, and its reply begin, in time."""
    token = _DUE.set(due)
    try:
        yield
    finally:
        _DUE.reset(token)


class Outgoing(BytesIO):
    """A body that is sent piece by piece; what has gone buys time beyond the deadline."""

    def __init__(self, body: bytes, deadline: float) -> None:
        super().__init__(body)
        self._deadline = deadline

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next piece, while there is time for it."""
        if time.monotonic() > self._deadline + self.tell() / FLOOR:
            raise TimeoutError
        return super().read(size)


class _Lines(BufferedReader):
    """What a reply is read from: each of its lines comes whole, and in time."""

    def __init__(self, raw: RawIOBase, sock: Any, due: Due) -> None:
        super().__init__(raw)
        self._sock = getattr(sock, "socket", sock)  # which kinds of TLS wrap that know no times
        self._due = due
        self.until: float | None = due.until

    def readline(self, size: int | None = -1, /) -> bytes:
        """Return a line with its end, or as much of it as is asked for."""
        line = bytearray()
        most = -1 if size is None else size
        until = time.monotonic() + self._due.reading if self.until is None else self.until
        while not line.endswith(b"\n") and len(line) != most:
            ready = self._ready(until)
            end = ready.find(b"\n") + 1 or len(ready)
            line += self.read(end if most < 0 else min(end, most - len(line)))
        return bytes(line)

    def _ready(self, until: float) -> bytes:
        """Return what can be read at once, after waiting for it if there is nothing."""
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        patience = self._sock.gettimeout()
        self._sock.settimeout(min(patience, left))
        try:
            ready = self.peek()
        finally:
            self._sock.settimeout(patience)
        if not ready:  # http.client would take what there is of a head for the whole of it
            raise RemoteDisconnected("it ended within a line")
        return ready


class _Reply(HTTPResponse):
    """A reply whose head comes whole, and in time."""

    def __init__(self, sock: Any, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = _Lines(self.fp.detach(), sock, _DUE.get())

    def begin(self) -> None:
        """Read the head; what comes after it has a time of its own."""
        super().begin()
        cast("_Lines", self.fp).until = None


class _Connection(HTTPConnection):
    """A connection that sends and listens as long as it should."""

    response_class = _Reply

    def putrequest(self, *args: Any, **options: Any) -> None:
        """Begin a request: the time for connecting is for nothing but connecting."""
        if self.is_closed:
            self.connect()
        self.sock.settimeout(_DUE.get().writing)
        super().putrequest(*args, **options)


class PunctualAdapter(HTTPAdapter):
    """Makes connections that know when a call must end, to a proxy as well."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Begin with pools of such connections."""
        super().init_poolmanager(*args, **options)
        _mend(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Return what holds the connections to a proxy."""
        known = proxy in self.proxy_manager
        manager = super().proxy_manager_for(proxy, **options)
        if not known:
            _mend(manager)
        return manager


def _mend(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {
        scheme: _with_punctual(pool) for scheme, pool in manager.pool_classes_by_scheme.items()
    }


def _with_punctual(pool: type[HTTPConnectionPool]) -> type[HTTPConnectionPool]:
    """Return a class of pools, be it for TLS or for SOCKS, with connections that are punctual."""
    connection = type("Connection", (_Connection, cast("type", pool.ConnectionCls)), {})
    return type(pool.__name__, (pool,), {"ConnectionCls": connection})
