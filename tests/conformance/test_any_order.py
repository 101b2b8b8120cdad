"""States in any order, over sockets: an end that was seen is the end, for all who look after."""

import json
import random
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from gemini_batch import (
    BatchEndedError,
    BatchFailedError,
    Cancelled,
    Expired,
    Failed,
    NotFoundError,
    Pending,
    PollPolicy,
    ProtocolError,
    RetryPolicy,
    Running,
    Succeeded,
    Unrecognised,
    UsageError,
    WaitTimeoutError,
)
from gemini_batch.effects import Effect, Sleep
from gemini_batch.emulator import Emulator
from tests.conformance.canned import canned
from tests.conformance.facades import Facade
from tests.conformance.scenes import assert_answered, prompts

ASKED = prompts(3)
STEPS = (
    *("PENDING", "RUNNING", "JOB_STATE_PENDING", "JOB_STATE_RUNNING"),
    *("BATCH_STATE_NEW", "SUCCEEDED-before-output", "done-without-result"),
    *("SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED"),
    *("CANCELLED-with-output", "EXPIRED-with-output", "done+error"),
)
VERBS = ("status", "wait", "watch", "results", "wait_all", "as_completed", "cancel", "close")
QUICK = PollPolicy(first=0.001, ceiling=0.002, grace=0.005)


def looks(client: Any, batch: Any, verb: str, timeout: float) -> list[Any]:
    """Do something with a batch, and return how it was seen."""
    match verb:
        case "wait":
            return [batch.wait(timeout=timeout)]
        case "watch":
            return list(batch.watch(timeout=timeout))
        case "results":
            return [] if batch.results(timeout=timeout).closed else [batch.status()]
        case "wait_all":
            return list(client.wait_all([batch.real] * 2, timeout=timeout))
        case "as_completed":
            with client.as_completed([batch.real], timeout=timeout) as finished:
                return [one.status() for one in finished]
        case _:
            return [batch.status()]


def let_go(status: Any) -> None:
    """Close the results of a status, if it has any."""
    results = getattr(status, "results", None)
    if results is not None:
        results.close()


def kind_of(status: Any) -> str:
    """Return what a status calls a batch."""
    return status.state if isinstance(status, Unrecognised) else type(status).__name__


@pytest.mark.parametrize("via", ["inline", "file"])
@pytest.mark.parametrize("seed", range(12))
def test_no_order_of_states_and_verbs_leaves_an_end(
    facade: Facade, emulator: Emulator, seed: int, via: str
) -> None:
    """Whatever is done with it, also through the handle that ``cancel()`` returns."""
    chance = random.Random(seed)
    script = ",".join(chance.choices(STEPS, k=8))
    emulator.faults.add("states", script)
    client = facade.client(emulator.url, poll=QUICK)
    batch = client.submit(ASKED, via=via)
    end, said = "", []
    for verb in chance.choices(VERBS, k=8):
        seen: list[Any] = []
        try:
            if verb == "cancel":
                batch = batch.cancel()
            else:
                # What has ended is to be found so however slow the machine is.
                seen = looks(client, batch, verb, timeout=5 if end else 0.01)
        except BatchEndedError as error:
            seen = [error.status]
        except WaitTimeoutError:
            assert not end, script
        except ProtocolError as error:
            said.append(str(error))
        for status in seen:
            assert end in {"", kind_of(status)}, script
            if status.finished:
                end = kind_of(status)
            if verb == "close":
                let_go(status)
    let_go(seen[-1] if seen else None)
    assert all("Look again later" in one for one in said)
    emulator.faults.clear()  # the rest of a script that nobody looked at to its end


@pytest.mark.parametrize("end", ["SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED", "JOB_STATE_FAILED"])
@pytest.mark.parametrize("after", range(4))
def test_a_cancel_that_comes_at_any_step_hands_back_the_truth(
    client: Any, emulator: Emulator, end: str, after: int
) -> None:
    """Also where the batch was finished by then: that it was asked to stop says nothing."""
    emulator.faults.add("states", f"PENDING,RUNNING,{end}")
    batch = client.submit(ASKED)
    seen = [batch.status() for _ in range(after)]

    closing = batch.cancel()

    final = closing.wait()
    assert final.finished
    if after == 3:
        wanted = end.removeprefix("JOB_STATE_").capitalize()
        assert wanted == type(final).__name__ == type(seen[-1]).__name__
    elif after < 2:
        assert isinstance(final, Cancelled)
    let_go(final)
    for status in seen:
        let_go(status)


def test_a_look_that_another_has_overtaken_takes_nothing_back(
    facade: Facade, emulator: Emulator, logged: Callable[[], str]
) -> None:
    """It was asked for earlier: it shows how it was then, and the end stays for who comes next."""
    emulator.faults.add("states", "RUNNING,SUCCEEDED")
    emulator.faults.add("get", "stall=0.3s-after-10")
    batch = facade.client(emulator.url).submit(ASKED)

    ended, late = facade.at_once([batch.real.status] * 2)

    assert isinstance(ended, Succeeded)
    assert isinstance(late, Running)
    assert ended.results is batch.status().results
    assert "the service now calls it" not in logged()
    ended.results.close()


def test_two_processes_wait_for_one_batch(facade: Facade, emulator: Emulator) -> None:
    """Neither knows of the other, and both have the results."""
    emulator.faults.add("states", "PENDING*3,RUNNING*9,SUCCEEDED")
    batch = facade.client(emulator.url).submit(ASKED)
    command = [sys.executable, "-c", ELSEWHERE[facade.name], emulator.url, batch.name]

    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert "Pending\n" == other.stdout.readline()
        with batch.results() as results:
            assert_answered(ASKED, results)
        told, _ = other.communicate(timeout=60)

    assert ["0", "1", "2"] == json.loads(told)
    assert 0 == other.returncode


ELSEWHERE = {
    "sync": """
import json, sys
from gemini_batch import PollPolicy, SyncBatchClient

poll = PollPolicy(first=0.01, ceiling=0.02)
with SyncBatchClient("k", base_url=sys.argv[1], poll=poll) as client:
    statuses = client.get_batch(sys.argv[2]).watch()
    print(type(next(statuses)).__name__, flush=True)
    *_, last = statuses
    with last.results as results:
        print(json.dumps([item.key for item in results]))
""",
    "async": """
import asyncio, json, sys
from gemini_batch import AsyncBatchClient, PollPolicy

async def main():
    poll = PollPolicy(first=0.01, ceiling=0.02)
    async with AsyncBatchClient("k", base_url=sys.argv[1], poll=poll) as client:
        statuses = client.get_batch(sys.argv[2]).watch()
        print(type(await anext(statuses)).__name__, flush=True)
        async for last in statuses:
            pass
        with last.results as results:
            print(json.dumps([item.key for item in results]))

asyncio.run(main())
""",
}


def test_two_who_wait_do_not_ask_in_step(
    facade: Facade, emulator: Emulator, pauses: list[float]
) -> None:
    """Each pause is varied by a tenth, up or down, unless the policy says otherwise."""
    emulator.faults.add("states", "PENDING*40,FAILED")
    client = facade.client(emulator.url, poll=PollPolicy(first=10, ceiling=10))

    client.submit(ASKED).wait()

    assert 40 == len(pauses)
    assert 9 <= min(pauses) < 9.9
    assert 10.1 < max(pauses) <= 11


def test_an_hour_of_looks_that_fail_is_waited_through(
    facade: Facade,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    logged: Callable[[], str],
) -> None:
    """None of them ends it; progress says how old the last news is."""
    waited: list[float] = []
    told: list[Any] = []

    def skip(effect: Effect[Any]) -> Effect[Any]:
        if isinstance(effect, Sleep):
            waited.append(effect.seconds)
            return Sleep(0)
        return effect

    facade.watch_effects(monkeypatch, skip)
    emulator.faults.add("states", "RUNNING,SUCCEEDED")
    client = facade.client(
        emulator.url,
        poll=PollPolicy(first=60, ceiling=60, jitter=0),
        retry=RetryPolicy(attempts=1),
    )
    batch = client.submit(ASKED)
    batch.status()
    emulator.faults.add("get", "return-503*60")

    with batch.results(progress=told.append) as results:
        assert_answered(ASKED, results)

    assert [60.0] * 60 == waited
    assert 60 == logged().count("could not be looked at, going on (")
    assert any(one.state.startswith("RUNNING, ") for one in told)


def test_days_of_nothing_are_waited_through(
    facade: Facade, timeless: Emulator, pauses: list[float]
) -> None:
    """A deadline of one's own ends the wait and not the batch, whose age its operation tells."""
    batch = facade.client(timeless.url).submit(ASKED)
    began = batch.operation().create_time
    for _ in range(3):
        with pytest.raises(
            WaitTimeoutError, match=r"still PENDING .* The wait is over, and not the"
        ):
            batch.wait(timeout=0)
    assert isinstance(batch.status(), Pending)
    assert began is not None
    assert began == batch.status().operation.create_time
    assert [] == pauses

    timeless.advance(300)
    with batch.results(timeout=0) as results:
        assert_answered(ASKED, results)


def test_a_batch_that_expires_ends_the_wait(client: Any, emulator: Emulator) -> None:
    """With what was answered until then."""
    emulator.faults.add("states", "PENDING*3,EXPIRED-with-output")
    batch = client.submit(ASKED)

    *before, last = batch.watch()

    assert {Pending} == {type(status) for status in before}
    assert isinstance(last, Expired)
    assert last.results is not None
    last.results.close()


def test_a_state_that_nobody_knows_is_waited_through(
    client: Any, emulator: Emulator, logged: Callable[[], str]
) -> None:
    """With one warning each time it is entered."""
    emulator.faults.add("states", "BATCH_STATE_NEW*3,JOB_STATE_RUNNING,BATCH_STATE_NEW,SUCCEEDED")

    *before, last = client.submit(ASKED).watch()

    assert ["NEW"] * 3 + ["Running", "NEW"] == [kind_of(status) for status in before]
    assert 2 == logged().count("is in a state not known here: NEW")
    let_go(last)


def test_a_batch_deleted_elsewhere_ends_every_wait(client: Any, emulator: Emulator) -> None:
    """The error says what may have become of it."""
    emulator.faults.add("states", "PENDING")
    batch = client.submit(ASKED)
    other = client.get_batch(batch.name)
    batch.delete()

    for wait in (other.wait, other.results, other.status, lambda: list(other.stream_results())):
        with pytest.raises(NotFoundError, match="It was deleted, has expired, or belongs"):
            wait()
    with pytest.raises(NotFoundError):
        client.wait_all([other.real])
    emulator.faults.clear()  # nobody looked


@pytest.mark.parametrize("word", ["return-404", "return-503*5,return-404"])
def test_a_batch_that_is_gone_in_the_middle_of_a_wait_ends_it(
    client: Any, emulator: Emulator, word: str
) -> None:
    """Whatever came before that answer."""
    emulator.faults.add("states", "PENDING")
    watched = client.submit(ASKED).watch()
    assert isinstance(next(watched), Pending)
    for one in word.split(","):
        emulator.faults.add("get", one)

    with pytest.raises(NotFoundError, match="It was deleted, has expired"):
        list(watched)


def test_deleting_what_runs_is_a_warning(
    client: Any, emulator: Emulator, logged: Callable[[], str]
) -> None:
    """Unless it was asked to stop before, or was finished."""
    emulator.faults.add("states", "RUNNING")
    batch = client.submit(ASKED)
    batch.status()
    batch.delete()
    warning = f"{batch.name} was RUNNING when it was last seen; deleting does not stop it"
    assert warning in logged()

    emulator.faults.add("states", "RUNNING")
    for way in ("cancelled", "finished"):
        other = client.submit(ASKED)
        let_go(other.status())
        (other.cancel() if way == "cancelled" else other).delete()
    assert 1 == logged().count("deleting does not stop it")


FILED = {"responsesFile": "files/r1"}


def told(state: str, stats: Any = None, **members: Any) -> Any:
    """Return what the service tells of a batch."""
    counted = {} if stats is None else {"batchStats": stats}
    return {"name": "batches/a", "metadata": {"state": state, **counted}, **members}


@pytest.mark.parametrize(
    ("stats", "counts"),
    [
        (None, (None, None, None, None)),
        ({}, (None, None, None, None)),
        ({"requestCount": "5"}, (5, None, None, None)),
        ({"requestCount": "5", "successfulRequestCount": "5"}, (5, 5, 0, 0)),
        ({"requestCount": "5", "successfulRequestCount": "3"}, (5, 3, None, None)),
        ({"requestCount": 5, "pendingRequestCount": 5.0}, (5, 0, 0, 5)),
        ({"requestCount": "-5", "failedRequestCount": "-1"}, (None, None, None, None)),
        ({"requestCount": str(2**63 - 1)}, (2**63 - 1, None, None, None)),
    ],
)
def test_a_count_that_is_not_told_or_makes_no_sense_is_not_known(
    facade: Facade, stats: Any, counts: tuple[int | None, ...]
) -> None:
    """It is not nothing, unless the others account for all."""
    with canned({"batches/a": told("BATCH_STATE_RUNNING", stats)}) as url:
        now = facade.client(url).get_batch("batches/a").status()

    assert isinstance(now, Running)
    assert counts == (
        *(now.total_count, now.successful_count, now.failed_count, now.pending_count),
    )


@pytest.mark.parametrize("metadata", [{}, {"metadata": {}}])
def test_an_operation_that_tells_nothing_is_no_end(facade: Facade, metadata: Any) -> None:
    """Without a state nobody knows where it stands."""
    with canned({"batches/a": {"name": "batches/a", **metadata}}) as url:
        now = facade.client(url).get_batch("batches/a").status()

    assert isinstance(now, Unrecognised)
    assert not now.finished
    assert now.stats.request_count is None


def test_results_of_a_failed_batch_do_not_make_it_a_success(facade: Facade) -> None:
    """Its status is had without them; who streams them gets them, and then the error."""
    line = {"key": "k", "response": {"candidates": []}}
    replies = {
        "batches/a": told("BATCH_STATE_FAILED", done=True, response=FILED),
        "files/r1:download?alt=media": json.dumps(line).encode() + b"\n",
    }
    with canned(replies) as url:
        batch = facade.client(url).get_batch("batches/a")
        assert isinstance(batch.wait(), Failed)
        with batch.stream_results() as items:
            assert "k" == next(items).key
            with pytest.raises(BatchFailedError, match="the service gave no reason"):
                next(items)


@pytest.mark.parametrize("value", [None, 0, -1, float("nan"), float("inf"), True, "1", 10**400])
def test_a_way_to_wait_that_makes_no_sense_is_refused(
    facade: Facade, emulator: Emulator, value: Any
) -> None:
    """Before anything is asked, by the name of what is wrong with it."""
    with pytest.raises(UsageError, match=r"^first must be"):
        PollPolicy(first=value)
    with pytest.raises(UsageError, match=r"^poll is a PollPolicy, and not"):
        facade.client(emulator.url, poll=value)
    batch = facade.client(emulator.url).get_batch("batches/abc")
    if value not in {None, 0}:
        with pytest.raises(UsageError, match=r"^timeout must be 0 or more and finite"):
            batch.wait(timeout=value)
    if value is not None:
        with pytest.raises(UsageError, match=r"^poll is a PollPolicy, or None for the client's"):
            batch.wait(poll=value)
    assert [] == list(emulator.seen)
