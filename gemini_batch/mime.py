"""The type of media by their name or content, the same on every machine and in every Python."""

from __future__ import annotations

import re

from .errors import UsageError

_TYPES = {
    "application/json": "json",
    "application/jsonl": "jsonl",
    "application/pdf": "pdf",
    "application/rtf": "rtf",
    "audio/aac": "aac",
    "audio/aiff": "aif aiff",
    "audio/flac": "flac",
    "audio/m4a": "m4a",
    "audio/mp3": "mp3",
    "audio/ogg": "ogg oga",
    "audio/wav": "wav",
    "image/gif": "gif",
    "image/heic": "heic",
    "image/heif": "heif",
    "image/jpeg": "jpg jpeg",
    "image/png": "png",
    "image/webp": "webp",
    "text/css": "css",
    "text/csv": "csv",
    "text/html": "html htm",
    "text/javascript": "js",
    "text/markdown": "md",
    "text/plain": "txt",
    "text/x-python": "py",
    "text/xml": "xml",
    "video/3gpp": "3gp 3gpp",
    "video/avi": "avi",
    "video/mov": "mov",
    "video/mp4": "mp4",
    "video/mpeg": "mpeg mpg",
    "video/webm": "webm",
    "video/wmv": "wmv",
    "video/x-flv": "flv",
}
"""The types that models read, and how the names of such files end.

https://ai.google.dev/gemini-api/docs/document-processing, and the pages on images, audio and video.
The tables of the standard library and of operating systems differ from each other.
"""

_BY_ENDING = {ending: kind for kind, endings in _TYPES.items() for ending in endings.split()}
_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}", re.ASCII)


def mime_type_of(name: str) -> str:
    """Return the type that the ending of a name stands for; no guess is made without one."""
    _, dot, ending = name.rpartition(".")
    found = _BY_ENDING.get(ending.lower()) if dot else None
    if found is None:
        what = ascii(name) if name else "bytes"
        raise UsageError(f"the type of {what} cannot be told by a name: give mime_type=…")
    return found


def require_mime_type(mime_type: object) -> str:
    """Return a type if it is one (RFC 6838 §4.2); it travels in a header."""
    if isinstance(mime_type, str) and _TYPE.fullmatch(mime_type):
        return mime_type
    raise UsageError(f"{mime_type!a} is not a MIME type, such as 'image/png'")


_MP4 = ("video/mp4", "audio/m4a", "video/3gpp")
_ANY_BRAND = (*_MP4, "video/mov", "image/heic", "image/heif")
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/avi"}
_BRANDS = {
    b"heic": ("image/heic",), b"heix": ("image/heic",), b"qt  ": ("video/mov",),
    b"mif1": ("image/heif", "image/heic"), b"msf1": ("image/heif", "image/heic"),
    b"M4A ": ("audio/m4a",), b"3gp4": ("video/3gpp",), b"3gp5": ("video/3gpp",),
    b"isom": _MP4, b"iso2": _MP4, b"mp41": _MP4, b"mp42": _MP4, b"avc1": ("video/mp4",),
}  # fmt: skip
"""What files of the ISO base media format are for, by the brand they begin with."""

_BEGINNINGS = {
    b"\x89PNG\r\n\x1a\n": ("image/png",),
    b"\xff\xd8\xff": ("image/jpeg",),
    b"GIF87a": ("image/gif",),
    b"GIF89a": ("image/gif",),
    b"%PDF-": ("application/pdf",),
    b"{\\rtf": ("application/rtf",),
    b"fLaC": ("audio/flac",),
    b"OggS": ("audio/ogg",),
    b"ID3\x02": ("audio/mp3",),
    b"ID3\x03": ("audio/mp3",),
    b"ID3\x04": ("audio/mp3",),
    b"\xff\xfa": ("audio/mp3",),
    b"\xff\xfb": ("audio/mp3",),
    b"\xff\xf2": ("audio/mp3",),
    b"\xff\xf3": ("audio/mp3",),
    b"\xff\xf1": ("audio/aac",),
    b"\xff\xf9": ("audio/aac",),
    b"FLV\x01": ("video/x-flv",),
    b"\x00\x00\x01\xba": ("video/mpeg",),
    b"\x00\x00\x01\xb3": ("video/mpeg",),
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11": ("video/wmv",),
}
"""How files of these types begin: text and its kin begin with anything."""

_EBML = b"\x1a\x45\xdf\xa3"
"""How WebM begins, and Matroska, which no model reads; which it is follows soon."""

_ALWAYS = frozenset(
    {
        *("image/png", "image/jpeg", "image/gif", "image/webp", "image/heic", "image/heif"),
        *("audio/wav", "audio/aiff", "audio/ogg", "video/avi", "video/webm", "video/x-flv"),
        "video/wmv",
    }
)
"""The types whose files begin in no other way."""

_BEFORE_PDF = 1024
"""Bytes within which a PDF has to begin, whatever comes before it."""


def types_by_content(data: bytes) -> tuple[str, ...]:
    """Return the types that media may be of by how they begin, the likeliest first; or none."""
    if data[:4] == b"RIFF" and (found := _RIFF.get(data[8:12])):
        return (found,)
    if data[:4] == b"FORM" and data[8:12] in {b"AIFF", b"AIFC"}:
        return ("audio/aiff",)
    if data[4:8] == b"ftyp":
        brand = _BRANDS.get(data[8:12])
        return _ANY_BRAND if brand is None else brand
    if data.startswith(_EBML):
        return ("video/webm",) if b"webm" in data[:64] else ()
    return next((types for begun, types in _BEGINNINGS.items() if data.startswith(begun)), ())


def media_type(data: bytes, name: str = "", given: str | None = None) -> str:
    """Return the type of media: the one given, or else what both content and name say.

    Raises:
        UsageError: The two contradict each other, or say nothing: no guess is made. That a
            picture is none, such as a page that tells of an error, is found here, too.
    """
    if given is not None:
        return require_mime_type(given)
    within = types_by_content(data)
    _, dot, ending = name.rpartition(".")
    named = _BY_ENDING.get(ending.lower()) if dot else None
    what = ascii(name) if name else f"these {len(data)} bytes"
    no_pdf = named == "application/pdf" and b"%PDF-" not in data[:_BEFORE_PDF]
    if named is not None and named not in within and (within or no_pdf or named in _ALWAYS):
        begins = f"begins as {within[0]}" if within else "does not begin as such"
        raise UsageError(
            f"{what} is named as {named}, and {begins}: if it is right, give mime_type=…"
        )
    if named is not None:
        return named
    if len(within) == 1:
        return within[0]
    seen = f"may be {', '.join(within)}" if within else "cannot be told by content or name"
    raise UsageError(f"the type of {what} {seen}: give mime_type=…")
