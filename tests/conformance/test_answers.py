"""What a service may say instead of an answer: refusals, odd statuses, and waits however spelt."""

import json
import socket
import threading
import time
from typing import Any

import pytest

from gemini_batch import (
    ApiError,
    AuthenticationError,
    CreateOutcomeUnknownError,
    InvalidRequestError,
    PermissionDeniedError,
    ProtocolError,
    RateLimitError,
    RetryPolicy,
    ServerError,
)
from gemini_batch.effects import Sleep
from gemini_batch.emulator import Emulator
from tests.conformance.bytewise import BODY, ONCE, Script, reply, saying, serving
from tests.conformance.facades import CANARY, Facade
from tests.conformance.scenes import assert_answered, prompts

TWICE = RetryPolicy(attempts=2, look_for=0)


def error(code: int, message: str, *details: Any) -> bytes:
    """Return the body of a refusal (AIP-193)."""
    return json.dumps({"error": {"code": code, "message": message, "details": details}}).encode()


# Refusals

VIOLATION = {"field": "batch.input_config.requests", "description": "It must not be empty."}
BAD_REQUEST = {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [VIOLATION]}


def test_a_refusal_names_the_field_it_is_about(facade: Facade) -> None:
    """In its own words, and the field where those leave it out; it is not sent again."""
    body = error(400, "The request is not valid.", BAD_REQUEST)
    with serving(saying(reply(400, body))) as (at, served):
        with pytest.raises(InvalidRequestError) as raised:
            facade.client(f"http://{at}", retry=TWICE).submit(prompts(1))
        assert 1 == len(served)
    assert "The request is not valid; batch.input_config.requests (It must not" in str(raised.value)
    assert "The request is not valid." == raised.value.message
    assert (BAD_REQUEST,) == raised.value.details


@pytest.mark.parametrize(
    ("status", "body", "kind", "said"),
    [
        (502, b"<html>\x1b]0;owned\x07 bad gateway" + b"x" * 9_000, ServerError, r"<html>\x1b]0;"),
        (500, b"", ServerError, "HTTP 500"),
        (400, b"[" + error(400, "told in a list") + b"]", InvalidRequestError, "told in a list"),
        (400, b"[]", InvalidRequestError, "HTTP 400"),
        (403, b'{"error": "flat"}', PermissionDeniedError, '{"error": "flat"}'),
        (418, b"[" * 200_000, ApiError, "HTTP 418"),
        (400, b"\xff\xfe{\x00", InvalidRequestError, "HTTP 400"),
        (429, b'{"error": {"code": [], "message": 5, "details": {}}}', RateLimitError, "5"),
        (400, error(400, "odd", {"@type": "x/new", "a": [1]}, 7, None), InvalidRequestError, "odd"),
        (503, error(503, "odd", {"reason": {}, "violations": 1}), ServerError, "odd"),
        (400, error(400, "odd", {"fieldViolations": {"field": 1}}), InvalidRequestError, "odd"),
        (400, error(400, "odd", {"fieldViolations": [1, {}]}), InvalidRequestError, "odd"),
    ],
    ids=[
        *("html", "empty", "in_a_list", "empty_list", "flat", "deep", "binary", "wrong_types"),
        *("unknown_details", "odd_details", "odd_violations", "empty_violations"),
    ],
)
def test_whatever_a_refusal_looks_like_its_status_says_what_it_is(
    facade: Facade, status: int, body: bytes, kind: type[ApiError], said: str
) -> None:
    """A few lines of it are shown, and those cannot be obeyed by a terminal."""
    with (
        serving(saying(reply(status, body))) as (at, _),
        pytest.raises(ApiError) as raised,
    ):
        facade.client(f"http://{at}", retry=ONCE).get_batch("batches/a").operation()
    assert kind is type(raised.value)
    assert status == raised.value.code
    assert said in str(raised.value)
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 700


KEY_INVALID = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, error(400, "That key is not valid.", KEY_INVALID)),
        (401, b""),
        (401, error(401, "What credentials are these?")),
        (403, error(403, "This method is not for unregistered callers.")),
        (403, error(403, "Which key?", {**KEY_INVALID, "reason": "CREDENTIALS_MISSING"})),
    ],
    ids=["not_valid", "unauthenticated", "in_words", "no_key", "missing"],
)
def test_a_refused_key_is_told_by_where_it_came_from(
    facade: Facade, monkeypatch: pytest.MonkeyPatch, status: int, body: bytes
) -> None:
    """Whichever way the service says so; it is not tried again, and the key is not shown."""
    monkeypatch.setenv("GEMINI_API_KEY", CANARY)
    with serving(saying(reply(status, body))) as (at, served):
        client = facade.client(f"http://{at}", retry=TWICE, api_key=None)
        for number, call in enumerate(
            (lambda: client.submit(prompts(1)), client.get_batch("batches/a").operation), 1
        ):
            with pytest.raises(AuthenticationError, match="the variable GEMINI_API_KEY") as raised:
                call()
            assert CANARY not in str(raised.value)
            assert number == len(served)


def test_what_the_key_may_not_do_is_another_refusal(facade: Facade) -> None:
    """It is not the key that is wrong."""
    body = error(403, "You may not look at it.")
    with (
        serving(saying(reply(403, body))) as (at, served),
        pytest.raises(PermissionDeniedError, match="You may not look at it"),
    ):
        facade.client(f"http://{at}", retry=TWICE).get_batch("batches/a").operation()
    assert 1 == len(served)


# Statuses


@pytest.mark.parametrize("status", [201, 202, 204, 205, 206, 226, 304, 399])
def test_a_status_that_nobody_asked_for_is_no_answer(facade: Facade, status: int) -> None:
    """Whatever comes with it, nothing is made of it, and nothing is sent again."""
    body = b"" if status in {204, 205, 304} else BODY
    with serving(saying(reply(status, body))) as (at, served):
        with pytest.raises(ProtocolError):
            facade.client(f"http://{at}", retry=TWICE).get_batch("batches/a").operation()
        assert 1 == len(served)


@pytest.mark.parametrize("status", [201, 202, 204, 206])
def test_a_create_that_is_answered_so_may_have_been_one(facade: Facade, status: int) -> None:
    """It is looked for, and not sent again."""
    asked: list[bytes] = []

    def script(connection: socket.socket, _: threading.Event) -> None:
        asked.append(connection.recv(65536).partition(b" ")[0])
        create = asked[-1] == b"POST"
        connection.sendall(reply(status) if create else reply(200, b"{}"))

    with serving(script) as (at, _), pytest.raises(CreateOutcomeUnknownError) as raised:
        facade.client(f"http://{at}", retry=TWICE).submit(prompts(1))
    assert [b"POST", b"GET"] == asked
    assert isinstance(raised.value.__cause__, ProtocolError)


def interim(status: int, asked: list[bytes]) -> Script:
    """Return a script that says that it is at work, and a while later the answer; it keeps on."""

    def script(connection: socket.socket, over: threading.Event) -> None:
        connection.settimeout(2)
        while request := connection.recv(65536):
            asked.append(request.split(b" ")[1])
            connection.sendall(f"HTTP/1.1 {status} Wait\r\nLink: </a>\r\n\r\n".encode())
            over.wait(0.02)
            name = asked[-1].rpartition(b"/")[2]
            body = BODY.replace(b"batches/a", b"batches/" + name)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    return script


@pytest.mark.parametrize("status", [100, 102, 103])
def test_what_comes_before_an_answer_is_not_taken_for_it(facade: Facade, status: int) -> None:
    """Nor is the answer for that to what is asked next on the same connection."""
    asked: list[bytes] = []
    with serving(interim(status, asked)) as (at, served):
        client = facade.client(f"http://{at}", retry=ONCE)
        seen = [client.get_batch(f"batches/{name}").operation().name for name in "abc"]
        client.close()
        assert ["batches/a", "batches/b", "batches/c"] == seen
        assert (1, 3) == (len(served), len(asked))


# Replies to a create


@pytest.mark.parametrize(
    "body",
    [
        b"<html>It works!</html>",
        b"",
        b"{}",
        b"[]",
        b"null",
        b'{"metadata": {}}',
        b'{"name": 5}',
        b'{"name": "operations/a"}',
        b'{"name": "batches/../files/a"}',
        b'{"name": "batches/a"',
    ],
    ids=repr,
)
def test_a_success_that_names_no_batch_leaves_a_doubt(facade: Facade, body: bytes) -> None:
    """The batch may exist: what is raised says how to find it, and none is made again."""
    asked: list[bytes] = []

    def script(connection: socket.socket, _: threading.Event) -> None:
        asked.append(connection.recv(65536).partition(b" ")[0])
        connection.sendall(reply(200, body if asked[-1] == b"POST" else b"{}"))

    with serving(script) as (at, _):
        client = facade.client(f"http://{at}", retry=TWICE)
        with pytest.raises(CreateOutcomeUnknownError, match=r"client\.adopt\('gb-mine'\)") as found:
            client.submit(prompts(1), label="gb-mine")
    assert [b"GET", b"POST", b"GET"] == asked  # its label is one of the caller's, and looked up
    assert "gb-mine" == found.value.label


# Waits

NOON = "Date: Wed, 25 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("hint", "least", "most"),
    [
        ("7", 7, 8),
        ("3.5", 3.5, 4.5),
        ("0", 0, 1),
        ("Wed, 25 Nov 2026 12:00:07 GMT", 7, 8),
        ("Wednesday, 25-Nov-26 12:00:07 GMT", 7, 8),
        ("Wed, 25 Nov 2026 11:00:00 GMT", 0, 1),
        ("-7", 0, 0.5),
        ("1e2", 0, 0.5),
        ("9" * 30, 0, 0.5),
        ("nonsense", 0, 0.5),
        ("\xd9\xa3", 0, 0.5),  # an Arabic-Indic digit, as bytes
        ("7, 9", 0, 0.5),
    ],
)
def test_a_hint_is_kept_where_it_is_one(
    facade: Facade, pauses: list[float], hint: str, least: float, most: float
) -> None:
    """Seconds, or a date by the clock of the service; anything else is as good as nothing."""
    with serving(saying(reply(503, b"", f"Retry-After: {hint}", NOON))) as (at, served):
        client = facade.client(f"http://{at}", retry=RetryPolicy(attempts=2, first=0.5))
        with pytest.raises(ServerError, match="HTTP 503"):
            client.get_batch("batches/a").operation()
        assert 2 == len(served)
    (pause,) = pauses
    assert least <= pause <= most


@pytest.mark.parametrize("hint", ["121", "99999999", "Wed, 25 Nov 2026 12:02:01 GMT"])
def test_a_hint_that_is_too_long_is_told(facade: Facade, pauses: list[float], hint: str) -> None:
    """Nobody waits for it: the error says how long it would be."""
    with serving(saying(reply(429, b"", f"Retry-After: {hint}", NOON))) as (at, served):
        with pytest.raises(RateLimitError) as raised:
            facade.client(f"http://{at}").get_batch("batches/a").operation()
        assert 1 == len(served)
    assert [] == pauses
    assert raised.value.retry_after is not None
    assert raised.value.retry_after >= 121


def test_who_gives_up_says_after_how_many_attempts(
    facade: Facade, emulator: Emulator, pauses: list[float]
) -> None:
    """And how long they took."""
    batch = facade.client(emulator.url, retry=RetryPolicy(attempts=3)).submit(prompts(1))
    emulator.faults.add("get", "return-503*3")
    with pytest.raises(ServerError) as raised:
        batch.operation()
    assert [True] == [note.startswith("after 3 attempts in ") for note in raised.value.__notes__]
    assert 2 == len(pauses)


# Clocks


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the clock on the wall jump by years, to and fro, at each look at it."""
    real, years = time.time, [-1, 1]

    def jumping() -> float:
        years.reverse()
        return real() + years[0] * 3e7

    monkeypatch.setattr(time, "time", jumping)


@pytest.mark.usefixtures("wall")
def test_a_clock_that_is_set_changes_no_wait(
    client: Any, emulator: Emulator, pauses: list[float]
) -> None:
    """Neither how often a batch is looked at, nor how far back a lost one is looked for."""
    emulator.faults.add("states", "PENDING*2,RUNNING*2,SUCCEEDED")
    emulator.faults.add("create", "close-after-acting")
    asked = prompts(2)
    with client.submit(asked).results() as results:
        assert_answered(asked, results)
    assert (1, 5) == (emulator.acted.count("create"), emulator.seen.count("get"))
    assert max(pauses) < 1


def test_a_machine_that_slept_looks_once_and_goes_on(
    client: Any,
    facade: Facade,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    pauses: list[float],
) -> None:
    """What it missed is not made up for: a look after each sleep, however long that was."""
    real, slept = time.monotonic, [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: real() + slept[0])
    emulator.faults.add("states", "PENDING*2,RUNNING*2,SUCCEEDED")
    batch = client.submit(prompts(2))
    looks: list[int] = []

    def sleep_for_hours(effect: Any) -> Any:
        if isinstance(effect, Sleep):
            looks.append(emulator.seen.count("get"))
            slept[0] += 36_000.0
        return effect

    facade.watch_effects(monkeypatch, sleep_for_hours)
    batch.wait().results.close()
    assert [1, 2, 3, 4] == sorted(set(looks))
    assert 5 == emulator.seen.count("get")
    assert 4 <= len(pauses) == len(looks)
