"""Upload a file so that it survives cuts."""

from __future__ import annotations

import base64
from functools import partial
from typing import Self, cast

from attrs import evolve, frozen

from ..effects import (
    FlowBody,
    Now,
    Offload,
    Request,
    Send,
    Sleep,
    flow,
)
from ..endpoints.files import (
    build_file_get,
    parse_file,
)
from ..endpoints.names import require_own_name
from ..endpoints.replies import accept, date_of
from ..endpoints.uploads import (
    Received,
    UploadSession,
    build_chunk,
    build_query,
    build_upload_start,
    parse_received,
    parse_upload_start,
)
from ..errors import (
    ApiError,
    ConflictError,
    IntegrityError,
    NotFoundError,
    PermissionDeniedError,
    ProtocolError,
    TransportError,
    UploadOutcomeUnknownError,
    UsageError,
)
from ..labels import make_label, require_text
from ..log import log
from ..mime import mime_type_of, require_mime_type
from ..models.file import File, FileState
from ..progress import Progress, Report, report_nothing
from ..retry import Action, Call, Patience, action_for
from ..settings import Settings
from ..spool import Source, Spools, StrPath, name_of
from ..submission import FILE_LIMIT
from ..text import printable
from .calls import exchange, give_up, patience, pause_after
from .files import remove

JSONL = "application/jsonl"
"""The type of a file of requests."""

LEAST_CHUNK = 256 << 10
"""Bytes of a chunk at least, in multiples of whatever granularity the service asks for."""


@frozen
class Parcel:
    """What the caller has to upload, the path of a file or bytes, and how to call it there."""

    content: StrPath | bytes
    title: str
    name: str
    display_name: str
    mime_type: str | None

    @classmethod
    def of(
        cls,
        content: object,
        mime_type: str | None,
        display_name: str | None,
        name: str | None,
        entropy: bytes,
    ) -> Self:
        """Check what can be checked before anything is sent, and fill in what is left out."""
        if not (isinstance(content, str | bytes) or hasattr(content, "__fspath__")):
            kind = type(content).__name__
            raise UsageError(f"what is uploaded is the path of a file, or bytes, not {kind}")
        title = "" if isinstance(content, bytes) else name_of(cast("StrPath", content))
        return cls(
            cast("StrPath | bytes", content),
            title,
            require_own_name(name or f"files/{make_label(entropy)}"),
            require_text(display_name or title.encode("utf-8", "replace").decode(), "display_name"),
            None if mime_type is None else require_mime_type(mime_type),
        )


@flow
def send(settings: Settings, parcel: Parcel, spools: Spools, report: Report) -> FlowBody[File]:
    """Upload what the caller has: it is read twice, the first time for its digest."""
    source = yield from Offload(partial(spools.source, parcel.content))
    if not source.size:
        raise UsageError("there is nothing to upload: the file is empty")
    if source.size > FILE_LIMIT:
        raise UsageError(f"a file holds {FILE_LIMIT} bytes at most, and this is {source.size}")
    # Not before the file was looked at: of one that is not there the type is no matter.
    kind = parcel.mime_type or mime_type_of(parcel.title)
    while (yield from Offload(source.digest_next)):
        continue
    name, display_name = parcel.name, parcel.display_name
    file = yield from upload(settings, source, name, display_name, report, kind)
    settings.expiries.note([file])
    return file


@flow
def upload(
    settings: Settings,
    source: Source,
    name: str,
    display_name: str,
    report: Report = report_nothing,
    mime_type: str = JSONL,
) -> FlowBody[File]:
    """Upload a file and wait until it can be used.

    We choose its ``name``, so that a lost reply to the last chunk is settled by one look. A file
    of ours that turns out to be of no use is removed.
    """
    start = build_upload_start(settings.api, name, display_name, source.size, mime_type)
    session, restarted, taken = None, False, False
    while True:
        try:
            response = yield from exchange(settings, start, Call.UPLOAD_START)
            settings.expiries.hear(date_of(response), (yield from Now()))
            session = parse_upload_start(response, settings.api)
            received = yield from _send_chunks(settings, source, session, report)
        except ApiError as error:
            if isinstance(error, ConflictError) and restarted:
                received, taken = Received(final=True), True  # the first session got through?
            elif isinstance(error, ConflictError):
                raise _name_taken(name) from error
            elif error.code in {404, 410} and session is not None and not restarted:
                restarted = True
                log.info("the upload session of %s is gone; beginning again", name)
                continue
            else:
                raise
        break
    file = received.file or (yield from _find(settings, name))
    try:
        _compare(file, name, source)
        return (yield from _until_active(settings, file))
    except (IntegrityError, ProtocolError) as error:
        refused = error
    if taken and isinstance(refused, IntegrityError):
        raise _name_taken(name) from refused
    yield from remove(settings, name, refused)
    raise refused


def _name_taken(name: str) -> UsageError:
    return UsageError(
        f"{name} exists already, and a name or a label stands for one upload only. Leave it out to "
        "have one drawn; nothing was submitted"
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
        if received is None or (last and not received.final and received.size is None):
            asking = yield from patience(settings)
            response = yield from exchange(settings, build_query(session), Call.READ, asking)
            left.spent += asking.spent  # progress pays that back, too
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
        response = accept((yield from Send(request, left.deadline)), settings.api, request)
    except (ApiError, TransportError) as error:
        failure = error
    else:
        settings.budget.earn()
        return parse_received(response)
    if action_for(Call.UPLOAD_CHUNK, failure) is not Action.RESUME:
        yield from give_up(left, failure)
    yield from pause_after(left, Call.UPLOAD_CHUNK, failure, request)
    return None


def _find(settings: Settings, name: str) -> FlowBody[File]:
    """Look a file up whose upload was finished while its reply was lost."""
    try:
        response = yield from exchange(settings, build_file_get(settings.api, name), Call.READ)
    except (NotFoundError, PermissionDeniedError):
        raise UploadOutcomeUnknownError(name) from None
    return parse_file(response)


def _compare(file: File, name: str, source: Source) -> None:
    """Hold a file against its source: the service tells its name, its size and its digest."""
    if file.name != name:
        told = printable(ascii(file.name), 100)
        raise ProtocolError(f"the service names the upload of {name} {told}; try again")
    digest = source.sha256
    forms = {
        base64.b64encode(digest.encode()).decode(),  # what the service writes
        base64.b64encode(bytes.fromhex(digest)).decode(),  # what its schema promises
    }
    if file.size_bytes not in {None, source.size} or file.sha256_hash not in {None, *forms}:
        raise IntegrityError(
            f"{name} at the service is not what was uploaded: {file.size_bytes} bytes there, "
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
        said = file.error.message if file.error is not None else ""
        reason = printable(said) or "it gives no reason"
        raise ProtocolError(f"the service could not take {file.name} in: {reason}")
    return file
