"""Lists that come in pages: read as far as they are wanted, and never for ever."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from gemini_batch.effects import Stream
from gemini_batch.endpoints.batches import build_list, parse_list
from gemini_batch.endpoints.files import build_file_list, parse_file_list
from gemini_batch.endpoints.replies import Page
from gemini_batch.errors import PermissionDeniedError, ProtocolError, TransportError, UsageError
from gemini_batch.flows.lists import members, pages, require_page_size
from gemini_batch.models.operation import BatchOperation
from gemini_batch.settings import Settings

from .replies import batch, file, lost, page, refusal, reply
from .world import World

LIST = "GET batches?pageSize=100"
NAME = "batches/b1"


def newest(settings: Settings, most: int) -> Stream[BatchOperation]:
    """Return the stream of the newest batches."""
    return members(settings, partial(build_list, settings.api, 100), parse_list, most)


def names(world: World, settings: Settings, most: int) -> list[str]:
    """List batches by their names."""
    return [operation.name for operation in world.iterate(newest(settings, most))]


def test_a_list_goes_on_until_there_is_no_token(world: World, settings: Settings) -> None:
    """A page may be empty and not be the last; the token of the last is absent (AIP-158)."""
    world.expect(
        page(batch(name="batches/b3"), batch(name="batches/b2"), token="t/1"),
        page(token="t2"),
        page(batch(name="batches/b1")),
    )
    assert ["batches/b3", "batches/b2", "batches/b1"] == names(world, settings, 1000)
    assert [LIST, f"{LIST}&pageToken=t%2F1", f"{LIST}&pageToken=t2"] == world.lines


def test_an_empty_body_is_an_empty_list(world: World, settings: Settings) -> None:
    """Every member of the reply may be absent, and so may all."""
    world.expect(reply(b""))
    assert [] == names(world, settings, 1000)


def test_a_token_that_comes_again_is_an_error(world: World, settings: Settings) -> None:
    """A list that goes round in circles has no end."""
    world.expect(page(token="a"), page(token="b"), page(token="a"))
    with pytest.raises(ProtocolError, match="repeats a page token"):
        names(world, settings, 1000)


def test_no_more_is_listed_than_was_asked_for(world: World, settings: Settings) -> None:
    """The rest of a page is left out, and no further page is asked for."""
    world.expect(
        page(batch(name="batches/b4"), batch(name="batches/b3"), token="a"),
        page(batch(name="batches/b2"), batch(name="batches/b1"), token="b"),
    )
    assert ["batches/b4", "batches/b3", "batches/b2"] == names(world, settings, 3)


def test_empty_pages_cannot_go_on_for_ever(world: World, settings: Settings) -> None:
    """A new token on every empty page ends like a list that is too long."""
    world.expect(*(page(token=f"t{number}") for number in range(20)))
    assert [] == names(world, settings, 20)


def test_a_list_is_asked_for_as_it_is_read(world: World, settings: Settings) -> None:
    """Whoever stops reading sends no further request."""
    world.expect(page(batch(), token="a"))
    stream = world.iterate(newest(settings, 1000))
    assert NAME == next(stream).name
    stream.close()
    assert [LIST] == world.lines


def numbered(*numbers: int, token: str = "") -> Any:
    """Return a page of batches."""
    return page(*(batch(name=f"batches/b{number}") for number in numbers), token=token)


def leafing(settings: Settings, most: float | None = None) -> Stream[Page[BatchOperation]]:
    """Return the stream of pages, however many there are."""
    build = partial(build_list, settings.api, None)
    if most is None:
        return pages(settings, build, parse_list)
    return pages(settings, build, parse_list, most)


def test_a_list_without_a_limit_is_read_to_its_end(world: World, settings: Settings) -> None:
    """The size of its pages is the choice of the service."""
    world.expect(numbered(3, token="a"), numbered(2, token="b"), numbered(1))
    every = members(settings, partial(build_list, settings.api, None), parse_list)
    found = [operation.name for operation in world.iterate(every)]
    assert ["batches/b3", "batches/b2", "batches/b1"] == found
    assert ["GET batches", "GET batches?pageToken=a", "GET batches?pageToken=b"] == world.lines


def test_pages_are_told_as_they_come(world: World, settings: Settings) -> None:
    """An empty one too, each with the token of the next."""
    world.expect(numbered(4, 3, token="a"), page(token="b"), numbered(2, 1))
    found = list(world.iterate(leafing(settings)))
    assert [("a", 2), ("b", 0), ("", 2)] == [(one.next_page_token, len(one.items)) for one in found]


def test_a_page_beyond_the_limit_is_cut(world: World, settings: Settings) -> None:
    """Whoever asked for three has three, and the page still tells that there is more."""
    world.expect(numbered(4, 3, token="a"), numbered(2, 1, token="b"))
    *_, last = world.iterate(leafing(settings, 3))
    assert (("batches/b2",), "b") == (tuple(one.name for one in last.items), last.next_page_token)


def test_a_limit_that_a_page_fills_asks_for_no_other(world: World, settings: Settings) -> None:
    """Not even to learn whether there is one."""
    world.expect(numbered(4, 3, token="a"))
    assert 1 == len(list(world.iterate(leafing(settings, 2))))


def test_a_limit_of_nothing_asks_for_nothing(world: World, settings: Settings) -> None:
    """There is no page to ask for."""
    assert [] == list(world.iterate(leafing(settings, 0)))
    assert [] == world.asked


def test_a_page_is_asked_for_when_the_one_before_is_used_up(
    world: World, settings: Settings
) -> None:
    """Of a page its last member may be taken without a request for the next."""
    world.expect(numbered(4, 3, token="a"), numbered(2))
    stream = world.iterate(newest(settings, 1000))
    assert ["batches/b4", "batches/b3"] == [next(stream).name, next(stream).name]
    assert 1 == len(world.sent)
    assert "batches/b2" == next(stream).name
    assert 2 == len(world.sent)
    stream.close()


def test_a_list_can_be_read_again(world: World, settings: Settings) -> None:
    """A flow begins afresh each time, from the first page."""
    stream = newest(settings, 1000)
    for _ in range(2):
        world.expect(numbered(2, token="a"), numbered(1))
        found = [operation.name for operation in world.iterate(stream)]
        assert ["batches/b2", "batches/b1"] == found


@pytest.mark.parametrize("tokens", [["a", "a"], ["a", "b", "b"], ["a", "b", "c", "a"]])
def test_a_list_that_goes_round_in_circles_ends_after_what_it_held(
    world: World, settings: Settings, tokens: list[str]
) -> None:
    """However long the circle is; what stood on its pages was told before."""
    for number, token in enumerate(tokens):
        world.expect(numbered(number, token=token))
    found: list[str] = []
    with pytest.raises(ProtocolError, match="repeats a page token"):
        found.extend(one.name for one in world.iterate(newest(settings, 1000)))
    assert len(tokens) == len(world.sent)


def test_a_list_of_nothing_but_empty_pages_has_no_end(world: World, settings: Settings) -> None:
    """A thousand of them in a row are enough, each with a token of its own."""
    world.expect(*(page(token=f"t{number}") for number in range(1000)))
    with pytest.raises(ProtocolError, match="1000 pages with nothing on them, and more"):
        list(world.iterate(leafing(settings)))


def test_empty_pages_are_counted_in_a_row(world: World, settings: Settings) -> None:
    """One batch among them begins the count afresh; the end of the list ends it."""
    empty = [page(token=f"t{number}") for number in range(1998)]
    world.expect(*empty[:999], numbered(2, token="half"), *empty[999:], numbered(1))
    every = members(settings, partial(build_list, settings.api, None), parse_list)
    assert ["batches/b2", "batches/b1"] == [one.name for one in world.iterate(every)]


def test_a_thousand_empty_pages_and_no_more_are_a_list(world: World, settings: Settings) -> None:
    """The last has no token: it did end."""
    world.expect(*(page(token=f"t{number}") for number in range(999)), page())
    assert 1000 == len(list(world.iterate(leafing(settings))))


def test_a_page_that_fails_for_the_moment_is_asked_for_again(
    world: World, settings: Settings
) -> None:
    """The same page: none is left out, and none comes twice."""
    world.expect(numbered(2, token="a"), lost(), refusal(503), numbered(1))
    assert ["batches/b2", "batches/b1"] == names(world, settings, 1000)
    assert [LIST, *[f"{LIST}&pageToken=a"] * 3] == world.lines


def test_every_page_has_attempts_of_its_own(world: World, settings: Settings) -> None:
    """A long list survives more failures than one call does."""
    for number in range(6):
        world.expect(*[lost()] * 4, numbered(number, token=f"t{number}" if number < 5 else ""))
    assert 6 == len(names(world, settings, 1000))


@pytest.mark.parametrize(
    ("failures", "error"),
    [([refusal(403)], PermissionDeniedError), ([lost()] * 5, TransportError)],
)
def test_a_page_that_cannot_be_had_ends_the_list(
    world: World, settings: Settings, failures: list[Any], error: type[Exception]
) -> None:
    """After what the pages before it held, and never as though the list had ended."""
    world.expect(numbered(2, token="a"), *failures)
    stream = world.iterate(newest(settings, 1000))
    assert "batches/b2" == next(stream).name
    with pytest.raises(error):
        next(stream)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"operations": {}}'])
def test_a_page_that_makes_no_sense_is_an_error(
    world: World, settings: Settings, body: bytes
) -> None:
    """It is not taken for an empty one."""
    world.expect(reply(body))
    with pytest.raises(ProtocolError):
        names(world, settings, 1000)


def test_files_are_listed_like_batches(world: World, settings: Settings) -> None:
    """What is listed is the business of who asks."""
    world.expect(
        reply({"files": [file("files/a")], "nextPageToken": "t"}), reply({"files": [file()]})
    )
    every = members(settings, partial(build_file_list, settings.api, 10), parse_file_list)
    assert ["files/a", "files/f1"] == [one.name for one in world.iterate(every)]
    assert ["GET files?pageSize=10", "GET files?pageSize=10&pageToken=t"] == world.lines


@pytest.mark.parametrize("size", [1, 100, 10**6, None])
def test_a_page_size_is_a_number_of_things(size: int | None) -> None:
    """How many are too many is for the service to say."""
    assert size == require_page_size(size)


@pytest.mark.parametrize("size", [0, -1])
def test_a_page_size_of_nothing_is_refused(size: int) -> None:
    """No list would ever end."""
    with pytest.raises(UsageError, match=f"page_size is 1 or more.* not {size}"):
        require_page_size(size)
