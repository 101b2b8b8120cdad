"""Read the code blocks of a page, and run them as its reader would."""

import os
import re
import subprocess
import sys
import types
from collections.abc import Iterator
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker
from pathlib import Path

from attrs import frozen
from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]
MAIN_COMMAND = (
    "python3 -m venv .venv && .venv/bin/pip install -q '.[cli]' && .venv/bin/gemini-batch demo"
)
TEST_COMMAND = "python3 -m venv .venv && .venv/bin/pip install -q nox && .venv/bin/nox"
CLIENTS_COMMAND = ".venv/bin/nox -s clients"
FUZZ_COMMAND = ".venv/bin/nox -s fuzz"
BENCH_COMMAND = ".venv/bin/nox -s bench -- --quick"
INSTALL_COMMAND = "python3 -m pip install '.[cli]'"
NOT_RUN = {MAIN_COMMAND, TEST_COMMAND, INSTALL_COMMAND}
"""What a stranger types first; these install the project, so no test of it can run them."""

SHELLS = {"console", "bash"}
PROSE = {"{note}", "{tip}", "{warning}", "{seealso}"}
"""Directives that hold text, in which there may be further blocks."""

STRUCTURE = {
    "{toctree}": r":\w+:.*|[\w/-]+",
    "{eval-rst}": r"\.\. auto\w+:: .*|\s+:[\w-]+:.*",
    "{include}": r":relative-docs: docs/",
    "{state-diagram}": "",
    "{facade-matrix}": "",
    "{emulator-words}": "",
    "{client-table}": "",
    "{catalogue}": "",
    "{live-questions}": "",
    "{retry-matrix}": "",
    "{retry-figures}": "",
    "{held-by-list}": "",
    "{literalinclude}": r":\w+:.*",
}
"""Directives that hold no text, and all that a line of one may be."""


@frozen
class Block:
    """A fenced block: its language, its text and the line of the page that it starts on."""

    language: str
    text: str
    line: int


def blocks_of(text: str, offset: int = 0) -> Iterator[Block]:
    """Yield the blocks of a page, those within its directives included."""
    for token in MarkdownIt("commonmark").parse(text):
        if token.type not in {"fence", "code_block"}:
            continue
        assert token.map is not None
        line = offset + token.map[0] + 1
        language = token.info.partition(" ")[0] if token.type == "fence" else "an indented block"
        yield Block(language, token.content, line)
        if language in PROSE:
            yield from blocks_of(token.content, line)


class Reader:
    """Follow one page from its top: what a block defines, the next ones use."""

    def __init__(self, page: str) -> None:
        self.page = page
        self.module = types.ModuleType("__main__")

    def read(self, text: str) -> None:
        """Follow every block of a page, in its order."""
        for block in blocks_of(text):
            self.follow(block)

    def follow(self, block: Block) -> None:
        """Do what a block says; fail where it does not work, or cannot be run."""
        if block.text.strip() in NOT_RUN or block.language in PROSE:
            return
        if block.language == "python":
            self._run_python(block)
        elif block.language in SHELLS:
            self._run_shell(block)
        elif block.language in STRUCTURE:
            for line in filter(str.strip, block.text.splitlines()):
                expected = STRUCTURE[block.language]
                assert re.fullmatch(expected, line), f"{self._place(block)}: {line!r} is not run"
        else:
            raise AssertionError(f"{self._place(block)}: {block.language!r} cannot be run")

    def _run_python(self, block: Block) -> None:
        # Empty lines before it make tracebacks name the line of the page.
        source = "\n" * block.line + block.text
        code = compile(source, self.page, "exec", dont_inherit=True)
        exec(code, self.module.__dict__)  # noqa: S102 — to run examples is what this is for

    def _run_shell(self, block: Block) -> None:
        for command, expected in commands_of(block.text):
            run = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", command],
                env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=60,
                check=False,
            )
            place = f"{self._place(block)}: {command!r}"
            assert run.returncode == 0, f"{place} ended with {run.returncode}:\n{run.stdout}"
            agrees = OutputChecker().check_output(
                expected, run.stdout, ELLIPSIS | NORMALIZE_WHITESPACE
            )
            assert agrees or not expected.strip(), (
                f"{place} printed:\n{run.stdout}\nnot:\n{expected}"
            )

    def _place(self, block: Block) -> str:
        return f"{self.page}:{block.line}"


def commands_of(text: str) -> Iterator[tuple[str, str]]:
    """Split a transcript at its ``$`` prompts into commands and what they print, if it says.

    A block without prompts is one script.
    """
    if not re.search(r"^\$ ", text, re.MULTILINE):
        yield text, ""
        return
    before, *parts = re.split(r"^\$ ", text, flags=re.MULTILINE)
    assert not before.strip(), f"this is before the first prompt: {before!r}"
    for part in parts:
        command, *rest = part.splitlines(keepends=True)
        while command.endswith("\\\n"):
            command += rest.pop(0)
        yield command.strip(), "".join(rest)
