"""The field table: whole, readable, and of nobody's models."""

import json
from importlib.resources import files

import pytest

from gemini_batch import fields
from gemini_batch.fields import SCALARS, Field, messages, proto_name

TABLE = json.loads(files("gemini_batch.fields").joinpath("api.json").read_bytes())
ROOTS = {
    "BatchGenerateContentRequest",
    "AsyncBatchEmbedContentRequest",
    "BatchEmbedContentsRequest",
    "BatchEmbedContentsResponse",
    "CountTokensRequest",
    "CountTokensResponse",
    "CreateFileRequest",
    "CreateFileResponse",
    "ListCachedContentsResponse",
    "ListFilesResponse",
    "ListModelsResponse",
    "ListOperationsResponse",
    "RegisterFilesRequest",
    "RegisterFilesResponse",
}
"""The messages that are bodies of requests and replies; every other is in one of them."""


def every_field() -> list[tuple[str, Field]]:
    """Return all fields, each with the name of its message."""
    return [(name, field) for name, found in messages().items() for field in found.values()]


def test_the_table_is_read_whole() -> None:
    """As many messages and fields as the file has, under the names it has."""
    parts = [TABLE["messages"], TABLE["observed"]["messages"]]
    expected = {(message, name) for part in parts for message in part for name in part[message]}
    assert expected == {(message, field.name) for message, field in every_field()}
    assert {name for part in parts for name in part} == set(messages())


def test_every_type_is_known() -> None:
    """It is a scalar, a well-known type, or a message of the table."""
    assert [] == [
        (message, field.name)
        for message, field in every_field()
        if field.type not in SCALARS | set(messages())
    ]


def test_every_enum_has_values_and_nothing_else_has() -> None:
    """A table of values that no field uses would be a mistake of the table."""
    enums = {f"{message}.{field.name}" for message, field in every_field() if field.type == "enum"}
    assert enums == set(TABLE["enums"])
    assert set(TABLE["observed"]["enums"]) <= enums
    for message, field in every_field():
        assert (field.type == "enum") == bool(field.values), (message, field.name)
        assert len(field.values) == len(set(field.values))


def test_every_message_belongs_to_a_request_or_a_reply() -> None:
    """None was left behind that nothing refers to."""
    reached: set[str] = set()
    waiting = sorted(ROOTS)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += [one.type for one in messages()[name].values() if one.type not in SCALARS]
    assert set(messages()) == reached


@pytest.mark.parametrize(
    ("message", "name", "expected"),
    [
        ("Part", "text", Field("text", "text", "string")),
        ("GenerateContentRequest", "tools", Field("tools", "tools", "Tool", repeated=True)),
        ("Schema", "properties", Field("properties", "properties", "Schema", mapped=True)),
        ("BatchStats", "requestCount", Field("requestCount", "request_count", "int64")),
        ("File", "sha256Hash", Field("sha256Hash", "sha256_hash", "bytes")),
        (
            "GenerateContentResponse",
            "turnToken",
            Field("turnToken", "turn_token", "string", observed=True),
        ),
        (
            "ExecutableCode",
            "language",
            Field("language", "language", "enum", values=("LANGUAGE_UNSPECIFIED", "PYTHON")),
        ),
    ],
)
def test_a_field_has_its_names_and_its_type(message: str, name: str, expected: Field) -> None:
    """Both spellings, repeated or a map, and whether it was only seen in use."""
    assert expected == messages()[message][name]


def test_what_was_only_seen_in_use_is_there_and_marked() -> None:
    """No discovery document has it, and yet it is sent."""
    seen = {(message, field.name) for message, field in every_field() if field.observed}
    assert {
        ("GenerateContentBatch", "webhookConfig"),
        ("EmbedContentBatch", "webhookConfig"),
        ("WebhookConfig", "uris"),
        ("WebhookConfig", "userMetadata"),
        ("GenerateContentResponse", "turnToken"),
        ("EmbedContentResponse", "tokenCount"),
        ("VideoFileMetadata", "videoThumbnailBytes"),
    } == seen
    tier = messages()["UsageMetadata"]["serviceTier"]
    assert ("unspecified", "SERVICE_TIER_STANDARD") == (tier.values[0], tier.values[-1])


def test_the_two_spellings_of_a_message_never_collide() -> None:
    """A name read in one spelling is not another field in the other."""
    for message, found in messages().items():
        names = [{field.name, field.proto_name} for field in found.values()]
        assert sum(map(len, names)) == len(set().union(*names)), message


@pytest.mark.parametrize(
    ("name", "expected"), [("topK", "top_k"), ("text", "text"), ("sha256Hash", "sha256_hash")]
)
def test_a_name_has_a_snake_case_spelling(name: str, expected: str) -> None:
    """The one that protobuf would call the name of the field."""
    assert expected == proto_name(name)


def test_a_type_that_cannot_be_read_is_refused() -> None:
    """It would be a mistake of the table, and is told as one."""
    with pytest.raises(ValueError, match="'map<int32, X>', the type of a, cannot be read"):
        fields._field("a", "map<int32, X>", [])


def test_the_table_cannot_be_changed() -> None:
    """It is shared by all who read it."""
    with pytest.raises(TypeError):
        messages()["Part"]["text"] = messages()["Part"]["thought"]  # type: ignore[index] - what is refused
