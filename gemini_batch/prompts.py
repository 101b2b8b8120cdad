"""One prompt to one request of the API, checked before anything is sent."""

from __future__ import annotations

from typing import Any, TypeAlias, cast

from attrs import evolve

from .errors import UsageError
from .models.content import Content, Part
from .models.generation import GenerateContentRequest, GenerationConfig

Prompt: TypeAlias = str | GenerateContentRequest
"""One prompt: a text, or a request with everything that shapes the answer."""

_BYTES_PER_TOKEN = 4
_EXPECTED_TOKENS = 2048
_IMAGE_BYTES = 3 << 20


def generation(prompt: object, where: str) -> GenerateContentRequest:
    """Return the request for a prompt; :class:`~gemini_batch.UsageError` says what is wrong."""
    if isinstance(prompt, str):
        if not prompt:
            raise UsageError(f"{where}: the prompt is empty")
        return GenerateContentRequest.of(prompt)
    if not isinstance(prompt, GenerateContentRequest):
        raise UsageError(
            f"{where}: a prompt is a str or a GenerateContentRequest, not {_kind(prompt)}"
        )
    if not prompt.contents:
        raise UsageError(f"{where}: contents is empty")
    for index, content in enumerate(prompt.contents):
        require_parts(content, f"{where}: contents[{index}]")
    if prompt.system_instruction is not None:
        require_parts(prompt.system_instruction, f"{where}: system_instruction")
    _require_config(prompt.generation_config, f"{where}: generation_config")
    if prompt.model is not None and "/" not in prompt.model:
        return evolve(prompt, model=f"models/{prompt.model}")
    return prompt


def require_parts(content: object, where: str) -> None:
    """Refuse a content without parts, or with empty ones, which the service would not take."""
    if not isinstance(content, Content):
        raise UsageError(f"{where} is not a Content but {_kind(content)}")
    if not content.parts:
        raise UsageError(f"{where}.parts is empty")
    for index, part in enumerate(cast("tuple[object, ...]", content.parts)):
        if not isinstance(part, Part):
            raise UsageError(f"{where}.parts[{index}] is not a Part but {_kind(part)}")
        if part.text == "":
            raise UsageError(f"{where}.parts[{index}].text is empty")


def _require_config(config: object, where: str) -> None:
    if config is not None and not isinstance(config, GenerationConfig):
        raise UsageError(f"{where} is not a GenerationConfig but {_kind(config)}")
    for name in ("max_output_tokens", "candidate_count"):
        value = getattr(config, name, None)
        if not isinstance(value, int | None):
            raise UsageError(f"{where}.{name} is not an int but {_kind(value)}")


def expected_bytes(request: GenerateContentRequest) -> int:
    """Guess the size of an answer, to choose how it had better come back."""
    config: Any = request.generation_config
    if config is None:
        return _BYTES_PER_TOKEN * _EXPECTED_TOKENS
    size = _BYTES_PER_TOKEN * (config.max_output_tokens or _EXPECTED_TOKENS)
    if any(modality != "TEXT" for modality in config.response_modalities):
        size += _IMAGE_BYTES
    return size * (config.candidate_count or 1)


def _kind(value: object) -> str:
    return type(value).__name__
