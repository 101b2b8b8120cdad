"""The logger of this package: one INFO line a submission, retry or adoption, never a secret."""

from __future__ import annotations

import logging

log = logging.getLogger("gemini_batch")
log.addHandler(logging.NullHandler())
