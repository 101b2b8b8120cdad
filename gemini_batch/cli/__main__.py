"""``python -m gemini_batch.cli``: the same as ``gemini-batch``."""

from __future__ import annotations

from . import main

main()
