"""What is tried again, drawn from the code, and the tests that hold what a page promises."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Self

from attrs import frozen

from gemini_batch.flows.batches import LOOKED_THROUGH
from gemini_batch.limits import FLOOR
from gemini_batch.retry import (
    GAVE_UP,
    HINT_CAP,
    MATRIX,
    THROTTLED_CREATE,
    Action,
    Call,
    Cause,
    RetryBudget,
    RetryPolicy,
    Timeouts,
)

from .faults import Rows, require_all

CALLS = {
    Call.READ: "look, list, download, ask how far an upload came",
    Call.CREATE: "create a batch",
    Call.UPLOAD_START: "begin an upload",
    Call.UPLOAD_CHUNK: "send a chunk of an upload",
    Call.CANCEL: "cancel a batch",
    Call.DELETE: "delete a batch or a file",
}
"""What each call is for."""

WAYS = ("sync", "async")
"""How a test of both facades ends; a star stands for both."""

_TEST = re.compile(r"(?P<path>tests/[\w/]+\.py)::(?P<name>test_\w+)(?:\[(?P<row>.+)\])?")


class UnheldError(LookupError):
    """A promise names a test that there is not."""


@frozen
class HeldBy:
    """A test that a promise names: all of it, or one ``row`` of its parameters."""

    path: str
    name: str
    row: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a test as pytest names it."""
        match = _TEST.fullmatch(text)
        if match is None:
            raise UnheldError(f"{text!r} is not a test like tests/a/test_b.py::test_c[d]")
        return cls(match["path"], match["name"], match["row"] or "")

    @property
    def home(self) -> str:
        """Return the test without its row."""
        return f"{self.path}::{self.name}"

    @property
    def on_both(self) -> bool:
        """Whether it is one row on both facades."""
        return self.row == "*" or self.row.endswith("-*")

    @property
    def ids(self) -> tuple[str, ...]:
        """Return the names that pytest has for it, if it is no more than a row."""
        if not self.row:
            return ()
        rows = [self.row[:-1] + way for way in WAYS] if self.on_both else [self.row]
        return tuple(f"{self.home}[{row}]" for row in rows)

    def missing(self, collected: Iterable[str]) -> list[str]:
        """Return what pytest does not find of it, among all that it finds."""
        found = set(collected)
        if self.row:
            return [one for one in self.ids if one not in found]
        homes = {one.partition("[")[0] for one in found}
        return [] if self.home in homes else [self.home]

    def says(self, root: Path) -> str:
        """Return what it says of itself: the first line of its docstring."""
        said = _docstrings(root / self.path).get(self.name)
        if not said:
            raise UnheldError(f"there is no {self.home}, or it does not say what it holds")
        return said.partition("\n")[0].strip()


@cache
def _docstrings(path: Path) -> Mapping[str, str]:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    defined = [one for one in tree.body if isinstance(one, ast.FunctionDef)]
    return {one.name: ast.get_docstring(one) or "" for one in defined}


def numbers(tests: Iterable[str]) -> Mapping[str, int]:
    """Number the tests by the order in which they are named first."""
    return {test: number for number, test in enumerate(dict.fromkeys(tests), 1)}


def matrix(table: Mapping[Call, Mapping[Cause, Action]] = MATRIX) -> Rows:
    """Return what is done about each failure of each call."""
    require_all("call", [call.value for call in table], [call.value for call in CALLS])
    return Rows(
        ("call", *(cause.value for cause in Cause)),
        tuple((CALLS[call], *(row[cause].value for cause in Cause)) for call, row in table.items()),
    )


def figures() -> Rows:
    """Return how much is tried, and for how long, if nobody says otherwise."""
    policy, timeouts = RetryPolicy(), Timeouts()
    first, longest = THROTTLED_CREATE
    told = ", ".join(map(str, sorted(GAVE_UP)))
    rows = {
        "attempts of a call, without progress": f"{policy.attempts:g}",
        "and the time for them, from the first one or the last progress": _time(policy.deadline),
        "bound of the first pause; each doubles the one before": _time(policy.first),
        "bound that no pause exceeds": _time(policy.ceiling),
        "longest wait that the service may ask for": _time(HINT_CAP),
        "first pause of a create that is throttled without a hint": (
            f"{_time(first / 2)} to {_time(first)}, and then twice as long up to {_time(longest)}"
        ),
        "statuses below 500 that say no more than those from 500 on": told,
        "what the retries of a client may cost together": f"{RetryBudget().capacity:g}",
        "cost of a retry": f"{_cost(Cause.UNAVAILABLE):g}",
        "cost of a retry after no answer came": f"{_cost(Cause.UNKNOWN):g}",
        "paid back by a success": f"{_earned():g}",
        "how long a lost batch is looked for": _time(policy.look_for),
        "how long it is looked for after a create that timed out": _time(timeouts.create),
        "batches looked through for a label, newest first": f"{LOOKED_THROUGH}",
        "time to connect": _time(timeouts.connect),
        "time for the next bytes of an answer": _time(timeouts.read),
        "time for the answer to a create": _time(timeouts.create),
        "pace at which what moves buys itself more time": f"{FLOOR / 1024:g} KiB/s",
    }
    return Rows(("what", "how much"), tuple(rows.items()))


def _time(seconds: float) -> str:
    return f"{seconds:g} s" if seconds < 120 else f"{seconds / 60:g} min"


def _cost(cause: Cause) -> float:
    budget = RetryBudget()
    budget.spend(cause)
    return budget.capacity - budget.left


def _earned() -> float:
    budget = RetryBudget()
    budget.left = 0.0
    budget.earn()
    return budget.left
