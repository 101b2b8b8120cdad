"""Results out: whole or not at all from the wire, and each oddity of theirs in its place."""

from gemini_batch import (
    InvalidRequestError,
    ProtocolError,
    ResultsGoneError,
    ResultsIncompleteError,
    ServerError,
    TransportError,
)
from tests.conformance.expectations import Ends, Partly, PassesOn, Raises
from tests.conformance.rows import Row, on, rows
from tests.conformance.table.families import (
    FEW_LOST,
    FEW_NOT_ACTED,
    GZIPPED,
    OTHERS,
    REDIRECTED,
    REFUSED,
)

FETCHES = "status_by_file results_by_file stream_by_file"
BOTH = "results_inline results_by_file"
STREAMS = "stream_inline stream_by_file"
SAVES = "download"
UPLOADED = "download_uploaded"
CUT = "broken-stream-after-4K"
BROKEN = f"download: {CUT}"
UNSEEN_CUT = "close-without-length-after-4K"
UNSEEN = f"download: {UNSEEN_CUT}"

FETCHING: list[Row] = [
    # What is cut goes on where it was cut, and each byte comes once.
    *rows(
        FETCHES,
        on(
            "download",
            "broken-stream-after-1K",
            CUT,
            "stall-after-4K",
            "wrong-length=+5",
            *FEW_LOST,
            *FEW_NOT_ACTED,
        ),
        seen={"get": 1, "download": 2},
    ),
    *rows(
        "results_by_file",
        on("download", *OTHERS, "return-429"),
        seen={"get": 1, "download": 2},
    ),
    *rows(
        FETCHES,
        on("download", "stall=0.05s-after-1K", "drip=900/0.001s"),
        seen={"download": 1},
    ),
    # An end by closing is what a cut looks like, too: what comes after it is asked for.
    *rows(
        FETCHES,
        on("download", "close-without-length", "close-without-length-after-4K"),
        seen={"get": 1, "download": 2},
    ),
    *rows(SAVES, on("download", UNSEEN_CUT), seen={"download": 2}),
    *rows(
        f"{FETCHES} {SAVES}",
        f"{UNSEEN} & download: ignore-range",
        seen={"download": 2},
    ),
    *rows(
        f"{FETCHES} {SAVES}",
        f"{UNSEEN} & download: broken-stream-after-1K & download: return-503",
        seen={"download": 4},
    ),
    *rows(FETCHES, on("download", "return-503*3"), seen={"download": 4}),
    *rows(FETCHES, on("download", "broken-stream-after-500*9"), seen={"download": 10}),
    *rows(
        f"{FETCHES} {SAVES}",
        on("download", "broken-stream-after-80*60"),
        seen={"download": 61},
    ),
    *rows(FETCHES, f"{BROKEN} & download: ignore-range", seen={"download": 2}),
    # Bytes from elsewhere are an error, and no results.
    *rows(
        FETCHES,
        on("download", "wrong-content-range", "return-204", *REDIRECTED, before=BROKEN),
        sees=Raises(ProtocolError),
        seen={"download": 2},
    ),
    # Nor is it an end where the service only refuses to go on.
    *(
        row
        for before in (BROKEN, UNSEEN)
        for row in rows(
            f"{FETCHES} {SAVES}",
            on("download", "return-416", before=before),
            sees=Raises(ProtocolError, r"after 4096 bytes \(HTTP 416\)"),
            seen={"download": 2},
        )
    ),
    *rows(
        f"results_by_file {SAVES}",
        on("download", "return-416"),
        sees=Raises(ProtocolError, "HTTP 416"),
        seen={"download": 1},
    ),
    *rows(
        UPLOADED,
        "",
        sees=Raises(InvalidRequestError, "only generated files can be downloaded", for_good=True),
        seen={"download": 1},
    ),
    *rows(
        UPLOADED,
        "download: return-503",
        sees=Raises(InvalidRequestError, "only generated files can be downloaded", for_good=True),
        seen={"download": 2},
    ),
    *rows(
        FETCHES,
        on(
            "download",
            "return-204",
            "return-302",
            "return-204-after-acting",
            *REDIRECTED,
        ),
        sees=Raises(ProtocolError),
        seen={"download": 1},
    ),
    # Bytes that are not those of the file are not taken for them, nor inflated.
    *rows(
        FETCHES,
        on("download", *GZIPPED),
        sees=Raises(ProtocolError, "compressed"),
        seen={"download": 1},
    ),
    *rows(
        FETCHES,
        f"download: etag-changes & {BROKEN}",
        sees=Raises(ProtocolError, "changed while it was downloaded"),
        seen={"download": 2},
    ),
    *rows(
        FETCHES,
        on("download", "return-403", "return-404"),
        sees=Raises(ResultsGoneError, "files/batch-"),
        seen={"download": 1},
    ),
    *(
        row
        for fault, kind in REFUSED
        if fault != "return-403"
        for row in rows(
            "results_by_file", on("download", fault), sees=Raises(kind), seen={"download": 1}
        )
    ),
    *rows(FETCHES, on("download", "return-503*5"), sees=Raises(ServerError), seen={"download": 5}),
    *rows(
        "results_by_file",
        on("download", "header-huge=100K*5", "reset-before-acting*5"),
        sees=Raises(TransportError),
        seen={"download": 5},
    ),
    # What surrounds the lines does not matter.
    *rows(FETCHES, on("results", "line-bom", "line-crlf", "line-blank"), seen={"download": 1}),
    # A broken line is one item, and costs no other.
    *rows(
        "results_by_file",
        on("results", "line-broken=3", "line-utf8=3"),
        sees=Partly(missing=1, malformed=(3,)),
    ),
    *rows("results_by_file", "results: line-cut-last", sees=Partly(missing=1, malformed=(12,))),
    *rows(
        "stream_by_file",
        on("results", "line-broken=3", "line-utf8=3", "line-cut-last"),
        sees=Ends(11, ResultsIncompleteError, "11 results came back for 12 requests"),
    ),
    # Nor does their order.
    *rows(f"{BOTH} {STREAMS} status_by_file", "results: shuffle", seen={"get": 1}),
    # Neither of two is thrown away, nothing is guessed, and nothing that is missing is kept quiet.
    *rows(BOTH, "results: key-duplicate=3", sees=Partly(duplicates=1)),
    *rows(BOTH, "results: key-missing=3", sees=Partly(missing=1, unexpected=(None,))),
    *rows(BOTH, "results: key-unknown", sees=Partly(missing=1, unexpected=("never-sent",))),
    *rows(BOTH, "results: extra=2", sees=Partly(unexpected=("never-sent-1", "never-sent-2"))),
    *rows(BOTH, "results: drop=5", sees=Partly(missing=5), log="has 12 requests and 7 results"),
    *rows(
        "results_inline",
        "results: no-metadata",
        sees=Partly(missing=12, unexpected=(None,) * 12),
    ),
    *rows(STREAMS, "results: key-duplicate=3", sees=PassesOn(13)),
    *rows(
        STREAMS,
        on("results", "key-missing=3", "key-unknown"),
        sees=Ends(11, ResultsIncompleteError, "11 results came back for 12 requests"),
    ),
    *rows(STREAMS, "results: extra=2", sees=PassesOn(14)),
    *rows(
        STREAMS,
        "results: drop=5",
        sees=Ends(7, ResultsIncompleteError, "7 results came back for 12 requests"),
    ),
]
"""Every row whose promise is about results and the file that they may be in."""
