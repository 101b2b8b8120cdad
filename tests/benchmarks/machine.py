"""Which machine it is, and the versions of what is measured on it."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from attrs import frozen

PACKAGES = ("orjson", "msgspec", "google-genai", "cattrs", "attrs", "requests", "aiohttp")


@frozen
class Machine:
    """A machine, on a day."""

    processor: str
    cores: int
    memory: int
    system: str
    python: str
    versions: Mapping[str, str]
    date: str
    load: float

    @property
    def kind(self) -> str:
        """What must be the same for figures to stand side by side."""
        return f"{self.processor}, {self.cores} cores, {self.python}"

    def told(self) -> str:
        """Return a sentence about it."""
        versions = ", ".join(f"{name} {number}" for name, number in self.versions.items())
        return (
            f"Measured on {self.date}: {self.processor}, {self.cores} cores, {self.memory} GB of "
            f"memory, {self.system}, {self.python}; {versions}. "
            f"When the measurements began, {self.load:.1f} other processes were at work."
        )

    @property
    def busy(self) -> bool:
        """Whether others are at work here, so that what the clock on the wall tells is theirs."""
        return self.load > self.cores / 4

    @classmethod
    def here(cls) -> Machine:
        """Look at this machine."""
        return cls(
            _processor(),
            os.cpu_count() or 1,
            round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
            f"{platform.system()} {platform.release()}",
            f"{platform.python_implementation()} {platform.python_version()}",
            _versions(),
            datetime.now(UTC).date().isoformat(),
            round(os.getloadavg()[0], 1),
        )


def _processor() -> str:
    told = Path("/proc/cpuinfo")
    text = told.read_text(encoding="utf-8") if told.exists() else ""
    found = re.search(r"model name\s*:\s*(.+)", text)
    return found[1] if found else platform.processor() or platform.machine()


def _versions() -> dict[str, str]:
    found: dict[str, str] = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    curl = shutil.which("curl")
    if curl is not None:
        said = subprocess.run([curl, "--version"], capture_output=True, text=True, check=True)
        found["curl"] = said.stdout.split()[1]
    return found
