"""The line reader: any pieces give the lines of the whole, and every byte is accounted for.

An input is a header (how the bytes are cut, and how long a line may be) and the bytes.
"""

from collections.abc import Iterator
from itertools import pairwise

from gemini_batch.index import BOM, Indexer, Kind
from gemini_batch.jsonl import MAX_LINE, Line, LineSplitter
from gemini_batch.spool import MemorySpool

HEADER = 8
WORDS = (b"\n", b"\r\n", b"\r", BOM, b"\0", "\u2028".encode(), "\u0085".encode(), b"\x0b", b"\x1c")
MOST = 64
"""Pieces of an input, about: more of them take time and show nothing new."""
BLANK = b" \t\r\x0b\x0c"
"""What a line may hold that holds nothing."""


def seeds() -> Iterator[bytes]:
    """Yield files that differ in all that a reader of lines may get wrong."""
    rows = [b'{"key":"%d","response":{"candidates":[]}}' % number for number in range(4)]
    wholes = [
        b"",
        b"\n",
        b"\r\n\n \t\r\n",
        b"\n".join(rows),
        b"".join(row + b"\r\n" for row in rows),
        BOM + b"\n\n".join(rows) + b"\n",
        BOM,
        BOM + b" \r\n" + BOM + rows[0],
        rows[0] + "\u2028\u0085\x1c\x0b\x0c\r\r".encode() + rows[1] + b"\r",
        b"a" * 300 + b"\n" + b"b" * 20 + b"\n" + b"c" * 90,
    ]
    headers = [b"\xff", b"\xff\1", b"\x14\3", b"\x28\0\1\2\3\5\x08\x0d", b"\0\2"]
    for whole in wholes:
        for header in headers:
            yield header.ljust(HEADER, b"\0") + whole


def check(data: bytes) -> None:
    """Hold the line reader, and what the index makes of its lines, against the whole."""
    header, whole = data[:HEADER].ljust(HEADER, b"\0"), data[HEADER:]
    limit = MAX_LINE if header[0] == 0xFF else header[0]
    pieces = cut(whole, header)

    lines = split(pieces, limit)

    assert split([whole], limit) == lines, "it matters where the bytes are cut"
    assert taken(pieces, limit) == lines, "lines taken at once are others"
    texts = whole.split(b"\n")
    ends = len(texts) - 1
    if not texts[-1]:
        texts.pop()
    assert texts == [whole[one.offset : one.offset + one.length] for one in lines]
    kept = [text if len(text) <= limit else None for text in texts]
    assert kept == [one.text for one in lines], "what is kept is not what is within the limit"
    assert len(whole) == sum(one.length for one in lines) + ends, "bytes are lost or made up"
    check_index(pieces, limit, texts)


def cut(whole: bytes, header: bytes) -> list[bytes]:
    """Cut bytes into pieces: all of a size, or at places anywhere; some may be empty."""
    if size := header[1]:
        bounds = [*range(0, len(whole), max(size, len(whole) // MOST)), len(whole)]
    else:
        places = sorted(place * 7 % (len(whole) + 1) for place in header[2:])
        bounds = [0, *places, len(whole)]
    return [whole[start:end] for start, end in pairwise(bounds)]


def split(pieces: list[bytes], limit: int) -> list[Line]:
    """Return all lines of bytes that come in pieces; never is more kept than the limit."""
    splitter = LineSplitter(limit)
    lines: list[Line] = []
    for piece in pieces:
        lines += splitter.feed(piece)
        assert len(splitter._begun) <= limit, "more is kept in memory than the limit"
    lines += splitter.finish()
    assert [] == [*splitter.finish()], "the last line ends twice"
    return lines


def taken(pieces: list[bytes], limit: int) -> list[Line]:
    """Return the same lines, taken at once where that is possible."""
    splitter = LineSplitter(limit)
    lines: list[Line] = []
    for piece in pieces:
        found = splitter.take(piece)
        if found is None:
            lines += splitter.feed(piece)
        else:
            offset, texts = found
            for text in texts:
                lines.append(Line(offset, len(text) - 1, text[:-1]))
                offset += len(text)
        assert len(splitter._begun) <= limit, "more is kept in memory than the limit"
    lines += splitter.finish()
    return lines


def check_index(pieces: list[bytes], limit: int, texts: list[bytes]) -> None:
    """Hold that the index has all lines but blank ones, each without a mark, at its number."""
    spool = MemorySpool()
    indexer = Indexer(spool)
    indexer._lines = LineSplitter(limit)
    for piece in pieces:
        indexer.feed(piece)
    indexer.finish()
    while indexer.settle():
        pass
    index = indexer.index()

    expected: list[tuple[int, bytes, bool]] = []
    for number, text in enumerate(texts, 1):
        skipped = len(text) > limit
        bare = text.removeprefix(BOM) if number == 1 and not skipped else text
        if skipped or bare.strip(BLANK):
            expected.append((number, bare, skipped))
    found = [
        (
            index.line_number(ordinal),
            spool.read(index.offsets[ordinal], index.lengths[ordinal]),
            index.lengths[ordinal] > limit,
        )
        for ordinal in range(len(index))
    ]
    assert expected == found
    assert len(texts) == len(index) + indexer._blank, "a line is neither a result nor blank"
    for ordinal, (_, _, skipped) in enumerate(expected):
        assert not skipped or index.kinds[ordinal] == Kind.MALFORMED, "a line too long was read"
