"""Replies of the service, shaped as it shapes them; every call makes new ones, free to change."""

import json
from typing import Any

TYPE = "type.googleapis.com/google.ai.generativelanguage.v1main."
NAME = "batches/k3v9c1x7q5m2t8w4z6b0n3d7f1h5j9l2p4r8"
RESULTS_FILE = f"files/batch-{NAME.removeprefix('batches/')}"
LABEL = "gb-0123456789abcdefghjkmnpqrs"


def body(tree: object) -> bytes:
    """Return JSON as it comes over the wire."""
    return json.dumps(tree, indent=2).encode()


def usage(prompt: int = 8, answer: int = 3) -> dict[str, Any]:
    """Return the usage of one short answer; its counts are 32-bit integers, and so numbers."""
    return {
        "promptTokenCount": prompt,
        "candidatesTokenCount": answer,
        "totalTokenCount": prompt + answer + 21,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": prompt}],
        "thoughtsTokenCount": 21,
        "serviceTier": "standard",
    }


def answer(text: str = "Rayleigh scattering.") -> dict[str, Any]:
    """Return a ``GenerateContentResponse`` of one candidate."""
    return {
        "candidates": [
            {
                "content": {"parts": [{"text": text}], "role": "model"},
                "finishReason": "STOP",
                "index": 0,
            }
        ],
        "usageMetadata": usage(),
        "modelVersion": "gemini-2.5-flash",
        "responseId": "q7LxaPz2Kd-Rm_8P4cWj0Ag",
    }


def blocked_prompt() -> dict[str, Any]:
    """Return the answer to a prompt that was refused: it has no candidates."""
    return {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": usage()}


def function_call() -> dict[str, Any]:
    """Return an answer that thinks aloud, then asks for a call."""
    parts = [
        {"text": "**Which tool?**\n\nThe one for tides.", "thought": True},
        {
            "functionCall": {"name": "tide", "args": {"port": "Brest"}, "id": "call_4107"},
            "thoughtSignature": "Q2hlY2sgdGhlIHRpZGU=",
        },
    ]
    candidate = {
        "content": {"parts": parts, "role": "model"},
        "finishReason": "STOP",
        "index": 0,
        "finishMessage": "The model wrote a function call.",
    }
    return {**answer(), "candidates": [candidate]}


def truncated() -> dict[str, Any]:
    """Return an answer whose tokens were all thought: its content has no parts."""
    counts = {**usage(), "totalTokenCount": 29}
    del counts["candidatesTokenCount"]
    return {
        "candidates": [{"content": {"role": "model"}, "finishReason": "MAX_TOKENS", "index": 0}],
        "modelVersion": "gemini-2.5-flash",
        "responseId": "b3MxTq7Yw2-vKd_5RzNc1Lg",
        "turnToken": "v1_T2YgdGlkZXMgYW5kIG1vb25z",
        "usageMetadata": counts,
    }


def picture() -> dict[str, Any]:
    """Return an answer that is a picture, to a prompt that was partly in a cache."""
    part = {
        "inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="},
        "thoughtSignature": "TW9vbiBhYm92ZSB3YXRlcg==",
    }
    counts = {
        **usage(2075, 1290),
        "cachedContentTokenCount": 2048,
        "cacheTokensDetails": [{"modality": "TEXT", "tokenCount": 2048}],
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1290}],
    }
    candidate = {
        "content": {"parts": [part], "role": "model"},
        "finishReason": "STOP",
        "index": 0,
    }
    return {**answer(), "candidates": [candidate], "usageMetadata": counts}


def request() -> dict[str, Any]:
    """Return a ``GenerateContentRequest`` with an instruction, a file and a function."""
    port = {"type": "string", "description": "Where the sea is."}
    declared = {
        "name": "tide",
        "description": "Tells the tide.",
        "parameters": {"type": "object", "properties": {"port": port}, "required": ["port"]},
    }
    document = {"mimeType": "application/pdf", "fileUri": file()["uri"]}
    return {
        "model": "models/gemini-2.5-flash",
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "contents": [{"role": "user", "parts": [{"text": "When?"}, {"fileData": document}]}],
        "tools": [{"functionDeclarations": [declared]}],
        "generationConfig": {},
    }


def cached_request() -> dict[str, Any]:
    """Return a request of which most is in a cache."""
    return {
        "contents": [{"role": "user", "parts": [{"text": "And in spring?"}]}],
        "cachedContent": "cachedContents/m4k8w2",
        "generationConfig": {"maxOutputTokens": 64},
    }


def create_inline() -> dict[str, Any]:
    """Return the body of a create call that holds its requests."""
    items = [{"request": request(), "metadata": {"key": "0"}}, {"request": cached_request()}]
    return {"batch": {"displayName": "tides", "inputConfig": {"requests": {"requests": items}}}}


def embedding_request() -> dict[str, Any]:
    """Return the request of a line of an input file for embeddings."""
    return {"content": {"parts": [{"text": "Spring tide."}]}, "outputDimensionality": 3}


def embedding() -> dict[str, Any]:
    """Return the answer to it."""
    values = [0.031725466, -6.1035e-05, 0.97]
    return {"embedding": {"values": values}, "usageMetadata": {"promptTokenCount": 3}}


def older_embedding() -> dict[str, Any]:
    """Return what that answer was in 2025: its count is a 64-bit integer, and so a string."""
    return {"tokenCount": "3", "embedding": embedding()["embedding"]}


def metadata(state: str = "BATCH_STATE_PENDING", **members: Any) -> dict[str, Any]:
    """Return the ``GenerateContentBatch`` of an operation; counts of 0 are left out."""
    return {
        "@type": f"{TYPE}GenerateContentBatch",
        "model": "models/gemini-2.5-flash",
        "displayName": f"sky [{LABEL}]",
        "createTime": "2026-03-01T09:15:27.123456789Z",
        "updateTime": "2026-03-01T09:15:27.123456789Z",
        "batchStats": {"requestCount": "2", "pendingRequestCount": "2"},
        "state": state,
        "name": NAME,
        **members,
    }


def pending() -> dict[str, Any]:
    """Return an operation as it is created; ``done`` is absent, not false."""
    return {"name": NAME, "metadata": metadata()}


def succeeded_inline() -> dict[str, Any]:
    """Return an operation with its results inside, which the service writes twice."""
    responses = [
        {"response": answer("Blue."), "metadata": {"key": "0"}},
        {"error": {"code": 4}, "metadata": {"key": "1"}},
    ]
    output = {"inlinedResponses": {"inlinedResponses": responses}}
    described = metadata(
        "BATCH_STATE_SUCCEEDED",
        output=output,
        endTime="2026-03-01T09:21:02.000417Z",
        batchStats={
            "requestCount": "2",
            "successfulRequestCount": "1",
            "failedRequestCount": "1",
        },
    )
    response = {"@type": f"{TYPE}GenerateContentBatchOutput", **output}
    return {"name": NAME, "metadata": described, "done": True, "response": response}


def succeeded_file() -> dict[str, Any]:
    """Return an operation whose results are in a file."""
    output = {"responsesFile": RESULTS_FILE}
    described = metadata(
        "BATCH_STATE_SUCCEEDED",
        output=output,
        inputConfig={"fileName": "files/u8w2k5n1"},
        endTime="2026-03-01T09:44:51.8Z",
        batchStats={"requestCount": "5", "successfulRequestCount": "5"},
    )
    response = {"@type": f"{TYPE}GenerateContentBatchOutput", **output}
    return {"name": NAME, "metadata": described, "done": True, "response": response}


def cancelled() -> dict[str, Any]:
    """Return an operation that was cancelled before anything of it ran."""
    error = {"code": 13, "message": f"Batch {NAME} failed without error."}
    return {
        "name": NAME,
        "metadata": metadata("BATCH_STATE_CANCELLED"),
        "done": True,
        "error": error,
    }


def file() -> dict[str, Any]:
    """Return a ``File`` that can be used."""
    return {
        "name": "files/u8w2k5n1",
        "displayName": "requests",
        "mimeType": "application/jsonl",
        "sizeBytes": "73519",
        "createTime": "2026-03-01T09:14:59.640231Z",
        "updateTime": "2026-03-01T09:14:59.640231Z",
        "expirationTime": "2026-03-03T09:14:58.907113254Z",
        "sha256Hash": "NWY3MGJmMThhMDg2MDA3MDE2ZTk0OGIwNGFlZDNiODI=",
        "uri": "https://generativelanguage.googleapis.com/v1beta/files/u8w2k5n1",
        "state": "ACTIVE",
        "source": "UPLOADED",
    }


def error(code: int, status: str, message: str, *details: object, **members: Any) -> dict[str, Any]:
    """Return an error envelope (AIP-193)."""
    inner: dict[str, Any] = {"code": code, "message": message, "status": status, **members}
    return {"error": {**inner, "details": list(details)} if details else inner}


def error_info(reason: str) -> dict[str, Any]:
    """Return the detail that names a reason for machines."""
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": {"service": "generativelanguage.googleapis.com"},
    }


def retry_info(delay: str) -> dict[str, Any]:
    """Return the detail that says how long to wait."""
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}


def quota_failure(quota: str) -> dict[str, Any]:
    """Return the detail that names the quota that is used up."""
    violation = {
        "quotaMetric": "generativelanguage.googleapis.com/generate_content_requests",
        "quotaId": quota,
        "quotaValue": "20",
    }
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]}
