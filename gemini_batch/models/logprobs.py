"""How probable an answer's tokens were: https://ai.google.dev/api/generate-content#LogprobsResult."""

from __future__ import annotations

from attrs import frozen

from .base import Model


@frozen
class LogprobsResultCandidate(Model):
    """A token and the logarithm of its probability."""

    token: str | None = None
    token_id: int | None = None
    log_probability: float | None = None


@frozen
class TopCandidates(Model):
    """The likeliest tokens at one step, the likeliest first."""

    candidates: tuple[LogprobsResultCandidate, ...] = ()


@frozen
class LogprobsResult(Model):
    """The tokens chosen at each step, and those that were likeliest there."""

    chosen_candidates: tuple[LogprobsResultCandidate, ...] = ()
    top_candidates: tuple[TopCandidates, ...] = ()
    log_probability_sum: float | None = None
