"""What a client spends on a look, on a wait for many, and on a body: counted, never timed."""

import asyncio
import json
import os
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import pytest

from gemini_batch import PollPolicy, WaitTimeoutError
from gemini_batch.aio import punctual as aio_punctual, transport as aio_transport
from gemini_batch.effects import Request, Send
from gemini_batch.emulator import Emulator
from gemini_batch.sync import punctual as sync_punctual, transport as sync_transport
from tests.conformance.bytewise import BODY, Script, head, serving, soon, transport_of
from tests.conformance.facades import Facade

BY_AIOHTTP = pytest.mark.parametrize("facade", ["async"], indirect=True)
LOOKS = 20
MANY = 100


def answering(body: bytes) -> Script:
    """Return a script that answers each request on a connection alike, and keeps it open."""
    told = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()

    def script(connection: socket.socket, _: threading.Event) -> None:
        while connection.recv(65536):
            connection.sendall(told + body)

    return script


def test_every_look_goes_over_the_same_connection(facade: Facade) -> None:
    """One that was begun for each would cost a handshake each time, and leak where it stays."""
    with serving(answering(BODY)) as (at, served):
        batch = facade.client(f"http://{at}").get_batch("batches/a")
        for _ in range(LOOKS):
            batch.operation()
        assert 1 == len(served)
        facade.close()


class Watched(Mapping[str, str]):
    """The environment, which notes what is looked up in it."""

    def __init__(self, real: Mapping[str, str]) -> None:
        self._real = real
        self.lookups: list[str] = []

    def __getitem__(self, name: str) -> str:
        self.lookups.append(name)
        return self._real[name]

    def __iter__(self) -> Iterator[str]:
        self.lookups.append("all of it")
        return iter(self._real)

    def __len__(self) -> int:
        return len(self._real)


def test_the_environment_is_asked_once_and_not_before_each_look(
    facade: Facade,
) -> None:
    """For proxies, certificates and passwords: what it says then stands for the whole client."""
    watched = Watched(os.environ.copy())
    with serving(answering(BODY)) as (at, _), pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "environ", watched)
        batch = facade.client(f"http://{at}").get_batch("batches/a")
        batch.operation()
        assert "all of it" in watched.lookups
        watched.lookups.clear()
        for _ in range(LOOKS):
            batch.operation()
        assert [] == watched.lookups
        facade.close()


@BY_AIOHTTP
def test_a_look_that_has_no_results_takes_no_thread(
    facade: Facade, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is nothing to read that takes long, and nothing on a disk to let go of."""
    monkeypatch.setattr(aio_transport, "_in_thread", lambda _: pytest.fail("it took a thread"))
    with serving(answering(BODY)) as (at, _):
        batch = facade.client(f"http://{at}").get_batch("batches/a")
        batch.operation()
        assert not batch.status().finished
        facade.close()


@BY_AIOHTTP
def test_many_waits_take_no_thread_each(facade: Facade, timeless: Emulator) -> None:
    """Be it in a task each, or all of them in one."""
    client = facade.client(timeless.url).real
    poll = PollPolicy(first=0.05, ceiling=0.05)
    before = threading.active_count()
    most = 0

    async def wait_in_tasks(name: str) -> None:
        nonlocal most
        handles = [client.get_batch(name) for _ in range(MANY)]
        waits = [asyncio.create_task(one.wait(poll=poll, timeout=0.2)) for one in handles]
        waits.append(asyncio.create_task(client.wait_all(handles, poll=poll, timeout=0.2)))
        for ended in asyncio.as_completed(waits):
            with suppress(WaitTimeoutError):
                await ended
            most = max(most, threading.active_count())

    async def wait() -> None:
        await wait_in_tasks((await client.submit(["why?"], via="inline")).name)

    facade.settle(wait())
    # Those that are there came with the first request: its name may be looked up in one.
    assert most <= before + 4


class Sizes:
    """Notes how much of a body is taken at a time."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.taken: list[int] = []
        for module, place in ((sync_punctual, sync_transport), (aio_punctual, aio_transport)):
            patch.setattr(place, "Outgoing", self._noting(module.Outgoing))

    def _noting(self, kind: Any) -> Any:
        taken = self.taken

        class Noting(kind):  # type: ignore[misc] - of either facade
            def read(self, size: int | None = -1, /) -> bytes:
                piece: bytes = super().read(size)
                taken.append(len(piece))
                return piece

        return Noting


def test_a_body_goes_out_in_pieces_that_a_socket_takes_at_once(
    facade: Facade, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Smaller ones make the system be called more often than it need be."""
    sizes = Sizes(monkeypatch)
    body = b"x" * (1 << 20)

    def script(connection: socket.socket, _: threading.Event) -> None:
        got = connection.recv(65536)
        beginning, _, rest = got.partition(b"\r\n\r\n")
        length = re.search(rb"(?im)^content-length: (\d+)", beginning)
        assert length is not None
        left = int(length[1]) - len(rest)
        while left:
            left -= len(connection.recv(min(left, 65536)))
        connection.sendall(head(200, 2) + json.dumps({}).encode())

    with serving(script) as (at, _), transport_of(facade, f"http://{at}") as perform:
        request = Request("POST", "/upload", body=body)
        assert b"{}" == perform(Send(request, soon())).body
    assert len(body) == sum(sizes.taken)
    assert 64 << 10 <= max(sizes.taken)
    assert len([size for size in sizes.taken if size]) <= len(body) // (64 << 10)
