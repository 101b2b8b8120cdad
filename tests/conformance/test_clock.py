"""The clock of this machine may be years off: only the service's own times are compared."""

import ast
import time
from pathlib import Path

import pytest

from gemini_batch import RetryPolicy
from gemini_batch.emulator import Emulator
from tests.conformance.facades import Facade
from tests.conformance.scenes import assert_answered, prompts

PACKAGE = Path(__file__).parents[2] / "gemini_batch"
YEAR = 365 * 86_400.0


@pytest.mark.parametrize("years", [-30, -1, 1, 30])
@pytest.mark.parametrize("via", ["inline", "file"])
def test_a_clock_that_is_years_off_changes_nothing(
    facade: Facade,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    years: int,
    via: str,
) -> None:
    """A batch whose reply was lost is found by its label, though it seems older or newer."""
    right = time.time
    emulator.faults.add("create", "reset-after-acting")
    client = facade.client(emulator.url, retry=RetryPolicy(first=0.01, look_for=0.3))
    monkeypatch.setattr(time, "time", lambda: right() + years * YEAR)
    batch = client.submit(prompts(2), via=via)
    with batch.results() as results:
        assert_answered(prompts(2), results)
    assert 1 == emulator.acted.count("create")


def wall_clocks(source: str) -> list[str]:
    """List where a module asks what time it is here, and not how much of it has passed."""
    clocks = {"time.time", "time.time_ns", "time.localtime", "time.gmtime", "date.today"}
    clocks |= {"datetime.now", "datetime.utcnow", "datetime.today", "datetime.datetime.now"}
    return [
        f"{ast.unparse(node)} in line {node.lineno}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in clocks
    ]


def test_nothing_of_the_package_looks_at_the_clock_on_the_wall() -> None:
    """But for the emulator, whose clock is that of a service."""
    found = {
        path.name: clocks
        for path in PACKAGE.rglob("*.py")
        if "emulator" not in path.parts and (clocks := wall_clocks(path.read_text("utf-8")))
    }
    assert {} == found


def test_a_look_at_the_clock_on_the_wall_is_seen() -> None:
    """The test above would tell."""
    assert ["time.time in line 2"] == wall_clocks("import time\nnow = time.time()")
