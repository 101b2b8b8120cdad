"""JSON as bytes: nothing is decoded that need not be, and what is no JSON is refused."""

import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

from gemini_batch import rawjson
from gemini_batch.errors import ProtocolError

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


@given(st.binary(max_size=30) | JSON.map(lambda tree: json.dumps(tree).encode()))
def test_only_a_protocol_error_comes_of_any_bytes(line: bytes) -> None:
    """Bytes are JSON, and then the same as the standard library reads, or a refusal."""
    try:
        tree = rawjson.parse(line)
    except ProtocolError:
        return
    assert json.loads(line) == tree


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
    assert tree == rawjson.parse(line)


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
        rawjson.parse(line)
    assert 300 > len(str(raised.value))
    assert raised.value.__cause__ is None


def test_an_object_is_split_without_being_decoded() -> None:
    """Its members keep the bytes they came in; ``null`` is absent, as in all proto3 JSON."""
    split = rawjson.members(b'{"a": {"b" :1}, "gone": null, "text": "null"}')
    assert {"a": b'{"b" :1}', "text": b'"null"'} == {
        name: bytes(member) for name, member in split.items()
    }
    assert [b"1", b"null", b"[ ]"] == [bytes(one) for one in rawjson.elements(b"[1, null, [ ]]")]
    assert {} == rawjson.members(msgspec.Raw(b"{}"))


def test_one_lone_surrogate_spoils_nothing() -> None:
    """An answer that msgspec refuses even to pass over is split with all the others."""
    split = rawjson.members(
        rb'{"a": [{"text": "cut \ud83d"}, 0.5, null], "gone": null, "\u00e9": 1}'
    )
    assert {"a", "\xe9"} == set(split)
    first, half, nothing = rawjson.elements(split["a"])
    assert {"text": "cut \ud83d"} == rawjson.parse(first)
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
    split = rawjson._members_around_surrogates(whole)
    assert [(name, json.dumps(value)) for name, value in json.loads(whole).items()] == [
        (name, json.dumps(rawjson.parse(value))) for name, value in split.items()
    ]
    assert all(bytes(value) in whole for value in split.values())
    with suppress(msgspec.DecodeError):
        assert split == msgspec.json.decode(whole, type=dict[str, msgspec.Raw])


@given(st.lists(ODD_JSON, max_size=5), INDENTS)
def test_arrays_are_split_around_surrogates(tree: list[Any], indent: int | None) -> None:
    """Each element is the bytes that came, as with msgspec where there are none."""
    whole = json.dumps(tree, indent=indent).encode()
    split = rawjson._elements_around_surrogates(whole)
    assert json.dumps(tree) == json.dumps([rawjson.parse(value) for value in split])
    assert all(bytes(value) in whole for value in split)
    with suppress(msgspec.DecodeError):
        assert split == msgspec.json.decode(whole, type=list[msgspec.Raw])


@given(st.binary(max_size=12) | st.text('[]{}",:1 \\ud8a', max_size=16).map(str.encode))
def test_what_is_split_around_surrogates_is_json(whole: bytes) -> None:
    """Anything else is refused, by this way as by any other."""
    for split in (rawjson._members_around_surrogates, rawjson._elements_around_surrogates):
        with suppress(ProtocolError):
            assert len(split(whole)) == len(rawjson.parse(whole))


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
    assert split == {name: bytes(value) for name, value in rawjson.members(line).items()}


def test_only_what_holds_a_surrogate_is_read_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    """One in an answer of thousands costs nothing for the rest, and changes none of its bytes."""
    answers = [b'{"response":  {"n": %d}}' % number for number in range(5000)]
    answers[77] = rb'{"response":  {"text": "cut \ud83d", "pair": "\ud83d\ude00 \\ud800"}}'
    whole = b'{"output": [' + b" ,\n".join(answers) + b'], "done": true}'
    monkeypatch.setattr(rawjson, "_taken", lambda *_: pytest.fail("all of it was decoded"))
    split = rawjson.elements(rawjson.members(whole)["output"])
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
    assert compact == rawjson.compact(line)
    assert compact == rawjson.compact(msgspec.Raw(line))


@pytest.mark.parametrize("line", [b'"\xff"', b"[NaN]", b'["a"', b"", b"[" * 9999 + b"]" * 9999])
def test_what_is_not_json_is_not_made_compact(line: bytes) -> None:
    """It would still not be JSON."""
    with pytest.raises(ProtocolError, match="not JSON: "):
        rawjson.compact(line)


def test_what_is_nested_too_deeply_to_be_written_is_not_made_compact(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Some depths can be read and not be written; that is one bad line, and no more."""

    def too_deep(*_: object, **__: object) -> str:
        raise RecursionError

    monkeypatch.setattr(json, "dumps", too_deep)
    with pytest.raises(ProtocolError, match="not JSON: nested too deeply"):
        rawjson.compact(rb'["\ud800"]')


@pytest.mark.parametrize("line", [b"", b'{"a"', b"[" * 200_000, b'{"\xff": 1}', b"[NaN]"])
def test_what_is_not_json_is_not_split(line: bytes) -> None:
    """It is refused as by any other reading."""
    for split in (rawjson.members, rawjson.elements):
        with pytest.raises(ProtocolError, match="not JSON: "):
            split(line)


@pytest.mark.parametrize("line", [b"null", b"1", b'"a"', b"true"])
def test_what_has_no_members_is_not_split(line: bytes) -> None:
    """Whatever stands in place of an object or an array, and each in place of the other."""
    for split, other in ((rawjson.members, b"[]"), (rawjson.elements, b"{}")):
        for one in (line, other):
            with pytest.raises(ProtocolError, match="not the JSON expected, but of the type "):
                split(one)
