"""A body for aiohttp that knows when a call must end.

By itself aiohttp gives a time to each read that follows the request. A head that comes a byte at a
time would then never end, and neither would a request to a service that does not read it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from io import BytesIO

from ..limits import FLOOR


class Outgoing(BytesIO):
    """A body that is sent piece by piece; what has gone buys time beyond the deadline.

    ``silence`` is how many seconds a piece may take.
    """

    def __init__(self, body: bytes, deadline: float, silence: float) -> None:
        super().__init__(body)
        self._length = len(body)
        self._deadline = deadline
        self._silence = silence
        self._limit: asyncio.Timeout | None = None

    @asynccontextmanager
    async def kept(self) -> AsyncGenerator[None]:
        """Let what is sent meanwhile be sent, and its reply begin, in time."""
        async with asyncio.timeout(self._left()) as limit:
            self._limit = limit
            try:
                yield
            finally:
                self._limit = None  # the rest of the body may still be on its way

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next piece, for which there is room now."""
        piece = super().read(size)
        if self._limit is not None and not self._limit.expired():
            left = self._left()
            if self.tell() < self._length:
                left = min(left, self._silence)
            self._limit.reschedule(asyncio.get_running_loop().time() + left)
        return piece

    def _left(self) -> float:
        return self._deadline + self.tell() / FLOOR - time.monotonic()
