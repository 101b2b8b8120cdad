"""Whole numbers as clients write them in headers, queries and tokens."""

from __future__ import annotations

MOST_DIGITS = 19
"""Digits of the longest number that 64 bits hold; more than that is no number of anything here."""


def whole_number(text: str) -> int | None:
    """Return a number of ASCII digits alone, and not too many; ``None`` for any other text."""
    if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS:
        return int(text)
    return None
