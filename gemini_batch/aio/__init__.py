"""The asynchronous facade, over aiohttp."""

from __future__ import annotations

from .client import AsyncBatchClient
from .files import AsyncFiles
from .handle import AsyncBatchHandle
from .streams import AsyncPager, AsyncStream

__all__ = ["AsyncBatchClient", "AsyncBatchHandle", "AsyncFiles", "AsyncPager", "AsyncStream"]
