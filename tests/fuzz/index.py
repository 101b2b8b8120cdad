"""The index: every line is accounted for, in an order that a slow sort by the rules agrees with.

An input is a header (how the bytes come, and what is known of the batch), one submitted key a line
up to a line of a NUL, and the file of results.
"""

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

from attrs import frozen

from gemini_batch.arrangement import Arrangement
from gemini_batch.errors import ResultsIncompleteError, UsageError
from gemini_batch.index import BOM, Envelope, Index, Indexer, Kind, open_envelope
from gemini_batch.items import ItemMalformed
from gemini_batch.keys import SubmittedKeys
from gemini_batch.models.embedding import EmbedContentResponse
from gemini_batch.models.generation import GenerationResponse
from gemini_batch.results import BatchResults
from gemini_batch.spool import FileSpool, MemorySpool
from tests.fuzz.oracle import grammatical, is_deep, loose, plain, spelled, strict

HEADER = 3
"""Which of the flags are set, how large the pieces are, and how many keys are sorted at a time."""
KNOWN, POSITIONAL, BY_ID, EMBEDDED, ON_DISK = (1 << bit for bit in range(5))
MOST = 64
"""Pieces of an input, about: more of them take time and show nothing new."""
END_OF_KEYS = b"\n\0\n"
WORDS = (
    b'"key":', b'"k\\u0065y":', b'"response":', b'"error":', b'"metadata":', b'"custom_id":',
    b'{"candidates":[]}', b'{"code":13}', b"null", b"NaN", b"1e400", b"\\ud800", b"\xff", b"\n",
    b"row-10", b"row-9", b"007", END_OF_KEYS, BOM,
)  # fmt: skip

ANSWERS = [
    '{"responseId":"\u00e4"}',
    '{"candidates":[{"content":{"role":"model","parts":[{"text":"Yes."}]},"finishReason":"STOP"}]}',
    '{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":"9"}}',
    '{"candidates":[{"index":"x"}]}',
    '{"embedding":{"values":[0.5,-1]}}',
    '{"x":"\\ud800","key":"inner"}',
]
OUTCOMES = [
    *(f'"response":{answer}' for answer in ANSWERS),
    '"error":{"code":13,"message":"\\u001b[31m"}',
    '"error":{"code":"x"}',
    '"response":{},"error":{}',
    '"response":null,"error":null',
    '"status":"lost"',
    '"response":{"x":1e400}',
    '"response":{"x":' + "9" * 4400 + "}",
]
KEYS = [
    *(
        "9",
        "10",
        "row-9",
        "row-10",
        "007",
        "7",
        "a",
        "",
        "٣",
        "\0",
        "\0\0",
        "a\0",
        "a1\0",
        "0",
        "00",
    ),
    *("row-010", "1e3", "-1", "\udfff", "\U0001f600", "\uffff", "1" * 300, "a" + "1" * 256 + "b"),
]
ODD_LINES = [
    b"", b"\r", b" \t\x0b", b"42", b"null", b"[]", b"{", b'{"key":"a","response":{', b"\xff", b"{}",
    b'{"key":"a","key":"b","response":{}}', b'{"key":"a","k\\u0065y":"b","response":{}}',
    b'{"key":7,"response":{}}', b'{"key":null,"metadata":{"key":"m"},"response":{}}',
    b'{"metadata":{"key":"m","custom_id":"c"},"response":{"candidates":[]}}',
    b'{"metadata":{"key":"\xff"},"response":{}}', b'{"metadata":[1],"error":{"code":1}}',
    b'{"key":"a","metadata":{"x":NaN},"response":{}}', b'{"key":"a","x":"\xff","response":{}}',
    b'{"key":"a","key":"b","response":{"x":1}}', b'{"key":"a","response":{"key":"\xff"}}',
    b'{"response":{"key":1,"key":2},"key":"a"}', b'{"key":"\xed\xa0\x80","response":{}}',
    b'{"key":"a","response":{"x":"\xff"}}', b' \t{ "key" : "a" , "response" : { } }\r',
    b'{"response":' + b"[" * 400 + b"]" * 400 + b',"key":"deep"}',
]  # fmt: skip


@frozen
class Row:
    """What a line is, going by the standard library; ``key`` is ``None`` where it has none.

    ``kinds`` are those that it may have: a reader that does not unpack an answer cannot know
    whether it is sound.
    """

    text: bytes
    number: int
    key: str | None
    kinds: frozenset[Kind]
    keyed: bool


def seeds() -> Iterator[bytes]:
    """Yield batches of all kinds of keys and lines."""
    names = [json.dumps(key) for key in KEYS]
    outcomes = itertools.cycle(OUTCOMES)
    rows = [f'{{"key":{name},{next(outcomes)}}}'.encode() for name in names]
    by_id = [f'{{"metadata":{{"custom_id":{name}}},"response":{{}}}}'.encode() for name in names]
    numbered = b'{"key":"%d","error":{"code":8}}'
    keyless = [f"{{{outcome}}}".encode() for outcome in OUTCOMES[:-1]]
    known = b"\n".join(key.encode("utf-8", "surrogatepass") for key in KEYS[:12]) + b"\nno\n\nrow-8"
    for header, keys, lines in (
        (bytes([0, 255, 0]), b"", rows),
        (bytes([KNOWN, 60, 3]), known, [*rows[:9], *rows[3:12:2]]),
        (bytes([KNOWN | ON_DISK, 64, 2]), known, rows[8::-1]),
        (bytes([KNOWN | EMBEDDED, 0, 1]), b"\n\n\n1", rows[:4] * 2),
        (bytes([BY_ID, 30, 5]), b"", [*by_id[::2], *ODD_LINES[-4::-2]]),
        (bytes([POSITIONAL, 20, 1]), b"", keyless),
        (bytes([POSITIONAL | EMBEDDED, 99, 1]), b"", [*keyless[:3], ODD_LINES[14]]),
        (bytes([KNOWN, 9, 9]), b"a\n\n1", [b""]),
        (bytes([0, 99, 4]), b"", [numbered % (7 * one % 20 + 3) for one in (*range(20), 4)]),
        (bytes([KNOWN, 90, 2]), b"\n\n\n\nno", keyless[:5]),
    ):
        yield header + keys + END_OF_KEYS + b"\n".join(lines)
    for number, line in enumerate([*rows, *ODD_LINES]):
        others = b"\r\n\n".join([line, by_id[number % len(by_id)], line])
        yield bytes([KNOWN, 50, 1]) + b"a\nb" + END_OF_KEYS + others


def check(data: bytes) -> None:
    """Hold the results of a file against what a slow and simple reader makes of it."""
    flags, size, run = data[:HEADER].ljust(HEADER, b"\0")
    before, separator, whole = data[HEADER:].partition(END_OF_KEYS)
    if not separator:
        before, whole = b"", before
    keys = submitted(before.split(b"\n")) if flags & KNOWN else None
    key_member = "custom_id" if flags & BY_ID else "key"
    spool = FileSpool() if flags & ON_DISK else MemorySpool()
    indexer = Indexer(spool, keys, key_member, positional=bool(flags & POSITIONAL))
    indexer._arrangement = Arrangement(run or 1)
    size = max(size, len(whole) // MOST, 1)
    for start in range(0, len(whole), size):
        indexer.feed(whole[start : start + size])
    indexer.finish()
    while indexer.settle():
        pass
    kind = EmbedContentResponse if flags & EMBEDDED else GenerationResponse
    results: BatchResults[Any] = BatchResults(
        spool, indexer.index(), kind, keys=keys, key_member=key_member
    )
    check_both_ways(results._index, whole, keys, key_member, positional=bool(flags & POSITIONAL))
    rows = read(whole, key_member)
    with results:
        check_rows(results, rows)
        if keys is None and flags & POSITIONAL and rows and not any(row.keyed for row in rows):
            assert "position" == results.keyed_by
            check_positions(results, rows)
            return
        assert "key" == results.keyed_by
        check_order(results, rows)
        check_set(results, rows, None if keys is None else list(keys))
        check_finding(results, rows, None if keys is None else set(keys))
        check_saved(results, rows)


def check_both_ways(
    index: Index, whole: bytes, keys: SubmittedKeys | None, key_member: str, *, positional: bool
) -> None:
    """Hold the index against that of an indexer which opens each line by itself."""
    indexer = Indexer(MemorySpool(), keys, key_member, positional=positional)
    for line in itertools.chain(indexer._lines.feed(whole), indexer._lines.finish()):
        indexer._add(line)
    while indexer.settle():
        pass
    assert indexer.index() == index, "lines opened many at a time are others"


def submitted(lines: list[bytes]) -> SubmittedKeys:
    """Return the keys that lines name; an empty one is numbered, and one that is there left out."""
    keys = SubmittedKeys()
    taken: set[str] = set()
    for line in lines:
        key = line.decode("utf-8", "surrogatepass" if is_text(line) else "replace") or None
        name = str(len(keys)) if key is None else key
        try:
            keys.add(key)
        except UsageError:
            assert name in taken, "a new key was refused"
            continue
        assert name not in taken, "a key was taken twice"
        taken.add(name)
    return keys


def is_text(line: bytes) -> bool:
    """Tell whether bytes are text, in which lone surrogates may stand."""
    try:
        line.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def read(whole: bytes, key_member: str) -> list[Row]:
    """Return what the lines of a file are, without those that are blank."""
    rows: list[Row] = []
    for number, line in enumerate(whole.split(b"\n"), 1):
        text = line.removeprefix(BOM) if number == 1 else line
        if text.strip(b" \t\r\x0b\x0c"):
            rows.append(read_row(text, number, key_member))
    return rows


def read_row(text: bytes, number: int, key_member: str) -> Row:
    """Return what a line is, by its letter."""
    malformed = frozenset({Kind.MALFORMED})
    if is_deep(text):
        found = open_envelope(text, key_member)
        return Row(text, number, found.key, frozenset({found.kind}), found.keyed)
    try:
        pairs = loose(text)
    except ValueError:
        return Row(text, number, None, malformed, keyed=False)
    if pairs is None:
        return Row(text, number, None, malformed, keyed=False)
    try:
        strict(text)
        sound = True
    except ValueError:
        sound = False
    if [name for name, _ in pairs].count("key") > 1:
        twice_read = sound or open_envelope(text, key_member).keyed
        return Row(text, number, None, malformed, keyed=twice_read)
    members = dict(pairs)
    key: Any = members.get("key")
    metadata = plain(members.get("metadata"))
    if key is None and isinstance(metadata, dict):
        key = metadata.get(key_member)
    if members.get("error") is not None:
        kinds = frozenset({Kind.ERROR})
    elif members.get("response") is not None:
        kinds = frozenset({Kind.SUCCESS})
    else:
        kinds = malformed
    if not sound:  # by something that may or may not be looked at
        found = open_envelope(text, key_member)
        assert found.kind in kinds | malformed
        name = key if type(key) is str else None
        assert found.key in {name, None}
        return Row(text, number, found.key, frozenset({found.kind}), found.keyed)
    return Row(text, number, key if type(key) is str else None, kinds, key is not None)


def check_rows(results: BatchResults[Any], rows: list[Row]) -> None:
    """Hold that each line is one result, of one kind, and stays so when it is touched."""
    index = results._index
    assert len(rows) == len(results) == len(index)
    assert list(range(len(rows))) == sorted(index.order)
    assert [row.number for row in rows] == [*map(index.line_number, range(len(rows)))]
    for ordinal, row in enumerate(rows):
        kind = Kind(index.kinds[ordinal])
        assert kind in row.kinds, f"line {row.number} is {kind!r}"
        item = results.at(ordinal)
        assert row.text == item.raw()
        problem = item.problem
        assert problem is None or problem.isprintable()
        assert isinstance(dict(item.metadata), dict)
        if isinstance(item, ItemMalformed):
            assert row.number == item.position
            assert item.reason
        else:
            assert kind == (Kind.SUCCESS if item.ok else Kind.ERROR)
            envelope = open_envelope(row.text, results._key_member)
            part = bytes(envelope.response if item.ok else envelope.error)
            assert is_deep(part) or isinstance(strict(part), dict)
        assert Kind.MALFORMED != kind or isinstance(item, ItemMalformed)
    parts = [results.successes, results.errors, results.malformed]
    assert len(rows) == sum(map(len, parts)), "a result is of two kinds, or of none"
    assert list(results.malformed) == list(results.check())


def rank(key: str | None) -> tuple[Any, ...]:
    """Return what a key is compared by, as the documentation has it."""
    if key is None:
        return (2,)
    raw = key.encode("utf-8", "surrogatepass")
    if re.fullmatch(r"0|[1-9][0-9]*", key, re.ASCII):
        return (0, Decimal(key))
    parts = re.findall(rb"[0-9]+|[^0-9]", raw, re.DOTALL)
    natural = [
        (ord("0"), Decimal(part.decode())) if part.isdigit() else (part[0], Decimal(0))
        for part in parts
    ]
    return (1, natural, raw)


def check_order(results: BatchResults[Any], rows: list[Row]) -> None:
    """Hold that results come in key order, and equal keys as they arrived."""
    order = sorted(range(len(rows)), key=lambda ordinal: (rank(rows[ordinal].key), ordinal))
    assert order == list(results._index.order)
    assert [rows[ordinal].key for ordinal in order] == [item.key for item in results]


def check_set(results: BatchResults[Any], rows: list[Row], keys: list[str] | None) -> None:
    """Hold that what is there twice, too much and not at all is what counting finds."""
    index = results._index
    seen: Counter[str] = Counter()
    duplicates: list[int] = []
    unexpected: list[int] = []
    known = None if keys is None else set(keys)
    illegible = 0
    for ordinal, row in enumerate(rows):
        if row.key is not None:
            seen[row.key] += 1
            if seen[row.key] > 1:
                duplicates.append(ordinal)
        elif index.kinds[ordinal] == Kind.MALFORMED and row.kinds == {Kind.MALFORMED}:
            illegible += 1
            continue
        if known is not None and row.key not in known:
            unexpected.append(ordinal)
    assert duplicates == sorted(index.duplicates)
    assert unexpected == list(index.unexpected)
    assert illegible == index.illegible
    if keys is None:
        assert results.missing is None
        assert len(seen) + rows_without_key(rows) == results.resolved_count
    else:
        missing = [key for key in keys if not seen[key]]
        assert missing == list(results.missing or ())
        assert len(keys) - len(missing) == results.resolved_count


def rows_without_key(rows: list[Row]) -> int:
    """Count the results that have no key, and yet may be the answer to some request."""
    return sum(1 for row in rows if row.key is None and row.kinds != {Kind.MALFORMED})


def check_finding(results: BatchResults[Any], rows: list[Row], known: set[str] | None) -> None:
    """Hold that each key finds the first result that has it, and no other key finds any."""
    first: dict[str, Row] = {}
    for row in rows:
        if row.key is not None:
            first.setdefault(row.key, row)
    for key, row in first.items():
        item = results.by_key(key)
        assert (key, row.text) == (item.key, item.raw())
    for key in {*(known or ()), *(f"{key}0" for key in first), "0", "no"} - first.keys():
        try:
            results.by_key(key)
        except ResultsIncompleteError:
            assert known is not None
            assert key in known
        except UsageError:
            assert known is None or key not in known
        else:
            raise AssertionError(f"{key!a} was found, and is not there")


def check_positions(results: BatchResults[Any], rows: list[Row]) -> None:
    """Hold that results without keys are found by their positions, in their order."""
    assert [str(ordinal) for ordinal in range(len(rows))] == [item.key for item in results]
    assert [row.text for row in rows] == [item.raw() for item in results]
    assert [] == [*results.duplicates, *results.unexpected]
    for ordinal, row in enumerate(rows):
        assert row.text == results.by_key(str(ordinal)).raw()


def check_saved(results: BatchResults[Any], rows: list[Row]) -> None:
    """Hold that what is saved has a line for every result and every missing one, in key order."""
    lines = list(results.lines())
    assert [1] * len(lines) == [line.count(b"\n") for line in lines]
    expected = [(rank(row.key), 0, number) for number, row in enumerate(rows)]
    expected += [(rank(key), 1, number) for number, key in enumerate(results.missing or ())]
    for (_, lost, number), line in zip(sorted(expected), lines, strict=True):
        if is_deep(line):
            continue
        saved = grammatical(line)
        if lost:
            assert (results.missing or ())[number] == saved["key"]
            assert ["key", "error"] == [*saved]
            assert ("a number", "15") == saved["error"]["code"]
        else:
            assert rows[number].key == saved["key"]
            check_saved_row(open_envelope(rows[number].text, results._key_member), line)


def check_saved_row(envelope: Envelope, line: bytes) -> None:
    """Hold that a result is saved as it came, and that an error stands for what cannot be read."""
    saved = grammatical(line)
    name = "response" if envelope.kind is Kind.SUCCESS else "error"
    part = bytes(envelope.response if envelope.kind is Kind.SUCCESS else envelope.error)
    try:
        came = grammatical(part)
    except ValueError:
        came = None
    if came is None or envelope.kind is Kind.MALFORMED:
        assert ("a number", "15") == saved["error"]["code"]
    elif b"\\ud" not in part.lower():
        assert ["key", name] == [*saved]
        assert spelled(came) == spelled(saved[name])
    else:  # beside a lone surrogate, numbers are spelled anew, and may be refused
        with suppress(ValueError):
            came = strict(part)
            assert spelled(came) == spelled(strict(line)[name])
