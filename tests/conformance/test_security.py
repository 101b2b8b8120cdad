"""The key goes to its own origin and nowhere else, and is shown to nobody."""

import copy
import gc
import logging
import os
import pickle
import socket
import ssl
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import attrs
import pytest

from gemini_batch import (
    Delivery,
    GeminiBatchError,
    ProtocolError,
    RetryPolicy,
    TransportError,
    UsageError,
)
from gemini_batch.effects import Open, Request, Send
from gemini_batch.emulator import Emulator
from tests.canary import CANARY
from tests.conformance.bytewise import (
    BODY,
    ONCE,
    head,
    reply,
    saying,
    serving,
    soon,
    transport_of,
)
from tests.conformance.certificates import LOOPBACK
from tests.conformance.facades import Facade
from tests.conformance.scenes import prompts

PASSWORD = "hunter2"

# Redirects


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 305, 307, 308, 399])
@pytest.mark.parametrize("to", ["http://{}/x", "//{}/x", "/v1beta/batches/b", "http://{own}/x", ""])
def test_no_redirect_is_followed(facade: Facade, status: int, to: str) -> None:
    """Whatever its status and its target: another host, our own, or none."""
    with (
        serving(saying(head(200, 0))) as (stranger, met),
        serving(saying(head(status, 0, f"Location: {to.format(stranger, own='127.0.0.1')}"))) as (
            at,
            served,
        ),
    ):
        client = facade.client(f"http://{at}", retry=ONCE)
        with pytest.raises(ProtocolError, match="redirects are not followed"):
            client.get_batch("batches/a").operation()
        with pytest.raises(GeminiBatchError):
            client.submit(prompts(1), via="file")
        with pytest.raises(ProtocolError, match="redirects are not followed"):
            client.files.download("files/a", "never.jsonl")
        assert ([], 3) == (met, len(served))


@pytest.mark.parametrize("ask", [Send, Open])
def test_no_redirect_is_followed_with_the_bytes_of_a_file(facade: Facade, ask: Any) -> None:
    """A 307 would have them sent again, wherever it says."""
    with (
        serving(saying(head(200, 0))) as (stranger, met),
        serving(saying(head(307, 0, f"Location: http://{stranger}/x"))) as (at, _),
        transport_of(facade, f"http://{at}") as perform,
    ):
        chunk = Request("POST", "/upload/v1beta/files?upload_id=a", {}, b"x" * 9, keyed=False)
        assert 307 == perform(ask(chunk, soon())).status
        assert [] == met


# The machine: ~/.netrc and proxies


@pytest.fixture
def quiet_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away the proxies of this machine."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize("where", ["NETRC", "HOME"])
@pytest.mark.parametrize("own", [False, True])
def test_a_netrc_is_never_read(
    facade: Facade,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    where: str,
    *,
    own: bool,
) -> None:
    """Its passwords go to nobody, from a session of the caller's that would read it either."""
    (tmp_path / ".netrc").write_text(f"default login me password {PASSWORD}\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    if where == "NETRC":
        monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
        monkeypatch.setenv("HOME", "/nowhere")
    heard: list[bytes] = []

    def script(connection: socket.socket, _: threading.Event) -> None:
        heard.append(connection.recv(65536))
        connection.sendall(reply(200, BODY))

    with serving(script) as (at, _), facade.own_session() as session:
        session._trust_env = True  # of aiohttp; requests does so unless told otherwise
        options = {"session": session} if own else {}
        facade.client(f"http://{at}", **options).get_batch("batches/a").operation()
    assert 1 == len(heard)
    assert b"authorization" not in heard[0].lower()
    assert CANARY.encode() in heard[0]


class Proxy:
    """A proxy that passes on what it is asked to connect to, to one place only."""

    def __init__(self, target: str) -> None:
        self.heads: list[bytes] = []
        self._target = target

    def __call__(self, connection: socket.socket, over: threading.Event) -> None:
        """Read a request, connect, and pass bytes on."""
        self.heads.append(connection.recv(65536))
        host, _, port = self._target.partition(":")
        with socket.create_connection((host, int(port))) as there:
            connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            back = threading.Thread(target=_pass, args=(there, connection))
            back.start()
            _pass(connection, there)
            back.join()
        del over


def _pass(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)


@pytest.fixture
def secured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[bytes]]]:
    """Serve over TLS, by a certificate that is trusted; yield the address, and what is heard."""
    pem = tmp_path / "loopback.pem"
    pem.write_text(LOOPBACK)
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.setenv(name, str(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    heard: list[bytes] = []

    def script(connection: socket.socket, _: threading.Event) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            heard.append(secure.recv(65536))
            secure.sendall(reply(200, BODY))

    with serving(script) as (at, _):
        yield at, heard


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
@pytest.mark.usefixtures("quiet_environment")
def test_a_proxy_sees_nothing_but_where_to_connect(
    facade: Facade, monkeypatch: pytest.MonkeyPatch, secured: tuple[str, list[bytes]], name: str
) -> None:
    """The key goes through it encrypted, to the service alone."""
    at, heard = secured
    proxy = Proxy(at)
    with serving(proxy) as (standing, _):
        monkeypatch.setenv(name, f"http://user:{PASSWORD}@{standing}")
        facade.client(f"https://{at}", retry=ONCE).get_batch("batches/a").operation()
    [asked] = proxy.heads
    assert asked.startswith(f"CONNECT {at} HTTP/1.".encode())
    assert b"roxy-" in asked  # its password is for it
    assert CANARY.encode() not in asked
    [request] = heard
    assert CANARY.encode() in request
    assert b"roxy-" not in request


@pytest.mark.parametrize(
    "exception", ["127.0.0.1", "*", "127.0.0.0/8", "other.example,127.0.0.1", "{}"]
)
@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
@pytest.mark.usefixtures("quiet_environment")
def test_a_host_that_is_excepted_is_reached_without_a_proxy(
    facade: Facade,
    monkeypatch: pytest.MonkeyPatch,
    secured: tuple[str, list[bytes]],
    name: str,
    exception: str,
) -> None:
    """By its name, its network or its port."""
    at, heard = secured
    with serving(saying(b"")) as (standing, met):
        monkeypatch.setenv("HTTPS_PROXY", f"http://{standing}")
        monkeypatch.setenv(name, exception.format(at))
        facade.client(f"https://{at}", retry=ONCE).get_batch("batches/a").operation()
        assert ([], 1) == (met, len(heard))


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("own", [False, True])
@pytest.mark.usefixtures("quiet_environment")
def test_what_goes_to_this_machine_goes_there_directly(
    facade: Facade, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, name: str, *, own: bool
) -> None:
    """A proxy would see the key, since there is no TLS on the way.

    A session of the caller's, which would look for one by itself, does not.
    """
    with serving(saying(head(407, 0))) as (standing, met), facade.own_session() as session:
        monkeypatch.setenv(name, f"http://user:{PASSWORD}@{standing}")
        if facade.name == "sync":
            session.proxies["https"] = f"http://{standing}"  # by its scheme it is for others
        else:
            session._trust_env = True
        facade.client(emulator.url, **({"session": session} if own else {})).submit(prompts(1))
        assert [] == met
    assert 1 == len(emulator.acted.of("create"))


@pytest.mark.usefixtures("quiet_environment")
def test_a_session_that_has_a_proxy_keeps_it(
    facade: Facade, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the environment names."""
    with (
        serving(saying(head(407, 0))) as (chosen, asked),
        serving(saying(head(407, 0))) as (standing, met),
        facade.own_session() as session,
    ):
        monkeypatch.setenv("HTTPS_PROXY", f"http://{standing}")
        if facade.name == "sync":
            session.proxies["all"] = f"http://{chosen}"
        else:
            session._default_proxy = f"http://{chosen}"
        client = facade.client("https://gemini.invalid", session=session, retry=ONCE)
        with pytest.raises(TransportError, match="the proxy refuses to pass it on"):
            client.get_batch("batches/a").operation()
        assert (1, []) == (len(asked), met)


@pytest.mark.parametrize(
    "proxy",
    [
        f"http://user:{PASSWORD}@{{}}",
        f"http://user:{PASSWORD}@127.0.0.1:1",
        f"socks5://user:{PASSWORD}@{{}}",
        f"http://user:{PASSWORD}@[",
    ],
    ids=["refusing", "absent", "socks", "broken"],
)
@pytest.mark.usefixtures("quiet_environment")
def test_the_password_of_a_proxy_is_shown_to_nobody(
    facade: Facade, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, proxy: str
) -> None:
    """Neither in an error nor in the log; that the proxy did not pass it on is not in doubt."""
    with serving(saying(head(407, 0))) as (standing, _):
        monkeypatch.setenv("HTTPS_PROXY", proxy.format(standing))
        with pytest.raises((TransportError, UsageError)) as raised:
            facade.client("https://127.0.0.1:9", retry=ONCE).get_batch("batches/a").operation()
    assert getattr(raised.value, "delivery", Delivery.NOT_SENT) is Delivery.NOT_SENT
    told = traceback.TracebackException.from_exception(raised.value, capture_locals=True)
    ours = [line for line in told.format() if "gemini_batch" in line]
    assert PASSWORD not in "".join([str(raised.value), repr(raised.value), caplog.text, *ours])


# What shows the key to those who look at objects


@pytest.mark.parametrize(
    "wrong",
    [
        {"base_url": "https://example.com/?key=1"},
        {"base_url": 7},
        {"api_version": None},
        {"api_key": CANARY.encode()},
        {"api_key": f"{CANARY} "[:20] + " x"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
@pytest.mark.parametrize("level", [logging.DEBUG, logging.WARNING])
def test_a_client_that_cannot_be_made_shows_nothing_of_what_it_was_given(
    facade: Facade,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    wrong: dict[str, Any],
    level: int,
) -> None:
    """Whatever is wrong, and however much is to be told of it."""
    caplog.set_level(level, "gemini_batch")
    monkeypatch.setenv("GEMINI_API_KEY", CANARY)
    given = {"api_key": CANARY, **wrong}
    with pytest.raises((UsageError, AttributeError, TypeError)) as raised:
        facade.client_class(**given)
    own = raised.value.__traceback__
    assert own is not None
    told = traceback.TracebackException(
        type(raised.value), raised.value, own.tb_next, capture_locals=True
    )
    assert CANARY[:20] not in "".join(told.format())
    assert raised.value.__context__ is None
    assert ["__init__"] == [frame.name for frame in told.stack]


def test_a_client_whose_session_is_refused_shows_nothing_of_what_it_was_given(
    facade: Facade,
) -> None:
    """It is looked at after the key was taken in."""
    with facade.own_session() as session:
        if facade.name == "sync":
            session.hooks["response"].append(print)
        else:
            session._raise_for_status = True
        with pytest.raises(UsageError, match="this session") as raised:
            facade.client("http://127.0.0.1:1", session=session)
    frames = [one for one in raised.traceback if one.path.name == "client.py"]
    assert ["__init__"] == [one.name for one in frames]
    assert CANARY not in repr(frames[0].frame.f_locals)


def test_nothing_that_is_looked_at_shows_the_key(facade: Facade, emulator: Emulator) -> None:
    """A client, its handles and all they hold: by name, by member, or copied."""
    client = facade.client(emulator.url)
    batch = client.submit(prompts(1))
    connection = client.real._link._connection
    for one in (client.real, batch.real, connection, client.real._link, connection.settings):
        shown = [repr(one), str(one), f"{one}", repr(getattr(one, "__dict__", ""))]
        shown += [repr(attrs.asdict(one))] if attrs.has(type(one)) else []
        assert CANARY not in "".join(shown)
    for leave in (pickle.dumps, copy.copy, copy.deepcopy):
        for one in (client.real, batch.real):
            with pytest.raises(TypeError):
                leave(one)
    with pytest.raises(TypeError, match="an API key is not pickled"):
        pickle.dumps(connection.key)


def test_the_key_is_held_in_one_place_only(facade: Facade, emulator: Emulator) -> None:
    """After calls that went well and calls that failed, no object of the client's holds another."""
    client = facade.client(emulator.url, retry=ONCE)
    client.submit(prompts(2), via="file").results().close()
    emulator.faults.add("get", "close-before-acting")
    with pytest.raises(TransportError):
        client.get_batch("batches/a").operation()
    gc.collect()
    link = client.real._link
    key = link._connection.key
    holders = [one for one in _reachable(link) if _holds(one) and one is not key]
    assert [] == [type(one) for one in holders]
    assert _holds(key)


def _reachable(root: object) -> Iterator[Any]:
    """Yield what can be come to from an object, but for modules, classes, code and frames."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        one = waiting.pop()
        skipped = type(one).__name__ in {"module", "type", "function", "code", "frame", "builtin"}
        if id(one) in seen or skipped or isinstance(one, type | BaseException):
            continue
        seen.add(id(one))
        yield one
        # From Logger or loop one would come to everything, the test among it.
        if (
            not isinstance(one, logging.Logger | logging.Manager)
            and "Loop" not in type(one).__name__
        ):
            waiting += gc.get_referents(one)


def _holds(one: object) -> bool:
    """Tell whether an object refers to a text that holds the key."""
    if isinstance(one, str | bytes | bytearray):
        return False  # what refers to it is what is told
    return any(
        (isinstance(said, str) and CANARY in said)
        or (isinstance(said, bytes | bytearray) and CANARY.encode() in said)
        for said in gc.get_referents(one)
    )


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.get_batch("batches/a").operation(),
        lambda client: client.submit(prompts(1)),
        lambda client: client.submit(prompts(1), via="file"),
        lambda client: list(client.list_batches()),
        lambda client: client.files.download("files/a", "never.jsonl"),
        lambda client: client.get_batch("batches/a").delete(),
    ],
    ids=["get", "create", "upload", "list", "download", "delete"],
)
@pytest.mark.parametrize("level", [logging.DEBUG, logging.WARNING])
def test_no_error_has_a_request_attached(
    facade: Facade, call: Callable[[Any], Any], level: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor anything else of the libraries below, whose errors hold headers."""
    caplog.set_level(level, "gemini_batch")
    with serving(saying()) as (at, _):
        client = facade.client(f"http://{at}", retry=RetryPolicy(attempts=1, look_for=0))
        with pytest.raises(GeminiBatchError) as raised:
            call(client)
    told = "".join(
        traceback.TracebackException.from_exception(raised.value, capture_locals=True).format()
    )
    assert "in <lambda>" in told
    assert CANARY not in told
    one: BaseException | None = raised.value
    while one is not None:
        assert type(one).__module__.startswith("gemini_batch")
        one = one.__cause__ or one.__context__
