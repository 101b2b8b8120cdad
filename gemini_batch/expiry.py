"""When files expire, as far as the service has told this client."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define, field

from .models.base import Timestamp
from .models.file import File

KNOWN = 10_000
"""Files that are remembered at least; twice as many at most."""

DAY = 86_400.0
"""Seconds that a batch may take to begin."""


def _nothing() -> dict[str, Timestamp]:
    return {}


@define
class Expiries:
    """The files that a client was told of, and the service's clock, by which they expire.

    The clock of this machine may be wrong: the service's is reckoned from the date of a reply and
    the seconds that have passed since.
    """

    _young: dict[str, Timestamp] = field(factory=_nothing, init=False, repr=False)
    _old: dict[str, Timestamp] = field(factory=_nothing, init=False, repr=False)
    _ahead: float | None = field(default=None, init=False)

    def hear(self, date: float | None, now: float) -> None:
        """Take the date of a reply that came ``now``, on a clock that never goes back."""
        if date is not None:
            self._ahead = date - now

    def note(self, files: Iterable[File]) -> None:
        """Remember when files expire."""
        for file in files:
            if file.uri is None or file.expiration_time is None:
                continue
            # Two halves, so that forgetting the elder one is a single step, whoever reads it.
            if len(self._young) >= KNOWN:
                self._old, self._young = self._young, {}
            self._young[file.uri] = file.expiration_time

    def __bool__(self) -> bool:
        return bool(self._young or self._old)

    def __contains__(self, uri: str) -> bool:
        return uri in self._young or uri in self._old

    def left(self, uri: str, now: float) -> float | None:
        """Return for how many seconds a file stays; ``None`` where nobody can tell."""
        expiration = self._young.get(uri) or self._old.get(uri)
        if expiration is None or self._ahead is None:
            return None
        return expiration.timestamp() - (now + self._ahead)
