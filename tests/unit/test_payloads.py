"""What the service sends and is sent is decoded and written back without a loss."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from gemini_batch import codec, models
from gemini_batch.fields import Field, messages
from gemini_batch.models.base import Model
from tests import payloads

SEEN = {
    "BatchGenerateContentRequest": "batch",
    "BatchStats": "requestCount pendingRequestCount successfulRequestCount failedRequestCount",
    "Blob": "mimeType data",
    "Candidate": "content finishReason finishMessage index",
    "Content": "parts role",
    "ContentEmbedding": "values",
    "CreateFileRequest": "file",
    "CreateFileResponse": "file",
    "EmbedContentRequest": "content outputDimensionality",
    "EmbedContentResponse": "embedding tokenCount usageMetadata",
    "EmbeddingUsageMetadata": "promptTokenCount",
    "File": "name displayName mimeType sizeBytes createTime updateTime expirationTime sha256Hash "
    "uri state source",
    "FileData": "mimeType fileUri",
    "FunctionCall": "name args id",
    "FunctionDeclaration": "name description parameters",
    "GenerateContentBatch": "@type name model displayName inputConfig output createTime "
    "updateTime endTime batchStats state",
    "GenerateContentBatchOutput": "@type inlinedResponses responsesFile",
    "GenerateContentRequest": "model contents systemInstruction tools generationConfig "
    "cachedContent",
    "GenerateContentResponse": "candidates promptFeedback usageMetadata modelVersion responseId "
    "turnToken",
    "InlinedRequest": "request metadata",
    "InlinedRequests": "requests",
    "InlinedResponse": "response error metadata",
    "InlinedResponses": "inlinedResponses",
    "InputConfig": "requests fileName",
    "ListFilesResponse": "files",
    "ListOperationsResponse": "operations",
    "ModalityTokenCount": "modality tokenCount",
    "Operation": "name metadata done response error",
    "Part": "text thought thoughtSignature inlineData fileData functionCall",
    "Schema": "type description properties required",
    "Status": "code message details status",
    "Tool": "functionDeclarations",
    "UsageMetadata": "promptTokenCount candidatesTokenCount totalTokenCount thoughtsTokenCount "
    "cachedContentTokenCount promptTokensDetails candidatesTokensDetails cacheTokensDetails "
    "serviceTier",
}
"""The members that were seen over the wire, by their messages."""

OURS = {"GenerateContentResponse": models.GenerationResponse}
"""Messages whose class has another name."""

INFO = payloads.error_info("QUOTA")
FAILED = payloads.error(429, "RESOURCE_EXHAUSTED", "Too much was asked.", INFO)["error"]
OPERATIONS = (
    payloads.pending(),
    payloads.succeeded_inline(),
    payloads.succeeded_file(),
    payloads.cancelled(),
)
PAYLOADS: list[tuple[str, dict[str, Any]]] = [
    ("GenerateContentRequest", payloads.request()),
    ("GenerateContentRequest", payloads.cached_request()),
    ("BatchGenerateContentRequest", payloads.create_inline()),
    ("EmbedContentRequest", payloads.embedding_request()),
    ("GenerateContentResponse", payloads.answer()),
    ("GenerateContentResponse", payloads.blocked_prompt()),
    ("GenerateContentResponse", payloads.function_call()),
    ("GenerateContentResponse", payloads.truncated()),
    ("GenerateContentResponse", payloads.picture()),
    ("EmbedContentResponse", payloads.embedding()),
    ("EmbedContentResponse", payloads.older_embedding()),
    *(("Operation", one) for one in OPERATIONS),
    *(("GenerateContentBatch", one["metadata"]) for one in OPERATIONS),
    *(("GenerateContentBatchOutput", one["response"]) for one in OPERATIONS if "response" in one),
    ("ListOperationsResponse", {"operations": list(OPERATIONS)}),
    ("CreateFileRequest", {"file": {"displayName": "requests"}}),
    ("CreateFileResponse", {"file": payloads.file()}),
    ("ListFilesResponse", {"files": [payloads.file()]}),
    ("Status", FAILED),
]


def kind_of(message: str) -> type[Model]:
    """Return the class of a message."""
    return OURS.get(message) or getattr(models, message)


@pytest.mark.parametrize(("message", "payload"), PAYLOADS)
def test_a_payload_is_written_back_as_it_came(message: str, payload: dict[str, Any]) -> None:
    """But for order, and with no member that its class did not know."""
    model = codec.decode(payloads.body(payload), kind_of(message))
    assert payload == json.loads(codec.encode(model))
    # Not the API's own: what names a type to machines, and HTTP's name of an error.
    assert set(model.extra) <= {"@type", "status"}


@pytest.mark.parametrize(("message", "payload"), PAYLOADS)
def test_a_payload_in_the_other_spelling_is_the_same(message: str, payload: dict[str, Any]) -> None:
    """Names in snake_case, as proto3 JSON has them too, make an equal model."""
    kind = kind_of(message)
    spelt = payloads.body(in_snake_case(payload, message))
    assert codec.decode(payloads.body(payload), kind) == codec.decode(spelt, kind)


def test_no_member_that_was_seen_is_left_out() -> None:
    """Each stands in one of the payloads above."""
    found: dict[str, set[str]] = {}
    for message, payload in PAYLOADS:
        for owner, name in members_of(payload, message):
            found.setdefault(owner, set()).add(name)
    lacking = {one: set(names.split()) - found.get(one, set()) for one, names in SEEN.items()}
    assert {} == {message: names for message, names in lacking.items() if names}


def within(value: Any, one: Field) -> list[Any]:
    """Return the messages that a member holds."""
    if one.type not in messages():
        return []
    return list(value.values()) if one.mapped else value if one.repeated else [value]


def members_of(tree: dict[str, Any], message: str) -> Iterator[tuple[str, str]]:
    """Yield every member of a message and of those within it, each with its owner."""
    for name, value in tree.items():
        yield message, name
        one = messages().get(message, {}).get(name)
        for inner in within(value, one) if one else ():
            yield from members_of(inner, one.type)


def in_snake_case(tree: dict[str, Any], message: str) -> dict[str, Any]:
    """Return a message with the names of its members, and of those within it, in snake_case."""
    spelt: dict[str, Any] = {}
    for name, value in tree.items():
        one = messages().get(message, {}).get(name)
        if one is None or one.type not in messages():
            spelt[one.proto_name if one else name] = value
        elif one.mapped:
            spelt[one.proto_name] = {
                each: in_snake_case(inner, one.type) for each, inner in value.items()
            }
        elif one.repeated:
            spelt[one.proto_name] = [in_snake_case(inner, one.type) for inner in value]
        else:
            spelt[one.proto_name] = in_snake_case(value, one.type)
    return spelt
