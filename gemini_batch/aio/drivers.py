"""Drive flows: perform what they ask, one effect at a time.

The synchronous twin of this module has the same text but for ``async`` and ``await``.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, Protocol, TypeVar

from ..effects import Effect, Flow, Item, Several, Steps, Stream
from ..errors import GeminiBatchError
from ..log import trimmed

T = TypeVar("T")


class Outside(Protocol):
    """What performs effects; one instance serves one flow."""

    async def perform(self, effect: Effect[Any]) -> Any:
        """Do what the effect asks, and return the answer."""
        ...

    async def release(self) -> None:
        """Let go of whatever is still open."""
        ...


async def run(conversation: Flow[Effect[Any], T], outside: Outside) -> T:
    """Drive a flow to its result.

    Interrupts and cancellation pass around the flow, which cannot answer them.
    """
    steps = Steps(conversation)
    try:
        for effect in steps:
            try:
                steps.answer(await outside.perform(effect))
            except Exception as error:
                steps.fail(error)
        return steps.result
    except GeminiBatchError as error:
        raise trimmed(error)
    finally:
        steps.close()
        await outside.release()


async def iterate(stream: Stream[T], outside: Outside) -> AsyncGenerator[T]:
    """Drive a stream, and yield its items."""
    steps = Steps(stream)
    try:
        for asked in steps:
            if isinstance(asked, Item):
                yield asked.value
                continue
            if isinstance(asked, Several):
                for value in asked.values:
                    yield value
                continue
            try:
                steps.answer(await outside.perform(asked))
            except Exception as error:
                steps.fail(error)
    except GeminiBatchError as error:
        raise trimmed(error)
    finally:
        steps.close()
        await outside.release()
