"""What is taken for a reply, whichever library read it, and the words where none came."""

import pytest

from gemini_batch import Delivery, TransportError
from gemini_batch.wire import (
    FIELDS,
    Fields,
    garbled,
    headers_of,
    is_sound,
    late,
    lost,
    unconnected,
    untrusted,
)

LENGTH = (b"Content-Length", b"12")
CHUNKED = (b"Transfer-Encoding", b"chunked")


@pytest.mark.parametrize(
    "fields",
    [
        [],
        [LENGTH],
        [(b"CONTENT-LENGTH", b" 12\t")],
        [CHUNKED],
        [(b"transfer-encoding", b"CHUNKED")],
        [(b"x", b""), (b"X", b"again"), (b"!#$%&'*+.^_`|~-", b"\xff\x01")],
        [(b"x", b"y")] * FIELDS,
    ],
    ids=str,
)
@pytest.mark.parametrize("version", [(1, 0), (1, 1)])
def test_a_head_that_can_be_read_in_one_way_is_sound(
    fields: Fields, version: tuple[int, int]
) -> None:
    """However it is spelt, and whatever else it says."""
    assert is_sound(version, 200, fields)


@pytest.mark.parametrize(
    "fields",
    [
        [LENGTH, LENGTH],
        [LENGTH, (b"content-length", b"13")],
        [LENGTH, CHUNKED],
        [CHUNKED, CHUNKED],
        [(b"Content-Length", text) for text in (b"12",)] + [(b"content-length ", b"12")],
        *([(b"Content-Length", text)] for text in (b"", b"-1", b"+1", b"1_0", b"1, 1", b"9" * 19)),
        *([(b"Transfer-Encoding", text)] for text in (b"", b"gzip, chunked", b"identity", b"x")),
        *([(name, b"x")] for name in (b"", b"a b", b"a ", b"a\t", b"(a)", b"a:", b"\xe9")),
        [(b"x", b"y")] * (FIELDS + 1),
        *([(b"x", b"y"), (name, b"x"), (b"z", b"y")] for name in (b"", b"a b", b"a:")),
    ],
    ids=str,
)
def test_a_head_that_can_be_read_in_two_ways_is_not(fields: Fields) -> None:
    """Whoever reads it otherwise takes the rest of a reply for the beginning of another."""
    assert not is_sound((1, 1), 200, fields)


@pytest.mark.parametrize(
    ("version", "status"),
    [((0, 9), 200), ((1, 2), 200), ((2, 0), 200), ((1, 1), 99), ((1, 1), 101)],
)
def test_what_speaks_something_else_is_not_sound(version: tuple[int, int], status: int) -> None:
    """Nobody asked to go on in another protocol."""
    assert not is_sound(version, status, [LENGTH])


def test_headers_are_told_apart_by_their_names_alone() -> None:
    """Those that come twice are one, and no byte of their values is lost."""
    fields = [(b"X-A", b" 1 "), (b"x-b", "\u00e9".encode()), (b"x-a", b"2"), (b"X-C", b"\xe9")]
    assert {"x-a": "1, 2", "x-b": "\u00e9", "x-c": "\udce9"} == headers_of(fields)


@pytest.mark.parametrize(
    ("error", "said", "delivery"),
    [
        (unconnected("it", "why"), "cannot connect to it: why", Delivery.NOT_SENT),
        (untrusted("it", "why"), "no trusted connection to it: why. A cert", Delivery.NOT_SENT),
        (late("it"), "no answer in time from it (", Delivery.UNKNOWN),
        (lost("it"), "the connection was lost to it: it ended", Delivery.UNKNOWN),
        (garbled("it"), "what came back from it is not HTTP (", Delivery.UNKNOWN),
    ],
    ids=["unconnected", "untrusted", "late", "lost", "garbled"],
)
def test_a_failure_says_what_can_have_been_done(
    error: TransportError, said: str, delivery: Delivery
) -> None:
    """Only of a service that is not trusted is it said that patience mends nothing."""
    assert str(error).startswith(said)
    assert delivery is error.delivery
    assert error.permanent == ("trusted" in said)
    assert error.timed_out == ("in time" in said)
