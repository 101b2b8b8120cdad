"""Streams of both colours: they are read by one, closed by anybody, and never left open."""

from __future__ import annotations

import asyncio
import gc
import threading
import warnings
from collections.abc import AsyncGenerator, Generator

import pytest

from gemini_batch import AsyncPager, AsyncStream, Page, SyncPager, SyncStream, UsageError


class Source:
    """Where a stream comes from, in either colour; it remembers when it was let go of."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error
        self.closed = 0
        self.entered = threading.Event()
        self.leave = threading.Event()

    def values(self) -> Generator[int]:
        """Yield 1 and 2, and fail if there is an error."""
        try:
            yield 1
            yield 2
            if self.error is not None:
                raise self.error
        finally:
            self.closed += 1

    def slow_values(self) -> Generator[int]:
        """Yield one value, once it is allowed to."""
        self.entered.set()
        assert self.leave.wait(10)
        yield 1

    async def async_values(self) -> AsyncGenerator[int]:
        """Yield 1 and 2, and fail if there is an error."""
        try:
            yield 1
            await asyncio.sleep(0)
            yield 2
            if self.error is not None:
                raise self.error
        finally:
            self.closed += 1

    async def slow_async_values(self) -> AsyncGenerator[int]:
        """Yield one value, in a while."""
        await asyncio.sleep(0)
        yield 1


# Sync


def test_a_stream_is_read_to_its_end() -> None:
    """Like any iterator, and it stays at its end."""
    source = Source()
    stream = SyncStream(source.values())
    assert stream is iter(stream)
    assert [1, 2] == list(stream)
    assert [] == list(stream)
    assert 1 == source.closed


def test_a_stream_that_is_closed_lets_go_at_once() -> None:
    """By ``close()`` or at the end of the block, and more than once does no harm."""
    source = Source()
    with SyncStream(source.values()) as stream:
        assert 1 == next(stream)
        assert 0 == source.closed
    assert 1 == source.closed
    stream.close()
    assert [] == list(stream)


def test_what_goes_wrong_in_the_block_passes() -> None:
    """The stream is closed, and the error is nobody else's."""
    source = Source()
    stream = SyncStream(source.values())
    next(stream)
    with pytest.raises(KeyError), stream:
        raise KeyError
    assert 1 == source.closed


def test_an_error_ends_a_stream() -> None:
    """It comes in its place, after the values before it."""
    source = Source(KeyError("mine"))
    stream = SyncStream(source.values())
    assert [1, 2] == [next(stream), next(stream)]
    with pytest.raises(KeyError, match="mine"):
        next(stream)
    for _ in range(2):
        with pytest.raises(UsageError, match="an error cut this stream short before"):
            next(stream)
    stream.close()


def test_a_second_thread_is_told_that_it_is_one_too_many() -> None:
    """At once, and the first one goes on."""
    source = Source()
    stream = SyncStream(source.slow_values())
    read: list[int] = []
    reader = threading.Thread(target=lambda: read.extend(stream))
    reader.start()
    assert source.entered.wait(10)
    with pytest.raises(UsageError, match="another thread is reading this stream"):
        next(stream)
    with pytest.raises(UsageError, match="let that one close it"):
        stream.close()
    source.leave.set()
    reader.join(10)
    assert [1] == read


def test_a_pager_has_the_same_pages() -> None:
    """From the first one on, however far it was read itself."""
    page = Page((1, 2), "t")
    pager = SyncPager(Source().values(), lambda: (one for one in [page]))
    assert 1 == next(pager)
    assert [page] == list(pager.pages()) == list(pager.pages())
    assert [2] == list(pager)


# Async


def test_an_async_stream_is_read_to_its_end() -> None:
    """It says no more once it was."""
    source = Source()

    async def main() -> None:
        stream = AsyncStream(source.async_values())
        assert stream is aiter(stream)
        assert [1, 2] == [one async for one in stream]
        assert [] == [one async for one in stream]

    asyncio.run(main())
    assert 1 == source.closed


def test_an_async_stream_that_is_closed_lets_go_at_once() -> None:
    """By ``aclose()`` or at the end of the block, and more than once does no harm."""
    source = Source()

    async def main() -> None:
        async with AsyncStream(source.async_values()) as stream:
            assert 1 == await anext(stream)
            assert 0 == source.closed
        assert 1 == source.closed
        await stream.aclose()
        assert [] == [one async for one in stream]

    asyncio.run(main())


def test_what_goes_wrong_in_the_async_block_passes() -> None:
    """The stream is closed, and the error is nobody else's."""
    source = Source()

    async def main() -> None:
        stream = AsyncStream(source.async_values())
        await anext(stream)
        with pytest.raises(KeyError):
            async with stream:
                raise KeyError
        assert 1 == source.closed

    asyncio.run(main())


@pytest.mark.parametrize("error", [KeyError("mine"), asyncio.CancelledError("mine")])
def test_an_error_ends_an_async_stream(error: BaseException) -> None:
    """It comes in its place; nothing is left open, and nobody is warned."""
    source = Source(error)

    async def main() -> None:
        stream = AsyncStream(source.async_values())
        assert [1, 2] == [await anext(stream), await anext(stream)]
        with pytest.raises(type(error), match="mine"):
            await anext(stream)
        for _ in range(2):
            with pytest.raises(UsageError, match="an error cut this stream short before"):
                await anext(stream)

    asyncio.run(main())
    gc.collect()


def test_a_second_task_is_told_that_it_is_one_too_many() -> None:
    """At once, and the first one goes on."""

    async def main() -> None:
        stream = AsyncStream(Source().slow_async_values())
        first = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        with pytest.raises(UsageError, match="another task is reading this stream"):
            await anext(stream)
        with pytest.raises(UsageError, match="let that one close it"):
            await stream.aclose()
        assert 1 == await first
        await stream.aclose()

    asyncio.run(main())


def test_an_async_stream_that_is_left_behind_warns() -> None:
    """Its generator would be ended by another task, at some time."""

    async def main() -> None:
        stream = AsyncStream(Source().async_values())
        await anext(stream)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            del stream
            gc.collect()
        assert [ResourceWarning] == [one.category for one in caught]
        assert "use async with" in str(caught[0].message)

    asyncio.run(main())


def test_an_async_stream_that_was_never_begun_does_not_warn() -> None:
    """There is nothing to end."""

    async def main() -> None:
        AsyncStream(Source().async_values())
        gc.collect()

    asyncio.run(main())


def test_an_async_pager_has_the_same_pages() -> None:
    """Neither it nor its pages hold anything, and so they may be left behind."""
    page = Page((1, 2), "t")

    async def leaves() -> AsyncGenerator[Page[int]]:
        yield page
        yield page

    async def main() -> None:
        pager = AsyncPager(Source().async_values(), leaves)
        assert 1 == await anext(pager)
        assert [page, page] == [one async for one in pager.pages()]
        assert page == await anext(pager.pages())
        del pager
        gc.collect()

    asyncio.run(main())
