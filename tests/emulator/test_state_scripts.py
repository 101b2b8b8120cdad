"""Batches that go the way a script says."""

from typing import Any

import pytest

from tests.emulator.caller import Caller, items_of, keyed, line

TOTAL = 4


@pytest.fixture
def looks(caller: Caller) -> Any:
    """Return the way to follow a batch of four through a script, look by look."""

    def follow(script: str, count: int, *, by_file: bool = False) -> list[Any]:
        caller.emulator.faults.add("states", script)
        if by_file:
            name = caller.create_from_lines(*(line(str(n), "x") for n in range(TOTAL)))
        else:
            name = caller.create_inline(*map(str, range(TOTAL)))
        return [caller.operation(name) for _ in range(count)]

    return follow


def states_of(operations: list[Any]) -> list[str]:
    """Return the states that were shown."""
    return [operation["metadata"]["state"] for operation in operations]


def test_each_look_takes_a_step_and_the_last_stays(looks: Any) -> None:
    """Time has no say."""
    operations = looks("PENDING,RUNNING*2,SUCCEEDED", 5)
    assert ["PENDING", "RUNNING", "RUNNING", "SUCCEEDED", "SUCCEEDED"] == [
        state.removeprefix("BATCH_STATE_") for state in states_of(operations)
    ]
    assert [False, False, False, True, True] == ["done" in one for one in operations]
    assert TOTAL == len(items_of(operations[-1]))


def test_a_script_shows_progress(looks: Any) -> None:
    """As far as its steps have gone."""
    stats = [one["metadata"]["batchStats"] for one in looks("RUNNING*3,SUCCEEDED", 4)]
    assert ["1", "2", "3", "4"] == [one["successfulRequestCount"] for one in stats]


def test_a_list_takes_no_step(caller: Caller) -> None:
    """It shows the step at which the batch is."""
    caller.emulator.faults.add("states", "RUNNING,SUCCEEDED")
    name = caller.create_inline("x")
    shown: list[str] = []
    for _ in range(3):
        shown += states_of(caller.get("/v1beta/batches")["operations"])
        caller.operation(name)
    assert ["BATCH_STATE_PENDING", "BATCH_STATE_RUNNING", "BATCH_STATE_SUCCEEDED"] == shown


def test_scripts_go_to_batches_in_the_order_of_their_creation(caller: Caller) -> None:
    """One each; a batch without a script goes by time."""
    for script in ("RUNNING", "FAILED"):
        caller.emulator.faults.add("states", script)
    names = [caller.create_inline("x") for _ in range(3)]
    assert ["RUNNING", "FAILED", "PENDING"] == [
        state.removeprefix("BATCH_STATE_")
        for state in states_of([caller.operation(name) for name in names])
    ]


def test_a_script_is_pending_until_every_step_was_seen(caller: Caller) -> None:
    """What nobody has looked at has not happened."""
    caller.emulator.faults.add("states", "RUNNING,SUCCEEDED")
    name = caller.create_inline("x")
    assert ["states: RUNNING,SUCCEEDED"] == caller.emulator.faults.pending
    caller.operation(name)
    assert ["states: SUCCEEDED"] == caller.emulator.faults.pending
    caller.operation(name)
    assert [] == caller.emulator.faults.pending


def test_a_refused_create_leaves_the_script_to_the_next(caller: Caller) -> None:
    """There was no batch to take it."""
    caller.emulator.faults.add("states", "RUNNING")
    assert 400 == caller.create({}).status_code
    name = caller.create_inline("x")
    assert ["BATCH_STATE_RUNNING"] == states_of([caller.operation(name)])


@pytest.mark.parametrize("word", ["BATCH_STATE_NEW", "JOB_STATE_RUNNING", "BATCH_STATE_SUCCEEDED"])
def test_a_state_may_be_any_word(looks: Any, word: str) -> None:
    """It is sent as it stands, and says nothing else: not done, no output."""
    [operation] = looks(word, 1)
    assert [word] == states_of([operation])
    assert {"name", "metadata"} == operation.keys()
    assert "output" not in operation["metadata"]


def test_a_batch_may_succeed_before_its_output_is_there(looks: Any) -> None:
    """The state runs ahead of the rest."""
    early, late = looks("SUCCEEDED-before-output,SUCCEEDED", 2, by_file=True)
    assert ["BATCH_STATE_SUCCEEDED"] * 2 == states_of([early, late])
    assert {"name", "metadata"} == early.keys()
    assert "output" not in early["metadata"]
    assert late["response"]["responsesFile"] == late["metadata"]["output"]["responsesFile"]


def test_the_result_file_is_not_there_before_the_output_is(caller: Caller) -> None:
    """Even if one guesses its name."""
    caller.emulator.faults.add("states", "SUCCEEDED-before-output")
    name = caller.create_from_lines(line("a", "x"))
    caller.operation(name)
    assert 404 == caller.download(name.replace("batches/", "files/batch-")).status_code


def test_a_batch_may_be_done_without_a_result(looks: Any) -> None:
    """Neither response nor error, which the service never promised to avoid."""
    [operation] = looks("done-without-result", 1)
    assert {"name", "metadata", "done"} == operation.keys()
    assert "endTime" in operation["metadata"]


@pytest.mark.parametrize("by_file", [True, False])
def test_a_batch_may_be_done_with_an_error_and_called_succeeded(
    looks: Any, caller: Caller, *, by_file: bool
) -> None:
    """The state and the error contradict each other; there is nothing to fetch."""
    [operation] = looks("done+error", 1, by_file=by_file)
    assert ["BATCH_STATE_SUCCEEDED"] == states_of([operation])
    assert {"name", "metadata", "done", "error"} == operation.keys()
    assert (True, 13) == (operation["done"], operation["error"]["code"])
    assert "output" not in operation["metadata"]
    assert "endTime" in operation["metadata"]
    file = operation["name"].replace("batches/", "files/batch-")
    assert 404 == caller.download(file).status_code


@pytest.mark.parametrize(("word", "code"), [("FAILED", 13), ("EXPIRED", 4), ("CANCELLED", 13)])
def test_a_batch_may_end_badly(looks: Any, word: str, code: int) -> None:
    """With an error, and nothing answered."""
    [operation] = looks(word, 1)
    assert [f"BATCH_STATE_{word}"] == states_of([operation])
    assert {"name", "metadata", "done", "error"} == operation.keys()
    assert code == operation["error"]["code"]
    assert operation["error"]["message"]
    assert str(TOTAL) == operation["metadata"]["batchStats"]["pendingRequestCount"]
    assert "endTime" in operation["metadata"]


@pytest.mark.parametrize(("word", "code"), [("EXPIRED", 4), ("CANCELLED", 1)])
@pytest.mark.parametrize("by_file", [True, False])
def test_a_batch_may_end_badly_and_keep_what_was_answered(
    looks: Any, caller: Caller, word: str, code: int, *, by_file: bool
) -> None:
    """Half of it; the rest says why it was not."""
    [operation] = looks(f"{word}-with-output", 1, by_file=by_file)
    assert [f"BATCH_STATE_{word}"] == states_of([operation])
    assert {"name", "metadata", "done", "response"} == operation.keys()
    results = caller.lines(operation["name"]) if by_file else items_of(operation)
    assert TOTAL == len(results)
    assert [code, code] == [one["error"]["code"] for one in results if "error" in one]
    stats = operation["metadata"]["batchStats"]
    assert ("2", "2") == (stats["successfulRequestCount"], stats["failedRequestCount"])


def test_a_batch_may_go_back(looks: Any) -> None:
    """From succeeded to running: a client must not believe it."""
    assert ["BATCH_STATE_SUCCEEDED", "BATCH_STATE_RUNNING"] == states_of(
        looks("SUCCEEDED,RUNNING", 2)
    )


def test_a_batch_that_goes_back_keeps_its_file(looks: Any, caller: Caller) -> None:
    """What was written is there, and is what it says again when it has succeeded again."""
    before, between, after = looks("SUCCEEDED,RUNNING,SUCCEEDED", 3, by_file=True)
    file = before["response"]["responsesFile"]
    assert {"name", "metadata"} == between.keys()
    assert file == after["response"]["responsesFile"]
    assert TOTAL == len(caller.lines(before["name"]))

    caller.emulator.faults.add("states", "SUCCEEDED,RUNNING")
    name = caller.create_from_lines(line("a", "x"))
    file = caller.operation(name)["response"]["responsesFile"]
    assert "BATCH_STATE_RUNNING" == caller.operation(name)["metadata"]["state"]
    assert 1 == caller.download(file).content.count(b"\n")


@pytest.mark.parametrize(
    ("script", "looked", "state", "failed"),
    [
        ("RUNNING,SUCCEEDED", 0, "CANCELLED", None),
        ("PENDING*3", 2, "CANCELLED", None),
        ("RUNNING*4", 2, "SUCCEEDED", 2),
        ("SUCCEEDED", 1, "SUCCEEDED", 0),
        ("FAILED", 1, "FAILED", None),
    ],
)
def test_cancelling_ends_a_script(
    caller: Caller, script: str, looked: int, state: str, failed: int | None
) -> None:
    """What follows depends on the step it was at, and a finished batch stays as it was."""
    caller.emulator.faults.add("states", script)
    name = caller.create_inline(*map(str, range(TOTAL)))
    for _ in range(looked):
        caller.operation(name)
    assert 200 == caller.call("POST", f"/v1beta/{name}:cancel").status_code
    operation = caller.operation(name)
    assert [f"BATCH_STATE_{state}"] == states_of([operation])
    if failed is not None:
        assert failed == sum("error" in item for item in items_of(operation))


def test_an_embeddings_batch_follows_a_script_too(caller: Caller) -> None:
    """Scripts do not ask for the kind."""
    caller.emulator.faults.add("states", "RUNNING")
    item = {
        "request": {"content": {"parts": [{"text": "x"}]}},
        "metadata": keyed("0", "")["metadata"],
    }
    config = {"requests": {"requests": [item]}}
    name = caller.create({"inputConfig": config}, "asyncBatchEmbedContent").json()["name"]
    assert ["BATCH_STATE_RUNNING"] == states_of([caller.operation(name)])
