"""The emulator itself: a server in a thread, and the handles by which a test moves it."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
import weakref
from collections.abc import Iterable
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from aiohttp import web

from .answers import Answer, Answers, AnswersByKey, StrPath
from .app import Service
from .batches import Batches
from .clock import Clock
from .control import Control
from .faults import Faults
from .files import Files
from .ids import Ids
from .limits import Limits
from .records import Act, Entries, Log, Seen
from .replies import PIECE
from .uploads import Uploads

REQUESTS_REMEMBERED = 10_000


class Emulator:
    """The Gemini Batch and Files service on this machine.

    A context manager, for ``with`` as well as ``async with``; it serves from a thread of its own,
    on the loopback interface only, unless another is named. Base URL of clients:
    ``emulator.url``; any key will do unless ``keys`` are given.

    Args:
        answer: called with each request, its names in lowerCamelCase, and its key (or ``None``),
            in a thread of the emulator; returns the text of the answer, a whole response as a
            dict, or an :class:`ItemFailure`. Or rules by key, as :meth:`Rules.add` takes them; or
            the path of a file of rules. By default a request gets what it asks for, and a text
            that proves that its prompt was read.
        seed: of everything drawn: ids, order of results, which requests fail.
        host: the interface to listen on; whoever can reach another than the loopback one can
            reach the emulator too.
        port: 0 takes a free one.
        pending_seconds: how long a batch is PENDING.
        running_seconds: how long it then is RUNNING, before it is SUCCEEDED.
        failure_rate: share of requests that fail inside a batch that succeeds; by default one in
            a hundred, and none where ``answer`` decides.
        chunk_granularity: what an upload chunk must be a multiple of, unless it is the last.
        file_processing_seconds: how long an uploaded file is PROCESSING.
        keys: the API keys that are valid.
        limits: how much of everything is allowed.
        shuffle: give results in another order than their requests came in.
        clock: ``"real"``, ``"manual"`` (time passes only by :meth:`advance`), or how many seconds
            pass for each real one.
    """

    def __init__(
        self,
        answer: Answer | AnswersByKey | StrPath | None = None,
        *,
        seed: int = 0,
        host: str = "127.0.0.1",
        port: int = 0,
        pending_seconds: float = 0.4,
        running_seconds: float = 0.6,
        failure_rate: float | None = None,
        chunk_granularity: int = 8_388_608,
        file_processing_seconds: float = 0.0,
        keys: Iterable[str] | None = None,
        limits: Limits | None = None,
        shuffle: bool = True,
        clock: Literal["real", "manual"] | float = "real",
    ) -> None:
        if isinstance(keys, str):
            raise TypeError("keys is a collection of keys; wrap the one key in a set")
        if chunk_granularity < 1:
            raise ValueError(f"chunk_granularity is at least 1, not {chunk_granularity!r}")
        durations = {
            "pending_seconds": pending_seconds,
            "running_seconds": running_seconds,
            "file_processing_seconds": file_processing_seconds,
        }
        for name, seconds in durations.items():
            if not 0 <= seconds < float("inf"):
                raise ValueError(f"{name} is a number of seconds, not {seconds!r}")
        self._acted: Log[Act] = Log()
        self._seen: Log[Seen] = Log(REQUESTS_REMEMBERED)
        self.faults = Faults()
        """What is to go wrong; see :meth:`Faults.add`."""
        self._answers = Answers(answer, seed, failure_rate)
        self.answers = self._answers.rules
        """Which keys are answered in a way of their own; see :meth:`Rules.add`."""
        self._clock = Clock(clock)
        self._seed = seed
        self._host = host
        self._wanted_port = port
        self._pending_seconds = pending_seconds
        self._running_seconds = running_seconds
        self._granularity = chunk_granularity
        self._file_processing_seconds = file_processing_seconds
        self._keys = None if keys is None else frozenset(keys)
        self._limits = Limits() if limits is None else limits
        self._shuffle = shuffle
        self._closing = threading.Event()
        self._port: int | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None

    @property
    def url(self) -> str:
        """Return the base URL, such as ``http://127.0.0.1:41234``."""
        if self._port is None:
            raise RuntimeError("the emulator is not running; use it as a context manager")
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._host, self._host)  # noqa: S104 - only read here
        return f"http://[{host}]:{self._port}" if ":" in host else f"http://{host}:{self._port}"

    @property
    def acted(self) -> Entries[Act]:
        """Return every side effect so far."""
        return self._acted.entries()

    @property
    def seen(self) -> Entries[Seen]:
        """Return the latest requests, whatever became of them."""
        return self._seen.entries()

    def advance(self, seconds: float) -> None:
        """Let time pass for batches and files, at once."""
        self._clock.advance(seconds)

    def start(self) -> None:
        """Begin to serve; ``with`` does this for you."""
        if self._thread is not None:
            raise RuntimeError("an emulator runs once; make another one")
        ready: Future[int] = Future()
        self._thread = threading.Thread(
            target=self._run, args=(ready,), name="gemini-batch-emulator", daemon=True
        )
        self._thread.start()
        try:
            self._port = ready.result()
        except BaseException:
            self._thread.join()
            raise

    def close(self) -> None:
        """Stop serving and remove every file; calling it again does nothing."""
        self._closing.set()
        if self._thread is None or self._loop is None or self._stop is None:
            return
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self.close)

    def _run(self, ready: Future[int]) -> None:
        try:
            asyncio.run(self._serve(ready))
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)

    async def _serve(self, ready: Future[int]) -> None:
        directory = tempfile.mkdtemp(prefix="gemini-batch-emulator-")
        remove = weakref.finalize(self, shutil.rmtree, directory, ignore_errors=True)
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        service = self._service(Path(directory), self._stop)
        server = web.Server(service.handle, access_log=None, read_bufsize=PIECE)
        runner = web.ServerRunner(server, shutdown_timeout=1.0)
        try:
            await runner.setup()
            await web.TCPSite(runner, self._host, self._wanted_port).start()
            ready.set_result(runner.addresses[0][1])
            await self._stop.wait()
        finally:
            try:
                await service.close()
                await runner.cleanup()
            finally:
                remove()

    def _service(self, directory: Path, closing: asyncio.Event) -> Service:
        ids = Ids(self._seed)
        files = Files(self._clock, ids, self._acted, self._file_processing_seconds)
        uploads = Uploads(
            files, directory, self._clock, ids, self._acted, self._granularity, self._limits
        )
        batches = Batches(
            files=files,
            faults=self.faults,
            answers=self._answers,
            clock=self._clock,
            ids=ids,
            acted=self._acted,
            directory=directory,
            pending_seconds=self._pending_seconds,
            running_seconds=self._running_seconds,
            shuffle=self._shuffle,
            limits=self._limits,
            closing=self._closing,
        )
        return Service(
            batches=batches,
            files=files,
            uploads=uploads,
            faults=self.faults,
            seen=self._seen,
            keys=self._keys,
            body_limit=self._limits.body_bytes,
            control=Control(
                faults=self.faults,
                rules=self.answers,
                clock=self._clock,
                acted=self._acted,
                seen=self._seen,
            ),
            clock=self._clock,
            closing=closing,
        )
