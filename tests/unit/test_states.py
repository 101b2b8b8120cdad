"""The life of a batch: what one look means, and that an end is an end."""

from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, strategies as st

from gemini_batch.models.operation import BatchOperation, BatchState, BatchStats
from gemini_batch.models.status import Status
from gemini_batch.states import (
    FINAL,
    TRANSITIONS,
    Cancelled,
    Expired,
    Failed,
    Observation,
    Pending,
    Running,
    Succeeded,
    Unrecognised,
    observe,
    status_of,
)

NAME = "batches/abc"
ERROR = Status(13, "failed without error")
P, R, S, F, C, E = (
    BatchState.PENDING,
    BatchState.RUNNING,
    BatchState.SUCCEEDED,
    BatchState.FAILED,
    BatchState.CANCELLED,
    BatchState.EXPIRED,
)
UNSPECIFIED = BatchState.UNSPECIFIED
PAUSED = BatchState("PAUSED")


def seen(state: BatchState, *also: str) -> BatchOperation:
    """Make an operation in a state that is ``done``, has an ``error`` or has ``output``, or not."""
    return BatchOperation(
        NAME,
        state,
        done="done" in also,
        error=ERROR if "error" in also else None,
        inlined="output" in also,
    )


OPERATIONS = st.builds(
    seen,
    st.sampled_from([*BatchState, PAUSED, BatchState("ARCHIVED")]),
    st.sampled_from(["done", ""]),
    st.sampled_from(["error", ""]),
    st.sampled_from(["output", ""]),
)


def test_the_table_is_whole() -> None:
    """Every state but the unspecified one is in it, and the final ones are those one may tell."""
    assert set(BatchState) - {UNSPECIFIED} == set(TRANSITIONS)
    assert {S, F, C, E} == FINAL
    for later in TRANSITIONS.values():
        assert later <= set(TRANSITIONS)
        assert P not in later


@pytest.mark.parametrize(
    ("operation", "state", "finished", "awaits_output"),
    [
        (seen(P), P, False, False),
        (seen(R), R, False, False),
        (seen(R, "output"), R, False, False),
        (seen(P, "error"), P, False, False),
        (seen(S, "done", "output"), S, True, False),
        # The output may come later than the state, or the state later than the output.
        (seen(S), R, False, True),
        (seen(S, "output"), R, False, True),
        (seen(S, "done"), R, False, True),
        (seen(R, "done"), R, False, True),
        (seen(P, "done"), R, False, True),
        (seen(R, "done", "output"), S, True, False),
        (seen(P, "done", "output"), S, True, False),
        # An error decides, unless there is output.
        (seen(S, "done", "error"), F, True, False),
        (seen(R, "done", "error"), F, True, False),
        (seen(S, "done", "error", "output"), S, True, False),
        (seen(F), F, True, False),
        (seen(F, "done", "error"), F, True, False),
        (seen(C), C, True, False),
        (seen(C, "done", "error"), C, True, False),
        (seen(C, "done", "output"), C, True, False),
        (seen(E), E, True, False),
        (seen(E, "done", "output"), E, True, False),
        # A state that is not given or not known: only ``done`` says that it is over.
        (seen(UNSPECIFIED), UNSPECIFIED, False, False),
        (seen(UNSPECIFIED, "done", "output"), S, True, False),
        (seen(UNSPECIFIED, "done", "error"), F, True, False),
        (seen(UNSPECIFIED, "done"), R, False, True),
        (seen(PAUSED), PAUSED, False, False),
        (seen(PAUSED, "output"), PAUSED, False, False),
        (seen(PAUSED, "done", "output"), PAUSED, True, False),
    ],
)
def test_a_first_look(
    operation: BatchOperation,
    state: BatchState,
    finished: bool,
    awaits_output: bool,
) -> None:
    """State, ``done``, error and output together say where a batch stands."""
    assert Observation(operation, state, finished, awaits_output) == observe(None, operation)


@given(st.lists(OPERATIONS, min_size=1, max_size=8))
def test_an_end_is_an_end(operations: list[BatchOperation]) -> None:
    """No sequence of looks leaves a finished state, or forgets what was seen then."""
    known: Observation | None = None
    for operation in operations:
        before, known = known, observe(known, operation)
        if before is not None and before.finished:
            assert known.finished
            assert before.state == known.state
            if known.contradiction is not None:
                assert evolve(before, contradiction=known.contradiction) == known
        assert not (known.finished and known.awaits_output)
        assert known.finished or known.state not in FINAL


@given(st.lists(OPERATIONS, min_size=2, max_size=8))
def test_only_the_table_says_what_is_a_contradiction(operations: list[BatchOperation]) -> None:
    """Between two looks that are not final, it is one exactly where the table has no such step."""
    known = observe(None, operations[0])
    assert known.contradiction is None
    for operation in operations[1:]:
        before, fresh = known, observe(None, operation)
        known = observe(before, operation)
        if before.finished:
            same = fresh.finished and fresh.state == before.state
            same &= operation.has_output or not before.operation.has_output
            same &= operation.error is not None or before.operation.error is None
            assert same == (known.contradiction is None)
        else:
            allowed = TRANSITIONS.get(before.state, {fresh.state})
            odd = fresh.state.recognised and fresh.state not in {before.state, *allowed}
            assert odd == (known.contradiction is not None)


@pytest.mark.parametrize(
    ("first", "second", "state", "contradiction"),
    [
        (seen(P), seen(R), R, None),
        (seen(P), seen(S, "done", "output"), S, None),
        (seen(R), seen(R), R, None),
        (seen(R), seen(S, "done"), R, None),
        (seen(S, "done"), seen(S, "done", "output"), S, None),
        (seen(R), seen(PAUSED), PAUSED, None),
        (seen(PAUSED), seen(R), R, None),
        (seen(UNSPECIFIED), seen(P), P, None),
        (seen(C), seen(C, "done"), C, None),
        (seen(R), seen(P), P, f"{NAME} was RUNNING, and the service now calls it PENDING"),
        (seen(F), seen(R), F, f"{NAME} was FAILED, and the service now calls it RUNNING"),
        (
            seen(S, "done", "output"),
            seen(R),
            S,
            f"{NAME} was SUCCEEDED, and the service now calls it RUNNING",
        ),
        (
            seen(S, "done", "output"),
            seen(S),
            S,
            f"{NAME} was SUCCEEDED, and the service now calls it unfinished",
        ),
        (
            seen(PAUSED, "done"),
            seen(PAUSED),
            PAUSED,
            f"{NAME} was PAUSED, and the service now calls it unfinished",
        ),
        (
            seen(C, "done", "output"),
            seen(C, "done"),
            C,
            f"{NAME} had results, and the service now shows none",
        ),
        (
            seen(F, "done", "error"),
            seen(F, "done"),
            F,
            f"{NAME} had an error, and the service now shows none",
        ),
    ],
)
def test_a_second_look(
    first: BatchOperation, second: BatchOperation, state: BatchState, contradiction: str | None
) -> None:
    """A batch goes forward; where the service takes something back, there is a sentence for it."""
    now = observe(observe(None, first), second)
    assert (state, contradiction) == (now.state, now.contradiction)


def test_a_finished_look_is_refreshed_by_one_that_agrees() -> None:
    """Later looks may know more, such as the time of the end."""
    first, second = seen(S, "done", "output"), evolve(seen(S, "done", "output"), model="models/m")
    assert second is observe(observe(None, first), second).operation


STATS = BatchStats(9, 4, 1, 4)
RESULTS: Any = object()


@pytest.mark.parametrize(
    ("operation", "results", "status"),
    [
        (seen(P), None, Pending),
        (seen(R), None, Running),
        (seen(S, "done"), None, Running),
        (seen(S, "done", "output"), RESULTS, Succeeded),
        (seen(S, "done", "output"), None, Unrecognised),
        (seen(F, "done", "error"), None, Failed),
        (seen(C, "done"), None, Cancelled),
        (seen(C, "done", "output"), RESULTS, Cancelled),
        (seen(E, "done"), None, Expired),
        (seen(E, "done", "output"), RESULTS, Expired),
        (seen(UNSPECIFIED), None, Unrecognised),
        (seen(PAUSED), None, Unrecognised),
        (seen(PAUSED, "done"), None, Unrecognised),
    ],
)
def test_each_state_has_a_status(
    operation: BatchOperation, results: Any, status: type[Any]
) -> None:
    """It keeps the operation, its counts, and says whether there is more to come."""
    operation = evolve(operation, stats=STATS)
    observation = observe(None, operation)
    found = status_of(observation, results)
    assert status is type(found)
    assert operation is found.operation
    assert STATS == found.stats
    assert observation.finished == found.finished
    if status in {Succeeded, Cancelled, Expired}:
        assert results is found.results
    assert "operation" not in repr(found)


def test_a_status_is_made_for_match() -> None:
    """Its members stand in the order in which they are told."""
    operation = evolve(seen(R), stats=STATS)
    match status_of(observe(None, operation), None):
        case Running(pending, successful, failed, total) as running:
            assert (4, 4, 1, 9) == (pending, successful, failed, total)
            assert 5 == running.completed_count
        case other:
            pytest.fail(f"{other} is not running")
    match status_of(observe(None, seen(F, "error")), None):
        case Failed(error):
            assert ERROR is error
        case other:
            pytest.fail(f"{other} has not failed")
    match status_of(observe(None, seen(PAUSED)), None):
        case Unrecognised(state):
            assert "PAUSED" == state
        case other:
            pytest.fail(f"{other} is recognised")


@pytest.mark.parametrize(
    ("successful", "failed", "completed"),
    [(4, 1, 5), (0, 0, 0), (None, 1, None), (4, None, None)],
)
def test_a_count_that_is_not_told_is_not_guessed(
    successful: int | None, failed: int | None, completed: int | None
) -> None:
    """Half a sum is none."""
    running = Running(None, successful, failed, None, operation=seen(R))
    assert completed == running.completed_count


def test_what_can_travel_of_an_end() -> None:
    """Results stay where they are; all else goes along."""
    operation = seen(C, "done")
    assert Cancelled(None, operation=operation) == (
        Cancelled(RESULTS, operation=operation).without_results()
    )
    assert Expired(None, operation=operation) == (
        Expired(RESULTS, operation=operation).without_results()
    )
    failed = Failed(ERROR, operation=operation)
    assert failed is failed.without_results()
