"""What create accepts, what it refuses, and what it answers."""

import json
from typing import Any

import pytest

from gemini_batch.emulator import Emulator
from tests.emulator.caller import (
    KEY,
    MODEL,
    Caller,
    inline,
    items_of,
    jsonl,
    keyed,
    line,
    prompt_request,
    text_of,
)


def test_the_reply_is_an_operation_as_the_service_writes_it(caller: Caller) -> None:
    """Members, their order, indentation and the final newline are the service's."""
    batch = {"displayName": "a<b>", "inputConfig": inline(keyed("0", "x"), keyed("1", "y"))}
    response = caller.create(batch)
    operation = response.json()
    name, created = operation["name"], operation["metadata"]["createTime"]
    expected = f"""{{
  "name": "{name}",
  "metadata": {{
    "@type": "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch",
    "model": "models/gemini-2.5-flash",
    "displayName": "a\\u003cb\\u003e",
    "createTime": "{created}",
    "updateTime": "{created}",
    "batchStats": {{
      "requestCount": "2",
      "pendingRequestCount": "2"
    }},
    "state": "BATCH_STATE_PENDING",
    "name": "{name}"
  }}
}}
"""
    assert expected == response.text
    assert len("batches/") + 36 == len(name)
    assert len("2026-08-19T14:34:12.267870162Z") == len(created)


@pytest.mark.parametrize("asked", ["prettyPrint=false", "%24prettyPrint=false", "prettyPrint=0"])
def test_replies_are_compact_if_that_is_asked_for(caller: Caller, asked: str) -> None:
    """The same members, on one line; refusals too."""
    name = caller.create_inline("x < y")
    pretty = caller.call("GET", f"/v1beta/{name}")
    compact = caller.call("GET", f"/v1beta/{name}?{asked}")
    assert pretty.json() == compact.json()
    assert compact.text.startswith('{"name":"batches/')
    assert "\n" not in compact.text
    refused = caller.call("GET", f"/v1beta/batches/none?{asked}")
    assert (400, '{"error":{"code":400,') == (refused.status_code, refused.text[:21])
    assert pretty.text == caller.call("GET", f"/v1beta/{name}?prettyPrint=true").text


def test_replies_carry_the_headers_of_the_service(caller: Caller) -> None:
    """No retry hint, no ETag; a body without a length; JSON in UTF-8."""
    headers = caller.call("GET", "/v1beta/batches").headers
    assert "application/json; charset=UTF-8" == headers["Content-Type"]
    assert "scaffolding on HTTPServer2" == headers["Server"]
    assert "Origin, Referer, X-Origin" == headers["Vary"]
    assert "chunked" == headers["Transfer-Encoding"]
    assert headers["Server-Timing"].startswith("gfet4t7; dur=")
    assert {"Retry-After", "ETag"}.isdisjoint(headers)


@pytest.mark.parametrize("version", ["v1", "v1beta", "v1alpha"])
def test_every_version_is_served(caller: Caller, version: str) -> None:
    """The newest official clients speak ``/v1``, the documentation ``/v1beta``."""
    path = f"/{version}/models/gemini-2.5-flash:batchGenerateContent"
    body = {"batch": {"inputConfig": inline(keyed("0", "x"))}}
    name = caller.call("POST", path, json=body).json()["name"]
    assert name == caller.get(f"/{version}/{name}")["name"]


def test_tuned_models_have_batches_too(caller: Caller) -> None:
    """The model is taken from the path as it stands there."""
    body = {"batch": {"inputConfig": inline(keyed("0", "x"))}}
    response = caller.call("POST", "/v1beta/tunedModels/mine:batchGenerateContent", json=body)
    assert "tunedModels/mine" == response.json()["metadata"]["model"]


def test_a_file_is_named_in_the_reply(caller: Caller) -> None:
    """File input is echoed, and the lines are counted; a blank last line is none."""
    file = caller.upload(jsonl(line("a", "x"), line("b", "y")) + b"\n")
    metadata = caller.create({"inputConfig": {"fileName": file["name"]}}).json()["metadata"]
    assert {"fileName": file["name"]} == metadata["inputConfig"]
    assert {"requestCount": "2", "pendingRequestCount": "2"} == metadata["batchStats"]
    assert "displayName" not in metadata


def test_both_spellings_are_read_at_every_depth(caller: Caller) -> None:
    """Snake case and camel case are one, mixed as one likes."""
    name = caller.create(
        {"display_name": "d", "input_config": inline(keyed("0", "x")), "priority": "-5"}
    ).json()["name"]
    metadata = caller.operation(name)["metadata"]
    assert "d" == metadata["displayName"]
    assert "-5" == metadata["priority"]


def test_the_same_body_twice_makes_two_batches(caller: Caller) -> None:
    """Create is not idempotent: that is the whole trouble."""
    assert caller.create_inline("x") != caller.create_inline("x")
    assert 2 == caller.emulator.acted.count("create")


@pytest.mark.parametrize(
    ("batch", "words"),
    [
        ({}, "batch.input_config is required"),
        ({"inputConfig": {}}, "Exactly one of"),
        ({"inputConfig": {"fileName": "files/a", "requests": {}}}, "Exactly one of"),
        ({"inputConfig": {"requests": {}}}, "must not be empty"),
        ({"inputConfig": inline({})}, "requests[0].request is required"),
        ({"inputConfig": inline({"request": {"model": "x"}})}, "unexpected model name format"),
    ],
)
def test_a_body_that_lacks_something_is_refused(
    caller: Caller, batch: dict[str, Any], words: str
) -> None:
    """The refusal names the path in snake case, in message and details, and nothing is created."""
    response = caller.create(batch)
    assert 400 == response.status_code
    error = response.json()["error"]
    assert "INVALID_ARGUMENT" == error["status"]
    assert words in error["message"]
    assert "type.googleapis.com/google.rpc.BadRequest" == error["details"][0]["@type"]
    assert error["message"] == error["details"][0]["fieldViolations"][0]["description"]
    assert [] == caller.emulator.acted


def test_a_body_above_the_limit_is_refused(caller: Caller) -> None:
    """Twenty mebibytes are the most; the refusal says what to use instead."""
    response = caller.create({"inputConfig": inline(keyed("0", "x" * 20_971_520))})
    assert 400 == response.status_code
    assert (
        "Request payload size exceeds the limit: 20971520 bytes. "
        "Please use Files API instead of inline data."
    ) == response.json()["error"]["message"]


def test_a_body_at_the_limit_is_taken(caller: Caller) -> None:
    """The limit itself is allowed."""
    frame = {"batch": {"inputConfig": inline(keyed("0", ""))}}
    frame["batch"]["inputConfig"] = inline(keyed("0", "x" * (20_971_520 - len(json.dumps(frame)))))
    response = caller.call("POST", f"/v1beta/{MODEL}:batchGenerateContent", json=frame)
    assert 200 == response.status_code


def test_a_file_without_any_request_is_refused(caller: Caller) -> None:
    """There is nothing to do for an empty file."""
    file = caller.upload(b"\n\n")
    response = caller.create({"inputConfig": {"fileName": file["name"]}})
    assert 400 == response.status_code
    assert "holds no request" in response.json()["error"]["message"]


def test_a_file_that_never_was_is_not_found(caller: Caller) -> None:
    """An unknown file is 404 here, though 403 everywhere else."""
    response = caller.create({"inputConfig": {"fileName": "files/never"}})
    assert (404, "Requested entity was not found.") == (
        response.status_code,
        response.json()["error"]["message"],
    )


@pytest.mark.parametrize("how", ["deleted", "expired"])
def test_a_file_that_is_gone_is_forbidden(caller: Caller, how: str) -> None:
    """One that was there once is 403, for good."""
    name = caller.upload(b"{}")["name"]
    if how == "deleted":
        caller.call("DELETE", f"/v1beta/{name}")
    else:
        caller.emulator.advance(48 * 3600)
    for _ in range(2):
        assert 403 == caller.create({"inputConfig": {"fileName": name}}).status_code


@pytest.mark.parametrize("name", ["https://x/files/a", "abc", "files/"])
def test_a_file_is_named_by_its_resource_name(caller: Caller, name: str) -> None:
    """A URI or a bare id is refused."""
    response = caller.create({"inputConfig": {"fileName": name}})
    assert 400 == response.status_code
    assert "file_name" in response.json()["error"]["message"]


def test_a_file_that_is_still_processed_cannot_be_used() -> None:
    """The file must be ACTIVE first."""
    with (
        Emulator(clock="manual", file_processing_seconds=5) as emulator,
        Caller(emulator) as caller,
    ):
        file = caller.upload(jsonl(line("a", "x")))
        assert "PROCESSING" == file["state"]
        batch = {"inputConfig": {"fileName": file["name"]}}
        error = caller.create(batch).json()["error"]
        assert (400, "FAILED_PRECONDITION") == (error["code"], error["status"])
        emulator.advance(5)
        assert "ACTIVE" == caller.get(f"/v1beta/{file['name']}")["state"]
        assert 200 == caller.create(batch).status_code


def test_a_batch_outlives_its_input_file(caller: Caller) -> None:
    """Deleting the file after create changes nothing for the batch."""
    file = caller.upload(jsonl(line("a", "x")))
    name = caller.create({"inputConfig": {"fileName": file["name"]}}).json()["name"]
    caller.call("DELETE", f"/v1beta/{file['name']}")
    assert ["a"] == [result["key"] for result in caller.lines(name)]


def test_bodies_of_the_official_python_client_are_taken(caller: Caller) -> None:
    """It mixes both spellings in one body, and sends whole numbers as floats."""
    request = {
        "contents": [
            {
                "role": "user",
                "parts": [
                    {"text": "Why?"},
                    {"inlineData": {"data": "AAAA", "mime_type": "image/png"}},
                    {"fileData": {"file_uri": "https://x/files/a", "mime_type": "text/plain"}},
                ],
            }
        ],
        "systemInstruction": {"role": "user", "parts": [{"text": "Be brief."}]},
        "generationConfig": {
            "topK": 40.0,
            "thinkingConfig": {"include_thoughts": True, "thinking_budget": 0},
            "responseSchema": {"type": "OBJECT", "property_ordering": ["a"]},
        },
        "model": "models/gemini-2.5-flash",
    }
    headers = {
        "user-agent": "google-genai-sdk/3.4.0 gl-python/3.11.7",
        "x-goog-api-client": "google-genai-sdk/3.4.0 gl-python/3.11.7",
    }
    body = {
        "batch": {
            "inputConfig": inline({"request": request, "metadata": {"key": "k", "any": "thing"}}),
            "displayName": "d",
        }
    }
    path = f"/v1/{MODEL}:batchGenerateContent"
    name = caller.call("POST", path, json=body, headers=headers).json()["name"]
    [item] = items_of(caller.ended(name))
    assert {"key": "k", "any": "thing"} == item["metadata"]
    assert "{}" == text_of(item)


def test_an_embeddings_file_is_named_as_the_official_clients_name_it(caller: Caller) -> None:
    """They write ``inputConfig.file_name``, half in each spelling."""
    request = {"content": {"parts": [{"text": "1"}]}, "output_dimensionality": 3}
    file = caller.upload(jsonl({"key": "request_1", "request": request}))
    batch = {"inputConfig": {"file_name": file["name"]}}
    name = caller.create(batch, "asyncBatchEmbedContent").json()["name"]
    [result] = caller.lines(name)
    assert "request_1" == result["key"]
    assert 3 == len(result["response"]["embedding"]["values"])


def test_calls_of_the_javascript_client_are_taken(caller: Caller) -> None:
    """It sends a JSON body with DELETE and with cancel."""
    name = caller.create_inline("x")
    assert "{}\n" == caller.call("POST", f"/v1/{name}:cancel", json={}).text
    assert "{}\n" == caller.call("DELETE", f"/v1/{name}", json={}).text


def test_keyless_lines_are_taken(caller: Caller) -> None:
    """A line needs no key; its result has none either."""
    name = caller.create_from_lines({"request": prompt_request("x")})
    [result] = caller.lines(name)
    assert {"response"} == result.keys()


def test_a_key_never_reaches_the_records(caller: Caller) -> None:
    """Neither acts nor requests remember the key."""
    caller.create_inline("x")
    assert KEY not in repr((caller.emulator.seen, caller.emulator.acted))
