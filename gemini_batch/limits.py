"""Bounds that both transports keep."""

from __future__ import annotations

BODY_LIMIT = 512 << 20
"""Bytes of a reply that is read whole: the results of an inline batch come twice in one."""

ERROR_LIMIT = 64 << 10
"""Bytes that are kept of the body of an error where a stream was asked for."""

FLOOR = 16 << 10
"""The slowest that a body may come, in bytes a second; what came buys time beyond the deadline.

So a large reply on a slow line is read to its end, and one that merely drips is not.
"""

PIECE = 256 << 10
"""Bytes of a body read at a time, at most."""

DRAWN = 256
"""Requests of the caller taken at a time."""
