"""The fixtures for pytest, as a project that loads them sees them."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

import gemini_batch
from gemini_batch import AsyncBatchClient, SyncBatchClient
from gemini_batch.emulator import Emulator
from tests.canary import CANARY

pytest_plugins = ["gemini_batch.testing"]

ROOT = Path(gemini_batch.__file__).parents[1]


@pytest.fixture
def project(tmp_path: Path) -> "Project":
    """Return a project of its own that loads the fixtures."""
    return Project(tmp_path)


class Project:
    """A folder with tests, and a pytest of its own to run them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "conftest.py").write_text('pytest_plugins = ["gemini_batch.testing"]\n')

    def run(self, source: str, **settings: str) -> str:
        """Run tests, warnings being errors, and return what pytest printed."""
        (self.folder / "test_it.py").write_text(source)
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error"],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **settings},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.stdout + done.stderr


def test_a_client_of_each_kind_finds_the_emulator(project: Project) -> None:
    """With its own settings, or with those of the environment; and nothing waits."""
    said = project.run(
        """
import asyncio
import time

from gemini_batch import AsyncBatchClient, SyncBatchClient


def test_sync(gemini_emulator, gemini_client):
    results = gemini_client.submit([f"What is {n}?" for n in range(300)]).results()
    assert len(results.successes) == 300
    assert gemini_emulator.acted.count("create") == 1


def test_async(gemini_emulator, async_gemini_client):
    async def ask():
        async with async_gemini_client as client:
            batch = await client.submit(["Why is the sky blue?"])
            return await batch.results()

    assert "sha256:" in asyncio.run(ask())[0].unwrap().text
    assert gemini_emulator.acted.count("create") == 1


def test_environment(gemini_emulator):
    with SyncBatchClient(model="m") as client:
        assert len(client.submit(["x"]).results()) == 1
    assert [act.operation for act in gemini_emulator.acted] == ["create"]


def test_quick(gemini_emulator, gemini_client):
    gemini_emulator.faults.add("get", "return-503*3")
    gemini_emulator.faults.add("states", "PENDING*3,RUNNING*3,SUCCEEDED")
    began = time.monotonic()
    gemini_client.submit(["x"]).wait()
    assert time.monotonic() - began < 5
""",
        GOOGLE_API_KEY=CANARY,
        GOOGLE_GEMINI_BASE_URL="https://example.com",
    )
    assert "4 passed" in said, said


def test_a_marker_gives_the_emulator_its_arguments(project: Project) -> None:
    """That of the test has the last word over that of its module."""
    said = project.run(
        """
import pytest

from gemini_batch import Pending

pytestmark = pytest.mark.gemini_emulator(clock="manual", pending_seconds=60)


def test_module(gemini_emulator, gemini_client):
    batch = gemini_client.submit(["x"])
    assert isinstance(batch.status(), Pending)


@pytest.mark.gemini_emulator(pending_seconds=0, answer={"0": "block=SAFETY"})
def test_closest(gemini_emulator, gemini_client):
    [item] = gemini_client.submit(["x"]).results()
    assert "SAFETY" in item.problem
"""
    )
    assert "2 passed" in said, said


def test_a_marker_takes_names_only(project: Project) -> None:
    """What has none would be lost without a word."""
    said = project.run(
        """
import pytest


@pytest.mark.gemini_emulator({"*": "text=x"})
def test_it(gemini_emulator):
    pass
"""
    )
    assert "gemini_emulator takes arguments by their names" in said, said


def test_the_marker_is_known(project: Project) -> None:
    """So that strict projects can use it; it is explained where markers are."""
    (project.folder / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n")
    said = project.run(
        """
import pytest


@pytest.mark.gemini_emulator(seed=1)
def test_it(gemini_emulator):
    pass
"""
    )
    assert "1 passed" in said, said


def test_a_fault_that_was_never_met_fails_its_test(project: Project) -> None:
    """And is named."""
    said = project.run(
        """
def test_it(gemini_emulator):
    gemini_emulator.faults.add("get", "return-503*2")
    gemini_emulator.faults.add("results", "drop=1")
"""
    )
    assert "1 passed, 1 error" in said, said
    assert "the test never met: get: return-503*2; results: drop=1" in said


def test_importing_the_fixtures_loads_no_server() -> None:
    """Every test of a project pays for what it loads."""
    code = "import sys, gemini_batch.testing; print('aiohttp' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert "False\n" == done.stdout


def test_the_example_of_the_documentation_passes(project: Project) -> None:
    """As it stands there."""
    source = ROOT / "docs" / "examples" / "fixtures" / "test_batches.py"
    assert "3 passed" in project.run(source.read_text())


def test_both_clients_may_be_used_in_one_test(
    gemini_emulator: Emulator, gemini_client: SyncBatchClient, async_gemini_client: AsyncBatchClient
) -> None:
    """They are clients of one emulator."""
    assert os.environ["GOOGLE_GEMINI_BASE_URL"] == gemini_emulator.url
    name = gemini_client.submit(["x"]).name

    async def find() -> list[str]:
        async with async_gemini_client as client:
            return [operation.name async for operation in client.list_batches()]

    assert [name] == asyncio.run(find())
