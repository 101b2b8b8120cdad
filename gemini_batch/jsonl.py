"""Bytes to lines. A line ends at a line feed and nowhere else, and none is ever an error here."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import NamedTuple

MAX_LINE = 1 << 30
"""Bytes of one line: images make lines of many megabytes."""


class Line(NamedTuple):
    """A line without its end: where it begins, how long it is, and its bytes.

    The bytes are ``None`` where the line is longer than the limit; it is not kept in memory.
    """

    offset: int
    length: int
    text: bytes | None


class LineSplitter:
    """Pieces of any size in, whole lines out, in linear time and bounded memory."""

    def __init__(self, max_line: int = MAX_LINE) -> None:
        self._max_line = max_line
        self._begun = bytearray()
        self._length = 0  # of the line begun, which may be more than is kept of it
        self._offset = 0

    def feed(self, piece: bytes) -> Iterator[Line]:
        """Return the lines that end in this piece."""
        start = 0
        while (end := piece.find(b"\n", start)) >= 0:
            if not self._length and end - start <= self._max_line:
                line = Line(self._offset, end - start, piece[start:end])
                self._offset += end - start + 1
                yield line
            else:
                self._keep(piece, start, end)
                yield self._end(ended_by=1)
            start = end + 1
        self._keep(piece, start, len(piece))

    def take(self, piece: bytes) -> tuple[int, list[bytes]] | None:
        """Return the same lines at once: where the first begins, and all of them with their ends.

        ``None`` where one of them may be too long, or the limit makes it hard to say: then nothing
        was taken, and it is for :meth:`feed`.
        """
        if self._length + len(piece) > self._max_line:
            return None
        if b"\n" not in piece:
            self._keep(piece, 0, len(piece))
            return self._offset, []
        lines = BytesIO(piece).readlines()  # ended by line feeds alone, and found by memchr
        begun = b"" if lines[-1].endswith(b"\n") else lines.pop()
        offset = self._offset
        self._offset += self._length + len(piece) - len(begun)
        if self._length:
            self._begun += lines[0]
            lines[0] = bytes(self._begun)
        self._begun[:] = begun
        self._length = len(begun)
        return offset, lines

    def finish(self) -> Iterator[Line]:
        """Return the last line, if the bytes do not end with the end of a line."""
        if self._length:
            yield self._end(ended_by=0)

    def _keep(self, piece: bytes, start: int, end: int) -> None:
        self._length += end - start
        if self._length <= self._max_line:
            self._begun += memoryview(piece)[start:end]
        else:
            self._begun.clear()

    def _end(self, ended_by: int) -> Line:
        text = bytes(self._begun) if self._length <= self._max_line else None
        line = Line(self._offset, self._length, text)
        self._offset += self._length + ended_by
        self._begun.clear()
        self._length = 0
        return line
