"""Download a file so that it survives cuts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ..effects import (
    FlowBody,
    Item,
    Now,
    Offload,
    Open,
    Read,
    Request,
    Response,
    StreamBody,
    fed_by,
    flow,
)
from ..endpoints.files import (
    build_download,
    parse_download,
)
from ..endpoints.replies import accept
from ..errors import (
    ApiError,
    ProtocolError,
    TransportError,
)
from ..progress import Progress, Report, report_nothing
from ..retry import Action, Call, action_for
from ..settings import Settings
from ..spool import NewFile
from .calls import patience, pause_after


@flow
def save(
    settings: Settings, name: str, make: Callable[[], NewFile], report: Report
) -> FlowBody[None]:
    """Download a file into a new one, which takes its name when it is whole."""
    file = yield from Offload(make)

    def write(piece: bytes) -> FlowBody[None]:
        yield from Offload(partial(file.append, piece))

    yield from fed_by(download(settings, name, report), write)
    yield from Offload(file.commit)


@flow
def download(settings: Settings, name: str, report: Report = report_nothing) -> StreamBody[bytes]:
    """Fetch a generated file piece by piece; a cut is mended by a range, or by skipping.

    Never is a piece left out or put in twice: a file that changed on the way is an error.
    """
    left = yield from patience(settings)
    place = _Place(name)
    while True:
        try:
            request = build_download(settings.api, name, place.offset, place.etag)
            opened = yield from Open(request, left.deadline)
            if place.ends_at(opened):
                return
            place.begin((yield from _accepted(opened, settings, request)))
            while piece := (yield from Read()):
                fresh = place.take(piece)
                if fresh:
                    report(Progress("downloading", place.offset, place.total))
                    yield Item(fresh)
                    left.renew((yield from Now()))
            place.end()
        except (ApiError, TransportError) as error:
            failure = error
        else:
            settings.budget.earn()
            return
        if action_for(Call.READ, failure) is not Action.RETRY:
            raise failure
        yield from pause_after(left, Call.READ, failure)


def _accepted(opened: Response, settings: Settings, request: Request) -> FlowBody[Response]:
    """Return the head of a reply; an error is raised with the beginning of its body."""
    if opened.status < 400:
        return accept(opened, settings.api, request)
    body = yield from Read()
    return accept(Response(opened.status, opened.headers, body), settings.api, request)


class _Place:
    """Where a download stands in its file."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.offset = 0
        self.total: int | None = None
        self.etag: str = ""
        self._skip = 0

    def begin(self, response: Response) -> None:
        """Begin to read a reply, which may start before the place."""
        head = parse_download(response)
        if head.start > self.offset or (
            self.offset
            and (
                (self.etag and head.etag not in {"", self.etag})
                or (self.total is not None and head.total is not None and head.total != self.total)
            )
        ):
            raise ProtocolError(f"{self.name} changed while it was downloaded; fetch it again")
        self._skip = self.offset - head.start
        self.etag = head.etag or self.etag
        self.total = head.total if head.total is not None else self.total

    def ends_at(self, response: Response) -> bool:
        """Whether a reply says that nothing comes after the place (RFC 9110 §15.5.17)."""
        told = response.headers.get("content-range", "")
        return response.status == 416 and self.offset > 0 and told == f"bytes */{self.offset}"

    def take(self, piece: bytes) -> bytes:
        """Return what is new in a piece."""
        fresh = piece[self._skip :]
        self._skip = max(0, self._skip - len(piece))
        self.offset += len(fresh)
        if self.total is not None and self.offset > self.total:
            raise ProtocolError(f"{self.name} is longer than its {self.total} bytes")
        return fresh

    def end(self) -> None:
        """Hold what was read against the length that was told."""
        if self.total is not None and self.offset < self.total:
            raise TransportError(f"{self.name} ended after {self.offset} of {self.total} bytes")
