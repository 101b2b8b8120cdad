"""Go through a list that comes in pages (AIP-158)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

from attrs import evolve

from ..effects import Item, Now, Request, Response, StreamBody, fed_by, flow
from ..endpoints.replies import Page, date_of
from ..errors import ProtocolError, UsageError
from ..retry import Call
from ..settings import Settings
from .calls import exchange, patience

T = TypeVar("T")


_EMPTY = 1000
"""Pages without anything on them, one after the other, after which a list has no end."""


def _goes_on(page: Page[Any], came: float) -> bool:
    del page, came
    return False


@flow
def pages(
    settings: Settings,
    build: Callable[[str], Request],
    parse: Callable[[Response], Page[T]],
    most: float = math.inf,
    until: float = math.inf,
    ends: Callable[[Page[T], float], bool] = _goes_on,
) -> StreamBody[Page[T]]:
    """Yield the pages of a list, with ``most`` things on them at most.

    ``build`` asks for the page that a token stands for. One that fails is not asked for again
    after ``until``; ``ends`` tells of a page, and of when it came, that no other is wanted.
    """
    token, seen, left, empty = "", {""}, most, 0
    while left > 0:
        patient = yield from patience(settings, until)
        response = yield from exchange(settings, build(token), Call.READ, patient)
        page = parse(response)
        came = yield from Now()
        settings.expiries.hear(date_of(response), came)
        yield Item(page if len(page.items) <= left else evolve(page, items=page.items[: int(left)]))
        left -= len(page.items) or 1  # or empty pages could go on for ever
        empty = 0 if page.items else empty + 1
        token = page.next_page_token
        if not token or ends(page, came):
            return
        if token in seen:
            raise ProtocolError("the service repeats a page token: its list has no end")
        if empty == _EMPTY:
            raise ProtocolError(f"the service sent {empty} pages with nothing on them, and more")
        seen.add(token)


@flow
def members(
    settings: Settings,
    build: Callable[[str], Request],
    parse: Callable[[Response], Page[T]],
    most: float = math.inf,
    until: float = math.inf,
    ends: Callable[[Page[T], float], bool] = _goes_on,
) -> StreamBody[T]:
    """Yield what stands on the pages of a list, as :func:`pages` brings them."""

    def each(page: Page[T]) -> StreamBody[T]:
        for item in page.items:
            yield Item(item)

    yield from fed_by(pages(settings, build, parse, most, until, ends), each)


def require_page_size(page_size: object) -> int | None:
    """Return a page size if it is one."""
    if page_size is None or (type(page_size) is int and page_size > 0):
        return page_size
    raise UsageError(f"page_size is 1 or more, or None for the service's own, not {page_size!a}")
