"""Hold the catalogue of what can go wrong against what runs of the suite have reported.

``python -m tests.docs.passed REPORT...`` fails if a test that the catalogue names did not run, or
did not pass, in one of the reports, or if the record of it is of another catalogue; ``--write``
writes the record, which the documentation draws.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from docs._ext import catalogue
from docs._ext.catalogue import Record, Section, UnreadableCatalogueError

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT / "docs" / "catalogue"


def outcomes_of(report: Path) -> Mapping[str, bool]:
    """Return every test of a report, by the name that pytest gives it, and whether it passed."""
    return {
        f"{case.attrib['classname'].replace('.', '/')}.py::{case.attrib['name']}": not any(
            one.tag in {"failure", "error", "skipped"} for one in case
        )
        for case in ET.parse(report).getroot().iter("testcase")  # noqa: S314 — our own file
    }


def python_of(report: Path) -> str:
    """Return the version of Python that the folder of a report is named for."""
    found = re.search(r"\d+\.\d+", report.parent.name)
    if found is None:
        raise UnreadableCatalogueError(f"{report}: its folder names no Python")
    return found[0]


def record_of(sections: Sequence[Section], runs: Mapping[str, Mapping[str, bool]]) -> Record:
    """Return where each test of the catalogue passed, which must be the same in all runs."""
    named = [name for section in sections for row in section.row for name in row.held]
    tests: dict[str, Sequence[str]] = {}
    for python, outcomes in runs.items():
        for name in dict.fromkeys(named):
            ways = catalogue.passed(name, outcomes)
            if tests.setdefault(name, ways) != ways:
                raise UnreadableCatalogueError(f"{name} ran otherwise on Python {python}")
    return Record(tuple(runs), tests)


def gaps_of(sections: Sequence[Section], record: Record) -> list[str]:
    """Return the rows that ran on no more than one facade, and do not say why; or need not."""
    rows = [row for section in sections for row in section.row]
    return [
        f"{row.id} says why it has one facade, and has both" if row.alone else f"{row.id} has one"
        for row in rows
        if bool(row.alone) == catalogue.on_both(row, record)
    ]


def told(sections: Sequence[Section], record: Record) -> str:
    """Say in a line what the catalogue holds."""
    rows = [row for section in sections for row in section.row]
    both = sum(catalogue.on_both(row, record) for row in rows)
    return (
        f"rows of the catalogue: {len(rows)}, on both facades: {both}, about neither: "
        f"{len(rows) - both}; tests that hold them: {len(record.tests)}, "
        f"passed on Python {', '.join(record.pythons)}"
    )


def judge(reports: Sequence[Path], path: Path, *, write: bool) -> str:
    """Say what the catalogue holds by these reports, and write that to ``path`` if asked to.

    Raises:
        UnreadableCatalogueError: Something did not run or pass, or is written down otherwise.
    """
    sections = catalogue.read_sections(path.parent)
    runs = {python_of(report): outcomes_of(report) for report in reports}
    found = record_of(sections, runs)
    if gaps := gaps_of(sections, found):
        raise UnreadableCatalogueError("; ".join(gaps))
    if write:
        text = json.dumps(catalogue.as_json(found), indent=1)
        path.write_text(f"{text}\n", encoding="utf-8")
    if catalogue.as_json(catalogue.read_record(path))["tests"] != catalogue.as_json(found)["tests"]:
        raise UnreadableCatalogueError("the record is another: nox -s catalogue -- --write")
    return told(sections, found)


def main() -> None:
    """Judge the reports that are named."""
    parser = argparse.ArgumentParser(description="Hold the catalogue against reports of the suite.")
    parser.add_argument("--write", action="store_true", help="write the record of it")
    parser.add_argument("reports", nargs="+", type=Path)
    options = parser.parse_args()
    try:
        said = judge(options.reports, CATALOGUE / catalogue.RECORD, write=options.write)
    except UnreadableCatalogueError as error:
        raise SystemExit(f"the catalogue: {error}") from error
    print(said)  # noqa: T201 — this is what it is for


if __name__ == "__main__":
    main()
