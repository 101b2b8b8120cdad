"""A run that asks the service, asked of the emulator: what it settles, and what it notices."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from gemini_batch.emulator import Emulator, batches, downloads, responses, results
from gemini_batch.emulator.exchange import Exchange
from gemini_batch.emulator.replies import Reply
from gemini_batch.emulator.wire import MESSAGES, RefusalError
from tests.canary import CANARY

ROOT = Path(__file__).parents[2]
HOURS = 49


@frozen
class Ran:
    """A run: how it ended, what it printed, and what it has written down."""

    code: int
    printed: str
    record: Mapping[str, Any]

    @property
    def verdicts(self) -> dict[str, str]:
        """Return every check with its verdict."""
        return {name: one["verdict"] for name, one in self.record["findings"].items()}

    def of(self, verdict: str) -> dict[str, bool]:
        """Return the checks of a verdict, and whether the package relies on another."""
        found = self.record["findings"]
        return {name: one["broken"] for name, one in found.items() if one["verdict"] == verdict}


def ask(url: str, record: Path, *options: str, key: str = CANARY) -> Ran:
    """Run all checks against a service, as nox does."""
    told = {"GOOGLE_GEMINI_BASE_URL": url, "GEMINI_API_KEY": key, "COLUMNS": "200"}
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "tests.live", f"--live-record={record}"),
            *("--live-poll=0.05", "--live-wait=30", *options),
        ],
        cwd=ROOT,
        env={**os.environ, **told},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    written = json.loads(record.read_bytes()) if record.exists() else {}
    return Ran(ran.returncode, ran.stdout + ran.stderr, written)


def answer(request: dict[str, Any], key: str | None) -> str | dict[str, Any]:
    """Answer with the last word, as a good model would; embed all texts alike."""
    del key
    if "content" in request:
        values = {"values": [0.25, 0.5]}
        return {"embedding": values, "usageMetadata": {"promptTokenCount": 1}}
    return str(request["contents"][0]["parts"][0]["text"]).split()[-1]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Run a service whose batches take some looks, and that knows one key."""
    with Emulator(answer, keys={CANARY}, pending_seconds=0.3, running_seconds=0.3) as running:
        yield running
    assert [] == running.faults.pending


@pytest.fixture
def different(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """Run another service than was assumed."""
    read_create, read, page = batches.read_create, results._read, batches.page
    closing, cancel = responses.closing, batches.Batches.cancel

    def refuse_long_names(*asked: Any) -> Any:
        body = read_create(*asked)
        if len(body.display_name) > 100:
            raise RefusalError(400, "batch.display_name is too long.")
        return body

    def trim_keys(*plan: Any) -> Iterator[Any]:
        for key, request, metadata in read(*plan):
            kept = metadata and {**metadata, "key": metadata["key"].strip()}
            yield key and key.strip(), request, kept

    def turn_pages(*asked: Any, **sizes: Any) -> Any:
        shown, token = page(*asked, **sizes)
        return list(reversed(shown)), token

    async def refuse_the_late(self: batches.Batches, exchange: Exchange) -> Reply:
        if self._word(self._find(exchange)) == "SUCCEEDED":
            await exchange.drain()
            raise RefusalError(400, "It is over.", status="FAILED_PRECONDITION")
        return await cancel(self, exchange)

    monkeypatch.setattr(batches, "read_create", refuse_long_names)
    monkeypatch.setattr(results, "_read", trim_keys)
    monkeypatch.setattr(batches, "page", turn_pages)
    monkeypatch.setattr(batches.Batches, "cancel", refuse_the_late)
    monkeypatch.setattr(downloads, "_part", lambda *_: None)
    monkeypatch.setattr(responses, "closing", lambda *told: {**closing(*told), "novelty": True})
    monkeypatch.setitem(MESSAGES, 404, "There is nothing of that name.")
    with Emulator(answer, keys={CANARY}, pending_seconds=0.3, running_seconds=0.3) as running:
        yield running
    assert [] == running.faults.pending


def checks() -> set[str]:
    """Return the names of all checks."""
    texts = [path.read_text() for path in sorted((ROOT / "tests/live/checks").glob("check_*.py"))]
    return {name for text in texts for name in re.findall(r"^def (test_\w+)", text, re.MULTILINE)}


def test_the_emulator_is_as_was_assumed_in_all(emulator: Emulator, tmp_path: Path) -> None:
    """Every check is settled and the same, in a run and one two days later; nothing is left."""
    emulator.faults.add("file-list", "return-429/retry-info=0.01s")
    first = ask(emulator.url, tmp_path / "record.json")
    assert (0, {"test_how_long_results_are_kept": False}) == (first.code, first.of("not settled"))
    assert ["file"] == list(first.record["batches"])
    created = emulator.acted.count("create")

    emulator.advance(HOURS * 3600)
    second = ask(emulator.url, tmp_path / "record.json")
    assert 0 == second.code, second.printed
    assert {"same"} == set(second.verdicts.values())
    assert checks() == {name.partition("[")[0] for name in second.verdicts}
    assert f"{len(second.verdicts)} questions: {len(second.verdicts)} same" in second.printed
    assert {} == second.record["batches"]
    assert [] == second.record["left"]

    assert created == emulator.acted.count("create") == emulator.acted.count("delete")
    for ran in (first, second):
        assert CANARY not in ran.printed + json.dumps(ran.record)
    most = re.search(r"at most (\d+) requests", first.record["budget"])
    assert most is not None
    assert first.record["spent"]["requests"] < int(most[1])
    assert second.record["spent"]["requests"] == len(emulator.seen)


def test_a_service_that_differs_is_told_from_one_that_does_not(
    different: Emulator, tmp_path: Path
) -> None:
    """What the package relies on fails its check; what it copes with is only written down."""
    emulator = different
    emulator.faults.add("list", "list-lag=2")
    emulator.faults.add("states", "RUNNING*2,SUCCEEDED-before-output*2,SUCCEEDED")
    ran = ask(emulator.url, tmp_path / "record.json")
    assert 1 == ran.code
    found = ran.of("different")
    refused = {name for name in found if name.startswith("test_refusals_are_worded")}
    assert {
        f"test_refusals_are_worded_as_by_the_emulator[{case}]"
        for case in (
            *("unknown batch", "unknown batch deleted", "unknown batch cancelled"),
            *("input file unknown",),
        )
    } == refused
    assert {
        "test_the_longest_display_name_is_taken": True,
        "test_inline_keys_come_back_verbatim": True,
        "test_file_keys_come_back_verbatim": True,
        "test_how_soon_a_new_batch_is_listed": False,
        "test_batches_are_listed_newest_first": False,
        "test_cancelling_a_finished_batch": False,
        "test_done_and_state_at_the_end": False,
        "test_a_download_honours_range": False,
        "test_fields_that_the_table_does_not_have": False,
        **dict.fromkeys(refused, False),
    } == found
    assert "GenerateContentResponse.novelty" in str(
        ran.record["findings"]["test_fields_that_the_table_does_not_have"]["seen"]
    )
    assert "the package relies on 3 of what is different" in ran.printed
    again = ask(emulator.url, tmp_path / "record.json", "-k", "display_name")
    assert 1 == again.code
    assert "settled at" in again.printed


def test_a_run_goes_on_where_an_earlier_one_stopped_waiting(tmp_path: Path) -> None:
    """Batches that are not over are kept and asked about later; nothing is created again."""
    record = tmp_path / "record.json"
    times = {"clock": "manual", "pending_seconds": 100, "running_seconds": 100}
    with Emulator(answer, keys={CANARY}, **times) as emulator:
        first = ask(emulator.url, record, "--live-wait=0")
        created = emulator.acted.count("create")
        emulator.advance(200)
        second = ask(emulator.url, record)
        assert created == emulator.acted.count("create")
    assert (0, 0) == (first.code, second.code)
    waiting = first.of("not settled")
    assert {"test_inline_keys_come_back_verbatim", "test_done_and_state_at_the_end"} < set(waiting)
    assert "test_deleting_a_running_batch" not in waiting
    why = first.record["findings"]["test_inline_keys_come_back_verbatim"]["seen"]
    assert "was BATCH_STATE_PENDING after a wait of 0 seconds; ask again later" in why
    assert {"file", "inline", "embeddings"} < set(first.record["batches"])
    assert {"test_how_long_results_are_kept"} == set(second.of("not settled"))
    assert {"test_what_a_429_says"} == set(second.of("not met"))
    assert {} == second.of("different")


def test_without_a_key_every_check_is_skipped_and_counted(
    emulator: Emulator, tmp_path: Path
) -> None:
    """It says how many and why, what a run would cost, and that nothing went wrong."""
    ran = ask(emulator.url, tmp_path / "record.json", key=" ")
    told = re.search(r"(\d+) live checks were skipped: there is no API key in", ran.printed)
    assert told is not None, ran.printed
    assert f"{told[1]} skipped in" in ran.printed
    assert len(checks()) <= int(told[1])
    assert "a run with a key makes at most" in ran.printed
    assert (0, {}, []) == (ran.code, ran.record, emulator.seen)


def test_a_record_of_another_service_is_not_gone_on_with(
    emulator: Emulator, tmp_path: Path
) -> None:
    """It is named, and nothing is asked."""
    record = tmp_path / "record.json"
    told = {"origin": "https://example.com", "model": "a", "embedding_model": "b", "findings": {}}
    record.write_text(json.dumps({**told, "begun": "", "batches": {}, "spent": {}, "tokens": {}}))
    ran = ask(emulator.url, record)
    assert "is a record of the origin https://example.com, not of" in ran.printed
    assert (4, []) == (ran.code, emulator.seen)


def test_a_key_that_the_service_does_not_know_ends_the_run(
    emulator: Emulator, tmp_path: Path
) -> None:
    """At its first request, and not as often as there are checks."""
    ran = ask(emulator.url, tmp_path / "record.json", key=f"{CANARY}Mistyped")
    assert 1 == ran.code
    assert "nothing was asked, for a list of batches was answered 400" in ran.printed
    assert 1 == len(emulator.seen)
