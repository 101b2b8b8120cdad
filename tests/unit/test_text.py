"""Text from elsewhere is safe to print."""

import pytest
from hypothesis import given, strategies as st

from gemini_batch.text import EXCERPT, printable

ANY_TEXT = st.text(st.characters(exclude_categories=[]))


@given(ANY_TEXT, st.integers(0, 50))
def test_what_comes_out_is_printable_and_bounded(text: str, limit: int) -> None:
    """No text, lone surrogates included, gets anything to the terminal but characters."""
    shown = printable(text, limit)
    assert shown.isprintable()
    assert len("\\U0010ffff") * limit + len("… (999999 more characters)") >= len(shown)
    shown.encode("utf-8")


@given(st.text(st.characters(exclude_categories=["C", "Z"]), max_size=EXCERPT))
def test_ordinary_text_is_left_as_it_is(text: str) -> None:
    """Letters of any script, digits, signs and marks come out as they are."""
    assert text == printable(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("plain words", "plain words"),
        ("naïve ☕ 日本語", "naïve ☕ 日本語"),
        ("two\r\nlines\tand", r"two\r\nlines\tand"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x9b31m", r"\x9b31m"),
        ("nul\0", r"nul\x00"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\u2028", r"\u2028"),
        ("\ud800", r"\ud800"),
        ("\U000e0001", r"\U000e0001"),
    ],
)
def test_what_a_terminal_could_obey_is_escaped(text: str, shown: str) -> None:
    """Controls, escapes, separators, overrides and surrogates come out as backslash escapes."""
    assert shown == printable(text)


def test_long_text_is_cut_and_says_so() -> None:
    """The count of what is left out is that of the original."""
    assert "x" * EXCERPT == printable("x" * EXCERPT)
    assert "x" * EXCERPT + "… (1 more characters)" == printable("x" * (EXCERPT + 1))
    assert r"\n\n… (3 more characters)" == printable("\n" * 5, 2)
