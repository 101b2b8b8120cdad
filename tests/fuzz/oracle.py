"""What the standard library says of JSON: the second opinion that the targets go by."""

import json
import math
from typing import Any, NoReturn

DEEP = 150
"""Nested further than this, readers may differ in what they refuse, for each has its own limit."""


def is_deep(text: bytes) -> bool:
    """Tell whether a text may be nested so far that nothing is asked of it but not to fail."""
    return text.count(b"[") + text.count(b"{") > DEEP


def strict(text: bytes) -> Any:
    """Return what a text says by the letter of the standards; ``ValueError`` if it is not JSON.

    Lone surrogates are taken where they are escaped: JSON lets them be written.
    """
    return _STRICT.decode(text.decode("utf-8"))


def grammatical(text: bytes) -> Any:
    """Return what a text says where a number may be of any size, as the grammar has it."""
    return _GRAMMATICAL.decode(text.decode("utf-8"))


def loose(text: bytes) -> list[tuple[str, Any]] | None:
    """Return the members of an object of which only the structure need be right, in their order.

    Whoever passes over a member without decoding it cannot know that its text is not UTF-8, or that
    its number is beyond all bounds. ``None`` stands for what is no object.
    """
    found = _LOOSE.decode(text.decode("utf-8", "surrogateescape"))
    return list(found) if isinstance(found, _Members) else None


def plain(tree: Any) -> Any:
    """Return an object of :func:`loose` as a mapping, whose last member of a name counts."""
    return dict(tree) if isinstance(tree, _Members) else tree


def spelled(tree: Any) -> str:
    """Return a text that is the same only for the same JSON: 1 is neither 1.0 nor true here."""
    return json.dumps(tree)


class _Members(list[tuple[str, Any]]):
    """The members of an object, each as often as it stands there."""


def _number(text: str) -> tuple[str, str]:
    """Return what stands for a number that nobody reads, and is no other value."""
    return "a number", text


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        _refuse(text)
    return number


_STRICT = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)
_GRAMMATICAL = json.JSONDecoder(parse_constant=_refuse, parse_int=_number, parse_float=_number)
_LOOSE = json.JSONDecoder(
    parse_constant=_refuse, parse_int=_number, parse_float=_number, object_pairs_hook=_Members
)
