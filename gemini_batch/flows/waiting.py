"""Look at a batch, or at many, until they are finished."""

from __future__ import annotations

import math
from collections.abc import Sequence
from heapq import heappop, heappush
from typing import Any

from attrs import define, field, frozen

from ..batch import Batch
from ..effects import FlowBody, Item, Now, Sleep, StreamBody, flow
from ..endpoints.batches import Look
from ..errors import ApiError, GeminiBatchError, ProtocolError, UsageError, WaitTimeoutError
from ..log import log
from ..progress import Progress, Report, report_for, report_nothing
from ..retry import PollPolicy, is_transient
from ..settings import Settings
from ..states import Observation
from ..text import printable
from .batches import look


@frozen
class Waiting:
    """How to wait: for how many seconds at most, how often to look, and whom to tell."""

    poll: PollPolicy
    timeout: float | None = None
    report: Report = report_nothing


def waiting(
    settings: Settings,
    timeout: float | None,
    poll: PollPolicy | None,
    progress: bool | Report,  # noqa: FBT001 - what the caller gave, passed on
) -> Waiting:
    """Return how to wait, for the arguments of a handle's method."""
    if timeout is not None and not (timeout >= 0 and math.isfinite(timeout)):
        raise UsageError(f"timeout must be 0 or more and finite, or None, not {timeout!r}")
    return Waiting(poll or settings.poll, timeout, report_for(progress))


@frozen
class Sighting:
    """A look, and what is known after it."""

    look: Look
    observation: Observation


@define(eq=False)
class Lookout:
    """A batch that is being waited for, and what was made of the looks at it so far."""

    settings: Settings
    batch: Batch[Any]
    poll: PollPolicy
    give_up: float
    state: str | None = None
    _looks: int = 0
    _done_since: float | None = None
    failure: GeminiBatchError | None = field(default=None, init=False)

    def look(self) -> FlowBody[Sighting | None]:
        """Look once; a look that fails for the moment is no sighting."""
        self._looks += 1
        self.failure = None
        try:
            seen = yield from look(self.settings, self.batch.name, self.give_up)
        except GeminiBatchError as error:
            if not is_transient(error):
                raise
            log.info("%s could not be looked at, going on: %s", self.batch.name, error)
            self.failure = error
            return None
        self.batch.require_kind(seen.operation)
        observation = self.batch.observe(seen.operation)
        self._remark(observation)
        self.state = str(observation.state)
        return Sighting(seen, observation)

    def _remark(self, observation: Observation) -> None:
        """Log what is odd about a look, once."""
        name = self.batch.name
        if observation.contradiction is not None:
            log.warning("%s", printable(observation.contradiction))
        if not observation.state.recognised and self.state != observation.state:
            log.warning("%s is in a state not known here: %s", name, printable(observation.state))

    def require_output(self, sighting: Sighting | None, now: float) -> None:
        """Give up on a batch that is called done for long and has nothing to show."""
        if sighting is None:
            return
        if not sighting.observation.awaits_output:
            self._done_since = None
        elif self._done_since is None:
            self._done_since = now
        elif now - self._done_since >= self.poll.grace:
            raise ProtocolError(
                f"{self.batch.name} finished without a result: the service calls it done since "
                f"{self.poll.grace:g} s and has nothing to show. Look again later"
            )

    def pause(self) -> float:
        """Return how long to wait before the next look: at least as long as the service asks."""
        asked_for = self.failure.retry_after if isinstance(self.failure, ApiError) else None
        return max(self.poll.pause(self._looks, self.settings.chance()), asked_for or 0.0)


@flow
def looks(settings: Settings, batch: Batch[Any], terms: Waiting) -> StreamBody[Sighting]:
    """Look until the batch is finished; a look that fails for the moment is left out."""
    started = yield from Now()
    give_up = math.inf if terms.timeout is None else started + terms.timeout
    lookout = Lookout(settings, batch, terms.poll, give_up)
    while True:
        sighting = yield from lookout.look()
        if sighting is not None:
            _report([batch], terms.report, lookout.state or "")
            yield Item(sighting)
            if sighting.observation.finished:
                return
        now = yield from Now()
        lookout.require_output(sighting, now)
        left = give_up - now
        if terms.timeout is not None and left <= 0:
            raise WaitTimeoutError(batch.name, terms.timeout, lookout.state) from lookout.failure
        yield from Sleep(min(lookout.pause(), left))


@frozen
class Ending:
    """How the wait for one of many batches ended: its ``position``, and the last look or error."""

    position: int
    outcome: Sighting | GeminiBatchError

    def sighting(self) -> Sighting:
        """Return the last look, or raise what ended the wait."""
        if isinstance(self.outcome, GeminiBatchError):
            raise self.outcome
        return self.outcome


@flow
def endings(
    settings: Settings, batches: Sequence[Batch[Any]], terms: Waiting
) -> StreamBody[Ending]:
    """Look at many batches in turn, each when it is due, until all are finished.

    A batch that cannot be waited for ends with its error, and does not end the wait for others.
    """
    started = yield from Now()
    give_up = math.inf if terms.timeout is None else started + terms.timeout
    lookouts = [Lookout(settings, batch, terms.poll, give_up) for batch in batches]
    due = [(started, position) for position in range(len(batches))]
    while due:
        at, position = heappop(due)
        now = yield from Now()
        if at > now:
            yield from Sleep(min(at, give_up) - now)
        lookout = lookouts[position]
        outcome: Sighting | GeminiBatchError | None
        try:
            sighting = yield from lookout.look()
            now = yield from Now()
            lookout.require_output(sighting, now)
        except GeminiBatchError as error:
            outcome = error
        else:
            outcome = sighting
        finished = len(batches) - len(due) - 1
        if isinstance(outcome, GeminiBatchError) or (outcome and outcome.observation.finished):
            yield Item(Ending(position, outcome))
            finished += 1
        elif terms.timeout is None or now < give_up:
            heappush(due, (now + lookout.pause(), position))
        else:
            timeout = WaitTimeoutError(lookout.batch.name, terms.timeout, lookout.state)
            if due:
                timeout.add_note(f"{len(due)} of the other batches are not finished either")
            raise timeout from lookout.failure
        _report(batches, terms.report, f"{finished} of {len(batches)} batches,")


def _report(batches: Sequence[Batch[Any]], report: Report, state: str) -> None:
    """Report how many requests have fared, as far as the service tells."""
    stats = [batch.observation.operation.stats for batch in batches if batch.observation]
    done = sum(
        (one.successful_request_count or 0) + (one.failed_request_count or 0) for one in stats
    )
    counts = [one.request_count for one in stats]
    known = len(stats) == len(batches) and None not in counts
    report(Progress("waiting", done, sum(filter(None, counts)) if known else None, state))
