"""Where the libraries below differ, the facades do not.

A plain server says each thing byte by byte. Both facades are held to one expectation: what comes
out, in which words, how many requests went in, and whether the connection is used again.
"""

import asyncio
import json
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from attrs import Factory, define

from gemini_batch import Delivery, ProtocolError, Timeouts, TransportError, UsageError
from gemini_batch.certificates import BUNDLES
from gemini_batch.effects import Open, Read, Send
from gemini_batch.emulator import Emulator
from tests.conformance.bytewise import BODY, ONCE, asked, serving, soon, transport_of
from tests.conformance.certificates import LOOPBACK
from tests.conformance.facades import CANARY, Facade
from tests.conformance.scenes import assert_answered, prompts

LENGTH = b"Content-Length: %d\r\n" % len(BODY)
TE = b"Transfer-Encoding: chunked\r\n"
CHUNKS = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)

CUT = "the connection was lost to {at}: it ended before the reply did"
GARBLED = "what came back from {at} is not HTTP"
LATE = "no answer in time from {at}"
IN_DOUBT = f" ({Delivery.UNKNOWN.value})"
NOT_SENT = f" ({Delivery.NOT_SENT.value})"

KEPT, DROPPED = 1, 2
"""How many connections two requests take."""

BRIEF = Timeouts(5, 0.15, 5)
"""For services that say nothing more."""
IMPATIENT = Timeouts(0.25, 5, 5)
"""For those that say nothing to begin with."""
PATIENT = Timeouts(5, 5, 5)
"""For all others, on a machine that has other work to do."""


def verbatim(
    headers: bytes = LENGTH, body: bytes = BODY, status: bytes = b"HTTP/1.1 200 OK"
) -> bytes:
    """Return a reply in these bytes, after which the connection goes on."""
    return b"%b\r\n%b\r\n%b" % (status, headers, body)


@define
class Said:
    """What a service says to its first request, to all at once; later it says what it should."""

    first: bytes
    then: str = "goes on"
    connections: int = 0
    heads: list[bytes] = Factory(list)
    bodies: list[bytes] = Factory(list)

    def __call__(self, connection: socket.socket, over: threading.Event) -> None:
        """Serve a connection."""
        self.connections += 1
        while head := self.hear(connection, over):
            self.heads.append(head)
            connection.settimeout(5)
            connection.sendall(self.first if len(self.heads) == 1 else verbatim())
            if len(self.heads) > 1 or self.then == "goes on":
                continue
            if self.then == "resets":
                over.wait(0.02)  # what was said arrives first
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return

    def hear(self, connection: socket.socket, over: threading.Event) -> bytes:
        """Return the head of a request, once its body has come as well; nothing at the end."""
        heard = b""
        while b"\r\n\r\n" not in heard:
            piece = self._next(connection, over)
            if not piece:
                return b""
            heard += piece
        head, _, body = heard.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\ncontent-length: (\d+)", head)
        while length is not None and len(body) < int(length[1]):
            body += self._next(connection, over)
        self.bodies.append(body)
        return head

    @staticmethod
    def _next(connection: socket.socket, over: threading.Event) -> bytes:
        """Return what comes next; nothing when the test is over, for a client keeps connections."""
        connection.settimeout(0.02)
        while not over.is_set():
            with suppress(TimeoutError):
                piece = connection.recv(65536)
                connection.settimeout(5)
                return piece
        return b""


def read_whole(perform: Callable[[Any], Any], ask: Any) -> tuple[int, dict[str, str], bytes]:
    """Ask for a reply in either way, and return all of it."""
    response = perform(ask(asked(), soon()))
    pieces = [response.body]
    while ask is Open and (piece := perform(Read())):
        pieces.append(piece)
    return response.status, response.headers, b"".join(pieces)


def told(facade: Facade, said: Said, ask: Any) -> tuple[Any, Any]:
    """Return what a first request comes to, and then a second one."""
    with serving(said) as (at, _), transport_of(facade, f"http://{at}") as perform:
        outcomes: list[Any] = []
        for _ in range(2):
            try:
                outcomes.append(read_whole(perform, ask))
            except TransportError as error:
                facade.raised.append(error)
                outcomes.append(str(error).replace(f"http://{at}", "{at}"))
            facade.settle(facade.pause())
    return outcomes[0], outcomes[1]


BOTH_WAYS = pytest.mark.parametrize("ask", [Send, Open])


def each(facade: Facade, saids: dict[str, Said], ask: Any) -> dict[str, Any]:
    """Return what each of these comes to, where nothing but an error is told apart."""
    return {kind: told(facade, said, ask) for kind, said in saids.items()}


# Replies

READ = {
    "chunked": (verbatim(TE, CHUNKS), KEPT),
    "chunked_by_other_words": (verbatim(b"TRANSFER-ENCODING:CHUNKED\r\n", CHUNKS), KEPT),
    "chunked_in_pieces": (
        verbatim(TE, b"1\r\n{\r\n%x;a=b\r\n%b\r\n00\r\n\r\n" % (87, BODY[1:])),
        KEPT,
    ),
    "trailers": (verbatim(TE, CHUNKS[:-2] + b"X-Sum: 1\r\n\r\n"), KEPT),
    "early_hints": (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + verbatim(), KEPT),
    "continue_twice": (b"HTTP/1.1 100 Continue\r\n\r\n" * 2 + verbatim(), KEPT),
    "processing": (b"HTTP/1.1 102 Processing\r\n\r\n" + verbatim(), KEPT),
    "http_1_0": (verbatim(status=b"HTTP/1.0 200 OK"), DROPPED),
    "http_1_0_that_keeps": (
        verbatim(LENGTH + b"Connection: keep-alive\r\n", BODY, b"HTTP/1.0 200 OK"),
        1,
    ),
    "close": (verbatim(LENGTH + b"Connection: close\r\n"), DROPPED),
    "lower_case": (verbatim(LENGTH.lower()), KEPT),
    "upper_case": (verbatim(LENGTH.upper()), KEPT),
    "folded": (verbatim(LENGTH + b"X-A: one\r\n two\r\n"), KEPT),
    "lines_that_end_in_lf": (verbatim().replace(b"\r\n", b"\n"), KEPT),
    "one_line_too_many_before": (b"\r\n" + verbatim(), KEPT),
    "no_reason": (verbatim(status=b"HTTP/1.1 200"), KEPT),
    "control_characters": (verbatim(LENGTH + b"X-A: a\x01b\x1bc\x7f\r\n"), KEPT),
    "no_value": (verbatim(LENGTH + b"X-A:\r\n"), KEPT),
    "long_line": (verbatim(LENGTH + b"X-A: " + b"a" * 60_000 + b"\r\n"), KEPT),
    "many_lines": (verbatim(LENGTH + b"X-A: a\r\n" * 98), KEPT),
    "cookies": (verbatim(LENGTH + b"Set-Cookie: a=b; Path=/\r\n"), KEPT),
    "a_second_reply_that_nobody_asked_for": (verbatim() * 2, DROPPED),
}
"""What is a reply all the same, and how many connections a second one takes."""


def test_a_reply_is_read_however_it_is_put(facade: Facade) -> None:
    """And the next one comes the way it should."""
    saids = {kind: Said(first) for kind, (first, _) in READ.items()}
    for kind, outcomes in each(facade, saids, Send).items():
        assert [(kind, 200, BODY)] * 2 == [(kind, outcome[0], outcome[2]) for outcome in outcomes]
    assert dict.fromkeys(READ, 2) == {kind: len(said.heads) for kind, said in saids.items()}
    connections = {kind: said.connections for kind, said in saids.items()}
    assert {kind: connections for kind, (_, connections) in READ.items()} == connections


@BOTH_WAYS
def test_a_body_without_a_length_ends_with_the_connection(facade: Facade, ask: Any) -> None:
    """Nobody can tell whether it is whole; what is read of it is seen to."""
    said = Said(verbatim(b""), "closes")
    outcome, second = told(facade, said, ask)
    assert (200, {}, BODY) == outcome
    assert 200 == second[0]
    assert DROPPED == said.connections


@BOTH_WAYS
@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_what_has_no_body_has_none(facade: Facade, status: bytes, ask: Any) -> None:
    """It ends where its head does."""
    said = Said(verbatim(b"", b"", b"HTTP/1.1 " + status))
    outcome, second = told(facade, said, ask)
    assert (int(status[:3]), {}, b"") == outcome
    assert 200 == second[0]
    assert KEPT == said.connections


HEADERS = {
    "names_in_capitals": (b"RETRY-AFTER: 5\r\n", "retry-after", "5"),
    "twice": (b"X-A: 5\r\nx-a: 7\r\n", "x-a", "5, 7"),
    "space_around": (b"X-A: \t b  \t\r\n", "x-a", "b"),
    "utf_8": ("X-A: caf\u00e9\r\n".encode(), "x-a", "caf\u00e9"),
    "latin_1": (b"X-A: caf\xe9\r\n", "x-a", "caf\udce9"),
    "folded": (b"X-A: one\r\n two\r\n", "x-a", "one two"),
}


def test_a_header_says_the_same_to_both(facade: Facade) -> None:
    """Letter case, repetition, space, and what is not ASCII."""
    for kind, (line, name, value) in HEADERS.items():
        (_, headers, _), _ = told(facade, Said(verbatim(LENGTH + line)), Send)
        assert (kind, value) == (kind, re.sub(r"\s+", " ", headers[name]))


def _chunk(text: bytes) -> bytes:
    return verbatim(TE, text)


NO_REPLY = {
    "size_in_words": _chunk(b"zz\r\nhello\r\n0\r\n\r\n"),
    "size_below_nothing": _chunk(b"-5\r\nhello\r\n0\r\n\r\n"),
    "size_with_a_sign": _chunk(b"+" + CHUNKS),
    "size_as_in_python": _chunk(b"0x" + CHUNKS),
    "size_that_ends_in_lf": _chunk(CHUNKS.replace(b"\r\n", b"\n")),
    "chunk_that_goes_on": _chunk(CHUNKS.replace(b"}}\r\n", b"}}xx")),
    "chunk_and_length": verbatim(TE + LENGTH, CHUNKS),
    "trailer_without_a_colon": _chunk(CHUNKS[:-2] + b"nonsense\r\n\r\n"),
    "unknown_coding": verbatim(b"Transfer-Encoding: gzip, chunked\r\n", CHUNKS),
    "switch": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    "no_content_with_content": verbatim(status=b"HTTP/1.1 204 No Content"),
    "http_0_9": BODY,
    "http_1_2": verbatim(status=b"HTTP/1.2 200 OK"),
    "http_2": verbatim(status=b"HTTP/2.0 200 OK"),
    "small_letters": verbatim(status=b"http/1.1 200 OK"),
    "short_status": verbatim(status=b"HTTP/1.1 20 OK"),
    "long_status": verbatim(status=b"HTTP/1.1 2000 OK"),
    "low_status": verbatim(status=b"HTTP/1.1 099 OK"),
    "status_in_words": verbatim(status=b"HTTP/1.1 abc OK"),
    "page": b"<html>Welcome to the hotel</html>\r\n\r\n",
    "noise": b"\x00\x01\x02garbage\r\n\r\n",
    "length_twice": verbatim(LENGTH * 2),
    "two_lengths": verbatim(LENGTH + b"Content-Length: 9\r\n"),
    "list_of_lengths": verbatim(b"Content-Length: 88, 88\r\n"),
    "length_below_nothing": verbatim(b"Content-Length: -1\r\n"),
    "length_with_a_sign": verbatim(b"Content-Length: +88\r\n"),
    "length_as_in_python": verbatim(b"Content-Length: 8_8\r\n"),
    "length_in_words": verbatim(b"Content-Length: many\r\n"),
    "no_length_after_all": verbatim(b"Content-Length:\r\n"),
    "endless_length": verbatim(b"Content-Length: 99999999999999999999\r\n"),
    "longer_than_it_says": verbatim(b"Content-Length: %d\r\n" % (len(BODY) - 5)),
    "noise_after_its_end": verbatim() + b"STRAY BYTES",
    "noise_after_its_chunks": _chunk(CHUNKS) + b"STRAY BYTES",
    "fold_of_nothing": verbatim(b" two\r\n" + LENGTH),
    "bare_cr": verbatim(LENGTH + b"X-A: a\rb\r\n"),
    "nul": verbatim(LENGTH + b"X-A: a\0b\r\n"),
    "no_name": verbatim(LENGTH + b": x\r\n"),
    "no_colon": verbatim(LENGTH + b"nonsense\r\n"),
    "space_in_a_name": verbatim(LENGTH + b"X A: b\r\n"),
    "space_after_a_name": verbatim(LENGTH + b"X-A : b\r\n"),
    "space_after_content_length": verbatim(b"Content-Length : 88\r\n"),
    "line_beyond_64_kib": verbatim(LENGTH + b"X-A: " + b"a" * 70_000 + b"\r\n"),
    "reason_beyond_64_kib": verbatim(status=b"HTTP/1.1 200 " + b"x" * 70_000),
    "more_lines_than_99": verbatim(LENGTH + b"X-A: a\r\n" * 99),
}
"""What is no reply: of most of these, one library below makes something that looks like one."""

READ_BY_AIOHTTP = {"unknown_coding", "http_2", "low_status", "space_after_content_length"}
READ_BY_AIOHTTP |= {"more_lines_than_99"}
"""Of these it is known only afterwards, when the connection may be in use again."""


def test_what_is_no_reply_is_told_in_one_way(facade: Facade) -> None:
    """Once, as something of which the outcome is unknown; what follows is well."""
    saids = {
        kind: Said(first, "goes on" if kind in READ_BY_AIOHTTP else "closes")
        for kind, first in NO_REPLY.items()
    }
    for kind, (outcome, second) in each(facade, saids, Send).items():
        assert (kind, GARBLED + IN_DOUBT) == (kind, outcome)
        assert (kind, 200, BODY) == (kind, second[0], second[2])
    assert dict.fromkeys(NO_REPLY, 2) == {kind: len(said.heads) for kind, said in saids.items()}


@pytest.mark.parametrize("kind", ["size_in_words", "noise_after_its_end", "length_twice"])
def test_a_stream_that_is_no_reply_is_told_in_one_way(facade: Facade, kind: str) -> None:
    """Be it in the head, in the body, or after it."""
    outcome, second = told(facade, Said(NO_REPLY[kind], "closes"), Open)
    assert GARBLED + IN_DOUBT == outcome
    assert (200, BODY) == (second[0], second[2])


def test_a_head_without_an_end_is_no_reply(facade: Facade) -> None:
    """It is given up as soon as it is too long, and not kept until the time is over."""

    def endless(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while not over.is_set():
            connection.sendall(b"X-A: a\r\n" * 100)

    with (
        serving(endless) as (at, _),
        transport_of(facade, f"http://{at}") as perform,
        pytest.raises(TransportError) as raised,
    ):
        read_whole(perform, Send)
    facade.raised.append(raised.value)
    assert GARBLED.format(at=f"http://{at}") + IN_DOUBT == str(raised.value)


ENDED = {
    "nothing": b"",
    "in_the_status": b"HTTP/1.1 20",
    "in_the_head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "after_the_head": verbatim(LENGTH, b""),
    "in_the_body": verbatim(LENGTH, BODY[:9]),
    "in_a_size": _chunk(b"1\r\n{\r\n5"),
    "in_a_chunk": _chunk(CHUNKS[:20]),
    "before_the_last_chunk": _chunk(CHUNKS[:-5]),
    "after_the_last_size": _chunk(CHUNKS[:-2]),
    "in_the_trailers": _chunk(CHUNKS[:-2] + b"X-Sum: 1\r\n"),
}


@BOTH_WAYS
def test_a_reply_that_ends_too_soon_is_told_in_one_way(facade: Facade, ask: Any) -> None:
    """One request, which is not repeated by any library, and one sentence."""
    saids = {where: Said(first, "closes") for where, first in ENDED.items()}
    for where, (outcome, second) in each(facade, saids, ask).items():
        assert (where, CUT + IN_DOUBT) == (where, outcome)
        assert (where, 200) == (where, second[0])
    assert dict.fromkeys(ENDED, (2, DROPPED)) == {
        where: (len(said.heads), said.connections) for where, said in saids.items()
    }


@pytest.mark.parametrize(
    ("beginning", "words"),
    [
        (b"", "the connection was lost to {at}: Connection reset by peer"),
        (ENDED["in_the_body"], CUT),
    ],
    ids=["at_once", "in_the_body"],
)
def test_a_reset_is_told_in_one_way(facade: Facade, beginning: bytes, words: str) -> None:
    """In the words of the system where there was nothing of a reply yet."""
    outcome, second = told(facade, Said(beginning, "resets"), Send)
    assert words + IN_DOUBT == outcome
    assert 200 == second[0]


@BOTH_WAYS
@pytest.mark.parametrize("beginning", [b"", b"HTTP/1.1 20", verbatim(LENGTH, BODY[:9])], ids=len)
def test_silence_is_told_in_one_way(facade: Facade, beginning: bytes, ask: Any) -> None:
    """Before a reply, within its head, and within its body."""

    @define
    class Silent(Said):
        def __call__(self, connection: socket.socket, over: threading.Event) -> None:
            self.hear(connection, over)
            connection.sendall(beginning)
            over.wait(5)

    with (
        serving(Silent(beginning)) as (at, _),
        transport_of(facade, f"http://{at}", timeout=BRIEF) as perform,
        pytest.raises(TransportError) as raised,
    ):
        read_whole(perform, ask)
    facade.raised.append(raised.value)
    assert LATE.format(at=f"http://{at}") + IN_DOUBT == str(raised.value)
    assert raised.value.timed_out


# Connecting


def _scripted(reply_: bytes, *, waits: bool = False) -> Callable[..., None]:
    def script(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(reply_)
        if waits:
            over.wait(5)

    return script


REFUSES = "cannot connect to https://gemini.invalid: the proxy refuses to pass it on"
TUNNELS = {
    "refused": (_scripted(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n"), REFUSES),
    "noise": (_scripted(b"SSH-2.0 hello\r\n\r\n"), REFUSES),
    "closed": (_scripted(b""), REFUSES),
    "cut": (_scripted(b"HTTP/1.1 200 O"), REFUSES),
    "silent": (
        _scripted(b"", waits=True),
        "cannot connect to https://gemini.invalid: it took too long",
    ),
    "ended": (
        _scripted(b"HTTP/1.1 200 OK\r\n\r\n"),
        "cannot connect to https://gemini.invalid: it ended before it was secure",
    ),
}


@pytest.mark.parametrize("kind", TUNNELS)
def test_a_proxy_that_makes_no_tunnel_has_passed_nothing_on(
    facade: Facade, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """So that even a create may be sent again."""
    script, words = TUNNELS[kind]
    with serving(script) as (at, _):
        monkeypatch.setenv("https_proxy", f"http://{at}")
        patience = IMPATIENT if kind == "silent" else PATIENT
        client = facade.client("https://gemini.invalid", retry=ONCE, timeout=patience)
        with pytest.raises(TransportError) as raised:
            client.submit(prompts(1))
    assert words + NOT_SENT == str(raised.value)
    assert Delivery.NOT_SENT is raised.value.delivery
    assert not raised.value.permanent


def test_a_refused_connection_is_told_in_one_way(facade: Facade) -> None:
    """In the words of the system."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        at = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(TransportError) as raised:
            facade.client(at, retry=ONCE).submit(prompts(1))
    assert f"cannot connect to {at}: Connection refused{NOT_SENT}" == str(raised.value)


SECURITY = {
    "plain": (_scripted(b"HTTP/1.1 400 No\r\n\r\n"), "no trusted", "WRONG_VERSION_NUMBER"),
    "cut": (_scripted(b""), "cannot connect", "it ended before it was secure"),
    "silent": (_scripted(b"", waits=True), "cannot connect", "it took too long"),
}


@pytest.mark.parametrize("kind", SECURITY)
def test_tls_that_does_not_begin_is_told_in_one_way(facade: Facade, kind: str) -> None:
    """Of a service that does not speak it at all, no patience is said to help."""
    script, what, why = SECURITY[kind]
    with serving(script) as (at, _):
        patience = IMPATIENT if kind == "silent" else PATIENT
        client = facade.client(f"https://{at}", retry=ONCE, timeout=patience)
        with pytest.raises(TransportError) as raised:
            client.submit(prompts(1))
    assert str(raised.value).startswith(what)
    assert why in str(raised.value)
    assert (Delivery.NOT_SENT, kind == "plain") == (raised.value.delivery, raised.value.permanent)


# Certificates


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    """Return the file that holds a certificate of this machine, and its key."""
    path = tmp_path / "loopback.pem"
    path.write_text(LOOPBACK)
    return path


def securely(pem: Path) -> Callable[..., None]:
    """Return a script that answers one request behind TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    def script(connection: socket.socket, over: threading.Event) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            Said(verbatim(LENGTH + b"Connection: close\r\n"), "closes")(secured, over)

    return script


def forget_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no variable name any, as on a machine of no authority of its own."""
    for name in BUNDLES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("variable", BUNDLES)
def test_either_facade_trusts_what_a_variable_names(
    facade: Facade, monkeypatch: pytest.MonkeyPatch, pem: Path, variable: str
) -> None:
    """Whichever of the libraries below the variable was made for."""
    forget_certificates(monkeypatch)
    with serving(securely(pem)) as (at, _):
        with pytest.raises(TransportError, match=r"self-signed certificate\. .* SSL_CERT_FILE"):
            facade.client(f"https://{at}", retry=ONCE).get_batch("batches/a").operation()
        monkeypatch.setenv(variable, str(pem))
        trusting = facade.client(f"https://{at}", retry=ONCE)
        assert "batches/a" == trusting.get_batch("batches/a").operation().name


@pytest.mark.parametrize("holds", [None, "no certificate"])
def test_certificates_that_cannot_be_read_are_refused_at_once(
    facade: Facade, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, holds: str | None
) -> None:
    """Before anything is sent, and not as a service that is not trusted."""
    forget_certificates(monkeypatch)
    path = tmp_path / "bundle.pem"
    if holds is not None:
        path.write_text(holds)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with pytest.raises(UsageError, match="no certificates can be read where the variable"):
        facade.client("https://gemini.invalid")


def test_certificates_that_nobody_is_asked_for_need_not_be_there(
    facade: Facade, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Such as those of a service on this machine without TLS."""
    forget_certificates(monkeypatch)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    with facade.client(emulator.url).submit(prompts(1)).results() as results:
        assert_answered(prompts(1), results)


def test_a_directory_of_certificates_may_be_empty(
    facade: Facade, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, pem: Path
) -> None:
    """Then nobody is trusted."""
    (tmp_path / "none").mkdir()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none"))
    with serving(securely(pem)) as (at, _):
        batch = facade.client(f"https://{at}", retry=ONCE).get_batch("batches/a")
        with pytest.raises(TransportError, match="no trusted connection"):
            batch.operation()


# What is sent


def lines_of(head: bytes) -> tuple[str, set[str]]:
    """Return the first line of a request, and its headers, of which the names are in lower case."""
    first, *lines = head.decode("ascii").rstrip("\r\n").split("\r\n")
    names = [line.partition(":")[0].lower() for line in lines]
    assert len(names) == len(set(names))
    return first, {
        f"{name}:{line.partition(':')[2]}" for name, line in zip(names, lines, strict=True)
    }


ALWAYS = {"accept: */*", "accept-encoding: identity", f"x-goog-api-key: {CANARY}"}
JSON = "content-type: application/json"

SENT = {
    "get": (lambda client: client.get_batch("batches/a").operation(), "GET /batches/a", set()),
    "list": (lambda client: list(client.list_batches()), "GET /batches", set()),
    "cancel": (
        lambda client: client.get_batch("batches/a").cancel(),
        "POST /batches/a:cancel",
        {JSON},
    ),
    "delete": (
        lambda client: client.get_batch("batches/a").delete(),
        "DELETE /batches/a",
        set(),
    ),
    "create": (
        lambda client: client.submit(["x"], display_name="x"),
        "POST /models/gemini-2.5-flash:batchGenerateContent",
        {JSON},
    ),
}


@pytest.mark.parametrize("call", SENT)
def test_both_send_the_same_and_nothing_else(facade: Facade, call: str) -> None:
    """No cookie, no wish to be continued, and no name of a library."""
    act, line, headers = SENT[call]
    said = Said(verbatim())
    with serving(said) as (at, _):
        act(facade.client(f"http://{at}", retry=ONCE))
    first, sent = lines_of(said.heads[0])
    body = said.bodies[0]
    length = set() if first.startswith("GET ") else {f"content-length: {len(body)}"}
    assert not body or json.loads(body).keys() <= {"batch"}  # it came whole
    assert line.replace(" ", " /v1beta") + " HTTP/1.1" == first
    [agent] = [line for line in sent if line.startswith("user-agent: gemini-batch/")]
    assert ALWAYS | headers | length | {agent, f"host: {at}"} == sent


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST"])
def test_neither_keeps_a_cookie(facade: Facade, host: str) -> None:
    """A host may be written in capitals, too."""
    said = Said(verbatim(LENGTH + b"Set-Cookie: a=b; Path=/\r\n"))
    with serving(said) as (at, _):
        batch = facade.client(f"http://{host}:{at.partition(':')[2]}").get_batch("batches/a")
        batch.operation()
        batch.operation()
    assert 2 == len(said.heads)
    assert b"cookie" not in b"".join(said.heads).lower()
    assert all(f"\r\nHost: {host.lower()}:".encode() in head for head in said.heads)


def test_an_address_of_ipv6_is_an_address(facade: Facade) -> None:
    """It stands in brackets in the header, too."""
    said = Said(verbatim())
    over = threading.Event()
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        server.settimeout(5)

        def serve() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                said(connection, over)

        thread = threading.Thread(target=serve)
        thread.start()
        client = facade.client(f"http://[::1]:{server.getsockname()[1]}")
        assert "batches/a" == client.get_batch("batches/a").operation().name
        client.close()
        thread.join()
    assert [b"[::1]"] == re.findall(rb"\r\nHost: (\S+):\d+\r\n", said.heads[0])


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("verb", ["get", "create"])
def test_a_redirect_is_told_with_its_host_and_not_followed(
    facade: Facade, status: int, verb: str
) -> None:
    """The key would go along, and a create be sent to somebody else."""
    place = "Location: http://ex\u00e4mple.test/x\r\nContent-Length: 0\r\n".encode()
    said = Said(verbatim(place, b"", b"HTTP/1.1 %d Moved" % status))
    with serving(said) as (at, _):
        client = facade.client(f"http://{at}")
        batch = client.get_batch("batches/a")
        with pytest.raises(
            ProtocolError, match=r"redirects to ex\u00e4mple\.test; redirects are not"
        ):
            batch.status() if verb == "get" else client.submit(prompts(1))
    assert 1 == len(said.heads)


# Loops


def test_a_client_serves_one_loop_and_says_so_in_another(
    facade: Facade, emulator: Emulator
) -> None:
    """The synchronous one serves any thread; the asynchronous one refuses before it sends."""
    client = facade.client(emulator.url)
    batch = client.submit(prompts(1))
    seen = len(emulator.seen)
    caught: list[Any] = []

    def elsewhere() -> None:
        try:
            if facade.name == "async":
                asyncio.run(batch.real.operation())
            else:
                batch.real.operation()
        except UsageError as error:
            caught.append(str(error))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    if facade.name == "async":
        assert ["make one client in each asyncio.run()"] == [
            one.partition(": ")[2] for one in caught
        ]
        assert seen == len(emulator.seen)
    else:
        assert [] == caught
    with batch.results() as results:
        assert_answered(prompts(1), results)


# What a caller says


@pytest.mark.parametrize(
    "text",
    ["t\u00e9xt/plain", "text/\u2603", "text/plain\r\nX-Evil: 1"],
    ids=["letter", "symbol", "line_feed"],
)
def test_what_cannot_stand_in_a_header_is_never_sent(
    facade: Facade, emulator: Emulator, text: str
) -> None:
    """One library would refuse it halfway, and the other send something else."""
    with pytest.raises(UsageError):
        facade.client(emulator.url).files.upload(b"abc", mime_type=text)
    assert [] == emulator.seen


def test_what_is_not_ascii_travels_in_bodies(facade: Facade, emulator: Emulator) -> None:
    """Such as the name of a batch, by whichever way its requests go."""
    client = facade.client(emulator.url)
    for via in ("inline", "file"):
        batch = client.submit(prompts(1), via=via, display_name="gr\u00f6\u00dfer \u2603")
        assert "gr\u00f6\u00dfer \u2603" == batch.operation().display_name
        with batch.results() as results:
            assert_answered(prompts(1), results)


ASTRAY = {
    "up": "..",
    "aside": "../files/x",
    "down_and_up": "a/../b",
    "escaped": "a%2f..%2fb",
    "line_feed": "a\r\nb",
    "query": "a?b",
    "fragment": "a#b",
    "space": "a b",
    "here": "./a",
    "letter": "\u00e9",
}


@pytest.mark.parametrize("name", ASTRAY.values(), ids=ASTRAY)
def test_nothing_that_a_caller_says_leads_to_another_path(
    facade: Facade, emulator: Emulator, name: str
) -> None:
    """One library would strip it, the other escape it, and both take steps back."""
    client = facade.client(emulator.url)
    for call in (
        lambda: client.get_batch(f"batches/{name}"),
        lambda: client.files.get(f"files/{name}"),
        lambda: client.files.delete(f"files/{name}"),
        lambda: client.submit(prompts(1), model=name),
        lambda: client.submit_file(f"files/{name}"),
    ):
        with pytest.raises(UsageError):
            call()
    assert [] == emulator.seen
