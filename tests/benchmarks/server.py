"""A service on loopback that costs next to nothing: it knows what benchmarks ask, and no more.

``python -m tests.benchmarks.server FOLDER`` prints its URL. A batch ``batches/…`` is finished, and
its results are the file of that name in the folder, with the end ``.jsonl``; with these beginnings
it is something else:

- ``running-``: for ever running;
- ``many-``: running for :data:`LOOKS` looks, then finished, with one inline result;
- ``held-``: its results are two lines, of which the second comes after ``/release``.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

LOOKS = 5
HELD = 5.0
"""Seconds after which a second line is sent to whoever waits for it: that is a figure, too."""
TAKEN = 1 << 20
KIND = "type.googleapis.com/google.ai.generativelanguage.v1beta.GenerateContentBatch"
ANSWER = {
    "candidates": [{"content": {"parts": [{"text": "Yes."}], "role": "model"}}],
    "modelVersion": "gemini-2.5-flash",
}
_ROUTE = re.compile(r"/v\d\w*/(?P<kind>batches|files)/(?P<name>[\w.-]+)(?P<verb>:download)?(\?.*)?")


def operation(name: str, state: str, output: dict[str, Any] | None) -> dict[str, Any]:
    """Return a batch as the service tells of it, with its output where it has one."""
    time = "2026-11-25T08:00:00.123456Z"
    metadata = {
        "@type": KIND,
        "model": "models/gemini-2.5-flash",
        "displayName": "benchmark",
        "createTime": time,
        "updateTime": time,
        "batchStats": {"requestCount": "1000", "pendingRequestCount": "1000"},
        "state": f"BATCH_STATE_{state}",
        "name": name,
    }
    if output is None:
        return {"name": name, "metadata": metadata}
    metadata |= {"endTime": time, "output": output}
    del metadata["batchStats"]
    return {"name": name, "metadata": metadata, "done": True, "response": output}


class Service(BaseHTTPRequestHandler):
    """One connection, and all that is asked on it."""

    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    folder: ClassVar[Path]
    looks: ClassVar[dict[str, int]] = {}
    uploads: ClassVar[dict[str, int]] = {}
    released: ClassVar[threading.Event] = threading.Event()
    sent: ClassVar[int] = 0

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Tell of a batch, or send results."""
        if self.path == "/release":
            sent = Service.sent
            self.released.set()
            self._tell({"sent": sent})
            return
        found = _ROUTE.fullmatch(self.path)
        if found is None:
            self._tell({"error": {"code": 404, "message": self.path}}, HTTPStatus.NOT_FOUND)
        elif found["kind"] == "batches":
            self._tell(self._batch(found["name"]))
        elif found["name"].startswith("held-"):
            self._send_held()
        else:
            self._send(self.folder / f"{found['name']}.jsonl")

    def do_POST(self) -> None:
        """Take an upload, piece by piece, and keep nothing of it; create a batch of it."""
        size = int(self.headers.get("Content-Length", "0"))
        if self.path.endswith("/files"):
            name = json.loads(self.rfile.read(size))["file"]["name"]
            url = f"http://{self.headers['Host']}/upload/here?name={name}"
            headers = {
                "X-Goog-Upload-URL": url,
                "X-Goog-Upload-Chunk-Granularity": str(8 << 20),
                "X-Goog-Upload-Status": "active",
            }
            self._tell({}, headers=headers)
        elif self.path.startswith("/upload/here"):
            self._take(size)
        else:
            self.rfile.read(size)
            self._tell(operation("batches/running-new", "PENDING", None))

    def _batch(self, stem: str) -> dict[str, Any]:
        name = f"batches/{stem}"
        if stem.startswith("running-"):
            return operation(name, "RUNNING", None)
        if not stem.startswith("many-"):
            return operation(name, "SUCCEEDED", {"responsesFile": f"files/{stem}"})
        looks = self.looks[stem] = self.looks.get(stem, 0) + 1
        if looks <= LOOKS:
            return operation(name, "RUNNING", None)
        results = [{"response": ANSWER, "metadata": {"key": "0"}}]
        return operation(name, "SUCCEEDED", {"inlinedResponses": {"inlinedResponses": results}})

    def _take(self, size: int) -> None:
        left = size
        while left:
            left -= len(self.rfile.read(min(left, TAKEN)))
        arrived = self.uploads[self.path] = self.uploads.get(self.path, 0) + size
        if "finalize" not in self.headers.get("X-Goog-Upload-Command", ""):
            headers = {
                "X-Goog-Upload-Status": "active",
                "X-Goog-Upload-Size-Received": str(arrived),
            }
            self._tell({}, headers=headers)
            return
        name = self.path.partition("name=")[2]
        file = {"name": name, "sizeBytes": str(arrived), "state": "ACTIVE"}
        self._tell({"file": file}, headers={"X-Goog-Upload-Status": "final"})

    def _tell(
        self,
        said: dict[str, Any],
        status: HTTPStatus = HTTPStatus.OK,
        headers: dict[str, str] | None = None,
    ) -> None:
        body = json.dumps(said).encode()
        self._begin(status, len(body), "application/json; charset=UTF-8", headers or {})
        self.wfile.write(body)
        self.wfile.flush()

    def _begin(self, status: HTTPStatus, length: int, kind: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _send(self, path: Path) -> None:
        with path.open("rb") as file:
            length = path.stat().st_size
            self._begin(HTTPStatus.OK, length, "application/octet-stream", {})
            self.wfile.flush()
            self.connection.sendfile(file)

    def _send_held(self) -> None:
        lines = [json.dumps({"key": key, "response": ANSWER}).encode() + b"\n" for key in "01"]
        self.released.clear()
        length = sum(map(len, lines))
        self._begin(HTTPStatus.OK, length, "application/octet-stream", {})
        for sent, line in enumerate(lines, 1):
            Service.sent = sent
            self.wfile.write(line)
            self.wfile.flush()
            if sent == 1:
                self.released.wait(HELD)


class Server(ThreadingHTTPServer):
    """A thread for each connection, of which a thousand may come at once."""

    daemon_threads = True
    request_queue_size = 2048


def main(folder: str) -> None:
    """Serve until the standard input ends."""
    Service.folder = Path(folder)
    with Server(("127.0.0.1", 0), Service) as server:
        print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        sys.stdin.read()
        server.shutdown()


if __name__ == "__main__":
    main(sys.argv[1])
