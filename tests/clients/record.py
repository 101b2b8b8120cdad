"""What a run has driven through the emulator: which client, which operations, how many requests.

A driver drives one client. Its fixture ``driven`` says which that is, its fixture ``way`` how (such
as ``sync``), and each of its tests is marked with its operation::

    @pytest.mark.operation("create inline")
    def test_a_batch_is_created(driven, way, emulator): ...

The rest is done by the ``conftest.py`` beside this file: a test that passes is a cell of the table
that the documentation draws, and every emulator that its fixtures ran is asked for what it was
asked. What a test asks by itself, to compare, carries its key in the query, and does not count.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from gemini_batch.emulator import Emulator

_VERSION = re.compile(r"^/(?:upload/|download/)?(v\d\w*)/")


@frozen
class Driven:
    """A client: its name where it is published, its version, and what it runs on.

    ``slug`` is what the file of its record is called, without the major version.
    """

    client: str
    version: str
    runtime: str
    slug: str = field(kw_only=True)

    @slug.default
    def _slug(self) -> str:
        return re.sub(r"[^a-z0-9]+", "-", self.client.lower()).strip("-")

    @property
    def major(self) -> int:
        """Return the first number of the version."""
        return int(self.version.partition(".")[0])


@define
class Record:
    """What one client went through."""

    driven: Driven
    operations: dict[str, set[str]] = field(factory=dict)
    requests: Counter[str] = field(factory=Counter)
    api_versions: set[str] = field(factory=set)

    def passed(self, operation: str, way: str) -> None:
        """Note an operation that went well, and how the client was called."""
        self.operations.setdefault(operation, set()).add(way)

    def answered(self, emulator: Emulator) -> None:
        """Count what an emulator was asked by the client, at the end of its test."""
        for seen in emulator.seen:
            if seen.key == "query":
                continue  # asked by the test itself
            self.requests[seen.operation] += 1
            self.api_versions.update(_VERSION.findall(seen.path))

    @property
    def told(self) -> str:
        """Say in a line what was driven."""
        one = self.driven
        return (
            f"{one.client} {one.version} on {one.runtime} was driven through "
            f"{len(self.operations)} operations; the emulator answered {self.requests.total()} "
            f"requests in {', '.join(sorted(self.api_versions))}"
        )

    def as_json(self) -> dict[str, Any]:
        """Return the record, the same for the same run: operations as they stand in the driver."""
        return {
            "client": self.driven.client,
            "version": self.driven.version,
            "runtime": self.driven.runtime,
            "api_versions": sorted(self.api_versions),
            "operations": {name: sorted(ways) for name, ways in self.operations.items()},
            "requests": dict(sorted(self.requests.items())),
        }

    def write(self, folder: Path) -> Path:
        """Write the record, in place of that of an earlier version with the same first number."""
        folder.mkdir(exist_ok=True)
        path = folder / f"{self.driven.slug}-{self.driven.major}.json"
        path.write_text(json.dumps(self.as_json(), indent=2) + "\n", encoding="utf-8")
        return path


@define
class Run:
    """All that one run of pytest drives, and why it is no record if it is none."""

    records: dict[Driven, Record] = field(factory=dict)
    gaps: list[str] = field(factory=list)

    def of(self, driven: Driven) -> Record:
        """Return the record of a client."""
        return self.records.setdefault(driven, Record(driven))

    def write(self, folder: Path) -> list[Path]:
        """Write every record; none is written of a run in which something is missing."""
        if self.gaps:
            return []
        return [record.write(folder) for record in self.records.values()]
