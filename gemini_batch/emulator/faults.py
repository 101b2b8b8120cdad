"""The bad day, in writing: which faults wait for which operation."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import attrs

from .exchange import Exchange
from .grammar import Catalogue, Shape, Words
from .result_faults import LINE_FAULTS, ROW_FAULTS, LineFault, RowFault
from .routes import OPERATIONS
from .scripts import Script
from .wire_faults import WIRE_FAULTS, WireFault

F = TypeVar("F")

RESULTS = "results"
STATES = "states"


@attrs.define(eq=False)
class Instruction(Generic[F]):
    """A fault that was asked for, and how many more times it is to happen."""

    operation: str
    text: str
    shape: Shape[F]
    words: Words
    times: int

    def __str__(self) -> str:
        if "times" in self.words.values:
            return f"{self.operation}: " + self.shape.form.replace("{times}", str(self.times))
        return f"{self.operation}: {self.text}" + (f"*{self.times}" if self.times > 1 else "")


class Faults:
    """The faults still to come. May be added to from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wire: list[Instruction[WireFault]] = []
        self._rows: list[Instruction[RowFault]] = []
        self._lines: list[Instruction[LineFault]] = []
        self._waiting_scripts: list[Script] = []
        self._running_scripts: list[Script] = []

    def add(self, operation: str, text: str) -> None:
        """Let a fault meet the next request of an operation.

        Beside the operations of the service there are ``results`` (faults of the next set of
        results that is written) and ``states`` (a script for the next batch that is created).
        ``*n`` at the end repeats a fault. Faults of one operation happen in the order in which
        they were added; one that finds nothing to do leaves the request to the next and waits.
        """
        if operation == STATES:
            script = Script.parse(text)
            with self._lock:
                self._waiting_scripts.append(script)
        elif operation == RESULTS:
            rows = _find(ROW_FAULTS, operation, text)
            lines = _find(LINE_FAULTS, operation, text)
            if rows is None and lines is None:
                raise _unknown(operation, text)
            with self._lock:
                if rows is not None:
                    self._rows.append(rows)
                if lines is not None:
                    self._lines.append(lines)
        elif operation in OPERATIONS:
            wire = _find(WIRE_FAULTS, operation, text)
            if wire is None:
                raise _unknown(operation, text)
            with self._lock:
                self._wire.append(wire)
        else:
            known = ", ".join((*OPERATIONS, RESULTS, STATES))
            raise ValueError(f"{operation!r} is not an operation; the operations are {known}")

    @property
    def pending(self) -> list[str]:
        """Return what was asked for and has not happened yet."""
        with self._lock:
            waiting = [*map(str, self._wire), *map(str, self._rows), *map(str, self._lines)]
            scripts = [*self._running_scripts, *self._waiting_scripts]
            return waiting + [f"{STATES}: {script.rest}" for script in scripts if script.rest]

    def clear(self) -> None:
        """Forget every fault that has not happened yet."""
        with self._lock:
            for queue in (self._wire, self._rows, self._lines, self._waiting_scripts):
                queue.clear()
            for script in self._running_scripts:
                script.abandon()
            self._running_scripts.clear()

    def for_exchange(self, exchange: Exchange) -> Sequence[Instruction[WireFault]]:
        """Return the faults that wait for the operation of a request, first come first."""
        with self._lock:
            return [one for one in self._wire if one.operation == exchange.operation]

    def for_results(
        self,
    ) -> tuple[Sequence[Instruction[RowFault]], Sequence[Instruction[LineFault]]]:
        """Return the faults that wait for the next set of results, all of which strike at once."""
        with self._lock:
            return list(self._rows), list(self._lines)

    def next_script(self) -> Script | None:
        """Return the script of a batch that is being created, if one waits."""
        with self._lock:
            if not self._waiting_scripts:
                return None
            script = self._waiting_scripts.pop(0)
            self._running_scripts.append(script)
            return script

    def met(self, instruction: Instruction[Any]) -> None:
        """Note that a fault has happened once."""
        with self._lock:
            instruction.times -= 1
            if instruction.times > 0:
                return
            queues: tuple[list[Any], ...] = (self._wire, self._rows, self._lines)
            for queue in queues:
                if instruction in queue:
                    queue.remove(instruction)


def _find(catalogue: Catalogue[F], operation: str, text: str) -> Instruction[F] | None:
    for shape in catalogue.shapes:
        parsed = shape.parse(text)
        if parsed is not None and operation in shape.operations:
            words, times = parsed
            return Instruction(operation, re.sub(r"\*\d+$", "", text), shape, words, times)
    return None


def _unknown(operation: str, text: str) -> ValueError:
    known: list[str] = []
    for catalogue in (WIRE_FAULTS, ROW_FAULTS, LINE_FAULTS):
        for shape in catalogue.shapes:
            if operation in shape.operations:
                options = "".join(f"[/{option}=…]" for option in shape.options)
                known.append(shape.form + options)
    return ValueError(
        f"{text!r} is not a fault of {operation!r}; the faults of {operation!r} are "
        f"{', '.join(known)}; each may end in *n to happen n times"
    )
