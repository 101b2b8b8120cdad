"""What is asked, what must be answered, and what goes wrong in between."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

ODD_KEYS = (
    "0",
    "7",
    "9",
    "10",
    "9" * 40,
    "",
    " ",
    "007",
    "A",
    "a",
    "a/b/../c",
    "größe",
    "https://example.test/?q=1&r=2#top",
    "line\nfeed",
    'quote " and \\ backslash',
    "row-9",
    "row-010",
    "row-10",
    "tab\there",
    "\u0663",  # an Arabic-Indic digit, which is no number here
    "\u2028",
    "\N{CJK UNIFIED IDEOGRAPH-9375}",
    "\N{KEY}",
)
"""Keys that somebody has or will have, in their order."""


def prompts(count: int, *, size: int = 0) -> list[str]:
    """Return different prompts, each at least so many characters long."""
    return [f"What is {number} squared? ".ljust(size, "x") for number in range(count)]


def proof(prompt: str) -> str:
    """Return what stands in the answer to a prompt that the service has read whole."""
    return f"sha256:{hashlib.sha256(prompt.encode()).hexdigest()}"


def assert_answered(asked: Mapping[str, str] | Sequence[str], results: Any) -> None:
    """Hold results against what was asked: one answer to each prompt, under its key."""
    if not isinstance(asked, Mapping):
        asked = {str(position): prompt for position, prompt in enumerate(asked)}
    assert set(asked) == {item.key for item in results}
    assert len(asked) == len(results)
    for item in results:
        assert item.ok, item.problem
        assert proof(asked[item.key]) in item.unwrap().text


def named(operation: str, *faults: str) -> Any:
    """Parametrise over faults of one operation, under ids that say both."""
    ids = [f"{operation}-{fault.replace('-', '_')}" for fault in faults]
    return pytest.mark.parametrize("fault", faults, ids=ids)
