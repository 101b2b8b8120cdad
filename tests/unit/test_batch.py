"""A handle's memory of its batch: the last look at it, and results that are still open."""

from gemini_batch.batch import Batch
from gemini_batch.index import Indexer
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
