"""Shapes of JSON and of HTTP exchanges: which members, of which kinds, written in which format.

A shape is JSON itself. Where a value stood, it says in angle brackets of which kind that was, and
``<n>`` is an id of n lower-case letters and digits; a constant of the service stays as it is. What
has been recorded of the service is kept as shapes in ``recorded``, and none of its values.
"""

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import attrs

Shape: TypeAlias = Any
"""JSON, with kinds in place of values."""

FOLDER = Path(__file__).parent / "recorded"

CONSTANTS = frozenset(
    {
        *("@type", "code", "domain", "finishReason", "locale", "modality", "reason", "role"),
        *("service", "serviceTier", "source", "state", "status"),
    }
)
"""Members whose values are words of the service."""

FREE = frozenset(
    {"custom_id", "description", "displayName", "key", "location", "message", "quotaId", "text"}
)
"""Members that hold any text: what it looks like says nothing."""


def shape_of(value: Any, member: str = "") -> Shape:
    """Return the shape of a JSON value, perhaps that of a member with this name."""
    if isinstance(value, dict):
        return {name: shape_of(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return _distinct(shape_of(inner) for inner in value)
    if value is None or isinstance(value, bool) or member in CONSTANTS:
        return value
    if isinstance(value, str):
        return _free_text(value, member) if member in FREE else _kind_of(value)
    if isinstance(value, float):
        return "<number>"
    return "<int32>" if -(2**31) <= value < 2**31 else "<int64>"


def shape_of_exchange(status: int, headers: Iterable[tuple[str, str]], body: str) -> Shape:
    """Return the shape of a reply, whose headers may stand on several lines each.

    Names of headers are in lower case and sorted, since neither means anything.
    """
    lines: dict[str, list[str]] = {}
    for name, value in headers:
        lines.setdefault(name.lower(), []).append(_header(name.lower(), value, body))
    shape: Shape = {"status": status, "headers": {name: lines[name] for name in sorted(lines)}}
    if body:
        shape["written"] = how_written(body)
        shape["body"] = shape_of(json.loads(body))
    return shape


def how_written(text: str) -> Shape:
    """Return in which of the many ways of writing JSON a text is written.

    How it writes angle brackets, and letters beyond ASCII, is told if there are any.
    """
    value = json.loads(text)
    layouts = {
        "indented by two": json.dumps(value, indent=2),
        "compact": json.dumps(value, separators=(",", ":")),
    }
    bare = _without_scalars(text.rstrip("\n"))
    found = (layout for layout, usual in layouts.items() if bare == _without_scalars(usual))
    shape: Shape = {
        "layout": next(found, "another"),
        "final newlines": len(text) - len(text.rstrip("\n")),
    }
    letters = {"escaped": {chr(int(escape, 16)) for escape in _ESCAPE.findall(text)}, "raw": text}
    for what, belongs in _REMARKABLE.items():
        ways = [way for way, written in letters.items() if any(map(belongs, written))]
        if ways:
            shape[what] = " and ".join(ways)
    return shape


_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*\\u([0-9a-fA-F]{4})")
_REMARKABLE: Mapping[str, Callable[[str], bool]] = {
    "angle brackets": lambda letter: letter in "<>",
    "beyond ASCII": lambda letter: not letter.isascii(),
}


def _without_scalars(text: str) -> str:
    """Return what is left of JSON when its strings and numbers are all alike."""
    return re.sub(r'"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*', "0", text)


def _distinct(shapes: Iterable[Shape]) -> Shape:
    """Return each shape once, told apart by their order too, in the order of first appearance."""
    return list({json.dumps(shape): shape for shape in shapes}.values())


def _free_text(value: str, member: str) -> str:
    # Some messages of the service end in a line break, for no reason one could see.
    return "<text, final newline>" if member == "message" and value.endswith("\n") else "<text>"


def _kind_of(value: str) -> str:
    for pattern, kind in _KINDS:
        match = pattern.fullmatch(value)
        if match is not None:
            return kind(match) if callable(kind) else match.expand(kind)
    return _base64(value) or "<text>"


def _id(match: re.Match[str]) -> str:
    return f"{match['before']}<{len(match['id'])}>"


def _time(match: re.Match[str]) -> str:
    return f"<time, {len(match['fraction'] or '')} digits>"


_KINDS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = tuple(
    (re.compile(pattern), kind)
    for pattern, kind in (
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(?P<fraction>\d+))?Z", _time),
        (r"-?\d{1,19}", "<int64 in a string>"),
        (r"\d+(?:\.\d+)?s", "<duration>"),
        (r"(?P<before>batches/|files/(?:batch-)?)(?P<id>[a-z0-9]+)", _id),
        (r"https?://[^/]+(/v1\w*/files/)([a-z0-9]+)", lambda m: f"<origin>{m[1]}<{len(m[2])}>"),
        (r"((?:models/)?)gemini-[a-z0-9.-]+", r"\1<model>"),
        (r"(google\.ai\.generativelanguage\.v1\w*\.)\w+\.\w+", r"\1<method>"),
        (r"(generativelanguage\.googleapis\.com/)[a-z_]+", r"\1<metric>"),
        (r"[a-z_]+(?:\[\d+\])*(?:\.[a-z_]+(?:\[\d+\])*)+", "<path of a field>"),
        (r"[a-z]+/[a-z0-9.+-]+", "<MIME type>"),
        (r"https?://\S+", "<URL>"),
        (r"[A-Za-z0-9_-]{22,23}", "<base64 for URLs, unpadded>"),
    )
)


def _base64(value: str) -> str | None:
    try:
        decoded = base64.b64decode(value, validate=True)
    except ValueError:
        return None
    if re.fullmatch(rb"[0-9a-f]{64}", decoded):
        return "<base64 of 64 hexadecimal digits>"
    return "<base64>" if len(decoded) > 16 else None


def _header(name: str, value: str, body: str) -> str:
    if name == "content-length" and value == str(len(body.encode())):
        return "<length of the body>"
    pattern, kind = _HEADERS.get(name, ("", ""))
    return re.sub(rf"\A{pattern}\Z", kind, value) if pattern else value


_UPLOAD_URL = (
    r"https?://[^/]+(/upload/v1\w*/files\?upload_id=)[\w-]+(&upload_protocol=resumable)",
    r"<origin>\1<upload>\2",
)
_HEADERS: Mapping[str, tuple[str, str]] = {
    "date": (r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", "<date>"),
    "server-timing": (r"(gfet4t7; dur=)\d+", r"\1<milliseconds>"),
    "x-goog-upload-control-url": _UPLOAD_URL,
    "x-goog-upload-url": _UPLOAD_URL,
    "x-guploader-uploadid": (r"[\w-]+", "<upload>"),
}


# What has been recorded.


@attrs.frozen
class Recorded:
    """One recorded shape, and how much is known by it.

    ``part`` says whether it is of a whole exchange or of JSON alone. Some recordings leave open in
    which ``order`` members come, or which ``others`` there are.
    """

    seen: str
    part: Literal["exchange", "body"]
    shape: Shape
    leaves_open: frozenset[str] = frozenset()

    def comparable(self, shape: Shape, known: Shape) -> str:
        """Return, as text, as much of a shape as can be judged by what is known."""
        if "others" in self.leaves_open:
            shape = only_known(shape, known)
        return json.dumps(shape, indent=2, sort_keys="order" in self.leaves_open)


def only_known(shape: Shape, known: Shape) -> Shape:
    """Return a shape without the members that another one does not have."""
    if isinstance(shape, dict) and isinstance(known, dict):
        return {name: only_known(shape[name], known[name]) for name in shape if name in known}
    if isinstance(shape, list) and isinstance(known, list) and len(shape) == len(known):
        return [only_known(*pair) for pair in zip(shape, known, strict=True)]
    return shape


@cache
def recorded() -> Mapping[str, Recorded]:
    """Return every recorded shape, by its name.

    Where recordings of different times differ, the newest is the rule; an older one is a variant,
    and has its month behind the name: ``file, get; 2024-08``.
    """
    found: dict[str, Recorded] = {}
    for path in sorted(FOLDER.glob("*.json")):
        for name, entry in json.loads(path.read_text(encoding="utf-8")).items():
            if name in found:
                raise ValueError(f"two shapes are named {name!r}")
            part: Literal["exchange", "body"] = "exchange" if "exchange" in entry else "body"
            leaves_open = frozenset(entry.get("leaves open", ()))
            found[name] = Recorded(entry["seen"], part, entry[part], leaves_open)
    return MappingProxyType(found)
