"""Interrupt a call at any moment of it, and see that nothing of it is left."""

import asyncio
import gc
import os
import socket
import stat
import threading
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from gemini_batch.effects import Effect
from tests.conformance.facades import Facade

CALLS = {
    socket.socket: ("connect", "sendall", "recv_into"),
    os: ("pread", "pwrite", "fsync", "link"),
}
"""What a synchronous call asks the system for, where it may block."""


class Interruption(ABC):
    """Interrupts a scenario at the ``step``-th moment of a kind, if it gets that far."""

    def __init__(self, facade: Facade, step: int) -> None:
        self.facade = facade
        self._left = step
        self.happened = False

    @abstractmethod
    def look_out(self, patch: pytest.MonkeyPatch) -> None:
        """Have every moment of the kind told to :meth:`is_due`."""

    def is_due(self) -> bool:
        """Count a moment; whether it is the one."""
        due = self._left == 0
        self.happened = self.happened or due
        self._left -= 1
        return due

    def strike(self, scenario: Callable[[], Any]) -> Any:
        """Return what the scenario does, or ``None`` if it was interrupted."""
        with pytest.MonkeyPatch.context() as patch:
            self.look_out(patch)
            try:
                result = scenario()
            except self.facade.interrupted:
                assert self.happened
                return None
        # A cancellation in the last effect of a task can find nothing left to cancel.
        assert not self.happened or self.facade.name == "async"
        return result


class AtEffect(Interruption):
    """When an effect begins."""

    def look_out(self, patch: pytest.MonkeyPatch) -> None:
        """Look at each effect."""
        self.facade.watch_effects(patch, self)

    def __call__(self, effect: Effect[Any]) -> Effect[Any]:
        """Count an effect."""
        if self.is_due():
            self.facade.interrupt()
        return effect


class AtCall(Interruption):
    """In the middle of an effect, at a call to the system: before it, or right ``after`` it."""

    def __init__(self, facade: Facade, step: int, *, after: bool) -> None:
        super().__init__(facade, step)
        self._after = after

    def look_out(self, patch: pytest.MonkeyPatch) -> None:
        """Look at each call that this thread makes: the service is in another one."""
        for place, names in CALLS.items():
            for name in names:
                patch.setattr(place, name, self._watched(getattr(place, name)))

    def _watched(self, call: Callable[..., Any]) -> Callable[..., Any]:
        mine = threading.get_ident()

        def watched(*args: Any, **options: Any) -> Any:
            if threading.get_ident() != mine or not self.is_due():
                return call(*args, **options)
            with suppress(OSError):  # such as that there is nothing to be received
                if self._after:
                    call(*args, **options)
            raise KeyboardInterrupt

        return watched


class AtRest(Interruption):
    """In the middle of an effect, while its task rests, or right ``after`` it has rested."""

    def __init__(self, facade: Facade, step: int, *, after: bool) -> None:
        super().__init__(facade, step)
        self._after = after

    def look_out(self, patch: pytest.MonkeyPatch) -> None:
        """Look at each time that a coroutine of the facade rests."""
        settle = self.facade.settle

        def settled(value: Any) -> Any:
            return settle(_Observed(value, self._see) if isinstance(value, Awaitable) else value)

        patch.setattr(self.facade, "settle", settled)

    def _see(self, awaited: asyncio.Future[Any] | None) -> None:
        if not self.is_due():
            return
        task = asyncio.current_task()
        assert task is not None
        if not self._after:
            asyncio.get_running_loop().call_soon(task.cancel)
        elif awaited is None:
            task.cancel()
        else:  # what was waited for is there, and the task is yet to hear of it
            awaited.add_done_callback(lambda _: task.cancel())


class _Observed:
    """Something to be awaited that shows what its task rests for."""

    def __init__(self, inner: Awaitable[Any], see: Callable[[Any], None]) -> None:
        self._inner = inner
        self._see = see

    def __await__(self) -> Generator[Any, Any, Any]:
        steps = self._inner.__await__()
        resume: Callable[[], Any] = partial(next, steps)
        while True:
            try:
                awaited = resume()
            except StopIteration as stop:
                return stop.value
            self._see(awaited)
            try:
                yield awaited
            except BaseException as error:  # noqa: BLE001 - whatever it is, it belongs further in
                resume = partial(steps.throw, error)
            else:
                resume = partial(next, steps)


def interruption_of(facade: Facade, moment: str, step: int) -> Interruption:
    """Return an interruption at the ``step``-th moment of a kind."""
    if moment == "at":
        return AtEffect(facade, step)
    kind = AtCall if facade.name == "sync" else AtRest
    return kind(facade, step, after=moment == "after")


def interruptions(facade: Facade, moment: str = "at") -> Iterator[Interruption]:
    """Return an interruption at each step, until one comes too late to happen.

    ``moment`` is ``"at"`` the beginning of an effect, ``"amid"`` one, or ``"after"`` what it
    waited for.
    """
    for step in count():
        interruption = interruption_of(facade, moment, step)
        yield interruption
        if not interruption.happened:
            assert step > 0  # there is something to interrupt
            return


class Remains:
    """What a client must not leave behind, whatever cuts its calls short."""

    def __init__(self, facade: Facade, url: str) -> None:
        self._facade = facade
        self._port = urlsplit(url).port
        self._before = set(_nameless_files())
        self._threads = set(threading.enumerate())
        self.complaints: list[str] = []
        """What the event loop has complained of."""

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look at all that is left when the client is closed."""
        if self._facade.name == "async":
            self._debug()
        yield
        self._facade.close()
        gc.collect()
        assert [] == self.complaints
        assert [] == self._files()
        assert [] == list(_connections_to(self._port))
        assert [] == [
            thread
            for thread in threading.enumerate()
            if thread not in self._threads and not thread.name.startswith("asyncio_")
        ]

    def _debug(self) -> None:
        """Let the loop look twice, and tell of everything but slowness.

        Its threads get names by which they are told from those of the service.
        """
        runner: asyncio.Runner = vars(self._facade)["_runner"]
        loop = runner.get_loop()
        loop.set_debug(True)
        loop.slow_callback_duration = 60
        loop.set_default_executor(ThreadPoolExecutor(thread_name_prefix="client"))
        loop.set_exception_handler(lambda _, context: self.complaints.append(str(context)))

    def now(self) -> list[str]:
        """Return what is left of the calls so far: files and tasks."""
        tasks = self._facade.settle(_others()) if self._facade.name == "async" else []
        return [*self._files(), *map(str, tasks)]

    def _files(self) -> list[str]:
        return [f"file {number}" for number in _nameless_files() if number not in self._before]


async def _others() -> list[Any]:
    return [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]


def _open_files() -> Iterator[tuple[int, os.stat_result]]:
    for entry in [*Path("/dev/fd").iterdir()]:
        number = int(entry.name)
        try:
            yield number, os.fstat(number)
        except OSError:  # it listed the directory, or another thread has closed it since
            continue


def _nameless_files() -> Iterator[int]:
    """Yield the open files that have no name any more, as spools do not."""
    for number, known in _open_files():
        if stat.S_ISREG(known.st_mode) and not known.st_nlink:
            yield number


def _connections_to(port: int | None) -> Iterator[str]:
    for number, known in _open_files():
        if stat.S_ISSOCK(known.st_mode):
            with socket.socket(fileno=os.dup(number)) as one:
                try:
                    peer = one.getpeername()
                except OSError:  # it listens
                    continue
                if peer[1:2] == (port,):
                    yield str(peer)
