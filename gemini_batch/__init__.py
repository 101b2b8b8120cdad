"""Batch work on the Gemini API: prompts in, answers in key order out, nothing paid twice.

Everything public is here and loads when it is first used, so that importing this package costs
next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_ROOMS = {
    "aio": ("AsyncBatchClient", "AsyncBatchHandle", "AsyncFiles", "AsyncPager", "AsyncStream"),
    "builders": ("BatchBuilder", "GenerateContentBuilder"),
    "endpoints.replies": ("Page",),
    "errors": (
        "AnswerMismatchError",
        "ApiError",
        "AsyncHandleReturnedError",
        "AuthenticationError",
        "BatchCancelledError",
        "BatchEndedError",
        "BatchExpiredError",
        "BatchFailedError",
        "ConflictError",
        "CreateOutcomeUnknownError",
        "Delivery",
        "GeminiBatchError",
        "HandleBusyError",
        "HandleConsumedError",
        "HandleReturnedError",
        "IntegrityError",
        "InvalidRequestError",
        "ItemFailedError",
        "NoTextError",
        "NotFoundError",
        "PermissionDeniedError",
        "ProtocolError",
        "RateLimitError",
        "ResultsGoneError",
        "ResultsIncompleteError",
        "ServerError",
        "SyncHandleReturnedError",
        "TransportError",
        "UploadOutcomeUnknownError",
        "UsageError",
        "WaitTimeoutError",
    ),
    "items": (
        "BatchGenerationResponseItem",
        "IndividualRequestError",
        "ItemError",
        "ItemMalformed",
        "ItemSuccess",
        "Outcome",
    ),
    "models": (
        "AsyncBatchEmbedContentRequest",
        "BatchGenerateContentRequest",
        "BatchOperation",
        "BatchState",
        "BatchStats",
        "Blob",
        "BlockReason",
        "Candidate",
        "CitationSource",
        "CodeExecution",
        "CodeExecutionResult",
        "Content",
        "ContentEmbedding",
        "EmbedContentBatch",
        "EmbedContentConfig",
        "EmbedContentRequest",
        "EmbedContentResponse",
        "EmbeddingUsageMetadata",
        "ExecutableCode",
        "File",
        "FileData",
        "FileSearch",
        "FileState",
        "FinishReason",
        "FunctionCall",
        "FunctionCallingConfig",
        "FunctionCallingMode",
        "FunctionDeclaration",
        "FunctionResponse",
        "GenerateContentBatch",
        "GenerateContentRequest",
        "GenerationConfig",
        "GenerationResponse",
        "GoogleMaps",
        "GoogleSearch",
        "HarmBlockThreshold",
        "HarmCategory",
        "ImageConfig",
        "InlinedEmbedContentRequest",
        "InlinedEmbedContentRequests",
        "InlinedRequest",
        "InlinedRequests",
        "InputConfig",
        "InputEmbedContentConfig",
        "MediaResolution",
        "Modality",
        "ModalityTokenCount",
        "Part",
        "PrebuiltVoiceConfig",
        "PromptFeedback",
        "SafetyRating",
        "SafetySetting",
        "Schema",
        "ServiceTier",
        "SpeakerVoiceConfig",
        "SpeechConfig",
        "Status",
        "TaskType",
        "ThinkingConfig",
        "ThinkingLevel",
        "Tool",
        "ToolConfig",
        "Type",
        "UrlContext",
        "UsageMetadata",
        "VideoMetadata",
        "VoiceConfig",
        "WebhookConfig",
    ),
    "progress": ("Progress",),
    "results": ("BatchResults",),
    "retry": ("PollPolicy", "RetryPolicy", "Timeouts"),
    "schema": ("schema_of",),
    "states": (
        "BatchStatus",
        "Cancelled",
        "Expired",
        "Failed",
        "Pending",
        "Running",
        "Succeeded",
        "Unrecognised",
    ),
    "summary": ("Summary",),
    "sync": ("SyncBatchClient", "SyncBatchHandle", "SyncFiles", "SyncPager", "SyncStream"),
    "vectors": ("Vectors",),
}
_HOMES = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = list(_HOMES)  # pyright: ignore[reportUnsupportedDunderAll] - the stub lists them


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used (PEP 562)."""
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - takes longer than all the rest

        return version("gemini-batch")
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*_HOMES, "__version__"]
