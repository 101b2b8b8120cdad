"""A handle's memory of its batch: the last look at it, and results that are still open."""

import threading
from typing import Any

import pytest
from hypothesis import given, strategies as st

from gemini_batch.batch import Batch, WrongKindError, known_batch
from gemini_batch.errors import UsageError
from gemini_batch.index import Indexer
from gemini_batch.models.embedding import EmbedContentResponse
from gemini_batch.models.generation import GenerationResponse
from gemini_batch.models.operation import BatchOperation, BatchState
from gemini_batch.results import BatchResults
from gemini_batch.spool import MemorySpool
from gemini_batch.states import Observation, observe


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
    states = ("RUNNING", "FAILED", "RUNNING")
    looks = [batch.observe(seen(state), batch.observation) for state in states]
    remembered.append(batch.observation)

    assert [None, looks[-1]] == remembered
    assert ["RUNNING", "FAILED", "FAILED"] == [look.state for look in looks]
    assert [False, True, True] == [look.finished for look in looks]
    assert looks[-1].contradiction is not None


def test_a_look_that_another_has_overtaken_is_told_as_it_was() -> None:
    """It was asked for before the end was known: nothing was taken back, and the end stays."""
    batch = Batch("batches/b", GenerationResponse)
    slow = fast = batch.observation
    end = batch.observe(seen("FAILED"), fast)

    late = batch.observe(seen("RUNNING"), slow)

    assert ("RUNNING", False, None) == (late.state, late.finished, late.contradiction)
    assert end is batch.observation
    again = batch.observe(seen("RUNNING"), batch.observation)
    assert ("FAILED", True) == (again.state, again.finished)
    assert again.contradiction is not None


def test_a_look_that_another_has_overtaken_may_know_more() -> None:
    """Where it agrees with what is known by then it is taken in."""
    batch = Batch("batches/b", GenerationResponse)
    batch.observe(seen("RUNNING"), None)

    late = batch.observe(seen("FAILED"), None)

    assert late is batch.observation
    assert late.finished


@given(st.data())
def test_looks_in_any_order_leave_no_end(data: st.DataObject) -> None:
    """However many look at once, and whatever they see: what was finished is so for all after."""
    batch = Batch("batches/b", GenerationResponse)
    known: list[Observation | None] = []
    ended: Observation | None = None
    for _ in range(data.draw(st.integers(1, 12))):
        if not known or data.draw(st.booleans()):
            known.append(batch.observation)
            continue
        before = known.pop(data.draw(st.integers(0, len(known) - 1)))
        state = data.draw(st.sampled_from(["PENDING", "RUNNING", "FAILED", "CANCELLED", "NEW"]))
        now = batch.observe(seen(state), before)
        if before is not None and before.finished:
            assert (before.state, True) == (now.state, now.finished)
        assert batch.observation is not None
        if ended is not None:
            assert (ended.state, True) == (batch.observation.state, batch.observation.finished)
        ended = ended or (batch.observation if batch.observation.finished else None)


def test_two_threads_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between what was known and what is known now no other look gets in, and is forgotten."""
    batch = Batch("batches/b", GenerationResponse)
    entered, leave = threading.Event(), threading.Event()

    def slow(previous: Observation | None, operation: BatchOperation) -> Observation:
        if operation.state == "RUNNING":
            entered.set()
            assert leave.wait(10)
        return observe(previous, operation)

    monkeypatch.setattr("gemini_batch.batch.observe", slow)
    first = threading.Thread(target=batch.observe, args=(seen("RUNNING"), None))
    second = threading.Thread(target=batch.observe, args=(seen("FAILED"), None))
    first.start()
    assert entered.wait(10)
    second.start()
    second.join(0.1)
    assert second.is_alive()
    leave.set()
    first.join(10)
    second.join(10)
    assert batch.observation is not None
    assert "FAILED" == batch.observation.state


@pytest.mark.parametrize(("state", "kept"), [("RUNNING", False), ("FAILED", True)])
def test_what_was_cancelled_may_end_in_any_way(state: str, kept: bool) -> None:
    """Unless it has ended before: the fresh handle knows no more than that."""
    batch = Batch("batches/b", GenerationResponse, key_member="id")
    known = batch.observe(seen(state), None)

    fresh = batch.after_cancelling()

    assert (known if kept else None) is fresh.observation
    assert ("batches/b", GenerationResponse, "id") == (fresh.name, fresh.kind, fresh.key_member)
    assert fresh is not batch


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


def told(embeddings: bool | None) -> BatchOperation:
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
    embeddings: bool | None,
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
        assert WrongKindError is type(caught.value)


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
