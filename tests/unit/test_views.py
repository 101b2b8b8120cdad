"""Items by their ordinals: a sequence over others, of which each is read when it is touched."""

from array import array
from collections.abc import Iterator, Sequence
from typing import Any, cast

import pytest
from hypothesis import given, strategies as st

from gemini_batch.results import BatchResults
from gemini_batch.views import Items, View


class Letters:
    """Results that are letters, and remember which were touched."""

    def __init__(self) -> None:
        self.touched: list[int] = []

    def at(self, ordinal: int) -> str:
        """Return the letter that came as the ``ordinal``-th."""
        self.touched.append(ordinal)
        return "abcdefghijklmnopqrstuvwxyz"[ordinal]

    def each(self, ordinals: "array[int]") -> Iterator[str]:
        """Return some letters, one by one."""
        return map(self.at, ordinals)


def view(*ordinals: int) -> tuple[View[str], Letters]:
    """Return a view of some letters."""
    letters = Letters()
    return View(cast("BatchResults[Any]", letters), array("Q", ordinals)), letters


def test_a_view_touches_what_it_is_asked_for() -> None:
    """And nothing to say how many there are, or to be sliced."""
    found, letters = view(2, 0, 1)

    assert (3, 2) == (len(found), len(found[1:]))
    assert "<3 results>" == repr(found)
    assert [] == letters.touched

    assert ("c", "b", "a") == (found[0], found[-1], found[1:][0])
    assert [2, 1, 0] == letters.touched


def test_a_view_is_read_one_by_one() -> None:
    """Whoever stops has touched no more than was yielded, and each touch reads anew."""
    found, letters = view(2, 0, 1)

    assert "c" == next(iter(found))
    assert [2] == letters.touched
    assert ["c", "a", "b"] == list(found)
    assert [2, 2, 0, 1] == letters.touched


@given(st.lists(st.integers(0, 25), max_size=8), st.slices(8), st.integers(-9, 9))
def test_a_view_is_the_sequence_of_what_it_holds(
    ordinals: list[int], part: slice, index: int
) -> None:
    """As a list would be: by index, by slice, forwards and backwards."""
    found, letters = view(*ordinals)
    plain = [letters.at(ordinal) for ordinal in ordinals]

    assert isinstance(found, Sequence)
    assert plain == list(found)
    assert plain[::-1] == list(reversed(found))
    assert plain[part] == list(found[part])
    assert plain[part][::2] == list(found[part][::2])
    assert isinstance(found[part], View)
    if -len(plain) <= index < len(plain):
        assert plain[index] == found[index]
        assert found.index(plain[index]) == plain.index(plain[index])
    else:
        with pytest.raises(IndexError):
            found[index]
    assert ("z" in plain) == ("z" in found)


def test_the_common_part_reads_nothing_itself() -> None:
    """What an ordinal stands for is said by those who hold the items."""
    kind: Any = Items
    with pytest.raises(TypeError, match="abstract"):
        kind(array("Q"))
