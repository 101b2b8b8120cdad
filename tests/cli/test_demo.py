"""The demonstration: thousands of prompts, and every answer held against its own."""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gemini_batch import (
    GenerationResponse,
    IndividualRequestError,
    ItemError,
    ItemMalformed,
    ItemSuccess,
)
from gemini_batch.cli import demo as demonstration, prompts as corpora
from gemini_batch.cli.demo import judge
from gemini_batch.cli.prompts import Corpus, gather, scripts_of_unicode
from gemini_batch.codec import structure
from tests.cli.conftest import Done

Command = Callable[..., Done]
PROMPTS = {"a": "one", "b": "na\u00efve", "c": "three"}
SMALL = Corpus(PROMPTS, "three words")
REST: dict[str, Any] = {"raw": b"{}", "metadata": msgspec.Raw(b"")}


def answer(key: str, *lines: str) -> ItemSuccess[GenerationResponse]:
    """Return an item whose answer has these lines."""
    tree = {"candidates": [{"content": {"parts": [{"text": "\n".join(lines)}]}}]}
    return ItemSuccess(key, structure(tree, GenerationResponse), **REST)


def right(key: str) -> ItemSuccess[GenerationResponse]:
    """Return the answer that the emulator would give."""
    prompt = PROMPTS[key]
    digest = hashlib.sha256(prompt.encode("utf-8")).hexdigest()
    return answer(key, f"sha256:{digest}", f"{len(prompt)} characters", prompt)


def counts(*items: Any) -> tuple[int, int, int, int]:
    """Return how many are answered, failed, wrong and lost."""
    verdict = judge(PROMPTS, items)
    assert verdict.good == (not verdict.wrong and not verdict.lost)
    return verdict.answered, len(verdict.failed), len(verdict.wrong), len(verdict.lost)


def test_right_answers_are_right() -> None:
    """Each holds the digest and the length of its own prompt."""
    assert (3, 0, 0, 0) == counts(*map(right, PROMPTS))


def test_an_answer_to_another_prompt_is_wrong() -> None:
    """This is what the demonstration is there to find."""
    swapped = answer("a", *right("b").response.text.splitlines())
    longer = answer("b", right("b").response.text.splitlines()[0], "6 characters")
    assert (1, 0, 2, 0) == counts(swapped, longer, right("c"))
    assert (2, 0, 1, 0) == counts(right("a"), right("b"), answer("c", ""))


def test_a_failure_is_neither_wrong_nor_lost() -> None:
    """It has a key and a reason."""
    failed = ItemError("a", IndividualRequestError(13, "INTERNAL"), **REST)
    assert (2, 1, 0, 0) == counts(failed, right("b"), right("c"))


def test_a_result_that_is_broken_repeated_or_foreign_is_wrong() -> None:
    """So is a line that cannot be read."""
    broken = ItemMalformed("a", 1, "not JSON", "{", **REST)
    foreign = answer("d", "?")
    assert (2, 0, 3, 0) == counts(broken, right("b"), right("b"), right("c"), foreign)


def test_what_does_not_come_back_is_lost() -> None:
    """Every prompt must have a result."""
    assert (1, 0, 0, 2) == counts(right("b"))
    assert ["a", "c"] == judge(PROMPTS, [right("b")]).lost


def test_a_wrong_or_lost_answer_fails_the_demonstration(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says which, and its exit status is 1."""

    def cheat(prompts: dict[str, str], items: Any) -> demonstration.Verdict:
        del items
        return judge(prompts, [answer("a", "?"), right("b")])

    monkeypatch.setattr(demonstration, "gather", lambda: SMALL)
    monkeypatch.setattr(demonstration, "judge", cheat)
    done = command("demo", "--poll-interval", "0.05")
    assert (1, "") == (done.status, done.out)
    assert "1 wrong, 1 lost, in " in done.err
    assert "\na: the answer is to another prompt\nc: no result came back\n" in done.err


def test_nothing_but_failures_can_be_shown(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There need not be an answer to show."""
    monkeypatch.setattr(demonstration, "gather", lambda: SMALL)
    monkeypatch.setattr("gemini_batch.emulator.answers.Answers.fails", lambda *_: True)
    done = command("demo", "--poll-interval", "0.05", "--json")
    assert 0 == done.status
    assert (3, 0, 3, 0, 0, 1, "three words") == tuple(
        done.facts[name]
        for name in ("prompts", "answered", "failed", "wrong", "lost", "chunks", "origin")
    )


@pytest.mark.real_time
@pytest.mark.usefixtures("settings")
def test_the_demonstration_answers_thousands_of_prompts_in_chunks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It needs no key, sends at least 5 000 prompts in at least 5 chunks, and loses none."""
    for name in ("GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL"):
        monkeypatch.delenv(name)
    done = subprocess.run(
        [sys.executable, "-m", "gemini_batch.cli", "demo", "--json", "--quiet"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (0, "") == (done.returncode, done.stderr)
    facts = Done(0, done.stdout, "").facts
    assert 5000 <= facts["prompts"]
    assert facts["prompts"] == facts["answered"] + facts["failed"]
    assert 0.95 < facts["answered"] / facts["prompts"] < 1
    assert 5 <= facts["chunks"]
    assert (0, 0) == (facts["wrong"], facts["lost"])


LIBRARY = {
    "first.py": '"""First."""\nclass A:\n    """A."""\n    def m(self):\n        """A.m."""\n',
    "package/__init__.py": '"""Package."""\ndef f():\n    """f."""\nasync def g():\n    """g."""\n',
    "package/twice.py": 'def f():\n    """One."""\ndef f():\n    """Two."""\ndef bare(): pass\n',
    "package/test/left_out.py": '"""A test."""\n',
    "broken.py": "this is no Python\n",
    "surrogate.py": '"""\\ud800"""\n',
}


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Write a small library."""
    for name, source in LIBRARY.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return tmp_path


def test_a_prompt_is_made_of_each_docstring(library: Path) -> None:
    """Modules, classes, functions and methods; two of one name are numbered."""
    corpus = gather(library)
    documented = [key for key in corpus.prompts if not key.startswith("script ")]
    assert [
        "first",
        "first.A",
        "first.A.m",
        "package",
        "package.f",
        "package.g",
        "package.twice.f",
        "package.twice.f (2)",
    ] == documented
    assert corpus.prompts["package.twice.f (2)"].endswith("\n\nTwo.")
    assert "first.A.m of Python" in corpus.prompts["first.A.m"]
    assert corpus.origin.startswith("8 docstrings ")
    assert "read from its sources" in corpus.origin


def test_no_more_docstrings_are_read_than_wanted(library: Path) -> None:
    """Reading the whole library would take long."""
    assert gather(library, wanted=2).origin.startswith("2 docstrings ")


def test_a_python_without_sources_has_prompts_too(tmp_path: Path) -> None:
    """What is loaded is documented in memory, and the origin says so."""
    corpus = gather(tmp_path, wanted=1_000_000)
    assert "its loaded modules, since its sources are not installed" in corpus.origin
    assert "json.decoder.JSONDecoder.decode" in corpus.prompts
    assert 1000 < len(corpus.prompts)


def test_each_script_of_unicode_has_a_line_of_its_letters() -> None:
    """Letters that belong to no script are left out."""
    scripts = dict(scripts_of_unicode())
    assert 100 < len(scripts)
    assert "" not in scripts
    assert scripts["GREEK"].startswith("\u0370 \u0371 ")
    assert all(len(line) < 2 * corpora.LETTERS for line in scripts.values())
