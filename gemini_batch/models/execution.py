"""What the model ran on its way to an answer: https://ai.google.dev/api/caching#Part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from .base import Model, OpenEnum, no_members


class CodeLanguage(OpenEnum):
    """What a model's code is written in."""

    PYTHON = "PYTHON"


class CodeOutcome(OpenEnum):
    """How the run of a model's code ended."""

    OK = "OUTCOME_OK"
    FAILED = "OUTCOME_FAILED"
    DEADLINE_EXCEEDED = "OUTCOME_DEADLINE_EXCEEDED"


class ToolType(OpenEnum):
    """A tool of the service, as a call of it names it."""

    GOOGLE_SEARCH_WEB = "GOOGLE_SEARCH_WEB"
    GOOGLE_SEARCH_IMAGE = "GOOGLE_SEARCH_IMAGE"
    URL_CONTEXT = "URL_CONTEXT"
    GOOGLE_MAPS = "GOOGLE_MAPS"
    FILE_SEARCH = "FILE_SEARCH"


@frozen
class ExecutableCode(Model):
    """Code that the model wrote, and that the service ran."""

    code: str = ""
    language: CodeLanguage | str | None = None
    id: str | None = None


@frozen
class CodeExecutionResult(Model):
    """What came of running the model's code: its output, or why there is none."""

    outcome: CodeOutcome | str | None = None
    output: str | None = None
    id: str | None = None


@frozen
class ToolCall(Model):
    """A call of a tool of the service, which the service has answered itself."""

    tool_type: ToolType | str | None = None
    tool_name: str | None = None
    args: Mapping[str, Any] = field(factory=no_members, hash=False)
    id: str | None = None


@frozen
class ToolResponse(Model):
    """What a tool of the service answered; ``id`` is that of the call."""

    tool_type: ToolType | str | None = None
    response: Mapping[str, Any] = field(factory=no_members, hash=False)
    id: str | None = None
