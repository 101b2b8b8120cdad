"""What became of one request: an answer, an error, or a line that cannot be read."""

import pickle
import random
from typing import Any

import pytest
from hypothesis import assume, given, settings, strategies as st

from gemini_batch import codec, rawjson
from gemini_batch.codec.answers import AnswerReader
from gemini_batch.errors import ItemFailedError, NoTextError, ProtocolError
from gemini_batch.index import open_envelope
from gemini_batch.items import (
    IndividualRequestError,
    ItemError,
    ItemMalformed,
    ItemSuccess,
    Outcome,
    plain_reader,
    read_item,
)
from gemini_batch.models.embedding import EmbedContentResponse
from gemini_batch.models.generation import GenerationResponse
from gemini_batch.models.grounding import GroundingMetadata
from tests.fuzz.codec import WORDS, anatomy, usual
from tests.fuzz.mutation import Mutation
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


PLAIN = [
    line("a"),
    line("b\u00e9", response={"candidates": [{"finishReason": "SAFETY"}]}),
    line("", response={}),
    b' { "response":{"candidates":[{"groundingMetadata":{}}]}, "key":"\\u0061" } ',
]


@pytest.mark.parametrize("text", PLAIN)
def test_a_plain_line_is_read_in_one_go(text: bytes) -> None:
    """The item is in every way the one that is read of its envelope."""
    envelope = open_envelope(text)
    careful = read_item(text, envelope, GenerationResponse, 1, envelope.key)
    plain = plain_reader(GenerationResponse)(text)

    assert isinstance(plain, ItemSuccess)
    assert careful == plain
    assert plain == careful
    for ask in (repr, hash, ItemSuccess.raw, lambda one: one.metadata, lambda one: one.outcome):
        assert ask(careful) == ask(plain)
    assert careful == pickle.loads(pickle.dumps(plain))  # noqa: S301 - it was made here
    with pytest.raises(AttributeError):
        plain.key = "b"  # type: ignore[misc] - it is what is tried


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"{", b"[]", failed("a"), line(None, response={}), line(5)),
        *(line("a", response=5), line("a", response=None), line("a", response={"newMember": 1})),
        *(line("a", response={}, metadata={}), line("a", response={}, error={})),
    ],
)
def test_any_other_line_is_left_to_be_opened(text: bytes) -> None:
    """Be it an error, or an answer that is not spelled as they most often are."""
    assert plain_reader(GenerationResponse)(text) is None


def test_the_first_line_with_rare_members_is_read_in_one_go_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What these are made of is loaded for it."""
    fresh = {GenerationResponse: AnswerReader(GenerationResponse)}
    monkeypatch.setattr(codec, "READERS", fresh)
    rare = line("a", response={"candidates": [{"groundingMetadata": {}}]})

    for text in (rare, rare):
        item = plain_reader(GenerationResponse)(text)
        assert item is not None
        assert GroundingMetadata() == item.response.candidates[0].grounding_metadata


def test_a_picture_of_an_indexed_line_is_read_when_it_is_touched() -> None:
    """It is what the line holds, and the item is the same as ever."""
    data = "QUJD" * 20_000
    part = {"inlineData": {"mimeType": "image/png", "data": data}}
    text = line("a", response={"candidates": [{"content": {"parts": [part]}}]})
    plain = plain_reader(GenerationResponse, indexed=True)(text)

    assert plain is not None
    assert plain_reader(GenerationResponse)(text) == plain
    assert data == plain.response.blobs[0].data
    assert text == plain.raw()


def test_a_plain_line_may_be_an_embedding() -> None:
    """It has the numbers."""
    text = line("a", response={"embedding": {"values": [0.5, -1]}})
    item = plain_reader(EmbedContentResponse)(text)

    assert item is not None
    assert ("a", (0.5, -1.0), None) == (item.key, item.response.values, item.problem)


MUTATION = Mutation(1, (*WORDS, b'"key":', b'"response":', b'"error":', b'"metadata":'))


@settings(deadline=None)
@given(
    st.integers(0).map(random.Random),
    st.sampled_from([GenerationResponse, EmbedContentResponse]),
    st.integers(0, 3),
)
def test_a_line_is_read_in_one_go_as_it_is_with_care_or_not_at_all(
    chance: random.Random, kind: type[Any], changes: int
) -> None:
    """Whatever was changed in it; only that nobody names its key twice was seen to before."""
    text = b" " + line("a", response=usual(kind, chance))
    for _ in range(changes):
        text = MUTATION.change(text, 10_000, chance, lambda data: data[::-1])
    assume(text.count(b"[") < 90)
    plain, envelope = plain_reader(kind)(text[1:]), open_envelope(text[1:])
    assume(plain is not None and envelope.reason != "the line has two keys")

    careful = read_item(text[1:], envelope, kind, 1, envelope.key)
    assert careful == plain
    answer = codec.structure(rawjson.parse(envelope.response), kind)
    assert anatomy(answer) == anatomy(plain.unwrap())
    assert (careful.raw(), careful.metadata) == (plain.raw(), plain.metadata)
    assert (careful.outcome, careful.problem) == (plain.outcome, plain.problem)
