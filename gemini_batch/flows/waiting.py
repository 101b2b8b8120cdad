"""Look at a batch, or at many, until they are finished."""

from __future__ import annotations

import math
from collections.abc import Sequence
from heapq import heappop, heappush
from typing import Any, cast

from attrs import define, evolve, field, frozen

from ..batch import Batch, WrongKindError
from ..effects import FlowBody, Item, Now, Sleep, StreamBody, flow
from ..endpoints.batches import Look
from ..errors import ApiError, GeminiBatchError, ProtocolError, UsageError, WaitTimeoutError
from ..log import log
from ..progress import Progress, Report, report_for, report_nothing
from ..retry import LONGEST, PollPolicy, is_number, is_transient
from ..settings import Settings
from ..states import Observation
from ..text import printable
from .batches import look

LONGEST_PAUSE = 3600.0
"""Seconds after which a batch is looked at again, whatever the service asked for."""


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
    policy = cast("object", poll)
    if timeout is not None and not (is_number(timeout) and 0 <= timeout <= LONGEST):
        raise UsageError(
            f"timeout must be 0 or more and finite, or None, and {LONGEST:.0f} at most, "
            f"not {timeout!r:.80}"
        )
    if not isinstance(policy, PollPolicy | None):
        raise UsageError(f"poll is a PollPolicy, or None for the client's, not {policy!a}")
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
    _seen: float | None = None
    _done_since: float | None = None
    failure: GeminiBatchError | None = field(default=None, init=False)

    def look(self) -> FlowBody[Sighting | None]:
        """Look once; a look that fails for the moment is no sighting."""
        self._looks += 1
        self.failure = None
        known = self.batch.observation
        try:
            seen = yield from look(self.settings, self.batch.name, self.give_up)
        except GeminiBatchError as error:
            if not is_transient(error):
                raise
            self.failure = error
            return None
        self.batch.require_kind(seen.operation)
        observation = self.batch.observe(seen.operation, known)
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

    def take(self, sighting: Sighting | None, now: float) -> None:
        """Take in a look; give up on a batch called done for long that has nothing to show."""
        if sighting is None:
            name, age = self.batch.name, self._age(now)
            log.info("%s could not be looked at, going on (%s): %s", name, age, self.failure)
            return
        self._seen = now
        if not sighting.observation.awaits_output:
            self._done_since = None
        elif self._done_since is None:
            self._done_since = now
        elif now - self._done_since >= self.poll.grace:
            raise ProtocolError(
                f"{self.batch.name} finished without a result: the service has called it done for "
                f"{self.poll.grace:g} s and has nothing to show. Look again later"
            )

    def _age(self, now: float) -> str:
        return "not seen yet" if self._seen is None else f"last seen {now - self._seen:.0f} s ago"

    def overdue(self, now: float) -> Progress:
        """Return how far the batch was when it was last seen, and how long ago that is."""
        before = self.batch.observation
        if before is None:
            return Progress("waiting", 0, None, f"{self._age(now)},")
        last = _progress(before)
        return evolve(last, state=f"{last.state}, {self._age(now)},")

    def pause(self) -> float:
        """Return how long to wait before the next look: as long as the service asks, or nearly.

        One that asks for days may think better of it, or not mean it.
        """
        asked_for = self.failure.retry_after if isinstance(self.failure, ApiError) else None
        pause = self.poll.pause(self._looks, self.settings.chance())
        return max(pause, min(asked_for or 0.0, LONGEST_PAUSE))


@flow
def looks(settings: Settings, batch: Batch[Any], terms: Waiting) -> StreamBody[Sighting]:
    """Look until the batch is finished; a look that fails for the moment is left out."""
    started = yield from Now()
    give_up = math.inf if terms.timeout is None else started + terms.timeout
    lookout = Lookout(settings, batch, terms.poll, give_up)
    while True:
        sighting = yield from lookout.look()
        if sighting is not None:
            terms.report(_progress(sighting.observation))
            yield Item(sighting)
            if sighting.observation.finished:
                return
        now = yield from Now()
        lookout.take(sighting, now)
        if sighting is None:
            terms.report(lookout.overdue(now))
        left = give_up - now
        if terms.timeout is not None and left <= 0:
            raise WaitTimeoutError(batch.name, terms.timeout, lookout.state) from lookout.failure
        yield from Sleep(min(lookout.pause(), left))


def _progress(observation: Observation) -> Progress:
    stats = observation.operation.stats
    done = (stats.successful_request_count or 0) + (stats.failed_request_count or 0)
    return Progress("waiting", done, stats.request_count, str(observation.state))


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
    When the time is over each is looked at once more; the error names those that go on.
    """
    started = yield from Now()
    give_up = math.inf if terms.timeout is None else started + terms.timeout
    # A look that fails is made again when its batch is due again: others are not kept waiting.
    once = evolve(settings, retry=evolve(settings.retry, attempts=1))
    lookouts = [Lookout(once, batch, terms.poll, give_up) for batch in batches]
    due = [(started, position) for position in range(len(batches))]
    requests = _Requests(len(batches))
    unfinished: list[Lookout] = []
    while due:
        at, position = heappop(due)
        lookout = lookouts[position]
        left = min(at, give_up) - (yield from Now())
        if left > 0:
            yield from Sleep(left)
        outcome: Sighting | GeminiBatchError | None
        try:
            outcome = yield from lookout.look()
            now = yield from Now()
            lookout.take(outcome, now)
        except GeminiBatchError as error:
            if isinstance(error, UsageError) and not isinstance(error, WrongKindError):
                raise  # the client is closed, or used where it does not belong: that is for all
            outcome, now = error, math.inf
        requests.count(position, lookout.batch)
        if isinstance(outcome, GeminiBatchError) or (outcome and outcome.observation.finished):
            requests.ended += 1
            yield Item(Ending(position, outcome))
        elif now < give_up:
            heappush(due, (now + lookout.pause(), position))
        else:
            unfinished.append(lookout)
        terms.report(requests.progress())
    if unfinished:
        raise _too_late(unfinished, terms.timeout or 0.0)


def _too_late(unfinished: Sequence[Lookout], timeout: float) -> WaitTimeoutError:
    first, *others = unfinished
    error = WaitTimeoutError(first.batch.name, timeout, first.state)
    error.__cause__ = first.failure
    if others:
        names = ", ".join(lookout.batch.name for lookout in others[:3])
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        error.add_note(f"nor were these finished: {names}{more}")
    return error


class _Requests:
    """How the requests of many batches have fared, as far as the service tells."""

    def __init__(self, batches: int) -> None:
        self.ended = 0
        self._counts: list[tuple[int, int | None] | None] = [None] * batches
        self._unknown = batches
        self._done = self._total = 0

    def count(self, position: int, batch: Batch[Any]) -> None:
        """Take in what the last look at a batch has shown."""
        if batch.observation is None:
            return
        before = self._counts[position] or (0, None)
        now = _progress(batch.observation)
        self._counts[position] = now.done, now.total
        self._done += now.done - before[0]
        self._total += (now.total or 0) - (before[1] or 0)
        self._unknown += (now.total is None) - (before[1] is None)

    def progress(self) -> Progress:
        """Return how far all of them are."""
        state = f"{self.ended} of {len(self._counts)} batches,"
        return Progress("waiting", self._done, None if self._unknown else self._total, state)
