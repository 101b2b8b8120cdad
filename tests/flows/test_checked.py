"""Submitting what is wrong: it is told before anything is sent, and nothing is left open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gemini_batch.errors import (
    InvalidRequestError,
    UsageError,
)
from gemini_batch.models.content import Content, Part
from gemini_batch.models.generation import GenerateContentRequest
from gemini_batch.settings import Settings
from gemini_batch.submission import Via

from .acts import submitting
from .replies import (
    refusal,
    seen,
)
from .world import World


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
