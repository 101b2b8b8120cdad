"""How the service writes: JSON, timestamps, headers and error envelopes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

import msgspec

from .clock import SECOND

JsonObject: TypeAlias = dict[str, Any]

INTERNAL_MESSAGE = (
    "An internal error has occurred. Please retry or report in "
    "https://developers.generativeai.google/guide/troubleshooting"
)
DEADLINE_MESSAGE = "Deadline expired before operation could complete."

ALT_SVC = 'h3=":443"; ma=2592000,h3-29=":443"; ma=2592000'
API_HEADERS: Mapping[str, str] = {
    "Content-Type": "application/json; charset=UTF-8",
    "Vary": "Origin, Referer, X-Origin",
    "Server": "scaffolding on HTTPServer2",
    "X-Xss-Protection": "0",
    "X-Frame-Options": "SAMEORIGIN",
    "X-Content-Type-Options": "nosniff",
    "Server-Timing": "gfet4t7; dur=1",
    "Alt-Svc": ALT_SVC,
}
UPLOAD_HEADERS: Mapping[str, str] = {
    "Content-Type": "text/plain; charset=utf-8",
    "Server": "UploadServer",
    "Alt-Svc": ALT_SVC,
}

CANONICAL: Mapping[int, str] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    409: "ALREADY_EXISTS",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
MESSAGES: Mapping[int, str] = {
    400: "Request contains an invalid argument.",
    401: (
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login "
        "cookie or other valid authentication credential. See "
        "https://developers.google.com/identity/sign-in/web/devconsole-project."
    ),
    403: "The caller does not have permission",
    404: "Requested entity was not found.",
    408: DEADLINE_MESSAGE,
    409: "Requested entity already exists",
    429: "Resource has been exhausted (e.g. check quota).",
    499: "The operation was cancelled.",
    500: INTERNAL_MESSAGE,
    501: "Operation is not implemented, or supported, or enabled.",
    503: "The service is currently unavailable.",
    504: DEADLINE_MESSAGE,
}


def encode(value: object) -> bytes:
    """Write compact JSON in UTF-8, with ``<`` and ``>`` escaped as the service does."""
    return _write(value, indent=None)


def pretty(value: object) -> bytes:
    """Write JSON as replies carry it: two spaces of indentation and a final newline."""
    return _write(value, indent=2) + b"\n"


def _write(value: object, indent: int | None) -> bytes:
    try:
        text = msgspec.json.encode(value)
        if indent is not None:
            text = msgspec.json.format(text, indent=indent)
    except (UnicodeEncodeError, OverflowError):
        # A lone surrogate, or an integer above 64 bits: only the standard library writes them.
        separators = (",", ": " if indent else ":")
        text = json.dumps(value, indent=indent, separators=separators).encode()
    return text.replace(b"<", b"\\u003c").replace(b">", b"\\u003e")


def present(members: JsonObject) -> JsonObject:
    """Leave out the members that proto3 JSON leaves out: zero, false, empty, absent."""
    return {name: value for name, value in members.items() if value not in _ABSENT}


_ABSENT: tuple[object, ...] = (None, False, 0, "", [], {})


def nanos(instant: int) -> str:
    """Write a timestamp with nine fraction digits."""
    seconds, fraction = divmod(instant, SECOND)
    return f"{_to_the_second(seconds)}.{fraction:09d}Z"


def micros(instant: int) -> str:
    """Write a timestamp with six fraction digits, as file resources carry it."""
    seconds, fraction = divmod(instant, SECOND)
    return f"{_to_the_second(seconds)}.{fraction // 1000:06d}Z"


def _to_the_second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


class RefusalError(Exception):
    """The service refuses a request: an HTTP status and an error envelope."""

    def __init__(
        self,
        code: int,
        message: str | None = None,
        *,
        status: str | None = None,
        details: Sequence[JsonObject] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = MESSAGES.get(code, "The request failed.") if message is None else message
        self.status = CANONICAL.get(code, "UNKNOWN") if status is None else status
        self.details = list(details)
        self.headers = dict(headers or {})

    def envelope(self) -> JsonObject:
        """Return the JSON body."""
        error: JsonObject = {"code": self.code, "message": self.message, "status": self.status}
        if self.details:
            error["details"] = self.details
        return {"error": error}


def rpc(kind: str, **members: object) -> JsonObject:
    """Return one ``google.rpc`` detail of an error."""
    return {"@type": f"type.googleapis.com/google.rpc.{kind}", **members}


QUOTA_MESSAGE = (
    "You exceeded your current quota, please check your plan and billing details. For more "
    "information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits."
)
QUOTA_HELP = rpc(
    "Help",
    links=[
        {
            "description": "Learn more about Gemini API quotas",
            "url": "https://ai.google.dev/gemini-api/docs/rate-limits",
        }
    ],
)


def no_key() -> RefusalError:
    """Return the refusal of a request without any credential."""
    return RefusalError(
        403,
        "Method doesn't allow unregistered callers (callers without established identity). "
        "Please use API Key or other form of API consumer identity to call this API.",
    )


def unknown_key(key: str, method: str) -> RefusalError:
    """Return the refusal of a key that nobody was given; its wording depends on its prefix."""
    service = {"service": "generativelanguage.googleapis.com"}
    if key.startswith("AQ."):
        reason, asked = "ACCESS_TOKEN_TYPE_UNSUPPORTED", {**service, "method": method}
        return RefusalError(401, details=[rpc("ErrorInfo", reason=reason, metadata=asked)])
    message = "API key not valid. Please pass a valid API key."
    details = [
        rpc("ErrorInfo", reason="API_KEY_INVALID", domain="googleapis.com", metadata=service),
        rpc("LocalizedMessage", locale="en-US", message=message),
    ]
    return RefusalError(400, message, details=details)


def file_missing(file_id: str) -> RefusalError:
    """Return what a missing, expired or foreign file gets: 403, never 404."""
    return RefusalError(
        403,
        f"You do not have permission to access the File {file_id} or it may not exist.",
    )


def too_large(limit: int) -> RefusalError:
    """Return the refusal of a request body above the limit."""
    return RefusalError(
        400,
        f"Request payload size exceeds the limit: {limit} bytes. "
        "Please use Files API instead of inline data.",
    )


def batch_quota_used_up() -> RefusalError:
    """Return what create gets above a quota: which one, and until when, it does not say."""
    return RefusalError(429, QUOTA_MESSAGE, details=[QUOTA_HELP])


def storage_used_up(limit: int) -> RefusalError:
    """Return the refusal of a file for which there is no room."""
    metric = "generativelanguage.googleapis.com/file_storage_bytes"
    violation = {
        "quotaMetric": metric,
        "quotaId": "FileStorageBytesPerProject",
        "quotaValue": str(limit),
    }
    return RefusalError(
        429,
        f"{QUOTA_MESSAGE}\n* Quota exceeded for metric: {metric}, limit: {limit}",
        details=[rpc("QuotaFailure", violations=[violation]), QUOTA_HELP],
    )


def invalid_fields(violations: Sequence[tuple[str, str]]) -> RefusalError:
    """Return the refusal of a JSON body, given pairs of field path and description."""
    return RefusalError(
        400,
        "\n".join(description for _, description in violations),
        details=[
            rpc(
                "BadRequest",
                fieldViolations=[
                    present({"field": field, "description": description})
                    for field, description in violations
                ],
            )
        ],
    )
