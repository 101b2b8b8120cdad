"""What is tried again whatever status says that it failed, and what ends that: a refusal."""

from gemini_batch import CreateOutcomeUnknownError, InvalidRequestError
from tests.conformance.expectations import Raises, Returns
from tests.conformance.rows import Row, on, rows

LARGE = "submit_large_file"
SMALL = "submit_by_file"
WHOLE = {"upload-start": 1, "create": 1}
FAILED = "upload-chunk: return-503"
NONE: dict[str, int] = {}

PASSING = tuple(
    f"return-{status}{acting}"
    for status in (408, 499, 500, 502, 504)
    for acting in ("", "-after-acting")
)
"""Failures for the moment, beside 503: that one has been tried with everything."""


def refused_at_last(operation: str, refusal: str = "return-400") -> str:
    """Return a failure for the moment, and a refusal of the next attempt."""
    return f"{operation}: return-503 & {operation}: {refusal}"


RETRYING: list[Row] = [
    *rows(SMALL, on("upload-start", *PASSING), acted={"create": 1}, seen={"upload-start": 2}),
    *rows(LARGE, on("upload-chunk", *PASSING), acted=WHOLE, seen={"upload-query": 1, "create": 1}),
    *rows(
        LARGE,
        on("upload-query", *PASSING, before=FAILED),
        acted=WHOLE,
        seen={"upload-query": 2, "create": 1},
    ),
    # The refusal is what is told, and not the failure before it.
    *(
        row
        for operation, scenario in (
            ("get", "operation"),
            ("get", "results_inline"),
            ("list", "list_batches_whole"),
            ("list", "adopt"),
            ("file-get", "get_file"),
            ("file-list", "list_files_whole"),
            ("file-delete", "delete_file"),
            ("upload-start", "upload_path"),
            ("upload-chunk", "upload_path"),
            ("download", "download"),
            ("download", "results_by_file"),
        )
        for row in rows(
            scenario,
            refused_at_last(operation),
            sees=Raises(InvalidRequestError, "HTTP 400"),
            acted=NONE,
            seen={operation: 2},
        )
    ),
    *(
        row
        for verb in ("cancel", "delete")
        for row in rows(
            f"{verb}_inline",
            refused_at_last(verb),
            sees=Returns(InvalidRequestError, retryable=False),
            acted=NONE,
            seen={verb: 2},
        )
    ),
    # What is refused at the second attempt says nothing of the first, which may have acted.
    *rows(
        "resubmit_inline resubmit_by_file",
        [
            refused_at_last("create"),
            refused_at_last("create", "return-401"),
            refused_at_last("create", "return-429/retry-after=500"),
        ],
        sees=Raises(CreateOutcomeUnknownError, r"\[gb-"),
        acted=NONE,
        seen={"create": 2, "list": 5},
    ),
]
"""Every row whose promise is about attempts that end well, or with a refusal."""
