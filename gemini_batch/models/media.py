"""How closely media are looked at, and which part of them: https://ai.google.dev/api/caching#VideoMetadata."""

from __future__ import annotations

from datetime import timedelta

from attrs import field, frozen

from .base import Model, OpenEnum, as_duration


class MediaProcessing(OpenEnum):
    """Whether media are looked at once, or as the model goes along."""

    STATIC = "STATIC"
    AGENTIC = "AGENTIC"


class MediaResolution(OpenEnum):
    """How closely the media of a request are looked at: closer costs more tokens."""

    LOW = "MEDIA_RESOLUTION_LOW"
    MEDIUM = "MEDIA_RESOLUTION_MEDIUM"
    HIGH = "MEDIA_RESOLUTION_HIGH"
    ULTRA_HIGH = "MEDIA_RESOLUTION_ULTRA_HIGH"


@frozen
class PartMediaResolution(Model):
    """How closely the media of one part are looked at (``v1main.MediaResolution``)."""

    level: MediaResolution | str | None = None


@frozen
class VideoMetadata(Model):
    """Which stretch of a video is looked at, and how many of its frames a second."""

    start_offset: timedelta | None = field(default=None, converter=as_duration)
    end_offset: timedelta | None = field(default=None, converter=as_duration)
    fps: float | None = None


@frozen
class FunctionResponseBlob(Model):
    """Media that a function of yours returned: ``data`` is base64, as it travels."""

    mime_type: str | None = None
    data: str | None = field(
        default=None, repr=lambda text: f"<{len(text or '')} characters of base64>"
    )


@frozen
class FunctionResponsePart(Model):
    """One piece of what a function of yours returned."""

    inline_data: FunctionResponseBlob | None = None
