"""What a request lacks is taken from the defaults, as if it had been its own."""

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from gemini_batch import codec
from gemini_batch.defaults import Defaults
from gemini_batch.errors import UsageError
from gemini_batch.methods import GENERATE, Method, embed
from gemini_batch.models.base import Model
from gemini_batch.models.config import GenerationConfig, ThinkingConfig
from gemini_batch.models.content import Content
from gemini_batch.models.embedding import EmbedContentConfig, EmbedContentRequest
from gemini_batch.models.generation import GenerateContentRequest
from gemini_batch.models.safety import SafetySetting
from gemini_batch.models.service_tools import GoogleSearch
from gemini_batch.models.tools import Tool

Request = GenerateContentRequest
Config = GenerationConfig
MESSAGE = {"parts": [{"text": "a"}], "role": "user"}


def sent(defaults: Model, request: Model, method: Method[Any] = GENERATE) -> Any:
    """Return the JSON of a request with what it lacks, whichever way it is merged."""
    shared = Defaults(method, defaults)
    encoded, size, doubt = shared.encode(request, "here")
    whole = shared.merged(request, "here")
    found = json.loads(encoded)
    assert codec.unstructure(whole) == found
    assert (method.expected_bytes(whole), method.doubt(whole)) == (size, doubt)
    return found


@pytest.mark.parametrize(
    ("defaults", "request_", "expected"),
    [
        (Request(), Request.of("a"), {}),
        (Request(), Request.of("a", seed=1), {"generationConfig": {"seed": 1}}),
        (
            Request(system_instruction=Content.system("b")),
            Request.of("a"),
            {"systemInstruction": {"parts": [{"text": "b"}]}},
        ),
        (
            Request(system_instruction=Content.system("b")),
            Request.of("a", system="c"),
            {"systemInstruction": {"parts": [{"text": "c"}]}},
        ),
        (
            Request(cached_content="cachedContents/c"),
            Request.of("a", seed=1).with_model("models/m"),
            {
                "cachedContent": "cachedContents/c",
                "generationConfig": {"seed": 1},
                "model": "models/m",
            },
        ),
        (
            Request(cached_content="cachedContents/c"),
            Request.of("a").with_model("models/m"),
            {"cachedContent": "cachedContents/c", "model": "models/m"},
        ),
        (
            Request(tools=[Tool(google_search=GoogleSearch())], service_tier="flex"),
            Request.of("a", tools=[Tool(extra={"new": {}})]),
            {"tools": [{"new": {}}], "serviceTier": "flex"},
        ),
        (
            Request(
                tools=[Tool(google_search=GoogleSearch())],
                safety_settings=[SafetySetting("A", "OFF")],
            ),
            Request.of("a", seed=1),
            {
                "tools": [{"googleSearch": {}}],
                "safetySettings": [{"category": "A", "threshold": "OFF"}],
                "generationConfig": {"seed": 1},
            },
        ),
        (
            Request(generation_config=Config(seed=1, temperature=0.5, stop_sequences=["b"])),
            Request.of("a", temperature=0, top_k=3),
            {
                "generationConfig": {
                    "seed": 1,
                    "temperature": 0,
                    "topK": 3,
                    "stopSequences": ["b"],
                }
            },
        ),
        (
            Request(generation_config=Config(thinking_config=ThinkingConfig(thinking_level="LOW"))),
            Request.of("a", thinking_config=ThinkingConfig(thinking_budget=5)),
            {"generationConfig": {"thinkingConfig": {"thinkingBudget": 5}}},
        ),
        (
            Request(generation_config=Config(seed=1)),
            Request((Content.user("a"),), generation_config=Config()),
            {"generationConfig": {"seed": 1}},
        ),
        (
            Request(generation_config=Config()),
            Request.of("a"),
            {"generationConfig": {}},
        ),
        (
            Request(extra={"labels": {"b": "c"}, "toolConfig": {"later": 1}}),
            Request((Content.user("a"),), extra={"labels": {}}),
            {"labels": {}, "toolConfig": {"later": 1}},
        ),
        (
            Request(generation_config=Config(extra={"seed": 1, "later": 1, "last": 1})),
            Request.of("a", seed=2, extra={"later": 2}),
            {"generationConfig": {"seed": 2, "later": 2, "last": 1}},
        ),
        (
            Request(generation_config=Config(seed=1)),
            Request((Content.user("a"),), extra={"generationConfig": {"later": 1}}),
            {"generationConfig": {"later": 1}},
        ),
        (
            Request(extra={"generationConfig": {"later": 1}}),
            Request.of("a", seed=1),
            {"generationConfig": {"seed": 1}},
        ),
        (
            Request(generation_config=Config(seed=1), extra={"generationConfig": {"later": 1}}),
            Request.of("a"),
            {"generationConfig": {"later": 1}},
        ),
    ],
)
def test_a_request_has_what_it_lacks_from_the_defaults(
    defaults: Request, request_: Request, expected: dict[str, Any]
) -> None:
    """Its own members win; those of its configuration win one by one."""
    assert {"contents": [MESSAGE], **expected} == sent(defaults, request_)


@pytest.mark.parametrize(
    ("defaults", "request_", "expected"),
    [
        (
            EmbedContentRequest(task_type="CLUSTERING", output_dimensionality=5),
            EmbedContentRequest.of("a"),
            {"taskType": "CLUSTERING", "outputDimensionality": 5},
        ),
        (
            EmbedContentRequest(task_type="CLUSTERING", output_dimensionality=5),
            EmbedContentRequest.of("a", task_type="RETRIEVAL_QUERY"),
            {"taskType": "RETRIEVAL_QUERY", "outputDimensionality": 5},
        ),
        (
            EmbedContentRequest(embed_content_config=EmbedContentConfig(auto_truncate=True)),
            EmbedContentRequest.of("a", embed_content_config=EmbedContentConfig(title="b")),
            {"embedContentConfig": {"autoTruncate": True, "title": "b"}},
        ),
    ],
)
def test_embeddings_have_defaults_too(
    defaults: EmbedContentRequest, request_: EmbedContentRequest, expected: dict[str, Any]
) -> None:
    """By the same rule, with the configuration of their own."""
    assert {"content": {"parts": [{"text": "a"}]}, **expected} == sent(defaults, request_, embed())


CONFIGS = st.builds(
    Config,
    temperature=st.none() | st.floats(0, 2),
    seed=st.none() | st.integers(-5, 5),
    stop_sequences=st.lists(st.sampled_from("ab"), max_size=2),
    extra=st.dictionaries(st.sampled_from(["seed", "later"]), st.integers(), max_size=2),
)
MEMBERS: dict[str, Any] = {
    "system_instruction": st.none() | st.sampled_from(["b", "c"]).map(Content.system),
    "generation_config": st.none() | CONFIGS,
    "store": st.none() | st.booleans(),
    "extra": st.dictionaries(
        st.sampled_from(["labels", "store", "generationConfig"]), st.integers(), max_size=2
    ),
}


@settings(deadline=None)
@given(
    st.builds(Request, **MEMBERS),
    st.builds(Request, st.just((Content.user("a"),)), **MEMBERS),
)
def test_it_is_the_same_however_it_is_merged(defaults: Request, request_: Request) -> None:
    """As models, to be looked at, or as JSON, to be sent; and contents are never touched."""
    assert [MESSAGE] == sent(defaults, request_)["contents"]


def test_a_request_stays_as_it_was() -> None:
    """It may be submitted again without them; and one that lacks nothing is not made anew."""
    request = Request.of("a", seed=1)
    shared = Defaults(GENERATE, Request(generation_config=Config(seed=2, temperature=1.0)))
    whole: Any = shared.merged(request, "here")
    assert Config(seed=1, temperature=1.0) == whole.generation_config
    assert Request.of("a", seed=1) == request
    assert request is Defaults(GENERATE, Request()).merged(request, "here")


@pytest.mark.parametrize(
    ("defaults", "message"),
    [
        ("Be brief", "defaults are of the type GenerateContentRequest, not str"),
        (EmbedContentRequest(), "defaults are of the type GenerateContentRequest, not EmbedCo"),
        (Request.of("a"), "defaults: contents cannot be shared: each request has its own"),
        (Request(extra={"contents": []}), "defaults: contents cannot be shared: each request has"),
        (Request(model="m"), "defaults: a batch has one model, and it is named by model=…"),
        (Request(system_instruction=Content()), "defaults: system_instruction.parts is empty"),
        (
            Request(cached_content="c", tools=[Tool()]),
            "defaults: cached_content and tools exclude each other",
        ),
        (
            Request(generation_config=Config(temperature=3)),
            "defaults: generation_config.temperature is between 0 and 2, not 3",
        ),
        (
            Request(generation_config=Config(temperature=math.nan)),
            "defaults: generationConfig.temperature: nan is not a JSON number",
        ),
        (
            Request(system_instruction=Content.system("\ud800")),
            "defaults: parts[0].text: holds a lone surrogate",
        ),
    ],
)
def test_what_cannot_be_shared_is_refused(defaults: Any, message: str) -> None:
    """Before the first request is looked at."""
    with pytest.raises(UsageError) as caught:
        Defaults(GENERATE, defaults)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("defaults", "request_", "clash"),
    [
        (
            Request(system_instruction=Content.system("b")),
            Request((Content.user("a"),), cached_content="cachedContents/c"),
            "cached_content and system_instruction",
        ),
        (
            Request(cached_content="cachedContents/c"),
            Request.of("a", tools=[Tool(google_search=GoogleSearch())]),
            "cached_content and tools",
        ),
        (
            Request(generation_config=Config(response_schema={})),
            Request.of("a", response_json_schema={}),
            "response_schema and response_json_schema",
        ),
    ],
)
def test_what_excludes_each_other_is_refused(
    defaults: Request, request_: Request, clash: str
) -> None:
    """Each alone is right, and the error names the request."""
    shared = Defaults(GENERATE, defaults)
    with pytest.raises(UsageError) as caught:
        shared.encode(request_, "request 7 (key 'k')")
    assert str(caught.value).startswith("request 7 (key 'k'), with the defaults")
    assert f"{clash} exclude each other" in str(caught.value)


def test_what_json_cannot_hold_is_not_looked_for_in_the_defaults() -> None:
    """It is in the request, and that is where it is found."""
    shared = Defaults(GENERATE, Request(system_instruction=Content.system("b")))
    for request in (Request.of("\ud800"), Request.of("\ud800", seed=1)):
        with pytest.raises(ValueError, match=r"^contents\[0\].parts\[0\].text: holds a lone surr"):
            shared.encode(request, "here")
