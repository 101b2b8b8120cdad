"""Faults that stand for each other, and the refusals of the service with their errors."""

from gemini_batch import (
    ApiError,
    AuthenticationError,
    ConflictError,
    InvalidRequestError,
    PermissionDeniedError,
)

EACH_LOST = (
    "reset-after-acting",
    "close-after-acting",
    "hang-after-acting",
    "return-503-after-acting",
    "html-502-after-acting",
)
LOST = (
    *EACH_LOST,
    "return-408-after-acting",
    "return-500-after-acting",
    "return-502-after-acting",
    "return-504-after-acting",
)
"""The service acted, and its reply never came, or says that it failed; one of each kind first."""

EACH_NOT_ACTED = (
    "reset-before-acting",
    "close-before-acting",
    "hang",
    "return-503",
    "html-502",
)
NOT_ACTED = (*EACH_NOT_ACTED, "return-408", "return-500", "return-502", "return-504")
"""The service did nothing, and nobody can tell; one of each kind first."""

FEW_LOST = ("close-after-acting", "return-503-after-acting")
FEW_NOT_ACTED = ("reset-before-acting", "return-503")
"""Of the same kinds, for those who share what others have been tried with."""
OTHERS = tuple(fault for fault in (*LOST, *NOT_ACTED) if fault not in {*FEW_LOST, *FEW_NOT_ACTED})
"""And what these leave out."""

CUT = ("broken-stream-after-20", "stall-after-20", "wrong-length=+5")
"""A reply of which the end is missing, and seen to be."""

GZIPPED = ("gzip-bomb=1M", "gzip-truncated", "gzip-claimed")
"""A reply in gzip, which was not asked for and is never inflated; or one that says it is."""

NONSENSE = (
    "json-broken",
    "json-empty",
    "json-deep=100K",
    "body-empty",
    "close-without-length-after-20",
    *GZIPPED,
    "return-204-after-acting",
    "html-200-after-acting",
)
"""A success that does not say what it should."""

LONGER = "wrong-length=-5"
"""A reply that goes on after its end: what is made of that depends on when the rest arrives."""

INTACT = ("stall=0.05s-after-20", "drip=500/0.001s", "close-without-length")
"""Replies that take their time, or do not say how long they are, and are whole."""

REDIRECTED = ("redirect={stranger}/v1beta/models",)
"""A reply that says to go on elsewhere, where nothing is ever to be sent."""

REFUSED = (
    ("return-400", InvalidRequestError),
    ("return-401", AuthenticationError),
    ("return-403", PermissionDeniedError),
    ("return-409", ConflictError),
    ("return-418", ApiError),
)
"""What is definite, whatever it is about; what is not found depends on what was looked for."""

FOREVER = "return-429/retry-after=500"
"""A service that wants to be left alone for longer than anybody waits."""

READABLE = (
    "stall=0.05s-after-1",
    "drip=1/0.001s",
    "json-broken",
    "json-empty",
    "json-deep=100K",
    "body-empty",
    "close-without-length",
    "close-without-length-after-1",
    *GZIPPED,
    "return-204-after-acting",
    "html-200-after-acting",
)
"""Replies whose words do not matter, for there is nothing in them to learn."""
CUT_EMPTY = ("broken-stream-after-1", "stall-after-1", "wrong-length=+5", "header-huge=100K")
"""The end of such a reply is missing all the same, or it cannot be read at all."""
