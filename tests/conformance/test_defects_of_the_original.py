"""What clients before this one got wrong, each held to be right here, on both facades."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from gemini_batch import (
    BatchCancelledError,
    BatchExpiredError,
    BatchState,
    Cancelled,
    Expired,
    Pending,
    Running,
    Succeeded,
    Unrecognised,
)
from gemini_batch.emulator import Emulator
from tests.conformance.canned import canned
from tests.conformance.facades import CANARY, Facade
from tests.conformance.scenes import assert_answered, prompts

ASKED = prompts(6)
VIAS = pytest.mark.parametrize("via", ["inline", "file"])

BARE: dict[str, Any] = {"name": "batches/a"}
"""The least that the service says of a batch."""


def on_the_wire(emulator: Emulator, path: str) -> dict[str, Any]:
    """Return what the service itself says, to hold that a test tests what it should."""
    reply = requests.get(
        f"{emulator.url}/v1beta/{path}", headers={"x-goog-api-key": CANARY}, timeout=20
    )
    return dict(reply.json())


@pytest.mark.parametrize(("state", "kind"), [("CANCELLED", Cancelled), ("EXPIRED", Expired)])
@VIAS
def test_a_batch_that_was_ended_with_an_error_did_not_fail(
    client: Any, emulator: Emulator, state: str, kind: type[Any], via: str
) -> None:
    """The service sends an error along with the state; the state is what happened."""
    emulator.faults.add("states", state)
    batch = client.submit(ASKED, via=via)

    status = batch.wait()

    assert "error" in on_the_wire(emulator, batch.name)
    assert kind is type(status)
    assert status.operation.error is not None
    assert state == status.operation.state


@pytest.mark.parametrize("word", ["BATCH_STATE_NEW", "JOB_STATE_NEW"])
def test_an_unknown_state_is_told_and_waited_through(
    client: Any, emulator: Emulator, logged: Callable[[], str], word: str
) -> None:
    """A later version of the service may know more states; one warning says so."""
    emulator.faults.add("states", f"PENDING,{word}*3,RUNNING,SUCCEEDED")
    batch = client.submit(ASKED)

    *before, last = batch.watch()

    assert [Pending, Unrecognised, Unrecognised, Unrecognised, Running] == [*map(type, before)]
    assert ("NEW", False) == (before[1].state, before[1].finished)
    assert 1 == logged().count("in a state not known here: NEW")
    with last.results as results:
        assert_answered(ASKED, results)


def test_a_list_of_nothing_has_no_members_at_all(client: Any, emulator: Emulator) -> None:
    """Its page is ``{}``, which is a list of nothing."""
    assert {} == on_the_wire(emulator, "batches") == on_the_wire(emulator, "files")

    assert [] == list(client.list_batches())
    assert [] == list(client.files.list())
    assert [((), "")] == [
        (page.items, page.next_page_token) for page in client.list_batches().pages()
    ]


def test_a_page_of_nothing_is_not_the_end_of_a_list(client: Any, emulator: Emulator) -> None:
    """Only a token that is not there is (AIP-158)."""
    batch = client.submit(ASKED)
    emulator.faults.add("list", "page-empty")

    assert [batch.name] == [operation.name for operation in client.list_batches()]


def test_a_missing_display_name_is_none(facade: Facade) -> None:
    """Whoever made the batch did not name it."""
    told = {**BARE, "metadata": {"state": "BATCH_STATE_RUNNING", "model": "models/m"}}
    with canned({"batches/a": told, "batches": {"operations": [told]}}) as url:
        client = facade.client(url)
        listed = list(client.list_batches())
        seen = client.get_batch("batches/a").operation()

    assert [seen] == listed
    assert (None, None, None) == (seen.display_name, seen.label, seen.raw_display_name)
    assert (BatchState.RUNNING, "models/m") == (seen.state, seen.model)


@pytest.mark.parametrize("told", [BARE, {**BARE, "metadata": {}}], ids=["absent", "empty"])
def test_missing_metadata_leave_a_batch_that_can_be_looked_at(
    facade: Facade, told: dict[str, Any]
) -> None:
    """Nothing is known of it but its name, and that is said."""
    with canned({"batches/a": told}) as url:
        batch = facade.client(url).get_batch("batches/a")
        status, operation = batch.status(), batch.operation()

    assert isinstance(status, Unrecognised)
    assert not status.finished
    assert "batches/a" == operation.name
    assert BatchState.UNSPECIFIED == operation.state
    assert {None} == {
        operation.model,
        operation.create_time,
        operation.end_time,
        operation.stats.request_count,
        operation.error,
    }


@pytest.mark.parametrize(
    ("stats", "counts"),
    [
        pytest.param(None, (None, None, None, None, None), id="none"),
        pytest.param({"requestCount": "5"}, (5, None, None, None, None), id="total_only"),
        pytest.param(
            {"requestCount": "5", "pendingRequestCount": "5"}, (5, 5, 0, 0, 0), id="all_pending"
        ),
        pytest.param(
            {"requestCount": "5", "successfulRequestCount": "3", "pendingRequestCount": "2"},
            (5, 2, 3, 0, 3),
            id="none_failed",
        ),
        pytest.param(
            {"requestCount": "5", "successfulRequestCount": "3"},
            (5, None, 3, None, None),
            id="not_enough_to_tell",
        ),
        pytest.param({"pendingRequestCount": "2"}, (None, 2, None, None, None), id="no_total"),
    ],
)
def test_a_missing_count_is_none_unless_the_others_tell_it(
    facade: Facade, stats: dict[str, str] | None, counts: tuple[int | None, ...]
) -> None:
    """The service leaves counts of nothing out, and others too; and has none of all completed."""
    metadata = {"state": "BATCH_STATE_RUNNING", **({"batchStats": stats} if stats else {})}
    with canned({"batches/a": {**BARE, "metadata": metadata}}) as url:
        now = facade.client(url).get_batch("batches/a").status()

    assert isinstance(now, Running)
    assert counts == (
        now.total_count,
        now.pending_count,
        now.successful_count,
        now.failed_count,
        now.completed_count,
    )


def test_what_is_completed_comes_from_the_counts_that_there_are(
    client: Any, emulator: Emulator
) -> None:
    """The service has no ``completedRequestCount``: it is what succeeded and what failed."""
    emulator.faults.add("states", "PENDING,RUNNING,RUNNING,SUCCEEDED")
    batch = client.submit(ASKED)
    batch.status()

    now = batch.status()

    assert "completedRequestCount" not in str(on_the_wire(emulator, batch.name))
    assert isinstance(now, Running)
    assert now.completed_count == now.successful_count + now.failed_count
    assert now.total_count == now.completed_count + now.pending_count
    assert 0 < now.completed_count < now.total_count
    batch.results().close()


@pytest.mark.parametrize("fault", ["line-broken=2", "line-utf8=2", "line-cut-last"])
def test_one_bad_line_does_not_lose_the_file(client: Any, emulator: Emulator, fault: str) -> None:
    """It is one item, told by its line; all others are there."""
    emulator.faults.add("results", fault)

    with client.submit(ASKED, via="file").results() as results:
        (bad,) = (item for item in results if not item.ok)
        assert (6 if fault == "line-cut-last" else 2) == bad.position
        assert bad.reason
        assert bad.excerpt
        assert bad.problem
        good = [item for item in results if item.ok]
        assert 5 == len(good)
        assert_answered({item.key: ASKED[int(item.key)] for item in good}, good)


@VIAS
def test_a_key_that_is_no_number_is_as_good_as_any(client: Any, via: str) -> None:
    """One among numbers does not lose the file, nor the order of the numbers."""
    keys = ["0", "2", "10", "007", "row-2", "row-10", "two"]
    asked = dict(zip(reversed(keys), prompts(7), strict=True))

    with client.submit(asked, via=via).results() as results:
        assert_answered(asked, results)
        assert keys == [item.key for item in results]


@pytest.mark.parametrize(
    ("state", "kind", "error"),
    [("CANCELLED", Cancelled, BatchCancelledError), ("EXPIRED", Expired, BatchExpiredError)],
)
@VIAS
def test_what_was_answered_before_the_end_is_kept(
    client: Any, emulator: Emulator, state: str, kind: type[Any], error: type[Any], via: str
) -> None:
    """It was billed: the status has it, and so has the error of whoever asks for results."""
    emulator.faults.add("states", f"{state}-with-output")
    batch = client.submit(ASKED, via=via)

    status = batch.wait()

    assert kind is type(status)
    with pytest.raises(error) as raised:
        batch.results()
    assert status.results is raised.value.status.results
    with status.results as results:
        assert (3, 3) == (len(results.successes), len(results.errors))
        assert () == results.missing
        assert_answered(
            {item.key: ASKED[int(item.key)] for item in results.successes}, results.successes
        )


def test_a_batch_that_was_cancelled_while_it_ran_keeps_its_answers(
    facade: Facade, timeless: Emulator
) -> None:
    """The service calls it succeeded, with an error for each request that it did not get to."""
    batch = facade.client(timeless.url).submit(ASKED)
    timeless.advance(150)

    status = batch.cancel().wait()

    assert isinstance(status, Succeeded)
    with status.results as results:
        assert 0 < len(results.successes) < len(ASKED)
        assert {"CANCELLED"} == {item.error.status for item in results.errors}
        assert () == results.missing
