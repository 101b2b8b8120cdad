"""Where an answer quotes from: https://ai.google.dev/api/generate-content#CitationMetadata."""

from __future__ import annotations

from attrs import frozen

from .base import Model, OpenEnum


@frozen
class CitationSource(Model):
    """A source that a stretch of the answer repeats; the indices count bytes of the text."""

    start_index: int | None = None
    end_index: int | None = None
    uri: str | None = None
    license: str | None = None


@frozen
class CitationMetadata(Model):
    """The sources that an answer repeats."""

    citation_sources: tuple[CitationSource, ...] = ()


class UrlRetrievalStatus(OpenEnum):
    """Whether a page could be read."""

    SUCCESS = "URL_RETRIEVAL_STATUS_SUCCESS"
    ERROR = "URL_RETRIEVAL_STATUS_ERROR"
    PAYWALL = "URL_RETRIEVAL_STATUS_PAYWALL"
    UNSAFE = "URL_RETRIEVAL_STATUS_UNSAFE"


@frozen
class UrlMetadata(Model):
    """A page that the model read, or tried to."""

    retrieved_url: str | None = None
    url_retrieval_status: UrlRetrievalStatus | None = None


@frozen
class UrlContextMetadata(Model):
    """The pages that the tool ``url_context`` read."""

    url_metadata: tuple[UrlMetadata, ...] = ()
