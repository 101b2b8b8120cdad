"""One question to the service, and how it is answered."""

from __future__ import annotations

import re
from typing import Any

import pytest
from attrs import frozen

from tests.live.record import DIFFERENT, NOT_MET, SAME, UNSETTLED, Finding, Record


@frozen
class Asked:
    """What a check asks, by its docstring."""

    check: str
    question: str
    record: Record

    def settle(self, assumed: str, seen: Any, *, same: bool, broken: bool = False) -> None:
        """Write down what was seen.

        ``broken`` says that the package relies on it to be otherwise, which fails the check; what
        is different and not broken is something that it copes with.
        """
        verdict = SAME if same else DIFFERENT
        self.record.note(self.check, Finding(self.question, assumed, seen, verdict, broken))
        if broken:
            pytest.fail(f"the package relies on this: {assumed}; seen was {seen}", pytrace=False)

    def leave(self, why: str, assumed: str = "", *, seen: Any = None, met: bool = True) -> None:
        """Write down that it could not be settled, and why, and end the check."""
        verdict = UNSETTLED if met else NOT_MET
        self.note(why, assumed, seen=seen, verdict=verdict)
        pytest.skip(f"{verdict}: {why}")

    def note(
        self, why: str, assumed: str = "", *, seen: Any = None, verdict: str = UNSETTLED
    ) -> None:
        """Write down why there is no answer yet; what was seen so far is kept."""
        why = re.sub(r"upload_id=[^&\s]+", "upload_id=…", why)  # which is as good as a key
        shown = why if seen is None else {"why": why, **seen}
        self.record.note(self.check, Finding(self.question, assumed, shown, verdict))
