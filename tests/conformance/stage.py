"""Where a scenario is played: a client, the service it speaks to, and what happens between them."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from attrs import define, field, frozen

from gemini_batch import GeminiBatchError
from gemini_batch.emulator import Emulator
from gemini_batch.emulator.faults import STATES
from gemini_batch.emulator.records import Entries
from tests.conformance.facades import Facade

Act = Callable[[], Any]


@frozen
class Fault:
    """A fault as the emulator writes it: ``create: reset-after-acting*2``.

    ``{stranger}`` in it stands for the URL of another service.
    """

    operation: str
    text: str

    @classmethod
    def parse(cls, written: str) -> Self:
        """Read a fault."""
        operation, _, text = written.partition(": ")
        return cls(operation, text)

    @property
    def first(self) -> bool:
        """Whether it has to be there before the batch is created that it is about."""
        return self.operation == STATES

    @property
    def silent(self) -> bool:
        """Whether it keeps the client waiting until it gives up."""
        return self.text.startswith(("hang", "stall-after"))

    def __str__(self) -> str:
        return f"{self.operation}: {self.text}"


@define
class Stage:
    """What a scenario has to hand, and what it leaves for those who look at its outcome.

    ``elsewhere`` starts another service, which nothing is ever to be sent to, and returns its URL.
    ``asked`` are the prompts by key. ``batch`` is the handle that is acted with. ``passed_on`` are
    the items that a stream yielded, for it may end in an error.
    """

    facade: Facade
    emulator: Emulator
    client: Any
    directory: Path
    elsewhere: Callable[[], str]
    asked: Mapping[str, str] = field(factory=dict[str, str])
    batch: Any = None
    file: Any = None
    passed_on: list[Any] = field(factory=list[Any])
    _act: Act | None = None
    _acted: int = 0
    _seen: int = 0

    def add(self, faults: Iterable[Fault]) -> None:
        """Let faults wait at the service."""
        for fault in faults:
            text = fault.text
            if "{stranger}" in text:
                text = text.format(stranger=self.elsewhere())
            self.emulator.faults.add(fault.operation, text)

    def begin(self, act: Act) -> None:
        """Count from here on; the act is still to come."""
        self._act = act
        self._acted, self._seen = len(self.emulator.acted), len(self.emulator.seen)

    def again(self) -> Any:
        """Act, for the first time or once more."""
        assert self._act is not None
        self.passed_on.clear()
        return self._act()

    @staticmethod
    def outcome_of(act: Act) -> Any:
        """Return what an act returns, or the error that it raises."""
        try:
            return act()
        except GeminiBatchError as error:
            return error

    @property
    def acted(self) -> Entries[Any]:
        """What the service has done since the beginning of the act."""
        return Entries(self.emulator.acted[self._acted :])

    @property
    def seen(self) -> Entries[Any]:
        """What has been on the wire since then."""
        return Entries(self.emulator.seen[self._seen :])
