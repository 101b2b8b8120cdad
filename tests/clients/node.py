"""A process of Node.js in which a JavaScript client is called, by lines of JSON.

The environment says where npm has installed the clients, ``CLIENTS_JS``, and perhaps which Node.js
is to run them, ``NODE``; else it is that of the path.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from attrs import frozen

INSTALLED = Path(os.environ["CLIENTS_JS"])
NODE = os.environ.get("NODE", "node")
SCRIPTS = Path(__file__).parent / "js"
PATIENCE = 60
"""Seconds that a call may take: far more than any does, for the time of the emulator stands."""


def installed(package: str) -> str:
    """Return the version of a package that is installed."""
    told = (INSTALLED / "node_modules" / package / "package.json").read_text(encoding="utf-8")
    return str(json.loads(told)["version"])


def runtime() -> str:
    """Return what the clients run on, such as ``Node.js 24``."""
    told = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=True)
    return f"Node.js {told.stdout.removeprefix('v').partition('.')[0]}"


class Node:
    """A process that runs one of the scripts, beside the packages that the script imports."""

    def __init__(self, script: str) -> None:
        beside = shutil.copytree(SCRIPTS, INSTALLED / "driven", dirs_exist_ok=True)
        self._script = script
        self._process = subprocess.Popen(
            [NODE, str(beside / script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env={
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("GEMINI_", "GOOGLE_"))  # the clients would read them
            },
        )
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put("")

    def ask(self, **command: Any) -> Any:
        """Send a command and return the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        try:
            answer = self._answers.get(timeout=PATIENCE)
        except queue.Empty:
            raise TimeoutError(f"{self._script}: {command['call']} does not return") from None
        assert answer, f"{self._script} has ended with {self._process.wait()}"
        return json.loads(answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()  # with which the script ends
        self._process.wait(timeout=PATIENCE)
        self._listener.join()
        self._process.stdout.close()


@frozen
class Client:
    """A client in such a process, made for each call with these options."""

    node: Node
    options: dict[str, Any]

    def call(self, method: str, **given: Any) -> Any:
        """Call a method of the client and return what it returns."""
        outcome = self._call(method, given)
        assert "thrown" not in outcome, outcome["thrown"]
        return outcome.get("returned")

    def thrown(self, method: str, **given: Any) -> Any:
        """Call a method of the client and return what it throws."""
        outcome = self._call(method, given)
        assert "thrown" in outcome, outcome
        return outcome["thrown"]

    def _call(self, method: str, given: dict[str, Any]) -> dict[str, Any]:
        outcome: dict[str, Any] = self.node.ask(client=self.options, call=method, given=given)
        return outcome
