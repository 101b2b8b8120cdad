"""What the emulator answers those who judge it: short, and with everything an answer can have."""

import base64
from collections.abc import Mapping
from typing import Any

from gemini_batch.emulator import ItemFailure


def answer(request: Mapping[str, Any], key: str | None) -> str | dict[str, Any] | ItemFailure:
    """Answer in capitals; fail what asks for it, with and without words; think when asked to."""
    del key
    prompt = request["contents"][0]["parts"][0]["text"]
    match prompt:
        case "fail":
            return ItemFailure(8, "Too much was asked.")
        case "fail silently":
            return ItemFailure(13)
        case "think":
            return THOUGHTFUL
        case _:
            return str(prompt).upper()


THOUGHTFUL: dict[str, Any] = {
    "candidates": [
        {
            "content": {
                "parts": [
                    {"text": "Hm.", "thought": True},
                    {
                        "text": "Yes.",
                        "thoughtSignature": base64.b64encode(b"\xfb\xff\xfe").decode(),
                    },
                ],
                "role": "model",
            },
            "finishReason": "MAX_TOKENS",
            "index": 0,
        }
    ],
    "usageMetadata": {
        "promptTokenCount": 11,
        "candidatesTokenCount": 22,
        "totalTokenCount": 66,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 11}],
        "thoughtsTokenCount": 33,
        "cachedContentTokenCount": 4,
        "serviceTier": "standard",
    },
    "modelVersion": "gemini-2.5-flash",
    "responseId": "an-id_of-a-response",
}
