"""Speak to the emulator as any HTTP client would, with nothing of this package's own clients."""

import json
from types import TracebackType
from typing import Any, Self

import requests

from gemini_batch.emulator import Emulator
from tests.canary import CANARY

KEY = CANARY
MODEL = "models/gemini-2.5-flash"
LONG_AGO = 10_000.0
"""Seconds of emulated time after which every batch has ended and nothing has expired."""


class Caller:
    """A plain HTTP client of one emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.session = requests.Session()
        self.session.headers["x-goog-api-key"] = KEY

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.session.close()

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send one request; a path that is a URL already is taken as it is."""
        url = path if path.startswith("http") else self.emulator.url + path
        options.setdefault("timeout", 60)
        return self.session.request(method, url, allow_redirects=False, **options)

    def get(self, path: str, **options: Any) -> Any:
        """Get JSON that must be there."""
        response = self.call("GET", path, **options)
        assert 200 == response.status_code, response.text
        return response.json()

    def create(
        self, batch: dict[str, Any], verb: str = "batchGenerateContent", **options: Any
    ) -> requests.Response:
        """Ask for a batch."""
        return self.call("POST", f"/v1beta/{MODEL}:{verb}", json={"batch": batch}, **options)

    def create_inline(self, *prompts: str, name: str = "sky") -> str:
        """Create an inline batch keyed by position, and return its name."""
        items = [keyed(str(index), prompt) for index, prompt in enumerate(prompts)]
        response = self.create({"displayName": name, "inputConfig": inline(*items)})
        assert 200 == response.status_code, response.text
        return str(response.json()["name"])

    def create_from_lines(self, *lines: dict[str, Any]) -> str:
        """Upload lines, create a batch from them, and return its name."""
        response = self.create({"inputConfig": {"fileName": self.upload(jsonl(*lines))["name"]}})
        assert 200 == response.status_code, response.text
        return str(response.json()["name"])

    def operation(self, name: str) -> Any:
        """Look at a batch."""
        return self.get(f"/v1beta/{name}")

    def ended(self, name: str) -> Any:
        """Look at a batch after all its time has passed."""
        self.emulator.advance(LONG_AGO)
        return self.operation(name)

    def download(self, name: str, **options: Any) -> requests.Response:
        """Download a file."""
        return self.call("GET", f"/v1beta/{name}:download?alt=media", **options)

    def lines(self, name: str) -> list[Any]:
        """Return the result lines of a file batch after its end, decoded."""
        responses_file = self.ended(name)["response"]["responsesFile"]
        content = self.download(responses_file).content
        return [json.loads(line) for line in content.split(b"\n") if line.strip()]

    def start_upload(
        self, size: int | None, file: dict[str, Any] | None = None, **headers: str
    ) -> requests.Response:
        """Begin an upload."""
        given = {"X-Goog-Upload-Protocol": "resumable", "X-Goog-Upload-Command": "start"}
        if size is not None:
            given["X-Goog-Upload-Header-Content-Length"] = str(size)
        given.update(headers)
        body = None if file is None else {"file": file}
        return self.call("POST", "/upload/v1beta/files", headers=given, json=body)

    def session_url(self, size: int | None = None, file: dict[str, Any] | None = None) -> str:
        """Begin an upload and return its URL."""
        return str(self.start_upload(size, file).headers["X-Goog-Upload-URL"])

    def send(
        self,
        url: str,
        data: bytes = b"",
        *,
        at: int | None = None,
        command: str = "upload, finalize",
        **options: Any,
    ) -> requests.Response:
        """Send one command of an upload."""
        headers = {"X-Goog-Upload-Command": command}
        if at is not None:
            headers["X-Goog-Upload-Offset"] = str(at)
        return self.call("POST", url, data=data, headers=headers, **options)

    def upload(self, data: bytes, **file: Any) -> Any:
        """Upload a file in one piece and return its resource."""
        response = self.send(self.session_url(len(data), file), data, at=0)
        assert 200 == response.status_code, response.text
        return response.json()["file"]


def prompt_request(text: str) -> dict[str, Any]:
    """Return a request with one prompt."""
    return {"contents": [{"role": "user", "parts": [{"text": text}]}]}


def keyed(key: str, text: str) -> dict[str, Any]:
    """Return an item of an inline batch."""
    return {"request": prompt_request(text), "metadata": {"key": key}}


def line(key: str, text: str) -> dict[str, Any]:
    """Return a line of an input file."""
    return {"key": key, "request": prompt_request(text)}


def inline(*items: dict[str, Any]) -> dict[str, Any]:
    """Return the input of an inline batch."""
    return {"requests": {"requests": list(items)}}


def jsonl(*lines: dict[str, Any]) -> bytes:
    """Return lines as a file."""
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def items_of(operation: Any) -> list[Any]:
    """Return the results of an inline batch."""
    return list(operation["response"]["inlinedResponses"]["inlinedResponses"])


def text_of(result: Any) -> str:
    """Return the text of a result, without thoughts."""
    parts = result["response"]["candidates"][0]["content"]["parts"]
    return "".join(part["text"] for part in parts if not part.get("thought"))
