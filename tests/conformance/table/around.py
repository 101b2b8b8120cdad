"""Builders, embeddings, files, lists and many batches at once: the same promises by other ways."""

from gemini_batch import (
    CreateOutcomeUnknownError,
    NotFoundError,
    PermissionDeniedError,
    ProtocolError,
    RateLimitError,
    ResultsGoneError,
    ServerError,
    TransportError,
    UploadOutcomeUnknownError,
)
from tests.conformance.expectations import Lists, MayRaise, Raises
from tests.conformance.rows import Row, on, rows
from tests.conformance.table.families import (
    CUT,
    CUT_EMPTY,
    EACH_LOST,
    EACH_NOT_ACTED,
    FEW_LOST,
    FEW_NOT_ACTED,
    FOREVER,
    GZIPPED,
    INTACT,
    LONGER,
    NONSENSE,
    READABLE,
    REDIRECTED,
    REFUSED,
)

ADOPTED = "reply lost; adopted batches/"
ONE = {"create": 1}
NONE: dict[str, int] = {}

OWN_FILE = "embed_by_file build_by_file build_embeddings"
"""Those who upload a file of their own making."""
NO_FILE = "embed_inline build_inline submit_uploaded"
"""Those who have none, or one that is not theirs to remove."""

SUBMITTING: list[Row] = [
    *rows(f"{OWN_FILE} {NO_FILE}", "", acted=ONE, seen={"create": 1, "list": 0}),
    *rows(
        f"{OWN_FILE} {NO_FILE}",
        on("create", *FEW_LOST, "json-broken"),
        acted=ONE,
        seen={"create": 1, "list": 1},
        log=ADOPTED,
    ),
    *rows(
        f"{OWN_FILE} {NO_FILE}",
        on("create", *FEW_NOT_ACTED),
        sees=Raises(CreateOutcomeUnknownError),
        acted=NONE,
        seen={"create": 1},
    ),
    *(
        row
        for fault, kind in REFUSED[:1]
        for row in (
            *rows(OWN_FILE, on("create", fault), sees=Raises(kind), acted={"file-delete": 1}),
            *rows(NO_FILE, on("create", fault), sees=Raises(kind), acted=NONE),
        )
    ),
    *rows(
        f"{OWN_FILE} {NO_FILE}",
        on("create", "return-429/retry-after=7"),
        acted=ONE,
        seen={"create": 2},
        waits=(7, 8),
    ),
    *rows(OWN_FILE, on("upload-chunk", *FEW_LOST, *FEW_NOT_ACTED), acted=ONE),
]


def reading(operation: str, scenarios: str, *spoilt: str) -> list[Row]:
    """Return what all have in common that read something and may do so again."""
    return [
        *rows(scenarios, "", seen={operation: 1}),
        *rows(
            scenarios,
            on(operation, *EACH_LOST, *EACH_NOT_ACTED, *CUT, "return-429", "header-huge=100K"),
            seen={operation: 2},
        ),
        *rows(scenarios, on(operation, *INTACT), seen={operation: 1}),
        *rows(scenarios, on(operation, LONGER), sees=MayRaise(ProtocolError)),
        *rows(
            scenarios,
            on(operation, "return-503*5"),
            sees=Raises(ServerError),
            seen={operation: 5},
        ),
        *rows(
            scenarios,
            on(operation, "reset-before-acting*5"),
            sees=Raises(TransportError),
            seen={operation: 5},
        ),
        *(
            row
            for fault, kind in (*REFUSED, ("return-404", NotFoundError), (FOREVER, RateLimitError))
            for row in rows(scenarios, on(operation, fault), sees=Raises(kind), seen={operation: 1})
        ),
        *rows(
            scenarios,
            on(operation, *spoilt, *REDIRECTED, "return-204"),
            sees=Raises(ProtocolError),
            seen={operation: 1},
        ),
    ]


NO_LIST = tuple(fault for fault in NONSENSE if fault not in {"json-empty", "body-empty"})
"""What is no list; a list with nothing in it may be left out."""
NOT_FOUND = Raises(CreateOutcomeUnknownError, "look again later")

READING: list[Row] = [
    *reading("list", "list_batches_whole", *NO_LIST),
    *rows("adopt", "", seen={"list": 1}),
    *rows("adopt", on("list", *FEW_LOST, *FEW_NOT_ACTED, "hang", *CUT), seen={"list": 2}),
    *rows("adopt", on("list", "return-503*5"), sees=Raises(ServerError), seen={"list": 5}),
    *rows("adopt", on("list", "return-403"), sees=Raises(PermissionDeniedError), seen={"list": 1}),
    *rows("adopt", on("list", "json-broken", *REDIRECTED), sees=Raises(ProtocolError)),
    *rows("adopt", on("list", "json-empty", "body-empty", "list-lag=1"), sees=NOT_FOUND),
    *rows(
        "adopt",
        on("list", "page-empty", "page-missing-list", "page-token-repeats"),
        seen={"list": 2},
    ),
    *rows("adopt", on("list", "stale-stats"), seen={"list": 1}),
    *rows("adopt", on("list", *GZIPPED), sees=Raises(ProtocolError, "compressed")),
    *rows("adopt", on("list", "page-token-repeats*2"), sees=Raises(ProtocolError)),
    *reading("file-list", "list_files_whole", *NO_LIST),
    *reading("file-get", "get_file", *(one for one in NONSENSE if one != "json-empty")),
    *rows(
        "get_file",
        on("file-get", "json-empty"),
        sees=Raises(ProtocolError),
    ),
    *rows("list_batches_in_pages turn_pages", "", seen={"list": 2}),
    *rows("list_batches_in_pages turn_pages", on("list", *FEW_NOT_ACTED), seen={"list": 3}),
    *rows("list_files_in_pages", "", seen={"file-list": 2}),
    *rows("list_files_in_pages", on("file-list", *FEW_NOT_ACTED), seen={"file-list": 3}),
    *(
        row
        for operation, scenario in (
            ("list", "list_batches_whole"),
            ("list", "turn_pages"),
            ("file-list", "list_files_whole"),
        )
        for row in (
            *rows(scenario, on(operation, "json-empty", "body-empty"), sees=Lists([])),
            *rows(scenario, on(operation, "page-empty", "page-missing-list")),
            *rows(
                scenario,
                on(operation, "page-token-repeats*2"),
                sees=Raises(ProtocolError, "repeats a page token"),
                seen={operation: 2},
            ),
        )
    ),
    *rows("list_batches_whole", on("list", "list-lag=1"), sees=Lists([])),
    *rows("list_batches_whole turn_pages", on("list", "stale-stats")),
]

FILES: list[Row] = [
    *rows("upload_path upload_bytes", "", acted={"upload-start": 1}, seen={"file-get": 0}),
    *rows(
        "upload_path upload_bytes",
        on("upload-start", *FEW_LOST, *FEW_NOT_ACTED),
        seen={"upload-start": 2},
    ),
    *rows(
        "upload_path upload_bytes",
        on("upload-chunk", *FEW_NOT_ACTED),
        acted={"upload-start": 1},
        seen={"upload-chunk": 2, "upload-query": 1},
    ),
    *rows(
        "upload_path",
        on("upload-chunk", "finalize-without-body", *FEW_LOST),
        acted={"upload-start": 1},
        seen={"upload-chunk": 1, "file-get": 1},
    ),
    *rows(
        "upload_path",
        on("file-get", "return-403", before="upload-chunk: finalize-without-body"),
        sees=Raises(UploadOutcomeUnknownError),
    ),
    *rows(
        "upload_path",
        on("upload-start", "upload-url=none", "upload-url={stranger}/upload?upload_id=1"),
        sees=Raises(ProtocolError),
        seen={"upload-chunk": 0},
    ),
    *rows("download", "", seen={"download": 1}),
    *rows(
        "download",
        on("download", "broken-stream-after-1K", *FEW_LOST, *FEW_NOT_ACTED),
        seen={"download": 2},
    ),
    *rows("download", on("download", "close-without-length"), seen={"download": 2}),
    *rows(
        "download",
        on("download", *GZIPPED),
        sees=Raises(ProtocolError, "compressed"),
        seen={"download": 1},
    ),
    *rows(
        "download",
        "download: etag-changes & download: broken-stream-after-1K",
        sees=Raises(ProtocolError, "changed while it was downloaded"),
        seen={"download": 2},
    ),
    *rows(
        "download",
        "download: broken-stream-after-1K & download: ignore-range",
        seen={"download": 2},
    ),
    *rows(
        "download",
        on("download", "return-404"),
        sees=Raises(NotFoundError),
        seen={"download": 1},
    ),
    *rows(
        "download",
        on("download", "return-403"),
        sees=Raises(PermissionDeniedError),
        seen={"download": 1},
    ),
    *rows(
        "download",
        on(
            "download",
            "return-204",
            "wrong-content-range",
            before="download: broken-stream-after-4K",
        ),
        sees=Raises(ProtocolError),
        seen={"download": 2},
    ),
    *rows("download", on("download", "return-503*5"), sees=Raises(ServerError)),
    *rows("delete_file", "", acted={"file-delete": 1}, seen={"file-delete": 1}),
    *rows(
        "delete_file",
        on("file-delete", *EACH_LOST, *EACH_NOT_ACTED, *CUT_EMPTY, "return-429"),
        acted={"file-delete": 1},
        seen={"file-delete": 2},
    ),
    *rows(
        "delete_file",
        on("file-delete", *READABLE),
        acted={"file-delete": 1},
        seen={"file-delete": 1},
    ),
    *rows(
        "delete_file",
        on("file-delete", "return-503*5"),
        sees=Raises(ServerError),
        acted=NONE,
        seen={"file-delete": 5},
    ),
    *(
        row
        for fault, kind in (*REFUSED, ("return-404", NotFoundError), (FOREVER, RateLimitError))
        for row in rows(
            "delete_file",
            on("file-delete", fault),
            sees=Raises(kind),
            acted=NONE,
            seen={"file-delete": 1},
        )
    ),
    *rows(
        "delete_file",
        on("file-delete", *REDIRECTED),
        sees=Raises(ProtocolError),
        acted=NONE,
    ),
]

MANY: list[Row] = [
    *rows("as_completed", "", seen={"get": 3, "download": 0}),
    *rows("wait_all", "", seen={"get": 3, "download": 1}),
    *rows("as_completed wait_all", on("get", *FEW_LOST, *FEW_NOT_ACTED), seen={"get": 4}),
    *rows("as_completed wait_all", on("get", "return-503*7"), seen={"get": 10}),
    *rows(
        "as_completed wait_all",
        "states: RUNNING,SUCCEEDED & states: PENDING*3,SUCCEEDED & states: SUCCEEDED",
        seen={"get": 7},
    ),
    *rows("as_completed", on("get", "return-404", "json-broken"), seen={"get": 3}),
    *rows("wait_all", on("get", "return-404"), sees=Raises(NotFoundError), seen={"get": 3}),
    *rows("wait_all", on("get", "json-broken"), sees=Raises(ProtocolError), seen={"get": 3}),
    *rows("wait_all", on("download", "return-404"), sees=Raises(ResultsGoneError)),
    *rows("wait_all", on("download", "broken-stream-after-1K"), seen={"download": 2}),
]

AROUND: list[Row] = [*SUBMITTING, *READING, *FILES, *MANY]
"""Every row whose promise is about what is around a batch."""
