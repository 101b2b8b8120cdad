"""The service, asked in the plainest way: what it answers is looked at as it came."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from attrs import define, field, frozen
from requests.structures import CaseInsensitiveDict

from gemini_batch.credentials import ApiKey
from gemini_batch.settings import Api
from tests.live.fields import Strange, names_in, strange

WAITS = (10.0, 300.0)
"""Seconds to connect, and between two pieces of a reply."""
ATTEMPTS = 4
LONGEST_PAUSE = 120.0
BUSY = {429, 500, 502, 503, 504}


class BudgetError(Exception):
    """More was asked than a run may ask."""


@frozen
class Reply:
    """What the service answered; the key is not in it, even if the service has quoted it."""

    status: int
    headers: CaseInsensitiveDict[str]
    body: bytes

    def json(self) -> Any:
        """Return the body, read as JSON."""
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        """Return what an error says: nothing but its status where it says it in no JSON."""
        try:
            told = self.json()["error"]
        except (ValueError, KeyError, TypeError):
            return {"code": self.status, "message": f"no JSON: {self.body[:200]!r}"}
        return dict(told)

    @property
    def said(self) -> str:
        """Say in a line how it was answered."""
        if self.status < 400:
            return f"{self.status}"
        return f"{self.status} {self.error.get('status', '')}: {self.error.get('message', '')}"


@define
class Service:
    """Ask, count what is asked, and remember what nobody expected."""

    api: Api
    key: ApiKey
    most: int
    """Requests that may be made."""
    model: str
    pause: float
    """Seconds to wait at first where the service is busy."""
    asked: int = 0
    names: set[str] = field(factory=set[str])
    strange: set[Strange] = field(factory=set[Strange])
    throttled: list[dict[str, Any]] = field(factory=list[dict[str, Any]])
    encoded: set[str] = field(factory=set[str])
    """The codings in which replies came, though none was asked for."""
    _session: requests.Session = field(factory=requests.Session, repr=False)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def count(self) -> None:
        """Count a request; one too many is refused before it is made."""
        self.asked += 1
        if self.asked > self.most:
            raise BudgetError(f"a run makes {self.most} requests at most")

    def ask(
        self,
        method: str,
        path: str,
        *,
        message: str = "",
        keyed: bool | ApiKey = True,
        headers: Mapping[str, str] | None = None,
        again: bool | None = None,
        **content: Any,
    ) -> Reply:
        """Ask for a path below the origin, such as ``/v1beta/batches``; a busy service again.

        ``message`` names what the answer is by the field table. ``again`` says that it does no
        harm to ask twice; a GET never does, and what was refused with 429 was not done.
        """
        harmless = method == "GET" if again is None else again
        key = self.key if keyed is True else keyed
        for attempt in range(1, ATTEMPTS + 1):
            self.count()
            try:
                reply = self._send(method, path, key or None, headers, content)
            except requests.ConnectionError:
                if not harmless or attempt == ATTEMPTS:
                    raise
                time.sleep(self.pause * 2**attempt)
                continue
            if reply.status == 429:
                self._note_429(method, path, reply)
            if reply.status not in BUSY or attempt == ATTEMPTS:
                break
            if reply.status != 429 and not harmless:
                break
            time.sleep(min(LONGEST_PAUSE, max(self.pause * 2**attempt, _hint(reply))))
        if message and reply.status == 200:
            told = reply.json()
            self.names.update(names_in(told))
            self.strange.update(strange(told, message))
        return reply

    def get(self, rest: str, message: str = "", **how: Any) -> Reply:
        """Get a resource, such as ``batches/abc``, or what its ``service`` has of it."""
        return self.ask("GET", self.api.path(rest), message=message, **how)

    def post(self, rest: str, message: str = "", **how: Any) -> Reply:
        """Post to a resource."""
        return self.ask("POST", self.api.path(rest), message=message, **how)

    def delete(self, rest: str, **how: Any) -> Reply:
        """Delete a resource."""
        return self.ask("DELETE", self.api.path(rest), again=True, **how)

    def start_upload(self, size: int, file: Mapping[str, Any], kind: str = "text/plain") -> Reply:
        """Begin to upload so many bytes."""
        headers = {
            "X-Goog-Upload-Protocol": "resumable",
            "X-Goog-Upload-Command": "start",
            "X-Goog-Upload-Header-Content-Length": f"{size}",
            "X-Goog-Upload-Header-Content-Type": kind,
        }
        path = self.api.path("files", service="/upload")
        return self.ask("POST", path, headers=headers, json={"file": {**file}}, again=True)

    def continue_upload(self, url: str, command: str, data: bytes = b"", offset: int = 0) -> Reply:
        """Go on with an upload, without the key: the URL of a session is a secret of its own."""
        headers = {"X-Goog-Upload-Command": command, "X-Goog-Upload-Offset": f"{offset}"}
        parts = urlsplit(url)
        path = f"{parts.path}?{parts.query}"
        return self.ask("POST", path, keyed=False, headers=headers, data=data)

    def upload(self, data: bytes, name: str = "") -> dict[str, Any]:
        """Upload a small file in one piece; return what the service says of it."""
        begun = self.start_upload(len(data), {"name": name} if name else {})
        require(begun)
        ended = self.continue_upload(begun.headers["X-Goog-Upload-URL"], "upload, finalize", data)
        require(ended)
        told = ended.json()
        self.strange.update(strange(told, "CreateFileResponse"))
        self.names.update(names_in(told))
        return dict(told["file"])

    def _send(
        self,
        method: str,
        path: str,
        key: ApiKey | None,
        headers: Mapping[str, str] | None,
        content: Mapping[str, Any],
    ) -> Reply:
        def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
            if key is not None:
                request.headers.update(key.headers())
            return request

        response = self._session.request(
            method,
            f"{self.api.origin}{path}",
            headers={"Accept-Encoding": "identity", **(headers or {})},
            auth=sign,  # also keeps what a netrc file has for the host out
            allow_redirects=False,
            timeout=WAITS,
            **content,
        )
        self.encoded.update(filter(None, [response.headers.get("Content-Encoding")]))
        return Reply(response.status_code, response.headers, self.key.scrub(response.content))

    def _note_429(self, method: str, path: str, reply: Reply) -> None:
        details = [one for one in reply.error.get("details", []) if isinstance(one, dict)]
        self.throttled.append(
            {
                "asked": f"{method} {path.partition('?')[0]}",
                "Retry-After": reply.headers.get("Retry-After"),
                "details": [
                    {
                        "@type": str(one.get("@type", "")).rpartition(".")[2],
                        **{name: one[name] for name in ("retryDelay", "violations") if name in one},
                    }
                    for one in details
                ],
            }
        )


def require(reply: Reply) -> Reply:
    """Return a reply that says success, or fail with what it says."""
    if reply.status != 200:
        raise AssertionError(f"the service answered {reply.said}")
    return reply


def _hint(reply: Reply) -> float:
    """Return how many seconds a busy service asks to wait, if it does."""
    delays = [one.get("retryDelay", "") for one in reply.error.get("details", [])]
    found = [reply.headers.get("Retry-After", ""), *(delay.removesuffix("s") for delay in delays)]
    return max([float(one) for one in found if one.replace(".", "", 1).isdecimal()], default=0.0)
