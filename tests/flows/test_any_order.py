"""Whatever the service says, in whatever order: who has seen the end of a batch sees no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, strategies as st

from gemini_batch.batch import Batch
from gemini_batch.effects import Request
from gemini_batch.errors import BatchEndedError, GeminiBatchError, WaitTimeoutError
from gemini_batch.flows.batches import cancel
from gemini_batch.flows.many import as_completed, wait_all
from gemini_batch.flows.results import results, status, wait, watch
from gemini_batch.flows.streams import stream
from gemini_batch.flows.waiting import waiting
from gemini_batch.models.generation import GenerationResponse
from gemini_batch.retry import PollPolicy
from gemini_batch.settings import Settings
from gemini_batch.states import BatchStatus, Observation, Running, Unrecognised

from .replies import RESULTS, batch as told, line, lost, refusal, reply, whole
from .world import Answer, World

NAME = "batches/b1"
POLL = PollPolicy(first=10.0, ceiling=10.0, jitter=0.0, grace=25.0)

PREFIXES = st.sampled_from(["BATCH_STATE_", "JOB_STATE_", ""])
STATES = st.sampled_from(
    [
        *("PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED"),
        *("UNSPECIFIED", "PAUSED", "NEW"),
    ]
)
ERRORS = st.sampled_from([None, {"code": 13, "message": "no"}, {}])
COUNTS = st.one_of(
    st.none(),
    st.integers(-3, 3),
    st.sampled_from(["0", "5", "-5", str(10**30), "", "x", "NaN", 1.5, True, [], {}]),
)
STATS = st.none() | st.dictionaries(
    st.sampled_from(
        ["requestCount", "successfulRequestCount", "failedRequestCount", "pendingRequestCount"]
    ),
    COUNTS,
)


@st.composite
def looks(draw: st.DrawFn) -> Answer:
    """Draw a reply to a look, likely or not."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from([lost(), refusal(503), refusal(429), reply(b"<html>")]))
    output = draw(st.sampled_from([{}, {}, {"file": RESULTS}, {"inlined": []}]))
    found = told(error=draw(ERRORS), done=draw(st.booleans()), **output)
    if draw(st.integers(0, 9)) == 0:
        del found["metadata"]
        return reply(found)
    state, stats = draw(PREFIXES) + draw(STATES), draw(STATS)
    found["metadata"] |= {"state": state} if draw(st.integers(0, 9)) else {}
    found["metadata"] |= {} if stats is None else {"batchStats": stats}
    return reply(found)


class Scene:
    """One batch, what is done with it, and how it was seen."""

    def __init__(self, script: list[Answer]) -> None:
        self.world = World(self.answer)
        self.settings = Settings(chance=lambda: 1.0)
        self.batch = Batch(NAME, GenerationResponse)
        self._script = list(script)

    def answer(self, request: Request) -> Answer:
        """Answer a look with the next of the script; the last stays."""
        if request.method == "POST":
            return reply({})
        if request.path.endswith("alt=media"):
            return whole(line("1"))
        return self._script.pop(0) if len(self._script) > 1 else self._script[0]

    def terms(self, timeout: float | None = 35.0) -> Any:
        """Return how to wait."""
        return waiting(self.settings, timeout, POLL, progress=False)

    def status(self) -> list[BatchStatus[Any]]:
        """Look once."""
        return [self.world.run(status(self.settings, self.batch, self.world.spools))]

    def wait(self) -> list[BatchStatus[Any]]:
        """Wait for the end."""
        flow = wait(self.settings, self.batch, self.world.spools, self.terms())
        return [self.world.run(flow)]

    def watch(self) -> list[BatchStatus[Any]]:
        """Watch until the end."""
        flow = watch(self.settings, self.batch, self.world.spools, self.terms())
        return list(self.world.iterate(flow))

    def results(self) -> list[BatchStatus[Any]]:
        """Wait for the results."""
        flow = results(self.settings, self.batch, self.world.spools, self.terms())
        self.world.run(flow)
        return self.status()

    def stream(self) -> list[BatchStatus[Any]]:
        """Read the results as they arrive."""
        list(self.world.iterate(stream(self.settings, self.batch, self.terms())))
        return self.status()

    def wait_all(self) -> list[BatchStatus[Any]]:
        """Wait as for many."""
        flow = wait_all(self.settings, [self.batch] * 2, self.world.spools, self.terms())
        return self.world.run(flow)

    def as_completed(self) -> list[BatchStatus[Any]]:
        """Wait as for many that come as they are finished."""
        spools, names = self.world.spools, [NAME]
        flow = as_completed(self.settings, names, [self.batch], spools, self.terms())
        list(self.world.iterate(flow))
        return self.status()

    def cancel(self) -> list[BatchStatus[Any]]:
        """Cancel, and go on with the handle that comes back."""
        self.world.run(cancel(self.settings, NAME))
        self.batch = self.batch.after_cancelling()
        return []

    def close(self) -> list[BatchStatus[Any]]:
        """Let go of the results, so that they have to be looked for again."""
        held = self.batch.held_results()
        if held is not None:
            held.close()
        return []


VERBS = st.sampled_from(
    [
        *(Scene.status, Scene.wait, Scene.watch, Scene.results, Scene.stream),
        *(Scene.wait_all, Scene.as_completed, Scene.cancel, Scene.close),
    ]
)


def kind_of(one: BatchStatus[Any]) -> str:
    """Return what a status calls a batch."""
    return one.state if isinstance(one, Unrecognised) else type(one).__name__.upper()


@given(st.lists(looks(), min_size=1, max_size=8), st.lists(VERBS, min_size=1, max_size=8))
@example([reply(told("FAILED")), reply(told("RUNNING"))], [Scene.status, Scene.cancel, Scene.wait])
@example([reply(told("FAILED")), lost()], [Scene.status, Scene.wait])
def test_no_order_of_looks_and_verbs_leaves_an_end(
    script: list[Answer], verbs: list[Callable[[Scene], list[BatchStatus[Any]]]]
) -> None:
    """Each verb tells the same end, or an error of this package; none waits for another end."""
    scene, end = Scene(script), ""
    known: Observation | None = None
    said: list[str] = []
    for verb in verbs:
        seen: list[BatchStatus[Any]] = []
        try:
            seen = verb(scene)
        except BatchEndedError as error:
            seen = [error.status]
        except WaitTimeoutError as error:
            unseen = error.__cause__ is not None  # the last look at it failed
            assert not end or unseen
        except GeminiBatchError as error:
            said.append(str(error))
        for one in seen:
            assert not (isinstance(one, Running) and (one.total_count or 0) < 0)
            assert end in {"", kind_of(one)}
            if one.finished:
                end = kind_of(one)
        if known is not None and known.finished:
            assert scene.batch.observation is not None
            assert known.state == scene.batch.observation.state
            assert scene.batch.observation.finished
        known = scene.batch.observation
        end = end or (str(known.state) if known is not None and known.finished else "")
    scene.close()
    assert all(said)


@pytest.mark.parametrize("end", ["SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED"])
@pytest.mark.parametrize("after", range(4))
def test_a_batch_cancelled_at_any_step_ends_as_the_service_says(end: str, after: int) -> None:
    """Also where it was finished by then: the fresh handle tells the truth."""
    ended = told(end, file=RESULTS) if end == "SUCCEEDED" else told(end)
    scene = Scene([reply(told("PENDING")), reply(told()), reply(told()), reply(ended)])
    for _ in range(after):
        scene.status()

    scene.cancel()

    assert [end] == [kind_of(one) for one in scene.wait()]
    scene.close()
