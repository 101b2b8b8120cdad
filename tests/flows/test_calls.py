"""One call: what is repeated and what never is, when, and how often."""

from collections.abc import Callable, Mapping

import pytest
from attrs import frozen

from gemini_batch import retry
from gemini_batch.effects import Effect, Flow, Request, Response, Send
from gemini_batch.endpoints.batches import build_create, build_get
from gemini_batch.errors import (
    ApiError,
    InvalidRequestError,
    ProtocolError,
    RateLimitError,
    ServerError,
    TransportError,
)
from gemini_batch.flows.batches import cancel, create, delete, look
from gemini_batch.flows.calls import exchange, patience
from gemini_batch.flows.uploads import upload
from gemini_batch.retry import Action, Call, Cause, RetryBudget, RetryPolicy, Timeouts
from gemini_batch.settings import Api, Settings

from .replies import (
    LABEL,
    Bytes,
    arrived,
    batch,
    file,
    finished,
    hung,
    lost,
    page,
    refusal,
    reply,
    seen,
    started,
    unsent,
    untrusted,
)
from .world import DAWN, Answer, Late, World

RETRY, RAISE = Action.RETRY, Action.RAISE
TABLE = {
    # not sent, no answer, throttled, unavailable, refused
    Call.READ: (RETRY, RETRY, RETRY, RETRY, RAISE),
    Call.CREATE: (RETRY, Action.RECONCILE, RETRY, Action.RECONCILE, RAISE),
    Call.UPLOAD_START: (RETRY, RETRY, RETRY, RETRY, RAISE),
    Call.UPLOAD_CHUNK: (*[Action.RESUME] * 4, RAISE),
    Call.CANCEL: (RETRY, RETRY, RETRY, RETRY, RAISE),
    Call.DELETE: (RETRY, RETRY, RETRY, RETRY, RAISE),
}
CAUSES: Mapping[Cause, tuple[Callable[[], Answer], ...]] = {
    Cause.NOT_SENT: (unsent,),
    Cause.UNKNOWN: (lost, hung),
    Cause.THROTTLED: (lambda: refusal(429),),
    Cause.UNAVAILABLE: tuple(
        (lambda code=code: refusal(code)) for code in (408, 499, 500, 501, 502, 503, 504, 520)
    ),
    Cause.DEFINITE: (
        untrusted,
        *((lambda code=code: refusal(code)) for code in (400, 401, 403, 405, 412)),
    ),
}
LIST = "GET batches?pageSize=100"
CHUNK = "POST upload/files?upload_id=s1"


OK = reply({})


@frozen
class Conversation:
    """How a call is made: what comes before it, what it sends, and what follows each action."""

    flow: Callable[[Settings], Flow[Effect[object], object]]
    request: str
    before: tuple[tuple[str, Response], ...] = ()
    success: Response = OK
    resumed: tuple[tuple[str, Response], ...] = ()


def _creating(settings: Settings) -> Flow[Effect[object], object]:
    request = build_create(settings.api, "models/m", b"{}", 600.0)
    return create(settings, request, LABEL, "raise")


START = "POST upload/files"
CALLS = {
    Call.READ: Conversation(
        lambda settings: look(settings, "batches/b1"), "GET batches/b1", success=seen()
    ),
    Call.CANCEL: Conversation(
        lambda settings: cancel(settings, "batches/b1"), "POST batches/b1:cancel"
    ),
    Call.DELETE: Conversation(lambda settings: delete(settings, "batches/b1"), "DELETE batches/b1"),
    Call.CREATE: Conversation(
        _creating,
        "POST models/m:batchGenerateContent",
        success=seen(),
        resumed=((LIST, page(batch(label=LABEL))),),
    ),
    Call.UPLOAD_START: Conversation(
        lambda settings: upload(settings, Bytes(b"ab"), "files/f1", "f1"), START, success=started()
    ),
    Call.UPLOAD_CHUNK: Conversation(
        lambda settings: upload(settings, Bytes(b"ab"), "files/f1", "f1"),
        CHUNK,
        before=((START, started()),),
        success=finished(file()),
        resumed=((CHUNK, arrived(0)), (CHUNK, finished(file()))),
    ),
}
AFTERWARDS = {Call.UPLOAD_START: ((CHUNK, finished(file())),)}


def check(call: Call, cause: Cause, action: Action, failure: Answer) -> None:
    """Let one call fail once, and hold what is done about it against an action."""
    world, made = World(), CALLS[call]
    again = ((made.request, made.success),)
    followed = {
        Action.RETRY: again,
        Action.RECONCILE: made.resumed,
        Action.RESUME: made.resumed,
        Action.RAISE: (),
    }[action]
    if action is not RAISE:
        followed += AFTERWARDS.get(call, ())
    script = (*made.before, (made.request, failure), *followed)
    world.expect(*(answer for _, answer in script))
    settings = Settings(chance=lambda: 1.0)
    slow = call is Call.CREATE and cause is Cause.THROTTLED
    if action is RAISE:
        with pytest.raises((ApiError, TransportError)):
            world.run(made.flow(settings))
        assert [] == world.pauses
    else:
        world.run(made.flow(settings))
        looked = action is Action.RECONCILE
        assert [0.0 if looked else 30.0 if slow else 1.0] == world.pauses
    assert [line for line, _ in script] == world.lines
    world.require_played_out()


CELLS = [
    pytest.param(call, cause, action, id=f"{call.name}-{cause.name}".lower())
    for call, row in TABLE.items()
    for cause, action in zip(Cause, row, strict=True)
]


@pytest.mark.parametrize(("call", "cause", "action"), CELLS)
def test_a_failed_call_is_treated_as_the_table_says(
    call: Call, cause: Cause, action: Action
) -> None:
    """Each kind of failure of each call leads to exactly the requests and pauses it should."""
    for failure in CAUSES[cause]:
        check(call, cause, action, failure())


@pytest.mark.parametrize(("call", "cause", "action"), CELLS)
def test_no_cell_of_the_matrix_can_change_unnoticed(
    monkeypatch: pytest.MonkeyPatch, call: Call, cause: Cause, action: Action
) -> None:
    """Any other action in any one cell fails the test above, by what is then sent and raised."""
    for other in set(Action) - {action}:
        spoilt = {**retry.MATRIX, call: {**retry.MATRIX[call], cause: other}}
        monkeypatch.setattr(retry, "MATRIX", spoilt)
        with pytest.raises(
            (AssertionError, ApiError, TransportError, TypeError, pytest.fail.Exception)
        ):
            check(call, cause, action, CAUSES[cause][0]())
        monkeypatch.undo()


@pytest.mark.parametrize(("call", "cause", "action"), CELLS)
def test_the_matrix_says_what_is_done(call: Call, cause: Cause, action: Action) -> None:
    """Whoever reads it is not misled."""
    assert action is retry.MATRIX[call][cause]


def test_the_table_is_whole() -> None:
    """Every call and every cause has its cell here."""
    assert set(Call) == set(TABLE) == set(CALLS) == set(retry.MATRIX)
    assert set(Cause) == set(CAUSES)


def get(settings: Settings, call: Call = Call.READ) -> Flow[Effect[object], Response]:
    """Return one call."""
    return exchange(settings, build_get(settings.api, "batches/b1"), call)


def test_the_pauses_grow_until_the_attempts_are_used_up(world: World, settings: Settings) -> None:
    """Five attempts, with 1, 2, 4 and 8 seconds between them; then the failure itself."""
    world.expect(*(refusal(503, "UNAVAILABLE", f"attempt {number}") for number in range(1, 6)))
    with pytest.raises(ServerError, match="attempt 5"):
        world.run(get(settings))
    assert [1.0, 2.0, 4.0, 8.0] == world.pauses


def test_the_pauses_grow_no_longer_than_their_ceiling(world: World) -> None:
    """They double up to the ceiling, and stay there."""
    policy = RetryPolicy(attempts=10, ceiling=60.0)
    world.expect(*[lost()] * 9, reply({}))
    world.run(get(Settings(retry=policy, chance=lambda: 1.0)))
    assert [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0] == world.pauses


def test_a_pause_is_drawn_between_nothing_and_its_bound(world: World) -> None:
    """Many clients that fail at once do not come back at once."""
    chances = iter([0.0, 0.5, 0.25])
    world.expect(*[lost()] * 3, reply({}))
    world.run(get(Settings(chance=lambda: next(chances))))
    assert [0.0, 1.0, 1.0] == world.pauses


RETRY_INFO = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "3.5s"}


@pytest.mark.parametrize(
    ("failure", "pause"),
    [
        (refusal(429, retry_after="7"), 8.0),
        (refusal(429, "RESOURCE_EXHAUSTED", "slow down", RETRY_INFO), 4.5),
        (refusal(429, "RESOURCE_EXHAUSTED", "slow down", RETRY_INFO, retry_after="2"), 4.5),
        (refusal(503, retry_after="20"), 21.0),
        (refusal(429, retry_after="120"), 121.0),
    ],
)
@pytest.mark.parametrize("call", [Call.READ, Call.CANCEL, Call.DELETE])
def test_a_wait_that_the_service_asks_for_is_kept(
    world: World, settings: Settings, call: Call, failure: Response, pause: float
) -> None:
    """The longest of its hints counts, and chance is added to it, never taken off."""
    world.expect(failure, reply({}))
    world.run(get(settings, call))
    assert [pause] == world.pauses


PER_DAY = {"violations": [{"quotaId": "BatchRequestsPerDayPerProject"}]}


@pytest.mark.parametrize(
    "failure",
    [refusal(429, retry_after="121"), refusal(429, "RESOURCE_EXHAUSTED", "used up", PER_DAY)],
)
def test_a_quota_that_is_far_off_is_left_to_the_caller(
    world: World, settings: Settings, failure: Response
) -> None:
    """Nobody sleeps for hours: the refusal is raised at once."""
    world.expect(failure)
    with pytest.raises(RateLimitError):
        world.run(get(settings))
    assert 0 == world.elapsed


@pytest.mark.parametrize("code", [408, 429, 500, 503])
@pytest.mark.parametrize("call", [Call.READ, Call.CANCEL, Call.DELETE, Call.UPLOAD_START])
def test_a_wait_that_is_too_long_is_left_to_the_caller(
    world: World, settings: Settings, call: Call, code: int
) -> None:
    """Whatever the service says besides; the error says how long it would be."""
    world.expect(refusal(code, retry_after="500"))
    with pytest.raises(ApiError) as caught:
        world.run(get(settings, call))
    assert (code, 500.0) == (caught.value.code, caught.value.retry_after)
    assert 0 == world.elapsed


def test_a_throttled_create_waits_longer(world: World, settings: Settings) -> None:
    """Without a hint its pauses begin at 30 seconds, since its quota frees up slowly."""
    world.expect(*[refusal(429)] * 4, reply({}))
    world.run(get(settings, Call.CREATE))
    assert [30.0, 60.0, 120.0, 240.0] == world.pauses


def test_no_pause_goes_beyond_the_deadline(world: World) -> None:
    """A pause that would end after the deadline is not begun."""
    world.expect(Late(3.0, lost()), Late(4.0, lost()), Late(1.0, lost()))
    policy = RetryPolicy(deadline=14.0)
    with pytest.raises(TransportError):
        world.run(get(Settings(retry=policy, chance=lambda: 1.0)))
    assert [1.0, 2.0] == world.pauses
    assert 11.0 == world.elapsed


def test_every_attempt_has_the_deadline_of_the_whole_call(world: World, settings: Settings) -> None:
    """The deadline counts from the first attempt, not from each."""
    world.expect(lost(), lost(), reply({}))
    world.run(get(settings))
    sends = [one for one in world.asked if isinstance(one, Send)]
    assert [1600.0] * 3 == [one.deadline for one in sends]


def test_a_storm_of_failures_empties_one_budget(world: World) -> None:
    """Retries are paid from what all calls of a client share; without it there are none."""
    settings = Settings(budget=RetryBudget(12.0), chance=lambda: 1.0)
    world.expect(refusal(503), refusal(503), refusal(503), refusal(503))
    with pytest.raises(ServerError):
        world.run(get(settings))
    assert [1.0, 2.0] == world.pauses
    with pytest.raises(ServerError):
        world.run(get(settings))
    assert [1.0, 2.0] == world.pauses


def test_a_retry_without_an_answer_costs_twice_as_much(world: World) -> None:
    """Ten of the budget, where a refusal costs five."""
    settings = Settings(budget=RetryBudget(19.0), chance=lambda: 1.0)
    world.expect(lost(), lost())
    with pytest.raises(TransportError):
        world.run(get(settings))
    assert [1.0] == world.pauses
    assert 9.0 == settings.budget.left


def test_success_pays_a_little_back(world: World) -> None:
    """One for each success, up to the capacity."""
    settings = Settings(budget=RetryBudget(20.0), chance=lambda: 1.0)
    world.expect(refusal(500), reply({}), reply({}))
    world.run(get(settings))
    assert 16.0 == settings.budget.left
    world.run(get(settings))
    assert 17.0 == settings.budget.left


def test_a_refusal_after_a_failure_is_what_is_raised(world: World, settings: Settings) -> None:
    """What cannot be repeated ends the attempts at once."""
    world.expect(refusal(503), refusal(400, "INVALID_ARGUMENT", "no such field"))
    with pytest.raises(InvalidRequestError, match="no such field"):
        world.run(get(settings))


@pytest.mark.parametrize("status", [100, 302, 304])
def test_a_reply_that_is_neither_success_nor_refusal_is_not_repeated(
    world: World, settings: Settings, status: int
) -> None:
    """A redirect, say, is an error of its own kind."""
    world.expect(reply(status=status, location="https://elsewhere.example/?key=1"))
    with pytest.raises(ProtocolError):
        world.run(get(settings))


def test_a_retry_is_logged_with_its_reason(
    world: World, settings: Settings, told: pytest.LogCaptureFixture
) -> None:
    """One line says what failed, why, and when it is tried again."""
    world.expect(refusal(503, "UNAVAILABLE", "overloaded"), reply({}))
    world.run(get(settings))
    (line,) = told.messages
    assert line.startswith(
        "GET batches/b1 failed, trying again in 1.0 s: "
        "HTTP 503 UNAVAILABLE for batches/b1: overloaded. "
    )


def test_who_gives_up_says_after_how_much(world: World, settings: Settings) -> None:
    """The last failure carries the number of attempts, and the time they took."""
    world.expect(*[refusal(503)] * 5)
    with pytest.raises(ServerError) as caught:
        world.run(get(settings))
    assert ["after 5 attempts in 15.0 s"] == caught.value.__notes__


def test_a_refusal_after_retries_says_so(world: World, settings: Settings) -> None:
    """What cannot be repeated tells all the same what was tried before it."""
    world.expect(refusal(503), lost(), refusal(400))
    with pytest.raises(InvalidRequestError) as caught:
        world.run(get(settings))
    assert ["after 3 attempts in 3.0 s"] == caught.value.__notes__


def test_a_first_refusal_says_nothing_of_attempts(world: World, settings: Settings) -> None:
    """There is nothing to add to it."""
    world.expect(refusal(400))
    with pytest.raises(InvalidRequestError) as caught:
        world.run(get(settings))
    assert not hasattr(caught.value, "__notes__")


@pytest.mark.parametrize(
    ("capacity", "attempts"), [(0.0, []), (5.0, ["after 2 attempts in 1.0 s"])]
)
def test_a_budget_that_is_spent_is_told(world: World, capacity: float, attempts: list[str]) -> None:
    """Or nobody knew why a client that should try again does not."""
    settings = Settings(budget=RetryBudget(capacity), chance=lambda: 1.0)
    world.expect(*[refusal(503)] * (len(attempts) + 1))
    with pytest.raises(ServerError) as caught:
        world.run(get(settings))
    spent = "this client has spent what it may on retries; successes pay in again"
    assert [*attempts, spent] == caught.value.__notes__


@pytest.mark.parametrize(
    ("answer", "doubtful"),
    [
        (reply(status=101), True),
        (ProtocolError("a reply of more than can be held"), True),
        (reply(status=307, location="https://elsewhere.example/"), False),
    ],
    ids=["interim", "too large", "redirect"],
)
def test_a_reply_that_cannot_be_read_leaves_a_doubt(
    world: World, settings: Settings, answer: Answer, *, doubtful: bool
) -> None:
    """It may have come after the act; a redirect comes instead of it."""
    left = World().run(Flow(patience, (settings,), {}))
    world.expect(answer)
    with pytest.raises(ProtocolError):
        world.run(exchange(settings, Request("GET", Api().path("batches")), Call.READ, left))
    assert doubtful is left.doubtful


def test_a_create_has_its_time_at_every_attempt(world: World) -> None:
    """However little is left of the time for attempts: one cut short would be in doubt."""
    settings = Settings(
        retry=RetryPolicy(deadline=40.0), timeouts=Timeouts(create=900.0), chance=lambda: 1.0
    )
    world.expect(refusal(429), seen("PENDING", label=LABEL))
    world.run(_creating(settings))
    assert [900.0, 930.0] == [one.deadline - DAWN for one in world.asked if isinstance(one, Send)]


def test_patience_can_be_handed_in_and_learnt_from(world: World, settings: Settings) -> None:
    """Whoever hands it in sees afterwards that an attempt may have acted."""
    left = World().run(Flow(patience, (settings,), {}))
    assert not left.doubtful
    world.expect(lost(), reply({}))
    request = Request("GET", Api().path("batches"))
    world.run(exchange(settings, request, Call.READ, left))
    assert left.doubtful
