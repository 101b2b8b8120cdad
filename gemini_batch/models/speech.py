"""Voices, transcripts and translations: https://ai.google.dev/api/generate-content#SpeechConfig."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import field, frozen

from .base import Model, OpenEnum, as_strings


@frozen
class PrebuiltVoiceConfig(Model):
    """A voice of the service, by its name."""

    voice_name: str | None = None


@frozen
class VoiceConfig(Model):
    """A voice."""

    prebuilt_voice_config: PrebuiltVoiceConfig | None = None


@frozen
class SpeakerVoiceConfig(Model):
    """Who speaks with which voice; ``speaker`` is the name that the prompt has for them."""

    speaker: str
    voice_config: VoiceConfig


def as_speakers(values: Iterable[SpeakerVoiceConfig]) -> tuple[SpeakerVoiceConfig, ...]:
    """Freeze a sequence of speakers."""
    return tuple(values)


@frozen
class MultiSpeakerVoiceConfig(Model):
    """The voices of several speakers."""

    speaker_voice_configs: tuple[SpeakerVoiceConfig, ...] = field(default=(), converter=as_speakers)


@frozen
class SpeechConfig(Model):
    """Which voice, or which voices, an answer is spoken with, and in which language."""

    voice_config: VoiceConfig | None = None
    multi_speaker_voice_config: MultiSpeakerVoiceConfig | None = None
    language_code: str | None = None


class TranscriptionMode(OpenEnum):
    """Whether every sound is written down, or what was meant."""

    VERBATIM = "VERBATIM"
    SMART = "SMART"


@frozen
class LanguageAuto(Model):
    """The language is found out."""


@frozen
class LanguageHints(Model):
    """Languages that are likely."""

    language_codes: tuple[str, ...] = field(default=(), converter=as_strings)


@frozen
class AudioTranscriptionConfig(Model):
    """How speech is written down."""

    mode: TranscriptionMode | str | None = None
    language_codes: tuple[str, ...] = field(default=(), converter=as_strings)
    language_auto: LanguageAuto | None = None
    language_hints: LanguageHints | None = None
    adaptation_phrases: tuple[str, ...] = field(default=(), converter=as_strings)
    custom_vocabulary: tuple[str, ...] = field(default=(), converter=as_strings)
    diarization: bool | None = None
    word_timestamp: bool | None = None


@frozen
class TranslationConfig(Model):
    """Into which language speech is translated."""

    target_language_code: str | None = None
    echo_target_language: bool | None = None
