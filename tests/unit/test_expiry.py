"""When files expire is told by the service, on its own clock, and forgotten in the end."""

from datetime import UTC, datetime

import pytest

from gemini_batch import expiry as module
from gemini_batch.expiry import Expiries
from gemini_batch.models.base import Timestamp
from gemini_batch.models.file import File

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC).timestamp()


def file(name: str, hour: int = 13) -> File:
    """Return a file that expires at some hour of a day."""
    return File(
        f"files/{name}",
        uri=f"https://files.example/{name}",
        expiration_time=Timestamp.parse(f"2026-05-01T{hour}:00:00Z"),
    )


def test_what_is_left_is_reckoned_by_the_clock_of_the_service() -> None:
    """From the date of its last reply, and the seconds that passed since."""
    expiries = Expiries()
    expiries.note([file("a")])
    expiries.hear(NOON - 100, 0.0)
    expiries.hear(NOON, 50.0)
    expiries.hear(None, 70.0)

    assert [3600.0, 3590.0, -3600.0] == [
        expiries.left("https://files.example/a", now) for now in (50.0, 60.0, 7250.0)
    ]


def test_nothing_is_known_where_nothing_was_told() -> None:
    """Of a file that was never seen, or by a service that does not tell the time."""
    expiries = Expiries()
    assert not expiries
    expiries.note([file("a")])
    assert None is expiries.left("https://files.example/a", 0.0)
    expiries.hear(NOON, 0.0)
    assert None is expiries.left("https://files.example/b", 0.0)
    assert 3600.0 == expiries.left("https://files.example/a", 0.0)


@pytest.mark.parametrize("dull", [File("files/a", uri="u"), File("files/a"), file("a")])
def test_a_file_is_remembered_by_its_address_and_its_expiry(dull: File) -> None:
    """One that lacks either is of no use."""
    expiries = Expiries()
    expiries.note([dull])
    known = dull.expiration_time is not None
    assert (known, known) == (bool(expiries), (dull.uri or "") in expiries)


def test_what_is_told_anew_takes_the_place_of_what_was_told() -> None:
    """A name may be used again."""
    expiries = Expiries()
    expiries.hear(NOON, 0.0)
    expiries.note([file("a", 13), file("a", 15)])
    assert 3 * 3600.0 == expiries.left("https://files.example/a", 0.0)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The files told of last are remembered, and the eldest are forgotten."""
    monkeypatch.setattr(module, "KNOWN", 3)
    expiries = Expiries()
    expiries.note(map(file, "abcdefgh"))

    known = [name for name in "abcdefgh" if f"https://files.example/{name}" in expiries]
    assert list("defgh") == known
    expiries.hear(NOON, 0.0)
    assert [None, 3600.0, 3600.0] == [
        expiries.left(f"https://files.example/{name}", 0.0) for name in "cdh"
    ]
    assert expiries
