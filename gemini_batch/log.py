"""What is told to the log and in tracebacks: never a secret, and no more than helps.

The logger has one INFO line a submission, retry or adoption.
"""

from __future__ import annotations

import logging

from .errors import GeminiBatchError

log = logging.getLogger("gemini_batch")
log.addHandler(logging.NullHandler())


def trimmed(error: GeminiBatchError) -> GeminiBatchError:
    """Leave out of a traceback what happened in here, unless the logger is at DEBUG.

    That goes for its causes, too; and what a library of ours raised is cut off where it was
    translated, since it may hold the request that failed.
    """
    link: BaseException | None = error
    while link is not None:
        if link.__suppress_context__:
            link.__context__ = None
        if isinstance(link, GeminiBatchError) and not log.isEnabledFor(logging.DEBUG):
            link.__traceback__ = None
        link = link.__cause__ or link.__context__
    return error
