"""What the emulator answers, held against what was recorded of the service."""

import base64
import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import pytest
import requests

from gemini_batch.emulator import Answer, Emulator, ItemFailure, Limits
from tests.canary import CANARY
from tests.emulator import shapes
from tests.emulator.caller import (
    KEY,
    LONG_AGO,
    Caller,
    inline,
    items_of,
    jsonl,
    keyed,
    line,
    prompt_request,
)
from tests.emulator.shapes import (
    CONSTANTS,
    Recorded,
    Shape,
    how_written,
    only_known,
    recorded,
    shape_of,
    shape_of_exchange,
)


class Start(Protocol):
    """The way to an emulator of one's own, by its plain client."""

    def __call__(self, answer: Answer | None = None, **settings: Any) -> Caller:
        """Start an emulator with these settings, which moves no time and fails no request."""
        ...


@pytest.fixture
def start() -> Iterator[Start]:
    """Return the way to an emulator; a fault that never struck fails the test."""
    with ExitStack() as running:

        def begin(answer: Answer | None = None, **settings: Any) -> Caller:
            settings = {"clock": "manual", "failure_rate": 0.0, **settings}
            emulator = running.enter_context(Emulator(answer, **settings))
            caller = running.enter_context(Caller(emulator))
            caller.session.headers["Accept-Encoding"] = "identity"
            callers.append(caller)
            return caller

        callers: list[Caller] = []
        yield begin
        assert [] == [fault for caller in callers for fault in caller.emulator.faults.pending]


Drive: TypeAlias = Callable[[Start], Any]
"""What brings an emulator to show one shape: in a whole reply, or in a part of its JSON."""

DRIVES: dict[str, Drive] = {}


def shows(name: str) -> Callable[[Drive], Drive]:
    """Say which recorded shape a drive is for."""

    def declare(drive: Drive) -> Drive:
        DRIVES[name] = drive
        return drive

    return declare


def shape_of_response(response: requests.Response) -> Shape:
    """Return the shape of a reply as it was received."""
    headers = response.raw.headers.items()
    return shape_of_exchange(response.status_code, headers, response.content.decode())


def in_usual_exchange(body: Shape) -> Shape:
    """Return the shape of the exchange in which a body of the API comes, whatever it says."""
    usual = recorded()["operation, pending, inline"].shape
    code = body.get("error", {}).get("code", 200)
    # The error of a batch has a code of gRPC, and comes in a reply that is none.
    return {**usual, "status": code if code >= 400 else 200, "body": body}


@pytest.mark.parametrize("name", recorded())
def test_the_emulator_answers_in_the_recorded_shape(start: Start, name: str) -> None:
    """Nothing is missing, nothing is added, and everything is written as the service writes it."""
    record = recorded()[name]
    found = DRIVES[name](start)
    expected = record.shape
    if isinstance(found, requests.Response):
        actual = shape_of_response(found)
        if record.part == "body":
            expected = in_usual_exchange(expected)
    else:
        actual = shape_of(found)
    assert record.comparable(expected, expected) == record.comparable(actual, expected)


def test_every_recorded_shape_is_compared() -> None:
    """A shape without a drive would be a shape without a test."""
    assert set(recorded()) == set(DRIVES)


@pytest.mark.parametrize("name", [name for name in recorded() if "; " in name])
def test_a_variant_is_not_its_rule(name: str) -> None:
    """An older shape is kept beside the newest only where the two differ."""
    rule, _, _ = name.partition("; ")
    older, newest = recorded()[name].shape, recorded()[rule]
    body = newest.shape["body"] if newest.part == "exchange" else newest.shape
    assert json.dumps(body, sort_keys=True) != json.dumps(older, sort_keys=True)


def wrong(shape: Shape, record: Recorded) -> Iterator[Shape]:
    """Yield shapes that each differ from this one in one thing, which the recording has settled."""
    if isinstance(shape, dict):
        for name in shape:
            yield {other: shape[other] for other in shape if other != name}
            for inner in wrong(shape[name], record):
                yield {**shape, name: inner}
        if len(shape) > 1 and "order" not in record.leaves_open:
            yield dict(reversed(shape.items()))
        if "others" not in record.leaves_open:
            yield {**shape, "surprise": "<text>"}
    elif isinstance(shape, list):
        yield [*shape, "<text>"]
        for index, entry in enumerate(shape):
            for inner in wrong(entry, record):
                yield [*shape[:index], inner, *shape[index + 1 :]]
    else:
        yield "<something else>"


@pytest.mark.parametrize("name", recorded())
def test_any_difference_from_a_recorded_shape_is_seen(name: str) -> None:
    """A member less or more, another order, another kind: whatever is settled can fail."""
    record = recorded()[name]
    expected = record.comparable(record.shape, record.shape)
    others = [record.comparable(other, record.shape) for other in wrong(record.shape, record)]
    assert others
    assert expected not in others


def leaves(shape: Shape, member: str = "") -> Iterator[tuple[str, Any]]:
    """Yield what a shape says of each value, and of which member that is."""
    if isinstance(shape, dict):
        for name, inner in shape.items():
            yield from leaves(inner, name)
    elif isinstance(shape, list):
        for inner in shape:
            yield from leaves(inner, member)
    else:
        yield member, shape


@pytest.mark.parametrize("name", recorded())
def test_a_recorded_shape_holds_no_value(name: str) -> None:
    """Ids, texts and times stayed with the recordings; only words of the service did not."""
    record = recorded()[name]
    body = record.shape.get("body", {}) if record.part == "exchange" else record.shape
    values = [
        (member, leaf)
        for member, leaf in leaves(body)
        if member not in CONSTANTS and leaf is not True and not re.search(r"<[^<>]+>", leaf)
    ]
    assert [] == values


# Batches.

PLAIN = inline({"request": prompt_request("Why?"), "metadata": {"custom_id": "0"}})
"""The input of an inline batch, with metadata as a client of the recordings sent it."""

EMBED = "asyncBatchEmbedContent"
EMBEDDED = {"content": {"parts": [{"text": "x"}]}, "output_dimensionality": 3}


def blue(*_: object) -> str:
    """Answer everything in one word."""
    return "Blue."


def create(caller: Caller, config: dict[str, Any] | None = None) -> requests.Response:
    """Create a batch with a display name, as all recorded ones had."""
    return caller.create({"displayName": "sky", "inputConfig": PLAIN if config is None else config})


def create_from_file(caller: Caller) -> requests.Response:
    """Create a batch of one line."""
    return create(caller, {"fileName": caller.upload(jsonl(line("a", "x")))["name"]})


def look(caller: Caller, created: requests.Response, after: float = LONG_AGO) -> requests.Response:
    """Look at a batch some time after it was created; the default is its end."""
    caller.emulator.advance(after)
    return caller.call("GET", f"/v1beta/{created.json()['name']}")


PENDING = 0.4
"""Seconds until a batch runs; it does for 0.6."""


@shows("operation, pending, inline")
def pending(start: Start) -> Any:
    """Create a batch."""
    return create(start())


@shows("operation, pending, file")
def pending_file(start: Start) -> Any:
    """Create a batch from a file."""
    return create_from_file(start())


@shows("operation, running, inline")
def running(start: Start) -> Any:
    """Look at a batch that has just begun to run."""
    caller = start()
    return look(caller, create(caller), PENDING)


@shows("operation, running with progress")
def running_with_progress(start: Start) -> Any:
    """Look at a batch of which two of four are answered."""
    caller = start()
    config = inline(*(keyed(str(number), "x") for number in range(4)))
    return look(caller, create(caller, config), PENDING + 0.3)


@shows("operation, succeeded, inline")
def succeeded(start: Start) -> Any:
    """Look at a finished batch."""
    caller = start(blue)
    return look(caller, create(caller))


@shows("operation, succeeded, file")
def succeeded_file(start: Start) -> Any:
    """Look at a finished batch from a file."""
    caller = start()
    return look(caller, create_from_file(caller))


@shows("operation, succeeded, an item failed")
def succeeded_in_part(start: Start) -> Any:
    """Look at a finished batch of three, the second of which has failed."""

    def answer(request: dict[str, Any], _: object) -> str | ItemFailure:
        asked = request["contents"][0]["parts"][0]["text"]
        return ItemFailure(4, "Too late.") if asked == "1" else "Blue."

    caller = start(answer)
    config = inline(*({"request": prompt_request(str(number))} for number in range(3)))
    return look(caller, create(caller, config))


@shows("operation, cancelled before it started")
def cancelled(start: Start) -> Any:
    """Cancel a batch at once, and look at it."""
    caller = start()
    created = create(caller)
    caller.call("POST", f"/v1beta/{created.json()['name']}:cancel")
    return look(caller, created)


@shows("operation, succeeded, embeddings")
def embeddings(start: Start) -> Any:
    """Look at a finished batch of embeddings."""
    caller = start()
    item = {"request": EMBEDDED, "metadata": {"key": "0"}}
    batch = {"displayName": "sky", "inputConfig": inline(item)}
    return look(caller, caller.create(batch, EMBED))


@shows("batch, cancel")
def cancel(start: Start) -> Any:
    """Cancel a batch."""
    caller = start()
    return caller.call("POST", f"/v1beta/{create(caller).json()['name']}:cancel")


@shows("batch, delete")
def delete(start: Start) -> Any:
    """Delete a batch."""
    caller = start()
    return caller.call("DELETE", f"/v1beta/{create(caller).json()['name']}")


def failed_items(start: Start, code: int) -> Any:
    """Return an item without metadata that failed with a code of the service's own."""
    caller = start(failure_rate=1.0)
    config = inline(*({"request": prompt_request("x")} for _ in range(20)))
    items = items_of(look(caller, create(caller, config)).json())
    return next(item for item in items if item["error"]["code"] == code)


@shows("item, error code 4")
def late_item(start: Start) -> Any:
    """Fail an item by its deadline."""
    return failed_items(start, 4)


@shows("item, error code 13")
def broken_item(start: Start) -> Any:
    """Fail an item by an error inside."""
    return failed_items(start, 13)


@shows("item, cancelled while running")
def cancelled_item(start: Start) -> Any:
    """Cancel a batch of one that is running."""
    caller = start()
    created = create(caller, inline(keyed("0", "x")))
    caller.emulator.advance(PENDING)
    caller.call("POST", f"/v1beta/{created.json()['name']}:cancel")
    [item] = items_of(look(caller, created).json())
    return item


# Lists.


@shows("list, no batches")
def no_batches(start: Start) -> Any:
    """List where there is nothing."""
    return start().call("GET", "/v1beta/batches")


@shows("list, file batch pending")
def file_batches(start: Start) -> Any:
    """List two batches from files."""
    caller = start()
    create_from_file(caller)
    create_from_file(caller)
    return caller.call("GET", "/v1beta/batches")


@shows("list, running with progress")
def running_batches(start: Start) -> Any:
    """List a batch of which a part is answered."""
    caller = start()
    create(caller, inline(*(keyed(str(number), "x") for number in range(4))))
    caller.emulator.advance(PENDING + 0.3)
    return caller.call("GET", "/v1beta/batches")


@shows("list, finished inline batch")
def finished_batches(start: Start) -> Any:
    """List a batch whose results only a look at it shows."""
    caller = start()
    create(caller)
    caller.emulator.advance(LONG_AGO)
    return caller.call("GET", "/v1beta/batches")


# Files.

BYTES = b"%PDF-1.7\n"
NAMED = {"display_name": "sample", "mime_type": "application/pdf"}


@shows("upload, start")
def upload_start(start: Start) -> Any:
    """Begin an upload."""
    return start().start_upload(len(BYTES), NAMED)


@shows("upload, finalize")
def upload_finalize(start: Start) -> Any:
    """End an upload with its one chunk."""
    caller = start()
    return caller.send(caller.session_url(len(BYTES), NAMED), BYTES, at=0)


@shows("upload, finalize; 2024-08")
def upload_of_a_film(start: Start) -> Any:
    """End an upload that is then processed."""
    caller = start(file_processing_seconds=60)
    return {"file": caller.upload(BYTES, **NAMED)}


def uploaded(start: Start) -> tuple[Caller, str]:
    """Return a client and the name of its one file."""
    caller = start()
    return caller, caller.upload(BYTES, **NAMED)["name"]


@shows("file, get")
def file_get(start: Start) -> Any:
    """Look at a file."""
    caller, name = uploaded(start)
    return caller.call("GET", f"/v1beta/{name}")


@shows("file, list")
def file_list(start: Start) -> Any:
    """List one file."""
    caller, _ = uploaded(start)
    return caller.call("GET", "/v1beta/files")


@shows("file, delete")
def file_delete(start: Start) -> Any:
    """Delete a file."""
    caller, name = uploaded(start)
    return caller.call("DELETE", f"/v1beta/{name}")


# Errors.


def with_key(start: Start, key: str | None) -> requests.Response:
    """Create a batch with another key than the one that is valid."""
    caller = start(keys={KEY})
    del caller.session.headers["x-goog-api-key"]
    if key is not None:
        caller.session.headers["x-goog-api-key"] = key
    return create(caller)


@shows("error, no key")
def no_key(start: Start) -> Any:
    """Ask without a key."""
    return with_key(start, None)


@shows("error, invalid key")
def invalid_key(start: Start) -> Any:
    """Ask with a key that nobody has."""
    return with_key(start, f"{CANARY}-of-nobody")


@shows("error, key of an unsupported type")
def key_of_an_unsupported_type(start: Start) -> Any:
    """Ask with a key of the other kind that nobody has."""
    return with_key(start, "AQ.NobodyHasThisKeyEither")


@shows("error, file missing")
def file_missing(start: Start) -> Any:
    """Look at a file that is not there."""
    return start().call("GET", "/v1beta/files/missing")


@shows("error, file id too long")
def file_id_too_long(start: Start) -> Any:
    """Look at a result file as if it were an uploaded one."""
    return start().call("GET", f"/v1beta/files/batch-{'a' * 36}")


@shows("error, entity not found")
def entity_not_found(start: Start) -> Any:
    """Look at a batch that is not there."""
    return start().call("GET", f"/v1beta/batches/{'a' * 36}")


@shows("error, line of an input file")
def bad_line(start: Start) -> Any:
    """Create a batch from a line that has a member too many."""
    caller = start()
    bad = {"key": "a", "request": {**prompt_request("x"), "thinking_config": {}}}
    return create(caller, {"fileName": caller.upload(jsonl(bad))["name"]})


@shows("error, unknown field")
def unknown_field(start: Start) -> Any:
    """Create a batch whose request has a member too many."""
    request = {"contents": [{"parts": [{"text": "x", "colour": "blue"}]}]}
    return create(start(), inline({"request": request}))


@shows("error, payload too large")
def payload_too_large(start: Start) -> Any:
    """Create a batch with more than may be inline."""
    return create(start(limits=Limits(body_bytes=10)))


def refused(start: Start, fault: str) -> requests.Response:
    """Create a batch and be refused by a fault."""
    caller = start()
    caller.emulator.faults.add("create", fault)
    return create(caller)


@shows("error, internal")
def internal_error(start: Start) -> Any:
    """Meet an error inside."""
    return refused(start, "return-500")


@shows("error, overloaded")
def overloaded(start: Start) -> Any:
    """Meet a service with too much to do."""
    return refused(start, "return-503")


@shows("error, quota with retry info")
def quota_with_retry_info(start: Start) -> Any:
    """Use a quota up that says when it will be free again."""
    return refused(start, "return-429/retry-info=48s/quota=TokensPerMinute")


@shows("error, quota of batches")
def quota_of_batches(start: Start) -> Any:
    """Create one batch more than there may be."""
    return create(start(limits=Limits(concurrent_batches=0)))


# Results.


def result_lines(start: Start, answer: Answer | None = None, **settings: Any) -> list[Any]:
    """Return the result lines of a batch of 20."""
    caller = start(answer, **settings)
    return caller.lines(caller.create_from_lines(*(line(str(number), "x") for number in range(20))))


def embedding_line(start: Start, answer: Answer | None = None) -> Any:
    """Return the result line of one embedding."""
    caller = start(answer)
    file = caller.upload(jsonl({"key": "a", "request": EMBEDDED}))
    created = caller.create({"inputConfig": {"fileName": file["name"]}}, EMBED)
    [result] = caller.lines(created.json()["name"])
    return result


@shows("result line, text")
def text_line(start: Start) -> Any:
    """Download an answer."""
    return result_lines(start, blue)[0]


@shows("result line, error")
def error_line(start: Start) -> Any:
    """Download an error."""
    results = result_lines(start, failure_rate=1.0)
    return next(result for result in results if result["error"]["code"] == 13)


@shows("result line, embedding")
def newest_embedding_line(start: Start) -> Any:
    """Download an embedding."""
    return embedding_line(start)


@shows("result line, embedding; 2025-09")
def older_embedding_line(start: Start) -> Any:
    """Download an embedding as it once was, which only an answer of one's own is."""
    return embedding_line(
        start, lambda *_: {"tokenCount": "1", "embedding": {"values": [0.5, -0.25]}}
    )


def answers(start: Start) -> list[Any]:
    """Return answers of the emulator's own to many prompts."""
    caller = start()
    config = inline(*({"request": prompt_request(str(number))} for number in range(100)))
    return [item["response"] for item in items_of(look(caller, create(caller, config)).json())]


def parts_of(response: Any) -> list[Any]:
    """Return the parts of an answer."""
    return list(response["candidates"][0]["content"]["parts"])


@shows("answer, text")
def plain_answer(start: Start) -> Any:
    """Get an answer of nothing but text."""
    return next(answer for answer in answers(start) if len(parts_of(answer)) == 1)


@shows("answer, with a thought")
def thoughtful_answer(start: Start) -> Any:
    """Get an answer that was thought about."""
    return next(answer for answer in answers(start) if len(parts_of(answer)) == 2)


# Replies that no recording shows from end to end.


def test_angle_brackets_are_escaped_and_other_letters_are_not(start: Start) -> None:
    """So the service writes what a model says."""
    caller = start(lambda *_: "<é>")
    response = look(caller, create(caller))
    assert {
        "layout": "indented by two",
        "final newlines": 1,
        "angle brackets": "escaped",
        "beyond ASCII": "raw",
    } == how_written(response.content.decode())


def test_a_result_line_is_compact(start: Start) -> None:
    """One line, with no space in it but what is said."""
    caller = start(blue)
    name = create_from_file(caller).json()["name"]
    text = caller.download(caller.ended(name)["response"]["responsesFile"]).text
    assert {"layout": "compact", "final newlines": 1} == how_written(text)


def test_progress_is_not_older_than_its_batch(start: Start) -> None:
    """Its clock is coarser, and yet it does not say that anything happened before the create."""
    caller = start()
    caller.emulator.faults.add("states", "RUNNING")
    metadata = look(caller, create(caller), 0).json()["metadata"]
    assert "1" == metadata["batchStats"]["successfulRequestCount"]
    assert metadata["createTime"].rstrip("Z") <= f"{metadata['updateTime'].rstrip('Z')}000"


@pytest.mark.parametrize("accepted", ["gzip", "br, GZIP;q=0.5", "gzip;q=1.0,deflate;q=0.6"])
def test_a_reply_is_compressed_for_who_can_read_it(start: Start, accepted: str) -> None:
    """Only on the way: nothing else about the reply is different."""
    caller = start()
    created = create(caller)
    plain = shape_of_response(look(caller, created, 0))
    caller.session.headers["Accept-Encoding"] = accepted
    headers = {**plain["headers"], "content-encoding": ["gzip"]}
    assert {**plain, "headers": headers} == shape_of_response(look(caller, created, 0))


@pytest.mark.parametrize("accepted", ["identity", "br", "gzip;q=0", "deflate, gzip; Q=0.000", ""])
def test_a_reply_is_not_compressed_for_others(start: Start, accepted: str) -> None:
    """Whoever does not ask for it, or refuses it, gets it plain."""
    caller = start()
    caller.session.headers["Accept-Encoding"] = accepted
    assert "Content-Encoding" not in create(caller).headers


def test_what_is_up_or_downloaded_is_not_compressed(start: Start) -> None:
    """Its length is known, and named."""
    caller = start(blue)
    caller.session.headers["Accept-Encoding"] = "gzip"
    finished = caller.send(caller.session_url(len(BYTES), NAMED), BYTES, at=0)
    name = create_from_file(caller).json()["name"]
    result = caller.download(caller.ended(name)["response"]["responsesFile"])
    for response in (finished, result):
        assert str(len(response.content)) == response.headers["Content-Length"]
        assert "Content-Encoding" not in response.headers


# What a shape tells apart.


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("<time, 9 digits>", ["2026-03-01T09:15:27.123456789Z", "1999-12-31T23:59:59.000000000Z"]),
        ("<time, 6 digits>", ["2026-03-01T09:15:27.123456Z"]),
        ("<time, 3 digits>", ["2026-03-01T09:15:27.120Z"]),
        ("<time, 0 digits>", ["2026-03-01T09:15:27Z"]),
        ("<int64 in a string>", ["0", "-5", "20971520"]),
        ("<int32>", [0, -5, 2**31 - 1]),
        ("<int64>", [2**31, -(2**40)]),
        ("<number>", [0.5, 1.0, -3.1e-05]),
        ("<duration>", ["48s", "3.5s"]),
        ("batches/<36>", ["batches/" + "k3v9c1x7q5m2" * 3]),
        ("batches/<10>", ["batches/1234567890"]),
        ("files/<12>", ["files/u8w2k5n1a0b9"]),
        ("files/batch-<36>", ["files/batch-" + "k3v9c1x7q5m2" * 3]),
        ("<origin>/v1beta/files/<12>", ["https://x.example/v1beta/files/u8w2k5n1a0b9"]),
        ("<origin>/v1/files/<8>", ["http://127.0.0.1:8080/v1/files/u8w2k5n1"]),
        ("models/<model>", ["models/gemini-2.5-flash"]),
        ("<model>", ["gemini-2.5-flash", "gemini-3-flash-preview"]),
        ("<base64 of 64 hexadecimal digits>", [base64.b64encode(b"0f" * 32).decode()]),
        ("<base64>", [base64.b64encode(b"\xff" * 32).decode()]),
        ("<base64 for URLs, unpadded>", ["q7LxaPz2Kd-Rm_8P4cWj0Ag", "q7LxaPz2Kd-Rm_8P4cWj0A"]),
        ("<path of a field>", ["batch.input_config", "contents[7].parts[0].function_response"]),
        ("<MIME type>", ["application/pdf", "image/svg+xml"]),
        ("<URL>", ["https://ai.google.dev/x#y"]),
        ("<text>", ["", "Blue.", "2026-03-01", "files/", "models/", "AAAA", "1.5", "a b/c"]),
        (True, [True]),
        (None, [None]),
    ],
)
def test_a_value_is_of_one_kind(kind: Any, values: list[Any]) -> None:
    """All of these are of that kind."""
    assert [kind] * len(values) == [shape_of(value) for value in values]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"t": "2026-03-01T09:15:27.123456789Z"}, {"t": "2026-03-01T09:15:27.123456Z"}),
        ({"requestCount": "2"}, {"requestCount": 2}),
        ({"name": "files/u8w2k5n1a0b9"}, {"name": "files/u8w2k5n1a0b"}),
        ({"state": "BATCH_STATE_PENDING"}, {"state": "BATCH_STATE_RUNNING"}),
        ({"a": "x", "b": 1}, {"a": "x"}),
        ({"a": "x"}, {"a": "x", "b": 1}),
        ({"a": "x", "b": 1}, {"b": 1, "a": "x"}),
        ({"done": True}, {"done": False}),
        ({"a": ["x"]}, {"a": []}),
        ({"a": ["x"]}, {"a": "x"}),
        ({"a": [{"b": 1, "c": 2}]}, {"a": [{"c": 2, "b": 1}]}),
        ({"message": "x"}, {"message": "x\n"}),
    ],
)
def test_what_differs_in_shape_is_told_apart(one: Any, other: Any) -> None:
    """Each of them would fail a comparison with the other."""
    record = Recorded("", "body", shape_of(one))
    assert record.comparable(record.shape, record.shape) != record.comparable(
        shape_of(other), record.shape
    )


def test_free_text_may_look_like_anything() -> None:
    """A model that answers 4 has not sent a count."""
    assert {"text": "<text>", "key": "<text>"} == shape_of({"text": "4", "key": "batches/1"})


def test_a_list_has_the_shapes_of_its_distinct_entries() -> None:
    """However many there are of each, in the order in which they first appear."""
    assert ["<int32>", "<text>", {"a": "<int32>"}] == shape_of([1, 2, "x", {"a": 1}, 3, {"a": 2}])


def test_an_open_order_is_not_compared() -> None:
    """Where nobody knows it, and only there."""
    record = Recorded("", "body", {"a": {"b": 1, "c": 2}, "d": 3}, frozenset({"order"}))
    assert record.comparable(record.shape, {}) == record.comparable(
        {"d": 3, "a": {"c": 2, "b": 1}}, {}
    )


def test_members_beyond_those_that_are_known_are_passed_over() -> None:
    """At any depth, if the recording was cut; those it has must be there."""
    known = {"a": [{"b": 1}], "c": 2}
    assert known == only_known({"a": [{"b": 1, "x": 9}], "c": 2, "y": 9}, known)
    assert {"c": 2} == only_known({"c": 2}, known)
    assert {"a": [1, 2]} == only_known({"a": [1, 2]}, known)


@pytest.mark.parametrize(
    ("text", "layout", "newlines"),
    [
        ('{\n  "a": [\n    1,\n    0.5\n  ]\n}\n', "indented by two", 1),
        ('{"a":[1,-2e-05]}', "compact", 0),
        ('{"a": "x"}\n\n', "another", 2),
        ('{\n    "a": 1\n}', "another", 0),
        ("{}\n", "indented by two", 1),
    ],
)
def test_the_layout_of_json_is_seen(text: str, layout: str, newlines: int) -> None:
    """Indentation, spaces and line breaks at the end."""
    assert {"layout": layout, "final newlines": newlines} == how_written(text)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ('"<"', {"angle brackets": "raw"}),
        (r'"\u003c"', {"angle brackets": "escaped"}),
        (r'"\u003e <"', {"angle brackets": "escaped and raw"}),
        (r'"\\u003c"', {}),
        (r'"\\\u003c"', {"angle brackets": "escaped"}),
        ('"é"', {"beyond ASCII": "raw"}),
        (r'"\u00e9"', {"beyond ASCII": "escaped"}),
    ],
)
def test_escapes_in_json_are_seen(text: str, seen: Shape) -> None:
    """Of the letters that the service treats in its own way."""
    found = how_written(text)
    assert seen == {what: found[what] for what in found if what not in {"layout", "final newlines"}}


def test_an_exchange_has_the_shapes_of_its_headers() -> None:
    """By name, line by line; what is said anew each time is of a kind, the rest is as it is."""
    headers = [
        ("Vary", "Origin"),
        ("vary", "Referer"),
        ("Date", "Sun, 01 Mar 2026 09:15:27 GMT"),
        ("Server-Timing", "gfet4t7; dur=285"),
        ("Content-Length", "2"),
        (
            "X-Goog-Upload-URL",
            "http://x:1/upload/v1beta/files?upload_id=A-b_1&upload_protocol=resumable",
        ),
        ("Server", "somebody"),
    ]
    assert {
        "status": 200,
        "headers": {
            "content-length": ["<length of the body>"],
            "date": ["<date>"],
            "server": ["somebody"],
            "server-timing": ["gfet4t7; dur=<milliseconds>"],
            "vary": ["Origin", "Referer"],
            "x-goog-upload-url": [
                "<origin>/upload/v1beta/files?upload_id=<upload>&upload_protocol=resumable"
            ],
        },
        "written": {"layout": "indented by two", "final newlines": 0},
        "body": {},
    } == shape_of_exchange(200, headers, "{}")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("content-length", "3"),
        ("date", "yesterday"),
        ("server-timing", "dur=1"),
        ("x-goog-upload-url", "http://x/upload/v1beta/files"),
    ],
)
def test_a_header_in_another_form_stays_as_it_is(name: str, value: str) -> None:
    """And is so told apart from one in the usual form."""
    assert {name: [value]} == shape_of_exchange(200, [(name, value)], "{}")["headers"]


def test_no_two_recorded_shapes_have_one_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One would hide the other."""
    for file in ("a.json", "b.json"):
        (tmp_path / file).write_text('{"x": {"seen": "", "body": {}}}')
    monkeypatch.setattr(shapes, "FOLDER", tmp_path)
    with pytest.raises(ValueError, match="named 'x'"):
        recorded.__wrapped__()
