"""The API key: found where Google's own clients find it, and shown to nobody."""

import copy
import json
import pickle
import traceback
from typing import Any
from urllib.parse import quote

import pytest
from attrs import asdict
from hypothesis import given, strategies as st

from gemini_batch.credentials import ApiKey
from gemini_batch.errors import UsageError
from tests.canary import CANARY

HEADER = "x-goog-api-key"


def sent(key: ApiKey) -> str:
    """Return the key as it is sent."""
    return str.__str__(key.headers()[HEADER])


@pytest.mark.parametrize(
    ("argument", "environ", "secret", "source", "conflicts"),
    [
        ("arg", {}, "arg", "the argument api_key", False),
        ("arg", {"GOOGLE_API_KEY": "one"}, "arg", "the argument api_key", False),
        (" arg\n", {}, "arg", "the argument api_key", False),
        (None, {"GOOGLE_API_KEY": "one"}, "one", "the variable GOOGLE_API_KEY", False),
        (None, {"GEMINI_API_KEY": "two\r\n"}, "two", "the variable GEMINI_API_KEY", False),
        ("", {"GEMINI_API_KEY": "two"}, "two", "the variable GEMINI_API_KEY", False),
        (" \n", {"GEMINI_API_KEY": "two"}, "two", "the variable GEMINI_API_KEY", False),
        (
            None,
            {"GOOGLE_API_KEY": " ", "GEMINI_API_KEY": "two"},
            "two",
            "the variable GEMINI_API_KEY",
            False,
        ),
        (
            None,
            {"GOOGLE_API_KEY": "same", "GEMINI_API_KEY": "same\n"},
            "same",
            "the variable GOOGLE_API_KEY",
            False,
        ),
        (
            None,
            {"GOOGLE_API_KEY": "one", "GEMINI_API_KEY": "two"},
            "one",
            "the variable GOOGLE_API_KEY",
            True,
        ),
        (
            "arg",
            {"GOOGLE_API_KEY": "one", "GEMINI_API_KEY": "two"},
            "arg",
            "the argument api_key",
            False,
        ),
    ],
)
def test_the_key_is_found(
    argument: str | None,
    environ: dict[str, str],
    secret: str,
    source: str,
    conflicts: bool,
) -> None:
    """The argument, then the variables in order; empty is absent, and line ends are stripped."""
    key = ApiKey.find(argument, environ)
    assert (secret, source) == (sent(key), key.source)
    conflict = "GOOGLE_API_KEY and GEMINI_API_KEY are both set and differ; GOOGLE_API_KEY is used"
    assert (conflict if conflicts else None) == key.conflict


@pytest.mark.parametrize("environ", [{}, {"GOOGLE_API_KEY": ""}, {"OTHER_API_KEY": "x"}])
@pytest.mark.parametrize("argument", [None, "", "  "])
def test_no_key_is_an_error_that_says_where_to_put_one(
    argument: str | None, environ: dict[str, str]
) -> None:
    """All places are named."""
    with pytest.raises(UsageError, match=r"api_key=….* GOOGLE_API_KEY or GEMINI_API_KEY"):
        ApiKey.find(argument, environ)


@pytest.mark.parametrize("argument", [CANARY.encode(), bytearray(b"k"), 7, [CANARY]], ids=type)
def test_what_is_no_text_is_no_key(argument: object) -> None:
    """It is named by its kind, and not shown."""
    with pytest.raises(UsageError, match=f"a str, not {type(argument).__name__}"):
        ApiKey.find(argument, {"GEMINI_API_KEY": "one"})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (CANARY, True),
        (f"https://example.com/?key={CANARY}&x", True),
        (f"%41{CANARY[1:]}", True),
        (CANARY[1:], False),
        ("\ud800", False),
    ],
    ids=["plain", "url", "escaped", "part", "surrogate"],
)
def test_the_key_is_found_in_text(text: str, found: bool) -> None:
    """However a URL would spell it."""
    assert found is ApiKey(CANARY, "the test").is_in(text)


def test_a_key_too_short_to_be_one_is_not_looked_for() -> None:
    """It may be a part of any address."""
    assert not ApiKey("local", "the test").is_in("http://localhost")


@pytest.mark.parametrize(
    "damage", [" ", "\n", "\r\n", '"', "'", "\t", "\0", "\x7f", "\x1b[31m", "\xe9", "\u2028", "🔑"]
)
@pytest.mark.parametrize("where", ["argument", "variable"])
def test_a_damaged_key_is_refused_without_being_shown(where: str, damage: str) -> None:
    """It could not be sent as it is, and the libraries below would quote it."""
    broken = f"{CANARY[:9]}{damage}{CANARY[9:]}"
    argument, environ = (broken, {}) if where == "argument" else (None, {"GEMINI_API_KEY": broken})
    with pytest.raises(UsageError, match="it is not shown here") as raised:
        ApiKey.find(argument, environ)
    shown = "".join(traceback.format_exception(raised.value)) + repr(raised.value)
    assert where in shown
    for part in (CANARY[:9], CANARY[9:]):
        assert part not in str(raised.value) + repr(raised.value)
        assert part.encode() not in pickle.dumps(raised.value)


def test_quotes_around_a_key_are_not_part_of_it() -> None:
    """A key that was copied with its quotes is refused rather than sent."""
    for quoted in (f'"{CANARY}"', f"'{CANARY}'"):
        with pytest.raises(UsageError, match="such as quotes"):
            ApiKey.find(quoted, {})


@given(st.text(max_size=30))
def test_only_what_can_stand_in_a_header_is_sent(secret: str) -> None:
    """Whatever the text, it is sent as one visible token, or not at all."""
    try:
        key = ApiKey(secret, "the test")
    except UsageError:
        return
    token = sent(key)
    assert token == secret.strip()
    assert token.isascii()
    assert not set(token) & set(" \t\r\n\"'")


def test_the_key_shows_itself_to_nobody() -> None:
    """Neither it, nor the headers that carry it, nor what holds them, shows it."""
    key = ApiKey(CANARY, "the argument api_key")
    assert "<API key from the argument api_key>" == repr(key) == str(key)
    assert CANARY == sent(key)
    headers = {**key.headers(), "accept": "*/*"}
    for shown in (repr(key), repr(headers), f"{headers}", repr([key]), repr(list(headers.items()))):
        assert CANARY not in shown
    assert not hasattr(key, "__dict__")


def test_a_dump_of_local_variables_does_not_show_the_key() -> None:
    """Tools that record the variables of every frame find it masked."""
    key = ApiKey(CANARY, "the argument api_key")

    def send() -> None:
        headers = key.headers()
        raise OSError(f"{len(headers)} header was not sent")

    with pytest.raises(OSError, match="1 header") as raised:
        send()
    dump = traceback.TracebackException.from_exception(raised.value, capture_locals=True)
    assert "headers" in "".join(dump.format())
    assert CANARY not in "".join(dump.format())


@pytest.mark.parametrize(
    "leave",
    [
        pickle.dumps,
        copy.copy,
        copy.deepcopy,
        *(lambda key, n=n: pickle.dumps(key, n) for n in range(pickle.HIGHEST_PROTOCOL + 1)),
    ],
)
def test_the_key_does_not_leave(leave: Any) -> None:
    """It is neither pickled nor copied, and the refusal does not hold it."""
    with pytest.raises(TypeError, match="not pickled or copied") as raised:
        leave(ApiKey(CANARY, "the argument api_key"))
    assert CANARY not in repr(raised.value)


VISIBLE = st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\"'")


@given(st.text(VISIBLE, min_size=8, max_size=20), st.binary(max_size=9), st.binary(max_size=9))
def test_the_key_is_scrubbed_however_it_is_spelt(secret: str, before: bytes, after: bytes) -> None:
    """As it is, as a part of JSON, of a URL, or with every character escaped."""
    key = ApiKey(secret, "the test")
    spellings = [
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret)[1:-1].replace("/", r"\/"),
        quote(secret, safe=""),
        "".join(f"\\u{ord(one):04x}" for one in secret),
        "".join(f"\\u{ord(one):04X}" for one in secret),
        "".join(f"%{ord(one):02x}" for one in secret),
    ]
    for spelling in spellings:
        said = key.scrub(b"\0" + before + b"\0" + spelling.encode() + b"\0" + after)
        assert b"<the API key>" in said
        assert said.startswith(b"\0")
        assert spelling.encode() not in said or spelling in "<the API key>"


def test_only_the_key_is_scrubbed() -> None:
    """The rest of what a service says stays, and JSON stays JSON."""
    key = ApiKey(CANARY, "the test")
    said = {"message": f"Consumer 'api_key:{CANARY}' has been suspended.", "code": 403}
    scrubbed = json.loads(key.scrub(json.dumps(said).encode()))
    assert {**said, "message": "Consumer 'api_key:<the API key>' has been suspended."} == scrubbed
    assert CANARY.lower().encode() == key.scrub(CANARY.lower().encode())


@pytest.mark.parametrize(("secret", "said"), [("k", b"ok"), ("message", b'{"message": "no"}')])
def test_a_key_too_short_to_be_one_spoils_no_reply(secret: str, said: bytes) -> None:
    """It is one for an emulator, and a part of the words that errors are made of."""
    assert said == ApiKey(secret, "the test").scrub(said)


def test_a_key_is_no_mapping_of_its_members() -> None:
    """What turns objects into dictionaries finds nothing in it."""
    key: Any = ApiKey(CANARY, "the argument api_key")
    with pytest.raises(TypeError):
        vars(key)
    with pytest.raises(Exception, match="attrs"):
        asdict(key)
