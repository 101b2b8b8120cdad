"""In which form answers come: https://ai.google.dev/api/generate-content#GenerationConfig."""

from __future__ import annotations

from typing import Any

from attrs import field, frozen

from .base import Model, OpenEnum


@frozen
class ImageConfig(Model):
    """The shape and size of pictures: ``aspect_ratio="16:9"``, ``image_size="2K"``."""

    aspect_ratio: str | None = None
    image_size: str | None = None


class Delivery(OpenEnum):
    """Whether media come within the answer, or at an address."""

    INLINE = "INLINE"
    URI = "URI"


class AudioMimeType(OpenEnum):
    """The form of sound."""

    MP3 = "AUDIO_MP3"
    OGG_OPUS = "AUDIO_OGG_OPUS"
    L16 = "AUDIO_L16"
    WAV = "AUDIO_WAV"
    ALAW = "AUDIO_ALAW"
    MULAW = "AUDIO_MULAW"


class ImageMimeType(OpenEnum):
    """The form of a picture."""

    JPEG = "IMAGE_JPEG"


class TextMimeType(OpenEnum):
    """The form of a text."""

    APPLICATION_JSON = "APPLICATION_JSON"
    TEXT_PLAIN = "TEXT_PLAIN"


class AspectRatio(OpenEnum):
    """The shape of a picture, its width first."""

    ONE_BY_ONE = "ASPECT_RATIO_ONE_BY_ONE"
    TWO_BY_THREE = "ASPECT_RATIO_TWO_BY_THREE"
    THREE_BY_TWO = "ASPECT_RATIO_THREE_BY_TWO"
    THREE_BY_FOUR = "ASPECT_RATIO_THREE_BY_FOUR"
    FOUR_BY_THREE = "ASPECT_RATIO_FOUR_BY_THREE"
    FOUR_BY_FIVE = "ASPECT_RATIO_FOUR_BY_FIVE"
    FIVE_BY_FOUR = "ASPECT_RATIO_FIVE_BY_FOUR"
    NINE_BY_SIXTEEN = "ASPECT_RATIO_NINE_BY_SIXTEEN"
    SIXTEEN_BY_NINE = "ASPECT_RATIO_SIXTEEN_BY_NINE"
    TWENTY_ONE_BY_NINE = "ASPECT_RATIO_TWENTY_ONE_BY_NINE"
    ONE_BY_EIGHT = "ASPECT_RATIO_ONE_BY_EIGHT"
    EIGHT_BY_ONE = "ASPECT_RATIO_EIGHT_BY_ONE"
    ONE_BY_FOUR = "ASPECT_RATIO_ONE_BY_FOUR"
    FOUR_BY_ONE = "ASPECT_RATIO_FOUR_BY_ONE"


class ImageSize(OpenEnum):
    """The size of a picture."""

    FIVE_TWELVE = "IMAGE_SIZE_FIVE_TWELVE"
    ONE_K = "IMAGE_SIZE_ONE_K"
    TWO_K = "IMAGE_SIZE_TWO_K"
    FOUR_K = "IMAGE_SIZE_FOUR_K"


@frozen
class TextResponseFormat(Model):
    """How a text comes: as JSON of a ``schema`` (JSON Schema), or plain."""

    mime_type: TextMimeType | str | None = None
    schema: Any = field(default=None, hash=False)


@frozen
class ImageResponseFormat(Model):
    """How a picture comes."""

    mime_type: ImageMimeType | str | None = None
    aspect_ratio: AspectRatio | str | None = None
    image_size: ImageSize | str | None = None
    delivery: Delivery | str | None = None


@frozen
class AudioResponseFormat(Model):
    """How sound comes: ``bit_rate`` in bits a second, ``sample_rate`` in hertz."""

    mime_type: AudioMimeType | str | None = None
    bit_rate: int | None = None
    sample_rate: int | None = None
    delivery: Delivery | str | None = None


@frozen
class ResponseFormatConfig(Model):
    """How an answer comes, by what it is."""

    text: TextResponseFormat | None = None
    image: ImageResponseFormat | None = None
    audio: AudioResponseFormat | None = None
