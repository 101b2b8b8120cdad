"""What the service does with batches, from their names to their end."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from gemini_batch import RetryPolicy
from gemini_batch.flows.batches import LEEWAY
from gemini_batch.labels import DISPLAY_NAME_LIMIT
from gemini_batch.models.base import Timestamp
from gemini_batch.retry import PollPolicy
from tests.live.asked import Asked
from tests.live.service import Service, require
from tests.live.specimens import Specimen, Specimens

NOWHERE = "files/no-such-file-anywhere"
"""An input file that is not there: a create that names it costs nothing."""
LABEL = 32
"""Characters that a label takes of a display name, with what stands around it."""


# Names and lists.


def test_the_longest_display_name_is_taken(
    asked: Asked, service: Service, specimens: Specimens
) -> None:
    """Is a display name as long as this package sends taken; which one is not?

    Names beyond it, and of characters that take more bytes, are asked for together with an input
    file that is not there, so that nothing is created either way.
    """
    title = "n" * (DISPLAY_NAME_LIMIT - LABEL)
    reply = specimens.make("name", title)
    told = reply.json()["metadata"].get("displayName", "") if reply.status == 200 else ""

    def answered(name: str) -> str:
        batch = {"displayName": name, "inputConfig": {"fileName": NOWHERE}}
        model = specimens.record.model
        return service.post(f"models/{model}:batchGenerateContent", json={"batch": batch}).said

    usual = answered("short")
    names = {
        "two bytes each": "\N{LATIN SMALL LETTER E WITH ACUTE}" * DISPLAY_NAME_LIMIT,
        "four bytes each": "\N{GRINNING FACE}" * DISPLAY_NAME_LIMIT,
        **{f"{length}": "n" * length for length in (512, 513, 1024, 4096)},
    }
    refused = {told: said for told, name in names.items() if (said := answered(name)) != usual}
    whole = told.startswith(f"{title} [") and len(told) == DISPLAY_NAME_LIMIT
    broken = not whole or any(told.endswith("each") for told in refused)
    asked.settle(
        f"one of {DISPLAY_NAME_LIMIT} characters is, whatever they are, and comes back whole",
        {f"{DISPLAY_NAME_LIMIT} characters": reply.said, "back": len(told), "refused": refused},
        same=not broken,
        broken=broken,
    )


def test_how_soon_a_new_batch_is_listed(
    asked: Asked, service: Service, specimens: Specimens
) -> None:
    """How many seconds after its create is answered is a batch in the list?"""
    require(specimens.make("fresh"))
    name = specimens.get("fresh").name
    look_for = RetryPolicy().look_for
    begun, looks, pause, seconds = time.monotonic(), 0, 0.25, 0.0
    while not (listed := name in _listed(service)) and seconds <= 2 * look_for:
        looks += 1
        time.sleep(min(pause, specimens.poll))
        pause = min(2 * pause, 10.0)
        seconds = time.monotonic() - begun
    asked.settle(
        f"it is there at once; a lost one is looked for during {look_for:g} seconds",
        {"listed": listed, "after seconds": round(seconds, 2), "lists without it": looks},
        same=listed and looks == 0,
        broken=not listed or seconds > look_for,
    )


def _listed(service: Service) -> dict[str, dict[str, Any]]:
    """Return the newest batches by their names."""
    page = require(service.get("batches?pageSize=100", "ListOperationsResponse")).json()
    return {one["name"]: one for one in page.get("operations", [])}


@pytest.mark.specimen("inline", "file")
def test_batches_are_listed_newest_first(
    asked: Asked, service: Service, specimens: Specimens
) -> None:
    """In which order does the list stand?"""
    specimens.get("inline"), specimens.get("file")
    times = [one["metadata"]["createTime"] for one in _listed(service).values()]
    moments = [Timestamp.parse(one) for one in times]
    if len(moments) < 2:
        asked.leave("fewer than two batches are listed")
    asked.settle(
        "newest first",
        {
            "batches": len(moments),
            "newest first": moments == sorted(moments, reverse=True),
            "oldest first": moments == sorted(moments),
        },
        same=moments == sorted(moments, reverse=True),
    )


@pytest.mark.specimen("inline", "file")
def test_the_pages_of_the_list(asked: Asked, service: Service, specimens: Specimens) -> None:
    """Has a page as many batches as asked for, where does the next begin, how many are the most?"""
    specimens.get("inline"), specimens.get("file")

    def page(query: str) -> tuple[list[str], str]:
        told = require(service.get(f"batches?{query}", "ListOperationsResponse")).json()
        names = [one["name"] for one in told.get("operations", [])]
        return names, told.get("nextPageToken", "")

    first, token = page("pageSize=1")
    second, _ = page(f"pageSize=1&pageToken={token}") if token else ([], "")
    both, _ = page("pageSize=2")
    unsized, more = page("")
    largest, _ = page("pageSize=1000")
    joined = len(first) == len(second) == 1 and {*first, *second} == set(both)
    asked.settle(
        "as many as asked for, each page after the one before; 50 if nobody says how many",
        {
            "pages of one join": joined,
            "without a size": len(unsized),
            "and more after it": bool(more),
            "of a thousand": len(largest),
        },
        same=joined and len(unsized) <= 50 and (len(unsized) == 50 or not more),
        broken=not joined,
    )


@pytest.mark.specimen("metadata")
def test_the_clocks_of_the_service_agree(asked: Asked, specimens: Specimens) -> None:
    """How far is the Date of a reply to a create from the createTime in it?"""
    created = specimens.get("metadata").created
    if not created["Date"]:
        asked.leave("the reply had no Date, so that pages of a list are not compared with it")
    date = parsedate_to_datetime(created["Date"]).timestamp()
    apart = abs(date - Timestamp.parse(created["metadata"]["createTime"]).timestamp())
    asked.settle(
        f"by no more than {LEEWAY:g} seconds",
        {"seconds": round(apart, 1)},
        same=apart <= LEEWAY,
        broken=apart > LEEWAY,
    )


def test_other_versions_of_the_api(asked: Asked, service: Service) -> None:
    """Are batches served by the versions v1 and v1alpha of the API, too?"""
    prefix = service.api.prefix
    said = {
        version: service.ask("GET", f"{prefix}/{version}/batches?pageSize=1").said
        for version in ("v1", "v1alpha")
    }
    asked.settle("by both", said, same=set(said.values()) == {"200"})


# Cancelling and deleting.


@pytest.mark.specimen("inline")
def test_cancelling_a_finished_batch(asked: Asked, service: Service, specimens: Specimens) -> None:
    """Is cancelling a finished batch answered 200, or 400 FAILED_PRECONDITION?"""
    specimen = specimens.ended("inline")
    before = specimen.operation["metadata"]["state"]
    reply = service.post(f"{specimen.name}:cancel", json={}, again=True)
    after = require(service.get(specimen.name, "Operation")).json()["metadata"]["state"]
    refused = reply.status == 400 and reply.error.get("status") == "FAILED_PRECONDITION"
    asked.settle(
        "200, and the batch is left as it was; the package takes the 400 for a success, too",
        {"answered": reply.said, "before": before, "after": after},
        same=reply.status == 200 and before == after,
        broken=before != after or not (reply.status == 200 or refused),
    )


@pytest.mark.specimen("cancelled")
def test_cancelling_a_new_batch(asked: Asked, service: Service, specimens: Specimens) -> None:
    """How does a batch end that is cancelled as soon as it is created?"""
    if specimens.find("cancelled") is None:
        require(specimens.make("cancelled"))
        name = specimens.get("cancelled").name
        require(service.post(f"{name}:cancel", json={}, again=True))
    specimen = specimens.ended("cancelled")
    last = specimen.looks[-1]
    cancelled = last["state"] == "BATCH_STATE_CANCELLED" and last["error"] == 13
    asked.settle(
        "CANCELLED with an error of code 13; or, if it had begun, SUCCEEDED with what was answered",
        {name: last[name] for name in ("state", "done", "error", "response", "seconds")},
        same=last["done"] and (cancelled or last["state"] == "BATCH_STATE_SUCCEEDED"),
        broken=not last["done"] or last["state"] not in _CLOSED,
    )


_CLOSED = {"BATCH_STATE_CANCELLED", "BATCH_STATE_SUCCEEDED", "BATCH_STATE_FAILED"}


def test_deleting_a_running_batch(asked: Asked, service: Service, specimens: Specimens) -> None:
    """Is a batch that is not over deleted when that is asked, and gone from get and list?

    Whether it goes on, and is billed, cannot be seen from here.
    """
    if specimens.find("fresh") is None:
        require(specimens.make("fresh"))
    specimen = specimens.get("fresh")
    specimens.look(specimen)
    if specimen.over or specimen.refused:
        specimens.make("fresh")
        specimen = specimens.get("fresh")
        specimens.look(specimen)
    deleted = service.delete(specimen.name)
    found = service.get(specimen.name)
    seen = {
        "state": specimen.looks[-1]["state"],
        "deleted": deleted.said,
        "then": found.said,
        "listed": specimen.name in _listed(service),
    }
    if deleted.status == 200:
        specimens.forget("fresh")
    asked.settle(
        "200, then 404 and not listed any more",
        seen,
        same=deleted.status == 200 and found.status == 404 and not seen["listed"],
        broken=deleted.status != 200 or found.status != 404,
    )


# The end of a batch.


@pytest.mark.specimen("inline", "file")
def test_done_and_state_at_the_end(asked: Asked, specimens: Specimens) -> None:
    """Do done, the state and the output of a batch come in one and the same look?"""
    grace = PollPolicy().grace
    found = {role: _ending(specimens.ended(role)) for role in ("inline", "file")}
    late = [seconds for seconds, _ in found.values()]
    asked.settle(
        f"they do; output that is late is waited for during {grace:g} seconds",
        {role: looks for role, (_, looks) in found.items()},
        same=all(seconds == 0 for seconds in late),
        broken=any(seconds > grace for seconds in late),
    )


def _ending(specimen: Specimen) -> tuple[float, list[dict[str, Any]]]:
    """Return how long a batch was over in one respect and not in all; and its last looks."""
    ends = [
        look
        for look in specimen.looks
        if look["done"] or look["response"] or look["state"] == "BATCH_STATE_SUCCEEDED"
    ]
    whole = [look for look in ends if look["done"] and look["response"] and look["output"]]
    late = (whole[0] if whole else ends[-1])["seconds"] - ends[0]["seconds"]
    return (late if whole else float("inf")), specimen.looks[-3:]


@pytest.mark.specimen("inline", "file", "no metadata")
def test_the_counts_of_a_finished_batch(asked: Asked, specimens: Specimens) -> None:
    """Do the counts of a finished batch add up to its requests, and are they strings?"""
    seen = {
        role: specimens.ended(role).operation["metadata"].get("batchStats", {})
        for role in ("inline", "file", "no metadata")
    }
    sums = [
        int(counts["requestCount"])
        == sum(int(count) for name, count in counts.items() if name != "requestCount")
        for counts in seen.values()
    ]
    strings = all(isinstance(count, str) for counts in seen.values() for count in counts.values())
    asked.settle("they add up, and are strings", seen, same=all(sums) and strings)


@pytest.mark.specimen("inline", "file")
def test_a_list_leaves_inline_results_out(
    asked: Asked, service: Service, specimens: Specimens
) -> None:
    """Does the list leave out the results of inline batches, and keep the names of files?"""
    names = {role: specimens.ended(role).name for role in ("inline", "file")}
    listed = _listed(service)
    if not set(names.values()) <= set(listed):
        asked.leave("the batches are not among the hundred newest")
    seen = {
        role: {
            "response": "response" in listed[name],
            "output": sorted(listed[name]["metadata"].get("output", {})),
            "done": listed[name].get("done", False),
            "counts": listed[name]["metadata"].get("batchStats"),
        }
        for role, name in names.items()
    }
    kept = "responsesFile" in seen["file"]["output"]
    bare = not seen["inline"]["response"] and not seen["inline"]["output"]
    asked.settle("it does, and says done of both", seen, same=bare and kept)


@pytest.mark.specimen("inline", "file")
def test_results_stand_in_the_operation_twice(asked: Asked, specimens: Specimens) -> None:
    """Do response and metadata.output say the same?"""
    operations = {role: specimens.ended(role).operation for role in ("inline", "file")}
    seen = {}
    for role, operation in operations.items():
        response = {k: v for k, v in operation.get("response", {}).items() if k != "@type"}
        seen[role] = {
            "equal": response == operation["metadata"].get("output"),
            "type of the response": operation.get("response", {}).get("@type"),
        }
    asked.settle("they do", seen, same=all(one["equal"] for one in seen.values()))
