"""Each promise of the guarantees names a test that there is, and the matrix has all its cells."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from docs._ext import guarantees
from docs._ext.faults import UnexplainedError
from docs._ext.guarantees import HeldBy, UnheldError
from gemini_batch import RetryPolicy
from gemini_batch.retry import HINT_CAP, MATRIX, Action, Call, Cause, RetryBudget
from tests.docs.pages import ROOT, blocks_of

PAGE = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
ROLE = "{held-by}"
MARK = "\N{REFERENCE MARK}"
"""Stands for a mark, in the text of a page from which sentences are taken."""

INTRODUCTIONS = (
    "What is sent again and what never is, and what it means when a reply is lost.",
    "The number after a sentence leads to the test that fails if the sentence is not true.",
    "Unless you say otherwise, with retry= and timeout= of a client, these are the figures:",
    "A reply is lost if none comes, if it cannot be read, or says only that something failed.",
    "The service may then have acted, or not.",
    "A create has no request id: the same call twice is two batches, and two bills.",
    "Each of these runs on its own, as pytest with its name.",
    "A row that ends in -* runs on both facades, as -sync and -async.",
)
"""Sentences that say what is spoken of, and promise nothing."""

MARKS = rf"(?:\s*{MARK})*"
SENTENCE = re.compile(
    rf"(?P<words>.+?(?:\.|:(?={MARKS}\s*\Z)))(?P<marks>{MARKS})(?=\s|\Z)", re.DOTALL
)
"""What ends with a full stop, or with a colon that a table or a list comes after."""


def texts_of(page: str) -> Iterator[Sequence[Token]]:
    """Yield the words of each paragraph, item and cell of a page; its headings are none."""
    tokens = MarkdownIt("commonmark").enable("table").parse(page)
    for before, token in pairwise(tokens):
        if token.type == "inline" and before.type != "heading_open":
            yield token.children or []


def marked(children: Sequence[Token]) -> tuple[str, list[str]]:
    """Return the words with a sign for each mark, and what the marks name."""
    words, named = "", list[str]()
    for child in children:
        if child.type == "code_inline" and words.endswith(ROLE):
            words = words.removesuffix(ROLE) + MARK
            named.append(child.content)
        else:
            words += "\n" if child.type == "softbreak" else child.content
    return words, named


def sentences_of(page: str) -> Iterator[tuple[str, int]]:
    """Yield each sentence of a page, and how many marks it has."""
    for children in texts_of(page):
        words, _ = marked(children)
        found = list(SENTENCE.finditer(words))
        assert words.strip() == "".join(one[0] for one in found).strip(), words
        for one in found:
            yield " ".join(one["words"].split()), one["marks"].count(MARK)


def named_on(page: str) -> list[str]:
    """Return the tests that the marks of a page name."""
    return [name for children in texts_of(page) for name in marked(children)[1]]


def collected(paths: Sequence[str]) -> list[str]:
    """Return the names of all tests that pytest finds in these files."""
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *paths],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == run.returncode, run.stdout + run.stderr
    return [line for line in run.stdout.splitlines() if "::" in line]


def test_every_sentence_that_promises_something_is_marked() -> None:
    """All but the introductions, which are not marked."""
    sentences = list(sentences_of(PAGE))
    assert [] == [said for said, marks in sentences if not marks and said not in INTRODUCTIONS]
    assert [] == [said for said, marks in sentences if marks and said in INTRODUCTIONS]
    assert set() == {*INTRODUCTIONS} - {said for said, _ in sentences}


def test_every_mark_names_a_test_that_pytest_finds() -> None:
    """By its row as well, and on both facades where it says so."""
    held = [HeldBy.parse(name) for name in dict.fromkeys(named_on(PAGE))]
    found = collected(sorted({one.path for one in held}))
    assert [] == [missing for one in held for missing in one.missing(found)]


def test_a_row_of_both_facades_is_named_as_one() -> None:
    """No mark names it for one of them alone, which would say less than is held."""
    assert [] == [name for name in named_on(PAGE) if re.search(r"-(a?sync)\]$", name)]


def test_every_test_that_is_named_says_what_it_holds() -> None:
    """In the words that the list of the page gives."""
    for name in named_on(PAGE):
        assert HeldBy.parse(name).says(ROOT).endswith((".", "?"))


def test_the_page_has_its_tables_and_its_list() -> None:
    """Each once, and nothing is written into them."""
    blocks = [block for block in blocks_of(PAGE) if "{" in block.language]
    assert ["{retry-matrix}", "{retry-figures}", "{held-by-list}"] == [
        block.language for block in blocks
    ]
    assert {""} == {block.text for block in blocks}


# Marks


def test_a_sentence_without_a_mark_would_be_seen() -> None:
    """Wherever it stands, and whatever code is in it."""
    page = (
        "# No promise\n\nIt is `a.b` and held.\n{held-by}`tests/a.py::test_b`\n"
        "{held-by}`tests/a.py::test_c`\nIt is not. It\nends so:\n\n- As does `this`.\n"
    )
    assert [
        ("It is a.b and held.", 2),
        ("It is not.", 0),
        ("It ends so:", 0),
        ("As does this.", 0),
    ] == list(sentences_of(page))
    assert ["tests/a.py::test_b", "tests/a.py::test_c"] == named_on(page)


@pytest.mark.parametrize(
    ("name", "found", "missing"),
    [
        ("tests/a.py::test_b", ["tests/a.py::test_b"], []),
        ("tests/a.py::test_b", ["tests/a.py::test_b[c-sync]", "tests/a.py::test_b[::]"], []),
        ("tests/a.py::test_b", ["tests/a.py::test_bc"], ["tests/a.py::test_b"]),
        ("tests/a.py::test_b[c]", ["tests/a.py::test_b[c]"], []),
        ("tests/a.py::test_b[c]", ["tests/a.py::test_b[d]"], ["tests/a.py::test_b[c]"]),
        (
            "tests/a.py::test_b[c-*]",
            ["tests/a.py::test_b[c-sync]"],
            ["tests/a.py::test_b[c-async]"],
        ),
        ("tests/a.py::test_b[c-*]", [f"tests/a.py::test_b[c-{x}sync]" for x in ("", "a")], []),
    ],
)
def test_a_test_is_found_by_its_name_and_row(
    name: str, found: list[str], missing: list[str]
) -> None:
    """All of it where no row is named, and a star stands for both facades."""
    assert missing == HeldBy.parse(name).missing(found)


@pytest.mark.parametrize(
    "name", ["", "test_b", "tests/a.py", "tests/a.py::b", "tests/a.py::test_b[]", "../a.py::test_b"]
)
def test_what_is_no_name_of_a_test_is_refused(name: str) -> None:
    """The page is not built then."""
    with pytest.raises(UnheldError, match="is not a test like"):
        HeldBy.parse(name)


def test_a_test_that_is_not_there_or_says_nothing_holds_nothing(tmp_path: Path) -> None:
    """The page is not built then."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_a.py").write_text(
        'def test_b() -> None:\n    """Say it.\n\n    And more.\n    """\n\n'
        "def test_c() -> None:\n    pass\n"
    )
    assert "Say it." == HeldBy.parse("tests/test_a.py::test_b").says(tmp_path)
    for gone in ("tests/test_a.py::test_c", "tests/test_a.py::test_d", "tests/test_e.py::test_b"):
        with pytest.raises(UnheldError, match="there is no"):
            HeldBy.parse(gone).says(tmp_path)


def test_tests_are_numbered_as_they_are_named_first() -> None:
    """One that is named again keeps its number."""
    assert {"b": 1, "a": 2, "c": 3} == guarantees.numbers(["b", "a", "b", "c", "a"])


# What is drawn


def test_the_matrix_has_every_cell() -> None:
    """A row a call and a column a cause, and in each what the code does."""
    drawn = guarantees.matrix()
    assert ("call", *(cause.value for cause in Cause)) == drawn.heads
    assert [guarantees.CALLS[call] for call in MATRIX] == [row[0] for row in drawn.rows]
    assert set(Call) == set(MATRIX)
    cells = [cell for row in drawn.rows for cell in row[1:]]
    assert [row[cause].value for row in MATRIX.values() for cause in Cause] == cells
    assert len(Call) * len(Cause) == len(cells)
    assert all(cell.strip() for cell in cells)


def test_a_cell_that_changes_is_drawn_as_it_is() -> None:
    """The words come from the table of the code."""
    changed = {**MATRIX, Call.CREATE: dict.fromkeys(Cause, Action.RAISE)}
    before, after = guarantees.matrix(), guarantees.matrix(changed)
    different = [one for one, other in zip(before.rows, after.rows, strict=True) if one != other]
    assert [guarantees.CALLS[Call.CREATE]] == [row[0] for row in different]


def test_a_call_that_is_not_explained_is_refused() -> None:
    """And so is an explanation of none."""
    with pytest.raises(UnexplainedError, match="there is no call"):
        guarantees.matrix({call: row for call, row in MATRIX.items() if call is not Call.CANCEL})


def test_the_figures_are_those_of_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is another in the code is another on the page."""
    before = {row[0]: row[1] for row in guarantees.figures().rows}
    assert f"{RetryPolicy().attempts}" == before["attempts of a call, without progress"]
    assert f"{HINT_CAP / 60:g} min" == before["longest wait that the service may ask for"]
    assert ("500", "5", "10", "1") == tuple(
        before[what]
        for what in (
            "what the retries of a client may cost together",
            "cost of a retry",
            "cost of a retry after no answer came",
            "paid back by a success",
        )
    )
    monkeypatch.setattr(guarantees, "HINT_CAP", 7.0)
    monkeypatch.setattr(RetryBudget, "spend", lambda *_: 0.0)
    after = {row[0]: row[1] for row in guarantees.figures().rows}
    assert {
        "longest wait that the service may ask for": "7 s",
        "cost of a retry": "0",
        "cost of a retry after no answer came": "0",
    } == {what: after[what] for what in after if after[what] != before[what]}
