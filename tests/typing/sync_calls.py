"""What an editor infers for the calls of the synchronous client."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, assert_type

import requests

from gemini_batch import (
    AsyncBatchEmbedContentRequest,
    BatchBuilder,
    BatchEndedError,
    BatchGenerateContentRequest,
    BatchGenerationResponseItem,
    BatchOperation,
    BatchResults,
    BatchStats,
    BatchStatus,
    Blob,
    Cancelled,
    Content,
    EmbedContentRequest,
    EmbedContentResponse,
    EmbeddingUsageMetadata,
    Expired,
    Failed,
    File,
    FinishReason,
    FunctionCall,
    FunctionDeclaration,
    GenerateContentBuilder,
    GenerateContentRequest,
    GenerationConfig,
    GenerationResponse,
    ItemError,
    ItemMalformed,
    ItemSuccess,
    Page,
    PollPolicy,
    Progress,
    RetryPolicy,
    Summary,
    SyncBatchClient,
    SyncBatchHandle,
    SyncFiles,
    SyncHandleReturnedError,
    SyncPager,
    SyncStream,
    Timeouts,
    Tool,
    UsageMetadata,
)

Handle = SyncBatchHandle[GenerationResponse]
Embeddings = SyncBatchHandle[EmbedContentResponse]
Item = BatchGenerationResponseItem[GenerationResponse]
Builder = BatchBuilder[
    str | GenerateContentRequest,
    BatchGenerateContentRequest,
    SyncBatchHandle[GenerationResponse],
]
EmbeddingsBuilder = BatchBuilder[
    str | EmbedContentRequest,
    AsyncBatchEmbedContentRequest,
    SyncBatchHandle[EmbedContentResponse],
]


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


def embeddings(client: SyncBatchClient, request: EmbedContentRequest, key: str) -> None:
    """Submit whatever holds texts to be embedded."""
    told: list[Progress] = []
    assert_type(client.submit_embeddings(["a", request]), Embeddings)
    assert_type(client.submit_embeddings({"a": "b"}), Embeddings)
    assert_type(client.submit_embeddings({"a": request}), Embeddings)
    assert_type(client.submit_embeddings([("a", "b"), (key, request)]), Embeddings)
    assert_type(client.submit_embeddings(text for text in ("a", "b")), Embeddings)
    assert_type(
        client.submit_embeddings(
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


def uploaded(client: SyncBatchClient, file: File) -> None:
    """Submit what was uploaded; what the answers are is said, or is generated content."""
    assert_type(client.submit_file("files/abc"), Handle)
    assert_type(client.submit_file(file, model="m", display_name="sky", label="gb-mine"), Handle)
    assert_type(client.submit_file(file, on_unknown="resubmit"), Handle)
    assert_type(client.submit_file(file, answers=GenerationResponse), Handle)
    assert_type(client.submit_file(file, answers=EmbedContentResponse), Embeddings)


def found_again(client: SyncBatchClient, operation: BatchOperation) -> None:
    """Take up a batch by its name, by what was seen of it, or by its label."""
    assert_type(client.get_batch("batches/abc"), Handle)
    assert_type(client.get_batch(operation, key_member="custom_id"), Handle)
    assert_type(client.get_batch(operation, answers=GenerationResponse), Handle)
    assert_type(client.get_batch("batches/abc", answers=EmbedContentResponse), Embeddings)
    assert_type(client.adopt("gb-mine"), Handle)
    assert_type(client.adopt("gb-mine", answers=GenerationResponse), Handle)
    assert_type(client.adopt("gb-mine", answers=EmbedContentResponse), Embeddings)


def bare(handle: SyncBatchHandle) -> Handle:
    """Name the class alone, which is a handle of generated content."""
    assert_type(handle, Handle)
    assert_type(handle.results(), BatchResults[GenerationResponse])
    return handle


def requests_built(client: SyncBatchClient, file: File, message: Content) -> None:
    """Put a request together; every step goes on with the same builder."""
    builder = client.generate_content()
    assert_type(builder, GenerateContentBuilder)
    assert_type(builder.with_user_message("a"), GenerateContentBuilder)
    assert_type(builder.with_model_message("a"), GenerateContentBuilder)
    assert_type(builder.with_message(message), GenerateContentBuilder)
    assert_type(builder.with_messages([message]), GenerateContentBuilder)
    assert_type(builder.with_system_instruction("a"), GenerateContentBuilder)
    assert_type(builder.with_system_instruction(message), GenerateContentBuilder)
    assert_type(builder.with_inline_data(b"a", "image/png"), GenerateContentBuilder)
    assert_type(builder.with_file(file), GenerateContentBuilder)
    assert_type(builder.with_file("https://a", "image/png"), GenerateContentBuilder)
    assert_type(builder.with_function_response("f", {"x": 1}), GenerateContentBuilder)
    assert_type(builder.with_function_response("f", {}, "call_1"), GenerateContentBuilder)
    assert_type(builder.with_model("gemini-2.5-pro"), GenerateContentBuilder)
    assert_type(builder.with_cached_content("cachedContents/a"), GenerateContentBuilder)
    assert_type(builder.with_generation_config(GenerationConfig()), GenerateContentBuilder)
    assert_type(builder.with_temperature(0), GenerateContentBuilder)
    assert_type(builder.with_top_p(0.5), GenerateContentBuilder)
    assert_type(builder.with_top_k(5), GenerateContentBuilder)
    assert_type(builder.with_max_output_tokens(5), GenerateContentBuilder)
    assert_type(builder.with_candidate_count(2), GenerateContentBuilder)
    assert_type(builder.with_stop_sequences(["a"]), GenerateContentBuilder)
    assert_type(builder.with_seed(5), GenerateContentBuilder)
    assert_type(builder.with_presence_penalty(0.5), GenerateContentBuilder)
    assert_type(builder.with_frequency_penalty(0.5), GenerateContentBuilder)
    assert_type(builder.with_response_mime_type("a/b"), GenerateContentBuilder)
    assert_type(builder.with_response_schema({"type": "STRING"}), GenerateContentBuilder)
    assert_type(builder.with_response_modalities(["TEXT"]), GenerateContentBuilder)
    assert_type(builder.with_thinking_budget(0), GenerateContentBuilder)
    assert_type(builder.with_thinking_level("LOW"), GenerateContentBuilder)
    assert_type(builder.with_tool(Tool(google_search={})), GenerateContentBuilder)
    assert_type(builder.with_function(FunctionDeclaration("f")), GenerateContentBuilder)
    assert_type(builder.build(), GenerateContentRequest)


def batches_built(client: SyncBatchClient, request: GenerateContentRequest) -> None:
    """Put a batch together, and execute it."""
    builder = client.batch_generate_content()
    assert_type(builder.with_model("gemini-2.5-pro"), Builder)
    assert_type(builder.with_name("sky"), Builder)
    assert_type(builder.with_request("a"), Builder)
    assert_type(builder.with_request(request, key="a"), Builder)
    assert_type(builder.with_requests(["a", request]), Builder)
    assert_type(builder.with_requests({"a": request}), Builder)
    assert_type(builder.with_requests(("a", request) for _ in range(3)), Builder)
    assert_type(builder.build(), BatchGenerateContentRequest)
    assert_type(builder.execute(), Handle)
    assert_type(builder.execute_as_file(), Handle)


def embeddings_built(client: SyncBatchClient, request: EmbedContentRequest) -> None:
    """Put a batch of embeddings together, and execute it."""
    builder = client.batch_embed_contents().with_name("sky").with_model("m")
    assert_type(builder.with_request("a").with_request(request, "b"), EmbeddingsBuilder)
    assert_type(builder.with_requests({"a": request}), EmbeddingsBuilder)
    assert_type(builder.with_requests(["a", ("b", "c")]), EmbeddingsBuilder)
    assert_type(builder.build(), AsyncBatchEmbedContentRequest)
    assert_type(builder.execute(), Embeddings)
    assert_type(builder.execute_as_file(), Embeddings)


def lists(client: SyncBatchClient) -> None:
    """Go through what there is, one by one or page by page."""
    assert_type(client.list_batches(), SyncPager[BatchOperation])
    for operation in client.list_batches(page_size=5):
        assert_type(operation, BatchOperation)
    assert_type(client.list_batches().pages(), SyncStream[Page[BatchOperation]])
    for page in client.list_batches(5).pages():
        assert_type(page.items, tuple[BatchOperation, ...])
        assert_type(page.next_page_token, str)


def files(client: SyncBatchClient, path: Path, file: File) -> None:
    """Upload, look, list, download and delete."""
    assert_type(client.files, SyncFiles)
    assert_type(client.files.upload(path), File)
    assert_type(client.files.upload("a.png", display_name="a", name="files/a"), File)
    assert_type(client.files.upload(b"a", mime_type="text/plain", progress=True), File)
    assert_type(client.files.get("files/a"), File)
    assert_type(client.files.get(file), File)
    assert_type(client.files.list(), SyncPager[File])
    assert_type(client.files.list(page_size=5).pages(), SyncStream[Page[File]])
    assert_type(next(client.files.list()), File)
    assert_type(client.files.download("files/a", path), None)
    assert_type(client.files.download(file, "a", overwrite=True, progress=True), None)
    assert_type(client.files.delete("files/a"), None)
    assert_type(client.files.delete(file), None)


def many(client: SyncBatchClient, some: list[Handle], others: list[Embeddings]) -> None:
    """Wait for many batches, of one kind at a time."""
    assert_type(client.as_completed(some), SyncStream[Handle])
    for one in client.as_completed(others, timeout=5, poll=PollPolicy(first=1), progress=True):
        assert_type(one, Embeddings)
    assert_type(client.wait_all(some), list[BatchStatus[GenerationResponse]])
    assert_type(
        client.wait_all(iter(others), timeout=5, poll=PollPolicy(first=1), progress=True),
        list[BatchStatus[EmbedContentResponse]],
    )


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
    handle.watch().close()


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
    assert_type(found.resolved_count, int)
    assert_type(found.at(0), Item)
    assert_type(found.lines(), Iterator[bytes])
    assert_type(found.check(), Sequence[ItemMalformed])
    assert_type(found.usage(), UsageMetadata)
    found.close()
    with found as same:
        assert_type(same, BatchResults[GenerationResponse])
    found.raise_for_incomplete()
    found.save("results.jsonl", overwrite=True)
    for item in found:
        assert_type(item, Item)
        assert_type(item.unwrap(), GenerationResponse)


def opened(path: Path) -> None:
    """Open a results file that is on disk."""
    assert_type(BatchResults.open(path), BatchResults[GenerationResponse])
    assert_type(BatchResults.open("a", key_member="custom_id"), BatchResults[GenerationResponse])
    assert_type(
        BatchResults.open(path, answers=GenerationResponse), BatchResults[GenerationResponse]
    )
    assert_type(
        BatchResults.open(path, answers=EmbedContentResponse), BatchResults[EmbedContentResponse]
    )


def embedded(found: BatchResults[EmbedContentResponse]) -> None:
    """Read embeddings, and what they used."""
    assert_type(found.usage(), EmbeddingUsageMetadata)
    assert_type(found.successes[0].response, EmbedContentResponse)
    assert_type(found[0].unwrap().values, tuple[float, ...])


def summed_up(found: BatchResults[Any]) -> None:
    """Count what became of the requests."""
    summary = found.summary()
    assert_type(summary, Summary)
    assert_type(summary.requests, int)
    assert_type(summary.answered + summary.failed + summary.blocked + summary.malformed, int)
    assert_type(summary.missing + summary.duplicates + summary.unexpected, int)
    assert_type(summary.truncated, int)
    assert_type(summary.complete, bool)
    assert_type(summary.examples, tuple[str, ...])
    assert_type(summary.counts(), Mapping[str, int])


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
