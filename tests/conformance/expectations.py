"""What the user may see at the end: a value that is sound, part of it, or an error."""

import re
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from attrs import frozen

from gemini_batch import GeminiBatchError, HandleConsumedError, HandleReturnedError
from tests.conformance.scenes import assert_answered
from tests.conformance.stage import Stage

Check = Callable[[Stage, Any], None]


class Expectation(Protocol):
    """What a row says that the user sees."""

    def hold(self, stage: Stage, outcome: Any, check: Check) -> None:
        """Fail unless the outcome is as expected; ``check`` is that of the scenario."""


def _value(outcome: Any) -> Any:
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


@frozen
class Sound:
    """The scenario comes to what it comes to without any fault."""

    def hold(self, stage: Stage, outcome: Any, check: Check) -> None:
        """Leave it to the scenario."""
        check(stage, _value(outcome))


SOUND = Sound()


@frozen
class Raises:
    """An error of exactly this class, which matches.

    Once the fault is over the same call succeeds, unless the error is ``for_good``: then it comes
    again.
    """

    kind: type[GeminiBatchError]
    match: str = ""
    for_good: bool = False

    def hold(self, stage: Stage, outcome: Any, check: Check) -> None:
        """Look at the error, then at what is possible after it."""
        self.require(outcome)
        if self.for_good:
            self.require(stage.outcome_of(stage.again))
        else:
            check(stage, stage.again())

    def require(self, outcome: Any) -> None:
        """Look at the error only."""
        if isinstance(outcome, BaseException) and type(outcome) is not self.kind:
            raise outcome
        assert self.kind is type(outcome)
        assert re.search(self.match, str(outcome)), outcome


@frozen
class MayRaise:
    """Either the scenario comes to what it should, or to an error of this class."""

    kind: type[GeminiBatchError]

    def hold(self, stage: Stage, outcome: Any, check: Check) -> None:
        """Hold it to one of the two."""
        (Raises(self.kind) if isinstance(outcome, BaseException) else SOUND).hold(
            stage, outcome, check
        )


@frozen
class Returns:
    """The handle comes back: the same one, with the reason, and it can be used."""

    reason: type[GeminiBatchError]
    retryable: bool

    def hold(self, stage: Stage, outcome: Any, check: Check) -> None:
        """Look at the error, then consume the handle that it holds."""
        if not isinstance(outcome, HandleReturnedError):
            _value(outcome)
        assert stage.facade.returned_error is type(outcome)
        assert stage.batch.real is outcome.handle
        assert self.reason is type(outcome.reason)
        assert outcome.reason is outcome.__cause__
        assert self.retryable is outcome.retryable
        assert stage.batch.name == outcome.name
        assert ("will not help" in str(outcome)) is not self.retryable
        assert "live" in repr(outcome.handle)
        check(stage, stage.again())


@frozen
class Consumes:
    """An error that leaves nothing to hand back: the handle is used up."""

    kind: type[GeminiBatchError]

    def hold(self, stage: Stage, outcome: Any, check: Check) -> None:
        """Look at the error, and try once more."""
        del check
        Raises(self.kind).require(outcome)
        Raises(HandleConsumedError, r"consumed by \w+\(\)").require(stage.outcome_of(stage.again))


@frozen
class Partly:
    """Results that are not what was asked for, each in its place.

    ``malformed`` are numbers of lines; ``unexpected`` are keys; the others are counts.
    """

    missing: int = 0
    malformed: tuple[int, ...] = ()
    unexpected: tuple[str | None, ...] = ()
    duplicates: int = 0

    def hold(self, stage: Stage, outcome: Any, check: Check) -> None:
        """Look into the results."""
        del check
        with _value(outcome) as results:
            good = _good(results, stage, {*self.unexpected})
            assert "key" == results.keyed_by
            lost = set(stage.asked) - set(good)
            assert self.malformed == tuple(item.position for item in results.malformed)
            assert self.unexpected == tuple(item.key for item in results.unexpected)
            assert self.duplicates == len(results.duplicates)
            assert self.missing == len(results.missing)
            assert lost == {*results.missing} | {item.key for item in results.malformed} - {None}


def _good(items: Iterable[Any], stage: Stage, strange: set[str | None]) -> dict[str, Any]:
    """Return the answers to what was asked, by key; each is one to its own prompt."""
    found = {item.key: item for item in items if item.ok and item.key not in strange}
    assert_answered({key: stage.asked[key] for key in found}, list(found.values()))
    return found


@frozen
class Lists:
    """A list of exactly these names."""

    names: list[str]

    def hold(self, stage: Stage, outcome: Any, check: Check) -> None:
        """Compare."""
        del stage, check
        assert self.names == _value(outcome)


STRANGE: set[str | None] = {None, "never-sent"}
"""Keys of results that answer no request."""


@frozen
class Ends:
    """A stream passes on what came, so many good ones, and then raises."""

    good: int
    kind: type[GeminiBatchError]
    match: str = ""

    def hold(self, stage: Stage, outcome: Any, check: Check) -> None:
        """Look at the error, and at what was passed on before it."""
        del check
        Raises(self.kind, self.match).require(outcome)
        assert self.good == len(_good(stage.passed_on, stage, STRANGE))


@frozen
class PassesOn:
    """A stream passes all on as it is, so many good ones and so many that are not."""

    good: int
    bad: int = 0

    def hold(self, stage: Stage, outcome: Any, check: Check) -> None:
        """Look at what was passed on."""
        del stage, check
        items = _value(outcome)
        assert self.good == sum(item.ok for item in items)
        assert self.bad == sum(not item.ok for item in items)


@frozen
class Becomes:
    """The final status, of this class, with the results that were answered before the end."""

    kind: type[Any]
    answered: int | None = None

    def hold(self, stage: Stage, outcome: Any, check: Check) -> None:
        """Look at the status."""
        del check
        status = _value(outcome)
        assert self.kind is type(status)
        assert status.finished
        kept = getattr(status, "results", None)
        assert (self.answered is None) is (kept is None)
        _hold_kept(stage, kept, self.answered)


@frozen
class Keeps:
    """An error that says how the batch ended, whose status keeps what was answered."""

    kind: type[GeminiBatchError]
    answered: int

    def hold(self, stage: Stage, outcome: Any, check: Check) -> None:
        """Look at the error and its status."""
        del check
        Raises(self.kind, stage.batch.name).require(outcome)
        _hold_kept(stage, outcome.status.results, self.answered)


def _hold_kept(stage: Stage, kept: Any, answered: int | None) -> None:
    if kept is None:
        return
    with kept:
        assert answered == len(_good(kept.successes, stage, set()))
        assert len(stage.asked) == len(kept)
        assert () == kept.missing
