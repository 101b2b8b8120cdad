"""The service behind its HTTP front: who may ask, what is asked, which fault comes between."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from email.utils import formatdate
from typing import Literal

from aiohttp import web

from .batches import Batches
from .clock import SECOND, Clock
from .control import PREFIX, Control
from .downloads import answer_download
from .exchange import BodyCutError, Exchange
from .faults import Faults
from .files import Files
from .records import Log, Seen
from .replies import Outcome, Reply, html_reply, refusal_reply, send
from .routes import NO_OPERATION, find_route
from .uploads import Uploads
from .wire import RefusalError, no_key, unknown_key
from .wire_faults import Encounter

log = logging.getLogger("gemini_batch.emulator")


class Service:
    """Answer requests."""

    def __init__(
        self,
        *,
        batches: Batches,
        files: Files,
        uploads: Uploads,
        faults: Faults,
        seen: Log[Seen],
        keys: frozenset[str] | None,
        body_limit: int,
        control: Control,
        clock: Clock,
        closing: asyncio.Event,
    ) -> None:
        self._batches = batches
        self._files = files
        self._faults = faults
        self._seen = seen
        self._keys = keys
        self._body_limit = body_limit
        self._control = control
        self._clock = clock
        self._closing = closing
        self._acts: Mapping[str, Callable[[Exchange], Awaitable[Reply]]] = {
            "create": batches.create,
            "get": batches.get,
            "list": batches.list,
            "cancel": batches.cancel,
            "delete": batches.delete,
            "upload-start": uploads.start,
            "upload-chunk": uploads.chunk,
            "upload-query": uploads.query,
            "upload-cancel": uploads.cancel,
            "file-get": _at_once(files.get),
            "file-list": _at_once(files.list),
            "file-delete": _at_once(files.delete),
            "download": self._download,
        }

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        if request.path.startswith(f"{PREFIX}/"):
            return await send(request, await self._control.answer(request), self._closing)
        route = find_route(request.method, request.path, request.headers)
        exchange = Exchange(request, route, self._body_limit)
        key, place = _credential(request)
        self._seen.append(Seen(request.method, request.path, exchange.operation, place))
        if request.headers.get("Expect", "").lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        try:
            outcome = await self._answer(exchange, key)
            if isinstance(outcome, Reply) and "Date" not in outcome.headers:
                # Clients reckon how old a batch and a file are by the clock of the service.
                date = formatdate(self._clock.now() // SECOND, usegmt=True)
                outcome = outcome.with_header("Date", date)
            return await send(request, outcome, self._closing)
        except ConnectionError:
            return web.Response()  # the client has gone, and nobody will read this

    async def close(self) -> None:
        """End what still goes on behind the front."""
        await self._batches.close()

    async def _answer(self, exchange: Exchange, key: str | None) -> Outcome:
        if exchange.operation == NO_OPERATION:
            return html_reply(404, "Not Found")
        try:
            self._admit(exchange, key)
        except RefusalError as refusal:
            await exchange.drain()
            return refusal_reply(refusal)
        perform = _Once(self._acts[exchange.operation], exchange)
        for instruction in self._faults.for_exchange(exchange):
            met = Encounter(exchange, instruction.words, perform)
            outcome = await instruction.shape.act(met)
            if outcome is not None:
                self._faults.met(instruction)
                return outcome
        return await perform()

    def _admit(self, exchange: Exchange, key: str | None) -> None:
        """Ask for a key, except where an upload session is credential enough."""
        continues = exchange.operation in {"upload-chunk", "upload-query", "upload-cancel"}
        if continues and exchange.query("upload_id"):
            return
        if key is None:
            raise no_key()
        if self._keys is not None and key not in self._keys:
            raise unknown_key(key, exchange.route.method)

    async def _download(self, exchange: Exchange) -> Reply:
        return await answer_download(exchange, self._files, self._batches)


class _Once:
    """Do what the service does with a request, the first time it is asked for."""

    def __init__(self, act: Callable[[Exchange], Awaitable[Reply]], exchange: Exchange) -> None:
        self._act = act
        self._exchange = exchange
        self._reply: Reply | None = None

    async def __call__(self) -> Reply:
        if self._reply is None:
            try:
                self._reply = await self._act(self._exchange)
            except RefusalError as refusal:
                await self._exchange.drain()
                self._reply = refusal_reply(refusal)
            except (ConnectionError, BodyCutError):
                raise
            except Exception:
                log.exception("%s failed within the emulator", self._exchange.operation)
                self._reply = refusal_reply(RefusalError(500))
            if self._exchange.query("prettyPrint", "$prettyPrint") in {"false", "0"}:
                self._reply = self._reply.compacted()
        return self._reply


def _at_once(act: Callable[[Exchange], Reply]) -> Callable[[Exchange], Awaitable[Reply]]:
    async def answer(exchange: Exchange) -> Reply:
        await exchange.drain()
        return act(exchange)

    return answer


def _credential(
    request: web.BaseRequest,
) -> tuple[str | None, Literal["header", "query"] | None]:
    """Return the key of a request, and where it stood."""
    if key := request.headers.get("x-goog-api-key"):
        return key, "header"
    if key := request.query.get("key"):
        return key, "query"
    return None, None
