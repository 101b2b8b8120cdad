"""Every promise of the table, on both facades; and that the table leaves nothing out."""

import inspect
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gemini_batch import GeminiBatchError, NotFoundError, PermissionDeniedError, RetryPolicy
from gemini_batch.builders import BatchBuilder
from gemini_batch.emulator import Emulator
from gemini_batch.emulator.faults import RESULTS, STATES
from gemini_batch.emulator.result_faults import LINE_FAULTS, ROW_FAULTS
from gemini_batch.emulator.scripts import STEPS, Script
from gemini_batch.emulator.wire_faults import WIRE_FAULTS
from tests.conformance.creates import CREATES, table_of
from tests.conformance.expectations import Consumes, Raises
from tests.conformance.facades import FACADES, HASTY, Facade, spelt
from tests.conformance.rows import COSTLY, Row, parameters, rows
from tests.conformance.scenarios import SCENARIOS
from tests.conformance.stage import Fault, Stage
from tests.conformance.table import TABLE
from tests.conformance.table.left_out import FAULTS_LEFT_OUT, WITHOUT_IO


@pytest.fixture
def stage(
    request: pytest.FixtureRequest, facade: Facade, emulator: Emulator, tmp_path: Path
) -> Stage:
    """Return a stage whose client soon gives up if the fault is that nothing comes."""
    silent = any(fault.silent for fault in request.node.callspec.params["row"].faults)
    options = {"timeout": HASTY} if silent else {}
    client = facade.client(emulator.url, retry=RetryPolicy(), **options)
    return Stage(
        facade, emulator, client, tmp_path, lambda: request.getfixturevalue("stranger").url
    )


def play(row: Row, stage: Stage, pauses: list[float], logged: Callable[[], str]) -> Counter[str]:
    """Play the scenario of a row, and hold what comes of it against what the row says.

    Returns what the service acted on, counted by operation.
    """
    scenario = SCENARIOS[row.scenario]
    stage.add(fault for fault in row.faults if fault.first)
    stage.begin(scenario.prepare(stage))
    stage.add(fault for fault in row.faults if not fault.first)
    pauses.clear()

    outcome = stage.outcome_of(stage.again)

    acted, seen, waited = _count(stage.acted), _count(stage.seen), sum(pauses)
    unmet = stage.emulator.faults.pending
    row.sees.hold(stage, outcome, scenario.check)
    assert [] == unmet
    assert scenario.method in stage.facade.called
    assert dict(row.acted) == {name: acted[name] for name in {*COSTLY, *row.acted} if acted[name]}
    assert dict(row.seen) == {name: seen[name] for name in row.seen}
    if row.waits is not None:
        least, most = row.waits
        assert least <= waited <= most
    assert row.log in logged()
    return acted


@pytest.mark.parametrize("row", parameters(TABLE))
def test_the_service_is_used_as_promised(
    row: Row,
    stage: Stage,
    pauses: list[float],
    logged: Callable[[], str],
    record_property: Callable[[str, object], None],
) -> None:
    """What the user sees, what the service acted on, and what was on the wire: as the row says."""
    acted = play(row, stage, pauses, logged)
    trouble = [fault.text for fault in row.faults if fault.operation == "create"]
    if trouble:
        asked_twice = row.scenario.startswith("resubmit")
        words = " & ".join(trouble) + " (resubmit)" * asked_twice
        record_property(CREATES, [words, stage.facade.name, acted["create"]])


def _count(entries: Any) -> Counter[str]:
    return Counter(entry.operation for entry in entries)


# What a promise that is not kept looks like.


NOT_KEPT = {
    r"^assert \[\] == \['download: return-503'\]": rows(
        "submit_inline", "download: return-503", acted={"create": 1}
    ),
    r"^assert \{\} == \{'create': 1\}": rows("submit_inline", "create: close-after-acting"),
    r"^assert \{'create': 2\} == \{'create': 1\}": rows(
        "submit_inline", "create: return-503-after-acting", acted={"create": 2}
    ),
    r"^assert \{'get': 1\} == \{'get': 2\}": rows("operation", "get: return-503", seen={"get": 1}),
    r"^assert 8\.5 <= \d\.": rows("operation", "get: return-429/retry-after=7", waits=(8.5, 9)),
    "^assert 'the batch sings' in ": rows("operation", "", log="the batch sings"),
    "^$": [  # a value where an error was promised, and less than the whole of the results
        *rows("operation", "", sees=Raises(NotFoundError)),
        *rows("results_inline", "results: drop=1"),
    ],
    "^HTTP 404 NOT_FOUND for batches/": [
        *rows("operation", "get: return-404", sees=Raises(GeminiBatchError)),
        *rows("operation", "get: return-404"),
    ],
    "and its handle is still yours": rows(
        "delete_inline", "delete: return-403", sees=Consumes(PermissionDeniedError)
    ),
}
"""Promises that are not kept, by what is said of them."""


@pytest.mark.parametrize(
    ("row", "said"),
    [
        pytest.param(row, said, id=f"{row.id}-{number}")
        for number, (said, broken) in enumerate(NOT_KEPT.items())
        for row in broken
    ],
)
def test_a_promise_that_is_not_kept_fails(
    row: Row, said: str, stage: Stage, pauses: list[float], logged: Callable[[], str]
) -> None:
    """A fault that was not met, a count that is another, an error of another class."""
    with pytest.raises((AssertionError, GeminiBatchError), match=said):
        play(row, stage, pauses, logged)
    stage.emulator.faults.clear()


# The table itself.


def test_no_row_stands_twice() -> None:
    """Each promise has a name of its own."""
    assert [] == [name for name, count in Counter(row.id for row in TABLE).items() if count > 1]


def test_the_table_of_creates_tells_what_each_fault_came_to() -> None:
    """On either facade, the fewest creates first; without any there is no table."""
    lost = "close-after-acting"
    lines = table_of([(lost, "sync", 1), ("hang", "async", 0), (lost, "async", 1)])

    assert [
        "creates acted on after    sync   async    rows",
        "hang                         -       0       1",
        "close-after-acting           1       1       2",
    ] == list(lines)
    assert [] == list(table_of([]))


def test_every_fault_of_the_emulator_is_met_somewhere() -> None:
    """For every operation, unless it is said why not."""
    known = set(_known_faults())
    met = {_form(fault) for row in TABLE for fault in row.faults if fault.operation != STATES}

    assert set() == met - known
    assert known - met == set(FAULTS_LEFT_OUT)


def test_every_state_of_a_script_is_met_somewhere() -> None:
    """A word that is any state whatever among them."""
    scripts = [fault.text for row in TABLE for fault in row.faults if fault.operation == STATES]
    met = {step for text in scripts for step in Script.parse(text).steps}

    assert set() == set(STEPS) - met
    assert [] != [step for step in met if step.startswith("BATCH_STATE_")]


def test_every_scenario_is_played_without_any_fault_and_with_one() -> None:
    """And no row names another."""
    quiet = {row.scenario for row in TABLE if not row.faults}
    disturbed = {row.scenario for row in TABLE if row.faults}

    assert set(SCENARIOS) == quiet
    assert set(SCENARIOS) == disturbed


@pytest.mark.parametrize("facade", FACADES, indirect=True)
def test_every_method_that_sends_is_a_scenario(facade: Facade) -> None:
    """Of clients, handles, builders and files."""
    played = {scenario.method for scenario in SCENARIOS.values()}
    rooms = (facade.client_class, facade.handle_class, facade.files_class, BatchBuilder)

    assert set(_public(rooms)) - played == set(WITHOUT_IO)
    assert set() == played - set(_public(rooms))


def _known_faults() -> Iterator[tuple[str, str]]:
    for catalogue in (WIRE_FAULTS, ROW_FAULTS, LINE_FAULTS):
        for shape in catalogue.shapes:
            for operation in shape.operations:
                yield operation, shape.form


def _form(fault: Fault) -> tuple[str, str]:
    catalogues = (ROW_FAULTS, LINE_FAULTS) if fault.operation == RESULTS else (WIRE_FAULTS,)
    for catalogue in catalogues:
        for shape in catalogue.shapes:
            if fault.operation in shape.operations and shape.parse(fault.text) is not None:
                return fault.operation, shape.form
    pytest.fail(f"the emulator has no such fault: {fault}")


def _public(kinds: tuple[type[Any], ...]) -> Iterator[str]:
    for kind in kinds:
        for name, member in vars(kind).items():
            if inspect.isfunction(member) and not name.startswith(("_", "with_")):
                yield spelt(kind, name)
