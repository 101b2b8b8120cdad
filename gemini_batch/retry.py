"""What is tried again, when, and how often: pure, and all in one place.

The rules follow the retry guidance of Google Cloud Storage for calls that may be repeated, and
AIP-194 for the one that may not: create.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any

from attrs import define, field, frozen

from .errors import (
    ApiError,
    Delivery,
    GeminiBatchError,
    RateLimitError,
    TransportError,
    UsageError,
)

LONGEST = 1e9
"""Seconds: more than that, which is thirty years, is beyond the clocks of some systems."""


def is_number(value: object) -> bool:
    """Whether a value is a number to reckon with, and not one of the things that look like it."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _positive(_: Any, attribute: Any, value: float) -> None:
    if not (is_number(value) and 0 < value < math.inf):
        raise UsageError(f"{attribute.name} must be more than 0 and finite, not {value!a}")
    _bounded(attribute.name, value)


def _not_negative(_: Any, attribute: Any, value: float) -> None:
    if not (is_number(value) and 0 <= value < math.inf):
        raise UsageError(f"{attribute.name} must be 0 or more and finite, not {value!a}")
    _bounded(attribute.name, value)


def _bounded(name: str, value: float) -> None:
    if value > LONGEST:
        raise UsageError(f"{name} must be {LONGEST:.0f} or less")


def _share(_: Any, attribute: Any, value: float) -> None:
    _not_negative(_, attribute, value)
    if value > 1:  # or some pauses would be none at all
        raise UsageError(f"{attribute.name} is a share, 1 or less, not {value!r}")


@frozen
class Timeouts:
    """Seconds to wait: to connect, for the next bytes to come or go, and for a create's answer.

    The service checks a whole input file inside create, hence a time of its own.
    """

    connect: float = field(default=10.0, validator=_positive)
    read: float = field(default=60.0, validator=_positive)
    create: float = field(default=600.0, validator=_positive)


@frozen
class RetryPolicy:
    """How hard one call tries: at most ``attempts`` times within ``deadline`` seconds.

    The pauses grow from ``first`` to ``ceiling`` seconds, each drawn between 0 and its bound.
    ``look_for`` is how long a batch is looked for whose reply was lost.
    """

    attempts: int = field(default=5, validator=_positive)
    first: float = field(default=1.0, validator=_not_negative)
    ceiling: float = field(default=60.0, validator=_not_negative)
    deadline: float = field(default=600.0, validator=_positive)
    look_for: float = field(default=60.0, validator=_not_negative)


@frozen
class PollPolicy:
    """How often a batch is looked at: after ``first`` seconds, then less and less often.

    The pauses grow to ``ceiling`` seconds, each varied by the share ``jitter``. ``grace`` is how
    long a batch may be called done before its results can be had.
    """

    first: float = field(default=10.0, validator=_positive)
    ceiling: float = field(default=60.0, validator=_positive)
    jitter: float = field(default=0.1, validator=_share)
    grace: float = field(default=300.0, validator=_not_negative)

    def pause(self, looks: int, chance: float) -> float:
        """Return the seconds to wait after the ``looks``-th look, given a ``chance`` in 0..1."""
        steady = min(self.first * 1.5 ** min(looks - 1, 100), max(self.first, self.ceiling))
        return max(0.0, steady * (1 + self.jitter * (2 * chance - 1)))


class Call(Enum):
    """The calls that differ in what may be repeated; each is a row of :data:`MATRIX`."""

    READ = "read"
    CREATE = "create"
    UPLOAD_START = "upload start"
    UPLOAD_CHUNK = "upload chunk"
    CANCEL = "cancel"
    DELETE = "delete"


class Cause(Enum):
    """How a call can fail; each is a column of :data:`MATRIX`."""

    NOT_SENT = "it was not sent"
    UNKNOWN = "no answer came"
    THROTTLED = "the service is throttling"
    UNAVAILABLE = "the service failed for the moment"
    DEFINITE = "the service refused"


class Action(Enum):
    """What is done about a failed call."""

    RETRY = "send it again"
    RECONCILE = "look for what it may have done; never send it again by itself"
    RESUME = "ask how far it came, and go on from there"
    RAISE = "tell the caller"


_REPEATABLE = {
    Cause.NOT_SENT: Action.RETRY,
    Cause.UNKNOWN: Action.RETRY,
    Cause.THROTTLED: Action.RETRY,
    Cause.UNAVAILABLE: Action.RETRY,
    Cause.DEFINITE: Action.RAISE,
}

MATRIX: Mapping[Call, Mapping[Cause, Action]] = {
    Call.READ: _REPEATABLE,
    Call.UPLOAD_START: _REPEATABLE,
    Call.CANCEL: _REPEATABLE,
    Call.DELETE: _REPEATABLE,
    Call.CREATE: {
        Cause.NOT_SENT: Action.RETRY,
        Cause.UNKNOWN: Action.RECONCILE,
        Cause.THROTTLED: Action.RETRY,
        Cause.UNAVAILABLE: Action.RECONCILE,
        Cause.DEFINITE: Action.RAISE,
    },
    Call.UPLOAD_CHUNK: {
        Cause.NOT_SENT: Action.RESUME,
        Cause.UNKNOWN: Action.RESUME,
        Cause.THROTTLED: Action.RESUME,
        Cause.UNAVAILABLE: Action.RESUME,
        Cause.DEFINITE: Action.RAISE,
    },
}
"""What is done when a call fails. Create has no request id, so its doubts are never resent."""

_OPEN_TO: Mapping[Call, frozenset[Action]] = {
    **dict.fromkeys(Call, frozenset({Action.RETRY, Action.RAISE})),
    Call.CREATE: frozenset({Action.RETRY, Action.RECONCILE, Action.RAISE}),
    Call.UPLOAD_CHUNK: frozenset({Action.RESUME, Action.RAISE}),
}
"""What the flow of a call knows how to do."""

GAVE_UP = frozenset({408, 499})
"""Statuses below 500 that say no more than that the service, or what is before it, gave up."""
HINT_CAP = 120.0
"""Seconds: a longer wait asked for by the service is left to the caller."""
THROTTLED_CREATE = (30.0, 600.0)
"""First and longest pause after a throttled create without a hint: its quotas free up slowly."""


def cause_of(error: ApiError | TransportError) -> Cause:
    """Return the column of the matrix for a failure."""
    if isinstance(error, TransportError):
        if error.permanent:
            return Cause.DEFINITE
        return Cause.NOT_SENT if error.delivery is Delivery.NOT_SENT else Cause.UNKNOWN
    if isinstance(error, RateLimitError):
        return Cause.DEFINITE if _is_out_of_reach(error) else Cause.THROTTLED
    if error.code >= 500 or error.code in GAVE_UP:
        return Cause.UNAVAILABLE
    return Cause.DEFINITE


def _is_out_of_reach(error: RateLimitError) -> bool:
    """Tell a quota that frees up tomorrow from one that frees up soon."""
    if error.retry_after is not None and error.retry_after > HINT_CAP:
        return True
    return any("PerDay" in str(detail.get("violations", "")) for detail in error.details)


def action_for(call: Call, error: ApiError | TransportError) -> Action:
    """Return what is done about a failure of a call."""
    action = MATRIX[call][cause_of(error)]
    if action not in _OPEN_TO[call]:
        raise TypeError(f"{action} is nothing that can be done about {call}")
    return action


def is_transient(error: GeminiBatchError) -> bool:
    """Whether the same call may succeed later, be it tomorrow, for a caller who may repeat it."""
    if isinstance(error, RateLimitError):
        return True
    return isinstance(error, ApiError | TransportError) and cause_of(error) is not Cause.DEFINITE


@define
class RetryBudget:
    """What a client may spend on retries, so that a failing service is not flooded by them.

    A retry costs 5 of 500 (10 after no answer came), a success pays 1 back, and progress what it
    took. Without enough, the failure is raised at once.
    """

    capacity: float = 500.0
    left: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.left = self.capacity

    def spend(self, cause: Cause) -> float:
        """Pay for a retry, and return what it costs; 0 where there is not enough left."""
        cost = 10.0 if cause is Cause.UNKNOWN else 5.0
        if cost > self.left:
            return 0.0
        self.left -= cost
        return cost

    def earn(self, amount: float = 1.0) -> None:
        """Pay in for a success."""
        self.left = min(self.capacity, self.left + amount)


@define
class Patience:
    """What is left of one call's attempts; made anew for each call, renewed by progress.

    ``spent`` is what it took from the budget since; ``refused``, that there was not enough.
    """

    policy: RetryPolicy
    budget: RetryBudget
    chance: Callable[[], float]
    started: float
    until: float = math.inf  # when who asked gives up, which may be before the policy does
    failures: int = 0
    doubtful: bool = False  # an attempt may have acted
    spent: float = 0.0
    refused: bool = False

    @property
    def deadline(self) -> float:
        """When the call ends for good, on the monotonic clock."""
        return self.started + self.policy.deadline

    def renew(self, now: float) -> None:
        """Begin afresh: something was achieved, and so was worth what it took."""
        self.started, self.failures = now, 0
        self.budget.earn(self.spent)
        self.spent = 0.0

    def pause(self, call: Call, error: ApiError | TransportError, now: float) -> float | None:
        """Return the seconds to wait before trying again, or ``None``: give up."""
        cause = cause_of(error)
        self.failures += 1
        self.doubtful |= cause in {Cause.UNKNOWN, Cause.UNAVAILABLE}
        if self.failures >= self.policy.attempts:
            return None
        hint = error.retry_after if isinstance(error, ApiError) else None
        if hint is not None and hint > HINT_CAP:
            return None
        seconds = self._backoff(call, cause, hint)
        if now + seconds >= min(self.deadline, self.until):
            return None
        cost = self.budget.spend(cause)
        self.spent += cost
        self.refused = not cost
        return None if self.refused else seconds

    def _backoff(self, call: Call, cause: Cause, hint: float | None) -> float:
        if hint is not None:
            return hint + self.chance()
        slow = call is Call.CREATE and cause is Cause.THROTTLED
        first, ceiling = THROTTLED_CREATE if slow else (self.policy.first, self.policy.ceiling)
        bound = min(first * 2.0 ** min(self.failures - 1, 100), ceiling)
        return bound * (0.5 + self.chance() / 2 if slow else self.chance())


_SECONDS = re.compile(r"\d{1,9}(\.\d{1,9})?", re.ASCII)


def retry_after(headers: Mapping[str, str], details: tuple[Mapping[str, Any], ...]) -> float | None:
    """Return the longest wait the service asked for, in seconds; ``None`` where it did not.

    It may say so in ``Retry-After`` (RFC 9110 §10.2.3: seconds, or a date, which is held against
    the ``Date`` of the same reply and never against the local clock), or in
    ``google.rpc.RetryInfo``. What cannot be understood is ignored.
    """
    hints = [_from_header(headers)]
    hints += [_from_duration(detail.get("retryDelay")) for detail in details]
    return max((hint for hint in hints if hint is not None), default=None)


def _from_duration(text: object) -> float | None:
    if isinstance(text, str) and _SECONDS.fullmatch(text.removesuffix("s")):
        return float(text.removesuffix("s"))
    return None


def _from_header(headers: Mapping[str, str]) -> float | None:
    text = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        until = parsedate_to_datetime(text)
        return max(0.0, (until - parsedate_to_datetime(headers.get("date", ""))).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None
