"""Texts that match a regular expression."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from importlib import import_module
from random import Random
from typing import Any

MOST_TRIES = 100
MOST_CHARACTERS = 10_000
MOST_REPEATS = 3
"""A repetition without an end is drawn at most so many times more often than it must be."""

# The standard library takes expressions apart here and documents it nowhere; it has been so for
# twenty years, and the tests run on every version.
_parser: Any = import_module("re._parser")

_PLAIN = string.ascii_letters + string.digits + " _-."
_CLASSES = {
    "CATEGORY_DIGIT": string.digits,
    "CATEGORY_SPACE": " ",
    "CATEGORY_WORD": string.ascii_letters + string.digits + "_",
    "CATEGORY_NOT_DIGIT": string.ascii_letters,
    "CATEGORY_NOT_SPACE": string.ascii_letters + string.digits,
    "CATEGORY_NOT_WORD": " -.",
}


def matching(pattern: str, draw: Random, least: int = 0, most: int | None = None) -> str:
    """Return a text in which a pattern is found, of at least and at most so many characters.

    Raises:
        ValueError: if none could be drawn.
    """
    tree = _parser.parse(pattern)
    for _ in range(MOST_TRIES):
        text = _Writer(draw).write(tree)
        if re.search(pattern, text) and least <= len(text) <= (len(text) if most is None else most):
            return text
    raise ValueError(f"no text was found for the pattern {pattern!r}")


class _Writer:
    """Write one text, remembering its groups."""

    def __init__(self, draw: Random) -> None:
        self._draw = draw
        self._groups: dict[int, str] = {}
        self._written = 0

    def write(self, tree: Iterable[tuple[Any, Any]]) -> str:
        return "".join(self._one(str(kind), value) for kind, value in tree)

    def _one(self, kind: str, value: Any) -> str:
        match kind:
            case "LITERAL":
                return chr(value)
            case "NOT_LITERAL":
                return self._any_of(_PLAIN.replace(chr(value), ""))
            case "ANY":
                return self._any_of(_PLAIN)
            case "IN":
                return self._any_of(self._members(value))
            case "BRANCH":
                return self.write(self._draw.choice(value[1]))
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                least, most, inner = value
                times = self._draw.randint(least, min(most, least + MOST_REPEATS))
                self._written += times
                if self._written > MOST_CHARACTERS:
                    raise ValueError(f"a text of more than {MOST_CHARACTERS} characters is needed")
                return "".join(self.write(inner) for _ in range(times))
            case "SUBPATTERN":
                text = self.write(value[3])
                if value[0] is not None:
                    self._groups[value[0]] = text
                return text
            case "ATOMIC_GROUP":
                return self.write(value)
            case "GROUPREF":
                return self._groups.get(value, "")
            case _:
                return ""  # an anchor, or a look around: whether it holds is seen at the end

    def _any_of(self, characters: str) -> str:
        return self._draw.choice(characters) if characters else ""

    def _members(self, parts: Iterable[tuple[Any, Any]]) -> str:
        found = ""
        negated = False
        for kind, value in parts:
            match str(kind):
                case "NEGATE":
                    negated = True
                case "LITERAL":
                    found += chr(value)
                case "RANGE":
                    found += "".join(map(chr, range(value[0], value[1] + 1)))
                case _:
                    found += _CLASSES.get(str(value), "")
        return "".join(one for one in _PLAIN if one not in found) if negated else found
