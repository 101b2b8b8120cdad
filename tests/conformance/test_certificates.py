"""A certificate that does not hold is told at once, whatever is wrong with it."""

import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from gemini_batch import Delivery, HandleReturnedError, TransportError
from tests.conformance.bytewise import BODY, ONCE, reply, serving
from tests.conformance.certificates import (
    EARLY,
    ELSEWHERE,
    EXPIRED,
    LOOPBACK,
    spoilt_after,
    trusting,
)
from tests.conformance.facades import Facade
from tests.conformance.scenes import prompts

CALLS: Mapping[str, Callable[[Any], Any]] = {
    "create": lambda client: client.submit(prompts(1)),
    "upload": lambda client: client.submit(prompts(1), via="file"),
    "get": lambda client: client.get_batch("batches/a").operation(),
    "download": lambda client: client.files.download("files/batch-a", "never"),
    "delete": lambda client: client.get_batch("batches/a").delete(),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("certificate", "reason"),
    [
        (EXPIRED, "certificate has expired"),
        (EARLY, "certificate is not yet valid"),
        (ELSEWHERE, "certificate is not valid for '127.0.0.1'"),
    ],
    ids=["expired", "early", "elsewhere"],
)
def test_a_certificate_that_does_not_hold_is_told_and_not_tried_again(
    facade: Facade,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    pauses: list[float],
    certificate: str,
    reason: str,
    call: str,
) -> None:
    """Though its signature is trusted: nothing was sent, not even a create, and nothing will be."""
    monkeypatch.chdir(tmp_path)
    pem = tmp_path / "server.pem"
    pem.write_text(certificate)
    with (
        serving(spoilt_after(None, str(pem))) as (at, served),
        trusting(facade, str(pem)) as session,
    ):
        with pytest.raises((TransportError, HandleReturnedError)) as raised:
            CALLS[call](facade.client(f"https://{at}", session=session))
        assert ([], 1) == (pauses, len(served))
    error = getattr(raised.value, "reason", raised.value)
    assert "no trusted connection to https://127.0.0.1:" in str(error)
    assert reason in str(error)
    assert "A certificate of your own authority is named by" in str(error)
    assert Delivery.NOT_SENT is error.delivery
    assert error.permanent


def test_a_certificate_that_holds_is_trusted(facade: Facade, tmp_path: Path) -> None:
    """So that it is not the way of trusting that fails above."""
    pem = tmp_path / "server.pem"
    pem.write_text(LOOPBACK)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    def answer(connection: socket.socket, _: threading.Event) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(65536)
            secured.sendall(reply(200, BODY))

    with serving(answer) as (at, _), trusting(facade, str(pem)) as session:
        client = facade.client(f"https://{at}", session=session, retry=ONCE)
        batch = client.get_batch("batches/a")
        assert "batches/a" == batch.operation().name
