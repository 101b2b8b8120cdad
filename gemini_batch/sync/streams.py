"""Iterators that hold a connection, and let go of it when they are closed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from types import TracebackType
from typing import Generic, NoReturn, Self, TypeVar

from ..endpoints.replies import Page
from ..errors import UsageError

T = TypeVar("T")


class SyncStream(Generic[T]):
    """Values one after the other. Close it, or use ``with``, unless you read it to its end.

    After an error there is no more to be had from it, and it says so.
    """

    def __init__(self, values: Generator[T]) -> None:
        self._values = values
        self._reading = threading.Lock()
        self._cut = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        if not self._reading.acquire(blocking=False):
            raise UsageError("another thread is reading this stream; give each thread its own")
        try:
            self._require_whole()
            return next(self._values)
        except StopIteration:
            raise
        except BaseException:
            self._cut = True
            raise
        finally:
            self._reading.release()

    def _require_whole(self) -> None:
        if self._cut:
            raise UsageError("an error cut this stream short before: begin another one")

    def close(self) -> None:
        """Let go of the connection; the batch goes on at the service."""
        if not self._reading.acquire(blocking=False):
            raise UsageError("another thread is reading this stream; let that one close it")
        try:
            self._values.close()
        finally:
            self._reading.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a stream is not pickled or copied: begin one where it is needed")


class SyncPager(SyncStream[T]):
    """All that a list holds, asked for page by page as it is read."""

    def __init__(self, values: Generator[T], pages: Callable[[], Generator[Page[T]]]) -> None:
        super().__init__(values)
        self._pages = pages

    def pages(self) -> SyncStream[Page[T]]:
        """Return the pages instead of what is on them, from the first one on."""
        return SyncStream(self._pages())
