# pyright: reportUnnecessaryTypeIgnoreComment=true
"""What must not pass a type checker: each comment is an error if its line is none.

mypy says so for every ``type: ignore`` that is not needed, and with the comment on top pyright too.
"""

from typing import assert_never

from gemini_batch import (
    AsyncBatchClient,
    AsyncBatchHandle,
    BatchGenerationResponseItem,
    BatchResults,
    BatchStatus,
    Cancelled,
    EmbedContentRequest,
    EmbedContentResponse,
    Expired,
    Failed,
    File,
    GenerateContentRequest,
    GenerationResponse,
    ItemError,
    ItemSuccess,
    Pending,
    PollPolicy,
    Running,
    Succeeded,
    SyncBatchClient,
    SyncBatchHandle,
)

Embedded = ItemSuccess[EmbedContentResponse]


def submissions(client: SyncBatchClient) -> None:
    """Requests that are none, and words that are not known."""
    client.submit(7)  # type: ignore[arg-type]
    client.submit([7])  # type: ignore[list-item]
    client.submit({1: "a"})  # type: ignore[dict-item]
    client.submit([(1, "a")])  # type: ignore[list-item]
    client.submit([("a", "b", "c")])  # type: ignore[list-item]
    client.submit(["a"], via="fax")  # type: ignore[arg-type]
    client.submit(["a"], on_unknown="again")  # type: ignore[arg-type]
    client.submit(["a"], "gemini-2.5-flash")  # type: ignore[call-arg]
    client.submit(["a"], priority=1)  # type: ignore[call-arg]


def vectors(found: BatchResults[GenerationResponse]) -> None:
    """Generated content is no vectors."""
    found.vectors()  # type: ignore[misc]


async def asynchronous_supplies(client: SyncBatchClient, other: AsyncBatchClient) -> None:
    """The synchronous client iterates over nothing that has to be awaited."""
    client.submit(text async for text in other.get_batch("a").watch())  # type: ignore[arg-type]
    await client.submit(["a"])  # type: ignore[misc]


async def forgotten_awaits(client: AsyncBatchClient, handle: AsyncBatchHandle) -> None:
    """A coroutine is not what it will return."""
    client.submit(["a"]).results()  # type: ignore[attr-defined]
    _ = handle.status().finished  # type: ignore[attr-defined]
    for _ in handle.watch():  # type: ignore[attr-defined]
        pass
    with handle.stream_results():  # type: ignore[attr-defined]
        pass
    _ = client.batch_generate_content().execute().name  # type: ignore[attr-defined]
    for _ in client.list_batches():  # type: ignore[attr-defined]
        pass
    _ = client.files.get("files/a").uri  # type: ignore[attr-defined]
    _ = client.wait_all([handle])[0]  # type: ignore[index]


async def needless_awaits(client: SyncBatchClient, other: AsyncBatchClient) -> None:
    """What is there at once is not awaited, on either client."""
    await client.batch_generate_content().execute()  # type: ignore[misc]
    await client.files.get("files/a")  # type: ignore[misc]
    await client.adopt("gb-mine")  # type: ignore[misc]
    await client.wait_all([])  # type: ignore[misc]
    await other.get_batch("batches/abc")  # type: ignore[misc]
    await other.list_batches()  # type: ignore[misc]
    await other.as_completed([])  # type: ignore[misc]
    await other.batch_generate_content().build()  # type: ignore[misc]


def kinds_of_answers(client: SyncBatchClient, other: AsyncBatchClient) -> None:
    """There are two, and no third."""
    client.get_batch("batches/abc", answers=str)  # type: ignore[type-var]
    client.adopt("gb-mine", answers=str)  # type: ignore[type-var]
    client.submit_file("files/abc", answers=str)  # type: ignore[type-var]
    other.get_batch("batches/abc", answers=str)  # type: ignore[type-var]
    BatchResults.open("results.jsonl", answers=str)  # type: ignore[type-var]
    client.get_batch("batches/abc", answers="EmbedContentResponse")  # type: ignore[call-overload]
    client.get_batch("batches/abc", EmbedContentResponse)  # type: ignore[call-overload]


def builders(
    client: SyncBatchClient, other: AsyncBatchClient, embedding: EmbedContentRequest
) -> None:
    """What is no request, and steps in the wrong words."""
    client.batch_generate_content().with_request(1)  # type: ignore[arg-type]
    client.batch_generate_content().with_request("a", 1)  # type: ignore[arg-type]
    client.batch_generate_content().with_request(embedding)  # type: ignore[arg-type]
    client.batch_generate_content().with_requests(7)  # type: ignore[arg-type]
    client.batch_generate_content().with_requests({1: "a"})  # type: ignore[dict-item]
    client.batch_generate_content().execute("a")  # type: ignore[call-arg]
    client.batch_embed_contents().with_request(GenerateContentRequest())  # type: ignore[arg-type]
    other.batch_embed_contents().with_request(b"a")  # type: ignore[arg-type]
    client.generate_content().with_temperature("hot")  # type: ignore[arg-type]
    client.generate_content().with_user_message(b"a")  # type: ignore[arg-type]
    client.generate_content().with_user_message("a").execute()  # type: ignore[attr-defined]
    client.generate_content().with_function("f")  # type: ignore[arg-type]
    client.generate_content().with_safety_settings("OFF")  # type: ignore[arg-type]
    client.submit(["a"], defaults=embedding)  # type: ignore[arg-type]
    client.submit_embeddings(["a"], defaults=GenerateContentRequest())  # type: ignore[arg-type]
    client.batch_generate_content().with_defaults("Be brief")  # type: ignore[arg-type]
    GenerateContentRequest.of(b"a")  # type: ignore[arg-type]
    client.submit_embeddings([7])  # type: ignore[list-item]
    client.submit_embeddings([GenerateContentRequest()])  # type: ignore[list-item]
    client.submit_embeddings(["a"], output_dimensionality="256")  # type: ignore[arg-type]
    client.submit(["a"], task_type="CLUSTERING")  # type: ignore[call-arg]


def files(client: SyncBatchClient, file: File) -> None:
    """What is neither a file nor its name."""
    client.files.upload(file)  # type: ignore[arg-type]
    client.files.upload("a.png", "image/png")  # type: ignore[call-arg]
    client.files.get(7)  # type: ignore[arg-type]
    client.files.download(file)  # type: ignore[call-arg]
    client.files.list("5")  # type: ignore[arg-type]
    client.files = client.files  # type: ignore[misc]
    file.state = None  # type: ignore[misc]
    _ = file.uri.upper()  # type: ignore[union-attr]


def many(
    client: SyncBatchClient, handle: SyncBatchHandle, other: AsyncBatchHandle, name: str
) -> None:
    """What is not handles of this client."""
    client.wait_all(handle)  # type: ignore[arg-type]
    client.wait_all([name])  # type: ignore[list-item]
    client.wait_all([other])  # type: ignore[list-item]
    client.as_completed([handle], 30)  # type: ignore[call-arg]
    _ = client.wait_all([handle])[0].results  # type: ignore[union-attr]


def bounds() -> None:
    """Handles and results are of one of the two kinds."""
    _: SyncBatchHandle[str]  # type: ignore[type-var]
    __: BatchResults[bytes]  # type: ignore[type-var]


def handles(handle: SyncBatchHandle[GenerationResponse]) -> None:
    """What handles do not have."""
    handle.name = "batches/other"  # type: ignore[misc]
    handle.wait(30)  # type: ignore[call-arg]
    handle.wait(poll=10)  # type: ignore[arg-type]
    _ = handle.status().results  # type: ignore[union-attr]
    handle.pages()  # type: ignore[attr-defined]


def results(
    found: BatchResults[GenerationResponse], status: BatchStatus[GenerationResponse]
) -> None:
    """Results cannot be changed, nor an answer be read from an item that has none."""
    found[0] = found[1]  # type: ignore[index]
    _ = found[0].response  # type: ignore[union-attr]
    found.by_key(7)  # type: ignore[arg-type]
    _ = found.usage().prompt_token_count + 1  # type: ignore[operator]
    _ = found.summary().answered_count  # type: ignore[attr-defined]
    len(found.missing)  # type: ignore[arg-type]
    _ = status.stats.request_count + 1  # type: ignore[operator]
    PollPolicy().first = 1  # type: ignore[misc]


def incomplete_statuses(status: BatchStatus[GenerationResponse]) -> None:
    """A state that nobody knows yet is a case, too."""
    match status:
        case Pending() | Running() | Succeeded() | Failed() | Cancelled() | Expired():
            pass
        case _:
            assert_never(status)  # type: ignore[arg-type]


def incomplete_items(item: BatchGenerationResponseItem[GenerationResponse]) -> None:
    """A line that cannot be read is a case, too."""
    match item:
        case ItemSuccess() | ItemError():
            pass
        case _:
            assert_never(item)  # type: ignore[arg-type]


def items(
    item: BatchGenerationResponseItem[GenerationResponse], error: ItemError, embedding: Embedded
) -> None:
    """Only an answer has a response, and only that of its kind."""
    _ = error.response  # type: ignore[attr-defined]
    _ = item.error  # type: ignore[union-attr]
    _ = embedding.response.text  # type: ignore[attr-defined]
    error.key = "other"  # type: ignore[misc]
