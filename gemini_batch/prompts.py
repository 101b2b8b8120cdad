"""One prompt to one request of the API, checked before anything is sent."""

from __future__ import annotations

from math import inf, isfinite
from typing import Any, TypeAlias, cast

from attrs import evolve

from .errors import UsageError
from .models.config import GenerationConfig, ThinkingConfig
from .models.content import Content, Part
from .models.generation import GenerateContentRequest

Prompt: TypeAlias = str | GenerateContentRequest
"""One prompt: a text, or a request with everything that shapes the answer."""

_BYTES_PER_TOKEN = 4
_EXPECTED_TOKENS = 2048
_IMAGE_BYTES = 3 << 20

_BESIDE_CACHED = ("system_instruction", "tools", "tool_config")
"""What is cached with a content, and refused beside one."""

_RANGES = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "max_output_tokens": (1, inf),
    "candidate_count": (1, inf),
}
"""Between which numbers these are: https://ai.google.dev/api/generate-content#generationconfig."""

STOP_SEQUENCES = 5
"""How many of them a request may have."""


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
    require_members(prompt, where)
    if prompt.model is not None and "/" not in prompt.model:
        return evolve(prompt, model=f"models/{prompt.model}")
    return prompt


def require_members(request: GenerateContentRequest, where: str) -> None:
    """Refuse what is known to be refused of all that goes with the contents of a request."""
    if request.system_instruction is not None:
        require_parts(request.system_instruction, f"{where}: system_instruction")
    _require_config(request.generation_config, f"{where}: generation_config")
    if request.cached_content is not None:
        for name in _BESIDE_CACHED:
            if getattr(request, name):
                raise UsageError(
                    f"{where}: cached_content and {name} exclude each other: the service refuses "
                    "what is not cached with the content"
                )


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
    if config is None:
        return
    for name in ("max_output_tokens", "candidate_count"):
        value: object = getattr(config, name)
        if not isinstance(value, int | None):
            raise UsageError(f"{where}.{name} is not an int but {_kind(value)}")
    for name, (least, most) in _RANGES.items():
        value = getattr(config, name)
        if isinstance(value, int | float) and isfinite(value) and not least <= value <= most:
            bounds = f"{least} or more" if most == inf else f"between {least} and {most}"
            raise UsageError(f"{where}.{name} is {bounds}, not {value}")
    if len(config.stop_sequences) > STOP_SEQUENCES:
        raise UsageError(
            f"{where}.stop_sequences are {STOP_SEQUENCES} at most, not {len(config.stop_sequences)}"
        )
    if config.response_schema is not None and config.response_json_schema is not None:
        raise UsageError(f"{where}: response_schema and response_json_schema exclude each other")
    thinking = config.thinking_config
    if not isinstance(thinking, ThinkingConfig):
        return  # none; or what the encoding refuses
    if thinking.thinking_budget is not None and thinking.thinking_level is not None:
        raise UsageError(
            f"{where}.thinking_config: thinking_budget and thinking_level exclude each other"
        )


def doubt_about(request: GenerateContentRequest) -> str | None:
    """Say what the service takes and does not do well; ``None`` where nothing of it is known."""
    config = request.generation_config
    if config is None or config.response_json_schema is None:
        return None
    return (
        "response_json_schema was seen to be answered with broken JSON in batches; "
        "response_schema is not"
    )


def expected_bytes(request: GenerateContentRequest) -> int:
    """Guess the size of an answer, to choose how it had better come back."""
    config: Any = request.generation_config
    if config is None:
        return _BYTES_PER_TOKEN * _EXPECTED_TOKENS
    size = _BYTES_PER_TOKEN * (config.max_output_tokens or _EXPECTED_TOKENS)
    modalities = config.response_modalities
    if modalities and any(modality != "TEXT" for modality in modalities):
        size += _IMAGE_BYTES
    return size * (config.candidate_count or 1)


def _kind(value: object) -> str:
    return type(value).__name__
