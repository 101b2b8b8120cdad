"""A batch as the service tells of it: https://ai.google.dev/api/batch-api."""

from __future__ import annotations

from typing import Any, Self

from attrs import evolve, frozen

from .base import Int64, Model, OpenEnum, Timestamp
from .status import Status


class BatchState(OpenEnum):
    """Where a batch stands, by the API's name without its prefix ``BATCH_STATE_``."""

    UNSPECIFIED = "UNSPECIFIED"
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"

    @classmethod
    def from_wire(cls, name: str) -> Self:
        """Read ``BATCH_STATE_…``, or ``JOB_STATE_…`` as the guide and other clients spell it."""
        return cls(name.removeprefix("BATCH_STATE_").removeprefix("JOB_STATE_"))


@frozen
class BatchStats(Model):
    """How many requests a batch has, and how they fared; ``None`` is a count not known.

    These are not progress: the service may leave them as they were until the end.
    """

    request_count: Int64 | None = None
    successful_request_count: Int64 | None = None
    failed_request_count: Int64 | None = None
    pending_request_count: Int64 | None = None

    def completed(self) -> Self:
        """Return these stats with absent counts as 0 where the given ones account for all.

        The service leaves out counts that are zero; but one it leaves out need not be zero. What
        is less than nothing is no count.
        """
        unknown: dict[str, Any] = {one: None for one in _COUNTS if (getattr(self, one) or 0) < 0}
        if unknown:
            return evolve(self, **unknown).completed()
        given = (
            self.successful_request_count,
            self.failed_request_count,
            self.pending_request_count,
        )
        if self.request_count is None or sum(filter(None, given)) != self.request_count:
            return self
        successful, failed, pending = (count or 0 for count in given)
        return evolve(
            self,
            successful_request_count=successful,
            failed_request_count=failed,
            pending_request_count=pending,
        )


_COUNTS = (
    *("request_count", "successful_request_count"),
    *("failed_request_count", "pending_request_count"),
)


@frozen
class BatchInput(Model):
    """Where the requests of a batch came from, if from a file."""

    file_name: str | None = None


@frozen
class BatchMetadata(Model):
    """``GenerateContentBatch`` or ``EmbedContentBatch`` without its output."""

    model: str | None = None
    display_name: str | None = None
    input_config: BatchInput | None = None
    create_time: Timestamp | None = None
    end_time: Timestamp | None = None
    update_time: Timestamp | None = None
    batch_stats: BatchStats | None = None
    state: str | None = None
    name: str | None = None
    priority: Int64 | None = None


@frozen
class BatchOperation:
    """One look at a batch, without its output.

    ``display_name`` is the part of the name that you chose, ``label`` the part that this package
    adds to find a batch again, ``raw_display_name`` both as the service has them. ``done`` says
    that the service will do no more; ``error`` why it failed as a whole. ``responses_file`` names
    the file of the results, if they are in one; ``inlined`` says that they are in the operation.
    ``embeddings`` says which kind of answers the batch has, ``None`` that nobody told.
    """

    name: str
    state: BatchState
    done: bool = False
    display_name: str | None = None
    label: str | None = None
    raw_display_name: str | None = None
    model: str | None = None
    create_time: Timestamp | None = None
    update_time: Timestamp | None = None
    end_time: Timestamp | None = None
    stats: BatchStats = BatchStats()
    error: Status | None = None
    input_file: str | None = None
    responses_file: str | None = None
    inlined: bool = False
    embeddings: bool | None = None

    @property
    def has_output(self) -> bool:
        """Whether there are results to be had."""
        return self.inlined or self.responses_file is not None
