"""What travels: open enums, exact timestamps, and what an answer says of itself."""

import copy
import pickle
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NewType

import pytest
from hypothesis import given, strategies as st

from gemini_batch import codec, models
from gemini_batch.errors import AnswerMismatchError, NoTextError, UsageError
from gemini_batch.models.base import Duration, Model, Timestamp, as_objects, as_strings
from gemini_batch.models.citations import CitationMetadata, CitationSource
from gemini_batch.models.config import GenerationConfig, Modality, ThinkingConfig
from gemini_batch.models.content import (
    Blob,
    Content,
    FileData,
    FunctionCall,
    FunctionResponse,
    Part,
)
from gemini_batch.models.creation import (
    AsyncBatchEmbedContentRequest,
    BatchGenerateContentRequest,
    EmbedContentBatch,
    GenerateContentBatch,
    InlinedEmbedContentRequest,
    InlinedEmbedContentRequests,
    InlinedRequest,
    InlinedRequests,
    InputConfig,
    InputEmbedContentConfig,
)
from gemini_batch.models.embedding import (
    ContentEmbedding,
    EmbedContentRequest,
    EmbedContentResponse,
    EmbeddingUsageMetadata,
    TaskType,
)
from gemini_batch.models.execution import (
    CodeExecutionResult,
    CodeLanguage,
    CodeOutcome,
    ExecutableCode,
    ToolCall,
)
from gemini_batch.models.file import File, FileState, name_of
from gemini_batch.models.generation import (
    BLOCKED,
    BlockReason,
    Candidate,
    FinishReason,
    GenerateContentRequest,
    GenerationResponse,
    ModalityTokenCount,
    PromptFeedback,
    UsageMetadata,
)
from gemini_batch.models.media import VideoMetadata
from gemini_batch.models.operation import (
    BatchInput,
    BatchMetadata,
    BatchOperation,
    BatchState,
    BatchStats,
)
from gemini_batch.models.schema import Schema, Type
from gemini_batch.models.service_tools import CodeExecution, GoogleSearch, Interval, UrlContext
from gemini_batch.models.status import GRPC_NAMES, Status, grpc_name
from gemini_batch.models.tools import FunctionDeclaration, Tool
from gemini_batch.schema import schema_of
from tests import payloads


def response(tree: object) -> GenerationResponse:
    """Read an answer."""
    return codec.structure(tree, GenerationResponse)


def ended(reason: str | None, *parts: Part) -> GenerationResponse:
    """Make an answer of these parts that ended for this reason."""
    finish = None if reason is None else FinishReason(reason)
    return GenerationResponse([Candidate(Content(parts), finish)])


# Open enums


def test_an_unknown_name_is_kept() -> None:
    """A name from after this package was written is a member like any other, and its own text."""
    known, unknown = FinishReason("STOP"), FinishReason("MOOD")
    assert known is FinishReason.STOP
    assert known.recognised
    assert not unknown.recognised
    assert "MOOD" == unknown == str(unknown) == unknown.value == unknown.name
    assert isinstance(unknown, FinishReason)
    assert {unknown} == {FinishReason("MOOD"), "MOOD"}
    assert FinishReason("") == ""


@pytest.mark.parametrize("name", ["STOP", "MOOD"])
def test_a_name_travels(name: str) -> None:
    """Pickled or copied, a name is the same, known or not."""
    reason = FinishReason(name)
    for arrived in (
        pickle.loads(pickle.dumps(reason)),  # noqa: S301 - it was made here
        copy.deepcopy(reason),
    ):
        assert reason == arrived
        assert reason.recognised == arrived.recognised


def test_only_text_is_a_name() -> None:
    """Anything else is refused, as by any enum."""
    with pytest.raises(ValueError, match="7 is not a valid FinishReason"):
        FinishReason(7)


# Timestamps


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01T09:15:27Z", datetime(2026, 3, 1, 9, 15, 27, 0, UTC)),
        ("2026-03-01t09:15:27z", datetime(2026, 3, 1, 9, 15, 27, 0, UTC)),
        ("2026-03-01T09:15:27.8Z", datetime(2026, 3, 1, 9, 15, 27, 800000, UTC)),
        ("2026-03-01T09:15:27.000417Z", datetime(2026, 3, 1, 9, 15, 27, 417, UTC)),
        ("2026-03-01T09:15:27.123456789Z", datetime(2026, 3, 1, 9, 15, 27, 123456, UTC)),
        ("2026-03-01T09:15:27.1234567890123Z", datetime(2026, 3, 1, 9, 15, 27, 123456, UTC)),
        ("2026-03-01T11:15:27+02:00", datetime(2026, 3, 1, 9, 15, 27, 0, UTC)),
        ("2026-03-01T03:45:27.5-05:30", datetime(2026, 3, 1, 9, 15, 27, 500000, UTC)),
        ("2026-03-01T09:15:27-00:00", datetime(2026, 3, 1, 9, 15, 27, 0, UTC)),
    ],
)
def test_a_timestamp_is_a_moment_and_its_text(text: str, moment: datetime) -> None:
    """Any number of digits and any offset is read, and the text is kept to the nanosecond."""
    stamp = Timestamp.parse(text)
    assert moment == stamp
    assert text == stamp.rfc3339
    for arrived in (
        pickle.loads(pickle.dumps(stamp)),  # noqa: S301 - it was made here
        copy.deepcopy(stamp),
    ):
        assert (stamp, text) == (arrived, arrived.rfc3339)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-03-01",
        "2026-03-01 09:15:27Z",
        "2026-03-01T09:15:27",
        "2026-03-01T09:15Z",
        "2026-03-01T09:15:27.Z",
        "2026-03-01T09:15:27+02",
        "2026-03-01T09:15:27+24:00",
        "2026-13-01T09:15:27Z",
        "2026-02-30T09:15:27Z",
        "2026-03-01T25:15:27Z",
        "٢٠٢٦-03-01T09:15:27Z",
        "2026-03-01T09:15:27Z\n",
    ],
)
def test_what_is_no_timestamp_is_refused(text: str) -> None:
    """A moment is never guessed."""
    with pytest.raises(ValueError):  # noqa: PT011 - what is impossible is refused by datetime
        Timestamp.parse(text)


@pytest.mark.parametrize(
    "reckoned",
    [
        Timestamp.parse("2026-03-01T09:15:27.123456789Z") + timedelta(hours=48),
        Timestamp.parse("2026-03-01T09:15:27.123456789Z").replace(microsecond=0),
        Timestamp.parse("2026-03-01T09:15:27Z").astimezone(timezone(timedelta(hours=-3))),
    ],
)
def test_a_moment_reckoned_from_a_timestamp_has_a_text_of_its_own(reckoned: Timestamp) -> None:
    """Arithmetic never shows the text of another moment, and what it makes travels as well."""
    assert reckoned == Timestamp.parse(reckoned.rfc3339)
    arrived = pickle.loads(pickle.dumps(reckoned))  # noqa: S301 - it was made here
    assert (reckoned, reckoned.rfc3339) == (arrived, arrived.rfc3339)


# Durations


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("0s", timedelta()),
        ("1.5s", timedelta(seconds=1.5)),
        ("-1.000001s", timedelta(microseconds=-1_000_001)),
        ("3.123456789s", timedelta(seconds=3, microseconds=123_456)),
        ("999999999999s", timedelta(seconds=999_999_999_999)),
    ],
)
def test_a_duration_is_read(text: str, length: timedelta) -> None:
    """It is a ``timedelta`` that keeps the text, also through pickling and copying."""
    duration = Duration.parse(text)
    assert length == duration
    for one in (duration, copy.deepcopy(duration), pickle.loads(pickle.dumps(duration))):  # noqa: S301 - it was made here
        assert (text, length) == (one.seconds_text, one)


@pytest.mark.parametrize("text", ["", "1", "1.s", ".5s", "1e3s", "+1s", "\u0663s", "1 s", "1s\n"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    """Where it is read, and where it is given."""
    with pytest.raises(ValueError, match=r"is not a duration in seconds, such as '1\.5s'"):
        Duration.parse(text)
    with pytest.raises(UsageError, match="is not a duration in seconds"):
        VideoMetadata(start_offset=text)


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(), "0s"),
        (timedelta(minutes=1), "60s"),
        (timedelta(seconds=1.5), "1.5s"),
        (timedelta(microseconds=-1), "-0.000001s"),
        (Duration(seconds=2, microseconds=100_000), "2.1s"),
        ("0.50s", "0.50s"),
    ],
)
def test_a_duration_is_written_with_the_decimals_it_needs(
    length: timedelta | str, text: str
) -> None:
    """Or as it was given."""
    video = VideoMetadata(start_offset=length)
    assert {"startOffset": text} == codec.unstructure(video)
    assert video == codec.structure({"startOffset": text}, VideoMetadata)


def test_a_moment_may_be_given_in_any_way_that_is_clear() -> None:
    """As text, as a ``datetime`` with a time zone, or as it was read."""
    moment = datetime(2026, 3, 1, 9, 15, tzinfo=timezone(timedelta(hours=1)))
    text = "2026-03-01T09:15:00+01:00"
    for way in (text, moment, Timestamp.parse(text)):
        interval = Interval(start_time=way)
        assert interval.start_time == moment
        assert {"startTime": text} == codec.unstructure(interval)
    assert Interval().start_time is None


@pytest.mark.parametrize(
    ("unclear", "refusal"),
    [
        ("yesterday", "'yesterday' is not an RFC 3339 timestamp"),
        (datetime(2026, 3, 1), "has no time zone: give it one"),  # noqa: DTZ001 - it is refused
    ],
)
def test_a_moment_that_is_not_clear_is_refused(unclear: datetime | str, refusal: str) -> None:
    """No time zone is guessed."""
    with pytest.raises(UsageError, match=refusal):
        Interval(start_time=unclear)


# The room


def test_messages_are_found_where_they_are_named() -> None:
    """They are shown before they are loaded, and what there is none of is an error."""
    assert {*models.__all__, "HOMES", "ROOMS"} == set(dir(models))
    assert Interval is models.Interval
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        getattr(models, "Nothing")  # noqa: B009 - checkers know that there is none


# Freezing


def test_a_string_is_no_sequence_of_strings() -> None:
    """The mistake of a lost pair of brackets is not sent as a list of letters."""
    assert ("a", "b") == as_strings(["a", "b"])
    with pytest.raises(UsageError, match="wrap it in a list"):
        GenerationConfig(stop_sequences="END")


def test_a_model_stays_as_it_was_made() -> None:
    """Lists become tuples, and every model can be hashed."""
    detail = {"reason": "THIS"}
    counts = [ModalityTokenCount(Modality.TEXT, 3)]
    models: list[Any] = [
        Content([Part("a")], "user"),
        GenerateContentRequest([Content.user("a")], extra={"tools": [{}]}),
        GenerationConfig(stop_sequences=["a"], response_modalities=["TEXT"], response_schema={}),
        GenerationResponse([Candidate(Content.model("a"))]),
        UsageMetadata(prompt_tokens_details=counts, candidates_tokens_details=counts),
        Status(3, "no", [detail]),
        FunctionCall("tide", {"port": "Brest"}),
        File(size_bytes=3),
    ]
    assert len(models) == len(set(models))
    assert (detail,) == as_objects([detail]) == models[5].details
    assert (counts[0],) == models[4].prompt_tokens_details
    with pytest.raises(AttributeError):
        models[0].role = "model"


# Content


@given(st.binary(max_size=200))
def test_media_comes_out_as_it_went_in(media: bytes) -> None:
    """Both alphabets of base64 are read, padded or not."""
    blob = Blob.of(media, "image/png")
    assert media == blob.decoded()
    other = blob.data.translate(str.maketrans("+/", "-_")).rstrip("=")
    assert media == Blob("image/png", other).decoded()


@pytest.mark.parametrize("text", ["!", "a", "YW Jj", "YWJj\n", "ÿ"])
def test_what_is_not_base64_is_refused(text: str) -> None:
    """Damaged media is not decoded to something else."""
    with pytest.raises(ValueError):  # noqa: PT011 - each is refused in other words
        Blob("image/png", text).decoded()


def test_media_is_not_shown() -> None:
    """A megabyte of base64 stays out of a log."""
    assert "Blob(mime_type='image/png', data=<4000 characters of base64>)" == repr(
        Blob.of(b"x" * 3000, "image/png")
    )


def test_a_message_says_who_speaks() -> None:
    """The user and the model have a role, and the system has none."""
    assert Content((Part("hi"),), "user") == Content.user("hi")
    assert Content((Part("hi"),), "model") == Content.model("hi")
    assert Content((Part("hi"),), None) == Content.system("hi")


# Requests


def test_a_request_of_one_prompt() -> None:
    """The short way to make a request is the same as the long one."""
    assert GenerateContentRequest([Content.user("Hi")]) == GenerateContentRequest.of("Hi")
    thinking = ThinkingConfig(thinking_budget=0)
    long = GenerateContentRequest(
        [Content.user("Hi")],
        Content.system("Be brief"),
        GenerationConfig(temperature=0.2, thinking_config=thinking),
    )
    short = GenerateContentRequest.of(
        "Hi", system="Be brief", temperature=0.2, thinking_config=thinking
    )
    assert long == short
    assert long.model is None
    assert "models/m" == long.with_model("models/m").model


# Answers


def test_an_answer_speaks() -> None:
    """The text is that of all parts that are not thoughts."""
    answer = ended("STOP", Part("Let me see.", thought=True), Part("Rayleigh "), Part("it is."))
    assert "Rayleigh it is." == answer.text == answer.text_or("nothing")
    assert "Let me see." == answer.thoughts
    assert "STOP" == answer.finish_reason
    assert answer.problem is None
    assert not answer.truncated
    read = response(payloads.answer("Blue."))
    assert "Blue." == read.text
    assert read.usage is not None
    assert (8, 3, 32) == (
        read.usage.prompt_token_count,
        read.usage.candidates_token_count,
        read.usage.total_token_count,
    )
    assert "" == read.thoughts
    assert () == read.blobs == read.function_calls


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (GenerationResponse(), "no answer: the service gave no reason"),
        (GenerationResponse([Candidate()]), "no answer: the service gave no reason"),
        (GenerationResponse([Candidate(None, FinishReason.OTHER)]), "no answer: OTHER"),
        (response(payloads.blocked_prompt()), "blocked: PROHIBITED_CONTENT"),
        (
            GenerationResponse([Candidate(Content.model("x"))], PromptFeedback(BlockReason.OTHER)),
            "blocked: OTHER",
        ),
        (ended("SAFETY"), "blocked: SAFETY"),
        (ended("RECITATION", Part("the first w")), "blocked: RECITATION"),
        (ended("MAX_TOKENS"), "no answer: MAX_TOKENS"),
        (ended("MAX_TOKENS", Part("hm", thought=True)), "no answer: MAX_TOKENS"),
        (ended("STOP", Part("", thought_signature="c2ln")), "no answer: STOP"),
        (ended("MOOD"), "no answer: MOOD"),
        (ended(None, Part()), "no answer: the service gave no reason"),
        (ended(None, Part("x")), None),
        (ended("MAX_TOKENS", Part("cut of")), None),
        (ended("STOP", Part(), Part(inline_data=Blob("image/png", "YQ=="))), None),
        (ended("STOP", Part(file_data=FileData("files/a"))), None),
        (ended("STOP", Part(executable_code=ExecutableCode("1"))), None),
        (ended("STOP", Part(code_execution_result=CodeExecutionResult())), None),
        (ended("STOP", Part(tool_call=ToolCall())), None),
        (ended("STOP", Part(extra={"hologram": {"depth": "1"}})), None),
        (response(payloads.function_call()), None),
    ],
)
def test_an_answer_says_why_it_is_empty(answer: GenerationResponse, problem: str | None) -> None:
    """What was blocked says so even where some text came; a call or an image is an answer."""
    assert problem == answer.problem


@pytest.mark.parametrize("reason", sorted(BLOCKED))
def test_an_answer_that_was_withheld_is_a_problem(reason: FinishReason) -> None:
    """Each of the reasons that withhold an answer is named."""
    assert f"blocked: {reason}" == ended(reason, Part("x")).problem


@pytest.mark.parametrize(
    ("answer", "finish_reason", "block_reason"),
    [
        (GenerationResponse(), None, None),
        (response(payloads.blocked_prompt()), None, "PROHIBITED_CONTENT"),
        (GenerationResponse(prompt_feedback=PromptFeedback()), None, None),
        (ended("SAFETY"), "SAFETY", None),
        (ended("MAX_TOKENS", Part("hm", thought=True)), "MAX_TOKENS", None),
        (ended("STOP", Part("")), "STOP", None),
        (response(payloads.function_call()), "STOP", None),
    ],
)
def test_an_answer_without_text_is_never_empty_text(
    answer: GenerationResponse, finish_reason: str | None, block_reason: str | None
) -> None:
    """It raises, and the error says why; a default has to be asked for."""
    with pytest.raises(NoTextError) as raised:
        _ = answer.text
    assert (finish_reason, block_reason) == (raised.value.finish_reason, raised.value.block_reason)
    assert "nothing" == answer.text_or("nothing")


def test_an_answer_that_ran_into_its_limit_says_so() -> None:
    """Its text may be cut: that is for the reader to know."""
    assert ended("MAX_TOKENS", Part("cut of")).truncated


def test_an_answer_of_other_kinds() -> None:
    """Calls and media are found wherever they stand among the parts."""
    answer = response(payloads.function_call())
    assert (FunctionCall("tide", {"port": "Brest"}, "call_4107"),) == answer.function_calls
    assert "Which tool" in answer.thoughts
    image = Blob("image/png", "YQ==")
    assert (image,) == ended("STOP", Part("Here:"), Part(inline_data=image)).blobs


def test_code_and_what_came_of_it_are_found() -> None:
    """In the order in which it was run; neither is text."""
    code = ExecutableCode("print(6 * 7)", CodeLanguage.PYTHON, "run_1")
    result = CodeExecutionResult(CodeOutcome.OK, "42\n", "run_1")
    parts = Part(executable_code=code), Part(code_execution_result=result), Part("42.")

    answer = ended("STOP", *parts, *parts)

    assert ((code, code), (result, result)) == (answer.code, answer.code_results)
    assert "42.42." == answer.text
    assert () == GenerationResponse().code == GenerationResponse().code_results


def test_sources_are_found() -> None:
    """Those of the first candidate, where there are any."""
    source = CitationSource(0, 7, "https://example.org/", "mit")

    cited = GenerationResponse([Candidate(citation_metadata=CitationMetadata((source,)))])

    assert (source,) == cited.citations
    assert () == GenerationResponse().citations == ended("STOP", Part("a")).citations


def test_an_answer_in_json_is_read_as_what_it_was_asked_for_by() -> None:
    """Its thoughts are no part of it; a fence is read only where that is allowed."""
    answer = ended("STOP", Part("{}", thought=True), Part("[1, "), Part("2]"))

    assert [1, 2] == answer.parsed(list[int])
    fenced = ended("STOP", Part("```json\n[1]\n```"))
    assert [1] == fenced.parsed(list[int], fenced=True)
    with pytest.raises(AnswerMismatchError, match="in a code fence"):
        fenced.parsed(list[int])


@pytest.mark.parametrize("text", ["[1, 2", "**Weighing the options**", '["a"]'])
def test_a_cut_answer_that_does_not_fit_says_that_it_was_cut(text: str) -> None:
    """A leaked thought included; what fits all the same is whole."""
    with pytest.raises(AnswerMismatchError, match="was cut at its token limit") as caught:
        ended("MAX_TOKENS", Part(text)).parsed(list[int])

    assert caught.value.truncated
    assert [1] == ended("MAX_TOKENS", Part("[1]")).parsed(list[int])
    with pytest.raises(AnswerMismatchError) as whole:
        ended("STOP", Part(text)).parsed(list[int])
    assert not whole.value.truncated


def test_an_answer_without_text_has_nothing_to_be_read() -> None:
    """The error is that of its text."""
    with pytest.raises(NoTextError, match="the model ended with MAX_TOKENS"):
        ended("MAX_TOKENS").parsed(list[int])


def test_a_class_stands_for_its_schema() -> None:
    """In the knobs of a generation, and in a request, which asks for JSON unless told otherwise."""
    schema = schema_of(list[int])

    assert schema == GenerationConfig(response_schema=list[int]).response_schema
    assert schema == GenerationConfig(response_schema=schema).response_schema
    assert Schema(Type.STRING) == GenerationConfig(response_schema=str).response_schema
    config = GenerateContentRequest.of("a", response_schema=list[int]).generation_config
    assert GenerationConfig(response_mime_type="application/json", response_schema=schema) == config
    other = GenerateContentRequest.of("a", response_json_schema={}).generation_config
    assert GenerationConfig(response_mime_type="application/json", response_json_schema={}) == other
    named = GenerateContentRequest.of(
        "a", response_schema=list[int], response_mime_type="text/x.enum"
    )
    assert "text/x.enum" == getattr(named.generation_config, "response_mime_type", None)


Count = NewType("Count", int)


def test_a_schema_is_whatever_can_be_asked_for() -> None:
    """A name for a class among it; the name of one as text is refused, and not sent."""
    assert Schema(Type.INTEGER) == GenerationConfig(response_schema=Count).response_schema
    with pytest.raises(UsageError, match=r"^Count: Count is nothing that a schema of the API can"):
        GenerationConfig(response_schema="Count")


# Batches and files


@pytest.mark.parametrize("prefix", ["BATCH_STATE_", "JOB_STATE_", ""])
@pytest.mark.parametrize("name", [*BatchState.__members__, "PAUSED"])
def test_a_state_is_read_with_either_prefix(prefix: str, name: str) -> None:
    """The wire says ``BATCH_STATE_``, the guide ``JOB_STATE_``; a new state keeps its name."""
    state = BatchState.from_wire(prefix + name)
    assert name == state
    assert ("PAUSED" != name) == state.recognised


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((None, None, None, None), (None, None, None, None)),
        ((5, 5, None, None), (5, 5, 0, 0)),
        ((5, 3, 2, None), (5, 3, 2, 0)),
        ((5, None, None, 5), (5, 0, 0, 5)),
        ((5, 3, None, None), (5, 3, None, None)),
        ((5, None, None, None), (5, None, None, None)),
        ((0, None, None, None), (0, 0, 0, 0)),
        ((None, 3, None, None), (None, 3, None, None)),
        ((5, 4, 2, None), (5, 4, 2, None)),
        ((-1, None, None, None), (None, None, None, None)),
        ((5, -2, 4, 1), (5, 0, 4, 1)),
        ((5, 5, -1, -1), (5, 5, 0, 0)),
        ((-5, -5, None, None), (None, None, None, None)),
        ((10**30, 10**30, None, None), (10**30, 10**30, 0, 0)),
    ],
)
def test_an_absent_count_is_zero_only_where_that_adds_up(
    given: tuple[int | None, ...], expected: tuple[int | None, ...]
) -> None:
    """The service leaves zeros out; but a count that it leaves out need not be zero."""
    assert BatchStats(*expected) == BatchStats(*given).completed()


@pytest.mark.parametrize(
    ("file", "inlined", "has"),
    [(None, False, False), (None, True, True), ("files/a", False, True)],
)
def test_a_batch_has_output(file: str | None, inlined: bool, has: bool) -> None:
    """Results are to be had from a file or from the operation itself."""
    operation = BatchOperation(
        "batches/a", BatchState.SUCCEEDED, responses_file=file, inlined=inlined
    )
    assert has == operation.has_output


def test_what_the_service_tells_of_a_batch_is_read() -> None:
    """Its counts are strings on the wire, and its input may be a file."""
    metadata = codec.structure(payloads.succeeded_file()["metadata"], BatchMetadata)
    assert BatchInput("files/u8w2k5n1") == metadata.input_config
    assert BatchStats(5, 5) == metadata.batch_stats
    assert "BATCH_STATE_SUCCEEDED" == metadata.state


def test_what_the_service_tells_of_a_file_is_read() -> None:
    """Its size is a string on the wire, and its dates have six digits or nine."""
    file = codec.structure(payloads.file(), File)
    assert FileState.ACTIVE is file.state
    assert 73519 == file.size_bytes
    assert file.expiration_time is not None
    assert "2026-03-03T09:14:58.907113254Z" == file.expiration_time.rfc3339
    assert {} == file.extra


@pytest.mark.parametrize(
    ("code", "name"), [(0, "OK"), (13, "INTERNAL"), (16, GRPC_NAMES[-1]), (17, "CODE_17")]
)
def test_a_code_has_a_name(code: int, name: str) -> None:
    """The numbers are those of gRPC; an unknown one is not an exception."""
    assert name == grpc_name(code) == Status(code).status


def test_a_negative_code_is_not_counted_from_the_end() -> None:
    """-1 is no name at all."""
    assert "CODE_-1" == grpc_name(-1)


# Tools, embeddings and create calls

SEARCH = Tool([FunctionDeclaration("f", "Does f.", Schema("OBJECT"), response=Schema())])
INLINED = {"request": {"contents": [{"parts": [{"text": "a"}], "role": "user"}]}}
SPELLINGS: list[tuple[Model, dict[str, Any], dict[str, Any]]] = [
    (
        SEARCH,
        {
            "functionDeclarations": [
                {
                    "name": "f",
                    "description": "Does f.",
                    "parameters": {"type": "OBJECT"},
                    "response": {},
                }
            ]
        },
        {
            "function_declarations": [
                {
                    "name": "f",
                    "description": "Does f.",
                    "parameters": {"type": "OBJECT"},
                    "response": {},
                }
            ]
        },
    ),
    (Tool(google_search=GoogleSearch()), {"googleSearch": {}}, {"google_search": {}}),
    (Tool(code_execution=CodeExecution()), {"codeExecution": {}}, {"code_execution": {}}),
    (
        Tool(url_context=UrlContext(), extra={"new": 1}),
        {"urlContext": {}, "new": 1},
        {"url_context": {}, "new": 1},
    ),
    (
        FunctionDeclaration("f", parameters_json_schema={"type": "object"}),
        {"name": "f", "parametersJsonSchema": {"type": "object"}},
        {"name": "f", "parameters_json_schema": {"type": "object"}},
    ),
    (
        FunctionResponse("f", {"x": [1]}, "call_1"),
        {"name": "f", "response": {"x": [1]}, "id": "call_1"},
        {"name": "f", "response": {"x": [1]}, "id": "call_1"},
    ),
    (
        EmbedContentRequest.of(
            "a", task_type="NEW_ONE", title="A", output_dimensionality=5, model="m"
        ),
        {
            "content": {"parts": [{"text": "a"}]},
            "taskType": "NEW_ONE",
            "title": "A",
            "outputDimensionality": 5,
            "model": "m",
        },
        {
            "content": {"parts": [{"text": "a"}]},
            "task_type": "NEW_ONE",
            "title": "A",
            "output_dimensionality": 5,
            "model": "m",
        },
    ),
    (
        EmbedContentResponse(
            ContentEmbedding([0.5, -1], [2]),
            EmbeddingUsageMetadata(3, [ModalityTokenCount(Modality.TEXT, 3)]),
            2**60,
        ),
        {
            "embedding": {"values": [0.5, -1], "shape": [2]},
            "usageMetadata": {
                "promptTokenCount": 3,
                "promptTokenDetails": [{"modality": "TEXT", "tokenCount": 3}],
            },
            "tokenCount": str(2**60),
        },
        {
            "embedding": {"values": [0.5, -1], "shape": [2]},
            "usage_metadata": {
                "prompt_token_count": "3",
                "prompt_token_details": [{"modality": "TEXT", "token_count": 3}],
            },
            "token_count": 2**60,
        },
    ),
    (
        BatchGenerateContentRequest(
            GenerateContentBatch(
                "sky",
                InputConfig(InlinedRequests([InlinedRequest(GenerateContentRequest.of("a"))])),
                priority=1,
            )
        ),
        {
            "batch": {
                "displayName": "sky",
                "inputConfig": {"requests": {"requests": [INLINED]}},
                "priority": "1",
            }
        },
        {
            "batch": {
                "display_name": "sky",
                "input_config": {"requests": {"requests": [INLINED]}},
                "priority": 1,
            }
        },
    ),
    (
        AsyncBatchEmbedContentRequest(
            EmbedContentBatch("sky", InputEmbedContentConfig(file_name="files/a"), "models/m")
        ),
        {
            "batch": {
                "displayName": "sky",
                "inputConfig": {"fileName": "files/a"},
                "model": "models/m",
            }
        },
        {
            "batch": {
                "display_name": "sky",
                "input_config": {"file_name": "files/a"},
                "model": "models/m",
            }
        },
    ),
]


@pytest.mark.parametrize(
    ("model", "camel", "snake"), SPELLINGS, ids=lambda value: type(value).__name__
)
def test_a_model_is_written_in_one_spelling_and_read_in_two(
    model: Model, camel: dict[str, Any], snake: dict[str, Any]
) -> None:
    """An empty object that turns something on is written, and what is not known is kept."""
    assert camel == codec.unstructure(model)
    assert model == codec.structure(camel, type(model)) == codec.structure(snake, type(model))
    assert isinstance(hash(model), int)


def test_requests_are_put_into_a_create_call_by_their_keys() -> None:
    """In their order, for both methods."""
    text, embedding = GenerateContentRequest.of("a"), EmbedContentRequest.of("b")
    one = BatchGenerateContentRequest.of("sky", None, [("k", text), ("l", text)])
    other = AsyncBatchEmbedContentRequest.of("sky", "models/m", iter([("k", embedding)]))

    assert one.batch.input_config.requests is not None
    assert (InlinedRequest(text, {"key": "k"}), InlinedRequest(text, {"key": "l"})) == (
        one.batch.input_config.requests.requests
    )
    assert (None, "models/m") == (one.batch.model, other.batch.model)
    assert InlinedEmbedContentRequests([InlinedEmbedContentRequest(embedding, {"key": "k"})]) == (
        other.batch.input_config.requests
    )


def test_a_task_type_is_open_but_for_what_is_no_text() -> None:
    """A new one is sent as it is; a number is a mistake."""
    assert TaskType.CLUSTERING is EmbedContentRequest(task_type="CLUSTERING").task_type
    assert not TaskType("NEW_ONE").recognised
    assert EmbedContentRequest().task_type is None
    wrong: Any = 7
    with pytest.raises(UsageError, match="a task type is a string, not 7"):
        EmbedContentRequest(task_type=wrong)


@pytest.mark.parametrize(
    ("response", "values", "usage", "problem"),
    [
        (EmbedContentResponse(), (), None, "no answer: the embedding is empty"),
        (
            EmbedContentResponse(ContentEmbedding()),
            *((), None, "no answer: the embedding is empty"),
        ),
        (EmbedContentResponse(ContentEmbedding([0.0])), (0.0,), None, None),
        (
            EmbedContentResponse(ContentEmbedding([1]), token_count=0),
            *((1,), EmbeddingUsageMetadata(0), None),
        ),
        (
            EmbedContentResponse(ContentEmbedding([1]), EmbeddingUsageMetadata(5), 7),
            *((1,), EmbeddingUsageMetadata(5), None),
        ),
    ],
)
def test_an_embedding_speaks_for_itself(
    response: EmbedContentResponse, values: tuple[float, ...], usage: Any, problem: str | None
) -> None:
    """Its numbers, what they took, and why there are none."""
    assert (values, usage, problem) == (response.values, response.usage, response.problem)


def test_numbers_are_not_shown() -> None:
    """Three thousand of them stay out of a log."""
    assert "values=<3072 numbers>" in repr(ContentEmbedding([0.5] * 3072))


def test_a_file_is_named_by_itself_or_by_its_name() -> None:
    """Whichever is at hand."""
    assert "files/a" == name_of("files/a") == name_of(File("files/a"))
