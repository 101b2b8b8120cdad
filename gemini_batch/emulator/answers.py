"""What the model says: an answer that can be checked against its prompt from outside."""

from __future__ import annotations

import base64
import hashlib
import logging
import struct
from collections.abc import Callable
from typing import TypeAlias

import attrs

from .json_in import is_object
from .validation import Kind
from .wire import DEADLINE_MESSAGE, INTERNAL_MESSAGE, JsonObject

log = logging.getLogger("gemini_batch.emulator")

ECHOED = 80
DEFAULT_DIMENSIONS = 768
DEFAULT_FAILURE_RATE = 0.01
_THOUGHTFUL = 32
"""Of 256 prompts, this many are answered with a thought before the text."""


@attrs.frozen
class ItemFailure:
    """What an ``answer`` returns to fail one request: a gRPC code and perhaps a message."""

    code: int
    message: str = ""

    def status(self) -> JsonObject:
        """Return the ``google.rpc.Status`` of the item."""
        return {"code": self.code, "message": self.message} if self.message else {"code": self.code}


Answer: TypeAlias = Callable[[JsonObject, str | None], "str | JsonObject | ItemFailure"]


class Answers:
    """Answer requests, one by one, the same request always alike."""

    def __init__(self, answer: Answer | None, seed: int, failure_rate: float | None) -> None:
        if failure_rate is None:
            failure_rate = DEFAULT_FAILURE_RATE if answer is None else 0.0
        if not 0 <= failure_rate <= 1:
            raise ValueError(f"failure_rate is a share between 0 and 1, not {failure_rate!r}")
        self._answer = answer
        self._seed = seed
        self._threshold = int(failure_rate * 2**32)

    @property
    def predictable(self) -> bool:
        """Say whether it is known without asking which requests fail."""
        return self._answer is None

    def fails(self, identity: str) -> bool:
        """Say whether the service fails the request of this key, or position where it has none."""
        return self._threshold > 0 and self._lot(identity)[0] < self._threshold

    def outcome(
        self, request: JsonObject, key: str | None, identity: str, kind: Kind, model: str, tier: str
    ) -> JsonObject:
        """Return ``{"response": …}`` or ``{"error": …}`` for one request."""
        if self.fails(identity):
            late = self._lot(identity)[1] % 2
            failure = (
                ItemFailure(4, DEADLINE_MESSAGE) if late else ItemFailure(13, INTERNAL_MESSAGE)
            )
            return {"error": failure.status()}
        answer = self._ask(request, key)
        if isinstance(answer, ItemFailure):
            return {"error": answer.status()}
        if is_object(answer):
            return {"response": answer}
        if kind == "embed":
            if answer is None:
                return {"response": embedding_response(request)}
            return {"error": ItemFailure(2, "answer() must return a dict for embeddings").status()}
        if not request.get("contents"):
            missing = "* GenerateContentRequest.contents: contents is not specified\n"
            return {"error": {"code": 3, "message": missing}}
        return {"response": generation_response(request, answer, model, tier)}

    def _ask(self, request: JsonObject, key: str | None) -> str | JsonObject | ItemFailure | None:
        if self._answer is None:
            return None
        try:
            answer: object = self._answer(request, key)
        except Exception as error:
            log.exception("answer() failed for the request with key %r", key)
            return ItemFailure(2, f"answer() raised {type(error).__name__}: {error}")
        if isinstance(answer, str | ItemFailure) or is_object(answer):
            return answer
        found = type(answer).__name__
        return ItemFailure(2, f"answer() returns a str, a dict or an ItemFailure, not {found}")

    def _lot(self, identity: str) -> tuple[int, int]:
        text = f"{self._seed}:{identity}".encode("utf-8", "surrogatepass")
        first, second = struct.unpack(">II", hashlib.blake2b(text, digest_size=8).digest())
        return first, second


def prompt_of(request: JsonObject) -> str:
    """Return the text parts of all contents, joined by line feeds."""
    contents = request.get("contents") or [request.get("content", {})]
    return "\n".join(
        part["text"] for content in contents for part in content.get("parts", []) if "text" in part
    )


def prompt_tokens(request: JsonObject) -> int:
    """Return how many tokens the prompt of a request counts for: one for every four bytes."""
    return len(prompt_of(request).encode("utf-8", "surrogatepass")) // 4 + 1


def generation_response(request: JsonObject, text: str | None, model: str, tier: str) -> JsonObject:
    """Return a full response; without a text given, one that proves the prompt was read."""
    prompt = prompt_of(request)
    encoded = prompt.encode("utf-8", "surrogatepass")
    digest = hashlib.sha256(encoded)
    raw = digest.digest()
    parts: list[JsonObject] = []
    thoughts = 20 + raw[1]
    if text is None:
        text = f"sha256:{digest.hexdigest()}\n{len(prompt)} characters\n{prompt[:ECHOED]}"
        if raw[0] < _THOUGHTFUL:
            parts.append(
                {"text": "**Reading the prompt**\n\nCounting, then hashing.", "thought": True}
            )
    parts.append({"text": text})
    if len(parts) > 1:
        parts[-1]["thoughtSignature"] = base64.b64encode(raw * 3).decode()
    asked = prompt_tokens(request)
    answer_tokens = len(text) // 4 + 1
    usage: JsonObject = {
        "promptTokenCount": asked,
        "candidatesTokenCount": answer_tokens,
        "totalTokenCount": asked + answer_tokens + thoughts,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": asked}],
        "thoughtsTokenCount": thoughts,
        "serviceTier": tier,
    }
    candidate = {
        "content": {"parts": parts, "role": "model"},
        "finishReason": "STOP",
        "index": 0,
    }
    return {
        "candidates": [candidate],
        "usageMetadata": usage,
        "modelVersion": model.partition("/")[2],
        "responseId": base64.urlsafe_b64encode(raw[:16]).decode().rstrip("="),
    }


def embedding_response(request: JsonObject) -> JsonObject:
    """Return an embedding: SHAKE-256 of the text, read as 16-bit fractions."""
    text = prompt_of(request).encode("utf-8", "surrogatepass")
    dimensions = request.get("outputDimensionality") or DEFAULT_DIMENSIONS
    drawn = struct.unpack(f">{dimensions}h", hashlib.shake_256(text).digest(2 * dimensions))
    values = [number / 32768 for number in drawn]
    usage = {"promptTokenCount": prompt_tokens(request)}
    return {"embedding": {"values": values}, "usageMetadata": usage}
