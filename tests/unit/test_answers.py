"""Answers decoded in one go are what the hooks make of them, or else are left to these."""

import json
import random
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from gemini_batch import codec
from gemini_batch.codec import answers
from gemini_batch.codec.answers import AnswerReader
from gemini_batch.codec.shapes import Passage
from gemini_batch.errors import ProtocolError
from gemini_batch.models.content import Blob
from gemini_batch.models.embedding import EmbedContentResponse
from gemini_batch.models.generation import GenerationResponse
from gemini_batch.models.sent import Sent, as_sent
from gemini_batch.rawjson import REFUSALS
from tests import payloads
from tests.fuzz.codec import WORDS, anatomy, check_shortcut, usual
from tests.fuzz.mutation import Mutation

KINDS = (GenerationResponse, EmbedContentResponse, Blob)
MUTATION = Mutation(1, WORDS)
ANSWER = payloads.answer()
CHANCES = st.integers(0).map(random.Random)


def written(tree: object, *, escaped: bool = True) -> bytes:
    """Return JSON, in which lone surrogates may stand."""
    return json.dumps(tree, ensure_ascii=escaped).encode("utf-8", "surrogatepass")


def blindly(chance: random.Random) -> Callable[[bytes], bytes]:
    """Return a change of one byte anywhere."""

    def change(data: bytes) -> bytes:
        place = chance.randrange(len(data) + 1)
        return data[:place] + chance.randbytes(1) + data[place + chance.randrange(2) :]

    return change


@settings(deadline=None)
@given(CHANCES, st.sampled_from(KINDS), st.sampled_from([0.1, 0.4, 0.9]), st.booleans())
def test_what_the_service_sends_is_decoded_in_one_go(
    chance: random.Random, kind: type[Sent], often: float, escaped: bool
) -> None:
    """Every member that is not a moment, spelled as it is documented; and it is the same."""
    assert check_shortcut(kind, written(usual(kind, chance, often), escaped=escaped))


@settings(deadline=None, max_examples=300)
@given(CHANCES, st.sampled_from(KINDS), st.integers(1, 4), st.booleans())
def test_what_was_changed_is_declined_or_read_all_the_same(
    chance: random.Random, kind: type[Sent], changes: int, escaped: bool
) -> None:
    """A member of another kind or name, a number too large, a byte anywhere."""
    text = b" " + written(usual(kind, chance), escaped=escaped)
    for _ in range(changes):
        text = MUTATION.change(text, 10_000, chance, blindly(chance))
        if text.count(b"[") < 90:
            check_shortcut(kind, text[1:])


USAGE = '{"usageMetadata":{"promptTokenCount":%s}}'
ODD = [
    '{"response_id":"a"}',
    '{"newMember":1}',
    '{"candidates":[{"newMember":null}]}',
    '{"modelVersion":"\\ud800"}',
    '{"modelStatus":{"retirementTime":"2026-03-01T10:00:00Z"}}',
    '{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"a","data":"a\\u0062"}}]}}]}',
    '{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"a","data":"\u00e9"}}]}}]}',
    *(USAGE % count for count in ("5.0", '"5"', "1e2")),
]
WRONG = [
    *("", "{", "[]", "null", '{"candidates":{}}', '{"candidates":[null]}', '{"modelVersion":5}'),
    *(USAGE % count for count in ("5.5", str(2**63), '"x"', "true", "1e400")),
    '{"candidates":[{"finishReason":7}]}',
    '{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":null,"data":"AQ=="}}]}}]}',
    '{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"a","data":5}}]}}]}',
    '{"candidates":[{"content":{"parts":[{"functionCall":{"args":%s}}]}}]}' % ("[" * 9000),
]


@pytest.mark.parametrize("text", ODD)
def test_what_is_spelled_in_another_way_is_left_to_the_hooks(text: str) -> None:
    """They take more than is read in one go, and give the same as ever."""
    data = text.encode()

    assert AnswerReader(GenerationResponse).answer(data) is None

    found = codec.decode(data, GenerationResponse)
    assert codec.structure(json.loads(data), GenerationResponse) == found
    assert as_sent(found) is found


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_left_to_the_hooks(text: str) -> None:
    """They say what is wrong with it."""
    data = text.encode()

    assert AnswerReader(GenerationResponse).answer(data) is None

    with pytest.raises(ProtocolError):
        codec.decode(data, GenerationResponse)


def test_an_answer_stands_for_what_was_sent() -> None:
    """The hook that is registered for it takes it as it was decoded, and plain JSON as well."""
    found = codec.decode(written(ANSWER), GenerationResponse)

    assert as_sent(found) is not found
    assert codec.structure(as_sent(found), GenerationResponse) == found
    assert codec.structure(ANSWER, GenerationResponse) == found


def test_rare_members_are_read_once_they_are_met() -> None:
    """So are answers without them, before and after."""
    rare = {"candidates": [{"groundingMetadata": {"webSearchQueries": ["a"]}}]}
    reader = AnswerReader(GenerationResponse)

    for tree in (ANSWER, rare, {"newMember": 1}, ANSWER, rare):
        found = reader.answer(written(tree))
        careful = codec.structure(tree, GenerationResponse)
        assert found is None if tree == {"newMember": 1} else careful == found


LOADED = """
import sys
from gemini_batch import codec
from gemini_batch.models.generation import GenerationResponse as Answer

text = b'{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}]}'
assert "a" == codec.decode(text, Answer).text == codec.decode(text, Answer).parts[0].text
assert "gemini_batch.models.grounding" not in sys.modules
codec.decode(b'{"candidates":[{"groundingMetadata":{}}]}', Answer)
assert "gemini_batch.models.grounding" in sys.modules
"""


def test_most_answers_load_no_rare_models() -> None:
    """They are loaded for the first answer that has one."""
    subprocess.run([sys.executable, "-c", LOADED], check=True)


def test_media_stay_encoded_until_they_are_touched() -> None:
    """A line of megabytes is passed over for the text beside them, and not held any longer."""
    blob = codec.decode(b'{"data":"AQID","mimeType":"image/png"}', Blob)
    sent: Any = as_sent(blob)

    assert b'"AQID"' == bytes(sent.data)
    assert "AQID" == blob.data
    assert sent.data is blob.data
    assert sent.makers["data"](sent) is blob.data  # as for another thread that touches it now
    assert Blob("image/png", "AQID") == blob
    assert b"\1\2\3" == blob.decoded()


def media(*data: str, text: str = "") -> bytes:
    """Return a line of an answer with a text and some pictures."""
    blobs = [{"inlineData": {"mimeType": "image/png", "data": one}} for one in data]
    content = {"parts": [{"text": text}, *blobs]}
    return written({"key": "a", "response": {"candidates": [{"content": content}]}})


def calling(data: str) -> bytes:
    """Return a line of an answer that calls a function with an argument of that name."""
    part = {"functionCall": {"name": "look", "args": {"data": data}}}
    return written({"key": "a", "response": {"candidates": [{"content": {"parts": [part]}}]}})


LONG = "QUJD" * 20
MISTAKABLE = b'}, {"inlineData": {"data": "<0>", "mimeType": "image/png"}}'
"""Data that is spelled like what stands for a long one."""


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take lines and media of 80 bytes for long ones."""
    monkeypatch.setattr(answers, "LONG_LINE", len(LONG))


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(
    ("text", "passed_over"),
    [
        (media(LONG), 1),
        (media(LONG, "AQID", LONG[::-1], text='so \\ "data":"' + LONG), 2),
        (media(LONG).replace(b'"data":', b'"data" : '), 1),
        (media(LONG, "AQID").replace(b'"AQID"', b'"<0>"'), 0),  # which may be either
        (media("AQID"), 0),
        (calling(LONG).replace(b"}]}}]", MISTAKABLE + b"]}}]"), 0),
        (media(LONG, text="<0>"), 0),
        (media(LONG, text="é").replace(b"\\u00e9", "é".encode()), 1),
        (media(LONG).replace(b'"data":', b'"data":"AQID","data":'), 1),
        (media(LONG).replace(b'"data":', b'"data":"%s","data":' % LONG.encode()), 0),
        (written({"key": "a", "response": {"candidates": [{}, {"content": {}}]}}), 0),
        (calling(LONG), 0),
        (written({"key": "a", "response": {"responseId": "a"}}), 0),
    ],
)
def test_media_of_a_line_that_is_known_to_be_json_are_passed_over(
    text: bytes, passed_over: int
) -> None:
    """The answer is the same, touched or not; each of them is the text that stands in the line."""
    reader = AnswerReader(GenerationResponse)
    plainly = reader.line_again(text)
    found = reader.sound_line(text)

    assert plainly is not None
    assert plainly.key == found.key
    response = reader.hook(found.response, GenerationResponse)
    sent = [as_sent(one.inline_data) for one in response.parts if one.inline_data]
    assert passed_over == sum(isinstance(getattr(one, "data", None), Passage) for one in sent)
    assert anatomy(reader.hook(plainly.response, GenerationResponse)) == anatomy(response)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("data", [LONG + "\\", LONG + "\u00e9"])
@pytest.mark.parametrize("escaped", [True, False])
def test_what_is_no_base64_is_left_to_the_hooks(data: str, *, escaped: bool) -> None:
    """An escape, or another letter, means that it is not the text that stands in the line."""
    text = json.dumps(json.loads(media(data)), ensure_ascii=escaped).encode()

    with pytest.raises(msgspec.ValidationError, match="not plain text"):
        AnswerReader(GenerationResponse).sound_line(text)


@pytest.mark.usefixtures("short")
def test_an_embedding_has_no_media() -> None:
    """Whatever is called so."""
    text = written({"key": "a", "response": {"data": LONG}})

    with pytest.raises(msgspec.ValidationError):
        AnswerReader(EmbedContentResponse).sound_line(text)


@pytest.mark.parametrize("kind", [GenerationResponse, EmbedContentResponse])
def test_a_line_of_a_key_and_an_answer_is_read_in_one_go(kind: type[Sent]) -> None:
    """In any order, and with rare members as well."""
    reader = AnswerReader(kind)
    for text in (b'{"key":"a","response":{}}', b' {"response" : {}, "key":"\\u0061"}'):
        for decode in (reader.decode_line, reader.line_again, reader.decode_line):
            found = decode(text)
            assert found is not None
            assert ("a", kind()) == (found.key, reader.hook(found.response, kind))


def test_a_line_may_have_rare_members() -> None:
    """Until one was met, a line is decoded again for them."""
    text = b'{"key":"a","response":{"candidates":[{"safetyRatings":[{"blocked":true}]}]}}'
    reader = AnswerReader(GenerationResponse)

    with pytest.raises(msgspec.ValidationError):
        reader.decode_line(text)
    for way in ("line_again", "decode_line"):
        found = getattr(reader, way)(text)
        assert found is not None
        answer = reader.hook(found.response, GenerationResponse)
        assert answer.candidates[0].safety_ratings[0].blocked is True


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"{", b"[]", b"{}", b'{"key":"a"}', b'{"response":{}}'),
        *(b'{"key":5,"response":{}}', b'{"key":"a","response":null}'),
        *(b'{"key":"a","response":{},"error":{}}', b'{"key":"a","response":{},"metadata":{}}'),
        *(b'{"key":"\\ud800","response":{}}', b'{"key":"a","response":{"newMember":1}}'),
        b'{"key":"\xff","response":{}}',
    ],
)
def test_any_other_line_is_declined(text: bytes) -> None:
    """Whether there is something wrong with it is not said here."""
    reader = AnswerReader(GenerationResponse)

    with pytest.raises(REFUSALS):
        reader.decode_line(text)
    assert reader.line_again(text) is None
