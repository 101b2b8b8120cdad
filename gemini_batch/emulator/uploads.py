"""Resumable uploads: start, upload, query, cancel, finalize.

The protocol is Google's own: commands and offsets travel in ``X-Goog-Upload-*`` headers and every
success is 200. It is not the one with 308 and ``Content-Range``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from .clock import Clock
from .exchange import Exchange
from .files import Files, StoredFile
from .ids import Ids
from .limits import Limits
from .records import Act, Log
from .replies import Reply, json_reply
from .validation import read_body
from .wire import API_HEADERS, UPLOAD_HEADERS, RefusalError, storage_used_up

if TYPE_CHECKING:
    from _hashlib import HASH


@attrs.define
class Session:
    """One upload under way."""

    id: str
    file_id: str
    display_name: str
    mime_type: str
    declared: int | None
    path: Path
    started: int
    digest: HASH = attrs.field(factory=hashlib.sha256)
    received: int = 0
    status: str = "active"
    busy: bool = False


class Uploads:
    """Keep upload sessions and turn finished ones into files."""

    def __init__(
        self,
        files: Files,
        directory: Path,
        clock: Clock,
        ids: Ids,
        acted: Log[Act],
        granularity: int,
        limits: Limits,
    ) -> None:
        self._files = files
        self._directory = directory
        self._clock = clock
        self._ids = ids
        self._acted = acted
        self._granularity = granularity
        self._limits = limits
        self._sessions: dict[str, Session] = {}

    async def start(self, exchange: Exchange) -> Reply:
        """Answer the command ``start``: a session, and the URL that names it."""
        headers = exchange.request.headers
        if headers.get("X-Goog-Upload-Protocol", "").lower() != "resumable":
            raise RefusalError(400, "X-Goog-Upload-Protocol must be resumable.")
        declared = exchange.header_int("X-Goog-Upload-Header-Content-Length")
        self._check_size(declared or 0)
        given = read_body(await exchange.body(), "CreateFileRequest").get("file", {})
        mime_type = given.get("mimeType") or headers.get("X-Goog-Upload-Header-Content-Type", "")
        session = Session(
            id="AJ" + self._ids.draw(90),
            file_id=self._files.reserve(given.get("name") or None),
            display_name=given.get("displayName", ""),
            mime_type=mime_type,
            declared=declared,
            path=self._directory / f"upload-{self._ids.number()}",
            started=self._clock.now(),
        )
        session.path.touch()
        self._sessions[session.id] = session
        self._acted.append(Act(exchange.operation, f"files/{session.file_id}"))
        url = (
            f"{exchange.origin}/upload/{exchange.part('version')}/files"
            f"?upload_id={session.id}&upload_protocol=resumable"
        )
        return Reply(
            headers={
                **UPLOAD_HEADERS,
                "X-GUploader-UploadID": session.id,
                "X-Goog-Upload-Status": session.status,
                "X-Goog-Upload-URL": url,
                "X-Goog-Upload-Control-URL": url,
                "X-Goog-Upload-Chunk-Granularity": str(self._granularity),
                # What the last reply will have; its echoes of machines inside are left out.
                "X-Goog-Upload-Header-Content-Type": _JSON["Content-Type"],
                "X-Goog-Upload-Header-Vary": _JSON["Vary"],
            }
        )

    def _check_size(self, size: int) -> None:
        """Refuse a file that is too large, or that there is no room for."""
        if size > self._limits.file_bytes:
            raise RefusalError(
                400, f"File size exceeds the limit: {self._limits.file_bytes} bytes."
            )
        if self._files.stored_bytes() + size > self._limits.storage_bytes:
            raise storage_used_up(self._limits.storage_bytes)

    async def query(self, exchange: Exchange) -> Reply:
        """Answer the command ``query``: how much has arrived."""
        session = self._session(exchange)
        await exchange.drain()
        received = {"X-Goog-Upload-Size-Received": str(session.received)}
        return Reply(headers={**_status(session), **received})

    async def cancel(self, exchange: Exchange) -> Reply:
        """Answer the command ``cancel``: what has arrived is thrown away."""
        session = self._session(exchange)
        await exchange.drain()
        if session.status == "active":
            session.status = "cancelled"
            session.path.unlink()
            self._acted.append(Act(exchange.operation, f"files/{session.file_id}"))
        return Reply(headers=_status(session))

    async def chunk(self, exchange: Exchange) -> Reply:
        """Answer ``upload``, ``finalize`` and the two in one."""
        session = self._session(exchange)
        commands = exchange.route.commands
        if not commands or not commands <= {"upload", "finalize"}:
            await self._refuse(exchange, session, "X-Goog-Upload-Command is missing or unknown.")
        if session.status != "active":
            await self._refuse(exchange, session, f"The upload is already {session.status}.")
        if session.busy:
            await self._refuse(exchange, session, "The upload is busy with another chunk.", 503)
        before = session.received
        final = ""
        try:
            if "upload" in commands:
                await self._receive(exchange, session, last="finalize" in commands)
            else:
                await exchange.drain()
            if session.status != "active":  # it was cancelled while the chunk was on its way
                await self._refuse(exchange, session, f"The upload is already {session.status}.")
            if "finalize" not in commands:
                return Reply(headers=_status(session))
            reply = self._finish(exchange, session)
            final = ", final"
        finally:
            if final or session.received > before:
                detail = f"{before}+{session.received - before}{final}"
                self._acted.append(Act(exchange.operation, f"files/{session.file_id}", detail))
        return reply

    async def _receive(self, exchange: Exchange, session: Session, *, last: bool) -> None:
        """Store a chunk as it arrives; what has arrived stays, even if the rest never does."""
        start = session.received
        offset = exchange.header_int("X-Goog-Upload-Offset")
        if offset != start:
            message = f"Upload offset {offset} is not the expected {start}."
            await self._refuse(exchange, session, message)
        announced = exchange.request.content_length
        if announced is not None and (
            problem := self._problem(session, start, announced, last=last)
        ):
            await self._refuse(exchange, session, problem)
        digest = session.digest.copy()
        session.busy = True
        try:
            with session.path.open("r+b") as file:
                file.seek(start)
                file.truncate()  # a chunk refused when it was already here

                def store(piece: bytes) -> None:
                    file.write(piece)
                    session.digest.update(piece)
                    session.received += len(piece)

                await exchange.pour(store)
        finally:
            session.busy = False
        if problem := self._problem(session, start, session.received - start, last=last):
            session.digest, session.received = digest, start
            await self._refuse(exchange, session, problem)

    def _problem(self, session: Session, start: int, length: int, *, last: bool) -> str | None:
        """Return what is wrong with a chunk of that length, if anything is."""
        stop = start + length
        if session.declared is not None and stop > session.declared:
            return f"{stop} bytes are more than the {session.declared} that were announced."
        if stop > self._limits.file_bytes:
            return f"File size exceeds the limit: {self._limits.file_bytes} bytes."
        # A chunk that brings the upload back to a multiple after a broken one is welcome too.
        if last or length % self._granularity == 0 or stop % self._granularity == 0:
            return None
        return (
            f"A chunk that is not the last must be a multiple of {self._granularity} bytes, "
            f"not {length}."
        )

    def _finish(self, exchange: Exchange, session: Session) -> Reply:
        if session.declared is not None and session.received != session.declared:
            raise RefusalError(
                400,
                f"Only {session.received} of {session.declared} bytes were uploaded.",
                headers=_status(session),
            )
        self._check_size(session.received)  # which may not have been announced
        self._files.reserve(session.file_id)  # refuses if another upload took the name meanwhile
        file = StoredFile(
            id=session.file_id,
            serial=self._files.serial(),
            display_name=session.display_name,
            mime_type=session.mime_type,
            path=session.path,
            size=session.received,
            sha256=session.digest.hexdigest(),
            started=session.started,
            created=self._clock.now(),
        )
        session.status = "final"
        self._files.add(file)
        reply = json_reply({"file": self._files.resource(file, exchange.origin)})
        return attrs.evolve(reply, headers={**_status(session), **_JSON})

    def _session(self, exchange: Exchange) -> Session:
        upload_id = exchange.query("upload_id") or ""
        if exchange.session_lost:
            self._sessions.pop(upload_id, None)
        session = self._sessions.get(upload_id)
        if session is None:
            raise RefusalError(404)
        return session

    async def _refuse(
        self, exchange: Exchange, session: Session, message: str, code: int = 400
    ) -> None:
        await exchange.drain()
        raise RefusalError(code, message, headers=_status(session))


_JSON = {name: API_HEADERS[name] for name in ("Content-Type", "Vary")}


def _status(session: Session) -> Mapping[str, str]:
    return {
        **UPLOAD_HEADERS,
        "X-GUploader-UploadID": session.id,
        "X-Goog-Upload-Status": session.status,
    }
