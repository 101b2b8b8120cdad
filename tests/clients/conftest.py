"""Emulators whose time stands still, and the record of what a client was driven through."""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest
import requests

from gemini_batch.emulator import Emulator
from tests.clients.record import Driven, Run

FOLDER = Path(__file__).parents[2] / "docs" / "clients"
RUN = pytest.StashKey[Run]()
KEY = "any-key"
"""Of somebody who only looks, and shows it in a query."""


class Emulate(Protocol):
    """What runs an emulator."""

    def __call__(self, **arguments: Any) -> Emulator:
        """Run one, with other arguments than usual."""
        ...


@pytest.fixture
def emulate(request: pytest.FixtureRequest, driven: Driven) -> Iterator[Emulate]:
    """Return what runs emulators until the test ends; a fault that never struck fails it.

    Time stands still: a batch is pending for 100 seconds and then runs for 100.
    """
    record = request.config.stash[RUN].of(driven)
    started: list[Emulator] = []
    usual = {"clock": "manual", "pending_seconds": 100, "running_seconds": 100, "failure_rate": 0}
    with ExitStack() as stack:

        def emulate(**arguments: Any) -> Emulator:
            started.append(stack.enter_context(Emulator(**{**usual, **arguments})))
            return started[-1]

        yield emulate
        for emulator in started:
            assert [] == emulator.faults.pending
            record.answered(emulator)


@pytest.fixture
def emulator(emulate: Emulate) -> Emulator:
    """Run an emulator as usual."""
    return emulate()


@pytest.fixture
def look() -> Callable[[Emulator, str], Any]:
    """Return what gets JSON from an emulator in the plainest way, whatever its status.

    Its key stands in the query, by which the record knows these requests from the client's.
    """

    def look(emulator: Emulator, path: str, **query: Any) -> Any:
        response = requests.get(f"{emulator.url}{path}", {"key": KEY, **query}, timeout=60)
        return response.json()

    return look


def pytest_configure(config: pytest.Config) -> None:
    """Know the marker of an operation, and begin the record."""
    config.addinivalue_line("markers", "operation(name): what of its client the test drives")
    config.stash[RUN] = Run()
    if any("::" in argument for argument in config.args):
        config.stash[RUN].gaps.append("only some tests were asked for")


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Remember that a test was left out."""
    for item in items[:1]:
        item.config.stash[RUN].gaps.append(f"{item.name} was left out")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Enter the operation of a test that passed; remember a test that did not."""
    report = yield
    run = item.config.stash[RUN]
    marker = item.get_closest_marker("operation")
    if report.outcome != "passed":
        run.gaps.append(f"{item.name} {report.outcome} ({call.when})")
    elif marker is not None and call.when == "call" and isinstance(item, pytest.Function):
        run.of(item.funcargs["driven"]).passed(marker.args[0], item.funcargs["way"])
    return report


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    """Write the record of a run without a gap, and say so."""
    run = config.stash[RUN]
    if exitstatus != pytest.ExitCode.OK:
        run.gaps.append(f"the run ended with {exitstatus:d}")
    written = run.write(FOLDER)
    for record in run.records.values():
        terminalreporter.write_line(record.told)
    for path in written:
        terminalreporter.write_line(f"recorded in {path.relative_to(FOLDER.parents[1])}")
    if run.records and not written:
        terminalreporter.write_line(f"nothing is recorded, because {run.gaps[0]}")
