"""Faults of a set of results: what is wrong with the rows, or with the file they stand in.

Each is a generator that passes its input on, changed in one respect; it sets ``met`` when it has
really changed something. Line numbers count from one, in the order in which the results are
written.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

import attrs

from .grammar import Catalogue, Words
from .wire import JsonObject, encode


@attrs.define
class Asked:
    """What was asked of a fault, and whether it has come to pass."""

    words: Words
    met: bool = False


@attrs.define
class Row:
    """One result: a line of a result file, or an item of an inline batch."""

    members: JsonObject
    inline: bool

    @property
    def _holder(self) -> JsonObject:
        return self.members.setdefault("metadata", {}) if self.inline else self.members

    def rename(self, key: str) -> None:
        """Give the row another key."""
        self._holder["key"] = key

    def forget_key(self) -> None:
        """Take the row's key away, and with it whatever else would say whose row this is."""
        if self.inline:
            self.members.pop("metadata", None)
        else:
            self.members.pop("key", None)


RowFault: TypeAlias = Callable[[Iterable[Row], Asked], Iterator[Row]]
LineFault: TypeAlias = Callable[[Iterable[bytes], Asked], Iterator[bytes]]

ROW_FAULTS: Catalogue[RowFault] = Catalogue()
LINE_FAULTS: Catalogue[LineFault] = Catalogue()

_RESULTS = ["results"]


@ROW_FAULTS.fault("key-duplicate={count}", on=_RESULTS)
def duplicate_key(rows: Iterable[Row], asked: Asked) -> Iterator[Row]:
    """Give one result twice."""
    for number, row in enumerate(rows, start=1):
        yield row
        if number == asked.words.integer("count"):
            asked.met = True
            yield copy.deepcopy(row)


@ROW_FAULTS.fault("key-missing={count}", on=_RESULTS)
def omit_key(rows: Iterable[Row], asked: Asked) -> Iterator[Row]:
    """Leave the key of one result out."""
    for number, row in enumerate(rows, start=1):
        if number == asked.words.integer("count"):
            asked.met = True
            row.forget_key()
        yield row


@ROW_FAULTS.fault("key-unknown", on=_RESULTS)
def rename_key(rows: Iterable[Row], asked: Asked) -> Iterator[Row]:
    """Give the first result a key that nobody sent."""
    for number, row in enumerate(rows, start=1):
        if number == 1:
            asked.met = True
            row.rename("never-sent")
        yield row


@ROW_FAULTS.fault("drop={count}", on=_RESULTS)
def drop_rows(rows: Iterable[Row], asked: Asked) -> Iterator[Row]:
    """Leave out the first so many results."""
    for number, row in enumerate(rows, start=1):
        if number > asked.words.integer("count"):
            yield row
        elif number == asked.words.integer("count"):
            asked.met = True


@ROW_FAULTS.fault("extra={count}", on=_RESULTS)
def add_rows(rows: Iterable[Row], asked: Asked) -> Iterator[Row]:
    """Add so many results that nobody asked for, each a copy of the last under another key."""
    last: Row | None = None
    for row in rows:
        last = row
        yield row
    if last is not None:
        asked.met = True
        for number in range(1, asked.words.integer("count") + 1):
            another = copy.deepcopy(last)
            another.rename(f"never-sent-{number}")
            yield another


@ROW_FAULTS.fault("shuffle", on=_RESULTS)
def shuffle_rows(rows: Iterable[Row], asked: Asked) -> Iterator[Row]:
    """Give the results in another order than they would have had."""
    held = list(rows)
    order = list(range(len(held)))
    random.Random(len(held)).shuffle(order)  # noqa: S311  (variety, not secrecy)
    if order == sorted(order):
        order.reverse()
    asked.met = len(order) > 1
    for position in order:
        yield held[position]


@ROW_FAULTS.fault("no-metadata", on=_RESULTS)
def omit_metadata(rows: Iterable[Row], asked: Asked) -> Iterator[Row]:
    """Leave out the metadata of every item of an inline batch."""
    for row in rows:
        if row.inline and row.members.pop("metadata", None) is not None:
            asked.met = True
        yield row


@LINE_FAULTS.fault("line-broken={count}", on=_RESULTS)
def break_line(lines: Iterable[bytes], asked: Asked) -> Iterator[bytes]:
    """Write half of one line."""
    for number, line in enumerate(lines, start=1):
        if number == asked.words.integer("count"):
            asked.met = True
            yield line[: len(line) // 2] + b"\n"
        else:
            yield line


@LINE_FAULTS.fault("line-utf8={count}", on=_RESULTS)
def break_utf8(lines: Iterable[bytes], asked: Asked) -> Iterator[bytes]:
    """Write a byte into the first string of one line that UTF-8 never has."""
    for number, line in enumerate(lines, start=1):
        if number == asked.words.integer("count"):
            asked.met = True
            yield line.replace(b': "', b': "\xff', 1).replace(b':"', b':"\xff', 1)
        else:
            yield line


@LINE_FAULTS.fault("line-cut-last", on=_RESULTS)
def cut_last_line(lines: Iterable[bytes], asked: Asked) -> Iterator[bytes]:
    """End the file in the middle of its last line."""
    held: bytes | None = None
    for line in lines:
        if held is not None:
            yield held
        held = line
    if held is not None:
        asked.met = True
        yield held[: len(held) // 2]


@LINE_FAULTS.fault("line-bom", on=_RESULTS)
def add_bom(lines: Iterable[bytes], asked: Asked) -> Iterator[bytes]:
    """Begin the file with a byte order mark."""
    asked.met = True
    yield b"\xef\xbb\xbf"
    yield from lines


@LINE_FAULTS.fault("line-crlf", on=_RESULTS)
def end_lines_with_crlf(lines: Iterable[bytes], asked: Asked) -> Iterator[bytes]:
    """End every line as Windows does."""
    for line in lines:
        asked.met = True
        yield line.removesuffix(b"\n") + b"\r\n"


@LINE_FAULTS.fault("line-blank", on=_RESULTS)
def add_blank_lines(lines: Iterable[bytes], asked: Asked) -> Iterator[bytes]:
    """Put a blank line after every line."""
    for line in lines:
        asked.met = True
        yield line
        yield b"\n"


def write_line(row: Row) -> bytes:
    """Return a row as a line of a result file."""
    return encode(row.members) + b"\n"
