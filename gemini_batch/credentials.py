"""The API key: one object holds it, and shows it to nobody but the transport."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NoReturn

from .errors import UsageError

VARIABLES = ("GOOGLE_API_KEY", "GEMINI_API_KEY")
"""The environment variables that may hold the key, in the order of Google's own clients."""

SHORTEST = 8
"""Characters of the shortest key that is looked for in replies; no real one is nearly as short."""

_STAND_IN = b"<the API key>"


class _Masked(str):
    """Text that shows itself to nobody who asks for its ``repr``, such as a dump of headers."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'<the API key>'"


class ApiKey:
    """A secret: it appears in no ``repr``, pickle or copy.

    ``source`` says where it came from; ``conflict`` is a sentence for a warning where the
    environment holds two different ones.
    """

    __slots__ = ("__said", "__secret", "conflict", "source")

    def __init__(self, secret: str, source: str, conflict: str | None = None) -> None:
        self.__secret = _checked(secret, source)
        self.__said = re.compile(b"".join(map(_spellings, self.__secret)))
        self.source = source
        self.conflict = conflict

    @classmethod
    def find(cls, argument: object, environ: Mapping[str, str]) -> ApiKey:
        """Take the key from the argument, or else from the environment; empty is absent."""
        if not isinstance(argument, str | None):
            raise UsageError(f"an API key is a str, not {type(argument).__name__}")
        if argument is not None and argument.strip():
            return cls(argument, "the argument api_key")
        found = [
            (name, environ[name].strip()) for name in VARIABLES if environ.get(name, "").strip()
        ]
        if not found:
            raise UsageError(
                f"no API key: give api_key=…, or set {' or '.join(VARIABLES)} in the environment "
                "(keys are made at https://aistudio.google.com/apikey)"
            )
        (name, secret), *others = found
        differs = any(other != secret for _, other in others)
        conflict = f"{' and '.join(VARIABLES)} are both set and differ; {name} is used"
        return cls(secret, f"the variable {name}", conflict if differs else None)

    def headers(self) -> dict[str, str]:
        """Return the header that carries the key to its own origin."""
        return {"x-goog-api-key": _Masked(self.__secret)}

    def is_in(self, text: str) -> bool:
        """Tell whether text holds the key; one that is too short to be real is not looked for."""
        said = text.encode("utf-8", "surrogatepass")
        return len(self.__secret) >= SHORTEST and self.__said.search(said) is not None

    def scrub(self, said: bytes) -> bytes:
        """Take the key out of what a service says, however JSON or a URL would spell it.

        A key that is too short to be real is left in: it may be a part of any word.
        """
        if len(self.__secret) < SHORTEST:
            return said
        return self.__said.sub(_STAND_IN, said)

    def __repr__(self) -> str:
        return f"<API key from {self.source}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("an API key is not pickled or copied: make a client where it is needed")


def _spellings(character: str) -> bytes:
    """Return a pattern for a character: as it is, escaped in JSON, or escaped in a URL."""
    code = b"%02x" % ord(character)
    plain = re.escape(character.encode())
    escaped = rb"|\\" + plain if character in "\\/" else b""
    return rb"(?:(?i:%" + code + rb"|\\u00" + code + b")" + escaped + b"|" + plain + b")"


def _checked(secret: str, source: str) -> str:
    stripped = secret.strip()
    if not (stripped.isascii() and stripped.isprintable()) or set(stripped) & set(" \"'"):
        raise UsageError(
            f"the API key from {source} holds characters that no key has, such as quotes, spaces "
            "or line breaks; it is not shown here"
        )
    return stripped
