"""What the service does with files, and how it takes them."""

from __future__ import annotations

import base64
import hashlib
import secrets
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from gemini_batch.endpoints.uploads import MOST_GRANULARITY
from gemini_batch.labels import ENTROPY, make_label
from gemini_batch.models.base import Timestamp
from gemini_batch.settings import DEFAULT_ORIGIN
from tests.live.asked import Asked
from tests.live.service import Service, require
from tests.live.specimens import Specimens

TEXT = b"The quick brown fox jumps over the lazy dog.\n"
HOURS = 48
"""How long the service keeps a file, from the start of its upload."""


def test_the_granularity_of_an_upload(asked: Asked, service: Service) -> None:
    """What must a chunk be a multiple of, and what becomes of one that is not?"""
    begun = require(service.start_upload(len(TEXT), {}))
    said = begun.headers.get("X-Goog-Upload-Chunk-Granularity", "")
    url = begun.headers["X-Goog-Upload-URL"]
    chunk = service.continue_upload(url, "upload", TEXT[:7])
    service.continue_upload(url, "cancel")
    usable = not said or (said.isdecimal() and int(said) <= MOST_GRANULARITY)
    asked.settle(
        "8388608 bytes; a shorter one that is not the last is refused",
        {"granularity": said, "a chunk of 7 bytes": chunk.said},
        same=said == "8388608" and chunk.status == 400,
        broken=not usable,
    )


def test_the_host_of_an_upload_session(asked: Asked, service: Service) -> None:
    """Which host is an upload to be sent to?"""
    begun = require(service.start_upload(len(TEXT), {}))
    url = urlsplit(begun.headers.get("X-Goog-Upload-URL", ""))
    origin = f"{url.scheme}://{url.netloc}"
    service.continue_upload(url.geturl(), "cancel")
    asked.settle(
        "that of the service itself; of any other but Google's own address nothing is sent to it",
        {"origin": origin, "path": url.path},
        same=origin == service.api.origin,
        broken=origin not in {service.api.origin, DEFAULT_ORIGIN},
    )


def test_how_long_an_upload_session_lives(asked: Asked, service: Service) -> None:
    """Does a header say how long an upload that was begun can be gone on with?"""
    begun = require(service.start_upload(len(TEXT), {}))
    service.continue_upload(begun.headers["X-Goog-Upload-URL"], "cancel")
    told = sorted(name.lower() for name in begun.headers)
    times = {
        name: begun.headers[name]
        for name in told
        if any(word in name for word in ("expir", "lifetime", "ttl", "max-age", "deadline"))
    }
    asked.settle("none does", {"of times": times, "headers": told}, same=not times)


def test_an_upload_session_needs_no_key(asked: Asked, specimens: Specimens) -> None:
    """Is the address of an upload session credential enough?"""
    service = specimens.service
    begun = require(service.start_upload(len(TEXT), {}))
    url = begun.headers["X-Goog-Upload-URL"]
    ended = service.continue_upload(url, "upload, finalize", TEXT)
    if ended.status == 200:
        specimens.files.append(ended.json()["file"]["name"])
    asked.settle(
        "it is: chunks are sent without the key",
        {"without a key": ended.said, "status": ended.headers.get("X-Goog-Upload-Status")},
        same=ended.status == 200,
        broken=ended.status != 200,
    )


def test_an_upload_says_how_far_it_came(asked: Asked, specimens: Specimens) -> None:
    """Does the command query say how many bytes arrived, and that an upload is over?"""
    service = specimens.service
    begun = require(service.start_upload(len(TEXT), {}))
    url = begun.headers["X-Goog-Upload-URL"]
    seen = {}
    for step in ("before", "after"):
        reply = service.continue_upload(url, "query")
        seen[step] = {
            "answered": reply.said,
            "status": reply.headers.get("X-Goog-Upload-Status"),
            "received": reply.headers.get("X-Goog-Upload-Size-Received"),
        }
        if step == "before":
            ended = require(service.continue_upload(url, "upload, finalize", TEXT))
            specimens.files.append(ended.json()["file"]["name"])
    before, after = seen["before"], seen["after"]
    right = (before["status"], before["received"], after["status"]) == ("active", "0", "final")
    asked.settle("active and 0 bytes, then final", seen, same=right, broken=not right)


def test_a_file_may_be_named_by_us(asked: Asked, specimens: Specimens) -> None:
    """Is the name that we choose for a file taken, and refused if there is such a file?"""
    name = f"files/{make_label(secrets.token_bytes(ENTROPY))}"
    given = specimens.upload(TEXT, name)["name"]
    again = specimens.service.start_upload(len(TEXT), {"name": name})
    seen = {"name is ours": given == name, "begun again": again.said}
    refused = again.status == 409
    if again.status == 200:
        url = again.headers["X-Goog-Upload-URL"]
        ended = specimens.service.continue_upload(url, "upload, finalize", TEXT)
        seen["ended again"] = ended.said
        refused = ended.status == 409
    asked.settle(
        "it is, and refused with 409 as soon as it is asked for again",
        seen,
        same=given == name and again.status == 409,
        broken=given != name or not refused,
    )


def test_the_digest_of_a_file(asked: Asked, specimens: Specimens) -> None:
    """Is sha256Hash the base64 of the digest in hexadecimal, or of its bytes?"""
    said = specimens.upload(TEXT).get("sha256Hash", "")
    digest = hashlib.sha256(TEXT)
    forms = {
        base64.b64encode(digest.hexdigest().encode()).decode(): "of hexadecimal",
        base64.b64encode(digest.digest()).decode(): "of bytes",
    }
    asked.settle(
        "of hexadecimal; that of bytes is understood as well",
        {"form": forms.get(said, "another"), "characters": len(said)},
        same=forms.get(said) == "of hexadecimal",
        broken=said not in {"", *forms},
    )


def test_how_long_a_file_lives(asked: Asked, specimens: Specimens) -> None:
    """Is a small file ACTIVE at once, and how many hours is it kept?"""
    service = specimens.service
    begun = require(service.start_upload(len(TEXT), {}))
    url = begun.headers["X-Goog-Upload-URL"]
    file = require(service.continue_upload(url, "upload, finalize", TEXT)).json()["file"]
    specimens.files.append(file["name"])
    started = parsedate_to_datetime(begun.headers["Date"]).timestamp()
    hours = (Timestamp.parse(file["expirationTime"]).timestamp() - started) / 3600
    seen = {
        "state": file.get("state"),
        "source": file.get("source"),
        "hours": round(hours, 2),
    }
    same = file.get("state") == "ACTIVE" and abs(hours - HOURS) < 0.1
    asked.settle(f"it is, and kept for {HOURS} hours from the start of its upload", seen, same=same)
