"""Google's own client for Python, called in either way, and what its objects ought to hold."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Mapping
from datetime import datetime
from operator import attrgetter
from types import TracebackType
from typing import Any, Self

from google import genai
from google.genai import types

from tests.canary import CANARY

KEY = CANARY


class Way:
    """A client called in one way: ``sync``, or ``async`` from a loop of its own."""

    def __init__(self, way: str, url: str, *, key: str = KEY, **options: Any) -> None:
        self._client = genai.Client(
            api_key=key, http_options=types.HttpOptions(base_url=url, **options)
        )
        self._runner = asyncio.Runner() if way == "async" else None
        self._face = self._client if self._runner is None else self._client.aio

    def call(self, method: str, **arguments: Any) -> Any:
        """Call a method of the client, such as ``batches.get``, and return what it returns."""
        returned = attrgetter(method)(self._face)(**arguments)
        if self._runner is None:
            return returned
        assert inspect.isawaitable(returned)
        return self._runner.run(_awaited(returned))

    def all(self, method: str, **arguments: Any) -> list[Any]:
        """Go through a list to its end, as a loop over it does."""
        pager = self.call(method, **arguments)
        return list(pager) if self._runner is None else self._runner.run(_collected(pager))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._runner is not None:
            self._runner.run(self._client.aio.aclose())
            self._runner.close()
        self._client.close()


async def _awaited(returned: Any) -> Any:
    return await returned


async def _collected(pager: Any) -> list[Any]:
    return [one async for one in pager]


def held(value: Any) -> Any:
    """Return all that an object of the client holds, under the names of the wire."""
    return value.model_dump(mode="json", by_alias=True, exclude_none=True)


def job_of(operation: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the client should hold of an operation.

    It drops ``error`` and ``batchStats``, ``priority`` and ``inputConfig``, and reads neither
    ``done`` nor ``response``, which say again what state and output say.
    """
    told = operation["metadata"]
    kept = {name: told[name] for name in ("displayName", "model") if name in told}
    times = {name: microseconds(told[name]) for name in _TIMES if name in told}
    state = told["state"].replace("BATCH_STATE_", "JOB_STATE_", 1)
    job = {"name": operation["name"], **kept, **times, "state": state}
    if "output" in told:
        job["dest"] = destination_of(told["output"])
    return job


_TIMES = ("createTime", "updateTime", "endTime", "expirationTime")


def destination_of(output: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the client should hold of the output of a batch."""
    if "responsesFile" in output:
        return {"fileName": output["responsesFile"]}
    items = output["inlinedResponses"]["inlinedResponses"]
    if "embedding" in items[0].get("response", {}):
        return {"inlinedEmbedContentResponses": [_without_usage(item) for item in items]}
    return {"inlinedResponses": [item_of(item) for item in items]}


def item_of(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the client should hold of one result: all but its ``serviceTier``."""
    if "response" not in item:
        return dict(item)
    usage = {**item["response"]["usageMetadata"]}
    del usage["serviceTier"]
    response = {**_with_url_safe_bytes(item["response"]), "usageMetadata": usage}
    return {**item, "response": response}


def _without_usage(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the client should hold of an embedding: it has no place for what it used."""
    response = {**item["response"]}
    del response["usageMetadata"]
    return {**item, "response": response}


def _with_url_safe_bytes(value: Any) -> Any:
    """Write bytes as the client does when it is asked for JSON."""
    if isinstance(value, list):
        return [_with_url_safe_bytes(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: inner.translate({43: "-", 47: "_"})
        if name == "thoughtSignature"
        else _with_url_safe_bytes(inner)
        for name, inner in value.items()
    }


def file_of(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the client should hold of a file: all of it."""
    times = {name: microseconds(resource[name]) for name in _TIMES if name in resource}
    sizes = {"sizeBytes": int(resource["sizeBytes"])} if "sizeBytes" in resource else {}
    return {**resource, **times, **sizes}


def microseconds(text: str) -> str:
    """Return a time as the client holds it: what is finer than a microsecond is cut off."""
    seconds, _, fraction = text.removesuffix("Z").partition(".")
    instant = datetime.fromisoformat(f"{seconds}.{fraction:0<6.6}+00:00")
    return instant.isoformat().replace("+00:00", "Z")
