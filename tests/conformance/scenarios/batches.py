"""Batches put to use: submitted, looked at, waited for, read, cancelled and deleted."""

from collections.abc import Mapping
from typing import Any

import pytest

from gemini_batch import BatchResults, Cancelled, Pending, Succeeded
from tests.conformance.facades import Spoken
from tests.conformance.scenarios.entry import scenario
from tests.conformance.scenes import assert_answered, assert_consumed, assert_stored_once, prompts
from tests.conformance.stage import Act, Stage

BY_EITHER_WAY: dict[str, dict[str, Any]] = {
    "inline": {"via": "inline"},
    "by_file": {"via": "file"},
}
"""Both ways in which requests may travel."""

MANY = {f"row-{number}": text for number, text in enumerate(prompts(12))}
"""Requests whose results are more than 5 KiB, under keys whose order as text is another."""


def numbered(asked: list[str]) -> Mapping[str, str]:
    """Return prompts by the keys that they get from their positions."""
    return {str(number): prompt for number, prompt in enumerate(asked)}


# What is sound.


def is_whole(stage: Stage, value: Any) -> None:
    """Hold results against what was asked, in key order and with nothing missing."""
    match value:
        case Spoken():
            acts = stage.emulator.acted.of("create")
            assert value.name in {act.name for act in acts}
            with value.results() as results:
                assert_whole(stage.asked, results)
        case Succeeded():
            with value.results as results:
                assert_whole(stage.asked, results)
        case BatchResults():
            with value:
                assert_whole(stage.asked, value)
        case list():
            assert_answered(stage.asked, value)
        case _:
            pytest.fail(f"neither a handle nor results: {value!r}")


def assert_whole(asked: Mapping[str, str], results: BatchResults[Any]) -> None:
    """Hold results against what was asked."""
    assert_answered(asked, results)
    assert list(asked) == [item.key for item in results]
    assert not results.missing
    assert [] == list(results.duplicates)
    assert [] == list(results.unexpected)


def is_of_the_batch(stage: Stage, operation: Any) -> None:
    """Hold what was seen of a batch against the handle."""
    assert stage.batch.name == operation.name
    assert len(stage.asked) == operation.stats.request_count


def is_cancelled(stage: Stage, closing: Any) -> None:
    """Hold that the old handle is used up, and that the fresh one sees the end."""
    assert_consumed(stage.batch, "cancel", closing.name)
    status = closing.wait()
    assert isinstance(status, Cancelled)
    assert status.results is None


def is_left_as_it_was(stage: Stage, closing: Any) -> None:
    """Hold that the old handle is used up, and that the results are still there."""
    assert_consumed(stage.batch, "cancel", closing.name)
    is_whole(stage, closing)


def is_deleted(stage: Stage, nothing: Any) -> None:
    """Hold that the handle is used up, and the batch gone."""
    assert nothing is None
    assert_consumed(stage.batch, "delete", stage.batch.name)
    assert [stage.batch.name] == [act.name for act in stage.emulator.acted.of("delete")]


# Submitting.


def is_stored_once(stage: Stage, batch: Any) -> None:
    """Hold that each byte of a file arrived once, and that each prompt is whole."""
    assert_stored_once(stage.emulator)
    is_whole(stage, batch)


@scenario("BatchClient.submit", is_whole, **BY_EITHER_WAY)
def submit(stage: Stage, via: str) -> Act:
    """Submit three prompts."""
    stage.asked = numbered(prompts(3))
    return lambda: stage.client.submit(dict(stage.asked), via=via)


@scenario("BatchClient.submit", is_stored_once)
def submit_large_file(stage: Stage) -> Act:
    """Submit requests of some three chunks."""
    stage.asked = numbered(prompts(30, size=18_000))
    return lambda: stage.client.submit(dict(stage.asked), via="file")


@scenario("BatchClient.submit", is_whole, **BY_EITHER_WAY)
def resubmit(stage: Stage, via: str) -> Act:
    """Submit, and rather pay twice than not have it."""
    stage.asked = numbered(prompts(3))
    return lambda: stage.client.submit(dict(stage.asked), via=via, on_unknown="resubmit")


# Looking and waiting.


def batch_of_many(stage: Stage, via: str) -> Any:
    """Submit a dozen requests, of which each look finds the next step of a script, if any."""
    stage.asked = MANY
    stage.batch = stage.client.submit(MANY, via=via)
    return stage.batch


@scenario("BatchHandle.operation", is_of_the_batch)
def operation(stage: Stage) -> Act:
    """Look once, and download nothing."""
    return batch_of_many(stage, "file").operation


@scenario("BatchHandle.status", is_whole, **BY_EITHER_WAY)
def status(stage: Stage, via: str) -> Act:
    """Look once, and fetch the results."""
    return batch_of_many(stage, via).status


@scenario("BatchHandle.watch", is_whole, **BY_EITHER_WAY)
def watch(stage: Stage, via: str) -> Act:
    """Look until the end; the last status is what counts."""
    batch = batch_of_many(stage, via)

    def act() -> Any:
        with batch.watch() as statuses:
            *_, last = statuses
        return last

    return act


@scenario("BatchHandle.wait", is_whole, **BY_EITHER_WAY)
def wait(stage: Stage, via: str) -> Act:
    """Wait for the end."""
    return batch_of_many(stage, via).wait


@scenario("BatchHandle.results", is_whole, **BY_EITHER_WAY)
def results(stage: Stage, via: str) -> Act:
    """Wait, and fetch the results."""
    return batch_of_many(stage, via).results


@scenario("BatchHandle.stream_results", is_whole, **BY_EITHER_WAY)
def stream(stage: Stage, via: str) -> Act:
    """Wait, and take the results as they come."""
    batch = batch_of_many(stage, via)

    def act() -> Any:
        with batch.stream_results() as items:
            stage.passed_on.extend(items)
        return stage.passed_on

    return act


# Consuming.


@scenario("BatchHandle.cancel", is_cancelled, **BY_EITHER_WAY)
def cancel(stage: Stage, via: str) -> Act:
    """Cancel a batch that has not begun."""
    stage.emulator.faults.add("states", "PENDING")
    assert isinstance(batch_of_few(stage, via).status(), Pending)
    return stage.batch.cancel


@scenario("BatchHandle.cancel", is_left_as_it_was)
def cancel_finished(stage: Stage) -> Act:
    """Cancel a batch that is finished."""
    batch_of_few(stage, "inline").results().close()
    return stage.batch.cancel


@scenario("BatchHandle.delete", is_deleted, **BY_EITHER_WAY)
def delete(stage: Stage, via: str) -> Act:
    """Delete a batch that is finished."""
    batch_of_few(stage, via).results().close()
    return stage.batch.delete


def batch_of_few(stage: Stage, via: str) -> Any:
    """Submit three requests."""
    stage.asked = numbered(prompts(3))
    stage.batch = stage.client.submit(dict(stage.asked), via=via)
    return stage.batch
