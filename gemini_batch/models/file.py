"""``File`` of the Files API: https://ai.google.dev/api/files."""

from __future__ import annotations

from attrs import frozen

from .base import Int64, Model, OpenEnum, Timestamp
from .status import Status


class FileState(OpenEnum):
    """Whether a file can be used yet."""

    PROCESSING = "PROCESSING"
    ACTIVE = "ACTIVE"
    FAILED = "FAILED"


@frozen
class File(Model):
    """A file at the service, which keeps it for 48 hours from the start of its upload.

    ``sha256_hash`` is base64 of the *hexadecimal text* of the digest, as the service writes it.
    """

    name: str = ""
    display_name: str | None = None
    mime_type: str | None = None
    size_bytes: Int64 | None = None
    create_time: Timestamp | None = None
    update_time: Timestamp | None = None
    expiration_time: Timestamp | None = None
    sha256_hash: str | None = None
    uri: str | None = None
    download_uri: str | None = None
    state: FileState | None = None
    source: str | None = None
    error: Status | None = None


def name_of(file: str | File) -> str:
    """Return the name of a file, which may be given by its name alone."""
    return file.name if isinstance(file, File) else file
