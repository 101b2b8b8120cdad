"""Results files as the service writes them, made of a seed: the same on every machine.

Members stand in random order at every level, lines are shuffled, and one in a hundred is an error.
"""

from __future__ import annotations

import base64
import json
import os
import random
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from attrs import frozen

SEED = 20_261_125
ORDERS = 256
"""How many orders of members there are; a line takes one of them."""
ERRORS = 100
"""One line of so many is an error."""
BLOCK = 4096
"""Lines that are written at a time."""
DIMENSIONS = 768


def shuffled(value: Any, rng: random.Random) -> Any:
    """Return JSON with the members of its objects in random order."""
    if isinstance(value, dict):
        members = [(name, shuffled(inner, rng)) for name, inner in value.items()]
        rng.shuffle(members)
        return dict(members)
    return [shuffled(inner, rng) for inner in value] if isinstance(value, list) else value


def _pattern(line: Any, rng: random.Random) -> str:
    """Return a line to be filled in: ``"%(name)s"`` is text, and ``"%(name)d"`` a number."""
    text = json.dumps(shuffled(line, rng), separators=(",", ":"))
    return text.replace('"%(number)d"', "%(number)d")


# Text


class Prose:
    """Words of a seeded vocabulary, as JSON has them: line feeds and foreign letters too."""

    def __init__(self, rng: random.Random) -> None:
        letters = "etaoinshrdlucmfwypvbgkjqxz"
        words = ["".join(rng.choices(letters, k=rng.randint(2, 9))) for _ in range(2000)]
        words += ["naïve", "Zürich", "café", "—", "日本"]
        words += ['\\"so\\"', "so,\\n\\n", "thus:\\n"] * 10
        self._stream = " ".join(rng.choices(words, k=200_000))
        self._rng = rng

    def words(self, characters: int) -> str:
        """Return about so many characters of words."""
        start = self._rng.randrange(len(self._stream) - 2 * characters)
        start = self._stream.index(" ", start) + 1
        return self._stream[start : self._stream.rindex(" ", start, start + characters)]


def _usage(*, refused_by_google: bool) -> dict[str, Any]:
    usage: dict[str, Any] = {
        "promptTokenCount": "%(number)d",
        "candidatesTokenCount": "%(number)d",
        "totalTokenCount": "%(number)d",
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": "%(number)d"}],
        "candidatesTokensDetails": [{"modality": "TEXT", "tokenCount": "%(number)d"}],
    }
    return {**usage, "serviceTier": "SERVICE_TIER_STANDARD"} if refused_by_google else usage


def _answer(part: dict[str, str], *, refused_by_google: bool) -> dict[str, Any]:
    response = {
        "candidates": [
            {"content": {"parts": [part], "role": "model"}, "finishReason": "STOP", "index": 0}
        ],
        "usageMetadata": _usage(refused_by_google=refused_by_google),
        "modelVersion": "gemini-2.5-flash",
        "responseId": "%(id)s",
    }
    if refused_by_google:
        response["turnToken"] = "v1_%(id)s"
    return {"key": "%(key)s", "response": response}


_REFUSED = {"key": "%(key)s", "error": {"code": 8, "message": "Quota exceeded, try again later."}}


def _text(characters: int, rng: random.Random, *, refused_by_google: bool) -> Callable[[str], str]:
    prose = Prose(rng)
    answer = _answer({"text": "%(text)s"}, refused_by_google=refused_by_google)
    patterns = [_pattern(answer, rng) for _ in range(ORDERS)]

    def line(key: str) -> str:
        number = rng.getrandbits(32)
        values = {
            "key": key,
            "text": prose.words(characters),
            "number": number >> 22,
            "id": f"{number:x}",
        }
        return patterns[number % ORDERS] % values

    return line


def _short(rng: random.Random) -> Callable[[str], str]:
    prose = Prose(rng)
    content = {"parts": [{"text": "%(text)s"}], "role": "model"}
    answer = {
        "key": "%(key)s",
        "response": {"candidates": [{"content": content, "finishReason": "STOP"}]},
    }
    patterns = [_pattern(answer, rng) for _ in range(ORDERS)]
    texts = [prose.words(40) for _ in range(997)]

    def line(key: str) -> str:
        number = rng.getrandbits(24)
        return patterns[number % ORDERS] % {"key": key, "text": texts[number % 997]}

    return line


def _embedding(rng: random.Random) -> Callable[[str], str]:
    answer = {
        "key": "%(key)s",
        "response": {
            "embedding": {"values": ["%(numbers)s"]},
            "usageMetadata": {
                "promptTokenCount": "%(number)d",
                "promptTokenDetails": [{"modality": "TEXT", "tokenCount": "%(number)d"}],
            },
        },
    }
    patterns = [_pattern(answer, rng).replace('"%(numbers)s"', "%(numbers)s") for _ in range(16)]

    def line(key: str) -> str:
        numbers = ",".join(f"{rng.gauss(0, 0.03):.9g}" for _ in range(DIMENSIONS))
        return rng.choice(patterns) % {"key": key, "numbers": numbers, "number": 12}

    return line


def _image(rng: random.Random) -> Callable[[str], str]:
    part: dict[str, Any] = {"inlineData": {"mimeType": "image/png", "data": "%(image)s"}}
    patterns = [_pattern(_answer(part, refused_by_google=True), rng) for _ in range(16)]

    def line(key: str) -> str:
        size = rng.randint(1_500_000, 3_000_000)  # 2 to 4 MB when encoded
        image = base64.b64encode(rng.randbytes(size)).decode()
        return rng.choice(patterns) % {"key": key, "image": image, "number": 1290, "id": "a1"}

    return line


# Keys


def _uuid(rng: random.Random, _: int) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128)))


def _path(rng: random.Random, number: int) -> str:
    return f"archive/{rng.randrange(40)}/box-{rng.randrange(1000)}/letter {number}.txt"


_KEYS: dict[str, Callable[[random.Random, int], str]] = {
    "integers": lambda _, number: str(number),
    "names": lambda _, number: f"row-{number}",
    "uuids": _uuid,
    "paths": _path,
}

_SHAPES: dict[str, Callable[[random.Random], Callable[[str], str]]] = {
    "text": partial(_text, 560, refused_by_google=True),
    "text-for-google": partial(_text, 590, refused_by_google=False),
    "long": partial(_text, 20_000, refused_by_google=True),
    "short": _short,
    "embeddings": _embedding,
    "images": _image,
}


@frozen
class Corpus:
    """A results file: its shape, the kind of its keys, and how many lines it has."""

    shape: str
    keys: str
    lines: int

    def lines_of(self) -> Iterator[str]:
        """Yield the lines without their ends."""
        rng = random.Random(f"{SEED} {self.shape} {self.keys}")
        name, answered = _KEYS[self.keys], _SHAPES[self.shape](rng)
        refused = [_pattern(_REFUSED, rng) for _ in range(ORDERS)]
        numbers = list(range(self.lines))
        rng.shuffle(numbers)
        for count, number in enumerate(numbers, 1):
            key = name(rng, number)
            yield answered(key) if count % ERRORS else rng.choice(refused) % {"key": key}

    def at(self, folder: Path) -> Path:
        """Return the path of the file, which is made unless it is there."""
        path = folder / f"{self.shape}-{self.keys}-{self.lines}.jsonl"
        if not path.exists():
            unfinished = path.with_suffix(f".{os.getpid()}")
            with unfinished.open("w", encoding="utf-8", newline="\n") as file:
                waiting: list[str] = []
                for line in self.lines_of():
                    waiting.append(line)
                    if len(waiting) == BLOCK:
                        file.write("\n".join(waiting) + "\n")
                        waiting.clear()
                if waiting:
                    file.write("\n".join(waiting) + "\n")
            unfinished.replace(path)
        return path
