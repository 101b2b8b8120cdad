"""The life of a batch as a drawing, laid out from the table of transitions.

Each state has a column, for how many steps it takes to come there. A transition that passes a
column by leaves its state by the top or the bottom, and is dashed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set as AbstractSet
from typing import TypeAlias
from xml.etree import ElementTree as ET

from attrs import frozen

from gemini_batch import BatchState

Transitions: TypeAlias = Mapping[BatchState, AbstractSet[BatchState]]

WIDTH, HEIGHT = 132, 44
"""Of a state."""
ACROSS, DOWN = 232, 70
"""From one state to the next."""
MARGIN = 16
BEND = 16
"""Radius of the turn of a line that passes by a state."""

STYLE = """
.batch-states { max-width: 100%; height: auto; color: inherit; font-family: inherit; }
.batch-states rect { fill: none; stroke: currentColor; stroke-width: 1.5; }
.batch-states path { fill: none; stroke: currentColor; stroke-width: 1.3; opacity: 0.8; }
.batch-states .passes-by { stroke-dasharray: 5 4; opacity: 0.55; }
.batch-states text { fill: currentColor; font-size: 15px; }
.batch-states text { text-anchor: middle; dominant-baseline: central; }
.batch-states marker path { fill: currentColor; stroke: none; opacity: 1; }
"""


@frozen
class Place:
    """Where a state stands: its column, and the middle of its box."""

    column: int
    x: float
    y: float

    @property
    def left(self) -> float:
        """The side that lines come in by."""
        return self.x - WIDTH / 2

    @property
    def right(self) -> float:
        """The side that lines go out by."""
        return self.x + WIDTH / 2


def columns(transitions: Transitions) -> dict[BatchState, int]:
    """Return how many steps, at most, it takes to come to each state; nothing may come again."""
    later: dict[BatchState, int] = {}

    def depth(state: BatchState, path: tuple[BatchState, ...]) -> int:
        if state in path:
            raise ValueError(f"a batch would go round: {' → '.join([*path, state])}")
        if state not in later:
            before = [one for one, then in transitions.items() if state in then]
            later[state] = max((depth(one, (*path, state)) + 1 for one in before), default=0)
        return later[state]

    return {state: depth(state, ()) for state in transitions}


def places(transitions: Transitions) -> dict[BatchState, Place]:
    """Return where each state stands: a column for each step, its states in the table's order."""
    column_of = columns(transitions)
    stacks: dict[int, list[BatchState]] = {}
    for state, column in column_of.items():
        stacks.setdefault(column, []).append(state)
    middle = MARGIN + (max(map(len, stacks.values())) - 1) * DOWN / 2 + HEIGHT / 2
    return {
        state: Place(
            column,
            MARGIN + WIDTH / 2 + column * ACROSS,
            middle + (row - (len(stack) - 1) / 2) * DOWN,
        )
        for column, stack in stacks.items()
        for row, state in enumerate(stack)
    }


def line(start: Place, end: Place, rank: int) -> str:
    """Return the path of a line; one that passes by a column goes around what stands there.

    ``rank`` counts the lines that leave a state by its top, or by its bottom; the outermost is 0.
    """
    if end.column - start.column == 1:
        half = (end.left - start.right) / 2
        inward = 0 if end.y == start.y else (8 if end.y < start.y else -8)
        y = end.y + inward
        return (
            f"M {start.right:g} {start.y:g} "
            f"C {start.right + half:g} {start.y:g} {end.left - half:g} {y:g} {end.left - 3:g} {y:g}"
        )
    up = -1 if end.y < start.y else 1
    x = start.x - WIDTH / 4 + rank * WIDTH / 3
    y = end.y + up * 8
    return (
        f"M {x:g} {start.y + up * HEIGHT / 2:g} "
        f"V {y - up * BEND:g} Q {x:g} {y:g} {x + BEND:g} {y:g} H {end.left - 3:g}"
    )


def lines(transitions: Transitions) -> Iterator[tuple[BatchState, BatchState, str, bool]]:
    """Yield each transition: from, to, its path, and whether it passes a column by."""
    place = places(transitions)
    for state, later in transitions.items():
        start = place[state]
        ends = [one for one in place if one in later]
        far = [one for one in ends if place[one].column - start.column > 1]
        outermost_first = sorted(far, key=lambda one: -abs(place[one].y - start.y))
        for one in ends:
            above = place[one].y < start.y
            side = [two for two in outermost_first if (place[two].y < start.y) == above]
            rank = side.index(one) if one in side else 0
            yield state, one, line(start, place[one], rank), one in far


def draw(transitions: Transitions) -> str:
    """Return the drawing, as SVG to stand in a page of HTML."""
    place = places(transitions)
    width = max(one.right for one in place.values()) + MARGIN
    height = max(one.y for one in place.values()) + HEIGHT / 2 + MARGIN
    svg = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "class": "batch-states",
            "viewBox": f"0 0 {width:g} {height:g}",
            "width": f"{width:g}",
            "role": "img",
            "aria-labelledby": "batch-states-title",
        },
    )
    ET.SubElement(
        svg, "title", {"id": "batch-states-title"}
    ).text = "The states of a batch, and which may follow which"
    ET.SubElement(svg, "style").text = STYLE
    tip = {"viewBox": "0 0 10 10", "refX": "7", "refY": "5", "orient": "auto"}
    size = {"markerWidth": "9", "markerHeight": "9", "markerUnits": "userSpaceOnUse"}
    marker = ET.SubElement(svg, "marker", {"id": "batch-states-tip", **tip, **size})
    ET.SubElement(marker, "path", {"d": "M 0 0 L 10 5 L 0 10 z"})
    for state, one, path, passes_by in lines(transitions):
        ET.SubElement(
            svg,
            "path",
            {
                "class": "passes-by" if passes_by else "step",
                "data-from": state,
                "data-to": one,
                "d": path,
                "marker-end": "url(#batch-states-tip)",
            },
        )
    for state, where in place.items():
        _box(svg, state, where, final=not transitions[state])
    return ET.tostring(svg, encoding="unicode")


def _box(svg: ET.Element, state: str, where: Place, *, final: bool) -> None:
    group = ET.SubElement(svg, "g", {"data-state": state})
    for inset in (0, 4) if final else (0,):
        ET.SubElement(
            group,
            "rect",
            {
                "x": f"{where.left + inset:g}",
                "y": f"{where.y - HEIGHT / 2 + inset:g}",
                "width": f"{WIDTH - 2 * inset:g}",
                "height": f"{HEIGHT - 2 * inset:g}",
                "rx": f"{8 - inset:g}",
            },
        )
    middle = {"x": f"{where.x:g}", "y": f"{where.y:g}"}
    ET.SubElement(group, "text", middle).text = state.capitalize()
