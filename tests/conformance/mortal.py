"""A program that makes one call again and again, and each time is killed a step further on.

What is killed are children of it, one after the other, so that Python starts only once. It says
how many were, which is to say at how many steps.
"""

import gc
import os
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Callable
from functools import wraps
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from gemini_batch.effects import Effect
from tests.conformance.facades import FACADES, Facade
from tests.conformance.scenes import prompts

ASKED = prompts(3)

CALLS = {
    socket.socket: ("connect", "send", "sendall", "recv", "recv_into"),
    os: ("open", "pread", "pwrite", "fsync", "link", "replace", "unlink"),
}
"""What a call asks the system for: steps, as the beginnings of its effects are."""


def label_of(verb: str, step: int | str) -> str:
    """Return the label under which a batch is submitted."""
    return f"gb-{verb}-{step}"


def act(client: Any, verb: str, step: int | str, name: str, folder: Path) -> None:
    """Submit by one way or the other, save results, or download their file."""
    path = folder / f"{step}.jsonl"
    match verb:
        case "inline" | "file":
            client.submit(ASKED, via=verb, label=label_of(verb, step))
        case "save":
            with client.get_batch(name).results() as results:
                results.save(path)
        case "download":
            client.files.download(name, path)
        case _:
            raise ValueError(verb)


class Doom:
    """What kills this process at its ``step``-th step."""

    def __init__(self, step: int) -> None:
        self._left = step

    def take(self) -> None:
        """Take a step, unless it is the last."""
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1

    def __call__(self, effect: Effect[Any]) -> Effect[Any]:
        """Take the step to an effect."""
        self.take()
        return effect

    def before(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """Return a call to the system that is a step."""

        @wraps(call)
        def taken(*args: Any, **options: Any) -> Any:
            self.take()
            return call(*args, **options)

        return taken

    def hang_over(self, facade: Facade) -> None:
        """Let every step of this process be counted from now on."""
        patch = pytest.MonkeyPatch()
        facade.watch_effects(patch, self)
        for place, names in CALLS.items():
            for name in names:
                patch.setattr(place, name, self.before(getattr(place, name)))


def live(way: str, verb: str, url: str, name: str, folder: Path, step: int | None) -> None:
    """Make the call, to its end or to a step of it."""
    facade = FACADES[way]()
    client = facade.client(url, spool_dir=str(folder / "spools"))
    if step is not None:
        Doom(step).hang_over(facade)
    act(client, verb, "whole" if step is None else step, name, folder)
    facade.close()


def die(way: str, verb: str, url: str, name: str, folder: Path) -> int:
    """Let children of this process die of a call; return how many did."""
    assert 1 == threading.active_count()
    # Of a thread that has ended, the system may still know for a moment; Python 3.12 asks it.
    warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
    for step in count():
        child = os.fork()
        if not child:
            live(way, verb, url, name, folder, step)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            assert 0 == os.waitstatus_to_exitcode(status)
            return step
    raise AssertionError


def main(way: str, url: str, directory: str, *calls: str) -> None:
    """Make each call once, which loads all there is to load; then let children die of it.

    A call is a verb, an equals sign, and the name of what it is about.
    """
    for call in calls:
        verb, _, name = call.partition("=")
        folder = Path(directory, verb)
        live(way, verb, url, name, folder, None)
        gc.freeze()
        print(die(way, verb, url, name, folder))  # noqa: T201 - it says how far it came


if __name__ == "__main__":
    main(*sys.argv[1:])
