"""Results as they arrive: none waits for the next one, and a slow reader holds the service back."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

from tests.conformance.bytewise import serving
from tests.conformance.facades import Facade

NAME = "batches/b1"
LINES = 48
LINE = b'{"key": "%d", "response": {"candidates": [{"content": {"parts": [{"text": "%s"}]}}]}}\n'
"""Of a megabyte each, so that not nearly all of them fit between the service and its reader."""

Send = Callable[[socket.socket, threading.Event], None]


def lines(count: int = LINES) -> Iterator[bytes]:
    """Yield the results, one by one."""
    for number in range(count):
        yield LINE % (number, b"x" * (1 << 20))


def succeeded() -> bytes:
    """Return the reply to a look at a batch that is done, with its results in a file."""
    output = {"responsesFile": "files/batch-b1"}
    metadata = {"name": NAME, "state": "BATCH_STATE_SUCCEEDED", "output": output}
    body = json.dumps({"name": NAME, "metadata": metadata, "done": True, "response": output})
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def promised(count: int) -> bytes:
    """Return the head of a reply with so many results."""
    length = sum(map(len, lines(count)))
    return f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n".encode()


@contextmanager
def streamed(facade: Facade, send: Send, count: int = LINES) -> Generator[Any]:
    """Stream so many results that are sent in this way."""

    def script(connection: socket.socket, over: threading.Event) -> None:
        while asked := connection.recv(65536):
            if b":download" not in asked:
                connection.sendall(succeeded())
                continue
            connection.sendall(promised(count))
            send(connection, over)
            return

    with serving(script) as (at, _):
        with facade.client(f"http://{at}").get_batch(NAME).stream_results() as items:
            yield items
        facade.close()


def wait_for(facade: Facade, event: threading.Event) -> None:
    """Wait while whatever goes on by itself goes on, such as an event loop."""
    assert facade.settle(
        asyncio.to_thread(event.wait, 10) if facade.name == "async" else event.wait(10)
    )


def test_the_first_result_does_not_wait_for_the_second(facade: Facade) -> None:
    """It is handed over before there is any other, and so is each that follows."""
    count = 4
    may_go_on = [threading.Event() for _ in range(count)]

    def send(connection: socket.socket, over: threading.Event) -> None:
        for may, line in zip(may_go_on, lines(count), strict=True):
            may.wait(10)
            assert not over.is_set()
            connection.sendall(line)

    may_go_on[0].set()
    with streamed(facade, send, count) as items:
        for number, next_may in enumerate(may_go_on[1:]):
            item = next(items)
            assert (str(number), True) == (item.key, item.ok)
            next_may.set()
        assert ["3"] == [item.key for item in items]


def test_a_reader_that_pauses_makes_the_service_pause(facade: Facade) -> None:
    """What comes meanwhile waits at the service, and not in memory here."""
    went, stuck = 0, threading.Event()

    def send(connection: socket.socket, _: threading.Event) -> None:
        nonlocal went
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        connection.settimeout(0.3)
        try:
            for line in lines():
                rest = memoryview(line)
                while rest:
                    sent = connection.send(rest)
                    went += sent
                    rest = rest[sent:]
        except TimeoutError:
            stuck.set()

    with streamed(facade, send) as items:
        assert "0" == next(items).key
        wait_for(facade, stuck)
        assert went < LINES * (1 << 20) // 4


def test_a_reader_that_goes_on_gets_the_rest(facade: Facade) -> None:
    """After the service was held back."""
    full, gone = threading.Event(), threading.Event()

    def send(connection: socket.socket, _: threading.Event) -> None:
        connection.settimeout(0.3)
        for line in lines():
            rest = memoryview(line)
            while rest:
                try:
                    rest = rest[connection.send(rest) :]
                except TimeoutError:
                    full.set()
                    gone.wait(10)

    with streamed(facade, send) as items:
        keys = [next(items).key]
        wait_for(facade, full)
        gone.set()
        keys += [item.key for item in items]
    assert [str(number) for number in range(LINES)] == keys
