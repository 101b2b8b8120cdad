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
import tempfile
import weakref
from collections.abc import Callable, Sequence
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
    ResultsIncompleteError,
    UsageError,
)
from gemini_batch.flows import results as flows
from gemini_batch.flows.waiting import waiting
from gemini_batch.index import Kind
from gemini_batch.items import ItemError, ItemMalformed, ItemSuccess, Outcome
from gemini_batch.keys import SubmittedKeys
from gemini_batch.models.embedding import EmbedContentResponse, EmbeddingUsageMetadata
from gemini_batch.models.generation import GenerationResponse, ModalityTokenCount, UsageMetadata
from gemini_batch.order import sort_key
from gemini_batch.results import BatchResults
from gemini_batch.settings import Settings
from gemini_batch.spool import FileSpool, MemorySpool, Spools
from gemini_batch.sync.drivers import run
from tests.unit.outcomes import collect, failed, keys_of, line

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


def test_a_line_that_was_skipped_is_not_read_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was too long for memory when it came is so when it is touched."""
    results = collect([line("a"), line("b", "x" * 1000), line("c")])
    monkeypatch.setattr(results_module, "MAX_LINE", 500)
    monkeypatch.setattr(results._spool, "read", lambda *_: pytest.fail("it was read"))

    item = results[1]

    assert isinstance(item, ItemMalformed)
    assert (2, b"") == (item.position, item.raw())
    assert "was skipped" in item.problem


def test_lines_that_were_skipped_are_not_read_with_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those around them are, whatever the order in which they are wanted."""
    results = collect([line("a"), line("b", "x" * 1000), line("c")])
    monkeypatch.setattr(results_module, "MAX_LINE", 500)
    sizes: list[int] = []
    read = results._spool.read

    def noting(offset: int, size: int) -> bytes:
        sizes.append(size)
        return read(offset, size)

    monkeypatch.setattr(results._spool, "read", noting)

    assert [True, False, True] == [item.ok for item in results]
    assert [False, True, False] == [size == 0 for size in sizes]
    assert max(sizes) <= 500


def windows_of(results: BatchResults[Any], monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return how many lines are read at a time when all of them are taken."""
    counts: list[int] = []
    read_each = results._spool.read_each

    def noting(offsets: Sequence[int], sizes: Sequence[int]) -> list[bytes]:
        counts.append(len(sizes))
        return read_each(offsets, sizes)

    monkeypatch.setattr(results._spool, "read_each", noting)
    assert len(results) == len(list(results))
    return counts


def test_lines_are_read_many_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few at first, so that the first item does not wait for many; then ever more to a limit."""
    results = collect([line(str(number)) for number in range(1000)])

    counts = windows_of(results, monkeypatch)

    assert counts[0] <= 16
    assert sorted(counts[:-1]) == counts[:-1]
    assert 200 < max(counts) <= 512
    assert [] == windows_of(collect([]), monkeypatch)


def test_of_long_lines_few_are_read_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as fit into a window; one that is longer comes alone."""
    texts = ["x" * 3_000_000, *["y" * 200_000] * 9, "z"]
    results = collect([line(str(number), text) for number, text in enumerate(texts)])

    assert [1, 5, 5] == windows_of(results, monkeypatch)
    assert texts == [item.unwrap().text for item in results]


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


def test_an_outcome_is_told_of_every_key_that_was_submitted() -> None:
    """A result that is missing has one, too; a key that nobody knows has none."""
    results = collect([line("a"), failed("b")], "abc")

    outcomes = [results.outcome(key) for key in "abc"]

    assert [Outcome.ANSWERED, Outcome.REFUSED, Outcome.MISSING] == outcomes
    with pytest.raises(UsageError, match="no result has the key 'x'"):
        results.outcome("x")
    with pytest.raises(UsageError, match="no result has the key 'c'"):
        collect([line("a")]).outcome("c")


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
    really_make = tempfile.mkstemp

    def full_disk(**options: Any) -> tuple[int, str]:
        descriptor, name = really_make(**options)
        os.close(descriptor)
        return os.open("/dev/full", os.O_WRONLY), name

    monkeypatch.setattr(tempfile, "mkstemp", full_disk)
    with pytest.raises(OSError, match=r"No space left on device: '.*/saved\.jsonl'") as full:
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
        with pytest.raises(UsageError, match="closed: fetch them"):
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


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Note what is decoded, be it of a line that is plainly an answer or of a part of another."""
    kinds: list[object] = []
    decode, plain_reader = codec.decode, results_module.plain_reader

    def noting(raw: Any, kind: Any) -> Any:
        kinds.append(kind)
        return decode(raw, kind)

    def noting_plain(kind: Any, **told: bool) -> Any:
        read = plain_reader(kind, **told)

        def noting_line(text: bytes) -> Any:
            item = read(text)
            kinds.extend([kind] if item else [])
            return item

        return noting_line

    monkeypatch.setattr(codec, "decode", noting)
    monkeypatch.setattr(results_module, "plain_reader", noting_plain)
    return kinds


def test_only_the_touched_item_is_decoded(decoded: list[object]) -> None:
    """Counting, slicing and sorting leave the answers as they came."""
    results = collect([line("a"), line("b"), failed("c")])

    assert (3, 2, 1, 0) == tuple(
        map(len, (results, results.successes, results.errors, results.malformed))
    )
    assert "b" == results[1:2][0].key

    assert [GenerationResponse] == decoded


# Answers that only decoding shows to be none

SPOILT = b'{"key":"%s","response":{"candidates":5}}'


def test_an_answer_that_does_not_decode_is_malformed_once_it_is_seen() -> None:
    """It was among the successes, as far as anybody could know; a view taken before stays."""
    results = collect([SPOILT % b"b", line("a"), SPOILT % b"c", b"{"])
    before = results.successes
    assert (3, 1) == (len(before), len(results.malformed))

    assert ["a", "b", "c"] == keys_of(before)

    assert ["a"] == keys_of(results.successes)
    assert ["b", "c", None] == keys_of(results.malformed)
    assert 3 == len(before)
    assert 4 == len(results)


def test_touching_one_moves_that_one() -> None:
    """An error that does not decode as well; what else there is stays where it was."""
    results = collect([SPOILT % b"a", SPOILT % b"b", failed("c", "x"), failed("d")])

    results.by_key("b")
    assert (1, 2, 1) == tuple(map(len, (results.successes, results.errors, results.malformed)))
    results.by_key("c")
    assert (1, 1, 2) == tuple(map(len, (results.successes, results.errors, results.malformed)))
    assert ["d"] == keys_of(results.errors)


def test_check_looks_at_every_item_once(decoded: list[object]) -> None:
    """After it the views are exact; nothing is found where all is well."""
    results = collect([SPOILT % b"b", line("a"), failed("d", "x"), failed("c"), b"{"])

    found = results.check()

    assert 4 == len(decoded)
    assert ["b", "d", None] == keys_of(found) == keys_of(results.malformed)
    assert (["a"], ["c"]) == (keys_of(results.successes), keys_of(results.errors))
    assert all(isinstance(item, ItemMalformed) for item in found)
    assert [] == list(collect([line("a"), failed("b")]).check())


def test_threads_may_check_at_the_same_time() -> None:
    """Each finds all of them, whoever was first to see one."""
    spoilt = [SPOILT % b"%d" % number for number in range(0, 300, 3)]
    came = [*spoilt, *(line(str(number)) for number in range(300) if number % 3)]

    def check(results: Any) -> tuple[int, int, int]:
        return len(results.check()), len(results.successes), len(results.errors)

    for _ in range(5):
        results = collect(came)
        with ThreadPoolExecutor(8) as threads:
            assert {(100, 200, 0)} == set(threads.map(check, [results] * 8))


def test_results_are_summed_up() -> None:
    """By what became of each request; the views are exact afterwards."""
    results = collect([line("a"), failed("b"), SPOILT % b"c"], ["a", "b", "c", "d"])

    summary = results.summary()

    assert "4 requests: 1 answered, 1 failed, 1 malformed, 1 missing" == str(summary)
    assert (1, 1) == (len(results.successes), len(results.malformed))
    assert not summary.complete


# What was used


def using(key: str, **usage: Any) -> bytes:
    """Return the line of an answer that tells what it used."""
    return line(key, response={"usageMetadata": usage})


def test_what_all_answers_used_is_added_up() -> None:
    """Failures tell nothing, nor do answers without a word on it; a blocked prompt was billed."""
    came = [
        using("a", promptTokenCount=8, candidatesTokenCount=3, totalTokenCount=11),
        using("b", promptTokenCount=2, promptTokensDetails=[{"modality": "TEXT", "tokenCount": 2}]),
        line("c"),
        failed("d"),
        SPOILT % b"e",
        b"{",
    ]

    usage = collect(came).usage()

    text = (ModalityTokenCount("TEXT", 2),)
    assert (
        UsageMetadata(
            prompt_token_count=10,
            candidates_token_count=3,
            total_token_count=11,
            prompt_tokens_details=text,
        )
        == usage
    )
    assert usage.thoughts_token_count is None


@pytest.mark.parametrize("came", [[], [line("a")], [failed("a"), b"{"]])
def test_where_nobody_tells_nothing_is_known(came: list[bytes]) -> None:
    """A count that is not known is not 0."""
    assert UsageMetadata() == collect(came).usage()
    assert EmbeddingUsageMetadata() == collect(came, kind=EmbedContentResponse).usage()


def test_what_embeddings_used_is_added_up() -> None:
    """Also where the service still tells it in the old way."""
    came = [
        line("a", response={"usageMetadata": {"promptTokenCount": 3}}),
        line("b", response={"tokenCount": "4"}),
        line("c", response={"embedding": {"values": [1]}}),
    ]
    assert EmbeddingUsageMetadata(7) == collect(came, kind=EmbedContentResponse).usage()


# Embeddings, as vectors


def vector(key: object, *values: float) -> bytes:
    """Return the line of an embedding."""
    return line(key, response={"embedding": {"values": list(values)}})


def embedded(*came: bytes, **options: Any) -> BatchResults[Any]:
    """Return the results of a batch of embeddings."""
    return collect(came, kind=EmbedContentResponse, **options)


def test_embeddings_are_vectors_in_key_order() -> None:
    """Each is read once, and is what its key asked for; the rest is told of elsewhere."""
    came = [vector("10", 1, 2), vector("9", 3, 4), vector("zzz", 5, 6), vector("9", 7, 8)]
    results = embedded(*came, keys=["10", "9"])
    with pytest.raises(ResultsIncompleteError) as refused:
        results.vectors()
    assert ("9", "zzz") == refused.value.missing
    assert {"9": [3, 4], "10": [1, 2]} == {
        key: list(row) for key, row in results.vectors(complete=False).items()
    }


def test_too_few_results_are_refused_where_only_their_number_is_known() -> None:
    """As by a handle that was made from a name."""
    results = embedded(vector("a", 1), expected=2)
    with pytest.raises(ResultsIncompleteError, match="1 results came back for 2 requests"):
        results.vectors()
    assert ["a"] == list(results.vectors(complete=False))


def test_embeddings_of_another_dimension_than_was_asked_for_are_refused() -> None:
    """The keys that were submitted know it; what is said now goes before."""
    keys = SubmittedKeys()
    keys.take(("a", "text"))
    keys.ask_for(3)
    results = embedded(vector("a", 1, 2))
    results._keys = keys
    with pytest.raises(ResultsIncompleteError, match=r"of 3 numbers .*: 'a' \(2 numbers\)$"):
        results.vectors()
    assert 2 == results.vectors(dimensions=2).dimensions


@pytest.mark.parametrize("dimensions", [0, -1])
def test_an_embedding_has_at_least_one_number(dimensions: int) -> None:
    """Nothing is read for less."""
    with pytest.raises(UsageError, match=f"at least one dimension, not {dimensions}"):
        embedded(vector("a", 1, 2)).vectors(dimensions=dimensions)


def test_generated_content_has_no_vectors() -> None:
    """Whatever a type checker was told."""
    results: Any = collect([line("a")], kind=GenerationResponse)
    with pytest.raises(UsageError, match="generated content, which have no embeddings"):
        results.vectors()


def test_an_error_beside_an_answer_is_an_error() -> None:
    """The service did not vouch for the numbers."""
    text = line("a", response={"embedding": {"values": [1]}}, error={"code": 13})
    with pytest.raises(ResultsIncompleteError, match="INTERNAL"):
        embedded(text).vectors()


# Files


def test_saved_results_are_opened(tmp_path: Path) -> None:
    """They read as they did, but that nobody knows any more what was submitted."""
    path = tmp_path / "saved.jsonl"
    collect(SHUFFLED, ["2", "9", "10", "row-9", "row-10"]).save(path)

    for named in (path, str(path)):
        with BatchResults.open(named) as results:
            assert ["2", "9", "10", "row-9", "row-10", None] == keys_of(results)
            assert "answer" == results.by_key("10").unwrap().text
            assert "DATA_LOSS: no result came back for this request" == results.by_key("9").problem
            assert (None, None, "key") == (results.missing, results.expected, results.keyed_by)
            assert 6 == results.resolved_count
            assert "<BatchResults: 6, 3 failed>" == repr(results)
            results.raise_for_incomplete()
            assert path.read_bytes() == b"".join(results.lines())


def test_a_file_as_the_service_wrote_it_is_opened(tmp_path: Path) -> None:
    """In any order, with a mark before it, blank lines, other ends of lines, and damage."""
    path = tmp_path / "downloaded.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + line("b") + b"\r\n\r\n" + failed("a") + b"\n{\n" + line("c"))

    with BatchResults.open(path) as results:
        assert ["a", "b", "c", None] == keys_of(results)
        assert [4] == [item.position for item in results.malformed]
        assert line("c") == results.by_key("c").raw()
        assert 3 == results.resolved_count


def test_a_large_file_is_read_in_pieces(tmp_path: Path) -> None:
    """Lines are found across them."""
    path = tmp_path / "large.jsonl"
    came = [line(str(number), "x" * 1000) for number in range(1000, 0, -1)]
    path.write_bytes(b"\n".join(came))
    assert 3 * results_module.PIECE < path.stat().st_size

    with BatchResults.open(path) as results:
        assert [str(number) for number in range(1, 1001)] == keys_of(results)
        assert came[::-1] == [item.raw() for item in results]


def test_embeddings_are_opened(tmp_path: Path) -> None:
    """As what they are said to be."""
    path = tmp_path / "embedded.jsonl"
    path.write_bytes(line("a", response={"embedding": {"values": [0.5]}}))

    with BatchResults.open(path, answers=EmbedContentResponse) as results:
        assert (0.5,) == results[0].unwrap().values
    refused: Any = str
    with pytest.raises(UsageError, match="answers are of the type GenerationResponse or Embed"):
        BatchResults.open(path, answers=refused)


def test_inlined_results_are_opened_by_another_key(tmp_path: Path) -> None:
    """Such as another client wrote down line by line."""
    path = tmp_path / "inlined.jsonl"
    path.write_bytes(line(None, response={}, metadata={"custom_id": "a"}))

    with BatchResults.open(path, key_member="custom_id") as results:
        assert "a" == results.by_key("a").key
    with BatchResults.open(path) as results:
        assert [None] == keys_of(results)


def test_an_empty_file_holds_no_results(tmp_path: Path) -> None:
    """Which may be right or wrong; nobody can tell here."""
    path = tmp_path / "empty.jsonl"
    path.touch()

    with BatchResults.open(path) as results:
        assert (0, [], None) == (len(results), list(results), results.missing)


def open_descriptors() -> int:
    """Return how many descriptors this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize(
    ("place", "error", "message"),
    [
        ("missing.jsonl", FileNotFoundError, "missing.jsonl"),
        ("directory", UsageError, "is not a file that can be read from end to end"),
        ("pipe", UsageError, "is not a file that can be read from end to end"),
        ("file/below", NotADirectoryError, "file/below"),
    ],
)
def test_what_is_no_file_is_not_opened(
    tmp_path: Path, place: str, error: type[Exception], message: str
) -> None:
    """Nobody waits for the other end of a pipe, and no descriptor is left open."""
    (tmp_path / "directory").mkdir()
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    before = open_descriptors()

    with pytest.raises(error, match=message):
        BatchResults.open(tmp_path / place)

    assert before == open_descriptors()


def changed(path: Path) -> None:
    """Add to a file."""
    with path.open("ab") as file:
        file.write(line("z") + b"\n")


def cut(path: Path) -> None:
    """Take the end of a file away."""
    os.truncate(path, path.stat().st_size - 1)


def touched(path: Path) -> None:
    """Write a file anew, with other bytes of the same size."""
    path.write_bytes(path.read_bytes().replace(b"answer", b"ANSWER"))
    os.utime(path, ns=(0, 0))


@pytest.mark.parametrize("change", [changed, cut, touched])
def test_a_file_that_changes_is_noticed(tmp_path: Path, change: Callable[[Path], None]) -> None:
    """What is at an offset would be something else."""
    path = tmp_path / "results.jsonl"
    path.write_bytes(line("a") + b"\n" + line("b") + b"\n")
    results = BatchResults.open(path)
    assert "a" == results[0].key

    change(path)

    with pytest.raises(UsageError, match=r"results\.jsonl changed while it was read: leave it as"):
        results.by_key("b")
    results.close()


@pytest.mark.parametrize("reads", [1, 2])
def test_a_file_that_changes_while_it_is_opened_is_let_go_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reads: int
) -> None:
    """There are no results then, and no descriptor is left open."""
    path = tmp_path / "results.jsonl"
    path.write_bytes(line("a") + b"\n")
    before, pread, calls = open_descriptors(), os.pread, iter(range(1, 9))

    def meanwhile(file: int, size: int, offset: int) -> bytes:
        if next(calls) == reads:
            changed(path)
        return pread(file, size, offset)

    monkeypatch.setattr(os, "pread", meanwhile)
    with pytest.raises(UsageError, match="changed while it was read"):
        BatchResults.open(path)

    assert before == open_descriptors()


def test_an_interrupted_opening_lets_go_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C leaves no descriptor behind."""

    def interrupted(*_: object) -> bytes:
        raise KeyboardInterrupt

    path = tmp_path / "results.jsonl"
    path.write_bytes(line("a"))
    before = open_descriptors()
    monkeypatch.setattr(os, "pread", interrupted)

    with pytest.raises(KeyboardInterrupt):
        BatchResults.open(path)

    assert before == open_descriptors()


def test_closing_opened_results_leaves_the_file(tmp_path: Path) -> None:
    """It is the caller's; items already touched stay as they are."""
    path = tmp_path / "results.jsonl"
    path.write_bytes(line("a", "hello"))
    before = open_descriptors()

    with BatchResults.open(path) as results:
        item = results[0]
        assert before + 1 == open_descriptors()

    assert before == open_descriptors()
    assert results.closed
    assert line("a", "hello") == path.read_bytes()
    assert "hello" == item.unwrap().text
    with pytest.raises(UsageError, match="closed"):
        results.by_key("a")


def test_opened_results_may_be_saved_over_their_own_file(tmp_path: Path) -> None:
    """The file takes its name when it is whole, and what is being read stays as it was."""
    path = tmp_path / "results.jsonl"
    path.write_bytes(line("b") + b"\n" + line("a") + b"\n")

    with BatchResults.open(path) as results:
        results.save(path, overwrite=True)
        assert ["a", "b"] == keys_of(results)

    assert ["a", "b"] == [json.loads(text)["key"] for text in path.read_bytes().splitlines()]


def test_opened_results_are_not_pickled(tmp_path: Path) -> None:
    """They hold a file that is open here, and not elsewhere."""
    path = tmp_path / "results.jsonl"
    path.write_bytes(line("a"))
    with (
        BatchResults.open(path) as results,
        pytest.raises(TypeError, match=r"save\(path\) them, and send that file"),
    ):
        pickle.dumps(results)


@settings(deadline=None)
@given(st.lists(KEYS, unique=True, max_size=8), st.randoms(use_true_random=False))
def test_what_is_saved_is_opened_as_the_same_results(
    tmp_path_factory: pytest.TempPathFactory, keys: list[str], chance: random.Random
) -> None:
    """Whatever the keys are, and in whatever order the results came."""
    came = [failed(key) if chance.random() < 0.5 else line(key) for key in keys]
    chance.shuffle(came)
    results, path = collect(came, keys), tmp_path_factory.mktemp("saved") / "results.jsonl"
    results.save(path)

    with BatchResults.open(path) as again:
        assert keys_of(results) == keys_of(again)
        assert [item.ok for item in results] == [item.ok for item in again]
        assert all(key == again.by_key(key).key for key in keys)
