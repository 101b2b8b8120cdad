"""``Content`` and its parts: https://ai.google.dev/api/caching#Content."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from typing import Any, Self

from attrs import field, frozen

from .base import Model, no_members


@frozen
class Blob(Model):
    """Media sent along: ``data`` is base64, as it travels; ``decoded()`` gives the bytes."""

    mime_type: str
    data: str = field(repr=lambda text: f"<{len(text)} characters of base64>")

    @classmethod
    def of(cls, data: bytes, mime_type: str) -> Self:
        """Encode ``data`` to travel."""
        return cls(mime_type, b64encode(data).decode("ascii"))

    def decoded(self) -> bytes:
        """Return the bytes; ``ValueError`` where the text is not base64.

        Both alphabets are read, as proto3 JSON allows.
        """
        text = self.data.translate(_TO_STANDARD)
        return b64decode(text + "=" * (-len(text) % 4), validate=True)


_TO_STANDARD = str.maketrans("-_", "+/")


@frozen
class FileData(Model):
    """Media uploaded before: the ``uri`` of a file."""

    file_uri: str
    mime_type: str | None = None


@frozen
class FunctionCall(Model):
    """A call the model asks you to make."""

    name: str = ""
    args: Mapping[str, Any] = field(factory=no_members, hash=False)
    id: str | None = None


@frozen
class FunctionResponse(Model):
    """What came of a call that the model asked for; ``response`` is an object of your making."""

    name: str = ""
    response: Mapping[str, Any] = field(factory=no_members, hash=False)
    id: str | None = None


@frozen
class Part(Model):
    """One piece of a ``Content``: exactly one of its members says which kind it is."""

    text: str | None = None
    inline_data: Blob | None = None
    file_data: FileData | None = None
    function_call: FunctionCall | None = None
    function_response: FunctionResponse | None = None
    thought: bool | None = None
    thought_signature: str | None = field(default=None, repr=False)


def as_parts(values: Iterable[Part]) -> tuple[Part, ...]:
    """Freeze a sequence of parts."""
    return tuple(values)


@frozen
class Content(Model):
    """What one side said: ``role`` is ``"user"`` or ``"model"``."""

    parts: tuple[Part, ...] = field(default=(), converter=as_parts)
    role: str | None = None

    @classmethod
    def user(cls, text: str) -> Self:
        """Return a message of the user."""
        return cls((Part(text),), "user")

    @classmethod
    def model(cls, text: str) -> Self:
        """Return an earlier answer of the model."""
        return cls((Part(text),), "model")

    @classmethod
    def system(cls, text: str) -> Self:
        """Return a system instruction, which has no role."""
        return cls((Part(text),))
