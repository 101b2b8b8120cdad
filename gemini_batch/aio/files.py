"""The files of an asynchronous client."""

from __future__ import annotations

import secrets
from functools import partial

from ..endpoints.files import build_file_list
from ..endpoints.names import require_name
from ..flows.downloads import save
from ..flows.files import delete_file, look_at_file, read_files
from ..flows.lists import require_page_size
from ..flows.uploads import Parcel, send
from ..labels import ENTROPY
from ..models.file import File, name_of
from ..progress import Report, report_for
from ..spool import StrPath
from .link import Link
from .streams import AsyncPager


class AsyncFiles:
    """Files at the service, which keeps each for 48 hours and 20 GB of them in all.

    Where a file is not there, the service says that it is forbidden: expect
    :class:`~gemini_batch.PermissionDeniedError` rather than ``NotFoundError``.
    """

    def __init__(self, link: Link) -> None:
        self._link = link

    async def upload(
        self,
        content: StrPath | bytes,
        *,
        mime_type: str | None = None,
        display_name: str | None = None,
        name: str | None = None,
        progress: bool | Report = False,
    ) -> File:
        """Upload a file, and wait until the service has taken it in.

        A cut is mended where it was; the file must stay as it is meanwhile.

        Args:
            content: The path of the file, or its bytes.
            mime_type: Its type, which is told by the ending of the path unless given.
            display_name: A name for people; that of the path unless given.
            name: Its resource name, ``files/…``, with up to 40 lower-case letters, digits and
                dashes; drawn unless given.
            progress: ``True`` to show progress on standard error, or what to call with it.

        Raises:
            UsageError: The type cannot be told, the name is taken, or the file changed.
            OSError: The file cannot be read.
            IntegrityError: What arrived is not what was sent; it was removed.
            UploadOutcomeUnknownError: The file may be there under its name.
        """
        parcel = Parcel.of(content, mime_type, display_name, name, secrets.token_bytes(ENTROPY))
        spools = self._link.spools()
        flow = send(self._link.settings, parcel, spools, report_for(progress))
        return await self._link.run(flow, spools)

    async def get(self, name: str | File) -> File:
        """Look at a file; its bytes stay where they are."""
        return await self._link.run(look_at_file(self._link.settings, name_of(name)))

    def list(self, page_size: int | None = None) -> AsyncPager[File]:
        """Return the files of the project, newest first, page by page as they are read.

        ``page_size`` is at most 100, and 10 unless given. Results files are not among them.
        """
        size = require_page_size(page_size)
        build = partial(build_file_list, self._link.settings.api, size)
        return self._link.turn_over(build, partial(read_files, self._link.settings))

    async def download(
        self,
        name: str | File,
        path: StrPath,
        *,
        overwrite: bool = False,
        progress: bool | Report = False,
    ) -> None:
        """Save a file that the service made, such as one of results; others it does not give back.

        A cut is mended where it was. The file takes its name when it is whole, and is readable
        only by you.

        Raises:
            UsageError: The path is taken, or its directory is missing.
        """
        source = require_name(name_of(name), "files")
        spools = self._link.spools()
        new = partial(spools.new_file, path, overwrite=overwrite)
        flow = save(self._link.settings, source, new, report_for(progress))
        await self._link.run(flow, spools)

    async def delete(self, name: str | File) -> None:
        """Remove a file."""
        await self._link.run(delete_file(self._link.settings, name_of(name)))

    def __repr__(self) -> str:
        return f"<AsyncFiles of {self._link.settings.api.origin}>"
