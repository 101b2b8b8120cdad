"""All commands, and how one of them is run."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from io import TextIOWrapper

import click
from click.exceptions import Exit as Exited
from click.shell_completion import shell_complete

from . import batches, completion, demo, files, run, serve
from .endings import Exit
from .interrupts import Interrupts, heeding_interrupts
from .sections import Sections
from .streams import hush

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
            status = _run(arguments, interrupts)
        except BrokenPipeError:
            status = Exit.PIPE_CLOSED
        except OSError as error:
            status = Exit.FAILED
            with suppress(OSError):  # the same may be true of standard error
                sys.stderr.write(f"gemini-batch: standard output: {error.strerror or error}\n")
        try:
            sys.stdout.flush()
        except OSError:  # what cannot be written would fail again when the process ends
            hush()
            return status or Exit.FAILED
        return status


def _run(arguments: Sequence[str], interrupts: Interrupts) -> int:
    asked = os.environ.get(completion.VARIABLE)
    if asked:
        return shell_complete(app, {}, completion.PROGRAM, completion.VARIABLE, asked)
    # The way of click itself would end the process with 1 where nobody reads its output.
    try:
        with app.make_context(completion.PROGRAM, list(arguments), obj=interrupts) as context:
            app.invoke(context)
    except Exited as ended:
        return ended.exit_code
    except click.ClickException as wrong:
        wrong.show(sys.stderr)  # click would write UTF-8 where that is not what is read
        return wrong.exit_code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    return Exit.COMPLETE
