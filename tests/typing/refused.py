# pyright: reportUnnecessaryTypeIgnoreComment=true
"""What must not pass a type checker: each comment is an error if its line is none.

mypy says so for every ``type: ignore`` that is not needed, and with the comment on top pyright too.
"""

from typing import assert_never

from gemini_batch import (
    AsyncBatchClient,
    AsyncBatchHandle,
    BatchGenerationResponseItem,
    BatchResults,
    BatchStatus,
    Cancelled,
    Expired,
    Failed,
    GenerationResponse,
    ItemError,
    ItemSuccess,
    Pending,
    PollPolicy,
    Running,
    Succeeded,
    SyncBatchClient,
    SyncBatchHandle,
)


def submissions(client: SyncBatchClient) -> None:
    """Requests that are none, and words that are not known."""
    client.submit(7)  # type: ignore[arg-type]
    client.submit([7])  # type: ignore[list-item]
    client.submit({1: "a"})  # type: ignore[dict-item]
    client.submit([(1, "a")])  # type: ignore[list-item]
    client.submit([("a", "b", "c")])  # type: ignore[list-item]
    client.submit(["a"], via="fax")  # type: ignore[arg-type]
    client.submit(["a"], on_unknown="again")  # type: ignore[arg-type]
    client.submit(["a"], "gemini-2.5-flash")  # type: ignore[call-arg]
    client.submit(["a"], priority=1)  # type: ignore[call-arg]


async def asynchronous_supplies(client: SyncBatchClient, other: AsyncBatchClient) -> None:
    """The synchronous client iterates over nothing that has to be awaited."""
    client.submit(text async for text in other.get_batch("a").watch())  # type: ignore[arg-type]
    await client.submit(["a"])  # type: ignore[misc]


async def forgotten_awaits(client: AsyncBatchClient, handle: AsyncBatchHandle[str]) -> None:
    """A coroutine is not what it will return."""
    client.submit(["a"]).results()  # type: ignore[attr-defined]
    _ = handle.status().finished  # type: ignore[attr-defined]
    for _ in handle.watch():  # type: ignore[attr-defined]
        pass
    with handle.stream_results():  # type: ignore[attr-defined]
        pass


def handles(handle: SyncBatchHandle[GenerationResponse]) -> None:
    """What handles do not have."""
    handle.name = "batches/other"  # type: ignore[misc]
    handle.wait(30)  # type: ignore[call-arg]
    handle.wait(poll=10)  # type: ignore[arg-type]
    _ = handle.status().results  # type: ignore[union-attr]
    handle.pages()  # type: ignore[attr-defined]


def results(found: BatchResults[GenerationResponse], status: BatchStatus[str]) -> None:
    """Results cannot be changed, nor an answer be read from an item that has none."""
    found[0] = found[1]  # type: ignore[index]
    _ = found[0].response  # type: ignore[union-attr]
    found.by_key(7)  # type: ignore[arg-type]
    len(found.missing)  # type: ignore[arg-type]
    _ = status.stats.request_count + 1  # type: ignore[operator]
    PollPolicy().first = 1  # type: ignore[misc]


def incomplete_statuses(status: BatchStatus[GenerationResponse]) -> None:
    """A state that nobody knows yet is a case, too."""
    match status:
        case Pending() | Running() | Succeeded() | Failed() | Cancelled() | Expired():
            pass
        case _:
            assert_never(status)  # type: ignore[arg-type]


def incomplete_items(item: BatchGenerationResponseItem[GenerationResponse]) -> None:
    """A line that cannot be read is a case, too."""
    match item:
        case ItemSuccess() | ItemError():
            pass
        case _:
            assert_never(item)  # type: ignore[arg-type]
