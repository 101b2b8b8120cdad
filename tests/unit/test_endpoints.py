"""What is asked of the service: verb, path and body, and nothing but names in a path."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, strategies as st

from gemini_batch.effects import Request
from gemini_batch.endpoints import batches, files, names, uploads
from gemini_batch.errors import (
    ProtocolError,
    UsageError,
)
from tests.payloads import NAME
from tests.unit.exchanges import API, NAMES, begun, ok

# Names

HOSTILE = [
    *("", "abc", "batches", "batches/", "/batches/abc", "batches/abc/", "batches//abc"),
    *("batches/../files/x", "batches/..", "batches/.", "batches/a.b", "batches/x?y", "batches/x#y"),
    *("batches/x&key=1", "batches/%2e%2e", "batches/a b", "batches/a\r\nhost: evil", "batches/a\n"),
    *("batches/a:cancel", "batches/\xe9", "batches/\u0663", "batches/a\\b", "batches/" + "x" * 65),
    *("Batches/abc", "operations/abc", "https://evil.example/batches/abc", "files/../batches/x"),
    *("batches/a\ud800", "batches/a\x00", "files/..", "files/a/b", "files/a:download", "files/"),
]
BUILDERS: list[tuple[str, Callable[[str], Request]]] = [
    ("batches", lambda name: batches.build_get(API, name)),
    ("batches", lambda name: batches.build_cancel(API, name)),
    ("batches", lambda name: batches.build_delete(API, name)),
    ("files", lambda name: files.build_file_get(API, name)),
    ("files", lambda name: files.build_file_delete(API, name)),
    ("files", lambda name: files.build_download(API, name, 0)),
    ("files", lambda name: uploads.build_upload_start(API, name, "n", 1, "text/plain")),
]
ANY_NAME = (
    st.sampled_from(HOSTILE)
    | st.builds("{}/{}".format, st.sampled_from(["batches", "files", "models"]), st.text())
    | st.from_regex(r"(batches|files)/[A-Za-z0-9_-]{1,64}", fullmatch=True)
    | st.text()
)


@given(ANY_NAME, st.sampled_from(BUILDERS))
def test_no_other_name_gets_into_a_path(
    name: str, builder: tuple[str, Callable[[str], Request]]
) -> None:
    """Whatever the caller gives, a path holds a name of the grammar and collection, or nothing."""
    collection, build = builder
    valid = NAMES.fullmatch(name) is not None and name.startswith(f"{collection}/")
    try:
        request = build(name)
    except UsageError as error:
        assert str(error).isprintable()  # noqa: PT017 - either outcome is right
        assert not valid
    else:
        assert valid
        assert re.fullmatch(
            rf"/gemini/v1beta/{name}(:cancel|:download\?alt=media)?|/gemini/upload/v1beta/files",
            request.path,
        )


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_is_none_is_refused(name: str) -> None:
    """By whatever call, saying what a name looks like."""
    for collection, build in BUILDERS:
        with pytest.raises(UsageError, match=f"is not a name like {collection}/abc123"):
            build(name)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_of_the_service_is_not_trusted_either(name: str) -> None:
    """It breaks its contract where it names a batch or a file as nobody may."""
    operations: list[dict[str, Any]] = [
        {"name": name},
        {"metadata": {"name": name}},
        {"name": NAME, "response": {"responsesFile": name}},
        {"name": NAME, "metadata": {"output": {"responsesFile": name}}},
    ]
    for operation in operations:
        with pytest.raises(ProtocolError, match=r"^the service names a ") as raised:
            batches.parse_operation(ok(operation))
        assert str(raised.value).isprintable()
        assert () == batches.parse_list(ok({"operations": [operation]})).items


@given(ANY_NAME)
@example("files/abc")
def test_a_batch_is_not_a_file(name: str) -> None:
    """What the service names is in the collection that it belongs to."""
    try:
        found = batches.parse_operation(
            ok({"name": name, "response": {"responsesFile": f"files/{name[-5:]}"}})
        ).operation
    except ProtocolError:
        return
    assert NAMES.fullmatch(found.name)
    assert found.name.startswith("batches/")
    assert NAMES.fullmatch(found.responses_file or "")


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gemini-2.5-flash", "models/gemini-2.5-flash"),
        ("models/gemini-2.5-flash", "models/gemini-2.5-flash"),
        ("tunedModels/mine_1", "tunedModels/mine_1"),
    ],
)
def test_a_model_is_named_with_or_without_its_collection(model: str, name: str) -> None:
    """The path holds it whole."""
    request = batches.build_create(API, model, b"{}", 600.0)
    assert (
        Request(
            "POST",
            f"/gemini/v1beta/{name}:batchGenerateContent",
            {"content-type": "application/json"},
            b"{}",
            read_timeout=600.0,
        )
        == request
    )


@pytest.mark.parametrize(
    "model",
    [
        *("../files/x", "models/..", "models/", "models/a/b", "a b", "a?b", "a:b", "a#b", "a\n"),
        *("publishers/google/models/a", "-a", ".a", "\xe9", "x" * 129, "models/models/a", "a%2f"),
    ],
)
def test_what_is_no_model_is_refused(model: str) -> None:
    """It never becomes a part of a path."""
    with pytest.raises(UsageError, match="is not the name of a model") as raised:
        names.require_model(model)
    assert str(raised.value).isprintable()


@pytest.mark.parametrize("verb", ["batchGenerateContent", "asyncBatchEmbedContent"])
def test_a_batch_is_created_by_the_verb_of_its_method(verb: str) -> None:
    """On the model, and with all the time that the validation of a file takes."""
    request = batches.build_create(API, "gemini-x", b"{}", 600.0, verb)
    assert f"/gemini/v1beta/models/gemini-x:{verb}" == request.path
    assert (600.0, b"{}", "POST") == (request.read_timeout, request.body, request.method)


@pytest.mark.parametrize("model", [7, b"gemini-x", ["gemini-x"], object()])
def test_a_model_is_text(model: object) -> None:
    """Anything else is shown, safely, and refused."""
    with pytest.raises(UsageError, match="is not the name of a model"):
        names.require_model(model)


@pytest.mark.parametrize("name", [None, 7, b"batches/a", ["batches/a"]])
def test_a_name_is_text(name: Any) -> None:
    """Anything else is no name of anything."""
    for collection, build in BUILDERS:
        with pytest.raises(UsageError, match=f"is not a name like {collection}/abc123"):
            build(name)


@pytest.mark.parametrize("name", ["files/a", "files/a-1", "files/0", "files/" + "x" * 40])
def test_a_file_to_be_has_a_name_of_its_own_kind(name: str) -> None:
    """It is taken as it is."""
    assert name is names.require_own_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *("a", "files/", "files/A", "files/a_b", "files/-a", "files/a-", "files/" + "x" * 41),
        *("files/a\n", "files/\xe9", "batches/a", None, 7, *HOSTILE),
    ],
)
def test_a_file_to_be_of_another_name_is_refused(name: object) -> None:
    """The service is more particular than with names that it draws itself."""
    with pytest.raises(UsageError, match="cannot be the name of a file: take files/ and") as caught:
        names.require_own_name(name)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("model", [None, ""])
def test_a_model_must_be_given(model: str | None) -> None:
    """The error says how."""
    with pytest.raises(UsageError, match="give model="):
        names.require_model(model)


# Requests


def test_each_method_is_asked_for_as_documented() -> None:
    """Verb, path and body; all of them carry the key."""
    json_type = {"content-type": "application/json"}
    base = "/gemini/v1beta"
    for expected, request in (
        (Request("GET", f"{base}/{NAME}"), batches.build_get(API, NAME)),
        (
            Request("POST", f"{base}/{NAME}:cancel", json_type, b"{}"),
            batches.build_cancel(API, NAME),
        ),
        (Request("DELETE", f"{base}/{NAME}"), batches.build_delete(API, NAME)),
        (Request("GET", f"{base}/batches?pageSize=50"), batches.build_list(API, 50, "")),
        (Request("GET", f"{base}/batches"), batches.build_list(API, None, "")),
        (Request("GET", f"{base}/batches?pageToken=t"), batches.build_list(API, None, "t")),
        (Request("GET", f"{base}/files"), files.build_file_list(API, None, "")),
        (
            Request("GET", f"{base}/files?pageSize=100&pageToken=t"),
            files.build_file_list(API, 100, "t"),
        ),
        (Request("GET", f"{base}/files/abc"), files.build_file_get(API, "files/abc")),
        (Request("DELETE", f"{base}/files/abc"), files.build_file_delete(API, "files/abc")),
    ):
        assert expected == request
        assert request.keyed


def test_a_page_token_is_quoted() -> None:
    """It is the service's own, and may hold anything."""
    path = batches.build_list(API, 5, "a+b/c=&key=x \r\n\xe9").path
    assert (
        "/gemini/v1beta/batches?pageSize=5&pageToken=a%2Bb%2Fc%3D%26key%3Dx%20%0D%0A%C3%A9" == path
    )


def test_requests_do_not_share_headers() -> None:
    """What a transport adds to one does not appear in the next."""
    batches.build_cancel(API, NAME).headers["x-goog-api-key"] = "secret"
    assert {"content-type": "application/json"} == batches.build_cancel(API, NAME).headers


def test_a_batch_is_created_from_a_file() -> None:
    """By its name."""
    assert {
        "batch": {"displayName": "sky [gb-a]", "inputConfig": {"fileName": "files/abc"}}
    } == json.loads(batches.file_batch("sky [gb-a]", "files/abc"))


def test_a_batch_is_created_from_requests() -> None:
    """They are nested twice, and stay as they were encoded."""
    requests = b'[{"request": {"contents":[]},"metadata":{"key":"0"}}]'
    body = batches.inline_batch('"sky"', requests)
    assert requests in body
    assert {
        "batch": {
            "displayName": '"sky"',
            "inputConfig": {"requests": {"requests": json.loads(requests)}},
        }
    } == json.loads(body)


def test_no_request_holds_a_key() -> None:
    """The transport adds it, to a header: no path and no header made here has room for one."""
    session = uploads.parse_upload_start(begun("https://proxy.example/upload?upload_id=x"), API)
    requests = [
        *(build("batches/a" if kind == "batches" else "files/a") for kind, build in BUILDERS),
        batches.build_create(API, "m", b"{}", 1.0),
        batches.build_list(API, 5, "token"),
        uploads.build_chunk(session, 0, b"", last=True),
        uploads.build_query(session),
    ]
    for request in requests:
        assert not re.search(r"[?&]key=", request.path)
        assert not {"x-goog-api-key", "authorization"} & {name.lower() for name in request.headers}
