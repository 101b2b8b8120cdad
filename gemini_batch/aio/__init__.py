"""The asynchronous facade, over aiohttp."""

from __future__ import annotations

from .client import AsyncBatchClient
from .handle import AsyncBatchHandle
from .streams import AsyncStream

__all__ = ["AsyncBatchClient", "AsyncBatchHandle", "AsyncStream"]
