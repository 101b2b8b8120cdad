"""Iterators that hold a connection, and let go of it when they are closed."""

from __future__ import annotations

import threading
import warnings
from collections.abc import AsyncGenerator, Callable
from types import TracebackType
from typing import Generic, NoReturn, Self, TypeVar

from ..endpoints.replies import Page
from ..errors import UsageError

T = TypeVar("T")


class AsyncStream(Generic[T]):
    """Values one after the other. Close it, or use ``async with``, unless you read it to its end.

    After an error there is no more to be had from it, and it says so. An asynchronous generator
    that is left behind would be ended by another task, which does no
    harm only where it holds nothing.
    """

    _lasting = True

    def __init__(self, values: AsyncGenerator[T]) -> None:
        self._values = values
        self._reading = threading.Lock()
        self._cut = False
        self._open = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        if not self._reading.acquire(blocking=False):
            raise UsageError("another task is reading this stream; give each task its own")
        try:
            self._require_whole()
            self._open = True
            return await anext(self._values)
        except StopAsyncIteration:
            self._open = False
            raise
        except BaseException:
            self._open = False
            self._cut = True
            raise
        finally:
            self._reading.release()

    def _require_whole(self) -> None:
        if self._cut:
            raise UsageError("an error cut this stream short before: begin another one")

    async def aclose(self) -> None:
        """Let go of the connection; the batch goes on at the service."""
        if not self._reading.acquire(blocking=False):
            raise UsageError("another task is reading this stream; let that one close it")
        try:
            self._open = False
            await self._values.aclose()
        finally:
            self._reading.release()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        if self._open and self._lasting:
            message = "an AsyncStream was neither read to its end nor closed: use async with"
            warnings.warn(message, ResourceWarning, 2, source=self)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a stream is not pickled or copied: begin one where it is needed")


class AsyncPager(AsyncStream[T]):
    """All that a list holds, asked for page by page as it is read."""

    _lasting = False

    def __init__(
        self, values: AsyncGenerator[T], pages: Callable[[], AsyncGenerator[Page[T]]]
    ) -> None:
        super().__init__(values)
        self._pages = pages

    def pages(self) -> AsyncStream[Page[T]]:
        """Return the pages instead of what is on them, from the first one on."""
        stream = AsyncStream(self._pages())
        stream._lasting = False  # noqa: SLF001 - of the class that this one is made from
        return stream
