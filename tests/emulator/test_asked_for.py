"""A request gets what it asks for: structure, calls, pictures, sounds, so many tokens."""

import base64
import json
import struct
import zlib
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.emulator.caller import Caller, inline, items_of, prompt_request


def answer(caller: Caller, prompt: str = "x", **members: Any) -> Any:
    """Return the response to one request."""
    item = {"request": prompt_request(prompt) | members}
    reply = caller.create({"inputConfig": inline(item)})
    assert 200 == reply.status_code, reply.text
    [found] = items_of(caller.ended(reply.json()["name"]))
    return found["response"]


def parts(response: Any) -> Any:
    """Return the parts of the first candidate."""
    return response["candidates"][0]["content"]["parts"]


def said(response: Any) -> str:
    """Return the text of the first candidate, without thoughts."""
    return "".join(part["text"] for part in parts(response) if not part.get("thought"))


SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 18}},
    "required": ["name", "age"],
}


@pytest.mark.parametrize(
    "config",
    [
        {"responseMimeType": "application/json", "responseSchema": SCHEMA},
        {"responseMimeType": "application/json", "responseJsonSchema": SCHEMA},
        {"responseFormat": {"text": {"mimeType": "APPLICATION_JSON", "schema": SCHEMA}}},
    ],
)
def test_structured_output_satisfies_its_schema(caller: Caller, config: Any) -> None:
    """In whichever of the three ways it is given; the same prompt always has the same."""
    found = [said(answer(caller, prompt, generationConfig=config)) for prompt in "aab"]
    for text in found:
        Draft202012Validator(SCHEMA).validate(json.loads(text))
    assert found[0] == found[1] != found[2]


def test_json_without_a_schema_is_json_that_proves_the_prompt(caller: Caller) -> None:
    """As the text would have."""
    config = {"responseMimeType": "application/json"}
    found = json.loads(said(answer(caller, "sky", generationConfig=config)))
    assert "3 characters\nsky" in found["answer"]


def test_an_enum_is_answered_with_one_of_its_values(caller: Caller) -> None:
    """As plain text."""
    schema = {"type": "STRING", "enum": ["red", "green"]}
    config = {"responseMimeType": "text/x.enum", "responseSchema": schema}
    assert said(answer(caller, generationConfig=config)) in schema["enum"]


def test_a_schema_that_nothing_satisfies_fails_its_request(caller: Caller) -> None:
    """And says why."""
    config = {"responseSchema": {"type": "INTEGER", "minimum": 2, "maximum": 1}}
    item = {"request": prompt_request("x") | {"generationConfig": config}}
    name = caller.create({"inputConfig": inline(item)}).json()["name"]
    [found] = items_of(caller.ended(name))
    assert {
        "code": 3,
        "message": "The request cannot be answered: no whole number is from 2 to 1.",
    } == found["error"]


FUNCTIONS = [
    {"name": "now"},
    {"name": "find", "parameters": {"type": "OBJECT", "properties": {"a": {"enum": ["b"]}}}},
    {"name": "look", "parametersJsonSchema": SCHEMA},
]


def calling(mode: str, *allowed: str) -> Any:
    """Return what makes a request call functions."""
    config = {"mode": mode} | ({"allowedFunctionNames": [*allowed]} if allowed else {})
    return {
        "tools": [{"functionDeclarations": FUNCTIONS}, {"googleSearch": {}}],
        "toolConfig": {"functionCallingConfig": config},
    }


@pytest.mark.parametrize("name", ["now", "find", "look"])
def test_a_forced_function_is_called(caller: Caller, name: str) -> None:
    """With arguments that its parameters allow, an id, and the message of the service."""
    response = answer(caller, **calling("ANY", name))
    call = parts(response)[-1]["functionCall"]
    assert (name, "call_") == (call["name"], call["id"][:5])
    if name == "look":
        Draft202012Validator(SCHEMA).validate(call["args"])
    else:
        assert {"now": {}, "find": {"a": "b"}}[name] == call["args"]
    assert "Model generated function call(s)." == response["candidates"][0]["finishMessage"]
    assert response["usageMetadata"]["candidatesTokenCount"] > 5


def test_any_function_may_be_the_forced_one(caller: Caller) -> None:
    """Without names, all that are declared are called for one prompt or another."""
    calls = [answer(caller, str(number), **calling("ANY")) for number in range(20)]
    assert {"now", "find", "look"} == {parts(one)[-1]["functionCall"]["name"] for one in calls}


@pytest.mark.parametrize("members", [calling("AUTO"), calling("NONE"), calling("ANY", "none")])
def test_a_function_that_need_not_be_called_is_not(caller: Caller, members: Any) -> None:
    """Nor one that is not declared."""
    assert "1 characters" in said(answer(caller, **members))


def test_a_picture_is_drawn_if_it_is_asked_for(caller: Caller) -> None:
    """A PNG that the prompt decides, alone or behind a text, and counted as a picture."""
    alone = answer(caller, generationConfig={"responseModalities": ["IMAGE"]})
    both = answer(caller, generationConfig={"responseModalities": ["TEXT", "IMAGE"]})
    [blob] = [part["inlineData"] for part in parts(alone) if not part.get("thought")]
    assert "image/png" == blob["mimeType"]
    assert blob == parts(both)[-1]["inlineData"]
    assert "1 characters" in parts(both)[-2]["text"]
    usage = alone["usageMetadata"]
    assert [{"modality": "IMAGE", "tokenCount": 1120}] == usage["candidatesTokensDetails"]
    assert 1120 == usage["candidatesTokenCount"]
    data = base64.b64decode(blob["data"])
    assert b"\x89PNG\r\n\x1a\n" == data[:8]
    at, chunks = 8, {}
    while at < len(data):
        [length] = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        [checksum] = struct.unpack(">I", data[at + 8 + length : at + 12 + length])
        assert zlib.crc32(kind + body) == checksum
        chunks[kind] = body
        at += 12 + length
    assert [b"IHDR", b"IDAT", b"IEND"] == list(chunks)
    width, height, *_ = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert height * (1 + 3 * width) == len(zlib.decompress(chunks[b"IDAT"]))


def test_a_sound_is_made_if_it_is_asked_for(caller: Caller) -> None:
    """A tenth of a second of raw samples."""
    response = answer(caller, generationConfig={"responseModalities": ["AUDIO"]})
    blob = parts(response)[-1]["inlineData"]
    assert "audio/L16;codec=pcm;rate=24000" == blob["mimeType"]
    samples = struct.unpack("<2400h", base64.b64decode(blob["data"]))
    assert {2000, -2000} == set(samples)
    details = response["usageMetadata"]["candidatesTokensDetails"]
    assert ["AUDIO"] == [one["modality"] for one in details]


def test_there_are_as_many_candidates_as_are_asked_for(caller: Caller) -> None:
    """Numbered, and all of them counted."""
    one, three = (answer(caller, generationConfig={"candidateCount": n}) for n in (1, 3))
    assert [0, 1, 2] == [candidate["index"] for candidate in three["candidates"]]
    counted = [found["usageMetadata"]["candidatesTokenCount"] for found in (one, three)]
    assert 3 * counted[0] == counted[1]


def test_a_text_is_cut_where_it_may_go_on_no_longer(caller: Caller) -> None:
    """After four bytes for each token, with the reason; one that is short enough is not."""
    short, cut = (answer(caller, generationConfig={"maxOutputTokens": n}) for n in (100, 5))
    assert ("STOP", "MAX_TOKENS") == tuple(
        found["candidates"][0]["finishReason"] for found in (short, cut)
    )
    assert said(short)[:19] == said(cut)
    assert 5 == cut["usageMetadata"]["candidatesTokenCount"]


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"candidateCount": 2**31 - 1}, "a response has 1 to 8 candidates"),
        ({"candidateCount": -1}, "a response has 1 to 8 candidates"),
        ({"responseSchema": {"type": "ARRAY", "minItems": 2**62}}, "more than 100000 parts"),
        ({"responseSchema": {"type": "OBJECT", "minProperties": 2**62}}, "more than 100000 parts"),
        ({"responseSchema": {"type": "STRING", "minLength": 2**62}}, "too long to be made"),
        (
            {"responseSchema": {"type": "STRING", "pattern": "(?:a{60000}){60000}"}},
            "more than 10000 characters",
        ),
    ],
)
def test_what_nobody_asks_for_in_earnest_is_refused(caller: Caller, config: Any, told: str) -> None:
    """One request does not fill the memory of the machine."""
    item = {"request": prompt_request("x") | {"generationConfig": config}}
    name = caller.create({"inputConfig": inline(item)}).json()["name"]
    [found] = items_of(caller.ended(name))
    assert 3 == found["error"]["code"]
    assert told in found["error"]["message"]


def test_an_embedding_has_only_so_many_dimensions(caller: Caller) -> None:
    """As many as the largest model has."""
    content = prompt_request("x")["contents"][0]
    items = [
        {"request": {"content": content, "outputDimensionality": size}}
        for size in (3072, 2**31 - 1)
    ]
    name = caller.create({"inputConfig": inline(*items)}, "asyncBatchEmbedContent").json()["name"]
    most, more = items_of(caller.ended(name))
    assert 3072 == len(most["response"]["embedding"]["values"])
    assert "at most 3072 dimensions" in more["error"]["message"]


@pytest.mark.parametrize(
    ("thinking", "thoughtful"),
    [
        ({"includeThoughts": True}, True),
        ({"includeThoughts": True, "thinkingBudget": 0}, False),
        ({"includeThoughts": False}, False),
    ],
)
def test_thoughts_are_shown_if_that_is_asked_for(
    caller: Caller, thinking: Any, *, thoughtful: bool
) -> None:
    """And never without any thinking."""
    config = {"thinkingConfig": thinking}
    found = [answer(caller, str(number), generationConfig=config) for number in range(20)]
    assert {thoughtful} == {len(parts(one)) == 2 for one in found}


@pytest.mark.parametrize(("budget", "most"), [(0, 0), (15, 15), (-1, 300), (100_000, 300)])
def test_thinking_stays_within_its_budget(caller: Caller, budget: int, most: int) -> None:
    """No thinking is not counted at all; -1 leaves it to the model."""
    config = {"thinkingConfig": {"thinkingBudget": budget}}
    usage = answer(caller, generationConfig=config)["usageMetadata"]
    assert most >= usage.get("thoughtsTokenCount", 0)
    assert (budget == 0) == ("thoughtsTokenCount" not in usage)
    counted = ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount")
    assert usage["totalTokenCount"] == sum(usage.get(name, 0) for name in counted)


@pytest.mark.parametrize("most", [5, 30, 40, 1000])
def test_an_answer_and_its_thoughts_stay_within_the_limit(caller: Caller, most: int) -> None:
    """What is thought counts against the tokens that a request allows, as what is said does."""
    usage = answer(caller, generationConfig={"maxOutputTokens": most})["usageMetadata"]
    said_and_thought = usage["candidatesTokenCount"] + usage.get("thoughtsTokenCount", 0)
    assert 0 < said_and_thought <= most
    assert usage["totalTokenCount"] == usage["promptTokenCount"] + said_and_thought


def test_what_is_in_a_prompt_is_counted_by_its_kind(caller: Caller) -> None:
    """Text, pictures, sounds, films and all else; a cache as well."""
    media = [
        {"inlineData": {"mimeType": "image/png", "data": ""}},
        {"fileData": {"mimeType": "image/jpeg", "fileUri": "files/x"}},
        {"fileData": {"mimeType": "application/pdf", "fileUri": "files/x"}},
        {"inlineData": {"mimeType": "audio/wav", "data": ""}},
        {"inlineData": {"mimeType": "video/mp4", "data": ""}},
    ]
    request = {"contents": [{"parts": [{"text": "12345678"}, *media]}]}
    usage = answer(caller, **request, cachedContent="cachedContents/x")["usageMetadata"]
    details = {one["modality"]: one["tokenCount"] for one in usage["promptTokensDetails"]}
    assert {"TEXT": 3, "IMAGE": 516, "DOCUMENT": 258, "AUDIO": 32, "VIDEO": 263} == details
    assert 1024 == usage["cachedContentTokenCount"]
    assert sum(details.values()) + 1024 == usage["promptTokenCount"]


@pytest.mark.parametrize(
    "members",
    [
        {"generationConfig": {"responseJsonSchema": {"multipleOf": 0, "type": "integer"}}},
        {"generationConfig": {"responseJsonSchema": {"required": 5, "type": "object"}}},
        {"generationConfig": {"responseJsonSchema": {"pattern": "(", "type": "string"}}},
    ],
)
def test_an_odd_request_costs_its_batch_no_more_than_itself(caller: Caller, members: Any) -> None:
    """The batch ends, the list is shown, and the others are answered."""
    items = [{"request": prompt_request("x") | members}, {"request": prompt_request("y")}]
    name = caller.create({"inputConfig": inline(*items)}).json()["name"]
    odd, other = items_of(caller.ended(name))
    assert odd["error"]["code"] in {3, 13}
    assert "1 characters" in said(other["response"])
    assert 200 == caller.call("GET", "/v1beta/batches").status_code


def test_a_call_is_never_cut_in_two(caller: Caller) -> None:
    """It is left out whole where there is no room for it."""
    config = {"maxOutputTokens": 1}
    response = answer(caller, generationConfig=config, **calling("ANY", "look"))
    assert "MAX_TOKENS" == response["candidates"][0]["finishReason"]
    assert "functionCall" not in str(response["candidates"][0]["content"])


@pytest.mark.parametrize("most", [-1, 0])
def test_no_limit_of_tokens_is_none(caller: Caller, most: int) -> None:
    """Zero is what proto3 leaves out."""
    response = answer(caller, generationConfig={"maxOutputTokens": most})
    assert "STOP" == response["candidates"][0]["finishReason"]


def test_an_instruction_is_counted_with_the_prompt(caller: Caller) -> None:
    """The model reads both."""
    instruction = {"systemInstruction": {"parts": [{"text": "x" * 400}]}}
    counted = [
        answer(caller, **members)["usageMetadata"]["promptTokenCount"]
        for members in ({}, instruction)
    ]
    assert 100 == counted[1] - counted[0]


def test_the_size_of_an_embedding_may_stand_in_its_config(caller: Caller) -> None:
    """As newer models have it."""
    request = {
        "content": prompt_request("x")["contents"][0],
        "embedContentConfig": {"outputDimensionality": 3},
    }
    batch = {"inputConfig": inline({"request": request})}
    name = caller.create(batch, "asyncBatchEmbedContent").json()["name"]
    [item] = items_of(caller.ended(name))
    assert 3 == len(item["response"]["embedding"]["values"])
