"""Bytes to models and back, over one cattrs converter.

proto3 JSON is read as its specification allows (camelCase or snake_case, 64-bit integers as
strings or numbers, ``null`` as absent), and written as the API documents it (camelCase, without
what is not given). Nothing is coerced: what does not fit is a :class:`~gemini_batch.ProtocolError`
that names the place.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from ..errors import ProtocolError
from ..rawjson import parse
from ..text import printable
from . import reading, writers
from .answers import LONG_LINE, READERS, AnswerLine
from .converter import CONVERTER
from .layout import camel, is_sent
from .mismatch import MismatchError
from .writing import json_of, require_json

__all__ = [
    "LONG_LINE",
    "READERS",
    "AnswerLine",
    "camel",
    "decode",
    "encode",
    "structure",
    "unstructure",
    "write",
]

T = TypeVar("T")


def decode(data: bytes | msgspec.Raw, kind: type[T]) -> T:
    """Return the model that ``data`` describes."""
    answer = READERS[kind].answer(data) if is_sent(kind) else None
    return structure(parse(data), kind) if answer is None else answer


def structure(tree: object, kind: type[T]) -> T:
    """Return the model that plain JSON describes."""
    try:
        return CONVERTER.structure(tree, kind)
    except MismatchError as mismatch:
        raise ProtocolError(str(mismatch)) from None
    except RecursionError:
        raise ProtocolError("nested too deeply") from None


def unstructure(model: object) -> Any:
    """Return plain JSON, camelCase, without the members that are ``None`` or an empty sequence.

    Raises ``ValueError`` with the path of a number that JSON cannot hold.
    """
    try:
        return CONVERTER.unstructure(model)
    except MismatchError as mismatch:
        raise ValueError(str(mismatch)) from None
    except RecursionError:
        raise ValueError("not JSON: nested too deeply, or within itself") from None


def encode(model: object) -> bytes:
    """Return compact JSON on one line; ``ValueError`` with the path of what JSON cannot hold."""
    return write(unstructure(model))


def write(tree: object) -> bytes:
    """Return plain JSON, which may hold what is encoded already, as :func:`encode` does."""
    try:
        return json_of(tree)
    except (TypeError, ValueError, RecursionError) as refused:
        reason = f"not JSON: {printable(str(refused), 200)}"
    try:
        require_json(tree)
    except (MismatchError, RecursionError) as found:
        reason = str(found)
    raise ValueError(reason)


reading.register()
writers.register()
