"""The errors: their tree, what they say, and that they travel."""

import asyncio
import copy
import pickle
import re
from collections.abc import Iterator
from typing import Any

import pytest

import gemini_batch
from gemini_batch import AsyncBatchClient, SyncBatchClient, errors
from gemini_batch.batch import WrongKindError
from gemini_batch.errors import (
    AnswerMismatchError,
    ApiError,
    AsyncHandleReturnedError,
    AuthenticationError,
    BatchCancelledError,
    BatchEndedError,
    BatchExpiredError,
    BatchFailedError,
    ConflictError,
    CreateOutcomeUnknownError,
    Delivery,
    GeminiBatchError,
    HandleBusyError,
    HandleConsumedError,
    HandleReturnedError,
    IntegrityError,
    InvalidRequestError,
    ItemFailedError,
    NoTextError,
    NotFoundError,
    PermissionDeniedError,
    ProtocolError,
    RateLimitError,
    ResultsGoneError,
    ResultsIncompleteError,
    ServerError,
    SyncHandleReturnedError,
    TransportError,
    UploadOutcomeUnknownError,
    UsageError,
    WaitTimeoutError,
    api_error_class,
)
from gemini_batch.models.base import Timestamp
from gemini_batch.models.operation import BatchOperation, BatchState
from gemini_batch.models.status import Status
from gemini_batch.results import BatchResults
from gemini_batch.states import Cancelled, Expired, Failed
from tests.canary import CANARY

INNER = {"WrongKindError"}
"""What the package tells apart, and users need not: to them it is the error above it."""

ESCAPE = "\x1b]0;owned\x07"
OPERATION = BatchOperation(
    "batches/abc",
    BatchState.FAILED,
    create_time=Timestamp.parse("2026-03-01T09:15:27.123456789Z"),
    error=Status(13, "failed without error"),
)


def sync_handle() -> Any:
    """Return a handle of a client that holds the canary."""
    with SyncBatchClient(CANARY) as client:
        return client.get_batch("batches/abc")


def async_handle() -> Any:
    """Return a handle of an asynchronous client that holds the canary."""

    async def made() -> Any:
        async with AsyncBatchClient(CANARY) as client:
            return client.get_batch("batches/abc")

    return asyncio.run(made())


BUSY = RateLimitError(429, "RESOURCE_EXHAUSTED", "slow down", [{"reason": "QUOTA"}], 3.5)


def samples() -> Iterator[GeminiBatchError]:
    """Make one error of each class, with every attribute set."""
    detail = {"reason": "THIS", "metadata": {"deep": [1]}}
    yield GeminiBatchError("anything")
    yield UsageError("you erred")
    yield WrongKindError("batches/abc holds embeddings")
    yield TransportError("connection reset", Delivery.NOT_SENT, permanent=True, timed_out=True)
    for kind in (
        ApiError,
        InvalidRequestError,
        AuthenticationError,
        PermissionDeniedError,
        NotFoundError,
        ConflictError,
        RateLimitError,
        ServerError,
    ):
        yield kind(418, "TEAPOT", "short and stout", [detail], 1.5, "Try coffee")
    yield ProtocolError("not JSON")
    yield IntegrityError("bytes are missing")
    yield CreateOutcomeUnknownError("gb-abc")
    yield UploadOutcomeUnknownError("files/abc")
    yield ResultsGoneError("batches/abc", "files/batch-abc")
    yield BatchEndedError("ended", Failed(None, operation=OPERATION))
    yield BatchFailedError("failed", Failed(OPERATION.error, operation=OPERATION))
    yield BatchExpiredError("expired", Expired(None, operation=OPERATION))
    yield BatchCancelledError("cancelled", Cancelled(None, operation=OPERATION))
    yield ResultsIncompleteError("2 are missing", ["3", "5"])
    yield ItemFailedError("7", "INTERNAL")
    yield NoTextError("MAX_TOKENS", "SAFETY")
    yield AnswerMismatchError("Recipe", "steps[2].minutes", "is missing", truncated=True)
    yield WaitTimeoutError("batches/abc", 90.0, "RUNNING")
    yield HandleConsumedError("delete")
    yield HandleBusyError("cancel")
    yield HandleReturnedError("cancel", "batches/abc", BUSY, retryable=True)
    yield SyncHandleReturnedError("cancel", BUSY, sync_handle(), retryable=True)
    yield AsyncHandleReturnedError("delete", BUSY, async_handle(), retryable=False)


SAMPLES = {type(error): error for error in samples()}


def real_tree() -> dict[str, str]:
    """Return each class of the tree with its parent in it and its other bases in parentheses."""
    tree: dict[str, str] = {}

    def walk(kind: type[GeminiBatchError]) -> None:
        for child in kind.__subclasses__():
            others = [base.__name__ for base in child.__bases__ if base is not kind]
            tree[child.__name__] = " ".join([kind.__name__, *(f"({other})" for other in others)])
            walk(child)

    walk(GeminiBatchError)
    return tree


def drawn_tree(docstring: str) -> dict[str, str]:
    """Read the same from a drawing."""
    tree: dict[str, str] = {}
    above: list[str] = []
    for branch in re.finditer(
        r"^    ([│├└─ ]*)(\w+Error)(?: (\(\w+\)))?(?:  .*)?$", docstring, re.MULTILINE
    ):
        stem, name, other = branch.groups()
        del above[len(stem) // 4 :]
        if above:
            tree[name] = " ".join(filter(None, [above[-1], other]))
        above.append(name)
    return tree


def test_the_tree_is_as_it_is_drawn() -> None:
    """The drawing in the docstring shows every public error, under its parent, and no other."""
    drawn, real = drawn_tree(errors.__doc__ or ""), real_tree()
    assert drawn == {name: parents for name, parents in real.items() if name not in INNER}
    assert real.keys() >= INNER
    assert INNER.isdisjoint(gemini_batch.__all__)


def test_there_is_a_sample_of_every_error() -> None:
    """The tests below speak for the whole tree."""
    assert {"GeminiBatchError", *real_tree()} == {kind.__name__ for kind in SAMPLES}


def attributes(error: GeminiBatchError) -> dict[str, Any]:
    """Return what an error is made of, in a form that can be compared."""
    members = {name: value for name, value in vars(error).items() if name != "handle"}
    if isinstance(members.get("reason"), GeminiBatchError):
        members["reason"] = (type(members["reason"]), attributes(members["reason"]))
    return {"args": error.args, "str": str(error), **members}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("error", SAMPLES.values(), ids=lambda error: type(error).__name__)
def test_an_error_travels_with_all_it_knows(error: GeminiBatchError, protocol: int) -> None:
    """Pickled and unpickled it is the same: class, message, attributes, notes and last look."""
    sent = copy.copy(error)
    sent.add_note("seen in the second shard")
    sent.operation = OPERATION
    arrived = pickle.loads(pickle.dumps(sent, protocol))  # noqa: S301 - it was made here
    assert type(error) is type(arrived)
    assert attributes(sent) == attributes(arrived)
    assert ["seen in the second shard"] == arrived.__notes__
    assert OPERATION == arrived.operation


@pytest.mark.parametrize("error", SAMPLES.values(), ids=lambda error: type(error).__name__)
def test_no_error_holds_the_key(error: GeminiBatchError) -> None:
    """Neither what it says nor what it takes along contains the key of its client."""
    assert CANARY not in f"{error} {error!r} {attributes(error)}"
    assert CANARY.encode() not in pickle.dumps(error)


def test_a_handle_stays_behind() -> None:
    """The handle in an error holds a connection: where the error travels, its name is enough."""
    for kind in (SyncHandleReturnedError, AsyncHandleReturnedError):
        error = SAMPLES[kind]
        arrived = pickle.loads(pickle.dumps(error))  # noqa: S301 - it was made here
        assert hasattr(error, "handle")
        assert not hasattr(arrived, "handle")
        assert "batches/abc" == arrived.name


def test_results_stay_behind() -> None:
    """The results in the status of a batch that ended are not pickled; the rest of it is."""
    results: Any = object.__new__(BatchResults)
    with pytest.raises(TypeError):
        pickle.dumps(results)
    for status in (Cancelled(results, operation=OPERATION), Expired(results, operation=OPERATION)):
        error = BatchEndedError("ended", status)
        arrived = pickle.loads(pickle.dumps(error))  # noqa: S301 - it was made here
        assert results is status.results
        assert status.without_results() == arrived.status
        assert arrived.status.results is None


@pytest.mark.parametrize(
    ("code", "reason", "kind"),
    [
        (400, "", InvalidRequestError),
        (400, "API_KEY_INVALID", AuthenticationError),
        (401, "", AuthenticationError),
        (401, "ACCESS_TOKEN_TYPE_UNSUPPORTED", AuthenticationError),
        (403, "", PermissionDeniedError),
        (403, "CREDENTIALS_MISSING", AuthenticationError),
        (404, "", NotFoundError),
        (408, "", ApiError),
        (409, "", ConflictError),
        (418, "", ApiError),
        (429, "", RateLimitError),
        (500, "", ServerError),
        (503, "SOMETHING_NEW", ServerError),
        (599, "", ServerError),
    ],
)
def test_the_status_says_which_error_it_is(code: int, reason: str, kind: type[ApiError]) -> None:
    """The HTTP status decides, but for the reasons that speak of the key."""
    assert kind is api_error_class(code, reason)


def bad(field: object, description: object = None) -> dict[str, object]:
    """Return a detail about a field of a request."""
    return {"fieldViolations": [{"field": field, "description": description}]}


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ApiError(418), "HTTP 418"),
        (ApiError(418, "TEAPOT"), "HTTP 418 TEAPOT"),
        (ApiError(418, message="stout"), "HTTP 418 stout"),
        (ApiError(418, "TEAPOT", ESCAPE), r"HTTP 418 TEAPOT: \x1b]0;owned\x07"),
        (ApiError(418, "", "Bad.", [bad("a.b", "is odd")]), "HTTP 418 Bad; a.b (is odd)"),
        (ApiError(418, "", "", [bad("a.b", "")]), "HTTP 418 a.b"),
        (ApiError(418, "", "a.b is odd.", [bad("a.b", "is odd")]), "HTTP 418 a.b is odd"),
        (ApiError(418, "", "is odd.", [bad("a.b", "is odd")]), "HTTP 418 is odd; a.b"),
        (ApiError(418, "", "Bad.", [bad("a"), bad("b", 7), {}]), "HTTP 418 Bad; a; b"),
        (ApiError(418, "", "Bad.", [bad(ESCAPE)]), r"HTTP 418 Bad; \x1b]0;owned\x07"),
        (AuthenticationError(401), "HTTP 401. Check the API key"),
        (AuthenticationError(401, advice="Look there"), "HTTP 401. Look there"),
        (TransportError("reset"), "reset (the service may have acted on the request)"),
        (
            TransportError(ESCAPE, Delivery.NOT_SENT),
            r"\x1b]0;owned\x07 (the service never saw the request)",
        ),
        (ItemFailedError(ESCAPE, ESCAPE), r"key '\x1b]0;owned\x07' has no answer: \x1b]0;owned\x0"),
        (ItemFailedError(None, "gone"), "the request with key None has no answer: gone"),
        (NoTextError(block_reason="SAFETY"), "the prompt was blocked: SAFETY"),
        (NoTextError("MAX_TOKENS"), "the model ended with MAX_TOKENS before it wrote any"),
        (NoTextError(), "the service gave no reason"),
        (
            AnswerMismatchError("Recipe", "steps[2]", "is missing"),
            "the answer does not fit Recipe: steps[2]: is missing",
        ),
        (
            AnswerMismatchError("Recipe", "", ESCAPE, truncated=True),
            r"cut at its token limit, and does not fit Recipe: \x1b]0;owned\x07. Allow more max_",
        ),
        (WaitTimeoutError("batches/a", 90, "RUNNING"), "batches/a is still RUNNING after 90 s"),
        (CreateOutcomeUnknownError("gb-abc"), "Look for a display name that holds [gb-abc]"),
        (UploadOutcomeUnknownError("files/abc"), "submit again"),
        (ResultsGoneError("batches/a", "files/b"), "The results of batches/a in files/b are gone"),
        (HandleConsumedError("delete"), "consumed by delete(); client.get_batch(name) makes a new"),
        (HandleBusyError("cancel"), "cancel(): this handle is being consumed by another"),
        (
            HandleReturnedError("cancel", "batches/a", UsageError("no"), retryable=False),
            "batches/a failed and its handle is still yours (trying again will not help): no",
        ),
        (
            HandleReturnedError("delete", "batches/a", UsageError("no"), retryable=True),
            "still yours (try again): no",
        ),
    ],
)
def test_an_error_says_what_happened_and_what_to_do(error: GeminiBatchError, expected: str) -> None:
    """Messages are printable, name the thing, and give advice where there is any."""
    assert expected in str(error)
    assert str(error).isprintable()


def test_the_message_of_the_service_is_kept_as_it_came() -> None:
    """What is printed is escaped and cut, and the attribute is not."""
    error = ApiError(500, "INTERNAL", ESCAPE * 200)
    assert ESCAPE * 200 == error.message
    assert str(error).endswith("more characters)")
    assert str(error).isprintable()


@pytest.mark.parametrize(
    "detail", [bad(None), bad(""), bad(["a"]), {"fieldViolations": 7}, {"fieldViolations": [7]}]
)
def test_what_names_no_field_adds_nothing(detail: dict[str, object]) -> None:
    """Whatever a detail looks like, the message stands as it is."""
    assert "HTTP 418 Bad" == str(ApiError(418, "", "Bad.", [detail]))


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        ([], ""),
        ([{"@type": "type.googleapis.com/google.rpc.Help"}], ""),
        ([{"reason": ""}, {"reason": "SECOND"}], "SECOND"),
        ([{"reason": 7}], "7"),
    ],
)
def test_the_reason_is_found_among_the_details(details: list[dict[str, Any]], reason: str) -> None:
    """It is that of the first detail that gives one."""
    assert reason == ApiError(400, details=details).reason


def test_an_error_is_caught_by_the_name_that_python_knows() -> None:
    """Misuse is a ``ValueError``, and a wait that ends a ``TimeoutError``."""
    with pytest.raises(ValueError, match="you erred"):
        raise SAMPLES[UsageError]
    with pytest.raises(TimeoutError, match="still RUNNING"):
        raise SAMPLES[WaitTimeoutError]


def test_missing_keys_may_be_unknown() -> None:
    """``None`` is not an empty sequence: some are missing, and nobody knows which."""
    assert ResultsIncompleteError("2 of 5").missing is None
    assert ("a", "b") == ResultsIncompleteError("2 of 5", ["a", "b"]).missing
