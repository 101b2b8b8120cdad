"""What a row of the table says: who does what, what goes wrong, and what must come of it."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from attrs import field, frozen

from tests.conformance.expectations import SOUND, Expectation
from tests.conformance.stage import Fault

COSTLY = ("create", "cancel", "delete", "file-delete")
"""Acts that cost or destroy something: of these, a row names all that may happen."""


@frozen
class Row:
    """One promise: a ``scenario``, its ``faults``, and what comes of them.

    ``sees`` is what the user sees. ``acted`` is what the service acted on: all of what is costly,
    and whatever else is named. ``seen`` counts requests on the wire, where a number of them is
    promised. ``waits`` are the least and the most seconds that were waited; ``log`` is a part of
    what the log says.
    """

    scenario: str
    faults: tuple[Fault, ...]
    sees: Expectation = SOUND
    acted: Mapping[str, int] = field(factory=dict[str, int])
    seen: Mapping[str, int] = field(factory=dict[str, int])
    waits: tuple[float, float] | None = None
    log: str = ""

    @property
    def id(self) -> str:
        """The row in words: ``submit_by_file-create_reset_after_acting``."""
        return f"{self.scenario}-{'_and_'.join(map(_spelt, self.faults)) or 'no_fault'}"


_SPELLINGS = (
    (r"redirect=.*", "redirect"),
    (r"\*(\d+)$", r" \1 times"),
    (r"=\+", " plus "),
    (r"=-", " minus "),
    (r"\W+", "_"),
)


def _spelt(fault: Fault) -> str:
    words = str(fault)
    for pattern, spelling in _SPELLINGS:
        words = re.sub(pattern, spelling, words)
    return words.strip("_")


def rows(scenarios: str | Iterable[str], faults: str | Iterable[str], **promised: Any) -> list[Row]:
    """Return a row for each scenario with each of the faults, all of which promise the same.

    Faults that come together are written with ``" & "`` between them.
    """
    names = scenarios.split() if isinstance(scenarios, str) else scenarios
    troubles = [faults] if isinstance(faults, str) else faults
    return [
        Row(name, tuple(map(Fault.parse, trouble.split(" & "))) if trouble else (), **promised)
        for trouble in troubles
        for name in names
    ]


def on(operation: str, *faults: str, before: str = "", after: str = "") -> list[str]:
    """Return faults of one operation, each perhaps together with a fault before or after it."""
    around = (f"{before} & " if before else "", f" & {after}" if after else "")
    return [f"{operation}: {fault}".join(around) for fault in faults]


def parameters(table: Iterable[Row]) -> list[Any]:
    """Return the rows as parameters, under their ids."""
    return [pytest.param(row, id=row.id) for row in table]
