"""The guards of ``conftest.py`` hold: one that lets everything through would look the same."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.canary import CANARY

SUITE = """
import asyncio, os, socket, time
import pytest

def test_sleeps(): time.sleep(0.3)
def test_sleeps_in_a_coroutine(): asyncio.run(asyncio.sleep(0.3))
def test_connects(): socket.socket().connect(("192.0.2.1", 80))
def test_looks_up(): socket.getaddrinfo("example.invalid", 80)
def test_swallows_the_refusal():
    try: time.sleep(0.3)
    except BaseException: pass
def test_reads_a_key(): os.environ["GEMINI_API_KEY"]

@pytest.mark.real_time
def test_may_sleep(): time.sleep(0.3)
def test_naps(): time.sleep(0.001), asyncio.run(asyncio.sleep(0, "result"))
def test_stays_here():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(("localhost", server.getsockname()[1])).close()
"""


def test_a_test_that_leaves_its_bounds_fails(tmp_path: Path) -> None:
    """Sleep, a network and settings from outside each fail the test that uses them."""
    conftest = Path(__file__).parents[1] / "conftest.py"
    (tmp_path / "conftest.py").write_bytes(conftest.read_bytes())
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = real_time: may sleep\n")
    (tmp_path / "test_suite.py").write_text(SUITE)

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-rA", "--tb=line", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env={**os.environ, "GEMINI_API_KEY": CANARY, "PYTHONPATH": str(conftest.parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )

    outcomes = re.findall(r"^(PASSED|FAILED|ERROR) \S+::(\w+)", run.stdout, re.MULTILINE)
    passed = {name for outcome, name in outcomes if outcome == "PASSED"}
    offended = {name for outcome, name in outcomes if outcome != "PASSED"}
    assert {
        "test_sleeps",
        "test_sleeps_in_a_coroutine",
        "test_connects",
        "test_looks_up",
        "test_swallows_the_refusal",
        "test_reads_a_key",
    } == offended, run.stdout
    # A refusal that was swallowed is reported when the test is torn down.
    assert {"test_may_sleep", "test_naps", "test_stays_here", "test_swallows_the_refusal"} == passed
