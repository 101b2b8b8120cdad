"""The codec: nothing but its own errors, nothing lost and nothing coerced on the way and back.

An input is the name of a model, filled up to the length of a header, and what is taken for JSON.
"""

import importlib
import json
import pkgutil
import random
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from attrs import NOTHING, fields

import gemini_batch.models as rooms
from gemini_batch import codec, rawjson
from gemini_batch.errors import GeminiBatchError, ProtocolError
from gemini_batch.models.base import Int64, Model, Timestamp
from gemini_batch.models.content import Blob
from gemini_batch.models.sent import Sent
from gemini_batch.models.status import Status
from tests.fuzz.oracle import is_deep, spelled, strict

HEADER = 32
"""Any other than the name of a model stands for some model, too."""
STAMPS = ["2026-03-01T10:00:00Z", "2026-03-01T10:00:00.123456789+05:30", "0001-01-01T00:00:00Z"]


def models() -> list[type[Model]]:
    """Return every model there is, in an order that stays."""
    for room in pkgutil.iter_modules(rooms.__path__):
        importlib.import_module(f"{rooms.__name__}.{room.name}")
    found, unseen = [], [Model]
    while unseen:
        children = unseen.pop().__subclasses__()
        found += children
        unseen += children
    shipped = {kind for kind in found if kind.__module__.startswith(rooms.__name__)}
    return sorted(shipped, key=lambda kind: (kind.__module__, kind.__name__))


MODELS = models()
MESSAGES = {name: getattr(rooms, name) for name in rooms.HOMES}
NAMED = {kind.__name__.encode(): kind for kind in MODELS}


def camel(name: str) -> str:
    """Spell a name as the API documents it."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def members(kind: type[Model]) -> dict[str, Any]:
    """Return the types of the members of a model, by their names in Python."""
    hints = get_type_hints(kind, localns=MESSAGES, include_extras=True)
    return {one.name: read(hints[one.name]) for one in fields(kind) if one.name != "extra"}


def read(hint: Any) -> Any:
    """Return what a member of this type is read as: of a union, its first kind."""
    if get_origin(hint) not in {Union, UnionType}:
        return hint
    return next(arm for arm in get_args(hint) if arm is not type(None))


PROPERTIES = {
    kind: [name for name in dir(kind) if isinstance(getattr(kind, name), property)]
    for kind in MODELS
}
MEMBERS = {kind: members(kind) for kind in MODELS}
PROTO_DEFAULTS = {
    (kind, one.name): {"": [""], 0: [0, "0"]}[one.default]
    for kind in MODELS
    for one in fields(kind)
    if one.default in ("", 0)
}
"""What is the same as nothing, for the members that have no other way to say it."""

WORDS = tuple(
    f'"{name}":'.encode()
    for name in sorted({camel(name) for named in MEMBERS.values() for name in named})
)


ODDITIES = [
    *(b"", b"{", b"nul", b"[]", b"NaN", b"1e400", b"9" * 401, b"9" * 4301, b"[" * 200, b'"\xff"'),
    *(b'{"a":1,"a":2}', b'{"a":1}x', b"\xef\xbb\xbf{}", b'"\\ud800"', b'{"\\ud800":"\\udc00"}'),
    b'{ "a" : null , "b" : [ 1 , "\\udfff" ] }',
    b'[ "\\\\ud800" , "\\ud83d x", "\\ud83d\\ude00" ]',
]
"""What is nearly JSON, and what is JSON that few readers take."""


def example(kind: Any, chance: random.Random, depth: int = 5) -> Any:
    """Return JSON for a type, in one of the ways in which it may come; not all too deep."""
    if kind == Int64:
        return chance.choice(["5", 5, "-9223372036854775808", 1e3])
    if isinstance(kind, type) and issubclass(kind, Model):
        tree: dict[str, Any] = {}
        for name, inner in MEMBERS[kind].items():
            if chance.random() < 0.16 * depth:
                tree[chance.choice([name, camel(name)])] = example(inner, chance, depth - 1)
        if chance.random() < 0.5:
            tree[chance.choice(["later", "x_y", "extra", ""])] = chance.choice([None, [1.5], "é"])
        return tree
    if get_origin(kind) is tuple:
        inner = read(get_args(kind)[0])
        return [example(inner, chance, depth - 1) for _ in range(chance.randrange(3))]
    if get_origin(kind) is Mapping and get_args(kind)[1] is not Any:
        return {"a": example(get_args(kind)[1], chance, depth - 1)}
    if get_origin(kind) is Mapping or kind is Any:
        return chance.choice([{}, {"a": {"b": [None, True, "\u2028"]}}, {"text": "\ud800"}])
    ways: dict[Any, list[Any]] = {
        Timestamp: STAMPS,
        timedelta: ["0s", "1.5s", "-0.000000001s"],
        str: ["", "a", "AQID", "\0\n\u2028"],
        int: [0, 7, "7", 7.0, -1],
        float: [0, 0.5, -0.0, 1e300],
        bool: [True, False],
    }
    return chance.choice(ways.get(kind) or [*kind, "A_LATER_ONE"])


def usual(kind: Any, chance: random.Random, often: float = 0.4) -> Any:
    """Return JSON for a type as the service most often spells it; moments are not among it."""
    if kind is Blob:
        return {"data": chance.choice(["", "AQID", "_-8="]), "mimeType": "image/png"}
    if isinstance(kind, type) and issubclass(kind, Model):
        required = {one.name for one in fields(kind) if one.default is NOTHING}
        return {
            camel(name): usual(inner, chance, often)
            for name, inner in MEMBERS[kind].items()
            if inner not in {Timestamp, timedelta}
            if name in required or chance.random() < often
        }
    if get_origin(kind) is tuple:
        inner = read(get_args(kind)[0])
        return [usual(inner, chance, often) for _ in range(chance.randrange(3))]
    if get_origin(kind) is Mapping:
        return chance.choice([{}, {"a": {"b": [None, True, 1.5, "\u2028", 2**70]}}])
    ways: dict[Any, list[Any]] = {
        str: ["", "a", "AQID", "é\0\n", "\U0001f600"],
        int: [0, 7, -1, 2**63 - 1, -(2**63)],
        float: [0, -0.0, 0.1, 5, 1e300, 2**64, 10**30, -(2**53) - 1],
        bool: [True, False],
    }
    kind = int if kind == Int64 else kind
    return chance.choice(ways.get(kind) or [*kind, "A_LATER_ONE"])


def seeds() -> Iterator[bytes]:
    """Yield JSON of every model, and what is nearly JSON."""
    for kind in MODELS:
        chance = random.Random(kind.__name__)
        for indent in (None, None, None, 1):
            yield begun(kind) + json.dumps(example(kind, chance), indent=indent).encode()
        if issubclass(kind, Sent):
            for often in (0.2, 0.4, 0.6, 0.8):
                yield begun(kind) + json.dumps(usual(kind, chance, often)).encode()
    for oddity in ODDITIES:
        yield begun(Status) + oddity


def begun(kind: type[Model]) -> bytes:
    """Return the header that chooses a model."""
    return kind.__name__.encode().ljust(HEADER)


def chosen(header: bytes) -> type[Model]:
    """Return the model that a header names, or some other."""
    return NAMED.get(header.strip()) or MODELS[zlib.crc32(header) % len(MODELS)]


def check(data: bytes) -> None:
    """Hold the JSON reader against the standard library's, and a model against its JSON."""
    header, text = data[:HEADER], data[HEADER:]
    kind = chosen(header)
    check_json(text)
    if issubclass(kind, Sent) and not is_deep(text):
        check_shortcut(kind, text)
    try:
        model = codec.decode(text, kind)
    except ProtocolError:
        return
    check_model(kind, text, model)


def check_json(text: bytes) -> None:
    """Hold that JSON is taken and refused as the standard library does, whole or in parts."""
    parts: list[Any] = []
    for split in (rawjson.members, rawjson.elements, rawjson.compact):
        try:
            parts.append(split(text))
        except ProtocolError:
            parts.append(None)
    try:
        tree: Any = rawjson.parse(text)
        taken = True
    except ProtocolError:
        tree, taken = None, False
    if is_deep(text):
        return
    try:
        expected = strict(text)
    except ValueError:
        assert not taken, "what is not JSON was taken"
        return
    assert taken, "JSON was refused"
    assert spelled(expected) == spelled(tree)
    by_name, in_order, compact = parts
    if isinstance(expected, dict):
        present = {name: one for name, one in expected.items() if one is not None}
        assert spelled(present) == spelled({name: strict(bytes(by_name[name])) for name in present})
        assert present.keys() == by_name.keys()
    else:
        assert by_name is None, "what is no object has members"
    if isinstance(expected, list):
        assert spelled(expected) == spelled([strict(bytes(one)) for one in in_order])
    else:
        assert in_order is None, "what is no array has elements"
    assert b"\n" not in compact
    assert spelled(expected) == spelled(strict(compact))
    assert len(compact) <= len(text) or b"\\" in compact, "compact JSON is longer"


def check_shortcut(kind: type[Sent], text: bytes) -> bool:
    """Hold that what is decoded in one go is what the hooks make of it; whether it was."""
    quick = codec.READERS[kind].answer(text)
    if quick is None:
        return False
    try:
        careful = codec.structure(rawjson.parse(text), kind)
    except ProtocolError:
        raise AssertionError("what the hooks refuse was taken") from None
    for name in PROPERTIES[kind]:
        assert asked(careful, name) == asked(quick, name)
    assert anatomy(careful) == anatomy(quick)
    assert careful == quick
    return True


def asked(model: Model, name: str) -> Any:
    """Return what a property says, or how it refuses to."""
    try:
        return anatomy(getattr(model, name))
    except GeminiBatchError as refused:
        return type(refused), str(refused)


def anatomy(value: Any) -> Any:
    """Return all that a value holds and is, which is the same only for what nobody can tell apart.

    A model's members, the types of everything in it, and how an enum and a number is spelled.
    """
    if isinstance(value, Model):
        members = {one.name: anatomy(getattr(value, one.name)) for one in fields(type(value))}
        return type(value), repr(value), members
    if isinstance(value, dict):
        return type(value), {name: anatomy(one) for name, one in value.items()}
    if isinstance(value, tuple | list):
        return type(value), [anatomy(one) for one in value]
    return type(value), repr(value)


def check_model(kind: type[Model], text: bytes, model: Model) -> None:
    """Hold that a model says what its JSON said, and is the same after a journey."""
    assert isinstance(model, kind)
    assert isinstance(repr(model), str)
    for name in PROPERTIES[kind]:
        with suppress(GeminiBatchError):  # such as NoTextError; anything else is none of ours
            getattr(model, name)
    try:
        written = codec.encode(model)
    except ValueError:
        if b"\\ud" in text.lower() or is_deep(text):
            return
        raise
    if is_deep(text):
        return
    again = codec.decode(written, kind)
    assert model == again
    assert written == codec.encode(again)
    said = kept(kind, strict(text), strict(written))
    assert said is None, said


def kept(kind: Any, before: Any, after: Any, path: str = "it") -> str | None:
    """Say what of some JSON is lost or changed after it was a model, if anything is."""
    if isinstance(kind, type) and issubclass(kind, Model):
        return _kept_members(kind, before, after, path)
    if get_origin(kind) is tuple:
        if len(before) != len(after):
            return f"{path} has {len(after)} elements, not {len(before)}"
        element = read(get_args(kind)[0])
        said = (kept(element, *pair, f"{path}[]") for pair in zip(before, after, strict=True))
        return next(filter(None, said), None)
    if get_origin(kind) is Mapping and get_args(kind)[1] is not Any:
        if before.keys() != after.keys():
            return f"{path} has the names {sorted(after)!a}, not {sorted(before)!a}"
        inner = get_args(kind)[1]
        told = (kept(inner, before[name], after[name], f"{path}.{name}") for name in before)
        return next(filter(None, told), None)
    if kind == Int64:
        same = isinstance(after, str) and after == str(int(before))
    elif kind is int:
        same = type(after) is int and after == int(before)
    elif kind is float:
        same = type(after) is float and after == float(before)
    else:
        same = spelled(before) == spelled(after)
    return None if same else f"{path} is {after!a}, not {before!a}"


def _kept_members(kind: type[Model], before: Any, after: Any, path: str) -> str | None:
    known = {spelling: name for name in MEMBERS[kind] for spelling in (name, camel(name))}
    last: dict[str, Any] = {}
    for spelling, value in before.items():
        name = known.get(spelling)
        if name is None:
            if spelling not in after or spelled(value) != spelled(after[spelling]):
                return f"{path} has lost {spelling!a}, which is not known"
        elif value is not None:
            last[name] = value
    for name, value in last.items():
        inner = MEMBERS[kind][name]
        if value == [] and get_origin(inner) is tuple:
            continue  # none is written as nothing
        if camel(name) not in after and value in PROTO_DEFAULTS.get((kind, name), ()):
            continue  # as proto3 JSON leaves it out
        if camel(name) not in after:
            return f"{path} has lost {name}"
        said = kept(inner, value, after[camel(name)], f"{path}.{name}")
        if said is not None:
            return said
    foreign = after.keys() - {camel(name) for name in MEMBERS[kind]} - before.keys()
    return f"{path} has {sorted(foreign)}, which nobody sent" if foreign else None
