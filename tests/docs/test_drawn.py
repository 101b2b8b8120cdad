"""What the documentation draws from the code is all there, and drawn so that it can be read."""

from __future__ import annotations

import re
from types import ModuleType
from typing import Any
from xml.etree import ElementTree as ET

import pytest

import gemini_batch
from docs._ext import diagram, matrix
from gemini_batch import BatchState, aio, sync
from gemini_batch.states import TRANSITIONS

STEPS = {(state, later) for state in TRANSITIONS for later in TRANSITIONS[state]}


PLACES = {str(state): place for state, place in diagram.places(TRANSITIONS).items()}


@pytest.fixture(name="svg")
def drawn_svg() -> ET.Element:
    """Draw the states of a batch."""
    return ET.fromstring(diagram.draw(TRANSITIONS))  # noqa: S314 - our own drawing


def found(svg: ET.Element, tag: str) -> list[ET.Element]:
    """Return the elements of a kind that stand for something of the table."""
    everything = svg.iter(f"{{http://www.w3.org/2000/svg}}{tag}")
    return [one for one in everything if any(name.startswith("data-") for name in one.attrib)]


def numbers(path: str) -> list[float]:
    """Return the numbers of a path, in their order."""
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", path)]


def arrival(path: str) -> tuple[float, float]:
    """Return where a path ends: by a curve, or by a straight line at the height it has."""
    *_, one, other = numbers(path)
    return (other, one) if "H" in path else (one, other)


def test_every_state_is_drawn_once_by_the_name_of_its_status(svg: ET.Element) -> None:
    """A box a state, with the name of a class that there is."""
    boxes = found(svg, "g")
    assert list(TRANSITIONS) == [box.attrib["data-state"] for box in boxes]
    texts = ["".join(box.itertext()) for box in boxes]
    assert [state.capitalize() for state in TRANSITIONS] == texts
    assert all(hasattr(gemini_batch, text) for text in texts)


def test_every_transition_is_drawn_once(svg: ET.Element) -> None:
    """A line a transition, and none besides."""
    lines = [(line.attrib["data-from"], line.attrib["data-to"]) for line in found(svg, "path")]
    assert len(STEPS) == len(lines)
    assert STEPS == set(lines)


def test_final_states_have_a_double_border(svg: ET.Element) -> None:
    """They are told apart from those that something follows."""
    borders = {box.attrib["data-state"]: len(list(box)) - 1 for box in found(svg, "g")}
    assert {state: 1 if later else 2 for state, later in TRANSITIONS.items()} == borders


def test_lines_lead_from_the_edge_of_one_box_to_the_edge_of_the_other(svg: ET.Element) -> None:
    """They begin on the border of a state, and end just before the left side of the next."""
    for line in found(svg, "path"):
        start, end = PLACES[line.attrib["data-from"]], PLACES[line.attrib["data-to"]]
        x, y, *_ = numbers(line.attrib["d"])
        on_the_right = (x, y) == (start.right, start.y)
        on_top_or_below = start.left < x < start.right and abs(y - start.y) == diagram.HEIGHT / 2
        assert on_the_right or on_top_or_below
        if on_top_or_below:  # then it goes on outside of the box
            turn = numbers(line.attrib["d"])[2]
            assert abs(turn - start.y) > diagram.HEIGHT / 2
        x, y = arrival(line.attrib["d"])
        assert 0 <= end.left - x <= 3
        assert abs(y - end.y) < diagram.HEIGHT / 2


def test_no_box_is_drawn_over_another_or_over_a_line_that_passes_by(svg: ET.Element) -> None:
    """Boxes stand apart, and a line that passes a column by goes around what stands there."""
    for state, one in PLACES.items():
        for other in (place for later, place in PLACES.items() if later != state):
            apart = abs(one.x - other.x) > diagram.WIDTH, abs(one.y - other.y) > diagram.HEIGHT
            assert any(apart)
        for line in found(svg, "path"):
            start, end = PLACES[line.attrib["data-from"]], PLACES[line.attrib["data-to"]]
            if start.column < one.column < end.column:
                assert abs(arrival(line.attrib["d"])[1] - one.y) > diagram.HEIGHT / 2, state


def test_a_life_that_goes_round_is_not_drawn() -> None:
    """Columns stand for steps, so that there must be a last one."""
    a, b = BatchState("A"), BatchState("B")
    with pytest.raises(ValueError, match=r"A → B → A|B → A → B"):
        diagram.draw({a: frozenset({b}), b: frozenset({a})})


@pytest.fixture(name="tables")
def tables_of_the_facades() -> list[matrix.Table]:
    """Read the two facades."""
    return matrix.tables()


def test_every_class_of_both_facades_is_in_the_matrix(tables: list[matrix.Table]) -> None:
    """None is left out, and each stands beside its twin."""
    assert set(sync.__all__) == {table.sync.__name__ for table in tables}
    assert set(aio.__all__) == {table.aio.__name__ for table in tables}
    for table in tables:
        assert table.sync.__name__.removeprefix("Sync") == table.aio.__name__.removeprefix("Async")


def test_no_cell_of_the_matrix_is_empty(tables: list[matrix.Table]) -> None:
    """Each row says how a thing is written on either side, and what it does."""
    for table in tables:
        assert table.rows
        for row in table.rows:
            assert all((row.sync.strip(), row.aio.strip(), row.does.strip())), row


def public(kind: type) -> set[str]:
    """Return the public members of a class, those it inherits among them."""
    return {name for name in dir(kind) if not name.startswith("_")}


def test_every_public_member_has_a_row(tables: list[matrix.Table]) -> None:
    """Whatever can be called on one of the two stands there."""
    for table in tables:
        assert public(table.sync) <= {row.member for row in table.rows}
        assert public(table.aio) <= {row.twin for row in table.rows}


def test_the_matrix_writes_members_as_programs_do() -> None:
    """What is awaited is awaited, what is gone through is gone through."""
    written = matrix.written
    assert "client.submit(…)" == written(sync.SyncBatchClient, "submit")
    assert "await client.submit(…)" == written(aio.AsyncBatchClient, "submit")
    assert "client.get_batch(…)" == written(aio.AsyncBatchClient, "get_batch")
    assert "batch.name" == written(aio.AsyncBatchHandle, "name")
    assert "for value in batch.watch(…):" == written(sync.SyncBatchHandle, "watch")
    assert "async for value in batch.watch(…):" == written(aio.AsyncBatchHandle, "watch")
    assert "client.files.get(…)" == written(sync.SyncFiles, "get")
    assert "async with client:" == written(aio.AsyncBatchClient, "__aenter__")
    assert "await stream.aclose()" == written(aio.AsyncStream, "aclose")


class SyncThing:
    """Something of a synchronous facade."""

    def one(self) -> None:
        """Do one thing."""


class AsyncThing:
    """Something of an asynchronous facade."""

    async def one(self) -> None:
        """Do one thing."""

    async def other(self) -> None:
        """Do another."""


def facade(**members: Any) -> ModuleType:
    """Return a facade of these classes."""
    module = ModuleType("facade")
    vars(module).update(members, __all__=list(members))
    return module


def test_a_member_that_one_facade_lacks_is_an_empty_cell() -> None:
    """The matrix is not drawn then, whichever side it is."""
    with pytest.raises(matrix.EmptyCellError, match=r"AsyncThing\.other is not in SyncThing"):
        matrix.tables(facade(SyncThing=SyncThing), facade(AsyncThing=AsyncThing))
    with pytest.raises(matrix.EmptyCellError, match=r"AsyncThing\.other is not in SyncThing"):
        matrix.tables(facade(SyncThing=AsyncThing), facade(AsyncThing=SyncThing))


def test_a_class_that_one_facade_lacks_is_an_empty_cell() -> None:
    """The matrix is not drawn then, whichever side it is."""
    with pytest.raises(matrix.EmptyCellError, match="AsyncThing has no twin"):
        matrix.tables(facade(), facade(AsyncThing=AsyncThing))
    with pytest.raises(matrix.EmptyCellError, match="SyncThing has no twin"):
        matrix.tables(facade(SyncThing=SyncThing), facade())
