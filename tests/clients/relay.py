"""A relay between a client and the emulator, which keeps what was sent, to the last byte."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, Self

import requests

_PASSED_ON = frozenset({"content-type", "x-goog-api-key", "accept"})


class Relay:
    """Passes requests on to ``origin``; ``bodies`` are those of its POST requests."""

    def __init__(self, origin: str) -> None:
        self.bodies: list[bytes] = []
        told = {"origin": origin, "bodies": self.bodies}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Told", (_Passing,), told))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """Return where clients find it."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Passing(BaseHTTPRequestHandler):
    origin: ClassVar[str]
    bodies: ClassVar[list[bytes]]

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if self.command == "POST":
            self.bodies.append(body)
        headers = {
            name: value for name, value in self.headers.items() if name.lower() in _PASSED_ON
        }
        answer = requests.request(
            self.command, self.origin + self.path, data=body, headers=headers, timeout=60
        )
        self.send_response(answer.status_code)
        self.send_header("Content-Type", answer.headers["Content-Type"])
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_GET = do_POST = _pass_on  # noqa: N815 - what http.server calls

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as http.server has it
        """Say nothing of each request."""
