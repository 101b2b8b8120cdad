"""Texts that match a regular expression."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from random import Random
from typing import Any

MOST_TRIES = 20
MOST_CHARACTERS = 10_000
MOST_REPEATS = 3
"""A repetition without an end is drawn at most so many times more often than it must be, unless
a text would be too short then."""
MOST_PATHS = 100_000
"""Ways to search a text for a pattern above which it would take too long."""
MOST_LISTED = 256
"""Characters of a range that are told apart."""

# The standard library takes expressions apart here and documents it nowhere; it has been so for
# twenty years, and the tests run on every version.
_parser: Any = import_module("re._parser")

_PLAIN = string.ascii_letters + string.digits + " _-."
_RARE = string.punctuation + "äöüéñ中\t\n"
_CLASSES = {
    "CATEGORY_DIGIT": string.digits,
    "CATEGORY_SPACE": " ",
    "CATEGORY_WORD": string.ascii_letters + string.digits + "_",
    "CATEGORY_NOT_DIGIT": string.ascii_letters,
    "CATEGORY_NOT_SPACE": string.ascii_letters + string.digits,
    "CATEGORY_NOT_WORD": " -.",
}
_BELONGS: Mapping[str, Callable[[str], bool]] = {
    "CATEGORY_DIGIT": str.isdecimal,
    "CATEGORY_SPACE": str.isspace,
    "CATEGORY_WORD": lambda one: one.isalnum() or one == "_",
    "CATEGORY_NOT_DIGIT": lambda one: not one.isdecimal(),
    "CATEGORY_NOT_SPACE": lambda one: not one.isspace(),
    "CATEGORY_NOT_WORD": lambda one: not (one.isalnum() or one == "_"),
}
_REPEATS = {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}
_SURE = {"LITERAL", "NOT_LITERAL", "ANY", "IN", "BRANCH", "SUBPATTERN", "MAX_REPEAT", "MIN_REPEAT"}
"""What a text matches if it was written for it."""
_BEGINNINGS = {"AT_BEGINNING", "AT_BEGINNING_STRING"}
_ENDS = {"AT_END", "AT_END_STRING"}


def matching(pattern: str, draw: Random, least: int = 0, most: int | None = None) -> str:
    """Return a text in which a pattern is found, of at least and at most so many characters.

    Raises:
        ValueError: if none could be drawn, or the pattern is none that Python knows.
    """
    try:
        return _matching(_unambiguous(pattern), draw, least, most)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"the pattern {pattern!r} cannot be read: {error}") from error
    except _NotDrawnError as error:
        raise ValueError(f"no text was found for the pattern {pattern!r}{error}") from error


class _NotDrawnError(Exception):
    """A text could not be written."""


def _matching(pattern: str, draw: Random, least: int, most: int | None) -> str:
    if least > MOST_CHARACTERS:
        raise _NotDrawnError(f": one of more than {MOST_CHARACTERS} characters is needed")
    tree = _parser.parse(pattern)
    if tree.getwidth()[0] > MOST_CHARACTERS:
        raise _NotDrawnError(f": one of more than {MOST_CHARACTERS} characters is needed")
    sure = tree.state.flags == re.UNICODE and _is_sure(tree, first=True, last=True)
    is_open = all(kind != "AT" for kind, _ in _nodes(tree))
    reason = ""
    for _ in range(MOST_TRIES):
        try:
            text = _Writer(draw, tree, least, most).write(tree)
        except _NotDrawnError as error:
            reason = str(error)
            continue
        if is_open:
            text = text.ljust(least, "x")
        if not least <= len(text) <= (len(text) if most is None else most):
            continue
        if not sure:
            # An expression that backtracks without end could not be interrupted.
            if _paths(tree, len(text)) * (len(text) + 1) > MOST_PATHS:
                raise _NotDrawnError(": it takes too long to search for it")
            if not re.search(pattern, text):
                continue
        return text
    raise _NotDrawnError(reason)


def _unambiguous(pattern: str) -> str:
    """Escape what Python warns of, as it may mean something else one day."""
    found = ""
    start = -1  # of the members of a set
    index = 0
    while index < len(pattern):
        one = pattern[index]
        if one == "\\":
            found += pattern[index : index + 2]
            index += 2
            continue
        if start < 0:
            if one == "[":
                start = index + (2 if pattern.startswith("[^", index) else 1)
                found += pattern[index:start]
                index = start
                continue
        elif one == "]" and index > start:
            start = -1
        elif pattern.startswith("--", index):
            raise ValueError(f"two hyphens in a set of the pattern {pattern!r} are ambiguous")
        elif one in "[&~|":
            one = f"\\{one}"
        found += one
        index += 1
    return found


def _parts(kind: str, value: Any) -> list[Any]:
    """Return the trees within a node."""
    match kind:
        case "BRANCH":
            return list(value[1])
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return [value[2]]
        case "SUBPATTERN":
            return [value[3]]
        case "ATOMIC_GROUP":
            return [value]
        case "ASSERT" | "ASSERT_NOT":
            return [value[1]]
        case "GROUPREF_EXISTS":
            return [part for part in value[1:] if part is not None]
        case _:
            return []


def _nodes(tree: Iterable[tuple[Any, Any]]) -> Iterator[tuple[str, Any]]:
    for named, value in tree:
        kind = str(named)
        yield kind, value
        for part in _parts(kind, value):
            yield from _nodes(part)


def _is_sure(tree: Any, *, first: bool, last: bool) -> bool:
    """Return whether whatever is written for a tree matches it, so that nobody need look."""
    nodes = [(str(kind), value) for kind, value in tree]
    for index, (kind, value) in enumerate(nodes):
        leads = first and all(before == "AT" for before, _ in nodes[:index])
        trails = last and all(after == "AT" for after, _ in nodes[index + 1 :])
        if kind == "AT":
            place = str(value)
            if not (leads and place in _BEGINNINGS) and not (trails and place in _ENDS):
                return False
            continue
        if kind not in _SURE or (kind == "SUBPATTERN" and (value[1] or value[2])):
            return False
        once = kind not in _REPEATS
        for part in _parts(kind, value):
            if not _is_sure(part, first=leads and once, last=trails and once):
                return False
    return True


def _paths(tree: Any, length: int) -> int:
    """Return in how many ways a tree may be tried on a text, at most; or more than too many."""
    found = 1
    for named, value in tree:
        kind = str(named)
        inner = [_paths(part, length) for part in _parts(kind, value)]
        if kind in _REPEATS:
            tried, ways = 0, 1
            for _ in range(min(int(value[1]), length) + 1):
                tried += ways
                ways *= inner[0]
                if tried > MOST_PATHS:
                    break
            found *= tried
        elif inner:
            found *= sum(inner) + (kind == "GROUPREF_EXISTS")
        if found > MOST_PATHS:
            return found
    return found


class _Writer:
    """Write one text, remembering its groups."""

    def __init__(self, draw: Random, tree: Any, least: int, most: int | None) -> None:
        shortest = tree.getwidth()[0]
        self._draw = draw
        self._groups: dict[int, str] = {}
        self._written = 0
        self._short = least - shortest
        self._room = MOST_CHARACTERS if most is None else most - shortest

    def write(self, tree: Iterable[tuple[Any, Any]]) -> str:
        return "".join(self._one(str(kind), value) for kind, value in tree)

    def _one(self, kind: str, value: Any) -> str:
        self._count(1)
        match kind:
            case "LITERAL":
                return self._any_of(_characters(value, value))
            case "NOT_LITERAL":
                return self._any_of(_PLAIN.replace(chr(value), ""))
            case "ANY":
                return self._any_of(_PLAIN)
            case "IN":
                return self._any_of(_members(value))
            case "BRANCH":
                return self._branch(value[1])
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                return self._repeated(*value)
            case "SUBPATTERN":
                text = self.write(value[3])
                if value[0] is not None:
                    self._groups[value[0]] = text
                return text
            case "ATOMIC_GROUP":
                return self.write(value)
            case "GROUPREF":
                text = self._groups.get(value, "")
                self._count(len(text))
                return text
            case _:
                return ""  # an anchor, or a look around: whether it holds is seen at the end

    def _branch(self, branches: list[Any]) -> str:
        widths = [int(branch.getwidth()[0]) for branch in branches]
        shortest = min(widths)
        fitting = [index for index, width in enumerate(widths) if width - shortest <= self._room]
        index = self._draw.choice(fitting or range(len(branches)))
        self._lengthen(widths[index] - shortest)
        return self.write(branches[index])

    def _repeated(self, least: Any, most: Any, inner: Any) -> str:
        unit = max(1, int(inner.getwidth()[0]))
        wanted = max(-(-self._short // unit), self._draw.randint(0, MOST_REPEATS))
        more = max(0, min(wanted, int(most) - int(least), self._room // unit))
        self._lengthen(more * unit)
        found = ""
        for _ in range(int(least) + more):
            self._count(1)
            found += self.write(inner)
        return found

    def _lengthen(self, more: int) -> None:
        self._short -= more
        self._room -= more

    def _count(self, written: int) -> None:
        self._written += written
        if self._written > 3 * MOST_CHARACTERS:
            raise _NotDrawnError(f": one of more than {MOST_CHARACTERS} characters is needed")

    def _any_of(self, characters: str) -> str:
        if not characters:
            raise _NotDrawnError(": it has a set without a character")
        return self._draw.choice(characters)


def _members(parts: Iterable[tuple[Any, Any]]) -> str:
    """Return characters of a set: all of a small one."""
    named = [(str(kind), value) for kind, value in parts]
    if any(kind == "NEGATE" for kind, _ in named):
        allowed = [
            "".join(one for one in some if not any(_is_in(one, *part) for part in named))
            for some in (_PLAIN, _RARE)
        ]
        return allowed[0] or allowed[1]
    found = ""
    for kind, value in named:
        match kind:
            case "LITERAL":
                found += _characters(value, value)
            case "RANGE":
                found += _characters(*value)
            case _:
                found += _CLASSES[str(value)]
    return found


def _characters(first: int, last: int) -> str:
    """Return characters of a range, without those that no text may have on its own."""
    if last - first >= MOST_LISTED:
        usual = "".join(one for one in _PLAIN if first <= ord(one) <= last)
        if usual:
            return usual
        first = 0xE000 if 0xD800 <= first <= 0xDFFF else first
        last = min(last, first + MOST_LISTED - 1)
    return "".join(chr(one) for one in range(first, last + 1) if not 0xD800 <= one <= 0xDFFF)


def _is_in(one: str, kind: str, value: Any) -> bool:
    match kind:
        case "NEGATE":
            return False
        case "LITERAL":
            return bool(ord(one) == value)
        case "RANGE":
            return bool(value[0] <= ord(one) <= value[1])
        case _:
            return _BELONGS[str(value)](one)
