"""What every reply has in common: success, a page, or an error of the API."""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, strategies as st

from gemini_batch.effects import Request, Response
from gemini_batch.endpoints import batches, files, replies, uploads
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
)
from tests import payloads
from tests.unit.exchanges import API, ESCAPE, ok

SESSION = uploads.UploadSession("/secret/v1beta/secret?upload_id=secret")


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


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "br", "deflate, gzip", "identity, gzip"])
@pytest.mark.parametrize("parse", [batches.parse_operation, batches.parse_list, files.parse_file])
def test_a_compressed_body_is_refused(parse: Callable[[Response], Any], encoding: str) -> None:
    """Even one that could be read: what it is said to be is not what was asked for."""
    with pytest.raises(ProtocolError, match="compressed its reply although it was asked not to"):
        parse(Response(200, {"content-encoding": encoding}, payloads.body(payloads.pending())))


@pytest.mark.parametrize("encoding", ["", "identity", "Identity"])
def test_a_body_may_say_that_it_is_not_compressed(encoding: str) -> None:
    """Then it is read as any other."""
    told = Response(200, {"content-encoding": encoding}, payloads.body(payloads.pending()))
    silent = Response(200, {}, payloads.body(payloads.pending()))
    assert batches.parse_operation(silent) == batches.parse_operation(told)


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


def test_errors_of_a_reply_are_of_this_package() -> None:
    """A caller who catches the base catches them all."""
    for status in (199, 302, 404, 500):
        with pytest.raises(GeminiBatchError):
            replies.accept(Response(status), API)


# Pages


@pytest.mark.parametrize(
    ("size", "token", "path"),
    [
        (None, "", "files"),
        (5, "", "files?pageSize=5"),
        (None, "t", "files?pageToken=t"),
        (5, "a&b=c", "files?pageSize=5&pageToken=a%26b%3Dc"),
    ],
)
def test_a_page_is_asked_for(size: int | None, token: str, path: str) -> None:
    """What is not told is left to the service."""
    assert path == replies.paged("files", size, token)


def read(raw: Any) -> str:
    """Read a text of at most one letter."""
    text = str(json.loads(bytes(raw)))
    if len(text) > 1:
        raise ProtocolError(f"{text} is too long")
    return text


def test_what_cannot_be_read_hides_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    """It is left out with a warning, unless it may be the very one that is looked for."""
    found, token = replies.page_of(
        ok({"things": ["a", "long", "b"], "nextPageToken": "t"}), "things"
    )
    assert "t" == token

    with caplog.at_level(logging.WARNING, "gemini_batch"):
        assert ("a", "b") == replies.legible(found, read, "thing")
        assert ("a", "b") == replies.legible(found, read, "thing", b"other")

    said = "a thing in the list cannot be read, and is left out: long is too long"
    assert [said, said] == caplog.messages
    with pytest.raises(ProtocolError, match="long is too long"):
        replies.legible(found, read, "thing", b"lon")


def test_a_page_of_other_things_has_none_of_these() -> None:
    """Only the member asked for is looked at."""
    assert ([], "") == replies.page_of(ok({"others": [1]}), "things")


@pytest.mark.parametrize(
    ("path", "subject"),
    [
        ("/v1beta/batches/abc:cancel", "batches/abc"),
        ("/gemini/v1beta/files/a-b:download?alt=media", "files/a-b"),
        ("/v1beta/models/gemini-2.5-flash:batchGenerateContent", "models/gemini-2.5-flash"),
        ("/v1beta/tunedModels/mine:asyncBatchEmbedContent", "tunedModels/mine"),
        ("/v1beta/batches?pageSize=5", ""),
        ("/upload/v1beta/files", ""),
    ],
)
def test_an_error_names_what_was_asked_for(path: str, subject: str) -> None:
    """If it was about one thing."""
    request = Request("GET", path)
    assert subject == replies.subject_of(request)
    with pytest.raises(NotFoundError) as caught:
        replies.accept(Response(404, {}, b""), API, request)
    assert (subject or "Not") in f"{caught.value} {type(caught.value).__name__}"


# What a request and a reply say of themselves


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (batches.build_get(API, "batches/abc"), "GET batches/abc"),
        (batches.build_list(API, 100, "secret"), "GET batches"),
        (batches.build_cancel(API, "batches/abc"), "POST batches/abc:cancel"),
        (batches.build_create(API, "models/x", b"", 1.0), "POST models/x:batchGenerateContent"),
        (files.build_download(API, "files/abc", 0, ""), "GET files/abc:download"),
        (uploads.build_upload_start(API, "files/abc", "", 1, "text/plain"), "POST files"),
        (uploads.build_chunk(SESSION, 0, b"a", last=True), "upload (upload, finalize)"),
        (uploads.build_query(SESSION), "upload (query)"),
        (Request("PUT", SESSION.path, keyed=False), "upload ()"),
    ],
)
def test_a_request_is_told_in_words(request_: Request, words: str) -> None:
    """What it is about, and nothing that is secret."""
    assert words == replies.operation_of(request_)


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        ("Sun, 01 Mar 2026 09:15:27 GMT", 1772356527.0),
        ("Sun, 01 Mar 2026 10:15:27 +0100", 1772356527.0),
        ("Sun, 01 Mar 2026 09:15:27 -0000", None),
        ("Sun, 01 Mar 2026 09:15:27", None),
        ("Sun, 01 Mar 99999999999999 09:16:27 GMT", None),
        ("Sun, 99 Mar 2026 09:16:27 GMT", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_a_reply_is_dated_by_the_service(date: str | None, seconds: float | None) -> None:
    """By nobody else: what is no date, or one of no known place, is none."""
    assert seconds == replies.date_of(Response(200, {} if date is None else {"date": date}))
