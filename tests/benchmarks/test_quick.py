"""The benchmark of the emulator runs; what it measures is read by people, and held by no test.

The others need packages and time that the suite does not have: ``nox -s bench -- --quick`` runs
them.
"""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.real_time
def test_a_benchmark_runs() -> None:
    """In its quick form, to the end."""
    done = subprocess.run(
        [sys.executable, str(HERE / "emulator_size.py"), "--quick"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (0, "") == (done.returncode, done.stderr)
    assert "5,000 requests" in done.stdout
