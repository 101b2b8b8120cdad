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
    Download,
    build_download,
    parse_download,
)
from ..endpoints.replies import accept
from ..errors import (
    ApiError,
    ProtocolError,
    TransportError,
)
from ..limits import FLOOR
from ..progress import Progress, Report, report_nothing
from ..retry import Action, Call, action_for
from ..settings import Settings
from ..spool import NewFile
from .calls import give_up, patience, pause_after


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

    Never is a piece left out or put in twice: a file that changed on the way is an error. Nor is
    an end taken for that of the file because a connection was closed there: the service is asked
    for more until it says that there is none, or ends at the same place again.
    """
    left = yield from patience(settings)
    place = _Place(name)
    while True:
        request = build_download(settings.api, name, place.offset, place.etag)
        try:
            opened = yield from Open(request, left.deadline)
            if not place.ends_at(opened):
                place.begin((yield from _accepted(opened, settings, request)))
                while piece := (yield from Read()):
                    fresh = place.take(piece)
                    if fresh:
                        report(Progress("downloading", place.offset, place.total))
                        yield Item(fresh)
                        left.renew((yield from Now()))
                    else:
                        place.require_pace((yield from Now()), left.deadline)
                place.end()
        except (ApiError, TransportError) as error:
            failure = error
        else:
            if place.whole:
                settings.budget.earn()
                return
            continue
        if action_for(Call.READ, failure) is not Action.RETRY:
            yield from give_up(left, failure)
        yield from pause_after(left, Call.READ, failure, request)


def _accepted(opened: Response, settings: Settings, request: Request) -> FlowBody[Response]:
    """Return the head of a reply; an error is raised with the beginning of its body."""
    if opened.status < 400:
        return accept(opened, settings.api, request)
    body = yield from Read()
    return accept(Response(opened.status, opened.headers, body), settings.api, request)


class _Place:
    """Where a download stands in its file, and whether that is its end."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.offset = 0
        self.total: int | None = None
        self.etag: str = ""
        self.whole = False
        self._head = Download(0, None, "")
        self._skip = 0
        self._skipped = 0
        self._ended: int | None = None  # where an end was that proved nothing

    def begin(self, response: Response) -> None:
        """Begin to read a reply, which may start before the place."""
        head = parse_download(response)
        if (
            head.start > self.offset
            or (head.stop is not None and head.stop <= self.offset)
            or (head.total is not None and head.total < self.offset)
            or (
                self.offset
                and (
                    (self.etag and head.etag not in {"", self.etag})
                    or (self.total is not None and head.total not in {None, self.total})
                )
            )
        ):
            raise ProtocolError(f"{self.name} changed while it was downloaded; fetch it again")
        self._head = head
        self._skip, self._skipped = self.offset - head.start, 0
        self.etag = head.etag or self.etag
        self.total = head.total if head.total is not None else self.total

    def ends_at(self, response: Response) -> bool:
        """Whether a reply says that nothing comes after the place (RFC 9110 §15.5.17)."""
        if response.status != 416:
            return False
        told = response.headers.get("content-range", "")
        if not self.offset or told != f"bytes */{self.offset}":
            raise ProtocolError(
                f"the service has nothing of {self.name} after {self.offset} bytes (HTTP 416), "
                "and does not say that it ends there; fetch it again"
            )
        self.whole = True
        return True

    @property
    def _due(self) -> int | None:
        """How far the reply goes, if it is known."""
        return self.total if self._head.stop is None else self._head.stop

    def take(self, piece: bytes) -> bytes:
        """Return what is new in a piece."""
        fresh = piece[self._skip :]
        self._skip -= len(piece) - len(fresh)
        self._skipped += len(piece) - len(fresh)
        self.offset += len(fresh)
        if self._due is not None and self.offset > self._due:
            raise ProtocolError(f"{self.name} is longer than its {self._due} bytes")
        return fresh

    def require_pace(self, now: float, deadline: float) -> None:
        """Refuse to be kept busy with what is here already, at less than the slowest pace."""
        if now > deadline + self._skipped / FLOOR:
            raise TransportError(f"no more of {self.name} came in time", timed_out=True)

    def end(self) -> None:
        """Hold what was read against what was told, and see whether it is the whole file.

        Where nothing was told, an end is what a lost connection looks like, too: it counts once
        it was met twice at the same place.
        """
        due = self.offset if self._due is None else self._due
        reached = self.offset - self._skip
        if reached < due:
            raise TransportError(f"{self.name} ended after {reached} of {due} bytes")
        if self.total is not None:
            self.whole = self.offset == self.total
        elif self._head.stop is None:
            self.whole = self._head.chunked or self._ended == self.offset
            self._ended = self.offset
