"""Labels: unique for ever, and found again in any display name."""

import re
from asyncio import CancelledError

import pytest
from hypothesis import given, strategies as st

from gemini_batch.errors import UsageError
from gemini_batch.labels import (
    DISPLAY_NAME_LIMIT,
    ENTROPY,
    DrawnLabel,
    labelled,
    make_label,
    require_label,
    require_text,
    split_display_name,
    told_of,
)

LABEL = make_label(b"\x00" * ENTROPY)
CHANCE = st.binary(min_size=ENTROPY, max_size=ENTROPY)
OWN = st.from_regex(r"gb-[a-z0-9]([a-z0-9-]{0,34}[a-z0-9])?", fullmatch=True)
LABELS = CHANCE.map(make_label) | OWN


@given(CHANCE, CHANCE)
def test_a_label_is_unique(first: bytes, second: bytes) -> None:
    """Different chance is a different label: no bit of it is lost."""
    assert (first == second) == (make_label(first) == make_label(second))


@pytest.mark.parametrize("bit", range(ENTROPY * 8))
def test_every_bit_counts(bit: int) -> None:
    """A label is a number in base 32, most significant digit first."""
    label = make_label((1 << bit).to_bytes(ENTROPY, "big"))
    assert label != LABEL
    alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
    number = 0
    for digit in label.removeprefix("gb-"):
        number = number * 32 + alphabet.index(digit)
    assert 1 << bit == number


@given(CHANCE)
def test_a_label_is_one(chance: bytes) -> None:
    """What is made is what is accepted, and what may be a part of a file's name."""
    label = make_label(chance)
    assert label == require_label(label)
    assert re.fullmatch(r"gb-[0-9a-hjkmnp-tv-z]{26}", label)
    assert 40 >= len(label)


@pytest.mark.parametrize("label", ["gb-a", "gb-2026-03-01", "gb-" + "x" * 36])
def test_a_label_of_your_own_is_kept(label: str) -> None:
    """It may say something."""
    assert label == require_label(label)


@pytest.mark.parametrize(
    "label",
    [
        *("", "gb", "gb-", "gb--a", "gb-a-", "a", "GB-a", "gb-A", "gb-a b", "gb-a_b", "gb-a]"),
        *("gb-a\n", "gb-\u0663", "gb-\xe9", "gb-" + "x" * 37, " gb-a", "gb-a/../b"),
    ],
)
def test_what_is_no_label_is_refused(label: str) -> None:
    """What could not be found again, or named in a path, is not sent."""
    with pytest.raises(UsageError, match="is not a label: take gb- and up to 36") as raised:
        require_label(label)
    assert str(raised.value).isprintable()


@given(st.none() | st.text(max_size=60), LABELS)
def test_a_display_name_comes_apart_as_it_was_put_together(name: str | None, label: str) -> None:
    """Whatever the name, brackets and labels of others included; an empty one is none."""
    assert (name or None, label) == split_display_name(labelled(name, label))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (None, (None, None)),
        ("", ("", None)),
        ("sky", ("sky", None)),
        ("[gb-a]", (None, "gb-a")),
        ("sky [gb-a]", ("sky", "gb-a")),
        ("sky [gb-a] [gb-b]", ("sky [gb-a]", "gb-b")),
        ("two\nlines [gb-a]", ("two\nlines", "gb-a")),
        ("sky[gb-a]", ("sky[gb-a]", None)),
        ("sky [gb-A]", ("sky [gb-A]", None)),
        ("sky [gb-a] ", ("sky [gb-a] ", None)),
        ("sky [other-a]", ("sky [other-a]", None)),
    ],
)
def test_a_display_name_is_read(raw: str | None, expected: tuple[str | None, str | None]) -> None:
    """Names of batches that others made are left as they are."""
    assert expected == split_display_name(raw)


def test_a_display_name_is_never_cut() -> None:
    """One that is too long is refused, and told how long it may be."""
    most = DISPLAY_NAME_LIMIT - len(LABEL) - 3
    assert DISPLAY_NAME_LIMIT == len(labelled("x" * most, LABEL))
    with pytest.raises(UsageError, match=f"has {most + 1} characters; {most} is the most"):
        labelled("x" * (most + 1), LABEL)
    with pytest.raises(UsageError, match="has 0 characters"):
        labelled(None, "gb-" + "x" * DISPLAY_NAME_LIMIT)


@pytest.mark.parametrize("cut", [KeyboardInterrupt, GeneratorExit, CancelledError])
def test_an_interrupt_is_told_of_the_label(cut: type[BaseException]) -> None:
    """What was cut short may have created a batch, and only its label finds that."""
    with pytest.raises(cut) as caught, told_of("gb-mine"):
        raise cut
    (note,) = caught.value.__notes__
    assert "client.adopt('gb-mine') finds it" in note


def test_an_error_says_itself_what_became_of_the_batch() -> None:
    """Nothing is added to it."""
    with pytest.raises(UsageError) as caught, told_of("gb-mine"):
        raise UsageError("no")
    assert not hasattr(caught.value, "__notes__")


@pytest.mark.parametrize(
    ("text", "complaint"), [(5, "is a string, not int"), ("\ud800", "holds a lone surrogate")]
)
def test_what_cannot_be_sent_is_no_text(text: object, complaint: str) -> None:
    """A name is looked at before anything is sent."""
    with pytest.raises(UsageError, match=f"the display name {complaint}"):
        require_text(text, "the display name")


@pytest.mark.parametrize("label", [5, None, b"gb-mine"])
def test_what_is_no_text_is_no_label(label: object) -> None:
    """It is refused like any other that is not one."""
    with pytest.raises(UsageError, match="is not a label"):
        require_label(label)


def test_a_label_that_was_used_is_no_longer_a_drawn_one() -> None:
    """Only a label just drawn need not be looked for: what errors and operations tell is a text."""
    drawn = make_label(bytes(ENTROPY))
    assert isinstance(drawn, DrawnLabel)
    for told in (split_display_name(labelled("sky", drawn))[1], f"{drawn}"):
        assert drawn == told
        assert not isinstance(told, DrawnLabel)
