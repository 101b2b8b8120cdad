"""How the service is asked: no more than allowed, and nothing of it is left or given away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from gemini_batch.credentials import ApiKey
from gemini_batch.emulator import Emulator
from gemini_batch.settings import Api
from tests.canary import CANARY
from tests.live.asked import Asked
from tests.live.fields import names_in, strange
from tests.live.record import Finding, OtherRecordError, Record, table
from tests.live.service import BudgetError, Service
from tests.live.specimens import NoSpecimenError, Specimens


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Run a service whose batches end at once."""
    with Emulator(pending_seconds=0, running_seconds=0, failure_rate=0) as running:
        yield running
    assert [] == running.faults.pending


@pytest.fixture
def service(emulator: Emulator) -> Iterator[Service]:
    """Return the service as the checks ask it."""
    api = Api.at(emulator.url, "v1beta", key_source="the test")
    asking = Service(
        api, ApiKey(CANARY, "the test"), most=50, model="gemini-2.5-flash", pause=0.001
    )
    yield asking
    asking.close()


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """Return an empty record."""
    return begun(tmp_path / "record.json")


def begun(path: Path, **told: Any) -> Record:
    """Begin a record there, or go on with the one that is there."""
    usual = {"origin": "https://example.com", "model": "a", "embedding_model": "b", "version": "1"}
    return Record.begin(path, **{**usual, **told})


@pytest.fixture
def specimens(service: Service, record: Record) -> Specimens:
    """Return what makes batches."""
    record.model = "gemini-2.5-flash"
    return Specimens(service, record, wait=5.0, poll=0.01)


# The service


def test_a_busy_service_is_asked_again_where_that_does_no_harm(
    emulator: Emulator, service: Service
) -> None:
    """A create that may have acted is not; one that was refused with 429 is."""
    emulator.faults.add("list", "return-503*2")
    assert 200 == service.get("batches").status
    assert 3 == emulator.seen.count("list")
    emulator.faults.add("create", "return-503")
    assert 503 == service.post("models/gemini:batchGenerateContent", json={}).status
    emulator.faults.add("create", "return-429/retry-info=0.001s/quota=PerDay")
    assert 400 == service.post("models/gemini:batchGenerateContent", json={}).status
    assert 3 == emulator.seen.count("create")
    [met] = service.throttled
    assert {"QuotaFailure", "RetryInfo", "Help"} == {one["@type"] for one in met["details"]}


def test_no_more_is_asked_than_the_budget_allows(emulator: Emulator, service: Service) -> None:
    """The request that would be too many is not made."""
    service.most = 2
    service.get("batches")
    service.get("batches")
    with pytest.raises(BudgetError):
        service.get("batches")
    assert 2 == len(emulator.seen)


def test_a_key_that_the_service_quotes_is_not_kept(emulator: Emulator, service: Service) -> None:
    """Nor is it where a redirect leads, which is not followed."""
    service.key = ApiKey("AIzaKeyThatIsQuoted", "the test")
    emulator.faults.add("get", "return-400/message=AIzaKeyThatIsQuoted")
    reply = service.get("batches/abc")
    assert "KeyThatIsQuoted" not in f"{reply}"
    assert "the API key" in reply.said
    emulator.faults.add("get", "redirect=http://127.0.0.1:9/elsewhere")
    assert 307 == service.get("batches/abc").status


def test_an_error_that_is_no_json_is_told_all_the_same(
    emulator: Emulator, service: Service
) -> None:
    """With the beginning of what it was instead."""
    emulator.faults.add("get", "html-502*4")
    reply = service.get("batches/abc")
    assert 502 == reply.status
    assert "no JSON: b'<!DOCTYPE" in reply.said


# What is made there


def test_a_batch_whose_create_was_not_answered_is_deleted_as_well(
    emulator: Emulator, specimens: Specimens
) -> None:
    """It is found by its label; checks about it are told why they cannot be settled."""
    emulator.faults.add("create", "close-after-acting")
    specimens.begin(["metadata"])
    with pytest.raises(NoSpecimenError, match="could not be created"):
        specimens.get("metadata")
    specimens.close(lambda _: True)
    [created] = emulator.acted.of("create")
    assert [created.name] == [one.name for one in emulator.acted.of("delete")]


def test_what_cannot_be_deleted_is_written_down(emulator: Emulator, specimens: Specimens) -> None:
    """And the rest is deleted."""
    specimens.begin(["metadata", "no metadata"])
    emulator.faults.add("delete", "return-400/message=Not now.")
    specimens.close(lambda _: False)
    [left] = specimens.record.left
    assert left.endswith("400 INVALID_ARGUMENT: Not now.")
    assert 1 == emulator.acted.count("delete")


def test_a_batch_that_is_wanted_later_stays(emulator: Emulator, specimens: Specimens) -> None:
    """And is in the record."""
    specimens.begin(["metadata", "no metadata"])
    specimens.close(lambda role: role == "metadata")
    assert ["metadata"] == list(json.loads(specimens.record.path.read_bytes())["batches"])
    assert 1 == emulator.acted.count("delete")


def test_a_batch_of_an_earlier_run_that_is_gone_is_no_longer_waited_for(
    emulator: Emulator, specimens: Specimens, service: Service
) -> None:
    """Somebody may have deleted it since."""
    name = specimens.make("only").json()["name"]
    service.delete(name)
    again = Specimens(service, specimens.record, wait=5.0, poll=0.01)
    with pytest.raises(NoSpecimenError, match="cannot be had: 404"):
        again.ended("only")
    again.close(lambda _: True)
    assert {} == specimens.record.batches
    assert 1 == emulator.acted.count("create")


# What is written down


def test_a_record_is_read_as_it_was_written(record: Record) -> None:
    """With its findings and the batches that are still there; another run goes on with both."""
    asked = Asked("test_a", "What is it?", record)
    asked.settle("one", {"n": 1}, same=True)
    record.batches["file"] = {"name": "batches/abc"}
    record.spend(requests=3)
    record.write()
    again = begun(record.path)
    assert record.findings == again.findings
    assert ({"file": {"name": "batches/abc"}}, {"requests": 3}) == (again.batches, again.spent)
    assert again.settled("test_a") is not None
    assert again.settled("test_b") is None
    assert "1 questions: 1 same" == again.told
    with pytest.raises(OtherRecordError, match="of the model a, not of c"):
        begun(record.path, model="c")
    record.path.write_text("[]")
    with pytest.raises(OtherRecordError, match="is not the record of such a run"):
        begun(record.path)


def test_what_is_relied_on_and_not_so_fails(record: Record) -> None:
    """What is coped with does not; both are different."""
    asked = Asked("test_a", "What is it?", record)
    asked.settle("one", "two", same=False)
    with pytest.raises(pytest.fail.Exception, match="relies on this: one; seen was two"):
        asked.settle("one", "two", same=False, broken=True)
    with pytest.raises(pytest.skip.Exception, match="not met: later"):
        asked.leave("later", met=False)
    assert "1 questions: 1 not met" == record.told


def test_no_secret_is_written_down(record: Record) -> None:
    """Neither the key nor the address of an upload session, which is as good."""
    record.scrub = ApiKey(CANARY, "the test").scrub
    error = f"no answer from /upload/v1beta/files?upload_id=AJsecret-_9&protocol=x ({CANARY})"
    Asked("test_a", "What is it?", record).note(error)
    written = record.path.read_text(encoding="utf-8")
    assert CANARY not in written
    assert "AJsecret" not in written
    assert "protocol=x" in written


def test_the_table_has_no_control_characters() -> None:
    """What the service sent is shown escaped, within its column."""
    finding = Finding(
        "What?", "this", {"text": "\x1b[2J\u202e" + "long " * 40}, "different", broken=True
    )
    lines = list(table({"test_a": finding}))
    assert all(line.isprintable() for line in lines)
    assert any("\\x1b" in line or "\\u001b" in line for line in lines)
    assert max(map(len, lines)) <= 11 + 38 + 38 + 56 + 9
    assert any(line.startswith("different") for line in lines)


# The field table


def test_members_that_the_table_does_not_have_are_named_by_their_message() -> None:
    """At any depth, and values of enums as well; what was observed before is known."""
    usage = {"serviceTier": "gold", "totalTokenCount": 1}
    response = {"turnToken": "x", "mood": 1, "usageMetadata": usage, "candidates": [{"rank": 2}]}
    inlined = {"inlinedResponses": {"inlinedResponses": [{"response": response}]}}
    operation = {
        "name": "batches/a",
        "hurry": True,
        "metadata": {"@type": "a.b.GenerateContentBatch", "state": "BATCH_STATE_NEW", "x": 1},
        "response": {"@type": "a.b.Anything", **inlined},
    }
    assert {
        "Operation.hurry",
        "GenerateContentBatch.state = 'BATCH_STATE_NEW'",
        "GenerateContentBatch.x",
        "GenerateContentResponse.mood",
        "UsageMetadata.serviceTier = 'gold'",
        "Candidate.rank",
    } == set(strange(operation, "Operation"))
    assert ["Operation.metadata, whose type is 'New'"] == list(
        strange({"metadata": {"@type": "a.New"}}, "Operation")
    )
    assert ["File: list instead of a message"] == list(strange([], "File"))


def test_names_are_found_where_they_stand() -> None:
    """Not in texts that only look like one."""
    operation = {
        "name": "batches/a",
        "metadata": {"displayName": "batches/no", "inputConfig": {"fileName": "files/b"}},
        "response": {"responsesFile": "files/batch-a"},
        "list": [{"name": "files/c"}, {"name": "models/no"}],
    }
    assert ["batches/a", "files/b", "files/batch-a", "files/c"] == list(names_in(operation))


def test_a_connection_that_breaks_is_no_answer(emulator: Emulator, service: Service) -> None:
    """A read is tried again, and then given up."""
    emulator.faults.add("list", "close-before-acting*4")
    with pytest.raises(requests.ConnectionError):
        service.get("batches")
    assert 4 == service.asked
