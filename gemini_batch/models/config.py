"""``GenerationConfig``, the knobs of a generation: https://ai.google.dev/api/generate-content#generationconfig."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from attrs import field, frozen

from .base import Model, OpenEnum, as_strings

if TYPE_CHECKING:
    from .formats import ImageConfig, ResponseFormatConfig
    from .media import MediaResolution
    from .schema import Schema
    from .speech import AudioTranscriptionConfig, SpeechConfig, TranslationConfig


class ThinkingLevel(OpenEnum):
    """How much a model thinks that has no budget for it."""

    MINIMAL = "MINIMAL"
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


class Modality(OpenEnum):
    """What a prompt or an answer is made of; video and documents are not to be had as answers."""

    TEXT = "TEXT"
    IMAGE = "IMAGE"
    VIDEO = "VIDEO"
    AUDIO = "AUDIO"
    DOCUMENT = "DOCUMENT"


@frozen
class ThinkingConfig(Model):
    """How much the model may think: a budget in tokens, or a level on newer models."""

    include_thoughts: bool | None = None
    thinking_budget: int | None = None
    thinking_level: ThinkingLevel | str | None = None


def as_schema(value: Schema | Mapping[str, Any] | object) -> Schema | Mapping[str, Any] | None:
    """Take a class in the place of its schema, too."""
    if value is None or isinstance(value, Model | Mapping):
        return cast("Schema | Mapping[str, Any] | None", value)
    from ..schema import schema_of  # noqa: PLC0415 - most requests have none

    return schema_of(value)


@frozen
class GenerationConfig(Model):
    """The knobs of a generation; what is ``None`` is left to the model's own default.

    ``response_schema`` is a subset of OpenAPI's, as a class (see :func:`~gemini_batch.schema_of`),
    as a :class:`~gemini_batch.Schema` or as plain JSON; it needs the ``response_mime_type``
    ``"application/json"``. ``response_json_schema`` is JSON Schema, which batches were seen to
    answer with broken JSON. ``logprobs`` is how many of the likeliest tokens are told at each
    step, if ``response_logprobs`` says that any are.
    """

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    max_output_tokens: int | None = None
    candidate_count: int | None = None
    stop_sequences: tuple[str, ...] = field(default=(), converter=as_strings)
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    response_mime_type: str | None = None
    response_schema: Schema | Mapping[str, Any] | None = field(
        default=None, converter=as_schema, hash=False
    )
    response_modalities: tuple[Modality | str, ...] = field(default=(), converter=as_strings)
    thinking_config: ThinkingConfig | None = None
    response_json_schema: Any = field(default=None, hash=False)
    response_format: ResponseFormatConfig | None = None
    response_logprobs: bool | None = None
    logprobs: int | None = None
    speech_config: SpeechConfig | None = None
    image_config: ImageConfig | None = None
    media_resolution: MediaResolution | str | None = None
    audio_transcription_config: AudioTranscriptionConfig | None = None
    translation_config: TranslationConfig | None = None
    enable_affective_dialog: bool | None = None
    enable_enhanced_civic_answers: bool | None = None
