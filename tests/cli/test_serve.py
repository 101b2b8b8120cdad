"""``emulator``: the service on this machine, until Ctrl-C."""

import io
import json
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gemini_batch import ApiError, PollPolicy, RateLimitError, RetryPolicy, SyncBatchClient
from gemini_batch.cli import serve
from gemini_batch.emulator import Emulator
from tests.canary import CANARY
from tests.cli.conftest import Done
from tests.cli.test_interrupts import ended, read_until

Command = Callable[..., Done]
Spawn = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> list[Emulator]:
    """Press Ctrl-C as soon as the emulator has nothing left to do, and keep it."""
    kept: list[Emulator] = []
    start: Any = serve._started

    def started(*told: Any) -> Emulator:
        kept.append(start(*told))
        return kept[-1]

    monkeypatch.setattr(serve, "_started", started)
    monkeypatch.setattr(serve, "_stand_still", lambda: signal.raise_signal(signal.SIGINT))
    return kept


def test_it_prints_what_leads_clients_to_it(command: Command, running: list[Emulator]) -> None:
    """Standard output can be read by a shell; Ctrl-C is how it ends, and no failure."""
    done = command("emulator", "--port", "0")
    [emulator] = running
    assert 0 == done.status
    assert f"export GEMINI_API_KEY=any-key\nexport GOOGLE_GEMINI_BASE_URL={emulator.url}\n" == (
        done.out
    )
    url = emulator.url
    for line in (
        f"gemini-batch: SyncBatchClient('any-key', base_url='{url}')",
        f"genai.Client(api_key='any-key', http_options={{'base_url': '{url}'}})",
        f"new GoogleGenAI({{apiKey: 'any-key', httpOptions: {{baseUrl: '{url}'}}}})",
        f"curl -H 'x-goog-api-key: any-key' {url}/v1beta/batches",
        f"{url}/emulator/faults",
    ):
        assert f"{line}\n" in done.err
    assert done.err.endswith("the emulator has ended\n")


def test_a_program_gets_the_same_in_json(command: Command, running: list[Emulator]) -> None:
    """One object, printed when the emulator can be reached."""
    facts = command("emulator", "--port", "0", "--json", "-q").facts
    url = running[0].url
    assert {
        "url": url,
        "environment": {"GEMINI_API_KEY": "any-key", "GOOGLE_GEMINI_BASE_URL": url},
    } == facts


def test_keys_and_limits_can_be_given(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only those keys are let in, and they are not repeated; a limit is one of all there are."""
    met: list[int] = []

    def stand_still(running: Emulator) -> None:
        for key in (f"{CANARY}-1", f"{CANARY}-3", f"{CANARY}-4"):
            with SyncBatchClient(key, model="m", base_url=running.url) as client:
                try:
                    client.submit(["x"])
                    met.append(200)
                except ApiError as refused:
                    met.append(refused.code)
        with (
            SyncBatchClient(
                f"{CANARY}-1", model="m", base_url=running.url, retry=RetryPolicy(attempts=1)
            ) as client,
            pytest.raises(RateLimitError),
        ):
            client.submit(["x"])
        raise KeyboardInterrupt

    monkeypatch.setattr(serve, "_serve", lambda running, *_, **__: stand_still(running))
    done = command(
        *("emulator", "--port", "0", "--keys", f"{CANARY}-1,{CANARY}-2", "--keys", f"{CANARY}-3"),
        *("--limit", "concurrent-batches=2"),
    )
    assert [200, 200, 400] == met
    assert done.out.startswith("export GOOGLE_GEMINI_BASE_URL=")
    assert 1 == done.out.count("\n")
    assert 'curl -H "x-goog-api-key: $GEMINI_API_KEY" ' in done.err
    assert "genai.Client(http_options=" in done.err


def test_faults_that_were_never_met_are_told_at_the_end(
    command: Command, running: list[Emulator]
) -> None:
    """Whoever asked for them wanted to see them."""
    words = ("--fault", "create:reset-after-acting", "--fault", "states:PENDING,FAILED")
    done = command("emulator", "--port", "0", *words)
    assert 1 == len(running)
    assert "never met: create: reset-after-acting\n" in done.err
    assert "never met: states: PENDING,FAILED\n" in done.err


def test_time_moves_by_hand(
    command: Command, running: list[Emulator], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each line of standard input is a number of seconds; what is none is said so."""
    moved: list[float] = []
    monkeypatch.setattr(Emulator, "advance", lambda _, seconds: moved.append(seconds))
    done = command(
        "emulator", "--port", "0", "--clock", "manual", stdin=io.BytesIO(b"60\nsoon\n0.5\n")
    )
    assert 0 == done.status
    assert [60, 0.5] == moved
    assert "60 seconds have passed\ngemini-batch: 'soon' is not a number of seconds\n" in done.err
    assert 1 == len(running)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--fault", "create:return-9"], "is not a fault of 'create'"),
        (["--fault", "nothing"], "'nothing' is not an operation"),
        (["--clock", "slow"], "--clock is real, manual or a number, not 'slow'"),
        (["--clock", "-1"], "cannot run at -1.0 times"),
        (["--clock", "nan"], "cannot run at nan times"),
        (["--port", "70000"], "70000"),
        (
            ["--limit", "batches=5"],
            "the names are body_bytes, file_bytes, storage_bytes, concurrent",
        ),
        (["--limit", "file_bytes=many"], "--limit is NAME=NUMBER, not 'file_bytes=many'"),
        (["--answer", "a:perhaps"], "'perhaps' is no answer"),
        (["--keys", ","], "--keys names no key, so that nobody would be let in"),
    ],
)
def test_what_cannot_be_emulated_is_refused(
    words: list[str], reason: str, command: Command
) -> None:
    """It says what can be."""
    done = command("emulator", *words)
    assert (2, "") == (done.status, done.out)
    assert reason in done.err


def test_a_host_that_is_none_is_said_so(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what a host is."""

    def find(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", find)
    done = command("emulator", "--port", "0", "--host", "nowhere.invalid")
    assert (1, "") == (done.status, done.out)
    assert (
        "gemini-batch: host nowhere.invalid: no such host\n"
        "  --host is a name or an address of this machine\n"
    ) == done.err


def test_a_host_that_is_another_machine_is_said_so(command: Command) -> None:
    """Not the port is at fault (RFC 5737: an address that nobody has)."""
    done = command("emulator", "--port", "0", "--host", "192.0.2.1")
    assert (1, "") == (done.status, done.out)
    assert "host 192.0.2.1: Cannot assign requested address" in done.err
    assert "--host is a name or an address of this machine" in done.err


@pytest.mark.parametrize(
    ("host", "reached"),
    [("localhost", "localhost"), ("0.0.0.0", "127.0.0.1"), ("::1", "[::1]"), ("::", "[::1]")],  # noqa: S104 - asked for by name
)
def test_another_interface_is_named(
    host: str, reached: str, command: Command, running: list[Emulator]
) -> None:
    """The URL is one by which this machine reaches it."""
    done = command("emulator", "--port", "0", "--host", host)
    [emulator] = running
    assert emulator.url.startswith(f"http://{reached}:")
    assert f"GOOGLE_GEMINI_BASE_URL={emulator.url}\n" in done.out


def test_answers_can_be_given(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By key, or from a file, which comes first; with any, nothing fails by chance."""
    file = tmp_path / "answers.jsonl"
    file.write_text('{"key": "1", "text": "from the file"}\n')
    found: list[str | None] = []

    def ask(running: Emulator, *_: object, **__: object) -> None:
        poll = PollPolicy(first=0.01, ceiling=0.01)
        with SyncBatchClient("any-key", model="m", base_url=running.url, poll=poll) as client:
            results = client.submit(["x"] * 300).results()
            found.extend(item.problem or item.unwrap().text for item in results[:2])
            assert 299 == len(results.successes)
        raise KeyboardInterrupt

    monkeypatch.setattr(serve, "_serve", ask)
    command(
        *("emulator", "--port", "0", "--answers", str(file), "--answer", "0:error=13/message=a:b"),
        *("--answer", "1:no-parts", "--clock", "1000"),
    )
    assert "a:b" in str(found[0])
    assert "from the file" == found[1]


def test_a_port_that_is_taken_is_said_so(command: Command) -> None:
    """And how to find one that is not."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = command("emulator", "--port", str(port))
    assert (1, "") == (done.status, done.out)
    assert (
        f"gemini-batch: port {port}: Address already in use\n"
        "  give another --port; --port 0 takes a free one\n"
    ) == done.err


@pytest.mark.real_time
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_other_processes_until_it_is_told_to_end(
    sent: signal.Signals, spawn: Spawn
) -> None:
    """A clock that runs fast makes a batch of a day one of a moment."""
    process = spawn("emulator", "--port", "0", "--clock", "1000", "--json")
    assert process.stdout is not None
    url = json.loads(process.stdout.readline())["url"]
    with SyncBatchClient("any-key", model="m", base_url=url) as client:
        assert 2 == client.submit(["one", "two"]).wait().stats.request_count
    read_until(process.stderr, "a fault")
    process.send_signal(sent)
    assert (0, "") == ended(process)
