"""A thousand batches are a hundred times the work of ten: counted, never timed."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import pytest

from gemini_batch.batch import Batch
from gemini_batch.effects import Request, Response
from gemini_batch.errors import WaitTimeoutError
from gemini_batch.flows.many import as_completed, wait_all
from gemini_batch.flows.waiting import waiting
from gemini_batch.models.generation import GenerationResponse
from gemini_batch.progress import report_nothing
from gemini_batch.retry import PollPolicy
from gemini_batch.settings import Settings

from .replies import seen
from .world import World

EVEN = PollPolicy(first=10.0, ceiling=60.0, jitter=0.0)
LOOKS = 3
FEW, MANY = 10, 1000
Wait = Callable[[World, Settings, list[Batch[Any]]], int]


def by_waiting(world: World, settings: Settings, batches: list[Batch[Any]]) -> int:
    """Wait for all; return how many ended."""
    terms = waiting(settings, None, EVEN, report_nothing)
    return len(world.run(wait_all(settings, batches, world.spools, terms)))


def as_they_come(world: World, settings: Settings, batches: list[Batch[Any]]) -> int:
    """Take each as it ends; return how many did."""
    terms = waiting(settings, None, EVEN, report_nothing)
    names = [one.name for one in batches]
    return len(list(world.iterate(as_completed(settings, names, batches, world.spools, terms))))


def in_vain(world: World, settings: Settings, batches: list[Batch[Any]]) -> int:
    """Wait too short a time; return for how many."""
    terms = waiting(settings, 5.0, EVEN, report_nothing)
    with pytest.raises(WaitTimeoutError):
        world.run(wait_all(settings, batches, world.spools, terms))
    return len(batches)


WAITS = pytest.mark.parametrize("wait", [by_waiting, as_they_come, in_vain])


@contextmanager
def counting() -> Generator[Counter[str]]:
    """Count what is called meanwhile, be it written in Python or in C."""
    calls: Counter[str] = Counter()

    def note(_: Any, event: str, __: Any) -> None:
        calls[event] += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield calls
    finally:
        sys.setprofile(before)


def spent(wait: Wait, settings: Settings, number: int) -> tuple[float, float]:
    """Return the effects and the calls that the wait for so many batches takes, for each."""
    looked: Counter[str] = Counter()

    def answer(request: Request) -> Response:
        name = request.path.removeprefix("/v1beta/")
        looked[name] += 1
        return seen("FAILED" if looked[name] == LOOKS else "RUNNING", name=name)

    world = World(answer)
    batches: list[Batch[Any]] = [
        Batch(f"batches/b{one}", GenerationResponse) for one in range(number)
    ]
    with counting() as calls:
        assert number == wait(world, settings, batches)
    assert sum(looked.values()) <= number * LOOKS
    return len(world.asked) / number, (calls["call"] + calls["c_call"]) / number


@WAITS
def test_the_work_for_each_batch_is_the_same_among_many(wait: Wait, settings: Settings) -> None:
    """No look at one of them goes through all the others."""
    spent(wait, settings, 1)  # what the first call brings along
    effects, calls = spent(wait, settings, FEW)
    effects_of_many, calls_of_many = spent(wait, settings, MANY)
    assert effects_of_many <= effects
    assert calls_of_many <= 1.1 * calls
