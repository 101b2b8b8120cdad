"""Downloads of result files, whole or in part."""

from __future__ import annotations

import re

from .batches import Batches
from .exchange import Exchange
from .files import Files
from .ids import RESULT_ID
from .numbers_in import whole_number
from .replies import Reply, Stretch, json_reply

_RANGE = re.compile(r"bytes=(?P<first>\d*)-(?P<last>\d*)")


async def answer_download(exchange: Exchange, files: Files, batches: Batches) -> Reply:
    """Answer ``GET files/{id}:download``: with ``alt=media`` the bytes, else an empty message."""
    file_id = exchange.part("id")
    if RESULT_ID.fullmatch(file_id) is None:
        raise files.refuse_download(file_id)
    path = await batches.result_file(file_id)
    if exchange.query("alt") != "media":
        return json_reply({})
    size = path.stat().st_size
    headers = {"Content-Type": "application/octet-stream", "Server": "UploadServer"}
    if exchange.etag is not None:
        headers["ETag"] = exchange.etag
    asked = exchange.request.headers.get("Range")
    ignored = exchange.ignore_range or _is_of_another_file(exchange)
    part = None if asked is None or ignored else _part(asked, size)
    if part is None:
        return Reply(200, headers, Stretch(path, 0, size))
    start, stop = part
    if start >= stop:
        return Reply(416, {**headers, "Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return Reply(206, headers, Stretch(path, start, stop))


def _is_of_another_file(exchange: Exchange) -> bool:
    """Say whether a part is asked for only of a file that has another ETag (RFC 9110 §13.1.5)."""
    wanted = exchange.request.headers.get("If-Range")
    return wanted is not None and wanted != exchange.etag


def _part(text: str, size: int) -> tuple[int, int] | None:
    """Return start and stop of one asked range; ``None`` for anything else, which is ignored."""
    match = _RANGE.fullmatch(text.replace(" ", ""))
    if match is None or not (match["first"] or match["last"]):
        return None
    first, last = (whole_number(match[end]) for end in ("first", "last"))
    if (match["first"] and first is None) or (match["last"] and last is None):
        return None
    if first is None:
        return max(0, size - (last or 0)), size
    if last is None:
        return first, size
    return None if last < first else (first, min(size, last + 1))
