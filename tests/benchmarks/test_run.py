"""A run measures what it is asked for, and ends as its figures say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from tests.benchmarks import __main__ as run, processes, report
from tests.benchmarks.budgets import ROWS, rows_named
from tests.benchmarks.machine import Machine
from tests.benchmarks.processes import BrokenMeasurementError, NotHereError
from tests.benchmarks.report import Entry, Record

OURS = "open-names"
FUNCTIONS = {row.measure for row in ROWS if row.measure}
MEASURED = {row.id for row in ROWS if row.measure == "opening.keys"}


@pytest.fixture(name="calls")
def measured(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Measure nothing: a measurement returns, or raises, what is put here under its name."""
    answers: dict[str, Any] = {}

    def call(_: str, /, *, function: str, **__: Any) -> Any:
        answer = answers[function]
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(processes, "call", call)
    return answers


def figures(value: float) -> list[dict[str, Any]]:
    """Return figures of all rows about opening files, as a process of its own tells them."""
    return [{"row": name, "value": value} for name in sorted(MEASURED)]


def test_a_full_run_ends_with_an_error_where_a_budget_is_missed(
    calls: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """It names the rows, and the table shows by how much."""
    calls["opening.keys"] = figures(9.0)
    assert 1 == run.main(["--only", OURS])
    told = capsys.readouterr()
    assert "9.00 ×  missed" in told.out
    assert f"missed: {OURS}\n" in told.err


def test_a_quick_run_does_not(calls: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """Its corpora are too small to judge by."""
    calls["opening.keys"] = figures(9.0)
    assert 0 == run.main(["--only", OURS, "--quick"])
    assert "9.00 ×  ran" in capsys.readouterr().out


def test_a_run_ends_well_where_budgets_are_met(calls: dict[str, Any]) -> None:
    """There is nothing to say then."""
    calls["opening.keys"] = figures(0.1)
    assert 0 == run.main(["--only", OURS])


@pytest.mark.parametrize("form", [[], ["--quick"]])
@pytest.mark.parametrize("answer", [BrokenMeasurementError("it broke"), []])
def test_every_run_ends_with_an_error_where_a_measurement_breaks(
    answer: object, form: list[str], calls: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """Be it that it raises, or that it has no figure for one of its rows."""
    calls["opening.keys"] = answer
    assert 1 == run.main(["--only", OURS, *form])
    told = capsys.readouterr()
    assert "not measured" in told.out
    assert "it broke" in told.err or f"no figure for {OURS}" in told.err


def test_what_the_machine_lacks_is_said_and_is_no_error(
    calls: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """A machine without curl can measure the rest."""
    calls["opening.keys"] = NotHereError("there is no curl")
    assert 0 == run.main(["--only", OURS])
    assert "not measured: there is no curl" in capsys.readouterr().out


def test_each_measurement_is_made_once_for_all_its_rows(
    calls: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """And what it tells of further rows is kept, and shown, as well."""
    calls["opening.keys"] = figures(0.1)
    assert 0 == run.main(["--only", OURS])
    _, *lines = capsys.readouterr().out.splitlines()
    assert MEASURED == {line.split()[0] for line in lines}
    found, broken = run.measure_all(rows_named(["open-n", "open-u"]), Path(), quick=False)
    assert [] == broken
    assert dict.fromkeys(sorted(MEASURED), Entry(0.1)) == found


def test_the_page_is_written_only_if_it_is_asked_for(
    calls: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And then so is the record from which it is drawn; what broke is not in it."""
    calls["opening.keys"] = figures(0.1)
    page, record = tmp_path / "page.md", tmp_path / "record.json"
    page.write_text(f"{report.BEGIN}{report.END}", encoding="utf-8")
    monkeypatch.setattr(report, "PAGE", page)
    monkeypatch.setattr(report, "RECORD", record)
    assert 0 == run.main(["--only", OURS])
    assert not record.exists()
    assert 0 == run.main(["--only", OURS, "--write"])
    written = report.read_record(record)
    assert set(written.rows) == MEASURED
    assert report.page_with(written, page.read_text("utf-8")) == page.read_text("utf-8")
    calls.update(dict.fromkeys(FUNCTIONS, BrokenMeasurementError("it broke")))
    assert 1 == run.main(["--write"])
    assert {} == report.read_record(record).rows


def test_some_rows_take_their_place_beside_the_others(
    calls: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Of the same machine; of another one nothing is measured in vain."""
    page, record = tmp_path / "page.md", tmp_path / "record.json"
    page.write_text(f"{report.BEGIN}{report.END}", encoding="utf-8")
    monkeypatch.setattr(report, "PAGE", page)
    monkeypatch.setattr(report, "RECORD", record)
    before = Record(Machine.here(), {"poll-sync": Entry(1.0), OURS: Entry(9.0)})
    report.write_record(before, record)
    calls["opening.keys"] = figures(0.1)
    assert 0 == run.main(["--only", OURS, "--write"])
    rows = report.read_record(record).rows
    assert MEASURED | {"poll-sync"} == set(rows)
    assert Entry(0.1) == rows[OURS]
    report.write_record(Record(evolve(before.machine, cores=640), before.rows), record)
    calls.clear()
    with pytest.raises(SystemExit, match="2"):
        run.main(["--only", OURS, "--write"])


@pytest.mark.parametrize("arguments", [["--only", "nothing"], ["--quick", "--write"]])
def test_what_makes_no_sense_is_refused(arguments: list[str]) -> None:
    """A row that there is not, or a page of figures that say nothing."""
    with pytest.raises(SystemExit, match="2"):
        run.main(arguments)
