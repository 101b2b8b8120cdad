"""``run``, ``submit`` and ``results``: from prompts to a file of answers, at once or in steps."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import click
from attrs import frozen

from ..errors import BatchEndedError, UsageError
from ..models.operation import BatchOperation
from ..progress import Report
from ..results import BatchResults
from ..states import Cancelled, Expired
from ..sync import SyncBatchHandle
from .arguments import emulated, example, remote, to_file, told, waiting
from .endings import Ending, Exit, conduct
from .options import Options, Target, require_stdout, shown
from .way import Way, met
from .work import Work, with_work


@click.command(
    "run",
    short_help="Submit prompts, wait, save the answers.",
    epilog=example("gemini-batch run prompts.txt -o answers.jsonl -m gemini-2.5-flash"),
)
@with_work
@to_file
@remote
@emulated
@waiting
@told
def run(options: Options, work: Work, target: Target) -> Exit:
    """Submit the prompts of INPUT as one batch, wait, and save the answers.

    INPUT (- is stdin) is JSONL, each line with "prompt" (a text) or "request" (as the API has it)
    and perhaps a "key"; or it is plain text, one prompt a line. It is JSONL if its first line that
    is not empty begins with {, unless --format says otherwise. A prompt without a key is numbered
    from 0, empty lines not counted. All lines are checked before anything is sent. With
    --embeddings, "text" takes the place of "prompt".

    OUTPUT is JSONL in the order of the keys, a line for each request: {"key", "response"} or
    {"key", "error"}.

    Ctrl-C ends the waiting, not the batch; "gemini-batch results" takes it up again.
    """
    screen = options.screen(stdout_taken=target.is_stdout)
    way = Way(options, "results", target.words)

    def go() -> Ending:
        work.check()
        target.check(options, work.source)
        with ExitStack() as stack:
            requests = way.input = work.input(stack)
            client = stack.enter_context(options.client(work.model))
            work.announce(screen)
            with screen.progress() as progress:
                report = way.noting(progress)
                batch = work.submit(client, requests, way.label, report)
                way.meet(batch.name)
                outcome = Outcome.of(batch, report)
            return outcome.save(target)

    return conduct(options.interrupts, screen, go, way.last_words)


@click.command(
    "submit",
    short_help="Submit prompts, and do not wait.",
    epilog=example(
        "gemini-batch submit prompts.txt -m gemini-2.5-flash --name weekly",
        "gemini-batch submit texts.txt -m gemini-embedding-001 --embeddings",
    ),
)
@with_work
@remote
@emulated
@told
def submit(options: Options, work: Work) -> Exit:
    """Submit the prompts of INPUT as one batch, and print its name.

    INPUT is what it is for "gemini-batch run". Standard output gets the name and nothing else. With
    --emulator the input is checked, and its batch is gone when the command ends.
    """
    screen = options.screen()
    way = Way(options, "status")

    def go() -> Ending:
        work.check()
        require_stdout()
        with ExitStack() as stack:
            requests = way.input = work.input(stack)
            client = stack.enter_context(options.client(work.model))
            work.announce(screen)
            with screen.progress() as progress:
                batch = work.submit(client, requests, way.label, way.noting(progress))
        way.meet(batch.name)
        if options.emulator:
            remarks: tuple[str, ...] = (way.of_the_emulator(),)
        else:
            answers = way.command("results", batch.name, "-o", "answers.jsonl")
            remarks = (f"see how it fares:   {way.again()}", f"get its answers:    {answers}")
        facts = {"name": batch.name, "label": way.label}
        return Ending(Exit.COMPLETE, remarks, facts, (batch.name,))

    return conduct(options.interrupts, screen, go, way.last_words)


@click.command(
    "results",
    short_help="Wait for a batch, save its answers.",
    epilog=example("gemini-batch results batches/abc123 -o answers.jsonl"),
)
@click.argument("name", metavar="BATCH")
@to_file
@click.option(
    "--key-member",
    default="key",
    show_default=True,
    metavar="NAME",
    help="Which member of their metadata holds the keys of inline requests made elsewhere.",
)
@remote
@waiting
@told
def results(options: Options, name: str, target: Target, key_member: str) -> Exit:
    """Wait for BATCH (batches/...) and save its answers, as run does.

    A batch that was made elsewhere is good, too.
    """
    screen = options.screen(stdout_taken=target.is_stdout)
    member = ("--key-member", key_member) if key_member != "key" else ()
    way = Way(options, "results", (*target.words, *member))

    def go() -> Ending:
        if not key_member:
            raise UsageError("--key-member is the name of a member, and cannot be empty")
        target.check(options)
        with options.client() as client:
            batch = met(client, name, way, key_member)
            with screen.progress() as progress:
                outcome = Outcome.of(batch, way.noting(progress))
            return outcome.save(target)

    return conduct(options.interrupts, screen, go, way.last_words)


@frozen
class Outcome:
    """How a batch ended: what there is of its results, and its trouble in words."""

    operation: BatchOperation
    results: BatchResults[Any] | None
    trouble: str = ""

    @classmethod
    def of(cls, batch: SyncBatchHandle[Any], report: Report) -> Outcome:
        """Wait for a batch."""
        try:
            found = batch.results(progress=report)
        except BatchEndedError as ended:
            status = ended.status
            kept = status.results if isinstance(status, Cancelled | Expired) else None
            return cls(status.operation, kept, str(ended))
        return cls(batch.status().operation, found)  # it is known, and not looked at again

    def save(self, target: Target) -> Ending:
        """Save what there is, and say how the batch ended."""
        facts: dict[str, Any] = {
            "name": self.operation.name,
            "state": str(self.operation.state),
            "output": None,
        }
        if self.results is None:
            return Ending(Exit.FAILED, (f"{self.trouble}; nothing was saved",), facts)
        with self.results as found:
            summary = found.summary()
            target.write(found)
        facts |= {"output": target.path, **summary.counts()}
        where = "standard output" if target.is_stdout else shown(target.path)
        saved = f"{summary}; saved to {where}"
        if self.trouble:
            # What follows the semicolon tells a program where the results are that are saved here.
            return Ending(Exit.FAILED, (self.trouble.partition("; ")[0], saved), facts)
        if summary.complete:
            return Ending(Exit.COMPLETE, (saved,), facts)
        return Ending(Exit.INCOMPLETE, (saved, *summary.examples), facts)
