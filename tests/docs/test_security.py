"""Each promise of the page on security names tests that there are."""

import re

from docs._ext.guarantees import HeldBy
from tests.docs.pages import ROOT
from tests.docs.test_guarantees import collected

PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
PROMISES = re.findall(
    r"^- (.*?)(?=^- |^#|\Z)",
    PAGE.partition("## What is promised")[2].partition("## What is not promised")[0],
    re.DOTALL | re.MULTILINE,
)
NAMED = re.compile(r"`(tests/[^`]+)`")


def test_every_promise_names_what_holds_it() -> None:
    """At its end, in the same words each time."""
    assert PROMISES
    assert [] == [one for one in PROMISES if not re.search(r"\.\s+Held\s+by\s+`tests/", one)]


def test_every_test_that_is_named_is_found_by_pytest() -> None:
    """And says what it holds."""
    held = [HeldBy.parse(name) for one in PROMISES for name in NAMED.findall(one)]
    found = collected(sorted({one.path for one in held}))
    assert [] == [missing for one in held for missing in one.missing(found)]
    assert [] == [one for one in held if not one.says(ROOT).endswith(".")]


def test_the_page_is_shipped_and_linked_to() -> None:
    """In the source distribution, on the front page, and in the documentation."""
    assert '"/SECURITY.md",' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert "](SECURITY.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert "\nsecurity\n" in (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    assert "../SECURITY.md" in (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)]+)\)", PAGE):
        assert (ROOT / link).is_file(), link
