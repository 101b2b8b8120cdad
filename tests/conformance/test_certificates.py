"""A certificate that does not hold is told at once, whatever is wrong with it."""

import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from gemini_batch import Delivery, HandleReturnedError, TransportError
from tests.conformance.bytewise import ONCE, head, serving
from tests.conformance.facades import Facade
from tests.conformance.scenes import prompts
from tests.conformance.test_transport_mends import LOOPBACK, spoilt_after, trusting

EXPIRED = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgothfojh1I0jWFoG5
cVg69gLiQtxlYboV1/HaoziP2NihRANCAAS4biOUY9B6dwH1J0WhW7Pxn/uWa9Hq
RL3jM55oni5Ck3VA+40yQrC4cDeG/+L8RUVomaZ9Qqpfi+jDv7t1HpDd
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBVTCB/KADAgECAgEBMAoGCCqGSM49BAMCMBIxEDAOBgNVBAMMB2V4cGlyZWQw
HhcNMjAwMTAxMDAwMDAwWhcNMjAwMTAyMDAwMDAwWjASMRAwDgYDVQQDDAdleHBp
cmVkMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEuG4jlGPQencB9SdFoVuz8Z/7
lmvR6kS94zOeaJ4uQpN1QPuNMkKwuHA3hv/i/EVFaJmmfUKqX4vow7+7dR6Q3aND
MEEwDwYDVR0TAQH/BAUwAwEB/zAPBgNVHREECDAGhwR/AAABMB0GA1UdDgQWBBTv
jQOfI4Csi5gw9WkaZyWxp4CglTAKBggqhkjOPQQDAgNIADBFAiBJu6MtfY5KZ6Yc
Nuk/uvst/GkXOgU8mDc8k/UOvHIkDQIhAMEYeYFoFan/lb46vn48dcGtn64fs1Pt
a5r2xV2fBBkI
-----END CERTIFICATE-----
"""
"""The certificate of 127.0.0.1 for the first day of 2020, which signed itself, and its key."""

EARLY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgWOie25/YGN50gJem
busVNeMUYfoVlioa7OjS9jFQ+m2hRANCAASdDsoKgRexZYBllFRzl8gqu+1YRh5B
vtVhJ/sfwt/DRjqyH5kXLtjkrcVCaWpxbLrm0UDKwjTgZM2K1hGdZ8aa
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBVDCB/KADAgECAgEBMAoGCCqGSM49BAMCMBAxDjAMBgNVBAMMBWVhcmx5MCIY
DzIxMTkwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBAxDjAMBgNVBAMMBWVh
cmx5MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEnQ7KCoEXsWWAZZRUc5fIKrvt
WEYeQb7VYSf7H8Lfw0Y6sh+ZFy7Y5K3FQmlqcWy65tFAysI04GTNitYRnWfGmqND
MEEwDwYDVR0TAQH/BAUwAwEB/zAPBgNVHREECDAGhwR/AAABMB0GA1UdDgQWBBRD
laHekCWyRu5fzugt6Kbm74hqPjAKBggqhkjOPQQDAgNHADBEAiA1jWboSkv/VZ9D
sX1pVb/o7mfaxMmXzKAXvy4Lur/i0wIgW6PF1EeiXvj9HtV1IAn9d09UBYsVGZUK
HseQfFfoUr0=
-----END CERTIFICATE-----
"""
"""The certificate of 127.0.0.1 for the year 2119, which signed itself, and its key."""

ELSEWHERE = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgwGL9cVJVz5j0CwUW
D33rmG4KZ3iXwWtjxRLI+RNsOuWhRANCAAQ6M8JzR8RvTIsylOFIsuVtsDc2GFB4
shXyxY64YuditHdqqDCgfU4yAxrJw78KJM1kFOaJhXPSQ6vZIIpRtU90
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBaTCCAQ+gAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAllbHNld2hl
cmUwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CWVsc2V3aGVyZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABDozwnNHxG9MizKU
4Uiy5W2wNzYYUHiyFfLFjrhi52K0d2qoMKB9TjIDGsnDvwokzWQU5omFc9JDq9kg
ilG1T3SjUDBOMA8GA1UdEwEB/wQFMAMBAf8wHAYDVR0RBBUwE4IRZWxzZXdoZXJl
LmludmFsaWQwHQYDVR0OBBYEFCmotYD7eie8CqDGF1VVWcFc4WIAMAoGCCqGSM49
BAMCA0gAMEUCIDzPrFEkDhzVMUAgxMwKLz+h4OdPZJhc3tQnfXQedoVVAiEApGCo
U6eXhxr/FESzdNQxp3vEhMbhO7m7aJbjc2kkDAQ=
-----END CERTIFICATE-----
"""
"""The certificate of elsewhere.invalid, which signed itself, and its key."""

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
    body = b'{"name": "batches/a", "metadata": {"state": "BATCH_STATE_PENDING"}}'

    def answer(connection: socket.socket, _: threading.Event) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(65536)
            secured.sendall(head(200, len(body)) + body)

    with serving(answer) as (at, _), trusting(facade, str(pem)) as session:
        client = facade.client(f"https://{at}", session=session, retry=ONCE)
        batch = client.get_batch("batches/a")
        assert "batches/a" == batch.operation().name
