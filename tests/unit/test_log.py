"""Tracebacks and the log: what helps, and no more."""

import linecache
import logging
import traceback
from pathlib import Path
from typing import Any

import pytest

import gemini_batch
from gemini_batch import SyncBatchClient
from gemini_batch.effects import Steps, StreamBody, flow
from gemini_batch.errors import GeminiBatchError, ProtocolError, TransportError, UsageError
from gemini_batch.log import bare, caller, log, trimmed
from tests.canary import CANARY

PACKAGE = str(Path(gemini_batch.__file__).parent)
SECRET = "headers with the key"


class LibraryError(Exception):
    """Stands for what a library raises with the request attached."""


def fail() -> None:
    """Fail as a library does."""
    raise LibraryError(SECRET)


@flow
def raising(error: BaseException, cause: BaseException | None) -> StreamBody[None]:
    """Raise an error from a cause, in code of the caller's that the package runs."""
    raise error from cause
    yield  # this is a generator


@flow
def translating() -> StreamBody[None]:
    """Raise an error into which that of a library was translated, as a transport does."""
    try:
        fail()
    except LibraryError:
        raise TransportError("connection reset") from None
    yield


def caught(error: BaseException, cause: BaseException | None = None) -> BaseException:
    """Raise an error by way of the package, and catch it, so that it has a traceback."""
    with pytest.raises(type(error)):
        next(Steps(raising(error, cause)))
    return error


def translated() -> GeminiBatchError:
    """Return an error that was translated."""
    with pytest.raises(TransportError) as raised:
        next(Steps(translating()))
    return raised.value


def frames(error: BaseException) -> list[tuple[str, bool]]:
    """List the functions in a traceback, and of each whether it is one of the package's."""
    return [
        (frame.name, frame.filename.startswith(PACKAGE))
        for frame in traceback.extract_tb(error.__traceback__)
    ]


def names(error: BaseException) -> list[str]:
    """List the functions in a traceback."""
    return [name for name, _ in frames(error)]


def test_the_log_is_silent_by_default() -> None:
    """A program that does not configure logging sees nothing of it, and no complaint."""
    assert "gemini_batch" == log.name
    assert any(isinstance(one, logging.NullHandler) for one in log.handlers)
    assert logging.NOTSET == log.level


def test_a_traceback_does_not_show_what_happened_in_here() -> None:
    """It is that of the caller alone: the code that called, and the code that was called."""
    error = UsageError("no")
    caught(error)
    assert ("__next__", True) in frames(error)
    lines = {frame.lineno for frame in traceback.extract_tb(error.__traceback__)}
    assert error is trimmed(error)
    assert [("caught", False), ("raising", False)] == frames(error)
    assert {frame.lineno for frame in traceback.extract_tb(error.__traceback__)} < lines


def test_where_all_happened_in_here_nothing_is_left() -> None:
    """Once it is raised again, it begins with the caller."""
    error = UsageError("no")
    caught(error)
    assert error.__traceback__ is not None
    inside = error.__traceback__.tb_next
    assert inside is not None
    assert inside.tb_next is not None
    inside.tb_next.tb_next = None
    trimmed(error.with_traceback(inside))
    assert error.__traceback__ is None


@pytest.mark.parametrize(
    ("module", "file", "stays"),
    [
        ("mine", "mine.py", True),
        ("requests_of_mine", "mine.py", True),
        ("aiohttp.client", "client.py", False),
        ("contextlib", "contextlib.py", False),
        (None, "<attrs generated init gemini_batch.retry.RetryPolicy>", False),
    ],
)
def test_libraries_are_left_out_too(module: str | None, file: str, *, stays: bool) -> None:
    """Theirs are the frames that hold the request while it is sent, and they tell nothing."""
    inside: dict[str, Any] = {} if module is None else {"__name__": module}
    source = "def send(error):\n    raise error"
    exec(compile(source, file, "exec"), inside)  # noqa: S102 - for a frame of that name
    error = UsageError("no")
    with pytest.raises(UsageError):
        inside["send"](error)
    assert "send" in names(error)
    trimmed(error)
    assert stays == ("send" in names(error))


def test_a_library_error_is_cut_off_where_it_was_translated() -> None:
    """Not only hidden: tools that walk the chain do not find it either."""
    error = translated()
    assert isinstance(error.__context__, LibraryError)
    trimmed(error)
    assert error.__context__ is None
    assert SECRET not in "".join(traceback.format_exception(error))


def test_causes_are_trimmed_too() -> None:
    """The chain stays, without our frames and without what was cut off along it."""
    inner = translated()
    outer = ProtocolError("no answer")
    caught(outer, inner)
    trimmed(outer)
    assert inner is outer.__cause__
    assert ["translated", "translating"] == names(inner)
    assert inner.__context__ is None


def test_what_happened_before_is_trimmed_too() -> None:
    """An error while another is handled keeps it, and both lose our frames."""
    before = translated()
    error = UsageError("while that was handled")
    error.__context__ = before
    trimmed(error)
    assert before is error.__context__
    assert ["translated", "translating"] == names(before)
    assert before.__context__ is None


def test_an_error_of_the_caller_keeps_its_frames() -> None:
    """What the caller's own iterable raised is shown with where it was raised."""
    own = caught(KeyError("missing"))
    error = UsageError("the requests could not be read")
    caught(error, own)
    trimmed(error)
    assert own is error.__cause__
    assert ("__next__", True) in frames(own)


def test_frames_are_kept_for_debugging(caplog: pytest.LogCaptureFixture) -> None:
    """At DEBUG the traceback is whole, but still without what may hold the request."""
    error = translated()
    with caplog.at_level(logging.DEBUG, "gemini_batch"):
        trimmed(error)
    assert ("__next__", True) in frames(error)
    assert error.__context__ is None


@pytest.mark.parametrize("level", [logging.DEBUG, logging.WARNING])
def test_an_error_of_what_is_given_the_key_is_bare(
    caplog: pytest.LogCaptureFixture, level: int
) -> None:
    """Neither frames of ours nor what led to it are kept, however much is to be told."""
    error = ProtocolError("no")
    caught(error, translated())
    error.__context__ = OSError("before")
    with caplog.at_level(level, "gemini_batch"):
        assert error is bare(error)
    assert [("caught", False), ("raising", False)] == frames(error)
    assert (None, None) == (error.__cause__, error.__context__)


def test_a_caller_is_who_is_not_of_this_package() -> None:
    """However deep in here it is asked for."""
    client = SyncBatchClient(CANARY)
    client.close()
    told = [client._made, caller()]

    assert [__file__] * 2 == [name for name, _ in told]
    assert ["client = SyncBatchClient(CANARY)", "told = [client._made, caller()]"] == [
        linecache.getline(*one).strip() for one in told
    ]
