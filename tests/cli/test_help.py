"""The help teaches: sections, one line for each command, and examples that can be typed."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator

import click
import pytest

from gemini_batch.cli.app import app
from tests.cli.conftest import Done

Command = Callable[..., Done]


def commands(group: click.Group, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield all commands, those of groups within included, with the words that lead to them."""
    for name, one in group.commands.items():
        yield (*path, name), one
        if isinstance(one, click.Group):
            yield from commands(one, *path, name)


ALL = dict(commands(app))
LEAVES = {path: one for path, one in ALL.items() if not isinstance(one, click.Group)}


def test_every_command_is_under_a_heading(command: Command) -> None:
    """The order is that of the work, and nothing is left out of it."""
    said = command("--help").out
    shown = re.findall(r"^  ([a-z]+)  +[A-Z]", said, re.MULTILINE)
    assert sorted(app.commands) == sorted(shown)
    assert ["run", "submit", "wait", "results"] == shown[:4]
    assert "From prompts to answers:\n" in said
    assert "130  interrupted" in said


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_a_summary_fits_on_its_line(path: tuple[str, ...], command: Command) -> None:
    """It is a sentence, and not cut."""
    summary = ALL[path].short_help or ""
    assert re.fullmatch(r"[A-Z].{5,50}\.", summary)
    assert summary in command(*path[:-1], "--help").out


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_command_has_an_example_that_can_be_typed(
    path: tuple[str, ...], command: Command
) -> None:
    """Its words are ones that the command takes."""
    said = command(*path, "--help").out
    examples = re.findall(r"^ +(gemini-batch .*)$", said.partition("Example")[2], re.MULTILINE)
    assert examples
    for example in examples:
        words = shlex.split(re.split(r" (?:[|>]|&&)", example)[0])[1:]
        assert list(path) == words[: len(path)]
        LEAVES[path].make_context("gemini-batch", words[len(path) :])


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_command_speaks_to_programs_and_can_be_quiet(path: tuple[str, ...]) -> None:
    """All but the one whose output is a program."""
    named = {name for one in LEAVES[path].params for name in one.opts}
    assert path == ("completion",) or {"--json", "--quiet"} <= named
    assert "--api-key" not in named
    assert ("--emulator" in named) == (path in {("run",), ("submit",)})


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_a_script_that_asks_this_command(shell: str, command: Command) -> None:
    """The script names the variable by which the command is asked."""
    done = command("completion", shell)
    assert 0 == done.status
    assert f"_GEMINI_BATCH_COMPLETE={shell}_complete" in done.out


@pytest.mark.real_time
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("gemini-batch st", ["status"]),
        ("gemini-batch files d", ["download", "delete"]),
        ("gemini-batch submit x --vi", ["--via"]),
    ],
)
def test_words_are_completed(typed: str, offered: list[str]) -> None:
    """What the script of a shell asks is answered, in a process of its own as it would be."""
    words = {"COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}
    done = subprocess.run(
        [sys.executable, "-m", "gemini_batch.cli"],
        env={**os.environ, **words, "_GEMINI_BATCH_COMPLETE": "bash_complete"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert offered == [line.partition(",")[2] for line in done.stdout.splitlines()], done.stderr
