"""Results are put in key order as their keys come, and numbers are placed where they belong."""

import random
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings, strategies as st

from gemini_batch import arrangement as module
from gemini_batch.arrangement import Arrangement, Numbers, numbers_of
from gemini_batch.order import sort_key

LARGEST = (1 << 64) - 1


def arranged(keys: list[str | None], run: int = 50, size: int = 7) -> tuple[list[int], list[int]]:
    """Return the order of keys and the later of those that are equal; they come a few at a time."""
    found = Arrangement(run)
    ordinal = 0
    while ordinal < len(keys):
        some: list[str] = []
        for key in keys[ordinal : ordinal + size]:
            if key is None:
                break
            some.append(key)
        if some:
            found.extend(ordinal, some)
        else:
            found.add(ordinal, None)
        ordinal += len(some) or 1
    while found.settle():
        pass
    assert not found.settle()
    return list(found.order), list(found.duplicates)


def reference(keys: list[str | None]) -> tuple[list[int], list[int]]:
    """Say the same by a stable sort."""
    order = sorted(range(len(keys)), key=lambda ordinal: (sort_key(keys[ordinal]), ordinal))
    known: set[str | None] = {None}
    duplicates: list[int] = []
    for ordinal in order:
        duplicates += [ordinal] * (keys[ordinal] in known - {None})
        known.add(keys[ordinal])
    return order, duplicates


DENSE = st.integers(0, 30).map(str)
SPARSE = st.integers(0, 10**6).map(str)
LARGE = st.integers((1 << 32) - 3, (1 << 32) + 3).map(str)
HUGE = st.integers(LARGEST - 1, LARGEST + 2).map(str) | st.just("9" * 5000)
ROWS = st.integers(0, 30).map("row-{}".format)
OTHERS = st.sampled_from(
    ["", "a", "row-", "row-01", "row-1x", "07", "00", "-1", "٣", "a\n1", "a,1"]
)
KINDS = [DENSE, SPARSE, LARGE, HUGE, ROWS, OTHERS, st.none()]
KEYS = st.lists(st.sampled_from(KINDS), min_size=1, max_size=3).flatmap(
    lambda kinds: st.lists(st.one_of(kinds), max_size=60)
)


@settings(deadline=None, max_examples=400)
@given(KEYS, st.integers(1, 70), st.integers(1, 30))
@example([None, "1", "0"], 5, 5)
@example(["5", "4", "5", "5", "3"], 5, 5)
@example(["row-2", "row-1", "row-1"], 5, 5)
@example(["row-2", "row-1", "row-01", "row-1"], 1, 2)
@example([str(1 << 40), "1", str(1 << 32)], 2, 1)
@example([str(LARGEST + 1), "1"], 2, 2)
@example([f"n{LARGEST + 1}", "n1"], 2, 2)
@example(["a", str(LARGEST), str(LARGEST)], 5, 2)
@example(["7", "7", *map(str, range(24))], 50, 7)
def test_keys_come_in_their_order(keys: list[str | None], run: int, size: int) -> None:
    """As if sorted by their sort keys, the first to arrive first; later equals are told."""
    assert reference(keys) == arranged(keys, run, size)


@pytest.mark.parametrize("shape", ["dense", "gaps", "twice", "often", "sparse", "named", "mixed"])
def test_many_keys_come_in_their_order_by_short_steps(
    shape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More of them than are looked at in one go; no step hands out much more than that."""
    monkeypatch.setattr(module, "_STEP", 64)
    chance = random.Random(shape)
    numbers = {
        "dense": range(5, 1005),
        "gaps": [*range(500), *range(600, 1100)],
        "twice": [*range(1000), *range(0, 1000, 20)],
        "often": [number % 300 for number in range(1000)],
        "sparse": range(0, 100_000, 97),
    }.get(shape, range(1000))
    keys: list[str | None] = [str(number) for number in numbers]
    if shape in {"named", "mixed"}:
        keys = [f"row-{number}" for number in numbers]
    if shape == "mixed":
        keys += ["total", "row-007", None, "7"]
    chance.shuffle(keys)
    found = Arrangement(64)
    for ordinal, key in enumerate(keys):
        found.add(ordinal, key)

    steps = [0]
    while found.settle():
        steps.append(len(found.order))

    assert reference(keys) == (list(found.order), list(found.duplicates))
    longest = max(after - before for before, after in pairwise(steps))
    assert longest <= 128 or shape in {"dense", "named"}, "those are handed over as they are"


def test_numbers_are_kept_in_four_bytes_or_eight(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as the largest takes; the ordinals only where others arrived between them."""
    monkeypatch.setattr(module, "_STEP", 2)
    numbers = Numbers()
    assert numbers.extend(0, [1, 2, 3])
    assert ("I", None) == (numbers._numbers.typecode, numbers._ordinals)

    assert numbers.extend(3, [1 << 32])
    assert numbers.extend(9, [LARGEST])
    assert not numbers.extend(10, [5, LARGEST + 1])

    assert "Q" == numbers._numbers.typecode
    assert [1, 2, 3, 1 << 32, LARGEST] == list(numbers._numbers)
    assert [0, 1, 2, 3, 9] == list(numbers._ordinals or ())


@pytest.mark.parametrize(
    ("keys", "name", "numbers"),
    [
        (["0", "10", "7"], "", [0, 10, 7]),
        (["row-0", "row-10"], "row-", [0, 10]),
        (["a,1", "a,2"], "a,", [1, 2]),
        (["a\n1", "a\n2"], "a\n", [1, 2]),
        (["n" + "9" * 30], "n", [int("9" * 30)]),
        ([""], "", None),
        (["1", ""], "", None),
        (["01"], "", None),
        (["1", "00"], "", None),
        (["-1"], "", None),
        (["1.0"], "", None),
        (["1e3"], "", None),
        (["1 "], "", None),
        (["1,2"], "", None),
        (["1\n2"], "", None),
        (["٣"], "", None),
        (["²"], "", None),
        (["9" * 5000], "", None),
        (["row-1", "row1"], "row-", None),
        (["row-"], "row-", None),
        (["row-1", "row-01"], "row-", None),
        (["row-1\nrow-2", ""], "row-", None),
        (["1"], "row-", None),
    ],
)
def test_numbers_are_found_in_keys_that_are_all_alike(
    keys: list[str], name: str, numbers: Any
) -> None:
    """A name that all of them have, and a number as it is usually written; or none at all."""
    assert numbers == numbers_of(keys, name)


@settings(deadline=None)
@given(
    st.lists(st.text(st.sampled_from("ab01,\n-٣"), max_size=4), min_size=1, max_size=4),
    st.text(st.sampled_from("ab01,\n"), max_size=2),
)
def test_no_number_is_found_where_there_is_none(keys: list[str], name: str) -> None:
    """The name and the number are the key again."""
    numbers = numbers_of(keys, name)
    assert numbers is None or keys == [f"{name}{number}" for number in numbers]
