"""Downloads: no byte is left out, and none comes twice."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from gemini_batch.effects import Read
from gemini_batch.errors import (
    ApiError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    ProtocolError,
    RateLimitError,
    TransportError,
)
from gemini_batch.flows.downloads import download, save
from gemini_batch.limits import FLOOR
from gemini_batch.progress import Progress, report_nothing
from gemini_batch.retry import RetryBudget, RetryPolicy
from gemini_batch.settings import Settings

from .replies import (
    RESULTS,
    Opened,
    lost,
    part,
    refusal,
    refused,
    unsent,
    untrusted,
    whole,
)
from .services import Downloads, Serving
from .world import Answer, Late, World

GET = f"GET {RESULTS}:download?alt=media"


def fetch(world: World, settings: Settings) -> bytes:
    """Download the file."""
    return b"".join(world.iterate(download(settings, RESULTS)))


def ranges(world: World) -> list[str]:
    """Return from where on each request asked for the file."""
    return [one.headers.get("range", "") for one in world.sent]


def test_a_file_is_fetched_with_one_request(world: World, settings: Settings) -> None:
    """Without a look at it before: its name is too long for one."""
    world.expect(whole(b"ab", b"cd", length=4))
    assert b"abcd" == fetch(world, settings)
    assert [GET] == world.lines
    assert {} == world.sent[0].headers
    assert world.sent[0].keyed


def test_a_file_without_a_length_is_fetched(world: World, settings: Settings) -> None:
    """The service need not say how long it is."""
    reports: list[Progress] = []
    world.expect(whole(b"ab", b"cd"))
    assert [b"ab", b"cd"] == list(world.iterate(download(settings, RESULTS, reports.append)))
    assert [Progress("downloading", 2), Progress("downloading", 4)] == reports


def test_an_empty_file_is_fetched(world: World, settings: Settings) -> None:
    """It has no piece."""
    world.expect(whole(length=0))
    assert [] == list(world.iterate(download(settings, RESULTS, report_nothing)))


def test_a_success_pays_into_the_budget(world: World) -> None:
    """A download is one call, however long."""
    settings = Settings(budget=RetryBudget(10.0), chance=lambda: 1.0)
    settings.budget.left = 8.0
    world.expect(whole(b"ab"))
    fetch(world, settings)
    assert 9.0 == settings.budget.left


def test_no_piece_is_read_ahead(world: World, settings: Settings) -> None:
    """Whoever takes one piece has caused one read."""
    world.expect(whole(b"ab", b"cd"))
    stream = world.iterate(download(settings, RESULTS))
    assert b"ab" == next(stream)
    assert 1 == sum(isinstance(one, Read) for one in world.asked)
    stream.close()


# Cuts


def test_a_cut_is_mended_by_a_range(world: World, settings: Settings) -> None:
    """What is here is not asked for again."""
    world.expect(whole(b"ab", lost(), length=6), part(2, 6, b"cd", lost()), part(4, 6, b"ef"))
    assert b"abcdef" == fetch(world, settings)
    assert ["", "bytes=2-", "bytes=4-"] == ranges(world)


def test_a_range_is_of_the_same_file_or_of_none(world: World, settings: Settings) -> None:
    """The entity tag of the first reply goes along."""
    world.expect(whole(b"ab", lost(), etag='"v1"'), part(2, 4, b"cd", etag='"v1"'))
    assert b"abcd" == fetch(world, settings)
    assert {"range": "bytes=2-", "if-range": '"v1"'} == world.sent[1].headers


def test_a_body_that_ends_too_soon_is_continued(world: World, settings: Settings) -> None:
    """The length that was told decides, however cleanly the body ended."""
    world.expect(whole(b"ab", length=4), part(2, 4, b"cd"))
    assert b"abcd" == fetch(world, settings)
    assert [1.0] == world.pauses


def test_a_service_that_knows_no_ranges_is_read_from_the_start(
    world: World, settings: Settings
) -> None:
    """What is here already is skipped, wherever the pieces are cut."""
    world.expect(
        whole(b"abc", lost(), length=6),
        whole(b"a", b"b", b"cd", lost(), length=6),
        whole(b"abcdef", length=6),
    )
    assert b"abcdef" == fetch(world, settings)


def test_a_range_that_begins_too_early_is_skipped_into(world: World, settings: Settings) -> None:
    """The service may send more than was asked for."""
    world.expect(whole(b"abc", lost()), part(1, 6, b"bcde", b"f"))
    assert b"abcdef" == fetch(world, settings)


@pytest.mark.parametrize("head", [lost(), unsent()])
def test_a_download_that_does_not_begin_is_begun_again(
    world: World, settings: Settings, head: Answer
) -> None:
    """As patiently as any other call."""
    world.expect(head, refused(503), refused(429, retry_after="7"), whole(b"ab"))
    assert b"ab" == fetch(world, settings)
    assert [1.0, 2.0, 8.0] == world.pauses
    assert [""] * 4 == ranges(world)


def test_attempts_begin_afresh_with_every_byte(world: World, settings: Settings) -> None:
    """A file of gigabytes may be cut any number of times."""
    pieces = [bytes([65 + number]) for number in range(26)]
    world.expect(whole(pieces[0], lost()))
    world.expect(*(part(number, 26, pieces[number], lost()) for number in range(1, 25)))
    world.expect(part(25, 26, pieces[25]))
    assert b"".join(pieces) == fetch(world, settings)
    assert [1.0] * 25 == world.pauses


def test_attempts_without_a_byte_are_used_up(world: World, settings: Settings) -> None:
    """Four of them after the last byte; the fifth failure is raised, after what was read."""
    world.expect(whole(b"ab", lost(), length=4), *[part(2, 4, lost())] * 4)
    stream = world.iterate(download(settings, RESULTS))
    assert b"ab" == next(stream)
    with pytest.raises(TransportError):
        next(stream)
    assert [1.0, 2.0, 4.0, 8.0] == world.pauses


def test_bytes_that_are_here_already_are_no_progress(world: World, settings: Settings) -> None:
    """A service that always cuts at the same place is given up."""
    world.expect(*[whole(b"ab", lost(), length=4)] * 5)
    with pytest.raises(TransportError):
        fetch(world, settings)


def test_the_deadline_moves_with_every_byte(world: World) -> None:
    """It bounds the time without progress, not the time that the consumer takes."""
    settings = Settings(retry=RetryPolicy(deadline=10.0), chance=lambda: 1.0)
    world.expect(whole(b"ab", b"cd", lost(), length=6), part(4, 6, b"ef"))
    stream = world.iterate(download(settings, RESULTS))
    for _ in range(3):
        next(stream)
        world.clock += 3600.0
    assert [] == list(stream)


def test_a_budget_that_is_empty_ends_a_download(world: World) -> None:
    """Retries are paid for, here too, until one of them brings something."""
    settings = Settings(budget=RetryBudget(10.0), chance=lambda: 1.0)
    world.expect(whole(b"ab", lost()), part(2, 4, b"c", lost()), part(3, 4, lost()))
    with pytest.raises(TransportError) as caught:
        fetch(world, settings)
    assert any("spent what it may on retries" in note for note in caught.value.__notes__)


def test_a_download_that_moves_never_runs_out_of_budget() -> None:
    """A mebibyte that is cut after every kibibyte comes whole: each retry has paid."""
    content = bytes(range(256)) * 4096
    service = Downloads(content, [Serving("cut", 1 << 10, 1 << 10)] * 1023)
    world, settings = World(service), Settings(chance=lambda: 1.0)
    assert content == fetch(world, settings)
    assert 1024 == service.served
    assert settings.budget.capacity == settings.budget.left
    assert [1.0] * 1023 == world.pauses
    world.require_played_out()


def test_a_range_after_the_end_proves_that_all_is_here(world: World, settings: Settings) -> None:
    """A cut after the last byte leaves nothing to ask for: 416 is the end where it says so."""
    world.expect(whole(b"abcd", lost()), refused(416, content_range="bytes */4"))
    assert b"abcd" == fetch(world, settings)
    assert ["", "bytes=4-"] == ranges(world)


@pytest.mark.parametrize("length", ["bytes */5", "bytes */3", "bytes 4-5/6", ""])
def test_a_range_that_is_refused_otherwise_is_an_error(
    world: World, settings: Settings, length: str
) -> None:
    """Without the very length that is here, nothing says that this is all."""
    world.expect(whole(b"abcd", lost()), refused(416, content_range=length))
    with pytest.raises(ProtocolError, match=r"after 4 bytes \(HTTP 416\)"):
        fetch(world, settings)


def test_a_length_that_was_told_wrong_is_put_right(world: World, settings: Settings) -> None:
    """What the service says when it is asked for more is the newer word."""
    world.expect(whole(b"ab", lost(), length=4), refused(416, content_range="bytes */2"))
    assert b"ab" == fetch(world, settings)


def test_an_unasked_416_proves_nothing(world: World, settings: Settings) -> None:
    """There was no range that could be out of bounds."""
    world.expect(refused(416, content_range="bytes */0"))
    with pytest.raises(ProtocolError, match="HTTP 416"):
        fetch(world, settings)


# Ends that prove nothing


@pytest.mark.parametrize("there", [b"", b"ab"], ids=["nothing", "something"])
def test_an_end_by_closing_is_held_against_another(
    world: World, settings: Settings, there: bytes
) -> None:
    """A service without lengths or ranges is read twice, and ends at the same place."""
    pieces = [there] if there else []
    world.expect(*[whole(*pieces, chunked=False)] * 2)
    assert there == fetch(world, settings)
    assert ["", "bytes=2-" if there else ""] == ranges(world)
    assert [] == world.pauses


def test_an_end_by_closing_is_one_where_nothing_comes_after_it(
    world: World, settings: Settings
) -> None:
    """A service that knows ranges is asked for no byte twice."""
    world.expect(whole(b"ab", chunked=False), refused(416, content_range="bytes */2"))
    assert b"ab" == fetch(world, settings)


@pytest.mark.parametrize(
    "rest",
    [
        part(2, 4, b"cd"),
        whole(b"abcd", length=4),
        whole(b"abc", b"d"),
    ],
    ids=["part", "whole", "chunks"],
)
def test_a_file_goes_on_after_a_connection_that_was_closed_too_soon(
    world: World, settings: Settings, rest: Opened
) -> None:
    """Nothing showed that the file was cut; its rest does."""
    world.expect(whole(b"ab", chunked=False), rest)
    assert b"abcd" == fetch(world, settings)


def test_ends_at_different_places_prove_nothing(world: World, settings: Settings) -> None:
    """The first two of these are no ends."""
    world.expect(*(whole(b"abcd"[:stop], chunked=False) for stop in (2, 3, 4, 4)))
    assert b"abcd" == fetch(world, settings)
    assert ["", "bytes=2-", "bytes=3-", "bytes=4-"] == ranges(world)


@pytest.mark.parametrize("chunked", [True, False])
def test_an_end_before_what_is_here_is_none(
    world: World, settings: Settings, *, chunked: bool
) -> None:
    """It is a cut, which brought nothing new; as many in a row as there are attempts are told."""
    world.expect(whole(b"abc", lost()), *[whole(b"ab", chunked=chunked)] * 4)
    stream = world.iterate(download(settings, RESULTS))
    assert b"abc" == next(stream)
    with pytest.raises(TransportError, match="ended after 2 of 3 bytes"):
        next(stream)
    assert [1.0, 2.0, 4.0, 8.0] == world.pauses


def test_a_part_that_stops_is_no_end(world: World, settings: Settings) -> None:
    """The service may send less than was asked for, and then is asked for the rest."""
    world.expect(
        whole(b"ab", lost()),
        part(2, "*", b"cd"),
        part(4, 8, b"ef", stop=6),
        part(6, 8, b"gh"),
    )
    assert b"abcdefgh" == fetch(world, settings)
    assert ["", "bytes=2-", "bytes=4-", "bytes=6-"] == ranges(world)
    assert [1.0] == world.pauses


def test_a_part_that_is_cut_without_a_sign_is_continued(world: World, settings: Settings) -> None:
    """It said how far it would go."""
    world.expect(
        whole(b"ab", lost()),
        part(2, "*", b"c", stop=4),
        part(3, "*", b"d"),
        refused(416, content_range="bytes */4"),
    )
    assert b"abcd" == fetch(world, settings)


def test_a_part_of_what_is_here_already_is_an_error(world: World, settings: Settings) -> None:
    """Nothing would ever come of it."""
    world.expect(whole(b"abcd", lost()), part(0, "*", b"ab"))
    with pytest.raises(ProtocolError, match="changed"):
        fetch(world, settings)


def test_bytes_that_are_here_already_do_not_move_the_deadline(world: World) -> None:
    """Progress is what is new; what is sent again at less than a steady pace is given up."""
    settings = Settings(retry=RetryPolicy(deadline=10.0), chance=lambda: 1.0)
    world.expect(whole(b"abc", lost(), length=6), Late(9.5, whole(b"a", b"b", length=6)))
    with pytest.raises(TransportError, match="in time") as raised:
        fetch(world, settings)
    assert raised.value.timed_out


def test_bytes_that_are_here_already_buy_time_at_a_steady_pace(world: World) -> None:
    """A file of gigabytes may take longer to be sent again than anything else is waited for."""
    settings = Settings(retry=RetryPolicy(deadline=10.0), chance=lambda: 1.0)
    again = bytes(2 * FLOOR)
    world.expect(whole(again, lost()), Late(10.5, whole(again, b"ab")))
    assert again + b"ab" == fetch(world, settings)


# Another file than before


@pytest.mark.parametrize(
    "changed",
    [
        part(2, 9, b"zz"),
        part(3, 6, b"zz"),
        part(2, 6, b"zz", etag='"v2"'),
        whole(b"zzzz", length=9),
        whole(b"z", length=1),
        whole(b"zzzzzz", etag='"v2"'),
    ],
    ids=["range_length", "range_start", "range_tag", "length", "shrunk", "tag"],
)
def test_two_versions_of_a_file_are_never_spliced(
    world: World, settings: Settings, changed: Opened
) -> None:
    """A file that changed on the way is an error that says so."""
    world.expect(whole(b"ab", lost(), etag='"v1"', length=6), changed)
    stream = world.iterate(download(settings, RESULTS))
    assert b"ab" == next(stream)
    with pytest.raises(ProtocolError, match="changed while it was downloaded"):
        next(stream)


def test_a_file_may_change_before_its_first_byte(world: World, settings: Settings) -> None:
    """Nothing of the older version is here."""
    world.expect(whole(lost(), etag='"v1"', length=6), whole(b"abcd", etag='"v2"', length=4))
    assert b"abcd" == fetch(world, settings)


def test_a_file_may_tell_its_length_later(world: World, settings: Settings) -> None:
    """The first reply need not know it, and the last need not repeat it."""
    world.expect(whole(b"ab", lost()), part(2, 6, b"cd", lost()), part(4, "*", b"ef"))
    assert b"abcdef" == fetch(world, settings)


def test_a_file_that_is_longer_than_it_says_is_an_error(world: World, settings: Settings) -> None:
    """What comes after its end is not passed on."""
    world.expect(whole(b"ab", b"cde", length=4))
    stream = world.iterate(download(settings, RESULTS))
    assert b"ab" == next(stream)
    with pytest.raises(ProtocolError, match="longer than its 4 bytes"):
        next(stream)


@pytest.mark.parametrize(
    "head",
    [
        refused(206, b"ab"),
        refused(206, b"ab", content_range="lines 0-1/2"),
        refused(302, location="https://elsewhere.example/"),
        refused(200, b"ab", content_encoding="gzip"),
    ],
    ids=["no_range", "odd_range", "redirect", "compressed"],
)
def test_a_reply_that_makes_no_sense_is_refused(
    world: World, settings: Settings, head: Opened
) -> None:
    """It is not tried again, and nothing of it is passed on."""
    world.expect(head)
    with pytest.raises(ProtocolError):
        fetch(world, settings)


# Refusals


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (400, InvalidRequestError),
        (403, PermissionDeniedError),
        (404, NotFoundError),
        (429, RateLimitError),
    ],
)
def test_a_refusal_is_raised_with_the_words_of_the_service(
    world: World, settings: Settings, code: int, error: type[ApiError]
) -> None:
    """The body of an error is read, which is not a piece of the file."""
    body = refusal(code, "STATUS", "why").body
    world.expect(refused(code, body, retry_after="3600"))
    with pytest.raises(error, match=f"HTTP {code} STATUS for files/batch-b1: why"):
        fetch(world, settings)


def test_an_error_whose_body_is_cut_is_met_again(world: World, settings: Settings) -> None:
    """What it was is not known; asking again does no harm."""
    world.expect(refused(404, lost()), refused(404))
    with pytest.raises(NotFoundError):
        fetch(world, settings)
    assert [1.0] == world.pauses


def test_a_connection_that_cannot_be_trusted_is_not_tried_again(
    world: World, settings: Settings
) -> None:
    """A certificate does not heal."""
    world.expect(untrusted())
    with pytest.raises(TransportError):
        fetch(world, settings)


# Into a file


def test_a_file_is_saved_whole(world: World, settings: Settings, tmp_path: Path) -> None:
    """Its bytes stand under its name once all of them are there, and nothing beside it."""
    path = tmp_path / "results.jsonl"
    world.expect(whole(b"ab", lost(), length=4), part(2, 4, b"cd"))
    make = partial(world.spools.new_file, path)
    world.run(save(settings, RESULTS, make, report_nothing))
    assert [path] == list(tmp_path.iterdir())
    assert b"abcd" == path.read_bytes()


def test_half_a_file_is_not_saved(world: World, settings: Settings, tmp_path: Path) -> None:
    """What was written before the failure is gone with it."""
    world.expect(whole(b"ab", lost(), length=4), refused(404))
    make = partial(world.spools.new_file, tmp_path / "results.jsonl")
    with pytest.raises(NotFoundError):
        world.run(save(settings, RESULTS, make, report_nothing))
    assert [] == list(tmp_path.iterdir())
