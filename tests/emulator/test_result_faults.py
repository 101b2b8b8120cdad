"""Every fault of a set of results, by file and inline."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from gemini_batch.emulator import Emulator
from gemini_batch.emulator.result_faults import LINE_FAULTS, ROW_FAULTS
from tests.emulator.caller import Caller, items_of, line, text_of

COUNT = 10
Written = Callable[..., bytes]


@pytest.fixture
def written(caller: Caller) -> Written:
    """Return the way to have ten results written to a file under some faults."""

    def write(*faults: str) -> bytes:
        for fault in faults:
            caller.emulator.faults.add("results", fault)
        name = caller.create_from_lines(*(line(f"k{number}", "x") for number in range(COUNT)))
        responses_file = caller.ended(name)["response"]["responsesFile"]
        return caller.download(responses_file).content

    return write


def inline_items(caller: Caller, *faults: str) -> list[Any]:
    """Return the items of an inline batch of ten under some faults."""
    for fault in faults:
        caller.emulator.faults.add("results", fault)
    return items_of(caller.ended(caller.create_inline(*map(str, range(COUNT)))))


def decoded(content: bytes) -> list[Any]:
    """Decode every line."""
    return [json.loads(text) for text in content.split(b"\n") if text.strip()]


def keys_of(results: list[Any]) -> list[str | None]:
    """Return the keys, of lines or of items."""
    return [result.get("key", result.get("metadata", {}).get("key")) for result in results]


def test_a_line_may_be_broken(written: Written) -> None:
    """The seventh is no JSON, the others are."""
    lines = written("line-broken=7").splitlines()
    assert COUNT == len(lines)
    with pytest.raises(json.JSONDecodeError):
        json.loads(lines[6])
    assert COUNT - 1 == len(decoded(b"\n".join(lines[:6] + lines[7:])))


def test_a_line_may_not_be_utf8(written: Written) -> None:
    """One byte in it that UTF-8 never has, within a string."""
    lines = written("line-utf8=3").split(b"\n")
    with pytest.raises(UnicodeDecodeError):
        lines[2].decode()
    assert json.loads(lines[2].decode("latin-1"))
    assert COUNT - 1 == len(decoded(b"\n".join(lines[:2] + lines[3:])))


def test_the_last_line_may_be_cut(written: Written) -> None:
    """The file ends in the middle of it."""
    content = written("line-cut-last")
    assert not content.endswith(b"\n")
    *whole, last = content.split(b"\n")
    assert COUNT - 1 == len(decoded(b"\n".join(whole)))
    with pytest.raises(json.JSONDecodeError):
        json.loads(last)


def test_a_file_may_begin_with_a_byte_order_mark(written: Written) -> None:
    """Once, before the first line."""
    content = written("line-bom")
    assert content.startswith(b"\xef\xbb\xbf{")
    assert COUNT == len(decoded(content.removeprefix(b"\xef\xbb\xbf")))


def test_lines_may_end_as_on_windows(written: Written) -> None:
    """All of them."""
    assert COUNT == written("line-crlf").count(b"}\r\n")


def test_lines_may_be_followed_by_blank_ones(written: Written) -> None:
    """All of them."""
    content = written("line-blank")
    assert COUNT == content.count(b"}\n\n")
    assert COUNT == len(decoded(content))


def test_a_key_may_come_twice(written: Written, caller: Caller) -> None:
    """The third result is there two times, one after the other."""
    for results in (decoded(written("key-duplicate=3")), inline_items(caller, "key-duplicate=3")):
        keys = keys_of(results)
        assert COUNT + 1 == len(keys)
        assert keys[2] == keys[3]
        assert COUNT == len(set(keys))


def test_a_key_may_be_missing(written: Written, caller: Caller) -> None:
    """The third result does not say whose it is."""
    for results in (decoded(written("key-missing=3")), inline_items(caller, "key-missing=3")):
        keys = keys_of(results)
        assert [2] == [index for index, key in enumerate(keys) if key is None]
        assert COUNT == len(keys)


def test_a_key_may_be_one_that_nobody_sent(written: Written, caller: Caller) -> None:
    """The first result says it is another's."""
    for results in (decoded(written("key-unknown")), inline_items(caller, "key-unknown")):
        keys = keys_of(results)
        assert "never-sent" == keys[0]
        assert COUNT == len(set(keys))


def test_results_may_be_missing(written: Written, caller: Caller) -> None:
    """So many, while the counts of the batch say they are there."""
    assert COUNT - 3 == len(decoded(written("drop=3")))
    caller.emulator.faults.add("results", "drop=2")
    operation = caller.ended(caller.create_inline(*map(str, range(COUNT))))
    assert COUNT - 2 == len(items_of(operation))
    assert str(COUNT) == operation["metadata"]["batchStats"]["successfulRequestCount"]


def test_every_result_may_be_missing(caller: Caller) -> None:
    """Then the empty list is left out."""
    caller.emulator.faults.add("results", f"drop={COUNT}")
    operation = caller.ended(caller.create_inline(*map(str, range(COUNT))))
    assert {} == operation["response"]["inlinedResponses"]


def test_results_may_be_too_many(written: Written, caller: Caller) -> None:
    """Under keys that nobody sent."""
    for results in (decoded(written("extra=2")), inline_items(caller, "extra=2")):
        keys = keys_of(results)
        assert ["never-sent-1", "never-sent-2"] == keys[COUNT:]
        assert COUNT == len(set(keys[:COUNT]))


def test_results_may_come_in_another_order(caller: Caller) -> None:
    """Of an emulator that otherwise keeps the order of the requests; each has its own key."""
    prompts = [str(number) for number in range(COUNT)]
    with Emulator(clock="manual", failure_rate=0, shuffle=False) as emulator:
        with Caller(emulator) as other:
            asked = [line(f"k{number}", number) for number in prompts]
            plain = [other.lines(other.create_from_lines(*asked))]
            plain.append(items_of(other.ended(other.create_inline(*prompts))))
            emulator.faults.add("results", "shuffle*2")
            mixed = [other.lines(other.create_from_lines(*asked))]
            mixed.append(items_of(other.ended(other.create_inline(*prompts))))
        assert [] == emulator.faults.pending
    assert [] == caller.emulator.acted
    for before, after in zip(plain, mixed, strict=True):
        texts = {key: text_of(one) for key, one in zip(keys_of(before), before, strict=True)}
        assert list(texts) != keys_of(after)
        assert texts == {key: text_of(one) for key, one in zip(keys_of(after), after, strict=True)}


@pytest.mark.parametrize("count", [2, 3, 4])
def test_few_results_come_in_another_order_too(count: int) -> None:
    """However few, the order is never the same by chance."""
    with Emulator(clock="manual", failure_rate=0, shuffle=False) as emulator:
        emulator.faults.add("results", "shuffle")
        with Caller(emulator) as other:
            items = items_of(other.ended(other.create_inline(*map(str, range(count)))))
        assert [] == emulator.faults.pending
    keys = keys_of(items)
    assert list(map(str, range(count))) != keys
    assert set(map(str, range(count))) == set(keys)


def test_one_result_has_but_one_order(caller: Caller) -> None:
    """The fault waits for more of them."""
    caller.emulator.faults.add("results", "shuffle")
    caller.ended(caller.create_inline("x"))
    assert ["results: shuffle"] == caller.emulator.faults.pending
    caller.emulator.faults.clear()


def test_metadata_may_be_left_out(caller: Caller) -> None:
    """Of every item, which then stand in the order of their requests."""
    items = inline_items(caller, "no-metadata")
    assert [{"response"}] * COUNT == [item.keys() for item in items]
    answers = [text_of(item).split("\n")[-1] for item in items]
    assert list(map(str, range(COUNT))) == answers


def test_faults_of_results_strike_together(written: Written) -> None:
    """All that are waiting meet the next results; rows first, then lines."""
    content = written("extra=1", "line-crlf", "drop=1", "line-bom")
    lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\r\n")
    assert "never-sent-1" in keys_of(decoded(b"\n".join(lines)))
    assert COUNT + 1 == len(lines)


def test_a_fault_of_results_may_be_repeated(written: Written) -> None:
    """For so many sets of results, and then no more."""
    assert [9, 9, 10] == [
        written("drop=1*2").count(b"\n"),
        written().count(b"\n"),
        written().count(b"\n"),
    ]


@pytest.mark.parametrize(
    "fault", ["line-broken=11", "line-utf8=11", "key-missing=11", "key-duplicate=11", "drop=11"]
)
def test_a_fault_of_a_line_that_is_not_there_waits(
    written: Written, caller: Caller, fault: str
) -> None:
    """It has not happened, and is still pending."""
    written(fault)
    assert [f"results: {fault}"] == caller.emulator.faults.pending
    caller.emulator.faults.clear()


@pytest.mark.parametrize("fault", ["line-bom", "line-cut-last"])
def test_faults_of_lines_wait_for_a_file(caller: Caller, fault: str) -> None:
    """An inline batch has no lines."""
    assert COUNT == len(inline_items(caller, fault))
    assert [f"results: {fault}"] == caller.emulator.faults.pending
    caller.emulator.faults.clear()


def test_metadata_is_left_out_only_where_there_is_some(written: Written, caller: Caller) -> None:
    """A result file has none to leave out."""
    assert COUNT == len(decoded(written("no-metadata")))
    assert ["results: no-metadata"] == caller.emulator.faults.pending
    caller.emulator.faults.clear()


def test_results_are_written_once(written: Written, caller: Caller) -> None:
    """A fault added later does not change what has been written."""
    name = caller.create_from_lines(line("a", "x"))
    before = caller.lines(name)
    caller.emulator.faults.add("results", "drop=1")
    assert before == caller.lines(name)
    caller.emulator.faults.clear()
    assert b"" != written()


def test_failed_items_lose_their_keys_too(caller: Caller) -> None:
    """A fault does not ask whether a request was answered."""
    with Emulator(clock="manual", failure_rate=1.0) as emulator, Caller(emulator) as other:
        emulator.faults.add("results", "key-missing=1")
        [item] = items_of(other.ended(other.create_inline("x")))
    assert {"error"} == item.keys()
    assert [] == caller.emulator.acted


def test_every_fault_of_results_is_known_here() -> None:
    """A new one needs its own test above."""
    forms = [shape.form for catalogue in (ROW_FAULTS, LINE_FAULTS) for shape in catalogue.shapes]
    assert {
        "key-duplicate={count}",
        "key-missing={count}",
        "key-unknown",
        "drop={count}",
        "extra={count}",
        "shuffle",
        "no-metadata",
        "line-broken={count}",
        "line-utf8={count}",
        "line-cut-last",
        "line-bom",
        "line-crlf",
        "line-blank",
    } == set(forms)
