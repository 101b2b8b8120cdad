"""Cancel and delete: the handle is used up by success, and given back by failure."""

from typing import Any

import pytest

from gemini_batch import (
    BatchCancelledError,
    Cancelled,
    NotFoundError,
    Pending,
    Succeeded,
)
from gemini_batch.emulator import Emulator
from tests.conformance.facades import Facade
from tests.conformance.scenes import assert_answered, assert_consumed, prompts

ASKED = prompts(40)
VIAS = pytest.mark.parametrize("via", ["inline", "file"])
VERBS = pytest.mark.parametrize("verb", ["cancel", "delete"])


@VIAS
def test_a_pending_batch_is_cancelled_with_nothing_answered(
    facade: Facade, timeless: Emulator, via: str
) -> None:
    """The fresh handle waits for the end, the old one is used up."""
    batch = facade.client(timeless.url).submit(ASKED, via=via)

    closing = batch.cancel()

    assert ["create", "cancel"] == [
        act.operation for act in timeless.acted if act.operation in {"create", "cancel"}
    ]
    assert_consumed(batch, "cancel", closing.name)
    status = closing.wait()
    assert isinstance(status, Cancelled)
    assert status.results is None
    with pytest.raises(BatchCancelledError, match="nothing was answered"):
        closing.results()


@VIAS
def test_a_batch_that_may_not_be_cancelled_any_more_was_finished(
    client: Any, emulator: Emulator, via: str
) -> None:
    """Such a refusal is no failure: the fresh handle says how the batch ended."""
    batch = client.submit(ASKED, via=via)
    emulator.faults.add("cancel", "return-400/status=FAILED_PRECONDITION")

    closing = batch.cancel()

    assert_consumed(batch, "cancel", closing.name)
    status = closing.status()
    assert isinstance(status, Succeeded)
    with status.results as results:
        assert_answered(ASKED, results)
    assert 0 == emulator.acted.count("cancel")


@VIAS
def test_a_batch_cancelled_while_running_keeps_what_was_answered(
    facade: Facade, timeless: Emulator, via: str
) -> None:
    """It ends as succeeded, and the fresh handle still knows which keys there were."""
    batch = facade.client(timeless.url).submit(ASKED, via=via)
    timeless.advance(150)

    closing = batch.cancel()

    with closing.results() as results:
        assert () == results.missing
        assert 0 < len(results.successes) < len(ASKED)
        assert {"CANCELLED"} == {item.error.status for item in results.errors}
        answered = {item.key: ASKED[int(item.key)] for item in results.successes}
        assert_answered(answered, results.successes)
    assert isinstance(closing.status(), Succeeded)


def test_cancelling_can_be_done_again_with_the_fresh_handle(
    facade: Facade, timeless: Emulator
) -> None:
    """Each cancel hands back a handle that is good."""
    batch = facade.client(timeless.url).submit(ASKED)

    assert batch.name == batch.cancel().cancel().cancel().name
    assert 1 == timeless.acted.count("cancel")


@VIAS
def test_a_deleted_batch_is_gone(client: Any, emulator: Emulator, via: str) -> None:
    """Nobody finds it any more, by name either; the name itself stays readable."""
    batch = client.submit(ASKED, via=via)
    name = batch.name

    batch.delete()

    assert [name] == [act.name for act in emulator.acted.of("delete")]
    assert_consumed(batch, "delete", name)
    with pytest.raises(NotFoundError):
        client.get_batch(name).status()


@VERBS
def test_what_was_deleted_by_another_handle_is_not_found(
    client: Any, emulator: Emulator, verb: str
) -> None:
    """There is nothing left to hand back, so that handle is used up as well."""
    batch = client.submit(ASKED)
    other = client.get_batch(batch.name)
    batch.delete()

    with pytest.raises(NotFoundError):
        getattr(other, verb)()
    assert 1 == emulator.acted.count("delete")
    assert_consumed(other, verb, batch.name)


def test_deleting_while_it_is_watched_ends_the_watch(client: Any, emulator: Emulator) -> None:
    """The next look finds nothing, and says so."""
    emulator.faults.add("states", "PENDING")
    batch = client.submit(ASKED)
    watched = client.get_batch(batch.name).watch()
    assert isinstance(next(watched), Pending)

    batch.delete()

    with pytest.raises(NotFoundError):
        next(watched)


def test_deleting_leaves_results_already_fetched(client: Any) -> None:
    """They are on this machine."""
    batch = client.submit(ASKED, via="file")

    with batch.results() as results:
        batch.delete()
        assert_answered(ASKED, results)
