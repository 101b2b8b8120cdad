"""Tell of batches and files: in lines for people, as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from attrs import asdict

from ..models.base import Timestamp
from ..models.file import File
from ..models.operation import BatchOperation, BatchStats
from ..models.status import Status
from ..text import printable

LONGEST = 60
"""Characters of one cell of a table."""

BATCHES = (("NAME", 44), ("STATE", 9), ("REQUESTS", 8), ("CREATED (UTC)", 16), ("DISPLAY NAME", 0))
FILES = (("NAME", 44), ("STATE", 10), ("BYTES", 11), ("EXPIRES (UTC)", 16), ("DISPLAY NAME", 0))


def facts_of(thing: BatchOperation | File | BatchStats) -> dict[str, Any]:
    """Return all members for a program, in the names and the words of the library."""
    members = asdict(thing, recurse=False)
    members.pop("extra", None)
    return {name: _plain(value) for name, value in members.items()}


def _plain(value: object) -> Any:
    match value:
        case Timestamp():
            return value.rfc3339
        case BatchStats():
            return facts_of(value)
        case Status():
            return {"code": value.code, "status": value.status, "message": value.message}
        case _:
            return value


def batch_lines(operation: BatchOperation) -> tuple[str, ...]:
    """Return a batch in words, what the service does not tell left out."""
    inlined = "in the batch itself" if operation.inlined else None
    members = {
        "display name": operation.display_name,
        "label": operation.label,
        "model": operation.model,
        "answers": "embeddings" if operation.embeddings else None,
        "requests": _counts(operation.stats),
        "created": _moment(operation.create_time),
        "updated": _moment(operation.update_time),
        "ended": _moment(operation.end_time),
        "input": operation.input_file,
        "results": operation.responses_file or inlined,
        "error": _reason(operation.error),
    }
    return (f"{operation.name}: {operation.state}", *_members(members))


def file_lines(file: File) -> tuple[str, ...]:
    """Return a file in words, what the service does not tell left out."""
    members = {
        "display name": file.display_name,
        "type": file.mime_type,
        "bytes": None if file.size_bytes is None else f"{file.size_bytes:,}",
        "source": file.source,
        "created": _moment(file.create_time),
        "expires": _moment(file.expiration_time),
        "URI": file.uri,
        "error": _reason(file.error),
    }
    state = "" if file.state is None else f": {file.state}"
    return (f"{file.name}{state}", *_members(members))


def batch_row(operation: BatchOperation) -> str:
    """Return the line of a table for a batch."""
    count = operation.stats.request_count
    return row(
        BATCHES,
        operation.name,
        str(operation.state),
        "" if count is None else str(count),
        _minute(operation.create_time),
        operation.raw_display_name or "",
    )


def file_row(file: File) -> str:
    """Return the line of a table for a file."""
    return row(
        FILES,
        file.name,
        "" if file.state is None else str(file.state),
        "" if file.size_bytes is None else str(file.size_bytes),
        _minute(file.expiration_time),
        file.display_name or "",
    )


def heading(columns: Iterable[tuple[str, int]]) -> str:
    """Return the first line of a table."""
    return row(tuple(columns), *(name for name, _ in columns))


def row(columns: Sequence[tuple[str, int]], *cells: str) -> str:
    """Return a line of a table. It is the same width on every page, so no page is waited for."""
    pairs = zip(columns, cells, strict=True)
    return "  ".join(printable(cell, LONGEST).ljust(width) for (_, width), cell in pairs).rstrip()


def _members(members: dict[str, str | None]) -> tuple[str, ...]:
    return tuple(f"  {name:<14}{value}" for name, value in members.items() if value)


def _counts(stats: BatchStats) -> str | None:
    if stats.request_count is None:
        return None
    told = {
        "answered": stats.successful_request_count,
        "failed": stats.failed_request_count,
        "pending": stats.pending_request_count,
    }
    parts = ", ".join(f"{count:,} {word}" for word, count in told.items() if count)
    return f"{stats.request_count:,}: {parts}" if parts else f"{stats.request_count:,}"


def _reason(error: Status | None) -> str | None:
    if error is None:
        return None
    return f"{error.status}: {error.message}" if error.message else error.status


def _moment(time: datetime | None) -> str | None:
    return None if time is None else f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _minute(time: datetime | None) -> str:
    return "" if time is None else f"{time.astimezone(UTC):%Y-%m-%d %H:%M}"
