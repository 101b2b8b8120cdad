"""How much the service allows of everything.

Source: https://ai.google.dev/gemini-api/docs/rate-limits and the guides of batches and files.
"""

from __future__ import annotations

from typing import Any

import attrs


def _whole(limits: Any, attribute: attrs.Attribute[int], value: object) -> None:
    del limits
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{attribute.name} is a whole number, not {value!r}")


def _allowed(default: int) -> int:
    number: int = attrs.field(default=default, validator=_whole)
    return number


@attrs.frozen(kw_only=True)
class Limits:
    """What the service allows; what goes beyond is refused as it refuses it.

    Args:
        body_bytes: of one request body, uploads apart; 400 beyond.
        file_bytes: of one uploaded file; 400 beyond.
        storage_bytes: of all uploaded files together, until they expire; 429 beyond.
        concurrent_batches: that are pending or running; 429 beyond.
        enqueued_tokens: of the prompts of those batches, for each model by itself; 429 beyond. The
            service sets it by model and tier; the default is what its highest tier has for most
            models, and 3,000,000 what its lowest has for many.
    """

    body_bytes: int = _allowed(20 * 1024**2)
    file_bytes: int = _allowed(2 * 1024**3)
    storage_bytes: int = _allowed(20 * 1024**3)
    concurrent_batches: int = _allowed(100)
    enqueued_tokens: int = _allowed(1_000_000_000)

    @classmethod
    def names(cls) -> list[str]:
        """Return what all is limited."""
        return list(attrs.fields_dict(cls))
