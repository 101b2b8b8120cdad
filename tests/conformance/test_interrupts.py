"""Ctrl-C and cancellation, at any moment: prompt, clean, and never at the cost of a paid batch."""

import asyncio
import copy
import pickle
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count
from typing import Any

import pytest

from gemini_batch import NotFoundError, UsageError
from gemini_batch.effects import Effect
from gemini_batch.emulator import Emulator
from tests.conformance.facades import Facade, impatient
from tests.conformance.scenes import assert_answered, named, prompts

ASKED = prompts(3)
VIAS = pytest.mark.parametrize("via", ["inline", "file"])


class Interruption:
    """Interrupts a scenario when its ``step``-th effect begins, if it gets that far."""

    def __init__(self, facade: Facade, step: int) -> None:
        self._facade = facade
        self._left = step
        self.happened = False

    def __call__(self, effect: Effect[Any]) -> Effect[Any]:
        """Count an effect."""
        if self._left == 0:
            self.happened = True
            self._facade.interrupt()
        self._left -= 1
        return effect

    def strike(self, scenario: Callable[[], Any]) -> Any:
        """Return what the scenario does, or ``None`` if it was interrupted."""
        with pytest.MonkeyPatch.context() as patch:
            self._facade.watch_effects(patch, self)
            try:
                result = scenario()
            except self._facade.interrupted:
                assert self.happened
                return None
        # A cancellation in the last effect of a task can find nothing left to cancel.
        assert not self.happened or self._facade.name == "async"
        return result


def interruptions(facade: Facade) -> Iterator[Interruption]:
    """Return an interruption at each step, until one comes too late to happen."""
    for step in count():
        interruption = Interruption(facade, step)
        yield interruption
        if not interruption.happened:
            assert step > 1  # there is something to interrupt
            return


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


@pytest.mark.parametrize("verb", ["cancel", "delete"])
def test_consuming_can_be_interrupted_anywhere(
    client: Any, facade: Facade, emulator: Emulator, verb: str
) -> None:
    """The interrupt comes out as it is and leaves the handle live, to be consumed once more."""
    for interruption in interruptions(facade):
        emulator.faults.add("states", "PENDING")
        batch = client.submit(ASKED)
        batch.status()
        before = emulator.acted.count(verb)
        interruption.strike(getattr(batch, verb))
        if "live" in repr(batch):
            with suppress(NotFoundError):  # the call that was interrupted may have acted
                getattr(batch, verb)()
        assert before + 1 == emulator.acted.count(verb)
        assert f"consumed by {verb}()" in repr(batch)


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
        while not over.wait(1):
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
    emulator.faults.add("get", "stall=0.1s-after-10")
    stream = batch.watch()

    outcomes = facade.at_once([stream.step] * 2)

    assert 1 == sum(isinstance(one, UsageError) for one in outcomes)
    assert ["Succeeded"] == [type(one).__name__ for one in outcomes if hasattr(one, "results")]
    next(one for one in outcomes if hasattr(one, "results")).results.close()
    stream.close()
