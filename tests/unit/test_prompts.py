"""One prompt is one request of the API, and what could not be answered is refused at once."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from gemini_batch.errors import UsageError
from gemini_batch.models.content import Content, Part
from gemini_batch.models.generation import GenerateContentRequest, GenerationConfig
from gemini_batch.prompts import expected_bytes, generation, require_parts

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
    ],
)
def test_a_request_that_cannot_be_answered_is_refused(prompt: object, message: str) -> None:
    """The error names the request and the place in it."""
    with pytest.raises(UsageError) as caught:
        generation(prompt, "request 7 (key 'k')")

    assert f"request 7 (key 'k'): {message}" == str(caught.value)


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
