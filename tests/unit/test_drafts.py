"""What is drafted of a prompt is what its method makes of it, if anything is drafted at all."""

from typing import Any

import msgspec
import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings, strategies as st

from gemini_batch import codec
from gemini_batch.codec.mismatch import MismatchError
from gemini_batch.drafts import Drafter, dimensions_in
from gemini_batch.errors import UsageError
from gemini_batch.methods import GENERATE, Method, embed
from gemini_batch.models.config import GenerationConfig, ThinkingConfig
from gemini_batch.models.content import Content, Part
from gemini_batch.models.embedding import EmbedContentConfig, EmbedContentRequest
from gemini_batch.models.generation import GenerateContentRequest
from tests.unit.test_codec import messages

Request = GenerateContentRequest
Embedding = EmbedContentRequest
Config = GenerationConfig
untyped: Any = Content
untyped_config: Any = GenerationConfig
untyped_request: Any = GenerateContentRequest
untyped_embedding: Any = EmbedContentRequest


class Words(str):
    """Text of another class than Python's own."""

    __slots__ = ()


class Mine(Content):
    """A content with something of the caller's own."""


USER = (Content.user("a"),)
CONFIGS = [
    Config(),
    *(Config(temperature=heat) for heat in (0, 0.0, 2, 2.0, 2.5, -1, 0.5, True)),
    *(Config(top_p=share) for share in (0, 1, 1.5, 0.5)),
    *(Config(max_output_tokens=most) for most in (0, 1, 5, -1, True)),
    *(untyped_config(max_output_tokens=most) for most in ("5", 0.5, [])),
    *(Config(candidate_count=count) for count in (0, 1, 3)),
    *(Config(stop_sequences=["a"] * count) for count in (1, 5, 6)),
    Config(response_json_schema={}),
    Config(response_schema={"type": "STRING"}),
    Config(response_schema={}, response_json_schema={}),
    Config(response_modalities=["TEXT"], max_output_tokens=7, candidate_count=2),
    Config(response_modalities=["TEXT", "IMAGE"]),
    *(Config(thinking_config=one) for one in (ThinkingConfig(), ThinkingConfig(thinking_budget=1))),
    Config(thinking_config=ThinkingConfig(thinking_budget=1, thinking_level="LOW")),
    untyped_config(thinking_config={"a": 1}),
    untyped_config(temperature="hot"),
    {"temperature": 1},
]
REQUESTS = [
    *("", "a", Words("a"), Words(""), b"a", None, 5, Content.user("a"), Embedding.of("a")),
    *(
        Request(),
        Request([Content()]),
        Request.of(""),
        Request.of(["a", "b"]),
        Request.of([Part()]),
    ),
    *(Request([Mine((Part("a"),))]), Request([Mine()]), Request([Content.user("a"), Content()])),
    *(Request(USER, system) for system in (Content(), Content.system(""), Mine(), untyped("ab"))),
    *(Request.of("a").with_model(model) for model in ("m", "models/m", "", Words("a/b"))),
    untyped_request(USER, model=5),
    Request(USER, cached_content="cachedContents/c"),
    Request(USER, cached_content="cachedContents/c", system_instruction=Content.system("b")),
    Request(USER, extra={"contents": []}),
    *(untyped_request(USER, generation_config=config) for config in CONFIGS),
]
EMBEDDINGS = [
    *("", "a", Words("a"), b"a", None, Request.of("a"), Embedding(), Embedding.of("")),
    *(Embedding(Content()), Embedding(Mine()), untyped_embedding("a")),
    *(Embedding.of("a", model=model) for model in ("m", "models/m", Words("a/b"))),
    Embedding.of("a", task_type="CLUSTERING", title="b", output_dimensionality=5),
    Embedding.of("a", embed_content_config=EmbedContentConfig(output_dimensionality=7)),
    Embedding.of("a", embed_content_config={"outputDimensionality": 7}),
    Embedding.of("a", extra={"embedContentConfig": {"outputDimensionality": 64}}),
    Embedding.of("a", extra={"outputDimensionality": "64"}),
]


def hold(draft: Drafter, method: Method[Any], prompt: object) -> bool:
    """Hold a draft against what the method makes of a prompt; whether there was any."""
    try:
        found = draft(prompt)
    except MismatchError:
        with pytest.raises(ValueError, match=": "):
            codec.encode(method.request(prompt, "here"))
        return False
    if found is None:
        return False
    request = method.request(prompt, "here")
    body = codec.encode(request)
    assert method.doubt(request) is None
    dimensions = None if method.dimensions is None else method.dimensions(body)
    assert (body, method.expected_bytes(request), dimensions) == (codec.write(found[0]), *found[1:])
    return True


@pytest.mark.parametrize("prompt", REQUESTS, ids=lambda prompt: repr(prompt)[:60])
def test_a_draft_of_a_request_is_what_is_made_of_it(prompt: object) -> None:
    """Nothing is drafted that would be refused, changed or doubted."""
    draft = GENERATE.drafts()
    for _ in range(3):
        hold(draft, GENERATE, prompt)


@pytest.mark.parametrize("prompt", EMBEDDINGS, ids=lambda prompt: repr(prompt)[:60])
@pytest.mark.parametrize("told", [(), ("CLUSTERING", 256), (None, "256")])
def test_a_draft_of_an_embedding_is_what_is_made_of_it(told: Any, prompt: object) -> None:
    """What was told for all texts is for texts alone; it may be wrong, too."""
    method = embed(*told)
    draft = method.drafts()
    for _ in range(3):
        hold(draft, method, prompt)


SYSTEM, CONFIG = Content.system("b"), Config(temperature=0.5, max_output_tokens=5)
RUN = [Request([Content.user(f"{number}")], SYSTEM, CONFIG) for number in range(4)]


@pytest.mark.parametrize(
    "contents",
    [
        *([Content.user("a")], [Content.user("a"), Content.user("b")], [Content.user("a", "b")]),
        *([Content.system("a")], [Content.model("a")], [Content((Part("a"),), "function")]),
        *([Mine((Part("a"),), "user")], [Content.user("a", Part.from_bytes(b"%PDF-1.7"))]),
        *([Content.user(Part("a", thought=True))], [Content.user(Part("a", extra={"b": 1}))]),
        *([Content((Part("a"),), "user", extra={"b": 1})], [Content((Part(),), "user")]),
        *([Content.user(Part(Words("a")))], [Content((Part("a"),), Words("user"))]),
        *([untyped("a", "user")], [Content((), "user")], [untyped((5,), "user")], [5], []),
    ],
    ids=repr,
)
def test_one_of_many_requests_is_drafted_as_what_it_is(contents: Any) -> None:
    """Where all but the contents is in common, too, and no longer looked at."""
    draft = GENERATE.drafts()
    assert all(hold(draft, GENERATE, request) for request in RUN)
    one = untyped_request(contents, SYSTEM, CONFIG)
    for request in (one, *RUN, evolve(one, generation_config=Config(candidate_count=2)), one):
        try:
            hold(draft, GENERATE, request)
        except UsageError as refused:
            pytest.fail(f"drafted, and then {refused}")


# A whole request is often more than hypothesis would draw, which counts as one filtered out.
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(messages(GenerateContentRequest), min_size=1, max_size=2))
def test_any_request_may_be_drafted(requests: list[GenerateContentRequest]) -> None:
    """One after the other, and again."""
    draft = GENERATE.drafts()
    for request in [*requests, *requests, *requests[-1:]]:
        try:
            hold(draft, GENERATE, request)
        except UsageError as refused:
            pytest.fail(f"drafted, and then {refused}")


@pytest.mark.parametrize(
    "prompt",
    [
        "a",
        Request.of("a"),
        Request.of(["a", Part.from_bytes(b"\x89PNG\r\n\x1a\n" + bytes(9))]),
        Request.of("a", system="b", temperature=0.5, max_output_tokens=5, seed=1),
        Request.of("a", response_schema={"type": "STRING"}),
        Request.of("a", thinking_config=ThinkingConfig(thinking_budget=0)).with_model("models/m"),
    ],
)
def test_ordinary_requests_are_drafted(prompt: object) -> None:
    """There would be no point in it otherwise."""
    assert hold(GENERATE.drafts(), GENERATE, prompt)


@pytest.mark.parametrize("prompt", ["a", Embedding.of("a", task_type="CLUSTERING", title="b")])
def test_ordinary_embeddings_are_drafted(prompt: object) -> None:
    """Those of texts and those of requests."""
    method = embed("RETRIEVAL_QUERY", 256)
    assert hold(method.drafts(), method, prompt)


@pytest.mark.parametrize(
    ("tree", "dimensions"),
    [
        ({}, None),
        ({"outputDimensionality": 5}, 5),
        ({"embedContentConfig": {"outputDimensionality": 7}}, 7),
        ({"outputDimensionality": 5, "embedContentConfig": {"outputDimensionality": 7}}, 5),
        ({"embedContentConfig": msgspec.Raw(b'{"outputDimensionality":7}')}, 7),
        ({"embedContentConfig": msgspec.Raw(b"{}")}, None),
        ({"embedContentConfig": 7}, None),
        ({"outputDimensionality": "5"}, None),
    ],
)
def test_how_many_numbers_are_asked_for_is_found(tree: Any, dimensions: int | None) -> None:
    """In either place."""
    assert dimensions == dimensions_in(tree)
