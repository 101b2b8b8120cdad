"""Flows ask and are answered: prepared, begun afresh, failed, ended and read by one another."""

from collections.abc import Generator, Iterable
from functools import partial
from typing import Any

import pytest

from gemini_batch.effects import (
    Draw,
    Effect,
    Flow,
    FlowBody,
    Item,
    Now,
    Offload,
    Open,
    Read,
    Request,
    Response,
    Send,
    Several,
    Sleep,
    Steps,
    StreamBody,
    fed_by,
    flow,
)


@flow
def add(first: float, *, second: float = 0.0) -> FlowBody[float]:
    """Ask for the time, and add."""
    now = yield from Now()
    yield from Sleep(1.0)
    return now + first + second


@flow
def careful() -> FlowBody[str]:
    """Go on with what went wrong."""
    try:
        yield from Sleep(1.0)
    except OSError as error:
        failure = str(error)
    else:
        failure = "nothing"
    yield from Sleep(2.0)
    return failure


def walk(conversation: Flow[Any, Any], *answers: object) -> tuple[list[Any], Any]:
    """Walk a flow, giving these answers or failures; return what it asked, and its result."""
    asked: list[Any] = []
    given = iter(answers)
    steps = Steps(conversation)
    for effect in steps:
        asked.append(effect)
        one = next(given)
        if isinstance(one, Exception):
            steps.fail(one)
        else:
            steps.answer(one)
    steps.close()
    return asked, steps.result


@pytest.mark.parametrize(
    "effect",
    [
        Send(Request("GET", "/v1beta/batches/abc"), 10.0),
        Open(Request("GET", "/v1beta/files/abc"), 10.0),
        Read(),
        Draw(iter([])),
        Sleep(1.0),
        Now(),
        Offload(list),
    ],
)
def test_an_effect_asks_for_itself(effect: Effect[Any]) -> None:
    """What a flow yields is the effect, and what it gets is the answer."""

    def ask() -> Generator[Any, Any, Any]:
        return (yield from effect)

    assert ([effect], "answer") == walk(Flow(ask, (), {}), "answer")


def test_a_flow_is_not_begun_by_being_made() -> None:
    """It can be walked any number of times, and begins afresh each time."""
    begun: list[str] = []

    @flow
    def greet(name: str) -> FlowBody[str]:
        """Greet."""
        begun.append(name)
        yield from Now()
        return f"hello {name}"

    prepared = greet("you")
    assert [] == begun
    assert ([Now()], "hello you") == walk(prepared, 1.0) == walk(prepared, 2.0)
    assert ["you", "you"] == begun
    assert "Greet." == greet.__doc__


def test_a_flow_shows_what_it_was_made_of() -> None:
    """Its repr is that of the call."""
    assert "add(1.0)" == repr(add(1.0))
    assert "add(1.0, second=2.5)" == repr(add(1.0, second=2.5))
    assert "careful()" == repr(careful())


def test_a_flow_is_answered() -> None:
    """Each answer goes to where it was asked for."""
    assert ([Now(), Sleep(1.0)], 7.5) == walk(add(1.0, second=2.5), 4.0, None)


def test_an_effect_that_fails_raises_where_it_was_asked_for() -> None:
    """The flow may go on, or let it pass."""
    assert ([Sleep(1.0), Sleep(2.0)], "broken") == walk(careful(), OSError("broken"), None)
    assert ([Sleep(1.0), Sleep(2.0)], "nothing") == walk(careful(), None, None)
    failure = OSError("broken")
    with pytest.raises(OSError, match="broken") as raised:
        walk(add(1.0), failure)
    assert failure is raised.value


def test_an_answer_that_is_not_given_is_none() -> None:
    """A stream goes on after an item without being told anything."""

    def asking() -> Generator[Any, Any, list[Any]]:
        return [(yield Item(1)), (yield from Now())]

    steps = Steps(Flow(asking, (), {}))
    assert Item(1) == next(steps)
    assert Now() == next(steps)
    with pytest.raises(StopIteration):
        next(steps)
    assert [None, None] == steps.result


def test_a_flow_that_is_closed_ends_where_it_stands() -> None:
    """It sees its end, before it began, midway or after, and asks for nothing more."""
    seen: list[str] = []

    @flow
    def watchful() -> FlowBody[None]:
        try:
            yield from Now()
        finally:
            seen.append("closed")

    steps = Steps(watchful())
    steps.close()
    assert [] == seen
    steps = Steps(watchful())
    next(steps)
    steps.close()
    steps.close()
    assert ["closed"] == seen
    with pytest.raises(StopIteration):
        next(steps)


# Streams


@flow
def countdown(start: int, seen: list[str]) -> StreamBody[int]:
    """Yield numbers, with a pause before each."""
    try:
        for number in range(start, 0, -1):
            try:
                yield from Sleep(float(number))
            except OSError as error:
                seen.append(str(error))
            yield Item(number)
    finally:
        seen.append("closed")


def reading(
    start: int, seen: list[str], consume: Any
) -> Generator[Effect[Any] | Item[Any], Any, str]:
    """Read a stream within a flow."""
    yield from fed_by(countdown(start, seen), consume)
    return "read"


def test_a_flow_is_fed_by_a_stream() -> None:
    """What the stream asks goes to the driver, and its items to the consumer."""
    seen: list[str] = []
    numbers: list[int] = []

    def keep(number: int) -> Iterable[Any]:
        numbers.append(number)
        return ()

    asked, result = walk(Flow(reading, (2, seen, keep), {}), None, None)
    assert ([Sleep(2.0), Sleep(1.0)], "read", [2, 1]) == (asked, result, numbers)
    assert ["closed"] == seen


def test_a_consumer_may_ask_and_yield() -> None:
    """It is itself a part of the flow: its effects and items go to the driver in their order."""

    def double(number: int) -> StreamBody[float]:
        now = yield from Now()
        yield Item(2 * number + now)

    asked, result = walk(Flow(reading, (1, [], double), {}), None, 0.5, None)
    assert ([Sleep(1.0), Now(), Item(2.5)], "read") == (asked, result)


@flow
def in_pairs(numbers: list[int]) -> StreamBody[int]:
    """Yield numbers, two at a time, and one that comes alone."""
    while len(numbers) > 1:
        yield Several(numbers[:2])
        numbers = yield from Offload(partial(numbers.__getitem__, slice(2, None)))
    yield Several([])
    yield Item(numbers[0])


def test_many_items_are_consumed_one_by_one() -> None:
    """Each with what the consumer asks and yields, before the next one is looked at."""

    def double(number: int) -> StreamBody[float]:
        yield Item(2 * number + (yield from Now()))

    def consuming() -> Generator[Any, Any, None]:
        yield from fed_by(in_pairs([1, 2, 3]), double)

    asked, _ = walk(Flow(consuming, (), {}), 0.5, None, 0.25, None, [3], 0.125, None)
    assert [Item(2.5), Item(4.25), Item(6.125)] == [one for one in asked if isinstance(one, Item)]
    assert [Now, Item, Now, Item, Offload, Now, Item] == [type(one) for one in asked]


def test_what_a_stream_asked_for_may_fail() -> None:
    """The failure is raised within the stream, which may go on."""
    seen: list[str] = []
    asked, _ = walk(Flow(reading, (2, seen, lambda _: ()), {}), OSError("broken"), None)
    assert [Sleep(2.0), Sleep(1.0)] == asked
    assert ["broken", "closed"] == seen


def test_a_stream_that_does_not_go_on_ends_the_flow() -> None:
    """A failure that it does not catch is that of the flow it feeds."""
    seen: list[str] = []
    with pytest.raises(ValueError, match="broken"):
        walk(Flow(reading, (2, seen, lambda _: ()), {}), ValueError("broken"))
    assert ["closed"] == seen


def test_a_consumer_that_fails_ends_the_stream() -> None:
    """The failure is not raised within the stream, which is merely closed."""
    seen: list[str] = []

    def refuse(number: int) -> Iterable[Any]:
        raise OSError(f"no room for {number}")

    with pytest.raises(OSError, match="no room for 2"):
        walk(Flow(reading, (2, seen, refuse), {}), None)
    assert ["closed"] == seen


def test_a_stream_is_closed_with_the_flow_it_feeds() -> None:
    """Who closes the one closes the other."""
    seen: list[str] = []
    steps = Steps(Flow(reading, (2, seen, lambda _: ()), {}))
    next(steps)
    steps.close()
    assert ["closed"] == seen


# What is sent and what comes back


def test_a_request_shows_no_more_than_helps() -> None:
    """The query of an upload session is a secret, and a body is long."""
    request = Request("POST", "/upload/v1beta/files?upload_id=secret", {"a": "b"}, b"body")
    assert (
        "Request(method='POST', path='/upload/v1beta/files', headers={'a': 'b'}, "
        "body=<4 bytes>, keyed=True, read_timeout=None)"
    ) == repr(request)
    assert "Response(status=200, body=<4 bytes>)" == repr(
        Response(200, {"set-cookie": "x"}, b"body")
    )
    assert {} == Request("GET", "/").headers == Response(200).headers


def test_requests_do_not_share_their_headers() -> None:
    """Each has its own, unless it is given some."""
    assert Request("GET", "/").headers is not Request("GET", "/").headers
    assert Response(200).headers is not Response(200).headers


def test_work_is_offloaded_as_a_whole() -> None:
    """The work is called by whoever performs the effect."""
    assert 6 == Offload(partial(sum, [1, 2, 3])).work()
