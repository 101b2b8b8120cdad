"""A gate before the emulator, which can be shut: whoever knocks then is refused at once."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

PIECE = 65_536


class Gate:
    """Pass bytes on to a service, while it is open; a context manager."""

    def __init__(self, url: str) -> None:
        self._service = urlsplit(url).port or 0
        self._listening: socket.socket | None = None
        self._port = 0
        self._passing: list[socket.socket] = []

    @property
    def url(self) -> str:
        """Return the URL by which the service is reached through the gate."""
        return f"http://127.0.0.1:{self._port}"

    def open(self) -> None:
        """Let everybody in; an open gate stays as it is."""
        if self._listening is None:
            # The port is the same each time, though connections to it may still be closing.
            self._listening = socket.create_server(("127.0.0.1", self._port))
            self._port = self._listening.getsockname()[1]
            threading.Thread(target=self._let_in, args=(self._listening,), daemon=True).start()

    def shut(self) -> None:
        """Refuse everybody, and close what is open."""
        if self._listening is not None:
            self._listening.shutdown(socket.SHUT_RDWR)  # wakes who waits for the next one
            self._listening.close()
            self._listening = None
        while self._passing:
            _close(self._passing.pop())

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.shut()

    def _let_in(self, listening: socket.socket) -> None:
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return  # the gate is shut
            service = socket.create_connection(("127.0.0.1", self._service))
            self._passing += [client, service]
            for pair in ((client, service), (service, client)):
                threading.Thread(target=_pass_on, args=pair, daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):  # whoever closed it has what was passed on by then
        while piece := source.recv(PIECE):
            target.sendall(piece)
    _close(source)
    _close(target)


def _close(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
