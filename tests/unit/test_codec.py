"""Bytes to models and back: nothing is lost, nothing is coerced, and nothing else is raised."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, date
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from attrs import fields
from hypothesis import given, strategies as st

from gemini_batch import codec
from gemini_batch.errors import ProtocolError
from gemini_batch.models import file, generation, operation, status  # noqa: F401 - all are tried
from gemini_batch.models.base import Int64, Model, OpenEnum, Timestamp
from gemini_batch.models.content import Blob, Content, FunctionCall, Part
from gemini_batch.models.file import File
from gemini_batch.models.generation import (
    GenerateContentRequest,
    GenerationConfig,
    GenerationResponse,
    UsageMetadata,
)
from gemini_batch.models.operation import BatchMetadata, BatchStats
from gemini_batch.models.status import Status
from tests import payloads


def all_models(kind: type[Model] = Model) -> Iterator[type[Model]]:
    """Yield every message there is."""
    for child in kind.__subclasses__():
        yield child
        yield from all_models(child)


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
    }
    if kind in simple:
        return simple[kind]
    if get_origin(kind) is Mapping:
        return OBJECTS
    if get_origin(kind) is tuple:
        return st.lists(values(get_args(kind)[0]), max_size=3).map(tuple)
    if type(None) in get_args(kind):
        inner = Union[tuple(one for one in get_args(kind) if one is not type(None))]  # noqa: UP007 - made here
        return st.none() | values(inner)
    if issubclass(kind, OpenEnum):
        return st.sampled_from(kind) | TEXT.map(kind)
    return models(kind)


@cache
def models(kind: type[Model]) -> st.SearchStrategy[Model]:
    """Return models of a kind, members included that the class does not know."""
    hints = get_type_hints(kind, include_extras=True)
    names = [one.name for one in fields(kind) if one.name != "extra"]
    known = {*names, *(camel(name) for name in names)}
    extra = st.dictionaries(TEXT.filter(lambda name: name not in known), JSON, max_size=2)
    return st.builds(kind, extra=extra, **{name: values(hints[name]) for name in names})


def camel(name: str) -> str:
    """Spell a name as the API documents it."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


ANY_MODEL = st.sampled_from(sorted(all_models(), key=lambda kind: kind.__name__)).flatmap(models)


@given(ANY_MODEL)
def test_a_model_comes_back_as_it_was(model: Model) -> None:
    """Written and read again, a model is the same, unknown members and names included."""
    assert model == codec.structure(codec.unstructure(model), type(model))
    line = codec.encode(model)
    assert b"\n" not in line
    assert model == codec.decode(line, type(model))
    assert codec.unstructure(model) == json.loads(line)


@given(ANY_MODEL)
def test_both_spellings_are_read(model: Model) -> None:
    """``responseId`` and ``response_id`` are the same member, as in all proto3 JSON."""
    names = {camel(one.name): one.name for one in fields(type(model)) if one.name != "extra"}
    tree = codec.unstructure(model)
    spelled = {names.get(name, name): value for name, value in tree.items()}
    assert model == codec.structure(spelled, type(model))


@given(ANY_MODEL, JSON)
def test_only_a_protocol_error_comes_of_anything_else(model: Model, tree: object) -> None:
    """Whatever the service sends in place of a member, it is read or refused with its place."""
    whole = codec.unstructure(model)
    for name in whole:
        with suppress(ProtocolError):
            codec.structure({**whole, name: tree}, type(model))


@given(st.binary(max_size=30) | JSON.map(lambda tree: json.dumps(tree).encode()))
def test_only_a_protocol_error_comes_of_any_bytes(line: bytes) -> None:
    """Bytes are JSON, and then the same as the standard library reads, or a refusal."""
    try:
        tree = codec.parse(line)
    except ProtocolError:
        return
    assert json.loads(line) == tree


# JSON


@pytest.mark.parametrize(
    ("line", "tree"),
    [
        (rb'{"a": "\ud800"}', {"a": "\ud800"}),
        (rb'{"a": "\ud800", "b": 1.5, "c": -2}', {"a": "\ud800", "b": 1.5, "c": -2}),
        ('{"a": "\u2028"}'.encode(), {"a": "\u2028"}),
        (rb'"\ud83d\ude00 \u003c"', "\U0001f600 <"),
        (b"123456789012345678901234567890", 123456789012345678901234567890),
        (msgspec.Raw(b"[1]"), [1]),
        (msgspec.Raw(rb'["\udc00"]'), ["\udc00"]),
    ],
)
def test_json_is_read(line: bytes, tree: object) -> None:
    """Lone surrogates too, which models write and msgspec refuses."""
    assert tree == codec.parse(line)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"NaN",
        b"[Infinity]",
        b"1e400",
        rb'["\ud800", NaN]',
        rb'["\ud800", -Infinity]',
        rb'["\ud800", 1e400]',
        b'"\xff"',
        b"\xef\xbb\xbf{}",
        b"<html>",
        b"[" * 200_000,
        b"[" * 200_000 + b"]" * 200_000,
        b"9" * 5000,
        b"'a'",
    ],
    ids=lambda line: repr(line[:20]),
)
def test_what_is_not_json_is_refused(line: bytes) -> None:
    """Not by a crash, nor by a number that JSON does not have."""
    with pytest.raises(ProtocolError, match="not JSON: ") as raised:
        codec.parse(line)
    assert 300 > len(str(raised.value))
    assert raised.value.__cause__ is None


def test_an_object_is_split_without_being_decoded() -> None:
    """Its members keep the bytes they came in; ``null`` is absent, as in all proto3 JSON."""
    split = codec.members(b'{"a": {"b" :1}, "gone": null, "text": "null"}')
    assert {"a": b'{"b" :1}', "text": b'"null"'} == {
        name: bytes(member) for name, member in split.items()
    }
    assert [b"1", b"null", b"[ ]"] == [bytes(one) for one in codec.elements(b"[1, null, [ ]]")]
    assert {} == codec.members(msgspec.Raw(b"{}"))


def test_one_lone_surrogate_spoils_nothing() -> None:
    """An answer that msgspec refuses even to pass over is split with all the others."""
    split = codec.members(rb'{"a": [{"text": "cut \ud83d"}, 0.5, null], "gone": null, "\u00e9": 1}')
    assert {"a", "\xe9"} == set(split)
    first, half, nothing = codec.elements(split["a"])
    assert {"text": "cut \ud83d"} == codec.parse(first)
    assert [b"0.5", b"null"] == [bytes(half), bytes(nothing)]


ODD_TEXT = st.text(
    st.characters(codec="utf-8") | st.sampled_from(["\\", '"', "u", "\ud800", "\udbff", "\udc00"]),
    max_size=8,
)
ODD_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-9999, 9999) | st.floats(-9, 9) | ODD_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ODD_TEXT, inner, max_size=4),
    max_leaves=12,
)
INDENTS = st.sampled_from([None, 0, 3])


@given(st.dictionaries(ODD_TEXT, ODD_JSON, max_size=5), INDENTS, st.booleans())
def test_objects_are_split_around_surrogates(
    tree: dict[str, Any], indent: int | None, plain: Any
) -> None:
    """Wherever they stand, each member is the bytes that came, as with msgspec without them."""
    whole = json.dumps(tree, indent=indent, ensure_ascii=plain).encode("utf-8", "backslashreplace")
    split = codec._members_around_surrogates(whole)
    assert [(name, json.dumps(value)) for name, value in json.loads(whole).items()] == [
        (name, json.dumps(codec.parse(value))) for name, value in split.items()
    ]
    assert all(bytes(value) in whole for value in split.values())
    with suppress(msgspec.DecodeError):
        assert split == msgspec.json.decode(whole, type=dict[str, msgspec.Raw])


@given(st.lists(ODD_JSON, max_size=5), INDENTS)
def test_arrays_are_split_around_surrogates(tree: list[Any], indent: int | None) -> None:
    """Each element is the bytes that came, as with msgspec where there are none."""
    whole = json.dumps(tree, indent=indent).encode()
    split = codec._elements_around_surrogates(whole)
    assert json.dumps(tree) == json.dumps([codec.parse(value) for value in split])
    assert all(bytes(value) in whole for value in split)
    with suppress(msgspec.DecodeError):
        assert split == msgspec.json.decode(whole, type=list[msgspec.Raw])


@given(st.binary(max_size=12) | st.text('[]{}",:1 \\ud8a', max_size=16).map(str.encode))
def test_what_is_split_around_surrogates_is_json(whole: bytes) -> None:
    """Anything else is refused, by this way as by any other."""
    for split in (codec._members_around_surrogates, codec._elements_around_surrogates):
        with suppress(ProtocolError):
            assert len(split(whole)) == len(codec.parse(whole))


@pytest.mark.parametrize(
    ("line", "split"),
    [
        (rb'{"a": 1, "b": "\ud800", "a": 12}', {"a": b"12", "b": rb'"\ud800"'}),
        (rb'{"a": 12, "b": "\ud800", "a": 1}', {"a": b"1", "b": rb'"\ud800"'}),
        (rb'{"a": 1, "a": 1, "b": "\ud800"}', {"a": b"1", "b": rb'"\ud800"'}),
        (rb'{"\ud800": 1, "\u0800": 1}', {"\ud800": b"1", "\u0800": b"1"}),
        (rb'{"\ud800": 1, "\u0800": 2}', {"\ud800": b"1", "\u0800": b"2"}),
    ],
)
def test_of_two_members_of_one_name_the_last_counts(line: bytes, split: dict[str, bytes]) -> None:
    """Also beside a lone surrogate, which makes no two names the same."""
    assert split == {name: bytes(value) for name, value in codec.members(line).items()}


def test_only_what_holds_a_surrogate_is_read_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    """One in an answer of thousands costs nothing for the rest, and changes none of its bytes."""
    answers = [b'{"response":  {"n": %d}}' % number for number in range(5000)]
    answers[77] = rb'{"response":  {"text": "cut \ud83d", "pair": "\ud83d\ude00 \\ud800"}}'
    whole = b'{"output": [' + b" ,\n".join(answers) + b'], "done": true}'
    monkeypatch.setattr(codec, "_taken", lambda *_: pytest.fail("all of it was decoded"))
    split = codec.elements(codec.members(whole)["output"])
    assert answers == [bytes(one) for one in split]


@pytest.mark.parametrize(
    ("line", "compact"),
    [
        (b' { "a" : [ 1.50 , "x y" ] }\n', b'{"a":[1.50,"x y"]}'),
        ('["ä"]'.encode(), '["ä"]'.encode()),
        (b"[1e400]", b"[1e400]"),
        (rb'{"a": ["\ud800", 1]}', rb'{"a":["\ud800",1]}'),
    ],
)
def test_json_is_made_compact(line: bytes, compact: bytes) -> None:
    """Its values stay as they are spelled."""
    assert compact == codec.compact(line)
    assert compact == codec.compact(msgspec.Raw(line))


@pytest.mark.parametrize("line", [b'"\xff"', b"[NaN]", b'["a"', b"", b"[" * 9999 + b"]" * 9999])
def test_what_is_not_json_is_not_made_compact(line: bytes) -> None:
    """It would still not be JSON."""
    with pytest.raises(ProtocolError, match="not JSON: "):
        codec.compact(line)


def test_what_is_nested_too_deeply_to_be_written_is_not_made_compact(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Some depths can be read and not be written; that is one bad line, and no more."""

    def too_deep(*_: object, **__: object) -> str:
        raise RecursionError

    monkeypatch.setattr(json, "dumps", too_deep)
    with pytest.raises(ProtocolError, match="not JSON: nested too deeply"):
        codec.compact(rb'["\ud800"]')


@pytest.mark.parametrize("line", [b"", b'{"a"', b"[" * 200_000, b'{"\xff": 1}', b"[NaN]"])
def test_what_is_not_json_is_not_split(line: bytes) -> None:
    """It is refused as by any other reading."""
    for split in (codec.members, codec.elements):
        with pytest.raises(ProtocolError, match="not JSON: "):
            split(line)


@pytest.mark.parametrize("line", [b"null", b"1", b'"a"', b"true"])
def test_what_has_no_members_is_not_split(line: bytes) -> None:
    """Whatever stands in place of an object or an array, and each in place of the other."""
    for split, other in ((codec.members, b"[]"), (codec.elements, b"{}")):
        for one in (line, other):
            with pytest.raises(ProtocolError, match="not the JSON expected, but of the type "):
                split(one)


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
            "contents[1].parts[0].text: holds a lone surrogate, which UTF-8 cannot",
        ),
        (
            GenerateContentRequest([Content.user("\ud800")], extra={"safe": [True, None, 1, 0.5]}),
            "contents[0].parts[0].text: holds a lone surrogate, which UTF-8 cannot",
        ),
        (
            FunctionCall("f", {"a": "\ud800"}),
            "args.a: holds a lone surrogate, which UTF-8 cannot",
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
