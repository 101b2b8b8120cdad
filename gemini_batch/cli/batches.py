"""``status``, ``wait``, ``list``, ``cancel``, ``delete`` and ``adopt``: batches that exist."""

from __future__ import annotations

from itertools import islice
from typing import Any

import click
from attrs import evolve

from ..errors import CreateOutcomeUnknownError, UsageError
from ..labels import require_label
from ..models.embedding import EmbedContentResponse
from ..models.operation import BatchOperation, BatchState
from ..progress import Report
from ..sync import SyncBatchClient, SyncBatchHandle
from .arguments import Seconds, example, limited, remote, told, waiting
from .each import each
from .endings import Ending, Exit, conduct
from .options import Options
from .streams import is_shown
from .telling import BATCHES, batch_lines, batch_row, facts_of, heading
from .way import Way, met

PAGE = 100
"""Batches on a page, of which the service may give fewer."""


@click.command(
    "status",
    short_help="Look at a batch once.",
    epilog=example("gemini-batch status batches/abc123"),
)
@click.argument("name", metavar="BATCH")
@remote
@told
def status(options: Options, name: str) -> Exit:
    """Look at BATCH (batches/...) once: its state, counts, times and errors.

    Results are left where they are. The counts may stay as they were until the batch ends. The exit
    status is 0 whatever the state is.
    """

    def go() -> Ending:
        with options.client() as client:
            operation = client.get_batch(name).operation()
        return Ending(
            Exit.COMPLETE, facts={"batch": facts_of(operation)}, answer=batch_lines(operation)
        )

    return conduct(options.interrupts, options.screen(), go)


@click.command(
    "wait",
    short_help="Wait for the end of a batch.",
    epilog=example(
        "gemini-batch wait batches/abc123 --timeout 3600",
        "gemini-batch wait batches/abc123 -q && echo succeeded",
    ),
)
@click.argument("name", metavar="BATCH")
@click.option(
    "--timeout",
    type=Seconds(min=0),
    metavar="SECONDS",
    help="Fail after so long; the batch goes on.",
)
@remote
@waiting
@told
def wait(options: Options, name: str, timeout: float | None) -> Exit:
    """Wait until BATCH (batches/...) has ended, and save nothing.

    The exit status is 0 if it succeeded, even where some of its requests did not, and 1 otherwise.
    """
    screen = options.screen()
    way = Way(options, "wait")

    def go() -> Ending:
        with options.client() as client:
            batch = met(client, name, way)
            with (
                screen.progress() as progress,
                client.as_completed(
                    [batch], timeout=timeout, progress=way.noting(of_one(progress))
                ) as ended,
            ):
                for _ in ended:
                    pass
            operation = batch.operation()
        succeeded = operation.done and operation.state == BatchState.SUCCEEDED
        return Ending(
            Exit.COMPLETE if succeeded else Exit.FAILED,
            facts={"batch": facts_of(operation)},
            answer=batch_lines(operation) if is_shown() else (),  # the status says enough
        )

    return conduct(options.interrupts, screen, go, way.last_words)


def of_one(report: Report) -> Report:
    """Return a report of the wait for one batch, which counts its requests and no batches."""
    return lambda progress: report(evolve(progress, state=""))


def listed(operation: BatchOperation) -> dict[str, Any]:
    """Return what a list tells of a batch: not where its results are, which it does not know."""
    facts = facts_of(operation)
    return {name: value for name, value in facts.items() if name not in _NOT_LISTED}


_NOT_LISTED = {"inlined", "responses_file"}


@click.command(
    "list",
    short_help="Print the batches there are.",
    epilog=example(
        "gemini-batch list --limit 10",
        "gemini-batch list --json | jq -r 'select(.state == \"RUNNING\") | .name'",
    ),
)
@limited
@remote
@told
def list_batches(options: Options, limit: int | None) -> Exit:
    """Print the batches of the project of the API key, newest first, page by page.

    With --json, each is one line of JSON. Where results are, only "gemini-batch status" tells.
    """
    screen = options.screen()

    def go() -> Ending:
        size = min(limit or PAGE, PAGE)
        with options.client() as client, client.list_batches(size) as found:
            for number, operation in enumerate(islice(found, limit)):
                if not (number or options.as_json):
                    screen.answer(heading(BATCHES), {})
                screen.answer(batch_row(operation), listed(operation))
        return Ending(Exit.COMPLETE, facts=None)

    return conduct(options.interrupts, screen, go)


@click.command(
    "cancel",
    short_help="Ask the service to stop batches.",
    epilog=example("gemini-batch cancel batches/abc123 batches/def456"),
)
@click.argument("names", metavar="BATCH...", nargs=-1, required=True)
@remote
@told
def cancel(options: Options, names: tuple[str, ...]) -> Exit:
    """Ask the service to stop each BATCH (batches/...).

    What was answered by then is billed, and "gemini-batch results" saves it. Such a batch may end
    as succeeded. A batch that has ended stays as it is.
    """

    def act(client: SyncBatchClient, name: str) -> str:
        client.get_batch(name).cancel()
        return "asked to stop, unless it had ended before"

    return each(options, "batches", names, act)


@click.command(
    "delete",
    short_help="Remove batches and their results.",
    epilog=example("gemini-batch delete batches/abc123"),
)
@click.argument("names", metavar="BATCH...", nargs=-1, required=True)
@remote
@told
def delete(options: Options, names: tuple[str, ...]) -> Exit:
    """Remove each BATCH (batches/...) and its results, without asking.

    A batch that runs is forgotten rather than stopped, and may still be billed: cancel it first.
    """

    def act(client: SyncBatchClient, name: str) -> str:
        client.get_batch(name).delete()
        return "deleted, with its results"

    return each(options, "batches", names, act)


@click.command(
    "adopt",
    short_help="Find a batch by its label.",
    epilog=example("gemini-batch adopt gb-06f3k9w2c5qj8m1x7tz4dn0hrv"),
)
@click.argument("label", metavar="LABEL")
@remote
@told
def adopt(options: Options, label: str) -> Exit:
    """Find the batch of a submission whose reply was lost, and print its name.

    LABEL (gb-...) was printed when the requests were submitted, and is in the display name of the
    batch. It is looked for among the thousand newest batches.
    """
    screen = options.screen()
    wanted = label.removeprefix("[").removesuffix("]")
    way = Way(options, "status", label=wanted)

    def go() -> Ending:
        try:
            require_label(wanted)
        except UsageError:
            raise UsageError(
                f"{label!a} is not a label: it begins with gb-, and was printed when the requests "
                "were submitted"
            ) from None
        with options.client() as client:
            try:
                batch: SyncBatchHandle[Any] = client.adopt(wanted)
            except UsageError:  # it was found, and its answers are of the other kind
                batch = client.adopt(wanted, answers=EmbedContentResponse)
        way.meet(batch.name)
        return Ending(
            Exit.COMPLETE,
            (f"see how it fares: {way.again()}",),
            {"name": batch.name, "label": wanted},
            (batch.name,),
        )

    def last_words(error: BaseException) -> str:
        lost = isinstance(error, CreateOutcomeUnknownError)
        return "the list of the service may lag behind: look again later" if lost else ""

    return conduct(options.interrupts, screen, go, last_words)
