"""Who may ask: any key, the keys that are given, or an upload session."""

from collections.abc import Iterator

import pytest
import requests

from gemini_batch.emulator import Emulator
from tests.emulator.caller import MODEL, Caller

GOOD = "AIzaGood"


@pytest.fixture
def strict() -> Iterator[Emulator]:
    """Run an emulator that knows one key."""
    with Emulator(keys={GOOD}) as running:
        yield running


def ask(emulator: Emulator, key: str | None) -> requests.Response:
    """List batches with a key."""
    headers = {} if key is None else {"x-goog-api-key": key}
    return requests.get(f"{emulator.url}/v1beta/batches", headers=headers, timeout=5)


@pytest.mark.parametrize("key", [None, ""])
def test_no_key_is_forbidden(emulator: Emulator, key: str | None) -> None:
    """A request without any credential gets 403, in the service's words."""
    response = ask(emulator, key)
    assert 403 == response.status_code
    assert {
        "error": {
            "code": 403,
            "message": "Method doesn't allow unregistered callers (callers without established "
            "identity). Please use API Key or other form of API consumer identity to call this "
            "API.",
            "status": "PERMISSION_DENIED",
        }
    } == response.json()


def test_an_unknown_key_is_an_invalid_argument(strict: Emulator) -> None:
    """A wrong key of the usual kind gets 400, with the reason in the details."""
    response = ask(strict, "AIzaBad")
    assert 400 == response.status_code
    error = response.json()["error"]
    assert "INVALID_ARGUMENT" == error["status"]
    assert ["API_KEY_INVALID", None] == [detail.get("reason") for detail in error["details"]]
    assert "googleapis.com" == error["details"][0]["domain"]
    assert "en-US" == error["details"][1]["locale"]


def test_an_unknown_key_of_the_new_kind_is_unauthenticated(strict: Emulator) -> None:
    """A wrong key that begins with ``AQ.`` gets 401."""
    response = ask(strict, "AQ.bad")
    assert 401 == response.status_code
    error = response.json()["error"]
    assert "UNAUTHENTICATED" == error["status"]
    assert "ACCESS_TOKEN_TYPE_UNSUPPORTED" == error["details"][0]["reason"]


@pytest.mark.parametrize(
    ("verb", "path", "method"),
    [
        ("POST", f"v1beta/{MODEL}:batchGenerateContent", "BatchService.BatchGenerateContent"),
        ("POST", f"v1beta/{MODEL}:asyncBatchEmbedContent", "BatchService.AsyncBatchEmbedContent"),
        ("POST", "upload/v1beta/files", "FileService.CreateFile"),
        ("GET", "v1beta/files", "FileService.ListFiles"),
    ],
)
def test_a_key_of_the_new_kind_is_refused_a_method(
    strict: Emulator, verb: str, path: str, method: str
) -> None:
    """By the name that the service has for it, which the version is a part of."""
    for version in ("v1beta", "v1"):
        response = requests.request(
            verb,
            f"{strict.url}/{path.replace('v1beta', version)}",
            headers={"x-goog-api-key": "AQ.bad"},
            timeout=5,
        )
        [detail] = response.json()["error"]["details"]
        assert f"google.ai.generativelanguage.{version}.{method}" == detail["metadata"]["method"]


def test_batches_are_operations_by_their_methods(strict: Emulator) -> None:
    """All but to create them is what the service has for any long-running operation."""
    [detail] = ask(strict, "AQ.bad").json()["error"]["details"]
    assert "google.longrunning.Operations.ListOperations" == detail["metadata"]["method"]


def test_a_refused_create_is_no_act(strict: Emulator) -> None:
    """Nothing happens for a stranger, however well the request is made."""
    with Caller(strict) as caller:
        response = caller.create({"inputConfig": {"requests": {"requests": []}}})
    assert 400 == response.status_code
    assert "API_KEY_INVALID" in response.text
    assert [] == strict.acted


def test_a_known_key_is_let_in(strict: Emulator) -> None:
    """A key that was given opens the door."""
    assert 200 == ask(strict, GOOD).status_code


def test_the_key_may_stand_in_the_query(emulator: Emulator) -> None:
    """``?key=`` is a key too, and it is recorded where the key stood, never what it was."""
    key = "one-that-may-be-seen"  # as it is, on its way there
    response = requests.get(f"{emulator.url}/v1beta/batches", params={"key": key}, timeout=5)
    assert 200 == response.status_code
    [seen] = emulator.seen
    assert "query" == seen.key
    assert key not in repr(emulator.seen)


@pytest.mark.parametrize("name", ["x-goog-api-key", "X-Goog-Api-Key", "X-GOOG-API-KEY"])
def test_a_header_is_read_in_any_case(strict: Emulator, name: str) -> None:
    """Names of headers are the same in capitals (RFC 9110 §5.1)."""
    response = requests.get(f"{strict.url}/v1beta/batches", headers={name: GOOD}, timeout=5)
    assert 200 == response.status_code
    assert ["header"] == [seen.key for seen in strict.seen]


@pytest.mark.parametrize("name", ["Key", "KEY", "api_key"])
def test_a_parameter_is_read_as_it_is_written(strict: Emulator, name: str) -> None:
    """Names in a query are not the same in capitals."""
    response = requests.get(f"{strict.url}/v1beta/batches", params={name: GOOD}, timeout=5)
    assert response.status_code in {400, 403}
    assert [None] == [seen.key for seen in strict.seen]


def test_an_upload_session_is_credential_enough(caller: Caller) -> None:
    """Chunks need no key: whoever knows the URL may send them."""
    url = caller.session_url(3)
    headers = {"X-Goog-Upload-Command": "upload, finalize", "X-Goog-Upload-Offset": "0"}
    response = requests.post(url, data=b"abc", headers=headers, timeout=5)
    assert 200 == response.status_code
    assert [None] == [seen.key for seen in caller.emulator.seen.of("upload-chunk")]


def test_an_upload_path_without_a_session_needs_a_key(emulator: Emulator) -> None:
    """The start of an upload is like any other call."""
    headers = {"X-Goog-Upload-Protocol": "resumable", "X-Goog-Upload-Command": "start"}
    response = requests.post(f"{emulator.url}/upload/v1beta/files", headers=headers, timeout=5)
    assert 403 == response.status_code


def test_an_upload_is_begun_with_a_key_whatever_its_address_says(strict: Emulator) -> None:
    """Only what continues a session is let in by its name."""
    response = requests.post(
        f"{strict.url}/upload/v1beta/files?upload_id=anything",
        headers={"X-Goog-Upload-Protocol": "resumable", "X-Goog-Upload-Command": "start"},
        timeout=5,
    )
    assert 403 == response.status_code
    assert [] == strict.acted
