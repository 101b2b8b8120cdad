"""What a flow may ask of the outside world, and how a driver answers.

A flow is a generator that *asks* for effects and is *answered*. It touches no socket, clock, file
or event loop, and is written once; each facade drives it::

    @flow
    def get(settings: Settings, name: str) -> FlowBody[BatchOperation]:
        response = yield from exchange(settings, build_get(settings.api, name), Call.READ)
        return parse_operation(response)
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator, Sequence
from functools import wraps
from typing import Any, Generic, ParamSpec, Self, TypeAlias, TypeVar, cast

from attrs import field, frozen

A = TypeVar("A")
P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


def _size(body: bytes) -> str:
    return f"<{len(body)} bytes>"


def _no_headers() -> dict[str, str]:
    return {}


@frozen
class Request:
    """What is to be sent: the transport adds the origin, and the key if ``keyed``.

    ``path`` is absolute on the origin of the client. ``read_timeout`` is how many seconds may
    pass without a byte of the reply; ``None`` is the client's own.
    """

    method: str
    path: str = field(repr=lambda path: repr(path.partition("?")[0]))
    headers: dict[str, str] = field(factory=_no_headers)
    body: bytes = field(default=b"", repr=_size)
    keyed: bool = True
    read_timeout: float | None = None


@frozen
class Response:
    """What came back; header names are in lower case."""

    status: int
    headers: dict[str, str] = field(factory=_no_headers, repr=False)
    body: bytes = field(default=b"", repr=_size)


class Effect(Generic[R]):
    """Ask with ``answer = yield from effect``; the answer is an ``R``."""

    __slots__ = ()

    def __iter__(self) -> Generator[Effect[Any], Any, R]:
        return cast("R", (yield self))


@frozen
class Send(Effect[Response]):
    """Send a request and read the whole reply, until ``deadline`` on the monotonic clock."""

    request: Request
    deadline: float


@frozen
class Open(Effect[Response]):
    """Send a request and read the head of its reply; the body stays with the transport."""

    request: Request
    deadline: float


@frozen
class Read(Effect[bytes]):
    """Take the next piece of the open body; ``b""`` only at its verified end."""


@frozen
class Draw(Effect[Sequence[Any]]):
    """Take the next few of the caller's requests from what the facade made of them."""

    supply: Iterator[Any] | AsyncIterator[Any]


@frozen
class Sleep(Effect[None]):
    """Let seconds pass."""

    seconds: float


@frozen
class Now(Effect[float]):
    """Read a clock that never goes back, in seconds."""


@frozen
class Offload(Effect[R]):
    """Do a bounded piece of work that may block: a chunk of file I/O, or of computing."""

    work: Callable[[], R]


@frozen
class Item(Generic[T]):
    """A value for the consumer of a stream; nothing is answered."""

    value: T


@frozen
class Several(Generic[T]):
    """Many values for the consumer of a stream, which takes them one by one.

    Each of them costs less than an :class:`Item` does, which is for one that comes alone.
    """

    values: Sequence[T]


FlowBody: TypeAlias = Generator[Effect[Any], Any, R]
StreamBody: TypeAlias = Generator[Effect[Any] | Item[T] | Several[T], Any, None]


@frozen(repr=False)
class Flow(Generic[A, R]):
    """A conversation prepared but not begun; each iteration begins it afresh."""

    _begin: Callable[..., Generator[A, Any, R]]
    _args: tuple[Any, ...]
    _kwargs: dict[str, Any]

    def __iter__(self) -> Generator[A, Any, R]:
        return self._begin(*self._args, **self._kwargs)

    def __repr__(self) -> str:
        named = (f"{name}={value!r}" for name, value in self._kwargs.items())
        return f"{self._begin.__name__}({', '.join([*map(repr, self._args), *named])})"


Stream: TypeAlias = Flow[Effect[Any] | Item[T] | Several[T], None]


def flow(begin: Callable[P, Generator[A, Any, R]]) -> Callable[P, Flow[A, R]]:
    """Make a generator function return a :class:`Flow`, which does not begin by being made."""

    @wraps(begin)
    def prepare(*args: P.args, **kwargs: P.kwargs) -> Flow[A, R]:
        return Flow(begin, args, kwargs)

    return prepare


class Steps(Generic[A, R]):
    """Walk a flow: iterate over what it asks, and answer or fail each."""

    result: R

    def __init__(self, conversation: Flow[A, R]) -> None:
        begun = self._begun = iter(conversation)
        self._resume: Callable[[], A] = lambda: begun.send(None)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> A:
        resume, self._resume = self._resume, lambda: self._begun.send(None)
        try:
            return resume()
        except StopIteration as stop:
            self.result = stop.value
            raise

    def answer(self, value: object) -> None:
        """Let the flow go on with an answer."""
        self._resume = lambda: self._begun.send(value)

    def fail(self, error: Exception) -> None:
        """Let the flow go on with an error where it asked."""
        self._resume = lambda: self._begun.throw(error)

    def close(self) -> None:
        """End the flow where it stands."""
        self._begun.close()


def fed_by(stream: Stream[T], consume: Callable[[T], Iterable[Any]]) -> Generator[Any, Any, None]:
    """Pass on what a stream asks, and hand each of its items to ``consume``.

    ``consume`` is itself a part of a flow: it may ask for effects, or yield items; one that only
    looks at the item returns ``()``. Use it with ``yield from``: a flow cannot loop over a stream,
    or the items would go to the driver.
    """
    steps = Steps(stream)
    try:
        for asked in steps:
            if isinstance(asked, Item):
                yield from consume(asked.value)
                continue
            if isinstance(asked, Several):
                for value in asked.values:
                    yield from consume(value)
                continue
            try:
                answer = yield from asked
            except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to the stream
                steps.fail(error)
            else:
                steps.answer(answer)
    finally:
        steps.close()
