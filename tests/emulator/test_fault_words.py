"""How faults are written down, and what is said of those that are not understood."""

import pytest

from gemini_batch.emulator import Emulator
from gemini_batch.emulator.faults import Faults
from gemini_batch.emulator.grammar import Catalogue


def test_an_unknown_fault_is_refused_with_those_that_are_known() -> None:
    """The refusal comes at once and lists every fault of the operation."""
    with pytest.raises(ValueError, match="'return-teapot' is not a fault of 'get'") as refused:
        Faults().add("get", "return-teapot")
    words = str(refused.value)
    for known in ("return-{status}[/retry-after=…]", "hang", "broken-stream-after-{size}", "*n"):
        assert known in words
    assert "ignore-range" not in words


@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        ("create", "ignore-range"),
        ("get", "list-lag=2"),
        ("list", "list-lag=2*2"),
        ("get", "upload-url=none"),
        ("results", "return-503"),
        ("download", "line-bom"),
        ("get", "return-99"),
        ("get", "return-503*0"),
        ("get", "return-503/retry-soon=7"),
        ("get", "hang/retry-after=7"),
        ("get", "broken-stream-after-1T"),
        ("download", "wrong-length=5"),
        ("results", "line-broken=0"),
        ("get", ""),
    ],
)
def test_a_fault_belongs_to_its_operations_and_has_its_form(operation: str, fault: str) -> None:
    """A fault that could never strike is refused, not kept waiting."""
    with pytest.raises(ValueError, match="is not a fault of"):
        Faults().add(operation, fault)


def test_an_unknown_operation_is_refused_with_those_that_are_known() -> None:
    """Operations of the service, and the two others."""
    with pytest.raises(ValueError, match=r"'fetch' is not an operation.*create.*results, states"):
        Faults().add("fetch", "hang")


@pytest.mark.parametrize(
    "script", ["", "PENDING,", "DONE", "running", "SUCCEEDED*0", "BATCH_STATE_"]
)
def test_a_script_of_unknown_states_is_refused(script: str) -> None:
    """The refusal lists the states a script can show."""
    with pytest.raises(ValueError, match=r"not a state a script can show.*EXPIRED-with"):
        Faults().add("states", script)


def test_what_is_pending_is_written_as_it_was_asked_for() -> None:
    """Repetitions count down; scripts show the steps nobody has seen."""
    faults = Faults()
    faults.add("get", "return-503*3")
    faults.add("create", "return-429/retry-after=7/retry-info=3.5s")
    faults.add("download", "redirect=http://other/a*b")
    faults.add("list", "list-lag=2")
    faults.add("results", "line-broken=7")
    faults.add("results", "drop=2*2")
    faults.add("states", "PENDING,RUNNING*2")
    assert [
        "get: return-503*3",
        "create: return-429/retry-after=7/retry-info=3.5s",
        "download: redirect=http://other/a*b",
        "list: list-lag=2",
        "results: drop=2*2",
        "results: line-broken=7",
        "states: PENDING,RUNNING,RUNNING",
    ] == faults.pending


def test_faults_may_be_forgotten() -> None:
    """Clearing leaves nothing pending."""
    faults = Faults()
    for operation, text in [
        ("get", "hang"),
        ("results", "line-bom"),
        ("results", "no-metadata"),
        ("states", "RUNNING"),
    ]:
        faults.add(operation, text)
    script = faults.next_script()
    faults.add("states", "FAILED")
    faults.clear()
    assert [] == faults.pending
    assert script is not None
    assert "RUNNING" == script.take()


def test_faults_may_be_added_before_the_start() -> None:
    """The bad day may be written down first."""
    emulator = Emulator()
    emulator.faults.add("get", "hang")
    assert ["get: hang"] == emulator.faults.pending


@pytest.mark.parametrize(
    ("text", "size"),
    [("7", 7), ("1k", 1024), ("256K", 262_144), ("3M", 3 * 1024**2), ("1G", 2**30)],
)
def test_sizes_may_have_units(text: str, size: int) -> None:
    """Kibibytes and their powers."""
    catalogue: Catalogue[None] = Catalogue()
    catalogue.fault("after-{size}", on=["get"])(None)
    parsed = catalogue.shapes[0].parse(f"after-{text}*2")
    assert parsed is not None
    words, times = parsed
    assert (size, 2) == (words.size(), times)
