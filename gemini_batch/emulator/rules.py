"""Rules of answers: which keys are answered how.

The words are those of a model that does not simply answer. A rule is for the keys that match its
pattern; of several that match, the first decides.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from fnmatch import translate
from pathlib import Path
from typing import Any, TypeAlias

import attrs

from .grammar import Catalogue, Words
from .json_in import BrokenJsonError, is_object, parse
from .responses import Question, closing, generation_response, response_of
from .wire import JsonObject

ANSWERS = "answers"

Outcome: TypeAlias = JsonObject
"""``{"response": …}`` or ``{"error": …}``."""
AnswerWord: TypeAlias = Callable[[Question, Words], Outcome]


@attrs.frozen
class ItemFailure:
    """What an ``answer`` returns to fail one request: a gRPC code and perhaps a message."""

    code: int
    message: str = ""

    def status(self) -> JsonObject:
        """Return the ``google.rpc.Status`` of the item."""
        return {"code": self.code, "message": self.message} if self.message else {"code": self.code}


@attrs.frozen
class Text:
    """A text to answer with, whatever is in it."""

    text: str


ANSWER_WORDS: Catalogue[AnswerWord] = Catalogue(repeatable=False)


def _word(form: str, options: tuple[str, ...] = ()) -> Callable[[AnswerWord], AnswerWord]:
    return ANSWER_WORDS.fault(form, on=[ANSWERS], options=options)


@_word("text={text}")
def say(question: Question, words: Words) -> Outcome:
    """Answer with this text."""
    return {"response": generation_response(question, words.text())}


@_word("block={text}")
def block(question: Question, words: Words) -> Outcome:
    """Block the prompt for this reason: ``SAFETY``, ``PROHIBITED_CONTENT`` …; no candidates."""
    return {
        "response": {
            "promptFeedback": {"blockReason": words.text()},
            **closing(question, []),
        }
    }


@_word("finish={text}")
def stop_short(question: Question, words: Words) -> Outcome:
    """Finish for this reason, such as ``SAFETY`` or ``RECITATION``, without any content."""
    response = response_of(question, None, finishReason=words.text())
    for candidate in response["candidates"]:
        del candidate["content"]
    return {"response": response}


@_word("truncate")
def truncate(question: Question, words: Words) -> Outcome:
    """Stop at MAX_TOKENS in the middle of the text."""
    del words
    [*before, last] = generation_response(question)["candidates"][0]["content"]["parts"]
    cut = {"text": last.get("text", "")[: len(last.get("text", "")) // 2]}
    return {"response": response_of(question, [*before, cut], finishReason="MAX_TOKENS")}


@_word("truncate-before-text")
def truncate_before_text(question: Question, words: Words) -> Outcome:
    """Stop at MAX_TOKENS while thinking: a content without parts."""
    del words
    return {"response": response_of(question, None, finishReason="MAX_TOKENS")}


@_word("truncate-leaking-thoughts")
def leak_thoughts(question: Question, words: Words) -> Outcome:
    """Stop at MAX_TOKENS while thinking, with the thoughts where the text should be, unmarked."""
    del words
    leaked = {"text": "The user wants an answer. Let me think about what they"}
    return {"response": response_of(question, [leaked], finishReason="MAX_TOKENS")}


@_word("no-parts")
def answer_without_parts(question: Question, words: Words) -> Outcome:
    """Finish as usual, with a content that has no parts."""
    del words
    return {"response": response_of(question, None)}


@_word("no-candidates")
def answer_without_candidates(question: Question, words: Words) -> Outcome:
    """Answer with no candidates, and do not say why."""
    del words
    return {"response": closing(question, [])}


@_word("error={number}", options=("message",))
def fail(question: Question, words: Words) -> Outcome:
    """Fail the request with this gRPC code."""
    del question
    return {
        "error": ItemFailure(words.integer("number"), words.options.get("message", "")).status()
    }


@attrs.frozen
class Rule:
    """One rule: a pattern for keys, what was asked for, and what makes the answer."""

    pattern: str
    told: Any
    make: Callable[[Question], Outcome]


_WILDCARDS = frozenset("*?[")


class Rules:
    """Which keys are answered how. May be added to from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        # A key that is written out is itself, whatever else its brackets would mean.
        self._plain: dict[str, int] = {}
        self._wild: dict[int, re.Pattern[str]] = {}

    def add(self, key: str, answer: str | JsonObject | ItemFailure | Text) -> None:
        """Have the requests whose key matches answered so, from now on.

        ``key`` may have the wildcards of :mod:`fnmatch`; a request without a key goes by its
        position. ``answer`` is a word such as ``block=SAFETY``, a whole response, or a failure,
        which may be written ``{"error": {"code": …}}``. Of several rules that match, the one that
        was added first decides.
        """
        rule = Rule(key, _shown(answer), _maker(answer))
        with self._lock:
            at = len(self._rules)
            self._rules.append(rule)
            self._plain.setdefault(key, at)
            if not _WILDCARDS.isdisjoint(key):
                self._wild[at] = re.compile(translate(key))

    def add_all(self, rules: Iterable[tuple[str, Any]]) -> None:
        """Add pairs of key and answer, in their order."""
        for key, answer in rules:
            self.add(key, answer)

    def clear(self) -> None:
        """Forget every rule."""
        with self._lock:
            for kept in (self._rules, self._plain, self._wild):
                kept.clear()

    @property
    def told(self) -> list[JsonObject]:
        """Return the rules as they were given."""
        with self._lock:
            return [{"key": rule.pattern, "answer": rule.told} for rule in self._rules]

    def find(self, identity: str) -> Rule | None:
        """Return the rule for a key, if there is one."""
        with self._lock:
            plain = self._plain.get(identity, len(self._rules))
            wild = (at for at in self._wild if at < plain and self._wild[at].fullmatch(identity))
            first = next(wild, plain)
            return self._rules[first] if first < len(self._rules) else None

    def __bool__(self) -> bool:
        with self._lock:
            return bool(self._rules)


def _shown(answer: str | JsonObject | ItemFailure | Text) -> Any:
    if isinstance(answer, ItemFailure):
        return {"error": answer.status()}
    if isinstance(answer, Text):
        return f"text={answer.text}"
    return answer


def _maker(answer: object) -> Callable[[Question], Outcome]:
    if isinstance(answer, ItemFailure):
        status = answer.status()
        return lambda _: {"error": status}
    if isinstance(answer, Text):
        text = answer.text
        return lambda question: {"response": generation_response(question, text)}
    if is_object(answer):
        outcome = answer if answer.keys() == {"error"} else {"response": answer}
        return lambda _: outcome
    if isinstance(answer, str):
        for shape in ANSWER_WORDS.shapes:
            parsed = shape.parse(answer)
            if parsed is not None:
                words, act = parsed[0], shape.act
                return lambda question: act(question, words)
    known = ", ".join(
        shape.form + "".join(f"[/{option}=…]" for option in shape.options)
        for shape in ANSWER_WORDS.shapes
    )
    raise ValueError(
        f"{answer!r} is no answer; an answer is a response, a failure, or one of {known}"
    )


def read_rules(path: str | os.PathLike[str]) -> Iterator[tuple[str, Any]]:
    """Yield the rules of an answers file: JSON lines with a ``key`` and what it is answered.

    That is one of ``answer`` (a word), ``text``, ``response`` and ``error``.

    Raises:
        ValueError: if a line is none of this; it names the line.
    """
    for number, line in enumerate(Path(path).read_bytes().split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            told = parse(line)
        except BrokenJsonError as broken:
            raise ValueError(
                f"line {number} of {os.fspath(path)} is not JSON, from column "
                f"{broken.position + 1} on"
            ) from broken
        rule = _rule_of(told)
        if rule is None:
            raise ValueError(
                f"line {number} of {os.fspath(path)} is not an object with a key and one of "
                "answer, text, response and error"
            )
        yield rule


def _rule_of(told: Any) -> tuple[str, Any] | None:
    if not is_object(told) or not isinstance(told.get("key"), str) or len(told) != 2:
        return None
    key = told["key"]
    match {name: value for name, value in told.items() if name != "key"}:
        case {"answer": str(word)}:
            return key, word
        case {"text": str(text)}:
            return key, Text(text)
        case {"response": response} if is_object(response):
            return key, response
        case {"error": {"code": int()}}:
            return key, {"error": told["error"]}
        case _:
            return None
