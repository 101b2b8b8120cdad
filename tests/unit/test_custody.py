"""Who may still use a handle."""

import threading

import pytest

from gemini_batch.custody import Custody
from gemini_batch.errors import (
    HandleBusyError,
    HandleConsumedError,
    NotFoundError,
    ServerError,
    UsageError,
)


def test_a_handle_is_live_until_it_is_consumed() -> None:
    """Success spends it, and says by what."""
    custody = Custody()
    custody.require_live()
    assert "live" == custody.state
    with custody.consume("delete"):
        custody.require_live()
        assert "live" == custody.state
    assert "consumed by delete()" == custody.state
    with pytest.raises(HandleConsumedError, match=r"consumed by delete\(\); client\.get_batch"):
        custody.require_live()


def test_a_spent_handle_is_not_consumed_again() -> None:
    """The second call never reaches the service, and the first one is named."""
    custody = Custody()
    with custody.consume("cancel"):
        pass
    with pytest.raises(HandleConsumedError) as raised, custody.consume("delete"):
        pytest.fail("a spent handle was used")
    assert "cancel" == raised.value.verb
    assert "consumed by cancel()" == custody.state


@pytest.mark.parametrize(
    "error", [ServerError(503), UsageError("no"), KeyboardInterrupt(), GeneratorExit(), OSError()]
)
def test_a_failure_changes_nothing(error: BaseException) -> None:
    """Whatever goes wrong, interrupts included, the handle is live and can be consumed again."""
    custody = Custody()
    with pytest.raises(type(error)) as raised, custody.consume("delete"):
        raise error
    assert error is raised.value
    assert "live" == custody.state
    with custody.consume("delete"):
        pass
    assert "consumed by delete()" == custody.state


def test_a_handle_to_nothing_is_spent() -> None:
    """Where the service has nothing of that name there is nothing to hand back."""
    custody = Custody()
    with pytest.raises(NotFoundError), custody.consume("cancel"):
        raise NotFoundError(404)
    with pytest.raises(HandleConsumedError, match="cancel"):
        custody.require_live()


def test_a_second_consumer_is_told_at_once() -> None:
    """It does not wait, whether it is in the same thread or in another, and nothing is changed."""
    custody = Custody()
    refused: list[HandleBusyError] = []

    def consume() -> None:
        with pytest.raises(HandleBusyError) as raised, custody.consume("delete"):
            pytest.fail("two consumers at once")
        refused.append(raised.value)

    with custody.consume("cancel"):
        other = threading.Thread(target=consume)
        other.start()
        other.join()
        consume()
        custody.require_live()
    assert ["delete", "delete"] == [error.verb for error in refused]
    assert "consumed by cancel()" == custody.state


def test_many_consumers_have_one_winner() -> None:
    """However many threads race, exactly one consumes the handle."""
    custody, start = Custody(), threading.Barrier(8)
    outcomes: list[str] = []

    def consume() -> None:
        start.wait()
        try:
            with custody.consume("delete"):
                outcomes.append("consumed")
        except (HandleBusyError, HandleConsumedError):
            outcomes.append("refused")

    threads = [threading.Thread(target=consume) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ["consumed", *["refused"] * 7] == sorted(outcomes)
