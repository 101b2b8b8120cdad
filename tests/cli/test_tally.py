"""The tally counts requests, not lines: no line too many makes up for one that is missing."""

import pytest

from gemini_batch.cli.tally import tally
from gemini_batch.index import Indexer
from gemini_batch.models.generation import GenerationResponse
from gemini_batch.results import BatchResults
from gemini_batch.spool import MemorySpool
from gemini_batch.submission import SubmittedKeys

ANSWER = b'{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}]}'


def answered(key: bytes) -> bytes:
    """Return the line of a request that was answered."""
    return b'{"key":"%s","response":%s}' % (key, ANSWER)


def collect(
    came: list[bytes], keys: str | None = None, expected: int | None = None
) -> BatchResults[GenerationResponse]:
    """Return the results for lines that came."""
    known = None if keys is None else SubmittedKeys()
    for key in keys or "":
        if known is not None:
            known.add(key)
    indexer = Indexer(MemorySpool(), known)
    indexer.feed(b"\n".join(came))
    indexer.finish()
    while indexer.settle():
        pass
    return BatchResults(
        indexer.spool, indexer.index(), GenerationResponse, keys=known, expected=expected
    )


@pytest.mark.parametrize("keys", ["abcd", None])
def test_a_duplicate_hides_no_missing_result(keys: str | None) -> None:
    """Four lines for four requests, and one of them has no answer all the same."""
    came = [answered(key) for key in (b"a", b"b", b"c", b"c")]
    counted = tally(collect(came, keys, 4))

    assert (1, 1) == (counted.counts["missing"], counted.counts["duplicates"])
    assert not counted.complete


def test_a_broken_line_is_malformed_and_not_unexpected() -> None:
    """Which request it was for cannot be told, and that one is missing."""
    counted = tally(collect([answered(b"a"), b"{", answered(b"x")], "ab"))

    assert {"requests": 2, "answered": 2, "malformed": 1, "missing": 1, "unexpected": 1} == {
        name: count for name, count in counted.facts().items() if count
    }


def test_where_nothing_else_is_known_the_results_are_the_requests() -> None:
    """A duplicate is no request of its own."""
    counted = tally(collect([answered(b"a"), answered(b"a"), answered(b"b")]))

    assert (2, 0) == (counted.requests, counted.counts["missing"])
    assert not counted.complete
    assert tally(collect([answered(b"a")])).complete
