"""Batches with their output, as operations and in lists: https://ai.google.dev/api/batch-api.

A look at a batch does not read these: an output may be large, and is read line by line. They are
for those who hold an operation whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from .base import Model, no_members
from .embedding import EmbedContentResponse
from .generation import GenerationResponse
from .status import Status


@frozen
class InlinedResponse(Model):
    """What became of one request: an answer or an error, and the metadata that came with it."""

    response: GenerationResponse | None = None
    error: Status | None = None
    metadata: Mapping[str, Any] = field(factory=no_members, hash=False)


@frozen
class InlinedResponses(Model):
    """What became of all requests of a batch, in any order."""

    inlined_responses: tuple[InlinedResponse, ...] = ()


@frozen
class GenerateContentBatchOutput(Model):
    """Where the results of a batch are: here, or in a file."""

    inlined_responses: InlinedResponses | None = None
    responses_file: str | None = None


@frozen
class InlinedEmbedContentResponse(Model):
    """What became of one request: an embedding or an error, and the metadata of the request."""

    response: EmbedContentResponse | None = None
    error: Status | None = None
    metadata: Mapping[str, Any] = field(factory=no_members, hash=False)


@frozen
class InlinedEmbedContentResponses(Model):
    """What became of all requests of a batch, in any order."""

    inlined_responses: tuple[InlinedEmbedContentResponse, ...] = ()


@frozen
class EmbedContentBatchOutput(Model):
    """Where the results of a batch are: here, or in a file."""

    inlined_responses: InlinedEmbedContentResponses | None = None
    responses_file: str | None = None


@frozen
class Operation(Model):
    """A long-running operation (AIP-151).

    ``metadata`` is a batch, and ``response`` its output once it is ``done``; ``@type`` within them
    is not to be relied on.
    """

    name: str = ""
    metadata: Mapping[str, Any] = field(factory=no_members, hash=False)
    done: bool | None = None
    response: Mapping[str, Any] | None = field(default=None, hash=False)
    error: Status | None = None


@frozen
class ListOperationsResponse(Model):
    """A page of batches."""

    operations: tuple[Operation, ...] = ()
    next_page_token: str | None = None
    unreachable: tuple[str, ...] = ()
