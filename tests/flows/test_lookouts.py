"""The wait for many batches: each is looked at in its own time, and none is in another's way."""

from __future__ import annotations

import random
from collections.abc import Generator, Sequence
from itertools import pairwise
from typing import Any

import pytest

from gemini_batch.batch import Batch
from gemini_batch.effects import Now, Request, Send
from gemini_batch.errors import NotFoundError, UsageError, WaitTimeoutError
from gemini_batch.flows.waiting import Ending, endings, waiting
from gemini_batch.models.generation import GenerationResponse
from gemini_batch.retry import PollPolicy, RetryPolicy
from gemini_batch.settings import Settings

from .replies import lost, refusal, seen
from .services import Batches, End
from .world import Answer, World

EVEN = PollPolicy(first=10.0, ceiling=60.0, jitter=0.0, grace=300.0)
LOOKS = [0.0, 10.0, 25.0, 47.5, 81.25, 131.875, 191.875]
"""When a batch is looked at that nobody is in the way of."""


def failing(**ends: float) -> Batches:
    """Return batches that fail so many seconds after the beginning."""
    plan = {f"batches/{name}": at for name, at in ends.items()}
    return Batches({name: End(at, seen("FAILED", name=name)) for name, at in plan.items()})


def ending(
    world: World,
    settings: Settings,
    names: Sequence[str],
    timeout: float | None = None,
    poll: PollPolicy = EVEN,
) -> Generator[Ending]:
    """Wait for many batches, and yield how each wait ends."""
    batches = [Batch(name, GenerationResponse) for name in names]
    return world.iterate(
        endings(settings, batches, waiting(settings, timeout, poll, progress=False))
    )


# Each in its own time


def test_every_batch_is_looked_at_as_often_as_though_it_were_alone(settings: Settings) -> None:
    """The pauses of each grow to their ceiling by themselves."""
    service = failing(a=150.0, b=30.0, c=0.0)
    found = list(ending(service.world, settings, list(service.ends)))
    assert [2, 1, 0] == [one.position for one in found]
    assert LOOKS == service.looks["batches/a"]
    assert LOOKS[:4] == service.looks["batches/b"]
    assert LOOKS[:1] == service.looks["batches/c"]


def test_no_batch_is_looked_at_before_it_is_due(settings: Settings) -> None:
    """Neither where looks take long, nor where the pauses vary."""
    service = failing(**{f"b{number}": 40.0 * number for number in range(20)})
    service.slowness = 3.0
    settings = Settings(chance=random.Random(7).random)
    list(ending(service.world, settings, list(service.ends), poll=PollPolicy()))
    for looks in service.looks.values():
        gaps = [later - earlier for earlier, later in pairwise(looks)]
        for number, gap in enumerate(gaps):
            assert min(10.0 * 1.5**number, 60.0) * 0.9 + 3.0 <= gap + 1e-6


def test_looks_are_never_made_two_at_once(settings: Settings) -> None:
    """The next begins after the reply to the one before."""
    service = failing(a=100.0, b=100.0, c=100.0)
    service.slowness = 4.0
    list(ending(service.world, settings, list(service.ends)))
    begun = sorted(at for looks in service.looks.values() for at in looks)
    assert all(later - earlier >= 4.0 for earlier, later in pairwise(begun))


def test_batches_that_are_overdue_are_looked_at_without_a_pause(settings: Settings) -> None:
    """Whoever has been due for longest comes first: none is forgotten where looks take long."""
    service = failing(**{f"b{number}": 300.0 for number in range(10)})
    service.slowness = 10.0
    list(ending(service.world, settings, list(service.ends)))
    assert [] == service.world.pauses
    counts = {len(looks) for looks in service.looks.values()}
    assert max(counts) - min(counts) <= 1


def test_the_consumer_may_take_its_time(settings: Settings) -> None:
    """What fell due meanwhile is looked at next, once each."""
    service = failing(a=0.0, b=20.0, c=3000.0)
    waits = ending(service.world, settings, list(service.ends))
    assert 0 == next(waits).position
    service.world.clock += 3600.0
    assert [1, 2] == [one.position for one in waits]
    assert [] == service.world.pauses
    assert [[3600.0]] * 2 == [service.looks[f"batches/{name}"] for name in "bc"]


def test_whoever_stops_listening_asks_no_more(settings: Settings) -> None:
    """Nothing is cancelled by it either."""
    service = failing(a=0.0, b=20.0)
    waits = ending(service.world, settings, list(service.ends))
    next(waits)
    waits.close()
    assert ["GET batches/a"] == service.world.lines


def test_the_same_batch_twice_is_two_waits(settings: Settings) -> None:
    """Each ends by itself; that it is one batch is no trouble."""
    service = failing(a=12.0)
    names = ["batches/a"] * 2
    assert [0, 1] == [one.position for one in ending(service.world, settings, names)]


# Looks that fail


def test_a_batch_that_fails_for_the_moment_delays_no_other(settings: Settings) -> None:
    """Its looks take the time of their attempts, and the others stay due when they were."""
    settings = Settings(retry=RetryPolicy(attempts=1), chance=lambda: 1.0)
    service = failing(a=100.0, b=100.0)
    world = World(
        lambda one: lost() if one.path.endswith("/a") and world.elapsed < 60 else service(one)
    )
    service.world = world
    assert [0, 1] == [one.position for one in ending(world, settings, list(service.ends))]
    assert LOOKS[:6] == service.looks["batches/b"]
    assert LOOKS[4:6] == service.looks["batches/a"]


def test_a_look_that_fails_keeps_no_others_waiting(world: World, settings: Settings) -> None:
    """It is made again when its batch is due again, and not before."""
    a, b = (f"batches/{name}" for name in "ab")
    world.expect(lost(), seen(name=b), seen("FAILED", name=a), seen("FAILED", name=b))
    assert [0, 1] == [one.position for one in ending(world, settings, [a, b])]
    assert [10.0] == world.pauses
    assert 10.0 == world.elapsed


@pytest.mark.parametrize(("asked_for", "again"), [("300", 300.0), ("7", 10.0)])
def test_a_batch_whose_look_is_throttled_waits_as_long_as_it_is_told(
    world: World, asked_for: str, again: float
) -> None:
    """At least as long as its own pause; the others are looked at meanwhile."""
    settings = Settings(retry=RetryPolicy(attempts=1), chance=lambda: 1.0)
    a, b = (f"batches/{name}" for name in "ab")
    times: dict[str, list[float]] = {a: [], b: []}
    script = {
        a: [refusal(429, retry_after=asked_for), seen("FAILED", name=a)],
        b: [*[seen(name=b)] * 6, seen("FAILED", name=b)],
    }

    def answer(request: Request) -> Answer:
        name = request.path.removeprefix("/v1beta/")
        times[name].append(world.elapsed)
        return script[name].pop(0)

    world.expect(*[answer] * 9)
    list(ending(world, settings, [a, b]))
    assert [0.0, again] == times[a]
    assert LOOKS == times[b]


def test_a_batch_that_was_deleted_meanwhile_is_asked_for_no_more(settings: Settings) -> None:
    """One look too many is enough to learn of it."""
    service = failing(b=30.0)
    first, second = ending(service.world, settings, ["batches/gone", "batches/b"])
    assert isinstance(first.outcome, NotFoundError)
    assert "batches/gone" in str(first.outcome)
    assert 1 == second.position
    assert [0.0] == service.looks["batches/gone"]


# Timeouts


@pytest.mark.parametrize("timeout", [0.0, 1.0, 10.0, 100.0])
def test_a_timeout_ends_on_time(settings: Settings, timeout: float) -> None:
    """However many batches there are, and whenever they would next be due."""
    service = failing(a=1000.0, b=1000.0, c=1000.0)
    with pytest.raises(WaitTimeoutError, match=f"is still RUNNING after {timeout:g} s") as caught:
        list(ending(service.world, settings, list(service.ends), timeout))
    (note,) = caught.value.__notes__
    assert note.startswith("nor were these finished: batches/")
    assert timeout == service.world.elapsed


def test_a_timeout_names_a_few_and_counts_the_rest(settings: Settings) -> None:
    """A thousand names would be no message."""
    service = failing(**{f"b{number}": 1000.0 for number in range(9)})
    with pytest.raises(WaitTimeoutError, match="batches/b0 is still RUNNING") as caught:
        list(ending(service.world, settings, list(service.ends), 0))
    expected = "nor were these finished: batches/b1, batches/b2, batches/b3 and 5 more"
    assert [expected] == caught.value.__notes__


def test_a_look_that_outlasts_the_timeout_counts(settings: Settings) -> None:
    """What it shows is told, be it late."""
    service = failing(a=0.0)
    service.slowness = 30.0
    (found,) = ending(service.world, settings, ["batches/a"], 20.0)
    assert "FAILED" == found.sighting().observation.state


def test_after_a_timeout_the_wait_can_go_on(settings: Settings) -> None:
    """Nothing was lost by it: the same batches can be waited for again."""
    service = failing(a=40.0, b=50.0)
    with pytest.raises(WaitTimeoutError):
        list(ending(service.world, settings, list(service.ends), 20.0))
    assert [0, 1] == [one.position for one in ending(service.world, settings, list(service.ends))]


def test_a_consumer_that_outlasts_the_timeout_is_no_trouble(settings: Settings) -> None:
    """Such as one that downloads: the batches that are left have one last look, at once."""
    service = failing(a=1000.0, b=25.0)
    waits = ending(service.world, settings, list(service.ends), 30.0)
    assert 1 == next(waits).position
    service.world.clock += 10.0  # a is due at 47.5, and the time was over at 30
    with pytest.raises(WaitTimeoutError, match="batches/a is still RUNNING"):
        next(waits)
    assert 35.0 == service.world.elapsed


@pytest.mark.parametrize("timeout", [0.0, 12.0])
def test_a_timeout_withholds_no_batch_that_is_finished(settings: Settings, timeout: float) -> None:
    """Each has its last look, in whatever order they were given."""
    service = failing(a=1000.0, b=timeout, c=timeout)
    found: list[int] = []
    with pytest.raises(WaitTimeoutError, match="batches/a"):
        found.extend(
            one.position for one in ending(service.world, settings, list(service.ends), timeout)
        )
    assert [1, 2] == found


# A thousand


def test_a_thousand_batches_end_in_order_of_their_finish(settings: Settings) -> None:
    """With no more looks than each would have had alone, and in one loop."""
    draw = random.Random(3)
    ends = {f"b{number}": draw.uniform(0.0, 60.0) for number in range(1000)}
    service = failing(**ends)
    found = [one.position for one in ending(service.world, settings, list(service.ends))]
    assert list(range(1000)) == sorted(found)
    at = list(ends.values())
    seen_at = [next(look for look in LOOKS if look >= at[position]) for position in found]
    assert sorted(seen_at) == seen_at
    alone = sum(sum(look < one for look in LOOKS) + 1 for one in at)
    assert alone == len(service.world.sent)
    assert len(service.world.pauses) <= 5
    asked = service.world.asked
    assert len(service.world.sent) == sum(isinstance(one, Send) for one in asked)
    assert sum(isinstance(one, Now) for one in asked) <= 6 * alone
    assert service.world.elapsed <= 81.25


@pytest.mark.parametrize("timeout", ["5", -1, float("nan"), float("inf")])
def test_a_timeout_is_a_number_of_seconds(settings: Settings, timeout: Any) -> None:
    """It is refused before anything is sent."""
    with pytest.raises(UsageError, match="timeout must be 0 or more and finite, or None"):
        waiting(settings, timeout, None, progress=False)


def test_how_often_to_look_is_a_policy(settings: Settings) -> None:
    """A number would do for one thing that it says of many."""
    poll: Any = 5
    with pytest.raises(UsageError, match="poll is a PollPolicy, or None for the client's, not 5"):
        waiting(settings, None, poll, progress=False)
