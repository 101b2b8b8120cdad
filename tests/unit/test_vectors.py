"""Embeddings become one array of 32-bit numbers, or an error that has the keys of the others."""

from __future__ import annotations

import json
import sys
from array import array
from typing import Any

import numpy as np
import pytest

from gemini_batch.errors import ResultsIncompleteError, UsageError
from gemini_batch.models.embedding import EmbedContentResponse
from gemini_batch.results import BatchResults
from gemini_batch.vectors import Vectors
from tests.unit.outcomes import collect, failed, line

SKY, SEA, GRASS = (0.5, -0.25), (0.014623187, 2), (-0.030517578, 1e-9)


def row(key: object, *values: float, **members: Any) -> bytes:
    """Return the line of an embedding."""
    return line(key, response={"embedding": {"values": list(values)}, **members})


def embeddings(*came: bytes, keys: Any = None, **options: Any) -> BatchResults[Any]:
    """Return the results of a batch of embeddings."""
    return collect(came, keys, kind=EmbedContentResponse, **options)


THREE = (row("10", *GRASS), row("2", *SEA), row("sky", *SKY))


# What there is


def test_vectors_are_found_by_their_keys() -> None:
    """They are a mapping in key order, whose values are rows of their own."""
    vectors = embeddings(*THREE, keys=["sky", "10", "2"]).vectors()

    assert ["2", "10", "sky"] == list(vectors)
    assert (3, 2) == (len(vectors), vectors.dimensions)
    assert array("f", SKY) == vectors["sky"]
    assert {"2": array("f", SEA), "10": array("f", GRASS), "sky": array("f", SKY)} == vectors
    assert "sea" not in vectors
    vectors["sky"][0] = 7
    assert array("f", SKY) == vectors["sky"]
    assert "<Vectors: 3 of 2 dimensions>" == repr(vectors)


def test_vectors_are_given_as_lists_arrays_and_matrices() -> None:
    """All hold the same 32-bit numbers, a row for each key in the order of the keys."""
    vectors = embeddings(*THREE).vectors()
    flat = array("f", [*SEA, *GRASS, *SKY])

    assert flat == vectors.as_array()
    assert ("f", 4) == (vectors.as_array().typecode, vectors.as_array().itemsize)
    lists = vectors.as_lists()
    assert [array("f", one).tolist() for one in (SEA, GRASS, SKY)] == lists
    assert all(type(number) is float for one in lists for number in one)
    matrix = vectors.as_numpy()
    assert ((3, 2), np.float32) == (matrix.shape, matrix.dtype)
    assert lists == matrix.tolist()


def test_no_form_but_lists_is_a_copy() -> None:
    """A million embeddings are held once: what is changed in the matrix is so in the array."""
    vectors = embeddings(*THREE).vectors()

    vectors.as_numpy()[0, 0] = 0.75

    assert vectors.as_array() is vectors.as_array()
    assert (0.75, 0.75) == (vectors.as_array()[0], vectors["2"][0])


def test_an_embedding_by_itself_is_an_array_too() -> None:
    """Of the numbers that its answer has."""
    item = embeddings(row("sky", *SKY))[0]
    assert array("f", SKY) == item.unwrap().as_array()


def test_older_lines_have_vectors_as_well() -> None:
    """They counted tokens in a string beside the embedding."""
    vectors = embeddings(row("b", *SKY, tokenCount="1"), row("a", *SEA)).vectors()
    assert {"a": array("f", SEA), "b": array("f", SKY)} == vectors


def test_inlined_embeddings_are_found_by_the_keys_of_their_metadata() -> None:
    """And those that have none, of a batch that somebody else made, by their position."""
    came = [
        line(None, response={"embedding": {"values": [n]}}, metadata={"id": name})
        for n, name in enumerate(("sky", "sea"))
    ]
    named = embeddings(*came, key_member="id").vectors()
    assert {"sky": array("f", [0]), "sea": array("f", [1])} == named
    placed = embeddings(*came, positional=True).vectors()
    assert ["0", "1"] == list(placed)


def test_an_answer_with_half_a_character_in_it_has_its_numbers() -> None:
    """It is read in the slower way."""
    text = b'{"key":"a","response":{"note":"\\ud800","embedding":{"values":[0.5]}}}'
    assert {"a": array("f", [0.5])} == embeddings(text).vectors()


def test_no_results_are_no_vectors() -> None:
    """They have as many dimensions as was said, and none otherwise."""
    vectors = embeddings().vectors()
    assert (0, 0, []) == (len(vectors), vectors.dimensions, vectors.as_lists())
    assert (0, 768) == embeddings().vectors(dimensions=768).as_numpy().shape


# What there is not


@pytest.mark.parametrize(
    ("came", "told", "keys"),
    [
        ((row("a", 1), failed("b", 8, message="Too much.")), "'b' (RESOURCE_EXHAUSTED: Too", ["b"]),
        ((row("a", 1),), "'b' (no result)", ["b"]),
        ((row("a", 1), row("b")), "'b' (no answer: the embedding is empty)", ["b"]),
        ((row("a", 1), line("b", response={})), "'b' (no answer: the embedding is", ["b"]),
        (
            (row("a", 1), line("b", response={"embedding": {"values": "x"}})),
            "'b' (line 2 is",
            ["b"],
        ),
        ((row("a", 1), line("b", response={"embedding": {"values": ["x"]}})), "'b' (line 2", ["b"]),
        ((row("a", 1), row("b", 1e39)), "'b' (a number that 32 bits do not hold)", ["b"]),
        ((row("a", 1), row("b", 1), row("c", 1)), "'c' (not a key that was submitted)", ["c"]),
        ((row("a", 1), row("b", 1), row("a", 1)), "'a' (a second result)", ["a"]),
        ((row("a", 1), row("b", 1), b"{"), "(no key) (line 3 is malformed", []),
        ((row("a", 1), row("b", 1), row(None, 1)), "(no key) (not a key that was", []),
        ((row("a", 1, 2), row("b", 1)), "one embedding of 2 numbers", ["b"]),
    ],
)
def test_what_is_no_whole_answer_is_refused(
    came: tuple[bytes, ...], told: str, keys: list[str]
) -> None:
    """The error says what is the matter, and has the key."""
    with pytest.raises(ResultsIncompleteError) as refused:
        embeddings(*came, keys=["a", "b"]).vectors()
    assert told in str(refused.value)
    assert keys == list(refused.value.missing or ())


def test_an_answer_without_a_key_is_refused() -> None:
    """Where others have one, and which were submitted is not known."""
    with pytest.raises(ResultsIncompleteError, match=r"\(no key\) \(an answer without a key\)"):
        embeddings(row("a", 1), row(None, 2)).vectors()


def test_many_keys_are_told_by_the_first_few() -> None:
    """The error has all of them."""
    with pytest.raises(ResultsIncompleteError) as refused:
        embeddings(row("a", 1, 2), keys=list("abcdef")).vectors()
    expected = (
        "not one embedding of 2 numbers for each request: "
        "'b' (no result), 'c' (no result), 'd' (no result) and 2 more"
    )
    assert expected == str(refused.value)
    assert tuple("bcdef") == refused.value.missing


def test_all_that_failed_are_refused_without_a_dimension() -> None:
    """None of them has told it."""
    with pytest.raises(ResultsIncompleteError, match=r"^not one embedding for each request: 'a'"):
        embeddings(failed("a")).vectors()


def test_what_is_not_complete_can_be_had_without_the_rest() -> None:
    """Of two results with one key, the first to arrive is taken."""
    came = (row("a", 1), failed("b"), row("a", 2), row("z", 3), b"{", row("c", 4))
    vectors = embeddings(*came, keys=list("abcd")).vectors(complete=False)
    assert {"a": array("f", [1]), "c": array("f", [4])} == vectors
    assert 2 == len(vectors.as_array())


# Dimensions


@pytest.mark.parametrize("complete", [True, False])
def test_the_odd_one_out_is_named(complete: bool) -> None:
    """Even where it comes first, and even where gaps are no matter."""
    results = embeddings(row("a", 1), row("b", 1, 2), row("c", 1, 2))
    with pytest.raises(ResultsIncompleteError, match=r"of 2 numbers .*: 'a' \(1 numbers\)$"):
        results.vectors(complete=complete)


def test_embeddings_of_another_dimension_than_is_said_are_refused() -> None:
    """Though all of them have the same."""
    assert 2 == embeddings(*THREE).vectors(dimensions=2).dimensions
    with pytest.raises(ResultsIncompleteError, match="of 3 numbers") as refused:
        embeddings(*THREE).vectors(dimensions=3)
    assert ("2", "10", "sky") == refused.value.missing


# NumPy


def test_without_numpy_there_are_lists_and_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to install."""
    monkeypatch.setitem(sys.modules, "numpy", None)  # by which Python knows that there is none
    vectors = embeddings(*THREE).vectors()
    with pytest.raises(UsageError, match=r"pip install 'gemini-batch\[numpy\]'"):
        vectors.as_numpy()
    assert 6 == len(vectors.as_array()) == sum(map(len, vectors.as_lists()))


def test_no_numbers_are_kept_but_those_of_the_array(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row is decoded into the array at once: no answer is made of it, nor kept."""
    monkeypatch.setattr("gemini_batch.results.read_item", lambda *_: pytest.fail("it was read"))
    came = [row(str(number), *([0.5] * 64)) for number in range(200)]
    vectors = embeddings(*came).vectors()
    assert 200 * 64 == len(vectors.as_array())
    assert {"_keys", "_numbers", "_dimensions"} == set(vars(vectors))


def test_vectors_can_be_made_of_what_is_at_hand() -> None:
    """Keys, numbers and how many each has."""
    assert json.dumps([[1.0], [2.0]]) == json.dumps(Vectors("ab", array("f", [1, 2]), 1).as_lists())
