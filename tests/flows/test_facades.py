"""The two facades: one text in two colours, and the same things on offer."""

from __future__ import annotations

import ast
import difflib
import inspect
from pathlib import Path
from typing import Any

import pytest

import gemini_batch
from gemini_batch import aio, sync
from gemini_batch.aio import drivers as aio_drivers, link as aio_link
from gemini_batch.sync import drivers as sync_drivers, link as sync_link

PACKAGE = Path(gemini_batch.__file__).parent

NAMES = {
    "AsyncGenerator": "Generator",
    "AsyncBatchClient": "SyncBatchClient",
    "AsyncBatchHandle": "SyncBatchHandle",
    "AsyncHandleReturnedError": "SyncHandleReturnedError",
    "AsyncFiles": "SyncFiles",
    "AsyncPager": "SyncPager",
    "AsyncStream": "SyncStream",
    "AiohttpTransport": "RequestsTransport",
    "aiohttp": "requests",
    "ClientSession": "Session",
    "__aiter__": "__iter__",
    "__anext__": "__next__",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "aclose": "close",
    "anext": "next",
}
"""What is called otherwise on the asynchronous side, and means the same."""


class Erased(ast.NodeTransformer):
    """Take the colour out of a syntax tree: ``async``, ``await``, names and docstrings."""

    def visit(self, node: ast.AST) -> Any:
        """Erase what is below, then the node itself."""
        self.generic_visit(node)
        match node:
            case ast.Await(value):
                return value
            case ast.AsyncFunctionDef():
                return ast.FunctionDef(**dict(ast.iter_fields(_without_docstring(node))))
            case ast.FunctionDef() | ast.ClassDef() | ast.Module():
                return _without_docstring(node)
            case ast.Name(name):
                node.id = NAMES.get(name, name)
            case ast.Attribute(attr=name):
                node.attr = NAMES.get(name, name)
            case ast.alias(name):
                node.name = NAMES.get(name, name)
            case ast.Constant(str(text)):
                node.value = text.replace("an Async", "a Sync").replace("Async", "Sync")
            case _:
                pass
        if isinstance(node, ast.ImportFrom):
            node.names.sort(key=lambda alias: alias.name.casefold())
        return node


def _without_docstring(node: Any) -> Any:
    first = node.body[0] if node.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        node.body = node.body[1:] or [ast.Pass()]
    if not isinstance(node, ast.Module):
        node.name = NAMES.get(node.name, node.name)
    return node


def erased(path: Path) -> list[str]:
    """Return a module without its colour, with a line for each argument."""
    tree = Erased().visit(ast.parse(path.read_text(encoding="utf-8")))
    text = ast.unparse(ast.fix_missing_locations(tree))
    return text.replace(", ", ",\n").splitlines()


def differences(module: str) -> str:
    """Return the lines in which the two colours of a module differ."""
    lines = difflib.ndiff(
        erased(PACKAGE / "sync" / f"{module}.py"), erased(PACKAGE / "aio" / f"{module}.py")
    )
    return "\n".join(line.rstrip() for line in lines if line.startswith(("- ", "+ ")))


ALLOWED = {
    "__init__": "",
    "drivers": "",
    "files": "",
    "handle": "",
    "link": "",
    # Requests may come from an asynchronous iterable; the session is made within its loop; what a
    # builder executes is awaited.
    "client": """\
- from collections.abc import Iterable
+ from collections.abc import AsyncIterable,
+ Coroutine,
+ Iterable
+ Entry,
- own_session,
-             connection = Connection(own_session(settings.api.origin) if session is None else require_harmless(session),
+             connection = Connection(None if session is None else require_harmless(session),
+ Coroutine[Any,
+ Any,
- SyncBatchHandle[GenerationResponse]]:
+ SyncBatchHandle[GenerationResponse]]]:
+ defaults: Any) -> Coroutine[Any,
+ Any,
- defaults: Any) -> SyncBatchHandle[GenerationResponse]:
+ SyncBatchHandle[GenerationResponse]]:
- self._model)
+ self._model,
+ takes_asynchronous=True)
+ Coroutine[Any,
+ Any,
- SyncBatchHandle[EmbedContentResponse]]:
+ SyncBatchHandle[EmbedContentResponse]]]:
+ defaults: Any) -> Coroutine[Any,
+ Any,
- defaults: Any) -> SyncBatchHandle[EmbedContentResponse]:
+ SyncBatchHandle[EmbedContentResponse]]:
- self._model)
+ self._model,
+ takes_asynchronous=True)
- requests: Requests,
+ requests: Requests | AsyncIterable[Entry[Prompt]],
- texts: Supply[Text],
+ texts: Supply[Text] | AsyncIterable[Entry[Text]],
- requests: Supply[Any],
+ requests: Supply[Any] | AsyncIterable[Any],
-         entries = iter(entries_of(requests))
+         source = requests if isinstance(requests,
+ AsyncIterable) else entries_of(requests)
+         entries = aiter(source) if isinstance(source,
+ AsyncIterable) else iter(source)""",  # noqa: E501 - as the code has them
    # An asynchronous generator that is left behind is not ended by going out of use.
    "streams": """\
+ import warnings
+     _lasting = True
+         self._open = False
-             raise UsageError('another thread is reading this stream; give each thread its own')
+             raise UsageError('another task is reading this stream; give each task its own')
+             self._open = True
-         except StopIteration:
+         except StopAsyncIteration:
+             self._open = False
+             self._open = False
-             raise UsageError('another thread is reading this stream; let that one close it')
+             raise UsageError('another task is reading this stream; let that one close it')
+             self._open = False
+     def __del__(self) -> None:
+         if self._open and self._lasting:
+             message = 'a SyncStream was neither read to its end nor closed: use async with'
+             warnings.warn(message,
+ ResourceWarning,
+ 2,
+ source=self)
+
+     _lasting = False
-         return SyncStream(self._pages())
+         stream = SyncStream(self._pages())
+         stream._lasting = False
+         return stream""",
}
"""All lines in which the facades differ: ``-`` is the synchronous one, ``+`` the other."""


@pytest.mark.parametrize("module", ALLOWED)
def test_the_facades_differ_only_in_colour(module: str) -> None:
    """Without ``async`` and ``await`` both have the same text, but for what is listed."""
    assert ALLOWED[module] == differences(module)


def test_every_module_of_the_facades_is_compared() -> None:
    """All but the transports and what they send by, which speak to different libraries."""
    for facade in ("sync", "aio"):
        modules = {path.stem for path in (PACKAGE / facade).glob("*.py")}
        assert {*ALLOWED, "punctual", "transport"} == modules


def test_a_difference_in_more_than_colour_would_be_seen(tmp_path: Path) -> None:
    """What is erased is the colour alone."""
    text = (PACKAGE / "aio" / "drivers.py").read_text(encoding="utf-8")
    spoilt = tmp_path / "drivers.py"
    same = erased(PACKAGE / "sync" / "drivers.py")
    for old, new in (("steps.fail(error)", "pass"), ("outside.release()", "steps.close()")):
        spoilt.write_text(text.replace(old, new, 1), encoding="utf-8")
        assert same != erased(spoilt)
    spoilt.write_text(text, encoding="utf-8")
    assert same == erased(spoilt)


PAIRS = [
    (sync.SyncBatchClient, aio.AsyncBatchClient),
    (sync.SyncBatchHandle, aio.AsyncBatchHandle),
    (sync.SyncFiles, aio.AsyncFiles),
    (sync.SyncStream, aio.AsyncStream),
    (sync.SyncPager, aio.AsyncPager),
    (sync_link.Link, aio_link.Link),
    (sync_drivers.Outside, aio_drivers.Outside),
]
FIRST_LINES = {
    "Batches on the Gemini API, for asynchronous services.": (
        "Batches on the Gemini API, for scripts."
    ),
    "Values one after the other. Close it, or use ``async with``, unless you read it to its end.": (
        "Values one after the other. Close it, or use ``with``, unless you read it to its end."
    ),
}
"""First lines of docstrings that say the same in other words."""


def offered(kind: type) -> dict[str, Any]:
    """Return what a class offers: its public members, and those that operators call."""
    operators = {"__init__", *NAMES.keys(), *NAMES.values()}
    members = {
        NAMES.get(name, name): member
        for name, member in vars(kind).items()
        if not name.startswith("_") or name in operators
    }
    return {"": kind, **members}


def first_line(thing: Any) -> str:
    """Return the first line of a docstring, in the words of the synchronous side."""
    line = (inspect.getdoc(thing) or "").partition("\n")[0]
    return FIRST_LINES.get(line, line)


def parameters(thing: Any) -> list[tuple[str, Any, Any]] | None:
    """Return the parameters of a method: names, kinds and defaults."""
    if not callable(thing):
        return None
    return [
        (one.name, one.kind, one.default) for one in inspect.signature(thing).parameters.values()
    ]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_facades_offer_the_same_things(one: type, other: type) -> None:
    """The same names, with the same parameters and the same first words on what they do."""
    ours, theirs = offered(one), offered(other)
    assert list(ours) == list(theirs)
    for name, member in ours.items():
        assert parameters(member) == parameters(theirs[name]), name
        assert first_line(member) == first_line(theirs[name]), name
        assert isinstance(member, property) == isinstance(theirs[name], property), name
        if not name.startswith("_"):
            assert first_line(member), name


def test_the_rooms_offer_the_same_names() -> None:
    """Each name of one facade has its twin in the other."""
    assert sync.__all__ == [NAMES[name] for name in aio.__all__]
