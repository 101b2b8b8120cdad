"""Measure something in this process, which is a fresh one."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from attrs import asdict

from tests.benchmarks.scale import Scale


def measure(function: str, *, quick: bool, folder: str) -> list[dict[str, Any]]:
    """Return the figures of a measurement, which is named by its module here and itself."""
    module, _, name = function.rpartition(".")
    measured = getattr(importlib.import_module(f"tests.benchmarks.{module}"), name)
    return [asdict(figure) for figure in measured(Scale(quick, Path(folder)))]
