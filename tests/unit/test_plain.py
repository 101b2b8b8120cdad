"""Lines that are plainly results are told from others, and are what the slow way finds."""

import pytest
from hypothesis import given, settings, strategies as st

from gemini_batch.index import Kind, open_envelope
from gemini_batch.plain import Opened, may_name_two_keys, open_plain

ANSWER = b'{"key":"a","response":{"a":1}}\n'
PLAIN = [
    ANSWER,
    b'{"key":"a","response":{"a":1}}\r\n',
    b'{"key": "a", "response": {"a": 1}}\r\n',
    b'{"response":{"a":1},"key":"a"}\n',
    b'{"key":"a","error":{"code":8}}\n',
    b'{"key":"a","response":{"a":1},"error":{"code":8}}\n',
    b'{"key":"a","error":{"code":8},"response":null}\n',
    b'{"key":"a","response":{"a":1},"metadata":null}\n',
    b'{"key":"a","response":{"a":1},"unknown_to_us":[1,2,3]}\n',
    b'{"key":"","response":12345}\n',
    b'{"key":"\\ud83d\\ude00","response":{"x":"\xc3\xa4"}}\n',
    b'{"key":"\\n","response":{"key":"\xc3\xa4","x":{"key":1}}}\n',
    b'{"key":"\xf0\x9f\x98\x80","response":{"key":1}}\n',
    b'{"k\\u0065y":"a","response":{"a":1}}\n',
]
ODD = [
    b"\n",
    b"{\n",
    b"[]\n",
    b'{"response":{"a":1}}\n',
    b'{"key":null,"response":{"a":1}}\n',
    b'{"key":7,"response":{"a":1}}\n',
    b'{"key":"a"}\n',
    b'{"key":"a","response":null}\n',
    b'{"key":"a","response":{}}\n',
    b'{"key":"a","response":{"a":1},"error":null}\n',
    b'{"key":"a","error":{}}\n',
    b'{"key":"a","response":{"a":1},"metadata":{}}\n',
    b'{"key":"a","key":"b","response":{"a":1}}\n',
    b'{"key":"","key":"","error":{"a":1}}\n',
    b'{"k\\u0065y":"","key":"","error":{"a":1}}\n',
    b'{"key":"a","response":{"key":1},"unknown_to_us":[1,2,3]}\n',
    b'{"key":"a","response":{"a":"\xff"}}\n',
    b'{"key":"a","response":{"key":"\xff"}}\n',
    b'{"key":"\xff","response":{"a":1}}\n',
    b'{"key":"\\ud800","response":{"a":1}}\n',
    b'{"key":"a","response":%s}\n' % (b"[" * 100_000 + b"]" * 100_000),
]


@pytest.mark.parametrize("text", PLAIN)
def test_a_plain_line_is_opened_among_others(text: bytes) -> None:
    """Its key, its size and its kind are those of the line, and the others keep theirs."""
    envelope = open_envelope(text[:-1])

    opened = open_plain([ANSWER, text, ANSWER], all_ascii=text.isascii())

    assert opened is not None
    assert ["a", envelope.key, "a"] == opened.keys
    assert [len(ANSWER), len(text), len(ANSWER)] == opened.sizes
    assert bytes([Kind.SUCCESS, envelope.kind, Kind.SUCCESS]) == opened.failed


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_one_odd_line_among_others_is_left_to_the_slow_way(text: bytes) -> None:
    """Whatever it is: none of its neighbours is taken either."""
    assert open_plain([ANSWER, text, ANSWER], all_ascii=text.isascii()) is None
    assert open_plain([text], all_ascii=text.isascii()) is None


PIECES = st.sampled_from([
    b'"key":', b'"k\\u0065y":', b'"response":', b'"error":', b'"metadata":', b'"x":', b'"a"', b"{",
    b"}", b"[", b"]", b",", b'{"a":1}', b"null", b'""', b" ", b"12345", b"\xc3\xa4", b"\xff",
])  # fmt: skip
MEMBERS = st.sampled_from([
    b'"key":"a"', b'"key":""', b'"k\\u0065y":"b"', b'"key":1', b'"response":{"a":1}',
    b'"response":{}', b'"response":{"key":1}', b'"response":null', b'"response":"\xff"',
    b'"response":"\xc3\xa4"', b'"error":{"a":1}', b'"error":null', b'"metadata":{"key":"m"}',
    b'"metadata":null', b'"x":1',
])  # fmt: skip


@settings(deadline=None, max_examples=500)
@given(
    st.lists(MEMBERS, max_size=5).map(lambda members: b"{%b}" % b",".join(members))
    | st.lists(PIECES, max_size=12).map(b"".join),
    st.integers(0, 60),
    st.binary(max_size=1).filter(lambda byte: byte != b"\n"),
)
def test_what_is_opened_is_what_the_slow_way_finds(text: bytes, place: int, byte: bytes) -> None:
    """It has the same key, and is no malformed one; nothing is said of what is not opened."""
    damaged = text[:place] + byte + text[place + 1 :]
    for one in (text, damaged):
        envelope = open_envelope(one)
        opened = open_plain([one + b"\n"], all_ascii=one.isascii())
        if opened is not None:
            assert ("", True) == (envelope.reason, envelope.keyed)
            assert Opened([envelope.key or ""], [len(one) + 1], bytes([envelope.kind])) == opened
            assert envelope.key is not None


@pytest.mark.parametrize(
    ("text", "doubtful"),
    [
        (b'{"key":"a"}', False),
        (b'{"x":"a\\u0041"}', False),
        (b'{"key":"a","key":"b"}', True),
        (b'{"key":"a","x":{"key":1}}', True),
        (b'{"\\u006bey":"a"}', True),
        (b'{"k\\u0065y":"a"}', True),
        (b'{"ke\\u0079":"a"}', True),
    ],
)
def test_a_second_key_is_looked_for_where_there_may_be_one(text: bytes, *, doubtful: bool) -> None:
    """Be it deeper down, or spelt in another way."""
    assert doubtful == may_name_two_keys(text)
