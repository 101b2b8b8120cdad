"""The public face: what is promised to type checkers is there, loads, and says what it is."""

import ast
import inspect
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest

import gemini_batch
from gemini_batch.fields import messages

STUB = Path(gemini_batch.__file__).with_suffix(".pyi")


def stubbed() -> Iterator[tuple[str, str]]:
    """Yield each name that the stub re-exports, and the module it is from."""
    for node in ast.parse(STUB.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                # A stub re-exports only what it imports by the redundant form.
                assert alias.name == alias.asname
                yield alias.name, node.module or ""


def test_the_stub_lists_what_there_is() -> None:
    """Every public name once, from the module it loads from, and none besides."""
    names = [name for name, _ in stubbed()]
    assert sorted(gemini_batch.__all__) == sorted(names)
    assert len(names) == len(set(names))
    assert gemini_batch._HOMES == dict(stubbed())


@pytest.mark.parametrize("name", gemini_batch.__all__)
def test_a_public_name_loads(name: str) -> None:
    """It is the same object each time, and that of its module."""
    value = getattr(gemini_batch, name)
    assert value is getattr(gemini_batch, name)
    home = sys.modules[f"gemini_batch.{gemini_batch._HOMES[name]}"]
    assert value is getattr(home, name)


def test_a_public_name_is_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """It loads when it is first used, and from then on is an ordinary member."""
    monkeypatch.delitem(vars(gemini_batch), "UsageError", raising=False)
    loaded = gemini_batch.UsageError
    assert loaded is vars(gemini_batch)["UsageError"]


def test_all_names_are_shown() -> None:
    """``dir()`` lists them before they are loaded, for those who explore."""
    shown = dir(gemini_batch)
    assert {*gemini_batch.__all__, "__version__"} == set(shown)
    assert len(shown) == len(set(shown))


def test_names_can_be_imported_together() -> None:
    """``import *`` in a fresh interpreter brings every name, and nothing else."""
    script = "from gemini_batch import *; print(*sorted(n for n in dir() if n[:2] != '__'))"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=STUB.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "" == run.stderr
    assert sorted(gemini_batch.__all__) == run.stdout.split()


@pytest.mark.parametrize("name", ["BatchClient", "_nothing", "sync_client"])
def test_an_unknown_name_is_an_attribute_error(name: str) -> None:
    """As of any module, so that ``hasattr`` and ``getattr`` with a default work."""
    with pytest.raises(AttributeError, match=f"module 'gemini_batch' has no attribute '{name}'"):
        getattr(gemini_batch, name)
    assert not hasattr(gemini_batch, name)


def test_the_version_is_that_of_the_distribution(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked for when it is used, and is not kept in a second place."""
    monkeypatch.setattr("importlib.metadata.version", {"gemini-batch": "9.8.7"}.__getitem__)
    assert "9.8.7" == gemini_batch.__version__


def test_the_version_is_known_when_installed() -> None:
    """The metadata of what is installed has it."""
    try:
        installed = version("gemini-batch")
    except PackageNotFoundError:
        pytest.skip("gemini-batch is not installed here, only checked out")
    assert installed == gemini_batch.__version__
    assert installed[0].isdigit()


def described() -> Iterator[tuple[str, Any]]:
    """Yield every public class and function, and every public member that a class defines."""
    for name in gemini_batch.__all__:
        value = getattr(gemini_batch, name)
        if not (inspect.isclass(value) or inspect.isroutine(value)):
            continue  # an alias of types
        yield name, value
        for member, what in vars(value).items() if inspect.isclass(value) else ():
            plain = inspect.isroutine(what) or isinstance(what, property | classmethod)
            if plain and not member.startswith("_"):
                yield f"{name}.{member}", what


DESCRIBED = dict(described())


@pytest.mark.parametrize("name", DESCRIBED)
def test_what_is_public_says_what_it_is(name: str) -> None:
    """Each has a docstring of its own, whose first line is a sentence."""
    docstring = DESCRIBED[name].__doc__ or ""
    first = docstring.strip().partition("\n")[0]
    assert first.endswith((".", "?", ":")), f"{name}: {first!r}"


def test_the_package_says_what_it_is() -> None:
    """``help(gemini_batch)`` begins with a sentence, and there is much to describe."""
    assert (gemini_batch.__doc__ or "").startswith("Batch work on the Gemini API")
    assert {"SyncBatchClient.submit", "AsyncBatchClient.submit", "NoTextError"} <= set(DESCRIBED)


# What an editor infers

TYPING = STUB.parents[1] / "tests" / "typing"
FACADES = {
    "sync_calls.py": (
        *("SyncBatchClient", "SyncBatchHandle", "SyncFiles", "SyncPager", "SyncStream"),
        *("BatchBuilder", "GenerateContentBuilder", "BatchResults", "Summary", "Vectors"),
    ),
    "async_calls.py": (
        *("AsyncBatchClient", "AsyncBatchHandle", "AsyncFiles", "AsyncPager", "AsyncStream"),
        "BatchBuilder",
    ),
}
"""The typing tests of each facade, and the classes whose calls they show."""


def shown(module: Path) -> set[str]:
    """Return the names of the members that a module of typing tests uses."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


@pytest.mark.parametrize(
    ("module", "kind"), [(module, kind) for module, kinds in FACADES.items() for kind in kinds]
)
def test_what_an_editor_infers_is_held_for_every_call(module: str, kind: str) -> None:
    """Each public member is used in the typing tests of its facade, which checkers judge."""
    members = {
        name
        for base in getattr(gemini_batch, kind).__mro__
        if base.__module__.startswith("gemini_batch")
        for name in vars(base)
        if not name.startswith("_")
    }
    assert members
    assert set() == members - shown(TYPING / module)


def test_every_message_that_a_request_may_hold_is_made_in_the_typing_tests() -> None:
    """An editor's help with each of them is judged by checkers."""
    waiting, found = ["GenerateContentRequest"], set[str]()
    while waiting:
        message = waiting.pop()
        if message not in found:
            found.add(message)
            fields = messages()[message].values()
            waiting += [one.type for one in fields if one.type in messages()]
    tree = ast.parse((TYPING / "messages.py").read_text(encoding="utf-8"))
    called = {node.func for node in ast.walk(tree) if isinstance(node, ast.Call)}
    made = {node.id for node in called if isinstance(node, ast.Name)}
    made |= {node.attr for node in called if isinstance(node, ast.Attribute)}
    # The API has an enum of the same name.
    renamed = {"V1mainMediaResolution": "PartMediaResolution"}
    assert set() == {renamed.get(name, name) for name in found} - made


def test_every_public_class_that_is_called_is_shown() -> None:
    """A client, handle or pager that is added one day is asked for here."""
    facades = {
        name for name in gemini_batch.__all__ if gemini_batch._HOMES[name] in {"sync", "aio"}
    }
    assert facades <= {kind for kinds in FACADES.values() for kind in kinds}
