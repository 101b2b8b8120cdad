"""What creates a batch: https://ai.google.dev/api/batch-api#request-body.

These stand for create calls whose requests are in memory. The calls themselves are put together
from encoded requests, which may be many.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self

from attrs import field, frozen

from .base import Int64, Model, Timestamp, as_strings, no_members
from .embedding import EmbedContentRequest
from .generation import GenerateContentRequest
from .operation import BatchStats

if TYPE_CHECKING:
    from .outputs import EmbedContentBatchOutput, GenerateContentBatchOutput


@frozen
class WebhookConfig(Model):
    """Whom the service tells of the batch: addresses, and what they are told besides."""

    uris: tuple[str, ...] = field(default=(), converter=as_strings)
    user_metadata: Mapping[str, Any] | None = field(default=None, hash=False)


@frozen
class InlinedRequest(Model):
    """A request within a create call; its ``metadata`` come back with its result."""

    request: GenerateContentRequest
    metadata: Mapping[str, Any] = field(factory=no_members, hash=False)


def as_inlined(values: Iterable[InlinedRequest]) -> tuple[InlinedRequest, ...]:
    """Freeze a sequence of requests."""
    return tuple(values)


@frozen
class InlinedRequests(Model):
    """The requests within a create call."""

    requests: tuple[InlinedRequest, ...] = field(default=(), converter=as_inlined)


@frozen
class InputConfig(Model):
    """Where the requests of a batch are: here, or in a file."""

    requests: InlinedRequests | None = None
    file_name: str | None = None


@frozen
class GenerateContentBatch(Model):
    """A batch: to be created, or as the service tells of it.

    One with a greater ``priority`` is worked on before others, which is 0 where it is not given.
    Those from ``name`` on are the service's alone; ``state`` is as it spells it,
    ``BATCH_STATE_…``.
    """

    display_name: str | None = None
    input_config: InputConfig | None = None
    model: str | None = None
    priority: Int64 | None = None
    webhook_config: WebhookConfig | None = None
    name: str | None = None
    state: str | None = None
    batch_stats: BatchStats | None = None
    create_time: Timestamp | None = None
    update_time: Timestamp | None = None
    end_time: Timestamp | None = None
    output: GenerateContentBatchOutput | None = None


@frozen
class BatchGenerateContentRequest(Model):
    """The body of ``models.batchGenerateContent``."""

    batch: GenerateContentBatch

    @classmethod
    def of(cls, name: str, model: str | None, requests: Iterable[tuple[str, Any]]) -> Self:
        """Return the call for requests by their keys."""
        inlined = (InlinedRequest(request, {"key": key}) for key, request in requests)
        config = InputConfig(InlinedRequests(inlined))
        return cls(GenerateContentBatch(name, config, model))


@frozen
class InlinedEmbedContentRequest(Model):
    """A request within a create call; its ``metadata`` come back with its result."""

    request: EmbedContentRequest
    metadata: Mapping[str, Any] = field(factory=no_members, hash=False)


def as_inlined_embeddings(
    values: Iterable[InlinedEmbedContentRequest],
) -> tuple[InlinedEmbedContentRequest, ...]:
    """Freeze a sequence of requests."""
    return tuple(values)


@frozen
class InlinedEmbedContentRequests(Model):
    """The requests within a create call."""

    requests: tuple[InlinedEmbedContentRequest, ...] = field(
        default=(), converter=as_inlined_embeddings
    )


@frozen
class InputEmbedContentConfig(Model):
    """Where the requests of a batch are: here, or in a file."""

    requests: InlinedEmbedContentRequests | None = None
    file_name: str | None = None


@frozen
class EmbedContentBatch(Model):
    """A batch of embeddings; its members mean what those of a :class:`GenerateContentBatch` do."""

    display_name: str | None = None
    input_config: InputEmbedContentConfig | None = None
    model: str | None = None
    priority: Int64 | None = None
    webhook_config: WebhookConfig | None = None
    name: str | None = None
    state: str | None = None
    batch_stats: BatchStats | None = None
    create_time: Timestamp | None = None
    update_time: Timestamp | None = None
    end_time: Timestamp | None = None
    output: EmbedContentBatchOutput | None = None


@frozen
class AsyncBatchEmbedContentRequest(Model):
    """The body of ``models.asyncBatchEmbedContent``."""

    batch: EmbedContentBatch

    @classmethod
    def of(cls, name: str, model: str | None, requests: Iterable[tuple[str, Any]]) -> Self:
        """Return the call for requests by their keys."""
        inlined = (InlinedEmbedContentRequest(request, {"key": key}) for key, request in requests)
        config = InputEmbedContentConfig(InlinedEmbedContentRequests(inlined))
        return cls(EmbedContentBatch(name, config, model))
