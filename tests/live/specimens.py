"""The batches that a run asks about: small, named, waited for together, and deleted at its end."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
import pytest
import requests
from attrs import asdict, define, field

from gemini_batch import GeminiBatchError, PollPolicy
from gemini_batch.effects import Effect, Open, Send
from gemini_batch.labels import ENTROPY, labelled, make_label, split_display_name
from tests.conformance.facades import FACADES, Facade
from tests.live.record import Record
from tests.live.service import Reply, Service

FINAL = {f"BATCH_STATE_{state}" for state in ("SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED")}

PLAIN = {"first": "alpha", "second": "beta"}
"""Keys, and the one word that each is to be answered with."""

ODD_KEYS = (
    "plain",
    " spaces before and after  ",
    "   ",
    "",
    "007",
    "7.0",
    "null",
    "ünïcödé ✓ 日本語 😀",
    "e\N{COMBINING ACUTE ACCENT} and \N{LATIN SMALL LETTER E WITH ACUTE}",
    "line\N{LINE SEPARATOR}and\N{PARAGRAPH SEPARATOR}and\N{NEXT LINE}",
    "tab\tand\nline feed\r\n",
    "\"quoted\" \\ <tag> & 'single'",
    "../../etc/passwd",
    "x" * 300,
)

STRUCT: dict[str, Any] = {
    "key": "first",
    "number": 1,
    "fraction": 0.5,
    "false": False,
    "null": None,
    "empty": "",
    "snake_case": [1, "two", {"three": []}],
}
"""Metadata with all that JSON has."""

TOKENS_OUT = 16
"""The most that an answer may take; none needs so many."""


class NoSpecimenError(Exception):
    """The batch that a question is about could not be had."""


@define
class Specimen:
    """One batch: what is known of it, and what each look has shown."""

    role: str
    label: str
    name: str = ""
    input_file: str = ""
    created: dict[str, Any] = field(factory=dict[str, Any])
    """The reply to the create call, where it was made in the plain way."""
    looks: list[dict[str, Any]] = field(factory=list[dict[str, Any]])
    operation: dict[str, Any] = field(factory=dict[str, Any])
    refused: str = ""
    since: float = field(factory=time.monotonic)

    @property
    def over(self) -> bool:
        """Whether it has ended, and has all that it will ever have."""
        metadata = self.operation.get("metadata", {})
        ended = self.operation.get("done") or metadata.get("state") in FINAL
        has_end = {"response", "error"} & set(self.operation) or "output" in metadata
        return bool(ended and has_end)

    def as_json(self) -> dict[str, Any]:
        """Return what the next run must know of it."""
        kept = ("label", "name", "input_file", "looks", "created")
        return {name: value for name, value in asdict(self).items() if name in kept}


@define
class Specimens:
    """Make batches, wait for them, and let none of them stay."""

    service: Service
    record: Record
    wait: float
    """Seconds that are waited for batches at most, all in all."""
    poll: float
    began: float = field(factory=time.monotonic)
    made: dict[str, Specimen] = field(factory=dict[str, Specimen])
    files: list[str] = field(factory=list[str])
    lost: list[str] = field(factory=list[str])
    """Labels of batches of which nobody knows whether they were created."""
    _facades: dict[str, tuple[Facade, Any]] = field(factory=dict[str, tuple[Facade, Any]])
    _results: dict[str, list[dict[str, Any]]] = field(factory=dict[str, list[dict[str, Any]]])
    _patch: pytest.MonkeyPatch = field(factory=pytest.MonkeyPatch)

    # Clients of this package.

    def client(self, facade: str) -> Any:
        """Return the client of a facade, each of whose requests is counted."""
        if facade not in self._facades:
            spoken = FACADES[facade]()
            spoken.watch_effects(self._patch, self._counted)
            self._facades[facade] = (spoken, self._client_of(spoken))
        return self._facades[facade][1]

    def _client_of(self, spoken: Facade) -> Any:
        api = self.service.api
        return spoken.client(
            f"{api.origin}{api.prefix}",
            api_key=self.service.key.headers()["x-goog-api-key"],
            model=self.record.model,
            poll=PollPolicy(first=self.poll, ceiling=max(self.poll, 30.0)),
        )

    def _counted(self, effect: Effect[Any]) -> Effect[Any]:
        if isinstance(effect, Send | Open):
            self.service.count()
        return effect

    # Making them.

    def begin(self, roles: Iterable[str]) -> None:
        """Make those batches that a run has to wait for, so that they run while it asks."""
        for role in roles:
            if role in ROLES:
                self._have(role)

    def get(self, role: str) -> Specimen:
        """Return a batch, or raise :class:`NoSpecimenError` with what the service said of it."""
        specimen = self._have(role)
        if specimen.refused:
            raise NoSpecimenError(f"the batch {role!r} could not be created: {specimen.refused}")
        return specimen

    def _have(self, role: str) -> Specimen:
        if role in self.made:
            return self.made[role]
        known = self.record.batches.get(role)
        if known is not None:
            specimen = Specimen(role, **known)
            self.made[role] = specimen
            return specimen
        specimen = self.made[role] = _new(role)
        try:
            ROLES[role](self, specimen)
        except (GeminiBatchError, AssertionError, requests.RequestException) as error:
            specimen.refused = f"{error}"
        self._keep(specimen)
        return specimen

    def make(self, role: str, title: str = "") -> Reply:
        """Create a batch of one request at once; one that was made is not lost sight of."""
        earlier = self.record.batches.get(role)
        if earlier is not None:
            self._remove(Specimen(role, **earlier))
        specimen = _new(role)
        requests = [{"request": say("yes"), "metadata": {"key": "only"}}]
        reply = self.create(specimen, inline(requests), title=title)
        if reply.status == 200:
            self.made[role] = specimen
            self._keep(specimen)
        return reply

    def find(self, role: str) -> Specimen | None:
        """Return a batch that was made at once, in this run or an earlier one, if there is one."""
        return self._have(role) if role in {**self.made, **self.record.batches} else None

    def create(
        self,
        specimen: Specimen,
        input_config: Mapping[str, Any],
        *,
        verb: str = "batchGenerateContent",
        title: str = "",
    ) -> Reply:
        """Ask for a batch of this input, with the label of the specimen in its name."""
        name = labelled(title or f"live check {specimen.role}", specimen.label)
        batch = {"displayName": name, "inputConfig": input_config}
        embeds = verb == "asyncBatchEmbedContent"
        model = self.record.embedding_model if embeds else self.record.model
        specimen.since = time.monotonic()
        path = f"models/{model}:{verb}"
        self.lost.append(specimen.label)
        reply = self.service.post(path, "Operation", json={"batch": batch})
        self.lost.remove(specimen.label)
        if reply.status == 200:
            specimen.created = {**reply.json(), "Date": reply.headers.get("Date", "")}
            specimen.name = str(specimen.created["name"])
        return reply

    def forget(self, role: str) -> None:
        """Know nothing more of a batch that was deleted."""
        del self.made[role]
        self.record.batches.pop(role, None)
        self.record.write()

    def upload(self, data: bytes, name: str = "") -> dict[str, Any]:
        """Upload a small file, which is deleted at the end; return what the service says of it."""
        file = self.service.upload(data, name)
        self.files.append(file["name"])
        return file

    def _keep(self, specimen: Specimen) -> None:
        if specimen.name:
            self.record.batches[specimen.role] = specimen.as_json()
            self.record.write()

    # Waiting for them.

    def ended(self, role: str) -> Specimen:
        """Wait for a batch to end, and look at all others meanwhile.

        Raises :class:`NoSpecimenError` where that takes longer than the run may.
        """
        specimen = self.get(role)
        while not specimen.over:
            late = time.monotonic() - self.began >= self.wait
            if not (late and specimen.operation):
                self._look_at_all(only=specimen if late else None)
            if specimen.over:
                break
            if specimen.refused:
                raise NoSpecimenError(f"{specimen.name} cannot be had: {specimen.refused}")
            if late:
                state = specimen.operation["metadata"].get("state")
                raise NoSpecimenError(
                    f"{specimen.name} was {state} after a wait of {self.wait:g} seconds; "
                    "ask again later, with the same --live-record"
                )
            time.sleep(self.poll)
        return specimen

    def _look_at_all(self, *, only: Specimen | None) -> None:
        """Look at every batch that is not over; or at one."""
        for one in [*self.made.values()] if only is None else [only]:
            if one.name and not one.over and not one.refused:
                self.look(one)

    def look(self, specimen: Specimen) -> None:
        """Look at a batch once, and keep what is new in it."""
        reply = self.service.get(specimen.name, "Operation")
        if reply.status != 200:
            specimen.refused = reply.said
            return
        specimen.operation = operation = reply.json()
        metadata = operation["metadata"]
        seen = {
            "state": metadata.get("state"),
            "done": operation.get("done", False),
            "response": "response" in operation,
            "output": "output" in metadata,
            "error": operation.get("error", {}).get("code"),
            "counts": metadata.get("batchStats"),
        }
        last = specimen.looks[-1] if specimen.looks else {}
        if any(last.get(name) != value for name, value in seen.items()):
            specimen.looks.append({"seconds": self._age(specimen), **seen})
        specimen.looks[-1]["until"] = self._age(specimen)
        self._keep(specimen)

    def _age(self, specimen: Specimen) -> float:
        return round(time.monotonic() - specimen.since, 2)

    # What came of them.

    def results(self, role: str) -> list[dict[str, Any]]:
        """Return the results of a batch as the service writes them, in its order."""
        if role not in self._results:
            operation = self.ended(role).operation
            output = operation.get("response") or operation["metadata"].get("output", {})
            if "responsesFile" in output:
                lines = self.download(output["responsesFile"]).body.split(b"\n")
                found = [msgspec.json.decode(line) for line in lines if line.strip()]
            else:
                found = output.get("inlinedResponses", {}).get("inlinedResponses", [])
            self._results[role] = found
            used = (one.get("response", {}).get("usageMetadata", {}) for one in found)
            self.record.tokens[role] = sum(
                one.get("totalTokenCount", one.get("promptTokenCount", 0)) for one in used
            )
        return self._results[role]

    def results_file(self) -> str:
        """Return the name of the results file of the batch that has one."""
        operation = self.ended("file").operation
        output = operation.get("response") or operation["metadata"]["output"]
        return str(output["responsesFile"])

    def download(self, name: str, **how: Any) -> Reply:
        """Download a file, or ask for it in another way."""
        return self.service.get(f"{name}:download?alt=media", **how)

    # The end of them.

    def close(self, wanted: Callable[[str], bool]) -> None:
        """Delete what was made, but for the batches that are wanted by a later run."""
        self.service.most *= 2  # what was made is deleted, whatever was spent
        try:
            for role, specimen in list(self.made.items()):
                if specimen.name and (specimen.refused or not wanted(role)):
                    self._remove(specimen)
            for name in self.files:
                self._delete(name)
            if self.lost:
                self._remove_lost()
        finally:
            for spoken, _ in self._facades.values():
                spoken.close()
            self._patch.undo()
            self.record.spend(requests=self.service.asked)
            self.record.spend(seconds=round(time.monotonic() - self.began))
            self.record.write()
            self.service.close()

    def _remove(self, specimen: Specimen) -> None:
        """Cancel a batch, unless it is over, and delete it and what it was made from."""
        self._delete(specimen.name, cancel=not specimen.over)
        if specimen.input_file:
            self._delete(specimen.input_file)
        self.record.batches.pop(specimen.role, None)

    def _remove_lost(self) -> None:
        """Look for batches whose create was not answered, and delete them."""
        page = self.service.get("batches?pageSize=100").json()
        for one in page.get("operations", []):
            name = one["metadata"].get("displayName", "")
            if split_display_name(name)[1] in self.lost:
                self._delete(one["name"], cancel=True)

    def _delete(self, name: str, *, cancel: bool = False) -> None:
        """Delete something; if that cannot be done, write down that it is left, and why."""
        try:
            if cancel:
                self.service.post(f"{name}:cancel", json={}, again=True)
            said = self.service.delete(name)
        except requests.RequestException as error:
            self.record.left.append(f"{name}: {type(error).__name__}")
        else:
            if said.status not in {200, 403, 404}:
                self.record.left.append(f"{name}: {said.said}")


def _new(role: str) -> Specimen:
    return Specimen(role, make_label(secrets.token_bytes(ENTROPY)))


def inline(requests: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the input of a batch whose requests stand in it."""
    return {"requests": {"requests": [*requests]}}


def say(word: str) -> dict[str, Any]:
    """Return a request to be answered with one word."""
    return {
        "contents": [{"role": "user", "parts": [{"text": f"Answer with the one word {word}."}]}],
        "generationConfig": {"maxOutputTokens": TOKENS_OUT, "temperature": 0},
    }


def _submit(
    specimens: Specimens, specimen: Specimen, prompts: Mapping[str, str], facade: str, via: str
) -> None:
    """Submit by this package, in one of its ways."""
    client = specimens.client(facade)
    asked = {
        key: client.generate_content()
        .with_user_message(f"Answer with the one word {word}.")
        .with_max_output_tokens(TOKENS_OUT)
        .with_temperature(0.0)
        .build()
        for key, word in prompts.items()
    }
    specimen.since = time.monotonic()
    title = f"live check {specimen.role}"
    specimens.lost.append(specimen.label)
    handle = client.submit(asked, display_name=title, label=specimen.label, via=via)
    specimens.lost.remove(specimen.label)
    specimen.name = handle.name
    specimen.input_file = handle.operation().input_file or ""


def _submit_inline(specimens: Specimens, specimen: Specimen) -> None:
    _submit(specimens, specimen, PLAIN, "sync", "inline")


def _submit_file(specimens: Specimens, specimen: Specimen) -> None:
    _submit(specimens, specimen, PLAIN, "async", "file")


def _submit_odd_file(specimens: Specimens, specimen: Specimen) -> None:
    _submit(specimens, specimen, dict.fromkeys(ODD_KEYS, "yes"), "sync", "file")


def _create_odd_inline(specimens: Specimens, specimen: Specimen) -> None:
    requests = [{"request": say("yes"), "metadata": {"key": key}} for key in ODD_KEYS]
    _created(specimens.create(specimen, inline(requests)))


def _create_struct(specimens: Specimens, specimen: Specimen) -> None:
    requests = [{"request": say("alpha"), "metadata": STRUCT}]
    _created(specimens.create(specimen, inline(requests)))


def _create_keyless(specimens: Specimens, specimen: Specimen) -> None:
    requests = [{"request": say(word)} for word in WORDS]
    _created(specimens.create(specimen, inline(requests)))


def _create_embeddings(specimens: Specimens, specimen: Specimen) -> None:
    request = {"content": {"parts": [{"text": "alpha"}]}, "outputDimensionality": 128}
    requests = [{"request": request, "metadata": {"key": "first"}}]
    _created(specimens.create(specimen, inline(requests), verb="asyncBatchEmbedContent"))


def _created(reply: Reply) -> None:
    if reply.status != 200:
        raise AssertionError(reply.said)


WORDS = ("alpha", "beta", "gamma", "delta")
"""What requests without metadata are to be answered with, in their order."""

ROLES: Mapping[str, Callable[[Specimens, Specimen], None]] = {
    "inline": _submit_inline,
    "file": _submit_file,
    "odd keys inline": _create_odd_inline,
    "odd keys by file": _submit_odd_file,
    "metadata": _create_struct,
    "no metadata": _create_keyless,
    "embeddings": _create_embeddings,
}
"""How the batches that are waited for are made."""

PROMPTS = 2 * len(PLAIN) + 2 * len(ODD_KEYS) + 1 + len(WORDS) + 1 + 4
"""All prompts of a run; the last four are in batches that are cancelled or deleted at once."""
