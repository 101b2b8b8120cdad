"""Bytes straight to the answers of a batch, where they are as the service most often writes them.

Whatever is unusual is declined, and is read by the hooks, which say what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from ..models.sent import Sent
from ..rawjson import REFUSALS
from .converter import CONVERTER
from .shapes import Passage, Shape, Shapes

D = TypeVar("D")
S = TypeVar("S", bound=Sent)


LONG_LINE = 1 << 16
"""Bytes from which on a line is a long one."""


class AnswerLine(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A line that holds a key and an answer, and nothing else."""

    key: str
    response: Shape


class _Decoders(NamedTuple):
    """What decodes an answer, and a line of one."""

    answer: Callable[[Any], Shape]
    line: Callable[[Any], AnswerLine]


class AnswerReader(Generic[S]):
    """Decodes answers of one kind; ``hook`` makes models of them.

    What is refused may have rare members, and is decoded again with all there are. After one
    was met they are known from the first: most batches have none, and need not load what they are
    made of.
    """

    def __init__(self, kind: type[S]) -> None:
        self._kind = kind
        self.hook: Callable[[Shape, type[S]], S] = CONVERTER.get_structure_hook(kind)
        self.decode, self.decode_line = self._decoders(Shapes(rare=False))

    def answer(self, data: bytes | msgspec.Raw) -> S | None:
        """Decode an answer, or decline it."""
        shape: Shape | None
        try:
            shape = self.decode(data)
        except msgspec.ValidationError:
            shape = self._again(self._with_rare.answer, data)
        except REFUSALS:
            return None
        return None if shape is None else self.hook(shape, self._kind)

    def sound_line(self, text: bytes) -> AnswerLine:
        """Decode a long line that is known to be JSON; media in it are not gone through again."""
        passages, rest = _without_media(text)
        # What stands for one of them may stand there itself.
        if passages and all(rest.count(name) == 1 for name in passages):
            line = self.decode_line(rest)
            if _put_back(line.response, passages):
                return line
        return self.decode_line(text)

    def line_again(self, text: bytes) -> AnswerLine | None:
        """Decode a line that ``decode_line`` refuses, or decline it."""
        return self._again(self._with_rare.line, text)

    @cached_property
    def _with_rare(self) -> _Decoders:
        return self._decoders(Shapes(rare=True))

    def _again(self, decode: Callable[[Any], D], data: bytes | msgspec.Raw) -> D | None:
        try:
            found = decode(data)
        except REFUSALS:
            return None
        self.decode, self.decode_line = self._with_rare
        return found

    def _decoders(self, shapes: Shapes) -> _Decoders:
        """Return what decodes an answer, and a line of one."""
        shape, _ = shapes.of(self._kind)
        line: Any = msgspec.defstruct(
            "AnswerLine",
            [("response", shape)],
            bases=(AnswerLine,),
            forbid_unknown_fields=True,
            gc=False,
        )
        return _Decoders(msgspec.json.Decoder(shape).decode, msgspec.json.Decoder(line).decode)


_MEDIA = re.compile(rb'"data"\s*:\s*"')
"""What stands before media. No string holds it, where its quotes would be escaped."""


def _without_media(text: bytes) -> tuple[dict[bytes, Passage], bytes]:
    """Return long texts of members called ``data``, by what stands for them in the rest."""
    passages: dict[bytes, Passage] = {}
    pieces: list[bytes] = []
    begin = end = 0
    all_ascii = text.isascii()
    while (found := _MEDIA.search(text, end)) is not None:
        start = found.end()
        end = text.find(b'"', start)
        # Media are not copied to be looked at, unless other parts of the line are not ASCII.
        if (
            end - start < LONG_LINE
            or text.find(b"\\", start, end) >= 0
            or not (all_ascii or text[start:end].isascii())
        ):
            continue
        name = b"<%d>" % len(passages)
        passages[name] = Passage(text, start, end)
        pieces += (text[begin:start], name)
        begin = end
    return passages, b"".join([*pieces, text[begin:]])


def _put_back(response: Any, passages: Mapping[bytes, Passage]) -> bool:
    """Put passages where they belong; whether each of them was of a blob, and stands there."""
    blobs = [
        part.inline_data
        for candidate in getattr(response, "candidates", None) or ()
        for part in (candidate.content and candidate.content.parts) or ()
        if part.inline_data is not None
    ]
    count = 0
    for blob in blobs:
        passage = passages.get(bytes(blob.data)[1:-1])
        if passage is not None:
            blob.data = passage
            count += 1
    return count == len(passages)


class _Readers(dict[Any, AnswerReader[Any]]):
    """The readers in use, by what they read."""

    def __missing__(self, kind: Any) -> AnswerReader[Any]:
        reader = self[kind] = AnswerReader(kind)
        return reader


READERS = _Readers()
