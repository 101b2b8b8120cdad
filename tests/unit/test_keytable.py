"""Keys by the million: each is found again, and none is taken for another when it is added."""

import pytest
from hypothesis import given, settings, strategies as st

from gemini_batch.keytable import KeyTable
from gemini_batch.spool import FileSpool, MemorySpool

MANY = 9_000
"""So many that each part of a table grows, and that they are written in blocks."""


class Alike(str):
    """A key that has the hash of others."""

    __slots__ = ()

    def __hash__(self) -> int:
        """Return the same for all."""
        return -77


def kept(keys: list[str]) -> KeyTable:
    """Return the table of keys that are all different."""
    table = KeyTable(MemorySpool())
    assert table.extend(keys) is None
    return table


@settings(deadline=None)
@given(
    st.lists(
        st.text(max_size=4) | st.sampled_from(["\ud800", "a\udfff", "\n", "\0", '"']),
        unique=True,
        max_size=300,
    ),
    st.integers(1, 50),
)
def test_keys_come_back_in_their_order(keys: list[str], piece: int) -> None:
    """Whatever is in them, however many are added at a time; and each has its ordinal."""
    table = KeyTable(MemorySpool())
    for start in range(0, len(keys), piece):
        assert table.extend(keys[start : start + piece]) is None
    assert keys == list(table)
    assert list(range(len(keys))) == [table.find(key) for key in keys]
    assert len(keys) == len(table)


def test_many_keys_are_found() -> None:
    """The table grows with them; what was not added is not found."""
    keys = [f"row-{number}" for number in range(MANY)]
    table = kept(keys)
    assert list(range(MANY)) == [table.find(key) for key in keys]
    assert {None} == {table.find(f"{key}x") for key in keys}
    assert keys == list(table)


@pytest.mark.parametrize("ordinal", [0, 127, 128, 299])
def test_a_key_that_is_there_is_not_taken_again(ordinal: int) -> None:
    """Its ordinal is returned, whether it is in the spool yet or not; what is before it is taken.

    What comes after it is not.
    """
    keys = [f"row-{number}" for number in range(300)]
    table = kept(keys)
    assert ordinal == table.extend(["new", keys[ordinal], "newer"])
    assert [*keys, "new"] == list(table)


@pytest.mark.parametrize("count", [2, 40, 400])
def test_different_keys_of_one_hash_are_both_taken(count: int) -> None:
    """A hash makes a candidate; the keys are compared."""
    keys: list[str] = [Alike(number) for number in range(count)]
    table = kept(keys)
    assert count // 2 == table.extend([keys[count // 2]])
    assert keys == list(map(Alike, table))
    assert count == len(table)


def test_a_key_is_not_found_by_a_part_of_its_hash() -> None:
    """All that was kept of it is compared."""

    class Far(Alike):
        __slots__ = ()

        def __hash__(self) -> int:
            return super().__hash__() ^ 1 << 50

    table = kept([Alike("near")])
    assert 0 == table.find(Alike("near"))
    assert table.find(Far("near")) is None


def test_keys_are_in_the_spool() -> None:
    """In blocks; only the last of them are in memory."""
    spool = FileSpool()
    table = KeyTable(spool)
    table.extend(f"row-{number}" for number in range(1_000))
    assert 10 * 896 < spool.size < 12 * 896
    spool.close()
