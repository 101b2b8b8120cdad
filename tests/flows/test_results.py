"""Having the results of a batch: whole, in order, or as they arrive; or an error that says why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gemini_batch.batch import Batch
from gemini_batch.effects import Offload, Request
from gemini_batch.errors import (
    BatchCancelledError,
    BatchEndedError,
    BatchExpiredError,
    BatchFailedError,
    GeminiBatchError,
    PermissionDeniedError,
    ProtocolError,
    ResultsGoneError,
    ResultsIncompleteError,
    UsageError,
)
from gemini_batch.flows.results import wait
from gemini_batch.flows.streams import stream
from gemini_batch.flows.waiting import waiting
from gemini_batch.items import BatchGenerationResponseItem, ItemMalformed
from gemini_batch.models.generation import GenerationResponse
from gemini_batch.settings import Settings
from gemini_batch.states import (
    Cancelled,
    Expired,
    Failed,
    Pending,
    Running,
    Succeeded,
    Unrecognised,
)

from .acts import having, looking, texts
from .replies import RESULTS, inlined, line, refusal, refused, seen, whole
from .world import Answer, World

NAME = "batches/b1"
GET, FETCH = f"GET {NAME}", f"GET {RESULTS}:download?alt=media"
THREE = [line("10", "c"), line("b", "d"), line("9", "b")]
FILE = whole(*THREE)
SUCCEEDED = seen("SUCCEEDED", file=RESULTS)


# One look


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (seen("PENDING"), Pending),
        (seen("RUNNING"), Running),
        (seen("SUCCEEDED"), Running),
        (seen("SUCCEEDED", done=True), Running),
        (seen("FAILED"), Failed),
        (seen("RUNNING", error={"code": 8}), Failed),
        (seen("CANCELLED"), Cancelled),
        (seen("EXPIRED"), Expired),
        (seen("PAUSED"), Unrecognised),
    ],
)
def test_a_look_without_an_output_is_one_request(
    world: World, settings: Settings, batch: Batch[Any], reply: Answer, kind: type
) -> None:
    """Each state has its status."""
    world.expect(reply)
    assert isinstance(world.run(looking(world, settings, batch)), kind)
    assert [GET] == world.lines


def test_the_results_of_a_file_come_in_key_order(
    world: World, settings: Settings, batch: Batch[GenerationResponse]
) -> None:
    """The file is fetched, indexed and sorted by the look that finds the batch finished."""
    world.expect(SUCCEEDED, FILE)
    match world.run(looking(world, settings, batch)):
        case Succeeded(found):
            assert {"9": "b", "10": "c", "b": "d"} == texts(found)
        case other:
            pytest.fail(f"it is {other}")
    assert [GET, FETCH] == world.lines


def test_inlined_results_come_in_key_order(
    world: World, settings: Settings, batch: Batch[GenerationResponse]
) -> None:
    """They are in the reply itself: nothing else is fetched."""
    members = [inlined("10", "c"), inlined("9", "b\nb")]
    world.expect(seen("SUCCEEDED", inlined=members))
    found = world.run(having(world, settings, batch))
    assert {"9": "b\nb", "10": "c"} == texts(found)
    assert [GET] == world.lines


def test_many_inlined_results_are_taken_in_pieces(
    world: World, settings: Settings, batch: Batch[GenerationResponse]
) -> None:
    """However many, and however large one of them."""
    members = [inlined(str(number), "x" * 3000) for number in range(200)]
    members.append(inlined("200", "y" * 600_000))
    world.expect(seen("SUCCEEDED", inlined=members))
    found = world.run(having(world, settings, batch))
    assert [str(number) for number in range(201)] == [item.key for item in found]
    assert "y" * 600_000 == found[-1].unwrap().text


@pytest.mark.parametrize("code", [403, 404])
def test_results_that_have_expired_are_gone(
    world: World, settings: Settings, batch: Batch[Any], code: int
) -> None:
    """For a missing file the service says 403; the error names batch and file."""
    world.expect(SUCCEEDED, refused(code))
    with pytest.raises(ResultsGoneError, match=f"{NAME} in {RESULTS} are gone") as caught:
        world.run(looking(world, settings, batch))
    assert caught.value.operation is not None
    assert caught.value.operation.done


@pytest.mark.parametrize(("state", "kind"), [("CANCELLED", Cancelled), ("EXPIRED", Expired)])
def test_gone_results_of_a_batch_that_ended_early_are_no_error(
    world: World,
    settings: Settings,
    batch: Batch[Any],
    told: pytest.LogCaptureFixture,
    state: str,
    kind: type[Cancelled[Any] | Expired[Any]],
) -> None:
    """The status is what was asked for; a warning says that there is nothing left."""
    world.expect(seen(state, file=RESULTS), refused(404))
    found = world.run(looking(world, settings, batch))
    assert isinstance(found, kind)
    assert found.results is None
    assert "are gone" in told.messages[-1]


def test_a_batch_of_another_kind_is_refused_at_the_first_look(
    world: World, settings: Settings, batch: Batch[Any]
) -> None:
    """Embeddings are not answers."""
    world.expect(seen("SUCCEEDED", file=RESULTS, kind="EmbedContentBatch"))
    with pytest.raises(UsageError, match="holds embeddings"):
        world.run(looking(world, settings, batch))
    assert [GET] == world.lines


def test_inlined_results_that_are_taken_back_are_an_error(
    world: World, settings: Settings, batch: Batch[GenerationResponse]
) -> None:
    """Never an empty set of results."""
    world.expect(seen("SUCCEEDED", inlined=[inlined("1")]), seen("RUNNING"))
    world.run(having(world, settings, batch)).close()
    with pytest.raises(ProtocolError, match="had results, and shows none now"):
        world.run(looking(world, settings, batch))


def test_two_who_look_at_once_have_the_same_results(
    world: World, settings: Settings, batch: Batch[GenerationResponse]
) -> None:
    """Any number of threads or tasks may share a handle; the second need not fetch them."""

    def meanwhile(_: Request) -> Answer:
        other = World()
        other.expect(SUCCEEDED, FILE)
        other.run(looking(other, settings, batch))
        return SUCCEEDED

    world.expect(meanwhile)
    mine = world.run(looking(world, settings, batch))
    assert isinstance(mine, Succeeded)
    assert mine.results is batch.results
    assert [GET] == world.lines


def test_a_finished_batch_is_not_fetched_twice(
    world: World, settings: Settings, batch: Batch[GenerationResponse]
) -> None:
    """Nor even looked at: what is final stays so."""
    world.expect(SUCCEEDED, FILE)
    first = world.run(having(world, settings, batch))
    again = world.run(looking(world, settings, batch))
    assert isinstance(again, Succeeded)
    assert first is again.results
    assert first is world.run(having(world, settings, batch))
    assert [GET, FETCH] == world.lines


# What is odd about results


def test_a_count_that_disagrees_is_a_warning(
    world: World, settings: Settings, batch: Batch[Any], told: pytest.LogCaptureFixture
) -> None:
    """Both numbers are named, and the results win."""
    world.expect(seen("SUCCEEDED", file=RESULTS, requestCount=5), FILE)
    found = world.run(having(world, settings, batch))
    assert (3, 5) == (len(found), found.expected)
    assert [f"{NAME} has 5 requests and 3 results, which answer 3 of them"] == told.messages


def test_a_count_of_one_kind_that_disagrees_is_a_warning(
    world: World, settings: Settings, batch: Batch[Any], told: pytest.LogCaptureFixture
) -> None:
    """It may be a line that cannot be read, or counts that were never brought up to date."""
    stats = {"requestCount": 3, "successfulRequestCount": 1, "failedRequestCount": 2}
    world.expect(seen("SUCCEEDED", file=RESULTS, **stats), FILE)
    found = world.run(having(world, settings, batch))
    assert (3, 0) == (len(found.successes), len(found.errors))
    assert [
        f"{NAME} counts 1 requests that were answered, and its results show 3",
        f"{NAME} counts 2 requests that failed, and its results show 0",
    ] == told.messages


def test_results_without_keys_are_keyed_by_position(
    world: World, settings: Settings, batch: Batch[Any], told: pytest.LogCaptureFixture
) -> None:
    """Another client made the batch; one warning says so."""
    world.expect(seen("SUCCEEDED", inlined=[inlined(None, "a"), inlined(None, "b")]))
    found = world.run(having(world, settings, batch))
    assert {"0": "a", "1": "b"} == texts(found)
    assert [f"{NAME} was made without keys: its results are keyed by position"] == told.messages


# How a batch ends


FAILURE = {"code": 3, "message": "no such\x1b[31m model"}


ENDS: list[tuple[Answer, type[BatchEndedError], str]] = [
    (seen("FAILED", error=FAILURE), BatchFailedError, r"failed: no such\\x1b\[31m model"),
    (seen("FAILED", error={"code": 8}), BatchFailedError, "failed: RESOURCE_EXHAUSTED"),
    (seen("FAILED"), BatchFailedError, "failed: the service gave no reason"),
    (seen("CANCELLED"), BatchCancelledError, "was cancelled; nothing was answered"),
    (seen("EXPIRED"), BatchExpiredError, "48 hours .* it; nothing was answered"),
]


@pytest.mark.parametrize(("end", "error", "words"), ENDS)
def test_a_batch_that_does_not_succeed_has_no_results(
    world: World,
    settings: Settings,
    batch: Batch[Any],
    end: Answer,
    error: type[BatchEndedError],
    words: str,
) -> None:
    """``results`` raises how it ended, in words that can be printed."""
    world.expect(seen(), end)
    with pytest.raises(error, match=words) as caught:
        world.run(having(world, settings, batch))
    assert caught.value.status.finished


@pytest.mark.parametrize(
    ("state", "error"), [("CANCELLED", BatchCancelledError), ("EXPIRED", BatchExpiredError)]
)
def test_what_was_answered_before_the_end_is_kept(
    world: World,
    settings: Settings,
    batch: Batch[Any],
    state: str,
    error: type[BatchEndedError],
) -> None:
    """It was billed, and is in the status of the error."""
    world.expect(seen(state, file=RESULTS), FILE)
    with pytest.raises(error, match="3 results came back all the same") as caught:
        world.run(having(world, settings, batch))
    kept = caught.value.status
    assert isinstance(kept, Cancelled | Expired)
    assert kept.results is not None
    assert {"9": "b", "10": "c", "b": "d"} == texts(kept.results)


def test_an_unknown_state_with_results_has_results(
    world: World, settings: Settings, batch: Batch[Any]
) -> None:
    """Done is done, whatever it is called."""
    world.expect(seen("PERFECTED", file=RESULTS), FILE)
    assert 3 == len(world.run(having(world, settings, batch)))


def test_an_unknown_state_without_results_is_an_error(
    world: World, settings: Settings, batch: Batch[Any]
) -> None:
    """The message names the state."""
    world.expect(seen("PAUSED\x07", done=True))
    with pytest.raises(ProtocolError, match=r"in the state PAUSED\\x07 without results"):
        world.run(having(world, settings, batch))


def test_waiting_returns_however_a_batch_ends(
    world: World, settings: Settings, batch: Batch[Any]
) -> None:
    """Unlike ``results``, it raises nothing."""
    world.expect(seen("PENDING"), seen(), seen("FAILED", error=FAILURE))
    terms = waiting(settings, None, None, progress=False)
    final = world.run(wait(settings, batch, world.spools, terms))
    assert isinstance(final, Failed)
    assert final.error is not None
    assert "no such\x1b[31m model" == final.error.message


# As they arrive


def streaming(
    world: World, settings: Settings, batch: Batch[GenerationResponse]
) -> Iterator[BatchGenerationResponseItem[GenerationResponse]]:
    """Stream the results of a batch."""
    return world.iterate(stream(settings, batch, waiting(settings, None, None, progress=False)))


def test_results_come_in_the_order_of_their_arrival(
    world: World, settings: Settings, batch: Batch[GenerationResponse]
) -> None:
    """However the pieces are cut, and with or without an end of the last line."""
    text = line("b") + line("10") + line("9").rstrip(b"\n")
    pieces = [text[start : start + 7] for start in range(0, len(text), 7)]
    world.expect(SUCCEEDED, whole(*pieces))
    assert ["b", "10", "9"] == [item.key for item in streaming(world, settings, batch)]
    # The lines of each piece of bytes are one piece of work for a thread; so is the last line,
    # which has no end, and so is the count. Before all of it, what reads them is loaded in one.
    assert 1 + len(pieces) + 2 == sum(isinstance(one, Offload) for one in world.asked)


def test_a_broken_line_is_one_item(
    world: World, settings: Settings, batch: Batch[GenerationResponse]
) -> None:
    """It tells its number in the file, blank lines included; the rest comes as ever."""
    world.expect(SUCCEEDED, whole(line("a") + b"\r\n\n{broken\n" + line("b")))
    first, broken, last = streaming(world, settings, batch)
    assert ["a", "b"] == [first.key, last.key]
    assert isinstance(broken, ItemMalformed)
    assert 4 == broken.position
    assert b"{broken" == broken.raw()


def test_results_that_end_too_soon_are_incomplete(
    world: World, settings: Settings, batch: Batch[GenerationResponse]
) -> None:
    """A body without a length may be cut unseen: the number of requests tells."""
    world.expect(seen("SUCCEEDED", file=RESULTS, requestCount=3), whole(line("a"), line("b")))
    items = streaming(world, settings, batch)
    assert ["a", "b"] == [next(items).key, next(items).key]
    with pytest.raises(ResultsIncompleteError, match="2 results came back for 3 requests"):
        next(items)


@pytest.mark.parametrize(
    ("state", "error"), [("CANCELLED", BatchCancelledError), ("EXPIRED", BatchExpiredError)]
)
def test_a_batch_that_ended_early_says_so_at_the_end(
    world: World,
    settings: Settings,
    batch: Batch[GenerationResponse],
    state: str,
    error: type[BatchEndedError],
) -> None:
    """What was answered before its end is streamed, and is not taken for all there is."""
    world.expect(seen(state, file=RESULTS, requestCount=9), whole(line("a"), line("b")))
    items = streaming(world, settings, batch)
    assert ["a", "b"] == [next(items).key, next(items).key]
    with pytest.raises(error, match="2 results came back all the same"):
        next(items)


@pytest.mark.parametrize(
    ("end", "error"),
    [
        (seen("FAILED", error={"code": 3}), BatchFailedError),
        (seen("CANCELLED"), BatchCancelledError),
        (seen("EXPIRED"), BatchExpiredError),
        (seen("PAUSED", done=True), ProtocolError),
    ],
)
def test_a_batch_without_results_streams_an_error(
    world: World,
    settings: Settings,
    batch: Batch[GenerationResponse],
    end: Answer,
    error: type[GeminiBatchError],
) -> None:
    """The same as ``results`` would raise."""
    world.expect(end)
    with pytest.raises(error):
        list(streaming(world, settings, batch))


def test_a_key_that_is_refused_is_not_taken_for_results_that_are_gone(
    world: World, settings: Settings, batch: Batch[GenerationResponse]
) -> None:
    """Who submitted again for that would pay twice."""
    reason = {"reason": "SERVICE_DISABLED"}
    world.expect(SUCCEEDED, refused(403, refusal(403, "PERMISSION_DENIED", "no", reason).body))
    with pytest.raises(PermissionDeniedError):
        list(streaming(world, settings, batch))
