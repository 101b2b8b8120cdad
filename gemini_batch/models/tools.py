"""What a model may use on the way to its answer: https://ai.google.dev/api/caching#Tool."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import field, frozen

from .base import Model


@frozen
class FunctionDeclaration(Model):
    """A function of yours that the model may ask to have called.

    ``parameters`` and ``response`` are schemas of the API (a subset of OpenAPI's), as plain JSON;
    ``parameters_json_schema`` is JSON Schema instead.
    """

    name: str
    description: str = ""
    parameters: Mapping[str, Any] | None = field(default=None, hash=False)
    parameters_json_schema: Mapping[str, Any] | None = field(default=None, hash=False)
    response: Mapping[str, Any] | None = field(default=None, hash=False)


def as_declarations(values: Iterable[FunctionDeclaration]) -> tuple[FunctionDeclaration, ...]:
    """Freeze a sequence of declarations."""
    return tuple(values)


@frozen
class Tool(Model):
    """Functions of yours, or a tool of the service: ``Tool(google_search={})`` turns that on."""

    function_declarations: tuple[FunctionDeclaration, ...] = field(
        default=(), converter=as_declarations
    )
    google_search: Mapping[str, Any] | None = field(default=None, hash=False)
    code_execution: Mapping[str, Any] | None = field(default=None, hash=False)
    url_context: Mapping[str, Any] | None = field(default=None, hash=False)


def as_tools(values: Iterable[Tool]) -> tuple[Tool, ...]:
    """Freeze a sequence of tools."""
    return tuple(values)
