"""A batch as the JSON of its long-running operation."""

from __future__ import annotations

import attrs

from .results import FileSource, InlineSource, Results
from .validation import Kind
from .wire import JsonObject, micros, nanos, present

_PACKAGE = "type.googleapis.com/google.ai.generativelanguage.v1main"
"""The same whatever version the URL names."""


@attrs.frozen
class View:
    """What one look at a batch shows."""

    state: str
    requests: int
    successful: int = 0
    failed: int = 0
    done: bool = False
    error: JsonObject | None = None
    results: Results | None = None

    def without_inline_output(self) -> View:
        """Return the view as a list shows it."""
        if self.results is None or self.results.items is None:
            return self
        return attrs.evolve(self, results=None)


@attrs.define(eq=False)
class About:
    """What the service tells of a batch that does not change from look to look."""

    id: str
    kind: Kind
    model: str
    display_name: str
    priority: int
    source: InlineSource | FileSource
    created: int

    @property
    def name(self) -> str:
        """Return the resource name."""
        return f"batches/{self.id}"


def operation(batch: About, view: View, ended: int | None, now: int) -> JsonObject:
    """Return the operation, its members in the order in which the service writes them."""
    kind = "EmbedContentBatch" if batch.kind == "embed" else "GenerateContentBatch"
    output = None if view.results is None else _output(batch, view.results)
    if not view.done:
        ended = None
    stats = {
        "requestCount": view.requests,
        "successfulRequestCount": view.successful,
        "failedRequestCount": view.failed,
        "pendingRequestCount": view.requests - view.successful - view.failed,
    }
    file_name = batch.source.name if isinstance(batch.source, FileSource) else None
    metadata = present(
        {
            "@type": f"{_PACKAGE}.{kind}",
            "model": batch.model,
            "displayName": batch.display_name,
            "inputConfig": present({"fileName": file_name}),
            "output": output,
            "createTime": nanos(batch.created),
            "endTime": None if ended is None else nanos(ended),
            "updateTime": _update_time(batch, view, ended, now),
            "batchStats": {name: str(count) for name, count in stats.items() if count},
            "priority": str(batch.priority) if batch.priority else None,
            "state": view.state,
            "name": batch.name,
        }
    )
    # An embeddings batch was seen to name its own type here, not that of an output.
    suffix = "" if batch.kind == "embed" else "Output"
    response = None if output is None else {"@type": f"{_PACKAGE}.{kind}{suffix}", **output}
    return present(
        {
            "name": batch.name,
            "metadata": metadata,
            "done": view.done,
            "error": view.error,
            "response": response,
        }
    )


def _update_time(batch: About, view: View, ended: int | None, now: int) -> str:
    if ended is not None:
        # Ends and updates were seen to differ by some ten nanoseconds, either way.
        return nanos(ended + batch.created % 100 - 50)
    if view.successful + view.failed:
        # Whatever counts the results has a coarser clock; rounded up, it is not before creation.
        return micros(now + 999)
    return nanos(batch.created)


def _output(batch: About, results: Results) -> JsonObject:
    if results.items is None:
        return {"responsesFile": f"files/batch-{batch.id}"}
    return {"inlinedResponses": present({"inlinedResponses": results.items})}
