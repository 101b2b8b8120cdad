"""A plain server that says what a script says, byte by byte, and a transport to look at it with."""

import socket
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import Any

from gemini_batch import RetryPolicy
from gemini_batch.effects import Request
from tests.conformance.facades import Facade

ONCE = RetryPolicy(attempts=1)

BODY = b'{"name": "batches/a", "metadata": {"name": "batches/a", "state": "BATCH_STATE_PENDING"}}'
"""A look at the batch that :func:`asked` is after."""

Script = Callable[[socket.socket, threading.Event], None]


@contextmanager
def serving(script: Script) -> Generator[tuple[str, list[None]]]:
    """Let a script serve each connection, one at a time; yield the address, and what is counted.

    The event that it is given is set when the test is over.
    """
    over = threading.Event()
    served: list[None] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while not over.is_set():
                try:
                    connection, _ = server.accept()
                except OSError:  # closed: the test is over
                    return
                served.append(None)
                with connection, suppress(OSError):
                    script(connection, over)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{server.getsockname()[1]}", served
        finally:
            over.set()
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def head(status: int, length: int | None, *headers: str) -> bytes:
    """Return the head of a reply, after which the connection ends."""
    sized = [] if length is None else [f"Content-Length: {length}"]
    lines = [f"HTTP/1.1 {status} Whatever", *sized, "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1")


def reply(status: int, body: bytes = b"", *headers: str) -> bytes:
    """Return a whole reply, after which the connection ends."""
    return head(status, None if status in {204, 304} else len(body), *headers) + body


@contextmanager
def transport_of(facade: Facade, url: str, **options: Any) -> Generator[Callable[[Any], Any]]:
    """Yield what performs effects, and let go of all afterwards."""
    transport = facade.client(url, **options).real._link._transport(None)
    try:
        yield lambda effect: facade.settle(transport.perform(effect))
    finally:
        facade.settle(transport.release())


def asked(read_timeout: float | None = None) -> Request:
    """Return a request."""
    return Request("GET", "/v1beta/batches/a", read_timeout=read_timeout)


def soon(seconds: float = 5.0) -> float:
    """Return a deadline."""
    return time.monotonic() + seconds


def saying(*pieces: bytes) -> Script:
    """Return a script that reads a request and says these, one after the other."""

    def script(connection: socket.socket, over: threading.Event) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.recv(65536)
        for piece in pieces:
            connection.sendall(piece)
            over.wait(0.01)

    return script
