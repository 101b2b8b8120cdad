"""One call, tried until it succeeds or the matrix says that it will not."""

from __future__ import annotations

import math

from ..effects import FlowBody, Now, Request, Response, Send, Sleep, flow
from ..endpoints.replies import accept
from ..errors import ApiError, TransportError
from ..log import log
from ..retry import Action, Call, Patience, action_for
from ..settings import Settings


def patience(settings: Settings, until: float = math.inf) -> FlowBody[Patience]:
    """Return the patience of a call that begins now, and begins no attempt after ``until``."""
    now = yield from Now()
    return Patience(settings.retry, settings.budget, settings.chance, now, until)


def pause_after(left: Patience, call: Call, failure: ApiError | TransportError) -> FlowBody[None]:
    """Wait before the next attempt; raise the failure where there shall be none."""
    now = yield from Now()
    seconds = left.pause(call, failure, now)
    if seconds is None:
        if left.failures > 1:
            failure.add_note(f"after {left.failures} attempts in {now - left.started:.1f} s")
        raise failure
    log.info("%s failed, trying again in %.1f s: %s", call.value, seconds, failure)
    yield from Sleep(seconds)


@flow
def exchange(
    settings: Settings, request: Request, call: Call, left: Patience | None = None
) -> FlowBody[Response]:
    """Send a request until it is answered with success; raise what the matrix does not repeat.

    ``left`` may be handed in to learn from it afterwards what happened on the way.
    """
    if left is None:
        left = yield from patience(settings)
    while True:
        deadline = left.deadline
        if call is Call.CREATE:  # an attempt cut short would leave its outcome unknown
            deadline = (yield from Now()) + settings.timeouts.create
        try:
            response = accept((yield from Send(request, deadline)), settings.api, request)
        except (ApiError, TransportError) as error:
            failure = error
        else:
            settings.budget.earn()
            return response
        if action_for(call, failure) is not Action.RETRY:
            raise failure
        yield from pause_after(left, call, failure)
