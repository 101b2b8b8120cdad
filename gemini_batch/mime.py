"""The type of a file by its name, the same on every machine and in every version of Python."""

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
