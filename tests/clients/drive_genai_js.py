"""Google's client for JavaScript, unmodified, driven through all that the emulator serves.

pytest does not find this file by itself: ``nox -s clients_js`` installs the client, and names it.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests

from gemini_batch.emulator import Emulator
from tests.canary import CANARY
from tests.clients.answering import THOUGHTFUL, answer
from tests.clients.conftest import Emulate
from tests.clients.node import Client, Node, installed, runtime
from tests.clients.record import Driven

MODEL = "models/gemini-2.5-flash"
EMBEDDER = "models/gemini-embedding-001"
KEY = CANARY
CHUNK = 8 * 1024**2
JSONL = {"mimeType": "application/jsonl"}

Look = Callable[..., Any]
Speak = Callable[..., Client]


@pytest.fixture(scope="session")
def driven() -> Driven:
    """Return which client this is."""
    return Driven("@google/genai", installed("@google/genai"), runtime(), slug="genai-js")


@pytest.fixture
def way() -> str:
    """Return how the client is called: every call returns a promise."""
    return "async"


@pytest.fixture(scope="session")
def node() -> Iterator[Node]:
    """Run the client."""
    with Node("google-genai.mjs") as node:
        yield node


@pytest.fixture
def speak(node: Node, way: str) -> Speak:
    """Return what makes clients of emulators, with other options than usual."""
    del way

    def speak(emulator: Emulator, key: str = KEY, **options: Any) -> Client:
        return Client(node, {"apiKey": key, "httpOptions": {"baseUrl": emulator.url, **options}})

    return speak


@pytest.fixture
def client(emulator: Emulator, speak: Speak) -> Client:
    """Return a client of the usual emulator."""
    return speak(emulator)


def job_of(operation: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the client should hold of an operation.

    It drops ``error`` and ``batchStats``, ``priority`` and ``inputConfig``, and reads neither
    ``done`` nor ``response``, which say again what state and output say. Times stay as they came.
    """
    told = operation["metadata"]
    names = ("displayName", "model", "createTime", "updateTime", "endTime")
    kept = {name: told[name] for name in names if name in told}
    state = told["state"].replace("BATCH_STATE_", "JOB_STATE_", 1)
    job = {"name": operation["name"], "state": state, **kept}
    if "output" in told:
        job["dest"] = destination_of(told["output"])
    return job


def destination_of(output: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the client should hold of the output of a batch: all of it."""
    if "responsesFile" in output:
        return {"fileName": output["responsesFile"]}
    items = output["inlinedResponses"]["inlinedResponses"]
    embedded = any("embedding" in item.get("response", {}) for item in items)
    return {"inlinedEmbedContentResponses" if embedded else "inlinedResponses": items}


def inline(*prompts: str) -> list[dict[str, Any]]:
    """Return requests with a key each: the prompt itself."""
    return [{"contents": one, "metadata": {"key": one}} for one in prompts]


def lines(*prompts: str) -> str:
    """Return requests as an input file, with a key each: the prompt itself."""
    return jsonl(
        *({"key": one, "request": {"contents": [{"parts": [{"text": one}]}]}} for one in prompts)
    )


def jsonl(*values: Any) -> str:
    """Return values as the lines of a file."""
    return "".join(f"{json.dumps(value)}\n" for value in values)


def upload(client: Client, text: str) -> Any:
    """Upload an input file."""
    return client.call("files.upload of a blob", text=text, config=JSONL)


def results_of(data: bytes) -> dict[str, Any]:
    """Return the lines of a result file by their keys."""
    found = [json.loads(line) for line in data.split(b"\n") if line]
    by_key = {line["key"]: line for line in found}
    assert len(found) == len(by_key)
    return by_key


# Creating.


@pytest.mark.operation("create inline")
def test_a_batch_is_created_inline(client: Client, emulator: Emulator, look: Look) -> None:
    """What create returns is the batch as it is looked at, and the service has acted once."""
    job = client.call(
        "batches.create",
        model="gemini-2.5-flash",
        src=inline("sky", "sea"),
        config={"displayName": "two questions"},
    )
    [act] = emulator.acted
    assert ("create", job["name"], "two questions") == (act.operation, act.name, act.detail)
    raw = look(emulator, f"/v1beta/{job['name']}")
    assert job_of(raw) == job
    assert {"requestCount": "2", "pendingRequestCount": "2"} == raw["metadata"]["batchStats"]
    assert ("JOB_STATE_PENDING", MODEL) == (job["state"], job["model"])
    assert "completionStats" not in job, "the client does not read batchStats"


@pytest.mark.operation("create inline without a name")
def test_a_batch_need_not_have_a_name(client: Client, emulator: Emulator, look: Look) -> None:
    """Neither has it one then; and a request need not have metadata."""
    job = client.call("batches.create", model=MODEL, src=[{"contents": "sky"}])
    assert job_of(look(emulator, f"/v1beta/{job['name']}")) == job
    assert "displayName" not in job
    emulator.advance(200)
    [item] = client.call("batches.get", name=job["name"])["dest"]["inlinedResponses"]
    assert {"response"} == set(item)


@pytest.mark.operation("create inline with all kinds of settings")
def test_every_setting_of_a_request_arrives(emulate: Emulate, speak: Speak) -> None:
    """The service reads what the client was given: instruction, schema, tools, safety, thinking."""
    read: list[Mapping[str, Any]] = []

    def note(request: Mapping[str, Any], key: str | None) -> str:
        assert "all" == key
        read.append(request)
        return "noted"

    emulator = emulate(answer=note)
    client = speak(emulator)
    request = {
        "model": "gemini-2.5-flash",
        "contents": CONTENTS,
        "metadata": {"key": "all"},
        "config": {
            "systemInstruction": "Be brief.",
            **generation(max_items="3"),
            **BESIDE_GENERATION,
        },
    }
    job = client.call("batches.create", model=MODEL, src=[request])
    emulator.advance(200)
    [item] = client.call("batches.get", name=job["name"])["dest"]["inlinedResponses"]
    assert "noted" == item["response"]["candidates"][0]["content"]["parts"][0]["text"]
    [found] = read
    assert {
        "model": MODEL,
        "contents": CONTENTS,
        "systemInstruction": {"role": "user", "parts": [{"text": "Be brief."}]},
        "generationConfig": generation(max_items=3),
        **BESIDE_GENERATION,
    } == found


CONTENTS = [
    {
        "role": "user",
        "parts": [
            {"text": "What colour is this?"},
            {"inlineData": {"mimeType": "image/png", "data": "iVBOR//+"}},
            {"fileData": {"mimeType": "image/jpeg", "fileUri": "files/sky"}},
        ],
    },
    {"role": "model", "parts": [{"text": "Which?"}]},
    {"role": "user", "parts": [{"text": "Both."}]},
]


def generation(max_items: str | int) -> dict[str, Any]:
    """Return what is set of the generation; the client has large numbers as strings."""
    return {
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
                "names": {"type": "ARRAY", "items": {"type": "STRING"}, "maxItems": max_items},
            },
            "required": ["colour"],
            "propertyOrdering": ["colour", "sure", "names"],
        },
        "thinkingConfig": {"includeThoughts": True, "thinkingBudget": 512},
    }


BESIDE_GENERATION = {
    "tools": [
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
        {"googleSearch": {}},
        {"codeExecution": {}},
        {"urlContext": {}},
    ],
    "toolConfig": {
        "functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["weather"]},
    },
    "safetySettings": [
        {"category": "HARM_CATEGORY_HATE_SPEECH", "threshold": "BLOCK_ONLY_HIGH"},
    ],
}


@pytest.mark.operation("create inline with a webhook")
def test_a_webhook_is_accepted(client: Client, emulator: Emulator, look: Look) -> None:
    """The batch does not show it."""
    webhook = {"uris": ["https://example.com/done"], "userMetadata": {"of": "sky"}}
    job = client.call(
        "batches.create", model=MODEL, src=inline("sky"), config={"webhookConfig": webhook}
    )
    assert job_of(look(emulator, f"/v1beta/{job['name']}")) == job
    assert 1 == emulator.acted.count("create")


@pytest.mark.operation("create from a file")
def test_a_batch_is_created_from_a_file(client: Client, emulator: Emulator, look: Look) -> None:
    """The input is known to the service; the client drops its name."""
    source = upload(client, lines("sky", "sea"))
    job = client.call(
        "batches.create", model=MODEL, src=source["name"], config={"displayName": "from a file"}
    )
    raw = look(emulator, f"/v1beta/{job['name']}")
    assert job_of(raw) == job
    assert {"fileName": source["name"]} == raw["metadata"]["inputConfig"]
    assert "src" not in job
    assert [(job["name"], "from a file")] == [
        (act.name, act.detail) for act in emulator.acted.of("create")
    ]


@pytest.mark.operation("create embeddings inline")
def test_texts_are_embedded_inline(client: Client, emulator: Emulator, look: Look) -> None:
    """Every number arrives, in the order of the texts, and what it took."""
    job = client.call(
        "batches.createEmbeddings",
        model="gemini-embedding-001",
        src={
            "inlinedRequests": {
                "contents": ["sky", "sea", "grass"],
                "config": {"taskType": "RETRIEVAL_DOCUMENT", "outputDimensionality": 16},
            }
        },
        config={"displayName": "three texts"},
    )
    assert (EMBEDDER, "three texts") == (job["model"], job["displayName"])
    emulator.advance(200)
    job = client.call("batches.get", name=job["name"])
    raw = look(emulator, f"/v1beta/{job['name']}")
    assert job_of(raw) == job
    assert {"inlinedEmbedContentResponses"} == set(job["dest"])
    found = job["dest"]["inlinedEmbedContentResponses"]
    assert raw["response"]["inlinedResponses"]["inlinedResponses"] == found
    assert 3 == len({tuple(one["response"]["embedding"]["values"]) for one in found})
    for one in found:
        assert 16 == len(one["response"]["embedding"]["values"])
        assert 1 <= one["response"]["usageMetadata"]["promptTokenCount"]


@pytest.mark.operation("create embeddings from a file")
def test_texts_are_embedded_from_a_file(
    client: Client, emulator: Emulator, look: Look, tmp_path: Path
) -> None:
    """The results are a file, and the vectors in it are those of the inline batch."""
    texts = ("sky", "sea")
    asked = [{"key": one, "request": {"content": {"parts": [{"text": one}]}}} for one in texts]
    source = upload(client, jsonl(*asked))
    job = client.call("batches.createEmbeddings", model=EMBEDDER, src={"fileName": source["name"]})
    inlined = client.call(
        "batches.createEmbeddings", model=EMBEDDER, src={"inlinedRequests": {"contents": ["sky"]}}
    )
    emulator.advance(200)
    job = client.call("batches.get", name=job["name"])
    assert job_of(look(emulator, f"/v1beta/{job['name']}")) == job
    assert f"files/batch-{job['name'].removeprefix('batches/')}" == job["dest"]["fileName"]
    path = tmp_path / "results.jsonl"
    client.call("files.download", file=job["dest"]["fileName"], downloadPath=str(path))
    found = results_of(path.read_bytes())
    [sky] = client.call("batches.get", name=inlined["name"])["dest"]["inlinedEmbedContentResponses"]
    assert set(texts) == set(found)
    assert sky["response"]["embedding"] == found["sky"]["response"]["embedding"]


# Looking.


@pytest.mark.operation("get a pending batch")
def test_a_batch_is_first_pending(client: Client, emulator: Emulator, look: Look) -> None:
    """It is the same as on its creation."""
    created = client.call("batches.create", model=MODEL, src=inline("sky"))
    emulator.advance(99)
    job = client.call("batches.get", name=created["name"])
    assert created == job == job_of(look(emulator, f"/v1beta/{job['name']}"))
    assert "JOB_STATE_PENDING" == job["state"]


@pytest.mark.operation("get a running batch")
def test_a_batch_then_runs(client: Client, emulator: Emulator, look: Look) -> None:
    """How far it has come is told by the service, and dropped by the client."""
    name = client.call("batches.create", model=MODEL, src=inline("sky", "sea"))["name"]
    emulator.advance(150)
    job = client.call("batches.get", name=name)
    raw = look(emulator, f"/v1beta/{name}")
    assert job_of(raw) == job
    assert "JOB_STATE_RUNNING" == job["state"]
    assert "1" == raw["metadata"]["batchStats"]["successfulRequestCount"]
    assert {"completionStats", "endTime", "dest"}.isdisjoint(job)


@pytest.mark.operation("get inline results")
def test_inline_results_are_read_in_full(emulate: Emulate, speak: Speak, look: Look) -> None:
    """Text, thoughts, signature, counts, tier, reason, version, id, key and errors."""
    emulator = emulate(answer=answer)
    client = speak(emulator)
    prompts = ("sky", "think", "fail", "fail silently")
    name = client.call("batches.create", model=MODEL, src=inline(*prompts))["name"]
    emulator.advance(200)
    job = client.call("batches.get", name=name)
    raw = look(emulator, f"/v1beta/{name}")
    assert job_of(raw) == job
    assert "JOB_STATE_SUCCEEDED" == job["state"]
    found = job["dest"]["inlinedResponses"]
    assert raw["response"]["inlinedResponses"]["inlinedResponses"] == found

    items = {item["metadata"]["key"]: item for item in found}
    assert set(prompts) == set(items)
    [candidate] = items["sky"]["response"]["candidates"]
    assert ([{"text": "SKY"}], "STOP") == (
        candidate["content"]["parts"],
        candidate["finishReason"],
    )
    assert THOUGHTFUL == items["think"]["response"]
    assert {"code": 8, "message": "Too much was asked."} == items["fail"]["error"]
    assert {"code": 13} == items["fail silently"]["error"]


@pytest.mark.operation("get a batch with a result file")
def test_results_in_a_file_are_read_in_full(
    emulate: Emulate, speak: Speak, look: Look, tmp_path: Path
) -> None:
    """The batch names the file, the client downloads its bytes."""
    emulator = emulate(answer=answer)
    client = speak(emulator)
    prompts = ("sky", "think", "fail", "fail silently")
    source = upload(client, lines(*prompts))
    name = client.call("batches.create", model=MODEL, src=source["name"])["name"]
    emulator.advance(200)
    job = client.call("batches.get", name=name)
    raw = look(emulator, f"/v1beta/{name}")
    assert job_of(raw) == job
    assert {"fileName": raw["response"]["responsesFile"]} == job["dest"]

    path = tmp_path / "results.jsonl"
    client.call("files.download", file=job["dest"]["fileName"], downloadPath=str(path))
    found = results_of(path.read_bytes())
    assert set(prompts) == set(found)
    assert "SKY" == found["sky"]["response"]["candidates"][0]["content"]["parts"][0]["text"]
    assert THOUGHTFUL == found["think"]["response"]
    assert {"code": 8, "message": "Too much was asked."} == found["fail"]["error"]
    assert {"code": 13} == found["fail silently"]["error"]


@pytest.mark.operation("get a batch cancelled while pending")
def test_a_batch_cancelled_in_time_has_no_results(
    client: Client, emulator: Emulator, look: Look
) -> None:
    """The service says why it has ended; the client drops it."""
    name = client.call("batches.create", model=MODEL, src=inline("sky"))["name"]
    emulator.advance(10)
    client.call("batches.cancel", name=name)
    job = client.call("batches.get", name=name)
    raw = look(emulator, f"/v1beta/{name}")
    assert job_of(raw) == job
    assert "JOB_STATE_CANCELLED" == job["state"]
    assert "endTime" in job
    assert 13 == raw["error"]["code"]
    assert {"error", "dest"}.isdisjoint(job)


@pytest.mark.operation("get a batch cancelled while running")
def test_a_batch_cancelled_too_late_succeeds_in_part(
    client: Client, emulator: Emulator, look: Look
) -> None:
    """What had been answered by then is there, and the rest was cancelled, which is code 1."""
    name = client.call("batches.create", model=MODEL, src=inline("sky", "sea", "sun"))["name"]
    emulator.advance(150)
    client.call("batches.cancel", name=name)
    job = client.call("batches.get", name=name)
    assert job_of(look(emulator, f"/v1beta/{name}")) == job
    assert "JOB_STATE_SUCCEEDED" == job["state"]
    items = job["dest"]["inlinedResponses"]
    assert [1, 1] == [item["error"]["code"] for item in items if "error" in item]
    [answered] = [item["response"] for item in items if "response" in item]
    assert "STOP" == answered["candidates"][0]["finishReason"]


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
def test_each_state_is_read(step: str, client: Client, emulator: Emulator, look: Look) -> None:
    """An error of the batch as a whole is dropped by the client, whatever the state."""
    state, code, with_results = STATES[step]
    emulator.faults.add("states", step)
    name = client.call("batches.create", model=MODEL, src=inline("sky", "sea"))["name"]
    job = client.call("batches.get", name=name)
    raw = look(emulator, f"/v1beta/{name}")
    assert job_of(raw) == job
    assert state == job["state"]
    assert code == raw.get("error", {}).get("code")
    assert "error" not in job
    assert with_results == ("dest" in job)


@pytest.mark.operation("get a batch in a state that is new")
def test_a_state_that_is_new_is_passed_on(client: Client, emulator: Emulator) -> None:
    """It is shown as it came."""
    emulator.faults.add("states", "BATCH_STATE_PAUSED")
    name = client.call("batches.create", model=MODEL, src=inline("sky"))["name"]
    assert "BATCH_STATE_PAUSED" == client.call("batches.get", name=name)["state"]


# Lists, cancelling, deleting.


@pytest.mark.operation("list batches over pages")
def test_batches_are_listed_page_by_page(client: Client, emulator: Emulator, look: Look) -> None:
    """Newest first, of both kinds, each once, as the plain pages have them; without results."""
    source = upload(client, lines("sky"))
    made = [
        client.call("batches.create", model=MODEL, src=inline("sky"))["name"],
        client.call(
            "batches.createEmbeddings",
            model=EMBEDDER,
            src={"inlinedRequests": {"contents": ["sky"]}},
            config={"displayName": "a text"},
        )["name"],
        client.call("batches.create", model=MODEL, src=source["name"])["name"],
    ]
    emulator.advance(200)
    made += [
        client.call("batches.create", model=MODEL, src=inline("sea"))["name"] for _ in range(2)
    ]
    jobs = client.call("batches.list to its end", config={"pageSize": 2})
    assert 3 == emulator.seen.count("list")
    assert made[::-1] == [job["name"] for job in jobs]
    plain = look(emulator, "/v1beta/batches", pageSize=5)["operations"]
    assert [job_of(raw) for raw in plain] == jobs
    assert [EMBEDDER] == [job["model"] for job in jobs if job.get("displayName") == "a text"]
    ended = [job["state"] == "JOB_STATE_SUCCEEDED" for job in jobs]
    assert [False, False, True, True, True] == ended
    file_name = f"files/batch-{made[2].removeprefix('batches/')}"
    assert [{"fileName": file_name}] == [job["dest"] for job in jobs if "dest" in job]


@pytest.mark.operation("list a page of batches")
def test_a_page_is_as_large_as_asked_for(client: Client, emulator: Emulator) -> None:
    """It knows its size and what it was asked for; the next one comes only on demand."""
    made = [client.call("batches.create", model=MODEL, src=inline("sky"))["name"] for _ in range(3)]
    pager = client.call("batches.list", config={"pageSize": 2})
    assert [made[2], made[1]] == [job["name"] for job in pager["page"]]
    assert (2, "batchJobs") == (pager["pageSize"], pager["name"])
    assert 1 == emulator.seen.count("list")


@pytest.mark.operation("list no batches")
def test_there_may_be_no_batches(client: Client, emulator: Emulator, look: Look) -> None:
    """The service sends an empty object then."""
    assert [] == client.call("batches.list to its end")
    assert {} == look(emulator, "/v1beta/batches")


@pytest.mark.operation("cancel")
def test_cancelling_acts_once_and_may_come_too_late(client: Client, emulator: Emulator) -> None:
    """It returns nothing; of a batch that has ended it changes nothing."""
    name = client.call("batches.create", model=MODEL, src=inline("sky"))["name"]
    assert client.call("batches.cancel", name=name) is None
    assert client.call("batches.cancel", name=name) is None
    [act] = emulator.acted.of("cancel")
    assert (name, "PENDING") == (act.name, act.detail)
    assert 2 == emulator.seen.count("cancel")


@pytest.mark.operation("delete")
def test_a_deleted_batch_is_gone(client: Client, emulator: Emulator, tmp_path: Path) -> None:
    """So are its results; and deleting it again is refused."""
    source = upload(client, lines("sky"))
    name = client.call("batches.create", model=MODEL, src=source["name"])["name"]
    emulator.advance(200)
    results = client.call("batches.get", name=name)["dest"]["fileName"]
    assert {"sdkHttpResponse"} == set(client.call("batches.delete", name=name))
    assert [name] == [act.name for act in emulator.acted.of("delete")]
    unknown = envelope(404, "NOT_FOUND", "Requested entity was not found.")
    for method in ("batches.get", "batches.delete", "batches.cancel"):
        assert unknown == refusal(client, method, name=name)
    path = tmp_path / "results.jsonl"
    assert unknown == refusal(client, "files.download", file=results, downloadPath=str(path))
    assert not path.exists()
    assert [] == client.call("batches.list to its end")


# Files.


@pytest.mark.operation("upload bytes")
def test_bytes_are_uploaded(client: Client, emulator: Emulator, look: Look) -> None:
    """The name asked for is taken, and every member of the file is read."""
    text = lines("sky", "sea")
    file = client.call(
        "files.upload of a blob",
        text=text,
        type="application/jsonl",
        config={"displayName": "questions", "name": "sky-1"},
    )
    assert look(emulator, "/v1beta/files/sky-1") == file
    assert ("files/sky-1", "questions") == (file["name"], file["displayName"])
    assert ("application/jsonl", str(len(text))) == (file["mimeType"], file["sizeBytes"])
    assert ("ACTIVE", "UPLOADED") == (file["state"], file["source"])
    assert sha256_of(text.encode()) == file["sha256Hash"]
    assert [f"0+{len(text)}, final"] == [act.detail for act in emulator.acted.of("upload-chunk")]
    assert {"header"} == {seen.key for seen in emulator.seen.of("upload-chunk")}


def sha256_of(data: bytes) -> str:
    """Return the digest of a file as the service writes it."""
    return base64.b64encode(hashlib.sha256(data).hexdigest().encode()).decode()


@pytest.mark.operation("upload a path")
def test_a_path_is_uploaded(client: Client, emulator: Emulator, look: Look, tmp_path: Path) -> None:
    """Without a name of its own the service draws one; a display name it is not given."""
    path = tmp_path / "questions.jsonl"
    path.write_text(lines("sky", "sea"))
    file = client.call("files.upload", file=str(path), config={"mimeType": "jsonl"})
    assert look(emulator, f"/v1beta/{file['name']}") == file
    assert re.fullmatch("files/[a-z0-9]{12}", file["name"])
    assert "jsonl" == file["mimeType"]
    assert "displayName" not in file


@pytest.mark.operation("upload in chunks")
def test_a_large_file_is_uploaded_in_chunks(
    client: Client, emulator: Emulator, look: Look, tmp_path: Path
) -> None:
    """Each chunk is taken where the last one ended, and the whole is what was sent."""
    data = bytes(range(256)) * (2 * CHUNK // 256) + b"and three more words"
    path = tmp_path / "questions.jsonl"
    path.write_bytes(data)
    file = client.call("files.upload", file=str(path), config=JSONL)
    assert look(emulator, f"/v1beta/{file['name']}") == file
    assert str(len(data)) == file["sizeBytes"]
    assert [f"0+{CHUNK}", f"{CHUNK}+{CHUNK}", f"{2 * CHUNK}+20, final"] == [
        act.detail for act in emulator.acted.of("upload-chunk")
    ]
    assert sha256_of(data) == file["sha256Hash"]


@pytest.mark.operation("get a file")
def test_a_file_is_looked_at(emulate: Emulate, speak: Speak, look: Look) -> None:
    """It may still be processed, and is active later; nothing else changes."""
    emulator = emulate(file_processing_seconds=60)
    client = speak(emulator)
    name = upload(client, lines("sky"))["name"]
    early = client.call("files.get", name=name)
    assert look(emulator, f"/v1beta/{name}") == early
    assert "PROCESSING" == early["state"]
    emulator.advance(60)
    late = client.call("files.get", name=name)
    assert look(emulator, f"/v1beta/{name}") == late
    assert {**early, "state": "ACTIVE"} == late


@pytest.mark.operation("list files over pages")
def test_files_are_listed_page_by_page(client: Client, emulator: Emulator, look: Look) -> None:
    """Newest first, each once, with every member."""
    texts = ("sky", "sea", "sun", "grass", "snow")
    made = [upload(client, lines(text))["name"] for text in texts]
    files = client.call("files.list to its end", config={"pageSize": 2})
    assert made[::-1] == [file["name"] for file in files]
    assert 3 == emulator.seen.count("file-list")
    assert look(emulator, "/v1beta/files")["files"] == files


@pytest.mark.operation("list no files")
def test_there_may_be_no_files(client: Client, emulator: Emulator, look: Look) -> None:
    """The service sends an empty object then."""
    assert [] == client.call("files.list to its end")
    assert {} == look(emulator, "/v1beta/files")


@pytest.mark.operation("delete a file")
def test_a_deleted_file_is_gone(client: Client, emulator: Emulator) -> None:
    """A file that is gone is forbidden, and not unknown."""
    name = upload(client, lines("sky"))["name"]
    assert {"sdkHttpResponse"} == set(client.call("files.delete", name=name))
    assert [name] == [act.name for act in emulator.acted.of("file-delete")]
    status, said = refusal(client, "files.delete", name=name)
    assert (403, "PERMISSION_DENIED") == (status, said["error"]["status"])
    assert [] == client.call("files.list to its end")


@pytest.mark.operation("download results to a path")
def test_results_are_downloaded_to_a_path(
    client: Client, emulator: Emulator, tmp_path: Path
) -> None:
    """What is written there is every byte that a plain download has; there is no other way."""
    source = upload(client, lines(*(f"What is {n}²?" for n in range(500))))
    name = client.call("batches.create", model=MODEL, src=source["name"])["name"]
    emulator.advance(200)
    results = client.call("batches.get", name=name)["dest"]["fileName"]
    plain = requests.get(f"{emulator.url}/v1beta/{results}:download?alt=media&key=any", timeout=60)
    path = tmp_path / "results.jsonl"
    assert client.call("files.download", file=results, downloadPath=str(path)) is None
    assert plain.content == path.read_bytes()
    assert 500 == len(results_of(plain.content))


# Refusals.


def refusal(client: Client, method: str, **given: Any) -> tuple[int, Any]:
    """Return the status of the error that a call throws, and the body of which it is made."""
    thrown = client.thrown(method, **given)
    assert "ApiError" == thrown["name"]
    return thrown["status"], json.loads(thrown["message"])


def envelope(code: int, status: str, message: str) -> tuple[int, Any]:
    """Return what an error should say that has no details."""
    return code, {"error": {"code": code, "message": message, "status": status}}


@pytest.mark.operation("error: no key")
def test_no_key_is_forbidden(speak: Speak, emulator: Emulator) -> None:
    """The client warns, and asks all the same."""
    message = (
        "Method doesn't allow unregistered callers (callers without established identity). "
        "Please use API Key or other form of API consumer identity to call this API."
    )
    expected = envelope(403, "PERMISSION_DENIED", message)
    assert expected == refusal(speak(emulator, key=""), "batches.list")
    assert [None] == [seen.key for seen in emulator.seen]


@pytest.mark.operation("error: a key that is not valid")
def test_a_wrong_key_is_an_invalid_argument(emulate: Emulate, speak: Speak) -> None:
    """The reason is among the details."""
    client = speak(emulate(keys={"AIzaGood"}), key="AIzaBad")
    status, said = refusal(client, "batches.list")
    assert (400, "INVALID_ARGUMENT") == (status, said["error"]["status"])
    assert "API key not valid. Please pass a valid API key." == said["error"]["message"]
    assert "API_KEY_INVALID" == said["error"]["details"][0]["reason"]


@pytest.mark.operation("error: a key of the new kind that is not valid")
def test_a_wrong_key_of_the_new_kind_is_unauthenticated(emulate: Emulate, speak: Speak) -> None:
    """It begins with ``AQ.``, and is taken for a token."""
    client = speak(emulate(keys={"AIzaGood"}), key="AQ.bad")
    status, said = refusal(client, "batches.list")
    assert (401, "UNAUTHENTICATED") == (status, said["error"]["status"])
    assert said["error"]["message"].startswith("Request had invalid authentication credentials.")
    assert "ACCESS_TOKEN_TYPE_UNSUPPORTED" == said["error"]["details"][0]["reason"]


@pytest.mark.operation("error: an unknown batch")
def test_an_unknown_batch_is_not_found(client: Client, emulator: Emulator, look: Look) -> None:
    """A name that cannot be one is refused otherwise; the message is the whole body."""
    unknown = "batches/" + "a" * 36
    expected = envelope(404, "NOT_FOUND", "Requested entity was not found.")
    assert expected == refusal(client, "batches.get", name=unknown)
    assert expected == (404, look(emulator, f"/v1/{unknown}"))
    odd = envelope(400, "INVALID_ARGUMENT", "Could not parse the batch name")
    assert odd == refusal(client, "batches.get", name="batches/sky")


@pytest.mark.operation("error: a missing file")
def test_a_missing_file_is_forbidden(client: Client) -> None:
    """Whether it ever was is not told."""
    message = "You do not have permission to access the File sky or it may not exist."
    expected = envelope(403, "PERMISSION_DENIED", message)
    assert expected == refusal(client, "files.get", name="files/sky")
    assert expected == refusal(client, "files.delete", name="files/sky")


@pytest.mark.operation("error: a result file is not a file")
def test_a_result_file_can_only_be_downloaded(
    client: Client, emulator: Emulator, tmp_path: Path
) -> None:
    """Its id is too long for anything else."""
    source = upload(client, lines("sky"))
    name = client.call("batches.create", model=MODEL, src=source["name"])["name"]
    emulator.advance(200)
    results = client.call("batches.get", name=name)["dest"]["fileName"]
    for method, kind in (("files.get", "GetFile"), ("files.delete", "DeleteFile")):
        status, said = refusal(client, method, name=results)
        assert (400, "INVALID_ARGUMENT") == (status, said["error"]["status"])
        assert f"{kind}Request.name: File ID" in said["error"]["message"]
        assert "cannot be more than 40 characters" in said["error"]["message"]
    path = tmp_path / "results.jsonl"
    client.call("files.download", file=results, downloadPath=str(path))
    assert {"sky"} == set(results_of(path.read_bytes()))


@pytest.mark.operation("error: a missing input file")
def test_a_missing_input_file_is_not_found(client: Client, emulator: Emulator) -> None:
    """There is no batch then."""
    found = refusal(client, "batches.create", model=MODEL, src="files/sky")
    assert envelope(404, "NOT_FOUND", "Requested entity was not found.") == found
    assert [] == emulator.acted


@pytest.mark.operation("error: unknown fields in an input file")
def test_unknown_fields_in_a_file_are_refused_by_line(client: Client, emulator: Emulator) -> None:
    """The message names the lines, and there is no batch."""
    flat = {"contents": [{"parts": [{"text": "sky"}]}], "thinking_config": {}}
    first = jsonl({"key": "flat", "request": flat})
    source = upload(client, first + lines("sky") + jsonl({"key": "bare", "contents": []}))
    status, said = refusal(client, "batches.create", model=MODEL, src=source["name"])
    assert (400, "INVALID_ARGUMENT") == (status, said["error"]["status"])
    named = re.findall(
        r"^Error on line (\d+): .*no such field: '(\w+)'$", said["error"]["message"], re.MULTILINE
    )
    assert [("1", "thinking_config"), ("3", "contents")] == named
    assert 0 == emulator.acted.count("create")
    assert [] == client.call("batches.list to its end")


@pytest.mark.operation("error: an unknown field in a request")
def test_an_unknown_field_in_a_body_is_refused_by_name(client: Client, emulator: Emulator) -> None:
    """The client lets a body be extended; what it does not know of a request it leaves out."""
    extra = {"httpOptions": {"extraBody": {"batch": {"colour": "blue"}}}}
    status, said = refusal(client, "batches.create", model=MODEL, src=inline("sky"), config=extra)
    assert (400, "INVALID_ARGUMENT") == (status, said["error"]["status"])
    expected = (
        "Invalid JSON payload received. Unknown name \"colour\" at 'batch': Cannot find field."
    )
    assert expected == said["error"]["message"]
    [violations] = [one["fieldViolations"] for one in said["error"]["details"]]
    assert [{"field": "batch", "description": expected}] == violations
    assert [] == emulator.acted
    client.call("batches.create", model=MODEL, src=[{"contents": "sky", "colour": "blue"}])
    assert 1 == emulator.acted.count("create")


@pytest.mark.operation("error: too many requests")
@pytest.mark.parametrize("delay", ["", "30s"])
def test_a_quota_that_is_used_up_is_told(delay: str, client: Client, emulator: Emulator) -> None:
    """With a delay among the details, if the service names one; the client does not wait."""
    emulator.faults.add("create", f"return-429/retry-info={delay}" if delay else "return-429")
    status, said = refusal(client, "batches.create", model=MODEL, src=inline("sky"))
    assert (429, "RESOURCE_EXHAUSTED") == (status, said["error"]["status"])
    assert "Resource has been exhausted (e.g. check quota)." == said["error"]["message"]
    given = [one["retryDelay"] for one in said["error"].get("details", [])]
    assert ([delay] if delay else []) == given
    assert (1, 0) == (emulator.seen.count("create"), emulator.acted.count("create"))


@pytest.mark.operation("error: the service is unavailable")
@pytest.mark.parametrize("operation", ["create", "get", "list", "file-list", "download"])
def test_an_unavailable_service_is_told(
    operation: str, client: Client, emulator: Emulator, tmp_path: Path
) -> None:
    """At once; nothing is sent again, and nothing is written."""
    emulator.faults.add(operation, "return-503")
    path = tmp_path / "results.jsonl"
    method, given = {
        "create": ("batches.create", {"model": MODEL, "src": inline("sky")}),
        "get": ("batches.get", {"name": "batches/" + "a" * 36}),
        "list": ("batches.list", {}),
        "file-list": ("files.list to its end", {}),
        "download": ("files.download", {"file": RESULT_FILE, "downloadPath": str(path)}),
    }[operation]
    expected = envelope(503, "UNAVAILABLE", "The service is currently unavailable.")
    assert expected == refusal(client, method, **given)
    assert 1 == emulator.seen.count(operation)
    assert not path.exists()


RESULT_FILE = "files/batch-" + "a" * 36


@pytest.mark.operation("error: a page of HTML")
def test_a_page_of_html_is_told_as_it_is(client: Client, emulator: Emulator) -> None:
    """The client makes an error of it that has the page for its message."""
    emulator.faults.add("create", "html-502")
    status, said = refusal(client, "batches.create", model=MODEL, src=inline("sky"))
    assert (502, "Bad Gateway") == (status, said["error"]["status"])
    assert said["error"]["message"].startswith("<!DOCTYPE html>")
    assert [] == emulator.acted


# What is sent again.


@pytest.mark.operation("get tried again after a 503")
def test_a_look_is_tried_again_if_the_client_is_told_to(emulator: Emulator, speak: Speak) -> None:
    """By itself it does not; with options it does, and has the batch in the end."""
    client = speak(emulator, retryOptions={"attempts": 3, "initialDelay": 0.001})
    name = client.call("batches.create", model=MODEL, src=inline("sky"))["name"]
    emulator.faults.add("get", "return-503*2")
    assert name == client.call("batches.get", name=name)["name"]
    assert 3 == emulator.seen.count("get")


@pytest.mark.operation("create tried again after a 503")
def test_a_create_that_is_tried_again_may_be_two_batches(emulator: Emulator, speak: Speak) -> None:
    """The same options hold for a create, whether or not the service had acted."""
    client = speak(emulator, retryOptions={"attempts": 2, "initialDelay": 0.001})
    emulator.faults.add("create", "return-503-after-acting")
    job = client.call("batches.create", model=MODEL, src=inline("sky"))
    created = [act.name for act in emulator.acted.of("create")]
    assert 2 == len(created)
    assert job["name"] == created[1]


@pytest.mark.operation("create whose reply is lost")
def test_a_create_whose_reply_is_lost_is_not_sent_again(client: Client, emulator: Emulator) -> None:
    """There is one batch, and an error that says nothing of it."""
    emulator.faults.add("create", "close-after-acting")
    thrown = client.thrown("batches.create", model=MODEL, src=inline("sky"))
    assert ("TypeError", "fetch failed") == (thrown["name"], thrown["message"])
    assert (1, 1) == (emulator.seen.count("create"), emulator.acted.count("create"))


@pytest.mark.operation("upload whose chunk fails")
@pytest.mark.parametrize("size", [10, CHUNK + 10])
def test_a_chunk_that_fails_fails_the_upload(size: int, client: Client, emulator: Emulator) -> None:
    """The client gives up at once, without asking what has arrived; there is no file."""
    emulator.faults.add("upload-chunk", "return-503/upload-status=active")
    expected = envelope(503, "UNAVAILABLE", "The service is currently unavailable.")
    given = {"text": "x" * size, "config": JSONL}
    assert expected == refusal(client, "files.upload of a blob", **given)
    assert 1 == emulator.seen.count("upload-chunk")
    assert 0 == emulator.seen.count("upload-query")
    assert [] == client.call("files.list to its end")


# What the client does by itself.


def test_results_of_a_batch_have_no_text_of_their_own(client: Client, emulator: Emulator) -> None:
    """The client's responses have ``text`` elsewhere; those in a batch are plain objects."""
    name = client.call("batches.create", model=MODEL, src=inline("sky"))["name"]
    emulator.advance(200)
    assert ["undefined"] == client.call("types of text in batches.get", name=name)


def test_an_empty_file_cannot_be_uploaded(client: Client, emulator: Emulator) -> None:
    """The client begins, sends nothing, and then reads a reply that never came."""
    thrown = client.thrown("files.upload of a blob", text="", config=JSONL)
    assert "SyntaxError" == thrown["name"]
    assert ["upload-start"] == [seen.operation for seen in emulator.seen]


def test_the_uri_of_a_result_file_is_cut_at_its_dash(
    client: Client, emulator: Emulator, tmp_path: Path
) -> None:
    """A download by address asks for another file: only a name will do."""
    uri = f"https://generativelanguage.googleapis.com/v1beta/{RESULT_FILE}"
    path = str(tmp_path / "results.jsonl")
    status, _ = refusal(client, "files.download", file=uri, downloadPath=path)
    assert 403 == status
    [seen] = emulator.seen
    assert seen.path.endswith("/files/batch:download")


def test_a_type_that_the_client_does_not_know_must_be_given(
    client: Client, emulator: Emulator, tmp_path: Path
) -> None:
    """Nothing is asked of the service then."""
    path = tmp_path / "questions.jsonl"
    path.write_text(lines("sky"))
    thrown = client.thrown("files.upload", file=str(path))
    assert "Can not determine mimeType" in thrown["message"]
    assert [] == emulator.seen


def test_a_name_that_cannot_be_one_of_a_batch_is_not_asked_for(
    client: Client, emulator: Emulator
) -> None:
    """It has to begin with ``batches/``."""
    thrown = client.thrown("batches.get", name="a" * 36)
    assert thrown["message"].startswith("Invalid batch job name")
    assert [] == emulator.seen
