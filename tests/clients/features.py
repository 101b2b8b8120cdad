"""Requests with everything that a request can have, in the words of Google's client and in ours.

Google's client has no place for what ``BEYOND`` names; ``beyond()`` has that.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from google.genai import types

from gemini_batch import (
    Blob,
    Content,
    FileData,
    FunctionCall,
    FunctionDeclaration,
    FunctionResponse,
    GenerateContentRequest,
    GenerationConfig,
    Part,
    Schema,
    Tool,
    models,
)
from gemini_batch.fields import Field, messages

MODEL = "models/gemini-2.5-flash"
PNG, WAV, PDF = b"\x89PNG\r\n\x1a\n\xff\xfe", b"RIFF\0\0\0\0WAVE", b"%PDF-1.7"
SPEAKERS = (("Ada", "Kore"), ("Bob", "Puck"))
SIGNATURE = b"\xfb\xff\xfe\x00"
PLACE_JSON = {
    "type": "object",
    "properties": {"place": {"type": "string"}},
    "additionalProperties": False,
}
SINCE, UNTIL = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)


def theirs() -> dict[str, types.InlinedRequest]:
    """Return the requests as Google's client makes them."""
    return {
        key: types.InlinedRequest(
            model="gemini-2.5-flash", contents=contents, metadata={"key": key}, config=config
        )
        for key, (contents, config) in _theirs().items()
    }


def _theirs() -> dict[str, tuple[list[types.Content], types.GenerateContentConfig]]:
    return {
        "parts": (_their_contents(), types.GenerateContentConfig(system_instruction=_THEIR_SYSTEM)),
        "json": (_asked("json"), _their_config()),
        "tools": (_asked("tools"), _their_tools()),
        "speech": (_asked("speech"), _their_speech()),
        "cached": (
            _asked("cached"),
            types.GenerateContentConfig(
                cached_content="cachedContents/tides",
                temperature=0,
                response_json_schema=PLACE_JSON,
                response_mime_type="application/json",
                speech_config=types.SpeechConfig(voice_config=_their_voice("Kore")),
                audio_transcription_config=types.AudioTranscriptionConfig(
                    language_auto=types.LanguageAuto(),
                    language_hints=types.LanguageHints(language_codes=["fr"]),
                ),
            ),
        ),
    }


_THEIR_SYSTEM = types.Content(parts=[types.Part(text="Be brief."), types.Part(text="Be kind.")])


def _asked(text: str) -> list[types.Content]:
    return [types.Content(role="user", parts=[types.Part(text=text)])]


def _their_contents() -> list[types.Content]:
    asked = [
        types.Part(text="What is this?"),
        types.Part.from_bytes(data=PNG, mime_type="image/png"),
        types.Part(
            inline_data=types.Blob(data=WAV, mime_type="audio/wav"),
            media_resolution=types.PartMediaResolution(
                level=types.PartMediaResolutionLevel.MEDIA_RESOLUTION_LOW
            ),
        ),
        types.Part(
            file_data=types.FileData(
                file_uri="https://example.test/files/tides", mime_type="video/mp4"
            ),
            video_metadata=types.VideoMetadata(start_offset="1.500s", end_offset="60s", fps=0.5),
            media_processing=types.MediaProcessing.AGENTIC,
        ),
        types.Part(file_data=types.FileData(file_uri="https://example.test/watch?v=1")),
        types.Part(text="And this?", part_metadata={"page": 7, "of": {"book": "b"}}),
    ]
    model = [
        types.Part(text="Hm.", thought=True),
        types.Part(
            function_call=types.FunctionCall(name="tide", args={"port": "Brest"}, id="call_1"),
            thought_signature=SIGNATURE,
        ),
        types.Part(
            executable_code=types.ExecutableCode(
                code="print(1)", language=types.Language.PYTHON, id="code_1"
            )
        ),
        types.Part(
            code_execution_result=types.CodeExecutionResult(
                outcome=types.Outcome.OUTCOME_OK, output="1\n", id="code_1"
            )
        ),
        types.Part(
            tool_call=types.ToolCall(
                tool_type=types.ToolType.GOOGLE_SEARCH_WEB, args={"queries": ["tide"]}, id="t1"
            )
        ),
        types.Part(
            tool_response=types.ToolResponse(
                tool_type=types.ToolType.GOOGLE_SEARCH_WEB, response={"found": []}, id="t1"
            )
        ),
    ]
    back = [
        types.Part(
            function_response=types.FunctionResponse(
                name="tide",
                response={"metres": 5.25},
                id="call_1",
                scheduling=types.FunctionResponseScheduling.WHEN_IDLE,
                will_continue=False,
                parts=[
                    types.FunctionResponsePart(
                        inline_data=types.FunctionResponseBlob(
                            data=PDF, mime_type="application/pdf"
                        )
                    )
                ],
            )
        )
    ]
    return [
        types.Content(role="user", parts=asked),
        types.Content(role="model", parts=model),
        types.Content(role="user", parts=back),
    ]


def _their_config() -> types.GenerateContentConfig:
    colour = types.Schema(
        type=types.Type.OBJECT,
        title="Colour",
        description="What colour it is.",
        properties={
            "colour": types.Schema(type=types.Type.STRING, format="enum", enum=["blue", "green"]),
            "sure": types.Schema(
                type=types.Type.NUMBER, minimum=0.25, maximum=1, nullable=True, example=0.5
            ),
            "names": types.Schema(
                type=types.Type.ARRAY,
                items=types.Schema(
                    type=types.Type.STRING, pattern="^[a-z]+$", min_length=1, max_length=9
                ),
                min_items=1,
                max_items=3,
            ),
            "other": types.Schema(
                any_of=[
                    types.Schema(type=types.Type.INTEGER, default=0),
                    types.Schema(type=types.Type.BOOLEAN),
                ]
            ),
        },
        required=["colour"],
        property_ordering=["colour", "sure", "names", "other"],
        min_properties=1,
        max_properties=4,
    )
    return types.GenerateContentConfig(
        temperature=0.25,
        top_p=0.5,
        top_k=40,
        candidate_count=2,
        max_output_tokens=1000,
        stop_sequences=["END", "\u2028"],
        response_logprobs=True,
        logprobs=5,
        presence_penalty=0.5,
        frequency_penalty=-0.25,
        seed=7,
        response_mime_type="application/json",
        response_schema=colour,
        media_resolution=types.MediaResolution.MEDIA_RESOLUTION_HIGH,
        thinking_config=types.ThinkingConfig(include_thoughts=True, thinking_budget=512),
        safety_settings=[
            types.SafetySetting(category=f"HARM_CATEGORY_{harm}", threshold=threshold)
            for harm, threshold in (
                ("HARASSMENT", "BLOCK_LOW_AND_ABOVE"),
                ("HATE_SPEECH", "BLOCK_MEDIUM_AND_ABOVE"),
                ("SEXUALLY_EXPLICIT", "BLOCK_ONLY_HIGH"),
                ("DANGEROUS_CONTENT", "BLOCK_NONE"),
                ("CIVIC_INTEGRITY", "OFF"),
            )
        ],
        service_tier=types.ServiceTier.FLEX,
        store=False,
        enable_enhanced_civic_answers=True,
    )


def _their_tools() -> types.GenerateContentConfig:
    tide = types.FunctionDeclaration(
        name="tide",
        description="Tell the tide.",
        parameters=types.Schema(
            type=types.Type.OBJECT, properties={"port": types.Schema(type=types.Type.STRING)}
        ),
        response=types.Schema(type=types.Type.NUMBER),
        behavior=types.Behavior.NON_BLOCKING,
    )
    weather = types.FunctionDeclaration(
        name="weather", parameters_json_schema=PLACE_JSON, response_json_schema={"type": "string"}
    )
    search = types.GoogleSearch(
        search_types=types.SearchTypes(
            web_search=types.WebSearch(), image_search=types.ImageSearch()
        ),
        time_range_filter=types.Interval(start_time=SINCE, end_time=UNTIL),
    )
    retrieval = types.GoogleSearchRetrieval(
        dynamic_retrieval_config=types.DynamicRetrievalConfig(
            mode=types.DynamicRetrievalConfigMode.MODE_DYNAMIC, dynamic_threshold=0.5
        )
    )
    store = types.FileSearch(
        file_search_store_names=["fileSearchStores/tides"], metadata_filter="year > 2020", top_k=3
    )
    computer = types.ComputerUse(
        environment=types.Environment.ENVIRONMENT_BROWSER,
        excluded_predefined_functions=["drag_and_drop"],
        disabled_safety_policies=[types.SafetyPolicy.ACCOUNT_CREATION],
        enable_prompt_injection_detection=True,
    )
    server = types.McpServer(
        name="tides",
        streamable_http_transport=types.StreamableHttpTransport(
            url="https://example.test/mcp",
            headers={"X-From": "here"},
            timeout="5s",
            sse_read_timeout="1.500s",
            terminate_on_close=True,
        ),
    )
    return types.GenerateContentConfig(
        tools=[
            types.Tool(google_search=search),
            types.Tool(google_search_retrieval=retrieval),
            types.Tool(code_execution=types.ToolCodeExecution()),
            types.Tool(url_context=types.UrlContext()),
            types.Tool(google_maps=types.GoogleMaps(enable_widget=True)),
            types.Tool(file_search=store),
            types.Tool(computer_use=computer),
            types.Tool(mcp_servers=[server]),
            types.Tool(function_declarations=[tide, weather]),  # where the client puts them
        ],
        tool_config=types.ToolConfig(
            function_calling_config=types.FunctionCallingConfig(
                mode=types.FunctionCallingConfigMode.ANY, allowed_function_names=["tide"]
            ),
            retrieval_config=types.RetrievalConfig(
                lat_lng=types.LatLng(latitude=48.375, longitude=-4.5), language_code="fr"
            ),
            include_server_side_tool_invocations=True,
        ),
        thinking_config=types.ThinkingConfig(thinking_level=types.ThinkingLevel.LOW),
        service_tier=types.ServiceTier.PRIORITY,
    )


def _their_voice(name: str) -> types.VoiceConfig:
    return types.VoiceConfig(prebuilt_voice_config=types.PrebuiltVoiceConfig(voice_name=name))


def _their_speech() -> types.GenerateContentConfig:
    return types.GenerateContentConfig(
        response_modalities=["TEXT", "IMAGE", "AUDIO"],
        speech_config=types.SpeechConfig(
            language_code="en-GB",
            multi_speaker_voice_config=types.MultiSpeakerVoiceConfig(
                speaker_voice_configs=[
                    types.SpeakerVoiceConfig(speaker=name, voice_config=_their_voice(voice))
                    for name, voice in SPEAKERS
                ]
            ),
        ),
        image_config=types.ImageConfig(aspect_ratio="16:9", image_size="2K"),
        audio_transcription_config=types.AudioTranscriptionConfig(
            language_codes=["en"],
            custom_vocabulary=["neap"],
            adaptation_phrases=["spring tide"],
            word_timestamp=True,
            diarization=False,
            mode=types.AudioTranscriptionConfigMode.VERBATIM,
        ),
    )


# The same in our words.


def ours() -> dict[str, GenerateContentRequest]:
    """Return the same requests as this package makes them."""
    return {
        "parts": GenerateContentRequest(
            _our_contents(),
            Content.system("Be brief.", "Be kind."),
            GenerationConfig(),  # which the client sends even where nothing is in it
            model=MODEL,
        ),
        "json": _our_json(),
        "tools": _our_tools(),
        "speech": GenerateContentRequest(
            [Content.user("speech")], model=MODEL, generation_config=_our_speech()
        ),
        "cached": GenerateContentRequest(
            [Content.user("cached")],
            model=MODEL,
            cached_content="cachedContents/tides",
            generation_config=GenerationConfig(
                temperature=0,
                response_json_schema=PLACE_JSON,
                response_mime_type="application/json",
                speech_config=models.SpeechConfig(_our_voice("Kore")),
                audio_transcription_config=models.AudioTranscriptionConfig(
                    language_auto=models.LanguageAuto(),
                    language_hints=models.LanguageHints(["fr"]),
                ),
            ),
        ),
    }


def _our_contents() -> list[Content]:
    return [
        Content.user(
            "What is this?",
            Part.from_bytes(PNG),
            Part(
                inline_data=Blob.of(WAV, "audio/wav"),
                media_resolution=models.PartMediaResolution(models.MediaResolution.LOW),
            ),
            Part(
                file_data=FileData("https://example.test/files/tides", "video/mp4"),
                video_metadata=models.VideoMetadata("1.500s", "60s", 0.5),
                media_processing=models.MediaProcessing.AGENTIC,
            ),
            Part.from_url("https://example.test/watch?v=1"),
            Part("And this?", part_metadata={"page": 7, "of": {"book": "b"}}),
        ),
        Content.model(
            Part("Hm.", thought=True),
            Part(
                function_call=FunctionCall("tide", {"port": "Brest"}, "call_1"),
                thought_signature=b64encode(SIGNATURE).decode(),
            ),
            Part(
                executable_code=models.ExecutableCode(
                    "print(1)", models.CodeLanguage.PYTHON, "code_1"
                )
            ),
            Part(
                code_execution_result=models.CodeExecutionResult(
                    models.CodeOutcome.OK, "1\n", "code_1"
                )
            ),
            Part(
                tool_call=models.ToolCall(
                    models.ToolType.GOOGLE_SEARCH_WEB, args={"queries": ["tide"]}, id="t1"
                )
            ),
            Part(
                tool_response=models.ToolResponse(
                    models.ToolType.GOOGLE_SEARCH_WEB, {"found": []}, "t1"
                )
            ),
        ),
        Content.user(
            Part(
                function_response=FunctionResponse(
                    "tide",
                    {"metres": 5.25},
                    "call_1",
                    scheduling=models.FunctionResponseScheduling.WHEN_IDLE,
                    will_continue=False,
                    parts=[
                        models.FunctionResponsePart(
                            models.FunctionResponseBlob("application/pdf", b64encode(PDF).decode())
                        )
                    ],
                )
            )
        ),
    ]


def _our_json() -> GenerateContentRequest:
    kind, harm, block = models.Type, models.HarmCategory, models.HarmBlockThreshold
    colour = Schema(
        kind.OBJECT,
        title="Colour",
        description="What colour it is.",
        properties={
            "colour": Schema(kind.STRING, format="enum", enum=["blue", "green"]),
            "sure": Schema(kind.NUMBER, minimum=0.25, maximum=1, nullable=True, example=0.5),
            "names": Schema(
                kind.ARRAY,
                items=Schema(kind.STRING, pattern="^[a-z]+$", min_length=1, max_length=9),
                min_items=1,
                max_items=3,
            ),
            "other": Schema(any_of=[Schema(kind.INTEGER, default=0), Schema(kind.BOOLEAN)]),
        },
        required=["colour"],
        property_ordering=["colour", "sure", "names", "other"],
        min_properties=1,
        max_properties=4,
    )
    return GenerateContentRequest(
        [Content.user("json")],
        model=MODEL,
        generation_config=GenerationConfig(
            temperature=0.25,
            top_p=0.5,
            top_k=40,
            candidate_count=2,
            max_output_tokens=1000,
            stop_sequences=["END", "\u2028"],
            response_logprobs=True,
            logprobs=5,
            presence_penalty=0.5,
            frequency_penalty=-0.25,
            seed=7,
            response_mime_type="application/json",
            response_schema=colour,
            media_resolution=models.MediaResolution.HIGH,
            thinking_config=models.ThinkingConfig(include_thoughts=True, thinking_budget=512),
            enable_enhanced_civic_answers=True,
        ),
        safety_settings=[
            models.SafetySetting(harm.HARASSMENT, block.BLOCK_LOW_AND_ABOVE),
            models.SafetySetting(harm.HATE_SPEECH, block.BLOCK_MEDIUM_AND_ABOVE),
            models.SafetySetting(harm.SEXUALLY_EXPLICIT, block.BLOCK_ONLY_HIGH),
            models.SafetySetting(harm.DANGEROUS_CONTENT, block.BLOCK_NONE),
            models.SafetySetting(harm.CIVIC_INTEGRITY, block.OFF),
        ],
        service_tier=models.ServiceTier.FLEX,
        store=False,
    )


def _our_tools() -> GenerateContentRequest:
    tide = FunctionDeclaration(
        "tide",
        "Tell the tide.",
        Schema("OBJECT", properties={"port": Schema("STRING")}),
        response=Schema("NUMBER"),
        behavior=models.Behavior.NON_BLOCKING,
    )
    weather = FunctionDeclaration(
        "weather", parameters_json_schema=PLACE_JSON, response_json_schema={"type": "string"}
    )
    search = models.GoogleSearch(
        models.SearchTypes(models.WebSearch(), models.ImageSearch()),
        models.Interval(SINCE, UNTIL),
    )
    retrieval = models.GoogleSearchRetrieval(
        models.DynamicRetrievalConfig(models.DynamicRetrievalMode.MODE_DYNAMIC, 0.5)
    )
    computer = models.ComputerUse(
        models.ComputerEnvironment.BROWSER,
        ["drag_and_drop"],
        [models.SafetyPolicy.ACCOUNT_CREATION],
        enable_prompt_injection_detection=True,
    )
    transport = models.StreamableHttpTransport(
        "https://example.test/mcp", {"X-From": "here"}, "5s", "1.500s", terminate_on_close=True
    )
    return GenerateContentRequest(
        [Content.user("tools")],
        model=MODEL,
        tools=[
            Tool(google_search=search),
            Tool(google_search_retrieval=retrieval),
            Tool(code_execution=models.CodeExecution()),
            Tool(url_context=models.UrlContext()),
            Tool(google_maps=models.GoogleMaps(enable_widget=True)),
            Tool(file_search=models.FileSearch(["fileSearchStores/tides"], "year > 2020", 3)),
            Tool(computer_use=computer),
            Tool(mcp_servers=[models.McpServer("tides", transport)]),
            Tool([tide, weather]),
        ],
        tool_config=models.ToolConfig(
            models.FunctionCallingConfig(models.FunctionCallingMode.ANY, ["tide"]),
            models.RetrievalConfig(models.LatLng(48.375, -4.5), "fr"),
            include_server_side_tool_invocations=True,
        ),
        generation_config=GenerationConfig(
            thinking_config=models.ThinkingConfig(thinking_level=models.ThinkingLevel.LOW)
        ),
        service_tier=models.ServiceTier.PRIORITY,
    )


def _our_voice(name: str) -> models.VoiceConfig:
    return models.VoiceConfig(models.PrebuiltVoiceConfig(name))


def _our_speech() -> GenerationConfig:
    return GenerationConfig(
        response_modalities=["TEXT", "IMAGE", "AUDIO"],
        speech_config=models.SpeechConfig(
            language_code="en-GB",
            multi_speaker_voice_config=models.MultiSpeakerVoiceConfig(
                [models.SpeakerVoiceConfig(name, _our_voice(voice)) for name, voice in SPEAKERS]
            ),
        ),
        image_config=models.ImageConfig("16:9", "2K"),
        audio_transcription_config=models.AudioTranscriptionConfig(
            models.TranscriptionMode.VERBATIM,
            ["en"],
            custom_vocabulary=["neap"],
            adaptation_phrases=["spring tide"],
            word_timestamp=True,
            diarization=False,
        ),
    )


BEYOND = {
    "GenerationConfig.enableAffectiveDialog",
    "GenerationConfig.responseFormat",
    "GenerationConfig.translationConfig",
    "ToolCall.toolName",
}
"""What Google's client has no place for."""


def beyond() -> GenerateContentRequest:
    """Return a request with all of that."""
    form = models.ResponseFormatConfig(
        models.TextResponseFormat(models.TextMimeType.APPLICATION_JSON, PLACE_JSON),
        models.ImageResponseFormat(
            models.ImageMimeType.JPEG,
            models.AspectRatio.SIXTEEN_BY_NINE,
            models.ImageSize.TWO_K,
            models.Delivery.INLINE,
        ),
        models.AudioResponseFormat(models.AudioMimeType.MP3, 128_000, 44_100, models.Delivery.URI),
    )
    called = models.ToolCall(tool_name="tides", args={"port": "Brest"}, id="t2")
    return GenerateContentRequest(
        [Content.user("beyond"), Content.model(Part(tool_call=called)), Content.user("on")],
        generation_config=GenerationConfig(
            response_format=form,
            translation_config=models.TranslationConfig("fr", echo_target_language=True),
            enable_affective_dialog=False,
        ),
    )


# What is held against each other.


def standard(tree: Any, message: str = "GenerateContentRequest") -> Any:
    """Return a message in the spelling of the API's documentation.

    proto3 JSON has two spellings of names, of bytes and of 64-bit integers: Google's client mixes
    the first, and takes the other one of the rest. A name that the table has not is an error.
    """
    table = {one.proto_name: one for one in messages()[message].values()} | messages()[message]
    return {table[name].name: _standard(value, table[name]) for name, value in tree.items()}


def _standard(value: Any, one: Field) -> Any:
    if one.type == "bytes":
        return value.translate({45: "+", 95: "/"})
    if one.type == "int64":
        return str(value)
    if one.type not in messages():
        return value
    if one.mapped:
        return {name: standard(inner, one.type) for name, inner in value.items()}
    if one.repeated:
        return [standard(inner, one.type) for inner in value]
    return standard(value, one.type)


def unused(*requests: Any) -> set[str]:
    """Return the members that none of these requests has and that one may have.

    Each is told as ``Message.member``.
    """
    used = {member for one in requests for member in _members(one, "GenerateContentRequest")}
    waiting, known = ["GenerateContentRequest"], dict[str, set[str]]()
    while waiting:
        message = waiting.pop()
        fields = messages()[message]
        if message not in known:
            known[message] = {f"{message}.{name}" for name in fields}
            waiting += [one.type for one in fields.values() if one.type in messages()]
    return set[str]().union(*known.values()) - used


def _members(tree: Any, message: str) -> Iterator[str]:
    for name, value in tree.items():
        one = messages()[message][name]
        yield f"{message}.{name}"
        if one.type in messages():
            inner = list(value.values()) if one.mapped else value if one.repeated else [value]
            for each in inner:
                yield from _members(each, one.type)
