"""Make text from elsewhere safe to print."""

from __future__ import annotations

EXCERPT = 500
"""Characters of foreign text that an error message may quote."""


def printable(text: str, limit: int = EXCERPT) -> str:
    """Escape what a terminal could obey, and cut after ``limit`` characters.

    Control characters, escapes, bidirectional overrides and lone surrogates come out as
    backslash escapes; ordinary text of any script is left as it is.
    """
    cut = text[:limit]
    if not cut.isprintable():
        cut = "".join(one if one.isprintable() else _escaped(one) for one in cut)
    return cut if len(text) <= limit else f"{cut}… ({len(text) - limit} more characters)"


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
