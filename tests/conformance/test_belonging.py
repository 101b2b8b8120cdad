"""Where a client belongs, and what is left of it: in loops, threads and processes, and after."""

import asyncio
import copy
import gc
import linecache
import os
import pickle
import subprocess
import sys
import threading
import warnings
from collections.abc import Awaitable, Callable
from typing import Any
from unittest.mock import Mock

import pytest

from gemini_batch import HandleConsumedError, Succeeded, UsageError
from gemini_batch.emulator import Emulator
from tests.conformance.facades import Facade, impatient
from tests.conformance.scenes import assert_answered, prompts

ASKED = prompts(2)

# Loops


def ways_in(client: Any, batch: Any) -> dict[str, Callable[[], Any]]:
    """Return every way to make a client ask for something."""
    return {
        "operation": batch.operation,
        "status": batch.status,
        "wait": batch.wait,
        "results": batch.results,
        "cancel": batch.cancel,
        "delete": batch.delete,
        "watch": lambda: first_of(batch.watch()),
        "stream_results": lambda: first_of(batch.stream_results()),
        "wait_all": lambda: client.wait_all([batch]),
        "as_completed": lambda: first_of(client.as_completed([batch])),
        "submit": lambda: client.submit(ASKED),
        "submit_embeddings": lambda: client.submit_embeddings(ASKED),
        "submit_file": lambda: client.submit_file("files/abc"),
        "adopt": lambda: client.adopt("gb-0123456789abcdefghjkmnpqrs"),
        "list_batches": lambda: first_of(client.list_batches()),
        "files.get": lambda: client.files.get("files/abc"),
        "files.list": lambda: first_of(client.files.list()),
        "files.delete": lambda: client.files.delete("files/abc"),
    }


def first_of(stream: Any) -> Any:
    """Return the first value of a stream, or what is to be awaited for it."""
    return stream.__anext__() if hasattr(stream, "__anext__") else next(stream)


WAYS = pytest.mark.parametrize("way", list(ways_in(*[Mock()] * 2)))


def in_a_loop(work: Callable[[], Awaitable[Any]]) -> Any:
    """Do something in a loop of its own, in a thread of its own; return what it came to."""
    outcome: list[Any] = []

    async def call() -> Any:
        return await work()

    def run() -> None:
        try:
            outcome.append(asyncio.run(call()))
        except Exception as error:  # noqa: BLE001 - to be looked at by the test
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return outcome[0]


@WAYS
@pytest.mark.parametrize("facade", ["async"], indirect=True)
def test_a_client_is_not_used_in_another_loop(
    client: Any, facade: Facade, emulator: Emulator, way: str
) -> None:
    """The error says so as it is, sends nothing, and uses no handle up."""
    batch = client.submit(ASKED)
    sent = len(emulator.seen)

    told = in_a_loop(ways_in(client.real, batch.real)[way])

    assert type(told) is UsageError
    assert "this client belongs to another event loop" in str(told)
    assert sent == len(emulator.seen)
    assert "live" in repr(batch)
    with facade.call(batch.real.results) as results:
        assert_answered(ASKED, results)


@pytest.mark.parametrize("facade", ["async"], indirect=True)
def test_a_client_is_closed_in_its_own_loop(client: Any) -> None:
    """Elsewhere it says so, and stays open for those who use it."""
    batch = client.submit(ASKED)

    told = in_a_loop(client.real.close)

    assert type(told) is UsageError
    assert "belongs to another event loop: close it there" in str(told)
    assert batch.name == batch.operation().name
    client.close()
    assert in_a_loop(client.real.close) is None


@pytest.mark.parametrize("facade", ["async"], indirect=True)
def test_a_client_whose_loop_is_gone_can_be_closed(facade: Facade, emulator: Emulator) -> None:
    """One that was used in it, or only made."""
    made = [facade.client_class(base_url=emulator.url, **impatient()) for _ in range(2)]

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        asyncio.run(_used(made[0]))
        for client in made:
            asyncio.run(client.close())
            with pytest.raises(UsageError, match="this client is closed"):
                client.list_batches()
        made.clear()
        gc.collect()
    # The connection is asyncio's own to mourn.
    assert not any("Client" in str(one.message) for one in caught)


async def _used(client: Any) -> None:
    [batch async for batch in client.list_batches()]


# Closed


@WAYS
def test_a_client_that_is_closed_says_so(
    client: Any, facade: Facade, emulator: Emulator, way: str
) -> None:
    """Every way in; the handle is not used up by it, and what it is called stays readable."""
    batch = client.submit(ASKED)
    sent = len(emulator.seen)
    client.close()

    with pytest.raises(UsageError, match="this client is closed; make another one") as raised:
        facade.call(ways_in(client.real, batch.real)[way])

    assert type(raised.value) is UsageError
    assert sent == len(emulator.seen)
    assert f"{batch.name}, live" in repr(batch)
    client.close()


@pytest.mark.parametrize(
    "way", ["watch", "stream_results", "as_completed", "list_batches", "pages", "wait_all"]
)
def test_a_client_that_is_closed_on_the_way_ends_what_is_under_way(
    client: Any, emulator: Emulator, way: str
) -> None:
    """With the next thing that would be sent, and for all batches that are waited for."""
    emulator.faults.add("states", "PENDING")
    batch = client.submit(ASKED)
    batch.status()
    begun: dict[str, Callable[[], Any]] = {
        "watch": batch.watch,
        "stream_results": batch.stream_results,
        "as_completed": lambda: client.as_completed([batch.real]),
        "list_batches": client.list_batches,
        "pages": lambda: client.list_batches().pages(),
    }
    sent = len(emulator.seen)

    if way == "wait_all":

        def close(_: Any) -> None:
            client.real._link._connection.closed = True

        with pytest.raises(UsageError, match="this client is closed"):
            client.wait_all([batch.real] * 2, progress=close)
        assert 1 == len(emulator.seen) - sent
        return
    stream = begun[way]()
    client.close()
    with pytest.raises(UsageError, match="this client is closed"):
        next(stream)
    assert sent == len(emulator.seen)


def test_results_outlive_their_client(client: Any) -> None:
    """They are on this machine, and their handle is not needed."""
    results = client.submit(ASKED, via="file").results()
    client.close()

    with results:
        assert_answered(ASKED, results)


# Forgotten


def test_a_client_that_nobody_closed_says_so_once(facade: Facade, emulator: Emulator) -> None:
    """At the line that made it, and nothing else does: no session, no connection, no task."""
    complaints: list[Any] = []

    async def forget() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, told: complaints.append(told))
        client = facade.client_class(base_url=emulator.url, **impatient())
        if facade.name == "async":
            assert 1 == len([batch async for batch in client.list_batches()])
        else:
            assert 1 == len(list(client.list_batches()))
        del client
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        assert set() == tasks

    facade.client(emulator.url).submit(ASKED)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        asyncio.run(forget())
        gc.collect()

    (warning,) = caught
    assert [] == complaints
    assert ResourceWarning is warning.category
    assert f"{facade.client_class.__name__} was never closed" in str(warning.message)
    assert __file__ == warning.filename
    assert "facade.client_class(" in linecache.getline(warning.filename, warning.lineno)


def test_a_handle_outlives_a_client_that_was_forgotten(facade: Facade, emulator: Emulator) -> None:
    """The warning is about the client; what it made works on as long as it is held."""
    clients = [facade.client_class(base_url=emulator.url, **impatient())]
    batch = facade.call(clients[0].submit, ASKED)
    with pytest.warns(ResourceWarning, match="was never closed"):
        clients.clear()

    status = batch.status()

    assert isinstance(status, Succeeded)
    status.results.close()
    facade.settle(batch.real._link.close())


AT_EXIT = {
    "sync": """
import sys
from gemini_batch import SyncBatchClient

client = SyncBatchClient("k", base_url=sys.argv[1])
list(client.list_batches())
""",
    "async": """
import asyncio, sys
from gemini_batch import AsyncBatchClient

async def main():
    client = AsyncBatchClient("k", base_url=sys.argv[1])
    [batch async for batch in client.list_batches()]

asyncio.run(main())
""",
}


def test_a_client_forgotten_at_exit_says_so_once(facade: Facade, emulator: Emulator) -> None:
    """On standard error, with the line that made it, and the exit is clean."""
    program = AT_EXIT[facade.name]
    line = 1 + next(n for n, text in enumerate(program.splitlines()) if "Client(" in text)

    ended = subprocess.run(
        [sys.executable, "-W", "always", "-c", program, emulator.url],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    # Beside it may stand how to learn more, and, since Python 3.13, the line itself.
    hints = ("ResourceWarning: Enable tracemalloc", "  client = ")
    told = [text for text in ended.stderr.splitlines() if not text.startswith(hints)]
    assert 0 == ended.returncode
    article = "an" if facade.name == "async" else "a"
    kind = facade.client_class.__name__
    assert [f"<string>:{line}: ResourceWarning: {article} {kind} was never closed"] == told


# Other processes, and copies


FORKED = {
    "sync": """
import os, sys
from gemini_batch import SyncBatchClient, UsageError

client = SyncBatchClient("k", base_url=sys.argv[1])
list(client.list_batches())
child = os.fork()
try:
    print(len(list(client.list_batches())), flush=True)
except UsageError as error:
    print(error, flush=True)
    os._exit(7)
_, ended = os.waitpid(child, 0)
print(os.waitstatus_to_exitcode(ended), len(list(client.list_batches())))
client.close()
""",
    "async": """
import asyncio, os, sys
from gemini_batch import AsyncBatchClient, UsageError

client = AsyncBatchClient("k", base_url=sys.argv[1])

async def count():
    return len([batch async for batch in client.list_batches()])

child = os.fork()
if not child:
    try:
        asyncio.run(count())
    except UsageError as error:
        print(error, flush=True)
        os._exit(7)

async def main():
    _, ended = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(ended), await count())
    await client.close()

asyncio.run(main())
""",
}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_client_does_not_cross_a_fork(facade: Facade, emulator: Emulator) -> None:
    """Two processes would talk at once on each connection; the parent's goes on."""
    facade.client(emulator.url).submit(ASKED)

    ended = subprocess.run(
        [sys.executable, "-c", FORKED[facade.name], emulator.url],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert "" == ended.stderr
    told = sorted(ended.stdout.splitlines())
    assert "7 1" in told
    assert (
        "this client was made before this process was forked off: make one in each process" in told
    )


def test_nothing_that_belongs_to_a_client_travels(client: Any) -> None:
    """Each says what to do instead."""
    batch = client.submit(ASKED)
    with batch.results() as results:
        status = batch.status()
        left = [
            (batch.real, "use client.get_batch"),
            (client.real, "a client is not pickled or copied"),
            (batch.real.watch(), "a stream is not pickled or copied"),
            (client.real.list_batches(), "a stream is not pickled or copied"),
            (client.real.files, "a client is not pickled or copied"),
            (results, "results are not pickled"),
            (status, "results are not pickled"),
        ]
        for travel in (pickle.dumps, copy.deepcopy):
            for one, advice in left:
                with pytest.raises(TypeError, match=advice):
                    travel(one)
        for one, advice in left[:4]:
            with pytest.raises(TypeError, match=advice):
                copy.copy(one)


# Handles as values


def test_a_handle_is_itself_and_nobody_else(client: Any) -> None:
    """Two of one batch are two: each is used up for itself."""
    batch = client.submit(ASKED).real
    other = client.get_batch(batch.name).real

    assert batch == batch  # noqa: PLR0124 - that is the question
    assert batch != other
    assert 2 == len({batch, other, batch})


def test_a_handle_shows_its_name_and_whether_it_is_used_up(client: Any, facade: Facade) -> None:
    """And nothing else: no key, no address."""
    kind = facade.handle_class.__name__
    batch = client.submit(ASKED)
    assert f"<{kind} {batch.name}, live>" == repr(batch)

    fresh = batch.cancel()
    assert f"<{kind} {batch.name}, consumed by cancel()>" == repr(batch)
    assert f"<{kind} {batch.name}, live>" == repr(fresh)
    fresh.delete()
    assert f"<{kind} {batch.name}, consumed by delete()>" == repr(fresh)
    assert batch.name == fresh.name
    with pytest.raises(HandleConsumedError, match=r"consumed by delete\(\); client\.get_batch"):
        fresh.status()
