"""The control endpoint: all that a test may want of the emulator, over HTTP."""

from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from tests.emulator.caller import Caller, items_of


def ask(caller: Caller, method: str, path: str, told: Any = None, status: int = 200) -> Any:
    """Ask the emulator itself for something; no key is needed."""
    response = caller.session.request(
        method,
        f"{caller.emulator.url}/emulator/{path}",
        json=told,
        headers={"x-goog-api-key": ""},
        timeout=5,
    )
    assert status == response.status_code, response.text
    return response.json()


def told_error(answer: Any) -> str:
    """Return the message of a refusal."""
    return str(answer["error"]["message"])


def test_faults_are_added_shown_and_forgotten(caller: Caller) -> None:
    """One, or several at once; what is shown is what has not happened yet."""
    one = {"operation": "get", "fault": "return-503"}
    assert {"pending": ["get: return-503"]} == ask(caller, "POST", "faults", one)
    more = [{"operation": "results", "fault": "drop=1"}, {"operation": "states", "fault": "FAILED"}]
    expected = {"pending": ["get: return-503", "results: drop=1", "states: FAILED"]}
    assert expected == ask(caller, "POST", "faults", more)
    assert expected == ask(caller, "GET", "faults")
    assert 503 == caller.call("GET", "/v1beta/batches/x").status_code
    assert expected["pending"][1:] == ask(caller, "GET", "faults")["pending"]
    assert {"pending": []} == ask(caller, "DELETE", "faults")


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"operation": "get", "fault": "perhaps"}, "'perhaps' is not a fault of 'get'"),
        ({"operation": "got", "fault": "hang"}, "'got' is not an operation"),
        ({"operation": "get", "fault": 5}, "A fault is a text."),
        ({"operation": 5, "fault": "hang"}, 'The body is {"operation": …, "fault": …}'),
        ({"operation": "get"}, "The body is"),
        ({"operation": "get", "fault": "hang", "times": 2}, "The body is"),
        ([5], "The body is"),
        (None, "The body is"),
    ],
)
def test_faults_that_are_none_are_refused_together(caller: Caller, told: Any, words: str) -> None:
    """If one of several is wrong, none is added."""
    good = {"operation": "get", "fault": "hang"}
    wanted = [good, *(told if isinstance(told, list) else [told])]
    assert words in told_error(ask(caller, "POST", "faults", wanted, 400))
    if not isinstance(told, list):
        assert words in told_error(ask(caller, "POST", "faults", told, 400))
    assert {"pending": []} == ask(caller, "GET", "faults")


def test_answers_are_added_shown_and_forgotten(caller: Caller) -> None:
    """As words, as responses or as failures."""
    rules = [
        {"key": "0", "answer": "block=SAFETY"},
        {"key": "1", "answer": {"error": {"code": 4}}},
        {"key": "2", "answer": {"candidates": []}},
    ]
    assert {"answers": rules} == ask(caller, "POST", "answers", rules)
    assert {"answers": rules} == ask(caller, "GET", "answers")
    found = {
        item["metadata"]["key"]: item
        for item in items_of(caller.ended(caller.create_inline(*"xyz")))
    }
    assert "SAFETY" == found["0"]["response"]["promptFeedback"]["blockReason"]
    assert {"code": 4} == found["1"]["error"]
    assert {"candidates": []} == found["2"]["response"]
    assert {"answers": []} == ask(caller, "DELETE", "answers")


def test_an_answer_that_is_none_is_refused(caller: Caller) -> None:
    """With all there are."""
    refused = ask(caller, "POST", "answers", {"key": "a", "answer": "perhaps"}, 400)
    assert "'perhaps' is no answer" in told_error(refused)
    assert {"answers": []} == ask(caller, "GET", "answers")


def test_time_is_moved(caller: Caller) -> None:
    """By a number of seconds, and only forward."""
    name = caller.create_inline("x")
    assert {} == ask(caller, "POST", "advance", {"seconds": 0.5})
    assert "BATCH_STATE_RUNNING" == caller.operation(name)["metadata"]["state"]
    assert "forward only" in told_error(ask(caller, "POST", "advance", {"seconds": -1}, 400))


def test_replies_are_dated_by_the_time_that_is_moved(caller: Caller) -> None:
    """Clients reckon by it how old something is."""
    url = f"{caller.emulator.url}/v1beta/batches"
    before = parsedate_to_datetime(caller.session.get(url, timeout=5).headers["Date"])
    ask(caller, "POST", "advance", {"seconds": 86_400})
    after = parsedate_to_datetime(caller.session.get(url, timeout=5).headers["Date"])
    assert timedelta(days=1) <= after - before < timedelta(days=1, minutes=5)


@pytest.mark.parametrize("told", [None, {}, {"seconds": "5"}, {"seconds": True}, 5])
def test_a_time_that_is_none_is_refused(caller: Caller, told: Any) -> None:
    """With what a body looks like."""
    expected = 'The body is {"seconds": NUMBER}.'
    assert expected == told_error(ask(caller, "POST", "advance", told, 400))


def test_records_are_shown(caller: Caller) -> None:
    """All, or those of one operation; what was asked here is not among them."""
    name = caller.create_inline("x")
    caller.call("DELETE", f"/v1beta/{name}")
    acted = [
        {"operation": "create", "name": name, "detail": "sky"},
        {"operation": "delete", "name": name, "detail": ""},
    ]
    assert {"acted": acted} == ask(caller, "GET", "acted")
    assert {"acted": acted[1:]} == ask(caller, "GET", "acted?operation=delete")
    [seen] = ask(caller, "GET", "seen?operation=delete")["seen"]
    assert {
        "method": "DELETE",
        "path": f"/v1beta/{name}",
        "operation": "delete",
        "key": "header",
    } == seen
    assert 2 == len(ask(caller, "GET", "seen")["seen"])


def test_what_cannot_be_asked_is_refused_with_all_that_can(caller: Caller) -> None:
    """Another path, another method."""
    for method, path in (("GET", "everything"), ("PUT", "faults")):
        told = told_error(ask(caller, method, path, status=404))
        assert "POST /emulator/faults" in told
        assert "GET /emulator/acted" in told


def test_a_body_that_is_not_json_is_refused(caller: Caller) -> None:
    """And nothing is done."""
    url = f"{caller.emulator.url}/emulator/faults"
    response = caller.session.post(url, data=b"{", timeout=5)
    assert (400, "The body is not JSON.") == (response.status_code, told_error(response.json()))


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://example.com"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Host": "rebound.example"},
    ],
)
def test_a_page_of_the_web_cannot_move_the_emulator(
    caller: Caller, headers: dict[str, str]
) -> None:
    """A browser says which page asks, or by which name; programs do not."""
    url = f"{caller.emulator.url}/emulator/faults"
    told = {"operation": "get", "fault": "hang"}
    response = caller.session.post(url, json=told, headers=headers, timeout=5)
    assert 403 == response.status_code
    assert [] == caller.emulator.faults.pending


@pytest.mark.parametrize("host", ["localhost:1", "emulator.localhost", "127.0.0.1", "[::1]:5"])
def test_a_name_of_this_machine_is_no_page(caller: Caller, host: str) -> None:
    """By whichever it is reached."""
    url = f"{caller.emulator.url}/emulator/faults"
    assert 200 == caller.session.get(url, headers={"Host": host}, timeout=5).status_code


def test_time_does_not_go_beyond_what_can_be_written(caller: Caller) -> None:
    """And nothing is broken by the attempt."""
    refused = ask(caller, "POST", "advance", {"seconds": 1e15}, 400)
    assert "year 9999" in told_error(refused)
    assert 200 == caller.call("GET", caller_path(caller)).status_code


def caller_path(caller: Caller) -> str:
    """Return the path of a new batch."""
    return f"/v1beta/{caller.create_inline('x')}"
