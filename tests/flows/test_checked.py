"""Submitting what is wrong: it is told before anything is sent, and nothing is left open."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from gemini_batch.batch import Batch
from gemini_batch.effects import Effect, Flow
from gemini_batch.errors import (
    InvalidRequestError,
    UsageError,
)
from gemini_batch.flows.batches import OnUnknown
from gemini_batch.flows.submit import Order, submit
from gemini_batch.methods import GENERATE
from gemini_batch.models.content import Content, Part
from gemini_batch.models.generation import GenerateContentRequest, GenerationResponse
from gemini_batch.progress import Report, report_nothing
from gemini_batch.settings import Settings
from gemini_batch.submission import Via

from .replies import (
    LABEL,
    file,
    finished,
    refusal,
    seen,
    started,
)
from .world import World

FILE = f"files/{LABEL}"
START, CHUNK = "POST upload/files", "POST upload/files?upload_id=s1"
CREATE = "POST models/gemini-x:batchGenerateContent"
LIST, DELETE = "GET batches?pageSize=100", f"DELETE {FILE}"
UPLOADED = (started(), finished(file(FILE)))


def submitting(
    world: World,
    settings: Settings,
    requests: Iterable[Any],
    via: Via = "auto",
    *,
    on_unknown: OnUnknown = "raise",
    report: Report = report_nothing,
    drawn: bool = True,
) -> Flow[Effect[Any], Batch[GenerationResponse]]:
    """Return the submission of requests."""
    order = Order(GENERATE, "models/gemini-x", f"sky [{LABEL}]", LABEL, via, on_unknown, drawn)
    return submit(settings, iter(requests), order, world.spools, report)


def broken(error: Exception) -> Iterator[str]:
    """Yield a request, and then fail."""
    yield "why?"
    raise error


@pytest.mark.parametrize(
    ("requests", "words"),
    [
        ([], "no requests"),
        (["why?", ""], "request 1 .*prompt is empty"),
        ([("a", "why?"), "how?", ("a", "when?")], "requests 0 and 2 have the same key 'a'"),
        (["why?", ("0", "how?")], "requests 0 and 1 have the same key '0'"),
        ([(7, "why?")], r"use str\(key\)"),
        ([b"why?"], "not bytes"),
        ([GenerateContentRequest((Content((Part(text=""),)),))], "text is empty"),
        (["why?", "\ud800"], "request 1"),
    ],
    ids=["none", "empty", "key", "number", "int", "bytes", "part", "surrogate"],
)
@pytest.mark.parametrize("via", ["auto", "inline", "file"])
def test_nothing_is_sent_unless_every_request_is_valid(
    world: World, settings: Settings, via: Via, requests: list[Any], words: str
) -> None:
    """The first offender is named, and the service hears of nothing."""
    with pytest.raises(UsageError, match=words):
        world.run(submitting(world, settings, requests, via))


def test_a_way_to_travel_that_is_none_is_refused(world: World, settings: Settings) -> None:
    """Before anything is sent."""
    wrong: Any = "pigeon"
    with pytest.raises(UsageError, match="'pigeon'"):
        world.run(submitting(world, settings, ["why?"], wrong))


def test_what_the_requests_raise_is_their_own(world: World, settings: Settings) -> None:
    """It passes unchanged, and nothing was sent."""
    mine = KeyError("mine")
    with pytest.raises(KeyError) as caught:
        world.run(submitting(world, settings, broken(mine)))
    assert mine is caught.value


def test_the_spool_is_closed_however_it_ends(settings: Settings) -> None:
    """The requests are on disk no longer than they are needed."""
    for answer in (seen(), refusal(400)):
        world = World()
        world.expect(answer)
        opened: list[Any] = []
        world.spools.in_file = _remembering(world.spools.in_file, opened)
        try:
            world.run(submitting(world, settings, ["why?"]))
        except InvalidRequestError:
            assert 400 == answer.status
        assert [True] == [spool.closed for spool in opened]
        world.require_played_out()


def _remembering(make: Callable[[], Any], made: list[Any]) -> Callable[[], Any]:
    def remember() -> Any:
        made.append(make())
        return made[-1]

    return remember
