"""Create, the call that costs money: whatever happens to its reply, the service acts on one."""

from gemini_batch import (
    CreateOutcomeUnknownError,
    InvalidRequestError,
    NotFoundError,
    ProtocolError,
    RateLimitError,
)
from tests.conformance.expectations import Raises
from tests.conformance.rows import Row, on, rows
from tests.conformance.table.families import (
    CUT,
    EACH_LOST,
    EACH_NOT_ACTED,
    FEW_LOST,
    FEW_NOT_ACTED,
    FOREVER,
    GZIPPED,
    INTACT,
    LONGER,
    LOST,
    NONSENSE,
    NOT_ACTED,
    REDIRECTED,
    REFUSED,
)

ADOPTED = "reply lost; adopted batches/"
SUBMITS = "submit_inline submit_by_file"
RESUBMITS = "resubmit_inline resubmit_by_file"
ONE = {"create": 1}
NONE: dict[str, int] = {}
UNKNOWN = Raises(CreateOutcomeUnknownError, r"\[gb-")

CLOSED = "create: close-after-acting"
SOME_LOST = (
    *(fault for fault in EACH_LOST if fault != "hang-after-acting"),
    "broken-stream-after-20",
    "json-broken",
    "body-empty",
)
"""One of each kind of lost reply that shows at once."""

CREATING: list[Row] = [
    *rows(SUBMITS, "", acted=ONE, seen={"create": 1, "list": 0}),
    *rows(RESUBMITS, "", acted=ONE, seen={"create": 1, "list": 0}),
    *rows("submit_large_file", "", acted={"upload-start": 1, **ONE}, seen={"upload-query": 0}),
    *rows(SUBMITS, on("create", *INTACT), acted=ONE, seen={"create": 1, "list": 0}),
    # A reply that is lost is made good by the label.
    *rows(
        SUBMITS,
        on("create", *LOST, *CUT, *NONSENSE, LONGER, "header-huge=100K"),
        acted=ONE,
        seen={"create": 1, "list": 1},
        log=ADOPTED,
    ),
    *rows(RESUBMITS, on("create", *FEW_LOST), acted=ONE, seen={"create": 1}, log=ADOPTED),
    # Where no batch has the label nothing is sent again, and its file is left for it.
    *rows(
        SUBMITS,
        on("create", *NOT_ACTED, "return-204"),
        sees=UNKNOWN,
        acted=NONE,
        seen={"create": 1},
    ),
    # Unless the caller would rather pay twice, which is not thrice.
    *rows(RESUBMITS, on("create", *EACH_NOT_ACTED, "return-204"), acted=ONE, seen={"create": 2}),
    *rows(
        RESUBMITS,
        on("create", "return-503*2", "hang*2"),
        sees=UNKNOWN,
        acted=NONE,
        seen={"create": 2},
    ),
    # Nor is it paid twice where the list cannot be read, for the batch may well be there.
    *rows(
        RESUBMITS,
        on("list", "return-503*25", "json-broken*5", before="create: return-503"),
        sees=UNKNOWN,
        acted=NONE,
        seen={"create": 1},
    ),
    # A refusal is definite, and takes its file along.
    *(
        row
        for fault, kind in (*REFUSED, ("return-404", NotFoundError))
        for row in (
            *rows(
                "submit_inline",
                on("create", fault),
                sees=Raises(kind),
                acted=NONE,
                seen={"create": 1, "list": 0},
            ),
            *rows(
                "submit_by_file",
                on("create", fault),
                sees=Raises(kind),
                acted={"file-delete": 1},
                seen={"create": 1, "list": 0},
            ),
        )
    ),
    *rows(
        "submit_inline",
        on("create", *REDIRECTED),
        sees=Raises(ProtocolError, "redirects to 127.0.0.1"),
        acted=NONE,
        seen={"create": 1},
    ),
    *rows(
        "submit_by_file",
        on("create", *REDIRECTED),
        sees=Raises(ProtocolError, "redirects to 127.0.0.1"),
        acted={"file-delete": 1},
        seen={"create": 1},
    ),
    # The file that is of no use is removed as any file is; where that fails the refusal is told.
    *rows(
        "submit_by_file",
        on("file-delete", *FEW_LOST, *FEW_NOT_ACTED, before="create: return-400"),
        sees=Raises(InvalidRequestError),
        acted={"file-delete": 1},
        seen={"file-delete": 2},
    ),
    *rows(
        "submit_by_file",
        on("file-delete", "return-503*5", "return-401", before="create: return-400"),
        sees=Raises(InvalidRequestError),
        acted=NONE,
    ),
    # A service that is busy did not act, and says when to come again.
    *rows(
        SUBMITS,
        on("create", "return-429/retry-after=7"),
        acted=ONE,
        seen={"create": 2},
        waits=(7, 8),
    ),
    *rows(
        SUBMITS,
        on("create", "return-429/retry-info=3.5s"),
        acted=ONE,
        seen={"create": 2},
        waits=(3.5, 4.5),
    ),
    *rows(
        SUBMITS,
        on("create", "return-429/retry-after=7/retry-info=9s"),
        acted=ONE,
        seen={"create": 2},
        waits=(9, 10),
    ),
    *rows(SUBMITS, on("create", "return-429"), acted=ONE, seen={"create": 2}, waits=(15, 30)),
    *rows(
        "submit_inline",
        on("create", "return-429/retry-after=1*5"),
        sees=Raises(RateLimitError),
        acted=NONE,
        seen={"create": 5},
        waits=(4, 8),
    ),
    *rows(
        "submit_inline",
        on("create", FOREVER, "return-429/retry-info=3600s", "return-429/quota=TokensPerDay"),
        sees=Raises(RateLimitError),
        acted=NONE,
        seen={"create": 1},
        waits=(0, 0),
    ),
    *rows(
        "submit_inline",
        "create: return-429/retry-after=0 & create: return-400",
        sees=Raises(InvalidRequestError),
        acted=NONE,
        seen={"create": 2},
    ),
    # The list is where a lost batch is found, on a good day and on a bad one, whatever lost it.
    *(
        row
        for lost in SOME_LOST
        for row in (
            *rows(
                SUBMITS,
                f"create: {lost} & list: list-lag=2",
                acted=ONE,
                seen={"create": 1, "list": 3},
                waits=(8, 8),
                log=ADOPTED,
            ),
            *rows(
                SUBMITS,
                on(
                    "list",
                    "page-empty",
                    "page-missing-list",
                    "page-token-repeats",
                    before=f"create: {lost}",
                ),
                acted=ONE,
                seen={"create": 1, "list": 2},
                waits=(0, 0),
                log=ADOPTED,
            ),
            *rows(
                SUBMITS,
                f"create: {lost} & list: return-503*25",
                sees=UNKNOWN,
                acted=ONE,
                seen={"create": 1, "list": 25},
            ),
        )
    ),
    # Who gave up waiting for the reply looks for as long as anybody, even if that took no time.
    *rows(
        SUBMITS,
        on(
            "list",
            "list-lag=1",
            "return-403",
            "page-empty",
            "page-missing-list",
            "page-token-repeats",
            before="create: hang-after-acting",
        ),
        acted=ONE,
        seen={"create": 1, "list": 2},
        log=ADOPTED,
    ),
    *rows(
        SUBMITS,
        on("list", "list-lag=5", "return-403*5", before="create: hang-after-acting"),
        sees=UNKNOWN,
        acted=ONE,
        seen={"create": 1, "list": 5},
    ),
    *rows(
        SUBMITS,
        on(
            "list",
            *GZIPPED,
            "header-huge=100K",
            *FEW_LOST,
            *FEW_NOT_ACTED,
            "hang",
            "json-broken",
            "body-empty",
            "return-204",
            "return-403",
            "return-429",
            "return-503*5",
            *REDIRECTED,
            before=CLOSED,
        ),
        acted=ONE,
        seen={"create": 1},
        log=ADOPTED,
    ),
    *rows(
        SUBMITS,
        on("list", *INTACT, "stale-stats", before=CLOSED),
        acted=ONE,
        seen={"create": 1, "list": 1},
        log=ADOPTED,
    ),
    *rows(
        SUBMITS,
        on("list", "return-403*5", "json-broken*5", "list-lag=5", before=CLOSED),
        sees=UNKNOWN,
        acted=ONE,
        seen={"create": 1, "list": 5},
    ),
]
"""Every row whose promise is about the creation of a batch."""
