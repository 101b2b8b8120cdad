"""What a handle remembers of its batch."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, cast

from attrs import define, evolve, field

from .endpoints.names import require_name
from .errors import UsageError
from .keys import SubmittedKeys
from .labels import require_text
from .methods import GENERATE, R, embed, method_of
from .models.operation import BatchOperation
from .states import Observation, observe

if TYPE_CHECKING:
    from .results import BatchResults


class WrongKindError(UsageError):
    """A batch was asked for as one of answers that it does not hold."""


@define(eq=False)
class Batch(Generic[R]):
    """A batch at the service, and what was learnt of it so far.

    ``kind`` is the model of its answers, ``keys`` the submitted ones where they are known.
    """

    name: str
    kind: type[R]
    keys: SubmittedKeys | None = None
    key_member: str = "key"
    observation: Observation | None = None
    results: BatchResults[R] | None = None
    _turn: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def observe(self, operation: BatchOperation, known: Observation | None) -> Observation:
        """Take in what a look has shown that was begun when this was ``known``.

        Many may look at once, and their replies come in any order. One that is at odds with what
        others have seen since may be the older, and is told as it is: what they saw stands.
        """
        with self._turn:
            now = observe(self.observation, operation)
            if now.contradiction is not None and self.observation is not known:
                return observe(known, operation)
            self.observation = now
            return now

    def after_cancelling(self) -> Batch[R]:
        """Return what is known of a batch that was asked to stop: how it ended, if it had."""
        known = self.observation
        return evolve(self, observation=known if known is not None and known.finished else None)

    def require_kind(self, operation: BatchOperation) -> None:
        """Refuse to read the answers of a batch as what they are not."""
        told, wanted = operation.embeddings, method_of(self.kind)
        if told is None or told == (wanted is not GENERATE):
            return
        found = embed() if told else GENERATE
        error = WrongKindError(
            f"{self.name} holds {found.holds}, and was asked for as a batch of {wanted.holds}: "
            f"say answers={found.answers.__name__}"
        )
        error.operation = operation
        raise error

    def held_results(self) -> BatchResults[R] | None:
        """Return the results fetched before, unless they were closed since."""
        return None if self.results is None or self.results.closed else self.results


def known_batch(seen: str | BatchOperation, answers: type[R], key_member: str = "key") -> Batch[R]:
    """Return what is known of a batch by its name, or by a look at it."""
    given: object = cast("object", seen)
    if not isinstance(given, str | BatchOperation):
        raise UsageError(f"a batch is known by its name or its operation, not by {given!a}")
    name = seen if isinstance(seen, str) else seen.name
    if not require_text(key_member, "key_member"):
        raise UsageError("key_member is the name of a member, and cannot be empty")
    kind = method_of(answers).answers
    batch = Batch(require_name(name, "batches"), kind, key_member=key_member)
    if isinstance(seen, BatchOperation):
        batch.require_kind(seen)
    return batch
