"""Both facades behind one face that speaks sync, so that every scenario is written once."""

import asyncio
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Self

import aiohttp
import pytest
import requests

from gemini_batch import (
    AsyncBatchClient,
    AsyncBatchHandle,
    AsyncHandleReturnedError,
    AsyncStream,
    PollPolicy,
    RetryPolicy,
    SyncBatchClient,
    SyncBatchHandle,
    SyncHandleReturnedError,
    SyncStream,
    Timeouts,
)
from gemini_batch.aio.files import AsyncFiles
from gemini_batch.aio.transport import AiohttpTransport
from gemini_batch.effects import Effect
from gemini_batch.sync.files import SyncFiles
from gemini_batch.sync.transport import RequestsTransport
from tests.canary import CANARY

MODEL = "gemini-2.5-flash"

HASTY = Timeouts(connect=2.0, read=0.15, create=0.15)
"""For a service that keeps its clients waiting for ever; other tests give it time to compute."""

ROOMS = ("gemini_batch.sync.", "gemini_batch.aio.", "gemini_batch.builders")
"""Whose objects are spoken to through the facade, too."""

See = Callable[[Effect[Any]], Effect[Any]]


def impatient() -> dict[str, Any]:
    """Return the settings of a client that waits as little as can be."""
    return {
        "api_key": CANARY,
        "model": MODEL,
        "poll": PollPolicy(first=0.01, ceiling=0.05),
        "retry": RetryPolicy(first=0.01, ceiling=0.02, look_for=0.3),
        "timeout": Timeouts(connect=5.0, read=20.0, create=20.0),
    }


class Facade(ABC):
    """One of the two clients, spoken to as if it were synchronous.

    ``raised`` are all errors that came out of it, for a look at what they give away; ``called``
    the public methods that were called, such as ``BatchClient.submit``.
    """

    name: str
    client_class: type[Any]
    handle_class: type[Any]
    files_class: type[Any]
    returned_error: type[SyncHandleReturnedError | AsyncHandleReturnedError]
    transport_class: type[Any]
    interrupted: type[BaseException]
    """What :meth:`interrupt` makes of a call in progress."""

    def __init__(self) -> None:
        self.raised: list[BaseException] = []
        self.called: set[str] = set()
        self._clients: list[Spoken] = []

    @abstractmethod
    def settle(self, value: Any) -> Any:
        """Return what a call came to, after waiting for it where it is a coroutine."""

    @abstractmethod
    def interrupt(self) -> None:
        """Interrupt the call that is being performed right now."""

    @abstractmethod
    def supply(self, entries: list[Any]) -> Any:
        """Return entries as the most demanding iterator that this facade takes."""

    def client(self, url: str, **options: Any) -> Any:
        """Return a client of the service at ``url``, which is closed at the end of the test."""
        try:
            client = Spoken(self.client_class(base_url=url, **{**impatient(), **options}), self)
        except BaseException as error:
            self.raised.append(error)
            raise
        self._clients.append(client)
        return client

    def close(self) -> None:
        """Close every client."""
        while self._clients:
            self._clients.pop().close()

    def speak(self, value: Any) -> Any:
        """Return a value of the facade as something that can be spoken to."""
        if isinstance(value, SyncStream | AsyncStream):
            return SpokenStream(value, self)
        if type(value).__module__.startswith(ROOMS):
            return Spoken(value, self)
        return value

    def call(self, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Call something of the facade, and note what it raises."""
        try:
            return self.speak(self.settle(function(*args, **options)))
        except (StopIteration, StopAsyncIteration):
            raise
        except BaseException as error:
            self.raised.append(error)
            raise

    def pause(self) -> Any:
        """Return what lets pending work of the facade come to its end, once it is settled."""
        return asyncio.sleep(0.01) if self.name == "async" else None

    @abstractmethod
    def own_session(self) -> AbstractContextManager[Any]:
        """Open a session of the library below, as a caller may have one already."""

    @abstractmethod
    def at_once(self, calls: list[Callable[[], Any]]) -> list[Any]:
        """Make calls of real things at the same time; return what they return or raise.

        What comes first stands first.
        """

    def watch_effects(self, patch: pytest.MonkeyPatch, see: See) -> None:
        """Show every effect to ``see`` before it is performed; it returns which one is."""
        perform = self.transport_class.perform
        patch.setattr(
            self.transport_class,
            "perform",
            lambda transport, effect: perform(transport, see(effect)),
        )


def spelt(kind: type[Any], method: str) -> str:
    """Return the name of a method that both facades have: ``BatchClient.submit``."""
    return f"{kind.__name__.removeprefix('Sync').removeprefix('Async')}.{method}"


class Spoken:
    """A client or a handle, whose methods block."""

    def __init__(self, real: Any, facade: Facade) -> None:
        self.real = real
        self._facade = facade

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.real, name)
        if not inspect.ismethod(found):
            return self._facade.speak(found)

        def call(*args: Any, **options: Any) -> Any:
            self._facade.called.add(spelt(type(self.real), name))
            return self._facade.call(found, *args, **options)

        return call

    def __repr__(self) -> str:
        return repr(self.real)


class SpokenStream:
    """A stream that is iterated over and closed as a synchronous one is."""

    def __init__(self, real: Any, facade: Facade) -> None:
        self.step = getattr(real, "__anext__", None) or real.__next__
        self._close = getattr(real, "aclose", None) or real.close
        self._real = real
        self._facade = facade

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        try:
            return self._facade.call(self.step)
        except StopAsyncIteration:
            raise StopIteration from None

    def pages(self) -> Any:
        """Return the pages of a list."""
        return self._facade.call(self._real.pages)

    def close(self) -> None:
        """Let go of the connection."""
        self._facade.call(self._close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class SyncFacade(Facade):
    """The client over requests."""

    name = "sync"
    client_class = SyncBatchClient
    handle_class = SyncBatchHandle
    files_class = SyncFiles
    returned_error = SyncHandleReturnedError
    transport_class = RequestsTransport
    interrupted = KeyboardInterrupt

    def settle(self, value: Any) -> Any:
        """Return the value: there is nothing to wait for."""
        return value

    def interrupt(self) -> None:
        """Do as Ctrl-C does."""
        raise KeyboardInterrupt

    def supply(self, entries: list[Any]) -> Any:
        """Return a generator."""
        return (entry for entry in entries)

    def own_session(self) -> AbstractContextManager[Any]:
        """Open a session of requests."""
        return requests.Session()

    def at_once(self, calls: list[Callable[[], Any]]) -> list[Any]:
        """Make each call in a thread of its own."""
        ended: list[Future[Any]] = []
        with ThreadPoolExecutor(len(calls)) as threads:
            for call in calls:
                threads.submit(call).add_done_callback(ended.append)
        return [future.exception() or future.result() for future in ended]


class AsyncFacade(Facade):
    """The client over aiohttp, in one event loop a test."""

    name = "async"
    client_class = AsyncBatchClient
    handle_class = AsyncBatchHandle
    files_class = AsyncFiles
    returned_error = AsyncHandleReturnedError
    transport_class = AiohttpTransport
    interrupted = asyncio.CancelledError

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()

    def settle(self, value: Any) -> Any:
        """Run a coroutine to its end."""
        if not inspect.isawaitable(value):
            return value

        async def wait() -> Any:
            return await value

        work = wait()
        try:
            return self._runner.run(work)
        finally:
            # One that Ctrl-C kept from beginning has nobody else to close it.
            work.close()
            if inspect.iscoroutine(value):
                value.close()

    def interrupt(self) -> None:
        """Cancel the task, as a timeout around it would."""
        task = asyncio.current_task()
        assert task is not None
        task.cancel()

    def supply(self, entries: list[Any]) -> Any:
        """Return an asynchronous generator."""

        async def generate() -> Any:
            for entry in entries:
                yield entry

        return generate()

    @contextmanager
    def own_session(self) -> Iterator[Any]:
        """Open a session of aiohttp, within the loop."""

        async def begin() -> aiohttp.ClientSession:
            return aiohttp.ClientSession()

        session = self._runner.run(begin())
        yield session
        self._runner.run(session.close())

    def at_once(self, calls: list[Callable[[], Any]]) -> list[Any]:
        """Make each call in a task of its own."""
        ended: list[asyncio.Task[Any]] = []

        async def gather() -> list[Any]:
            tasks = [asyncio.ensure_future(call()) for call in calls]
            for task in tasks:
                task.add_done_callback(ended.append)
            await asyncio.wait(tasks)
            return [task.exception() or task.result() for task in ended]

        return self._runner.run(gather())

    def close(self) -> None:
        """Close every client, then the loop."""
        super().close()
        self._runner.close()


FACADES: dict[str, type[Facade]] = {"sync": SyncFacade, "async": AsyncFacade}
