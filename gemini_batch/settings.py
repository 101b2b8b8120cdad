"""What a client knows that its flows need: where the API is, and how patient to be.

The API key is not among it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from attrs import define, field, frozen

from .credentials import ApiKey
from .errors import UsageError
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
        shown = printable(re.split("[?#]", base_url)[0].rpartition("@")[2], 100)
        try:
            url = urlsplit(base_url)
            port = f":{url.port}" if url.port else ""
        except ValueError:
            raise UsageError(f"the base URL {shown} is not a URL") from None
        if url.query or url.fragment or url.username is not None:
            raise UsageError(
                f"the base URL {shown} must hold no query, fragment or user: the API key goes into "
                "the argument api_key"
            )
        host = url.hostname or ""
        secure = url.scheme == "https" or (
            url.scheme == "http" and (allow_http or is_loopback(host))
        )
        if not (secure and _HOST.fullmatch(host) and _PATH.fullmatch(url.path)):
            raise UsageError(
                f"the base URL {shown} must begin with https:// and a host; http:// would show the "
                "API key to the network, and is only for this machine (or with allow_http=True)"
            )
        if not _VERSION.fullmatch(version):
            raise UsageError(f"{version!a} is not a version of the API, such as 'v1beta'")
        name = f"[{host}]" if ":" in host else host
        return cls(f"{url.scheme}://{name}{port}", url.path.rstrip("/"), version, key_source)

    def path(self, rest: str, *, service: str = "") -> str:
        """Return the path of a resource, such as ``batches/abc``."""
        return f"{self.prefix}{service}/{self.version}/{rest}"


_HOST = re.compile(r"[\w.-]+|[0-9a-f:.]+")
_PATH = re.compile(r"[A-Za-z0-9._~/-]*", re.ASCII)
_VERSION = re.compile(r"v[0-9][a-z0-9]*", re.ASCII)


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@define
class Settings:
    """All that the flows of one client share."""

    api: Api = Api()
    timeouts: Timeouts = Timeouts()
    retry: RetryPolicy = RetryPolicy()
    poll: PollPolicy = PollPolicy()
    budget: RetryBudget = field(factory=RetryBudget, repr=False)
    chance: Callable[[], float] = field(default=random.random, repr=False)


def configure(
    api_key: str | None,
    base_url: str | None,
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
    api = Api.at(url, api_version, key_source=key.source, allow_http=allow_http)
    if key.conflict is not None:
        log.warning("%s", key.conflict)
    return Settings(api, timeouts, retry, poll), key
