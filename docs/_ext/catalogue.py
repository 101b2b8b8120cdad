"""What can go wrong, row by row: what is seen then, which tests hold it, and where they passed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from attrs import frozen

from .faults import Rows
from .guarantees import WAYS, HeldBy

RECORD = "passed.json"
"""Where a run of the suite writes what it saw."""

LIVE = Path("tests", "live")
"""Where the checks are that ask the real service."""

_ID = re.compile(r"[A-Z][1-9]\d*")
_WAY = re.compile(r"(?<=[\[-])(a?sync)(?=[\]-])")


class UnreadableCatalogueError(ValueError):
    """A file of the catalogue is not as it should be."""


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that can go wrong: when, what is seen ``then``, and the tests that hold it.

    ``alone`` says why no test of it runs on both facades, if none does. ``live_asks`` is what only
    the real service can settle about it, and ``live`` the check that will.
    """

    id: str
    when: str
    then: str
    held: tuple[str, ...]
    alone: str = ""
    live: str = ""
    live_asks: str = ""

    @property
    def number(self) -> int:
        """Return its number in its section."""
        return int(self.id[1:])

    @property
    def tests(self) -> tuple[HeldBy, ...]:
        """Return the tests, read."""
        return tuple(map(HeldBy.parse, self.held))


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rows of one kind."""

    title: str
    row: tuple[Row, ...]

    @property
    def letter(self) -> str:
        """Return what the names of its rows begin with."""
        return self.row[0].id[0]


@frozen
class Record:
    """Where each test passed that the catalogue names: on which facades, if it is about them."""

    pythons: Sequence[str]
    tests: Mapping[str, Sequence[str]]


def read_sections(folder: Path) -> list[Section]:
    """Read the catalogue, its sections by their letters and their rows by their numbers."""
    found = [_read_section(path) for path in sorted(folder.glob("*.toml"))]
    if not found:
        raise UnreadableCatalogueError(f"{folder.name} has no sections")
    return sorted(found, key=lambda section: section.letter)


def _read_section(path: Path) -> Section:
    try:
        section = msgspec.toml.decode(path.read_bytes(), type=Section)
    except msgspec.DecodeError as error:
        raise UnreadableCatalogueError(f"{path.name}: {error}") from error
    if not section.row:
        raise UnreadableCatalogueError(f"{path.name} has no rows")
    for row in section.row:
        told = [row.when.strip(), row.then.strip(), *row.held]
        if not (_ID.fullmatch(row.id) and row.held and all(told)):
            raise UnreadableCatalogueError(f"{path.name}: row {row.id!r} is not whole")
        if bool(row.live) != bool(row.live_asks):
            raise UnreadableCatalogueError(f"{path.name}: {row.id} asks nothing, or has no check")
    ids = [row.id for row in section.row]
    if len(ids) != len(set(ids)) or {section.letter} != {one[0] for one in ids}:
        raise UnreadableCatalogueError(f"{path.name}: its rows are named twice, or for two letters")
    return Section(section.title, tuple(sorted(section.row, key=lambda row: row.number)))


def read_record(path: Path) -> Record:
    """Read what a run of the suite wrote."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Record)
    except (OSError, msgspec.DecodeError) as error:
        raise UnreadableCatalogueError(f"{path.name}: {error}") from error


def passed(name: str, outcomes: Mapping[str, bool]) -> list[str]:
    """Return on which facades a test passed, and nothing for one that is about neither.

    ``outcomes`` are all tests of a run, each with whether it passed.

    Raises:
        UnreadableCatalogueError: It is not among them, or some of it did not pass.
    """
    test = HeldBy.parse(name)
    ids = test.ids or [one for one in outcomes if one.partition("[")[0] == test.home]
    if not ids or not all(outcomes.get(one, False) for one in ids):
        raise UnreadableCatalogueError(f"{name} did not run, or not all of it passed")
    ways: dict[str, set[str]] = defaultdict(set)
    for one in ids:
        for way in _WAY.findall(one):
            ways[_WAY.sub("*", one)].add(way)
    return list(WAYS) if any(set(WAYS) == found for found in ways.values()) else []


def on_both(row: Row, record: Record) -> bool:
    """Whether a test of the row passed on both facades."""
    return any(set(WAYS) == set(record.tests[name]) for name in row.held)


def questions(sections: Iterable[Section]) -> Rows:
    """Return what only the real service can settle, and the check that will."""
    rows = [
        (row.id, row.live_asks, f"``{row.live}``")
        for section in sections
        for row in section.row
        if row.live
    ]
    return Rows(("row", "what is asked", "the check"), tuple(rows))


def as_json(record: Record) -> dict[str, Any]:
    """Return a record as it is written."""
    return {
        "pythons": list(record.pythons),
        "tests": {name: list(ways) for name, ways in sorted(record.tests.items())},
    }
