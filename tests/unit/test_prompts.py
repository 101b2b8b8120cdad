"""One prompt is one request of the API, and what could not be answered is refused at once."""

import math
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, strategies as st

from gemini_batch.errors import UsageError
from gemini_batch.models.config import GenerationConfig, ThinkingConfig
from gemini_batch.models.content import Content, Part
from gemini_batch.models.generation import GenerateContentRequest
from gemini_batch.models.service_tools import GoogleSearch
from gemini_batch.models.tool_config import ToolConfig
from gemini_batch.models.tools import Tool
from gemini_batch.prompts import doubt_about, expected_bytes, generation, require_parts

CONFIG = "generation_config"
Request = GenerateContentRequest
untyped: Any = GenerateContentRequest


@given(st.text(min_size=1))
def test_a_text_is_a_message_of_the_user(text: str) -> None:
    """And nothing else: every knob is left to the model."""
    assert Request([Content.user(text)]) == generation(text, "here")


def test_a_request_is_taken_as_it_is() -> None:
    """What is right is not made anew."""
    request = Request.of("a", system="b", temperature=1.0, max_output_tokens=5)
    assert request is generation(request, "here")


def with_part(part: Any) -> Request:
    """Return a request of one part."""
    return Request((Content((part,), "user"),))


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        ("", "the prompt is empty"),
        (None, "a prompt is a str or a GenerateContentRequest, not NoneType"),
        ({"contents": []}, "a prompt is a str or a GenerateContentRequest, not dict"),
        (["a"], "a prompt is a str or a GenerateContentRequest, not list"),
        (b"a", "a prompt is a str or a GenerateContentRequest, not bytes"),
        (Request(), "contents is empty"),
        (Request((Content.user("a"), Content())), "contents[1].parts is empty"),
        (Request.of(""), "contents[0].parts[0].text is empty"),
        (Request.of("a", system=""), "system_instruction.parts[0].text is empty"),
        (Request((Content.user("a"),), Content()), "system_instruction.parts is empty"),
        (untyped((Content.user("a"),), "b"), "system_instruction is not a Content but str"),
        (untyped("a"), "contents[0] is not a Content but str"),
        (with_part("a"), "contents[0].parts[0] is not a Part but str"),
        (
            untyped((Content.user("a"),), generation_config={"seed": 1}),
            "generation_config is not a GenerationConfig but dict",
        ),
        (
            Request.of("a", max_output_tokens="many"),
            "generation_config.max_output_tokens is not an int but str",
        ),
        (
            Request.of("a", candidate_count=1.5),
            "generation_config.candidate_count is not an int but float",
        ),
        (Request.of("a", temperature=-0.1), f"{CONFIG}.temperature is between 0 and 2, not -0.1"),
        (Request.of("a", temperature=2.1), f"{CONFIG}.temperature is between 0 and 2, not 2.1"),
        (Request.of("a", top_p=1.5), f"{CONFIG}.top_p is between 0 and 1, not 1.5"),
        (Request.of("a", max_output_tokens=0), f"{CONFIG}.max_output_tokens is 1 or more, not 0"),
        (Request.of("a", candidate_count=-1), f"{CONFIG}.candidate_count is 1 or more, not -1"),
        (
            Request.of("a", stop_sequences=["a"] * 6),
            f"{CONFIG}.stop_sequences are 5 at most, not 6",
        ),
        (
            Request.of("a", response_schema={}, response_json_schema={}),
            f"{CONFIG}: response_schema and response_json_schema exclude each other",
        ),
        (
            Request.of("a", thinking_config=ThinkingConfig(None, 0, "LOW")),
            f"{CONFIG}.thinking_config: thinking_budget and thinking_level exclude each other",
        ),
    ],
)
def test_a_request_that_cannot_be_answered_is_refused(prompt: object, message: str) -> None:
    """The error names the request and the place in it."""
    with pytest.raises(UsageError) as caught:
        generation(prompt, "request 7 (key 'k')")

    assert f"request 7 (key 'k'): {message}" == str(caught.value)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("system_instruction", Content.system("b")),
        ("tools", [Tool(google_search=GoogleSearch())]),
        ("tool_config", ToolConfig()),
    ],
)
def test_what_is_cached_with_a_content_is_refused_beside_one(member: str, value: Any) -> None:
    """The service would refuse it, and with it all requests of a file."""
    request = Request.of("a").with_model("models/m")
    with pytest.raises(UsageError) as caught:
        generation(evolve(request, cached_content="cachedContents/c", **{member: value}), "here")
    assert str(caught.value).startswith(f"here: cached_content and {member} exclude each other")
    for sound in ({member: value}, {"cached_content": "cachedContents/c"}):
        one = evolve(request, **sound)
        assert one is generation(one, "here")


@pytest.mark.parametrize(
    "knobs",
    [
        {"temperature": 0, "top_p": 0, "max_output_tokens": 1, "candidate_count": 1},
        {"temperature": 2.0, "top_p": 1, "max_output_tokens": 2**31, "candidate_count": 8},
        {"temperature": math.nan, "stop_sequences": ["a"] * 5},
        {"temperature": "hot"},
        {"thinking_config": ThinkingConfig(thinking_budget=-1, include_thoughts=True)},
        {"thinking_config": ThinkingConfig(thinking_level="LOW")},
        {"thinking_config": {"thinkingBudget": 5, "thinkingLevel": "LOW"}},
        {"response_schema": {}},
    ],
)
def test_what_may_be_answered_is_not_refused_here(knobs: dict[str, Any]) -> None:
    """What is no number, or no model, is for the encoding to find, which names the place."""
    request = Request.of("a", **knobs)
    assert request is generation(request, "here")
    assert None is doubt_about(request)


def test_a_schema_that_is_answered_badly_is_doubted() -> None:
    """The service takes it, so that it is not refused."""
    request = Request.of("a", response_json_schema={"type": "string"})
    assert request is generation(request, "here")
    assert "response_json_schema was seen to be answered with broken JSON" in str(
        doubt_about(request)
    )
    assert None is doubt_about(Request.of("a"))


@pytest.mark.parametrize(
    ("model", "sent"),
    [("gemini-x", "models/gemini-x"), ("models/m", "models/m"), ("tunedModels/m", "tunedModels/m")],
)
def test_a_model_of_a_request_gets_its_collection(model: str, sent: str) -> None:
    """The API wants ``models/…``, and people leave it out."""
    request = Request.of("a", seed=1)
    assert request.with_model(sent) == generation(request.with_model(model), "here")


def test_parts_that_are_no_text_are_not_empty() -> None:
    """Only the service can say what it makes of them."""
    require_parts(Content((Part(), Part(extra={"executableCode": {}}))), "here")


@pytest.mark.parametrize(
    ("request_", "size"),
    [
        (Request.of("a"), 4 * 2048),
        (Request.of("a", temperature=1.0), 4 * 2048),
        (Request.of("a", max_output_tokens=65536), 4 * 65536),
        (Request.of("a", max_output_tokens=1), 4),
        (Request.of("a", candidate_count=8), 8 * 4 * 2048),
        (Request.of("a", max_output_tokens=100, candidate_count=2), 2 * 4 * 100),
        (Request.of("a", response_modalities=["TEXT"]), 4 * 2048),
        (Request.of("a", response_modalities=["TEXT", "IMAGE"]), 4 * 2048 + (3 << 20)),
        (Request.of("a", response_modalities=["AUDIO"]), 4 * 2048 + (3 << 20)),
    ],
)
def test_the_size_of_an_answer_is_guessed(request_: Request, size: int) -> None:
    """By what was asked for: tokens, candidates, and media of megabytes."""
    assert size == expected_bytes(request_)


def test_a_configuration_of_nothing_changes_nothing() -> None:
    """It is as good as none."""
    request = Request((Content.user("a"),), generation_config=GenerationConfig())
    assert request is generation(request, "here")
    assert expected_bytes(Request.of("a")) == expected_bytes(request)
