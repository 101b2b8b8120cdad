"""What comes back: inline, in a file, and by way of this package."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from gemini_batch.endpoints.names import is_name
from gemini_batch.models.base import Timestamp
from tests.conformance.facades import FACADES
from tests.live.asked import Asked
from tests.live.record import Finding
from tests.live.service import Service, require
from tests.live.specimens import ODD_KEYS, PLAIN, STRUCT, WORDS, Specimens

HOURS = 48
"""How long a results file is assumed to be kept."""
DAYS = 8
"""After so many, one that is still there is not looked for any more."""


def text_of(item: dict[str, Any]) -> str:
    """Return the text that a result has, if it has any."""
    candidates = item.get("response", {}).get("candidates", [])
    parts = candidates[0].get("content", {}).get("parts", []) if candidates else []
    return "".join(part.get("text", "") for part in parts)


# Inline.


@pytest.mark.specimen("metadata")
def test_inline_results_have_their_metadata(asked: Asked, specimens: Specimens) -> None:
    """Has an inline result the metadata of its request, whole?"""
    [item] = specimens.results("metadata")
    found = item.get("metadata")
    asked.settle(
        "it has; only the key in it is relied on",
        {"metadata": found},
        same=found == STRUCT,
        broken=not isinstance(found, dict) or found.get("key") != STRUCT["key"],
    )


@pytest.mark.specimen("no metadata")
def test_inline_results_without_metadata(asked: Asked, specimens: Specimens) -> None:
    """What says whose an inline result is where requests had no metadata: their order?"""
    items = specimens.results("no metadata")
    texts = [text_of(item).lower() for item in items]
    ordered = len(texts) == len(WORDS) and all(
        word in text for word, text in zip(WORDS, texts, strict=True)
    )
    bare = not any("metadata" in item for item in items)
    asked.settle(
        "their order, and nothing else; this package sends keys, and never trusts an order",
        {"in order": ordered, "without metadata": bare, "answers": [text[:20] for text in texts]},
        same=ordered and bare,
    )


def judge_keys(asked: Asked, specimens: Specimens, role: str, came: list[str | None]) -> None:
    """Settle whether the odd keys of a batch came back as they were sent."""
    sent, found = Counter(ODD_KEYS), Counter(came)
    missing = [ascii(key)[:60] for key in sent - found]
    others = [ascii(key)[:60] for key in found - sent]
    counts = specimens.get(role).operation["metadata"]["batchStats"]
    asked.settle(
        "all of them do, to the last character",
        {
            "missing": missing,
            "instead": others,
            "in order": list(ODD_KEYS) == came,
            "counts": counts,
        },
        same=sent == found,
        broken=sent != found,
    )


@pytest.mark.specimen("odd keys inline")
def test_inline_keys_come_back_verbatim(asked: Asked, specimens: Specimens) -> None:
    """Do odd keys come back verbatim in the metadata of inline results?"""
    items = specimens.results("odd keys inline")
    came = [item.get("metadata", {}).get("key") for item in items]
    judge_keys(asked, specimens, "odd keys inline", came)


@pytest.mark.specimen("embeddings")
def test_embeddings_stand_among_the_inlined_responses(asked: Asked, specimens: Specimens) -> None:
    """Under which member do the results of an inline batch of embeddings stand?"""
    operation = specimens.ended("embeddings").operation
    output = operation.get("response") or operation["metadata"].get("output", {})
    items = output.get("inlinedResponses", {}).get("inlinedResponses", [])
    response = items[0].get("response", {}) if items else {}
    asked.settle(
        "inlinedResponses, as those of any other batch",
        {
            "members": sorted(output),
            "of one": sorted(response),
            "usage": response.get("usageMetadata"),
            "type of the response": output.get("@type"),
            "type of the batch": operation["metadata"].get("@type"),
        },
        same="embedding" in response,
        broken="embedding" not in response,
    )


# In a file.


@pytest.mark.specimen("odd keys by file")
def test_file_keys_come_back_verbatim(asked: Asked, specimens: Specimens) -> None:
    """Do odd keys come back verbatim in the lines of a results file?"""
    items = specimens.results("odd keys by file")
    judge_keys(asked, specimens, "odd keys by file", [item.get("key") for item in items])


@pytest.mark.specimen("file")
def test_lines_of_a_results_file(asked: Asked, specimens: Specimens) -> None:
    """Which members has a line of a results file?"""
    items = specimens.results("file")
    members = sorted({",".join(sorted(item)) for item in items})
    usable = all("key" in item and {"response", "error"} & set(item) for item in items)
    tiers = sorted(
        {
            str(item.get("response", {}).get("usageMetadata", {}).get("serviceTier"))
            for item in items
        }
    )
    asked.settle(
        "key, and response or error; nothing else",
        {"members": members, "serviceTier": tiers},
        same=set(members) <= {"key,response", "error,key"} and len(items) == len(PLAIN),
        broken=not usable,
    )


@pytest.mark.specimen("file")
def test_the_name_of_a_results_file(asked: Asked, service: Service, specimens: Specimens) -> None:
    """How long is the name of a results file, and does the Files API know such a file?"""
    name, own = specimens.results_file(), specimens.get("file").name
    listed = require(service.get("files?pageSize=100", "ListFilesResponse")).json()
    seen = {
        "named after its batch": name == own.replace("batches/", "files/batch-"),
        "characters": len(name.removeprefix("files/")),
        "get": service.get(name).said,
        "listed": name in {file["name"] for file in listed.get("files", [])},
    }
    too_long = "cannot be more than 40 characters" in seen["get"]
    asked.settle(
        "42, which is more than a file may have, so that it can be downloaded and nothing else",
        seen,
        same=seen["characters"] == 42 and too_long and not seen["listed"],
        broken=not is_name(name, "files"),
    )


@pytest.mark.specimen("file")
def test_a_download_honours_range(asked: Asked, specimens: Specimens) -> None:
    """Is a part of a results file sent if that is asked for, and what is said past its end?"""
    name = specimens.results_file()
    body = require(specimens.download(name)).body
    size = len(body)
    part = specimens.download(name, headers={"Range": "bytes=10-"})
    past = specimens.download(name, headers={"Range": f"bytes={size}-"})
    ranges = {"part": part.headers.get("Content-Range"), "past": past.headers.get("Content-Range")}
    honoured = (
        part.status == 206
        and part.body == body[10:]
        and ranges["part"] == f"bytes 10-{size - 1}/{size}"
    )
    ended = past.status == 416 and ranges["past"] == f"bytes */{size}"
    ignored = {reply.status for reply in (part, past)} == {200} and part.body == body == past.body
    asked.settle(
        "206 with the part, and 416 with the size; a range that is ignored is coped with",
        {"part": part.status, "past its end": past.status, "size": size, "Content-Range": ranges},
        same=honoured and ended,
        broken=not (honoured and (ended or past.status == 200)) and not ignored,
    )


@pytest.mark.specimen("file")
def test_the_headers_of_a_download(asked: Asked, specimens: Specimens) -> None:
    """Does a download say how long it is, and which version of a file?"""
    reply = require(specimens.download(specimens.results_file()))
    names = (
        *("Content-Length", "ETag", "Transfer-Encoding", "Accept-Ranges", "Content-Type"),
        *("Last-Modified", "Cache-Control", "X-Goog-Hash", "Content-Encoding"),
    )
    seen = {name: reply.headers[name] for name in names if name in reply.headers}
    length = seen.get("Content-Length") == f"{len(reply.body)}"
    asked.settle(
        "its Content-Length, and no ETag; neither is needed",
        seen,
        same=length and "ETag" not in seen,
        broken="Content-Encoding" in seen or ("Content-Length" in seen and not length),
    )


@pytest.mark.specimen("file")
def test_the_addresses_of_a_download(asked: Asked, service: Service, specimens: Specimens) -> None:
    """Is a results file the same under /download, and what is sent without alt=media?"""
    name = specimens.results_file()
    body = require(specimens.download(name)).body
    path = service.api.path(f"{name}:download?alt=media", service="/download")
    other = service.ask("GET", path)
    without = service.get(f"{name}:download")
    seen = {
        "under /download": other.said,
        "the same": other.body == body,
        "without alt=media": without.said,
        "and its body": without.body[:40].decode("utf-8", "replace").strip(),
    }
    empty = without.status == 200 and without.body.strip() == b"{}"
    asked.settle(
        "it is; without alt=media an empty message comes, and no file",
        seen,
        same=other.body == body and empty,
    )


def hours_before(earlier: Finding | None) -> float:
    """Return after how many hours an earlier run has still found the file."""
    seen = None if earlier is None else earlier.seen
    return seen.get("there after hours", 0.0) if isinstance(seen, dict) else 0.0


@pytest.mark.specimen("file")
def test_how_long_results_are_kept(asked: Asked, specimens: Specimens) -> None:
    """For how many hours after the end of a batch can its results file be downloaded?

    That takes days: a later run with the same record looks again.
    """
    assumed = f"for about {HOURS}; 404 or 403 after that, and the error says that it is gone"
    kept = hours_before(asked.record.findings.get(asked.check))
    name = specimens.results_file()
    ended = Timestamp.parse(specimens.get("file").operation["metadata"]["endTime"]).timestamp()
    # The clock of this machine may be wrong: what has just been made is dated by that of the other.
    now = Timestamp.parse(specimens.upload(b"now\n")["createTime"]).timestamp()
    hours = round((now - ended) / 3600, 1)
    reply = specimens.download(name)
    if reply.status == 200 and hours < 24 * DAYS:
        said = f"it is there after {hours} hours; ask again later, with the same --live-record"
        asked.leave(said, assumed, seen={"there after hours": hours})
    asked.settle(
        assumed,
        {"there after hours": kept, "looked at after": hours, "answered": reply.said[:100]},
        same=reply.status in {403, 404} and hours >= HOURS and kept <= HOURS + 24,
        broken=reply.status not in {200, 403, 404},
    )


# By way of this package.


@pytest.mark.specimen("inline", "file")
@pytest.mark.parametrize("facade", FACADES)
def test_the_client_reads_what_it_submitted(
    asked: Asked, specimens: Specimens, facade: str
) -> None:
    """Does this package read its own batches whole, inline and by file?"""
    client = specimens.client(facade)
    seen = {}
    for role in ("inline", "file"):
        results = client.get_batch(specimens.ended(role).name).results()
        seen[role] = {
            item.key: item.problem or item.unwrap().text_or("").strip() for item in results
        }
        assert len(PLAIN) == results.expected
    right = all(
        word in found.get(key, "").lower() for found in seen.values() for key, word in PLAIN.items()
    )
    whole = all(set(found) == set(PLAIN) for found in seen.values())
    asked.settle("it does, each answer under its key", seen, same=right and whole, broken=not whole)


@pytest.mark.specimen("inline", "file")
@pytest.mark.parametrize("facade", FACADES)
def test_the_client_finds_a_batch_by_its_label(
    asked: Asked, specimens: Specimens, facade: str
) -> None:
    """Is a batch found by its label, as one is whose reply was lost?"""
    client = specimens.client(facade)
    seen = {}
    for role in ("inline", "file"):
        specimen = specimens.get(role)
        found = client.adopt(specimen.label)
        seen[role] = found.name == specimen.name
    right = all(seen.values())
    asked.settle("it is", seen, same=right, broken=not right)
