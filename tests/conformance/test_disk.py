"""A disk that is full, a directory that is not there: nothing is sent in vain, nothing is lost."""

import errno
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gemini_batch import UsageError
from gemini_batch.effects import Effect, Offload
from gemini_batch.emulator import Emulator
from tests.conformance.facades import CANARY, MODEL, Facade
from tests.conformance.scenes import assert_answered, prompts

ASKED = prompts(3)


@pytest.fixture
def fill(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return what leaves no room for any file that is begun from then on."""
    create = tempfile.mkstemp

    def full(**options: Any) -> tuple[int, str]:
        file, name = create(**options)
        os.close(file)
        return os.open("/dev/full", os.O_RDWR), name

    return lambda: monkeypatch.setattr(tempfile, "mkstemp", full)


def raises_no_room(where: Path) -> Any:
    """Expect the error of a full disk, with the place where there is no room."""
    return pytest.raises(OSError, match=f"No space left on device: '{where}'")


@pytest.mark.parametrize("via", ["file", "inline"])
def test_a_disk_that_is_full_before_anything_was_sent_costs_nothing(
    facade: Facade, emulator: Emulator, tmp_path: Path, fill: Callable[[], None], via: str
) -> None:
    """All requests are written down before the first is sent, so that nothing is begun in vain."""
    client = facade.client(emulator.url, spool_dir=str(tmp_path))
    fill()
    with raises_no_room(tmp_path) as full:
        client.submit(ASKED, via=via)
    assert errno.ENOSPC == full.value.errno
    assert [] == emulator.seen
    assert [] == [*tmp_path.iterdir()]


def test_a_disk_that_is_full_before_the_results_costs_no_answers(
    facade: Facade,
    emulator: Emulator,
    tmp_path: Path,
    fill: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The handle is good for another attempt, when there is room."""
    client = facade.client(emulator.url, spool_dir=str(tmp_path))
    batch = client.submit(ASKED, via="file")
    roomy = tempfile.mkstemp
    fill()
    with raises_no_room(tmp_path):
        batch.results()
    monkeypatch.setattr(tempfile, "mkstemp", roomy)
    with batch.results() as results:
        assert_answered(ASKED, results)
    assert [] == [*tmp_path.iterdir()]


def downloaded(client: Any) -> str:
    """Return the name of a file of results."""
    batch = client.submit(ASKED, via="file")
    batch.wait()
    return str(batch.operation().responses_file)


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_download_without_room_leaves_the_name_as_it_was(
    facade: Facade, emulator: Emulator, tmp_path: Path, fill: Callable[[], None], *, overwrite: bool
) -> None:
    """Nothing is there that looks like a file of results, and what was there still is."""
    client, final = facade.client(emulator.url), tmp_path / "results.jsonl"
    name = downloaded(client)
    if overwrite:
        final.write_text("precious")
    fill()
    with raises_no_room(final):
        client.files.download(name, final, overwrite=overwrite)
    assert ([final] if overwrite else []) == [*tmp_path.iterdir()]
    assert not overwrite or "precious" == final.read_text()


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("nowhere/results.jsonl", "its directory is not what it should be"),
        ("taken/results.jsonl", "its directory is not what it should be"),
        ("folder", "exists already"),
        ("taken", "exists already"),
    ],
    ids=["nowhere", "in_a_file", "folder", "taken"],
)
def test_a_name_that_cannot_be_a_file_is_refused_before_the_download(
    facade: Facade, emulator: Emulator, tmp_path: Path, path: str, why: str
) -> None:
    """Not after gigabytes of it."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "taken").write_text("precious")
    client = facade.client(emulator.url)
    with pytest.raises(UsageError, match=why):
        client.files.download("files/batch-abc", tmp_path / path)
    assert [] == emulator.seen
    assert "precious" == (tmp_path / "taken").read_text()


def test_a_directory_that_is_not_to_be_written_to_is_told_before_the_download(
    facade: Facade, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the words of the system, which an administrator would never hear."""

    def no(**options: Any) -> tuple[int, str]:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(options["dir"]))

    monkeypatch.setattr(tempfile, "mkstemp", no)
    client = facade.client(emulator.url)
    with pytest.raises(PermissionError, match=f"Permission denied: '{tmp_path}'"):
        client.files.download("files/batch-abc", tmp_path / "results.jsonl")
    assert [] == emulator.seen


def test_a_download_that_fails_at_any_step_leaves_no_file(
    facade: Facade, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of its writes in turn; the last attempt meets none, and is whole."""
    client, final = facade.client(emulator.url), tmp_path / "results.jsonl"
    name = downloaded(client)
    left: list[int] = []

    def strike(effect: Effect[Any]) -> Effect[Any]:
        if isinstance(effect, Offload):
            left[0] -= 1
            if left[0] == 0:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
        return effect

    facade.watch_effects(monkeypatch, strike)
    for step in range(1, 50):
        left[:] = [step]
        try:
            client.files.download(name, final)
        except OSError as error:
            facade.raised.append(error)
            assert [] == [*tmp_path.iterdir()]
        else:
            break
    assert step > 2
    assert [final] == [*tmp_path.iterdir()]
    assert set("012") == {json.loads(line)["key"] for line in final.read_text().splitlines()}


LIMITED = """
import asyncio, errno, inspect, resource, sys
import gemini_batch

resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
facade, url, model, folder = sys.argv[1:]

async def wait(value):
    return await value if inspect.isawaitable(value) else value

async def main():
    kind = {"sync": gemini_batch.SyncBatchClient, "async": gemini_batch.AsyncBatchClient}[facade]
    client = kind(model=model, base_url=url, spool_dir=folder)
    try:
        await wait(client.submit(["x" * 90_000, "y" * 90_000], via="file"))
    except OSError as error:
        print(errno.errorcode[error.errno], error.filename)
    await wait(client.close())

asyncio.run(main())
"""


def test_a_file_that_may_not_grow_is_a_full_disk(
    facade: Facade, emulator: Emulator, tmp_path: Path
) -> None:
    """Such as a container sets; the system is asked, and no stand-in for it."""
    # What measures the tests would write a file, too, and complain.
    env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    said = subprocess.run(
        [sys.executable, "-c", LIMITED, facade.name, emulator.url, MODEL, str(tmp_path)],
        env={**env, "GEMINI_API_KEY": CANARY},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (f"EFBIG {tmp_path}\n", "") == (said.stdout, said.stderr)
    assert [] == emulator.seen
    assert [] == [*tmp_path.iterdir()]
