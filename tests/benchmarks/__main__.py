"""Measure every row of the table, or some, and print it.

``nox -s bench`` takes an idle machine and its time; ``-- --quick`` shows within a minute that all
of it runs, on corpora that are too small to judge by. It ends with 1 where a measurement breaks, or
(unless quick) where a budget is missed without a reason that stands in the table.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks import processes, report
from tests.benchmarks.budgets import ROWS, Row, rows_named
from tests.benchmarks.machine import Machine
from tests.benchmarks.report import Entry, Record

AT_ONCE = 2
"""Measurements that run side by side where nothing is judged; otherwise each runs alone."""


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say."""
    parser = argparse.ArgumentParser(prog="nox -s bench --", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="see that it runs")
    parser.add_argument(
        "--only",
        metavar="ROW",
        action="append",
        default=[],
        help="the rows whose names begin like this; may be given again",
    )
    parser.add_argument("--write", action="store_true", help="write the page of the documentation")
    parser.add_argument("--corpora", metavar="FOLDER", type=Path, help="keep the corpora there")
    given = parser.parse_args(arguments)
    if given.quick and given.write:
        parser.error("a quick run shows nothing worth a page")
    try:
        rows = rows_named(given.only)
    except ValueError as unknown:
        parser.error(str(unknown))
    machine = Machine.here()
    record = Record(machine, {})
    if given.write and given.only and report.RECORD.exists():
        try:
            record = report.read_record(report.RECORD).with_rows(record)
        except ValueError as elsewhere:
            parser.error(str(elsewhere))
    if machine.busy and not given.quick:
        print(f"this machine is busy: its load is {machine.load}", file=sys.stderr)
    with TemporaryDirectory(prefix="gemini-batch-bench-") as scratch:
        folder = given.corpora or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        found, broken = measure_all(rows, folder, quick=given.quick)
    shown = [row for row in ROWS if row in rows or row.id in found]
    print(report.table(shown, found, quick=given.quick))
    for failure in broken:
        print(failure, file=sys.stderr)
    if given.write:
        write(record.with_rows(Record(machine, found)))
    missed = [row.id for row in rows if row.id in found and report.is_defect(row, found[row.id])]
    if missed and not given.quick:
        print(f"missed: {', '.join(missed)}", file=sys.stderr)
    return int(bool(broken or (missed and not given.quick)))


def measure_all(
    rows: Sequence[Row], folder: Path, *, quick: bool
) -> tuple[dict[str, Entry], list[str]]:
    """Measure rows, each measurement in a process of its own; return what broke as well."""
    found: dict[str, Entry] = {}
    broken: list[str] = []

    def measure(function: str) -> None:
        mine = [row.id for row in rows if row.measure == function]
        begun = time.perf_counter()
        try:
            figures = processes.call(
                "measuring.measure", function=function, quick=quick, folder=str(folder)
            )
        except processes.NotHereError as absent:
            found.update({name: Entry(None, str(absent)) for name in mine})
        except processes.BrokenMeasurementError as failure:
            broken.append(str(failure))
        else:
            entries = report.entries_of(figures)
            if lacking := sorted(set(mine) - set(entries)):
                broken.append(f"{function} has no figure for {', '.join(lacking)}")
            found.update(entries)
        told = ", ".join(
            f"{row.id} {report.shown(found[row.id].figure, row.unit)}"
            for row in rows
            if row.id in found and row.measure == function
        )
        seconds = time.perf_counter() - begun
        print(f"{function} ({seconds:.1f} s): {told or 'broke'}", file=sys.stderr, flush=True)

    functions = dict.fromkeys(row.measure for row in rows if row.measure)
    with ThreadPoolExecutor(AT_ONCE if quick else 1) as pool:
        list(pool.map(measure, functions))
    return found, broken


def write(record: Record) -> None:
    """Write the record, and the page that is drawn from it."""
    report.write_record(record, report.RECORD)
    page = report.PAGE.read_text(encoding="utf-8")
    report.PAGE.write_text(report.page_with(record, page), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
