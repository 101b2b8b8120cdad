"""The functions that are written out member by member make what the definition makes."""

import math
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import msgspec
import pytest
from attrs import evolve, fields, frozen
from hypothesis import given, settings, strategies as st

from gemini_batch import codec
from gemini_batch.codec.mismatch import MismatchError
from gemini_batch.codec.writers import Terms, UnfitError, Write, maker_of, only, writer_of
from gemini_batch.codec.writing import definition
from gemini_batch.models.base import Absent, Model
from gemini_batch.models.citations import UrlContextMetadata
from gemini_batch.models.config import GenerationConfig, ThinkingConfig
from gemini_batch.models.content import Blob, Content, FunctionCall, FunctionResponse, Part
from gemini_batch.models.generation import (
    GenerateContentRequest,
    GenerationResponse,
    ServiceTier,
)
from gemini_batch.models.media import FunctionResponsePart
from gemini_batch.models.operation import BatchStats
from gemini_batch.models.safety import SafetySetting
from gemini_batch.models.schema import Schema
from gemini_batch.models.tool_config import ToolConfig
from gemini_batch.models.tools import Tool
from tests.unit.test_codec import ANY_MODEL, JSON, messages


class Words(str):
    """Text of another class than Python's own."""

    __slots__ = ()


class Whole(int):
    """A whole number of another class than Python's own."""


class Mine(Part):
    """A part with something of the caller's own."""


Request = GenerateContentRequest
untyped: Any = Part
untyped_call: Any = FunctionCall
ODD: st.SearchStrategy[Any] = JSON | st.sampled_from(
    [
        *(b"a", Decimal(1), timedelta(1), math.nan, math.inf, -math.inf, 0.5, 5, True, (), ("a",)),
        *(Words("a"), Whole(5), Absent(), MappingProxyType({"a": Words("b")}), {1: 2}, {"a": {1}}),
        *([b"a"], (Part("a"),), (b"a",), Part("a"), Mine("a"), Content.user("a"), object(), [()]),
        *(GenerationConfig(1.0), Schema(), SafetySetting("A", "OFF"), (Mine("a"), Part("b")), None),
    ]
)


def told(write: Write, model: Model) -> object:
    """Return what is written, with the order of its members, or why nothing is."""
    try:
        tree = write(model)
    except (MismatchError, ValueError) as refused:
        return str(refused)
    assert isinstance(tree, dict)
    return tree, list(tree)


def same(model: Model) -> None:
    """Hold the short way, and the converter, which takes it, against the definition."""
    kind = type(model)
    found, short = told(definition(kind), model), told(writer_of(kind), model)
    assert found == told(codec.unstructure, model)
    # The short way refuses, too, but does not say where.
    assert isinstance(short, str) if isinstance(found, str) else found == short


@settings(deadline=None)
@given(ANY_MODEL)
def test_models_are_written_as_they_are_defined(model: Model) -> None:
    """Whatever the class, and whatever is in it; the members are in one order."""
    same(model)


@settings(deadline=None)
@given(ANY_MODEL, ODD, st.data())
def test_what_is_odd_is_written_or_refused_as_it_is_defined(
    model: Model, value: Any, data: st.DataObject
) -> None:
    """In any member, and in the same words."""
    one = data.draw(st.sampled_from(fields(type(model))))
    if one.name == "extra":
        value = {"odd": value}
    elif one.default == ():
        value = data.draw(st.sampled_from([(value,), (value, value)]))
    strange = evolve(model)
    object.__setattr__(strange, one.name, value)
    same(strange)


def test_a_class_of_the_caller_s_own_is_written_as_what_it_is() -> None:
    """By its members, the caller's among them."""

    @frozen
    class Noted(Part):
        my_note: str | None = None

    noted: Any = Noted("a", my_note="b")
    same(Content([noted]))
    assert {"parts": [{"text": "a", "myNote": "b"}]} == writer_of(Content)(Content([noted]))


def test_rare_members_are_written() -> None:
    """Their classes are loaded when they are met."""
    for model in (
        Request(safety_settings=[SafetySetting("A", "OFF"), SafetySetting("B", "OFF")]),
        Request(tool_config=ToolConfig()),
        Request.of("a", response_schema=Schema("OBJECT", properties={"a": Schema("STRING")})),
        BatchStats(5),
        FunctionCall("", {"a": [1]}),
        untyped_call(None),
        Blob("", ""),
    ):
        same(model)


# Members in common


def in_full(contents: tuple[Content, ...]) -> Any:
    """Write contents by their definition, where there are any."""
    return [definition(Content)(one) for one in contents] or None


def not_at_all(_: object) -> None:
    """Leave contents to whoever writes the rest."""


@pytest.fixture(params=[None, in_full, not_at_all])
def write(request: pytest.FixtureRequest) -> Write:
    """Return a writer of requests that remembers what they have in common."""
    return maker_of(Request, "contents", {}, request.param)()


def encoded(tree: Any) -> list[str]:
    """Return the names of the members that are encoded already."""
    return [name for name, value in tree.items() if isinstance(value, msgspec.Raw)]


SYSTEM = Content.system("Be brief")
CONFIG = GenerationConfig(temperature=0.5, stop_sequences=["a"], thinking_config=ThinkingConfig())
TOOLS = (Tool(), Tool())


def asking(number: int, system: Content = SYSTEM, config: GenerationConfig = CONFIG) -> Request:
    """Return one of many requests."""
    return Request((Content.user(f"{number}"),), system, config, TOOLS)


def test_what_comes_again_is_encoded_once(write: Write) -> None:
    """From the second time on; the JSON is the same, and the contents are each one's own."""
    trees = [write(asking(number)) for number in range(4)]
    shared = ["systemInstruction", "generationConfig", "tools"]
    assert [[], [], shared, shared] == [encoded(tree) for tree in trees]
    assert trees[2]["systemInstruction"] is trees[3]["systemInstruction"]
    for number, tree in enumerate(trees):
        assert codec.encode(asking(number)) == codec.write(tree)


def test_only_the_last_value_is_remembered(write: Write) -> None:
    """What is equal is not the same: it may be of another type within."""
    others = [GenerationConfig(temperature=1), GenerationConfig(temperature=1.0)] * 3
    for number, config in enumerate(others):
        request = asking(number, Content.system("a"), config)
        assert codec.encode(request) == codec.write(write(request))
        assert "generationConfig" not in encoded(write(asking(number, SYSTEM, CONFIG)))


def test_writers_remember_each_for_itself(write: Write) -> None:
    """A batch does not hold what another was asked."""
    for number in range(3):
        write(asking(number))
    other = maker_of(Request, "contents", {})()
    assert [] == encoded(other(asking(0)))


def test_what_cannot_be_held_against_what_it_was_is_written_each_time(write: Write) -> None:
    """A mapping of another kind may show something else each time."""
    config = GenerationConfig(response_schema=MappingProxyType({"type": "OBJECT"}))
    for number in range(4):
        assert "generationConfig" not in encoded(write(asking(number, config=config)))


def change(tree: Any, path: list[str | int], value: Any) -> None:
    """Put a value into JSON, at its place."""
    for step in path[:-1]:
        tree = tree[step]
    tree[path[-1]] = value


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["type"], "ARRAY"),
        (["new"], 1),
        (["properties", "a", "type"], "INTEGER"),
        (["properties", "a", "minimum"], 1.0),
        (["properties", "a", "empty", "new"], 1),
        (["required", 1], "c"),
        (["required"], ["a"]),
        (["required"], []),
    ],
)
def test_a_mapping_that_is_changed_is_written_as_it_is(
    write: Write, path: list[str | int], value: Any
) -> None:
    """Nobody should, and yet it would be a wrong request that is sent: values are compared."""
    leaf = {"type": "STRING", "minimum": 1, "empty": {}, "none": []}
    schema = {"type": "OBJECT", "properties": {"a": leaf}, "required": ["a", "b"]}
    config = GenerationConfig(response_schema=schema)
    for number in range(3):
        tree = write(asking(number, config=config))
    assert "generationConfig" in encoded(tree)

    change(schema, path, value)

    for number in range(3):
        tree = write(asking(number, config=config))
        assert "generationConfig" not in encoded(tree)
        assert codec.encode(asking(number, config=config)) == codec.write(tree)


def test_a_list_that_grows_and_a_mapping_whose_order_changes_are_written(write: Write) -> None:
    """The order is what is read first, too."""
    schema: Any = {"a": [1], "b": {"c": 1, "d": 2}}
    config = GenerationConfig(response_schema=schema)
    for number in range(3):
        write(asking(number, config=config))
    for change_it in (
        lambda: schema["a"].append(2),
        lambda: schema["b"].update(c=schema["b"].pop("c")),
        lambda: schema.pop("a"),
    ):
        change_it()
        tree = write(asking(1, config=config))
        assert codec.encode(asking(1, config=config)) == codec.write(tree)


@pytest.mark.parametrize(
    "config",
    [
        GenerationConfig(response_schema={"type": "OBJECT", "enum": ["a"]}),
        GenerationConfig(response_schema=Schema("OBJECT", properties={"a": Schema("STRING")})),
        GenerationConfig(extra={"later": [1, ("a", 0.5)]}),
        GenerationConfig(response_json_schema=[{}]),
    ],
)
def test_what_holds_mappings_is_encoded_once_as_well(
    write: Write, config: GenerationConfig
) -> None:
    """For as long as they are not changed."""
    for number in range(4):
        tree = write(asking(number, config=config))
        assert codec.encode(asking(number, config=config)) == codec.write(tree)
    assert "generationConfig" in encoded(tree)


def test_what_is_put_into_an_empty_mapping_is_written(write: Write) -> None:
    """However deep: nobody should, and it would be a wrong request that is sent."""
    config = GenerationConfig(thinking_config=ThinkingConfig(extra={}))
    assert config.thinking_config is not None
    extra: Any = config.thinking_config.extra
    requests = [asking(number, config=config) for number in range(5)]
    trees = [write(request) for request in requests[:3]]
    assert "generationConfig" in encoded(trees[-1])

    extra["later"] = 1

    for request in requests[3:]:
        assert {"thinkingConfig": {"later": 1}} == write(request)["generationConfig"]
    extra.clear()
    assert codec.encode(requests[0]) == codec.write(write(requests[0]))


@pytest.mark.parametrize(
    "other",
    [
        asking(1, Content.system("b")),
        asking(1, config=GenerationConfig(temperature=1)),
        evolve(asking(1), tools=()),
        evolve(asking(1), system_instruction=None),
        evolve(asking(1), generation_config=None),
        evolve(asking(1), service_tier="flex"),
        evolve(asking(1), service_tier=ServiceTier.FLEX),
        evolve(asking(1), store=True),
        evolve(asking(1), model="models/m"),
        evolve(asking(1), extra={"later": 1}),
        evolve(asking(1), extra={"store": True}),
        evolve(asking(1), extra={"contents": []}),
        evolve(asking(1), contents=()),
        Request(asking(1).contents),
    ],
)
def test_one_that_has_not_all_of_it_in_common_is_written_as_it_is(
    write: Write, other: Request
) -> None:
    """Be it the only one among many, the second of two, or what the others are held against."""
    run = [asking(number) for number in range(4)]
    for request in (*run, other, other, *run, *[other] * 5, *run, other):
        assert codec.encode(request) == codec.write(write(request))


def test_where_all_is_in_common_only_the_rest_is_looked_at() -> None:
    """From the fourth request on; a change is noticed, and then it begins anew."""
    looked_at: list[Any] = []

    def plain(contents: tuple[Content, ...]) -> Any:
        looked_at.append(contents)
        return in_full(contents)

    write = maker_of(Request, "contents", {}, plain)()
    config = GenerationConfig(temperature=0.75)
    run = [asking(number, config=CONFIG if number < 6 else config) for number in range(12)]
    for request in run:
        assert codec.encode(request) == codec.write(write(request))
    assert [request.contents for request in (*run[3:6], *run[9:])] == looked_at


def test_what_changes_over_and_over_is_written_all_the_same(write: Write) -> None:
    """After so many changes nobody looks for what all have in common."""
    for number in range(100):
        config = GenerationConfig(seed=number)
        for request in [asking(number, config=config)] * 4:
            assert codec.encode(request) == codec.write(write(request))


@settings(deadline=None)
@given(messages(Part))
def test_a_model_that_has_one_member_only_has_no_other(part: Part) -> None:
    """What is not sure of that says no."""
    if only(Part, "text")(part):
        assert definition(Part)(part).keys() <= {"text"}


def test_a_model_is_known_to_have_one_member_only() -> None:
    """Whatever the others are when they are not given."""
    assert only(Part, "text")(Part("a"))
    assert not only(Part, "text")(Part("a", thought=True))
    assert not only(Part, "text")(Part("a", extra={"later": 1}))
    assert only(FunctionResponse, "name")(FunctionResponse("a"))
    assert not only(FunctionResponse, "name")(FunctionResponse("a", response={}))
    assert not only(FunctionResponse, "name")(FunctionResponse("a", parts=[FunctionResponsePart()]))


# Terms

TERMS: Terms = {
    Request: {"contents": None, "cached_content": "False", "model": "'/' in v"},
    Content: {"parts": None},
    Part: {"text": "v"},
}


@pytest.mark.parametrize(
    "request_",
    [
        Request(),
        Request([Content()]),
        Request([Content.user("a"), Content.user("")]),
        Request.of("a").with_model("m"),
        Request.of("a", system=Content()),
        Request([Content.user("a")], cached_content="cachedContents/c"),
        Request([Content([Mine("a")])]),
        Request([Content.user("a")], system_instruction=untyped("a")),
        Request([untyped("a")]),
        Request([Content.user("a")], model=untyped(b"a/b")),
    ],
)
def test_what_is_not_within_the_terms_is_told(request_: Request) -> None:
    """Nor is anything that takes more than the short way where there are any."""
    with pytest.raises(UnfitError):
        maker_of(Request, "contents", TERMS)()(request_)


def test_what_is_within_the_terms_is_written() -> None:
    """As it is without."""
    for request in (asking(1), asking(1).with_model("models/m"), Request.of([Part(), "a"])):
        assert definition(Request)(request) == maker_of(Request, "contents", TERMS)()(request)


def test_answers_are_written_as_well() -> None:
    """Whether they were read or made."""
    answer = codec.decode(
        b'{"candidates":[{"content":{"parts":[{"text":"a"}]}}]}', GenerationResponse
    )
    same(answer)
    same(UrlContextMetadata())
