"""What an editor infers for messages: requests with everything in them, and answers taken apart."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, assert_type

from gemini_batch import (
    Blob,
    Candidate,
    Content,
    EmbedContentConfig,
    EmbedContentRequest,
    FileData,
    FinishReason,
    FunctionCall,
    FunctionDeclaration,
    FunctionResponse,
    GenerateContentRequest,
    GenerationConfig,
    GenerationResponse,
    Modality,
    Part,
    Schema,
    TaskType,
    Tool,
    UsageMetadata,
    models,
)


def parts() -> tuple[Part, ...]:
    """Make a part of every kind."""
    pdf = models.FunctionResponseBlob("application/pdf", "JVBERi0=")
    returned = FunctionResponse(
        "tide",
        {"metres": 5.25},
        "call_1",
        parts=[models.FunctionResponsePart(pdf)],
        scheduling=models.FunctionResponseScheduling.WHEN_IDLE,
        will_continue=False,
    )
    return (
        Part("When?", part_metadata={"page": 7}),
        Part("Hm.", thought=True, thought_signature="aGk="),
        Part(
            inline_data=Blob("audio/wav", "YQ=="),
            media_resolution=models.PartMediaResolution(models.MediaResolution.LOW),
        ),
        Part(
            file_data=FileData("https://example.test/files/a", "video/mp4"),
            video_metadata=models.VideoMetadata("1.5s", timedelta(minutes=1), 0.5),
            media_processing=models.MediaProcessing.AGENTIC,
        ),
        Part(function_call=FunctionCall("tide", {"port": "Brest"}, "call_1")),
        Part(function_response=returned),
        Part(executable_code=models.ExecutableCode("print(1)", models.CodeLanguage.PYTHON)),
        Part(code_execution_result=models.CodeExecutionResult(models.CodeOutcome.OK, "1\n")),
        Part(tool_call=models.ToolCall(models.ToolType.URL_CONTEXT, "read", {"urls": []})),
        Part(tool_response=models.ToolResponse("URL_CONTEXT", {"pages": []})),
    )


def tools() -> list[Tool]:
    """Make a tool of every kind."""
    search = models.GoogleSearch(
        models.SearchTypes(models.WebSearch(), models.ImageSearch()),
        models.Interval(datetime(2026, 1, 1, tzinfo=UTC), "2026-02-01T00:00:00Z"),
    )
    dynamic = models.DynamicRetrievalConfig(models.DynamicRetrievalMode.MODE_DYNAMIC, 0.5)
    transport = models.StreamableHttpTransport("https://example.test", {"X-A": "b"}, "5s")
    port = Schema(models.Type.STRING, enum=["Brest"], max_length=9)
    tide = FunctionDeclaration(
        "tide",
        "Tells the tide.",
        Schema("OBJECT", properties={"port": port}, any_of=[port], items=port),
        response_json_schema={"type": "number"},
        behavior=models.Behavior.BLOCKING,
    )
    return [
        Tool([tide]),
        Tool(google_search=search),
        Tool(google_search_retrieval=models.GoogleSearchRetrieval(dynamic)),
        Tool(code_execution=models.CodeExecution()),
        Tool(url_context=models.UrlContext()),
        Tool(google_maps=models.GoogleMaps(enable_widget=True)),
        Tool(file_search=models.FileSearch(["fileSearchStores/a"], "year > 2020", 3)),
        Tool(
            computer_use=models.ComputerUse(
                models.ComputerEnvironment.BROWSER,
                ["drag_and_drop"],
                [models.SafetyPolicy.ACCOUNT_CREATION, "A_NEWER_ONE"],
            )
        ),
        Tool(mcp_servers=[models.McpServer("tides", transport)]),
    ]


def config() -> GenerationConfig:
    """Make a configuration with every member that has a class."""
    voice = models.VoiceConfig(models.PrebuiltVoiceConfig("Kore"))
    several = models.MultiSpeakerVoiceConfig([models.SpeakerVoiceConfig("Ada", voice)])
    form = models.ResponseFormatConfig(
        models.TextResponseFormat(models.TextMimeType.APPLICATION_JSON, {"type": "string"}),
        models.ImageResponseFormat(
            models.ImageMimeType.JPEG, models.AspectRatio.ONE_BY_ONE, models.ImageSize.ONE_K
        ),
        models.AudioResponseFormat(models.AudioMimeType.MP3, 1, 2, models.Delivery.URI),
    )
    return GenerationConfig(
        temperature=1,
        stop_sequences=("END",),
        response_schema=Schema("STRING"),
        response_modalities=[Modality.TEXT, "IMAGE"],
        thinking_config=models.ThinkingConfig(thinking_level=models.ThinkingLevel.LOW),
        response_format=form,
        speech_config=models.SpeechConfig(voice, several, "en"),
        image_config=models.ImageConfig("16:9", "2K"),
        media_resolution=models.MediaResolution.HIGH,
        audio_transcription_config=models.AudioTranscriptionConfig(
            models.TranscriptionMode.SMART,
            ["en"],
            models.LanguageAuto(),
            models.LanguageHints(["fr"]),
        ),
        translation_config=models.TranslationConfig("fr"),
    )


def request() -> GenerateContentRequest:
    """Make a request of all of that."""
    harm, block = models.HarmCategory, models.HarmBlockThreshold
    return GenerateContentRequest(
        [Content.user(*parts()), Content.model("Now."), Content(parts(), "user")],
        Content.system("Be brief."),
        config(),
        tools(),
        model="models/gemini-2.5-flash",
        safety_settings=[models.SafetySetting(harm.HARASSMENT, block.OFF)],
        tool_config=models.ToolConfig(
            models.FunctionCallingConfig(models.FunctionCallingMode.ANY, ["tide"]),
            models.RetrievalConfig(models.LatLng(48.375, -4.5), "fr"),
        ),
        service_tier=models.ServiceTier.FLEX,
        store=False,
    )


def requests_read(asked: GenerateContentRequest, embedded: EmbedContentRequest) -> None:
    """Read what a request holds: sequences are frozen, and what may be absent says so."""
    assert_type(asked.contents, tuple[Content, ...])
    assert_type(asked.contents[0].parts, tuple[Part, ...])
    assert_type(asked.tools, tuple[Tool, ...])
    assert_type(asked.tools[0].function_declarations, tuple[FunctionDeclaration, ...])
    assert_type(asked.tools[0].mcp_servers, tuple[models.McpServer, ...])
    assert_type(asked.safety_settings[0].category, models.HarmCategory | str)
    assert_type(asked.generation_config, GenerationConfig | None)
    assert_type(asked.service_tier, models.ServiceTier | str | None)
    assert_type(asked.extra, Mapping[str, Any])
    assert_type(embedded.task_type, TaskType | None)
    assert_type(embedded.embed_content_config, EmbedContentConfig | None)
    EmbedContentRequest(
        Content.system("a"),
        "RETRIEVAL_QUERY",
        embed_content_config=EmbedContentConfig(TaskType.CLUSTERING, output_dimensionality=256),
    )


def answer_read(answer: GenerationResponse, first: Candidate) -> None:
    """Read what an answer holds, down to what is rare."""
    assert_type(answer.candidates, tuple[Candidate, ...])
    assert_type(answer.usage_metadata, UsageMetadata | None)
    assert_type(answer.model_status, models.ModelStatus | None)
    assert_type(answer.turn_token, str | None)
    assert_type(first.safety_ratings, tuple[models.SafetyRating, ...])
    assert_type(first.avg_logprobs, float | None)
    assert_type(first.logprobs_result, models.LogprobsResult | None)
    assert_type(first.citation_metadata, models.CitationMetadata | None)
    assert_type(first.url_context_metadata, models.UrlContextMetadata | None)
    if first.grounding_metadata is not None:
        [chunk, *_] = first.grounding_metadata.grounding_chunks
        assert_type(chunk.web, models.Web | None)
        assert_type(chunk.maps, models.Maps | None)
        assert_type(first.grounding_metadata.web_search_queries, tuple[str, ...])


def told(part: Part) -> str:
    """Take the parts of an answer apart, by what they hold."""
    match part:
        case Part(text=str(text), thought=True):
            assert_type(text, str)
            return f"({text})"
        case Part(text=str(text)):
            return text
        case Part(inline_data=Blob(mime_type=kind) as blob):
            assert_type(kind, str)
            assert_type(blob.decoded(), bytes)
            return kind
        case Part(file_data=FileData(uri)):
            assert_type(uri, str)
            return uri
        case Part(function_call=FunctionCall(name, arguments)):
            assert_type(name, str)
            assert_type(arguments, Mapping[str, Any])
            return name
        case Part(executable_code=models.ExecutableCode(code)):
            assert_type(code, str)
            return code
        case Part(code_execution_result=models.CodeExecutionResult(outcome, output)):
            assert_type(outcome, models.CodeOutcome | str | None)
            assert_type(output, str | None)
            return output or ""
        case Part(tool_call=models.ToolCall(tool)):
            assert_type(tool, models.ToolType | str | None)
            return tool or ""
        case _:
            return ""


def ended(reason: FinishReason | None) -> str:
    """Take an enum apart: it is open, so that no list of its values is complete."""
    match reason:
        case FinishReason.STOP:
            return "whole"
        case FinishReason.MAX_TOKENS | FinishReason.SAFETY:
            return reason.lower()
        case None:
            return "unknown"
        case _:
            assert_type(reason.recognised, bool)
            assert_type(FinishReason("A_NEWER_ONE"), FinishReason)
            return reason
