"""The synchronous client."""

from __future__ import annotations

import os
import secrets
import warnings
from collections.abc import Iterable
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self, overload

import requests

from ..batch import known_batch
from ..builders import BatchBuilder, GenerateContentBuilder
from ..endpoints.batches import build_list, parse_list
from ..flows.batches import OnUnknown, adopt
from ..flows.lists import require_page_size
from ..flows.many import as_completed, wait_all
from ..flows.submit import Order, order_of, submit, submit_file
from ..flows.waiting import waiting
from ..labels import ENTROPY, told_of
from ..log import bare, caller
from ..methods import GENERATE, Method, R, Text, embed, method_of
from ..models.file import File, name_of
from ..models.generation import GenerateContentRequest, GenerationResponse
from ..models.operation import BatchOperation
from ..progress import Report, report_for
from ..prompts import Prompt
from ..retry import PollPolicy, RetryPolicy, Timeouts
from ..settings import configure
from ..states import BatchStatus
from ..submission import Requests, Supply, Via, entries_of
from .files import SyncFiles
from .handle import SyncBatchHandle, live
from .link import Link
from .streams import SyncPager, SyncStream
from .transport import Connection, own_session, require_harmless

if TYPE_CHECKING:
    from ..models.creation import AsyncBatchEmbedContentRequest, BatchGenerateContentRequest
    from ..models.embedding import EmbedContentRequest, EmbedContentResponse


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
        UsageError: There is no key, the base URL is not one that the key may go to, or the
            environment names a proxy or certificates that cannot be used.
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
        self._made = caller()
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
            connection = Connection(
                own_session(settings.api.origin) if session is None else require_harmless(session),
                settings,
                key,
            )
        except Exception as error:  # noqa: BLE001 - it is raised again, whatever it is
            api_key = base_url = None  # what tells of an error tells of its variables
            raise bare(error) from None
        self._link = Link(connection, spool_dir, owns_session=session is None)
        self._model = model

    def generate_content(self) -> GenerateContentBuilder:
        """Begin to put one request together; no model is called."""
        return GenerateContentBuilder()

    def batch_generate_content(
        self,
    ) -> BatchBuilder[Prompt, BatchGenerateContentRequest, SyncBatchHandle[GenerationResponse]]:
        """Begin to put a batch of requests together; nothing is sent before it is executed."""

        def begin(
            requests: Supply[Any], model: str | None, name: str | None, via: Via, defaults: Any
        ) -> SyncBatchHandle[GenerationResponse]:
            return self.submit(requests, model=model, display_name=name, via=via, defaults=defaults)

        return BatchBuilder(GENERATE, begin, self._model)

    def batch_embed_contents(
        self,
    ) -> BatchBuilder[Text, AsyncBatchEmbedContentRequest, SyncBatchHandle[EmbedContentResponse]]:
        """Begin to put a batch of embeddings together; nothing is sent before it is executed."""

        def begin(
            requests: Supply[Any], model: str | None, name: str | None, via: Via, defaults: Any
        ) -> SyncBatchHandle[EmbedContentResponse]:
            return self.submit_embeddings(
                requests, model=model, display_name=name, via=via, defaults=defaults
            )

        return BatchBuilder(embed(), begin, self._model)

    def submit(
        self,
        requests: Requests,
        *,
        model: str | None = None,
        display_name: str | None = None,
        via: Via = "auto",
        defaults: GenerateContentRequest | None = None,
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
            defaults: Members of requests that do not have their own, such as an instruction, a
                schema, tools or cached content: encoded once. Those of its ``generation_config``
                count one by one.
            label: A label of your own, unique for ever, instead of a drawn one. That no batch has
                it yet is looked up before anything else is sent.
            on_unknown: ``"resubmit"`` creates once more where the first create may have acted and
                no batch of it is found: at worst, you pay twice.
            progress: ``True`` to show progress on standard error, or what to call with it.

        Raises:
            UsageError: A request is not valid; the first offender is named, and nothing was sent.
            CreateOutcomeUnknownError: The batch may exist; its label says where to look.
        """
        order = self._order(
            GENERATE,
            model=model,
            display_name=display_name,
            label=label,
            via=via,
            defaults=defaults,
            on_unknown=on_unknown,
        )
        return self._submit(order, requests, progress)

    def submit_embeddings(
        self,
        texts: Supply[Text],
        *,
        model: str | None = None,
        display_name: str | None = None,
        task_type: str | None = None,
        output_dimensionality: int | None = None,
        via: Via = "auto",
        defaults: EmbedContentRequest | None = None,
        label: str | None = None,
        on_unknown: OnUnknown = "raise",
        progress: bool | Report = False,
    ) -> SyncBatchHandle[EmbedContentResponse]:
        """Submit texts to be embedded as one batch, which is billed once it exists.

        ``texts`` is a mapping of keys to texts, or an iterable of texts or of ``(key, text)``; a
        text is a ``str`` or an ``EmbedContentRequest``. For those that are a ``str``,
        ``task_type`` says what their embeddings are for, such as ``"RETRIEVAL_DOCUMENT"``, and
        ``output_dimensionality`` how many numbers they shall have.

        The other arguments are those of ``submit``, as is what is raised; ``"auto"`` always takes
        a file. ``defaults`` count one by one in their ``embed_content_config``.
        """
        order = self._order(
            embed(task_type, output_dimensionality),
            model=model,
            display_name=display_name,
            label=label,
            via=via,
            defaults=defaults,
            on_unknown=on_unknown,
        )
        return self._submit(order, texts, progress)

    def _submit(
        self,
        order: Order[R],
        requests: Supply[Any],
        progress: bool | Report,  # noqa: FBT001 - what the caller gave, passed on
    ) -> SyncBatchHandle[R]:
        entries = iter(entries_of(requests))
        spools = self._link.spools()
        flow = submit(self._link.settings, entries, order, spools, report_for(progress))
        with told_of(order.label):
            return SyncBatchHandle(self._link, self._link.run(flow, spools))

    def _order(self, method: Method[R], *, model: str | None, **told: Any) -> Order[R]:
        """Draw a label, before anything else is done."""
        entropy = secrets.token_bytes(ENTROPY)
        return order_of(method, model=model or self._model, entropy=entropy, **told)

    @overload
    def submit_file(
        self,
        file: str | File,
        *,
        model: str | None = None,
        display_name: str | None = None,
        label: str | None = None,
        on_unknown: OnUnknown = "raise",
    ) -> SyncBatchHandle[GenerationResponse]: ...
    @overload
    def submit_file(
        self,
        file: str | File,
        *,
        model: str | None = None,
        display_name: str | None = None,
        label: str | None = None,
        on_unknown: OnUnknown = "raise",
        answers: type[R],
    ) -> SyncBatchHandle[R]: ...
    def submit_file(
        self,
        file: str | File,
        *,
        model: str | None = None,
        display_name: str | None = None,
        label: str | None = None,
        on_unknown: OnUnknown = "raise",
        answers: type[Any] = GenerationResponse,
    ) -> SyncBatchHandle[Any]:
        """Submit the requests of a file that was uploaded before, as one batch.

        Each line of the file is ``{"key": …, "request": …}``, in JSON. The keys are not known to
        the handle, so that its results cannot tell which are missing, only how many. ``answers``
        is ``EmbedContentResponse`` where the requests are for embeddings; the other arguments are
        those of ``submit``.

        Raises:
            InvalidRequestError: The service refuses a line; it names each that it refuses.
            CreateOutcomeUnknownError: The batch may exist; its label says where to look.
        """
        order = self._order(
            method_of(answers),
            model=model,
            display_name=display_name,
            label=label,
            via="file",
            on_unknown=on_unknown,
        )
        flow = submit_file(self._link.settings, name_of(file), order)
        with told_of(order.label):
            return SyncBatchHandle(self._link, self._link.run(flow))

    @overload
    def get_batch(
        self, name_or_operation: str | BatchOperation, *, key_member: str = "key"
    ) -> SyncBatchHandle[GenerationResponse]: ...
    @overload
    def get_batch(
        self,
        name_or_operation: str | BatchOperation,
        *,
        answers: type[R],
        key_member: str = "key",
    ) -> SyncBatchHandle[R]: ...
    def get_batch(
        self,
        name_or_operation: str | BatchOperation,
        *,
        answers: type[Any] = GenerationResponse,
        key_member: str = "key",
    ) -> SyncBatchHandle[Any]:
        """Return a handle for a batch that exists; nothing is sent.

        The submitted keys are not known to such a handle. A batch whose answers are not what is
        said here is a :class:`~gemini_batch.UsageError`, as soon as it is known.

        Args:
            name_or_operation: The name, ``batches/…``, or what was seen of the batch.
            answers: What its answers are, ``GenerationResponse`` or ``EmbedContentResponse``.
            key_member: Which member of the requests' metadata holds their keys, for batches made
                inline by other clients.
        """
        batch = known_batch(name_or_operation, answers, key_member)
        return SyncBatchHandle(self._link, batch)

    @overload
    def adopt(self, label: str) -> SyncBatchHandle[GenerationResponse]: ...
    @overload
    def adopt(self, label: str, *, answers: type[R]) -> SyncBatchHandle[R]: ...
    def adopt(self, label: str, *, answers: type[Any] = GenerationResponse) -> SyncBatchHandle[Any]:
        """Return a handle for the batch that was created under a label, if its reply was lost.

        The label is that of the :class:`~gemini_batch.CreateOutcomeUnknownError`. It is looked for
        once, among the thousand newest batches.

        Raises:
            CreateOutcomeUnknownError: No batch has it, or none yet: the list may lag behind.
        """
        operation = self._link.run(adopt(self._link.settings, label))
        batch = known_batch(operation, answers)
        return SyncBatchHandle(self._link, batch)

    def list_batches(self, page_size: int | None = None) -> SyncPager[BatchOperation]:
        """Return the batches of the project, newest first, page by page as they are read.

        None of them has its results; ``get_batch(operation)`` makes a handle of one. Its
        ``pages()`` are the pages themselves.
        """
        size = require_page_size(page_size)
        return self._link.turn_over(partial(build_list, self._link.settings.api, size), parse_list)

    def as_completed(
        self,
        handles: Iterable[SyncBatchHandle[R]],
        *,
        timeout: float | None = None,
        poll: PollPolicy | None = None,
        progress: bool | Report = False,
    ) -> SyncStream[SyncBatchHandle[R]]:
        """Wait for many batches in one loop, and yield each handle as its batch is finished.

        Results files are not downloaded before you ask the handle for them. A batch that can no
        longer be looked at is yielded too: its handle's methods raise why. The arguments are those
        of ``watch``, and the timeout is for all batches together.
        """
        waited_for, batches = live(handles, self._link)
        spools = self._link.spools()
        terms = waiting(self._link.settings, timeout, poll, progress)
        stream = as_completed(self._link.settings, waited_for, batches, spools, terms)
        return self._link.iterate(stream, spools)

    def wait_all(
        self,
        handles: Iterable[SyncBatchHandle[R]],
        *,
        timeout: float | None = None,
        poll: PollPolicy | None = None,
        progress: bool | Report = False,
    ) -> list[BatchStatus[R]]:
        """Wait for many batches in one loop, and return their final statuses in that order.

        The arguments are those of ``watch``, and the timeout is for all batches together. One that
        cannot be had does not end the wait for the others: its error is raised at the end, with a
        note for each further one, and the handles keep the results of the rest.
        """
        _, batches = live(handles, self._link)
        spools = self._link.spools()
        terms = waiting(self._link.settings, timeout, poll, progress)
        return self._link.run(wait_all(self._link.settings, batches, spools, terms), spools)

    @property
    def files(self) -> SyncFiles:
        """The files of the project, to upload, look at, list, download and delete."""
        return SyncFiles(self._link)

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
            message = "a SyncBatchClient was never closed"
            warnings.warn_explicit(message, ResourceWarning, *self._made)

    def __repr__(self) -> str:
        link = getattr(self, "_link", None)  # as above
        return f"<SyncBatchClient for {link.settings.api.origin if link else 'nothing'}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a client is not pickled or copied: make one where it is needed")
