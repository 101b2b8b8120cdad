"""What models are as plain JSON: the definition, which says where a value does not fit."""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import msgspec
import pytest
from attrs import frozen
from hypothesis import given, settings, strategies as st

from gemini_batch.codec.mismatch import MismatchError
from gemini_batch.codec.writing import definition, json_of, lines_of, plain, require_json
from gemini_batch.models.base import Duration, Model, Timestamp
from gemini_batch.models.config import GenerationConfig
from gemini_batch.models.content import Blob, Content, FunctionCall, Part
from gemini_batch.models.file import File
from gemini_batch.models.generation import GenerateContentRequest
from gemini_batch.models.media import VideoMetadata
from gemini_batch.models.operation import BatchStats
from gemini_batch.models.safety import SafetySetting
from gemini_batch.models.schema import Schema

untyped_part: Any = Part
untyped_config: Any = GenerationConfig
untyped_schema: Any = Schema
untyped_video: Any = VideoMetadata
untyped_file: Any = File
untyped_stats: Any = BatchStats
untyped_content: Any = Content


def written(model: Model) -> dict[str, Any]:
    """Return plain JSON."""
    return definition(type(model))(model)


class Text(str):
    """Text as other libraries have it."""

    __slots__ = ()


class Whole(int):
    """A whole number as other libraries have it."""


class Real(float):
    """A number as other libraries have it."""


@frozen
class Noted(Part):
    """A part with something of the caller's own."""

    my_note: str | None = None


@pytest.mark.parametrize(
    ("model", "tree"),
    [
        (GenerateContentRequest(), {}),
        (Part(thought=False), {"thought": False}),
        (Part(extra={"later": [1]}), {"later": [1]}),
        (BatchStats(5), {"requestCount": "5"}),
        (GenerationConfig(1, top_p=0.5, seed=7), {"temperature": 1, "topP": 0.5, "seed": 7}),
        (FunctionCall("f", {"a": [1]}), {"name": "f", "args": {"a": [1]}}),
        (Blob("image/png", ""), {"mimeType": "image/png", "data": ""}),
        (Content([Noted("a", my_note="b")]), {"parts": [{"text": "a", "myNote": "b"}]}),
        (
            GenerateContentRequest(safety_settings=[SafetySetting("A", "OFF")]),
            {"safetySettings": [{"category": "A", "threshold": "OFF"}]},
        ),
        (
            GenerationConfig(response_schema=Schema("OBJECT", properties={"a": Schema("STRING")})),
            {"responseSchema": {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}}},
        ),
        (GenerationConfig(response_schema={"type": "A"}), {"responseSchema": {"type": "A"}}),
        (
            VideoMetadata(start_offset=Duration.parse("1.000000001s"), end_offset=timedelta(1)),
            {"startOffset": "1.000000001s", "endOffset": "86400s"},
        ),
        (
            File("files/a", create_time=Timestamp.parse("2026-03-01T09:15:27.123456789Z")),
            {"name": "files/a", "createTime": "2026-03-01T09:15:27.123456789Z"},
        ),
    ],
)
def test_a_model_is_what_it_was_given(model: Model, tree: object) -> None:
    """In the API's spelling; what was not given is not there."""
    assert tree == written(model)


@pytest.mark.parametrize(
    ("model", "complaint"),
    [
        (untyped_part(text=b"a"), "text: expected a string, got b'a'"),
        (untyped_part(thought=1), "thought: expected true or false, got 1"),
        (untyped_part(inline_data=5), "inlineData: expected a Blob, got 5"),
        (untyped_config(seed=True), "seed: expected an integer, got True"),
        (untyped_config(temperature="1"), "temperature: expected a number, got '1'"),
        (GenerationConfig(math.nan), "temperature: nan is not a JSON number"),
        (untyped_video(end_offset=5), "endOffset: expected a timedelta, got 5"),
        (untyped_file(create_time="now"), "createTime: expected a Timestamp, got 'now'"),
        (untyped_schema(properties=[]), "properties: expected an object, got []"),
        (untyped_schema(properties={"a": 1}), "properties.a: expected a Schema, got 1"),
        (untyped_stats(0.5), "requestCount: expected an integer, got 0.5"),
        (
            GenerateContentRequest([Content([untyped_part(text=5)])]),
            "contents[0].parts[0].text: expected a string, got 5",
        ),
        (
            GenerateContentRequest(system_instruction=untyped_part("a")),
            "systemInstruction: expected a Content, got Part(",
        ),
        (FunctionCall("f", {"a": {1: 2}}), "args.a: the member name 1 is not a string"),
        (Part(extra={"a": [0, {1}]}), "a[1]: set is not JSON"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_what_does_not_fit_is_refused_with_its_place(model: Model, complaint: str) -> None:
    """Nothing is written as something else."""
    with pytest.raises(MismatchError) as caught:
        written(model)
    assert str(caught.value).startswith(complaint)


FINE: list[Any] = [
    *(None, True, 5, 0.5, "a", "ä", [], (), {}, [1, (2,)], {"a": {"b": ["c", None]}}),
    *(
        Text("a"),
        Text("ä"),
        Whole(5),
        Real(0.5),
        MappingProxyType({"a": 1}),
        {Text("a"): [Text("b")]},
    ),
    msgspec.Raw(b"1"),
]
BAD: list[tuple[Any, str]] = [
    ("\ud800", "holds a lone surrogate, which UTF-8 cannot hold"),
    (Text("\ud800"), "holds a lone surrogate, which UTF-8 cannot hold"),
    (math.inf, "inf is not a JSON number"),
    (Real("nan"), "nan is not a JSON number"),
    (b"a", "bytes is not JSON"),
    ({1}, "set is not JSON"),
    (Decimal(1), "Decimal is not JSON"),
    (datetime(2026, 1, 2, tzinfo=UTC), "datetime is not JSON"),
    ({1: 2}, "the member name 1 is not a string"),
    (MappingProxyType({None: 2}), "the member name None is not a string"),
    *(
        (msgspec.Raw(text), "is encoded already, and not as JSON on one line")
        for text in (b"{", b"", b'{\n"a":1}', b"1\n2")
    ),
]
WRAPPED = st.lists(st.sampled_from(["list", "tuple", "dict", "proxy"]), max_size=4)


def wrapped(value: Any, layers: list[str]) -> tuple[Any, str]:
    """Return JSON with a value deep in it, and the path that leads there."""
    path = ""
    for layer in layers:
        joint = "." if path and not path.startswith("[") else ""
        if layer in {"list", "tuple"}:
            value, path = ([0, value] if layer == "list" else (0, value)), f"[1]{joint}{path}"
        else:
            members = {"a": "b", "c": value}
            value = members if layer == "dict" else MappingProxyType(members)
            path = f"c{joint}{path}"
    return value, path


@settings(deadline=None)
@given(st.sampled_from(FINE), WRAPPED)
def test_what_json_can_hold_is_let_through(value: Any, layers: list[str]) -> None:
    """As it is, whatever it is within."""
    whole, _ = wrapped(value, layers)
    assert whole is require_json(whole)


@settings(deadline=None)
@given(st.sampled_from(BAD), WRAPPED)
def test_what_json_cannot_hold_is_told_with_its_place(
    bad: tuple[Any, str], layers: list[str]
) -> None:
    """However deep it is."""
    whole, path = wrapped(bad[0], layers)
    with pytest.raises(MismatchError) as caught:
        require_json(whole)
    assert (f"{path}: {bad[1]}" if path else bad[1]) == str(caught.value)


@pytest.mark.parametrize(
    ("value", "found"),
    [(Text("a"), "a"), (Whole(5), 5), (Real(0.5), 0.5), (MappingProxyType({"a": 1}), {"a": 1})],
)
def test_values_of_other_libraries_are_made_plain(value: object, found: object) -> None:
    """For msgspec, which does not take them."""
    assert found == plain(value)
    assert type(found) is type(plain(value))


def test_what_is_not_json_is_not_made_plain() -> None:
    """The error says what it is."""
    with pytest.raises(TypeError, match=r"^object is not JSON$"):
        plain(object())


def test_trees_are_encoded_one_a_line() -> None:
    """Compact, and with what is encoded already as it is."""
    trees: list[Mapping[str, Any]] = [{"a": Text("b\n")}, {"a": msgspec.Raw(b"[1, 2]")}]
    assert b'{"a":"b\\n"}\n{"a":[1, 2]}\n' == lines_of(trees)
    assert json_of(trees[0]) + b"\n" + json_of(trees[1]) + b"\n" == lines_of(trees)
    assert [{"a": "b\n"}, {"a": [1, 2]}] == [
        json.loads(line) for line in lines_of(trees).splitlines()
    ]
