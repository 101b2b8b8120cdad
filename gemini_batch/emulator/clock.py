"""The emulator's time: real, faster than real, or moved by hand."""

from __future__ import annotations

import threading
import time
from typing import Literal

SECOND = 1_000_000_000
MOST = 7_000 * 365 * 86_400 * SECOND
"""How far time may be moved: so far that all of it can still be written."""
FASTEST = 1e9


class Clock:
    """Tell the time in nanoseconds since the epoch, at a pace of one's choosing.

    ``"real"`` keeps pace with the machine, ``"manual"`` stands still until it is advanced, and a
    number is how many seconds pass here for each real one.
    """

    def __init__(self, pace: Literal["real", "manual"] | float = "real") -> None:
        if isinstance(pace, str):
            if pace not in {"real", "manual"}:
                raise ValueError(f'clock is "real", "manual" or a number, not {pace!r}')
            pace = 1.0 if pace == "real" else 0.0
        if not 0 <= pace <= FASTEST:
            raise ValueError(f"a clock cannot run at {pace!r} times real time")
        self._pace = pace
        self._epoch = time.time_ns()
        self._started = time.monotonic_ns()
        self._advanced = 0
        self._lock = threading.Lock()

    @property
    def stands_still(self) -> bool:
        """Say whether time passes only when it is moved by hand."""
        return self._pace == 0

    def now(self) -> int:
        """Return nanoseconds since the epoch; never less than it returned before."""
        passed = time.monotonic_ns() - self._started
        with self._lock:
            return self._epoch + int(passed * self._pace) + self._advanced

    def advance(self, seconds: float) -> None:
        """Move the time forward at once."""
        if not 0 <= seconds < float("inf"):
            raise ValueError(f"time moves forward only: {seconds!r} seconds")
        with self._lock:
            advanced = self._advanced + int(seconds * SECOND)
            if advanced > MOST:
                raise ValueError(f"time ends with the year 9999: {seconds!r} seconds are too many")
            self._advanced = advanced
