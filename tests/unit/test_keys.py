"""The keys of a batch: a list and a dictionary, in less memory."""

from collections.abc import Iterator
from enum import StrEnum
from typing import TypeAlias

import pytest
from attrs import define, field
from hypothesis import example, given, settings, strategies as st

from gemini_batch import keys as module
from gemini_batch.errors import UsageError
from gemini_batch.keys import SubmittedKeys
from gemini_batch.spool import MemorySpool, Spool

Keys: TypeAlias = list[str | None]


@define
class PlainKeys:
    """The slow and obvious model of submitted keys."""

    names: list[str] = field(factory=list)
    positions: dict[str, int] = field(factory=dict)

    def add(self, key: str | None) -> str | tuple[int, int]:
        """Return the name of the next request, or the positions of two with the same one."""
        name = str(len(self.names)) if key is None else key
        if name in self.positions:
            return self.positions[name], len(self.names)
        self.positions[name] = len(self.names)
        self.names.append(name)
        return name


class Row(StrEnum):
    """Keys of another class than Python's own text, which are shown otherwise."""

    FIRST = "row-1"


KEYS = st.one_of(
    st.none(),
    st.integers(0, 12).map(str),
    st.text(max_size=3),
    st.sampled_from(["007", "00", "-1", "+1", " 1", "1 ", "1\n", "٣", "²", "9" * 18, "9" * 5000]),
)
MANY = st.lists(KEYS, max_size=20)


@pytest.fixture(params=[1 << 16, 3], ids=["few", "many"], autouse=True)
def few(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep explicit keys as they are, or all but the first of them in a spool."""
    monkeypatch.setattr(module, "FEW", request.param)
    monkeypatch.setattr(module, "_STEP", 2)
    return


@settings(deadline=None)
@given(MANY, KEYS)
@example([None, None, "1", "3", None], "3")
@example(["1", None], "1")
@example(["a", "b", "c", "d", "e", "f", "6", None, "g", "6"], "5")
def test_keys_behave_as_a_list_and_a_dictionary(keys: Keys, sought: str | None) -> None:
    """Numbers take no memory of their own, and nobody can tell."""
    mine, plain = SubmittedKeys(), PlainKeys()
    for key in keys:
        named = plain.add(key)
        if isinstance(named, str):
            assert named == mine.add(key)
        else:
            with pytest.raises(UsageError) as caught:
                mine.add(key)
            assert f"requests {named[0]} and {named[1]} have the same key" in str(caught.value)

    assert_same(plain, mine)
    wanted = sought or ""
    assert plain.positions.get(wanted) == mine.position(wanted)


def assert_same(plain: PlainKeys, mine: SubmittedKeys) -> None:
    """Hold keys against their model."""
    assert plain.names == list(mine)
    assert len(plain.names) == len(mine)
    assert list(range(len(mine))) == [mine.position(name) for name in plain.names]


@settings(deadline=None)
@given(st.lists(MANY, max_size=5))
@example([["a", "b"], ["c", "d", "a"]])
@example([["a", "b", "c", "d"], ["e", "f", "b", "g"], ["h"]])
@example([["0", "5"], [None, None]])
@example([["1", "5"], [None, None]])
@example([[None], ["a"], ["b"]])
def test_keys_are_taken_together_as_one_by_one(pieces: list[Keys]) -> None:
    """Up to the first that is refused, in the same words."""
    mine, single, plain = SubmittedKeys(), SubmittedKeys(), PlainKeys()
    for piece in pieces:
        refusal = None
        for key in piece:
            try:
                single.add(key)
            except UsageError as refused:
                refusal = str(refused)
                break
            plain.add(key)
        if refusal is None:
            mine.extend(piece)
        else:
            with pytest.raises(UsageError) as caught:
                mine.extend(piece)
            assert refusal == str(caught.value)
        assert_same(plain, mine)


def test_only_many_keys_have_a_spool() -> None:
    """It is asked for when there are too many, or too long ones, to be kept as they are."""
    made: list[Spool] = []

    def make() -> Spool:
        made.append(MemorySpool())
        return made[-1]

    numbered, few, long = SubmittedKeys(make), SubmittedKeys(make), SubmittedKeys(make)
    numbered.extend([None] * 100)
    few.extend(["a", "b", "c"])
    assert [None, None] == [numbered.spool, few.spool]
    long.extend(["a", "b" * module.FEW_CHARACTERS])
    assert made == [long.spool]
    assert ["a", "b" * module.FEW_CHARACTERS] == list(long)


def test_a_key_may_be_text_that_utf_8_cannot_hold() -> None:
    """It is refused when it is encoded, which is no matter of the keys."""
    keys = SubmittedKeys()
    names = ["\ud800", "a\udfff", "c", "d", "e"]
    keys.extend(list(names))
    assert names == list(keys)
    assert 1 == keys.position("a\udfff")


@pytest.mark.parametrize(
    ("asked", "dimensions"), [([], None), ([3, 3], 3), ([3, 4], None), ([None], None)]
)
def test_what_all_were_asked_to_have_is_remembered(
    asked: list[int | None], dimensions: int | None
) -> None:
    """Where requests differ, nothing is."""
    keys = SubmittedKeys()
    for one in asked:
        keys.ask_for(one)
    assert dimensions == keys.dimensions


@pytest.mark.parametrize(
    ("entry", "taken"),
    [
        ("prompt", ("0", "prompt", "request 0 (key '0')")),
        (("k\n", "prompt"), ("k\n", "prompt", "request 0 (key 'k\\n')")),
        ((Row.FIRST, "prompt"), ("row-1", "prompt", "request 0 (key 'row-1')")),
    ],
)
def test_an_entry_has_a_key_and_a_prompt(entry: object, taken: object) -> None:
    """And a name for errors, which is safe to print."""
    assert taken == SubmittedKeys().take(entry)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ((1, "prompt"), "request 1 has the key 1: use str(key)"),
        ((True, "prompt"), "request 1 has the key True: use str(key)"),
        ((None, "prompt"), "request 1 has the key None: a key is a string"),
        ((b"k", "prompt"), "request 1 has the key b'k': a key is a string"),
        (("k",), "request 1 is a tuple of 1; a key and a prompt are two"),
        (("k", "prompt", "more"), "request 1 is a tuple of 3; a key and a prompt are two"),
    ],
)
def test_an_entry_of_another_shape_is_refused(entry: object, message: str) -> None:
    """The error names its position and what it should be."""
    keys = SubmittedKeys()
    keys.add(None)
    with pytest.raises(UsageError) as caught:
        keys.take(entry)
    assert message == str(caught.value)
