"""``GenerateContentRequest`` and its answer: https://ai.google.dev/api/generate-content."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from attrs import evolve, field, frozen

from ..errors import NoTextError
from .base import Model, OpenEnum, as_strings
from .content import Blob, Content, FunctionCall, Part
from .tools import Tool, as_tools


@frozen
class ThinkingConfig(Model):
    """How much the model may think: a budget in tokens, or a level on newer models."""

    include_thoughts: bool | None = None
    thinking_budget: int | None = None
    thinking_level: str | None = None


@frozen
class GenerationConfig(Model):
    """The knobs of a generation; what is ``None`` is left to the model's own default."""

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
    response_schema: Any = field(default=None, hash=False)
    response_modalities: tuple[str, ...] = field(default=(), converter=as_strings)
    thinking_config: ThinkingConfig | None = None


def as_contents(values: Iterable[Content]) -> tuple[Content, ...]:
    """Freeze a sequence of contents."""
    return tuple(values)


@frozen
class GenerateContentRequest(Model):
    """One prompt with everything that shapes its answer.

    Members that are not named here yet (``toolConfig``, ``safetySettings``, …) go into ``extra`` in
    the API's spelling.
    """

    contents: tuple[Content, ...] = field(default=(), converter=as_contents)
    system_instruction: Content | None = None
    generation_config: GenerationConfig | None = None
    tools: tuple[Tool, ...] = field(default=(), converter=as_tools)
    cached_content: str | None = None
    model: str | None = None

    @classmethod
    def of(cls, prompt: str, *, system: str | None = None, **config: Any) -> Self:
        """Return a request of one user message.

        ``config`` are members of :class:`GenerationConfig`: ``of("Hi", temperature=0.2)``.
        """
        return cls(
            (Content.user(prompt),),
            None if system is None else Content.system(system),
            GenerationConfig(**config) if config else None,
        )

    def with_model(self, model: str) -> Self:
        """Return the same request for another model."""
        return evolve(self, model=model)


class FinishReason(OpenEnum):
    """Why the model stopped."""

    STOP = "STOP"
    MAX_TOKENS = "MAX_TOKENS"
    SAFETY = "SAFETY"
    RECITATION = "RECITATION"
    LANGUAGE = "LANGUAGE"
    OTHER = "OTHER"
    BLOCKLIST = "BLOCKLIST"
    PROHIBITED_CONTENT = "PROHIBITED_CONTENT"
    SPII = "SPII"
    MALFORMED_FUNCTION_CALL = "MALFORMED_FUNCTION_CALL"
    IMAGE_SAFETY = "IMAGE_SAFETY"
    IMAGE_PROHIBITED_CONTENT = "IMAGE_PROHIBITED_CONTENT"
    IMAGE_OTHER = "IMAGE_OTHER"
    NO_IMAGE = "NO_IMAGE"
    IMAGE_RECITATION = "IMAGE_RECITATION"
    UNEXPECTED_TOOL_CALL = "UNEXPECTED_TOOL_CALL"
    TOO_MANY_TOOL_CALLS = "TOO_MANY_TOOL_CALLS"
    MISSING_THOUGHT_SIGNATURE = "MISSING_THOUGHT_SIGNATURE"
    MALFORMED_RESPONSE = "MALFORMED_RESPONSE"
    ESCALATION = "ESCALATION"


BLOCKED = frozenset(
    {
        FinishReason.SAFETY,
        FinishReason.RECITATION,
        FinishReason.BLOCKLIST,
        FinishReason.PROHIBITED_CONTENT,
        FinishReason.SPII,
        FinishReason.IMAGE_SAFETY,
        FinishReason.IMAGE_PROHIBITED_CONTENT,
        FinishReason.IMAGE_RECITATION,
    }
)
"""The finish reasons that withhold an answer."""


class BlockReason(OpenEnum):
    """Why a prompt was refused."""

    SAFETY = "SAFETY"
    OTHER = "OTHER"
    BLOCKLIST = "BLOCKLIST"
    PROHIBITED_CONTENT = "PROHIBITED_CONTENT"
    IMAGE_SAFETY = "IMAGE_SAFETY"


@frozen
class PromptFeedback(Model):
    """What the service thought of a prompt; a blocked one has no candidates."""

    block_reason: BlockReason | None = None


@frozen
class ModalityTokenCount(Model):
    """Tokens of one modality."""

    modality: str | None = None
    token_count: int | None = None


def as_counts(values: Iterable[ModalityTokenCount]) -> tuple[ModalityTokenCount, ...]:
    """Freeze a sequence of token counts."""
    return tuple(values)


@frozen
class UsageMetadata(Model):
    """Tokens used by one request; ``None`` is a count that the service did not give."""

    prompt_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None
    cached_content_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None
    total_token_count: int | None = None
    prompt_tokens_details: tuple[ModalityTokenCount, ...] = field(default=(), converter=as_counts)
    candidates_tokens_details: tuple[ModalityTokenCount, ...] = field(
        default=(), converter=as_counts
    )
    service_tier: str | None = None


@frozen
class Candidate(Model):
    """One answer to a prompt; ``content`` may be absent, and so may its parts."""

    content: Content | None = None
    finish_reason: FinishReason | None = None
    finish_message: str | None = None
    index: int | None = None

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts of the content; empty where there is none."""
        return () if self.content is None else self.content.parts


def as_candidates(values: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Freeze a sequence of candidates."""
    return tuple(values)


@frozen
class GenerationResponse(Model):
    """The answer to one prompt (``GenerateContentResponse``).

    The properties read the first candidate, which is the only one unless more were asked for.
    """

    candidates: tuple[Candidate, ...] = field(default=(), converter=as_candidates)
    prompt_feedback: PromptFeedback | None = None
    usage_metadata: UsageMetadata | None = None
    model_version: str | None = None
    response_id: str | None = None

    @property
    def parts(self) -> tuple[Part, ...]:
        """All parts of the answer, thoughts included."""
        return self.candidates[0].parts if self.candidates else ()

    @property
    def text(self) -> str:
        """The text of the answer without its thoughts.

        Raises :class:`~gemini_batch.NoTextError` where there is none: a blocked answer is never
        an empty string.
        """
        texts = [part.text for part in self.parts if part.text and not part.thought]
        if not texts:
            raise NoTextError(self.finish_reason, self.block_reason)
        return "".join(texts)

    def text_or(self, default: str) -> str:
        """Return the text of the answer, or ``default`` where it has none."""
        try:
            return self.text
        except NoTextError:
            return default

    @property
    def thoughts(self) -> str:
        """The summaries of what the model thought; ``""`` where there are none."""
        return "".join(part.text for part in self.parts if part.thought and part.text)

    @property
    def function_calls(self) -> tuple[FunctionCall, ...]:
        """The calls the model asks for."""
        return tuple(part.function_call for part in self.parts if part.function_call is not None)

    @property
    def blobs(self) -> tuple[Blob, ...]:
        """The media of the answer, such as images."""
        return tuple(part.inline_data for part in self.parts if part.inline_data is not None)

    @property
    def finish_reason(self) -> FinishReason | None:
        """Why the model stopped; ``None`` where the service did not say."""
        return self.candidates[0].finish_reason if self.candidates else None

    @property
    def block_reason(self) -> BlockReason | None:
        """Why the prompt was refused; ``None`` where it was not."""
        return None if self.prompt_feedback is None else self.prompt_feedback.block_reason

    @property
    def truncated(self) -> bool:
        """Whether the model ran into its token limit, so that its text may be cut, or a thought."""
        return self.finish_reason == FinishReason.MAX_TOKENS

    @property
    def usage(self) -> UsageMetadata | None:
        """The tokens used."""
        return self.usage_metadata

    @property
    def problem(self) -> str | None:
        """Why there is nothing in this answer, in a few words; ``None`` where there is."""
        if self.block_reason is not None:
            return f"blocked: {self.block_reason}"
        if self.finish_reason in BLOCKED:
            return f"blocked: {self.finish_reason}"
        if any(part.text or not _is_mere_text(part) for part in self.parts if not part.thought):
            return None
        return f"no answer: {self.finish_reason or 'the service gave no reason'}"


def _is_mere_text(part: Part) -> bool:
    """Tell a part that could only hold text from one with another kind of content."""
    kinds = (part.inline_data, part.file_data, part.function_call)
    return all(kind is None for kind in kinds) and not part.extra
