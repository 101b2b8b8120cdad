"""Upload a file so that it survives cuts, and download one likewise."""

from __future__ import annotations

import base64
from functools import partial
from typing import Protocol

from attrs import evolve

from ..effects import (
    FlowBody,
    Item,
    Now,
    Offload,
    Open,
    Read,
    Request,
    Response,
    Send,
    Sleep,
    StreamBody,
    flow,
)
from ..endpoints import (
    Received,
    UploadSession,
    accept,
    build_chunk,
    build_download,
    build_file_delete,
    build_file_get,
    build_query,
    build_upload_start,
    parse_download,
    parse_file,
    parse_received,
    parse_upload_start,
)
from ..errors import (
    ApiError,
    ConflictError,
    GeminiBatchError,
    IntegrityError,
    NotFoundError,
    PermissionDeniedError,
    ProtocolError,
    TransportError,
    UploadOutcomeUnknownError,
    UsageError,
)
from ..log import log
from ..models.file import File, FileState
from ..progress import Progress, Report, report_nothing
from ..retry import Action, Call, Patience, action_for
from ..settings import Settings
from .calls import exchange, patience, pause_after

JSONL = "application/jsonl"
"""The type of a file of requests."""

LEAST_CHUNK = 256 << 10
"""Bytes of a chunk at least, in multiples of whatever granularity the service asks for."""


class Source(Protocol):
    """What is uploaded: bytes that do not change meanwhile."""

    @property
    def size(self) -> int:
        """How many bytes there are."""
        ...

    @property
    def sha256(self) -> str:
        """Their digest, in hexadecimal."""
        ...

    def read(self, offset: int, size: int) -> bytes:
        """Return a chunk of them."""
        ...


@flow
def upload(
    settings: Settings,
    source: Source,
    name: str,
    display_name: str,
    report: Report = report_nothing,
) -> FlowBody[File]:
    """Upload a file of requests and wait until it can be used.

    We choose its ``name``, so that a lost reply to the last chunk is settled by one look. A file
    of ours that turns out to be of no use is removed.
    """
    start = build_upload_start(settings.api, name, display_name, source.size, JSONL)
    session, restarted, taken = None, False, False
    while True:
        try:
            response = yield from exchange(settings, start, Call.UPLOAD_START)
            session = parse_upload_start(response, settings.api)
            received = yield from _send_chunks(settings, source, session, report)
        except ApiError as error:
            if isinstance(error, ConflictError) and restarted:
                received, taken = Received(final=True), True  # the first session got through?
            elif isinstance(error, ConflictError):
                raise _label_used(name) from error
            elif error.code in {404, 410} and session is not None and not restarted:
                restarted = True
                log.info("the upload session of %s is gone; beginning again", name)
                continue
            else:
                raise
        break
    file = received.file or (yield from _find(settings, name))
    try:
        _compare(file, source)
        return (yield from _until_active(settings, file))
    except (IntegrityError, ProtocolError) as error:
        refused = error
    if taken and isinstance(refused, IntegrityError):
        raise _label_used(name) from refused
    yield from remove(settings, name, refused)
    raise refused


def _label_used(name: str) -> UsageError:
    return UsageError(
        f"{name} exists already: its label was used before, and stands for one submission only. "
        "Leave the label out to have one drawn; nothing was submitted"
    )


def _send_chunks(
    settings: Settings, source: Source, session: UploadSession, report: Report
) -> FlowBody[Received]:
    chunk = session.granularity * -(-LEAST_CHUNK // session.granularity)
    left = yield from patience(settings)
    offset, unsure = 0, False
    while True:
        report(Progress("uploading", offset, source.size))
        size = min(chunk, source.size - offset)
        piece = yield from Offload(partial(source.read, offset, size))
        last = offset + len(piece) == source.size
        request = build_chunk(session, offset, piece, last=last)
        received = yield from _send_chunk(settings, request, left)
        if received is None:
            response = yield from exchange(settings, build_query(session), Call.READ)
            received = parse_received(response)
            idle = received.size is None
        else:
            if received.size is None and not last:
                received = evolve(received, size=offset + len(piece))
            idle = received.size in {None, offset}
        if received.final:
            report(Progress("uploading", source.size, source.size))
            return received
        if idle and unsure:
            raise ProtocolError(
                f"the service takes no more than {offset} of {source.size} bytes of the upload, "
                "and does not say why"
            )
        unsure = idle
        if received.size is None:
            continue
        if not offset <= received.size <= offset + len(piece):
            raise ProtocolError(
                f"the service says that {received.size} bytes of the upload arrived; between "
                f"{offset} and {offset + len(piece)} were sent"
            )
        if received.size > offset:
            left.renew((yield from Now()))
        offset = received.size


def _send_chunk(settings: Settings, request: Request, left: Patience) -> FlowBody[Received | None]:
    """Return the reply to a chunk; ``None``, after a pause, where the service is to be asked."""
    try:
        return parse_received(
            accept((yield from Send(request, left.deadline)), settings.api, request)
        )
    except (ApiError, TransportError) as error:
        if action_for(Call.UPLOAD_CHUNK, error) is not Action.RESUME:
            raise
        failure = error
    yield from pause_after(left, Call.UPLOAD_CHUNK, failure)
    return None


def remove(settings: Settings, name: str, refused: GeminiBatchError) -> FlowBody[None]:
    """Remove a file that is of no use any more; where that fails too, say so in a note."""
    try:
        yield from delete_file(settings, name)
    except GeminiBatchError as error:
        refused.add_note(f"{name} was uploaded for it and could not be deleted: {error}")


def _find(settings: Settings, name: str) -> FlowBody[File]:
    """Look a file up whose upload was finished while its reply was lost."""
    try:
        response = yield from exchange(settings, build_file_get(settings.api, name), Call.READ)
    except (NotFoundError, PermissionDeniedError):
        raise UploadOutcomeUnknownError(name) from None
    return parse_file(response)


def _compare(file: File, source: Source) -> None:
    """Hold a file against its source: the service tells its size and its digest."""
    digest = source.sha256
    forms = {
        base64.b64encode(digest.encode()).decode(),  # what the service writes
        base64.b64encode(bytes.fromhex(digest)).decode(),  # what its schema promises
    }
    if file.size_bytes not in {None, source.size} or file.sha256_hash not in {None, *forms}:
        raise IntegrityError(
            f"{file.name} at the service is not what was uploaded: {file.size_bytes} bytes there, "
            f"{source.size} here, or another digest. Nothing was submitted; try again"
        )


def _until_active(settings: Settings, file: File) -> FlowBody[File]:
    """Wait until the service has taken a file in; large ones take a while."""
    give_up = (yield from Now()) + settings.timeouts.create
    looks = 0
    while file.state == FileState.PROCESSING:
        if (yield from Now()) > give_up:
            raise ProtocolError(f"the service is still processing {file.name}; submit again later")
        looks += 1
        yield from Sleep(settings.poll.pause(looks, settings.chance()))
        response = yield from exchange(settings, build_file_get(settings.api, file.name), Call.READ)
        file = parse_file(response)
    if file.state == FileState.FAILED:
        reason = file.error.message if file.error is not None else "it gives no reason"
        raise ProtocolError(f"the service could not take {file.name} in: {reason}")
    return file


@flow
def delete_file(settings: Settings, name: str) -> FlowBody[None]:
    """Remove a file; a missing one, for which the service says 403, counts as removed."""
    try:
        yield from exchange(settings, build_file_delete(settings.api, name), Call.DELETE)
    except (NotFoundError, PermissionDeniedError):
        log.info("%s was gone already", name)


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
