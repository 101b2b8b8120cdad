"""One batch at the service: looked at, cancelled, deleted, found by its label, created."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from gemini_batch.batch import known_batch
from gemini_batch.effects import Effect, Flow, Offload, Response, Send
from gemini_batch.endpoints.batches import build_create, file_batch
from gemini_batch.errors import (
    AuthenticationError,
    CreateOutcomeUnknownError,
    InvalidRequestError,
    NotFoundError,
    ProtocolError,
    RateLimitError,
    ServerError,
    TransportError,
    UsageError,
)
from gemini_batch.flows.batches import OnUnknown, adopt, cancel, create, delete, find, look
from gemini_batch.limits import PIECE
from gemini_batch.models.embedding import EmbedContentResponse
from gemini_batch.models.generation import GenerationResponse
from gemini_batch.models.operation import BatchOperation, BatchState
from gemini_batch.retry import Timeouts
from gemini_batch.settings import Settings
from gemini_batch.states import observe

from .replies import LABEL, batch, hung, lost, page, refusal, reply, seen, unsent, untrusted
from .world import Answer, World

CREATE = "POST models/m:batchGenerateContent"
LIST = "GET batches?pageSize=100"
NAME = "batches/b1"


# Looking, cancelling, deleting


def test_a_look_is_one_request(world: World, settings: Settings) -> None:
    """It tells of the batch, and fetches nothing else."""
    world.expect(seen("RUNNING", requestCount=3))
    found = world.run(look(settings, NAME))
    assert [f"GET {NAME}"] == world.lines
    assert BatchState.RUNNING == found.operation.state
    assert 3 == found.operation.stats.request_count


@pytest.mark.parametrize("long", [False, True])
def test_only_a_long_look_is_read_in_a_thread(
    world: World, settings: Settings, *, long: bool
) -> None:
    """It may hold all the results; a short one is read in less time than a thread takes."""
    told = seen("RUNNING")
    padding = b" " * (PIECE + (1 if long else 0) - len(told.body))
    world.expect(Response(200, told.headers, told.body + padding))

    found = world.run(look(settings, NAME))

    assert BatchState.RUNNING == found.operation.state
    assert long == any(isinstance(one, Offload) for one in world.asked)


def test_a_batch_that_is_not_there_is_not_looked_for_twice(
    world: World, settings: Settings
) -> None:
    """A 404 is an answer."""
    world.expect(refusal(404, "NOT_FOUND"))
    with pytest.raises(NotFoundError):
        world.run(look(settings, NAME))


def test_cancelling_a_finished_batch_is_no_failure(world: World, settings: Settings) -> None:
    """The service may refuse it as a failed precondition: there is nothing left to stop."""
    world.expect(refusal(400, "FAILED_PRECONDITION"))
    world.run(cancel(settings, NAME))
    assert [f"POST {NAME}:cancel"] == world.lines
    assert b"{}" == world.sent[0].body


def test_another_refusal_to_cancel_is_raised(world: World, settings: Settings) -> None:
    """Only a failed precondition means that the batch is finished."""
    world.expect(refusal(400, "INVALID_ARGUMENT"))
    with pytest.raises(InvalidRequestError):
        world.run(cancel(settings, NAME))


def test_deleting_what_is_not_there_is_an_error(world: World, settings: Settings) -> None:
    """Nobody else's deletion is taken for this one."""
    world.expect(refusal(404))
    with pytest.raises(NotFoundError):
        world.run(delete(settings, NAME))


@pytest.mark.parametrize("doubt", [lost, hung, lambda: refusal(503), lambda: refusal(408)])
def test_a_lost_reply_to_delete_counts_as_deleted(
    world: World, settings: Settings, doubt: Callable[[], Answer]
) -> None:
    """Where an earlier attempt may have acted, a batch that is gone was deleted by it."""
    world.expect(doubt(), refusal(404))
    world.run(delete(settings, NAME))
    assert [f"DELETE {NAME}"] * 2 == world.lines


@pytest.mark.parametrize("certain", [unsent, lambda: refusal(429)])
def test_an_attempt_that_cannot_have_acted_excuses_nothing(
    world: World, settings: Settings, certain: Callable[[], Answer]
) -> None:
    """After a request that was not sent, or was refused, a 404 is still an error."""
    world.expect(certain(), refusal(404))
    with pytest.raises(NotFoundError):
        world.run(delete(settings, NAME))


@pytest.mark.parametrize(("state", "warns"), [("PENDING", True), ("NEW", True), ("FAILED", False)])
def test_deleting_what_is_at_work_is_a_warning(
    world: World,
    settings: Settings,
    told: pytest.LogCaptureFixture,
    state: str,
    warns: bool,
) -> None:
    """It is forgotten, and not stopped; that it is gone is no reason to take it for free."""
    world.expect(reply({}))
    last = observe(None, BatchOperation(NAME, BatchState(state)))
    world.run(delete(settings, NAME, last))
    warning = f"{NAME} was {state} when it was last seen; deleting does not stop it, and it may be"
    assert warns == any(warning in message for message in told.messages)


# Found again by a label


def test_a_batch_is_found_by_its_label_alone(world: World, settings: Settings) -> None:
    """Other batches may have the same name; the label nothing else has."""
    others = [batch(name=f"batches/x{number}", label=f"gb-{number}") for number in range(3)]
    world.expect(page(*others, batch(name="batches/none"), batch(label=LABEL)))
    found = world.run(find(settings, LABEL))
    assert found is not None
    assert (NAME, "sky", LABEL) == (found.name, found.display_name, found.label)


def test_nothing_is_found_where_no_batch_has_the_label(world: World, settings: Settings) -> None:
    """That is no error: the list may be behind."""
    world.expect(page(batch(label="gb-other")))
    assert world.run(find(settings, LABEL)) is None


@pytest.mark.parametrize("numbers", [(2, 1), (3, 2, 1)])
def test_of_two_batches_with_one_label_the_older_is_taken(
    world: World, settings: Settings, told: pytest.LogCaptureFixture, numbers: tuple[int, ...]
) -> None:
    """The list is newest first; the others are named in a warning."""
    *newer, oldest = (batch(name=f"batches/b{number}", label=LABEL) for number in numbers)
    world.expect(page(*newer, token="a"), page(oldest))
    found = world.run(find(settings, LABEL))
    assert found is not None
    assert NAME == found.name
    others = ", ".join(one["name"] for one in newer)
    assert [f"more than one batch is labelled {LABEL}: also {others}"] == told.messages


def test_a_batch_that_stands_on_two_pages_is_one_batch(
    world: World, settings: Settings, told: pytest.LogCaptureFixture
) -> None:
    """Pages move on while they are read."""
    world.expect(page(batch(label=LABEL), token="a"), page(batch(label=LABEL)))
    found = world.run(find(settings, LABEL))
    assert found is not None
    assert NAME == found.name
    assert [] == told.messages


def test_a_label_is_looked_for_among_the_newest_thousand(world: World, settings: Settings) -> None:
    """A project may have any number of batches; a lost one is new."""
    for first in range(0, 1000, 100):
        batches = [batch(name=f"batches/b{first + number}") for number in range(100)]
        world.expect(page(*batches, token=f"t{first}"))
    assert world.run(find(settings, LABEL)) is None
    assert 10 == len(world.sent)


def test_a_label_is_adopted_by_one_look(world: World, settings: Settings) -> None:
    """What is adopted is a batch like any other."""
    world.expect(page(batch(name="batches/other"), batch("PENDING", label=LABEL)))
    found = world.run(adopt(settings, LABEL))
    assert (NAME, LABEL, "PENDING") == (found.name, found.label, found.state)
    assert [LIST] == world.lines


def test_a_label_that_no_batch_has_yet_is_not_adopted(world: World, settings: Settings) -> None:
    """It is looked for once, and whether the batch exists is as unknown as before."""
    world.expect(page(batch(label="gb-other")))
    with pytest.raises(
        CreateOutcomeUnknownError, match="may lag behind: look again later"
    ) as caught:
        world.run(adopt(settings, LABEL))
    assert LABEL == caught.value.label
    assert "client.adopt" not in str(caught.value)  # which has just been done
    assert [LIST] == world.lines
    assert [] == world.pauses


def test_a_list_that_cannot_be_read_says_nothing_of_a_label(
    world: World, settings: Settings
) -> None:
    """Its failure is raised as it is, and not as the absence of the batch."""
    world.expect(*[refusal(503)] * 5)
    with pytest.raises(ServerError):
        world.run(adopt(settings, LABEL))


@pytest.mark.parametrize("label", ["", "no blanks", LABEL.upper(), f"[{LABEL}]", NAME])
def test_what_is_no_label_is_not_looked_for(world: World, settings: Settings, label: str) -> None:
    """Nothing is sent for it."""
    with pytest.raises(UsageError):
        world.run(adopt(settings, label))


def test_what_cannot_be_read_hides_no_other_batch(world: World, settings: Settings) -> None:
    """Unless it may be the one that is looked for."""
    odd: dict[str, Any] = {"name": "batches/odd", "metadata": {"displayName": 7}}
    world.expect(page(odd, batch(label=LABEL)))
    assert NAME == world.run(adopt(settings, LABEL)).name
    odd["metadata"] = {"displayName": f"sky [{LABEL}]", "state": 7}
    world.expect(page(odd))
    with pytest.raises(ProtocolError):
        world.run(adopt(settings, LABEL))


@pytest.mark.parametrize(
    ("kind", "answers"),
    [
        ("GenerateContentBatch", EmbedContentResponse),
        ("EmbedContentBatch", GenerationResponse),
    ],
)
def test_a_batch_of_another_kind_cannot_be_adopted(
    world: World, settings: Settings, kind: str, answers: type[Any]
) -> None:
    """The look that finds it tells its kind, and the error says what to ask for."""
    world.expect(page(batch(label=LABEL, kind=kind)))
    found = world.run(adopt(settings, LABEL))
    with pytest.raises(UsageError, match=f"{NAME} holds .*: say answers=") as caught:
        known_batch(found, answers)
    assert answers.__name__ not in str(caught.value)


# Created


def creating(
    settings: Settings, on_unknown: OnUnknown = "raise"
) -> Flow[Effect[object], BatchOperation]:
    """Return the creation of a batch."""
    body = file_batch(f"sky [{LABEL}]", "files/f1")
    request = build_create(settings.api, "models/m", body, settings.timeouts.create)
    return create(settings, request, LABEL, on_unknown)


def test_a_batch_is_created_with_one_request(world: World, settings: Settings) -> None:
    """It is given all the time that the service takes to check a file."""
    world.expect(seen("PENDING", label=LABEL))
    assert NAME == world.run(creating(settings)).name
    assert [CREATE] == world.lines
    (sent,) = world.sent
    assert 600.0 == sent.read_timeout
    display_name = json.loads(sent.body)["batch"]["displayName"]
    assert f"sky [{LABEL}]" == display_name
    assert [1600.0] == [one.deadline for one in world.asked if isinstance(one, Send)]


@pytest.mark.parametrize(
    "failure",
    [
        refusal(403),
        untrusted(),
        reply(b"<html>"),
        reply(status=302, location="https://elsewhere.example"),
        page(token="again"),
    ],
    ids=["refused", "untrusted", "html", "redirect", "endless"],
)
def test_a_list_that_cannot_be_read_is_read_again(
    world: World, settings: Settings, told: pytest.LogCaptureFixture, failure: Answer
) -> None:
    """No failure of the list is taken for the absence of the batch."""
    endless = isinstance(failure, Response) and b"again" in failure.body
    world.expect(lost(), *[failure] * (2 if endless else 1), page(batch(label=LABEL)))
    assert NAME == world.run(creating(settings)).name
    assert 1 == world.lines.count(CREATE)
    assert [0.0, 2.0] == world.pauses
    assert any(line.startswith("the list of batches could not be read: ") for line in told.messages)


@pytest.mark.parametrize("doubt", [lost, lambda: refusal(503), lambda: reply(b"<html>")])
def test_a_batch_that_was_created_unseen_is_adopted(
    world: World, settings: Settings, doubt: Callable[[], Answer]
) -> None:
    """Whether the reply never came, or came and said nothing."""
    world.expect(doubt(), page(), page(batch(label=LABEL)))
    assert NAME == world.run(creating(settings)).name
    assert [CREATE, LIST, LIST] == world.lines


@pytest.mark.parametrize(
    ("failures", "error"),
    [
        ([refusal(400, "INVALID_ARGUMENT")], InvalidRequestError),
        ([refusal(401)], AuthenticationError),
        ([refusal(404)], NotFoundError),
        ([refusal(429, retry_after="3600")], RateLimitError),
        ([untrusted()], TransportError),
        ([unsent()] * 5, TransportError),
        ([reply(status=307, location="https://elsewhere.example/")], ProtocolError),
    ],
)
def test_a_definite_failure_is_raised_without_a_look(
    world: World, settings: Settings, failures: list[Answer], error: type[Exception]
) -> None:
    """Where nothing can have been created, nothing is looked for."""
    world.expect(*failures)
    with pytest.raises(error):
        world.run(creating(settings))
    assert [CREATE] * len(failures) == world.lines


def test_a_batch_is_created_once_more_where_the_caller_said_so(
    world: World, settings: Settings, told: pytest.LogCaptureFixture
) -> None:
    """Only after it was looked for, and with the same label."""
    world.expect(lost(), *[page()] * 5, seen(label=LABEL))
    assert NAME == world.run(creating(settings, "resubmit")).name
    assert [CREATE, *[LIST] * 5, CREATE] == world.lines
    assert world.sent[0] == world.sent[-1]
    assert f"no batch labelled {LABEL} was found; creating it again, as asked" in told.messages
    assert told.messages[-1].endswith("may still show up, and be billed")


def test_a_refusal_of_the_second_attempt_leaves_the_first_in_doubt(
    world: World, settings: Settings
) -> None:
    """The first batch may exist all the same: that must be said, whatever the second met."""
    world.expect(lost(), *[page()] * 5, refusal(400, "INVALID_ARGUMENT", "no such file"))
    with pytest.raises(CreateOutcomeUnknownError) as caught:
        world.run(creating(settings, "resubmit"))
    assert isinstance(caught.value.__cause__, InvalidRequestError)


def test_after_a_timeout_a_batch_is_looked_for_as_long_as_creating_may_take(world: World) -> None:
    """The service may still be checking the file."""
    settings = Settings(timeouts=Timeouts(create=120.0), chance=lambda: 1.0)
    world.expect(hung(), *[page()] * 7)
    with pytest.raises(CreateOutcomeUnknownError):
        world.run(creating(settings))
    assert [0.0, 2.0, 6.0, 14.0, 30.0, 30.0, 30.0] == world.pauses


@pytest.mark.parametrize("on_unknown", ["raise", "resubmit"])
def test_where_the_list_never_works_the_outcome_is_unknown(
    world: World, settings: Settings, on_unknown: OnUnknown
) -> None:
    """Nothing is created again because nothing could be seen, whatever the caller allows."""
    world.expect(lost(), *[refusal(401)] * 5)
    with pytest.raises(CreateOutcomeUnknownError) as caught:
        world.run(creating(settings, on_unknown))
    assert isinstance(caught.value.__cause__, TransportError)
    assert [CREATE, *[LIST] * 5] == world.lines
    (note,) = caught.value.__notes__
    assert note.startswith("the list of batches could not be read")
