"""An event loop is never held up: what takes long, or may wait, is done in threads."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gemini_batch.aio import transport
from gemini_batch.effects import Effect, Now
from gemini_batch.emulator import Emulator
from tests.conformance.facades import Facade
from tests.conformance.monitor import Monitor
from tests.conformance.scenarios import SCENARIOS
from tests.conformance.stage import Stage

ONLY_THERE = pytest.mark.parametrize("facade", ["async"], indirect=True)
LONGEST = 0.05
"""Seconds that one callback may compute."""

MANY = {"file": 10_000, "inline": 5_000}
"""Requests: what computes for all of them at once takes several times as long."""


@pytest.fixture
def loop(facade: Facade) -> asyncio.AbstractEventLoop:
    """Return the loop of the facade."""
    runner: asyncio.Runner = vars(facade)["_runner"]
    return runner.get_loop()


@pytest.fixture
def monitor() -> Monitor:
    """Return a monitor that has seen nothing yet."""
    return Monitor()


@ONLY_THERE
@pytest.mark.parametrize("name", SCENARIOS)
def test_no_call_blocks_in_the_loop(
    name: str,
    facade: Facade,
    emulator: Emulator,
    tmp_path: Path,
    loop: asyncio.AbstractEventLoop,
    monitor: Monitor,
) -> None:
    """Neither for a file nor for a socket, nor for a name that is looked up."""
    client, scenario = facade.client(emulator.url), SCENARIOS[name]
    stage = Stage(facade, emulator, client, tmp_path, lambda: pytest.fail("there is no other"))
    act = scenario.prepare(stage)
    with monitor.watching(loop):
        stage.outcome_of(act)
    assert [] == monitor.blocking


@ONLY_THERE
@pytest.mark.parametrize("via", MANY)
def test_no_callback_takes_long_whatever_is_submitted_and_read(
    client: Any,
    facade: Facade,
    loop: asyncio.AbstractEventLoop,
    monitor: Monitor,
    tmp_path: Path,
    via: str,
) -> None:
    """Submitting, waiting, sorting, streaming and saving."""
    client.submit(["first"], via=via).results().close()  # which makes what is made once

    prompts = (f"What is {number} squared?" for number in range(MANY[via]))

    async def use() -> Any:
        batch = await client.real.submit(prompts, via=via)
        results = await batch.results()
        again = client.real.get_batch(batch.name)
        async with again.stream_results() as items:
            assert MANY[via] == len([item.ok async for item in items])
        file = (await again.operation()).responses_file
        if file is not None:
            await client.real.files.download(file, tmp_path / "results.jsonl")
        return results

    with monitor.watching(loop):
        results = facade.settle(use())
    with results:
        assert MANY[via] == len(results)
    assert 0 < monitor.longest < LONGEST
    assert [] == monitor.blocking


@ONLY_THERE
@pytest.mark.parametrize("as_bytes", [True, False], ids=["bytes", "path"])
def test_no_callback_takes_long_whatever_is_uploaded(
    client: Any,
    facade: Facade,
    loop: asyncio.AbstractEventLoop,
    monitor: Monitor,
    tmp_path: Path,
    *,
    as_bytes: bool,
) -> None:
    """A file is read and digested in threads."""
    content, path = os.urandom(1 << 20) * 40, tmp_path / "input.txt"
    path.write_bytes(content)
    client.files.upload(b"first", mime_type="text/plain")

    with monitor.watching(loop):
        facade.settle(
            client.real.files.upload(content if as_bytes else path, mime_type="text/plain")
        )
    assert 0 < monitor.longest < LONGEST
    assert [] == monitor.blocking


# The monitor itself


@ONLY_THERE
def test_work_that_is_done_in_the_loop_is_found(
    client: Any,
    facade: Facade,
    loop: asyncio.AbstractEventLoop,
    monitor: Monitor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Files and sums, wherever they are in what a client does."""

    async def in_place(work: Callable[[], Any]) -> Any:
        return work()

    monkeypatch.setattr(transport, "_in_thread", in_place)
    with monitor.watching(loop):
        client.submit(["why?"], via="file").results().close()
    assert {"mkstemp", "pwrite", "pread"} <= {call.partition(" ")[0] for call in monitor.blocking}

    def busy(effect: Effect[Any]) -> Effect[Any]:
        until = time.thread_time() + 1.2 * LONGEST
        while isinstance(effect, Now) and time.thread_time() < until:
            continue
        return effect

    with monitor.watching(loop), pytest.MonkeyPatch.context() as patch:
        facade.watch_effects(patch, busy)
        list(client.list_batches())
    assert monitor.longest > LONGEST
