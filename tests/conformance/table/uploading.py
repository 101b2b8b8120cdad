"""A file of requests arrives whole and once, whatever happens to its chunks."""

from gemini_batch import (
    IntegrityError,
    NotFoundError,
    ProtocolError,
    ServerError,
    UploadOutcomeUnknownError,
    UsageError,
)
from tests.conformance.expectations import Raises
from tests.conformance.rows import Row, on, rows
from tests.conformance.table.families import (
    CUT,
    EACH_LOST,
    EACH_NOT_ACTED,
    GZIPPED,
    INTACT,
    REDIRECTED,
    REFUSED,
)

LARGE = "submit_large_file"
SMALL = "submit_by_file"
WHOLE = {"upload-start": 1, "create": 1}
FAILED = "upload-chunk: return-503"

UPLOADING: list[Row] = [
    # What arrived is held against what was sent, whichever way its digest is written.
    *rows(
        SMALL,
        [
            "upload-chunk: sha256-of-bytes",
            "upload-chunk: finalize-without-body & file-get: sha256-of-bytes",
        ],
        acted=WHOLE,
    ),
    *rows(
        SMALL,
        [
            "upload-chunk: sha256-wrong",
            "upload-chunk: finalize-without-body & file-get: sha256-wrong",
        ],
        sees=Raises(IntegrityError),
        acted={"upload-start": 1, "file-delete": 1},
    ),
    # A file that the service cannot take in is no input; one that it is taking in is waited for.
    *rows(
        SMALL,
        "upload-chunk: file-state=FAILED",
        sees=Raises(ProtocolError),
        acted={"upload-start": 1, "file-delete": 1},
    ),
    *rows(
        SMALL,
        "upload-chunk: file-state=PROCESSING & file-get: file-state=PROCESSING*2",
        acted=WHOLE,
        seen={"file-get": 3},
    ),
    *rows(
        SMALL,
        "upload-chunk: file-state=PROCESSING & file-get: file-state=FAILED",
        sees=Raises(ProtocolError),
        acted={"upload-start": 1, "file-delete": 1},
    ),
    # A chunk that fails is resumed where the service has it.
    *rows(
        LARGE,
        on(
            "upload-chunk",
            *EACH_LOST,
            *EACH_NOT_ACTED,
            "return-429",
            "return-503*3",
            "return-503-after-100K",
            "return-503-after-64K*8",
            "reset-after-100K",
            "reset-after-64K*3",
            "reset-after-4K*60",
            "header-huge=100K",
        ),
        acted=WHOLE,
    ),
    *rows(
        LARGE, f"{FAILED}*2", acted=WHOLE, seen={"upload-start": 1, "upload-query": 2, "create": 1}
    ),
    # The question how far it came may fail, too.
    *rows(
        LARGE,
        on(
            "upload-query",
            *EACH_LOST,
            *EACH_NOT_ACTED,
            "return-429",
            "return-503*3",
            "header-huge=100K",
            before=FAILED,
        ),
        acted=WHOLE,
    ),
    *rows(LARGE, on("upload-query", "no-size-received", before=FAILED), acted=WHOLE),
    # A beginning that was lost is made again: nobody pays for a session.
    *rows(
        SMALL,
        on("upload-start", *EACH_LOST, *EACH_NOT_ACTED, "return-429", "header-huge=100K"),
        acted={"create": 1},
        seen={"upload-start": 2},
    ),
    # A session that is gone is begun anew, once.
    *rows(
        LARGE,
        on("upload-chunk", "session-gone", "return-404", "return-410"),
        acted={"upload-start": 2, "create": 1},
    ),
    *rows(
        LARGE,
        on("upload-query", "session-gone", "return-404", "return-410", before=FAILED),
        acted={"upload-start": 2, "create": 1},
    ),
    *rows(
        LARGE,
        on("upload-chunk", "session-gone*2"),
        sees=Raises(NotFoundError),
        acted={"upload-start": 2},
        seen={"create": 0},
    ),
    *rows(LARGE, on("upload-query", *REDIRECTED, before=FAILED), sees=Raises(ProtocolError)),
    *rows(SMALL, on("upload-chunk", *INTACT), acted=WHOLE, seen={"upload-chunk": 1}),
    # An end that was not confirmed is looked up under the name that we chose, which may take two.
    *rows(
        SMALL,
        on(
            "upload-chunk",
            "finalize-without-body",
            *EACH_LOST,
            *CUT,
            "body-empty",
            after="file-get: return-503",
        ),
        acted=WHOLE,
        seen={"file-get": 2},
    ),
    *rows(
        SMALL,
        on(
            "upload-chunk",
            "json-broken",
            "json-deep=100K",
            "json-empty",
            "close-without-length-after-20",
            *GZIPPED,
        ),
        acted=WHOLE,
        seen={"upload-chunk": 1, "upload-query": 0, "file-get": 1},
    ),
    *rows(
        SMALL,
        on("upload-chunk", "return-204-after-acting", "html-200-after-acting"),
        acted=WHOLE,
    ),
    *rows(
        SMALL,
        on("file-get", "return-403", "return-404", before="upload-chunk: finalize-without-body"),
        sees=Raises(UploadOutcomeUnknownError, "files/gb-"),
        seen={"create": 0},
    ),
    # What the service will not take is not sent again, and nothing is created.
    *(
        row
        for operation in ("upload-start", "upload-chunk")
        for fault, kind in (*REFUSED[:3], *REFUSED[4:], ("return-409", UsageError))
        for row in rows(
            SMALL,
            on(operation, fault),
            sees=Raises(kind),
            seen={operation: 1, "create": 0},
        )
    ),
    *(
        row
        for operation in ("upload-start", "upload-chunk")
        for row in rows(
            SMALL,
            on(operation, *REDIRECTED),
            sees=Raises(ProtocolError, "redirects to 127.0.0.1"),
            seen={operation: 1, "create": 0},
        )
    ),
    *rows(
        LARGE,
        on("upload-chunk", "return-503*5"),
        sees=Raises(ServerError),
        seen={"upload-chunk": 5, "create": 0},
    ),
    # Who is asked to wait for longer than anybody waits is told so.
    *(
        row
        for operation in ("upload-start", "upload-chunk")
        for row in rows(
            SMALL,
            on(operation, "return-503/retry-after=500"),
            sees=Raises(ServerError),
            seen={operation: 1, "create": 0},
            waits=(0, 0),
        )
    ),
    # A file is never put together from guesses.
    *rows(
        LARGE,
        f"{FAILED} & upload-query: claim-size-received=99999999",
        sees=Raises(ProtocolError, "99999999 bytes"),
        seen={"create": 0},
    ),
    *rows(
        LARGE,
        f"{FAILED} & upload-query: claim-size-received=-1",
        sees=Raises(ProtocolError, "less than nothing"),
        seen={"create": 0},
    ),
    *rows(
        LARGE,
        f"{FAILED}*2 & upload-query: no-size-received*2",
        sees=Raises(ProtocolError, "does not say"),
        seen={"create": 0},
    ),
    *rows(
        SMALL,
        on("upload-start", "upload-url=none"),
        sees=Raises(ProtocolError, "X-Goog-Upload-URL"),
        seen={"upload-chunk": 0, "create": 0},
    ),
]
"""Every row whose promise is about the upload of a file."""
