"""Progress and words on a terminal, and where there is none."""

import io
import logging
import sys

import pytest

from gemini_batch import Progress
from gemini_batch.cli.show import Screen, amount
from gemini_batch.log import log

STAGES = [
    Progress("encoding", 256),
    Progress("uploading", 0, 2_000_000),
    Progress("uploading", 1_000_000, 2_000_000),
    Progress("waiting", 0, 1234, "NEW\x1b[2J[bold]"),
    Progress("downloading", 500_000),
]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Claim it."""
        return True


def test_a_terminal_gets_a_bar_for_each_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bars are on standard error; a state from the service cannot steer the terminal."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm")
    screen = Screen()
    with screen.progress() as report:
        for stage in STAGES:
            report(stage)
        screen.say("a word in between")
    shown = terminal.getvalue()
    assert "1.0 of 2.0 MB" in shown
    assert "0 of 1,234 requests" in shown
    assert "0.5 MB" in shown
    assert "a word in between" in shown
    assert "waiting NEW\\x1b[2J[bold]" in shown
    assert "\x1b[2J" not in shown


def test_elsewhere_progress_is_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """A log gets no bars."""
    with Screen().progress() as report:
        for stage in STAGES:
            report(stage)
    said = capsys.readouterr()
    assert "" == said.out
    assert 5 == said.err.count("\n")
    assert "\x1b" not in said.err


def test_quiet_shows_no_progress(capsys: pytest.CaptureFixture[str]) -> None:
    """Not even the beginning of a stage."""
    with Screen(quiet=True).progress() as report:
        report(STAGES[0])
    assert ("", "") == capsys.readouterr()


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        (Progress("encoding", 1234), "1,234 requests"),
        (Progress("waiting", 5, 1234, "RUNNING"), "5 of 1,234 requests"),
        (Progress("downloading", 1_250_000), "1.2 MB"),
        (Progress("uploading", 0, 2_000_000), "0.0 of 2.0 MB"),
    ],
)
def test_amounts_are_in_requests_or_in_megabytes(progress: Progress, words: str) -> None:
    """The total is told where it is known."""
    assert words == amount(progress)


def test_the_log_is_as_it_was_afterwards(capsys: pytest.CaptureFixture[str]) -> None:
    """A command leaves no handler and no level behind."""
    before = (log.level, list(log.handlers))
    with Screen().telling_the_log():
        log.info("told %s", "\x1b[2J")
        logging.getLogger("gemini_batch.emulator").warning("told, too")
        log.debug("not told")
    assert before == (log.level, list(log.handlers))
    assert "told \\x1b[2J\ntold, too\n" == capsys.readouterr().err


def test_a_log_that_is_told_more_is_not_made_deaf(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """What a developer listens to at DEBUG goes on, and is not shown."""
    with caplog.at_level(logging.DEBUG, "gemini_batch"), Screen().telling_the_log():
        log.debug("for a developer")
    assert ["for a developer"] == caplog.messages
    assert ("", "") == capsys.readouterr()
