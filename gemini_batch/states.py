"""The life of a batch: its transitions, and what one look at it means.

Everything that decides what state a batch is in stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Generic, TypeAlias

from attrs import evolve, field, frozen

from .methods import R
from .models.operation import BatchOperation, BatchState, BatchStats
from .models.status import Status

if TYPE_CHECKING:
    from .results import BatchResults


TRANSITIONS: Mapping[BatchState, frozenset[BatchState]] = {
    BatchState.PENDING: frozenset(
        {
            BatchState.RUNNING,
            BatchState.SUCCEEDED,
            BatchState.FAILED,
            BatchState.CANCELLED,
            BatchState.EXPIRED,
        }
    ),
    BatchState.RUNNING: frozenset(
        {BatchState.SUCCEEDED, BatchState.FAILED, BatchState.CANCELLED, BatchState.EXPIRED}
    ),
    BatchState.SUCCEEDED: frozenset(),
    BatchState.FAILED: frozenset(),
    BatchState.CANCELLED: frozenset(),
    BatchState.EXPIRED: frozenset(),
}
"""Which state may follow which; a state that nothing follows is final.

``PENDING`` to ``SUCCEEDED`` happens between two looks.
"""

FINAL = frozenset(state for state, later in TRANSITIONS.items() if not later)


@frozen
class Observation:
    """What is known of a batch after a look.

    ``finished`` is for ever. ``awaits_output`` says that the service calls the batch done before
    its results can be had; this passes. ``contradiction`` is a sentence for the log where the
    service took back what it had said.
    """

    operation: BatchOperation
    state: BatchState
    finished: bool
    awaits_output: bool = False
    contradiction: str | None = None


def observe(previous: Observation | None, operation: BatchOperation) -> Observation:
    """Return what is known after ``operation``, given what was known before it."""
    state, finished, awaits_output = _read(operation)
    if previous is not None and previous.finished and (previous.state, finished) != (state, True):
        return evolve(previous, contradiction=_took_back(previous.state, operation))
    if previous is not None and previous.finished and (lost := _lost(previous, operation)):
        return evolve(previous, contradiction=lost)
    if previous is None or previous.state == state:
        contradiction = None
    elif previous.state in TRANSITIONS and state not in TRANSITIONS[previous.state]:
        contradiction = _took_back(previous.state, operation) if state.recognised else None
    else:
        contradiction = None
    return Observation(operation, state, finished, awaits_output, contradiction)


def _took_back(state: BatchState, operation: BatchOperation) -> str:
    now = operation.state if operation.state != state else "unfinished"
    return f"{operation.name} was {state}, and the service now calls it {now}"


def _lost(previous: Observation, operation: BatchOperation) -> str | None:
    """Return the sentence for what a finished batch had, and is not shown any more."""
    before = previous.operation
    if before.has_output and not operation.has_output:
        return f"{operation.name} had results, and the service now shows none"
    if before.error is not None and operation.error is None:
        return f"{operation.name} had an error, and the service now shows none"
    return None


def _read(operation: BatchOperation) -> tuple[BatchState, bool, bool]:
    """Return the state, whether it is final, and whether only the output is lacking."""
    state = operation.state
    match state:
        case BatchState.FAILED | BatchState.CANCELLED | BatchState.EXPIRED:
            return state, True, False
        case _ if state.recognised and (operation.done or state == BatchState.SUCCEEDED):
            if operation.has_output and operation.done:
                return BatchState.SUCCEEDED, True, False
            if operation.error is not None:
                return BatchState.FAILED, True, False
            return BatchState.RUNNING, False, True
        case _:
            return state, operation.done, False


@frozen(kw_only=True)
class _Status:
    """What all statuses share: the ``operation`` they were read from, without its output."""

    operation: BatchOperation = field(repr=False)

    @property
    def finished(self) -> bool:
        """Whether the service will do no more."""
        return True

    @property
    def stats(self) -> BatchStats:
        """How many requests the batch has, and how they fared."""
        return self.operation.stats


@frozen
class Pending(_Status):
    """The service has not begun."""

    @property
    def finished(self) -> bool:
        """False, for there is more to come."""
        return False


@frozen
class Running(_Status):
    """The service is at work; a count is ``None`` where the service does not tell it.

    The counts may stay as they were until the end: they are not progress.
    """

    pending_count: int | None
    successful_count: int | None
    failed_count: int | None
    total_count: int | None

    @property
    def finished(self) -> bool:
        """False, for there is more to come."""
        return False

    @property
    def completed_count(self) -> int | None:
        """Requests that were answered or failed; ``None`` where that is not known."""
        if self.successful_count is None or self.failed_count is None:
            return None
        return self.successful_count + self.failed_count


@frozen
class Succeeded(_Status, Generic[R]):
    """The batch is done. Single requests may have failed all the same: see ``results.errors``."""

    results: BatchResults[R]


@frozen
class Failed(_Status):
    """The batch failed as a whole; ``error`` is ``None`` where the service gave no reason."""

    error: Status | None

    def without_results(self) -> Failed:
        """Return what of this status can be pickled: all of it."""
        return self


@frozen
class Cancelled(_Status, Generic[R]):
    """The batch was cancelled; ``results`` keeps what was answered before, if anything was."""

    results: BatchResults[R] | None

    def without_results(self) -> Cancelled[R]:
        """Return what of this status can be pickled."""
        return evolve(self, results=None)


@frozen
class Expired(_Status, Generic[R]):
    """The service gave up after 48 hours; ``results`` keeps what was answered, if anything was."""

    results: BatchResults[R] | None

    def without_results(self) -> Expired[R]:
        """Return what of this status can be pickled."""
        return evolve(self, results=None)


@frozen
class Unrecognised(_Status):
    """A state that this package does not know; ``finished`` if the service says it is done."""

    state: str

    @property
    def finished(self) -> bool:
        """Whether the service will do no more."""
        return self.operation.done


BatchStatus: TypeAlias = (
    Pending | Running | Succeeded[R] | Failed | Cancelled[R] | Expired[R] | Unrecognised
)
"""What a batch may be; made for ``match``."""

EndedStatus: TypeAlias = Failed | Cancelled[R] | Expired[R]
"""How a batch ends that does not succeed."""


def status_of(observation: Observation, results: BatchResults[R] | None) -> BatchStatus[R]:
    """Return the status for an observation; ``results`` are those of a finished batch."""
    operation = observation.operation
    stats = operation.stats
    match observation.state:
        case BatchState.PENDING:
            return Pending(operation=operation)
        case BatchState.RUNNING:
            return Running(
                stats.pending_request_count,
                stats.successful_request_count,
                stats.failed_request_count,
                stats.request_count,
                operation=operation,
            )
        case BatchState.SUCCEEDED if results is not None:
            return Succeeded(results, operation=operation)
        case BatchState.FAILED:
            return Failed(operation.error, operation=operation)
        case BatchState.CANCELLED:
            return Cancelled(results, operation=operation)
        case BatchState.EXPIRED:
            return Expired(results, operation=operation)
        case state:
            return Unrecognised(str(state), operation=operation)
