"""The file store: what was uploaded, for how long, and what may be done with it."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from pathlib import Path

import attrs

from .clock import SECOND, Clock
from .exchange import Exchange
from .ids import FILE_ID_LIMIT, Ids
from .paging import page
from .records import Act, Log
from .replies import Reply, json_reply
from .wire import JsonObject, RefusalError, file_missing, micros, nanos, present

LIFETIME = 48 * 3600 * SECOND
_FILE_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")


@attrs.define
class StoredFile:
    """One uploaded file; its bytes are on disk."""

    id: str
    serial: int
    display_name: str
    mime_type: str
    path: Path
    size: int
    sha256: str
    started: int
    created: int

    @property
    def expires(self) -> int:
        """Return when the service forgets the file, counted from the start of its upload."""
        return self.started + LIFETIME


class Files:
    """Keep uploaded files, and answer what is asked about them."""

    def __init__(self, clock: Clock, ids: Ids, acted: Log[Act], processing_seconds: float) -> None:
        self._clock = clock
        self._ids = ids
        self._acted = acted
        self._processing = int(processing_seconds * SECOND)
        self._files: dict[str, StoredFile] = {}
        self._departed: set[str] = set()

    def reserve(self, wanted: str | None) -> str:
        """Return the id of a new file: the one its owner wants if it is free, else one drawn."""
        if wanted is None:
            return self._ids.draw(12)
        file_id = wanted.removeprefix("files/")
        rule = "File ID (name excluding 'files/')"
        if len(file_id) > FILE_ID_LIMIT:
            raise RefusalError(
                400,
                f"* CreateFileRequest.file.name: {rule} cannot be more than "
                f"{FILE_ID_LIMIT} characters.\n",
            )
        if _FILE_ID.fullmatch(file_id) is None:
            raise RefusalError(
                400,
                f"* CreateFileRequest.file.name: {rule} may only contain lowercase alphanumeric "
                "characters or dashes (-), and cannot begin or end with a dash.\n",
            )
        if self._alive(file_id) is not None:
            raise RefusalError(409, f"File {file_id} already exists.")
        return file_id

    def add(self, file: StoredFile) -> None:
        """Keep a file whose upload is complete."""
        self._files[file.id] = file
        self._departed.discard(file.id)

    def stored_bytes(self) -> int:
        """Return how much room the uploaded files take."""
        return sum(file.size for file in self._all_alive())

    def serial(self) -> int:
        """Return the number of the next file."""
        return self._ids.number()

    def get(self, exchange: Exchange) -> Reply:
        """Answer ``GET files/{id}``."""
        file = self._find(exchange, "GetFileRequest")
        return json_reply(self.resource(file, exchange.origin))

    def list(self, exchange: Exchange) -> Reply:
        """Answer ``GET files``."""
        shown, token = page(self._all_alive(), exchange, default=10, ceiling=100)
        files = [self.resource(file, exchange.origin) for file in shown]
        return json_reply(present({"files": files, "nextPageToken": token}))

    def delete(self, exchange: Exchange) -> Reply:
        """Answer ``DELETE files/{id}``."""
        file = self._find(exchange, "DeleteFileRequest")
        del self._files[file.id]
        self._departed.add(file.id)
        file.path.unlink()
        self._acted.append(Act(exchange.operation, f"files/{file.id}"))
        return json_reply({})

    def input_of_batch(self, name: str) -> StoredFile:
        """Return the file a batch is to be made from, or refuse as create does."""
        file_id = name.removeprefix("files/")
        if file_id == name or not file_id:
            raise RefusalError(400, f"Invalid value at 'batch.input_config.file_name': {name!r}.")
        file = self._alive(file_id)
        if file is None:
            raise file_missing(file_id) if file_id in self._departed else RefusalError(404)
        if self._state(file) != "ACTIVE":
            raise RefusalError(
                400,
                f"The File {file_id} is not in an ACTIVE state and usage is not allowed.",
                status="FAILED_PRECONDITION",
            )
        return file

    def refuse_download(self, file_id: str) -> RefusalError:
        """Return why an uploaded file cannot be downloaded."""
        if self._alive(file_id) is None:
            return file_missing(file_id)
        return RefusalError(
            400, f"File {file_id} was uploaded: only generated files can be downloaded."
        )

    def resource(self, file: StoredFile, origin: str) -> JsonObject:
        """Return the file as JSON."""
        return present(
            {
                "name": f"files/{file.id}",
                "displayName": file.display_name,
                "mimeType": file.mime_type,
                "sizeBytes": str(file.size) if file.size else None,
                "createTime": micros(file.created),
                "updateTime": micros(file.created),
                "expirationTime": nanos(file.expires),
                "sha256Hash": base64.b64encode(file.sha256.encode()).decode(),
                "uri": f"{origin}/v1beta/files/{file.id}",
                "state": self._state(file),
                "source": "UPLOADED",
            }
        )

    def _state(self, file: StoredFile) -> str:
        processed = self._clock.now() >= file.created + self._processing
        return "ACTIVE" if processed else "PROCESSING"

    def _find(self, exchange: Exchange, message: str) -> StoredFile:
        file_id = exchange.part("id")
        if len(file_id) > FILE_ID_LIMIT:
            raise RefusalError(
                400,
                f"* {message}.name: File ID (name excluding 'files/') cannot be more than "
                f"{FILE_ID_LIMIT} characters.\n",
            )
        file = self._alive(file_id)
        if file is None:
            raise file_missing(file_id)
        return file

    def _all_alive(self) -> Sequence[StoredFile]:
        found = (self._alive(file_id) for file_id in tuple(self._files))
        return [file for file in found if file is not None]

    def _alive(self, file_id: str) -> StoredFile | None:
        file = self._files.get(file_id)
        if file is not None and self._clock.now() >= file.expires:
            del self._files[file_id]
            self._departed.add(file_id)
            file.path.unlink()
            return None
        return file
