"""The members of the models: their names here and on the wire, and their types."""

from __future__ import annotations

import sys
from functools import cache
from types import UnionType
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

from attrs import fields

from .. import models
from ..models.base import Model
from ..models.sent import Sent


def camel(name: str) -> str:
    """Return the API's spelling of the name of a member."""
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


class Later:
    """Stands for a rare model or enum, which is loaded when a value of it is first met."""


@cache
def _later(name: str) -> type[Later]:
    return type(name, (Later,), {})


def loaded(kind: type[Later]) -> type[Any]:
    """Return the model or enum that this stands for."""
    return cast("type[Any]", getattr(models, kind.__name__))


class _Names(dict[str, Any]):
    """The names that annotations of a module use, those of rare models included."""

    def __missing__(self, name: str) -> type[Later]:
        if name in models.HOMES:
            return _later(name)
        raise KeyError(name)


def choices(kind: Any) -> tuple[Any, ...]:
    """Return the ``X`` and ``Y`` of ``X | Y | None``, and what is no union alone.

    Absence is a matter of the member, not of its value.
    """
    if get_origin(kind) not in {Union, UnionType}:
        return (kind,)
    return tuple(one for one in get_args(kind) if one is not type(None))


def members_of(kind: type[Model]) -> tuple[tuple[str, str, Any, Any], ...]:
    """Return the Python name, the wire name, the type and the default of each member of a model."""
    # Its own name, too, is looked up when it is met: a schema holds schemas.
    names = _Names(vars(sys.modules[kind.__module__]) | {kind.__name__: _later(kind.__name__)})
    hints = get_type_hints(kind, localns=names, include_extras=True)
    return tuple(
        (one.name, camel(one.name), hints[one.name], one.default)
        for one in fields(kind)
        if one.name != "extra"
    )


def origin(kind: Any) -> object:
    """Return the class behind a generic alias, as an object that can be compared with any."""
    found: object = get_origin(kind)
    return found


def is_later(kind: Any) -> bool:
    """Tell what stands for a rare model or enum."""
    return isinstance(kind, type) and issubclass(kind, Later)


def is_model(kind: Any) -> bool:
    """Tell a class of models."""
    return isinstance(kind, type) and issubclass(kind, Model)


def is_sent(kind: Any) -> bool:
    """Tell a class of models that may stand for what was sent."""
    return isinstance(kind, type) and issubclass(kind, Sent)
