"""Embeddings: their keys, their dimensions and their number hold, whichever way they travelled."""

from __future__ import annotations

import hashlib
import struct
from array import array
from typing import Any

import pytest

from gemini_batch import EmbedContentRequest, EmbedContentResponse, ResultsIncompleteError
from gemini_batch.emulator import Emulator, ItemFailure
from tests.conformance.facades import MODEL, Facade
from tests.conformance.test_results import VIAS

TEXTS = {f"row-{number}": f"{number} is a number." for number in range(12)}
"""Keys whose order as text is not that of their numbers."""


def embedding(text: str, dimensions: int) -> array[float]:
    """Return the embedding that the emulator makes of a text."""
    digest = hashlib.shake_256(text.encode()).digest(2 * dimensions)
    drawn = struct.unpack(f">{dimensions}h", digest)
    return array("f", [number / 32768 for number in drawn])


@VIAS
def test_embeddings_are_vectors_by_their_keys(client: Any, emulator: Emulator, via: str) -> None:
    """Results come in any order, and each vector is that of the text of its key."""
    backwards = dict(reversed(TEXTS.items()))
    batch = client.submit_embeddings(backwards, output_dimensionality=16, via=via)

    with batch.results() as results:
        vectors = results.vectors()

    assert {key: embedding(text, 16) for key, text in TEXTS.items()} == vectors
    assert list(TEXTS) == list(vectors)
    assert (12, 16) == vectors.as_numpy().shape
    assert 1 == emulator.acted.count("create")


@VIAS
def test_texts_without_keys_are_vectors_in_their_order(client: Any, via: str) -> None:
    """A row for each text, at its place: no key had to be thought of."""
    texts = [f"{number} is a number." for number in range(11)]
    with client.submit_embeddings(texts, output_dimensionality=3, via=via).results() as results:
        assert [embedding(one, 3).tolist() for one in texts] == results.vectors().as_lists()


def test_a_handle_by_name_has_vectors_too(client: Any) -> None:
    """The keys come from the results, and their number from the service."""
    name = client.submit_embeddings(TEXTS, output_dimensionality=4).name
    with client.get_batch(name, answers=EmbedContentResponse).results() as results:
        assert list(TEXTS) == list(results.vectors(dimensions=4))


def test_embeddings_of_another_size_than_was_asked_for_are_refused(facade: Facade) -> None:
    """A model that pays no heed to the size has every key named."""

    def heedless(request: Any, key: str | None) -> dict[str, Any]:
        del request, key
        return {"embedding": {"values": [0.5] * 5}}

    with Emulator(heedless, pending_seconds=0, running_seconds=0) as emulator:
        client = facade.client(emulator.url)
        with client.submit_embeddings(TEXTS, output_dimensionality=4).results() as results:
            with pytest.raises(ResultsIncompleteError, match="of 4 numbers") as refused:
                results.vectors()
            assert tuple(TEXTS) == refused.value.missing
            assert 5 == results.vectors(dimensions=5).dimensions


def test_a_text_that_was_not_embedded_is_named(facade: Facade) -> None:
    """Nothing is returned without it, unless that is asked for."""

    def moody(request: Any, key: str | None) -> dict[str, Any] | ItemFailure:
        del request
        return ItemFailure(8) if key == "row-2" else {"embedding": {"values": [0.5]}}

    with Emulator(moody, pending_seconds=0, running_seconds=0) as emulator:
        asked = {key: EmbedContentRequest.of(text, model=MODEL) for key, text in TEXTS.items()}
        batch = facade.client(emulator.url).submit_embeddings(asked)
        with batch.results() as results:
            with pytest.raises(ResultsIncompleteError, match=r"'row-2' \(RESOURCE_EXHAUSTED\)$"):
                results.vectors()
            assert TEXTS.keys() - {"row-2"} == results.vectors(complete=False).keys()
