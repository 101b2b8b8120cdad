"""Vercel's provider for Google's models, unmodified, driven through its interface for batches.

pytest does not find this file by itself: ``nox -s clients_js`` installs the client, and names it.
The interface is that of ``provider.experimental_batch()``, and its uploads are those of
``provider.files()``; it deletes nothing, makes no embeddings, and lists no files.
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import requests

from gemini_batch.emulator import Emulator, ItemFailure
from tests.canary import CANARY
from tests.clients.conftest import Emulate
from tests.clients.node import Client, Node, installed, runtime
from tests.clients.record import Driven

MODEL = "gemini-2.5-flash"
KEY = CANARY
INLINE_LIMIT = 20_000_000
"""Bytes of a create from which on the client uploads its requests as a file."""

Look = Callable[..., Any]
Speak = Callable[..., Client]


@pytest.fixture(scope="session")
def driven() -> Driven:
    """Return which client this is."""
    return Driven("@ai-sdk/google", installed("@ai-sdk/google"), runtime())


@pytest.fixture
def way() -> str:
    """Return how the client is called: every call returns a promise."""
    return "async"


@pytest.fixture(scope="session")
def node() -> Iterator[Node]:
    """Run the client."""
    with Node("ai-sdk-google.mjs") as node:
        yield node


@pytest.fixture
def speak(node: Node, way: str) -> Speak:
    """Return what makes clients of emulators, with another key than usual."""
    del way

    def speak(emulator: Emulator, key: str = KEY) -> Client:
        return Client(node, {"apiKey": key, "baseURL": f"{emulator.url}/v1beta"})

    return speak


@pytest.fixture
def client(emulator: Emulator, speak: Speak) -> Client:
    """Return a client of the usual emulator."""
    return speak(emulator)


def texts(*prompts: str, **options: Any) -> list[dict[str, Any]]:
    """Return requests for text; the beginning of the prompt is the id of each."""
    return [
        {
            "type": "text",
            "id": one[:20],
            "modelId": MODEL,
            "options": {"prompt": [user({"type": "text", "text": one})], **options},
        }
        for one in prompts
    ]


def user(*content: dict[str, Any]) -> dict[str, Any]:
    """Return a message of a user."""
    return {"role": "user", "content": list(content)}


def start(client: Client, *prompts: str) -> str:
    """Start a batch and return its name."""
    return str(client.call("doStartBatch", requests=texts(*prompts))["batchId"])


STATUSES = {
    "BATCH_STATE_SUCCEEDED": "completed",
    "BATCH_STATE_FAILED": "failed",
    "BATCH_STATE_CANCELLED": "failed",
    "BATCH_STATE_EXPIRED": "failed",
}


def status_of(operation: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the client should tell of an operation.

    It has no place for the name, the model, and the times but the first.
    """
    told = operation["metadata"]
    counts = {
        name: int(told["batchStats"].get(f"{of}equestCount", "0"))
        for name, of in {
            "total": "r",
            "pending": "pendingR",
            "completed": "successfulR",
            "failed": "failedR",
        }.items()
    }
    status = {
        "status": STATUSES.get(told["state"], "pending"),
        "rawStatus": told["state"],
        "requestCounts": counts,
        "createdAt": told["createTime"],
    }
    if "error" in operation:
        error = {"message": operation["error"]["message"], "code": str(operation["error"]["code"])}
        return {**status, "status": "failed", "error": error}
    return status


def result_of(key: str, item: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the client should tell of one result in text.

    It has no place for the version of the model.
    """
    told = {"type": "text", "id": key}
    if "error" in item:
        message = item["error"].get("message", "Google batch request failed.")
        error = {"message": message, "code": str(item["error"]["code"])}
        status = "cancelled" if 1 == item["error"]["code"] else "failed"
        return {**told, "status": status, "error": error}
    response = item["response"]
    [candidate] = response["candidates"]
    usage = response["usageMetadata"]
    reason = candidate["finishReason"]
    result = {
        "content": [part_of(part) for part in candidate["content"]["parts"]],
        "finishReason": {"unified": REASONS[reason], "raw": reason},
        "usage": usage_of(usage),
        "warnings": [],
        "providerMetadata": {
            "google": {
                "promptFeedback": None,
                "groundingMetadata": None,
                "urlContextMetadata": None,
                "safetyRatings": None,
                "finishMessage": None,
                "usageMetadata": usage,
                "serviceTier": usage["serviceTier"],
            }
        },
        "response": {"id": response["responseId"]},
    }
    return {**told, "status": "succeeded", "result": result}


REASONS = {"STOP": "stop", "MAX_TOKENS": "length"}


def part_of(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the client should tell of a part with text."""
    told = {"type": "reasoning" if part.get("thought") else "text", "text": part["text"]}
    if "thoughtSignature" in part:
        signature = {"thoughtSignature": part["thoughtSignature"]}
        return {**told, "providerMetadata": {"google": signature}}
    return told


def usage_of(usage: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the client should tell of what a request took."""
    cached = usage.get("cachedContentTokenCount", 0)
    thoughts = usage.get("thoughtsTokenCount", 0)
    return {
        "inputTokens": {
            "total": usage["promptTokenCount"],
            "noCache": usage["promptTokenCount"] - cached,
            "cacheRead": cached,
        },
        "outputTokens": {
            "total": usage["candidatesTokenCount"] + thoughts,
            "text": usage["candidatesTokenCount"],
            "reasoning": thoughts,
        },
        "raw": usage,
    }


def answer(request: Mapping[str, Any], key: str | None) -> str | dict[str, Any] | ItemFailure:
    """Answer in capitals; fail what asks for it, think, draw and call when asked to."""
    del key
    prompt = request["contents"][0]["parts"][0]["text"]
    match prompt:
        case "fail":
            return ItemFailure(8, "Too much was asked.")
        case "fail silently":
            return ItemFailure(13)
        case "think":
            parts = [{"text": "Hm.", "thought": True}, {"text": "Yes.", **SIGNATURE}]
            return response_of(*parts, reason="MAX_TOKENS")
        case "draw":
            return response_of({"inlineData": {"mimeType": "image/png", "data": PICTURE}})
        case "call":
            called = {"name": "weather", "args": {"place": "Oslo"}}
            return response_of({"functionCall": called, **SIGNATURE})
        case "blocked":
            return {
                "promptFeedback": {"blockReason": "SAFETY"},
                "usageMetadata": {"promptTokenCount": 1, "totalTokenCount": 1},
                "modelVersion": MODEL,
                "responseId": "an-id_of-a-response",
            }
        case _:
            return str(prompt).upper()


PICTURE = base64.b64encode(b"\x89PNG\xff\xfe").decode()
SIGNATURE = {"thoughtSignature": base64.b64encode(b"\xfb\xff\xfe").decode()}


def response_of(*parts: dict[str, Any], reason: str = "STOP") -> dict[str, Any]:
    """Return a response with these parts."""
    return {
        "candidates": [
            {
                "content": {"parts": list(parts), "role": "model"},
                "finishReason": reason,
                "index": 0,
            }
        ],
        "usageMetadata": {
            "promptTokenCount": 11,
            "candidatesTokenCount": 22,
            "totalTokenCount": 66,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 11}],
            "thoughtsTokenCount": 33,
            "cachedContentTokenCount": 4,
            "serviceTier": "standard",
        },
        "modelVersion": MODEL,
        "responseId": "an-id_of-a-response",
    }


# Creating.


@pytest.mark.operation("create inline")
def test_a_batch_is_created_inline(client: Client, emulator: Emulator, look: Look) -> None:
    """What is returned is the batch as it is looked at; the client draws it a name."""
    found = client.call("doStartBatch", requests=texts("sky", "sea"))
    [act] = emulator.acted
    raw = look(emulator, f"/v1beta/{found['batchId']}")
    assert {"batchId": raw["name"], "warnings": [], **status_of(raw)} == found
    assert ("create", found["batchId"]) == (act.operation, act.name)
    assert act.detail == raw["metadata"]["displayName"]
    assert act.detail.startswith("ai-sdk-batch-")
    assert {"total": 2, "pending": 2, "completed": 0, "failed": 0} == found["requestCounts"]
    assert f"models/{MODEL}" == raw["metadata"]["model"]


@pytest.mark.operation("create inline with all kinds of settings")
def test_every_setting_of_a_request_arrives(emulate: Emulate, speak: Speak) -> None:
    """The service reads what the client was given: instruction, schema, tools, safety, thinking."""
    read: dict[str | None, Mapping[str, Any]] = {}

    def note(request: Mapping[str, Any], key: str | None) -> str:
        read[key] = request
        return "noted"

    emulator = emulate(answer=note)
    client = speak(emulator)
    search = {"type": "provider", "id": "google.google_search", "name": "google_search", "args": {}}
    asked = [
        {"type": "text", "id": "all", "modelId": MODEL, "options": OPTIONS},
        *texts("search", tools=[search]),
        {
            "type": "image",
            "id": "draw",
            "modelId": MODEL,
            "options": {"prompt": "The sky", "n": 1, "aspectRatio": "16:9", "providerOptions": {}},
        },
    ]
    name = client.call("doStartBatch", requests=asked)["batchId"]
    emulator.advance(200)
    assert {"all", "search", "draw"} == {
        one["id"] for one in client.call("doGetBatchResults", batchId=name)
    }
    assert ALL_SETTINGS == read["all"]
    assert [{"googleSearch": {}}] == read["search"]["tools"]
    assert [{"role": "user", "parts": [{"text": "The sky"}]}] == read["draw"]["contents"]
    drawn = {"responseModalities": ["IMAGE"], "imageConfig": {"aspectRatio": "16:9"}}
    assert drawn == read["draw"]["generationConfig"]


SCHEMA = {
    "type": "object",
    "properties": {"colour": {"type": "string", "enum": ["blue", "green"]}},
    "required": ["colour"],
    "additionalProperties": False,
}
PLACE = {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]}
SAFETY = [{"category": "HARM_CATEGORY_HATE_SPEECH", "threshold": "BLOCK_ONLY_HIGH"}]
OPTIONS: dict[str, Any] = {
    "prompt": [
        {"role": "system", "content": "Be brief."},
        user(
            {"type": "text", "text": "What colour is this?"},
            {
                "type": "file",
                "mediaType": "image/png",
                "data": {"type": "data", "data": PICTURE},
            },
        ),
        {"role": "assistant", "content": [{"type": "text", "text": "Which?"}]},
        user({"type": "text", "text": "Both."}),
    ],
    "temperature": 0.25,
    "topP": 0.5,
    "topK": 40,
    "maxOutputTokens": 1000,
    "stopSequences": ["END"],
    "seed": 7,
    "responseFormat": {"type": "json", "schema": SCHEMA},
    "tools": [
        {
            "type": "function",
            "name": "weather",
            "description": "Tell the weather.",
            "inputSchema": PLACE,
        }
    ],
    "toolChoice": {"type": "tool", "toolName": "weather"},
    "providerOptions": {
        "google": {
            "thinkingConfig": {"includeThoughts": True, "thinkingBudget": 512},
            "safetySettings": SAFETY,
        }
    },
}
ALL_SETTINGS = {
    "contents": [
        {
            "role": "user",
            "parts": [
                {"text": "What colour is this?"},
                {"inlineData": {"mimeType": "image/png", "data": PICTURE}},
            ],
        },
        {"role": "model", "parts": [{"text": "Which?"}]},
        {"role": "user", "parts": [{"text": "Both."}]},
    ],
    "systemInstruction": {"parts": [{"text": "Be brief."}]},
    "tools": [
        {
            "functionDeclarations": [
                {
                    "name": "weather",
                    "description": "Tell the weather.",
                    "parametersJsonSchema": PLACE,
                }
            ]
        }
    ],
    "toolConfig": {
        "functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["weather"]},
    },
    "safetySettings": SAFETY,
    "generationConfig": {
        "temperature": 0.25,
        "topP": 0.5,
        "topK": 40,
        "maxOutputTokens": 1000,
        "stopSequences": ["END"],
        "seed": 7,
        "responseMimeType": "application/json",
        "responseJsonSchema": SCHEMA,
        "thinkingConfig": {"includeThoughts": True, "thinkingBudget": 512},
    },
}
"""What the service should have read, in its own spelling."""


@pytest.mark.operation("create inline with a webhook")
def test_a_webhook_is_accepted(client: Client, emulator: Emulator) -> None:
    """The batch does not show it."""
    client.call("doStartBatch", requests=texts("sky"), webhookUrl="https://example.com/done")
    assert 1 == emulator.acted.count("create")


@pytest.mark.operation("create from a file")
def test_a_large_batch_is_created_from_a_file(
    client: Client, emulator: Emulator, look: Look
) -> None:
    """From a size on the client uploads the requests, in one piece and without its key."""
    client.call("doStartBatch", requests=texts("x" * (INLINE_LIMIT - 1000)))
    assert {"create": 1} == {one.operation: 1 for one in emulator.seen}

    found = client.call("doStartBatch", requests=texts("sky", "x" * INLINE_LIMIT))
    raw = look(emulator, f"/v1beta/{found['batchId']}")
    source = raw["metadata"]["inputConfig"]["fileName"]
    file = look(emulator, f"/v1beta/{source}")
    assert {
        "batchId": raw["name"],
        "warnings": [],
        "providerMetadata": {
            "google": {"inputFileId": source, "inputFileExpiresAt": file["expirationTime"]}
        },
        **status_of(raw),
    } == found
    assert 2 == found["requestCounts"]["total"]
    assert "application/jsonl" == file["mimeType"]
    assert f"{raw['metadata']['displayName']}-input" == file["displayName"]
    [chunk] = emulator.acted.of("upload-chunk")
    assert (source, f"0+{file['sizeBytes']}, final") == (chunk.name, chunk.detail)
    assert [None] == [seen.key for seen in emulator.seen.of("upload-chunk")]


# Looking.


@pytest.mark.operation("get a pending batch")
def test_a_batch_is_first_pending(client: Client, emulator: Emulator, look: Look) -> None:
    """Its results are not to be had yet."""
    name = start(client, "sky")
    emulator.advance(99)
    found = client.call("doGetBatchStatus", batchId=name)
    assert status_of(look(emulator, f"/v1beta/{name}")) == found
    assert ("pending", "BATCH_STATE_PENDING") == (found["status"], found["rawStatus"])
    thrown = client.thrown("doGetBatchResults", batchId=name)
    assert ("AI_InvalidArgumentError", f'Google batch "{name}" is not complete.') == (
        thrown["name"],
        thrown["message"],
    )


@pytest.mark.operation("get a running batch")
def test_a_batch_then_runs(client: Client, emulator: Emulator, look: Look) -> None:
    """How far it has come is counted."""
    name = start(client, "sky", "sea")
    emulator.advance(150)
    found = client.call("doGetBatchStatus", batchId=name)
    assert status_of(look(emulator, f"/v1beta/{name}")) == found
    assert ("pending", "BATCH_STATE_RUNNING") == (found["status"], found["rawStatus"])
    assert {"total": 2, "pending": 1, "completed": 1, "failed": 0} == found["requestCounts"]


@pytest.mark.operation("get inline results")
def test_inline_results_are_read_in_full(emulate: Emulate, speak: Speak, look: Look) -> None:
    """Text, thoughts, signature, counts, tier, reason, id, key and errors: all but the version."""
    emulator = emulate(answer=answer)
    client = speak(emulator)
    prompts = ("sky", "think", "fail", "fail silently")
    name = start(client, *prompts)
    emulator.advance(200)
    found = client.call("doGetBatchResults", batchId=name)
    raw = look(emulator, f"/v1beta/{name}")
    items = raw["response"]["inlinedResponses"]["inlinedResponses"]
    assert [result_of(item["metadata"]["key"], item) for item in items] == found

    by_id = {one["id"]: one for one in found}
    assert set(prompts) == set(by_id)
    assert [{"type": "text", "text": "SKY"}] == by_id["sky"]["result"]["content"]
    thoughtful = by_id["think"]["result"]
    assert ["reasoning", "text"] == [part["type"] for part in thoughtful["content"]]
    assert {"unified": "length", "raw": "MAX_TOKENS"} == thoughtful["finishReason"]
    assert (11, 7, 4) == tuple(thoughtful["usage"]["inputTokens"].values())
    assert (55, 22, 33) == tuple(thoughtful["usage"]["outputTokens"].values())
    assert {"message": "Too much was asked.", "code": "8"} == by_id["fail"]["error"]
    assert "13" == by_id["fail silently"]["error"]["code"]


@pytest.mark.operation("get results that are not text")
def test_results_of_other_kinds_are_told_apart(emulate: Emulate, speak: Speak) -> None:
    """A picture, a function that is called, and a prompt that was blocked, which is a failure."""
    emulator = emulate(answer=answer)
    client = speak(emulator)
    name = start(client, "draw", "call", "blocked")
    emulator.advance(200)
    by_id = {one["id"]: one for one in client.call("doGetBatchResults", batchId=name)}
    drawn, called, blocked = by_id["draw"], by_id["call"], by_id["blocked"]
    assert ("image", [PICTURE]) == (drawn["type"], drawn["result"]["images"])
    assert {"inputTokens": 11, "outputTokens": 55, "totalTokens": 66} == drawn["result"]["usage"]
    [call] = called["result"]["content"]
    assert ("tool-call", "weather", {"place": "Oslo"}) == (
        call["type"],
        call["toolName"],
        json.loads(call["input"]),
    )
    assert {"google": SIGNATURE} == call["providerMetadata"]
    assert "tool-calls" == called["result"]["finishReason"]["unified"]
    assert ("failed", "prompt_blocked", "SAFETY") == (
        blocked["status"],
        blocked["error"]["code"],
        blocked["error"]["type"],
    )


@pytest.mark.operation("get a batch with a result file")
def test_results_in_a_file_are_read_in_full(emulate: Emulate, speak: Speak, look: Look) -> None:
    """They are downloaded by the client, and told as those of an inline batch are."""
    emulator = emulate(answer=answer)
    client = speak(emulator)
    name = start(client, "sky", "think", "fail", "fail silently", "x" * INLINE_LIMIT)
    emulator.advance(200)
    raw = look(emulator, f"/v1beta/{name}")
    assert status_of(raw) == client.call("doGetBatchStatus", batchId=name)
    found = client.call("doGetBatchResults", batchId=name)
    path = f"/download/v1beta/{raw['response']['responsesFile']}:download"
    assert [path] == [seen.path for seen in emulator.seen.of("download")]

    plain = requests.get(f"{emulator.url}{path}", {"alt": "media", "key": "any"}, timeout=60)
    lines = [json.loads(line) for line in plain.content.split(b"\n") if line]
    assert [result_of(line["key"], line) for line in lines] == found
    by_id = {one["id"]: one for one in found}
    assert 5 == len(by_id)
    assert [{"type": "text", "text": "SKY"}] == by_id["sky"]["result"]["content"]
    assert {"message": "Too much was asked.", "code": "8"} == by_id["fail"]["error"]


@pytest.mark.operation("get a batch cancelled while pending")
def test_a_batch_cancelled_in_time_has_no_results(
    client: Client, emulator: Emulator, look: Look
) -> None:
    """It is told as one that has failed, with the error of the service."""
    name = start(client, "sky")
    emulator.advance(10)
    client.call("doCancelBatch", batchId=name)
    found = client.call("doGetBatchStatus", batchId=name)
    assert status_of(look(emulator, f"/v1beta/{name}")) == found
    assert ("failed", "BATCH_STATE_CANCELLED") == (found["status"], found["rawStatus"])
    assert "13" == found["error"]["code"]
    assert [] == client.call("doGetBatchResults", batchId=name)


@pytest.mark.operation("get a batch cancelled while running")
def test_a_batch_cancelled_too_late_succeeds_in_part(
    client: Client, emulator: Emulator, look: Look
) -> None:
    """What had been answered by then is there, and the rest was cancelled."""
    name = start(client, "sky", "sea", "sun")
    emulator.advance(150)
    client.call("doCancelBatch", batchId=name)
    found = client.call("doGetBatchStatus", batchId=name)
    raw = look(emulator, f"/v1beta/{name}")
    assert status_of(raw) == found
    assert "completed" == found["status"]
    results = client.call("doGetBatchResults", batchId=name)
    items = raw["response"]["inlinedResponses"]["inlinedResponses"]
    assert [result_of(item["metadata"]["key"], item) for item in items] == results
    assert ["cancelled", "cancelled", "succeeded"] == sorted(one["status"] for one in results)


STATES = {
    "PENDING": ("pending", None, None),
    "RUNNING": ("pending", None, None),
    "SUCCEEDED": ("completed", None, 2),
    "FAILED": ("failed", "13", 0),
    "EXPIRED": ("failed", "4", 0),
    "CANCELLED": ("failed", "13", 0),
    "EXPIRED-with-output": ("failed", None, 2),
    "CANCELLED-with-output": ("failed", None, 2),
    "SUCCEEDED-before-output": ("completed", None, None),
    "done-without-result": ("completed", None, None),
}
"""Steps of a script: the status that the client tells, the code, and how many results are read."""


@pytest.mark.operation("get a batch in each state")
@pytest.mark.parametrize("step", STATES)
def test_each_state_is_read(step: str, client: Client, emulator: Emulator, look: Look) -> None:
    """A batch without results throws while it is pending, or if it should have some."""
    status, code, count = STATES[step]
    emulator.faults.add("states", step)
    name = start(client, "sky", "sea")
    found = client.call("doGetBatchStatus", batchId=name)
    assert status_of(look(emulator, f"/v1beta/{name}")) == found
    assert (status, code) == (found["status"], found.get("error", {}).get("code"))
    if count is None:
        thrown = client.thrown("doGetBatchResults", batchId=name)
        expected = "is not complete" if status == "pending" else "completed without batch output"
        assert expected in thrown["message"]
    else:
        assert count == len(client.call("doGetBatchResults", batchId=name))


@pytest.mark.operation("get a batch in a state that is new")
def test_a_state_that_is_new_is_taken_for_pending(client: Client, emulator: Emulator) -> None:
    """It is shown as it came, too."""
    emulator.faults.add("states", "BATCH_STATE_PAUSED")
    found = client.call("doGetBatchStatus", batchId=start(client, "sky"))
    assert ("pending", "BATCH_STATE_PAUSED") == (found["status"], found["rawStatus"])


# Lists, cancelling.


@pytest.mark.operation("list batches over pages")
def test_batches_are_listed_page_by_page(client: Client, emulator: Emulator, look: Look) -> None:
    """Newest first, each once, as the plain pages have them."""
    made = [start(client, "sky"), start(client, "x" * INLINE_LIMIT)]
    emulator.advance(200)
    made += [start(client, "sea") for _ in range(3)]
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    for size in (2, 2, 1):
        page = client.call("doListBatches", limit=2, **cursor)
        assert size == len(page["batches"])
        found += page["batches"]
        cursor = {"cursor": page["nextCursor"]} if "nextCursor" in page else {}
    assert {} == cursor
    assert made[::-1] == [one["batchId"] for one in found]
    plain = look(emulator, "/v1beta/batches", pageSize=5)["operations"]
    assert [{"batchId": raw["name"], **status_of(raw)} for raw in plain] == found
    assert ["completed", "completed"] == [one["status"] for one in found[3:]]


@pytest.mark.operation("list no batches")
def test_there_may_be_no_batches(client: Client, emulator: Emulator, look: Look) -> None:
    """The service sends an empty object then."""
    assert {"batches": []} == client.call("doListBatches")
    assert {} == look(emulator, "/v1beta/batches")


@pytest.mark.operation("cancel")
def test_cancelling_acts_once_and_may_come_too_late(client: Client, emulator: Emulator) -> None:
    """It returns nothing; of a batch that has ended it changes nothing."""
    name = start(client, "sky")
    assert {} == client.call("doCancelBatch", batchId=name)
    assert {} == client.call("doCancelBatch", batchId=name)
    [act] = emulator.acted.of("cancel")
    assert (name, "PENDING") == (act.name, act.detail)
    assert 2 == emulator.seen.count("cancel")


# Files.


@pytest.mark.operation("upload bytes")
def test_bytes_are_uploaded(client: Client, emulator: Emulator, look: Look) -> None:
    """Every member of the file is read but its source; its URI is how it is referred to."""
    found = client.call(
        "uploadFile",
        data={"type": "text", "text": "sky"},
        mediaType="text/plain",
        providerOptions={"google": {"displayName": "a word"}},
    )
    told = found["providerMetadata"]["google"]
    raw = look(emulator, f"/v1beta/{told['name']}")
    assert "UPLOADED" == raw.pop("source")
    assert {
        "warnings": [],
        "providerReference": {"google": raw["uri"]},
        "mediaType": "text/plain",
        "providerMetadata": {"google": raw},
    } == found
    assert ("a word", "3", "ACTIVE") == (told["displayName"], told["sizeBytes"], told["state"])
    assert [None] == [seen.key for seen in emulator.seen.of("upload-chunk")]


@pytest.mark.operation("get a file")
@pytest.mark.real_time
def test_a_file_is_looked_at_until_it_is_active(emulate: Emulate, speak: Speak) -> None:
    """An upload goes on while the file is processed: until the client looks at it again."""
    emulator = emulate(clock=1000, file_processing_seconds=300)  # which is less than a look later
    found = speak(emulator).call(
        "uploadFile",
        data={"type": "text", "text": "sky"},
        mediaType="text/plain",
        providerOptions={"google": {"pollIntervalMs": 600}},
    )
    assert "ACTIVE" == found["providerMetadata"]["google"]["state"]
    assert 1 == emulator.seen.count("file-get")


@pytest.mark.operation("download results")
def test_results_are_downloaded(client: Client, emulator: Emulator) -> None:
    """Every line is read, in the order of the file."""
    prompts = [f"{n}²" + "x" * (INLINE_LIMIT // 500) for n in range(501)]
    name = start(client, *prompts)
    emulator.advance(200)
    found = client.call("doGetBatchResults", batchId=name)
    assert 1 == emulator.seen.count("download")
    assert 501 == len({one["id"] for one in found})
    for one in found:
        text = one["result"]["content"][-1]["text"]
        assert text.startswith("sha256:")
        assert one["id"] in text


# Refusals.


def refusal(client: Client, method: str, **given: Any) -> tuple[int, Any, bool]:
    """Return status, body, and whether another try may help, of the error that a call throws."""
    thrown = client.thrown(method, **given)
    assert "AI_APICallError" == thrown["name"]
    assert thrown["message"] == thrown["data"]["error"]["message"]
    assert json.loads(thrown["responseBody"]) == thrown["data"]
    return thrown["statusCode"], thrown["data"], thrown["isRetryable"]


def envelope(code: int, status: str, message: str) -> Any:
    """Return the body of an error that has no details."""
    return {"error": {"code": code, "message": message, "status": status}}


UNKNOWN = "batches/" + "a" * 36


@pytest.mark.operation("error: no key")
def test_no_key_is_forbidden(speak: Speak, emulator: Emulator) -> None:
    """The client sends an empty one if it is given that."""
    message = (
        "Method doesn't allow unregistered callers (callers without established identity). "
        "Please use API Key or other form of API consumer identity to call this API."
    )
    found = refusal(speak(emulator, key=""), "doListBatches")
    assert (403, envelope(403, "PERMISSION_DENIED", message), False) == found
    assert [None] == [seen.key for seen in emulator.seen]


@pytest.mark.operation("error: a key that is not valid")
def test_a_wrong_key_is_an_invalid_argument(emulate: Emulate, speak: Speak) -> None:
    """The reason is among the details, which the client keeps."""
    client = speak(emulate(keys={"AIzaGood"}), key="AIzaBad")
    status, said, again = refusal(client, "doListBatches")
    assert (400, "INVALID_ARGUMENT", False) == (status, said["error"]["status"], again)
    assert "API key not valid. Please pass a valid API key." == said["error"]["message"]
    assert "API_KEY_INVALID" == said["error"]["details"][0]["reason"]


@pytest.mark.operation("error: a key of the new kind that is not valid")
def test_a_wrong_key_of_the_new_kind_is_unauthenticated(emulate: Emulate, speak: Speak) -> None:
    """It begins with ``AQ.``, and is taken for a token."""
    client = speak(emulate(keys={"AIzaGood"}), key="AQ.bad")
    status, said, again = refusal(client, "doListBatches")
    assert (401, "UNAUTHENTICATED", False) == (status, said["error"]["status"], again)
    assert said["error"]["message"].startswith("Request had invalid authentication credentials.")
    assert "ACCESS_TOKEN_TYPE_UNSUPPORTED" == said["error"]["details"][0]["reason"]


@pytest.mark.operation("error: an unknown batch")
@pytest.mark.parametrize("method", ["doGetBatchStatus", "doGetBatchResults", "doCancelBatch"])
def test_an_unknown_batch_is_not_found(
    method: str, client: Client, emulator: Emulator, look: Look
) -> None:
    """A name that cannot be one is refused otherwise."""
    expected = envelope(404, "NOT_FOUND", "Requested entity was not found.")
    assert (404, expected, False) == refusal(client, method, batchId=UNKNOWN)
    assert expected == look(emulator, f"/v1beta/{UNKNOWN}")
    odd = envelope(400, "INVALID_ARGUMENT", "Could not parse the batch name")
    assert (400, odd, False) == refusal(client, method, batchId="batches/sky")


@pytest.mark.operation("error: an unknown field in a request")
def test_an_unknown_field_in_a_request_is_refused_by_name(
    client: Client, emulator: Emulator
) -> None:
    """The client has a setting of another service, which this one does not know."""
    options = {"providerOptions": {"google": {"audioTimestamp": True}}}
    status, said, again = refusal(client, "doStartBatch", requests=texts("sky", **options))
    assert (400, "INVALID_ARGUMENT", False) == (status, said["error"]["status"], again)
    assert 'Unknown name "audioTimestamp"' in said["error"]["message"]
    assert [] == emulator.acted


@pytest.mark.operation("error: unknown fields in an input file")
def test_unknown_fields_in_a_file_are_refused_by_line(client: Client, emulator: Emulator) -> None:
    """The file is there then, but no batch."""
    options = {"providerOptions": {"google": {"audioTimestamp": True}}}
    asked = [*texts("sky"), *texts("x" * INLINE_LIMIT, **options)]
    status, said, again = refusal(client, "doStartBatch", requests=asked)
    assert (400, "INVALID_ARGUMENT", False) == (status, said["error"]["status"], again)
    assert said["error"]["message"].startswith("Error on line 2: invalid JSON, near column ")
    assert said["error"]["message"].endswith("no such field: 'audioTimestamp'")
    assert (1, 0) == (emulator.acted.count("upload-chunk"), emulator.acted.count("create"))


@pytest.mark.operation("error: too many requests")
@pytest.mark.parametrize("delay", ["", "30s"])
def test_a_quota_that_is_used_up_is_told(delay: str, client: Client, emulator: Emulator) -> None:
    """With a delay among the details, if the service names one; the client does not wait."""
    emulator.faults.add("create", f"return-429/retry-info={delay}" if delay else "return-429")
    status, said, again = refusal(client, "doStartBatch", requests=texts("sky"))
    assert (429, "RESOURCE_EXHAUSTED", True) == (status, said["error"]["status"], again)
    assert "Resource has been exhausted (e.g. check quota)." == said["error"]["message"]
    given = [one["retryDelay"] for one in said["error"].get("details", [])]
    assert ([delay] if delay else []) == given
    assert (1, 0) == (emulator.seen.count("create"), emulator.acted.count("create"))


@pytest.mark.operation("error: the service is unavailable")
@pytest.mark.parametrize("operation", ["create", "get", "list", "cancel", "download"])
def test_an_unavailable_service_is_told(operation: str, client: Client, emulator: Emulator) -> None:
    """At once; nothing is sent again, though it might be."""
    name = UNKNOWN
    if operation == "download":
        name = start(client, "x" * INLINE_LIMIT)
        emulator.advance(200)
    method, given = {
        "create": ("doStartBatch", {"requests": texts("sky")}),
        "get": ("doGetBatchStatus", {"batchId": name}),
        "list": ("doListBatches", {}),
        "cancel": ("doCancelBatch", {"batchId": name}),
        "download": ("doGetBatchResults", {"batchId": name}),
    }[operation]
    emulator.faults.add(operation, "return-503")
    expected = envelope(503, "UNAVAILABLE", "The service is currently unavailable.")
    assert (503, expected, True) == refusal(client, method, **given)
    assert 1 == emulator.seen.count(operation)


@pytest.mark.operation("error: a page of HTML")
def test_a_page_of_html_is_told_by_its_status(client: Client, emulator: Emulator) -> None:
    """The page itself is kept beside the message."""
    emulator.faults.add("create", "html-502")
    thrown = client.thrown("doStartBatch", requests=texts("sky"))
    assert ("AI_APICallError", "Bad Gateway", 502) == (
        thrown["name"],
        thrown["message"],
        thrown["statusCode"],
    )
    assert thrown["responseBody"].startswith("<!DOCTYPE html>")
    assert "data" not in thrown
    assert [] == emulator.acted


# What is sent again, and what the client does by itself.


@pytest.mark.operation("create whose reply is lost")
def test_a_create_whose_reply_is_lost_is_not_sent_again(client: Client, emulator: Emulator) -> None:
    """There is one batch, and an error that says it may be tried again."""
    emulator.faults.add("create", "close-after-acting")
    thrown = client.thrown("doStartBatch", requests=texts("sky"))
    assert "Cannot connect to API: other side closed" == thrown["message"]
    assert thrown["isRetryable"]
    assert (1, 1) == (emulator.seen.count("create"), emulator.acted.count("create"))


@pytest.mark.operation("upload whose chunk fails")
def test_a_chunk_that_fails_fails_the_batch(client: Client, emulator: Emulator) -> None:
    """The client gives up at once, without asking what has arrived."""
    emulator.faults.add("upload-chunk", "return-503/upload-status=active")
    expected = envelope(503, "UNAVAILABLE", "The service is currently unavailable.")
    large = texts("x" * INLINE_LIMIT)
    assert (503, expected, True) == refusal(client, "doStartBatch", requests=large)
    assert 1 == emulator.seen.count("upload-chunk")
    assert 0 == emulator.seen.count("upload-query")
    assert 0 == emulator.seen.count("create")


@pytest.mark.parametrize("method", ["doGetBatchStatus", "doGetBatchResults"])
def test_a_result_without_a_key_hides_the_batch(
    method: str, client: Client, emulator: Emulator
) -> None:
    """Not even its status is to be had: such a batch has to be looked at by another client."""
    name = start(client, "sky", "sea")
    emulator.faults.add("results", "no-metadata")
    emulator.advance(200)
    thrown = client.thrown(method, batchId=name)
    assert ("AI_APICallError", "Invalid JSON response") == (thrown["name"], thrown["message"])
    assert 200 == thrown["statusCode"]
