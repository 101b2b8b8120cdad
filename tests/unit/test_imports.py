"""The rooms of the package keep apart: who imports whom is read from the syntax trees.

The core holds every decision and touches nothing outside; the facades touch the outside and decide
nothing. These tests are what keeps it so.
"""

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from attrs import frozen

PACKAGE = Path(__file__).parents[2] / "gemini_batch"

LAYERS = (
    {"errors", "fields", "limits", "log", "mime", "spool", "text"},
    {"models", "schema"},
    {"rawjson"},
    {"codec"},
    {
        *("arrangement", "batch", "certificates", "credentials", "custody", "defaults", "drafts"),
        *("effects", "endpoints", "expiry", "index", "items", "jsonl", "keys", "keytable"),
        *("labels", "methods", "order", "plain", "progress", "prompts", "proxies", "results"),
        *("retry", "settings", "sorting", "states", "submission", "summary", "vectors", "views"),
        "wire",
    },
    {"builders", "flows", "runs", "tables"},
    {"sync", "aio", "emulator"},
    {"cli", "testing"},
)
"""Every room, lowest first: one imports its own layer and those below, never those above."""

OUTER = {"sync", "aio", "cli", "emulator", "testing"}
OUTSIDE = {
    *("requests", "urllib3", "aiohttp", "http.client", "urllib.request", "socket", "ssl", "select"),
    *("selectors", "asyncio", "threading", "concurrent", "multiprocessing", "subprocess"),
    *("signal", "time.sleep", "importlib"),
}
"""What the core must not touch: sockets, loops, threads, waiting, and imports that hide one."""

FILES = {"os", "io", "tempfile", "mmap", "sqlite3", "pathlib", "shutil", "open"}
MAY_TOUCH = {
    "batch": {"threading"},
    "certificates": {"pathlib"},
    "custody": {"threading"},
    "fields": {"importlib"},
    "jsonl": {"io"},
    "models": {"importlib"},
    "spool": FILES | {"threading"},
    "runs.ledger": FILES,
    "tables": FILES,
}
MUST_NOT_TOUCH = {
    "sync": {"aiohttp", "asyncio", "gemini_batch.aio"},
    "aio": {"requests", "urllib3", "gemini_batch.sync"},
    "cli": {"aiohttp", "gemini_batch.aio"},
}


@frozen
class Use:
    """One name that a module imports or calls, and the line it does so on."""

    name: str
    line: int
    typing_only: bool = False

    def touches(self, names: set[str]) -> bool:
        """Tell whether the name is one of these, or inside one of them."""
        return any(self.name == name or self.name.startswith(f"{name}.") for name in names)


def uses(node: ast.AST, package: list[str], *, typing_only: bool = False) -> Iterator[Use]:
    """Yield what a tree imports, with absolute names, and the telling calls in it."""
    match node:
        case ast.Import(names):
            for alias in names:
                yield Use(alias.name, node.lineno, typing_only)
        case ast.ImportFrom(module, names, level):
            parent = package[: len(package) - level + 1] if level else []
            for alias in names:
                name = ".".join([*parent, *filter(None, [module]), alias.name])
                yield Use(name, node.lineno, typing_only)
        case ast.Attribute(ast.Name("time"), "sleep"):
            yield Use("time.sleep", node.lineno)
        case ast.Call(ast.Name("open" | "__import__" as name)):
            yield Use({"__import__": "importlib"}.get(name, name), node.lineno)
        case _:
            pass
    for child in ast.iter_child_nodes(node):
        guarded = isinstance(node, ast.If) and child in node.body
        guarded = guarded and ast.unparse(node.test).endswith("TYPE_CHECKING")
        yield from uses(child, package, typing_only=typing_only or guarded)


def layer_of(room: str) -> int | None:
    """Return how high a room is, or nothing for one that is not known."""
    return next((height for height, rooms in enumerate(LAYERS) if room in rooms), None)


def import_offences(source: str, module: str, package: list[str]) -> Iterator[str]:
    """Yield what breaks the import rules in a module, named as within the package."""
    room = module.partition(".")[0]
    height = layer_of(room)
    if height is None:
        yield f"the room {room!r} has no layer: give it one in LAYERS of {Path(__file__).name}"
        return
    refused = MUST_NOT_TOUCH.get(room, set())
    if room not in OUTER:
        refused = (OUTSIDE | FILES) - MAY_TOUCH.get(module, set())
    for use in uses(ast.parse(source), package):
        if room == "errors" and use.typing_only:
            continue  # an error names the type of the handle or status that it carries
        if use.touches(refused):
            yield f"line {use.line}: {module} must not use {use.name}"
        if use.touches({"gemini_batch"}):
            other = use.name.split(".")[1]
            above = layer_of(other)
            if above is not None and above > height:
                yield f"line {use.line}: {module} must not import {other}, which is above it"
            if room == "emulator" and other not in {room, "fields"}:
                yield f"line {use.line}: the emulator judges {other}, and so must not use it"


def flow_offences(source: str) -> Iterator[str]:
    """Yield where a flow would ask for something while it is being torn down, or ask unheard."""
    tree = ast.parse(source)
    plain = {inner for node in ast.walk(tree) if is_plain(node) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        match node:
            case ast.Try(finalbody=finalbody) | ast.TryStar(finalbody=finalbody) if asks(
                *finalbody
            ):
                yield f"line {node.lineno}: a flow must not yield in finally"
            case ast.ExceptHandler(kind) if catches_closing(kind) and asks(*node.body):
                yield f"line {node.lineno}: a flow must not yield where it catches its own closing"
            case ast.Yield(value) if not is_item(value) and node not in plain:
                yield f"line {node.lineno}: only an Item is yielded bare; effects: yield from"
            case _:
                pass


def is_plain(node: ast.AST) -> bool:
    """Tell whether this is a generator of values, which asks for nothing and so is no flow."""
    kind = node.returns if isinstance(node, ast.FunctionDef) else None
    return kind is not None and ast.unparse(kind).startswith("Iterator[")


def asks(*nodes: ast.stmt) -> bool:
    """Tell whether there is a yield of any kind in these."""
    return any(
        isinstance(inner, ast.Yield | ast.YieldFrom) for node in nodes for inner in ast.walk(node)
    )


def catches_closing(kind: ast.expr | None) -> bool:
    """Tell whether an except clause catches ``GeneratorExit``."""
    names = {ast.unparse(kind)} if kind is not None else {"BaseException"}
    if isinstance(kind, ast.Tuple):
        names = {ast.unparse(one) for one in kind.elts}
    return not names.isdisjoint({"BaseException", "GeneratorExit"})


def is_item(value: ast.expr | None) -> bool:
    """Tell whether an expression makes an ``Item``, or many."""
    return isinstance(value, ast.Call) and ast.unparse(value.func) in {"Item", "Several"}


def transport_offences(source: str) -> Iterator[str]:
    """Yield calls that send a request and would wait for ever."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(ast.Attribute(_, "request")) if not any(
                keyword.arg == "timeout" for keyword in node.keywords
            ):
                yield f"line {node.lineno}: a request without timeout="
            case _:
                pass


def offences_of(path: Path, root: Path) -> list[str]:
    """List what breaks the rules in one file of the package."""
    parts = list(path.relative_to(root).with_suffix("").parts)
    package = ["gemini_batch", *parts[:-1]]
    if parts[-1] == "__init__":
        parts.pop()
    if not parts:
        return []  # it loads every room, on first use: see the subprocess tests below
    source = path.read_text(encoding="utf-8")
    found = list(import_offences(source, ".".join(parts), package))
    if parts[0] == "flows":
        found += flow_offences(source)
    if parts[0] in {"sync", "aio"}:
        found += transport_offences(source)
    return found


def files_of(root: Path) -> list[str]:
    """List the modules of the package."""
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*.py"))


@pytest.mark.parametrize("file", files_of(PACKAGE))
def test_a_module_keeps_to_its_room(file: str) -> None:
    """No module of the package breaks the rules of the room it is in."""
    assert [] == offences_of(PACKAGE / file, PACKAGE)


@pytest.mark.parametrize(
    ("file", "planted"),
    [
        ("codec.py", "import requests"),
        ("codec.py", "from requests.adapters import HTTPAdapter"),
        ("codec.py", "import asyncio"),
        ("codec.py", "def late():\n    import socket"),
        ("codec.py", "import threading"),
        ("certificates.py", "import os"),
        ("custody.py", "from asyncio import Lock"),
        ("retry.py", "from time import sleep"),
        ("retry.py", "import time\ntime.sleep(1)"),
        ("retry.py", "import importlib"),
        ("retry.py", "__import__('socket')"),
        ("codec.py", "import os"),
        ("codec.py", "from pathlib import Path"),
        ("codec.py", "open('file')"),
        ("models/base.py", "from ..sync import SyncBatchClient"),
        ("models/base.py", "from ..codec import decode"),
        ("models/base.py", "import gemini_batch.flows.batches"),
        ("codec.py", "from . import endpoints"),
        ("states.py", "if TYPE_CHECKING:\n    from .flows import batches"),
        ("endpoints/names.py", "if TYPE_CHECKING:\n    import requests"),
        ("errors.py", "from .models import base"),
        ("flows/batches.py", "from ..aio import AsyncBatchClient"),
        ("flows/batches.py", "from ..emulator import Emulator"),
        ("sync/transport.py", "import aiohttp"),
        ("sync/client.py", "from ..aio import client"),
        ("sync/client.py", "from ..cli import main"),
        ("aio/transport.py", "import requests"),
        ("cli/__init__.py", "from ..aio import AsyncBatchClient"),
        ("emulator/app.py", "from ..models import base"),
        ("emulator/app.py", "from ..cli import main"),
        ("basement.py", ""),
        ("flows/batches.py", "try:\n    pass\nfinally:\n    yield from Now()"),
        ("flows/batches.py", "try:\n    pass\nexcept:\n    yield from Now()"),
        ("flows/batches.py", "try:\n    pass\nexcept BaseException:\n    yield from Now()"),
        ("flows/batches.py", "try:\n    pass\nexcept (E, GeneratorExit):\n    yield Item(1)"),
        ("flows/batches.py", "x = yield Now()"),
        ("flows/batches.py", "yield"),
        ("flows/batches.py", "def get() -> FlowBody[int]:\n    yield Now()"),
        ("sync/transport.py", "session.request('GET', url)"),
        ("aio/transport.py", "session.request('GET', url, headers=headers)"),
    ],
)
def test_a_planted_offence_is_found(tmp_path: Path, file: str, planted: str) -> None:
    """Each rule catches what breaks it."""
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(planted)
    assert offences_of(path, tmp_path)


def test_an_offence_planted_in_the_package_is_found(tmp_path: Path) -> None:
    """The walk through a copy of the whole package finds the one module that was spoilt."""
    shutil.copytree(PACKAGE, tmp_path, dirs_exist_ok=True)
    with (tmp_path / "retry.py").open("a", encoding="utf-8") as spoilt:
        spoilt.write("\nimport requests\n")
    offenders = [name for name in files_of(tmp_path) if offences_of(tmp_path / name, tmp_path)]
    assert ["retry.py"] == offenders


@pytest.mark.parametrize(
    ("file", "allowed"),
    [
        ("batch.py", "import threading"),
        ("certificates.py", "from pathlib import Path"),
        ("custody.py", "import threading"),
        ("spool.py", "import os, tempfile, threading\nopen('file')"),
        ("runs/ledger.py", "import sqlite3"),
        ("errors.py", "if TYPE_CHECKING:\n    from .sync import SyncBatchHandle"),
        (
            "flows/batches.py",
            "from ..endpoints.batches import build_get\nyield Item(1)\nyield from Now()",
        ),
        ("flows/batches.py", "try:\n    yield from Now()\nexcept Exception:\n    yield from Now()"),
        ("flows/batches.py", "def pauses() -> Iterator[float]:\n    yield 1.0"),
        ("sync/transport.py", "import requests\nsession.request('GET', url, timeout=1)"),
        ("cli/main.py", "from ..sync import SyncBatchClient\nfrom ..emulator import Emulator"),
    ],
)
def test_what_a_room_is_for_is_no_offence(tmp_path: Path, file: str, allowed: str) -> None:
    """The rules leave each room what it needs."""
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(allowed)
    assert [] == offences_of(path, tmp_path)


def loaded_by(statement: str) -> set[str]:
    """Run a statement in a fresh Python; return the modules that it loaded."""
    script = (
        f"import sys; before = set(sys.modules); {statement}; print(*set(sys.modules) - before)"
    )
    # Coverage would load itself, and modules of its own.
    env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=PACKAGE.parent,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == run.returncode, run.stderr
    return set(run.stdout.split())


def packages_loaded_by(statement: str) -> set[str]:
    """Return the top-level packages and modules that a statement loaded."""
    return {name.partition(".")[0] for name in loaded_by(statement)}


HOT = {"base", "config", "content", "file", "generation", "operation", "sent", "status", "tools"}
"""The models that every batch needs; a rarer one is loaded when it is first named."""


@pytest.mark.parametrize(
    ("client", "facade"), [("SyncBatchClient", "sync"), ("AsyncBatchClient", "aio")]
)
def test_a_client_loads_the_hot_models_and_no_other_outer_room(client: str, facade: str) -> None:
    """Neither rare models, nor the emulator, the command line or the other facade."""
    parts = [name.split(".") for name in loaded_by(f"from gemini_batch import {client}")]
    ours = [rest for package, *rest in parts if package == "gemini_batch" and rest]
    assert HOT == {rest[1] for rest in ours if rest[0] == "models" and len(rest) > 1}
    assert {facade} == {rest[0] for rest in ours} & OUTER


RESULTS = {
    *("arrangement", "flows.arrivals", "index", "items", "jsonl", "order", "plain", "results"),
    *("sorting", "summary", "vectors", "views"),
}
"""What reads results, which is loaded when some arrive."""


@pytest.mark.parametrize("client", ["SyncBatchClient", "AsyncBatchClient"])
def test_a_client_that_was_only_imported_reads_no_results(client: str) -> None:
    """Nor does it build schemas; all of these are modules, so that none is missed by its name."""
    unloaded = {*RESULTS, "schema"}
    assert unloaded == {name for name in unloaded if find_spec(f"gemini_batch.{name}")}
    loaded = loaded_by(f"from gemini_batch import {client}")
    assert loaded.isdisjoint(f"gemini_batch.{name}" for name in unloaded)


def test_importing_the_package_loads_nothing_else() -> None:
    """``import gemini_batch`` costs next to nothing: no dependency is loaded."""
    assert {"gemini_batch"} == packages_loaded_by("import gemini_batch") - sys.stdlib_module_names


def test_the_sync_client_does_without_aiohttp() -> None:
    """Whoever uses the sync client pays for requests only."""
    loaded = packages_loaded_by("from gemini_batch import SyncBatchClient")
    assert "requests" in loaded
    assert "aiohttp" not in loaded


def test_the_async_client_does_without_requests() -> None:
    """Whoever uses the async client pays for aiohttp only."""
    loaded = packages_loaded_by("from gemini_batch import AsyncBatchClient")
    assert "aiohttp" in loaded
    assert loaded.isdisjoint({"requests", "urllib3"})
