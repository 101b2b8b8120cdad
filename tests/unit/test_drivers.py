"""Both drivers: each effect is performed and answered, and in the end all is let go of."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gemini_batch.aio import drivers as aio_drivers
from gemini_batch.effects import (
    Effect,
    FlowBody,
    Item,
    Now,
    Several,
    Sleep,
    StreamBody,
    fed_by,
    flow,
)
from gemini_batch.errors import ProtocolError, TransportError, UsageError
from gemini_batch.log import log
from gemini_batch.sync import drivers as sync_drivers


class Stage:
    """An outside for both colours: sleeps are noted, and the clock is what goes wrong."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error
        self.slept: list[float] = []
        self.releases = 0

    def perform(self, effect: Effect[Any]) -> Any:
        """Do what the effect asks."""
        if isinstance(effect, Sleep):
            self.slept.append(effect.seconds)
            return None
        if self.error is not None:
            raise self.error
        return 7.0

    def release(self) -> None:
        """Count how often everything was let go of."""
        self.releases += 1


class AsyncStage(Stage):
    """The same, awaited."""

    async def perform(self, effect: Effect[Any]) -> Any:
        """Do what the effect asks."""
        return super().perform(effect)

    async def release(self) -> None:
        """Count how often everything was let go of."""
        super().release()


def sync_run(conversation: Any, stage: Stage) -> Any:
    """Drive a flow by the synchronous driver."""
    return sync_drivers.run(conversation, stage)


def async_run(conversation: Any, stage: Stage) -> Any:
    """Drive a flow by the asynchronous driver."""
    awaited = AsyncStage(stage.error)
    try:
        return asyncio.run(aio_drivers.run(conversation, awaited))
    finally:
        stage.slept, stage.releases = awaited.slept, awaited.releases


def sync_items(conversation: Any, stage: Stage, most: int) -> list[Any]:
    """Take items of a stream by the synchronous driver, then close it."""
    stream = sync_drivers.iterate(conversation, stage)
    try:
        return [one for one, _ in zip(stream, range(most), strict=False)]
    finally:
        stream.close()


def async_items(conversation: Any, stage: Stage, most: int) -> list[Any]:
    """Take items of a stream by the asynchronous driver, then close it."""
    awaited = AsyncStage(stage.error)

    async def take() -> list[Any]:
        stream, items = aio_drivers.iterate(conversation, awaited), list[Any]()
        try:
            async for one in stream:
                items.append(one)
                if len(items) > most:
                    break
        finally:
            await stream.aclose()
        return items[:most]

    try:
        return asyncio.run(take())
    finally:
        stage.slept, stage.releases = awaited.slept, awaited.releases


running = pytest.mark.parametrize("run", [sync_run, async_run])
taking = pytest.mark.parametrize("take", [sync_items, async_items])
closed: list[str] = []


@flow
def asking() -> FlowBody[float]:
    """Ask for the time, and rest after a failure."""
    try:
        now = yield from Now()
    except TransportError:
        now = 0.0
    yield from Sleep(now)
    return now


@flow
def counting() -> StreamBody[float]:
    """Tell the time, again and again."""
    try:
        for _ in range(3):
            yield Item((yield from Now()))
    finally:
        closed.append("counting")


@flow
def counting_by_threes() -> StreamBody[float]:
    """Tell many numbers at once, and none."""
    try:
        for numbers in ([0.0, 1.0, 2.0], [], [3.0, 4.0, 5.0]):
            yield Several(numbers)
    finally:
        closed.append("by threes")


@flow
def failing(error: Exception) -> FlowBody[None]:
    """Ask, and fail whatever the answer, by way of a generator of the package."""
    yield from fed_by(failing_stream(error), lambda _: ())


@flow
def failing_feed(error: Exception) -> StreamBody[int]:
    """Yield, and fail, by way of a generator of the package."""
    yield from fed_by(failing_stream(error), lambda one: [Item(one)])


@flow
def failing_stream(error: Exception) -> StreamBody[int]:
    """Yield, and fail."""
    yield Item(1)
    yield from Now()
    raise error


@running
def test_a_flow_is_driven_to_its_result(run: Callable[..., Any]) -> None:
    """Each effect is performed and answered, and in the end all is let go of."""
    stage = Stage()
    assert 7.0 == run(asking(), stage)
    assert ([7.0], 1) == (stage.slept, stage.releases)


@running
def test_a_failure_goes_to_the_flow(run: Callable[..., Any]) -> None:
    """It may know what to do about it."""
    stage = Stage(TransportError("lost"))
    assert 0.0 == run(asking(), stage)
    assert [0.0] == stage.slept


@taking
def test_a_stream_is_driven_item_by_item(take: Callable[..., Any]) -> None:
    """To its end, or until its consumer has enough."""
    for most, items in ((9, [7.0] * 3), (1, [7.0])):
        closed.clear()
        stage = Stage()
        assert items == take(counting(), stage, most)
        assert (["counting"], 1) == (closed, stage.releases)


@taking
def test_many_items_at_once_are_told_one_by_one(take: Callable[..., Any]) -> None:
    """Whoever has enough among them takes no more."""
    for most in (1, 3, 4, 9):
        closed.clear()
        stage = Stage()
        assert [0.0, 1.0, 2.0, 3.0, 4.0, 5.0][:most] == take(counting_by_threes(), stage, most)
        assert (["by threes"], 1) == (closed, stage.releases)


@taking
def test_a_failure_goes_to_the_stream(take: Callable[..., Any]) -> None:
    """Which does not know what to do about this one."""
    stage = Stage(UsageError("closed"))
    with pytest.raises(UsageError):
        take(counting(), stage, 9)
    assert 1 == stage.releases


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, asyncio.CancelledError])
@running
def test_interrupts_pass_around_a_flow(
    run: Callable[..., Any], interrupt: type[BaseException]
) -> None:
    """It cannot answer them, and cannot ask for anything more."""
    stage = Stage(interrupt())
    with pytest.raises(interrupt):
        run(asking(), stage)
    assert ([], 1) == (stage.slept, stage.releases)


@taking
def test_interrupts_pass_around_a_stream(take: Callable[..., Any]) -> None:
    """It is closed by them."""
    closed.clear()
    stage = Stage(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        take(counting(), stage, 9)
    assert (["counting"], 1) == (closed, stage.releases)


# What the user sees of a failure


def frames(error: BaseException) -> set[str]:
    """Return the names of the functions in a traceback."""
    return {frame.name for frame in traceback.extract_tb(error.__traceback__)}


def failures() -> Iterator[Any]:
    """Go through the ways to fail, in both colours."""
    for drive in (sync_run, async_run):
        yield pytest.param(lambda error, drive=drive: drive(failing(error), Stage()))
    for take in (sync_items, async_items):
        yield pytest.param(lambda error, take=take: take(failing_feed(error), Stage(), 9))


drives = pytest.mark.parametrize("drive", list(failures()))


@drives
def test_the_traceback_of_an_error_of_ours_is_trimmed(drive: Callable[[Exception], Any]) -> None:
    """It shows where the user called and what code of theirs raised, not what happened in here."""
    error = ProtocolError("nonsense")
    with pytest.raises(ProtocolError) as caught:
        drive(error)
    assert error is caught.value
    shown = frames(error)
    assert {"test_the_traceback_of_an_error_of_ours_is_trimmed", "failing_stream"} <= shown
    assert "fed_by" not in shown


@drives
def test_the_traceback_is_kept_where_somebody_debugs(drive: Callable[[Exception], Any]) -> None:
    """At DEBUG every step of the flow is there."""
    before = log.level
    log.setLevel(logging.DEBUG)
    try:
        with pytest.raises(ProtocolError) as caught:
            drive(ProtocolError("nonsense"))
    finally:
        log.setLevel(before)
    assert {"fed_by", "failing_stream"} <= frames(caught.value)


@drives
def test_other_errors_pass_unchanged(drive: Callable[[Exception], Any]) -> None:
    """What is not ours shows all there is, for it is a fault in here or in the caller's code."""
    mine = KeyError("mine")
    with pytest.raises(KeyError) as caught:
        drive(mine)
    assert mine is caught.value
    assert "fed_by" in frames(mine)
