"""A service of canned replies, for what the emulator would never say."""

import json
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class _Canned(BaseHTTPRequestHandler):
    """Answers one request."""

    protocol_version = "HTTP/1.1"
    replies: Mapping[str, bytes]
    strange: list[str]

    def do_GET(self) -> None:
        """Answer with what is in the can; what is not is noted."""
        body = self.replies.get(self.path)
        if body is None:
            self.strange.append(self.path)
        self.send_response(200 if body is not None else 404)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def do_POST(self) -> None:
        """Answer likewise, whatever was said."""
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def canned(replies: Mapping[str, Any]) -> Generator[str]:
    """Serve replies by path, each a tree to be sent as JSON, or bytes; yield the URL.

    A path that is asked for and not there fails the test.
    """
    strange: list[str] = []
    members = {
        "replies": {
            f"/v1beta/{path}": reply if isinstance(reply, bytes) else json.dumps(reply).encode()
            for path, reply in replies.items()
        },
        "strange": strange,
    }
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Canned", (_Canned,), members)) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
    assert [] == strange
