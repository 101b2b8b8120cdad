"""Change each cell of the retry matrix, one at a time, and see which test of the service notices.

The tests are those over real sockets, on both facades: what holds a cell is what a user would see,
and not a copy of the table. Prints a table of the cells, and fails if a change goes unnoticed.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from gemini_batch.retry import MATRIX, Action, Call, Cause
from tests.mutations.flip import CELL

ROOT = Path(__file__).parents[2]
SUITE = [
    "tests/conformance/test_not_sent.py",
    "tests/conformance/test_table.py::test_the_service_is_used_as_promised",
]
ABOUT = {
    Call.READ: "get or list or download",
    Call.CREATE: "create",
    Call.UPLOAD_START: "upload_start or upload-start",
    Call.UPLOAD_CHUNK: "chunk",
    Call.CANCEL: "cancel",
    Call.DELETE: "delete",
}
"""What the tests of a call have in their names, so that no others are run."""

FLIPS = {
    Action.RETRY: Action.RAISE,
    Action.RAISE: Action.RETRY,
    Action.RESUME: Action.RAISE,
    Action.RECONCILE: Action.RETRY,
}
"""What a cell becomes: the worst that it could be taken for."""


def cells() -> Iterator[tuple[Call, Cause, Action]]:
    """Yield every cell, and what it becomes."""
    for call, row in MATRIX.items():
        for cause, action in row.items():
            resumed = call is Call.UPLOAD_CHUNK and action is Action.RAISE
            yield call, cause, Action.RESUME if resumed else FLIPS[action]


def died(call: Call, cause: Cause, action: Action) -> str | None:
    """Return the test that notices a change of one cell, or nothing."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-x", "-p", "tests.mutations.flip"),
            *("-p", "no:cacheprovider", *SUITE, "-k", ABOUT[call]),
        ],
        cwd=ROOT,
        env={**os.environ, CELL: f"{call.name}/{cause.name}/{action.name}"},
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"^(?:FAILED|ERROR) .*/test_(\S+)", done.stdout, re.MULTILINE)
    if done.returncode == 0:
        return None
    if found is None:
        raise RuntimeError(f"no test ran:\n{done.stdout}\n{done.stderr}")
    return found[1]


def main() -> None:
    """Print the table, and how many changes went unnoticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="a part of the name of the cells to change")
    given = parser.parse_args()
    began = time.perf_counter()
    changed = survived = 0
    for call, cause, action in cells():
        cell = f"{call.name}/{cause.name}"
        if given.only not in cell:
            continue
        test = died(call, cause, action)
        changed += 1
        survived += test is None
        print(f"{cell:26}{action.name:8}{test or 'SURVIVED'}", flush=True)
    seconds = time.perf_counter() - began
    print(f"{changed} cells changed, {survived} survived, in {seconds:.0f} s")
    if survived or not changed:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
