"""The life of a batch: every state, told once and for good, however the service tells it."""

from collections.abc import Callable
from typing import Any

import pytest

from gemini_batch import (
    Cancelled,
    Expired,
    Failed,
    Pending,
    PollPolicy,
    ProtocolError,
    Running,
    Succeeded,
    UsageError,
    WaitTimeoutError,
)
from gemini_batch.emulator import Emulator
from tests.conformance.facades import Facade
from tests.conformance.scenes import assert_answered, prompts

ASKED = prompts(6)
VIAS = pytest.mark.parametrize("via", ["inline", "file"])


def submit(client: Any, emulator: Emulator, script: str, via: str = "inline") -> Any:
    """Submit a batch that each look finds in the next state of a script."""
    emulator.faults.add("states", script)
    return client.submit(ASKED, via=via)


@VIAS
def test_each_look_tells_the_state_of_the_moment(client: Any, emulator: Emulator, via: str) -> None:
    """One call of ``status()`` is one look, and only the last one fetches anything."""
    batch = submit(client, emulator, "PENDING,RUNNING*2,SUCCEEDED", via)

    seen = [batch.status() for _ in range(4)]

    assert [Pending, Running, Running, Succeeded] == [type(status) for status in seen]
    assert [False, False, False, True] == [status.finished for status in seen]
    assert [6] * 4 == [status.stats.request_count for status in seen]
    assert 4 == emulator.seen.count("get")
    with seen[-1].results as results:
        assert_answered(ASKED, results)


def test_the_counts_of_a_running_batch_add_up(client: Any, emulator: Emulator) -> None:
    """What the service leaves out is known where the rest accounts for all."""
    batch = submit(client, emulator, "RUNNING*2,SUCCEEDED")

    now = batch.status()

    assert 6 == now.total_count
    assert now.total_count == now.completed_count + now.pending_count
    batch.wait().results.close()


@VIAS
def test_watching_yields_each_look_until_the_last(
    client: Any, emulator: Emulator, via: str
) -> None:
    """The stream ends with the final status, which has the results."""
    batch = submit(client, emulator, "PENDING*2,RUNNING*3,SUCCEEDED", via)

    *before, last = batch.watch()

    assert [Pending] * 2 + [Running] * 3 == [type(status) for status in before]
    with last.results as results:
        assert_answered(ASKED, results)


def test_watching_a_finished_batch_yields_it_once(client: Any) -> None:
    """Without another look, once its results are here."""
    batch = client.submit(ASKED)

    with batch.results() as results:
        assert [results] == [status.results for status in batch.watch()]


def test_a_batch_that_fails_says_why(client: Any, emulator: Emulator) -> None:
    """``wait()`` returns the failure as it would any end."""
    status = submit(client, emulator, "RUNNING,FAILED").wait()

    assert isinstance(status, Failed)
    assert status.error is not None
    assert "INTERNAL" == status.error.status


def test_the_names_of_another_api_are_understood(client: Any, emulator: Emulator) -> None:
    """``JOB_STATE_RUNNING`` is what the same batch is called elsewhere."""
    batch = submit(client, emulator, "JOB_STATE_PENDING,JOB_STATE_RUNNING,SUCCEEDED")

    assert [Pending, Running, Succeeded] == [type(batch.status()) for _ in range(3)]


@VIAS
def test_a_batch_is_not_done_before_its_output_is_there(
    client: Any, emulator: Emulator, via: str
) -> None:
    """For a while the service may call it succeeded and show nothing."""
    batch = submit(client, emulator, "RUNNING,SUCCEEDED-before-output*2,SUCCEEDED", via)

    *before, last = batch.watch()

    assert [Running] * 3 == [type(status) for status in before]
    with last.results as results:
        assert_answered(ASKED, results)


@pytest.mark.parametrize("word", ["SUCCEEDED-before-output", "done-without-result"])
def test_output_that_never_comes_is_an_error_after_a_while(
    client: Any, emulator: Emulator, word: str
) -> None:
    """The grace of the poll policy bounds it, and the status stays readable."""
    batch = submit(client, emulator, word)
    poll = PollPolicy(first=0.01, ceiling=0.02, grace=0.1)

    with pytest.raises(ProtocolError, match="finished without a result"):
        batch.wait(poll=poll)
    assert isinstance(batch.status(), Running)
    assert "SUCCEEDED" == batch.operation().state


@pytest.mark.parametrize(
    ("script", "kind"),
    [("FAILED,RUNNING", Failed), ("CANCELLED,RUNNING", Cancelled), ("EXPIRED,PENDING", Expired)],
)
def test_an_end_is_not_taken_back(
    client: Any, emulator: Emulator, logged: Callable[[], str], script: str, kind: type[Any]
) -> None:
    """What was final stays so, and the contradiction is logged."""
    batch = submit(client, emulator, script)

    first, second = batch.status(), batch.wait()

    assert kind is type(first) is type(second)
    assert "and the service now calls it" in logged()


def test_success_is_not_taken_back(
    client: Any, emulator: Emulator, logged: Callable[[], str]
) -> None:
    """Its results are fetched again although the service calls the batch running by now."""
    batch = submit(client, emulator, "SUCCEEDED,RUNNING", "file")
    batch.status().results.close()

    status = batch.wait()

    assert isinstance(status, Succeeded)
    assert "was SUCCEEDED, and the service now calls it RUNNING" in logged()
    with status.results as results:
        assert_answered(ASKED, results)


def test_results_that_are_in_hand_are_not_taken_back(client: Any, emulator: Emulator) -> None:
    """Nobody needs to look again; once they are let go of, the service has to show them again."""
    batch = submit(client, emulator, "SUCCEEDED,RUNNING,SUCCEEDED")

    first = batch.status()
    assert first.results is batch.wait().results
    assert 1 == emulator.seen.count("get")
    first.results.close()
    with pytest.raises(ProtocolError, match="had results, and shows none now"):
        batch.status()
    with batch.results() as results:
        assert_answered(ASKED, results)


@VIAS
def test_an_error_counts_although_the_state_says_success(
    client: Any, emulator: Emulator, via: str
) -> None:
    """The status says why, and what the service called it."""
    status = submit(client, emulator, "RUNNING,done+error", via).wait()

    assert isinstance(status, Failed)
    assert status.error is not None
    assert (13, "INTERNAL") == (status.error.code, status.error.status)
    assert ("SUCCEEDED", True) == (status.operation.state, status.operation.done)


def test_a_list_may_be_behind_in_its_counts(client: Any, emulator: Emulator) -> None:
    """They are told as they come; a look at the batch itself tells the true ones."""
    batch = client.submit(ASKED)
    emulator.faults.add("list", "stale-stats")

    (listed,) = client.list_batches()

    assert ("SUCCEEDED", True) == (listed.state, listed.done)
    assert (6, 6) == (listed.stats.request_count, listed.stats.pending_request_count)
    stats = client.get_batch(listed.name).operation().stats
    assert (6, 6) == (stats.request_count, stats.successful_request_count)
    with batch.results() as results:
        assert_answered(ASKED, results)


def test_giving_up_the_wait_leaves_the_batch_alone(facade: Facade, timeless: Emulator) -> None:
    """The error says that it goes on; the same handle waits again."""
    batch = facade.client(timeless.url).submit(ASKED)

    with pytest.raises(WaitTimeoutError, match=r"is still PENDING after 0\.05 s") as raised:
        batch.wait(timeout=0.05)
    assert isinstance(raised.value, TimeoutError)
    assert batch.name == raised.value.name
    assert ["create"] == [act.operation for act in timeless.acted]

    timeless.advance(150)
    with pytest.raises(WaitTimeoutError, match="is still RUNNING"):
        batch.results(timeout=0.05)
    with pytest.raises(WaitTimeoutError), batch.stream_results(timeout=0.05) as items:
        list(items)
    timeless.advance(150)
    with batch.results(timeout=0.05) as results:
        assert_answered(ASKED, results)


def test_a_timeout_of_nothing_is_one_look(facade: Facade, timeless: Emulator) -> None:
    """It is taken all the same, and finished is finished."""
    batch = facade.client(timeless.url).submit(ASKED)

    with pytest.raises(WaitTimeoutError):
        batch.wait(timeout=0)
    assert 1 == timeless.seen.count("get")
    timeless.advance(300)
    assert isinstance(batch.wait(timeout=0), Succeeded)


@pytest.mark.parametrize("timeout", [-1, float("nan"), float("inf")])
def test_a_timeout_that_is_no_time_is_refused(
    client: Any, emulator: Emulator, timeout: float
) -> None:
    """Before anything is looked at."""
    batch = client.submit(ASKED)

    for call in (batch.wait, batch.results, batch.watch, batch.stream_results):
        with pytest.raises(UsageError, match="timeout must be"):
            call(timeout=timeout)
    assert 0 == emulator.seen.count("get")


def test_progress_is_told_on_the_way(client: Any, emulator: Emulator) -> None:
    """Encoding, uploading, waiting and downloading are all told, to whoever asks."""
    emulator.faults.add("states", "PENDING,RUNNING,SUCCEEDED")
    told: list[Any] = []

    batch = client.submit(ASKED, via="file", progress=told.append)
    with batch.results(progress=told.append) as results:
        assert_answered(ASKED, results)

    stages = list(dict.fromkeys(one.stage for one in told))
    assert ["encoding", "uploading", "waiting", "downloading"] == stages
    assert ["PENDING", "RUNNING", "SUCCEEDED"] == [one.state for one in told if one.state]
