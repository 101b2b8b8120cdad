"""What a service tells of a finished batch and its results, byte by byte."""

import json
from collections.abc import Iterable
from typing import Any

NAME, FILE = "batches/b1", "files/batch-b1"


def answer(key: str, text: str = "fine") -> bytes:
    """Return a line with an answer."""
    content = {"candidates": [{"content": {"parts": [{"text": text}]}, "finishReason": "STOP"}]}
    return json.dumps({"key": key, "response": content}).encode()


def operation(state: str = "SUCCEEDED", **stats: int) -> dict[str, Any]:
    """Return a finished batch, as another client may have made it."""
    counts = {member: str(count) for member, count in stats.items()}
    metadata = {"name": NAME, "state": f"BATCH_STATE_{state}", "batchStats": counts}
    return {"name": NAME, "metadata": metadata, "done": True}


def in_a_file(content: bytes, **members: Any) -> dict[str, Any]:
    """Return the replies of a service whose batch has its results in a file."""
    told = {**operation(**members), "response": {"responsesFile": FILE}}
    return {NAME: told, f"{FILE}:download?alt=media": content}


def inlined(*results: bytes, **members: Any) -> dict[str, Any]:
    """Return the replies of a service whose batch has its results within, byte by byte."""
    whole = json.dumps(operation(**members))[:-1].encode()
    within = b'{"inlinedResponses":{"inlinedResponses":[%s]}}' % b",\n".join(results)
    return {NAME: whole + b',"response":' + within + b"}"}


def shown(items: Iterable[Any]) -> list[tuple[str, str | None]]:
    """Return what kind each item is of, and its key."""
    return [(type(item).__name__.removeprefix("Item"), item.key) for item in items]
