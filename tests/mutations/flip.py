"""A plugin of pytest that runs tests with one cell of the retry matrix changed."""

from __future__ import annotations

import os

import pytest

from gemini_batch import retry

CELL = "FLIPPED_CELL"
"""The environment variable that names the cell: ``CREATE/UNKNOWN/RETRY``."""


def pytest_configure(config: pytest.Config) -> None:
    """Change the cell before any test is collected."""
    del config
    call, cause, action = os.environ[CELL].split("/")
    row = {**retry.MATRIX[retry.Call[call]], retry.Cause[cause]: retry.Action[action]}
    retry.MATRIX = {**retry.MATRIX, retry.Call[call]: row}
