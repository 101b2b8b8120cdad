"""The one cattrs converter; the hooks are registered where they are written."""

from __future__ import annotations

from cattrs import Converter

CONVERTER = Converter(detailed_validation=False)
