"""A model that stands for what was sent cannot be told from one that was made at once."""

import copy
import pickle
import threading
from collections.abc import Callable
from typing import Any

import pytest
from attrs import asdict, astuple, evolve, fields

from gemini_batch import codec
from gemini_batch.models.content import Blob, Content, Part
from gemini_batch.models.embedding import EmbedContentResponse
from gemini_batch.models.generation import (
    Candidate,
    FinishReason,
    GenerationResponse,
    UsageMetadata,
)
from gemini_batch.models.sent import as_sent

TEXT = (
    b'{"candidates":[{"content":{"parts":[{"text":"Hello"}],"role":"model"},"finishReason":"STOP"}]'
    b',"usageMetadata":{"promptTokenCount":7},"responseId":"a"}'
)
MADE = GenerationResponse(
    [Candidate(Content([Part("Hello")], "model"), FinishReason.STOP)],
    usage_metadata=UsageMetadata(7),
    response_id="a",
)


def sent() -> GenerationResponse:
    """Return an answer of which nothing was touched."""
    return codec.decode(TEXT, GenerationResponse)


WAYS: dict[str, Callable[[Any], Any]] = {
    "repr": repr,
    "hash": hash,
    "asdict": asdict,
    "astuple": astuple,
    "members": lambda one: [getattr(one, member.name) for member in fields(type(one))],
    "evolve": lambda one: evolve(one, response_id="b"),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda one: pickle.loads(pickle.dumps(one)),  # noqa: S301 - it was made here
    "pickle 2": lambda one: pickle.loads(pickle.dumps(one, 2)),  # noqa: S301 - it was made here
    "encode": codec.encode,
    "text": lambda one: one.text,
    "finish_reason": lambda one: one.finish_reason,
    "usage": lambda one: one.usage,
    "problem": lambda one: one.problem,
    "truncated": lambda one: one.truncated,
    "thoughts": lambda one: one.thoughts,
}


@pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))
def test_it_is_in_every_way_what_it_stands_for(way: Callable[[Any], Any]) -> None:
    """Whatever is done to it first."""
    assert way(MADE) == way(sent())


def test_it_is_equal_and_matches() -> None:
    """From both sides, untouched or touched."""
    assert MADE == sent()
    assert sent() == MADE
    assert sent() == sent()
    assert sent() != evolve(MADE, response_id="b")
    match sent():
        case GenerationResponse(candidates=(Candidate(content=Content(parts=(Part(text=text),))),)):
            assert "Hello" == text
        case _:
            pytest.fail("it does not match")


def test_a_copy_stands_for_itself() -> None:
    """It holds on to nothing that was sent."""
    for again in (copy.copy(sent()), copy.deepcopy(sent()), evolve(sent())):
        assert as_sent(again) is again


def test_a_member_is_made_once() -> None:
    """It is the same whenever it is touched, and the properties give no other."""
    answer = sent()
    candidates = answer.candidates

    sent_answer: Any = as_sent(answer)
    assert candidates is answer.candidates
    assert candidates is sent_answer.candidates
    for name, make in sent_answer.makers.items():  # as for another thread that touches it now
        assert getattr(answer, name) == make(sent_answer)
    assert candidates is sent_answer.makers["candidates"](sent_answer)
    assert candidates[0].content is not None
    assert answer.parts is candidates[0].content.parts
    assert type(answer.finish_reason) is FinishReason


def test_what_is_absent_is_what_it_is_by_default() -> None:
    """An unknown enum is one of its kind, too."""
    empty = codec.decode(b"{}", GenerationResponse)
    odd = codec.decode(b'{"candidates":[{"finishReason":"NEW"}]}', GenerationResponse)

    assert ((), None, {}) == (empty.candidates, empty.usage_metadata, empty.extra)
    assert GenerationResponse() == empty
    assert ("NEW", FinishReason) == (odd.finish_reason, type(odd.finish_reason))
    assert () == codec.decode(b"{}", EmbedContentResponse).values


@pytest.mark.parametrize("answer", [MADE, sent(), object.__new__(GenerationResponse)])
def test_it_has_no_other_attributes(answer: Any) -> None:
    """The error is Python's own, which tells what else there is."""
    with pytest.raises(AttributeError, match="'GenerationResponse' object has no attribute 'txt'"):
        _ = answer.txt

    assert not hasattr(answer, "__wrapped__")


def test_it_is_frozen() -> None:
    """Touched or not."""
    with pytest.raises(AttributeError):
        sent().response_id = "b"  # type: ignore[misc] - it is what is tried


def test_one_that_was_never_made_has_no_members() -> None:
    """As with any class of attrs."""
    with pytest.raises(AttributeError, match="'Blob' object has no attribute 'data'"):
        _ = object.__new__(Blob).data


def test_threads_may_touch_it_together() -> None:
    """Each sees what there is."""
    answer = sent()
    begun, seen = threading.Barrier(4), list[GenerationResponse | str]()

    def touch() -> None:
        begun.wait(5)
        seen.append(repr(answer))

    threads = [threading.Thread(target=touch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)

    assert [repr(MADE)] * 4 == seen
