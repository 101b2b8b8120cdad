"""Models that stand for what was sent: a member is made when it is first touched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Protocol, TypeVar

from .base import Model


class Message(Protocol):
    """What was sent, checked: ``makers`` make of it the members of its model, by their names."""

    makers: ClassVar[Mapping[str, Callable[[Any], Any]]]


class Sent(Model):
    """A model that may stand for what was sent: each member is made when it is first touched."""

    __slots__ = ("_sent",)
    _sent: Message


sent_of: Callable[[Any], Any] = vars(Sent)["_sent"].__get__
set_sent: Callable[[Any, Message], None] = vars(Sent)["_sent"].__set__
new: Callable[[Any], Any] = object.__new__

S = TypeVar("S", bound=Sent)


def sent_as(kind: type[S], message: Message) -> S:
    """Return the model that stands for what was sent."""
    model: S = new(kind)
    set_sent(model, message)
    return model


def as_sent(model: S) -> S:
    """Return what has the members of a model, and need not make any.

    In what was sent, an enum is text, and what is absent is ``None``.
    """
    try:
        found: S = sent_of(model)
    except AttributeError:
        return model
    return found


def _touch(model: Sent, name: str) -> Any:
    """Make a member that was not touched before: Python asks for it where a slot is empty.

    Of two threads that touch it first at once, each may get one of its own; they are equal.
    """
    try:
        sent = sent_of(model)
        make = sent.makers[name]
    except (AttributeError, KeyError):
        message = f"{type(model).__name__!r} object has no attribute {name!r}"
        raise AttributeError(message, name=name, obj=model) from None
    value = make(sent)
    object.__setattr__(model, name, value)
    return value


# Not in the class, where it would tell a type checker that every name is that of a member.
setattr(Sent, "__getattr__", _touch)  # noqa: B010 - checkers read assignments, too

LONG = {"long": True}
"""Marks a member whose text may be megabytes long: it is decoded when it is touched."""
