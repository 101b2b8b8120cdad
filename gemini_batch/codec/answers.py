"""Bytes straight to the answers of a batch, where they are as the service most often writes them.

Whatever is unusual is declined, and is read by the hooks, which say what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Literal, TypeAlias, TypeVar

import msgspec

from ..models.sent import Sent
from ..rawjson import REFUSALS
from .converter import CONVERTER
from .shapes import Shape, Shapes

S = TypeVar("S", bound=Sent)


class Line(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A line that holds a key and an answer, and nothing else."""

    key: str
    response: Shape


class AnswerReader(Generic[S]):
    """Decodes answers of one kind; ``hook`` makes models of them.

    What is refused may have rare members, and is decoded ``again`` with all there are. After one
    was met they are known from the first: most batches have none, and need not load what they are
    made of.
    """

    def __init__(self, kind: type[S]) -> None:
        self._kind = kind
        self.hook: Callable[[Shape, type[S]], S] = CONVERTER.get_structure_hook(kind)
        self.decode, self.decode_line = _decoders(kind, rare=False)
        self._with_rare: _Decoders | None = None

    def answer(self, data: bytes | msgspec.Raw) -> S | None:
        """Decode an answer, or decline it."""
        shape: Shape | None
        try:
            shape = self.decode(data)
        except msgspec.ValidationError:
            shape = self._again(0, data)
        except REFUSALS:
            return None
        return None if shape is None else self.hook(shape, self._kind)

    def line_again(self, text: bytes) -> Line | None:
        """Decode a line that ``decode_line`` refuses, or decline it."""
        line: Line | None = self._again(1, text)
        return line

    def _again(self, way: Literal[0, 1], data: bytes | msgspec.Raw) -> Any:
        if self._with_rare is None:
            self._with_rare = _decoders(self._kind, rare=True)
        try:
            found = self._with_rare[way](data)
        except REFUSALS:
            return None
        self.decode, self.decode_line = self._with_rare
        return found


_Decoders: TypeAlias = tuple[Callable[[Any], Shape], Callable[[Any], Line]]


def _decoders(kind: type[Sent], *, rare: bool) -> _Decoders:
    """Return what decodes an answer, and a line of one."""
    shape, _ = Shapes(rare=rare).of(kind)
    line: Any = msgspec.defstruct(
        "Line", [("response", shape)], bases=(Line,), forbid_unknown_fields=True, gc=False
    )
    return msgspec.json.Decoder(shape).decode, msgspec.json.Decoder(line).decode


class _Readers(dict[Any, AnswerReader[Any]]):
    """The readers in use, by what they read."""

    def __missing__(self, kind: Any) -> AnswerReader[Any]:
        reader = self[kind] = AnswerReader(kind)
        return reader


READERS = _Readers()
