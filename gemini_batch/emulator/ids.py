"""Names that the service draws."""

from __future__ import annotations

import random
import re

ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
BATCH_ID = re.compile(r"[a-z0-9]{36}")
RESULT_ID = re.compile(r"batch-[a-z0-9]{36}")
FILE_ID_LIMIT = 40


class Ids:
    """Draw ids; the same seed draws the same ones."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(f"ids of {seed}")  # noqa: S311  (names, not secrets)
        self._serial = 0

    def draw(self, length: int) -> str:
        """Return an id of lower-case letters and digits."""
        return "".join(self._random.choices(ALPHABET, k=length))

    def number(self) -> int:
        """Return the next serial number, by which entries are older or newer."""
        self._serial += 1
        return self._serial
