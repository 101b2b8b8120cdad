"""What a client knows that its flows need: where the API is, and how patient to be.

The API key is not among it.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from attrs import define, field, frozen

from .credentials import ApiKey
from .errors import UsageError
from .expiry import Expiries
from .log import log
from .retry import PollPolicy, RetryBudget, RetryPolicy, Timeouts
from .text import printable

DEFAULT_ORIGIN = "https://generativelanguage.googleapis.com"
BASE_URL_VARIABLE = "GOOGLE_GEMINI_BASE_URL"


@frozen
class Api:
    """Where the API is: ``origin`` (scheme and host), ``prefix`` of its paths, and version.

    ``key_source`` says where the API key came from, for the error that says it is wrong.
    """

    origin: str = DEFAULT_ORIGIN
    prefix: str = ""
    version: str = "v1beta"
    key_source: str = "the argument api_key"

    @classmethod
    def at(cls, base_url: str, version: str, *, key_source: str, allow_http: bool = False) -> Api:
        """Read a base URL; a path prefix is kept.

        Raises :class:`~gemini_batch.UsageError` unless it is https, or http to this machine.
        """
        shown = _shown(base_url)
        parts = _split(base_url)
        if parts is None:
            raise UsageError(f"the base URL{shown} is not a URL")
        url, port = parts
        if url.query or url.fragment or url.username is not None:
            raise UsageError(
                f"the base URL{shown} must hold no query, fragment or user: the API key goes into "
                "the argument api_key"
            )
        host = url.hostname or ""
        secure = url.scheme == "https" or (
            url.scheme == "http" and (allow_http or is_loopback(host))
        )
        if not (secure and base_url.isprintable() and _is_host(url.netloc) and port != ":0"):
            raise UsageError(
                f"the base URL{shown} must begin with https:// and a host; http:// would show the "
                "API key to the network, and is only for this machine (or with allow_http=True)"
            )
        if not _PATH.fullmatch(url.path) or not _DOTS.isdisjoint(url.path.split("/")):
            raise UsageError(
                f"the base URL{shown} has a path that would not arrive as it is: it may hold "
                "letters, digits and . _ ~ - in parts that are not all dots"
            )
        if not _VERSION.fullmatch(version):
            raise UsageError(f"{version!a} is not a version of the API, such as 'v1beta'")
        name = f"[{host}]" if ":" in host else host
        return cls(f"{url.scheme}://{name}{port}", url.path.rstrip("/"), version, key_source)

    def path(self, rest: str, *, service: str = "") -> str:
        """Return the path of a resource, such as ``batches/abc``."""
        return f"{self.prefix}{service}/{self.version}/{rest}"


_NAME = re.compile(r"(?!.*\.\.)\w([\w.-]*[\w.])?")
_PATH = re.compile(r"[A-Za-z0-9._~/-]*", re.ASCII)
_DOTS = frozenset({".", ".."})
_SHOWN = re.compile(r"[A-Za-z+.-]{1,20}://(\[[0-9A-Fa-f:.]*\]?|[^/?#\\;&=%:\s]*)(:[0-9]{1,5})?")


def _split(base_url: str) -> tuple[SplitResult, str] | None:
    """Return the parts of a URL, and its port with a colon.

    The error of the parser would show what may be a key.
    """
    try:
        url = urlsplit(base_url)
        port = url.port
    except ValueError:
        return None
    return url, "" if port is None else f":{port}"


def _shown(base_url: str) -> str:
    """Return as much of a base URL as may be shown: what is not the address may be a key."""
    clean = "".join(re.split("(?s)(?<=//).*@", re.split("[?#]", base_url)[0]))
    found = _SHOWN.match(clean)
    return "" if found is None else f" {printable(found[0], 100)}"


def _is_host(netloc: str) -> bool:
    """Tell whether an address is a host that every library below reads alike, perhaps a port."""
    name, bracket, rest = netloc.removeprefix("[").partition("]")
    if netloc.startswith("["):
        return bool(bracket and _IPV6.fullmatch(name) and _PORT.fullmatch(rest))
    name, _, _ = netloc.partition(":")
    return _NAME.fullmatch(name) is not None and unicodedata.normalize("NFKC", name) == name


_IPV6 = re.compile(r"[0-9A-Fa-f:.]+", re.ASCII)
_PORT = re.compile(r"(:[0-9]*)?", re.ASCII)
_VERSION = re.compile(r"v[0-9][a-z0-9]*", re.ASCII)


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine, by an address that every Python takes for it."""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost"
    return address.is_loopback and getattr(address, "ipv4_mapped", None) is None


def user_agent() -> str:
    """Return by what name both facades go."""
    from . import __version__  # noqa: PLC0415 - it is looked up where this package is installed

    return f"gemini-batch/{__version__}"


@define
class Settings:
    """All that the flows of one client share; ``expiries`` is what it was told of files."""

    api: Api = Api()
    timeouts: Timeouts = Timeouts()
    retry: RetryPolicy = RetryPolicy()
    poll: PollPolicy = PollPolicy()
    budget: RetryBudget = field(factory=RetryBudget, repr=False)
    chance: Callable[[], float] = field(default=random.random, repr=False)
    expiries: Expiries = field(factory=Expiries, repr=False)


def configure(
    api_key: str | None,
    base_url: object,
    api_version: str,
    environ: Mapping[str, str],
    *,
    allow_http: bool,
    timeouts: Timeouts,
    retry: RetryPolicy,
    poll: PollPolicy,
) -> tuple[Settings, ApiKey]:
    """Return what a client works with, from its arguments and the environment.

    Both clients begin here, so that both look in the same places in the same order.
    """
    key = ApiKey.find(api_key, environ)
    url = base_url or environ.get(BASE_URL_VARIABLE, "").strip() or DEFAULT_ORIGIN
    if not isinstance(url, str):
        raise UsageError(f"a base URL is a str, not {type(url).__name__}")
    if key.is_in(url):
        raise UsageError("the base URL holds the API key, which goes into the argument api_key")
    api = Api.at(url, api_version, key_source=key.source, allow_http=allow_http)
    if api.origin != DEFAULT_ORIGIN and not is_loopback(urlsplit(api.origin).hostname or ""):
        log.info("the API key goes to %s", api.origin)
    if key.conflict is not None:
        log.warning("%s", key.conflict)
    _require_policies(timeouts, retry, poll)
    return Settings(api, timeouts, retry, poll), key


def _require_policies(timeout: object, retry: object, poll: object) -> None:
    """Refuse policies that are none before they are needed, which may be after money was spent."""
    told = {
        "timeout": (timeout, Timeouts),
        "retry": (retry, RetryPolicy),
        "poll": (poll, PollPolicy),
    }
    for name, (value, kind) in told.items():
        if not isinstance(value, kind):
            raise UsageError(f"{name} is a {kind.__name__}, and not {value!a}")
