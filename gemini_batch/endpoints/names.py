"""The grammar of resource names: what is not a name never becomes a part of a URL."""

from __future__ import annotations

import re

from ..errors import UsageError
from ..text import printable

_NAME = re.compile(r"(batches|files)/[A-Za-z0-9_-]{1,64}", re.ASCII)
_MODEL = re.compile(r"(models|tunedModels)/[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)


def require_name(name: str, collection: str) -> str:
    """Return a resource name if it is one; anything else never becomes a part of a URL."""
    if is_name(name, collection):
        return name
    raise UsageError(f"{printable(ascii(name), 100)} is not a name like {collection}/abc123")


def is_name(name: str, collection: str) -> bool:
    """Tell whether this is the name of a resource, such as a service may send."""
    return _NAME.fullmatch(name) is not None and name.startswith(f"{collection}/")


def require_model(model: str | None) -> str:
    """Return the resource name of a model, which may be given with or without ``models/``."""
    if not model:
        raise UsageError("no model: give model=…, such as 'gemini-2.5-flash'")
    name = model if "/" in model else f"models/{model}"
    if _MODEL.fullmatch(name):
        return name
    raise UsageError(f"{printable(ascii(model), 100)} is not the name of a model")
