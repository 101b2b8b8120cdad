"""Create, the call that costs money: whatever happens to its reply, the service acts on one."""

from collections.abc import Callable
from typing import Any

import pytest

from gemini_batch import (
    CreateOutcomeUnknownError,
    GeminiBatchError,
    InvalidRequestError,
    RateLimitError,
    RetryPolicy,
    Timeouts,
    UsageError,
)
from gemini_batch.emulator import Emulator
from tests.conformance.facades import Facade
from tests.conformance.scenes import named

ASKED = ["Why is the sky blue?", "Why is grass green?", "Why is snow white?"]
VIAS = pytest.mark.parametrize("via", ["inline", "file"])


def test_a_file_that_stays_behind_is_named_in_a_note(client: Any, emulator: Emulator) -> None:
    """Where the file of a refused batch cannot be removed either, the error says which it is."""
    emulator.faults.add("create", "return-400")
    emulator.faults.add("file-delete", "return-403/message=not yours")
    emulator.faults.add("file-delete", "return-503*5")

    with pytest.raises(InvalidRequestError) as gone:
        client.submit(ASKED, via="file")
    assert not hasattr(gone.value, "__notes__")

    emulator.faults.add("create", "return-400")
    with pytest.raises(InvalidRequestError) as left:
        client.submit(ASKED, via="file", label="gb-mine")
    (note,) = left.value.__notes__
    assert "files/gb-mine was uploaded for it and could not be deleted" in note


@named(
    "create",
    "return-429/retry-after=500",
    "return-429/retry-info=3600s",
    "return-429/quota=BatchEnqueuedTokensPerDay",
)
def test_a_quota_that_frees_up_tomorrow_is_said_at_once(
    client: Any, emulator: Emulator, pauses: list[float], fault: str
) -> None:
    """Nobody is kept waiting for hours: the error says for how long it would be."""
    emulator.faults.add("create", fault)

    with pytest.raises(RateLimitError) as raised:
        client.submit(ASKED)
    assert ("quota" in fault) == (raised.value.retry_after is None)
    assert [] == pauses
    assert 1 == emulator.seen.count("create")


def test_a_slow_create_is_waited_for_longer_than_other_calls(
    facade: Facade, emulator: Emulator
) -> None:
    """The service checks a whole file inside create: the read timeout of other calls is not its."""
    emulator.faults.add("create", "stall=0.4s-after-20")
    slow = facade.client(emulator.url, timeout=Timeouts(read=0.2, create=5.0))

    slow.submit(ASKED, via="file")

    assert 1 == emulator.seen.count("create")
    assert 0 == emulator.seen.count("list")


def test_a_lost_batch_is_looked_for_though_there_is_no_time_to_look(
    facade: Facade, emulator: Emulator, logged: Callable[[], str]
) -> None:
    """One look costs nothing, and finds it."""
    emulator.faults.add("create", "close-after-acting")

    batch = facade.client(emulator.url, retry=RetryPolicy(look_for=0)).submit(ASKED)

    assert [batch.name] == [act.name for act in emulator.acted.of("create")]
    assert 1 == emulator.seen.count("list")
    assert f"reply lost; adopted {batch.name}" in logged()


def test_two_batches_of_one_label_are_both_named(
    client: Any, emulator: Emulator, logged: Callable[[], str]
) -> None:
    """Where the caller agreed to pay twice, and did: the older one is adopted, the other told."""
    emulator.faults.add("create", "close-after-acting*2")
    emulator.faults.add("list", "list-lag=1")

    batch = client.submit(ASKED, on_unknown="resubmit")

    older, newer = (act.name for act in emulator.acted.of("create"))
    assert older == batch.name
    assert f"also {newer}" in logged()


@VIAS
def test_a_label_is_good_for_one_submission(client: Any, emulator: Emulator, via: str) -> None:
    """A second batch of it could not be told from the first one, so that none is created."""
    first = client.submit(ASKED, via=via, label="gb-mine")

    with pytest.raises(UsageError, match=f"{first.name} has the label gb-mine already"):
        client.submit(ASKED, via=via, label="gb-mine")
    assert 1 == emulator.seen.count("create")
    assert (via == "file") == (1 == emulator.acted.count("upload-start"))


def test_the_doubt_about_a_create_is_told_with_its_reason(client: Any, emulator: Emulator) -> None:
    """What happened stands behind the error as its cause."""
    emulator.faults.add("create", "return-503/message=overloaded")

    with pytest.raises(CreateOutcomeUnknownError) as raised:
        client.submit(ASKED, label="gb-mine")
    assert "gb-mine" == raised.value.label
    assert isinstance(raised.value.__cause__, GeminiBatchError)
    assert "overloaded" in str(raised.value.__cause__)
