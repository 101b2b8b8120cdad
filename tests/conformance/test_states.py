"""The life of a batch: every state, told once and for good, however the service tells it."""

from collections.abc import Callable
from typing import Any

import pytest

from gemini_batch import (
    ApiError,
    BatchCancelledError,
    BatchEndedError,
    BatchExpiredError,
    BatchFailedError,
    Cancelled,
    Expired,
    Failed,
    NotFoundError,
    Pending,
    PollPolicy,
    ProtocolError,
    Running,
    Succeeded,
    Unrecognised,
    UsageError,
    WaitTimeoutError,
)
from gemini_batch.emulator import Emulator
from tests.conformance.facades import Facade
from tests.conformance.scenes import assert_answered, named, prompts

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


@pytest.mark.parametrize(
    ("script", "kind", "answered"),
    [
        pytest.param("RUNNING,SUCCEEDED", Succeeded, 6, id="SUCCEEDED"),
        pytest.param("RUNNING,CANCELLED-with-output", Cancelled, 6, id="CANCELLED-with-output"),
        pytest.param("RUNNING,EXPIRED-with-output", Expired, 6, id="EXPIRED-with-output"),
        pytest.param("PENDING,CANCELLED", Cancelled, None, id="CANCELLED"),
        pytest.param("PENDING,EXPIRED", Expired, None, id="EXPIRED"),
    ],
)
@VIAS
def test_waiting_returns_however_the_batch_ends(
    client: Any, emulator: Emulator, script: str, kind: type[Any], answered: int | None, via: str
) -> None:
    """The final status keeps whatever was answered."""
    status = submit(client, emulator, script, via).wait()

    assert kind is type(status)
    assert status.finished
    if answered is None:
        assert status.results is None
    else:
        with status.results as results:
            assert answered == len(results)
            assert () == results.missing
            good = {item.key: ASKED[int(item.key)] for item in results.successes}
            assert len(good) in {3, 6}
            assert_answered(good, results.successes)


def test_a_batch_that_fails_says_why(client: Any, emulator: Emulator) -> None:
    """``wait()`` returns the failure as it would any end."""
    status = submit(client, emulator, "RUNNING,FAILED").wait()

    assert isinstance(status, Failed)
    assert status.error is not None
    assert "INTERNAL" == status.error.status


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ("FAILED", BatchFailedError),
        ("CANCELLED", BatchCancelledError),
        ("EXPIRED", BatchExpiredError),
        ("CANCELLED-with-output", BatchCancelledError),
        ("EXPIRED-with-output", BatchExpiredError),
    ],
)
@VIAS
def test_asking_for_results_that_never_came_raises_how_it_ended(
    client: Any, emulator: Emulator, script: str, kind: type[BatchEndedError], via: str
) -> None:
    """What was answered and billed is in the status of the error."""
    batch = submit(client, emulator, f"PENDING,{script}", via)

    with pytest.raises(kind, match=batch.name) as raised:
        batch.results()
    if script.endswith("output"):
        with raised.value.status.results as results:
            assert 3 == len(results.successes)
            assert 3 == len(results.errors)
            assert_answered(
                {i.key: ASKED[int(i.key)] for i in results.successes}, results.successes
            )


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ("CANCELLED-with-output", BatchCancelledError),
        ("EXPIRED-with-output", BatchExpiredError),
    ],
)
@VIAS
def test_what_was_answered_before_the_end_can_be_streamed(
    client: Any, emulator: Emulator, script: str, kind: type[BatchEndedError], via: str
) -> None:
    """All of it is passed on, and then it is said how the batch ended."""
    batch = submit(client, emulator, script, via)
    answered: list[bool] = []

    with batch.stream_results() as items, pytest.raises(kind, match="6 results came back"):
        answered.extend(item.ok for item in items)
    assert 3 == sum(answered)
    assert 6 == len(answered)


@pytest.mark.parametrize("word", ["BATCH_STATE_NEW", "JOB_STATE_NEW"])
def test_an_unknown_state_is_told_and_waited_through(
    client: Any, emulator: Emulator, logged: Callable[[], str], word: str
) -> None:
    """A later version of the service may know more states; one warning says so."""
    batch = submit(client, emulator, f"PENDING,{word}*3,RUNNING,SUCCEEDED")

    *before, last = batch.watch()

    assert [Pending, Unrecognised, Unrecognised, Unrecognised, Running] == [*map(type, before)]
    assert ("NEW", False) == (before[1].state, before[1].finished)
    assert 1 == logged().count("in a state not known here: NEW")
    last.results.close()


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


@named(
    "get",
    "return-429",
    "return-500*3",
    "return-503*7",
    "reset-before-acting",
    "reset-after-acting",
    "close-before-acting*2",
    "hang",
    "html-502",
    "broken-stream-after-10",
)
def test_waiting_survives_looks_that_fail(
    client: Any, emulator: Emulator, logged: Callable[[], str], fault: str
) -> None:
    """A batch that runs for hours is not lost because of a bad minute."""
    emulator.faults.add("get", fault)
    batch = submit(client, emulator, "RUNNING,SUCCEEDED")

    with batch.results() as results:
        assert_answered(ASKED, results)
    if fault == "return-503*7":
        assert "could not be looked at, going on" in logged()


@named("get", "return-403", "return-404", "json-broken", "json-empty", "json-deep=100K")
def test_waiting_ends_where_looking_cannot_succeed(
    client: Any, emulator: Emulator, fault: str
) -> None:
    """What no patience mends is raised at once, and the handle is good for another try."""
    emulator.faults.add("get", fault)
    batch = client.submit(ASKED)

    with pytest.raises((ApiError, ProtocolError)) as raised:
        batch.wait()
    assert ("404" in fault) == isinstance(raised.value, NotFoundError)
    assert 1 == emulator.seen.count("get")
    batch.wait().results.close()


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
