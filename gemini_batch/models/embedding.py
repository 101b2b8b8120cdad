"""``EmbedContentRequest`` and its answer: https://ai.google.dev/api/embeddings."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Any, Self

from attrs import field, frozen

from ..errors import UsageError
from .base import Int64, Model, OpenEnum
from .content import Content
from .generation import ModalityTokenCount, as_counts
from .sent import Sent, as_sent


class TaskType(OpenEnum):
    """What an embedding is for; not every model heeds it."""

    RETRIEVAL_QUERY = "RETRIEVAL_QUERY"
    RETRIEVAL_DOCUMENT = "RETRIEVAL_DOCUMENT"
    SEMANTIC_SIMILARITY = "SEMANTIC_SIMILARITY"
    CLASSIFICATION = "CLASSIFICATION"
    CLUSTERING = "CLUSTERING"
    QUESTION_ANSWERING = "QUESTION_ANSWERING"
    FACT_VERIFICATION = "FACT_VERIFICATION"
    CODE_RETRIEVAL_QUERY = "CODE_RETRIEVAL_QUERY"


def as_task_type(value: str | None) -> TaskType | None:
    """Take a task type by its name, too."""
    try:
        return None if value is None else TaskType(value)
    except ValueError:
        raise UsageError(f"a task type is a string, not {value!a}") from None


@frozen
class EmbedContentConfig(Model):
    """How a content is embedded, in the spelling of newer models.

    ``auto_truncate`` cuts what is too long, instead of refusing it. The last two are about what is
    read of a video and of a document.
    """

    task_type: TaskType | None = field(default=None, converter=as_task_type)
    title: str | None = None
    output_dimensionality: int | None = None
    auto_truncate: bool | None = None
    audio_track_extraction: bool | None = None
    document_ocr: bool | None = None


@frozen
class EmbedContentRequest(Model):
    """One content to be embedded.

    ``title`` is for documents to be retrieved; ``output_dimensionality`` cuts the embedding to so
    many numbers.
    """

    content: Content | None = None
    task_type: TaskType | None = field(default=None, converter=as_task_type)
    title: str | None = None
    output_dimensionality: int | None = None
    model: str | None = None
    embed_content_config: EmbedContentConfig | None = None

    @classmethod
    def of(cls, text: str, **members: Any) -> Self:
        """Return a request for one text: ``of("Hi", output_dimensionality=256)``."""
        return cls(Content.system(text), **members)  # embedded content has no role


def as_floats(values: Iterable[float]) -> tuple[float, ...]:
    """Freeze a sequence of numbers."""
    return tuple(values)


def as_integers(values: Iterable[int]) -> tuple[int, ...]:
    """Freeze a sequence of integers."""
    return tuple(values)


@frozen
class ContentEmbedding(Model):
    """An embedding: its numbers, and their ``shape`` where it is not a plain list."""

    values: tuple[float, ...] = field(
        default=(), converter=as_floats, repr=lambda values: f"<{len(values)} numbers>"
    )
    shape: tuple[int, ...] = field(default=(), converter=as_integers)


@frozen
class EmbeddingUsageMetadata(Model):
    """Tokens used by one request; ``None`` is a count that the service did not give."""

    prompt_token_count: int | None = None
    prompt_token_details: tuple[ModalityTokenCount, ...] = field(default=(), converter=as_counts)


@frozen
class EmbedContentResponse(Sent):
    """The answer to one :class:`EmbedContentRequest`.

    ``token_count`` is what the service sent in place of ``usage_metadata`` until 2025.
    """

    embedding: ContentEmbedding | None = None
    usage_metadata: EmbeddingUsageMetadata | None = None
    token_count: Int64 | None = None

    @property
    def values(self) -> tuple[float, ...]:
        """The numbers of the embedding; empty where the service sent none (see ``problem``)."""
        embedding = as_sent(self).embedding
        return () if embedding is None else embedding.values or ()

    def as_array(self) -> array[float]:
        """Return the numbers as an ``array`` of 32-bit ones, in which there is no loss."""
        return array("f", self.values)

    @property
    def usage(self) -> EmbeddingUsageMetadata | None:
        """The tokens used, wherever the service told of them."""
        if self.usage_metadata is None and self.token_count is not None:
            return EmbeddingUsageMetadata(self.token_count)
        return self.usage_metadata

    @property
    def problem(self) -> str | None:
        """Why there is nothing in this answer, in a few words; ``None`` where there is."""
        return None if self.values else "no answer: the embedding is empty"
