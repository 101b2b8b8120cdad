"""Look at files at the service, and remove them."""

from __future__ import annotations

from ..effects import (
    FlowBody,
    Now,
    Response,
    flow,
)
from ..endpoints.files import (
    build_file_delete,
    build_file_get,
    parse_file,
    parse_file_list,
)
from ..endpoints.replies import Page, date_of
from ..errors import (
    GeminiBatchError,
    NotFoundError,
    PermissionDeniedError,
)
from ..log import log
from ..models.file import File
from ..retry import Call
from ..settings import Settings
from .calls import exchange, patience


@flow
def look_at_file(settings: Settings, name: str) -> FlowBody[File]:
    """Look at a file once."""
    response = yield from exchange(settings, build_file_get(settings.api, name), Call.READ)
    settings.expiries.hear(date_of(response), (yield from Now()))
    file = parse_file(response)
    settings.expiries.note([file])
    return file


def read_files(settings: Settings, response: Response) -> Page[File]:
    """Read a page of files, and remember when they expire."""
    page = parse_file_list(response)
    settings.expiries.note(page.items)
    return page


@flow
def delete_file(settings: Settings, name: str) -> FlowBody[None]:
    """Remove a file. Not finding it counts as done where an earlier attempt may have acted.

    For a file that is missing the service says 403.
    """
    left = yield from patience(settings)
    try:
        yield from exchange(settings, build_file_delete(settings.api, name), Call.DELETE, left)
    except (NotFoundError, PermissionDeniedError) as error:
        if not left.doubtful or error.reason:  # the key or its project is refused, not the file
            raise


def remove(settings: Settings, name: str, refused: GeminiBatchError) -> FlowBody[None]:
    """Remove a file that is of no use any more; where that fails too, say so in a note."""
    try:
        yield from delete_file(settings, name)
    except GeminiBatchError as error:
        if isinstance(error, NotFoundError | PermissionDeniedError) and not error.reason:
            log.info("%s was gone already", name)
        else:
            refused.add_note(f"{name} was uploaded for it and could not be deleted: {error}")
