"""The key of every test, and an ear for it wherever a key could surface.

Every test is listened to (``tests/conftest.py``): none has to ask for it, and none can forget to.
"""

from __future__ import annotations

import logging
import os
import pickle
import socket
import subprocess
import sys
import traceback
import warnings
import weakref
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from attrs import define, field

import gemini_batch
from gemini_batch import spool
from gemini_batch.aio import link as aio_link
from gemini_batch.credentials import VARIABLES
from gemini_batch.sync import link as sync_link

SONG = "CANARYcanary"
"""What is listened for: it is in every key of every test."""

CANARY = f"AIza{SONG}CANARYcanary0000000000"
"""The key of every test; wherever it sings, something leaked."""

OPEN = frozenset({"any-key", "example", "mine", "none"})
"""Keys that are no secret: those of the emulator, and what a page shows as one."""

HEADER = b"x-goog-api-key: "
PACKAGE = str(Path(gemini_batch.__file__).parent)
GIVEN = ("credentials.py", "settings.py")
"""What is given the key; its frames are cut off where a client is made, whatever the level."""

SPEAKING = ("debug", "info", "warning", "error", "exception", "critical", "log")


@define
class Ear:
    """Hears a key: ``leaks`` says where."""

    song: str = SONG
    leaks: list[str] = field(factory=list[str])

    def hear(self, where: str, said: object) -> None:
        """Note where something was said, if it holds a key."""
        text = said if isinstance(said, str | bytes) else repr(said)
        wanted: Any = self.song if isinstance(text, str) else self.song.encode()
        if wanted in text:
            self.leaks.append(where)

    def hear_error(self, error: BaseException, where: str = "") -> None:
        """Listen to an error and all behind it: what it says, and what a crash report would."""
        for one in _chain(error):
            name = f"{where}{type(one).__name__}: "
            for what, text in (
                ("str", str(one)),
                ("repr", repr(one)),
                ("attributes", repr(vars(one))),
                *_locals(one),
            ):
                self.hear(name + what, text)
            if isinstance(one, gemini_batch.GeminiBatchError):
                self.hear(f"{name}pickle", pickle.dumps(one))

    def hear_everything(self, patch: pytest.MonkeyPatch) -> None:
        """Listen to all that this process says from here on, whoever says it to whom."""
        self._hear_the_log(patch)
        self._hear_streams(patch)
        self._hear_warnings(patch)
        self._hear_expected_errors(patch)
        self._hear_spools(patch)
        self._hear_sockets(patch)
        self._hear_children(patch)
        self._know_the_keys(patch)

    def hear_files(self, folder: Path) -> None:
        """Listen to what was written under a folder."""
        for path in sorted(folder.rglob("*")):
            self.hear(f"name of {path.name}", path.name)
            if path.is_file() and not path.is_symlink():
                self.hear(f"file {path.name}", b"" if _is_hole(path) else path.read_bytes())

    def _hear_the_log(self, patch: pytest.MonkeyPatch) -> None:
        """Hear each line that any logger is told, also below its level: it may be lower elsewhere.

        The levels are left as they are: that of the package decides how much is in tracebacks.
        """

        def heard(name: str) -> Callable[..., None]:
            speak: Callable[..., None] = getattr(logging.Logger, name)

            def told(logger: logging.Logger, *args: Any, **options: Any) -> None:
                where = f"log of {logger.name}"
                message, *values = args[1:] if name == "log" else args
                record = logging.LogRecord("", 0, "", 0, message, tuple(values), None)
                self.hear(where, record.getMessage())
                self.hear(where, (values, options))
                error = options.get("exc_info", name == "exception")
                found = error if isinstance(error, BaseException) else sys.exc_info()[1]
                if error and found is not None:
                    self.hear_error(found, f"{where}: ")
                speak(logger, *args, **{**options, "stacklevel": options.get("stacklevel", 1) + 1})

            return told

        for name in SPEAKING:
            patch.setattr(logging.Logger, name, heard(name))

    def _hear_streams(self, patch: pytest.MonkeyPatch) -> None:
        """Hear what a test reads of its own output; what it leaves is in its report."""
        read = pytest.CaptureFixture.readouterr

        def heard(fixture: Any) -> Any:
            said = read(fixture)
            self.hear("stdout", said.out)
            self.hear("stderr", said.err)
            return said

        patch.setattr(pytest.CaptureFixture, "readouterr", heard)

    def _hear_warnings(self, patch: pytest.MonkeyPatch) -> None:
        make = warnings.WarningMessage.__init__

        def heard(warning: Any, message: Any, *args: Any, **options: Any) -> None:
            self.hear("warning", str(message))
            make(warning, message, *args, **options)

        patch.setattr(warnings.WarningMessage, "__init__", heard)

    def _hear_expected_errors(self, patch: pytest.MonkeyPatch) -> None:
        kind = type(pytest.raises(OSError))  # noqa: PT011 - nothing is raised, it is looked at
        leave = kind.__exit__

        def heard(context: Any, *raised: Any) -> Any:
            if isinstance(raised[1], Exception):
                self.hear_error(raised[1])
            return leave(context, *raised)

        patch.setattr(kind, "__exit__", heard)

    def _hear_spools(self, patch: pytest.MonkeyPatch) -> None:
        append = spool.FileSpool.append

        def heard(kept: spool.FileSpool, piece: bytes) -> None:
            self.hear("spool", piece)
            append(kept, piece)

        patch.setattr(spool.FileSpool, "append", heard)

    def _hear_sockets(self, patch: pytest.MonkeyPatch) -> None:
        """Hear the key wherever a client sends it but as the value of its own header.

        A server that was called answers for itself: some quote the key on purpose.
        """
        accept, called = socket.socket.accept, weakref.WeakSet[socket.socket]()

        def accepted(server: socket.socket) -> Any:
            sock, address = accept(server)
            called.add(sock)
            return sock, address

        def heard(send: Callable[..., Any]) -> Callable[..., Any]:
            def told(sock: Any, said: Any, *args: Any) -> Any:
                if sock not in called:
                    whole = isinstance(said, bytes | bytearray | memoryview)
                    for piece in [said] if whole else (said := [*said]):
                        self.hear("wire", _without_the_header(bytes(piece), self.song.encode()))
                return send(sock, said, *args)

            return told

        patch.setattr(socket.socket, "accept", accepted)
        for name in ("send", "sendall", "sendmsg"):
            patch.setattr(socket.socket, name, heard(getattr(socket.socket, name)))

    def _hear_children(self, patch: pytest.MonkeyPatch) -> None:
        """Hear what a child is told in the open, and what it says."""
        begin, talk = subprocess.Popen.__init__, subprocess.Popen.communicate

        def begun(child: Any, args: Any, *more: Any, **options: Any) -> None:
            self.hear("arguments of a child", args if isinstance(args, bytes) else str(args))
            environment = options.get("env")
            self._hear_environment(os.environ if environment is None else environment)
            begin(child, args, *more, **options)
            for name in ("stdout", "stderr"):
                if (stream := getattr(child, name)) is not None:
                    setattr(child, name, Heard(stream, self, name))

        def talked(child: Any, *args: Any, **options: Any) -> Any:
            said = talk(child, *args, **options)
            for name, text in zip(("stdout", "stderr"), said, strict=True):
                self.hear(f"{name} of a child", text or "")
            return said

        patch.setattr(subprocess.Popen, "__init__", begun)
        patch.setattr(subprocess.Popen, "communicate", talked)

    def _hear_environment(self, environment: Mapping[Any, Any]) -> None:
        for name, value in environment.items():
            if name in VARIABLES:
                self.require_known(str(value))
            else:
                self.hear(f"environment of a child: {name}", str(value))

    def _know_the_keys(self, patch: pytest.MonkeyPatch) -> None:
        """Let no client have a key that nobody would hear."""

        def known(make: Callable[..., None]) -> Callable[..., None]:
            def made(link: Any, connection: Any, *args: Any, **options: Any) -> None:
                self.require_known(str.__str__(connection.key.headers()["x-goog-api-key"]))
                make(link, connection, *args, **options)

            return made

        for kind in (sync_link.Link, aio_link.Link):
            patch.setattr(kind, "__init__", known(kind.__init__))

    def require_known(self, key: str) -> None:
        """Note a key that is neither a canary nor open to all."""
        if key.strip() and key.strip() not in OPEN and self.song not in key:
            self.leaks.append("a key that is not tests.canary.CANARY, and so would not be heard")


class Heard:
    """A stream of a child, of which all is heard that is read."""

    def __init__(self, stream: Any, ear: Ear, name: str) -> None:
        self._stream = stream
        self._hear = lambda said: ear.hear(f"{name} of a child", said)

    def read(self, *args: Any) -> Any:
        """Read what there is."""
        return self._told(self._stream.read(*args))

    def readline(self, *args: Any) -> Any:
        """Read a line."""
        return self._told(self._stream.readline(*args))

    def __iter__(self) -> Iterator[Any]:
        return map(self._told, self._stream)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _told(self, said: Any) -> Any:
        self._hear(said)
        return said


def _is_hole(path: Path) -> bool:
    """Tell a large file into which nothing was written: reading its zeros would take seconds."""
    found = path.stat()
    return found.st_size > 1 << 20 and not found.st_blocks


def _without_the_header(said: bytes, song: bytes) -> bytes:
    """Return what is sent without the header that carries the key, however its name is written."""
    if song not in said:
        return b""
    lines = said.split(b"\r\n")
    return b"\n".join(line for line in lines if not line.lower().startswith(HEADER))


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [one.__cause__, one.__context__]
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions
        if isinstance(one, gemini_batch.HandleReturnedError):
            waiting.append(one.reason)


def _locals(error: BaseException) -> Iterator[tuple[str, str]]:
    """Yield the variables of the frames of the package.

    Those of the libraries below hold the bytes that they are sending, and nobody can keep them from
    it; those of the test are the test's.
    """
    for frame, line in traceback.walk_tb(error.__traceback__):
        path = frame.f_code.co_filename
        if path.startswith(PACKAGE) and not path.endswith(GIVEN):
            for name, value in frame.f_locals.items():
                yield f"{_place(frame, line)}: local {name}", _shown(value)


def _shown(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - what cannot be shown is shown by no report either
        return ""


def _place(frame: FrameType, line: int) -> str:
    return f"{Path(frame.f_code.co_filename).name}:{line}"
