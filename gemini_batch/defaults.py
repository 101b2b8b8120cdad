"""What the requests of a batch have in common: checked once, and encoded once for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from attrs import evolve, fields

from . import codec
from .drafts import Draft, dimensions_in
from .errors import UsageError
from .methods import Method
from .models.base import Absent, Model

M = TypeVar("M", bound=Model)


class Defaults:
    """Members that a request has where it says nothing else.

    A request's own members win, and those of its configuration win one by one; an empty sequence
    says nothing. Its contents are its own. ``doubt`` is what there is to doubt in what they share.
    """

    def __init__(self, method: Method[Any], given: object) -> None:
        if not isinstance(given, method.asks):
            raise UsageError(
                f"defaults are of the type {method.asks.__name__}, not {type(given).__name__}"
            )
        method.require(given, "defaults")
        self.given = given
        self._method = method
        self._config = codec.camel(method.config)
        config = None if self._config in given.extra else getattr(given, method.config)
        try:
            tree = codec.unstructure(given)
            self._encoded: dict[str, Any] = _each(tree)
            if config is not None:
                self._encoded[self._config] = _each(tree[self._config])
            joined = codec.write(self._encoded)
        except ValueError as refused:
            raise UsageError(f"defaults: {refused}") from None
        if method.own in tree:
            raise UsageError(f"defaults: {method.own} cannot be shared: each request has its own")
        if "model" in tree:
            raise UsageError("defaults: a batch has one model, and it is named by model=…")
        self._tail = b"," + joined[1:] if tree else b"}"
        self._alone = {method.own, "model"}
        self._shared = _Shared(given)
        self._shared_config = None if config is None else _Shared(config)
        self._expected_bytes = method.expected_bytes(given)
        self._dimensions = dimensions_in(tree)
        self.doubt = method.doubt(given)

    def joined(self, draft: Draft) -> Draft | None:
        """Return a draft with what it lacks, where it has nothing that might be among that."""
        if draft[0].keys() <= self._alone:
            return {**draft[0], **self._encoded}, self._expected_bytes, self._dimensions
        return None

    def merged(self, request: Model, where: str) -> Model:
        """Return a request with what it lacks; refuse it where the two exclude each other."""
        whole = self._shared.given_to(request)
        own = getattr(request, self._method.config)
        if own is not None and self._shared_config is not None:
            whole = evolve(whole, **{self._method.config: self._shared_config.given_to(own)})
        self._method.require(whole, f"{where}, with the defaults")
        return whole

    def encode(self, request: Model, where: str) -> tuple[bytes, int, str | None]:
        """Return the JSON of a request with what it lacks, and what is thought of it.

        That is the size its answer may have, and what there is to doubt. Raises ``ValueError`` for
        what JSON cannot hold, and what :meth:`merged` raises.
        """
        tree = codec.unstructure(request)
        if tree.keys() <= self._alone:
            return codec.write(tree)[:-1] + self._tail, self._expected_bytes, self.doubt
        whole = self.merged(request, where)
        joined = {**self._encoded, **tree}
        config = self._config
        shared = self._encoded.get(config)
        if isinstance(shared, dict) and config in tree and config not in request.extra:
            joined[config] = {**shared, **tree[config]}
        method = self._method
        return codec.write(joined), method.expected_bytes(whole), method.doubt(whole)


def _each(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of an object, each encoded."""
    return {name: msgspec.Raw(codec.write(value)) for name, value in tree.items()}


class _Shared:
    """The members that a model has, to be given to others of its kind."""

    def __init__(self, model: Model) -> None:
        names = (one.name for one in fields(type(model)) if one.name != "extra")
        found = ((name, getattr(model, name)) for name in names)
        self._members = [(name, value) for name, value in found if not _is_absent(value)]
        self._extra = model.extra

    def given_to(self, own: M) -> M:
        """Return a model with what it lacks."""
        lacking: dict[str, Any] = {
            name: value for name, value in self._members if _is_absent(getattr(own, name))
        }
        if self._extra:
            tree = codec.unstructure(own)
            further = {name: value for name, value in self._extra.items() if name not in tree}
            lacking["extra"] = {**further, **own.extra}
        return evolve(own, **lacking) if lacking else own


def _is_absent(value: object) -> bool:
    return value is None or value == () or type(value) is Absent
