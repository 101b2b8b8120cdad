"""Look, watch and wait: however badly that goes, a paid batch is not lost sight of."""

from gemini_batch import (
    BatchCancelledError,
    BatchExpiredError,
    BatchFailedError,
    Cancelled,
    Expired,
    Failed,
    NotFoundError,
    ProtocolError,
    RateLimitError,
    ServerError,
    TransportError,
)
from tests.conformance.expectations import Becomes, Ends, Keeps, MayRaise, Raises
from tests.conformance.rows import Row, on, rows
from tests.conformance.table.families import (
    CUT,
    FOREVER,
    INTACT,
    LONGER,
    LOST,
    NONSENSE,
    NOT_ACTED,
    REDIRECTED,
    REFUSED,
)

ONCE = "operation status_inline"
"""Those who look once."""
WAITS = "wait_inline wait_by_file watch_inline watch_by_file"
FETCHES = "results_inline results_by_file"
STREAMS = "stream_inline stream_by_file"
ALL = f"status_inline status_by_file {WAITS} {FETCHES} {STREAMS}"
UNTIL_THE_END = "wait_inline watch_by_file results_inline stream_by_file"
"""One of each of those who look until the end."""
CLOSED = ("CANCELLED", Cancelled, BatchCancelledError), ("EXPIRED", Expired, BatchExpiredError)

LOOKING: list[Row] = [
    *rows("operation", "", seen={"get": 1, "download": 0}),
    *rows(ALL, "", seen={"get": 1}),
    # A look is repeated.
    *rows(
        "operation",
        on("get", *LOST, *NOT_ACTED, *CUT, "return-429"),
        seen={"get": 2},
    ),
    *rows(ALL, on("get", "close-after-acting", "return-503"), seen={"get": 2}),
    *rows("status_inline results_inline", on("get", "hang"), seen={"get": 2}),
    *rows("operation", on("get", *INTACT), seen={"get": 1}),
    *rows("operation", on("get", "return-503*4"), seen={"get": 5}),
    *rows("operation", on("get", "return-429/retry-after=7"), seen={"get": 2}, waits=(7, 8)),
    # Five times, and no more than that.
    *rows(
        ONCE,
        on("get", "return-503*5", "html-502*5", "return-500*5"),
        sees=Raises(ServerError),
        seen={"get": 5},
    ),
    *rows(
        ONCE,
        on("get", "reset-before-acting*5", "close-after-acting*5", "header-huge=100K*5"),
        sees=Raises(TransportError),
        seen={"get": 5},
    ),
    # Whoever waits looks again after that.
    *rows(
        UNTIL_THE_END,
        on("get", "return-503*7", "reset-before-acting*7"),
        seen={"get": 8},
        log="could not be looked at, going on",
    ),
    # What no patience mends is told at once.
    *(
        row
        for fault, kind in (*REFUSED, ("return-404", NotFoundError), (FOREVER, RateLimitError))
        for row in rows(
            "operation", on("get", fault), sees=Raises(kind), seen={"get": 1}, waits=(0, 0)
        )
    ),
    *rows(ALL, on("get", "return-404"), sees=Raises(NotFoundError), seen={"get": 1}),
    *rows(
        "operation",
        on("get", *NONSENSE, *REDIRECTED, "return-204", "return-302"),
        sees=Raises(ProtocolError),
        seen={"get": 1},
    ),
    *rows("operation", on("get", LONGER), sees=MayRaise(ProtocolError)),
    *rows(ALL, on("get", "json-broken"), sees=Raises(ProtocolError), seen={"get": 1}),
    # The life of a batch.
    *rows(UNTIL_THE_END, "states: PENDING*2,RUNNING*3,SUCCEEDED", seen={"get": 6}),
    *rows(UNTIL_THE_END, "states: RUNNING,SUCCEEDED-before-output*2,SUCCEEDED", seen={"get": 4}),
    *rows(UNTIL_THE_END, "states: done-without-result*2,SUCCEEDED", seen={"get": 3}),
    *rows(
        UNTIL_THE_END,
        [
            "states: PENDING,BATCH_STATE_NEW*3,SUCCEEDED",
            "states: PENDING,JOB_STATE_NEW*3,SUCCEEDED",
        ],
        seen={"get": 5},
        log="in a state not known here: NEW",
    ),
    *rows(UNTIL_THE_END, "states: JOB_STATE_PENDING,JOB_STATE_RUNNING,SUCCEEDED", seen={"get": 3}),
    *rows(UNTIL_THE_END, "states: RUNNING,SUCCEEDED & get: return-503*7", seen={"get": 9}),
    *rows(WAITS, "states: RUNNING,FAILED", sees=Becomes(Failed), seen={"get": 2}),
    *rows(
        f"{FETCHES} {STREAMS}",
        "states: RUNNING,FAILED",
        sees=Raises(BatchFailedError, "An internal error has occurred", for_good=True),
    ),
    # An error counts, whatever the state says beside it.
    *rows(WAITS, "states: RUNNING,done+error", sees=Becomes(Failed), seen={"get": 2}),
    *rows(
        f"{FETCHES} {STREAMS}",
        "states: RUNNING,done+error",
        sees=Raises(BatchFailedError, "An internal error has occurred", for_good=True),
        seen={"get": 2},
    ),
    # However it ends, what was answered is kept.
    *(
        row
        for state, status, error in CLOSED
        for row in (
            *rows(
                "wait_inline watch_by_file",
                f"states: RUNNING,{state}",
                sees=Becomes(status),
                seen={"get": 2},
            ),
            *rows(f"{FETCHES} {STREAMS}", f"states: {state}", sees=Raises(error, for_good=True)),
            *rows(WAITS, f"states: {state}-with-output", sees=Becomes(status, answered=6)),
            *rows(FETCHES, f"states: {state}-with-output", sees=Keeps(error, answered=6)),
            *rows(
                STREAMS,
                f"states: {state}-with-output",
                sees=Ends(6, error, "12 results came back"),
            ),
        )
    ),
]
"""Every row whose promise is about looks at a batch."""
