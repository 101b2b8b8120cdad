"""Which proxy is used, and that it is told without its password."""

import pytest

from gemini_batch.errors import UsageError
from gemini_batch.proxies import is_excepted, proxy_for

HTTPS = "https://a.example"
PASSWORD = "hunter2"


def named(origin: str, **proxies: str) -> str | None:
    """Return the proxy for an origin that the system does not except."""
    return proxy_for(origin, proxies, lambda _: False)


@pytest.mark.parametrize(
    ("origin", "proxies", "proxy"),
    [
        (HTTPS, {}, None),
        (HTTPS, {"http": "http://p.example"}, None),
        (HTTPS, {"https": "http://p.example:3128"}, "http://p.example:3128"),
        (HTTPS, {"https": "http://u:p@p.example:3128"}, "http://u:p@p.example:3128"),
        (HTTPS, {"all": "https://p.example"}, "https://p.example"),
        (HTTPS, {"all": "http://p.example", "https": "http://q.example"}, "http://q.example"),
        (HTTPS, {"https": "p.example:3128"}, "http://p.example:3128"),
        (HTTPS, {"https": "http://p.example", "no": "a.example"}, None),
        (HTTPS, {"https": "http://p.example", "no": "b.example"}, "http://p.example"),
        ("http://a.example", {"http": "http://p.example"}, "http://p.example"),
        ("http://127.0.0.1:80", {"http": "http://p.example", "all": "http://p.example"}, None),
        ("http://localhost", {"http": "http://p.example"}, None),
        ("http://[::1]:80", {"http": "http://p.example"}, None),
        ("https://127.0.0.1", {"https": "http://p.example"}, "http://p.example"),
    ],
)
def test_the_environment_names_a_proxy(
    origin: str, proxies: dict[str, str], proxy: str | None
) -> None:
    """By scheme, or for all; what goes to this machine in the clear goes there and nowhere else."""
    assert proxy == named(origin, **proxies)


def test_the_system_may_except_a_host() -> None:
    """It has settings of its own on some platforms."""
    assert proxy_for(HTTPS, {"https": "http://p.example"}, {"a.example": True}.__getitem__) is None


@pytest.mark.parametrize(
    ("host", "port", "exceptions", "excepted"),
    [
        ("a.example", 443, "", False),
        ("a.example", 443, " , ", False),
        ("a.example", 443, "*", True),
        ("a.example", 443, "b.example, a.example", True),
        ("A.Example.", 443, "a.example", True),
        ("a.example", 443, "EXAMPLE", True),
        ("a.example", 443, ".example.", True),
        ("a.example", 443, "le", False),
        ("a.example", 443, "a.example:443", True),
        ("a.example", 443, "a.example:80", False),
        ("a.example", 443, "a.example:x", False),
        ("10.1.2.3", 443, "10.0.0.0/8", True),
        ("10.1.2.3", 443, "10.1.2.3", True),
        ("10.1.2.3", 443, "10.1.2.3:443", True),
        ("10.1.2.3", 443, "10.1.2.3:80", False),
        ("11.1.2.3", 443, "10.0.0.0/8", False),
        ("2001:db8::1", 443, "[2001:db8::]/32", False),
        ("2001:db8::1", 443, "2001:db8::/32", True),
        ("2001:db8::1", 443, "[2001:db8::1]", True),
        ("2001:db8::1", 80, "[2001:db8::1]:80", True),
        ("10.1.2.3", 443, "2001:db8::/32", False),
        ("a.example", 443, "10.0.0.0/8", False),
    ],
)
def test_a_host_may_be_excepted(
    host: str,
    port: int,
    exceptions: str,
    excepted: bool,
) -> None:
    """By its domain, its network, or one of its ports."""
    assert excepted is is_excepted(host, port, exceptions)


@pytest.mark.parametrize(
    ("proxy", "why"),
    [
        (f"socks5://u:{PASSWORD}@p.example", "it has to be http"),
        (f"ftp://u:{PASSWORD}@p.example", "it has to be http"),
        (f"http://u:{PASSWORD}@[", "not the URL of a proxy"),
        (f"http://u:{PASSWORD}@p.example:99999", "not the URL of a proxy"),
        (f"http://u:{PASSWORD}@p.example:0", "not the URL of a proxy"),
        (f"http://u:{PASSWORD}@", "not the URL of a proxy"),
        ("http://", "not the URL of a proxy"),
    ],
)
def test_a_proxy_that_cannot_be_one_is_refused_unseen(proxy: str, why: str) -> None:
    """Before anything is sent, and alike on both facades."""
    with pytest.raises(UsageError, match=why) as raised:
        named(HTTPS, https=proxy)
    assert PASSWORD not in str(raised.value)
    assert "NO_PROXY=a.example" in str(raised.value)
