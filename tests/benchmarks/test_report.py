"""The table says of each row what was measured, what was asked, and whether that is met."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

import pytest
from attrs import evolve

from tests.benchmarks import report
from tests.benchmarks.budgets import ROWS, Budget, Row, rows_named
from tests.benchmarks.clocks import interleaved
from tests.benchmarks.machine import Machine
from tests.benchmarks.report import Entry, Figure, Record

HERE = Path(__file__).parent
ROW = Row("one", "do one thing", "another", "≤ 2 ×", "somewhere.something")
MACHINE = Machine(
    "A processor", 2, 24, "Linux 6", "CPython 3.11.7", {"orjson": "3.13.0"}, "2026-11-25", 0.2
)


def functions_of(module: str) -> set[str]:
    """Return the functions of a module here, which need not be importable."""
    tree = ast.parse((HERE / f"{module}.py").read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


# What is measured


def test_rows_have_names_of_their_own() -> None:
    """Each is asked for by its name, and no name is empty."""
    names = [row.id for row in ROWS]
    assert all(names)
    assert len(names) == len(set(names))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_every_row_has_a_measurement_or_says_why_not(row: Row) -> None:
    """By the name of a function that is there."""
    if not row.measure:
        assert row.note
        return
    module, _, function = row.measure.rpartition(".")
    assert function in functions_of(module)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_every_budget_can_be_read(row: Row) -> None:
    """It is a limit in the unit of the row, or says how it depends on the size."""
    if row.by_size:
        assert row.budget.startswith("≤ ")
        assert row.limit is None
    elif row.budget:
        assert row.limit is not None
        assert row.limit.unit == row.unit
        assert row.budget == str(row.limit)


def test_rows_are_found_by_the_beginnings_of_their_names() -> None:
    """In the order of the table, however they are asked for; all of them where nothing is."""
    assert list(ROWS) == rows_named([])
    assert ["open-uuids", "poll-sync", "poll-async"] == [
        row.id for row in rows_named(["poll", "open-u"])
    ]
    with pytest.raises(ValueError, match="no row is called nothing"):
        rows_named(["poll", "nothing"])


# Figures


def test_the_middle_of_several_times_counts() -> None:
    """Ways take turns, and what disturbed one of them once has no weight."""
    now, order = [0.0], []
    pauses = {"fast": iter([1.0, 90.0, 1.0]), "slow": iter([3.0, 3.0, 3.0])}

    def way(name: str) -> None:
        order.append(name)
        now[0] += next(pauses[name])

    found = interleaved(
        3, {"fast": lambda: way("fast"), "slow": lambda: way("slow")}, lambda: now[0]
    )
    assert {"fast": 1.0, "slow": 3.0} == found
    assert ["fast", "slow", "slow", "fast", "fast", "slow"] == order


def test_a_figure_is_a_ratio_and_tells_what_of() -> None:
    """How many times as long ours takes, or theirs."""
    assert Figure("a", 2.0, "4.00 against 2.00 µs a line") == Figure.ratio("a", 4.0, 2.0, 1_000_000)
    assert Figure("a", 0.5, "4.00 against 2.00 µs a poll") == Figure.gain(
        "a", 4.0, 2.0, 1_000_000, "a poll"
    )


@pytest.mark.parametrize(
    ("figure", "unit", "text"),
    [
        (0.0041, "×", "0.0041 ×"),
        (0.0, "ms", "0.00 ms"),
        (1.298, "×", "1.30 ×"),
        (24.26, "MB", "24.3 MB"),
        (128.4, "×", "128 ×"),
        (1, "lines", "1 lines"),
        (None, "×", "—"),
    ],
)
def test_a_figure_is_written_with_its_unit(figure: float | None, unit: str, text: str) -> None:
    """With as many digits as say something."""
    assert text == report.shown(figure, unit)


# Verdicts


@pytest.mark.parametrize(
    ("budget", "figure", "met"),
    [
        ("≤ 2 ×", 2.0, True),
        ("≤ 2 ×", 2.001, False),
        ("≥ 25 ×", 25.0, True),
        ("≥ 25 ×", 24.9, False),
        ("", 9.0, None),
    ],
)
def test_a_figure_is_held_against_its_budget(budget: str, figure: float, met: object) -> None:
    """At most, or at least; without a budget there is nothing to hold it against."""
    assert met is report.is_met(evolve(ROW, budget=budget), Entry(figure))


@pytest.mark.parametrize("text", ["2 ×", "≤ 2", "≤ two ×", "< 2 ×", "≤ 2 × and more"])
def test_what_is_no_budget_is_refused(text: str) -> None:
    """It would hold nothing."""
    with pytest.raises(ValueError, match="is no budget"):
        Budget.parse(text)


def test_a_budget_that_depends_on_the_size_comes_with_the_figure() -> None:
    """It is that which counts, and which is shown."""
    row = evolve(ROW, budget="≤ 24 MB + 24 B a line", unit="MB", by_size=True)
    assert row.limit is None
    assert report.is_met(row, Entry(48.0, limit="≤ 48.0 MB"))
    assert not report.is_met(row, Entry(48.1, limit="≤ 48.0 MB"))
    assert "≤ 48.0 MB" == report.asked(row, Entry(1.0, limit="≤ 48.0 MB"))


@pytest.mark.parametrize(
    ("row", "entry", "verdict"),
    [
        (ROW, Entry(1.0), "met"),
        (ROW, Entry(3.0), "missed"),
        (evolve(ROW, excuse="light is no faster"), Entry(3.0), "missed: light is no faster"),
        (evolve(ROW, excuse="light is no faster"), Entry(1.0), "met"),
        (evolve(ROW, budget=""), Entry(3.0), "for information"),
        (ROW, Entry(None, "there is no curl"), "not measured: there is no curl"),
        (ROW, None, "not measured"),
        (evolve(ROW, measure="", note="not built yet"), None, "not built yet"),
    ],
)
def test_a_verdict_says_what_has_come_of_a_row(row: Row, entry: Entry | None, verdict: str) -> None:
    """A reason that stands in the table is part of it."""
    assert verdict == report.verdict(row, entry)


def test_only_a_budget_missed_without_a_reason_is_a_defect() -> None:
    """What was not measured is none, nor is what only informs."""
    assert report.is_defect(ROW, Entry(3.0))
    assert not report.is_defect(ROW, Entry(1.0))
    assert not report.is_defect(ROW, Entry(None, "there is no curl"))
    assert not report.is_defect(evolve(ROW, budget=""), Entry(3.0))
    assert not report.is_defect(evolve(ROW, excuse="light is no faster"), Entry(3.0))


# The table


def test_the_table_has_a_line_a_row() -> None:
    """Budget, figure, verdict, and what the figure was made of."""
    rows = [ROW, evolve(ROW, id="another", measure="", note="not built yet")]
    text = report.table(rows, {"one": Entry(1.5, "3.00 against 2.00 µs a line")})
    assert [
        "row      budget  figure  verdict        measured",
        "one      ≤ 2 ×   1.50 ×  met            3.00 against 2.00 µs a line",
        "another  ≤ 2 ×   —       not built yet",
    ] == text.splitlines()


def test_a_quick_run_judges_nothing() -> None:
    """It says what ran, and what did not."""
    rows = [ROW, evolve(ROW, id="two")]
    entries = {"one": Entry(9.0), "two": Entry(None, "there is no curl")}
    _, one, two = report.table(rows, entries, quick=True).splitlines()
    assert "one  ≤ 2 ×   9.00 ×  ran" == one
    assert "two  ≤ 2 ×   —       not measured: there is no curl" == two


# The record and the page


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    """In the order of the table, and without what is no row of it any more."""
    later, sooner = ROWS[1].id, ROWS[0].id
    rows = {later: Entry(1.0, "told", "≤ 2 ×"), "gone": Entry(1.0), sooner: Entry(None, "absent")}
    path = tmp_path / "record.json"
    report.write_record(Record(MACHINE, rows), path)
    found = report.read_record(path)
    assert MACHINE == found.machine
    assert {sooner: rows[sooner], later: rows[later]} == found.rows
    assert [sooner, later] == list(found.rows)


def test_rows_that_are_measured_anew_take_the_place_of_the_old() -> None:
    """On the same machine; figures of two machines do not stand side by side."""
    before = Record(MACHINE, {"one": Entry(1.0), "two": Entry(2.0)})
    day = evolve(MACHINE, date="2026-11-26")
    after = before.with_rows(Record(day, {"two": Entry(3.0)}))
    assert Record(day, {"one": Entry(1.0), "two": Entry(3.0)}) == after
    elsewhere = Record(evolve(MACHINE, cores=64), {"two": Entry(3.0)})
    with pytest.raises(ValueError, match="64 cores"):
        before.with_rows(elsewhere)


def test_the_page_keeps_what_is_around_the_table() -> None:
    """And has the machine and every row between its marks, once."""
    page = f"Before.\n\n{report.BEGIN}\n\nold\n\n{report.END}\n\nAfter.\n"
    record = Record(MACHINE, {ROWS[0].id: Entry(0.5, "1 against 2")})
    found = report.page_with(record, page)
    assert found.startswith(f"Before.\n\n{report.BEGIN}\n\nMeasured on 2026-11-25: A processor,")
    assert found.endswith(f"|\n\n{report.END}\n\nAfter.\n")
    assert "old" not in found
    assert len(ROWS) + 2 == len([line for line in found.splitlines() if line.startswith("|")])
    assert found == report.page_with(record, found)
    with pytest.raises(ValueError, match="no place"):
        report.page_with(record, "Nothing.")


def test_the_page_says_what_a_budget_comes_to() -> None:
    """Where it depends on the size."""
    row = next(row for row in ROWS if row.by_size)
    drawn = report.drawn(Record(MACHINE, {row.id: Entry(3.0, "told", "≤ 28.8 MB")}))
    assert f"| {row.budget}: ≤ 28.8 MB | 3.00 MB | met | told |" in drawn


def test_the_page_and_the_record_agree() -> None:
    """The table that is published is what was measured: nox -s bench -- --write writes both."""
    record = report.read_record(report.RECORD)
    page = report.PAGE.read_text(encoding="utf-8")
    assert report.page_with(record, page) == page


def test_the_record_is_of_the_rows_that_there_are() -> None:
    """Each has a figure or a reason, and says on which machine."""
    record = report.read_record(report.RECORD)
    assert set(record.rows) <= {row.id for row in ROWS}
    assert all(entry.figure is not None or entry.told for entry in record.rows.values())
    assert all([record.machine.processor, record.machine.date, record.machine.versions])


def test_figures_become_entries() -> None:
    """As a process of its own tells them."""
    figures: list[Mapping[str, object]] = [
        {"row": "one", "value": 1.0, "told": "told", "limit": "≤ 2 ×"}
    ]
    assert {"one": Entry(1.0, "told", "≤ 2 ×")} == report.entries_of(figures)


def test_a_machine_at_which_others_work_is_busy() -> None:
    """A figure by the clock on the wall is then partly theirs, and the page says so."""
    assert not MACHINE.busy
    assert evolve(MACHINE, load=1.5).busy
    assert "1.5 other processes were at work" in evolve(MACHINE, load=1.5).told()
    here = Machine.here()
    assert here.cores > 0
    assert here.versions.keys() >= {"msgspec", "requests", "aiohttp"}
