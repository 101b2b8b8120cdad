"""A file of requests arrives whole and once, whatever happens to its chunks."""

import re
from typing import Any

import pytest

from gemini_batch import (
    ApiError,
    Delivery,
    InvalidRequestError,
    NotFoundError,
    ProtocolError,
    ServerError,
    TransportError,
    UploadOutcomeUnknownError,
)
from gemini_batch.effects import Send
from gemini_batch.emulator import Emulator
from tests.conformance.facades import Facade
from tests.conformance.scenes import assert_answered, named, prompts

SMALL = prompts(3)
LARGE = prompts(30, size=18_000)
"""Requests of some three chunks."""

CHUNK = named(
    "upload-chunk",
    "return-408",
    "return-429",
    "return-503*3",
    "return-503-after-100K",
    "return-503-after-acting",
    "reset-after-100K",
    "reset-after-64K*3",
    "reset-before-acting",
    "reset-after-acting",
    "close-before-acting",
    "close-after-acting",
    "hang",
    "hang-after-acting",
    "html-502",
    "html-502-after-acting",
)


def assert_stored_once(emulator: Emulator) -> None:
    """Hold against each other what the service stored: each byte once, one after the other."""
    end = 0
    for act in emulator.acted.of("upload-chunk"):
        found = re.fullmatch(r"(\d+)\+(\d+)(, final)?", act.detail)
        assert found is not None
        assert end == int(found[1])
        end += int(found[2])
    assert end > 0


@CHUNK
def test_a_chunk_that_fails_is_resumed_where_the_service_has_it(
    client: Any, emulator: Emulator, fault: str
) -> None:
    """Every byte arrives once, and the answers prove that each prompt is whole."""
    emulator.faults.add("upload-chunk", fault)

    with client.submit(LARGE, via="file").results() as results:
        assert_answered(LARGE, results)
    assert_stored_once(emulator)
    assert 1 == emulator.acted.count("upload-start")
    assert 1 == emulator.acted.count("create")


@named(
    "upload-query",
    "return-503",
    "return-503*3",
    "reset-before-acting",
    "close-after-acting",
    "html-502",
    "no-size-received",
)
def test_asking_how_much_arrived_is_repeated(client: Any, emulator: Emulator, fault: str) -> None:
    """The question after a failed chunk may fail, too."""
    emulator.faults.add("upload-chunk", "return-503")
    emulator.faults.add("upload-query", fault)

    with client.submit(LARGE, via="file").results() as results:
        assert_answered(LARGE, results)
    assert_stored_once(emulator)


@named(
    "upload-start",
    "return-429",
    "return-503",
    "return-503-after-acting",
    "reset-before-acting",
    "reset-after-acting",
    "close-after-acting",
    "hang",
    "hang-after-acting",
    "html-502",
)
def test_an_upload_is_begun_again_where_its_beginning_was_lost(
    client: Any, emulator: Emulator, fault: str
) -> None:
    """A session that nobody knows of costs nothing; there is one file in the end."""
    emulator.faults.add("upload-start", fault)

    with client.submit(SMALL, via="file").results() as results:
        assert_answered(SMALL, results)
    assert 2 == emulator.seen.count("upload-start")
    assert 1 == emulator.acted.count("create")


@pytest.mark.parametrize("asked", [SMALL, LARGE], ids=["one_chunk", "three_chunks"])
def test_an_upload_too_large_for_one_chunk_goes_in_several(
    client: Any, emulator: Emulator, asked: list[str]
) -> None:
    """Chunks are multiples of what the service asks for, the last excepted."""
    client.submit(asked, via="file")

    assert_stored_once(emulator)
    sizes = [
        int(act.detail.split("+")[1].split(",")[0]) for act in emulator.acted.of("upload-chunk")
    ]
    assert {256 << 10} >= set(sizes[:-1])
    assert (asked is LARGE) == (len(sizes) > 2)


@named(
    "upload-chunk",
    "finalize-without-body",
    "reset-after-acting",
    "close-after-acting",
    "hang-after-acting",
    "return-503-after-acting",
    "broken-stream-after-10",
)
def test_a_file_whose_end_was_not_confirmed_is_looked_up(
    client: Any, emulator: Emulator, fault: str
) -> None:
    """We chose its name, so that a look settles whether it is there, which may take two."""
    emulator.faults.add("upload-chunk", fault)
    emulator.faults.add("file-get", "return-503")

    batch = client.submit(SMALL, via="file", label="gb-mine")

    assert "files/gb-mine" == batch.operation().input_file
    assert_stored_once(emulator)
    assert 1 == emulator.acted.count("upload-start")
    with batch.results() as results:
        assert_answered(SMALL, results)


@named("file-get", "return-403", "return-404")
def test_a_file_that_cannot_be_found_is_not_submitted(
    client: Any, emulator: Emulator, fault: str
) -> None:
    """Where the end of an upload is in doubt and the file not there, nothing is created."""
    emulator.faults.add("upload-chunk", "finalize-without-body")
    emulator.faults.add("file-get", fault)

    with pytest.raises(UploadOutcomeUnknownError, match="files/gb-mine") as raised:
        client.submit(SMALL, via="file", label="gb-mine")
    assert "files/gb-mine" == raised.value.name
    assert 0 == emulator.seen.count("create")


@pytest.mark.parametrize("operation", ["upload-chunk", "upload-query"])
@pytest.mark.parametrize("how", ["session-gone", "return-404", "return-410"])
def test_an_upload_begins_anew_where_its_session_is_gone(
    client: Any, emulator: Emulator, operation: str, how: str
) -> None:
    """Once: a session lives for a while only."""
    if operation == "upload-query":
        emulator.faults.add("upload-chunk", "return-503-after-100K")
    emulator.faults.add(operation, how)

    with client.submit(LARGE, via="file").results() as results:
        assert_answered(LARGE, results)
    assert 2 == emulator.acted.count("upload-start")
    assert 1 == emulator.acted.count("create")


def test_an_upload_begins_anew_once_only(client: Any, emulator: Emulator) -> None:
    """A second session that goes is an error, and nothing was created."""
    emulator.faults.add("upload-chunk", "session-gone*2")

    with pytest.raises(NotFoundError):
        client.submit(LARGE, via="file")
    assert 2 == emulator.acted.count("upload-start")
    assert 0 == emulator.seen.count("create")


@pytest.mark.parametrize(
    ("chunks", "query", "said"),
    [
        pytest.param(
            ["return-503"], "claim-size-received=99999999", "99999999 bytes", id="more_than_sent"
        ),
        pytest.param(["return-503"], "claim-size-received=-1", "less than nothing", id="negative"),
        pytest.param(["return-503*2"], "no-size-received*2", "does not say", id="unsaid_twice"),
    ],
)
def test_an_impossible_count_of_what_arrived_is_refused(
    client: Any, emulator: Emulator, chunks: list[str], query: str, said: str
) -> None:
    """A file is never put together from guesses."""
    for chunk in chunks:
        emulator.faults.add("upload-chunk", chunk)
    emulator.faults.add("upload-query", query)

    with pytest.raises(ProtocolError, match=said):
        client.submit(LARGE, via="file")
    assert 0 == emulator.seen.count("create")


def test_bytes_that_were_confirmed_cannot_be_taken_back(
    facade: Facade, client: Any, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that forgets a chunk it had confirmed is not to be trusted with the file."""
    faults = [("upload-chunk", "return-503"), ("upload-query", "claim-size-received=0")]

    def fail_the_second(effect: Any) -> Any:
        while faults and emulator.acted.count("upload-chunk"):
            emulator.faults.add(*faults.pop())
        return effect

    facade.watch_effects(monkeypatch, fail_the_second)

    with pytest.raises(ProtocolError, match="0 bytes of the upload arrived; between 262144"):
        client.submit(LARGE, via="file")
    assert 0 == emulator.seen.count("create")


@named("upload-chunk", "return-400", "return-403")
def test_a_refused_chunk_is_raised(client: Any, emulator: Emulator, fault: str) -> None:
    """What the service will not take is not sent again, and nothing was created."""
    emulator.faults.add("upload-chunk", fault)

    with pytest.raises(ApiError) as raised:
        client.submit(LARGE, via="file")
    assert fault == f"return-{raised.value.code}"
    assert 1 == emulator.seen.count("upload-chunk")
    assert 0 == emulator.seen.count("create")


def test_an_upload_gives_up_in_the_end(client: Any, emulator: Emulator) -> None:
    """Five failures without a byte of progress are raised."""
    emulator.faults.add("upload-chunk", "return-503*5")

    with pytest.raises(ServerError):
        client.submit(LARGE, via="file")
    assert 5 == emulator.seen.count("upload-chunk")


def test_a_service_that_goes_away_while_uploading_is_waited_for(
    client: Any,
    facade: Facade,
    emulator: Emulator,
    pauses: list[float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A chunk that cannot even be sent is as good as one that failed."""

    def go_away(effect: Any) -> Any:
        if isinstance(effect, Send) and "upload_id" in effect.request.path:
            emulator.close()
        return effect

    facade.watch_effects(monkeypatch, go_away)

    with pytest.raises(TransportError) as raised:
        client.submit(LARGE, via="file")
    assert Delivery.NOT_SENT is raised.value.delivery
    assert len(pauses) >= 4


def test_progress_renews_the_patience_of_an_upload(client: Any, emulator: Emulator) -> None:
    """More failures than attempts, each after some progress, do not end it."""
    emulator.faults.add("upload-chunk", "return-503-after-64K*8")

    with client.submit(LARGE, via="file").results() as results:
        assert_answered(LARGE, results)
    assert_stored_once(emulator)


def test_a_session_without_address_is_refused(client: Any, emulator: Emulator) -> None:
    """The header that is not there is named."""
    emulator.faults.add("upload-start", "upload-url=none")

    with pytest.raises(ProtocolError, match="X-Goog-Upload-URL"):
        client.submit(SMALL, via="file")
    assert 0 == emulator.seen.count("upload-chunk")


@pytest.mark.parametrize(
    "url",
    [
        "{stranger}/upload/v1beta/files?upload_id=1",
        "http://user:password@{stranger_host}/upload?upload_id=1",
        "https://{host}/upload/v1beta/files?upload_id=1",
        "//{stranger_host}/upload?upload_id=1",
        "file:///etc/passwd",
        "http://[::1",
        "https://generativelanguage.googleapis.com.evil.test/upload?upload_id=1",
        "https://generativelanguage.googleapis.com@{stranger_host}/upload?upload_id=1",
    ],
    ids=[
        "other_port",
        "user",
        "other_scheme",
        "no_scheme",
        "file",
        "nonsense",
        "longer_host",
        "disguised",
    ],
)
def test_no_byte_goes_to_a_session_elsewhere(
    client: Any, emulator: Emulator, stranger: Emulator, url: str
) -> None:
    """The service may not send an upload, nor what is in it, to anybody else."""
    named_url = url.format(
        stranger=stranger.url,
        stranger_host=stranger.url.removeprefix("http://"),
        host=emulator.url.removeprefix("http://"),
    )
    emulator.faults.add("upload-start", f"upload-url={named_url}")

    with pytest.raises(ProtocolError, match="neither its own host nor Google's") as raised:
        client.submit(SMALL, via="file")
    assert "password" not in str(raised.value)
    assert 1 == emulator.seen.count("upload-start")
    assert 0 == emulator.seen.count("upload-chunk")
    assert 0 == emulator.seen.count("create")


def test_a_file_is_waited_for_until_the_service_has_taken_it_in(facade: Facade) -> None:
    """A file that is still being processed is looked at until it can be used."""
    with Emulator(
        file_processing_seconds=0.05, pending_seconds=0, running_seconds=0, failure_rate=0
    ) as slow:
        with facade.client(slow.url).submit(SMALL, via="file").results() as results:
            assert_answered(SMALL, results)
        assert slow.seen.count("file-get") >= 1


def test_a_file_the_service_refuses_at_create_names_its_line(
    client: Any, emulator: Emulator
) -> None:
    """The service's own words about the input come through, and nothing was created."""
    emulator.faults.add("create", "return-400/message=Error on line 2: no request")

    with pytest.raises(InvalidRequestError, match="Error on line 2"):
        client.submit(SMALL, via="file")
    assert 0 == emulator.acted.count("create")
