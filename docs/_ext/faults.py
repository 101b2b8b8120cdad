"""The words of the emulator's faults, read off its catalogues and explained where they are not."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from attrs import frozen

from gemini_batch.emulator.faults import RESULTS
from gemini_batch.emulator.grammar import Shape
from gemini_batch.emulator.result_faults import LINE_FAULTS, ROW_FAULTS
from gemini_batch.emulator.routes import OPERATIONS
from gemini_batch.emulator.rules import ANSWER_WORDS
from gemini_batch.emulator.scripts import STEPS
from gemini_batch.emulator.wire_faults import WIRE_FAULTS

DOES_OPERATIONS = {
    "create": "A batch is created, of either kind of request.",
    "get": "One batch is looked at.",
    "list": "A page of the list of batches is read.",
    "cancel": "A batch is asked to stop.",
    "delete": "A batch is deleted.",
    "upload-start": "An upload begins, and gets its URL.",
    "upload-chunk": "Bytes of an upload arrive; the last chunk finishes it.",
    "upload-query": "A client asks how much of an upload has arrived.",
    "upload-cancel": "An upload is given up.",
    "file-get": "One file is looked at.",
    "file-list": "A page of the list of files is read.",
    "file-delete": "A file is deleted.",
    "download": "The bytes of a file that the service made are fetched.",
}
"""What happens in each operation of the service."""

DOES_STEPS = {
    "PENDING": "It waits.",
    "RUNNING": "It works.",
    "SUCCEEDED": "It is done, and has its results.",
    "FAILED": "It failed as a whole.",
    "EXPIRED": "It was given up, and has no results.",
    "CANCELLED": "It was cancelled, and has no results.",
    "EXPIRED-with-output": "It was given up with half of its requests answered; the rest failed.",
    "CANCELLED-with-output": "It was cancelled with half of them answered; the rest failed.",
    "SUCCEEDED-before-output": "Its state says that it succeeded, and it is not done.",
    "done-without-result": "It is done and succeeded, and shows no results.",
    "done+error": "It is done with an error, though its state says that it succeeded.",
}
"""What a look at a batch finds at each step of a script."""

VALUES = {
    "count": ("a number from 1", "3"),
    "difference": ("a number of bytes with its sign", "-10"),
    "number": ("a whole number", "-1"),
    "seconds": ("a duration in seconds", "0.3s"),
    "size": ("a number of bytes, or with `k`, `M` or `G` of units of 1024", "256k"),
    "status": ("an HTTP status from 200 to 599", "503"),
    "text": ("any text", "none"),
    "times": ("a number from 1, in place of `*n`", "2"),
}
"""What stands for each name in braces, and one of them."""

ARGUMENTS = {
    "retry-after": ("The header `Retry-After`, in seconds or as a date.", "3600"),
    "retry-info": ("The delay of a `google.rpc.RetryInfo` among the details.", "30s"),
    "quota": ("The quota that a `google.rpc.QuotaFailure` names.", "BatchTokensPerDay"),
    "message": ("The words of the error, without a slash.", "Not today."),
    "status": ("The canonical code, if not that of the status.", "FAILED_PRECONDITION"),
    "upload-status": ("The header `X-Goog-Upload-Status`, as in the middle of an upload.", "final"),
}
"""What each argument sets in the reply, and a value of it."""


class UnexplainedError(LookupError):
    """The emulator has a word that is not explained, or an explanation has no word."""


@frozen
class Rows:
    """A table: its heads, and its rows as text in which code stands between back quotes."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def operations() -> Rows:
    """Return the operations of the service, and what happens in each."""
    require_all("operation", OPERATIONS, DOES_OPERATIONS)
    rows = tuple((f"`{name}`", DOES_OPERATIONS[name]) for name in OPERATIONS)
    return Rows(("operation", "when"), rows)


def wire() -> Rows:
    """Return the faults of an exchange, where each may strike, and what it does."""
    return Rows(
        ("fault", "of", "what it does"),
        tuple(
            (written(shape), where(shape.operations), docline(shape))
            for shape in WIRE_FAULTS.shapes
        ),
    )


def results() -> Rows:
    """Return the faults of a set of results, and what each does."""
    return Rows(
        ("fault", "of the results of", "what it does"),
        tuple(
            (written(shape), kind, docline(shape))
            for kind, catalogue in (("any batch", ROW_FAULTS), ("a batch by file", LINE_FAULTS))
            for shape in catalogue.shapes
        ),
    )


def answers() -> Rows:
    """Return the words of an answer, and what each is."""
    return Rows(
        ("answer", "what the request gets"),
        tuple((written(shape), docline(shape)) for shape in ANSWER_WORDS.shapes),
    )


def states() -> Rows:
    """Return the steps of a script, and what a look finds at each."""
    require_all("step", STEPS, DOES_STEPS)
    return Rows(("step", "the batch then"), tuple((f"`{one}`", DOES_STEPS[one]) for one in STEPS))


def values() -> Rows:
    """Return what the names in braces stand for."""
    found = {name for shape in all_shapes() for name in re.findall(r"\{(\w+)\}", shape.form)}
    require_all("value", found, VALUES)
    return Rows(
        ("in braces", "what to write", "such as"),
        tuple((f"`{{{name}}}`", what, f"`{one}`") for name, (what, one) in VALUES.items()),
    )


def arguments() -> Rows:
    """Return the arguments that some faults take."""
    found = {name for shape in all_shapes() for name in shape.options}
    require_all("argument", found, ARGUMENTS)
    return Rows(
        ("argument", "what it sets", "such as"),
        tuple((f"`/{name}=`", what, f"`/{name}={one}`") for name, (what, one) in ARGUMENTS.items()),
    )


TABLES: Mapping[str, Callable[[], Rows]] = {
    "operations": operations,
    "wire": wire,
    "results": results,
    "answers": answers,
    "states": states,
    "values": values,
    "arguments": arguments,
}
"""The tables, by the argument of their directive."""


def all_shapes() -> list[Shape[Any]]:
    """Return every kind of fault that there is, and every word of an answer."""
    faults = [*WIRE_FAULTS.shapes, *ROW_FAULTS.shapes, *LINE_FAULTS.shapes]
    return [*faults, *ANSWER_WORDS.shapes]


def written(shape: Shape[Any]) -> str:
    """Return how a fault is written, with three dots where it takes arguments."""
    return f"`{shape.form}`" + (" `/…`" if shape.options else "")


def where(names: frozenset[str]) -> str:
    """Return the operations that a fault may strike, or those that it may not if they are few."""
    spared = [name for name in OPERATIONS if name not in names]
    if names == {RESULTS} or not spared:
        return "any"
    if len(spared) < len(names):
        return "any but " + ", ".join(f"`{name}`" for name in spared)
    return ", ".join(f"`{name}`" for name in OPERATIONS if name in names)


def docline(shape: Shape[Any]) -> str:
    """Return what a fault does: the first line of its docstring."""
    line = (inspect.getdoc(shape.act) or "").partition("\n")[0].replace("``", "`")
    if not line:
        raise UnexplainedError(f"the fault {shape.form} has no docstring")
    return line


def require_all(what: str, words: Collection[str], explained: Collection[str]) -> None:
    """Refuse a table that leaves a word out, or has one that does not exist."""
    if missing := sorted(set(words) - set(explained)):
        raise UnexplainedError(f"no {what} is explained by the name of {', '.join(missing)}")
    if unknown := sorted(set(explained) - set(words)):
        raise UnexplainedError(f"there is no {what} {', '.join(unknown)} to explain")
