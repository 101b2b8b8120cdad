"""The two batch methods of the API, and all in which they differ."""

from typing import Any

import pytest

from gemini_batch import codec
from gemini_batch.errors import UsageError
from gemini_batch.methods import GENERATE, embed, method_of
from gemini_batch.models.base import Model
from gemini_batch.models.content import Blob, Content, Part
from gemini_batch.models.embedding import (
    EmbedContentConfig,
    EmbedContentRequest,
    EmbedContentResponse,
    EmbeddingUsageMetadata,
    TaskType,
)
from gemini_batch.models.generation import (
    GenerateContentRequest,
    GenerationResponse,
    UsageMetadata,
)

Request = EmbedContentRequest
untyped: Any = EmbedContentRequest
MIXED: Any = [Part("a"), "b"]


def test_the_methods_differ_in_this() -> None:
    """In their names, their answers, what these use, and the way requests had better go."""
    embedding = embed()
    assert ("batchGenerateContent", "asyncBatchEmbedContent") == (GENERATE.verb, embedding.verb)
    assert (GenerationResponse, EmbedContentResponse) == (GENERATE.answers, embedding.answers)
    assert (UsageMetadata(), EmbeddingUsageMetadata()) == (GENERATE.usage, embedding.usage)
    assert ("generated content", "embeddings") == (GENERATE.holds, embedding.holds)
    assert (False, True) == (GENERATE.by_file, embedding.by_file)


def test_a_method_is_found_by_its_answers() -> None:
    """That of generated content is always the same, so that it can be told from the other."""
    assert GENERATE is method_of(GenerationResponse)
    assert "asyncBatchEmbedContent" == method_of(EmbedContentResponse).verb


class Mine(GenerationResponse):
    """An answer with something of the caller's own."""


@pytest.mark.parametrize(
    ("answers", "named"),
    [
        (str, "'str'"),
        (Mine, "'Mine'"),
        (UsageMetadata, "'UsageMetadata'"),
        (Model, "'Model'"),
        ("EmbedContentResponse", "'EmbedContentResponse'"),
        (None, "None"),
    ],
)
def test_answers_of_another_type_are_refused(answers: Any, named: str) -> None:
    """The error lists the two there are, and names what was given."""
    with pytest.raises(UsageError) as caught:
        method_of(answers)

    assert (
        f"answers are of the type GenerationResponse or EmbedContentResponse, not {named}"
        == str(caught.value)
    )


def test_a_prompt_becomes_a_request_of_its_method() -> None:
    """The one takes what the other refuses."""
    text = GenerateContentRequest.of("a")
    assert text == GENERATE.request("a", "here")
    assert EmbedContentRequest.of("a") == embed().request("a", "here")
    with pytest.raises(UsageError, match="here: what is embedded is a str or an EmbedContentReq"):
        embed().request(text, "here")
    with pytest.raises(UsageError, match="here: a prompt is a str or a GenerateContentRequest"):
        GENERATE.request(EmbedContentRequest.of("a"), "here")


# Embeddings


@pytest.mark.parametrize(
    ("told", "sent"),
    [
        ((), {}),
        (("RETRIEVAL_DOCUMENT",), {"taskType": "RETRIEVAL_DOCUMENT"}),
        ((TaskType.CLUSTERING, 256), {"taskType": "CLUSTERING", "outputDimensionality": 256}),
        (("NEW_ONE", None), {"taskType": "NEW_ONE"}),
    ],
)
def test_a_text_is_embedded_as_told(told: tuple[Any, ...], sent: dict[str, Any]) -> None:
    """What it is for, and how many numbers it shall have, were said for all texts."""
    request = embed(*told).request("a", "here")

    assert {"content": {"parts": [{"text": "a"}]}, **sent} == codec.unstructure(request)


def test_a_request_says_for_itself_what_it_is_for() -> None:
    """What was told is for texts alone."""
    request = Request.of("a", title="A", task_type="CLUSTERING")
    assert request is embed("RETRIEVAL_QUERY", 256).request(request, "here")


def test_the_contents_of_a_request_are_found_whatever_its_method() -> None:
    """The instruction is one of them."""
    a, b, system = Content.user("a"), Content.model("b"), Content.system("c")
    assert [a, b] == list(GENERATE.contents_of(GenerateContentRequest([a, b])))
    assert [a, system] == list(GENERATE.contents_of(GenerateContentRequest([a], system)))
    assert [system] == list(embed().contents_of(EmbedContentRequest(system)))
    assert [] == list(embed().contents_of(EmbedContentRequest()))


def test_nothing_is_known_against_embeddings() -> None:
    """However they are asked for."""
    assert None is embed().doubt(EmbedContentRequest.of("a", output_dimensionality=5))


@pytest.mark.parametrize(
    ("model", "sent"),
    [("gemini-x", "models/gemini-x"), ("models/m", "models/m"), ("tunedModels/m", "tunedModels/m")],
)
def test_the_model_of_an_embedding_gets_its_collection(model: str, sent: str) -> None:
    """The API wants ``models/…``, and people leave it out."""
    assert Request.of("a", model=sent) == embed().request(Request.of("a", model=model), "here")


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        ("", "the text is empty"),
        (None, "what is embedded is a str or an EmbedContentRequest, not NoneType"),
        (b"a", "what is embedded is a str or an EmbedContentRequest, not bytes"),
        (["a"], "what is embedded is a str or an EmbedContentRequest, not list"),
        (Content.user("a"), "what is embedded is a str or an EmbedContentRequest, not Content"),
        (Request(), "content is missing"),
        (
            Request.of("a", embed_content_config={"title": "b"}),
            "embed_content_config is not an EmbedContentConfig but dict",
        ),
        (Request(Content()), "content.parts is empty"),
        (Request.of(""), "content.parts[0].text is empty"),
        (untyped("a"), "content is not a Content but str"),
        (Request(Content(MIXED)), "content.parts[1] is not a Part but str"),
    ],
)
def test_what_cannot_be_embedded_is_refused(prompt: object, message: str) -> None:
    """The error names the request and the place in it."""
    with pytest.raises(UsageError) as caught:
        embed().request(prompt, "request 7 (key 'k')")

    assert f"request 7 (key 'k'): {message}" == str(caught.value)


def test_media_is_embedded_as_well() -> None:
    """Whether a model takes it, the service says."""
    request = Request(Content([Part(inline_data=Blob.of(b"a", "image/png"))]))
    assert request is embed().request(request, "here")


def test_an_embedding_is_expected_to_be_large() -> None:
    """Some three thousand numbers, of a dozen digits each."""
    assert 3072 * 13 == embed().expected_bytes(Request.of("a"))


@pytest.mark.parametrize(
    ("request_", "asked"),
    [
        (Request.of("a"), None),
        (Request.of("a", output_dimensionality=256), 256),
        (Request.of("a", embed_content_config=EmbedContentConfig(output_dimensionality=128)), 128),
        (Request.of("a", extra={"embedContentConfig": {"outputDimensionality": 64}}), 64),
        (Request.of("a", extra={"embedContentConfig": 64}), None),
        (Request.of("a", extra={"outputDimensionality": "64"}), None),
    ],
)
def test_how_many_numbers_are_asked_for_is_read_from_what_is_sent(
    request_: Request, asked: int | None
) -> None:
    """In either place, and however it came there; for generated content nobody asks."""
    dimensions = embed().dimensions
    assert dimensions is not None
    assert asked == dimensions(codec.encode(request_))
    assert GENERATE.dimensions is None


def test_a_method_shows_itself_in_a_line() -> None:
    """Without the functions behind it."""
    assert "partial" not in repr(embed())
    assert repr(embed()).startswith("Method(verb='asyncBatchEmbedContent'")
