"""Submitting: everything is checked before anything is sent, and nothing is left behind."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from gemini_batch import keys as keys_module
from gemini_batch.batch import Batch
from gemini_batch.effects import Draw, Effect, Flow
from gemini_batch.errors import (
    ApiError,
    CreateOutcomeUnknownError,
    GeminiBatchError,
    IntegrityError,
    InvalidRequestError,
    ProtocolError,
    TransportError,
    UsageError,
)
from gemini_batch.flows.batches import OnUnknown
from gemini_batch.flows.submit import Order, order_of, submit, submit_file
from gemini_batch.methods import GENERATE
from gemini_batch.models.config import GenerationConfig
from gemini_batch.models.content import Content
from gemini_batch.models.generation import GenerateContentRequest, GenerationResponse
from gemini_batch.progress import Progress, report_nothing
from gemini_batch.settings import Settings
from gemini_batch.spool import Spool, Spools
from gemini_batch.submission import Via

from .acts import CHUNK, CREATE, DELETE, FILE, LIST, START, UPLOADED, submitting
from .replies import (
    LABEL,
    arrived,
    batch,
    file,
    finished,
    lost,
    page,
    refusal,
    reply,
    seen,
    started,
    unsent,
)
from .world import Answer, World

# What is sent


def test_a_few_requests_travel_inside_the_create_call(world: World, settings: Settings) -> None:
    """Each with its key in its metadata."""
    world.expect(seen("PENDING", name="batches/new"))
    made = world.run(submitting(world, settings, ["why?", ("k", "how?")]))
    assert ("batches/new", ["0", "k"]) == (made.name, list(made.keys or ()))
    assert [CREATE] == world.lines
    told = json.loads(world.sent[0].body)["batch"]
    assert f"sky [{LABEL}]" == told["displayName"]
    assert [
        {"request": {"contents": [{"role": "user", "parts": [{"text": text}]}]}, "metadata": key}
        for text, key in [("why?", {"key": "0"}), ("how?", {"key": "k"})]
    ] == told["inputConfig"]["requests"]["requests"]
    assert 600.0 == world.sent[0].read_timeout


def test_a_file_is_uploaded_before_the_create_call(world: World, settings: Settings) -> None:
    """It is named by the label, so that it can be found again."""
    world.expect(*UPLOADED, seen())
    made = world.run(submitting(world, settings, [("a\n", "why?"), "how?"], "file"))
    assert ["a\n", "1"] == list(made.keys or ())
    assert [START, CHUNK, CREATE] == world.lines
    start, chunk, create = world.sent
    described = json.loads(start.body)["file"]
    assert (FILE, f"sky [{LABEL}].jsonl") == (described["name"], described["displayName"])
    lines = [json.loads(line) for line in chunk.body.splitlines()]
    assert ["a\n", "1"] == [one["key"] for one in lines]
    told = {"displayName": f"sky [{LABEL}]", "inputConfig": {"fileName": FILE}}
    assert {"batch": told} == json.loads(create.body)


@pytest.mark.parametrize(("count", "first"), [(2047, CREATE), (2049, START)])
def test_a_file_is_chosen_where_the_answers_are_many(
    world: World, settings: Settings, count: int, first: str
) -> None:
    """Inlined answers come twice in one reply; from some 16 MiB on they had better be a file."""
    world.expect(*(UPLOADED if first == START else ()), seen())
    world.run(submitting(world, settings, ["why?"] * count))
    assert first == world.lines[0]


@pytest.mark.parametrize("via", ["inline", "file"])
def test_what_requests_have_in_common_is_sent_with_each(
    world: World, settings: Settings, via: Via
) -> None:
    """Whichever way they go."""
    shared = GenerateContentRequest(
        system_instruction=Content.system("b"), generation_config=GenerationConfig(seed=1)
    )
    order = partial(order_of, GENERATE, model="gemini-x", display_name=None, on_unknown="raise")
    made = order(label=LABEL, via=via, entropy=bytes(16), defaults=shared)
    world.expect(page(), *(UPLOADED if via == "file" else ()), seen())
    world.run(submit(settings, iter(["why?"]), made, world.spools, report_nothing))
    sent = b"".join(one.body for one in world.sent)
    assert b'"systemInstruction":{"parts":[{"text":"b"}]},"generationConfig":{"seed":1}}' in sent


def test_defaults_are_checked_before_the_first_request_is_drawn() -> None:
    """They do not depend on the requests."""
    order = partial(order_of, GENERATE, model="m", display_name=None, label=None)
    with pytest.raises(UsageError, match="defaults: contents cannot be shared"):
        order(
            via="auto",
            on_unknown="raise",
            entropy=bytes(16),
            defaults=GenerateContentRequest.of("a"),
        )


def test_requests_are_drawn_a_few_at_a_time(settings: Settings) -> None:
    """They may be more than fit into memory; progress counts them."""
    world, reports = World(drawn=2), list[Progress]()
    world.expect(seen())
    world.run(submitting(world, settings, map(str, range(1, 6)), report=reports.append))
    assert 4 == sum(isinstance(one, Draw) for one in world.asked)
    assert [Progress("encoding", count) for count in (2, 4, 5)] == reports
    world.require_played_out()


def test_many_keys_are_kept_on_disk_for_as_long_as_the_batch(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The requests are not: all of them have been sent by then."""
    monkeypatch.setattr(keys_module, "FEW", 2)
    world.expect(seen("PENDING", name="batches/new"))
    made = world.run(submitting(world, settings, [("a", "why?"), ("b", "how?"), ("c", "who?")]))
    assert made.keys is not None
    assert ["a", "b", "c"] == list(made.keys)
    assert made.keys.spool is not None
    assert not made.keys.spool.closed


def test_many_keys_of_a_batch_that_was_not_made_are_gone(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As is everything else that a flow has spooled."""
    monkeypatch.setattr(keys_module, "FEW", 2)
    spools = NotingSpools()
    world = World()
    world.spools = spools
    world.expect(refusal(400, "no"))
    with pytest.raises(InvalidRequestError):
        world.run(submitting(world, settings, [("a", "why?"), ("b", "how?"), ("c", "who?")]))
    assert [True, True] == [spool.closed for spool in spools.made]


class NotingSpools(Spools):
    """Spools that remember those they made."""

    def __init__(self) -> None:
        super().__init__()
        self.made: list[Spool] = []

    def in_file(self) -> Spool:
        """Open a spool on disk, and note it."""
        self.made.append(super().in_file())
        return self.made[-1]


def test_a_submission_is_logged_once(
    world: World, settings: Settings, told: pytest.LogCaptureFixture
) -> None:
    """With what is needed to find it again, first of all if it never comes to an end."""
    world.expect(seen("PENDING", name="batches/new"))
    world.run(submitting(world, settings, ["why?", "how?"]))
    assert [
        f"submitting 2 requests as {LABEL}",
        f"submitted 2 requests as batches/new ({LABEL})",
    ] == told.messages


def test_a_label_of_the_callers_own_is_looked_up_first(world: World, settings: Settings) -> None:
    """The batch that has it already could be taken for the new one, were the reply lost."""
    world.expect(page(batch("RUNNING", label=LABEL)))
    with pytest.raises(UsageError, match=f"has the label {LABEL} already"):
        world.run(submitting(world, settings, ["why?"], drawn=False))
    assert [LIST] == world.lines


def test_a_label_of_the_callers_own_that_is_new_is_used(world: World, settings: Settings) -> None:
    """It costs one look at the list."""
    world.expect(page(), seen("PENDING", name="batches/new"))
    world.run(submitting(world, settings, ["why?"], drawn=False))
    assert [LIST, CREATE] == world.lines


def test_an_order_is_checked_before_the_first_request_is_drawn() -> None:
    """What is wrong with it does not depend on the requests."""
    order = partial(order_of, GENERATE, via="auto", entropy=bytes(16))
    with pytest.raises(UsageError, match="no model"):
        order(model=None, display_name=None, label=LABEL, on_unknown="raise")
    with pytest.raises(UsageError, match="the display name has 400 characters"):
        order(model="m", display_name="x" * 400, label=LABEL, on_unknown="raise")
    wrong: Any = "again"
    with pytest.raises(UsageError, match="on_unknown is 'raise' or 'resubmit', not 'again'"):
        order(model="m", display_name=None, label=LABEL, on_unknown=wrong)
    named = order(model="m", display_name=None, label=LABEL, on_unknown="raise")
    assert (f"[{LABEL}]", False) == (named.raw_display_name, named.drawn)
    drawn = order(model="m", display_name=None, label=None, on_unknown="resubmit")
    assert ("gb-" + "0" * 26, True) == (drawn.label, drawn.drawn)


# Refused


REFUSALS: dict[str, tuple[list[Answer], type[GeminiBatchError]]] = {
    "400": ([refusal(400, "INVALID_ARGUMENT", "no such field")], InvalidRequestError),
    "unsent": ([unsent()] * 5, TransportError),
    "redirect": ([reply(status=302, location="https://elsewhere.example")], ProtocolError),
}


@pytest.mark.parametrize(("failures", "error"), REFUSALS.values(), ids=REFUSALS)
def test_the_file_of_a_batch_that_was_refused_is_deleted(
    world: World, settings: Settings, failures: list[Answer], error: type[GeminiBatchError]
) -> None:
    """Nobody will ask for it; the refusal is raised as it is."""
    world.expect(*UPLOADED, *failures, reply({}))
    with pytest.raises(error) as caught:
        world.run(submitting(world, settings, ["why?"], "file"))
    assert [START, CHUNK, *[CREATE] * len(failures), DELETE] == world.lines
    assert not any("deleted" in note for note in getattr(caught.value, "__notes__", []))


@pytest.mark.parametrize(("failures", "error"), REFUSALS.values(), ids=REFUSALS)
def test_an_inline_batch_that_was_refused_leaves_nothing(
    world: World, settings: Settings, failures: list[Answer], error: type[GeminiBatchError]
) -> None:
    """There is no file to delete."""
    world.expect(*failures)
    with pytest.raises(error):
        world.run(submitting(world, settings, ["why?"]))
    assert [CREATE] * len(failures) == world.lines


def test_a_file_that_could_not_be_deleted_is_named(world: World, settings: Settings) -> None:
    """The refusal is what matters; a note on it says what was left behind."""
    world.expect(*UPLOADED, refusal(400), refusal(401, "UNAUTHENTICATED"))
    with pytest.raises(InvalidRequestError) as caught:
        world.run(submitting(world, settings, ["why?"], "file"))
    (note,) = caught.value.__notes__
    assert note.startswith(f"{FILE} was uploaded for it and could not be deleted: HTTP 401")


def test_a_file_that_is_gone_needs_no_note(world: World, settings: Settings) -> None:
    """It was to be deleted anyway."""
    world.expect(*UPLOADED, refusal(400), refusal(403))
    with pytest.raises(InvalidRequestError) as caught:
        world.run(submitting(world, settings, ["why?"], "file"))
    assert not getattr(caught.value, "__notes__", [])


SPOILT = {
    "other bytes": (finished(file(FILE, sizeBytes="1")), IntegrityError),
    "not taken in": (finished(file(FILE, "FAILED")), ProtocolError),
}


@pytest.mark.parametrize(("answer", "error"), SPOILT.values(), ids=SPOILT)
def test_a_file_that_is_of_no_use_is_deleted(
    world: World, settings: Settings, answer: Answer, error: type[GeminiBatchError]
) -> None:
    """Nothing is created from it."""
    world.expect(started(), answer, reply({}))
    with pytest.raises(error):
        world.run(submitting(world, settings, ["why?"], "file"))
    assert [START, CHUNK, DELETE] == world.lines


def test_an_upload_that_fails_creates_nothing(world: World, settings: Settings) -> None:
    """Its error is raised as it is."""
    world.expect(started(), refusal(400))
    with pytest.raises(ApiError):
        world.run(submitting(world, settings, ["why?"], "file"))


# In doubt


@pytest.mark.parametrize("via", ["inline", "file"])
def test_a_batch_whose_creation_is_in_doubt_is_adopted(
    world: World, settings: Settings, via: Via
) -> None:
    """Its keys are known all the same."""
    uploaded = UPLOADED if via == "file" else ()
    world.expect(*uploaded, lost(), page(batch(name="batches/new", label=LABEL)))
    made = world.run(submitting(world, settings, [("k", "why?")], via))
    assert ("batches/new", ["k"]) == (made.name, list(made.keys or ()))
    assert 1 == world.lines.count(CREATE)


def test_the_file_of_a_batch_that_may_exist_is_kept(world: World, settings: Settings) -> None:
    """The batch would fail without it."""
    world.expect(*UPLOADED, lost(), *[page()] * 5)
    with pytest.raises(CreateOutcomeUnknownError):
        world.run(submitting(world, settings, ["why?"], "file"))
    assert [START, CHUNK, CREATE, *[LIST] * 5] == world.lines


def test_a_refusal_after_a_doubt_keeps_the_file_too(world: World, settings: Settings) -> None:
    """The first attempt may have made a batch, whatever became of the second."""
    world.expect(*UPLOADED, lost(), *[page()] * 5, refusal(429, retry_after="3600"))
    with pytest.raises(CreateOutcomeUnknownError):
        world.run(submitting(world, settings, ["why?"], "file", on_unknown="resubmit"))
    assert DELETE not in world.lines


def test_progress_goes_from_encoding_to_uploading(world: World, settings: Settings) -> None:
    """In the order in which things happen."""
    reports: list[Progress] = []
    world.expect(started(), lost(), arrived(0), finished(file(FILE)), seen())
    world.run(submitting(world, settings, ["why?"], "file", report=reports.append))
    size = len(world.sent[1].body)
    assert [
        Progress("encoding", 1),
        *[Progress("uploading", 0, size)] * 2,
        Progress("uploading", size, size),
    ] == reports


# What is there already


MINE = "files/mine"


def submitting_file(
    settings: Settings, file: str = MINE, *, drawn: bool = True, on_unknown: OnUnknown = "raise"
) -> Flow[Effect[Any], Batch[GenerationResponse]]:
    """Return the submission of a file that was uploaded before."""
    order = Order(GENERATE, "models/gemini-x", f"sky [{LABEL}]", LABEL, "file", on_unknown, drawn)
    return submit_file(settings, file, order)


def test_a_file_that_is_there_is_submitted_with_one_request(
    world: World, settings: Settings, told: pytest.LogCaptureFixture
) -> None:
    """Which keys it holds is not known here."""
    world.expect(seen("PENDING", name="batches/new"))
    made = world.run(submitting_file(settings))
    assert ("batches/new", GenerationResponse, None) == (made.name, made.kind, made.keys)
    assert [CREATE] == world.lines
    expected = {"displayName": f"sky [{LABEL}]", "inputConfig": {"fileName": MINE}}
    assert {"batch": expected} == json.loads(world.sent[0].body)
    assert 600.0 == world.sent[0].read_timeout
    assert [
        f"submitting the requests of {MINE} as {LABEL}",
        f"submitted the requests of {MINE} as batches/new ({LABEL})",
    ] == told.messages


@pytest.mark.parametrize("file", ["mine", "", "batches/b1", "files/a/b", "files/a?b"])
def test_what_is_no_name_of_a_file_is_not_submitted(
    world: World, settings: Settings, file: str
) -> None:
    """Nothing is sent, not even to look for a label."""
    with pytest.raises(UsageError, match="is not a name like files/"):
        world.run(submitting_file(settings, file, drawn=False))
    assert [] == world.sent


def test_a_file_is_not_submitted_twice_under_one_label(world: World, settings: Settings) -> None:
    """A label of the caller's own is looked up first; one that is new is used."""
    world.expect(page(batch("RUNNING", label=LABEL)))
    with pytest.raises(UsageError, match=f"has the label {LABEL} already"):
        world.run(submitting_file(settings, drawn=False))
    assert [LIST] == world.lines
    world.expect(page(), seen("PENDING", name="batches/new"))
    assert "batches/new" == world.run(submitting_file(settings, drawn=False)).name
    assert [LIST, LIST, CREATE] == world.lines


@pytest.mark.parametrize(("failures", "error"), REFUSALS.values(), ids=REFUSALS)
def test_the_callers_own_file_is_never_deleted(
    world: World, settings: Settings, failures: list[Answer], error: type[GeminiBatchError]
) -> None:
    """Whatever became of the batch, the file was there before."""
    world.expect(*failures)
    with pytest.raises(error):
        world.run(submitting_file(settings))
    assert [CREATE] * len(failures) == world.lines


def test_a_batch_of_a_file_whose_creation_is_in_doubt_is_adopted(
    world: World, settings: Settings
) -> None:
    """It is found by its label, and not made again."""
    world.expect(lost(), page(), page(batch(name="batches/new", label=LABEL)))
    assert "batches/new" == world.run(submitting_file(settings)).name
    assert [CREATE, LIST, LIST] == world.lines


def test_a_batch_of_a_file_that_is_not_found_may_exist(world: World, settings: Settings) -> None:
    """Whether to pay twice is the caller's to say, and is asked for no more than once."""
    world.expect(lost(), *[page()] * 5)
    with pytest.raises(CreateOutcomeUnknownError, match=LABEL):
        world.run(submitting_file(settings))
    world.expect(lost(), *[page()] * 5, seen("PENDING", name="batches/new"))
    assert "batches/new" == world.run(submitting_file(settings, on_unknown="resubmit")).name
    assert 3 == world.lines.count(CREATE)


@pytest.mark.parametrize("code", [400, 403, 404])
def test_a_refusal_names_the_file_beside_the_model(
    world: World, settings: Settings, code: int
) -> None:
    """What the service says does not always tell which of the two is wrong."""
    world.expect(refusal(code))
    with pytest.raises(ApiError) as caught:
        world.run(submitting_file(settings))
    assert [f"its requests are in {MINE}, which has to exist, to be yours and ACTIVE"] == (
        caught.value.__notes__
    )
