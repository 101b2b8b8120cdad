"""A reply in gzip, which nobody asked for, is refused as it stands and never inflated."""

import tracemalloc
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest

from gemini_batch import ProtocolError
from gemini_batch.emulator import Emulator
from tests.conformance.facades import Facade
from tests.conformance.scenes import assert_answered, named, prompts

ASKED = prompts(12)
BOMB = "gzip-bomb=64M"
MOST = 8 << 20
"""Bytes that may be held while a bomb of eight times as many is refused."""

READS = {
    "get": lambda batch, _: batch.operation(),
    "list": lambda _, client: list(client.list_batches()),
    "download": lambda batch, _: batch.results(),
}


@pytest.fixture(params=["own_session", "callers_session"])
def connected(request: pytest.FixtureRequest, facade: Facade, emulator: Emulator) -> Iterator[Any]:
    """Return a client; by itself, a session that a caller brings inflates all that it is sent."""
    with facade.own_session() if request.param == "callers_session" else nullcontext() as session:
        yield facade.client(emulator.url, session=session)


@pytest.mark.parametrize("operation", READS)
def test_a_bomb_does_not_go_off(connected: Any, emulator: Emulator, operation: str) -> None:
    """It is an error at once and within bounds, and the next reply is read as ever."""
    batch = connected.submit(ASKED, via="file")
    emulator.faults.add(operation, BOMB)

    tracemalloc.start()
    try:
        with pytest.raises(ProtocolError, match="compressed its reply"):
            READS[operation](batch, connected)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < MOST
    assert 1 == emulator.seen.count(operation)
    with batch.results() as results:
        assert_answered(ASKED, results)


@pytest.mark.parametrize("operation", READS)
@named("any", "gzip-truncated", "gzip-claimed")
def test_gzip_that_breaks_off_or_is_none_is_an_error(
    connected: Any, emulator: Emulator, operation: str, fault: str
) -> None:
    """Nobody tries to make sense of it, so that nobody can take a part for the whole."""
    batch = connected.submit(ASKED, via="file")
    emulator.faults.add(operation, fault)

    with pytest.raises(ProtocolError, match="compressed its reply"):
        READS[operation](batch, connected)
    assert 1 == emulator.seen.count(operation)
    with batch.results() as results:
        assert_answered(ASKED, results)


@named("create", BOMB, "gzip-truncated", "gzip-claimed")
@pytest.mark.parametrize("via", ["inline", "file"])
def test_a_batch_whose_reply_is_compressed_is_found_and_not_made_twice(
    connected: Any, emulator: Emulator, fault: str, via: str
) -> None:
    """It exists, whatever its reply was."""
    emulator.faults.add("create", fault)

    batch = connected.submit(ASKED, via=via)

    assert [batch.name] == [act.name for act in emulator.acted.of("create")]
    assert 1 == emulator.seen.count("create")
    with batch.results() as results:
        assert_answered(ASKED, results)
