"""``File`` of the Files API: https://ai.google.dev/api/files."""

from __future__ import annotations

from datetime import timedelta

from attrs import field, frozen

from .base import Int64, Model, OpenEnum, Timestamp, as_duration
from .status import Status


class FileSource(OpenEnum):
    """Where a file came from."""

    UPLOADED = "UPLOADED"
    GENERATED = "GENERATED"
    REGISTERED = "REGISTERED"


class FileState(OpenEnum):
    """Whether a file can be used yet."""

    PROCESSING = "PROCESSING"
    ACTIVE = "ACTIVE"
    FAILED = "FAILED"


@frozen
class VideoFileMetadata(Model):
    """How long a video is; the picture (base64) was sent with files of 2024."""

    video_duration: timedelta | None = field(default=None, converter=as_duration)
    video_thumbnail_bytes: str | None = field(default=None, repr=False)


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
    source: FileSource | None = None
    error: Status | None = None
    video_metadata: VideoFileMetadata | None = None


@frozen
class CreateFileRequest(Model):
    """What begins an upload."""

    file: File | None = None


@frozen
class CreateFileResponse(Model):
    """What ends an upload."""

    file: File | None = None


@frozen
class ListFilesResponse(Model):
    """A page of files."""

    files: tuple[File, ...] = ()
    next_page_token: str | None = None


def name_of(file: str | File) -> str:
    """Return the name of a file, which may be given by its name alone."""
    return file.name if isinstance(file, File) else file
