"""The canary sings where it should: otherwise its silence would prove nothing."""

import logging
from typing import Any

import pytest

from gemini_batch import GeminiBatchError, RetryPolicy
from gemini_batch.credentials import ApiKey
from gemini_batch.emulator import Emulator
from tests.canary import CANARY, Ear
from tests.conformance.facades import Facade


def failure(facade: Facade, emulator: Emulator) -> BaseException:
    """Return an error of a call that was sent, with the key in its header."""
    emulator.faults.add("get", "close-before-acting")
    client = facade.client(emulator.url, retry=RetryPolicy(attempts=1))
    with pytest.raises(GeminiBatchError) as raised:
        client.get_batch("batches/abc").operation()
    return raised.value


def test_a_key_that_is_not_masked_would_be_found(
    facade: Facade, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, ear: Ear
) -> None:
    """The frames of this package hold the headers, and a crash report would print them."""
    monkeypatch.setattr(ApiKey, "headers", lambda _: {"x-goog-api-key": CANARY})

    alone = Ear()
    alone.hear_error(failure(facade, emulator))

    assert any("local headers" in leak for leak in alone.leaks)
    assert set(alone.leaks) <= set(ear.leaks)
    facade.raised.clear()
    ear.leaks.clear()


def test_a_key_in_an_error_behind_an_error_would_be_found() -> None:
    """In its words and in its pickle."""
    outer = GeminiBatchError("it failed")
    outer.__cause__ = GeminiBatchError(f"sent {CANARY}")

    alone = Ear()
    alone.hear_error(outer)

    assert {"GeminiBatchError: str", "GeminiBatchError: repr", "GeminiBatchError: pickle"} == {
        *alone.leaks
    }


def test_a_traceback_ends_at_the_edge_of_the_package(
    facade: Facade, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    """Unless the logger is at DEBUG, which keeps the frames in which it went wrong."""
    deep = _frames(failure(facade, emulator))
    caplog.set_level(logging.INFO, "gemini_batch")
    shallow = _frames(failure(facade, emulator))

    assert "perform" in deep
    assert "perform" not in shallow
    assert "operation" in shallow


def _frames(error: BaseException) -> list[str]:
    names: list[str] = []
    frame: Any = error.__traceback__
    while frame is not None:
        names.append(frame.tb_frame.f_code.co_name)
        frame = frame.tb_next
    return names
