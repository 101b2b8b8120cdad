"""A submission tells of files that expire before its batch may have begun."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gemini_batch import Content, GenerateContentRequest, Part
from gemini_batch.emulator import Emulator
from tests.conformance.facades import Facade

HOUR = 3600
VIAS = pytest.mark.parametrize("via", ["inline", "file"])


def prompts_about(file: Any) -> dict[str, GenerateContentRequest]:
    """Return two prompts that name a file."""
    asked = GenerateContentRequest([Content.user("What is this?", Part.from_file(file))])
    return {"first": asked, "second": asked}


@VIAS
def test_a_file_with_less_than_a_day_left_is_told_of_once(
    facade: Facade, timeless: Emulator, logged: Callable[[], str], via: str
) -> None:
    """By the service's clock, not this machine's, with the first request that names it."""
    client = facade.client(timeless.url)
    file = client.files.upload(b"%PDF-1.7", mime_type="application/pdf")
    client.submit(prompts_about(file), via=via)
    assert "expires" not in logged()

    timeless.advance(30 * HOUR)
    client.files.get(file.name)
    client.submit(prompts_about(file), via=via)

    [told] = [line for line in logged().splitlines() if "expires" in line]
    assert "request 0 (key 'first')" in told
    assert f"{file.uri}, which expires in 18.0 hours" in told
    assert 2 == timeless.acted.count("create")


def test_a_file_that_nobody_told_of_is_not_warned_about(
    facade: Facade, timeless: Emulator, logged: Callable[[], str]
) -> None:
    """What is not known is not guessed."""
    other = facade.client(timeless.url)
    file = other.files.upload(b"%PDF-1.7", mime_type="application/pdf")
    timeless.advance(30 * HOUR)
    client = facade.client(timeless.url)

    client.submit(prompts_about(file))
    assert "expires" not in logged()

    assert [file.name] == [one.name for one in client.files.list()]
    client.submit(prompts_about(file))
    assert "expires in 18.0 hours" in logged()
