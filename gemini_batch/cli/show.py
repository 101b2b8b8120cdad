"""What a command shows: words and progress on standard error, what was asked for on the other."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Any, TextIO

from attrs import frozen
from rich.console import Console
from rich.progress import BarColumn, Progress as Bars, TaskID, TextColumn, TimeElapsedColumn

from ..log import log
from ..progress import Progress, Report, StderrReport, report_nothing
from ..text import printable
from .streams import is_shown

LONGEST = 4096
"""Characters of one printed line."""


@frozen
class Screen:
    """Where the words of a command go.

    ``quiet`` leaves out all but what was asked for and what went wrong. With ``as_json``, standard
    output gets JSON and nothing else; with ``stdout_taken`` it is for results, and gets no words.
    """

    quiet: bool = False
    as_json: bool = False
    stdout_taken: bool = False

    def say(self, line: str) -> None:
        """Show a line that one can do without."""
        if not self.quiet:
            self.warn(line)

    def warn(self, line: str) -> None:
        """Show a line on standard error."""
        _write(sys.stderr, line)

    def answer(self, line: str, facts: Mapping[str, Any]) -> None:
        """Show one of many answers to what was asked, as it comes."""
        if self.as_json:
            self._write_json(facts)
        else:
            _write(sys.stdout, line)

    def tell(self, line: str) -> None:
        """Show what was done, which is no less done where standard output is closed."""
        if not self.as_json:
            _write(sys.stdout if is_shown() else sys.stderr, line)

    def conclude(
        self,
        status: int,
        answer: Iterable[str],
        remarks: Iterable[str],
        facts: Mapping[str, Any] | None,
    ) -> None:
        """Show how the command ended: its answer, and the remarks unless they go without saying.

        Remarks are on standard error if something else is on standard output, or it is closed.
        """
        if self.as_json:
            if facts is not None:
                self._write_json({"exit_status": int(status), **facts})
            return
        answered = False
        for line in answer:
            _write(sys.stdout, line)
            answered = True
        sys.stdout.flush()
        if status or not self.quiet:
            apart = status or answered or self.stdout_taken or not is_shown()
            for line in remarks:
                _write(sys.stderr if apart else sys.stdout, line)
        sys.stdout.flush()

    def fail(self, status: int, said: str, notes: Iterable[str]) -> None:
        """Show why the command could not do its work."""
        lines = [said, *notes]
        if self.as_json and is_shown():
            self._write_json({"exit_status": int(status), "error": said, "notes": lines[1:]})
        self.complain(*lines)

    def complain(self, said: str, *notes: str) -> None:
        """Show what went wrong, and what there is to know about it."""
        self.warn(f"gemini-batch: {said}")
        for note in notes:
            self.warn(f"  {note}")

    def _write_json(self, facts: Mapping[str, Any]) -> None:
        sys.stdout.write(json.dumps(facts) + "\n")
        sys.stdout.flush()

    @contextmanager
    def telling_the_log(self) -> Generator[None]:
        """Show what the log is told: submissions, retries, warnings; only the latter if quiet."""
        teller, before = _Teller(self), log.level
        teller.setLevel(logging.WARNING if self.quiet else logging.INFO)
        log.setLevel(min(teller.level, log.getEffectiveLevel()))
        log.addHandler(teller)
        try:
            yield
        finally:
            log.removeHandler(teller)
            log.setLevel(before)

    @contextmanager
    def progress(self) -> Generator[Report]:
        """Return what shows progress: bars on a terminal, a few lines elsewhere."""
        if self.quiet:
            yield report_nothing
        elif not sys.stderr.isatty():
            yield StderrReport()
        else:
            console = Console(stderr=True)
            with Bars(*_COLUMNS, console=console, redirect_stdout=False) as bars:
                yield Rows(bars)


_COLUMNS = (
    TextColumn("{task.description}", markup=False),
    BarColumn(),
    TextColumn("{task.fields[amount]}", markup=False),
    TimeElapsedColumn(),
)


class Rows:
    """A bar for each stage, one below the other."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._rows: dict[str, TaskID] = {}

    def __call__(self, progress: Progress) -> None:
        """Take a stage in."""
        words = " ".join(filter(None, (progress.stage, printable(progress.state, 40))))
        if progress.stage not in self._rows:
            for row in self._rows.values():
                self._bars.stop_task(row)
            self._rows[progress.stage] = self._bars.add_task(words, total=None, amount="")
        self._bars.update(
            self._rows[progress.stage],
            description=words,
            completed=progress.done,
            total=progress.total,
            amount=amount(progress),
        )


def amount(progress: Progress) -> str:
    """Say how far a stage is, in bytes or in requests."""
    if progress.stage in {"uploading", "downloading"}:
        of = "" if progress.total is None else f" of {progress.total / 1e6:.1f}"
        return f"{progress.done / 1e6:.1f}{of} MB"
    of = "" if progress.total is None else f" of {progress.total:,}"
    return f"{progress.done:,}{of} requests"


class _Teller(logging.Handler):
    """Shows the lines of the log, without what programs want of them."""

    def __init__(self, screen: Screen) -> None:
        super().__init__()
        self._screen = screen

    def emit(self, record: logging.LogRecord) -> None:
        self._screen.warn(record.getMessage())


def _write(stream: TextIO, line: str) -> None:
    stream.write(printable(line, LONGEST) + "\n")
