"""The two batch methods of the API, and all in which they differ."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeAlias

from attrs import evolve, field, frozen
from typing_extensions import TypeVar

from .errors import UsageError
from .models.base import Model
from .models.generation import GenerationResponse, UsageMetadata
from .prompts import expected_bytes, generation, require_parts

if TYPE_CHECKING:
    from .models.embedding import EmbedContentRequest, EmbedContentResponse

R = TypeVar("R", bound="GenerationResponse | EmbedContentResponse", default=GenerationResponse)
"""What the answers of a batch are: generated content, unless it is said otherwise."""

_NUMBERS = 3072
_BYTES_PER_NUMBER = 13

Text: TypeAlias = "str | EmbedContentRequest"
"""What is embedded: a text, or a request with everything that shapes the embedding."""


@frozen
class Method(Generic[R]):
    """A method that creates batches.

    ``verb`` is its name in the API's paths, and ``answers`` the model of its answers.
    ``request`` makes a checked request of a prompt, given how to name it in an error.
    ``usage`` is what no request at all would use. ``by_file`` says that requests go by file unless
    told otherwise.
    """

    verb: str
    answers: type[R]
    holds: str
    request: Callable[[object, str], Model] = field(repr=False)
    expected_bytes: Callable[[Any], int] = field(repr=False)
    usage: Model = field(repr=False)
    by_file: bool = False


GENERATE = Method(
    "batchGenerateContent",
    GenerationResponse,
    "generated content",
    generation,
    expected_bytes,
    UsageMetadata(),
)
"""``models.batchGenerateContent``."""


def embed(
    task_type: str | None = None, output_dimensionality: int | None = None
) -> Method[EmbedContentResponse]:
    """Return ``models.asyncBatchEmbedContent``; the arguments are for prompts that are texts.

    Inline, more than a thousand embeddings were seen to come back in another order, and without
    what tells them apart; so they go by file.
    """
    from .models.embedding import (  # noqa: PLC0415 - few batches need it
        EmbedContentResponse,
        EmbeddingUsageMetadata,
    )

    return Method(
        "asyncBatchEmbedContent",
        EmbedContentResponse,
        "embeddings",
        partial(_embedding, task_type=task_type, output_dimensionality=output_dimensionality),
        _size_of_embedding,
        EmbeddingUsageMetadata(),
        by_file=True,
    )


def method_of(answers: type[R]) -> Method[R]:
    """Return the method whose answers are of this type."""
    method: Method[Any] = GENERATE
    if answers is not GenerationResponse:
        method = embed()
    if answers is not method.answers:
        raise UsageError(
            "answers are of the type GenerationResponse or EmbedContentResponse, not "
            f"{getattr(answers, '__name__', answers)!a}"
        )
    return method


def _embedding(
    prompt: object, where: str, *, task_type: str | None, output_dimensionality: int | None
) -> Model:
    from .models.embedding import EmbedContentRequest  # noqa: PLC0415 - few batches need it

    if isinstance(prompt, str):
        if not prompt:
            raise UsageError(f"{where}: the text is empty")
        return EmbedContentRequest.of(
            prompt, task_type=task_type, output_dimensionality=output_dimensionality
        )
    if not isinstance(prompt, EmbedContentRequest):
        kind = type(prompt).__name__
        raise UsageError(
            f"{where}: what is embedded is a str or an EmbedContentRequest, not {kind}"
        )
    if prompt.content is None:
        raise UsageError(f"{where}: content is missing")
    require_parts(prompt.content, f"{where}: content")
    if prompt.model is not None and "/" not in prompt.model:
        return evolve(prompt, model=f"models/{prompt.model}")
    return prompt


def _size_of_embedding(_: Model) -> int:
    return _NUMBERS * _BYTES_PER_NUMBER
