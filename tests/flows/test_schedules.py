"""Whenever batches finish: each handle comes once, in order, and many waits are as many alone."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import given, settings as effort, strategies as st

from gemini_batch.batch import Batch
from gemini_batch.errors import GeminiBatchError, WaitTimeoutError
from gemini_batch.flows.many import as_completed, wait_all
from gemini_batch.flows.results import wait
from gemini_batch.flows.waiting import Waiting, waiting
from gemini_batch.models.generation import GenerationResponse
from gemini_batch.retry import PollPolicy
from gemini_batch.settings import Settings
from gemini_batch.states import BatchStatus, Cancelled, Expired, Succeeded

from .replies import inlined, seen
from .services import Batches, End
from .world import Answer

POLL = PollPolicy(first=10.0, ceiling=60.0, jitter=0.1)
INTERVAL = 66.0
"""Seconds between two looks at a batch, at most."""


def answers(name: str) -> dict[str, Answer]:
    """Return all the ways in which a batch may end."""
    file = name.replace("batches/", "files/")
    return {
        "inline": seen("SUCCEEDED", name=name, inlined=[inlined("0", name)]),
        "file": seen("SUCCEEDED", name=name, file=file),
        "failed": seen("FAILED", name=name, error={"code": 3, "message": "no"}),
        "cancelled": seen("CANCELLED", name=name, inlined=[inlined("0", name)]),
        "expired": seen("EXPIRED", name=name),
        "unknown": seen("PERFECTED", name=name, file=file),
    }


def planned(ends: Sequence[tuple[float, str]]) -> dict[str, End]:
    """Return a plan for the batches ``b0``, ``b1`` and so on."""
    named = ((f"batches/b{number}", end) for number, end in enumerate(ends))
    return {name: End(at, answers(name)[kind]) for name, (at, kind) in named}


times = st.one_of(st.integers(0, 400), st.sampled_from([0, 10, 25, 30])).map(float)
kinds = st.sampled_from(["inline", "file", "failed", "cancelled", "expired", "unknown"])
plans = st.lists(st.tuples(times, kinds), max_size=12).map(planned)


def batches_of(plan: Mapping[str, End]) -> list[Batch[GenerationResponse]]:
    """Return the batches of a plan, as though nothing were known of them."""
    return [Batch(name, GenerationResponse) for name in plan]


def terms(settings: Settings, timeout: float | None = None) -> Waiting:
    """Return how to wait."""
    return waiting(settings, timeout, POLL, progress=False)


def shown(status: BatchStatus[Any]) -> tuple[object, ...]:
    """Return what a status says, without what differs from one fetch to the next."""
    found = status.results if isinstance(status, Succeeded | Cancelled | Expired) else None
    texts = None if found is None else [(item.key, item.unwrap().text) for item in found]
    return type(status), status.operation, texts


@given(plan=plans, seed=st.integers(0, 2**32), slowness=st.sampled_from([0.0, 0.5]))
@effort(max_examples=100, deadline=None)
def test_every_handle_comes_once_and_soon(plan: dict[str, End], seed: int, slowness: float) -> None:
    """In order of finish, within the time between two looks."""
    service = Batches(plan, slowness)
    settings = Settings(chance=random.Random(seed).random)
    handles = list(plan)
    world = service.world
    came: list[tuple[str, float]] = []
    stream = as_completed(settings, handles, batches_of(plan), world.spools, terms(settings))
    for handle in world.iterate(stream):
        came.append((handle, world.elapsed))
        assert slowness > 0 or plan[handle].at <= world.elapsed
    assert sorted(handles) == sorted(handle for handle, _ in came)
    late = INTERVAL + slowness * (len(plan) + 1)
    for position, (handle, at) in enumerate(came):
        assert at <= plan[handle].at + late
        for later, _ in came[position + 1 :]:
            assert plan[handle].at <= plan[later].at + late
    assert set(plan) == set(service.looks)
    assert not any("download" in line for line in world.lines)
    world.require_played_out()


@given(plan=plans, seed=st.integers(0, 2**32))
@effort(max_examples=60, deadline=None)
def test_waiting_for_all_is_waiting_for_each(plan: dict[str, End], seed: int) -> None:
    """The same statuses with the same results, by no more looks."""
    settings = Settings(chance=lambda: 0.5)
    together = Batches(plan)
    flow = wait_all(settings, batches_of(plan), together.world.spools, terms(settings))
    found = together.world.run(flow)
    alone = []
    looks = 0
    order = random.Random(seed).sample(range(len(plan)), len(plan))
    for batch in batches_of(plan):
        single = Batches(plan)
        alone.append(single.world.run(wait(settings, batch, single.world.spools, terms(settings))))
        looks += sum(map(len, single.looks.values()))
    assert [shown(one) for one in alone] == [shown(one) for one in found]
    assert looks == sum(map(len, together.looks.values()))
    # Nor does it matter in which order they are given.
    mixed = Batches(plan)
    names = list(plan)
    shuffled = [Batch(names[position], GenerationResponse) for position in order]
    again = mixed.world.run(wait_all(settings, shuffled, mixed.world.spools, terms(settings)))
    assert [shown(found[position]) for position in order] == [shown(one) for one in again]


@given(
    plan=plans,
    gone=st.sets(st.integers(0, 11)),
    timeout=st.one_of(st.none(), st.integers(0, 500).map(float)),
)
@effort(max_examples=100, deadline=None)
def test_what_fails_or_is_late_is_told_and_the_rest_is_had(
    plan: dict[str, End], gone: set[int], timeout: float | None
) -> None:
    """Every batch that is there and finished in time is had, whatever became of the others."""
    settings = Settings(chance=lambda: 0.5)
    batches = batches_of(plan)
    missing = {batch.name for number, batch in enumerate(batches) if number in gone}
    service = Batches({name: end for name, end in plan.items() if name not in missing})
    world = service.world
    late = set() if timeout is None else {name for name, end in plan.items() if end.at > timeout}
    raised: GeminiBatchError | None = None
    try:
        found = world.run(wait_all(settings, batches, world.spools, terms(settings, timeout)))
    except GeminiBatchError as error:
        raised = error
    else:
        assert list(plan) == [status.operation.name for status in found]
    assert (raised is not None) == bool(missing or late)
    assert isinstance(raised, WaitTimeoutError) == bool(late - missing)
    told = " ".join([str(raised), *getattr(raised, "__notes__", ())])
    assert all(name in told for name in missing)
    for batch in batches:
        known = batch.observation is not None and batch.observation.finished
        assert known == (batch.name not in missing | late)
    assert timeout is None or world.elapsed <= timeout
    world.require_played_out()
