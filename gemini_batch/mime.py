"""The type of a file by its name, the same on every machine."""

from __future__ import annotations

from mimetypes import MimeTypes

from .errors import UsageError

_LATER = {
    ".flac": "audio/flac",
    ".heic": "image/heic",
    ".heif": "image/heif",
    ".jsonl": "application/jsonl",
    ".m4a": "audio/m4a",
    ".md": "text/markdown",
    ".webp": "image/webp",
}
"""What the standard library does not know in all of its versions, or in the service's words."""


def mime_type_of(name: str) -> str:
    """Return the type that the ending of a name stands for; no guess is made without one.

    The tables of the operating system are left alone, because they differ.
    """
    _, dot, ending = name.rpartition(".")
    known = MimeTypes(filenames=())
    found = _LATER.get(f".{ending.lower()}") or known.guess_type(f"file{dot}{ending}")[0]
    if not dot or found is None:
        what = ascii(name) if name else "bytes"
        raise UsageError(f"the type of {what} cannot be told by a name: give mime_type=…")
    return found
