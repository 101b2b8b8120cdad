"""Encode requests as the lines of a file."""

from __future__ import annotations

import json
from collections.abc import Sequence

import msgspec
from google.genai import types

from gemini_batch.defaults import Defaults
from gemini_batch.limits import DRAWN
from gemini_batch.methods import GENERATE
from gemini_batch.models.generation import GenerateContentRequest
from gemini_batch.spool import MemorySpool
from gemini_batch.submission import Submission
from tests.benchmarks import requests_made
from tests.benchmarks.clocks import interleaved
from tests.benchmarks.report import Figure
from tests.benchmarks.requests_made import INSTRUCTION, MOST_TOKENS, TEMPERATURE, Line
from tests.benchmarks.scale import Scale

Google = tuple[types.Content, types.Content, types.GenerationConfig]


def encode(scale: Scale) -> list[Figure]:
    """Encode requests that are built already.

    This package also checks them, looks for keys that come twice, takes the digest that the upload
    is held against, and appends to a spool.
    """
    count = scale.of(50_000, 2_000)
    prompts = requests_made.texts(count)
    built, apart = requests_made.ours(prompts), requests_made.ours_apart(prompts)
    structs, bare = requests_made.structs(prompts), requests_made.bare(prompts)
    google = _of_google(prompts)
    shared = Defaults(GENERATE, requests_made.defaults())
    seconds = interleaved(
        scale.turns,
        {
            "ours": lambda: _submitted(built),
            "apart": lambda: _submitted(apart),
            "shared": lambda: _submitted(prompts, shared),
            "texts": lambda: _submitted(prompts),
            "msgspec": lambda: _by_msgspec(structs),
            "bare": lambda: _by_msgspec(bare),
            "google": lambda: _by_google(google),
        },
    )
    what = "a request"
    return [
        Figure.gain("encode-google", seconds["ours"], seconds["google"], count, what),
        Figure.ratio("encode-msgspec", seconds["ours"], seconds["msgspec"], count, what),
        Figure.ratio("encode-apart", seconds["apart"], seconds["msgspec"], count, what),
        Figure.ratio("encode-shared", seconds["shared"], seconds["msgspec"], count, what),
        Figure.ratio("encode-texts", seconds["texts"], seconds["bare"], count, what),
    ]


def _submitted(
    requests: Sequence[GenerateContentRequest | str], defaults: Defaults | None = None
) -> int:
    submission = Submission(MemorySpool(), GENERATE, defaults)
    for start in range(0, len(requests), DRAWN):
        submission.add(requests[start : start + DRAWN])
    return submission.size


def _by_msgspec(lines: Sequence[Line]) -> int:
    spool, encoder = bytearray(), msgspec.json.Encoder()
    for line in lines:
        spool += encoder.encode(line) + b"\n"
    return len(spool)


def _of_google(prompts: Sequence[str]) -> list[Google]:
    instruction = types.Content(parts=[types.Part(text=INSTRUCTION)])
    config = types.GenerationConfig(temperature=TEMPERATURE, max_output_tokens=MOST_TOKENS)
    return [
        (types.Content(role="user", parts=[types.Part(text=prompt)]), instruction, config)
        for prompt in prompts
    ]


def _dumped(model: types.Content | types.GenerationConfig) -> object:
    return model.model_dump(mode="json", exclude_none=True, by_alias=True)


def _by_google(requests: Sequence[Google]) -> int:
    size = 0
    for number, (content, instruction, config) in enumerate(requests):
        request = {
            "contents": [_dumped(content)],
            "systemInstruction": _dumped(instruction),
            "generationConfig": _dumped(config),
        }
        size += len(json.dumps({"key": str(number), "request": request}).encode()) + 1
    return size
