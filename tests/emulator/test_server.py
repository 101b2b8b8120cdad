"""The emulator as a thing: it starts, it stops, it leaves nothing behind."""

import asyncio
import socket
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import requests

from gemini_batch.emulator import Act, Emulator, Seen
from tests.emulator.caller import KEY, Caller, inline, items_of, keyed, line, text_of


def test_it_serves_on_loopback_at_a_free_port() -> None:
    """The URL names the loopback address and a port that was free."""
    with Emulator() as first, Emulator() as second:
        assert first.url.startswith("http://127.0.0.1:")
        assert first.url != second.url


def test_a_port_may_be_chosen() -> None:
    """A port that is given is the one served."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with Emulator(port=port) as emulator:
        assert f"http://127.0.0.1:{port}" == emulator.url


def test_a_taken_port_is_an_error_and_no_thread_is_left() -> None:
    """What keeps the server from starting is raised where it was started."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        emulator = Emulator(port=other.getsockname()[1])
        with pytest.raises(OSError, match="in use"):
            emulator.start()
        emulator.close()


def test_the_url_exists_only_while_it_runs() -> None:
    """Asking too early says what to do instead."""
    with pytest.raises(RuntimeError, match="context manager"):
        _ = Emulator().url


def test_it_runs_once() -> None:
    """Starting it again is refused: its batches are gone."""
    with Emulator() as emulator, pytest.raises(RuntimeError, match="runs once"):
        emulator.start()


def test_closing_twice_is_closing_once() -> None:
    """Close may be called whenever, also before the start."""
    Emulator().close()
    with Emulator() as emulator:
        emulator.close()
        emulator.close()


def test_closing_removes_the_files_of_clients(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nothing uploaded or written stays on disk."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Emulator(clock="manual") as emulator, Caller(emulator) as caller:
        caller.lines(caller.create_from_lines(line("a", "x")))
        [directory] = tmp_path.iterdir()
        assert 0o700 == directory.stat().st_mode & 0o777
        assert 2 == len(list(directory.iterdir()))  # what was uploaded, and the results
    assert [] == list(tmp_path.iterdir())


def test_closing_does_not_wait_for_clients_that_keep_connections() -> None:
    """A client with an idle connection finds it closed."""
    with requests.Session() as session:
        with Emulator() as emulator:
            assert 404 == session.get(emulator.url, timeout=5).status_code
        with pytest.raises(requests.ConnectionError):
            session.get(emulator.url, timeout=5)


def test_connections_are_kept_and_used_again(emulator: Emulator) -> None:
    """Requests of one client share a connection."""
    ports: set[int] = set()
    with closing(HTTPConnection(emulator.url.removeprefix("http://"), timeout=5)) as connection:
        for path in ("/v1beta/batches?key=k", "/v1beta/files?key=k", "/nowhere"):
            connection.request("GET", path)
            connection.getresponse().read()
            ports.add(connection.sock.getsockname()[1])
    assert 1 == len(ports)


def test_it_serves_async_programs_too() -> None:
    """The same emulator is an async context manager, and aiohttp is as welcome as requests."""

    async def visit() -> tuple[int, object]:
        async with (
            Emulator() as emulator,
            aiohttp.ClientSession(headers={"x-goog-api-key": KEY}) as session,
            session.get(f"{emulator.url}/v1beta/batches") as response,
        ):
            return response.status, await response.json()

    assert (200, {}) == asyncio.run(visit())


def answer_by_key(_: object, key: str | None) -> str:
    """Answer with the key."""
    return f"answer to {key}"


def test_aiohttp_creates_waits_and_reads_a_batch() -> None:
    """The whole way of an inline batch, over aiohttp."""

    async def visit() -> Any:
        async with (
            Emulator(clock="manual", answer=answer_by_key) as emulator,
            aiohttp.ClientSession(emulator.url, headers={"x-goog-api-key": KEY}) as session,
        ):
            body = {"batch": {"inputConfig": inline(keyed("k", "x"))}}
            path = "/v1beta/models/m:batchGenerateContent"
            async with session.post(path, json=body) as response:
                name = (await response.json())["name"]
            emulator.advance(60)
            async with session.get(f"/v1beta/{name}") as response:
                return await response.json()

    [item] = items_of(asyncio.run(visit()))
    assert {"key": "k"} == item["metadata"]
    assert "answer to k" == text_of(item)


def test_a_bare_string_of_keys_is_refused() -> None:
    """A string is a collection of letters, which nobody means."""
    with pytest.raises(TypeError, match="wrap the one key"):
        Emulator(keys="AIza")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"failure_rate": 2.0}, "between 0 and 1"),
        ({"chunk_granularity": 0}, "at least 1"),
        ({"clock": "fast"}, '"manual" or a number'),
        ({"clock": -1.0}, "cannot run"),
        ({"pending_seconds": -1.0}, "pending_seconds"),
        ({"running_seconds": float("nan")}, "running_seconds"),
        ({"file_processing_seconds": -0.1}, "file_processing_seconds"),
    ],
)
def test_settings_that_make_no_sense_are_refused(options: dict[str, Any], words: str) -> None:
    """The refusal names the setting."""
    with pytest.raises(ValueError, match=words):
        Emulator(**options)


def test_acts_and_requests_are_told_apart(emulator: Emulator, caller: Caller) -> None:
    """What was asked is recorded beside what was done."""
    name = caller.create_inline("x", name="n")
    caller.operation(name)
    assert [Act("create", name, "n")] == emulator.acted
    assert 1 == emulator.acted.count("create")
    assert 1 == emulator.acted.count(Act("create", name, "n"))
    assert 0 == emulator.acted.count("delete")
    assert [Seen("GET", f"/v1beta/{name}", "get", "header")] == emulator.seen.of("get")
    assert 1 == emulator.seen.count("create")


def test_time_moves_forward_only(emulator: Emulator) -> None:
    """A clock that went back would unmake what has happened."""
    with pytest.raises(ValueError, match="forward"):
        emulator.advance(-1)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH"])
def test_a_path_the_service_does_not_have_gets_a_page_of_html(caller: Caller, method: str) -> None:
    """The front end speaks HTML, not JSON."""
    response = caller.call(method, "/v1beta/models/x:batchGenerateContent")
    assert 404 == response.status_code
    assert response.headers["Content-Type"].startswith("text/html")
    assert response.text.startswith("<!DOCTYPE html>")


def test_a_client_that_waits_to_be_told_to_continue_is_told(emulator: Emulator) -> None:
    """The command ``curl`` asks before it sends a large body."""
    host, port = emulator.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(
            b"POST /v1beta/models/m:batchGenerateContent?key=k HTTP/1.1\r\nHost: x\r\n"
            b"Expect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 100 Continue")
        connection.sendall(b"{}")
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 400")


def test_a_client_that_leaves_in_the_middle_disturbs_nobody(caller: Caller) -> None:
    """A request cut off by its sender is forgotten."""
    host, port = caller.emulator.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(
            b"POST /v1beta/models/m:batchGenerateContent?key=k HTTP/1.1\r\nHost: x\r\n"
            b"Content-Length: 1000\r\n\r\n{"
        )
    assert {} == caller.get("/v1beta/batches")
    assert [] == caller.emulator.acted


@pytest.mark.parametrize("path", ["/", "/v1beta/nothing", "/v1beta/batches"])
def test_no_reply_names_the_software_it_is_made_with(caller: Caller, path: str) -> None:
    """The service names its own, or none: a client that looks must not see another."""
    caller.emulator.faults.add("list", "redirect=/elsewhere")
    for _ in range(2):
        server = caller.call("GET", path).headers.get("Server", "")
        assert server in {"", "scaffolding on HTTPServer2"}
    caller.emulator.faults.clear()


def test_what_fails_within_is_told_as_the_service_tells_it(
    caller: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """500, with the reason in the log of the emulator."""

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("gemini_batch.emulator.batches.operation", fail)
    response = caller.create({"inputConfig": inline(keyed("0", "x"))})
    assert (500, "INTERNAL") == (response.status_code, response.json()["error"]["status"])
    assert "create failed within the emulator" in caplog.text


def test_results_that_cannot_be_written_do_not_keep_it_from_closing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is left behind, and it is logged."""

    def fail(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("gemini_batch.emulator.batches.write_results", fail)
    with Emulator(clock="manual") as emulator, Caller(emulator) as caller:
        name = caller.create_inline("x")
        emulator.advance(1000)
        assert 500 == caller.call("GET", f"/v1beta/{name}").status_code
    assert "no space left" in caplog.text
