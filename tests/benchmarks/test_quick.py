"""Every benchmark runs; what it measures is read by people, and held by no test."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.real_time
@pytest.mark.parametrize("path", sorted(HERE.glob("[!t]*.py")), ids=lambda path: path.stem)
def test_a_benchmark_runs(path: Path) -> None:
    """In its quick form, to the end."""
    done = subprocess.run(
        [sys.executable, str(path), "--quick"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (0, "") == (done.returncode, done.stderr)
    assert "5,000 requests" in done.stdout
