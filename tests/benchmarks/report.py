"""From figures to a verdict, a table, and a page that names the machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from attrs import asdict, evolve, frozen

from tests.benchmarks.budgets import ROWS, Budget, Row
from tests.benchmarks.machine import Machine

DOCS = Path(__file__).parents[2] / "docs"
RECORD = DOCS / "benchmarks.json"
PAGE = DOCS / "performance.md"
BEGIN, END = "<!-- measured -->", "<!-- until here -->"
NOTHING = "—"
HEADS = ("row", "budget", "figure", "verdict", "measured")


@frozen
class Figure:
    """What a row was measured to be.

    ``told`` is what it was made of, ``limit`` the budget where that depends on the size of what was
    measured.
    """

    row: str
    value: float
    told: str = ""
    limit: str = ""

    @classmethod
    def ratio(cls, row: str, ours: float, theirs: float, per: int, what: str = "a line") -> Figure:
        """Return how many times as long ours takes: seconds for so many lines."""
        return cls(row, ours / theirs, _told(ours, theirs, per, what))

    @classmethod
    def gain(cls, row: str, ours: float, theirs: float, per: int, what: str = "a line") -> Figure:
        """Return how many times as long theirs takes."""
        return cls(row, theirs / ours, _told(ours, theirs, per, what))


def _told(ours: float, theirs: float, per: int, what: str) -> str:
    return f"{ours / per * 1e6:.2f} against {theirs / per * 1e6:.2f} µs {what}"


@frozen
class Entry:
    """What the record has of a row: a figure, or none, and then ``told`` says why."""

    figure: float | None
    told: str = ""
    limit: str = ""


@frozen
class Record:
    """What a run has measured, on which machine."""

    machine: Machine
    rows: Mapping[str, Entry]

    def with_rows(self, later: Record) -> Record:
        """Return the record with the rows of a later run, which must be of this machine."""
        if self.machine.kind != later.machine.kind:
            raise ValueError(
                f"the page is of {self.machine.kind}, and this is {later.machine.kind}: "
                "measure all rows, not only some"
            )
        return evolve(later, rows={**self.rows, **later.rows})


def read_record(path: Path) -> Record:
    """Read a record."""
    return msgspec.json.decode(path.read_bytes(), type=Record)


def write_record(record: Record, path: Path) -> None:
    """Write a record, in the order of the table."""
    ordered = {row.id: record.rows[row.id] for row in ROWS if row.id in record.rows}
    text = msgspec.json.encode(asdict(evolve(record, rows=ordered)))
    path.write_bytes(msgspec.json.format(text, indent=1) + b"\n")


def limit_of(row: Row, entry: Entry) -> Budget | None:
    """Return what the figure of a row may be, if anything is asked of it."""
    return Budget.parse(entry.limit) if entry.limit else row.limit


def is_met(row: Row, entry: Entry) -> bool | None:
    """Tell whether a budget is met; ``None`` where there is none, or no figure."""
    limit = limit_of(row, entry)
    if limit is None or entry.figure is None:
        return None
    return limit.holds(entry.figure)


def is_defect(row: Row, entry: Entry) -> bool:
    """Tell whether a budget is missed without a reason."""
    return is_met(row, entry) is False and not row.excuse


def verdict(row: Row, entry: Entry | None) -> str:
    """Say in words what has come of a row."""
    if not row.measure:
        return row.note
    if entry is None:
        return "not measured"
    if entry.figure is None:
        return f"not measured: {entry.told}"
    met = is_met(row, entry)
    if met is None:
        return "for information"
    missed = f"missed: {row.excuse}" if row.excuse else "missed"
    return "met" if met else missed


def shown(figure: float | None, unit: str) -> str:
    """Write a figure with its unit."""
    if figure is None:
        return NOTHING
    digits = 0 if unit in {"lines", "threads"} or figure >= 100 else 1 if figure >= 10 else 2
    number = f"{figure:.2g}" if 0 < figure < 0.1 else f"{figure:.{digits}f}"
    return f"{number} {unit}"


def asked(row: Row, entry: Entry | None) -> str:
    """Write the budget of a row, with what it comes to where that depends on the size."""
    if entry is not None and entry.limit:
        return entry.limit
    return row.budget or NOTHING


def table(rows: Iterable[Row], entries: Mapping[str, Entry], *, quick: bool = False) -> str:
    """Return the table for people at a terminal; of a quick run nothing is judged."""
    lines = [HEADS]
    for row in rows:
        entry = entries.get(row.id)
        ran = quick and entry is not None and entry.figure is not None
        lines.append(
            (
                row.id,
                asked(row, entry),
                shown(None if entry is None else entry.figure, row.unit),
                "ran" if ran else verdict(row, entry),
                "" if entry is None or entry.figure is None else entry.told,
            )
        )
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADS))]
    return "\n".join(_aligned(line, widths) for line in lines)


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()


def drawn(record: Record) -> str:
    """Return the part of the page that is measured: the machine, and the table."""
    lines = [
        record.machine.told(),
        "",
        "| row | work | against | budget | figure | verdict | measured |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in ROWS:
        entry = record.rows.get(row.id)
        cells = (
            f"`{row.id}`",
            row.work,
            NOTHING if row.yardstick == "-" else row.yardstick,
            _budget(row, entry),
            shown(None if entry is None else entry.figure, row.unit),
            verdict(row, entry),
            "" if entry is None or entry.figure is None else entry.told,
        )
        lines.append(f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |")
    return "\n".join(lines)


def _budget(row: Row, entry: Entry | None) -> str:
    """Write how a budget depends on the size, and what that comes to."""
    if row.by_size and entry is not None and entry.limit:
        return f"{row.budget}: {entry.limit}"
    return row.budget or NOTHING


def page_with(record: Record, page: str) -> str:
    """Return the page with what the record holds."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the page has no place between {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{drawn(record)}\n\n{END}{after}"


def entries_of(figures: Iterable[Mapping[str, Any]]) -> dict[str, Entry]:
    """Return what a record keeps of figures."""
    found = (Figure(**figure) for figure in figures)
    return {one.row: Entry(one.value, one.told, one.limit) for one in found}
