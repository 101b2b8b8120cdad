"""What makes a run of pytest one that asks the real service.

It needs a key: without one every check is skipped, and counted.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from attrs import define, frozen

import gemini_batch
from gemini_batch.credentials import VARIABLES, ApiKey
from gemini_batch.settings import BASE_URL_VARIABLE, DEFAULT_ORIGIN, Api
from tests.live.asked import Asked
from tests.live.record import OtherRecordError, Record, table
from tests.live.service import Service
from tests.live.specimens import PROMPTS, TOKENS_OUT, NoSpecimenError, Specimens

ROOT = Path(__file__).parents[2]
RECORDS = ROOT / ".nox" / "live-records"

REQUESTS = 250
"""Requests of a run at most, looks at batches that are waited for apart."""
WAITED_FOR = 10
"""Batches that are looked at in each round of looks."""
TOKENS_IN = 32
"""More than any prompt has."""
MINUTES = 10
"""What a run takes at most beside waiting for batches."""

MODEL = "gemini-2.5-flash-lite"
EMBEDDING_MODEL = "gemini-embedding-001"

LIVE = pytest.StashKey["Live"]()


@frozen
class Budget:
    """What a whole run costs at most."""

    requests: int
    tokens: int
    minutes: float

    @classmethod
    def of(cls, wait: float, poll: float) -> Budget:
        """Return the budget of a run that waits so long."""
        looks = WAITED_FOR * (int(wait / poll) + 2)
        return cls(REQUESTS + looks, PROMPTS * (TOKENS_IN + TOKENS_OUT), MINUTES + wait / 60)

    def __str__(self) -> str:
        return (
            f"at most {self.requests} requests, {self.tokens} tokens in {PROMPTS} prompts, and "
            f"{self.minutes:.0f} minutes"
        )


@define
class Live:
    """A run: what may be spent, what is asked with, and where it is written down."""

    budget: Budget
    wait: float
    poll: float
    why_not: str = ""
    service: Service | None = None
    record: Record | None = None
    roles: tuple[str, ...] = ()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say how long to wait, where to write, and whom to ask."""
    group = parser.getgroup("live", "checks of the real service")
    add = group.addoption
    add("--live-wait", type=float, default=1200.0, metavar="SECONDS", help="wait so for batches")
    add("--live-poll", type=float, default=10.0, metavar="SECONDS", help="between two looks")
    add("--live-record", type=Path, metavar="FILE", help="write there, or go on with what is there")
    add("--live-model", default=MODEL, metavar="NAME", help=f"the model, not {MODEL}")
    add("--live-embedding-model", default=EMBEDDING_MODEL, metavar="NAME", help="that for texts")


def pytest_configure(config: pytest.Config) -> None:
    """Find the key, and what was settled before."""
    config.addinivalue_line("markers", "specimen(*roles): the batches that a check is about")
    wait, poll = config.getoption("--live-wait"), config.getoption("--live-poll")
    if not (wait >= 0 and poll > 0):
        raise pytest.UsageError("--live-wait and --live-poll are numbers of seconds")
    live = config.stash[LIVE] = Live(Budget.of(wait, poll), wait, poll)
    if not any(os.environ.get(name, "").strip() for name in VARIABLES):
        live.why_not = f"there is no API key in {' or '.join(VARIABLES)}"
        return
    try:
        key = ApiKey.find(None, os.environ)
        base_url = os.environ.get(BASE_URL_VARIABLE, "").strip() or DEFAULT_ORIGIN
        api = Api.at(base_url, "v1beta", key_source=key.source)
        live.record = Record.begin(
            config.getoption("--live-record")
            or RECORDS / f"{datetime.now(UTC):%Y%m%d-%H%M%S}.json",
            origin=f"{api.origin}{api.prefix}",
            model=config.getoption("--live-model").removeprefix("models/"),
            embedding_model=config.getoption("--live-embedding-model").removeprefix("models/"),
            version=gemini_batch.__version__,
            budget=f"{live.budget}",
            scrub=key.scrub,
        )
    except (gemini_batch.UsageError, OtherRecordError) as error:
        raise pytest.UsageError(f"{error}") from None
    live.service = Service(api, key, live.budget.requests, live.record.model, pause=min(5.0, poll))


def pytest_report_header(config: pytest.Config) -> str:
    """Say beforehand what the run costs."""
    return f"live checks: {config.stash[LIVE].budget}"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what cannot be asked, and see which batches the rest is about."""
    live = config.stash[LIVE]
    if live.record is None:
        for item in items:
            item.add_marker(pytest.mark.skip(reason=live.why_not))
        return
    items.sort(key=lambda item: bool(roles_of(item)))  # what need not wait comes first
    asked = [item for item in items if live.record.settled(item.name) is None]
    live.roles = tuple(dict.fromkeys(role for item in asked for role in roles_of(item)))


def roles_of(item: pytest.Item) -> list[str]:
    """Return which batches a check is about."""
    return [role for mark in item.iter_markers("specimen") for role in mark.args]


def require_service(service: Service) -> None:
    """End the run where the service is not there, or does not know the key."""
    try:
        said = service.get("batches?pageSize=1").said
    except requests.RequestException as error:
        said = type(error).__name__
    if said != "200":
        pytest.exit(f"nothing was asked, for a list of batches was answered {said}", returncode=1)


@pytest.fixture(scope="session")
def specimens(request: pytest.FixtureRequest) -> Iterator[Specimens]:
    """Make the batches that the checks are about; delete what no later run will ask for."""
    live = request.config.stash[LIVE]
    assert live.service is not None
    assert live.record is not None
    record = live.record
    require_service(live.service)
    made = Specimens(live.service, record, live.wait, live.poll)
    items = list(request.session.items)

    def wanted(role: str) -> bool:
        return any(role in roles_of(one) and record.settled(one.name) is None for one in items)

    try:
        made.begin(live.roles)
        yield made
    finally:
        made.close(wanted)


@pytest.fixture
def service(specimens: Specimens) -> Service:
    """Return the service, to ask in the plainest way."""
    return specimens.service


@pytest.fixture(autouse=True)
def asked(request: pytest.FixtureRequest) -> Asked:
    """Return the question of the check; one that is settled is not asked again."""
    live = request.config.stash[LIVE]
    assert live.record is not None
    check = request.node.name
    found = live.record.settled(check)
    if found is not None and found.broken:
        pytest.fail(f"settled at {found.at}: {found.seen}, not {found.assumed}", pytrace=False)
    if found is not None:
        pytest.skip(f"settled at {found.at}: {found.verdict}")
    question = (request.function.__doc__ or "").partition("\n\n")[0]
    return Asked(check, " ".join(question.split()), live.record)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    """Note a check that could not be settled: its batch is not over, or it failed to ask."""
    asked: Any = pyfuncitem.funcargs["asked"]
    try:
        return (yield)
    except NoSpecimenError as error:
        asked.leave(f"{error}")
    except Exception as error:
        asked.note(f"the check failed to ask: {type(error).__name__}: {error}")
        raise


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Show the table, what was spent, and where all of it is written down."""
    live = config.stash[LIVE]
    write = terminalreporter.write_line
    terminalreporter.section("live checks")
    if live.record is None:
        skipped = len(terminalreporter.getreports("skipped"))
        write(f"{skipped} live checks were skipped: {live.why_not}")
        write(f"a run with a key makes {live.budget}")
        return
    record = live.record
    for line in table(record.findings):
        write(line)
    write(record.told)
    spent = {**record.spent, "tokens": sum(record.tokens.values())}
    told = ", ".join(f"{amount} {what}" for what, amount in spent.items())
    write(f"spent so far: {told}; the budget of a run: {live.budget}")
    for left in record.left:
        write(f"left at the service: {left}")
    for role, batch in record.batches.items():
        write(f"kept at the service for a later run: {batch['name']} ({role})")
    if record.path.exists():
        write(f"recorded in {record.path}; the next run goes on with --live-record={record.path}")
