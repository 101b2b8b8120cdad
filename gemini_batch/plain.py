"""Lines that are plainly results, opened many at a time: key and kind, and nothing else.

What a line is, says :func:`~gemini_batch.index.open_envelope`; here it is said of most lines, in a
fraction of the time, and of no line otherwise. Whatever is odd about a line is left to that: a key
that is no string or comes from the metadata, an answer that is missing or null, a line without a
result, one that may have two keys, and all that the parser refuses.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

_NOTHING = msgspec.Raw(b"")
_NULL = len(b"null")

_ESCAPED_LETTERS = (b"\\u006", b"\\u0079")
"""How the letters of ``key`` begin where they are escaped, which spells the same name."""

_FRAME = len(b'{"key":"","response":}\n')
_LESS = len(b"response") - len(b"error")
_TWO_KEYS = len(b'"key":"",')
"""Bytes around a key and what came of it at least, and how many more a second key takes."""


class _Plain(msgspec.Struct, gc=False):
    """A line of a key that is a string, and what came of it; of metadata only ``null``."""

    key: str
    response: msgspec.Raw = _NOTHING
    error: msgspec.Raw = _NOTHING
    metadata: None = None


_decode = msgspec.json.Decoder(_Plain).decode
_REFUSALS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Opened(NamedTuple):
    """The keys of lines, how long the lines are with their ends, and which hold an error."""

    keys: list[str]
    sizes: list[int]
    failed: bytes


def may_name_two_keys(text: bytes) -> bool:
    """Tell whether to look closely for a second key: most often there is one deeper down."""
    return text.count(b'"key"') > 1 or any(one in text for one in _ESCAPED_LETTERS)


def open_plain(lines: list[bytes], *, all_ascii: bool) -> Opened | None:
    """Open lines, each with its end, or return ``None`` if one of them is not plain."""
    try:
        members = list(map(_decode, lines))
    except _REFUSALS:
        return None
    keys = [one.key for one in members]
    # An error wins. What is longer than null is not null; and what is not is looked at elsewhere.
    told = [len(one.response if one.error is _NOTHING else one.error) for one in members]
    if min(told) <= _NULL:
        return None
    sizes = list(map(len, lines))
    failed = bytes([one.error is not _NOTHING for one in members])
    # Each line has a frame. If there is not enough beside them for one more key, no line has it.
    frames = _FRAME * len(lines) - _LESS * failed.count(1)
    if sum(sizes) - sum(told) - sum(map(len, keys)) - frames >= _TWO_KEYS:
        for line, size, most, key in zip(lines, sizes, told, keys, strict=True):
            if size - most - len(key) - _FRAME >= _TWO_KEYS - _LESS and may_name_two_keys(line):
                return None
    if not all_ascii and not _is_text(lines):
        return None
    return Opened(keys, sizes, failed)


def _is_text(lines: list[bytes]) -> bool:
    # The parser passes over answers without a look at what is UTF-8.
    try:
        for line in lines:
            if not line.isascii():
                line.decode()
    except UnicodeDecodeError:
        return False
    return True
