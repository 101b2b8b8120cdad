"""What an editor infers for the calls of the synchronous client."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, assert_type

import requests

from gemini_batch import (
    BatchEndedError,
    BatchGenerationResponseItem,
    BatchOperation,
    BatchResults,
    BatchStats,
    BatchStatus,
    Blob,
    Cancelled,
    Expired,
    Failed,
    FinishReason,
    FunctionCall,
    GenerateContentRequest,
    GenerationResponse,
    ItemError,
    ItemMalformed,
    ItemSuccess,
    PollPolicy,
    Progress,
    RetryPolicy,
    SyncBatchClient,
    SyncBatchHandle,
    SyncHandleReturnedError,
    SyncStream,
    Timeouts,
    UsageMetadata,
)

Handle = SyncBatchHandle[GenerationResponse]
Item = BatchGenerationResponseItem[GenerationResponse]


def clients(session: requests.Session) -> None:
    """Make one with nothing, or with everything."""
    with SyncBatchClient() as client:
        assert_type(client, SyncBatchClient)
    other = SyncBatchClient(
        "key",
        model="gemini-2.5-flash",
        base_url="https://example.test",
        api_version="v1beta",
        timeout=Timeouts(connect=1, read=2, create=3),
        retry=RetryPolicy(attempts=1),
        poll=PollPolicy(first=1),
        session=session,
        spool_dir="/tmp",  # noqa: S108 - nothing of this ever runs
        allow_http=False,
    )
    other.close()


def supplies(client: SyncBatchClient, request: GenerateContentRequest, key: str) -> None:
    """Submit whatever holds requests."""
    assert_type(client.submit(["a", "b"]), Handle)
    assert_type(client.submit([request, "b"]), Handle)
    assert_type(client.submit({"a": "b"}), Handle)
    assert_type(client.submit({"a": request}), Handle)
    assert_type(client.submit({"a": request, "b": "c"}), Handle)
    assert_type(client.submit([("a", "b"), (key, request)]), Handle)
    assert_type(client.submit(("a", ("b", "c"))), Handle)
    assert_type(client.submit(text for text in ("a", "b")), Handle)
    assert_type(client.submit((text, request) for text in ("a", "b")), Handle)
    assert_type(client.submit(map(str, range(3))), Handle)


def submissions(client: SyncBatchClient) -> None:
    """Say how to submit them."""
    told: list[Progress] = []
    assert_type(
        client.submit(
            ["a"],
            model="gemini-2.5-pro",
            display_name="sky",
            via="file",
            label="gb-mine",
            on_unknown="resubmit",
            progress=told.append,
        ),
        Handle,
    )
    assert_type(client.submit(["a"], via="inline", on_unknown="raise", progress=True), Handle)


def found_again(client: SyncBatchClient, operation: BatchOperation) -> None:
    """Take up a batch by its name, or by what was seen of it."""
    assert_type(client.get_batch("batches/abc"), Handle)
    assert_type(client.get_batch(operation, key_member="custom_id"), Handle)


def handles(handle: Handle) -> None:
    """Look, wait, fetch and consume."""
    assert_type(handle.name, str)
    assert_type(handle.operation(), BatchOperation)
    assert_type(handle.status(), BatchStatus[GenerationResponse])
    assert_type(handle.wait(), BatchStatus[GenerationResponse])
    assert_type(
        handle.wait(timeout=1, poll=PollPolicy(first=1), progress=True),
        BatchStatus[GenerationResponse],
    )
    assert_type(handle.results(), BatchResults[GenerationResponse])
    assert_type(handle.cancel(), Handle)
    assert_type(handle.delete(), None)


def streams(handle: Handle) -> None:
    """Iterate, within ``with`` or without."""
    assert_type(handle.watch(), SyncStream[BatchStatus[GenerationResponse]])
    for status in handle.watch(timeout=1, poll=PollPolicy(first=1)):
        assert_type(status, BatchStatus[GenerationResponse])
    with handle.stream_results() as items:
        assert_type(items, SyncStream[Item])
        assert_type(iter(items), SyncStream[Item])
        assert_type(next(items), Item)
    *_, last = handle.watch()
    assert_type(last, BatchStatus[GenerationResponse])


def results(found: BatchResults[GenerationResponse]) -> None:
    """Read them as a sequence, or part of them."""
    assert_type(len(found), int)
    assert_type(found[0], Item)
    assert_type(found[1:3], Sequence[Item])
    assert_type(iter(found), Iterator[Item])
    assert_type(reversed(found), Iterator[Item])
    assert_type(found.by_key("a"), Item)
    assert_type(found.successes, Sequence[ItemSuccess[GenerationResponse]])
    assert_type(found.errors, Sequence[ItemError])
    assert_type(found.malformed, Sequence[ItemMalformed])
    assert_type(found.duplicates, Sequence[Item])
    assert_type(found.unexpected, Sequence[Item])
    assert_type(found.missing, Sequence[str] | None)
    assert_type(found.expected, int | None)
    assert_type(found.keyed_by, Literal["key", "position"])
    assert_type(found.closed, bool)
    with found as same:
        assert_type(same, BatchResults[GenerationResponse])
    found.raise_for_incomplete()
    found.save("results.jsonl", overwrite=True)
    for item in found:
        assert_type(item, Item)
        assert_type(item.unwrap(), GenerationResponse)


def items(item: Item) -> None:
    """Ask any of them the same questions."""
    assert_type(item.key, str | None)
    assert_type(item.ok, bool)
    assert_type(item.problem, str | None)
    assert_type(item.unwrap(), GenerationResponse)
    assert_type(item.raw(), bytes)
    assert_type(item.metadata, Mapping[str, Any])


def responses(response: GenerationResponse) -> None:
    """Read an answer."""
    assert_type(response.text, str)
    assert_type(response.text_or("none"), str)
    assert_type(response.thoughts, str)
    assert_type(response.truncated, bool)
    assert_type(response.finish_reason, FinishReason | None)
    assert_type(response.usage, UsageMetadata | None)
    assert_type(response.function_calls, tuple[FunctionCall, ...])
    assert_type(response.blobs, tuple[Blob, ...])


def statuses(status: BatchStatus[GenerationResponse]) -> None:
    """Ask any of them the same questions."""
    assert_type(status.finished, bool)
    assert_type(status.stats, BatchStats)
    assert_type(status.operation, BatchOperation)
    assert_type(status.stats.request_count, int | None)


def failures(handle: Handle) -> None:
    """Find what is still yours in an error."""
    try:
        handle.delete()
    except SyncHandleReturnedError as returned:
        assert_type(returned.handle, SyncBatchHandle[Any])
        assert_type(returned.retryable, bool)
        assert_type(returned.name, str)
    except BatchEndedError as ended:
        assert_type(ended.status, Failed | Cancelled[Any] | Expired[Any])
