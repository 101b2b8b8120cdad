"""Builders: each step is one member of the JSON, and a batch is handed on once, as it came."""

import asyncio
import json
import math
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import pytest
from attrs import define, field
from hypothesis import given, strategies as st

from gemini_batch import codec
from gemini_batch.builders import BatchBuilder, GenerateContentBuilder
from gemini_batch.endpoints.batches import inline_batch
from gemini_batch.errors import UsageError
from gemini_batch.methods import GENERATE, Method, embed
from gemini_batch.models.config import GenerationConfig, ThinkingConfig, ThinkingLevel
from gemini_batch.models.content import Content, Part
from gemini_batch.models.creation import AsyncBatchEmbedContentRequest, BatchGenerateContentRequest
from gemini_batch.models.embedding import EmbedContentRequest
from gemini_batch.models.file import File
from gemini_batch.models.formats import ImageConfig
from gemini_batch.models.generation import GenerateContentRequest
from gemini_batch.models.media import MediaResolution
from gemini_batch.models.safety import HarmBlockThreshold, HarmCategory, SafetySetting
from gemini_batch.models.service_tools import CodeExecution, GoogleSearch, UrlContext
from gemini_batch.models.speech import (
    PrebuiltVoiceConfig,
    SpeakerVoiceConfig,
    SpeechConfig,
    VoiceConfig,
)
from gemini_batch.models.tool_config import FunctionCallingMode, RetrievalConfig, ToolConfig
from gemini_batch.models.tools import FunctionDeclaration, Tool
from gemini_batch.prompts import generation
from gemini_batch.schema import schema_of
from gemini_batch.spool import MemorySpool
from gemini_batch.submission import Submission

Begun = GenerateContentBuilder
Step = Callable[[Begun], Begun]
untyped: Any = lambda value: value  # noqa: E731 - what a caller without a type checker may give


def built(step: Step) -> Any:
    """Return the JSON of a request with a message and one step more."""
    return codec.unstructure(step(Begun().with_user_message("a")).build())


MESSAGE = {"parts": [{"text": "a"}], "role": "user"}

# One request: messages


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (lambda b: b.with_user_message("b"), {"parts": [{"text": "b"}], "role": "user"}),
        (lambda b: b.with_model_message("b"), {"parts": [{"text": "b"}], "role": "model"}),
        (
            lambda b: b.with_message(Content([Part("b"), Part("c")], "user")),
            {"parts": [{"text": "b"}, {"text": "c"}], "role": "user"},
        ),
        (
            lambda b: b.with_inline_data(b"\xfb\xff", "image/png"),
            {
                "parts": [{"inlineData": {"mimeType": "image/png", "data": "+/8="}}],
                "role": "user",
            },
        ),
        (
            lambda b: b.with_inline_data(b"GIF89a"),
            {
                "parts": [{"inlineData": {"mimeType": "image/gif", "data": "R0lGODlh"}}],
                "role": "user",
            },
        ),
        (
            lambda b: b.with_inline_data(b"GIF89a", resolution="MEDIA_RESOLUTION_HIGH"),
            {
                "parts": [
                    {
                        "inlineData": {"mimeType": "image/gif", "data": "R0lGODlh"},
                        "mediaResolution": {"level": "MEDIA_RESOLUTION_HIGH"},
                    }
                ],
                "role": "user",
            },
        ),
        (
            lambda b: b.with_part(Part.from_url("https://video.example/a")),
            {"parts": [{"fileData": {"fileUri": "https://video.example/a"}}], "role": "user"},
        ),
        (
            lambda b: b.with_function_response_str("tide", '{"metres": 3.5}', "call_1"),
            {
                "parts": [
                    {
                        "functionResponse": {
                            "name": "tide",
                            "response": {"metres": 3.5},
                            "id": "call_1",
                        }
                    }
                ],
                "role": "user",
            },
        ),
        (
            lambda b: b.with_file("https://files.example/a", "image/png"),
            {
                "parts": [
                    {"fileData": {"fileUri": "https://files.example/a", "mimeType": "image/png"}}
                ],
                "role": "user",
            },
        ),
        (
            lambda b: b.with_file("https://files.example/a"),
            {"parts": [{"fileData": {"fileUri": "https://files.example/a"}}], "role": "user"},
        ),
        (
            lambda b: b.with_file(File("files/a", uri="https://files.example/a")),
            {"parts": [{"fileData": {"fileUri": "https://files.example/a"}}], "role": "user"},
        ),
        (
            lambda b: b.with_file(File("files/a", mime_type="text/csv", uri="a://u")),
            {"parts": [{"fileData": {"fileUri": "a://u", "mimeType": "text/csv"}}], "role": "user"},
        ),
        (
            lambda b: b.with_file(File("files/a", mime_type="text/csv", uri="a://u"), "text/plain"),
            {
                "parts": [{"fileData": {"fileUri": "a://u", "mimeType": "text/plain"}}],
                "role": "user",
            },
        ),
        (
            lambda b: b.with_function_response("tide", {"metres": 3.5}),
            {
                "parts": [{"functionResponse": {"name": "tide", "response": {"metres": 3.5}}}],
                "role": "user",
            },
        ),
    ],
)
def test_a_message_is_added_after_the_others(step: Step, message: object) -> None:
    """In the API's words, with its role, and nothing else of the request is touched."""
    assert {"contents": [MESSAGE, message]} == built(step)


def test_messages_keep_the_order_of_the_steps() -> None:
    """A conversation is read from its beginning; an iterator is read once."""
    builder = (
        Begun()
        .with_user_message("1")
        .with_model_message("2")
        .with_messages(iter([Content.user("3"), Content.model("4")]))
        .with_messages([])
        .with_file("a://5")
        .with_user_message("6")
    )

    contents = builder.build().contents

    assert ["1", "2", "3", "4", None, "6"] == [content.parts[0].text for content in contents]
    assert ["user", "model", "user", "model", "user", "user"] == [one.role for one in contents]
    assert "<GenerateContentBuilder, 6 messages>" == repr(builder)


def test_what_came_of_calls_made_together_is_one_message() -> None:
    """With the identity of each call where it has one; what came of later ones is another."""
    builder = (
        Begun()
        .with_user_message("a")
        .with_function_response("f", {"x": 1}, "call_1")
        .with_function_response("g", {}, call_id="call_2")
        .with_model_message("b")
        .with_function_response("f", {"x": 2})
    )

    contents = codec.unstructure(builder.build())["contents"]

    calls = [
        {"functionResponse": {"name": "f", "response": {"x": 1}, "id": "call_1"}},
        {"functionResponse": {"name": "g", "response": {}, "id": "call_2"}},
    ]
    assert [
        MESSAGE,
        {"parts": calls, "role": "user"},
        {"parts": [{"text": "b"}], "role": "model"},
        {"parts": [{"functionResponse": {"name": "f", "response": {"x": 2}}}], "role": "user"},
    ] == contents


def test_what_came_of_a_call_may_begin_the_messages() -> None:
    """Whether that makes sense, the service says."""
    assert 1 == len(Begun().with_function_response("f", {}).build().contents)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (lambda b: b.with_user_message(""), "message 1.parts[0].text is empty"),
        (lambda b: b.with_message(Content()), "message 1.parts is empty"),
        (
            lambda b: b.with_messages([Content.user("b"), untyped("c")]),
            "message 2 is not a Content but str",
        ),
    ],
)
def test_a_message_that_is_none_is_refused_at_its_step(step: Step, message: str) -> None:
    """It is named by its place, and nothing of it is kept."""
    builder = Begun().with_user_message("a")

    with pytest.raises(UsageError) as caught:
        step(builder)

    assert message == str(caught.value)
    assert [Content.user("a")] == list(builder.build().contents)


def test_a_schema_stays_as_it_was_given() -> None:
    """Whoever goes on with it in place changes no request that was made before."""
    schema: dict[str, Any] = {"type": "OBJECT", "properties": {}}
    builder = Begun().with_user_message("a").with_response_schema(schema)
    schema["properties"]["x"] = {"type": "STRING"}

    config = builder.build().generation_config
    assert config is not None
    assert {"type": "OBJECT", "properties": {}} == config.response_schema


def test_a_class_or_its_schema_is_asked_for_in_json() -> None:
    """What the class cannot be is refused at once."""
    schema = {"type": "ARRAY", "items": {"type": "INTEGER"}}
    expected = {"responseMimeType": "application/json", "responseSchema": schema}

    for kind in (list[int], schema_of(list[int])):
        assert expected == built(lambda b: b.with_response_schema(kind))["generationConfig"]  # noqa: B023 - called here and now
    with pytest.raises(UsageError, match="object is nothing that a schema of the API can express"):
        Begun().with_response_schema(object)


@pytest.mark.parametrize(("file", "named"), [(File("files/a"), "files/a"), (File(), "this file")])
def test_a_file_without_an_address_is_refused(file: File, named: str) -> None:
    """Only the service can tell it, and the error says so."""
    with pytest.raises(UsageError) as caught:
        Begun().with_file(file)

    assert f"{named} has no uri: get it from the service" == str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1]", "the response of 'tide' is not a JSON object"),
        ("3.5", "the response of 'tide' is not a JSON object"),
        ("metres", "the response of 'tide' cannot be read: "),
        ("\ud800", "the response of 'tide' cannot be read: "),
    ],
)
def test_what_came_of_a_call_is_a_json_object(text: str, message: str) -> None:
    """Anything else is refused at its step, and no message is added."""
    builder = Begun()
    with pytest.raises(UsageError) as caught:
        builder.with_function_response_str("tide", text)
    assert str(caught.value).startswith(message)
    assert "<GenerateContentBuilder, 0 messages>" == repr(builder)


# One request: all besides


THINKING = "thinkingConfig"
KORE = {"prebuiltVoiceConfig": {"voiceName": "Kore"}}


@pytest.mark.parametrize(
    ("step", "member", "value"),
    [
        (lambda b: b.with_system_instruction("Be brief"), *("systemInstruction", "Be brief")),
        (lambda b: b.with_system_instruction(Content.system("x")), *("systemInstruction", "x")),
        (lambda b: b.with_system_prompt("Be brief"), *("systemInstruction", "Be brief")),
        (lambda b: b.with_model("models/gemini-x"), *("model", "models/gemini-x")),
        (lambda b: b.with_cached_content("cachedContents/c"), "cachedContent", "cachedContents/c"),
    ],
)
def test_a_step_sets_a_member_of_the_request(step: Step, member: str, value: str) -> None:
    """An instruction is a content without a role."""
    wanted: Any = {"parts": [{"text": value}]} if member == "systemInstruction" else value
    assert {"contents": [MESSAGE], member: wanted} == built(step)


@pytest.mark.parametrize(
    ("step", "config"),
    [
        (lambda b: b.with_temperature(0), {"temperature": 0}),
        (lambda b: b.with_temperature(0.5), {"temperature": 0.5}),
        (lambda b: b.with_top_p(0.9), {"topP": 0.9}),
        (lambda b: b.with_top_k(40), {"topK": 40}),
        (lambda b: b.with_max_output_tokens(100), {"maxOutputTokens": 100}),
        (lambda b: b.with_candidate_count(2), {"candidateCount": 2}),
        (lambda b: b.with_stop_sequences(["END", "\n"]), {"stopSequences": ["END", "\n"]}),
        (lambda b: b.with_stop_sequences(iter(["END"])), {"stopSequences": ["END"]}),
        (lambda b: b.with_seed(0), {"seed": 0}),
        (lambda b: b.with_presence_penalty(0.1), {"presencePenalty": 0.1}),
        (lambda b: b.with_frequency_penalty(-0.1), {"frequencyPenalty": -0.1}),
        (lambda b: b.with_response_mime_type("text/x.enum"), {"responseMimeType": "text/x.enum"}),
        (
            lambda b: b.with_response_schema({"type": "STRING"}),
            {"responseMimeType": "application/json", "responseSchema": {"type": "STRING"}},
        ),
        (
            lambda b: b.with_response_modalities(["TEXT", "IMAGE"]),
            {"responseModalities": ["TEXT", "IMAGE"]},
        ),
        (lambda b: b.with_thinking_budget(0), {THINKING: {"thinkingBudget": 0}}),
        (lambda b: b.with_thinking_budget(-1), {THINKING: {"thinkingBudget": -1}}),
        (lambda b: b.with_thinking_level("LOW"), {THINKING: {"thinkingLevel": "LOW"}}),
        (lambda b: b.with_dynamic_thinking(), {THINKING: {"thinkingBudget": -1}}),
        (lambda b: b.with_thoughts_included(), {THINKING: {"includeThoughts": True}}),
        (lambda b: b.with_thoughts_included(include=False), {THINKING: {"includeThoughts": False}}),
        (
            lambda b: b.with_seed(1).with_thinking_config(ThinkingConfig(thinking_budget=9)),
            {"seed": 1, THINKING: {"thinkingBudget": 9}},
        ),
        (
            lambda b: b.with_thinking_budget(5).with_thinking_level(ThinkingLevel.HIGH),
            {THINKING: {"thinkingLevel": "HIGH"}},
        ),
        (
            lambda b: b.with_thinking_level("LOW").with_thinking_budget(5),
            {THINKING: {"thinkingBudget": 5}},
        ),
        (
            lambda b: b.with_response_schema({}).with_response_json_schema({"type": "string"}),
            {"responseMimeType": "application/json", "responseJsonSchema": {"type": "string"}},
        ),
        (
            lambda b: b.with_response_json_schema({}).with_response_schema({"type": "STRING"}),
            {"responseMimeType": "application/json", "responseSchema": {"type": "STRING"}},
        ),
        (
            lambda b: b.with_response_mime_type("text/x.enum").with_response_schema({}),
            {"responseMimeType": "text/x.enum", "responseSchema": {}},
        ),
        (lambda b: b.with_audio_output(), {"responseModalities": ["AUDIO"]}),
        (
            lambda b: b.with_speech_config(SpeechConfig(language_code="de-DE")),
            {"speechConfig": {"languageCode": "de-DE"}},
        ),
        (
            lambda b: b.with_voice("Kore"),
            {"responseModalities": ["AUDIO"], "speechConfig": {"voiceConfig": KORE}},
        ),
        (
            lambda b: b.with_multi_speaker_config(
                iter([SpeakerVoiceConfig("Ann", VoiceConfig(PrebuiltVoiceConfig("Kore")))])
            ),
            {
                "responseModalities": ["AUDIO"],
                "speechConfig": {
                    "multiSpeakerVoiceConfig": {
                        "speakerVoiceConfigs": [{"speaker": "Ann", "voiceConfig": KORE}]
                    }
                },
            },
        ),
        (
            lambda b: (
                b.with_speech_config(SpeechConfig(language_code="de-DE"))
                .with_multi_speaker_config([])
                .with_voice("Kore")
            ),
            {
                "responseModalities": ["AUDIO"],
                "speechConfig": {"languageCode": "de-DE", "voiceConfig": KORE},
            },
        ),
        (
            lambda b: b.with_image_config(ImageConfig("16:9", "2K")),
            {"imageConfig": {"aspectRatio": "16:9", "imageSize": "2K"}},
        ),
        (
            lambda b: b.with_media_resolution(MediaResolution.LOW),
            {"mediaResolution": "MEDIA_RESOLUTION_LOW"},
        ),
        (lambda b: b.with_generation_config(GenerationConfig(seed=7)), {"seed": 7}),
    ],
)
def test_a_step_turns_one_knob(step: Step, config: object) -> None:
    """It is written in the API's words, zero included, and no other knob is."""
    assert {"contents": [MESSAGE], "generationConfig": config} == built(step)


def test_knobs_add_up() -> None:
    """A step leaves what others set, within the thinking as well, and the last word counts."""
    config = GenerationConfig(
        seed=7,
        thinking_config=ThinkingConfig(include_thoughts=True, extra={"later": 1}),
        extra={"speechConfig": {}},
    )

    found = built(
        lambda b: (
            b.with_seed(1)
            .with_generation_config(config)
            .with_temperature(1.0)
            .with_temperature(0.2)
            .with_thinking_budget(5)
        )
    )

    assert {
        "seed": 7,
        "temperature": 0.2,
        "speechConfig": {},
        THINKING: {
            "includeThoughts": True,
            "thinkingBudget": 5,
            "later": 1,
        },
    } == found["generationConfig"]


@pytest.mark.parametrize("step", ["with_stop_sequences", "with_response_modalities"])
def test_a_string_is_no_list_of_strings(step: str) -> None:
    """A pair of brackets forgotten would send its letters."""
    with pytest.raises(UsageError, match="wrap it in a list"):
        getattr(Begun(), step)("TEXT")


def test_the_last_instruction_counts() -> None:
    """There is one, unlike messages."""
    found = built(lambda b: b.with_system_instruction("one").with_system_instruction("two"))
    assert {"parts": [{"text": "two"}]} == found["systemInstruction"]


# One request: tools

F, G = FunctionDeclaration("f", "Does f."), FunctionDeclaration("g", parameters={"type": "OBJECT"})
F_JSON = {"name": "f", "description": "Does f."}
G_JSON = {"name": "g", "parameters": {"type": "OBJECT"}}
SEARCH = Tool(google_search=GoogleSearch())
MODES: list[tuple[Step, dict[str, Any]]] = [
    (
        lambda b: b.with_function_calling_mode("NONE"),
        {"functionCallingConfig": {"mode": "NONE"}},
    ),
    (
        lambda b: b.with_function_calling_mode(FunctionCallingMode.ANY, ["f"]),
        {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}},
    ),
    (
        lambda b: b.with_tool_config(
            ToolConfig(retrieval_config=RetrievalConfig(language_code="de"))
        ),
        {"retrievalConfig": {"languageCode": "de"}},
    ),
]


@pytest.mark.parametrize(
    ("step", "tools"),
    [
        (lambda b: b.with_tool(SEARCH), [{"googleSearch": {}}]),
        (
            lambda b: b.with_tool(Tool(code_execution=CodeExecution())).with_tool(
                Tool(url_context=UrlContext())
            ),
            [{"codeExecution": {}}, {"urlContext": {}}],
        ),
        (
            lambda b: b.with_google_search().with_url_context().with_code_execution(),
            [{"googleSearch": {}}, {"urlContext": {}}, {"codeExecution": {}}],
        ),
        (lambda b: b.with_function(F), [{"functionDeclarations": [F_JSON]}]),
        (
            lambda b: b.with_function(F).with_function(G),
            [{"functionDeclarations": [F_JSON, G_JSON]}],
        ),
        (
            lambda b: b.with_tool(SEARCH).with_function(F).with_function(G),
            [{"googleSearch": {}}, {"functionDeclarations": [F_JSON, G_JSON]}],
        ),
        (
            lambda b: b.with_tool(Tool([F])).with_function(G),
            [{"functionDeclarations": [F_JSON, G_JSON]}],
        ),
        (
            lambda b: b.with_function(F).with_tool(SEARCH).with_function(G),
            [{"functionDeclarations": [F_JSON, G_JSON]}, {"googleSearch": {}}],
        ),
    ],
)
def test_functions_are_one_tool_beside_the_others(step: Step, tools: object) -> None:
    """A tool that is turned on by an empty object is written as one."""
    assert {"contents": [MESSAGE], "tools": tools} == built(step)


@pytest.mark.parametrize(("step", "config"), MODES)
def test_a_step_says_how_the_tools_are_used(step: Step, config: object) -> None:
    """It stands beside the tools."""
    assert {"contents": [MESSAGE], "toolConfig": config} == built(step)


def test_a_mode_of_calling_leaves_the_rest_of_the_tools_alone() -> None:
    """What concerns retrieval stays, and of modes the last counts."""
    config = ToolConfig(retrieval_config=RetrievalConfig(language_code="de"))
    found = built(
        lambda b: (
            b.with_tool_config(config)
            .with_function_calling_mode("ANY", ["f"])
            .with_function_calling_mode("AUTO")
        )
    )
    assert {
        "functionCallingConfig": {"mode": "AUTO"},
        "retrievalConfig": {"languageCode": "de"},
    } == found["toolConfig"]


def test_safety_settings_take_the_place_of_earlier_ones() -> None:
    """They are given all at once."""
    one = SafetySetting(HarmCategory.HARASSMENT, HarmBlockThreshold.OFF)
    other = SafetySetting("HARM_CATEGORY_NEW", "BLOCK_NONE")
    found = built(lambda b: b.with_safety_settings([one]).with_safety_settings(iter([other])))
    assert [{"category": "HARM_CATEGORY_NEW", "threshold": "BLOCK_NONE"}] == found["safetySettings"]


# One request: building


def test_a_request_is_built_again_and_again() -> None:
    """What was built stays as it was, and the builder goes on from there."""
    builder = Begun().with_user_message("a").with_function(F)
    first, again = builder.build(), builder.build()

    later = builder.with_user_message("b").with_function(G).with_seed(1).build()

    assert first == again == GenerateContentRequest([Content.user("a")], tools=[Tool([F])])
    assert first.generation_config is None
    assert later == GenerateContentRequest(
        [Content.user("a"), Content.user("b")],
        generation_config=GenerationConfig(seed=1),
        tools=[Tool([F, G])],
    )


def test_each_step_returns_its_own_builder() -> None:
    """So that steps may be written in a row or one by one; two builders share nothing."""
    builder, other = Begun(), Begun()
    config, tool, message = GenerationConfig(), Tool(), Content.user("a")
    arguments: dict[str, tuple[Any, ...]] = {
        "with_user_message": ("a",),
        "with_model_message": ("a",),
        "with_message": (message,),
        "with_messages": ([message],),
        "with_system_instruction": ("a",),
        "with_inline_data": (b"a", "text/plain"),
        "with_file": ("a://uri",),
        "with_function_response": ("f", {}),
        "with_function_response_str": ("f", "{}"),
        "with_part": (Part("a"),),
        "with_google_search": (),
        "with_url_context": (),
        "with_code_execution": (),
        "with_audio_output": (),
        "with_dynamic_thinking": (),
        "with_safety_settings": ([],),
        "with_multi_speaker_config": ([],),
        "with_response_json_schema": ({},),
        "with_generation_config": (config,),
        "with_stop_sequences": (["a"],),
        "with_response_schema": ({},),
        "with_response_modalities": (["TEXT"],),
        "with_tool": (tool,),
        "with_function": (F,),
    }
    # A config that is none would be found out at the next step.
    replaced = ("with_thinking_config", "with_speech_config", "with_tool_config")
    arguments |= dict.fromkeys(replaced, (None,))
    steps = [name for name in dir(Begun) if name.startswith("with_")]

    for name in steps:
        assert builder is getattr(builder, name)(*arguments.get(name, (1,)))

    assert set(arguments) < set(steps)
    assert GenerateContentRequest() == other._request


def test_a_request_without_a_message_is_refused() -> None:
    """An instruction is none; the error says what to add."""
    builder = Begun().with_system_instruction("Be brief").with_seed(1)

    with pytest.raises(UsageError, match=r"this request has no message: add one, such as with_u"):
        builder.build()

    assert 1 == len(builder.with_user_message("a").build().contents)


def test_what_is_built_may_be_submitted() -> None:
    """It passes the checks of a batch as it is."""
    request = Begun().with_inline_data(b"a", "image/png").with_temperature(1).build()
    assert request is generation(request, "request 0")


# A batch


@define
class Desk:
    """Where a batch is handed in: it notes what came, and gives a receipt."""

    came: list[tuple[Any, ...]] = field(factory=list)

    def __call__(
        self, requests: Any, model: str | None, name: str | None, via: Any, defaults: Any, /
    ) -> str:
        """Take a batch in."""
        self.came.append((requests, model, name, via, defaults))
        return f"receipt {len(self.came)}"


Batch = BatchBuilder[Any, Any, str]


def begun(method: Method[Any] = GENERATE) -> tuple[Batch, Desk]:
    """Return a builder, and where it hands its batch in."""
    desk = Desk()
    return BatchBuilder(method, desk, "gemini-z", takes_asynchronous=True), desk


async def texts(*values: Any) -> AsyncIterator[Any]:
    """Yield requests, one after the other."""
    for value in values:
        await asyncio.sleep(0)
        yield value


def handed_in(desk: Desk) -> list[Any]:
    """Return the requests that were handed in, whichever way they come."""
    ((requests, *_),) = desk.came
    if not isinstance(requests, AsyncIterable):
        return list(requests)

    async def read() -> list[Any]:
        return [entry async for entry in requests]

    return asyncio.run(read())


@pytest.mark.parametrize(("verb", "via"), [("execute", "inline"), ("execute_as_file", "file")])
def test_a_batch_is_handed_in_as_it_was_put_together(verb: str, via: str) -> None:
    """Requests in the order of the steps; model, name and the way as told; the reply comes back."""
    builder, desk = begun()
    builder = (
        builder.with_request("a")
        .with_requests({"k": "b", "l": "c"})
        .with_model("gemini-y")
        .with_requests(["d", ("m", "e")])
        .with_name("sky")
        .with_request("f", key="n")
        .with_model("gemini-x")
    )

    assert "receipt 1" == getattr(builder, verb)()

    assert ("models/gemini-x", "sky", via, None) == desk.came[0][1:]
    assert ["a", ("k", "b"), ("l", "c"), "d", ("m", "e"), ("n", "f")] == handed_in(desk)


def test_where_nothing_is_told_the_model_is_the_clients() -> None:
    """And there is no name."""
    builder, desk = begun()
    builder.with_request("a").execute()
    assert ("models/gemini-z", None, "inline", None) == desk.came[0][1:]


@pytest.mark.parametrize("verb", ["build", "execute", "execute_as_file"])
@pytest.mark.parametrize(
    ("spoil", "mend", "message"),
    [
        (
            lambda b: b.with_model(""),
            lambda b: b.with_model("gemini-x"),
            "no model: give model=…",
        ),
        (
            lambda b: b.with_model("a b"),
            lambda b: b.with_model("gemini-x"),
            "'a b' is not the name of a model",
        ),
        (
            lambda b: b.with_name("x" * 400),
            lambda b: b.with_name("x"),
            "the display name has 400 characters",
        ),
        (
            lambda b: b.with_name(untyped(7)),
            lambda b: b.with_name("7"),
            "the display name is a string, not int",
        ),
    ],
)
def test_what_can_be_mended_does_not_use_a_builder_up(
    verb: str, spoil: Callable[[Batch], Batch], mend: Callable[[Batch], Batch], message: str
) -> None:
    """No request was drawn yet, and none is lost."""
    builder, desk = begun()
    spoil(builder.with_requests(iter(["a"])))

    with pytest.raises(UsageError) as caught:
        getattr(builder, verb)()

    assert str(caught.value).startswith(message)
    assert [] == desk.came
    getattr(mend(builder), verb)()


def test_a_client_without_a_model_says_how_to_give_one() -> None:
    """Where the steps named none either."""
    builder: Batch = BatchBuilder(GENERATE, Desk(), None)
    with pytest.raises(UsageError, match="no model: give model="):
        builder.with_request("a").execute()
    assert "receipt 1" == builder.with_model("gemini-x").execute()


@pytest.mark.parametrize(("verb", "via"), [("execute", "inline"), ("execute_as_file", "file")])
def test_defaults_are_handed_in_beside_the_requests(verb: str, via: str) -> None:
    """They are merged on the way, and of several the last are taken."""
    shared = GenerateContentRequest(system_instruction=Content.system("b"))
    builder, desk = begun()
    builder.with_defaults(GenerateContentRequest(store=True)).with_request("a")

    getattr(builder.with_defaults(shared), verb)()

    assert ("models/gemini-z", None, via, shared) == desk.came[0][1:]
    assert ["a"] == handed_in(desk)


def test_defaults_stand_in_the_requests_of_a_call_that_is_looked_at() -> None:
    """As they would be sent."""
    builder, _ = begun()
    builder.with_requests(["a", GenerateContentRequest.of("b", seed=1)]).with_defaults(
        GenerateContentRequest(generation_config=GenerationConfig(temperature=0.5))
    )

    call = codec.unstructure(builder.build())

    requests = call["batch"]["inputConfig"]["requests"]["requests"]
    assert [{"temperature": 0.5}, {"seed": 1, "temperature": 0.5}] == [
        one["request"]["generationConfig"] for one in requests
    ]


def test_defaults_that_cannot_be_shared_are_refused_at_their_step() -> None:
    """And the builder has those it had."""
    builder, _ = begun()
    with pytest.raises(UsageError, match="defaults: contents cannot be shared"):
        builder.with_defaults(GenerateContentRequest.of("a"))
    with pytest.raises(UsageError, match="defaults are of the type GenerateContentRequest, not Em"):
        builder.with_defaults(EmbedContentRequest())
    assert {"contents": [MESSAGE]} == codec.unstructure(
        builder.with_request("a").build().batch.input_config.requests.requests[0].request
    )


def test_requests_are_drawn_one_by_one() -> None:
    """Millions of them may come from generators, and none is asked for before it is needed."""
    drawn: list[int] = []

    def counting(start: int) -> Iterator[str]:
        for number in range(start, start + 1_000_000):
            drawn.append(number)
            yield str(number)

    builder, desk = begun()
    builder.with_requests(counting(0)).with_requests(counting(1_000_000)).execute_as_file()
    assert [] == drawn

    assert ["0", "1", "2"] == list(islice(desk.came[0][0], 3))
    assert [0, 1, 2] == drawn


def test_requests_that_come_asynchronously_keep_their_place() -> None:
    """Those before and after them are not overtaken."""
    builder, desk = begun()
    builder.with_request("a").with_requests(texts("b", ("k", "c"))).with_requests({"l": "d"})
    builder.with_requests(texts()).with_request("e").execute()

    assert isinstance(desk.came[0][0], AsyncIterable)
    assert ["a", "b", ("k", "c"), ("l", "d"), "e"] == handed_in(desk)


def test_asynchronous_requests_are_drawn_one_by_one() -> None:
    """As the others are."""
    drawn: list[int] = []

    async def counting() -> AsyncIterator[str]:
        for number in range(1_000_000):
            drawn.append(number)
            yield str(number)

    builder, desk = begun()
    builder.with_requests(counting()).execute()
    assert [] == drawn

    async def two() -> list[str]:
        entries = desk.came[0][0]
        found = [await anext(entries), await anext(entries)]
        await entries.aclose()
        return found

    assert ["0", "1"] == asyncio.run(two())
    assert [0, 1] == drawn


def test_a_synchronous_client_takes_nothing_that_must_be_awaited() -> None:
    """It is refused at the very step, and not when the batch is executed."""
    builder: Batch = BatchBuilder(GENERATE, Desk(), "gemini-z")
    with pytest.raises(UsageError, match="a mapping or an iterable of requests, not async_gen"):
        builder.with_requests(texts("a"))


@pytest.mark.parametrize("wrong", ["one prompt", b"bytes", GenerateContentRequest.of("a")])
def test_one_request_is_told_from_many(wrong: Any) -> None:
    """At the very step that gave it, and the builder is of use all the same."""
    builder, desk = begun()

    with pytest.raises(UsageError, match="wrap it in a list"):
        builder.with_requests(wrong)
    with pytest.raises(UsageError, match="takes a mapping or an iterable of requests, not int"):
        builder.with_requests(untyped(5))

    builder.with_request("a").execute()
    assert ["a"] == handed_in(desk)


VERBS = ["build", "execute", "execute_as_file"]


@pytest.mark.parametrize("second", VERBS)
@pytest.mark.parametrize("first", VERBS)
def test_a_batch_is_made_once(first: str, second: str) -> None:
    """Its requests may come from an iterator; the error says what used it up."""
    builder, desk = begun()
    assert "<BatchBuilder of generated content>" == repr(builder)
    getattr(builder.with_requests(iter(["a"])), first)()
    handed = len(desk.came)

    with pytest.raises(UsageError) as caught:
        getattr(builder, second)()

    assert f"this builder was used up by {first}(); begin another batch with the client" == str(
        caught.value
    )
    assert handed == len(desk.came)
    assert f"<BatchBuilder of generated content, used up by {first}()>" == repr(builder)


@pytest.mark.parametrize("verb", ["execute", "execute_as_file"])
def test_a_batch_that_was_refused_is_used_up_as_well(verb: str) -> None:
    """Some of its requests may have been drawn, and would be missing from a second try."""

    def refuse(*_: Any) -> str:
        raise UsageError("no")

    builder: Batch = BatchBuilder(GENERATE, refuse, "gemini-z")
    with pytest.raises(UsageError, match="no"):
        getattr(builder, verb)()
    with pytest.raises(UsageError, match=rf"used up by {verb}\(\)"):
        getattr(builder, verb)()


# The create call


def call_of(name: str, entries: Iterable[Any], method: Method[Any] = GENERATE) -> Any:
    """Return the JSON of the create call that would be sent for these requests."""
    submission = Submission(MemorySpool(), method)
    submission.add(list(entries))
    return json.loads(inline_batch(name, submission.inlined()))


ENTRIES = st.lists(
    st.text(min_size=1, max_size=5)
    | st.tuples(st.text(max_size=3).map("k{}".format), st.text(min_size=1, max_size=5)),
    min_size=1,
    max_size=5,
    unique_by=lambda entry: entry[0] if isinstance(entry, tuple) else object(),
)


@pytest.mark.parametrize(
    ("method", "kind"),
    [(GENERATE, BatchGenerateContentRequest), (embed(), AsyncBatchEmbedContentRequest)],
    ids=["generate", "embed"],
)
@given(ENTRIES, st.text(max_size=5))
def test_what_is_built_is_the_create_call(
    method: Method[Any], kind: type, entries: list[Any], name: str
) -> None:
    """Numbers, keys and double nesting included: as the wire has it, for both methods."""
    builder, desk = begun(method)

    call = builder.with_requests(entries).with_name(name).build()

    assert isinstance(call, kind)
    found = json.loads(codec.encode(call))
    assert "models/gemini-z" == found["batch"].pop("model")  # which else stands in the path
    assert call_of(name, entries, method) == found
    assert [] == desk.came


def test_a_create_call_is_shown_whole() -> None:
    """The name for people is empty where there is none, as the API wants one."""
    builder, _ = begun()
    call = builder.with_model("gemini-x").with_request("a").build()

    assert {
        "batch": {
            "displayName": "",
            "model": "models/gemini-x",
            "inputConfig": {
                "requests": {
                    "requests": [{"request": {"contents": [MESSAGE]}, "metadata": {"key": "0"}}]
                }
            },
        }
    } == codec.unstructure(call)


def test_a_create_call_of_embeddings_takes_texts_and_requests() -> None:
    """What a text does not say, a request may."""
    builder, _ = begun(embed())
    request = EmbedContentRequest.of("b", task_type="CLUSTERING", model="gemini-embedding-001")

    call = builder.with_request("a", key="x").with_request(request).build()

    assert [
        {"request": {"content": {"parts": [{"text": "a"}]}}, "metadata": {"key": "x"}},
        {
            "request": {
                "content": {"parts": [{"text": "b"}]},
                "taskType": "CLUSTERING",
                "model": "models/gemini-embedding-001",
            },
            "metadata": {"key": "1"},
        },
    ] == codec.unstructure(call)["batch"]["inputConfig"]["requests"]["requests"]
    assert "<BatchBuilder of embeddings, used up by build()>" == repr(builder)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (
            lambda b: b.with_request("a", "k").with_requests({"k": "b"}),
            "requests 0 and 1 have the same key 'k'; answers are told apart by their keys",
        ),
        (
            lambda b: b.with_request("a", "1").with_request("b"),
            "requests 0 and 1 have the same key '1'; answers are told apart by their keys",
        ),
        (
            lambda b: b.with_request("a").with_requests(["", "b"]),
            "request 1 (key '1'): the prompt is empty",
        ),
        (lambda b: b.with_request("a", untyped(7)), "request 0 has the key 7: use str(key)"),
        (
            lambda b: b.with_requests([("a", "b", "c")]),
            "request 0 is a tuple of 3; a key and a prompt are two",
        ),
        (
            lambda b: b.with_request(None),
            "request 0 (key '0'): a prompt is a str or a GenerateContentRequest, not NoneType",
        ),
        (
            lambda b: b.with_name("sky").with_requests([]),
            "there are no requests in this batch: add one with with_request()",
        ),
        (
            lambda b: b.with_request(GenerateContentRequest.of("a", temperature=math.nan), "k"),
            "request 0 (key 'k'): generationConfig.temperature: nan is not a JSON number",
        ),
    ],
)
def test_what_could_not_be_sent_is_not_built(step: Callable[[Batch], Batch], message: str) -> None:
    """The first offender is named as it would be when the batch is submitted."""
    builder, desk = begun()

    with pytest.raises(UsageError) as caught:
        step(builder).build()

    assert message == str(caught.value)
    assert [] == desk.came


def test_requests_that_come_asynchronously_are_not_shown() -> None:
    """To look at them takes a loop; the batch can be executed all the same."""
    builder, desk = begun()
    builder.with_request("a").with_requests(texts("b"))

    with pytest.raises(UsageError, match=r"come asynchronously: execute\(\) the batch instead"):
        builder.build()

    builder.execute()
    assert ["a", "b"] == handed_in(desk)


def test_what_is_no_message_is_refused_at_its_step() -> None:
    """The step that is wrong is the one that says so."""
    begun = GenerateContentBuilder()
    text: Any = 5
    with pytest.raises(UsageError, match="a message is a string, not int"):
        begun.with_user_message(text)
    one: Any = Content.user("x")
    with pytest.raises(UsageError, match=r"wrap it in a list, or use with_message\(\)"):
        begun.with_messages(one)
    with pytest.raises(UsageError, match="is not a MIME type"):
        begun.with_inline_data(b"x", "")
    with pytest.raises(UsageError, match="files/abc is a name and no URI"):
        begun.with_file("files/abc")
