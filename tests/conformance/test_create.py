"""Create, the call that costs money: whatever happens to its reply, the service acts on one."""

from collections.abc import Callable
from typing import Any

import pytest

from gemini_batch import (
    ApiError,
    AuthenticationError,
    ConflictError,
    CreateOutcomeUnknownError,
    GeminiBatchError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    RetryPolicy,
    Timeouts,
    UsageError,
)
from gemini_batch.emulator import Emulator
from tests.conformance.facades import Facade
from tests.conformance.scenes import assert_answered, named

ASKED = ["Why is the sky blue?", "Why is grass green?", "Why is snow white?"]
VIAS = pytest.mark.parametrize("via", ["inline", "file"])
PATIENT = RetryPolicy(first=0.01, ceiling=0.02, look_for=60)

ACTED = named(
    "create",
    "reset-after-acting",
    "close-after-acting",
    "hang-after-acting",
    "return-204-after-acting",
    "return-408-after-acting",
    "return-500-after-acting",
    "return-502-after-acting",
    "return-503-after-acting",
    "return-504-after-acting",
    "html-200-after-acting",
    "html-502-after-acting",
    "json-broken",
    "json-deep=100K",
    "json-empty",
    "body-empty",
    "broken-stream-after-20",
    "close-without-length-after-20",
    "stall-after-20",
    "wrong-length=+5",
    "wrong-length=-5",
    "header-huge=100K",
)
NOT_ACTED = named(
    "create",
    "reset-before-acting",
    "close-before-acting",
    "hang",
    "return-204",
    "return-408",
    "return-500",
    "return-502",
    "return-503",
    "return-504",
    "html-502",
)


@VIAS
@ACTED
def test_a_lost_reply_is_made_good_by_the_label(
    client: Any, emulator: Emulator, logged: Callable[[], str], fault: str, via: str
) -> None:
    """The batch is created once, found by its label and adopted, and the log says so."""
    emulator.faults.add("create", fault)

    batch = client.submit(ASKED, via=via, label="gb-mine")

    assert [batch.name] == [act.name for act in emulator.acted.of("create")]
    assert 1 == emulator.seen.count("create")
    assert f"reply lost; adopted {batch.name} (gb-mine)" in logged()
    with batch.results() as results:
        assert_answered(ASKED, results)
        assert () == results.missing


@VIAS
@NOT_ACTED
def test_a_create_that_may_have_acted_is_not_sent_again(
    client: Any, emulator: Emulator, fault: str, via: str
) -> None:
    """Where no batch has the label the error names it, and its file is left for it."""
    emulator.faults.add("create", fault)

    with pytest.raises(CreateOutcomeUnknownError, match=r"\[gb-mine\]") as raised:
        client.submit(ASKED, via=via, label="gb-mine")
    assert "gb-mine" == raised.value.label
    assert 1 == emulator.seen.count("create")
    assert 0 == emulator.acted.count("create")
    assert 0 == emulator.acted.count("file-delete")


@NOT_ACTED
def test_a_create_is_sent_again_where_the_caller_said_so(
    client: Any, emulator: Emulator, fault: str
) -> None:
    """``on_unknown="resubmit"`` sends it once more, under the same label."""
    emulator.faults.add("create", fault)

    batch = client.submit(ASKED, on_unknown="resubmit")

    assert 2 == emulator.seen.count("create")
    assert 1 == emulator.acted.count("create")
    with batch.results() as results:
        assert_answered(ASKED, results)


@VIAS
def test_resubmitting_looks_before_it_pays_again(client: Any, emulator: Emulator, via: str) -> None:
    """A batch that is found is adopted even where the caller would pay twice."""
    emulator.faults.add("create", "reset-after-acting")

    client.submit(ASKED, via=via, on_unknown="resubmit")

    assert 1 == emulator.acted.count("create")


def test_resubmitting_happens_once_only(client: Any, emulator: Emulator) -> None:
    """A second doubt is raised: the caller agreed to pay twice, not thrice."""
    emulator.faults.add("create", "return-503*2")

    with pytest.raises(CreateOutcomeUnknownError):
        client.submit(ASKED, on_unknown="resubmit")
    assert 2 == emulator.seen.count("create")


@VIAS
def test_a_batch_is_looked_for_until_the_list_shows_it(
    facade: Facade, emulator: Emulator, pauses: list[float], via: str
) -> None:
    """A list that lags behind is read again after growing pauses."""
    emulator.faults.add("create", "close-after-acting")
    emulator.faults.add("list", "list-lag=2")

    batch = facade.client(emulator.url, retry=PATIENT).submit(ASKED, via=via)

    assert [batch.name] == [act.name for act in emulator.acted.of("create")]
    assert 3 == emulator.seen.count("list")
    assert [0, 2, 6] == pauses


@named(
    "list",
    "page-empty",
    "page-token-repeats",
    "return-503",
    "reset-before-acting",
    "hang",
    "html-502",
)
def test_a_bad_moment_of_the_list_does_not_hide_the_batch(
    client: Any, emulator: Emulator, logged: Callable[[], str], fault: str
) -> None:
    """A page may be empty, or come twice, and reading the list is tried again."""
    emulator.faults.add("create", "close-after-acting")
    emulator.faults.add("list", fault)

    batch = client.submit(ASKED)

    assert [batch.name] == [act.name for act in emulator.acted.of("create")]
    assert "more than one batch" not in logged()


@named("list", "return-503*5", "return-403", "json-broken", "page-token-repeats*2", "list-lag=1")
def test_without_a_list_to_look_in_the_doubt_is_the_callers(
    client: Any, emulator: Emulator, fault: str
) -> None:
    """Where the list cannot be read, or does not show the batch, nothing is sent again."""
    emulator.faults.add("create", "close-after-acting")
    emulator.faults.add("list", fault)

    with pytest.raises(CreateOutcomeUnknownError):
        client.submit(ASKED)
    assert 1 == emulator.acted.count("create")
    assert 1 == emulator.seen.count("create")


def test_the_list_is_read_again_after_it_could_not_be(
    facade: Facade, emulator: Emulator, pauses: list[float]
) -> None:
    """A look that fails is followed by another."""
    emulator.faults.add("create", "close-after-acting")
    emulator.faults.add("list", "json-broken")

    facade.client(emulator.url, retry=PATIENT).submit(ASKED)

    assert 1 == emulator.acted.count("create")
    assert [0, 2] == pauses


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        pytest.param("return-400", InvalidRequestError, id="create-return_400"),
        pytest.param("return-401", AuthenticationError, id="create-return_401"),
        pytest.param("return-403", PermissionDeniedError, id="create-return_403"),
        pytest.param("return-404", NotFoundError, id="create-return_404"),
        pytest.param("return-409", ConflictError, id="create-return_409"),
        pytest.param("return-418", ApiError, id="create-return_418"),
    ],
)
@VIAS
def test_a_refusal_is_definite_and_takes_its_file_along(
    client: Any, emulator: Emulator, fault: str, kind: type[ApiError], via: str
) -> None:
    """A 4xx is raised at once, and the file that was uploaded for nothing is removed."""
    emulator.faults.add("create", fault)

    with pytest.raises(ApiError) as raised:
        client.submit(ASKED, via=via)
    assert kind is type(raised.value)
    assert 1 == emulator.seen.count("create")
    assert 0 == emulator.acted.count("create")
    assert 0 == emulator.seen.count("list")
    assert (via == "file") == bool(emulator.acted.count("file-delete"))


def test_a_file_that_stays_behind_is_named_in_a_note(client: Any, emulator: Emulator) -> None:
    """Where the file of a refused batch cannot be removed either, the error says which it is."""
    emulator.faults.add("create", "return-400")
    emulator.faults.add("file-delete", "return-403/message=not yours")
    emulator.faults.add("file-delete", "return-503*5")

    with pytest.raises(InvalidRequestError) as gone:
        client.submit(ASKED, via="file")
    assert not hasattr(gone.value, "__notes__")

    emulator.faults.add("create", "return-400")
    with pytest.raises(InvalidRequestError) as left:
        client.submit(ASKED, via="file", label="gb-mine")
    (note,) = left.value.__notes__
    assert "files/gb-mine was uploaded for it and could not be deleted" in note


@pytest.mark.parametrize(
    ("fault", "least", "most"),
    [
        pytest.param("return-429/retry-after=7", 7, 8, id="create-return_429-retry_after"),
        pytest.param("return-429/retry-info=3.5s", 3.5, 4.5, id="create-return_429-retry_info"),
        pytest.param(
            "return-429/retry-after=7/retry-info=9s", 9, 10, id="create-return_429-both_hints"
        ),
        pytest.param("return-429", 15, 30, id="create-return_429-no_hint"),
    ],
)
@VIAS
def test_a_throttled_create_is_sent_again_when_the_service_says(
    client: Any,
    emulator: Emulator,
    pauses: list[float],
    fault: str,
    least: float,
    most: float,
    via: str,
) -> None:
    """A 429 did not act: it is repeated after the longest hint, or patiently without any."""
    emulator.faults.add("create", fault)

    with client.submit(ASKED, via=via).results() as results:
        assert_answered(ASKED, results)
    assert 2 == emulator.seen.count("create")
    assert 1 == emulator.acted.count("create")
    (pause,) = pauses
    assert least <= pause <= most


@named(
    "create",
    "return-429/retry-after=500",
    "return-429/retry-info=3600s",
    "return-429/quota=BatchEnqueuedTokensPerDay",
)
def test_a_quota_that_frees_up_tomorrow_is_said_at_once(
    client: Any, emulator: Emulator, pauses: list[float], fault: str
) -> None:
    """Nobody is kept waiting for hours: the error says for how long it would be."""
    emulator.faults.add("create", fault)

    with pytest.raises(RateLimitError) as raised:
        client.submit(ASKED)
    assert ("quota" in fault) == (raised.value.retry_after is None)
    assert [] == pauses
    assert 1 == emulator.seen.count("create")


def test_a_throttled_create_gives_up_in_the_end(
    client: Any, emulator: Emulator, pauses: list[float]
) -> None:
    """Five refusals are raised, with what the service said."""
    emulator.faults.add("create", "return-429/retry-after=1*5")

    with pytest.raises(RateLimitError) as raised:
        client.submit(ASKED)
    assert 1.0 == raised.value.retry_after
    assert 4 == len(pauses)
    assert 0 == emulator.acted.count("create")


@pytest.mark.usefixtures("pauses")
def test_a_service_that_fails_and_then_refuses_is_heard(client: Any, emulator: Emulator) -> None:
    """The last word counts: throttled first, refused after."""
    emulator.faults.add("create", "return-429/retry-after=0")
    emulator.faults.add("create", "return-400")

    with pytest.raises(InvalidRequestError):
        client.submit(ASKED)
    assert 2 == emulator.seen.count("create")


def test_a_slow_create_is_waited_for_longer_than_other_calls(
    facade: Facade, emulator: Emulator
) -> None:
    """The service checks a whole file inside create: the read timeout of other calls is not its."""
    emulator.faults.add("create", "stall=0.4s-after-20")
    slow = facade.client(emulator.url, timeout=Timeouts(read=0.2, create=5.0))

    slow.submit(ASKED, via="file")

    assert 1 == emulator.seen.count("create")
    assert 0 == emulator.seen.count("list")


def test_two_batches_of_one_label_are_both_named(
    client: Any, emulator: Emulator, logged: Callable[[], str]
) -> None:
    """Where the caller agreed to pay twice, and did: the older one is adopted, the other told."""
    emulator.faults.add("create", "close-after-acting*2")
    emulator.faults.add("list", "return-503*5")

    batch = client.submit(ASKED, on_unknown="resubmit")

    older, newer = (act.name for act in emulator.acted.of("create"))
    assert older == batch.name
    assert f"also {newer}" in logged()


@VIAS
def test_a_label_is_good_for_one_submission(client: Any, emulator: Emulator, via: str) -> None:
    """A second batch of it could not be told from the first one, so that none is created."""
    first = client.submit(ASKED, via=via, label="gb-mine")

    with pytest.raises(UsageError, match=f"{first.name} has the label gb-mine already"):
        client.submit(ASKED, via=via, label="gb-mine")
    assert 1 == emulator.seen.count("create")
    assert (via == "file") == (1 == emulator.acted.count("upload-start"))


def test_the_doubt_about_a_create_is_told_with_its_reason(client: Any, emulator: Emulator) -> None:
    """What happened stands behind the error as its cause."""
    emulator.faults.add("create", "return-503/message=overloaded")

    with pytest.raises(CreateOutcomeUnknownError) as raised:
        client.submit(ASKED)
    assert isinstance(raised.value.__cause__, GeminiBatchError)
    assert "overloaded" in str(raised.value.__cause__)
