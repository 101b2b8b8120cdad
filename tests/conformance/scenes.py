"""What is asked, what must be answered, and what goes wrong in between."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from gemini_batch import HandleConsumedError
from gemini_batch.emulator import Emulator

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


def assert_stored_once(emulator: Emulator) -> None:
    """Hold against each other what the service stored: each byte once, one after the other.

    A session that is gone takes along what it had.
    """
    end, final = 0, False
    for act in emulator.acted.of("upload-chunk"):
        found = re.fullmatch(r"(\d+)\+(\d+)(, final)?", act.detail)
        assert found is not None
        start, length = int(found[1]), int(found[2])
        assert start in {0, end}
        end = start + length
        final = found[3] is not None
    assert end > 0
    assert final


def assert_consumed(handle: Any, verb: str, name: str) -> None:
    """Try everything that a handle can do: it can nothing any more but say its name."""
    for method in (
        handle.operation,
        handle.status,
        handle.watch,
        handle.wait,
        handle.results,
        handle.stream_results,
        handle.cancel,
        handle.delete,
    ):
        with pytest.raises(HandleConsumedError, match=rf"consumed by {verb}\(\)"):
            method()
    assert name == handle.name
    assert f"consumed by {verb}()" in repr(handle)
