"""``google.rpc.Status``: why a batch or one of its requests failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from .base import Model, as_objects

GRPC_NAMES = (
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
    "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED",
    "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
)  # fmt: skip
"""The canonical names of ``google.rpc.Code``, by number."""


def grpc_name(code: int) -> str:
    """Return the canonical name of a gRPC code; an unknown one is ``"CODE_99"``."""
    return GRPC_NAMES[code] if 0 <= code < len(GRPC_NAMES) else f"CODE_{code}"


@frozen
class Status(Model):
    """A failure: ``code`` is a gRPC number, not an HTTP status; the message is often absent."""

    code: int = 0
    message: str = ""
    details: tuple[Mapping[str, Any], ...] = field(default=(), converter=as_objects, hash=False)

    @property
    def status(self) -> str:
        """The canonical name of ``code``."""
        return grpc_name(self.code)
