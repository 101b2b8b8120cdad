"""Small pictures and sounds, for requests that ask for them."""

from __future__ import annotations

import base64
import struct
import zlib

from .wire import JsonObject

SIDE = 16
"""Pixels of a picture, each way."""
RATE = 24_000
"""Samples of a sound, each second."""
SAMPLES = RATE // 10


def picture(digest: bytes) -> JsonObject:
    """Return a PNG of one colour, which the digest decides, as an ``inlineData``.

    The format is that of https://www.w3.org/TR/png-3/.
    """
    row = b"\0" + digest[:3] * SIDE
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(row * SIDE)),
        (b"IEND", b""),
    )
    data = b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks)
    return {"mimeType": "image/png", "data": base64.b64encode(data).decode()}


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def sound(digest: bytes) -> JsonObject:
    """Return a tenth of a second of a square wave, which the digest tunes, as an ``inlineData``.

    Raw samples of 16 bits, as the speech models send them.
    """
    half = 20 + digest[0] % 40
    wave = (2_000 if at // half % 2 else -2_000 for at in range(SAMPLES))
    data = struct.pack(f"<{SAMPLES}h", *wave)
    return {
        "mimeType": f"audio/L16;codec=pcm;rate={RATE}",
        "data": base64.b64encode(data).decode(),
    }
