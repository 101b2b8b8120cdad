"""The batch store: what is asked of batches, and where each of them stands."""

from __future__ import annotations

import asyncio
import logging
import threading
from pathlib import Path
from typing import Literal

import attrs

from .answers import Answers
from .clock import SECOND, Clock
from .exchange import Exchange
from .faults import Faults
from .files import LIFETIME, Files
from .ids import BATCH_ID, Ids
from .limits import Limits
from .operations import About, View, operation
from .paging import page
from .records import Act, Log
from .replies import Reply, json_reply
from .results import (
    AbandonedError,
    FileSource,
    InlineSource,
    Plan,
    Results,
    count_failing,
    survey,
    write_results,
)
from .rules import ItemFailure
from .scripts import Script
from .validation import Kind, read_create
from .wire import (
    DEADLINE_MESSAGE,
    INTERNAL_MESSAGE,
    JsonObject,
    RefusalError,
    batch_quota_used_up,
    present,
)

log = logging.getLogger("gemini_batch.emulator")

MOST_TIME = 48 * 3600 * SECOND
"""A batch that has not ended by then expires."""
PATIENCE = 2.0
"""Seconds a look waits for results being written; a batch that takes longer is still running."""
PATIENCE_OUT_OF_TIME = 60.0
"""The same where time is moved by hand: what a look shows must not hang on the machine's speed."""


_UNDER_WAY = frozenset({"PENDING", "RUNNING"})


def _is_final(word: str) -> bool:
    """Say whether a batch at this step is over; a state that is new to everybody is not."""
    unknown = word.startswith(("BATCH_STATE_", "JOB_STATE_"))
    return not unknown and word not in {*_UNDER_WAY, "SUCCEEDED-before-output"}


@attrs.define(eq=False, kw_only=True)
class Batch(About):
    """One batch, and how far it has come."""

    serial: int
    failing: int | None
    """How many requests will fail; ``None`` if nobody can know before they are answered."""
    script: Script | None
    cancelled: Literal["PENDING", "RUNNING"] | None = None
    cancelled_share: float = 0.0
    ended: int | None = None
    listed: bool = False
    writing: asyncio.Task[Results] | None = None


class Batches:
    """Keep batches, and answer what is asked about them."""

    def __init__(
        self,
        *,
        files: Files,
        faults: Faults,
        answers: Answers,
        clock: Clock,
        ids: Ids,
        acted: Log[Act],
        directory: Path,
        pending_seconds: float,
        running_seconds: float,
        shuffle: bool,
        limits: Limits,
        closing: threading.Event,
    ) -> None:
        self._files = files
        self._faults = faults
        self._answers = answers
        self._clock = clock
        self._ids = ids
        self._acted = acted
        self._directory = directory
        self._pending = int(pending_seconds * SECOND)
        self._running = int(running_seconds * SECOND)
        self._shuffle = shuffle
        self._limits = limits
        self._closing = closing
        self._batches: dict[str, Batch] = {}
        self._counted: list[Batch] = []
        """Those that may count against the quotas, as a deleted one does until its time is over."""
        self._writings: set[asyncio.Task[Results]] = set()

    # What is asked.

    async def create(self, exchange: Exchange) -> Reply:
        """Answer ``models/{model}:batchGenerateContent`` and ``:asyncBatchEmbedContent``."""
        kind: Kind = "embed" if exchange.part("verb") == "asyncBatchEmbedContent" else "generate"
        asked = read_create(await exchange.body(), kind)
        model = exchange.part("model")
        batch_id = self._ids.draw(36)
        source: InlineSource | FileSource
        if asked.file_name is None:
            source = InlineSource(asked.items)
            failing = count_failing(source, self._answers.fails)
        else:
            source, failing = await self._source(asked.file_name, batch_id, kind)
        try:
            self._check_quotas(model, source.tokens)
        except RefusalError:
            if isinstance(source, FileSource):
                source.path.unlink()
            raise
        batch = Batch(
            id=batch_id,
            serial=self._ids.number(),
            kind=kind,
            model=model,
            display_name=asked.display_name,
            priority=asked.priority,
            source=source,
            created=self._clock.now(),
            failing=failing if self._answers.predictable else None,
            script=self._faults.next_script(),
        )
        self._batches[batch.id] = batch
        self._counted.append(batch)
        self._acted.append(Act(exchange.operation, batch.name, batch.display_name))
        return json_reply(self._describe(batch, self._unfinished(batch, "PENDING")))

    async def get(self, exchange: Exchange) -> Reply:
        """Answer ``GET batches/{id}``."""
        batch = self._find(exchange)
        if batch.script is not None:
            batch.script.take()
        return json_reply(self._describe(batch, await self._look(batch)))

    async def list(self, exchange: Exchange) -> Reply:
        """Answer ``GET batches``; results of inline batches are not shown here."""
        batches = [one for one in self._batches.values() if one.listed or not exchange.lagging]
        shown, token = page(batches, exchange, default=50, ceiling=1000)
        operations: list[JsonObject] = []
        loop = asyncio.get_running_loop()
        until = loop.time() + self._patience
        for batch in shown:
            batch.listed = True
            view = await self._look(batch, patience=max(0.0, until - loop.time()))
            operations.append(self._describe(batch, view.without_inline_output()))
        return json_reply(present({"operations": operations, "nextPageToken": token}))

    async def cancel(self, exchange: Exchange) -> Reply:
        """Answer ``POST batches/{id}:cancel``; a finished batch is left as it is."""
        batch = self._find(exchange)
        await exchange.body()
        word = self._word(batch)
        if word in _UNDER_WAY:
            batch.cancelled_share = self._share(batch)
            batch.cancelled = "PENDING" if word == "PENDING" else "RUNNING"
            batch.ended = self._clock.now()
            if batch.script is not None:
                batch.script.abandon()
                batch.script = None
            self._acted.append(Act(exchange.operation, batch.name, word))
        return json_reply({})

    async def delete(self, exchange: Exchange) -> Reply:
        """Answer ``DELETE batches/{id}``: the batch goes, and its result file with it."""
        batch = self._find(exchange)
        await exchange.drain()
        del self._batches[batch.id]
        if batch.script is not None:  # of which nobody can take a step any more
            self._counted = [one for one in self._counted if one is not batch]
        self._acted.append(Act(exchange.operation, batch.name))
        if isinstance(batch.source, FileSource) and batch.writing is None:
            batch.source.path.unlink()
        self._result_path(batch.id).unlink(missing_ok=True)
        return json_reply({})

    async def result_file(self, file_id: str) -> Path:
        """Return the path of a result file, or refuse as a download does."""
        batch = self._batches.get(file_id.removeprefix("batch-"))
        if batch is None:
            raise RefusalError(404)
        results = (await self._look(batch)).results
        if results is None and batch.writing is not None and batch.writing.done():
            results = batch.writing.result()  # a state that is taken back takes no file along
        if results is None or results.path is None:
            raise RefusalError(404)
        if batch.ended is not None and self._clock.now() >= batch.ended + LIFETIME:
            results.path.unlink(missing_ok=True)
            raise RefusalError(404)
        return results.path

    async def close(self) -> None:
        """Wait for results that are being written, which nobody will read any more."""
        for outcome in await asyncio.gather(*self._writings, return_exceptions=True):
            if isinstance(outcome, Exception) and not isinstance(outcome, AbandonedError):
                log.error("results were not written", exc_info=outcome)

    # Where a batch stands.

    @property
    def _patience(self) -> float:
        return PATIENCE_OUT_OF_TIME if self._clock.stands_still else PATIENCE

    async def _look(self, batch: Batch, patience: float | None = None) -> View:
        word = self._word(batch)
        if word in _UNDER_WAY:
            return self._unfinished(batch, word)
        if word.startswith(("BATCH_STATE_", "JOB_STATE_")):
            return attrs.evolve(self._unfinished(batch, "RUNNING"), state=word)
        if word == "SUCCEEDED-before-output":
            return self._unfinished(batch, "SUCCEEDED")
        if batch.ended is None:
            batch.ended = self._natural_end(batch)
        if word == "done-without-result":
            return attrs.evolve(self._unfinished(batch, "SUCCEEDED"), done=True)
        if word == "done+error":
            return self._failed(batch, "SUCCEEDED", {"code": 13, "message": INTERNAL_MESSAGE})
        if word == "CANCELLED":
            message = f"Batch {batch.id} failed without error."
            return self._failed(batch, "CANCELLED", {"code": 13, "message": message})
        if word == "FAILED":
            return self._failed(batch, "FAILED", {"code": 13, "message": INTERNAL_MESSAGE})
        if word == "EXPIRED":
            return self._failed(batch, "EXPIRED", {"code": 4, "message": DEADLINE_MESSAGE})
        results = await self._results(batch, word, self._patience if patience is None else patience)
        if results is None:
            return self._unfinished(batch, "RUNNING")
        return View(
            state=f"BATCH_STATE_{word.partition('-')[0]}",
            requests=len(batch.source),
            successful=results.successful,
            failed=results.failed,
            done=True,
            results=results,
        )

    def _word(self, batch: Batch) -> str:
        """Return the step a batch is at, in the words of a script."""
        if batch.cancelled is not None:
            return "CANCELLED" if batch.cancelled == "PENDING" else "SUCCEEDED"
        if batch.script is not None:
            return batch.script.current
        age = self._clock.now() - batch.created
        if age >= min(self._pending + self._running, MOST_TIME):
            return "SUCCEEDED" if self._pending + self._running <= MOST_TIME else "EXPIRED"
        return "PENDING" if age < self._pending else "RUNNING"

    def _share(self, batch: Batch) -> float:
        """Return which share of the work of a running batch is done."""
        if batch.script is not None:
            return batch.script.progress
        worked = self._clock.now() - batch.created - self._pending
        return max(0.0, min(1.0, worked / self._running)) if self._running else 1.0

    def _natural_end(self, batch: Batch) -> int:
        if batch.script is not None:
            return self._clock.now()
        return batch.created + min(self._pending + self._running, MOST_TIME)

    def _unfinished(self, batch: Batch, state: str) -> View:
        requests = len(batch.source)
        successful = failed = 0
        if state == "RUNNING" and batch.failing is not None:
            share = self._share(batch)
            failed = int(batch.failing * share)
            successful = int((requests - batch.failing) * share)
        return View(f"BATCH_STATE_{state}", requests, successful, failed)

    def _failed(self, batch: Batch, state: str, error: JsonObject) -> View:
        view = self._unfinished(batch, "PENDING")
        return attrs.evolve(view, state=f"BATCH_STATE_{state}", done=True, error=error)

    async def _results(self, batch: Batch, word: str, patience: float) -> Results | None:
        """Return the results once they are written; ``None`` while that takes its time."""
        if batch.writing is None:
            plan = self._plan(batch, word)
            batch.writing = asyncio.create_task(self._write(batch, plan))
            self._writings.add(batch.writing)
            batch.writing.add_done_callback(self._writings.discard)
        await asyncio.wait([batch.writing], timeout=patience)
        return batch.writing.result() if batch.writing.done() else None

    async def _write(self, batch: Batch, plan: Plan) -> Results:
        try:
            return await asyncio.to_thread(
                write_results, plan, self._answers, self._faults, self._closing
            )
        finally:
            if isinstance(plan.source, FileSource):
                plan.source.path.unlink()  # nobody reads it any more
            if batch.id not in self._batches:  # it was deleted meanwhile
                plan.path.unlink(missing_ok=True)

    def _plan(self, batch: Batch, word: str) -> Plan:
        count = len(batch.source)
        answered = count
        leftover = ItemFailure(1)
        if batch.cancelled is not None:
            answered = min(max(1, int(count * batch.cancelled_share)), count - 1)
        elif word.endswith("-with-output"):
            answered = (count + 1) // 2
            leftover = ItemFailure(1) if word.startswith("C") else ItemFailure(4, DEADLINE_MESSAGE)
        return Plan(
            source=batch.source,
            kind=batch.kind,
            model=batch.model,
            path=self._result_path(batch.id),
            answered=answered,
            leftover=leftover,
            shuffle=self._shuffle,
            seed=batch.id,
        )

    # The rest.

    def _check_quotas(self, model: str, tokens: int) -> None:
        """Refuse a batch that is one too many, or has more to read than is left."""
        self._counted = [batch for batch in self._counted if not _is_final(self._word(batch))]
        enqueued = sum(batch.source.tokens for batch in self._counted if batch.model == model)
        if (
            len(self._counted) >= self._limits.concurrent_batches
            or enqueued + tokens > self._limits.enqueued_tokens
        ):
            raise batch_quota_used_up()

    def _describe(self, batch: Batch, view: View) -> JsonObject:
        return operation(batch, view, batch.ended, self._clock.now())

    async def _source(self, file_name: str, batch_id: str, kind: Kind) -> tuple[FileSource, int]:
        """Take over an input file: what becomes of the file itself later is no matter."""
        file = self._files.input_of_batch(file_name)
        own = self._directory / f"input-{batch_id}"
        own.hardlink_to(file.path)
        try:
            return await asyncio.to_thread(survey, file_name, own, kind, self._answers.fails)
        except RefusalError:
            own.unlink()
            raise

    def _find(self, exchange: Exchange) -> Batch:
        batch_id = exchange.part("id")
        if BATCH_ID.fullmatch(batch_id) is None:
            raise RefusalError(400, "Could not parse the batch name")
        batch = self._batches.get(batch_id)
        if batch is None:
            raise RefusalError(404)
        return batch

    def _result_path(self, batch_id: str) -> Path:
        return self._directory / f"results-{batch_id}"
