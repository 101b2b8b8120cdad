"""An address to ask at, and replies to what was asked."""

import re

from gemini_batch.effects import Response
from gemini_batch.settings import Api
from tests import payloads

API = Api("https://proxy.example", "/gemini", "v1beta", "the variable GEMINI_API_KEY")
NAMES = re.compile(r"^(batches|files)/[A-Za-z0-9_-]{1,64}$", re.ASCII)
ESCAPE = "\x1b]0;owned\x07"


def ok(tree: object, **headers: str) -> Response:
    """Return a reply of 200."""
    return Response(200, headers, payloads.body(tree))


def begun(url: str, granularity: str = "8388608") -> Response:
    """Return the reply to the start of an upload."""
    return Response(200, {"x-goog-upload-url": url, "x-goog-upload-chunk-granularity": granularity})
