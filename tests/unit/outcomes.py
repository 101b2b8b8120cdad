"""Results as they come in lines, and what is made of them."""

import json
from collections.abc import Iterable
from typing import Any

from gemini_batch.index import Indexer
from gemini_batch.keys import SubmittedKeys
from gemini_batch.models.generation import GenerationResponse
from gemini_batch.results import BatchResults
from gemini_batch.spool import MemorySpool, Spool


def line(key: object, text: str = "answer", **members: Any) -> bytes:
    """Return a line of a results file: an answer, unless other members are given."""
    answer = {"candidates": [{"content": {"parts": [{"text": text}]}, "finishReason": "STOP"}]}
    return json.dumps({"key": key, **(members or {"response": answer})}).encode()


def failed(key: object, code: int = 13, **members: Any) -> bytes:
    """Return a line of a request that failed."""
    return line(key, error={"code": code, **members})


def submitted(keys: Iterable[str]) -> SubmittedKeys:
    """Return the keys of a batch."""
    found = SubmittedKeys()
    for key in keys:
        found.add(key)
    return found


def collect(
    came: Iterable[bytes],
    keys: Iterable[str] | None = None,
    spool: Spool | None = None,
    kind: type[Any] = GenerationResponse,
    **options: Any,
) -> BatchResults[Any]:
    """Return the results for lines that came; options are those of the results."""
    known = None if keys is None else submitted(keys)
    positional = options.pop("positional", False)
    key_member = options.get("key_member", "key")
    indexer = Indexer(spool or MemorySpool(), known, key_member, positional=positional)
    indexer.feed(b"".join(text + b"\n" for text in came))
    indexer.finish()
    while indexer.settle():
        pass
    return BatchResults(indexer.spool, indexer.index(), kind, keys=known, **options)


def only(text: bytes, **options: Any) -> Any:
    """Return the one item of a batch of one."""
    (item,) = collect([text], **options)
    return item


def keys_of(items: Iterable[Any]) -> list[str | None]:
    """Return the keys of items."""
    return [item.key for item in items]
