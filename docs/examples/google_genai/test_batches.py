"""Tests of a project that knows Google's client only."""

import asyncio
import io
import json
import time
from collections.abc import Iterator

import pytest
from google import genai
from google.genai import errors, types

MODEL = "gemini-2.5-flash"
QUESTIONS = {"sky": "Why is the sky blue?", "grass": "Why is grass green?"}


# The code under test; in a project, this is imported.


def answer_inline(client: genai.Client, questions: dict[str, str]) -> dict[str, str]:
    """Return the answer to each question, from one batch with everything in it."""
    requests = [
        types.InlinedRequest(contents=question, metadata={"key": key})
        for key, question in questions.items()
    ]
    job = ended(client, client.batches.create(model=MODEL, src=requests))
    return {item.metadata["key"]: item.response.text for item in job.dest.inlined_responses}


def answer_from_file(client: genai.Client, questions: dict[str, str]) -> dict[str, str]:
    """Return the answer to each question, from files that come and go."""
    lines = [
        json.dumps({"key": key, "request": {"contents": [{"parts": [{"text": question}]}]}})
        for key, question in questions.items()
    ]
    source = client.files.upload(
        file=io.BytesIO("\n".join(lines).encode()), config={"mime_type": "application/jsonl"}
    )
    job = ended(client, client.batches.create(model=MODEL, src=source.name))
    results = map(json.loads, client.files.download(file=job.dest.file_name).splitlines())
    client.files.delete(name=source.name)
    return {
        result["key"]: result["response"]["candidates"][0]["content"]["parts"][-1]["text"]
        for result in results
    }


def ended(client: genai.Client, job: types.BatchJob) -> types.BatchJob:
    """Wait for a batch to end."""
    while not job.done:
        time.sleep(0.1)
        job = client.batches.get(name=job.name)
    return job


async def count_batches() -> int:
    """Return how many batches there are, in an asynchronous program."""
    async with genai.Client().aio as client:
        return len([job async for job in await client.batches.list(config={"page_size": 1})])


# The tests.


@pytest.fixture
def client() -> Iterator[genai.Client]:
    """Return a client, which reads from the environment where to go."""
    with genai.Client() as client:
        yield client


def test_every_question_is_answered(client: genai.Client) -> None:
    """The emulator repeats the question in its answer."""
    answers = answer_inline(client, QUESTIONS)
    assert answers.keys() == QUESTIONS.keys()
    assert all(QUESTIONS[key] in answer for key, answer in answers.items())


def test_answers_from_a_file_are_the_same(client: genai.Client) -> None:
    """The same question has the same answer, however it was asked; and no file is left."""
    assert answer_inline(client, QUESTIONS) == answer_from_file(client, QUESTIONS)
    assert list(client.files.list()) == []


def test_a_batch_that_is_not_there_is_refused(client: genai.Client) -> None:
    """As it is by the service."""
    with pytest.raises(errors.ClientError) as raised:
        client.batches.get(name="batches/" + "a" * 36)
    assert raised.value.code == 404


def test_batches_are_counted(client: genai.Client) -> None:
    """The asynchronous client sees what the other has made."""
    before = asyncio.run(count_batches())
    answer_inline(client, QUESTIONS)
    assert asyncio.run(count_batches()) == before + 1
