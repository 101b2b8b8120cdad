"""Rules of answers: by key, in words, from a file."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gemini_batch.emulator import Emulator, ItemFailure, Rules
from gemini_batch.emulator.rules import ANSWER_WORDS, Text
from tests.emulator.caller import Caller, inline, items_of, keyed, prompt_request


def ask(answer: Any, *keys: str, verb: str = "batchGenerateContent") -> dict[str, Any]:
    """Have requests with these keys answered, and return what became of each."""
    with Emulator(answer, clock="manual") as emulator, Caller(emulator) as caller:
        items = [keyed(key, f"prompt of {key}") for key in keys]
        if verb == "asyncBatchEmbedContent":
            items = [
                {
                    "request": {"content": prompt_request(key)["contents"][0]},
                    "metadata": {"key": key},
                }
                for key in keys
            ]
        reply = caller.create({"inputConfig": inline(*items)}, verb)
        assert 200 == reply.status_code, reply.text
        operation = caller.ended(reply.json()["name"])
        failed = sum("error" in item for item in items_of(operation))
        assert str(failed or None) == str(
            operation["metadata"]["batchStats"].get("failedRequestCount")
        )
        return {item["metadata"]["key"]: item for item in items_of(operation)}


def response(word: str) -> Any:
    """Return the response that a word makes."""
    return ask({"a": word}, "a")["a"]["response"]


def test_a_text_can_be_said() -> None:
    """Whatever stands in it."""
    found = response("text=5*3=15/x=y")
    assert [{"text": "5*3=15/x=y"}] == found["candidates"][0]["content"]["parts"]
    assert "STOP" == found["candidates"][0]["finishReason"]


def test_a_prompt_can_be_blocked() -> None:
    """There is a reason and no candidate; what was asked is counted, and nothing else."""
    found = response("block=SAFETY")
    assert {"blockReason": "SAFETY"} == found["promptFeedback"]
    assert "candidates" not in found
    usage = found["usageMetadata"]
    assert usage["promptTokenCount"] == usage["totalTokenCount"]
    assert {"modelVersion", "responseId"} <= found.keys()


def test_a_candidate_can_be_without_content() -> None:
    """It has the reason alone."""
    assert [{"finishReason": "RECITATION", "index": 0}] == response("finish=RECITATION")[
        "candidates"
    ]


def test_a_text_can_be_cut() -> None:
    """In its middle, with the reason."""
    whole, cut = (
        ask(word, "a")["a"]["response"]["candidates"][0] for word in ({}, {"a": "truncate"})
    )
    assert "MAX_TOKENS" == cut["finishReason"]
    before, after = (one["content"]["parts"][-1]["text"] for one in (whole, cut))
    assert before.startswith(after)
    assert len(before) // 2 == len(after)


def test_a_candidate_can_be_cut_before_its_text() -> None:
    """The content is there, and its parts are not; nothing was said."""
    found = response("truncate-before-text")
    assert [{"content": {"role": "model"}, "finishReason": "MAX_TOKENS", "index": 0}] == found[
        "candidates"
    ]
    assert "candidatesTokenCount" not in found["usageMetadata"]
    assert found["usageMetadata"]["thoughtsTokenCount"] > 0


def test_thoughts_can_leak() -> None:
    """They stand where the text should be, and nothing marks them but the reason."""
    [candidate] = response("truncate-leaking-thoughts")["candidates"]
    [part] = candidate["content"]["parts"]
    assert ({"text"}, "MAX_TOKENS") == (part.keys(), candidate["finishReason"])


def test_parts_and_candidates_can_be_left_out() -> None:
    """And all else looks as usual."""
    assert [{"content": {"role": "model"}, "finishReason": "STOP", "index": 0}] == response(
        "no-parts"
    )["candidates"]
    assert {"usageMetadata", "modelVersion", "responseId"} == response("no-candidates").keys()


def test_a_request_can_fail() -> None:
    """With a code alone, or with a message."""
    found = ask({"a": "error=4", "b": "error=13/message=Too bad."}, "a", "b")
    assert {"code": 4} == found["a"]["error"]
    assert {"code": 13, "message": "Too bad."} == found["b"]["error"]


def test_an_answer_can_be_given_whole() -> None:
    """As a response, as a failure, or as a failure in JSON."""
    own = {"candidates": [{"finishReason": "STOP"}]}
    failure = {"error": {"code": 5, "details": [{"a": 1}]}}
    found = ask({"a": own, "b": ItemFailure(8, "full"), "c": failure}, "a", "b", "c")
    assert own == found["a"]["response"]
    assert {"code": 8, "message": "full"} == found["b"]["error"]
    assert failure["error"] == found["c"]["error"]


def test_the_first_rule_that_matches_decides() -> None:
    """Keys may have wildcards; the rest is answered as usual, and never fails by chance."""
    keys = [f"row-{number}" for number in range(300)]
    found = ask({"row-7": "text=seven", "row-7*": "error=1", "row-[89]?": "error=2"}, *keys)
    codes = {key: item.get("error", {}).get("code") for key, item in found.items()}
    assert codes["row-7"] is None
    assert {f"row-7{n}" for n in range(10)} == {key for key, code in codes.items() if code == 1}
    assert {f"row-{n}" for n in range(80, 100)} == {key for key, code in codes.items() if code == 2}
    assert "row-42" in found["row-42"]["response"]["candidates"][0]["content"]["parts"][-1]["text"]


def test_rules_may_be_added_while_it_runs(caller: Caller) -> None:
    """They count when answers are written; a request without a key goes by its position."""
    caller.emulator.answers.add("1", "error=9")
    name = caller.create({"inputConfig": inline(*[{"request": prompt_request("x")}] * 3)}).json()[
        "name"
    ]
    caller.emulator.answers.add("2", "error=5")
    items = items_of(caller.ended(name))
    assert [None, 9, 5] == [item.get("error", {}).get("code") for item in items]
    caller.emulator.answers.clear()
    assert [] == caller.emulator.answers.told
    assert "response" in items_of(caller.ended(caller.create_inline("x")))[0]


@pytest.mark.parametrize("word", ["text=x", "block=OTHER", "no-parts", "truncate"])
def test_a_text_is_no_embedding(word: str) -> None:
    """Such a request fails, and says so; a failure or a whole embedding is an answer."""
    embedding = {"embedding": {"values": [1.0]}}
    found = ask(
        {"a": word, "b": "error=3", "c": embedding}, "a", "b", "c", verb="asyncBatchEmbedContent"
    )
    assert {"code": 2, "message": f"{word} is no answer to a request for an embedding"} == found[
        "a"
    ]["error"]
    assert 3 == found["b"]["error"]["code"]
    assert embedding == found["c"]["response"]


def test_every_word_of_an_answer_is_told() -> None:
    """A word that is none is refused with all there are."""
    with pytest.raises(ValueError, match="'perhaps' is no answer") as raised:
        Rules().add("a", "perhaps")
    for shape in ANSWER_WORDS.shapes:
        assert shape.form in str(raised.value)
    assert "error={number}[/message=…]" in str(raised.value)


@pytest.mark.parametrize("answer", [5, None, ["text=x"]])
def test_what_is_no_answer_is_refused(answer: Any) -> None:
    """Of whatever type."""
    with pytest.raises(ValueError, match="is no answer"):
        Rules().add("a", answer)


def test_rules_tell_what_they_were_given() -> None:
    """In the order in which they count."""
    rules = Rules()
    rules.add("a", "block=SAFETY")
    rules.add("b", ItemFailure(4))
    rules.add("c", {"candidates": []})
    rules.add("d", Text("x"))
    assert [
        {"key": "a", "answer": "block=SAFETY"},
        {"key": "b", "answer": {"error": {"code": 4}}},
        {"key": "c", "answer": {"candidates": []}},
        {"key": "d", "answer": "text=x"},
    ] == rules.told


FILE = """\
{"key": "a", "answer": "block=SAFETY"}

{"key": "b*", "text": "two\\nlines"}
{"key": "c", "response": {"candidates": []}}
{"key": "d", "error": {"code": 13, "message": "Too bad."}}
{"error": {"code": 1}, "key": "e"}
"""


@pytest.mark.parametrize("kind", [str, Path])
def test_rules_may_come_from_a_file(tmp_path: Path, kind: Callable[[Path], Any]) -> None:
    """A line for each, blank ones apart."""
    path = tmp_path / "answers.jsonl"
    path.write_text(FILE)
    found = ask(kind(path), "a", "bb", "c", "d", "e")
    assert "SAFETY" == found["a"]["response"]["promptFeedback"]["blockReason"]
    assert "two\nlines" == found["bb"]["response"]["candidates"][0]["content"]["parts"][0]["text"]
    assert {"candidates": []} == found["c"]["response"]
    assert {"code": 13, "message": "Too bad."} == found["d"]["error"]
    assert {"code": 1} == found["e"]["error"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "line 2 of {path} is not JSON, from column 2 on"),
        ("[]", "line 2 of {path} is not an object with a key and one of answer, text, response"),
        ('{"key": 5, "text": "x"}', "line 2 of {path} is not an object"),
        ('{"key": "a"}', "line 2 of {path} is not an object"),
        ('{"key": "a", "text": "x", "answer": "no-parts"}', "line 2 of {path} is not an object"),
        ('{"key": "a", "text": 5}', "line 2 of {path} is not an object"),
        ('{"key": "a", "error": {"message": "x"}}', "line 2 of {path} is not an object"),
        ('{"key": "a", "answer": "perhaps"}', "'perhaps' is no answer"),
    ],
)
def test_a_line_that_is_no_rule_is_refused(tmp_path: Path, line: str, told: str) -> None:
    """Before anything is served."""
    path = tmp_path / "answers.jsonl"
    path.write_text(f'{{"key": "a", "text": "x"}}\n{line}\n')
    with pytest.raises(ValueError, match=r"line 2 of|is no answer") as raised:
        Emulator(path)
    assert told.format(path=path) in str(raised.value)


def test_a_key_with_brackets_is_itself() -> None:
    """Whatever they would mean in a pattern; an earlier pattern still comes first."""
    found = ask({"row[1]": "text=one", "*": "text=any"}, "row[1]", "row2")
    texts = {
        key: item["response"]["candidates"][0]["content"]["parts"][0]["text"]
        for key, item in found.items()
    }
    assert {"row[1]": "one", "row2": "any"} == texts
    rules = Rules()
    rules.add("row*", "text=pattern")
    rules.add("row[1]", "text=itself")
    assert "text=pattern" == getattr(rules.find("row[1]"), "told", None)


def test_a_rule_decides_before_chance_does() -> None:
    """Where a request has a rule, nothing fails by chance."""
    with Emulator(clock="manual", failure_rate=1.0) as emulator, Caller(emulator) as caller:
        emulator.answers.add("0", "text=ruled")
        items = items_of(caller.ended(caller.create_inline("x", "y")))
    failed = {item["metadata"]["key"]: "error" in item for item in items}
    assert {"0": False, "1": True} == failed


def test_a_failure_of_a_file_keeps_its_details(tmp_path: Path) -> None:
    """All that was written of it."""
    path = tmp_path / "answers.jsonl"
    failure = {"code": 8, "message": "full", "details": [{"a": 1}]}
    path.write_text(json.dumps({"key": "a", "error": failure}))
    assert failure == ask(path, "a")["a"]["error"]
