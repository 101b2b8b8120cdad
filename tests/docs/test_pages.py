"""Every example of the README and the documentation works as it stands there."""

import os
import re
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from gemini_batch.emulator import Emulator
from tests.docs.pages import (
    BENCH_COMMAND,
    CLIENTS_COMMAND,
    FUZZ_COMMAND,
    MAIN_COMMAND,
    NOT_RUN,
    PAGES,
    ROOT,
    TEST_COMMAND,
    Reader,
    blocks_of,
    commands_of,
)

NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Give examples what a reader has: a key, a service that answers, a folder to work in."""
    with Emulator(pending_seconds=0, running_seconds=0, failure_rate=0) as emulator:
        monkeypatch.setenv("GEMINI_API_KEY", "example")
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", emulator.url)
        monkeypatch.chdir(tmp_path)
        yield


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
@pytest.mark.usefixtures("settings")
def test_every_example_of_a_page_runs(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks of a page run in its order, one building on another."""
    reader = Reader(str(page))
    monkeypatch.setitem(sys.modules, "__main__", reader.module)
    reader.read(page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_no_block_of_a_page_is_overlooked(page: Path) -> None:
    """There are as many blocks as pairs of fences, which are counted without a parser."""
    text = page.read_text(encoding="utf-8")
    fences = re.findall(r"^[ >]*(?:`{3,}|~{3,}|:{3,})", text, re.MULTILINE)
    assert len(fences) == 2 * len(list(blocks_of(text)))


def test_the_readme_opens_with_the_two_commands_of_a_fresh_machine() -> None:
    """The README gives the main command and the test command, in this order, before any other."""
    blocks = [block.text.strip() for block in blocks_of((ROOT / "README.md").read_text("utf-8"))]
    assert [MAIN_COMMAND, TEST_COMMAND] == blocks[:2]
    assert [MAIN_COMMAND, TEST_COMMAND] == [text for text in blocks if text in NOT_RUN]


def test_the_continuous_check_runs_the_test_command_of_the_readme() -> None:
    """What checks a change is what the README tells a stranger to run, from the same place.

    Others' clients come after it: they are the newest there are, which no commit decides. So does
    the fuzzer, which tries something else each time, and so do the benchmarks, whose figures are
    the machine's.
    """
    script = ROOT / ".ci" / "run"
    # The shell ends by itself only where the last of several commands fails.
    checked = f"{TEST_COMMAND} || exit"
    lines = [line for line in script.read_text("utf-8").splitlines() if not line.startswith("#")]
    after = [CLIENTS_COMMAND, FUZZ_COMMAND, BENCH_COMMAND]
    assert ["set -eu", 'cd "$(dirname "$0")/.."', checked, *after] == lines
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", str(script)], check=True)


def test_blocks_share_what_they_define() -> None:
    """A name that one block defines is there in the next."""
    reader = Reader("page.md")
    reader.read("```python\nx = 1\n```\n\n- in a list\n\n  ```python\n  y = x\n  ```\n")
    assert 1 == reader.module.__dict__["y"]


def test_a_broken_example_is_traced_to_its_line() -> None:
    """The traceback of an example names the page and the line in it."""
    with pytest.raises(ZeroDivisionError) as raised:
        Reader("page.md").read("# Title\n\n```python\nx = 1\n1 / 0\n```\n")
    last = traceback.extract_tb(raised.tb)[-1]
    assert ("page.md", 5) == (last.filename, last.lineno)


@pytest.mark.parametrize(
    "page",
    [
        "```ruby\nputs 1\n```",
        "```\nunnamed\n```",
        "para\n\n    indented = True\n",
        "```{code-block} python\n1 / 0\n```",
        "````{note}\n```ruby\nputs 1\n```\n````",
        "```{eval-rst}\n.. code-block:: python\n\n   1 / 0\n```",
        "```console\n$ false\n```",
        "```bash\nfalse\ntrue\n```",
        "```console\n$ echo one\ntwo\n```",
        "```console\noutput of nothing\n$ true\n```",
    ],
)
def test_a_block_that_does_not_run_fails_its_page(page: str) -> None:
    """Another language, an unknown directive, a failing command and other output are refused."""
    with pytest.raises(AssertionError):
        Reader("page.md").read(page)


def test_a_transcript_is_commands_and_what_they_print() -> None:
    """Prompts start commands, a backslash continues one, the rest is what is printed."""
    text = "$ echo a \\\n  b\na b\n$ true\n$ echo c\nc\n"
    assert [("echo a \\\n  b", "a b\n"), ("true", ""), ("echo c", "c\n")] == list(commands_of(text))


def test_output_may_leave_out_what_differs_from_run_to_run() -> None:
    """Three dots in a transcript stand for anything."""
    Reader("page.md").read("```console\n$ echo batches/4711 done\nbatches/... done\n```\n")
