"""The label by which a batch is found again, and how it travels in the display name.

Create has no request id: the only way to learn what became of a create whose reply was lost is to
look for a name that nothing else has.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager

from .errors import UsageError

ENTROPY = 16
"""Bytes of chance in a label; it is unique for ever."""

DISPLAY_NAME_LIMIT = 400
"""Characters of a display name, label included: below every limit the service is known to have."""

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LABEL = re.compile(r"gb-[a-z0-9](?:[a-z0-9-]{0,34}[a-z0-9])?", re.ASCII)
_LABELLED = re.compile(r"(?:(?P<name>.*) )?\[(?P<label>" + _LABEL.pattern + r")\]", re.DOTALL)


class DrawnLabel(str):
    """A label that was drawn just now: no batch can have it yet, so none is looked for."""

    __slots__ = ()


def make_label(entropy: bytes) -> DrawnLabel:
    """Return ``gb-`` and 26 letters and digits (Crockford's base 32) for 16 random bytes."""
    number = int.from_bytes(entropy, "big")
    return DrawnLabel(
        "gb-" + "".join(_ALPHABET[number >> bits & 31] for bits in range(125, -1, -5))
    )


def require_text(text: object, what: str) -> str:
    """Return a text that can be sent; :class:`~gemini_batch.UsageError` if it cannot."""
    if not isinstance(text, str):
        raise UsageError(f"{what} is a string, not {type(text).__name__}")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise UsageError(f"{what} holds a lone surrogate, which UTF-8 cannot hold") from None
    return text


def require_label(label: object) -> str:
    """Return a label of the caller's own; :class:`~gemini_batch.UsageError` if it is not one."""
    if not isinstance(label, str) or not _LABEL.fullmatch(label):
        raise UsageError(
            f"{label!a} is not a label: take gb- and up to 36 lower-case letters, digits and "
            "dashes, or leave it out"
        )
    return label


def labelled(display_name: str | None, label: str) -> str:
    """Return the display name as it is sent."""
    chosen = "" if display_name is None else require_text(display_name, "the display name")
    name = f"{chosen} [{label}]" if chosen else f"[{label}]"
    if len(name) > DISPLAY_NAME_LIMIT:
        raise UsageError(
            f"the display name has {len(display_name or '')} characters; "
            f"{DISPLAY_NAME_LIMIT - len(label) - 3} is the most"
        )
    return name


def split_display_name(raw: str | None) -> tuple[str | None, str | None]:
    """Return the caller's part of a display name and the label, each ``None`` where absent."""
    found = _LABELLED.fullmatch(raw or "")
    return (raw, None) if found is None else (found["name"], found["label"])


@contextmanager
def told_of(label: str) -> Generator[None]:
    """Say of an interrupt or a cancellation how to find what may have been created by then."""
    try:
        yield
    except Exception:
        raise  # it says itself what became of the batch
    except BaseException as cut:
        cut.add_note(
            f"cut short while {label} was submitted: if a batch was created, "
            f"client.adopt({label!r}) finds it"
        )
        raise
