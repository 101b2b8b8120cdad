"""Prompts for a demonstration, from what every Python brings along: its library and Unicode."""

from __future__ import annotations

import ast
import inspect
import platform
import sys
import sysconfig
import unicodedata
import warnings
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import TypeAlias

from attrs import frozen

WANTED = 5_000
"""Docstrings that are taken, of those there are."""

LETTERS = 40
"""Letters of a script that its sample line holds at most."""

_LEFT_OUT = {"site-packages", "dist-packages", "test", "tests", "idlelib", "lib2to3"}

Documented: TypeAlias = Iterator[tuple[str, str]]
"""Names of the library, such as ``"json.decoder.JSONDecoder.decode"``, with their docstrings."""


@frozen
class Corpus:
    """Prompts by key, and a sentence on where they are from."""

    prompts: dict[str, str]
    origin: str


def gather(library: Path | None = None, wanted: int = WANTED) -> Corpus:
    """Make a prompt of each docstring of the standard library, and of each script of Unicode.

    The library is read, not imported. Where its sources are not installed, what is documented in
    the modules that are loaded already has to do.
    """
    root = Path(sysconfig.get_path("stdlib")) if library is None else library
    found = _keyed(islice(_in_sources(root), wanted))
    where = "its sources"
    if not found:
        with warnings.catch_warnings(action="ignore"):  # some things warn when they are looked at
            found = _keyed(islice(_in_memory(sys.modules.copy()), wanted))
        where = "its loaded modules, since its sources are not installed"
    scripts = {f"script {name}": _about_script(name, line) for name, line in scripts_of_unicode()}
    documented = {name: _about_docstring(name, text) for name, text in found.items()}
    origin = (
        f"{len(documented):,} docstrings of the library of Python {platform.python_version()}, "
        f"read from {where}; {len(scripts):,} scripts of Unicode {unicodedata.unidata_version}"
    )
    return Corpus({**documented, **scripts}, origin)


def _about_docstring(name: str, text: str) -> str:
    return f"Say in one sentence for beginners what {name} of Python is for.\n\n{text}"


def _about_script(name: str, line: str) -> str:
    return f"In which languages are these letters used, which Unicode calls {name}?\n\n{line}"


def _keyed(documented: Documented) -> dict[str, str]:
    """Return the docstrings by unique keys: a name defined twice is numbered."""
    found: dict[str, str] = {}
    for name, text in documented:
        key, number = name, 1
        while key in found:
            number += 1
            key = f"{name} ({number})"
        found[key] = text
    return found


def _in_sources(root: Path) -> Documented:
    for path in sorted(root.rglob("*.py")):
        inside = path.relative_to(root)
        if not _LEFT_OUT.isdisjoint(inside.parts):
            continue
        try:
            tree = ast.parse(path.read_bytes())
        except SyntaxError:  # some files of the library are broken on purpose
            continue
        yield from _documented(tree, ".".join(inside.with_suffix("").parts))


def _documented(node: ast.Module | _Definition, name: str) -> Documented:
    text = ast.get_docstring(node)
    if text and _is_utf8(text):
        yield name.removesuffix(".__init__"), text
    for inner in node.body:
        if isinstance(inner, _DEFINITIONS):
            yield from _documented(inner, f"{name.removesuffix('.__init__')}.{inner.name}")


_Definition: TypeAlias = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
_DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def _is_utf8(text: str) -> bool:
    return text.isascii() or not any(0xD800 <= ord(letter) < 0xE000 for letter in text)


def _in_memory(modules: Mapping[str, object]) -> Documented:
    for name, module in sorted(modules.items()):
        if name.partition(".")[0] in sys.stdlib_module_names:
            yield from _members(module, name)


def _members(thing: object, name: str) -> Documented:
    text = inspect.getdoc(thing)
    if text and _is_utf8(text):
        yield name, text
    if not isinstance(thing, ModuleType | type):
        return
    for own_name, member in list(vars(thing).items()):
        if not (inspect.isroutine(member) or inspect.isclass(member)):
            continue
        inner = f"{name}.{own_name}"
        # What goes by another name is a visitor here, or would lead around in a circle.
        at_home = f"{getattr(member, '__module__', '')}.{getattr(member, '__qualname__', '')}"
        if at_home == inner:
            yield from _members(member, inner)


@cache
def scripts_of_unicode() -> tuple[tuple[str, str], ...]:
    """Return each script that letters of Unicode are named after, with a sample of its letters."""
    samples: dict[str, list[str]] = {}
    for code in range(sys.maxunicode + 1):
        letter = chr(code)
        if unicodedata.category(letter).startswith("L"):
            script = unicodedata.name(letter, "").partition(" ")[0]
            sample = samples.setdefault(script, [])
            if len(sample) < LETTERS:
                sample.append(letter)
    samples.pop("", None)  # letters without a name
    return tuple((script, " ".join(sample)) for script, sample in samples.items())
