"""What an editor infers for the calls of the asynchronous client."""

from collections.abc import AsyncIterator
from typing import Any, assert_type

import aiohttp

from gemini_batch import (
    AsyncBatchClient,
    AsyncBatchHandle,
    AsyncHandleReturnedError,
    AsyncStream,
    BatchGenerationResponseItem,
    BatchOperation,
    BatchResults,
    BatchStatus,
    GenerateContentRequest,
    GenerationResponse,
    PollPolicy,
    Progress,
    RetryPolicy,
    Timeouts,
)

Handle = AsyncBatchHandle[GenerationResponse]
Item = BatchGenerationResponseItem[GenerationResponse]


async def clients(session: aiohttp.ClientSession) -> None:
    """Make one with nothing, or with everything."""
    async with AsyncBatchClient() as client:
        assert_type(client, AsyncBatchClient)
    other = AsyncBatchClient(
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
    await other.close()


async def texts() -> AsyncIterator[str]:
    """Yield prompts."""
    yield "a"


async def pairs(
    request: GenerateContentRequest,
) -> AsyncIterator[tuple[str, GenerateContentRequest]]:
    """Yield requests with their keys."""
    yield "a", request


async def supplies(client: AsyncBatchClient, request: GenerateContentRequest, key: str) -> None:
    """Submit whatever holds requests, or yields them one day."""
    assert_type(await client.submit(["a", "b"]), Handle)
    assert_type(await client.submit([request, "b"]), Handle)
    assert_type(await client.submit({"a": "b"}), Handle)
    assert_type(await client.submit({"a": request}), Handle)
    assert_type(await client.submit([("a", "b"), (key, request)]), Handle)
    assert_type(await client.submit(text for text in ("a", "b")), Handle)
    assert_type(await client.submit(texts()), Handle)
    assert_type(await client.submit(pairs(request)), Handle)
    assert_type(await client.submit(text async for text in texts()), Handle)


async def submissions(client: AsyncBatchClient) -> None:
    """Say how to submit them."""
    told: list[Progress] = []
    assert_type(
        await client.submit(
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


def found_again(client: AsyncBatchClient, operation: BatchOperation) -> None:
    """Take up a batch by its name, or by what was seen of it; nothing is awaited."""
    assert_type(client.get_batch("batches/abc"), Handle)
    assert_type(client.get_batch(operation, key_member="custom_id"), Handle)


async def handles(handle: Handle) -> None:
    """Look, wait, fetch and consume."""
    assert_type(handle.name, str)
    assert_type(await handle.operation(), BatchOperation)
    assert_type(await handle.status(), BatchStatus[GenerationResponse])
    assert_type(await handle.wait(), BatchStatus[GenerationResponse])
    assert_type(
        await handle.wait(timeout=1, poll=PollPolicy(first=1), progress=True),
        BatchStatus[GenerationResponse],
    )
    assert_type(await handle.results(), BatchResults[GenerationResponse])
    assert_type(await handle.cancel(), Handle)
    assert_type(await handle.delete(), None)


async def streams(handle: Handle) -> None:
    """Iterate, within ``async with`` or without."""
    assert_type(handle.watch(), AsyncStream[BatchStatus[GenerationResponse]])
    async for status in handle.watch(timeout=1, poll=PollPolicy(first=1)):
        assert_type(status, BatchStatus[GenerationResponse])
    async with handle.stream_results() as items:
        assert_type(items, AsyncStream[Item])
        assert_type(aiter(items), AsyncStream[Item])
        assert_type(await anext(items), Item)
    assert_type([item async for item in handle.stream_results()], list[Item])


async def failures(handle: Handle) -> None:
    """Find what is still yours in an error."""
    try:
        await handle.cancel()
    except AsyncHandleReturnedError as returned:
        assert_type(returned.handle, AsyncBatchHandle[Any])
        assert_type(returned.retryable, bool)
