"""Bytes to models and back: nothing is lost, nothing is coerced, and nothing else is raised."""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, timedelta
from decimal import Decimal
from functools import cache
from types import MappingProxyType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from attrs import evolve, fields
from hypothesis import given, settings, strategies as st

from gemini_batch import codec, models
from gemini_batch.codec.mismatch import expected
from gemini_batch.errors import ProtocolError
from gemini_batch.models.base import Duration, Int64, Model, OpenEnum, Timestamp
from gemini_batch.models.config import GenerationConfig
from gemini_batch.models.content import Blob, Content, FunctionCall, Part
from gemini_batch.models.embedding import EmbedContentResponse
from gemini_batch.models.file import File
from gemini_batch.models.generation import (
    Candidate,
    GenerateContentRequest,
    GenerationResponse,
    UsageMetadata,
)
from gemini_batch.models.media import VideoMetadata
from gemini_batch.models.operation import BatchInput, BatchMetadata, BatchStats
from gemini_batch.models.schema import Schema
from gemini_batch.models.status import Status
from gemini_batch.models.tools import FunctionDeclaration
from tests import payloads

MESSAGES = {name: getattr(models, name) for name in models.HOMES}
"""Every message and enum there is, which loads them all."""


def all_models() -> list[type[Model]]:
    """Return every message there is."""
    found = [one for one in MESSAGES.values() if issubclass(one, Model) and one is not Model]
    return [*found, BatchInput, BatchMetadata]


# Strategies: models of any kind, made from what their members say they are.

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
INT64 = st.integers(-(2**63), 2**63 - 1)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | INT64 | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(TEXT, JSON, max_size=3)


@st.composite
def timestamps(draw: st.DrawFn) -> Timestamp:
    """Draw timestamps with up to nine digits."""
    moment = draw(st.datetimes(timezones=st.just(UTC))).replace(microsecond=0, tzinfo=None)
    digits = draw(st.from_regex(r"(\.[0-9]{1,9})?", fullmatch=True))
    return Timestamp.parse(f"{moment.isoformat()}{digits}Z")


def durations() -> st.SearchStrategy[Duration]:
    """Draw durations with up to nine digits."""
    return st.from_regex(r"-?[0-9]{1,6}(\.[0-9]{1,9})?s", fullmatch=True).map(Duration.parse)


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Return what a member of this type may hold."""
    if kind == Int64:
        return INT64
    simple: dict[Any, st.SearchStrategy[Any]] = {
        str: TEXT,
        int: INT64,
        float: NUMBERS,
        bool: st.booleans(),
        Any: JSON,
        Timestamp: timestamps(),
        timedelta: durations(),
    }
    if kind in simple:
        return simple[kind]
    if get_origin(kind) is Mapping:
        inner = get_args(kind)[1]
        return OBJECTS if inner is Any else st.dictionaries(TEXT, values(inner), max_size=2)
    if get_origin(kind) is tuple:
        return st.lists(values(get_args(kind)[0]), max_size=3).map(tuple)
    if get_origin(kind) in {Union, UnionType}:
        first, *others = get_args(kind)
        # Of the kinds of one member the first is what is read; the others may be given besides.
        return st.none() | values(first) if type(None) in others else values(first)
    if issubclass(kind, OpenEnum):
        return st.sampled_from(kind) | TEXT.map(kind)
    return st.deferred(lambda: messages(kind)) if kind is Schema else messages(kind)


@cache
def messages(kind: type[Model]) -> st.SearchStrategy[Model]:
    """Return models of a kind, members included that the class does not know."""
    hints = get_type_hints(kind, localns=MESSAGES, include_extras=True)
    names = [one.name for one in fields(kind) if one.name != "extra"]
    known = {*names, *(camel(name) for name in names)}
    extra = st.dictionaries(TEXT.filter(lambda name: name not in known), JSON, max_size=2)
    return st.builds(kind, extra=extra, **{name: values(hints[name]) for name in names})


def camel(name: str) -> str:
    """Spell a name as the API documents it."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


ANY_MODEL = st.sampled_from(sorted(all_models(), key=lambda kind: kind.__name__)).flatmap(messages)


@settings(deadline=None)
@given(ANY_MODEL)
def test_a_model_comes_back_as_it_was(model: Model) -> None:
    """Written and read again, a model is the same, unknown members and names included."""
    assert model == codec.structure(codec.unstructure(model), type(model))
    line = codec.encode(model)
    assert b"\n" not in line
    assert model == codec.decode(line, type(model))
    assert codec.unstructure(model) == json.loads(line)


@settings(deadline=None)
@given(ANY_MODEL)
def test_both_spellings_are_read(model: Model) -> None:
    """``responseId`` and ``response_id`` are the same member, as in all proto3 JSON."""
    names = {camel(one.name): one.name for one in fields(type(model)) if one.name != "extra"}
    tree = codec.unstructure(model)
    spelled = {names.get(name, name): value for name, value in tree.items()}
    assert model == codec.structure(spelled, type(model))


@settings(deadline=None)
@given(st.sampled_from([Blob, EmbedContentResponse, GenerationResponse]).flatmap(messages))
def test_an_answer_comes_back_as_it_was(model: Model) -> None:
    """Decoded in one go, or else as anything is."""
    assert model == codec.decode(codec.encode(model), type(model))
    known = codec.encode(evolve(model, extra={}))
    assert codec.structure(json.loads(known), type(model)) == codec.decode(known, type(model))


@settings(deadline=None)
@given(ANY_MODEL, JSON)
def test_only_a_protocol_error_comes_of_anything_else(model: Model, tree: object) -> None:
    """Whatever the service sends in place of a member, it is read or refused with its place."""
    whole = codec.unstructure(model)
    for name in whole:
        with suppress(ProtocolError):
            codec.structure({**whole, name: tree}, type(model))


# What is read


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("5", 5),
        (5, 5),
        (5.0, 5),
        ("-5", -5),
        ("0", 0),
        (str(2**63 - 1), 2**63 - 1),
        (str(-(2**63)), -(2**63)),
        (None, None),
    ],
)
def test_an_integer_is_read_as_text_or_number(value: object, expected: int | None) -> None:
    """proto3 JSON writes 64 bits as text and 32 as a number, and reads either."""
    assert expected == codec.structure({"requestCount": value}, BatchStats).request_count
    assert (
        expected == codec.structure({"promptTokenCount": value}, UsageMetadata).prompt_token_count
    )


@pytest.mark.parametrize(
    "value",
    [
        "x",
        "",
        "-",
        "--5",
        "5.0",
        "0x5",
        "1_000",
        " 5",
        "\u0665",
        "\xb2",
        "9" * 5000,
        str(2**63),
        2**63,
        -(2**63) - 1,
        1e22,
        5.5,
        True,
        [],
        {},
    ],
    ids=lambda value: repr(value)[:20],
)
def test_what_is_no_integer_is_refused(value: object) -> None:
    """Nothing is rounded, and no digits but those of JSON are read."""
    for tree, kind in (
        ({"requestCount": value}, BatchStats),
        ({"promptTokenCount": value}, UsageMetadata),
    ):
        with pytest.raises(ProtocolError, match="Count: expected an integer, got ") as raised:
            codec.structure(tree, kind)
        assert 200 > len(str(raised.value))


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_has_no_word_for_are_read_as_proto3_spells_them(word: str) -> None:
    """One of them, beside an answer that was paid for, does not make it malformed."""
    found = codec.structure({"avgLogprobs": word}, Candidate).avg_logprobs
    assert repr(float(word)) == repr(found)


def test_what_is_nested_too_deeply_for_its_models_is_refused() -> None:
    """JSON may be as deep as this, and the models that it describes may not."""
    tree: Any = {}
    for _ in range(5000):
        tree = {"items": tree}
    with pytest.raises(ProtocolError, match=r"^nested too deeply$"):
        codec.structure(tree, Schema)


@pytest.mark.parametrize(
    ("tree", "kind", "complaint"),
    [
        ({"text": 5}, Part, "text: expected a string, got 5"),
        ({"text": {"a": 1}}, Part, "text: expected a string, got {'a': 1}"),
        ({"thought": "false"}, Part, "thought: expected true or false, got 'false'"),
        ({"thought": 0}, Part, "thought: expected true or false, got 0"),
        ({"temperature": "0.5"}, GenerationConfig, "temperature: expected a number, got '0.5'"),
        ({"temperature": True}, GenerationConfig, "temperature: expected a number, got True"),
        ({"temperature": 10**400}, GenerationConfig, "temperature: expected a number, got 1000"),
        ({"state": 3}, File, "state: expected a string, got 3"),
        ({"createTime": 5}, File, "createTime: expected a string, got 5"),
        ({"createTime": "now"}, File, "createTime: expected an RFC 3339 timestamp, got 'now'"),
        ({"startOffset": "1 s"}, VideoMetadata, "startOffset: expected a duration in seconds, "),
        ({"properties": {"a": 5}}, Schema, "properties.a: expected an object, got 5"),
        ({"parts": {}}, Content, "parts: expected an array, got {}"),
        ({"parts": "ab"}, Content, "parts: expected an array, got 'ab'"),
        ({"parts": [{}, 5]}, Content, "parts[1]: expected an object, got 5"),
        ({"args": [1]}, FunctionCall, "args: expected an object, got [1]"),
        ({"details": [None]}, Status, "details[0]: expected an object, got None"),
        (None, Content, "expected an object, got None"),
        ([], Content, "expected an object, got []"),
        ({"data": "YQ=="}, Blob, "Blob lacks a member it must have"),
        (
            {"candidates": [{}, {"content": {"parts": [{"inlineData": {"data": "YQ=="}}]}}]},
            GenerationResponse,
            "candidates[1].content.parts[0].inlineData: Blob lacks a member it must have",
        ),
        (
            {"candidates": [{"content": {"parts": [{"text": "\x1b\ud800"}, {"text": ["\x1b"]}]}}]},
            GenerationResponse,
            r"candidates[0].content.parts[1].text: expected a string, got ['\x1b']",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(
    tree: object, kind: type[Any], complaint: str
) -> None:
    """Nothing is coerced: an answer that breaks the contract is not turned into another."""
    with pytest.raises(ProtocolError) as raised:
        codec.structure(tree, kind)
    assert str(raised.value).startswith(complaint)
    assert raised.value.__suppress_context__


def test_of_what_does_not_fit_only_the_beginning_is_told() -> None:
    """However deep it is, or however long: text of all of it could not be made, or not in time."""
    deep: Any = []
    for _ in range(100_000):
        deep = {"a": [deep]}

    for value in (deep, [deep] * 1000, [0] * 10_000_000, "x" * 10_000_000):
        assert 150 > len(str(expected("a number", value)))


def test_null_is_absent() -> None:
    """A member that is ``null`` has its default, as in all proto3 JSON."""
    assert Part() == codec.structure({"text": None, "thought": None}, Part)
    assert FunctionCall() == codec.structure({"name": None, "args": None}, FunctionCall)
    assert Content() == codec.structure({"parts": None}, Content)


def test_text_and_numbers_are_read_bare() -> None:
    """What is no message can be read as well."""
    assert "a" == codec.decode(b'"a"', str)
    assert codec.decode(b"true", bool)
    assert 2.0 == codec.decode(b"2", float)


@pytest.mark.parametrize("text", [None, "2026-03-01T09:15:27Z", "2026-03-01T09:15:27.123456789Z"])
def test_a_timestamp_is_written_as_it_was_read(text: str | None) -> None:
    """To the nanosecond; what was absent stays absent."""
    tree = {} if text is None else {"createTime": text}
    assert tree == codec.unstructure(codec.structure(tree, BatchMetadata))


@pytest.mark.parametrize(
    ("tree", "kind"),
    [
        (payloads.answer(), GenerationResponse),
        (payloads.blocked_prompt(), GenerationResponse),
        (payloads.function_call(), GenerationResponse),
        (payloads.file(), File),
        (payloads.metadata(), BatchMetadata),
        (payloads.succeeded_inline()["metadata"], BatchMetadata),
        (payloads.succeeded_file()["metadata"], BatchMetadata),
        ({"turnToken": "v1_x", "candidates": [{"finishReason": "MOOD"}]}, GenerationResponse),
    ],
)
def test_what_the_service_sends_is_written_as_it_came(tree: object, kind: type[Any]) -> None:
    """Members and names that are not known here are neither lost nor respelled."""
    assert tree == codec.unstructure(codec.structure(tree, kind))


# What is written


def test_what_is_not_given_is_not_written() -> None:
    """What is empty on purpose is."""
    assert {} == codec.unstructure(GenerateContentRequest())
    assert {"parts": [{"text": ""}]} == codec.unstructure(Content.system(""))
    assert {"thought": False} == codec.unstructure(Part(thought=False))
    assert {"temperature": 0.0} == codec.unstructure(GenerationConfig(temperature=0.0))


def test_sixty_four_bits_are_written_as_text() -> None:
    """Thirty-two are written as a number."""
    assert {"requestCount": "5"} == codec.unstructure(BatchStats(5))
    assert {"promptTokenCount": 5} == codec.unstructure(UsageMetadata(5))


class Text(str):
    """Text as other libraries have it."""

    __slots__ = ()


class Whole(int):
    """A whole number as other libraries have it."""


class Real(float):
    """A number as other libraries have it."""


def test_values_of_other_libraries_are_written() -> None:
    """NumPy's text and numbers are of subclasses, and a mapping need not be a ``dict``."""
    schema = MappingProxyType({"enum": [Text("a")], Text("maxItems"): Whole(3), "min": Real(0.5)})
    config = GenerationConfig(Real(0.5), seed=Whole(7), response_schema=schema)
    line = codec.encode(GenerateContentRequest([Content.user(Text("Hi"))], None, config))
    assert {
        "contents": [{"role": "user", "parts": [{"text": "Hi"}]}],
        "generationConfig": {
            "temperature": 0.5,
            "seed": 7,
            "responseSchema": {"enum": ["a"], "maxItems": 3, "min": 0.5},
        },
    } == json.loads(line)


untyped_part: Any = Part
untyped_content: Any = Content
untyped_config: Any = GenerationConfig
untyped_stats: Any = BatchStats
untyped_function: Any = FunctionDeclaration
untyped_schema: Any = Schema
untyped_video: Any = VideoMetadata
untyped_file: Any = File


@pytest.mark.parametrize(
    ("model", "complaint"),
    [
        (untyped_part(text=b"Hi"), "text: expected a string, got b'Hi'"),
        (untyped_part(text=5), "text: expected a string, got 5"),
        (untyped_part(text=Decimal("0.5")), "text: expected a string, got Decimal('0.5')"),
        (untyped_part(text=date(2026, 1, 2)), "text: expected a string, got datetime.date(2026"),
        (untyped_part(thought=1), "thought: expected true or false, got 1"),
        (untyped_part(thought="true"), "thought: expected true or false, got 'true'"),
        (untyped_part(inline_data=b"Hi"), "inlineData: expected a Blob, got b'Hi'"),
        (untyped_function("f", parameters="S"), "parameters: expected a Schema, got 'S'"),
        (untyped_schema(properties=[]), "properties: expected an object, got []"),
        (untyped_video(start_offset=5), "startOffset: expected a timedelta, got 5"),
        (untyped_file(create_time="now"), "createTime: expected a Timestamp, got 'now'"),
        (untyped_config(seed=True), "seed: expected an integer, got True"),
        (untyped_config(seed=5.0), "seed: expected an integer, got 5.0"),
        (untyped_config(seed="5"), "seed: expected an integer, got '5'"),
        (untyped_config(temperature=True), "temperature: expected a number, got True"),
        (untyped_config(temperature="0.5"), "temperature: expected a number, got '0.5'"),
        (untyped_config(temperature=Decimal(1)), "temperature: expected a number, got Decimal"),
        (untyped_config(stop_sequences=["a", b"b"]), "stopSequences[1]: expected a string, got b"),
        (untyped_content(role=b"user"), "role: expected a string, got b'user'"),
        (untyped_content(parts=["Hi"]), "parts[0]: expected a Part, got 'Hi'"),
        (untyped_stats("5"), "requestCount: expected an integer, got '5'"),
        (
            GenerationResponse(candidates=({"index": untyped_part()},)),
            "candidates[0]: expected a Candidate, got {'index'",
        ),
        (
            GenerateContentRequest([untyped_content([untyped_part(text=b"Hi")])]),
            "contents[0].parts[0].text: expected a string, got b'Hi'",
        ),
        (
            GenerateContentRequest(system_instruction=untyped_part()),
            "systemInstruction: expected a Content, got Part(",
        ),
    ],
    ids=lambda value: str(value)[:30] if isinstance(value, str) else "",
)
def test_what_is_of_another_type_is_not_written(model: object, complaint: str) -> None:
    """The place is named; JSON would take bytes as base64 and dates as text, unasked."""
    with pytest.raises(ValueError, match=f"^{re.escape(complaint)}"):
        codec.encode(model)


def test_a_whole_number_is_a_number() -> None:
    """A temperature of 1 needs no point."""
    assert {"temperature": 1, "topP": 0} == codec.unstructure(GenerationConfig(1, top_p=0))


def test_a_length_of_time_of_the_caller_s_own_is_written() -> None:
    """With no more decimals than it needs."""
    assert {"endOffset": "1.5s"} == codec.unstructure(
        VideoMetadata(end_offset=timedelta(seconds=1.5))
    )


def nested() -> dict[str, Any]:
    """Return an object that is within itself."""
    tree: dict[str, Any] = {}
    tree["again"] = [tree]
    return tree


@pytest.mark.parametrize(
    ("model", "complaint"),
    [
        (GenerationConfig(float("nan")), "temperature: nan is not a JSON number"),
        (
            GenerateContentRequest(generation_config=GenerationConfig(float("-inf"))),
            "generationConfig.temperature: -inf is not a JSON number",
        ),
        (
            GenerateContentRequest(extra={"tools": [{}, {"a": [float("inf")]}]}),
            "tools[1].a[0]: inf is not a JSON number",
        ),
        (
            GenerationConfig(response_schema={"enum": ("a", b"b")}),
            "responseSchema.enum[1]: bytes is not JSON",
        ),
        (
            GenerationConfig(response_schema={"a": {7: None}}),
            "responseSchema.a: the member name 7 is not a string",
        ),
        (GenerateContentRequest(extra={"\x1b": {1}}), r"\x1b: set is not JSON"),
        (
            GenerateContentRequest([Content.user("ok"), Content.user("\ud800")]),
            "contents[1].parts[0].text: holds a lone surrogate, which UTF-8 cannot hold",
        ),
        (
            GenerateContentRequest([Content.user("\ud800")], extra={"safe": [True, None, 1, 0.5]}),
            "contents[0].parts[0].text: holds a lone surrogate, which UTF-8 cannot hold",
        ),
        (
            FunctionCall("f", {"a": "\ud800"}),
            "args.a: holds a lone surrogate, which UTF-8 cannot hold",
        ),
        (GenerateContentRequest(extra=nested()), "not JSON: nested too deeply, or within itself"),
        ([b"a", nested()], "not JSON: nested too deeply, or within itself"),
        ({"a": object()}, "a: object is not JSON"),
    ],
    ids=lambda value: str(value)[:30] if isinstance(value, str) else "",
)
def test_what_json_cannot_hold_is_refused_with_its_place(model: object, complaint: str) -> None:
    """Nothing is written as something else: no ``null`` for a number that is none."""
    with pytest.raises(ValueError, match=f"^{re.escape(complaint)}$") as raised:
        codec.encode(model)
    assert not isinstance(raised.value, UnicodeError)


def test_a_number_that_json_cannot_hold_is_refused_in_a_tree_as_well() -> None:
    """``unstructure`` says the same as ``encode``."""
    with pytest.raises(ValueError, match="temperature: nan is not a JSON number"):
        codec.unstructure(GenerationConfig(float("nan")))


def test_what_only_msgspec_refuses_is_refused_in_its_words() -> None:
    """A member name with a lone surrogate has no place that could be printed."""
    with pytest.raises(ValueError, match="not JSON: ") as raised:
        codec.encode({"\ud800": 1})
    assert str(raised.value).isprintable()


def test_what_is_encoded_already_is_written_as_it_is() -> None:
    """It is not read again, nor is a fault looked for within it."""
    once = msgspec.Raw(b'{"b":[1,2]}')
    assert b'{"a":{"b":[1,2]},"c":1}' == codec.write({"a": once, "c": 1})
    with pytest.raises(ValueError, match=r"^c: holds a lone surrogate"):
        codec.write({"a": once, "c": "\ud800"})


@pytest.mark.parametrize(
    ("name", "spelling"), [("model", "model"), ("generation_config", "generationConfig")]
)
def test_a_member_is_spelt_as_the_api_does(name: str, spelling: str) -> None:
    """As every model is written."""
    assert spelling == codec.camel(name)
