"""Certificates of services on this machine, who trusts them, and a service that shows one."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
import requests

from tests.conformance.bytewise import Script
from tests.conformance.facades import Facade

LOOPBACK = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg8bmHRylOJvtoFy06
XEBYClqyGHIQtLhUeX/dCjRNpQehRANCAARzE8+QHc7PRC32FhaoRG1IcV3QbXvv
r8qcXqMLLTkOI2gUkyQYUuHou/Yi2JfVA3zBwopPulDB8/+WXJ4nO5Bd
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBWjCCAQCgAwIBAgIBATAKBggqhkjOPQQDAjATMREwDwYDVQQDDAhsb29wYmFj
azAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowEzERMA8GA1UEAwwI
bG9vcGJhY2swWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARzE8+QHc7PRC32Fhao
RG1IcV3QbXvvr8qcXqMLLTkOI2gUkyQYUuHou/Yi2JfVA3zBwopPulDB8/+WXJ4n
O5Bdo0MwQTAPBgNVHRMBAf8EBTADAQH/MA8GA1UdEQQIMAaHBH8AAAEwHQYDVR0O
BBYEFKOKs937udCe5VvL7Qrbhm2R9JgQMAoGCCqGSM49BAMCA0gAMEUCIQDCE91A
J/NF8C6c/ZFjyNvwlGWUWU99S9P2FsiFqYls3wIgFG/eafsUBNVKyvKgEM2+xvhL
U8FcoP7M60sYNW6GRp4=
-----END CERTIFICATE-----
"""
"""The certificate of 127.0.0.1, which signed itself, and its key, which opens nothing else."""

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


@contextmanager
def trusting(facade: Facade, pem: str) -> Iterator[Any]:
    """Open a session of the caller's that trusts the certificate."""
    if facade.name == "sync":
        with requests.Session() as session:
            session.trust_env, session.verify = False, pem
            yield session
        return
    trusted = ssl.create_default_context(cafile=pem)

    async def begin() -> aiohttp.ClientSession:
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusted))

    opened = facade.settle(begin())
    yield opened
    facade.settle(opened.close())


def spoilt_after(sent: bytes | None, pem: str) -> Script:
    """Return a script that speaks TLS as long as it takes to read a request, and then does not."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    def script(connection: socket.socket, over: threading.Event) -> None:
        bare = connection.dup()
        with bare, context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(65536)
            if sent is not None:
                secured.sendall(sent)
            bare.sendall(b"this is no record of TLS" * 9)
            over.wait(5)

    return script
