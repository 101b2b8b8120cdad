"""What is tried again, when, and how often."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from attrs import fields
from hypothesis import example, given, strategies as st

from gemini_batch import retry
from gemini_batch.errors import (
    ApiError,
    AuthenticationError,
    ConflictError,
    Delivery,
    GeminiBatchError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    ProtocolError,
    RateLimitError,
    ServerError,
    TransportError,
    UsageError,
)
from gemini_batch.retry import (
    HINT_CAP,
    MATRIX,
    THROTTLED_CREATE,
    Action,
    Call,
    Cause,
    Patience,
    PollPolicy,
    RetryBudget,
    RetryPolicy,
    Timeouts,
    action_for,
    cause_of,
    is_transient,
    retry_after,
)
from tests import payloads

LOST = TransportError("reset")
NOT_SENT = TransportError("refused", Delivery.NOT_SENT)
BUSY = RateLimitError(429)
DOWN = ServerError(503)

# Policies


@pytest.mark.parametrize("value", [0, -1, -0.5, float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize(
    ("policy", "member"),
    [
        (Timeouts, "connect"),
        (Timeouts, "read"),
        (Timeouts, "create"),
        (RetryPolicy, "attempts"),
        (RetryPolicy, "deadline"),
        (PollPolicy, "first"),
        (PollPolicy, "ceiling"),
    ],
)
def test_what_must_be_positive_is(policy: Callable[..., Any], member: str, value: float) -> None:
    """A wait of no time, or of all time, is refused by the name of the member."""
    with pytest.raises(UsageError, match=f"^{member} must be more than 0 and finite, not "):
        policy(**{member: value})
    assert 0.5 == getattr(policy(**{member: 0.5}), member)


@pytest.mark.parametrize("value", [-1, -0.5, float("nan"), float("inf")])
@pytest.mark.parametrize(
    ("policy", "member"),
    [
        (RetryPolicy, "first"),
        (RetryPolicy, "ceiling"),
        (RetryPolicy, "look_for"),
        (PollPolicy, "jitter"),
        (PollPolicy, "grace"),
    ],
)
def test_what_may_be_nothing_is_never_less(
    policy: Callable[..., Any], member: str, value: float
) -> None:
    """0 is no pause; less is refused."""
    with pytest.raises(UsageError, match=f"^{member} must be 0 or more and finite, not "):
        policy(**{member: value})
    assert 0 == getattr(policy(**{member: 0}), member)


@pytest.mark.parametrize("value", [True, None, "1", [], 1 + 0j, Decimal(1), Fraction(1, 2)])
@pytest.mark.parametrize("policy", [Timeouts, RetryPolicy, PollPolicy])
def test_what_only_looks_like_a_number_is_refused(policy: type[Any], value: object) -> None:
    """At once, and not when it is first reckoned with, by when money may have been spent."""
    for member in fields(policy):
        with pytest.raises(UsageError, match=rf"^{member.name} must be .* not "):
            policy(**{member.name: value})


@pytest.mark.parametrize("value", [1.1e9, 1e300, 10**400])
@pytest.mark.parametrize("policy", [Timeouts, RetryPolicy, PollPolicy])
def test_what_no_clock_can_wait_for_is_refused(policy: type[Any], value: float) -> None:
    """Some systems would refuse it, in the middle of a wait."""
    for member in fields(policy):
        with pytest.raises(UsageError, match=f"^{member.name} must be 1000000000 or less"):
            policy(**{member.name: value})


def test_a_poll_varies_by_a_share_of_its_pause() -> None:
    """By all of it at most: more would be no pause at all, half of the time."""
    with pytest.raises(UsageError, match=r"^jitter is a share, 1 or less, not 1\.5"):
        PollPolicy(jitter=1.5)
    assert 0 < PollPolicy(jitter=1.0).pause(1, 0.01)


POSITIVE = st.floats(0, 1e9, exclude_min=True)
POLLS = st.builds(PollPolicy, POSITIVE, POSITIVE, st.floats(0, 1))


@given(POLLS, st.integers(1, 10_000), st.floats(0, 1))
def test_a_poll_pauses_within_its_bounds(poll: PollPolicy, looks: int, chance: float) -> None:
    """However many looks, a pause is never negative, and never above its ceiling and jitter."""
    most = max(poll.first, poll.ceiling)
    assert 0 <= poll.pause(looks, chance) <= most * (1 + poll.jitter) * 1.000001


def test_polls_grow_rarer() -> None:
    """From the first pause to the ceiling, by half each time, varied by chance."""
    poll = PollPolicy(10, 60, jitter=0.1)
    assert [10, 15, 22.5, 33.75, 50.625, 60, 60] == [poll.pause(n, 0.5) for n in range(1, 8)]
    assert [pytest.approx(9), pytest.approx(11)] == [poll.pause(1, 0.0), poll.pause(1, 1.0)]
    assert [20, 20] == [PollPolicy(20, 5).pause(n, 0.5) for n in (1, 9)]


# What a failure is


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (NOT_SENT, Cause.NOT_SENT),
        (LOST, Cause.UNKNOWN),
        (TransportError("late", timed_out=True), Cause.UNKNOWN),
        (TransportError("certificate", Delivery.NOT_SENT, permanent=True), Cause.DEFINITE),
        (BUSY, Cause.THROTTLED),
        (RateLimitError(429, retry_after=HINT_CAP), Cause.THROTTLED),
        (RateLimitError(429, retry_after=HINT_CAP + 1), Cause.DEFINITE),
        (
            RateLimitError(429, details=[payloads.quota_failure("RequestsPerMinutePerProject")]),
            Cause.THROTTLED,
        ),
        (
            RateLimitError(
                429,
                details=[
                    payloads.retry_info("31s"),
                    payloads.quota_failure("RequestsPerDayPerProjectPerModel-FreeTier"),
                ],
            ),
            Cause.DEFINITE,
        ),
        (ApiError(408), Cause.UNAVAILABLE),
        (ServerError(500), Cause.UNAVAILABLE),
        (ServerError(502), Cause.UNAVAILABLE),
        (DOWN, Cause.UNAVAILABLE),
        (ServerError(504), Cause.UNAVAILABLE),
        (ServerError(501), Cause.UNAVAILABLE),
        (ServerError(520), Cause.UNAVAILABLE),
        (ApiError(499), Cause.UNAVAILABLE),
        (InvalidRequestError(400), Cause.DEFINITE),
        (AuthenticationError(401), Cause.DEFINITE),
        (PermissionDeniedError(403), Cause.DEFINITE),
        (NotFoundError(404), Cause.DEFINITE),
        (ConflictError(409), Cause.DEFINITE),
        (ApiError(418), Cause.DEFINITE),
    ],
)
def test_a_failure_has_a_cause(error: ApiError | TransportError, cause: Cause) -> None:
    """The causes are the columns of the matrix; only a definite one will not pass."""
    assert cause is cause_of(error)
    later = cause is not Cause.DEFINITE or isinstance(error, RateLimitError)
    assert later == is_transient(error)
    for call in Call:
        assert MATRIX[call][cause] is action_for(call, error)


@pytest.mark.parametrize(
    "violations", [None, 7, "PerMinute", ["PerMinute"], [None], [{}], {"quotaId": 3}]
)
def test_details_of_unknown_types_do_no_harm(violations: object) -> None:
    """A detail that is not what it should be is no reason to give up, nor to crash."""
    error = RateLimitError(429, details=[{"violations": violations}, {"@type": "other"}])
    assert Cause.THROTTLED is cause_of(error)


@pytest.mark.parametrize("error", [UsageError("no"), ProtocolError("not JSON")])
def test_other_errors_do_not_pass(error: GeminiBatchError) -> None:
    """To do the same again would end the same."""
    assert not is_transient(error)


def test_the_matrix_is_whole() -> None:
    """Every call has an answer to every cause."""
    assert set(Call) == set(MATRIX)
    for row in MATRIX.values():
        assert set(Cause) == set(row)
        assert Action.RAISE is row[Cause.DEFINITE]


@pytest.mark.parametrize(
    ("call", "action"),
    [
        *((call, Action.RESUME) for call in Call if call is not Call.UPLOAD_CHUNK),
        *((call, Action.RECONCILE) for call in Call if call is not Call.CREATE),
        (Call.UPLOAD_CHUNK, Action.RETRY),
    ],
)
def test_an_action_that_a_call_knows_nothing_of_is_a_mistake(
    monkeypatch: pytest.MonkeyPatch, call: Call, action: Action
) -> None:
    """Nobody takes it for another: neither is it done, nor is the failure raised instead."""
    monkeypatch.setattr(retry, "MATRIX", {call: dict.fromkeys(Cause, action)})
    with pytest.raises(TypeError, match=f"^{action} is nothing that can be done about {call}$"):
        action_for(call, DOWN)


def test_a_create_in_doubt_is_never_sent_again() -> None:
    """What may have acted is looked for; all other calls may be repeated, or resumed."""
    assert Action.RECONCILE is action_for(Call.CREATE, LOST)
    assert Action.RECONCILE is action_for(Call.CREATE, DOWN)
    assert Action.RETRY is action_for(Call.CREATE, NOT_SENT)
    assert Action.RETRY is action_for(Call.CREATE, BUSY)
    assert Action.RESUME is action_for(Call.UPLOAD_CHUNK, LOST)
    for call in (Call.READ, Call.UPLOAD_START, Call.CANCEL, Call.DELETE):
        assert Action.RETRY is action_for(call, LOST)


# Budget and patience


def test_a_budget_is_spent_and_earned() -> None:
    """A retry costs five, one in doubt ten, a success pays one back, and never above the brim."""
    budget = RetryBudget(20)
    assert budget.spend(Cause.UNKNOWN)
    assert budget.spend(Cause.THROTTLED)
    assert 5 == budget.left
    assert not budget.spend(Cause.UNKNOWN)
    assert 5 == budget.left
    assert budget.spend(Cause.UNAVAILABLE)
    assert not budget.spend(Cause.NOT_SENT)
    for _ in range(30):
        budget.earn()
    assert 20 == budget.left
    assert 500 == RetryBudget().left


def test_a_budget_tells_what_a_retry_costs() -> None:
    """So that it can be paid back."""
    budget = RetryBudget(15)
    assert [10, 5, 0] == [budget.spend(cause) for cause in (Cause.UNKNOWN, *[Cause.NOT_SENT] * 2)]
    budget.earn(7)
    assert 7 == budget.left


def patience(policy: RetryPolicy | None = None, chance: float = 1.0) -> Patience:
    """Make the patience of one call that began at 100 s."""
    return Patience(policy or RetryPolicy(), RetryBudget(), lambda: chance, 100.0)


def test_pauses_grow_up_to_their_ceiling() -> None:
    """Each is drawn between 0 and its bound, which doubles."""
    policy = RetryPolicy(attempts=9, first=1, ceiling=10)
    most, least = patience(policy), patience(policy, 0.0)
    assert [1, 2, 4, 8, 10, 10] == [most.pause(Call.READ, DOWN, 100.0) for _ in range(6)]
    assert [0] * 6 == [least.pause(Call.READ, DOWN, 100.0) for _ in range(6)]


def test_a_hint_of_the_service_is_followed() -> None:
    """It is waited for, and a moment more, so that not all come back at once."""
    error = RateLimitError(429, retry_after=30.0)
    assert 30.25 == patience(chance=0.25).pause(Call.READ, error, 100.0)
    assert 7.25 == patience(chance=0.25).pause(Call.CREATE, ServerError(503, retry_after=7), 100.0)


@pytest.mark.parametrize("call", Call)
@pytest.mark.parametrize("kind", [ServerError, RateLimitError])
def test_a_hint_beyond_the_cap_is_left_to_the_caller(call: Call, kind: type[ApiError]) -> None:
    """Whatever the status that it comes with, nobody sleeps for longer, and nothing is paid."""
    one = patience()
    assert one.pause(call, kind(503, retry_after=HINT_CAP + 1), 100.0) is None
    assert HINT_CAP + 1 == one.pause(call, kind(503, retry_after=HINT_CAP), 100.0)
    assert 495 == one.budget.left


def test_a_throttled_create_waits_long() -> None:
    """Its quotas free up slowly: half a minute, then more, and never from zero."""
    first, longest = THROTTLED_CREATE
    policy = RetryPolicy(attempts=20, deadline=1e6)
    most, least = patience(policy), patience(policy, 0.0)
    assert [first, 2 * first] == [most.pause(Call.CREATE, BUSY, 100.0) for _ in range(2)]
    assert [first / 2, first] == [least.pause(Call.CREATE, BUSY, 100.0) for _ in range(2)]
    assert longest == [most.pause(Call.CREATE, BUSY, 100.0) for _ in range(8)][-1]
    assert 1.0 == patience().pause(Call.READ, BUSY, 100.0)
    assert 1.0 == patience().pause(Call.CREATE, NOT_SENT, 100.0)


def test_patience_ends_with_the_attempts() -> None:
    """Five attempts are four pauses."""
    one = patience()
    pauses = [one.pause(Call.READ, DOWN, 100.0) for _ in range(5)]
    assert [True] * 4 + [False] == [pause is not None for pause in pauses]
    assert patience(RetryPolicy(attempts=1)).pause(Call.READ, DOWN, 100.0) is None


def test_patience_ends_at_the_deadline() -> None:
    """A pause that would not end before it is not begun, and costs nothing."""
    one = patience(RetryPolicy(deadline=10))
    assert 110 == one.deadline
    assert 1.0 == one.pause(Call.READ, DOWN, 108.9)
    assert one.pause(Call.READ, DOWN, 108.0) is None
    assert one.pause(Call.READ, RateLimitError(429, retry_after=9.5), 100.0) is None
    assert 495 == one.budget.left


def test_patience_ends_with_the_budget() -> None:
    """What all calls of a client spend together is bounded."""
    one = patience()
    one.budget.left = 5
    assert one.pause(Call.READ, LOST, 100.0) is None
    assert one.refused
    assert 2.0 == one.pause(Call.READ, DOWN, 100.0)
    assert not one.refused
    assert one.pause(Call.READ, DOWN, 100.0) is None
    assert one.refused


def test_progress_renews_patience() -> None:
    """Attempts and deadline begin afresh; what is in doubt stays in doubt."""
    one = patience(RetryPolicy(attempts=2, deadline=10))
    assert not one.doubtful
    assert one.pause(Call.UPLOAD_CHUNK, LOST, 100.0) is not None
    assert one.doubtful
    assert one.pause(Call.UPLOAD_CHUNK, LOST, 100.0) is None
    one.renew(150.0)
    assert (160, 0, True) == (one.deadline, one.failures, one.doubtful)
    assert 1.0 == one.pause(Call.UPLOAD_CHUNK, LOST, 150.0)


def test_progress_pays_back_what_it_took() -> None:
    """Once, and never above the brim."""
    one = patience()
    for error in (LOST, DOWN, NOT_SENT):
        one.pause(Call.UPLOAD_CHUNK, error, 100.0)
    assert (480, 20) == (one.budget.left, one.spent)
    one.renew(110.0)
    assert (500, 0) == (one.budget.left, one.spent)
    one.pause(Call.UPLOAD_CHUNK, LOST, 110.0)
    one.renew(120.0)
    one.budget.left = 300
    one.renew(130.0)
    assert 300 == one.budget.left


@pytest.mark.parametrize(
    ("error", "doubtful"), [(NOT_SENT, False), (BUSY, False), (LOST, True), (DOWN, True)]
)
def test_an_attempt_that_may_have_acted_leaves_a_doubt(
    error: ApiError | TransportError,
    doubtful: bool,
) -> None:
    """The doubt stays when a later attempt fails in another way."""
    one = patience()
    one.pause(Call.CREATE, error, 100.0)
    assert doubtful == one.doubtful
    one.pause(Call.CREATE, NOT_SENT, 100.0)
    assert doubtful == one.doubtful


@given(
    st.builds(
        RetryPolicy,
        st.integers(1, 50),
        st.floats(0, 1e6),
        st.floats(0, 1e6),
        st.floats(0, 1e6, exclude_min=True),
    ),
    st.lists(st.sampled_from([LOST, NOT_SENT, BUSY, DOWN, RateLimitError(429, retry_after=3)])),
    st.sampled_from(Call),
    st.floats(0, 1),
)
def test_a_pause_is_within_all_bounds(
    policy: RetryPolicy, failures: list[ApiError], call: Call, chance: float
) -> None:
    """Whatever fails, pauses are not negative, end before the deadline, and come to an end."""
    one, now, pauses = patience(policy, chance), 100.0, 0
    for error in failures:
        pause = one.pause(call, error, now)
        if pause is not None:
            pauses += 1
            now += pause
            assert pause >= 0
            assert now < one.deadline
    assert pauses < policy.attempts
    assert one.budget.left >= 0


# Hints

DATE = "Sun, 01 Mar 2026 09:15:27 GMT"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("999999999", 999999999.0),
        ("Sun, 01 Mar 2026 09:16:27 GMT", 60.0),
        ("Sun, 01 Mar 2026 10:16:27 +0100", 60.0),
        ("Sun, 01 Mar 2026 09:15:00 GMT", 0.0),
        ("", None),
        ("-5", None),
        ("+5", None),
        ("1e3", None),
        ("0x10", None),
        ("inf", None),
        ("nan", None),
        ("nonsense", None),
        ("99999999999", None),
        ("\u0663", None),
        ("Sun, 01 Mar 2026 09:16:27", None),
        ("Sun, 01 Mar 2026 09:16:27 -0000", None),
        ("Sun, 01 Mar 99999999999999 09:16:27 GMT", None),
        ("Sun, 01 Mar 2026 09:16:27 +9999999999999999", None),
        ("Sun, 99 Mar 2026 09:16:27 GMT", None),
    ],
)
def test_retry_after_is_read(header: str, seconds: float | None) -> None:
    """Seconds, or a date held against that of the same reply; nonsense is ignored."""
    assert seconds == retry_after({"retry-after": header, "date": DATE}, ())


@pytest.mark.parametrize("date", [None, "", "yesterday", "Sun, 01 Mar 2026 09:15:27 -0000"])
def test_a_date_without_another_is_no_hint(date: str | None) -> None:
    """The clock of this machine is not asked: it may be wrong."""
    headers = {"retry-after": DATE} if date is None else {"retry-after": DATE, "date": date}
    assert retry_after(headers, ()) is None


@pytest.mark.parametrize(
    ("delays", "seconds"),
    [
        ([], None),
        (["31s"], 31.0),
        (["31.412593829s"], 31.412593829),
        (["3s", "12s", "7s"], 12.0),
        (["soon", "4s"], 4.0),
        ([None, 5, {"seconds": 5}, [], "-3s", "s", "", "٣s", "1e3s"], None),
    ],
)
def test_retry_info_is_read(delays: list[Any], seconds: float | None) -> None:
    """The longest of all hints is followed."""
    details = tuple(payloads.retry_info(delay) for delay in delays)
    assert seconds == retry_after({}, details)


def test_the_longest_hint_wins() -> None:
    """Header and details may differ."""
    details = ({"@type": "other"}, payloads.retry_info("20s"))
    assert 20.0 == retry_after({"retry-after": "7"}, details)
    assert 45.0 == retry_after({"retry-after": "45"}, details)


HEADERS = st.text(max_size=40) | st.from_regex(
    r"\A(Mon, )?\d{1,20} (Jan|Mar|xyz) \d{1,20} \d{1,12}:\d{1,3}:\d{1,3} ([+-]\d{1,20}|GMT|EST|x)\Z"
)


@given(
    HEADERS,
    HEADERS,
    st.lists(st.dictionaries(st.just("retryDelay"), st.text() | st.integers() | st.none())),
)
@example("Sun, 01 Mar 2026 09:16:27 +9999999999999999", DATE, [])
@example(DATE, "Sun, 01 Mar 99999999999999 09:16:27 GMT", [])
def test_a_hint_is_never_an_exception(
    header: str, date: str, details: list[dict[str, Any]]
) -> None:
    """Whatever the service says, it is a number that can be waited for, or nothing."""
    hint = retry_after({"retry-after": header, "date": date}, tuple(details))
    assert hint is None or 0 <= hint < 1e12
