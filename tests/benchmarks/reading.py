"""Read results as users of this package do; nothing of what it is compared with is imported."""

from __future__ import annotations

from pathlib import Path

from gemini_batch import BatchResults, GenerationResponse
from gemini_batch.items import ItemSuccess


def read(path: Path) -> int:
    """Open a file, touch the key and the text of every item, and return how many have a text."""
    with BatchResults.open(path) as results:
        return touch(results)


def touch(results: BatchResults[GenerationResponse]) -> int:
    """Touch the key and the text of every item, and return how many have a text."""
    count = 0
    for item in results:
        if item.key is not None and isinstance(item, ItemSuccess) and item.response.text:
            count += 1
    return count


def touch_members(results: BatchResults[GenerationResponse]) -> int:
    """Touch every member of every answer that the lines of the corpora have."""
    count = 0
    for item in results:
        if isinstance(item, ItemSuccess):
            count += _members(item.response)
    return count


def _members(answer: GenerationResponse) -> int:
    [candidate] = answer.candidates
    content, usage = candidate.content, answer.usage_metadata
    assert content is not None
    assert usage is not None
    [part], [prompt], [told] = (
        content.parts,
        usage.prompt_tokens_details,
        usage.candidates_tokens_details,
    )
    touched = (
        *(part.text, content.role, candidate.finish_reason, candidate.index),
        *(usage.prompt_token_count, usage.candidates_token_count, usage.total_token_count),
        *(prompt.modality, prompt.token_count, told.modality, told.token_count),
        *(answer.model_version, answer.response_id),
    )
    return len([member for member in touched if member is not None])
