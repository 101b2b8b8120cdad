"""Who answers: rules by key, a callable, or the model by default; and what fails."""

from __future__ import annotations

import hashlib
import logging
import os
import struct
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeGuard, cast

from .json_in import is_object
from .responses import Question, embedding_response, generation_response
from .rules import ItemFailure, Rules, read_rules
from .structured import UnsatisfiableError
from .validation import Kind
from .wire import DEADLINE_MESSAGE, INTERNAL_MESSAGE, JsonObject, encode

log = logging.getLogger("gemini_batch.emulator")

DEFAULT_FAILURE_RATE = 0.01

Answer: TypeAlias = Callable[[JsonObject, str | None], "str | JsonObject | ItemFailure"]
AnswersByKey: TypeAlias = Mapping[str, "str | JsonObject | ItemFailure"]
StrPath: TypeAlias = "str | os.PathLike[str]"


class Answers:
    """Answer requests, one by one, the same request always alike."""

    def __init__(
        self,
        answer: Answer | AnswersByKey | StrPath | None,
        seed: int,
        failure_rate: float | None,
    ) -> None:
        if failure_rate is None:
            failure_rate = DEFAULT_FAILURE_RATE if answer is None else 0.0
        if not 0 <= failure_rate <= 1:
            raise ValueError(f"failure_rate is a share between 0 and 1, not {failure_rate!r}")
        self.rules = Rules()
        self._answer = answer if callable(answer) else None
        if _by_key(answer):
            self.rules.add_all(answer.items())
        elif answer is not None and self._answer is None:
            self.rules.add_all(read_rules(cast("StrPath", answer)))
        self._seed = seed
        self._threshold = int(failure_rate * 2**32)

    @property
    def predictable(self) -> bool:
        """Say whether it is known without asking which requests fail."""
        return self._answer is None and not self.rules

    def fails(self, identity: str) -> bool:
        """Say whether the service fails the request of this key, or position where it has none."""
        return self._threshold > 0 and self._lot(identity)[0] < self._threshold

    def outcome(
        self, request: JsonObject, key: str | None, identity: str, kind: Kind, model: str, tier: str
    ) -> JsonObject:
        """Return ``{"response": …}`` or ``{"error": …}`` for one request."""
        rule = self.rules.find(identity)
        if rule is None and self.fails(identity):
            late = self._lot(identity)[1] % 2
            failure = (
                ItemFailure(4, DEADLINE_MESSAGE) if late else ItemFailure(13, INTERNAL_MESSAGE)
            )
            return {"error": failure.status()}
        try:
            question = Question.of(request, model, tier)
            if rule is not None:
                return _written(_fitting(rule.make(question), kind, rule.told))
            return _written(self._answered(question, key, kind))
        except UnsatisfiableError as error:
            return {"error": ItemFailure(3, f"The request cannot be answered: {error}.").status()}
        except Exception:
            # One request that is odd beyond all that was thought of costs its batch no more.
            log.exception("the request with key %r cannot be answered", key)
            return {"error": ItemFailure(13, INTERNAL_MESSAGE).status()}

    def _answered(self, question: Question, key: str | None, kind: Kind) -> JsonObject:
        answer = self._ask(question.request, key)
        if isinstance(answer, ItemFailure):
            return {"error": answer.status()}
        if is_object(answer):
            return {"response": answer}
        if kind == "embed":
            if answer is None:
                return {"response": embedding_response(question.request)}
            return {"error": ItemFailure(2, "answer() must return a dict for embeddings").status()}
        if not question.request.get("contents"):
            missing = "* GenerateContentRequest.contents: contents is not specified\n"
            return {"error": {"code": 3, "message": missing}}
        return {"response": generation_response(question, answer)}

    def _ask(self, request: JsonObject, key: str | None) -> str | JsonObject | ItemFailure | None:
        if self._answer is None:
            return None
        try:
            answer: object = self._answer(request, key)
        except BaseException as error:
            log.exception("answer() failed for the request with key %r", key)
            return ItemFailure(2, f"answer() raised {type(error).__name__}: {error}")
        if isinstance(answer, str | ItemFailure) or is_object(answer):
            return answer
        found = type(answer).__name__
        return ItemFailure(2, f"answer() returns a str, a dict or an ItemFailure, not {found}")

    def _lot(self, identity: str) -> tuple[int, int]:
        text = f"{self._seed}:{identity}".encode("utf-8", "surrogatepass")
        first, second = struct.unpack(">II", hashlib.blake2b(text, digest_size=8).digest())
        return first, second


def _written(outcome: JsonObject) -> JsonObject:
    """Refuse an answer that no result can hold, while it costs nothing but itself."""
    encode(outcome)
    return outcome


def _by_key(answer: object) -> TypeGuard[AnswersByKey]:
    return isinstance(answer, Mapping)


def _fitting(outcome: JsonObject, kind: Kind, told: Any) -> JsonObject:
    """Refuse to answer a request for an embedding with a text."""
    if kind == "embed" and "embedding" not in outcome.get("response", {"embedding": None}):
        why = f"{told} is no answer to a request for an embedding"
        return {"error": ItemFailure(2, why).status()}
    return outcome
