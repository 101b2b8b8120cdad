"""What a handle remembers of its batch."""

from __future__ import annotations

from typing import Generic

from attrs import define

from .methods import R
from .models.operation import BatchOperation
from .results import BatchResults
from .states import Observation, observe
from .submission import SubmittedKeys


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

    def observe(self, operation: BatchOperation) -> Observation:
        """Take in what a look has shown."""
        self.observation = observe(self.observation, operation)
        return self.observation

    def held_results(self) -> BatchResults[R] | None:
        """Return the results fetched before, unless they were closed since."""
        return None if self.results is None or self.results.closed else self.results
