"""Where requests go: behind a path prefix, and to another version of the API."""

import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest

from gemini_batch import UsageError
from gemini_batch.emulator import Emulator
from tests.conformance.facades import Facade
from tests.conformance.scenes import assert_answered, prompts

PREFIX = "/gateway/gemini"


class Gateway(ThreadingHTTPServer):
    """Passes on what comes under a prefix, without it, and refuses all else."""

    daemon_threads = True

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), Passing)
        self.upstream = urlsplit(upstream).netloc
        self.paths: list[str] = []


class Passing(BaseHTTPRequestHandler):
    """Passes on one request."""

    protocol_version = "HTTP/1.1"
    server: Gateway

    def pass_on(self) -> None:
        """Send a request upstream, and its reply back."""
        self.server.paths.append(self.path)
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if not self.path.startswith(f"{PREFIX}/"):
            self.send_error(404)
            return
        upstream = HTTPConnection(self.server.upstream, timeout=10)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        upstream.request(self.command, self.path.removeprefix(PREFIX), body, headers)
        reply = upstream.getresponse()
        content = reply.read()
        upstream.close()
        self.send_response_only(reply.status)
        for name, value in reply.getheaders():
            if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
                self.send_header(name, value.replace(self.server.upstream, self.address))
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_DELETE = pass_on  # noqa: N815 - the names that the server calls

    @property
    def address(self) -> str:
        """Where this gateway is, prefix included: what it makes of its upstream's address."""
        host, port = self.server.server_address[:2]
        return f"{host!s}:{port}{PREFIX}"

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def gateway(emulator: Emulator) -> Iterator[Gateway]:
    """Run a gateway to the emulator."""
    with Gateway(emulator.url) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("via", ["inline", "file"])
def test_a_path_prefix_is_kept(
    facade: Facade, emulator: Emulator, gateway: Gateway, via: str
) -> None:
    """Of every request: the create call, the upload and its session, looks and the download."""
    client = facade.client(f"http://127.0.0.1:{gateway.server_address[1]}{PREFIX}")
    asked = prompts(3)
    batch = client.submit(asked, via=via)
    with batch.results() as found:
        assert_answered(asked, found)
    client.files.list()
    batch.delete()

    assert gateway.paths
    assert [] == [path for path in gateway.paths if not path.startswith(f"{PREFIX}/")]
    assert 1 == len(emulator.acted.of("create"))
    assert 1 == len(emulator.acted.of("delete"))


def test_another_version_of_the_api_is_spoken_to(facade: Facade, emulator: Emulator) -> None:
    """In every path, that of an upload and that of a download included."""
    client = facade.client(emulator.url, api_version="v1alpha")
    asked = prompts(2)
    with client.submit(asked, via="file").results() as found:
        assert_answered(asked, found)

    versions = {
        path.removeprefix("/upload").removeprefix("/download").split("/")[1]
        for path in (one.path for one in emulator.seen)
    }
    assert {"v1alpha"} == versions


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "http://0x7f.1",
        "http://127.1",
        "http://[::ffff:127.0.0.1]",
        "http://localhost.",
        "http://localhost@example.com",
        "https://example.com\\@evil.example",
        "https://[::1]x",
        "https://exa\tmple.com",
        "https://\uff45xample.com",
        "https://example.com:0",
        "https://example.com/../x",
        "file:///etc/passwd",
    ],
)
@pytest.mark.parametrize("where", ["argument", "variable"])
def test_what_is_not_clearly_a_safe_address_is_refused(
    facade: Facade, monkeypatch: pytest.MonkeyPatch, where: str, url: str
) -> None:
    """Before anything is looked up or sent, wherever it came from."""
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:1")
    if where == "variable":
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", url)
    with pytest.raises(UsageError, match="the base URL"):
        facade.client(url if where == "argument" else "")
