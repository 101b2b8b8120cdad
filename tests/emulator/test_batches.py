"""A batch from create to delete: states, looks, lists, cancelling."""

import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest

from gemini_batch.emulator import Act, Emulator, Limits, batches, paging
from tests.emulator.caller import Caller, items_of, jsonl, line


def state_of(caller: Caller, name: str) -> str:
    """Return the state a look shows."""
    return str(caller.operation(name)["metadata"]["state"])


def test_a_batch_is_pending_then_running_then_succeeded() -> None:
    """Each state lasts as long as was asked for."""
    with (
        Emulator(clock="manual", pending_seconds=10, running_seconds=20) as emulator,
        Caller(emulator) as caller,
    ):
        name = caller.create_inline("x")
        states = [state_of(caller, name)]
        for seconds in (9.9, 0.1, 19.9, 0.1):
            emulator.advance(seconds)
            states.append(state_of(caller, name))
    assert ["PENDING", "PENDING", "RUNNING", "RUNNING", "SUCCEEDED"] == [
        state.removeprefix("BATCH_STATE_") for state in states
    ]


def test_only_a_finished_batch_says_done(caller: Caller) -> None:
    """``done`` is never false: it is there or it is not."""
    name = caller.create_inline("x")
    assert {"name", "metadata"} == caller.operation(name).keys()
    operation = caller.ended(name)
    assert ["name", "metadata", "done", "response"] == list(operation)
    assert operation["done"] is True


def test_a_finished_inline_batch_carries_its_results_twice(caller: Caller) -> None:
    """``response`` and ``metadata.output`` say the same; only the first has a type."""
    operation = caller.ended(caller.create_inline("x", "y"))
    metadata, response = operation["metadata"], operation["response"]
    assert [
        "@type",
        "model",
        "displayName",
        "output",
        "createTime",
        "endTime",
        "updateTime",
        "batchStats",
        "state",
        "name",
    ] == list(metadata)
    assert response.pop("@type").endswith(".v1main.GenerateContentBatchOutput")
    assert metadata["output"] == response
    assert 2 == len(items_of(operation))
    assert {"requestCount": "2", "successfulRequestCount": "2"} == metadata["batchStats"]


def test_a_finished_file_batch_names_its_result_file(caller: Caller) -> None:
    """The file's id is that of the batch, with six letters more than the file service allows."""
    name = caller.create_from_lines(line("a", "x"))
    operation = caller.ended(name)
    expected = name.replace("batches/", "files/batch-")
    assert expected == operation["response"]["responsesFile"]
    assert {"responsesFile": expected} == operation["metadata"]["output"]


def test_a_running_batch_shows_how_far_it_is(caller: Caller) -> None:
    """Some are done and the rest are pending; counts of zero are not shown."""
    name = caller.create_inline("w", "x", "y", "z")
    caller.emulator.advance(0.4 + 0.3)
    metadata = caller.operation(name)["metadata"]
    assert {
        "requestCount": "4",
        "successfulRequestCount": "2",
        "pendingRequestCount": "2",
    } == metadata["batchStats"]
    assert metadata["updateTime"] > metadata["createTime"]


def test_a_batch_that_takes_more_than_two_days_expires() -> None:
    """Pending or running, it has no results, and an error instead; it is over for good."""
    with (
        Emulator(clock="manual", pending_seconds=24 * 3600, running_seconds=86_401) as emulator,
        Caller(emulator) as caller,
    ):
        name = caller.create_inline("x")
        emulator.advance(48 * 3600 - 1)
        assert "BATCH_STATE_RUNNING" == state_of(caller, name)
        for _ in range(2):
            emulator.advance(1)
            operation = caller.operation(name)
            assert "BATCH_STATE_EXPIRED" == operation["metadata"]["state"]
            assert ["name", "metadata", "done", "error"] == list(operation)
        created, ended = (operation["metadata"][at] for at in ("createTime", "endTime"))
        assert created.partition("T")[2] == ended.partition("T")[2]


def test_a_batch_of_just_two_days_succeeds() -> None:
    """The last moment is not too late."""
    with (
        Emulator(clock="manual", pending_seconds=0, running_seconds=48 * 3600) as emulator,
        Caller(emulator) as caller,
    ):
        name = caller.create_inline("x")
        emulator.advance(48 * 3600)
        assert "BATCH_STATE_SUCCEEDED" == state_of(caller, name)


def test_a_batch_that_runs_no_time_has_run_all_of_it() -> None:
    """No time to run is no division by nothing."""
    with (
        Emulator(clock="manual", pending_seconds=0, running_seconds=0) as emulator,
        Caller(emulator) as caller,
    ):
        assert "BATCH_STATE_SUCCEEDED" == state_of(caller, caller.create_inline("x"))


def test_a_faster_clock_ends_batches_sooner() -> None:
    """A number as clock is how many seconds pass for each real one."""
    with (
        Emulator(clock=1e6, pending_seconds=100, running_seconds=0) as emulator,
        Caller(emulator) as caller,
    ):
        name = caller.create_inline("x")
        states = {state_of(caller, name) for _ in range(20)}
    assert "BATCH_STATE_SUCCEEDED" in states


# Finding batches.


@pytest.mark.parametrize("verb", ["GET", "DELETE", "POST"])
def test_an_unknown_batch_is_not_found(caller: Caller, verb: str) -> None:
    """A well-formed name nobody has gets 404."""
    path = f"/v1beta/batches/{'a' * 36}" + (":cancel" if verb == "POST" else "")
    response = caller.call(verb, path)
    assert 404 == response.status_code
    assert {
        "error": {
            "code": 404,
            "message": "Requested entity was not found.",
            "status": "NOT_FOUND",
        }
    } == response.json()


@pytest.mark.parametrize("verb", ["GET", "DELETE", "POST"])
def test_a_name_of_another_form_cannot_be_parsed(caller: Caller, verb: str) -> None:
    """A name that no batch could have gets 400."""
    path = "/v1beta/batches/test-batch" + (":cancel" if verb == "POST" else "")
    error = caller.call(verb, path).json()["error"]
    assert (400, "Could not parse the batch name") == (error["code"], error["message"])


# Lists.


def test_no_batches_are_an_empty_object(caller: Caller) -> None:
    """An empty list is left out, as every empty thing is."""
    assert "{}\n" == caller.call("GET", "/v1beta/batches").text


def test_batches_are_listed_newest_first_page_by_page(caller: Caller) -> None:
    """Pages follow one another by token, and the last has none."""
    names = [caller.create_inline("x") for _ in range(5)]
    shown: list[str] = []
    sizes: list[int] = []
    token: str | None = ""
    while token is not None:
        page = caller.get("/v1beta/batches", params={"pageSize": 2, "pageToken": token})
        shown += [operation["name"] for operation in page["operations"]]
        sizes.append(len(page["operations"]))
        token = page.get("nextPageToken")
    assert names[::-1] == shown
    assert [2, 2, 1] == sizes


def test_a_page_holds_a_thousand_batches_at_most(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many are asked for, and fifty if nobody says how many; 990 and 39 fewer here."""

    def smaller(entries: Any, exchange: Any, *, default: int, ceiling: int) -> Any:
        return paging.page(entries, exchange, default=default - 39, ceiling=ceiling - 990)

    monkeypatch.setattr(batches, "page", smaller)
    names = [caller.create_inline("x") for _ in range(12)]
    sizes: list[dict[str, int]] = [{}, {"pageSize": 0}, {"pageSize": 10}, {"pageSize": 1000}]
    pages = [caller.get("/v1beta/batches", params=size)["operations"] for size in sizes]
    assert [11, 11, 10, 10] == [len(page) for page in pages]
    assert names[:1:-1] == [one["name"] for one in pages[-1]]


def test_a_page_stays_where_it_was_while_batches_come_and_go(caller: Caller) -> None:
    """Nothing is shown twice or skipped because of a newcomer."""
    names = [caller.create_inline("x") for _ in range(4)]
    first = caller.get("/v1beta/batches", params={"page_size": 2})
    caller.create_inline("newcomer")
    caller.call("DELETE", f"/v1beta/{names[3]}")
    second = caller.get("/v1beta/batches", params={"page_token": first["nextPageToken"]})
    assert names[1::-1] == [operation["name"] for operation in second["operations"]]


@pytest.mark.parametrize("size", ["-1", "x", "1.5"])
def test_a_page_size_must_be_a_number(caller: Caller, size: str) -> None:
    """Anything else is refused by name."""
    response = caller.call("GET", "/v1beta/batches", params={"pageSize": size})
    assert 400 == response.status_code
    assert "page_size" in response.json()["error"]["message"]


@pytest.mark.parametrize("token", ["x", "eA==", "é"])
def test_a_page_token_is_one_that_was_given_out(caller: Caller, token: str) -> None:
    """Nobody makes up tokens."""
    response = caller.call("GET", "/v1beta/batches", params={"pageToken": token})
    assert (400, "Invalid page token.") == (
        response.status_code,
        response.json()["error"]["message"],
    )


def test_a_list_leaves_inline_results_out_and_keeps_result_files(caller: Caller) -> None:
    """Only a look at the batch itself shows inline results."""
    caller.create_inline("x")
    caller.create_from_lines(line("a", "x"))
    caller.emulator.advance(60)
    by_file, by_inline = caller.get("/v1beta/batches")["operations"]
    assert by_file["response"]["responsesFile"].startswith("files/batch-")
    assert by_inline["done"] is True
    assert "response" not in by_inline
    assert "output" not in by_inline["metadata"]
    assert "BATCH_STATE_SUCCEEDED" == by_inline["metadata"]["state"]


def test_embeddings_and_generations_are_listed_together(caller: Caller) -> None:
    """One list for both kinds, told apart by the type of their metadata."""
    caller.create_inline("x")
    item = {"request": {"content": {"parts": [{"text": "x"}]}}}
    caller.create({"inputConfig": {"requests": {"requests": [item]}}}, "asyncBatchEmbedContent")
    kinds = [
        operation["metadata"]["@type"].rpartition(".")[2]
        for operation in caller.get("/v1beta/batches")["operations"]
    ]
    assert ["EmbedContentBatch", "GenerateContentBatch"] == kinds


# Cancelling.


def test_a_pending_batch_is_cancelled_with_nothing_done(caller: Caller) -> None:
    """Its error is code 13, in odd words, and its counts are as they were."""
    name = caller.create_inline("x", "y")
    assert "{}\n" == caller.call("POST", f"/v1beta/{name}:cancel").text
    operation = caller.operation(name)
    assert ["name", "metadata", "done", "error"] == list(operation)
    assert "BATCH_STATE_CANCELLED" == operation["metadata"]["state"]
    message = f"Batch {name.removeprefix('batches/')} failed without error."
    assert {"code": 13, "message": message} == operation["error"]
    assert {"requestCount": "2", "pendingRequestCount": "2"} == operation["metadata"]["batchStats"]
    assert [Act("cancel", name, "PENDING")] == caller.emulator.acted.of("cancel")


def test_a_running_batch_is_cancelled_with_a_part_answered(caller: Caller) -> None:
    """It ends SUCCEEDED: those not yet answered fail with code 1 and no message."""
    name = caller.create_inline(*"abcdefgh")
    caller.emulator.advance(0.4 + 0.3)
    caller.call("POST", f"/v1beta/{name}:cancel")
    operation = caller.operation(name)
    assert "BATCH_STATE_SUCCEEDED" == operation["metadata"]["state"]
    by_key = {item["metadata"]["key"]: item for item in items_of(operation)}
    assert 8 == len(by_key)
    assert {"4", "5", "6", "7"} == {key for key, item in by_key.items() if "error" in item}
    assert {"metadata": {"key": "7"}, "error": {"code": 1}} == by_key["7"]
    assert {
        "requestCount": "8",
        "successfulRequestCount": "4",
        "failedRequestCount": "4",
    } == operation["metadata"]["batchStats"]


def test_a_running_batch_of_one_is_cancelled_with_nothing_answered(caller: Caller) -> None:
    """The one request that was under way fails with code 1."""
    name = caller.create_inline("x")
    caller.emulator.advance(0.4)
    caller.call("POST", f"/v1beta/{name}:cancel")
    assert [{"code": 1}] == [item["error"] for item in items_of(caller.operation(name))]


def test_cancelling_a_finished_batch_changes_nothing(caller: Caller) -> None:
    """It is answered with success, and is no act."""
    name = caller.create_inline("x")
    before = caller.ended(name)
    assert 200 == caller.call("POST", f"/v1beta/{name}:cancel").status_code
    assert before == caller.operation(name)
    assert 0 == caller.emulator.acted.count("cancel")


def test_cancelling_twice_is_cancelling_once(caller: Caller) -> None:
    """The second time the batch has ended already."""
    name = caller.create_inline("x")
    for _ in range(2):
        assert 200 == caller.call("POST", f"/v1beta/{name}:cancel").status_code
    assert 1 == caller.emulator.acted.count("cancel")


# Deleting.


def test_a_deleted_batch_is_not_found_nor_listed(caller: Caller) -> None:
    """It is gone for every call."""
    name = caller.create_inline("x")
    assert "{}\n" == caller.call("DELETE", f"/v1beta/{name}").text
    assert 404 == caller.call("GET", f"/v1beta/{name}").status_code
    assert 404 == caller.call("DELETE", f"/v1beta/{name}").status_code
    assert {} == caller.get("/v1beta/batches")
    assert 1 == caller.emulator.acted.count("delete")


def test_a_result_file_goes_with_its_batch(caller: Caller) -> None:
    """Its download is 404 afterwards."""
    name = caller.create_from_lines(line("a", "x"))
    responses_file = caller.ended(name)["response"]["responsesFile"]
    assert 200 == caller.download(responses_file).status_code
    caller.call("DELETE", f"/v1beta/{name}")
    assert 404 == caller.download(responses_file).status_code


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder in which emulators keep theirs."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def kept(stored: Path) -> list[str]:
    """Return what a batch has on disk."""
    found = [*stored.glob("*/input-*"), *stored.glob("*/results-*")]
    return sorted(path.name.partition("-")[0] for path in found)


def test_a_batch_keeps_what_it_needs_and_no_more(stored: Path) -> None:
    """Its input until the results are there, and these until it is deleted."""
    with Emulator(clock="manual") as emulator, Caller(emulator) as caller:
        name = caller.create_from_lines(line("a", "x"))
        file = caller.operation(name)["metadata"]["inputConfig"]["fileName"]
        caller.call("DELETE", f"/v1beta/{file}")
        assert ["input"] == kept(stored)
        caller.ended(name)
        assert ["results"] == kept(stored)
        caller.call("DELETE", f"/v1beta/{name}")
        assert [] == kept(stored)


def test_a_batch_that_is_deleted_early_leaves_nothing(stored: Path) -> None:
    """Nor does one that is refused."""
    limits = Limits(concurrent_batches=1)
    with Emulator(clock="manual", limits=limits) as emulator, Caller(emulator) as caller:
        name = caller.create_from_lines(line("a", "x"))
        file = caller.upload(jsonl(line("a", "x")))["name"]
        assert 429 == caller.create({"inputConfig": {"fileName": file}}).status_code
        assert ["input"] == kept(stored)
        caller.call("DELETE", f"/v1beta/{name}")
        assert [] == kept(stored)


@pytest.mark.parametrize("begun", [True, False])
def test_a_batch_that_is_deleted_while_it_is_answered_leaves_nothing(
    stored: Path, monkeypatch: pytest.MonkeyPatch, *, begun: bool
) -> None:
    """Whether or not the file of its results has been begun by then."""
    monkeypatch.setattr(batches, "PATIENCE", 0.01)
    going_on, waiting = threading.Event(), threading.Event()
    write = batches.write_results

    def wait() -> None:
        waiting.set()
        assert going_on.wait(10)

    def answer(*_: object) -> str:
        if begun:
            wait()
        return "x"

    def write_later(*plan: Any) -> Any:
        if not begun:
            wait()
        return write(*plan)

    monkeypatch.setattr(batches, "write_results", write_later)
    with (
        Emulator(answer, pending_seconds=0, running_seconds=0) as emulator,
        Caller(emulator) as caller,
    ):
        name = caller.create_from_lines(line("a", "x"))
        assert "BATCH_STATE_RUNNING" == state_of(caller, name)
        assert waiting.wait(10)
        caller.call("DELETE", f"/v1beta/{name}")
        assert ["input"] == kept(stored)
        going_on.set()
        looks = 0
        while kept(stored) and looks < 1000:
            caller.get("/v1beta/batches")
            looks += 1
        assert [] == kept(stored)


def test_a_file_batch_may_be_deleted_before_it_ends(caller: Caller) -> None:
    """There is no result file yet to go with it."""
    name = caller.create_from_lines(line("a", "x"))
    assert 200 == caller.call("DELETE", f"/v1beta/{name}").status_code
    assert 404 == caller.call("GET", f"/v1beta/{name}").status_code
