"""Writing the results of a batch: line by line to disk, or item by item for an inline one."""

from __future__ import annotations

import os
import random
import threading
from array import array
from collections.abc import Callable, Iterable, Iterator, MutableSequence
from pathlib import Path
from typing import Any, cast

import attrs

from .answers import Answers
from .faults import Faults, Instruction
from .json_in import is_array, is_object
from .refusals import LineError, refuse_lines
from .responses import prompt_tokens
from .result_faults import Asked, Row, RowFault, write_line
from .rules import ItemFailure
from .validation import InlineItem, Kind, read_line
from .wire import JsonObject


class AbandonedError(Exception):
    """The emulator is closing: nobody waits for these results any more."""


@attrs.frozen
class InlineSource:
    """The requests of an inline batch."""

    items: tuple[InlineItem, ...]

    @property
    def tokens(self) -> int:
        """Return how many tokens the prompts count for."""
        return sum(prompt_tokens(item.request) for item in self.items)

    def __len__(self) -> int:
        return len(self.items)


@attrs.frozen
class FileSource:
    """The requests of an input file, found again by where their lines begin."""

    name: str
    path: Path
    starts: array[int]
    lengths: array[int]
    tokens: int
    """How many tokens the prompts count for."""
    keyless: bool
    """Whether a request has no key, so that only its place says whose its result is."""

    def __len__(self) -> int:
        return len(self.starts)


@attrs.frozen
class Plan:
    """What is to be written, and how."""

    source: InlineSource | FileSource
    kind: Kind
    model: str
    path: Path
    answered: int
    leftover: ItemFailure
    """What the requests beyond the answered ones get."""
    shuffle: bool
    seed: str


@attrs.frozen
class Results:
    """What was written."""

    successful: int
    failed: int
    items: list[JsonObject] | None
    path: Path | None


def survey(
    name: str, path: Path, kind: Kind, fails: Callable[[str], bool]
) -> tuple[FileSource, int]:
    """Read an input file through, and refuse it whole if a line of it is bad.

    Returns the requests, and how many of them fail, given what decides it by key or position.
    """
    failing = tokens = keyless = 0
    starts, lengths = array("Q"), array("Q")
    problems: list[tuple[int, str]] = []
    start = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                try:
                    asked = read_line(line, kind)
                    failing += fails(_identity(asked.key, len(starts)))
                    tokens += prompt_tokens(asked.request)
                    keyless += asked.key is None
                except LineError as error:
                    problems.append((number, str(error)))
                starts.append(start)
                lengths.append(len(line))
            start += len(line)
    if problems or not starts:
        raise refuse_lines(problems or [(1, "the file holds no request")])
    return FileSource(name, path, starts, lengths, tokens, keyless > 0), failing


def count_failing(source: InlineSource, fails: Callable[[str], bool]) -> int:
    """Return how many requests of an inline batch fail."""
    keys = map(_key_of, source.items)
    return sum(fails(_identity(key, position)) for position, key in enumerate(keys))


def write_results(
    plan: Plan, answers: Answers, faults: Faults, closing: threading.Event
) -> Results:
    """Answer every request of a batch and write the results down.

    This is long work, to be done in a thread of its own.
    """
    wanted_rows, wanted_lines = faults.for_results()
    tally = _Tally(plan, answers, closing)
    is_file = isinstance(plan.source, FileSource)
    rows = _apply(tally.rows(wanted_rows), wanted_rows, faults)
    if not is_file:
        items = [row.members for row in rows]
        return Results(tally.successful, tally.failed, items, None)
    scramble = random.Random(f"members of {plan.seed}")  # noqa: S311  (variety, not secrecy)
    lines = (
        write_line(Row(_scrambled(row.members, scramble.getrandbits(16)), inline=False))
        for row in rows
    )
    with plan.path.open("wb") as file:
        for line in _apply(lines, wanted_lines, faults):
            file.write(line)
    return Results(tally.successful, tally.failed, None, plan.path)


def _apply(
    entries: Iterator[Any], wanted: Iterable[Instruction[Any]], faults: Faults
) -> Iterator[Any]:
    """Send rows or lines through every fault that was asked for, and note which of them struck."""
    struck: list[tuple[Instruction[Any], Asked]] = []
    for instruction in wanted:
        asked = Asked(instruction.words)
        entries = instruction.shape.act(entries, asked)
        struck.append((instruction, asked))
    yield from entries
    for instruction, asked in struck:
        if asked.met:
            faults.met(instruction)


@attrs.define
class _Tally:
    """Answer requests, counting as the service counts: before any fault."""

    plan: Plan
    answers: Answers
    closing: threading.Event
    successful: int = 0
    failed: int = 0

    def rows(self, wanted: Iterable[Instruction[RowFault]]) -> Iterator[Row]:
        plan = self.plan
        inline = isinstance(plan.source, InlineSource)
        tier = "standard" if inline else "SERVICE_TIER_STANDARD"
        order = _order(plan, keyless=any(one.text == "no-metadata" for one in wanted))
        for position, (key, request, metadata) in zip(order, _read(plan, order), strict=True):
            if self.closing.is_set():
                raise AbandonedError
            if position < plan.answered:
                identity = _identity(key, position)
                outcome = self.answers.outcome(request, key, identity, plan.kind, plan.model, tier)
            else:
                outcome = {"error": plan.leftover.status()}
            if "error" in outcome:
                self.failed += 1
            else:
                self.successful += 1
            if inline:
                members = outcome if metadata is None else {**outcome, "metadata": metadata}
            else:
                members = outcome if key is None else {**outcome, "key": key}
            yield Row(members, inline)


def _order(plan: Plan, *, keyless: bool) -> MutableSequence[int] | range:
    """Return the order of the results: any, unless only the order says whose each one is."""
    count = len(plan.source)
    if isinstance(plan.source, InlineSource):
        keyless = keyless or any(item.metadata is None for item in plan.source.items)
    else:
        keyless = plan.source.keyless
    if keyless or not plan.shuffle:
        return range(count)
    order = array("Q", range(count))
    random.Random(f"order of {plan.seed}").shuffle(order)  # noqa: S311  (variety, not secrecy)
    return order


def _read(
    plan: Plan, order: Iterable[int]
) -> Iterator[tuple[str | None, JsonObject, JsonObject | None]]:
    """Yield key, request and metadata of the requests at these positions."""
    source = plan.source
    if isinstance(source, InlineSource):
        for position in order:
            item = source.items[position]
            yield _key_of(item), item.request, item.metadata
        return
    descriptor = os.open(source.path, os.O_RDONLY)
    try:
        for position in order:
            raw = os.pread(descriptor, source.lengths[position], source.starts[position])
            line = read_line(raw, plan.kind)  # found good when the batch was created
            yield line.key, line.request, None
    finally:
        os.close(descriptor)


def _identity(key: str | None, position: int) -> str:
    """Return what a request is known by: its key, or its position if it has none."""
    return str(position) if key is None else key


def _key_of(item: InlineItem) -> str | None:
    """Return the key of an inline item, under the names clients give it."""
    for name in ("key", "custom_id"):
        value = (item.metadata or {}).get(name)
        if isinstance(value, str):
            return value
    return None


def _scrambled(members: JsonObject, turn: int) -> JsonObject:
    """Return a line with its members in another order, and in some lines those inside as well."""
    return cast("JsonObject", _turned(members, turn >> 2, _DEEP if turn % 4 == 0 else 2))


_DEEP = 10


def _turned(value: Any, turn: int, depth: int) -> Any:
    if depth and is_object(value):
        names = list(value)
        first = turn % len(names) if names else 0
        return {
            name: _turned(value[name], turn, depth - 1) for name in names[first:] + names[:first]
        }
    if depth and is_array(value):
        return [_turned(inner, turn, depth - 1) for inner in value]
    return value
