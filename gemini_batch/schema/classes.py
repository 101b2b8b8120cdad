"""What a class says about its members: their types, their defaults and what they are for."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import (
    Annotated,
    Any,
    NotRequired,
    Required,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

import attrs
from typing_extensions import ReadOnly, TypeAliasType, is_typeddict

from ..errors import UsageError


@attrs.frozen
class Member:
    """A member of a class, by the name it has in JSON.

    ``default`` is ``None``, too, where there is none, and where it is made anew each time.
    """

    name: str
    kind: Any
    required: bool
    default: Any = None
    description: str | None = None


UNIONS = frozenset({Union, UnionType})
SETS = frozenset({set, frozenset})

_WRAPPERS = {Required, NotRequired, ReadOnly}


def bare(kind: Any) -> tuple[Any, str | None]:
    """Return a type without what is wrapped around it, and the text that came along, if any."""
    text: str | None = None
    while True:
        origin = get_origin(kind)
        if origin is Annotated:
            kind, *notes = get_args(kind)
            texts = [getattr(note, "documentation", note) for note in notes]
            text = text or next((one for one in texts if isinstance(one, str)), None)
        elif origin in _WRAPPERS:
            (kind,) = get_args(kind)
        elif isinstance(kind, TypeAliasType):
            kind = kind.__value__
        elif hasattr(kind, "__supertype__"):  # what NewType makes
            kind = kind.__supertype__
        elif isinstance(origin, type) and not get_args(kind):  # List, which says nothing of what
            kind = origin
        else:
            return kind, text


def name_of(kind: Any) -> str:
    """Return what a type is called in an error."""
    return str(getattr(kind, "__name__", kind)) if get_args(kind) == () else str(kind)


def require_hashable(kind: Any, path: str) -> None:
    """Refuse the elements of a set that it cannot hold, before an answer is paid for."""
    kind, _ = bare(kind)
    origin = get_origin(kind)
    if origin in UNIONS:
        for one in get_args(kind):
            require_hashable(one, path)
    elif getattr(origin or kind, "__hash__", None) is None:
        raise UsageError(f"{path}: a set cannot hold {name_of(kind)}: make it frozen, or a list")


def members_of(kind: type[Any]) -> tuple[Member, ...] | None:
    """Return the members of an attrs class, a dataclass or a ``TypedDict``; ``None`` of others."""
    if is_typeddict(kind):
        found = _typed_dict(kind)
    elif attrs.has(kind):
        found = _attrs(kind)
    elif dataclasses.is_dataclass(kind):
        found = _dataclass(kind)
    else:
        return None
    _, texts = said_of(kind)
    return tuple(
        attrs.evolve(member, description=texts[member.name]) if member.name in texts else member
        for member in found
    )


def _hints(kind: type[Any]) -> Mapping[str, Any]:
    try:
        return get_type_hints(kind, localns={kind.__name__: kind}, include_extras=True)
    except (NameError, TypeError) as error:
        raise UsageError(f"the annotations of {kind.__name__} cannot be read: {error}") from None


def _attrs(kind: type[Any]) -> Iterator[Member]:
    hints = _hints(kind)
    for one in attrs.fields(kind):
        if one.init:
            if one.name not in hints:
                raise UsageError(f"{kind.__name__}.{one.name}: has no annotation")
            required = one.default is attrs.NOTHING
            default = None if required else one.default
            yield Member(one.alias or one.name, hints[one.name], required, default)


def _dataclass(kind: Any) -> Iterator[Member]:
    hints = _hints(kind)
    for one in dataclasses.fields(kind):
        if one.init:
            given = one.default is not dataclasses.MISSING
            required = not given and one.default_factory is dataclasses.MISSING
            yield Member(one.name, hints[one.name], required, one.default if given else None)


def _typed_dict(kind: Any) -> Iterator[Member]:
    for name, hint in _hints(kind).items():
        # Where annotations are postponed, only they know what is not required.
        wrappers = set(_wrappers(hint))
        required = NotRequired not in wrappers and (
            Required in wrappers or name in kind.__required_keys__
        )
        yield Member(name, hint, required)


def _wrappers(hint: Any) -> Iterator[Any]:
    while (origin := get_origin(hint)) is Annotated or origin in _WRAPPERS:
        yield origin
        hint = get_args(hint)[0]


_SECTION = re.compile(r"^(?:Attributes|Args):\n", re.MULTILINE)
_MEMBER = re.compile(r"^    (\w+)(?: \([^)]*\))?: (.*(?:\n {5,}.*)*)", re.MULTILINE)


def said_of(kind: type[Any]) -> tuple[str | None, Mapping[str, str]]:
    """Return what the docstring of a class says of it, and of its members under ``Attributes``."""
    text = inspect.cleandoc(vars(kind).get("__doc__") or "")
    if text.startswith(f"{kind.__name__}("):
        return None, {}  # the signature, which a dataclass without a docstring says of itself
    head, *rest = _SECTION.split(text, maxsplit=1)
    members = cast("list[tuple[str, str]]", _MEMBER.findall("".join(rest)))
    return _one_line(head) or None, {name: _one_line(words) for name, words in members}


def _one_line(text: str) -> str:
    return " ".join(text.split())
