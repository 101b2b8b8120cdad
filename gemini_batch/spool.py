"""The core's only file I/O: private spools, and files that take their name only when whole."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import tempfile
import threading
import weakref
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import repeat
from operator import add
from pathlib import Path
from typing import BinaryIO, Protocol, TypeAlias, TypeVar

from .errors import UsageError

Found = TypeVar("Found")

StrPath: TypeAlias = str | os.PathLike[str]
"""The path of a file."""


def name_of(path: StrPath) -> str:
    """Return the last part of a path."""
    return Path(path).name


def read_whole(path: StrPath, limit: int) -> bytes:
    """Return the content of a file; :class:`~gemini_batch.UsageError` where it is too large."""
    with Path(path).open("rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise UsageError(
            f"{name_of(path)!a} has more than {limit} bytes, which do not fit into a request: "
            "upload it with client.files.upload(), and refer to it with Part.from_file()"
        )
    return content


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

    def read_each(self, offsets: Sequence[int], sizes: Sequence[int]) -> list[bytes]:
        """Return what is in each of some places, all read under one lock."""
        ...

    @property
    def closed(self) -> bool:
        """Whether the bytes are gone."""
        ...

    def close(self) -> None:
        """Let go of the bytes; more than once does no harm."""
        ...


class MemorySpool:
    """A spool in memory, for what is there anyway: what came in one reply, or bytes as they are.

    These are not copied: of many, that would hold up every thread.
    """

    def __init__(self, begun: bytes | None = None) -> None:
        self._bytes = bytearray() if begun is None else begun
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

    def read_each(self, offsets: Sequence[int], sizes: Sequence[int]) -> list[bytes]:
        """Return what is in each of some places."""
        return list(map(self.read, offsets, sizes))

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
            return _read(self._file, offset, size, self._size)

    def read_each(self, offsets: Sequence[int], sizes: Sequence[int]) -> list[bytes]:
        """Return what is in each of some places, all read under one lock."""
        with self._lock:
            self._require_open()
            return _read_each(self._file, offsets, sizes, self._size)

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


def _read(file: int, offset: int, size: int, end: int) -> bytes:
    """Return ``size`` bytes of a file from ``offset`` on, fewer at its end."""
    piece = more = os.pread(file, size, offset)
    while more and len(piece) < min(size, end - offset):
        more = os.pread(file, size - len(piece), offset + len(piece))
        piece += more
    return piece


def _read_each(file: int, offsets: Sequence[int], sizes: Sequence[int], end: int) -> list[bytes]:
    """Return what is in each of some places of a file: at once, if they lie close together."""
    low = min(offsets)
    span = max(map(add, offsets, sizes)) - low
    if span <= 2 * sum(sizes):
        piece = _read(file, low, span, end)
        return [
            piece[offset - low : offset - low + size]
            for offset, size in zip(offsets, sizes, strict=True)
        ]
    texts = list(map(os.pread, repeat(file), sizes, offsets))
    if list(map(len, texts)) != sizes:  # a read may be cut short, and then goes on
        texts = [
            _read(file, offset, size, end) for offset, size in zip(offsets, sizes, strict=True)
        ]
    return texts


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
    return UsageError("these results are closed: fetch them, or open their file, again")


class OpenFile:
    """A file of the caller's, read as a spool; closing it leaves the file as it is.

    Raises ``OSError`` where the file cannot be read, and :class:`~gemini_batch.UsageError` where
    it is no plain file, or changes while it is read.
    """

    def __init__(self, path: StrPath) -> None:
        self._path = Path(path)
        self._lock = threading.Lock()
        self._file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        self._finalizer = weakref.finalize(self, os.close, self._file)
        begun = os.fstat(self._file)
        if not stat.S_ISREG(begun.st_mode):
            self.close()
            raise UsageError(f"{self._path} is not a file that can be read from end to end")
        self._size, self._changed = begun.st_size, begun.st_mtime_ns

    @property
    def size(self) -> int:
        """How many bytes it holds."""
        return self._size

    def append(self, piece: bytes) -> None:
        """Refuse to add anything."""
        raise UsageError(f"{self._path} is read, not written to ({len(piece)} bytes)")

    def read(self, offset: int, size: int) -> bytes:
        """Return ``size`` bytes from ``offset`` on, fewer at the end."""
        return self._unchanged(lambda: _read(self._file, offset, size, self._size))

    def read_each(self, offsets: Sequence[int], sizes: Sequence[int]) -> list[bytes]:
        """Return what is in each of some places, all read under one lock."""
        return self._unchanged(lambda: _read_each(self._file, offsets, sizes, self._size))

    def _unchanged(self, read: Callable[[], Found]) -> Found:
        """Read something, and hold that the file is still the same."""
        with self._lock:
            if self.closed:
                raise _closed()
            found = read()
            now = os.fstat(self._file)
        if (now.st_size, now.st_mtime_ns) != (self._size, self._changed):
            raise UsageError(f"{self._path} changed while it was read: leave it as it is meanwhile")
        return found

    @property
    def closed(self) -> bool:
        """Whether the file was let go of."""
        return not self._finalizer.alive

    def close(self) -> None:
        """Let go of the file, as soon as nobody reads it."""
        with self._lock:
            self._finalizer()


class Source(Protocol):
    """What is uploaded: bytes that do not change meanwhile."""

    @property
    def size(self) -> int:
        """How many bytes there are."""
        ...

    @property
    def sha256(self) -> str:
        """Their digest, in hexadecimal."""
        ...

    def read(self, offset: int, size: int) -> bytes:
        """Return a chunk of them."""
        ...


_DIGESTED = 8 << 20
"""Bytes that are digested in one go."""


class SpooledSource:
    """The bytes of a spool, to be uploaded once :meth:`digest_next` is through with them."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._hash = hashlib.sha256()
        self._digested = 0

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return self._spool.size

    @property
    def sha256(self) -> str:
        """Their digest, in hexadecimal."""
        return self._hash.hexdigest()

    def digest_next(self) -> bool:
        """Take the next bytes into the digest; whether there are more."""
        piece = self.read(self._digested, _DIGESTED)
        self._hash.update(piece)
        self._digested += len(piece)
        return self._digested < self.size

    def read(self, offset: int, size: int) -> bytes:
        """Return a chunk of them."""
        return self._spool.read(offset, size)


_OUTSTANDING = 16 << 20
"""Bytes of a new file that are kept back, before they are on their way to the disk."""


class NewFile:
    """A file that takes its name with :meth:`commit`, and leaves nothing without it.

    Until then it is beside that name under one of its own, readable only by its owner. Raises
    :class:`~gemini_batch.UsageError` where the name is taken (unless ``overwrite``) or its
    directory is missing.
    """

    def __init__(self, path: StrPath, *, overwrite: bool = False) -> None:
        self._final = Path(path)
        self._overwrite = overwrite
        if not overwrite and (self._final.exists() or self._final.is_symlink()):
            raise self._taken()
        if self._final.is_dir() or not self._final.parent.is_dir():
            raise UsageError(
                f"{self._final} cannot be a file: it or its directory is not what it should be"
            )
        part, name = tempfile.mkstemp(
            prefix=".gemini-batch-", suffix=".part", dir=self._final.parent
        )
        self._part = Path(name)
        self.stream: BinaryIO = os.fdopen(part, "wb")
        self._size = self._on_its_way = 0

    def _taken(self) -> UsageError:
        return UsageError(
            f"{self._final} exists already; remove it, choose another name or overwrite it"
        )

    def append(self, piece: bytes) -> None:
        """Add to the end."""
        with _naming(self._final):
            self.stream.write(piece)
            self._size += len(piece)
            if self._size - self._on_its_way >= _OUTSTANDING:
                self._send_out()

    def _send_out(self) -> None:
        """Let the disk begin, which has to hold it all in the end: by then most of it is there."""
        self.stream.flush()
        if hasattr(os, "posix_fadvise"):
            length = self._size - self._on_its_way
            with suppress(OSError):  # a file system need not take advice
                os.posix_fadvise(
                    self.stream.fileno(), self._on_its_way, length, os.POSIX_FADV_DONTNEED
                )
        self._on_its_way = self._size

    def commit(self) -> None:
        """Give the file its name, now that it is whole, unless another has it by now."""
        with _naming(self._final):
            self.stream.flush()
            os.fsync(self.stream.fileno())
        if self._overwrite:
            self._part.replace(self._final)
            return
        try:
            self._final.hardlink_to(self._part)
        except FileExistsError:
            raise self._taken() from None
        except OSError:  # a file system without links
            if self._final.exists():
                raise self._taken() from None
            self._part.replace(self._final)

    def close(self) -> None:
        """Let go of the file; one that was not committed is gone."""
        if not self.stream.closed:
            with suppress(OSError):  # what was not written is not wanted, or was fsynced before
                self.stream.close()
            self._part.unlink(missing_ok=True)


@contextmanager
def replacing(path: StrPath, *, overwrite: bool = False) -> Generator[BinaryIO]:
    """Write a :class:`NewFile` that is committed when the block ends well."""
    new = NewFile(path, overwrite=overwrite)
    try:
        with _naming(Path(path)):
            yield new.stream
        new.commit()
    finally:
        new.close()


class _Owned(Protocol):
    def close(self) -> None: ...


Opened = TypeVar("Opened", bound=_Owned)


class Spools:
    """Where a flow's spools and files live: those it does not keep are closed when it ends.

    Flows own nothing, since they cannot clean up; what drives them closes this.
    """

    def __init__(self, directory: str | None = None) -> None:
        self._directory = directory
        self._open: list[_Owned] = []

    def in_file(self) -> Spool:
        """Open a spool on disk."""
        return self._own(FileSpool(self._directory))

    def in_memory(self) -> Spool:
        """Open a spool in memory."""
        return self._own(MemorySpool())

    def source(self, content: StrPath | bytes) -> SpooledSource:
        """Open a file of the caller's, or take bytes, to be uploaded."""
        if not isinstance(content, bytes):
            return SpooledSource(self._own(OpenFile(content)))
        return SpooledSource(self._own(MemorySpool(content)))

    def new_file(self, path: StrPath, *, overwrite: bool = False) -> NewFile:
        """Begin a file that takes its name when it is whole."""
        return self._own(NewFile(path, overwrite=overwrite))

    def _own(self, opened: Opened) -> Opened:
        self._open.append(opened)
        return opened

    @property
    def empty(self) -> bool:
        """Whether there is nothing to close."""
        return not self._open

    def keep(self, spool: Spool) -> None:
        """Leave a spool open for a new owner."""
        self._open.remove(spool)

    def close(self) -> None:
        """Close what nobody keeps, all of it, whatever one of them raises."""
        with ExitStack() as stack:
            while self._open:
                stack.callback(self._open.pop(0).close)
