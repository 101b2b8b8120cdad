"""What a message looks like as the service most often spells it: a msgspec Struct for each model.

msgspec decodes and checks JSON in one go. A Struct takes less than its model does: camelCase and
no other spelling, no member that the model does not name, no number as a string. So what it takes
means the same to both, and what it refuses is left to the hooks, which say what is wrong with it,
if anything is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from functools import partial
from typing import Annotated, Any, ClassVar, NamedTuple, cast, get_args

import msgspec
from attrs import NOTHING, fields

from ..models.base import Int64, Model
from ..models.sent import LONG, Sent, sent_as
from .layout import choices, is_later, is_model, loaded, members_of, origin

_INT64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_AS_THEY_ARE: dict[Any, Any] = {
    str: str,
    bool: bool,
    float: float,
    int: _INT64,
    Int64: _INT64,
    Any: Any,
}
"""What msgspec calls the types that it reads just as the hooks do."""

_Make = Callable[[Any], Any]


_MADE: Any = (tuple, Model)
"""What is made of lists and Structs."""


class Shape(msgspec.Struct):
    """A message as it was sent; ``makers`` make of it the members of its model.

    Structs are no concern of the garbage collector, for what comes of JSON holds no cycle.
    """

    makers: ClassVar[Mapping[str, _Make]]


SHAPES: set[type] = set()
"""The Structs of all models that may stand for what was sent."""


class _Form(NamedTuple):
    """The type of a member for msgspec, and what makes the model's value of what it decodes."""

    kind: Any
    make: _Make | None = None


class Shapes:
    """The Structs of models, made when they are asked for.

    Members whose models are loaded when they are first met have no place in them, unless they are
    to be ``rare`` ones.
    """

    def __init__(self, *, rare: bool) -> None:
        self._rare = rare
        self._made: dict[type[Model], tuple[type[Shape], _Make]] = {}

    def of(self, kind: type[Model]) -> tuple[type[Shape], _Make]:
        """Return the Struct of a model, and what makes the model of it."""
        if kind not in self._made:
            self._made[kind] = self._define(kind)
        return self._made[kind]

    def _define(self, kind: type[Model]) -> tuple[type[Shape], _Make]:
        members: list[Any] = []
        names: dict[str, str] = {}
        namespace: dict[str, Any] = {}
        makes: dict[str, _Make | None] = {}
        defaults: dict[str, Any] = {one.name: one.default for one in fields(kind)}
        long = [one.name for one in fields(kind) if one.metadata == LONG]
        for name, wire_name, member_kind, default in members_of(kind):
            form = self._form(member_kind)
            if name in long:
                form = _Form(msgspec.Raw)
                namespace["__post_init__"] = _requirement(name)
            if form is not None:
                names[name] = wire_name
                makes[name] = form.make
                required = default is NOTHING
                members.append((name, form.kind) if required else (name, form.kind | None, None))
        # What has no place in it reads as absent all the same.
        namespace |= dict.fromkeys(defaults.keys() - names.keys())
        shape: Any = msgspec.defstruct(
            kind.__name__,
            members,
            bases=(Shape,),
            namespace=namespace,
            rename=names,
            kw_only=True,
            forbid_unknown_fields=True,
            gc=False,
        )
        if not issubclass(kind, Sent):
            return shape, _maker(kind, makes)
        shape.makers = {
            name: partial(_member, name, makes.get(name), default)
            for name, default in defaults.items()
        } | {name: partial(_long, name) for name in long}
        SHAPES.add(shape)
        return shape, partial(sent_as, kind)

    def _form(self, kind: Any) -> _Form | None:
        """Return how a member is decoded; ``None`` if it has no place in a Struct."""
        (kind, *_) = choices(kind)
        if is_later(kind):
            if not self._rare:
                return None
            kind = loaded(kind)
        if kind in _AS_THEY_ARE:
            return _Form(_AS_THEY_ARE[kind])
        if origin(kind) is Mapping and get_args(kind)[1] is Any:
            return _Form(dict[str, Any])
        if origin(kind) is tuple:
            inner = self._form(get_args(kind)[0])
            if inner is None:
                return None
            element: Any = inner.kind
            if inner.make is None:
                return _Form(tuple[element, ...])
            return _Form(list[element], partial(_each, inner.make))
        if is_model(kind):
            return _Form(*self.of(kind))
        if isinstance(kind, type) and issubclass(kind, Enum):
            return _Form(str, partial(_enum, kind, {one.value: one for one in kind}))
        return None


def _enum(kind: type[Any], known: Mapping[str, Any], text: str) -> Any:
    return known.get(text) or kind(text)


def _each(make: _Make, values: list[Any]) -> tuple[Any, ...]:
    return tuple(map(make, values))


def _maker(kind: type[Model], makes: Mapping[str, _Make | None]) -> _Make:
    """Return a function that makes a model of its Struct, without what its constructor checks.

    It is written out, slot by slot, as the constructor is that attrs writes.
    """
    lines = ["def make(shape):", " model = new(kind)"]
    names: dict[str, Any] = {"new": object.__new__, "kind": kind}
    for one in fields(kind):
        name, default = one.name, one.default
        names[f"set_{name}"] = getattr(kind, name).__set__
        value = absent = f"default_{name}"
        names[absent] = default
        if factory := _factory(default):
            names[absent] = factory
            value = absent = f"{absent}()"
        if name in makes:
            value = f"shape.{name}"
            make = makes[name]
            if make is not None:
                names[f"make_{name}"] = make
            if make is not None or default is not None:
                value = "value" if make is None else f"make_{name}(value)"
                lines.append(f" value = shape.{name}")
                value = f"{absent} if value is None else {value}"
        lines.append(f" set_{name}(model, {value})")
    exec("\n".join([*lines, " return model"]), names)  # noqa: S102 - it holds names of members alone
    return cast("_Make", names["make"])


def _member(name: str, make: _Make | None, default: Any, shape: Shape) -> Any:
    """Make a member of a model that is made piece by piece; it takes the place of what was sent."""
    value = getattr(shape, name)
    if value is None:
        factory = _factory(default)
        return factory() if factory else default
    if make is None or isinstance(value, _MADE):  # another thread may have made it by now
        return value
    made = make(value)
    setattr(shape, name, made)
    return made


def _factory(default: Any) -> Callable[[], Any] | None:
    """Return what makes a default anew each time, if that is how it is made."""
    return getattr(default, "factory", None)


def _requirement(name: str) -> Callable[[Any], None]:
    """Return a check that a member, which stays encoded, is text without escapes or letters."""

    def require(shape: Shape) -> None:
        text = bytes(getattr(shape, name))
        if not (text.startswith(b'"') and text.isascii() and b"\\" not in text):
            raise ValueError("not plain text")

    return require


class Passage(NamedTuple):
    """ASCII text that stands in a line, without its quotes."""

    line: bytes
    start: int
    end: int


def _long(name: str, shape: Shape) -> str:
    """Decode a member that stayed encoded, and let go of the line that it is a part of."""
    found: msgspec.Raw | Passage | str = getattr(shape, name)
    if isinstance(found, str):
        return found
    if isinstance(found, Passage):
        encoded = memoryview(found.line)[found.start : found.end]
    else:
        encoded = memoryview(found)[1:-1]
    text = str(encoded, "ascii")
    setattr(shape, name, text)
    return text
