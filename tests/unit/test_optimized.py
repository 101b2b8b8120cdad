"""Under ``python -O`` there are no assertions, and under ``-OO`` no docstrings: all works without.

pytest itself says nothing there, since its tests are assertions. So the work is done by another
process, and is looked at here.
"""

import ast
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "gemini_batch"


def vanishing(source: str) -> list[str]:
    """List what of a module would not be there under ``-O`` or ``-OO``."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Assert():
                found.append(f"line {node.lineno}: an assertion")
            case ast.Name("__debug__"):
                found.append(f"line {node.lineno}: __debug__")
            case ast.Attribute(_, "__doc__") | ast.Name("__doc__"):
                found.append(f"line {node.lineno}: a docstring that is read")
            case _:
                pass
    return found


def test_nothing_of_the_package_vanishes() -> None:
    """No assertion carries logic, since there is none."""
    sources = {path.name: path.read_text("utf-8") for path in PACKAGE.rglob("*.py")}
    assert {} == {name: found for name, text in sources.items() if (found := vanishing(text))}


@pytest.mark.parametrize(
    "source", ["assert queue.pop()", "if __debug__:\n  check()", "print(main.__doc__)"]
)
def test_what_vanishes_is_seen(source: str) -> None:
    """The test above would tell."""
    assert 1 == len(vanishing(source))


STORY = """
import asyncio, json, sys
from gemini_batch import (
    AsyncBatchClient, GeminiBatchError, HandleConsumedError, PollPolicy, SyncBatchClient, Succeeded,
)
from gemini_batch.emulator import Emulator

told, poll = [], PollPolicy(first=0.01, ceiling=0.05)

def tell(results):
    told.append([[item.key, item.ok, item.raw().decode()] for item in results])

def refused(call):
    try:
        call()
    except GeminiBatchError as error:
        told.append([type(error).__name__, str(error).partition(":")[0]])

def synchronously(url):
    with SyncBatchClient("none", model="m", base_url=url, poll=poll) as client:
        for via in ("inline", "file"):
            batch = client.submit({"b-10": "ten", "b-9": "nine", "\\u00e4": "ae"}, via=via)
            tell(batch.results())
            told.append(isinstance(batch.status(), Succeeded))
            batch.delete()
            refused(batch.status)
        refused(lambda: client.submit("a bare string"))
        refused(lambda: client.submit([("a", "x"), ("a", "y")]))
        refused(lambda: client.get_batch("batches/../x"))
        refused(client.get_batch("batches/nowhere").status)

async def asynchronously(url):
    async with AsyncBatchClient("none", model="m", base_url=url, poll=poll) as client:
        batch = await client.submit({"b-10": "ten", "b-9": "nine"}, via="file")
        tell(await batch.results())
        await batch.delete()
        try:
            await batch.status()
        except HandleConsumedError as error:
            told.append(type(error).__name__)

with Emulator(pending_seconds=0, running_seconds=0, failure_rate=0.4) as emulator:
    emulator.faults.add("create", "reset-after-acting")
    emulator.faults.add("upload-chunk", "return-503-after-acting")
    synchronously(emulator.url)
    asyncio.run(asynchronously(emulator.url))
    told.append([emulator.acted.count("create"), sys.flags.optimize])
print(json.dumps(told))
"""


@cache
def story(level: int) -> tuple[list[object], str]:
    """Return what a program tells of its work at a level of optimization."""
    options = [f"-{'O' * level}"] if level else []
    environment = {name: text for name, text in os.environ.items() if "COVERAGE" not in name}
    done = subprocess.run(
        [sys.executable, *options, "-W", "error", "-c", STORY],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    told = json.loads(done.stdout)
    assert isinstance(told, list)
    return told, done.stderr


@pytest.mark.parametrize("level", [1, 2])
def test_a_program_does_the_same_without_assertions(level: int) -> None:
    """Batches, files, lost replies and refusals, on both facades: every answer is the same."""
    told, errors = story(0)
    optimized, more_errors = story(level)
    assert [[3, 0], [3, level]] == [told[-1], optimized[-1]]
    assert told[:-1] == optimized[:-1]
    assert errors == more_errors
    assert 13 == len(told)
    assert ["b-9", "b-10", "\u00e4"] == [key for key, _, _ in told[0]]  # type: ignore[attr-defined]


def test_the_command_line_does_the_same_without_assertions(tmp_path: Path) -> None:
    """Its help is shorter without docstrings, and there all the same."""
    (tmp_path / "prompts.txt").write_text("one\ntwo\n")
    command = [sys.executable, "-OO", "-m", "gemini_batch.cli"]
    words = ["run", "prompts.txt", "-o", "out.jsonl", "-m", "m", "--emulator", "--json", "-q"]
    done = subprocess.run(
        [*command, *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    lines = (tmp_path / "out.jsonl").read_text("utf-8").splitlines()
    facts = json.loads(done.stdout)
    assert (done.returncode, "") == (facts["exit_status"], done.stderr)
    assert ["0", "1"] == [json.loads(line)["key"] for line in lines]
    assert (2, 2) == (facts["requests"], facts["answered"] + facts["failed"])
