"""What a plain server can do to a transport, byte by byte, and what a session may do to a POST."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from gemini_batch import (
    Delivery,
    PermissionDeniedError,
    TransportError,
    UsageError,
)
from gemini_batch.aio.transport import AiohttpTransport
from gemini_batch.effects import Offload, Open, Read, Send
from gemini_batch.emulator import Emulator
from gemini_batch.limits import ERROR_LIMIT
from gemini_batch.spool import Spools
from tests.conformance.bytewise import (
    ONCE,
    Script,
    asked,
    head,
    saying,
    serving,
    soon,
    transport_of,
)
from tests.conformance.certificates import LOOPBACK, spoilt_after, trusting
from tests.conformance.facades import CANARY, Facade
from tests.conformance.scenes import prompts

PENDING = {"name": "batches/a", "metadata": {"name": "batches/a", "state": "BATCH_STATE_PENDING"}}

# TLS


@pytest.fixture
def pem(tmp_path: Path) -> str:
    """Return the file that holds the certificate and its key."""
    path = tmp_path / "loopback.pem"
    path.write_text(LOOPBACK)
    return str(path)


@pytest.mark.parametrize("sent", [None, b"HTTP/1.1 20", head(200, 99) + b"{"], ids=repr)
def test_tls_that_fails_later_leaves_the_outcome_unknown(
    facade: Facade, pem: str, sent: bytes | None
) -> None:
    """The request went out: the service may have acted, and that it failed may not last."""
    with serving(spoilt_after(sent, pem)) as (at, served), trusting(facade, pem) as session:
        batch = facade.client(f"https://{at}", session=session, retry=ONCE).get_batch("batches/a")
        with pytest.raises(TransportError) as raised:
            batch.operation()
        assert Delivery.UNKNOWN is raised.value.delivery
        assert not raised.value.permanent
        assert 1 == len(served)


def test_a_certificate_that_nobody_trusts_is_not_tried_again(
    facade: Facade, pem: str, pauses: list[float]
) -> None:
    """Nothing was sent, and nothing will be."""
    with serving(spoilt_after(None, pem)) as (at, served):
        with pytest.raises(TransportError, match="no trusted connection") as raised:
            facade.client(f"https://{at}").submit(prompts(1))
        assert Delivery.NOT_SENT is raised.value.delivery
        assert raised.value.permanent
        assert ([], 1) == (pauses, len(served))


def test_a_connection_that_is_cut_before_tls_begins_is_tried_again(
    facade: Facade, pauses: list[float]
) -> None:
    """Nothing was sent, not even a create, and the next attempt may fare better."""

    def cut(connection: socket.socket, _: threading.Event) -> None:
        connection.recv(65536)

    with serving(cut) as (at, served):
        with pytest.raises(TransportError, match="cannot connect to") as raised:
            facade.client(f"https://{at}").submit(prompts(1))
        assert Delivery.NOT_SENT is raised.value.delivery
        assert (4, 5) == (len(pauses), len(served))


# Sessions

BY_REQUESTS = pytest.mark.parametrize("facade", ["sync"], indirect=True)
BY_AIOHTTP = pytest.mark.parametrize("facade", ["async"], indirect=True)


@BY_REQUESTS
@pytest.mark.parametrize(
    "retries",
    [
        Retry(total=None, read=3, allowed_methods=None),
        Retry(total=None),
        Retry(3, allowed_methods=None),
        Retry(3, allowed_methods=["POST"], other=0),
        Retry(3, status_forcelist=[503], allowed_methods=None, read=False, other=0),
        Retry(3, read=False, allowed_methods=None, other=0),
        Retry(3),
        3,
    ],
    ids=repr,
)
def test_a_session_that_may_repeat_a_post_is_refused(
    facade: Facade, emulator: Emulator, retries: Retry | int
) -> None:
    """Whichever of its settings makes it do so: after a loss, a failure of TLS or a status."""
    with requests.Session() as session:
        session.mount("https://", HTTPAdapter(max_retries=retries))
        with pytest.raises(UsageError, match=r"may repeat POST by itself.*max_retries=0"):
            facade.client(emulator.url, session=session)
    assert [] == emulator.seen


@BY_REQUESTS
@pytest.mark.parametrize(
    "retries",
    [0, Retry(0), Retry(0, allowed_methods=None), Retry(False), Retry(3, other=0)],  # noqa: FBT003 - so urllib3 spells it
    ids=repr,
)
def test_a_session_that_never_repeats_a_post_is_used(
    facade: Facade, emulator: Emulator, retries: Retry | int
) -> None:
    """It may repeat what does no harm, such as connecting."""
    with requests.Session() as session:
        session.mount("http://", HTTPAdapter(max_retries=retries))
        facade.client(emulator.url, session=session).submit(prompts(1))
    assert 1 == emulator.acted.count("create")


@BY_AIOHTTP
def test_a_session_with_middlewares_is_refused(facade: Facade, emulator: Emulator) -> None:
    """Nobody can see what they do, and this one repeats."""

    async def twice(request: Any, handle: Any) -> Any:
        (await handle(request)).close()
        return await handle(request)

    async def begin() -> aiohttp.ClientSession:
        return aiohttp.ClientSession(middlewares=(twice,))

    session = facade.settle(begin())
    with pytest.raises(UsageError, match=r"has middlewares.* pass one without"):
        facade.client(emulator.url, session=session)
    facade.settle(session.close())
    assert [] == emulator.seen


# Work in a thread


@BY_AIOHTTP
def test_work_is_seen_through_however_often_it_is_cancelled(
    facade: Facade, emulator: Emulator
) -> None:
    """What it uses is let go of once it is really done, and the cancellation comes out then."""
    connection = facade.client(emulator.url).real._link._connection
    done: list[str] = []
    begun, may_end = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        may_end.wait(5)
        done.append("work")
        raise OSError("for nobody to hear")

    class Noting(Spools):
        def close(self) -> None:
            done.append("release")

    async def drive() -> None:
        transport = AiohttpTransport(connection, Noting())
        try:
            await transport.perform(Offload(work))
        finally:
            await transport.release()

    complaints: list[Any] = []

    async def cancel() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, said: complaints.append(said))
        working = asyncio.create_task(drive())
        await asyncio.to_thread(begun.wait, 5)
        for _ in range(3):
            working.cancel("enough")
            for _ in range(9):
                await asyncio.sleep(0)
            assert [] == done
        may_end.set()
        with pytest.raises(asyncio.CancelledError, match="enough"):
            await working

    facade.settle(cancel())
    assert ["work", "release"] == done
    assert [] == complaints


@BY_AIOHTTP
def test_work_that_fails_fails_the_effect(facade: Facade, emulator: Emulator) -> None:
    """Its own error comes out, as in the synchronous transport."""

    def work() -> None:
        raise OSError("no room")

    with transport_of(facade, emulator.url) as perform, pytest.raises(OSError, match="no room"):
        perform(Offload(work))


# What a service says of a refusal

QUOTED = {
    "error": {
        "code": 403,
        "status": "PERMISSION_DENIED",
        "message": f"Consumer 'api_key:{CANARY}' has been suspended.",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "CONSUMER_SUSPENDED",
                "domain": "googleapis.com",
                "metadata": {"consumer": f"api_key%3A{CANARY}"},
            }
        ],
    }
}


def test_a_service_that_quotes_the_key_does_not_make_an_error_of_ours_show_it(
    facade: Facade,
) -> None:
    """Neither its message nor its details do; the rest of them stays."""
    body = json.dumps(QUOTED).encode()
    with serving(saying(head(403, len(body)) + body)) as (at, _):
        batch = facade.client(f"http://{at}", retry=ONCE).get_batch("batches/a")
        with pytest.raises(
            PermissionDeniedError, match="'api_key:<the API key>' has been"
        ) as raised:
            batch.operation()
    assert "api_key%3A<the API key>" == raised.value.details[0]["metadata"]["consumer"]
    assert CANARY not in repr(vars(raised.value))


@pytest.mark.parametrize("ask", [Send, Open])
@pytest.mark.parametrize("status", [302, 403, 503])
def test_the_key_is_scrubbed_from_headers_too(facade: Facade, status: int, ask: Any) -> None:
    """Such as from the address that a redirect names; what else is in them stays."""
    headers = (f"Location: /elsewhere?key={CANARY}&x=1", "X-Odd: caf\xc3\xa9")
    with (
        serving(saying(head(status, 0, *headers))) as (at, _),
        transport_of(facade, f"http://{at}") as perform,
    ):
        response = perform(ask(asked(), soon()))
    assert status == response.status
    assert "/elsewhere?key=<the API key>&x=1" == response.headers["location"]
    assert response.headers["x-odd"] in {"café", "caf\xc3\xa9"}


def test_a_stream_that_is_refused_does_not_show_the_key_in_pieces(facade: Facade) -> None:
    """However the network cuts it: the beginning of a refusal is read before any of it is told."""
    body = json.dumps(QUOTED).encode()
    cut = body.index(CANARY.encode()) + 7
    with (
        serving(saying(head(403, len(body)) + body[:cut], body[cut:])) as (at, _),
        transport_of(facade, f"http://{at}") as perform,
    ):
        assert 403 == perform(Open(asked(), soon())).status
        pieces = [perform(Read()), perform(Read())]
    assert [body.replace(CANARY.encode(), b"<the API key>"), b""] == pieces


def test_only_the_beginning_of_a_refusal_is_kept(facade: Facade) -> None:
    """A page of any length is no message; a key on the border is not cut in two."""
    body = b"x" * (ERROR_LIMIT - 9) + CANARY.encode() + b"y" * (4 * ERROR_LIMIT)
    with (
        serving(saying(head(502, len(body)) + body)) as (at, _),
        transport_of(facade, f"http://{at}") as perform,
    ):
        perform(Open(asked(), soon()))
        pieces = [perform(Read()), perform(Read())]
    assert [b"x" * (ERROR_LIMIT - 9) + b"<the API ", b""] == pieces


def test_what_is_no_refusal_is_left_as_it_is(facade: Facade) -> None:
    """A result may hold whatever a model says; and a stream after a refused one is its own."""
    said = CANARY.encode()
    replies = iter([head(500, 2) + b"no", head(200, len(said)) + said])

    def script(connection: socket.socket, _: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(next(replies))

    with (
        serving(script) as (at, _),
        transport_of(facade, f"http://{at}") as perform,
    ):
        perform(Open(asked(), soon()))
        assert 200 == perform(Open(asked(), soon())).status
        assert said == perform(Read())


# Slow bodies


def slowly(pieces: int, piece: bytes) -> Script:
    """Return a script that sends a body with a pause before each of its pieces."""

    def script(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(head(200, pieces * len(piece)))
        for _ in range(pieces):
            over.wait(0.03)
            connection.sendall(piece)

    return script


def test_a_slow_but_steady_body_is_read_beyond_the_deadline(facade: Facade) -> None:
    """What comes in buys time for more."""
    with (
        serving(slowly(12, b"x" * 8192)) as (at, _),
        transport_of(facade, f"http://{at}") as perform,
    ):
        begun = time.monotonic()
        response = perform(Send(asked(), begun + 0.2))
        assert time.monotonic() > begun + 0.2
    assert b"x" * 12 * 8192 == response.body


@pytest.mark.parametrize(("ask", "status"), [(Send, 200), (Send, 403), (Open, 403)])
def test_a_body_that_drips_ends(facade: Facade, ask: Any, status: int) -> None:
    """A byte now and then buys next to nothing, in a refusal as elsewhere."""

    def script(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(head(status, 999))
        while not over.wait(0.01):
            connection.sendall(b"x")

    with (
        serving(script) as (at, _),
        transport_of(facade, f"http://{at}") as perform,
    ):
        begun = time.monotonic()
        with pytest.raises(TransportError, match="did not end in time") as raised:
            perform(ask(asked(), begun + 0.15))
        assert time.monotonic() < begun + 2
    assert raised.value.timed_out
    assert Delivery.UNKNOWN is raised.value.delivery


# Tracebacks


def mine() -> Iterator[str]:
    """Yield a prompt, then raise an error of the package's own."""
    yield "Why is the sky blue?"
    raise UsageError("the second line of my file is empty")


@pytest.mark.parametrize("debugging", [False, True])
def test_an_error_in_the_callers_iterable_shows_where_it_was_raised(
    facade: Facade, emulator: Emulator, caplog: pytest.LogCaptureFixture, *, debugging: bool
) -> None:
    """The frames of the caller's code stay; those of the package only where somebody debugs."""
    caplog.set_level("DEBUG" if debugging else "WARNING", "gemini_batch")
    client = facade.client(emulator.url)
    with pytest.raises(UsageError, match="the second line") as raised:
        client.submit(mine())
    names = [entry.name for entry in raised.traceback]
    assert "mine" == names[-1]
    assert debugging == ("perform" in names)
    assert [] == emulator.seen
