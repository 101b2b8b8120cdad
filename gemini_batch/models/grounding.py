"""What an answer rests on: https://ai.google.dev/api/generate-content#GroundingMetadata."""

from __future__ import annotations

from attrs import field, frozen

from .base import Model
from .content import Content


@frozen
class Web(Model):
    """A page of the web."""

    uri: str | None = None
    title: str | None = None


@frozen
class Image(Model):
    """A picture that a search found."""

    image_uri: str | None = None
    source_uri: str | None = None
    title: str | None = None
    domain: str | None = None


@frozen
class ReviewSnippet(Model):
    """A piece of a review of a place."""

    review_id: str | None = None
    title: str | None = None
    google_maps_uri: str | None = None


@frozen
class PlaceAnswerSources(Model):
    """The reviews that an answer about a place rests on."""

    review_snippets: tuple[ReviewSnippet, ...] = ()


@frozen
class Maps(Model):
    """A place of Google Maps."""

    place_id: str | None = None
    title: str | None = None
    text: str | None = None
    uri: str | None = None
    place_answer_sources: PlaceAnswerSources | None = None


@frozen
class GroundingChunkStringList(Model):
    """Texts that were stored with a document."""

    values: tuple[str, ...] = ()


@frozen
class GroundingChunkCustomMetadata(Model):
    """What was stored with a document under one key: a text, a number, or texts."""

    key: str | None = None
    string_value: str | None = None
    numeric_value: float | None = None
    string_list_value: GroundingChunkStringList | None = None


@frozen
class RetrievedContext(Model):
    """A piece of a document of yours."""

    title: str | None = None
    text: str | None = None
    uri: str | None = None
    file_search_store: str | None = None
    media_id: str | None = None
    page_number: int | None = None
    custom_metadata: tuple[GroundingChunkCustomMetadata, ...] = ()


@frozen
class GroundingChunk(Model):
    """Something that an answer rests on: exactly one of its members says what."""

    web: Web | None = None
    retrieved_context: RetrievedContext | None = None
    maps: Maps | None = None
    image: Image | None = None


@frozen
class Segment(Model):
    """A stretch of an answer: the indices count bytes of the text of one part."""

    part_index: int | None = None
    start_index: int | None = None
    end_index: int | None = None
    text: str | None = None


@frozen
class GroundingSupport(Model):
    """Which chunks, by their position, a stretch of the answer rests on, and how surely."""

    segment: Segment | None = None
    grounding_chunk_indices: tuple[int, ...] = ()
    confidence_scores: tuple[float, ...] = ()
    rendered_parts: tuple[int, ...] = ()


@frozen
class SearchEntryPoint(Model):
    """HTML that must be shown beside an answer that rests on a search."""

    rendered_content: str | None = field(default=None, repr=False)
    sdk_blob: str | None = field(default=None, repr=False)


@frozen
class RetrievalMetadata(Model):
    """How much a search was thought to be of use, from 0 to 1."""

    google_search_dynamic_retrieval_score: float | None = None


@frozen
class GroundingMetadata(Model):
    """What an answer rests on, and what was searched for to find it."""

    grounding_chunks: tuple[GroundingChunk, ...] = ()
    grounding_supports: tuple[GroundingSupport, ...] = ()
    web_search_queries: tuple[str, ...] = ()
    image_search_queries: tuple[str, ...] = ()
    search_entry_point: SearchEntryPoint | None = None
    retrieval_metadata: RetrievalMetadata | None = None
    google_maps_widget_context_token: str | None = field(default=None, repr=False)


@frozen
class GroundingPassageId(Model):
    """A passage that came with the request."""

    passage_id: str | None = None
    part_index: int | None = None


@frozen
class SemanticRetrieverChunk(Model):
    """A chunk that the semantic retriever found."""

    source: str | None = None
    chunk: str | None = None


@frozen
class AttributionSourceId(Model):
    """A source by its name: one member says of which kind."""

    grounding_passage: GroundingPassageId | None = None
    semantic_retriever_chunk: SemanticRetrieverChunk | None = None


@frozen
class GroundingAttribution(Model):
    """A source that an answer was made from."""

    source_id: AttributionSourceId | None = None
    content: Content | None = None
