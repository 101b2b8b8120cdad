"""A summary counts requests, not lines: no line too many makes up for one that is missing."""

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, strategies as st

from gemini_batch.items import Outcome
from gemini_batch.models.embedding import EmbedContentResponse, EmbeddingUsageMetadata
from gemini_batch.models.generation import (
    ModalityTokenCount,
    UsageMetadata,
)
from gemini_batch.summary import SHOWN, Summary, summary_of, total
from tests.unit.outcomes import collect


def answered(key: object, text: str = "a", finish: str = "STOP") -> bytes:
    """Return the line of a request that was answered."""
    candidate = {"content": {"parts": [{"text": text}]}, "finishReason": finish}
    return json.dumps({"key": key, "response": {"candidates": [candidate]}}).encode()


BLOCKED = b'{"key":"%s","response":{"promptFeedback":{"blockReason":"SAFETY"}}}'
FAILED = b'{"key":"%s","error":{"code":13,"message":"\\u001b[2J"}}'
SPOILT = b'{"key":"%s","response":{"candidates":5}}'


def counted(summary: Summary) -> dict[str, int]:
    """Return the counts that are not zero."""
    return {name: count for name, count in summary.counts().items() if count}


# Counting


def test_each_request_is_counted_by_what_became_of_it() -> None:
    """Every kind of ending has a count of its own, and those of the answered add nothing."""
    came = [
        *(answered("a"), answered("b", finish="MAX_TOKENS"), BLOCKED % b"c", FAILED % b"d"),
        *(SPOILT % b"e", answered("f", text="", finish="MAX_TOKENS"), b"{"),
    ]

    summary = summary_of(collect(came, "abcdefg"))

    assert {
        "requests": 7,
        "answered": 2,
        "failed": 1,
        "blocked": 2,
        "malformed": 2,
        "missing": 1,
        "truncated": 1,
        "cut_short": 1,
    } == counted(summary)
    assert not summary.complete


def test_requests_are_counted_by_outcome_as_well() -> None:
    """Each once: what was cut is no whole answer, and nothing that was cut is not withheld."""
    came = [
        *(answered("a"), answered("b", finish="MAX_TOKENS"), BLOCKED % b"c", FAILED % b"d"),
        *(SPOILT % b"e", answered("f", text="", finish="MAX_TOKENS"), answered("h")),
    ]

    results = collect(came, "abcdefgh")
    summary = summary_of(results)

    assert Counter(results.outcome(key) for key in "abcdefgh") == summary.outcomes
    assert [2, 2, 1, 1, 1, 1] == [summary.outcomes[outcome] for outcome in Outcome]


@pytest.mark.parametrize("keys", ["abcd", None])
def test_a_duplicate_hides_no_missing_result(keys: str | None) -> None:
    """Four lines for four requests, and one of them has no answer all the same."""
    summary = summary_of(collect([answered(key) for key in "abcc"], keys, expected=4))

    assert (4, 1, 1) == (summary.answered, summary.missing, summary.duplicates)
    assert not summary.complete


def test_a_stranger_hides_no_missing_result() -> None:
    """It has an answer to nothing that was asked."""
    summary = summary_of(collect([answered("a"), answered("x")], "ab"))

    assert {"requests": 2, "answered": 2, "missing": 1, "unexpected": 1} == counted(summary)
    assert not summary.complete


def test_a_broken_line_is_malformed_and_not_unexpected() -> None:
    """Which request it was for cannot be told, and that one is missing."""
    summary = summary_of(collect([answered("a"), b"{", answered("x")], "ab"))

    assert {"requests": 2, "answered": 2, "malformed": 1, "missing": 1, "unexpected": 1} == counted(
        summary
    )


def test_where_nothing_else_is_known_the_results_are_the_requests() -> None:
    """A duplicate is no request of its own."""
    summary = summary_of(collect([answered("a"), answered("a"), answered("b")]))

    assert (2, 0, 1) == (summary.requests, summary.missing, summary.duplicates)
    assert not summary.complete
    assert summary_of(collect([answered("a")])).complete


def test_more_results_than_were_counted_are_not_less_than_nothing_missing() -> None:
    """The count that the service gave may be too small."""
    summary = summary_of(collect([answered("a"), answered("b")], expected=1))

    assert {"requests": 1, "answered": 2} == counted(summary)
    assert not summary.complete


@pytest.mark.parametrize("spoilt", [BLOCKED, FAILED, SPOILT])
def test_a_request_without_an_answer_is_not_complete(spoilt: bytes) -> None:
    """It has a result, and none to go on with."""
    assert not summary_of(collect([answered("a"), spoilt % b"b"], "ab")).complete
    assert summary_of(collect([answered("a"), answered("b", finish="MAX_TOKENS")], "ab")).complete


def test_a_line_that_cannot_be_read_is_not_complete() -> None:
    """All that was asked is answered; but what the line was nobody can say."""
    summary = summary_of(collect([answered("a"), b"{"], "a"))

    assert {"requests": 1, "answered": 1, "malformed": 1} == counted(summary)
    assert not summary.complete


def test_no_results_are_counted_as_none() -> None:
    """Whether that is all right depends on how many there should be."""
    assert Summary(requests=0) == summary_of(collect([]))
    assert Summary(requests=0).complete
    assert Summary(requests=2, missing=2) == summary_of(collect([], "ab"))


def test_embeddings_are_counted_too() -> None:
    """An empty one is no answer, and none can be truncated."""
    came = [
        b'{"key":"a","response":{"embedding":{"values":[0.5]}}}',
        b'{"key":"b","response":{"embedding":{}}}',
    ]
    summary = summary_of(collect(came, "ab", kind=EmbedContentResponse))

    assert {"requests": 2, "answered": 1, "blocked": 1} == counted(summary)
    assert ("b: no answer: the embedding is empty",) == summary.examples


# In words


@pytest.mark.parametrize(
    ("summary", "said"),
    [
        (Summary(requests=0), "0 requests: 0 answered"),
        (Summary(requests=1, answered=1), "1 request: 1 answered"),
        (
            Summary(requests=1_000_000, answered=998_000, failed=2000),
            "1,000,000 requests: 998,000 answered, 2,000 failed",
        ),
        (
            Summary(requests=2, answered=2, truncated=1),
            "2 requests: 2 answered (1 truncated)",
        ),
        (Summary(requests=2, missing=2), "2 requests: 0 answered, 2 missing"),
        (
            Summary(
                requests=9,
                answered=1,
                failed=2,
                blocked=3,
                malformed=4,
                missing=5,
                duplicates=6,
                unexpected=7,
                truncated=1000,
            ),
            (
                "9 requests: 1 answered (1,000 truncated), 2 failed, 3 blocked or empty, "
                "4 malformed, 5 missing, 6 duplicate, 7 unexpected"
            ),
        ),
    ],
)
def test_a_summary_is_one_line(summary: Summary, said: str) -> None:
    """What did not happen is not spoken of, but for the answers."""
    assert said == str(summary)


def test_all_counts_have_a_name() -> None:
    """Zeros are among them, in a fixed order: they are for machines."""
    assert [
        *("requests", "answered", "failed", "blocked", "malformed", "missing", "duplicates"),
        *("unexpected", "truncated", "cut_short"),
    ] == list(Summary(requests=3).counts())
    assert [3, 0, 0, 0, 0, 0, 0, 0, 0, 0] == list(Summary(requests=3).counts().values())


def test_the_first_problems_are_shown_in_words() -> None:
    """In key order, a few of them, safe to print; one without a key says so."""
    came = [b"{", *(FAILED % key for key in (b"c", b"b", b"d")), BLOCKED % b"a", answered("0")]

    assert (
        "a: blocked: SAFETY",
        r"b: INTERNAL: \x1b[2J",
        r"c: INTERNAL: \x1b[2J",
    ) == summary_of(collect(came)).examples
    assert 3 == SHOWN
    (example,) = summary_of(collect([b"{"])).examples
    assert example.startswith("(no key): line 1 is malformed: ")


def test_an_example_is_safe_to_print() -> None:
    """A key is the caller's own, and may hold whatever a terminal obeys."""
    (example,) = summary_of(
        collect([json.dumps({"key": "\x1b[2J", "error": {}}).encode()])
    ).examples
    assert example.isprintable()


KINDS = st.sampled_from(["answered", "truncated", "blocked", "failed", "spoilt", "absent"])


@given(st.lists(KINDS, max_size=12), st.randoms(use_true_random=False))
def test_every_request_is_counted_once(kinds: list[str], chance: Any) -> None:
    """Whatever the order in which the results came."""
    letters = "abcdefghijkl"[: len(kinds)]
    lines = {
        "answered": answered,
        "truncated": lambda key: answered(key, finish="MAX_TOKENS"),
        "blocked": lambda key: BLOCKED % key.encode(),
        "failed": lambda key: FAILED % key.encode(),
        "spoilt": lambda key: SPOILT % key.encode(),
    }
    came = [lines[kind](key) for key, kind in zip(letters, kinds, strict=True) if kind != "absent"]
    chance.shuffle(came)

    summary = summary_of(collect(came, letters))

    assert (
        Summary(
            requests=len(kinds),
            answered=kinds.count("answered") + kinds.count("truncated"),
            truncated=kinds.count("truncated"),
            blocked=kinds.count("blocked"),
            failed=kinds.count("failed"),
            malformed=kinds.count("spoilt"),
            missing=kinds.count("absent"),
            examples=summary.examples,
        )
        == summary
    )
    assert len(kinds) == sum(summary.outcomes.values())
    assert set(kinds) <= {"answered", "truncated"} or not summary.complete


# Adding up


def test_what_requests_used_is_added_up() -> None:
    """Member by member; zeros count as told, and what nobody tells is not known."""
    used = [
        UsageMetadata(prompt_token_count=8, total_token_count=11, service_tier="standard"),
        UsageMetadata(prompt_token_count=2, thoughts_token_count=0, extra={"new": 5}),
        UsageMetadata(),
    ]

    assert UsageMetadata(
        prompt_token_count=10, total_token_count=11, thoughts_token_count=0
    ) == total(used, UsageMetadata())
    assert UsageMetadata() == total([], UsageMetadata())
    assert UsageMetadata() == total([UsageMetadata()], UsageMetadata())


def test_every_member_is_added_up() -> None:
    """None is left out when another is added to the class one day."""
    counts = {name: number for number, name in enumerate(UsageMetadata.__annotations__, 1)}
    integers = {name: number for name, number in counts.items() if name.endswith("_token_count")}
    used = UsageMetadata(**integers)

    found = total([used, used], UsageMetadata())

    assert 6 == len(integers)
    assert integers == {name: getattr(found, name) // 2 for name in integers}


def test_modalities_are_merged() -> None:
    """Each is named once, in the order of its first appearance; the kinds of detail stay apart."""
    text, image = ModalityTokenCount("TEXT", 5), ModalityTokenCount("IMAGE", 258)
    used = [
        UsageMetadata(prompt_tokens_details=[text], candidates_tokens_details=[image]),
        UsageMetadata(prompt_tokens_details=[image, text]),
        UsageMetadata(prompt_tokens_details=[ModalityTokenCount(None, 1)]),
        UsageMetadata(prompt_tokens_details=[ModalityTokenCount("AUDIO")]),
        UsageMetadata(candidates_tokens_details=[ModalityTokenCount("IMAGE")]),
    ]

    found = total(used, UsageMetadata())

    assert (
        ModalityTokenCount("TEXT", 10),
        ModalityTokenCount("IMAGE", 258),
        ModalityTokenCount(None, 1),
        ModalityTokenCount("AUDIO"),
    ) == found.prompt_tokens_details
    assert (image,) == found.candidates_tokens_details
    assert found.prompt_token_count is None


def test_embeddings_are_added_up_as_well() -> None:
    """By their own members."""
    used = [
        EmbeddingUsageMetadata(3, [ModalityTokenCount("TEXT", 3)]),
        EmbeddingUsageMetadata(4, [ModalityTokenCount("TEXT", 4)]),
    ]
    assert EmbeddingUsageMetadata(7, [ModalityTokenCount("TEXT", 7)]) == total(
        used, EmbeddingUsageMetadata()
    )
