"""``Content`` and its parts: https://ai.google.dev/api/caching#Content."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self, cast

from attrs import field, frozen

from ..errors import UsageError
from .base import Model, OpenEnum, no_members
from .sent import LONG, Sent

if TYPE_CHECKING:
    from ..spool import StrPath
    from .execution import CodeExecutionResult, ExecutableCode, ToolCall, ToolResponse
    from .file import File
    from .media import (
        FunctionResponsePart,
        MediaProcessing,
        PartMediaResolution,
        VideoMetadata,
    )


@frozen
class Blob(Sent):
    """Media sent along: ``data`` is base64, as it travels; ``decoded()`` gives the bytes."""

    mime_type: str
    data: str = field(repr=lambda text: f"<{len(text)} characters of base64>", metadata=LONG)

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


class FunctionResponseScheduling(OpenEnum):
    """When the model takes note of what a function returned that it did not wait for."""

    SILENT = "SILENT"
    WHEN_IDLE = "WHEN_IDLE"
    INTERRUPT = "INTERRUPT"


def as_response_parts(values: Iterable[FunctionResponsePart]) -> tuple[FunctionResponsePart, ...]:
    """Freeze a sequence of parts."""
    return tuple(values)


@frozen
class FunctionResponse(Model):
    """What came of a call that the model asked for; ``response`` is an object of your making.

    ``parts`` are media that go with it.
    """

    name: str = ""
    response: Mapping[str, Any] = field(factory=no_members, hash=False)
    id: str | None = None
    parts: tuple[FunctionResponsePart, ...] = field(default=(), converter=as_response_parts)
    scheduling: FunctionResponseScheduling | str | None = None
    will_continue: bool | None = None


@frozen
class Part(Model):
    """One piece of a ``Content``: exactly one of its members says which kind it is.

    ``thought`` and ``thought_signature`` (base64) go with any kind, and what concerns media with
    media. A part that a model sent must go back as it came.
    """

    text: str | None = None
    inline_data: Blob | None = None
    file_data: FileData | None = None
    function_call: FunctionCall | None = None
    function_response: FunctionResponse | None = None
    thought: bool | None = None
    thought_signature: str | None = field(default=None, repr=False)
    executable_code: ExecutableCode | None = None
    code_execution_result: CodeExecutionResult | None = None
    tool_call: ToolCall | None = None
    tool_response: ToolResponse | None = None
    video_metadata: VideoMetadata | None = None
    media_resolution: PartMediaResolution | None = None
    media_processing: MediaProcessing | str | None = None
    part_metadata: Mapping[str, Any] | None = field(default=None, hash=False)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Return a text."""
        return cls(text)

    @classmethod
    def from_bytes(cls, data: bytes | bytearray | memoryview, mime_type: str | None = None) -> Self:
        """Return media of some 15 MB at most; without a type, their beginning must tell it.

        They travel within the request, a third larger than they are. Those that many requests
        refer to are better uploaded once: ``client.files.upload()``.

        Raises:
            UsageError: The type cannot be told, or there is nothing to be sent, or too much.
        """
        from ..mime import media_type  # noqa: PLC0415 - most prompts are texts

        if not isinstance(cast("object", data), bytes | bytearray | memoryview):
            raise UsageError(f"media are bytes, not {type(data).__name__}")
        data = bytes(data)
        if not data:
            raise UsageError("there are no bytes to be sent")
        if len(data) > INLINE_MEDIA:
            raise UsageError(
                f"{len(data)} bytes do not fit into a request, which holds {INLINE_MEDIA}: upload "
                "them with client.files.upload(), and refer to them with Part.from_file()"
            )
        return cls(inline_data=Blob.of(data, media_type(data, given=mime_type)))

    @classmethod
    def from_path(cls, path: StrPath, mime_type: str | None = None) -> Self:
        """Return the media in a file of this machine, of some 15 MB at most.

        Without a type, the file's beginning and its name must not contradict each other.

        Raises:
            UsageError: The type cannot be told, or the file is empty or too large.
            OSError: The file cannot be read.
        """
        from ..mime import media_type  # noqa: PLC0415 - most prompts are texts
        from ..spool import name_of, read_whole  # noqa: PLC0415 - most prompts are texts

        data = read_whole(path, INLINE_MEDIA)
        if not data:
            raise UsageError(f"{name_of(path)!a} is empty")
        return cls(inline_data=Blob.of(data, media_type(data, name_of(path), mime_type)))

    @classmethod
    def from_image(cls, path: StrPath, mime_type: str | None = None) -> Self:
        """Return the picture in a file of this machine; what is no picture is refused.

        Raises what :meth:`from_path` raises.
        """
        part = cls.from_path(path, mime_type)
        kind = "" if part.inline_data is None else part.inline_data.mime_type
        if not kind.startswith("image/"):
            raise UsageError(f"a picture was expected, and this is {kind}")
        return part

    @classmethod
    def from_file(cls, file: File | str, mime_type: str | None = None) -> Self:
        """Return a file uploaded before, or the URI of one.

        The service keeps a file for 48 hours, and a batch may take 24 to begin.

        Raises:
            UsageError: It has no URI, or is named by something else, such as a path.
        """
        from .file import File  # noqa: PLC0415 - it needs what this is needed for

        if not isinstance(file, File):
            if _FILE_NAME.fullmatch(file):
                raise UsageError(
                    f"{file} is a name and no URI: give what client.files.get() returns"
                )
            return cls.from_url(file, mime_type)
        if file.uri is None:
            raise UsageError(f"{file.name or 'this file'} has no uri: get it from the service")
        return cls.from_url(file.uri, mime_type or file.mime_type)

    @classmethod
    def from_url(cls, url: str, mime_type: str | None = None) -> Self:
        """Return media at an address that the service reads, such as a video's."""
        if "://" not in url:
            raise UsageError(
                f"{url!a} is no URI: Part.from_path() takes a file of this machine, and "
                "Part.from_file() one that was uploaded before"
            )
        if mime_type is not None:
            from ..mime import require_mime_type  # noqa: PLC0415 - most prompts are texts

            require_mime_type(mime_type)
        return cls(file_data=FileData(url, mime_type))

    @classmethod
    def from_function_call(
        cls, name: str, args: Mapping[str, Any], call_id: str | None = None
    ) -> Self:
        """Return a call that a model asked for."""
        return cls(function_call=FunctionCall(name, args, call_id))

    @classmethod
    def from_function_response(
        cls, name: str, response: Mapping[str, Any], call_id: str | None = None
    ) -> Self:
        """Return what came of a call; ``call_id`` is the ``id`` of the call, where it has one."""
        return cls(function_response=FunctionResponse(name, response, call_id))


INLINE_MEDIA = 15_000_000
"""Bytes of media that go into one request at most: base64 makes 20 MB of them."""

_FILE_NAME = re.compile(r"files/[A-Za-z0-9_-]+", re.ASCII)


def as_parts(values: Iterable[Part]) -> tuple[Part, ...]:
    """Freeze a sequence of parts."""
    return tuple(values)


@frozen
class Content(Model):
    """What one side said: ``role`` is ``"user"`` or ``"model"``."""

    parts: tuple[Part, ...] = field(default=(), converter=as_parts)
    role: str | None = None

    @classmethod
    def user(cls, *parts: str | Part) -> Self:
        """Return a message of the user, such as a question and a picture, ``Part.from_image()``."""
        return cls(map(_part, parts), "user")

    @classmethod
    def model(cls, *parts: str | Part) -> Self:
        """Return an earlier answer of the model."""
        return cls(map(_part, parts), "model")

    @classmethod
    def system(cls, *parts: str | Part) -> Self:
        """Return a system instruction, which has no role."""
        return cls(map(_part, parts))


def _part(part: str | Part) -> Part:
    return Part(part) if isinstance(part, str) else part
