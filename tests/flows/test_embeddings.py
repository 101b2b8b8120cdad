"""Embeddings: their own method, by file unless told otherwise, and vectors for answers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from gemini_batch.batch import Batch
from gemini_batch.effects import Effect, Flow
from gemini_batch.errors import UsageError
from gemini_batch.flows.results import results, status
from gemini_batch.flows.streams import stream
from gemini_batch.flows.submit import Order, order_of, submit, submit_file
from gemini_batch.flows.waiting import waiting
from gemini_batch.keys import SubmittedKeys
from gemini_batch.methods import Method, embed
from gemini_batch.models.content import Content
from gemini_batch.models.embedding import EmbedContentRequest, EmbedContentResponse
from gemini_batch.models.generation import GenerateContentRequest
from gemini_batch.progress import report_nothing
from gemini_batch.settings import Settings
from gemini_batch.states import Succeeded
from gemini_batch.submission import Via

from .replies import (
    LABEL,
    RESULTS,
    batch,
    file,
    finished,
    lost,
    page,
    refusal,
    reply,
    started,
    whole,
)
from .world import Answer, World

NAME, FILE = "batches/b1", f"files/{LABEL}"
START, CHUNK = "POST upload/files", "POST upload/files?upload_id=s1"
CREATE = "POST models/gemini-e:asyncBatchEmbedContent"
UPLOADED = (started(), finished(file(FILE)))
KIND = "EmbedContentBatch"


def order(
    via: Via = "auto", method: Method[EmbedContentResponse] | None = None
) -> Order[EmbedContentResponse]:
    """Return what to submit, and how."""
    method = method or embed()
    return Order(method, "models/gemini-e", f"sky [{LABEL}]", LABEL, via, "raise", drawn=True)


def submitting(
    world: World,
    settings: Settings,
    texts: Iterable[Any],
    via: Via = "auto",
    **shape: Any,
) -> Flow[Effect[Any], Batch[EmbedContentResponse]]:
    """Return the submission of texts."""
    return submit(settings, iter(texts), order(via, embed(**shape)), world.spools, report_nothing)


def content(text: str) -> dict[str, Any]:
    """Return a text as it is sent: without a role."""
    return {"content": {"parts": [{"text": text}]}}


def told(state: str = "SUCCEEDED", **members: Any) -> Answer:
    """Return a look at a batch of embeddings."""
    return reply(batch(state, kind=KIND, **members))


def vector(*values: float) -> dict[str, Any]:
    """Return the answer to a text."""
    return {"response": {"embedding": {"values": list(values)}}}


def line(key: str, *values: float) -> bytes:
    """Return a vector as a line of a results file."""
    return json.dumps({"key": key, **vector(*values)}).encode() + b"\n"


@pytest.fixture
def embedded() -> Batch[EmbedContentResponse]:
    """Return a batch of embeddings of which only the name is known."""
    return Batch(NAME, EmbedContentResponse)


# In


@pytest.mark.parametrize("via", ["auto", "file"])
def test_a_single_text_goes_by_file(world: World, settings: Settings, via: Via) -> None:
    """Inline, what tells embeddings apart was seen to be lost."""
    world.expect(*UPLOADED, told("PENDING", name="batches/new"))
    made = world.run(submitting(world, settings, ["why?", ("k", "how?")], via))
    assert ("batches/new", EmbedContentResponse, ["0", "k"]) == (
        made.name,
        made.kind,
        list(made.keys or ()),
    )
    assert [START, CHUNK, CREATE] == world.lines
    assert [
        {"key": "0", "request": content("why?")},
        {"key": "k", "request": content("how?")},
    ] == [json.loads(one) for one in world.sent[1].body.splitlines()]
    expected = {"displayName": f"sky [{LABEL}]", "inputConfig": {"fileName": FILE}}
    assert {"batch": expected} == json.loads(world.sent[2].body)


def test_texts_travel_inline_when_that_was_said(world: World, settings: Settings) -> None:
    """Each with its key in its metadata."""
    world.expect(told("PENDING"))
    world.run(submitting(world, settings, ["why?", ("k", "how?")], "inline"))
    assert [CREATE] == world.lines
    sent = json.loads(world.sent[0].body)["batch"]
    assert f"sky [{LABEL}]" == sent["displayName"]
    assert [
        {"request": content("why?"), "metadata": {"key": "0"}},
        {"request": content("how?"), "metadata": {"key": "k"}},
    ] == sent["inputConfig"]["requests"]["requests"]


def test_what_shapes_the_embeddings_holds_for_texts(world: World, settings: Settings) -> None:
    """A request of the caller's own is shaped by itself alone."""
    own = EmbedContentRequest.of("how?", title="How", model="gemini-e")
    world.expect(told("PENDING"))
    flow = submitting(
        world,
        settings,
        ["why?", own],
        "inline",
        task_type="RETRIEVAL_DOCUMENT",
        output_dimensionality=256,
    )
    world.run(flow)
    first, second = json.loads(world.sent[0].body)["batch"]["inputConfig"]["requests"]["requests"]
    shape = {"taskType": "RETRIEVAL_DOCUMENT", "outputDimensionality": 256}
    assert {**content("why?"), **shape} == first["request"]
    assert {**content("how?"), "title": "How", "model": "models/gemini-e"} == second["request"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the text is empty"),
        (b"why?", "not bytes"),
        (EmbedContentRequest(), "content is missing"),
        (EmbedContentRequest(Content(())), "content"),
        (GenerateContentRequest((Content.system("why?"),)), "not GenerateContentRequest"),
    ],
    ids=["empty", "bytes", "nothing", "no parts", "a prompt"],
)
@pytest.mark.parametrize("via", ["auto", "inline"])
def test_nothing_is_sent_unless_every_text_is_one(
    world: World, settings: Settings, via: Via, text: Any, words: str
) -> None:
    """The offender is named by its position and key."""
    with pytest.raises(UsageError, match=rf"request 1 \(key 'k'\): .*{words}"):
        world.run(submitting(world, settings, ["how?", ("k", text)], via))
    assert [] == world.sent


def test_the_file_of_embeddings_that_were_refused_is_deleted(
    world: World, settings: Settings
) -> None:
    """As that of any other batch."""
    world.expect(*UPLOADED, refusal(400, "INVALID_ARGUMENT"), reply({}))
    with pytest.raises(Exception, match="INVALID_ARGUMENT"):
        world.run(submitting(world, settings, ["why?"]))
    assert f"DELETE {FILE}" == world.lines[-1]


def test_embeddings_whose_creation_is_in_doubt_are_adopted(
    world: World, settings: Settings
) -> None:
    """The list holds batches of both kinds."""
    found = page(batch(name="batches/new", label=LABEL, kind=KIND))
    world.expect(*UPLOADED, lost(), found)
    made = world.run(submitting(world, settings, ["why?"]))
    assert ("batches/new", EmbedContentResponse) == (made.name, made.kind)
    assert 1 == world.lines.count(CREATE)


def test_a_file_of_texts_is_submitted_by_the_same_method(world: World, settings: Settings) -> None:
    """The handle knows what its answers are."""
    world.expect(told("PENDING"))
    made = world.run(submit_file(settings, "files/mine", order()))
    assert [CREATE] == world.lines
    assert EmbedContentResponse is made.kind


def test_an_order_of_embeddings_keeps_its_method() -> None:
    """With all that shapes them."""
    method = embed("CLUSTERING")
    made = order_of(
        method,
        model="gemini-e",
        display_name=None,
        label=None,
        via="auto",
        on_unknown="raise",
        entropy=bytes(16),
    )
    assert method is made.method
    assert "models/gemini-e" == made.model


# Out


def test_vectors_of_a_file_come_in_key_order(
    world: World, settings: Settings, embedded: Batch[EmbedContentResponse]
) -> None:
    """Each is as long as it is."""
    world.expect(told(file=RESULTS), whole(line("10", 1.0), line("9", 0.5, -0.25)))
    terms = waiting(settings, None, None, progress=False)
    found = world.run(results(settings, embedded, world.spools, terms))
    assert [("9", (0.5, -0.25)), ("10", (1.0,))] == [
        (item.key, item.unwrap().values) for item in found
    ]


def test_inlined_vectors_come_by_their_keys(world: World, settings: Settings) -> None:
    """Position is never trusted where keys were sent; what has none is unexpected."""
    keys = SubmittedKeys()
    for key in "ab":
        keys.add(key)
    known = Batch(NAME, EmbedContentResponse, keys)
    keyed = {**vector(1.0), "metadata": {"key": "b"}}
    world.expect(told(inlined=[vector(2.0), keyed], label=LABEL))
    found = world.run(status(settings, known, world.spools))
    assert isinstance(found, Succeeded)
    assert (1.0,) == found.results.by_key("b").unwrap().values
    assert ("a",) == found.results.missing
    assert [None] == [item.key for item in found.results.unexpected]


def test_vectors_are_streamed(
    world: World, settings: Settings, embedded: Batch[EmbedContentResponse]
) -> None:
    """As they arrive."""
    world.expect(told(file=RESULTS), whole(line("b", 1.0), line("a", 2.0)))
    terms = waiting(settings, None, None, progress=False)
    found = [
        (one.key, one.unwrap().values) for one in world.iterate(stream(settings, embedded, terms))
    ]
    assert [("b", (1.0,)), ("a", (2.0,))] == found


def test_an_embedding_without_a_number_is_a_problem(
    world: World, settings: Settings, embedded: Batch[EmbedContentResponse]
) -> None:
    """It is an answer, and says that there is nothing in it."""
    world.expect(told(file=RESULTS), whole(line("a")))
    terms = waiting(settings, None, None, progress=False)
    (item,) = world.run(results(settings, embedded, world.spools, terms))
    assert item.problem is not None
    assert "empty" in item.problem


def test_generated_content_is_no_embedding(
    world: World, settings: Settings, embedded: Batch[EmbedContentResponse]
) -> None:
    """It is refused by the first look, whoever looks, and nothing is fetched."""
    terms = waiting(settings, None, None, progress=False)
    words = f"{NAME} holds generated content, .*answers=GenerationResponse"
    world.expect(*[reply(batch("SUCCEEDED", file=RESULTS))] * 3)
    for look in (
        status(settings, embedded, world.spools),
        results(settings, embedded, world.spools, terms),
    ):
        with pytest.raises(UsageError, match=words):
            world.run(look)
    with pytest.raises(UsageError, match=words):
        list(world.iterate(stream(settings, embedded, terms)))
    assert [f"GET {NAME}"] * 3 == world.lines
    assert embedded.observation is None


def test_a_kind_that_is_not_told_is_believed(
    world: World, settings: Settings, embedded: Batch[EmbedContentResponse]
) -> None:
    """Whoever asks knows what they submitted."""
    world.expect(reply(batch(kind="Batch", file=RESULTS)), whole(line("a", 1.0)))
    found = world.run(status(settings, embedded, world.spools))
    assert isinstance(found, Succeeded)
    assert (1.0,) == found.results[0].unwrap().values
