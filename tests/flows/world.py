"""A scripted world: it answers what a flow asks from a list, and lets hours pass in no time."""

from __future__ import annotations

from collections.abc import Callable, Generator
from itertools import islice
from typing import Any, TypeAlias, TypeVar

import pytest
from attrs import frozen

from gemini_batch.effects import (
    Draw,
    Effect,
    Flow,
    Now,
    Offload,
    Open,
    Read,
    Request,
    Response,
    Send,
    Sleep,
    Stream,
)
from gemini_batch.spool import Spools
from gemini_batch.sync.drivers import iterate, run

T = TypeVar("T")

DAWN = 1000.0
"""What the clock of a world shows at first: not 0, which a flow could take for nothing."""


@frozen
class Opened:
    """An answer to ``Open``: the head of a reply, and the pieces of its body or what cuts it."""

    head: Response
    pieces: tuple[bytes | Exception, ...] = ()


@frozen
class Late:
    """An answer that takes its time."""

    seconds: float
    answer: Answer


Answer: TypeAlias = Response | Opened | Late | Exception
Service: TypeAlias = Callable[[Request], Answer]


class World:
    """An outside whose answers, clock and bodies follow a script.

    Each request takes the next answer of the script; one that is a function is asked. Where there
    is a ``service``, it answers every request instead. A request that nothing answers fails the
    test, and so does an answer that is left over (see the fixture).
    """

    def __init__(self, service: Service | None = None, *, drawn: int = 256) -> None:
        self.clock = DAWN
        self.script: list[Answer | Service] = []
        self.asked: list[Effect[Any]] = []
        self.pauses: list[float] = []
        self.spools = Spools()
        self.releases = 0
        self._service = service
        self._drawn = drawn
        self._driven = 0
        self._body: list[bytes | Exception] | None = None

    def expect(self, *answers: Answer | Service) -> None:
        """Add to the script."""
        self.script.extend(answers)

    def run(self, flow: Flow[Effect[Any], T]) -> T:
        """Drive a flow to its result."""
        self._driven += 1
        return run(flow, self)

    def iterate(self, stream: Stream[T]) -> Generator[T]:
        """Drive a stream item by item."""
        self._driven += 1
        return iterate(stream, self)

    def require_played_out(self) -> None:
        """Fail unless everything in the script was asked for, and everything was let go of."""
        assert [] == self.script
        assert self._driven == self.releases
        assert self._body is None

    @property
    def sent(self) -> list[Request]:
        """The requests that were sent."""
        return [one.request for one in self.asked if isinstance(one, Send | Open)]

    @property
    def lines(self) -> list[str]:
        """The requests in short: ``"GET batches/b1"``."""
        return [f"{one.method} {_short(one.path)}" for one in self.sent]

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return self.clock - DAWN

    def perform(self, effect: Effect[Any]) -> Any:
        """Do what the effect asks, and return the answer."""
        self.asked.append(effect)
        match effect:
            case Send(request):
                answer = self._answer(request)
                assert isinstance(answer, Response), f"{request} is not a download"
                return answer
            case Open(request):
                self._body = None
                answer = self._answer(request)
                assert isinstance(answer, Opened), f"{request} is a download"
                self._body = list(answer.pieces)
                return answer.head
            case Read():
                return self._read()
            case Draw(supply):
                return list(islice(supply, self._drawn))
            case Sleep(seconds):
                assert seconds >= 0
                self.pauses.append(seconds)
                self.clock += seconds
                return None
            case Now():
                return self.clock
            case Offload(work):
                return work()
            case _:
                pytest.fail(f"not an effect: {effect!r}")

    def _answer(self, request: Request) -> Response | Opened:
        found: Answer | Service
        if self._service is not None:
            found = self._service(request)
        elif self.script:
            found = self.script.pop(0)
        else:
            pytest.fail(f"nothing in the script answers {request.method} {request.path}")
        if callable(found):
            found = found(request)
        while isinstance(found, Late):
            self.clock += found.seconds
            found = found.answer
        if isinstance(found, Exception):
            raise found
        return found

    def _read(self) -> bytes:
        assert self._body is not None, "nothing is open"
        piece = self._body.pop(0) if self._body else b""
        if isinstance(piece, Exception):
            self._body = None
            raise piece
        return piece

    def release(self) -> None:
        """Let go of whatever is still open."""
        self.releases += 1
        self._body = None
        self.spools.close()


def _short(path: str) -> str:
    """Leave out of a path what is the same in all."""
    return path.replace("/v1beta/", "/").removeprefix("/")
