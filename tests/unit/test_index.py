"""The index knows where each result is, of what kind, in which order; no line is ever lost."""

import json
import random
import tracemalloc
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import pytest
from attrs import define, field
from hypothesis import given, settings, strategies as st

from gemini_batch import index as index_module
from gemini_batch.index import Envelope, Index, Indexer, Kind, open_envelope
from gemini_batch.jsonl import MAX_LINE, Line, LineSplitter
from gemini_batch.keys import SubmittedKeys
from gemini_batch.order import sort_key
from gemini_batch.spool import MemorySpool

ANSWER = '{"candidates":[]}'


def line(key: str | None, outcome: str = f'"response":{ANSWER}') -> bytes:
    """Return a line of a results file."""
    named = "" if key is None else f'"key":{json.dumps(key)},'
    return f"{{{named}{outcome}}}".encode()


def submitted(keys: Iterable[str | None]) -> SubmittedKeys:
    """Return the keys of a batch."""
    found = SubmittedKeys()
    for key in keys:
        found.add(key)
    return found


def settled(indexer: Indexer) -> Index:
    """Take an indexer to its end."""
    indexer.finish()
    while indexer.settle():
        pass
    return indexer.index()


def indexed(
    whole: bytes,
    keys: SubmittedKeys | None = None,
    key_member: str = "key",
    size: int = 1 << 20,
    *,
    positional: bool = False,
) -> tuple[Index, MemorySpool]:
    """Index bytes that come in pieces of a size."""
    spool = MemorySpool()
    indexer = Indexer(spool, keys, key_member, positional=positional)
    for start in range(0, len(whole), size):
        indexer.feed(whole[start : start + size])
    return settled(indexer), spool


def texts(index: Index, spool: MemorySpool, ordinals: Iterable[int]) -> list[bytes]:
    """Return the lines of some results."""
    return [spool.read(index.offsets[one], index.lengths[one]) for one in ordinals]


# Envelopes


@pytest.mark.parametrize(
    ("text", "key", "kind"),
    [
        (line("a"), "a", Kind.SUCCESS),
        (line("a", '"error":{"code":3}'), "a", Kind.ERROR),
        (b'{"response":{},"key":"last"}', "last", Kind.SUCCESS),
        (b'{"key":"a","response":{},"error":null}', "a", Kind.SUCCESS),
        (b'{"key":"a","response":null,"error":{}}', "a", Kind.ERROR),
        (b'{"key":"a","response":{},"unknown":[1,{"key":2}]}', "a", Kind.SUCCESS),
        (b' \t{"key" : "a" , "response" : { } }\r', "a", Kind.SUCCESS),
        (b'{"response":{}}', None, Kind.SUCCESS),
        (b'{"key":5,"response":{}}', None, Kind.SUCCESS),
        (b'{"key":null,"response":{}}', None, Kind.SUCCESS),
        (b'{"key":["a"],"response":{}}', None, Kind.SUCCESS),
        (b'{"key":"","response":{}}', "", Kind.SUCCESS),
        (b'{"key":" a ","response":{}}', " a ", Kind.SUCCESS),
        (b'{"k\\u0065y":"a","response":{}}', "a", Kind.SUCCESS),
        (b'{"metadata":{"key":"a"},"response":{}}', "a", Kind.SUCCESS),
        (b'{"metadata":{"key":"a"},"error":{}}', "a", Kind.ERROR),
        (b'{"metadata":{"key":7},"response":{}}', None, Kind.SUCCESS),
        (b'{"metadata":{},"response":{}}', None, Kind.SUCCESS),
        (b'{"metadata":null,"response":{}}', None, Kind.SUCCESS),
        (b'{"metadata":["key"],"response":{}}', None, Kind.SUCCESS),
        (b'{"key":"outer","metadata":{"key":"inner"},"response":{}}', "outer", Kind.SUCCESS),
    ],
)
def test_an_envelope_shows_key_and_kind(text: bytes, key: str | None, kind: Kind) -> None:
    """The key is the exact string that stands there, or none; unknown members do no harm."""
    envelope = open_envelope(text)

    assert (key, kind, "") == (envelope.key, envelope.kind, envelope.reason)


def test_another_client_may_call_the_key_something_else() -> None:
    """Its name within the metadata is up to who made the batch."""
    text = b'{"metadata":{"custom_id":"a","key":"b"},"response":{}}'

    assert "a" == open_envelope(text, "custom_id").key
    assert "b" == open_envelope(text).key
    assert open_envelope(text, "id").key is None


def test_an_error_wins_over_a_response_beside_it() -> None:
    """The line counts as failed, and the response is kept for whoever wants to look."""
    envelope = open_envelope(b'{"key":"a","response":{"x":1},"error":{"code":13}}')

    assert ("a", Kind.ERROR) == (envelope.key, envelope.kind)
    assert b'{"x":1}' == bytes(envelope.response)
    assert b'{"code":13}' == bytes(envelope.error)


NEITHER = "the line has neither a response nor an error"
DEEP = b"[" * 100_000 + b"]" * 100_000
HUGE = b"1" * 5000


@pytest.mark.parametrize(
    ("text", "key", "reason"),
    [
        (b'{"key":"a"}', "a", NEITHER),
        (b'{"key":"a","response":null,"error":null}', "a", NEITHER),
        (b"{}", None, NEITHER),
        (b"42", None, "not a JSON object"),
        (b"null", None, "not a JSON object"),
        (b"[]", None, "not a JSON object"),
        (b'"text"', None, "not a JSON object"),
        (b"", None, "not a JSON object"),
        (b'{"key":"a","response":{', None, "not a JSON object"),
        (b'{"key":"a","response":{}} {}', None, "not a JSON object"),
        (b"{'key':'a'}", None, "not a JSON object"),
        (b'{"key":"\xff","response":{}}', None, "not a JSON object: 'utf-8' codec"),
        (line("a").decode().encode("utf-16"), None, "not a JSON object"),
        (b'{"key":"a","response":NaN}', None, "not a JSON object"),
        (b'{"key":"a","response":{"x":-Infinity}}', None, "not a JSON object"),
        (b'{"key":{"x":1e400},"response":{}}', None, "not a JSON object"),
        (b'{"key":' + HUGE + b',"response":{}}', None, "not a JSON object"),
        (b'{"key":"a","response":%s}' % DEEP, None, "not a JSON object: "),
        (b'{"key":"a","response":{"key":%s}}' % DEEP, None, "not a JSON object: "),
        (b'{"key":"a","key":"b","response":{}}', None, "the line has two keys"),
        (b'{"key":"a","response":{},"key":"a"}', None, "the line has two keys"),
        (b'{"key":"\\ud800","key":"b","response":{}}', None, "the line has two keys"),
        (b'{"key":"a","response":{"key":"\xff"}}', None, "not a JSON object: 'utf-8' codec"),
        (b'{"key":"a","response":{},"k\\u0065y":"b"}', None, "the line has two keys"),
        (b'{"\\u006Bey":"a","response":{},"key":"a"}', None, "the line has two keys"),
        (b'{"key":"a","response":{},"ke\\u0079":"a"}', None, "the line has two keys"),
        (b'{"metadata":{"x":1e400},"response":{}}', None, "its metadata is not JSON"),
        (b'{"key":"a","metadata":{"x":1e400},"response":{}}', "a", "its metadata is not JSON"),
        (b'{"key":5,"metadata":{"x":1e400},"response":{}}', None, "its metadata is not JSON"),
    ],
)
def test_a_damaged_line_is_a_malformed_result(text: bytes, key: str | None, reason: str) -> None:
    """Nothing in a line raises; its reason says what is wrong with it."""
    envelope = open_envelope(text)

    assert (key, Kind.MALFORMED) == (envelope.key, envelope.kind)
    assert envelope.reason.startswith(reason), envelope.reason


def test_a_line_too_long_to_keep_is_malformed() -> None:
    """The reason says how long a line may be."""
    envelope = open_envelope(None)

    assert Kind.MALFORMED == envelope.kind
    assert f"the line is longer than {MAX_LINE} bytes and was skipped" == envelope.reason


def test_a_line_of_any_length_has_its_place_in_the_index() -> None:
    """Of one that was skipped no more need be known than that it was."""
    indexer = Indexer(MemorySpool())
    indexer._add(Line(0, 1 << 33, None))
    indexer._add(Line(1 << 34, 2, b"{}"))
    while indexer.settle():
        continue
    index = indexer.index()

    assert [0, 1 << 34] == list(index.offsets)
    assert MAX_LINE < index.lengths[0]
    assert 2 == index.lengths[1]


@pytest.mark.parametrize(
    "text",
    [
        b'{"key":"a","response":{"key":"b","key":"c"}}',
        b'{"key":"a","response":{"parts":[{"key":1},{"key":2}]}}',
        b'{"response":{"text":"\\"key\\":\\"key\\""},"key":"a"}',
        b'{"key":"a","response":{"key":"key","x":"\\ud800"}}',
        b'{"key":"a","response":{"key":1,"x":%s}}' % HUGE,
        b'{"key":"a","response":{"key":1,"x":1e400}}',
        b'{"key":"a","error":{"key":"\\u0000"}}',
        b'{"key":"a","response":{"k\\u0065y":1,"text":"\\u0079\\\\u0065"}}',
    ],
)
def test_a_key_deeper_down_is_not_a_second_one(text: bytes) -> None:
    """Answers may speak of keys, twice if they like, next to whatever else stands there."""
    envelope = open_envelope(text)

    assert ("a", "") == (envelope.key, envelope.reason)


def test_a_lone_surrogate_is_read_by_the_standard_library() -> None:
    """One parser refuses it in a key; the members come through all the same."""
    envelope = open_envelope(
        b'{"key":"\\ud800","error":{"code":3,"message":"\\udfff"},"metadata":{"x":[1]}}'
    )

    assert ("\ud800", Kind.ERROR) == (envelope.key, envelope.kind)
    assert {"code": 3, "message": "\udfff"} == json.loads(bytes(envelope.error))
    assert {"x": [1]} == json.loads(bytes(envelope.metadata))
    assert b"" == bytes(envelope.response)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["key", "response", "error", "metadata", "x"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(VALUES.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=30))
def test_nothing_makes_opening_an_envelope_raise(text: bytes) -> None:
    """Whatever the bytes, the answer is an envelope whose key is a string or missing."""
    envelope = open_envelope(text)

    assert isinstance(envelope, Envelope)
    assert envelope.key is None or isinstance(envelope.key, str)
    assert (envelope.kind is Kind.MALFORMED) == bool(envelope.reason)


@settings(deadline=None)
@given(st.data())
def test_any_damage_to_a_line_stays_in_its_envelope(data: st.DataObject) -> None:
    """Bytes flipped, cut out or put in give an envelope, not an exception."""
    whole = line("a", '"response":{"key":"b","x":[1e9,"\\u00e4"]},"metadata":{"key":"c"}')
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 3)))
    damaged = whole[:start] + data.draw(st.binary(max_size=3)) + whole[end:]

    assert isinstance(open_envelope(damaged), Envelope)


# Lines


def test_results_are_indexed_in_key_order() -> None:
    """They are counted as they arrive, and put in order afterwards."""
    index, spool = indexed(b"\n".join(map(line, ["row-10", "2", "row-9", "10"])))

    assert [1, 3, 2, 0] == list(index.order)
    assert [*map(line, ["row-10", "2", "row-9", "10"])] == texts(index, spool, range(4))
    assert 4 == len(index)
    assert "key" == index.keyed_by
    assert index.seen is None


def test_a_mark_of_utf_8_is_stripped_from_the_first_line_only() -> None:
    """Windows programs put one before a file; anywhere else it is damage."""
    index, spool = indexed(b"\xef\xbb\xbf" + line("a") + b"\n\xef\xbb\xbf" + line("b") + b"\n")

    assert [Kind.SUCCESS, Kind.MALFORMED] == list(index.kinds)
    assert [line("a"), b"\xef\xbb\xbf" + line("b")] == texts(index, spool, range(2))


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("size", [1, 2, 1000])
def test_blank_lines_and_carriage_returns_are_nothing(mark: bytes, end: bytes, size: int) -> None:
    """They hold no result, and only the numbers of lines count them."""
    whole = mark + end.join([b"", line("a"), b" \t", b"", line("b"), line("c")]) + end + end

    index, spool = indexed(whole, size=size)

    assert [Kind.SUCCESS] * 3 == list(index.kinds)
    found = texts(index, spool, index.order)
    assert [line("a"), line("b"), line("c")] == [text.rstrip(b"\r") for text in found]
    assert [2, 5, 6] == [index.line_number(ordinal) for ordinal in range(3)]


def test_blank_lines_take_no_memory() -> None:
    """There may be more of them than of anything else; each still counts as a line."""
    indexer, blank, count = Indexer(NoSpool()), b"\n \n" * 5000, 20
    indexer.feed(blank + line("a") + b"\n")
    tracemalloc.start()
    try:
        for _ in range(count):
            indexer.feed(blank)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    indexer.feed(line("b") + b"\n" + line("c"))
    index = settled(indexer)

    assert held < 10_000
    numbers = [index.line_number(ordinal) for ordinal in range(3)]
    assert [10_001, 10_002 + 10_000 * count, 10_003 + 10_000 * count] == numbers


def test_a_line_cut_short_is_malformed_and_its_key_missing() -> None:
    """The last line of a file that ends too early cannot be told from no answer."""
    keys = submitted(["a", "b"])
    whole = line("a") + b"\n" + line("b")

    index, _ = indexed(whole[:-5], keys)

    assert [Kind.SUCCESS, Kind.MALFORMED] == list(index.kinds)
    assert bytearray([1, 0]) == index.seen
    assert ([], 1) == (list(index.unexpected), index.illegible)


def test_a_line_above_the_limit_is_one_malformed_result() -> None:
    """It is skipped to its end, and the results after it are all there."""
    spool = MemorySpool()
    indexer = Indexer(spool)
    indexer._lines = LineSplitter(max_line=100)
    indexer.feed(b"\n".join([line("a"), line("b" * 200), line("c")]))

    index = settled(indexer)

    assert [Kind.SUCCESS, Kind.MALFORMED, Kind.SUCCESS] == list(index.kinds)
    assert [0, 2, 1] == list(index.order)
    assert [line("b" * 200)] == texts(index, spool, [1])


def test_results_are_held_against_the_submitted_keys() -> None:
    """Duplicates, strangers and gaps are told apart; a key must be the very string."""
    keys = submitted(["a", None, None, "d"])
    came = [line("a"), line("a"), line("x"), b'{"key":1,"response":{}}', line(" d"), line("2")]

    index, _ = indexed(b"\n".join(came), keys)

    assert [1] == list(index.duplicates)
    assert [2, 3, 4] == list(index.unexpected)
    assert bytearray([1, 0, 1, 0]) == index.seen


def test_duplicates_stay_in_the_order_of_their_arrival() -> None:
    """The first is the result of its key, and each further one is listed."""
    whole = b"\n".join(line(key, f'"response":{{"n":{n}}}') for n, key in enumerate("bababb"))

    index, _ = indexed(whole)

    assert [1, 3, 0, 2, 4, 5] == list(index.order)
    assert [3, 2, 4, 5] == list(index.duplicates)


def test_results_without_any_key_are_keyed_by_position() -> None:
    """That is all there is to go by where another client gave its requests none."""
    whole = b'{"response":{}}\n{"error":{}}\n{"response":{},"metadata":{"id":"b"}}'
    by_position, _ = indexed(whole, positional=True)
    by_key, _ = indexed(whole, key_member="id", positional=True)

    assert "position" == by_position.keyed_by
    assert "key" == by_key.keyed_by
    assert [0, 1, 2] == list(by_position.order)
    assert [2, 0, 1] == list(by_key.order)
    assert [] == list(by_position.duplicates)


def test_position_is_only_trusted_where_the_results_come_in_order() -> None:
    """Those in a file come in any order, whoever made the batch."""
    assert "key" == indexed(b'{"response":{}}')[0].keyed_by
    assert "key" == indexed(b"", positional=True)[0].keyed_by


@pytest.mark.parametrize(
    "text",
    [
        b'{"response":{},"key":"a"}',
        b'{"response":{},"key":7}',
        b'{"response":{},"key":""}',
        b'{"response":{},"metadata":{"key":7}}',
        b'{"response":{},"metadata":{"key":["a"]}}',
        b'{"key":false}',
        b'{"response":{},"key":1,"key":2}',
    ],
)
def test_a_key_of_any_type_rules_position_out(text: bytes) -> None:
    """Whoever sent it told its results apart by keys, and their order is nobody's business."""
    whole = b'{"response":{}}\n' + text + b'\n{"error":{}}'

    assert open_envelope(text).keyed
    assert "key" == indexed(whole, positional=True)[0].keyed_by


@pytest.mark.parametrize("text", [b'{"response":{},"key":null}', b"{}", b"{", b'{"metadata":[1]}'])
def test_no_key_and_null_are_the_same(text: bytes) -> None:
    """As in all proto3 JSON."""
    assert not open_envelope(text).keyed
    assert "position" == indexed(text, positional=True)[0].keyed_by


def test_position_is_never_trusted_where_keys_were_sent() -> None:
    """A result without a key is unexpected, and the key is missing."""
    whole = b'{"response":{}}\n{"response":{}}'
    index, _ = indexed(whole, submitted([None, None]), positional=True)

    assert "key" == index.keyed_by
    assert [0, 1] == list(index.unexpected)
    assert bytearray(2) == index.seen


def test_no_results_are_indexed_as_none() -> None:
    """An empty file is no special case."""
    index, _ = indexed(b"", submitted(["a"]))

    assert 0 == len(index)
    assert [] == list(index.order)
    assert "key" == index.keyed_by
    assert bytearray(1) == index.seen


def test_an_indexer_counts_as_it_goes() -> None:
    """A line counts as soon as its end has come, and no sooner."""
    indexer = Indexer(MemorySpool())
    counts: list[int] = []
    for piece in (line("a"), b"\n" + line("b") + b"\n", line("c")):
        indexer.feed(piece)
        counts.append(len(indexer))
    indexer.finish()

    assert [0, 2, 2, 3] == [*counts, len(indexer)]


DAMAGED = st.sampled_from(
    [b"{", b"42", b"[]", b"\xff", b"{}", b'{"response":{}}', b'{"key":3,"error":{}}', b"nonsense"]
)
NAMES = st.lists(
    st.integers(0, 30).map(str) | st.text(st.sampled_from("a1 \u2028\n"), max_size=4), unique=True
)


@settings(deadline=None, max_examples=200)
@given(
    names=NAMES,
    data=st.data(),
    chance=st.randoms(use_true_random=False),
    known=st.booleans(),
    size=st.integers(1, 50),
)
def test_every_line_is_accounted_for_exactly_once(
    names: list[str], data: st.DataObject, chance: random.Random, *, known: bool, size: int
) -> None:
    """However results are shuffled, duplicated, dropped and damaged, none is lost or made up."""
    came: list[bytes] = []
    arrived: Counter[str] = Counter()
    for name in names:
        copies = data.draw(st.sampled_from([0, 1, 1, 1, 2, 3]))
        arrived[name] = copies
        outcome = data.draw(st.sampled_from(['"response":{}', '"error":{"code":13}', '"x":1']))
        came += [line(name, outcome)] * copies
    strangers = data.draw(st.lists(st.integers(100, 103).map("stranger-{}".format), max_size=3))
    damaged = data.draw(st.lists(DAMAGED, max_size=4))
    came += [*map(line, strangers), *damaged]
    chance.shuffle(came)
    whole = b"".join(text + chance.choice([b"\n", b"\n\n", b"\n \r\n"]) for text in came)

    index, spool = indexed(whole, submitted(names) if known else None, size=size)

    assert list(range(len(came))) == sorted(index.order)
    assert came == texts(index, spool, range(len(came)))
    keys = [open_envelope(text).key for text in texts(index, spool, index.order)]
    assert all(sort_key(one) <= sort_key(other) for one, other in pairwise(keys))
    assert [open_envelope(text).kind for text in came] == list(index.kinds)

    arrived.update(strangers)
    repeated = texts(index, spool, index.duplicates)
    assert arrived - Counter(set(arrived)) == Counter(
        str(open_envelope(text).key) for text in repeated
    )
    numbers = [index.line_number(ordinal) for ordinal in range(len(came))]
    assert came == [whole.split(b"\n")[number - 1] for number in numbers]
    strays = [text for text in damaged if open_envelope(text).kind is not Kind.MALFORMED]
    assert len(damaged) - len(strays) == index.illegible
    if known:
        assert [bool(arrived[name]) for name in names] == list(map(bool, index.seen or b""))
        assert Counter([*strangers, *[None] * len(strays)]) == Counter(
            open_envelope(text).key for text in texts(index, spool, index.unexpected)
        )
    else:
        assert (index.seen, []) == (None, list(index.unexpected))


# Many at a time, and one by one

OUTCOMES = st.sampled_from(
    [
        '"response":{}',
        '"response":{"key":1,"x":"\u00e4"}',
        '"response":{"text":"abc"}',
        '"response":{"x":"\\ud800"}',
        '"error":{"code":13}',
        '"error":{}',
        '"error":1',
        '"response":{"a":1},"error":null',
        '"response":{"a":1},"error":{"b":2}',
        '"response":null',
        '"response":{"a":1},"metadata":null',
        '"response":{"a":1},"metadata":{"key":"m"}',
        '"metadata":{"key":"m"}',
        '"response":{"a":1},"key":"again"',
        '"response":{"a":1},"k\\u0065y":"again"',
        '"response":{"a":1},"unknown":[{"key":"inner"}]',
        '"response":{"a":1},"long_unknown":"something"',
        '  "response" : {"a":1}  ',
    ]
)
ODD = st.sampled_from([
    b"", b" ", b"\r", b"{", b"[]", b"\xff", b'{"key":1,"response":{"a":1}}', b'{"error":{"a":1}}',
    b'{"key":"a","response":{"key":"\xff"}}', b'{"key":"\xff","response":{"key":2}}',
    b'{"key":"b","response":{"text":"\xff"}}', b'{"key":null,"response":{"text":"x"}}',
])  # fmt: skip
SOUND = st.builds(
    line,
    st.integers(0, 30).map(str)
    | st.integers(0, 30).map("row-{}".format)
    | st.text(st.sampled_from("a1\ud800\n "), max_size=4),
    OUTCOMES,
)


@settings(deadline=None, max_examples=300)
@given(
    lines=st.lists(SOUND | SOUND | SOUND | ODD, max_size=30),
    damage=st.lists(st.tuples(st.integers(0, 1000), st.binary(max_size=2)), max_size=2),
    mark=st.booleans(),
    known=st.booleans(),
    size=st.integers(1, 400),
)
def test_lines_opened_many_at_a_time_are_as_if_opened_one_by_one(
    lines: list[bytes],
    damage: list[tuple[int, bytes]],
    size: int,
    *,
    mark: bool,
    known: bool,
) -> None:
    """Every part of the index is the same, wherever the bytes are cut."""
    whole = b"\n".join(lines)
    for anywhere, other in damage:
        place = anywhere % (len(whole) + 1)
        whole = whole[:place] + other + whole[place + len(other) :]
    whole = b"\xef\xbb\xbf" * mark + whole
    keys = [*map(str, range(20)), *map("row-{}".format, range(20))] if known else None

    def made() -> Index:
        return indexed(whole, submitted(keys) if keys else None, size=size, positional=True)[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index_module, "open_plain", lambda *_, **__: None)
        one_by_one = made()
    assert one_by_one == made()
    assert one_by_one == indexed(whole, submitted(keys) if keys else None, positional=True)[0]


def test_most_lines_are_opened_many_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """And of those around one that is odd, only that is opened by itself."""
    opened: list[bytes | None] = []
    really_open = index_module.open_envelope

    def noting(text: bytes | None, key_member: str = "key") -> Envelope:
        opened.append(text)
        return really_open(text, key_member)

    monkeypatch.setattr(index_module, "open_envelope", noting)
    lines = [line(str(number)) for number in range(3000)]
    lines[1000] = b'{"key":"x"}'

    index, _ = indexed(b"\n".join(lines) + b"\n")

    assert [b'{"key":"x"}'] == opened
    assert [*range(1000), *range(1001, 3000), 1000] == list(index.order)


@define
class NoSpool:
    """A spool that keeps nothing, so that only the index is measured."""

    size: int = 0
    closed: bool = False
    reads: list[Any] = field(factory=list)

    def append(self, piece: bytes) -> None:
        """Count the bytes."""
        self.size += len(piece)

    def read(self, offset: int, size: int) -> bytes:
        """Read what is not there."""
        raise NotImplementedError

    def read_each(self, offsets: Sequence[int], sizes: Sequence[int]) -> list[bytes]:
        """Read what is not there."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of nothing."""


def test_an_index_takes_far_less_memory_than_the_results() -> None:
    """Of 15 MB of results little is held at a time, and what stays is 17 bytes a result.

    Putting them in order takes memory for one run of keys, however many results there are.
    """
    count, text = 50_000, b'{"key":"%%d","response":{"modelVersion":"%s"}}\n' % (b"x" * 260)
    spool = NoSpool()
    indexer = Indexer(spool)
    tracemalloc.start()
    try:
        for start in range(0, count, 500):
            indexer.feed(b"".join([text % key for key in range(start, start + 500)]))
        fed, peak_of_feeding = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        index = settled(indexer)
        _, peak_of_sorting = tracemalloc.get_traced_memory()
        del indexer
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert count == len(index)
    assert spool.size > 290 * count
    assert peak_of_feeding < spool.size / 2.5
    assert peak_of_sorting - fed < 10 << 20
    assert 17 * count <= held < 20 * count  # an array that grows has some room to spare
