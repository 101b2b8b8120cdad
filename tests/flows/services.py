"""Models of the service that keep bytes and batches, and go wrong by a plan."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from attrs import define, field, frozen

from gemini_batch.effects import Request, Response

from .replies import (
    arrived,
    digest_of,
    file,
    finished,
    line,
    lost,
    part,
    refusal,
    refused,
    reply,
    seen,
    started,
    unsent,
    whole,
)
from .world import Answer, Late, Opened, World


@frozen
class Serving:
    """How one request for a file is served: ``at`` is where a cut comes, ``piece`` a size."""

    fault: str = ""
    at: int = 0
    piece: int = 1 << 20
    ranges: bool = True


SERVING_FAULTS = ("", "cut", "short", "less", "unsent", "lost", "503", "429", "torn_503")
FRAMINGS = ("length", "chunks", "closing")
"""How the end of a body shows."""


@define
class Downloads:
    """A file that can be fetched; after the plan, everything goes well."""

    content: bytes
    plan: list[Serving]
    etag: str = ""
    framing: str = "length"
    served: int = 0
    _ends: set[int] = field(factory=set[int])

    def __call__(self, request: Request) -> Answer:
        """Answer a request for the file."""
        self.served += 1
        how = self.plan.pop(0) if self.plan else Serving()
        match how.fault:
            case "unsent":
                return unsent()
            case "lost":
                return lost()
            case "503" | "429":
                return refused(int(how.fault))
            case "torn_503":
                return refused(503, lost())
            case _:
                return self._serve(request, how)

    def _serve(self, request: Request, how: Serving) -> Opened:
        total = len(self.content)
        start = 0
        if how.ranges and "range" in request.headers:
            start = int(request.headers["range"].removeprefix("bytes=").removesuffix("-"))
            if start >= total:
                return refused(416, content_range=f"bytes */{total}")
        stop = total
        if start and how.fault == "less":
            stop = min(total, start + max(1, how.at))
        body = self.content[start:stop]
        cut = how.fault == "cut" or (how.fault == "short" and self.framing == "chunks")
        if cut or how.fault == "short":
            body = body[: how.at]
        if how.fault == "short" and self.framing == "closing" and not start:
            # A body that ends too soon at the same place again would look whole to anybody.
            body = self.content if len(body) in self._ends else body
            self._ends.add(len(body))
        pieces: list[bytes | Exception] = [
            body[at : at + how.piece] for at in range(0, len(body), how.piece)
        ]
        if cut:
            pieces.append(lost())
        measured = self.framing == "length"
        if start:
            return part(start, total if measured else "*", *pieces, etag=self.etag, stop=stop)
        length = total if measured else None
        return whole(*pieces, etag=self.etag, length=length, chunked=self.framing == "chunks")


UPLOAD_FAULTS = (
    *("", "unsent", "lost", "lost_after", "503", "503_after", "408", "429"),
    *("part", "gone", "bodiless", "silent"),
)


@frozen
class Taking:
    """How one request of an upload is treated: ``at`` is how much a broken chunk brings."""

    fault: str = ""
    at: int = 0


@define
class Uploads:
    """A place for one file; after the plan, everything goes well."""

    plan: list[Taking]
    granularity: int
    size: int = 0
    file: bytes | None = None
    _sessions: dict[str, bytearray | None] = field(factory=dict[str, "bytearray | None"])

    def __call__(self, request: Request) -> Answer:
        """Answer a request of an upload."""
        how = self.plan.pop(0) if self.plan else Taking()
        match how.fault:
            case "unsent":
                return unsent()
            case "lost":
                return lost()
            case "503" | "408" | "429":
                return refusal(int(how.fault))
            case "lost_after":
                self._act(request, how)
                return lost()
            case "503_after":
                self._act(request, how)
                return refusal(503)
            case _:
                return self._act(request, how)

    def _act(self, request: Request, how: Taking) -> Answer:
        if request.method == "GET":
            return refusal(403) if self.file is None else reply(self._told())
        found = re.search(r"upload_id=(\w+)", request.path)
        if found is None:
            return self._begin(request)
        if how.fault == "gone":
            self._sessions.pop(found[1], None)
        if found[1] not in self._sessions:
            return refusal(404)
        return self._go_on(found[1], request, how)

    def _begin(self, request: Request) -> Response:
        if self.file is not None:
            return refusal(409, "ALREADY_EXISTS")
        assert "files/f1" == json.loads(request.body)["file"]["name"]
        self.size = int(request.headers["x-goog-upload-header-content-length"])
        name = f"s{len(self._sessions) + 1}"
        self._sessions[name] = bytearray()
        return started(self.granularity, f"/upload/v1beta/files?upload_id={name}")

    def _go_on(self, name: str, request: Request, how: Taking) -> Answer:
        kept = self._sessions[name]
        if kept is None:
            return self._confirm(how)
        command = request.headers["x-goog-upload-command"]
        if command == "query":
            return arrived(None if how.fault == "silent" else len(kept))
        if int(request.headers["x-goog-upload-offset"]) != len(kept):
            return refusal(400, "INVALID_ARGUMENT", "the offset is not where the upload stands")
        if how.fault == "part":
            kept += request.body[: how.at]
            return lost()
        last = command == "upload, finalize"
        assert last or len(request.body) % self.granularity == 0
        kept += request.body
        if not last:
            return arrived(None if how.fault == "silent" else len(kept))
        assert self.size == len(kept)
        self.file = bytes(kept)
        self._sessions[name] = None
        return self._confirm(how)

    def _confirm(self, how: Taking) -> Response:
        return finished(None if how.fault == "bodiless" else self._told())

    def _told(self) -> dict[str, object]:
        content = self.file or b""
        return file(sizeBytes=str(len(content)), sha256Hash=digest_of(content))


@frozen
class End:
    """How a batch ends: ``at`` so many seconds after the beginning, and as what it is seen then."""

    at: float
    answer: Answer


@define
class Batches:
    """Batches that end by a plan, and run until then; those that it leaves out are not there.

    ``looks`` keeps when each was looked at. A results file holds one line, which tells its name.
    """

    ends: Mapping[str, End]
    slowness: float = 0.0
    looks: dict[str, list[float]] = field(factory=dict[str, list[float]])
    world: World = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.world = World(self)

    def __call__(self, request: Request) -> Answer:
        """Answer a look, or a request for a results file."""
        name = request.path.removeprefix("/v1beta/").partition(":")[0]
        if name.startswith("files/"):
            return whole(line("0", name))
        self.looks.setdefault(name, []).append(self.world.elapsed)
        return Late(self.slowness, self._seen(name))

    def _seen(self, name: str) -> Answer:
        end = self.ends.get(name)
        if end is None:
            return refusal(404, "NOT_FOUND")
        return end.answer if end.at <= self.world.elapsed else seen(name=name)
