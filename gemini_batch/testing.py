"""Fixtures for pytest: an emulator for each test, and clients of it that never wait.

::

    pytest_plugins = ["gemini_batch.testing"]


    def test_my_code(gemini_emulator):
        gemini_emulator.faults.add("get", "return-503")
        ...  # any client that reads its settings from the environment, Google's among them
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from .retry import PollPolicy, RetryPolicy

if TYPE_CHECKING:
    from .aio import AsyncBatchClient
    from .emulator import Emulator
    from .sync import SyncBatchClient

KEY = "any-key"
MODEL = "gemini-2.5-flash"
MARKER = "gemini_emulator"
_QUICKLY: dict[str, Any] = {
    "poll": PollPolicy(first=0.01, ceiling=0.05, grace=1),
    "retry": RetryPolicy(first=0.01, ceiling=0.05, deadline=30, look_for=1),
}


def pytest_configure(config: pytest.Config) -> None:
    """Tell pytest of the marker."""
    config.addinivalue_line(
        "markers", f"{MARKER}(**arguments): what the emulator of a test is made with"
    )


@pytest.fixture
def gemini_emulator(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Emulator]:
    """Run an emulator for one test, and lead the clients of the test to it.

    Batches end at once, and no request fails; ``@pytest.mark.gemini_emulator(...)`` gives the
    emulator other arguments. ``GEMINI_API_KEY`` and ``GOOGLE_GEMINI_BASE_URL`` are set for the
    test, so that a client made in it without arguments finds the emulator. A fault that was asked
    for and never met fails the test.
    """
    from .emulator import Emulator  # noqa: PLC0415 - slow to load, and not every test asks for it

    arguments: dict[str, Any] = {"pending_seconds": 0, "running_seconds": 0, "failure_rate": 0}
    for marker in reversed([*request.node.iter_markers(MARKER)]):  # the closest has the last word
        if marker.args:
            raise pytest.UsageError(f"{MARKER} takes arguments by their names, not {marker.args!r}")
        arguments = {**arguments, **marker.kwargs}
    with Emulator(**arguments) as emulator:
        for name in ("GOOGLE_API_KEY", "GOOGLE_GENAI_USE_VERTEXAI"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("GEMINI_API_KEY", KEY)
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", emulator.url)
        yield emulator
        unmet = emulator.faults.pending
    if unmet:
        pytest.fail(f"the test never met: {'; '.join(unmet)}", pytrace=False)


@pytest.fixture
def gemini_client(gemini_emulator: Emulator) -> Iterator[SyncBatchClient]:
    """Return a client of the emulator that looks and tries again within hundredths of a second."""
    from .sync import SyncBatchClient  # noqa: PLC0415 - as above

    with SyncBatchClient(KEY, model=MODEL, base_url=gemini_emulator.url, **_QUICKLY) as client:
        yield client


@pytest.fixture
def async_gemini_client(gemini_emulator: Emulator) -> AsyncBatchClient:
    """Return the same for async code: enter it, ``async with async_gemini_client as client``.

    It belongs to the event loop in which it is entered, and asks for no plugin.
    """
    from .aio import AsyncBatchClient  # noqa: PLC0415 - as above

    return AsyncBatchClient(KEY, model=MODEL, base_url=gemini_emulator.url, **_QUICKLY)
