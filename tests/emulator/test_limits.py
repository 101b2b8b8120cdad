"""Limits: what goes beyond them is refused as the service refuses it, and all can be set."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests

from gemini_batch.emulator import Emulator, Limits
from tests.emulator.caller import MODEL, Caller, inline, jsonl, keyed, line

HELP = {
    "@type": "type.googleapis.com/google.rpc.Help",
    "links": [
        {
            "description": "Learn more about Gemini API quotas",
            "url": "https://ai.google.dev/gemini-api/docs/rate-limits",
        }
    ],
}

Limited = Callable[..., Caller]


@pytest.fixture
def limited() -> Iterator[Limited]:
    """Start emulators with other limits, each with a client."""
    with ExitStack() as stack:

        def start(**limits: int) -> Caller:
            made = Emulator(
                clock="manual", chunk_granularity=8, failure_rate=0, limits=Limits(**limits)
            )
            return stack.enter_context(Caller(stack.enter_context(made)))

        yield start


def create(caller: Caller, prompt: str = "x", model: str = MODEL) -> requests.Response:
    """Ask for an inline batch of one prompt."""
    body = {"batch": {"inputConfig": inline(keyed("0", prompt))}}
    return caller.call("POST", f"/v1beta/{model}:batchGenerateContent", json=body)


def assert_quota_is_used_up(response: requests.Response) -> None:
    """Hold that a create was refused as above its quota, with no hint of which or until when."""
    assert 429 == response.status_code
    error = response.json()["error"]
    assert ("RESOURCE_EXHAUSTED", [HELP]) == (error["status"], error["details"])
    assert error["message"].startswith("You exceeded your current quota, please check your plan")
    assert "Retry-After" not in response.headers


def test_the_limits_are_those_of_the_service() -> None:
    """20 MiB of a body, 2 GB of a file, 20 GB of files, 100 batches."""
    assert (
        Limits(
            body_bytes=20_971_520,
            file_bytes=2_147_483_648,
            storage_bytes=21_474_836_480,
            concurrent_batches=100,
            enqueued_tokens=1_000_000_000,
        )
        == Limits()
    )


@pytest.mark.parametrize("value", [-1, 1.5, "5", None, True])
def test_a_limit_is_a_whole_number(value: Any) -> None:
    """And says which of them is not."""
    with pytest.raises(ValueError, match="storage_bytes is a whole number, not"):
        Limits(storage_bytes=value)


def test_a_body_above_its_limit_is_refused(limited: Limited) -> None:
    """The refusal has the number; the limit itself is allowed."""
    size = len(requests.Request("POST", "http://x", json={"batch": {}}).prepare().body or "")
    caller = limited(body_bytes=size)
    assert "batch.input_config is required." == caller.create({}).json()["error"]["message"]
    error = caller.create({"a": 1}).json()["error"]
    assert f"Request payload size exceeds the limit: {size} bytes." in error["message"]
    assert (400, "INVALID_ARGUMENT") == (error["code"], error["status"])


@pytest.mark.parametrize("announced", [True, False])
def test_a_file_above_its_limit_is_refused(limited: Limited, *, announced: bool) -> None:
    """At once if its size is announced, else as soon as it is too large."""
    caller = limited(file_bytes=20)
    assert 200 == caller.start_upload(20).status_code
    if announced:
        response = caller.start_upload(21)
    else:
        url = caller.session_url()
        assert 200 == caller.send(url, b"x" * 16, at=0, command="upload").status_code
        response = caller.send(url, b"x" * 5, at=16)
    assert 400 == response.status_code
    assert "File size exceeds the limit: 20 bytes." == response.json()["error"]["message"]
    assert {} == caller.get("/v1beta/files")


@pytest.mark.parametrize("announced", [True, False])
def test_files_above_the_storage_are_refused(limited: Limited, *, announced: bool) -> None:
    """With the quota in message and details, until a file is deleted or has expired."""
    caller = limited(storage_bytes=100)

    def add(size: int) -> requests.Response:
        started = caller.start_upload(size if announced else None)
        if started.status_code != 200:
            return started
        return caller.send(started.headers["X-Goog-Upload-URL"], b"x" * size, at=0)

    first = add(60).json()["file"]["name"]
    assert 200 == add(40).status_code
    response = add(1)
    assert 429 == response.status_code
    error = response.json()["error"]
    metric = "generativelanguage.googleapis.com/file_storage_bytes"
    assert error["message"].endswith(f"\n* Quota exceeded for metric: {metric}, limit: 100")
    violation = {
        "quotaMetric": metric,
        "quotaId": "FileStorageBytesPerProject",
        "quotaValue": "100",
    }
    assert [[violation], HELP] == [error["details"][0]["violations"], error["details"][1]]
    caller.call("DELETE", f"/v1beta/{first}")
    assert 200 == add(60).status_code
    caller.emulator.advance(48 * 3600)
    assert 200 == add(100).status_code


def test_one_batch_too_many_is_refused(limited: Limited) -> None:
    """Until one of those under way has ended, or is cancelled."""
    caller = limited(concurrent_batches=2)
    names = [create(caller).json()["name"] for _ in range(2)]
    assert_quota_is_used_up(create(caller))
    caller.call("POST", f"/v1beta/{names[0]}:cancel")
    assert 200 == create(caller).status_code
    assert_quota_is_used_up(create(caller))
    caller.emulator.advance(1000)
    assert 200 == create(caller).status_code
    assert 4 == caller.emulator.acted.count("create")


def test_a_deleted_batch_counts_until_its_time_is_over(limited: Limited) -> None:
    """To delete is not to cancel, and frees no quota."""
    caller = limited(concurrent_batches=1)
    caller.call("DELETE", f"/v1beta/{create(caller).json()['name']}")
    assert_quota_is_used_up(create(caller))
    caller.emulator.advance(1000)
    assert 200 == create(caller).status_code


def test_a_deleted_batch_that_follows_a_script_counts_no_more(limited: Limited) -> None:
    """Nobody can take a step of it, so it would count for ever."""
    caller = limited(concurrent_batches=1)
    caller.emulator.faults.add("states", "RUNNING,SUCCEEDED")
    name = create(caller).json()["name"]
    caller.operation(name)
    assert_quota_is_used_up(create(caller))
    caller.call("DELETE", f"/v1beta/{name}")
    assert 200 == create(caller).status_code
    assert ["states: SUCCEEDED"] == caller.emulator.faults.pending


def test_prompts_above_the_enqueued_tokens_are_refused(limited: Limited) -> None:
    """A token for every four bytes; each model has a quota of its own; inline and by file alike."""
    caller = limited(enqueued_tokens=100)
    assert 200 == create(caller, "x" * 200).status_code  # 51
    assert 200 == create(caller, "x" * 192).status_code  # 49
    assert_quota_is_used_up(create(caller, ""))
    assert 200 == create(caller, "x" * 396, model="models/another").status_code
    assert_quota_is_used_up(create(caller, "x" * 400, model="models/third"))
    caller.emulator.advance(1000)
    file = caller.upload(jsonl(line("a", "x" * 200), line("b", "y" * 200)))
    response = caller.create({"inputConfig": {"fileName": file["name"]}})
    assert_quota_is_used_up(response)
    assert 200 == create(caller, "x" * 396).status_code


def test_a_batch_in_a_state_that_is_new_counts(limited: Limited) -> None:
    """It is not over, whatever it is."""
    caller = limited(concurrent_batches=1)
    caller.emulator.faults.add("states", "BATCH_STATE_PAUSED,RUNNING,FAILED")
    name = create(caller).json()["name"]
    caller.operation(name)
    assert_quota_is_used_up(create(caller))
    caller.operation(name)
    assert_quota_is_used_up(create(caller))
    caller.operation(name)
    assert 200 == create(caller).status_code
