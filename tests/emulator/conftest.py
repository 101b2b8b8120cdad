"""An emulator whose time stands still until it is moved, and a plain client of it."""

from collections.abc import Iterator

import pytest

from gemini_batch.emulator import Emulator
from tests.emulator.caller import Caller


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Run an emulator; a fault that never struck fails the test."""
    with Emulator(clock="manual", failure_rate=0.0, chunk_granularity=1024) as running:
        yield running
    assert [] == running.faults.pending


@pytest.fixture
def caller(emulator: Emulator) -> Iterator[Caller]:
    """Return a client of the emulator."""
    with Caller(emulator) as plain:
        yield plain
