"""What creates a batch: https://ai.google.dev/api/batch-api#request-body.

These stand for create calls whose requests are in memory. The calls themselves are put together
from encoded requests, which may be many.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

from attrs import field, frozen

from .base import Model, no_members
from .embedding import EmbedContentRequest
from .generation import GenerateContentRequest


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
    """A batch to be created."""

    display_name: str
    input_config: InputConfig
    model: str | None = None


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
    """A batch of embeddings to be created."""

    display_name: str
    input_config: InputEmbedContentConfig
    model: str | None = None


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
