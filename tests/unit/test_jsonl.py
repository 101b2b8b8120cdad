"""Bytes become lines: at line feeds only, whatever the pieces, in linear time and little memory."""

import time
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given, settings, strategies as st

from gemini_batch.jsonl import MAX_LINE, Line, LineSplitter

MIB = 1 << 20


def split(pieces: list[bytes], max_line: int = MAX_LINE) -> list[Line]:
    """Return all lines of bytes that come in pieces."""
    splitter = LineSplitter(max_line)
    lines = [line for piece in pieces for line in splitter.feed(piece)]
    return [*lines, *splitter.finish()]


def cut(whole: bytes, places: list[int]) -> list[bytes]:
    """Cut bytes into pieces; the same place twice makes an empty one."""
    bounds = [0, *sorted(min(place, len(whole)) for place in places), len(whole)]
    return [whole[start:end] for start, end in pairwise(bounds)]


def reference(whole: bytes) -> list[bytes]:
    """Return the lines of bytes that are all there."""
    texts = whole.split(b"\n")
    return texts if texts[-1] else texts[:-1]


WHOLE = st.lists(
    st.sampled_from([b"\n", b"\r", b"\r\n", b"\0", b"{", b'"a"', "\u2028\x85".encode(), b"\xff"])
    | st.binary(max_size=8)
).map(b"".join)
PLACES = st.lists(st.integers(0, 60), max_size=8)


@settings(deadline=None)
@given(WHOLE, PLACES)
def test_any_pieces_give_the_lines_of_the_whole(whole: bytes, places: list[int]) -> None:
    """Where the bytes are cut on their way makes no difference."""
    lines = split(cut(whole, places))

    assert reference(whole) == [line.text for line in lines]
    assert split([whole]) == lines


@settings(deadline=None)
@given(WHOLE, PLACES, st.integers(0, 12))
def test_a_line_points_at_its_own_bytes(whole: bytes, places: list[int], max_line: int) -> None:
    """Offset and length find the line again; its text is kept only within the limit."""
    lines = split(cut(whole, places), max_line)

    found = [whole[line.offset : line.offset + line.length] for line in lines]
    assert reference(whole) == found
    kept = [text if len(text) <= max_line else None for text in found]
    assert kept == [line.text for line in lines]
    assert all(whole[line.offset + line.length :][:1] in {b"\n", b""} for line in lines)


@settings(deadline=None)
@given(WHOLE, PLACES, st.integers(0, 12) | st.just(MAX_LINE))
def test_lines_taken_at_once_are_the_same(whole: bytes, places: list[int], max_line: int) -> None:
    """With their ends, and none of a piece in which one may be too long: that is left to be fed."""
    splitter = LineSplitter(max_line)
    lines: list[Line] = []
    for piece in cut(whole, places):
        taken = splitter.take(piece)
        if taken is None:
            assert max_line < MAX_LINE
            lines += splitter.feed(piece)
            continue
        offset, texts = taken
        for text in texts:
            assert text.endswith(b"\n")
            lines.append(Line(offset, len(text) - 1, text[:-1]))
            offset += len(text)
    lines += splitter.finish()

    assert split([whole], max_line) == lines


def test_a_piece_is_not_taken_where_its_line_may_become_too_long() -> None:
    """What was begun before counts; nothing is taken then, and the line can still be skipped."""
    splitter = LineSplitter(max_line=4)

    assert (0, []) == splitter.take(b"abc")
    assert (0, []) == splitter.take(b"d")
    assert splitter.take(b"e") is None
    assert [] == list(splitter.feed(b"e"))
    assert splitter.take(b"\n") is None
    assert [Line(0, 5, None)] == list(splitter.feed(b"\n"))
    assert (6, [b"fg\n"]) == splitter.take(b"fg\n")


@pytest.mark.parametrize("end", ["\u2028", "\u2029", "\u0085", "\x1c", "\x0b", "\x0c", "\r"])
def test_only_a_line_feed_ends_a_line(end: str) -> None:
    """What ``str.splitlines`` would take for an end stays within the line."""
    text = f'{{"text":"a{end}b"}}'.encode()

    assert [Line(0, len(text), text)] == split([text + b"\n"])
    assert (0, [text + b"\n"]) == LineSplitter().take(text + b"\n")


@pytest.mark.parametrize(
    ("pieces", "texts"),
    [
        ([], []),
        ([b""], []),
        ([b"a"], [b"a"]),
        ([b"a\n"], [b"a"]),
        ([b"a", b"\n"], [b"a"]),
        ([b"\n\n"], [b"", b""]),
        ([b"a\r", b"\nb"], [b"a\r", b"b"]),
        ([b"a\n", b"b\nc"], [b"a", b"b", b"c"]),
    ],
)
def test_the_last_line_needs_no_end(pieces: list[bytes], texts: list[bytes]) -> None:
    """The end of the bytes ends a line as well, and nothing is made up after the last one."""
    assert texts == [line.text for line in split(pieces)]


def test_finishing_twice_gives_the_last_line_once() -> None:
    """The last line is handed out only once."""
    splitter = LineSplitter()
    assert [] == list(splitter.feed(b"last"))

    assert [Line(0, 4, b"last")] == list(splitter.finish())
    assert [] == list(splitter.finish())


def test_lines_come_before_the_piece_after_them() -> None:
    """A line is there as soon as its end is: the first does not wait for the second."""
    splitter = LineSplitter()

    assert [Line(0, 3, b"one")] == list(splitter.feed(b"one\ntw"))
    assert [Line(4, 3, b"two")] == list(splitter.feed(b"o\n"))


def test_a_long_line_is_accepted_up_to_the_limit_itself() -> None:
    """The limit is the longest line that is kept, whether it comes whole or in pieces."""
    kept, skipped = Line(0, 4, b"abcd"), Line(0, 5, None)

    for pieces in ([b"abcd\n"], [b"ab", b"cd\n"], [b"abcd"], [b"abcd", b"\n"]):
        assert [kept] == split(pieces, max_line=4)
    for pieces in ([b"abcde\n"], [b"ab", b"cde\n"], [b"abcde"], [b"abcd", b"e", b"\n"]):
        assert [skipped] == split(pieces, max_line=4)
    assert MAX_LINE == 1 << 30


def test_a_line_above_the_limit_is_skipped_in_bounded_memory() -> None:
    """The lines around it come through, and no more than the limit is ever held."""
    splitter, piece = LineSplitter(max_line=MIB), b"x" * (64 << 10)
    assert [b"before"] == [line.text for line in splitter.feed(b"before\n")]
    tracemalloc.start()
    try:
        for _ in range(1024):  # 64 MiB
            assert [] == list(splitter.feed(piece))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    lines = list(splitter.feed(b"\nafter\n"))

    assert [Line(7, 64 * MIB, None), Line(8 + 64 * MIB, 5, b"after")] == lines
    assert peak < 4 * MIB


@pytest.mark.parametrize("at_once", [False, True])
def test_a_long_line_in_small_pieces_takes_linear_time(*, at_once: bool) -> None:
    """Four times the pieces take about four times as long; copying what is held would take 16."""

    def seconds(count: int) -> float:
        splitter, piece = LineSplitter(), b"x" * 64
        started = time.thread_time()
        for _ in range(count):
            if at_once:
                assert (0, []) == splitter.take(piece)
            else:
                assert [] == list(splitter.feed(piece))
        (line,) = splitter.feed(b"\n")
        assert Line(0, 64 * count, b"x" * 64 * count) == line
        return time.thread_time() - started

    few = min(seconds(1 << 14) for _ in range(5))
    many = min(seconds(1 << 16) for _ in range(3))

    assert many < 10 * few
