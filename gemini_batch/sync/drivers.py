"""Drive flows: perform what they ask, one effect at a time.

The asynchronous twin of this module has the same text but for ``async`` and ``await``.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Protocol, TypeVar

from ..effects import Effect, Flow, Item, Several, Steps, Stream
from ..errors import GeminiBatchError
from ..log import trimmed

T = TypeVar("T")


class Outside(Protocol):
    """What performs effects; one instance serves one flow."""

    def perform(self, effect: Effect[Any]) -> Any:
        """Do what the effect asks, and return the answer."""
        ...

    def release(self) -> None:
        """Let go of whatever is still open."""
        ...


def run(conversation: Flow[Effect[Any], T], outside: Outside) -> T:
    """Drive a flow to its result.

    Interrupts and cancellation pass around the flow, which cannot answer them.
    """
    steps = Steps(conversation)
    try:
        for effect in steps:
            try:
                steps.answer(outside.perform(effect))
            except Exception as error:
                steps.fail(error)
        return steps.result
    except GeminiBatchError as error:
        raise trimmed(error)
    finally:
        steps.close()
        outside.release()


def iterate(stream: Stream[T], outside: Outside) -> Generator[T]:
    """Drive a stream, and yield its items."""
    steps = Steps(stream)
    try:
        for asked in steps:
            if isinstance(asked, Item):
                yield asked.value
                continue
            if isinstance(asked, Several):
                for value in asked.values:  # noqa: UP028 - the twin of this cannot
                    yield value
                continue
            try:
                steps.answer(outside.perform(asked))
            except Exception as error:
                steps.fail(error)
    except GeminiBatchError as error:
        raise trimmed(error)
    finally:
        steps.close()
        outside.release()
