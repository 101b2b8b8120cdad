"""The way to the service and back: refused, unknown, silent, redirected, and in the wrong words."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from gemini_batch import (
    AuthenticationError,
    Delivery,
    HandleReturnedError,
    RetryPolicy,
    ServerError,
    TransportError,
    UsageError,
)
from gemini_batch.emulator import Emulator
from tests.conformance.facades import CANARY, HASTY, Facade
from tests.conformance.scenes import assert_answered, named, prompts

ASKED = prompts(3)
ONCE = RetryPolicy(attempts=1)


@pytest.fixture
def refusing() -> Iterator[str]:
    """Return the URL of a port that is taken and that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture
def plaintext() -> Iterator[str]:
    """Return the https URL of a server that does not know what TLS is."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:  # closed: the test is over
                    return
                with connection:
                    connection.recv(65536)
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"https://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


UNREACHABLE = {
    "create": lambda client: client.submit(ASKED),
    "upload-start": lambda client: client.submit(ASKED, via="file"),
    "get": lambda client: client.get_batch("batches/abc").operation(),
    "cancel": lambda client: client.get_batch("batches/abc").cancel(),
    "delete": lambda client: client.get_batch("batches/abc").delete(),
}


@pytest.mark.parametrize("operation", UNREACHABLE)
def test_a_refused_connection_was_not_sent_and_is_tried_again(
    facade: Facade, refusing: str, pauses: list[float], operation: str
) -> None:
    """Even a create: nobody can have seen it."""
    with pytest.raises((TransportError, HandleReturnedError)) as raised:
        UNREACHABLE[operation](facade.client(refusing))
    error = getattr(raised.value, "reason", raised.value)
    assert f"cannot connect to {refusing}" in str(error)
    assert Delivery.NOT_SENT is error.delivery
    assert 4 == len(pauses)


def test_a_host_nobody_knows_was_not_sent_and_is_tried_again(
    facade: Facade, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The resolver says no, as it would for ``.invalid`` (RFC 6761 §6.4)."""

    def resolve(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)

    with pytest.raises(
        TransportError,
        match=r"cannot connect to https://gemini\.invalid: Name or service not known",
    ) as raised:
        facade.client("https://gemini.invalid").submit(ASKED)
    assert Delivery.NOT_SENT is raised.value.delivery
    assert 4 == len(pauses)


def test_a_server_without_tls_is_not_tried_again(
    facade: Facade, plaintext: str, pauses: list[float]
) -> None:
    """No patience mends that, nor a certificate that is not trusted."""
    with pytest.raises(TransportError, match="no trusted connection") as raised:
        facade.client(plaintext).submit(ASKED)
    assert Delivery.NOT_SENT is raised.value.delivery
    assert raised.value.permanent
    assert [] == pauses


@named("get", "hang", "stall-after-10")
def test_a_silent_service_is_given_up_at_the_read_timeout(
    facade: Facade, emulator: Emulator, fault: str
) -> None:
    """The error says that the service may have acted, for all we know."""
    batch = facade.client(emulator.url, timeout=HASTY, retry=ONCE).submit(ASKED)
    emulator.faults.add("get", fault)

    with pytest.raises(TransportError, match="no answer in time from") as raised:
        batch.operation()
    assert raised.value.timed_out
    assert Delivery.UNKNOWN is raised.value.delivery
    assert batch.name == batch.operation().name


def test_a_dripping_service_is_given_up_at_the_deadline(facade: Facade, emulator: Emulator) -> None:
    """A byte now and then keeps the read timeout from striking, and not the end of the call."""
    batch = facade.client(emulator.url, retry=RetryPolicy(attempts=1, deadline=0.3)).submit(ASKED)
    emulator.faults.add("get", "drip=1/0.01s")

    with pytest.raises(TransportError):
        batch.operation()


def test_all_calls_of_a_client_share_what_retries_may_cost(
    facade: Facade, emulator: Emulator
) -> None:
    """A service that is down sees the attempts of a whole client dwindle to one a call."""
    batch = facade.client(emulator.url, retry=RetryPolicy(first=0)).submit(ASKED)
    emulator.faults.add("get", "return-503*300")

    before = 0
    for _ in range(60):
        before = emulator.seen.count("get")
        with pytest.raises(ServerError):
            batch.operation()
    assert before + 1 == emulator.seen.count("get")
    assert emulator.seen.count("get") < 200
    emulator.faults.clear()


@pytest.mark.parametrize(
    ("argument", "variable", "source"),
    [
        (CANARY, None, "the argument api_key"),
        (None, "GOOGLE_API_KEY", "the variable GOOGLE_API_KEY"),
        (None, "GEMINI_API_KEY", "the variable GEMINI_API_KEY"),
    ],
    ids=["argument", "google", "gemini"],
)
def test_a_key_that_is_not_accepted_is_told_by_its_source(
    facade: Facade,
    monkeypatch: pytest.MonkeyPatch,
    argument: str | None,
    variable: str | None,
    source: str,
) -> None:
    """Where it came from, and never what it is; it is not tried again."""
    if variable is not None:
        monkeypatch.setenv(variable, CANARY)
    with Emulator(keys={"AIzaAnother"}) as guarded:
        client = facade.client(guarded.url, api_key=argument)
        for call in (
            lambda: client.submit(ASKED),
            lambda: client.submit(ASKED, via="file"),
            lambda: client.get_batch("batches/abc").status(),
        ):
            with pytest.raises(AuthenticationError, match=source):
                call()
        assert 3 == len(guarded.seen)
        assert [] == guarded.acted


@pytest.mark.parametrize(
    "key",
    [f"{CANARY}\nX-Evil: 1", f'"{CANARY}"', f"{CANARY} {CANARY}"],
    ids=["line_feed", "quotes", "space"],
)
def test_a_key_that_cannot_be_one_is_refused_unseen(
    facade: Facade, emulator: Emulator, key: str
) -> None:
    """It may be a key all the same, with something around it: so it is not repeated."""
    with pytest.raises(UsageError, match="the argument api_key"):
        facade.client(emulator.url, api_key=key)


def test_a_key_may_come_with_the_end_of_its_line(facade: Facade, emulator: Emulator) -> None:
    """As it does when it is read from a file."""
    client = facade.client(emulator.url, api_key=f"{CANARY}\n")

    with client.submit(ASKED).results() as results:
        assert_answered(ASKED, results)


@pytest.mark.parametrize("verb", ["operation", "status", "wait", "results", "cancel", "delete"])
def test_a_closed_client_says_so(
    client: Any, emulator: Emulator, facade: Facade, verb: str
) -> None:
    """Its handles cannot do anything without it, and nothing is sent."""
    batch = client.submit(ASKED)
    client.close()

    with pytest.raises(UsageError, match="this client is closed"):
        getattr(batch, verb)()
    with pytest.raises(UsageError, match="this client is closed"):
        client.submit(ASKED)
    with facade.client(emulator.url).get_batch(batch.name).results() as results:
        assert_answered(ASKED, results)


def test_a_session_of_the_callers_is_used_and_left_open(facade: Facade, emulator: Emulator) -> None:
    """Who opens it closes it."""
    with facade.own_session() as session:
        client = facade.client(emulator.url, session=session)
        with client.submit(ASKED).results() as results:
            assert_answered(ASKED, results)
        client.close()
        assert not getattr(session, "closed", False)
        with facade.client(emulator.url, session=session).submit(ASKED).results() as results:
            assert_answered(ASKED, results)


def test_what_is_not_the_name_of_a_batch_is_never_sent(client: Any, emulator: Emulator) -> None:
    """Names become parts of URLs."""
    for name in ("batches/../files/x", "batches/a?b", "batches/", "files/abc", "batches/a\r\nb"):
        with pytest.raises(UsageError, match="is not a name like"):
            client.get_batch(name)
    assert [] == emulator.seen
