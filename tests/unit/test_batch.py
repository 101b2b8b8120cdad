"""A handle's memory of its batch: the last look at it, and results that are still open."""

from typing import Any

import pytest

from gemini_batch.batch import Batch, known_batch
from gemini_batch.errors import UsageError
from gemini_batch.index import Indexer
from gemini_batch.models.embedding import EmbedContentResponse
from gemini_batch.models.generation import GenerationResponse
from gemini_batch.models.operation import BatchOperation, BatchState
from gemini_batch.results import BatchResults
from gemini_batch.spool import MemorySpool


def seen(state: str) -> BatchOperation:
    """Return a look at a batch."""
    return BatchOperation("batches/b", BatchState(state), done=state == "FAILED")


def no_results() -> BatchResults[GenerationResponse]:
    """Return the results of a batch that has none."""
    spool = MemorySpool()
    return BatchResults(spool, Indexer(spool).index(), GenerationResponse)


def test_a_batch_remembers_the_last_look() -> None:
    """Each look is judged by the one before: what is finished stays so."""
    batch = Batch("batches/b", GenerationResponse)
    remembered = [batch.observation]
    looks = [batch.observe(seen(state)) for state in ("RUNNING", "FAILED", "RUNNING")]
    remembered.append(batch.observation)

    assert [None, looks[-1]] == remembered
    assert ["RUNNING", "FAILED", "FAILED"] == [look.state for look in looks]
    assert [False, True, True] == [look.finished for look in looks]
    assert looks[-1].contradiction is not None


def test_results_are_held_until_they_are_closed() -> None:
    """Closed ones are as good as none: they can be fetched again."""
    batch = Batch("batches/b", GenerationResponse)
    assert batch.held_results() is None

    results = batch.results = no_results()
    assert results is batch.held_results()

    results.close()
    assert batch.held_results() is None


def test_batches_are_told_apart_by_identity() -> None:
    """Two handles of one batch do not share what they know."""
    one, other = (Batch("batches/b", GenerationResponse) for _ in range(2))

    assert one != other
    assert 2 == len({one, other})


# Of which kind


def told(embeddings: bool | None) -> BatchOperation:  # noqa: FBT001
    """Return a look that tells of which kind a batch is, or does not."""
    return BatchOperation("batches/b", BatchState.PENDING, embeddings=embeddings)


@pytest.mark.parametrize(
    ("kind", "embeddings", "message"),
    [
        (GenerationResponse, False, ""),
        (GenerationResponse, None, ""),
        (EmbedContentResponse, True, ""),
        (EmbedContentResponse, None, ""),
        (
            GenerationResponse,
            True,
            (
                "batches/b holds embeddings, and was asked for as a batch of generated content: "
                "say answers=EmbedContentResponse"
            ),
        ),
        (
            EmbedContentResponse,
            False,
            (
                "batches/b holds generated content, and was asked for as a batch of embeddings: "
                "say answers=GenerationResponse"
            ),
        ),
    ],
)
def test_answers_are_not_read_as_what_they_are_not(
    kind: type[Any],
    embeddings: bool | None,  # noqa: FBT001
    message: str,
) -> None:
    """The error says how to ask; where nobody tells the kind, the caller is believed."""
    if not message:
        known_batch("batches/b", kind).require_kind(told(embeddings))
        assert kind is known_batch(told(embeddings), kind).kind
        return
    for look in (
        lambda: Batch("batches/b", kind).require_kind(told(embeddings)),
        lambda: known_batch(told(embeddings), kind),
    ):
        with pytest.raises(UsageError) as caught:
            look()
        assert message == str(caught.value)


def test_a_batch_is_known_by_its_name() -> None:
    """Nothing else is known of it, whether it is there included."""
    batch = known_batch("batches/b", GenerationResponse, "custom_id")

    assert ("batches/b", "custom_id", None, None) == (
        batch.name,
        batch.key_member,
        batch.keys,
        batch.observation,
    )
    assert "key" == known_batch(told(None), GenerationResponse).key_member
    with pytest.raises(UsageError, match="is not a name like batches/abc123"):
        known_batch("files/b", GenerationResponse)
    kind: Any = str
    with pytest.raises(UsageError, match="answers are of the type"):
        known_batch("batches/b", kind)


@pytest.mark.parametrize("seen", [None, 5, b"batches/b1"])
def test_a_batch_is_known_by_its_name_or_its_operation(seen: Any) -> None:
    """What merely has a name is neither."""
    with pytest.raises(UsageError, match="a batch is known by its name or its operation"):
        known_batch(seen, GenerationResponse)


@pytest.mark.parametrize(
    ("member", "complaint"), [("", "cannot be empty"), (5, "is a string, not int")]
)
def test_a_key_member_is_the_name_of_one(member: Any, complaint: str) -> None:
    """It is looked up in the metadata of every result."""
    with pytest.raises(UsageError, match=f"key_member .*{complaint}"):
        known_batch("batches/b1", GenerationResponse, member)
