"""The synchronous client."""

from __future__ import annotations

import os
import secrets
import warnings
from types import TracebackType
from typing import NoReturn, Self

import requests

from ..batch import Batch
from ..endpoints import require_name
from ..errors import UsageError
from ..flows.batches import OnUnknown
from ..flows.submit import Order, submit
from ..labels import ENTROPY
from ..log import trimmed
from ..models.generation import GenerationResponse
from ..models.operation import BatchOperation
from ..progress import Report, report_for
from ..retry import PollPolicy, RetryPolicy, Timeouts
from ..settings import configure
from ..submission import Requests, Via, entries_of
from .handle import SyncBatchHandle
from .link import Link
from .transport import Connection, own_session, require_harmless


class SyncBatchClient:
    """Batches on the Gemini API, for scripts.

    The key is taken from ``api_key``, or else from ``GOOGLE_API_KEY`` or ``GEMINI_API_KEY``; the
    address from ``base_url``, or else from ``GOOGLE_GEMINI_BASE_URL``. Any number of threads may
    share a client. Close it when done, or use ``with``: handles need their client open, results
    do not.

    Args:
        api_key: The API key.
        model: The model for batches that name none, such as ``"gemini-2.5-flash"``.
        base_url: Where the API is; https only, but for this machine.
        api_version: The version of the API.
        timeout: Seconds to wait for the network.
        retry: How hard single calls try.
        poll: How often a batch is looked at while waiting.
        session: A session of your own to use; it is not closed. One that may repeat POST by
            itself, or has response hooks, is refused.
        spool_dir: Where requests and results are spooled; the system's temporary directory
            unless given. The files have no names, and are gone with the process.
        allow_http: Allow ``http://`` to other machines, which shows them and all between the key.

    Raises:
        UsageError: There is no key, or the base URL is not one that the key may go to.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        model: str | None = None,
        base_url: str | None = None,
        api_version: str = "v1beta",
        timeout: Timeouts = Timeouts(),
        retry: RetryPolicy = RetryPolicy(),
        poll: PollPolicy = PollPolicy(),
        session: requests.Session | None = None,
        spool_dir: str | None = None,
        allow_http: bool = False,
    ) -> None:
        try:
            settings, key = configure(
                api_key,
                base_url,
                api_version,
                os.environ,
                allow_http=allow_http,
                timeouts=timeout,
                retry=retry,
                poll=poll,
            )
        except UsageError as error:
            raise trimmed(error) from None  # its frames hold the environment, and the key
        own = session is None
        connection = Connection(
            own_session() if session is None else require_harmless(session), settings, key
        )
        self._link = Link(connection, spool_dir, owns_session=own)
        self._model = model

    def submit(
        self,
        requests: Requests,
        *,
        model: str | None = None,
        display_name: str | None = None,
        via: Via = "auto",
        label: str | None = None,
        on_unknown: OnUnknown = "raise",
        progress: bool | Report = False,
    ) -> SyncBatchHandle[GenerationResponse]:
        """Submit requests as one batch, which is billed once it exists.

        Every request is checked and encoded before anything is sent. If the reply to the create
        call is lost, the batch is looked for by its label, and the call is not sent again.

        Args:
            requests: A mapping of keys to prompts, or an iterable of prompts or of
                ``(key, prompt)``; it is consumed once, and not held in memory. A prompt is a
                ``str`` or a ``GenerateContentRequest``. Without a key it is numbered by its
                position, from ``"0"``.
            model: The model, instead of the client's.
            display_name: A name for people; the label is added to it.
            via: ``"inline"`` (inside the create call), ``"file"`` (uploaded before it), or
                ``"auto"``, which chooses by size.
            label: A label of your own, unique for ever, instead of a drawn one. That no batch has
                it yet is looked up before anything else is sent.
            on_unknown: ``"resubmit"`` creates once more where the first create may have acted and
                no batch of it is found: at worst, you pay twice.
            progress: ``True`` to show progress on standard error, or what to call with it.

        Raises:
            UsageError: A request is not valid; the first offender is named, and nothing was sent.
            CreateOutcomeUnknownError: The batch may exist; its label says where to look.
        """
        entropy = secrets.token_bytes(ENTROPY)
        order = Order.of(model or self._model, display_name, label, via, on_unknown, entropy)
        entries = iter(entries_of(requests))
        spools = self._link.spools()
        flow = submit(self._link.settings, entries, order, spools, report_for(progress))
        return SyncBatchHandle(self._link, self._link.run(flow, spools))

    def get_batch(
        self, name_or_operation: str | BatchOperation, *, key_member: str = "key"
    ) -> SyncBatchHandle[GenerationResponse]:
        """Return a handle for a batch that exists; nothing is sent.

        ``key_member`` names the member of the requests' metadata that holds their keys, for
        batches made inline by other clients. The submitted keys are not known to such a handle.
        """
        name = name_or_operation if isinstance(name_or_operation, str) else name_or_operation.name
        batch = Batch(require_name(name, "batches"), GenerationResponse, key_member=key_member)
        return SyncBatchHandle(self._link, batch)

    def close(self) -> None:
        """Close the connections, unless the session is yours; batches go on at the service."""
        self._link.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        link = getattr(self, "_link", None)  # there is none where the arguments were refused
        if link is not None and not link.closed:
            warnings.warn("a SyncBatchClient was never closed", ResourceWarning, 2, source=self)

    def __repr__(self) -> str:
        return f"<SyncBatchClient for {self._link.settings.api.origin}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a client is not pickled or copied: make one where it is needed")
