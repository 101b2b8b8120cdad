"""State scripts: what each look at a batch is to find, one step after the other."""

from __future__ import annotations

import re

import attrs

STEPS = (
    "PENDING",
    "RUNNING",
    "SUCCEEDED",
    "FAILED",
    "EXPIRED",
    "CANCELLED",
    "EXPIRED-with-output",
    "CANCELLED-with-output",
    "SUCCEEDED-before-output",
    "done-without-result",
    "done+error",
)
_VERBATIM = re.compile(r"(?:BATCH|JOB)_STATE_[A-Z_]+")
_REPEATED = re.compile(r"(?P<word>.+?)(?:\*(?P<times>[1-9]\d*))?")


@attrs.define
class Script:
    """The steps of one batch. Each ``get`` takes one; the last stays."""

    steps: tuple[str, ...]
    taken: int = 0

    @classmethod
    def parse(cls, text: str) -> Script:
        """Read ``PENDING,RUNNING*2,SUCCEEDED``; a word such as ``BATCH_STATE_NEW`` is any state."""
        steps: list[str] = []
        for written in text.split(","):
            match = _REPEATED.fullmatch(written.strip())
            word = match["word"] if match else ""
            if match is None or not (word in STEPS or _VERBATIM.fullmatch(word)):
                raise ValueError(
                    f"{word!r} is not a state a script can show; it can show {', '.join(STEPS)}, "
                    "or any name that begins with BATCH_STATE_, which is sent as it stands"
                )
            steps += [word] * int(match["times"] or 1)
        return cls(tuple(steps))

    def take(self) -> str:
        """Return the next step, or the last one again."""
        self.taken = min(self.taken + 1, len(self.steps))
        return self.current

    @property
    def current(self) -> str:
        """Return the step taken last; before the first, a batch is pending."""
        return self.steps[self.taken - 1] if self.taken else "PENDING"

    @property
    def progress(self) -> float:
        """Return which share of the steps has been taken."""
        return self.taken / len(self.steps)

    @property
    def rest(self) -> str:
        """Return the steps nobody has seen yet."""
        return ",".join(self.steps[self.taken :])

    def abandon(self) -> None:
        """Give the rest of the script up: the batch has been cancelled."""
        self.taken = len(self.steps)
