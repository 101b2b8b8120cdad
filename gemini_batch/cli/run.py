"""``run`` and ``results``: from prompts to a file of answers, and from a batch to one."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

from ..endpoints import require_name
from ..results import BatchResults
from ..states import BatchStatus, Cancelled, Expired, Failed, Succeeded
from ..text import printable
from .endings import Ending, Exit, conduct
from .inputs import Format, Input
from .options import STANDARD, Options, Target, shown
from .tally import tally
from .way import Way


def run(options: Options, source: str, target: Target, model: str, form: Format) -> int:
    """Submit the requests of a file, wait, and save what came back."""
    screen = options.screen(stdout_taken=target.is_stdout)
    way = Way(options, target)

    def work() -> Ending:
        options.check()
        target.check(options, source)
        with ExitStack() as stack:
            way.input = Input(_opened(source, stack), _called(source), form)
            client = stack.enter_context(options.client(model))
            if source == STANDARD:
                screen.say("reading standard input to its end")
            with screen.progress() as shown_progress:
                report = way.noting(shown_progress)
                batch = client.submit(way.input, label=way.label, progress=report)
                way.name = batch.name
                final = batch.wait(progress=report)
            return saved(final, target)

    return conduct(screen, work, way.last_words)


def results(options: Options, name: str, target: Target, key_member: str) -> int:
    """Wait for a batch that exists, and save what came back."""
    screen = options.screen(stdout_taken=target.is_stdout)
    way = Way(options, target, key_member)

    def work() -> Ending:
        options.check()
        target.check(options)
        way.name = require_name(name, "batches")
        with options.client() as client:
            batch = client.get_batch(name, key_member=key_member)
            with screen.progress() as shown_progress:
                final = batch.wait(progress=way.noting(shown_progress))
            return saved(final, target)

    return conduct(screen, work, way.last_words)


def _opened(source: str, stack: ExitStack) -> BinaryIO:
    if source == STANDARD:
        return sys.stdin.buffer
    return stack.enter_context(Path(source).open("rb"))


def _called(source: str) -> str:
    return "standard input" if source == STANDARD else shown(source)


def saved(final: BatchStatus[Any], target: Target) -> Ending:
    """Save what there is, and say how the batch ended."""
    match final:
        case Succeeded(found):
            return _ending(final, found, target, "")
        case Cancelled(found):
            return _ending(final, found, target, "was cancelled")
        case Expired(found):
            return _ending(final, found, target, "was not finished within the service's 48 hours")
        case Failed(error):
            why = "the service gave no reason" if error is None else error.message or error.status
            return _ending(final, None, target, f"failed: {printable(why)}")
        case _:
            state = printable(final.operation.state)
            return _ending(final, None, target, f"ended in a state not known here: {state}")


def _ending(
    final: BatchStatus[Any], found: BatchResults[Any] | None, target: Target, trouble: str
) -> Ending:
    operation = final.operation
    facts: dict[str, Any] = {"name": operation.name, "state": str(operation.state), "output": None}
    if found is None:
        line = f"{operation.name} {trouble}; no answers came back, and nothing was saved"
        return Ending(Exit.FAILED, (line,), facts)
    with found:
        counts = tally(found)
        target.write(found)
    facts |= {"output": target.path, **counts.facts()}
    where = "standard output" if target.is_stdout else shown(target.path)
    saved = f"{counts}; saved to {where}"
    if trouble:
        return Ending(Exit.FAILED, (f"{operation.name} {trouble}", saved), facts)
    if counts.complete:
        return Ending(Exit.COMPLETE, (saved,), facts)
    return Ending(Exit.INCOMPLETE, (saved, *counts.examples), facts)
