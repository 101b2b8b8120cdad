"""What became of the requests of a batch, counted after every answer was read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import evolve, fields, frozen

from .items import ItemError, ItemSuccess, Outcome
from .models.base import Model
from .models.config import Modality
from .models.generation import ModalityTokenCount
from .text import printable

if TYPE_CHECKING:
    from .results import BatchResults

U = TypeVar("U", bound=Model)

SHOWN = 3
"""Problems that a summary shows."""

_WORDS = {
    "answered": "answered",
    "failed": "failed",
    "blocked": "blocked or empty",
    "malformed": "malformed",
    "missing": "missing",
    "duplicates": "duplicate",
    "unexpected": "unexpected",
}
"""The counts beside that of all requests, and how a person is told of each."""


@frozen(kw_only=True)
class Summary:
    """Requests counted by what became of them; its text is one line for people.

    ``blocked`` counts those answered with nothing: the service withheld the answer, or the model
    wrote none. ``duplicates`` and ``unexpected`` count results too many. ``truncated`` counts
    those of the ``answered`` that ran into their token limit, and ``cut_short`` those of the
    ``blocked`` that did so before anything was written. ``examples`` are the first few problems in
    words.
    """

    requests: int
    answered: int = 0
    failed: int = 0
    blocked: int = 0
    malformed: int = 0
    missing: int = 0
    duplicates: int = 0
    unexpected: int = 0
    truncated: int = 0
    cut_short: int = 0
    examples: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every request has one answer, and no more than one."""
        return self.answered == self.requests and not any(
            (self.malformed, self.duplicates, self.unexpected)
        )

    @property
    def outcomes(self) -> Mapping[Outcome, int]:
        """The same requests by their :class:`~gemini_batch.Outcome`: each is counted once.

        All of those that ran into their token limit are truncated here. Results too many are
        counted with the others.
        """
        return {
            Outcome.ANSWERED: self.answered - self.truncated,
            Outcome.TRUNCATED: self.truncated + self.cut_short,
            Outcome.BLOCKED: self.blocked - self.cut_short,
            Outcome.REFUSED: self.failed,
            Outcome.MALFORMED: self.malformed,
            Outcome.MISSING: self.missing,
        }

    def counts(self) -> Mapping[str, int]:
        """Return all counts by their names."""
        names = ("requests", *_WORDS, "truncated", "cut_short")
        return {name: getattr(self, name) for name in names}

    def __str__(self) -> str:
        counts = self.counts()
        parts = [
            f"{counts[name]:,} {words}"
            for name, words in _WORDS.items()
            if counts[name] or name == "answered"
        ]
        if self.truncated:
            parts[0] += f" ({self.truncated:,} truncated)"
        requests = "1 request" if self.requests == 1 else f"{self.requests:,} requests"
        return f"{requests}: {', '.join(parts)}"


def summary_of(results: BatchResults[Any]) -> Summary:
    """Read every result once, and count."""
    counts: Counter[str] = Counter()
    examples: list[str] = []
    for item in results:
        problem = item.problem
        match item:
            case ItemSuccess(outcome=outcome):
                counts["answered" if problem is None else "blocked"] += 1
                if outcome is Outcome.TRUNCATED:
                    counts["truncated" if problem is None else "cut_short"] += 1
            case ItemError():
                counts["failed"] += 1
            case _:
                counts["malformed"] += 1
        if problem is not None and len(examples) < SHOWN:
            examples.append(f"{'(no key)' if item.key is None else printable(item.key)}: {problem}")
    requests = results.resolved_count if results.expected is None else results.expected
    return Summary(
        requests=requests,
        missing=max(0, requests - results.resolved_count),
        duplicates=len(results.duplicates),
        unexpected=len(results.unexpected),
        examples=tuple(examples),
        **counts,
    )


def total(usages: Iterable[U], nothing: U) -> U:
    """Add up what requests used, member by member; what none of them tells stays ``None``."""
    sums: Counter[str] = Counter()
    details: dict[str, dict[Modality | None, int | None]] = {}
    for usage in usages:
        for member in fields(type(nothing)):
            used: object = getattr(usage, member.name)
            if isinstance(used, int):
                sums[member.name] += used
            elif isinstance(used, tuple):
                modalities = details.setdefault(member.name, {})
                for one in cast("tuple[ModalityTokenCount, ...]", used):
                    before = modalities.setdefault(one.modality, None)
                    if one.token_count is not None:
                        modalities[one.modality] = (before or 0) + one.token_count
    merged = {
        name: tuple(ModalityTokenCount(modality, count) for modality, count in modalities.items())
        for name, modalities in details.items()
    }
    members: dict[str, Any] = {**sums, **merged}
    return evolve(nothing, **members)
