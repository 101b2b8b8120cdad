"""A service that fails is not flooded: all calls of a client share what it may spend on retries."""

from typing import Any

import pytest

from gemini_batch import CreateOutcomeUnknownError, RetryPolicy, ServerError
from gemini_batch.emulator import Emulator
from tests.conformance.facades import Facade
from tests.conformance.scenes import prompts

ASKED = prompts(3)
CALLS, ATTEMPTS = 25, 5
"""So many calls that fail that often use up what a client has."""


@pytest.fixture
def spent(facade: Facade, emulator: Emulator, pauses: list[float]) -> tuple[Any, Any]:
    """Return a client and a handle of it, after a storm in which all its retries were spent."""
    del pauses
    client = facade.client(emulator.url, retry=RetryPolicy(attempts=ATTEMPTS))
    batch = client.submit(ASKED)
    emulator.faults.add("get", f"return-503*{CALLS * ATTEMPTS}")
    for _ in range(CALLS):
        with pytest.raises(ServerError):
            batch.operation()
    assert CALLS * ATTEMPTS == emulator.seen.count("get")
    return client, batch


def test_a_storm_over_one_operation_leaves_nothing_for_another(
    spent: tuple[Any, Any], emulator: Emulator
) -> None:
    """The first failure of anything else is the last one, and said at once."""
    client, batch = spent
    emulator.faults.add("get", "return-503")
    emulator.faults.add("list", "return-503")
    emulator.faults.add("upload-start", "return-503")

    with pytest.raises(ServerError):
        batch.operation()
    with pytest.raises(ServerError), client.list_batches() as batches:
        list(batches)
    with pytest.raises(ServerError):
        client.submit(ASKED, via="file")

    assert CALLS * ATTEMPTS + 1 == emulator.seen.count("get")
    assert 1 == emulator.seen.count("list")
    assert 1 == emulator.seen.count("upload-start")
    assert 1 == emulator.seen.count("create")


def test_a_batch_whose_reply_is_lost_is_looked_for_even_then(
    spent: tuple[Any, Any], emulator: Emulator
) -> None:
    """Each look is one request, as long as the list fails; nothing is created twice."""
    client, _ = spent
    emulator.faults.add("create", "close-after-acting")
    emulator.faults.add("list", "return-503*2")

    batch = client.submit(ASKED)

    assert batch.name == emulator.acted.of("create")[1].name
    assert 3 == emulator.seen.count("list")

    emulator.faults.add("create", "close-after-acting")
    emulator.faults.add("list", "return-503*5")
    with pytest.raises(CreateOutcomeUnknownError):
        client.submit(ASKED)
    assert 3 == emulator.acted.count("create") == emulator.seen.count("create")


def test_success_at_one_operation_pays_for_the_retry_of_another(
    spent: tuple[Any, Any], emulator: Emulator
) -> None:
    """Five of them pay for one."""
    client, batch = spent
    for _ in range(5):
        batch.operation()
    emulator.faults.add("list", "return-503*2")

    with pytest.raises(ServerError), client.list_batches() as batches:
        list(batches)

    assert 2 == emulator.seen.count("list")


def test_another_client_has_retries_of_its_own(
    spent: tuple[Any, Any], facade: Facade, emulator: Emulator
) -> None:
    """What one has spent is no concern of another."""
    _, batch = spent
    other = facade.client(emulator.url)
    emulator.faults.add("get", "return-503*2")

    assert batch.name == other.get_batch(batch.name).operation().name
