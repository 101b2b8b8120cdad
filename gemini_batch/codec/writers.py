"""Models to plain JSON, fast: for each class a function that is written out member by member.

What such a function makes is what :func:`~gemini_batch.codec.writing.definition` makes. Only values
of the very class that is expected take the short way; any other is left to the hook of its member.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from operator import is_
from typing import Any, TypeAlias, cast, get_args

import msgspec
from attrs import NOTHING, fields

from ..models.base import Absent, Int64, Model, OpenEnum, Timestamp
from .converter import CONVERTER
from .layout import Later, choices, is_later, is_model, loaded, members_of, origin
from .mismatch import MismatchError
from .writing import definition, json_of, require_json, writer

Write = Callable[[Any], Any]

_TESTS: dict[Any, tuple[str, str]] = {
    str: ("{v}.__class__ is str or isinstance({v}, str)", "{v}"),
    bool: ("{v} is True or {v} is False", "{v}"),
    int: ("{v}.__class__ is int", "{v}"),
    Int64: ("{v}.__class__ is int", "str({v})"),
    # Neither infinity nor what is no number is zero when it is taken from itself.
    float: ("{v}.__class__ is float and {v} - {v} == 0.0 or {v}.__class__ is int", "{v}"),
}
"""When a value is as it should be, and how it is written then."""

_Empty: TypeAlias = list[Mapping[str, object]]
"""Mappings, and lists, that have nothing in them, for now."""
_Filled: TypeAlias = list[
    tuple[dict[str, object] | list[object], tuple[str, ...] | None, tuple[object, ...]]
]
"""Those that have, with what was in them: names, and values."""

Terms: TypeAlias = Mapping[type, Mapping[str, str | None]]
"""Which members of a class must be there, or what their values ``v`` must be if they are there.

The former have no condition. What takes another than the short way does not fit, nor does what is
of a class of its own where one of these is expected.
"""

_ENCODED = (msgspec.Raw, str, int, float)
"""What a value is that is encoded already, or does not change."""

_TRIES = 64
"""How often a writer finds out what to hold all members but one against: that takes its time."""

_WRITERS: dict[type, Write] = {}
_NO_TERMS: Terms = {}


class UnfitError(Exception):
    """A model is not within the terms."""


def writer_of(kind: type[Model], terms: Terms = _NO_TERMS) -> Write:
    """Return what writes models of just this class; a :class:`MismatchError` tells no place."""
    if terms:
        return maker_of(kind, "", terms)()
    if kind not in _WRITERS:
        _WRITERS[kind] = maker_of(kind, "", terms)()
    return _WRITERS[kind]


def maker_of(
    kind: type[Model], own: str, terms: Terms, plain: Write | None = None
) -> Callable[[], Write]:
    """Return what makes writers of models of a class many of which have members in common.

    A writer remembers the last value of each member but ``own``. One that comes again, and cannot
    have changed, is encoded once; so a writer is for one run of models. It raises
    :class:`UnfitError` for a model that is not within the terms.

    ``plain`` writes most values of ``own``, the first member, in less time, and returns ``None``
    for any other, such as one that was not given. Where there is a ``plain``, the other members
    are not even looked at one by one if all of them come again.
    """
    names: dict[str, Any] = {
        "Absent": Absent,
        "Model": Model,
        "are_same": _are_same,
        "plain": plain,
        "require_json": require_json,
        "rest_of": _rest_of,
        "shared": _shared,
        "unusual": _unusual,
        "unfit": UnfitError(),
    }
    lines: list[str] = []
    sharing: list[int] = []
    for number, (name, wire_name, member_kind, default) in enumerate(members_of(kind)):
        names[f"hook{number}"], names[f"default{number}"] = writer(member_kind), default
        found = _short_way(number, member_kind, names, terms)
        shares = bool(own) and name != own and f"write{number}" in names
        lines.append(_condition(number, name, member_kind, default))
        lines.append(f"   v = m.{name}")
        of_class = "True" if choices(member_kind)[0] in terms else ""
        term = terms.get(kind, {}).get(name, of_class)
        written = _member(number, wire_name, default, found, term, shares=shares)
        lines += [f"   {line}" for line in written]
        lines += ["  else: raise unfit"] if term is None else []
        sharing += [number] if shares else []
    kept = [f"{name}{number}" for number in sharing for name in ("kept", "found")]
    text = "\n".join(
        [
            "def make():",
            *(f" {name} = None" for name in kept),
            " def write(m):",
            *(f"  nonlocal {name}" for name in kept),
            "  tree = {}",
            *lines,
            "  if m.extra:",
            "   for name, value in m.extra.items():",
            "    tree[name] = require_json(value)",
            "  return tree",
            *(_again(kind, sharing) if plain else ()),
            " return write",
        ]
    )
    exec(compile(text, f"<writer of {kind.__name__}>", "exec"), names)  # noqa: S102 - our own names
    return cast("Callable[[], Write]", names["make"])


def only(kind: type[Model], given: str) -> Callable[[Any], bool]:
    """Return what tells models of just this class that surely have one member and no other."""
    tests = ["not m.extra"]
    for name, _, _, default in members_of(kind):
        if name != given:
            absent = {None: " is None", (): " == ()"}.get(default, ".__class__ is Absent")
            tests.append(f"m.{name}{absent}")
    text = f"def only(m): return {' and '.join(tests)}"
    names: dict[str, Any] = {"Absent": Absent}
    exec(compile(text, f"<only {given} of {kind.__name__}>", "exec"), names)  # noqa: S102 - our own names
    return cast("Callable[[Any], bool]", names["only"])


def _again(kind: type[Model], sharing: list[int]) -> Iterator[str]:
    """Yield what looks at the first member alone, where the others are what they were before."""
    (own, wire_name, *_), *others = members_of(kind)
    names = [name for name, *_ in others]
    same = [f"m.{name} is same_{name}" for name in names]
    yield f" whole, rest, empty, filled, left = write, None, (), (), {_TRIES}"
    yield from (f" same_{name} = None" for name in names)
    yield " def write(m):"
    yield "  nonlocal rest, empty, filled, left"
    yield from (f"  nonlocal same_{name}" for name in names)
    yield f"  if (rest is not None and {' and '.join(same)} and not m.extra"
    yield "      and not any(empty) and (not filled or are_same(filled))):"
    yield f"   v = plain(m.{own})"
    yield f"   return whole(m) if v is None else {{{wire_name!r}: v, **rest}}"
    yield "  tree = whole(m)"
    yield f"  if left and ({' or '.join(f'found{number}' for number in sharing)}):"
    yield f"   held, left = rest_of(m, tree, {own!r}, {wire_name!r}), left - 1"
    yield "   if held:"
    yield "    rest, empty, filled = held"
    yield from (f"    same_{name} = m.{name}" for name in names)
    yield "  return tree"


def _rest_of(
    model: Model, tree: dict[str, object], own: str, wire_name: str
) -> tuple[()] | tuple[dict[str, object], _Empty, _Filled]:
    """Return what was written of all members but one, which holds for as long as they do.

    Nothing is returned where a member is not encoded yet, or cannot be held against what it was.
    """
    rest = {name: value for name, value in tree.items() if name != wire_name}
    if model.extra or not all(isinstance(one, _ENCODED) for one in rest.values()):
        return ()
    empty: _Empty = []
    filled: _Filled = []
    names = (one.name for one in fields(type(model)) if one.name not in {own, "extra"})
    others = (getattr(model, name) for name in names)
    return (rest, empty, filled) if all(_is_fixed(one, empty, filled) for one in others) else ()


def _refuse(_: object) -> Any:
    raise UnfitError


def _condition(number: int, name: str, kind: Any, default: Any) -> str:
    """Return the line that passes over a member as it is where it was not given."""
    if default is None:
        return f"  if m.{name} is not None:"
    if default == ():
        return f"  if m.{name} is not default{number}:"
    if origin(choices(kind)[0]) is Mapping:
        return f"  if m.{name}.__class__ is not Absent:"
    return "  if True:"


def _member(
    number: int,
    wire_name: str,
    default: Any,
    found: tuple[str, str] | None,
    term: str | None,
    *,
    shares: bool,
) -> Iterator[str]:
    """Yield the lines that write the value ``v`` of a member."""
    place = f"tree[{wire_name!r}]"
    otherwise = f"unusual(tree, {wire_name!r}, hook{number}, default{number}, v)"
    if term != "":
        otherwise = "raise unfit"
    if found is None:
        yield otherwise
        return
    test, expression = found
    test = f"({test}) and {term}" if term else test
    if shares:  # the second time a value comes it is encoded, and from then on that is taken
        yield f"if (v is kept{number} and found{number} and not any(found{number}[1])"
        yield f"        and (not found{number}[2] or are_same(found{number}[2]))):"
        yield f" {place} = found{number}[0]"
        yield f"elif {test}:"
    else:
        yield f"if {test}:"
    if default is None or default is NOTHING or default == ():
        yield f" {place} = {'t = ' if shares else ''}{expression}"
    else:
        yield f" if v != default{number}: {place} = {expression}"
    if shares:
        yield f" if v is not kept{number}: kept{number} = v; found{number} = None"
        yield f" elif found{number} is None: found{number} = shared(v, t)"
    yield "else:"
    yield f" {otherwise}"


def _unusual(
    tree: dict[str, Any], wire_name: str, write: Write, default: object, value: object
) -> None:
    if value is not None and type(value) is not Absent and value != default:
        tree[wire_name] = write(value)


def _shared(value: object, tree: object) -> tuple[()] | tuple[msgspec.Raw, _Empty, _Filled]:
    """Encode a value, which holds for as long as what is within it is as it was.

    Nothing is returned where that could not be told.
    """
    empty: _Empty = []
    filled: _Filled = []
    return (msgspec.Raw(json_of(tree)), empty, filled) if _is_fixed(value, empty, filled) else ()


def _is_fixed(value: object, empty: _Empty, filled: _Filled) -> bool:
    """Tell what can change only by what happens to mappings and lists, and gather those."""
    kind = value.__class__
    if isinstance(value, Model):
        members = (getattr(value, one.name) for one in fields(type(value)))
        return all(_is_fixed(member, empty, filled) for member in members)
    if isinstance(value, Mapping | list) and not value:
        empty.append(cast("Mapping[str, object]", value))
        return True
    found: tuple[object, ...]
    if kind is dict:
        mapping = cast("dict[str, object]", value)
        found = tuple(mapping.values())
        filled.append((mapping, tuple(mapping), found))
    elif kind is list:
        found = tuple(cast("list[object]", value))
        filled.append((cast("list[object]", value), None, found))
    elif isinstance(value, tuple):
        found = cast("tuple[object, ...]", value)
    else:
        return value is None or isinstance(value, str | int | float | Timestamp | timedelta)
    return all(_is_fixed(one, empty, filled) for one in found)


def _are_same(filled: _Filled) -> bool:
    """Tell whether the very same things are still in mappings and lists, in the same order."""
    for container, names, values in filled:
        if len(container) != len(values):
            return False
        if isinstance(container, dict):
            if tuple(container) != names or not all(map(is_, container.values(), values)):
                return False
        elif not all(map(is_, container, values)):
            return False
    return True


def _short_way(
    number: int, kind: Any, names: dict[str, Any], terms: Terms
) -> tuple[str, str] | None:
    """Return when a member can be written at once, and how; ``None`` where only its hook can."""
    first, *others = choices(kind)
    if origin(first) is not tuple:
        found = _test(number, str if others == [str] else first, names, terms)
        return None if found is None else (found[0].format(v="v"), found[1].format(v="v"))
    (element,) = get_args(first)[:1]
    found = _test(number, element, names, terms)
    if found is None:
        return None
    names[f"element{number}"] = _refuse if element in terms else writer(element)
    each = f"{found[1]} if {found[0]} else element{number}({{v}})"
    # A list of one is not made by a loop, which would be one more call.
    one, many = each.format(v="v[0]"), each.format(v="x")
    return "v.__class__ is tuple and v", f"[{one}] if len(v) == 1 else [{many} for x in v]"


def _test(number: int, kind: Any, names: dict[str, Any], terms: Terms) -> tuple[str, str] | None:
    if kind in _TESTS:
        return _TESTS[kind]
    if isinstance(kind, type) and issubclass(kind, OpenEnum):
        return _TESTS[str]
    if is_model(kind):
        names[f"kind{number}"] = kind
        names[f"write{number}"] = writer_of(cast("type[Model]", kind), terms)
        return f"{{v}}.__class__ is kind{number}", f"write{number}({{v}})"
    if is_later(kind):
        names[f"write{number}"] = _late_writer(cast("type[Later]", kind))
        return "isinstance({v}, Model)", f"write{number}({{v}})"
    return None


def _late_writer(kind: type[Later]) -> Write:
    hook = writer(kind)

    def write(model: Model) -> Any:
        found = loaded(kind)
        return writer_of(found)(model) if model.__class__ is found else hook(model)

    return write


def _model_writer(kind: type[Model]) -> Write:
    short, whole = writer_of(kind), definition(kind)

    def write(model: Model) -> dict[str, Any]:
        try:
            return cast("dict[str, Any]", short(model))
        except MismatchError:
            return whole(model)  # which tells the place

    return write


def register() -> None:
    """Make the converter write."""
    CONVERTER.register_unstructure_hook(Timestamp, lambda stamp: stamp.rfc3339)
    CONVERTER.register_unstructure_hook_factory(is_model, _model_writer)
