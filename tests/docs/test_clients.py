"""The page about other clients has what was driven: all of it, and nothing else."""

from __future__ import annotations

import ast
from pathlib import Path

import msgspec
import pytest

from docs._ext import clients
from docs._ext.clients import NOTHING, Record, UnreadableRecordError
from tests.docs.pages import ROOT, blocks_of

DRIVERS = ROOT / "tests" / "clients"
EXAMPLES = ROOT / "docs" / "examples"
PAGE = (ROOT / "docs" / "clients.md").read_text(encoding="utf-8")
RECORDS = {path.stem: clients.read_record(path) for path in clients.paths(ROOT / "docs/clients")}
BY_GOOGLE = {stem: one for stem, one in RECORDS.items() if one.client == "google-genai"}
DRIVEN = {
    **dict.fromkeys(BY_GOOGLE, ("drive_google_genai.py", ("async", "sync"))),
    "genai-js-3": ("drive_genai_js.py", ("async",)),
    "ai-sdk-google-4": ("drive_ai_sdk_google.py", ("async",)),
}
"""What drives each client, and in which ways."""


def record(client: str, version: str, **operations: tuple[str, ...]) -> Record:
    """Return the record of a run that asked for three things."""
    requests = {"create": 2, "get": 1}
    return Record(client, version, "Python 3.11", ("v1", "v1beta"), operations, requests)


def operations_of(driver: Path) -> list[str]:
    """Return the operations that a driver's tests are marked with; it need not be importable."""
    found = [
        ast.literal_eval(decorator.args[0])
        for node in ast.walk(ast.parse(driver.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call)
        and "pytest.mark.operation" == ast.unparse(decorator.func)
    ]
    assert found
    return found


def test_a_row_says_how_each_client_was_called() -> None:
    """The synchronous way comes first, and what was not driven has a dash."""
    found = clients.table(
        [
            record("one", "1.0", create=("async", "sync"), get=("async",)),
            record("two", "1.0", create=("node",), list=("node",)),
        ]
    )
    assert ("operation", "one 1.0, Python 3.11", "two 1.0, Python 3.11") == found.heads
    assert (
        ("create", "sync, async", "node"),
        ("get", "async", NOTHING),
        ("list", NOTHING, "node"),
        ("version of the API", "v1, v1beta", "v1, v1beta"),
        ("requests answered", "3", "3"),
    ) == found.rows


def test_rows_are_in_the_order_of_the_client_with_most_of_them() -> None:
    """Whatever its name is; what only others have comes after."""
    fewest, most = record("a", "1", c=("async",)), record("b", "1", b=("async",), a=("async",))
    assert ["b", "a", "c"] == [row[0] for row in clients.table([fewest, most]).rows[:3]]


def test_the_newest_version_of_a_client_comes_first() -> None:
    """Versions are compared as numbers; clients stand in the order of their names."""
    mixed = [record("b", "9.1"), record("a", "1"), record("b", "10.0.1"), record("b", "9.1.1")]
    heads = clients.table(mixed).heads
    assert ["a 1", "b 10.0.1", "b 9.1.1", "b 9.1"] == [head.split(",")[0] for head in heads[1:]]


@pytest.mark.parametrize("text", ["", "{}", '{"client": 1}', "[]"])
def test_a_record_that_cannot_be_read_is_refused_by_name(text: str, tmp_path: Path) -> None:
    """The page is not built then."""
    path = tmp_path / "one-1.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableRecordError, match=r"one-1\.json"):
        clients.read_record(path)


def test_a_page_without_records_is_refused(tmp_path: Path) -> None:
    """An empty table would look as if nothing worked."""
    with pytest.raises(UnreadableRecordError, match="has no record"):
        clients.paths(tmp_path)


@pytest.mark.parametrize("stem", RECORDS)
def test_a_record_is_as_a_run_writes_it(stem: str) -> None:
    """Its file is called after its major version, and nothing in it is empty."""
    found = RECORDS[stem]
    written = (ROOT / "docs" / "clients" / f"{stem}.json").read_bytes()
    assert stem.endswith(f"-{found.age[0]}")
    assert msgspec.json.decode(msgspec.json.encode(found)) == msgspec.json.decode(written)
    assert all([found.client, found.runtime, found.api_versions, found.operations])
    assert all(list(ways) == sorted(set(ways)) != [] for ways in found.operations.values())
    assert all(number > 0 for number in found.requests.values())
    assert "unknown" not in found.requests, "the client asked for what the emulator does not serve"


def test_both_lines_of_the_client_for_python_are_recorded() -> None:
    """They speak different versions of the API."""
    spoken = {stem: one.api_versions for stem, one in BY_GOOGLE.items()}
    assert {"google-genai-3": ("v1",), "google-genai-2": ("v1beta",)} == spoken


def test_every_record_is_one_that_is_driven() -> None:
    """And every driver has its record."""
    assert set(DRIVEN) == set(RECORDS)
    assert {driver for driver, _ in DRIVEN.values()} == {
        path.name for path in DRIVERS.glob("drive_*.py")
    }


@pytest.mark.parametrize("stem", DRIVEN)
def test_every_operation_of_a_driver_is_recorded_in_every_way(stem: str) -> None:
    """A test that is new is in the table once it has been run."""
    driver, ways = DRIVEN[stem]
    driven = operations_of(DRIVERS / driver)
    assert len(driven) == len(set(driven)), "two tests share a row"
    expected = dict.fromkeys(driven, ways)
    assert list(expected.items()) == list(RECORDS[stem].operations.items())


def test_the_table_stands_on_the_page() -> None:
    """Once."""
    assert 1 == [block.language for block in blocks_of(PAGE)].count("{client-table}")


def test_the_examples_on_the_page_are_those_that_are_run() -> None:
    """Each file of the folder is shown, and copied by the test that runs them."""
    driver = (DRIVERS / "drive_google_genai.py").read_text(encoding="utf-8")
    files = sorted(path.name for path in (EXAMPLES / "google_genai").glob("*.*"))
    assert ["test_batches.py", "with-emulator.sh"] == files
    for name in files:
        assert f"```{{literalinclude}} examples/google_genai/{name}\n" in PAGE
        assert f'"{name}"' in driver


def test_the_example_knows_nothing_of_this_package() -> None:
    """A project that uses Google's client only can take it as it stands."""
    tree = ast.parse((EXAMPLES / "google_genai" / "test_batches.py").read_text(encoding="utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else _names(node))
        if name is not None
    }
    assert {"asyncio", "collections", "google", "io", "json", "pytest", "time"} == imported


def _names(node: ast.Import) -> list[str | None]:
    return [alias.name for alias in node.names]
