"""Many who use one handle at once, in threads or in tasks: one consumes it, and all are told."""

from collections.abc import Callable
from itertools import cycle, islice
from typing import Any

import pytest

from gemini_batch import (
    BatchOperation,
    HandleBusyError,
    HandleConsumedError,
    NotFoundError,
    Pending,
    PermissionDeniedError,
    ServerError,
    UsageError,
)
from gemini_batch.emulator import Emulator
from tests.conformance.facades import HASTY, Facade
from tests.conformance.scenes import assert_answered, assert_consumed, prompts

ASKED = prompts(3)
MANY = 8
VERBS = pytest.mark.parametrize(
    "verbs", [("cancel",), ("delete",), ("cancel", "delete")], ids=" and ".join
)


def calls_of(batch: Any, verbs: tuple[str, ...], count: int = MANY) -> list[Callable[[], Any]]:
    """Return so many calls that consume a handle, in turn."""
    return [getattr(batch.real, verb) for verb in islice(cycle(verbs), count)]


def unfinished(client: Any, emulator: Emulator) -> Any:
    """Submit a batch that does not end by itself."""
    emulator.faults.add("states", "PENDING")
    batch = client.submit(ASKED)
    batch.status()
    return batch


def acts(emulator: Emulator) -> list[str]:
    """Return what the service did about the end of a batch."""
    return [act.operation for act in emulator.acted if act.operation in {"cancel", "delete"}]


@VERBS
def test_while_one_consumes_all_others_are_told_at_once(
    facade: Facade, emulator: Emulator, verbs: tuple[str, ...]
) -> None:
    """They do not wait until the service has answered the one, which takes its time."""
    batch = unfinished(facade.client(emulator.url, timeout=HASTY), emulator)
    for verb in verbs:
        emulator.faults.add(verb, "hang")

    *others, one = facade.at_once(calls_of(batch, verbs))

    assert [HandleBusyError] * (MANY - 1) == [type(other) for other in others]
    assert not isinstance(one, Exception)
    (verb,) = acts(emulator)
    assert verb in verbs
    assert_consumed(batch, verb, batch.name)
    emulator.faults.clear()  # that of the verb that did not come first


@VERBS
def test_of_many_who_consume_at_once_exactly_one_acts(
    facade: Facade, emulator: Emulator, verbs: tuple[str, ...]
) -> None:
    """Whoever comes while it is at it is told so, and whoever comes after that, too."""
    client = facade.client(emulator.url)
    for _ in range(5):
        batch = unfinished(client, emulator)
        before = len(acts(emulator))

        outcomes = facade.at_once(calls_of(batch, verbs))

        told = [one for one in outcomes if isinstance(one, HandleBusyError | HandleConsumedError)]
        assert MANY - 1 == len(told)
        assert 1 == len(acts(emulator)) - before


@VERBS
def test_a_handle_that_comes_back_is_there_for_whoever_is_next(
    facade: Facade, emulator: Emulator, verbs: tuple[str, ...]
) -> None:
    """Where the one fails, the others were told that it was busy, and nothing is lost."""
    batch = unfinished(facade.client(emulator.url, timeout=HASTY), emulator)
    for verb in verbs:
        emulator.faults.add(verb, "hang")
        emulator.faults.add(verb, "return-403")

    *others, one = facade.at_once(calls_of(batch, verbs))

    assert [HandleBusyError] * (MANY - 1) == [type(other) for other in others]
    assert facade.returned_error is type(one)
    assert PermissionDeniedError is type(one.reason)
    assert batch.real is one.handle
    assert [] == acts(emulator)
    emulator.faults.clear()
    facade.speak(one.handle).delete()
    assert ["delete"] == acts(emulator)
    assert_consumed(batch, "delete", batch.name)


def test_looking_while_another_consumes_is_allowed(facade: Facade, emulator: Emulator) -> None:
    """What a look returns is how it was at that moment."""
    batch = facade.client(emulator.url, timeout=HASTY).submit(ASKED)
    emulator.faults.add("delete", "hang")

    operation, deleted = facade.at_once([batch.real.delete, batch.real.operation])

    assert isinstance(operation, BatchOperation)
    assert deleted is None
    assert batch.name == operation.name


def test_a_status_while_another_cancels_is_how_it_was(facade: Facade, emulator: Emulator) -> None:
    """It was asked for in time; whoever asks after that is told that the handle is used up."""
    batch = unfinished(facade.client(emulator.url, timeout=HASTY), emulator)
    emulator.faults.add("cancel", "hang")

    status, fresh = facade.at_once([batch.real.cancel, batch.real.status])

    assert isinstance(status, Pending)
    assert facade.handle_class is type(fresh)
    assert_consumed(batch, "cancel", fresh.name)


def test_the_results_are_fetched_for_all_who_ask_at_once(
    facade: Facade, emulator: Emulator
) -> None:
    """Each has all of them, whoever came first."""
    batch = facade.client(emulator.url).submit(ASKED, via="file")

    found = facade.at_once([batch.real.results] * 4)
    for results in found:
        assert_answered(ASKED, results)
    for results in found:  # some may be the same: who comes last is given what is there
        results.close()


def test_two_handles_of_one_batch_do_not_know_of_each_other(
    client: Any, emulator: Emulator
) -> None:
    """Each is consumed for itself; what was deleted by the other is not found."""
    batch = client.submit(ASKED)
    other = client.get_batch(batch.name)

    batch.delete()

    assert "live" in repr(other)
    with pytest.raises(NotFoundError):
        other.delete()
    assert_consumed(other, "delete", batch.name)
    assert ["delete"] == acts(emulator)


def test_a_delete_that_acted_and_never_said_so_is_found_out_by_the_next(
    client: Any, facade: Facade, emulator: Emulator
) -> None:
    """The handle comes back, for nobody can know; then there is nothing left of the batch."""
    emulator.faults.add("delete", "return-503-after-acting*5")
    batch = client.submit(ASKED)

    with pytest.raises(facade.returned_error) as raised:
        batch.delete()
    assert ServerError is type(raised.value.reason)
    assert raised.value.retryable
    assert ["delete"] == acts(emulator)
    with pytest.raises(NotFoundError):
        facade.speak(raised.value.handle).delete()
    assert_consumed(batch, "delete", batch.name)


def test_only_handles_of_the_client_are_waited_for(facade: Facade, emulator: Emulator) -> None:
    """What is no list of them is refused, and nothing is sent."""
    client, other = facade.client(emulator.url), facade.client(emulator.url)
    batch = client.submit(ASKED)
    sent = len(emulator.seen)
    for wrong, complaint in (
        (batch.real, "wrap it in a list"),
        ("batches/abc", "wrap it in a list"),
        (["batches/abc"], "can be waited for here, and not 'batches/abc'"),
    ):
        with pytest.raises(UsageError, match=complaint):
            client.wait_all(wrong)
    with pytest.raises(UsageError, match=f"{batch.name} was made by another client"):
        other.wait_all([batch.real])
    assert sent == len(emulator.seen)
