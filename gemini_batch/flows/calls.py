"""One call, tried until it succeeds or the matrix says that it will not."""

from __future__ import annotations

import math
from typing import NoReturn

from ..effects import FlowBody, Now, Request, Response, Send, Sleep, flow
from ..endpoints.replies import accept, operation_of
from ..errors import ApiError, ProtocolError, TransportError
from ..log import log
from ..retry import Action, Call, Patience, action_for
from ..settings import Settings


def patience(settings: Settings, until: float = math.inf) -> FlowBody[Patience]:
    """Return the patience of a call that begins now, and begins no attempt after ``until``."""
    now = yield from Now()
    return Patience(settings.retry, settings.budget, settings.chance, now, until)


def pause_after(
    left: Patience, call: Call, failure: ApiError | TransportError, request: Request
) -> FlowBody[None]:
    """Wait before the next attempt; raise the failure where there shall be none."""
    now = yield from Now()
    seconds = left.pause(call, failure, now)
    if seconds is None:
        _note(failure, left.failures, now - left.started)
        if left.refused:
            failure.add_note("this client has spent what it may on retries; successes pay in again")
        raise failure
    what = operation_of(request)
    log.info("%s failed, trying again in %.1f s: %s", what, seconds, failure)
    yield from Sleep(seconds)


def give_up(left: Patience, failure: ApiError | TransportError) -> FlowBody[NoReturn]:
    """Raise a failure that is not to be repeated, and say what came before it."""
    _note(failure, left.failures + 1, (yield from Now()) - left.started)
    raise failure


def _note(failure: ApiError | TransportError, attempts: int, seconds: float) -> None:
    if attempts > 1:
        failure.add_note(f"after {attempts} attempts in {seconds:.1f} s")


@flow
def exchange(
    settings: Settings, request: Request, call: Call, left: Patience | None = None
) -> FlowBody[Response]:
    """Send a request until it is answered with success; raise what the matrix does not repeat.

    ``left`` may be handed in to learn from it afterwards what happened on the way. A reply that
    cannot be read leaves a doubt, unless it is a redirect: who sends one has not acted.
    """
    if left is None:
        left = yield from patience(settings)
    while True:
        deadline = left.deadline
        if call is Call.CREATE:  # an attempt cut short would leave its outcome unknown
            deadline = (yield from Now()) + settings.timeouts.create
        status = 0
        try:
            response = yield from Send(request, deadline)
            status = response.status
            accept(response, settings.api, request)
        except (ApiError, TransportError) as error:
            failure = error
        except ProtocolError:
            left.doubtful |= not 300 <= status < 400
            raise
        else:
            settings.budget.earn()
            return response
        if action_for(call, failure) is not Action.RETRY:
            yield from give_up(left, failure)
        yield from pause_after(left, call, failure, request)
