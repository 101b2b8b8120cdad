"""Scripted worlds: no socket is opened, and nothing waits."""

import logging
from collections.abc import Iterator

import pytest

from gemini_batch.batch import Batch
from gemini_batch.models.generation import GenerationResponse
from gemini_batch.settings import Settings

from .world import World


@pytest.fixture
def world() -> Iterator[World]:
    """Offer a world; what its script still holds at the end fails the test."""
    made = World()
    yield made
    made.require_played_out()


@pytest.fixture
def settings() -> Settings:
    """Return settings whose pauses are exact: chance always gives the longest."""
    return Settings(chance=lambda: 1.0)


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Listen to what is logged, from INFO on."""
    caplog.set_level(logging.INFO, logger="gemini_batch")
    return caplog


@pytest.fixture
def batch() -> Batch[GenerationResponse]:
    """Return a batch of which only the name is known."""
    return Batch("batches/b1", GenerationResponse)
