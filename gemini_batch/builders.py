"""Fluent builders: of one request, and of a batch of them."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping
from copy import deepcopy
from itertools import chain
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeAlias, TypeVar, cast

from attrs import evolve

from . import models, rawjson
from .defaults import Defaults
from .endpoints.names import require_model
from .errors import ProtocolError, UsageError
from .keys import SubmittedKeys
from .labels import ENTROPY, labelled, make_label, require_text
from .methods import GENERATE, Method
from .models.base import Model
from .models.config import GenerationConfig, Modality, ThinkingConfig, ThinkingLevel
from .models.content import Content, FunctionResponse, Part
from .models.file import File
from .models.generation import GenerateContentRequest
from .models.tools import FunctionDeclaration, Tool
from .prompts import require_parts
from .submission import Entry, Supply, Via, encoded, entries_of

if TYPE_CHECKING:
    from .models.embedding import EmbedContentRequest
    from .models.formats import ImageConfig
    from .models.media import MediaResolution
    from .models.safety import SafetySetting
    from .models.speech import SpeakerVoiceConfig, SpeechConfig
    from .models.tool_config import FunctionCallingMode, ToolConfig

P = TypeVar("P")
B = TypeVar("B", bound=Model)
X_co = TypeVar("X_co", covariant=True)

Parts: TypeAlias = "Iterable[Any] | AsyncIterable[Any]"


class GenerateContentBuilder:
    """Puts one request together, step by step; nothing is sent.

    Each step changes this builder and returns it. ``build()`` may be called again and again.
    """

    def __init__(self) -> None:
        self._request = GenerateContentRequest()

    def _with(self, **members: Any) -> Self:
        self._request = evolve(self._request, **members)
        return self

    @property
    def _config(self) -> GenerationConfig:
        return self._request.generation_config or GenerationConfig()

    def _configured(self, **members: Any) -> Self:
        return self._with(generation_config=evolve(self._config, **members))

    def _thinking(self, **members: Any) -> Self:
        thinking = evolve(self._config.thinking_config or ThinkingConfig(), **members)
        return self._configured(thinking_config=thinking)

    def _spoken(self, **members: Any) -> Self:
        speech = evolve(self._config.speech_config or models.SpeechConfig(), **members)
        return self._configured(speech_config=speech).with_audio_output()

    def with_user_message(self, text: str) -> Self:
        """Add a message of the user."""
        return self.with_message(Content.user(require_text(text, "a message")))

    def with_model_message(self, text: str) -> Self:
        """Add an earlier answer of the model."""
        return self.with_message(Content.model(require_text(text, "a message")))

    def with_message(self, message: Content) -> Self:
        """Add a message that may have several parts."""
        return self.with_messages([message])

    def with_messages(self, messages: Iterable[Content]) -> Self:
        """Add messages, oldest first."""
        if isinstance(messages, Content):
            raise UsageError("with_messages() takes many: wrap it in a list, or use with_message()")
        contents = (*self._request.contents, *messages)
        for number, content in enumerate(contents):
            require_parts(content, f"message {number}")
        return self._with(contents=contents)

    def with_system_instruction(self, instruction: str | Content) -> Self:
        """Say how the model is to behave, instead of whatever was said before."""
        if isinstance(instruction, str):
            instruction = Content.system(instruction)
        return self._with(system_instruction=instruction)

    def with_system_prompt(self, prompt: str | Content) -> Self:
        """Do the same as :meth:`with_system_instruction`, by another of its names."""
        return self.with_system_instruction(prompt)

    def with_part(self, part: Part) -> Self:
        """Add a message of the user that is one part, such as ``Part.from_image("cat.png")``."""
        return self.with_message(Content.user(part))

    def with_inline_data(
        self,
        data: bytes,
        mime_type: str | None = None,
        resolution: MediaResolution | str | None = None,
    ) -> Self:
        """Add a message of the user that is media; a request holds some 15 MB of them.

        Without a type, their beginning must tell what they are. ``resolution`` is how closely
        they are looked at, instead of what :meth:`with_media_resolution` says.
        """
        part = Part.from_bytes(data, mime_type)
        if resolution is not None:
            part = evolve(part, media_resolution=models.PartMediaResolution(resolution))
        return self.with_part(part)

    def with_file(self, file: File | str, mime_type: str | None = None) -> Self:
        """Add a message of the user that is a file uploaded before, or the URI of one.

        The service keeps a file for 48 hours, and a batch may take 24 to begin.
        """
        return self.with_part(Part.from_file(file, mime_type))

    def with_function_response(
        self, name: str, response: Mapping[str, Any], call_id: str | None = None
    ) -> Self:
        """Add what came of a call that the model had asked for.

        What came of calls made together goes into one message. ``call_id`` is the ``id`` of the
        call, where it has one.
        """
        part = Part(function_response=FunctionResponse(name, response, call_id))
        before = self._request.contents
        if before and all(one.function_response is not None for one in before[-1].parts):
            joined = evolve(before[-1], parts=(*before[-1].parts, part))
            return self._with(contents=(*before[:-1], joined))
        return self.with_message(Content((part,), "user"))

    def with_function_response_str(
        self, name: str, response: str, call_id: str | None = None
    ) -> Self:
        """Add what came of a call, as the text of a JSON object."""
        try:
            found = rawjson.parse(response.encode("utf-8", "surrogatepass"))
        except ProtocolError as refused:
            raise UsageError(f"the response of {name!a} cannot be read: {refused}") from None
        if not isinstance(found, dict):
            raise UsageError(f"the response of {name!a} is not a JSON object")
        return self.with_function_response(name, cast("dict[str, Any]", found), call_id)

    def with_model(self, model: str) -> Self:
        """Name the model within the request; a batch has one model for all its requests."""
        return self._with(model=model)

    def with_cached_content(self, name: str) -> Self:
        """Begin with content cached before, ``cachedContents/…``."""
        return self._with(cached_content=name)

    def with_generation_config(self, config: GenerationConfig) -> Self:
        """Set all the knobs at once, instead of whatever was set before."""
        return self._with(generation_config=config)

    def with_temperature(self, temperature: float) -> Self:
        """Set how much is left to chance: 0 for nothing, 2 for most."""
        return self._configured(temperature=temperature)

    def with_top_p(self, top_p: float) -> Self:
        """Choose among the likeliest tokens whose probabilities add up to ``top_p``."""
        return self._configured(top_p=top_p)

    def with_top_k(self, top_k: int) -> Self:
        """Choose among so many of the likeliest tokens."""
        return self._configured(top_k=top_k)

    def with_max_output_tokens(self, tokens: int) -> Self:
        """Cut the answer, thoughts included, after so many tokens."""
        return self._configured(max_output_tokens=tokens)

    def with_candidate_count(self, count: int) -> Self:
        """Ask for so many answers to the one prompt."""
        return self._configured(candidate_count=count)

    def with_stop_sequences(self, sequences: Iterable[str]) -> Self:
        """End the answer where one of these would come."""
        return self._configured(stop_sequences=sequences)

    def with_seed(self, seed: int) -> Self:
        """Begin the draw of chance here, so that answers may be repeated."""
        return self._configured(seed=seed)

    def with_presence_penalty(self, penalty: float) -> Self:
        """Make tokens less likely that have been used at all."""
        return self._configured(presence_penalty=penalty)

    def with_frequency_penalty(self, penalty: float) -> Self:
        """Make tokens less likely the more often they have been used."""
        return self._configured(frequency_penalty=penalty)

    def with_response_mime_type(self, mime_type: str) -> Self:
        """Ask for an answer in this type, such as ``"application/json"``."""
        return self._configured(response_mime_type=mime_type)

    def with_response_schema(self, schema: object) -> Self:
        """Ask for an answer in JSON: of a class, which ``response.parsed()`` reads it back into.

        Whatever :func:`~gemini_batch.schema_of` takes will do, and so will a
        :class:`~gemini_batch.Schema` or plain JSON (a subset of OpenAPI's), instead of any other
        schema. A type set before, such as ``"text/x.enum"``, stays.
        """
        if isinstance(schema, Mapping):
            schema = deepcopy(dict(cast("Mapping[str, Any]", schema)))
        return self._configured(
            response_mime_type=self._config.response_mime_type or "application/json",
            response_schema=schema,
            response_json_schema=None,
        )

    def with_response_json_schema(self, schema: Mapping[str, Any]) -> Self:
        """Ask for an answer in JSON of this schema, in JSON Schema, instead of any other.

        Batches were seen to answer it with broken JSON: :meth:`with_response_schema` is safer.
        """
        return self._configured(
            response_mime_type="application/json",
            response_json_schema=deepcopy(dict(schema)),
            response_schema=None,
        )

    def with_response_modalities(self, modalities: Iterable[str]) -> Self:
        """Ask for an answer in these modalities, such as ``["TEXT", "IMAGE"]``."""
        return self._configured(response_modalities=modalities)

    def with_audio_output(self) -> Self:
        """Ask for a spoken answer."""
        return self.with_response_modalities([Modality.AUDIO])

    def with_speech_config(self, config: SpeechConfig) -> Self:
        """Say how a spoken answer sounds, instead of whatever was said before."""
        return self._configured(speech_config=config)

    def with_voice(self, name: str) -> Self:
        """Ask for an answer spoken with a voice of the service, such as ``"Kore"``."""
        voice = models.VoiceConfig(models.PrebuiltVoiceConfig(name))
        return self._spoken(voice_config=voice, multi_speaker_voice_config=None)

    def with_multi_speaker_config(self, speakers: Iterable[SpeakerVoiceConfig]) -> Self:
        """Ask for an answer spoken by several, each named as in the prompt."""
        voices = models.MultiSpeakerVoiceConfig(speakers)
        return self._spoken(multi_speaker_voice_config=voices, voice_config=None)

    def with_image_config(self, config: ImageConfig) -> Self:
        """Say which shape and size pictures shall have."""
        return self._configured(image_config=config)

    def with_media_resolution(self, resolution: MediaResolution | str) -> Self:
        """Say how closely the media of this request are looked at: closer costs more tokens."""
        return self._configured(media_resolution=resolution)

    def with_thinking_config(self, config: ThinkingConfig) -> Self:
        """Say how the model thinks, instead of whatever was said before."""
        return self._configured(thinking_config=config)

    def with_thinking_budget(self, tokens: int) -> Self:
        """Let the model think for so many tokens: 0 for none, -1 for as many as it likes.

        It takes the place of a level, since the service refuses both.
        """
        return self._thinking(thinking_budget=tokens, thinking_level=None)

    def with_dynamic_thinking(self) -> Self:
        """Let the model think as much as it likes."""
        return self.with_thinking_budget(-1)

    def with_thinking_level(self, level: ThinkingLevel | str) -> Self:
        """Let the model think this much, such as ``"LOW"``; for models without a budget.

        It takes the place of a budget, since the service refuses both.
        """
        return self._thinking(thinking_level=level, thinking_budget=None)

    def with_thoughts_included(self, include: bool = True) -> Self:  # noqa: FBT001, FBT002 - a switch
        """Ask for summaries of the thoughts, beside the answer."""
        return self._thinking(include_thoughts=include)

    def with_safety_settings(self, settings: Iterable[SafetySetting]) -> Self:
        """Say from which probability of harm on an answer is held back, for each kind of harm."""
        return self._with(safety_settings=settings)

    def with_tool_config(self, config: ToolConfig) -> Self:
        """Say how the tools are used, instead of whatever was said before."""
        return self._with(tool_config=config)

    def with_function_calling_mode(
        self, mode: FunctionCallingMode | str, allowed_function_names: Iterable[str] = ()
    ) -> Self:
        """Say whether the model may, must or must not ask for calls, and of which functions."""
        config = self._request.tool_config or models.ToolConfig()
        calling = models.FunctionCallingConfig(mode, allowed_function_names)
        return self.with_tool_config(evolve(config, function_calling_config=calling))

    def with_google_search(self) -> Self:
        """Let the model search the web."""
        return self.with_tool(Tool(google_search=models.GoogleSearch()))

    def with_url_context(self) -> Self:
        """Let the model read the pages that the prompt names."""
        return self.with_tool(Tool(url_context=models.UrlContext()))

    def with_code_execution(self) -> Self:
        """Let the model run code of its own."""
        return self.with_tool(Tool(code_execution=models.CodeExecution()))

    def with_tool(self, tool: Tool) -> Self:
        """Let the model use a tool."""
        return self._with(tools=(*self._request.tools, tool))

    def with_function(self, function: FunctionDeclaration) -> Self:
        """Let the model ask for calls of a function of yours; all of them are one tool."""
        tools = list(self._request.tools)
        for place, tool in enumerate(tools):
            if tool.function_declarations:
                functions = (*tool.function_declarations, function)
                tools[place] = evolve(tool, function_declarations=functions)
                return self._with(tools=tools)
        return self.with_tool(Tool((function,)))

    def build(self) -> GenerateContentRequest:
        """Return the request; :class:`~gemini_batch.UsageError` while it has no message."""
        if not self._request.contents:
            raise UsageError("this request has no message: add one, such as with_user_message()")
        return self._request

    def __repr__(self) -> str:
        return f"<GenerateContentBuilder, {len(self._request.contents)} messages>"


class Submit(Protocol[X_co]):
    """What submits the requests of a batch, and replies with a handle or what gives one."""

    def __call__(
        self,
        requests: Any,
        model: str | None,
        display_name: str | None,
        via: Via,
        defaults: Model | None,
        /,
    ) -> X_co:
        """Submit them."""
        ...


class BatchBuilder(Generic[P, B, X_co]):
    """Puts a batch together, step by step; it is of use once.

    Each step changes this builder and returns it. ``build()``, ``execute()`` or
    ``execute_as_file()`` uses it up, because requests may come from an iterator.
    """

    def __init__(
        self,
        method: Method[Any],
        submit: Submit[X_co],
        model: str | None,
        *,
        takes_asynchronous: bool = False,
    ) -> None:
        self._method = method
        self._submit = submit
        self._model = model
        self._takes_asynchronous = takes_asynchronous
        self._name: str | None = None
        self._defaults: Defaults | None = None
        self._parts: list[Parts] = []
        self._used_by = ""

    def with_model(self, model: str) -> Self:
        """Choose the model, instead of the client's."""
        self._model = model
        return self

    def with_name(self, name: str) -> Self:
        """Give the batch a display name, for people."""
        self._name = name
        return self

    def with_defaults(self, defaults: GenerateContentRequest | EmbedContentRequest) -> Self:
        """Share members with all requests that do not have their own, instead of any others.

        Raises:
            UsageError: They hold what each request has for itself, or exclude each other.
        """
        self._defaults = Defaults(self._method, defaults)
        return self

    def with_request(self, request: P, key: str | None = None) -> Self:
        """Add a request; without a key it is numbered by its position."""
        self._parts.append([request if key is None else (key, request)])
        return self

    def with_requests(self, requests: Supply[P] | AsyncIterable[Entry[P]]) -> Self:
        """Add requests to those that are there: a mapping by key, or an iterable, as ``submit``.

        An asynchronous iterable is for the asynchronous client only.
        """
        asynchronous = self._takes_asynchronous and isinstance(requests, AsyncIterable)
        self._parts.append(requests if asynchronous else entries_of(requests))
        return self

    def build(self) -> B:
        """Return the create call of a batch whose requests are inline, as a model of the API.

        This is for a look at it: nothing is sent. The label that is added to the display name is
        drawn when a batch is executed.

        Raises:
            UsageError: A request is not valid; the first offender is named.
        """
        if any(isinstance(part, AsyncIterable) for part in self._parts):
            raise UsageError("these requests come asynchronously: execute() the batch instead")
        model, parts = require_model(self._model), self._taken("build")
        keys = SubmittedKeys()
        found: list[tuple[str, Model]] = []
        for entry in chain.from_iterable(cast("list[Iterable[object]]", parts)):
            key, prompt, where = keys.take(entry)
            request = self._method.request(prompt, where)
            if self._defaults is not None:
                request = self._defaults.merged(request, where)
            encoded(request, where)
            found.append((key, request))
        if not found:
            raise UsageError("there are no requests in this batch: add one with with_request()")
        return cast("B", _create_call(self._method, self._name or "", model, found))

    def execute(self) -> X_co:
        """Submit the requests inline, as one batch, which is billed once it exists.

        Raises what ``submit`` raises.
        """
        model, parts = require_model(self._model), self._taken("execute")
        return self._submit(_joined(parts), model, self._name, "inline", self._shared)

    def execute_as_file(self) -> X_co:
        """Submit the requests in a file that is uploaded first, as one batch.

        Raises what ``submit`` raises.
        """
        model, parts = require_model(self._model), self._taken("execute_as_file")
        return self._submit(_joined(parts), model, self._name, "file", self._shared)

    @property
    def _shared(self) -> Model | None:
        return None if self._defaults is None else self._defaults.given

    def _taken(self, verb: str) -> list[Parts]:
        labelled(self._name, make_label(bytes(ENTROPY)))  # says what is wrong with the name
        if self._used_by:
            raise UsageError(
                f"this builder was used up by {self._used_by}(); begin another batch with the "
                "client"
            )
        self._used_by = verb
        parts, self._parts = self._parts, []
        return parts

    def __repr__(self) -> str:
        used = f", used up by {self._used_by}()" if self._used_by else ""
        return f"<BatchBuilder of {self._method.holds}{used}>"


def _joined(parts: list[Parts]) -> Parts:
    if any(isinstance(part, AsyncIterable) for part in parts):
        return _joined_asynchronously(parts)
    return chain.from_iterable(cast("list[Iterable[Any]]", parts))


async def _joined_asynchronously(parts: list[Parts]) -> AsyncIterator[Any]:
    for part in parts:
        if isinstance(part, AsyncIterable):
            async for entry in part:
                yield entry
        else:
            for entry in part:
                yield entry


def _create_call(
    method: Method[Any], name: str, model: str, requests: Iterable[tuple[str, Model]]
) -> Model:
    from .models import creation  # noqa: PLC0415 - only for those who look at the call

    call = (
        creation.BatchGenerateContentRequest
        if method is GENERATE
        else creation.AsyncBatchEmbedContentRequest
    )
    return call.of(name, model, requests)
