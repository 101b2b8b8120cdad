"""What commands are told: how to speak, where the service is, and where answers go."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from attrs import field, frozen

from ..credentials import VARIABLES
from ..errors import UsageError
from ..results import BatchResults
from ..retry import PollPolicy
from ..sync import SyncBatchClient
from ..text import printable
from .interrupts import Interrupts
from .show import LONGEST, Screen
from .streams import is_shown

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
        if self.is_stdout or options.as_json:
            require_stdout()
        if self.is_stdout:
            if options.as_json:
                raise UsageError("-o - and --json both want standard output: give -o a file")
            return
        try:
            self._check_path(Path(self.path), source)
        except OSError as error:
            reason = error.strerror or error
            raise UsageError(f"{shown(self.path)} cannot be written: {reason}") from None

    def _check_path(self, path: Path, source: str) -> None:
        name = shown(self.path)
        if path.is_dir():
            raise UsageError(f"{name} is a directory; give -o the name of a file")
        if path.absolute().parent in _DEVICES or (path.exists() and not path.is_file()):
            raise UsageError(
                f"{name} is a device or a pipe, not a file; for standard output give -o -"
            )
        if path.exists():
            if source != STANDARD and _is_same(path, source):
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


_DEVICES = {Path("/dev"), Path("/dev/fd")}
"""Where ``/dev/stdout`` is: a file itself where standard output is one, but not to be replaced."""


def _is_same(path: Path, source: str) -> bool:
    try:
        return path.samefile(source)
    except OSError:  # the source cannot be read, which is said when it is opened
        return False


def require_stdout() -> None:
    """Refuse to begin what has to be written to standard output if that is closed."""
    if not is_shown():
        raise UsageError("standard output is closed, and is needed here; nothing was sent")


def opened(path: str) -> BinaryIO:
    """Open an input; :class:`~gemini_batch.UsageError` if it cannot be."""
    try:
        return Path(path).open("rb")
    except OSError as error:
        raise unreadable(shown(path), error) from None


def require_readable(path: str) -> None:
    """Refuse a file that cannot be opened; one that waits for a writer is not waited for."""
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
    except OSError as error:
        raise unreadable(shown(path), error) from None


def unreadable(name: str, error: OSError) -> UsageError:
    """Return the refusal of an input that cannot be read."""
    return UsageError(f"{name} cannot be read: {error.strerror or error}; nothing was sent")


def shown(path: str) -> str:
    """Return a path as it may be printed."""
    return printable(path, LONGEST)
