"""The service on this machine: batches, files, uploads, downloads, and every bad day of theirs.

::

    with Emulator() as emulator:
        emulator.faults.add("create", "reset-after-acting")
        ...  # a client with base_url=emulator.url
        assert emulator.acted.count("create") == 1
"""

from __future__ import annotations

from .answers import Answer, AnswersByKey
from .faults import Faults
from .limits import Limits
from .records import Act, Entries, Seen
from .rules import ItemFailure, Rules
from .server import Emulator

__all__ = [
    "Act",
    "Answer",
    "AnswersByKey",
    "Emulator",
    "Entries",
    "Faults",
    "ItemFailure",
    "Limits",
    "Rules",
    "Seen",
]
