"""Batches as the service tells of them."""

import json
import logging
from typing import Any

import pytest
from hypothesis import given, strategies as st

from gemini_batch.effects import Response
from gemini_batch.endpoints import batches, files
from gemini_batch.errors import (
    ProtocolError,
)
from gemini_batch.models.base import Timestamp
from gemini_batch.models.operation import BatchOperation, BatchState, BatchStats
from gemini_batch.models.status import Status
from tests import payloads
from tests.payloads import NAME
from tests.unit.exchanges import ok

MEMBERS = [
    *("name", "metadata", "response", "output", "error", "done", "state", "operations", "@type"),
    *("responsesFile", "inlinedResponses", "batchStats", "requestCount"),
]


def look(tree: object) -> BatchOperation:
    """Read an operation."""
    return batches.parse_operation(ok(tree)).operation


def test_a_pending_batch_is_read() -> None:
    """What is absent is false, zero or nothing."""
    assert BatchOperation(
        NAME,
        BatchState.PENDING,
        done=False,
        display_name="sky",
        label=payloads.LABEL,
        raw_display_name=f"sky [{payloads.LABEL}]",
        model="models/gemini-2.5-flash",
        create_time=Timestamp.parse("2026-03-01T09:15:27.123456789Z"),
        update_time=Timestamp.parse("2026-03-01T09:15:27.123456789Z"),
        stats=BatchStats(2, 0, 0, 2),
        embeddings=False,
    ) == look(payloads.pending())


def test_inlined_results_are_read_once() -> None:
    """They come twice, and stay undecoded."""
    seen = batches.parse_operation(ok(payloads.succeeded_inline()))
    assert seen.operation.done
    assert seen.operation.inlined
    assert seen.operation.has_output
    assert seen.operation.responses_file is None
    assert BatchStats(2, 1, 1, 0) == seen.operation.stats
    assert ["0", "1"] == [json.loads(bytes(one))["metadata"]["key"] for one in seen.inlined]


@pytest.mark.parametrize("missing", ["response", "metadata"])
def test_results_are_found_in_either_place(missing: str) -> None:
    """One of the two may be missing, or be there without its results."""
    for tree in (payloads.succeeded_inline(), payloads.succeeded_file()):
        whole = batches.parse_operation(ok(tree))
        if missing == "response":
            without = {**tree, "response": {"@type": "anything"}}, {**tree, "response": None}
        else:
            described = {k: v for k, v in tree["metadata"].items() if k != "output"}
            without = (
                {**tree, "metadata": described},
                {
                    **tree,
                    "metadata": {**described, "output": {}},
                },
            )
        for one in without:
            seen = batches.parse_operation(ok(one))
            assert whole.operation == seen.operation
            assert [json.loads(bytes(raw)) for raw in whole.inlined] == [
                json.loads(bytes(raw)) for raw in seen.inlined
            ]


def test_results_in_a_file_are_read() -> None:
    """The file has a longer name than any that a caller may choose."""
    operation = look(payloads.succeeded_file())
    assert payloads.RESULTS_FILE == operation.responses_file
    assert "files/u8w2k5n1" == operation.input_file
    assert not operation.inlined
    assert operation.end_time is not None
    assert 800_000 == operation.end_time.microsecond


def test_an_answer_that_was_cut_within_a_character_spoils_no_other() -> None:
    """Half of an emoji, which models write where they run into their limit, is delivered."""
    tree = payloads.succeeded_inline()
    tree["response"]["inlinedResponses"]["inlinedResponses"][0] = {
        "response": payloads.answer("cut \ud83d")
    }
    seen = batches.parse_operation(ok(tree))
    assert seen.operation.done
    cut, failed = (json.loads(bytes(one)) for one in seen.inlined)
    assert payloads.answer("cut \ud83d") == cut["response"]
    assert {"code": 4} == failed["error"]
    page = batches.parse_list(ok({"operations": [tree], "nextPageToken": "t"}))
    assert (seen.operation,) == page.items


@pytest.mark.parametrize("nested", [{}, {"inlinedResponses": []}, {"inlinedResponses": None}])
def test_no_results_are_results(nested: object) -> None:
    """An empty list is not sent; the output is there all the same."""
    seen = batches.parse_operation(ok({"name": NAME, "response": {"inlinedResponses": nested}}))
    assert seen.operation.has_output
    assert () == seen.inlined


def test_a_cancelled_batch_is_read() -> None:
    """Its error has a code of gRPC."""
    operation = look(payloads.cancelled())
    assert BatchState.CANCELLED is operation.state
    assert operation.error is not None
    assert (13, "INTERNAL") == (operation.error.code, operation.error.status)
    assert BatchStats(2, 0, 0, 2) == operation.stats


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({"name": NAME}, {}),
        ({"metadata": {"name": NAME}}, {}),
        ({"name": NAME, "metadata": None, "error": None, "done": None, "response": None}, {}),
        ({"name": NAME, "metadata": {}, "done": True}, {"done": True}),
        ({"name": NAME, "done": True, "error": {}}, {"done": True, "error": Status()}),
        (
            {"name": NAME, "metadata": {"batchStats": {"requestCount": "3"}}},
            {"stats": BatchStats(3)},
        ),
        (
            {"name": NAME, "metadata": {"displayName": "of another client"}},
            {"display_name": "of another client", "raw_display_name": "of another client"},
        ),
        ({"name": NAME, "metadata": {"@type": 7, "newMember": {"x": [1]}}}, {}),
        ({"name": NAME, "metadata": {"@type": payloads.TYPE + "Other"}}, {}),
        (
            {"name": NAME, "metadata": {"@type": payloads.TYPE + "EmbedContentBatch"}},
            {"embeddings": True},
        ),
        ({"name": NAME, "metadata": {"inputConfig": {"requests": {}}}}, {}),
    ],
)
def test_little_is_enough(tree: object, expected: dict[str, Any]) -> None:
    """Every member may be absent but the name; a count that is not told is not 0."""
    assert BatchOperation(NAME, BatchState.UNSPECIFIED, **expected) == look(tree)


@pytest.mark.parametrize(
    ("wire", "state", "recognised"),
    [
        ("BATCH_STATE_RUNNING", "RUNNING", True),
        ("JOB_STATE_RUNNING", "RUNNING", True),
        ("BATCH_STATE_UNSPECIFIED", "UNSPECIFIED", True),
        ("BATCH_STATE_PAUSED", "PAUSED", False),
        ("", "UNSPECIFIED", True),
    ],
)
def test_a_state_is_read(wire: str, state: str, recognised: bool) -> None:
    """Either prefix is taken off, and a new name is kept."""
    operation = look({"name": NAME, "metadata": {"state": wire}})
    assert (state, recognised) == (operation.state, operation.state.recognised)


@pytest.mark.parametrize(
    "tree",
    [
        None,
        [],
        {},
        {"name": 7},
        {"name": NAME, "metadata": []},
        {"name": NAME, "metadata": {"state": 3}},
        {"name": NAME, "metadata": {"createTime": "today"}},
        {"name": NAME, "metadata": {"batchStats": {"requestCount": "many"}}},
        {"name": NAME, "done": "true"},
        {"name": NAME, "error": "broken"},
        {"name": NAME, "response": 7},
        {"name": NAME, "response": {"responsesFile": 7}},
        {"name": NAME, "response": {"inlinedResponses": []}},
        {"name": NAME, "response": {"inlinedResponses": {"inlinedResponses": {}}}},
    ],
)
def test_what_is_no_operation_breaks_the_contract(tree: object) -> None:
    """It is never read as something else."""
    with pytest.raises(ProtocolError):
        look(tree)


def test_a_page_is_read() -> None:
    """In the order of the service, with the token of the next one."""
    first, second = payloads.pending(), payloads.succeeded_file()
    page = batches.parse_list(ok({"operations": [first, second], "nextPageToken": "t+/="}))
    assert (look(first), look(second)) == page.items
    assert "t+/=" == page.next_page_token


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"operations": []}', b'{"operations": null, "nextPageToken": ""}']
)
def test_an_empty_page_is_read(body: bytes) -> None:
    """Where there is nothing to tell, every member is absent."""
    page = batches.parse_list(Response(200, {}, body))
    assert ((), "") == (page.items, page.next_page_token)


@pytest.mark.parametrize(
    "body", [b"[]", b"x", b'{"operations": {}}', b'{"operations": 7}', b'{"nextPageToken": 7}']
)
def test_what_is_no_page_breaks_the_contract(body: bytes) -> None:
    """An end of the list is not made up."""
    with pytest.raises(ProtocolError):
        batches.parse_list(Response(200, {}, body))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(NAME),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(
                st.sampled_from(MEMBERS),
                inner,
            )
        ),
    )
)
def test_only_errors_of_this_package_come_of_a_reply(tree: object) -> None:
    """Whatever the service says, it is read or refused by name."""
    for parse in (batches.parse_operation, batches.parse_list, files.parse_file):
        try:
            parse(ok(tree))
        except ProtocolError as error:
            assert str(error).isprintable()  # noqa: PT017 - either outcome is right


def test_a_batch_that_cannot_be_read_hides_no_others(caplog: pytest.LogCaptureFixture) -> None:
    """It is left out with a warning, unless it holds what is looked for."""
    page = ok(
        {"operations": [{"name": "?", "metadata": {"displayName": "gb-lost"}}, {"name": NAME}]}
    )

    with caplog.at_level(logging.WARNING, "gemini_batch"):
        assert [NAME] == [one.name for one in batches.parse_list(page).items]
        assert [NAME] == [one.name for one in batches.parse_list(page, b"gb-other").items]

    assert 2 == len(caplog.messages)
    assert caplog.messages[0].startswith("a batch in the list cannot be read, and is left out: ")
    with pytest.raises(ProtocolError, match="the service names a batch"):
        batches.parse_list(page, b"gb-lost")


@pytest.mark.parametrize(
    ("kind", "embeddings"),
    [
        ("GenerateContentBatch", False),
        ("BatchGenerateContentRequest", False),
        ("EmbedContentBatch", True),
        ("AsyncBatchEmbedContentRequest", True),
        ("Batch", None),
        ("", None),
    ],
)
def test_the_kind_of_a_batch_is_told_by_its_type(kind: str, embeddings: bool | None) -> None:
    """Whatever the version of the API in it; of an unknown type nothing is said."""
    for prefix in (payloads.TYPE, "type.googleapis.com/google.ai.generativelanguage.v9."):
        seen = look({"name": NAME, "metadata": {"@type": prefix + kind}})
        assert embeddings is seen.embeddings
    page = batches.parse_list(ok({"operations": [{"name": NAME, "metadata": {"@type": kind}}]}))
    assert [embeddings] == [one.embeddings for one in page.items]
