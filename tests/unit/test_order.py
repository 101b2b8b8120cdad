"""The order of results: total, natural, and the same for every download."""

import random
from typing import Any

import pytest
from hypothesis import example, given, settings, strategies as st

from gemini_batch.order import _RUNS, sort_key, sort_keys

DIGITS = b"0123456789"


def reference(key: str | None) -> tuple[Any, ...]:
    """Say the rule slowly: what a key compares by, written from the rule alone."""
    if key is None:
        return (2,)
    raw = key.encode("utf-8", "surrogatepass")
    if raw == b"0" or (raw and raw[0] in b"123456789" and all(byte in DIGITS for byte in raw)):
        return 0, len(raw), raw
    tokens: list[tuple[Any, ...]] = []
    run = b""
    for byte in [*raw, None]:
        if byte is not None and byte in DIGITS:
            run += bytes([byte])
            continue
        if run:
            value = run.lstrip(b"0")
            tokens.append((ord("0"), len(value), value))
            run = b""
        if byte is not None:
            tokens.append((byte,))
    return 1, tokens, raw


KEYS = st.one_of(
    st.none(),
    st.integers(0, 10**30).map(str),
    st.integers(250, 260).map(lambda size: "1" * size),
    st.integers(250, 260).map(lambda size: "a" + "9" * size),
    st.text(
        st.sampled_from(["0", "1", "9", "a", "b", "-", ":", "/", "\0", "\1", "\xff", "\u0663"])
    ),
    st.text(st.characters(categories=("L", "N", "P", "Z", "C"))),
    st.builds("{}-{}".format, st.sampled_from(["row", "Row", "", "row-1"]), st.integers(0, 2000)),
)


@settings(deadline=None, max_examples=300)
@given(KEYS, KEYS)
@example("a0", "a0\0")
@example("a", "a\0")
@example("a01", "a1")
@example("a00", "a0")
@example("\ud800", "\U00010000")
@example("\ud800", "a")
@example("\ud800", "\\ud800")
@example("9" * 5000, "1" + "0" * 5000)
@example("a" + "9" * 5000, "a1" + "0" * 5000)
@example("1" * 254, "1" * 255)
def test_sort_keys_compare_as_the_rule_says(one: str | None, other: str | None) -> None:
    """Bytes compare as the rule does; different keys are never equal."""
    mine = (sort_key(one) > sort_key(other)) - (sort_key(one) < sort_key(other))
    ruled = (reference(one) > reference(other)) - (reference(one) < reference(other))

    assert ruled == mine
    assert (one == other) == (mine == 0)


def test_natural_order_is_what_a_reader_expects() -> None:
    """Numbers by value, then names by their bytes with numbers in them by value, keyless last."""
    expected = [
        *("0", "7", "9", "10", "11", "9" * 5000),
        *("", " ", "-1", "1.5", "1.10", "007", "A-2", "a", "row-9", "row-010", "row-10"),
        *("row-10-a", "row-1000", "rows", "ä", "٣", None),
    ]
    shuffled = random.Random(1).sample(expected, len(expected))

    assert expected == sorted(shuffled, key=sort_key)


@pytest.mark.parametrize(
    "ascending",
    [
        ["9", "10", "007", "a"],
        ["row-9", "row-10", "row-11", "row-100"],
        ["row-010", "row-10", "row-11"],
        ["a", "a0", "a00", "a01", "a1", "aa"],
        ["v1.2", "v1.10", "v2"],
        ["٣", "٤", "٤٣"],
        ["", "\0", "\0\0", "\1"],
        ["99", "-1", "01"],
    ],
)
def test_keys_ascend(ascending: list[str]) -> None:
    """Pairs that a plain sort of strings would get wrong come out right."""
    descending = ascending[::-1]

    assert ascending == sorted(descending, key=sort_key)


@settings(deadline=None, max_examples=300)
@given(st.lists(KEYS.filter(lambda key: reference(key)[0] == 1), min_size=1, max_size=20))
@example(["a1", "a01", "a0", "a00", "", "a"])
@example(["a b1", "a\tb1", "a\nb1", "a\rb1", "a\x0bb1", "a\x0cb1", "a\0b1"])
@example(["a" + "1" * 250, "a" + "1" * 251])
@example(["a" + "0" * 250, "a" + "0" * 251 + "1"])
@example(["01", "1a", "\ud8001", "\xfe\xfd\xfc1"])
def test_many_keys_are_encoded_as_one_is(keys: list[Any]) -> None:
    """Where they can be made into one text, and where that is impossible."""
    assert [sort_key(key) for key in keys] == sort_keys(keys)


def test_what_is_remembered_of_keys_is_bounded() -> None:
    """Short runs of digits come again, and of long ones there is no end."""
    sort_keys([f"a{number}" for number in range(99_000, 101_000)])
    sort_keys(["b0", "b00", "b12345"])

    assert max(map(len, _RUNS)) <= 4
    assert {b"0", b"00"} <= {*_RUNS}
