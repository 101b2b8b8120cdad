"""The core's only file I/O: private spools, and files that take their name only when whole."""

from __future__ import annotations

import errno
import os
import tempfile
import threading
import weakref
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol, TypeAlias

from .errors import UsageError

StrPath: TypeAlias = str | os.PathLike[str]
"""The path of a file."""


class Spool(Protocol):
    """Bytes kept for a while: appended to once, then read anywhere, by any thread."""

    @property
    def size(self) -> int:
        """How many bytes it holds."""
        ...

    def append(self, piece: bytes) -> None:
        """Add to the end."""
        ...

    def read(self, offset: int, size: int) -> bytes:
        """Return ``size`` bytes from ``offset`` on, fewer at the end."""
        ...

    @property
    def closed(self) -> bool:
        """Whether the bytes are gone."""
        ...

    def close(self) -> None:
        """Let go of the bytes; more than once does no harm."""
        ...


class MemorySpool:
    """A spool in memory, for what came in one reply and is in memory anyway."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._closed = False

    @property
    def size(self) -> int:
        """How many bytes it holds."""
        return len(self._bytes)

    def append(self, piece: bytes) -> None:
        """Add to the end."""
        if self._closed:
            raise _closed()
        self._bytes += piece

    def read(self, offset: int, size: int) -> bytes:
        """Return ``size`` bytes from ``offset`` on, fewer at the end."""
        kept = self._bytes  # before the look: close() puts nothing in its place
        if self._closed:
            raise _closed()
        return bytes(memoryview(kept)[offset : offset + size])

    @property
    def closed(self) -> bool:
        """Whether the bytes are gone."""
        return self._closed

    def close(self) -> None:
        """Let go of the bytes."""
        self._closed = True
        self._bytes = bytearray()


class FileSpool:
    """A spool in a file that only this process can see: it has no name, and goes with it.

    It is read by ``pread``: mapped pages would count as memory of the process. A lock keeps its
    descriptor open while it is used: the number of a closed one soon belongs to another file.
    """

    def __init__(self, directory: str | None = None) -> None:
        self._file, name = tempfile.mkstemp(prefix="gemini-batch-", dir=directory)
        path = Path(name)
        path.unlink()
        self._directory = path.parent
        self._size = 0
        self._lock = threading.Lock()
        self._finalizer = weakref.finalize(self, os.close, self._file)

    @property
    def size(self) -> int:
        """How many bytes it holds."""
        return self._size

    def append(self, piece: bytes) -> None:
        """Add to the end; ``OSError`` when the disk is full."""
        rest = memoryview(piece)
        with self._lock, _naming(self._directory):
            self._require_open()
            while rest:
                written = os.pwrite(self._file, rest, self._size)
                self._size += written
                rest = rest[written:]

    def read(self, offset: int, size: int) -> bytes:
        """Return ``size`` bytes from ``offset`` on, fewer at the end."""
        with self._lock:
            self._require_open()
            piece = os.pread(self._file, size, offset)
            while piece and len(piece) < min(size, self._size - offset):
                piece += os.pread(self._file, size - len(piece), offset + len(piece))
        return piece

    def _require_open(self) -> None:
        if self.closed:
            raise _closed()

    @property
    def closed(self) -> bool:
        """Whether the file is gone."""
        return not self._finalizer.alive

    def close(self) -> None:
        """Let go of the file, as soon as nobody reads it."""
        with self._lock:
            self._finalizer()


_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def _naming(path: Path) -> Generator[None]:
    """Say where there was no room: the system call knows no path."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM and error.filename is None:
            error.filename = str(path)
        raise


def _closed() -> UsageError:
    return UsageError("these results are closed; fetch them again from the batch")


class Spools:
    """Where a flow's spools live: those it does not keep are closed when it ends.

    Flows own nothing, since they cannot clean up; what drives them closes this.
    """

    def __init__(self, directory: str | None = None) -> None:
        self._directory = directory
        self._open: list[Spool] = []

    def in_file(self) -> Spool:
        """Open a spool on disk."""
        return self._own(FileSpool(self._directory))

    def in_memory(self) -> Spool:
        """Open a spool in memory."""
        return self._own(MemorySpool())

    def _own(self, spool: Spool) -> Spool:
        self._open.append(spool)
        return spool

    def keep(self, spool: Spool) -> None:
        """Leave a spool open for a new owner."""
        self._open.remove(spool)

    def close(self) -> None:
        """Close the spools that nobody keeps."""
        while self._open:
            self._open.pop().close()


@contextmanager
def replacing(path: StrPath, *, overwrite: bool = False) -> Generator[BinaryIO]:
    """Write a file that takes its name when the block ends well, and leaves nothing otherwise.

    It is readable only by its owner. Raises :class:`~gemini_batch.UsageError` before the block
    where the name is taken (unless ``overwrite``) or its directory is missing.
    """
    final = Path(path)
    if final.exists() and not overwrite:
        raise UsageError(f"{final} exists already; remove it, choose another name or overwrite it")
    if final.is_dir() or not final.parent.is_dir():
        raise UsageError(f"{final} cannot be a file: it or its directory is not what it should be")
    part = final.with_name(f"{final.name}.part")
    part.unlink(missing_ok=True)  # of a run that was killed
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    try:
        with _naming(part), os.fdopen(os.open(part, flags, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(final)
    finally:
        part.unlink(missing_ok=True)
