"""A job of a million requests through a file of a gigabyte: seconds, and memory of the emulator.

``python tests/benchmarks/emulator_size.py --requests 1000000`` prints a table. The emulator runs in
a process of its own, whose peak of memory the operating system tells; the client is plain
``http.client``, so that next to nothing but the emulator is measured. ``--quick`` shows in seconds
that it works.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

CHUNK = 8_388_608
PIECE = 1_048_576
LINE = 1_000
"""Bytes of a request, about."""
MODEL = "gemini-2.5-flash"


def lines(requests: int) -> Iterator[bytes]:
    """Yield the lines of an input file."""
    frame = json.dumps({"key": "", "request": {"contents": [{"parts": [{"text": ""}]}]}})
    filler = "All work and no play. " * (LINE // 22 + 1)
    for number in range(requests):
        text = f"{number}: {filler}"[: LINE - len(frame) - len(str(number))]
        line = {"key": str(number), "request": {"contents": [{"parts": [{"text": text}]}]}}
        yield json.dumps(line).encode() + b"\n"


class Client:
    """What a client needs to say for one job."""

    def __init__(self, url: str) -> None:
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=600)

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
        """Send one request and return the body of the reply, which must be a success."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request(method, path, body, {"x-goog-api-key": "any-key", **named})
        response = self._connection.getresponse()
        self.headers = response.headers
        said = response.read()
        if response.status != 200:
            raise RuntimeError(f"{method} {path}: {response.status} {said[:500]!r}")
        return said

    def upload(self, requests: int) -> tuple[str, int]:
        """Upload an input file as it is made, and return its name and its size."""
        self.ask(
            "POST",
            "/upload/v1beta/files",
            X_Goog_Upload_Protocol="resumable",
            X_Goog_Upload_Command="start",
        )
        path = urlsplit(self.headers["X-Goog-Upload-URL"])
        target = f"{path.path}?{path.query}"
        waiting, sent = bytearray(), 0
        for line in lines(requests):
            waiting += line
            if len(waiting) >= CHUNK:
                self._chunk(target, waiting[:CHUNK], sent, "upload")
                sent += CHUNK
                del waiting[:CHUNK]
        said = self._chunk(target, waiting, sent, "upload, finalize")
        return json.loads(said)["file"]["name"], sent + len(waiting)

    def _chunk(self, target: str, data: bytearray, offset: int, command: str) -> bytes:
        return self.ask(
            "POST",
            target,
            bytes(data),
            X_Goog_Upload_Command=command,
            X_Goog_Upload_Offset=str(offset),
        )

    def create(self, file: str) -> str:
        """Create a batch from a file, and return its name."""
        body = json.dumps({"batch": {"inputConfig": {"fileName": file}}}).encode()
        said = self.ask("POST", f"/v1beta/models/{MODEL}:batchGenerateContent", body)
        return str(json.loads(said)["name"])

    def wait(self, name: str) -> str:
        """Look until the batch has ended, and return the name of its result file."""
        while True:
            operation = json.loads(self.ask("GET", f"/v1beta/{name}"))
            if operation.get("done"):
                return str(operation["response"]["responsesFile"])

    def download(self, name: str) -> tuple[int, int]:
        """Download a file, and return how many lines and bytes it has."""
        self._connection.request(
            "GET", f"/v1beta/{name}:download?alt=media", headers={"x-goog-api-key": "any-key"}
        )
        response = self._connection.getresponse()
        found = size = 0
        while piece := response.read(PIECE):
            found += piece.count(b"\n")
            size += len(piece)
        return found, size


@contextmanager
def emulator() -> Iterator[tuple[str, int]]:
    """Run an emulator in a process of its own; give its URL, and the number of the process."""
    run = "from gemini_batch.cli import main; main()"
    command = [sys.executable, "-c", run, "emulator", "--port", "0", "--json", "-q"]
    with subprocess.Popen(
        [*command, "--limit", "enqueued_tokens=1000000000000"],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())["url"], process.pid
        finally:
            process.terminate()


def peak(pid: int) -> float:
    """Return the most memory that a process has had, in MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None, status
    return int(found[1]) * 1024 / 1e6


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    requests = 5_000 if given.quick else given.requests
    rows: list[tuple[str, str, str]] = []
    with emulator() as (url, pid):
        client = Client(url)
        idle = peak(pid)

        @contextmanager
        def step(what: str) -> Iterator[list[str]]:
            told: list[str] = []
            began = time.perf_counter()
            yield told
            seconds = time.perf_counter() - began
            rows.append((what, f"{seconds:.1f} s", f"{peak(pid):.0f} MB {' '.join(told)}".strip()))

        with step("upload") as told:
            file, size = client.upload(requests)
            told.append(f"({size / 1e6:.0f} MB sent)")
        with step("create: every line is checked"):
            name = client.create(file)
        with step("answer: every request"):
            results = client.wait(name)
        with step("download") as told:
            found, size = client.download(results)
            told.append(f"({size / 1e6:.0f} MB received)")
        most = peak(pid)
    if found != requests:
        raise SystemExit(f"{found} results for {requests} requests")
    print(f"{requests:,} requests; {platform.python_version()}, {os.cpu_count()} cores")
    print(f"memory of the emulator: {idle:.0f} MB at rest, {most:.0f} MB at most")
    for what, seconds, memory in rows:
        print(f"{what:32}{seconds:>10}   {memory}")


if __name__ == "__main__":
    main()
