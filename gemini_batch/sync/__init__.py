"""The synchronous facade, over requests."""

from __future__ import annotations

from .client import SyncBatchClient
from .handle import SyncBatchHandle
from .streams import SyncStream

__all__ = ["SyncBatchClient", "SyncBatchHandle", "SyncStream"]
