"""How much memory this process has had at most, as the operating system counts it."""

from __future__ import annotations

import gc
import re
from pathlib import Path

from tests.benchmarks.processes import NotHereError

_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")


class Peak:
    """The most memory from now on, over what the process has now."""

    def __init__(self) -> None:
        if not _RESET.exists():
            raise NotHereError("only Linux tells a process the peak of its memory from a moment on")
        gc.collect()
        _RESET.write_text("5", encoding="ascii")
        self._before = _kilobytes("VmRSS")

    def megabytes(self) -> float:
        """Return it in MB."""
        return (_kilobytes("VmHWM") - self._before) * 1024 / 1e6


def _kilobytes(name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", _STATUS.read_text(encoding="ascii"))
    if found is None:
        raise NotHereError(f"{_STATUS} does not tell {name}")
    return int(found[1])
