"""Ask the real service: ``python -m tests.live``, from the folder of the project."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

CHECKS = Path(__file__).parent / "checks"


def main(*options: str) -> int:
    """Run the checks; these options of pytest's and of theirs are added."""
    own = [
        *("-p", "tests.live.plugin", "-p", "no:cacheprovider", "-p", "no:xdist"),
        *("--override-ini=python_files=check_*.py", "--tb=short"),
    ]
    return int(pytest.main([*own, f"{CHECKS}", *options]))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
