"""What became of the requests of a batch, counted after every answer was read."""

from __future__ import annotations

from collections import Counter
from typing import Any

from attrs import field, frozen

from ..items import ItemError, ItemSuccess
from ..results import BatchResults

SHOWN = 3
"""Problems that are shown; all of them are in the output."""

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


@frozen
class Tally:
    """Requests counted by what became of them.

    ``blocked`` counts those answered with nothing: the service withheld the answer, or the model
    wrote none. ``duplicates`` and ``unexpected`` count results too many. ``examples`` are the
    first few problems in words.
    """

    requests: int
    counts: Counter[str]
    examples: tuple[str, ...] = field(default=())

    @property
    def complete(self) -> bool:
        """Whether every request has one answer, and no more than one."""
        return self.counts.total() == self.counts["answered"] == self.requests

    def facts(self) -> dict[str, int]:
        """Return all counts by their names."""
        return {"requests": self.requests, **{name: self.counts[name] for name in _WORDS}}

    def __str__(self) -> str:
        parts = (
            f"{self.counts[name]:,} {words}"
            for name, words in _WORDS.items()
            if self.counts[name] or name == "answered"
        )
        requests = "1 request" if self.requests == 1 else f"{self.requests:,} requests"
        return f"{requests}: {', '.join(parts)}"


def tally(results: BatchResults[Any]) -> Tally:
    """Read every result once, and count."""
    counts: Counter[str] = Counter()
    examples: list[str] = []
    for item in results:
        problem = item.problem
        match item:
            case ItemSuccess():
                counts["answered" if problem is None else "blocked"] += 1
            case ItemError():
                counts["failed"] += 1
            case _:
                counts["malformed"] += 1
        if problem is not None and len(examples) < SHOWN:
            examples.append(f"{'(no key)' if item.key is None else item.key}: {problem}")
    requests = results.resolved_count if results.expected is None else results.expected
    counts["missing"] = max(0, requests - results.resolved_count)
    counts["duplicates"] = len(results.duplicates)
    counts["unexpected"] = len(results.unexpected)
    return Tally(requests, counts, tuple(examples))
