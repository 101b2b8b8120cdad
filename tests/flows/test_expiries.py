"""A batch may take a day to begin: files that will be gone by then are told of beforehand."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from gemini_batch.effects import Response
from gemini_batch.endpoints.files import build_file_list
from gemini_batch.flows.files import look_at_file, read_files
from gemini_batch.flows.lists import members
from gemini_batch.flows.submit import SHOWN
from gemini_batch.flows.uploads import Parcel, send
from gemini_batch.models.content import Content, Part
from gemini_batch.models.generation import GenerateContentRequest
from gemini_batch.progress import report_nothing
from gemini_batch.settings import Settings

from .acts import submitting
from .replies import SMALL, file, finished, reply, seen, started, uploaded
from .world import World

HOUR = 3600.0
NOON = "Fri, 01 May 2026 12:00:00 GMT"
WARNING = (
    "request {where} names https://files.example/{name}, which {stays}, and a batch may take 24 "
    "hours to begin: upload it anew"
)


def told_file(name: str = "f1", day: int = 2, hour: int = 12) -> dict[str, Any]:
    """Return a file that expires at some hour of a day."""
    return file(
        f"files/{name}",
        uri=f"https://files.example/{name}",
        expirationTime=f"2026-05-{day:02}T{hour:02}:00:00Z",
    )


def at_noon(body: object) -> Response:
    """Return a reply of the service at noon of the first of May."""
    return reply(body, date=NOON)


def naming(*names: str) -> GenerateContentRequest:
    """Return a request that names files."""
    files = [Part.from_file(f"https://files.example/{name}") for name in names]
    return GenerateContentRequest([Content.user("What is this?", *files)])


def warnings(told: pytest.LogCaptureFixture) -> list[str]:
    """Return the warnings that were logged."""
    return [one.getMessage() for one in told.records if one.levelname == "WARNING"]


def looking(world: World, settings: Settings, told: dict[str, Any]) -> None:
    """Look at a file."""
    world.expect(at_noon(told))
    world.run(look_at_file(settings, told["name"]))


def listing(world: World, settings: Settings, told: dict[str, Any]) -> None:
    """Find a file in the list."""
    world.expect(at_noon({"files": [told_file("other"), told]}))
    build = partial(build_file_list, settings.api, None)
    assert 2 == len(list(world.iterate(members(settings, build, partial(read_files, settings)))))


def uploading(world: World, settings: Settings, told: dict[str, Any]) -> None:
    """Upload a file."""
    start = started()
    world.expect(
        Response(start.status, {**start.headers, "date": NOON}), finished(uploaded(SMALL) | told)
    )
    parcel = Parcel.of(SMALL.content, "text/plain", None, told["name"], bytes(16))
    world.run(send(settings, parcel, world.spools, report_nothing))


@pytest.mark.parametrize("learn", [looking, listing, uploading])
def test_a_file_that_expires_within_a_day_is_warned_about(
    world: World, settings: Settings, told: pytest.LogCaptureFixture, learn: Any
) -> None:
    """Wherever the service told of it, and once for all requests that name it."""
    learn(world, settings, told_file(day=1, hour=18))
    world.clock += HOUR
    world.expect(seen())

    world.run(submitting(world, settings, ["a", ("k", naming("f1", "f1")), naming("f1")]))

    assert [
        WARNING.format(where="1 (key 'k')", name="f1", stays="expires in 5.0 hours")
    ] == warnings(told)


@pytest.mark.parametrize(
    ("passed", "stays"),
    [
        (0.0, None),
        (HOUR - 0.001, None),
        (HOUR + 1, "expires in 24.0 hours"),
        (24 * HOUR, "expires in 1.0 hours"),
        (25 * HOUR, "has expired"),
        (50 * HOUR, "has expired"),
    ],
)
def test_what_is_left_is_reckoned_when_the_requests_are_all_there(
    world: World,
    settings: Settings,
    told: pytest.LogCaptureFixture,
    passed: float,
    stays: str | None,
) -> None:
    """A day is enough, and less is told."""
    looking(world, settings, told_file(day=2, hour=13))
    world.clock += passed
    world.expect(seen())

    world.run(submitting(world, settings, [naming("f1")]))

    expected = (
        [] if stays is None else [WARNING.format(where="0 (key '0')", name="f1", stays=stays)]
    )
    assert expected == warnings(told)


def test_each_file_is_warned_about_once_in_every_submission(
    world: World, settings: Settings, told: pytest.LogCaptureFixture
) -> None:
    """By the first request that names it."""
    for name in ("f1", "f2"):
        looking(world, settings, told_file(name, day=1, hour=13))
    for _ in range(2):
        world.expect(seen())
        world.run(submitting(world, settings, [naming("f2"), naming("f1", "f2")]))

    stays = "expires in 1.0 hours"
    assert 2 * [
        WARNING.format(where="0 (key '0')", name="f2", stays=stays),
        WARNING.format(where="1 (key '1')", name="f1", stays=stays),
    ] == warnings(told)


def test_of_many_files_only_the_first_are_warned_about_one_by_one(
    world: World, settings: Settings, told: pytest.LogCaptureFixture
) -> None:
    """Thousands of lines would tell no more; the others are counted."""
    names = [f"f{number}" for number in range(SHOWN + 2)]
    for name in names:
        looking(world, settings, told_file(name, day=1))
    world.expect(seen())
    world.run(submitting(world, settings, [naming(name) for name in names]))
    assert SHOWN + 1 == len(warnings(told))
    assert "so it is with 2 more of the files that requests name" == warnings(told)[-1]


def test_nothing_is_said_where_the_service_does_not_tell_the_time(
    world: World, settings: Settings, told: pytest.LogCaptureFixture
) -> None:
    """The clock of this machine is not asked, nor is a file known that nobody told of."""
    world.expect(reply(told_file(day=1)))
    world.run(look_at_file(settings, "files/f1"))
    world.expect(seen())
    world.run(submitting(world, settings, [naming("f1", "unknown")]))
    assert [] == warnings(told)


def test_a_warning_comes_before_anything_is_sent(
    world: World, settings: Settings, told: pytest.LogCaptureFixture
) -> None:
    """There is still time to stop."""
    looking(world, settings, told_file(day=1))
    asked = len(world.lines)
    heard: list[int] = []

    def create(_: object) -> Response:
        heard.append(len(warnings(told)))
        return seen()

    world.expect(create)
    world.run(submitting(world, settings, [naming("f1")]))
    assert ([1], 1) == (heard, len(world.lines) - asked)


def test_a_schema_that_is_answered_badly_is_warned_about_once(
    world: World, settings: Settings, told: pytest.LogCaptureFixture
) -> None:
    """With the first request that has it."""
    bad = GenerateContentRequest.of("a", response_json_schema={"type": "string"})
    world.expect(seen())
    world.run(submitting(world, settings, ["a", bad, bad]))
    (warning,) = warnings(told)
    assert (
        "request 1 (key '1'): response_json_schema was seen to be answered with broken JSON in "
        "batches; response_schema is not"
    ) == warning
