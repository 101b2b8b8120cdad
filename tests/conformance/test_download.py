"""A file of results arrives whole or not at all, whatever happens on the way."""

from typing import Any

import pytest

from gemini_batch import (
    GeminiBatchError,
    ProtocolError,
    ResultsGoneError,
    ResultsIncompleteError,
    ServerError,
)
from gemini_batch.emulator import Emulator
from tests.conformance.scenes import assert_answered, named, prompts

ASKED = prompts(100)
"""Their results are more than 50 KiB."""


@named("download", "return-403", "return-404")
def test_results_that_are_gone_are_named(client: Any, emulator: Emulator, fault: str) -> None:
    """The error says which file, and holds what was seen of the batch."""
    emulator.faults.add("download", fault)
    batch = client.submit(ASKED, via="file")

    with pytest.raises(ResultsGoneError) as raised:
        batch.status()
    assert raised.value.operation is not None
    assert raised.value.file == raised.value.operation.responses_file
    assert batch.name == raised.value.name
    assert raised.value.operation.done


def test_a_service_that_goes_on_failing_is_given_up(client: Any, emulator: Emulator) -> None:
    """Five failures without a byte are raised; a later look fetches the results all the same."""
    emulator.faults.add("download", "return-503*5")
    batch = client.submit(ASKED, via="file")

    with pytest.raises(ServerError) as raised:
        batch.status()
    assert raised.value.operation is not None
    assert "SUCCEEDED" == raised.value.operation.state
    assert 5 == emulator.seen.count("download")
    with batch.status().results as results:
        assert_answered(ASKED, results)


def test_a_file_that_ends_early_without_a_length_is_seen_to_be_short(
    client: Any, emulator: Emulator
) -> None:
    """Nothing on the wire shows the cut: the keys that were submitted do."""
    emulator.faults.add("download", "close-without-length-after-30K")

    with client.submit(ASKED, via="file").results() as results:
        assert 0 < len(results) < len(ASKED)
        assert set(map(str, range(len(ASKED)))) == {
            *(item.key for item in results if item.ok),
            *results.missing,
        }
        with pytest.raises(ResultsIncompleteError) as raised:
            results.raise_for_incomplete()
        assert results.missing == raised.value.missing


def test_a_stream_that_ends_early_without_a_length_ends_in_an_error(
    client: Any, emulator: Emulator
) -> None:
    """What came is passed on, and then it is said that there should have been more."""
    emulator.faults.add("download", "close-without-length-after-30K")
    keys: list[str] = []

    with (
        client.submit(ASKED, via="file").stream_results() as items,
        pytest.raises(ResultsIncompleteError, match="for 100 requests"),
    ):
        keys.extend(item.key for item in items)
    assert 0 < len(set(keys)) == len(keys) < len(ASKED)


@named("download", "wrong-length=+5", "wrong-length=-5")
def test_a_file_of_another_length_than_told_is_not_taken_for_whole(
    client: Any, emulator: Emulator, fault: str
) -> None:
    """It is fetched whole in the end, or an error, or one result says that it is broken."""
    emulator.faults.add("download", fault)
    batch = client.submit(ASKED, via="file")

    try:
        results = batch.results()
    except GeminiBatchError:
        results = batch.results()
    with results:
        whole = [item.key for item in results if item.ok]
        assert len(ASKED) == len({*whole, *results.missing})
        assert len(results.missing) == len(results.malformed) <= 1


def test_parts_of_two_files_are_never_put_together(client: Any, emulator: Emulator) -> None:
    """A file that is another by the time its rest is asked for is an error, and fetched anew."""
    emulator.faults.add("download", "etag-changes")
    emulator.faults.add("download", "broken-stream-after-30K")
    batch = client.submit(ASKED, via="file")

    with pytest.raises(ProtocolError, match=r"changed while it was downloaded; fetch it again"):
        batch.results()
    with batch.results() as results:
        assert_answered(ASKED, results)
    assert 3 == emulator.seen.count("download")


def test_a_file_whose_length_nobody_tells_is_read_to_its_end(
    client: Any, emulator: Emulator
) -> None:
    """That it is whole the keys show that were submitted."""
    emulator.faults.add("download", "close-without-length")

    with client.submit(ASKED, via="file").results() as results:
        assert_answered(ASKED, results)
    assert 1 == emulator.seen.count("download")


def test_results_are_downloaded_once(client: Any, emulator: Emulator) -> None:
    """What was fetched is kept by the handle, until it is closed."""
    batch = client.submit(ASKED, via="file")

    first = batch.results()
    assert first is batch.status().results
    assert first is batch.wait().results
    assert 1 == emulator.seen.count("download")
    first.close()
    with batch.results() as second:
        assert_answered(ASKED, second)
    assert 2 == emulator.seen.count("download")
