"""A ``match`` over statuses and items takes every case, and a checker sees that it does."""

from typing import assert_never, assert_type

from gemini_batch import (
    BatchGenerationResponseItem,
    BatchResults,
    BatchStatus,
    Cancelled,
    EmbedContentResponse,
    Expired,
    Failed,
    GenerationResponse,
    IndividualRequestError,
    ItemError,
    ItemMalformed,
    ItemSuccess,
    Pending,
    Running,
    Status,
    Succeeded,
    Unrecognised,
)


def by_position(status: BatchStatus[GenerationResponse]) -> None:
    """Take statuses apart by position."""
    match status:
        case Pending():
            assert_type(status, Pending)
        case Running(pending, successful, failed, total):
            assert_type(pending, int | None)
            assert_type(successful, int | None)
            assert_type(failed, int | None)
            assert_type(total, int | None)
            assert_type(status.completed_count, int | None)
        case Succeeded(results):
            assert_type(results, BatchResults[GenerationResponse])
        case Failed(error):
            assert_type(error, Status | None)
        case Cancelled(results) | Expired(results):
            assert_type(results, BatchResults[GenerationResponse] | None)
        case Unrecognised(state):
            assert_type(state, str)
        case _:
            assert_never(status)


def by_name(status: BatchStatus[GenerationResponse]) -> str:
    """Take statuses apart by name, and return from every case."""
    match status:
        case Pending() | Running():
            return "not yet"
        case Succeeded(results=results):
            return f"{len(results.successes)} answers"
        case Cancelled(results=None) | Expired(results=None):
            return "nothing"
        case Cancelled(results=results) | Expired(results=results):
            return f"{results} before the end"
        case Failed(error=error):
            return "failed" if error is None else error.message
        case Unrecognised(state=state):
            return state


def items(item: BatchGenerationResponseItem[GenerationResponse]) -> None:
    """Take items apart."""
    match item:
        case ItemSuccess(key, response):
            assert_type(key, str | None)
            assert_type(response, GenerationResponse)
        case ItemError(key, error):
            assert_type(key, str | None)
            assert_type(error, IndividualRequestError)
            assert_type(error.code, int)
            assert_type(error.status, str)
        case ItemMalformed(key, position, reason, excerpt):
            assert_type(key, str | None)
            assert_type(position, int)
            assert_type(reason, str)
            assert_type(excerpt, str)
        case _:
            assert_never(item)


def narrowed(item: BatchGenerationResponseItem[GenerationResponse]) -> str:
    """Tell items apart by their class."""
    if isinstance(item, ItemSuccess):
        return item.response.text
    return item.problem


def embeddings(status: BatchStatus[EmbedContentResponse]) -> tuple[float, ...]:
    """Take a batch of embeddings apart, down to the numbers."""
    match status:
        case Succeeded(results):
            assert_type(results, BatchResults[EmbedContentResponse])
            return first_of(results[0])
        case Cancelled(results) | Expired(results):
            assert_type(results, BatchResults[EmbedContentResponse] | None)
            return () if results is None else first_of(results[0])
        case Failed() | Pending() | Running() | Unrecognised():
            return ()
        case _:
            assert_never(status)


def first_of(item: BatchGenerationResponseItem[EmbedContentResponse]) -> tuple[float, ...]:
    """Take an item apart whose answer is an embedding."""
    match item:
        case ItemSuccess(response=response):
            assert_type(response, EmbedContentResponse)
            return response.values
        case ItemError() | ItemMalformed():
            assert_type(item.problem, str)
            return ()
        case _:
            assert_never(item)


def of_either_kind(
    item: BatchGenerationResponseItem[GenerationResponse]
    | BatchGenerationResponseItem[EmbedContentResponse],
) -> str:
    """Take an item apart whose batch may be of either kind."""
    match item:
        case ItemSuccess(response=response):
            if isinstance(response, GenerationResponse):
                return response.text
            return f"{len(response.values)} numbers"
        case ItemError() | ItemMalformed():
            return item.problem
        case _:
            assert_never(item)
