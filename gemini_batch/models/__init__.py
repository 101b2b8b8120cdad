"""What travels between you and the service, as attrs classes.

Members carry the API's names in snake_case. Members that a class does not know are kept in
``extra`` under the API's own spelling, and are written back; an enum value that is not known is
kept as it came. Each module stands for one page or section of the API reference, and is loaded when
something of it is first named.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

ROOMS = {
    "base": (
        "Duration",
        "Model",
        "OpenEnum",
        "Timestamp",
    ),
    "citations": (
        "CitationMetadata",
        "CitationSource",
        "UrlContextMetadata",
        "UrlMetadata",
        "UrlRetrievalStatus",
    ),
    "config": (
        "GenerationConfig",
        "Modality",
        "ThinkingConfig",
        "ThinkingLevel",
    ),
    "content": (
        "Blob",
        "Content",
        "FileData",
        "FunctionCall",
        "FunctionResponse",
        "FunctionResponseScheduling",
        "Part",
    ),
    "creation": (
        "AsyncBatchEmbedContentRequest",
        "BatchGenerateContentRequest",
        "EmbedContentBatch",
        "GenerateContentBatch",
        "InlinedEmbedContentRequest",
        "InlinedEmbedContentRequests",
        "InlinedRequest",
        "InlinedRequests",
        "InputConfig",
        "InputEmbedContentConfig",
        "WebhookConfig",
    ),
    "embedding": (
        "ContentEmbedding",
        "EmbedContentConfig",
        "EmbedContentRequest",
        "EmbedContentResponse",
        "EmbeddingUsageMetadata",
        "TaskType",
    ),
    "execution": (
        "CodeExecutionResult",
        "CodeLanguage",
        "CodeOutcome",
        "ExecutableCode",
        "ToolCall",
        "ToolResponse",
        "ToolType",
    ),
    "file": (
        "CreateFileRequest",
        "CreateFileResponse",
        "File",
        "FileSource",
        "FileState",
        "ListFilesResponse",
        "VideoFileMetadata",
    ),
    "formats": (
        "AspectRatio",
        "AudioMimeType",
        "AudioResponseFormat",
        "Delivery",
        "ImageConfig",
        "ImageMimeType",
        "ImageResponseFormat",
        "ImageSize",
        "ResponseFormatConfig",
        "TextMimeType",
        "TextResponseFormat",
    ),
    "generation": (
        "BlockReason",
        "Candidate",
        "FinishReason",
        "GenerateContentRequest",
        "GenerationResponse",
        "ModalityTokenCount",
        "ModelStage",
        "ModelStatus",
        "PromptFeedback",
        "ServiceTier",
        "UsageMetadata",
    ),
    "grounding": (
        "AttributionSourceId",
        "GroundingAttribution",
        "GroundingChunk",
        "GroundingChunkCustomMetadata",
        "GroundingChunkStringList",
        "GroundingMetadata",
        "GroundingPassageId",
        "GroundingSupport",
        "Image",
        "Maps",
        "PlaceAnswerSources",
        "RetrievalMetadata",
        "RetrievedContext",
        "ReviewSnippet",
        "SearchEntryPoint",
        "Segment",
        "SemanticRetrieverChunk",
        "Web",
    ),
    "logprobs": (
        "LogprobsResult",
        "LogprobsResultCandidate",
        "TopCandidates",
    ),
    "media": (
        "FunctionResponseBlob",
        "FunctionResponsePart",
        "MediaProcessing",
        "MediaResolution",
        "PartMediaResolution",
        "VideoMetadata",
    ),
    "operation": (
        "BatchInput",
        "BatchMetadata",
        "BatchOperation",
        "BatchState",
        "BatchStats",
    ),
    "outputs": (
        "EmbedContentBatchOutput",
        "GenerateContentBatchOutput",
        "InlinedEmbedContentResponse",
        "InlinedEmbedContentResponses",
        "InlinedResponse",
        "InlinedResponses",
        "ListOperationsResponse",
        "Operation",
    ),
    "safety": (
        "HarmBlockThreshold",
        "HarmCategory",
        "HarmProbability",
        "SafetyRating",
        "SafetySetting",
    ),
    "schema": (
        "Schema",
        "Type",
    ),
    "service_tools": (
        "CodeExecution",
        "ComputerEnvironment",
        "ComputerUse",
        "DynamicRetrievalConfig",
        "DynamicRetrievalMode",
        "FileSearch",
        "GoogleMaps",
        "GoogleSearch",
        "GoogleSearchRetrieval",
        "ImageSearch",
        "Interval",
        "McpServer",
        "SafetyPolicy",
        "SearchTypes",
        "StreamableHttpTransport",
        "UrlContext",
        "WebSearch",
    ),
    "speech": (
        "AudioTranscriptionConfig",
        "LanguageAuto",
        "LanguageHints",
        "MultiSpeakerVoiceConfig",
        "PrebuiltVoiceConfig",
        "SpeakerVoiceConfig",
        "SpeechConfig",
        "TranscriptionMode",
        "TranslationConfig",
        "VoiceConfig",
    ),
    "status": ("Status",),
    "tool_config": (
        "FunctionCallingConfig",
        "FunctionCallingMode",
        "LatLng",
        "RetrievalConfig",
        "ToolConfig",
    ),
    "tools": (
        "Behavior",
        "FunctionDeclaration",
        "Tool",
    ),
}
"""What each module holds."""

HOMES = {name: room for room, names in ROOMS.items() for name in names}
"""The module of each message and enum."""

__all__ = list(HOMES)  # pyright: ignore[reportUnsupportedDunderAll] - the stub lists them


def __getattr__(name: str) -> Any:
    """Load a message or an enum when it is first named (PEP 562)."""
    home = HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*HOMES, "HOMES", "ROOMS"]
