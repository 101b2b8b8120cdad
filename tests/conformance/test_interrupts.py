"""Ctrl-C and cancellation, at any moment: prompt, clean, and never at the cost of a paid batch."""

import asyncio
import copy
import pickle
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gemini_batch import NotFoundError, PermissionDeniedError, UsageError
from gemini_batch.emulator import Emulator
from tests.conformance.bytewise import serving
from tests.conformance.facades import Facade, impatient
from tests.conformance.interruptions import Remains, interruptions
from tests.conformance.scenarios import SCENARIOS
from tests.conformance.scenes import assert_answered, named, prompts
from tests.conformance.stage import Stage

ASKED = prompts(3)
VIAS = pytest.mark.parametrize("via", ["inline", "file"])
MOMENTS = pytest.mark.parametrize("moment", ["at", "amid", "after"])

CONSUMING = {
    "cancel": "BatchHandle.cancel",
    "delete": "BatchHandle.delete",
    "file-delete": "Files.delete",
}
"""Methods that leave nothing to call them on once more, by what the service calls them."""

MANY = ("BatchClient.wait_all", "BatchClient.as_completed")
"""Methods of which a part is done, and kept, when they are interrupted."""

SAME = {"resubmit_inline", "resubmit_by_file", "status_inline", "watch_inline", "results_inline"}
SAME |= {"build_embeddings", "list_batches_in_pages", "list_files_in_pages", "embed_inline"}
"""Scenarios that are others, as far as their effects go, or less of them."""

REPEATED = {
    name: scenario
    for name, scenario in SCENARIOS.items()
    if scenario.method not in {*CONSUMING.values(), *MANY}
    and name not in SAME | {"download_uploaded"}
}
"""Scenarios that can be played again after an interruption; one that is refused is none."""


def test_every_method_that_sends_is_interrupted() -> None:
    """The table of the conformance tests holds that there is no other."""
    played = {scenario.method for scenario in REPEATED.values()}
    assert {scenario.method for scenario in SCENARIOS.values()} == {
        *(*played, *CONSUMING.values(), *MANY)
    }


@MOMENTS
@pytest.mark.parametrize("name", REPEATED)
def test_every_call_can_be_interrupted_anywhere(
    name: str, moment: str, facade: Facade, emulator: Emulator, tmp_path: Path
) -> None:
    """Nothing of it is left, and client and handle are good for it all the same."""
    scenario, (spools, folder) = REPEATED[name], (tmp_path / "spools", tmp_path / "folder")
    spools.mkdir()
    folder.mkdir()
    remains = Remains(facade, emulator.url)
    with remains.watched():
        client = facade.client(emulator.url, spool_dir=str(spools))
        stage = Stage(facade, emulator, client, folder, lambda: pytest.fail("there is no other"))
        stage.begin(scenario.prepare(stage))
        given, outcome = {*folder.iterdir()}, None
        for interruption in interruptions(facade, moment):
            outcome = interruption.strike(stage.again)
            if interruption.happened:
                close_results(stage.batch)
                assert [] == remains.now()
                for saved in {*folder.iterdir()} - given:  # whole, since it came with the last step
                    scenario.check(stage, None)
                    saved.unlink()
            assert [] == [*spools.iterdir()]
        scenario.check(stage, outcome)
    labels = [act.detail for act in emulator.acted.of("create")]
    assert len(set(labels)) == len(labels)
    assert CONSUMING.keys().isdisjoint(act.operation for act in emulator.acted)


def close_results(batch: Any) -> None:
    """Close what a handle keeps of a call that was interrupted when all was there."""
    held = batch and batch.real._batch.held_results()
    if held is not None:
        held.close()


@pytest.mark.parametrize("moment", ["at", "amid"])
@pytest.mark.parametrize("method", MANY)
def test_waiting_for_many_can_be_interrupted_anywhere(
    method: str, moment: str, facade: Facade, emulator: Emulator
) -> None:
    """What has come of some by then stays with their handles, which can be waited for again."""
    remains = Remains(facade, emulator.url)
    with remains.watched():
        client = facade.client(emulator.url)
        names = [client.submit(ASKED, via=via).name for via in ("file", "inline")]
        for interruption in interruptions(facade, moment):
            handles = [client.get_batch(name).real for name in names]
            interruption.strike(partial(wait_for_many, client, method, handles))
            for status in client.wait_all(handles):
                with status.results as results:
                    assert_answered(ASKED, results)
            assert [] == remains.now()


def wait_for_many(client: Any, method: str, handles: list[Any]) -> None:
    """Wait for many batches by one way or the other."""
    if method == "BatchClient.wait_all":
        client.wait_all(handles)
        return
    with client.as_completed(handles) as finished:
        assert len(handles) == len([*finished])


@VIAS
def test_submitting_can_be_interrupted_anywhere(
    client: Any, facade: Facade, emulator: Emulator, via: str
) -> None:
    """At most one batch is created, nothing stays open, and the client is good for more."""
    for step, interruption in enumerate(interruptions(facade)):
        interruption.strike(partial(client.submit, ASKED, via=via, label=f"gb-{step}"))

    labels = [act.detail for act in emulator.acted.of("create")]
    assert 0 < len(set(labels)) == len(labels)
    with client.submit(ASKED, via=via).results() as results:
        assert_answered(ASKED, results)


@VIAS
def test_waiting_can_be_interrupted_anywhere(
    client: Any, facade: Facade, emulator: Emulator, via: str
) -> None:
    """The batch goes on as if nothing had been, and the same handle fetches its results."""
    for interruption in interruptions(facade):
        emulator.faults.add("states", "PENDING,RUNNING,SUCCEEDED")
        batch = client.submit(ASKED, via=via)
        found = interruption.strike(batch.results)
        if found is not None:
            found.close()
        with batch.results() as results:
            assert_answered(ASKED, results)
    assert 0 == emulator.acted.count("cancel")
    assert 0 == emulator.acted.count("delete")


def test_streaming_can_be_interrupted_anywhere(client: Any, facade: Facade) -> None:
    """The connection is let go of, and the results can be streamed again."""
    batch = client.submit(ASKED, via="file")

    for interruption in interruptions(facade):
        with batch.stream_results() as items:
            interruption.strike(partial(list, items))
        with batch.stream_results() as items:
            assert_answered(ASKED, list(items))


@MOMENTS
@pytest.mark.parametrize("verb", CONSUMING)
def test_consuming_can_be_interrupted_anywhere(
    facade: Facade, emulator: Emulator, verb: str, moment: str
) -> None:
    """The interrupt comes out as it is and leaves the handle live, to be consumed once more."""
    remains = Remains(facade, emulator.url)
    with remains.watched():
        client = facade.client(emulator.url)
        for interruption in interruptions(facade, moment):
            before = emulator.acted.count(verb)
            consume, is_live = consumable(client, emulator, verb)
            interruption.strike(consume)
            assert [] == remains.now()
            if is_live():
                with suppress(NotFoundError, PermissionDeniedError):  # it may have acted before
                    consume()
            assert before + 1 == emulator.acted.count(verb)
            assert verb == "file-delete" or not is_live()


def consumable(
    client: Any, emulator: Emulator, verb: str
) -> tuple[Callable[[], Any], Callable[[], bool]]:
    """Return what consumes a batch or a file, and what tells whether it can still be called."""
    if verb == "file-delete":
        file = client.files.upload(b"prompts", mime_type="text/plain")
        return partial(client.files.delete, file), lambda: True
    emulator.faults.add("states", "PENDING")
    batch = client.submit(ASKED)
    batch.status()
    return getattr(batch, verb), lambda: f"consumed by {verb}()" not in repr(batch)


@contextmanager
def ctrl_c_once(seen: Callable[[], bool]) -> Iterator[None]:
    """Press Ctrl-C as soon as something has been seen, while the main thread waits."""
    over = threading.Event()
    main = threading.main_thread().ident
    assert main is not None

    def press() -> None:
        while not seen():
            if over.wait(0.005):
                return
        signal.pthread_kill(main, signal.SIGINT)
        # One that comes just before a system call is seen only after it: users press again, too.
        # The wait is in parts, since the machine may stand still in one of them.
        while not any(over.wait(0.1) for _ in range(50)):
            signal.pthread_kill(main, signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@named("get", "hang", "stall-after-10", "drip=1/0.01s")
@pytest.mark.parametrize("verb", ["wait", "results", "status"])
def test_ctrl_c_while_waiting_leaves_the_batch(
    facade: Facade, emulator: Emulator, fault: str, verb: str
) -> None:
    """A real one: it ends the wait at once, and not the batch, which is paid for."""
    batch = facade.client(emulator.url).submit(ASKED)
    emulator.faults.add("get", fault)

    with (
        ctrl_c_once(lambda: emulator.seen.count("get") > 0),
        pytest.raises(KeyboardInterrupt),
    ):
        getattr(batch, verb)()

    assert 0 == emulator.acted.count("cancel")
    assert 0 == emulator.acted.count("delete")
    with batch.results() as results:
        assert_answered(ASKED, results)


def test_ctrl_c_between_two_looks_leaves_the_batch(facade: Facade, timeless: Emulator) -> None:
    """While it sleeps, too."""
    batch = facade.client(timeless.url).submit(ASKED)

    with (
        ctrl_c_once(lambda: timeless.seen.count("get") > 3),
        pytest.raises(KeyboardInterrupt),
    ):
        batch.wait()

    assert ["create"] == [act.operation for act in timeless.acted]
    timeless.advance(300)
    with batch.results() as results:
        assert_answered(ASKED, results)


def deaf(connection: socket.socket, over: threading.Event) -> None:
    """Take a connection, and read nothing from it."""
    del connection
    over.wait(20)


@contextmanager
def full() -> Iterator[str]:
    """Yield the address of a service at whose door others wait already."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, ExitStack() as waiting:
        address = server.getsockname()
        for _ in range(8):
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)  # noqa: FBT003 - its only argument
            one.connect_ex(address)
        yield f"http://127.0.0.1:{address[1]}"


def in_the_midst(seconds: float = 0.1) -> Callable[[], bool]:
    """Return what tells whether so much time has passed that a call must be under way."""
    begun = time.monotonic()
    return lambda: time.monotonic() > begun + seconds


def test_ctrl_c_while_connecting_ends_the_call(facade: Facade) -> None:
    """At once, and not when the time for that is over."""
    with full() as url:
        client = facade.client(url)
        with ctrl_c_once(in_the_midst()), pytest.raises(KeyboardInterrupt):
            client.submit(ASKED)


def test_ctrl_c_while_a_body_is_sent_ends_the_call(facade: Facade) -> None:
    """Though the service does not read it."""
    with serving(deaf) as (at, _):
        client = facade.client(f"http://{at}")
        with ctrl_c_once(in_the_midst()), pytest.raises(KeyboardInterrupt):
            client.submit(prompts(8, size=1 << 20), via="inline")


@named("download", "hang", "stall-after-1K", "drip=1/0.01s")
@pytest.mark.parametrize("verb", ["results", "stream_results", "download"])
def test_ctrl_c_while_results_come_ends_the_call(
    facade: Facade, emulator: Emulator, tmp_path: Path, fault: str, verb: str
) -> None:
    """In the midst of their bytes, too; they can be fetched again, and nothing else is left."""
    client = facade.client(emulator.url)
    batch = client.submit(ASKED, via="file")
    path = tmp_path / "results.jsonl"

    def fetch() -> None:
        if verb == "download":
            client.files.download(batch.operation().responses_file, path)
        elif verb == "results":
            batch.results()
        else:
            with batch.stream_results() as items:
                assert len(ASKED) == len([*items])

    emulator.faults.add("download", fault)
    with (
        ctrl_c_once(lambda: emulator.seen.count("download") > 0),
        pytest.raises(KeyboardInterrupt),
    ):
        fetch()
    assert [] == [*tmp_path.iterdir()]
    fetch()
    assert 0 == emulator.acted.count("cancel")


@pytest.mark.parametrize("facade", ["async"], indirect=True)
@named("get", "hang", "drip=1/0.01s")
def test_a_timeout_around_a_wait_is_the_callers(
    client: Any, facade: Facade, emulator: Emulator, fault: str
) -> None:
    """``asyncio.timeout`` ends it with ``TimeoutError``, and nothing of ours around it."""
    batch = client.submit(ASKED)
    emulator.faults.add("get", fault)

    async def impatiently() -> None:
        async with asyncio.timeout(0.1):
            await batch.real.wait()

    with pytest.raises(TimeoutError) as raised:
        facade.settle(impatiently())
    assert TimeoutError is type(raised.value)
    batch.results().close()


@pytest.mark.parametrize("facade", ["async"], indirect=True)
def test_one_client_serves_many_tasks(client: Any, facade: Facade, emulator: Emulator) -> None:
    """Each has its own flow; they share connections only."""

    async def submit_and_wait(number: int) -> list[str]:
        batch = await client.real.submit([f"prompt {number}"])
        with await batch.results() as results:
            return [item.unwrap().text for item in results]

    async def all_at_once() -> list[list[str]]:
        return await asyncio.gather(*map(submit_and_wait, range(20)))

    answers = facade.settle(all_at_once())

    assert 20 == len({answer for (answer,) in answers})
    assert 20 == emulator.acted.count("create")


@pytest.mark.parametrize("facade", ["async"], indirect=True)
def test_a_client_belongs_to_its_loop(client: Any, facade: Facade, emulator: Emulator) -> None:
    """In another one it says so, sends nothing, and stays good in its own."""
    batch = client.submit(ASKED)
    before = emulator.seen

    async def elsewhere() -> None:
        with pytest.raises(UsageError, match="belongs to another event loop"):
            await batch.real.status()
        with pytest.raises(UsageError, match="belongs to another event loop"):
            await client.real.submit(ASKED)

    thread = threading.Thread(target=lambda: asyncio.run(elsewhere()))
    thread.start()
    thread.join()

    assert before == emulator.seen
    with facade.call(batch.real.results) as results:
        assert_answered(ASKED, results)


def test_a_client_can_be_made_before_there_is_a_loop(facade: Facade, emulator: Emulator) -> None:
    """It binds itself to the loop that uses it first; the sync one has no such care."""
    client = facade.client(emulator.url)

    assert emulator.url in repr(client)
    assert [] == emulator.seen


def test_a_client_that_nobody_closed_says_so(facade: Facade, emulator: Emulator) -> None:
    """Once, as Python's own files do."""
    forgotten = [facade.client_class(base_url=emulator.url, **impatient())]

    with pytest.warns(ResourceWarning, match=f"{facade.client_class.__name__} was never closed"):
        forgotten.clear()


def test_neither_client_nor_handle_travels(client: Any) -> None:
    """Their errors say what to send instead."""
    batch = client.submit(ASKED)

    for travel in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match=r"use client.get_batch\(name\)"):
            travel(batch.real)
        with pytest.raises(TypeError, match="a client is not pickled or copied"):
            travel(client.real)


def test_two_readers_of_one_stream_are_told(facade: Facade, emulator: Emulator) -> None:
    """One reads; the other is told to take a stream of its own."""
    batch = facade.client(emulator.url).submit(ASKED)
    emulator.faults.add("get", "stall=0.3s-after-10")
    stream = batch.watch()

    outcomes = facade.at_once([stream.step] * 2)

    assert 1 == sum(isinstance(one, UsageError) for one in outcomes)
    assert ["Succeeded"] == [type(one).__name__ for one in outcomes if hasattr(one, "results")]
    next(one for one in outcomes if hasattr(one, "results")).results.close()
    stream.close()
