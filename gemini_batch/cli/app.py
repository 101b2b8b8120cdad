"""All commands, and how one of them is run."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from io import TextIOWrapper

import click

from . import batches, completion, demo, files, run, serve
from .endings import Exit
from .interrupts import heeding_interrupts
from .sections import Sections

EXIT_STATUSES = """\b
Exit status:
  0    it was done; of run and results: every request was answered
  1    it failed, or the batch did
  2    something is wrong with the command or its input; nothing was sent
  3    some requests failed, were blocked, or have no readable answer
  130  interrupted (143: terminated); a batch goes on at the service
"""


@click.group(
    cls=Sections,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EXIT_STATUSES,
)
@click.version_option(package_name="gemini-batch", message="gemini-batch %(version)s")
def app() -> None:
    """Batch work on the Gemini API, from the first prompt to the last answer.

    The API key is read from the environment, GOOGLE_API_KEY or GEMINI_API_KEY. There is no option
    for it, because all users of a machine can see the options of its processes.

    "gemini-batch COMMAND --help" tells more, with an example.
    """


app.section("From prompts to answers", run.run, run.submit, batches.wait, run.results)
app.section("Batches that exist", batches.list_batches, batches.status)
app.section("Batches that exist", batches.cancel, batches.delete, batches.adopt)
app.section("Files at the service", files.files)
app.section("Without a key, on this machine", demo.demo, serve.emulator)
app.section("This command", completion.completion)


def run_app(arguments: Sequence[str]) -> int:
    """Run the command that the arguments name, and return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # no encoding is too small for any text
    with heeding_interrupts() as interrupts:
        try:
            name = completion.PROGRAM
            status = app.main(list(arguments), name, standalone_mode=False, obj=interrupts)
        except click.ClickException as wrong:
            wrong.show()
            return wrong.exit_code
        except click.Abort:
            return Exit.INTERRUPTED
        return int(status or 0)
