"""One batch at the service: looked at, cancelled, deleted, listed, found again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from gemini_batch.effects import Stream
from gemini_batch.endpoints.batches import build_list, parse_list
from gemini_batch.errors import InvalidRequestError, NotFoundError, ProtocolError
from gemini_batch.flows.batches import cancel, delete, find, look
from gemini_batch.flows.lists import members
from gemini_batch.models.operation import BatchOperation, BatchState
from gemini_batch.settings import Settings

from .replies import LABEL, batch, hung, lost, page, refusal, reply, seen, unsent
from .world import Answer, World

LIST = "GET batches?pageSize=100"
NAME = "batches/b1"


# Looking, cancelling, deleting


def test_a_look_is_one_request(world: World, settings: Settings) -> None:
    """It tells of the batch, and fetches nothing else."""
    world.expect(seen("RUNNING", requestCount=3))
    found = world.run(look(settings, NAME))
    assert [f"GET {NAME}"] == world.lines
    assert BatchState.RUNNING == found.operation.state
    assert 3 == found.operation.stats.request_count


def test_a_batch_that_is_not_there_is_not_looked_for_twice(
    world: World, settings: Settings
) -> None:
    """A 404 is an answer."""
    world.expect(refusal(404, "NOT_FOUND"))
    with pytest.raises(NotFoundError):
        world.run(look(settings, NAME))


def test_cancelling_a_finished_batch_is_no_failure(world: World, settings: Settings) -> None:
    """The service may refuse it as a failed precondition: there is nothing left to stop."""
    world.expect(refusal(400, "FAILED_PRECONDITION"))
    world.run(cancel(settings, NAME))
    assert [f"POST {NAME}:cancel"] == world.lines
    assert b"{}" == world.sent[0].body


def test_another_refusal_to_cancel_is_raised(world: World, settings: Settings) -> None:
    """Only a failed precondition means that the batch is finished."""
    world.expect(refusal(400, "INVALID_ARGUMENT"))
    with pytest.raises(InvalidRequestError):
        world.run(cancel(settings, NAME))


def test_deleting_what_is_not_there_is_an_error(world: World, settings: Settings) -> None:
    """Nobody else's deletion is taken for this one."""
    world.expect(refusal(404))
    with pytest.raises(NotFoundError):
        world.run(delete(settings, NAME))


@pytest.mark.parametrize("doubt", [lost, hung, lambda: refusal(503), lambda: refusal(408)])
def test_a_lost_reply_to_delete_counts_as_deleted(
    world: World, settings: Settings, doubt: Callable[[], Answer]
) -> None:
    """Where an earlier attempt may have acted, a batch that is gone was deleted by it."""
    world.expect(doubt(), refusal(404))
    world.run(delete(settings, NAME))
    assert [f"DELETE {NAME}"] * 2 == world.lines


@pytest.mark.parametrize("certain", [unsent, lambda: refusal(429)])
def test_an_attempt_that_cannot_have_acted_excuses_nothing(
    world: World, settings: Settings, certain: Callable[[], Answer]
) -> None:
    """After a request that was not sent, or was refused, a 404 is still an error."""
    world.expect(certain(), refusal(404))
    with pytest.raises(NotFoundError):
        world.run(delete(settings, NAME))


# Lists


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


# Found again by a label


def test_a_batch_is_found_by_its_label_alone(world: World, settings: Settings) -> None:
    """Other batches may have the same name; the label nothing else has."""
    others = [batch(name=f"batches/x{number}", label=f"gb-{number}") for number in range(3)]
    world.expect(page(*others, batch(name="batches/none"), batch(label=LABEL)))
    found = world.run(find(settings, LABEL))
    assert found is not None
    assert (NAME, "sky", LABEL) == (found.name, found.display_name, found.label)


def test_nothing_is_found_where_no_batch_has_the_label(world: World, settings: Settings) -> None:
    """That is no error: the list may be behind."""
    world.expect(page(batch(label="gb-other")))
    assert world.run(find(settings, LABEL)) is None


@pytest.mark.parametrize("numbers", [(2, 1), (3, 2, 1)])
def test_of_two_batches_with_one_label_the_older_is_taken(
    world: World, settings: Settings, told: pytest.LogCaptureFixture, numbers: tuple[int, ...]
) -> None:
    """The list is newest first; the others are named in a warning."""
    *newer, oldest = (batch(name=f"batches/b{number}", label=LABEL) for number in numbers)
    world.expect(page(*newer, token="a"), page(oldest))
    found = world.run(find(settings, LABEL))
    assert found is not None
    assert NAME == found.name
    others = ", ".join(one["name"] for one in newer)
    assert [f"more than one batch is labelled {LABEL}: also {others}"] == told.messages


def test_a_batch_that_stands_on_two_pages_is_one_batch(
    world: World, settings: Settings, told: pytest.LogCaptureFixture
) -> None:
    """Pages move on while they are read."""
    world.expect(page(batch(label=LABEL), token="a"), page(batch(label=LABEL)))
    found = world.run(find(settings, LABEL))
    assert found is not None
    assert NAME == found.name
    assert [] == told.messages


def test_a_label_is_looked_for_among_the_newest_thousand(world: World, settings: Settings) -> None:
    """A project may have any number of batches; a lost one is new."""
    for first in range(0, 1000, 100):
        batches = [batch(name=f"batches/b{first + number}") for number in range(100)]
        world.expect(page(*batches, token=f"t{first}"))
    assert world.run(find(settings, LABEL)) is None
    assert 10 == len(world.sent)
