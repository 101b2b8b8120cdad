"""Bounds that both transports keep."""

from __future__ import annotations

BODY_LIMIT = 512 << 20
"""Bytes of a reply that is read whole: the results of an inline batch come twice in one."""

PIECE = 256 << 10
"""Bytes of a body read at a time, at most."""

DRAWN = 256
"""Requests of the caller taken at a time."""
