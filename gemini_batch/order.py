"""The order of results: total, natural, and the same for every download.

Canonical decimals come first, by their value; then all other keys by their UTF-8 bytes, with each
run of ASCII digits compared as a number (``row-9`` before ``row-10``), and equal ones by their
bytes; results without a key last. Equal keys stay in the order of their arrival.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_DECIMAL = re.compile(rb"0|[1-9][0-9]*")
_DIGITS = re.compile(rb"([0-9]+)")
_END = b"\0\0"
_CANONICAL = b"\xff"
"""The tie of a key whose runs of digits are written as numbers are; no UTF-8 begins with it."""


def sort_key(key: str | None) -> bytes:
    """Return bytes that compare as the keys are ordered; different keys never compare equal."""
    if key is None:
        return b"\2"
    raw = key.encode("utf-8", "surrogatepass")
    if _DECIMAL.fullmatch(raw):
        return b"\0" + _sized(raw)
    # NUL is the end mark below; one within a key must sort after that, yet before all else.
    escaped = raw.replace(b"\0", b"\0\xff")
    parts = _DIGITS.split(escaped)
    digits = parts[1::2]
    parts[1::2] = map(_as_number, digits)
    # Keys that differ have the same parts only if zeros lead in one of them, or a run is zero.
    # Of the first kind it is the one without such zeros that has the largest bytes.
    zeros = any(run.startswith(b"0") for run in digits)
    tie = escaped + _END if zeros else _CANONICAL
    return b"\1" + b"".join(parts) + _END + tie


def _as_number(digits: bytes) -> bytes:
    # "0" stands for any digit among the other bytes; what follows compares by value.
    return b"0" + _sized(digits.lstrip(b"0"))


def _sized(digits: bytes) -> bytes:
    """Put the number of digits before them, so that longer numbers compare as larger ones."""
    size = len(digits)
    return (bytes([size]) if size < 255 else b"\xff" + size.to_bytes(8, "big")) + digits


_BETWEEN, _ZEROS, _SPACE = b"\xfe", b"\xfd", b"\xfc"
"""What stands between keys, after a run that begins with a zero, and for a space meanwhile.

No UTF-8 has these bytes, nor the length of a run.
"""
_ODD = (b"\0", b"\t", b"\r", b"\x0b", b"\x0c")
_ALL_BUT_DIGITS = bytes(byte if 48 <= byte < 58 else 32 for byte in range(256))
_ALL_BUT_TEXT = bytes(32 if 48 <= byte < 58 else byte for byte in range(256))
_LONGEST = 250
"""Digits of a run at most where keys are encoded many at a time: its size is one byte then."""
_REMEMBERED = 4
"""Digits of a run at most that is remembered: of longer ones there are too many."""


class _Runs(dict[bytes, bytes]):
    """How runs of digits are encoded, by themselves."""

    def __missing__(self, digits: bytes) -> bytes:
        head = _HEADS[len(digits)]  # IndexError for a run that is too long
        begins_with_zero = digits.startswith(b"0")
        encoded = _as_number(digits) + _ZEROS if begins_with_zero else head + digits
        if len(digits) <= _REMEMBERED:
            self[digits] = encoded
        return encoded


_HEADS = [b"0" + bytes([size]) for size in range(_LONGEST + 1)]
_RUNS = _Runs()


def sort_keys(keys: Sequence[str]) -> list[bytes]:
    """Return what :func:`sort_key` returns for each of many keys, none of which is a decimal.

    They are encoded as one text, unless one of them holds odd white space, NUL or a very long
    number.
    """
    raw = "\n".join(keys).encode("utf-8", "surrogatepass")
    joined = raw.replace(b" ", _SPACE).replace(b"\n", _END + _CANONICAL + _BETWEEN + b"\1")
    joined = b"\1%b%b" % (joined, _END + _CANONICAL)
    if any(odd in raw for odd in _ODD) or raw.count(b"\n") != len(keys) - 1:
        return list(map(sort_key, keys))
    texts = joined.translate(_ALL_BUT_TEXT).split()
    digits = joined.translate(_ALL_BUT_DIGITS).split()
    parts = [b""] * (len(texts) + len(digits))
    parts[::2] = texts  # no run begins or ends the whole, so that they take turns
    try:
        parts[1::2] = map(_RUNS.__getitem__, digits)
    except IndexError:
        return list(map(sort_key, keys))
    encoded = b"".join(parts).replace(_SPACE, b" ")
    found = encoded.split(_BETWEEN)
    if _ZEROS in encoded:
        cut = -len(_CANONICAL)
        for place, one in enumerate(found):
            if _ZEROS in one:
                tie = keys[place].encode("utf-8", "surrogatepass")
                found[place] = b"%b%b%b" % (one.replace(_ZEROS, b"")[:cut], tie, _END)
    return found
