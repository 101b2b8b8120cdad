"""How tools are to be used: https://ai.google.dev/api/caching#ToolConfig."""

from __future__ import annotations

from attrs import field, frozen

from .base import Model, OpenEnum, as_strings


class FunctionCallingMode(OpenEnum):
    """Whether the model may, must or must not ask for calls of functions.

    ``VALIDATED`` is ``AUTO`` with calls that surely fit their declarations.
    """

    AUTO = "AUTO"
    ANY = "ANY"
    NONE = "NONE"
    VALIDATED = "VALIDATED"


@frozen
class FunctionCallingConfig(Model):
    """Whether, and which, functions the model may ask to have called."""

    mode: FunctionCallingMode | str | None = None
    allowed_function_names: tuple[str, ...] = field(default=(), converter=as_strings)


@frozen
class LatLng(Model):
    """A place on earth, in degrees."""

    latitude: float | None = None
    longitude: float | None = None


@frozen
class RetrievalConfig(Model):
    """Where, and in which language, the one is who asks."""

    lat_lng: LatLng | None = None
    language_code: str | None = None


@frozen
class ToolConfig(Model):
    """How the tools of a request are to be used."""

    function_calling_config: FunctionCallingConfig | None = None
    retrieval_config: RetrievalConfig | None = None
    include_server_side_tool_invocations: bool | None = None
