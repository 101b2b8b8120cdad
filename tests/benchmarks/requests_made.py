"""The same requests as objects of each package that encodes them."""

from __future__ import annotations

import random
from collections.abc import Iterator

import msgspec
from attrs import evolve

from gemini_batch import Content, GenerateContentRequest, GenerationConfig
from tests.benchmarks.corpora import SEED, Prose

INSTRUCTION = "You are a careful reader. Answer in one sentence, and name your source."
TEMPERATURE = 0.2
MOST_TOKENS = 512


def texts(count: int) -> list[str]:
    """Return prompts of about half a kilobyte."""
    prose = Prose(random.Random(SEED))
    return [prose.words(500).replace("\\n", "\n").replace('\\"', '"') for _ in range(count)]


def ours(prompts: list[str]) -> list[GenerateContentRequest]:
    """Return requests of this package, whose instruction and config are the same objects."""
    common = defaults()
    return [evolve(common, contents=(Content.user(prompt),)) for prompt in prompts]


def ours_apart(prompts: list[str]) -> list[GenerateContentRequest]:
    """Return the same requests, each with an instruction and a config of its own."""
    return [evolve(defaults(), contents=(Content.user(prompt),)) for prompt in prompts]


def defaults() -> GenerateContentRequest:
    """Return what these requests have in common."""
    return GenerateContentRequest(
        system_instruction=Content.system(INSTRUCTION),
        generation_config=GenerationConfig(temperature=TEMPERATURE, max_output_tokens=MOST_TOKENS),
    )


def generated(count: int, *, keyed: bool) -> Iterator[str | tuple[str, str]]:
    """Yield prompts of about a hundred characters, with keys or without."""
    prose = Prose(random.Random(SEED))
    shared = [prose.words(90) for _ in range(997)]
    for number in range(count):
        prompt = f"{number}: {shared[number % 997]}"
        yield (f"row-{number}", prompt) if keyed else prompt


# Bare Structs


class Part(msgspec.Struct):
    """A part that is text."""

    text: str


class Message(msgspec.Struct, omit_defaults=True):
    """A content."""

    parts: list[Part]
    role: str | None = None


class Config(msgspec.Struct, rename="camel", omit_defaults=True):
    """What is set of a generation."""

    temperature: float | None = None
    max_output_tokens: int | None = None


class Body(msgspec.Struct, rename="camel", omit_defaults=True):
    """A request."""

    contents: list[Message]
    system_instruction: Message | None = None
    generation_config: Config | None = None


class Line(msgspec.Struct):
    """A line of a file of requests."""

    key: str
    request: Body


def structs(prompts: list[str]) -> list[Line]:
    """Return lines of bare Structs, whose instruction and config are the same objects, too."""
    instruction, config = Message([Part(INSTRUCTION)]), Config(TEMPERATURE, MOST_TOKENS)
    return [
        Line(str(number), Body([Message([Part(prompt)], "user")], instruction, config))
        for number, prompt in enumerate(prompts)
    ]


def bare(prompts: list[str]) -> list[Line]:
    """Return lines of bare Structs that have a text and nothing else."""
    return [
        Line(str(number), Body([Message([Part(prompt)], "user")]))
        for number, prompt in enumerate(prompts)
    ]
