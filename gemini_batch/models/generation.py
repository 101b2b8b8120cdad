"""``GenerateContentRequest`` and its answer: https://ai.google.dev/api/generate-content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast, overload

from attrs import evolve, field, frozen

from ..errors import NoTextError, UsageError
from .base import Model, OpenEnum, Timestamp
from .config import GenerationConfig, Modality
from .content import Blob, Content, FunctionCall, Part
from .sent import Sent, as_sent, sent_of
from .tools import Tool, as_tools

if TYPE_CHECKING:
    from .citations import CitationMetadata, CitationSource, UrlContextMetadata
    from .execution import CodeExecutionResult, ExecutableCode
    from .grounding import GroundingAttribution, GroundingMetadata
    from .logprobs import LogprobsResult
    from .safety import SafetyRating, SafetySetting
    from .tool_config import ToolConfig

T = TypeVar("T")


class ServiceTier(OpenEnum):
    """What a request is served as; results from a file spell the tier of a batch otherwise."""

    STANDARD = "standard"
    FLEX = "flex"
    PRIORITY = "priority"
    SERVICE_TIER_STANDARD = "SERVICE_TIER_STANDARD"


def as_contents(values: Iterable[Content]) -> tuple[Content, ...]:
    """Freeze a sequence of contents."""
    return tuple(values)


def as_safety_settings(values: Iterable[SafetySetting]) -> tuple[SafetySetting, ...]:
    """Freeze a sequence of safety settings."""
    return tuple(values)


@frozen
class GenerateContentRequest(Model):
    """One prompt with everything that shapes its answer.

    With ``cached_content``, the service refuses ``system_instruction``, ``tools`` and
    ``tool_config``: they are cached with it. ``store`` is about the log of the project.
    """

    contents: tuple[Content, ...] = field(default=(), converter=as_contents)
    system_instruction: Content | None = None
    generation_config: GenerationConfig | None = None
    tools: tuple[Tool, ...] = field(default=(), converter=as_tools)
    cached_content: str | None = None
    model: str | None = None
    safety_settings: tuple[SafetySetting, ...] = field(default=(), converter=as_safety_settings)
    tool_config: ToolConfig | None = None
    service_tier: ServiceTier | str | None = None
    store: bool | None = None

    @classmethod
    def of(
        cls,
        prompt: str | Part | Content | Iterable[str | Part | Content],
        *,
        system: str | Content | None = None,
        tools: Iterable[Tool] = (),
        **config: Any,
    ) -> Self:
        """Return a request of one user message, or of a conversation.

        Texts and parts together are one message: ``of(["Which bird?", Part.from_image("a.png")])``;
        contents are one after the other. ``config`` are members of :class:`GenerationConfig`:
        ``of("Hi", temperature=0.2)``. An answer that has a schema is in JSON, unless a
        ``response_mime_type`` says otherwise.
        """
        return cls(
            _conversation(prompt),
            Content.system(system) if isinstance(system, str) else system,
            _config(config) if config else None,
            tools,
        )

    def with_model(self, model: str) -> Self:
        """Return the same request for another model."""
        return evolve(self, model=model)


def _config(members: dict[str, Any]) -> GenerationConfig:
    if any(members.get(name) is not None for name in ("response_schema", "response_json_schema")):
        members.setdefault("response_mime_type", "application/json")
    return GenerationConfig(**members)


def _conversation(prompt: object) -> tuple[Content, ...]:
    """Return the contents that a prompt stands for."""
    if isinstance(prompt, str | Part):
        return (Content.user(prompt),)
    pieces: tuple[object, ...] = (prompt,)
    if isinstance(prompt, Iterable) and not isinstance(prompt, bytes | Mapping):
        pieces = tuple(cast("Iterable[object]", prompt))
    if all(isinstance(one, Content) for one in pieces):
        return cast("tuple[Content, ...]", pieces)
    for one in pieces:
        if not isinstance(one, str | Part):
            raise UsageError(
                "a prompt is made of texts and parts, or else of contents alone, and here is "
                f"{type(one).__name__}"
            )
    return (Content.user(*cast("tuple[str | Part, ...]", pieces)),)


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
    safety_ratings: tuple[SafetyRating, ...] = ()


@frozen
class ModalityTokenCount(Model):
    """Tokens of one modality."""

    modality: Modality | None = None
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
    service_tier: ServiceTier | None = None
    cache_tokens_details: tuple[ModalityTokenCount, ...] = field(default=(), converter=as_counts)
    tool_use_prompt_tokens_details: tuple[ModalityTokenCount, ...] = field(
        default=(), converter=as_counts
    )


@frozen
class Candidate(Model):
    """One answer to a prompt; ``content`` may be absent, and so may its parts."""

    content: Content | None = None
    finish_reason: FinishReason | None = None
    finish_message: str | None = None
    index: int | None = None
    token_count: int | None = None
    safety_ratings: tuple[SafetyRating, ...] = ()
    citation_metadata: CitationMetadata | None = None
    grounding_metadata: GroundingMetadata | None = None
    grounding_attributions: tuple[GroundingAttribution, ...] = ()
    url_context_metadata: UrlContextMetadata | None = None
    logprobs_result: LogprobsResult | None = None
    avg_logprobs: float | None = None

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts of the content; empty where there is none."""
        return () if self.content is None else self.content.parts


def as_candidates(values: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Freeze a sequence of candidates."""
    return tuple(values)


class ModelStage(OpenEnum):
    """How far a model has come."""

    UNSTABLE_EXPERIMENTAL = "UNSTABLE_EXPERIMENTAL"
    EXPERIMENTAL = "EXPERIMENTAL"
    PREVIEW = "PREVIEW"
    STABLE = "STABLE"
    LEGACY = "LEGACY"
    DEPRECATED = "DEPRECATED"
    RETIRED = "RETIRED"


@frozen
class ModelStatus(Model):
    """How far the model has come that answered, and when it goes."""

    model_stage: ModelStage | None = None
    retirement_time: Timestamp | None = None
    message: str | None = None


@frozen
class GenerationResponse(Sent):
    """The answer to one prompt (``GenerateContentResponse``).

    The properties read the first candidate, which is the only one unless more were asked for.
    """

    candidates: tuple[Candidate, ...] = field(default=(), converter=as_candidates)
    prompt_feedback: PromptFeedback | None = None
    usage_metadata: UsageMetadata | None = None
    model_version: str | None = None
    response_id: str | None = None
    model_status: ModelStatus | None = None
    turn_token: str | None = field(default=None, repr=False)

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
        text = ""
        for part in _said(self):
            said = part.text
            if said and not part.thought:
                text += said
        if not text:
            raise NoTextError(self.finish_reason, self.block_reason)
        return text

    def text_or(self, default: str) -> str:
        """Return the text of the answer, or ``default`` where it has none."""
        try:
            return self.text
        except NoTextError:
            return default

    @overload
    def parsed(self, kind: type[T], *, fenced: bool = False) -> T: ...
    @overload
    def parsed(self, kind: object, *, fenced: bool = False) -> Any: ...
    def parsed(self, kind: Any, *, fenced: bool = False) -> Any:
        """Return the text, which is JSON, as a value of ``kind``.

        That is whatever :func:`~gemini_batch.schema_of` takes, and what the answer was asked for
        by. Nothing is coerced, and members that the class does not have are refused.

        Args:
            kind: The class.
            fenced: Take the JSON out of a Markdown fence, for answers to requests without a schema.

        Raises:
            NoTextError: There is no text, as in a blocked answer.
            AnswerMismatchError: It does not fit; the place is named, and whether it was cut.
            UsageError: No answer can be read as this.
        """
        from ..schema import parse  # noqa: PLC0415 - most answers are texts

        return parse(self.text, kind, fenced=fenced, truncated=self.truncated)

    @property
    def thoughts(self) -> str:
        """The summaries of what the model thought; ``""`` where there are none."""
        return "".join(part.text for part in _said(self) if part.thought and part.text)

    @property
    def function_calls(self) -> tuple[FunctionCall, ...]:
        """The calls the model asks for."""
        return tuple(part.function_call for part in self.parts if part.function_call is not None)

    @property
    def blobs(self) -> tuple[Blob, ...]:
        """The media of the answer, such as images."""
        return tuple(part.inline_data for part in self.parts if part.inline_data is not None)

    @property
    def code(self) -> tuple[ExecutableCode, ...]:
        """The code that the model wrote and the service ran, in the order it was run."""
        found = (part.executable_code for part in self.parts)
        return tuple(one for one in found if one is not None)

    @property
    def code_results(self) -> tuple[CodeExecutionResult, ...]:
        """What came of running the code, each with its output."""
        found = (part.code_execution_result for part in self.parts)
        return tuple(one for one in found if one is not None)

    @property
    def citations(self) -> tuple[CitationSource, ...]:
        """The sources that the answer repeats."""
        found = self.candidates[0].citation_metadata if self.candidates else None
        return () if found is None else found.citation_sources

    @property
    def finish_reason(self) -> FinishReason | None:
        """Why the model stopped; ``None`` where the service did not say."""
        answer = as_sent(self)
        found = answer.candidates[0].finish_reason if answer.candidates else None
        return found if answer is self or found is None else FinishReason(found)

    @property
    def block_reason(self) -> BlockReason | None:
        """Why the prompt was refused; ``None`` where it was not."""
        return None if self.prompt_feedback is None else self.prompt_feedback.block_reason

    @property
    def truncated(self) -> bool:
        """Whether the model ran into its token limit, so that its text may be cut.

        It may even be no answer at all, for a model that was thinking when it ran out of tokens has
        been seen to leave the end of its thoughts in a part that is not marked as one.
        """
        candidates = as_sent(self).candidates
        return bool(candidates) and candidates[0].finish_reason == FinishReason.MAX_TOKENS

    @property
    def usage(self) -> UsageMetadata | None:
        """The tokens used; ``None`` where the service did not tell."""
        return self.usage_metadata

    @property
    def problem(self) -> str | None:
        """Why there is nothing in this answer, in a few words; ``None`` where there is."""
        answer = as_sent(self)
        if answer.prompt_feedback is not None and answer.prompt_feedback.block_reason is not None:
            return f"blocked: {answer.prompt_feedback.block_reason}"
        finish_reason = answer.candidates[0].finish_reason if answer.candidates else None
        if finish_reason in BLOCKED:
            return f"blocked: {finish_reason}"
        for part in _said(self):
            if not part.thought and (part.text or not _is_mere_text(part)):
                return None
        return f"no answer: {finish_reason or 'the service gave no reason'}"


def _said(answer: GenerationResponse) -> tuple[Part, ...]:
    """Return the parts of an answer without making any of them."""
    try:
        candidates = sent_of(answer).candidates
    except AttributeError:
        candidates = answer.candidates
    content = candidates[0].content if candidates else None
    return () if content is None else content.parts or ()


def _is_mere_text(part: Part) -> bool:
    """Tell a part that could only hold text from one with another kind of content."""
    kinds = (
        *(part.inline_data, part.file_data, part.function_call, part.function_response),
        *(part.executable_code, part.code_execution_result, part.tool_call, part.tool_response),
    )
    return all(kind is None for kind in kinds) and not part.extra
