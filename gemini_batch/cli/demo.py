"""``demo``: the whole way of a batch, on this machine, with every answer checked."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

import click
from attrs import define, field

from ..items import BatchGenerationResponseItem, ItemError, ItemSuccess
from ..sync import SyncBatchClient
from .arguments import example, told, waiting
from .endings import Ending, Exit, conduct
from .options import QUICK, Options
from .prompts import Corpus, gather

MODEL = "gemini-2.5-flash"
CHUNK = 256 << 10
"""Bytes of an upload chunk: small enough that the prompts take several."""

SHOWN = 3


@define
class Verdict:
    """What became of the prompts, each answer having been held against its own prompt."""

    answered: int = 0
    examples: list[str] = field(factory=list[str])
    failed: list[str] = field(factory=list[str])
    wrong: list[str] = field(factory=list[str])
    lost: list[str] = field(factory=list[str])

    @property
    def good(self) -> bool:
        """Whether every answer that came is right, and none was lost."""
        return not self.wrong and not self.lost


def judge(prompts: Mapping[str, str], items: Iterable[BatchGenerationResponseItem[Any]]) -> Verdict:
    """Hold every answer against its prompt, of which it must tell the digest and the length."""
    verdict = Verdict()
    unseen = dict.fromkeys(prompts)
    for item in items:
        key = item.key if item.key in unseen else None
        if key is None:
            verdict.wrong.append(f"{item.key}: a result that nobody asked for")
            continue
        del unseen[key]
        match item:
            case ItemError():
                verdict.failed.append(f"{key}: {item.problem}")
            case ItemSuccess(_, response):
                text = response.text_or("")
                if text.splitlines()[:2] == expected_lines(prompts[key]):
                    verdict.answered += 1
                    verdict.examples.append(f"{key}: {' '.join(text.split())}")
                else:
                    verdict.wrong.append(f"{key}: the answer is to another prompt")
            case _:
                verdict.wrong.append(f"{key}: {item.problem}")
    verdict.lost += unseen
    return verdict


def expected_lines(prompt: str) -> list[str]:
    """Return how the answer to a prompt must begin."""
    return [f"sha256:{sha256(prompt.encode()).hexdigest()}", f"{len(prompt)} characters"]


@click.command(
    "demo",
    short_help="See it all work here, without a key.",
    epilog=example("gemini-batch demo"),
)
@waiting
@told
def demo(options: Options) -> Exit:
    """Answer thousands of prompts on this machine, and check every answer.

    The prompts are made from the library of this Python and go to the emulator of the service:
    neither a key nor a network is needed.
    """
    screen = options.screen()

    def go() -> Ending:
        from ..emulator import Emulator  # noqa: PLC0415 - slow to load, seldom needed

        begun = time.monotonic()
        screen.say("gathering prompts")
        corpus = gather()
        with (
            Emulator(chunk_granularity=CHUNK) as emulator,
            SyncBatchClient(
                "none", model=MODEL, base_url=emulator.url, poll=options.poll(QUICK)
            ) as client,
        ):
            with screen.progress() as report:
                batch = client.submit(
                    corpus.prompts, via="file", display_name="demo", progress=report
                )
                results = batch.results(progress=report)
            with results:
                verdict = judge(corpus.prompts, results)
            chunks = emulator.acted.count("upload-chunk")
        return _ending(corpus, verdict, chunks, time.monotonic() - begun)

    return conduct(options.interrupts, screen, go)


def _ending(corpus: Corpus, verdict: Verdict, chunks: int, seconds: float) -> Ending:
    counts = {
        "prompts": len(corpus.prompts),
        "answered": verdict.answered,
        "failed": len(verdict.failed),
        "wrong": len(verdict.wrong),
        "lost": len(verdict.lost),
        "chunks": chunks,
    }
    lines = (
        f"{counts['prompts']:,} prompts: {corpus.origin}",
        f"uploaded in {chunks} chunks to the emulator of the service, on this machine",
        f"{counts['answered']:,} answered, each with the SHA-256 of its own prompt",
        f"{counts['failed']:,} failed, as 1 in 100 does there on purpose, each with a reason",
        f"{counts['wrong']:,} wrong, {counts['lost']:,} lost, in {seconds:.1f} seconds",
        *verdict.wrong[:SHOWN],
        *(f"{key}: no result came back" for key in verdict.lost[:SHOWN]),
        "",
        "Some of them, in the order of their keys:",
        *(f"  {line[:100]}" for line in _sample(verdict.examples)),
        *(f"  {line[:100]}" for line in verdict.failed[:1]),
        "",
        "The same with a file of yours, one prompt a line:",
        f"  gemini-batch run prompts.txt -o answers.jsonl --model {MODEL} --emulator",
        "and, with a key from https://aistudio.google.com/apikey, answered by the model itself:",
        "  export GEMINI_API_KEY=...",
        f"  gemini-batch run prompts.txt -o answers.jsonl --model {MODEL}",
    )
    facts = {**counts, "seconds": round(seconds, 1), "origin": corpus.origin}
    return Ending(Exit.COMPLETE if verdict.good else Exit.FAILED, lines, facts)


def _sample(lines: list[str]) -> list[str]:
    """Return a few lines from the beginning, the middle and the end."""
    return [lines[len(lines) * share // SHOWN] for share in range(SHOWN)] if lines else []
