"""Every call ends: whatever drips, stalls or is cut, on the way there and on the way back."""

import re
import socket
import threading
import time
import tracemalloc
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import aiohttp
import pytest

from gemini_batch import (
    AuthenticationError,
    CreateOutcomeUnknownError,
    Delivery,
    InvalidRequestError,
    ProtocolError,
    RetryPolicy,
    Timeouts,
    TransportError,
)
from gemini_batch.effects import Open, Read, Request, Send
from tests.conformance.bytewise import (
    BODY,
    ONCE,
    Script,
    asked,
    head,
    reply,
    saying,
    serving,
    soon,
    transport_of,
)
from tests.conformance.facades import Facade
from tests.conformance.scenes import prompts

SHORT = 0.15
BY_AIOHTTP = pytest.mark.parametrize("facade", ["async"], indirect=True)
LARGE = 8 << 20
"""Bytes that no socket takes at once."""


@contextmanager
def ending_in_time(facade: Facade) -> Generator[pytest.ExceptionInfo[TransportError]]:
    """Expect a call to end soon, as one of which nobody knows what came of it."""
    begun = time.monotonic()
    with pytest.raises(TransportError) as raised:
        yield raised
    facade.raised.append(raised.value)
    assert time.monotonic() < begun + 2
    assert raised.value.timed_out
    assert Delivery.UNKNOWN is raised.value.delivery


def dripping(beginning: bytes, drop: bytes) -> Script:
    """Return a script that reads a request, begins a reply, and goes on with it for ever."""

    def script(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(beginning)
        while not over.wait(0.01):
            connection.sendall(drop)

    return script


def read_head(connection: socket.socket) -> tuple[str, bytes]:
    """Read the head of a request, and return it with what came of its body; nothing at the end."""
    read = b""
    while b"\r\n\r\n" not in read:
        piece = connection.recv(1024)
        if not piece:
            return "", b""
        read += piece
    start, _, rest = read.partition(b"\r\n\r\n")
    return start.decode(), rest


def length_in(start: str) -> int:
    """Return how long the body of a request is, which its head must say."""
    found = re.search(r"\ncontent-length: (\d+)", start.lower())
    return int(found[1]) if found else 0


# Heads

DRIPS = {
    "status": (b"HTTP/1.1 200 ", b"x"),
    "line": (b"HTTP/1.1 200 OK\r\n", b"x"),
    "lines": (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
    "continues": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.mark.parametrize("ask", [Send, Open])
@pytest.mark.parametrize("drip", DRIPS)
def test_a_head_that_drips_ends_at_the_deadline(facade: Facade, drip: str, ask: Any) -> None:
    """A byte now and then keeps any read from being too slow."""
    with (
        serving(dripping(*DRIPS[drip])) as (at, _),
        transport_of(facade, f"http://{at}") as perform,
        ending_in_time(facade),
    ):
        perform(ask(asked(), soon(SHORT)))


def test_a_create_whose_reply_drips_is_not_sent_again(facade: Facade) -> None:
    """Its outcome is unknown, and looking for it drips as well."""
    options = {
        "timeout": Timeouts(5, 5, SHORT),
        "retry": RetryPolicy(1, deadline=SHORT, look_for=SHORT),
    }
    with serving(dripping(*DRIPS["line"])) as (at, served):
        begun = time.monotonic()
        with pytest.raises(CreateOutcomeUnknownError):
            facade.client(f"http://{at}", **options).submit(prompts(1))
        assert time.monotonic() < begun + 2
        assert 2 == len(served)  # a create, and a list


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_drips_ends_at_the_deadline(
    facade: Facade, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    """Be it asked to pass on a request, or to make a tunnel, through which nothing has gone yet."""
    with serving(dripping(*DRIPS["line"])) as (at, _):
        monkeypatch.setenv(f"{scheme}_proxy", f"http://{at}")
        url = f"{scheme}://gemini.invalid"
        begun = time.monotonic()
        with (
            transport_of(facade, url, allow_http=True) as perform,
            pytest.raises(TransportError) as raised,
        ):
            perform(Send(asked(), soon(SHORT)))
        assert time.monotonic() < begun + 2
    expected = Delivery.UNKNOWN if scheme == "http" else Delivery.NOT_SENT
    assert expected is raised.value.delivery


@pytest.mark.parametrize("facade", ["sync"], indirect=True)
def test_a_tunnel_is_waited_for_as_long_as_connecting_may_take(
    facade: Facade, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no longer, though the proxy has been reached."""

    def script(_: socket.socket, over: threading.Event) -> None:
        over.wait(5)

    with serving(script) as (at, _):
        monkeypatch.setenv("https_proxy", f"http://{at}")
        options = {"timeout": Timeouts(SHORT, 5, 5)}
        begun = time.monotonic()
        with (
            transport_of(facade, "https://gemini.invalid", **options) as perform,
            pytest.raises(TransportError) as raised,
        ):
            perform(Send(asked(), soon()))
        assert time.monotonic() < begun + 2
    assert Delivery.NOT_SENT is raised.value.delivery


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n",
    ],
    ids=len,
)
def test_a_head_that_is_cut_is_no_reply(facade: Facade, said: bytes) -> None:
    """Without its length a file would seem to be whole as it is: empty."""
    with (
        serving(saying(said)) as (at, _),
        transport_of(facade, f"http://{at}") as perform,
        pytest.raises(TransportError, match="connection was lost to") as raised,
    ):
        perform(Open(asked(), soon()))
    assert Delivery.UNKNOWN is raised.value.delivery


@BY_AIOHTTP
def test_a_call_that_waits_for_a_connection_was_not_sent(facade: Facade) -> None:
    """A session may have no connection to spare until the time is over."""

    async def begin() -> aiohttp.ClientSession:
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1))

    session = facade.settle(begin())
    with (
        serving(saying(head(200, 9) + b"x")) as (at, served),
        transport_of(facade, f"http://{at}", session=session) as perform,
        transport_of(facade, f"http://{at}", session=session) as perform_too,
    ):
        perform(Open(asked(), soon()))
        with pytest.raises(TransportError, match="cannot connect to") as raised:
            perform_too(Send(asked(), soon(SHORT)))
        assert 1 == len(served)
    assert Delivery.NOT_SENT is raised.value.delivery
    facade.settle(session.close())


# Bodies of replies

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_what_drips_between_the_pieces_of_a_body_ends(facade: Facade) -> None:
    """It is no part of the body, so that nothing of it would come for ever."""
    with serving(dripping(CHUNKED, b"0")) as (at, _):
        options = {"timeout": Timeouts(5, SHORT, 5)}
        with transport_of(facade, f"http://{at}", **options) as perform:
            with ending_in_time(facade):
                perform(Send(asked(), soon()))
            perform(Open(asked(), soon()))
            with ending_in_time(facade):
                perform(Read())


@pytest.mark.parametrize("more", [0, 1])
def test_a_reply_may_not_be_of_any_length(
    facade: Facade, monkeypatch: pytest.MonkeyPatch, more: int
) -> None:
    """It is read whole, and so has a bound."""
    room = {"sync": "sync", "async": "aio"}[facade.name]
    monkeypatch.setattr(f"gemini_batch.{room}.transport.BODY_LIMIT", 1000)
    body = b"x" * (1000 + more)
    with (
        serving(saying(reply(200, body))) as (at, _),
        transport_of(facade, f"http://{at}") as perform,
    ):
        if more == 0:
            assert body == perform(Send(asked(), soon())).body
            return
        with pytest.raises(ProtocolError, match="a reply of more than 1000 bytes"):
            perform(Send(asked(), soon()))


def test_of_a_refusal_only_the_beginning_is_read(facade: Facade) -> None:
    """Whatever it is a page of, it does not fill the memory."""
    page = b"<" * (1 << 20)

    def script(connection: socket.socket, _: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(head(400, 64 * len(page)))
        for _ in range(64):
            connection.sendall(page)

    with serving(script) as (at, _):
        batch = facade.client(f"http://{at}", retry=ONCE).get_batch("batches/a")
        tracemalloc.start()
        try:
            with pytest.raises(InvalidRequestError):
                batch.operation()
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 8 << 20


# Bodies of requests


def posted(size: int = LARGE) -> Request:
    """Return a request with a body."""
    return Request("POST", "/v1beta/batches", body=b"x" * size)


def test_a_body_that_nobody_reads_is_given_up(facade: Facade) -> None:
    """After as long as there may be silence; the service may have read what it needed."""

    def script(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(100)
        over.wait(5)

    with (
        serving(script) as (at, _),
        transport_of(facade, f"http://{at}", timeout=Timeouts(5, SHORT, 5)) as perform,
        ending_in_time(facade),
    ):
        perform(Send(posted(), soon()))


def reading_slowly(heads: list[str], bodies: list[int]) -> Script:
    """Return a script that takes a request a little at a time, and then answers it."""

    def script(connection: socket.socket, over: threading.Event) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        connection.settimeout(0.2)  # a loop that does not run any more closes nothing
        start, rest = read_head(connection)
        heads.append(start.lower())
        got = len(rest)
        while got < length_in(start):
            over.wait(0.003)
            piece = connection.recv(131072)
            if not piece:
                return
            got += len(piece)
        bodies.append(got)
        connection.sendall(reply(200, BODY))

    return script


def test_a_body_on_a_slow_line_is_sent_whole(facade: Facade) -> None:
    """However much longer it takes than to connect, and than the deadline: it moves."""
    heads: list[str] = []
    bodies: list[int] = []
    with (
        serving(reading_slowly(heads, bodies)) as (at, served),
        transport_of(facade, f"http://{at}", timeout=Timeouts(SHORT, 5, 5)) as perform,
    ):
        begun = time.monotonic()
        response = perform(Send(posted(), begun + SHORT))
        assert time.monotonic() > begun + SHORT
    assert (BODY, [LARGE], 1) == (response.body, bodies, len(served))
    assert f"\r\ncontent-length: {LARGE}" in heads[0]
    assert "transfer-encoding" not in heads[0]


def test_a_body_that_moves_too_slowly_is_given_up(
    facade: Facade, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has gone buys so much time and no more; here, none."""
    room = {"sync": "sync", "async": "aio"}[facade.name]
    monkeypatch.setattr(f"gemini_batch.{room}.punctual.FLOOR", 1 << 40)
    bodies: list[int] = []
    with (
        serving(reading_slowly([], bodies)) as (at, _),
        transport_of(facade, f"http://{at}") as perform,
        ending_in_time(facade),
    ):
        perform(Send(posted(), soon(0.05)))
    assert [] == bodies


def refusing_early(status: int, requests: list[str]) -> Script:
    """Return a script that begins an upload, and refuses all other bodies before it reads them."""

    def script(connection: socket.socket, over: threading.Event) -> None:
        start, rest = read_head(connection)
        requests.append(start.partition(" HTTP")[0])
        if "command: start" in start.lower():
            while len(rest) < length_in(start):
                rest += connection.recv(65536)
            port = connection.getsockname()[1]
            url = f"http://127.0.0.1:{port}/upload/v1beta/files?upload_id=1"
            connection.sendall(
                head(200, 0, "X-Goog-Upload-Status: active", f"X-Goog-Upload-URL: {url}")
            )
            return
        error = b'{"error": {"code": %d, "message": "early no"}}' % status
        connection.sendall(reply(status, error))
        connection.shutdown(socket.SHUT_WR)
        over.wait(0.05)

    return script


def test_a_chunk_that_is_refused_early_is_refused(facade: Facade) -> None:
    """The reply is heard, though most of the chunk has not gone yet."""
    requests: list[str] = []
    with serving(refusing_early(401, requests)) as (at, _):
        client = facade.client(f"http://{at}")
        with pytest.raises(AuthenticationError, match="early no"):
            client.files.upload(b"x" * (2 * LARGE), mime_type="text/plain", name="files/gb-a")
    assert len(requests) >= 2
    assert not [one for one in requests if one.startswith("DELETE")]


def test_a_create_that_is_refused_early_is_refused_and_not_sent_again(facade: Facade) -> None:
    """A refusal is definite, however little of the request was read for it."""
    requests: list[str] = []
    with serving(refusing_early(400, requests)) as (at, _):
        client = facade.client(f"http://{at}")
        with pytest.raises(InvalidRequestError, match="early no"):
            client.submit(prompts(1, size=7_000_000), via="inline")
    assert 1 == len(requests)


# Connections that are kept


def keeping(requests: list[str], gone: threading.Event, *, at_once: bool) -> Script:
    """Return a script that answers, and ends the connection at once or upon what comes next."""

    def script(connection: socket.socket, _: threading.Event) -> None:
        start, rest = read_head(connection)
        while len(rest) < length_in(start):
            rest += connection.recv(65536)
        requests.append(start.partition(" ")[0])
        length = f"Content-Length: {len(BODY)}"
        connection.sendall(f"HTTP/1.1 200 OK\r\n{length}\r\n\r\n".encode() + BODY)
        if not at_once and (start := read_head(connection)[0]):
            requests.append(start.partition(" ")[0])
        connection.shutdown(socket.SHUT_RDWR)
        gone.set()

    return script


@pytest.mark.parametrize("verb", ["get", "create"])
def test_a_kept_connection_that_was_ended_is_replaced(facade: Facade, verb: str) -> None:
    """Where it is seen to have ended, nothing is sent on it."""
    requests: list[str] = []
    gone = threading.Event()
    with serving(keeping(requests, gone, at_once=True)) as (at, served):
        client = facade.client(f"http://{at}", retry=ONCE)
        batch = client.get_batch("batches/a")
        batch.operation()
        assert gone.wait(5)
        facade.settle(facade.pause())
        made = client.submit(prompts(1)) if verb == "create" else batch
        if verb == "get":
            batch.operation()
        assert "batches/a" == made.name
        assert 2 == len(served)
    assert ["GET", {"get": "GET", "create": "POST"}[verb]] == requests


def test_a_create_on_a_kept_connection_that_ends_is_not_sent_twice(facade: Facade) -> None:
    """The service may have read it before it hung up; a look is repeated, and a create is not."""
    requests: list[str] = []
    with serving(keeping(requests, threading.Event(), at_once=False)) as (at, _):
        client = facade.client(f"http://{at}", retry=RetryPolicy(2, first=0.01, look_for=0))
        batch = client.get_batch("batches/a")
        batch.operation()
        batch.operation()
        assert ["GET"] * 3 == requests
        with pytest.raises(CreateOutcomeUnknownError):
            client.submit(prompts(1))
        client.close()  # a connection of it is still listened to
    assert 1 == requests.count("POST")
