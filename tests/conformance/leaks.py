"""Look for the API key wherever an error could have taken it."""

import pickle
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import gemini_batch

PACKAGE = str(Path(gemini_batch.__file__).parent)


def leaks_of(error: BaseException, secret: str) -> list[str]:
    """Return where an error, or one behind it, shows a secret to a reader or a crash report.

    Local variables are looked at in the frames of this package only: those of the libraries below
    hold the bytes that they are sending, and nobody can keep them from it.
    """
    found: list[str] = []
    for one in _chain(error):
        name = type(one).__name__
        shown = {
            "str": str(one),
            "repr": repr(one),
            "attributes": repr(vars(one)),
            **dict(_locals(one)),
        }
        found += [f"{name}: {where}" for where, text in shown.items() if secret in text]
        if isinstance(one, gemini_batch.GeminiBatchError):
            found += [f"{name}: pickle"] * (secret.encode() in pickle.dumps(one))
    return found


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [one.__cause__, one.__context__]
        if isinstance(one, gemini_batch.HandleReturnedError):
            waiting.append(one.reason)


def _locals(error: BaseException) -> Iterator[tuple[str, str]]:
    for frame, line in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename.startswith(PACKAGE):
            for name, value in frame.f_locals.items():
                yield f"{_place(frame, line)}: local {name}", repr(value)


def _place(frame: FrameType, line: int) -> str:
    return f"{Path(frame.f_code.co_filename).name}:{line}"
