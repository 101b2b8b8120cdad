"""Cancel and delete: they act once, and the handle is used up by success or given back."""

from gemini_batch import (
    NotFoundError,
    ProtocolError,
    RateLimitError,
    ServerError,
    TransportError,
)
from tests.conformance.expectations import Consumes, Returns
from tests.conformance.rows import Row, on, rows
from tests.conformance.table.families import (
    CUT_EMPTY,
    EACH_LOST,
    EACH_NOT_ACTED,
    FEW_LOST,
    FOREVER,
    LOST,
    NOT_ACTED,
    READABLE,
    REDIRECTED,
    REFUSED,
)


def consuming(verb: str, scenarios: str) -> list[Row]:
    """Return what cancel and delete have in common."""
    acted = {verb: 1}
    return [
        *rows(scenarios, "", acted=acted, seen={verb: 1}),
        *rows(scenarios, on(verb, *LOST, *CUT_EMPTY), acted=acted, seen={verb: 2}),
        *rows(scenarios, on(verb, *NOT_ACTED, "return-429"), acted=acted, seen={verb: 2}),
        *rows(scenarios, on(verb, *READABLE), acted=acted, seen={verb: 1}),
        *rows(scenarios, on(verb, "return-503*4"), acted=acted, seen={verb: 5}),
        *rows(
            scenarios,
            on(verb, "return-429/retry-after=7"),
            acted=acted,
            seen={verb: 2},
            waits=(7, 8),
        ),
        *rows(
            scenarios,
            on(verb, "return-503*5", "html-502*5"),
            sees=Returns(ServerError, retryable=True),
            seen={verb: 5},
        ),
        *rows(
            scenarios,
            on(verb, "reset-before-acting*5", "close-before-acting*5"),
            sees=Returns(TransportError, retryable=True),
            seen={verb: 5},
        ),
        *rows(
            scenarios,
            on(verb, FOREVER),
            sees=Returns(RateLimitError, retryable=True),
            seen={verb: 1},
        ),
        *(
            row
            for fault, kind in REFUSED
            for row in rows(
                scenarios, on(verb, fault), sees=Returns(kind, retryable=False), seen={verb: 1}
            )
        ),
        *rows(
            scenarios,
            on(verb, *REDIRECTED),
            sees=Returns(ProtocolError, retryable=False),
            seen={verb: 1},
        ),
        *rows(scenarios, on(verb, "return-404"), sees=Consumes(NotFoundError), seen={verb: 1}),
    ]


CONSUMING: list[Row] = [
    *consuming("cancel", "cancel_inline"),
    *rows("cancel_by_file", ["", *on("cancel", *FEW_LOST)], acted={"cancel": 1}),
    *rows("cancel_finished", "", seen={"cancel": 1}),
    *rows("cancel_finished", on("cancel", *EACH_LOST, *EACH_NOT_ACTED), seen={"cancel": 2}),
    # Had it been refused because it was over, that would have been as good.
    *rows(
        "cancel_finished", on("cancel", "return-400/status=FAILED_PRECONDITION"), seen={"cancel": 1}
    ),
    *consuming("delete", "delete_inline"),
    *rows("delete_by_file", ["", *on("delete", *FEW_LOST)], acted={"delete": 1}),
]
"""Every row whose promise is about the end of a handle."""
