"""What is around a batch put to use: builders, embeddings, files, lists, many batches."""

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any

from gemini_batch import BatchResults, PermissionDeniedError
from tests.conformance.scenarios.batches import (
    BY_EITHER_WAY,
    MANY,
    assert_whole,
    batch_of_many,
    is_whole,
    numbered,
)
from tests.conformance.scenarios.entry import scenario
from tests.conformance.scenes import prompts
from tests.conformance.stage import Act, Stage

LABEL = "gb-mine"

# Submitting by other ways.


def is_embedded(stage: Stage, batch: Any) -> None:
    """Hold that each text has an embedding of its own, under its key."""
    assert batch.name in {act.name for act in stage.emulator.acted.of("create")}
    with batch.results() as results:
        assert list(stage.asked) == [item.key for item in results]
        assert not results.missing
        embeddings = {item.unwrap().values for item in results}
    assert len(stage.asked) == len(embeddings)
    assert {768} == {len(values) for values in embeddings}


@scenario("BatchClient.submit_embeddings", is_embedded, **BY_EITHER_WAY)
def embed(stage: Stage, via: str) -> Act:
    """Submit three texts to be embedded."""
    stage.asked = numbered(prompts(3))
    return lambda: stage.client.submit_embeddings(dict(stage.asked), via=via)


@scenario("BatchBuilder.execute", is_whole)
def build_inline(stage: Stage) -> Act:
    """Put a batch together and have it created."""
    return lambda: batch_builder(stage).execute()


@scenario("BatchBuilder.execute_as_file", is_whole)
def build_by_file(stage: Stage) -> Act:
    """Put a batch together and have it uploaded."""
    return lambda: batch_builder(stage).execute_as_file()


def batch_builder(stage: Stage) -> Any:
    """Return a builder that holds three requests, built one by one."""
    stage.asked = numbered(prompts(3))
    builder = stage.client.batch_generate_content().with_name("sky")
    for key, text in stage.asked.items():
        request = stage.client.generate_content().with_user_message(text).build()
        builder = builder.with_request(request, key=key)
    return builder


@scenario("BatchBuilder.execute_as_file", is_embedded)
def build_embeddings(stage: Stage) -> Act:
    """Put a batch of embeddings together and have it uploaded."""
    stage.asked = numbered(prompts(3))

    def act() -> Any:
        builder = stage.client.batch_embed_contents().with_requests(dict(stage.asked))
        return builder.execute_as_file()

    return act


def lines_of(stage: Stage) -> bytes:
    """Return three requests as a file of them."""
    stage.asked = numbered(prompts(3))
    return b"".join(
        json.dumps({"key": key, "request": {"contents": [{"parts": [{"text": text}]}]}}).encode()
        + b"\n"
        for key, text in stage.asked.items()
    )


@scenario("BatchClient.submit_file", is_whole)
def submit_uploaded(stage: Stage) -> Act:
    """Submit a file that was uploaded before."""
    file = stage.client.files.upload(lines_of(stage), mime_type="application/jsonl")
    return lambda: stage.client.submit_file(file)


@scenario("BatchClient.adopt", is_whole)
def adopt(stage: Stage) -> Act:
    """Find a batch by its label."""
    stage.asked = numbered(prompts(3))
    stage.client.submit(dict(stage.asked), label=LABEL)
    return lambda: stage.client.adopt(LABEL)


# Many batches.


def three_batches(stage: Stage) -> list[Any]:
    """Submit three batches."""
    return [batch_of_many(stage, via) for via in ("inline", "file", "inline")]


def are_all_whole(stage: Stage, values: list[Any]) -> None:
    """Hold that there are three, and each is whole."""
    assert 3 == len(values)
    for value in values:
        is_whole(stage, value)


@scenario("BatchClient.as_completed", are_all_whole)
def as_completed(stage: Stage) -> Act:
    """Take three batches as they finish."""
    batches = [batch.real for batch in three_batches(stage)]

    def act() -> Any:
        with stage.client.as_completed(batches) as finished:
            return list(finished)

    return act


@scenario("BatchClient.wait_all", are_all_whole)
def wait_all(stage: Stage) -> Act:
    """Wait for three batches."""
    batches = [batch.real for batch in three_batches(stage)]
    return lambda: stage.client.wait_all(batches)


# Lists.


def are_named(operation: str) -> Callable[[Stage, Any], None]:
    """Return what holds that the list names what was made, the newest first."""

    def check(stage: Stage, names: Any) -> None:
        made = [act.name for act in stage.emulator.acted.of(operation)]
        assert made[::-1] == names

    return check


@scenario("BatchClient.list_batches", are_named("create"), whole={}, in_pages={"page_size": 2})
def list_batches(stage: Stage, page_size: int | None = None) -> Act:
    """List three batches."""
    three_batches(stage)

    def act() -> list[str]:
        with stage.client.list_batches(page_size) as operations:
            return [operation.name for operation in operations]

    return act


@scenario("BatchClient.list_batches", are_named("create"))
def turn_pages(stage: Stage) -> Act:
    """Go through the pages of three batches."""
    three_batches(stage)

    def act() -> list[str]:
        with stage.client.list_batches(2).pages() as pages:
            return [operation.name for page in pages for operation in page.items]

    return act


@scenario("Files.list", are_named("upload-start"), whole={}, in_pages={"page_size": 2})
def list_files(stage: Stage, page_size: int | None = None) -> Act:
    """List three files."""
    for _ in range(3):
        upload_one(stage)

    def act() -> list[str]:
        with stage.client.files.list(page_size) as files:
            return [file.name for file in files]

    return act


# Files.


def upload_one(stage: Stage) -> Any:
    """Upload a file, as it is prepared."""
    stage.file = stage.client.files.upload(lines_of(stage), mime_type="application/jsonl")
    return stage.file


def is_uploaded(stage: Stage, file: Any) -> None:
    """Hold that the file is there, whole, and can be used."""
    assert "ACTIVE" == file.state
    written = hashlib.sha256(lines_of(stage)).hexdigest()
    assert base64.b64encode(written.encode()).decode() == file.sha256_hash
    is_whole(stage, stage.client.submit_file(file))


def upload_bytes(stage: Stage) -> Act:
    """Upload bytes."""
    content = lines_of(stage)
    return lambda: stage.client.files.upload(content, mime_type="application/jsonl")


@scenario("Files.upload", is_uploaded, path={"at": "requests.jsonl"}, bytes={"at": None})
def upload(stage: Stage, at: str | None) -> Act:
    """Upload what is at a path, or as many bytes."""
    if at is None:
        return upload_bytes(stage)
    path = stage.directory / at
    path.write_bytes(lines_of(stage))
    return lambda: stage.client.files.upload(path)


def is_the_file(stage: Stage, file: Any) -> None:
    """Hold what was seen of a file against the file."""
    assert stage.file == file


@scenario("Files.get", is_the_file)
def get_file(stage: Stage) -> Act:
    """Look at a file."""
    file = upload_one(stage)
    return lambda: stage.client.files.get(file.name)


def is_saved(stage: Stage, nothing: Any) -> None:
    """Hold that the file is at its path, and nothing beside it."""
    assert nothing is None
    (path,) = stage.directory.iterdir()
    with BatchResults.open(path) as results:
        assert_whole(MANY, results)


@scenario("Files.download", is_saved)
def download(stage: Stage) -> Act:
    """Save a file of results. Where that fails nothing is left, or it would fail again."""
    name = batch_of_many(stage, "file").operation().responses_file
    return lambda: stage.client.files.download(name, stage.directory / "results.jsonl")


@scenario("Files.download", is_saved)
def download_uploaded(stage: Stage) -> Act:
    """Save a file of one's own, which the service does not give back."""
    file = upload_one(stage)
    return lambda: stage.client.files.download(file, stage.directory / "requests.jsonl")


def is_removed(stage: Stage, nothing: Any) -> None:
    """Hold that the file is gone; of a file that is not there the service says 403."""
    assert nothing is None
    assert [stage.file.name] == [act.name for act in stage.emulator.acted.of("file-delete")]
    error = stage.outcome_of(lambda: stage.client.files.get(stage.file))
    assert PermissionDeniedError is type(error)


@scenario("Files.delete", is_removed)
def delete_file(stage: Stage) -> Act:
    """Remove a file."""
    file = upload_one(stage)
    return lambda: stage.client.files.delete(file)
