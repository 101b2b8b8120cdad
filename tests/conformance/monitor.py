"""Watch an event loop: how long each of its callbacks computes, and what it would block in."""

import asyncio
import builtins
import io
import os
import socket
import sys
import tempfile
import time
from asyncio import events
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import pytest
from attrs import define, field

FILES: dict[Any, tuple[str, ...]] = {
    builtins: ("open",),
    io: ("open",),
    os: (
        *("open", "read", "write", "pread", "pwrite", "fsync", "close", "fdopen", "replace"),
        *("link", "unlink", "rename", "mkdir", "listdir", "scandir", "stat", "fstat", "truncate"),
    ),
    tempfile: ("mkstemp",),
    time: ("sleep",),
}
"""Calls that may block, whatever they are called with."""

SOCKETS = ("accept", "connect", "recv", "recv_into", "send", "sendall", "sendmsg")
"""Calls that may block unless their socket was told not to."""


@define
class Monitor:
    """What a loop was kept from its other work by.

    ``longest`` is how many seconds of computing one callback took at most: of computing, so that
    what else this machine does is no matter. ``blocking`` are calls that may wait, and say where
    they came from.
    """

    longest: float = 0.0
    blocking: list[str] = field(factory=list[str])

    @contextmanager
    def watching(self, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
        """Watch all that runs in a loop."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(events.Handle, "_run", self._measured(events.Handle._run, loop))
            for place, names in FILES.items():
                for name in names:
                    patch.setattr(place, name, self._noted(name, getattr(place, name), loop))
            for name in SOCKETS:
                call = getattr(socket.socket, name)
                patch.setattr(socket.socket, name, self._noted(name, call, loop, of_socket=True))
            patch.setattr(socket, "getaddrinfo", self._noted("look-up", socket.getaddrinfo, loop))
            yield

    def _measured(
        self, run: Callable[[Any], None], loop: asyncio.AbstractEventLoop
    ) -> Callable[[Any], None]:
        def measured(handle: Any) -> None:
            if handle._loop is not loop:
                run(handle)
                return
            begun = time.thread_time()
            run(handle)
            self.longest = max(self.longest, time.thread_time() - begun)

        return measured

    def _noted(
        self,
        name: str,
        call: Callable[..., Any],
        loop: asyncio.AbstractEventLoop,
        *,
        of_socket: bool = False,
    ) -> Callable[..., Any]:
        @wraps(call)
        def noted(*args: Any, **options: Any) -> Any:
            if asyncio._get_running_loop() is loop and not (
                of_socket and args[0].gettimeout() == 0
            ):
                caller = sys._getframe(1)
                self.blocking.append(
                    f"{name} in {caller.f_globals.get('__name__')}:{caller.f_lineno}"
                )
            return call(*args, **options)

        return noted
