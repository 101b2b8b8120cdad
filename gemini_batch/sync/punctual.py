"""Connections of urllib3 that know when a call must end, and what a reply is.

By itself urllib3 gives a time to each read and to each write. A head that comes a byte at a time
would then never end, and a body that goes out in one write would have to be gone at once. It also
takes almost anything for a reply, where aiohttp is strict: a length that is said twice, a piece of
a body that does not end where it should, and bytes after the end, which it would keep to itself.
"""

from __future__ import annotations

import re
import socket
import time
import traceback
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from http.client import SWITCHING_PROTOCOLS, HTTPException, HTTPResponse, RemoteDisconnected
from io import BufferedReader, BytesIO, RawIOBase
from typing import Any, cast

from attrs import frozen
from requests.adapters import HTTPAdapter
from urllib3 import PoolManager
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from ..limits import FLOOR
from ..wire import FIELDS, LINE_LIMIT, is_sound

_PROTOCOL = b"HTTP/1."
_STATUS = re.compile(rb"HTTP/1\.([01]) ([0-9]{3})( [^\r\n\0]*)?\r?\n")
_FIELD = re.compile(rb"([^\s:]+):([^\r\n\0]*)\r?\n")
_FOLDED = re.compile(rb"[ \t][^\r\n\0]*\r?\n")
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(;[^\r\n]*)?\r\n")
_ENDS = (b"\r\n", b"\n")

_BLOCK = 64 << 10
"""Bytes of a body that are sent at a time: what urllib3 takes is a quarter, and twice as slow."""


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


class GarbledError(HTTPException):
    """What came is no reply."""


class _Lines(BufferedReader):
    """What a reply is read from: each of its lines comes whole, and in time.

    ``until`` is when the last line of a head must have come, and ``again`` holds lines that are to
    be read once more. A head is read by lines alone, so that what was seen of it is still there.
    """

    def __init__(self, raw: RawIOBase, sock: Any, due: Due) -> None:
        super().__init__(raw)
        self._sock = getattr(sock, "socket", sock)  # which kinds of TLS wrap that know no times
        self._due = due
        self.until: float | None = due.until
        self.again: deque[bytes] = deque()
        self._seen = b""

    def readline(self, size: int | None = -1, /) -> bytes:
        """Return a line with its end, or as much of it as is asked for."""
        return self.again.popleft() if self.again else self._line(-1 if size is None else size)

    def first(self, most: int) -> bytes:
        """Return the first line of a head; what cannot be one is not read to its end."""
        line = b"\r\n"
        while line in _ENDS:  # some services end a body with one too many
            line = self._line(most, _PROTOCOL)
        return line

    def _line(self, most: int, beginning: bytes = b"") -> bytes:
        line = bytearray()
        until = time.monotonic() + self._due.reading if self.until is None else self.until
        while not line.endswith(b"\n") and len(line) != most:
            ready = self._ready(until)
            end = ready.find(b"\n") + 1 or len(ready)
            read = self.read(end if most < 0 else min(end, most - len(line)))
            line += read
            self._seen = b"" if self.until is None else ready[len(read) :]
            begun = bytes(line[: len(beginning)])
            if not beginning.startswith(begun) and begun not in {b"\r", *_ENDS}:
                raise GarbledError
        return bytes(line)

    def _ready(self, until: float) -> bytes:
        """Return what can be read at once, after waiting for it if there is nothing."""
        if self._seen:
            return self._seen
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        with self._waiting(left):
            ready = self.peek()
        if not ready:  # http.client would take what there is of a head for the whole of it
            raise RemoteDisconnected("it ended within a line")
        return ready

    def stray(self) -> bytes:
        """Return what has come beyond the end of a reply, without waiting for more."""
        with suppress(OSError), self._waiting(0):
            return self.peek()
        return b""

    @contextmanager
    def _waiting(self, seconds: float) -> Generator[None]:
        patience = self._sock.gettimeout()
        self._sock.settimeout(seconds if patience is None else min(patience, seconds))
        try:
            yield
        finally:
            self._sock.settimeout(patience)


class _Reply(HTTPResponse):
    """A reply whose head comes whole and in time, and whose body ends where it should."""

    def __init__(self, sock: Any, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self._sock = sock
        self._lines = _Lines(self.fp.detach(), sock, _DUE.get())
        self.fp = self._lines
        self._left: int | None = None
        """Bytes that are still to come of a piece of the body."""

    def begin(self) -> None:
        """Read the head; what comes after it has a time of its own."""
        self._lines.again.extend(self._head())
        super().begin()
        self._lines.until = None

    def _head(self) -> list[bytes]:
        """Read heads until one is that of the reply: others come before it, and say to wait."""
        while True:
            lines = [self._lines.first(LINE_LIMIT + 1)]
            while lines[-1] not in _ENDS:
                if len(lines) > 2 * FIELDS:  # some may be folded; more are not kept
                    raise GarbledError
                lines.append(self._lines.readline(LINE_LIMIT + 1))
            begun = _STATUS.fullmatch(lines[0])
            if begun is None:
                raise GarbledError
            status = int(begun[2])
            fields = list(_fields(lines[1:-1]))
            if 100 <= status < 200 and status != SWITCHING_PROTOCOLS:
                continue
            if not is_sound((1, int(begun[1])), status, fields):
                raise GarbledError
            return lines

    def read1(self, n: int = -1, /) -> bytes:
        """Return the next bytes of the body, ``n`` at most; none at its verified end."""
        left = self.length
        if self.chunked and not self.isclosed():
            left = self._next_piece()
        if left is None or self.isclosed():
            return super().read1(n)
        if left == 0:
            self._end()
            return b""
        piece = self._lines.read1(left if n < 0 else min(left, n))
        if not piece:
            raise RemoteDisconnected("it ended within the body")
        if self.chunked:
            self._left = left - len(piece)
        else:
            self.length = left - len(piece)
            if self.length == 0:
                self._end()
        return piece

    def _next_piece(self) -> int:
        """Return how much of a piece is to come, after its head where that is to come as well."""
        if self._left:
            return self._left
        if self._left == 0 and self._lines.readline(2) != b"\r\n":
            raise GarbledError
        size = _SIZE.fullmatch(self._lines.readline(LINE_LIMIT))
        if size is None:
            raise GarbledError
        self._left = int(size[1], 16)
        if self._left == 0:
            self._skip_trailers()
        return self._left

    def _skip_trailers(self) -> None:
        for _ in range(FIELDS + 1):
            line = self._lines.readline(LINE_LIMIT)
            if line == b"\r\n":
                return
            if not _FIELD.fullmatch(line):
                break
        raise GarbledError

    def _end(self) -> None:
        """Be done; of a connection on which something follows, nothing more is expected."""
        stray = self._lines.stray()
        self.close()
        if not stray:
            return
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        if stray.strip(b"\r\n") and not stray.startswith(_PROTOCOL):
            raise GarbledError


def _fields(lines: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Yield the fields of a head, but for what is folded onto a line of its own."""
    for number, line in enumerate(lines):
        field = _FIELD.fullmatch(line)
        if field is not None:
            yield field[1], field[2]
        elif number == 0 or not _FOLDED.fullmatch(line):
            raise GarbledError


class _Connection(HTTPConnection):
    """A connection that sends and listens as long as it should."""

    response_class = _Reply

    def _new_conn(self) -> socket.socket:
        """Connect; an interrupt meanwhile closes what urllib3 lets go of only for errors."""
        try:
            return super()._new_conn()
        except KeyboardInterrupt as interrupt:
            for frame, _ in traceback.walk_tb(interrupt.__traceback__):
                half_made = frame.f_locals.get("sock")
                if isinstance(half_made, socket.socket):
                    half_made.close()
            raise

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
        super().init_poolmanager(*args, blocksize=_BLOCK, **options)
        _mend(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Return what holds the connections to a proxy."""
        known = proxy in self.proxy_manager
        manager = super().proxy_manager_for(proxy, blocksize=_BLOCK, **options)
        if not known:
            _mend(manager)
        return manager

    def close(self) -> None:
        """Close what is idle; urllib3 would wait until nothing refers to it, such as an error."""
        for manager in (self.poolmanager, *self.proxy_manager.values()):
            for where in manager.pools.keys():  # noqa: SIM118 - it does not iterate over itself
                manager.pools[where].close()
        super().close()


def _mend(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {
        scheme: _with_punctual(pool) for scheme, pool in manager.pool_classes_by_scheme.items()
    }


def _with_punctual(pool: type[HTTPConnectionPool]) -> type[HTTPConnectionPool]:
    """Return a class of pools, be it for TLS or for SOCKS, with connections that are punctual."""
    connection = type("Connection", (_Connection, cast("type", pool.ConnectionCls)), {})
    return type(pool.__name__, (pool,), {"ConnectionCls": connection})
