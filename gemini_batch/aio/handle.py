"""The asynchronous handle of a batch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Generic, NoReturn, cast

from ..batch import Batch
from ..custody import Custody
from ..errors import AsyncHandleReturnedError, GeminiBatchError, NotFoundError, UsageError
from ..flows.batches import cancel, delete, look
from ..flows.results import results, status, wait, watch
from ..flows.streams import stream
from ..flows.waiting import waiting
from ..methods import R
from ..models.operation import BatchOperation
from ..progress import Report
from ..retry import PollPolicy, is_transient
from ..states import BatchStatus
from .link import Link
from .streams import AsyncStream

if TYPE_CHECKING:
    from ..items import BatchGenerationResponseItem
    from ..results import BatchResults


class AsyncBatchHandle(Generic[R]):
    """A batch at the service, yours to look at, wait for, cancel or delete.

    ``cancel()`` and ``delete()`` consume the handle; if they fail, it is still yours. It needs
    its client open, and any number of tasks may share it.
    """

    def __init__(self, link: Link, batch: Batch[R]) -> None:
        self._link = link
        self._batch = batch
        self._custody = Custody()

    @property
    def name(self) -> str:
        """The name of the batch, ``batches/…``, readable for ever."""
        return self._batch.name

    async def operation(self) -> BatchOperation:
        """Look once, and download nothing."""
        self._custody.require_live()
        return (await self._link.run(look(self._link.settings, self.name))).operation

    async def status(self) -> BatchStatus[R]:
        """Look once; the results of a finished batch are fetched, indexed and sorted.

        They are fetched the first time only. If that fails, ``.operation`` of the error holds
        what was seen.
        """
        self._custody.require_live()
        spools = self._link.spools()
        return await self._link.run(status(self._link.settings, self._batch, spools), spools)

    def watch(
        self,
        *,
        timeout: float | None = None,
        poll: PollPolicy | None = None,
        progress: bool | Report = False,
    ) -> AsyncStream[BatchStatus[R]]:
        """Look again and again, and yield each status; the last one is final.

        Args:
            timeout: Seconds until :class:`~gemini_batch.WaitTimeoutError`, which leaves the batch
                and this handle as they are. It bounds the end of the batch, not the download.
            poll: How often to look, instead of the client's way.
            progress: ``True`` to show progress on standard error, or what to call with it.
        """
        self._custody.require_live()
        spools = self._link.spools()
        terms = waiting(self._link.settings, timeout, poll, progress)
        stream = watch(self._link.settings, self._batch, spools, terms)
        return self._link.iterate(stream, spools)

    async def wait(
        self,
        *,
        timeout: float | None = None,
        poll: PollPolicy | None = None,
        progress: bool | Report = False,
    ) -> BatchStatus[R]:
        """Return the final status, however the batch ends; the arguments are those of ``watch``."""
        self._custody.require_live()
        spools = self._link.spools()
        terms = waiting(self._link.settings, timeout, poll, progress)
        flow = wait(self._link.settings, self._batch, spools, terms)
        return await self._link.run(flow, spools)

    async def results(
        self,
        *,
        timeout: float | None = None,
        poll: PollPolicy | None = None,
        progress: bool | Report = False,
    ) -> BatchResults[R]:
        """Wait, and return the results; the arguments are those of ``watch``.

        Raises :class:`~gemini_batch.BatchEndedError` where the batch does not succeed; its
        ``.status`` keeps whatever was answered and billed.
        """
        self._custody.require_live()
        spools = self._link.spools()
        terms = waiting(self._link.settings, timeout, poll, progress)
        flow = results(self._link.settings, self._batch, spools, terms)
        return await self._link.run(flow, spools)

    def stream_results(
        self,
        *,
        timeout: float | None = None,
        poll: PollPolicy | None = None,
        progress: bool | Report = False,
    ) -> AsyncStream[BatchGenerationResponseItem[R]]:
        """Wait, then yield the results as they arrive, in no order, in constant memory.

        What is missing cannot be known this way. The arguments are those of ``watch``.
        """
        self._custody.require_live()
        terms = waiting(self._link.settings, timeout, poll, progress)
        return self._link.iterate(stream(self._link.settings, self._batch, terms))

    async def cancel(self) -> AsyncBatchHandle[R]:
        """Ask the service to stop, and return a fresh handle; this one is consumed.

        The batch may end as cancelled, or as succeeded with part of its answers; what was
        answered is billed. Cancelling a finished batch changes nothing.

        Raises:
            AsyncHandleReturnedError: It failed, and ``.handle`` is still yours.
            NotFoundError: There is no such batch; the handle is consumed.
        """
        self._link.require_open()
        with self._custody.consume("cancel"):
            try:
                await self._link.run(cancel(self._link.settings, self.name))
            except (NotFoundError, UsageError):
                raise
            except GeminiBatchError as reason:
                raise self._returned("cancel", reason) from reason
        return AsyncBatchHandle(self._link, self._batch.after_cancelling())

    async def delete(self) -> None:
        """Remove the batch and its results; this handle is consumed.

        A batch that runs is forgotten rather than stopped, and may still be billed: cancel it
        first.

        Raises:
            AsyncHandleReturnedError: It failed, and ``.handle`` is still yours.
            NotFoundError: There is no such batch; the handle is consumed.
        """
        self._link.require_open()
        with self._custody.consume("delete"):
            try:
                await self._link.run(
                    delete(self._link.settings, self.name, self._batch.observation)
                )
            except (NotFoundError, UsageError):
                raise
            except GeminiBatchError as reason:
                raise self._returned("delete", reason) from reason

    def _returned(self, verb: str, reason: GeminiBatchError) -> AsyncHandleReturnedError:
        return AsyncHandleReturnedError(verb, reason, self, retryable=is_transient(reason))

    def __repr__(self) -> str:
        return f"<AsyncBatchHandle {self.name}, {self._custody.state}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a handle is not pickled: send batch.name, use client.get_batch(name)")


def live(
    handles: Iterable[AsyncBatchHandle[R]], link: Link
) -> tuple[list[AsyncBatchHandle[R]], list[Batch[R]]]:
    """Return live handles, and what is known of their batches, for the client that made them."""
    given = cast("object", handles)
    if isinstance(given, str | AsyncBatchHandle) or not isinstance(given, Iterable):
        raise UsageError(f"many handles are waited for: wrap it in a list ({given!a})")
    found: list[AsyncBatchHandle[R]] = []
    for one in cast("Iterable[object]", given):
        if not isinstance(one, AsyncBatchHandle):
            raise UsageError(f"an AsyncBatchHandle can be waited for here, and not {one!a}")
        found.append(cast("AsyncBatchHandle[R]", one))
    batches: list[Batch[R]] = []
    for handle in found:
        theirs, custody, batch = _parts(handle)
        if theirs is not link:
            raise UsageError(f"the handle of {handle.name} was made by another client: use that")
        custody.require_live()
        batches.append(batch)
    return found, batches


def _parts(handle: AsyncBatchHandle[R]) -> tuple[Link, Custody, Batch[R]]:
    # What a handle is made of is for this module, whose class it is, and for nobody else.
    return handle._link, handle._custody, handle._batch  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - of this module
