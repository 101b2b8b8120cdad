"""The page about errors has all of them."""

from __future__ import annotations

import inspect
import re

import pytest

import gemini_batch
from gemini_batch import GeminiBatchError
from tests.docs.pages import ROOT

PAGE = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
TABLE = "\n".join(line for line in PAGE.splitlines() if line.startswith("|"))
ERRORS = {
    name
    for name in gemini_batch.__all__
    if inspect.isclass(kind := getattr(gemini_batch, name)) and issubclass(kind, GeminiBatchError)
}


@pytest.mark.parametrize("name", sorted(ERRORS - {"GeminiBatchError"}))
def test_every_public_error_is_in_the_table(name: str) -> None:
    """A reader finds where to expect it, and what it means."""
    assert f"`{name}`" in TABLE


def test_the_table_has_no_error_that_does_not_exist() -> None:
    """An error that was renamed leaves no name behind."""
    assert set(re.findall(r"`(\w+Error)`", TABLE)) <= ERRORS
