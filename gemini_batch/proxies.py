"""Which proxy the environment names for an address: one answer for both facades.

The libraries below differ in this, and would show the key to a proxy on the way to this machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from .errors import UsageError
from .settings import is_loopback

SPOKEN = ("http", "https")
"""What can be spoken to a proxy without further packages."""


def proxy_for(
    origin: str, proxies: Mapping[str, str], is_bypassed: Callable[[str], bool]
) -> str | None:
    """Return the proxy for an origin, or ``None``.

    ``proxies`` are as :func:`urllib.request.getproxies` returns them: by scheme, ``"all"`` and
    ``"no"``; ``is_bypassed`` is :func:`urllib.request.proxy_bypass`. Without TLS this machine is
    never reached by way of another.

    Raises:
        UsageError: It is no URL, or not one of http; it is not shown, since it may hold a password.
    """
    url = urlsplit(origin)
    host = url.hostname or ""
    if url.scheme == "http" and is_loopback(host):
        return None
    named = proxies.get(url.scheme) or proxies.get("all")
    port = url.port or (443 if url.scheme == "https" else 80)
    if not named or is_excepted(host, port, proxies.get("no", "")) or is_bypassed(host):
        return None
    proxy = named if "://" in named else f"http://{named}"
    try:
        spoken = urlsplit(proxy)
        good = bool(spoken.hostname) and spoken.port != 0
    except ValueError:
        good, spoken = False, urlsplit("")
    if good and spoken.scheme in SPOKEN:
        return proxy
    what = "is not the URL of a proxy" if not good else "is not spoken: it has to be http"
    raise UsageError(
        f"the proxy that the environment names for {url.scheme} {what}. It is not shown here, "
        f"since it may hold a password. NO_PROXY={host} leaves it out"
    )


def is_excepted(host: str, port: int, exceptions: str) -> bool:
    """Tell whether ``NO_PROXY`` excepts a host: by a domain, a network, or one of its ports."""
    return any(
        _excepts(one.strip().lower(), host.lower().rstrip("."), port)
        for one in exceptions.split(",")
        if one.strip()
    )


def _excepts(exception: str, host: str, port: int) -> bool:
    if exception == "*":
        return True
    with suppress(ValueError):  # one of the two is a name, and is compared as such below
        return ip_address(host) in ip_network(exception.strip("[]"), strict=False)
    name, colon, of_port = exception.rpartition(":")
    if not (colon and of_port.isascii() and of_port.isdigit()):
        name, of_port = exception, ""
    domain = name.strip("[].")
    return (not of_port or int(of_port) == port) and (host == domain or host.endswith(f".{domain}"))
