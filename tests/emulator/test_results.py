"""What the model says, in which order, and which requests fail."""

import base64
import hashlib
import json
import logging
import struct
import threading
import time
from array import array
from typing import Any

import pytest

from gemini_batch.emulator import Emulator, ItemFailure, batches
from tests.emulator.caller import (
    Caller,
    inline,
    items_of,
    line,
    prompt_request,
    text_of,
)

COUNT = 400


def raw_lines(caller: Caller, *lines: dict[str, Any]) -> list[str]:
    """Return the result lines of a file batch as they were downloaded."""
    name = caller.create_from_lines(*lines)
    response = caller.download(caller.ended(name)["response"]["responsesFile"])
    return response.content.decode().splitlines()


def test_an_answer_proves_that_its_prompt_was_read(caller: Caller) -> None:
    """Digest, number of characters and a short echo can be checked against the prompt."""
    prompt = "Why is the sky blue? 空 " * 10
    [item] = items_of(caller.ended(caller.create_inline(prompt)))
    digest = hashlib.sha256(prompt.encode()).hexdigest()
    assert f"sha256:{digest}\n{len(prompt)} characters\n{prompt[:80]}" == text_of(item)


def test_all_text_parts_of_all_contents_are_the_prompt(caller: Caller) -> None:
    """They are joined by line feeds; what is not text is passed over."""
    parts = [{"text": "a"}, {"inline_data": {"data": "AAAA"}}, {"text": ""}]
    request = {"contents": [{"parts": parts}, {"role": "model", "parts": [{"text": "b"}]}, {}]}
    caller.create({"inputConfig": inline({"request": request})})
    name = caller.emulator.acted[0].name
    [item] = items_of(caller.ended(name))
    assert hashlib.sha256(b"a\n\nb").hexdigest() in text_of(item)


def test_an_answer_is_a_whole_response(caller: Caller) -> None:
    """Usage adds up, the candidate is finished, model and response are named."""
    [item] = items_of(caller.ended(caller.create_inline("x")))
    response = item["response"]
    usage = response["usageMetadata"]
    counted = ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount")
    assert usage["totalTokenCount"] == sum(usage[name] for name in counted)
    assert "standard" == usage["serviceTier"]
    assert "gemini-2.5-flash" == response["modelVersion"]
    assert 22 == len(response["responseId"])
    [candidate] = response["candidates"]
    assert ("STOP", 0, "model") == (
        candidate["finishReason"],
        candidate["index"],
        candidate["content"]["role"],
    )


def test_file_results_name_the_service_tier_otherwise(caller: Caller) -> None:
    """Inline and by file it is spelt differently."""
    [result] = caller.lines(caller.create_from_lines(line("a", "x")))
    assert "SERVICE_TIER_STANDARD" == result["response"]["usageMetadata"]["serviceTier"]


def test_some_answers_have_a_thought_first(caller: Caller) -> None:
    """The thought is marked, signed, and no part of the text."""
    items = items_of(caller.ended(caller.create_inline(*map(str, range(100)))))
    thoughtful = [
        parts
        for item in items
        if len(parts := item["response"]["candidates"][0]["content"]["parts"]) > 1
    ]
    assert 0 < len(thoughtful) < 50
    for thought, text in thoughtful:
        assert thought["thought"] is True
        assert "sha256:" not in thought["text"]
        assert base64.b64decode(text["thoughtSignature"])


def test_the_same_request_is_always_answered_alike(caller: Caller) -> None:
    """Answers hold nothing that is drawn."""
    first, second = (items_of(caller.ended(caller.create_inline("x"))) for _ in range(2))
    assert first == second


def test_a_request_without_contents_fails(caller: Caller) -> None:
    """Nothing is asked, so nothing can be answered."""
    name = caller.create({"inputConfig": inline({"request": {}})}).json()["name"]
    operation = caller.ended(name)
    [item] = items_of(operation)
    assert 3 == item["error"]["code"]
    assert "contents is not specified" in item["error"]["message"]
    assert "1" == operation["metadata"]["batchStats"]["failedRequestCount"]


def test_metadata_comes_back_as_it_was_sent(caller: Caller) -> None:
    """Any JSON object does; an item without metadata gets none."""
    odd = {"key": 5, "nested": {"a": [None, False, 0, "", "<&>é\u2028"]}, "big": 2**70}
    config = inline({"request": prompt_request("x"), "metadata": odd}, {"request": {}})
    operation = caller.ended(caller.create({"inputConfig": config}).json()["name"])
    first, second = items_of(operation)
    assert odd == first["metadata"]
    assert "metadata" not in second


def test_angle_brackets_are_escaped_and_other_letters_are_not(caller: Caller) -> None:
    """The service writes UTF-8, but never ``<`` or ``>``."""
    name = caller.create_inline("<é>")
    caller.emulator.advance(60)
    text = caller.call("GET", f"/v1beta/{name}").content.decode()
    assert "\\u003cé\\u003e" in text
    assert {"<", ">"}.isdisjoint(text)


# Files.


def test_result_lines_are_in_another_order_than_the_input(caller: Caller) -> None:
    """All are there, shuffled."""
    keys = [f"row-{number}" for number in range(COUNT)]
    results = caller.lines(caller.create_from_lines(*(line(key, key) for key in keys)))
    found = [result["key"] for result in results]
    assert keys != found
    assert sorted(keys) == sorted(found)
    for result in results:
        assert hashlib.sha256(result["key"].encode()).hexdigest() in text_of(result)


def test_members_of_a_line_are_in_any_order(caller: Caller) -> None:
    """Some lines begin with the key, some with the response; inside it varies too."""
    lines = raw_lines(caller, *(line(str(number), "x") for number in range(COUNT)))
    assert {"key", "response"} == {next(iter(json.loads(text))) for text in lines}
    inside = {tuple(json.loads(text)["response"]) for text in lines}
    assert len(inside) > 2


def test_order_may_be_kept() -> None:
    """``shuffle=False`` keeps results where their requests were."""
    keys = [str(number) for number in range(50)]
    with Emulator(clock="manual", shuffle=False) as emulator, Caller(emulator) as caller:
        results = caller.lines(caller.create_from_lines(*(line(key, key) for key in keys)))
        operation = caller.ended(caller.create_inline(*keys))
    assert keys == [result["key"] for result in results]
    assert keys == [item["metadata"]["key"] for item in items_of(operation)]


def test_inline_results_are_shuffled_where_metadata_tells_them_apart(caller: Caller) -> None:
    """Position is never to be trusted, unless there is nothing else."""
    keys = [str(number) for number in range(50)]
    found = [
        item["metadata"]["key"] for item in items_of(caller.ended(caller.create_inline(*keys)))
    ]
    assert keys != found
    assert sorted(keys) == sorted(found)


def test_inline_results_without_metadata_keep_their_order(caller: Caller) -> None:
    """Only their position says whose they are."""
    texts = [str(number) for number in range(50)]
    config = inline(*({"request": prompt_request(text)} for text in texts))
    name = caller.create({"inputConfig": config}).json()["name"]
    answers = [text_of(item).split("\n")[-1] for item in items_of(caller.ended(name))]
    assert texts == answers


@pytest.mark.parametrize("key", ["", "a/b.png", "٣", "\u2028", 'quo"te', "<", "x" * 1000])
def test_any_string_is_a_key(caller: Caller, key: str) -> None:
    """A key comes back to the letter."""
    [result] = caller.lines(caller.create_from_lines(line(key, "x")))
    assert key == result["key"]


def test_twice_the_same_key_is_answered_twice(caller: Caller) -> None:
    """The service does not look at keys."""
    results = caller.lines(caller.create_from_lines(line("a", "x"), line("a", "y")))
    assert ["a", "a"] == [result["key"] for result in results]


def test_thousands_of_requests_are_no_trouble() -> None:
    """Every line of a large file is answered, counted and told apart."""
    count = 5_000
    keys = [f"row-{number}" for number in range(count)]
    with (
        Emulator(clock="manual") as emulator,
        Caller(emulator) as caller,
    ):
        name = caller.create_from_lines(*(line(key, key) for key in keys))
        results = caller.lines(name)
        stats = caller.operation(name)["metadata"]["batchStats"]
    assert set(keys) == {result["key"] for result in results}
    failed = [result for result in results if "error" in result]
    assert 20 < len(failed) < 100
    assert {
        "requestCount": str(count),
        "successfulRequestCount": str(count - len(failed)),
        "failedRequestCount": str(len(failed)),
    } == stats


# Failures.


def failed_keys(seed: int) -> dict[str, Any]:
    """Return what failed in a batch of an emulator that fails one request in four."""
    with (
        Emulator(clock="manual", failure_rate=0.25, seed=seed) as emulator,
        Caller(emulator) as caller,
    ):
        operation = caller.ended(caller.create_inline(*map(str, range(COUNT))))
    return {
        item["metadata"]["key"]: item["error"] for item in items_of(operation) if "error" in item
    }


def test_failures_depend_on_seed_and_key_alone() -> None:
    """The same seed fails the same requests; another one fails others."""
    assert failed_keys(1) == failed_keys(1)
    assert failed_keys(1).keys() != failed_keys(2).keys()


def test_failures_are_about_as_many_as_asked_for() -> None:
    """They come in both kinds that were seen: an inner error, and a deadline."""
    failures = failed_keys(0)
    assert COUNT * 0.15 < len(failures) < COUNT * 0.35
    internal = (
        "An internal error has occurred. Please retry or report in "
        "https://developers.generativeai.google/guide/troubleshooting"
    )
    assert {(4, "Deadline expired before operation could complete."), (13, internal)} == {
        (error["code"], error["message"]) for error in failures.values()
    }


def test_a_running_batch_counts_its_failures_too() -> None:
    """Progress shows a share of both."""
    with Emulator(clock="manual", failure_rate=0.5) as emulator, Caller(emulator) as caller:
        name = caller.create_from_lines(*(line(str(number), "x") for number in range(COUNT)))
        emulator.advance(0.4 + 0.3)
        stats = {key: int(n) for key, n in caller.operation(name)["metadata"]["batchStats"].items()}
    assert COUNT == stats.pop("requestCount") == sum(stats.values())
    assert COUNT // 2 - 1 <= stats["pendingRequestCount"] <= COUNT // 2 + 1
    assert stats["failedRequestCount"] > COUNT * 0.15


# Answers of one's own.


def own(answer: Any, request: dict[str, Any] | None = None, **settings: Any) -> Any:
    """Return the one item of a batch answered by a function."""
    item = {"request": request or prompt_request("x"), "metadata": {"key": "k"}}
    with Emulator(answer, clock="manual", **settings) as emulator, Caller(emulator) as caller:
        name = caller.create({"inputConfig": inline(item)}).json()["name"]
        return items_of(caller.ended(name))[0]


def test_an_answer_may_be_a_text() -> None:
    """The rest of the response is made around it."""
    item = own(lambda _, key: f"hello {key}")
    assert "hello k" == text_of(item)
    assert "STOP" == item["response"]["candidates"][0]["finishReason"]


def test_an_answer_may_be_a_whole_response() -> None:
    """It is sent as it stands, zeros and all."""
    response = {"promptFeedback": {"blockReason": "SAFETY"}, "x": 0, "y": False}
    assert response == own(lambda *_: response)["response"]


def test_an_answer_may_be_a_failure() -> None:
    """With a message, or with a code alone."""
    assert {"code": 8, "message": "full"} == own(lambda *_: ItemFailure(8, "full"))["error"]
    assert {"code": 1} == own(lambda *_: ItemFailure(1))["error"]


def test_an_answer_sees_the_request_in_one_spelling() -> None:
    """In the service's own, whichever it was sent in."""
    asked: list[tuple[dict[str, Any], str | None]] = []

    def answer(request: dict[str, Any], key: str | None) -> str:
        asked.append((request, key))
        return ""

    request = {"contents": [], "system_instruction": {"parts": []}, "generationConfig": {}}
    own(answer, request | {"contents": [{"parts": [{"text": "x"}]}]})
    [(seen, key)] = asked
    assert ["contents", "systemInstruction", "generationConfig"] == list(seen)
    assert "k" == key


def test_own_answers_fail_only_if_asked_to() -> None:
    """The rate is nought where a function answers, unless it is given."""
    assert "error" in own(lambda *_: "x", failure_rate=1.0)
    assert "response" in own(lambda *_: "x")


def test_an_answer_that_raises_fails_its_item(caplog: pytest.LogCaptureFixture) -> None:
    """The reason stands in the item, and the traceback in the log."""

    def answer(*_: object) -> str:
        raise LookupError("no such thing")

    with caplog.at_level(logging.ERROR, "gemini_batch.emulator"):
        item = own(answer)
    assert {"code": 2, "message": "answer() raised LookupError: no such thing"} == item["error"]
    [record] = caplog.records
    assert record.exc_info is not None


def test_an_answer_of_another_kind_fails_its_item() -> None:
    """The item says what may be returned."""
    assert "not int" in own(lambda *_: 5)["error"]["message"]


def test_an_answer_may_hold_what_utf8_cannot() -> None:
    """A lone surrogate travels as an escape."""
    assert "\ud800" == text_of(own(lambda *_: "\ud800"))


def test_progress_is_unknown_where_a_function_answers() -> None:
    """Nobody knows what it will say."""
    with Emulator(lambda *_: "x", clock="manual") as emulator, Caller(emulator) as caller:
        name = caller.create_inline("a", "b")
        emulator.advance(0.4 + 0.5)
        stats = caller.operation(name)["metadata"]["batchStats"]
    assert {"requestCount": "2", "pendingRequestCount": "2"} == stats


# Embeddings.


def embedding(caller: Caller, request: dict[str, Any]) -> Any:
    """Return the operation of one embedding."""
    config = inline({"request": request, "metadata": {"key": "k"}})
    name = caller.create({"inputConfig": config}, "asyncBatchEmbedContent").json()["name"]
    return caller.ended(name)


def test_an_embedding_can_be_checked_from_outside(caller: Caller) -> None:
    """Its values are SHAKE-256 of the text, read as 16-bit fractions, as 32-bit numbers."""
    request = {"content": {"parts": [{"text": "x"}]}, "outputDimensionality": 4}
    operation = embedding(caller, request)
    [item] = items_of(operation)
    drawn = struct.unpack(">4h", hashlib.shake_256(b"x").digest(8))
    values = item["response"]["embedding"]["values"]
    assert [number / 32768 for number in drawn] == array("f", values).tolist()
    assert all(len(repr(abs(value)).partition(".")[2].lstrip("0")) <= 9 for value in values)
    assert {"promptTokenCount": 1} == item["response"]["usageMetadata"]
    assert {"key": "k"} == item["metadata"]


def test_an_embeddings_batch_names_its_own_type_twice(caller: Caller) -> None:
    """The type of its response is not that of an output."""
    operation = embedding(caller, {"content": {"parts": []}})
    assert operation["metadata"]["@type"].endswith(".v1main.EmbedContentBatch")
    assert operation["metadata"]["@type"] == operation["response"]["@type"]
    assert 768 == len(items_of(operation)[0]["response"]["embedding"]["values"])


@pytest.mark.parametrize("dimensions", [-1, "many", 0.5])
def test_dimensions_are_a_number(caller: Caller, dimensions: object) -> None:
    """Anything else is refused by path."""
    config = inline({"request": {"outputDimensionality": dimensions}})
    response = caller.create({"inputConfig": config}, "asyncBatchEmbedContent")
    assert 400 == response.status_code
    assert "output_dimensionality" in response.json()["error"]["message"]


def test_an_embedding_of_ones_own_is_a_whole_response() -> None:
    """A text is no embedding."""
    with Emulator(lambda *_: "text", clock="manual") as emulator, Caller(emulator) as caller:
        [item] = items_of(embedding(caller, {"content": {"parts": []}}))
    assert "must return a dict" in item["error"]["message"]


def test_inline_keys_of_other_clients_are_understood() -> None:
    """``custom_id`` is a key to the answering function too."""
    item = {"request": prompt_request("x"), "metadata": {"custom_id": "7"}}
    with Emulator(lambda _, key: f"<{key}>", clock="manual") as emulator, Caller(emulator) as c:
        operation = c.ended(c.create({"inputConfig": inline(item)}).json()["name"])
    assert "<7>" == text_of(items_of(operation)[0])


def test_a_slow_batch_is_still_running(monkeypatch: pytest.MonkeyPatch) -> None:
    """Results that are being written when their time has come keep the batch RUNNING."""
    going_on = threading.Event()

    def answer(*_: object) -> str:
        going_on.wait(10)
        return "x"

    monkeypatch.setattr(batches, "PATIENCE", 0.01)
    with Emulator(answer) as emulator, Caller(emulator) as caller:
        name = caller.create_inline("x")
        assert "BATCH_STATE_RUNNING" == caller.ended(name)["metadata"]["state"]
        going_on.set()
        monkeypatch.setattr(batches, "PATIENCE", 10)
        assert "BATCH_STATE_SUCCEEDED" == caller.operation(name)["metadata"]["state"]


def test_closing_abandons_results_nobody_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """An emulator does not stay to answer a batch whose reader has gone."""
    answered: list[str | None] = []

    def answer(_: object, key: str | None) -> str:
        answered.append(key)
        emulator._closing.wait(10)
        return "x"

    monkeypatch.setattr(batches, "PATIENCE_OUT_OF_TIME", 0.01)
    emulator = Emulator(answer, clock="manual")
    with emulator, Caller(emulator) as caller:
        caller.ended(caller.create_inline("x", "y", "z"))
    assert len(answered) <= 1


def test_results_without_keys_are_in_the_order_of_their_requests(caller: Caller) -> None:
    """Of a file, too: there is nothing else that says whose they are."""
    prompts = [f"prompt {number}" for number in range(30)]
    name = caller.create_from_lines(*({"request": prompt_request(one)} for one in prompts))
    results = caller.lines(name)
    assert prompts == [text_of(result).split("\n")[-1] for result in results]


def test_a_list_waits_for_all_its_batches_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many of them are still being answered."""
    monkeypatch.setattr(batches, "PATIENCE", 0.5)
    held = threading.Event()

    def answer(*_: object) -> str:
        assert held.wait(10)
        return "x"

    with (
        Emulator(answer, pending_seconds=0, running_seconds=0) as emulator,
        Caller(emulator) as caller,
    ):
        for _ in range(4):
            caller.create_inline("x")
        began = time.monotonic()
        shown = caller.get("/v1beta/batches")["operations"]
        assert time.monotonic() - began < 1.5
        assert {"BATCH_STATE_RUNNING"} == {one["metadata"]["state"] for one in shown}
        held.set()
