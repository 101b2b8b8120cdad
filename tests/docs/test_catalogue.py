"""The catalogue of what can go wrong has no empty row, and names tests that pytest finds."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from docs._ext import catalogue
from docs._ext.catalogue import Record, Row, Section, UnreadableCatalogueError
from docs._ext.guarantees import HeldBy
from tests.docs import passed
from tests.docs.pages import ROOT, blocks_of
from tests.docs.test_guarantees import collected

SECTIONS = catalogue.read_sections(passed.CATALOGUE)
ROWS = [row for section in SECTIONS for row in section.row]
RECORD = catalogue.read_record(passed.CATALOGUE / catalogue.RECORD)
AWAITED = {"A": {13}, "J": {6, 7, 8}}
"""Rows that durable runs will bring: the page says which they are."""

ROW = """
[[row]]
id = "Z1"
when = "It breaks."
then = "You see it."
held = ["tests/a/test_b.py::test_c"]
"""


def section(*rows: Row) -> Section:
    """Return a section."""
    return Section("Last things", rows)


def row(*held: str, alone: str = "") -> Row:
    """Return a row that these tests hold."""
    return Row("Z1", "It breaks.", "You see it.", held, alone)


# The catalogue


def test_rows_are_numbered_without_a_gap() -> None:
    """All that can go wrong is here, but for what the page says will come."""
    for one in SECTIONS:
        numbers = {row.number for row in one.row} | AWAITED.get(one.letter, set())
        assert set(range(1, max(numbers) + 1)) == numbers, one.letter


def test_every_kind_of_thing_is_there() -> None:
    """From submitting to the machine, and what would differ between the facades."""
    assert list("ABCDEFGHIJP") == [one.letter for one in SECTIONS]


def test_every_test_that_is_named_is_found_by_pytest() -> None:
    """By its row as well, and on both facades where it says so."""
    held = {name: HeldBy.parse(name) for row in ROWS for name in row.held}
    found = collected(sorted({one.path for one in held.values()}))
    assert [] == [missing for one in held.values() for missing in one.missing(found)]


def test_every_test_that_is_named_says_what_it_holds() -> None:
    """In the words that the list of the page gives."""
    for one in ROWS:
        for test in one.tests:
            assert test.says(ROOT).endswith((".", "?")), test


def test_the_record_is_of_this_catalogue() -> None:
    """Of all its tests and no others; nox -s catalogue -- --write writes it."""
    assert {name for row in ROWS for name in row.held} == set(RECORD.tests)
    assert [] == passed.gaps_of(SECTIONS, RECORD)


def test_sentences_are_sentences() -> None:
    """What goes wrong, what is seen, why on one facade, and what is asked."""
    for one in ROWS:
        for said in (one.when, one.then, one.alone, one.live_asks):
            assert not said or re.fullmatch(r"[`“(A-Z0-9].*[.?:]`?", said, re.DOTALL), (
                one.id,
                said,
            )


def test_every_live_check_is_there() -> None:
    """By the name that its row gives it; others settle what the emulator assumes."""
    checks = {
        node.name
        for path in (ROOT / catalogue.LIVE).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
    named = {row.live for row in ROWS if row.live}
    assert named
    assert set() == named - checks


def test_the_page_draws_all_of_it() -> None:
    """Each table once, and nothing is written into them."""
    page = (ROOT / "docs" / "catalogue.md").read_text(encoding="utf-8")
    blocks = [block for block in blocks_of(page) if "{" in block.language]
    assert ["{catalogue}", "{live-questions}", "{held-by-list}"] == [
        block.language for block in blocks
    ]
    assert {""} == {block.text for block in blocks}


# How it is read


def test_sections_and_rows_stand_in_order(tmp_path: Path) -> None:
    """Of their letters and numbers, wherever they are written."""
    later = ROW.replace("Z1", "Z10") + ROW.replace("Z1", "Z9")
    (tmp_path / "a.toml").write_text(f'title = "Later"\n{later}')
    (tmp_path / "b.toml").write_text(f'title = "Sooner"\n{ROW.replace("Z1", "Y1")}')
    found = catalogue.read_sections(tmp_path)
    assert ["Sooner", "Later"] == [one.title for one in found]
    assert ["Z9", "Z10"] == [one.id for one in found[1].row]


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("title =", "a.toml"),
        ('title = "A"\nrow = []', "has no rows"),
        (f'title = "A"\n{ROW}test = "a"', "test"),
        (f'title = "A"\n{ROW.replace("Z1", "z1")}', "is not whole"),
        (f'title = "A"\n{ROW.replace("It breaks.", " ")}', "is not whole"),
        (f'title = "A"\n{ROW.replace("tests/a/test_b.py::test_c", "")}', "is not whole"),
        ('title = "A"\n[[row]]\nid = "Z1"\nwhen = "."\nthen = "."\nheld = []', "is not whole"),
        (f'title = "A"\n{ROW}live = "test_a"', "asks nothing"),
        (f'title = "A"\n{ROW}{ROW}', "twice"),
        (f'title = "A"\n{ROW}{ROW.replace("Z1", "Y1")}', "two letters"),
    ],
)
def test_a_section_that_is_not_whole_is_refused_by_its_name(
    text: str, refusal: str, tmp_path: Path
) -> None:
    """The page is not built then."""
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(UnreadableCatalogueError, match=rf"a\.toml.*{refusal}|{refusal}"):
        catalogue.read_sections(tmp_path)


def test_a_catalogue_of_nothing_is_refused(tmp_path: Path) -> None:
    """And so is one without a record."""
    with pytest.raises(UnreadableCatalogueError, match="no sections"):
        catalogue.read_sections(tmp_path)
    with pytest.raises(UnreadableCatalogueError, match="passed"):
        catalogue.read_record(tmp_path / "passed.json")


# What a run has seen

HERE = "tests/a/test_b.py::test_c"


@pytest.mark.parametrize(
    ("name", "outcomes", "ways"),
    [
        (HERE, {HERE: True}, []),
        (HERE, {f"{HERE}[x]": True, f"{HERE}[y]": True}, []),
        (HERE, {f"{HERE}[sync]": True, f"{HERE}[async]": True}, ["sync", "async"]),
        (HERE, {f"{HERE}[x-sync]": True, f"{HERE}[y-async]": True}, []),
        (HERE, {f"{HERE}[sync-x]": True, f"{HERE}[async-x]": True}, ["sync", "async"]),
        (f"{HERE}[x-*]", {f"{HERE}[x-{x}sync]": True for x in ("", "a")}, ["sync", "async"]),
        (f"{HERE}[*]", {f"{HERE}[{x}sync]": True for x in ("", "a")}, ["sync", "async"]),
        (f"{HERE}[x]", {f"{HERE}[x]": True, f"{HERE}[y]": False}, []),
    ],
)
def test_a_row_of_both_facades_passed_on_both(
    name: str, outcomes: Mapping[str, bool], ways: list[str]
) -> None:
    """It is the same row but for the facade; what is about neither says so."""
    assert ways == catalogue.passed(name, outcomes)


@pytest.mark.parametrize(
    "outcomes",
    [
        {},
        {HERE: False},
        {f"{HERE}[x-sync]": True, f"{HERE}[x-async]": False},
        {f"{HERE}d": True},
    ],
)
def test_what_did_not_pass_is_no_proof(outcomes: Mapping[str, bool]) -> None:
    """Nor is what did not run, on one facade or at all."""
    with pytest.raises(UnreadableCatalogueError, match="not all of it passed"):
        catalogue.passed(HERE, outcomes)
    with pytest.raises(UnreadableCatalogueError, match="not all of it passed"):
        catalogue.passed(f"{HERE}[x-*]", outcomes)


def test_a_report_is_read(tmp_path: Path) -> None:
    """What failed, broke or was skipped did not pass."""
    report = tmp_path / "tests-3.11" / "report.xml"
    report.parent.mkdir()
    cases = [
        '<testcase classname="tests.a.test_b" name="test_c" />',
        '<testcase classname="tests.a.test_b" name="test_d[&lt;]"><properties /></testcase>',
        *(
            f'<testcase classname="tests.a.test_b" name="test_{how}"><{how} /></testcase>'
            for how in ("failure", "error", "skipped")
        ),
    ]
    report.write_text(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>")
    assert {
        "tests/a/test_b.py::test_c": True,
        "tests/a/test_b.py::test_d[<]": True,
        "tests/a/test_b.py::test_failure": False,
        "tests/a/test_b.py::test_error": False,
        "tests/a/test_b.py::test_skipped": False,
    } == passed.outcomes_of(report)
    assert "3.11" == passed.python_of(report)
    with pytest.raises(UnreadableCatalogueError, match="names no Python"):
        passed.python_of(tmp_path / "report.xml")


def test_a_test_must_pass_alike_on_every_python() -> None:
    """And where it did is written down."""
    both = {f"{HERE}[{way}]": True for way in ("sync", "async")}
    found = passed.record_of([section(row(HERE))], {"3.11": both, "3.12": both})
    assert Record(("3.11", "3.12"), {HERE: ["sync", "async"]}) == found
    assert {"pythons": ["3.11", "3.12"], "tests": {HERE: ["sync", "async"]}} == catalogue.as_json(
        found
    )
    with pytest.raises(UnreadableCatalogueError, match=r"otherwise on Python 3\.12"):
        passed.record_of([section(row(HERE))], {"3.11": both, "3.12": {HERE: True}})


def test_a_row_of_one_facade_says_why() -> None:
    """And one of both does not."""
    record = Record(("3.11",), {"both": ["sync", "async"], "neither": []})
    assert [] == passed.gaps_of([section(row("neither", "both"))], record)
    assert [] == passed.gaps_of([section(row("neither", alone="It is a command."))], record)
    assert ["Z1 has one"] == passed.gaps_of([section(row("neither"))], record)
    [said] = passed.gaps_of([section(row("both", alone="It is a command."))], record)
    assert said.startswith("Z1 says why")
    assert (
        "rows of the catalogue: 1, on both facades: 1, about neither: 0; "
        "tests that hold them: 2, passed on Python 3.11"
    ) == passed.told([section(row("neither", "both"))], record)


def test_a_record_of_other_tests_is_refused_until_it_is_written_anew(tmp_path: Path) -> None:
    """What is drawn is what ran."""
    report = tmp_path / "tests-3.11" / "report.xml"
    report.parent.mkdir()
    cases = "".join(
        f'<testcase classname="tests.a.test_b" name="test_c[{way}]" />' for way in ("sync", "async")
    )
    report.write_text(f"<testsuite>{cases}</testsuite>")
    (tmp_path / "z.toml").write_text(f'title = "Last things"\n{ROW}')
    record = tmp_path / catalogue.RECORD
    record.write_text('{"pythons": ["3.11"], "tests": {}}')
    with pytest.raises(UnreadableCatalogueError, match="the record is another"):
        passed.judge([report], record, write=False)
    assert "catalogue: 1," in passed.judge([report], record, write=True)
    assert "catalogue: 1," in passed.judge([report], record, write=False)


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Whole."""
    path = tmp_path / catalogue.RECORD
    record = Record(("3.11",), {"b": ("sync", "async"), "a": ()})
    path.write_bytes(msgspec.json.encode(catalogue.as_json(record)))
    again = catalogue.read_record(path)
    assert ["a", "b"] == list(again.tests)
    assert catalogue.as_json(record) == catalogue.as_json(again)
