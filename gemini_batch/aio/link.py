"""What a client and its handles share: the way to the service, until the client is closed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Any, NoReturn, TypeVar

from ..effects import Effect, Flow, Request, Response, Stream
from ..endpoints.replies import Page
from ..flows.lists import members, pages
from ..settings import Settings
from ..spool import Spools
from .drivers import iterate, run
from .streams import AsyncPager, AsyncStream
from .transport import AiohttpTransport, Connection

T = TypeVar("T")


class Link:
    """Drives the flows of one client, each through a transport of its own."""

    def __init__(
        self, connection: Connection, spool_dir: str | None, *, owns_session: bool
    ) -> None:
        self._connection = connection
        self._spool_dir = spool_dir
        self._owns_session = owns_session

    @property
    def settings(self) -> Settings:
        """What the flows of this client need to know."""
        return self._connection.settings

    @property
    def closed(self) -> bool:
        """Whether the client was closed."""
        return self._connection.closed

    def require_open(self) -> None:
        """Refuse to go on with a client that is closed."""
        self._connection.require_open()

    def spools(self) -> Spools:
        """Return where a flow may spool; what drives the flow closes it."""
        return Spools(self._spool_dir)

    async def run(self, flow: Flow[Effect[Any], T], spools: Spools | None = None) -> T:
        """Drive a flow to its result."""
        return await run(flow, self._transport(spools))

    def iterate(self, stream: Stream[T], spools: Spools | None = None) -> AsyncStream[T]:
        """Return the items of a stream."""
        return AsyncStream(iterate(stream, self._transport(spools)))

    def turn_over(
        self, build: Callable[[str], Request], parse: Callable[[Response], Page[T]]
    ) -> AsyncPager[T]:
        """Return what a list holds, whose pages these two ask for and read."""

        def leaves() -> AsyncGenerator[Page[T]]:
            return iterate(pages(self.settings, build, parse), self._transport(None))

        stream = members(self.settings, build, parse)
        return AsyncPager(iterate(stream, self._transport(None)), leaves)

    def _transport(self, spools: Spools | None) -> AiohttpTransport:
        self.require_open()
        return AiohttpTransport(self._connection, spools)

    async def close(self) -> None:
        """Close the connections, unless the session is the caller's."""
        await self._connection.close(owned=self._owns_session)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a client is not pickled or copied: make one where it is needed")
