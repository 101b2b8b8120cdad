"""What the model answers by default: a function of the request, and of nothing else.

Whatever a request asks for it gets: structured output that satisfies its schema, a function call
that it forces, pictures, sounds, embeddings of so many dimensions. All else is answered with a
text that proves that its prompt was read.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from array import array
from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Any, Self

import attrs

from .json_in import is_object
from .media import picture, sound
from .structured import UnsatisfiableError, satisfy
from .wire import JsonObject, present

ECHOED = 80
DEFAULT_DIMENSIONS = 768
MOST_DIMENSIONS = 3072
MOST_CANDIDATES = 8
_THOUGHTFUL = 32
"""Of 256 prompts, this many are answered with a thought before the text."""
_THOUGHT = "**Reading the prompt**\n\nCounting, then hashing."
_MEDIA_TOKENS = {"IMAGE": 258, "DOCUMENT": 258, "AUDIO": 32, "VIDEO": 263}
"""What one picture, page or second counts for: https://ai.google.dev/gemini-api/docs/tokens."""
_PICTURE_TOKENS = 1120
_SOUND_TOKENS = 3


@attrs.frozen
class Question:
    """A request, as far as its answer depends on it."""

    request: JsonObject
    model: str
    tier: str
    """How the service writes the tier, which differs between items and lines."""
    config: JsonObject
    prompt: str
    digest: bytes
    """The SHA-256 of the prompt."""
    tokens: int
    """How many of them the text of the prompt has."""

    @classmethod
    def of(cls, request: JsonObject, model: str, tier: str) -> Self:
        """Return the question that a request is."""
        prompt = prompt_of(request)
        digest = hashlib.sha256(_encoded(prompt)).digest()
        config = request.get("generationConfig", {})
        return cls(request, model, tier, config, prompt, digest, prompt_tokens(request))


def prompt_of(request: JsonObject) -> str:
    """Return the text parts of all contents, joined by line feeds."""
    return "\n".join(part["text"] for part in _parts_of(request) if "text" in part)


def _instructions(request: JsonObject) -> str:
    parts = request.get("systemInstruction", {}).get("parts", [])
    return "\n".join(part["text"] for part in parts if "text" in part)


def prompt_tokens(request: JsonObject) -> int:
    """Return how many tokens the text of a prompt counts for: one for every four bytes."""
    return _tokens_of(prompt_of(request) + _instructions(request))


def _tokens_of(prompt: str) -> int:
    return len(_encoded(prompt)) // 4 + 1


def _encoded(prompt: str) -> bytes:
    return prompt.encode("utf-8", "surrogatepass")  # half a character is a prompt as well


def _parts_of(request: JsonObject) -> Iterator[JsonObject]:
    for content in request.get("contents") or [request.get("content", {})]:
        yield from content.get("parts", [])


# The answer.


def generation_response(question: Question, text: str | None = None) -> JsonObject:
    """Return a full response: with the text given, or else with what the request asks for."""
    if text is not None:
        return response_of(question, [{"text": text}])
    called = _forced_call(question)
    if called is not None:
        parts = [*_thoughts(question), called]
        return response_of(question, parts, finishMessage="Model generated function call(s).")
    return response_of(question, [*_thoughts(question), *_asked_for(question)])


def response_of(question: Question, parts: list[JsonObject] | None, **others: Any) -> JsonObject:
    """Return a full response with these parts in each of its candidates.

    Without parts the candidates have a content that has none. A text longer than the request
    allows is cut, as at the service.
    """
    candidate: JsonObject = {"content": {"role": "model"}, "finishReason": "STOP", "index": 0}
    if parts:
        parts, cut = _within_limit(question, parts)
        if len(parts) > 1:
            signature = base64.b64encode(question.digest * 3).decode()
            parts = [*parts[:-1], {**parts[-1], "thoughtSignature": signature}]
        candidate["content"] = {"parts": parts, "role": "model"}
        candidate["finishReason"] = "MAX_TOKENS" if cut else "STOP"
    candidate.update(others)
    count = question.config.get("candidateCount") or 1
    if not 1 <= count <= MOST_CANDIDATES:
        raise UnsatisfiableError(f"a response has 1 to {MOST_CANDIDATES} candidates")
    return {
        "candidates": [{**candidate, "index": index} for index in range(count)],
        **closing(question, parts or [], count),
    }


def closing(question: Question, parts: list[JsonObject], count: int = 0) -> JsonObject:
    """Return what stands behind the candidates: usage, model and id."""
    prompt = list(_prompt_details(question))
    asked = sum(one["tokenCount"] for one in prompt)
    said = [part for part in parts if not part.get("thought")]
    media = [one for one in map(_media_details, said) if one]
    answered = count * (sum(map(_answer_tokens, said)) + sum(one["tokenCount"] for one in media))
    thinking = _thinking_tokens(question, answered // count) if count else 0
    cached = 1024 if question.request.get("cachedContent") else 0
    usage = present(
        {
            "promptTokenCount": asked + cached,
            "cachedContentTokenCount": cached,
            "candidatesTokenCount": answered,
            "totalTokenCount": asked + cached + answered + thinking,
            "promptTokensDetails": prompt,
            "candidatesTokensDetails": media,
            "thoughtsTokenCount": thinking,
            "serviceTier": question.tier,
        }
    )
    return {
        "usageMetadata": usage,
        "modelVersion": question.model.partition("/")[2],
        "responseId": base64.urlsafe_b64encode(question.digest[:16]).decode().rstrip("="),
    }


def _thoughts(question: Question) -> list[JsonObject]:
    config = question.config.get("thinkingConfig", {})
    shown = config.get("includeThoughts", question.digest[0] < _THOUGHTFUL)
    if not shown or config.get("thinkingBudget") == 0:
        return []
    return [{"text": _THOUGHT, "thought": True}]


def _thinking_tokens(question: Question, answered: int) -> int:
    """Return how many tokens were thought: of those that a request allows, the answer has some."""
    wanted = 20 + question.digest[1]
    budget = question.config.get("thinkingConfig", {}).get("thinkingBudget")
    if budget is not None and budget >= 0:
        wanted = int(min(wanted, budget))
    most = question.config.get("maxOutputTokens") or 0
    return wanted if most <= 0 else max(0, int(min(wanted, most - answered)))


def _asked_for(question: Question) -> list[JsonObject]:
    modalities = question.config.get("responseModalities", [])
    made = [
        {"inlineData": make(question.digest)}
        for kind, make in (("IMAGE", picture), ("AUDIO", sound))
        if kind in modalities
    ]
    return made if made and "TEXT" not in modalities else [{"text": _text(question)}, *made]


def _text(question: Question) -> str:
    schema = _schema_of(question.config)
    if schema is not None:
        value = satisfy(schema, Random(question.digest))  # noqa: S311  (variety, not secrecy)
        if question.config.get("responseMimeType") == "text/x.enum":
            return str(value)
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    prompt = question.prompt
    told = f"sha256:{question.digest.hex()}\n{len(prompt)} characters\n{prompt[:ECHOED]}"
    if question.config.get("responseMimeType") == "application/json":
        return json.dumps({"answer": told}, ensure_ascii=False, separators=(",", ":"))
    return told


def _schema_of(config: JsonObject) -> JsonObject | None:
    formatted = config.get("responseFormat", {}).get("text", {})
    for found in (
        config.get("responseSchema"),
        config.get("responseJsonSchema"),
        formatted.get("schema"),
    ):
        if is_object(found):
            return found
    return None


def _forced_call(question: Question) -> JsonObject | None:
    """Return a call of a function that the request says must be called, if it says so."""
    config = question.request.get("toolConfig", {}).get("functionCallingConfig", {})
    if config.get("mode") != "ANY":
        return None
    allowed = config.get("allowedFunctionNames")
    declared = [
        function
        for tool in question.request.get("tools", [])
        for function in tool.get("functionDeclarations", [])
        if not allowed or function.get("name") in allowed
    ]
    if not declared:
        return None
    draw = Random(question.digest)  # noqa: S311  (variety, not secrecy)
    function = draw.choice(declared)
    schema = function.get("parameters") or function.get("parametersJsonSchema")
    arguments: Any = satisfy(schema, draw) if is_object(schema) else {}
    return {
        "functionCall": {
            "name": function.get("name", ""),
            "args": arguments,
            "id": f"call_{question.digest[2:5].hex()}",
        }
    }


# Tokens.


def _within_limit(question: Question, parts: list[JsonObject]) -> tuple[list[JsonObject], bool]:
    """Cut what is said after as many tokens as the request allows, and say whether it was cut."""
    left = question.config.get("maxOutputTokens") or 0
    if left <= 0:
        return parts, False
    kept: list[JsonObject] = []
    for part in parts:
        tokens = 0 if part.get("thought") else _answer_tokens(part)
        if tokens > left:
            cut = {**part, "text": part["text"][: 4 * left - 1]} if "text" in part else None
            return [*kept, *([cut] if cut else [])], True
        left -= tokens
        kept.append(part)
    return kept, False


def _answer_tokens(part: JsonObject) -> int:
    if "functionCall" in part:
        return len(json.dumps(part["functionCall"])) // 4 + 1
    return len(part["text"]) // 4 + 1 if "text" in part else 0


def _media_details(part: JsonObject) -> JsonObject | None:
    kind = _modality(part)
    if kind is None:
        return None
    return {"modality": kind, "tokenCount": _PICTURE_TOKENS if kind == "IMAGE" else _SOUND_TOKENS}


def _prompt_details(question: Question) -> Iterator[JsonObject]:
    yield {"modality": "TEXT", "tokenCount": question.tokens}
    found: dict[str, int] = {}
    for part in _parts_of(question.request):
        kind = _modality(part)
        if kind is not None:
            found[kind] = found.get(kind, 0) + _MEDIA_TOKENS[kind]
    for kind, tokens in found.items():
        yield {"modality": kind, "tokenCount": tokens}


def _modality(part: JsonObject) -> str | None:
    """Return what kind of thing a part carries that is no text."""
    blob = part.get("inlineData") or part.get("fileData")
    if blob is None:
        return None
    kind: str = blob.get("mimeType", "").partition("/")[0].upper()
    return kind if kind in _MEDIA_TOKENS else "DOCUMENT"


# Embeddings.


@cache
def _fraction(number: int) -> float:
    exact = number / 32768
    roundings = (float(f"{exact:.{digits}g}") for digits in range(1, 10))
    return next(one for one in roundings if array("f", [one])[0] == exact)


def embedding_response(request: JsonObject) -> JsonObject:
    """Return an embedding: SHAKE-256 of the text, read as 16-bit fractions.

    They are written with as many digits as 32-bit numbers need, which has them rounded.
    """
    text = _encoded(prompt_of(request))
    config = request.get("embedContentConfig", {})
    dimensions = (
        request.get("outputDimensionality")
        or config.get("outputDimensionality")
        or DEFAULT_DIMENSIONS
    )
    if dimensions > MOST_DIMENSIONS:
        raise UnsatisfiableError(f"an embedding has at most {MOST_DIMENSIONS} dimensions")
    drawn = struct.unpack(f">{dimensions}h", hashlib.shake_256(text).digest(2 * dimensions))
    values = [_fraction(number) for number in drawn]
    usage = {"promptTokenCount": prompt_tokens(request)}
    return {"embedding": {"values": values}, "usageMetadata": usage}
