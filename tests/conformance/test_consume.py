"""Cancel and delete: the handle is used up by success, and given back by failure."""

from typing import Any

import pytest

from gemini_batch import (
    BatchCancelledError,
    Cancelled,
    HandleBusyError,
    HandleConsumedError,
    HandleReturnedError,
    NotFoundError,
    Pending,
    PermissionDeniedError,
    ServerError,
    Succeeded,
    TransportError,
)
from gemini_batch.emulator import Emulator
from tests.conformance.facades import HASTY, Facade
from tests.conformance.scenes import assert_answered, named, prompts

ASKED = prompts(40)
VIAS = pytest.mark.parametrize("via", ["inline", "file"])
VERBS = pytest.mark.parametrize("verb", ["cancel", "delete"])
LOST = (
    "reset-after-acting",
    "close-after-acting",
    "hang-after-acting",
    "return-500-after-acting",
    "return-503-after-acting",
    "html-502-after-acting",
)
NOT_ACTED = (
    "reset-before-acting",
    "close-before-acting",
    "hang",
    "return-408",
    "return-429",
    "return-500",
    "return-503*4",
    "html-502",
)


def assert_consumed(handle: Any, verb: str, name: str) -> None:
    """Try everything that a handle can do: it can nothing any more but say its name."""
    for method in (
        handle.operation,
        handle.status,
        handle.watch,
        handle.wait,
        handle.results,
        handle.stream_results,
        handle.cancel,
        handle.delete,
    ):
        with pytest.raises(HandleConsumedError, match=rf"consumed by {verb}\(\)"):
            method()
    assert name == handle.name
    assert f"consumed by {verb}()" in repr(handle)


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


@VIAS
def test_cancelling_a_finished_batch_changes_nothing(
    client: Any, emulator: Emulator, via: str
) -> None:
    """It succeeds, and the results are there."""
    batch = client.submit(ASKED, via=via)
    batch.results().close()

    closing = batch.cancel()

    assert 0 == emulator.acted.count("cancel")
    assert_consumed(batch, "cancel", closing.name)
    with closing.results() as results:
        assert_answered(ASKED, results)


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


@named("delete", *LOST)
def test_a_lost_reply_to_delete_counts_as_deleted(
    client: Any, emulator: Emulator, fault: str
) -> None:
    """Not finding it then is what was wanted."""
    emulator.faults.add("delete", fault)
    batch = client.submit(ASKED)

    batch.delete()

    assert 1 == emulator.acted.count("delete")
    assert 2 == emulator.seen.count("delete")
    assert_consumed(batch, "delete", batch.name)


@named("cancel", *LOST)
def test_a_lost_reply_to_cancel_is_asked_again(client: Any, emulator: Emulator, fault: str) -> None:
    """Cancelling twice is cancelling once."""
    emulator.faults.add("states", "PENDING*3")
    emulator.faults.add("cancel", fault)
    batch = client.submit(ASKED)

    assert isinstance(batch.cancel().wait(), Cancelled)
    assert 1 == emulator.acted.count("cancel")
    assert 2 == emulator.seen.count("cancel")


@VERBS
@named("consume", *NOT_ACTED)
def test_consuming_is_tried_again(client: Any, emulator: Emulator, verb: str, fault: str) -> None:
    """What failed for the moment may be repeated, and acts once."""
    emulator.faults.add("states", "PENDING*3")
    emulator.faults.add(verb, fault)
    batch = client.submit(ASKED)

    getattr(batch, verb)()

    assert 1 == emulator.acted.count(verb)
    emulator.faults.clear()


@VERBS
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param("return-503*5", ServerError, id="return_503"),
        pytest.param("reset-before-acting*5", TransportError, id="reset_before_acting"),
        pytest.param("close-before-acting*5", TransportError, id="close_before_acting"),
    ],
)
def test_a_handle_comes_back_from_a_failure_and_works(
    client: Any,
    facade: Facade,
    emulator: Emulator,
    verb: str,
    fault: str,
    reason: type[Exception],
) -> None:
    """It is the same handle, the error says that trying again can help, and so it does."""
    emulator.faults.add(verb, fault)
    batch = client.submit(ASKED)

    with pytest.raises(facade.returned_error, match="its handle is still yours") as raised:
        getattr(batch, verb)()
    assert isinstance(raised.value, HandleReturnedError)
    assert batch.real is raised.value.handle
    assert reason is type(raised.value.reason)
    assert raised.value.retryable
    assert batch.name == raised.value.name
    assert 0 == emulator.acted.count(verb)

    again = facade.speak(raised.value.handle)
    with again.results() as results:
        assert_answered(ASKED, results)
    getattr(again, verb)()
    assert_consumed(batch, verb, raised.value.name)


@VERBS
def test_a_refusal_gives_the_handle_back_for_good(
    client: Any, facade: Facade, emulator: Emulator, verb: str
) -> None:
    """Trying again will not help, and the error says so."""
    emulator.faults.add(verb, "return-403")
    batch = client.submit(ASKED)

    with pytest.raises(facade.returned_error, match="will not help") as raised:
        getattr(batch, verb)()
    assert not raised.value.retryable
    assert isinstance(raised.value.reason, PermissionDeniedError)
    assert raised.value.reason is raised.value.__cause__
    assert 1 == emulator.seen.count(verb)
    assert batch.status().finished


@VERBS
def test_of_many_who_consume_at_once_one_wins(
    facade: Facade, emulator: Emulator, verb: str
) -> None:
    """The others are told at once that somebody is at it, and nothing is done twice."""
    emulator.faults.add("states", "PENDING*3")
    batch = facade.client(emulator.url, timeout=HASTY).submit(ASKED)
    emulator.faults.add(verb, "hang")

    outcomes = facade.at_once([getattr(batch.real, verb)] * 4)

    busy = [one for one in outcomes if isinstance(one, HandleBusyError)]
    assert 3 == len(busy)
    assert 1 == emulator.acted.count(verb)
    assert_consumed(batch, verb, batch.name)
    emulator.faults.clear()


def test_looking_while_another_consumes_is_allowed(facade: Facade, emulator: Emulator) -> None:
    """What a look returns is how it was at that moment."""
    batch = facade.client(emulator.url, timeout=HASTY).submit(ASKED)
    emulator.faults.add("delete", "hang")

    deleted, operation = facade.at_once([batch.real.delete, batch.real.operation])

    assert deleted is None
    assert batch.name == operation.name
