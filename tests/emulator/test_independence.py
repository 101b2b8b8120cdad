"""The emulator judges the rest of the package, so it must share nothing with it but the API."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import gemini_batch.emulator

ROOM = Path(gemini_batch.emulator.__file__).parent
STRANGERS = {"requests", "urllib3", "cattrs", "click", "rich"}
FIELD_TABLE = ".fields"
"""The one room that is of the API, and not of ours."""


def imported(source: str) -> Iterator[str]:
    """Yield the modules a source imports; one of another room of the package begins with a dot."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            outside = "." if node.level > 1 else ""
            if node.level != 1:
                yield outside + (node.module or "")


def offences(source: str) -> list[str]:
    """Return the imports that an independent emulator does without."""
    return [
        name
        for name in imported(source)
        if (name.startswith((".", "gemini_batch")) and name != FIELD_TABLE)
        or name.partition(".")[0] in STRANGERS
    ]


@pytest.mark.parametrize("path", sorted(ROOM.glob("*.py")), ids=lambda path: path.stem)
def test_the_emulator_imports_nothing_of_the_rest(path: Path) -> None:
    """Neither models nor codec nor clients: a mistake of theirs must not be shared."""
    assert [] == offences(path.read_text())


@pytest.mark.parametrize(
    "source",
    ["from ..codec import decode", "import gemini_batch.models", "from gemini_batch import errors"],
)
def test_an_import_of_the_rest_would_be_seen(source: str) -> None:
    """The rule above is one that can be broken."""
    assert 1 == len(offences(source))
