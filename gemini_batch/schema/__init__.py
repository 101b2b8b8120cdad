"""A class as the schema of an answer, and the answer as a value of the class.

Both are made from the same look at the class, so that what the model was asked for is what is read
back. Nothing is coerced: what does not fit is an error that names the place.
"""

from __future__ import annotations

from .answers import parse
from .asking import schema_of

__all__ = ["parse", "schema_of"]
