"""The record of what was driven."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import requests

from gemini_batch.emulator import Emulator
from tests.clients.record import Driven, Run

ONE = Driven("@some/client", "3.14.1", "Python 3.11")


@pytest.fixture
def run() -> Run:
    """Return a run in which one client went through two operations."""
    run = Run()
    for operation, way in [("get", "sync"), ("create", "sync"), ("create", "async")]:
        run.of(ONE).passed(operation, way)
    return run


def test_a_record_has_each_operation_with_its_ways(run: Run, tmp_path: Path) -> None:
    """Operations stand in the order of the tests; a second run writes the same bytes."""
    [path] = run.write(tmp_path)
    assert "some-client-3.json" == path.name
    written = path.read_bytes()
    found = json.loads(written)
    assert [("get", ["sync"]), ("create", ["async", "sync"])] == list(found["operations"].items())
    assert ("@some/client", "3.14.1", "Python 3.11") == (
        found["client"],
        found["version"],
        found["runtime"],
    )
    run.write(tmp_path)
    assert written == path.read_bytes()


def test_only_the_requests_of_the_client_are_counted(run: Run) -> None:
    """Those of the test itself have their key in the query."""
    with Emulator() as emulator:
        for path in ("/v1/batches", "/v1beta/batches", "/v1beta/files"):
            requests.get(f"{emulator.url}{path}", headers={"x-goog-api-key": "any"}, timeout=5)
        requests.get(f"{emulator.url}/v1alpha/files?key=any", timeout=5)
        run.of(ONE).answered(emulator)
    found = run.of(ONE).as_json()
    assert {"file-list": 1, "list": 2} == found["requests"]
    assert ["v1", "v1beta"] == found["api_versions"]


def test_a_run_with_a_gap_is_not_recorded(run: Run, tmp_path: Path) -> None:
    """What was there before stays."""
    run.gaps.append("a test was skipped")
    assert [] == run.write(tmp_path)
    assert [] == list(tmp_path.iterdir())


def test_a_client_may_name_its_record() -> None:
    """Where the name of the client alone would be that of another."""
    assert "google-genai" == Driven("google-genai", "3.0", "Python 3.11").slug
    assert "other" == Driven("@google/genai", "3.0", "Node 20", slug="other").slug


def test_a_run_is_told_in_a_line(run: Run) -> None:
    """With the version, and how much it was."""
    expected = "@some/client 3.14.1 on Python 3.11 was driven through 2 operations"
    assert run.of(ONE).told.startswith(expected)
