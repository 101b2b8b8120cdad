"""Spools keep bytes privately and let go of them; a file takes its name only when it is whole."""

import errno
import gc
import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from gemini_batch.errors import UsageError
from gemini_batch.spool import FileSpool, MemorySpool, Spool, Spools, replacing

MAKERS: list[Callable[[], Spool]] = [MemorySpool, FileSpool]
BOTH = pytest.mark.parametrize("make", MAKERS)


@BOTH
@settings(deadline=None)
@given(st.lists(st.binary(max_size=20)), st.integers(0, 100), st.integers(0, 100))
def test_a_spool_holds_what_was_appended(
    make: Callable[[], Spool], pieces: list[bytes], offset: int, size: int
) -> None:
    """Any window reads as it would from the bytes in one; beyond the end there is nothing."""
    spool, whole = make(), b"".join(pieces)
    for piece in pieces:
        spool.append(piece)

    assert len(whole) == spool.size
    assert whole == spool.read(0, len(whole))
    assert whole[offset : offset + size] == spool.read(offset, size)
    spool.close()


@BOTH
def test_a_closed_spool_says_so(make: Callable[[], Spool]) -> None:
    """Neither reading nor appending touches what may belong to another by now."""
    spool = make()
    spool.append(b"bytes")
    closed = [spool.closed]

    spool.close()
    spool.close()

    assert [False, True] == [*closed, spool.closed]
    with pytest.raises(UsageError, match="closed; fetch them again from the batch"):
        spool.read(0, 5)
    with pytest.raises(UsageError, match="closed; fetch them again from the batch"):
        spool.append(b"more")


@BOTH
def test_threads_read_a_spool_at_the_same_time(make: Callable[[], Spool]) -> None:
    """There is no position that one thread could move for another."""
    spool = make()
    for number in range(1000):
        spool.append(b"%06d" % number)

    def read(number: int) -> bytes:
        return spool.read(6 * number, 6)

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(read, range(1000)))
    spool.close()

    assert [b"%06d" % number for number in range(1000)] == found


@BOTH
@pytest.mark.parametrize("use", ["read", "append"])
def test_a_spool_may_be_closed_while_it_is_used(
    make: Callable[[], Spool], use: str, tmp_path: Path
) -> None:
    """What is used gives the right bytes or says that it is closed, and never another file's."""
    other = tmp_path / "other"
    ours = b"ours" * 16

    def go_on(spool: Spool) -> None:
        while True:
            if use == "append":
                spool.append(b"spoilt")
            else:
                assert ours == spool.read(0, len(ours))

    def begin(spool: Spool, begun: threading.Barrier) -> None:
        begun.wait()
        with pytest.raises(UsageError, match="closed"):
            go_on(spool)

    with ThreadPoolExecutor(3) as threads:
        for _ in range(60):
            spool, begun = make(), threading.Barrier(4)
            spool.append(ours)
            using = [threads.submit(begin, spool, begun) for _ in range(3)]
            begun.wait()
            spool.close()
            with other.open("w+b") as reused:  # by the number of the descriptor just closed
                reused.write(b"else" * 16)
                reused.flush()
                for one in using:
                    one.result()
            assert b"else" * 16 == other.read_bytes()


@pytest.mark.parametrize("use", ["read", "append"])
def test_a_descriptor_stays_open_while_it_is_used(
    monkeypatch: pytest.MonkeyPatch, use: str
) -> None:
    """A close in the very moment before the system call waits until that is over."""
    spool = FileSpool()
    closing = threading.Thread(target=spool.close)
    spool.append(b"bytes")
    found: list[bool] = []

    def meanwhile(descriptor: int, *_: object) -> Any:
        closing.start()
        closing.join(0.05)
        found.append(is_open(descriptor))
        return b"" if use == "read" else 5

    monkeypatch.setattr(os, "pread", meanwhile)
    monkeypatch.setattr(os, "pwrite", meanwhile)
    spool.read(0, 5) if use == "read" else spool.append(b"bytes")
    closing.join()

    assert [True] == found
    assert spool.closed


def test_a_spool_file_has_no_name_and_only_its_owner_could_read_it(tmp_path: Path) -> None:
    """It is in the directory asked for, cannot be opened by anybody, and goes with the process."""
    spool = FileSpool(str(tmp_path))
    spool.append(b"bytes")

    found = os.fstat(spool._file)
    assert 0o600 == stat.S_IMODE(found.st_mode)
    assert 0 == found.st_nlink
    assert tmp_path.stat().st_dev == found.st_dev
    assert [] == list(tmp_path.iterdir())
    assert 5 == found.st_size
    spool.close()


def test_a_spool_file_goes_where_temporary_files_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a directory it is the system's own; one that is missing is named."""
    asked: list[str | None] = []
    make = tempfile.mkstemp

    def noting(*, prefix: str, dir: str | None) -> tuple[int, str]:  # noqa: A002 - its name there
        asked.append(dir)
        return make(prefix=prefix, dir=dir)

    monkeypatch.setattr(tempfile, "mkstemp", noting)
    FileSpool().close()
    FileSpool(str(tmp_path)).close()

    assert [None, str(tmp_path)] == asked
    with pytest.raises(FileNotFoundError, match="missing"):
        FileSpool(str(tmp_path / "missing"))


def is_open(descriptor: int) -> bool:
    """Tell whether a descriptor is in use."""
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def test_close_gives_the_descriptor_back() -> None:
    """The file is gone at once, and only once: its number may be another file's by then."""
    spool = FileSpool()
    descriptor = spool._file
    assert is_open(descriptor)

    spool.close()
    assert not is_open(descriptor)

    other = os.open(os.devnull, os.O_RDONLY)
    spool.close()
    assert other == descriptor
    assert is_open(other)
    os.close(other)


def test_a_forgotten_spool_gives_its_descriptor_back() -> None:
    """Garbage collection closes it, without a warning (which would fail this test)."""
    spool = FileSpool()
    descriptor = spool._file

    del spool
    gc.collect()

    assert not is_open(descriptor)


def test_short_reads_and_writes_are_continued(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system may take or give less than was asked, as it does beyond 2 GiB."""
    pread, pwrite = os.pread, os.pwrite
    monkeypatch.setattr(os, "pread", lambda file, size, at: pread(file, min(size, 3), at))
    monkeypatch.setattr(os, "pwrite", lambda file, piece, at: pwrite(file, piece[:2], at))
    spool = FileSpool()
    spool.append(b"0123456789")

    assert b"0123456789" == spool.read(0, 10)
    assert b"23456789" == spool.read(2, 100)
    assert b"" == spool.read(10, 5)
    spool.close()


def test_a_full_disk_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The error says in which directory there is no room, since the file has no name."""
    monkeypatch.setattr(
        tempfile,
        "mkstemp",
        lambda **_: (os.open("/dev/full", os.O_RDWR), str(_touched(tmp_path / "spool"))),
    )
    spool = FileSpool()

    with pytest.raises(OSError, match=f"No space left on device: '{tmp_path}'") as caught:
        spool.append(b"bytes")

    assert errno.ENOSPC == caught.value.errno
    assert 0 == spool.size
    spool.close()


def _touched(path: Path) -> Path:
    path.touch()
    return path


def test_another_failure_of_the_disk_is_not_taken_for_a_full_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only where room is lacking does the place matter."""

    def fail(*_: Any) -> int:
        raise OSError(errno.EIO, "Input/output error")

    spool = FileSpool()
    monkeypatch.setattr(os, "pwrite", fail)

    with pytest.raises(OSError, match="Input/output error") as caught:
        spool.append(b"bytes")

    assert caught.value.filename is None
    spool.close()


LIMITED = """
import resource, sys
from pathlib import Path
from gemini_batch.spool import FileSpool, replacing

resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
directory = Path(sys.argv[1])
spool = FileSpool(sys.argv[1])
for write in (spool.append, None):
    try:
        if write is not None:
            write(b"x" * 1_000_000)
        else:
            with replacing(directory / "saved.jsonl") as file:
                file.write(b"x" * 1_000_000)
    except OSError as error:
        print(error.errno, error.filename)
print(spool.size, sorted(path.name for path in directory.iterdir()))
"""


def test_a_file_that_may_not_grow_leaves_nothing_behind(tmp_path: Path) -> None:
    """A limit on file sizes is met in the middle of a write, as a full disk would be."""
    run = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)], capture_output=True, text=True, check=False
    )

    assert "" == run.stderr
    assert [
        f"{errno.EFBIG} {tmp_path}",
        f"{errno.EFBIG} {tmp_path / 'saved.jsonl.part'}",
        "100000 []",
    ] == run.stdout.splitlines()


def test_spools_close_what_nobody_keeps(tmp_path: Path) -> None:
    """What a flow made and did not hand on goes when it ends, in whatever way it ends."""
    spools = Spools(str(tmp_path))
    kept, dropped, in_memory = spools.in_file(), spools.in_file(), spools.in_memory()
    assert isinstance(kept, FileSpool)
    assert isinstance(in_memory, MemorySpool)

    spools.keep(kept)
    spools.close()
    spools.close()

    assert [False, True, True] == [kept.closed, dropped.closed, in_memory.closed]
    kept.close()


def test_a_file_takes_its_name_when_it_is_whole(tmp_path: Path) -> None:
    """Until the block ends there is only a part, which nobody else may read."""
    final = tmp_path / "saved.jsonl"

    with replacing(final) as file:
        file.write(b"whole")
        file.flush()
        (part,) = tmp_path.iterdir()
        assert "saved.jsonl.part" == part.name
        assert 0o600 == stat.S_IMODE(part.stat().st_mode)

    assert [final] == list(tmp_path.iterdir())
    assert b"whole" == final.read_bytes()
    assert 0o600 == stat.S_IMODE(final.stat().st_mode)


def test_a_file_is_on_the_disk_before_it_takes_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut cannot leave a short file under the final name."""
    order: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def noting_fsync(descriptor: int) -> None:
        order.append(f"fsync of {os.fstat(descriptor).st_size} bytes")
        fsync(descriptor)

    def noting_replace(path: Path, target: Path) -> Path:
        order.append("replace")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", noting_fsync)
    monkeypatch.setattr(Path, "replace", noting_replace)
    with replacing(tmp_path / "saved.jsonl") as file:
        file.write(b"whole")

    assert ["fsync of 5 bytes", "replace"] == order


@pytest.mark.parametrize("interruption", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_block_that_fails_leaves_things_as_they_were(
    tmp_path: Path, interruption: type[BaseException]
) -> None:
    """Its error passes unchanged, and an older file stays."""
    final = tmp_path / "saved.jsonl"
    final.write_bytes(b"older")

    def save_half() -> None:
        with replacing(final, overwrite=True) as file:
            file.write(b"half")
            raise interruption

    with pytest.raises(interruption):
        save_half()

    assert [final] == list(tmp_path.iterdir())
    assert b"older" == final.read_bytes()


def test_a_file_is_not_replaced_unasked(tmp_path: Path) -> None:
    """What exists is refused before anything is written, and replaced on request."""
    final = tmp_path / "saved.jsonl"
    final.write_bytes(b"older")

    with pytest.raises(UsageError, match=r"saved\.jsonl exists already"), replacing(final):
        pytest.fail("the block must not begin")
    assert b"older" == final.read_bytes()

    with replacing(str(final), overwrite=True) as file:
        file.write(b"newer")
    assert b"newer" == final.read_bytes()


@pytest.mark.parametrize("place", ["missing/saved.jsonl", "file/saved.jsonl", "directory"])
def test_a_place_where_no_file_can_be_is_refused(tmp_path: Path, place: str) -> None:
    """A directory that is missing is noticed before hours of work, not after."""
    (tmp_path / "file").touch()
    (tmp_path / "directory").mkdir()

    with (
        pytest.raises(UsageError, match="cannot be a file"),
        replacing(tmp_path / place, overwrite=True),
    ):
        pytest.fail("the block must not begin")

    assert ["directory", "file"] == sorted(path.name for path in tmp_path.iterdir())


def test_links_are_replaced_and_never_written_through(tmp_path: Path) -> None:
    """Whoever plants a link cannot make a save write elsewhere."""
    victim, final = tmp_path / "victim", tmp_path / "saved.jsonl"
    victim.write_bytes(b"precious")
    final.symlink_to(victim)
    (tmp_path / "saved.jsonl.part").symlink_to(victim)

    with replacing(final, overwrite=True) as file:
        file.write(b"saved")

    assert b"precious" == victim.read_bytes()
    assert not final.is_symlink()
    assert b"saved" == final.read_bytes()
    assert ["saved.jsonl", "victim"] == sorted(path.name for path in tmp_path.iterdir())


def test_a_link_planted_at_the_last_moment_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The part must be a new file: what appears in its place is not opened."""
    victim, final = tmp_path / "victim", tmp_path / "saved.jsonl"
    victim.write_bytes(b"precious")
    really_open = os.open

    def beaten(path: Path, flags: int, mode: int) -> int:
        path.symlink_to(victim)
        return really_open(path, flags, mode)

    monkeypatch.setattr(os, "open", beaten)
    with pytest.raises(FileExistsError), replacing(final):
        pytest.fail("the block must not begin")

    assert b"precious" == victim.read_bytes()
    assert not final.exists()


KILLED = """
import os, signal, sys
from pathlib import Path
from gemini_batch.spool import replacing

with replacing(Path(sys.argv[1]), overwrite=True) as file:
    for number in range(3):
        if number == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
        file.write(b"line\\n")
        file.flush()
    if sys.argv[2] == "3":
        os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
    if sys.argv[2] == "4":
        Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("step", range(5))
@pytest.mark.parametrize("older", [None, b"older"])
def test_a_save_that_is_killed_never_leaves_a_short_file(
    tmp_path: Path, step: int, older: bytes | None
) -> None:
    """At each step the final name is as it was, and the next save is not in the way of the last."""
    final = tmp_path / "saved.jsonl"
    if older is not None:
        final.write_bytes(older)

    command = [sys.executable, "-c", KILLED, str(final), str(step)]
    killed = subprocess.run(command, capture_output=True, check=False)

    assert -signal.SIGKILL == killed.returncode, killed.stderr
    assert older == (final.read_bytes() if final.exists() else None)
    assert (tmp_path / "saved.jsonl.part").exists()
    with replacing(final, overwrite=older is not None) as file:
        file.write(b"whole")
    assert [final] == list(tmp_path.iterdir())
    assert b"whole" == final.read_bytes()
