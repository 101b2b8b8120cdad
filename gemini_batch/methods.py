"""The two batch methods of the API, and all in which they differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, cast

import msgspec
from attrs import evolve, field, frozen
from typing_extensions import TypeVar

from . import codec
from .drafts import Drafter, dimensions_in, embeddings, generations
from .errors import UsageError
from .models.base import Model
from .models.content import Content
from .models.generation import GenerateContentRequest, GenerationResponse, UsageMetadata
from .prompts import doubt_about, expected_bytes, generation, require_members, require_parts

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
    told otherwise. ``dimensions`` says how many numbers an encoded request asks for, where answers
    are numbers. ``drafts`` makes what does all of this at once for prompts of a batch that are
    plainly sound.

    ``asks`` is the model of its requests. Of their members ``own`` is each one's own and ``config``
    is the one whose members may be shared one by one; ``require`` checks all but the former, and
    ``doubt`` says of a request what the service does not do well.
    """

    verb: str
    answers: type[R]
    holds: str
    request: Callable[[object, str], Model] = field(repr=False)
    expected_bytes: Callable[[Any], int] = field(repr=False)
    usage: Model = field(repr=False)
    asks: type[Model] = field(repr=False)
    own: str = field(repr=False)
    config: str = field(repr=False)
    require: Callable[[Any, str], None] = field(repr=False)
    doubt: Callable[[Any], str | None] = field(repr=False)
    drafts: Callable[[], Drafter] = field(repr=False)
    by_file: bool = False
    dimensions: Callable[[bytes], int | None] | None = field(default=None, repr=False)

    def contents_of(self, request: Model) -> Iterator[Content]:
        """Yield the contents of a request, its instruction among them."""
        own: Content | tuple[Content, ...] | None = getattr(request, self.own)
        yield from (own,) if isinstance(own, Content) else own or ()
        instruction: Content | None = getattr(request, "system_instruction", None)
        if instruction is not None:
            yield instruction


GENERATE = Method(
    "batchGenerateContent",
    GenerationResponse,
    "generated content",
    generation,
    expected_bytes,
    UsageMetadata(),
    GenerateContentRequest,
    "contents",
    "generation_config",
    require_members,
    doubt_about,
    generations,
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
        EmbedContentRequest,
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
        EmbedContentRequest,
        "content",
        "embed_content_config",
        _require_embedding,
        _no_doubt_about,
        partial(_embeddings, task_type, output_dimensionality),
        by_file=True,
        dimensions=_dimensions_asked_for,
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
    _require_embedding(prompt, where)
    if prompt.model is not None and "/" not in prompt.model:
        return evolve(prompt, model=f"models/{prompt.model}")
    return prompt


def _require_embedding(request: EmbedContentRequest, where: str) -> None:
    from .models.embedding import EmbedContentConfig  # noqa: PLC0415 - few batches need it

    config = cast("object", request.embed_content_config)
    if not isinstance(config, EmbedContentConfig | None):
        kind = type(config).__name__
        raise UsageError(f"{where}: embed_content_config is not an EmbedContentConfig but {kind}")


def _embeddings(task_type: Any, output_dimensionality: Any) -> Drafter:
    from .models.embedding import EmbedContentRequest  # noqa: PLC0415 - few batches need it

    beside: dict[str, Any] | None = None
    with suppress(ValueError):  # which the first text that comes is refused with
        told = EmbedContentRequest(task_type=task_type, output_dimensionality=output_dimensionality)
        beside = codec.unstructure(told)
    return embeddings(beside, _NUMBERS * _BYTES_PER_NUMBER)


def _no_doubt_about(_: Model) -> None:
    return None


def _dimensions_asked_for(body: bytes) -> int | None:
    """Return how many numbers an encoded request asks for."""
    return dimensions_in(msgspec.json.decode(body, type=dict[str, Any]))


def _size_of_embedding(_: Model) -> int:
    return _NUMBERS * _BYTES_PER_NUMBER
