"""What both transports take for a reply, and the words in which they tell that none came.

The libraries below read heads by rules of their own, and fail in words of their own. A head is held
to the stricter of two readings here, so that neither facade takes for a reply what the other does
not; and what is raised is the same sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from .certificates import BUNDLES
from .errors import Delivery, TransportError

LINE_LIMIT = 64 << 10
"""Bytes of one line of a head, at most."""

FIELDS = 99
"""Lines of a head, at most."""

CUT = "it ended before the reply did"
CUT_OFF = "it ended before it was secure"
REFUSED_TUNNEL = "the proxy refuses to pass it on"
TOO_SLOW = "it took too long"

_NAMES = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]*")
_LENGTH = re.compile(rb"[0-9]{1,18}")

Fields = Sequence[tuple[bytes, bytes]]
"""The headers of a reply, each line for itself."""


def is_sound(version: tuple[int, int], status: int, fields: Fields) -> bool:
    """Tell whether this is the head of a reply, of which the length is beyond doubt.

    By RFC 9112 §6.3 a reply whose length can be read in two ways is to be given up.
    """
    told: dict[bytes, list[bytes]] = {}
    for name, value in fields:
        told.setdefault(name.lower(), []).append(value.strip(b" \t"))
    lengths = told.get(b"content-length", [])
    codings = told.get(b"transfer-encoding", [])
    return (
        version in {(1, 0), (1, 1)}
        and status >= 200
        and len(fields) <= FIELDS
        and all(told)  # none of the names is empty, and so all of them can be read as one
        and _NAMES.fullmatch(b"".join(told)) is not None
        and len(lengths) + len(codings) <= 1
        and all(_LENGTH.fullmatch(length) for length in lengths)
        and all(coding.lower() == b"chunked" for coding in codings)
    )


def headers_of(fields: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return headers by their names in lower case; the values of one that comes twice are joined.

    What is not UTF-8 in a value is kept as ``surrogateescape`` does.
    """
    headers: dict[str, str] = {}
    for raw_name, raw_value in fields:
        name = raw_name.decode("ascii", "replace").lower()
        value = raw_value.strip(b" \t").decode("utf-8", "surrogateescape")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def unconnected(host: str, why: str = "") -> TransportError:
    """Return the error for a connection that never was."""
    return TransportError(_said(f"cannot connect to {host}", why), Delivery.NOT_SENT)


def untrusted(host: str, why: str) -> TransportError:
    """Return the error for a service that does not show that it is the service."""
    return TransportError(
        f"no trusted connection to {host}: {why}. A certificate of your own authority is named by "
        f"the variable {BUNDLES[-1]}",
        Delivery.NOT_SENT,
        permanent=True,
    )


def late(host: str) -> TransportError:
    """Return the error for a reply that did not come in time."""
    return TransportError(f"no answer in time from {host}", timed_out=True)


def lost(host: str, why: str = CUT) -> TransportError:
    """Return the error for a connection that broke after the request went out."""
    return TransportError(_said(f"the connection was lost to {host}", why))


def garbled(host: str) -> TransportError:
    """Return the error for bytes that are no reply. What stands before a service may send such."""
    return TransportError(f"what came back from {host} is not HTTP")


def _said(what: str, why: str) -> str:
    return f"{what}: {why}" if why else what
