"""Prompts that need no closer look, straight to JSON: most are of this kind.

What is found here of a prompt is what its method makes of it, in a tenth of the time. Where there
is anything to be refused, changed or doubted, nothing is found, and the method is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeAlias, cast

import msgspec

from .codec.writers import Terms, UnfitError, Write, maker_of, only
from .models.config import GenerationConfig
from .models.content import Content, Part
from .models.generation import GenerateContentRequest
from .prompts import STOP_SEQUENCES, expected_bytes

Draft: TypeAlias = tuple[Any, int, int | None]
"""The JSON of a request (plain, or encoded), the size of an answer to it, and how many numbers.

The last is how many it asks for, where it asks for numbers.
"""

Drafter: TypeAlias = Callable[[object], Draft | None]
"""Returns the draft of a prompt of one batch, or ``None`` where that takes a closer look."""


class _Text(msgspec.Struct, gc=False):
    """A part that is a text."""

    text: str


class _Said(msgspec.Struct, gc=False):
    """A message of the user."""

    parts: tuple[_Text]
    role: str = "user"


_NAMED = "(v.__class__ is str and '/' in v)"
_COUNT = "v >= 1"
_TERMS: Terms = {
    GenerateContentRequest: {"contents": None, "cached_content": "False", "model": _NAMED},
    Content: {"parts": None},
    Part: {"text": "v"},
    GenerationConfig: {
        "temperature": "0.0 <= v <= 2.0",
        "top_p": "0.0 <= v <= 1.0",
        "max_output_tokens": _COUNT,
        "candidate_count": _COUNT,
        "stop_sequences": f"len(v) <= {STOP_SEQUENCES}",
        "response_json_schema": "False",
        "thinking_config": "(v.thinking_budget is None or v.thinking_level is None)",
    },
}
"""Within these, there is nothing to be refused, changed or doubted."""


@cache
def _maker_of_generations() -> Callable[[], Write]:
    return maker_of(GenerateContentRequest, "contents", _TERMS, _message_of(only(Part, "text")))


def _message_of(is_text: Callable[[Part], bool]) -> Write:
    """Return what writes contents that are one text of the user."""

    def message(contents: tuple[Content, ...]) -> tuple[_Said] | None:
        if len(contents) != 1:
            return None
        content = contents[0]
        if content.__class__ is not Content or content.role != "user" or content.extra:
            return None
        parts = content.parts
        if len(parts) != 1 or parts[0].__class__ is not Part or not is_text(parts[0]):
            return None
        text = parts[0].text
        return (_Said((_Text(text),)),) if text.__class__ is str and text else None

    return message


@cache
def _maker_of_embeddings() -> Callable[[], Write]:
    from .models.embedding import EmbedContentRequest  # noqa: PLC0415 - few batches need it

    own = {"content": None, "model": _NAMED, "embed_content_config": "True"}
    return maker_of(EmbedContentRequest, "content", {**_TERMS, EmbedContentRequest: own})


def generations() -> Drafter:
    """Return what drafts requests for generated content."""
    write = _maker_of_generations()()
    size = expected_bytes(GenerateContentRequest())
    last, size_of_last = None, size

    def draft(prompt: Any) -> Draft | None:
        nonlocal last, size_of_last
        kind = prompt.__class__
        if kind is str and prompt:
            return {"contents": (_Said((_Text(prompt),)),)}, size, None
        if kind is not GenerateContentRequest:
            return None
        try:
            tree = write(prompt)
        except UnfitError:
            return None
        config = prompt.generation_config
        if config is None:
            return tree, size, None
        if config is not last:
            last, size_of_last = config, expected_bytes(prompt)
        return tree, size_of_last, None

    return draft


def embeddings(beside: dict[str, Any] | None, size: int) -> Drafter:
    """Return what drafts requests for embeddings.

    ``beside`` is what stands beside the content where the prompt is a text; ``None`` where that is
    to be refused.
    """
    from .models.embedding import EmbedContentRequest  # noqa: PLC0415 - few batches need it

    write = _maker_of_embeddings()()
    dimensions = None if beside is None else dimensions_in(beside)

    def draft(prompt: Any) -> Draft | None:
        kind = prompt.__class__
        if kind is str and prompt and beside is not None:
            return {"content": {"parts": (_Text(prompt),)}, **beside}, size, dimensions
        if kind is not EmbedContentRequest:
            return None
        try:
            tree = write(prompt)
        except UnfitError:
            return None
        return tree, size, dimensions_in(tree)

    return draft


def dimensions_in(tree: Mapping[str, Any]) -> int | None:
    """Return how many numbers a request asks for, wherever it says so."""
    found = tree.get("outputDimensionality")
    config: object = tree.get("embedContentConfig")
    if isinstance(config, msgspec.Raw):
        config = msgspec.json.decode(config)
    if found is None and isinstance(config, Mapping):
        found = cast("Mapping[str, object]", config).get("outputDimensionality")
    return found if isinstance(found, int) else None
