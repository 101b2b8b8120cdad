"""Processes of their own: for what is measured, so that nothing else is in it, and for servers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


class BrokenMeasurementError(RuntimeError):
    """Something that should have been measured could not be."""


class NotHereError(RuntimeError):
    """This machine lacks what a measurement needs."""


def call(function: str, /, **arguments: Any) -> Any:
    """Call a function of this folder, such as ``opening.keys``, in a fresh process.

    Its arguments and what it returns are JSON.
    """
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.child", function, json.dumps(arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BrokenMeasurementError(f"{function} ended with {done.returncode}:\n{done.stderr}")
    answer = json.loads(done.stdout.splitlines()[-1])
    if "absent" in answer:
        raise NotHereError(answer["absent"])
    return answer["returned"]


@contextmanager
def served(folder: Path) -> Generator[str]:
    """Serve the files of a folder as results, by a process of its own; give its URL.

    It ends when its standard input does, so that none is left behind by a run that was killed.
    """
    command = [sys.executable, "-m", "tests.benchmarks.server", str(folder)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
