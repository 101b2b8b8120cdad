"""The page about the emulator has all words of its faults, and each is explained."""

from __future__ import annotations

import re
from typing import Any

import pytest

from docs._ext import faults
from gemini_batch.emulator import Faults, Rules
from gemini_batch.emulator.faults import RESULTS, STATES
from gemini_batch.emulator.grammar import Shape
from gemini_batch.emulator.result_faults import LINE_FAULTS, ROW_FAULTS
from gemini_batch.emulator.routes import OPERATIONS
from gemini_batch.emulator.rules import ANSWER_WORDS
from gemini_batch.emulator.scripts import STEPS
from gemini_batch.emulator.wire_faults import WIRE_FAULTS
from tests.docs.pages import ROOT, blocks_of

PAGE = (ROOT / "docs" / "emulator.md").read_text(encoding="utf-8")
SHAPES = [*WIRE_FAULTS.shapes, *ROW_FAULTS.shapes, *LINE_FAULTS.shapes]
FORMS = [shape.form for shape in SHAPES]


def first_column(table: str) -> list[str]:
    """Return the words that a table explains, as they are written in it."""
    return [row[0].strip("`").partition("`")[0] for row in faults.TABLES[table]().rows]


def example(shape: Shape[Any]) -> str:
    """Write a fault with the values that the page gives for its braces, and all arguments."""
    written = re.sub(r"\{(\w+)\}", lambda match: faults.VALUES[match[1]][1], shape.form)
    return written + "".join(f"/{name}={faults.ARGUMENTS[name][1]}" for name in shape.options)


def test_every_table_stands_on_the_page_once() -> None:
    """None is forgotten, whatever the page says around them."""
    there = re.findall(r"^```\{emulator-words\} (\w+)$", PAGE, re.MULTILINE)
    assert sorted(faults.TABLES) == sorted(there)
    assert all(block.text == "" for block in blocks_of(PAGE) if "{" in block.language)


def test_every_fault_of_the_code_is_in_a_table_and_nothing_else() -> None:
    """Each form stands there once, in the table of its kind."""
    assert [shape.form for shape in WIRE_FAULTS.shapes] == first_column("wire")
    results = [shape.form for shape in (*ROW_FAULTS.shapes, *LINE_FAULTS.shapes)]
    assert results == first_column("results")


def test_every_operation_and_every_step_is_in_its_table_and_nothing_else() -> None:
    """They are those that faults can be added to, and those that scripts can show."""
    assert list(OPERATIONS) == first_column("operations")
    assert list(STEPS) == first_column("states")


def test_every_word_of_an_answer_is_in_its_table_and_nothing_else() -> None:
    """They are those that rules can be made of."""
    assert [shape.form for shape in ANSWER_WORDS.shapes] == first_column("answers")


@pytest.mark.parametrize("shape", ANSWER_WORDS.shapes, ids=lambda shape: shape.form)
def test_an_answer_is_written_as_the_page_says(shape: Shape[Any]) -> None:
    """The values and arguments that the page gives are taken."""
    rules = Rules()
    rules.add("*", example(shape))
    assert [{"key": "*", "answer": example(shape)}] == rules.told


@pytest.mark.parametrize("table", faults.TABLES)
def test_no_cell_is_empty(table: str) -> None:
    """Every word is explained, and every row has all its cells."""
    found = faults.TABLES[table]()
    assert found.rows
    for row in found.rows:
        assert len(found.heads) == len(row)
        assert all(cell.strip() for cell in row)
        assert all(cell.count("`") % 2 == 0 for cell in row), "code that does not end"


@pytest.mark.parametrize("shape", SHAPES, ids=FORMS)
def test_a_fault_is_written_as_the_page_says(shape: Shape[Any]) -> None:
    """The values and arguments that the page gives are taken, wherever the fault may strike."""
    for operation in shape.operations:
        asked = Faults()
        asked.add(operation, example(shape))
        assert 1 == len(asked.pending)


def test_a_fault_names_where_it_may_strike_as_briefly_as_can_be() -> None:
    """By the operations it has, or by those few that it has not."""
    assert "any" == faults.where(frozenset(OPERATIONS))
    assert "any" == faults.where(frozenset({RESULTS}))
    assert "any but `download`" == faults.where(frozenset(OPERATIONS) - {"download"})
    assert "`list`, `file-list`" == faults.where(frozenset({"file-list", "list"}))


@pytest.mark.parametrize("step", STEPS)
def test_a_script_takes_every_step_of_the_page(step: str) -> None:
    """With a number of times, too."""
    asked = Faults()
    asked.add(STATES, f"PENDING,{step}*2")
    assert [f"{STATES}: PENDING,{step},{step}"] == asked.pending


def test_a_word_without_explanation_is_refused_and_so_is_the_reverse() -> None:
    """The page is not built then."""
    with pytest.raises(faults.UnexplainedError, match="no step is explained by the name of NEW"):
        faults.require_all("step", ["OLD", "NEW"], {"OLD": "It is old."})
    with pytest.raises(faults.UnexplainedError, match="there is no step NEW to explain"):
        faults.require_all("step", ["OLD"], ["OLD", "NEW"])


def test_a_fault_without_a_docstring_is_refused() -> None:
    """What it does could not be said."""
    mute: Shape[Any] = Shape("mute", frozenset(), (), lambda: None, re.compile("mute"))
    with pytest.raises(faults.UnexplainedError, match="mute has no docstring"):
        faults.docline(mute)
