"""What commands are told: how to speak, where the service is, and where answers go."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from attrs import field, frozen

from ..credentials import VARIABLES
from ..errors import UsageError
from ..results import BatchResults
from ..retry import PollPolicy
from ..sync import SyncBatchClient
from ..text import printable
from .interrupts import Interrupts
from .show import LONGEST, Screen

STANDARD = "-"
"""As a path: standard input or output."""

QUICK = PollPolicy(first=0.2, ceiling=1.0)
"""How often the emulator is looked at, which takes a second for a batch and not a day."""


@frozen
class Options:
    """What every command can be told."""

    base_url: str | None = None
    emulator: bool = False
    as_json: bool = False
    quiet: bool = False
    poll_interval: float | None = None
    interrupts: Interrupts = field(factory=Interrupts)

    def screen(self, *, stdout_taken: bool = False) -> Screen:
        """Return where the words of the command go."""
        return Screen(self.quiet, self.as_json, stdout_taken)

    def poll(self, default: PollPolicy) -> PollPolicy:
        """Return how often to look at a batch."""
        seconds = self.poll_interval
        return default if seconds is None else PollPolicy(first=seconds, ceiling=seconds)

    def check(self) -> None:
        """Refuse what cannot work, before anything else is done."""
        if self.emulator and self.base_url is not None:
            raise UsageError("--emulator and --base-url both say where the service is: give one")
        if not self.emulator and not any(os.environ.get(name, "").strip() for name in VARIABLES):
            raise UsageError(
                f"no API key: set {' or '.join(VARIABLES)} in the environment (keys are made at "
                "https://aistudio.google.com/apikey); run --emulator and demo need none"
            )

    @contextmanager
    def client(self, model: str | None = None) -> Generator[SyncBatchClient]:
        """Open a client, and with ``--emulator`` the service that it talks to."""
        self.check()
        with ExitStack() as stack:
            key, base_url, poll = None, self.base_url, PollPolicy()
            if self.emulator:
                from ..emulator import Emulator  # noqa: PLC0415 - slow to load, seldom needed

                key, base_url, poll = "none", stack.enter_context(Emulator()).url, QUICK
            client = SyncBatchClient(key, model=model, base_url=base_url, poll=self.poll(poll))
            yield stack.enter_context(client)


@frozen
class Target:
    """Where answers go: a file, or standard output."""

    path: str
    force: bool = False

    @property
    def is_stdout(self) -> bool:
        """Whether the answers go to standard output."""
        return self.path == STANDARD

    @property
    def words(self) -> tuple[str, ...]:
        """The options of a command that name this target."""
        return ("-o", self.path, *(["--force"] if self.force else []))

    def check(self, options: Options, source: str = STANDARD) -> None:
        """Refuse an output that could not be written later, when the batch has been paid for."""
        if self.is_stdout:
            if options.as_json:
                raise UsageError("-o - and --json both want standard output: give -o a file")
            return
        path, name = Path(self.path), shown(self.path)
        if path.exists():
            if not path.is_file():
                raise UsageError(f"{name} is not a file; for standard output give -o -")
            if source != STANDARD and path.samefile(source):
                raise UsageError(f"{name} is the input as well: choose another name")
            if not self.force:
                raise UsageError(f"{name} exists already: choose another name, or give --force")
        directory = path.parent
        if not directory.is_dir():
            raise UsageError(f"there is no directory {shown(str(directory))}")
        if not os.access(directory, os.W_OK | os.X_OK):
            raise UsageError(f"the directory {shown(str(directory))} cannot be written to")

    def write(self, results: BatchResults[Any]) -> None:
        """Write one line a request, in the order of the keys."""
        if not self.is_stdout:
            results.save(self.path, overwrite=self.force)
            return
        for line in results.lines():
            sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()


def shown(path: str) -> str:
    """Return a path as it may be printed."""
    return printable(path, LONGEST)
