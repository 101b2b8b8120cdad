"""Google's client for Python, unmodified, driven through all that the emulator serves.

pytest does not find this file by itself: the client is not among the tools of the main suite.
``nox -s clients`` installs it, once for each line of its versions, and names this file.
"""

import asyncio
import base64
import hashlib
import io
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests
from google import genai
from google.genai import errors, types

from gemini_batch import AsyncBatchClient, GenerateContentRequest, SyncBatchClient
from gemini_batch.emulator import Emulator
from gemini_batch.fields import proto_name
from tests.clients import features
from tests.clients.answering import THOUGHTFUL, answer
from tests.clients.conftest import Emulate
from tests.clients.google_genai import KEY, Way, file_of, held, job_of
from tests.clients.record import Driven
from tests.clients.relay import Relay

pytestmark = pytest.mark.filterwarnings(
    # The client's own: the asynchronous one is a subclass of aiohttp's.
    "ignore:Inheritance class AiohttpClientSession:DeprecationWarning",
    # The client's own: it says of every call for embeddings that it may change.
    r"ignore:batches\.create_embeddings\(\) is experimental",
)

MODEL = "models/gemini-2.5-flash"
EMBEDDER = "models/gemini-embedding-001"
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
CHUNK = 8 * 1024**2

Look = Callable[..., Any]


@pytest.fixture(scope="session")
def driven() -> Driven:
    """Return which client this is."""
    runtime = "Python " + ".".join(platform.python_version_tuple()[:2])
    return Driven("google-genai", genai.__version__, runtime)


@pytest.fixture(params=["sync", "async"])
def way(request: pytest.FixtureRequest) -> str:
    """Return how the client is called."""
    return str(request.param)


@pytest.fixture
def client(way: str, emulator: Emulator) -> Iterator[Way]:
    """Return a client of the usual emulator."""
    with Way(way, emulator.url) as running:
        yield running


@pytest.fixture
def speak(way: str) -> Iterator[Callable[..., Way]]:
    """Return what makes clients of other emulators, or with other options."""
    with ExitStack() as stack:

        def speak(emulator: Emulator, **options: Any) -> Way:
            return stack.enter_context(Way(way, emulator.url, **options))

        yield speak


def inline(*prompts: str) -> list[types.InlinedRequest]:
    """Return requests with a key each: the prompt itself."""
    return [types.InlinedRequest(contents=one, metadata={"key": one}) for one in prompts]


def lines(*prompts: str) -> bytes:
    """Return requests as an input file, with a key each: the prompt itself."""
    return b"".join(
        json.dumps({"key": one, "request": {"contents": [{"parts": [{"text": one}]}]}}).encode()
        + b"\n"
        for one in prompts
    )


def upload(client: Way, data: bytes) -> Any:
    """Upload an input file."""
    return client.call(
        "files.upload", file=io.BytesIO(data), config={"mime_type": "application/jsonl"}
    )


# Creating.


@pytest.mark.operation("create inline")
def test_a_batch_is_created_inline(client: Way, emulator: Emulator, look: Look) -> None:
    """What create returns is the batch as it is looked at, and the service has acted once."""
    job = client.call(
        "batches.create",
        model="gemini-2.5-flash",
        src=inline("sky", "sea"),
        config={"display_name": "two questions"},
    )
    [act] = emulator.acted
    assert ("create", job.name, "two questions") == (act.operation, act.name, act.detail)
    raw = look(emulator, f"/v1beta/{job.name}")
    assert job_of(raw) == held(job)
    assert {"requestCount": "2", "pendingRequestCount": "2"} == raw["metadata"]["batchStats"]
    assert types.JobState.JOB_STATE_PENDING is job.state
    assert MODEL == job.model
    assert job.completion_stats is None, "the client has no place for batchStats"


@pytest.mark.operation("create inline without a name")
def test_a_batch_need_not_have_a_name(client: Way, emulator: Emulator, look: Look) -> None:
    """Neither has it one then; and a request need not have metadata."""
    job = client.call("batches.create", model=MODEL, src=[{"contents": "sky"}])
    assert job_of(look(emulator, f"/v1beta/{job.name}")) == held(job)
    assert job.display_name is None
    emulator.advance(200)
    [item] = client.call("batches.get", name=job.name).dest.inlined_responses
    assert item.metadata is None


@pytest.mark.operation("create inline with all kinds of settings")
def test_every_setting_of_a_request_arrives(emulate: Emulate, speak: Callable[..., Way]) -> None:
    """The service reads what the client was given: instruction, schema, tools, safety, thinking."""
    read: list[Mapping[str, Any]] = []

    def note(request: Mapping[str, Any], key: str | None) -> str:
        assert "all" == key
        read.append(request)
        return "noted"

    emulator = emulate(answer=note)
    client = speak(emulator)
    weather = types.FunctionDeclaration(
        name="weather",
        description="Tell the weather.",
        parameters=types.Schema(
            type=types.Type.OBJECT,
            properties={"place": types.Schema(type=types.Type.STRING)},
            required=["place"],
        ),
    )
    colour = types.Schema(
        type=types.Type.OBJECT,
        properties={
            "colour": types.Schema(type=types.Type.STRING, enum=["blue", "green"]),
            "sure": types.Schema(type=types.Type.NUMBER, minimum=0, maximum=1, nullable=True),
            "names": types.Schema(
                type=types.Type.ARRAY, items=types.Schema(type=types.Type.STRING), max_items=3
            ),
        },
        required=["colour"],
        property_ordering=["colour", "sure", "names"],
    )
    request = types.InlinedRequest(
        model="gemini-2.5-flash",
        contents=[
            types.Content(
                role="user",
                parts=[
                    types.Part.from_text(text="What colour is this?"),
                    types.Part.from_bytes(data=b"\x89PNG\xff\xfe", mime_type="image/png"),
                    types.Part.from_uri(file_uri="files/sky", mime_type="image/jpeg"),
                ],
            ),
            types.Content(role="model", parts=[types.Part.from_text(text="Which?")]),
            types.Content(role="user", parts=[types.Part.from_text(text="Both.")]),
        ],
        metadata={"key": "all"},
        config=types.GenerateContentConfig(
            system_instruction="Be brief.",
            temperature=0.25,
            top_p=0.5,
            top_k=40,
            candidate_count=1,
            max_output_tokens=1000,
            stop_sequences=["END"],
            presence_penalty=0.5,
            frequency_penalty=0.25,
            seed=7,
            response_mime_type="application/json",
            response_schema=colour,
            tools=[
                types.Tool(google_search=types.GoogleSearch()),
                types.Tool(code_execution=types.ToolCodeExecution()),
                types.Tool(url_context=types.UrlContext()),
                types.Tool(function_declarations=[weather]),
            ],
            tool_config=types.ToolConfig(
                function_calling_config=types.FunctionCallingConfig(
                    mode=types.FunctionCallingConfigMode.ANY, allowed_function_names=["weather"]
                )
            ),
            safety_settings=[
                types.SafetySetting(
                    category=types.HarmCategory.HARM_CATEGORY_HATE_SPEECH,
                    threshold=types.HarmBlockThreshold.BLOCK_ONLY_HIGH,
                )
            ],
            thinking_config=types.ThinkingConfig(include_thoughts=True, thinking_budget=512),
        ),
    )
    job = client.call("batches.create", model=MODEL, src=[request])
    emulator.advance(200)
    [item] = client.call("batches.get", name=job.name).dest.inlined_responses
    assert "noted" == item.response.text
    [found] = read
    assert ALL_SETTINGS == found


ALL_SETTINGS: Mapping[str, Any] = {
    "model": MODEL,
    "contents": [
        {
            "role": "user",
            "parts": [
                {"text": "What colour is this?"},
                {"inlineData": {"mimeType": "image/png", "data": "iVBOR__-"}},
                {"fileData": {"mimeType": "image/jpeg", "fileUri": "files/sky"}},
            ],
        },
        {"role": "model", "parts": [{"text": "Which?"}]},
        {"role": "user", "parts": [{"text": "Both."}]},
    ],
    "systemInstruction": {"role": "user", "parts": [{"text": "Be brief."}]},
    "tools": [
        {"googleSearch": {}},
        {"codeExecution": {}},
        {"urlContext": {}},
        {
            "functionDeclarations": [
                {
                    "name": "weather",
                    "description": "Tell the weather.",
                    "parameters": {
                        "type": "OBJECT",
                        "properties": {"place": {"type": "STRING"}},
                        "required": ["place"],
                    },
                }
            ]
        },
    ],
    "toolConfig": {
        "functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["weather"]},
    },
    "safetySettings": [
        {"category": "HARM_CATEGORY_HATE_SPEECH", "threshold": "BLOCK_ONLY_HIGH"},
    ],
    "generationConfig": {
        "temperature": 0.25,
        "topP": 0.5,
        "topK": 40,
        "candidateCount": 1,
        "maxOutputTokens": 1000,
        "stopSequences": ["END"],
        "presencePenalty": 0.5,
        "frequencyPenalty": 0.25,
        "seed": 7,
        "responseMimeType": "application/json",
        "responseSchema": {
            "type": "OBJECT",
            "properties": {
                "colour": {"type": "STRING", "enum": ["blue", "green"]},
                "sure": {"type": "NUMBER", "minimum": 0, "maximum": 1, "nullable": True},
                "names": {"type": "ARRAY", "items": {"type": "STRING"}, "maxItems": 3},
            },
            "required": ["colour"],
            "propertyOrdering": ["colour", "sure", "names"],
        },
        "thinkingConfig": {"includeThoughts": True, "thinkingBudget": 512},
    },
}
"""What the service should have read, in its own spelling."""


@pytest.mark.operation("create inline with every feature")
def test_every_feature_is_sent_as_this_package_sends_it(
    way: str, emulator: Emulator, speak: Callable[..., Way]
) -> None:
    """Both send the same JSON but for order and spelling, and the emulator answers both alike."""
    with Relay(emulator.url) as relay:
        client = speak(relay)
        src = list(features.theirs().values())
        name = client.call("batches.create", model=MODEL, src=src).name
        emulator.advance(200)
        items = client.call("batches.get", name=name).dest.inlined_responses
    theirs = {key: features.standard(one) for key, one in requests_in(relay.bodies).items()}
    told = {item.metadata["key"]: item.response.candidates[0].finish_reason for item in items}

    answered, ours = submitted(way, features.ours())
    assert theirs == ours
    assert told == answered
    assert {"parts", "json", "tools", "speech", "cached"} == set(ours) == set(told)


def test_no_feature_is_left_out_but_what_the_client_has_not(way: str) -> None:
    """Every member of a request is in one of these; those that it has not are sent as well."""
    answered, sent = submitted(way, {**features.ours(), "beyond": features.beyond()})
    assert set(answered) == set(sent)
    assert set() == features.unused(*sent.values())
    del sent["beyond"]
    assert features.BEYOND <= features.unused(*sent.values())
    owners = {"GenerationConfig": types.GenerateContentConfig, "ToolCall": types.ToolCall}
    for member in features.BEYOND:
        message, _, name = member.partition(".")
        assert proto_name(name) not in owners[message].model_fields


def requests_in(bodies: list[bytes]) -> dict[str, Any]:
    """Return the requests of the one create call among these, by their keys."""
    [body] = bodies
    items = json.loads(body)["batch"]["inputConfig"]["requests"]["requests"]
    return {item["metadata"]["key"]: item["request"] for item in items}


def submitted(
    way: str, requests: Mapping[str, GenerateContentRequest]
) -> tuple[dict[str | None, str | None], dict[str, Any]]:
    """Submit requests by this package; return how each answer ended, and the JSON of each request.

    It is to an emulator of its own, for the record is of what the client asked.
    """

    def plain(url: str) -> Any:
        with SyncBatchClient(KEY, base_url=url, model=MODEL) as client:
            return client.submit(requests, via="inline").results()

    async def from_a_loop(url: str) -> Any:
        async with AsyncBatchClient(KEY, base_url=url, model=MODEL) as client:
            return await (await client.submit(requests, via="inline")).results()

    with (
        Emulator(pending_seconds=0, running_seconds=0, failure_rate=0) as apart,
        Relay(apart.url) as relay,
    ):
        found = asyncio.run(from_a_loop(relay.url)) if way == "async" else plain(relay.url)
    with found:
        return {one.key: one.unwrap().finish_reason for one in found}, requests_in(relay.bodies)


@pytest.mark.operation("create from a file")
def test_a_batch_is_created_from_a_file(client: Way, emulator: Emulator, look: Look) -> None:
    """The input is known to the service; the client has no place for its name."""
    source = upload(client, lines("sky", "sea"))
    job = client.call(
        "batches.create", model=MODEL, src=source.name, config={"display_name": "from a file"}
    )
    raw = look(emulator, f"/v1beta/{job.name}")
    assert job_of(raw) == held(job)
    assert {"fileName": source.name} == raw["metadata"]["inputConfig"]
    assert job.src is None
    assert [(job.name, "from a file")] == [
        (act.name, act.detail) for act in emulator.acted.of("create")
    ]


@pytest.mark.operation("create embeddings inline")
def test_texts_are_embedded_inline(client: Way, emulator: Emulator, look: Look) -> None:
    """Every number arrives, in the order of the texts; what it took is dropped by the client."""
    job = client.call(
        "batches.create_embeddings",
        model="gemini-embedding-001",
        src={
            "inlined_requests": {
                "contents": ["sky", "sea", "grass"],
                "config": {"task_type": "RETRIEVAL_DOCUMENT", "output_dimensionality": 16},
            }
        },
        config={"display_name": "three texts"},
    )
    assert (EMBEDDER, "three texts") == (job.model, job.display_name)
    emulator.advance(200)
    job = client.call("batches.get", name=job.name)
    raw = look(emulator, f"/v1beta/{job.name}")
    assert job_of(raw) == held(job)
    told = raw["response"]["inlinedResponses"]["inlinedResponses"]
    found = job.dest.inlined_embed_content_responses
    assert 3 == len({tuple(one.response.embedding.values) for one in found})
    for item, one in zip(told, found, strict=True):
        assert 16 == len(one.response.embedding.values)
        assert item["response"]["embedding"]["values"] == one.response.embedding.values
        assert 1 <= item["response"]["usageMetadata"]["promptTokenCount"]
        assert one.response.token_count is None, "the client has no place for usageMetadata"
    assert job.dest.inlined_responses is None
    assert not any("metadata" in item for item in told), "the client has no place for a key"


@pytest.mark.operation("create embeddings from a file")
def test_texts_are_embedded_from_a_file(client: Way, emulator: Emulator, look: Look) -> None:
    """The results are a file, and the vectors in it are those of the inline batch."""
    data = b"".join(
        json.dumps({"key": one, "request": {"content": {"parts": [{"text": one}]}}}).encode()
        + b"\n"
        for one in ("sky", "sea")
    )
    source = upload(client, data)
    job = client.call("batches.create_embeddings", model=EMBEDDER, src={"file_name": source.name})
    inlined = client.call(
        "batches.create_embeddings", model=EMBEDDER, src={"inlined_requests": {"contents": ["sky"]}}
    )
    emulator.advance(200)
    job = client.call("batches.get", name=job.name)
    assert job_of(look(emulator, f"/v1beta/{job.name}")) == held(job)
    assert f"files/batch-{job.name.removeprefix('batches/')}" == job.dest.file_name
    found = results_of(client.call("files.download", file=job.dest.file_name))
    [sky] = client.call("batches.get", name=inlined.name).dest.inlined_embed_content_responses
    assert {"sky", "sea"} == set(found)
    assert sky.response.embedding.values == found["sky"]["response"]["embedding"]["values"]


def results_of(data: bytes) -> dict[str, Any]:
    """Return the lines of a result file by their keys."""
    found = [json.loads(line) for line in data.split(b"\n") if line]
    by_key = {line["key"]: line for line in found}
    assert len(found) == len(by_key)
    return by_key


# Looking.


@pytest.mark.operation("get a pending batch")
def test_a_batch_is_first_pending(client: Way, emulator: Emulator, look: Look) -> None:
    """It is the same as on its creation."""
    created = client.call("batches.create", model=MODEL, src=inline("sky"))
    emulator.advance(99)
    job = client.call("batches.get", name=created.name)
    assert held(created) == held(job) == job_of(look(emulator, f"/v1beta/{job.name}"))
    assert types.JobState.JOB_STATE_PENDING is job.state
    assert not job.done


@pytest.mark.operation("get a running batch")
def test_a_batch_then_runs(client: Way, emulator: Emulator, look: Look) -> None:
    """How far it has come is told by the service, and dropped by the client."""
    name = client.call("batches.create", model=MODEL, src=inline("sky", "sea")).name
    emulator.advance(150)
    job = client.call("batches.get", name=name)
    raw = look(emulator, f"/v1beta/{name}")
    assert job_of(raw) == held(job)
    assert types.JobState.JOB_STATE_RUNNING is job.state
    assert job.update_time > job.create_time
    assert "1" == raw["metadata"]["batchStats"]["successfulRequestCount"]
    assert job.completion_stats is None
    assert (None, None) == (job.end_time, job.dest)


@pytest.mark.operation("get inline results")
def test_inline_results_are_read_in_full(
    emulate: Emulate, speak: Callable[..., Way], look: Look
) -> None:
    """Text, thoughts, signature, counts, reason, version, id, key and errors: all but the tier."""
    emulator = emulate(answer=answer)
    client = speak(emulator)
    prompts = ("sky", "think", "fail", "fail silently")
    name = client.call("batches.create", model=MODEL, src=inline(*prompts)).name
    emulator.advance(200)
    job = client.call("batches.get", name=name)
    raw = look(emulator, f"/v1beta/{name}")
    assert job_of(raw) == held(job)
    assert types.JobState.JOB_STATE_SUCCEEDED is job.state
    assert job.done
    assert 200 == (job.end_time - job.create_time).total_seconds()

    items = {item.metadata["key"]: item for item in job.dest.inlined_responses}
    told = {
        item["metadata"]["key"]: item
        for item in raw["response"]["inlinedResponses"]["inlinedResponses"]
    }
    assert set(prompts) == set(items)
    assert "SKY" == items["sky"].response.text
    assert types.FinishReason.STOP is items["sky"].response.candidates[0].finish_reason
    assert "gemini-2.5-flash" == items["sky"].response.model_version
    assert told["sky"]["response"]["responseId"] == items["sky"].response.response_id
    assert all(items[one].error is None for one in ("sky", "think"))

    thoughtful = items["think"].response
    thought, said = thoughtful.candidates[0].content.parts
    assert (True, "Hm.") == (thought.thought, thought.text)
    assert (b"\xfb\xff\xfe", "Yes.") == (said.thought_signature, said.text)
    assert types.FinishReason.MAX_TOKENS is thoughtful.candidates[0].finish_reason
    assert "an-id_of-a-response" == thoughtful.response_id
    used = thoughtful.usage_metadata
    assert (11, 22, 33, 4, 66) == (
        used.prompt_token_count,
        used.candidates_token_count,
        used.thoughts_token_count,
        used.cached_content_token_count,
        used.total_token_count,
    )
    assert "standard" == told["think"]["response"]["usageMetadata"]["serviceTier"]
    assert "serviceTier" not in held(used), "the client has no place for it"

    failed, silent = items["fail"], items["fail silently"]
    assert (None, None) == (failed.response, silent.response)
    assert (8, "Too much was asked.") == (failed.error.code, failed.error.message)
    assert (13, None) == (silent.error.code, silent.error.message)


@pytest.mark.operation("get a batch with a result file")
def test_results_in_a_file_are_read_in_full(
    emulate: Emulate, speak: Callable[..., Way], look: Look
) -> None:
    """The batch names the file, the client downloads its bytes, and parses what is in them."""
    emulator = emulate(answer=answer)
    client = speak(emulator)
    prompts = ("sky", "think", "fail", "fail silently")
    source = upload(client, lines(*prompts))
    name = client.call("batches.create", model=MODEL, src=source.name).name
    emulator.advance(200)
    job = client.call("batches.get", name=name)
    raw = look(emulator, f"/v1beta/{name}")
    assert job_of(raw) == held(job)
    assert raw["response"]["responsesFile"] == job.dest.file_name
    assert job.dest.inlined_responses is None

    found = results_of(client.call("files.download", file=job.dest.file_name))
    assert set(prompts) == set(found)
    sky = found["sky"]["response"]
    with pytest.raises(ValueError, match=r"serviceTier\n +Extra inputs are not permitted"):
        types.GenerateContentResponse.model_validate(sky)  # it knows no tier, and allows none
    del sky["usageMetadata"]["serviceTier"]
    assert "SKY" == types.GenerateContentResponse.model_validate(sky).text
    assert THOUGHTFUL == found["think"]["response"]
    assert {"code": 8, "message": "Too much was asked."} == found["fail"]["error"]
    assert {"code": 13} == found["fail silently"]["error"]


@pytest.mark.operation("get a batch cancelled while pending")
def test_a_batch_cancelled_in_time_has_no_results(
    client: Way, emulator: Emulator, look: Look
) -> None:
    """The service says why it has ended; the client drops it."""
    name = client.call("batches.create", model=MODEL, src=inline("sky")).name
    emulator.advance(10)
    client.call("batches.cancel", name=name)
    job = client.call("batches.get", name=name)
    raw = look(emulator, f"/v1beta/{name}")
    assert job_of(raw) == held(job)
    assert types.JobState.JOB_STATE_CANCELLED is job.state
    assert 10 == (job.end_time - job.create_time).total_seconds()
    assert 13 == raw["error"]["code"]
    assert job.error is None, "the client has no place for it"
    assert job.dest is None


@pytest.mark.operation("get a batch cancelled while running")
def test_a_batch_cancelled_too_late_succeeds_in_part(
    client: Way, emulator: Emulator, look: Look
) -> None:
    """What had been answered by then is there, and the rest was cancelled, which is code 1."""
    name = client.call("batches.create", model=MODEL, src=inline("sky", "sea", "sun")).name
    emulator.advance(150)
    client.call("batches.cancel", name=name)
    job = client.call("batches.get", name=name)
    assert job_of(look(emulator, f"/v1beta/{name}")) == held(job)
    assert types.JobState.JOB_STATE_SUCCEEDED is job.state
    codes = [item.error.code for item in job.dest.inlined_responses if item.error is not None]
    texts = [item.response.text for item in job.dest.inlined_responses if item.error is None]
    assert [1, 1] == codes
    assert 1 == len(texts)
    assert texts[0].startswith("sha256:")


STATES = {
    "PENDING": ("JOB_STATE_PENDING", None, False),
    "RUNNING": ("JOB_STATE_RUNNING", None, False),
    "SUCCEEDED": ("JOB_STATE_SUCCEEDED", None, True),
    "FAILED": ("JOB_STATE_FAILED", 13, False),
    "EXPIRED": ("JOB_STATE_EXPIRED", 4, False),
    "CANCELLED": ("JOB_STATE_CANCELLED", 13, False),
    "EXPIRED-with-output": ("JOB_STATE_EXPIRED", None, True),
    "CANCELLED-with-output": ("JOB_STATE_CANCELLED", None, True),
    "SUCCEEDED-before-output": ("JOB_STATE_SUCCEEDED", None, False),
    "done-without-result": ("JOB_STATE_SUCCEEDED", None, False),
}
"""Steps of a script: the state that the client shows, the service's error, whether results are."""


@pytest.mark.operation("get a batch in each state")
@pytest.mark.parametrize("step", STATES)
def test_each_state_is_read(step: str, client: Way, emulator: Emulator, look: Look) -> None:
    """An error of the batch as a whole is dropped by the client, whatever the state."""
    state, code, with_results = STATES[step]
    emulator.faults.add("states", step)
    name = client.call("batches.create", model=MODEL, src=inline("sky", "sea")).name
    job = client.call("batches.get", name=name)
    raw = look(emulator, f"/v1beta/{name}")
    assert job_of(raw) == held(job)
    assert state == job.state.value
    assert code == raw.get("error", {}).get("code")
    assert job.error is None
    assert with_results == (job.dest is not None)


@pytest.mark.operation("get a batch in a state that is new")
def test_a_state_that_is_new_is_passed_on(client: Way, emulator: Emulator) -> None:
    """The client warns, and shows it as it came."""
    emulator.faults.add("states", "BATCH_STATE_PAUSED")
    name = client.call("batches.create", model=MODEL, src=inline("sky")).name
    with pytest.warns(UserWarning, match="PAUSED is not a valid JobState"):
        job = client.call("batches.get", name=name)
    assert "BATCH_STATE_PAUSED" == job.state.value
    assert not job.done


# Lists, cancelling, deleting.


@pytest.mark.operation("list batches over pages")
def test_batches_are_listed_page_by_page(client: Way, emulator: Emulator, look: Look) -> None:
    """Newest first, of both kinds, each once, as the plain pages have them; without results."""
    made = [
        client.call("batches.create", model=MODEL, src=inline("sky")).name,
        client.call(
            "batches.create_embeddings",
            model=EMBEDDER,
            src={"inlined_requests": {"contents": ["sky"]}},
            config={"display_name": "a text"},
        ).name,
        client.call("batches.create", model=MODEL, src=upload(client, lines("sky")).name).name,
    ]
    emulator.advance(200)
    made += [client.call("batches.create", model=MODEL, src=inline("sea")).name for _ in range(2)]
    jobs = client.all("batches.list", config={"page_size": 2})
    assert 3 == emulator.seen.count("list")
    assert made[::-1] == [job.name for job in jobs]
    plain = [
        *look(emulator, "/v1beta/batches", pageSize=4)["operations"],
        look(emulator, f"/v1beta/{made[0]}"),
    ]
    del plain[-1]["metadata"]["output"]
    assert [job_of(raw) for raw in plain] == [held(job) for job in jobs]
    assert [EMBEDDER] == [job.model for job in jobs if job.display_name == "a text"]
    ended = [job.state is types.JobState.JOB_STATE_SUCCEEDED for job in jobs]
    assert [False, False, True, True, True] == ended
    from_file = [job.dest.file_name for job in jobs if job.dest is not None]
    assert [f"files/batch-{made[2].removeprefix('batches/')}"] == from_file


@pytest.mark.operation("list a page of batches")
def test_a_page_is_as_large_as_asked_for(client: Way, emulator: Emulator) -> None:
    """It knows its size and what it was asked for; the next one comes only on demand."""
    for _ in range(3):
        client.call("batches.create", model=MODEL, src=inline("sky"))
    pager = client.call("batches.list", config={"page_size": 2})
    assert (2, "batch_jobs") == (len(pager.page), pager.name)
    assert 2 == pager.page_size
    assert 1 == emulator.seen.count("list")


@pytest.mark.operation("list no batches")
def test_there_may_be_no_batches(client: Way, emulator: Emulator, look: Look) -> None:
    """The service sends an empty object then."""
    assert [] == client.all("batches.list")
    assert {} == look(emulator, "/v1beta/batches")


@pytest.mark.operation("cancel")
def test_cancelling_acts_once_and_may_come_too_late(client: Way, emulator: Emulator) -> None:
    """It returns nothing; of a batch that has ended it changes nothing."""
    name = client.call("batches.create", model=MODEL, src=inline("sky")).name
    assert client.call("batches.cancel", name=name) is None
    assert client.call("batches.cancel", name=name) is None
    [act] = emulator.acted.of("cancel")
    assert (name, "PENDING") == (act.name, act.detail)
    assert 2 == emulator.seen.count("cancel")


@pytest.mark.operation("delete")
def test_a_deleted_batch_is_gone(client: Way, emulator: Emulator) -> None:
    """So are its results; and deleting it again is refused."""
    name = client.call("batches.create", model=MODEL, src=upload(client, lines("sky")).name).name
    emulator.advance(200)
    results = client.call("batches.get", name=name).dest.file_name
    deleted = client.call("batches.delete", name=name)
    assert (None, None) == (deleted.name, deleted.error)
    assert [name] == [act.name for act in emulator.acted.of("delete")]
    for method in ("batches.get", "batches.delete", "batches.cancel"):
        assert (404, "NOT_FOUND") == refused(client, method, name=name)
    assert (404, "NOT_FOUND") == refused(client, "files.download", file=results)
    assert [] == client.all("batches.list")


def refused(client: Way, method: str, **arguments: Any) -> tuple[int, str]:
    """Return code and status of the error that a call raises."""
    with pytest.raises(errors.ClientError) as raised:
        client.call(method, **arguments)
    return raised.value.code, raised.value.status


# Files.


@pytest.mark.operation("upload bytes")
def test_bytes_are_uploaded(client: Way, emulator: Emulator, look: Look) -> None:
    """The name asked for is taken, and every member of the file is read."""
    data = lines("sky")
    file = client.call(
        "files.upload",
        file=io.BytesIO(data),
        config={"mime_type": "application/jsonl", "display_name": "questions", "name": "sky-1"},
    )
    assert file_of(look(emulator, "/v1beta/files/sky-1")) == held(file)
    assert ("files/sky-1", "questions") == (file.name, file.display_name)
    assert ("application/jsonl", len(data)) == (file.mime_type, file.size_bytes)
    assert (types.FileState.ACTIVE, types.FileSource.UPLOADED) == (file.state, file.source)
    assert 48 * 3600 == (file.expiration_time - file.create_time).total_seconds()
    assert [f"0+{len(data)}, final"] == [act.detail for act in emulator.acted.of("upload-chunk")]
    assert {None} == {seen.key for seen in emulator.seen.of("upload-chunk")}


@pytest.mark.operation("upload a path")
@pytest.mark.parametrize("kind", [str, Path])
def test_a_path_is_uploaded(
    kind: type[str | Path], client: Way, emulator: Emulator, look: Look, tmp_path: Path
) -> None:
    """Without a name of its own the service draws one; a display name it is not given."""
    path = tmp_path / "questions.jsonl"
    path.write_bytes(lines("sky", "sea"))
    file = client.call("files.upload", file=kind(path), config={"mime_type": "jsonl"})
    assert file_of(look(emulator, f"/v1beta/{file.name}")) == held(file)
    assert re.fullmatch("files/[a-z0-9]{12}", file.name)
    assert (None, "jsonl") == (file.display_name, file.mime_type)


@pytest.mark.operation("upload in chunks")
@pytest.mark.filterwarnings("ignore:Sending a large body directly:ResourceWarning")  # the client's
def test_a_large_file_is_uploaded_in_chunks(client: Way, emulator: Emulator, look: Look) -> None:
    """Each chunk is taken where the last one ended, and the whole is what was sent."""
    data = bytes(range(256)) * (2 * CHUNK // 256) + b"and three more words"
    file = upload(client, data)
    assert file_of(look(emulator, f"/v1beta/{file.name}")) == held(file)
    assert len(data) == file.size_bytes
    assert [f"0+{CHUNK}", f"{CHUNK}+{CHUNK}", f"{2 * CHUNK}+20, final"] == [
        act.detail for act in emulator.acted.of("upload-chunk")
    ]
    assert sha256_of(data) == file.sha256_hash


def sha256_of(data: bytes) -> str:
    """Return the digest of a file as the service writes it."""
    return base64.b64encode(hashlib.sha256(data).hexdigest().encode()).decode()


@pytest.mark.operation("upload an empty file")
def test_an_empty_file_is_uploaded(client: Way, emulator: Emulator, look: Look) -> None:
    """Its size is not said, for it is zero."""
    file = upload(client, b"")
    assert file_of(look(emulator, f"/v1beta/{file.name}")) == held(file)
    assert file.size_bytes is None
    assert ["0+0, final"] == [act.detail for act in emulator.acted.of("upload-chunk")]


@pytest.mark.operation("get a file")
def test_a_file_is_looked_at(emulate: Emulate, speak: Callable[..., Way], look: Look) -> None:
    """It may still be processed, and is active later; nothing else changes."""
    emulator = emulate(file_processing_seconds=60)
    client = speak(emulator)
    name = upload(client, lines("sky")).name
    early = client.call("files.get", name=name)
    assert file_of(look(emulator, f"/v1beta/{name}")) == held(early)
    assert types.FileState.PROCESSING is early.state
    emulator.advance(60)
    late = client.call("files.get", name=name)
    assert file_of(look(emulator, f"/v1beta/{name}")) == held(late)
    assert types.FileState.ACTIVE is late.state
    assert {**held(early), "state": "ACTIVE"} == held(late)


@pytest.mark.operation("list files over pages")
def test_files_are_listed_page_by_page(client: Way, emulator: Emulator, look: Look) -> None:
    """Newest first, each once, with every member."""
    made = [upload(client, lines(text)).name for text in ("sky", "sea", "sun", "grass", "snow")]
    files = client.all("files.list", config={"page_size": 2})
    assert made[::-1] == [file.name for file in files]
    assert 3 == emulator.seen.count("file-list")
    plain = look(emulator, "/v1beta/files")["files"]
    assert [file_of(raw) for raw in plain] == [held(file) for file in files]


@pytest.mark.operation("list no files")
def test_there_may_be_no_files(client: Way, emulator: Emulator, look: Look) -> None:
    """The service sends an empty object then."""
    assert [] == client.all("files.list")
    assert {} == look(emulator, "/v1beta/files")


@pytest.mark.operation("delete a file")
def test_a_deleted_file_is_gone(client: Way, emulator: Emulator) -> None:
    """A file that is gone is forbidden, and not unknown."""
    name = upload(client, lines("sky")).name
    client.call("files.delete", name=name)
    assert [name] == [act.name for act in emulator.acted.of("file-delete")]
    assert (403, "PERMISSION_DENIED") == refused(client, "files.delete", name=name)
    assert [] == client.all("files.list")


@pytest.mark.operation("download results")
def test_results_are_downloaded_byte_for_byte(client: Way, emulator: Emulator) -> None:
    """The client has every byte that a plain download has."""
    name = client.call(
        "batches.create",
        model=MODEL,
        src=upload(client, lines(*(f"What is {n}²?" for n in range(500)))).name,
    ).name
    emulator.advance(200)
    results = client.call("batches.get", name=name).dest.file_name
    plain = requests.get(f"{emulator.url}/v1beta/{results}:download?alt=media&key=any", timeout=60)
    assert plain.content == client.call("files.download", file=results)
    assert 500 == len(results_of(plain.content))


@pytest.mark.operation("download results to a path")
def test_results_are_downloaded_to_a_path(client: Way, emulator: Emulator, tmp_path: Path) -> None:
    """What is written there is what a download into memory has."""
    name = client.call(
        "batches.create", model=MODEL, src=upload(client, lines("sky", "sea")).name
    ).name
    emulator.advance(200)
    results = client.call("batches.get", name=name).dest.file_name
    path = tmp_path / "results.jsonl"
    assert client.call("files.download", file=results, destination=path) is None
    assert client.call("files.download", file=results) == path.read_bytes()
    assert {"sky", "sea"} == set(results_of(path.read_bytes()))


# Refusals.


def refusal(client: Way, method: str, **arguments: Any) -> tuple[int, str, str, Any]:
    """Return all that the error of a call says: code, status, message and the whole body."""
    with pytest.raises(errors.APIError) as raised:
        client.call(method, **arguments)
    found = raised.value
    kind = errors.ClientError if found.code < 500 else errors.ServerError
    assert isinstance(found, kind)
    return found.code, found.status, found.message, found.details


def envelope(code: int, status: str, message: str) -> tuple[int, str, str, Any]:
    """Return what an error should say that has no details."""
    error = {"code": code, "message": message, "status": status}
    return code, status, message, {"error": error}


@pytest.mark.operation("error: no key")
def test_no_key_is_forbidden(client: Way, emulator: Emulator) -> None:
    """The client sends none only if it is told so."""
    nobody = {"http_options": {"headers": {"x-goog-api-key": ""}}}
    found = refusal(client, "batches.list", config=nobody)
    assert [None] == [seen.key for seen in emulator.seen]
    message = (
        "Method doesn't allow unregistered callers (callers without established identity). "
        "Please use API Key or other form of API consumer identity to call this API."
    )
    assert envelope(403, "PERMISSION_DENIED", message) == found


@pytest.mark.operation("error: a key that is not valid")
def test_a_wrong_key_is_an_invalid_argument(emulate: Emulate, speak: Callable[..., Way]) -> None:
    """The reason is among the details, which the client keeps."""
    client = speak(emulate(keys={"AIzaGood"}), key="AIzaBad")
    code, status, message, details = refusal(client, "batches.list")
    assert (400, "INVALID_ARGUMENT") == (code, status)
    assert "API key not valid. Please pass a valid API key." == message
    assert "API_KEY_INVALID" == details["error"]["details"][0]["reason"]


@pytest.mark.operation("error: a key of the new kind that is not valid")
def test_a_wrong_key_of_the_new_kind_is_unauthenticated(
    emulate: Emulate, speak: Callable[..., Way]
) -> None:
    """It begins with ``AQ.``, and is taken for a token."""
    client = speak(emulate(keys={"AIzaGood"}), key="AQ.bad")
    code, status, message, details = refusal(client, "batches.list")
    assert (401, "UNAUTHENTICATED") == (code, status)
    assert message.startswith("Request had invalid authentication credentials.")
    assert "ACCESS_TOKEN_TYPE_UNSUPPORTED" == details["error"]["details"][0]["reason"]


@pytest.mark.operation("error: an unknown batch")
def test_an_unknown_batch_is_not_found(client: Way) -> None:
    """A name that cannot be one is refused otherwise."""
    unknown = envelope(404, "NOT_FOUND", "Requested entity was not found.")
    assert unknown == refusal(client, "batches.get", name="batches/" + "a" * 36)
    odd = envelope(400, "INVALID_ARGUMENT", "Could not parse the batch name")
    assert odd == refusal(client, "batches.get", name="batches/sky")


@pytest.mark.operation("error: a missing file")
def test_a_missing_file_is_forbidden(client: Way) -> None:
    """Whether it ever was is not told."""
    message = "You do not have permission to access the File sky or it may not exist."
    expected = envelope(403, "PERMISSION_DENIED", message)
    assert expected == refusal(client, "files.get", name="files/sky")
    assert expected == refusal(client, "files.delete", name="files/sky")


@pytest.mark.operation("error: a result file is not a file")
def test_a_result_file_can_only_be_downloaded(client: Way, emulator: Emulator) -> None:
    """Its id is too long for anything else."""
    name = client.call("batches.create", model=MODEL, src=upload(client, lines("sky")).name).name
    emulator.advance(200)
    results = client.call("batches.get", name=name).dest.file_name
    for method, kind in (("files.get", "GetFile"), ("files.delete", "DeleteFile")):
        code, status, message, _ = refusal(client, method, name=results)
        assert (400, "INVALID_ARGUMENT") == (code, status)
        assert f"{kind}Request.name: File ID" in message
        assert "cannot be more than 40 characters" in message
    assert 1 == len(results_of(client.call("files.download", file=results)))


@pytest.mark.operation("error: a missing input file")
def test_a_missing_input_file_is_not_found(client: Way, emulator: Emulator) -> None:
    """There is no batch then."""
    found = refusal(client, "batches.create", model=MODEL, src="files/sky")
    assert envelope(404, "NOT_FOUND", "Requested entity was not found.") == found
    assert [] == emulator.acted


@pytest.mark.operation("error: unknown fields in an input file")
def test_unknown_fields_in_a_file_are_refused_by_line(client: Way, emulator: Emulator) -> None:
    """The message names the lines, and there is no batch."""
    flat = {"contents": [{"parts": [{"text": "sky"}]}], "thinking_config": {}}
    bad = [json.dumps({"key": "flat", "request": flat}), '{"key": "bare", "contents": []}']
    good = lines("sky").decode().rstrip()
    data = "\n".join([bad[0], good, bad[1], ""]).encode()
    source = upload(client, data)
    code, status, message, details = refusal(client, "batches.create", model=MODEL, src=source.name)
    assert (400, "INVALID_ARGUMENT") == (code, status)
    assert message == details["error"]["message"]
    named = re.findall(r"^Error on line (\d+): .*no such field: '(\w+)'$", message, re.MULTILINE)
    assert [("1", "thinking_config"), ("3", "contents")] == named
    assert 0 == emulator.acted.count("create")
    assert [] == client.all("batches.list")


@pytest.mark.operation("error: an unknown field in a request")
def test_an_unknown_field_in_a_body_is_refused_by_name(client: Way, emulator: Emulator) -> None:
    """The client lets a body be extended, but itself refuses a request that is not of its kinds."""
    extra = {"http_options": {"extra_body": {"batch": {"colour": "blue"}}}}
    code, status, message, details = refusal(
        client, "batches.create", model=MODEL, src=inline("sky"), config=extra
    )
    assert (400, "INVALID_ARGUMENT") == (code, status)
    expected = (
        "Invalid JSON payload received. Unknown name \"colour\" at 'batch': Cannot find field."
    )
    assert expected == message
    [violations] = [one["fieldViolations"] for one in details["error"]["details"]]
    assert [{"field": "batch", "description": expected}] == violations
    with pytest.raises(ValueError, match="Extra inputs are not permitted"):
        client.call("batches.create", model=MODEL, src=[{"contents": "sky", "colour": "blue"}])
    assert [] == emulator.acted
    assert 1 == emulator.seen.count("create")


@pytest.mark.operation("error: too many requests")
@pytest.mark.parametrize("delay", ["", "30s"])
def test_a_quota_that_is_used_up_is_told(delay: str, client: Way, emulator: Emulator) -> None:
    """With a delay among the details, if the service names one; the client does not wait."""
    emulator.faults.add("create", f"return-429/retry-info={delay}" if delay else "return-429")
    code, status, message, details = refusal(
        client, "batches.create", model=MODEL, src=inline("sky")
    )
    assert (429, "RESOURCE_EXHAUSTED") == (code, status)
    assert "Resource has been exhausted (e.g. check quota)." == message
    given = [one["retryDelay"] for one in details["error"].get("details", [])]
    assert ([delay] if delay else []) == given
    assert (1, 0) == (emulator.seen.count("create"), emulator.acted.count("create"))


CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "create": ("batches.create", {"model": MODEL, "src": inline("sky")}),
    "get": ("batches.get", {"name": "batches/" + "a" * 36}),
    "list": ("batches.list", {}),
    "cancel": ("batches.cancel", {"name": "batches/" + "a" * 36}),
    "delete": ("batches.delete", {"name": "batches/" + "a" * 36}),
    "file-get": ("files.get", {"name": "files/sky"}),
    "file-list": ("files.list", {}),
    "file-delete": ("files.delete", {"name": "files/sky"}),
    "download": ("files.download", {"file": "files/batch-" + "a" * 36}),
}
"""A call of the client for each operation of the service."""


@pytest.mark.operation("error: the service is unavailable")
@pytest.mark.parametrize("method", CALLS)
def test_an_unavailable_service_is_told(method: str, client: Way, emulator: Emulator) -> None:
    """By an error of its own kind, at once; nothing is sent again."""
    emulator.faults.add(method, "return-503")
    expected = envelope(503, "UNAVAILABLE", "The service is currently unavailable.")
    call, arguments = CALLS[method]
    assert expected == refusal(client, call, **arguments)
    assert 1 == emulator.seen.count(method)


@pytest.mark.operation("error: a page of HTML")
def test_a_page_of_html_is_told_as_it_is(client: Way, emulator: Emulator) -> None:
    """The client makes an error of it that has the page for its message."""
    emulator.faults.add("create", "html-502")
    code, status, message, details = refusal(
        client, "batches.create", model=MODEL, src=inline("sky")
    )
    assert (502, "Bad Gateway") == (code, status)
    assert message.startswith("<!DOCTYPE html>")
    assert {"message": message, "status": status} == details
    assert [] == emulator.acted


# What is sent again.


@pytest.mark.operation("get tried again after a 503")
def test_a_look_is_tried_again_if_the_client_is_told_to(
    emulator: Emulator, speak: Callable[..., Way]
) -> None:
    """By itself it does not; with options it does, and has the batch in the end."""
    options = types.HttpRetryOptions(attempts=3, initial_delay=0.01, jitter=0.01)
    client = speak(emulator, retry_options=options)
    name = client.call("batches.create", model=MODEL, src=inline("sky")).name
    emulator.faults.add("get", "return-503*2")
    assert name == client.call("batches.get", name=name).name
    assert 3 == emulator.seen.count("get")


@pytest.mark.operation("create tried again after a 503")
def test_a_create_that_is_tried_again_may_be_two_batches(
    emulator: Emulator, speak: Callable[..., Way]
) -> None:
    """The same options hold for a create, whether or not the service had acted."""
    options = types.HttpRetryOptions(attempts=2, initial_delay=0.01, jitter=0.01)
    client = speak(emulator, retry_options=options)
    emulator.faults.add("create", "return-503-after-acting")
    job = client.call("batches.create", model=MODEL, src=inline("sky"))
    created = [act.name for act in emulator.acted.of("create")]
    assert 2 == len(created)
    assert job.name == created[1]


@pytest.mark.operation("create whose reply is lost")
def test_a_create_whose_reply_is_lost_may_be_two_batches(
    way: str, client: Way, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The synchronous client raises; the asynchronous one asks again, and does not say so."""
    pauses: list[float] = []
    sleep = asyncio.sleep

    def skip(seconds: float) -> Coroutine[Any, Any, None]:
        pauses.append(seconds)
        return sleep(0)

    monkeypatch.setattr(asyncio, "sleep", skip)
    emulator.faults.add("create", "close-after-acting")
    if way == "sync":
        with pytest.raises(Exception, match="Server disconnected") as raised:
            client.call("batches.create", model=MODEL, src=inline("sky"))
        assert "RemoteProtocolError" == type(raised.value).__name__
        assert [] == pauses
        assert 1 == emulator.acted.count("create")
    else:
        job = client.call("batches.create", model=MODEL, src=inline("sky"))
        created = [act.name for act in emulator.acted.of("create")]
        assert 2 == len(created)
        assert job.name == created[1]
        [pause] = pauses
        assert 1 <= pause <= 10


@pytest.mark.operation("upload whose chunk fails")
@pytest.mark.filterwarnings("ignore:Sending a large body directly:ResourceWarning")  # the client's
@pytest.mark.parametrize("size", [10, CHUNK + 10])
def test_a_chunk_that_fails_fails_the_upload(size: int, client: Way, emulator: Emulator) -> None:
    """The client takes it for one that has arrived, and goes on; at the end there is no file."""
    emulator.faults.add("upload-chunk", "return-503/upload-status=active")
    with pytest.raises(ValueError, match="the upload status is not finalized"):
        upload(client, bytes(size))
    assert size // CHUNK + 1 == emulator.seen.count("upload-chunk")
    assert 0 == emulator.seen.count("upload-query")
    assert [] == emulator.acted.of("upload-chunk")
    assert [] == client.all("files.list")


def test_the_uri_of_a_result_file_is_cut_at_its_dash(client: Way, emulator: Emulator) -> None:
    """A download by address asks for another file: only a name will do."""
    uri = f"https://generativelanguage.googleapis.com/v1beta/files/batch-{'a' * 36}"
    assert (403, "PERMISSION_DENIED") == refused(client, "files.download", file=uri)
    [seen] = emulator.seen
    assert seen.path.endswith("/files/batch:download")


def test_a_type_that_the_client_does_not_know_must_be_given(
    client: Way, emulator: Emulator, tmp_path: Path
) -> None:
    """Nothing is asked of the service then."""
    path = tmp_path / "questions.jsonl"
    path.write_bytes(lines("sky"))
    with pytest.raises(ValueError, match="mime"):
        client.call("files.upload", file=path)
    assert [] == emulator.seen


@pytest.mark.real_time
def test_the_example_of_the_documentation_passes(tmp_path: Path) -> None:
    """The tests of a project that knows the client only run as the page says, in a clean folder."""
    for name in ("test_batches.py", "with-emulator.sh"):
        shutil.copy(EXAMPLES / "google_genai" / name, tmp_path)
    folder = Path(sys.executable).parent
    done = subprocess.run(
        ["bash", "with-emulator.sh", "python", "-m", "pytest", "test_batches.py"],
        cwd=tmp_path,
        env={"PATH": f"{folder}:{os.defpath}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    assert re.search(r"^=+ 4 passed", done.stdout, re.MULTILINE), done.stdout
    assert done.stderr.endswith("the emulator has ended\n")


def test_the_example_of_the_fixtures_passes(tmp_path: Path) -> None:
    """A test of a project that has both, with the emulator as a fixture."""
    shutil.copy(EXAMPLES / "fixtures" / "test_google_genai.py", tmp_path)
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["gemini_batch.testing"]\n')
    done = subprocess.run(
        [sys.executable, "-m", "pytest"],
        cwd=tmp_path,
        env={"PATH": os.defpath},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    assert re.search(r"^=+ 1 passed", done.stdout, re.MULTILINE), done.stdout
