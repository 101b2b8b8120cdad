"""Tracebacks and the log: what helps, and no more."""

import logging
import traceback

import pytest

from gemini_batch.errors import GeminiBatchError, ProtocolError, TransportError, UsageError
from gemini_batch.log import log, trimmed

SECRET = "headers with the key"


class LibraryError(Exception):
    """Stands for what a library raises with the request attached."""


def raise_it(error: BaseException, cause: BaseException | None = None) -> None:
    """Raise an error from a cause."""
    raise error from cause


def caught(error: BaseException, cause: BaseException | None = None) -> BaseException:
    """Raise an error from a cause and catch it, so that it has a traceback."""
    with pytest.raises(type(error)):
        raise_it(error, cause)
    return error


def translate() -> None:
    """Raise an error into which that of a library was translated, as a transport does."""
    try:
        raise_it(LibraryError(SECRET))
    except LibraryError:
        raise TransportError("connection reset") from None


def translated() -> GeminiBatchError:
    """Return such an error."""
    with pytest.raises(TransportError) as raised:
        translate()
    return raised.value


def test_the_log_is_silent_by_default() -> None:
    """A program that does not configure logging sees nothing of it, and no complaint."""
    assert "gemini_batch" == log.name
    assert any(isinstance(one, logging.NullHandler) for one in log.handlers)
    assert logging.NOTSET == log.level


def test_a_traceback_does_not_show_what_happened_in_here() -> None:
    """It is that of the caller alone, who raises the very same error."""
    error = UsageError("no")
    caught(error)
    assert error.__traceback__ is not None
    assert error is trimmed(error)
    assert error.__traceback__ is None


def test_a_library_error_is_cut_off_where_it_was_translated() -> None:
    """Not only hidden: tools that walk the chain do not find it either."""
    error = translated()
    assert isinstance(error.__context__, LibraryError)
    trimmed(error)
    assert error.__context__ is None
    assert SECRET not in "".join(traceback.format_exception(error))


def test_causes_are_trimmed_too() -> None:
    """The chain stays, without its frames and without what was cut off along it."""
    inner = translated()
    outer = ProtocolError("no answer")
    caught(outer, inner)
    trimmed(outer)
    assert inner is outer.__cause__
    assert inner.__traceback__ is None
    assert inner.__context__ is None


def test_what_happened_before_is_trimmed_too() -> None:
    """An error while another is handled keeps it, and both lose their frames."""
    before = translated()
    error = UsageError("while that was handled")
    error.__context__ = before
    trimmed(error)
    assert before is error.__context__
    assert before.__traceback__ is None
    assert before.__context__ is None


def test_an_error_of_the_caller_keeps_its_frames() -> None:
    """What the caller's own iterable raised is shown with where it was raised."""
    own = caught(KeyError("missing"))
    error = UsageError("the requests could not be read")
    caught(error, own)
    trimmed(error)
    assert own is error.__cause__
    assert own.__traceback__ is not None


def test_frames_are_kept_for_debugging(caplog: pytest.LogCaptureFixture) -> None:
    """At DEBUG the traceback is whole, but still without what may hold the request."""
    error = translated()
    with caplog.at_level(logging.DEBUG, "gemini_batch"):
        trimmed(error)
    assert error.__traceback__ is not None
    assert error.__context__ is None
