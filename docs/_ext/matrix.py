"""What the two facades offer, read off their classes and set side by side."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Generic

from attrs import frozen

from gemini_batch import aio, sync

TWINS = {
    "__iter__": "__aiter__",
    "__enter__": "__aenter__",
    "close": "aclose",
}
"""Members with another name on the asynchronous side, if its class has no member of theirs."""

OPERATORS = {
    "__iter__": ("Go through it.", "{prefix}for value in {subject}:"),
    "__enter__": ("Close it at the end, come what may.", "{prefix}with {subject}:"),
}
"""Members that a statement calls, what it does with them, and how it is written."""

SUBJECTS = {"BatchHandle": "batch", "Files": "client.files"}
"""What examples call a thing, where that is not the end of the name of its class."""

SYNC_STREAMS = ("SyncStream", "SyncPager")
ASYNC_STREAMS = ("AsyncStream", "AsyncPager")
"""What a method returns that is gone through."""


class EmptyCellError(LookupError):
    """One of the facades has nothing where the other has something."""


@frozen
class Row:
    """One thing that can be done: what it is, and how it is written on either side.

    ``member`` is its name in the class; ``twin`` that on the asynchronous side.
    """

    does: str
    member: str
    twin: str
    sync: str
    aio: str


@frozen
class Table:
    """All that a pair of classes offers."""

    sync: type
    aio: type
    rows: tuple[Row, ...]

    @property
    def title(self) -> str:
        """What both are."""
        return _bare(self.sync.__name__).removeprefix("Batch")


def tables(one: ModuleType = sync, other: ModuleType = aio) -> list[Table]:
    """Return a table for each pair of classes; :class:`EmptyCellError` where a cell is empty."""
    theirs = {_bare(name): name for name in other.__all__}
    ours = {_bare(name): name for name in one.__all__}
    for bare in [*ours, *theirs]:
        if bare not in ours or bare not in theirs:
            raise EmptyCellError(f"{ours.get(bare) or theirs[bare]} has no twin")
    pairs = [(getattr(one, ours[bare]), getattr(other, theirs[bare])) for bare in ours]
    return [Table(left, right, tuple(rows(left, right))) for left, right in pairs]


def rows(left: type, right: type) -> Iterator[Row]:
    """Yield what a pair of classes offers, in the order in which it stands in the code."""
    names = dict.fromkeys(_members(left))
    twins = {_twin(name, right): name for name in names}
    for name in _members(right):
        if name not in twins:
            raise EmptyCellError(f"{right.__name__}.{name} is not in {left.__name__}")
    for twin, name in twins.items():
        if not hasattr(right, twin):
            raise EmptyCellError(f"{left.__name__}.{name} is not in {right.__name__}")
        does = OPERATORS[name][0] if name in OPERATORS else _first_line(left, name)
        yield Row(does, name, twin, written(left, name), written(right, twin))


def written(kind: type, name: str) -> str:
    """Write the use of a member as it stands in a program."""
    subject = _subject(kind)
    operator = next((one for one, twin in TWINS.items() if name in {one, twin}), name)
    if operator in OPERATORS:
        prefix = "" if name == operator else "async "
        return OPERATORS[operator][1].format(prefix=prefix, subject=subject)
    member = inspect.getattr_static(kind, name)
    if not inspect.isroutine(member):
        return f"{subject}.{name}"
    signature = inspect.signature(member)
    call = f"{subject}.{name}({'…' if len(signature.parameters) > 1 else ''})"
    if inspect.iscoroutinefunction(member):
        return f"await {call}"
    for prefix, streams in (("", SYNC_STREAMS), ("async ", ASYNC_STREAMS)):
        if str(signature.return_annotation).startswith(streams):
            return f"{prefix}for value in {call}:"
    return call


def _members(kind: type) -> Iterator[str]:
    operators = {*OPERATORS, *(TWINS[one] for one in OPERATORS)}
    for base in reversed(kind.__mro__[:-1]):
        if base is not Generic:
            yield from (one for one in vars(base) if one in operators or not one.startswith("_"))


def _twin(name: str, right: type) -> str:
    return name if hasattr(right, name) else TWINS.get(name, name)


def _first_line(kind: type, name: str) -> str:
    member = getattr(kind, name)
    return (inspect.getdoc(member) or "").partition("\n")[0]


def _bare(name: str) -> str:
    return name.removeprefix("Sync").removeprefix("Async")


def _subject(kind: type) -> str:
    bare = _bare(kind.__name__)
    return SUBJECTS.get(bare, bare.removeprefix("Batch").lower())
