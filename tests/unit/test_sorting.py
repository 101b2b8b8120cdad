"""Keys are sorted in runs and merged in short pieces, whatever they are and however they arrive."""

import gc
import random
from array import array
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from gemini_batch.sorting import RUN, Run, Sorter, merged

NUMBERS = st.lists(st.integers(0, 40), max_size=80)


def keyed(numbers: list[int]) -> list[bytes]:
    """Return keys that sort as the numbers do."""
    return [b"%06d" % number for number in numbers]


def arranged(keys: list[bytes], run: int, ordinals: list[int] | None = None) -> list[int]:
    """Return the ordinals of keys in order, sorted in runs; the keys come a few at a time."""
    sorter, whose = Sorter(run), [*range(len(keys))] if ordinals is None else ordinals
    for start in range(0, len(keys), 3):
        sorter.extend(keys[start : start + 3], whose[start : start + 3])
    return [ordinal for piece in sorter.arranged() for ordinal in piece.ordinals]


def repeated(keys: list[bytes], run: int) -> list[int]:
    """Return the ordinals that are told to have a key of one before them."""
    sorter = Sorter(run)
    sorter.extend(keys, range(len(keys)))
    return [ordinal for piece in sorter.arranged() for ordinal in piece.duplicates]


@settings(deadline=None)
@given(NUMBERS, st.integers(1, 90))
def test_runs_of_any_size_merge_into_one_order(numbers: list[int], run: int) -> None:
    """The order is that of one stable ``sorted``: equal keys stay as they arrived."""
    expected = sorted(range(len(numbers)), key=numbers.__getitem__)

    assert expected == arranged(keyed(numbers), run)
    later = [
        one
        for one, two in zip(expected[1:], expected, strict=False)
        if numbers[one] == numbers[two]
    ]
    assert later == repeated(keyed(numbers), run)


@settings(deadline=None)
@given(NUMBERS, st.integers(1, 90), st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_the_order_of_arrival(
    numbers: list[int], run: int, chance: random.Random
) -> None:
    """Nor on when a key is told of: equal ones are told apart by their ordinals alone."""
    pairs = list(enumerate(numbers))
    chance.shuffle(pairs)
    keys, ordinals = keyed([number for _, number in pairs]), [ordinal for ordinal, _ in pairs]

    expected = sorted(range(len(numbers)), key=numbers.__getitem__)
    assert expected == arranged(keys, run, ordinals)


@pytest.mark.parametrize("run", [1, 2, 64, 1000])
@pytest.mark.parametrize("arrival", ["rising", "falling", "shuffled", "equal", "interleaved"])
def test_each_piece_of_sorting_is_short(run: int, arrival: str) -> None:
    """No piece is much longer than a run, however the keys arrive, so that nothing is held up."""
    count = 20 * run
    numbers = list(range(count))
    if arrival == "falling":
        numbers.reverse()
    elif arrival == "shuffled":
        random.Random(run).shuffle(numbers)
    elif arrival == "equal":
        numbers = [7] * count
    elif arrival == "interleaved":
        numbers = numbers[::2] + numbers[1::2]
    sorter = Sorter(run)
    for number, key in enumerate(keyed(numbers)):
        sorter.extend([key], [number])

    sizes = [len(piece.ordinals) for piece in sorter.arranged()]

    assert count == sum(sizes)
    assert max(sizes) <= 2 * run


@settings(deadline=None)
@given(st.lists(NUMBERS, max_size=5), st.integers(1, 30))
def test_runs_of_any_kind_of_keys_are_merged(lists: list[list[int]], size: int) -> None:
    """Of numbers in an array as well as of bytes; each piece is in order, and after the last."""
    runs: list[Run] = []
    pairs: list[tuple[int, int]] = []
    for numbers in lists:
        first = len(pairs)
        pairs += [(number, ordinal) for ordinal, number in enumerate(numbers, first)]
        keys, ordinals = Run.of(numbers, range(first, len(pairs)))
        runs.append(Run(array("Q", keys), ordinals))

    found: list[tuple[Any, int]] = []
    for piece in merged(runs, size):
        assert 0 < len(piece.keys) <= 2 * size
        found += zip(piece.keys, piece.ordinals, strict=True)

    assert sorted(pairs) == found


def test_keys_that_are_kept_are_nothing_to_the_garbage_collector() -> None:
    """Looking through millions of them would stop every thread for long, again and again."""
    sorter = Sorter(100)
    sorter.extend(keyed([*range(100)]), range(100))
    (run,) = sorter._runs

    assert 100 == len(run.keys)
    assert not gc.is_tracked(run.keys)


@pytest.mark.parametrize("enabled", [True, False])
def test_a_garbage_collector_that_is_disabled_is_left_alone(*, enabled: bool) -> None:
    """All that the program made since is young to it: a look through that takes long."""
    looks: list[int] = []

    def note(phase: str, told: dict[str, int]) -> None:
        looks.extend([told["generation"]] if phase == "start" else [])

    was_enabled = gc.isenabled()
    gc.disable()  # so that it does not look of its own accord
    gc.callbacks.append(note)
    try:
        if enabled:
            gc.enable()
        Sorter(100).extend(keyed([*range(100)]), range(100))
    finally:
        gc.callbacks.remove(note)
        (gc.enable if was_enabled else gc.disable)()

    assert enabled == bool(looks)
    assert {0} >= set(looks)


def test_nothing_is_sorted_into_nothing() -> None:
    """A batch without results is no special case."""
    assert [] == list(Sorter().arranged())
    assert not Sorter()
    assert RUN == 8192
