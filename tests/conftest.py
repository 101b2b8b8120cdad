"""What holds in every test: no real waiting, no network beyond loopback, no foreign settings."""

import asyncio
import ipaddress
import socket
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

LONGEST_SLEEP = 0.25
"""Seconds a test may sleep unmarked: enough to let a server act, too little to add up."""

SETTINGS = ("GOOGLE_API_KEY", "GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL")


@pytest.fixture(autouse=True)
def outside_world(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Keep the test from sleeping, from the network and from the settings of this machine."""
    offences: list[str] = []

    def refuse(offence: str) -> None:
        # Noted as well, because whoever is called from here may swallow the failure.
        offences.append(offence)
        pytest.fail(offence)

    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    if request.node.get_closest_marker("real_time") is None:
        for module in (time, asyncio):
            monkeypatch.setattr(module, "sleep", _brief(module.sleep, refuse))
    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, _near(getattr(socket.socket, name), refuse))
    monkeypatch.setattr(socket, "getaddrinfo", _named(socket.getaddrinfo, refuse))
    yield
    if offences:
        pytest.fail("; ".join(offences))


def _brief(sleep: Callable[..., Any], refuse: Callable[[str], None]) -> Callable[..., Any]:
    def brief(delay: float, *args: Any, **options: Any) -> Any:
        caller = sys._getframe(1).f_globals.get("__name__", "")
        # A server that keeps a client waiting costs nothing: the client gives up first.
        if delay > LONGEST_SLEEP and not caller.startswith("gemini_batch.emulator"):
            refuse(f"{caller} would sleep for {delay:g} s; mark the test real_time if it must")
        return sleep(delay, *args, **options)

    return brief


def _near(connect: Callable[..., Any], refuse: Callable[[str], None]) -> Callable[..., Any]:
    def near(self: socket.socket, address: Any) -> Any:
        if self.family != getattr(socket, "AF_UNIX", None) and not _is_loopback(address[0]):
            refuse(f"the test would connect to {address[0]}, which is not this machine")
        return connect(self, address)

    return near


def _named(resolve: Callable[..., Any], refuse: Callable[[str], None]) -> Callable[..., Any]:
    def named(host: Any, *args: Any, **options: Any) -> Any:
        if host is not None and not _is_loopback(host):
            refuse(f"the test would look up {host!r}, which takes a network")
        return resolve(host, *args, **options)

    return named


def _is_loopback(host: str | bytes) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
