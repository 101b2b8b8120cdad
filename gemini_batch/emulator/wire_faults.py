"""Faults of a single exchange: one small function each.

A fault says what happens instead of the exchange it meets, or returns ``None`` if there is nothing
in it to disturb; then it waits for another one.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import zlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import attrs
import msgspec

from .exchange import BodyCutError, Exchange
from .grammar import Catalogue, Words
from .paging import START
from .replies import (
    PIECE,
    Outcome,
    Reply,
    Silence,
    Stretch,
    html_reply,
    json_reply,
    refusal_reply,
)
from .routes import OPERATIONS
from .wire import QUOTA_HELP, JsonObject, RefusalError, pretty, rpc


@attrs.frozen
class Encounter:
    """A fault and the exchange it meets."""

    exchange: Exchange
    words: Words
    perform: Callable[[], Awaitable[Reply]]
    """Do what the service would have done, at most once, and return its reply."""

    async def longer_than(self, size: int) -> Reply | None:
        """Return the service's reply if its body is longer than that."""
        reply = await self.perform()
        return reply if reply.length > size else None

    async def with_body(self, change: Callable[[bytes], bytes]) -> Reply | None:
        """Return the service's reply with another body, if it has one that is not a file."""
        reply = await self.perform()
        if isinstance(reply.body, Stretch) or not reply.body:
            return None
        return attrs.evolve(reply, body=change(reply.body))

    async def in_gzip(self, size: int = 0) -> Reply | None:
        """Return the service's reply in gzip, with line ends behind its body up to a size."""
        reply = await self.longer_than(0)
        if reply is None:
            return None
        packed = await asyncio.to_thread(_packed, reply, max(0, size - reply.length))
        return attrs.evolve(reply, body=packed).with_header("Content-Encoding", "gzip")


WireFault: TypeAlias = Callable[[Encounter], Awaitable[Outcome | None]]

WIRE_FAULTS: Catalogue[WireFault] = Catalogue()
fault = WIRE_FAULTS.fault

WITH_BODY = tuple(
    name for name in OPERATIONS if name not in {"upload-start", "upload-query", "upload-cancel"}
)
"""The operations that answer with more than headers."""
WITH_JSON = tuple(name for name in WITH_BODY if name != "download")

_WITH_FILE = ("upload-chunk", "file-get")
"""The operations that answer with a file."""

_REFUSAL_OPTIONS = ("retry-after", "retry-info", "quota", "message", "status", "upload-status")


# Answering with an error.


@fault("return-{status}", on=OPERATIONS, options=_REFUSAL_OPTIONS)
async def refuse(met: Encounter) -> Outcome | None:
    """Answer with a status without doing anything."""
    return _refusal(met)


@fault("return-{status}-after-acting", on=OPERATIONS, options=_REFUSAL_OPTIONS)
async def refuse_after_acting(met: Encounter) -> Outcome | None:
    """Do as asked, and answer as if it had failed."""
    await met.perform()
    return _refusal(met)


@fault("return-{status}-after-{size}", on=["upload-chunk"], options=_REFUSAL_OPTIONS)
async def refuse_after_a_part(met: Encounter) -> Outcome | None:
    """Keep the first bytes of a chunk, then fail it; by default with the upload still active."""
    if not await _keep_a_part(met):
        return None
    await met.exchange.drain()
    return _refusal(met, upload_status="active")


@fault("html-502", on=OPERATIONS)
async def answer_by_front_end(met: Encounter) -> Outcome | None:
    """Let the front end answer that nobody is behind it."""
    await met.exchange.drain()
    return html_reply(502, "Bad Gateway")


@fault("html-{status}-after-acting", on=OPERATIONS)
async def answer_by_front_end_after_acting(met: Encounter) -> Outcome | None:
    """Do as asked, and let the front end answer with a page of its own."""
    await met.perform()
    return html_reply(met.words.integer("status"), "That is all we know")


@fault("redirect={text}", on=OPERATIONS)
async def redirect(met: Encounter) -> Outcome | None:
    """Send the client elsewhere."""
    return Reply(307, {"Location": met.words.text()})


# Losing the connection.


@fault("reset-before-acting", on=OPERATIONS)
async def reset_before_acting(met: Encounter) -> Outcome | None:
    """Reset the connection without reading on and without doing anything."""
    del met
    return Silence("reset")


@fault("reset-after-acting", on=OPERATIONS)
async def reset_after_acting(met: Encounter) -> Outcome | None:
    """Do as asked, then reset the connection."""
    await met.perform()
    return Silence("reset")


@fault("reset-after-{size}", on=["upload-chunk"])
async def reset_after_a_part(met: Encounter) -> Outcome | None:
    """Keep the first bytes of a chunk, then reset the connection."""
    return Silence("reset") if await _keep_a_part(met) else None


@fault("close-before-acting", on=OPERATIONS)
async def close_before_acting(met: Encounter) -> Outcome | None:
    """Close the connection without a word, and without doing anything."""
    await met.exchange.drain()
    return Silence("close")


@fault("close-after-acting", on=OPERATIONS)
async def close_after_acting(met: Encounter) -> Outcome | None:
    """Do as asked, then close the connection without a word."""
    await met.perform()
    return Silence("close")


@fault("hang", on=OPERATIONS)
async def hang(met: Encounter) -> Outcome | None:
    """Never answer."""
    del met
    return Silence("hang")


@fault("hang-after-acting", on=OPERATIONS)
async def hang_after_acting(met: Encounter) -> Outcome | None:
    """Do as asked, and never say so."""
    await met.perform()
    return Silence("hang")


# Spoiling the way of the reply.


@fault("broken-stream-after-{size}", on=WITH_BODY)
async def break_stream(met: Encounter) -> Outcome | None:
    """Close the connection after so many bytes of the body."""
    reply = await met.longer_than(met.words.size())
    return reply and reply.delivered(cut_after=met.words.size())


@fault("close-without-length", on=WITH_BODY)
async def leave_unmeasured(met: Encounter) -> Outcome | None:
    """Name no length, and end the body, which is whole, by closing."""
    reply = await met.longer_than(0)
    return reply and reply.delivered(without_length=True)


@fault("close-without-length-after-{size}", on=WITH_BODY)
async def break_unmeasured_stream(met: Encounter) -> Outcome | None:
    """Name no length, and end the body early by closing: nothing shows that it is short."""
    reply = await met.longer_than(met.words.size())
    return reply and reply.delivered(cut_after=met.words.size(), without_length=True)


@fault("stall-after-{size}", on=WITH_BODY)
async def stall(met: Encounter) -> Outcome | None:
    """Send so many bytes of the body and then no more, with the connection open."""
    reply = await met.longer_than(met.words.size())
    return reply and reply.delivered(stall_after=met.words.size())


@fault("stall={seconds}-after-{size}", on=WITH_BODY)
async def pause(met: Encounter) -> Outcome | None:
    """Send so many bytes of the body, and the rest only after a while."""
    size, seconds = met.words.size(), met.words.seconds()
    reply = await met.longer_than(size)
    return reply and reply.delivered(stall_after=size, stall_seconds=seconds)


@fault("drip={count}/{seconds}", on=WITH_BODY)
async def drip(met: Encounter) -> Outcome | None:
    """Send a few bytes at a time, with a rest after each."""
    reply = await met.longer_than(0)
    count, seconds = met.words.integer("count"), met.words.seconds()
    return reply and reply.delivered(drip_bytes=count, drip_seconds=seconds)


@fault("wrong-length={difference}", on=WITH_BODY)
async def claim_wrong_length(met: Encounter) -> Outcome | None:
    """Claim a body that is longer or shorter than the one that is sent."""
    difference = met.words.integer("difference")
    reply = await met.longer_than(-difference)
    return reply and reply.delivered(claimed_extra=difference)


# Spoiling the reply itself.


@fault("json-broken", on=WITH_JSON)
async def break_json(met: Encounter) -> Outcome | None:
    """Do as asked, and answer with half of the JSON."""
    return await met.with_body(lambda body: body[: len(body) // 2])


@fault("json-empty", on=WITH_JSON)
async def empty_json(met: Encounter) -> Outcome | None:
    """Do as asked, and answer with an object that says nothing."""
    return await met.with_body(lambda _: b"{}\n")


@fault("json-deep={size}", on=WITH_JSON)
async def deepen_json(met: Encounter) -> Outcome | None:
    """Do as asked, and answer with JSON so many levels deep."""
    depth = met.words.size()
    return await met.with_body(lambda _: b"[" * depth + b"]" * depth)


@fault("body-empty", on=WITH_JSON)
async def empty_body(met: Encounter) -> Outcome | None:
    """Do as asked, and answer with nothing at all."""
    return await met.with_body(lambda _: b"")


@fault("gzip-bomb={size}", on=WITH_BODY)
async def plant_bomb(met: Encounter) -> Outcome | None:
    """Answer in gzip, asked or not, with a body that is sound and inflates to that size."""
    return await met.in_gzip(met.words.size())


@fault("gzip-truncated", on=WITH_BODY)
async def truncate_gzip(met: Encounter) -> Outcome | None:
    """Answer in gzip, asked or not, and leave the second half of it out."""
    reply = await met.in_gzip()
    return reply and attrs.evolve(reply, body=reply.content()[: reply.length // 2])


@fault("gzip-claimed", on=WITH_BODY)
async def claim_gzip(met: Encounter) -> Outcome | None:
    """Say that the body is in gzip, which it is not."""
    reply = await met.longer_than(0)
    return reply and reply.with_header("Content-Encoding", "gzip")


@fault("header-huge={size}", on=OPERATIONS)
async def add_huge_header(met: Encounter) -> Outcome | None:
    """Do as asked, and answer with a header of that length."""
    return (await met.perform()).with_header("X-Filler", "x" * met.words.size())


# Downloads.


@fault("ignore-range", on=["download"])
async def ignore_range(met: Encounter) -> Outcome | None:
    """Answer a request for a part of the file with the whole of it."""
    if "Range" not in met.exchange.request.headers:
        return None
    met.exchange.ignore_range = True
    return await met.perform()


@fault("wrong-content-range", on=["download"])
async def name_other_content_range(met: Encounter) -> Outcome | None:
    """Answer a request for a part of the file with bytes that claim to be others."""
    if "Range" not in met.exchange.request.headers:
        return None
    return (await met.perform()).with_header("Content-Range", "bytes 0-0/1")


@fault("etag-changes", on=["download"])
async def change_etag(met: Encounter) -> Outcome | None:
    """Name an ETag, and another when a part is asked for; what cuts the file is added after it."""
    if "Range" not in met.exchange.request.headers:
        met.exchange.etag = '"first"'
        return None
    met.exchange.etag = '"changed"'
    return await met.perform()


# Lists.


@fault("page-empty", on=["list", "file-list"])
async def empty_page(met: Encounter) -> Outcome | None:
    """Answer with a page that is empty and yet not the last."""
    listed = "operations" if met.exchange.operation == "list" else "files"
    return json_reply({listed: [], "nextPageToken": _page_token(met.exchange)})


@fault("page-missing-list", on=["list", "file-list"])
async def omit_list(met: Encounter) -> Outcome | None:
    """Answer with a page that has no list at all and yet is not the last."""
    return json_reply({"nextPageToken": _page_token(met.exchange)})


@fault("page-token-repeats", on=["list", "file-list"])
async def repeat_page_token(met: Encounter) -> Outcome | None:
    """Answer with a page that names itself as the next one."""
    named = {"nextPageToken": _page_token(met.exchange)}
    return await met.with_body(
        lambda body: pretty({**msgspec.json.decode(body, type=JsonObject), **named})
    )


@fault("list-lag={times}", on=["list"])
async def lag(met: Encounter) -> Outcome | None:
    """Leave the batches that no list has shown yet out of so many lists."""
    met.exchange.lagging = True
    return await met.perform()


@fault("stale-stats", on=["list"])
async def show_stale_stats(met: Encounter) -> Outcome | None:
    """Count the requests of batches that are done as if all of them were still pending."""
    stale = False

    def age(body: bytes) -> bytes:
        nonlocal stale
        page = msgspec.json.decode(body, type=JsonObject)
        for operation in page.get("operations", ()):
            count = operation["metadata"]["batchStats"]["requestCount"]
            pending = {"requestCount": count, "pendingRequestCount": count}
            if operation.get("done") and operation["metadata"]["batchStats"] != pending:
                operation["metadata"]["batchStats"] = pending
                stale = True
        return pretty(page)

    reply = await met.with_body(age)
    return reply if stale else None


# Uploads.


@fault("session-gone", on=["upload-chunk", "upload-query"])
async def lose_session(met: Encounter) -> Outcome | None:
    """Lose the upload session, for good."""
    met.exchange.session_lost = True
    return await met.perform()


@fault("claim-size-received={number}", on=["upload-query"])
async def claim_size_received(met: Encounter) -> Outcome | None:
    """Name another number of bytes than have arrived."""
    reply = await met.perform()
    return reply.with_header("X-Goog-Upload-Size-Received", met.words.text("number"))


@fault("no-size-received", on=["upload-query"])
async def omit_size_received(met: Encounter) -> Outcome | None:
    """Do not say how many bytes have arrived."""
    return (await met.perform()).with_header("X-Goog-Upload-Size-Received", None)


@fault("finalize-without-body", on=["upload-chunk"])
async def finalize_without_body(met: Encounter) -> Outcome | None:
    """Finish the upload, and do not show the file."""
    if "finalize" not in met.exchange.route.commands:
        return None
    return await met.with_body(lambda _: b"")


@fault("sha256-wrong", on=_WITH_FILE)
async def show_other_digest(met: Encounter) -> Outcome | None:
    """Show a digest of other bytes than those of the file."""
    digest = hashlib.sha256(b"other bytes").hexdigest().encode()
    return await _with_file(met, sha256Hash=base64.b64encode(digest).decode())


@fault("sha256-of-bytes", on=_WITH_FILE)
async def show_digest_as_bytes(met: Encounter) -> Outcome | None:
    """Show the digest in base64 of its bytes, as documented, and not of its digits."""

    def turned(file: JsonObject) -> str:
        digits = base64.b64decode(file["sha256Hash"]).decode()
        return base64.b64encode(bytes.fromhex(digits)).decode()

    return await _with_file(met, sha256Hash=turned)


@fault("file-state={text}", on=_WITH_FILE)
async def show_other_state(met: Encounter) -> Outcome | None:
    """Show the file in this state; ``FAILED`` has an error that says why."""
    state = met.words.text()
    error = {"error": {"code": 3, "message": "The file cannot be processed."}}
    return await _with_file(met, state=state, **(error if state == "FAILED" else {}))


@fault("upload-url={text}", on=["upload-start"])
async def name_other_upload_url(met: Encounter) -> Outcome | None:
    """Name another URL to upload to, or (``none``) no URL."""
    url = None if met.words.text() == "none" else met.words.text()
    reply = await met.perform()
    return reply.with_header("X-Goog-Upload-URL", url).with_header("X-Goog-Upload-Control-URL", url)


def _refusal(met: Encounter, upload_status: str = "none") -> Reply:
    words = met.words
    status = words.integer("status")
    headers: dict[str, str] = {}
    details: list[JsonObject] = []
    if "retry-after" in words.options:
        headers["Retry-After"] = words.options["retry-after"]
    upload_status = words.options.get("upload-status", upload_status)
    if upload_status != "none":
        headers["X-Goog-Upload-Status"] = upload_status
    if "quota" in words.options:
        violation = _violation(met.exchange, words.options["quota"])
        details += [QUOTA_HELP, rpc("QuotaFailure", violations=[violation])]
    if "retry-info" in words.options:
        details.append(rpc("RetryInfo", retryDelay=words.options["retry-info"]))
    if status < 400:
        return Reply(status, headers)
    return refusal_reply(
        RefusalError(
            status,
            words.options.get("message"),
            status=words.options.get("status"),
            details=details,
            headers=headers,
        )
    )


def _violation(exchange: Exchange, quota: str) -> JsonObject:
    """Return what a refusal says of a quota; that of a model names the model."""
    dimensions = {"location": "global"}
    if model := exchange.route.parts.get("model"):
        dimensions = {"model": model.partition("/")[2], **dimensions}
    return {
        "quotaMetric": "generativelanguage.googleapis.com/batch_requests",
        "quotaId": quota,
        "quotaDimensions": dimensions,
        "quotaValue": "100",
    }


async def _with_file(met: Encounter, **members: Any) -> Outcome | None:
    """Do as asked, and show the file with other members, or with what is made of the file."""

    def change(body: bytes) -> bytes:
        told = msgspec.json.decode(body, type=JsonObject)
        file = told.get("file", told)
        file.update({name: to(file) if callable(to) else to for name, to in members.items()})
        return pretty(told)

    reply = await met.perform()
    return await met.with_body(change) if reply.status == 200 else None


async def _keep_a_part(met: Encounter) -> bool:
    """Store only the first bytes of a chunk; false if the request carries none."""
    if "upload" not in met.exchange.route.commands:
        return False
    met.exchange.keep = met.words.size()
    try:
        await met.perform()
    except BodyCutError:
        return True
    return False


def _packed(reply: Reply, padding: int) -> bytes:
    """Return a body in gzip, with so many line ends behind it: JSON and lines allow for them."""
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS + 16)
    packed = [packer.compress(reply.content())]
    whole, rest = divmod(padding, PIECE)
    packed += [packer.compress(b"\n" * PIECE) for _ in range(whole)]
    return b"".join([*packed, packer.compress(b"\n" * rest), packer.flush()])


def _page_token(exchange: Exchange) -> str:
    return exchange.query("pageToken", "page_token") or START
