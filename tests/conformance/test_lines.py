"""Lines of results: whatever bytes they are, each costs no other, and no memory beyond itself."""

import functools
import itertools
import json
import math
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gemini_batch import (
    BatchResults,
    GenerateContentRequest,
    ItemError,
    ItemSuccess,
    ProtocolError,
    UsageError,
    index as index_module,
    results as results_module,
)
from gemini_batch.emulator import Emulator
from gemini_batch.flows import arrivals as flow_module
from gemini_batch.jsonl import LineSplitter
from tests.conformance.canned import canned
from tests.conformance.facades import Facade
from tests.conformance.scenes import assert_answered
from tests.conformance.told import FILE, NAME, answer, in_a_file, inlined, operation, shown

WAYS = ("results", "stream", "opened")
"""Everything that reads lines: the results of a handle, its stream, and a file on disk."""
EACH_WAY = pytest.mark.parametrize("way", WAYS)
MIB = 1 << 20


@contextmanager
def read(
    facade: Facade, replies: Mapping[str, Any], way: str, directory: Path, **options: Any
) -> Iterator[list[Any]]:
    """Read results one way; for a file on disk, the bytes that the service would send are there."""
    if way == "opened":
        path = directory / "results.jsonl"
        path.write_bytes(replies[f"{FILE}:download?alt=media"])
        with BatchResults.open(path, **options) as results:
            yield [results.at(ordinal) for ordinal in range(len(results))]
        return
    with canned(replies) as url:
        batch = facade.client(url).get_batch(NAME, **options)
        if way == "stream":
            with batch.stream_results() as items:
                yield list(items)
            return
        with batch.results() as results:
            yield [results.at(ordinal) for ordinal in range(len(results))]


FINE = [("Success", "a"), ("Success", "z")]
DEEP = 100_000
BRACKETS = "[{" * 50_000

SPOILT: dict[str, tuple[bytes, str | None]] = {
    # No JSON.
    "broken": (b'{"key":"x","response" oops', None),
    "cut": (answer("x")[:-9], None),
    "nothing_but_a_brace": (b"{", None),
    "after_the_end": (answer("x") + b" {}", None),
    "nul_after_the_end": (answer("x") + b"\0", None),
    "single_quotes": (b"{'key':'x','response':{}}", None),
    "nan": (b'{"key":"x","response":{"n":NaN}}', None),
    "infinity": (b'{"key":"x","response":{"n":-Infinity}}', None),
    "control_in_text": (b'{"key":"x","response":{"responseId":"a\x01b"}}', None),
    "unknown_escape": (b'{"key":"x","response":{"responseId":"\\q"}}', None),
    # No numbers that could be read.
    "too_large_a_number": (b'{"key":"x","response":{"n":1e400}}', "x"),
    "integer_of_5000_digits": (b'{"key":"x","response":{"n":%b}}' % (b"7" * 5000), "x"),
    "key_of_5000_digits": (b'{"key":%b,"response":{}}' % (b"7" * 5000), None),
    # No UTF-8.
    "bad_byte_in_key": (b'{"key":"x\xff","response":{}}', None),
    "bad_byte_in_text": (b'{"key":"x","response":{"responseId":"\xff"}}', "x"),
    "bad_byte_in_name": (b'{"key":"x","response":{"\xff":1}}', "x"),
    "bad_byte_between": (b'{"key":"x",\xff"response":{}}', None),
    "overlong": (b'{"key":"x","response":{"responseId":"\xc0\xaf"}}', "x"),
    "surrogate_as_bytes": (b'{"key":"x","response":{"responseId":"\xed\xa0\x80"}}', "x"),
    "utf_16": ('{"key":"x"}'.encode("utf-16-be"), None),
    "utf_32": ('{"key":"x"}'.encode("utf-32-be"), None),
    "mark_on_another_line": (b"\xef\xbb\xbf" + answer("x"), None),
    "no_break_space_before": (b"\xc2\xa0" + answer("x"), None),
    "line_separator_between": ('{"key":"x",\u2028"response":{}}'.encode(), None),
    # Too deep for any parser.
    "deep_arrays": (b"[" * DEEP + b"]" * DEEP, None),
    "deep_objects": (b'{"a":' * DEEP + b"1" + b"}" * DEEP, None),
    "deep_and_never_closed": (b"[" * DEEP, None),
    "deep_answer": (b'{"key":"x","response":%b1%b}' % (b'{"a":' * DEEP, b"}" * DEEP), None),
    "deep_extra": (b'{"key":"x","response":{},"n":%b%b}' % (b"[" * DEEP, b"]" * DEEP), None),
    "deep_and_surrogates": (
        b'{"key":"x","error":{"code":3,"details":[{"n":%b"\\ud800"%b}]}}'
        % (b"[" * DEEP, b"]" * DEEP),
        None,
    ),
    # JSON of another shape.
    "number": (b"42", None),
    "null": (b"null", None),
    "array": (b"[]", None),
    "text": (b'"key"', None),
    "empty": (b"{}", None),
    "neither": (b'{"key":"x"}', "x"),
    "both_null": (b'{"key":"x","response":null,"error":null}', "x"),
    "answer_of_another_shape": (b'{"key":"x","response":[]}', "x"),
    "error_of_another_shape": (b'{"key":"x","error":42}', "x"),
    "counts_that_are_none": (
        b'{"key":"x","response":{"usageMetadata":{"promptTokenCount":"x"}}}',
        "x",
    ),
    "metadata_beyond_numbers": (b'{"key":"x","response":{},"metadata":{"n":1e400}}', "x"),
    "metadata_not_in_utf_8": (b'{"key":"x","response":{},"metadata":{"n":"\xff"}}', "x"),
    # Nobody can say whose answer it is.
    "two_keys": (b'{"key":"x","response":{},"key":"y"}', None),
    "two_keys_alike": (b'{"key":"x","response":{},"key":"x"}', None),
    "two_keys_of_two_spellings": (b'{"key":"x","response":{},"k\\u0065\\u0079":"y"}', None),
    "two_keys_in_escapes": (b'{"\\u006Bey":"x","response":{},"\\u006bey":"y"}', None),
}
"""Lines that are malformed, and the key that each of them tells all the same."""


@pytest.mark.parametrize("name", SPOILT)
def test_a_line_that_is_spoilt_costs_no_other(facade: Facade, tmp_path: Path, name: str) -> None:
    """It is an item of its own that says where it stands, why it is none, and how it begins."""
    line, key = SPOILT[name]
    replies = in_a_file(b"\n".join([answer("a"), line, answer("z"), b""]))

    for way in WAYS:
        with read(facade, replies, way, tmp_path) as items:
            assert [FINE[0], ("Malformed", key), FINE[1]] == shown(items)
            item = items[1]
            assert (2, line) == (item.position, item.raw())
            assert item.reason
            assert item.reason.isprintable()
            assert item.problem.isprintable()
            assert item.problem.startswith("line 2 is malformed: ")
            assert len(item.excerpt) <= 4 * 80 + 1
            assert {} == item.metadata


READ: dict[str, tuple[bytes, str | None]] = {
    "spaces": (b' \t{ "key" : "x" , "response" : { } , "error" : null } \r', "x"),
    "key_that_is_a_number": (b'{"key":7,"response":{}}', None),
    "key_that_is_a_number_in_metadata": (b'{"metadata":{"key":7},"response":{}}', None),
    "key_with_spaces": (b'{"key":" x ","response":{}}', " x "),
    "key_in_escapes": (b'{"\\u006bey":"x","response":{}}', "x"),
    "key_that_is_a_surrogate": (b'{"key":"\\ud800","response":{}}', "\ud800"),
    "surrogate_in_metadata": (b'{"metadata":{"key":"x","n":"\\udc00"},"response":{}}', "x"),
    "keys_deeper_down": (b'{"key":"x","response":{"key":1,"key":2,"k\\u0065y":3}}', "x"),
    "last_of_two_deeper_down": (b'{"metadata":{"key":"y","key":"x"},"response":{}}', "x"),
    "extra_members": (b'{"status":"","key":"x","response":{},"request":{"contents":[]}}', "x"),
    "brackets_in_text": (answer("x", BRACKETS), "x"),
    "brackets_in_key": (answer(BRACKETS), BRACKETS),
    "line_ends_of_others": (
        '{"key":"x\u2028\u2029\u0085","response":{"responseId":"\u2028\u0085\\u001c"}}'.encode(),
        "x\u2028\u2029\u0085",
    ),
    "escaped_line_feeds": (answer("x\ny", "1\r\n2\n3"), "x\ny"),
    "number_with_a_point": (
        b'{"key":"x","response":{"usageMetadata":{"promptTokenCount":5.0}}}',
        "x",
    ),
    "number_as_text": (b'{"key":"x","response":{"usageMetadata":{"promptTokenCount":"5"}}}', "x"),
}
"""Lines that look odd and are read all the same, and the key of each."""


@pytest.mark.parametrize("name", READ)
def test_a_line_that_looks_odd_is_read(facade: Facade, tmp_path: Path, name: str) -> None:
    """A key is the very string that stands there, or there is none."""
    line, key = READ[name]
    replies = in_a_file(b"\n".join([answer("a"), line, answer("z"), b""]))

    for way in WAYS:
        with read(facade, replies, way, tmp_path) as items:
            assert [FINE[0], ("Success", key), FINE[1]] == shown(items)
            assert line == items[1].raw()


@EACH_WAY
def test_an_error_beside_an_answer_wins(facade: Facade, tmp_path: Path, way: str) -> None:
    """The service did not vouch for the answer, which is kept for whoever wants to see it."""
    line = b'{"key":"a","response":{"responseId":"r"},"error":{"code":13}}'

    with read(facade, in_a_file(line), way, tmp_path) as (item,):
        assert isinstance(item, ItemError)
        assert "INTERNAL" == item.error.status
        assert line == item.raw()


@pytest.mark.parametrize(
    ("before", "end", "after"),
    [
        (b"\xef\xbb\xbf", b"\n", b""),
        (b"", b"\r\n", b"\r\n"),
        (b"\r\n\n \t\n", b"\n\n\r\n\n", b"\n \n\n"),
        (b"\xef\xbb\xbf\n", b"\r\n\r\n", b"\n"),
        (b"\xef\xbb\xbf\r\n", b"\n", b"\r"),
    ],
    ids=["mark", "crlf", "blank", "mark_alone", "mark_and_crlf"],
)
def test_what_stands_around_lines_is_nothing(
    facade: Facade,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    before: bytes,
    end: bytes,
    after: bytes,
) -> None:
    """Marks, blank lines and carriage returns, wherever the bytes are cut on their way."""
    feed, scan = LineSplitter.feed, index_module.Indexer.scan
    spoilt = b'{"key":"m"'
    content = before + end.join([answer("a"), spoilt, answer("z")]) + after
    lines = content.split(b"\n")
    for way, size in itertools.product(WAYS, [1, 7, len(content)]):

        def cut(splitter: LineSplitter, piece: bytes, size: int = size) -> Iterator[Any]:
            for start in range(0, len(piece), size):
                yield from feed(splitter, piece[start : start + size])

        def cut_scan(indexer: Any, piece: bytes, size: int = size) -> None:
            for start in range(0, len(piece), size):
                scan(indexer, piece[start : start + size])

        monkeypatch.setattr(LineSplitter, "feed", cut)
        monkeypatch.setattr(index_module.Indexer, "scan", cut_scan)
        with read(facade, in_a_file(content), way, tmp_path) as items:
            assert [FINE[0], ("Malformed", None), FINE[1]] == shown(items)
            assert lines[items[1].position - 1].startswith(spoilt)


@pytest.mark.parametrize(
    ("spoilt", "key"),
    [
        (b'{"metadata":{"key":"x"},"response":{"responseId":"\xff"}}', "x"),
        (b'{"metadata":{"key":"x"},"response":{"n":1e400}}', "x"),
        (b'{"metadata":{"key":"x"},"response":{"n":%b}}' % (b"7" * 5000), "x"),
        (b'{"metadata":{"key":"x"},"response":{"candidates":5}}', "x"),
        (b'{"metadata":{"key":"\xff"},"response":{}}', None),
        (b'{"metadata":{"key":"x"}}', "x"),
        (b'{"key":"x","metadata":{"n":1e400},"response":{}}', "x"),
        (b"42", None),
        (b"[]", None),
    ],
    ids=[
        *("bad_byte", "too_large_a_number", "integer_of_5000_digits", "another_shape"),
        *("bad_byte_in_key", "neither", "bad_metadata", "number", "array"),
    ],
)
@pytest.mark.parametrize("beside", [b"fine", b"cut \\ud83d"], ids=["alone", "beside_a_surrogate"])
def test_an_inline_result_that_is_spoilt_costs_no_other(
    facade: Facade, tmp_path: Path, beside: bytes, spoilt: bytes, key: str | None
) -> None:
    """As long as the reply around it can be told apart into results."""
    results = [
        b'{\n  "metadata": {"key": "a"},\r\n  "response": {"responseId": "%b"}\n}' % beside,
        spoilt,
        b'{"metadata":{"key":"z"},"response":{}}',
    ]

    for way in ("results", "stream"):
        with read(facade, inlined(*results), way, tmp_path) as items:
            assert [FINE[0], ("Malformed", key), FINE[1]] == shown(items)
            assert spoilt == items[1].raw()


@pytest.mark.parametrize("way", ["results", "stream"])
@pytest.mark.parametrize(
    "spoilt",
    [
        b'{"metadata":{"key":"x"},"response":{"n":NaN}}',
        b'{"metadata":{"key":"x"},"response":{"responseId":"two\nlines"}}',
        b'{"metadata":{"key":"x"},"response":%b%b}' % (b"[" * DEEP, b"]" * DEEP),
    ],
    ids=["nan", "line_feed_in_text", "deep"],
)
def test_a_reply_that_is_not_json_is_refused_whole(
    facade: Facade, tmp_path: Path, way: str, spoilt: bytes
) -> None:
    """Where its results begin and end nobody can say; nothing is made up, and nothing breaks."""
    with (
        pytest.raises(ProtocolError, match="not JSON"),
        read(facade, inlined(spoilt), way, tmp_path),
    ):
        pytest.fail("something was read")


@pytest.mark.parametrize("opening", [b"[", b'{"a":'], ids=["arrays", "objects"])
@pytest.mark.parametrize(
    "line",
    [
        b'{"key":"x","response":%b}',
        b'{"key":"x","response":{"candidates":%b}}',
        b'{"key":"x","error":{"code":%b}}',
        b'{"key":"x","response":{},"metadata":{"n":%b}}',
    ],
    ids=["response", "candidates", "code", "metadata"],
)
def test_no_depth_is_one_too_many(
    facade: Facade, tmp_path: Path, opening: bytes, line: bytes
) -> None:
    """Just below what a parser takes there is a depth that cannot be shown; it costs no other."""
    closing = b"]" if opening == b"[" else b"}"
    depths = range(930, 1010)
    lines = [line % (opening * depth + b"1" + closing * depth) for depth in depths]
    content = b"\n".join([answer("a"), *lines, answer("z")])

    with canned(in_a_file(content)) as url:
        batch = facade.client(url).get_batch(NAME)
        with batch.results() as results, batch.stream_results() as items:
            streamed = shown(list(items))
            found = shown([results.at(ordinal) for ordinal in range(len(results))])
            results.save(tmp_path / "saved.jsonl")
    for way in (found, streamed):
        assert len(depths) + 2 == len(way)
        assert FINE == [way[0], way[-1]]
    with BatchResults.open(tmp_path / "saved.jsonl") as saved:
        assert len(depths) + 2 == len(saved)
        assert {"Success", "Malformed", "Error"} >= {kind for kind, _ in shown(list(saved))}


@contextmanager
def traced() -> Iterator[Callable[[], int]]:
    """Yield what tells the most memory that was held since."""
    tracemalloc.start()
    try:
        yield lambda: tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@EACH_WAY
def test_a_line_above_the_limit_is_skipped_in_little_memory(
    facade: Facade, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """It is one malformed item; the limit is lowered, for a gigabyte takes its time."""
    limit, giant = MIB // 4, 24 * MIB
    limited = functools.partial(LineSplitter, max_line=limit)
    monkeypatch.setattr(index_module, "LineSplitter", limited)
    monkeypatch.setattr(flow_module, "LineSplitter", limited)
    monkeypatch.setattr(results_module, "MAX_LINE", limit)
    content = b"\n".join([answer("a"), b"[" * giant, answer("z"), b"[" * limit, b"x" * giant])
    replies = in_a_file(content)

    with traced() as most, read(facade, replies, way, tmp_path) as items:
        assert most() < 12 * MIB
        assert [FINE[0], *[("Malformed", None)] * 3][:2] == shown(items)[:2]
        assert ["Success", "Malformed", "Success", "Malformed", "Malformed"] == [
            kind for kind, _ in shown(items)
        ]
        skipped, kept, last = items[1], items[3], items[4]
        assert (2, b"", "") == (skipped.position, skipped.raw(), skipped.excerpt)
        assert "was skipped" in skipped.reason
        assert "was skipped" not in kept.reason
        assert (5, b"") == (last.position, last.raw())


@EACH_WAY
def test_a_long_line_is_read_in_linear_time_and_memory(
    facade: Facade, tmp_path: Path, way: str
) -> None:
    """Of a line of 16 MiB a few copies are held at most; twice its length takes twice as long."""
    sizes = (4 * MIB, 16 * MIB)
    took: list[float] = []
    for size in sizes:
        content = answer("a", "x" * size) + b"\n" + answer("z")
        begun = time.process_time()
        with read(facade, in_a_file(content), way, tmp_path) as items:
            took.append(time.process_time() - begun)
            assert FINE == shown(items)
            assert size == len(items[0].unwrap().text)
    short, long = took
    assert long < 16 * max(short, 0.05)
    content = answer("a", "x" * sizes[-1]) + b"\n" + answer("z")
    replies = in_a_file(content)
    with traced() as most, read(facade, replies, way, tmp_path):
        assert most() < 8 * sizes[-1]


@EACH_WAY
def test_any_number_of_blank_lines_is_nothing(facade: Facade, tmp_path: Path, way: str) -> None:
    """They are counted in the numbers of the lines, and are nothing else."""
    blank = 5000
    content = b"\n" * blank + answer("a") + b"\n" * blank + b"{\n" + answer("z") + b"\r\n" * blank

    with read(facade, in_a_file(content), way, tmp_path) as items:
        assert [FINE[0], ("Malformed", None), FINE[1]] == shown(items)
        assert 2 * blank + 1 == items[1].position


def test_lone_surrogates_are_delivered_and_written_again(facade: Facade, tmp_path: Path) -> None:
    """In keys, answers and errors; what is saved is JSON, and reads as the same."""
    lines = [
        answer("\ud800", "cut \ud83d"),
        b'{"key":"e","error":{"code":3,"message":"no \\udfff"}}',
        answer("whole", "\N{KEY}"),
    ]
    path = tmp_path / "saved.jsonl"
    with canned(in_a_file(b"\n".join(lines))) as url:
        batch = facade.client(url).get_batch(NAME)
        with batch.results() as results:
            results.save(path)
            texts = {item.key: item.unwrap().text for item in results.successes}
            (failed,) = results.errors
    assert {"\ud800": "cut \ud83d", "whole": "\N{KEY}"} == texts
    assert "no \udfff" == failed.error.message
    assert "INVALID_ARGUMENT: no \\udfff" == failed.problem
    for line in path.read_bytes().decode("utf-8").splitlines():
        assert json.loads(line)
    with BatchResults.open(path) as saved:
        assert texts == {item.key: item.unwrap().text for item in saved.successes}
        assert "no \udfff" == saved.by_key("e").error.message


def test_what_is_saved_is_json_or_says_why_it_is_not(facade: Facade, tmp_path: Path) -> None:
    """Of every spoilt line there is one line in what is saved, which any parser reads."""
    path = tmp_path / "saved.jsonl"
    lines = [line for line, _ in SPOILT.values()]
    with canned(in_a_file(b"\n".join(lines))) as url:
        batch = facade.client(url).get_batch(NAME)
        with batch.results() as results:
            assert len(lines) == len(results.check())
            results.save(path)
    saved = path.read_bytes().decode("utf-8").split("\n")
    assert len(lines) + 1 == len(saved)
    for line in saved[:-1]:
        one = json.loads(line, parse_constant=pytest.fail, parse_int=str)
        assert one.keys() in ({"key", "response"}, {"key", "error"})
    with BatchResults.open(path) as again:
        assert len(lines) == len(again)
        assert not [item for item in again if isinstance(item, ItemSuccess)]


@pytest.mark.parametrize("way", ["inline", "file"])
def test_members_that_nobody_knows_are_kept_and_written_back(
    facade: Facade, tmp_path: Path, way: str
) -> None:
    """What the service adds one day is there, in the answer and in what is saved."""
    told = {"key": {"newMember": {"deep": [1, "\u2028", None]}, "responseId": "r"}}
    whole = json.dumps({"metadata": {"key": "a"}, "response": told["key"]}).encode()
    replies = inlined(whole) if way == "inline" else in_a_file(whole)
    with canned(replies) as url, facade.client(url).get_batch(NAME).results() as results:
        results.save(tmp_path / "saved.jsonl")
        (item,) = results
        assert {"newMember": told["key"]["newMember"]} == item.unwrap().extra
        assert {"key": "a"} == item.metadata
    (line,) = (tmp_path / "saved.jsonl").read_bytes().splitlines()
    assert {"key": "a", "response": told["key"]} == json.loads(line)


@pytest.mark.parametrize("count", ["5", 5, 5.0], ids=["text", "number", "point"])
def test_a_count_may_be_text_or_a_number(facade: Facade, count: Any) -> None:
    """proto3 JSON writes 64 bits as text, and reads them as either."""
    told = operation()
    told["metadata"]["batchStats"] = {"requestCount": count}
    with canned({NAME: told}) as url:
        stats = facade.client(url).get_batch(NAME).operation().stats

    assert 5 == stats.request_count
    assert isinstance(stats.request_count, int)


@pytest.mark.parametrize("count", ["x", "", "5.0", "0x5", "\u0665", 5.5, True, [5], "5" * 5000])
def test_a_count_that_is_no_number_is_refused(facade: Facade, count: Any) -> None:
    """With its place, instead of a guess."""
    told = operation()
    told["metadata"]["batchStats"] = {"requestCount": count}
    with canned({NAME: told}) as url, pytest.raises(ProtocolError, match=r"requestCount: expected"):
        facade.client(url).get_batch(NAME).operation()


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-08-19T14:34:12Z", "2026-08-19T14:34:12+00:00"),
        ("2026-08-19T14:34:12.267870162Z", "2026-08-19T14:34:12.267870+00:00"),
        ("2026-08-19T14:34:12.5Z", "2026-08-19T14:34:12.500000+00:00"),
        ("2026-08-19T14:34:12.267870162+02:00", "2026-08-19T14:34:12.267870+02:00"),
        ("2026-08-19t14:34:12-11:30", "2026-08-19T14:34:12-11:30"),
        (None, None),
    ],
)
def test_a_moment_is_read_however_it_is_written(
    facade: Facade, written: str | None, moment: str | None
) -> None:
    """With any number of digits and any offset; its own text is kept to the last digit."""
    told = operation()
    told["metadata"] |= {"createTime": written, "endTime": written}
    with canned({NAME: told}) as url:
        found = facade.client(url).get_batch(NAME).operation()

    assert found.create_time == found.end_time
    assert moment == (found.create_time and found.create_time.isoformat())
    assert written == (found.create_time and found.create_time.rfc3339)


@pytest.mark.parametrize("written", ["now", "2026-08-19", "2026-13-01T00:00:00Z", 1, ""])
def test_what_is_no_moment_is_refused(facade: Facade, written: object) -> None:
    """With its place."""
    told = operation()
    told["metadata"]["createTime"] = written
    with canned({NAME: told}) as url, pytest.raises(ProtocolError, match="createTime: expected"):
        facade.client(url).get_batch(NAME).operation()


# Lines of requests.

ODD_TEXTS = ["a\nb", "a\r\nb\r", "\u2028\u2029\u0085", "\x1c\x0b\x0c\0", "\ufeff", '"}\n{"', "\\n"]
"""What other readers of lines would take for an end of one."""


@pytest.mark.parametrize("via", ["inline", "file"])
def test_keys_and_prompts_may_hold_any_text(
    client: Any, emulator: Emulator, tmp_path: Path, via: str
) -> None:
    """Each request is one line, and so is each result that is saved."""
    asked = {text: f"{text} of {number}" for number, text in enumerate(ODD_TEXTS)}
    path = tmp_path / "saved.jsonl"

    with client.submit(asked, via=via).results() as results:
        assert_answered(asked, results)
        results.save(path)
    assert len(asked) + 1 == len(path.read_bytes().split(b"\n"))
    with BatchResults.open(path) as saved:
        assert_answered(asked, saved)
    assert 1 == emulator.acted.count("create")


@pytest.mark.parametrize("via", ["inline", "file"])
@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (math.nan, "nan is not a JSON number"),
        (math.inf, "inf is not a JSON number"),
        (-math.inf, "-inf is not a JSON number"),
        ("cut \ud83d", "holds a lone surrogate, which UTF-8 cannot hold"),
    ],
)
def test_what_json_cannot_hold_is_refused_before_anything_is_sent(
    client: Any, emulator: Emulator, via: str, value: Any, complaint: str
) -> None:
    """With its place, and although other requests came before it: nothing is made of it."""
    schema = {"type": "OBJECT", "enum": ["a", value]}
    request = GenerateContentRequest.of("What is it?", response_schema=schema)
    place = r"request 1 \(key 'x'\): generationConfig\.responseSchema\.enum\[1\]: "

    with pytest.raises(UsageError, match=place + complaint):
        client.submit({"a": "fine", "x": request, "z": "fine"}, via=via)
    assert [] == emulator.seen
