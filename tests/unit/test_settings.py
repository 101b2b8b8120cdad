"""Where the API is, and that the key goes nowhere else."""

import logging
import pickle
from typing import Any

import pytest
from attrs import asdict
from hypothesis import given, strategies as st

from gemini_batch.errors import UsageError
from gemini_batch.retry import PollPolicy, RetryBudget, RetryPolicy, Timeouts
from gemini_batch.settings import (
    DEFAULT_ORIGIN,
    Api,
    Settings,
    configure,
    is_loopback,
    user_agent,
)
from tests.canary import CANARY

SOURCE = "the test"


def at(url: str, version: str = "v1beta", *, allow_http: bool = False) -> Api:
    """Read a base URL."""
    return Api.at(url, version, key_source=SOURCE, allow_http=allow_http)


@pytest.mark.parametrize(
    ("url", "origin", "prefix"),
    [
        (DEFAULT_ORIGIN, DEFAULT_ORIGIN, ""),
        ("https://example.com", "https://example.com", ""),
        ("https://example.com/", "https://example.com", ""),
        ("HTTPS://Example.COM", "https://example.com", ""),
        ("https://example.com:8443/gemini/v2/", "https://example.com:8443", "/gemini/v2"),
        ("https://example.com/~me/a_b.c-d", "https://example.com", "/~me/a_b.c-d"),
        ("https://10.1.2.3", "https://10.1.2.3", ""),
        ("https://[2001:db8::1]:444/x", "https://[2001:db8::1]:444", "/x"),
        ("https://b\xfccher.example", "https://b\xfccher.example", ""),
        ("http://localhost:8080", "http://localhost:8080", ""),
        ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080", "/x"),
        ("http://127.8.9.1", "http://127.8.9.1", ""),
        ("http://[::1]:8080", "http://[::1]:8080", ""),
    ],
)
def test_a_base_url_is_read(url: str, origin: str, prefix: str) -> None:
    """Https to anywhere, http to this machine; a prefix of the path is kept."""
    assert Api(origin, prefix, "v1beta", SOURCE) == at(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com",
        "https://",
        "https:///path",
        "https:example.com",
        "http://example.com",
        "http://10.0.0.1",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://0.0.0.0",
        "http://[2001:db8::1]",
        "ftp://example.com",
        "file:///etc/passwd",
        "file://localhost/etc/passwd",
        "javascript:alert(1)",
        "https://exa mple.com",
        "https://example.com\\x",
        "https://example.com%0a",
        "https://example.com:0",
        "https://exa\tmple.com",
        "https://example.com/\n",
        "\0https://example.com",
        "https://[::1]x",
        "https://[v1.x]",
        "https://[fe80::1%25eth0]",
        "https://-",
        "https://.",
        "https://a..b",
        "https://example\u3002com",
        "https://\uff45xample.com",
        "https://a\xadb.com",
        "http://\uff11\uff12\uff17.0.0.1",
        "http://127.1",
        "http://0x7f.1",
        "http://0177.0.0.1",
        "http://2130706433",
        "http://127.0.0.1.",
        "http://localhost.",
        "http://sub.localhost",
        "http://[::ffff:127.0.0.1]",
        "http+unix://127.0.0.1",
    ],
)
def test_an_url_that_the_key_must_not_go_to_is_refused(url: str) -> None:
    """What is not https, or is not clearly a host, is named in the error."""
    with pytest.raises(UsageError, match="must begin with https:// and a host") as raised:
        at(url)
    assert str(raised.value).isprintable()


@pytest.mark.parametrize(
    "path",
    ["/a b", "/%2e%2e", "/\xe9", "/a;b", "/a\\b", "/..", "/a/../b", "/./b", "/a/.", "/key=1"],
)
def test_a_path_that_would_not_arrive_as_it_is_is_refused(path: str) -> None:
    """The libraries below would send another one."""
    with pytest.raises(UsageError, match="would not arrive as it is") as raised:
        at(f"https://example.com{path}")
    assert path not in str(raised.value)


@pytest.mark.parametrize(
    "url", ["https://[", "https://[zz]", "https://example.com:x", "https://example.com:99999"]
)
def test_what_is_no_url_is_refused(url: str) -> None:
    """It does not end in an error of the parser."""
    with pytest.raises(UsageError, match="is not a URL"):
        at(url)


@pytest.mark.parametrize(
    "url",
    [
        f"https://example.com/?key={CANARY}",
        f"https://example.com/x?alt=json&key={CANARY}",
        f"https://example.com/#{CANARY}",
        f"https://{CANARY}@example.com",
        f"https://user:{CANARY}@example.com/x",
        f"https://{CANARY}\n@example.com/x",
        f"https://{CANARY}@example.com:99999",
        f"https://user:{CANARY}@[",
        f"https://example.com/key={CANARY}",
        f"https://example.com/ {CANARY}",
        f"https://example.com;key={CANARY}",
        f"https://example.com\\{CANARY}",
        f"https://example.com:{CANARY}",
        CANARY,
        f"{CANARY}:8080",
        f"ftp:{CANARY}",
    ],
    ids=lambda url: url.replace(CANARY, "KEY"),
)
def test_a_base_url_holds_no_secret(url: str) -> None:
    """A key in a URL would end up in logs; it is refused, and not shown while at it."""
    with pytest.raises(UsageError) as raised:
        at(url)
    assert CANARY not in str(raised.value) + repr(raised.value.args)


def test_http_is_for_those_who_ask_for_it() -> None:
    """To another machine it shows the key to the network."""
    assert "http://example.com:80" == at("http://example.com:80", allow_http=True).origin
    with pytest.raises(UsageError):
        at("ftp://example.com", allow_http=True)


@pytest.mark.parametrize("version", ["v1", "v1beta", "v1alpha2"])
def test_a_version_is_kept(version: str) -> None:
    """It is a part of every path."""
    assert f"/{version}/batches" == at("https://example.com", version).path("batches")


@pytest.mark.parametrize(
    "version", ["", "1", "beta", "v", "v1/../v2", "v1 ", "V1", "v1?x", "v\u0661"]
)
def test_what_is_no_version_is_refused(version: str) -> None:
    """Nothing else becomes a part of a path."""
    with pytest.raises(UsageError, match="is not a version of the API") as raised:
        at("https://example.com", version)
    assert str(raised.value).isprintable()


def test_a_path_is_put_together() -> None:
    """Prefix, service, version and the rest, in this order."""
    api = at("https://example.com/gemini/")
    assert "/gemini/v1beta/batches/abc" == api.path("batches/abc")
    assert "/gemini/upload/v1beta/files" == api.path("files", service="/upload")
    assert "/v1beta/batches/abc" == Api().path("batches/abc")


@given(st.text(max_size=30), st.sampled_from(["", "http://", "https://", "https://a@", "//"]))
def test_any_text_is_an_api_or_a_usage_error(text: str, scheme: str) -> None:
    """What is accepted is an origin and a clean path, and the host is the one that was given."""
    try:
        api = at(scheme + text)
    except UsageError as error:
        assert str(error).isprintable()  # noqa: PT017 - either outcome is right
        return
    assert api.origin.startswith(("https://", "http://localhost", "http://127.", "http://[::1]"))
    assert not set(api.origin + api.prefix) & set(" \t\r\n?#@\\%")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.255.0.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - not bound
        ("10.0.0.1", False),
        ("localhost.example.com", False),
        ("example.com", False),
        ("", False),
    ],
)
def test_this_machine_is_known(host: str, loopback: bool) -> None:
    """By its addresses, and by one name."""
    assert loopback == is_loopback(host)


def configured(
    api_key: str | None, base_url: str | None, environ: dict[str, str]
) -> tuple[Settings, Any]:
    """Configure as a client does."""
    return configure(
        api_key,
        base_url,
        "v1",
        environ,
        allow_http=False,
        timeouts=Timeouts(connect=1),
        retry=RetryPolicy(attempts=2),
        poll=PollPolicy(first=3),
    )


@pytest.mark.parametrize(
    ("base_url", "environ", "origin"),
    [
        (None, {}, DEFAULT_ORIGIN),
        ("", {}, DEFAULT_ORIGIN),
        (None, {"GOOGLE_GEMINI_BASE_URL": " \n"}, DEFAULT_ORIGIN),
        (None, {"GOOGLE_GEMINI_BASE_URL": "https://b.example\n"}, "https://b.example"),
        ("https://a.example", {"GOOGLE_GEMINI_BASE_URL": "https://b.example"}, "https://a.example"),
    ],
)
def test_the_base_url_is_found(base_url: str | None, environ: dict[str, str], origin: str) -> None:
    """The argument, then the variable, then Google's own."""
    settings, key = configured("secret", base_url, environ)
    assert Api(origin, "", "v1", "the argument api_key") == settings.api
    assert (Timeouts(connect=1), RetryPolicy(attempts=2), PollPolicy(first=3)) == (
        settings.timeouts,
        settings.retry,
        settings.poll,
    )
    assert "the argument api_key" == key.source


def test_two_keys_that_differ_are_worth_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    """One line says which is used, and shows neither."""
    environ = {"GOOGLE_API_KEY": CANARY, "GEMINI_API_KEY": CANARY + "2"}
    settings, _ = configured(None, None, environ)
    assert "the variable GOOGLE_API_KEY" == settings.api.key_source
    assert [("gemini_batch", logging.WARNING)] == [one[:2] for one in caplog.record_tuples]
    assert "GOOGLE_API_KEY is used" in caplog.text
    assert CANARY not in caplog.text


def test_one_key_is_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is said where nothing is odd."""
    configured(None, None, {"GEMINI_API_KEY": CANARY})
    assert [] == caplog.records


@pytest.mark.parametrize("value", [None, 3, {}, "fast", Timeouts, RetryBudget()])
@pytest.mark.parametrize("name", ["timeouts", "retry", "poll"])
def test_a_policy_is_a_policy(name: str, value: Any) -> None:
    """What is none is refused when the client is made, and not in the middle of a wait."""
    told: dict[str, Any] = {"timeouts": Timeouts(), "retry": RetryPolicy(), "poll": PollPolicy()}
    with pytest.raises(UsageError, match=f"^{name.removesuffix('s')} is a .*, and not "):
        configure(CANARY, None, "v1beta", {}, allow_http=False, **{**told, name: value})


def test_settings_do_not_hold_the_key() -> None:
    """The flows know where it came from, and no more."""
    settings, _ = configured(CANARY, None, {})
    assert CANARY not in repr(settings) + repr(asdict(settings))
    assert CANARY.encode() not in pickle.dumps(asdict(settings.api))
    assert 0 <= settings.chance() < 1


@pytest.mark.parametrize("where", ["https://{}.example.com", "https://example.com/x/{}/y"])
@pytest.mark.parametrize(
    "spelt", [CANARY, f"%{ord(CANARY[0]):02X}{CANARY[1:]}"], ids=["plain", "escaped"]
)
def test_the_key_is_no_part_of_the_base_url(where: str, spelt: str) -> None:
    """Where it would be shown, and logged all along the way."""
    with pytest.raises(UsageError, match="the base URL holds the API key") as raised:
        configured(CANARY, where.format(spelt), {})
    assert CANARY[1:] not in str(raised.value)


def test_what_is_no_text_is_no_base_url() -> None:
    """It does not end in an error of the parser."""
    url: Any = 7
    with pytest.raises(UsageError, match="a base URL is a str, not int"):
        configured(CANARY, url, {})


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://a.example/x", ["the API key goes to https://a.example"]),
        (None, []),
        ("http://127.0.0.1:1", []),
    ],
)
def test_where_the_key_goes_is_told_once(
    url: str | None, told: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Unless that is Google, or this machine: an address from the environment may be anybody's."""
    caplog.set_level(logging.INFO)
    configured(CANARY, url, {})
    assert told == caplog.messages


def test_each_client_has_a_budget_of_its_own() -> None:
    """A service that fails one client does not silence another."""
    assert Settings().budget is not Settings().budget


def test_both_facades_go_by_one_name() -> None:
    """It says which version it is."""
    name, _, version = user_agent().partition("/")
    assert "gemini-batch" == name
    assert version
