"""The grammar of resource names: what is not a name never becomes a part of a URL."""

from __future__ import annotations

import re

from ..errors import UsageError
from ..text import printable

_NAME = re.compile(r"(batches|files)/[A-Za-z0-9_-]{1,64}", re.ASCII)
_OWN_NAME = re.compile(r"files/[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", re.ASCII)
_MODEL = re.compile(r"(models|tunedModels)/[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)


def require_name(name: object, collection: str) -> str:
    """Return a resource name if it is one; anything else never becomes a part of a URL."""
    if isinstance(name, str) and is_name(name, collection):
        return name
    raise UsageError(f"{printable(ascii(name), 100)} is not a name like {collection}/abc123")


def is_name(name: str, collection: str) -> bool:
    """Tell whether this is the name of a resource, such as a service may send."""
    return _NAME.fullmatch(name) is not None and name.startswith(f"{collection}/")


def require_own_name(name: object) -> str:
    """Return the name of a file to be, of which the service is more particular than of others."""
    if isinstance(name, str) and _OWN_NAME.fullmatch(name):
        return name
    raise UsageError(
        f"{printable(ascii(name), 100)} cannot be the name of a file: take files/ and up to 40 "
        "lower-case letters, digits and dashes, or leave it out"
    )


def require_model(model: object) -> str:
    """Return the resource name of a model, which may be given with or without ``models/``."""
    if not model:
        raise UsageError("no model: give model=…, such as 'gemini-2.5-flash'")
    name = f"{model}" if "/" in f"{model}" else f"models/{model}"
    if isinstance(model, str) and _MODEL.fullmatch(name):
        return name
    raise UsageError(f"{printable(ascii(model), 100)} is not the name of a model")
