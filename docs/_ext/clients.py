"""Which client was driven through which operation, from the records that runs have written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec
from attrs import frozen

from .faults import Rows

NOTHING = "—"
"""In a cell: the client was not driven through the operation."""


class UnreadableRecordError(ValueError):
    """A record is not as a run writes it."""


@frozen
class Record:
    """What a run drove one client through: the ways of each operation, and how much was asked."""

    client: str
    version: str
    runtime: str
    api_versions: tuple[str, ...]
    operations: Mapping[str, tuple[str, ...]]
    requests: Mapping[str, int]

    @property
    def title(self) -> str:
        """Name the client, its version, and what it ran on."""
        return f"{self.client} {self.version}, {self.runtime}"

    @property
    def age(self) -> tuple[int, ...]:
        """Return the numbers of the version, by which a newer one is greater."""
        return tuple(int(part) for part in self.version.split(".") if part.isdecimal())


def read_record(path: Path) -> Record:
    """Read one record."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Record)
    except msgspec.DecodeError as error:
        raise UnreadableRecordError(f"{path.name}: {error}") from error


def paths(folder: Path) -> list[Path]:
    """Return where the records are; there must be one."""
    found = sorted(folder.glob("*.json"))
    if not found:
        raise UnreadableRecordError(f"{folder.name} has no record")
    return found


def table(records: Iterable[Record]) -> Rows:
    """Return operations by clients, the newest version of each client first.

    The rows are in the order of the client that was driven through most of them. A cell says in
    which ways a client was called; the last rows are about all of them.
    """
    shown = sorted(records, key=lambda one: one.age, reverse=True)
    shown.sort(key=lambda one: one.client)  # stable, so that the newest stays first
    fullest = sorted(shown, key=lambda one: len(one.operations), reverse=True)
    operations = dict.fromkeys(name for one in fullest for name in one.operations)
    rows = [(name, *(ways(one.operations.get(name, ())) for one in shown)) for name in operations]
    rows += [
        ("version of the API", *(", ".join(one.api_versions) for one in shown)),
        ("requests answered", *(str(sum(one.requests.values())) for one in shown)),
    ]
    return Rows(("operation", *(one.title for one in shown)), tuple(rows))


def ways(found: Iterable[str]) -> str:
    """Write the ways of an operation, the synchronous one first."""
    return ", ".join(sorted(found, key=lambda way: (way != "sync", way))) or NOTHING
