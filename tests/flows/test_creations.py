"""Whatever goes wrong with a create and with the list after it: one batch, or a word about it."""

from __future__ import annotations

import pytest
from attrs import define, field
from hypothesis import given, settings as effort, strategies as st

from gemini_batch.effects import Request
from gemini_batch.endpoints.batches import build_create, file_batch
from gemini_batch.errors import CreateOutcomeUnknownError, GeminiBatchError
from gemini_batch.flows.batches import OnUnknown, adopt, create
from gemini_batch.models.operation import BatchOperation
from gemini_batch.retry import RetryBudget
from gemini_batch.settings import Settings

from .replies import LABEL, batch, hung, lost, page, refusal, reply, seen, unsent
from .world import Answer, Late, World

NOT_SENT = ("unsent", "429", "429_soon")
"""The service did nothing, and that is known: the request may be sent again."""
REFUSED = ("400", "401", "404")
"""The service did nothing, and that is that."""
DOUBTFUL = ("lost", "hung", "503", "408", "204", "html")
"""Nobody can tell whether the service did anything."""
ACTED = tuple(f"{fault}_after" for fault in (*DOUBTFUL, "empty"))
"""The service created a batch, and did not say so."""
CREATE_FAULTS = ("", *NOT_SENT, *REFUSED, *DOUBTFUL, *ACTED)
LIST_FAULTS = ("", "lost", "hung", "503", "429", "401", "html", "lag", "empty_page", "repeats")


@define
class Creations:
    """A service that creates batches and lists them; after the plans, everything goes well.

    ``doubtful`` says that a create may have acted, and ``looked`` that the list has been read to
    its end since.
    """

    creates: list[str]
    lists: list[str]
    again: bool
    names: list[str] = field(factory=list[str])
    posts: int = 0
    doubts: int = 0
    looked: bool = False
    pages: int = 0

    def __call__(self, request: Request) -> Answer:
        """Answer a create, or a request for a page of the list."""
        return self._create() if request.method == "POST" else self._list()

    def _create(self) -> Answer:
        """Answer a create, which nobody sends after a doubt unless it was asked for."""
        if self.doubts:
            assert self.again, "sent once more, and nobody asked for it"
            assert self.looked, "sent once more, and nobody looked"
        assert self.doubts < 2
        self.posts += 1
        fault = self.creates.pop(0) if self.creates else ""
        if fault in {*DOUBTFUL, *ACTED}:
            self.doubts += 1
            self.looked = False
        if fault in {"", *ACTED}:
            self.names.append(f"batches/b{len(self.names) + 1}")
        match fault.removesuffix("_after"):
            case "":
                return seen("PENDING", name=self.names[-1], label=LABEL)
            case "unsent":
                return unsent()
            case "429_soon":
                return refusal(429, "RESOURCE_EXHAUSTED", retry_after="7")
            case "empty":
                return reply({})
            case other:
                return self._failure(other)

    def _list(self) -> Answer:
        fault = self.lists.pop(0) if self.lists else ""
        self.pages += 1
        match fault:
            case "empty_page":
                return page(token=f"page-{self.pages}")
            case "repeats":
                return page(token="again")
            case "" | "lag":
                self.looked = True
                others = batch(name="batches/b0", label="gb-other")
                mine = [batch(name=name, label=LABEL) for name in reversed(self.names)]
                return page(*mine * (not fault), others)
            case other:
                return self._failure(other)

    @staticmethod
    def _failure(fault: str) -> Answer:
        match fault:
            case "lost":
                return lost()
            case "hung":
                return Late(60.0, hung())
            case "204":
                return reply(status=204)
            case "html":
                return reply(b"<html>")
            case code:
                return refusal(int(code))


def outcome_of(
    service: Creations, settings: Settings, on_unknown: OnUnknown
) -> BatchOperation | GeminiBatchError:
    """Return what a create comes to."""
    world = World(service)
    body = file_batch(f"sky [{LABEL}]", "files/f1")
    request = build_create(settings.api, "models/m", body, settings.timeouts.create)
    try:
        return world.run(create(settings, request, LABEL, on_unknown))
    except GeminiBatchError as error:
        return error
    finally:
        world.require_played_out()


creations = st.lists(st.sampled_from(CREATE_FAULTS), max_size=7)
lists = st.lists(st.sampled_from(LIST_FAULTS), max_size=30)
budgets = st.sampled_from([500.0, 20.0, 0.0])


@given(plan=creations, lists=lists, on_unknown=st.sampled_from(["raise", "resubmit"]), most=budgets)
@effort(max_examples=500, deadline=None)
def test_a_create_is_one_batch_or_a_word_about_it(
    plan: list[str], lists: list[str], on_unknown: OnUnknown, most: float
) -> None:
    """It is never sent again after a doubt; only who asked for it may come to have two."""
    service = Creations(list(plan), list(lists), again=on_unknown == "resubmit")
    settings = Settings(chance=lambda: 1.0, budget=RetryBudget(most))

    outcome = outcome_of(service, settings, on_unknown)

    assert len(service.names) <= (2 if service.again else 1)
    assert service.posts <= settings.retry.attempts * (2 if service.again else 1)
    if isinstance(outcome, BatchOperation):
        assert outcome.name in service.names
    elif isinstance(outcome, CreateOutcomeUnknownError):
        assert service.doubts
        assert LABEL == outcome.label
        assert f"client.adopt('{LABEL}')" in str(outcome)
        assert isinstance(outcome.__cause__, Exception)
        assert service.looked or "the list of batches could not be read" in outcome.__notes__[0]
        look_up(service, outcome.label)
    else:
        assert plan
        assert [] == service.names
        assert not service.doubts


def look_up(service: Creations, label: str) -> None:
    """Do as the error says, once the bad day is over: the batch is found if there is one."""
    service.lists.clear()
    world = World(service)
    if service.names:
        assert service.names[0] == world.run(adopt(Settings(), label)).name
    else:
        with pytest.raises(CreateOutcomeUnknownError, match="look again later"):
            world.run(adopt(Settings(), label))


SURVIVED = ("lost", "503", "429", "html", "lag", "empty_page", "repeats", "401")


@given(
    fault=st.sampled_from(ACTED),
    before=st.lists(st.sampled_from(NOT_SENT), max_size=4),
    lists=st.lists(st.sampled_from(SURVIVED), max_size=4),
    on_unknown=st.sampled_from(["raise", "resubmit"]),
)
@effort(max_examples=200, deadline=None)
def test_a_batch_that_exists_is_adopted_through_a_few_failures_of_the_list(
    fault: str, before: list[str], lists: list[str], on_unknown: OnUnknown
) -> None:
    """Four of them in a row are survived, whatever they are, and nothing is created twice."""
    service = Creations([*before, fault], list(lists), again=on_unknown == "resubmit")

    outcome = outcome_of(service, Settings(chance=lambda: 1.0), on_unknown)

    assert isinstance(outcome, BatchOperation)
    assert ["batches/b1"] == service.names == [outcome.name]
    assert len(before) + 1 == service.posts
