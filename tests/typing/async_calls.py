"""What an editor infers for the calls of the asynchronous client."""

from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any, assert_type

import aiohttp

from gemini_batch import (
    AsyncBatchClient,
    AsyncBatchEmbedContentRequest,
    AsyncBatchHandle,
    AsyncFiles,
    AsyncHandleReturnedError,
    AsyncPager,
    AsyncStream,
    BatchBuilder,
    BatchGenerateContentRequest,
    BatchGenerationResponseItem,
    BatchOperation,
    BatchResults,
    BatchStatus,
    EmbedContentRequest,
    EmbedContentResponse,
    File,
    GenerateContentBuilder,
    GenerateContentRequest,
    GenerationResponse,
    Page,
    PollPolicy,
    Progress,
    RetryPolicy,
    Timeouts,
)

Handle = AsyncBatchHandle[GenerationResponse]
Embeddings = AsyncBatchHandle[EmbedContentResponse]
Item = BatchGenerationResponseItem[GenerationResponse]
Builder = BatchBuilder[
    str | GenerateContentRequest,
    BatchGenerateContentRequest,
    Coroutine[Any, Any, AsyncBatchHandle[GenerationResponse]],
]
EmbeddingsBuilder = BatchBuilder[
    str | EmbedContentRequest,
    AsyncBatchEmbedContentRequest,
    Coroutine[Any, Any, AsyncBatchHandle[EmbedContentResponse]],
]


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


async def embeddings(client: AsyncBatchClient, request: EmbedContentRequest, key: str) -> None:
    """Submit whatever holds texts to be embedded."""
    told: list[Progress] = []
    assert_type(await client.submit_embeddings(["a", request]), Embeddings)
    assert_type(await client.submit_embeddings({"a": "b"}), Embeddings)
    assert_type(await client.submit_embeddings({"a": request}), Embeddings)
    assert_type(await client.submit_embeddings([("a", "b"), (key, request)]), Embeddings)
    assert_type(await client.submit_embeddings(text for text in ("a", "b")), Embeddings)
    assert_type(await client.submit_embeddings(texts()), Embeddings)
    assert_type(
        await client.submit_embeddings(
            ["a"],
            model="gemini-embedding-001",
            display_name="sky",
            task_type="RETRIEVAL_DOCUMENT",
            output_dimensionality=256,
            via="file",
            label="gb-mine",
            on_unknown="resubmit",
            progress=told.append,
        ),
        Embeddings,
    )


async def uploaded(client: AsyncBatchClient, file: File) -> None:
    """Submit what was uploaded; what the answers are is said, or is generated content."""
    assert_type(await client.submit_file("files/abc"), Handle)
    assert_type(
        await client.submit_file(file, model="m", display_name="sky", label="gb-mine"), Handle
    )
    assert_type(await client.submit_file(file, on_unknown="resubmit"), Handle)
    assert_type(await client.submit_file(file, answers=GenerationResponse), Handle)
    assert_type(await client.submit_file(file, answers=EmbedContentResponse), Embeddings)


async def found_again(client: AsyncBatchClient, operation: BatchOperation) -> None:
    """Take up a batch by its name, by what was seen of it, or by its label."""
    assert_type(client.get_batch("batches/abc"), Handle)
    assert_type(client.get_batch(operation, key_member="custom_id"), Handle)
    assert_type(client.get_batch(operation, answers=GenerationResponse), Handle)
    assert_type(client.get_batch("batches/abc", answers=EmbedContentResponse), Embeddings)
    assert_type(await client.adopt("gb-mine"), Handle)
    assert_type(await client.adopt("gb-mine", answers=GenerationResponse), Handle)
    assert_type(await client.adopt("gb-mine", answers=EmbedContentResponse), Embeddings)


async def bare(handle: AsyncBatchHandle) -> Handle:
    """Name the class alone, which is a handle of generated content."""
    assert_type(handle, Handle)
    assert_type(await handle.results(), BatchResults[GenerationResponse])
    return handle


def requests_built(client: AsyncBatchClient) -> None:
    """Put a request together; the builder is that of both clients."""
    assert_type(client.generate_content(), GenerateContentBuilder)
    assert_type(client.generate_content().with_user_message("a").build(), GenerateContentRequest)


async def batches_built(client: AsyncBatchClient, request: GenerateContentRequest) -> None:
    """Put a batch together, and execute it."""
    builder = client.batch_generate_content()
    assert_type(builder.with_model("gemini-2.5-pro"), Builder)
    assert_type(builder.with_name("sky"), Builder)
    assert_type(builder.with_request("a"), Builder)
    assert_type(builder.with_request(request, key="a"), Builder)
    assert_type(builder.with_requests(["a", request]), Builder)
    assert_type(builder.with_requests({"a": request}), Builder)
    assert_type(builder.with_requests(texts()), Builder)
    assert_type(builder.with_requests(pairs(request)), Builder)
    assert_type(builder.with_requests(("a", request) for _ in range(3)), Builder)
    assert_type(builder.with_defaults(request), Builder)
    assert_type(await client.submit(["a"], defaults=request), Handle)
    assert_type(builder.build(), BatchGenerateContentRequest)
    assert_type(await builder.execute(), Handle)
    assert_type(await builder.execute_as_file(), Handle)


async def embeddings_built(client: AsyncBatchClient, request: EmbedContentRequest) -> None:
    """Put a batch of embeddings together, and execute it."""
    builder = client.batch_embed_contents().with_name("sky").with_model("m")
    assert_type(builder.with_request("a").with_request(request, "b"), EmbeddingsBuilder)
    assert_type(builder.with_requests({"a": request}), EmbeddingsBuilder)
    assert_type(builder.with_requests(["a", ("b", "c")]), EmbeddingsBuilder)
    assert_type(builder.with_requests(texts()), EmbeddingsBuilder)
    assert_type(builder.with_defaults(request), EmbeddingsBuilder)
    assert_type(await client.submit_embeddings(["a"], defaults=request), Embeddings)
    assert_type(builder.build(), AsyncBatchEmbedContentRequest)
    assert_type(await builder.execute(), Embeddings)
    assert_type(await builder.execute_as_file(), Embeddings)


async def lists(client: AsyncBatchClient) -> None:
    """Go through what there is, one by one or page by page."""
    assert_type(client.list_batches(), AsyncPager[BatchOperation])
    async for operation in client.list_batches(page_size=5):
        assert_type(operation, BatchOperation)
    assert_type(client.list_batches().pages(), AsyncStream[Page[BatchOperation]])
    async for page in client.list_batches(5).pages():
        assert_type(page.items, tuple[BatchOperation, ...])
        assert_type(page.next_page_token, str)


async def files(client: AsyncBatchClient, path: Path, file: File) -> None:
    """Upload, look, list, download and delete."""
    assert_type(client.files, AsyncFiles)
    assert_type(await client.files.upload(path), File)
    assert_type(await client.files.upload("a.png", display_name="a", name="files/a"), File)
    assert_type(await client.files.upload(b"a", mime_type="text/plain", progress=True), File)
    assert_type(await client.files.get("files/a"), File)
    assert_type(await client.files.get(file), File)
    assert_type(client.files.list(), AsyncPager[File])
    assert_type(client.files.list(page_size=5).pages(), AsyncStream[Page[File]])
    assert_type(await anext(client.files.list()), File)
    assert_type(await client.files.download("files/a", path), None)
    assert_type(await client.files.download(file, "a", overwrite=True, progress=True), None)
    assert_type(await client.files.delete("files/a"), None)
    assert_type(await client.files.delete(file), None)


async def many(client: AsyncBatchClient, some: list[Handle], others: list[Embeddings]) -> None:
    """Wait for many batches, of one kind at a time."""
    assert_type(client.as_completed(some), AsyncStream[Handle])
    async for one in client.as_completed(
        others, timeout=5, poll=PollPolicy(first=1), progress=True
    ):
        assert_type(one, Embeddings)
    assert_type(await client.wait_all(some), list[BatchStatus[GenerationResponse]])
    assert_type(
        await client.wait_all(iter(others), timeout=5, poll=PollPolicy(first=1), progress=True),
        list[BatchStatus[EmbedContentResponse]],
    )


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
    assert_type(await handle.watch().aclose(), None)


async def failures(handle: Handle) -> None:
    """Find what is still yours in an error."""
    try:
        await handle.cancel()
    except AsyncHandleReturnedError as returned:
        assert_type(returned.handle, AsyncBatchHandle[Any])
        assert_type(returned.retryable, bool)
