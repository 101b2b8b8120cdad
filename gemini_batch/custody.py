"""Who may still use a handle: live, being consumed, or spent."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager

from .errors import HandleBusyError, HandleConsumedError, NotFoundError


class Custody:
    """A handle is live until a consuming call succeeds; one that fails changes nothing."""

    def __init__(self) -> None:
        self._consuming = threading.Lock()
        self._spent_by = ""

    @property
    def state(self) -> str:
        """``"live"``, or by what the handle was consumed."""
        return f"consumed by {self._spent_by}()" if self._spent_by else "live"

    def require_live(self) -> None:
        """Raise :class:`~gemini_batch.HandleConsumedError` on a spent handle."""
        if self._spent_by:
            raise HandleConsumedError(self._spent_by)

    @contextmanager
    def consume(self, verb: str) -> Generator[None]:
        """Spend the handle if the block succeeds, or finds that there is nothing left of it.

        Any other exception, interrupts included, leaves it live. Who comes second while another
        is at it gets :class:`~gemini_batch.HandleBusyError` at once.
        """
        if not self._consuming.acquire(blocking=False):
            raise HandleBusyError(verb)
        try:
            self.require_live()
            try:
                yield
            except NotFoundError:
                self._spent_by = verb
                raise
            self._spent_by = verb
        finally:
            self._consuming.release()
