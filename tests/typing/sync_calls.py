"""What an editor infers for the calls of the synchronous client."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypedDict, assert_type

import attrs
import numpy as np
import requests
from pydantic import BaseModel

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
    CitationSource,
    CodeExecutionResult,
    Content,
    EmbedContentRequest,
    EmbedContentResponse,
    EmbeddingUsageMetadata,
    ExecutableCode,
    Expired,
    Failed,
    File,
    FinishReason,
    FunctionCall,
    FunctionCallingMode,
    FunctionDeclaration,
    GenerateContentBuilder,
    GenerateContentRequest,
    GenerationConfig,
    GenerationResponse,
    GoogleSearch,
    HarmBlockThreshold,
    HarmCategory,
    ImageConfig,
    ItemError,
    ItemMalformed,
    ItemSuccess,
    MediaResolution,
    Outcome,
    Page,
    Part,
    PollPolicy,
    PrebuiltVoiceConfig,
    Progress,
    RetryPolicy,
    SafetySetting,
    Schema,
    SpeakerVoiceConfig,
    SpeechConfig,
    Summary,
    SyncBatchClient,
    SyncBatchHandle,
    SyncFiles,
    SyncHandleReturnedError,
    SyncPager,
    SyncStream,
    ThinkingConfig,
    Timeouts,
    Tool,
    ToolConfig,
    UsageMetadata,
    Vectors,
    VoiceConfig,
    schema_of,
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
    shared = GenerateContentRequest(system_instruction=Content.system("a"))
    assert_type(client.submit(["a"], defaults=shared), Handle)
    texts = EmbedContentRequest(task_type="CLUSTERING")
    assert_type(client.submit_embeddings(["a"], defaults=texts), Embeddings)


def prompts(picture: Part, message: Content, tool: Tool) -> None:
    """Make a request of whatever a prompt is made of."""
    request = GenerateContentRequest
    assert_type(request.of("a"), GenerateContentRequest)
    assert_type(request.of(picture, system="a", tools=[tool], seed=1), GenerateContentRequest)
    assert_type(request.of(message, system=message), GenerateContentRequest)
    assert_type(request.of(["a", picture]), GenerateContentRequest)
    assert_type(request.of([message, message]), GenerateContentRequest)
    assert_type(Content.user("a", picture), Content)
    assert_type(Part.from_image(Path("a.png")), Part)
    assert_type(Part.from_bytes(b"a", "image/png"), Part)


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
    assert_type(builder.with_response_schema(Recipe), GenerateContentBuilder)
    assert_type(builder.with_response_schema(list[Recipe] | None), GenerateContentBuilder)
    assert_type(builder.with_response_modalities(["TEXT"]), GenerateContentBuilder)
    assert_type(builder.with_thinking_budget(0), GenerateContentBuilder)
    assert_type(builder.with_thinking_level("LOW"), GenerateContentBuilder)
    assert_type(builder.with_tool(Tool(google_search=GoogleSearch())), GenerateContentBuilder)
    assert_type(builder.with_function(FunctionDeclaration("f")), GenerateContentBuilder)
    assert_type(builder.build(), GenerateContentRequest)


def further_steps(client: SyncBatchClient) -> None:
    """Say what is rarer, such as how an answer sounds."""
    builder = client.generate_content()
    assert_type(builder.with_part(Part.from_text("a")), GenerateContentBuilder)
    assert_type(builder.with_system_prompt("a"), GenerateContentBuilder)
    assert_type(
        builder.with_inline_data(b"a", resolution=MediaResolution.LOW), GenerateContentBuilder
    )
    assert_type(builder.with_function_response_str("f", "{}", "call_1"), GenerateContentBuilder)
    assert_type(builder.with_response_json_schema({"type": "string"}), GenerateContentBuilder)
    assert_type(builder.with_audio_output(), GenerateContentBuilder)
    assert_type(builder.with_speech_config(SpeechConfig()), GenerateContentBuilder)
    assert_type(builder.with_voice("Kore"), GenerateContentBuilder)
    assert_type(builder.with_image_config(ImageConfig("16:9")), GenerateContentBuilder)
    assert_type(builder.with_media_resolution("MEDIA_RESOLUTION_LOW"), GenerateContentBuilder)
    assert_type(builder.with_thinking_config(ThinkingConfig()), GenerateContentBuilder)
    assert_type(builder.with_dynamic_thinking(), GenerateContentBuilder)
    assert_type(builder.with_thoughts_included(), GenerateContentBuilder)
    assert_type(builder.with_thoughts_included(include=False), GenerateContentBuilder)
    assert_type(builder.with_tool_config(ToolConfig()), GenerateContentBuilder)
    assert_type(builder.with_function_calling_mode("ANY", ["f"]), GenerateContentBuilder)
    assert_type(
        builder.with_function_calling_mode(FunctionCallingMode.NONE), GenerateContentBuilder
    )
    assert_type(builder.with_google_search(), GenerateContentBuilder)
    assert_type(builder.with_url_context(), GenerateContentBuilder)
    assert_type(builder.with_code_execution(), GenerateContentBuilder)
    speakers = [SpeakerVoiceConfig("Ann", VoiceConfig(PrebuiltVoiceConfig("Kore")))]
    assert_type(builder.with_multi_speaker_config(speakers), GenerateContentBuilder)
    harmless = SafetySetting(HarmCategory.HARASSMENT, HarmBlockThreshold.OFF)
    assert_type(builder.with_safety_settings([harmless]), GenerateContentBuilder)


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
    assert_type(builder.with_defaults(request), Builder)
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
    assert_type(found.outcome("a"), Outcome)
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
    assert_type(found.each(array("I")), Iterator[Item])
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
    assert_type(found[0].unwrap().as_array(), array[float])


def vectors(found: BatchResults[EmbedContentResponse]) -> None:
    """Read embeddings into one array, and take it in any form."""
    assert_type(found.vectors(), Vectors)
    vectors = found.vectors(dimensions=256, complete=False)
    assert_type(vectors["a"], array[float])
    assert_type(list(vectors), list[str])
    for key, vector in vectors.items():
        assert_type(key, str)
        assert_type(vector, array[float])
    assert_type(vectors.dimensions, int)
    assert_type(vectors.as_lists(), list[list[float]])
    assert_type(vectors.as_array(), array[float])
    assert_type(vectors.as_numpy(), np.ndarray[tuple[int, int], np.dtype[np.float32]])


def summed_up(found: BatchResults[Any]) -> None:
    """Count what became of the requests."""
    summary = found.summary()
    assert_type(summary, Summary)
    assert_type(summary.requests, int)
    assert_type(summary.answered + summary.failed + summary.blocked + summary.malformed, int)
    assert_type(summary.missing + summary.duplicates + summary.unexpected, int)
    assert_type(summary.truncated + summary.cut_short, int)
    assert_type(summary.outcomes, Mapping[Outcome, int])
    assert_type(summary.complete, bool)
    assert_type(summary.examples, tuple[str, ...])
    assert_type(summary.counts(), Mapping[str, int])


def items(item: Item) -> None:
    """Ask any of them the same questions."""
    assert_type(item.key, str | None)
    assert_type(item.ok, bool)
    assert_type(item.problem, str | None)
    assert_type(item.outcome, Outcome)
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
    assert_type(response.citations, tuple[CitationSource, ...])
    assert_type(response.code, tuple[ExecutableCode, ...])
    assert_type(response.code_results, tuple[CodeExecutionResult, ...])


@attrs.frozen
class Recipe:
    """Something to cook."""

    name: str


@dataclass
class Step:
    """Something to do."""

    text: str


class Person(TypedDict):
    """Somebody."""

    name: str


class Place(BaseModel):
    """Somewhere."""

    name: str


def answers_in_json(response: GenerationResponse) -> None:
    """Ask for a class, and read it back."""
    assert_type(schema_of(Recipe), Schema)
    assert_type(schema_of(list[Recipe], levels=2), Schema)
    assert_type(GenerationConfig(response_schema=Recipe), GenerationConfig)
    assert_type(response.parsed(Recipe), Recipe)
    assert_type(response.parsed(Step, fenced=True), Step)
    assert_type(response.parsed(Person), Person)
    assert_type(response.parsed(Place), Place)
    assert_type(response.parsed(list[Recipe]), list[Recipe])
    assert_type(response.parsed(dict[str, Recipe]), dict[str, Recipe])


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
