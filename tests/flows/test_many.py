"""Many batches: handles as they finish, statuses in order, and one failure that is no other's."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import pytest

from gemini_batch.batch import Batch
from gemini_batch.effects import Effect, Flow
from gemini_batch.errors import (
    NotFoundError,
    PermissionDeniedError,
    ProtocolError,
    ResultsGoneError,
    UsageError,
    WaitTimeoutError,
)
from gemini_batch.flows.many import as_completed, wait_all
from gemini_batch.flows.results import results, status
from gemini_batch.flows.waiting import waiting
from gemini_batch.models.embedding import EmbedContentResponse
from gemini_batch.models.generation import GenerationResponse
from gemini_batch.progress import Progress, Report, report_nothing
from gemini_batch.results import BatchResults
from gemini_batch.retry import PollPolicy
from gemini_batch.settings import Settings
from gemini_batch.states import BatchStatus, Cancelled, Expired, Failed, Succeeded

from .replies import batch, inlined, line, lost, refusal, refused, reply, seen, whole
from .world import Answer, Late, World

EVEN = PollPolicy(first=10.0, ceiling=60.0, jitter=0.0, grace=300.0)
A, B, C = (f"batches/{name}" for name in "abc")


def several(*names: str) -> list[Batch[GenerationResponse]]:
    """Return batches of which only the names are known."""
    return [Batch(name, GenerationResponse) for name in names]


def done(name: str, state: str = "SUCCEEDED", **members: Any) -> Answer:
    """Return a look at a batch whose results come along."""
    return seen(state, name=name, inlined=[inlined("0", name)], **members)


def filed(name: str, state: str = "SUCCEEDED") -> Answer:
    """Return a look at a batch whose results are in a file."""
    return seen(state, name=name, file=f"files/{name.removeprefix('batches/')}")


def completed(
    world: World,
    settings: Settings,
    batches: Sequence[Batch[Any]],
    timeout: float | None = None,
    report: Report = report_nothing,
) -> Generator[str]:
    """Yield the name of each batch as it finishes; what stands for a handle is its name."""
    names = [one.name for one in batches]
    terms = waiting(settings, timeout, EVEN, report)
    return world.iterate(as_completed(settings, names, batches, world.spools, terms))


def waiting_for(
    world: World,
    settings: Settings,
    batches: Sequence[Batch[Any]],
    timeout: float | None = None,
    report: Report = report_nothing,
) -> Flow[Effect[object], list[BatchStatus[Any]]]:
    """Return the wait for all batches."""
    terms = waiting(settings, timeout, EVEN, report)
    return wait_all(settings, batches, world.spools, terms)


def having(world: World, settings: Settings, one: Batch[Any]) -> BatchResults[Any]:
    """Return the results of a batch that is finished."""
    terms = waiting(settings, 0, EVEN, progress=False)
    return world.run(results(settings, one, world.spools, terms))


def texts(found: BatchResults[GenerationResponse] | None) -> list[str]:
    """Return the answers, in their order."""
    return [] if found is None else [item.unwrap().text for item in found]


# As they finish


def test_handles_come_as_their_batches_finish(world: World, settings: Settings) -> None:
    """In that order, and not in the order in which they were given."""
    world.expect(seen(name=A), done(B), seen(name=C), done(A), seen("FAILED", name=C))
    assert [B, A, C] == list(completed(world, settings, several(A, B, C)))
    assert [f"GET {name}" for name in (A, B, C, A, C)] == world.lines


def test_a_handle_is_not_held_back_for_others(world: World, settings: Settings) -> None:
    """It comes with the look that finds its batch finished, before another one is made."""
    world.expect(done(A), seen("FAILED", name=B))
    handles = completed(world, settings, several(A, B))
    assert A == next(handles)
    assert [f"GET {A}"] == world.lines
    assert [B] == list(handles)


def test_results_that_come_along_are_kept(world: World, settings: Settings) -> None:
    """Neither the results nor the status of such a batch need another look."""
    batches = several(A)
    world.expect(done(A))
    assert [A] == list(completed(world, settings, batches))
    assert [A] == texts(having(world, settings, batches[0]))
    found = world.run(status(settings, batches[0], world.spools))
    assert isinstance(found, Succeeded)
    assert batches[0].results is found.results
    assert [f"GET {A}"] == world.lines


@pytest.mark.parametrize(("state", "kind"), [("CANCELLED", Cancelled), ("EXPIRED", Expired)])
def test_what_came_along_with_a_batch_that_ended_early_is_kept(
    world: World,
    settings: Settings,
    state: str,
    kind: type[Cancelled[Any] | Expired[Any]],
) -> None:
    """It was billed like any other answer."""
    batches = several(A)
    world.expect(done(A, state))
    assert [A] == list(completed(world, settings, batches))
    found = world.run(status(settings, batches[0], world.spools))
    assert isinstance(found, kind)
    assert [A] == texts(found.results)
    assert [f"GET {A}"] == world.lines


def test_results_in_files_are_left_where_they_are(world: World, settings: Settings) -> None:
    """Whoever asks the handle for them has them fetched: one look and one download."""
    batches = several(A, B)
    world.expect(filed(A), filed(B))
    assert [A, B] == list(completed(world, settings, batches))
    assert [f"GET {A}", f"GET {B}"] == world.lines
    world.expect(filed(B), whole(line("0", "b")))
    assert ["b"] == texts(having(world, settings, batches[1]))
    assert [f"GET {B}", "GET files/b:download?alt=media"] == world.lines[2:]
    assert batches[0].results is None


def test_what_is_known_already_comes_first(world: World, settings: Settings) -> None:
    """It is finished, and its results are here: nothing is asked for it, even in no time."""
    batches = several(A, B, C)
    world.expect(done(B), done(C))
    for one in batches[1:]:
        world.run(status(settings, one, world.spools))
    world.expect(done(A))
    assert [B, C, A] == list(completed(world, settings, batches, timeout=0))
    assert [f"GET {name}" for name in (B, C, A)] == world.lines


def test_results_that_were_closed_are_not_here(world: World, settings: Settings) -> None:
    """They come along once more with a look."""
    batches = several(A)
    world.expect(done(A), done(A))
    having(world, settings, batches[0]).close()
    assert [A] == list(completed(world, settings, batches))
    assert batches[0].held_results() is not None
    assert [f"GET {A}"] * 2 == world.lines


def test_a_batch_that_cannot_be_looked_at_is_handed_over_too(
    world: World, settings: Settings, told: pytest.LogCaptureFixture
) -> None:
    """Its handle raises why; a warning says so before."""
    batches = several(A, B)
    world.expect(refusal(404, "NOT_FOUND", "gone"), done(B))
    assert [A, B] == list(completed(world, settings, batches))
    (message,) = told.messages
    assert message.startswith(f"{A} has no results to be had: HTTP 404 NOT_FOUND for {A}: gone")
    world.expect(refusal(404))
    with pytest.raises(NotFoundError):
        having(world, settings, batches[0])


def test_a_batch_of_another_kind_is_handed_over_too(
    world: World, settings: Settings, told: pytest.LogCaptureFixture
) -> None:
    """Each batch is of its own kind; one that was asked for wrongly is no trouble of the others."""
    wrong, right = Batch(A, GenerationResponse), Batch(B, EmbedContentResponse)
    vector = {"response": {"embedding": {"values": [0.5]}}, "metadata": {"key": "k"}}
    embedded = batch("SUCCEEDED", name=B, kind="EmbedContentBatch", inlined=[vector])
    world.expect(seen("SUCCEEDED", name=A, kind="EmbedContentBatch"), reply(embedded))
    assert [A, B] == list(completed(world, settings, [wrong, right]))
    assert f"{A} holds embeddings" in told.messages[0]
    assert (0.5,) == having(world, settings, right)[0].unwrap().values


def test_results_that_are_taken_back_are_no_results(
    world: World, settings: Settings, told: pytest.LogCaptureFixture
) -> None:
    """What was final stays so: the handle comes, and asking it for the results is the error."""
    batches = several(A)
    world.expect(done(A), seen(name=A))
    having(world, settings, batches[0]).close()
    assert [A] == list(completed(world, settings, batches))
    assert [f"{A} was SUCCEEDED, and the service now calls it RUNNING"] == told.messages
    world.expect(seen(name=A))
    with pytest.raises(ProtocolError, match="had results, and shows none now"):
        having(world, settings, batches[0])


def test_no_handles_are_no_wait(world: World, settings: Settings) -> None:
    """Nothing is asked for either way."""
    assert [] == list(completed(world, settings, [], timeout=0))
    assert [] == world.run(waiting_for(world, settings, [], timeout=0))
    assert [] == world.sent


def test_the_same_handle_twice_comes_twice(world: World, settings: Settings) -> None:
    """Every handle that went in comes out; the results are one set."""
    (one,) = batches = several(A)
    world.expect(done(A), done(A))
    handles = completed(world, settings, batches * 2)
    assert A == next(handles)
    first = one.results
    assert [A] == list(handles)
    assert first is one.results
    assert [A, A] == list(completed(world, settings, batches * 2))
    assert 2 == len(world.sent)


def test_a_timeout_ends_the_handles(world: World, settings: Settings) -> None:
    """The batches live on, and so do their handles."""
    batches = several(A, B, C)
    world.expect(done(A), *[seen("PENDING", name=B), seen(name=C)] * 2)
    handles = completed(world, settings, batches, timeout=5.0)
    assert A == next(handles)
    with pytest.raises(WaitTimeoutError, match=f"{B} is still PENDING after 5 s") as caught:
        next(handles)
    assert [f"nor were these finished: {C}"] == caught.value.__notes__
    world.expect(done(B), done(C))
    assert [A, B, C] == list(completed(world, settings, batches))


def test_whoever_stops_taking_handles_asks_no_more(world: World, settings: Settings) -> None:
    """Nothing is cancelled by it either."""
    world.expect(done(A))
    handles = completed(world, settings, several(A, B))
    next(handles)
    handles.close()
    assert [f"GET {A}"] == world.lines
    assert 1 == world.releases


# All of them


def test_statuses_stand_in_the_order_of_the_handles(world: World, settings: Settings) -> None:
    """Whichever finished first; results are fetched, from files as well."""
    batches = several(A, B, C)
    world.expect(seen(name=A), filed(B), whole(line("0", "b")), seen("FAILED", name=C))
    world.expect(done(A))
    first, second, third = world.run(waiting_for(world, settings, batches))
    assert isinstance(first, Succeeded)
    assert isinstance(second, Succeeded)
    assert isinstance(third, Failed)
    assert ([A], ["b"]) == (texts(first.results), texts(second.results))
    assert [10.0] == world.pauses


def test_results_are_fetched_once(world: World, settings: Settings) -> None:
    """A later wait knows all that has results, and looks at the rest."""
    batches = several(A, B, C)
    world.expect(filed(A), whole(line("0", "a")), done(B), seen("FAILED", name=C))
    first = world.run(waiting_for(world, settings, batches))
    world.expect(seen("FAILED", name=C))
    assert first == world.run(waiting_for(world, settings, batches))
    assert f"GET {C}" == world.lines[-1]
    assert 5 == len(world.sent)


def test_the_same_handle_twice_is_fetched_once(world: World, settings: Settings) -> None:
    """It has two statuses, with one set of results."""
    batches = several(A) * 2
    world.expect(filed(A), whole(line("0", "a")), filed(A))
    first, second = world.run(waiting_for(world, settings, batches))
    assert isinstance(first, Succeeded)
    assert isinstance(second, Succeeded)
    assert first.results is second.results


GONE = f"{B}: The results of {B} in files/b are gone"
REST = "batches have a final status, and their handles keep it"


def test_one_that_cannot_be_had_does_not_end_the_wait_for_others(
    world: World, settings: Settings
) -> None:
    """Its error is raised in the end, with a note for each other that failed."""
    batches = several(A, B, C)
    world.expect(refusal(404, "NOT_FOUND"), filed(B), refused(404), seen(name=C), done(C))
    with pytest.raises(NotFoundError) as caught:
        world.run(waiting_for(world, settings, batches))
    other, rest = caught.value.__notes__
    assert other.startswith(GONE)
    assert f"1 of 3 {REST}" == rest
    assert [C] == texts(having(world, settings, batches[2]))
    assert f"GET {C}" == world.lines[-1]


def test_the_first_failure_is_the_one_that_is_raised(world: World, settings: Settings) -> None:
    """First in time: what is listed last may fail before the others."""
    batches = several(A, B, C)
    world.expect(seen(name=A), seen(name=B), refusal(403), done(A), filed(B), refused(404))
    with pytest.raises(PermissionDeniedError, match=C) as caught:
        world.run(waiting_for(world, settings, batches))
    other, _ = caught.value.__notes__
    assert other.startswith(GONE)


def test_a_failure_alone_counts_the_others(world: World, settings: Settings) -> None:
    """What was seen of its batch stands in the error."""
    world.expect(done(A), filed(B), refused(404))
    with pytest.raises(ResultsGoneError) as caught:
        world.run(waiting_for(world, settings, several(A, B)))
    assert [f"1 of 2 {REST}"] == caught.value.__notes__
    assert caught.value.operation is not None
    assert B == caught.value.operation.name


def test_a_batch_of_another_kind_does_not_end_the_wait(world: World, settings: Settings) -> None:
    """It is refused by its own look."""
    world.expect(seen(name=A, kind="EmbedContentBatch"), done(B))
    with pytest.raises(UsageError, match=f"{A} holds embeddings") as caught:
        world.run(waiting_for(world, settings, several(A, B)))
    assert f"1 of 2 {REST}" == caught.value.__notes__[-1]


def test_a_timeout_does_not_bound_the_downloads(world: World, settings: Settings) -> None:
    """What is finished in time is fetched, however long that takes."""
    world.expect(seen(name=A), filed(B), whole(line("0", "b")))
    world.expect(Late(5.0, filed(A)), Late(3600.0, whole(line("0", "a"))))
    found = world.run(waiting_for(world, settings, several(A, B), timeout=15.0))
    assert [Succeeded, Succeeded] == [type(one) for one in found]


def test_after_a_timeout_the_results_so_far_are_kept(world: World, settings: Settings) -> None:
    """By their handles: the next wait need not fetch them again."""
    batches = several(A, B)
    world.expect(filed(A), whole(line("0", "a")), seen(name=B))
    with pytest.raises(WaitTimeoutError, match=B):
        world.run(waiting_for(world, settings, batches, timeout=0))
    world.expect(done(B))
    found = world.run(waiting_for(world, settings, batches, timeout=0))
    assert [Succeeded, Succeeded] == [type(one) for one in found]
    assert 4 == len(world.sent)


def test_a_timeout_does_not_hide_what_failed_before(world: World, settings: Settings) -> None:
    """Whoever only waited longer would wait for what can no longer be had."""
    world.expect(refusal(404), seen(name=B))
    with pytest.raises(WaitTimeoutError, match=B) as caught:
        world.run(waiting_for(world, settings, several(A, B), timeout=0))
    assert any(A in note for note in getattr(caught.value, "__notes__", ()))


def test_a_download_that_outlasts_the_timeout_is_no_trouble(
    world: World, settings: Settings
) -> None:
    """The batches that are left have one last look, and the download is not in vain."""
    batches = several(A, B)
    world.expect(seen(name=A), filed(B), Late(9.5, whole(line("0", "b"))), seen(name=A))
    with pytest.raises(WaitTimeoutError, match=f"{A} is still RUNNING after 9 s"):
        world.run(waiting_for(world, settings, batches, timeout=9.0))
    assert batches[1].results is not None


def test_a_disk_that_is_full_does_not_end_the_wait(world: World, settings: Settings) -> None:
    """What fits into memory is had all the same."""

    def full() -> Any:
        raise OSError(28, "no space left on device")

    world.spools.in_file = full
    batches = several(A, B)
    world.expect(filed(A), done(B))
    with pytest.raises(OSError, match="no space left") as caught:
        world.run(waiting_for(world, settings, batches))
    own, rest = caught.value.__notes__
    assert f"this was of {A}" == own
    assert f"1 of 2 {REST}" == rest
    assert batches[1].results is not None


def test_progress_goes_from_waiting_to_downloading(world: World, settings: Settings) -> None:
    """In the order in which things happen, for all batches together."""
    reports: list[Progress] = []
    text = line("0", "b")
    world.expect(seen(name=A, requestCount=1), filed(B), whole(text, length=len(text)), lost())
    world.expect(done(A, requestCount=1, successfulRequestCount=1))
    world.run(waiting_for(world, settings, several(A, B), report=reports.append))
    assert [
        Progress("waiting", 0, None, "0 of 2 batches,"),
        Progress("downloading", len(text), len(text)),
        Progress("waiting", 0, None, "1 of 2 batches,"),
        Progress("waiting", 0, None, "1 of 2 batches,"),  # after a look that failed
        Progress("waiting", 1, None, "2 of 2 batches,"),
    ] == reports
