"""The directives that draw from the code, for Sphinx; what they draw needs nothing of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective, SphinxRole

from gemini_batch.states import TRANSITIONS

from . import catalogue, clients, guarantees
from .diagram import draw
from .faults import TABLES, Rows, UnexplainedError
from .matrix import OPERATORS, TWINS, EmptyCellError, tables

WIDTH = 40
"""Of a column, in characters, where a table is text."""


class StateDiagram(SphinxDirective):
    """Draw the states of a batch, and say in a table what may follow which."""

    def run(self) -> list[nodes.Node]:
        """Return the drawing, for those who see HTML, and the table, for all."""
        rows = [
            [
                [self._link(f"gemini_batch.states.{state.capitalize()}", state.capitalize())],
                [nodes.literal(text=f"BATCH_STATE_{state}")],
                [nodes.Text(", ".join(one.capitalize() for one in TRANSITIONS if one in later))]
                if later
                else [nodes.Text("final")],
            ]
            for state, later in TRANSITIONS.items()
        ]
        return [
            nodes.raw("", draw(TRANSITIONS), format="html"),
            table(["status", "the API's name", "may become"], rows),
        ]

    def _link(self, target: str, text: str) -> nodes.Node:
        return link(self.env.docname, target, text)


class FacadeMatrix(SphinxDirective):
    """Set what both facades offer side by side."""

    def run(self) -> list[nodes.Node]:
        """Return a table for each pair of classes."""
        try:
            found = tables()
        except EmptyCellError as error:
            raise ExtensionError(f"the two facades differ: {error}") from error
        drawn: list[nodes.Node] = []
        for one in found:
            rows = [
                [
                    self._cell(one.sync, row.member, row.sync),
                    self._cell(one.aio, row.twin, row.aio),
                    words(row.does),
                ]
                for row in one.rows
            ]
            heads = [one.sync.__name__, one.aio.__name__]
            drawn += [
                nodes.rubric(text=one.title),
                table([*heads, "what it does"], rows),
            ]
        return drawn

    def _cell(self, kind: type, member: str, text: str) -> list[nodes.Node]:
        operators = {*OPERATORS, *(TWINS[name] for name in OPERATORS)}
        home = f"gemini_batch.{kind.__name__}"
        target = home if member in operators else f"{home}.{member}"
        return [link(self.env.docname, target, text)]


class EmulatorWords(SphinxDirective):
    """Set out the words of the emulator's faults: one of the tables of them, by its name."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        try:
            found = TABLES[self.arguments[0]]()
        except (KeyError, UnexplainedError) as error:
            raise ExtensionError(f"the words of the emulator: {error}") from error
        rows = [[words(cell, code="`") for cell in row] for row in found.rows]
        return [table(found.heads, rows)]


class ClientTable(SphinxDirective):
    """Set out which client was driven through which operation of the emulator."""

    def run(self) -> list[nodes.Node]:
        """Return the table of all records."""
        folder = Path(self.env.srcdir, "clients")
        try:
            paths = clients.paths(folder)
            found = clients.table(map(clients.read_record, paths))
        except clients.UnreadableRecordError as error:
            raise ExtensionError(f"the records of clients: {error}") from error
        for path in paths:
            self.env.note_dependency(str(path))
        return [table(found.heads, [[words(cell) for cell in row] for row in found.rows])]


class Catalogue(SphinxDirective):
    """Set out what can go wrong, section by section, and the tests that hold what is seen then."""

    def run(self) -> list[nodes.Node]:
        """Return the sections, each with its table."""
        folder = Path(self.env.srcdir, "catalogue")
        try:
            sections = catalogue.read_sections(folder)
            record = catalogue.read_record(folder / catalogue.RECORD)
            drawn = [self._section(section, record) for section in sections]
        except (KeyError, catalogue.UnreadableCatalogueError) as error:
            raise ExtensionError(f"what can go wrong: {error}") from error
        for path in folder.iterdir():
            self.env.note_dependency(str(path))
        return drawn

    def _section(self, section: catalogue.Section, record: catalogue.Record) -> nodes.Node:
        heads = ["row", "what goes wrong", "what you see", *guarantees.WAYS, "held by"]
        rows = [
            [
                [nodes.Text(row.id)],
                words(row.when, code="`"),
                words(row.then, code="`"),
                *self._facades(row, record),
                [Mark(name, test=name) for name in row.held],
            ]
            for row in section.row
        ]
        letter = section.letter.lower()
        title = nodes.title("", section.title)
        return nodes.section("", title, table(heads, rows), ids=[f"catalogue-{letter}"])

    def _facades(self, row: catalogue.Row, record: catalogue.Record) -> list[list[nodes.Node]]:
        if catalogue.on_both(row, record):
            return [[nodes.Text("passes")], [nodes.Text("passes")]]
        return [words(row.alone, code="`"), [nodes.Text("—")]]


class LiveQuestions(SphinxDirective):
    """Set out what only the real service can settle."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        try:
            found = catalogue.questions(catalogue.read_sections(Path(self.env.srcdir, "catalogue")))
        except catalogue.UnreadableCatalogueError as error:
            raise ExtensionError(f"what is asked of the service: {error}") from error
        return [table(found.heads, [[words(cell) for cell in row] for row in found.rows])]


class RetryMatrix(SphinxDirective):
    """Set out what is done about each failure of each call."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        try:
            found = self.drawn()
        except UnexplainedError as error:
            raise ExtensionError(f"what is tried again: {error}") from error
        return [table(found.heads, [[words(cell) for cell in row] for row in found.rows])]

    def drawn(self) -> Rows:
        """Return its rows, in words."""
        return guarantees.matrix()


class RetryFigures(RetryMatrix):
    """Set out how much is tried, and for how long."""

    def drawn(self) -> Rows:
        """Return its rows, in words and figures."""
        return guarantees.figures()


class Mark(nodes.Inline, nodes.TextElement):
    """Where a sentence names the test that holds it, until all marks of its page are known."""


class Marks(nodes.General, nodes.Element):
    """Where the tests are listed that the marks of a page name, until these are known."""


class HeldByRole(SphinxRole):
    """Mark a sentence with the test that holds it."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the mark."""
        return [Mark(self.text, test=self.text)], []


class HeldByList(SphinxDirective):
    """List the tests that the marks of this page name."""

    def run(self) -> list[nodes.Node]:
        """Return the place of the list."""
        return [Marks()]


def number_marks(app: Sphinx, document: nodes.document) -> None:
    """Make a number of each mark of a page, and a list of what they name."""
    marks = list(document.findall(Mark))
    places = list(document.findall(Marks))
    if len(places) != bool(marks):
        raise ExtensionError(f"{len(marks)} marks and {len(places)} lists of tests on one page")
    numbers = guarantees.numbers(mark["test"] for mark in marks)
    back: dict[str, list[str]] = {test: [] for test in numbers}
    for mark in marks:
        test, number = mark["test"], numbers[mark["test"]]
        place = f"held-{number}-{len(back[test]) + 1}"
        back[test].append(place)
        told = nodes.reference("", f"[{number}]", refid=f"held-by-{number}", reftitle=test)
        at = mark.parent.index(mark) - 1
        if at >= 0 and isinstance(before := mark.parent[at], nodes.Text):
            # A mark has a line of its own in the source, and stands close to its sentence here.
            mark.parent[at] = nodes.Text(before.rstrip())
        mark.replace_self(nodes.superscript("", "", told, ids=[place], classes=["held-by"]))
    for listed in places:
        try:
            items = [
                _held_by(test, number, back[test], Path(app.srcdir).parent)
                for test, number in numbers.items()
            ]
        except guarantees.UnheldError as error:
            raise ExtensionError(f"a promise is held by nothing: {error}") from error
        listed.replace_self(nodes.enumerated_list("", *items, classes=["held-by"]))


def _held_by(test: str, number: int, back: Sequence[str], root: Path) -> nodes.list_item:
    held = guarantees.HeldBy.parse(test)
    links: list[nodes.Node] = []
    for place in back:
        links += [nodes.Text(" "), nodes.reference("", "↑", refid=place, reftitle="back")]
    says = words(f" {held.says(root)}")
    said = [] if held.row else says  # a row says in its name what it is about
    told = nodes.paragraph("", "", nodes.literal(text=test), *said, *links)
    return nodes.list_item("", told, ids=[f"held-by-{number}"])


def words(text: str, code: str = "``") -> list[nodes.Node]:
    """Return a line of text, with its code as code: what stands between these quotes."""
    return [
        nodes.literal(text=part) if inside % 2 else nodes.Text(part)
        for inside, part in enumerate(text.split(code))
    ]


def link(page: str, target: str, text: str) -> nodes.Node:
    """Return a reference to what is documented under a name; a name that is not is a warning."""
    found = addnodes.pending_xref(
        "", refdomain="py", reftype="obj", reftarget=target, refdoc=page, refwarn=True
    )
    found += nodes.literal(text=text)
    return found


def table(heads: Sequence[str], rows: Sequence[Sequence[Sequence[nodes.Node]]]) -> nodes.table:
    """Return a table with one row of heads."""
    group = nodes.tgroup(cols=len(heads))
    group += [nodes.colspec(colwidth=WIDTH) for _ in heads]
    group += nodes.thead("", _row([[nodes.Text(head)] for head in heads]))
    group += nodes.tbody("", *map(_row, rows))
    return nodes.table("", group, classes=["colwidths-auto"])


def _row(cells: Sequence[Sequence[nodes.Node]]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *cell)) for cell in cells))


def setup(app: Sphinx) -> dict[str, Any]:
    """Name the directives."""
    app.add_directive("state-diagram", StateDiagram)
    app.add_directive("facade-matrix", FacadeMatrix)
    app.add_directive("emulator-words", EmulatorWords)
    app.add_directive("client-table", ClientTable)
    app.add_directive("catalogue", Catalogue)
    app.add_directive("live-questions", LiveQuestions)
    app.add_directive("retry-matrix", RetryMatrix)
    app.add_directive("retry-figures", RetryFigures)
    app.add_directive("held-by-list", HeldByList)
    app.add_role("held-by", HeldByRole())
    app.connect("doctree-read", number_marks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
