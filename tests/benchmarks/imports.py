"""What an import costs, each in a fresh interpreter.

All is compiled before, as it is wherever a package was imported once, or installed.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from statistics import median

from tests.benchmarks.report import Figure
from tests.benchmarks.scale import Scale

STATEMENTS = {
    "bare": "pass",
    "package": "import gemini_batch",
    "sync": "from gemini_batch import SyncBatchClient",
    "async": "from gemini_batch import AsyncBatchClient",
    "google": "import google.genai",
}


_ENVIRONMENT = {
    name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
}
"""An environment in which Python keeps what it compiles."""


def measure(scale: Scale) -> list[Figure]:
    """Import each in turn, after a turn that is not measured."""
    for statement in STATEMENTS.values():
        _seconds(statement)
    taken: dict[str, list[float]] = {name: [] for name in STATEMENTS}
    for _ in range(scale.of(11, 1)):
        for name, statement in STATEMENTS.items():
            taken[name].append(_seconds(statement))
    middle = {name: median(each) for name, each in taken.items()}
    bare = middle["bare"]
    google = middle["google"] - bare
    return [
        Figure(
            f"import-{name}",
            (middle[name] - bare) / google,
            f"{(middle[name] - bare) * 1e3:.0f} against {google * 1e3:.0f} ms",
        )
        for name in ("package", "sync", "async")
    ]


def _seconds(statement: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", statement], env=_ENVIRONMENT, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
