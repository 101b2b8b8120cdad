"""What is asked of the service, and how its replies are read."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, strategies as st

from gemini_batch.effects import Request, Response
from gemini_batch.endpoints import batches, files, names, replies, uploads
from gemini_batch.endpoints.files import Download
from gemini_batch.endpoints.uploads import Received, UploadSession
from gemini_batch.errors import (
    ApiError,
    AuthenticationError,
    ConflictError,
    GeminiBatchError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    ProtocolError,
    RateLimitError,
    ServerError,
    UsageError,
)
from gemini_batch.models.base import Timestamp
from gemini_batch.models.file import File, FileState
from gemini_batch.models.operation import BatchOperation, BatchState, BatchStats
from gemini_batch.models.status import Status
from gemini_batch.settings import DEFAULT_ORIGIN, Api
from tests import payloads
from tests.payloads import NAME

API = Api("https://proxy.example", "/gemini", "v1beta", "the variable GEMINI_API_KEY")
NAMES = re.compile(r"^(batches|files)/[A-Za-z0-9_-]{1,64}$", re.ASCII)
ESCAPE = "\x1b]0;owned\x07"


def ok(tree: object, **headers: str) -> Response:
    """Return a reply of 200."""
    return Response(200, headers, payloads.body(tree))


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
        for parse, tree in (
            (batches.parse_operation, operation),
            (batches.parse_list, {"operations": [operation]}),
        ):
            with pytest.raises(ProtocolError, match=r"^the service names a ") as raised:
                parse(ok(tree))
            assert str(raised.value).isprintable()


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


# Success and failure


@pytest.mark.parametrize("status", [200, 201, 204, 206])
def test_success_is_accepted(status: int) -> None:
    """Whether a body is to be there, the reading of it says."""
    response = Response(status)
    assert response is replies.accept(response, API)


@pytest.mark.parametrize("status", [100, 101, 103, 199])
def test_an_interim_status_is_no_reply(status: int) -> None:
    """It cannot be the last word."""
    with pytest.raises(ProtocolError, match=f"the unexpected status {status}"):
        replies.accept(Response(status), API)


@pytest.mark.parametrize(
    ("location", "named"),
    [
        ("https://evil.example/x?key=secret", "redirects to evil.example;"),
        ("https://user:secret@evil.example/", "redirects to evil.example;"),
        ("//evil.example", "redirects to evil.example;"),
        ("/elsewhere", "redirects to nowhere;"),
        ("", "redirects to nowhere;"),
        ("http://[", "redirects to nowhere;"),
        ("https://\x9b\u202e.example", r"redirects to \x9b\u202e.example;"),
    ],
)
@pytest.mark.parametrize("status", [301, 302, 303, 304, 307, 308])
def test_a_redirect_is_refused(status: int, location: str, named: str) -> None:
    """It is not followed, and the error names the host and nothing secret."""
    with pytest.raises(ProtocolError) as raised:
        replies.accept(Response(status, {"location": location}), API)
    assert named in str(raised.value)
    assert "secret" not in str(raised.value)
    assert str(raised.value).isprintable()


@pytest.mark.parametrize("status", [201, 202, 204, 206])
@pytest.mark.parametrize("parse", [batches.parse_operation, batches.parse_list, files.parse_file])
def test_a_body_comes_with_200_only(parse: Callable[[Response], Any], status: int) -> None:
    """A part of a reply, or none, is not read as a whole one."""
    with pytest.raises(ProtocolError, match=f"the unexpected status {status}"):
        parse(Response(status, {}, payloads.body(payloads.pending())))


KEY_ADVICE = "Check the API key: it came from the variable GEMINI_API_KEY"


@pytest.mark.parametrize(
    ("code", "envelope", "kind"),
    [
        (
            400,
            payloads.error(
                400,
                "INVALID_ARGUMENT",
                "That key is not valid.",
                payloads.error_info("API_KEY_INVALID"),
            ),
            AuthenticationError,
        ),
        (
            401,
            payloads.error(
                401,
                "UNAUTHENTICATED",
                "These credentials are not valid.",
                payloads.error_info("ACCESS_TOKEN_TYPE_UNSUPPORTED"),
            ),
            AuthenticationError,
        ),
        (401, {}, AuthenticationError),
        (
            403,
            payloads.error(
                403, "PERMISSION_DENIED", "This method is not for unregistered callers."
            ),
            AuthenticationError,
        ),
        (
            403,
            payloads.error(403, "PERMISSION_DENIED", "You may not, or there is no such file."),
            PermissionDeniedError,
        ),
        (400, payloads.error(400, "INVALID_ARGUMENT", "No such field."), InvalidRequestError),
        (
            400,
            payloads.error(400, "FAILED_PRECONDITION", "Too large.", {"@type": "new", "x": 1}),
            InvalidRequestError,
        ),
        (404, payloads.error(404, "NOT_FOUND", "No such batch."), NotFoundError),
        (409, payloads.error(409, "ALREADY_EXISTS", "There is one."), ConflictError),
        (418, payloads.error(418, "TEAPOT", "Short."), ApiError),
        (
            429,
            payloads.error(
                429,
                "RESOURCE_EXHAUSTED",
                "Slow down.",
                payloads.quota_failure("PerMinute"),
                payloads.retry_info("31.5s"),
            ),
            RateLimitError,
        ),
        (500, payloads.error(500, "INTERNAL", "Something broke."), ServerError),
        (503, payloads.error(503, "UNAVAILABLE", "Overloaded."), ServerError),
    ],
)
def test_a_refusal_is_read(code: int, envelope: dict[str, Any], kind: type[ApiError]) -> None:
    """Its class, its words, its details, and for a key where that came from."""
    with pytest.raises(ApiError) as raised:
        replies.accept(Response(code, {}, payloads.body(envelope)), API)
    error, inner = raised.value, envelope.get("error", {})
    assert kind is type(error)
    assert code == error.code
    assert inner.get("status", "") == error.status
    assert inner.get("message", "{}") == error.message
    assert tuple(inner.get("details", ())) == error.details
    assert (KEY_ADVICE in str(error)) == (kind is AuthenticationError)
    assert (31.5 if code == 429 else None) == error.retry_after


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", ""),
        (b"<html><title>502 Bad Gateway</title></html>", "<html><title>502 Bad Gateway</title>"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"null", "null"),
        (b"[]", "[]"),
        (b"[[]]", "[[]]"),
        (b"42", "42"),
        (b'{"error": "flat text"}', '{"error": "flat text"}'),
        (b'{"error": []}', '{"error": []}'),
        (b'{"error": {"message": null, "status": null}}', '{"error": {"message": null'),
        (
            b'[{"error": {"code": 502, "message": "In a list.", "status": "INTERNAL"}}]',
            "In a list.",
        ),
        (b'{"error": {"message": 7}}', "7"),
        (b'{"error": {"message": "a\\u003cb"}}', "a<b"),
        (ESCAPE.encode(), ESCAPE),
        (b"[" * 200_000, "[["),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_failure_is_one_whatever_its_body(body: bytes, message: str) -> None:
    """HTML, nothing, a list, or another kind of JSON: the status says what it is."""
    error = replies.api_error(Response(502, {}, body), API)
    assert type(error) is ServerError
    assert error.message.startswith(message)
    assert () == error.details
    assert "None" not in str(error)
    assert str(error).isprintable()
    assert 600 > len(str(error))


def test_a_huge_body_is_not_kept() -> None:
    """A few lines of it are enough, and fewer are shown."""
    error = replies.api_error(Response(500, {}, b"<p>" * 1_000_000), API)
    assert 2000 == len(error.message)
    assert 600 > len(str(error))
    error = replies.api_error(
        Response(500, {}, payloads.body(payloads.error(500, "INTERNAL", "x" * 100_000))), API
    )
    assert 600 > len(str(error))


@pytest.mark.parametrize(
    ("details", "kept", "reason"),
    [
        (None, (), ""),
        ({}, (), ""),
        ("text", (), ""),
        ([None, 1, "x", []], (), ""),
        ([{}, {"@type": "new", "deep": [{}]}], ({}, {"@type": "new", "deep": [{}]}), ""),
        ([{"reason": None}, {"reason": "LATER"}], ({"reason": None}, {"reason": "LATER"}), "LATER"),
        (
            [{"reason": ["API_KEY_INVALID"]}],
            ({"reason": ["API_KEY_INVALID"]},),
            "['API_KEY_INVALID']",
        ),
    ],
)
def test_details_are_kept_as_plain_json(
    details: object, kept: tuple[object, ...], reason: str
) -> None:
    """What is not an object is no detail; of what is, nothing is lost, and nothing is required."""
    envelope = payloads.body({"error": {"message": "No.", "details": details}})
    error = replies.api_error(Response(400, {}, envelope), API)
    assert type(error) is InvalidRequestError
    assert (kept, reason) == (error.details, error.reason)


def test_a_wait_is_read_from_the_headers_too() -> None:
    """They are those of the same reply."""
    assert 7.0 == replies.api_error(Response(503, {"retry-after": "7"}), API).retry_after


@given(
    st.integers(400, 599),
    st.binary(max_size=60)
    | st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["error", "message", "details", "reason"]), inner)
        ),
    ).map(payloads.body),
)
def test_no_body_breaks_the_reading_of_a_failure(status: int, body: bytes) -> None:
    """Whatever the service sends with a failure, it is an error of that status."""
    error = replies.api_error(Response(status, {}, body), API)
    assert status == error.code
    assert str(error).isprintable()


# Batches

MEMBERS = [
    *("name", "metadata", "response", "output", "error", "done", "state", "operations", "@type"),
    *("responsesFile", "inlinedResponses", "batchStats", "requestCount"),
]


def look(tree: object) -> BatchOperation:
    """Read an operation."""
    return batches.parse_operation(ok(tree)).operation


def test_a_pending_batch_is_read() -> None:
    """What is absent is false, zero or nothing."""
    assert BatchOperation(
        NAME,
        BatchState.PENDING,
        done=False,
        display_name="sky",
        label=payloads.LABEL,
        raw_display_name=f"sky [{payloads.LABEL}]",
        model="models/gemini-2.5-flash",
        create_time=Timestamp.parse("2026-03-01T09:15:27.123456789Z"),
        update_time=Timestamp.parse("2026-03-01T09:15:27.123456789Z"),
        stats=BatchStats(2, 0, 0, 2),
        embeddings=False,
    ) == look(payloads.pending())


def test_inlined_results_are_read_once() -> None:
    """They come twice, and stay undecoded."""
    seen = batches.parse_operation(ok(payloads.succeeded_inline()))
    assert seen.operation.done
    assert seen.operation.inlined
    assert seen.operation.has_output
    assert seen.operation.responses_file is None
    assert BatchStats(2, 1, 1, 0) == seen.operation.stats
    assert ["0", "1"] == [json.loads(bytes(one))["metadata"]["key"] for one in seen.inlined]


@pytest.mark.parametrize("missing", ["response", "metadata"])
def test_results_are_found_in_either_place(missing: str) -> None:
    """One of the two may be missing, or be there without its results."""
    for tree in (payloads.succeeded_inline(), payloads.succeeded_file()):
        whole = batches.parse_operation(ok(tree))
        if missing == "response":
            without = {**tree, "response": {"@type": "anything"}}, {**tree, "response": None}
        else:
            described = {k: v for k, v in tree["metadata"].items() if k != "output"}
            without = (
                {**tree, "metadata": described},
                {
                    **tree,
                    "metadata": {**described, "output": {}},
                },
            )
        for one in without:
            seen = batches.parse_operation(ok(one))
            assert whole.operation == seen.operation
            assert [json.loads(bytes(raw)) for raw in whole.inlined] == [
                json.loads(bytes(raw)) for raw in seen.inlined
            ]


def test_results_in_a_file_are_read() -> None:
    """The file has a longer name than any that a caller may choose."""
    operation = look(payloads.succeeded_file())
    assert payloads.RESULTS_FILE == operation.responses_file
    assert "files/u8w2k5n1" == operation.input_file
    assert not operation.inlined
    assert operation.end_time is not None
    assert 800_000 == operation.end_time.microsecond


def test_an_answer_that_was_cut_within_a_character_spoils_no_other() -> None:
    """Half of an emoji, which models write where they run into their limit, is delivered."""
    tree = payloads.succeeded_inline()
    tree["response"]["inlinedResponses"]["inlinedResponses"][0] = {
        "response": payloads.answer("cut \ud83d")
    }
    seen = batches.parse_operation(ok(tree))
    assert seen.operation.done
    cut, failed = (json.loads(bytes(one)) for one in seen.inlined)
    assert payloads.answer("cut \ud83d") == cut["response"]
    assert {"code": 4} == failed["error"]
    page = batches.parse_list(ok({"operations": [tree], "nextPageToken": "t"}))
    assert (seen.operation,) == page.items


@pytest.mark.parametrize("nested", [{}, {"inlinedResponses": []}, {"inlinedResponses": None}])
def test_no_results_are_results(nested: object) -> None:
    """An empty list is not sent; the output is there all the same."""
    seen = batches.parse_operation(ok({"name": NAME, "response": {"inlinedResponses": nested}}))
    assert seen.operation.has_output
    assert () == seen.inlined


def test_a_cancelled_batch_is_read() -> None:
    """Its error has a code of gRPC."""
    operation = look(payloads.cancelled())
    assert BatchState.CANCELLED is operation.state
    assert operation.error is not None
    assert (13, "INTERNAL") == (operation.error.code, operation.error.status)
    assert BatchStats(2, 0, 0, 2) == operation.stats


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({"name": NAME}, {}),
        ({"metadata": {"name": NAME}}, {}),
        ({"name": NAME, "metadata": None, "error": None, "done": None, "response": None}, {}),
        ({"name": NAME, "metadata": {}, "done": True}, {"done": True}),
        ({"name": NAME, "done": True, "error": {}}, {"done": True, "error": Status()}),
        (
            {"name": NAME, "metadata": {"batchStats": {"requestCount": "3"}}},
            {"stats": BatchStats(3)},
        ),
        (
            {"name": NAME, "metadata": {"displayName": "of another client"}},
            {"display_name": "of another client", "raw_display_name": "of another client"},
        ),
        ({"name": NAME, "metadata": {"@type": 7, "newMember": {"x": [1]}}}, {}),
        ({"name": NAME, "metadata": {"@type": payloads.TYPE + "Other"}}, {}),
        (
            {"name": NAME, "metadata": {"@type": payloads.TYPE + "EmbedContentBatch"}},
            {"embeddings": True},
        ),
        ({"name": NAME, "metadata": {"inputConfig": {"requests": {}}}}, {}),
    ],
)
def test_little_is_enough(tree: object, expected: dict[str, Any]) -> None:
    """Every member may be absent but the name; a count that is not told is not 0."""
    assert BatchOperation(NAME, BatchState.UNSPECIFIED, **expected) == look(tree)


@pytest.mark.parametrize(
    ("wire", "state", "recognised"),
    [
        ("BATCH_STATE_RUNNING", "RUNNING", True),
        ("JOB_STATE_RUNNING", "RUNNING", True),
        ("BATCH_STATE_UNSPECIFIED", "UNSPECIFIED", True),
        ("BATCH_STATE_PAUSED", "PAUSED", False),
        ("", "UNSPECIFIED", True),
    ],
)
def test_a_state_is_read(wire: str, state: str, recognised: bool) -> None:  # noqa: FBT001
    """Either prefix is taken off, and a new name is kept."""
    operation = look({"name": NAME, "metadata": {"state": wire}})
    assert (state, recognised) == (operation.state, operation.state.recognised)


@pytest.mark.parametrize(
    "tree",
    [
        None,
        [],
        {},
        {"name": 7},
        {"name": NAME, "metadata": []},
        {"name": NAME, "metadata": {"state": 3}},
        {"name": NAME, "metadata": {"createTime": "today"}},
        {"name": NAME, "metadata": {"batchStats": {"requestCount": "many"}}},
        {"name": NAME, "done": "true"},
        {"name": NAME, "error": "broken"},
        {"name": NAME, "response": 7},
        {"name": NAME, "response": {"responsesFile": 7}},
        {"name": NAME, "response": {"inlinedResponses": []}},
        {"name": NAME, "response": {"inlinedResponses": {"inlinedResponses": {}}}},
    ],
)
def test_what_is_no_operation_breaks_the_contract(tree: object) -> None:
    """It is never read as something else."""
    with pytest.raises(ProtocolError):
        look(tree)


def test_a_page_is_read() -> None:
    """In the order of the service, with the token of the next one."""
    first, second = payloads.pending(), payloads.succeeded_file()
    page = batches.parse_list(ok({"operations": [first, second], "nextPageToken": "t+/="}))
    assert (look(first), look(second)) == page.items
    assert "t+/=" == page.next_page_token


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"operations": []}', b'{"operations": null, "nextPageToken": ""}']
)
def test_an_empty_page_is_read(body: bytes) -> None:
    """Where there is nothing to tell, every member is absent."""
    page = batches.parse_list(Response(200, {}, body))
    assert ((), "") == (page.items, page.next_page_token)


@pytest.mark.parametrize(
    "body", [b"[]", b"x", b'{"operations": {}}', b'{"operations": [7]}', b'{"nextPageToken": 7}']
)
def test_what_is_no_page_breaks_the_contract(body: bytes) -> None:
    """An end of the list is not made up."""
    with pytest.raises(ProtocolError):
        batches.parse_list(Response(200, {}, body))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(NAME),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(
                st.sampled_from(MEMBERS),
                inner,
            )
        ),
    )
)
def test_only_errors_of_this_package_come_of_a_reply(tree: object) -> None:
    """Whatever the service says, it is read or refused by name."""
    for parse in (batches.parse_operation, batches.parse_list, files.parse_file):
        try:
            parse(ok(tree))
        except ProtocolError as error:
            assert str(error).isprintable()  # noqa: PT017 - either outcome is right


# Uploads


def test_an_upload_is_begun() -> None:
    """The name is the caller's, so that a lost reply can be looked into."""
    request = uploads.build_upload_start(API, "files/gb-abc", "sky", 73519, "application/jsonl")
    assert "POST /gemini/upload/v1beta/files" == f"{request.method} {request.path}"
    assert {
        "content-type": "application/json",
        "x-goog-upload-protocol": "resumable",
        "x-goog-upload-command": "start",
        "x-goog-upload-header-content-length": "73519",
        "x-goog-upload-header-content-type": "application/jsonl",
    } == request.headers
    assert {
        "file": {"name": "files/gb-abc", "displayName": "sky", "mimeType": "application/jsonl"}
    } == json.loads(request.body)
    assert request.keyed


def begun(url: str, granularity: str = "8388608") -> Response:
    """Return the reply to the start of an upload."""
    return Response(200, {"x-goog-upload-url": url, "x-goog-upload-chunk-granularity": granularity})


@pytest.mark.parametrize(
    ("url", "path"),
    [
        # Our own origin: what it says is the path, prefix and all.
        ("https://proxy.example/gemini/upload/s?upload_id=x", "/gemini/upload/s?upload_id=x"),
        # Google's: a proxy passed it on as it was, so the prefix is added.
        (
            f"{DEFAULT_ORIGIN}/upload/v1beta/files?upload_id=x",
            "/gemini/upload/v1beta/files?upload_id=x",
        ),
        (f"{DEFAULT_ORIGIN}/upload#fragment", "/gemini/upload?"),
    ],
)
def test_a_session_is_used_on_our_own_origin(url: str, path: str) -> None:
    """Whatever host it names, only path and query are kept, and they are not shown."""
    session = uploads.parse_upload_start(begun(url), API)
    assert UploadSession(path, 8388608) == session
    assert "UploadSession(granularity=8388608)" == repr(session)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/upload?upload_id=secret",
        "http://proxy.example/upload?upload_id=secret",
        "https://proxy.example:8443/upload?upload_id=secret",
        "https://proxy.example.evil.example/upload?upload_id=secret",
        "https://proxy.example@evil.example/upload?upload_id=secret",
        "https://user:secret@proxy.example/upload",
        "https://generativelanguage.googleapis.com.evil.example/upload?upload_id=secret",
        "http://generativelanguage.googleapis.com/upload?upload_id=secret",
        "https://169.254.169.254/latest?upload_id=secret",
        "https://[::1]/upload?upload_id=secret",
        "http://[",
        "file:///etc/passwd?secret",
        "//evil.example/upload?secret",
        "/upload?upload_id=secret",
        "upload?secret",
        "https://proxy.example",
        "https://proxy.example?upload_id=secret",
        f"https://{ESCAPE}/upload?upload_id=secret",
    ],
)
def test_a_session_elsewhere_is_refused(url: str) -> None:
    """Nothing is sent to a host that is neither ours nor Google's, and the secret is not shown."""
    with pytest.raises(ProtocolError, match="nothing was sent there") as raised:
        uploads.parse_upload_start(begun(url), API)
    assert "secret" not in str(raised.value)
    assert str(raised.value).isprintable()


def test_a_session_must_be_named() -> None:
    """Without an address there is no upload."""
    with pytest.raises(ProtocolError, match="without the header X-Goog-Upload-URL"):
        uploads.parse_upload_start(Response(200), API)


@pytest.mark.parametrize(
    ("granularity", "expected"),
    [
        ("262144", 262144),
        ("", uploads.DEFAULT_GRANULARITY),
        ("0", uploads.DEFAULT_GRANULARITY),
        ("-1", uploads.DEFAULT_GRANULARITY),
        ("8 MiB", uploads.DEFAULT_GRANULARITY),
        ("\u0668", uploads.DEFAULT_GRANULARITY),
        ("9" * 5000, uploads.DEFAULT_GRANULARITY),
    ],
)
def test_the_granularity_is_the_services(granularity: str, expected: int) -> None:
    """Nonsense is replaced by what it usually is."""
    url = "https://proxy.example/upload?upload_id=x"
    session = uploads.parse_upload_start(begun(url, granularity), API)
    assert expected == session.granularity


@pytest.mark.parametrize(
    ("last", "command"), [(False, "upload"), (True, "upload, finalize")], ids=str
)
def test_a_chunk_is_sent_without_the_key(last: bool, command: str) -> None:  # noqa: FBT001
    """The session is a secret of its own."""
    session = UploadSession("/upload?upload_id=x", 4)
    headers = {
        "x-goog-upload-command": command,
        "x-goog-upload-offset": "8",
        "content-type": "application/octet-stream",
    }
    expected = Request("POST", "/upload?upload_id=x", headers, b"four", keyed=False)
    assert expected == uploads.build_chunk(session, 8, b"four", last=last)


def test_a_session_is_queried_without_the_key() -> None:
    """How far it came, the session itself tells."""
    headers = {"x-goog-upload-command": "query"}
    expected = Request("POST", "/upload?upload_id=x", headers, keyed=False)
    assert expected == uploads.build_query(UploadSession("/upload?upload_id=x"))


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        ({"x-goog-upload-status": "active"}, b"", Received(final=False)),
        (
            {"x-goog-upload-status": "active", "x-goog-upload-size-received": "8388608"},
            b"",
            Received(final=False, size=8388608),
        ),
        ({"x-goog-upload-size-received": "0"}, b"", Received(final=False, size=0)),
        ({}, b"", Received(final=False)),
        ({"x-goog-upload-status": "cancelled"}, b"", Received(final=False)),
        ({"x-goog-upload-status": "final"}, b"", Received(final=True)),
        ({"x-goog-upload-status": "final"}, b" \n", Received(final=True)),
        ({"x-goog-upload-status": "final"}, b"{}", Received(final=True)),
        ({"x-goog-upload-status": "final"}, b'{"file": null}', Received(final=True)),
        (
            {"x-goog-upload-status": "final"},
            b'{"file": {"name": "files/a"}}',
            Received(final=True, file=File("files/a")),
        ),
    ],
)
def test_what_arrived_is_read(headers: dict[str, str], body: bytes, expected: Received) -> None:
    """The headers say how far, and the last reply holds the file."""
    assert expected == uploads.parse_received(Response(200, headers, body))


@pytest.mark.parametrize("size", ["-1", "x", "1.5", "\u0663", "9" * 30])
def test_a_size_that_makes_no_sense_breaks_the_contract(size: str) -> None:
    """Nothing is sent from an offset that was guessed."""
    with pytest.raises(ProtocolError, match="less than nothing"):
        uploads.parse_received(Response(200, {"x-goog-upload-size-received": size}))


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"file": 7}'])
def test_a_last_reply_that_is_no_file_breaks_the_contract(body: bytes) -> None:
    """The file is not made up."""
    with pytest.raises(ProtocolError):
        uploads.parse_received(Response(200, {"x-goog-upload-status": "final"}, body))


def test_a_file_is_read() -> None:
    """It has no wrapper here."""
    file = files.parse_file(ok(payloads.file()))
    assert ("files/u8w2k5n1", 73519, FileState.ACTIVE) == (file.name, file.size_bytes, file.state)


# Downloads


@pytest.mark.parametrize(
    ("offset", "etag", "headers"),
    [
        (0, "", {}),
        (0, '"v1"', {}),
        (500, "", {"range": "bytes=500-"}),
        (500, '"v1"', {"range": "bytes=500-", "if-range": '"v1"'}),
    ],
)
def test_a_download_begins_where_the_last_one_ended(
    offset: int, etag: str, headers: dict[str, str]
) -> None:
    """Only of the same file, where that can be told."""
    path = f"/gemini/v1beta/{payloads.RESULTS_FILE}:download?alt=media"
    request = files.build_download(API, payloads.RESULTS_FILE, offset, etag)
    assert Request("GET", path, headers) == request


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (200, {}, Download(0, None, "")),
        (200, {"content-length": "1000", "etag": '"v1"'}, Download(0, 1000, '"v1"')),
        (200, {"content-length": "0"}, Download(0, 0, "")),
        (200, {"content-length": "many"}, Download(0, None, "")),
        (200, {"content-length": "-1"}, Download(0, None, "")),
        (200, {"content-encoding": "identity"}, Download(0, None, "")),
        (206, {"content-range": "bytes 500-999/1000"}, Download(500, 1000, "")),
        (206, {"content-range": "bytes 500-999/*", "etag": '"v1"'}, Download(500, None, '"v1"')),
    ],
)
def test_the_head_of_a_download_is_read(
    status: int, headers: dict[str, str], expected: Download
) -> None:
    """Where its bytes begin, and how long the file is if that is told."""
    assert expected == files.parse_download(Response(status, headers))


@pytest.mark.parametrize(
    "content_range",
    [
        *(None, "", "bytes */1000", "bytes 500-/1000", "bytes -500/1000", "items 0-1/2"),
        *("bytes 500-999", "bytes 500-999/x", "bytes a-b/c", "bytes \u0663-9/10", "bytes=0-1/2"),
    ],
)
def test_a_part_that_does_not_say_which_is_refused(content_range: str | None) -> None:
    """Bytes are never put where they may not belong."""
    headers = {} if content_range is None else {"content-range": content_range}
    with pytest.raises(ProtocolError, match="does not say which"):
        files.parse_download(Response(206, headers))


@pytest.mark.parametrize("status", [201, 202, 203, 204])
def test_another_success_is_no_download(status: int) -> None:
    """Only 200 and 206 have bytes of the file."""
    with pytest.raises(ProtocolError, match=f"the unexpected status {status}"):
        files.parse_download(Response(status))


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate, gzip"])
def test_a_compressed_download_is_refused(encoding: str) -> None:
    """Its length and offsets would be those of something else."""
    with pytest.raises(ProtocolError, match="compressed"):
        files.parse_download(Response(200, {"content-encoding": encoding}))


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


def test_errors_of_a_reply_are_of_this_package() -> None:
    """A caller who catches the base catches them all."""
    for status in (199, 302, 404, 500):
        with pytest.raises(GeminiBatchError):
            replies.accept(Response(status), API)
