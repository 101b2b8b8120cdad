"""A client of either facade, a service to talk to, and a canary in place of the API key."""

import gc
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gemini_batch.effects import Effect, Sleep
from gemini_batch.emulator import Emulator
from tests.canary import Ear
from tests.conformance.creates import CREATES, table_of
from tests.conformance.facades import FACADES, HASTY, Facade

GRANULARITY = 64 << 10


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the table of what each fault of create came to."""
    parser.addoption(
        "--creates",
        action="store_true",
        help="show how many creates were acted on, by fault and facade",
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the table, if it is wanted and rows of it were played."""
    if terminalreporter.config.getoption("--creates"):
        counts = [
            told
            for report in terminalreporter.getreports("passed")
            for name, told in report.user_properties
            if name == CREATES
        ]
        for line in table_of(counts):
            terminalreporter.write_line(line)


@pytest.hookimpl(trylast=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each scenario with both facades, and let its id end in which one it is."""
    chosen = [mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")]
    if "facade" in metafunc.fixturenames and "facade" not in chosen:
        metafunc.parametrize("facade", FACADES, ids=list(FACADES), indirect=True)


@pytest.fixture(scope="session", autouse=True)
def _quick_collections() -> Iterator[None]:
    """Take what was there before the tests out of the garbage collections that end each of them."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def facade(request: pytest.FixtureRequest) -> Iterator[Facade]:
    """Return the facade under test; what it leaves unclosed fails the test."""
    spoken = FACADES[request.param]()
    yield spoken
    spoken.close()


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Run a service whose batches succeed at once; a fault that was not met fails the test."""
    with Emulator(
        pending_seconds=0, running_seconds=0, failure_rate=0, chunk_granularity=GRANULARITY
    ) as running:
        yield running
    assert [] == running.faults.pending


@pytest.fixture
def timeless() -> Iterator[Emulator]:
    """Run a service whose time stands still: a batch is PENDING until :meth:`Emulator.advance`."""
    with Emulator(
        clock="manual", pending_seconds=100, running_seconds=100, failure_rate=0
    ) as running:
        yield running
    assert [] == running.faults.pending


@pytest.fixture
def stranger() -> Iterator[Emulator]:
    """Run another service, which nothing is ever to be sent to."""
    with Emulator() as running:
        yield running
    assert [] == running.seen


@pytest.fixture
def client(request: pytest.FixtureRequest, facade: Facade, emulator: Emulator) -> Any:
    """Return a client of the emulator, which soon gives up if the fault is that nothing comes."""
    fault = str(request.node.callspec.params.get("fault", ""))
    silent = "hang" in fault or "stall" in fault
    return facade.client(emulator.url, **({"timeout": HASTY} if silent else {}))


@pytest.fixture(autouse=True)
def canary(
    facade: Facade, emulator: Emulator, ear: Ear, caplog: pytest.LogCaptureFixture
) -> Iterator[None]:
    """Fail the test if an error of the facade has the key, or a request has it where it must not.

    The logger is at DEBUG, which also keeps the frames of this package in its tracebacks.
    """
    caplog.set_level(logging.DEBUG)
    yield
    for error in facade.raised:
        ear.hear_error(error)
    found = [f"query of {seen.path}" for seen in emulator.seen if seen.key == "query"]
    found += [f"upload {seen.path}" for seen in emulator.seen if _is_chunk(seen) and seen.key]
    assert [] == found
    facade.raised.clear()
    facade.close()
    gc.collect()  # what nobody closed speaks up now, and not in the next test


def _is_chunk(seen: Any) -> bool:
    return seen.operation in {"upload-chunk", "upload-query"}


@pytest.fixture
def pauses(facade: Facade, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the seconds that flows ask to wait; they are told at once that these have passed."""
    asked: list[float] = []

    def skip(effect: Effect[Any]) -> Effect[Any]:
        if isinstance(effect, Sleep):
            asked.append(effect.seconds)
            return Sleep(0)
        return effect

    facade.watch_effects(monkeypatch, skip)
    return asked


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """Return what shows what the package has told its log from INFO on, a line each."""

    def lines() -> str:
        return "\n".join(
            record.getMessage()
            for record in caplog.records
            if record.name == "gemini_batch" and record.levelno >= logging.INFO
        )

    return lines
