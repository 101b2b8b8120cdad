"""A file of results arrives whole or not at all, whatever happens on the way."""

import re
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from gemini_batch import (
    BatchResults,
    GeminiBatchError,
    InvalidRequestError,
    ProtocolError,
    ResultsGoneError,
    ResultsIncompleteError,
    RetryPolicy,
    ServerError,
    TransportError,
)
from gemini_batch.emulator import Emulator
from tests.conformance.facades import Facade
from tests.conformance.scenes import assert_answered, named, prompts

ASKED = prompts(100)
"""Their results are more than 50 KiB."""


@named("download", "return-403", "return-404")
def test_results_that_are_gone_are_named(client: Any, emulator: Emulator, fault: str) -> None:
    """The error says which file, and holds what was seen of the batch."""
    emulator.faults.add("download", fault)
    batch = client.submit(ASKED, via="file")

    with pytest.raises(ResultsGoneError, match="keeps them for about two days") as raised:
        batch.status()
    assert raised.value.operation is not None
    assert raised.value.file in str(raised.value)
    assert raised.value.file == raised.value.operation.responses_file
    assert batch.name == raised.value.name
    assert raised.value.operation.done


def test_a_service_that_goes_on_failing_is_given_up(client: Any, emulator: Emulator) -> None:
    """Five failures without a byte are raised; a later look fetches the results all the same."""
    emulator.faults.add("download", "return-503*5")
    batch = client.submit(ASKED, via="file")

    with pytest.raises(ServerError) as raised:
        batch.status()
    assert raised.value.operation is not None
    assert "SUCCEEDED" == raised.value.operation.state
    assert 5 == emulator.seen.count("download")
    with batch.status().results as results:
        assert_answered(ASKED, results)


def test_a_file_that_ends_early_without_a_length_is_continued(
    client: Any, emulator: Emulator
) -> None:
    """Nothing on the wire shows the cut; asked for what comes after it, the service shows it."""
    emulator.faults.add("download", "close-without-length-after-30K")

    with client.submit(ASKED, via="file").results() as results:
        assert_answered(ASKED, results)
    assert 2 == emulator.seen.count("download")


def test_a_stream_of_a_file_that_ends_early_without_a_length_goes_on(
    client: Any, emulator: Emulator
) -> None:
    """Not even the line that was cut in two is told from others."""
    emulator.faults.add("download", "close-without-length-after-30K")

    with client.submit(ASKED, via="file").stream_results() as items:
        assert_answered(ASKED, list(items))
    assert 2 == emulator.seen.count("download")


@named("download", "wrong-length=+5", "wrong-length=-5")
def test_a_file_of_another_length_than_told_is_not_taken_for_whole(
    client: Any, emulator: Emulator, fault: str
) -> None:
    """It is fetched whole in the end, or an error, or one result says that it is broken."""
    emulator.faults.add("download", fault)
    batch = client.submit(ASKED, via="file")

    try:
        results = batch.results()
    except GeminiBatchError:
        results = batch.results()
    with results:
        whole = [item.key for item in results if item.ok]
        assert len(ASKED) == len({*whole, *results.missing})
        assert len(results.missing) == len(results.malformed) <= 1


def test_parts_of_two_files_are_never_put_together(client: Any, emulator: Emulator) -> None:
    """A file that is another by the time its rest is asked for is an error, and fetched anew."""
    emulator.faults.add("download", "etag-changes")
    emulator.faults.add("download", "broken-stream-after-30K")
    batch = client.submit(ASKED, via="file")

    with pytest.raises(ProtocolError, match=r"changed while it was downloaded; fetch it again"):
        batch.results()
    with batch.results() as results:
        assert_answered(ASKED, results)
    assert 3 == emulator.seen.count("download")


def test_a_file_whose_length_nobody_tells_is_read_to_its_end(
    client: Any, emulator: Emulator
) -> None:
    """That it is whole the service says when it is asked for what comes after it."""
    emulator.faults.add("download", "close-without-length")

    with client.submit(ASKED, via="file").results() as results:
        assert_answered(ASKED, results)
    assert 2 == emulator.seen.count("download")


def test_results_are_fetched_without_a_look_at_their_file(client: Any, emulator: Emulator) -> None:
    """The name of such a file is too long for one, which the service refuses."""
    batch = client.submit(ASKED, via="file")
    name = batch.operation().responses_file
    assert len(name.removeprefix("files/")) > 40
    with pytest.raises(InvalidRequestError, match="cannot be more than 40 characters"):
        client.files.get(name)
    looks = emulator.seen.count("file-get")

    batch.results().close()
    with batch.stream_results() as items:
        assert len(ASKED) == len(list(items))
    assert 2 == emulator.seen.count("download")
    assert looks == emulator.seen.count("file-get")


def test_results_are_downloaded_once(client: Any, emulator: Emulator) -> None:
    """What was fetched is kept by the handle, until it is closed."""
    batch = client.submit(ASKED, via="file")

    first = batch.results()
    assert first is batch.status().results
    assert first is batch.wait().results
    assert 1 == emulator.seen.count("download")
    first.close()
    with batch.results() as second:
        assert_answered(ASKED, second)
    assert 2 == emulator.seen.count("download")


@pytest.mark.parametrize("known", [True, False], ids=["keys_known", "keys_unknown"])
def test_a_file_that_is_short_by_whole_lines_is_told_whichever_way_it_is_read(
    client: Any, emulator: Emulator, logged: Callable[[], str], tmp_path: Path, *, known: bool
) -> None:
    """It arrived as it is: only how many were asked shows what is missing."""
    emulator.faults.add("results", "drop=7")
    batch = client.submit(ASKED, via="file")
    if not known:
        batch = client.get_batch(batch.name)

    with (
        batch.stream_results() as items,
        pytest.raises(ResultsIncompleteError, match="93 results came back for 100 requests"),
    ):
        list(items)
    with batch.results() as results:
        with pytest.raises(ResultsIncompleteError):
            results.raise_for_incomplete()
        results.save(tmp_path / "saved.jsonl")
    assert f"{batch.name} has 100 requests and 93 results, which answer 93 of them" in logged()
    with BatchResults.open(tmp_path / "saved.jsonl") as saved:
        assert 93 == len(saved.successes)
        assert ([15] * 7 if known else []) == [item.error.code for item in saved.errors]


def test_the_memory_that_is_used_does_not_grow_with_the_results(facade: Facade) -> None:
    """Forty megabytes of them are streamed, and indexed, within a quarter of that."""
    size, count = 200_000, 200
    with Emulator(lambda *_: "x" * size, pending_seconds=0, running_seconds=0) as emulator:
        batch = facade.client(emulator.url).submit(prompts(count), via="file")
        batch.wait().results.close()
        tracemalloc.start()
        try:
            with batch.stream_results() as items:
                streamed = sum(len(item.raw()) for item in items)
            with batch.results() as results:
                indexed = sum(len(item.raw()) for item in results)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert size * count < streamed == indexed
    assert peak < size * count // 4


# What the emulator does not say.

FILE = "files/batch-0"
CONTENT = b"one\ntwo\nthree\n"
CLOSING = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunks(*pieces: bytes) -> bytes:
    """Return pieces as chunks of a body; an empty one is its end."""
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)


def past_the_end(told: str) -> bytes:
    """Return what a service says of a range that it has nothing of."""
    head = ("HTTP/1.1 416 Range Not Satisfiable", "Connection: close", "Content-Length: 0")
    return "\r\n".join([*head, f"Content-Range: {told}", "", ""]).encode()


@contextmanager
def saying(*replies: Iterable[bytes]) -> Generator[tuple[str, list[str]]]:
    """Serve replies, one a connection, piece by piece; yield the URL, and the ranges asked for.

    The last reply is given again and again.
    """
    ranges: list[str] = []
    said = [*replies]
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:  # closed: the test is over
                    return
                with connection, suppress(ConnectionError):
                    asked = connection.recv(1 << 16).decode()
                    found = re.search(r"(?im)^range: (.*?)\r$", asked)
                    ranges.append(found[1] if found else "")
                    for piece in said[0] if len(said) == 1 else said.pop(0):
                        connection.sendall(piece)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}", ranges
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize(
    ("replies", "ranges"),
    [
        ([[CLOSING, CONTENT]], ["", "bytes=14-"]),
        ([[CLOSING, CONTENT], [past_the_end("bytes */14")]], ["", "bytes=14-"]),
        ([[CLOSING, CONTENT[:9]], [CLOSING, CONTENT]], ["", "bytes=9-", "bytes=14-"]),
        ([[CLOSING, CONTENT[:9]], [CHUNKED, chunks(CONTENT, b"")]], ["", "bytes=9-"]),
        ([[CHUNKED, chunks(CONTENT[:9], CONTENT[9:], b"")]], [""]),
        ([[CHUNKED, chunks(CONTENT[:9])], [CHUNKED, chunks(CONTENT, b"")]], ["", "bytes=9-"]),
    ],
    ids=["twice", "past_the_end", "short_once", "short_then_chunks", "chunks", "last_chunk_lost"],
)
def test_a_file_without_a_length_is_saved_once_its_end_has_shown(
    facade: Facade, tmp_path: Path, replies: list[list[bytes]], ranges: list[str]
) -> None:
    """By a last chunk, by a range that there is nothing of, or by ending there again."""
    with saying(*replies) as (url, asked):
        facade.client(url).files.download(FILE, tmp_path / "saved")
    assert CONTENT == (tmp_path / "saved").read_bytes()
    assert ranges == asked


@pytest.mark.parametrize("told", ["bytes */13", "bytes */15", "bytes 0-13/14", ""])
def test_a_refusal_to_go_on_is_no_end(facade: Facade, tmp_path: Path, told: str) -> None:
    """Unless it says that the file ends where it was asked to go on."""
    with saying([CLOSING, CONTENT], [past_the_end(told)]) as (url, asked):
        client = facade.client(url)
        with pytest.raises(ProtocolError, match=r"after 14 bytes \(HTTP 416\)"):
            client.files.download(FILE, tmp_path / "saved")
    assert ["", "bytes=14-"] == asked
    assert [] == list(tmp_path.iterdir())


def test_a_file_that_is_only_sent_again_meets_the_deadline(facade: Facade, tmp_path: Path) -> None:
    """Bytes that are here already are no progress, however steadily they drip."""
    over = threading.Event()

    def dripping() -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100000\r\n\r\n"
        while not over.wait(0.01):
            yield b"x"

    begun = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100000\r\n\r\n"
    with saying([begun, b"x" * 90_000], dripping()) as (url, asked):
        client = facade.client(url, retry=RetryPolicy(first=0.001, deadline=0.5))
        began = time.monotonic()
        try:
            with pytest.raises(TransportError, match="in time"):
                client.files.download(FILE, tmp_path / "saved")
        finally:
            over.set()
    assert time.monotonic() - began < 5.0
    first, again = asked
    assert "" == first
    # A library may drop what it has read of a reply that breaks off; it is then asked for again.
    assert re.fullmatch(r"bytes=[1-9][0-9]{4}-", again)
    assert [] == list(tmp_path.iterdir())
