"""An answer in JSON as a value of the class that it was asked for by."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, time
from enum import Enum
from functools import cached_property, lru_cache, partial
from typing import Any, Literal, TypeVar, cast, get_args, get_origin, overload
from uuid import UUID

from typing_extensions import is_typeddict

from ..errors import AnswerMismatchError, UsageError
from ..text import printable
from .asking import LISTS, MAPPINGS, NULL
from .classes import SETS, UNIONS, bare, members_of, name_of, require_hashable
from .misfit import MisfitError, at, expected, pairs_in
from .validated import is_validated, read_validated

T = TypeVar("T")

Read = Callable[[Any], Any]

UNREAD = "is nothing that an answer can be read as"


@overload
def parse(text: str, kind: type[T], *, fenced: bool = False, truncated: bool = False) -> T: ...
@overload
def parse(text: str, kind: object, *, fenced: bool = False, truncated: bool = False) -> Any: ...
def parse(text: str, kind: Any, *, fenced: bool = False, truncated: bool = False) -> Any:
    """Return the value of ``kind`` that JSON describes.

    It is what a schema has asked for that :func:`~gemini_batch.schema_of` made. Nothing is
    coerced, but that a number without decimals may be written with a point, and an integer is taken
    where a number was asked for. Members that the class does not have are refused. A pydantic model
    validates by its own rules.

    Args:
        text: The JSON.
        kind: The class.
        fenced: Take the JSON out of the Markdown fence around it, if there is one. An answer that
            was asked for by a schema has none; without this, a fence is an error.
        truncated: Whether the text is known to be cut, so that an error says so.

    Raises:
        AnswerMismatchError: The text is not JSON, or does not fit; the place is named.
        UsageError: Values of this kind cannot be read.
    """
    read = _reader(kind)
    if fenced and (inner := _FENCE.fullmatch(text)) is not None:
        text = inner[1]
    try:
        return read(_json(text))
    except MisfitError as misfit:
        raise AnswerMismatchError(
            name_of(kind), misfit.path, misfit.reason, truncated=truncated
        ) from None
    except RecursionError:
        raise AnswerMismatchError(
            name_of(kind), "", "it is nested too deeply", truncated=truncated
        ) from None


_FENCE = re.compile(r"\s*```[\w-]*[ \t]*\r?\n(.*?)\s*```\s*", re.DOTALL)


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_not_json)
    except ValueError as refused:
        reason = f"not JSON: {printable(str(refused), 200)}"
    if text.lstrip().startswith("```"):
        reason = "not JSON, but in a code fence: fenced=True takes it out of there"
    raise MisfitError(reason)


def _not_json(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _reader(kind: Any) -> Read:
    """Return how to read a value of ``kind``."""
    kind, _ = bare(kind)
    origin, args = get_origin(kind), get_args(kind)
    if origin is Literal:
        return partial(
            _one_of, {one: one for one in args if one is not None}, nullable=None in args
        )
    if origin in UNIONS:
        return _union_reader(args)
    if origin is tuple and args[1:] != (...,):
        return partial(_fixed, [_reader(one) for one in args])
    if origin in SETS:
        require_hashable(args[0], name_of(kind))
    if origin is tuple or origin in LISTS:
        return partial(_list, _COLLECTIONS.get(origin, list), _reader(args[0]))
    if origin in MAPPINGS and bare(args[0])[0] is str:
        return partial(_mapping, _reader(args[1]))
    if kind is None:
        return _null
    if not isinstance(kind, type):
        raise UsageError(f"{name_of(kind)} {UNREAD}")
    return _SCALARS[kind] if kind in _SCALARS else _class_reader(kind)


_COLLECTIONS: Mapping[Any, Callable[[list[Any]], Any]] = {
    tuple: tuple,
    set: set,
    frozenset: frozenset,
}


@lru_cache(maxsize=256)
def _class_reader(kind: Any) -> Read:
    if issubclass(kind, Enum):
        return partial(_one_of, {one.value: one for one in kind}, nullable=False)
    if is_validated(kind):
        return partial(read_validated, kind)
    if members_of(kind) is None:
        raise UsageError(f"{name_of(kind)} {UNREAD}")
    return _Object(kind).read


class _Object:
    """Read objects of one class."""

    def __init__(self, kind: Any) -> None:
        self._kind = kind
        self._make: Callable[..., Any] = dict if is_typeddict(kind) else kind

    @cached_property
    def _members(self) -> Mapping[str, tuple[Read, bool]]:
        # Not before a value is met, for a class may hold itself.
        members = members_of(self._kind) or ()
        return {one.name: (_reader(one.kind), one.required) for one in members}

    def read(self, tree: object) -> Any:
        arguments: dict[str, Any] = {}
        for name, value in _object(tree).items():
            if name not in self._members:
                shown = printable(name, 60)
                raise MisfitError(f"{self._kind.__name__} has no such member").inside(shown)
            arguments[name] = at(name, self._members[name][0], value)
        for name, (_, required) in self._members.items():
            if required and name not in arguments:
                raise MisfitError("is missing").inside(name)
        try:
            return self._make(**arguments)
        except (TypeError, ValueError) as refused:
            reason = printable(str(refused), 200)
            raise MisfitError(f"{self._kind.__name__} refuses it: {reason}") from None


def _union_reader(kinds: Iterable[Any]) -> Read:
    wanted = [one for one in kinds if one is not NULL]
    readers = [_reader(one) for one in wanted]
    nullable = NULL in kinds

    def read(tree: object) -> Any:
        if tree is None and nullable:
            return None
        misfits: list[MisfitError] = []
        for reader in readers:
            try:
                return reader(tree)
            except MisfitError as misfit:
                misfits.append(misfit)
        if len(misfits) == 1:
            raise misfits[0]
        raise MisfitError(f"fits none of {len(misfits)} kinds: {'; '.join(map(str, misfits))}")

    return read


def _one_of(values: Mapping[Any, Any], tree: object, *, nullable: bool) -> Any:
    if tree is None and nullable:
        return None
    for value, found in values.items():
        if tree == value and type(tree) is type(value):
            return found
    raise expected(f"one of {printable(ascii([*values]), 200)}", tree)


def _list(make: Callable[[list[Any]], Any], read: Read, tree: object) -> Any:
    return make([at(f"[{place}]", read, one) for place, one in enumerate(_array(tree))])


def _fixed(readers: list[Read], tree: object) -> tuple[Any, ...]:
    elements = _array(tree)
    if len(elements) != len(readers):
        raise expected(f"{len(readers)} elements", tree)
    places = enumerate(zip(readers, elements, strict=True))
    return tuple(at(f"[{place}]", read, one) for place, (read, one) in places)


def _array(tree: object) -> Sequence[Any]:
    if isinstance(tree, list):
        return cast("Sequence[Any]", tree)
    raise expected("an array", tree)


def _mapping(read: Read, tree: object) -> dict[str, Any]:
    found: Mapping[str, Any] | None = pairs_in(tree)
    if found is None:
        found = _object(tree, "an object, or pairs of key and value with each key once")
    return {name: at(f"[{printable(name, 60)!r}]", read, one) for name, one in found.items()}


def _object(tree: object, what: str = "an object") -> Mapping[str, Any]:
    if isinstance(tree, dict):
        return cast("Mapping[str, Any]", tree)
    raise expected(what, tree)


def _null(tree: object) -> None:
    if tree is not None:
        raise expected("null", tree)


def _string(tree: object) -> str:
    if isinstance(tree, str):
        return tree
    raise expected("a string", tree)


def _boolean(tree: object) -> bool:
    if isinstance(tree, bool):
        return tree
    raise expected("true or false", tree)


def _integer(tree: object) -> int:
    if isinstance(tree, int) and not isinstance(tree, bool):
        return tree
    if isinstance(tree, float) and tree.is_integer():
        return int(tree)
    raise expected("an integer", tree)


def _number(tree: object) -> float:
    if isinstance(tree, int | float) and not isinstance(tree, bool):
        with suppress(OverflowError):
            found = float(tree)
            if math.isfinite(found):
                return found
    raise expected("a number", tree)


def _written(what: str, read: Callable[[str], Any], tree: object) -> Any:
    """Read what JSON has no word for, and so writes as text."""
    text = _string(tree)
    try:
        return read(text)
    except ValueError:
        raise expected(what, text) from None


def _moment(text: str) -> datetime:
    if _DATE.fullmatch(text):
        raise ValueError("a date alone, which Python takes for its midnight")
    return datetime.fromisoformat(text)


_DATE = re.compile(r"[^T :]*", re.ASCII)

_SCALARS: Mapping[Any, Read] = {
    str: _string,
    bool: _boolean,
    int: _integer,
    float: _number,
    NULL: _null,
    datetime: partial(_written, "a date and a time", _moment),
    date: partial(_written, "a date", date.fromisoformat),
    time: partial(_written, "a time", time.fromisoformat),
    UUID: partial(_written, "a UUID", UUID),
}
