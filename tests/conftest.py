"""What holds in every test: no real waiting, no network beyond loopback, no foreign settings.

And no key that surfaces: every test is listened to, with all its children.
"""

import asyncio
import ipaddress
import socket
import sys
import time
from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest

from tests.canary import SONG, Ear

LONGEST_SLEEP = 0.25
"""Seconds a test may sleep unmarked: enough to let a server act, too little to add up."""

SETTINGS = ("GOOGLE_API_KEY", "GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL")


@pytest.fixture(autouse=True)
def outside_world(request: pytest.FixtureRequest) -> Iterator[None]:
    """Keep the test from sleeping, from the network and from the settings of this machine."""
    offences: list[str] = []

    def refuse(offence: str) -> None:
        # Noted as well, because whoever is called from here may swallow the failure.
        offences.append(offence)
        pytest.fail(offence)

    with pytest.MonkeyPatch.context() as patch:  # of its own, which no test undoes
        for name in SETTINGS:
            patch.delenv(name, raising=False)
        if request.node.get_closest_marker("real_time") is None:
            for module in (time, asyncio):
                patch.setattr(module, "sleep", _brief(module.sleep, refuse))
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _near(getattr(socket.socket, name), refuse))
        patch.setattr(socket, "getaddrinfo", _named(socket.getaddrinfo, refuse))
        yield
    if offences:
        pytest.fail("; ".join(offences))


@pytest.fixture(autouse=True)
def ear(request: pytest.FixtureRequest) -> Iterator[Ear]:
    """Fail the test if the API key surfaces anywhere but in its own header."""
    ear = Ear()
    folder = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    with pytest.MonkeyPatch.context() as patch:  # of its own, which no test undoes
        ear.hear_everything(patch)
        yield ear
    if folder is not None:
        ear.hear_files(folder)
    assert [] == ear.leaks


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that passed while the key is in what it, or a child of it, wrote anywhere."""
    del item
    report = yield
    told = [name for name, text in report.sections if SONG in text]
    if call.when == "teardown" and report.passed and told:
        report.outcome = "failed"
        report.longrepr = f"the API key surfaced: {', '.join(told)}"
    return report


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
