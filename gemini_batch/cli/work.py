"""What is to be submitted, and the options that say so."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps
from typing import Any

import click
from attrs import evolve, frozen

from .. import codec
from ..defaults import Defaults
from ..errors import ProtocolError, UsageError
from ..index import BOM
from ..jsonl import MAX_LINE
from ..models.content import Content
from ..models.generation import GenerateContentRequest
from ..progress import Report
from ..submission import Via
from ..sync import SyncBatchClient, SyncBatchHandle
from .arguments import Callback
from .inputs import PROMPTS, TEXTS, Format, Input, Kind
from .options import STANDARD, opened, shown, unreadable
from .show import Screen


@frozen
class Work:
    """What is to be submitted, and how."""

    source: str
    model: str
    form: Format = "auto"
    via: Via = "auto"
    display_name: str | None = None
    embeddings: bool = False
    task_type: str | None = None
    dimensions: int | None = None
    system: str | None = None
    defaults: str | None = None

    def check(self) -> None:
        """Refuse options that do, or do not, go together with ``--embeddings``."""
        if not self.embeddings and (self.task_type, self.dimensions) != (None, None):
            raise UsageError("--task-type and --dimensions are for --embeddings: give that, too")
        if self.embeddings and self.system is not None:
            raise UsageError("--system is for prompts, and not for --embeddings")

    def input(self, stack: ExitStack) -> Input:
        """Open the input."""
        kind = TEXTS if self.embeddings else PROMPTS
        shared = self._shared(kind)
        defaults = None if shared is None else Defaults(kind.method, shared)
        if self.source == STANDARD:
            return Input(sys.stdin.buffer, "standard input", self.form, kind, defaults)
        file = stack.enter_context(opened(self.source))
        return Input(file, shown(self.source), self.form, kind, defaults)

    def _shared(self, kind: Kind) -> Any:
        """Return what all requests have in common, if there is anything."""
        found: Any = None if self.defaults is None else _read(self.defaults, kind)
        if self.system is None:
            return found
        if found is None:
            found = GenerateContentRequest()
        elif found.system_instruction is not None:
            raise UsageError("there is a systemInstruction in --defaults already, beside --system")
        return evolve(found, system_instruction=Content.system(self.system))

    def announce(self, screen: Screen) -> None:
        """Say what is waited for where a terminal would only stand still."""
        if self.source == STANDARD:
            screen.say("reading standard input to its end")

    def submit(
        self, client: SyncBatchClient, requests: Input, label: str, report: Report
    ) -> SyncBatchHandle[Any]:
        """Submit the requests as one batch."""
        shared: Any = None if requests.defaults is None else requests.defaults.given
        if self.embeddings:
            return client.submit_embeddings(
                requests,
                display_name=self.display_name,
                task_type=self.task_type,
                output_dimensionality=self.dimensions,
                via=self.via,
                defaults=shared,
                label=label,
                progress=report,
            )
        return client.submit(
            requests,
            display_name=self.display_name,
            via=self.via,
            defaults=shared,
            label=label,
            progress=report,
        )


def _read(path: str, kind: Kind) -> Any:
    """Return the request that a file holds in JSON."""
    try:
        with opened(path) as file:
            text = file.read(MAX_LINE + 1)
    except OSError as error:
        raise unreadable(shown(path), error) from None
    try:
        return codec.decode(text.removeprefix(BOM), kind.request)
    except ProtocolError as refused:
        raise UsageError(f"{shown(path)} is not a request in JSON: {refused}") from None


def with_work(command: Callable[..., None]) -> Callback:
    """Add the argument and the options that say what to submit."""

    @click.argument("source", metavar="INPUT")
    @click.option("-m", "--model", required=True, help="The model, such as gemini-2.5-flash.")
    @click.option("--name", "display_name", metavar="NAME", help="A name for people.")
    @click.option(
        "--format",
        "form",
        type=click.Choice(["auto", "jsonl", "text"]),
        default="auto",
        show_default=True,
        help="What INPUT holds.",
    )
    @click.option(
        "--via",
        type=click.Choice(["auto", "inline", "file"]),
        default="auto",
        show_default=True,
        help="How requests travel: inside one call, or in a file uploaded before it.",
    )
    @click.option("--system", metavar="TEXT", help="An instruction for all prompts.")
    @click.option(
        "--defaults",
        metavar="FILE",
        help="JSON of what requests have unless they say otherwise, as the API has it.",
    )
    @click.option("--embeddings", is_flag=True, help="Embed texts, instead of answering prompts.")
    @click.option("--task-type", metavar="TYPE", help="What embeddings are for: CLUSTERING, ...")
    @click.option(
        "--dimensions", type=click.IntRange(min=1), metavar="N", help="Numbers in an embedding."
    )
    @wraps(command)
    def worked(
        *,
        source: str,
        model: str,
        display_name: str | None,
        form: Format,
        via: Via,
        system: str | None,
        defaults: str | None,
        embeddings: bool,
        task_type: str | None,
        dimensions: int | None,
        **own: Any,
    ) -> None:
        work = Work(
            *(source, model, form, via, display_name),
            *(embeddings, task_type, dimensions, system, defaults),
        )
        command(work=work, **own)

    return worked
