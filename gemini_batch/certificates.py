"""Which certificates the environment says to trust: one answer for both facades.

The libraries below look for them in variables of their own, and tell a file that cannot be read as
a service that is not trusted.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .errors import UsageError

BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
"""The variables that may name the certificates that are trusted; the first that is set does."""

CERTIFICATE = b"-----BEGIN "
"""What is in a file of certificates, if nothing else is."""


def trusted_in(environ: Mapping[str, str], origin: str) -> str | None:
    """Return where the certificates are that the environment says to trust, if it does.

    Where no TLS is spoken nobody looks.

    Raises:
        UsageError: There is no such file or directory, or no certificate in the file.
    """
    bundle = bundle_in(environ) if origin.startswith("https:") else None
    if bundle is None or Path(bundle).is_dir():
        return bundle
    try:
        readable = CERTIFICATE in Path(bundle).read_bytes()
    except OSError:
        readable = False
    if not readable:
        raise no_bundle()
    return bundle


def bundle_in(environ: Mapping[str, str]) -> str | None:
    """Return the file or directory of certificates that the environment names, if any."""
    return next((environ[name] for name in BUNDLES if environ.get(name)), None)


def no_bundle() -> UsageError:
    """Return the error for one that there is not, or that holds no certificates."""
    named = f"{', '.join(BUNDLES[:-1])} or {BUNDLES[-1]}"
    return UsageError(f"no certificates can be read where the variable {named} says they are")
