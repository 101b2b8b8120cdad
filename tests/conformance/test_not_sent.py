"""What was refused before it was sent is sent again, whatever it is, and is done once."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from gemini_batch import RetryPolicy
from gemini_batch.effects import Effect, Open, Send, Sleep
from gemini_batch.emulator import Emulator
from tests.conformance.facades import Facade
from tests.conformance.gate import Gate
from tests.conformance.scenes import prompts

WAYS: Mapping[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "create": (":batchGenerateContent", lambda client, _: client.submit(["x"], via="inline")),
    "upload-start": ("'start'", lambda client, _: client.submit(["x"], via="file")),
    "upload-chunk": ("'upload, finalize'", lambda client, _: client.submit(["x"], via="file")),
    "get": ("/batches/", lambda _, batch: batch.operation()),
    "list": ("/batches", lambda client, _: [*client.list_batches()]),
    "download": (":download", lambda _, batch: batch.results()),
    "cancel": (":cancel", lambda _, batch: batch.cancel()),
    "delete": ("/batches/", lambda _, batch: batch.delete()),
}
"""Each operation: what its request is known by, and what sends it."""


@pytest.fixture
def gate(emulator: Emulator) -> Iterator[Gate]:
    """Run an open gate before the emulator."""
    with Gate(emulator.url) as standing:
        yield standing


def begin(facade: Facade, gate: Gate, retry: RetryPolicy) -> tuple[Any, Any]:
    """Create a batch, and return it by a client that has no connection yet.

    One that was kept may be found closed only after something was sent over it.
    """
    name = facade.client(gate.url).submit(prompts(3), via="file").name
    client = facade.client(gate.url, retry=retry)
    return client, client.get_batch(name)


def shut_before(known_by: str, gate: Gate, facade: Facade, patch: pytest.MonkeyPatch) -> list[str]:
    """Shut the gate just before the first such request, and open it at the pause after it.

    Returns what has happened of that, which grows.
    """
    happened: list[str] = []

    def see(effect: Effect[Any]) -> Effect[Any]:
        if isinstance(effect, Send | Open) and not happened:
            said = f"{effect.request.path} {[*effect.request.headers.values()]}"
            if known_by in said:
                happened.append("shut")
                gate.shut()
        if not isinstance(effect, Sleep):
            return effect
        happened.append("opened")
        gate.open()
        return Sleep(0)

    facade.watch_effects(patch, see)
    return happened


@pytest.mark.parametrize("operation", WAYS)
def test_what_was_not_sent_is_sent_again(
    operation: str, gate: Gate, facade: Facade, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection was refused: nothing can have happened, and nothing is looked for."""
    known_by, act = WAYS[operation]
    client, batch = begin(facade, gate, RetryPolicy())
    seen, acted = len(emulator.seen), len(emulator.acted)
    happened = shut_before(known_by, gate, facade, monkeypatch)
    act(client, batch)
    assert ["shut", "opened"] == happened
    found = [one.operation for one in emulator.seen[seen:]]
    assert 1 == found.count(operation)
    assert operation == "list" or "list" not in found
    done = [one.operation for one in emulator.acted[acted:]]
    assert len(done) == len(set(done))
