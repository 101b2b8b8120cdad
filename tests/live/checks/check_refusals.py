"""What the service refuses, and in which words: asked of it and of the emulator alike.

Nothing here creates a batch, unless the service takes what ought to be refused; that is deleted.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from attrs import frozen

from gemini_batch.credentials import ApiKey
from gemini_batch.emulator import Emulator
from gemini_batch.labels import ENTROPY, make_label
from gemini_batch.settings import Api
from tests.live.asked import Asked
from tests.live.service import Reply, Service, require
from tests.live.specimens import Specimens, inline, say

NO_BATCH = f"batches/{'0' * 36}"
NO_FILE = "files/aaaaaaaaaaaa"
OTHER_KEYS = {
    "of the older kind": "AIzaCANARYcanaryNobodyHasThisKey0000000",
    "of the newer kind": "AQ.NobodyHasThisKeyNobodyHasThisKeyNobodyHasThisKeyNo00",
}


@frozen
class Case:
    """A bad request; the package relies on the status if it is told apart by it."""

    ask: Callable[[Service], Reply]
    relied: frozenset[int] = frozenset()
    """With which statuses it may be refused; if none, then with any of 400 to 499."""

    def holds(self, status: int) -> bool:
        """Whether the package copes with that status."""
        return status in self.relied if self.relied else 400 <= status < 500


def create(service: Service, batch: Any, **how: Any) -> Reply:
    """Ask for a batch."""
    return service.post(
        f"models/{service.model}:batchGenerateContent", json={"batch": batch}, **how
    )


def of_request(**members: Any) -> dict[str, Any]:
    """Return a batch of one request that has these members more."""
    request = {**say("yes"), **members}
    return {"displayName": "refused", "inputConfig": inline([{"request": request}])}


def create_of_deleted_file(service: Service) -> Reply:
    """Ask for a batch of a file that was deleted."""
    file = service.upload(b"{}\n")
    require(service.delete(file["name"]))
    return create(service, {"inputConfig": {"fileName": file["name"]}})


def get_deleted_file(service: Service) -> Reply:
    """Ask for a file that was deleted."""
    file = service.upload(b"{}\n")
    require(service.delete(file["name"]))
    return service.get(file["name"])


def download_uploaded_file(service: Service) -> Reply:
    """Ask for the bytes of a file that was uploaded."""
    file = service.upload(b"{}\n")
    try:
        return service.get(f"{file['name']}:download?alt=media")
    finally:
        service.delete(file["name"])


CASES: Mapping[str, Case] = {
    "no key": Case(lambda service: service.get("batches", keyed=False), frozenset({401, 403})),
    **{
        f"unknown key {kind}": Case(
            lambda service, key=key: service.get("batches", keyed=ApiKey(key, "this check")),
            frozenset({400, 401}),
        )
        for kind, key in OTHER_KEYS.items()
    },
    "unknown batch": Case(lambda service: service.get(NO_BATCH), frozenset({404})),
    "unknown batch deleted": Case(lambda service: service.delete(NO_BATCH), frozenset({404})),
    "unknown batch cancelled": Case(
        lambda service: service.post(f"{NO_BATCH}:cancel", json={}), frozenset({404})
    ),
    "no name of a batch": Case(lambda service: service.get("batches/test-batch")),
    "no name of a batch cancelled": Case(
        lambda service: service.post("batches/test-batch:cancel", json={})
    ),
    "page token": Case(lambda service: service.get("batches?pageToken=nonsense")),
    "unknown file": Case(lambda service: service.get(NO_FILE), frozenset({403, 404})),
    "unknown file deleted": Case(lambda service: service.delete(NO_FILE), frozenset({403, 404})),
    "deleted file": Case(get_deleted_file, frozenset({403, 404})),
    "file id of 41": Case(lambda service: service.get(f"files/{'a' * 41}")),
    "file of a bad name": Case(lambda service: service.start_upload(3, {"name": "files/Not_ok-"})),
    "uploaded file downloaded": Case(download_uploaded_file),
    "input file unknown": Case(
        lambda service: create(service, {"inputConfig": {"fileName": NO_FILE}})
    ),
    "input file deleted": Case(create_of_deleted_file),
    "no input": Case(lambda service: create(service, {"displayName": "refused"})),
    "no requests": Case(lambda service: create(service, {"inputConfig": inline([])})),
    "two inputs": Case(
        lambda service: create(
            service, {"inputConfig": {"fileName": NO_FILE, **inline([{"request": say("yes")}])}}
        )
    ),
    "unknown member": Case(lambda service: create(service, {**of_request(), "display": "x"})),
    "unknown member deep": Case(
        lambda service: create(service, of_request(generationConfig={"thinking": {}, "seed": 1}))
    ),
    "member of another kind": Case(
        lambda service: create(service, of_request(generationConfig={"temperature": "hot"}))
    ),
    "unknown value": Case(
        lambda service: create(service, of_request(safetySettings=[{"threshold": "BLOCK_BIT"}]))
    ),
    "no model": Case(lambda service: create(service, of_request(model="gemini"))),
    "cached content with tools": Case(
        lambda service: create(
            service, of_request(cachedContent="cachedContents/none", tools=[{"codeExecution": {}}])
        )
    ),
    "broken JSON": Case(
        lambda service: service.post(
            f"models/{service.model}:batchGenerateContent",
            data=b'{"batch": {"displayName": "x",',
            headers={"Content-Type": "application/json"},
        )
    ),
}


@pytest.fixture(scope="module")
def twin(specimens: Specimens) -> Iterator[Service]:
    """Ask the emulator of this package as the service is asked."""
    key = "AIzaCANARYcanaryTheOneThatIsKnown000000"
    with Emulator(keys={key}) as emulator:
        api = Api.at(emulator.url, "v1beta", key_source="this check")
        service = Service(
            api, ApiKey(key, "this check"), most=1000, model=specimens.record.model, pause=0.01
        )
        yield service
        service.close()


def words_of(reply: Reply) -> dict[str, Any]:
    """Return what a refusal says, without names that are others each time."""
    error = reply.error
    message = re.sub(r"\b[a-z0-9]{12}\b", "<id>", str(error.get("message", "")))
    details = [one for one in error.get("details", []) if isinstance(one, dict)]
    return {
        "status": reply.status,
        "code": error.get("status"),
        "message": message,
        "details": [str(one.get("@type", "")).rpartition(".")[2] for one in details],
        "reasons": [one["reason"] for one in details if "reason" in one],
    }


@pytest.mark.parametrize("case", CASES)
def test_refusals_are_worded_as_by_the_emulator(
    asked: Asked, service: Service, twin: Service, case: str
) -> None:
    """Does the service refuse a bad request as the emulator does, in status, code and words?"""
    reply = CASES[case].ask(service)
    if reply.status == 200 and str(reply.json().get("name", "")).startswith("batches/"):
        service.post(f"{reply.json()['name']}:cancel", json={})
        service.delete(reply.json()["name"])
    assumed, seen = words_of(CASES[case].ask(twin)), words_of(reply)
    told = f"{assumed['status']} {assumed['code']}: {assumed['message']}"
    asked.settle(
        f"{case}: {told}{''.join(f'; {one}' for one in assumed['details'])}",
        seen,
        same=assumed == seen,
        broken=not CASES[case].holds(reply.status),
    )


GOOD = '{"key":"%s","request":{"contents":[{"role":"user","parts":[{"text":"Say yes."}]}]%s}}'
LINES: Mapping[str, str] = {
    "the first, which is no JSON": "{",
    "as this package writes it": GOOD
    % ("a", ',"generationConfig":{"maxOutputTokens":8,"temperature":0.5}'),
    "with names in snake_case": GOOD % ("b", ',"generation_config":{"max_output_tokens":8}'),
    "with an unknown member": GOOD % ("c", ',"thinking_config":{"thinking_budget":0}'),
    "with an unknown member deep": GOOD % ("d", ',"generationConfig":{"thinking":1}'),
    "with a value of another kind": GOOD % ("e", ',"generationConfig":{"temperature":"hot"}'),
    "with an unknown value": GOOD % ("f", ',"safetySettings":[{"threshold":"BLOCK_BIT"}]'),
    "with a value in lower case": GOOD
    % ("g", ',"generationConfig":{"responseModalities":["text"]}'),
    "with one value for a list": GOOD.replace('[{"role"', '{"role"').replace("]}]%s", "]}%s")
    % ("h", ""),
    "with int64 as a string": GOOD % ("i", ',"generationConfig":{"seed":"7"}'),
    "with an empty text": '{"key":"j","request":{"contents":[{"parts":[{"text":""}]}]}}',
    "with custom_id for key": (GOOD % ("k", "")).replace('"key"', '"custom_id"'),
    "with metadata beside key": (GOOD % ("l", "")).replace('"request"', '"metadata":{},"request"'),
    "with a number as key": (GOOD % ("m", "")).replace('"m"', "13"),
    "without key": (GOOD % ("n", "")).replace('"key":"n",', ""),
    "without request": '{"key":"o"}',
    "with a bare request": '{"contents":[{"parts":[{"text":"Say yes."}]}]}',
    "with a key that was there": GOOD % ("a", ""),
    "with a member twice": '{"key":"q","key":"r","request":{"contents":[]}}',
    "with the model named": GOOD % ("s", ',"model":"models/MODEL"'),
    "blank": "  ",
    "a list": "[]",
    "the last, which is no JSON": '{"key":',
}
OURS = {"as this package writes it"}


def test_which_lines_of_a_file_are_refused(
    asked: Asked, twin: Service, specimens: Specimens
) -> None:
    """Which odd lines of an input file are refused, and in which words?

    They are asked about together: the first and the last are refused for sure, so that no batch is
    created, and what is said of them shows that those between were looked at.
    """

    def verdicts(service: Service, name: str) -> tuple[Reply, dict[str, str]]:
        lines = (line.replace("MODEL", service.model) for line in LINES.values())
        text = "".join(f"{line}\n" for line in lines).encode()
        file = service.upload(text, name)
        try:
            reply = create(service, {"inputConfig": {"fileName": file["name"]}})
        finally:
            service.delete(file["name"])
        message = str(reply.error.get("message", "")) if reply.status != 200 else ""
        refused = dict(re.findall(r"^Error on line (\d+): (.*)$", message, re.MULTILINE))
        named = {what: refused.get(f"{number}", "taken") for number, what in enumerate(LINES, 1)}
        return reply, named

    name = f"files/{make_label(secrets.token_bytes(ENTROPY))}"
    reply, seen = verdicts(specimens.service, name)
    if reply.status == 200:
        specimens.service.delete(reply.json()["name"])
    _, assumed = verdicts(twin, name)
    ends = [what for what in LINES if what.startswith(("the first", "the last"))]
    if reply.status == 400 and any(seen[end] == "taken" for end in ends):
        asked.leave("not all lines were looked at", f"{assumed}", seen={"message": reply.said})
    broken = reply.status != 400 or any(seen[what] != "taken" for what in OURS)
    asked.settle(f"{assumed}", seen, same=assumed == seen, broken=broken)
