"""Whatever is done with batches, in whatever order, while replies are lost: a model foretells it.

Hypothesis draws the steps. The model knows what the service was asked to do, and what every handle
may still do; what comes of each step is held against it.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from attrs import define
from hypothesis import Phase, settings as effort, strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gemini_batch import (
    BatchCancelledError,
    BatchResults,
    Cancelled,
    CreateOutcomeUnknownError,
    GeminiBatchError,
    HandleConsumedError,
    NotFoundError,
    Pending,
    PermissionDeniedError,
    RetryPolicy,
    Running,
    Succeeded,
    UsageError,
    WaitTimeoutError,
)
from gemini_batch.emulator import Emulator
from gemini_batch.emulator.wire_faults import WIRE_FAULTS
from gemini_batch.labels import split_display_name
from tests.conformance.facades import Facade
from tests.conformance.scenes import assert_answered, prompts

STAGE = 100
"""Seconds that a batch is pending, and then as many that it runs."""

LOST = [
    shape.form.format(status=status)
    for shape in WIRE_FAULTS.shapes
    for status in ((500, 502, 503, 504) if "{status}" in shape.form else (0,))
    if shape.form.endswith("-after-acting") and not shape.form.startswith("hang")
]
"""Every way to lose a reply that takes no time."""
FOR_A_MOMENT, BUSY, BARRED = REFUSALS = "return-503", "return-429/retry-after=1", "return-403"
"""Ways to do nothing, of which only the last is for good."""
DISTURBED = ["create", "get", "cancel", "delete"]
"""The operations that go wrong, the next call of each in one way."""

REFUSED = object()
"""What comes of the use of a handle that was rightly refused."""


def natural(key: str) -> int:
    """Return the number in a key, by which it is sorted."""
    return int(key.removeprefix("row-"))


@define(eq=False)
class Known:
    """A batch of the model; one of which nobody knows the name was never created."""

    label: str
    asked: dict[str, str]
    created: float
    name: str = ""
    cancelled: type[Any] | None = None
    share: float = 1.0
    deleted: bool = False
    ended: type[Any] | None = None

    def status(self, now: float) -> type[Any]:
        """Return how it is to be seen."""
        if self.cancelled is not None:
            return self.cancelled
        age = now - self.created
        return Pending if age < STAGE else Running if age < 2 * STAGE else Succeeded

    def cancel(self, now: float) -> None:
        """Stop it, unless it is finished: one that has begun keeps the answers that it has."""
        status = self.status(now)
        if status is Pending:
            self.cancelled = Cancelled
        elif status is Running:
            self.cancelled = Succeeded
            self.share = (now - self.created - STAGE) / STAGE

    @property
    def answered(self) -> int:
        """How many requests are answered in the end: of a part, one at least, and not all."""
        count = len(self.asked)
        return count if self.share == 1 else min(max(1, int(count * self.share)), count - 1)


@define(eq=False)
class Held:
    """A handle, and by what it was consumed."""

    handle: Any
    batch: Known
    consumed_by: str = ""


class Machine(RuleBasedStateMachine):
    """A client, a service whose time is moved by hand, and what must be true of both.

    ``met`` counts what the steps came to, for a run that meets nothing proves nothing.
    """

    handles = Bundle("handles")

    def __init__(self, facade: Facade, met: Counter[str]) -> None:
        super().__init__()
        self._facade = facade
        self._met = met
        self._emulator = Emulator(
            clock="manual", pending_seconds=STAGE, running_seconds=STAGE, failure_rate=0
        )
        self._emulator.start()
        self._client = self._new_client()
        self._now = 0.0
        self._known: dict[str, Known] = {}
        self._held: list[Held] = []

    def teardown(self) -> None:
        """Close everything."""
        self._client.close()
        self._emulator.close()

    # Submitting, and finding again what was submitted.

    @rule(
        target=handles,
        via=st.sampled_from(["inline", "file"]),
        count=st.integers(2, 4),
        labelled=st.booleans(),
        later=st.sampled_from([0, 0, STAGE, 3 * STAGE // 2, 2 * STAGE]),
    )
    def submit(self, *, via: str, count: int, labelled: bool, later: int) -> Any:
        """Submit, under a label that is the caller's own or drawn, and let time go by."""
        asked = {f"row-{10 - number}": text for number, text in enumerate(prompts(count))}
        label = f"gb-{len(self._known)}" if labelled else None
        fault, lag = self._fault("create"), self._lag - labelled
        before = self._emulator.acted.count("create")

        outcome = self._outcome_of(self._client.submit, asked, via=via, label=label)

        made = self._emulator.acted.of("create")[before:]
        assert (fault not in {FOR_A_MOMENT, BARRED}) == len(made)
        if fault == BARRED:
            assert PermissionDeniedError is type(outcome)
            return multiple()
        if fault == FOR_A_MOMENT or (fault in LOST and lag >= 5):
            assert CreateOutcomeUnknownError is type(outcome)
            found = outcome.label
        else:
            found = self._label_of(made[0])
            assert made[0].name == self._value(outcome).name
        assert label in {None, found}
        batch = Known(found, asked, self._now, made[0].name if made else "")
        self._known[found] = batch
        if isinstance(outcome, GeminiBatchError):
            return multiple()
        self._met["adopted"] += fault in LOST
        self.advance(later)
        return self._hold(outcome, batch)

    @precondition(lambda self: self._known and not self._lag)
    @rule(data=st.data())
    def submit_again(self, data: st.DataObject) -> None:
        """Submit under a label that a batch has."""
        batch = self._draw(data)
        if not batch.name or batch.deleted:
            return
        outcome = self._outcome_of(self._client.submit, batch.asked, label=batch.label)
        assert UsageError is type(outcome)
        assert batch.name in str(outcome)

    @precondition(lambda self: self._known)
    @rule(target=handles, data=st.data())
    def adopt(self, data: st.DataObject) -> Any:
        """Look for a batch by its label, which a list that lags may not show yet."""
        batch, lag = self._draw(data), self._lag
        outcome = self._outcome_of(self._client.adopt, batch.label)
        if not batch.name or batch.deleted or (lag and isinstance(outcome, GeminiBatchError)):
            assert CreateOutcomeUnknownError is type(outcome)
            assert batch.label == outcome.label
            return multiple()
        return self._hold(outcome, batch)

    @precondition(lambda self: self._held)
    @rule()
    def restart(self) -> None:
        """Go on in another process, which knows the names of the batches and nothing else."""
        self._client.close()
        self._client = self._new_client()
        for held in self._held:
            held.handle = self._client.get_batch(held.batch.name)
            held.consumed_by = ""

    @rule(target=handles, held=handles)
    def get_batch(self, held: Held) -> Held:
        """Take a second handle of a batch."""
        return self._hold(self._client.get_batch(held.batch.name), held.batch)

    # Looking.

    @rule(held=handles)
    def status(self, held: Held) -> None:
        """Look once."""
        outcome = self._use(held, "get", held.handle.status)
        if outcome is not REFUSED:
            self._require_status(held.batch, self._value(outcome))

    @precondition(lambda self: self._held)
    @rule()
    def status_of_all(self) -> None:
        """Look at every batch once, each with a handle of its own."""
        for batch in [one for one in self._known.values() if one.name]:
            self.status(Held(self._client.get_batch(batch.name), batch))

    @rule(held=handles)
    def watch_one_step(self, held: Held) -> None:
        """Look once, and go away."""

        def step() -> Any:
            with held.handle.watch() as statuses:
                return next(statuses)

        outcome = self._use(held, "get", step)
        if outcome is not REFUSED:
            self._require_status(held.batch, self._value(outcome))

    @rule(held=handles)
    def results(self, held: Held) -> None:
        """Take the results of a batch that is finished; a wait for another one is soon over."""
        expected = held.batch.status(self._now)
        under_way = expected in {Pending, Running} and not held.batch.deleted
        outcome = self._use(held, "get", held.handle.results, timeout=0 if under_way else None)
        if outcome is REFUSED:
            return
        if under_way:
            assert WaitTimeoutError is type(outcome)
        elif expected is Cancelled:
            assert BatchCancelledError is type(outcome)
            self._met["Cancelled"] += 1
        else:
            self._require_results(held.batch, self._value(outcome))

    # Consuming.

    @rule(target=handles, held=handles)
    def cancel(self, held: Held) -> Any:
        """Stop a batch: one that was at work keeps the answers that it has."""
        outcome = self._use(held, "cancel", held.handle.cancel)
        if outcome is REFUSED:
            return multiple()
        fresh = self._value(outcome)
        held.consumed_by = "cancel"
        held.batch.cancel(self._now)
        return self._hold(fresh, held.batch)

    @rule(held=handles)
    def delete(self, held: Held) -> None:
        """Remove a batch: it is gone, even if the reply to that was lost."""
        outcome = self._use(held, "delete", held.handle.delete)
        if outcome is not REFUSED:
            assert self._value(outcome) is None
            held.consumed_by = "delete"
            held.batch.deleted = True

    # What goes wrong, and how time goes by.

    @rule(fault=st.sampled_from(LOST))
    def lose_replies(self, fault: str) -> None:
        """Let the service act on the next call of each operation, and nobody hear of it."""
        self._spoil(fault)

    @rule(fault=st.sampled_from(REFUSALS))
    def refuse_calls(self, fault: str) -> None:
        """Let the service refuse the next call of each operation."""
        self._spoil(fault)

    @precondition(lambda self: not self._lag)
    @rule(times=st.integers(1, 8))
    def lag(self, times: int) -> None:
        """Let the list of batches lag behind."""
        self._emulator.faults.add("list", f"list-lag={times}")

    @rule(seconds=st.sampled_from([STAGE // 2, STAGE, 2 * STAGE]))
    def advance(self, seconds: int) -> None:
        """Let time go by."""
        self._emulator.advance(seconds)
        self._now += seconds

    # What is always true.

    @invariant()
    def nothing_is_done_twice(self) -> None:
        """A label stands for one batch at most, which is stopped and removed once at most."""
        acted = self._emulator.acted
        done = Counter(self._label_of(act) for act in acted.of("create"))
        done.update((act.operation, act.name) for act in acted if act.operation != "create")
        assert [] == [what for what, count in done.items() if count > 1]

    @invariant()
    def all_that_exists_can_be_found(self) -> None:
        """Whatever the service created is known by its label, and called what it is called."""
        created = {self._label_of(act): act.name for act in self._emulator.acted.of("create")}
        assert created == {one.label: one.name for one in self._known.values() if one.name}

    # The rest.

    def _use(self, held: Held, operation: str, act: Callable[..., Any], **options: Any) -> Any:
        """Return what comes of the use of a handle, or ``REFUSED`` where it was to be refused."""
        fault, sent = self._fault(operation), len(self._emulator.seen)
        outcome = self._outcome_of(act, **options)
        consuming = operation != "get"
        if held.consumed_by:
            assert HandleConsumedError is type(outcome)
            assert held.consumed_by == outcome.verb
            assert sent == len(self._emulator.seen)
        elif fault == BARRED and consuming:
            assert self._facade.returned_error is type(outcome)
            assert PermissionDeniedError is type(outcome.reason)
            assert held.handle.real is outcome.handle
        elif fault == BARRED:
            assert PermissionDeniedError is type(outcome)
        elif held.batch.deleted:
            # Who asked twice cannot know which of the two it was.
            doubtful = operation == "delete" and fault in {*LOST, FOR_A_MOMENT}
            assert (type(None) if doubtful else NotFoundError) is type(outcome)
            held.consumed_by = operation if consuming else ""
        else:
            return outcome
        return REFUSED

    def _require_status(self, batch: Known, status: Any) -> None:
        expected = batch.status(self._now)
        assert expected is type(status)
        assert batch.ended in {None, expected}
        batch.ended = expected if status.finished else None
        if expected is Succeeded:
            self._require_results(batch, status.results)

    def _require_results(self, batch: Known, results: BatchResults[Any]) -> None:
        """Require one item for each request, in the order of the keys, and each answer right."""
        with results:
            assert sorted(batch.asked, key=natural) == [item.key for item in results]
            good = list(results.successes)
            assert batch.answered == len(good)
            self._met["answered in part"] += batch.answered < len(batch.asked)
            assert_answered({item.key: batch.asked[item.key] for item in good}, good)
            assert len(batch.asked) == len(list(results.errors)) + len(good)

    def _new_client(self) -> Any:
        return self._facade.client(self._emulator.url, retry=RetryPolicy())

    def _draw(self, data: st.DataObject) -> Known:
        return data.draw(st.sampled_from(list(self._known.values())))

    def _hold(self, handle: Any, batch: Known) -> Held:
        held = Held(handle, batch)
        assert batch.name == handle.name
        self._held.append(held)
        return held

    def _outcome_of(self, act: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Return what comes of it; an error of any other kind fails the test."""
        try:
            outcome = act(*args, **options)
        except GeminiBatchError as error:
            outcome = error
        self._met[type(getattr(outcome, "real", outcome)).__name__] += 1
        return outcome

    @staticmethod
    def _value(outcome: Any) -> Any:
        if isinstance(outcome, GeminiBatchError):
            raise outcome
        return outcome

    @staticmethod
    def _label_of(act: Any) -> str:
        _, label = split_display_name(act.detail)
        assert label is not None
        return label

    def _spoil(self, fault: str) -> None:
        for operation in DISTURBED:
            if not self._fault(operation):
                self._emulator.faults.add(operation, fault)

    @property
    def _pending(self) -> dict[str, str]:
        return dict(fault.split(": ", 1) for fault in self._emulator.faults.pending)

    def _fault(self, operation: str) -> str:
        return self._pending.get(operation, "")

    @property
    def _lag(self) -> int:
        return int(self._fault("list").removeprefix("list-lag=") or 0)


FORETOLD = {
    *("adopted", "answered in part"),
    *("Pending", "Running", "Succeeded", "Cancelled", "BatchResults"),
    *("CreateOutcomeUnknownError", "PermissionDeniedError", "NotFoundError", "UsageError"),
    *("WaitTimeoutError", "HandleConsumedError"),
}
"""What the steps come to, if there are enough of them."""


@pytest.mark.usefixtures("pauses")
def test_every_sequence_of_steps_comes_to_what_was_foretold(facade: Facade) -> None:
    """No batch twice, no word back, nothing lost, and every error one of ours."""
    met: Counter[str] = Counter()
    effort_made = effort(
        max_examples=60,
        stateful_step_count=30,
        derandomize=True,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],  # to explain a failure takes minutes more
    )

    run_state_machine_as_test(lambda: Machine(facade, met), settings=effort_made)

    assert {*FORETOLD, facade.returned_error.__name__} <= set(met)
