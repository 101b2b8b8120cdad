"""Saving a file of the service: it takes its name when it is whole, or leaves nothing."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from gemini_batch.effects import Effect, Flow, Offload, Request
from gemini_batch.errors import (
    GeminiBatchError,
    NotFoundError,
    ProtocolError,
    TransportError,
    UsageError,
)
from gemini_batch.flows.downloads import save
from gemini_batch.progress import Progress, Report, report_nothing
from gemini_batch.settings import Settings

from .replies import RESULTS, lost, part, refusal, refused, whole
from .world import Answer, Opened, World

TEXT = b"one line\nand another\n"
CUT: list[Answer] = [
    whole(TEXT[:4], lost(), length=len(TEXT)),
    Opened(refusal(503)),
    part(4, len(TEXT), TEXT[4:9], TEXT[9:]),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where to save the file, in a directory of its own."""
    return tmp_path / "results.jsonl"


def saving(
    world: World,
    settings: Settings,
    path: Path,
    *,
    overwrite: bool = False,
    report: Report = report_nothing,
) -> Flow[Effect[object], None]:
    """Return the download into a file."""
    make = partial(world.spools.new_file, path, overwrite=overwrite)
    return save(settings, RESULTS, make, report)


def there(path: Path) -> dict[str, bytes]:
    """Return all that is in the directory of a path."""
    return {one.name: one.read_bytes() for one in path.parent.iterdir()}


def test_a_file_is_saved_through_cuts(world: World, settings: Settings, path: Path) -> None:
    """Every byte is in its place, and nothing stands beside it."""
    reports: list[Progress] = []
    world.expect(*CUT)
    world.run(saving(world, settings, path, report=reports.append))
    assert {path.name: TEXT} == there(path)
    total = len(TEXT)
    assert [Progress("downloading", done, total) for done in (4, 9, total)] == reports


def test_an_empty_file_is_a_file(world: World, settings: Settings, path: Path) -> None:
    """It has no bytes, and takes its name all the same."""
    world.expect(whole(length=0))
    world.run(saving(world, settings, path))
    assert {path.name: b""} == there(path)


def test_what_is_saved_is_for_its_owner(world: World, settings: Settings, path: Path) -> None:
    """Answers are nobody else's business."""
    world.expect(whole(TEXT))
    world.run(saving(world, settings, path))
    assert 0o600 == path.stat().st_mode & 0o777


def test_a_file_has_no_name_before_it_is_whole(
    world: World, settings: Settings, path: Path
) -> None:
    """Whoever looks meanwhile sees that it is not there yet."""
    met: list[bool] = []

    def meanwhile(_: Request) -> Answer:
        met.append(path.exists())
        return whole(TEXT)

    world.expect(meanwhile)
    world.run(saving(world, settings, path, report=lambda _: met.append(path.exists())))
    assert [False, False] == met
    assert path.exists()


def test_every_piece_is_written_off_the_loop(world: World, settings: Settings, path: Path) -> None:
    """The file is opened, written to and given its name where blocking does no harm."""
    world.expect(whole(TEXT[:4], TEXT[4:]))
    world.run(saving(world, settings, path))
    assert 4 == sum(isinstance(one, Offload) for one in world.asked)


# What is there already


def test_a_name_that_is_taken_is_refused_before_anything_is_sent(
    world: World, settings: Settings, path: Path
) -> None:
    """The file that has it is left alone."""
    path.write_bytes(b"mine")
    with pytest.raises(UsageError, match="exists already"):
        world.run(saving(world, settings, path))
    assert [] == world.sent
    assert {path.name: b"mine"} == there(path)


def test_a_file_may_be_replaced_when_that_was_said(
    world: World, settings: Settings, path: Path
) -> None:
    """By the whole of the new one, at once."""
    path.write_bytes(b"mine")
    world.expect(*CUT)
    world.run(saving(world, settings, path, overwrite=True))
    assert {path.name: TEXT} == there(path)


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_place_that_is_none_is_refused_before_anything_is_sent(
    world: World, settings: Settings, path: Path, *, overwrite: bool
) -> None:
    """A directory is not made for it, and none is replaced by it."""
    for wrong in (path / "deeper", path.parent):
        with pytest.raises(UsageError):
            world.run(saving(world, settings, wrong, overwrite=overwrite))
    assert [] == world.sent
    assert {} == there(path)


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_stands_beside_it_is_left_alone(
    world: World, settings: Settings, path: Path, *, overwrite: bool
) -> None:
    """Be it called like a part of it."""
    beside = path.with_name(f"{path.name}.part")
    beside.write_bytes(b"mine")
    world.expect(whole(TEXT))
    world.run(saving(world, settings, path, overwrite=overwrite))
    assert {path.name: TEXT, beside.name: b"mine"} == there(path)


@pytest.mark.parametrize("refusal", [errno.EPERM, errno.ENOTSUP])
@pytest.mark.parametrize("taken", [False, True])
def test_a_file_system_without_links_will_do(
    world: World,
    settings: Settings,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    refusal: int,
    *,
    taken: bool,
) -> None:
    """The name is given all the same, unless somebody has it by then."""

    def refuse(*_: object) -> None:
        if taken:
            path.write_bytes(b"mine")
        raise OSError(refusal, "no links here")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    world.expect(whole(TEXT))
    if taken:
        with pytest.raises(UsageError, match="exists already"):
            world.run(saving(world, settings, path))
    else:
        world.run(saving(world, settings, path))
    assert {path.name: b"mine" if taken else TEXT} == there(path)


def test_a_name_that_is_taken_meanwhile_is_not_taken_away(
    world: World, settings: Settings, path: Path
) -> None:
    """A download takes hours; what somebody else put there since then is theirs."""

    def meanwhile(_: Request) -> Answer:
        path.write_bytes(b"mine")
        return whole(TEXT)

    world.expect(meanwhile)
    with pytest.raises(UsageError, match="exists already"):
        world.run(saving(world, settings, path))
    assert {path.name: b"mine"} == there(path)


def test_two_who_save_to_one_name_give_it_to_a_whole_file(
    world: World, settings: Settings, path: Path
) -> None:
    """The one or the other; never to what one of them has written so far."""

    def meanwhile(_: Request) -> Answer:
        half = other.spools.new_file(path, overwrite=True)
        half.append(TEXT[:4])
        half.stream.flush()
        return whole(TEXT)

    other = World()
    world.expect(meanwhile)
    world.run(saving(world, settings, path, overwrite=True))
    saved = path.read_bytes()
    other.spools.close()
    assert TEXT == saved


# What goes wrong


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([refused(404)], NotFoundError),
        ([whole(b"ab", lost(), length=4), *[refused(503)] * 4], GeminiBatchError),
        ([whole(b"ab", lost(), length=4), part(2, 9, b"zz")], ProtocolError),
        ([whole(b"abcde", length=4)], ProtocolError),
        ([whole(b"ab", length=4), *[part(2, 4)] * 4], TransportError),
    ],
    ids=["gone", "failing", "changed", "longer", "shorter"],
)
@pytest.mark.parametrize("before", [None, b"mine"])
def test_a_download_that_fails_leaves_nothing(
    world: World,
    settings: Settings,
    path: Path,
    before: bytes | None,
    answers: list[Answer],
    error: type[GeminiBatchError],
) -> None:
    """Neither half a file nor its beginning; what was to be replaced is as it was."""
    if before is not None:
        path.write_bytes(before)
    world.expect(*answers)
    with pytest.raises(error):
        world.run(saving(world, settings, path, overwrite=True))
    assert ({} if before is None else {path.name: before}) == there(path)


class Failing(World):
    """A world in which the ``step``-th effect fails, whatever it is."""

    def __init__(self, step: int, failure: BaseException) -> None:
        super().__init__()
        self.failure = failure
        self._left = step

    def perform(self, effect: Effect[Any]) -> Any:
        """Do what the effect asks, unless it is the one."""
        if not self._left:
            self._left = -1
            raise self.failure
        self._left -= 1
        return super().perform(effect)


def raised_by(world: World, flow: Flow[Effect[object], None]) -> BaseException | None:
    """Drive a flow, and return what it raised."""
    try:
        world.run(flow)
    except (OSError, KeyboardInterrupt) as error:
        return error
    return None


@pytest.mark.parametrize(
    "failure",
    [lambda: OSError(errno.ENOSPC, "no space left"), KeyboardInterrupt],
    ids=["disk", "interrupt"],
)
@pytest.mark.parametrize("before", [None, b"mine"])
def test_a_failure_at_any_step_leaves_nothing(
    tmp_path: Path, before: bytes | None, failure: Callable[[], BaseException]
) -> None:
    """From the first effect to the last: only the whole of the file has its name."""
    for step in count():
        directory = tmp_path / str(step)
        directory.mkdir()
        path = directory / "results.jsonl"
        if before is not None:
            path.write_bytes(before)
        world = Failing(step, failure())
        world.expect(*CUT)
        raised = raised_by(world, saving(world, Settings(chance=lambda: 1.0), path, overwrite=True))
        assert [] == world.spools._open
        assert 1 == world.releases
        if raised is None:
            break
        assert world.failure is raised
        assert ({} if before is None else {path.name: before}) == there(path)
    assert {path.name: TEXT} == there(path)
    assert step == len(world.asked) > 12
    assert [] == world.script


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_file_that_cannot_be_made_to_last_leaves_nothing(
    world: World, settings: Settings, path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """What is not on the disk has no name; and one that cannot be given leaves no part."""

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "cannot")

    monkeypatch.setattr(os if call == "fsync" else Path, call, fail)
    world.expect(whole(TEXT))
    with pytest.raises(OSError, match="cannot"):
        world.run(saving(world, settings, path, overwrite=True))
    assert {} == there(path)
