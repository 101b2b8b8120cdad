"""Everything this package raises on purpose.

::

    GeminiBatchError
    ├── UsageError (ValueError)           you erred; nothing was sent
    ├── TransportError                    no answer came: was it sent at all? see ``delivery``
    ├── ApiError                          the service refused, in its own words
    │   ├── InvalidRequestError           400
    │   ├── AuthenticationError           401; 400 API_KEY_INVALID; 403 without a key
    │   ├── PermissionDeniedError         403
    │   ├── NotFoundError                 404
    │   ├── ConflictError                 409
    │   ├── RateLimitError                429
    │   └── ServerError                   5xx
    ├── ProtocolError                     the service broke its own contract
    ├── IntegrityError                    bytes are not what was sent or promised
    ├── CreateOutcomeUnknownError         a batch may exist; its label says where to look
    ├── UploadOutcomeUnknownError         a file may exist
    ├── ResultsGoneError                  the results or their file have expired
    ├── BatchEndedError                   the batch ended without succeeding
    │   ├── BatchFailedError
    │   ├── BatchExpiredError
    │   └── BatchCancelledError
    ├── ResultsIncompleteError            some requests have no result
    ├── ItemFailedError                   one request failed
    ├── NoTextError                       an answer without text
    ├── AnswerMismatchError               an answer that does not fit the class it is read as
    ├── WaitTimeoutError (TimeoutError)   the batch lives on, and so does the handle
    ├── HandleConsumedError               the handle was used up by cancel() or delete()
    ├── HandleBusyError                   another thread or task is using it up right now
    └── HandleReturnedError               cancel() or delete() failed: the handle is still yours
        ├── SyncHandleReturnedError
        └── AsyncHandleReturnedError

All of them pickle, and none ever holds the API key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, cast

from .text import printable

if TYPE_CHECKING:
    from .aio import AsyncBatchHandle
    from .models.operation import BatchOperation
    from .states import EndedStatus
    from .sync import SyncBatchHandle


class GeminiBatchError(Exception):
    """Base of everything this package raises on purpose.

    ``operation`` is the last look at the batch, where results could not be fetched.
    """

    operation: BatchOperation | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return _revive, (type(self), self.args, self._luggage())

    def _luggage(self) -> dict[str, Any]:
        """Return the attributes that travel when the error is pickled."""
        return dict(self.__dict__)


def _revive(
    kind: type[GeminiBatchError], args: tuple[Any, ...], luggage: dict[str, Any]
) -> GeminiBatchError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(luggage)
    return error


class UsageError(GeminiBatchError, ValueError):
    """You asked for something that cannot be; nothing was sent."""


class Delivery(Enum):
    """Whether a request that got no answer can have reached the service."""

    NOT_SENT = "the service never saw the request"
    UNKNOWN = "the service may have acted on the request"


class TransportError(GeminiBatchError):
    """No answer came back.

    ``delivery`` says whether the service can have acted. ``permanent`` is true where another
    attempt cannot help, such as a certificate that does not verify; ``timed_out`` where the answer
    did not come in time.
    """

    def __init__(
        self,
        message: str,
        delivery: Delivery = Delivery.UNKNOWN,
        *,
        permanent: bool = False,
        timed_out: bool = False,
    ) -> None:
        super().__init__(f"{printable(message)} ({delivery.value})")
        self.delivery = delivery
        self.permanent = permanent
        self.timed_out = timed_out


class ApiError(GeminiBatchError):
    """The service answered with an error (AIP-193).

    ``code`` is the HTTP status, ``status`` its canonical name (``"NOT_FOUND"``), ``message`` the
    service's own words, unescaped; ``details`` are the typed details as plain JSON and
    ``retry_after`` the seconds the service asked to wait, if it did.
    """

    advice: ClassVar[str] = ""

    def __init__(
        self,
        code: int,
        status: str = "",
        message: str = "",
        details: Sequence[Mapping[str, Any]] = (),
        retry_after: float | None = None,
        advice: str = "",
        subject: str = "",
    ) -> None:
        about = f"{status} for {subject}" if subject else status
        told = "; ".join(filter(None, (message.rstrip(". \n"), *_fields_in(details, message))))
        said = printable(": ".join(filter(None, (about.strip(), told)))).rstrip(". \n")
        super().__init__(
            ". ".join(filter(None, (f"HTTP {code} {said}".strip(), advice or self.advice)))
        )
        self.code = code
        self.status = status
        self.message = message
        self.details = tuple(details)
        self.retry_after = retry_after

    @property
    def reason(self) -> str:
        """The machine-readable reason of ``google.rpc.ErrorInfo``, or ``""``."""
        return next((str(d["reason"]) for d in self.details if d.get("reason")), "")


def _fields_in(details: Sequence[Mapping[str, Any]], message: str) -> Iterator[str]:
    """Yield what ``google.rpc.BadRequest`` says of each field that the message does not name."""
    for detail in details:
        found = detail.get("fieldViolations")
        for one in cast("list[object]", found) if isinstance(found, list) else []:
            violation = cast("dict[str, object]", one) if isinstance(one, dict) else {}
            field, why = violation.get("field"), violation.get("description")
            if isinstance(field, str) and field and not _names(message, field):
                yield f"{field} ({why})" if isinstance(why, str) and why not in message else field


def _names(message: str, field: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(field)}(?!\w)", message) is not None


class InvalidRequestError(ApiError):
    """400: the service could not accept the request; sending it again will not help."""

    advice = "Mend what it names; the same request will be refused again"


class AuthenticationError(ApiError):
    """The service did not accept the API key (401, 400 ``API_KEY_INVALID``, 403 without one)."""

    advice = "Check the API key"


class PermissionDeniedError(ApiError):
    """403: the key is known but may not do this; for files also: they do not exist any more."""

    advice = (
        "Check what the project of this API key may do; a missing file is refused like this, too"
    )


class NotFoundError(ApiError):
    """404: there is nothing of that name (any more) in the project of this API key."""

    advice = "It was deleted, has expired, or belongs to the project of another key"


class ConflictError(ApiError):
    """409: something of that name exists already."""

    advice = "Choose another name"


class RateLimitError(ApiError):
    """429: a quota is used up; ``retry_after`` says for how long, if the service does."""

    advice = "Wait, or submit less at a time"


class ServerError(ApiError):
    """5xx: the service failed."""

    advice = "Try again later"


class ProtocolError(GeminiBatchError):
    """The service broke its own contract."""


class IntegrityError(GeminiBatchError):
    """Bytes are not what was sent or promised."""


class CreateOutcomeUnknownError(GeminiBatchError):
    """The reply to a create was lost and no batch with its ``label`` was found (yet)."""

    def __init__(self, label: str, *, adopting: bool = False) -> None:
        if adopting:
            said = (
                f"No batch labelled {label} was found. The list of batches may lag behind: look "
                "again later, and before you submit again, for a batch that exists will be billed."
            )
        else:
            said = (
                f"The request may have reached the service, and no batch labelled {label} was "
                f"found. Look for a display name that holds [{label}] before you submit again, as "
                f"client.adopt({label!r}) does: a batch that exists will be billed."
            )
        super().__init__(said)
        self.label = label


class UploadOutcomeUnknownError(GeminiBatchError):
    """The reply to the end of an upload was lost; the file ``name`` may exist."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The end of the upload of {name} was not confirmed, and the file cannot be found. "
            "Nothing is billed for a file: submit again."
        )
        self.name = name


class ResultsGoneError(GeminiBatchError):
    """The results were there once, and have expired or were deleted."""

    def __init__(self, name: str, file: str) -> None:
        super().__init__(
            f"The results of {name} in {file} are gone, or not for this API key: the service keeps "
            "them for about two days, and deletes them with the batch. If operation() still shows "
            "the batch, they have expired, and its requests need to be submitted again."
        )
        self.name = name
        self.file = file


class BatchEndedError(GeminiBatchError):
    """The batch ended without succeeding; ``status`` keeps whatever was answered and billed."""

    def __init__(self, message: str, status: EndedStatus[Any]) -> None:
        super().__init__(message)
        self.status: EndedStatus[Any] = status

    def _luggage(self) -> dict[str, Any]:
        return {**self.__dict__, "status": self.status.without_results()}


class BatchFailedError(BatchEndedError):
    """The batch failed as a whole."""


class BatchExpiredError(BatchEndedError):
    """The service did not finish the batch within its 48 hours."""


class BatchCancelledError(BatchEndedError):
    """The batch was cancelled."""


class ResultsIncompleteError(GeminiBatchError):
    """Some requests have no result; ``missing`` are their keys, where they are known."""

    def __init__(self, message: str, missing: Sequence[str] | None = None) -> None:
        super().__init__(message)
        self.missing = None if missing is None else tuple(missing)


class ItemFailedError(GeminiBatchError):
    """The request of this ``key`` has no answer; ``problem`` says why."""

    def __init__(self, key: str | None, problem: str) -> None:
        super().__init__(f"the request with key {key!a} has no answer: {printable(problem)}")
        self.key = key
        self.problem = problem


class NoTextError(GeminiBatchError):
    """The answer holds no text; ``finish_reason`` and ``block_reason`` say why, if known."""

    def __init__(self, finish_reason: str | None = None, block_reason: str | None = None) -> None:
        if block_reason is not None:
            why = f"the prompt was blocked: {printable(block_reason)}"
        elif finish_reason is not None:
            why = f"the model ended with {printable(finish_reason)} before it wrote any"
        else:
            why = "the service gave no reason"
        super().__init__(f"there is no text in this answer: {why}. text_or(…) takes a default.")
        self.finish_reason = finish_reason
        self.block_reason = block_reason


class AnswerMismatchError(GeminiBatchError):
    """The answer does not fit the class that it was to be read as.

    ``kind`` is the name of the class, ``path`` the place within the answer, ``reason`` what is
    wrong there, and ``truncated`` whether the answer was cut at its token limit.
    """

    def __init__(self, kind: str, path: str, reason: str, *, truncated: bool = False) -> None:
        what = printable(f"{path}: {reason}" if path else reason)
        if truncated:
            said = (
                f"the answer was cut at its token limit, and does not fit {kind}: {what}. Allow "
                "more max_output_tokens, or a smaller thinking_budget."
            )
        else:
            said = f"the answer does not fit {kind}: {what}"
        super().__init__(said)
        self.kind = kind
        self.path = path
        self.reason = reason
        self.truncated = truncated


class WaitTimeoutError(GeminiBatchError, TimeoutError):
    """The wait ended, not the batch: it lives on at the service, and the handle is good.

    ``state`` is what was last seen of it, or ``None``; the last look that failed is the cause.
    """

    def __init__(self, name: str, seconds: float, state: str | None) -> None:
        seen = "was not seen once" if state is None else f"is still {printable(state)}"
        super().__init__(
            f"{name} {seen} after {seconds:g} s. The wait is over, and not the batch: "
            "wait again with the same handle, or later with client.get_batch(name)."
        )
        self.name = name
        self.state = state


class HandleConsumedError(GeminiBatchError):
    """The handle was used up by a successful ``cancel()`` or ``delete()``."""

    def __init__(self, verb: str) -> None:
        super().__init__(f"consumed by {verb}(); client.get_batch(name) makes a new one")
        self.verb = verb


class HandleBusyError(GeminiBatchError):
    """Another thread or task is using the handle up right now."""

    def __init__(self, verb: str) -> None:
        super().__init__(f"{verb}(): this handle is being consumed by another thread or task")
        self.verb = verb


class HandleReturnedError(GeminiBatchError):
    """``cancel()`` or ``delete()`` failed, so the handle is still yours.

    ``reason`` is the error that stopped it; ``retryable`` says whether trying again can help.
    """

    def __init__(self, verb: str, name: str, reason: GeminiBatchError, *, retryable: bool) -> None:
        advice = "try again" if retryable else "trying again will not help"
        super().__init__(
            f"{verb}() of {name} failed and its handle is still yours ({advice}): {reason}"
        )
        self.verb = verb
        self.name = name
        self.reason = reason
        self.retryable = retryable

    def _luggage(self) -> dict[str, Any]:
        # A handle holds a connection and cannot travel; its name is in the error.
        return {name: value for name, value in self.__dict__.items() if name != "handle"}


class SyncHandleReturnedError(HandleReturnedError):
    """A :class:`HandleReturnedError` of the sync client, with the ``handle`` itself."""

    def __init__(
        self, verb: str, reason: GeminiBatchError, handle: SyncBatchHandle[Any], *, retryable: bool
    ) -> None:
        super().__init__(verb, handle.name, reason, retryable=retryable)
        self.handle: SyncBatchHandle[Any] = handle


class AsyncHandleReturnedError(HandleReturnedError):
    """A :class:`HandleReturnedError` of the async client, with the ``handle`` itself."""

    def __init__(
        self, verb: str, reason: GeminiBatchError, handle: AsyncBatchHandle[Any], *, retryable: bool
    ) -> None:
        super().__init__(verb, handle.name, reason, retryable=retryable)
        self.handle: AsyncBatchHandle[Any] = handle


def api_error_class(code: int, reason: str = "") -> type[ApiError]:
    """Return the class for an HTTP status and an ``ErrorInfo`` reason.

    The service answers 400 to a malformed key and 403 to none, hence the reasons.
    """
    if code == 401 or reason in _KEY_REASONS:
        return AuthenticationError
    if code >= 500:
        return ServerError
    return _BY_CODE.get(code, ApiError)


_KEY_REASONS = frozenset(
    {"API_KEY_INVALID", "CREDENTIALS_MISSING", "ACCESS_TOKEN_TYPE_UNSUPPORTED"}
)
_BY_CODE: Mapping[int, type[ApiError]] = {
    400: InvalidRequestError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    429: RateLimitError,
}
