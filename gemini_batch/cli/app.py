"""The commands and their options."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import wraps
from io import TextIOWrapper
from typing import Any

import click

from .endings import Exit, heeding_sigterm
from .inputs import Format
from .options import Options, Target
from .run import results, run

EXIT_STATUSES = """\b
Exit status:
  0    every request was answered
  1    it failed, or the batch did
  2    something is wrong with the command or its input; nothing was sent
  3    some requests failed, were blocked, or have no readable answer
  130  interrupted (143: terminated); a batch goes on at the service
"""


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXIT_STATUSES)
@click.version_option(package_name="gemini-batch", message="gemini-batch %(version)s")
def app() -> None:
    """Batch work on the Gemini API, from the first prompt to the last answer.

    The API key is read from the environment, GOOGLE_API_KEY or GEMINI_API_KEY. There is no option
    for it, because all users of a machine can see the options of its processes.
    """


def _shared(command: Callable[..., int]) -> Callable[..., None]:
    """Add the options that every command has, and end with the status it returns."""

    @click.option(
        "--poll-interval",
        type=click.FloatRange(min=0, min_open=True),
        metavar="SECONDS",
        help="Look at the batch this often, instead of less and less often, up to once a minute.",
    )
    @click.option("-q", "--quiet", is_flag=True, help="Say nothing unless something is wrong.")
    @click.option(
        "--json", "as_json", is_flag=True, help="Print how it ended as one JSON object, no words."
    )
    @wraps(command)
    def ended(
        *,
        as_json: bool,
        quiet: bool,
        poll_interval: float | None,
        base_url: str | None = None,
        emulator: bool = False,
        **own: Any,
    ) -> None:
        options = Options(base_url, emulator, as_json, quiet, poll_interval)
        click.get_current_context().exit(command(options, **own))

    return ended


def _remote(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say where the service is."""
    with_url = click.option(
        "--base-url", metavar="URL", help="Where the API is, if not at Google's own address."
    )
    with_emulator = click.option(
        "--emulator", is_flag=True, help="Start the service on this machine, for this command."
    )
    return with_url(with_emulator(command))


def _to_file(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say where answers go."""
    with_output = click.option(
        "-o", "--output", required=True, metavar="OUTPUT", help="Where to save; - is stdout."
    )
    with_force = click.option("--force", is_flag=True, help="Overwrite OUTPUT if it exists.")
    return with_output(with_force(command))


@app.command("run", short_help="Submit prompts, wait, save the answers.")
@click.argument("source", metavar="INPUT")
@_to_file
@click.option("-m", "--model", required=True, help="The model, such as gemini-2.5-flash.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["auto", "jsonl", "text"]),
    default="auto",
    show_default=True,
    help="What INPUT holds.",
)
@_remote
@_shared
def run_command(
    options: Options, source: str, output: str, model: str, form: Format, *, force: bool
) -> int:
    """Submit the prompts of INPUT as one batch, wait, and save the answers.

    INPUT (- is stdin) is JSONL, each line with "prompt" (a text) or "request" (as the API has it)
    and perhaps a "key"; or it is plain text, one prompt a line. It is JSONL if its first line that
    is not empty begins with {, unless --format says otherwise. A prompt without a key is numbered
    from 0, empty lines not counted. All lines are checked before anything is sent.

    OUTPUT is JSONL in the order of the keys, a line for each request: {"key", "response"} or
    {"key", "error"}.

    Ctrl-C ends the waiting, not the batch; "gemini-batch results" takes it up again.
    """
    return run(options, source, Target(output, force), model, form)


@app.command("results", short_help="Wait for a batch, save its answers.")
@click.argument("batch", metavar="BATCH")
@_to_file
@click.option(
    "--key-member",
    default="key",
    show_default=True,
    metavar="NAME",
    help="Which member of their metadata holds the keys of inline requests made elsewhere.",
)
@_remote
@_shared
def results_command(
    options: Options, batch: str, output: str, key_member: str, *, force: bool
) -> int:
    """Wait for BATCH (batches/...) and save its answers, as run does."""
    return results(options, batch, Target(output, force), key_member)


@app.command("demo", short_help="See it all work here, without a key.")
@_shared
def demo_command(options: Options) -> int:
    """Answer thousands of prompts on this machine, and check every answer.

    The prompts are made from the library of this Python and go to the emulator of the service:
    neither a key nor a network is needed.
    """
    from .demo import demo  # noqa: PLC0415 - loads the emulator, which other commands seldom need

    return demo(options)


def run_app(arguments: Sequence[str]) -> int:
    """Run the command that the arguments name, and return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # no encoding is too small for any text
    try:
        with heeding_sigterm():
            status = app.main(list(arguments), "gemini-batch", standalone_mode=False)
    except click.ClickException as wrong:
        wrong.show()
        return wrong.exit_code
    except click.Abort:
        return Exit.INTERRUPTED
    return int(status or 0)
