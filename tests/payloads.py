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
