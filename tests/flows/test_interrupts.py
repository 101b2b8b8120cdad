"""An interrupt anywhere: it passes around the flow, and nothing is left open."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator
from functools import partial
from itertools import count
from typing import Any

import pytest

from gemini_batch.batch import Batch
from gemini_batch.effects import Effect, Flow
from gemini_batch.endpoints.batches import build_create, build_list, parse_list
from gemini_batch.errors import GeminiBatchError, IntegrityError, InvalidRequestError
from gemini_batch.flows.batches import adopt, cancel, create, delete
from gemini_batch.flows.files import delete_file, look_at_file
from gemini_batch.flows.lists import members, pages
from gemini_batch.flows.many import as_completed, wait_all
from gemini_batch.flows.results import results, watch
from gemini_batch.flows.streams import stream
from gemini_batch.flows.submit import Order, submit, submit_file
from gemini_batch.flows.uploads import Parcel, send
from gemini_batch.flows.waiting import waiting
from gemini_batch.methods import GENERATE, Method, embed
from gemini_batch.models.generation import GenerationResponse
from gemini_batch.progress import report_nothing
from gemini_batch.settings import Settings

from .replies import (
    LABEL,
    RESULTS,
    SMALL,
    Opened,
    arrived,
    batch,
    file,
    finished,
    inlined,
    line,
    lost,
    page,
    part,
    refusal,
    reply,
    seen,
    started,
    uploaded,
    whole,
)
from .world import Answer, World

NAME, FILE = "batches/b1", f"files/{LABEL}"
LINES = line("b") + line("a") + line("c")


class Interrupted(World):
    """A world in which somebody presses Ctrl-C when the ``step``-th effect is performed."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self.interrupt = KeyboardInterrupt()
        self._left = step

    def perform(self, effect: Effect[Any]) -> Any:
        """Do what the effect asks, unless it is the one."""
        if not self._left:
            raise self.interrupt
        self._left -= 1
        return super().perform(effect)


def _order(via: Any, method: Method[Any] = GENERATE, *, drawn: bool = True) -> Order[Any]:
    return Order(method, "models/m", f"sky [{LABEL}]", LABEL, via, "resubmit", drawn)


def _submit(world: World, settings: Settings, order: Order[Any]) -> Flow[Any, Any]:
    return submit(settings, iter(["why?", "how?"]), order, world.spools, report_nothing)


def _results(world: World, settings: Settings) -> Flow[Any, Any]:
    terms = waiting(settings, None, None, progress=False)
    return results(settings, Batch(NAME, GenerationResponse), world.spools, terms)


def _stream(_: World, settings: Settings) -> Flow[Any, Any]:
    terms = waiting(settings, None, None, progress=False)
    return stream(settings, Batch(NAME, GenerationResponse), terms)


def _create(_: World, settings: Settings) -> Flow[Any, Any]:
    return create(settings, build_create(settings.api, "m", b"{}", 600.0), LABEL, "raise")


def _send(world: World, settings: Settings) -> Flow[Any, Any]:
    parcel = Parcel.of(SMALL.content, "text/plain", None, "files/f1", bytes(16))
    return send(settings, parcel, world.spools, report_nothing)


def _watch(world: World, settings: Settings) -> Flow[Any, Any]:
    terms = waiting(settings, None, None, progress=False)
    return watch(settings, Batch(NAME, GenerationResponse), world.spools, terms)


def _many(world: World, settings: Settings, flow: Any, *handles: list[str]) -> Flow[Any, Any]:
    terms = waiting(settings, None, None, progress=False)
    batches = [Batch(NAME, GenerationResponse), Batch("batches/b2", GenerationResponse)]
    return flow(settings, *handles, batches, world.spools, terms)


def _list(flow: Any, settings: Settings) -> Flow[Any, Any]:
    return flow(settings, partial(build_list, settings.api, None), parse_list)


FETCHED: list[Answer] = [
    seen("SUCCEEDED", file=RESULTS),
    whole(LINES[:9], lost(), length=len(LINES)),
    Opened(refusal(503)),
    part(9, len(LINES), LINES[9:]),
]
FLOWS: dict[str, tuple[Callable[[World, Settings], Flow[Any, Any]], list[Answer]]] = {
    "submit_inline": (
        lambda world, settings: _submit(world, settings, _order("inline")),
        [lost(), *[page()] * 5, refusal(503), page(batch(label=LABEL))],
    ),
    "submit_file": (
        lambda world, settings: _submit(world, settings, _order("file")),
        [
            *(started(), lost(), arrived(0), refusal(404), started(), finished()),
            *(reply(file(FILE, "PROCESSING")), reply(file(FILE)), refusal(429), seen()),
        ],
    ),
    "submit_refused": (
        lambda world, settings: _submit(world, settings, _order("file")),
        [started(), finished(file(FILE)), refusal(400), lost(), reply({})],
    ),
    "results_file": (_results, [seen(), refusal(503), *FETCHED]),
    "results_inline": (_results, [seen(), seen("SUCCEEDED", inlined=[inlined("a")])]),
    "stream": (_stream, [seen("PENDING"), *FETCHED]),
    "create": (_create, [lost(), page(token="a"), page(batch(label=LABEL))]),
    "cancel": (lambda _, settings: cancel(settings, NAME), [refusal(503), reply({})]),
    "delete": (lambda _, settings: delete(settings, NAME), [lost(), refusal(404)]),
    "submit_own_label": (
        lambda world, settings: _submit(world, settings, _order("inline", drawn=False)),
        [page(token="a"), page(), seen()],
    ),
    "submit_embeddings": (
        lambda world, settings: _submit(world, settings, _order("auto", embed())),
        [started(), finished(file(FILE)), lost(), page(), page(batch(label=LABEL))],
    ),
    "submit_uploaded": (
        lambda _, settings: submit_file(settings, FILE, _order("file", drawn=False)),
        [page(), refusal(429), lost(), page(), page(batch(label=LABEL))],
    ),
    "adopt": (
        lambda _, settings: adopt(settings, LABEL),
        [page(token="a"), refusal(503), page(batch(label=LABEL))],
    ),
    "send": (
        _send,
        [
            *(started(), lost(), arrived(3), finished()),
            *(reply(uploaded(SMALL, "PROCESSING")), reply(uploaded(SMALL))),
        ],
    ),
    "send_spoilt": (_send, [started(), finished(file(sizeBytes="1")), lost(), refusal(404)]),
    "look_at_file": (
        lambda _, settings: look_at_file(settings, FILE),
        [refusal(503), reply(file(FILE))],
    ),
    "delete_file": (lambda _, settings: delete_file(settings, FILE), [lost(), refusal(403)]),
    "watch": (_watch, [seen("PENDING"), seen(), *FETCHED]),
    "pages": (lambda _, settings: _list(pages, settings), [page(token="a"), lost(), page(batch())]),
    "members": (
        lambda _, settings: _list(members, settings),
        [page(batch(), token="a"), lost(), page(batch())],
    ),
    "as_completed": (
        lambda world, settings: _many(world, settings, as_completed, ["one", "two"]),
        [
            *(seen(), refusal(404), lost()),
            seen("SUCCEEDED", inlined=[inlined("a")]),
        ],
    ),
    "wait_all": (
        lambda world, settings: _many(world, settings, wait_all),
        [seen(), seen("FAILED", name="batches/b2"), refusal(503), *FETCHED],
    ),
}


STREAMS = {"stream", "watch", "pages", "members", "as_completed"}
ENDS: dict[str, type[GeminiBatchError]] = {
    "submit_refused": InvalidRequestError,
    "send_spoilt": IntegrityError,
}
"""Flows that end with an error of their own."""


class Begun:
    """A flow that remembers what was begun of it."""

    def __init__(self, flow: Flow[Any, Any]) -> None:
        self._flow = flow
        self.generators: list[Generator[Any, Any, Any]] = []

    def flow(self) -> Flow[Any, Any]:
        """Return the same flow, watched."""
        return Flow(self._begin, (), {})

    def _begin(self) -> Generator[Any, Any, Any]:
        made = iter(self._flow)
        assert isinstance(made, Generator)
        self.generators.append(made)
        return made


def drive(name: str, world: World) -> tuple[Begun, BaseException | None]:
    """Drive one of the flows; return what was begun, and what it raised."""
    make, answers = FLOWS[name]
    world.expect(*answers)
    begun = Begun(make(world, Settings(chance=lambda: 1.0)))
    try:
        if name in STREAMS:
            list(world.iterate(begun.flow()))
        else:
            world.run(begun.flow())
    except (KeyboardInterrupt, GeminiBatchError) as error:
        return begun, error
    return begun, None


@pytest.mark.parametrize("name", FLOWS)
def test_an_interrupt_anywhere_passes_unchanged(name: str) -> None:
    """At every effect of the flow: the outside is released, and the flow is closed."""
    for step in count():
        world = Interrupted(step)
        begun, raised = drive(name, world)
        (generator,) = begun.generators
        assert inspect.GEN_CLOSED == inspect.getgeneratorstate(generator)
        assert 1 == world.releases
        assert [] == world.spools._open
        if raised is not world.interrupt:
            break
    assert step == len(world.asked) > 2
    assert [] == world.script
    assert ENDS.get(name, type(None)) is type(raised)
