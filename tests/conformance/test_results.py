"""Results out: in key order, matched by key, with every oddity of the service in its place."""

import gc
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import requests

from gemini_batch import (
    BatchCancelledError,
    BatchExpiredError,
    ItemError,
    NoTextError,
    ResultsIncompleteError,
    UsageError,
)
from gemini_batch.emulator import Emulator
from tests.conformance.canned import canned
from tests.conformance.facades import CANARY, MODEL, Facade
from tests.conformance.scenes import assert_answered, prompts
from tests.conformance.told import NAME, answer, in_a_file, inlined, shown

ASKED = {f"row-{number}": f"What is {number} squared?" for number in range(12)}
"""Keys whose order as text is not that of their numbers."""
VIAS = pytest.mark.parametrize("via", ["inline", "file"])


@VIAS
def test_results_are_in_key_order_whatever_order_they_come_in(
    client: Any, emulator: Emulator, via: str
) -> None:
    """The service gives answers in any order, and each stands under its key all the same."""
    backwards = dict(reversed(ASKED.items()))
    batch = client.submit(backwards, via=via)

    with batch.stream_results() as items:
        arrived = [item.key for item in items]
    with batch.results() as results:
        assert_answered(ASKED, results)
        assert list(ASKED) == [item.key for item in results]
        assert "row-7" == results.by_key("row-7").key
    assert sorted(ASKED) == sorted(arrived)
    assert arrived not in (list(ASKED), list(backwards))
    assert 1 == emulator.acted.count("create")


@VIAS
def test_a_stream_gives_items_in_the_order_of_their_arrival(facade: Facade, via: str) -> None:
    """Nothing is held back to be sorted."""
    backwards = dict(reversed(ASKED.items()))
    with Emulator(shuffle=False, pending_seconds=0, running_seconds=0, failure_rate=0) as ordered:
        batch = facade.client(ordered.url).submit(backwards, via=via)
        with batch.stream_results() as items:
            assert list(backwards) == [item.key for item in items]


@VIAS
def test_results_are_in_key_order_though_their_order_is_another_today(
    facade: Facade, via: str
) -> None:
    """A service that has always kept the order never promised to."""
    with Emulator(shuffle=False, pending_seconds=0, running_seconds=0, failure_rate=0) as ordered:
        client = facade.client(ordered.url)
        ordered.faults.add("results", "shuffle")
        batch = client.submit(ASKED, via=via)
        with batch.stream_results() as items:
            arrived = [item.key for item in items]
        with batch.results() as results:
            assert_answered(ASKED, results)
            assert list(ASKED) == [item.key for item in results]
        assert sorted(ASKED) == sorted(arrived)
        assert list(ASKED) != arrived
        assert [] == ordered.faults.pending


NATURAL = (
    *("0", "7", "9", "10", "9" * 5000, "1" + "0" * 5000),
    *("", " 7", "007", "07", "a", "row-09", "row-9", "row-9x", "row-10"),
    *("row-" + "8" * 5000, "row-" + "9" * 5000, "\u0663"),
)
"""Keys in their order: numbers by value, then names, in which only digits of ASCII are numbers."""


@VIAS
def test_the_order_of_keys_is_natural_and_the_same_every_time(client: Any, via: str) -> None:
    """Whatever the keys, in whichever order they were submitted and came back."""
    mixed = [*NATURAL[::2], *reversed(NATURAL[1::2])]
    batch = client.submit({key: f"What is {key!a:.20}?" for key in mixed}, via=via)

    with batch.results() as results, client.get_batch(batch.name).results() as again:
        assert list(NATURAL) == [item.key for item in results]
        assert list(NATURAL) == [item.key for item in again]
        for key in NATURAL:
            assert key == results.by_key(key).key


@VIAS
def test_requests_that_failed_stand_beside_those_that_did_not(facade: Facade, via: str) -> None:
    """A batch succeeds although some of its requests failed: each says so for itself."""
    asked = prompts(60)
    with Emulator(pending_seconds=0, running_seconds=0, failure_rate=0.3) as failing:
        batch = facade.client(failing.url).submit(asked, via=via)
        with batch.results() as results:
            stats = batch.operation().stats
            assert 0 < len(results.errors) < 60
            assert stats.failed_request_count == len(results.errors)
            assert stats.successful_request_count == len(results.successes)
            assert () == results.missing
            for item in results.errors:
                assert isinstance(item, ItemError)
                assert item.error.status in {"INTERNAL", "DEADLINE_EXCEEDED"}
            assert_answered(
                {item.key: asked[int(item.key)] for item in results.successes}, results.successes
            )
        with batch.stream_results() as items:
            assert stats.failed_request_count == sum(not item.ok for item in items)


def _open_sockets(emulator: Emulator) -> int:
    """Count the sockets of this process that lead to the emulator."""
    gc.collect()
    port = int(emulator.url.rpartition(":")[2])
    found = 0
    for one in gc.get_objects():
        if isinstance(one, socket.socket) and one.fileno() >= 0 and one.family is socket.AF_INET:
            try:
                found += one.getpeername()[1] == port
            except OSError:  # it listens, or is gone by now
                continue
    return found


def test_a_stream_closed_early_lets_go_of_its_connection(
    client: Any, facade: Facade, emulator: Emulator
) -> None:
    """However often results are begun and left, no connection stays behind."""
    batch = client.submit(prompts(400), via="file")
    batch.operation()
    before = _open_sockets(emulator)

    for _ in range(20):
        with batch.stream_results() as items:
            assert next(items).ok
    facade.settle(facade.pause())

    assert _open_sockets(emulator) <= before
    assert 20 == emulator.seen.count("download")


def test_a_stream_closed_before_it_began_has_asked_nothing(client: Any, emulator: Emulator) -> None:
    """Nothing is looked at before the first item is wanted."""
    batch = client.submit(["hello"])

    batch.stream_results().close()
    batch.watch().close()

    assert ["create"] == [seen.operation for seen in emulator.seen]


def test_a_loop_that_fails_fails_with_its_own_error(client: Any) -> None:
    """What the caller raises while iterating comes out unchanged."""
    batch = client.submit(prompts(5), via="file")

    def fail_at_once() -> None:
        with batch.stream_results() as items:
            for item in items:
                raise LookupError(item.key)

    with pytest.raises(LookupError, match=r"[0-4]"):
        fail_at_once()


def test_results_outlive_their_client(client: Any, emulator: Emulator) -> None:
    """They hold nothing but their own bytes."""
    asked = prompts(20)
    results = client.submit(asked, via="file").results()

    client.close()
    emulator.close()

    with results:
        assert_answered(asked, results)
    with pytest.raises(UsageError, match="closed"):
        results[0].unwrap()


def test_spools_go_where_they_are_told(facade: Facade, emulator: Emulator, tmp_path: Path) -> None:
    """Requests and results are spooled in the directory of the client, and leave no name there."""
    client = facade.client(emulator.url, spool_dir=str(tmp_path))
    with client.submit(prompts(5), via="file").results() as results:
        assert_answered(prompts(5), results)
        assert [] == list(tmp_path.iterdir())
    with pytest.raises(OSError, match="nowhere"):
        facade.client(emulator.url, spool_dir=str(tmp_path / "nowhere")).submit(["hello"])


@VIAS
def test_a_key_nobody_sent_is_unexpected(client: Any, emulator: Emulator, via: str) -> None:
    """It is shown together with the key that is missing for it."""
    emulator.faults.add("results", "key-unknown")

    with client.submit(ASKED, via=via).results() as results:
        assert ["never-sent"] == [item.key for item in results.unexpected]
        (missing,) = results.missing
        with pytest.raises(ResultsIncompleteError, match="no result came back for the key"):
            results.by_key(missing)


@VIAS
def test_missing_results_are_named(
    client: Any, emulator: Emulator, logged: Callable[[], str], via: str
) -> None:
    """Their keys are told, in a check that raises as well as in the log."""
    emulator.faults.add("results", "drop=5")
    batch = client.submit(ASKED, via=via)

    with batch.results() as results:
        assert 7 == len(results)
        assert 5 == len(results.missing)
        assert set(ASKED) == {*results.missing, *(item.key for item in results)}
        with pytest.raises(ResultsIncompleteError, match="5 of 12 requests have no result"):
            results.raise_for_incomplete()
    assert f"{batch.name} has 12 requests and 7 results" in logged()
    with (
        batch.stream_results() as items,
        pytest.raises(ResultsIncompleteError, match="7 results came back for 12 requests"),
    ):
        list(items)


@VIAS
def test_without_the_submitted_keys_their_number_tells_what_is_missing(
    client: Any, emulator: Emulator, via: str
) -> None:
    """A handle made from a name knows how many requests there were, and not which."""
    emulator.faults.add("results", "drop=5")
    name = client.submit(ASKED, via=via).name

    with client.get_batch(name).results() as results:
        assert results.missing is None
        assert 12 == results.expected
        with pytest.raises(ResultsIncompleteError, match="7 results came back for 12"):
            results.raise_for_incomplete()


@VIAS
def test_a_handle_made_from_a_name_finds_the_keys(client: Any, via: str) -> None:
    """The keys travel with the answers; a look at the batch will do for a name."""
    batch = client.submit(ASKED, via=via)

    for again in (client.get_batch(batch.name), client.get_batch(batch.operation())):
        with again.results() as results:
            assert_answered(ASKED, results)


def created_elsewhere(emulator: Emulator, member: str | None) -> str:
    """Create an inline batch as other clients do: without a label, their keys under any name."""
    items = [
        {
            "request": {"contents": [{"parts": [{"text": prompt}]}]},
            **({"metadata": {member: key}} if member else {}),
        }
        for key, prompt in ASKED.items()
    ]
    reply = requests.post(
        f"{emulator.url}/v1beta/models/{MODEL}:batchGenerateContent",
        json={
            "batch": {"display_name": "theirs", "input_config": {"requests": {"requests": items}}}
        },
        headers={"x-goog-api-key": CANARY},
        timeout=20,
    )
    return str(reply.json()["name"])


def test_answers_without_any_key_are_keyed_by_position(
    client: Any, emulator: Emulator, logged: Callable[[], str]
) -> None:
    """In a batch of somebody who gave none: then the order is all there is, and one warning."""
    name = created_elsewhere(emulator, None)

    with client.get_batch(name).results() as results:
        assert "position" == results.keyed_by
        assert_answered(list(ASKED.values()), results)
        assert "11" == results.by_key("11").key
    assert 1 == logged().count("keyed by position")


def test_keys_under_another_name_are_found(client: Any, emulator: Emulator) -> None:
    """Other clients call them as they like."""
    name = created_elsewhere(emulator, "custom_id")

    with client.get_batch(name, key_member="custom_id").results() as results:
        assert "key" == results.keyed_by
        assert_answered(ASKED, results)


def test_answers_of_ours_that_lost_their_keys_have_none(client: Any, emulator: Emulator) -> None:
    """The label says that there were keys, so that a place in the order stands for none."""
    emulator.faults.add("results", "no-metadata")
    name = client.submit(ASKED, via="inline").name

    with client.get_batch(name).results() as results:
        assert "key" == results.keyed_by
        assert [None] * 12 == [item.key for item in results]


# What the emulator does not say.


def replying(replies: dict[str, Any]) -> AbstractContextManager[str]:
    """Serve a batch that is finished as soon as it is created, whatever was asked."""
    return canned({**replies, f"models/{MODEL}:batchGenerateContent": replies[NAME]})


def by_way(via: str, lines: list[bytes], **members: Any) -> dict[str, Any]:
    """Return the replies of a service whose batch has its results in a file, or within."""
    return in_a_file(b"\n".join(lines), **members) if via == "file" else inlined(*lines, **members)


@VIAS
@pytest.mark.parametrize(
    ("came", "key"),
    [
        (b'{"key":7,"response":{}}', None),
        (b'{"metadata":{"key":7},"response":{}}', None),
        (b'{"key":7.0,"response":{}}', None),
        (b'{"key":"7 ","response":{}}', "7 "),
        (b'{"key":"07","response":{}}', "07"),
        (b'{"metadata":{"key":"\\u0667"},"response":{}}', "\u0667"),
        (b'{"metadata":{"KEY":"7"},"response":{}}', None),
        (b'{"response":{}}', None),
    ],
    ids=["number", "number_in_metadata", "float", "spaces", "zero", "digit", "name", "none"],
)
def test_a_key_is_the_very_string_that_was_sent(
    facade: Facade, via: str, came: bytes, key: str | None
) -> None:
    """Any other is of nobody, and is shown together with the key that it may have been."""
    asked = {"7": "seven", "a": "letter"}
    with replying(by_way(via, [came, answer("a")])) as url:
        batch = facade.client(url).submit(asked, via="inline")
        with batch.results() as results:
            assert ("7",) == results.missing
            assert [key] == [item.key for item in results.unexpected]
            assert came == results.unexpected[0].raw()
            assert "key" == results.keyed_by
            assert 1 == results.resolved_count
            with pytest.raises(ResultsIncompleteError, match="no result came back for the key '7'"):
                results.by_key("7")
            with pytest.raises(ResultsIncompleteError, match="1 of 2 requests have no result"):
                results.raise_for_incomplete()


@VIAS
def test_of_two_results_with_one_key_both_are_kept(facade: Facade, via: str) -> None:
    """In the order of their arrival; one too many makes up for none that is missing."""
    lines = [answer("b", "1"), answer("a"), answer("b", "2"), answer("b", "3")]
    with replying(by_way(via, lines)) as url:
        batch = facade.client(url).submit(dict.fromkeys("abcd", "x"), via="inline")
        with batch.results() as results:
            assert ["a", "b", "b", "b"] == [item.key for item in results]
            assert ["fine", "1", "2", "3"] == [item.unwrap().text for item in results]
            assert ["2", "3"] == [item.unwrap().text for item in results.duplicates]
            assert "1" == results.by_key("b").unwrap().text
            assert ("c", "d") == results.missing
            assert 2 == results.resolved_count
            assert not results.summary().complete


@VIAS
def test_an_answer_that_was_withheld_is_never_empty_text(facade: Facade, via: str) -> None:
    """It was billed, and is an answer that says why there is nothing in it; a cut one says so."""
    lines = [
        b'{"key":"0","response":{"promptFeedback":{"blockReason":"SAFETY"}}}',
        b'{"key":"1","response":{"candidates":[{"finishReason":"RECITATION"}]}}',
        b'{"key":"2","response":{"candidates":[]}}',
        answer("3", "to be cu").replace(b"STOP", b"MAX_TOKENS"),
    ]
    with replying(by_way(via, lines)) as url:
        batch = facade.client(url).submit(["x"] * 4, via="inline")
        with batch.results() as results, batch.stream_results() as items:
            assert [("Success", key) for key in "0123"] == shown(results) == shown(items)
            *withheld, cut = results
            assert [
                "blocked: SAFETY",
                "blocked: RECITATION",
                "no answer: the service gave no reason",
            ] == [item.problem for item in withheld]
            for item in withheld:
                with pytest.raises(NoTextError):
                    _ = item.unwrap().text
            assert ("to be cu", True) == (cut.unwrap().text, cut.unwrap().truncated)
            summary = results.summary()
            assert (3, 1, 1) == (summary.blocked, summary.answered, summary.truncated)


@VIAS
@pytest.mark.parametrize(
    ("stats", "remarks"),
    [
        (
            {"requestCount": 3, "successfulRequestCount": 3},
            [
                "counts 3 requests that were answered, and its results show 2",
                "counts 0 requests that failed, and its results show 1",
            ],
        ),
        (
            {"requestCount": 3, "failedRequestCount": 2},
            ["counts 2 requests that failed, and its results show 1"],
        ),
        ({"requestCount": 4}, ["has 4 requests and 3 results, which answer 3 of them"]),
        ({"requestCount": 2}, ["has 2 requests and 3 results, which answer 3 of them"]),
        ({"requestCount": 3, "successfulRequestCount": 2, "failedRequestCount": 1}, []),
        ({"requestCount": 3}, []),
        ({}, []),
    ],
    ids=["kinds", "one_kind", "too_few", "too_many", "agreed", "only_how_many", "none"],
)
def test_counts_that_disagree_with_the_results_are_a_warning(
    facade: Facade,
    logged: Callable[[], str],
    via: str,
    stats: dict[str, int],
    remarks: list[str],
) -> None:
    """Both numbers are told, and the results win."""
    lines = [answer("a"), answer("b"), b'{"key":"c","error":{"code":13}}']
    with canned(by_way(via, lines, **stats)) as url:
        batch = facade.client(url).get_batch(NAME)
        with batch.results() as results:
            assert (2, 1) == (len(results.successes), len(results.errors))
            assert stats.get("requestCount") == results.expected
    assert "\n".join(f"{NAME} {remark}" for remark in remarks) == logged()


@VIAS
@pytest.mark.parametrize(
    ("state", "error"), [("EXPIRED", BatchExpiredError), ("CANCELLED", BatchCancelledError)]
)
def test_what_was_answered_before_the_end_is_kept(
    facade: Facade, via: str, state: str, error: type[Any]
) -> None:
    """It was billed: the error has it, and a stream yields it before it raises."""
    lines = [
        answer("b"),
        b'{"metadata":{"key":"c"},"error":{"code":1}}',
        b'{"key":"d"',
        answer("a"),
    ]
    if via == "inline":
        lines[2] = b"[]"
    with replying(by_way(via, lines, state=state)) as url:
        batch = facade.client(url).submit(dict.fromkeys("abcd", "x"), via="inline")
        with pytest.raises(error, match="4 results came back all the same") as caught:
            batch.results()
        with caught.value.status.results as results:
            assert [
                ("Success", "a"), ("Success", "b"), ("Error", "c"), ("Malformed", None)
            ] == shown(results)  # fmt: skip
            assert ("d",) == results.missing
            assert "CANCELLED" == results.by_key("c").error.status
        assert batch.status().results is not None
        passed: list[Any] = []
        with (
            batch.stream_results() as items,
            pytest.raises(error, match="3 results came back all the same"),
        ):
            passed.extend(items)
        assert [("b", True), ("c", False), (None, False), ("a", True)] == [
            (item.key, item.ok) for item in passed
        ]
