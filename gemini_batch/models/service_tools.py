"""The tools of the service: https://ai.google.dev/api/caching#Tool."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from attrs import field, frozen

from .base import Model, OpenEnum, Timestamp, as_duration, as_strings, as_timestamp


@frozen
class WebSearch(Model):
    """Pages are searched for."""


@frozen
class ImageSearch(Model):
    """Pictures are searched for."""


@frozen
class SearchTypes(Model):
    """What is searched for; pages, unless it is said otherwise."""

    web_search: WebSearch | None = None
    image_search: ImageSearch | None = None


@frozen
class Interval(Model):
    """The time from ``start_time`` to before ``end_time``."""

    start_time: Timestamp | None = field(default=None, converter=as_timestamp)
    end_time: Timestamp | None = field(default=None, converter=as_timestamp)


@frozen
class GoogleSearch(Model):
    """The model may search the web, of ``time_range_filter`` alone if that is given."""

    search_types: SearchTypes | None = None
    time_range_filter: Interval | None = None


class DynamicRetrievalMode(OpenEnum):
    """Whether a search is made only where it is of use; otherwise it always is."""

    MODE_DYNAMIC = "MODE_DYNAMIC"


@frozen
class DynamicRetrievalConfig(Model):
    """From which score on, between 0 and 1, a search is made."""

    mode: DynamicRetrievalMode | str | None = None
    dynamic_threshold: float | None = None


@frozen
class GoogleSearchRetrieval(Model):
    """The search of older models."""

    dynamic_retrieval_config: DynamicRetrievalConfig | None = None


@frozen
class GoogleMaps(Model):
    """The model may look places up."""

    enable_widget: bool | None = None


@frozen
class FileSearch(Model):
    """The model may search stores of documents, ``fileSearchStores/…``."""

    file_search_store_names: tuple[str, ...] = field(default=(), converter=as_strings)
    metadata_filter: str | None = None
    top_k: int | None = None


@frozen
class UrlContext(Model):
    """The model may read the pages that the prompt names."""


@frozen
class CodeExecution(Model):
    """The model may run code of its own."""


class ComputerEnvironment(OpenEnum):
    """What the model may use."""

    BROWSER = "ENVIRONMENT_BROWSER"
    MOBILE = "ENVIRONMENT_MOBILE"
    DESKTOP = "ENVIRONMENT_DESKTOP"


class SafetyPolicy(OpenEnum):
    """What the model asks about before it does it, unless it is told not to."""

    FINANCIAL_TRANSACTIONS = "FINANCIAL_TRANSACTIONS"
    SENSITIVE_DATA_MODIFICATION = "SENSITIVE_DATA_MODIFICATION"
    COMMUNICATION_TOOL = "COMMUNICATION_TOOL"
    ACCOUNT_CREATION = "ACCOUNT_CREATION"
    DATA_MODIFICATION = "DATA_MODIFICATION"
    USER_CONSENT_MANAGEMENT = "USER_CONSENT_MANAGEMENT"
    LEGAL_TERMS_AND_AGREEMENTS = "LEGAL_TERMS_AND_AGREEMENTS"


@frozen
class ComputerUse(Model):
    """The model may ask for clicks and keys."""

    environment: ComputerEnvironment | str | None = None
    excluded_predefined_functions: tuple[str, ...] = field(default=(), converter=as_strings)
    disabled_safety_policies: tuple[SafetyPolicy | str, ...] = field(
        default=(), converter=as_strings
    )
    enable_prompt_injection_detection: bool | None = None


@frozen
class StreamableHttpTransport(Model):
    """How a server of tools is reached."""

    url: str | None = None
    headers: Mapping[str, str] | None = field(default=None, hash=False, repr=False)
    timeout: timedelta | None = field(default=None, converter=as_duration)
    sse_read_timeout: timedelta | None = field(default=None, converter=as_duration)
    terminate_on_close: bool | None = None


@frozen
class McpServer(Model):
    """A server of tools that speaks the Model Context Protocol."""

    name: str | None = None
    streamable_http_transport: StreamableHttpTransport | None = None
