"""Creating a batch: once, whatever happens to the reply, unless the caller allows twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from gemini_batch.effects import Effect, Flow, Response
from gemini_batch.endpoints.batches import build_create, file_batch
from gemini_batch.errors import (
    ApiError,
    CreateOutcomeUnknownError,
    ProtocolError,
    ServerError,
    TransportError,
)
from gemini_batch.flows.batches import OnUnknown, adopt, create
from gemini_batch.models.operation import BatchOperation
from gemini_batch.retry import RetryPolicy, Timeouts
from gemini_batch.settings import Settings

from .replies import LABEL, batch, hung, lost, page, refusal, reply, seen, unsent
from .world import Answer, Late, World

CREATE = "POST models/m:batchGenerateContent"
LIST = "GET batches?pageSize=100"
NAME = "batches/b1"


def creating(
    settings: Settings, on_unknown: OnUnknown = "raise"
) -> Flow[Effect[object], BatchOperation]:
    """Return the creation of a batch."""
    body = file_batch(f"sky [{LABEL}]", "files/f1")
    request = build_create(settings.api, "models/m", body, settings.timeouts.create)
    return create(settings, request, LABEL, on_unknown)


DOUBTS: dict[str, Callable[[], Answer]] = {
    "reply_lost": lost,
    "reply_hangs": hung,
    "500": lambda: refusal(500),
    "502": lambda: refusal(502),
    "503": lambda: refusal(503, retry_after="7"),
    "504": lambda: refusal(504),
    "408": lambda: refusal(408),
    "html": lambda: reply(b"<html>"),
    "empty": lambda: reply(b""),
    "no_name": lambda: reply({}),
    "odd_name": lambda: reply({"name": "batches/../b1"}),
    "other_name": lambda: reply({"name": "files/f1"}),
    "no_object": lambda: reply([]),
    "202": lambda: reply({}, 202),
}
in_every_doubt = pytest.mark.parametrize("doubt", DOUBTS.values(), ids=DOUBTS)


@in_every_doubt
def test_a_batch_whose_creation_is_in_doubt_is_adopted(
    world: World,
    settings: Settings,
    told: pytest.LogCaptureFixture,
    doubt: Callable[[], Answer],
) -> None:
    """The service acted, and the reply was lost: the batch is found, and not made again."""
    world.expect(Late(2.5, doubt()), page(batch(label=LABEL)))
    assert NAME == world.run(creating(settings)).name
    assert [CREATE, LIST] == world.lines
    assert [0.0] == world.pauses
    assert f"reply lost; adopted {NAME} ({LABEL}) after 2.5 s" == told.messages[-1]


@in_every_doubt
def test_a_batch_that_is_not_found_is_not_made_again(
    world: World, doubt: Callable[[], Answer]
) -> None:
    """The service may not have acted; whether to pay twice is not decided here."""
    settings = Settings(timeouts=Timeouts(create=60.0), chance=lambda: 1.0)
    world.expect(doubt(), *[page()] * 5)
    with pytest.raises(CreateOutcomeUnknownError) as caught:
        world.run(creating(settings))
    assert LABEL == caught.value.label
    assert isinstance(caught.value.__cause__, ApiError | TransportError | ProtocolError)
    assert [CREATE, *[LIST] * 5] == world.lines


def test_a_lost_batch_is_looked_for_less_and_less_often(world: World, settings: Settings) -> None:
    """The list may be behind what was created; a minute is enough."""
    world.expect(lost(), *[page(token="")] * 5)
    with pytest.raises(CreateOutcomeUnknownError):
        world.run(creating(settings))
    assert [0.0, 2.0, 6.0, 14.0, 30.0] == world.pauses


def test_with_no_time_to_look_there_is_one_look(world: World) -> None:
    """One look costs nothing, and may find it."""
    settings = Settings(retry=RetryPolicy(look_for=0.0), chance=lambda: 1.0)
    world.expect(lost(), page())
    with pytest.raises(CreateOutcomeUnknownError):
        world.run(creating(settings))
    assert [0.0] == world.pauses


class Ticking(World):
    """A world whose clock moves on with all that happens, if only a little."""

    def perform(self, effect: Effect[Any]) -> Any:
        """Do what the effect asks, which takes its time."""
        self.clock += 0.001
        return super().perform(effect)


@pytest.mark.parametrize("look_for", [0.0, 0.001])
def test_there_is_one_look_however_fast_the_clock_runs(look_for: float) -> None:
    """The time to look is over before it has begun, and the batch is adopted all the same."""
    world = Ticking()
    world.expect(lost(), page(batch(label=LABEL)))
    settings = Settings(retry=RetryPolicy(look_for=look_for), chance=lambda: 1.0)
    assert "batches/b1" == world.run(creating(settings)).name
    world.require_played_out()


def test_a_batch_that_appears_late_is_adopted(world: World, settings: Settings) -> None:
    """The list is read again, through empty pages too."""
    world.expect(
        lost(), page(), page(batch(label="gb-other")), page(token="a"), page(batch(label=LABEL))
    )
    assert NAME == world.run(creating(settings)).name
    assert [CREATE, LIST, LIST, LIST, f"{LIST}&pageToken=a"] == world.lines
    assert [0.0, 2.0, 6.0] == world.pauses


def test_a_list_that_fails_for_the_moment_has_attempts_of_its_own(
    world: World, settings: Settings
) -> None:
    """Each look is as patient as any other call."""
    world.expect(lost(), refusal(503), unsent(), page(batch(label=LABEL)))
    assert NAME == world.run(creating(settings)).name
    assert [0.0, 1.0, 2.0] == world.pauses


def test_what_was_not_sent_is_sent_again(world: World, settings: Settings) -> None:
    """A connection that was refused created nothing; nor did a quota that is used up."""
    world.expect(unsent(), refusal(429, retry_after="7"), unsent(), seen())
    assert NAME == world.run(creating(settings)).name
    assert [CREATE] * 4 == world.lines
    assert [1.0, 8.0, 4.0] == world.pauses


def test_a_doubt_after_what_was_not_sent_is_a_doubt(world: World, settings: Settings) -> None:
    """Every attempt is judged by itself."""
    world.expect(unsent(), lost(), page(batch(label=LABEL)))
    assert NAME == world.run(creating(settings)).name
    assert [CREATE, CREATE, LIST] == world.lines


@pytest.mark.parametrize(
    "answer",
    [reply(status=101), ProtocolError("a reply of more than can be held")],
    ids=["interim", "too large"],
)
def test_a_reply_that_cannot_be_read_at_all_is_a_doubt(
    world: World, settings: Settings, answer: Answer
) -> None:
    """It may have come after the act."""
    world.expect(answer, page(batch(label=LABEL)))
    assert NAME == world.run(creating(settings)).name
    assert [CREATE, LIST] == world.lines


def test_a_hint_beyond_the_cap_leaves_a_create_in_doubt(world: World, settings: Settings) -> None:
    """The service that asks for it may have acted: it is looked for, and not waited for."""
    world.expect(refusal(503, retry_after="500"), page(batch(label=LABEL)))
    assert NAME == world.run(creating(settings)).name
    assert [0.0] == world.pauses


# The time that is spent looking


def looking_for(seconds: float) -> Settings:
    """Return settings that say how long a batch is looked for."""
    return Settings(retry=RetryPolicy(look_for=seconds), chance=lambda: 1.0)


def test_a_list_that_hangs_takes_no_longer_than_a_batch_is_looked_for() -> None:
    """What a request takes counts like what a pause takes."""
    world = World(lambda request: lost() if request.method == "POST" else Late(20.0, hung()))
    with pytest.raises(CreateOutcomeUnknownError):
        world.run(creating(looking_for(60.0)))
    assert [0.0, 1.0, 2.0] == world.pauses
    assert 63.0 == world.elapsed


@pytest.mark.parametrize("seconds", [0.0, 60.0])
def test_a_list_that_hangs_is_looked_at_once(seconds: float) -> None:
    """Never less, and not again once the time is over."""
    world = World(lambda request: lost() if request.method == "POST" else Late(60.0, hung()))
    with pytest.raises(CreateOutcomeUnknownError):
        world.run(creating(looking_for(seconds)))
    assert [CREATE, LIST] == world.lines
    assert 60.0 == world.elapsed


def test_a_slow_list_is_looked_through_less_often(world: World, settings: Settings) -> None:
    """No look begins after the time is over."""
    world.expect(lost(), *[Late(25.0, page())] * 3)
    with pytest.raises(CreateOutcomeUnknownError):
        world.run(creating(settings))
    assert [0.0, 2.0, 6.0] == world.pauses


def test_a_look_is_made_through_all_of_its_pages(world: World) -> None:
    """A look that has begun is a look, however long it takes."""
    slow = [Late(40.0, page(batch(name=f"batches/x{n}"), token=f"t{n}")) for n in range(3)]
    world.expect(lost(), *slow, page(batch(label=LABEL)))
    assert NAME == world.run(creating(looking_for(60.0))).name


# How far back a lost batch is looked for


DATE = "Sun, 01 Mar 2026 12:00:00 GMT"


def made(time: str | None, **members: Any) -> dict[str, Any]:
    """Return a batch that was created at a time of that day."""
    told = batch(**members)
    if time is not None:
        told["metadata"]["createTime"] = f"2026-03-01T{time}Z"
    return told


def dated(*batches: dict[str, Any], token: str = "", date: str = DATE) -> Response:
    """Return a page of batches from a service that tells the time."""
    return evolve(page(*batches, token=token), headers={"date": date})


@pytest.mark.parametrize(
    ("times", "goes_on"),
    [
        (["11:59:00", "11:54:50"], True),
        (["11:59:00", "11:54:49"], False),
        (["11:40:00"], False),
        (["11:40:00", None], False),
        (["11:40:00", "11:59:00"], True),
        ([None], True),
        ([], True),
    ],
    ids=["new", "old", "all_old", "untold", "disorder", "timeless", "empty"],
)
def test_a_lost_batch_is_not_looked_for_among_older_ones(
    world: World, settings: Settings, times: list[str | None], *, goes_on: bool
) -> None:
    """Ten seconds after it was sent none is older than that by more than the clocks may differ."""
    others = [made(time, name=f"batches/x{number}") for number, time in enumerate(times)]
    world.expect(Late(2.5, lost()), Late(7.5, dated(*others, token="a")))
    world.expect(dated(made("12:00:00", label=LABEL)))
    assert NAME == world.run(creating(settings)).name
    assert (f"{LIST}&pageToken=a" if goes_on else LIST) == world.lines[-1]


@pytest.mark.parametrize("date", ["", "yesterday", "Sun, 01 Mar 2026 12:00:00 -0000"])
def test_without_a_date_a_lost_batch_is_looked_for_among_a_thousand(
    world: World, settings: Settings, date: str
) -> None:
    """The clock of this machine may be wrong, and is not asked."""
    for first in range(0, 1000, 100):
        old = [made("01:00:00", name=f"batches/b{first + number}") for number in range(100)]
        world.expect(dated(*old, token=f"t{first}", date=date))
    world.script.insert(0, lost())
    world.expect(page(batch(label=LABEL)))
    assert NAME == world.run(creating(settings)).name
    assert 1 + 10 + 1 == len(world.sent)


def test_a_label_of_any_age_is_adopted(world: World, settings: Settings) -> None:
    """Nobody knows when it was sent."""
    world.expect(dated(made("01:00:00"), token="a"), dated(made("00:59:00", label=LABEL)))
    assert NAME == world.run(adopt(settings, LABEL)).name


@pytest.mark.parametrize(
    ("times", "oldest"),
    [
        (["10:00:02", "10:00:01", "10:00:03"], "batches/b1"),
        (["10:00:01", "10:00:02", "10:00:03"], "batches/b0"),
        (["10:00:03", "10:00:01", "10:00:01"], "batches/b2"),
        (["10:00:01", None, "10:00:03"], "batches/b2"),
        ([None, None, None], "batches/b2"),
    ],
)
def test_of_several_batches_the_one_that_was_created_first_is_taken(
    world: World,
    settings: Settings,
    told: pytest.LogCaptureFixture,
    times: list[str | None],
    oldest: str,
) -> None:
    """By what the service says of them; where it does not say of each, the last in the list."""
    found = [made(time, name=f"batches/b{n}", label=LABEL) for n, time in enumerate(times)]
    world.expect(dated(*found))
    assert oldest == world.run(adopt(settings, LABEL)).name
    others = ", ".join(one["name"] for one in found if one["name"] != oldest)
    assert [f"more than one batch is labelled {LABEL}: also {others}"] == told.messages


# Creating twice, as asked


@pytest.mark.parametrize(
    "second", [(seen(label=LABEL),), (lost(), page(batch(label=LABEL)))], ids=["told", "found"]
)
def test_who_created_twice_is_told_that_both_may_be_billed(
    world: World,
    settings: Settings,
    told: pytest.LogCaptureFixture,
    second: tuple[Answer, ...],
) -> None:
    """The first may show up yet."""
    world.expect(lost(), *[page()] * 5, *second)
    world.run(creating(settings, "resubmit"))
    assert (
        f"{NAME} is labelled {LABEL}; an older batch of that label may still show up, and be billed"
    ) == told.messages[-1]


def test_a_second_batch_is_looked_for_as_far_back_as_the_first(
    world: World, settings: Settings
) -> None:
    """For it is the first that is wanted, if that shows up after all."""
    world.expect(lost(), *[page()] * 5, Late(400.0, lost()))
    world.expect(dated(made("11:52:00"), token="a"), dated(made("11:51:59", label=LABEL)))
    world.run(creating(settings, "resubmit"))
    assert f"{LIST}&pageToken=a" == world.lines[-1]


def test_a_batch_that_is_found_is_not_created_once_more(world: World, settings: Settings) -> None:
    """The permission is for the case that nothing is found."""
    world.expect(lost(), page(batch(label=LABEL)))
    world.run(creating(settings, "resubmit"))
    assert 1 == world.lines.count(CREATE)


def test_a_batch_is_created_no_more_than_twice(world: World, settings: Settings) -> None:
    """A second doubt is raised like a first one."""
    world.expect(lost(), *[page()] * 5, refusal(503), *[page()] * 5)
    with pytest.raises(CreateOutcomeUnknownError) as caught:
        world.run(creating(settings, "resubmit"))
    assert isinstance(caught.value.__cause__, ServerError)
    assert 2 == world.lines.count(CREATE)
