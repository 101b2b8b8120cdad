"""The page for those who come from the Rust crate has all of it, names what is there, and runs."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest
from markdown_it import MarkdownIt

import gemini_batch
from gemini_batch.emulator import Emulator
from tests.docs.pages import ROOT, Reader, blocks_of

PAGE = (ROOT / "docs" / "from-rust.md").read_text(encoding="utf-8")

EXPORTS = """
BatchBuilder Batch BatchGenerationResponseItem BatchStatus BatchError BatchConfig
BatchGenerateContentRequest BatchGenerateContentResponse BatchGenerateContentResponseItem
BatchMetadata BatchOperation BatchRequestFileItem BatchRequestItem BatchResponseFileItem BatchState
BatchStats IndividualRequestError InlinedBatchGenerationResponseItem InlinedResponses InputConfig
ListBatchesResponse OperationError OperationResult RequestMetadata RequestsContainer
BatchOperationResponse
"""
"""What the crate's batch module offers."""

MEMBERS = """
Gemini::batch_generate_content_sync Gemini::get_batch Gemini::list_batches Batch::name Batch::status
Batch::cancel Batch::delete BatchStatus::Pending BatchStatus::Running Running.pending_count
Running.completed_count Running.failed_count Running.total_count BatchStatus::Succeeded
Succeeded.results BatchStatus::Cancelled BatchStatus::Expired BatchGenerationResponseItem.response
BatchGenerationResponseItem.meta RequestMetadata.key IndividualRequestError.code
IndividualRequestError.message IndividualRequestError.details BatchBuilder::with_name
BatchBuilder::with_request BatchBuilder::with_requests BatchBuilder::build BatchBuilder::execute
BatchBuilder::execute_as_file BatchError::BatchExpired BatchError::BatchFailed BatchError::Client
BatchError::FileDownload BatchError::FileDecode BatchError::FileParse BatchError::MissingResult
InputConfig::Requests InputConfig::FileName
"""
"""What those offer in turn."""

STEPS = """
ContentBuilder ContentBuilder::with_user_message ContentBuilder::with_model_message
ContentBuilder::with_message ContentBuilder::with_messages ContentBuilder::with_system_instruction
ContentBuilder::with_system_prompt ContentBuilder::with_inline_data
ContentBuilder::with_inline_data_and_resolution ContentBuilder::with_file_data
ContentBuilder::with_function_response ContentBuilder::with_function_response_str
ContentBuilder::with_cached_content ContentBuilder::with_generation_config
ContentBuilder::with_temperature ContentBuilder::with_top_p ContentBuilder::with_top_k
ContentBuilder::with_max_output_tokens ContentBuilder::with_candidate_count
ContentBuilder::with_stop_sequences ContentBuilder::with_response_mime_type
ContentBuilder::with_response_schema ContentBuilder::with_response_json_schema
ContentBuilder::with_tool ContentBuilder::with_code_execution ContentBuilder::with_function
ContentBuilder::with_function_calling_mode
ContentBuilder::with_function_calling_mode_and_allowed_function_names
ContentBuilder::with_tool_config ContentBuilder::with_thinking_config
ContentBuilder::with_thinking_budget ContentBuilder::with_dynamic_thinking
ContentBuilder::with_thinking_level ContentBuilder::with_thoughts_included
ContentBuilder::with_media_resolution ContentBuilder::with_audio_output
ContentBuilder::with_speech_config ContentBuilder::with_voice
ContentBuilder::with_multi_speaker_config ContentBuilder::with_image_config
ContentBuilder::with_safety_settings ContentBuilder::build ContentBuilder::execute
ContentBuilder::execute_stream
"""
"""What the crate's builder of a request offers."""

RARE = {
    *("with_frequency_penalty", "with_model", "with_part", "with_presence_penalty"),
    *("with_response_modalities", "with_seed"),
}
"""Steps of ours that nothing of the crate stands beside."""

NAME = re.compile(r"(?P<path>[A-Za-z]\w*(?:\.\w+)*)(?:\((?P<argument>\w+)=\))?")
"""A name of ours, perhaps with an argument of it."""


def rows(columns: int) -> Iterator[list[list[str]]]:
    """Yield the rows of the page's tables of so many columns: what stands as code in each cell."""
    cells: list[list[str]] = []
    for token in MarkdownIt("commonmark").enable("table").parse(PAGE):
        if token.type == "tr_open":
            cells = []
        elif token.type in {"td_open", "th_open"}:
            cells.append([])
        elif token.type == "inline" and cells and len(cells) <= columns:
            children = token.children or []
            cells[-1] += [one.content for one in children if one.type == "code_inline"]
        elif token.type == "tr_close" and len(cells) == columns and any(cells):
            yield cells


ROWS = list(rows(3))
THEIRS = {name for theirs, _, _ in ROWS for name in theirs}
OURS = {name for _, ours, differs in ROWS for name in [*ours, *differs]} - {"None"}
STORIES = {
    name: block
    for block in blocks_of(PAGE)
    for name in re.findall(r"^(?:async )?def (tell_\w+)", block.text, re.MULTILINE)
}
"""The crate's example of its handle, on either facade."""


@pytest.mark.parametrize("name", [*EXPORTS.split(), *MEMBERS.split(), *STEPS.split()])
def test_every_item_of_the_crate_is_in_a_table(name: str) -> None:
    """Each public item of its batch module has a row."""
    assert name in THEIRS


def test_every_item_has_something_of_ours_beside_it() -> None:
    """No cell in the middle is empty."""
    assert len(ROWS) > len(EXPORTS.split()) + len(STEPS.split())
    assert [] == [theirs for theirs, ours, _ in ROWS if not ours]


def test_every_step_of_ours_is_named() -> None:
    """Also those that the crate does not have."""
    steps = {name for name in dir(gemini_batch.GenerateContentBuilder) if name.startswith("with_")}
    builder = "GenerateContentBuilder."
    named = {name.removeprefix(builder) for name in OURS if name.startswith(f"{builder}with_")}
    assert steps - RARE == {name.partition("(")[0] for name in named}
    assert steps > RARE


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_name_of_ours_exists(name: str) -> None:
    """Each can be reached from the package, and takes the argument that is written with it."""
    match = NAME.fullmatch(name)
    assert match is not None, name
    *path, last = match["path"].split(".")
    found: Any = gemini_batch
    for part in path:
        found = getattr(found, part)
    if inspect.isclass(found) and issubclass(found, Exception):
        assert last in inspect.signature(found).parameters  # which errors keep as attributes
    else:
        found = getattr(found, last)
    if match["argument"]:
        assert match["argument"] in inspect.signature(found).parameters


@pytest.fixture(name="emulator")
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """Run a service, and let clients find it."""
    with Emulator(pending_seconds=0, running_seconds=0) as emulator:
        monkeypatch.setenv("GEMINI_API_KEY", "example")
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", emulator.url)
        yield emulator


def test_the_story_of_the_handle_is_told_on_both_facades() -> None:
    """Once on each, with the same steps in the same order."""
    assert ["tell_the_story", "tell_the_story_again"] == list(STORIES)
    steps = [re.findall(r"# (\d)$", block.text, re.MULTILINE) for block in STORIES.values()]
    assert [list("1234675")] * 2 == steps


@pytest.mark.parametrize("name", STORIES)
def test_the_story_of_the_handle_runs_when_all_goes_well(
    name: str, emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """A batch is created, and deleted."""
    Reader("from-rust.md").follow(STORIES[name])
    assert [1, 1] == [emulator.acted.count(act) for act in ("create", "delete")]
    assert ["Deleted."] == capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("name", STORIES)
def test_the_story_of_the_handle_runs_when_the_delete_fails(
    name: str, emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """The handle comes back, and the second try deletes the batch."""
    # A quota that is used up for an hour is not waited for.
    emulator.faults.add("delete", "return-429/retry-after=3600")
    Reader("from-rust.md").follow(STORIES[name])
    assert [] == emulator.faults.pending
    assert [1, 1] == [emulator.acted.count(act) for act in ("create", "delete")]
    failed, deleted = capsys.readouterr().out.splitlines()
    assert failed.startswith("Not deleted: HTTP 429")
    assert "Deleted at the second try." == deleted
