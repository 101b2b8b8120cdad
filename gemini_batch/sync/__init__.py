"""The synchronous facade, over requests."""

from __future__ import annotations

from .client import SyncBatchClient
from .files import SyncFiles
from .handle import SyncBatchHandle
from .streams import SyncPager, SyncStream

__all__ = ["SyncBatchClient", "SyncBatchHandle", "SyncFiles", "SyncPager", "SyncStream"]
