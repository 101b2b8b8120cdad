"""Change an input by what it is made of: lines, JSON and the words of the format.

Bytes that change blindly seldom stay JSON, and what is no JSON is refused at the door.
"""

import json
import random
from collections.abc import Callable, Sequence
from typing import Any

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.0, 1.5, -0.0, 1e300, 1e22, 2**63, -(2**63) - 1, 10**20),
    *("", "5", "007", "a", "row-9", "row-10", "\0", "\u2028", "é", "\ud800", "\U0001f600", "STOP"),
    *("2026-03-01T10:00:00Z", "9999-12-31T23:59:59.999999999-23:59", "0001-01-01T00:00:00+23:59"),
    *([], {}, [[]], [None], {"key": "a"}, {"a": {"b": [1]}}),
)
WORDS = (
    *(b"\n", b"\r\n", b"\n\n", b"\xef\xbb\xbf", b"\xff", b"\0", b"\\ud800", b"\\udc00", b"\\u006b"),
    *(b"null", b"NaN", b"-Infinity", b"1e400", b"-0", b"1E5", b"9" * 20, b"9" * 401, b"9" * 4301),
    *(b"[" * 90, b"{}", b"[]", b",", b":", b'"', b"\\", b" ", b"\xed\xa0\x80", b"\xc0\xaf"),
)
"""What is put in anywhere, besides the words of the target."""


class Mutation:
    """Changes to the inputs of one target; the same chance makes the same change."""

    def __init__(self, header: int, words: Sequence[bytes]) -> None:
        self._header = header
        self._words = (*WORDS, *words)
        self._names = [json.loads(word[:-1]) for word in words if word.endswith(b'":')] or ["key"]

    def change(
        self, data: bytes, limit: int, chance: random.Random, blindly: Callable[[bytes], bytes]
    ) -> bytes:
        """Return an input that is like another, of no more than some bytes."""
        header, body = data[: self._header], data[self._header :]
        for _ in range(chance.choice((1, 1, 1, 2, 4))):
            match chance.randrange(8):
                case 0:
                    return blindly(data)[:limit]
                case 1:
                    header = self._other_header(header, chance)
                case 2 | 3:
                    body = self._other_lines(body, chance)
                case 4:
                    body = self._other_words(body, chance)
                case _:
                    body = self._other_json(body, chance)
        return (header.ljust(self._header, b"\0") + body)[:limit]

    def _other_header(self, header: bytes, chance: random.Random) -> bytes:
        changed = bytearray(header.ljust(self._header, b"\0"))
        place = chance.randrange(self._header)
        changed[place] = chance.choice(
            [chance.randrange(256), changed[place] ^ 1 << chance.randrange(8)]
        )
        return bytes(changed)

    def _other_lines(self, body: bytes, chance: random.Random) -> bytes:
        lines = body.split(b"\n")
        place, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        match chance.randrange(4):
            case 0:
                lines[place], lines[other] = lines[other], lines[place]
            case 1:
                lines.insert(place, lines[other])
            case 2:
                del lines[place]
            case _:
                lines[place] += chance.choice([b"\r", b"\n", b"\n \r", lines[other]])
        return b"\n".join(lines)

    def _other_words(self, body: bytes, chance: random.Random) -> bytes:
        start = chance.randrange(len(body) + 1)
        end = start + chance.choice((0, 0, 0, 1, 2, 8))
        return body[:start] + chance.choice(self._words) + body[end:]

    def _other_json(self, body: bytes, chance: random.Random) -> bytes:
        """Change a line of JSON somewhere in its tree; what is no JSON changes its words."""
        lines = body.split(b"\n")
        place = chance.randrange(len(lines))
        try:
            tree = json.loads(lines[place])
            changed = _grafted(tree, self._names, chance)
            compact, plain = chance.random() < 0.8, chance.random() < 0.5
            text = json.dumps(
                changed, separators=(",", ":") if compact else None, ensure_ascii=plain
            )
            lines[place] = text.encode("utf-8", "surrogatepass")
        except (ValueError, RecursionError):
            return self._other_words(body, chance)
        return b"\n".join(lines)


def _grafted(tree: Any, names: list[str], chance: random.Random) -> Any:
    """Return JSON with one value in it replaced, left out, doubled or put in."""
    if not isinstance(tree, dict | list) or not tree or chance.random() < 0.1:
        return _sprout(tree, names, chance)
    if isinstance(tree, dict):
        name = chance.choice(sorted(tree))
        match chance.randrange(6):
            case 0:
                return {other: value for other, value in tree.items() if other != name}
            case 1:
                return {**tree, chance.choice([*names, "later", name + "_"]): tree[name]}
            case 2:
                return {**tree, chance.choice(names): chance.choice(VALUES)}
            case _:
                return {**tree, name: _grafted(tree[name], names, chance)}
    place = chance.randrange(len(tree))
    match chance.randrange(4):
        case 0:
            return tree[:place] + tree[place + 1 :]
        case 1:
            return [*tree, tree[place]]
        case _:
            return [*tree[:place], _grafted(tree[place], names, chance), *tree[place + 1 :]]


def _sprout(tree: Any, names: list[str], chance: random.Random) -> Any:
    """Return another value in the place of one, or one that holds it."""
    match chance.randrange(5):
        case 0:
            return [tree]
        case 1:
            return {chance.choice(names): tree}
        case 2 if isinstance(tree, str):
            return tree + chance.choice(["0", "9", "-1", "\0", "é", tree])
        case _:
            return chance.choice(VALUES)
