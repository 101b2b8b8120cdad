"""What a model may use on the way to its answer: https://ai.google.dev/api/caching#Tool."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from .base import Model, OpenEnum

if TYPE_CHECKING:
    from .schema import Schema
    from .service_tools import (
        CodeExecution,
        ComputerUse,
        FileSearch,
        GoogleMaps,
        GoogleSearch,
        GoogleSearchRetrieval,
        McpServer,
        UrlContext,
    )


class Behavior(OpenEnum):
    """Whether the model waits for what a function returns."""

    BLOCKING = "BLOCKING"
    NON_BLOCKING = "NON_BLOCKING"


@frozen
class FunctionDeclaration(Model):
    """A function of yours that the model may ask to have called.

    ``parameters`` and ``response`` are schemas of the API (a subset of OpenAPI's), as a
    :class:`~gemini_batch.Schema` or as plain JSON; ``parameters_json_schema`` and
    ``response_json_schema`` are JSON Schema instead.
    """

    name: str
    description: str = ""
    parameters: Schema | Mapping[str, Any] | None = field(default=None, hash=False)
    parameters_json_schema: Any = field(default=None, hash=False)
    response: Schema | Mapping[str, Any] | None = field(default=None, hash=False)
    response_json_schema: Any = field(default=None, hash=False)
    behavior: Behavior | str | None = None


def as_declarations(values: Iterable[FunctionDeclaration]) -> tuple[FunctionDeclaration, ...]:
    """Freeze a sequence of declarations."""
    return tuple(values)


def as_mcp_servers(values: Iterable[McpServer]) -> tuple[McpServer, ...]:
    """Freeze a sequence of servers."""
    return tuple(values)


@frozen
class Tool(Model):
    """Functions of yours, or a tool of the service: ``Tool(google_search=GoogleSearch())``."""

    function_declarations: tuple[FunctionDeclaration, ...] = field(
        default=(), converter=as_declarations
    )
    google_search: GoogleSearch | None = None
    code_execution: CodeExecution | None = None
    url_context: UrlContext | None = None
    google_maps: GoogleMaps | None = None
    file_search: FileSearch | None = None
    computer_use: ComputerUse | None = None
    mcp_servers: tuple[McpServer, ...] = field(default=(), converter=as_mcp_servers)
    google_search_retrieval: GoogleSearchRetrieval | None = None


def as_tools(values: Iterable[Tool]) -> tuple[Tool, ...]:
    """Freeze a sequence of tools."""
    return tuple(values)
