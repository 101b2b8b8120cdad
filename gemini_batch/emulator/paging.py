"""Pages of a list: where one begins, and the token that says where the next one does."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Protocol, TypeVar

from .exchange import Exchange
from .numbers_in import whole_number
from .wire import RefusalError


class _Numbered(Protocol):
    @property
    def serial(self) -> int: ...


T = TypeVar("T", bound=_Numbered)

START = base64.urlsafe_b64encode(b"start").decode()


def page(
    entries: Sequence[T], exchange: Exchange, *, default: int, ceiling: int
) -> tuple[Sequence[T], str | None]:
    """Return the page asked for, newest first, and the token of the next one if there is more.

    The token remembers the last entry shown, so that a page stays where it was while entries
    come and go.
    """
    size = _page_size(exchange.query("pageSize", "page_size"), default, ceiling)
    newest = sorted(entries, key=lambda entry: entry.serial, reverse=True)
    below = _decode(exchange.query("pageToken", "page_token"))
    if below is not None:
        newest = [entry for entry in newest if entry.serial < below]
    shown = newest[:size]
    token = _encode(shown[-1].serial) if len(newest) > size else None
    return shown, token


def _page_size(text: str | None, default: int, ceiling: int) -> int:
    if text is None or text == "0":
        return default
    size = whole_number(text)
    if size is None:
        raise RefusalError(400, f"Invalid value at 'page_size' (TYPE_INT32), {text!r}")
    return min(size, ceiling)


def _encode(serial: int) -> str:
    return base64.urlsafe_b64encode(str(serial).encode()).decode()


def _decode(token: str | None) -> int | None:
    if not token or token == START:
        return None
    try:
        serial = whole_number(base64.urlsafe_b64decode(token.encode()).decode())
    except (ValueError, binascii.Error) as error:
        raise RefusalError(400, "Invalid page token.") from error
    if serial is None:
        raise RefusalError(400, "Invalid page token.")
    return serial
