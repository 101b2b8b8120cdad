"""Results are a sequence in key order, decoded when touched; what is missing or odd is told."""

import copy
import errno
import gc
import json
import logging
import os
import pickle
import random
import stat
import weakref
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from attrs import define
from hypothesis import given, settings, strategies as st

from gemini_batch import codec, results as results_module
from gemini_batch.batch import Batch
from gemini_batch.effects import Effect, Now, Offload, Response, Send
from gemini_batch.errors import (
    ItemFailedError,
    NoTextError,
    ProtocolError,
    ResultsIncompleteError,
    UsageError,
)
from gemini_batch.flows import results as flows
from gemini_batch.flows.waiting import waiting
from gemini_batch.index import Indexer, Kind
from gemini_batch.items import IndividualRequestError, ItemError, ItemMalformed, ItemSuccess
from gemini_batch.models.generation import GenerationResponse
from gemini_batch.order import sort_key
from gemini_batch.results import BatchResults
from gemini_batch.settings import Settings
from gemini_batch.spool import FileSpool, MemorySpool, Spool, Spools
from gemini_batch.submission import SubmittedKeys
from gemini_batch.sync.drivers import run

Results = BatchResults[GenerationResponse]


def line(key: object, text: str = "answer", **members: Any) -> bytes:
    """Return a line of a results file: an answer, unless other members are given."""
    answer = {"candidates": [{"content": {"parts": [{"text": text}]}, "finishReason": "STOP"}]}
    return json.dumps({"key": key, **(members or {"response": answer})}).encode()


def failed(key: object, code: int = 13, **members: Any) -> bytes:
    """Return a line of a request that failed."""
    return line(key, error={"code": code, **members})


def submitted(keys: Iterable[str]) -> SubmittedKeys:
    """Return the keys of a batch."""
    found = SubmittedKeys()
    for key in keys:
        found.add(key)
    return found


def collect(
    came: Iterable[bytes],
    keys: Iterable[str] | None = None,
    spool: Spool | None = None,
    **options: Any,
) -> Results:
    """Return the results for lines that came."""
    known = None if keys is None else submitted(keys)
    positional = options.pop("positional", False)
    key_member = options.get("key_member", "key")
    indexer = Indexer(spool or MemorySpool(), known, key_member, positional=positional)
    indexer.feed(b"".join(text + b"\n" for text in came))
    indexer.finish()
    while indexer.settle():
        pass
    return BatchResults(indexer.spool, indexer.index(), GenerationResponse, keys=known, **options)


def only(text: bytes, **options: Any) -> Any:
    """Return the one item of a batch of one."""
    (item,) = collect([text], **options)
    return item


def keys_of(items: Iterable[Any]) -> list[str | None]:
    """Return the keys of items."""
    return [item.key for item in items]


SHUFFLED = [line("row-10"), failed("2"), line("row-9"), b"{", line("10")]
ORDERED = ["2", "10", "row-9", "row-10", None]


# A sequence


def test_results_are_a_sequence_in_key_order() -> None:
    """Whatever the order of their arrival, they have one length, one order and one index."""
    results = collect(SHUFFLED)

    assert isinstance(results, Sequence)
    assert 5 == len(results)
    assert ORDERED == keys_of(results)
    assert ORDERED[::-1] == keys_of(reversed(results))
    assert ORDERED == [results[index].key for index in range(5)]
    assert ORDERED == [results[index - 5].key for index in range(5)]
    assert results[1] in results
    assert 1 == results.index(results[1])
    for beyond in (5, -6):
        with pytest.raises(IndexError):
            results[beyond]


@pytest.mark.parametrize(
    "part", [slice(None), slice(1, 3), slice(None, None, -1), slice(-2, None), slice(9, 9)]
)
def test_slices_are_sequences_too(part: slice) -> None:
    """They decode nothing until they are touched, and can be sliced again."""
    results = collect(SHUFFLED)

    found = results[part]

    assert ORDERED[part] == keys_of(found)
    assert len(ORDERED[part]) == len(found)
    assert ORDERED[part][::2] == keys_of(found[::2])
    assert f"<{len(found)} results>" == repr(found)


def test_items_are_made_for_match() -> None:
    """Each is an answer, an error or a malformed line, in the order of their keys."""
    kinds: list[str] = []
    for item in collect([line("a", "hello"), failed("b", 5), b"nonsense"]):
        match item:
            case ItemSuccess(key, response):
                kinds.append(f"{key}: {response.text}")
            case ItemError(key, error):
                kinds.append(f"{key}: {error.status}")
            case ItemMalformed(key, position, reason):
                kinds.append(f"{key}: line {position}: {reason[:17]}")

    assert ["a: hello", "b: NOT_FOUND", "None: line 3: not a JSON object"] == kinds


def test_views_by_kind_are_in_key_order() -> None:
    """Together they hold every result once."""
    results = collect([failed("9"), line("10"), b"{", failed("1"), line("3"), line("a", x=1)])

    assert ["3", "10"] == keys_of(results.successes)
    assert ["1", "9"] == keys_of(results.errors)
    assert ["a", None] == keys_of(results.malformed)
    assert "1" == results.errors[0].key
    assert ["10"] == keys_of(results.successes[1:])


def test_results_show_themselves_in_a_line() -> None:
    """How many of how many there are, and how many failed."""
    came = [line("a"), failed("b")]

    assert "<BatchResults: 2, 1 failed>" == repr(collect(came))
    assert "<BatchResults: 2 of 3, 1 failed>" == repr(collect(came, ["a", "b", "c"]))


# Items


def test_a_success_gives_its_response() -> None:
    """With the line as it came, and nothing wrong with it."""
    text = line("a", "hello")
    item = only(text)

    assert (True, None, "a") == (item.ok, item.problem, item.key)
    assert item.unwrap() is item.response
    assert "hello" == item.unwrap().text
    assert text == item.raw()
    assert {} == item.metadata


@pytest.mark.parametrize(
    ("response", "problem"),
    [
        ({"promptFeedback": {"blockReason": "SAFETY"}}, "blocked: SAFETY"),
        ({"candidates": [{"finishReason": "RECITATION"}]}, "blocked: RECITATION"),
        ({"candidates": [{"finishReason": "MAX_TOKENS"}]}, "no answer: MAX_TOKENS"),
        ({"promptFeedback": {"blockReason": "NEW\x1b[2J"}}, "blocked: NEW\\x1b[2J"),
        ({}, "no answer: the service gave no reason"),
    ],
)
def test_a_blocked_answer_is_a_success_with_a_problem(response: object, problem: str) -> None:
    """It was answered and billed; asking for its text raises, instead of giving an empty one."""
    item = only(line("a", response=response))

    assert isinstance(item, ItemSuccess)
    assert problem == item.problem
    with pytest.raises(NoTextError):
        _ = item.unwrap().text


@pytest.mark.parametrize(
    ("error", "expected", "problem"),
    [
        ({"code": 13}, IndividualRequestError(13, "INTERNAL"), "INTERNAL"),
        ({}, IndividualRequestError(0, "OK"), "OK"),
        ({"code": 99}, IndividualRequestError(99, "CODE_99"), "CODE_99"),
        (
            {"code": 3, "message": "bad \u202e\x07", "details": [{"reason": "X"}]},
            IndividualRequestError(3, "INVALID_ARGUMENT", "bad \u202e\x07", ({"reason": "X"},)),
            "INVALID_ARGUMENT: bad \\u202e\\x07",
        ),
    ],
)
def test_an_error_is_a_value(error: object, expected: IndividualRequestError, problem: str) -> None:
    """It raises only when its response is asked for, and what it says is safe to print."""
    item = only(line("a", error=error))

    assert expected == item.error
    assert (False, problem) == (item.ok, item.problem)
    with pytest.raises(ItemFailedError) as caught:
        item.unwrap()
    assert ("a", problem) == (caught.value.key, caught.value.problem)
    assert isinstance(hash(item.error), int)


def test_an_error_wins_over_a_response_and_keeps_it() -> None:
    """Both stand in the line; what the service did not vouch for is still there to look at."""
    item = only(line("a", response={"candidates": []}, error={"code": 13}))

    assert isinstance(item, ItemError)
    assert b'"candidates"' in item.raw()


def test_one_broken_line_costs_one_item() -> None:
    """The nine others of ten are there, and the tenth says where and why."""
    came = [line(str(number)) for number in range(1, 11)]
    came[6] = b'{"key": "7", "response" oops \x1b[2J\xff'

    results = collect(came, map(str, range(1, 11)))

    assert 9 == len(results.successes)
    (item,) = results.malformed
    assert isinstance(item, ItemMalformed)
    assert (None, 7, False) == (item.key, item.position, item.ok)
    assert '{"key": "7", "response" oops \\x1b[2J\\xff' == item.excerpt
    assert f"line 7 is malformed: {item.reason}: {item.excerpt}" == item.problem
    assert item.problem.isprintable()
    assert came[6] == item.raw()
    with pytest.raises(ItemFailedError, match="line 7 is malformed"):
        item.unwrap()
    assert ("7",) == results.missing


@pytest.mark.parametrize(
    ("text", "excerpt"),
    [
        (b"x" * 80, "x" * 80),
        (b"x" * 81, "x" * 80 + "…"),
        (b"x" * 100_000, "x" * 80 + "…"),
        ("😀".encode() * 80, "😀" * 80),
        ("😀".encode() * 81, "😀" * 80 + "…"),
        (b"\0" * 100_000, "\\x00" * 80 + "…"),
    ],
)
def test_an_excerpt_is_short_and_says_so(text: bytes, excerpt: str) -> None:
    """An ellipsis stands for what it leaves out."""
    assert excerpt == only(text).excerpt


@pytest.mark.parametrize(
    "response",
    [
        b'{"candidates":5}',
        b'{"candidates":[{"finishReason":7}]}',
        b'{"responseId":1e400}',
        b'{"responseId":%s}' % (b"1" * 5000),
        b'{"responseId":"\xff"}',
        b'{"usageMetadata":{"promptTokenCount":"x"}}',
        b'{"usageMetadata":{"promptTokenCount":1.5}}',
        b'"text"',
    ],
)
def test_what_does_not_decode_is_malformed_when_touched(response: bytes) -> None:
    """The key is known all the same, and the results around it are not disturbed."""
    results = collect([line("a"), b'{"key":"b","response":' + response + b"}", line("c")])

    item = results.by_key("b")

    assert isinstance(item, ItemMalformed)
    assert ("b", 2) == (item.key, item.position)
    assert ["a", "b", "c"] == keys_of(results)


def test_an_error_that_does_not_decode_is_malformed_when_touched() -> None:
    """A code that is no number says nothing about the request."""
    item = only(b'{"key":"a","error":{"code":"x"}}')

    assert isinstance(item, ItemMalformed)
    assert item.reason.startswith("code: expected an integer")


@pytest.mark.parametrize("count", [b"5", b'"5"', b"5.0"])
def test_a_count_may_be_spelled_in_three_ways(count: bytes) -> None:
    """proto3 JSON allows a number, a string, and a number with a point."""
    usage = b'{"key":"a","response":{"usageMetadata":{"promptTokenCount":%s}}}' % count

    assert 5 == only(usage).unwrap().usage.prompt_token_count
    assert 5 == only(b'{"key":"a","error":{"code":%s}}' % count).error.code


def test_unknown_members_are_kept() -> None:
    """What the service adds one day is there, and is written back."""
    response = only(line("a", response={"newMember": {"x": [1]}})).unwrap()

    assert {"newMember": {"x": [1]}} == response.extra
    assert b'{"newMember":{"x":[1]}}' == codec.encode(response)


def test_metadata_is_what_came_along() -> None:
    """Anything but an object is nothing that could have been sent."""
    metadata = {"key": "a", "mine": [1]}

    assert metadata == only(line(None, response={}, metadata=metadata)).metadata
    for odd in (None, 5, ["key"]):
        assert {} == only(line("a", response={}, metadata=odd)).metadata


def test_a_line_that_was_skipped_is_not_read_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was too long for memory when it came is so when it is touched."""
    results = collect([line("a"), line("b", "x" * 1000), line("c")])
    monkeypatch.setattr(results_module, "MAX_LINE", 500)
    monkeypatch.setattr(results._spool, "read", lambda *_: pytest.fail("it was read"))

    item = results[1]

    assert isinstance(item, ItemMalformed)
    assert (2, b"") == (item.position, item.raw())
    assert "was skipped" in item.problem


# Keys


def test_a_result_is_found_by_its_key() -> None:
    """Of two with the same key, the first to arrive."""
    results = collect([line("b", "1"), line("a"), line("b", "2"), b"{"], ["a", "b", "c"])

    first = results.by_key("b")
    assert isinstance(first, ItemSuccess)
    assert "1" == first.unwrap().text
    with pytest.raises(ResultsIncompleteError, match="no result came back for the key 'c'") as gap:
        results.by_key("c")
    assert ("c",) == gap.value.missing
    for unknown in ("", "aa", "B", "\n"):
        with pytest.raises(UsageError, match="no result has the key"):
            results.by_key(unknown)


KEYS = st.one_of(
    st.integers(0, 99).map(str),
    st.text(st.sampled_from(["a", "0", "1", "9", "-", "\0", "\n", "\u2028", "\ud800", "ä"])),
)


@settings(deadline=None)
@given(st.lists(KEYS, max_size=20), KEYS)
def test_every_key_is_found_and_no_other(keys: list[str], stranger: str) -> None:
    """Looking one up is as good as looking through all."""
    results = collect([line(key, str(number)) for number, key in enumerate(keys)])
    for key in (*keys, stranger):
        if key in keys:
            found = results.by_key(key)
            assert (key, str(keys.index(key))) == (found.key, found.unwrap().text)
        else:
            with pytest.raises(UsageError):
                results.by_key(key)


def test_a_batch_without_keys_is_keyed_by_position() -> None:
    """A position is a number as anybody writes it, from 0; others are no keys."""
    results = collect([line(None, "x"), b"{", line(None, "y")], positional=True)

    assert "position" == results.keyed_by
    assert ["0", "1", "2"] == keys_of(results)
    assert "y" == results.by_key("2").unwrap().text
    assert "1" == results.malformed[0].key
    for unknown in ("3", "-1", "00", "٣", "²", "", "9" * 5000):
        with pytest.raises(UsageError):
            results.by_key(unknown)


def test_another_member_may_be_the_key() -> None:
    """Batches of other clients are read by the name they gave it."""
    came = [line(None, response={}, metadata={"custom_id": key}) for key in ("b", "a")]
    results = collect(came, key_member="custom_id", positional=True)

    assert "key" == results.keyed_by
    assert ["a", "b"] == keys_of(results)
    assert "b" == results.by_key("b").key
    assert "position" == collect(came, positional=True).keyed_by
    assert "key" == collect(came).keyed_by


def test_what_came_is_held_against_what_was_sent() -> None:
    """Duplicates, strangers and gaps are listed, and nothing is dropped."""
    came = [line("a", "1"), line("x"), line("a", "2"), line(7), line(" b"), b"{"]
    results = collect(came, ["c", "a", "b", "7"])

    assert 6 == len(results)
    assert ["2"] == [item.unwrap().text for item in results.duplicates]
    assert ["x", None, " b"] == keys_of(results.unexpected)
    assert [None] == keys_of(results.malformed)
    assert 1 == results.resolved_count
    assert ("c", "b", "7") == results.missing
    assert 4 == results.expected
    assert "key" == results.keyed_by


def test_without_the_submitted_keys_nothing_is_called_missing() -> None:
    """The handle of a batch made elsewhere does not know them, and says so."""
    results = collect([line("a"), line("a")], expected=3)

    assert results.missing is None
    assert 3 == results.expected
    assert [] == list(results.unexpected)
    assert ["a"] == keys_of(results.duplicates)
    assert collect([]).expected is None


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("ab", "1 of 2 requests have no result: 'b'"),
        ("abcd", "3 of 4 requests have no result: 'b', 'c', 'd'"),
        ("abcdef", "5 of 6 requests have no result: 'b', 'c', 'd' and more"),
    ],
)
def test_incomplete_results_are_raised_for(keys: str, message: str) -> None:
    """The error names a few of the missing keys and holds them all."""
    results = collect([line("a")], keys)

    with pytest.raises(ResultsIncompleteError) as caught:
        results.raise_for_incomplete()

    assert message == str(caught.value)
    assert tuple(keys[1:]) == caught.value.missing


def test_a_cut_last_line_makes_results_incomplete() -> None:
    """What is left of it is one malformed item, and its key is missing."""
    results = collect([line("a"), line("b")[:-1]], ["a", "b"])

    assert [Kind.SUCCESS, Kind.MALFORMED] == list(results._index.kinds)
    with pytest.raises(ResultsIncompleteError, match="1 of 2 requests have no result: 'b'"):
        results.raise_for_incomplete()


def test_where_keys_are_not_known_the_count_decides() -> None:
    """The service says how many requests there were; more results than that are no gap."""
    came = [line("a"), line("b")]
    with pytest.raises(ResultsIncompleteError, match="2 results came back for 3") as caught:
        collect(came, expected=3).raise_for_incomplete()
    assert caught.value.missing is None

    for complete in (
        collect(came, ["a", "b"]),
        collect(came, expected=2),
        collect(came, expected=1),
        collect(came),
    ):
        complete.raise_for_incomplete()


@pytest.mark.parametrize("extra", [line("a"), b"{", b'{"key":"c","key":"c","response":{}}'])
def test_a_line_too_many_hides_no_missing_one(extra: bytes) -> None:
    """As many lines as requests are not all results, if one is a duplicate or has no key."""
    results = collect([line("a"), line("b"), failed("c"), extra], expected=4)

    assert (4, 3) == (len(results), results.resolved_count)
    assert "<BatchResults: 3 of 4, 1 failed>" == repr(results)
    with pytest.raises(ResultsIncompleteError) as caught:
        results.raise_for_incomplete()
    assert ("3 results came back for 4 requests, duplicates and illegible lines apart (1)") == str(
        caught.value
    )


@pytest.mark.parametrize(
    ("came", "options", "count"),
    [
        ([line("a"), line("a"), line("x"), b"{"], {"keys": "abc"}, 1),
        ([line("a"), line("b", x=1), failed("c")], {"keys": "abc"}, 3),
        ([line("a"), line("a"), line("b", x=1), line(7), b"{"], {}, 3),
        ([line(None), b"{", line(None)], {"positional": True}, 3),
        ([], {"positional": True}, 0),
    ],
)
def test_requests_with_a_result_are_counted(
    came: list[bytes], options: dict[str, Any], count: int
) -> None:
    """Each once, whatever its result is; what belongs to no request is not counted."""
    assert count == collect(came, **options).resolved_count


@define
class Service:
    """What performs the effects of a flow, with one reply for whatever is sent."""

    reply: bytes

    def perform(self, effect: Effect[Any]) -> Any:
        """Answer one effect."""
        match effect:
            case Send():
                return Response(200, {}, self.reply)
            case Offload(work):
                return work()
            case Now():
                return 0.0
            case _:
                pytest.fail(f"{effect} must not be asked")

    def release(self) -> None:
        """Hold nothing."""


def test_counts_that_disagree_with_the_results_are_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Both numbers are logged, and the results win."""
    output: Any = {"inlinedResponses": {"inlinedResponses": [{"response": {}}, {"error": {}}]}}
    metadata = {"state": "BATCH_STATE_SUCCEEDED", "batchStats": {"requestCount": "5"}}
    reply = {"name": "batches/b", "done": True, "metadata": metadata, "response": output}
    batch = Batch("batches/b", GenerationResponse)
    terms = waiting(Settings(), None, None, progress=False)
    flow = flows.results(Settings(), batch, Spools(), terms)

    with caplog.at_level(logging.WARNING, "gemini_batch"):
        found = run(flow, Service(json.dumps(reply).encode()))

    assert [
        "batches/b has 5 requests and 2 results, which answer 2 of them",
        "batches/b was made without keys: its results are keyed by position",
    ] == caplog.messages
    assert (2, 5, "position") == (len(found), found.expected, found.keyed_by)


# Saving


def test_every_key_has_a_line_in_what_is_saved(tmp_path: Path) -> None:
    """In key order: answers and errors as they came, and an error for what cannot be read."""
    error = {"code": 3, "message": "no"}
    came = [line("row-10", response={"x": 1}), line("2", error=error, response={}), line("b", y=1)]
    results = collect([*came, b"{"], ["row-10", "2", "b", "a", "row-9", "z"])
    path = tmp_path / "saved.jsonl"

    results.save(path)

    saved = [json.loads(text) for text in path.read_bytes().splitlines()]
    lost = {"code": 15, "message": "no result came back for this request"}
    assert [
        {"key": "2", "error": error},
        {"key": "a", "error": lost},
        {"key": "b", "error": {"code": 15, "message": results[1].problem}},
        {"key": "row-9", "error": lost},
        {"key": "row-10", "response": {"x": 1}},
        {"key": "z", "error": lost},
        {"key": None, "error": {"code": 15, "message": results[-1].problem}},
    ] == saved
    assert list(results.lines()) == path.read_bytes().splitlines(keepends=True)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert [path] == list(tmp_path.iterdir())


def test_what_is_saved_is_compact() -> None:
    """Inline results come indented; one that only the standard library reads is no exception."""
    spaced = b'{"metadata": {"key": "1"}, "response": {"responseId":   "x y"}}'
    surrogate = b'{"key": "2", "response": {"responseId":  "\\ud800"}}'

    lines = list(collect([spaced, surrogate]).lines())

    assert [
        b'{"key":"1","response":{"responseId":"x y"}}\n',
        b'{"key":"2","response":{"responseId":"\\ud800"}}\n',
    ] == lines


def test_what_is_saved_is_json_whatever_came() -> None:
    """What no model takes is saved as it came; what is not JSON is lost, and its line says why."""
    came = [
        b'{"key":"1","response":{"candidates": 5, "x": 1e400}}',
        b'{"key":"2","response":{"responseId":"\xff"}}',
        b'{"key":"3","error":{"message":"\xff"}}',
        b'{"key":"4","error":{"code": "x"}}',
        b'{"key":"5"}',
    ]
    results = collect(came)

    lines = list(results.lines())

    assert b'{"key":"1","response":{"candidates":5,"x":1e400}}\n' == lines[0]
    assert b'{"key":"4","error":{"code":"x"}}\n' == lines[3]
    for position, reason in ((1, "not JSON: "), (2, "not JSON: "), (4, "neither a response nor")):
        lost = json.loads(lines[position].decode("utf-8"))
        assert (str(position + 1), 15) == (lost["key"], lost["error"]["code"])
        assert lost["error"]["message"].startswith(f"line {position + 1} is malformed: ")
        assert reason in lost["error"]["message"]


def test_saving_decodes_no_answer_and_opens_each_line_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is written is what came, so that there is nothing to decode."""
    opened: list[bytes | None] = []
    really_open = results_module.open_envelope

    def noting(text: bytes | None, key_member: str = "key") -> Any:
        opened.append(text)
        return really_open(text, key_member)

    came = [line("a"), failed("b"), b"{"]
    results = collect(came, ["a", "b", "c"])
    monkeypatch.setattr(results_module, "open_envelope", noting)
    monkeypatch.setattr(codec, "decode", lambda *_: pytest.fail("it was decoded"))

    assert 4 == len(list(results.lines()))
    assert came == opened


def test_results_by_position_are_saved_under_it() -> None:
    """The position is all the key they have."""
    results = collect([line(None, response={}), failed(None)], positional=True)

    assert [
        b'{"key":"0","response":{}}\n',
        b'{"key":"1","error":{"code":13}}\n',
    ] == list(results.lines())


@settings(deadline=None)
@given(st.lists(KEYS, unique=True, max_size=12), st.data(), st.randoms(use_true_random=False))
def test_what_is_saved_reads_as_the_same_results(
    keys: list[str], data: st.DataObject, chance: random.Random
) -> None:
    """Each key once and in order, one line each, whatever is in them."""
    texts = st.text(st.sampled_from(["a", "\n", "\u2028", "\ud800", "\0", '"']), min_size=1)
    came = [line(key, data.draw(texts)) for key in keys if data.draw(st.booleans())]
    chance.shuffle(came)
    results = collect(came, keys)

    lines = list(results.lines())

    assert all(text.endswith(b"\n") and 1 == text.count(b"\n") for text in lines)
    again = collect([text[:-1] for text in lines], keys)
    assert sorted(keys, key=sort_key) == keys_of(again)
    assert () == again.missing
    assert [item.unwrap() for item in results] == [item.unwrap() for item in again.successes]
    assert list(results.missing or ()) == [key for key in keys if not again.by_key(key).ok]


def test_saving_does_not_replace_a_file_unasked(tmp_path: Path) -> None:
    """The error comes before the work; a missing directory is named as well."""
    results, path = collect([line("a")]), tmp_path / "saved.jsonl"
    path.write_bytes(b"older")

    with pytest.raises(UsageError, match="exists already"):
        results.save(path)
    with pytest.raises(UsageError, match="cannot be a file"):
        results.save(tmp_path / "missing" / "saved.jsonl")
    assert b"older" == path.read_bytes()

    results.save(str(path), overwrite=True)
    assert b"".join(results.lines()) == path.read_bytes()


def test_saving_onto_a_full_disk_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the file."""
    really_open = os.open
    monkeypatch.setattr(os, "open", lambda *_: really_open("/dev/full", os.O_WRONLY))

    with pytest.raises(OSError, match=r"No space left on device: '.*saved\.jsonl\.part'") as full:
        collect([line("a")]).save(tmp_path / "saved.jsonl")

    assert errno.ENOSPC == full.value.errno
    assert [] == list(tmp_path.iterdir())


def test_a_save_that_is_interrupted_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither Ctrl-C nor closed results leave a short file under the name."""
    results = collect([line(str(number)) for number in range(9)])
    read, reads = results._spool.read, [0]

    def interrupted(offset: int, size: int) -> bytes:
        reads[0] += 1
        if reads[0] == 5:
            raise KeyboardInterrupt
        return read(offset, size)

    monkeypatch.setattr(results._spool, "read", interrupted)
    with pytest.raises(KeyboardInterrupt):
        results.save(tmp_path / "saved.jsonl")
    results.close()
    with pytest.raises(UsageError, match="closed"):
        results.save(tmp_path / "saved.jsonl")

    assert [] == list(tmp_path.iterdir())


# What holds them


def is_open(spool: FileSpool) -> bool:
    """Tell whether a spool's descriptor is in use."""
    try:
        os.fstat(spool._file)
    except OSError:
        return False
    return True


def test_close_lets_go_of_the_file() -> None:
    """Items already touched stay as they are; others cannot be had any more."""
    spool = FileSpool()
    with collect([line("a", "hello"), line("b")], spool=spool) as results:
        item, view = results[0], results[1:]
        assert (False, True) == (results.closed, is_open(spool))

    assert (True, False) == (results.closed, is_open(spool))
    results.close()
    assert "hello" == item.unwrap().text
    assert 2 == len(results)
    touches: list[Callable[[], object]] = [
        lambda: results[0],
        lambda: view[0],
        lambda: results.by_key("a"),
    ]
    for touch in touches:
        with pytest.raises(UsageError, match="closed; fetch them again"):
            touch()


def test_forgotten_results_let_go_of_the_file() -> None:
    """Without a warning (which would fail this test); a view of them keeps them open."""
    spool = FileSpool()
    descriptor = spool._file
    results = collect([line("a", "hello"), line("b")], spool=spool)
    gone = weakref.ref(spool)
    del spool

    view = results[:1]
    del results
    gc.collect()
    assert "hello" == view[0].unwrap().text

    del view
    gc.collect()
    assert gone() is None
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_results_are_not_pickled() -> None:
    """The error says what to do instead; a view of them is no way around it."""
    results = collect([line("a")])
    ways: list[Callable[[Any], Any]] = [copy.copy, pickle.dumps, copy.deepcopy]

    for duplicate in ways:
        with pytest.raises(TypeError, match=r"save\(path\) them, and send that file"):
            duplicate(results)
    for duplicate in ways[1:]:
        with pytest.raises(TypeError, match=r"save\(path\) them, and send that file"):
            duplicate(results.successes)


def test_an_item_pickles() -> None:
    """Unlike the results it holds no file, and may go to another process."""
    for item in collect([line("a"), failed("b"), b"{"]):
        again = pickle.loads(pickle.dumps(item))  # noqa: S301 - it was made here

        assert item == again
        assert (item.raw(), item.metadata) == (again.raw(), again.metadata)


@pytest.mark.parametrize("make", [MemorySpool, FileSpool])
def test_threads_may_share_results(make: type[MemorySpool | FileSpool]) -> None:
    """Each sees what one alone would see, also of what is worked out at first touch."""
    count = 500
    came = [line(str(key), f"answer {key}") for key in range(count)]
    random.Random(1).shuffle(came)
    with collect(came, map(str, range(count + 1)), spool=make()) as results:

        def read(start: int) -> list[str]:
            positions = [(start + step) % count for step in range(count)]
            assert (str(count),) == results.missing
            assert count == len(results.successes)
            found = [results[position].unwrap().text for position in sorted(positions)]
            assert all(str(key) == results.by_key(str(key)).key for key in positions[:50])
            return found

        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(read, range(0, count, count // 8)))

    assert [[f"answer {key}" for key in range(count)]] * len(found) == found


def test_only_the_touched_item_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counting, slicing and sorting leave the answers as they came."""
    decoded: list[object] = []
    decode = codec.decode

    def noting(raw: Any, kind: Any) -> Any:
        decoded.append(kind)
        return decode(raw, kind)

    results = collect([line("a"), line("b"), failed("c")])
    monkeypatch.setattr(codec, "decode", noting)

    assert (3, 2, 1, 0) == tuple(
        map(len, (results, results.successes, results.errors, results.malformed))
    )
    assert "b" == results[1:2][0].key

    assert [GenerationResponse] == decoded


def test_a_row_of_another_kind_is_malformed() -> None:
    """The model that was asked for decides; its error is the reason."""
    with pytest.raises(ProtocolError) as refused:
        codec.decode(b'{"candidates":{}}', GenerationResponse)

    assert str(refused.value) == only(line("a", response={"candidates": {}})).reason
