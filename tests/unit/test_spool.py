"""Spools keep bytes privately and let go of them; a file takes its name only when it is whole."""

import errno
import fcntl
import gc
import hashlib
import os
import re
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from gemini_batch import spool as module
from gemini_batch.errors import UsageError
from gemini_batch.spool import (
    FileSpool,
    MemorySpool,
    NewFile,
    OpenFile,
    Spool,
    SpooledSource,
    Spools,
    name_of,
    read_whole,
    replacing,
)

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


PLACES = st.lists(st.tuples(st.integers(0, 220), st.integers(0, 40)), min_size=1, max_size=8)


@BOTH
@settings(deadline=None)
@given(st.binary(max_size=200), PLACES)
def test_many_places_are_read_as_each_would_be(
    make: Callable[[], Spool], whole: bytes, places: list[tuple[int, int]]
) -> None:
    """Side by side or far apart, in any order, overlapping, and beyond the end."""
    spool = make()
    spool.append(whole)

    found = spool.read_each([place for place, _ in places], [size for _, size in places])

    assert [whole[place : place + size] for place, size in places] == found
    spool.close()


def test_places_close_together_are_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """And those far apart each for itself, so that what lies between them is not read."""
    spool, pread = FileSpool(), os.pread
    spool.append(b"0123456789" * 100)
    reads: list[tuple[int, int]] = []

    def noting(descriptor: int, size: int, offset: int) -> bytes:
        reads.append((offset, size))
        return pread(descriptor, size, offset)

    monkeypatch.setattr(os, "pread", noting)

    assert [b"456", b"0123", b"9"] == spool.read_each([14, 10, 19], [3, 4, 1])
    assert [b"012", b"345"] == spool.read_each([10, 903], [3, 3])
    assert [(10, 10), (10, 3), (903, 3)] == reads
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
    with pytest.raises(UsageError, match="closed: fetch them, or open their file, again"):
        spool.read(0, 5)
    with pytest.raises(UsageError, match="closed: fetch them, or open their file, again"):
        spool.read_each([0], [5])
    with pytest.raises(UsageError, match="closed: fetch them, or open their file, again"):
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
    assert [b"01234", b"6789"] == spool.read_each([0, 6], [5, 9])
    spool.append(b"-" * 20)
    assert [b"01234", b"----"] == spool.read_each([0, 26], [5, 9])
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
        f"{errno.EFBIG} {tmp_path / 'saved.jsonl'}",
        "100000 []",
    ] == run.stdout.splitlines()


def test_spools_close_what_nobody_keeps(tmp_path: Path) -> None:
    """What a flow made and did not hand on goes when it ends, in whatever way it ends."""
    spools = Spools(str(tmp_path))
    assert spools.empty
    kept, dropped, in_memory = spools.in_file(), spools.in_file(), spools.in_memory()
    assert isinstance(kept, FileSpool)
    assert isinstance(in_memory, MemorySpool)

    spools.keep(kept)
    assert not spools.empty
    spools.close()
    spools.close()

    assert spools.empty
    assert [False, True, True] == [kept.closed, dropped.closed, in_memory.closed]
    kept.close()


def test_a_file_takes_its_name_when_it_is_whole(tmp_path: Path) -> None:
    """Until the block ends there is only a part, which nobody else may read."""
    final = tmp_path / "saved.jsonl"

    with replacing(final) as file:
        file.write(b"whole")
        file.flush()
        (part,) = tmp_path.iterdir()
        assert re.fullmatch(r"\.gemini-batch-.+\.part", part.name)
        assert 0o600 == stat.S_IMODE(part.stat().st_mode)

    assert [final] == list(tmp_path.iterdir())
    assert b"whole" == final.read_bytes()
    assert 0o600 == stat.S_IMODE(final.stat().st_mode)


def test_a_file_is_on_the_disk_before_it_takes_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut cannot leave a short file under the final name."""
    order: list[str] = []
    fsync, replace, link = os.fsync, Path.replace, Path.hardlink_to

    def noting_fsync(descriptor: int) -> None:
        order.append(f"fsync of {os.fstat(descriptor).st_size} bytes")
        fsync(descriptor)

    def noting_replace(path: Path, target: Path) -> Path:
        order.append("replace")
        return replace(path, target)

    def noting_link(path: Path, target: Path) -> None:
        order.append("link")
        link(path, target)

    monkeypatch.setattr(os, "fsync", noting_fsync)
    monkeypatch.setattr(Path, "replace", noting_replace)
    monkeypatch.setattr(Path, "hardlink_to", noting_link)
    for overwrite in (False, True):
        with replacing(tmp_path / "saved.jsonl", overwrite=overwrite) as file:
            file.write(b"whole")

    assert ["fsync of 5 bytes", "link", "fsync of 5 bytes", "replace"] == order


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

    with replacing(final, overwrite=True) as file:
        file.write(b"saved")

    assert b"precious" == victim.read_bytes()
    assert not final.is_symlink()
    assert b"saved" == final.read_bytes()
    assert ["saved.jsonl", "victim"] == sorted(path.name for path in tmp_path.iterdir())


def test_a_link_that_leads_nowhere_is_not_written_through(tmp_path: Path) -> None:
    """The name is taken by it, if not by a file: that is seen at the end, and nothing is left."""
    victim, final = tmp_path / "victim", tmp_path / "saved.jsonl"
    final.symlink_to(victim)

    with pytest.raises(UsageError, match="exists already"), replacing(final) as file:
        file.write(b"saved")

    assert [final] == list(tmp_path.iterdir())
    assert not victim.exists()


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
    """At each step the final name is as it was, and the last save is not in the way of the next."""
    final = tmp_path / "saved.jsonl"
    if older is not None:
        final.write_bytes(older)

    command = [sys.executable, "-c", KILLED, str(final), str(step)]
    killed = subprocess.run(command, capture_output=True, check=False)

    assert -signal.SIGKILL == killed.returncode, killed.stderr
    assert older == (final.read_bytes() if final.exists() else None)
    left = [path for path in tmp_path.iterdir() if path != final]
    assert [".part"] == [path.suffix for path in left]
    with replacing(final, overwrite=older is not None) as file:
        file.write(b"whole")
    assert {final, *left} == set(tmp_path.iterdir())
    assert b"whole" == final.read_bytes()


# Files of the caller's


@pytest.mark.parametrize(
    ("path", "name"),
    [
        *(("a/b.jsonl", "b.jsonl"), ("/b.jsonl", "b.jsonl"), ("b", "b"), ("a/b/", "b")),
        *((".hidden", ".hidden"), (Path("a") / "b.c", "b.c"), ("", ""), ("/", "")),
    ],
)
def test_a_path_ends_with_a_name(path: str | Path, name: str) -> None:
    """As text, or as a path of the standard library."""
    assert name == name_of(path)


@settings(deadline=None)
@given(st.binary(max_size=50), st.integers(0, 60), st.integers(0, 60))
def test_a_file_is_read_as_a_spool(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, offset: int, size: int
) -> None:
    """Any window reads as it would from the bytes in one; beyond the end there is nothing."""
    path = tmp_path_factory.mktemp("caller") / "file"
    path.write_bytes(content)

    file = OpenFile(path)

    assert len(content) == file.size
    assert content == file.read(0, len(content))
    assert content[offset : offset + size] == file.read(offset, size)
    assert [content[offset : offset + size]] == file.read_each([offset], [size])
    file.close()


def test_a_file_that_is_read_is_never_written_to(tmp_path: Path) -> None:
    """It is the caller's, stays when it is let go of, and may be one that nobody may write."""
    path = tmp_path / "file"
    path.write_bytes(b"bytes")
    path.chmod(0o400)
    file = OpenFile(str(path))

    with pytest.raises(UsageError, match=r"/file is read, not written to \(4 bytes\)"):
        file.append(b"more")
    assert os.O_RDONLY == fcntl.fcntl(file._file, fcntl.F_GETFL) & os.O_ACCMODE
    assert fcntl.FD_CLOEXEC == fcntl.fcntl(file._file, fcntl.F_GETFD)
    closed = [file.closed]
    file.close()
    file.close()

    assert [False, True] == [*closed, file.closed]
    assert not is_open(file._file)
    assert b"bytes" == path.read_bytes()
    with pytest.raises(UsageError, match="closed"):
        file.read(0, 5)


def test_a_forgotten_file_gives_its_descriptor_back(tmp_path: Path) -> None:
    """Garbage collection closes it, without a warning (which would fail this test)."""
    path = tmp_path / "file"
    path.touch()
    file = OpenFile(path)
    descriptor = file._file

    del file
    gc.collect()

    assert not is_open(descriptor)


@pytest.mark.parametrize("kind", ["directory", "pipe", "device"])
def test_what_is_no_plain_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """It has no size to go by, or no end; a pipe that nobody writes to is not waited for."""
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "device").symlink_to("/dev/zero")
    opened: list[int] = []
    really_open = os.open

    def noting(path: Path, flags: int) -> int:
        opened.append(really_open(path, flags))
        return opened[-1]

    monkeypatch.setattr(os, "open", noting)
    with pytest.raises(UsageError, match=f"/{kind} is not a file that can be read from end to end"):
        OpenFile(tmp_path / kind)

    assert [False] == [is_open(descriptor) for descriptor in opened]


def test_a_file_that_cannot_be_read_is_the_systems_own_error(tmp_path: Path) -> None:
    """Which names it."""
    with pytest.raises(FileNotFoundError, match="/missing'"):
        OpenFile(tmp_path / "missing")


def test_a_file_that_is_read_must_stay_as_it_is(tmp_path: Path) -> None:
    """Longer, or other bytes of the same length: what was read may be half of each."""
    path = tmp_path / "file"
    for change in (b"bytes and more", b"other"):
        path.write_bytes(b"bytes")
        file = OpenFile(path)
        assert b"byt" == file.read(0, 3)

        path.write_bytes(change)
        os.utime(path, ns=(1, 1))

        with pytest.raises(UsageError, match="changed while it was read: leave it as it is"):
            file.read(3, 2)
        with pytest.raises(UsageError, match="changed while it was read: leave it as it is"):
            file.read_each([3], [2])
        file.close()
        with pytest.raises(UsageError, match="closed: fetch them, or open their file, again"):
            file.read_each([3], [2])


def test_a_file_that_was_cut_is_not_read_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its end comes before the one that it had, and that is told instead of waited for."""
    path = tmp_path / "file"
    path.write_bytes(b"bytes")
    file = OpenFile(path)
    path.write_bytes(b"byte")
    pread, reads = os.pread, iter(range(10))

    def counting(descriptor: int, size: int, offset: int) -> bytes:
        assert next(reads, None) is not None, "it is read again and again"
        return pread(descriptor, size, offset)

    monkeypatch.setattr(os, "pread", counting)
    with pytest.raises(UsageError, match="changed while it was read"):
        file.read(0, 5)


def test_a_file_replaced_by_another_is_still_the_old_one(tmp_path: Path) -> None:
    """What took its name since is another file, and none of ours."""
    path, newer = tmp_path / "file", tmp_path / "newer"
    path.write_bytes(b"older")
    file = OpenFile(path)

    newer.write_bytes(b"newer")
    newer.replace(path)

    assert b"older" == file.read(0, 5)
    file.close()


def test_threads_read_a_file_at_the_same_time(tmp_path: Path) -> None:
    """There is no position that one thread could move for another."""
    path = tmp_path / "file"
    path.write_bytes(b"".join(b"%06d" % number for number in range(1000)))
    file = OpenFile(path)

    def read(number: int) -> bytes:
        return file.read(6 * number, 6)

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(read, range(1000)))
    file.close()

    assert [b"%06d" % number for number in range(1000)] == found


def test_a_file_stays_open_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A close in the very moment before the system call waits until that is over."""
    path = tmp_path / "file"
    path.write_bytes(b"bytes")
    file = OpenFile(path)
    closer = threading.Thread(target=file.close)
    pread = os.pread
    found: list[bool] = []

    def meanwhile(descriptor: int, size: int, offset: int) -> bytes:
        closer.start()
        closer.join(0.05)
        found.append(is_open(descriptor))
        return pread(descriptor, size, offset)

    monkeypatch.setattr(os, "pread", meanwhile)
    assert b"bytes" == file.read(0, 5)
    closer.join()

    assert [True] == found
    assert file.closed


# What is uploaded


@settings(deadline=None)
@given(st.binary(max_size=60), st.integers(1, 20))
def test_a_source_is_digested_in_pieces(content: bytes, piece: int) -> None:
    """Each is a bounded piece of work, and together they are the digest of the whole."""
    spools = Spools()
    source = spools.source(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_DIGESTED", piece)
        pieces = 1
        while source.digest_next():
            pieces += 1

    assert max(1, -(-len(content) // piece)) == pieces
    assert hashlib.sha256(content).hexdigest() == source.sha256
    assert (len(content), content) == (source.size, source.read(0, len(content)))
    assert content[3:7] == source.read(3, 4)
    spools.close()


def test_a_source_is_a_file_or_bytes(tmp_path: Path) -> None:
    """Either is let go of with the spools; the file is left as it is."""
    path = tmp_path / "file"
    path.write_bytes(b"bytes")
    spools = Spools(str(tmp_path))

    sources = [spools.source(path), spools.source(str(path)), spools.source(b"bytes")]
    for source in sources:
        assert not source.digest_next()
    spools.close()

    assert {hashlib.sha256(b"bytes").hexdigest()} == {source.sha256 for source in sources}
    for source in sources:
        with pytest.raises(UsageError, match="closed"):
            source.read(0, 1)
    assert [path] == list(tmp_path.iterdir())
    assert b"bytes" == path.read_bytes()


def test_a_source_that_is_none_leaves_nothing_open(tmp_path: Path) -> None:
    """A missing file is the system's own error, and the spools close as ever."""
    spools = Spools()
    with pytest.raises(FileNotFoundError, match="missing"):
        spools.source(tmp_path / "missing")
    assert [] == spools._open
    spools.close()


def test_a_source_that_changes_is_not_digested(tmp_path: Path) -> None:
    """Its digest would be that of no file there ever was."""
    path = tmp_path / "file"
    path.write_bytes(b"bytes")
    source = SpooledSource(OpenFile(path))
    path.write_bytes(b"other bytes")

    with pytest.raises(UsageError, match="changed while it was read"):
        source.digest_next()


# Files that take their name when they are whole


def test_a_new_file_takes_its_name_when_it_is_committed(tmp_path: Path) -> None:
    """Until then there is a part, which nobody else may read, and the name is free."""
    final = tmp_path / "saved"
    spools = Spools()
    new = spools.new_file(str(final))
    new.append(b"who")
    new.append(b"le")
    (part,) = tmp_path.iterdir()
    assert (".part", 0o600) == (part.suffix, stat.S_IMODE(part.stat().st_mode))

    new.commit()
    assert b"whole" == final.read_bytes()
    assert new.stream.closed is False
    spools.close()

    assert new.stream.closed
    assert [final] == list(tmp_path.iterdir())
    assert 0o600 == stat.S_IMODE(final.stat().st_mode)


def test_a_new_file_that_is_not_committed_is_gone(tmp_path: Path) -> None:
    """Closed by whom it was opened for, in whatever way that ends; an older one stays."""
    final = tmp_path / "saved"
    final.write_bytes(b"older")
    spools = Spools()
    spools.new_file(final, overwrite=True).append(b"half")
    assert ["", ".part"] == sorted(path.suffix for path in tmp_path.iterdir())

    spools.close()
    spools.close()

    assert [final] == list(tmp_path.iterdir())
    assert b"older" == final.read_bytes()


def test_closing_twice_takes_nothing_from_the_next(tmp_path: Path) -> None:
    """By then another may be at it."""
    final = tmp_path / "saved"
    first = NewFile(final)
    first.close()
    second = NewFile(final)
    second.append(b"second")

    first.close()
    second.commit()
    second.close()

    assert b"second" == final.read_bytes()


def test_of_two_writers_none_leaves_a_short_file(tmp_path: Path) -> None:
    """The name is taken by what is whole, also where two processes save to it."""
    final = tmp_path / "saved"
    with closing(NewFile(final)) as one, closing(NewFile(final)) as other:
        one.append(b"whole")
        other.append(b"who")
        one.commit()
        assert b"whole" == final.read_bytes()

    assert [final] == list(tmp_path.iterdir())


@pytest.mark.parametrize("linked", [True, False])
def test_a_name_that_was_taken_meanwhile_is_left_to_the_other(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    linked: bool,
) -> None:
    """Unless it may be overwritten, on file systems with links and without."""
    if not linked:
        monkeypatch.setattr(Path, "hardlink_to", _refuse_links)
    final = tmp_path / "saved"
    with closing(NewFile(final)) as new, closing(NewFile(final, overwrite=True)) as heedless:
        new.append(b"ours")
        heedless.append(b"newest")
        final.write_bytes(b"theirs")

        with pytest.raises(UsageError, match="exists already"):
            new.commit()
        assert b"theirs" == final.read_bytes()
        heedless.commit()

    assert [final] == list(tmp_path.iterdir())
    assert b"newest" == final.read_bytes()


def _refuse_links(*_: object) -> None:
    raise OSError(errno.EPERM, "Operation not permitted")


def test_a_file_takes_its_name_without_links_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a memory card."""
    monkeypatch.setattr(Path, "hardlink_to", _refuse_links)
    final = tmp_path / "saved"
    with replacing(final) as file:
        file.write(b"whole")

    assert [final] == list(tmp_path.iterdir())
    assert b"whole" == final.read_bytes()


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_place_that_is_taken_is_refused_at_once(tmp_path: Path, overwrite: bool) -> None:
    """Nothing is begun there, and nothing is left of the attempt."""
    final = tmp_path / "saved"
    final.mkdir() if overwrite else final.write_bytes(b"older")
    spools = Spools()

    with pytest.raises(UsageError, match="cannot be a file" if overwrite else "exists already"):
        spools.new_file(final, overwrite=overwrite)

    assert [] == spools._open
    assert [final] == list(tmp_path.iterdir())


@pytest.mark.parametrize("step", ["append", "commit"])
def test_a_new_file_on_a_full_disk_is_named_and_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Whether the room ends while it is written or only when it is flushed."""
    new = NewFile(tmp_path / "saved")
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, new.stream.fileno())
    os.close(full)
    if step == "commit":
        new.append(b"few")
        monkeypatch.setattr(os, "fsync", lambda _: pytest.fail("there is nothing to keep"))
    with pytest.raises(OSError, match=r"No space left on device: '.*/saved'"):
        new.append(b"x" * 1_000_000) if step == "append" else new.commit()
    new.close()

    assert [] == list(tmp_path.iterdir())


ADVISED = pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="the system takes no advice")


@ADVISED
def test_what_is_written_is_soon_on_its_way_to_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it, once, and after it was handed to the system: the end waits for little."""
    seen: list[tuple[int, int, int]] = []

    def advise(file: int, offset: int, length: int, _: int) -> None:
        seen.append((offset, offset + length, os.fstat(file).st_size))

    monkeypatch.setattr(module, "_OUTSTANDING", 10)
    monkeypatch.setattr(os, "posix_fadvise", advise)
    with closing(NewFile(tmp_path / "saved")) as new:
        for piece in (b"1234", b"56789", b"", b"012", b"3456789012345"):
            new.append(piece)
        new.commit()

    assert [(0, 12, 12), (12, 25, 25)] == seen
    assert b"1234567890123456789012345" == (tmp_path / "saved").read_bytes()


@pytest.mark.parametrize("known", [True, False])
def test_a_system_that_takes_no_advice_is_written_to_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, known: bool
) -> None:
    """Be it that it refuses it for this file, or has never heard of it."""

    def refuse(*_: object) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(module, "_OUTSTANDING", 10)
    monkeypatch.delattr(os, "posix_fadvise", raising=False)
    if known:
        monkeypatch.setattr(os, "posix_fadvise", refuse, raising=False)
        monkeypatch.setattr(os, "POSIX_FADV_DONTNEED", 4, raising=False)
    with closing(NewFile(tmp_path / "saved")) as new:
        for _ in range(3):
            new.append(b"x" * 10)
        new.commit()

    assert b"x" * 30 == (tmp_path / "saved").read_bytes()


def test_each_writer_of_its_own_name_is_left_alone(tmp_path: Path) -> None:
    """Many threads may save at the same time."""

    def save(number: int) -> None:
        with closing(NewFile(tmp_path / f"{number}")) as new:
            for _ in range(50):
                new.append(b"%d\n" % number)
            new.commit()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(save, range(20)))

    assert {f"{number}": b"%d\n" % number * 50 for number in range(20)} == {
        path.name: path.read_bytes() for path in tmp_path.iterdir()
    }


def test_a_file_that_goes_into_a_request_is_read_at_once(tmp_path: Path) -> None:
    """Up to a limit; beyond it, the error says what to do instead."""
    path = tmp_path / "a\n.bin"
    for content in (b"", b"12345"):
        path.write_bytes(content)
        assert content == read_whole(path, 5) == read_whole(str(path), 5)

    path.write_bytes(b"123456")
    with pytest.raises(UsageError) as caught:
        read_whole(path, 5)
    assert (
        "'a\\n.bin' has more than 5 bytes, which do not fit into a request: upload it with "
        "client.files.upload(), and refer to it with Part.from_file()"
    ) == str(caught.value)
    with pytest.raises(FileNotFoundError):
        read_whole(tmp_path / "missing", 5)


def test_bytes_that_are_uploaded_are_not_copied() -> None:
    """Of many, that would hold up every thread."""
    content = bytes(8 << 20)
    tracemalloc.start()
    try:
        source = Spools().source(content)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 1 << 16
    assert (len(content), content[:9]) == (source.size, source.read(0, 9))
