"""Paths of the service, and the operations they name."""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs

OPERATIONS = (
    "create",
    "get",
    "list",
    "cancel",
    "delete",
    "upload-start",
    "upload-chunk",
    "upload-query",
    "upload-cancel",
    "file-get",
    "file-list",
    "file-delete",
    "download",
)
NO_OPERATION = "unknown"

_METHODS: Mapping[str, str] = {
    "get": "GetOperation",
    "list": "ListOperations",
    "cancel": "CancelOperation",
    "delete": "DeleteOperation",
    "file-get": "GetFile",
    "file-list": "ListFiles",
    "file-delete": "DeleteFile",
    "download": "DownloadFile",
}
"""The service's own names; create has its verb, and every step of an upload is ``CreateFile``."""

_VERSION = r"/(?P<version>v1|v1beta|v1alpha)"
_MODEL = r"(?P<model>(?:models|tunedModels)/[^/:]+)"
_UPLOAD = rf"/upload{_VERSION}/files"
_ROUTES: tuple[tuple[str, re.Pattern[str], str], ...] = tuple(
    (method, re.compile(pattern), operation)
    for method, pattern, operation in (
        ("POST", rf"{_VERSION}/{_MODEL}:(?P<verb>batchGenerateContent)", "create"),
        ("POST", rf"{_VERSION}/{_MODEL}:(?P<verb>asyncBatchEmbedContent)", "create"),
        ("GET", rf"{_VERSION}/batches", "list"),
        ("GET", rf"{_VERSION}/batches/(?P<id>[^/:]+)", "get"),
        ("DELETE", rf"{_VERSION}/batches/(?P<id>[^/:]+)", "delete"),
        ("POST", rf"{_VERSION}/batches/(?P<id>[^/:]+):cancel", "cancel"),
        ("POST", _UPLOAD, "upload"),
        ("PUT", _UPLOAD, "upload"),
        ("GET", rf"{_VERSION}/files", "file-list"),
        ("GET", rf"{_VERSION}/files/(?P<id>[^/:]+)", "file-get"),
        ("DELETE", rf"{_VERSION}/files/(?P<id>[^/:]+)", "file-delete"),
        ("GET", rf"(?:/download)?{_VERSION}/files/(?P<id>[^/:]+):download", "download"),
    )
)


@attrs.frozen
class Route:
    """Where a request goes."""

    operation: str
    parts: Mapping[str, str] = attrs.field(factory=dict[str, str])
    commands: frozenset[str] = frozenset()

    @property
    def method(self) -> str:
        """Return the full name that the service's errors give to what is asked for."""
        package = f"google.ai.generativelanguage.{self.parts['version']}"
        if self.operation == "create":
            verb = self.parts["verb"]
            return f"{package}.BatchService.{verb[0].upper()}{verb[1:]}"
        name = _METHODS.get(self.operation, "CreateFile")
        if name.endswith(("Operation", "Operations")):
            return f"google.longrunning.Operations.{name}"
        return f"{package}.FileService.{name}"


def find_route(method: str, path: str, headers: Mapping[str, str]) -> Route:
    """Return the route of a request; its operation is ``unknown`` if the service has none."""
    for verb, pattern, operation in _ROUTES:
        match = pattern.fullmatch(path)
        if match is not None and verb == method:
            if operation == "upload":
                return _upload_route(match.groupdict(), headers)
            return Route(operation, match.groupdict())
    return Route(NO_OPERATION)


def _upload_route(parts: Mapping[str, str], headers: Mapping[str, str]) -> Route:
    """Tell the steps of an upload apart: one path, many commands."""
    given = headers.get("X-Goog-Upload-Command", "")
    commands = frozenset(word.strip().lower() for word in given.split(",")) - {""}
    for command in ("start", "query", "cancel"):
        if command in commands:
            return Route(f"upload-{command}", parts, commands)
    return Route("upload-chunk", parts, commands)
