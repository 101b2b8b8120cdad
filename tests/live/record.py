"""What a run has asked the service, what was assumed, and what was seen: to be read and kept.

A record is JSON and is written anew with every finding, so that an interrupted run loses none. It
names the batches that were not over when the run ended: the next run with the same record asks
about these, and about nothing that is settled.
"""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from attrs import asdict, define, field, frozen

SAME = "same"
DIFFERENT = "different"
UNSETTLED = "not settled"
NOT_MET = "not met"
SETTLED = {SAME, DIFFERENT}

COLUMNS = {"verdict": 11, "question": 38, "assumed": 38, "seen": 56}
"""What the table shows of a finding, and how many characters wide."""


class OtherRecordError(Exception):
    """The record is not one of such a run."""


@frozen
class Finding:
    """The answer to one question.

    ``broken`` says that the package relies on what was assumed, and that it is not so.
    """

    question: str
    assumed: str
    seen: Any
    verdict: str
    broken: bool = False
    at: str = field(factory=lambda: written(datetime.now(UTC)))

    @property
    def settled(self) -> bool:
        """Whether nobody need ask again."""
        return self.verdict in SETTLED


@define
class Record:
    """All findings of a run, and of earlier ones with the same record."""

    path: Path
    origin: str
    model: str
    embedding_model: str
    version: str
    """Of the package."""
    budget: str = ""
    begun: str = field(factory=lambda: written(datetime.now(UTC)))
    spent: dict[str, int] = field(factory=dict[str, int])
    tokens: dict[str, int] = field(factory=dict[str, int])
    """How many the results took that were read, by what their batch was for."""
    findings: dict[str, Finding] = field(factory=dict[str, Finding])
    batches: dict[str, dict[str, Any]] = field(factory=dict[str, dict[str, Any]])
    """What the run made that is still there, by what it is for."""
    left: list[str] = field(factory=list[str])
    """What could not be deleted, and why."""
    scrub: Callable[[bytes], bytes] = bytes
    """Takes out what must not be written down: the key."""

    @classmethod
    def begin(cls, path: Path, **told: Any) -> Self:
        """Begin a record, or go on with the one that is there."""
        record = cls(path, **told)
        if not path.exists():
            return record
        try:
            found = json.loads(path.read_bytes())
            earlier = {name: Finding(**one) for name, one in found["findings"].items()}
            same = {name: found[name] for name in ("origin", "model", "embedding_model")}
            record.begun, record.batches = found["begun"], found["batches"]
            record.spent, record.tokens = found["spent"], found["tokens"]
        except (ValueError, KeyError, TypeError) as error:
            raise OtherRecordError(f"{path} is not the record of such a run: {error!r}") from error
        for name, value in same.items():
            if getattr(record, name) != value:
                raise OtherRecordError(
                    f"{path} is a record of the {name} {value}, not of {getattr(record, name)}"
                )
        record.findings = earlier
        return record

    def settled(self, check: str) -> Finding | None:
        """Return the answer to a question, if it has one."""
        found = self.findings.get(check)
        return found if found is not None and found.settled else None

    def note(self, check: str, finding: Finding) -> None:
        """Write down an answer."""
        self.findings[check] = finding
        self.write()

    def spend(self, **amounts: int) -> None:
        """Count what was spent, over all runs."""
        for name, amount in amounts.items():
            self.spent[name] = self.spent.get(name, 0) + amount

    def write(self) -> None:
        """Write the record, all of it or nothing."""
        told = asdict(self, filter=lambda attribute, _: attribute.name not in {"path", "scrub"})
        text = json.dumps(told, indent=2, ensure_ascii=True) + "\n"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_name(f"{self.path.name}.part")
        part.write_bytes(self.scrub(text.encode()))
        part.replace(self.path)

    @property
    def told(self) -> str:
        """Say in a line how many questions were answered, and how."""
        counts = Counter(finding.verdict for finding in self.findings.values())
        broken = sum(finding.broken for finding in self.findings.values())
        words = [f"{count} {verdict}" for verdict, count in sorted(counts.items())]
        relied = f"; the package relies on {broken} of what is different" if broken else ""
        return f"{len(self.findings)} questions: {', '.join(words) or 'none asked'}{relied}"


def written(moment: datetime) -> str:
    """Return a time as a record has it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def table(findings: Mapping[str, Finding]) -> Iterator[str]:
    """Yield the lines of a table: each question with what is assumed, and what was seen."""
    yield from _row(list(COLUMNS))
    yield "-+-".join("-" * width for width in COLUMNS.values())
    for check, finding in findings.items():
        verdict = f"{finding.verdict} (!)" if finding.broken else finding.verdict
        yield from _row([verdict, finding.question, finding.assumed, shown(finding.seen)])
        yield f"{'':{COLUMNS['verdict']}} | {check}"
        yield "-+-".join("-" * width for width in COLUMNS.values())


def shown(seen: Any) -> str:
    """Return what was seen in a line: printable, and no control character among it."""
    text = seen if isinstance(seen, str) else json.dumps(seen, ensure_ascii=False)
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def _row(cells: Sequence[str]) -> Iterator[str]:
    wrapped = [
        textwrap.wrap(cell, width, break_on_hyphens=False) or [""]
        for cell, width in zip(cells, COLUMNS.values(), strict=True)
    ]
    for number in range(max(map(len, wrapped))):
        parts = [lines[number] if number < len(lines) else "" for lines in wrapped]
        padded = [f"{part:{width}}" for part, width in zip(parts, COLUMNS.values(), strict=True)]
        yield " | ".join(padded).rstrip()
