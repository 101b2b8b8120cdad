"""What became of one request: an answer, an error, or a line that cannot be read."""

import pickle

import pytest

from gemini_batch import codec
from gemini_batch.errors import ItemFailedError, NoTextError, ProtocolError
from gemini_batch.items import (
    IndividualRequestError,
    ItemError,
    ItemMalformed,
    ItemSuccess,
    Outcome,
)
from gemini_batch.models.embedding import EmbedContentResponse
from gemini_batch.models.generation import GenerationResponse
from tests.unit.outcomes import collect, failed, keys_of, line, only


def test_a_success_gives_its_response() -> None:
    """With the line as it came, and nothing wrong with it."""
    text = line("a", "hello")
    item = only(text)

    assert (True, None, "a") == (item.ok, item.problem, item.key)
    assert item.unwrap() is item.response
    assert "hello" == item.unwrap().text
    assert text == item.raw()
    assert {} == item.metadata


@pytest.mark.parametrize(
    ("response", "problem"),
    [
        ({"promptFeedback": {"blockReason": "SAFETY"}}, "blocked: SAFETY"),
        ({"candidates": [{"finishReason": "RECITATION"}]}, "blocked: RECITATION"),
        ({"candidates": [{"finishReason": "MAX_TOKENS"}]}, "no answer: MAX_TOKENS"),
        ({"promptFeedback": {"blockReason": "NEW\x1b[2J"}}, "blocked: NEW\\x1b[2J"),
        ({}, "no answer: the service gave no reason"),
    ],
)
def test_a_blocked_answer_is_a_success_with_a_problem(response: object, problem: str) -> None:
    """It was answered and billed; asking for its text raises, instead of giving an empty one."""
    item = only(line("a", response=response))

    assert isinstance(item, ItemSuccess)
    assert problem == item.problem
    with pytest.raises(NoTextError):
        _ = item.unwrap().text


@pytest.mark.parametrize(
    ("members", "outcome"),
    [
        ({}, Outcome.ANSWERED),
        ({"error": {"code": 13}}, Outcome.REFUSED),
        ({"response": 5}, Outcome.MALFORMED),
        ({"response": {"promptFeedback": {"blockReason": "SAFETY"}}}, Outcome.BLOCKED),
        ({"response": {"candidates": [{"finishReason": "RECITATION"}]}}, Outcome.BLOCKED),
        ({"response": {}}, Outcome.BLOCKED),
        ({"response": {"candidates": [{"finishReason": "MAX_TOKENS"}]}}, Outcome.TRUNCATED),
        (
            {
                "response": {
                    "candidates": [
                        {
                            "content": {"parts": [{"text": "**Considering the question**"}]},
                            "finishReason": "MAX_TOKENS",
                        }
                    ]
                }
            },
            Outcome.TRUNCATED,
        ),
    ],
)
def test_an_outcome_is_one_word(members: dict[str, object], outcome: Outcome) -> None:
    """A text that ends at the token limit counts as cut, for it may be the end of a thought."""
    assert outcome is only(line("a", **members)).outcome


def test_an_embedding_has_an_outcome() -> None:
    """It is there or not, and cannot be cut."""
    kind = EmbedContentResponse
    there = only(line("a", response={"embedding": {"values": [0.5]}}), kind=kind)

    assert Outcome.ANSWERED is there.outcome
    assert Outcome.BLOCKED is only(line("a", response={"embedding": {}}), kind=kind).outcome


@pytest.mark.parametrize(
    ("error", "expected", "problem"),
    [
        ({"code": 13}, IndividualRequestError(13, "INTERNAL"), "INTERNAL"),
        ({}, IndividualRequestError(0, "OK"), "OK"),
        ({"code": 99}, IndividualRequestError(99, "CODE_99"), "CODE_99"),
        (
            {"code": 3, "message": "bad \u202e\x07", "details": [{"reason": "X"}]},
            IndividualRequestError(3, "INVALID_ARGUMENT", "bad \u202e\x07", ({"reason": "X"},)),
            "INVALID_ARGUMENT: bad \\u202e\\x07",
        ),
    ],
)
def test_an_error_is_a_value(error: object, expected: IndividualRequestError, problem: str) -> None:
    """It raises only when its response is asked for, and what it says is safe to print."""
    item = only(line("a", error=error))

    assert expected == item.error
    assert (False, problem) == (item.ok, item.problem)
    with pytest.raises(ItemFailedError) as caught:
        item.unwrap()
    assert ("a", problem) == (caught.value.key, caught.value.problem)
    assert isinstance(hash(item.error), int)


def test_an_error_wins_over_a_response_and_keeps_it() -> None:
    """Both stand in the line; what the service did not vouch for is still there to look at."""
    item = only(line("a", response={"candidates": []}, error={"code": 13}))

    assert isinstance(item, ItemError)
    assert b'"candidates"' in item.raw()


def test_one_broken_line_costs_one_item() -> None:
    """The nine others of ten are there, and the tenth says where and why."""
    came = [line(str(number)) for number in range(1, 11)]
    came[6] = b'{"key": "7", "response" oops \x1b[2J\xff'

    results = collect(came, map(str, range(1, 11)))

    assert 9 == len(results.successes)
    (item,) = results.malformed
    assert isinstance(item, ItemMalformed)
    assert (None, 7, False) == (item.key, item.position, item.ok)
    assert '{"key": "7", "response" oops \\x1b[2J\\xff' == item.excerpt
    assert f"line 7 is malformed: {item.reason}: {item.excerpt}" == item.problem
    assert item.problem.isprintable()
    assert came[6] == item.raw()
    with pytest.raises(ItemFailedError, match="line 7 is malformed"):
        item.unwrap()
    assert ("7",) == results.missing


@pytest.mark.parametrize(
    ("text", "excerpt"),
    [
        (b"x" * 80, "x" * 80),
        (b"x" * 81, "x" * 80 + "…"),
        (b"x" * 100_000, "x" * 80 + "…"),
        ("😀".encode() * 80, "😀" * 80),
        ("😀".encode() * 81, "😀" * 80 + "…"),
        (b"\0" * 100_000, "\\x00" * 80 + "…"),
    ],
)
def test_an_excerpt_is_short_and_says_so(text: bytes, excerpt: str) -> None:
    """An ellipsis stands for what it leaves out."""
    assert excerpt == only(text).excerpt


@pytest.mark.parametrize(
    "response",
    [
        b'{"candidates":5}',
        b'{"candidates":[{"finishReason":7}]}',
        b'{"responseId":1e400}',
        b'{"responseId":%s}' % (b"1" * 5000),
        b'{"responseId":"\xff"}',
        b'{"usageMetadata":{"promptTokenCount":"x"}}',
        b'{"usageMetadata":{"promptTokenCount":1.5}}',
        b'"text"',
    ],
)
def test_what_does_not_decode_is_malformed_when_touched(response: bytes) -> None:
    """The key is known all the same, and the results around it are not disturbed."""
    results = collect([line("a"), b'{"key":"b","response":' + response + b"}", line("c")])

    item = results.by_key("b")

    assert isinstance(item, ItemMalformed)
    assert ("b", 2) == (item.key, item.position)
    assert ["a", "b", "c"] == keys_of(results)


def test_an_error_that_does_not_decode_is_malformed_when_touched() -> None:
    """A code that is no number says nothing about the request."""
    item = only(b'{"key":"a","error":{"code":"x"}}')

    assert isinstance(item, ItemMalformed)
    assert item.reason.startswith("code: expected an integer")


@pytest.mark.parametrize("count", [b"5", b'"5"', b"5.0"])
def test_a_count_may_be_spelled_in_three_ways(count: bytes) -> None:
    """proto3 JSON allows a number, a string, and a number with a point."""
    usage = b'{"key":"a","response":{"usageMetadata":{"promptTokenCount":%s}}}' % count

    assert 5 == only(usage).unwrap().usage.prompt_token_count
    assert 5 == only(b'{"key":"a","error":{"code":%s}}' % count).error.code


def test_unknown_members_are_kept() -> None:
    """What the service adds one day is there, and is written back."""
    response = only(line("a", response={"newMember": {"x": [1]}})).unwrap()

    assert {"newMember": {"x": [1]}} == response.extra
    assert b'{"newMember":{"x":[1]}}' == codec.encode(response)


def test_metadata_is_what_came_along() -> None:
    """Anything but an object is nothing that could have been sent."""
    metadata = {"key": "a", "mine": [1]}

    assert metadata == only(line(None, response={}, metadata=metadata)).metadata
    for odd in (None, 5, ["key"]):
        assert {} == only(line("a", response={}, metadata=odd)).metadata


def test_a_row_of_another_kind_is_malformed() -> None:
    """The model that was asked for decides; its error is the reason."""
    with pytest.raises(ProtocolError) as refused:
        codec.decode(b'{"candidates":{}}', GenerationResponse)

    assert str(refused.value) == only(line("a", response={"candidates": {}})).reason


def test_an_embedding_is_an_answer() -> None:
    """Its problem is that of its own model; an answer of the other kind is an empty one."""
    came = [
        line("a", response={"embedding": {"values": [0.5, -1]}}),
        line("b", response={"embedding": {}}),
        line("c"),
    ]
    one, empty, other = collect(came, kind=EmbedContentResponse)

    assert ((0.5, -1.0), None) == (one.unwrap().values, one.problem)
    assert "no answer: the embedding is empty" == empty.problem == other.problem


def test_an_item_pickles() -> None:
    """Unlike the results it holds no file, and may go to another process."""
    for item in collect([line("a"), failed("b"), b"{"]):
        again = pickle.loads(pickle.dumps(item))  # noqa: S301 - it was made here

        assert item == again
        assert (item.raw(), item.metadata) == (again.raw(), again.metadata)
