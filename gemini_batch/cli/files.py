"""``files``: what the service keeps for two days."""

from __future__ import annotations

from itertools import islice

import click

from ..errors import UsageError
from ..sync import SyncBatchClient
from .arguments import example, limited, remote, to_file, told
from .each import each
from .endings import Ending, Exit, conduct
from .options import Options, Target, require_readable, require_stdout, shown
from .sections import Sections
from .telling import FILES, facts_of, file_lines, file_row, heading

PAGE = 100
"""Files on a page, of which the service may give fewer."""


@click.group("files", cls=Sections, short_help="Upload, look at, download and delete files.")
def files() -> None:
    """Work with the files at the service, which keeps each for 48 hours.

    A file that is not there is refused like one that is not yours: expect HTTP 403.
    """


@click.command(
    "upload",
    short_help="Upload a file.",
    epilog=example("gemini-batch files upload report.pdf"),
)
@click.argument("path", metavar="PATH")
@click.option("--mime-type", metavar="TYPE", help="Its type, if the ending of PATH does not tell.")
@click.option("--name", metavar="NAME", help="Its name there, files/...; or it is drawn.")
@click.option("--display-name", metavar="NAME", help="A name for people; or that of PATH.")
@remote
@told
def upload(
    options: Options, path: str, mime_type: str | None, name: str | None, display_name: str | None
) -> Exit:
    """Upload the file at PATH, wait until it can be used, and print its name."""
    screen = options.screen()

    def go() -> Ending:
        require_readable(path)
        require_stdout()
        with options.client() as client, screen.progress() as progress:
            file = client.files.upload(
                path, mime_type=mime_type, name=name, display_name=display_name, progress=progress
            )
        first, *rest = file_lines(file)
        del first
        return Ending(Exit.COMPLETE, tuple(rest), {"file": facts_of(file)}, (file.name,))

    return conduct(options.interrupts, screen, go)


@click.command(
    "get",
    short_help="Look at a file.",
    epilog=example("gemini-batch files get files/abc123"),
)
@click.argument("name", metavar="FILE")
@remote
@told
def get(options: Options, name: str) -> Exit:
    """Look at FILE (files/...): its size, its type, when it expires."""

    def go() -> Ending:
        with options.client() as client:
            file = client.files.get(name)
        return Ending(Exit.COMPLETE, facts={"file": facts_of(file)}, answer=file_lines(file))

    return conduct(options.interrupts, options.screen(), go)


@click.command(
    "list",
    short_help="Print the files there are.",
    epilog=example("gemini-batch files list --limit 10"),
)
@limited
@remote
@told
def list_files(options: Options, limit: int | None) -> Exit:
    """Print the files of the project of the API key, newest first, page by page.

    With --json, each is one line of JSON. Files of results are not among them.
    """
    screen = options.screen()

    def go() -> Ending:
        size = min(limit or PAGE, PAGE)
        with options.client() as client, client.files.list(size) as found:
            for number, file in enumerate(islice(found, limit)):
                if not (number or options.as_json):
                    screen.answer(heading(FILES), {})
                screen.answer(file_row(file), facts_of(file))
        return Ending(Exit.COMPLETE, facts=None)

    return conduct(options.interrupts, screen, go)


@click.command(
    "download",
    short_help="Save a file of results.",
    epilog=example("gemini-batch files download files/batch-abc123 -o raw.jsonl"),
)
@click.argument("name", metavar="FILE")
@to_file
@remote
@told
def download(options: Options, name: str, target: Target) -> Exit:
    """Save FILE (files/...) as the service made it: results in no order, a line for each.

    Files that were uploaded are not given back. "gemini-batch results" saves answers in order.
    """
    screen = options.screen()

    def go() -> Ending:
        if target.is_stdout:
            raise UsageError("a download is saved when it is whole: give -o a file")
        target.check(options)
        with options.client() as client, screen.progress() as progress:
            client.files.download(name, target.path, overwrite=target.force, progress=progress)
        saved = f"{name} saved to {shown(target.path)}"
        return Ending(Exit.COMPLETE, (saved,), {"name": name, "output": target.path})

    return conduct(options.interrupts, screen, go)


@click.command(
    "delete",
    short_help="Remove files.",
    epilog=example("gemini-batch files delete files/abc123 files/def456"),
)
@click.argument("names", metavar="FILE...", nargs=-1, required=True)
@remote
@told
def delete(options: Options, names: tuple[str, ...]) -> Exit:
    """Remove each FILE (files/...), without asking.

    A batch whose requests are in a file needs it until it has begun.
    """

    def act(client: SyncBatchClient, name: str) -> str:
        client.files.delete(name)
        return "deleted"

    return each(options, "files", names, act)


files.section("Commands", upload, get, list_files, download, delete)
