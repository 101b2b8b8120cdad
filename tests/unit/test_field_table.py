"""Every message and field of the API has its class and its member, and travels both ways."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any, get_args, get_origin

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from gemini_batch import codec, models
from gemini_batch.codec import layout
from gemini_batch.codec.layout import choices
from gemini_batch.fields import Field, messages
from gemini_batch.models.base import Int64, Model, OpenEnum, Timestamp
from gemini_batch.models.operation import BatchMetadata

TABLE = messages()
ROOTS = (
    "BatchGenerateContentRequest",
    "AsyncBatchEmbedContentRequest",
    "GenerateContentBatch",
    "EmbedContentBatch",
    "GenerateContentResponse",
    "EmbedContentResponse",
    "Operation",
    "ListOperationsResponse",
    "File",
    "CreateFileRequest",
    "CreateFileResponse",
    "ListFilesResponse",
    "Status",
)
"""What a call of this package sends or is sent; all else is within these."""

OWN_NAMES = {
    "GenerateContentResponse": "GenerationResponse",
    "V1mainMediaResolution": "PartMediaResolution",
    "EmbedContentBatchStats": "BatchStats",
}
"""Messages whose class has another name than the API's."""

SCALARS: Mapping[str, Any] = {
    "string": str,
    "bool": bool,
    "int32": int,
    "int64": Int64,
    "float": float,
    "double": float,
    "bytes": str,
    "Timestamp": Timestamp,
    "Duration": timedelta,
    "Struct": Mapping[str, Any],
    "Value": Any,
}
"""What a value of each type is to users; bytes stay base64 until they are asked for."""


def reachable() -> list[str]:
    """Return every message within the roots."""
    found: list[str] = []
    waiting = list(ROOTS)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.append(name)
            waiting += [one.type for one in TABLE[name].values() if one.type in TABLE]
    return sorted(found)


def class_of(message: str) -> type[Any]:
    """Return the class of a message."""
    found: type[Any] = getattr(models, OWN_NAMES.get(message, message))
    return found


def members_of(kind: type[Model]) -> dict[str, Any]:
    """Return the types of a class's members, by their names on the wire."""
    return {wire_name: member for _, wire_name, member, _ in layout.members_of(kind)}


def loaded(kind: Any) -> Any:
    """Return the class behind what stands for one that is not loaded yet."""
    return layout.loaded(kind) if layout.is_later(kind) else kind


def value_kind(one: Field, kind: Any) -> Any:
    """Return what one value of a member is, which may be many or by key."""
    (kind, *_) = choices(kind)
    if one.repeated:
        assert get_origin(kind) is tuple, one
        (kind, *_) = choices(get_args(kind)[0])
    if one.mapped:
        assert get_origin(kind) is Mapping, one
        (kind, *_) = choices(get_args(kind)[1])
    return loaded(kind)


@pytest.mark.parametrize("message", reachable())
def test_a_class_has_the_fields_of_its_message(message: str) -> None:
    """Those that only were seen included, each of its type, and no others."""
    members = members_of(class_of(message))
    assert set(TABLE[message]) == set(members)
    for name, one in TABLE[message].items():
        kind = value_kind(one, members[name])
        if one.type in TABLE:
            assert class_of(one.type) is kind, one
        elif one.type == "enum" and kind is not str:
            told = {value for value in one.values if not value.upper().endswith("UNSPECIFIED")}
            assert issubclass(kind, OpenEnum)
            assert told <= {value.value for value in kind}, one
        else:
            assert SCALARS.get(one.type, str) == kind, one


def test_only_a_state_is_an_enum_that_is_read_later() -> None:
    """``BatchState`` has names without the prefix of which the wire has two."""
    plain = {
        (message, name)
        for message in reachable()
        for name, one in TABLE[message].items()
        if one.type == "enum" and value_kind(one, members_of(class_of(message))[name]) is str
    }
    assert {("GenerateContentBatch", "state"), ("EmbedContentBatch", "state")} == plain


def test_no_class_stands_for_nothing() -> None:
    """Every message among the models is one of the API's."""
    known = {class_of(message) for message in reachable()}
    ours = {Model, *(getattr(models, name) for name in ("BatchInput", "BatchMetadata"))}
    found = {
        kind for kind in (getattr(models, name) for name in models.HOMES) if issubclass(kind, Model)
    }
    assert set() == found - known - ours


def test_a_look_at_a_batch_reads_what_both_kinds_have_but_the_output() -> None:
    """What is left to ``extra`` is the output, which is read line by line, and the webhook."""
    members = set(members_of(BatchMetadata))
    for message in ("GenerateContentBatch", "EmbedContentBatch"):
        assert {"output", "webhookConfig"} == set(TABLE[message]) - members
    assert set() == members - set(TABLE["GenerateContentBatch"])


# What travels: trees as proto3 JSON writes them, without what it leaves out.

TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=3,
)
DIGITS = st.from_regex(r"(\.[0-9]{1,9})?", fullmatch=True)
VALUES: Mapping[str, st.SearchStrategy[Any]] = {
    "string": TEXT,
    "bool": st.booleans(),
    "int32": st.integers(1, 2**31 - 1) | st.integers(-(2**31), -1),
    "int64": st.integers(-(2**63), 2**63 - 1).map(str),
    "float": st.floats(width=32, allow_nan=False, allow_infinity=False),
    "double": st.floats(allow_nan=False, allow_infinity=False),
    "bytes": st.sampled_from(["", "QQ==", "-_8"]),
    "Timestamp": st.builds("2026-03-01T09:15:2{}{}Z".format, st.integers(0, 9), DIGITS),
    "Duration": st.builds("{}{}s".format, st.integers(-9, 9), DIGITS),
    "Struct": st.dictionaries(TEXT, JSON, max_size=2),
    "Value": JSON,
}


@st.composite
def trees(draw: st.DrawFn, message: str, depth: int = 2) -> dict[str, Any]:
    """Draw a message, with names and values in it that are not known."""
    fields = [one for one in TABLE[message].values() if depth or one.type not in TABLE]
    chosen = draw(st.lists(st.sampled_from(fields), max_size=4, unique=True)) if fields else []
    known = {*TABLE[message], *(one.proto_name for one in TABLE[message].values())}
    unknown = st.dictionaries(TEXT.filter(lambda name: name not in known), JSON, max_size=1)
    required = {one for one in REQUIRED.get(message, ()) if TABLE[message][one] not in chosen}
    chosen += [TABLE[message][one] for one in sorted(required)]
    return {one.name: draw(member(one, depth)) for one in chosen} | draw(unknown)


REQUIRED = {
    "Blob": ("mimeType", "data"),
    "FileData": ("fileUri",),
    "FunctionDeclaration": ("name",),
    "InlinedEmbedContentRequest": ("request",),
    "InlinedRequest": ("request",),
    "BatchGenerateContentRequest": ("batch",),
    "AsyncBatchEmbedContentRequest": ("batch",),
    "SafetySetting": ("category", "threshold"),
    "SpeakerVoiceConfig": ("speaker", "voiceConfig"),
}
"""Members without which a class cannot be made."""


@cache
def member(one: Field, depth: int) -> st.SearchStrategy[Any]:
    """Return values of one field."""
    if one.type in TABLE:
        value: st.SearchStrategy[Any] = trees(one.type, max(0, depth - 1))
    elif one.type == "enum":
        value = st.sampled_from(one.values) | st.just("NOT_YET_KNOWN")
    else:
        value = VALUES[one.type]
    if one.repeated:
        return st.lists(value, min_size=1, max_size=2)
    return st.dictionaries(TEXT, value, min_size=1, max_size=2) if one.mapped else value


def respelled(tree: Any, message: str) -> Any:
    """Return a tree in snake_case: the names of fields, and none of those that users chose."""
    known = {one.name: one for one in TABLE[message].values()}

    def inner(one: Field, value: Any) -> Any:
        if one.type not in TABLE:
            return value
        if one.repeated:
            return [respelled(element, one.type) for element in value]
        if one.mapped:
            return {key: respelled(element, one.type) for key, element in value.items()}
        return respelled(value, one.type)

    return {
        (known[name].proto_name if name in known else name): (
            inner(known[name], value) if name in known else value
        )
        for name, value in tree.items()
    }


@pytest.mark.parametrize("message", reachable())
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_message_is_written_as_it_was_read(message: str, data: st.DataObject) -> None:
    """In either spelling, with what is not known in it; equal but for order."""
    tree = data.draw(trees(message))
    kind = class_of(message)
    model = codec.structure(tree, kind)
    assert tree == codec.unstructure(model)
    assert model == codec.structure(respelled(tree, message), kind)
    assert model == codec.decode(codec.encode(model), kind)
